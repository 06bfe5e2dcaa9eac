"""Numbers, units and operators as offices write them: signs folded, numerals read, words for at least."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from zhunsheng.numerals import chinese_number

Op = Literal[">=", "<=", "==", ">", "<", "range", "by", "level", "unread"]

_GLYPHS = str.maketrans(
    {
        "≧": "≥",
        "⩾": "≥",
        "≮": "≥",
        "≦": "≤",
        "⩽": "≤",
        "≯": "≤",
        "﹥": ">",
        "﹤": "<",
        "〉": ">",
        "〈": "<",
        "﹪": "%",
        "℅": "%",
        "﹦": "=",
        "～": "~",
        "∼": "~",
        "〜": "~",
        "－": "-",
        "–": "-",
        "—": "-",
        "―": "-",
        "−": "-",
        "〇": "零",
    }
)
_OPS: dict[str, Op] = {
    **{f"{rise}{to}": ">=" for rise in ("提高", "提升", "上升", "增长", "增加", "升") for to in ("到", "至")},
    **{f"{fall}{to}": "<=" for fall in ("下降", "降低", "减少", "压减", "降") for to in ("到", "至")},
    "不得低于": ">=",
    "不得少于": ">=",
    "大于或者等于": ">=",
    "大于或等于": ">=",
    "大于等于": ">=",
    "高于或等于": ">=",
    "不低于": ">=",
    "不少于": ">=",
    "不小于": ">=",
    "不下于": ">=",
    "至少": ">=",
    "突破": ">=",
    "达到": ">=",
    "达": ">=",
    "最低": ">=",
    "≥": ">=",
    ">=": ">=",
    "=>": ">=",
    ">＝": ">=",
    "不得超过": "<=",
    "不得高于": "<=",
    "不得多于": "<=",
    "小于或者等于": "<=",
    "小于或等于": "<=",
    "小于等于": "<=",
    "低于或等于": "<=",
    "不高于": "<=",
    "不超过": "<=",
    "不大于": "<=",
    "不多于": "<=",
    "不超": "<=",
    "至多": "<=",
    "最多": "<=",
    "最高": "<=",
    "控制在": "<=",
    "≤": "<=",
    "<=": "<=",
    "=<": "<=",
    "大于": ">",
    "高于": ">",
    "超过": ">",
    "多于": ">",
    "超": ">",
    ">": ">",
    "小于": "<",
    "低于": "<",
    "少于": "<",
    "<": "<",
    "等于": "==",
    "==": "==",
    "=": "==",
}
_OP_WORDS = sorted(_OPS, key=len, reverse=True)
_SUFFIX_OPS: dict[str, Op] = {
    "(含)以上": ">=",
    "及以上": ">=",
    "或以上": ">=",
    "以上": ">=",
    "(含)以下": "<=",
    "及以下": "<=",
    "以下": "<=",
    "(含)以内": "<=",
    "以内": "<=",
    "之内": "<=",
    "内": "<=",
}
_SUFFIX_WORDS = sorted(_SUFFIX_OPS, key=len, reverse=True)
_PERIODS = {"季度": 4, "季": 4, "月": 12, "半年": 2, "周": 52, "年": 1, "年度": 1}
_PERIODS |= {"日": 365, "天": 365, "两月": 6, "两个月": 6, "双月": 6, "两周": 26}
NUMBER = r"(?:-?\d[\d,]*(?:\.\d+)?|-?\.\d+)"
_BRACKETED = re.compile(r"^\(([≥≤<>=]{1,2})\)")
_OFTEN = 60  # characters of a text that comes again and again: a unit, a level, a value
_DIGITS = re.compile(NUMBER)
_LONG = re.compile(
    r"\d[\d,]{40,}"
)  # no amount has as many digits, and arithmetic on thousands of them takes its time
_GROUPED = re.compile(r"\d+(?:,\d+)+")
_WELL_GROUPED = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+")
_NUMERALS = re.compile("[零一二两三四五六七八九十百千万亿点]+")
_OF_HUNDRED = re.compile(rf"(百分之|千分之)({NUMBER}|{_NUMERALS.pattern})")
_WHOLE_OF = {"百分之百": Decimal(100), "千分之千": Decimal(1000)}
_PLAIN_DIGIT = re.compile("[0-9０-９]")
_BAD_UNIT = re.compile(r"[\d≥≤<>=%]{2}|[,;:。,;:!?!?()不未无零]")  # what stands in no unit
_DONE = "(?:合格|完成|覆盖|到位|达标|通过|及时|办结|落实|满意|安全|整改|发放|支付|执行)(?:率)?"
_LONGEST_UNIT = 12
# 2小时内响应: what is to be done within a time says nothing of how long that is.
_WITHIN = re.compile(
    r"^(个?(?:工作日|自然日|小时|分钟|日|天|周|月|年)(?:以|之)?内)(?:[一-龥](?<![不未无])){1,8}$"
)
_EVEN = re.compile(r"(以[上下内])\((?:包?含)[^()]{0,12}\)$")  # 3个以上（含3个）
_STRICTLY = re.compile(r"以([上下])\(不含[^()]{0,12}\)$")
_OCCASIONS = re.compile(r"(?<=[人家户场台批班车])\(次\)$")  # 5家（次）
# A remark that says of what the number consists, or how it is found, leaves it as it is.
_EXPLAINS = re.compile(
    r"其中|[包]?含|不含|包括|按照?|依据|根据|参照|调查|抽样|以.{1,12}为准|详见|[上前]一?年|去年|基期|历史|\d+/\d+$"
)


def normalise(text: str) -> str:
    """Return ``text`` without white space, in half-width, with look-alike signs folded into one."""
    text = str(text)
    return _normalised(text) if len(text) <= _OFTEN else _folded(text)


def _folded(text: str) -> str:
    text = unicodedata.normalize("NFKC", text.translate(_GLYPHS)).translate(_GLYPHS)
    text = _BRACKETED.sub(r"\1", "".join(text.split()))
    return text.replace("/10万", "/十万")  # so many of each hundred thousand: one unit, no second number


_normalised = lru_cache(maxsize=16384)(_folded)  # what is longer is not kept in memory


def odd_digits(text: str) -> str:
    """Return the signs of a text that are numbers and yet no plain digits: ①②, ³, ½, ٣;
    empty where there are none.

    Folded into digits they would make another number of the one beside them: 10³ is no 103, ①② no 12.
    The exponent of a unit (m², m³) is one of the unit.
    """
    bare = re.sub("(?<=m)[²³]", "", text)
    return "".join(
        c for c in bare if unicodedata.category(c) == "No" or (c.isdigit() and not _PLAIN_DIGIT.match(c))
    )


def too_long(text: str) -> int:
    """Return how many digits a number of a normalised text has where it is longer than any amount (40);
    0 for none.
    """
    return len(found[0].replace(",", "")) if (found := _LONG.search(text)) else 0


_POINT_AS_COMMA = re.compile(r"\d{1,3},\d{1,2}")  # 7,5 is 7.5 rather than 75


def misgrouped(text: str) -> str | None:
    """Return the first number of a normalised text whose commas part no thousands (1,2345 or 1,23,456);
    None without one.
    """
    return next((m[0] for m in _GROUPED.finditer(text) if not _WELL_GROUPED.fullmatch(m[0])), None)


def number_of(digits: str) -> Decimal:
    """Return the number that digits write, with commas between them or without."""
    return Decimal(digits.replace(",", ""))


def periods(per: str | None) -> int:
    """Return how often a period (季度, 月, 半年) comes in a year; 1 for none."""
    return _PERIODS.get(per or "", 1)


def is_operator(text: str) -> bool:
    """Say whether a cell of 指标性质 holds an operator (≥, ＝, 定性) rather than a nature (定量)."""
    return column_op(text) is not None


def column_op(text: str) -> Op | None:
    """Return the operator that a cell of an operator column says, ``level`` for 定性; None for none."""
    word = normalise(text)
    return "level" if word in ("定性", "文字描述", "文字") else _OPS.get(word)


def operator_at(text: str) -> tuple[Op | None, str]:
    """Return the operator at the head of a normalised text, the longest there is, and what follows it."""
    word = next((word for word in _OP_WORDS if text.startswith(word)), None)
    return (_OPS[word], text[len(word) :]) if word else (None, text)


def number_at(text: str, doubts: list[str]) -> tuple[Decimal | None, str]:
    """Read a number at the head of a normalised text; return it and what follows (with % put back for 百分
    之).

    What a reader should look at again is added to ``doubts``.
    """
    if match := _OF_HUNDRED.match(text):
        if match[0] in _WHOLE_OF:
            return _WHOLE_OF[match[0]], ("%" if match[1] == "百分之" else "‰") + text[match.end() :]
        inner, rest = number_at(match[2], doubts)
        return inner, ("%" if match[1] == "百分之" else "‰") + rest + text[match.end() :]
    if match := _DIGITS.match(text):
        return _digits_at(text, match.end(), doubts)
    if match := _NUMERALS.match(text):
        return _numerals_at(text, match.end())
    return None, text


def _digits_at(text: str, end: int, doubts: list[str]) -> tuple[Decimal | None, str]:
    """Read the digits that end at a place of a text, with letters typed for digits behind them (9O%)."""
    head, rest = text[:end], text[end:]
    if letters := re.match(r"[oOlI]+(?=[%\d一-龥]|$)", rest):
        fixed = head + letters[0].translate(str.maketrans("oOlI", "0011"))
        doubts.append(f"“{head}{letters[0]}”疑为“{fixed}”的误录")
        head, rest = fixed, rest[letters.end() :]
    if re.match(r"[,\d.]", rest):
        return None, text
    if odd := misgrouped(head):
        if _POINT_AS_COMMA.fullmatch(head):
            likely = head.replace(",", ".")
            doubts.append(f"“{odd}”的逗号不在千位上，疑为“{likely}”的误录")
            return Decimal(likely), rest
        doubts.append(f"“{odd}”的逗号不在千位上，不知是几")
    return number_of(head), rest


def _numerals_at(text: str, end: int) -> tuple[Decimal | None, str]:
    """Read the numerals that end at a place of a text; 九成 is 90 and %."""
    word, rest = text[:end], text[end:]
    # 十万元 keeps 万 in the number; a number that is only a multiplier (万, 亿, 千) is none.
    only_multiplier = not re.search(r"[零一二两三四五六七八九十]", word)
    if only_multiplier or rest[:1] in ("级", "等", "定", "票") or rest.startswith("分之"):
        return None, text
    number = chinese_number(word)
    if number is None:
        return None, text
    if rest.startswith("成") and len(word) == 1:  # 九成, 九成五
        tenth = chinese_number(rest[1:2]) if rest[1:2] in tuple("一二三四五六七八九") else None
        return number * 10 + (tenth or 0), "%" + rest[2 if tenth else 1 :]
    return number, rest


def unit_and_suffix(text: str, doubts: list[str]) -> tuple[str | None, Op | None]:
    """Split ``90 | %以上`` behind the number; (None, None) where what follows is no unit."""
    suffix: Op | None = None
    text = re.sub(r"(?:完成|之间|目标|(?<=[一-龥])全覆盖)$", "", text)
    text = _EVEN.sub(r"\1", _WITHIN.sub(r"\1", text))
    if strictly := _STRICTLY.search(text):
        return text[: strictly.start()], ">" if strictly[1] == "上" else "<"
    text = re.sub(r"/每(?=季|月|半年|周|年|日|天)", "/", text)
    if text.startswith("%"):
        text = re.sub(rf"^%(?:/年|{_DONE})$", "%", text)
    if more := re.match(r"(?:余|多)(?=[一-龥])", text):
        suffix, text = ">=", text[more.end() :]
    if text.endswith(("左右", "上下")):
        doubts.append("“左右”使指标值不明确")
        text = text[:-2]
    if word := next((word for word in _SUFFIX_WORDS if text.endswith(word)), None):
        suffix, text = _SUFFIX_OPS[word], text[: -len(word)]
    text = _OCCASIONS.sub("次", text)
    if inner := re.fullmatch(r"\(([^()]{1,8})\)", text):
        text = inner[1] if re.fullmatch(r"%|[一-龥]{1,4}(?:/[一-龥]{1,3})?", inner[1]) else ""
    if aside := re.search(r"\(([^()]{0,60})\)$", text):
        text = text[: aside.start()]
        if re.search(r"\d", aside[1]) and not _EXPLAINS.match(aside[1]):
            doubts.append(f"括号里的“{aside[1]}”没有读入")
    text = "%" if text == "百分比" else text
    if text.startswith("%") and len(text) > 1 and not re.search(r"[\d%]", text[1:]):
        doubts.append(f"百分数后有文字“{text[1:]}”")
        text = "%"
    digits = re.search(r"\d", text.replace("m2", "").replace("m3", ""))
    if len(text) > _LONGEST_UNIT or digits or _BAD_UNIT.search(text):
        return None, None
    return text, suffix
