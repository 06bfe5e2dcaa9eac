"""What a PDF page holds, as letters, lines, areas and pictures with their boxes, and its image: told by
PDFium in a process of its own.

PDFium is a large program in C++ that reads what strangers wrote. Its process has a bound of seconds and of
memory, and where it dies, only the document is refused. This file is also the program that the process runs:
it imports nothing of the package.
"""

from __future__ import annotations

import ctypes
import itertools
import json
import math
import re
import struct
import sys
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pypdfium2
from pypdfium2 import raw

MOST_PAGES = 300
MOST_POINTS = 7_200  # the longer side of a page, in points (1/72 inch): 2.5 m
MOST_LETTERS = 250_000  # of a document: some 250 full pages
MOST_LINES = 200_000  # lines and areas of a document
MOST_DEPTH = 6  # forms within forms
SECONDS = 4  # of processor time
MEMORY = 220 * 2**20  # bytes of address space beyond the 60 MiB or so that the program itself takes

_UNKNOWN = 2  # how a letter is drawn: without a meaning
_THICK = 3  # points; an area that is thinner is a line
_BAR = 8  # points; a line that is thicker is an area
_WHITE = 250  # of 255
_PRIVATE = range(0xF000, 0xF100)  # where fonts of symbols keep their signs
_SYMBOLIC = re.compile(r"symbol|dings", re.IGNORECASE)

Matrix = tuple[float, float, float, float, float, float]
_UNMOVED: Matrix = (1, 0, 0, 1, 0, 0)


class Refused(Exception):
    """Why a document is not read: ``locked``, ``broken``, what there is too much of (``pages``, ``side``,
    ``letters``, ``lines``, ``memory``), or ``page`` for one that isn't there; with how much and the most.
    """


def _bounded() -> None:
    """Let the system end this process beyond the bounds; Windows has none, and its clock alone ends it."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    if sys.platform == "linux":  # elsewhere the bounds on what is counted have to do
        taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (taken + MEMORY, taken + MEMORY))


def _open(data: bytes) -> pypdfium2.PdfDocument:
    try:
        document = pypdfium2.PdfDocument(data)
        pages = len(document)
    except pypdfium2.PdfiumError:
        locked = raw.FPDF_GetLastError() in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY)
        raise Refused("locked" if locked else "broken") from None
    if not pages:
        raise Refused("broken")
    return document


def _page(document: pypdfium2.PdfDocument, number: int) -> pypdfium2.PdfPage:
    try:
        page = document[number]
    except pypdfium2.PdfiumError:
        raise Refused("broken", f"{number + 1}") from None
    width, height = page.get_size()
    if not (0 < width <= MOST_POINTS and 0 < height <= MOST_POINTS):
        raise Refused("side", f"{max(width, height):.0f}", f"{MOST_POINTS}")
    return page


class _View:
    """From a page's own coordinates to those of the page as shown: points from its upper left corner."""

    def __init__(self, page: pypdfium2.PdfPage) -> None:
        box = raw.FS_RECTF()
        raw.FPDF_GetPageBoundingBox(page, box)
        self.left, self.right = sorted((box.left, box.right))
        self.bottom, self.top = sorted((box.bottom, box.top))
        self.turns = page.get_rotation() // 90 % 4
        self.width, self.height = page.get_size()
        self.all = [0.0, 0.0, self.width, self.height]

    def point(self, x: float, y: float) -> tuple[float, float]:
        match self.turns:
            case 0:
                return x - self.left, self.top - y
            case 1:
                return y - self.bottom, x - self.left
            case 2:
                return self.right - x, y - self.bottom
        return self.top - y, self.right - x

    def box(self, corners: list[tuple[float, float]]) -> list[float]:
        shown = [self.point(*corner) for corner in corners]
        xs, ys = [x for x, _ in shown], [y for _, y in shown]
        return [round(v, 2) for v in (min(xs), min(ys), max(xs), max(ys))]

    def of(self, left: float, bottom: float, right: float, top: float) -> list[float]:
        """Return where a box of the page's own coordinates is shown."""
        if self.turns == 0:
            return [left - self.left, self.top - top, right - self.left, self.top - bottom]
        return self.box([(left, bottom), (right, top)])


