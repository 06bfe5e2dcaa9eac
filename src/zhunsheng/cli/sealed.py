"""The command that checks what a site gave out, a paper or its transparency log, against what was kept:
verify.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from zhunsheng.cli import terminal
from zhunsheng.cli.arguments import AsJson
from zhunsheng.errors import ZhunshengError
from zhunsheng.usecases.papers import Checked, is_paper, paper_checked
from zhunsheng.usecases.sealed import held_against

app = typer.Typer()
NOT_PROVED = "没有给公钥（--key），签名没有核对：只说明与这个检查点一致。"


@app.command("verify")
def verify(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="文件",
            help="手里的文件（docx、xlsx、html），或者从网站下载的透明日志（jsonl）、它的证明（json）：日志由检查点"
            "延续而来，或者一条记录在里面",
        ),
    ],
    checkpoint: Annotated[
        Path | None,
        typer.Option("--checkpoint", metavar="检查点", help="以前自己保存的检查点文件，或者印有检查点的文件"),
    ] = None,
    key: Annotated[
        str | None, typer.Option("--key", metavar="公钥", help="以前自己抄下的公钥一行，用来核对签名")
    ] = None,
    proof: Annotated[
        Path | None,
        typer.Option("--proof", metavar="证明", help="文件的登记证明（json），或者透明日志（jsonl）"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """核对手里的文件：哪一格被改过，是不是网站出具的；或者核对透明日志：以前封存的是否都在。不符时退出码为
    1。不联网。
    """
    if is_paper(file):
        checked = paper_checked(file, key=key, proof=proof, checkpoint=checkpoint)
        if as_json:
            terminal.say_json(dataclasses.asdict(checked))
        else:
            _say(checked)
        holds = checked.holds
    else:
        if checkpoint is None:
            raise ZhunshengError("ZS-LG-20", name=file.name)
        found = held_against(checkpoint, file, key)
        if as_json:
            terminal.say_json(dataclasses.asdict(found) | {"signed": found.holds and key is not None})
        else:
            _say_sign(holds=found.holds, says=found.says)
            if found.holds and key is None:
                terminal.console.print(NOT_PROVED, soft_wrap=True)
        holds = found.holds
    if not holds:
        raise typer.Exit(1)


def _say_sign(*, holds: bool, says: str) -> None:
    sign = "[bold green]相符[/]" if holds else "[bold red]不符[/]"
    terminal.console.print(f"{sign}　{escape(says)}", soft_wrap=True)


def _say(checked: Checked) -> None:
    if checked.code:
        terminal.console.print(
            f"{escape(checked.name)}　{checked.code}　{escape(checked.issued)}", soft_wrap=True
        )
    first, *rest = checked.says
    _say_sign(holds=checked.content is True, says=first)
    for one in checked.changes:
        now = f"：现在是“{one.now}”" if one.now else ""
        terminal.console.print(f"  {one.what}　{escape(one.place)}{escape(now)}", soft_wrap=True)
    for says in rest:
        terminal.console.print(escape(says), soft_wrap=True)
    for limit in checked.limits:
        terminal.console.print(escape(limit), style="dim", soft_wrap=True)
