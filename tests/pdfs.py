"""Write small PDF files of invented content for tests: pages of drawing commands, Chinese in a font that
every reader of PDF knows (STSong-Light, ISO 32000-1, 9.7.5.2), nothing embedded.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Sheet:
    """A page: what it draws, its size in points, its turn in degrees, and further entries of its
    dictionary.
    """

    drawn: str | bytes
    size: tuple[float, float] = (595, 842)
    turned: int = 0
    more: str = ""


def pdf(sheets: Sequence[Sheet], objects: Sequence[bytes] = (), trailer: str = "") -> bytes:
    """Return a PDF of pages; ``objects`` get the numbers from 100 on."""
    parts: dict[int, bytes] = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        3: b"<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/UniGB-UCS2-H/DescendantFonts[4 0 R]>>",
        4: b"<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light/DW 1000/FontDescriptor 5 0 R"
        b"/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 4>>>>",
        5: b"<</Type/FontDescriptor/FontName/STSong-Light/Flags 4/FontBBox[0 -120 1000 880]/ItalicAngle 0"
        b"/Ascent 880/Descent -120/CapHeight 700/StemV 80>>",
    }
    parts |= dict(enumerate(objects, start=100))
    kids = []
    for n, sheet in enumerate(sheets):
        page, content = 1000 + 2 * n, 1001 + 2 * n
        kids.append(f"{page} 0 R")
        width, height = sheet.size
        parts[page] = (
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {width} {height}]/Rotate {sheet.turned}"
            f"/Contents {content} 0 R/Resources<</Font<</F 3 0 R>>>>{sheet.more}>>"
        ).encode()
        drawn = sheet.drawn.encode() if isinstance(sheet.drawn, str) else sheet.drawn
        packed = zlib.compress(drawn, 9)
        parts[content] = b"<</Filter/FlateDecode/Length %d>>stream\n" % len(packed) + packed + b"\nendstream"
    parts[2] = f"<</Type/Pages/Kids[{' '.join(kids)}]/Count {len(kids)}>>".encode()
    out, places = b"%PDF-1.7\n", []
    for number in sorted(parts):
        places.append((number, len(out)))
        out += b"%d 0 obj" % number + parts[number] + b"endobj\n"
    table = b"".join(b"%d 1\n%010d 00000 n \n" % place for place in places)
    start = len(out)
    return (
        out
        + b"xref\n0 1\n0000000000 65535 f \n"
        + table
        + f"trailer<</Size {max(parts) + 1}/Root 1 0 R{trailer}>>startxref {start} %%EOF".encode()
    )


def text(x: float, y: float, words: str, size: float = 10, matrix: str = "1 0 0 1") -> str:
    """Return the commands that write words from a point on, in points from the lower left corner."""
    return f"BT /F {size} Tf {matrix} {x} {y} Tm <{words.encode('utf-16-be').hex()}> Tj ET\n"


def line(x: float, y: float, to_x: float, to_y: float) -> str:
    """Return the commands that draw a line."""
    return f"{x} {y} m {to_x} {to_y} l S\n"


def table(rows: Sequence[Sequence[str]], xs: Sequence[float], top: float, high: float = 20) -> str:
    """Return the commands that draw a ruled table of one-line cells."""
    bottom = top - high * len(rows)
    lines = [line(xs[0], top - high * n, xs[-1], top - high * n) for n in range(len(rows) + 1)]
    lines += [line(x, top, x, bottom) for x in xs]
    words = [
        text(x + 3, top - high * n - 14, cell)
        for n, row in enumerate(rows)
        for x, cell in zip(xs, row, strict=False)
        if cell
    ]
    return "".join([*lines, *words])
