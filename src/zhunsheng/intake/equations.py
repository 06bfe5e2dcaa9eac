"""Equations of Office (OMML, ECMA-376 part 1 §22.1) in one line: fractions as a/b, roots as √(a)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from lxml import etree

from zhunsheng.files.bounds import EQUATION_MAX_DEPTH
from zhunsheng.intake.symbols import raised

M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_PROPERTIES = "Pr"


def linear(node: etree._Element, depth: int = 0) -> str:
    """Return an equation, or a part of one, as a line of text."""
    if depth > EQUATION_MAX_DEPTH:
        return "".join(text.text or "" for text in node.iter(f"{M}t"))
    return "".join(_part(child, depth + 1) for child in node)


def _part(node: etree._Element, depth: int) -> str:
    if not isinstance(node.tag, str) or not node.tag.startswith(M):
        return ""
    name = node.tag[len(M) :]
    if name == "t":
        return _plain(node.text or "")
    if name.endswith(_PROPERTIES):
        return ""

    def of(part: str) -> str:
        return "".join(linear(one, depth) for one in node.iterfind(f"{M}{part}"))

    if name == "f":
        bar = _said(node, "fPr/type")
        above, below = of("num"), of("den")
        return f"({above},{below})" if bar == "noBar" else f"{_whole(above)}/{_whole(below)}"
    if name in ("sSup", "sSubSup"):
        return of("e") + of("sub") + _power(of("sup"), of("e"))
    if name == "sPre":
        return of("sub") + of("sup") + of("e")
    if name == "rad":
        return f"{of('deg')}√{_whole(of('e'))}"
    if name == "d":
        begin, end = _said(node, "dPr/begChr", "("), _said(node, "dPr/endChr", ")")
        inner = _said(node, "dPr/sepChr", "|").join(linear(one, depth) for one in node.iterfind(f"{M}e"))
        return f"{begin}{inner}{end}"
    if name == "nary":
        return _said(node, "naryPr/chr", "∫") + of("sub") + of("sup") + of("e")
    if name == "eqArr":
        return "\n".join(linear(one, depth) for one in node.iterfind(f"{M}e"))
    if name == "m":
        rows = (_cells(row.iterfind(f"{M}e"), depth) for row in node.iterfind(f"{M}mr"))
        return ";".join(rows)
    if name == "phant" and _said(node, "phantPr/show", "1") in ("0", "off", "false"):
        return ""
    return linear(node, depth)


def _cells(cells: Iterable[etree._Element], depth: int) -> str:
    return ",".join(linear(one, depth) for one in cells)


def _said(node: etree._Element, path: str, default: str = "") -> str:
    """Return the value of a property; ``default`` where the equation doesn't say."""
    found = node.find("/".join(f"{M}{step}" for step in path.split("/")))
    said = found.get(f"{M}val") if found is not None else None
    return default if said is None else said


def _whole(text: str) -> str:
    """Return a part of an equation in brackets, unless it is one number or name."""
    simple = text.isalnum() or text.replace(".", "", 1).isdigit() or text.startswith("(")
    return text if simple or not text else f"({text})"


def _power(text: str, base: str) -> str:
    shown = raised(text, base)
    if shown != text or not text.strip():
        return shown
    return text if not any(sign.isalnum() for sign in text) else f"^{_whole(text)}"


def _plain(text: str) -> str:
    """Return letters and digits of mathematics (𝑥, 𝟗) as the plain ones that they are."""
    if text.isascii():
        return text
    return "".join(
        unicodedata.normalize("NFKC", sign) if "\U0001d400" <= sign <= "\U0001d7ff" else sign for sign in text
    )
