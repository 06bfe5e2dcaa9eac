"""Find out what a file really is and refuse, within bounded time and memory, what is broken or hostile."""

from __future__ import annotations

import hashlib
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import charset_normalizer
from lxml import etree

from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import first_line
from zhunsheng.files import compound
from zhunsheng.files.bounds import MAX_MARKS, marks
from zhunsheng.files.compound import Compound, UnfitCompound
from zhunsheng.files.office_xml import kind_of_xml
from zhunsheng.files.refused import refuse_compound, refuse_known, refuse_xml, refuse_zipped
from zhunsheng.files.webarchive import begins_as_archive, page_in
from zhunsheng.files.zips import Locked, TooLarge, UnfitZip, Zip
from zhunsheng.translation import raised_with, worded

Office = Literal["docx", "doc", "rtf", "odt", "wordxml", "xlsx", "xls", "ods", "excelxml"]
Kind = Literal[Office, "txt", "html", "mht", "csv", "ofd", "pdf"]

MAX_FILE = 200 * 2**20  # bytes; ledgers of a province come as csv of this size, target documents never do

_DECLARED = re.compile(r"\A\ufeff?\s*<\?xml[^>]*\?>")
HEAD = 4096  # characters in which a web page shows that it is one
_STRICT = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w{1,40})/(\w{1,40})")
_OPENDOCUMENT = b"application/vnd.oasis.opendocument.text"
_TEXTS = (_OPENDOCUMENT, _OPENDOCUMENT + b"-template", _OPENDOCUMENT + b"-master")
MEDIA_TYPES: dict[Kind, str] = {
    "txt": "text/plain",
    "csv": "text/csv",
    "html": "text/html",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "doc": "application/msword",
    "rtf": "application/rtf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xls": "application/vnd.ms-excel",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odt": "application/vnd.oasis.opendocument.text",
    "wordxml": "application/xml",
    "excelxml": "application/xml",
    "pdf": "application/pdf",
    "mht": "multipart/related",
    "ofd": "application/ofd",
}


@dataclass(frozen=True)
class Opened:
    """A file's bytes with what they turned out to be; ``text`` is decoded for txt, csv, html and mht.

    ``macros`` says that programs lie in the file, which nothing here runs.
    """

    name: str
    kind: Kind
    data: bytes = field(repr=False)
    text: str = field(default="", repr=False)
    archive: Zip | None = field(default=None, repr=False)
    compound: Compound | None = field(default=None, repr=False)
    macros: bool = False

    @property
    def sha256(self) -> str:
        """The SHA-256 of the file's bytes, in hex."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def media_type(self) -> str:
        """The media type of what the file turned out to be."""
        return MEDIA_TYPES[self.kind]

    def member(self, path: str | zipfile.ZipInfo) -> bytes:
        """Return one member of a zip-based file. Raises ``ZS-IN-05`` when it is missing or broken,
        ``-07`` when it is larger than said.
        """
        assert self.archive is not None
        try:
            return self.archive.read(path)
        except KeyError:
            raise ZhunshengError(
                "ZS-IN-05", name=self.name, detail=worded("缺少 {path}", path=path)
            ) from None
        except UnfitZip as fault:
            raise unfit(fault, self.name) from None

    def xml(self, path: str, most: int = MAX_MARKS) -> etree._Element:
        """Parse one XML member without entities or network, of at most ``most`` marks (see ``bounds``).

        Raises ``ZS-IN-05``, ``ZS-IN-07`` or ``ZS-IN-08``.
        """
        return parse_xml(self.member(path), self.name, most)


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file of any size, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def refuse_tags(data: bytes, name: str, most: int = MAX_MARKS) -> None:
    """Refuse XML of more than ``most`` marks (see ``bounds``). Raises ``ZS-IN-07``."""
    if (tags := marks(data)) > most:
        raise ZhunshengError(
            "ZS-IN-07",
            name=name,
            detail=worded("有 {tags} 个标记，上限 {most} 个", tags=f"{tags:,}", most=f"{most:,}"),
        )


def parse_xml(data: bytes, name: str, most: int = MAX_MARKS) -> etree._Element:
    """Parse XML that a stranger wrote, of at most ``most`` marks (see ``bounds``). What Office saved as
    "strict" has the names of what it saves otherwise (ISO/IEC 29500-1 and -4).

    Raises ``ZS-IN-08`` for any document type, ``ZS-IN-05`` for bad XML, ``ZS-IN-07`` for more.
    """
    refuse_tags(data, name, most)
    if b"purl.oclc.org/ooxml" in data:
        data = _STRICT.sub(rb"http://schemas.openxmlformats.org/\1/2006/\2", data)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        if b"<!DOCTYPE" in data[:4096] or b"<!ENTITY" in data[:4096]:
            raise ZhunshengError("ZS-IN-08", name=name) from None
        raise ZhunshengError("ZS-IN-05", name=name, detail=first_line(error)) from None
    if root.getroottree().docinfo.doctype:
        raise ZhunshengError("ZS-IN-08", name=name)
    return root


def marked_up(data: bytes, name: str) -> bytes:
    """Return XML that a stranger wrote in an encoding of one byte or several, never of two and two.

    Raises ``ZS-IN-08`` for any document type, wherever it stands.
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        data = _DECLARED.sub("", data.decode("utf-16", "replace"), count=1).encode()
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise ZhunshengError("ZS-IN-08", name=name)
    return data


