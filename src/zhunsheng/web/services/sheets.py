"""Target sheets at work: from a document to drafts, changes field by field,
versions, adjustments, findings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, get_args

from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.opening import open_bytes
from zhunsheng.intake import book_of
from zhunsheng.targets import Book, Goal, Indicator, PlanStep, TargetSheet, TargetValue
from zhunsheng.targets.editing import (
    NEW_INDICATOR,
    Field,
    Part,
    blank_sheet,
    carried_over,
    fields_of,
    with_added,
    with_text,
    without,
)
from zhunsheng.targets.identity import identified
from zhunsheng.text import clean
from zhunsheng.translation import worded
from zhunsheng.web.databases.connections import remembered
from zhunsheng.web.models import (
    AuditEntry,
    LibraryIndicator,
    Organisation,
    Sheet,
    SheetVersion,
    Upload,
    User,
)
from zhunsheng.web.models.audited import record
from zhunsheng.web.models.decided import shown
from zhunsheng.web.models.people import new_code
from zhunsheng.web.models.targets import NO_SOURCE, UNNAMED, WHOLE, body_of
from zhunsheng.web.roles import permits
from zhunsheng.web.services.disclosing import noted
from zhunsheng.web.services.review import refresh
from zhunsheng.web.services.uploads import content_of, keep
from zhunsheng.web.workflow import note

# States in which a version stands for the document it was made from; one put aside in another way does not.
KNOWN_STATES = ("draft", "submitted", "checked", "changes", "returned", "approved")
PARTS: tuple[Part, ...] = get_args(Part)
EDITABLE = ("draft", "returned", "changes")


@remembered
def sheets_of(department: Organisation, year: int) -> Sequence[Sheet]:
    """Return a department's sheets of a year: its own first, then its projects.
    Those of which all is void are retired.
    """
    found = Sheet.objects.filter(department=department, year=year, retired=False)
    return list(found.select_related("department").prefetch_related("versions"))


def void_of(department: Organisation, year: int) -> list[SheetVersion]:
    """Return the void versions of a year, newest first; they count nowhere and can be restored."""
    found = SheetVersion.objects.filter(sheet__department=department, sheet__year=year, state="void")
    return list(found.select_related("sheet").order_by("-pk"))


def newest(sheet: Sheet) -> SheetVersion:
    """Return the newest version that is not void, from what was prefetched."""
    return max(sheet.counted, key=lambda v: v.number)


def in_force(sheet: Sheet) -> SheetVersion | None:
    """Return the newest approved version, from what was prefetched."""
    return max(
        (v for v in sheet.versions.all() if v.state == "approved"), key=lambda v: v.number, default=None
    )


@dataclass(frozen=True)
class TargetDocument:
    """A target document as it was read: its targets, and what in it is personal."""

    name: str
    content: bytes
    book: Book
    personal: list[dict[str, str]]


def read_document(name: str, content: bytes) -> TargetDocument:
    """Read a document, at length and before anything is kept or locked for it. Raises ``ZS-IN-*``."""
    if not content:
        raise ZhunshengError("ZS-IN-02", name=name)
    return TargetDocument(name, content, book_of(open_bytes(content, name)), noted(name, content))


def read_file(file: UploadedFile[bytes] | None) -> TargetDocument:
    """Read a document that was sent. Raises ``ZS-WB-05``, ``ZS-WB-04``, ``ZS-IN-*``."""
    content = content_of(file, "document")
    assert file is not None and file.name
    file.seek(0)
    return read_document(file.name, content)


@contextmanager
def _turn(department: Organisation, user: User | None) -> Iterator[None]:
    """Do what begins sheets in a department one after the other, whole or not at all:
    the second finds what the first made.

    Raises ``PermissionDenied`` where the role in which the user came has ended while they waited.
    """
    with transaction.atomic():
        Organisation._base_manager.select_for_update(no_key=True).get(pk=department.pk)
        if user is not None and not any(
            permits(user, act, department) for act in ("targets.start", "portfolio.import")
        ):
            raise PermissionDenied("targets.start")
        yield


def keep_document(
    document: TargetDocument, department: Organisation, year: int, user: User | None, reason: str = ""
) -> tuple[Upload, list[SheetVersion]]:
    """Keep a document that was read, with its sheets as ``take_document`` does; both or nothing.
    Raises as that does.
    """
    with _turn(department, user):
        upload = keep(document.content, document.name, "document", department, user)
        return upload, _keep_sheets(document, upload, department, year, user, reason)


def take_document(
    upload: Upload, department: Organisation, year: int, user: User | None, reason: str = ""
) -> list[SheetVersion]:
    """Read a document and keep each of its sheets as a new draft version.

    The same bytes once more for the same department and year bring nothing new:
    the versions made from them are returned, whose ``upload`` is then the earlier one. Raises ``ZS-IN-*``;
    ``ZS-WB-01`` where a sheet is with someone for decision; ``ZS-WB-06`` where an approved sheet would change
    without a reason.
    """
    document = read_document(upload.name, upload.content())
    return _keep_sheets(document, upload, department, year, user, reason)


def _keep_sheets(
    document: TargetDocument,
    upload: Upload,
    department: Organisation,
    year: int,
    user: User | None,
    reason: str,
) -> list[SheetVersion]:
    book, personal = document.book, document.personal
    made = []
    with _turn(department, user):
        if known := _made_before(
            upload, department, [(s.year or year, s.kind, _name_of(s)) for s in book.sheets]
        ):
            return known
        for n, read in enumerate(book.sheets):
            sheet = read.model_copy(
                update={"year": read.year or year, "department": read.department or department.name}
            )
            unsure = [u.model_dump(mode="json") for u in book.unsure] if n == 0 else []
            told = personal if n == 0 else []
            made.append(
                add_version(
                    sheet,
                    department,
                    user,
                    "upload",
                    reason=reason,
                    upload=upload,
                    unsure=unsure,
                    personal=told,
                )
            )
        # A document says of which year it is; the reviews follow the record, not the page it was sent from.
        refresh(department, {v.sheet.year for v in made})
    return made


def _name_of(sheet: TargetSheet) -> str:
    return (WHOLE if sheet.kind == "department" else sheet.name or UNNAMED)[:200]


def _made_before(
    upload: Upload, department: Organisation, places: list[tuple[int, str, str]]
) -> list[SheetVersion]:
    """Return the versions that an earlier upload of the same bytes made, where all of them are still the
    newest; else none.
    """
    found: set[int] = set()
    for year, kind, name in set(places):
        sheet = Sheet.objects.filter(
            department=department, year=year, kind=kind, name=name, retired=False
        ).first()
        last = sheet.versions.order_by("-number").first() if sheet else None
        if (
            last is None
            or last.origin != "upload"
            or last.upload is None
            or last.upload.sha256 != upload.sha256
        ):
            return []
        if last.state not in KNOWN_STATES:
            return []
        found.add(last.upload.pk)
    if len(found) != 1:
        return []
    return list(
        SheetVersion.objects.filter(upload_id=found.pop(), origin="upload")
        .select_related("sheet")
        .order_by("pk")
    )


def add_version(
    sheet: TargetSheet,
    department: Organisation,
    user: User | None,
    origin: str,
    *,
    reason: str = "",
    upload: Upload | None = None,
    unsure: list[Any] | None = None,
    personal: list[dict[str, str]] | None = None,
    of: Sheet | None = None,
    carried: Sequence[str] = (),
) -> SheetVersion:
    """Keep a sheet as the next version of the record it belongs to: ``of``, or the one its code or exact name
    says.

    ``carried`` are the user names of those who wrote what it was taken over from.

    Indicators equal to the last version's keep their codes. Raises ``ZS-WB-01``, ``ZS-WB-06``.
    """
    year = sheet.year or this_year()
    with transaction.atomic():
        known = of or _sheet_for(department, year, sheet)
        every = list(known.versions.order_by("-number").select_for_update())
        last = next((v for v in every if v.state != "void"), None)
        if last and last.state not in (*EDITABLE, "approved"):
            raise ZhunshengError("ZS-WB-01", title=str(known), state=last.get_state_display())
        adjusts = any(v.state == "approved" for v in every)
        # A document over the draft of an adjustment goes on for the reason that was given for it.
        reason = reason.strip() or (last.reason if last and adjusts and last.state in EDITABLE else "")
        if adjusts and not reason:
            raise ZhunshengError("ZS-WB-06", detail=worded("“{name}”已批复，调整须写明理由", name=known.name))
        if known.retired:
            known.retired = False
            known.save()
        stood = [v.target_sheet() for v in every if v.state != "void"]
        force = in_force(known)
        coded = identified(
            sheet.model_copy(update={"id": known.code}),
            last.target_sheet() if last else None,
            held=force.target_sheet().indicators if force else (),
            taken={i.id for one in stood for i in one.indicators},
        )
        version = SheetVersion.objects.create(
            sheet=known,
            number=(every[0].number if every else 0) + 1,
            body=body_of(coded),
            reason=reason,
            origin=origin,
            upload=upload,
            unsure=unsure or [],
            personal=personal or [],
            carried=list(carried),
            created_by=user,
        )
        if user is not None:
            note(
                user,
                version,
                "targets.adjust" if adjusts else "targets.start",
                after="draft",
                remark=reason,
            )
    return version


def _sheet_for(department: Organisation, year: int, sheet: TargetSheet) -> Sheet:
    """Return the record a sheet belongs to: the one of its project code, else of its exact name,
    else a new one.

    A sheet that names another code is another project, however it is called. Raises ``ZS-WB-06`` where two
    bear the name and no code tells them apart.
    """
    name, code = _name_of(sheet), (sheet.code or "").strip()[:40] if sheet.kind == "project" else ""
    mine = Sheet.objects.filter(department=department, year=year, kind=sheet.kind)
    if code and (coded := mine.filter(project_code=code).first()):
        return coded
    named = [s for s in mine.filter(name=name) if not (code and s.project_code)]
    if len(named) > 1:
        raise ZhunshengError(
            "ZS-WB-06",
            detail=worded(
                "有 {count} 张目标表叫“{name}”，请在文件里写明项目编码", count=len(named), name=name
            ),
        )
    if named:
        # What was approved keeps its code until another version is.
        if code and not named[0].versions.filter(state="approved").exists():
            named[0].project_code = code
            named[0].save()
        return named[0]
    return Sheet.objects.create(
        department=department, year=year, kind=sheet.kind, name=name, project_code=code
    )


def joined_words(version: SheetVersion) -> str:
    """Return in words that a version joined a record that is called otherwise, by its project code;
    empty where it did not.
    """
    said, known = _name_of(version.target_sheet()), version.sheet.name
    if version.number == 1 or said == known:
        return ""
    told = {"said": said, "known": known, "n": version.number}
    return _("“%(said)s”按项目编码记为“%(known)s”的第 %(n)s 版；如编码写错，请作废后改正。") % told


def adjust(version: SheetVersion, user: User, reason: str) -> SheetVersion:
    """Open an adjustment (调整) of an approved version as a new draft. Raises ``ZS-WB-01``,
    ``ZS-WB-06`` without a reason.
    """
    if version.sheet.latest.pk != version.pk:
        raise ZhunshengError("ZS-WB-01", title=str(version), state=worded("已有更新的版本"))
    sheet, upload = version.target_sheet(), version.upload
    made = add_version(
        sheet, version.department, user, "adjust", reason=reason, upload=upload, of=version.sheet
    )
    refresh_findings(version.department, version.sheet.year)
    return made


def start_blank(
    department: Organisation, year: int, kind: Literal["department", "project"], name: str, user: User
) -> SheetVersion:
    """Start a sheet from the empty form. Raises ``ZS-WB-06`` for a name that is missing or taken."""
    if kind not in ("department", "project") or (kind == "project" and not name.strip()):
        raise ZhunshengError("ZS-WB-06", detail=worded("请填写项目名称"))
    known = WHOLE if kind == "department" else name.strip()
    with _turn(department, user):
        if any((s.kind, s.name) == (kind, known) for s in sheets_of(department, year)):
            raise ZhunshengError("ZS-WB-06", detail=worded("{year}年已有“{known}”", year=year, known=known))
        sheet = blank_sheet(kind, name.strip() or None, department.name, year)
        made = add_version(sheet, department, user, "blank")
        refresh_findings(department, year)
    return made


def start_from_last_year(department: Organisation, year: int, user: User) -> list[SheetVersion]:
    """Start every sheet of last year that this year does not have yet. Raises ``ZS-WB-06`` where there is
    none.
    """
    with _turn(department, user):
        have = {(s.kind, s.name) for s in sheets_of(department, year)}
        made = []
        for old in sheets_of(department, year - 1):
            if (old.kind, old.name) in have:
                continue
            source = in_force(old) or newest(old)
            carried = carried_over(source.target_sheet(), year, in_force=source.state == "approved")
            writers = [] if source.state == "approved" else sorted(source.writers())
            made.append(add_version(carried, department, user, "last-year", carried=writers))
        if not made:
            raise ZhunshengError(
                "ZS-WB-06", detail=worded("{year}年没有可以沿用的目标表，或都已沿用", year=year - 1)
            )
        refresh_findings(department, year)
    return made


def review_again(department: Organisation, year: int) -> None:
    """Review a year's sheets anew, as when the rules have changed."""
    with _turn(department, None):
        refresh(department, {year})


