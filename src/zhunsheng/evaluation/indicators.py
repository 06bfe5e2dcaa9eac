"""Score one indicator: its outcome against its target, or a person's judgement of quality."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from zhunsheng.errors import ZhunshengError
from zhunsheng.evaluation.scorecard import FULL, HUNDREDTH, NONE, OPEN, OPEN_WORD, Score, Verdict, rounded
from zhunsheng.judgements import Judgement
from zhunsheng.outcomes import Outcome, figure_text, result_of
from zhunsheng.regulations import Scheme
from zhunsheng.targets import Indicator
from zhunsheng.targets.units import split_unit
from zhunsheng.translation import worded
from zhunsheng.wording import percent, percent_beside

CONFIRM = worded("请对照目标文件的原文核对这一处，核对后即计分")


def not_due(score: Score, indicator: Indicator, due: date) -> Score:
    """Return a score before its day: what is not met yet is not missed, unless a ceiling on a count was
    already broken.

    Where nothing is known nothing is early: no evidence stays no evidence, whatever the day.
    """
    if score.verdict not in ("missed", "nothing"):
        return score
    outcome = score.outcome
    known = outcome is not None and outcome.value is not None
    if score.verdict == "nothing" and not (outcome and outcome.origin == "evidence"):
        return score
    if known and indicator.aim.ceiling and indicator.aim.unit not in ("%", "元"):
        return score
    said = (
        outcome.text
        if outcome is not None and (known or outcome.origin == "evidence")
        else worded("尚未完成")
    )
    how = worded(
        "{due} 到期，现为 {what}，未到期，{came}（满分 {points}）",
        due=due,
        what=said,
        came=OPEN_WORD,
        points=score.points,
    )
    return replace(score, score=Decimal(0), verdict="early", how=how, asks=None)


@dataclass(frozen=True)
class Case:
    """An indicator to be scored: its number in the sheet, what it came to, its points,
    and what a person said of it.

    ``dimension`` is what its points count in.
    """

    number: int
    indicator: Indicator
    outcome: Outcome
    points: Decimal
    dimension: str
    said: Judgement | None = None

    @property
    def qualitative(self) -> bool:
        """Whether a band may decide it.

        A band is a judgement of quality. What is a quantity, share, date, growth,
        frequency or a yes or no is not judged: it is measured or proved, and open as long as it is not.
        """
        return self.indicator.type.kind == "level" or self.indicator.aim.op == "unread"

    def score(self, share: Fraction, verdict: Verdict, how: str, asks: str | None = None) -> Score:
        """Return the score that a share of the points (a fraction) is, with how it came about in words."""
        points, said = self.points, self.said
        earned = points.quantize(HUNDREDTH) if share >= FULL else rounded(Fraction(points) * max(share, NONE))
        if verdict == "missed" and earned == points and points:
            earned -= HUNDREDTH  # 89.996 of 90 is no full mark, nor is 90 of more than 90
        if said and said.band and not self.qualitative and verdict != "judged":
            how += worded("（所填档次“{band}”不计：定量指标只按完成值计分）", band=said.band)
        came = OPEN_WORD if verdict in OPEN else worded("得 {earned} 分", earned=earned)
        words = worded("{how}，{came}（满分 {points}）", how=how, came=came, points=points)
        return Score(self.number, self.dimension, points, earned, verdict, words, asks, self.outcome)


def score_indicator(case: Case, scheme: Scheme) -> Score:
    """Score one indicator: its outcome against its target, or a person's judgement where the target is
    qualitative.
    """
    indicator, said = case.indicator, case.said
    if unsure := case.outcome.unsure:
        return case.score(NONE, "check", worded("{doubt}，待核对", doubt=unsure), CONFIRM)
    if said and said.band and case.qualitative:
        share = _judged(indicator, said, scheme)
        return case.score(
            share,
            "judged",
            worded(
                "评为“{band}”，得分率 {share}，理由：{reason}",
                band=said.band,
                share=percent(share),
                reason=said.reason,
            ),
        )
    result = result_of(indicator, case.outcome)
    if undecided := _undecided(case, result.doubt):
        return undecided
    if indicator.type.kind == "yes_no":
        return _score_answer(case, result.value)
    if indicator.aim.op == "by":
        return _score_date(case, scheme, result.value)
    if not isinstance(result.value, Fraction):
        return case.score(
            NONE, "nothing", case.outcome.note or worded("没有证据"), worded("请补充证据或填报完成值")
        )
    return _score_figure(case, result.value, scheme)


def _undecided(case: Case, doubt: str | None) -> Score | None:
    """Return the open score of an indicator that a person has to look at first;
    None where its result decides.
    """
    target, told, outcome, said = case.indicator.aim, case.indicator.type, case.outcome, case.said
    if said and said.anew and said.actual and outcome.origin == "none":
        return case.score(
            NONE, "pending", outcome.note or said.anew, worded("请按现在的指标重新填报完成值，并附证明材料")
        )
    if outcome.contest and outcome.origin == "none":
        return case.score(
            NONE,
            "nothing",
            outcome.note or worded("没有证据"),
            worded("请恢复台账，或由财政局裁定所填的完成值"),
        )
    if target.op == "unread" or (told.kind == "level" and not told.unsure):
        asks = (
            worded("请评定档次并写明理由")
            if target.op == "level"
            else worded("指标值读不出，请评定并写明理由")
        )
        return case.score(
            NONE, "pending", worded("目标“{indicator}”需人工评定", indicator=case.indicator.words()), asks
        )
    if not doubt:
        return None
    asks = worded("请把完成值改成可以比较的写法")
    if outcome.origin == "evidence":
        asks = worded("请由财政局换一个口径或改为没有口径，也可填报完成值由财政局裁定")
    return case.score(NONE, "check", worded("{doubt}，待核对", doubt=doubt), asks)


def _score_figure(case: Case, value: Fraction, scheme: Scheme) -> Score:
    """Score a figure (in the target's unit) against a target that is a number or a range."""
    target = case.indicator.aim
    words = worded("完成值 {text}，目标 {target}", text=case.outcome.text, target=target.text())
    if case.outcome.value != value:
        words += _turned(value, case.indicator)
    attained = target.attainment(value)
    if target.meets(value):
        if not value and target.ceiling and target.value and split_unit(target.unit)[0] == "元":
            ask = worded("完成值为零，请说明是否没有实施")
            return case.score(FULL, "met", worded("{words}，已完成", words=words), ask)
        if (
            attained is None
            or attained < scheme.over.limit
            or (target.op in ("==", "range") and not target.at_least)
        ):
            return case.score(FULL, "met", worded("{words}，已完成", words=words))
        return _score_over(case, words, attained, scheme)
    if attained is None:
        return case.score(
            NONE,
            "missed",
            worded("{words}，未完成，零目标未达到不得分", words=words),
            worded("请说明原因和改进措施"),
        )
    share = min(attained, FULL / attained) if attained > 0 else NONE
    beyond = value > Fraction(target.value[1]) if isinstance(target.value, tuple) else False
    turn = worded("目标 ÷ 结果") if target.ceiling or beyond or attained > FULL else worded("结果 ÷ 目标")
    part = percent_beside(share, (FULL,))
    return case.score(
        share,
        "missed",
        worded("{words}，未完成，按{turn} {part} 计分", words=words, turn=turn, part=part),
        worded("请说明原因和改进措施"),
    )


def _turned(value: Fraction, indicator: Indicator) -> str:
    """Return in brackets what a result is in the target's terms (for the whole year where the unit is of a
    part of it).
    """
    unit, per = indicator.aim.unit, indicator.aim.per
    if unit and per and unit.endswith(f"/{per}"):
        whole = unit.removesuffix(f"/{per}")
        return worded("（折合全年 {value}）", value=figure_text(value, whole, indicator))
    return worded("（折合 {value}）", value=figure_text(value, unit, indicator))


def _score_over(case: Case, words: str, attained: Fraction, scheme: Scheme) -> Score:
    """Score a result that goes far beyond its target (``attained`` = result ÷ target),
    which the target may be to blame for.
    """
    over, said = scheme.over, case.said
    reached = percent_beside(attained, (FULL, over.limit))
    words += worded("，为目标的 {reached}", reached=reached)
    if case.indicator.aim.ceiling:
        return case.score(
            FULL, "met", worded("{words}，已完成", words=words), worded("结果远低于上限，请说明上限是否偏高")
        )
    ruled = said.ruled_low if said else None  # the judge's finding stands before the filler's word
    low = bool(said and said.target_low) if ruled is None else ruled
    why = said and (said.reason if ruled is None else said.ruling)
    if (low or ruled is not None or (said and said.over_accepted)) and not why:
        raise ZhunshengError("ZS-SC-03", name=case.indicator.name)
    if ruled is False:
        how = worded("{words}，财政局认定目标没有偏低：{why}，不扣分", words=words, why=why)
        return case.score(FULL, "over", how)
    ask = worded(
        "结果达到目标的 {reached}，请说明目标是否偏低（{citation}）", reached=reached, citation=over.citation
    )
    if over.when == "asked" and not low:
        if said and said.reason:
            return case.score(
                FULL,
                "over",
                worded("{words}，说明：{reason}，没有认定目标偏低，不扣分", words=words, reason=said.reason),
            )
        return case.score(
            FULL, "explain", worded("{words}，待说明目标是否偏低，说明前不扣分", words=words), ask
        )
    if ruled:
        words += worded("，财政局认定目标偏低：{why}", why=why)
    elif low:
        words += worded("，认定目标偏低：{reason}", reason=why)
    if over.mode == "fixed":
        off = Fraction(over.deduct) / Fraction(case.points) if case.points else NONE
        how = worded("{words}，超额较多，扣 {deduct} 分", words=words, deduct=over.deduct)
    else:
        off = min(attained - over.limit, Fraction(over.most))
        how = worded(
            "{words}，超过 {limit} 的部分按偏离度扣 {off}",
            words=words,
            limit=percent(over.limit),
            off=percent(off),
        )
    plain = case.score(FULL - off, "over", how, None if low else ask)
    if low or not (said and said.over_accepted):
        return plain
    kept = case.score(
        FULL,
        "over",
        worded("{words}，填报理由：{reason}，不扣分（复核时不计此理由）", words=words, reason=said.reason),
    )
    return replace(kept, granted=kept.score - plain.score)


def _score_answer(case: Case, met: object) -> Score:
    words = worded(
        "完成值 {text}，目标“{indicator}”", text=case.outcome.text, indicator=case.indicator.words()
    )
    if met is None:
        asks = worded("请填报是否完成，并附证明材料")
        return case.score(
            NONE, "pending", worded("目标“{indicator}”需人工填报", indicator=case.indicator.words()), asks
        )
    if met:
        return case.score(FULL, "met", worded("{words}，已完成", words=words))
    return case.score(NONE, "missed", worded("{words}，未完成", words=words), worded("请说明原因和改进措施"))


def _score_date(case: Case, scheme: Scheme, done: object) -> Score:
    """Score the day something was ``done`` against the day it is due; False where someone says it is not."""
    target, outcome = case.indicator.aim, case.outcome
    assert isinstance(target.value, date)
    if not isinstance(done, date):
        how = worded(
            "目标 {value} 前完成，{what}", value=target.value, what=outcome.note or worded("没有完成日期")
        )
        if outcome.known or done is False:
            return case.score(
                NONE, "missed", worded("{how}，不得分", how=how), worded("请说明逾期原因")
            )  # the ledger says that it is not done
        return case.score(NONE, "nothing", how, worded("请补充完成日期"))
    late = (done - target.value).days
    if late <= 0:
        return case.score(
            FULL, "met", worded("{value} 完成，不晚于 {target}", value=done, target=target.value)
        )
    if not scheme.late.bands:
        return _score_late(case, scheme, done, late)
    bands = sorted(scheme.late.bands, key=lambda b: b.days)
    share = next((Fraction(b.share) for b in bands if late <= b.days), NONE)
    how = worded(
        "{value} 完成，逾期 {late} 天，得分率 {share}（{citation}）",
        value=done,
        late=late,
        share=percent(share),
        citation=scheme.late.citation,
    )
    return case.score(share, "missed", how, worded("请说明逾期原因"))


def _score_late(case: Case, scheme: Scheme, done: date, late: int) -> Score:
    """Score what was ``done`` so many days too ``late`` where no rule says what that costs: a person's band,
    else open.
    """
    said, told = case.said, {"value": done, "late": late}
    if said and said.band:
        share = _judged(case.indicator, said, scheme)
        judged = {"band": said.band, "share": percent(share), "reason": said.reason}
        how = worded(
            "{value} 完成，逾期 {late} 天，评为“{band}”，得分率 {share}，理由：{reason}", **told, **judged
        )
        return case.score(share, "judged", how)
    how = worded(
        "{value} 完成，逾期 {late} 天，怎样计分没有规定（{citation}）", **told, citation=scheme.late.citation
    )
    return case.score(NONE, "pending", how, worded("请评定档次并写明理由，说明逾期原因"))


def holds(scheme: Scheme, name: str | None, share: Decimal | None) -> bool:
    """Return whether a scheme has a band of a name, and a share (0 to 1) lies in it.

    A band holds its lower bound (80%（含）) but not its upper one, which begins the next band.
    """
    band = next((b for b in scheme.qualitative if b.name == name), None)
    if band is None or share is None:
        return False
    top = max(b.high for b in scheme.qualitative)
    return band.low <= share < band.high or share == band.high == top


def _judged(indicator: Indicator, said: Judgement, scheme: Scheme) -> Fraction:
    band = next((b for b in scheme.qualitative if b.name == said.band), None)
    if band is None:
        known = "、".join(b.name for b in scheme.qualitative)
        raise ZhunshengError(
            "ZS-SC-04",
            detail=worded(
                "“{name}”的档次“{band}”不在 {known} 之内", name=indicator.name, band=said.band, known=known
            ),
        )
    if said.share is None:
        raise ZhunshengError(
            "ZS-SC-04",
            detail=worded("“{name}”评了“{band}”，没有写得分率 share", name=indicator.name, band=said.band),
        )
    if not holds(scheme, said.band, said.share):
        raise ZhunshengError(
            "ZS-SC-02",
            name=indicator.name,
            share=f"{said.share:.0%}",
            band=band.name,
            low=f"{band.low:.0%}",
            high=f"{band.high:.0%}",
        )
    if not (said.reason or "").strip():
        raise ZhunshengError("ZS-SC-03", name=indicator.name)
    return Fraction(said.share)
