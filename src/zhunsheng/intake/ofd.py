"""Reader for OFD (GB/T 33190-2016): letters, lines and pictures of its pages as drawn, then paragraphs and
tables as of any drawn page.
"""

from __future__ import annotations

import math
import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from lxml import etree

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.bounds import (
    OFD_MAX_BYTES,
    OFD_MAX_DEPTH,
    OFD_MAX_LETTERS,
    OFD_MAX_LINES,
    OFD_MAX_PAGES,
    OFD_MAX_SIDE,
    OFD_MAX_TAGS,
)
from zhunsheng.files.opening import Opened
from zhunsheng.intake import paged
from zhunsheng.intake.drawn import Box, Letter, Page
from zhunsheng.intake.grid import Block
from zhunsheng.translation import worded

_POINTS = 72 / 25.4  # a millimetre in points
_THICK, _THIN = 3.0, 1.0  # points: a narrower area is a line; a line along an axis leaves it by less
_WHITE = 250
# A letter's box reaches above and below the line that it stands on, as parts of its size.
_ABOVE, _BELOW = 0.88, 0.12
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,2})?")
_STEP = re.compile(r"[A-Za-z]|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,2})?")
_TAKES = {"S": 2, "M": 2, "L": 2, "Q": 4, "B": 6, "A": 7, "C": 0}  # numbers behind a letter of a path

Point = tuple[float, float]
Matrix = tuple[float, float, float, float, float, float]


def read(opened: Opened) -> list[Block]:
    """Return the blocks of an OFD.

    Raises ``ZS-IN-04`` (encrypted), ``-05`` (broken), ``-06``, ``-07`` (beyond the bounds), ``-08``.
    """
    return paged.blocks_of(_Document(opened).pages())


@dataclass
class _Drawn:
    """What is drawn on a page, in points."""

    letters: list[Letter] = field(default_factory=list)
    lines: list[Box] = field(default_factory=list)
    areas: list[Box] = field(default_factory=list)
    pictures: list[Box] = field(default_factory=list)


