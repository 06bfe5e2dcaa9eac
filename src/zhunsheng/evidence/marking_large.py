"""Mark the bad cells of a large workbook while it is copied, a piece at a time: no sheet is loaded whole."""

from __future__ import annotations

import copy
import posixpath
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape

from lxml import etree
from xlsxwriter.utility import xl_col_to_name

from zhunsheng.evidence.raw import Layout
from zhunsheng.files.opening import Opened
from zhunsheng.files.spreadsheet import column_of, sheets_of
from zhunsheng.text import clean

_SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_MAIN, _PACKAGE = f"{{{_SPACE}}}", "{http://schemas.openxmlformats.org/package/2006/relationships}"
_TYPES = "{http://schemas.openxmlformats.org/package/2006/content-types}"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
# What the copy of a stranger's file has of it: no links outward, no programs, nothing that says whose it is.
_KEPT = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|xl/(workbook|styles|sharedStrings)\.xml|xl/_rels/workbook\.xml\.rels"
    r"|xl/(worksheets|theme|drawings|media|charts|tables|printerSettings)/.*|xl/comments[^/]*\.xml"
)
_PIECE = 2**20
_LONGEST = 16 * 2**20  # bytes of one row, or of what stands before the first one
_FORMULA = re.compile(rb"<f(?:\s[^>]*)?/>|<f(?:\s[^>]*)?>[^<]*</f>")
_ANY_FORMULA = re.compile(rb"<f[\s/>]")
# A formula of which no result was kept stays as the words that it is.
_UNKEPT = re.compile(
    rb'<c r="([A-Z]+\d+)"((?: s="\d+")?)[^>]*><f(?:\s[^>]*)?>([^<]*)</f>(?:<v\s*/>|<v></v>)?</c>'
)
_CELL = re.compile(rb'<c r="([A-Z]{1,3})\d+"(?: s="(\d+)")?')
_DIMENSION = re.compile(rb"<dimension [^>]*/>|<dimension [^>]*></dimension>")
_CORE = (
    '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>准绳</dc:creator></cp:coreProperties>'
)
_CORE_TYPE = "application/vnd.openxmlformats-package.core-properties+xml"
_CORE_RELATION = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"


class Unmarkable(Exception):
    """A workbook that is written in a way which can't be marked while it is copied."""


@dataclass(frozen=True)
class Marks:
    """What is marked on one worksheet: its bad cells by row (from 1) and column (from 0), what is said of
    each row, and the row of the header, over which stands the ``title`` of what is said.
    """

    layout: Layout
    cells: Mapping[int, frozenset[int]]
    said: Mapping[int, Sequence[str]]
    title: str


@dataclass
class _Styles:
    """The styles of the copy: those of the file, and of each that a bad cell has the same in red."""

    root: etree._Element
    made: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.formats = self._part("cellXfs")
        self.first = len(self.formats)
        red = "<color rgb='FF9C0006'/>"
        self.fill = self._added(
            "fills",
            "<fill><patternFill patternType='solid'><fgColor rgb='FFFFC7CE'/><bgColor indexed='64'/>"
            "</patternFill></fill>",
        )
        fonts = [self._added("fonts", f"<font>{bold}<sz val='11'/>{red}</font>") for bold in ("", "<b/>")]
        self.note, self.title = (
            self._added(
                "cellXfs", f"<xf numFmtId='49' fontId='{font}' fillId='0' borderId='0' applyFont='1'/>"
            )
            for font in fonts
        )

    def _part(self, name: str) -> etree._Element:
        part = self.root.find(f"{_MAIN}{name}")
        if part is None or not len(part):
            raise Unmarkable
        return part

    def _added(self, name: str, text: str) -> int:
        part = self._part(name)
        part.append(etree.fromstring(f"<part xmlns='{_SPACE}'>{text}</part>")[0])
        part.set("count", str(len(part)))
        return len(part) - 1

    def red(self, style: int) -> int:
        """Return the style of a bad cell that has another."""
        if style not in self.made:
            if style >= self.first:
                raise Unmarkable
            changed = copy.deepcopy(self.formats[style])
            changed.set("fillId", str(self.fill))
            changed.set("applyFill", "1")
            self.formats.append(changed)
            self.formats.set("count", str(len(self.formats)))
            self.made[style] = len(self.formats) - 1
        return self.made[style]


