"""Personal data in a text: identity numbers, telephones, accounts, plates, mail, names beside a label, addresses.

A number counts however it is written: full width, in Chinese or circled digits, with blanks, hyphens or signs nobody sees
between its digits. Where its writing is as loose as that, a check digit, a real birthday or a numbering plan must speak for
it; what is a code, an amount or a date is none.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import phonenumbers
from stdnum import luhn
from stdnum.cn import ric

from zhunsheng.disclosure.rules import rules
from zhunsheng.text import INVISIBLE, UNFIT

PROVINCES = frozenset((*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82, 83))
# How people break the digits of each kind into groups; other breaks count where the number stands alone.
MOBILE_GROUPS = frozenset(((3, 4, 4), (3, 8), (7, 4), (4, 4, 3), (3, 3, 5), (4, 3, 4), (5, 6)))
ID15_GROUPS = frozenset(((6, 6, 3), (6, 9), (3, 3, 6, 3)))
FIXED_GROUPS = frozenset(((3, 8), (4, 7), (4, 8), (3, 4, 4), (4, 4, 4), (4, 3, 4)))
_BREAK = r"[ \-.·_/()*]{0,3}"
_RUN = re.compile(rf"(?:(?<=\+)|(?<!\d))\d(?:{_BREAK}\d)*(?:{_BREAK}[Xx](?![0-9A-Za-z]))?")
_CHINESE = re.compile(rf"[〇零一二三四五六七八九](?:{_BREAK}[〇零一二三四五六七八九]){{6,}}")
_MAIL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+\-]{0,63} ?@ ?[A-Za-z0-9\-]+(?: ?\. ?[A-Za-z0-9\-]+){0,4} ?\. ?[A-Za-z]{2,12}(?![A-Za-z])")
_PLATE = re.compile(
    "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z][ ·.-]{0,2}"
    "(?=[A-Z0-9·. -]*[0-9])(?:[DF][A-HJ-NP-Z0-9][0-9]{4}|[0-9]{5}[DF]|[A-HJ-NP-Z0-9]{4}[A-HJ-NP-Z0-9挂学警港澳])(?![A-Za-z0-9])"
)
_PASSPORT = re.compile(r"(?<![A-Za-z0-9])(?:[EGDSPKHMCWTR][A-HJ-NP-Z]?[ -]?[0-9]{6,10}|[0-9]{8})(?![A-Za-z0-9])")
_HOME = re.compile(
    r"[一-鿿0-9A-Za-z]{2,20}?(?:路|街|巷|弄|村|苑|园|小区|新村|花园|公寓)[一-鿿0-9A-Za-z]{0,10}?"
    r"[0-9]{1,4} ?(?:幢|栋|号楼|座)[ -]?(?:[0-9一二三四五六七八九]{1,2} ?单元)?[ -]?[0-9]{3,4} ?室"
)
_ENDS = r"[，,。；;、（()）\[\]【】/|\s:：0-9]|电话|手机|联系|先生|女士|同志|反映|诉称|表示|要求|投诉|举报|来电|来信|\Z"


@dataclass(frozen=True)
class Found:
    """Personal data in a text: its kind, where it stands (``start`` to ``end`` of the text), its value in one form.

    ``value`` is the datum itself, for telling whether two are the same; ``shown`` is what may be shown to those who decide.
    """

    kind: str
    start: int
    end: int
    value: str

    @property
    def title(self) -> str:
        """The name of its kind."""
        return rules().kinds[self.kind].title

    @property
    def shown(self) -> str:
        """The value with its middle hidden."""
        head, tail = rules().kinds[self.kind].keeps
        if self.kind == "email":
            local, _, host = self.value.partition("@")
            return f"{local[:head]}***@{host}"
        hidden = max(len(self.value) - head - tail, 1)
        return self.value[:head] + "*" * min(hidden, 12) + (self.value[-tail:] if tail else "")


def found_in(text: str, labels: Sequence[str] = ()) -> list[Found]:
    """Return the personal data of a text in order, none overlapping.

    ``labels`` are what stands beside the text as its label: the cell to its left, the head of its column, a field's title.
    """
    if not text or text.isspace():
        return []
    plain, digits, at = _plain(text)
    found: list[Found] = []
    for finder in (_numbers, _mails, _plates, _passports, _names, _addresses):
        for kind, start, end, value in finder(plain, digits, labels):
            if all(end <= other.start or start >= other.end for other in found):
                found.append(Found(kind, start, end, value))
    return sorted((Found(f.kind, at[f.start], at[f.end - 1] + 1, f.value) for f in found), key=lambda f: f.start)


def redacted(text: str, hides: Callable[[Found], bool] = lambda _found: True, labels: Sequence[str] = ()) -> str:
    """Return a text in which what ``hides`` says yes to is replaced by 〔已隐去…〕."""
    for one in reversed(found_in(text, labels)):
        if hides(one):
            text = text[: one.start] + hidden(one.kind) + text[one.end :]
    return text


def hidden(kind: str) -> str:
    """Return what stands in the place of what was hidden."""
    return f"〔已隐去{rules().kinds[kind].title}〕"


# -- one form of writing ----------------------------------------------------------------------------------------------


@lru_cache
def _tables() -> tuple[frozenset[str], dict[int, str], dict[int, str]]:
    """Return what nobody sees, and the tables to one width and to plain digits; every sign becomes exactly one."""
    unseen = {c for first, last in (*UNFIT, *INVISIBLE) for c in range(first, last + 1)} - {9, 10}
    width: dict[int, str] = {}
    digits: dict[int, str] = {}
    for code in range(sys.maxunicode + 1):
        sign = chr(code)
        category = unicodedata.category(sign)
        if category in ("Mn", "Me", "Cf"):
            unseen.add(code)
        elif category == "Pd" or sign in "−﹣－~～〜":
            width[code] = "-"
        elif category == "Zs":
            width[code] = " "
        elif 0xFF01 <= code <= 0xFF5E:
            width[code] = chr(code - 0xFEE0)
        elif code > 0x7F and (number := unicodedata.digit(sign, None)) is not None:
            digits[code] = str(number)
    width |= {ord(c): "·" for c in "•‧∙⋅・･●"} | {ord("︓"): ":", ord("﹕"): ":", ord("Ⅹ"): "X", ord("Х"): "X", ord("Χ"): "X"}
    return frozenset(map(chr, unseen)), width, width | digits


def _plain(text: str) -> tuple[str, str, Sequence[int]]:
    """Return a text of one width without unseen signs, the same with plain digits, and where each sign of both stood."""
    if text.isascii():
        return text, text, range(len(text))
    gone, width, digits = _tables()
    at: Sequence[int] = range(len(text))
    if not gone.isdisjoint(text):
        at = [n for n, sign in enumerate(text) if sign not in gone]
        text = "".join(text[n] for n in at)
    return text.translate(width), text.translate(digits), at


# -- numbers ----------------------------------------------------------------------------------------------------------

Hit = tuple[str, int, int, str]
_FIGURES = str.maketrans("〇零一二三四五六七八九", "00123456789")


def _numbers(plain: str, digits: str, labels: Sequence[str]) -> Iterator[Hit]:
    for run in _RUN.finditer(digits):
        if run.end() - run.start() >= 7:
            yield from _of_run(digits, run.start(), run.end(), labels)
    for run in _CHINESE.finditer(plain):
        written = plain[: run.start()] + run.group().translate(_FIGURES) + plain[run.end() :]
        yield from _of_run(written, run.start(), run.end(), labels)


def _of_run(text: str, start: int, end: int, labels: Sequence[str]) -> Iterator[Hit]:
    """Yield what is personal of a run of digits and breaks: the longest combination of its groups first."""
    groups = [(start + m.start(), start + m.end()) for m in re.finditer("[0-9]+[Xx]?|[Xx]", text[start:end])]
    if groups and text[groups[-1][0]] in "Xx" and len(groups) > 1:  # the check sign, written apart
        groups[-2:] = [(groups[-2][0], groups[-1][1])]
    before = text[max(0, start - 12) : start]
    n = 0
    while n < len(groups):
        taken = 0
        for m in range(min(len(groups), n + 20), n, -1):
            first, last = groups[n][0], groups[m - 1][1]
            whole = re.sub("[^0-9Xx]", "", text[first:last]).upper()
            if not 7 <= len(whole) <= 24:
                continue
            shape = tuple(e - s for s, e in groups[n:m])
            alone = n == 0 and m == len(groups)
            near = before if n == 0 else text[max(0, first - 12) : first]
            if kind := _kind(whole, shape, alone, near, text[last : last + 6], labels):
                bare = re.sub("^(?:00)?86(?=1)", "", whole) if kind == "mobile" else whole
                yield kind, first, last, bare
                taken = m
                break
        n = taken or n + 1


def _kind(number: str, shape: tuple[int, ...], alone: bool, before: str, after: str, labels: Sequence[str]) -> str:
    """Return the kind of a number of these groups, empty for none."""
    known = rules()
    solid = len(shape) == 1
    coded = _labelled(before, labels, known.code_labels)
    counted = after.lstrip().startswith(known.units) or (after[:1] == "." and after[1:2].isdigit())
    counted = counted or before.rstrip().endswith(("¥", "￥", "$", "€"))
    if len(number) == 18 and _identity(number):
        return "identity"
    if "X" in number or (after[:1].isalnum() and after[:1].isascii()):
        return ""
    letters = re.search(r"[A-Za-z]*\Z", before)
    tail = letters.group().lower() if letters else ""
    if tail and tail not in known.phone_letters:
        return ""
    abroad = shape[0] in (2, 4) and shape[1:] in MOBILE_GROUPS | {(11,)}
    if not counted and (solid or alone or abroad or shape in MOBILE_GROUPS):
        bare = re.sub("^(?:00)?86(?=1)", "", number)
        if re.fullmatch("1[3-9][0-9]{9}", bare) and _valid(bare, phonenumbers.PhoneNumberType.MOBILE):
            return "mobile"
    if tail:
        return ""
    if 12 <= len(number) <= 24 and _labelled(before, labels, known.bank_labels):
        return "bank"
    if not coded and not counted and 16 <= len(number) <= 19 and re.match("62[1-9]|60[0-9]|9558", number):
        if (solid or alone or set(shape[:-1]) == {4}) and luhn.is_valid(number):
            return "bank"
    if not coded and not counted and len(number) == 15 and (solid or alone or shape in ID15_GROUPS) and _identity(number):
        return "identity"
    return "" if counted else _landline(number, shape, solid, coded, before, labels)


def _landline(number: str, shape: tuple[int, ...], solid: bool, coded: bool, before: str, labels: Sequence[str]) -> str:
    known = rules()
    if any(re.search(line, number) for line in known.service_lines):
        return ""
    labelled = _labelled(before, labels, known.phone_labels)
    bare = re.sub("^(?:00)?86(?=[1-9])", "0", number)
    if bare.startswith("0") and 10 <= len(bare) <= 12 and not coded:
        if labelled or shape in FIXED_GROUPS or bare != number or before.endswith("("):
            if _valid(bare, phonenumbers.PhoneNumberType.FIXED_LINE):
                return "phone"
    return "phone" if labelled and len(number) in (7, 8) and number[0] in "2345678" else ""


def _labelled(before: str, labels: Sequence[str], known: Sequence[str]) -> bool:
    """Return whether one of the known labels stands right before, or beside as the label of the whole."""
    near = re.sub("[（(].*?[)）]", "", before).rstrip(" :：-为是=+(（")
    return near.endswith(tuple(known)) or any(label.strip(" :：*\n").endswith(tuple(known)) for label in labels)


def _identity(number: str) -> bool:
    """Return whether a number is an identity card's (GB 11643): province, birthday and, of 18, the check digit."""
    if int(number[:2]) not in PROVINCES or (len(number) == 15 and "X" in number) or "X" in number[:-1]:
        return False
    born = number[6:14] if len(number) == 18 else f"19{number[6:12]}"
    try:
        day = date(int(born[:4]), int(born[4:6]), int(born[6:]))
    except ValueError:
        return False
    if not date(1900, 1, 1) <= day <= date(2100, 1, 1):
        return False
    return len(number) == 15 or ric.calc_check_digit(number) == number[-1]