def current_fields(version: SheetVersion) -> dict[str, Field]:
    """Return the version's editable fields."""
    return fields_of(version.target_sheet())


def _open(version: SheetVersion) -> SheetVersion:
    """Return a version as it is now, locked, while it may be edited and none took its place.
    Raises ``ZS-WB-01``.
    """
    now = SheetVersion.objects.select_for_update().get(pk=version.pk)
    if now.state not in EDITABLE:
        raise ZhunshengError("ZS-WB-01", title=str(now), state=now.get_state_display())
    if newer := now.sheet.versions.filter(number__gt=now.number).exclude(state="void").last():
        raise ZhunshengError(
            "ZS-WB-01", title=str(now), state=worded("已有更新的第{number}版", number=newer.number)
        )
    return now


def set_field(version: SheetVersion, path: str, text: str, was: str) -> SheetVersion:
    """Set one field from what a person typed over ``was``.

    Raises ``ZS-WB-03`` when the field is no longer what the person saw (with who changed it and to what),
    ``ZS-TG-*``, ``ZS-WB-01`` when the version is no longer open.
    """
    with transaction.atomic():
        now = _open(version)
        sheet = now.target_sheet()
        field = fields_of(sheet).get(path)
        if field is None:
            raise ZhunshengError("ZS-TG-02", path=path)
        if field.text == text.strip():
            return now
        # Browsers write line breaks in their own way; that is no change by someone else.
        if clean(field.text) != clean(was):
            edit = AuditEntry.objects.filter(
                model="sheetversion", object_id=str(now.pk), action="edit", after__has_key=path
            ).first()
            raise ZhunshengError(
                "ZS-WB-03",
                label=field.label,
                who=edit.actor if edit else worded("他人"),
                theirs=field.text,
                mine=text,
            )
        return _keep(now, with_text(sheet, path, text), {path: field.text}, {path: text.strip()})


