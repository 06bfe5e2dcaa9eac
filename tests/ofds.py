"""Writes OFD files (GB/T 33190) of texts and lines, as small as a test needs them."""

from __future__ import annotations

import io
import zipfile
from xml.sax.saxutils import escape

SPACE = 'xmlns:ofd="http://www.ofdspec.org/2016"'
SIZE = 4.0  # millimetres of a letter


def text(words: str, x: float, y: float, *, turned: bool = False) -> str:
    """Return a line of text whose letters begin at ``x`` and stand at height ``y``, in millimetres."""
    wide = [SIZE if ord(sign) > 0x2E80 else SIZE / 2 for sign in words]
    runs, at = [], 0
    while at < len(wide) - 1:  # g 3 4.0 stands for three letters of 4 mm
        end = at
        while end < len(wide) - 1 and wide[end] == wide[at]:
            end += 1
        runs.append(f"g {end - at} {wide[at]}" if end - at > 1 else str(wide[at]))
        at = end
    delta = f' DeltaX="{" ".join(runs)}"' if runs else ""
    matrix = ' CTM="0 1 -1 0 0 0"' if turned else ""
    return (
        f'<ofd:TextObject ID="1" Font="2" Size="{SIZE}" Boundary="{x} {y - SIZE} 100 6"{matrix}>'
        f'<ofd:TextCode X="0" Y="{0 if turned else SIZE}"{delta}>{escape(words)}</ofd:TextCode>'
        "</ofd:TextObject>"
    )


def line(x: float, y: float, to_x: float, to_y: float) -> str:
    """Return a stroke."""
    return (
        f'<ofd:PathObject ID="1" LineWidth="0.2" Boundary="{x} {y} {to_x - x} {to_y - y}">'
        f"<ofd:AbbreviatedData>M 0 0 L {to_x - x} {to_y - y}</ofd:AbbreviatedData></ofd:PathObject>"
    )


def table(rows: list[list[str | None]], widths: list[float], x: float, y: float, high: float = 10.0) -> str:
    """Return a table with lines; a cell of None is merged with the one above it."""
    found = []
    for r, row in enumerate(rows):
        left = x
        for wide, words in zip(widths, row, strict=True):
            top = y + r * high
            if words is not None:
                found.append(line(left, top, left + wide, top))
                found += [text(w, left + 1, top + 5 + 4.5 * n) for n, w in enumerate(words.split("\n"))]
            found += [line(left, top, left, top + high), line(left + wide, top, left + wide, top + high)]
            if r == len(rows) - 1:
                found.append(line(left, top + high, left + wide, top + high))
            left += wide
    return "".join(found)


def ofd(pages: list[str], *, template: str = "", box: str = "0 0 210 297", **members: bytes) -> bytes:
    """Return an OFD of pages, each the content of its layer; ``template`` lies under each."""
    listed = "".join(
        f'<ofd:Page ID="{n}" BaseLoc="Pages/Page_{n}/Content.xml"/>' for n, _page in enumerate(pages)
    )
    parts = {
        "OFD.xml": f"<ofd:OFD {SPACE}><ofd:DocBody><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot>"
        "</ofd:DocBody></ofd:OFD>",
        "Doc_0/Document.xml": f"<ofd:Document {SPACE}><ofd:CommonData><ofd:PageArea><ofd:PhysicalBox>{box}"
        '</ofd:PhysicalBox></ofd:PageArea><ofd:TemplatePage ID="9" BaseLoc="Tpls/T.xml"/></ofd:CommonData>'
        f"<ofd:Pages>{listed}</ofd:Pages></ofd:Document>",
        "Doc_0/Tpls/T.xml": f"<ofd:Page {SPACE}><ofd:Content><ofd:Layer>{template}</ofd:Layer></ofd:Content>"
        "</ofd:Page>",
    }
    for n, page in enumerate(pages):
        parts[f"Doc_0/Pages/Page_{n}/Content.xml"] = (
            f'<ofd:Page {SPACE}><ofd:Template TemplateID="9"/><ofd:Content><ofd:Layer>{page}</ofd:Layer>'
            "</ofd:Content></ofd:Page>"
        )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**parts, **members}.items():
            archive.writestr(name, content)
    return stream.getvalue()