def content(data: bytes) -> Iterator[dict[str, Any]]:
    """Give each page: ``size``, ``letters``, ``lines``, ``areas``, ``pictures``, all boxes in points as
    shown.

    A letter is [text, left, top, right, bottom, quarter turns clockwise, how: 0 drawn, 1 never drawn, 2 a
    sign that the font gives no meaning]; behind it stands the name of a font of symbols, or of one whose
    sign is of the area of private use. Raises ``Refused``.
    """
    document = _open(data)
    if len(document) > MOST_PAGES:
        raise Refused("pages", f"{len(document)}", f"{MOST_PAGES}")
    letters = lines = 0
    for number in range(len(document)):
        page = _page(document, number)
        view = _View(page)
        told = {"size": [view.width, view.height], "letters": _letters(page, view, MOST_LETTERS - letters)}
        told |= _drawn(page, view, MOST_LINES - lines)
        sideways = Counter((letter[5] - view.turns) % 4 for letter in told["letters"]).most_common(1)
        if sideways and sideways[0][0] % 2:
            told["letters"] = _turned_letters(document, number, page, view, -sideways[0][0] % 4)
        else:
            page.close()
        letters += len(told["letters"])
        lines += len(told["lines"]) + len(told["areas"])
        yield told


def _turned_letters(
    document: pypdfium2.PdfDocument, number: int, page: pypdfium2.PdfPage, view: _View, quarters: int
) -> list[list[Any]]:
    """Return the letters of a page whose text runs up or down in its own coordinates, read from the page
    turned by so many quarters clockwise, 1 or 3: of such text PDFium leaves out words whose font is not
    embedded.
    """
    left, bottom, right, top = view.left, view.bottom, view.right, view.top
    matrix = (0, -1, 1, 0, -bottom, right) if quarters == 1 else (0, 1, -1, 0, top, -left)
    everything = raw.FS_RECTF(-MOST_POINTS, MOST_POINTS, MOST_POINTS, -MOST_POINTS)
    raw.FPDFPage_TransFormWithClip(page, raw.FS_MATRIX(*matrix), everything)
    page.set_mediabox(0, 0, top - bottom, right - left)
    page.set_cropbox(0, 0, top - bottom, right - left)
    page.close()
    turned = document[number]
    now = _View(turned)
    found = []
    for sign, a, b, c, d, turn, how, *font in _letters(turned, now, MOST_LETTERS):
        was = (
            [b, now.width - c, d, now.width - a] if quarters == 1 else [now.height - d, a, now.height - b, c]
        )
        found.append([sign, *[round(v, 2) for v in was], (turn - quarters) % 4, how, *font])
    turned.close()
    return found


class _Hand(NamedTuple):
    """How an object writes: turned by quarters clockwise as shown (-1 for aslant), drawn or not (as in
    ``content``), how wide and high its font is in points, the box within which it shows, its font's name.
    """

    turn: int
    how: int
    wide: float
    high: float
    clip: list[float] | None
    font: str


