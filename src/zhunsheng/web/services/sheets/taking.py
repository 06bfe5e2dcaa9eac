"""Documents that are uploaded for a department, one or many: read each on its own, with what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any
from zipfile import ZipInfo

from django.core.files.uploadedfile import UploadedFile

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.opening import unfit
from zhunsheng.files.zips import UnfitZip, Zip, ZipBounds, name_of
from zhunsheng.translation import raised_with
from zhunsheng.usecases.many_documents import PACKED, holds_many
from zhunsheng.usecases.progress import Progress, no_progress
from zhunsheng.web.models import Organisation, SheetVersion, Upload, User
from zhunsheng.web.services.portfolio.archives import OWN_WORDS, packed
from zhunsheng.web.services.sheets import documents, doubts
from zhunsheng.web.services.sheets.columns import versions_of
from zhunsheng.web.services.sheets.documents import Later, Member, TargetDocument
from zhunsheng.web.services.uploads import LIMITS, content_of, keep

BOUNDS = ZipBounds(members=5000, member=2**30, unpacked=2**30)  # a member too large is told in its line


def several(files: Sequence[UploadedFile[bytes]], department: Organisation, user: User) -> Upload | None:
    """Keep what was sent where it is several documents, as files or in a zip, to be read one by one; None
    where it is one document. Raises ``ZS-WB-04``, ``ZS-WB-05``, ``ZS-WB-77`` for a zip that can't be opened.
    """
    if len(files) > 1:
        return Upload.keep(packed(files), f"{len(files)}.zip", "archive", department, user)
    file = files[0]
    packs = (file.name or "").lower().endswith(".zip")
    content = content_of(file, "archive" if packs else "document")
    file.seek(0)
    try:
        if not holds_many(content):
            return None
    except UnfitZip as fault:
        if not packs:
            return None  # what is wrong with a document is told where it is read
        raise ZhunshengError("ZS-WB-77", name=file.name, detail=raised_with(fault)) from None
    return Upload.keep(content, file.name or "", "archive", department, user)


def take_one(
    file: UploadedFile[bytes], department: Organisation, year: int, user: User, reason: str
) -> tuple[Upload, list[SheetVersion]]:
    """Read one document that was sent and keep its sheets; one in words of its own is kept without any, so
    that a person can say what its columns are. Raises as ``keep_document``.
    """
    try:
        document = documents.read_file(file, department)
    except ZhunshengError as error:
        if error.code != OWN_WORDS:
            raise
        return keep_unread(file, department, user), []
    return documents.keep_document(document, department, year, user, reason)


def keep_unread(file: UploadedFile[bytes], department: Organisation, user: User) -> Upload:
    """Keep a document that could not be read yet."""
    file.seek(0)
    return keep(file.read(), file.name or "", "document", department, user)


def take_all(
    upload: Upload,
    department: Organisation,
    year: int,
    user: User | None,
    reason: str,
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """Read the documents of a zip one by one; of each a line says what came of it, and none stops the others.

    Raises ``ZS-WB-77`` for a zip that can't be opened.
    """
    try:
        archive = Zip(upload.content(), BOUNDS, lambda info: _wanted(name_of(info)))
    except UnfitZip as fault:
        raise ZhunshengError("ZS-WB-77", name=upload.name, detail=raised_with(fault)) from None
    lines = []
    members = (_member(archive, info) for info in archive.members)
    with documents.Later() as later:
        for n, (one, read) in enumerate(documents.read_ahead_of(members, department)):
            progress(one.path, n, len(archive.members))
            lines.append(_line(one, read, department, year, user, reason, later))
    return _told(lines)


def take_again(
    uploads: Sequence[int],
    department: Organisation,
    year: int,
    user: User | None,
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """Read documents (by id) that were kept unread once more, as ``take_all``: their layout may be known."""
    lines = []
    kept = Upload.objects.filter(pk__in=uploads, department=department, purpose="document").order_by("pk")
    for n, upload in enumerate(kept):
        progress(upload.name, n, len(kept))
        try:
            made = versions_of(upload.pk) or documents.take_document(upload, department, year, user)
            lines.append({"file": upload.name, "new": True, "sheets": told(made)})
        except ZhunshengError as error:
            lines.append({"file": upload.name, "error": error.web, "upload": upload.pk})
    return _told(lines)


def _told(lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "files": len(lines),
        "lines": lines,
        "sheets": sum(len(one.get("sheets", ())) for one in lines),
        "failed": [one for one in lines if "error" in one],
    }


def _wanted(path: str) -> bool:
    """Say whether a member of a zip is a file of a person's; what systems put beside them is none."""
    parts = PurePosixPath(path).parts
    return not path.endswith("/") and not any(part.startswith((".", "~$", "__MACOSX")) for part in parts)


