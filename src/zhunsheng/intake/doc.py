"""Reader for Word 97–2003 (.doc) and WPS (.wps): text by its piece table, tables by the properties of
paragraphs, as [MS-DOC] keeps both in the streams of a compound file.
"""

from __future__ import annotations

import re
import struct
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.bounds import MAX_SIGNS_97, WORD97_MAX_FONTS, WORD97_MAX_RUNS, WORD97_MAX_STYLES
from zhunsheng.files.compound import UnfitCompound
from zhunsheng.files.opening import Opened
from zhunsheng.intake.flowing import Flow, RowLayout
from zhunsheng.intake.grid import Block
from zhunsheng.intake.pictures import bitmaps
from zhunsheng.intake.symbols import is_symbolic, symbol, translated
from zhunsheng.intake.telling import DELETED, HIDDEN, STRUCK
from zhunsheng.translation import worded

_WORD_97, _VERSION_97 = 0xA5EC, 0xC0
_ENCRYPTED, _TABLE_1 = 0x0100, 0x0200  # flags of the file information block (FIB)
# What lies in the table stream, by its number in the FIB.
_STYLES, _CHARACTERS, _PARAGRAPHS, _FONTS, _PIECES = 1, 12, 13, 15, 33
_STORIES = range(3, 10)  # characters of: text, footnotes, headers, macros, comments, endnotes, text boxes
_PAGE = 512  # bytes of a page of properties
# Properties (sprm), by number.
_DELETED, _STRUCK, _STRUCK_TWICE, _VANISHES = 0x0800, 0x0837, 0x2A53, 0x083C
_STYLE, _SYMBOL, _OF_FONT = 0x4A30, 0x6A09, (0x4A4F, 0x4A50, 0x4A51)
_OF_PARAGRAPHS, _OF_CHARACTERS = 1, 2  # kinds of styles
_FONT_NAME = 40  # bytes before the name in the entry of a font
_IN_TABLE, _ROW_ENDS, _DEPTH, _INNER_CELL, _INNER_ROW_ENDS = 0x2416, 0x2417, 0x6649, 0x244B, 0x244C
_CELLS, _DOWNWARDS, _TABS, _ELSEWHERE = 0xD608, 0xD62B, 0xC615, (0x6645, 0x6646)
_SIZES = (
    1,
    1,
    2,
    4,
    2,
    2,
    0,
    3,
)  # bytes of an operand by the top three bits of its number; 0: it says itself
_MARKS = re.compile("[\x00-\x08\x0b-\x1f\xad(]")
_SAID = {"\x0b": "\n", "\x0e": "\n", "\x1e": "-"}
_CELL_ENDS, _ENDS = "\x07", "\x07\r\x0c"  # of a cell or row; of these or a paragraph
_FIELD, _RESULT, _FIELD_ENDS = "\x13", "\x14", "\x15"
_INLINE, _FLOATING = "\x01", "\x08"
_SYMBOL_STANDS = "("  # where a sign of another font stands, or a bracket
_BROKEN = (struct.error, IndexError, ValueError, OverflowError, KeyError, UnfitCompound)

_LEFT_OUT = {_VANISHES: HIDDEN, _STRUCK: STRUCK, _STRUCK_TWICE: STRUCK}
# What of characters changes what is read; fonts only where they are of symbols.
_CHANGING = frozenset((_DELETED, *_LEFT_OUT, _STYLE, _SYMBOL))

Sprms = dict[int, bytes]
Value = TypeVar("Value")


def read(opened: Opened) -> list[Block]:
    """Return the blocks of a Word 97–2003 document: of its text, then of its text boxes, then what was left
    out. Headers, footnotes, comments, deleted, hidden and struck text, and the codes of fields are no part.

    Raises ``ZS-IN-04`` (password), ``-05`` (broken), ``-06``, ``-10`` (too large), ``-45`` (before Word 97).
    """
    try:
        return _Document(opened).blocks()
    except _BROKEN as error:
        detail = (str(error) or type(error).__name__)[:120]
        raise ZhunshengError("ZS-IN-05", name=opened.name, detail=detail) from None


@dataclass(frozen=True)
class _Piece:
    """A run of text: its characters from ``first`` to before ``end``, counted from the document's start, lie
    from byte ``at`` on, ``wide`` bytes each; ``sprms`` are what a quick save put upon it.
    """

    first: int
    end: int
    at: int
    wide: int
    sprms: Sprms