def _letters(page: pypdfium2.PdfPage, view: _View, most: int) -> list[list[Any]]:
    text = page.get_textpage()
    count = text.count_chars()
    if count > 2 * most:
        raise Refused("letters", "", f"{MOST_LETTERS:,}")
    has_forms = _has_forms(page)
    found: list[list[Any]] = []
    hands: dict[int, _Hand] = {}
    rect, x, y = raw.FS_RECTF(), ctypes.c_double(), ctypes.c_double()
    high = 0
    for i in range(count):
        code = raw.FPDFText_GetUnicode(text, i)
        if code in (0, 10, 13) and not raw.FPDFText_HasUnicodeMapError(text, i):
            continue
        owner = raw.FPDFText_GetTextObject(text, i)
        if not owner:  # a blank or a line break that PDFium put in
            continue
        key = ctypes.addressof(owner.contents)
        hand = hands.get(key) or hands.setdefault(key, _hand(text, i, owner, view, has_forms))
        if 0xD800 <= code < 0xDC00:
            high = code
            continue
        sign, known = _sign(code, high)
        high = 0
        if hand.turn < 0 or not raw.FPDFText_GetLooseCharBox(text, i, rect):
            continue
        raw.FPDFText_GetCharOrigin(text, i, x, y)
        box = view.of(rect.left, rect.bottom, rect.right, rect.top)
        if 1 < hand.high < 500:
            wide = hand.wide if unicodedata.east_asian_width(sign) in "WF" else 0.0
            box = _square(box, view.point(x.value, y.value), hand.turn, wide, hand.high)
        if _shows(box, hand.clip or view.all):
            told = [sign, *[round(v, 2) for v in box], hand.turn, hand.how if known else _UNKNOWN]
            if code in _PRIVATE or _SYMBOLIC.search(hand.font):
                told[0] = chr(code) if known or code in _PRIVATE else sign
                told.append(hand.font)
            found.append(told)
            if len(found) > most:
                raise Refused("letters", "", f"{MOST_LETTERS:,}")
    text.close()
    return found


def _sign(code: int, high: int) -> tuple[str, bool]:
    """Return the character of a code, the first half of a pair before it, and whether it has a meaning."""
    if 0xDC00 <= code < 0xE000 and high:
        return chr(0x10000 + ((high - 0xD800) << 10) + code - 0xDC00), True
    if code in (2, 0xFFFE):
        return "-", True  # a hyphen at a line's end
    if code < 32 or 0xD800 <= code < 0xF900 or code >= 0x110000 or code == 0xFFFD:
        return "\ufffd", False
    return chr(code), True


def _has_forms(page: pypdfium2.PdfPage) -> bool:
    items = (raw.FPDFPage_GetObject(page, n) for n in range(raw.FPDFPage_CountObjects(page)))
    return any(raw.FPDFPageObj_GetType(item) == raw.FPDF_PAGEOBJ_FORM for item in items)


def _hand(text: pypdfium2.PdfTextPage, index: int, owner: Any, view: _View, has_forms: bool) -> _Hand:
    m = raw.FS_MATRIX()
    raw.FPDFText_GetMatrix(text, index, m)
    size = raw.FPDFText_GetFontSize(text, index)
    quarters = (-math.atan2(m.b, m.a) / (math.pi / 2)) % 4
    near = round(quarters)
    turn = (near + view.turns) % 4 if abs(quarters - near) < 0.06 else -1
    how = int(raw.FPDFTextObj_GetTextRenderMode(owner) == raw.FPDF_TEXTRENDERMODE_INVISIBLE)
    if raw.FPDFText_HasUnicodeMapError(text, index):
        how = _UNKNOWN
    clip = None if has_forms else _clip(owner, view)  # a form's clips have its own coordinates
    wide, high = size * math.hypot(m.a, m.b), size * math.hypot(m.c, m.d)
    return _Hand(turn, how, wide, high, clip, _font(owner))


def _font(owner: Any) -> str:
    """Return the name of the font of an object of text."""
    name = ctypes.create_string_buffer(128)
    length = raw.FPDFFont_GetBaseFontName(raw.FPDFTextObj_GetFont(owner), name, len(name))
    return name.value.decode("utf8", "replace") if 0 < length <= len(name) else ""


def _clip(item: Any, view: _View) -> list[float] | None:
    """Return the box within which an object shows, None where nothing bounds it."""
    path = raw.FPDFPageObj_GetClipPath(item)
    x, y = ctypes.c_float(), ctypes.c_float()
    shown: list[float] | None = None
    for n in range(max(raw.FPDFClipPath_CountPaths(path), 0) if path else 0):
        points = []
        for m in range(max(raw.FPDFClipPath_CountPathSegments(path, n), 0)):
            raw.FPDFPathSegment_GetPoint(raw.FPDFClipPath_GetPathSegment(path, n, m), x, y)
            points.append((x.value, y.value))
        if points:
            box = view.box(points)
            low, high = zip(box, shown or box, strict=True), zip(box, shown or box, strict=True)
            shown = [*(max(pair) for pair in low)][:2] + [*(min(pair) for pair in high)][2:]
    return shown


