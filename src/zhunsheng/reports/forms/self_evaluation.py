"""The official self-evaluation table (财预〔2020〕10号 附件1)."""

from __future__ import annotations

from zhunsheng.evaluation import Score, Scorecard
from zhunsheng.evaluation.scorecard import OPEN_WORD, Sum
from zhunsheng.measures.sources import Source
from zhunsheng.outcomes import shown_result
from zhunsheng.reports.forms.form import Cell, Form, Row, label, share, text
from zhunsheng.reports.forms.levels import level_heads, levelled
from zhunsheng.reports.forms.scores import basis_words, points_words, range_words, total_words, typed_words
from zhunsheng.wording import plain, wan

# The rows under 年度资金总额, by the source of the ledgers.
SOURCE_TITLES = {"fiscal": "其中：当年财政拨款", "carried": "上年结转资金", "other": "其他资金"}


def self_evaluation_form(card: Scorecard, *, coded: bool = False) -> Form:
    """Return the official self-evaluation table (财预〔2020〕10号 附件1); reading it back gives points,
    results and scores.

    The official table has no place for a project's code; ``coded`` adds one, for projects that share their
    name.
    """
    sheet = card.sheet
    widths = (1.6, 1.9, 3.2, 2.1, 2.3, 1.4, 1.4, 1.4, 4.2)
    above = [*_head(card, coded), *_goals(card)]
    header = len(above)
    total = plain(card.total) if card.range.settled else f"已得 {plain(card.total)}"
    last = (label("总分", columns=5), label("100"), label(total), label(total_words(card), columns=2))
    rows = (*above, *_indicators(card), *_projects(card), last)
    notes = (
        *card.notes,
        *(f"{told}。" for told in card.told),
        f"{basis_words(card)}。",
        f"依据：{'；'.join(dict.fromkeys((card.scheme.citation, *card.citations)))}。",
    )
    name = "部门整体支出绩效自评表" if sheet.kind == "department" else "项目支出绩效自评表"
    return Form(name, widths, rows, f"（{sheet.year or ''}年度）", True, (header, header), notes)


def _head(card: Scorecard, coded: bool) -> list[Row]:
    """Return whose table it is, and its money."""
    sheet, execution = card.sheet, card.execution
    planned = card.initial if card.initial is not None else sheet.budget.total
    head = label("部门名称" if sheet.kind == "department" else "项目名称", columns=2)
    return [
        (
            head,
            Cell(
                sheet.department or sheet.title() if sheet.kind == "department" else sheet.title(), columns=3
            ),
            label("年度", columns=2),
            Cell(str(sheet.year or ""), columns=2),
        ),
        *([(label("项目编码", columns=2), Cell(sheet.code, columns=7))] if coded and sheet.code else []),
        (
            label("主管部门", columns=2),
            Cell(sheet.department or "————", columns=3),
            label("实施单位", columns=2),
            Cell(sheet.unit or "————", columns=2),
        ),
        (
            label("项目资金（万元）", rows=5, columns=2),
            label(""),
            label("年初预算数"),
            label("全年预算数"),
            label("全年执行数"),
            label("分值"),
            label("执行率"),
            label("得分"),
        ),
        (
            label("年度资金总额"),
            Cell(wan(planned, "") or "—"),
            Cell(wan(execution.budget, "") or "—"),
            Cell(wan(execution.spent, "") or "—"),
            Cell(plain(execution.points)),
            Cell(share(execution.rate, card.scheme.caps)),
            Cell(
                points_words(execution)
                if execution.shown is None
                else _came_to(card.by_dimension()["预算执行率"])
            ),
        ),
        *_sources(card),
    ]


def _sources(card: Scorecard) -> list[Row]:
    """Return the rows of the money by where it is from; a source that the ledgers do not tell has a dash,
    which is not nought.
    """
    known = {source.name: source for source in card.sources}
    rows: list[Row] = []
    for name, title in SOURCE_TITLES.items():
        source = known.get(name, Source(name))
        amounts = (source.initial, source.adjusted, source.paid)
        rows.append(
            (
                label(title),
                *(Cell(wan(amount, "") or "—") for amount in amounts),
                Cell("—"),
                Cell(share(source.rate)),
                Cell("—"),
            )
        )
    return rows


def _goals(card: Scorecard) -> list[Row]:
    """Return the goals, and how many indicators came to what."""
    goals = card.sheet.goals or ()
    done = (
        f"{sum(s.verdict in ('met', 'over', 'explain', 'judged') for s in card.scores)} 个指标完成，"
        f"{sum(s.verdict == 'missed' for s in card.scores)} 个未达标，{len(card.pending)} 个待定（待评定、无"
        "证据或未到期）。"
    )
    return [
        (
            label("年度总体目标", rows=2, columns=2),
            label("预期目标", columns=4),
            label("实际完成情况", columns=3),
        ),
        (
            text("\n".join(f"{g.title}：{g.text}" if g.title else g.text for g in goals), columns=4),
            text(done, columns=3),
        ),
    ]


def _indicators(card: Scorecard) -> list[Row]:
    """Return the heads of the indicators and a row for each."""
    sheet = card.sheet
    titles = ("三级指标", "年度指标值", "实际完成值", "分值", "得分")
    rows: list[Row] = [
        (*level_heads(sheet), *(label(t) for t in titles), label("偏差原因分析及改进措施", columns=2))
    ]
    for (indicator, one, two), score in zip(levelled(sheet), card.scores, strict=True):
        why = _deviation(card, score)
        cells = [
            text(indicator.name),
            Cell(indicator.words()),
            Cell(shown_result(score.outcome)),
            Cell(plain(score.points)),
            Cell(points_words(score)),
        ]
        rows.append((*one, *two, *cells, text(why, columns=2)))
    return rows


def _projects(card: Scorecard) -> list[Row]:
    """Return the row of a department's projects, none where their scores do not count in the card."""
    if not card.projects_points:
        return []
    return [
        (
            label("所属项目（自评得分按预算加权）", columns=3),
            Cell("—"),
            Cell("—"),
            Cell(plain(card.projects_points)),
            Cell(_came_to(Sum(card.projects_points, card.projects_score, card.projects_open))),
            text("；".join(f"{name} {range_words(found)} 分" for name, _, found in card.projects), columns=2),
        )
    ]


def _came_to(found: Sum) -> str:
    """Return the points of a row: what it earned, and what of it is open."""
    return f"已得 {plain(found.score)}，{OPEN_WORD} {plain(found.open)}" if found.open else plain(found.score)


def _deviation(card: Scorecard, score: Score) -> str:
    """Return what stands in the column for deviations: what people wrote, and how it was scored where that
    says more.

    What is asked of the filler is not part of an official table: it stands on the page that is filled in.
    """
    said = card.said.get(card.sheet.indicators[score.indicator].id)
    outcome = score.outcome
    parts = ["：".join(filter(None, (said.cause, said.measures)))] if said else []
    parts += typed_words(outcome) if outcome else []
    if score.verdict != "met":
        parts.append(f"得分依据：{score.how}")
    return "；".join(filter(None, parts))
