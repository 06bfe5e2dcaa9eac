"""Reader for RTF: text in its code pages, tables with what their cells are merged with."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.bounds import MAX_ENDS, RTF_MAX_FONTS, RTF_MAX_GROUPS, RTF_MAX_MARKS
from zhunsheng.files.opening import Opened
from zhunsheng.intake.flowing import Flow, RowLayout
from zhunsheng.intake.grid import Block
from zhunsheng.intake.symbols import UNKNOWN, is_symbolic, translated
from zhunsheng.intake.telling import DELETED, HIDDEN, STRUCK
from zhunsheng.translation import worded

_MARK = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?[0-9]{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z'])|([{}])|[\r\n]+"
    rb"|([^\\{}\r\n]+)|\\",
    re.DOTALL,
)
_ENDS = re.compile(rb"\\(?:par|cell|nestcell)(?![a-z])")  # of paragraphs
# Of a group that begins so nothing is read; nor of one that begins with \* and is not among the others.
_UNREAD = frozenset(
    b"colortbl list listlevel leveltext listname stylesheet info header headerl headerr headerf footer "
    b"footerl footerr footerf footnote annotation fldinst pntext listtext objdata objclass objname sp sn sv "
    b"nonesttables private xe tc rxe generator filetbl revtbl listtable listoverridetable "
    b"pgdsctbl themedata datastore latentstyles shprslt nonshppict colorschememapping "
    b"template bkmkstart bkmkend ftnsep ftnsepc aftnsep aftnsepc atnid atnauthor upr".split()
)
_READ = frozenset(b"ud shpinst nesttableprops shppict moMath mmath moMathPara".split())
_SAID = {
    b"tab": "\t",
    b"line": "\n",
    b"lbr": "\n",
    b"column": "\n",
    b"emdash": "—",
    b"endash": "–",
    b"bullet": "•",
    b"lquote": "‘",
    b"rquote": "’",
    b"ldblquote": "“",
    b"rdblquote": "”",
    b"emspace": " ",
    b"enspace": " ",
    b"qmspace": " ",
}
_SIGNS = {b"~": "\u00a0", b"_": "-", b"\\": "\\", b"{": "{", b"}": "}", b"\t": "\t"}
_CHARSETS = {
    77: "mac_roman",
    128: "cp932",
    129: "cp949",
    134: "gb18030",
    136: "cp950",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
}
_PAGES = {936: "gb18030", 10008: "gb18030", 54936: "gb18030", 65001: "utf-8", 10000: "mac_roman"}
_WESTERN, _SYMBOLS = 0, 2  # charsets of fonts


@dataclass
class _State:
    """What holds within a group, and ends with it."""

    unread: bool = False
    fonts: bool = False  # in the table of fonts
    inner: bool = False  # in the description of a row of a table within a table
    font: int | None = None
    skips: int = 1  # characters that stand for a \u in readers that don't know it
    hidden: bool = False
    struck: bool = False
    deleted: bool = False
    fresh: bool = False  # nothing of the group was read yet
    starred: bool = False


@dataclass
class _Row:
    """The row that is being described: its left edge, its cells' right ones, what they are merged with."""

    left: int = 0
    edges: list[int] = field(default_factory=list)
    begins: set[int] = field(default_factory=set)
    goes_on: set[int] = field(default_factory=set)
    beside: set[int] = field(default_factory=set)

    def layout(self) -> RowLayout:
        """Return it as the grid takes it."""
        return RowLayout(
            (self.left, *self.edges), frozenset(self.begins), frozenset(self.goes_on), frozenset(self.beside)
        )


def read(opened: Opened) -> list[Block]:
    """Return the blocks of an RTF document, without deleted, hidden and struck text, headers, footnotes and
    comments, then what was left out.

    Raises ``ZS-IN-05`` (no whole document), ``-06``, ``-10`` (too large).
    """
    return _Reader(opened.name).read(opened.data)