@lru_cache(maxsize=4096)
def _valid(number: str, kind: int) -> bool:
    """Return whether the numbering plan of mainland China has such a number of this kind."""
    try:
        parsed = phonenumbers.parse(number, "CN")
    except phonenumbers.NumberParseException:
        return False
    types = (kind, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
    return phonenumbers.is_valid_number(parsed) and phonenumbers.number_type(parsed) in types


# -- words ------------------------------------------------------------------------------------------------------------


def _mails(plain: str, digits: str, labels: Sequence[str]) -> Iterator[Hit]:
    if "@" in plain:
        for m in _MAIL.finditer(plain):
            yield "email", m.start(), m.end(), m.group().replace(" ", "").lower()


def _plates(plain: str, digits: str, labels: Sequence[str]) -> Iterator[Hit]:
    for m in _PLATE.finditer(digits):
        yield "plate", m.start(), m.end(), re.sub("[^一-鿿A-Z0-9]", "", m.group())


def _passports(plain: str, digits: str, labels: Sequence[str]) -> Iterator[Hit]:
    known = rules().passport_labels
    if not any(word in plain for word in known) and not any(label.endswith(known) for label in labels):
        return
    for m in _PASSPORT.finditer(digits):
        before = digits[max(0, m.start() - 12) : m.start()].rstrip(" :：").removesuffix("码").removesuffix("号")
        if _labelled(before, labels, (*known, "证件")):
            yield "passport", m.start(), m.end(), re.sub("[ -]", "", m.group())


@lru_cache
def _name_patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of a name alone, of one after a label, and of one right after a strong label."""
    known = rules()
    double = "|".join(known.double_surnames)
    name = f"(?:(?:{double})[一-鿿]{{1,2}}|[{known.surnames}][一-鿿]{{1,2}}|[{known.surnames}] [一-鿿]{{1,2}}|[一-鿿]{{2,8}}·[一-鿿]{{2,10}})"
    labels, strong = "|".join(known.person_labels), "|".join(known.strong_labels)
    between = r"(?:[\(（][^)）]{0,12}[\)）])?(?:姓名)?(?:[ \t]*[:：=][ \t]*|[ \t]+|为|是)"
    after = re.compile(rf"(?:{labels}){between}(?P<names>{name}(?:[、，, ]{{1,2}}{name})*)(?={_ENDS})", re.M)
    tight = re.compile(rf"(?:{strong})(?P<names>{name})(?={_ENDS})", re.M)
    return re.compile(name), after, tight


def _names(plain: str, digits: str, labels: Sequence[str]) -> Iterator[Hit]:
    known = rules()
    name, after, tight = _name_patterns()
    if any(label.strip(" :：*\n").removesuffix("姓名").endswith(known.person_labels) or "姓名" in label for label in labels):
        at = 0
        for part in re.split(r"([、，,;；/\s]+)", plain):
            if name.fullmatch(part) and not part.startswith(known.not_names):
                yield "name", at, at + len(part), part.replace(" ", "")
            at += len(part)
    if not any(word in plain for word in known.person_labels):
        return
    for pattern in (after, tight):
        for m in pattern.finditer(plain):
            for one in name.finditer(m["names"]):
                if not one.group().startswith(known.not_names):
                    yield "name", m.start("names") + one.start(), m.start("names") + one.end(), one.group().replace(" ", "")


_PLACE = re.compile(r"[^，。；;\n\t]{4,60}")


def _addresses(plain: str, digits: str, labels: Sequence[str]) -> Iterator[Hit]:
    known = rules().address_labels
    if any(label.strip(" :：*\n").endswith(known) for label in labels) and _is_address(plain.strip()):
        yield "address", 0, len(plain), plain.strip()
    for word in known:
        at = plain.find(word)
        while at >= 0:
            start = at + len(word)
            start += len(plain[start:]) - len(plain[start:].lstrip(" :：为在是"))
            if (m := _PLACE.match(plain, start)) and _is_address(m.group()):
                yield "address", m.start(), m.end(), m.group().strip()
            at = plain.find(word, at + len(word))
    if "室" in plain:
        for m in _HOME.finditer(plain):
            yield "address", m.start(), m.end(), m.group()


def _is_address(text: str) -> bool:
    """Return whether a text is the place of a home: a road, village or estate, and a number in it."""
    return bool(re.search("[路街巷弄村镇乡区苑园号组]", text) and re.search("[0-9一二三四五六七八九十]", text) and len(text) <= 60)
