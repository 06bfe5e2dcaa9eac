"""A department's year, and the indicator library, in the field names of the ministry's data standard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from django.core.files.uploadedfile import UploadedFile

from zhunsheng.errors import ZhunshengError
from zhunsheng.targets import Book, Source, Unsure
from zhunsheng.usecases.exchange import (
    Tables,
    as_json,
    as_workbook,
    library_of,
    of_library,
    of_run,
    of_sheets,
    read,
    sheets_of,
    standard,
)
from zhunsheng.usecases.target_documents import TargetRead
from zhunsheng.web.models import LibraryIndicator, Organisation, SheetVersion, Upload, User
from zhunsheng.web.models.audited import record
from zhunsheng.web.services import library
from zhunsheng.web.services.library import Incoming
from zhunsheng.web.services.sheets import documents, lookup
from zhunsheng.web.services.uploads import content_of
from zhunsheng.web.services.year.records import newest_assessment

WRITE = {"xlsx": as_workbook, "json": as_json}
WHAT = ("targets", "result", "library")


def targets_of(department: Organisation, year: int) -> tuple[Tables, list[str]]:
    """Return a department's sheets in force, and where there is none the newest, as tables, with what these
    have no place for.
    """
    chosen = (lookup.in_force(sheet) or sheet.latest for sheet in lookup.sheets_of(department, year))
    return of_sheets([version.target_sheet() for version in chosen], department.official_code)


def result_of(department: Organisation, year: int) -> tuple[Tables, list[str]] | None:
    """Return the newest assessment as tables (targets, monitoring, self-evaluation); None without one."""
    found = newest_assessment(department, year)
    if found is None:
        return None
    sheets = lookup.book_in_force(department, year, found.as_of).sheets
    return of_run(found.run, department.official_code, sheets)


def given(department: Organisation, year: int, what: str, kind: str) -> tuple[bytes, str] | None:
    """Return what was asked for as a file with its name, noted in the log; None where there is none."""
    found = result_of(department, year) if what == "result" else targets_of(department, year)
    if found is None or kind not in WRITE or what not in WHAT:
        return None
    record("exchange exported", department, after={"what": what, "kind": kind, "year": year})
    words = "监控与自评" if what == "result" else "绩效目标"
    return WRITE[kind](
        *found
    ), f"数据标准-{words}-{department.official_code or department.code}-{year}.{kind}"


def told(tables: Tables) -> list[tuple[str, str, int]]:
    """Return the tables by name, title and number of rows."""
    return [(name, standard()[name].title, len(rows)) for name, rows in tables.items()]


def take(
    file: UploadedFile[bytes], department: Organisation, year: int, user: User, reason: str
) -> tuple[Upload, list[SheetVersion]]:
    """Take the targets of a file in as drafts, as an uploaded document is taken in; what of the file was not
    read is among what is to be looked at. Raises ``ZS-RG-25`` to ``-27``, ``ZS-WB-111`` for another unit's,
    and as ``documents.keep_document``.
    """
    name, content = file.name or "", content_of(file, "document")
    tables, left = read(content, name)
    codes = {row["agency_code"] for rows in tables.values() for row in rows if row.get("agency_code")}
    if department.official_code and codes - {department.official_code}:
        theirs = "、".join(sorted(codes - {department.official_code}))
        raise ZhunshengError("ZS-WB-111", name=name, theirs=theirs, ours=department.official_code)
    sheets, more = sheets_of(tables, name)
    unsure = tuple(Unsure(field="cell", text=name, why=why, sheet=0) for why in (*left, *more))
    source = Source(name=name, sha256="", media_type="")
    book = Book(source=source, sheets=tuple(sheets), unsure=unsure)
    document = documents.TargetDocument(name, content, TargetRead(book, None, [], []))
    return documents.keep_document(document, department, year, user, reason)


# -- the library
# ----------------------------------------------------------------------------------------------------


def library_given(kind: str) -> tuple[bytes, str] | None:
    """Return the library's entries in use as a file with its name; None for another kind of file."""
    if kind not in WRITE:
        return None
    entries = [one.entry() for one in LibraryIndicator.objects.filter(active=True).order_by("code")]
    record("exchange exported", after={"what": "library", "kind": kind})
    return WRITE[kind](*of_library(entries)), f"数据标准-指标库.{kind}"


def take_library(file: UploadedFile[bytes]) -> tuple[Counter[str], list[str]]:
    """Add the entries of a file that are new, none over what is there; return how many stood how, and what
    was not read. Raises ``ZS-RG-25`` to ``-27``.
    """
    name = file.name or ""
    tables, left = read(content_of(file, "document"), name)
    known = LibraryIndicator.objects.exclude(code="").values_list("code", flat=True)
    entries, more = library_of(tables, name, list(known))
    came: Sequence[Incoming] = library.take(entries, name[:80])
    differ = [f"{one.entry.code} {one.entry.name}" for one in came if one.state not in ("new", "there")]
    return Counter(one.state for one in came), [*left, *more, *differ]
