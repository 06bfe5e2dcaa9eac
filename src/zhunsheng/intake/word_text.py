"""The text of a Word paragraph as a person sees it: no deleted or hidden words, symbols as characters,
results of fields, equations in a line, the number of a list before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from lxml import etree

from zhunsheng.files.bounds import WORD_MAX_FIELDS
from zhunsheng.intake.equations import M, linear
from zhunsheng.intake.numbering import Numbering
from zhunsheng.intake.symbols import UNKNOWN, is_symbolic, raised, symbol, translated
from zhunsheng.intake.telling import HIDDEN, STRUCK, SYMBOL
from zhunsheng.text import whole
from zhunsheng.translation import worded

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
VAL = f"{W}val"
_R, _T, _RPR, _PPR, _PSTYLE = f"{W}r", f"{W}t", f"{W}rPr", f"{W}pPr", f"{W}pStyle"
_SIGNS = {
    f"{W}tab": "\t",
    f"{W}ptab": "\t",
    f"{W}br": "\n",
    f"{W}cr": "\n",
    f"{W}noBreakHyphen": "-",
    f"{W}sym": "",
}
_DELETED = (f"{W}del", f"{W}moveFrom")
# What is no text, or no text that stands here.
_SKIP = {_RPR, _PPR, *_DELETED, f"{W}rt", f"{W}rubyPr", f"{W}sdtPr", f"{W}sdtEndPr", f"{W}object"}
_SKIP |= {f"{W}softHyphen", f"{W}commentReference", f"{W}proofErr", f"{W}bookmarkStart", f"{W}bookmarkEnd"}
_NOTES = (f"{W}footnoteReference", f"{W}endnoteReference")
_SHAPES = (f"{W}drawing", f"{W}pict")
_BOX = f"{W}txbxContent"
_FONTS = tuple(f"{W}{name}" for name in ("ascii", "hAnsi", "cs", "eastAsia"))
_OFF = ("0", "false", "off")
FIELD = worded("是没有结果的域，没有读入，请对照原件补上")
# Of few signs each, so that a code of nothing but beginnings is gone through once.
_ENCLOSED = re.compile(r"\\o(?:\\a[clr])*\s{0,9}[(（]([^,，]{0,40})[,，]([^)）]{0,40})[)）]", re.IGNORECASE)
_DIVIDED = re.compile(r"\\f\s{0,9}[(（]([^,，()（）]*)[,，]([^()（）]*)[)）]", re.IGNORECASE)
_UNUSUAL = re.compile("[\u00ad\u2011\uf000-\uf0ff]")
_BOXES, _CIRCLES = "□◻☐口■▢", "○〇◯⭕О"
_TICKS, _CROSSES = "√✓✔∨", "×✗✕xX╳"
_OF_SYMBOL = re.compile(r"SYMBOL\s+(0x[0-9A-F]+|\d+)(?:.*?\\f\s+\"?([^\"\\]+))?", re.IGNORECASE)
_NO_TEXT: tuple[str, ...] = (
    "",
    "TOC",
    "PAGE",
    "NUMPAGES",
    "REF",
    "PAGEREF",
    "TC",
    "XE",
    "RD",
    "SET",
    "ASK",
    "MACROBUTTON",
    "SEQ",
)
_NO_TEXT += (
    "FORMTEXT",
    "PRINT",
    "ADVANCE",
    "HYPERLINK",
    "MERGEFIELD",
    "DATE",
    "TIME",
    "LINK",
    "EMBED",
    "SHAPE",
)


@dataclass(frozen=True)
class Look:
    """How a run of text looks, as far as it matters to what it says; None where it isn't said."""

    hidden: bool | None = None
    struck: bool | None = None
    fonts: tuple[str, ...] = ()

    def under(self, own: Look) -> Look:
        """Return how text looks that has its ``own`` look beneath this one."""
        hidden = self.hidden if own.hidden is None else own.hidden
        struck = self.struck if own.struck is None else own.struck
        return Look(hidden, struck, own.fonts or self.fonts)


@dataclass
class _Field:
    """A field of which the beginning was met: its code, and where in the text its result begins."""

    code: list[str] = field(default_factory=list)
    data: etree._Element | None = None  # of a field of a form
    result: int | None = None


