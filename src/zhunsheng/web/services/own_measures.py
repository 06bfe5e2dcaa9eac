"""A department's own measures on the site: listed, looked at before they are saved, ended, carried in
packs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.ledgers import Ledger, ledgers
from zhunsheng.measures import EvidenceRow, Measure, Reading, Rows, evidence_rows
from zhunsheng.measures.clicked import predicate_text
from zhunsheng.measures.stated import Stated, id_of, measure_of, stated_of
from zhunsheng.usecases import own_measures as core
from zhunsheng.usecases.opened_evidence import Evidence
from zhunsheng.usecases.own_measures import Moved, Offered, Own
from zhunsheng.web.audit import record
from zhunsheng.web.models import Assessment, Organisation, User
from zhunsheng.web.services import evidence
from zhunsheng.web.services.ledgers import key_of
from zhunsheng.web.services.year.calendar import day_of

SHOWN = 10  # rows of a preview
PAST = 6  # days of the past on which a new version is compared


@dataclass(frozen=True)
class Preview:
    """What a measure comes to before it is saved: its reading, the first rows, and figures of the past by the
    version in use and by this one.
    """

    measure: Measure
    as_of: date
    reading: Reading | None
    titles: list[str]
    rows: list[tuple[EvidenceRow, list[object]]]
    moved: list[Moved]


def listed(department: Organisation) -> list[Own]:
    """Return the measures that a department defined, and those that were defined for all."""
    return [own for own in core.listed(evidence.folder()) if own.measure.owner in (None, key_of(department))]


def with_ledgers(department: Organisation) -> list[tuple[Own, str]]:
    """Return the measures of ``listed`` with the titles of their ledgers."""
    known = ledgers()
    return [
        (own, known[name].title if (name := own.measure.ledger) in known else name)
        for own in listed(department)
    ]


def one_of(department: Organisation, name: str) -> Own | None:
    """Return a measure that a department defined or that was defined for all, None for none."""
    try:
        own = core.one_of(evidence.folder(), name)
    except ZhunshengError:
        return None
    return own if own.measure.owner in (None, key_of(department)) else None


def may_change(department: Organisation, own: Own) -> bool:
    """Return whether a measure is the department's to change: not what was defined for all."""
    return own.measure.owner == key_of(department)


def ledger(name: str) -> Ledger | None:
    """Return a ledger by id, None for none."""
    return ledgers().get(name)


def all_ledgers() -> list[Ledger]:
    """Return the ledgers a measure can be defined over."""
    return sorted(ledgers().values(), key=lambda one: one.title)


def statement(measure: Measure) -> dict[str, object] | None:
    """Return what the form says of a measure, None for one that it can't say."""
    said = stated_of(measure)
    if said is None:
        return None
    found: dict[str, object] = {
        **vars(said),
        "column": said.of,
        "count_days": "work" if said.workdays else "all",
        "drill": list(said.drill),
        "aliases": "、".join(said.aliases),
        **(said.answers or {}),
    }
    own = ledgers()[said.ledger]
    choices = {c.name for c in own.columns if c.type == "choice"}
    for part, conditions, also, most in (
        ("c", said.conditions, "also", 5),
        ("h", said.hits, "hits_also", 3),
    ):
        rest = []
        n = 0
        for one in conditions:
            if n < most and (len(one.values) < 2 or one.column in choices):
                found |= {
                    f"{part}{n}-column": one.column,
                    f"{part}{n}-how": one.how,
                    f"{part}{n}-value": "、".join(one.values),
                }
                n += 1
            else:
                rest.append(predicate_text([one], own))
        if rest:
            found[also] = " AND ".join([*rest, *([f"({found[also]})"] if found[also] else [])])
    return found


def made(department: Organisation, said: Stated, own: Own | None) -> Measure:
    """Return the measure that a statement makes, a version of ``own`` if given. Raises as ``measure_of``."""
    owner = key_of(department)
    return measure_of(said, own.measure.id if own else id_of(said.name, owner), owner)


def previewed(department: Organisation, year: int, measure: Measure, own: Own | None, why: str) -> Preview:
    """Return what a measure comes to now, and what it changes in the figures of the past. Raises as
    ``core.save``.
    """
    stamped = core.stamped(evidence.folder(), measure, why)
    opened, as_of, code = evidence.opened(), day_of(department, year), key_of(department)
    reading = core.preview(opened, stamped, year, as_of, code)
    found = evidence_rows(stamped, opened.engine, opened.snapshot, year, as_of, Rows(SHOWN, department=code))
    before = own.measure if own and not own.ended else None
    moved = core.moved(_at, before, stamped, code, _days(department)) if before else []
    rows = [(row, list(row.values.values())) for row in found]
    return Preview(stamped, as_of, reading, list(found[0].values) if found else [], rows, moved)


def _at(batch: int) -> Evidence:
    return evidence.opened(batch=batch)


def _days(department: Organisation) -> list[tuple[int, date, int]]:
    """Return the newest days on which a department's figures were kept, with the batch of each."""
    kept = Assessment.objects.filter(department=department, batch__gt=0).order_by("-as_of", "-pk")
    found = dict.fromkeys(kept.values_list("year", "as_of", "batch")[: PAST * 4])
    return list(found)[:PAST]


def save(department: Organisation, user: User, measure: Measure, why: str, after: int) -> Measure:
    """Keep a measure as its next version. Raises as ``core.save``."""
    kept = core.save(evidence.folder(), measure, who=str(user), why=why, after=after)
    record("measures.define", department, after={"measure": kept.id, "version": kept.version, "why": why})
    return kept


def end(department: Organisation, user: User, own: Own, why: str, after: int) -> None:
    """End a measure. Raises as ``core.end``."""
    core.end(evidence.folder(), own.measure.id, who=str(user), why=why, after=after)
    record("measures.define", department, after={"measure": own.measure.id, "ended": True, "why": why})


def exported(department: Organisation) -> tuple[bytes, str]:
    """Return the department's own measures that are in use as one pack, with its name."""
    chosen = [own.measure for own in listed(department) if not own.ended]
    record("export", department, after={"measures": len(chosen)})
    return core.pack(chosen).encode(), f"{department.name}-自定义测度.yaml"


def offered(department: Organisation, content: bytes, name: str) -> tuple[str, list[Offered]]:
    """Return the text of a pack and what it offers, changing nothing. Raises ``ZS-MS-10``, ``ZS-MS-02``."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ZhunshengError("ZS-MS-10", name=name, detail=str(error)) from None
    return text, core.offered(evidence.folder(), text, name, key_of(department))


def take(department: Organisation, user: User, text: str, said: dict[str, str], why: str) -> list[Measure]:
    """Take in what a pack offers as it was said. Raises ``ZS-MS-10``, ``-11``."""
    offers = core.offered(evidence.folder(), text, "yaml", key_of(department))
    taken = core.take(evidence.folder(), offers, said, who=str(user), why=why)
    for one in taken:
        record("measures.define", department, after={"measure": one.id, "version": one.version, "why": why})
    return taken
