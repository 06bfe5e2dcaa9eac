"""The command on statutory limits: how rows stand to them, by section, as a list, as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from zhunsheng import folders
from zhunsheng.cli import terminal
from zhunsheng.cli.arguments import (
    DEFAULT_STORE,
    AsJson,
    AsOf,
    DepartmentName,
    EngineName,
    EngineUrl,
    EvidenceDir,
    day,
)
from zhunsheng.cli.show import limits as show
from zhunsheng.evidence import Store
from zhunsheng.measures import Where
from zhunsheng.measures.standings import Asked, LimitRow, Line, counted, strays
from zhunsheng.regulations.limits import OPEN, applied, limit_of
from zhunsheng.usecases.limits import name_of, note_of, rows_of, state_named, table, totals, write_rows
from zhunsheng.usecases.opened_evidence import Evidence

app = typer.Typer()


@app.command()
def limits(
    name: Annotated[
        str | None,
        typer.Argument(metavar="期限", help="期限的名称或代号，列出它的每一件；缺省为各期限的件数"),
    ] = None,
    evidence: EvidenceDir = DEFAULT_STORE,
    as_of: AsOf = None,
    department: DepartmentName = None,
    section: Annotated[
        str | None, typer.Option("--section", metavar="科室", help="只列这个科室或辖区的")
    ] = None,
    state: Annotated[
        list[str] | None,
        typer.Option(
            "--state",
            metavar="状态",
            help="只列这些状态的，可以多个：逾期未办、临近到期、停计中、办理中、逾期办结、按期办结、日期存疑；缺省为未办结的",
        ),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="行数", min=1, help="每个期限最多列出多少件")] = 50,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            metavar="文件",
            help="把所选状态的每一件写成 xlsx 或 csv（不限件数）；不写期限为全部期限",
        ),
    ] = None,
    engine: EngineName = "duckdb",
    url: EngineUrl = None,
    as_json: AsJson = False,
) -> None:
    """法定期限：各科室逾期、临近到期、停计和按期办结的件数，每一件的到期日和状态。"""
    until = day(as_of)
    chosen = None if name is None else [limit_of(name)]
    states = tuple(state_named(one) for one in state) if state else OPEN
    opened = Evidence.of(Store.existing(evidence), where=Where(engine, url))
    place = folders.department_to_read(evidence, department)
    code = place.code if place else None
    lines = counted(opened.engine, until, code)
    if output is not None:
        rows = rows_of(opened, chosen, until, Asked(states, code, section, None), lines)
        write_rows(output, table(rows, opened.snapshot.name_of))
        terminal.console.print(f"已写出 {output}（{len(rows)} 件）")
        return
    if chosen is None and not state:
        lines = [line for line in lines if section is None or line.section == section]
        if as_json:
            terminal.say_json([_line(line) for line in lines])
        else:
            show.totals(totals(lines), strays(opened.engine, code), until)
        return
    rows = rows_of(opened, chosen, until, Asked(states, code, section, limit), lines)
    if as_json:
        terminal.say_json([_plain(row) for row in rows])
    else:
        show.rows(rows, opened.snapshot.name_of)


def _line(line: Line) -> dict[str, Any]:
    """Return counts as plain data."""
    return {
        "limit": line.limit,
        "name": applied()[line.limit][-1].name,
        "department": line.department,
        "section": line.section,
        "counts": dict(line.counts),
        "earliest": line.earliest,
        "recorded": line.recorded,
        "extended_late": line.extended_late,
    }


def _plain(row: LimitRow) -> dict[str, Any]:
    """Return a row as plain data."""
    said, entry = row.standing, row.standing.entry
    return {
        "limit": row.limit,
        "name": name_of(row),
        "department": row.department,
        "number": row.number,
        "section": row.section,
        "start": row.start,
        "due": said.due,
        "done": said.done,
        "used": said.used,
        "state": said.state,
        "provisional": said.provisional,
        "note": note_of(row),
        "citation": entry.citation if entry else None,
    }