def _part(name: str) -> Part:
    """Return the part of a sheet that is called so. Raises ``ZS-TG-02``."""
    for part in PARTS:
        if part == name:
            return part
    raise ZhunshengError("ZS-TG-02", path=name)


def add_part(version: SheetVersion, part: str, library: LibraryIndicator | None = None) -> SheetVersion:
    """Add an indicator (empty, or from the library), a goal or a plan date. Raises ``ZS-TG-02``,
    ``ZS-WB-01``.
    """
    known = _part(part)
    # A code of its own, that no indicator of any version had: one that was deleted leaves it nothing.
    indicator = Indicator(id=new_code(), name=NEW_INDICATOR, target=TargetValue.parse(""))
    if library is not None:
        indicator = Indicator(
            id=new_code(),
            level1=library.level1,
            level2=library.level2,
            name=library.name,
            description=library.description or None,
            target=TargetValue.parse(library.target, year=version.sheet.year),
            basis=library.basis or None,
        )
    added = {f"add {part}": library.name if library else ""}
    return change(version, lambda s: with_added(s, known, indicator), lambda _old, _new: ({}, added))


def row_keys(sheet: TargetSheet, part: str) -> list[str]:
    """Return what tells the rows of a part apart, whatever stands before them: an indicator's code,
    the others' words.
    """
    if part == "indicators":
        return [i.id for i in sheet.indicators]
    rows: Sequence[PlanStep | Goal] = sheet.spending_plan.steps if part == "plan" else sheet.goals
    return [shown(row.model_dump_json())[:16] for row in rows]


