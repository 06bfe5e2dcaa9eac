"""What a person says the columns of a document's tables are: proposed, confirmed once, and the document read
anew by it, with everything that was typed kept.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zhunsheng.errors import ZhunshengError
from zhunsheng.intake.layouts import FIELDS, Layout, fault_of, field_called, misfit
from zhunsheng.intake.recognition.confirmed import TableRead
from zhunsheng.targets import TargetSheet
from zhunsheng.targets.comparing import Change, changes
from zhunsheng.targets.identity import identified
from zhunsheng.targets.rereading import reread
from zhunsheng.translation import Worded, raised_with, series
from zhunsheng.usecases.target_documents import TargetRead, read_targets
from zhunsheng.web.models import Organisation, SheetVersion, Upload, User
from zhunsheng.web.models.audited import record
from zhunsheng.web.models.targets import body_of, book_of
from zhunsheng.web.roles import may
from zhunsheng.web.services.review import refresh
from zhunsheng.web.services.sheets import documents, layouts
from zhunsheng.web.services.sheets.layouts import TableKept
from zhunsheng.web.services.sheets.lookup import EDITABLE, turn


@dataclass(frozen=True)
class Rereading:
    """What a version becomes when its document is read anew, and the fields in which that differs."""

    version: SheetVersion
    sheet: TargetSheet
    read: TargetRead
    number: int
    changes: list[Change]


@dataclass(frozen=True)
class Outcome:
    """What came of the columns that a person confirmed: ``asked`` holds what would change, where that was not
    agreed to yet (``agreed`` is the digest to agree to it); ``made`` and ``renewed`` are versions; ``parted``
    says that the document has another number of sheets now, so that the versions stay as they are.
    """

    asked: list[Rereading]
    agreed: str = ""
    made: Sequence[SheetVersion] = ()
    renewed: Sequence[SheetVersion] = ()
    parted: bool = False


def fields() -> dict[str, Worded]:
    """Return what a column may be, by its name, with what it is called."""
    return dict(FIELDS)


def named(said: Sequence[str | None]) -> list[str | None]:
    """Return the fields of columns by their names or what they are called. Raises ``ZS-WB-72``."""
    try:
        return [field_called(one) if one else None for one in said]
    except ValueError as error:
        raise ZhunshengError("ZS-WB-72", detail=raised_with(error)) from None


def of_upload(upload: Upload) -> list[SheetVersion]:
    """Return the versions that a document made, in the order of its sheets."""
    return versions_of(upload.pk)


def versions_of(upload: int) -> list[SheetVersion]:
    """Do what ``of_upload`` does for an upload by its id."""
    found = SheetVersion.objects.filter(upload_id=upload, origin="upload").select_related("sheet__department")
    return list(found.order_by("pk"))


def tables(upload: Upload, department: Organisation) -> tuple[list[TableKept], ZhunshengError | None]:
    """Return a document's tables, each layout once, and why it was not read where it made no version."""
    if made := of_upload(upload):
        found = {one.digest: one for v in made for one in documents.tables_of(v)}
        return list(found.values()), None
    read = read_targets(upload.name, upload.content(), layouts.known(department))
    return layouts.kept_tables(read.tables), read.refusal


def confirm(
    upload: Upload,
    department: Organisation,
    year: int,
    user: User,
    digest: str,
    fields: Sequence[str | None],
    agreed: str = "",
) -> Outcome:
    """Keep what the columns of the tables of a layout (``digest``) are, and read the document anew by it.

    Where that changes what versions say nothing is kept until the changes were seen (``agreed``). What is no
    longer open, or has a newer version, stays as it is. Raises ``ZS-WB-72`` for columns that are no table of
    indicators, ``ZS-WB-73`` for a column whose cells are something else, ``ZS-WB-75`` where the document has
    no such table, ``ZS-WB-76`` where it can't be read so.
    """
    content = upload.content()
    versions = of_upload(upload)
    used = _used(versions) if versions else layouts.known(department)
    before = read_targets(upload.name, content, used)
    mine = [one for one in before.tables if layouts.kept_tables([one])[0].digest == digest]
    if not mine or len(mine[0].columns) != len(fields):
        raise ZhunshengError("ZS-WB-75", name=upload.name)
    layout = _checked(mine, fields, user)
    after = read_targets(upload.name, content, [layout, *used])
    if after.refusal is not None or not any(one.layout == layout for one in after.tables):
        raise ZhunshengError("ZS-WB-76", name=upload.name)
    if not versions:
        return _first(upload, department, year, user, layout, after)
    if len(after.book.sheets) != len(versions) or len(before.book.sheets) != len(versions):
        layouts.remember(department, user, layout)
        return Outcome([], parted=True)
    found = [
        _reread(version, n, before, after)
        for n, version in enumerate(versions)
        if version.state in EDITABLE and may(user, "targets.columns", version)
    ]
    found = [one for one in found if one.version.sheet.latest.pk == one.version.pk]
    seen = _digest(found, layout)
    if any(one.changes for one in found) and agreed != seen:
        return Outcome([one for one in found if one.changes], seen)
    with turn(department, user):
        layouts.remember(department, user, layout)
        renewed = [_renew(one) for one in found]
        refresh(department, {v.sheet.year for v in renewed})
    return Outcome([], renewed=renewed)


