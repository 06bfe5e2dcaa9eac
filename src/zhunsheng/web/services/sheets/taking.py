"""Documents that are uploaded for a department, one or many: read each on its own, with what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from django.core.files.uploadedfile import UploadedFile

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.zips import UnfitZip, Zip, ZipBounds, name_of
from zhunsheng.translation import raised_with
from zhunsheng.usecases.many_documents import holds_many
from zhunsheng.usecases.progress import Progress, no_progress
from zhunsheng.web.models import Organisation, SheetVersion, Upload, User
from zhunsheng.web.services.portfolio.archives import packed
from zhunsheng.web.services.sheets import documents, doubts
from zhunsheng.web.services.uploads import LIMITS, content_of, keep

BOUNDS = ZipBounds(members=500, member=LIMITS["document"], unpacked=2**30)
OWN_WORDS = "ZS-IN-50"  # a document whose columns a person has to name first


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
        file.seek(0)
        return keep(file.read(), file.name or "", "document", department, user), []
    return documents.keep_document(document, department, year, user, reason)


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
    lines = []
    listed = _members(upload)
    for n, (path, content) in enumerate(listed):
        progress(path, n, len(listed))
        lines.append(_line(path, content(), department, year, user, reason))
    return {
        "files": len(lines),
        "lines": lines,
        "sheets": sum(len(one.get("sheets", ())) for one in lines),
        "failed": [one for one in lines if "error" in one],
    }


def _members(upload: Upload) -> list[tuple[str, Callable[[], bytes]]]:
    """Return the files of a zip, each with what unpacks it, none before its turn."""

    def wanted(path: str) -> bool:
        return not path.endswith("/") and not any(
            part.startswith((".", "~$", "__MACOSX")) for part in PurePosixPath(path).parts
        )

    try:
        archive = Zip(upload.content(), BOUNDS, lambda info: wanted(name_of(info)))
        for info in archive.members:
            archive.test(info)
    except UnfitZip as fault:
        raise ZhunshengError("ZS-WB-77", name=upload.name, detail=raised_with(fault)) from None
    return [(name_of(info), partial(archive.read, info)) for info in archive.members]


def _line(
    path: str, content: bytes, department: Organisation, year: int, user: User | None, reason: str
) -> dict[str, Any]:
    """Return what came of one document of several."""
    name = PurePosixPath(path).name
    try:
        document = documents.read_document(name, content, department)
        kept, made = documents.keep_document(document, department, year, user, reason)
    except ZhunshengError as error:
        line: dict[str, Any] = {"file": name, "error": error.web}
        if error.code == OWN_WORDS:
            line["upload"] = keep(content, name, "document", department, user).pk
        return line
    return {"file": name, "new": made[0].upload_id == kept.pk, "sheets": told(made)}


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
