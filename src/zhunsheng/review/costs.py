"""What a cost indicator and a quantity of its sheet come to together, and what a whole may cost."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

from zhunsheng.review.catalogue import Context, bigrams
from zhunsheng.targets import Indicator, convert, split_unit
from zhunsheng.targets.units import counted_alike

_CEILINGS = ("<=", "<", "==")
_COST = r"(?:费用|成本|经费|支出|标准|单价|价格|费)"
_DONE = re.compile(rf"(?:单次|每次|平均每次|单位|单批次|每批次)(.{{2,6}}?){_COST}")  # 单次检查费用: of 检查
_LONG = r"公里|千米|平方米|立方米|公顷|平方公里"  # pieces of more than one sign
_PIECE = re.compile(rf"(?:单|平均每|每)({_LONG}|.{{1,3}}?)(?:次|均)?(?:[一-龥]{{0,6}}?){_COST}|^(.)均")
_TOTAL = re.compile(r"总(?:成本|费用|支出|投资|造价)|(?:成本|费用|支出|投资|造价)总额|^项目(?:建设)?成本")
_FOR_PEOPLE = {"生": "人", "均": "人", "人": "人", "名": "人"}
_LIKELY = 1_000  # yuan; what costs less in all is no project's sum


def is_unit_cost(one: Indicator) -> bool:
    """Return whether an indicator says what one piece may cost at most."""
    return _bounded(one) and _piece(one) is not None


def names_cost(one: Indicator) -> bool:
    """Return whether an indicator's name speaks of what one piece or the whole costs, whatever its value."""
    return bool(_DONE.search(one.name) or _PIECE.search(one.name) or _TOTAL.search(one.name))


def total_cost(one: Indicator) -> Fraction | None:
    """Return what the whole may cost at most in yuan; None where an indicator says nothing of the kind."""
    if not _bounded(one) or _piece(one) is not None or not _TOTAL.search(one.name):
        return None
    found = _yuan(one)
    return found if found > _LIKELY else None


def quantity_of(c: Context, n: int) -> Indicator | None:
    """Return the quantity that a unit cost is of: counted in its pieces, told by the unit (元/册 and 册) or
    the name (单次检查费用 and 检查次数). Of several it is the one whose name has most of the cost's words,
    then the greatest.
    """
    cost = c.sheet.indicators[n]
    piece = _piece(cost)
    if piece is None:
        return None
    named = _DONE.search(cost.name)
    own = bigrams(re.sub(_COST, " ", cost.name))
    found: list[tuple[int, Fraction, int]] = []
    for m, (one, (dimension, category)) in enumerate(zip(c.sheet.indicators, c.places, strict=True)):
        counted = one.target.yearly is not None and one.aim.op in (">=", ">", "==")
        if m == n or not counted or dimension in ("效益", "满意度", "成本") or category == "成本":
            continue
        if named and split_unit(one.target.unit)[0] in ("次", "批次", "场次", "批", "场", "期"):
            if named[1] in one.name:
                found.append((len(own & bigrams(one.name)), _amount(one), m))
        elif _counts(one, piece):
            found.append((len(own & bigrams(one.name)), _amount(one), m))
    return c.sheet.indicators[max(found)[2]] if found else None


def spent(cost: Indicator, quantity: Indicator) -> Fraction:
    """Return unit cost × quantity in yuan."""
    piece = _piece(cost) or ""
    many = _amount(quantity)
    if split_unit(piece)[0] == split_unit(quantity.target.unit)[0]:
        many = convert(quantity.target.yearly or Decimal(0), quantity.target.unit, piece)
    return _yuan(cost) * many


def _bounded(one: Indicator) -> bool:
    money = split_unit((one.aim.unit or "").partition("/")[0])[0] == "元"
    return money and one.target.number is not None and one.aim.op in _CEILINGS


def _yuan(one: Indicator) -> Fraction:
    return convert(one.target.number or Decimal(0), (one.aim.unit or "").partition("/")[0], "元")


def _amount(one: Indicator) -> Fraction:
    return Fraction(one.target.yearly or 0) * split_unit(one.target.unit)[1]


def _measure(cost: Indicator) -> str | None:
    """Return what stands below the stroke of a cost's unit: 册 of 元/册."""
    return (cost.aim.unit or "").partition("/")[2] or None


def _piece(cost: Indicator) -> str | None:
    """Return what one of costs so much: 册 of 元/册 or 单册采购成本, 人 of 人均; None for a whole's cost."""
    if below := _measure(cost):
        return _FOR_PEOPLE.get(below, below)
    if _DONE.search(cost.name):
        return "次"
    if found := _PIECE.search(cost.name):
        said = found[1] or found[2]
        return _FOR_PEOPLE.get(said, said)
    return None


def _counts(one: Indicator, piece: str) -> bool:
    """Return whether a quantity counts such pieces: 剂次 for 剂, 人次 for 人, 米 for 公里."""
    unit, wanted = split_unit(one.target.unit)[0], split_unit(piece)[0]
    if unit in ("比值", "元", "") or not unit:
        return False
    once = split_unit((one.target.unit or "").removesuffix("次"))[0]  # 亩次: an 亩, each time anew
    if wanted in (unit, once) or unit.startswith(wanted) or wanted.startswith(unit):
        return True
    return wanted == "人" and counted_alike(unit, wanted) and unit in ("人", "名", "人次", "人份")
