"""The commands on the ministry's data standard: writing what the program knows in its field names, and
reading such files.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from zhunsheng import folders
from zhunsheng.cli import terminal
from zhunsheng.cli.arguments import AsJson
from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import first_line, written
from zhunsheng.files.writing import write_whole
from zhunsheng.packs import packs
from zhunsheng.targets import Book, Source, TargetSheet
from zhunsheng.targets.library import LibraryEntry
from zhunsheng.translation import worded
from zhunsheng.usecases.exchange import (
    Tables,
    as_json,
    as_workbook,
    library_of,
    of_library,
    of_run,
    of_sheets,
    read_file,
    sheets_of,
    standard,
)
from zhunsheng.usecases.result import Run

app = typer.Typer(name="exchange", help="财政数据标准：按库表的字段名导出、读入。", no_args_is_help=True)
Agency = Annotated[str, typer.Option("--agency", metavar="代码", help="预算单位代码，写进每一行")]
Out = Annotated[Path, typer.Option("--out", metavar="文件", help="写到哪里，以 .xlsx 或 .json 结尾")]


@app.command("targets")
def write_targets(
    document: Annotated[Path, typer.Argument(metavar="文件", help="绩效目标文件或自评表")],
    out: Out = Path("exchange.xlsx"),
    agency: Agency = "",
) -> None:
    """把目标文件（自评表连同结果）写成数据标准的表。"""
    book = folders.read_books([document])
    _write(*of_sheets(book.sheets, agency), out)


@app.command("result")
def write_result(
    result: Annotated[Path, typer.Argument(metavar="结果", help="评价结果文件（json）")],
    out: Out = Path("exchange.xlsx"),
    agency: Agency = "",
) -> None:
    """把一次评价的结果（目标、监控、自评）写成数据标准的表。"""
    _write(*of_run(_run(result), agency), out)


@app.command("library")
def write_library(out: Out = Path("exchange.xlsx")) -> None:
    """把各起步包的指标库条目写成数据标准的表；网站的指标库在网站导出。"""
    _write(*of_library([one for pack in packs().values() for one in pack.entries()]), out)


@app.command("read")
def read_exchange(
    file: Annotated[Path, typer.Argument(metavar="文件", help="数据标准的文件（xlsx 或 json）")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="文件", help="把读出的目标写成目标文件（json）")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """读一份数据标准的文件：有哪些表，读出什么，什么没有读。"""
    tables, left = read_file(file)
    sheets: list[TargetSheet] = []
    if tables.get("PM_PERF_INDICATOR") or tables.get("PM_PERF_GOAL_INFO"):
        sheets, more = sheets_of(tables, file.name)
        left = [*left, *more]
    entries: list[LibraryEntry] = []
    if "BAS_PERF_INDICATOR" in tables:
        entries, more = library_of(tables, file.name)
        left = [*left, *more]
    book = Book(source=Source(name=file.name, sha256="", media_type=""), sheets=tuple(sheets))
    if out is not None:
        write_whole(out, json.dumps(book.as_json(), ensure_ascii=False, indent=1))
    if as_json:
        said = {"tables": tables, "book": book.as_json(), "library": [one.model_dump() for one in entries]}
        terminal.say_json(said | {"left_out": left})
        return
    for name, rows in tables.items():
        terminal.console.print(f"{name}  {standard()[name].title}：{len(rows)} 行")
    for sheet in sheets:
        terminal.console.print(f"目标表  {escape(sheet.title())}：{len(sheet.indicators)} 个指标")
    _say(left, "没有读")


def _run(path: Path) -> Run:
    try:
        return Run.read(json.loads(written(path)))
    except json.JSONDecodeError as error:
        raise ZhunshengError("ZS-RN-01", detail=first_line(error)) from None


def _write(tables: Tables, left: list[str], out: Path) -> None:
    kinds = {".xlsx": as_workbook, ".json": as_json}
    if out.suffix.lower() not in kinds:
        raise ZhunshengError("ZS-CL-01", detail=worded("--out 要以 .xlsx 或 .json 结尾"))
    write_whole(out, kinds[out.suffix.lower()](tables, left))
    for name, rows in tables.items():
        terminal.console.print(f"{name}  {standard()[name].title}：{len(rows)} 行")
    terminal.console.print(f"已写出 {escape(str(out))}")
    _say(left, "数据标准里没有位置")


def _say(left: list[str], words: str) -> None:
    for one in left:
        terminal.console.print(f"[dark_orange3]{words}[/] {escape(one)}")
