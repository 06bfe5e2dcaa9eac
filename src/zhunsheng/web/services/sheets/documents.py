"""From a document to drafts: read, kept, each sheet a version of what stood before."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from zhunsheng.errors import ZhunshengError
from zhunsheng.targets import Book, TargetSheet
from zhunsheng.targets.identity import identified
from zhunsheng.translation import worded
from zhunsheng.usecases.many_documents import Task, read_ahead
from zhunsheng.usecases.target_documents import TargetRead, read_targets, read_task
from zhunsheng.web.models import Organisation, Sheet, SheetVersion, Upload, User
from zhunsheng.web.models.targets import UNNAMED, WHOLE, body_of
from zhunsheng.web.services.review import refresh
from zhunsheng.web.services.sheets.layouts import TableKept, kept_tables, known
from zhunsheng.web.services.sheets.lookup import EDITABLE, in_force, this_year, turn
from zhunsheng.web.services.uploads import content_of
from zhunsheng.web.workflow import note

# States in which a version stands for the document it was made from; one put aside in another way does not.
KNOWN_STATES = ("draft", "submitted", "checked", "changes", "returned", "approved")


@dataclass(frozen=True)
class TargetDocument:
    """A target document as it was read, with its bytes."""

    name: str
    content: bytes
    read: TargetRead


def read_document(name: str, content: bytes, department: Organisation | None = None) -> TargetDocument:
    """Read a document by the layouts that were confirmed for a department, at length and before anything is
    kept or locked for it. Raises ``ZS-IN-*``.
    """
    if not content:
        raise ZhunshengError("ZS-IN-02", name=name)
    read = read_targets(name, content, () if department is None else known(department))
    if read.refusal is not None:
        raise read.refusal
    return TargetDocument(name, content, read)


@dataclass(frozen=True)
class Member:
    """A document of several: its path, its name, and its bytes or why they can't be had."""

    path: str
    content: bytes = b""
    error: ZhunshengError | None = None

    @property
    def name(self) -> str:
        """The name of the file, without its folders."""
        return PurePosixPath(self.path).name


def read_ahead_of(
    members: Iterable[Member], department: Organisation
) -> Iterator[tuple[Member, TargetDocument | ZhunshengError]]:
    """Read documents as ``read_document`` does, some while the first is kept; what can't be read is told."""
    work = partial(read_task, layouts=known(department))
    waiting: deque[Member] = deque()

    def tasks() -> Iterator[Task]:
        for one in members:
            waiting.append(one)
            empty = None if one.content else ZhunshengError("ZS-IN-02", name=one.name)
            yield Task(one.name, data=one.content, error=one.error or empty)

    for _task, read in read_ahead(tasks(), work):
        one = waiting.popleft()
        if isinstance(read, ZhunshengError):
            yield one, read
        else:
            yield one, read.refusal or TargetDocument(one.name, one.content, read)


def read_file(file: UploadedFile[bytes] | None, department: Organisation) -> TargetDocument:
    """Read a document that was sent for a department. Raises ``ZS-WB-05``, ``ZS-WB-04``, ``ZS-IN-*``."""
    content = content_of(file, "document")
    assert file is not None and file.name
    file.seek(0)
    return read_document(file.name, content, department)


def tables_of(version: SheetVersion) -> list[TableKept]:
    """Return the tables that a version was read from, as they are kept with it."""
    return [TableKept.model_validate(one) for one in version.tables]


def keep_document(
    document: TargetDocument,
    department: Organisation,
    year: int,
    user: User | None,
    reason: str = "",
    later: Later | None = None,
) -> tuple[Upload, list[SheetVersion]]:
    """Keep a document that was read, with its sheets as ``take_document`` does; both or nothing. Of several
    documents the sheets are reviewed ``later``, all at once. Raises as ``take_document`` does.
    """
    with turn(department, user):
        # What its bytes are was told where it was read.
        upload = Upload.keep(document.content, document.name, "document", department, user)
        return upload, keep_sheets(document, upload, department, year, user, reason, later)


class Later:
    """What is to be reviewed once several documents are kept: a year's sheets are reviewed as one."""

    def __init__(self) -> None:
        self.years: dict[int, set[int]] = {}
        self.departments: dict[int, Organisation] = {}

    def add(self, department: Organisation, years: Iterable[int]) -> None:
        """Note the years of a department."""
        self.departments[department.pk] = department
        self.years.setdefault(department.pk, set()).update(years)

    def __enter__(self) -> Later:
        """Begin."""
        return self

    def __exit__(self, *_raised: object) -> None:
        """Review what was noted, also where something ended the rest."""
        for pk, years in self.years.items():
            with turn(self.departments[pk], None):
                refresh(self.departments[pk], years)


def take_document(
    upload: Upload, department: Organisation, year: int, user: User | None, reason: str = ""
) -> list[SheetVersion]:
    """Read a document and keep each of its sheets as a new draft version.

    The same bytes once more for the same department and year bring nothing new:
    the versions made from them are returned, whose ``upload`` is then the earlier one. Raises ``ZS-IN-*``;
    ``ZS-WB-01`` where a sheet is with someone for decision; ``ZS-WB-06`` where an approved sheet would change
    without a reason.
    """
    document = read_document(upload.name, upload.content(), department)
    return keep_sheets(document, upload, department, year, user, reason)


def keep_sheets(
    document: TargetDocument,
    upload: Upload,
    department: Organisation,
    year: int,
    user: User | None,
    reason: str,
    later: Later | None = None,
) -> list[SheetVersion]:
    """Keep the sheets of a document that was read and whose bytes are kept, as ``keep_document`` does."""
    book, personal, tables = document.read.book, document.read.personal, document.read.tables
    made = []
    with turn(department, user):
        names = [(s.year or year, s.kind, _name_of(s)) for s in book.sheets]
        if earlier := _made_before(upload, department, names):
            if later is not None:  # who kept them may have been ended before they were reviewed
                later.add(department, {v.sheet.year for v in earlier})
            return earlier
        for n, read in enumerate(book.sheets):
            told = personal if n == 0 else []
            made.append(
                add_version(
                    placed(read, department, year),
                    department,
                    user,
                    "upload",
                    reason=reason,
                    upload=upload,
                    unsure=unsure_of(book, n),
                    personal=told,
                    tables=[one.model_dump(mode="json") for one in kept_tables(tables, n)],
                )
            )
        # A document says of which year it is; the reviews follow the record, not the page it was sent from.
        years = {v.sheet.year for v in made}
        if later is None:
            refresh(department, years)
        else:
            later.add(department, years)
    return made


def placed(sheet: TargetSheet, department: Organisation, year: int) -> TargetSheet:
    """Return a sheet of a document with the year and department that it is taken for, where it says none."""
    told = {"year": sheet.year or year, "department": sheet.department or department.name}
    return sheet.model_copy(update=told)


def unsure_of(book: Book, number: int) -> list[dict[str, Any]]:
    """Return the doubts of a book's sheet (from 0) as versions keep them; what is of no sheet is told with
    the first.
    """
    mine = [one.model_copy(update={"sheet": None}) for one in book.unsure if (one.sheet or 0) == number]
    return [one.model_dump(mode="json") for one in mine]


def _name_of(sheet: TargetSheet) -> str:
    return (WHOLE if sheet.kind == "department" else sheet.name or UNNAMED)[:200]


def _made_before(
    upload: Upload, department: Organisation, places: Sequence[tuple[int, str, str]]
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
    tables: list[Any] | None = None,
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
            tables=tables or [],
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