def take_in(upload: Upload, department: Organisation, year: int, user: User) -> Sequence[SheetVersion]:
    """Keep the sheets of a document that made none, now that its columns are known by a confirmed layout;
    those that it made, where it did. Raises ``ZS-IN-*`` where it can't be read yet.
    """
    if made := of_upload(upload):
        return made
    return documents.take_document(upload, department, year, user)


def _used(versions: Sequence[SheetVersion]) -> list[Layout]:
    """Return the confirmed layouts by which versions were read."""
    found = [one.layout for v in versions for one in documents.tables_of(v) if one.layout]
    return list({one.key: one for one in found}.values())


def _checked(found: Sequence[TableRead], fields: Sequence[str | None], user: User) -> Layout:
    """Return the layout that a person confirms for tables. Raises ``ZS-WB-72``, ``ZS-WB-73``."""
    first = found[0]
    named = [(one.head or one.words, name) for one, name in zip(first.columns, fields, strict=True)]
    if why := fault_of(named):
        raise ZhunshengError("ZS-WB-72", detail=why)
    for table in found:
        for one, name in zip(table.columns, fields, strict=True):
            before = one.holds if name == one.field else None
            if name and (holds := misfit(name, one.cells, one.holds, before)) is not None:
                told = {"head": one.head or one.words, "what": FIELDS[name], "holds": holds}
                raise ZhunshengError("ZS-WB-73", samples=series(one.samples), **told)
    columns = [(one.words, name, one.holds) for one, name in zip(first.columns, fields, strict=True)]
    return layouts.signed(columns, user, headed=first.headed)


def _first(
    upload: Upload, department: Organisation, year: int, user: User, layout: Layout, read: TargetRead
) -> Outcome:
    """Keep a layout, and the sheets of a document that could not be read without it."""
    document = documents.TargetDocument(upload.name, upload.content(), read)
    with turn(department, user):
        layouts.remember(department, user, layout)
        return Outcome([], made=documents.keep_sheets(document, upload, department, year, user, ""))


def _reread(version: SheetVersion, number: int, before: TargetRead, after: TargetRead) -> Rereading:
    """Return what a version becomes, of the sheet (from 0) of its document."""
    department, year = version.department, version.year
    first, then = (
        book_of([body_of(documents.placed(one.book.sheets[number], department, year))]).sheets[0]
        for one in (before, after)
    )
    now = version.target_sheet()
    earlier = version.sheet.versions.exclude(state="void")
    taken = {i.id for one in earlier for i in one.target_sheet().indicators}
    made = identified(reread(first, now, then), now, taken=taken)
    return Rereading(version, made, after, number, changes(now, made))


def _digest(found: Sequence[Rereading], layout: Layout) -> str:
    """Return what was seen of changes, so that nothing else is agreed to."""
    told = [
        (one.version.pk, one.version.body, [(c.path, c.old, c.new) for c in one.changes]) for one in found
    ]
    return hashlib.sha256(repr((layout.parts(), told)).encode()).hexdigest()[:32]


def _renew(one: Rereading) -> SheetVersion:
    """Keep a version as it was read anew. What was answered of doubts that are still there stays answered.

    Raises ``ZS-WB-01`` where it changed meanwhile.
    """
    version = SheetVersion.objects.select_for_update().get(pk=one.version.pk)
    if version.state not in EDITABLE or version.body != one.version.body:
        raise ZhunshengError("ZS-WB-01", title=str(version), state=version.get_state_display())
    unsure = documents.unsure_of(one.read.book, one.number)
    version.answered = _answered(version, unsure)
    version.unsure, version.body = unsure, body_of(one.sheet)
    kept = layouts.kept_tables(one.read.tables, one.number)
    version.tables = [table.model_dump(mode="json") for table in kept]
    version.save()
    told = [table for table in kept if table.layout]
    record(
        "targets.columns",
        version,
        {c.label: c.old for c in one.changes},
        {c.label: c.new for c in one.changes} or {str(one.sheet.title()): str(len(told))},
    )
    return version


def _answered(version: SheetVersion, unsure: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Return what was answered of a version's doubts, by the numbers that they have now."""

    def key(one: Mapping[str, object]) -> str:
        # PostgreSQL keeps the entries of an object in an order of its own.
        said = [one["place"], one["field"], one["text"], one["why"]]
        return json.dumps(said, ensure_ascii=False, sort_keys=True, default=str)

    said = {key(version.unsure[int(n)]): answer for n, answer in version.answered.items()}
    return {str(n): said[key(one)] for n, one in enumerate(unsure) if key(one) in said}
