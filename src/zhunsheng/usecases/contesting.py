"""A result that a person typed against what the ledgers give: equal, contested, accepted or refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

from zhunsheng.judgements import Judgement
from zhunsheng.measures import show_number
from zhunsheng.outcomes import ContestedResult, Outcome, figure_text, result_of
from zhunsheng.targets import Indicator
from zhunsheng.targets.units import comparable, convert
from zhunsheng.translation import worded


def contested(said: Judgement, indicator: Indicator, typed: Outcome, computed: Outcome) -> ContestedResult:
    """Return a typed result as a contest; what was accepted against another reading says nothing of this one.

    A typed text that can be read in two ways is compared with nothing, and nobody's acceptance makes it
    count.
    """
    doubt = result_of(indicator, typed).doubt if indicator.type.kind != "level" else None
    proof = said.unproved or said.proof
    holds = not doubt and not said.unproved and said.against in (None, computed.text)
    apart = None if doubt else _apart(indicator, typed, computed)
    accepted = said.accepted if holds else None
    return ContestedResult(typed.text, computed.text, apart, said.reason, proof, said.by, accepted, doubt)


def with_refusal(outcome: Outcome, said: Judgement | None) -> Outcome:
    """Return an outcome whose contest tells that it was refused, where the refusal was of this claim on this
    reading.
    """
    contest = outcome.contest
    if contest is None or contest.accepted or said is None or not said.refused:
        return outcome
    if said.refused_against not in (None, contest.computed):
        return outcome
    return replace(outcome, contest=replace(contest, refused=said.refused))


def told_by_ledgers(outcome: Outcome) -> bool:
    """Return whether the ledger says something: a figure, or that it is not done yet;
    one without rows says nothing.
    """
    return outcome.origin == "evidence" and outcome.known


def equal(indicator: Indicator, typed: Outcome, computed: Outcome) -> bool:
    """Return whether a typed value is the computed one, to the digits in which that is shown."""
    if typed.text.strip() == computed.text:
        return True
    one, other = result_of(indicator, typed), result_of(indicator, computed)
    if one.value is None or one.doubt or other.doubt:
        return False
    if isinstance(one.value, bool):  # a yes said in words is the ledger's; another number is another number
        return one.value is other.value and typed.value in (None, computed.value)
    aim, unit = indicator.aim.unit, computed.unit
    if isinstance(one.value, Fraction) and isinstance(other.value, Fraction) and comparable(aim, unit):
        here = [figure_text(convert(v, aim, unit), unit, indicator) for v in (one.value, other.value)]
        return here[0] == here[1]
    return one.value == other.value


def _apart(indicator: Indicator, typed: Outcome, computed: Outcome) -> str | None:
    """Return what lies between a typed value and the computed one, each as its indicator reads it;
    None where nothing can.
    """
    one, other = (result_of(indicator, outcome).value for outcome in (typed, computed))
    if isinstance(one, date) and isinstance(other, date):
        return worded("{days} 天", days=f"{(one - other).days:+d}")
    aim, unit = indicator.aim.unit, computed.unit
    if isinstance(one, Fraction) and isinstance(other, Fraction) and comparable(aim, unit):
        apart = convert(one - other, aim, unit)
        words = "个百分点" if unit == "%" else unit or ""
        return f"{'+' if apart >= 0 else ''}{show_number(apart)}{words}"
    return None
