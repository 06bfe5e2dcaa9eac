"""The measures that a body defined itself: a new version, an end, what a version changes in past readings,
packs that go from one body to another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

import yaml

from zhunsheng import clock
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Store, defined
from zhunsheng.evidence.defined import Definition
from zhunsheng.evidence.ledgers import Ledger, ledgers, packaged_ledgers
from zhunsheng.faults import parsed
from zhunsheng.measures import Reading, read_all
from zhunsheng.measures.definitions import Measure, check, digest_of, measures, packaged_measures
from zhunsheng.measures.stated import id_of
from zhunsheng.regulations import read_yaml
from zhunsheng.translation import worded
from zhunsheng.usecases.defining import define_ledger
from zhunsheng.usecases.opened_evidence import Evidence

PACK = "zhunsheng-measures-1"
Fate = Literal["new", "same", "version", "name", "ledger"]


@dataclass(frozen=True)
class Own:
    """A measure of a body's own: its definition now (of one that ended, the last), and its versions."""

    measure: Measure
    versions: tuple[Definition, ...]

    @property
    def ended(self) -> bool:
        """Whether it is used no more."""
        return self.versions[-1].body is None


@dataclass(frozen=True)
class Moved:
    """What a measure came to on a day at a batch by the definition in use, and comes to by the new one."""

    as_of: date
    batch: int
    before: Reading | None
    after: Reading | None

    @property
    def differs(self) -> bool:
        """Whether the figure is another."""
        return _told(self.before) != _told(self.after)


def _told(reading: Reading | None) -> tuple[object, ...]:
    return (reading.value, reading.numerator, reading.denominator, reading.note) if reading else ()


def listed(store: Path) -> list[Own]:
    """Return the measures defined in a store, also those that ended, by name."""
    found = (one_of(store, name) for name in defined.ids(store, "measure"))
    return sorted(found, key=lambda own: own.measure.name)


def one_of(store: Path, name: str) -> Own:
    """Return a measure of one's own by id. Raises ``ZS-MS-09``."""
    versions = defined.versions(store, "measure", name) if defined.fit(name) else []
    bodies = [one.body for one in versions if one.body is not None]
    if not bodies:
        raise ZhunshengError("ZS-MS-09", name=name)
    return Own(read_yaml(bodies[-1], Measure, name), tuple(versions))


def save(
    store: Path, measure: Measure, *, who: str, why: str, after: int | None = None, on: date | None = None
) -> Measure:
    """Keep a measure as its next version, which says since when and why. ``after`` is the version that
    whoever defines it saw (0: none). Raises ``ZS-MS-02``, ``-04``, ``-07`` for a name that another bears,
    ``-08`` where another version came in between.
    """
    made = stamped(store, measure, why, on)
    if after is not None and after != made.version - 1:
        raise ZhunshengError("ZS-MS-08", name=measure.name, version=made.version - 1)
    _keep(store, made, defined.written(made), made.version - 1, who, why)
    return made


def stamped(store: Path, measure: Measure, why: str, on: date | None = None) -> Measure:
    """Return a measure as its next version would be. Raises as ``save``."""
    if not defined.fit(measure.id) or measure.id in packaged_measures():
        raise ZhunshengError("ZS-MS-07", name=measure.id)
    if (other := _of_name(measure)) is not None:
        raise ZhunshengError("ZS-MS-07", name=other.name)
    versions = defined.versions(store, "measure", measure.id)
    earlier = one_of(store, measure.id).measure.changes if versions else ()
    since = (on or clock.today()).isoformat()
    change = {"version": len(versions) + 1, "since": since, "what": why}
    changes = [*(c.model_dump() for c in earlier), change]
    said = measure.model_dump(by_alias=True) | {"version": len(versions) + 1, "changes": changes}
    made = Measure.model_validate(said)
    check(made)
    return made


def end(store: Path, name: str, *, who: str, why: str, after: int | None = None) -> Own:
    """End a measure: it is used no more, and its versions stay. Raises ``ZS-MS-08``, ``-09``."""
    own = one_of(store, name)
    if own.ended or (after is not None and after != len(own.versions)):
        raise ZhunshengError("ZS-MS-08", name=own.measure.name, version=len(own.versions))
    _keep(store, own.measure, None, len(own.versions), who, why)
    return own


