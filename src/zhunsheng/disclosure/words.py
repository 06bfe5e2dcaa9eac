"""What tells of persons in words: mail, plates, passports, accounts beside a label, addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from zhunsheng.disclosure.numbers import BEFORE, Hit, labelled
from zhunsheng.disclosure.rules import rules

_AT = re.compile(r"(?<=[A-Za-z0-9._%+\- ])(?:@|[(\[{【] ?(?:at|AT|At|艾特) ?[)\]}】])(?= ?[A-Za-z0-9\-])")
_LOCAL = re.compile(r" ?([A-Za-z0-9._%+\-]{1,64})")
_DOT = r"(?: ?\. ?| ?[(\[{【] ?(?:dot|DOT|点) ?[)\]}】] ?)"
_HOST = re.compile(
    rf" ?[A-Za-z0-9\-]{{1,63}}(?:{_DOT}[A-Za-z0-9\-]{{1,63}}){{0,4}}{_DOT}[A-Za-z]{{2,12}}(?![A-Za-z])"
)
_REGIONS = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLATE = re.compile(
    rf"[{_REGIONS}][A-HJ-NP-Z][ ·.-]{{0,2}}(?=[A-Z·. -]{{0,6}}[0-9])"
    "(?:[DF][A-HJ-NP-Z0-9][0-9]{4}|[0-9]{5}[DF]|[A-HJ-NP-Z0-9]{4}(?:[A-HJ-NP-Z0-9"
    "挂学警港澳领]|应急))(?![A-Za-z0-9])"
    rf"|(?<![A-Za-z0-9])WJ[ ·.-]{{0,2}}(?:[{_REGIONS}]|[0-9]{{2}})?"
    "[ ·.-]{0,2}[0-9]{4}[0-9A-Z](?![A-Za-z0-9])"
    "|军[A-Z][ ·.-]{0,2}[0-9]{5}(?![A-Za-z0-9])"
)
_PASSPORT = re.compile(
    r"(?<![A-Za-z0-9])(?:[EGDSPKHMCWTR][A-HJ-NP-Z]?[ -]?[0-9]{6,10}|[0-9]{8})(?![A-Za-z0-9])"
)
_ROOM = re.compile(
    r"(?<![0-9])[0-9]{1,4} ?(?:幢|栋|号楼|座)[ -]?(?:[0-9一二三四五六七八九]{1,2} ?单元)?"
    r"[ -]?[0-9]{3,4}(?: ?室|(?![0-9]))"
)
_ROAD = re.compile(
    r"[一-鿿0-9A-Za-z]{2,20}(?:路|街|巷|弄|村|苑|园|小区|新村|花园|公寓)[一-鿿0-9A-Za-z]{0,10}\Z"
)
_ROADS = re.compile("[路街巷弄村苑园区寓]")
_LIVES = re.compile(r"住(?:在|于|址)?[ :]?[^，。；;\n\t]{0,40}\Z")


def mails(plain: str, digits: str, labels: Sequence[str]) -> Iterator[Hit]:
    """Yield addresses of mail, each from the sign in its middle outwards."""
    for m in _AT.finditer(plain):
        local = _LOCAL.match(plain[max(0, m.start() - 66) : m.start()][::-1])
        host = _HOST.match(plain, m.end(), min(len(plain), m.end() + 400))
        name = local[1][::-1].lstrip("._%+-") if local else ""
        if local and host and name:
            end = re.sub(rf"{_DOT}", ".", host.group().strip())
            yield (
                "email",
                m.start() - local.end() + len(local[1]) - len(name),
                host.end(),
                f"{name}@{end}".lower(),
            )


def plates(plain: str, digits: str, labels: Sequence[str]) -> Iterator[Hit]:
    """Yield number plates."""
    for m in _PLATE.finditer(digits):
        yield "plate", m.start(), m.end(), re.sub("[^一-鿿A-Z0-9]", "", m.group())


def passports(plain: str, digits: str, labels: Sequence[str]) -> Iterator[Hit]:
    """Yield passports beside a label."""
    known = rules().passport_labels
    if not any(word in plain for word in known) and not any(label.endswith(known) for label in labels):
        return
    for m in _PASSPORT.finditer(digits):
        before = (
            digits[max(0, m.start() - BEFORE) : m.start()]
            .rstrip(" :：")
            .removesuffix("码")
            .removesuffix("号")
        )
        if any(labelled(one, (*known, "证件")) for one in (before, *labels)):
            yield "passport", m.start(), m.end(), re.sub("[ -]", "", m.group())


@lru_cache
def _label_patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of an account on a network, and of a place, each behind its label."""
    known = rules()
    # In letters a label is a word of its own: the qq within a code is none.
    words = [rf"(?<![A-Za-z0-9_]){word}" if word.isascii() else word for word in known.account_labels]
    account = rf"(?:{'|'.join(words)})(?:号码|号|账号|帐号|ID|id)?"
    sign = r"(?:[A-Za-z][A-Za-z0-9_\-]{4,29}|[0-9]{5,12})(?![A-Za-z0-9_])"
    sure = rf"{account}[ 为是]{{0,3}}[:=][ :]{{0,3}}(?P<sure>{sign})"
    loose = rf"{account}[ 为是]{{0,3}}(?P<loose>(?=[A-Za-z\-]{{0,29}}[0-9_]){sign})"
    place = rf"(?:{'|'.join(known.address_labels)})[ :：为在是\n]{{0,8}}(?=(?P<place>[^，。；;\n\t]{{4,60}}))"
    return re.compile(f"{sure}|{loose}"), re.compile(place)


