"""Write files whole or not at all, under names that every system takes, and text into workbooks with none of
it lost.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

import xlsxwriter

from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import of_system
from zhunsheng.files import system
from zhunsheng.files.scratch import scratch_folder
from zhunsheng.text import AS_TEXT, clean

MOST_NAME = 255  # bytes of a file's name, on every file system in use
# Names that Windows keeps for devices, whatever ending follows.
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?", re.I)
_UNFIT_IN_NAMES = re.compile(r'[<>:"|?*\\/\n\t]')
# What Excel's own limits are: UTF-16 units of a cell, line breaks in one, points of a row,
# units of a sheet's name.
MOST_UNITS, MOST_BREAKS, MOST_HEIGHT, MOST_SHEET_NAME = 32_767, 253, 409.0, 31
REST = "续页"
_swept: set[tuple[int, Path]] = set()  # processes and folders that were looked through
_ROOM = 32_600  # what of a cell is text where the note that it goes on stands there too


# -- names
# ------------------------------------------------------------------------------------------------------------


def safe_name(name: str) -> str:
    """Return the last part of a file's name as it can lie in any folder of any system.

    Control and invisible characters, blanks and dots at its ends go, signs that Windows refuses become “_”,
    and so do the names it keeps for devices (CON, NUL.txt get one in front); an empty name is 未命名.
    Raises ``ZS-IN-31`` for one of more than 255 bytes: cut, two names could become one.
    """
    last = PurePosixPath(clean(name).replace("\\", "/")).name.strip(" .") if name else ""
    fit = _UNFIT_IN_NAMES.sub("_", last) or "未命名"
    fit = f"_{fit}" if _RESERVED.fullmatch(fit) else fit
    if (size := len(fit.encode("utf8", "replace"))) > MOST_NAME:
        raise ZhunshengError("ZS-IN-31", name=f"{fit[:40]}…", size=size, most=MOST_NAME)
    return fit


def named_after(name: str, addition: str) -> str:
    """Return the name of a file made from another, with as much of that one's name as 255 bytes leave room
    for.
    """
    room = MOST_NAME - len(addition.encode("utf8"))
    return name.encode("utf8", "replace")[:room].decode("utf8", "ignore") + addition


# -- files
# ------------------------------------------------------------------------------------------------------------


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a place beside ``path`` to write to; what was written there is moved to ``path`` whole.

    Whatever fails leaves the file that was there before, and nothing half written. While its process lives
    the place is locked; the first one of a process in a folder takes away those that died.
    Raises ``ZS-CL-10`` for a full disk, ``ZS-CL-11`` where nothing may be written,
    ``ZS-CL-12`` for a name too long.
    """
    partial = path.with_name(f".{secrets.token_hex(8)}.partial")
    lock = -1
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if (os.getpid(), path.parent) not in _swept:
            _swept.add((os.getpid(), path.parent))
            _sweep(path.parent)
        lock = system.new_file(partial, 0o666)
        system.lock(lock)
        yield partial
        if not system.POSIX:  # what is open has its name for as long
            os.close(lock)
            lock = -1
        partial.replace(path)
    except BaseException as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        if told := of_system(error, str(path)):
            raise told from error
        raise
    finally:
        if lock >= 0:
            os.close(lock)


def _sweep(folder: Path) -> None:
    """Take away what processes of this account that are no more left half written in a folder."""
    for partial in folder.glob(f".{'[0-9a-f]' * 16}.partial"):
        with suppress(OSError):
            if not system.mine(partial.lstat()):
                continue
            lock = os.open(partial, os.O_RDWR | system.NOT_A_LINK)
            try:
                system.lock(lock, wait=False)  # who lives holds it
                partial.unlink()
            finally:
                os.close(lock)


def write_whole(path: Path, content: bytes | str) -> None:
    """Write bytes, or text as UTF-8, to a file whole or not at all. Raises as ``whole_file``."""
    with whole_file(path) as partial:
        partial.write_bytes(content.encode("utf8") if isinstance(content, str) else content)


# -- workbooks
# --------------------------------------------------------------------------------------------------------


def units(text: str) -> int:
    """Return the length of a text as Excel counts it: characters beyond the basic plane count as two."""
    return len(text) + sum(c > "\uffff" for c in text)


def fits(text: str) -> bool:
    """Return whether one cell holds a text."""
    return units(text) <= MOST_UNITS and text.count("\n") <= MOST_BREAKS