def remove_part(version: SheetVersion, part: str, key: str) -> SheetVersion:
    """Remove the indicator, goal or plan date of a key (``row_keys``); the log keeps its words.

    Raises ``ZS-TG-02``, ``ZS-WB-01``, ``ZS-WB-46`` where it is there no more.
    """
    known = _part(part)
    at: list[int] = []

    def gone(sheet: TargetSheet) -> TargetSheet:
        keys = row_keys(sheet, part)
        if key not in keys:
            raise ZhunshengError("ZS-WB-46", title=str(version))
        at.append(keys.index(key))
        return without(sheet, known, at[0])

    def told(old: TargetSheet, _new: TargetSheet) -> tuple[dict[str, str], dict[str, str]]:
        said = [
            f.text for path, f in fields_of(old).items() if path.startswith(f"{part}.{at[0]}.") and f.text
        ]
        return {f"remove {part}": "；".join(said)}, {f"remove {part}": ""}

    return change(version, gone, told)


def change(
    version: SheetVersion,
    how: Callable[[TargetSheet], TargetSheet],
    telling: Callable[[TargetSheet, TargetSheet], tuple[dict[str, str], dict[str, str]]],
) -> SheetVersion:
    """Change an open version's sheet; ``telling`` gives what the log says of it.
    Raises ``ZS-WB-01`` and what ``how`` does.
    """
    with transaction.atomic():
        now = _open(version)
        sheet = now.target_sheet()
        changed = how(sheet)
        return _keep(now, changed, *telling(sheet, changed))


