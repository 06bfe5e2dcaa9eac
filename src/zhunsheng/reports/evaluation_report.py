"""Write the evaluation report in Word with the outline the rules ask for (财预〔2020〕10号 附件3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from zhunsheng.clock import spelled_out
from zhunsheng.evaluation import Difference, Score, Scorecard
from zhunsheng.evaluation.recheck import KIND_WORDS
from zhunsheng.evaluation.scorecard import OPEN_WORD, VERDICT_WORDS
from zhunsheng.evidence import Snapshot
from zhunsheng.monitoring import LIGHT_WORDS, MonitoredSheet, Status
from zhunsheng.outcomes import shown_result
from zhunsheng.reports.about import About
from zhunsheng.reports.docx import add_form, add_heading, add_text, new_document, save
from zhunsheng.reports.forms import (
    Cell,
    Form,
    basis_words,
    grade_words,
    label,
    of_full,
    range_words,
    share,
    text,
    typed_words,
)
from zhunsheng.review import LEVELS, STATES, Review
from zhunsheng.wording import plain, wan

Part = tuple[Scorecard, MonitoredSheet, Review]


def write_report(parts: Sequence[Part], path: Path, about: About) -> None:
    """Write the report of a department's sheets to ``path``; figures come from scorecards and checkpoints,
    nothing else.
    """
    document, as_of = new_document(), about.as_of
    year = next((card.sheet.year for card, _, _ in parts if card.sheet.year), as_of.year)
    add_heading(document, f"{about.department}{year}年度绩效评价报告", 0)
    if not about.final:
        add_text(
            document, f"本报告的数据截至{spelled_out(as_of)}，未满年度，得分为阶段测算，不作为年度结论。"
        )
    _basics(document, parts)
    _work(document, parts, as_of, about.snapshot)
    _conclusion(document, parts, about.department, year)
    _analysis(document, parts)
    _problems(document, parts, about.differences)
    _advice(document, parts)
    add_heading(document, "七、其他需要说明的问题", 1)
    for card, _, _ in parts:
        for note in card.notes:
            add_text(document, f"{card.sheet.title()}：{note}。")
    add_text(document, "评分方案、预警界限等地方自定的数据尚未核实的，使用前应由财政部门核定。")
    _duties(document, parts)
    save(document, path)


def _basics(document: object, parts: Sequence[Part]) -> None:
    add_heading(document, "一、基本情况")
    for card, checkpoint, _ in parts:
        sheet, money = card.sheet, checkpoint.money
        add_heading(document, sheet.title(), 2)
        if sheet.purpose:
            add_text(document, f"项目概况：{sheet.purpose}")
        if money.adjusted is not None:
            if (
                card.execution.rate is None
                and card.sheet.kind == "department"
                and sheet.budget.total is not None
            ):
                add_text(document, f"批复的部门预算{wan(sheet.budget.total)}。")
            add_text(
                document,
                f"年初预算{wan(money.initial) or '未列'}，调整后预算{wan(money.adjusted)}，"
                f"实际支付{wan(money.paid) or '无数据'}，预算执行率{share(money.actual, card.scheme.caps)}。",
            )
            for told in card.told:
                add_text(document, f"{told}。")
        for goal in sheet.goals:
            add_text(document, f"{goal.title or '绩效目标'}：{goal.text}")
        add_text(document, f"共设{len(sheet.indicators)}个指标。")


def _work(document: object, parts: Sequence[Part], as_of: date, snapshot: Snapshot) -> None:
    add_heading(document, "二、绩效评价工作开展情况")
    scheme = parts[0][0].scheme
    add_text(document, f"评价对象和范围：{'、'.join(card.sheet.title() for card, _, _ in parts)}。")
    add_text(
        document,
        f"评价依据和指标体系：{scheme.name}（{scheme.citation}）。评价方法：比较法，"
        "将台账计算的完成值与批复的目标值比较；定性指标由评价人员在规定档次内评定并说明理由。",
    )
    add_text(
        document,
        f"数据来源：证据库第{snapshot.batch}批次（摘要{snapshot.digest[:16]}），数据截至"
        f"{spelled_out(as_of)}。{_sources(parts)}",
    )


def _sources(parts: Sequence[Part]) -> str:
    """Say how many results rest on the rows of ledgers, how many were typed or judged,
    and how many nothing proves.
    """
    scores = [s for card, _, _ in parts for s in card.scores]
    origins = [s.outcome.origin if s.outcome else "none" for s in scores]
    judged = sum(s.verdict == "judged" for s in scores)
    counts = {
        "evidence": origins.count("evidence"),
        "typed": len(origins) - origins.count("evidence") - origins.count("none"),
        "judged": sum(s.verdict == "judged" and o == "none" for s, o in zip(scores, origins, strict=True)),
    }
    if scores and counts["evidence"] == len(scores):
        return "每个完成值都可追溯到台账的行。"
    said = [f"{len(scores)}个指标中，{counts['evidence']}个的完成值可追溯到台账的行"]
    said += [f"{counts['typed']}个为人工填报"] if counts["typed"] else []
    said += [f"{judged}个为定性评定"] if counts["judged"] else []
    rest = len(scores) - counts["evidence"] - counts["typed"] - counts["judged"]
    said += [f"{rest}个没有完成值"] if rest else []
    return "，".join(said) + "。"


def _conclusion(document: object, parts: Sequence[Part], department: str, year: int) -> None:
    add_heading(document, "三、综合评价情况及评价结论")
    rows = [tuple(label(t) for t in ("评价对象", "得分", "等级", "完成", "未达标", "待定"))]
    for card, _, _ in parts:
        done = sum(s.verdict in ("met", "over", "explain", "judged") for s in card.scores)
        missed = sum(s.verdict == "missed" for s in card.scores)
        rows.append(
            (
                text(card.sheet.title()),
                Cell(range_words(card.range)),
                Cell(grade_words(card)),
                Cell(str(done)),
                Cell(str(missed)),
                Cell(str(len(card.pending))),
            )
        )
    add_form(document, Form(f"{department}{year}年度评价结果", (5, 1.6, 1.3, 1.3, 1.5, 1.5), tuple(rows)))


def _analysis(document: object, parts: Sequence[Part]) -> None:
    add_heading(document, "四、绩效评价指标分析")
    for card, _, _ in parts:
        add_heading(document, card.sheet.title(), 2)
        for name, found in card.by_dimension().items():
            came = (
                f"已得{plain(found.score)}分，{OPEN_WORD}{plain(found.open)}分"
                if found.open
                else f"得{plain(found.score)}分"
            )
            add_text(document, f"{name}：满分{plain(found.points)}分，{came}。")
        add_text(document, f"{basis_words(card)}。")
        rows = [tuple(label(t) for t in ("指标", "目标", "完成值", "得分", "计分说明"))]
        for score in card.scores:
            indicator = card.sheet.indicators[score.indicator]
            rows.append(
                (
                    text(indicator.name),
                    Cell(indicator.words()),
                    Cell(shown_result(score.outcome)),
                    Cell(of_full(score)),
                    text("；".join((score.how, *(typed_words(score.outcome) if score.outcome else ())))),
                )
            )
        rows.append(
            (
                text("预算执行率"),
                Cell("100%"),
                Cell(share(card.execution.rate, card.scheme.caps)),
                Cell(of_full(card.execution)),
                text(card.execution.how),
            )
        )
        add_form(document, Form("指标得分明细", (3, 1.7, 1.8, 1.7, 5), tuple(rows), header_rows=(0, 0)))


def _problems(
    document: object, parts: Sequence[Part], differences: Sequence[tuple[str, Sequence[Difference]]]
) -> None:
    add_heading(document, "五、主要经验及做法、存在的问题及原因分析")
    n = 0
    for card, checkpoint, review in parts:
        for score, status in zip(card.scores, checkpoint.indicators, strict=True):
            indicator = card.sheet.indicators[score.indicator]
            # What nobody can judge yet is no problem found: it is listed by itself below.
            if score.verdict in ("missed", "over", "explain"):
                n += 1
                cause = _cause(card, score, status)
                add_text(
                    document,
                    f"{n}. {card.sheet.title()}“{indicator.name}”（{LIGHT_WORDS[status.light]}）："
                    f"{score.how}。{cause}",
                )
        for finding in review.findings:
            if finding.level != "note":
                n += 1
                rests = "；".join(basis.words() for basis in finding.basis)
                add_text(
                    document,
                    f"{n}. {card.sheet.title()}目标设置（{LEVELS[finding.level]} {finding.code}）："
                    f"{finding.title}，{finding.message}。依据：{rests}。",
                )
    for name, found in differences:
        for one in found:
            n += 1
            add_text(
                document,
                f"{n}. {name}自评复核：{KIND_WORDS[one.kind]}，“{one.indicator}”所报{one.reported}，"
                f"复核{one.recomputed}，{one.why}。",
            )
    for card, _, _ in parts:
        _waiting(document, card)
    open_ends = [(card.sheet.title(), review.verdict()) for card, _, review in parts if not _settled(review)]
    if not n and not open_ends:
        add_text(document, "未发现问题。")
    for name, verdict in open_ends:
        add_text(document, f"{name}的目标审核：{verdict}。")


def _cause(card: Scorecard, score: Score, status: Status) -> str:
    """Return why a target was missed or far exceeded, in the words of those responsible,
    or that they owe them.
    """
    said = card.said.get(card.sheet.indicators[score.indicator].id)
    cause = status.cause or (said.cause if said else None)
    if cause:
        return f"原因：{cause}。"
    if said and (said.reason or said.measures):
        # The reason for points that were kept is quoted in how they came about.
        quoted = bool(said.reason) and score.verdict == "over"
        return "" if quoted else f"说明：{said.reason or said.measures}。"
    return "原因待责任科室说明。"


def _waiting(document: object, card: Scorecard) -> None:
    """List what is not decided yet, with why: it is neither an achievement nor a problem."""
    names = [f"“{card.sheet.indicators[s.indicator].name}”{VERDICT_WORDS[s.verdict]}" for s in card.pending]
    names += [_execution_waits(card)] if card.execution.open else []
    if names:
        add_text(document, f"{card.sheet.title()}尚待确定、不作评价的：{'、'.join(names)}。")


def _execution_waits(card: Scorecard) -> str:
    found = card.execution
    if found.shown is not None:
        return "预算执行率年度未满"
    return "预算执行率尚无数据" if found.spent is None or not found.budget else "预算执行率待核对"


def _duties(document: object, parts: Sequence[Part]) -> None:
    """List every rule of the review on every sheet with what became of it, and why."""
    add_heading(document, "附：目标审核清单")
    for card, _, review in parts:
        counts = "，".join(f"{word}{review.counts[state]}条" for state, word in STATES.items())
        add_text(document, f"{card.sheet.title()}：{counts}。")
        rows = [tuple(label(t) for t in ("规则", "审核情况", "说明"))]
        for duty in review.duties:
            lacks = f"缺{'、'.join(duty.missing)}" if duty.missing else ""
            said = (duty.why, *(f.message for f in duty.findings), lacks)
            rows.append(
                (
                    text(f"{duty.rule} {duty.title}"),
                    Cell(STATES[duty.state]),
                    text("；".join(filter(None, said)) or "—"),
                )
            )
        add_form(document, Form("规则执行情况", (4, 1.6, 8.6), tuple(rows), header_rows=(0, 0)))


def _settled(review: Review) -> bool:
    """Return whether every rule that applies was judged."""
    return bool(review.duties) and not review.counts["cannot_judge"] and not review.counts["not_run"]


def _advice(document: object, parts: Sequence[Part]) -> None:
    add_heading(document, "六、有关建议")
    n = 0
    for card, checkpoint, review in parts:
        for score, status in zip(card.scores, checkpoint.indicators, strict=True):
            said = card.said.get(card.sheet.indicators[score.indicator].id)
            measures = status.measures or (said.measures if said else None)
            if measures:
                n += 1
                add_text(
                    document, f"{n}. {card.sheet.indicators[score.indicator].name}：{measures.rstrip('。')}。"
                )
        for mend in dict.fromkeys(f.mend for f in review.findings if f.level != "note"):
            n += 1
            add_text(document, f"{n}. {card.sheet.title()}：{mend}")
    if not n:
        add_text(document, "无。")
