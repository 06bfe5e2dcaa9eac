"""Numbers of persons in a text: identity, telephone, card and account numbers.

A number counts however it is written: full width, in Chinese or circled digits, with blanks,
hyphens or signs nobody sees between its digits. Where its writing is as loose as that, a check digit,
a real birthday or a numbering plan must speak for it; what is a code, an amount or a date is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import islice
from string import ascii_letters

import phonenumbers
from stdnum import luhn
from stdnum.cn import ric

from zhunsheng.disclosure.rules import rules
from zhunsheng.disclosure.writing import FIGURES

PROVINCES = frozenset(
    (
        *range(11, 16),
        *range(21, 24),
        *range(31, 38),
        *range(41, 47),
        *range(50, 55),
        *range(61, 66),
        71,
        81,
        82,
        83,
    )
)
# How people break the digits of each kind into groups; other breaks count where the number stands alone.
MOBILE_GROUPS = frozenset(((3, 4, 4), (3, 8), (7, 4), (4, 4, 3), (3, 3, 5), (4, 3, 4), (5, 6)))
ID15_GROUPS = frozenset(((6, 6, 3), (6, 9), (3, 3, 6, 3)))
FIXED_GROUPS = frozenset(((3, 8), (4, 7), (4, 8), (3, 4, 4), (4, 4, 4), (4, 3, 4)))
_BREAK = r"[ \-.·_/()*]{0,3}"
_APART = r"[ \-.·_/()*]{1,3}"
_RUN = re.compile(rf"(?:(?<=\+)|(?<!\d))\d(?:{_BREAK}\d)*(?:{_BREAK}[Xx](?![0-9A-Za-z]))?")
_SIGN = f"[0-9{''.join(map(chr, FIGURES))}]"
_CHINESE = re.compile(rf"{_SIGN}(?:{_BREAK}{_SIGN}){{6,}}")
_PROVINCE = "(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])"


def _grouped(groups: tuple[int, ...], first: str) -> str:
    """Return the pattern of digits in groups of these lengths, the first of which begins with the pattern
    ``first``.
    """
    return f"(?={first})" + _APART.join(f"[0-9]{{{n}}}" for n in groups) + "(?![0-9])"


def _starts() -> re.Pattern[str]:
    """Return where a number may begin that speaks for itself: every other group of a long run is passed at
    once.
    """
    provinces = ("1[1-5]", "2[1-3]", "3[1-7]", "4[1-6]", "5[0-4]", "6[1-5]", "71", "8[1-3]")
    card = f"(?:{'|'.join(p[0] + _BREAK + p[1:] for p in provinces)})"
    card += f"{_BREAK}[0-9]" * 4 + f"{_BREAK}(?:1{_BREAK}9|2{_BREAK}[01])" + f"{_BREAK}[0-9]" * 2
    card += "".join(_BREAK + sign for sign in ("[01]", "[0-9]", "[0-3]", *("[0-9]",) * 4, "[0-9Xx]"))
    ways = [card, "(?:00)?(?:86)?1[3-9][0-9]{9}(?![0-9])"]
    ways += [
        f"(?:(?:00)?86{_APART})?{_grouped(shape, '1[3-9]')}" for shape in (*sorted(MOBILE_GROUPS), (11,))
    ]
    ways.append(f"(?=62[1-9]|60[0-9]|9558)(?:[0-9]{{16}}|{_APART.join(['[0-9]{4}'] * 3)}{_APART}[0-9])")
    ways += [_grouped(shape, _PROVINCE) for shape in (*sorted(ID15_GROUPS), (15,))]
    ways += [_grouped(shape, "0") for shape in sorted(FIXED_GROUPS)]
    ways.append(f"(?:00)?86{_BREAK}[1-9][0-9]{{1,2}}{_BREAK}[0-9]{{3}}[0-9]?{_BREAK}[0-9]{{4}}")
    return re.compile(f"(?<![0-9])(?=[0-9])(?={'|'.join(ways)})")


_START = _starts()
_WHOLE = re.compile(
    rf"(?:(?:00)?86)?1[3-9][0-9]{{9}}|(?:62[1-9]|60[0-9]|9558)[0-9]{{12,16}}|{_PROVINCE}[0-9]{{13}}|"
    rf"0[0-9]{{9,11}}"
    rf"|(?:00)?86[1-9][0-9]{{8,11}}|{_PROVINCE}[0-9]{{4}}(?:19|20|21)[0-9]{{2}}[01][0-9][0-3][0-9]{{4}}[0-9X]"
)
# What may be a telephone or an account where the label beside the text says so.
_CALLED = re.compile(
    rf"(?<![0-9])(?=[2-8][0-9]{{2,3}}{_BREAK}[0-9]{{4}}(?![0-9])|[2-8][0-9]{{6,7}}(?![0-9])|"
    rf"0[0-9]{{9,11}}(?![0-9]))"
)
_FIRST = re.compile("(?<![0-9])(?=[0-9])")
_GROUP = re.compile("[0-9]+[Xx]?|[Xx]")
MOST_GROUPS = 20  # of one number
MOST_DIGITS = 24
REACH = 100  # signs from the first digit of a number on within which its last stands
BEFORE = 24  # signs before a number in which its label is looked for
Hit = tuple[str, int, int, str]


def numbers(plain: str, digits: str, labels: Sequence[str]) -> Iterator[Hit]:
    """Yield the personal numbers of a text: those in plain digits, in Chinese ones,
    and those that a line's end breaks.
    """
    beside = LabelsBeside.of(labels)
    for run in _RUN.finditer(digits):
        if run.end() - run.start() >= 7:
            yield from _of_run(digits, run.start(), run.end(), beside)
    for run in _CHINESE.finditer(digits):
        if not run.group().isascii():
            first = max(0, run.start() - BEFORE)
            near = (
                digits[first : run.start()]
                + run.group().translate(FIGURES)
                + digits[run.end() : run.end() + 6]
            )
            for kind, start, end, value in _of_run(near, run.start() - first, run.end() - first, beside):
                yield kind, first + start, first + end, value
    if "\n" in digits:
        joined = digits.replace("\n", " ")
        for m in _START.finditer(joined):
            for kind, start, end, value in _from(joined, m.start(), len(joined), m.start(), beside):
                if kind in ("mobile", "identity") and digits.count("\n", start, end) == 1:
                    yield kind, start, end, value


@dataclass(frozen=True)
class LabelsBeside:
    """What the labels beside a text call its numbers; ``any_number`` where one says 号码 and nothing more, as
    that of a draw's tickets does.
    """

    bank: bool
    phone: bool
    identity: bool
    code: bool
    any_number: bool

    @classmethod
    def of(cls, labels: Sequence[str]) -> LabelsBeside:
        """Return what these labels say."""
        known = rules()
        words = ("bank_labels", "phone_labels", "identity_labels", "code_labels")
        bank, phone, identity, code = (
            any(labelled(label, getattr(known, one)) for label in labels) for one in words
        )
        return cls(bank, phone, identity, code, any(label.strip() == "号码" for label in labels))


def _of_run(text: str, start: int, end: int, beside: LabelsBeside) -> Iterator[Hit]:
    """Yield what is personal of a run of digits and breaks.

    Looked at are the groups that a number may begin with, not every one: a text of single figures has very
    many.
    """
    known = rules()
    starts = [m.start() for m in _START.finditer(text, start, end)]
    short = text[start:end] if end - start <= 100 else ""
    if not short.isdigit():
        short = _NO_SIGN.sub("", short)
    if short and _WHOLE.fullmatch(short):
        starts.append(start)
    if _cleaned(text, start).endswith(known.bank_labels + known.phone_labels + known.identity_labels):
        starts += [m.start() for m in islice(_FIRST.finditer(text, start, end), 4)]
    if beside.phone:
        starts += [m.start() for m in _CALLED.finditer(text, start, end)]
    if beside.bank or beside.identity:
        starts += [m.start() for m in _FIRST.finditer(text, start, end)]
    done = start
    for at in sorted(set(starts)):
        if at >= done:
            for hit in _from(text, at, end, start, beside):
                yield hit
                done = hit[2]


def _from(text: str, at: int, end: int, start: int, beside: LabelsBeside) -> Iterator[Hit]:
    """Yield what is personal of the groups from a place on in the run from ``start`` to ``end``."""
    low, high = max(0, at - BEFORE), at + REACH
    if hit := _hit(text[low : high + 6], at - low, min(end, high) - low, at == start, beside):
        yield hit[0], low + hit[1], low + hit[2], hit[3]


@lru_cache(maxsize=8192)  # a table has the same words again and again
def _hit(text: str, at: int, end: int, first: bool, beside: LabelsBeside) -> Hit | None:
    """Return what is personal of the groups from one on, the longest combination of them first;
    ``first`` of their run.
    """
    groups: list[tuple[int, int]] = []
    wholes: list[str] = []
    for group in _GROUP.finditer(text, at, end):
        whole = (wholes[-1] if wholes else "") + group.group()
        if len(whole) > MOST_DIGITS or len(groups) == MOST_GROUPS:
            break
        if groups and group.group() in ("X", "x"):  # the check sign, written apart
            groups[-1], wholes[-1] = (groups[-1][0], group.end()), whole
        else:
            groups.append(group.span())
            wholes.append(whole)
    before = text[max(0, at - BEFORE) : at]
    near = _cleaned(text, at)
    known = rules()
    lengths = frozenset((15, 18)) if beside.identity or near.endswith(known.identity_labels) else frozenset()
    if beside.bank or near.endswith(known.bank_labels):
        lengths |= frozenset(range(12, MOST_DIGITS + 1))
    if beside.phone or near.endswith(known.phone_labels):
        lengths |= frozenset((7, 8))
    for m in range(len(groups), 0, -1):
        whole, last = wholes[m - 1].upper(), groups[m - 1][1]
        if len(whole) < 7:
            return None
        if len(whole) not in lengths and not _WHOLE.fullmatch(whole):
            continue
        shape = tuple(e - s for s, e in groups[:m])
        alone = first and last == end
        if kind := _kind(whole, shape, alone, before, near, text[last : last + 12], beside):
            return kind, at, last, _ABROAD.sub("", whole) if kind == "mobile" else whole
    return None


def _kind(  # noqa: PLR0913 - a number and what stands around it
    number: str, shape: tuple[int, ...], alone: bool, before: str, near: str, after: str, beside: LabelsBeside
) -> str:
    """Return the kind of a number of these groups, empty for none; ``near`` is what stands before it without
    its signs.
    """
    known = rules()
    solid = len(shape) == 1
    counted = after.lstrip().startswith(known.units) or (after[:1] == "." and after[1:2].isdigit())
    counted = counted or before.rstrip().endswith(("¥", "￥", "$", "€"))
    if len(number) == 18 and _identity(number):
        return "identity"
    if (
        len(number) in (15, 18)
        and "X" not in number[:-1]
        and (beside.identity or near.endswith(known.identity_labels))
    ):
        return "identity"  # what is called one is one, whether or not its check digit holds
    if "X" in number or (after[:1].isalnum() and after[:1].isascii()) or _of_digest(shape, before, after):
        return ""
    tail = before[len(before.rstrip(ascii_letters)) :].lower()
    if tail and tail not in known.phone_letters:
        return ""
    abroad = shape[0] in (2, 4) and shape[1:] in MOBILE_GROUPS | {(11,)}
    if not counted and (solid or alone or abroad or shape in MOBILE_GROUPS):
        bare = _ABROAD.sub("", number)
        if (
            len(bare) == 11
            and bare[0] == "1"
            and bare[1] in "3456789"
            and _valid(bare, phonenumbers.PhoneNumberType.MOBILE)
        ):
            return "mobile"
    if tail:
        return ""
    if 12 <= len(number) <= 24 and (beside.bank or near.endswith(known.bank_labels)):
        return "bank"
    coded = beside.code or near.endswith(known.code_labels)
    if not coded and not counted and 16 <= len(number) <= 19 and re.match("62[1-9]|60[0-9]|9558", number):
        if (solid or alone or set(shape[:-1]) == {4}) and luhn.is_valid(number):
            return "bank"
    if (
        not coded
        and not counted
        and len(number) == 15
        and (solid or alone or shape in ID15_GROUPS)
        and _identity(number)
    ):
        return "identity"
    head = shape == (12,) and after.startswith(("…", "...")) and (beside.any_number or not beside.phone)
    if counted or (head and not near.endswith(known.phone_labels)):  # of a digest, as a draw's tickets show
        return ""
    return _landline(number, shape, coded, before, near, beside)


def _of_digest(shape: tuple[int, ...], before: str, after: str) -> bool:
    """Return whether groups of a number stand in a row of groups as digests are written in: as long,
    of hex digits.
    """
    if shape[0] not in (4, 8) or len(set(shape)) > 1:
        return False
    one = f"[0-9a-f]{{{shape[0]}}}"
    found = (
        re.search(rf"(?<![0-9A-Za-z])(?:{one} ){{1,4}}$", before),
        re.match(rf"(?: {one}(?![0-9A-Za-z]))+", after),
    )
    return any(beside and re.search("[a-f]", beside.group()) for beside in found)


def _landline(
    number: str, shape: tuple[int, ...], coded: bool, before: str, near: str, beside: LabelsBeside
) -> str:
    known = rules()
    if any(re.search(line, number) for line in known.service_lines):
        return ""
    labelled = beside.phone or near.endswith(known.phone_labels)
    bare = re.sub("^(?:00)?86(?=[1-9])", "0", number)
    if bare.startswith("0") and 10 <= len(bare) <= 12 and not coded:
        if labelled or shape in FIXED_GROUPS or bare != number or before.endswith("("):
            if _valid(bare, phonenumbers.PhoneNumberType.FIXED_LINE):
                return "phone"
    return "phone" if labelled and len(number) in (7, 8) and number[0] in "2345678" else ""


_ABROAD = re.compile("^(?:00)?86(?=1)")
_NO_SIGN = re.compile("[^0-9Xx]")
_ASIDE = re.compile(r"[（(][^()（）]*[)）]|\s")


def _cleaned(text: str, at: int) -> str:
    """Return what stands right before a place without blanks, words in brackets and the signs between label
    and value.
    """
    before = text[max(0, at - BEFORE) : at]
    if not before or before[-1] == ")" or not before.isalnum():
        before = _ASIDE.sub("", before)
    return before.rstrip(":：-为是=+*(（|/;；")


def labelled(label: str, known: tuple[str, ...]) -> bool:
    """Return whether one of the known labels ends a text that stands beside another: its signs
    apart or not.
    """
    return _cleaned(label, len(label)).endswith(known)


def _identity(number: str) -> bool:
    """Return whether a number is an identity card's (GB 11643): province, birthday and, of 18,
    the check digit.
    """
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


@lru_cache(maxsize=65536)
def _valid(number: str, kind: int) -> bool:
    """Return whether the numbering plan of mainland China has such a number of this kind."""
    try:
        parsed = phonenumbers.parse(number, "CN")
    except phonenumbers.NumberParseException:
        return False
    types = (kind, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
    return phonenumbers.is_valid_number(parsed) and phonenumbers.number_type(parsed) in types