class _Reader:
    def __init__(self, name: str) -> None:
        self.name = name
        self.flow = Flow(name)
        self.state = _State()
        self.outer: list[_State] = []
        self.page = "cp1252"
        self.charsets: dict[int, int] = {}
        self.names: dict[int, str] = {}  # of the fonts
        self.rows = {False: _Row(), True: _Row()}  # that is described, and of tables within tables
        self.in_table, self.depth = False, 1
        self.bytes = bytearray()  # of text that is not decoded yet: two may be one character
        self.units: list[int] = []  # of \u, of which two may be one character
        self.skip = 0
        self.words: dict[bytes, Callable[[int | None], None]] = {
            b"ansicpg": self._page,
            b"f": self._font,
            b"fcharset": self._charset,
            b"u": self._unicode,
            b"uc": self._skips,
            b"v": self._hide,
            b"strike": self._strike,
            b"striked": self._strike,
            b"deleted": self._delete,
            b"plain": self._plain,
            b"pard": self._pard,
            b"intbl": self._intbl,
            b"itap": self._itap,
            b"trowd": self._trowd,
            b"trleft": self._trleft,
            b"clvmgf": lambda _n: self.row.begins.add(len(self.row.edges)),
            b"clvmrg": lambda _n: self.row.goes_on.add(len(self.row.edges)),
            b"clmrg": lambda _n: self.row.beside.add(len(self.row.edges)),
            b"cellx": self._cellx,
            b"cell": lambda _n: self.flow.cell(1),
            b"nestcell": lambda _n: self.flow.cell(max(2, self.depth)),
            b"row": lambda _n: self.flow.row(1, self.row.layout()),
            b"nestrow": lambda _n: self.flow.row(max(2, self.depth), self.row.layout()),
            b"par": self._par,
            b"sect": self._par,
            b"page": self._par,
        }

    def read(self, data: bytes) -> list[Block]:
        """Read the whole document."""
        if (marks := data.count(b"\\") + data.count(b"{") + data.count(b"\n")) > RTF_MAX_MARKS:
            detail = worded("有 {tags} 个标记，上限 {most} 个", tags=f"{marks:,}", most=f"{RTF_MAX_MARKS:,}")
            raise ZhunshengError("ZS-IN-07", name=self.name, detail=detail)
        if sum(1 for _ in _ENDS.finditer(data)) > MAX_ENDS:
            detail = worded("超过 {most} 段", most=f"{MAX_ENDS:,}")
            raise ZhunshengError("ZS-IN-06", name=self.name, detail=detail)
        at = data.find(b"{")
        while at < len(data):
            found = _MARK.match(data, at)
            if found is None:
                break
            at = found.end()
            word, number, byte, sign, brace, text = found.groups()
            if word == b"bin":
                at += max(0, int(number or 0))
            elif word:
                self._word(word, int(number) if number else None)
            elif byte:
                self._byte(bytes([int(byte, 16)]))
            elif text:
                self._bytes(text)
            elif brace == b"{":
                self._open()
            elif brace == b"}":
                self._flush()
                self.skip = 0
                if not self.outer:
                    break
                self.state = self.outer.pop()
                if not self.outer:  # what stands behind the document is none of it
                    break
            elif sign:
                self._sign(sign)
        self._flush()
        return [*self.flow.done(), *self.flow.told()]

    def _open(self) -> None:
        self._flush()
        self.skip = 0
        if len(self.outer) >= RTF_MAX_GROUPS:
            raise ZhunshengError("ZS-IN-05", name=self.name, detail=worded("括号嵌套过深"))
        self.outer.append(self.state)
        self.state = replace(self.state, fresh=True, starred=False)

    def _word(self, word: bytes, number: int | None) -> None:
        if self.skip and word != b"u":
            self.skip -= 1
            return
        self._flush(keep_units=word in (b"u", b"uc"))
        state = self.state
        fresh, state.fresh = state.fresh, False
        if fresh and (word in _UNREAD or (state.starred and word not in _READ)):
            state.unread = True
        elif fresh and word == b"ud":
            state.unread = len(self.outer) > 1 and self.outer[-2].unread  # what is around the group of both
        elif fresh and word == b"fonttbl":
            state.fonts = True
        elif fresh and word == b"nesttableprops":
            state.inner = True
        elif word == b"pict" and not state.unread:
            state.unread = True
            if self._shown(state):
                self.flow.picture(worded("图片"))
        if word in self.words and (not state.unread or word in (b"f", b"uc")):
            self.words[word](number)
        elif word in _SAID:
            self._give(_SAID[word])

    def _sign(self, sign: bytes) -> None:
        if sign == b"*":
            self.state.starred = self.state.fresh
            return
        if self.skip:
            self.skip -= 1
            return
        self._flush()
        self.state.fresh = False
        if sign in b"\r\n":
            self._par(None)
        elif sign in _SIGNS:
            self._give(_SIGNS[sign])

    def _byte(self, byte: bytes) -> None:
        self.state.fresh = False
        if self.skip:
            self.skip -= 1
        else:
            self._flush_units()
            self.bytes += byte

    def _bytes(self, text: bytes) -> None:
        self.state.fresh = False
        if self.skip:
            gone = min(self.skip, len(text))
            self.skip -= gone
            text = text[gone:]
        if text:
            self._flush_units()
            self.bytes += text

    def _shown(self, state: _State) -> bool:
        return not (state.hidden or state.deleted or state.fonts or state.struck)

    def _give(self, text: str) -> None:
        """Give text to the flow, or take it as the name of a font, or as what is left out."""
        state = self.state
        if state.unread:
            return
        if state.fonts:
            if state.font is not None and len(self.names) < RTF_MAX_FONTS:
                self.names[state.font] = (self.names.get(state.font, "") + text)[:100]
        elif self._shown(state):
            self.flow.text(text)
        else:
            self.flow.left_out(text, DELETED if state.deleted else HIDDEN if state.hidden else STRUCK)

    def _flush(self, keep_units: bool = False) -> None:
        """Give the text that is read so far, decoded by the code page of its font."""
        if not keep_units:
            self._flush_units()
        if self.bytes:
            if not self.state.unread:
                self._give(self._decoded(bytes(self.bytes)))
            self.bytes.clear()

    def _flush_units(self) -> None:
        if self.units:
            if not self.state.unread:
                raw = b"".join(unit.to_bytes(2, "little") for unit in self.units)
                self._give(translated(raw.decode("utf-16-le", "replace"), self._fonts()))
            self.units.clear()

    def _fonts(self) -> tuple[str, ...]:
        """Return the name of the font of what is read, where it is one of symbols."""
        name = self.names.get(self.state.font or 0, "").strip(" ;\0")
        return (name,) if not self.state.fonts and is_symbolic(name) else ()

    def _decoded(self, raw: bytes) -> str:
        charset = self.charsets.get(self.state.font or 0, _WESTERN)
        if fonts := self._fonts():
            return translated(raw.decode("latin-1"), fonts)
        if raw.isascii() and (charset != _SYMBOLS or self.state.fonts):
            return raw.decode("ascii")
        if charset == _SYMBOLS:  # of a font that nobody knows
            return "".join(UNKNOWN if b > 32 else " " for b in raw)
        if charset in _CHARSETS:
            return raw.decode(_CHARSETS[charset], "replace")
        # Under a Western font: Chinese writers write its bytes by the document's page all the same.
        try:
            return raw.decode(self.page)
        except UnicodeDecodeError:
            return raw.decode("cp1252", "replace")

    # -- control words

    def _page(self, number: int | None) -> None:
        page = number or 1252
        name = _PAGES.get(page, f"cp{page}")
        try:
            codecs.lookup(name)  # to decode nothing at all looks up no code page
            self.page = name
        except LookupError:
            self.page = "cp1252"

    def _font(self, number: int | None) -> None:
        self.state.font = number

    def _charset(self, number: int | None) -> None:
        if self.state.fonts and self.state.font is not None and len(self.charsets) < RTF_MAX_FONTS:
            self.charsets[self.state.font] = number or 0

    def _unicode(self, number: int | None) -> None:
        self.units.append((number or 0) & 0xFFFF)
        self.skip = self.state.skips

    def _skips(self, number: int | None) -> None:
        self.state.skips = min(max(0, 1 if number is None else number), 16)

    def _hide(self, number: int | None) -> None:
        self.state.hidden = number != 0

    def _strike(self, number: int | None) -> None:
        self.state.struck = number != 0

    def _delete(self, number: int | None) -> None:
        self.state.deleted = number != 0

    def _plain(self, _number: int | None) -> None:
        self.state.hidden = self.state.deleted = self.state.struck = False
        self.state.font = None

    def _pard(self, _number: int | None) -> None:
        self.in_table, self.depth = False, 1

    def _intbl(self, number: int | None) -> None:
        self.in_table = number != 0

    def _itap(self, number: int | None) -> None:
        self.depth = 1 if number is None else number
        self.in_table = self.depth > 0

    @property
    def row(self) -> _Row:
        """The row that is being described."""
        return self.rows[self.state.inner]

    def _trowd(self, _number: int | None) -> None:
        self.rows[self.state.inner] = _Row()

    def _trleft(self, number: int | None) -> None:
        self.row.left = number or 0

    def _cellx(self, number: int | None) -> None:
        if len(self.row.edges) < 10_000:
            self.row.edges.append(number or 0)

    def _par(self, _number: int | None) -> None:
        # A paragraph whose end is deleted or hidden goes on in the next one.
        if not (self.state.hidden or self.state.deleted or self.state.fonts):
            self.flow.paragraph(max(1, self.depth) if self.in_table else 0)