class _Document:
    def __init__(self, opened: Opened) -> None:
        assert opened.archive is not None
        self.opened, self.name = opened, opened.name
        self.sizes = {member.filename: member.file_size for member in opened.archive.members}
        if "Encryptions.xml" in self.sizes:
            raise ZhunshengError("ZS-IN-04", name=self.name)
        self.read = self.letters = self.lines = 0

    def pages(self) -> list[Page]:
        """Return the pages of all documents in the file, in order."""
        found: list[Page] = []
        for body in self._xml("OFD.xml").iterfind(".//{*}DocRoot"):
            root_at = _resolved("OFD.xml", body.text)
            root = self._xml(root_at)
            box = root.find(".//{*}CommonData//{*}PhysicalBox")
            templates = {
                one.get("ID"): _resolved(root_at, one.get("BaseLoc"))
                for one in root.iterfind(".//{*}TemplatePage")
            }
            listed = root.findall(".//{*}Pages/{*}Page")
            if len(found) + len(listed) > OFD_MAX_PAGES:
                detail = worded("有 {count} 页，上限 {most} 页", count=len(listed), most=OFD_MAX_PAGES)
                raise ZhunshengError("ZS-IN-06", name=self.name, detail=detail)
            for page in listed:
                at = _resolved(root_at, page.get("BaseLoc"))
                found.append(self._page(self._xml(at), len(found) + 1, box, templates))
        return found

    def _page(
        self,
        root: etree._Element,
        number: int,
        box: etree._Element | None,
        templates: dict[str | None, str],
    ) -> Page:
        own = root.find("{*}Area/{*}PhysicalBox")
        left, top, width, height = self._box((own if own is not None else box), (0.0, 0.0, 210.0, 297.0))
        if not 1 <= width <= OFD_MAX_SIDE or not 1 <= height <= OFD_MAX_SIDE:
            raise ZhunshengError("ZS-IN-05", name=self.name, detail=worded("页面的大小不对"))
        drawn = _Drawn()
        for used in root.iterfind("{*}Template"):
            if (at := templates.get(used.get("TemplateID"))) is not None:
                for content in self._xml(at).iterfind("{*}Content"):
                    self._draw(content, drawn, 0)
        for content in root.iterfind("{*}Content"):
            self._draw(content, drawn, 0)

        sides = width * _POINTS, height * _POINTS

        def shown(boxes: Sequence[Box]) -> list[Box]:
            found = (
                _clipped([(v - o) * _POINTS for v, o in zip(b, origin, strict=True)], sides) for b in boxes
            )
            return [box for box in found if box is not None]

        origin = (left, top, left, top)
        letters = [
            Letter(one.text, *box, one.turns) for one in drawn.letters for box in shown([Box(*one[1:5])])
        ]
        lines, areas, pictures = shown(drawn.lines), shown(drawn.areas), shown(drawn.pictures)
        return Page(number, *sides, letters, lines, areas, pictures)

    def _draw(self, parent: etree._Element, drawn: _Drawn, depth: int) -> None:
        """Add what stands under a part of a page, in the order in which it is drawn."""
        if depth > OFD_MAX_DEPTH:
            raise ZhunshengError("ZS-IN-05", name=self.name, detail=worded("页面内容嵌套过深"))
        for one in parent:
            kind = etree.QName(one).localname if isinstance(one.tag, str) else ""
            if one.get("Visible") == "false" or one.get("Alpha") == "0":
                continue
            if kind in ("Layer", "PageBlock"):
                self._draw(one, drawn, depth + 1)
            elif kind == "TextObject":
                drawn.letters += self._letters(one)
            elif kind == "PathObject":
                self._path(one, drawn)
            elif kind in ("ImageObject", "CompositeObject"):
                x, y, width, height = self._box(one.get("Boundary"))
                self._count_lines(1)
                drawn.pictures.append(Box(x, y, x + width, y + height))

    def _count_lines(self, more: int) -> None:
        self.lines += more
        if self.lines > OFD_MAX_LINES:
            detail = worded("超过 {most} 条线", most=f"{OFD_MAX_LINES:,}")
            raise ZhunshengError("ZS-IN-06", name=self.name, detail=detail)

    def _letters(self, text: etree._Element) -> Iterator[Letter]:
        """Yield the letters of a text; DeltaX and DeltaY say how far from each the next one stands."""
        left, top, _width, _height = self._box(text.get("Boundary"))
        matrix = self._matrix(text, left, top)
        size = _float(text.get("Size"), 3.5)
        scale = _float(text.get("HScale"), 1.0)
        x = y = 0.0
        turns = round(math.degrees(math.atan2(matrix[1], matrix[0])) / 90) % 4
        turns = (turns + int(_float(text.get("CharDirection"), 0.0)) // 90) % 4
        for code in text.iterfind("{*}TextCode"):
            said = code.text or ""
            self.letters += len(said)
            if self.letters > OFD_MAX_LETTERS:
                detail = worded("超过 {most} 个字", most=f"{OFD_MAX_LETTERS:,}")
                raise ZhunshengError("ZS-IN-06", name=self.name, detail=detail)
            x, y = _float(code.get("X"), x), _float(code.get("Y"), y)
            over, down = (
                self._deltas(code.get("DeltaX"), len(said)),
                self._deltas(code.get("DeltaY"), len(said)),
            )
            even = len(set(over[: len(said) - 1])) == 1 and len(over) >= len(said) - 1 > 1
            for n, sign in enumerate(said):
                wide = size * scale * (1.0 if ord(sign) >= 0x2E80 else 0.5)
                step = over[n] if n < len(over) else (0.0 if n < len(down) else wide)
                if sign not in "\r\n":
                    shown = min(wide, step) if 0 < step < wide else wide
                    if even and wide < step <= size * scale:
                        shown = step  # digits set as wide as ideographs: no blanks between them
                    corners = [(x, y - _ABOVE * size), (x + shown, y + _BELOW * size)]
                    if turns % 2 and text.get("CharDirection"):  # the sign is turned, not its line
                        corners = [(x, y - size), (x + size, y)]
                    yield Letter(sign, *_around([_moved(matrix, *corner) for corner in corners]), turns)
                x += step
                y += down[n] if n < len(down) else 0.0

    def _deltas(self, said: str | None, most: int) -> list[float]:
        """Return the distances between letters: ``g n w`` stands for ``n`` of ``w``."""
        found: list[float] = []
        words = iter((said or "").split())
        for word in words:
            if len(found) >= most:
                break
            if word == "g":
                count, wide = int(_float(next(words, ""), 0.0)), _float(next(words, ""), 0.0)
                found += [wide] * max(0, min(count, most - len(found)))
            else:
                found.append(_float(word, 0.0))
        return found

    def _path(self, path: etree._Element, drawn: _Drawn) -> None:
        """Add what a path draws: strokes along the axes and thin areas as lines, areas that show as areas."""
        left, top, _width, _height = self._box(path.get("Boundary"))
        matrix = self._matrix(path, left, top)
        stroked = path.get("Stroke") != "false"
        filled = path.get("Fill") == "true" and _shows(path.find("{*}FillColor"))
        for points in self._parts(path.findtext("{*}AbbreviatedData") or ""):
            moved = [_moved(matrix, x, y) for x, y in points]
            box = _around(moved)
            if stroked:
                for ends in pairwise(moved):
                    line = _around(ends)
                    if min(line.width, line.height) * _POINTS < _THIN:
                        drawn.lines.append(line)
            if filled and len(points) > 2:
                if min(box.width, box.height) * _POINTS > _THICK:
                    drawn.areas.append(box)
                elif not stroked:
                    drawn.lines.append(box)

    def _parts(self, said: str) -> Iterator[list[Point]]:
        """Yield each part of a path as the points that its lines and curves run through."""
        words = (found[0] for found in _STEP.finditer(said))
        points: list[Point] = []
        for word in words:
            takes = _TAKES.get(word)
            if takes is None:
                continue
            self._count_lines(1)
            numbers = [_float(next(words, ""), 0.0) for _ in range(takes)]
            if word in "SM":
                if len(points) > 1:
                    yield points
                points = []
            if word == "C":
                points += points[:1]
            else:
                points.append((numbers[-2], numbers[-1]))
        if len(points) > 1:
            yield points

    def _matrix(self, one: etree._Element, left: float, top: float) -> Matrix:
        said = [_float(v, 0.0) for v in (one.get("CTM") or "").split()]
        a, b, c, d, e, f = said if len(said) == 6 else (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
        return a, b, c, d, e + left, f + top

    def _box(
        self, said: etree._Element | str | None, otherwise: tuple[float, float, float, float] = (0.0,) * 4
    ) -> tuple[float, float, float, float]:
        text = said if isinstance(said, str) else (said.text or "" if said is not None else "")
        numbers = [_float(word, 0.0) for word in text.split()[:4]]
        return (numbers[0], numbers[1], numbers[2], numbers[3]) if len(numbers) == 4 else otherwise

    def _xml(self, path: str) -> etree._Element:
        self.read += self.sizes.get(path, 0)
        if self.read > OFD_MAX_BYTES:
            detail = worded("解压后共超过 {n} MB", n=OFD_MAX_BYTES // 2**20)
            raise ZhunshengError("ZS-IN-07", name=self.name, detail=detail)
        return self.opened.xml(path, OFD_MAX_TAGS)


def _resolved(of: str, path: str | None) -> str:
    """Return the path in the zip of a part that another one names, from there or from the top."""
    said = (path or "").strip()
    return posixpath.normpath(
        said.lstrip("/") if said.startswith("/") else posixpath.join(posixpath.dirname(of), said)
    )


def _float(said: str | None, otherwise: float) -> float:
    number = float(said) if said and _NUMBER.fullmatch(said.strip()) else otherwise
    return number if math.isfinite(number) else otherwise


def _clipped(box: Sequence[float], sides: tuple[float, float]) -> Box | None:
    """Return what of a box stands on a page of these sides, None where nothing does."""
    left, top, right, bottom = box
    wide, high = sides
    if not (left <= wide and right >= 0 and top <= high and bottom >= 0):
        return None
    within = (max(left, 0.0), max(top, 0.0), min(right, wide), min(bottom, high))
    return Box(*(round(value, 3) for value in within))


def _moved(matrix: Matrix, x: float, y: float) -> Point:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def _around(points: Sequence[Point]) -> Box:
    xs, ys = [x for x, _y in points], [y for _x, y in points]
    return Box(min(xs), min(ys), max(xs), max(ys))


def _shows(colour: etree._Element | None) -> bool:
    """Say whether a filling is seen on white paper; one without a colour is black."""
    if colour is None:
        return True
    values = [_float(v, 0.0) for v in (colour.get("Value") or "").split()]
    return colour.get("Alpha") != "0" and not (len(values) == 3 and min(values) >= _WHITE)
