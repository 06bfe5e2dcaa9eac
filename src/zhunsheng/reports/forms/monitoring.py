"""The official monitoring table (财预〔2019〕136号 附件)."""

from __future__ import annotations

from collections.abc import Iterable

from zhunsheng.clock import spelled_out
from zhunsheng.measures.sources import Source
from zhunsheng.monitoring import BY_TIME, LIGHT_WORDS, MODE_WORDS, MonitoredSheet, Status
from zhunsheng.outcomes import forecast_text, shown_result
from zhunsheng.regulations import MonitoringRules
from zhunsheng.reports.forms.form import Cell, Form, Row, label, share, text
from zhunsheng.reports.forms.levels import level_heads, levelled
from zhunsheng.reports.forms.scores import typed_words
from zhunsheng.targets import Indicator, TargetSheet
from zhunsheng.wording import wan


def monitoring_form(checkpoint: MonitoredSheet) -> Form:
    """Return the official monitoring table (财预〔2019〕136号 附件) on the checkpoint's date."""
    sheet, rules, money = checkpoint.sheet, checkpoint.rules, checkpoint.money
    day = checkpoint.as_of
    until = f"1—{day.month}月" if day.year == (sheet.year or day.year) else "全年"
    causes, likely = len(rules.causes), len(rules.likelihood)
    widths = (1.4, 1.6, 2.6, 1.8, 1.9, 1.9, *(1.0,) * causes, 2.6, *(1.1,) * likely, 1.3)
    goals = "\n".join(f"{g.title}：{g.text}" if g.title else g.text for g in sheet.goals)
    rows: list[Row] = [
        *_about(sheet, len(widths)),
        *_money_rows(checkpoint, until, len(widths)),
        (label("年度总体目标", columns=2), text(goals, columns=len(widths) - 2)),
    ]
    header = len(rows)
    rows.append(
        (
            *level_heads(sheet, 2),
            *(label(t, rows=2) for t in ("三级指标", "年度指标值", f"{until}完成值", "全年预计完成值")),
            label("偏差原因分析", columns=causes + 1),
            label("完成目标可能性", columns=likely),
            label("预警", rows=2),
        )
    )
    rows.append(
        (*(label(c) for c in rules.causes), label("原因说明及措施"), *(label(w) for w in rules.likelihood))
    )
    rows += [
        (*one, *two, *_status_cells(indicator, status, rules))
        for (indicator, one, two), status in zip(levelled(sheet), checkpoint.indicators, strict=True)
    ]
    notes = (
        f"资金进度：{MODE_WORDS[money.mode] if sheet.spending_plan.steps else BY_TIME}；预计："
        f"{money.method}。",
        f"资金预警：支出与应支出之比不低于 {rules.lights.green:.0%} 为绿灯，不低于 {rules.lights.yellow:.0%} "
        f"为黄灯；达到 {rules.lights.ahead:.0%} 的支出快于计划，也为黄灯（{rules.lights.citation}）。",
        f"指标预警：推算年底达到目标的可能，不低于 {rules.chances.green:.0%} 为绿灯，不低于 "
        f"{rules.chances.yellow:.0%} 为黄灯（{rules.chances.citation}）；已成定局的才是"
        f"“{rules.likelihood[0]}”和“{rules.likelihood[2]}”。",
        f"依据：{rules.citation}。",
    )
    return Form(
        rules.form, widths, tuple(rows), f"截至 {spelled_out(day)}", True, (header, header + 1), notes
    )


def _about(sheet: TargetSheet, n: int) -> list[Row]:
    """Return what the table says first of its sheet, in ``n`` columns."""
    return [
        (
            label("项目名称", columns=2),
            Cell(sheet.title(), columns=4),
            label("年度", columns=3),
            Cell(str(sheet.year or ""), columns=n - 9),
        ),
        (
            label("主管部门", columns=2),
            Cell(sheet.department or "", columns=4),
            label("实施单位", columns=3),
            Cell(sheet.unit or "", columns=n - 9),
        ),
    ]


def _money_rows(checkpoint: MonitoredSheet, until: str, n: int) -> list[Row]:
    """Return budget and execution (万元, percent) with their heads, in ``n`` columns."""
    sheet, money = checkpoint.sheet, checkpoint.money
    titles = (
        "年初预算数",
        "调整后预算数",
        f"{until}执行数",
        f"{until}执行率",
        "计划应支出",
        "全年预计执行率",
    )
    known = () if money.expected is None else (money.expected,)
    values = (
        wan(money.initial, "") or "—",
        wan(money.adjusted, "") or "—",
        wan(money.paid, "") or "—",
        share(money.actual, known),
        share(money.expected) if sheet.spending_plan.steps else f"{share(money.expected)}（{BY_TIME}）",
        share(money.forecast),
    )
    spans = _spread_columns(n - 3, len(titles))

    def row(title: str, cells: Iterable[str]) -> Row:
        return (Cell(title), *(Cell(v, columns=w) for v, w in zip(cells, spans, strict=True)))

    heads = (label(t, columns=w) for t, w in zip(titles, spans, strict=True))
    known_sources = {source.name: source for source in money.sources}
    sources = ((title, known_sources.get(name, Source(name))) for name, title in _SOURCE_TITLES.items())
    return [
        (label("项目资金（万元）", rows=2 + len(_SOURCE_TITLES), columns=2), label(""), *heads),
        row("年度资金总额", values),
        *(row(title, _source_cells(source)) for title, source in sources),
    ]


# The rows under 年度资金总额, by the source of the ledgers.
_SOURCE_TITLES = {"fiscal": "其中：财政拨款", "carried": "上年结转资金", "other": "其他资金"}


def _source_cells(source: Source) -> list[str]:
    """Return what is known of the money of one source; a dash, which is not nought, where nothing is, and
    where the plan is of the whole alone.
    """
    amounts = [wan(amount, "") or "—" for amount in (source.initial, source.adjusted, source.paid)]
    return [*amounts, share(source.rate), "—", "—"]


def _status_cells(indicator: Indicator, status: Status, rules: MonitoringRules) -> list[Cell]:
    """Return what the table says of one indicator behind its levels."""
    return [
        text(indicator.name),
        Cell(indicator.words()),
        Cell(shown_result(status.outcome)),
        Cell(forecast_text(status.forecast, indicator)),
        *(Cell("√" if status.cause == c else "") for c in rules.causes),
        text("；".join(filter(None, (status.measures, *typed_words(status.outcome))))),
        *(Cell("√" if status.likelihood == w else "") for w in rules.likelihood),
        Cell(LIGHT_WORDS[status.light]),
    ]


def _spread_columns(total: int, parts: int) -> list[int]:
    return [total // parts + (1 if i < total % parts else 0) for i in range(parts)]
