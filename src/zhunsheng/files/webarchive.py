"""Take the page out of a web archive (.mht, .mhtml): a MIME message of a page and its pictures."""

from __future__ import annotations

import re
from collections.abc import Callable
from email import message_from_bytes
from email.errors import MessageError
from email.message import Message

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.bounds import ARCHIVE_MAX_NESTED, ARCHIVE_MAX_PARTS, ARCHIVE_MAX_TAGS
from zhunsheng.translation import worded

_HEAD = 8192  # bytes in which the head of a message stands
_BLANK_LINE = re.compile(rb"\n\r?\n")
_TYPE = re.compile(rb"\ncontent-type:\s{0,9}([a-z]+)/", re.IGNORECASE)
_FIELD = re.compile(rb"\A\s*[A-Za-z][A-Za-z-]{2,40}:")
# Encodings that pages are in. Others that Python knows (punycode, idna) are none, and take minutes.
_ENCODINGS = re.compile(
    r"(?:utf|us-ascii|gb|hz|big5|iso-|windows-|cp|euc|shift|koi8|x-mac|mac)", re.IGNORECASE
)
_WHOLE = re.compile(r"</?(?:html|body)\b[^>]*>", re.IGNORECASE)  # one page ends where the first says so
_FRAMES = re.compile("<frameset", re.IGNORECASE)


def begins_as_archive(data: bytes) -> bool:
    """Say whether bytes are a web archive: a message that holds a page."""
    head = data[:_HEAD].lower()
    held = b"multipart/related" in head or b"text/html" in head
    return held and b"mime-version:" in head and _FIELD.match(head) is not None


def _without_pictures(data: bytes) -> bytes:
    """Return a web archive without the bodies of parts that are no text: the library takes ten times the room
    of each.
    """
    pieces = []
    for piece in re.split(rb"\n(?=--)", data):
        end = _BLANK_LINE.search(piece)
        said = _TYPE.search(piece, 0, min(end.start(), _HEAD) if end else _HEAD)
        no_text = end and said and said[1].lower() not in (b"text", b"multipart", b"message")
        pieces.append(piece[: end.end()] if end and no_text else piece)
    return b"\n".join(pieces)


def page_in(data: bytes, name: str, decode: Callable[[bytes, str], str]) -> str:
    """Return the page of a web archive, decoded by what its part says, or by ``decode`` (bytes, name).

    A workbook saved so is a page of frames: the pages in them then, one after the other.
    Raises ``ZS-IN-05`` for one that is none or nested too deeply, ``ZS-IN-07`` for a page of too many tags.
    """
    if data.lower().count(b"multipart/") > ARCHIVE_MAX_NESTED or data.count(b"\n--") > ARCHIVE_MAX_PARTS:
        raise ZhunshengError("ZS-IN-05", name=name, detail=worded("网页档案嵌套过深"))
    try:
        parts = [
            p
            for p in message_from_bytes(_without_pictures(data)).walk()
            if p.get_content_type() == "text/html"
        ]
        pages = [text for part in parts if (text := _text(part, name, decode)).strip()]
    except (MessageError, ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
        raise ZhunshengError("ZS-IN-05", name=name, detail=str(error)[:120]) from None
    if not pages:
        raise ZhunshengError("ZS-IN-05", name=name, detail=worded("网页档案里没有网页"))
    page = pages[0]
    if _FRAMES.search(page) and len(pages) > 1:
        page = "\n".join(_WHOLE.sub("", one) for one in pages[1:])
    if (tags := page.count("<")) > ARCHIVE_MAX_TAGS:
        detail = worded("有 {tags} 个标记，上限 {most} 个", tags=f"{tags:,}", most=f"{ARCHIVE_MAX_TAGS:,}")
        raise ZhunshengError("ZS-IN-07", name=name, detail=detail)
    return page


def _text(part: Message, name: str, decode: Callable[[bytes, str], str]) -> str:
    content = part.get_payload(decode=True)
    content = content if isinstance(content, bytes) else b""
    charset = part.get_content_charset() or ""
    if _ENCODINGS.match(charset):
        try:
            return content.decode("gb18030" if charset in ("gb2312", "gbk") else charset)
        except (UnicodeDecodeError, LookupError):  # the part says another encoding than it has
            pass
    return decode(content, name) if content.strip() else ""
