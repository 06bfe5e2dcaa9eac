"""Reader for html, also as saved under the name .xls: what a browser shows, as paragraphs and tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.bounds import MAX_ATTRIBUTES, MAX_MARKS, MAX_NESTED, marks
from zhunsheng.files.opening import Opened
from zhunsheng.files.webpage import parsed, spread
from zhunsheng.intake.grid import Block, Grid, Paragraph, Picture, part_of
from zhunsheng.intake.numbering import counted
from zhunsheng.intake.pictures import in_html
from zhunsheng.intake.stylesheets import Seen, Stylesheet
from zhunsheng.intake.symbols import raised
from zhunsheng.intake.telling import HIDDEN, STRUCK, Telling
from zhunsheng.targets import Place, Unsure
from zhunsheng.text import whole
from zhunsheng.translation import worded

_SKIP = {"script", "style", "head", "noscript", "template", "datalist", "iframe", "canvas", "audio", "video"}
_SKIP |= {"rt", "rp", "meter", "progress", "xml"}
_BLOCKS = {"p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "li", "section", "article", "td", "th", "tr"}
_BLOCKS |= {"center", "dt", "dd", "dl", "ul", "ol", "fieldset", "legend", "blockquote", "header", "footer"}
_BLOCKS |= {"form", "summary", "details", "caption", "figcaption", "pre", "address", "main", "aside", "nav"}
_DELETED = {"del", "s", "strike"}
_SILENT = {"hidden", "password", "submit", "button", "reset", "image", "file", "color", "range"}
_SECTIONS = ("thead", "tbody", "tfoot")
_LISTS = {"1": "decimal", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_CHOOSE = re.compile(r"^[-—\s=]*请?选择[^，。]{0,8}$")  # what a list shows while nothing is chosen
_LINE = re.compile(r"[ \t\r\f]*\n[ \t\r\n\f]*")
# An attribute of a tag with its value, if it has one: quotes count only where a value begins.
_ATTRIBUTE = re.compile(r"""[^\s/>=]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>]*+))?+""")
_TAG = re.compile(rf"<[a-zA-Z](?:[\s/=]++|{_ATTRIBUTE.pattern})*+")
_PLAIN = 300  # characters of a tag that is not looked into
_BY_EXCEL = "urn:schemas-microsoft-com:office:excel"


def read(opened: Opened) -> list[Block]:
    """Return the blocks of a page. Raises ``ZS-IN-05``, ``ZS-IN-07`` or ``ZS-IN-10``."""
    _bound(opened)
    root = parsed(opened)
    page = _Page(opened.name, Stylesheet(opened.name), by_excel=_BY_EXCEL in opened.text[:20_000])
    for style in root.iter("style"):
        page.rules.take("".join(style.itertext()))
    page.visit(root, page.flow, 0)
    page.flow.end(root.sourceline or 0)
    return [*page.out, *page.told()]


def _bound(opened: Opened) -> None:
    """Refuse a page of more marks, or with a tag of more attributes, than the library parses in good time.

    Raises ``ZS-IN-07``.
    """
    bare = 0  # attributes without a value, which marks leave out
    for tag in _TAG.finditer(opened.text):
        if tag.end() - tag.start() < _PLAIN:
            continue
        own = sum(1 for _ in _ATTRIBUTE.finditer(opened.text, tag.start(), tag.end()))
        if own > MAX_ATTRIBUTES:
            detail = worded("一个标签超过 {most} 个属性", most=f"{MAX_ATTRIBUTES:,}")
            raise ZhunshengError("ZS-IN-07", name=opened.name, detail=detail)
        bare += own - tag[0].count("=")
    count = marks(opened.text) + 2 * max(0, bare)
    if count > MAX_MARKS:
        detail = worded("有 {tags} 个标记，上限 {most} 个", tags=f"{count:,}", most=f"{MAX_MARKS:,}")
        raise ZhunshengError("ZS-IN-07", name=opened.name, detail=detail)


@dataclass
class _Flow:
    """Text while it is collected: of the page, whose blocks are paragraphs, or of a cell, whose are lines."""

    out: list[Block]
    cell: Place | None = None
    parts: list[str] = field(default_factory=list)
    inner: list[etree._Element] = field(default_factory=list)  # tables within a cell

    def add(self, text: str | None, *, written: bool = False) -> None:
        """Add text of the page; its line ends are no more than blanks, unless it is ``written`` with them."""
        if text:
            self.parts.append(text if written else _LINE.sub(_line_end, text))

    def end(self, line: int) -> None:
        """End a paragraph or line that stands at a line of the file."""
        if self.cell is not None:
            self.parts.append("\n")
            return
        text = " ".join("".join(self.parts).split())
        self.parts.clear()
        if text:
            self.out.append(Paragraph(text, Place(line=line)))

    def picture(self, line: int) -> None:
        """Note a picture."""
        if self.cell is None:
            self.end(line)
        self.out.append(Picture(self.cell or Place(line=line)))

    def lines(self) -> str:
        """Return the text of a cell."""
        lines = (" ".join(line.split()) for line in "".join(self.parts).split("\n"))
        return "\n".join(filter(None, lines))


def _line_end(found: re.Match[str]) -> str:
    """Return what shows where a line of the file ends: nothing between two signs of Chinese, else a blank."""
    text, before, after = found.string, found.start() - 1, found.end()
    wide = before >= 0 and after < len(text) and text[before] > "\u2e7f" and text[after] > "\u2e7f"
    return "" if wide else " "


@dataclass
class _Page:
    """A page while it is read."""

    name: str
    rules: Stylesheet
    by_excel: bool
    out: list[Block] = field(default_factory=list)
    telling: Telling = field(default_factory=Telling)
    tables: int = 0
    items: dict[etree._Element, int] = field(default_factory=dict)  # of ordered lists, how many are before
    beside: int = 0  # hidden texts outside tables
    first: int = 0  # the line of the first of them

    def __post_init__(self) -> None:
        self.flow = _Flow(self.out)

    def told(self) -> Iterator[Unsure]:
        """Yield what was left out."""
        yield from self.telling.entries()
        if self.beside:
            text = worded("表格以外 {count} 处文字", count=self.beside)
            yield Unsure(place=Place(line=self.first), field="hidden", text=text, why=HIDDEN)

    def visit(self, node: etree._Element, flow: _Flow, depth: int) -> None:
        """Add what an element shows to a flow."""
        if depth > MAX_NESTED:
            detail = worded("标签嵌套过深")
            raise ZhunshengError("ZS-IN-10", name=self.name, where=worded("网页"), detail=detail)
        tag = node.tag if isinstance(node.tag, str) else ""
        if not tag or tag in _SKIP:
            return
        line = node.sourceline or 0
        seen = self._seen(node)
        if seen:
            self._tell(node, seen, flow.cell, line)
        elif tag == "br":
            flow.end(line)
        elif tag == "table":
            if flow.cell is not None:
                flow.inner.append(node)
            else:
                flow.end(line)
                self._table(node, depth)
        elif tag in ("select", "input", "textarea"):
            flow.add(_control(node), written=tag == "textarea" and flow.cell is not None)
        elif tag == "sup":
            own = _Flow(self.out, flow.cell or Place(line=line))
            self._children(node, own, depth)
            flow.add(raised(own.lines(), "".join(flow.parts[-3:])))
        else:
            self._element(node, tag, flow, depth)

    def _element(self, node: etree._Element, tag: str, flow: _Flow, depth: int) -> None:
        line = node.sourceline or 0
        if in_html(node):
            flow.picture(line)
        if tag in _BLOCKS:
            flow.end(line)
        if tag == "li":
            flow.add(_number(node, self.items.get(node, 0)))
        if tag == "mfrac" and len(node) > 1:
            self.visit(node[0], flow, depth + 1)
            flow.add("/")
            self.visit(node[1], flow, depth + 1)
        elif tag == "msup" and len(node) > 1:
            self.visit(node[0], flow, depth + 1)
            flow.add(raised("".join(node[1].itertext()), "".join(flow.parts[-3:])))
        else:
            self._children(node, flow, depth)
        if tag in _BLOCKS:
            flow.end(line)

    def _children(self, node: etree._Element, flow: _Flow, depth: int) -> None:
        written = node.tag == "pre" and flow.cell is not None
        flow.add(node.text, written=written)
        if node.tag == "ol":
            self.items |= {item: n for n, item in enumerate(node.iterchildren("li"))}
        closed = node.tag == "details" and node.get("open") is None
        for child in node:
            if closed and child.tag != "summary":
                if isinstance(child.tag, str):
                    self._tell(child, "gone", flow.cell, child.sourceline or 0)
                continue
            self.visit(child, flow, depth + 1)
            flow.add("" if closed else child.tail, written=written)

    def _seen(self, node: etree._Element) -> Seen:
        if node.tag in ("html", "body"):
            return ""
        if node.get("hidden") is not None or (node.tag == "dialog" and node.get("open") is None):
            return "gone"
        seen = self.rules.seen(node)
        return "struck" if not seen and node.tag in _DELETED else seen

    def _tell(self, node: etree._Element, seen: Seen, cell: Place | None, line: int) -> None:
        """Note what is not shown, where it says anything."""
        if not (text := " ".join("".join(_texts(node)).split())):
            return
        if seen != "struck" and cell is None and node.find(".//table") is None and node.tag != "table":
            self.beside += 1
            self.first = self.first or line
        else:
            self.telling.add(cell or Place(line=line), "hidden", text, STRUCK if seen == "struck" else HIDDEN)

    # -- tables

    def _table(self, table: etree._Element, depth: int, beside: str = "") -> None:
        if table.find(".//table") is not None and _is_layout(table):
            self._element(table, "div", self.flow, depth)
            return
        self.tables += 1
        number = self.tables
        for caption in table.iterchildren("caption"):
            self.visit(caption, self.flow, depth + 1)
        every = list(_rows(table))
        hidden: set[int] = set()
        for n, tr in enumerate(every):
            if seen := self._seen(tr) or self._seen(tr.getparent()):
                hidden.add(n)
                self._tell(tr, seen, Place(table=number, row=n + 1, column=1), tr.sourceline or 0)
        # A browser counts no hidden row in what a cell covers, while most who hide a row meant it to be.
        counted_in = bool(hidden) and self._is_even(every, hidden)
        rows = every if counted_in else [tr for n, tr in enumerate(every) if n not in hidden]
        row_of = [n for n in range(len(every)) if n not in hidden]
        numbers = {tr: n + 1 for n, tr in enumerate(every)}
        shown: list[Block] = []
        inner: list[tuple[int, int, etree._Element]] = []
        unseen = self._unseen_columns(table)

        def place(row: int, column: int) -> Place:
            return Place(table=number, row=numbers[rows[row]], column=column + 1)

        def read(td: etree._Element, row: int, column: int) -> str:
            flow = _Flow(shown, place(row, column))
            if counted_in and row in hidden:
                return ""
            seen: Seen = "unseen" if column in unseen else self._seen(td)
            if seen:
                self._tell(td, seen, flow.cell, td.sourceline or 0)
                return ""
            self._children(td, flow, depth + 1)
            inner.extend((row, column, one) for one in flow.inner)
            return flow.lines()

        def is_there(td: etree._Element) -> bool:
            if numbers[td.getparent()] - 1 in hidden or self._seen(td) != "gone":
                return True
            self._tell(td, "gone", Place(table=number, row=numbers[td.getparent()], column=1), 0)
            return False

        cells, spans = spread(rows, number, self.name, read, "", is_there)
        around = Grid(cells, spans, place)
        texts = [around.left_of(row, column) for row, column, _ in inner]
        if counted_in:
            cells, spans, _moved = part_of(cells, spans, row_of, range(max(map(len, cells))))

        def place_of(row: int, column: int) -> Place:
            return Place(table=number, row=row_of[row] + 1, column=column + 1)

        self.out.append(Grid(cells, spans, place_of, beside=beside))
        self.out.extend(shown)
        for (_row, _column, one), text in zip(inner, texts, strict=True):
            self._table(one, depth + 1, text)

    def _is_even(self, every: list[etree._Element], hidden: set[int]) -> bool:
        """Say whether the rows shown are as long as one another at least as well with hidden ones counted."""

        def lengths(rows: list[etree._Element], without: set[int]) -> int:
            cells, spans = spread(rows, self.tables, self.name, lambda _td, _row, _column: "", "")
            found = [len(row) for row in cells]
            for (row, column), (height, width) in spans.items():
                for covered in range(row, row + height):
                    found[covered] = max(found[covered], column + width)
            return len({length for n, length in enumerate(found) if n not in without})

        shown = [tr for n, tr in enumerate(every) if n not in hidden]
        return lengths(every, hidden) <= lengths(shown, set())

    def _unseen_columns(self, table: etree._Element) -> set[int]:
        """Return the columns (from 0) that the page hides by their ``<col>``."""
        found: set[int] = set()
        at = 0
        for col in table.iter("col"):
            count = min(whole((col.get("span") or "1").strip(), 4) or 1, 1000)
            seen = self._seen(col)
            if seen == "unseen" or (seen == "gone" and self.by_excel):
                found |= set(range(at, at + count))
            at += count
        return found


def _rows(table: etree._Element) -> Iterator[etree._Element]:
    """Yield the rows of a table, none of those within its cells."""
    for child in table:
        if child.tag == "tr":
            yield child
        elif child.tag in _SECTIONS:
            yield from child.iterchildren("tr")


def _is_layout(table: etree._Element) -> bool:
    """Say whether a table only puts others beside or below each other: no row has words in two cells."""
    for tr in _rows(table):
        cells = (td for td in tr if td.tag in ("td", "th"))
        if sum(1 for td in cells if "".join(_texts(td, tables=False)).strip()) > 1:
            return False
    return True


def _texts(node: etree._Element, *, tables: bool = True) -> Iterator[str]:
    """Yield the texts of an element, with those of the tables within or without."""
    stack: list[etree._Element | str] = [node]
    while stack:
        one = stack.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one.tag, str) and one.tag not in _SKIP and (tables or one.tag != "table"):
            pieces: list[etree._Element | str] = [one.text or ""]
            for child in one:
                pieces += [child, child.tail or ""]
            stack += reversed(pieces)


def _control(node: etree._Element) -> str:
    """Return what a field of a form holds: the text written, the option chosen, a tick or an empty box."""
    if node.tag == "textarea":
        return "".join(node.itertext())
    if node.tag == "input":
        kind = (node.get("type") or "text").lower()
        if kind in ("checkbox", "radio"):
            return "☑" if node.get("checked") is not None else "□"
        return "" if kind in _SILENT else node.get("value") or ""
    options = list(node.iter("option"))
    chosen = [option for option in options if option.get("selected") is not None]
    if node.get("multiple") is None:
        chosen = chosen[-1:] or options[:1]
    texts = (" ".join("".join(option.itertext()).split()) for option in chosen)
    return "、".join(text for text in texts if not _CHOOSE.match(text))


def _number(item: etree._Element, before: int) -> str:
    """Return the number that a browser shows before an item of a list; none where it is not ordered."""
    listed = item.getparent()
    style = f"{listed.get('style') or ''};{item.get('style') or ''}" if listed is not None else ""
    if listed is None or listed.tag != "ol" or re.search(r"list-style[^;]*:\s*none", style):
        return ""
    own = whole((item.get("value") or "").strip(), 6)
    start = whole((listed.get("start") or "1").strip(), 6)
    number = own if own is not None else (1 if start is None else start) + before
    return f"{counted(number, _LISTS.get(listed.get('type') or '1', 'decimal'))}. "
