"""The commands on a document of targets: read, review."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from zhunsheng.cli import terminal
from zhunsheng.cli.arguments import AsJson, Document, PreviousFile
from zhunsheng.cli.show import documents as show
from zhunsheng.intake import read_book
from zhunsheng.review import review as review_book
from zhunsheng.review.sarif import sarif
from zhunsheng.targets import json_schema

app = typer.Typer()
Format = Literal["text", "json", "sarif"]


@app.command()
def read(
    file: Document,
    as_json: AsJson = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="输出 JSON 的格式定义（JSON Schema），不读内容")
    ] = False,
    codes: Annotated[bool, typer.Option("--codes", help="同时列出目标表和指标的代码")] = False,
) -> None:
    """读取绩效目标文件，列出识别出的目标表、指标和存疑之处。"""
    if schema:
        terminal.say_json(json_schema())
        return
    book = read_book(file)
    if as_json:
        terminal.say_json(book.as_json())
    else:
        show.book(book, codes=codes)


@app.command()
def review(
    file: Document,
    format: Annotated[Format, typer.Option("--format", metavar="格式", help="text、json 或 sarif")] = "text",
    as_json: AsJson = False,
    previous: PreviousFile = None,
) -> None:
    """审核绩效目标：在原文位置指出问题和改法；有错误时退出码为 1。"""
    book = read_book(file)
    show.unread(book)
    done = review_book(book, read_book(previous) if previous else None)
    if as_json or format == "json":
        terminal.say_json({"source": book.source.model_dump(), **done.as_json()})
    elif format == "sarif":
        terminal.say_json(sarif(done.findings, file.name))
    else:
        show.reviewed(done)
    if any(f.level == "error" for f in done.findings):
        raise typer.Exit(1)