def pieces(text: str, room: int = _ROOM) -> list[str]:
    """Return a text in pieces that a cell holds each, put together again the same text;
    one piece where it fits.
    """
    if fits(text):
        return [text]
    found: list[str] = []
    piece: list[str] = []
    size = breaks = 0
    for c in text:
        width = 2 if c > "\uffff" else 1
        if size + width > room or breaks >= MOST_BREAKS - 3:
            found.append("".join(piece))
            piece, size, breaks = [], 0, 0
        piece.append(c)
        size += width
        breaks += c == "\n"
    return [*found, "".join(piece)]


def sheet_name(name: str, used: set[str]) -> str:
    """Return a name Excel accepts (31 units, no []:*?/\\) that is not among ``used``, and add it to them."""
    fit = "".join("-" if c in "[]:*?/\\'\n\t" else c for c in clean(name[: 4 * MOST_SHEET_NAME]))[
        :MOST_SHEET_NAME
    ]
    while units(fit) > MOST_SHEET_NAME - 3:
        fit = fit[:-1]
    fit = (
        fit if fit.strip() and fit.lower() != "history" else f"{fit.strip()}表"
    )  # Excel keeps “History” for itself
    candidate, n = fit, 2
    while candidate.lower() in used:
        candidate, n = f"{fit}{n}", n + 1
    used.add(candidate.lower())
    return candidate


MADE = datetime(2000, 1, 1)


def new_workbook(target: Path | BinaryIO, **options: Any) -> xlsxwriter.Workbook:
    """Return an empty workbook in which text stays text, and which is the same bytes for the same content."""
    book = xlsxwriter.Workbook(str(target) if isinstance(target, Path) else target, AS_TEXT | options)
    book.set_properties({"created": MADE})
    return book


class TextBook:
    """A workbook in which text stays text and none is lost: what a cell can't hold goes on on its last sheet,
    续页.

    ``text`` writes a cell; formats, widths and all else are the library's own, on ``book``.
    """

    def __init__(self, target: Path | BinaryIO, **options: Any) -> None:
        self._scratch = ExitStack()  # where the library writes its parts, which a killed process leaves
        if not options.get("in_memory"):
            options["tmpdir"] = str(self._scratch.enter_context(scratch_folder()))
        self.book = new_workbook(target, **options)
        self._used: set[str] = {REST}
        self._rest: list[tuple[str, str, int, str]] = []

    def sheet(self, name: str) -> Any:
        """Return a new worksheet under a name that is fit, and of no other."""
        return self.book.add_worksheet(sheet_name(name, self._used))

    def text(self, sheet: Any, row: int, column: int, text: object, style: Any = None) -> None:
        """Write a text into a cell; of one too long the first part, with how long it is and where
        it goes on.
        """
        said = clean(str(text))
        first, *rest = pieces(said)
        if rest:
            cell = xlsxwriter.utility.xl_rowcol_to_cell(row, column)
            first += f"\n（这一格共 {len(said)} 字，未完，其余见工作表“{REST}”第 {len(self._rest) + 2} 行起）"
            self._rest += [(sheet.get_name(), cell, n, piece) for n, piece in enumerate(rest, start=2)]
        sheet.write_string(row, column, first, style)

    def table(self, name: str, columns: Sequence[tuple[str, float]], rows: Sequence[Sequence[Any]]) -> None:
        """Write rows to a worksheet of their own under titles with widths, to be sorted and filtered."""
        sheet = self.sheet(name)
        bold = self.book.add_format({"bold": True, "bg_color": "#EEF2F7", "border": 1})
        for column, (title, width) in enumerate(columns):
            sheet.write(0, column, title, bold)
            sheet.set_column(column, column, width)
        for number, row in enumerate(rows, start=1):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    self.text(sheet, number, column, value)
                elif value is not None:
                    sheet.write(number, column, float(value) if isinstance(value, Decimal) else value)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(1, len(rows)), len(columns) - 1)

    def close(self) -> None:
        """Write what goes on, and the file."""
        if self._rest:
            sheet = self.book.add_worksheet(REST)
            style = self.book.add_format(
                {"text_wrap": True, "valign": "top", "border": 1, "font_name": "宋体"}
            )
            for n, (title, width) in enumerate(
                (("工作表", 24), ("单元格", 10), ("第几段", 8), ("接上文", 90))
            ):
                sheet.write_string(0, n, title, style)
                sheet.set_column(n, n, width)
            for row, (name, cell, number, piece) in enumerate(self._rest, start=1):
                sheet.write_string(row, 0, name, style)
                sheet.write_string(row, 1, cell, style)
                sheet.write_number(row, 2, number, style)
                sheet.write_string(row, 3, piece, style)
        with self._scratch:
            self.book.close()

    def __enter__(self) -> TextBook:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        with self._scratch:
            if kind is None:
                self.close()
