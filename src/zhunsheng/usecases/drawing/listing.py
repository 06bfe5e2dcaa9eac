"""List the drawn of a draw, also of one too large for a bundle."""

from __future__ import annotations

import shutil
from itertools import chain
from pathlib import Path

import duckdb

from zhunsheng.clock import now as clock_now
from zhunsheng.draws.drawing import draw, wanted_of, write_list
from zhunsheng.draws.frame import BATCH, open_database
from zhunsheng.draws.protocol import ASSIGN, fits_a_bundle
from zhunsheng.draws.spec import version_of
from zhunsheng.errors import ZhunshengError
from zhunsheng.files.scratch import scratch_folder
from zhunsheng.files.writing import TextBook, whole_file
from zhunsheng.text import csv_text
from zhunsheng.translation import worded
from zhunsheng.usecases.drawing.draw_folder import in_folder, refuse_times
from zhunsheng.usecases.drawing.engines import HERE, Where, engine_for
from zhunsheng.usecases.drawing.frames import published_frame


def list_draw(folder: Path, out: Path, memory_limit: str | None = None, *, where: Where = HERE) -> int:
    """Write the drawn of a very large draw to a Parquet file, or by its name a csv or workbook;
    return how many.

    A draw that fits a bundle is listed only where it can be run, so its teams are tried.
    Raises ``ZS-DR-08`` when the frame is not the committed one, ``ZS-DR-68`` for more than a worksheet holds,
    ``ZS-DR-06``, ``ZS-DR-61``, and as ``engines.connected``.
    """
    found = in_folder(folder, register=True)
    refuse_times(folder, found, clock_now())
    plan, committed, wanted = found.plan, found.committed, found.wanted
    with scratch_folder() as scratch:
        connection = open_database(memory_limit, scratch)
        frame = published_frame(folder / "frame.tsv", plan, connection, wanted, tree=False)
        if frame.digest != committed["frame"]["digest"]:
            raise ZhunshengError("ZS-DR-08", name="frame.tsv", detail=worded("名录库与承诺的不是同一份"))
        kind = out.suffix.lower()
        if kind == ".xlsx" and (count := wanted_of(wanted[1])) >= MOST_ROWS:
            raise ZhunshengError("ZS-DR-68", count=count, most=MOST_ROWS - 1)
        as_text = kind in (".csv", ".xlsx")
        fits = fits_a_bundle(plan, wanted[1])
        listed = scratch / "listed.parquet" if as_text or fits else out
        if where.kind == "duckdb":
            count = frame.write_drawn(*wanted, listed)
        else:
            with engine_for(where, frame, folder / "frame.tsv") as engine:
                count = write_list(draw(engine, *wanted), listed)
        if fits:
            rows = connection.execute(
                "SELECT ticket, id, stratum, place FROM read_parquet(?)", [str(listed)]
            ).fetchall()
            objects = [
                (mark, entity, stratum)
                for mark, entity, stratum, place in rows
                if place <= wanted[1][stratum]["quota"]
            ]
            ASSIGN[version_of(committed)](plan, objects, found.people, wanted[0])
        if fits and not as_text:
            with whole_file(out) as partial:
                shutil.copyfile(listed, partial)
        if as_text:
            in_order = connection.execute(
                "SELECT stratum, place, id, ticket FROM read_parquet(?)", [str(listed)]
            )
            (_write_sheet if kind == ".xlsx" else _write_csv)(in_order, out)
        connection.close()
    return count


MOST_ROWS = 2**20  # of a worksheet
LISTED = ("分层", "名次", "编号", "号码")


def _write_csv(rows: duckdb.DuckDBPyConnection, out: Path) -> None:
    """Write a list of the drawn as a csv, in its order. Excel takes long ids for numbers and
    shows them cut.
    """
    with whole_file(out) as partial, partial.open("w", encoding="utf-8-sig", newline="") as stream:
        stream.write(csv_text([LISTED]))
        while piece := rows.fetchmany(BATCH):
            stream.write(csv_text(piece))


def _write_sheet(rows: duckdb.DuckDBPyConnection, out: Path) -> None:
    """Write a list of the drawn as a workbook in which ids stay text, row by row."""
    with whole_file(out) as partial, TextBook(partial, constant_memory=True) as book:
        sheet = book.sheet("抽中名单")
        for column, width in enumerate((24, 8, 24, 70)):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(1, 0)
        for column, title in enumerate(LISTED):
            book.text(sheet, 0, column, title)
        each = chain.from_iterable(iter(lambda: rows.fetchmany(BATCH), []))
        for n, (stratum, place, entity, ticket) in enumerate(each, start=1):
            book.text(sheet, n, 0, stratum)
            sheet.write_number(n, 1, place)
            book.text(sheet, n, 2, entity)
            book.text(sheet, n, 3, ticket)
