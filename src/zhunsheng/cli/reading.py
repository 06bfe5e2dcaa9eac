"""The commands on a document of targets: read, review."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from zhunsheng.cli import terminal
from zhunsheng.cli.arguments import AnswersFile, AsJson, Document, DocumentOrMany, LayoutsFile, PreviousFile
from zhunsheng.cli.show import documents as show
from zhunsheng.errors import ZhunshengError
from zhunsheng.files.opening import open_file
from zhunsheng.intake import MAX_DOCUMENT, DocumentRead, document_of, read_book
from zhunsheng.intake.answers import answered, for_none, form_of, read_answers, write_answers
from zhunsheng.intake.layouts import Layout, confirmed, read_layouts, write_layouts
from zhunsheng.review import review as review_book
from zhunsheng.review.sarif import sarif
from zhunsheng.targets import Book, json_schema
from zhunsheng.translation import worded
from zhunsheng.usecases.many_documents import ONE_BOOK, Reading, is_many, read_many

app = typer.Typer()
Format = Literal["text", "json", "sarif"]


@app.command()
def read(
    file: DocumentOrMany,
    as_json: AsJson = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="输出 JSON 的格式定义（JSON Schema），不读内容")
    ] = False,
    codes: Annotated[bool, typer.Option("--codes", help="同时列出目标表和指标的代码")] = False,
    layouts: LayoutsFile = None,
    save_layouts: Annotated[
        Path | None,
        typer.Option(
            "--save-layouts",
            metavar="文件",
            help="把各表的列写成版式（yaml），改好、署名后用 --layouts 读",
        ),
    ] = None,
    answers: AnswersFile = None,
    save_answers: Annotated[
        Path | None,
        typer.Option(
            "--save-answers",
            metavar="文件",
            help="把须核对之处写成核对单（yaml），逐处答好、署名后用 --answers 读",
        ),
    ] = None,
) -> None:
    """读取绩效目标文件，列出识别出的目标表、指标和存疑之处；文件夹和 zip 逐个读取，一个文件一行。"""
    if schema:
        terminal.say_json(json_schema())
        return
    known = _layouts(layouts)
    if is_many(file):
        if save_layouts or save_answers or answers:
            raise ZhunshengError("ZS-CL-01", detail=worded("版式和核对单是一份文件的，不能对文件夹或 zip 用"))
        _read_many(file, known, as_json=as_json)
        return
    read = document_of(open_file(file, max_bytes=MAX_DOCUMENT), known)
    if save_layouts is not None:
        _save(save_layouts, read, quiet=as_json)
    if read.refusal is not None:
        raise read.refusal
    if save_answers is not None:
        _save_answers(save_answers, read.book, quiet=as_json)
    book = _answered(read.book, answers)
    if as_json:
        terminal.say_json(book.as_json())
    else:
        show.book(book, codes=codes)


def _answered(book: Book, path: Path | None) -> Book:
    """Return a book with what a file says of its doubts. Raises ``ZS-IN-65`` to ``-67``."""
    if path is None:
        return book
    given = read_answers(path)
    if for_none([given], [book]):
        raise ZhunshengError("ZS-IN-66", name=path.name, document=given.document)
    return answered(book, [given])


def _save_answers(path: Path, book: Book, *, quiet: bool) -> None:
    """Write a document's doubts for a person to answer. Raises ``ZS-IN-68`` for none, ``ZS-IN-54``."""
    form = form_of(book)
    if not form.answers:
        raise ZhunshengError("ZS-IN-68", name=book.source.name)
    if path.exists():
        raise ZhunshengError("ZS-IN-54", name=str(path))
    write_answers(path, form)
    if not quiet:
        show.answers(len(form.answers), path)


def _layouts(path: Path | None) -> tuple[Layout, ...]:
    """Return the confirmed layouts of a file, and say how many of it nobody confirmed: they are not used."""
    found = read_layouts(path) if path is not None else ()
    if left := len(found) - len(confirmed(found)):
        show.unconfirmed(left)
    return confirmed(found)


def _save(path: Path, read: DocumentRead, *, quiet: bool) -> None:
    """Write the layouts of a document's tables for a person to put right and confirm.

    Raises ``ZS-IN-53`` where there is no table, ``ZS-IN-54`` where something lies at the path already.
    """
    if not read.tables:
        raise ZhunshengError("ZS-IN-53", name=read.book.source.name)
    if path.exists():
        raise ZhunshengError("ZS-IN-54", name=str(path))
    write_layouts(path, [one.layout or one.proposal() for one in read.tables])
    if not quiet:
        show.tables(read.tables, path)


def _read_many(path: Path, known: Sequence[Layout], *, as_json: bool) -> None:
    """Read a folder or zip; a line for each document, in its order, and exit 1 where one was not read.

    As JSON a zip is one book of all its documents' sheets, since somebody sent it as one thing.
    """
    read: list[Reading] = []
    with terminal.progress(quiet=as_json) as report:
        readings = read_many(path, books=as_json, progress=report, layouts=known)
        for one in _said_as_one(readings) if as_json and path.is_file() else readings:
            if not as_json:
                show.reading(one)
            elif path.is_dir():
                terminal.say_json_line(one.as_json())
            read.append(replace(one, book=None))
    if not as_json:
        show.readings(read)
    if any(one.error for one in read):
        raise typer.Exit(1)


def _said_as_one(readings: Iterable[Reading]) -> Iterator[Reading]:
    """Print documents as one book, in format ``zhunsheng.readings/1``, each sheet as soon as it is read, and
    give each document on.
    """
    unsure: list[dict[str, Any]] = []
    documents: list[dict[str, Any]] = []
    before = f'{{"format":"{ONE_BOOK}","sheets":['
    for one in readings:
        book = one.book or {}
        for sheet in book.get("sheets", ()):
            terminal.say_json_part({"path": one.path, **sheet}, before)
            before = ","
        unsure += ({"path": one.path, **doubt} for doubt in book.get("unsure", ()))
        documents.append({"path": one.path, "source": book.get("source"), "error": one.error})
        yield one
    terminal.say_json_part(unsure, f'{"" if before == "," else before}],"unsure":')
    terminal.say_json_part(documents, ',"documents":', "}")


@app.command()
def review(
    file: Document,
    format: Annotated[Format, typer.Option("--format", metavar="格式", help="text、json 或 sarif")] = "text",
    as_json: AsJson = False,
    previous: PreviousFile = None,
    layouts: LayoutsFile = None,
    answers: AnswersFile = None,
) -> None:
    """审核绩效目标：在原文位置指出问题和改法；有错误时退出码为 1。"""
    if is_many(file):
        raise ZhunshengError("ZS-IN-69", name=file.name)
    known = _layouts(layouts)
    book = _answered(read_book(file, known), answers)
    show.unread(book)
    done = review_book(book, read_book(previous, known) if previous else None)
    if as_json or format == "json":
        terminal.say_json({"source": book.source.model_dump(), **done.as_json()})
    elif format == "sarif":
        terminal.say_json(sarif(done.findings, file.name))
    else:
        show.reviewed(done)
    if any(f.level == "error" for f in done.findings):
        raise typer.Exit(1)