class _Runs(Generic[Value]):
    """What holds for runs of bytes of the text, in order: from ``firsts`` to before ``ends``."""

    def __init__(self, runs: list[tuple[int, int, Value]]) -> None:
        runs.sort(key=lambda run: run[0])
        self.firsts = [first for first, _end, _value in runs]
        self.ends = [end for _first, end, _value in runs]
        self.values = [value for _first, _end, value in runs]

    def at(self, place: int) -> Value | None:
        """Return what holds at a byte."""
        n = bisect_right(self.firsts, place) - 1
        return self.values[n] if n >= 0 and place < self.ends[n] else None


class _Document:
    def __init__(self, opened: Opened) -> None:
        assert opened.compound is not None
        whole, self.name = opened.compound, opened.name
        self.main = main = whole.stream("WordDocument")
        magic, version = struct.unpack_from("<2H", main)
        if magic != _WORD_97 or version < _VERSION_97:
            kind = worded("Word 95 或更早的文档")
            raise ZhunshengError("ZS-IN-45", name=self.name, kind=kind, way=worded("另存为 docx"))
        (flags,) = struct.unpack_from("<H", main, 10)
        if flags & _ENCRYPTED:
            raise ZhunshengError("ZS-IN-04", name=self.name)
        self.table = whole.stream("1Table" if flags & _TABLE_1 else "0Table")
        self.data = whole.stream("Data") if "Data" in whole else b""
        (shorts,) = struct.unpack_from("<H", main, 32)
        longs_at = 36 + 2 * shorts
        (longs,) = struct.unpack_from("<H", main, longs_at - 2)
        self.counts = [struct.unpack_from("<i", main, longs_at + 4 * n)[0] for n in _STORIES]
        if min(self.counts) < 0:
            raise ValueError("FIB")
        if sum(self.counts) > MAX_SIGNS_97:
            detail = worded("正文超过 {most} 字", most=f"{MAX_SIGNS_97:,}")
            raise ZhunshengError("ZS-IN-06", name=self.name, detail=detail)
        self.parts_at = longs_at + 4 * longs + 2
        self.parsed = lru_cache(256)(self._parsed)
        self.pieces = list(self._pieces())
        self.fonts = dict(self._symbol_fonts())
        self.looks = dict(self._looks())
        self.paragraphs = _Runs(list(self._pages(_PARAGRAPHS, 13)))
        self.characters = _Runs(list(self._character_runs()))
        # Pictures that float lie in this stream, those in the text in ``Data``.
        self.floats = bitmaps(main) > 0

    def blocks(self) -> list[Block]:
        """Return the blocks of the text and of the text boxes."""
        flow = Flow(self.name)
        text, *_others, boxes = self.counts
        self._read(flow, 0, text)
        flow.done()
        before = sum(self.counts[:-1])
        self._read(flow, before, before + boxes)
        return [*flow.done(), *flow.told()]

    def _part(self, number: int) -> bytes:
        at, length = struct.unpack_from("<2I", self.main, self.parts_at + 8 * number)
        return self.table[at : at + length]

    def _pieces(self) -> Iterator[_Piece]:
        clx = self._part(_PIECES)
        at, upon = 0, []
        while clx[at] == 1:
            (length,) = struct.unpack_from("<H", clx, at + 1)
            upon.append(clx[at + 3 : at + 3 + length])
            at += 3 + length
        if clx[at] != 2:
            raise ValueError("CLX")
        (length,) = struct.unpack_from("<I", clx, at + 1)
        table = clx[at + 5 : at + 5 + length]
        count = (len(table) - 4) // 12
        ends = struct.unpack_from(f"<{count + 1}I", table)
        size = 0
        for k in range(count):
            at, prm = struct.unpack_from("<IH", table, 4 * (count + 1) + 8 * k + 2)
            wide = 1 if at & 0x40000000 else 2
            at = (at & 0x3FFFFFFF) // (2 if wide == 1 else 1)
            size += (ends[k + 1] - ends[k]) * wide
            if ends[k + 1] < ends[k] or size > len(self.main):
                raise ValueError("PLCPCD")
            sprms = self.parsed(upon[prm >> 1]) if prm & 1 and prm >> 1 < len(upon) else {}
            yield _Piece(ends[k], ends[k + 1], at, wide, sprms)

    def _pages(self, number: int, step: int) -> Iterator[tuple[int, int, int]]:
        """Yield the runs of text that the pages of properties list: first byte, the one behind the last, and
        where in the stream the properties stand, 0 for none. An entry of a page takes ``step`` bytes.
        """
        table = self._part(number)
        count = max(0, (len(table) - 4) // 8)
        seen = 0
        for k in range(count):
            (page,) = struct.unpack_from("<I", table, 4 * (count + 1) + 4 * k)
            at = (page & 0x3FFFFF) * _PAGE
            if at + _PAGE > len(self.main):
                continue
            runs = self.main[at + _PAGE - 1]
            seen += runs
            if seen > WORD97_MAX_RUNS:
                detail = worded("格式超过 {most} 处", most=f"{WORD97_MAX_RUNS:,}")
                raise ZhunshengError("ZS-IN-06", name=self.name, detail=detail)
            if 4 * (runs + 1) + step * runs > _PAGE:
                continue
            ends = struct.unpack_from(f"<{runs + 1}I", self.main, at)
            for n in range(runs):
                place = 2 * self.main[at + 4 * (runs + 1) + step * n]
                yield ends[n], ends[n + 1], at + place if place else 0

    def _character_runs(self) -> Iterator[tuple[int, int, Sprms]]:
        """Yield the runs of characters on whose properties something hangs here."""
        main = self.main
        for first, end, at in self._pages(_CHARACTERS, 1):
            sprms = self.parsed(main[at + 1 : at + 1 + main[at]]) if at else {}
            if not _CHANGING.isdisjoint(sprms) or self._font(sprms):
                yield first, end, sprms

    def _of_paragraph(self, place: int) -> tuple[int, Sprms]:
        """Return the style and the properties of the paragraph at a byte."""
        at, main = self.paragraphs.at(place), self.main
        if not at:
            return 0, {}
        # A length in words, less a byte; zero says that it stands in the next byte, in whole words.
        begins, length = (at + 1, 2 * main[at] - 1) if main[at] else (at + 2, 2 * main[at + 1])
        return struct.unpack_from("<H", main, begins)[0], self.parsed(main[begins + 2 : begins + length])

    def _symbol_fonts(self) -> Iterator[tuple[int, str]]:
        """Yield the fonts of symbols with their numbers in the document."""
        table = self._part(_FONTS)
        at = 4
        for n in range(min(struct.unpack_from("<H", table)[0], WORD97_MAX_FONTS) if len(table) >= at else 0):
            if at >= len(table):
                break
            entry = table[at : at + 1 + table[at]]
            at += len(entry)
            name = entry[_FONT_NAME:].decode("utf-16-le", "replace").partition("\0")[0]
            if is_symbolic(name):
                yield n, name

    def _font(self, sprms: Sprms) -> str | None:
        """Return the font of symbols of a run with these properties, None where it is none."""
        if not self.fonts:
            return None
        numbers = (int.from_bytes(sprms[one], "little") for one in _OF_FONT if one in sprms)
        return next((self.fonts[one] for one in numbers if one in self.fonts), None)

    def _looks(self) -> Iterator[tuple[int, Sprms]]:
        """Yield the styles that change how text reads, with their properties and those that they build on."""
        table = self._part(_STYLES)
        if len(table) < 6:
            return
        (size, count, fixed) = struct.unpack_from("<3H", table)
        at, own = 2 + size, dict[int, tuple[int, Sprms]]()
        for n in range(min(count, WORD97_MAX_STYLES)):
            if at + 2 > len(table):
                break
            (length,) = struct.unpack_from("<H", table, at)
            style = table[at + 2 : at + 2 + length]
            at += 2 + length + length % 2
            if len(style) >= max(10, fixed) + 2:
                own[n] = struct.unpack_from("<H", style, 2)[0] >> 4, self._of_style(style, fixed)
        for n in own:
            of, chain = n, list[int]()
            while of in own and of not in chain:
                chain.append(of)
                of = own[of][0]
            look: Sprms = {}
            for one in reversed(chain):
                look |= own[one][1]
            if look:
                yield n, look

    def _of_style(self, style: bytes, fixed: int) -> Sprms:
        """Return what a style says of how its text reads."""
        kind = style[2] & 15
        if kind not in (_OF_PARAGRAPHS, _OF_CHARACTERS):
            return {}
        (letters,) = struct.unpack_from("<H", style, fixed)
        at = fixed + 4 + 2 * letters
        at += at % 2
        if kind == _OF_PARAGRAPHS and at + 2 <= len(style):  # its first part is on the paragraph
            at += 2 + struct.unpack_from("<H", style, at)[0]
            at += at % 2
        if at + 2 > len(style):
            return {}
        (length,) = struct.unpack_from("<H", style, at)
        said = self.parsed(style[at + 2 : at + 2 + length])
        kept = (*_LEFT_OUT, *(_OF_FONT if self._font(said) else ()))
        return {number: said[number] for number in kept if number in said}

    def _unseen(self, sprms: Sprms, place: int) -> str:
        """Return why text at a byte is not read: deleted while changes are tracked, hidden or struck through,
        by itself or by its style, of which it can say the opposite; nothing where it is read.
        """
        if _is(sprms, _DELETED):
            return DELETED
        look = self._look(sprms, place)
        for number, why in _LEFT_OUT.items():
            by_style = look.get(number, b"")[:1] in (b"\1", b"\x81")
            said = sprms.get(number, b"\x80")[:1]
            if {b"\0": False, b"\1": True, b"\x81": not by_style}.get(said, by_style):
                return why
        return ""

    def _look(self, sprms: Sprms, place: int) -> Sprms:
        """Return what the style of a run at a byte says of how it reads."""
        if not self.looks:
            return {}
        own = sprms.get(_STYLE, b"")
        number = int.from_bytes(own, "little") if len(own) == 2 else self._of_paragraph(place)[0]
        return self.looks.get(number, {})

    def _shown(self, words: str, sprms: Sprms, place: int) -> str:
        """Return the text of a run as it shows."""
        font = self._font(sprms) or self._font(self._look(sprms, place))
        return translated(_paired(words), (font,) if font else ())

    def _parsed(self, sprms: bytes, inner: bool = False) -> Sprms:
        """Return properties by number; those of wide rows lie in the stream ``Data``."""
        found: Sprms = {}
        at = 0
        while at + 2 < len(sprms):
            (number,) = struct.unpack_from("<H", sprms, at)
            at += 2
            size = _SIZES[number >> 13]
            if number == _CELLS:
                size, at = struct.unpack_from("<H", sprms, at)[0] - 1 if at + 2 <= len(sprms) else 0, at + 2
            elif number == _TABS and sprms[at] == 255:
                gone = sprms[at + 1] if at + 1 < len(sprms) else 0
                size = 3 + 4 * gone
                size += 3 * sprms[at + size - 1] if at + size <= len(sprms) else 0
            elif not size:
                size, at = sprms[at], at + 1
            operand = sprms[at : at + size]
            at += max(size, 0)
            found[number] = found.get(number, b"") + operand if number == _DOWNWARDS else operand
            if number in _ELSEWHERE and len(operand) == 4 and not inner:
                (place,) = struct.unpack("<I", operand)
                if place + 2 <= len(self.data):
                    (length,) = struct.unpack_from("<H", self.data, place)
                    found |= self._parsed(self.data[place + 2 : place + 2 + length], inner=True)
        return found

    def _read(self, flow: Flow, first: int, end: int) -> None:
        """Give the characters from ``first`` to before ``end`` to a flow."""
        fields: list[bool] = []  # of each field that is open, whether its result has begun
        for words, at, wide, sprms in self._stretches(first, end):
            begins = 0
            for found in _MARKS.finditer(words):
                here = at + wide * found.start()
                unseen = self._unseen(sprms, here)
                if all(fields) and found.start() > begins:
                    self._give(flow, words[begins : found.start()], sprms, here, unseen)
                begins = found.end()
                mark = found[0]
                shown = not unseen and all(fields)
                if mark == _FIELD:
                    fields.append(False)
                elif mark == _RESULT and fields:
                    fields[-1] = True
                elif mark == _FIELD_ENDS and fields:
                    fields.pop()
                elif mark in _ENDS:
                    self._end(flow, mark, here, unseen)
                elif (mark == _INLINE and shown) or (mark == _FLOATING and shown and self.floats):
                    flow.picture(worded("图片"))
                elif shown and mark == _SYMBOL_STANDS:
                    flow.text(self._sign(sprms))
                elif shown and mark in _SAID:
                    flow.text(_SAID[mark])
            if begins < len(words) and all(fields):
                here = at + wide * begins
                self._give(flow, words[begins:], sprms, here, self._unseen(sprms, here))

    def _give(self, flow: Flow, words: str, sprms: Sprms, place: int, unseen: str) -> None:
        """Give the words of a run at a byte to a flow, as text or as what is left out."""
        shown = self._shown(words, sprms, place)
        if unseen:
            flow.left_out(shown, unseen)
        else:
            flow.text(shown)

    def _sign(self, sprms: Sprms) -> str:
        """Return the sign for which a bracket stands (sprmCSymbol: font and code), or the bracket."""
        said = sprms.get(_SYMBOL, b"")
        if len(said) != 4:
            return _SYMBOL_STANDS
        number, code = struct.unpack("<2H", said)
        return symbol(code, self.fonts.get(number))

    def _stretches(self, first: int, end: int) -> Iterator[tuple[str, int, int, Sprms]]:
        """Yield the text in stretches of equal properties: its code units, at which byte of the stream they
        begin, how many bytes each takes, and the properties.
        """
        runs = self.characters
        for piece in self.pieces:
            begin, stop = max(first, piece.first), min(end, piece.end)
            if begin >= stop:
                continue
            at = piece.at + (begin - piece.first) * piece.wide
            last = min(piece.at + (stop - piece.first) * piece.wide, len(self.main))
            n = max(bisect_right(runs.firsts, at) - 1, 0)
            while at < last:
                while n < len(runs.firsts) and runs.ends[n] <= at:
                    n += 1
                inside = n < len(runs.firsts) and runs.firsts[n] <= at
                until = last
                if n < len(runs.firsts):
                    until = min(last, runs.ends[n] if inside else runs.firsts[n])
                until = max(at + piece.wide, until - (until - at) % piece.wide)
                sprms = {**piece.sprms, **runs.values[n]} if inside else piece.sprms
                yield _units(self.main[at:until], piece.wide), at, piece.wide, sprms
                at = until

    def _end(self, flow: Flow, mark: str, at: int, unseen: str) -> None:
        """End what the mark at byte ``at`` ends: a paragraph, a cell or a row."""
        _style, sprms = self._of_paragraph(at)
        depth = 1 if _is(sprms, _IN_TABLE) else 0
        if depth and len(deeper := sprms.get(_DEPTH, b"")) == 4:
            depth = max(1, int.from_bytes(deeper, "little", signed=True))
        if depth and (_is(sprms, _ROW_ENDS) or _is(sprms, _INNER_ROW_ENDS)):
            flow.row(depth, _layout(sprms))
        elif depth and (mark == _CELL_ENDS or _is(sprms, _INNER_CELL)):
            flow.cell(depth)
        elif not unseen or unseen == STRUCK:  # a paragraph whose end is not seen goes on in the next one
            flow.paragraph(depth)


def _is(sprms: Sprms, number: int) -> bool:
    return sprms.get(number, b"\0")[:1] == b"\1"


def _units(data: bytes, wide: int) -> str:
    """Return text of which every character is one unit, those beyond U+FFFF two, so that places count."""
    if wide == 1:
        return data.decode("cp1252", "replace")
    return "".join(map(chr, struct.unpack(f"<{len(data) // 2}H", data[: len(data) // 2 * 2])))


def _paired(words: str) -> str:
    """Return text of units as text of characters."""
    if any("\ud800" <= c <= "\udfff" for c in words):
        return words.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return words


def _layout(sprms: Sprms) -> RowLayout:
    """Return what the end of a row says of its cells (sprmTDefTable, sprmTVertMerge)."""
    stated = sprms.get(_CELLS, b"")
    count = stated[0] if stated else 0
    cells_at = 1 + 2 * (count + 1)
    if len(stated) < cells_at:
        return RowLayout()
    edges = struct.unpack_from(f"<{count + 1}h", stated, 1)
    flags = [
        struct.unpack_from("<H", stated, cells_at + 20 * k)[0] if len(stated) >= cells_at + 20 * k + 2 else 0
        for k in range(count)
    ]
    down = {k: flag >> 5 & 3 for k, flag in enumerate(flags)}
    more = sprms.get(_DOWNWARDS, b"")
    down |= dict(zip(more[::2], more[1::2], strict=False))
    return RowLayout(
        edges,
        frozenset(k for k, flag in down.items() if flag > 1),
        frozenset(k for k, flag in down.items() if flag == 1),
        frozenset(_beside([flag & 3 for flag in flags])),
    )


def _beside(flags: Sequence[int]) -> Iterator[int]:
    """Yield the cells that are merged with the one before. Writers differ in which bit marks the first cell
    and which the others: the leftmost of those marked is the first one.
    """
    first = 0
    for k, flag in enumerate(flags):
        if not flag:
            first = 0
        elif not first:
            first = flag
        elif flag != first:
            yield k