def accounts(plain: str, digits: str, labels: Sequence[str]) -> Iterator[Hit]:
    """Yield names of accounts beside a label."""
    if any(word in plain for word in rules().account_labels):
        for m in _label_patterns()[0].finditer(digits):
            group = m.lastgroup or ""
            yield "account", m.start(group), m.end(group), m[group]
    if any(
        labelled(re.sub("(?:号码|号)$", "", label.rstrip(" :：")), rules().account_labels) for label in labels
    ):
        for m in re.finditer(r"[A-Za-z][A-Za-z0-9_\-]{4,29}|[0-9]{5,12}", digits):
            yield "account", m.start(), m.end(), m.group()


def addresses(plain: str, digits: str, labels: Sequence[str]) -> Iterator[Hit]:
    """Yield where people live: rooms, roads and what stands beside a label."""
    known = rules().address_labels
    if (
        len(plain) <= MOST_PLACE
        and any(labelled(label, known) for label in labels)
        and _is_address(plain.strip())
    ):
        yield "address", 0, len(plain), plain.strip()
    if any(word in plain for word in known):
        for m in _label_patterns()[1].finditer(plain):
            if _is_address(m["place"]):
                yield "address", m.start("place"), m.end("place"), m["place"].strip()
    for m in _ROOM.finditer(digits):
        before = plain[max(0, m.start() - 34) : m.start()]
        if not _ROADS.search(before):
            continue
        # Without the sign of a room it is a home only where someone is said to live there.
        if (road := _ROAD.search(before)) and (
            m.group().endswith("室") or _LIVES.search(plain[max(0, m.start() - 44) : m.start()])
        ):
            lives = road.group().rfind("住") + 1
            lives += lives and road.group()[lives : lives + 1] in ("在", "于", "址")
            first = m.start() - len(road.group()) + lives
            yield "address", first, m.end(), plain[first : m.end()]


MOST_PLACE = 80


def _is_address(text: str) -> bool:
    """Return whether a text is the place of a home: a road, village or estate, and a number in it."""
    return bool(
        re.search("[路街巷弄村镇乡区苑园号组]", text)
        and re.search("[0-9一二三四五六七八九十]", text)
        and len(text) <= 60
    )