def open_file(path: Path, *, max_bytes: int = MAX_FILE) -> Opened:
    """Read a file and say what it is.

    Raises ``ZS-IN-01`` (missing), ``-02`` (empty), ``-03`` (unknown), ``-04`` (encrypted), ``-05`` (broken),
    ``-06`` (too large), ``-07`` (zip bomb), ``-09`` (an ods with macros), ``-11`` (name and content differ),
    ``-12`` (unreadable), ``-45`` (a format that is not read).
    """
    name = path.name
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise ZhunshengError("ZS-IN-03", name=name, detail=worded("这是一个文件夹"))
        if size > max_bytes:
            raise ZhunshengError(
                "ZS-IN-06",
                name=name,
                detail=worded(
                    "{size} MB，上限 {most} MB", size=f"{size / 2**20:.0f}", most=f"{max_bytes / 2**20:.0f}"
                ),
            )
        data = path.read_bytes()
    except FileNotFoundError:
        raise ZhunshengError("ZS-IN-01", name=str(path)) from None
    except OSError as error:
        raise ZhunshengError("ZS-IN-12", name=name, detail=error.strerror or str(error)) from None
    return open_bytes(data, name)


def begins_as_page(head: str) -> bool:
    """Say whether a text that begins so is a web page, whatever its file is called."""
    return any(mark in head.lower() for mark in ("<html", "<table", "<!doctype html"))


def open_bytes(data: bytes, name: str) -> Opened:
    """Do what ``open_file`` does for bytes already in memory; ``name`` is only for its ending and for
    messages.
    """
    ending = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    if not data.lstrip(b"\0 \r\n\t"):  # from the left: a zip ends with such bytes, and would be copied
        raise ZhunshengError("ZS-IN-02", name=name)
    if data[:4] == b"PK\x03\x04":
        return _open_zip(data, name)
    if data[:8] == compound.HEAD:
        return _open_compound(data, name)
    refuse_known(data, name)
    if of_office := kind_of_xml(data[:HEAD]):
        return Opened(name, of_office, data)
    if ending in ("docx", "xlsx", "docm", "xlsm", "ods", "odt", "ofd"):
        raise ZhunshengError("ZS-IN-11", name=name, detail=worded("内容不是 {ending}", ending=ending))
    if data[:5] == b"%PDF-":
        return Opened(name, "pdf", data)
    if data[:HEAD].lstrip().startswith(b"{\\rtf"):
        return Opened(name, "rtf", data)
    if begins_as_archive(data):
        return Opened(name, "mht", data, page_in(data, name, decode))
    if b"\0" in data[:65536] and two_bytes_a_letter(data[:HEAD]) is None:
        if ending == "wps":
            kind, way = worded("早期 WPS（DOS 版）的文档"), worded("用 WPS 打开后另存为 docx")
            raise ZhunshengError("ZS-IN-45", name=name, kind=kind, way=way)
        raise ZhunshengError("ZS-IN-03", name=name, detail=worded("二进制文件"))
    text = decode(data, name)
    if begins_as_page(text[:HEAD]) or ending in ("html", "htm"):
        return Opened(name, "html", data, text)
    refuse_xml(text[:HEAD], name)
    if ending in ("xls", "et"):
        raise ZhunshengError("ZS-IN-11", name=name, detail=worded("内容是文字，不是 {ending}", ending=ending))
    if ending not in ("txt", "csv", "text", "md", "tsv", "doc", "wps", "rtf", ""):
        raise ZhunshengError("ZS-IN-03", name=name, detail=worded("不支持 .{ending}", ending=ending))
    return Opened(name, "csv" if ending in ("csv", "tsv") else "txt", data, text)


