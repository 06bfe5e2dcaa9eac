"""Compare what was read of a test document with what it says, field by field, by kind of error."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from zhunsheng.targets.doubts import TOLD

Kind = Literal["right", "wrong", "missing", "flagged", "refused"]
_PLAIN = str.maketrans("０１２３４５６７８９．％＜＞＝：；，（）", "0123456789.%<>=:;,()")
_FACTORS = {"%": Decimal("0.01"), "‰": Decimal("0.001"), "": Decimal(1)}
_NUMBERED = re.compile(r"^\s*[一二三四五六七八九\d]+[、.](?=.)")
_SUFFIX = re.compile(r"(?<=.)指标$")


@dataclass(frozen=True)
class Judged:
    """One field: what it is, how it was read, and what was read for what."""

    field: str
    kind: Kind
    told: str = ""


@dataclass(frozen=True)
class Judgement:
    """All fields of one document, the doubts to be confirmed that were raised, how many of them stand at
    something wrong or were called for, and how many about a value that is right.

    ``proposals`` are what unknown heads were taken for, asked once a layout; ``told`` is what was left out
    and needs no answer. ``reasons`` has for each doubt why it was raised and whether it is real.
    """

    fields: tuple[Judged, ...]
    doubts: int
    real: int
    alarms: int
    proposals: int = 0
    told: int = 0
    reasons: tuple[tuple[str, bool], ...] = ()


def plain(text: object) -> str:
    """Return a text without what no reader need keep: blanks, brackets, colons, the width of signs."""
    return re.sub(r"[\s():：、,，。;；“”\"·]", "", str("" if text is None else text).translate(_PLAIN))


def _level(text: object) -> str:
    without = re.sub(r"\([^()]*\)", "", str("" if text is None else text).translate(_PLAIN))
    return _SUFFIX.sub("", plain(_NUMBERED.sub("", without)))


def _number(text: object) -> tuple[Decimal, str] | None:
    """Return the number that a text begins with, and what follows."""
    said = plain(text).replace(",", "")
    found = re.match(r"[≥≤=><≧≦±]*(-?\d+(?:\.\d+)?)(.*)", said)
    if not found:
        return None
    try:
        return Decimal(found[1]), found[2]
    except InvalidOperation:
        return None


def _scaled(unit: object) -> tuple[Decimal, str]:
    """Return a unit as (factor, base): 万元 is (10000, 元), % (0.01, nothing)."""
    said = plain(unit)
    if said in _FACTORS:
        return _FACTORS[said], ""
    return (Decimal(10000), said[1:]) if said.startswith("万") else (Decimal(1), said)


def same_amount(value: object, unit: object, want: object, want_unit: object) -> bool:
    """Return whether a value with its unit is the wanted one, in whichever of the wanted units."""
    shown = "-".join(str(end) for end in value) if isinstance(value, list | tuple) else value
    for one in str("" if want is None else want).split("|"):
        if one == "" and shown in (None, ""):
            return True
        if one == "" or shown in (None, ""):
            continue
        mine, its = _number(shown), _number(one)
        ranged = "-" in plain(one)[1:]
        if mine is None or its is None or ranged:
            if plain(shown) == plain(one):
                return True
            continue
        for named in str("" if want_unit is None else want_unit).split("|"):
            if mine[0] * _scaled(unit)[0] == its[0] * _scaled(named)[0]:
                return True
    return False


def same_words(got: object, want: object) -> bool:
    """Return whether a result as written is the wanted one; the digits must agree, a unit may be left out."""
    if plain(got) == plain(want):
        return True
    mine, its = _number(got), _number(want)
    if mine is None or its is None:
        return False
    if mine[0] == its[0]:
        return not mine[1] or not its[1] or mine[1] == its[1]
    return its[1] == "%" and not mine[1] and mine[0] * 100 == its[0]


class _Doubts:
    """What a reader said that it is unsure of; ``real`` are those asked for because something is wrong, or
    because the document does not tell it.
    """

    def __init__(self, book: dict[str, Any]) -> None:
        self.all = book.get("unsure") or []
        self.real: set[int] = set()

    def asked(self) -> list[int]:
        """Return the numbers of those about what was read or could not be, which a person must confirm."""
        return [
            n for n, one in enumerate(self.all) if one.get("field") not in TOLD and not self.proposes(one)
        ]

    @staticmethod
    def proposes(one: dict[str, Any]) -> bool:
        """Say whether it proposes what columns of unknown heads are."""
        return one.get("field") == "header" and "按各列的内容读入" in str(one.get("why"))

    def called_for(self, *fields: str) -> None:
        """Count doubts about what the document truly does not tell as real."""
        self._any(lambda one: one.get("field") in fields)

    def _any(self, holds: Callable[[dict[str, Any]], bool]) -> bool:
        found = {n for n, one in enumerate(self.all) if holds(one)}
        self.real |= found
        return bool(found)

    def of(self, *fields: str) -> Callable[[], bool]:
        """Return a question: is one about a field of a sheet?"""
        return lambda: self._any(lambda one: str(one.get("field", "")).startswith(fields))

    def at(self, place: dict[str, Any] | None, name: str, more: bool = False) -> Callable[[], bool]:
        """Return a question: is one of the row at a place, does it quote the name, is there ``more``?"""

        def about(one: dict[str, Any]) -> bool:
            here = bool(place) and _row(one.get("place")) == _row(place)
            return here or plain(name) in plain(f"{one.get('why')}{one.get('text')}")

        return lambda: self._any(about) or more


def _row(place: dict[str, Any] | None) -> tuple[Any, ...]:
    place = place or {}
    return tuple(place.get(key) for key in ("sheet", "table", "row", "line"))


def _one(field: str, right: bool, shown: object, flagged: Callable[[], bool], told: str = "") -> Judged:
    if right:
        return Judged(field, "right")
    kind: Kind = "flagged" if flagged() else "missing" if shown in (None, "", []) else "wrong"
    return Judged(field, kind, told or f"{shown}")


def judge(book: dict[str, Any], wants: list[dict[str, Any]], refused: str = "") -> Judgement:
    """Judge a book (as its JSON) by the true sheets; of a refused file every field is refused."""
    sheets = book.get("sheets") or []
    doubts = _Doubts(book)
    given = _paired(sheets, wants)
    found: list[Judged] = []
    asked: set[str] = set()
    for n, want in enumerate(wants):
        got = sheets[given[n]] if n in given else {}
        found += _heads(got, want, doubts)
        found += _indicators(got, want, doubts)
        asked |= {plain(one["name"]) for one in want["indicators"] if one.get("flag")}
        if not want.get("year"):
            doubts.called_for("year")
    for n, sheet in enumerate(sheets):
        if n not in given.values() and sheet.get("indicators"):
            found.append(Judged("sheet", "wrong", f"invented: {sheet.get('name')}"))
    if refused:
        found = [Judged(one.field, "refused", refused) for one in found]
    bad = {one.field.partition(":")[0] for one in found if one.kind != "right"}
    told = [i for s in sheets for i in s.get("indicators") or [] if (i.get("target") or {}).get("doubts")]
    alarms = [i for i in told if plain(i["name"]) not in asked and i["name"] not in bad]
    mine = doubts.asked()
    reasons = tuple((reason(doubts.all[n]), n in doubts.real) for n in mine)
    proposals = sum(map(doubts.proposes, doubts.all))
    left_out = len(doubts.all) - len(mine) - proposals
    real = sum(is_real for _, is_real in reasons)
    return Judgement(tuple(found), len(mine), real, len(alarms), proposals, left_out, reasons)


def reason(one: dict[str, Any]) -> str:
    """Return why a doubt was raised, without what it quotes."""
    return re.sub(r"“[^”]*”", "“…”", f"{str(one.get('field')).partition('.')[0]}: {one.get('why')}")


def _paired(sheets: list[dict[str, Any]], wants: list[dict[str, Any]]) -> dict[int, int]:
    """Return which sheet read answers to which wanted one: by name, then by the indicators they share."""
    if len(sheets) == len(wants) == 1:
        return {0: 0}
    scores = []
    for n, want in enumerate(wants):
        names = {plain(one["name"]) for one in want["indicators"]}
        for m, sheet in enumerate(sheets):
            shared = len(names & {plain(i.get("name")) for i in sheet.get("indicators") or []})
            scores.append((2 * shared + 3 * (plain(sheet.get("name")) == plain(want["name"]) != ""), -n, -m))
    given: dict[int, int] = {}
    for score, n, m in sorted(scores, reverse=True):
        if score and -n not in given and -m not in given.values():
            given[-n] = -m
    return given


def _heads(got: dict[str, Any], want: dict[str, Any], doubts: _Doubts) -> Iterator[Judged]:
    """Judge what a sheet says above its indicators."""
    budget = got.get("budget") or {}
    yield _one("kind", got.get("kind") == want["kind"], got.get("kind"), doubts.of("kind"))
    for key in ("name", "code", "department", "unit", "purpose"):
        if want.get(key) is not None:
            shown = got.get(key)
            right = (
                plain(shown).endswith(plain(want[key])) and len(plain(shown)) <= len(plain(want[key])) + 12
            )
            yield _one(key, right, shown, doubts.of(key), f"{shown} for {want[key]}")
    if want.get("year"):
        yield _one(
            "year",
            str(got.get("year")) == want["year"],
            got.get("year"),
            doubts.of("year"),
            f"{got.get('year')} for {want['year']}",
        )
    for key in ("total", "fiscal", "other"):
        if want.get(key) is not None:
            shown = budget.get(key)
            right = shown is not None and any(Decimal(shown) == Decimal(one) for one in want[key].split("|"))
            right = right or (key != "total" and want[key].startswith("0") and shown is None)
            yield _one(
                f"budget.{key}",
                right,
                shown,
                doubts.of(f"budget.{key}", "budget", key),
                f"{shown} for {want[key]}",
            )
    for key, value in (want.get("execution") or {}).items():
        shown = (got.get("execution") or {}).get(key)
        right = shown is not None and Decimal(shown) == Decimal(value)
        yield _one(f"execution.{key}", right, shown, doubts.of("execution"), f"{shown} for {value}")
    if want.get("plan"):
        shown = [step["cumulative"] for step in got.get("spending_plan") or []]
        right = [Decimal(one) for one in shown] == [Decimal(one) for one in want["plan"]]
        yield _one("plan", right, shown, doubts.of("spending_plan", "plan"), f"{shown} for {want['plan']}")
    if want.get("goals"):
        yield _goals(got, want["goals"], doubts)


def _goals(got: dict[str, Any], want: list[str], doubts: _Doubts) -> Judged:
    """Judge the goals by number, order and text; one goal may hold what a cell says with all its numbers."""
    shown = [goal["text"] for goal in got.get("goals") or []]
    bare = [re.sub(r"^(?:目标)?\d+[.:：、]?", "", plain(text)) for text in shown]
    right = bare == [plain(text) for text in want]
    return _one("goals", right, shown, doubts.of("goal"), f"{shown} for {want}")


def _indicators(got: dict[str, Any], want: dict[str, Any], doubts: _Doubts) -> Iterator[Judged]:
    """Judge every wanted indicator, and those that nobody wrote."""
    left = list(got.get("indicators") or [])
    for one in want["indicators"]:
        name = one["name"]
        near = [i for i in left if plain(i.get("name")) == plain(name)]
        same = [i for i in near if _level(i.get("level2")) == _level(one.get("level2"))]
        hit = (same or near or [None])[0]
        if hit is None:
            fields = [
                "name",
                "op",
                "value",
                *(
                    k
                    for k in (
                        "level1",
                        "level2",
                        "unit",
                        "weight",
                        "actual",
                        "score",
                        "basis",
                        "description",
                        "last",
                        "medium",
                    )
                    if one.get(k) is not None
                ),
            ]
            flagged = doubts.at(None, name)()
            yield from (Judged(f"{name}: {k}", "flagged" if flagged else "missing", "lost") for k in fields)
            continue
        left.remove(hit)
        yield from _indicator(hit, one, doubts)
    for i in left:
        unsure = bool((i.get("target") or {}).get("doubts"))
        flagged = doubts.at(i.get("place"), i.get("name") or "\0", unsure)()
        yield Judged(
            f"{i.get('name')}: invented",
            "flagged" if flagged else "wrong",
            str((i.get("target") or {}).get("raw")),
        )


def _indicator(hit: dict[str, Any], one: dict[str, Any], doubts: _Doubts) -> Iterator[Judged]:
    name, target = one["name"], hit.get("target") or {}
    about = doubts.at(hit.get("place"), name)
    value_doubt = doubts.at(hit.get("place"), name, bool(target.get("doubts")))

    def told(key: str, shown: Any, right: bool) -> Judged:
        return _one(f"{name}: {key}", right, shown, about, f"{shown} for {one[key]}")

    yield Judged(f"{name}: name", "right")
    for key in ("level1", "level2"):
        if one.get(key) is not None:
            yield told(key, hit.get(key), _level(hit.get(key)) == _level(one[key]))
    unread = target.get("op") == "unread"
    right = target.get("op") in one["op"].split("|") and (not unread or value_doubt())
    yield _one(
        f"{name}: op",
        right,
        None if unread else target.get("op"),
        value_doubt,
        f"{target.get('op')} for {one['op']} ({target.get('raw')})",
    )
    shown = target.get("value")
    right = same_amount(shown, target.get("unit"), one["value"], one["unit"])
    wanted = "value" in (one.get("flag") or ())
    if wanted and not value_doubt():
        right = False
    yield _one(
        f"{name}: value",
        right,
        shown,
        value_doubt,
        f"{shown} {target.get('unit') or ''} for {one['value']} {one['unit'] or ''} ({target.get('raw')})"
        f"{' doubt wanted' if wanted else ''}",
    )
    if one.get("unit"):
        unit = target.get("unit")
        right = any(plain(unit) == plain(u) for u in one["unit"].split("|")) or (
            any(_scaled(unit)[1] == _scaled(u)[1] for u in one["unit"].split("|"))
            and same_amount(shown, unit, one["value"], one["unit"])
        )
        yield _one(
            f"{name}: unit", right, unit, value_doubt, f"{unit} for {one['unit']} ({target.get('raw')})"
        )
    for key, held in (("weight", "weight"), ("actual", "actual"), ("score", "score"), ("last", "last_year")):
        if one.get(key) not in (None, ""):
            shown = hit.get(held)
            yield told(key, shown, same_words(shown, one[key]))
    for key in ("basis", "description"):
        if one.get(key) is not None:
            yield told(key, hit.get(key), plain(hit.get(key)) == plain(one[key]))
    if one.get("medium"):
        medium = (hit.get("medium_term") or {}).get("raw")
        yield told("medium", medium, plain(medium) == plain(one["medium"]))
