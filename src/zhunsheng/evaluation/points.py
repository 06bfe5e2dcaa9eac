"""How points are allotted to indicators, so that they sum to the whole."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from zhunsheng.regulations import Framework, PointSet, Scheme
from zhunsheng.targets import Indicator, TargetSheet
from zhunsheng.translation import series, worded
from zhunsheng.wording import number as show_number


def dimensions_of(sheet: TargetSheet, framework: Framework) -> list[str]:
    """Return the dimension each indicator is scored under; those of no known dimension fall under 产出."""
    found = []
    for indicator in sheet.indicators:
        dimension = framework.dimension(indicator.level1, indicator.level2)
        found.append(dimension.name if dimension else "产出")
    return found


@dataclass(frozen=True)
class Allotment:
    """The points of each indicator and of the budget's execution, together 100; how they came about,
    and by which rules. ``execution_row`` is the indicator that is the execution part itself, if any.
    """

    points: list[Decimal]
    execution: Decimal
    notes: list[str]
    citations: list[str]
    execution_row: int | None = None


def allot(sheet: TargetSheet, scheme: Scheme, framework: Framework) -> Allotment:
    """Allot 100 points to a sheet's indicators and the budget's execution.

    What the sheet says comes first: weights of its rows, which are kept, points printed in its level-1 cells
    (产出指标（50分）), and the points of its execution row. Only the rest is spread by the scheme.
    A row 预算执行率 is the execution part and no indicator beside it: it has no points of its own.
    """
    rows = sheet.indicators
    own = next((n for n, i in enumerate(rows) if _EXECUTION.fullmatch(_bare(i.name))), None)
    counted = [n for n in range(len(rows)) if n != own]
    dimensions = dimensions_of(sheet, framework)
    chosen = _point_set(scheme, {dimensions[n] for n in counted})
    weights = [_weight(rows[n]) for n in counted]
    headings = [rows[n].level1 or "" for n in counted]
    printed = {heading: _printed(heading) for heading in dict.fromkeys(headings)}
    sums = {heading: points for heading, points in printed.items() if points is not None}
    headed = bool(sums) and len(sums) == len(printed)
    whole = bool(weights) and all(w is not None for w in weights) and any(weights)

    notes: list[str] = []
    given = sum((w for w in weights if w is not None), Fraction(0))
    execution = _execution(
        rows[own].weight if own is not None else None,
        sheet.execution.points if sheet.execution else None,
        given if whole else sum(sums.values(), Fraction(0)) if headed else Fraction(0),
        chosen.execution,
    )
    room = Fraction(100 - execution)
    if own is not None:
        notes.append(worded("“{name}”一行就是预算执行部分，不另作指标", name=rows[own].name))
    if execution != chosen.execution:
        notes.append(
            worded(
                "预算执行率按表内 {stated} 分，方案为 {usual} 分",
                stated=_figure(execution),
                usual=chosen.execution,
            )
        )
    if whole:
        shares = [w or Fraction(0) for w in weights]
        notes.append(
            worded("按表内权重计分")
            if given == room
            else worded(
                "表内权重合计 {given}，按比例折算为 {room} 分", given=_figure(given), room=_figure(room)
            )
        )
        if headed:
            notes += _unlike(headings, shares, sums)
    else:
        if headed:
            groups = headings
            notes += _against_scheme(
                dict(zip(headings, (dimensions[n] for n in counted), strict=True)), sums, chosen
            )
        else:
            groups, sums = _by_scheme([dimensions[n] for n in counted], chosen, scheme, notes)
        shares = _shares(weights, groups, sums, room, notes)
    allotted = dict(zip(counted, spread(100 - execution, shares), strict=True))
    points = [allotted.get(n, Decimal(0)) for n in range(len(rows))]
    return Allotment(points, execution, notes, [chosen.citation], own)


_EXECUTION = re.compile(r"(?:全年)?(?:项目)?(?:预算|资金)(?:资金)?(?:支出)?执行率")
_PRINTED = re.compile(r"(\d{1,3}(?:\.\d+)?)分")


def _bare(name: str) -> str:
    return re.split(r"[（(]", "".join(name.split()))[0].removesuffix("指标")


def _printed(heading: str) -> Fraction | None:
    """Return the points that a level-1 cell prints: 50 of 产出指标（50分）."""
    found = _PRINTED.search("".join(heading.split()))
    return Fraction(found[1]) if found else None


def _weight(indicator: Indicator) -> Fraction | None:
    weight = indicator.weight
    return None if weight is None or weight < 0 else Fraction(weight)


def _figure(points: Fraction | Decimal) -> str:
    return show_number(Fraction(points))


def _execution(row: Decimal | None, money: Decimal | None, given: Fraction, usual: Decimal) -> Decimal:
    """Return the points of the budget's execution: those of its own row or of the money row of the sheet,
    else what the points ``given`` leave of 100 where that is a usual part (5 to 20),
    else those of the scheme.
    """
    stated = next((p for p in (row, money) if p is not None and 0 < p < 100), None)
    if stated is not None:
        return stated
    left = 100 - given
    return Decimal(int(left)) if given and left.denominator == 1 and 5 <= left <= 20 else usual


def _unlike(headings: Sequence[str], shares: Sequence[Fraction], sums: Mapping[str, Fraction]) -> list[str]:
    """Say where the weights of a heading's rows do not add up to the points that it prints."""
    found: list[str] = []
    for heading, points in sums.items():
        added = sum((s for h, s in zip(headings, shares, strict=True) if h == heading), Fraction(0))
        if added != points:
            found.append(
                worded(
                    "“{heading}”下各行权重合计 {added}，按各行权重计分", heading=heading, added=_figure(added)
                )
            )
    return found


