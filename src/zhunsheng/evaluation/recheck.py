"""Re-check (复核) a reported self-evaluation: every score recomputed, every difference named and explained.

The recomputed card comes from evidence and the approved sheet alone; nothing that the audited side typed is
in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Literal

from zhunsheng.evaluation.indicators import Case, score_indicator
from zhunsheng.evaluation.scorecard import HUNDREDTH, OPEN_WORD, Scorecard
from zhunsheng.outcomes import outcome_of_text, result_of
from zhunsheng.targets import Indicator, TargetSheet
from zhunsheng.targets.results import Result
from zhunsheng.translation import worded
from zhunsheng.wording import yuan

Kind = Literal["score", "actual", "target", "missing", "extra", "total", "execution", "check", "absent"]
KIND_WORDS: dict[Kind, str] = {
    "score": worded("得分与完成值不符"),
    "actual": worded("完成值与证据不符"),
    "target": worded("指标值与批复不符"),
    "missing": worded("漏报指标"),
    "extra": worded("批复中没有的指标"),
    "total": worded("总分与合计不符"),
    "execution": worded("预算执行分不符"),
    "check": worded("完成值待核对"),
    "absent": worded("上报材料没有这张表"),
}
TOLERANCE = Decimal("0.05")  # points within which rounding alone explains a difference


@dataclass(frozen=True)
class Difference:
    """One difference between what was reported and what was recomputed."""

    kind: Kind
    indicator: str
    reported: str
    recomputed: str
    why: str

    def as_json(self) -> dict[str, Any]:
        """Return the difference as plain data."""
        return {**self.__dict__, "title": KIND_WORDS[self.kind]}


def recheck(
    reported: TargetSheet, card: Scorecard, unsure: Mapping[int, str] = MappingProxyType({})
) -> list[Difference]:
    """Compare a reported self-evaluation sheet with the recomputed scorecard of the approved sheet,
    in the order of the latter.

    What evidence alone can't decide (``undecided``) is no difference; the reported total is one where it lies
    outside what the recomputed total can come to. ``unsure`` says of reported rows (from 0) why nobody can
    rely on how they were read yet: they are named and not compared, as are those of the approved sheet.
    """
    found: list[Difference] = []
    pairs = _pairs(reported.indicators, card.sheet.indicators)
    for n, indicator in enumerate(card.sheet.indicators):
        theirs = pairs.get(n)
        if theirs is None:
            found.append(
                Difference(
                    "missing",
                    indicator.name,
                    "—",
                    worded("目标 {indicator}", indicator=indicator.words()),
                    worded("自评表里没有这个指标"),
                )
            )
            continue
        row = next(k for k, one in enumerate(reported.indicators) if one is theirs)
        outcome = card.scores[n].outcome
        if why := unsure.get(row) or (outcome.unsure if outcome else ""):
            found.append(Difference("check", indicator.name, theirs.actual or "—", "—", why))
            continue
        found.extend(_indicator(indicator, theirs, card, n))
    known = {id(i) for i in pairs.values()}
    found.extend(
        Difference("extra", i.name, i.words(), "—", worded("批复的目标表里没有这个指标"))
        for i in reported.indicators
        if id(i) not in known
    )
    found.extend(_money(reported, card))
    scores = [i.score for i in reported.indicators]
    execution = reported.execution.score if reported.execution else None
    said = reported.total_score
    if said is not None and all(s is not None for s in scores):
        # A department's total holds the points its projects bring, which no indicator's row shows.
        added = sum((s for s in scores if s is not None), (execution or Decimal(0)) + card.projects_score)
        room = card.projects_open + TOLERANCE
        if not -TOLERANCE <= said - added <= room:
            why = worded("各项得分相加不等于所报总分")
            if card.projects_score:
                why = worded(
                    "各项得分加上按证据复核的项目得分 {projects_score}，不等于所报总分",
                    projects_score=f"{card.projects_score:f}",
                )
            found.append(Difference("total", "总分", f"{said:f}", f"{added:f}", why))
    low, high = card.range.low, card.range.high
    if said is not None and not low - TOLERANCE <= said <= high + TOLERANCE:
        ours = f"{low}" if card.range.settled else f"{low}–{high}"
        grade = (
            worded("，等级“{grade}”", grade=card.grade) if card.grade else worded("（口径未确认，不评等级）")
        )
        if not card.range.settled:
            grade = worded("（只凭证据还判断不了的，按最低与最高计）")
        if low > said and (gap := _cut_for_low(reported, card)):
            grade = worded("{grade}，其中 {gap} 分是自评认定目标偏低而扣的，复核不采", grade=grade, gap=gap)
        found.append(
            Difference(
                "total",
                worded("总分"),
                f"{said:f}",
                ours,
                worded("复核总分 {ours}{grade}", ours=ours, grade=grade),
            )
        )
    return found


def _cut_for_low(reported: TargetSheet, card: Scorecard) -> Decimal:
    """Return the points that a report took off for targets that were too low, by what it was told of results
    far beyond theirs: the re-check, of evidence alone, leaves them.
    """
    pairs, gap = _pairs(reported.indicators, card.sheet.indicators), Decimal(0)
    for n, theirs in pairs.items():
        ours = card.scores[n]
        if ours.verdict == "explain" and theirs.score is not None and theirs.score < ours.score:
            gap += ours.score - theirs.score
    return gap


def evaluated(reported: TargetSheet) -> bool:
    """Return whether a reported sheet says what became of anything: a sheet of targets alone is no
    self-evaluation.
    """
    execution = reported.execution.score if reported.execution else None
    said = (reported.total_score, execution, *(i.score for i in reported.indicators))
    return any(s is not None for s in said) or any(i.actual for i in reported.indicators)


@dataclass(frozen=True)
class Undecided:
    """An indicator that evidence alone can't decide: its points and why."""

    indicator: str
    points: Decimal
    why: str