@dataclass
class Shown:
    """What a paragraph shows, and the ``number`` of a list before it; ``notes`` are words and why they are to
    be told; ``boxes`` the text boxes in it.
    """

    text: str = ""
    number: str = ""
    notes: list[tuple[str, str]] = field(default_factory=list)
    boxes: list[etree._Element] = field(default_factory=list)
    joined: bool = False  # whether the next paragraph goes on in the same line: its end was deleted


class Words:
    """Reads the paragraphs of one document, in their order."""

    def __init__(self, styles: etree._Element | None, numbering: Callable[[], etree._Element | None]) -> None:
        """Take the ``styles`` of a Word document and what gives its lists, None where it has none."""
        self._styles: dict[str, Look] = {}
        self._default = ""
        of_styles = self._take_styles(styles) if styles is not None else {}
        self._numbering = Numbering(numbering, of_styles)
        self._fields: list[_Field] = []
        self.deletions = 0

    def _take_styles(self, root: etree._Element) -> dict[str, tuple[str, int]]:
        """Take how the styles look; return the list and level of each that has one."""
        own: dict[str, tuple[str, Look, tuple[str, int] | None]] = {}
        for style in root.iterfind(f"{W}style"):
            name = style.get(f"{W}styleId") or ""
            if style.get(f"{W}type") == "paragraph" and style.get(f"{W}default") in ("1", "true"):
                self._default = name
            based, listed = style.find(f"{W}basedOn"), style.find(f"{W}pPr/{W}numPr")
            numbered = None
            if listed is not None:
                number, level = listed.find(f"{W}numId"), listed.find(f"{W}ilvl")
                numbered = (
                    (number.get(VAL) or "") if number is not None else "",
                    (whole(level.get(VAL) or "", 2) or 0) if level is not None else 0,
                )
            own[name] = (
                (based.get(VAL) or "") if based is not None else "",
                _look(style.find(_RPR)),
                numbered,
            )
        lists: dict[str, tuple[str, int]] = {}
        for name in own:
            chain: list[str] = []
            at = name
            while at in own and at not in chain and len(chain) < 20:
                chain.append(at)
                at = own[at][0]
            look = Look()
            for one in reversed(chain):
                look = look.under(own[one][1])
            if look != Look():
                self._styles[name] = look
            if numbered := next((own[one][2] for one in chain if own[one][2] is not None), None):
                lists[name] = numbered
        return lists

    def read(self, p: etree._Element) -> Shown:
        """Return what a paragraph shows."""
        properties = p.find(_PPR)
        style, joined = self._default, False
        for one in properties if properties is not None else ():
            if one.tag == _PSTYLE:
                style = one.get(VAL) or ""
            elif one.tag == _RPR:
                joined = one.find(_DELETED[0]) is not None
        shown = Shown(joined=joined)
        parts: list[str] = []
        self._collect(p, parts, shown, self._styles.get(style, Look()))
        for one in self._fields:  # a code that does not end in its paragraph hides none of the next
            one.result = 0
        shown.text = "".join(parts).strip()
        shown.number = self._numbering.before(properties, style)
        if UNKNOWN in shown.text:
            shown.notes.append((shown.text, SYMBOL))
        return shown

    def _collect(self, node: Iterable[etree._Element], parts: list[str], shown: Shown, base: Look) -> None:
        for child in node:
            tag = child.tag
            if tag == _R:
                self._run(child, parts, shown, base)
            elif tag in _SKIP:
                self.deletions += tag in _DELETED
            elif tag in (f"{M}oMath", f"{M}oMathPara"):
                self._put(linear(child), parts)
            elif tag == f"{W}sdt":
                self._control(child, parts, shown, base)
            elif tag == f"{MC}AlternateContent":
                self._collect(alternative(child), parts, shown, base)
            elif tag == f"{W}fldSimple":
                self._simple(child, parts, shown, base)
            elif isinstance(tag, str):
                self._collect(child, parts, shown, base)

    def _put(self, text: str, parts: list[str]) -> None:
        """Put a text where it is shown: nowhere within the code of a field."""
        if all(one.result is not None for one in self._fields):
            parts.append(text)

    def _run(self, run: etree._Element, parts: list[str], shown: Shown, base: Look) -> None:
        properties = run.find(_RPR)
        look, above = base, False
        if properties is not None:
            look, above = self._look(properties, base)
        if look.hidden or look.struck:
            inner: list[str] = []
            self._pieces(run, inner, shown, replace(look, hidden=None, struck=None))
            if said := "".join(inner).strip():
                shown.notes.append((said, HIDDEN if look.hidden else STRUCK))
            return
        begin = len(parts)
        self._pieces(run, parts, shown, look)
        if above and parts[begin:]:
            parts[begin:] = [raised("".join(parts[begin:]), "".join(parts[max(0, begin - 3) : begin]))]

    def _pieces(self, run: Iterable[etree._Element], parts: list[str], shown: Shown, look: Look) -> None:
        for child in run:
            tag = child.tag
            if tag == _T:
                self._put(_shown_text(child.text or "", look), parts)
            elif tag in _SIGNS:
                self._put(_sign(child), parts)
            elif tag in _SKIP:
                continue
            elif tag == f"{W}fldChar":
                self._field(child, parts, shown)
            elif tag == f"{W}instrText":
                if self._fields and self._fields[-1].result is None:
                    self._fields[-1].code.append(child.text or "")
            elif tag in _NOTES:
                if child.get(f"{W}customMarkFollows") in ("1", "true", "on"):
                    return  # the rest of the run is the mark
            elif tag in _SHAPES:
                shown.boxes += _boxes(child)
            elif tag == f"{MC}AlternateContent":
                self._pieces(alternative(child), parts, shown, look)
            elif tag == f"{W}ruby":
                for base in child.iterfind(f"{W}rubyBase"):
                    self._collect(base, parts, shown, look)
            elif isinstance(tag, str):
                self._collect([child] if tag == f"{M}oMath" else child, parts, shown, look)

    def _look(self, properties: etree._Element, base: Look) -> tuple[Look, bool]:
        """Return how a run looks by its properties, and whether it is raised."""
        named = properties.find(f"{W}rStyle")
        above = properties.find(f"{W}vertAlign")
        if named is not None and (style := self._styles.get(named.get(VAL) or "")) is not None:
            base = base.under(style)
        own = _look(properties)
        look = base if own == Look() else base.under(own)
        return look, above is not None and above.get(VAL) == "superscript"

    # -- content controls and fields

    def _control(self, control: etree._Element, parts: list[str], shown: Shown, base: Look) -> None:
        if is_placeholder(control):
            return
        box = control.find(f"{W}sdtPr/{_W14}checkbox")
        if box is not None:
            checked = box.find(f"{_W14}checked")
            on = checked is not None and checked.get(f"{_W14}val") not in _OFF
            self._put("☑" if on else "□", parts)
            return
        for content in control.iterfind(f"{W}sdtContent"):
            self._collect(content, parts, shown, base)

    def _simple(self, one: etree._Element, parts: list[str], shown: Shown, base: Look) -> None:
        begin = len(parts)
        self._collect(one, parts, shown, base)
        if not "".join(parts[begin:]):
            self._put(self._drawn(one.get(f"{W}instr") or "", one.find(f"{W}ffData"), shown), parts)

    def _field(self, mark: etree._Element, parts: list[str], shown: Shown) -> None:
        kind = mark.get(f"{W}fldCharType")
        if kind == "begin" and len(self._fields) < WORD_MAX_FIELDS:
            self._fields.append(_Field(data=mark.find(f"{W}ffData")))
        elif kind == "separate" and self._fields:
            self._fields[-1].result = len(parts)
        elif kind == "end" and self._fields:
            ended = self._fields.pop()
            if ended.result is None or not "".join(parts[ended.result :]):
                self._put(self._drawn("".join(ended.code), ended.data, shown), parts)

    def _drawn(self, code: str, data: etree._Element | None, shown: Shown) -> str:
        """Return what Word draws for a field that keeps no result."""
        name = code.split(None, 1)[0].upper() if code.strip() else ""
        if name == "FORMCHECKBOX" and data is not None:
            return "☑" if _checked(data) else "□"
        if name == "FORMDROPDOWN" and data is not None:
            return _chosen(data)
        if name == "SYMBOL" and (found := _OF_SYMBOL.search(code)):
            number = int(found[1], 16) if found[1].lower().startswith("0x") else whole(found[1], 6) or 0
            return symbol(number, (found[2] or "Symbol").strip())
        if name == "EQ":
            if found := _ENCLOSED.search(code):
                return _enclosed(found[1].strip(), found[2].strip())
            if found := _DIVIDED.search(code):
                return f"{found[1].strip()}/{found[2].strip()}"
        if name not in _NO_TEXT and (name.isalpha() or name.startswith("=")):  # =SUM(ABOVE)
            shown.notes.append((code.strip(), FIELD))
        return ""


