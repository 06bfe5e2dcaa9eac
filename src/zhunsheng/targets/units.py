"""Units as written in target sheets, and exact conversion between those that measure the same thing."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from zhunsheng.errors import ZhunshengError
from zhunsheng.translation import worded

# Multipliers that stand before a unit (万元, 亿元, 千人次); longest first.
_PREFIXES: tuple[tuple[str, Fraction], ...] = (
    ("百万", Fraction(10**6)),
    ("千万", Fraction(10**7)),
    ("万", Fraction(10**4)),
    ("亿", Fraction(10**8)),
    ("千", Fraction(1000)),
    ("百", Fraction(100)),
)
_RATIOS: dict[str, Fraction] = {
    "%": Fraction(1, 100),
    "‰": Fraction(1, 1000),
    "个百分点": Fraction(1, 100),
    "百分点": Fraction(1, 100),
    "成": Fraction(1, 10),
    "倍": Fraction(1),
    "/万": Fraction(1, 10**4),
    "/十万": Fraction(1, 10**5),
    "比值": Fraction(1),
}
# Units that count the same thing in documents of this kind: "≥2个" and "≥2次" both count occasions.
_COUNTS = frozenset(
    [
        "个",
        "次",
        "场",
        "起",
        "件",
        "项",
        "批次",
        "批",
        "期",
        "份",
        "例",
        "户",
        "家",
        "台",
        "人",
        "人次",
        "篇",
        "条",
        "宗",
        "部",
        "处",
        "套",
        "名",
        "台次",
        "户次",
        "家次",
        "场次",
        "所",
        "座",
        "辆",
        "类",
        "种",
        "班次",
        "人份",
        "剂次",
        "册次",
        "车次",
        "人天",
    ]
)
_WEIGHTS = {"千克": ("克", Fraction(1000)), "公斤": ("克", Fraction(1000)), "吨": ("克", Fraction(10**6))}
_LENGTHS = {
    unit: ("米", Fraction(n)) for unit, n in (("米", 1), ("公里", 1000), ("千米", 1000), ("km", 1000))
}
_AREAS = {
    "平方米": ("平方米", Fraction(1)),
    "亩": ("平方米", Fraction(2000, 3)),
    "公顷": ("平方米", Fraction(10**4)),
    "平方公里": ("平方米", Fraction(10**6)),
    "平方千米": ("平方米", Fraction(10**6)),
}
_TIMES = {
    "小时": ("小时", Fraction(1)),
    "分钟": ("小时", Fraction(1, 60)),
    "天": ("日", Fraction(1)),
    "日": ("日", Fraction(1)),
    "自然日": ("日", Fraction(1)),
    "个自然日": ("日", Fraction(1)),
    "工作日": ("工作日", Fraction(1)),
    "个工作日": ("工作日", Fraction(1)),
    "周": ("日", Fraction(7)),
    "个月": ("月", Fraction(1)),
    "月": ("月", Fraction(1)),
    "年": ("月", Fraction(12)),
}
# Signs for units, as they are written and as folding into half-width leaves them.
_SIGNS = tuple(
    (sign, name)
    for name, signs in (("平方米", "㎡ m² m2"), ("立方米", "㎥ m³ m3"), ("公里", "㎞"))
    for sign in signs.split()
)
_FOLDED = (("㎡", "m2", "㎡"), ("m²", "m2", "㎡"), ("㎥", "m3", "㎥"), ("m³", "m3", "㎥"), ("㎞", "km", "㎞"))


# 元/人天, 元/人·天 and 元/(人·日) are all 元/人/天, with the days of a person counted one by one.
_PER_HEAD_AND_DAY = re.compile(r"/[(（]?人[·./*]?[每]?[天日][)）]?$")


_LONGEST = 100  # letters of a unit


@lru_cache(maxsize=4096)
def split_unit(unit: str | None) -> tuple[str, Fraction]:
    """Take a unit as written; return (base unit, how many base units one of it is).

    ``万元`` gives ``("元", 10000)``, ``%`` gives ``("比值", 1/100)``; ``None`` and ``""`` give ``("", 1)``.
    """
    text = (unit or "").strip()
    if len(text) > _LONGEST:  # no unit: 千 upon 千 would be taken apart letter by letter
        return text, Fraction(1)
    for sign, name in _SIGNS:
        text = text.replace(sign, name)
    if "/" in text:
        text = _PER_HEAD_AND_DAY.sub("/人/天", text)
    if text in _RATIOS:
        return "比值", _RATIOS[text]
    for table in (_TIMES, _WEIGHTS, _LENGTHS, _AREAS):
        if text in table:
            return table[text]
    for prefix, factor in _PREFIXES:
        if text == prefix:
            return "", factor
        if text.startswith(prefix) and len(text) > len(prefix):
            base, inner = split_unit(text[len(prefix) :])
            return base, inner * factor
    for suffix in ("/季度", "/季", "/月", "/年", "/半年", "/周"):
        if text.endswith(suffix) and len(text) > len(suffix):
            return split_unit(text[: -len(suffix)])
    if text.startswith("人民币"):
        return split_unit(text[3:])
    if text == "圆":
        return "元", Fraction(1)
    return text, Fraction(1)


def as_written(unit: str | None, raw: str) -> str | None:
    """Return a unit with the sign for it that the document writes (㎡), which was folded on the way (m2)."""
    for written, folded, sign in _FOLDED:
        if unit and written in raw:
            unit = unit.replace(folded, sign)
    return unit


@lru_cache(maxsize=4096)
def comparable(one: str | None, other: str | None) -> bool:
    """Say whether two units measure the same thing (万元 and 元 do, 元 and % do not); no unit
    fits any count.
    """
    a, b = split_unit(one)[0], split_unit(other)[0]
    if a == b:
        return True
    counts = _COUNTS | {""}
    return a in counts and b in counts


# Counting words that say the same of what is counted: a result in one of them answers a target in another.
# People, bodies and what was held are counted in words of their own; a visit to one of them (人次,
# 户次) answers for it and the other way round.
_ALIKE = (
    frozenset(["件", "起", "宗", "次", "例", "项", "个", "批次", "批", "期", "条"]),
    frozenset(["场", "场次", "次", "期", "班次", "批次", "批", "个", "项"]),
    frozenset(["家", "户", "个", "所"]),
    frozenset(["家次", "户次", "次", "批次"]),
    frozenset(["家次", "户次", "家", "户"]),
    frozenset(["个", "处", "座", "所", "项"]),
    frozenset(["个", "项", "类", "种"]),
    frozenset(["份", "篇", "件", "条", "部", "个", "次"]),
    frozenset(["台", "套", "辆", "部", "个"]),
    frozenset(["台次", "次"]),
    frozenset(["台次", "台"]),
    frozenset(["人", "名", "人次", "人份"]),
)


@lru_cache(maxsize=4096)
def counted_alike(one: str | None, other: str | None) -> bool:
    """Say whether two units are no two counting words for different things: 人 and 场 are, 件 and 起 are not.

    Units that count nothing, and no unit at all, are alike here; ``comparable`` tells about those.
    """
    a, b = split_unit(one)[0], split_unit(other)[0]
    if a == b or a not in _COUNTS or b not in _COUNTS:
        return True
    return any(a in words and b in words for words in _ALIKE)


# Classifiers of whole things that no target of the kind above is compared across,
# and that come in no parts either.
_WHOLE = frozenset(
    [*_COUNTS, "册", "本", "张", "枚", "只", "头", "株", "棵", "盏", "块", "面", "幅", "封", "村", "校", "艘"]
)


def counts(unit: str | None) -> bool:
    """Say whether a unit counts whole things (册, 万人次), so that a part of one is a slip of the pen."""
    return split_unit(unit)[0] in _WHOLE


_MONEY_AND_MEASURES = ("元", *_LENGTHS, *_AREAS, *dict(_SIGNS), "立方米", "分")
_KNOWN = {*_RATIOS, *_COUNTS, *_WEIGHTS, *_TIMES, *_MONEY_AND_MEASURES} | {
    prefix + unit for prefix, _ in _PREFIXES for unit in (*_COUNTS, *_MONEY_AND_MEASURES)
}


_LONGEST = max(map(len, _KNOWN))


@lru_cache(maxsize=4096)
def known_unit(text: str) -> str | None:
    """Return the longest known unit at the head of a text (次 of 次活动, 万元 of 万元左右);
    None where there is none.
    """
    heads = (text[:length] for length in range(_LONGEST, 0, -1))
    return next((head for head in heads if head in _KNOWN), None)


def convert(value: Decimal | Fraction | int, unit: str | None, to: str | None) -> Fraction:
    """Convert ``value`` from ``unit`` to unit ``to``, exactly.

    Raises ``ZS-SC-01`` when the two do not measure the same thing.
    """
    if unit == to:
        return value if type(value) is Fraction else Fraction(value)
    if not comparable(unit, to):
        raise ZhunshengError("ZS-SC-01", target=to or worded("无单位"), result=f"{value}{unit or ''}")
    return Fraction(value) * _ratio(unit, to)


@lru_cache(maxsize=4096)
def _ratio(unit: str | None, to: str | None) -> Fraction:
    return split_unit(unit)[1] / split_unit(to)[1]
