"""A zip of documents taken in: each document goes to the department that it bears the name of."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.zips import UnfitZip, Zip, ZipBounds, name_of
from zhunsheng.intake import ENDINGS
from zhunsheng.targets import Book
from zhunsheng.text import clean
from zhunsheng.translation import raised_with, worded
from zhunsheng.usecases.progress import Progress, no_progress
from zhunsheng.web.models import Job, Organisation, SheetVersion, Upload, User
from zhunsheng.web.models.targets import NO_SOURCE
from zhunsheng.web.services import office
from zhunsheng.web.services.sheets.documents import (
    Later,
    Member,
    joined_words,
    keep_document,
    read_ahead_of,
    read_document,
)
from zhunsheng.web.services.sheets.layouts import known
from zhunsheng.web.services.uploads import LIMITS, keep

# A document in a zip may be as large as one that comes alone. They are read one by one,
# so that all of them cost time only.
BOUNDS = ZipBounds(members=5000, member=LIMITS["document"], unpacked=2 * 2**30)
OWN_WORDS = "ZS-IN-50"  # a document whose columns a person has to name first
SUFFIXES = tuple(f".{ending}" for ending in ENDINGS)


def members(content: bytes, name: str, chosen: Callable[[str], bool] = lambda _path: True) -> Documents:
    """Return a zip's documents at the ``chosen`` paths, each of which was unpacked once and is whole.

    Raises ``ZS-WB-07`` for a zip that is broken, too large, locked or without any document.
    """
    others: list[str] = []

    def wanted(info: zipfile.ZipInfo) -> bool:
        path = name_of(info)
        if not _is_document(path) and not _is_systems(path):
            others.append(path)
        return _is_document(path)

    try:
        archive = Zip(content, BOUNDS, wanted)
        if not archive.members:
            raise ZhunshengError("ZS-WB-07", name=name, detail=worded("里面没有绩效目标文件"))
        listed = [info for info in archive.members if chosen(name_of(info))]
        for info in listed:  # all before the first is taken in: of a zip that is broken nothing is
            archive.test(info)
    except UnfitZip as fault:
        raise ZhunshengError("ZS-WB-07", name=name, detail=raised_with(fault)) from None
    return Documents(archive, listed, others)


@dataclass(frozen=True)
class Documents:
    """The documents of a zip: ``len`` of them, and one after the other as (path, bytes), never two
    at a time. ``others`` are the paths of files that are no documents.
    """

    archive: Zip
    listed: Sequence[zipfile.ZipInfo]
    others: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.listed)

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        for info in self.listed:
            yield name_of(info), self.archive.read(info)


def _is_document(path: str) -> bool:
    return not _is_systems(path) and PurePosixPath(path).suffix.lower() in SUFFIXES


def _is_systems(path: str) -> bool:
    """Say whether a member is a folder, or what an office program or system put beside a person's files."""
    pure = PurePosixPath(path)
    return path.endswith("/") or pure.name.startswith(("~$", ".")) or "__MACOSX" in pure.parts


