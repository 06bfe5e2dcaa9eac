"""How points are allotted to indicators, so that they sum to the whole."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from zhunsheng.regulations import Framework, PointSet, Scheme
from zhunsheng.targets import TargetSheet
from zhunsheng.translation import series, worded
from zhunsheng.wording import number as show_number


def dimensions_of(sheet: TargetSheet, framework: Framework) -> list[str]:
    """Return the dimension each indicator is scored under; those of no known dimension fall under 产出."""
    found = []
    for indicator in sheet.indicators:
        dimension = framework.dimension(indicator.level1, indicator.level2)
        found.append(dimension.name if dimension else "产出")
    return found


def allot(
    sheet: TargetSheet, scheme: Scheme, framework: Framework
) -> tuple[list[Decimal], Decimal, list[str], list[str]]:
    """Return the points of each indicator, of execution, notes on how they were allotted,
    and the citations used.
    """
    dimensions = dimensions_of(sheet, framework)
    present = set(dimensions)
    chosen = _point_set(scheme, present)
    notes: list[str] = []
    weights = [i.weight for i in sheet.indicators]
    if weights and all(w is not None and w > 0 for w in weights):
        given = [Fraction(w) for w in weights if w is not None]
        room = 100 - chosen.execution
        if sum(given) != room:
            notes.append(
                worded(
                    "表内权重合计 {given}，按比例折算为 {room} 分",
                    given=show_number(sum(given, Fraction(0))),
                    room=room,
                )
            )
        else:
            notes.append(worded("按表内权重计分"))
        return spread(room, given), chosen.execution, notes, [chosen.citation]
    counted = {d: p for d, p in chosen.dimensions.items() if d in present}
    missing = [d for d in chosen.dimensions if d not in present]
    strangers = present - chosen.dimensions.keys()
    room = 100 - chosen.execution
    if missing:
        notes.append(worded("没有{missing}指标，其分值按比例并入其他一级指标", missing=series(missing)))
    if strangers:
        notes.append(
            worded("{strangers}指标不在本方案之内，与产出指标一并计分", strangers=series(sorted(strangers)))
        )
    counted = counted or {"产出": room}
    home = "产出" if "产出" in counted else next(iter(counted))
    groups = [d if d in counted else home for d in dimensions]
    points = [Fraction(counted[group]) / groups.count(group) for group in groups]
    notes.append(
        worded("表内没有权重，各一级指标的分值在其指标间平均分配")
        if not any(weights)
        else worded("表内权重不全，各一级指标的分值平均分配")
    )
    return spread(room, points), chosen.execution, notes, [chosen.citation]


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
