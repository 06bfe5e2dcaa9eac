"""Read a document into target sheets: by the reader of its format, recognised, bounded, with codes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.opening import Opened, open_file
from zhunsheng.files.webpage import MAX_COVERED
from zhunsheng.intake import delimited, doc, docx, html, odt, ofd, pdf, rtf, scanned, text, word_xml, xlsx
from zhunsheng.intake.grid import Block, Grid
from zhunsheng.intake.pictures import refusal, unread
from zhunsheng.intake.recognition.recognising import recognise
from zhunsheng.targets import Book, Source, TargetSheet, Unsure
from zhunsheng.targets.fields import is_name, most_of, overlong
from zhunsheng.targets.identity import identified_book
from zhunsheng.translation import worded

MAX_ROWS = 20_000  # of one table; lists of a province's projects have a few thousand
MAX_DOCUMENT = 50 * 2**20  # bytes; target documents are a few hundred KB

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


def read_book(path: Path) -> Book:
    """Read one document. Raises ``ZS-IN-*``; ``ZS-IN-13`` when it holds no target sheet, ``ZS-IN-21``,
    ``-22`` where pictures may.
    """
    return book_of(open_file(path, max_bytes=MAX_DOCUMENT))


def book_of(opened: Opened) -> Book:
    """Do what ``read_book`` does for a file already opened."""
    source = Source(name=opened.name, sha256=opened.sha256, media_type=opened.media_type)
    blocks = blocks_of(opened)
    book = recognise(blocks, source)
    if not book.sheets:
        raise refusal(opened.name, blocks)
    sheets, long = _bounded(book)
    told = (block for block in blocks if isinstance(block, Unsure))
    beside = (_placed(one, sheets) for one in (*told, *unread(blocks), *_macros(opened)))
    unsure = (*book.unsure, *beside, *long, *scanned.doubts(sheets, blocks))
    return identified_book(book.model_copy(update={"sheets": sheets, "unsure": unsure}))


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
    """Return the paragraphs, grids and pictures of a file already opened."""
    blocks = _READERS[opened.kind](opened)
    for number, grid in enumerate((one for one in blocks if isinstance(one, Grid)), start=1):
        covered = sum(height * width for height, width in grid.spans.values())
        if covered > MAX_COVERED or len(grid.rows) > MAX_ROWS:
            detail = (
                worded("合并单元格过大") if covered > MAX_COVERED else worded("超过 {most} 行", most=MAX_ROWS)
            )
            where = grid.title or worded("表{number}", number=number)
            raise ZhunshengError("ZS-IN-10", name=opened.name, where=where, detail=detail)
    return blocks