def is_placeholder(control: etree._Element) -> bool:
    """Say whether a content control shows no value but what to write there."""
    mark = control.find(f"{W}sdtPr/{W}showingPlcHdr")
    return mark is not None and mark.get(VAL) not in _OFF


def alternative(node: etree._Element) -> Iterable[etree._Element]:
    """Return of contents for several readers the one that today's Word shows."""
    for name in ("Choice", "Fallback"):
        if (found := node.find(f"{MC}{name}")) is not None:
            return list(found)
    return ()


def _boxes(shape: Iterable[etree._Element]) -> list[etree._Element]:
    """Return the text boxes of a shape, none of those within one of them."""
    found = []
    for child in shape:
        if child.tag == _BOX:
            found.append(child)
        elif child.tag == f"{MC}AlternateContent":
            found += _boxes(alternative(child))
        elif isinstance(child.tag, str):
            found += _boxes(child)
    return found


def _look(properties: etree._Element | None) -> Look:
    """Return how text looks by its own properties."""
    if properties is None:
        return _PLAIN
    hidden = struck = None
    fonts: tuple[str, ...] = ()
    for one in properties:
        tag = one.tag
        if tag == f"{W}vanish":
            hidden = one.get(VAL) not in _OFF
        elif tag in (f"{W}strike", f"{W}dstrike"):
            struck = bool(struck) or one.get(VAL) not in _OFF
        elif tag == f"{W}rFonts":
            named = [font for name in _FONTS if (font := one.get(name))]
            fonts = tuple(font for font in named if is_symbolic(font))
    return Look(hidden, struck, fonts) if hidden is not None or struck is not None or fonts else _PLAIN