def mark_large(
    opened: Opened, marks: Mapping[str, Marks], account: Sequence[Sequence[str]], name: str, target: Path
) -> None:
    """Write a copy of a workbook to ``target`` with the cells of ``marks`` (by worksheet) in red, a column
    that says what is wrong, and a sheet ``name`` with the lines of the ``account``; formulas become what
    they came to. Raises ``Unmarkable``.
    """
    archive = opened.archive
    assert archive is not None
    sheets = sheets_of(opened)
    paths = {path: sheet for sheet, path, _hidden in sheets}
    outside = [path for path in paths if not path.startswith("xl/worksheets/")]
    if outside or not {*paths} <= archive.names or "xl/styles.xml" not in archive.names:
        raise Unmarkable
    for path in paths:
        related = f"{posixpath.dirname(path)}/_rels/{posixpath.basename(path)}.rels"
        if related in archive.names and any(
            not _kept(_target(path, relation)) for relation in opened.xml(related)
        ):
            raise Unmarkable
    styles = _Styles(opened.xml("xl/styles.xml"))
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
        for member in archive.members:
            if member.is_dir() or not _kept(member.filename):
                continue
            pieces = archive.pieces(member.filename, _PIECE)
            if member.filename in paths:
                pieces = _marked(pieces, marks.get(paths[member.filename]), styles)
            elif (changed := _changed(opened, member.filename, name, len(sheets))) is not None:
                pieces = iter([changed])
            elif member.filename == "xl/styles.xml":
                continue  # once all is known that it must hold
            with made.open(member.filename, "w", force_zip64=True) as part:
                for piece in pieces:
                    part.write(piece)
        made.writestr("xl/styles.xml", _written(styles.root))
        made.writestr("docProps/core.xml", _CORE)
        made.writestr(f"xl/worksheets/{_ACCOUNT}", "".join(_account_sheet(account)))


_ACCOUNT = "zhunsheng-account.xml"  # the part that holds the account


def _kept(part: str) -> bool:
    """Say whether the copy has a part; "" is an address outside, which a cell can lead to."""
    return not part or _KEPT.fullmatch(part) is not None


def _target(path: str, relation: etree._Element) -> str:
    said = str(relation.get("Target") or "")
    if relation.get("TargetMode") == "External":
        return ""
    return (
        said.lstrip("/") if said.startswith("/") else posixpath.normpath(f"{posixpath.dirname(path)}/{said}")
    )


def _written(root: etree._Element) -> bytes:
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True))


def _changed(opened: Opened, part: str, name: str, sheets: int) -> bytes | None:
    """Return a part of the package as the copy has it, None for one that stays as it is."""
    if part == "[Content_Types].xml":
        root = opened.xml(part)
        for one in [one for one in root if not _kept(str(one.get("PartName") or "").lstrip("/"))]:
            root.remove(one)
        for path, kind in (
            (f"/xl/worksheets/{_ACCOUNT}", _SHEET_TYPE),
            ("/docProps/core.xml", _CORE_TYPE),
        ):
            etree.SubElement(root, f"{_TYPES}Override", PartName=path, ContentType=kind)
        return _written(root)
    if part.endswith(".rels"):
        root = opened.xml(part)
        owner = posixpath.join(posixpath.dirname(posixpath.dirname(part)), posixpath.basename(part)[:-5])
        for one in [one for one in root if not _kept(_target(owner, one))]:
            root.remove(one)
        if part == "_rels/.rels":
            given = {"Id": "zhunshengCore", "Type": _CORE_RELATION, "Target": "docProps/core.xml"}
            etree.SubElement(root, f"{_PACKAGE}Relationship", given)
        elif part == "xl/_rels/workbook.xml.rels":
            given = {"Id": "zhunshengAccount", "Type": f"{_OFFICE}/worksheet"}
            etree.SubElement(root, f"{_PACKAGE}Relationship", given | {"Target": f"worksheets/{_ACCOUNT}"})
        return _written(root)
    if part != "xl/workbook.xml":
        return None
    root = opened.xml(part)
    for one in root.findall(f"{_MAIN}externalReferences"):
        root.remove(one)
    names = root.find(f"{_MAIN}definedNames")
    for one in list(names) if names is not None else ():
        if "[" in (one.text or ""):  # a name for something in another file
            names.remove(one)
    if names is not None and not len(names):
        root.remove(names)
    listed = root.find(f"{_MAIN}sheets")
    if listed is None or len(listed) != sheets:
        raise Unmarkable
    number = max(int(one.get("sheetId") or 0) for one in listed) + 1
    given = {"name": name, "sheetId": str(number), f"{{{_OFFICE}}}id": "zhunshengAccount"}
    etree.SubElement(listed, f"{_MAIN}sheet", given)
    return _written(root)


def _text_cell(place: str, text: str, style: int) -> str:
    said = escape(clean(text))
    return f'<c r="{place}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{said}</t></is></c>'