def packed(files: Sequence[UploadedFile[bytes]]) -> bytes:
    """Return the files of a chosen folder as one zip, so that they go the way of an uploaded one.
    Raises ``ZS-WB-04``.
    """
    if sum(f.size or 0 for f in files) > settings.MAX_UPLOAD:
        raise ZhunshengError("ZS-WB-04", name=_("选择的文件夹"), limit=settings.MAX_UPLOAD // 2**20)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for n, file in enumerate(files):
            archive.writestr(f"{n:04d}/{file.name}", file.read())
    return buffer.getvalue()


def take_archive(
    upload: Upload,
    district: Organisation,
    year: int,
    user: User | None,
    progress: Progress = no_progress,
    places: dict[str, int] | None = None,
) -> dict[str, Any]:
    """Take in a zip: each document goes to the department whose official code or exact name it bears,
    or its folder or file.

    A name that no department or more than one under ``district`` bears or bore in the year is reported with
    the candidates or those like it, and its documents are left out until a person says where they go:
    ``places`` are the ids of departments by path in the zip, and only those paths are then taken in.
    What is closed takes nothing. Returns counts, ``placed`` (file by file the department and its sheets),
    ``unknown`` names and what could not be taken in.
    """
    listed = members(upload.content(), upload.name, lambda path: places is None or path in places)
    failed, departments = [], set()
    placed: list[dict[str, Any]] = []
    unknown: dict[str, dict[str, Any]] = {}
    own = known(district)
    documents = (Member(path, content) for path, content in listed)
    with Later() as later:
        for n, (one, read) in enumerate(read_ahead_of(documents, district)):
            path = one.path
            progress(one.name, n, len(listed))
            try:
                with transaction.atomic():
                    if places is not None:
                        department = Organisation.objects.get(pk=places[path])
                    if isinstance(read, ZhunshengError) and (places is None or known(department) == own):
                        raise read
                    if places is None:
                        assert not isinstance(read, ZhunshengError)
                        name, of_year = _named_in(path, read.read.book, year)
                        bore = office.bore(district, name, of_year)
                        found = office.named(district, name, of_year, bore)
                        if len(found) != 1 or any(o.pk != found[0].pk for o in bore):
                            _note_unknown(unknown, district, path, name, found, bore)
                            continue
                        department = found[0]
                    if not department.active:
                        raise ZhunshengError(
                            "ZS-WB-23", name=office.told(department), what=_("收文件"), detail=_("它已撤销")
                        )
                    if known(department) != own:  # layouts of its own
                        read = read_document(one.name, one.content, department)
                    assert not isinstance(read, ZhunshengError)
                    reason = worded("集中导入")
                    kept, versions = keep_document(read, department, year, user, reason, later)
                    departments.add(department.pk)
                    placed.append(_placed(path, department, kept, versions))
            except ZhunshengError as error:
                unread = _unread(error, path, one.content, district, year)
                failed.append({"file": path, "error": error.web, **unread})
    return {
        "files": len(listed),
        "sheets": sum(len(p["sheets"]) for p in placed),
        "departments": len(departments),
        "placed": placed,
        "unknown": list(unknown.values()),
        "failed": failed,
        "others": list(listed.others) if places is None else [],
    }


def _note_unknown(
    unknown: dict[str, dict[str, Any]],
    district: Organisation,
    path: str,
    name: str,
    found: Sequence[Organisation],
    bore: Sequence[Organisation],
) -> None:
    """Note a document whose name no department or more than one bears, with those that it may be."""
    one = unknown.setdefault(name, {"name": name, "files": [], "near": []})
    one["files"].append(path)
    one["same"] = len({o.pk for o in (*found, *bore)})
    one["near"] = [_proposed(o, bool(found)) for o in found or office.near(district, name)]
    one["closed"] = [_proposed(o) for o in bore if not o.active]


def _placed(
    path: str, department: Organisation, kept: Upload, versions: Sequence[SheetVersion]
) -> dict[str, Any]:
    """Return what is told of a document that was taken in."""
    return {
        "file": path,
        "department": office.told(department),
        "code": department.official_code,
        "sheets": [
            {"id": v.pk, "name": str(v), "year": v.sheet.year, "joined": joined_words(v)} for v in versions
        ],
        "new": bool(versions) and versions[0].upload_id == kept.pk,
    }


def _unread(
    error: ZhunshengError, path: str, content: bytes, district: Organisation, year: int
) -> dict[str, Any]:
    """Return where the columns of a document in words of its own can be told: it is kept for the department
    that its folder or file is called by; nothing where that is not one, or of another error.
    """
    if error.code != OWN_WORDS:
        return {}
    name, of_year = _named_in(path, Book(source=NO_SOURCE), year)
    found = office.named(district, name, of_year, office.bore(district, name, of_year))
    if len(found) != 1 or not found[0].active:
        return {}
    kept = keep(content, PurePosixPath(path).name, "document", found[0], None)
    return {"upload": kept.pk, "department": found[0].pk, "year": of_year}


def _proposed(one: Organisation, same: bool = False) -> dict[str, object]:
    return {"id": one.pk, "name": office.told(one), "code": one.official_code, "same": same}


def _named_in(path: str, book: Book, year: int) -> tuple[str, int]:
    """Return what a document says its department is, in its text, else by its folder,
    else by its file's name; and its year.
    """
    pure = PurePosixPath(path)
    named = next((s.department for s in book.sheets if s.department), None)
    folder = "" if pure.parent.name.isdigit() and len(pure.parent.name) == 4 else pure.parent.name
    return clean(named or folder or pure.stem).strip()[:120], next(
        (s.year for s in book.sheets if s.year), year
    )


def digest(places: dict[str, int]) -> str:
    """Return a digest of places, so that the same choice is taken in once."""
    return hashlib.sha256(json.dumps(places, sort_keys=True).encode()).hexdigest()


def places_of(job: Job, chosen: dict[str, Organisation | str | None]) -> dict[str, int]:
    """Return the department ids by path for the names of a job's unknown documents,
    adding departments for ``new``.

    Raises ``ZS-WB-20`` where a new department's name is taken meanwhile.
    """
    assert job.department is not None
    places: dict[str, int] = {}
    for one in job.result.get("unknown", []):
        place = chosen.get(one["name"])
        if place is None:
            continue
        if isinstance(place, str):
            place = office.found(
                one["name"], office.Kind.DEPARTMENT, job.department, note=worded("集中导入时新增")
            )
        places |= dict.fromkeys(one["files"], place.pk)
    return places