_PLAIN = Look()


def _shown_text(text: str, look: Look) -> str:
    if not look.fonts and not _UNUSUAL.search(text):
        return text
    text = translated(text, look.fonts)
    return text.replace("\u00ad", "").replace("\u2011", "-")


def _sign(node: etree._Element) -> str:
    """Return what a part of a run shows that is a sign of its own: a tab, a symbol of a font."""
    if node.tag != f"{W}sym":
        return _SIGNS[node.tag]
    code = node.get(f"{W}char") or ""
    return symbol(int(code, 16) if _is_hex(code) else 0, node.get(f"{W}font"))


def _is_hex(text: str) -> bool:
    return 0 < len(text) <= 6 and all(sign in "0123456789abcdefABCDEF" for sign in text)


def _checked(data: etree._Element) -> bool:
    for name in ("checked", "default"):
        said = data.find(f"{W}checkBox/{W}{name}")
        if said is not None:
            return said.get(VAL) not in _OFF
    return False


def _chosen(data: etree._Element) -> str:
    entries = [entry.get(VAL) or "" for entry in data.iterfind(f"{W}ddList/{W}listEntry")]
    at = 0
    for name in ("default", "result"):
        said = data.find(f"{W}ddList/{W}{name}")
        at = (whole(said.get(VAL) or "", 4) or 0) if said is not None else at
    return entries[at] if at < len(entries) else ""


def _enclosed(around: str, inner: str) -> str:
    """Return a sign drawn over another as the one sign that it looks like: √ over □ is ☑."""
    if around in _BOXES and inner:
        return "☑" if inner in _TICKS else "☒" if inner in _CROSSES else inner
    if around in _CIRCLES and (number := whole(inner, 2)) and number <= 20:
        return chr(0x2460 + number - 1)
    return inner or around