def _shows(box: list[float], clip: list[float]) -> bool:
    """Say whether the middle of a letter is where its object shows."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return clip[0] - 1 <= x <= clip[2] + 1 and clip[1] - 1 <= y <= clip[3] + 1


def _square(
    box: list[float], origin: tuple[float, float], turn: int, wide: float, high: float
) -> list[float]:
    """Return a letter's box as large as its font makes it, ``wide`` at least and ``high``, whatever the glyph
    fills: fonts drawn as pictures (Type 3) tell the glyph's box only. Of the height 0.88 stand above the
    line, as in Chinese fonts.
    """
    left, top, right, bottom = box
    x, y = origin
    up, down = 0.88 * high, 0.12 * high
    match turn:
        case 0:
            return [min(x, left), y - up, max(right, x + wide), y + down]
        case 1:
            return [x - down, min(y, top), x + up, max(bottom, y + wide)]
        case 2:
            return [min(left, x - wide), y - down, max(x, right), y + up]
        case _:
            return [x - up, min(top, y - wide), x + down, max(y, bottom)]


def _drawn(page: pypdfium2.PdfPage, view: _View, most: int) -> dict[str, list[list[float]]]:
    told: dict[str, list[list[float]]] = {"lines": [], "areas": [], "pictures": []}
    for item, matrix in _items(page, most):
        kind = raw.FPDFPageObj_GetType(item)
        if kind == raw.FPDF_PAGEOBJ_IMAGE:
            own = _times(_matrix(item), matrix)
            box = view.box([_moved(own, x, y) for x in (0, 1) for y in (0, 1)])
            thin = min(box[2] - box[0], box[3] - box[1]) <= _THICK
            told["lines" if thin else "pictures"].append(box)
        elif kind == raw.FPDF_PAGEOBJ_PATH:
            _path(item, _times(_matrix(item), matrix), view, told)
        if len(told["lines"]) + len(told["areas"]) > most:
            raise Refused("lines", "", f"{MOST_LINES:,}")
    return told


def _items(page: pypdfium2.PdfPage, most: int) -> Iterator[tuple[Any, Matrix]]:
    """Give the objects of a page and of the forms in it, in the order of drawing, with the matrix of their
    form.
    """
    left = [4 * most + 100_000]

    def walk(count: int, get: Any, matrix: Matrix, depth: int) -> Iterator[tuple[Any, Matrix]]:
        for i in range(count):
            left[0] -= 1
            if left[0] < 0:
                raise Refused("lines", "", f"{MOST_LINES:,}")
            item = get(i)
            if item and raw.FPDFPageObj_GetType(item) == raw.FPDF_PAGEOBJ_FORM:
                if depth < MOST_DEPTH:
                    inner = _times(_matrix(item), matrix)
                    within = raw.FPDFFormObj_CountObjects(item)
                    yield from walk(
                        max(within, 0),
                        lambda n, form=item: raw.FPDFFormObj_GetObject(form, n),
                        inner,
                        depth + 1,
                    )
            elif item:
                yield item, matrix

    yield from walk(raw.FPDFPage_CountObjects(page), lambda n: raw.FPDFPage_GetObject(page, n), _UNMOVED, 0)


def _matrix(item: Any) -> Matrix:
    m = raw.FS_MATRIX()
    return (m.a, m.b, m.c, m.d, m.e, m.f) if raw.FPDFPageObj_GetMatrix(item, m) else _UNMOVED


def _times(m: Matrix, n: Matrix) -> Matrix:
    """Return the matrix of doing ``m`` first and then ``n``."""
    a, b, c, d, e, f = m
    g, h, i, j, k, l = n
    return (
        a * g + b * i,
        a * h + b * j,
        c * g + d * i,
        c * h + d * j,
        e * g + f * i + k,
        e * h + f * j + l,
    )


def _moved(m: Matrix, x: float, y: float) -> tuple[float, float]:
    return m[0] * x + m[2] * y + m[4], m[1] * x + m[3] * y + m[5]


def _colour(get: Any, item: Any) -> tuple[int, int, int, int]:
    parts = [ctypes.c_uint() for _ in range(4)]
    get(item, *parts)
    return parts[0].value, parts[1].value, parts[2].value, parts[3].value


def _path(item: Any, matrix: Matrix, view: _View, told: dict[str, list[list[float]]]) -> None:
    """Add what a path draws: strokes along the axes and thin areas as lines, other areas that show as
    areas.
    """
    filled, stroked = ctypes.c_int(), ctypes.c_int()
    raw.FPDFPath_GetDrawMode(item, filled, stroked)
    shown = stroked.value and _colour(raw.FPDFPageObj_GetStrokeColor, item)[3] > 0
    red, green, blue, there = _colour(raw.FPDFPageObj_GetFillColor, item) if filled.value else (0, 0, 0, 0)
    width = ctypes.c_float()
    raw.FPDFPageObj_GetStrokeWidth(item, width)
    thick = width.value * math.sqrt(abs(matrix[0] * matrix[3] - matrix[1] * matrix[2])) > _BAR
    for points in _parts(item, matrix):
        if shown and not thick:
            for start, end in itertools.pairwise(points):
                box = view.box([start, end])
                if min(box[2] - box[0], box[3] - box[1]) < 1:
                    told["lines"].append(box)
        elif shown:
            told["areas"].append(view.box(points))
        if there and len(points) > 2:
            box = view.box(points)
            if min(box[2] - box[0], box[3] - box[1]) <= _THICK:
                if not shown:
                    told["lines"].append(box)
            elif min(red, green, blue) < _WHITE:
                told["areas"].append(box)


def _parts(item: Any, matrix: Matrix) -> Iterator[list[tuple[float, float]]]:
    """Give each part of a path as the points that its straight lines and curves run through."""
    x, y = ctypes.c_float(), ctypes.c_float()
    points: list[tuple[float, float]] = []
    for n in range(raw.FPDFPath_CountSegments(item)):
        segment = raw.FPDFPath_GetPathSegment(item, n)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        point = _moved(matrix, x.value, y.value)
        if raw.FPDFPathSegment_GetType(segment) == raw.FPDF_SEGMENT_MOVETO and points:
            if len(points) > 1:
                yield points
            points = []
        points.append(point)
        if raw.FPDFPathSegment_GetClose(segment):
            points.append(points[0])
    if len(points) > 1:
        yield points


def picture(data: bytes, number: int, longest: int) -> bytes:
    """Return a page, counted from 1, as PNG of at most ``longest`` pixels a side. Raises ``Refused``."""
    document = _open(data)
    if not 1 <= number <= len(document):
        raise Refused("page", str(len(document)))
    page = _page(document, number - 1)
    scale = longest / max(page.get_size())
    image = page.render(scale=scale, rev_byteorder=True, force_bitmap_format=raw.FPDFBitmap_BGR)
    return png(image.width, image.height, image.stride, bytes(image.buffer))


def png(width: int, height: int, stride: int, rows: bytes) -> bytes:
    """Return an image of 3 bytes a point (red, green, blue) as PNG."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    lines = b"".join(b"\0" + rows[y * stride : y * stride + 3 * width] for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(lines, 6))
        + chunk(b"IEND", b"")
    )


def answer(data: bytes, what: Sequence[str]) -> bytes:
    """Return what was asked for of a document, or why not, behind one line; from then on the system ends the
    process beyond the bounds.
    """
    _bounded()
    try:
        if what[0] == "picture":
            body = picture(data, int(what[1]), int(what[2]))
        else:
            body = json.dumps(list(content(data)), separators=(",", ":")).encode()
    except Refused as why:
        return "\t".join(("refused", *why.args)).encode() + b"\n"
    except MemoryError:
        return b"refused\tmemory\n"
    return b"told\n" + body


def main() -> int:
    """Read a document from standard input and write the answer."""
    sys.stdout.buffer.write(answer(sys.stdin.buffer.read(), sys.argv[1:]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