def _keep(store: Path, measure: Measure, body: str | None, after: int, who: str, why: str) -> None:
    """Keep a version in a store, the one place from which a measure is written: after so many others, told
    under the store's lock. Raises ``ZS-MS-08``.
    """

    def newest(_index: object) -> None:
        found = len(defined.versions(store, "measure", measure.id))
        if found != after:
            raise ZhunshengError("ZS-MS-08", name=measure.name, version=found)

    Store(store).define(
        "measure", measure.id, body, who=who, why=why, department=measure.owner or "", checks=newest
    )


def _of_name(measure: Measure) -> Measure | None:
    """Return another measure that bears a measure's name, as far as both hold for one body."""
    for other in measures().values():
        same_body = measure.owner is None or other.owner in (None, measure.owner)
        if other.id != measure.id and same_body and measure.name in (other.name, *other.aliases):
            return other
    return None


def preview(opened: Evidence, measure: Measure, year: int, as_of: date, department: str) -> Reading | None:
    """Return what a measure comes to for a department (by code) by the engine, None where it has no rows."""
    found = read_all([measure], opened.engine, opened.snapshot, year, as_of, departments={department})
    return found.get((measure.id, department, None))


def moved(
    at: Callable[[int], Evidence],
    before: Measure | None,
    after: Measure,
    department: str,
    days: Iterable[tuple[int, date, int]],
) -> list[Moved]:
    """Return what a measure came to by one definition and by another for a department (by code), on ``days``
    (year, day, batch) of which ``at`` opens the evidence.
    """
    found = []
    for year, as_of, batch in days:
        opened = at(batch)
        one = preview(opened, before, year, as_of, department) if before else None
        found.append(Moved(as_of, batch, one, preview(opened, after, year, as_of, department)))
    return found


def changed_after(store: Path, name: str, moment: datetime) -> tuple[Definition, ...]:
    """Return the versions of a measure that were made after a moment; none of one that is not of its own."""
    versions = defined.versions(store, "measure", name) if defined.fit(name) else []
    return tuple(one for one in versions if datetime.fromisoformat(one.at) > moment)


# -- packs


@dataclass(frozen=True)
class Offered:
    """A measure of a pack, and what taking it in would do: it is ``new``, the ``same`` is here, it would be a
    new ``version`` of one here, another has its ``name``, or it does not go with a ``ledger`` here. ``book``
    is the ledger that comes with it, None where it counts one that is here.
    """

    measure: Measure
    fate: Fate
    other: Measure | None = None
    book: Ledger | None = None


def pack(chosen: Sequence[Measure]) -> str:
    """Return measures as one pack, with the ledgers they count that the package does not have: YAML."""
    books = {m.ledger: ledgers()[m.ledger] for m in chosen if m.ledger not in packaged_ledgers()}
    said = [m.model_dump(mode="json", by_alias=True, exclude_defaults=True) for m in chosen]
    kept = [b.model_dump(mode="json", exclude_defaults=True, exclude=_ELSEWHERE) for b in books.values()]
    body = {"pack": PACK, "ledgers": kept, "measures": said}
    return yaml.safe_dump(body, allow_unicode=True, sort_keys=False, width=1000)


# What of a ledger is of the body that keeps it; its id is a number among that body's.
_ELSEWHERE = {"department", "defined", "steward"}


def offered(store: Path, text: str, name: str, owner: str | None) -> list[Offered]:
    """Return what a pack offers a body, changing nothing. Raises ``ZS-MS-10``, ``ZS-MS-02``."""
    try:
        said: Any = parsed(text)
    except yaml.YAMLError as error:
        detail = str(error).splitlines()[0]
        raise ZhunshengError("ZS-MS-10", name=name, detail=detail) from None
    if not isinstance(said, dict) or said.get("pack") != PACK or not isinstance(said.get("measures"), list):
        detail = worded("没有写明是测度包，或没有测度")
        raise ZhunshengError("ZS-MS-10", name=name, detail=detail)
    found = read_yaml(yaml.safe_dump(said["measures"], allow_unicode=True), list[Measure], name)
    books = read_yaml(yaml.safe_dump(said.get("ledgers") or [], allow_unicode=True), list[Ledger], name)
    known = {book.id: book for book in books}
    return [_offered(store, m.model_copy(update={"owner": owner}), known) for m in found]


