"""Take in a file from a request: size and content are checked before anything is kept."""

from __future__ import annotations

import io

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import WEB, look_parquet
from zhunsheng.files.opening import open_bytes
from zhunsheng.files.pdf import page_picture
from zhunsheng.translation import worded
from zhunsheng.web.models import Organisation, Upload, User

LIMITS = {"attachment": 20 * 2**20, "document": 50 * 2**20}  # bytes by purpose; others as the site is set
_HEADS = {b"%PDF-": ".pdf", b"\x89PNG\r\n": ".png", b"\xff\xd8\xff": ".jpg", b"PAR1": ".parquet"}


def take(
    file: UploadedFile[bytes] | None,
    purpose: str,
    department: Organisation | None,
    user: User | None,
    *,
    limit: int | None = None,
) -> Upload:
    """Check a file by its content and keep it. ``purpose`` is document, ledger, attachment or archive.

    Raises as ``content_of``, ``ZS-IN-*`` for content that is not what is taken here.
    """
    content = content_of(file, purpose, limit=limit)
    assert file is not None and file.name
    return keep(content, file.name, purpose, department, user)


def content_of(file: UploadedFile[bytes] | None, purpose: str, *, limit: int | None = None) -> bytes:
    """Return the bytes of a file that was sent. Raises ``ZS-WB-05`` without a file,
    ``ZS-WB-04`` for one too large.
    """
    if file is None or not file.name:
        raise ZhunshengError("ZS-WB-05")
    most = limit or LIMITS.get(purpose, settings.MAX_UPLOAD)
    if (file.size or 0) > most:
        raise ZhunshengError("ZS-WB-04", name=file.name, limit=most // 2**20)
    content: bytes = file.read()
    return content


def keep(
    content: bytes, name: str, purpose: str, department: Organisation | None, user: User | None
) -> Upload:
    """Check bytes by their content and keep them. Raises ``ZS-IN-*``, ``ZS-EV-40`` for a parquet file beyond
    what is taken.
    """
    if not content:
        raise ZhunshengError("ZS-IN-02", name=name)
    ending = next((e for head, e in _HEADS.items() if content.startswith(head)), None)
    if purpose == "archive":
        if not content.startswith(b"PK\x03\x04"):
            raise ZhunshengError("ZS-IN-03", name=name, detail=worded("应为 zip 压缩包"))
    elif purpose == "attachment" and ending in (".pdf", ".png", ".jpg"):
        if not name.lower().endswith((ending, ".jpeg" if ending == ".jpg" else ending)):
            raise ZhunshengError(
                "ZS-IN-11", name=name, detail=worded("内容是 {ending} 文件", ending=ending[1:])
            )
    elif purpose == "ledger" and ending == ".parquet":
        look_parquet(io.BytesIO(content), name, WEB)
    else:
        open_bytes(content, name)
    return Upload.keep(content, name, purpose, department, user)


def picture_of_page(upload: Upload, page: int, longest: int = 1_600) -> bytes:
    """Return a page of a kept PDF, counted from 1, as PNG of so many pixels at its longer side.

    Where something stood on it is told by ``Place.region``, as shares of this picture's width and height.
    Raises ``ZS-IN-03`` for another format, ``ZS-IN-43`` for no such page, ``ZS-IN-42`` for one beyond the
    bounds.
    """
    content = upload.content()
    if open_bytes(content, upload.name).kind != "pdf":
        raise ZhunshengError("ZS-IN-03", name=upload.name, detail=worded("不是 PDF，没有页面图像"))
    return page_picture(content, upload.name, page, longest)