def _account_sheet(account: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f'<worksheet xmlns="{_SPACE}"><cols><col min="1" max="2" width="40" customWidth="1"/></cols>'
    yield "<sheetData>"
    for row, line in enumerate(account, start=1):
        cells = "".join(_text_cell(f"{xl_col_to_name(n)}{row}", text, 0) for n, text in enumerate(line))
        yield f'<row r="{row}">{cells}</row>'
    yield "</sheetData></worksheet>"


# -- a worksheet
# -----------------------------------------------------------------------------------------------------------


def _marked(pieces: Iterator[bytes], marks: Marks | None, styles: _Styles) -> Iterator[bytes]:
    """Yield the XML of a worksheet with its marks."""
    rows = _rows_of(marks, styles) if marks else {}
    waiting = sorted(rows, reverse=True)
    rest, begun = b"", False
    for piece in pieces:
        rest += piece
        if not begun and (at := rest.find(b"<sheetData>")) >= 0:
            yield _head(rest[:at], marks) + b"<sheetData>"
            rest, begun = rest[at + len(b"<sheetData>") :], True
        cut = rest.rfind(b"</row>") + 6 if begun else 0
        if cut > 5:
            block, rest = _still(rest[:cut]), rest[cut:]
            last = block.rfind(b'<row r="')
            if last < 0:
                raise Unmarkable
            until = int(block[last + 8 : block.index(b'"', last + 8)])
            done: list[bytes] = []
            while waiting and waiting[-1] <= until:
                row = waiting.pop()
                begins = block.find(b'<row r="%d"' % row)
                ends = block.find(b"</row>", begins)
                if begins < 0 or block[block.index(b">", begins) - 1 :].startswith(b"/>"):
                    raise Unmarkable
                done += [block[:begins], _row(block[begins:ends], row, *rows[row], styles)]
                block = block[ends:]
            yield b"".join([*done, block])
        if len(rest) > _LONGEST:
            raise Unmarkable
    if waiting or not begun:
        raise Unmarkable
    yield rest


def _rows_of(marks: Marks, styles: _Styles) -> dict[int, tuple[frozenset[int], list[tuple[int, str, int]]]]:
    """Return the rows in which something is written: bad columns, and texts with their columns and styles."""
    at = _beside(marks)
    header = marks.layout.head.first_row - 1
    rows: dict[int, tuple[frozenset[int], list[tuple[int, str, int]]]] = {
        header: (frozenset(), [(at, marks.title, styles.title)])
    }
    for row, columns in marks.cells.items():
        if row <= header:
            raise Unmarkable
        texts = [(at + n, text, styles.note) for n, text in enumerate(marks.said[row])]
        rows[row] = (columns, texts)
    return rows


def _beside(marks: Marks) -> int:
    """Return the first column (from 0) beside all that have a title or hold something."""
    titles = marks.layout.head.titles
    titled = max((n + 1 for n, title in enumerate(titles) if title.strip()), default=0)
    return max([titled, *(column_of(letters.encode()) for letters in marks.layout.bare)])


def _head(head: bytes, marks: Marks | None) -> bytes:
    """Return what stands before the rows, with a width for the column beside them."""
    if marks is None:
        return head
    number = _beside(marks) + 1
    wide = b'<col min="%d" max="%d" width="48" customWidth="1"/>' % (number, number)
    head = _DIMENSION.sub(b"", head)
    if b"</cols>" not in head:
        return head + b"<cols>" + wide + b"</cols>"
    lasts = [int(last) for last in re.findall(rb'<col\b[^>]*\bmax="(\d{1,5})"', head)]
    return head.replace(b"</cols>", wide + b"</cols>") if max(lasts, default=0) < number else head


def _still(block: bytes) -> bytes:
    """Return rows without their formulas: the copy of a stranger's file runs nothing."""
    if b"<f" not in block:
        return block
    said = rb'<c r="\1"\2 t="inlineStr"><is><t xml:space="preserve">=\3</t></is></c>'
    still = _FORMULA.sub(b"", _UNKEPT.sub(said, block))
    if _ANY_FORMULA.search(still):
        raise Unmarkable
    return still


def _row(
    row: bytes, number: int, bad: frozenset[int], texts: list[tuple[int, str, int]], styles: _Styles
) -> bytes:
    """Return a row (without its end) with its bad cells in red and texts beside it."""
    at = row.index(b">") + 1
    head = re.sub(rb' spans="[^"]*"', b"", row[:at])
    missing = set(bad)
    parts: list[bytes] = []
    done = at
    for cell in _CELL.finditer(row, at):
        column = column_of(cell[1]) - 1
        for absent in sorted(one for one in missing if one < column):
            parts += [row[done : cell.start()], _empty(absent, number, styles)]
            done = cell.start()
            missing.discard(absent)
        if column in missing:
            missing.discard(column)
            if b' s="' in row[cell.end() : row.index(b">", cell.end())]:
                raise Unmarkable
            place = b"%s%d" % (cell[1], number)
            parts += [row[done : cell.start()], b'<c r="%s" s="%d"' % (place, styles.red(int(cell[2] or 0)))]
            done = cell.end()
        if column >= min((one for one, _text, _style in texts), default=column + 1):
            raise Unmarkable
    parts.append(row[done:])
    parts += [_empty(absent, number, styles) for absent in sorted(missing)]
    parts += [_text_cell(f"{xl_col_to_name(n)}{number}", text, s).encode() for n, text, s in texts]
    return head + b"".join(parts)


def _empty(column: int, row: int, styles: _Styles) -> bytes:
    return b'<c r="%s%d" s="%d"/>' % (xl_col_to_name(column).encode(), row, styles.red(0))
