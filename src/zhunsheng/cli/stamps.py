"""The commands of outside time-stamps on the public log: request, check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from zhunsheng.cli import terminal
from zhunsheng.cli.arguments import AsJson, LogFile, OutDir
from zhunsheng.cli.show import draws as show
from zhunsheng.errors import ZhunshengError
from zhunsheng.files.writing import write_whole
from zhunsheng.usecases import stamping

app = typer.Typer(
    name="stamp", help="外部时间戳：为承诺记录的一条请机构盖章，离线核对。", no_args_is_help=True
)
Roots = Annotated[
    list[Path] | None,
    typer.Option("--root", metavar="文件", help="盖章机构的根证书（PEM），每家机构一个文件；向机构索取"),
]


@app.command("request")
def request(
    log: LogFile,
    out: OutDir,
    entry: Annotated[
        int | None, typer.Option("--entry", metavar="编号", help="为第几条；缺省为最后一条")
    ] = None,
    authority: Annotated[
        str | None,
        typer.Option("--authority", metavar="地址", help="机构的 https 地址；给了才联网，缺省不联网"),
    ] = None,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="秒", min=1, max=600, help="等候答复的时间")
    ] = 20,
    roots: Roots = None,
) -> None:
    """写出请求文件（tsq），带到能上网的电脑上盖；给出 --authority 的，直接发送并核对答复。"""
    made, path = stamping.make_request(log, entry, out)
    terminal.console.print(f"第 {made.number} 条，盖的是这一行的 SHA-256：[bold]{made.own}[/]")
    if authority is None:
        answer = path.with_suffix(".tsr").name
        terminal.console.print(f"请求文件 {escape(str(path))}。在能上网的电脑上：")
        terminal.console.print(
            f"curl --data-binary @{path.name} -H 'Content-Type: application/timestamp-query' -o {answer} 机"
            "构的地址",
            markup=False,
            soft_wrap=True,
        )
        return
    kept = path.with_suffix(".tsr")
    answered = stamping.ask(authority, path.read_bytes(), timeout)
    write_whole(kept, answered)
    terminal.console.print(f"答复在 {escape(str(kept))}")
    if roots:
        show.stamps(stamping.check_stamps(log, [kept], roots, asked=path))
    else:
        terminal.console.print("还没有核对：请用 zhunsheng draw stamp check，以 --root 给出机构的根证书")


@app.command("check")
def check(
    log: LogFile,
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="时间戳", help="tsr 或 ots 文件；不写时，核对与承诺记录放在一起的全部"),
    ] = None,
    roots: Roots = None,
    asked: Annotated[
        Path | None, typer.Option("--request", metavar="文件", help="请求文件（tsq），核对答复的是不是它")
    ] = None,
    policy: Annotated[
        str | None, typer.Option("--policy", metavar="编号", help="机构的策略，如 1.2.3.4")
    ] = None,
    headers: Annotated[
        Path | None,
        typer.Option("--headers", metavar="文件", help="比特币区块头（每个 80 字节，或每行 160 位十六进制）"),
    ] = None,
    bundle: Annotated[
        Path | None,
        typer.Option("--bundle", metavar="抽查包", help="说明这份抽查包的承诺是不是在随机数公布之前"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """核对时间戳，不联网：摘要、请求、签名、证书；有不成立的时退出码为 2。"""
    found = stamping.check_stamps(
        log, files or [], roots or [], asked=asked, policy=policy, headers=headers, bundle=bundle
    )
    if not found.stamps and not found.standing:
        detail = f"没有可核对的时间戳：{log.name} 旁边没有 tsr 或 ots 文件，也没有写明是哪个文件"
        raise ZhunshengError("ZS-CL-01", detail=detail)
    if as_json:
        terminal.say_json(found.as_json())
        return
    show.stamps(found)