def _line(
    one: Member,
    read: TargetDocument | ZhunshengError,
    department: Organisation,
    year: int,
    user: User | None,
    reason: str,
    later: Later,
) -> dict[str, Any]:
    """Return what came of one document of several."""
    try:
        if isinstance(read, ZhunshengError):
            raise read
        kept, made = documents.keep_document(read, department, year, user, reason, later)
    except ZhunshengError as error:
        line: dict[str, Any] = {"file": one.name, "error": error.web}
        if error.code == OWN_WORDS:
            line["upload"] = keep(one.content, one.name, "document", department, user).pk
        return line
    return {"file": one.name, "new": made[0].upload_id == kept.pk, "sheets": told(made)}


def _member(archive: Zip, info: ZipInfo) -> Member:
    """Return a member of a zip with its bytes, or with why these can't be had: ``ZS-WB-04`` for one too
    large, ``ZS-IN-48`` for a zip in the zip, ``ZS-IN-04`` to ``-06`` for one that can't be unpacked.
    """
    path = name_of(info)
    name = PurePosixPath(path).name
    if info.file_size > LIMITS["document"]:
        limit = LIMITS["document"] // 2**20
        return Member(path, error=ZhunshengError("ZS-WB-04", name=name, limit=limit))
    try:
        content = archive.read(info)
        packed = PurePosixPath(name).suffix.lower() in PACKED or holds_many(content)
    except UnfitZip as fault:
        return Member(path, error=unfit(fault, name))
    if packed:
        return Member(path, error=ZhunshengError("ZS-IN-48", name=name))
    return Member(path, content)


def shown(lines: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the lines of what was taken in as they stand now: what needs somebody first, that which was not
    read and then that which has doubts; of a document whose columns were told since, what came of it.
    """
    ids = [sheet["id"] for one in lines for sheet in one.get("sheets", ())]
    versions = SheetVersion.objects.only("unsure", "answered").in_bulk(ids)
    left = {pk: len(doubts.waiting(version)) for pk, version in versions.items()}
    found = [_now(one, left) for one in lines]
    return sorted(found, key=lambda one: (not one.get("error"), not _waits(one)))


def _waits(line: Mapping[str, Any]) -> bool:
    return any(sheet["doubts"] for sheet in line.get("sheets", ()))


def _now(line: Mapping[str, Any], left: Mapping[int, int]) -> Mapping[str, Any]:
    if line.get("upload") and (made := versions_of(line["upload"])):
        return {"file": line["file"], "new": True, "sheets": told(made)}
    sheets = [{**sheet, "doubts": left.get(sheet["id"], 0)} for sheet in line.get("sheets", ())]
    return {**line, "sheets": sheets} if sheets else line


def told(made: Sequence[SheetVersion]) -> list[dict[str, Any]]:
    """Return what a line says of the versions that a document made."""
    return [
        {
            "id": v.pk,
            "name": str(v),
            "year": v.sheet.year,
            "doubts": len(doubts.waiting(v)),
            "joined": documents.joined_words(v),
        }
        for v in made
    ]