def two_bytes_a_letter(head: bytes) -> str | None:
    """Return the encoding of two bytes a letter that a text begins in: by its mark, or without one by where
    its breaks and commas stand; None where it is in none.
    """
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    if head.count(0) * 16 < len(head) or not head:
        return None
    texts = {name: head[: len(head) // 2 * 2].decode(name, "replace") for name in ("utf-16-le", "utf-16-be")}
    breaks = {name: sum(text.count(sign) for sign in "\n,;\t") for name, text in texts.items()}
    best = max(breaks, key=lambda name: breaks[name])
    return best if breaks[best] and "\0" not in texts[best] else None


def decode(data: bytes, name: str) -> str:
    """Decode text in any common Chinese encoding. Raises ``ZS-EV-07`` where none fits."""
    if wide := two_bytes_a_letter(data[:HEAD]):
        return data.decode(wide, errors="replace")
    furthest = 0
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError as error:
            furthest = max(furthest, error.start)
    best = charset_normalizer.from_bytes(data[: 2**20]).best()
    if best is None:
        line = data.count(b"\n", 0, furthest) + 1
        raise ZhunshengError("ZS-EV-07", name=name, where=worded("第 {line} 行有读不出的字", line=line))
    return data.decode(best.encoding, errors="replace")


def unfit(fault: UnfitZip, name: str) -> ZhunshengError:
    """Return what is wrong with a zip as an error of the file: ``ZS-IN-04``, ``-05`` or ``-07``."""
    if isinstance(fault, Locked):
        return ZhunshengError("ZS-IN-04", name=name)
    if isinstance(fault, TooLarge):
        return ZhunshengError("ZS-IN-07", name=name, detail=raised_with(fault))
    return ZhunshengError("ZS-IN-05", name=name, detail=raised_with(fault))


def _open_zip(data: bytes, name: str) -> Opened:
    try:
        archive = Zip(data)
    except UnfitZip as fault:
        raise unfit(fault, name) from None
    paths = archive.names
    macros = any(p.lower().endswith("vbaproject.bin") for p in paths)
    if "word/document.xml" in paths:
        return Opened(name, "docx", data, archive=archive, macros=macros)
    if "xl/workbook.xml" in paths:
        _test_parts(archive, name)
        return Opened(name, "xlsx", data, archive=archive, macros=macros)
    if "xl/workbook.bin" in paths:
        detail = worded("二进制工作簿 xlsb；请用 Excel 或 WPS 打开后另存为 xlsx")
        raise ZhunshengError("ZS-IN-03", name=name, detail=detail)
    if "content.xml" in paths and (of := _opendocument(archive, name)):
        return _open_opendocument(of, data, archive, name)
    if "OFD.xml" in paths:
        return Opened(name, "ofd", data, archive=archive)
    refuse_zipped(paths, name)
    raise ZhunshengError("ZS-IN-03", name=name, detail=worded("压缩包，里面不是 Word 或 Excel 文档"))


def _opendocument(archive: Zip, name: str) -> Literal["ods", "odt"] | None:
    """Return what a zip of OpenDocument is, by the type that it states; None for what is not read."""
    try:
        said = archive.read("mimetype") if "mimetype" in archive.names else b""
    except UnfitZip as fault:
        raise unfit(fault, name) from None
    if b"opendocument.spreadsheet" in said:
        return "ods"
    return "odt" if said.strip() in _TEXTS else None


def _open_opendocument(kind: Literal["ods", "odt"], data: bytes, archive: Zip, name: str) -> Opened:
    macros = any(path.startswith("Basic/") for path in archive.names)
    if macros and kind == "ods":
        raise ZhunshengError("ZS-IN-09", name=name)
    opened = Opened(name, kind, data, archive=archive, macros=macros)
    manifest = "META-INF/manifest.xml"
    if manifest in archive.names and b"encryption-data" in opened.member(manifest):
        raise ZhunshengError("ZS-IN-04", name=name)
    return opened


def _test_parts(archive: Zip, name: str) -> None:
    """Unpack every part of a workbook once: the library that reads it unpacks for itself,
    whatever the directory says.
    """
    for member in archive.members:
        if member.filename.lower().endswith((".xml", ".rels")):
            try:
                archive.test(member)
            except UnfitZip as fault:
                raise unfit(fault, name) from None


def _open_compound(data: bytes, name: str) -> Opened:
    """Tell by the entries at the top what a compound file is; texts and what is embedded say nothing."""
    try:
        whole = Compound(data)
    except UnfitCompound as fault:
        raise ZhunshengError("ZS-IN-05", name=name, detail=str(fault)) from None
    if "EncryptedPackage" in whole:
        raise ZhunshengError("ZS-IN-04", name=name)
    if "WordDocument" in whole:
        return Opened(name, "doc", data, compound=whole, macros="Macros" in whole)
    if "Workbook" in whole or "Book" in whole:
        return Opened(name, "xls", data, compound=whole, macros="_VBA_PROJECT_CUR" in whole)
    refuse_compound(whole, name)
    raise ZhunshengError("ZS-IN-05", name=name, detail=worded("旧版 Office 文件不完整"))
