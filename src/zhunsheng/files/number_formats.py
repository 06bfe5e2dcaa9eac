"""Show a number as its number format shows it in a workbook (ECMA-376 part 1 §18.8.30 and §18.8.31)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from fractions import Fraction
from functools import lru_cache
from operator import attrgetter
from unicodedata import numeric

from zhunsheng.text import whole

# What the numbers of formats mean that a file need not write down; 27 to 58 as for Chinese (§18.8.30).
_CLOCK = ('h"时"mm"分"', 'h"时"mm"分"ss"秒"', '上午/下午h"时"mm"分"', '上午/下午h"时"mm"分"ss"秒"')
_MONTH, _DAY, _FULL = 'yyyy"年"m"月"', 'm"月"d"日"', 'yyyy"年"m"月"d"日"'
BUILT_IN = {
    0: "General",
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    5: '"¥"#,##0;"¥"-#,##0',
    6: '"¥"#,##0;[Red]"¥"-#,##0',
    7: '"¥"#,##0.00;"¥"-#,##0.00',
    8: '"¥"#,##0.00;[Red]"¥"-#,##0.00',
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    14: "yyyy/m/d",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "yyyy/m/d h:mm",
    27: _MONTH,
    28: _DAY,
    29: _DAY,
    30: "m-d-yy",
    31: _FULL,
    **dict(enumerate(_CLOCK, 32)),
    36: _MONTH,
    37: "#,##0;-#,##0",
    38: "#,##0;[Red]-#,##0",
    39: "#,##0.00;-#,##0.00",
    40: "#,##0.00;[Red]-#,##0.00",
    41: '_ * #,##0_ ;_ * -#,##0_ ;_ * "-"_ ;_ @_ ',
    42: '_ "¥"* #,##0_ ;_ "¥"* -#,##0_ ;_ "¥"* "-"_ ;_ @_ ',
    43: '_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * "-"??_ ;_ @_ ',
    44: '_ "¥"* #,##0.00_ ;_ "¥"* -#,##0.00_ ;_ "¥"* "-"??_ ;_ @_ ',
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
    48: "##0.0E+0",
    49: "@",
    50: _MONTH,
    51: _DAY,
    52: _MONTH,
    53: _DAY,
    54: _DAY,
    **dict(enumerate(_CLOCK[2:], 55)),
    57: _MONTH,
    58: _DAY,
}
LONGEST = 255  # characters of a format; Excel takes no more
_DAYS_OF_1904 = 1462
_TOKEN = re.compile(
    r"""
    "(?P<quoted>[^"]*)"?
    |[\\!](?P<escaped>.)
    |_(?P<blank>.)
    |\*(?P<filling>.)
    |\[(?P<bracket>[^\]]*)\]
    |(?P<general>G/通用格式|General)
    |(?P<half>AM/PM|A/P|上午/下午)
    |(?P<power>E[+-])
    |(?P<day>y+|m+|d+|h+|s+|aaaa?|e+|b{2,4})
    |(?P<place>[0#?])
    |(?P<sign>[.,%/@])
    |(?P<other>.)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_PLAIN = re.compile(r"[s%]*(?P<places>(?:#,##)?0(?P<decimals>\.0+)?)[s%]*")
_CLOSE, _NEAR = 1e9, 1e-6  # up to where and by how much a float tells a half from what only looks like one
_EARLY = 1904  # the last year with days that a workbook may count in another way
_FEW = 11  # the point and the places behind it that a simple format has at most
_EXACT_BELOW = 10**15  # from here on a number is shown with care for the digits that it has
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)")
_ELAPSED = re.compile(r"h+|m+|s+", re.IGNORECASE)
_NUMERALS = re.compile(r"DBNum([1-4])", re.IGNORECASE)
_WEEK = "一二三四五六日"
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_DIGITS = {1: "〇一二三四五六七八九", 2: "零壹贰叁肆伍陆柒捌玖", 3: "０１２３４５６７８９"}
_UNITS = {1: "十百千", 2: "拾佰仟", 3: "十百千"}
_EXACT = Context(prec=400, rounding=ROUND_HALF_UP)
_WIDTH = Context(prec=10, rounding=ROUND_HALF_UP)  # what the general format shows of a fraction at most
_SYSTEM = {"[$-F800]": _FULL, "[$-F400]": "h:mm:ss"}  # as the computer shows days and hours


@dataclass
class _Section:
    """One of the up to four parts of a format: what its signs are, in order, as (kind, text)."""

    signs: list[tuple[str, str]] = field(default_factory=list)
    condition: tuple[str, Decimal] | None = None
    numerals: int = 0  # of [DBNum1] and so on

    def has(self, *kinds: str) -> bool:
        return any(kind in kinds for kind, _text in self.signs)

    @property
    def negative_only(self) -> bool:
        """Whether the condition holds for numbers below zero and no other."""
        said = self.condition
        return said is not None and ((said[0] == "<" and said[1] <= 0) or (said[0] == "<=" and said[1] < 0))


_NOUGHTS = re.compile("0{2,30}")  # 000000: a code typed as a number is shown with its noughts


def figures_shown(code: str) -> int | None:
    """Return what a number format says more than the value: 0 where it shows percents, of how many figures a
    number is that it shows with noughts before it; None where it says nothing.
    """
    if "%" in code:
        return 0
    return len(code) if _NOUGHTS.fullmatch(code) else None


def is_general(code: str) -> bool:
    """Say whether a format shows a number as it is."""
    return code.strip().lower() in ("", "general", "g/通用格式", "@")


def shown(value: object, code: str, *, of_1904: bool = False) -> str | None:
    """Return the text that a cell with this value and number format shows; None where the format leaves it as
    it is: a general one, one that can't be read, a value that is neither a number, a date nor a text.
    """
    if type(value) is float and (simple := simple_format(code)) is not None:
        text = simple.shown(value)
        if text is not None:
            return text
    if type(value) is date and value.year > _EARLY and (day := _day_format(code)) is not None:
        return day.shown(value)
    if isinstance(value, bool) or len(code) > LONGEST:
        return None
    sections = _sections(code)
    if isinstance(value, str):
        return _text(value, sections)
    with localcontext(_EXACT):
        number = _serial(value, of_1904=of_1904)
        if number is None or not number.is_finite():
            return None
        return _number(number, sections, of_1904=of_1904)


@dataclass(frozen=True, slots=True)
class SimpleFormat:
    """A format, or its part for numbers above zero, that only rounds a number and puts words around it."""

    before: str
    after: str
    decimals: Decimal
    zeros: str
    spelled: str  # how Python spells such a number
    grouped: bool
    hundreds: int
    scale: float  # by which the last digit shown becomes a whole number
    alone: bool  # whether it is the only section, so that it shows numbers below zero too
    for_zero: bool

    def shown(self, value: float) -> str | None:
        """Return the text for a number, None where it isn't for this part of the format to show."""
        if (
            not -_EXACT_BELOW < value < _EXACT_BELOW
            or (value < 0 and not self.alone)
            or (value == 0 and not self.for_zero)
        ):
            return None
        if not self.hundreds and (number := int(value)) == value:
            size = abs(number)
            text = (f"{size:,}" if self.grouped else str(size)) + self.zeros
        elif 0 < (last := value * self.scale) < _CLOSE and not -_NEAR < last % 1 - 0.5 < _NEAR:
            # No half between two, which binary might hold as less.
            return f"{self.before}{value * 100**self.hundreds:{self.spelled}}{self.after}"
        else:
            exact = Decimal(f"{abs(value):.15g}").scaleb(2 * self.hundreds)
            rounded = exact.quantize(self.decimals, ROUND_HALF_UP)
            text = f"{rounded:,f}" if self.grouped else f"{rounded:f}"
            if not rounded:
                return f"{self.before}{text}{self.after}"
        return f"{'-' if value < 0 else ''}{self.before}{text}{self.after}"


@lru_cache(maxsize=4096)
def simple_format(code: str) -> SimpleFormat | None:
    """Return a format as a simple one, where it is: its places side by side, one digit before the point."""
    if len(code) > LONGEST:
        return None
    sections = _sections(code)
    first = sections[0]
    if first.condition or first.numerals or any(one.condition for one in sections):
        return None
    kinds = "".join(
        {"place": text, "said": "s", "chinese": "s"}.get(kind, kind[0]) for kind, text in first.signs
    )
    found = _PLAIN.fullmatch(kinds)
    if found is None:
        return None
    texts = ["%" if kind == "%" else text for kind, text in first.signs]
    zeros = found["decimals"] or ""
    if len(zeros) > _FEW:  # more digits than the decimals of Python have without being asked
        return None
    return SimpleFormat(
        "".join(texts[: found.start("places")]).lstrip(),
        "".join(texts[found.end("places") :]).rstrip(),
        Decimal(1).scaleb(-max(0, len(zeros) - 1)),
        zeros,
        f"{',' if ',' in found['places'] else ''}.{max(0, len(zeros) - 1)}f",
        "," in found["places"],
        kinds.count("%"),
        10.0 ** (max(0, len(zeros) - 1) + 2 * kinds.count("%")),
        len(sections) == 1,
        len([one for one in sections if not one.has("@")]) < 3,
    )


@dataclass(frozen=True, slots=True)
class _DayFormat:
    """A format of years, months and days, with words between them; ``plain`` where all are digits: a text
    with places for the ``parts`` of a day.
    """

    section: _Section
    chinese: bool
    plain: str
    parts: Callable[[date], tuple[int, ...]]

    def shown(self, value: date) -> str:
        if self.plain:
            return self.plain % self.parts(value)
        numerals, chinese = self.section.numerals, self.chinese
        return "".join(
            _day(text.lower(), value, chinese=chinese, numerals=numerals) if kind == "day" else text
            for kind, text in self.section.signs
        ).strip()


_DIGITAL = {
    **dict.fromkeys(("yyyy", "yyy", "e"), ("%d", "year")),
    **{"m": ("%d", "month"), "mm": ("%02d", "month")},
    **{"d": ("%d", "day"), "dd": ("%02d", "day")},
}


@lru_cache(maxsize=4096)
def _day_format(code: str) -> _DayFormat | None:
    """Return a format as one of days alone, where it is."""
    if len(code) > LONGEST:
        return None
    sections = _sections(code)
    first = sections[0]
    kinds = {kind for kind, _text in first.signs}
    hours = any(kind == "day" and text[0] in "hsHS" for kind, text in first.signs)
    if "day" not in kinds or hours or kinds - {"day", "said", "chinese"}:
        return None
    if any(section.condition for section in sections):
        return None
    days = [_DIGITAL.get(text.lower()) for kind, text in first.signs if kind == "day"]
    names = [found[1] for found in days if found]
    plain = ""
    if not first.numerals and len(names) == len(days) > 1:  # of one, attrgetter gives no tuple
        plain = "".join(
            _DIGITAL[text.lower()][0] if kind == "day" else text.replace("%", "%%")
            for kind, text in first.signs
        ).strip()
    return _DayFormat(first, "chinese" in kinds, plain, attrgetter(*names) if names else attrgetter("year"))


def _serial(value: object, *, of_1904: bool) -> Decimal | None:
    """Return a value as the number that a workbook keeps for it, to the 15 digits that it shows."""
    if isinstance(value, int | float):
        return Decimal(f"{value:.15g}")
    if isinstance(value, time):
        return _days(timedelta(hours=value.hour, minutes=value.minute, seconds=value.second))
    if isinstance(value, timedelta):
        return _days(value)
    if isinstance(value, date):
        at = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
        passed = _days(at - datetime(1899, 12, 30))
        return passed - _DAYS_OF_1904 if of_1904 else passed - (passed < 61)
    return None


def _days(passed: timedelta) -> Decimal:
    return passed.days + (passed.seconds + Decimal(passed.microseconds) / 10**6) / 86400


@lru_cache(maxsize=4096)
def _sections(code: str) -> tuple[_Section, ...]:
    """Take a format apart into its sections."""
    code = next((own for sign, own in _SYSTEM.items() if sign in code.upper()), code)
    made = [_Section()]
    for found in _TOKEN.finditer(code):
        kind, text = str(found.lastgroup), found[str(found.lastgroup)]
        section = made[-1]
        if kind == "other" and text == ";":
            made.append(_Section())
        elif kind == "bracket":
            _bracket(section, text)
        elif kind in ("quoted", "escaped", "other"):
            section.signs.append(("said", text))
        elif kind == "blank":
            section.signs.append(("said", " "))
        elif kind == "sign":
            section.signs.append((text, text))
        elif kind != "filling":
            section.signs.append((kind, text))
    return tuple(made[:4])


def _bracket(section: _Section, text: str) -> None:
    """Take what stands in brackets: a condition, a time passed, numerals, a currency; colours are none."""
    if condition := _CONDITION.fullmatch(text.strip()):
        section.condition = condition[1], Decimal(condition[2])
    elif _ELAPSED.fullmatch(text):
        section.signs.append(("passed", text.lower()))
    elif numerals := _NUMERALS.fullmatch(text):
        section.numerals = int(numerals[1])
    elif text.startswith("$"):
        if sign := text[1:].partition("-")[0]:
            section.signs.append(("said", sign))
        if text.lower().endswith(("-804", "-404", "-c04", "-1404")):
            section.signs.append(("chinese", ""))


def _text(value: str, sections: tuple[_Section, ...]) -> str | None:
    """Show a text by the section for texts, where there is one that does more than show it."""
    last = sections[-1]
    if len(sections) < 4 and not last.has("@"):
        return None
    if last.signs == [("@", "@")]:
        return None
    return "".join(value if kind == "@" else text for kind, text in last.signs).strip()


def _number(number: Decimal, sections: tuple[_Section, ...], *, of_1904: bool) -> str | None:
    numbers = sections[:3] if len(sections) == 4 else sections
    if len(numbers) > 1 and numbers[-1].has("@"):
        numbers = numbers[:-1]
    chosen = _chosen(number, numbers)
    if chosen is None:
        return None
    section, signless = chosen
    if section.has("day", "half", "passed"):
        return _moment(number, section, of_1904=of_1904)
    if not section.has("place", "general", "@"):
        minus = "-" if number < 0 and not signless and section.signs else ""
        return (minus + "".join(text for kind, text in section.signs if kind == "said")).strip()
    size = abs(number)
    text = _places(size, section) if section.has("place") else _general(size, section)
    below = number < 0 and not signless and any(numeric(sign, 0) for sign in text)
    return f"-{text}".strip() if below else text.strip()


def _chosen(number: Decimal, sections: tuple[_Section, ...]) -> tuple[_Section, bool] | None:
    """Return the section that shows a number, and whether it shows it without its sign."""
    if len(sections) == 1 and sections[0].condition is None:
        return sections[0], False
    conditional = any(section.condition for section in sections[:2])
    for n, section in enumerate(sections):
        if section.condition:
            if _holds(number, *section.condition):
                return section, section.negative_only
        elif conditional:
            if n == len(sections) - 1 or (n == 1 and number < 0) or (n == 0 and number > 0):
                return section, n == 1 and len(sections) == 3
        elif (number > 0, number < 0, number == 0)[n] or (n == 0 and number == 0 and len(sections) == 2):
            return section, n == 1
    return None


def _holds(number: Decimal, sign: str, limit: Decimal) -> bool:
    return {
        "<": number < limit,
        "<=": number <= limit,
        ">": number > limit,
        ">=": number >= limit,
        "=": number == limit,
        "<>": number != limit,
    }[sign]


# -- numbers
# --------------------------------------------------------------------------------------------------------


def plain(number: Decimal) -> str:
    """Return a number without exponent and without zeros at its end."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _general(size: Decimal, section: _Section) -> str:
    size *= 100 ** sum(kind == "%" for kind, _said in section.signs)
    text = plain(size if size == size.to_integral_value() else _WIDTH.plus(size))
    if section.numerals:
        text = in_words(text, section.numerals)
    return "".join(text if kind in ("general", "@") else said for kind, said in section.signs)


def _places(size: Decimal, section: _Section) -> str:
    """Show a number in the places that a section has for its digits."""
    signs = [one for one in section.signs if one[0] != "chinese"]
    kinds = [kind for kind, _text in signs]
    first = kinds.index("place")
    size *= 100 ** kinds.count("%")
    power = kinds.index("power") if "power" in kinds else -1
    if power > 0:
        return _scientific(size, signs, power, section.numerals)
    line = kinds.index("/") if "/" in kinds else 0
    if first < line < len(kinds) - 1 and (kinds[line + 1] == "place" or signs[line + 1][1].isdigit()):
        return _fraction(size, signs, line)
    point = kinds.index(".") if "." in kinds else len(kinds)
    before = [n for n in range(min(point, len(kinds))) if kinds[n] == "place"]
    after = [n for n in range(point, len(kinds)) if kinds[n] == "place"]
    end = before[-1] if before else point
    commas = [n for n, kind in enumerate(kinds) if kind == ","]
    grouped = any(before and before[0] < n < end for n in commas)
    size /= 1000 ** sum(1 for n in commas if n > end and not any(n < m for m in (*before, *after)))
    size /= 1000 ** sum(1 for n in commas if end < n < point and after and n < after[0])
    digits = f"{size.quantize(Decimal(1).scaleb(-len(after))):f}"
    ahead, _point, behind = digits.partition(".")
    out = dict.fromkeys(commas, "")
    out |= _filled("" if ahead == "0" else ahead, before, signs, grouped=grouped)
    kept = len(behind.rstrip("0"))
    for n, at in enumerate(after):
        out[at] = behind[n] if n < kept or signs[at][1] == "0" else " " if signs[at][1] == "?" else ""
    if not before and point < len(kinds) and ahead != "0":
        out[point] = f"{ahead}."
    text = [out.get(n, said) for n, (_kind, said) in enumerate(signs)]
    if section.numerals:
        text = [
            _by_digit(part, section.numerals) if n in before or n in after else part
            for n, part in enumerate(text)
        ]
    return "".join(text)


def _filled(digits: str, places: list[int], signs: list[tuple[str, str]], *, grouped: bool) -> dict[int, str]:
    """Put digits into places from the right; the first place takes all that are left."""
    out: dict[int, str] = {}
    done = 0
    for at in reversed(places):
        count = max(1, len(digits)) if at == places[0] else 1
        own, digits = digits[-count:], digits[:-count]
        if not own:
            own = {"0": "0", "?": " ", "#": ""}[signs[at][1]]
        text = ""
        for digit in reversed(own):
            if grouped and done and done % 3 == 0 and digit != " ":
                text = "," + text
            text, done = digit + text, done + 1
        out[at] = text
    return out


def _scientific(size: Decimal, signs: list[tuple[str, str]], power: int, numerals: int) -> str:
    ahead = [n for n, (kind, _text) in enumerate(signs[:power]) if kind == "place"]
    point = next((n for n, (kind, _text) in enumerate(signs[:power]) if kind == "."), power)
    whole_places = max(1, sum(1 for n in ahead if n < point))
    exponent = size.adjusted() if size else 0
    # With several places before the point the exponent is a multiple of their number: 12.3E+3.
    exponent -= exponent % whole_places
    decimals = sum(1 for n in ahead if n > point)
    scaled = (size.scaleb(-exponent)).quantize(Decimal(1).scaleb(-decimals))
    if scaled.adjusted() >= whole_places:
        exponent += whole_places
        scaled = size.scaleb(-exponent).quantize(Decimal(1).scaleb(-decimals))
    head = _places(scaled, _Section(signs[:power], numerals=numerals))
    tail = signs[power + 1 :]
    places = [n for n, (kind, _text) in enumerate(tail) if kind == "place"]
    out = _filled(str(abs(exponent)) if exponent else "", places, tail, grouped=False)
    sign = "-" if exponent < 0 else "+" if signs[power][1].endswith("+") else ""
    rest = "".join(out.get(n, said) for n, (_kind, said) in enumerate(tail))
    return f"{head}{signs[power][1][0]}{sign}{rest}"


def _fraction(size: Decimal, signs: list[tuple[str, str]], line: int) -> str:
    """Show a number as a fraction, whose line is at ``line``: 2 1/3 by ``# ?/?``, 7/3 by ``?/?``, 2 2/4 by
    ``# ?/4``.
    """
    kinds = [kind for kind, _text in signs]
    start = line
    while start and kinds[start - 1] == "place":
        start -= 1
    end = line + 1
    fixed = ""
    while end < len(kinds) and (kinds[end] == "place" or signs[end][1].isdigit()):
        fixed += signs[end][1]
        end += 1
    ahead = [n for n in range(start) if kinds[n] == "place"]
    most = 10 ** min(max(1, end - line - 1), 7) - 1
    given = whole(fixed, 7) or 0
    exact = Fraction(size)
    rounded = Fraction(round(exact * given), given) if given else exact.limit_denominator(most)
    count, part = divmod(rounded, 1) if ahead else (0, rounded)
    above, below = part.numerator, given or part.denominator
    if given:
        above = int(part * given)
    head = "".join(
        _filled(str(count) if count else "", ahead, signs, grouped=False).get(n, signs[n][1])
        for n in range(start)
    )
    tail = "".join(said for _kind, said in signs[end:])
    if not above and ahead:
        return (head.rstrip() if count else "0") + tail
    return f"{head}{above}/{below}{tail}"


# -- Chinese numerals
# --------------------------------------------------------------------------------------------------------


def _by_digit(text: str, numerals: int) -> str:
    digits = _DIGITS.get(numerals)
    return text.translate(str.maketrans("0123456789", digits)) if digits else text


def in_words(digits: str, numerals: int) -> str:
    """Return a number in Chinese numerals: 1005 is 一千〇五 by [DBNum1], 壹仟零伍 by [DBNum2]."""
    if numerals not in _DIGITS:
        return digits
    own, units = _DIGITS[numerals], ("", *_UNITS[numerals])
    ahead, point, behind = digits.partition(".")
    if len(ahead) > 16:
        return _by_digit(digits, numerals)
    text, gap = "", False
    for n, digit in enumerate(ahead):
        place = len(ahead) - 1 - n
        if digit == "0":
            gap = bool(text)
        else:
            text += (own[0] if gap else "") + own[int(digit)] + units[place % 4]
            gap = False
        of_group = ahead[: n + 1] if place == 8 else ahead[max(0, n - 3) : n + 1]
        if place and place % 4 == 0 and of_group.strip("0"):
            text += "亿" if place == 8 else "万"
    text = text or own[0]
    return text + ("." + _by_digit(behind, numerals) if point else "")


# -- days and hours
# --------------------------------------------------------------------------------------------------------


def _moment(number: Decimal, section: _Section, *, of_1904: bool) -> str | None:
    """Show a number of days as a date, an hour or a time passed; None for one before the first day."""
    if number < 0 or number >= 2_958_466:
        return None
    signs = section.signs
    decimals = _decimals(signs)
    unit = Decimal(1).scaleb(-decimals)
    seconds = (number * 86400).quantize(unit)
    days, left = divmod(seconds, 86400)
    serial = int(days) + (_DAYS_OF_1904 if of_1904 else 0)
    # Excel counts a 29th of February 1900 that never was: days before it are a day later than they seem.
    day = date(1899, 12, 30) + timedelta(days=serial + (serial < 60))
    halves = section.has("half")
    chinese = section.has("chinese")
    out: list[str] = []
    before = ""
    for n, (kind, text) in enumerate(signs):
        if kind == "passed":
            each = {"h": 3600, "m": 60, "s": 1}[text[0]]
            out.append(f"{int(seconds // each):0{len(text)}d}")
            before = text[0]
        elif kind == "day":
            what = text.lower()
            if what[0] == "m" and (before == "h" or _following(signs, n) == "s"):
                out.append(f"{int(left % 3600 // 60):0{min(len(what), 2)}d}")
            elif what[0] in "hs":
                out.append(_hour(what, left, halves=halves))
            else:
                out.append(_day(what, day, chinese=chinese, numerals=section.numerals))
            before = what[0]
        elif kind == "half":
            out.append(_half(text, afternoon=left >= 43200))
        elif kind == ".":
            out.append(f"{left % 1:f}"[1:] if decimals else ".")
        elif kind == "place":
            out.append("" if decimals else text)
        else:
            out.append(text)
    return "".join(out).strip()


def _decimals(signs: list[tuple[str, str]]) -> int:
    """Return to how many decimals seconds are shown."""
    for n, (kind, _text) in enumerate(signs):
        if kind == "." and n and signs[n - 1][1].lower().startswith("s"):
            return min(3, sum(1 for one, text in signs[n + 1 : n + 4] if one == "place" and text == "0"))
    return 0


def _following(signs: list[tuple[str, str]], at: int) -> str:
    """Return the letter of the next part of a date or hour after ``at``."""
    return next((text[0].lower() for kind, text in signs[at + 1 :] if kind in ("day", "passed")), "")


def _hour(what: str, left: Decimal, *, halves: bool) -> str:
    count = int(left // 3600) if what[0] == "h" else int(left % 60)
    if what[0] == "h" and halves:
        count = count % 12 or 12
    return f"{count:0{min(len(what), 2)}d}"


def _half(text: str, *, afternoon: bool) -> str:
    morning, _line, evening = text.partition("/")
    return evening if afternoon else morning


def _day(what: str, day: date, *, chinese: bool, numerals: int) -> str:
    letter, length = what[0], len(what)
    if letter in "ye":
        text = f"{day.year % 100:02d}" if letter == "y" and length < 3 else str(day.year)
        return _by_digit(text, numerals) if numerals else text
    if letter == "b":
        return str(day.year + 543)
    if letter == "a" or (letter == "d" and length > 2 and chinese):
        name = _WEEK[day.weekday()]
        return ("" if length == 3 and letter == "a" else "周" if length == 3 else "星期") + name
    if letter == "d" and length > 2:
        return _DAYS[day.weekday()][: 3 if length == 3 else None]
    if letter == "m" and length > 2 and not chinese:
        name = _MONTHS[day.month - 1]
        return name[:3] if length == 3 else name[:1] if length == 5 else name
    count = day.month if letter == "m" else day.day
    if numerals or length > 2:
        return _counted(count, numerals or 1) + ("月" if letter == "m" and length > 2 else "")
    return f"{count:0{length}d}"


def _counted(count: int, numerals: int) -> str:
    """Return a month or day in numerals: 十二, not 一十二."""
    text = in_words(str(count), numerals)
    return text[1:] if numerals in (1, 3) and 10 <= count < 20 else text