def _offered(store: Path, measure: Measure, books: Mapping[str, Ledger]) -> Offered:
    coming = None
    if measure.ledger not in packaged_ledgers():
        # An id is one of the body's it comes from: here the same one may be another ledger.
        book = books.get(measure.ledger)
        here = book and _same(book, measure.owner or "")
        if book is None or (here is None and _title_taken(book, measure.owner or "")):
            return Offered(measure, "ledger")
        coming = book if here is None else None
        measure = measure if here is None else measure.model_copy(update={"ledger": here.id})
    if coming is None:
        try:
            check(measure)
        except ZhunshengError:
            return Offered(measure, "ledger")
    if measure.id in packaged_measures():
        return Offered(measure, "name", packaged_measures()[measure.id])
    own = _here(store, measure.id)
    if own is not None and own.measure.owner != measure.owner:  # another body's, which keeps its id
        measure = measure.model_copy(update={"id": id_of(measure.name, measure.owner)})
        own = _here(store, measure.id)
    if own is not None:
        same = not own.ended and _content(own.measure) == _content(measure)
        return Offered(measure, "same" if same else "version", own.measure, coming)
    if (other := _of_name(measure)) is not None:
        return Offered(measure, "name", other)
    return Offered(measure, "new", None, coming)


def _here(store: Path, name: str) -> Own | None:
    return one_of(store, name) if defined.versions(store, "measure", name) else None


def _same(book: Ledger, owner: str) -> Ledger | None:
    """Return the ledger of a body that says what one of a pack says, None where it has none."""
    own = _says(book)
    mine = (one for one in ledgers().values() if one.id not in packaged_ledgers())
    return next((one for one in mine if one.department in ("", owner) and _says(one) == own), None)


def _says(book: Ledger) -> dict[str, Any]:
    return book.model_dump(mode="json", exclude={"id", "what", *_ELSEWHERE})


def _title_taken(book: Ledger, owner: str) -> bool:
    return any(one.title == book.title and one.department in ("", owner) for one in ledgers().values())


def _content(measure: Measure) -> str:
    """Return the digest of what a measure says, whatever its version."""
    return digest_of(measure.model_copy(update={"version": 1, "changes": ()}))


def take(
    store: Path, offers: Sequence[Offered], said: Mapping[str, str], *, who: str, why: str
) -> list[Measure]:
    """Take in what a pack offers: what is new, with the ledgers that come with it, and as a new version what
    ``said`` (by id) says so of; what has the name of another, or goes with no ledger, is not taken. Raises
    ``ZS-MS-11`` where it is not said what to do of one that is here otherwise.
    """
    asked = [
        one for one in offers if one.fate == "version" and said.get(one.measure.id) not in ("skip", "version")
    ]
    if asked:
        names = "、".join(f"{one.measure.name}（{one.measure.id}）" for one in asked)
        raise ZhunshengError("ZS-MS-11", count=len(asked), names=names)
    made: dict[str, str] = {}
    taken = []
    for one in offers:
        if one.fate != "new" and not (one.fate == "version" and said[one.measure.id] == "version"):
            continue
        # Its versions are of where it came from: here it has its own.
        measure = one.measure.model_copy(update={"version": 1, "changes": ()})
        if one.book is not None:
            owner = measure.owner or ""
            if one.book.id not in made:
                book = one.book.model_copy(update={"id": "", "department": owner})
                batch = define_ledger(Store(store), book, who=who, why=why, department=owner)
                made[one.book.id] = batch.ledger
            measure = measure.model_copy(update={"ledger": made[one.book.id]})
        taken.append(save(store, measure, who=who, why=why))
    return taken
