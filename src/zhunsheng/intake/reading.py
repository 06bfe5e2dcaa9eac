"""Read a document into target sheets: by the reader of its format, recognised, bounded, with codes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.bounds import (
    MAX_BREAKS,
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_COVERED,
    MAX_DOCUMENT,
    MAX_PARAGRAPHS,
    MAX_ROWS,
    MAX_SIGNS,
    MAX_TABLES,
    MAX_UNPACKED,
    too_long,
)
from zhunsheng.files.opening import Opened, open_file
from zhunsheng.intake import delimited, doc, docx, html, odt, ofd, pdf, rtf, scanned, text, word_xml, xlsx
from zhunsheng.intake.apart import apart
from zhunsheng.intake.grid import Block, Grid, Paragraph
from zhunsheng.intake.layouts import Layout
from zhunsheng.intake.pictures import refusal, unread
from zhunsheng.intake.recognition.confirmed import TableRead, looks_promising
from zhunsheng.intake.recognition.recognising import recognise
from zhunsheng.targets import Book, Source, TargetSheet, Unsure
from zhunsheng.targets.fields import is_name, most_of, overlong
from zhunsheng.targets.identity import identified_book
from zhunsheng.translation import series, worded

# Under which names documents come; what one is, is told by its content.
ENDINGS = (
    *("docx", "docm", "doc", "wps", "rtf", "odt", "xlsx", "xlsm", "xls", "et", "ods", "csv", "tsv"),
    *("pdf", "ofd", "html", "htm", "mht", "mhtml", "xml", "txt"),
)
_READERS = {
    "txt": text.read,
    "csv": delimited.read,
    "docx": docx.read,
    "doc": doc.read,
    "rtf": rtf.read,
    "odt": odt.read,
    "wordxml": word_xml.read,
    "xlsx": xlsx.read,
    "xls": xlsx.read,
    "ods": xlsx.read,
    "excelxml": xlsx.read,
    "html": html.read,
    "pdf": pdf.read,
    "mht": html.read,
    "ofd": ofd.read,
}


@dataclass(frozen=True)
class DocumentRead:
    """A document as it was read: its blocks, its book, and why that is none (``refusal``) where it holds no
    target sheet.
    """

    blocks: Sequence[Block]
    book: Book
    refusal: ZhunshengError | None
    _tables: Callable[[], list[TableRead]]

    @cached_property
    def tables(self) -> list[TableRead]:
        """Its tables, for a person to confirm what their columns are."""
        return self._tables()


BookAndTables = tuple[Book, ZhunshengError | None, list[TableRead]]


def read_book(path: Path, layouts: Iterable[Layout] = ()) -> Book:
    """Read one document in a process of its own, its tables by confirmed ``layouts`` where they have one.

    Raises ``ZS-IN-*``; ``ZS-IN-13`` when it holds no target sheet, ``ZS-IN-50`` where a table in words of its
    own may, ``ZS-IN-21``, ``-22`` where pictures may, ``ZS-IN-49`` beyond the bounds of time and memory.
    """
    return apart(path.name, _book_at, path, tuple(layouts))


def _book_at(path: Path, layouts: Sequence[Layout]) -> Book:
    return book_of(open_file(path, max_bytes=MAX_DOCUMENT), layouts)


def read_tables(path: Path, layouts: Iterable[Layout] = ()) -> BookAndTables:
    """Do what ``read_book`` does, and return with the book why it is none, and the tables of the document."""
    return apart(path.name, _tables_at, path, tuple(layouts))


def _tables_at(path: Path, layouts: Sequence[Layout]) -> BookAndTables:
    read = document_of(open_file(path, max_bytes=MAX_DOCUMENT), layouts)
    return read.book, read.refusal, read.tables


def book_of(opened: Opened, layouts: Iterable[Layout] = ()) -> Book:
    """Do what ``read_book`` does for a file already opened."""
    read = document_of(opened, layouts)
    if read.refusal is not None:
        raise read.refusal
    return read.book


def document_of(opened: Opened, layouts: Iterable[Layout] = ()) -> DocumentRead:
    """Return a file already opened as it was read, also without any target sheet. Raises ``ZS-IN-*``."""
    source = Source(name=opened.name, sha256=opened.sha256, media_type=opened.media_type)
    blocks = blocks_of(opened)
    book, tables = recognise(blocks, source, layouts)
    if not book.sheets:
        error = refusal(opened.name, blocks)
        strange = [one for one in tables() if looks_promising(one)] if error.code == "ZS-IN-13" else []
        if strange:
            heads = [one.head for one in strange[0].columns if one.head]
            error = ZhunshengError("ZS-IN-50", name=opened.name, heads=series(heads))
        return DocumentRead(blocks, book, error, tables)
    sheets, long = _bounded(book)
    told = (block for block in blocks if isinstance(block, Unsure))
    beside = (_placed(one, sheets) for one in (*told, *unread(blocks), *_macros(opened)))
    unsure = _each_once((*book.unsure, *beside, *long, *scanned.doubts(sheets, blocks)))
    book = identified_book(book.model_copy(update={"sheets": sheets, "unsure": unsure}))
    return DocumentRead(blocks, book, None, tables)


def _each_once(found: Sequence[Unsure]) -> tuple[Unsure, ...]:
    """Return the doubts with those of one cell made one: a formula without a result leaves its value out, and
    that is told once, of the field it is of and with the cell's own reason.
    """
    empty = {one.place: one for one in found if one.field == "cell" and one.unread and one.place}
    twins = {one.place for one in found if one.field != "cell" and one.place in empty}
    return tuple(
        one.model_copy(update={"text": cell.text, "why": cell.why, "unread": True})
        if one.field != "cell" and one.place and (cell := empty.get(one.place))
        else one
        for one in found
        if not (one.field == "cell" and one.unread and one.place in twins)
    )


def _placed(one: Unsure, sheets: Sequence[TargetSheet]) -> Unsure:
    """Return what a reader told of a place with the sheet that stands there: the last to begin before it."""
    place = one.place
    if place is None or (at := place.position()) is None:
        return one
    begins = [
        (min(known), n)
        for n, sheet in enumerate(sheets)
        if (known := [there for near in sheet.places() if (there := near.position()) and there[0] == at[0]])
    ]
    before = [(begin, n) for begin, n in begins if begin <= at]
    found = max(before)[1] if before else min(begins)[1] if begins else None
    return one.model_copy(update={"sheet": found})


def _macros(opened: Opened) -> list[Unsure]:
    """Return an entry for the programs in a file: what they would have changed on opening is not known."""
    if not opened.macros:
        return []
    why = worded("文件含宏，没有运行；读的是保存时的内容")
    return [Unsure(field="macro", text=opened.name, why=why)]


def _bounded(book: Book) -> tuple[tuple[TargetSheet, ...], list[Unsure]]:
    """Return the sheets, and an entry for each text longer than a person could type there, with all of it.

    Texts stay as the document has them, whole. Names stand in every list, message and figure:
    of one too long the head is the name, and the entry says so. A project's code that is none goes: cut,
    two could become one.
    """
    sheets, told = [], []
    for number, sheet in enumerate(book.sheets):
        long = overlong(sheet)
        heads = {
            path: f"{said[: most_of(path) - 1]}…" for path, _label, said, _place in long if is_name(path)
        }
        for path, label, said, place in long:
            how = (
                worded("不是编码，没有读入")
                if path == "code"
                else worded("以开头部分为名，全文如左")
                if path in heads
                else worded("已照原文全文读入，改动时请改短")
            )
            why = worded(
                "“{label}”有 {count} 字，超过 {most} 字，{how}",
                label=label,
                count=len(said),
                most=most_of(path),
                how=how,
            )
            told.append(Unsure(place=place, field=path, text=said, why=why, sheet=number))
        sheets.append(_headed(sheet, heads) if long else sheet)
    return tuple(sheets), told


def _headed(sheet: TargetSheet, heads: dict[str, str]) -> TargetSheet:
    """Return a sheet with the names by path put in, and without a code that is none."""
    own = {path: head for path, head in heads.items() if "." not in path}
    of_indicators: dict[int, dict[str, str]] = {}
    for path, head in heads.items():
        if path.startswith("indicators."):
            _, n, name = path.split(".")
            of_indicators.setdefault(int(n), {})[name] = head
    indicators = [one.model_copy(update=of_indicators.get(n, {})) for n, one in enumerate(sheet.indicators)]
    code = {"code": None} if len(sheet.code or "") > most_of("code") else {}
    return sheet.model_copy(update={**own, **code, "indicators": tuple(indicators)})


def blocks_of(opened: Opened) -> list[Block]:
    """Return the paragraphs, grids and pictures of a file already opened.

    Raises as its reader does, and ``ZS-IN-06`` or ``ZS-IN-10`` beyond ``files.bounds``.
    """
    if opened.archive is not None:
        parts = [m for m in opened.archive.members if m.filename.lower().endswith((".xml", ".rels"))]
        size, most = sum(m.file_size for m in parts) // 2**20, MAX_UNPACKED // 2**20
        if size > most:
            _refuse(opened.name, worded("内容展开后 {size} MB，上限 {most} MB", size=size, most=most))
    blocks = _READERS[opened.kind](opened)
    signs = paragraphs = breaks = 0
    sizes = _Sizes(opened.name)
    for block in blocks:
        if isinstance(block, Paragraph):
            signs, paragraphs = signs + len(block.text), paragraphs + 1
        elif isinstance(block, Grid):
            sizes.take(block)
            texts = [v for row in block.rows for v in row if isinstance(v, str)]
            signs, breaks = signs + sum(map(len, texts)), breaks + sum(v.count("\n") for v in texts)
    if signs > MAX_SIGNS:
        _refuse(opened.name, too_long())
    if breaks > MAX_BREAKS:
        _refuse(opened.name, worded("表格里超过 {most} 行字", most=f"{MAX_BREAKS:,}"))
    if paragraphs > MAX_PARAGRAPHS:
        _refuse(opened.name, worded("超过 {most} 段", most=f"{MAX_PARAGRAPHS:,}"))
    return blocks


def _refuse(name: str, detail: str) -> None:
    raise ZhunshengError("ZS-IN-06", name=name, detail=detail)


@dataclass
class _Sizes:
    """What the tables of a document come to so far."""

    name: str
    tables: int = 0
    rows: int = 0
    cells: int = 0
    covered: int = 0

    def take(self, grid: Grid) -> None:
        """Count a table. Raises ``ZS-IN-10`` for one that is too large, or with which all together are."""
        self.tables, self.rows = self.tables + 1, self.rows + len(grid.rows)
        self.cells += grid.width * len(grid.rows)
        self.covered += sum(height * width for height, width in grid.spans.values())
        if self.covered > MAX_COVERED:
            detail = worded("合并单元格过大")
        elif self.rows > MAX_ROWS:
            detail = worded("超过 {most} 行", most=MAX_ROWS)
        elif grid.width > MAX_COLUMNS:
            detail = worded("超过 {most} 列", most=MAX_COLUMNS)
        elif self.cells > MAX_CELLS:
            detail = worded("连同前面的表超过 {most} 格", most=f"{MAX_CELLS:,}")
        elif self.tables > MAX_TABLES:
            detail = worded("超过 {most} 张表", most=f"{MAX_TABLES:,}")
        else:
            return
        where = grid.title or worded("表{number}", number=self.tables)
        raise ZhunshengError("ZS-IN-10", name=self.name, where=where, detail=detail)
