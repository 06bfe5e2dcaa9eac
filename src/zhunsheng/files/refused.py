"""Formats that are known and not read: each is refused by its name, with the way out."""

from __future__ import annotations

from collections.abc import Container

from zhunsheng.errors import ZhunshengError
from zhunsheng.translation import translatable, worded

_DOCX, _XLSX = (
    translatable("用 Word 或 WPS 打开后另存为 docx"),
    translatable("用 Excel 或 WPS 打开后另存为 xlsx"),
)
_PICTURE = translatable("图片"), translatable("提供可编辑的文件，或先用文字识别软件转换并核对")
_PACKED = translatable("压缩包（不是 zip）"), translatable("解开后逐个提供，或改用 zip 压缩")
_COPIED = translatable("把其中的目标表复制到 Word 或 Excel 后保存")
_SLIDES = translatable("PowerPoint 演示文稿"), _COPIED
_PROGRAM = translatable("可执行程序"), translatable("不要打开它，并核对来源")
_DATABASE = translatable("数据库文件"), translatable("把要用的表导出为 xlsx 或 csv")

# What a file begins with: what it is, and the way out.
_HEADS = {
    b"\x89PNG\r\n\x1a\n": _PICTURE,
    b"\xff\xd8\xff": _PICTURE,
    b"GIF8": _PICTURE,
    b"II*\0": _PICTURE,
    b"MM\0*": _PICTURE,
    b"Rar!\x1a\x07": _PACKED,
    b"7z\xbc\xaf\x27\x1c": _PACKED,
    b"\x1f\x8b\x08": _PACKED,
    b"\x7fELF": _PROGRAM,
    b"SQLite format 3\0": _DATABASE,
    b"\x00\x01\x00\x00Standard ": _DATABASE,
    b"\xdb\xa5": (translatable("Word 2.0 的文档"), _DOCX),
    b"\x31\xbe\x00\x00": (translatable("DOS 版 Word 的文档"), _DOCX),
    b"\x09\x00\x04\x00": (translatable("Excel 4.0 或更早的工作簿"), _XLSX),
    b"\x09\x02\x06\x00": (translatable("Excel 4.0 或更早的工作簿"), _XLSX),
    b"\x09\x04\x06\x00": (translatable("Excel 4.0 或更早的工作簿"), _XLSX),
}
# Short heads that a text can begin with too: with a zero among what follows they are no text.
_SHORT = {b"MZ": _PROGRAM, b"BM": _PICTURE, b"RIFF": _PICTURE}
_ENTRIES = {
    "PowerPoint Document": _SLIDES,
    "VisioDocument": (translatable("Visio 绘图"), _COPIED),
    "__properties_version1.0": (translatable("Outlook 邮件"), translatable("另存邮件的附件后单独提供")),
    "MatOST": (translatable("Microsoft Works 的文档"), _DOCX),
    "CONTENTS": (translatable("早期 WPS 或 Microsoft Works 的文档"), _DOCX),
}
_MEMBERS = {
    "ppt/presentation.xml": _SLIDES,
    "content.xml": (translatable("OpenDocument 演示文稿、绘图或公式"), _COPIED),
    "Index/Document.iwa": (translatable("苹果 iWork 的文件"), translatable("导出为 docx 或 xlsx")),
    "visio/document.xml": (translatable("Visio 绘图"), _COPIED),
    "META-INF/container.xml": (translatable("EPUB 电子书"), translatable("把其中的目标表复制到 Word 后保存")),
}
_XML = {
    "urn:oasis:names:tc:opendocument:xmlns:office:1.0": (
        translatable("单个 XML 文件的 OpenDocument（fodt、fods）"),
        translatable("用 LibreOffice 或 WPS 打开后另存为 docx 或 xlsx"),
    ),
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main": (
        translatable("从 docx 里取出的一个部分"),
        translatable("提供完整的 docx"),
    ),
}


def _refuse(name: str, known: tuple[str, str]) -> None:
    kind, way = known
    raise ZhunshengError("ZS-IN-45", name=name, kind=worded(kind), way=worded(way))


def refuse_known(data: bytes, name: str) -> None:
    """Refuse bytes that begin as a format that is not read. Raises ``ZS-IN-45``."""
    for head, known in _HEADS.items():
        if data.startswith(head):
            _refuse(name, known)
    for head, known in _SHORT.items():
        if data.startswith(head) and b"\0" in data[:512]:
            _refuse(name, known)


def refuse_compound(entries: Container[str], name: str) -> None:
    """Refuse a compound file by the entries at its top. Raises ``ZS-IN-45``."""
    _refuse_by(entries, name, _ENTRIES)


def refuse_zipped(members: Container[str], name: str) -> None:
    """Refuse a zip by the paths in it. Raises ``ZS-IN-45``."""
    _refuse_by(members, name, _MEMBERS)


def refuse_xml(head: str, name: str) -> None:
    """Refuse XML by the namespace that its head names. Raises ``ZS-IN-45``."""
    for namespace, known in _XML.items():
        if namespace in head:
            _refuse(name, known)


def _refuse_by(entries: Container[str], name: str, known: dict[str, tuple[str, str]]) -> None:
    for entry, what in known.items():
        if entry in entries:
            _refuse(name, what)
