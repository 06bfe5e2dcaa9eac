"""Reader for Word documents in one XML file, of Word 2003 and of later ones: read as a docx is."""

from __future__ import annotations

from lxml import etree

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.office_xml import PACKAGE, WORD_2003
from zhunsheng.files.opening import Opened, marked_up, parse_xml
from zhunsheng.intake import docx
from zhunsheng.intake.grid import Block
from zhunsheng.intake.numbering import ENDS
from zhunsheng.intake.symbols import is_symbolic
from zhunsheng.intake.word_text import W, Words
from zhunsheng.translation import worded

_PKG = f"{{{PACKAGE}}}"
_AML = "{http://schemas.microsoft.com/aml/2001/core}"
_WX = "{http://schemas.microsoft.com/office/word/2003/auxHint}"
_NAMES = {f"{W}vmerge": f"{W}vMerge", f"{W}hmerge": f"{W}hMerge"}
_NAMES |= {f"{W}footnote": f"{W}footnoteReference", f"{W}endnote": f"{W}endnoteReference"}
_NAMES |= {f"{_WX}{name}": f"{W}smartTag" for name in ("sect", "sub-section", "pBdrGroup")}
_NAMES |= {f"{_AML}content": f"{W}sdtContent"}
_CHANGES = {"Word.Insertion": f"{W}ins", "Word.Deletion": f"{W}del"}
_FONTS = {f"{W}h-ansi": f"{W}hAnsi", f"{W}fareast": f"{W}eastAsia"}


def read(opened: Opened) -> list[Block]:
    """Return the blocks of a Word document in XML. Raises ``ZS-IN-05``, ``-07``, ``-08`` or ``-10``."""
    data = marked_up(opened.data, opened.name)
    pictured = b":pict" in data or b":drawing" in data or b":object" in data
    # Word 2003 has the names of today's Word but for a few, in a namespace of its own.
    root = parse_xml(data.replace(WORD_2003.encode(), W[1:-1].encode()), opened.name)
    if root.tag == f"{_PKG}package":
        document = _part(root, "/word/document.xml")
        if document is None:
            raise ZhunshengError("ZS-IN-05", name=opened.name, detail=worded("没有正文"))
        words = Words(_part(root, "/word/styles.xml"), lambda: _part(root, "/word/numbering.xml"))
        return docx.blocks_of(opened.name, document, words, pictured=pictured)
    _as_today(root)
    return docx.blocks_of(opened.name, root, Words(root.find(f"{W}styles"), lambda: None), pictured=pictured)


def _part(root: etree._Element, name: str) -> etree._Element | None:
    """Return the root of a part of a package."""
    for part in root.iterchildren(f"{_PKG}part"):
        if part.get(f"{_PKG}name") == name:
            return next((one for data in part.iterchildren(f"{_PKG}xmlData") for one in data), None)
    return None


def _as_today(root: etree._Element) -> None:
    """Rename what Word 2003 named otherwise, and write the numbers of lists, which it tells as they show."""
    for one in list(root.iter(*_NAMES)):
        one.tag = _NAMES[one.tag]
    for one in list(root.iter(f"{_AML}annotation")):
        one.tag = _CHANGES.get(one.get(f"{W}type") or "", f"{W}commentReference")
    for fonts in root.iter(f"{W}rFonts"):
        for old, new in _FONTS.items():
            if (font := fonts.get(old)) is not None:
                fonts.set(new, font)
    for style in root.iterfind(f"{W}styles/{W}style"):
        if style.get(f"{W}default") == "on":
            style.set(f"{W}default", "1")
    for listed in root.iter(f"{W}listPr"):
        _number(listed)


def _number(listed: etree._Element) -> None:
    """Write the number of a list before the text of its paragraph."""
    said, font = listed.find(f"{_WX}t"), listed.find(f"{_WX}font")
    number = (said.get(f"{_WX}val") or "").strip() if said is not None else ""
    properties = listed.getparent()
    if not number or (font is not None and is_symbolic(font.get(f"{_WX}val"))) or number in "·•":
        return
    if properties.tag != f"{W}pPr" or properties.getparent().tag != f"{W}p":
        return
    run = etree.Element(f"{W}r")
    etree.SubElement(run, f"{W}t").text = number if number[-1] in ENDS else f"{number} "
    properties.addnext(run)