def _against_scheme(
    dimensions: Mapping[str, str], sums: Mapping[str, Fraction], chosen: PointSet
) -> list[str]:
    """Say where the points that headings print differ from the scheme's."""
    notes: list[str] = [worded("按表内一级指标所写的分值计分")]
    for heading, points in sums.items():
        usual = chosen.dimensions.get(dimensions[heading])
        if usual is not None and usual != points:
            notes.append(
                worded(
                    "“{heading}”与方案的 {usual} 分不同，以表内为准", heading=heading, usual=_figure(usual)
                )
            )
    return notes


def _by_scheme(
    dimensions: list[str], chosen: PointSet, scheme: Scheme, notes: list[str]
) -> tuple[list[str], dict[str, Fraction]]:
    """Return the group of each indicator and the points of each group by the scheme;
    what is missing goes to its heir, or to all others in proportion.
    """
    present = set(dimensions)
    sums = {d: Fraction(p) for d, p in chosen.dimensions.items() if d in present}
    unclaimed = []
    for gone in (d for d in chosen.dimensions if d not in present):
        if (heir := scheme.heirs.get(gone)) in sums:
            sums[heir] += Fraction(chosen.dimensions[gone])
            notes.append(worded("没有{gone}指标，其分值归入{heir}", gone=gone, heir=heir))
        else:
            unclaimed.append(gone)
    if unclaimed:
        notes.append(worded("没有{missing}指标，其分值按比例并入其他一级指标", missing=series(unclaimed)))
    sums = sums or {"产出": Fraction(1)}
    home = "产出" if "产出" in sums else next(iter(sums))
    homes = {
        d: heir if (heir := scheme.heirs.get(d)) in sums else home for d in sorted(present - sums.keys())
    }
    for stranger, with_whom in homes.items():
        notes.append(
            worded("{stranger}指标不在本方案之内，与{whom}指标一并计分", stranger=stranger, whom=with_whom)
        )
    return [homes.get(d, d) for d in dimensions], sums


def _shares(
    weights: Sequence[Fraction | None],
    groups: Sequence[str],
    sums: Mapping[str, Fraction],
    room: Fraction,
    notes: list[str],
) -> list[Fraction]:
    """Return the share of each indicator in ``room`` points: weights that are given stay,
    the rest goes by the points of the groups, evenly within each.
    """
    open_rows = [group for group, w in zip(groups, weights, strict=True) if w is None]
    taken = dict.fromkeys(groups, Fraction(0))
    for group, weight in zip(groups, weights, strict=True):
        taken[group] += weight or 0
    given = sum(taken.values(), Fraction(0))
    if not given:
        notes.append(worded("表内没有权重，各一级指标的分值在其指标间平均分配"))
        return [sums[group] / groups.count(group) for group in groups]
    rest = max(room - given, Fraction(0))
    base = {g: max(sums[g] - taken[g], Fraction(0)) / open_rows.count(g) for g in open_rows}
    total = sum((base[g] for g in open_rows), Fraction(0))
    notes.append(
        worded("表内权重不全，写了的照用，其余 {rest} 分按一级指标分给没有写的", rest=_figure(rest))
        if rest
        else worded("表内权重不全，写了的合计 {given}，没有分值分给没有写的", given=_figure(given))
    )

    def left(group: str) -> Fraction:
        return rest * base[group] / total if total else rest / len(open_rows)

    return [left(group) if w is None else w for group, w in zip(groups, weights, strict=True)]


def _point_set(scheme: Scheme, present: set[str]) -> PointSet:
    """Return the first point set whose dimensions are all present, or else the one that covers
    most of them.
    """
    for one in scheme.points:
        if one.dimensions.keys() <= present:
            return one
    return max(scheme.points, key=lambda one: (len(present & one.dimensions.keys()), -len(one.dimensions)))


def spread(total: Decimal, weights: Sequence[Fraction]) -> list[Decimal]:
    """Spread points over weights in hundredths so that they sum to ``total`` exactly (largest remainder)."""
    # In whole numbers: every weight over one common denominator, every share in hundredths.
    common = math.lcm(*(w.denominator for w in weights))
    counts = [w.numerator * (common // w.denominator) for w in weights]
    whole = sum(counts)
    if not whole:
        return [Decimal(0)] * len(weights)
    cents = int(total * 100)
    exact = [divmod(cents * c, whole) for c in counts]
    rest = cents - sum(floor for floor, _ in exact)
    order = sorted(range(len(counts)), key=lambda n: (-exact[n][1], n))
    extra = set(order[:rest])
    return [Decimal(floor + (n in extra)).scaleb(-2).normalize() + 0 for n, (floor, _) in enumerate(exact)]
