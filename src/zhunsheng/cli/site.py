"""The site from the command line: serve, and admin for what is done at its machine beside the pages.

What these commands do stands with the site (``zhunsheng.web``), which is started as a program of its own:
nothing of it is imported here.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()
admin = typer.Typer(no_args_is_help=True, help="网站的管理：建立第一个管理员、备份、恢复、核验、升级。")
app.add_typer(admin, name="admin")


@app.command("serve")
def serve(
    context: typer.Context,
    host: Annotated[
        str, typer.Option("--host", metavar="地址", help="在本机的哪个地址上听；所有地址写 0.0.0.0")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", metavar="端口", min=1, max=65535, help="端口")] = 8000,
    address: Annotated[
        list[str] | None,
        typer.Option("--address", metavar="名称", help="别人用来打开网站的地址或主机名，可以写几次"),
    ] = None,
    plain_http: Annotated[
        bool,
        typer.Option("--plain-http", help="不加密，只在可信的内网或本机用：同一网络里的人看得到密码和内容"),
    ] = False,
    workers: Annotated[
        int, typer.Option("--workers", metavar="个数", min=1, max=64, help="网页服务的进程数")
    ] = 2,
    sample: Annotated[bool, typer.Option("--sample", help="装入示例数据，已有数据时不再装")] = False,
    grace: Annotated[
        float, typer.Option("--grace", metavar="秒", min=0, help="停止时等正在做的事做完，最多多少秒")
    ] = 8,
) -> None:
    """启动网站：准备数据库、后台任务和网页服务。数据放在环境变量 ZHUNSHENG_DATA 所指的文件夹。"""
    _hand_over(context)


@admin.command("first_admin")
def first_admin(
    context: typer.Context,
    username: Annotated[str, typer.Argument(metavar="用户名", help="他登录用的名称")],
    organisation: Annotated[
        str, typer.Option("--organisation", metavar="名称", help="网站还没有组织时，最上级单位的名称")
    ] = "本市",
) -> None:
    """在空网站上建立第一个组织和系统管理员；没有能用的系统管理员时，再建立一个。给出临时密码。"""
    _hand_over(context)


@admin.command("backup")
def backup(
    context: typer.Context,
    archive: Annotated[Path, typer.Argument(metavar="文件", help="写到哪里（tar）")],
    with_keys: Annotated[bool, typer.Option("--with-keys", help="连同密钥一起备份，须妥善保管")] = False,
) -> None:
    """备份数据库与全部文件；网站不用停。"""
    _hand_over(context)


@admin.command("restore")
def restore(
    context: typer.Context,
    archive: Annotated[Path, typer.Argument(metavar="文件", help="备份（tar）")],
    check: Annotated[bool, typer.Option("--check", help="只查备份是否完整、密钥是否相符，不恢复")] = False,
    checkpoint: Annotated[
        Path | None,
        typer.Option("--checkpoint", metavar="检查点", help="以前保存的检查点文件；日志应由它延续而来"),
    ] = None,
    despite: Annotated[bool, typer.Option("--despite", help="核验没有通过也恢复，逐条列出")] = False,
) -> None:
    """把备份恢复到空的数据文件夹：先全部核验，再放到位。"""
    _hand_over(context)


@admin.command("check_audit")
def check_audit(
    context: typer.Context,
    head: Annotated[
        str | None, typer.Option("--head", metavar="摘要", help="以前记下的某条摘要；日志里应能找到它")
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option("--checkpoint", metavar="检查点", help="以前保存的检查点文件；日志应由它延续而来"),
    ] = None,
) -> None:
    """核验审计日志有无缺失、改动和截断，记录有无绕过系统的改动。不符时退出码为 1。"""
    _hand_over(context)


@admin.command("rebuild_papers")
def rebuild_papers(
    context: typer.Context,
    codes: Annotated[
        list[str] | None, typer.Argument(metavar="核对码", help="要重做的文件；不写就是全部")
    ] = None,
    day: Annotated[
        str | None, typer.Option("--day", metavar="日期", help="只重做这一天出具的，如 2026-06-30")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="文件夹", help="把重做的文件写到这个文件夹")
    ] = None,
) -> None:
    """把以前出具的文件照当时的数据重做一遍，与登记的摘要比较。不符时退出码为 1。"""
    _hand_over(context)


@admin.command("review_sheets")
def review_sheets(context: typer.Context) -> None:
    """按现在的规则重新审核还没有审核过的目标表。"""
    _hand_over(context)


@admin.command("migrate")
def migrate(
    context: typer.Context,
    app_label: Annotated[str | None, typer.Argument(metavar="部分", help="退回时写 web")] = None,
    migration_name: Annotated[
        str | None, typer.Argument(metavar="迁移", help="退回到哪一个迁移，写它的编号")
    ] = None,
    lose_data: Annotated[bool, typer.Option("--lose-data", help="退回旧的迁移，丢弃审计日志等数据")] = False,
) -> None:
    """把数据库升级到这个版本；网站由 serve 启动的，它自己会做。"""
    _hand_over(context)


@admin.command("collectstatic")
def collectstatic(
    context: typer.Context,
    noinput: Annotated[bool, typer.Option("--noinput", help="不问，直接写")] = False,
) -> None:
    """把样式和脚本放到数据文件夹，供网页服务发送；网站由 serve 启动的，它自己会做。"""
    _hand_over(context)


@admin.command("worker")
def worker(context: typer.Context) -> None:
    """后台进程：一个或几个，也可以在别的机器上；网站由 serve 启动的，它自己会启动一个。"""
    _hand_over(context)


@admin.command("check")
def check(
    context: typer.Context,
    deploy: Annotated[bool, typer.Option("--deploy", help="按正式使用的要求检查设置")] = False,
) -> None:
    """检查设置有没有问题。"""
    _hand_over(context)


def _hand_over(context: typer.Context) -> None:
    """Start the site's program with this command and what was written for it; ends as that one ends."""
    name = context.info_name or ""
    sys.argv = [f"zhunsheng {'serve' if name == 'serve' else 'admin'}", name, *_written(context)]
    runpy.run_module("zhunsheng.web", run_name="__main__", alter_sys=False)


def _written(context: typer.Context) -> list[str]:
    """Return the options and arguments of a command as they are written, what has its default left out."""
    options: list[str] = []
    arguments: list[str] = []
    for parameter in context.command.params:
        value = context.params.get(parameter.name or "")
        if value is None or value == parameter.default or value is False:
            continue
        several = list(value) if isinstance(value, list | tuple) else [value]
        if parameter.param_type_name == "argument":
            arguments += map(str, several)
        elif value is True:
            options.append(parameter.opts[0])
        else:
            options += [f"{parameter.opts[0]}={one}" for one in several]
    # What begins with a hyphen is an argument all the same.
    return options + (["--", *arguments] if arguments else [])