def undecided(card: Scorecard) -> list[Undecided]:
    """Return what the re-check can't judge from evidence and the approved sheet alone, in
    the sheet's order.
    """
    found = [Undecided(card.sheet.indicators[s.indicator].name, s.open, s.how) for s in card.scores if s.open]
    if card.execution.open:
        found.append(Undecided(worded("预算执行率"), card.execution.open, card.execution.how))
    return found


def _indicator(indicator: Indicator, theirs: Indicator, card: Scorecard, n: int) -> list[Difference]:
    found: list[Difference] = []
    ours = card.scores[n]
    if not _same_target(indicator, theirs):
        found.append(
            Difference(
                "target",
                indicator.name,
                theirs.words(),
                indicator.words(),
                worded("自评表改动了批复的指标值"),
            )
        )
    points = theirs.weight if theirs.weight is not None else ours.points
    if theirs.actual:
        outcome = outcome_of_text(theirs.actual, indicator.aim.unit, card.sheet.year, "reported")
        reported = result_of(indicator, outcome)
        if reported.doubt and indicator.type.kind not in (None, "level") and theirs.score:
            found.append(Difference("check", indicator.name, theirs.actual, "—", reported.doubt))
        if reported.value is not None and theirs.score is not None:
            ruled = card.said.get(indicator.id)  # what the bureau itself found, nothing else is in the card
            again = score_indicator(Case(n, indicator, outcome, points, ours.dimension, ruled), card.scheme)
            # What a person may give is no difference, but for full marks, which a missed day can't have.
            differs = (
                theirs.score >= points if again.shown is None else abs(again.score - theirs.score) > TOLERANCE
            )
            if differs:
                why = worded("按所报完成值：{how}", how=again.how)
                if again.verdict == "explain" and theirs.score < again.score:
                    why = worded(
                        "{why}；自评认定目标偏低而扣分的，复核只凭证据、不采这一认定，差 {gap} 分",
                        why=why,
                        gap=again.score - theirs.score,
                    )
                found.append(
                    Difference(
                        "score",
                        indicator.name,
                        f"{theirs.score:f}",
                        OPEN_WORD if again.shown is None else f"{again.score}",
                        why,
                    )
                )
        evidence = ours.outcome
        if evidence and evidence.origin == "evidence" and reported.value is not None:
            # A ledger that says “not done yet” speaks against a result as much as one with another figure.
            undone = evidence.known and evidence.value is None and reported.value is not False
            if undone or (evidence.value is not None and not _same(reported, result_of(indicator, evidence))):
                scaled = (
                    (ours.score / ours.points * points).quantize(HUNDREDTH) if ours.points else Decimal(0)
                )
                came = (
                    worded("按台账得 {scaled} 分", scaled=scaled)
                    if ours.shown is not None
                    else worded("按台账得分{what}", what=OPEN_WORD)
                )
                found.append(
                    Difference(
                        "actual",
                        indicator.name,
                        theirs.actual,
                        evidence.text,
                        worded(
                            "台账显示 {text}；{came}（满分 {points}）",
                            text=evidence.text,
                            came=came,
                            points=f"{points:f}",
                        ),
                    )
                )
    elif theirs.score is not None and theirs.score > 0 and ours.verdict not in ("judged", "pending"):
        ours_told = OPEN_WORD if ours.shown is None else f"{ours.shown}"
        found.append(
            Difference(
                "score", indicator.name, f"{theirs.score:f}", ours_told, worded("没有填完成值却得了分")
            )
        )
    return found


