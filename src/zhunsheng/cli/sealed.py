"""The command that holds a kept checkpoint of a transparency log against what is published: verify."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from zhunsheng.cli import terminal
from zhunsheng.cli.arguments import AsJson
from zhunsheng.usecases.sealed import held_against

app = typer.Typer()
NOT_PROVED = "没有给公钥（--key），签名没有核对：只说明与这个检查点一致。"


@app.command("verify")
def verify(
    published: Annotated[
        Path,
        typer.Argument(
            metavar="日志",
            help="从网站下载的透明日志（jsonl），或者它的证明（json）：日志由检查点延续而来，或者一条记录在里面",
        ),
    ],
    checkpoint: Annotated[
        Path, typer.Option("--checkpoint", metavar="检查点", help="以前自己保存的检查点文件")
    ],
    key: Annotated[
        str | None, typer.Option("--key", metavar="公钥", help="以前自己抄下的公钥一行，用来核对签名")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """核对透明日志：检查点封存的记录是否都在、一条未改，一条记录在不在里面；不是这样时退出码为 1。不联网。"""
    found = held_against(checkpoint, published, key)
    if as_json:
        terminal.say_json(dataclasses.asdict(found) | {"signed": found.holds and key is not None})
    else:
        sign = "[bold green]相符[/]" if found.holds else "[bold red]不符[/]"
        terminal.console.print(f"{sign}　{escape(found.says)}", soft_wrap=True)
        if found.holds and key is None:
            terminal.console.print(NOT_PROVED, soft_wrap=True)
    if not found.holds:
        raise typer.Exit(1)