def label(version: SheetVersion) -> None:
    """Call a record as the version calls it, while none is in force; an approved version says it itself."""
    if not version.sheet.versions.filter(state="approved").exists():
        version.call_sheet()


def _keep(
    version: SheetVersion, sheet: TargetSheet, before: dict[str, str], after: dict[str, str]
) -> SheetVersion:
    version.body = body_of(sheet)
    version.save()
    label(version)
    record("edit", version, before, after)
    refresh_findings(version.department, version.sheet.year)
    return version


def in_force_on(sheet: Sheet, day: date) -> SheetVersion | None:
    """Return the version in force on a day (inclusive), None where none is, from what was prefetched."""
    held = [
        v
        for v in sheet.versions.all()
        if v.state == "approved" and v.in_force_from and v.in_force_from <= day
    ]
    return max(held, key=lambda v: v.number, default=None)


@remembered
def book_in_force(department: Organisation, year: int, day: date) -> Book:
    """Return the sheets as they are in force on a day, in their order: what alone counts in figures."""
    held = [v for s in sheets_of(department, year) if (v := in_force_on(s, day))]
    return Book(source=NO_SOURCE, sheets=tuple(v.target_sheet() for v in held))


def refresh_findings(department: Organisation, year: int) -> None:
    """Review a department's year, and the next where it compares itself with this one;
    keep states and findings.
    """
    refresh(department, {year})


def this_year() -> int:
    """Return the year of today's date at the office."""
    return timezone.localdate().year