def _same_target(ours: Indicator, theirs: Indicator) -> bool:
    """Say whether a reported table keeps the approved value; one that leaves out the operator has not changed
    it.
    """
    if theirs.target.op == "unread" or ours.aim.same(theirs.aim) or ours.words() == theirs.words():
        return True
    kept = theirs.target
    return (
        kept.implied
        and ours.aim.number is not None
        and ours.aim.same(kept.replaced(op=ours.aim.op, implied=False))
    )


def _same(one: Result, other: Result) -> bool:
    """Say whether two results are equal to the two decimals that tables show."""
    a, b = one.value, other.value
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return abs(a - b) <= Fraction(HUNDREDTH)
    return a == b or b is None


def _money(reported: TargetSheet, card: Scorecard) -> list[Difference]:
    if reported.execution is None:
        return []
    found = []
    theirs, ours = reported.execution, card.execution
    if theirs.spent is not None and ours.spent is not None and abs(theirs.spent - ours.spent) > 1:
        found.append(
            Difference(
                "execution",
                worded("全年执行数"),
                yuan(theirs.spent),
                yuan(ours.spent),
                worded("与支付台账合计不符"),
            )
        )
    # Points that evidence leaves open are among what is undecided, not a difference.
    if theirs.score is not None and ours.shown is not None and abs(theirs.score - ours.score) > TOLERANCE:
        found.append(
            Difference("execution", worded("预算执行率"), f"{theirs.score:f}", f"{ours.score}", ours.how)
        )
    return found


def _pairs(theirs: Sequence[Indicator], ours: Sequence[Indicator]) -> dict[int, Indicator]:
    """Pair reported indicators with approved ones: by levels and name, then by a name that only one bears on
    each side.
    """
    left = list(theirs)
    pairs: dict[int, Indicator] = {}
    for whole in (True, False):

        def words(indicator: Indicator, whole: bool = whole) -> tuple[str | None, ...]:
            return (indicator.level1, indicator.level2, indicator.name) if whole else (indicator.name,)

        for n, indicator in enumerate(ours):
            same = [i for i in left if words(i) == words(indicator)]
            alone = sum(words(o) == words(indicator) for m, o in enumerate(ours) if m not in pairs) == 1
            if n not in pairs and len(same) == 1 and alone:
                pairs[n] = same[0]
                left.remove(same[0])
    # Rows of the same name that nothing else tells apart stand in the order of the table on both sides.
    for n, indicator in enumerate(ours):
        if n not in pairs and (same := [i for i in left if i.name == indicator.name]):
            pairs[n] = same[0]
            left = [i for i in left if i is not same[0]]
    return pairs
