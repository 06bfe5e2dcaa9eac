"""The spending plan (资金支出计划): dates over shares or beside them, shares or amounts, cumulative or by
period, told by the numbers and the words.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import pairwise

from zhunsheng.intake import labels
from zhunsheng.intake.recognition.draft import Document, Draft, PlanSaid, Said
from zhunsheng.intake.recognition.money import YUAN, amount, unit_noted
from zhunsheng.intake.recognition.rows import Row
from zhunsheng.targets import PlanStep, TargetValue
from zhunsheng.targets.spelling import normalise
from zhunsheng.translation import worded

_NUMBER = re.compile(r"^(?:约|累计|达到?|至)*(\d[\d,]*(?:\.\d+)?)(%|亿元|百万元|万元|千元|元|万)?$")
_BOTH = re.compile(r"^(.*?[月日末底度年前])[^\d]{0,6}?(\d[\d,]*(?:\.\d+)?(?:%|亿元|万元|元))$")
UNKNOWN_YEAR = 2000  # of days in a plan whose sheet tells its year later, or never
_CUMULATIVE, _BY_PERIOD = re.compile("累计|累积|进度"), re.compile("当季|本季|每季|分季|当月|各季度?支出")


def read_plan(document: Document, draft: Draft, row: Row) -> None:
    """Read one row of the plan into its draft, as it is written; ``settle`` makes steps of it."""
    dates = [(column, text) for column, text in row.cells if _is_date(text)]
    told = [(c, text) for c, text in row.cells if _NUMBER.match(normalise(text)) and not _is_date(text)]
    sums = [column for column, text in row.cells if re.fullmatch("合计|小计|总计|全年", labels.clean(text))]
    if dates and sums:
        draft.plan_sum = sums[0]
    if not dates and draft.plan_sum is not None and (whole := row.text(draft.plan_sum)):
        told = [one for one in told if one[0] != draft.plan_sum]
        said = Said(whole, row.place(draft.plan_sum), row.cells[0][1])
        if re.search(r"\d", whole) and (total := amount(document, said)) is not None:
            draft.put_budget("total", total, said.place)
    draft.plan_words += " ".join(text for _, text in row.cells if not re.search(r"\d", text))
    if dates and not told:
        draft.plan_dates = [text for _, text in dates]
        draft.plan_columns = [column for column, _ in dates]
        draft.provenance.setdefault("spending_plan", row.place(dates[0][0]))
        return
    unit = unit_noted(row.words()) or document.zone_unit
    both = [(m[1], m[2]) for _, text in row.cells if (m := _BOTH.match(normalise(text)))]
    if dates and len(dates) == len(told):  # a date beside its share
        both = [(when, share) for (_, when), (_, share) in zip(dates, told, strict=True)]
    place = row.place(row.cells[0][0])
    at = dict(zip(draft.plan_columns, draft.plan_dates, strict=True))
    if told and not both and len(told) != len(at) and all(column in at for column, _ in told):
        both = [(at[column], text) for column, text in told]  # nothing by the first of the days
    if told and not both and len(told) != len(draft.plan_dates):
        document.doubt(place, "spending_plan", row.words(), worded("支出计划的日期与比例个数不一致"))
    pairs = both or zip(draft.plan_dates, (text for _, text in told), strict=False)
    for when, share in pairs:
        if step := _said(when, share, unit, document.year or UNKNOWN_YEAR):
            draft.plan_said.append(step)
            draft.provenance.setdefault("spending_plan", place)
        else:
            document.doubt(place, "spending_plan", f"{when} {share}", worded("认不出支出计划的日期或比例"))


def _in_year(day: date, year: int) -> date:
    """Return a day of a plan in its year; the end of February is that of the year."""
    return day.replace(year=year, day=min(day.day, monthrange(year, day.month)[1]))


def settle(document: Document, draft: Draft, year: int | None) -> tuple[PlanStep, ...]:
    """Return the steps of a sheet's plan: cumulative shares of its budget by their dates, as fractions.
    ``year`` is the sheet's, None where it tells none.

    A plan is cumulative where its words say so, or its shares never fall and end at the whole; by period
    where its words say so, or its shares sum up to the whole. Of another one nobody can tell what is meant:
    it is doubted, and not read.
    """
    said = [
        replace(one, by=_in_year(one.by, year)) if year and one.by.year == UNKNOWN_YEAR else one
        for one in draft.plan_said
    ]
    if not said or (year is None and any(one.by.year == UNKNOWN_YEAR for one in said)):
        return ()  # without a year, which is asked for, no day of the plan is known
    place = draft.provenance.get("spending_plan", draft.place)
    written = "、".join(f"{one.by.isoformat()} {one.number:f}{one.unit or ''}" for one in said)
    shares = _shares(said, draft.budget.get("total"))
    if shares is None:
        document.doubt(place, "spending_plan", written, worded("支出计划是金额，没有预算总额，折不成比例"))
        return ()
    rising = all(one <= other for one, other in pairwise(shares))
    whole = abs(sum(shares, Decimal(0)) - 1) <= Decimal("0.001")
    if (
        rising
        and shares[-1] != 1
        and not whole
        and not _BY_PERIOD.search(draft.plan_words)
        and max(shares) < 1
    ):
        document.doubt(place, "spending_plan", written, worded("支出计划没有到 100%，按累计读入"))
    elif not _CUMULATIVE.search(draft.plan_words) and (
        _BY_PERIOD.search(draft.plan_words) or (whole and not (rising and shares[-1] == 1))
    ):
        shares = [sum(shares[: n + 1], Decimal(0)) for n in range(len(shares))]
    elif not rising:
        why = worded("支出计划既不逐期增加，各期之和也不是 100%，没有读入")
        document.doubt(place, "spending_plan", written, why, unread=True)
        return ()
    return tuple(PlanStep(by=one.by, cumulative=share) for one, share in zip(said, shares, strict=True))


def _shares(said: Sequence[PlanSaid], total: Decimal | None) -> list[Decimal] | None:
    """Return what a plan says as fractions of the budget (yuan); None for amounts where that is not known."""
    numbers = [one.number for one in said]
    units = {one.unit for one in said}
    if units & {"%"}:
        return [number / 100 for number in numbers]
    if all(number <= 1 for number in numbers):
        return numbers
    percent = max(numbers) <= 100 and 100 in (numbers[-1], sum(numbers))
    if None in units and percent and not units - {None}:
        return [number / 100 for number in numbers]
    unit = next((YUAN[one] for one in units if one), None)
    if total is None or not total:
        return None
    if unit is None:  # bare amounts: in the unit in which they come to the budget
        unit = next((u for u in (10_000, 1) if total in (sum(numbers) * u, numbers[-1] * u)), None)
    return [number * unit / total for number in numbers] if unit else None


def _said(when: str, share: str, unit: str | None, year: int | None) -> PlanSaid | None:
    by = TargetValue.parse(re.sub(r"[（(].*$", "", when), year=year, dated=True)
    number = _NUMBER.match(normalise(share))
    if by.op != "by" or not isinstance(by.value, date) or number is None:
        return None
    return PlanSaid(by.value, Decimal(number[1].replace(",", "")), number[2] or unit)


def _is_date(text: str) -> bool:
    bare = re.sub(r"[（(].*$", "", text)
    return TargetValue.parse(bare, year=2000).op == "by"
