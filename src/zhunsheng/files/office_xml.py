"""Tell the XML of Office 2003 and later in one file by its root: a Word document, or an Excel workbook."""

from __future__ import annotations

import re
from typing import Literal

SPREADSHEET = "urn:schemas-microsoft-com:office:spreadsheet"
WORD_2003 = "http://schemas.microsoft.com/office/word/2003/wordml"
PACKAGE = "http://schemas.microsoft.com/office/2006/xmlPackage"
# What may stand before the root: declarations, remarks, and a document type, for which it is refused later.
# Each is taken whole or not at all, so that what is no XML is looked at once.
_ROOT = re.compile(
    r"\s*(?:(?><\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>)\s*)*+"
    r"<(?:[\w.-]+:)?([A-Za-z]+)\b([^>]*)",
    re.DOTALL,
)
_ROOTS: dict[str, tuple[str, Literal["wordxml", "excelxml"]]] = {
    "Workbook": (SPREADSHEET, "excelxml"),
    "wordDocument": (WORD_2003, "wordxml"),
    "package": (PACKAGE, "wordxml"),
}


def kind_of_xml(head: bytes) -> Literal["wordxml", "excelxml"] | None:
    """Return what a file that begins so is, None for anything but the XML of Office."""
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    found = _ROOT.match(head.decode(encoding, "replace"))
    namespace, kind = _ROOTS.get(found[1] if found else "", ("", None))
    return kind if found and kind and namespace in found[2] else None
