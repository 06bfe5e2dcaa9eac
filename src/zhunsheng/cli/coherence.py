"""The command on how a document hangs together: goals, projects, money, indicators, ledgers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zhunsheng import folders
from zhunsheng.cli import terminal
from zhunsheng.cli.arguments import AsJson, Document, MeasureFiles
from zhunsheng.cli.show import coherence as show
from zhunsheng.cli.show.documents import unread
from zhunsheng.intake import read_book
from zhunsheng.measures import catalogue
from zhunsheng.usecases.coherence import coherence

app = typer.Typer()


@app.command(name="map")
def map_(
    file: Document,
    mapping: Annotated[
        Path | None,
        typer.Option("--mapping", metavar="文件", help="已确认的指标与测度的对应（yaml）"),
    ] = None,
    measures: MeasureFiles = None,
    as_json: AsJson = False,
) -> None:
    """画出目标、项目、资金、指标、台账的对应，两头落单的都列出来。"""
    known = catalogue(measures or ())
    book = read_book(file)
    unread(book)
    links = folders.load_mapping(mapping, known, book)
    found = coherence(book, known, links)
    if as_json:
        terminal.say_json({"source": book.source.model_dump(), **found.as_json()})
    else:
        show.coherence(found)
