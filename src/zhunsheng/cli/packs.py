"""The commands on packs: starter packs and what one brings into a store; measures of one's own that go out as
a pack, and come in from one.
"""

from __future__ import annotations

import getpass
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from zhunsheng.cli import terminal
from zhunsheng.cli.arguments import DEFAULT_STORE, AsJson, StoreDir
from zhunsheng.evidence import Store
from zhunsheng.faults import written
from zhunsheng.files.writing import write_whole
from zhunsheng.packs import KIND_WORDS, STATE_WORDS, Part, install, pack_of, packs, parts
from zhunsheng.usecases import own_measures

app = typer.Typer(
    name="pack",
    help="起步包：各类单位常用的台账、测度和指标；自己定义的测度写出、收进。",
    no_args_is_help=True,
)
PackName = Annotated[str, typer.Argument(metavar="起步包", help="起步包的名称或代号")]


@app.command("list")
def list_packs(as_json: AsJson = False) -> None:
    """列出全部起步包。"""
    if as_json:
        terminal.say_json(
            [
                {
                    "id": one.id,
                    "name": one.name,
                    "industry": one.industry,
                    "version": one.version,
                    "what": one.what,
                    "ledgers": len(one.ledgers),
                    "measures": len(one.measures),
                    "indicators": len(one.indicators),
                }
                for one in packs().values()
            ]
        )
        return
    for one in packs().values():
        terminal.console.print(
            f"[bold]{one.id}[/]  {one.name}（第{one.version}版）：{one.what}；台账 {len(one.ledgers)} 个，"
            f"测度 {len(one.measures)} 个，指标 {len(one.indicators)} 个"
        )


@app.command("show")
def show_pack(name: PackName, store: StoreDir = DEFAULT_STORE, as_json: AsJson = False) -> None:
    """列出一个起步包带来什么，证据库里已有什么。"""
    pack = pack_of(name)
    found = parts(pack, Store(store))
    if as_json:
        said = {"pack": pack.id, "version": pack.version, "parts": [vars(one) for one in found]}
        terminal.say_json(said | {"indicators": [one.model_dump() for one in pack.entries()]})
        return
    terminal.console.print(f"[bold]{pack.name}[/]（第{pack.version}版）：{pack.what}")
    _parts(found)
    for one in pack.entries():
        terminal.console.print(f"指标库  {one.code}  {escape(one.name)}  {one.target}")


@app.command("install")
def install_pack(name: PackName, store: StoreDir = DEFAULT_STORE, as_json: AsJson = False) -> None:
    """把一个起步包的台账和测度装进证据库；已有的一律不改，指标库条目由网站装入。"""
    pack = pack_of(name)
    found = install(pack, Store(store), who=getpass.getuser())
    if as_json:
        terminal.say_json({"pack": pack.id, "version": pack.version, "parts": [vars(one) for one in found]})
        return
    came = Counter(one.kind for one in found if one.state == "new")
    terminal.console.print(
        f"[green]已装入[/] {pack.name}（第{pack.version}版）：台账 {came['ledger']} 个，"
        f"测度 {came['measure']} 个"
    )
    _parts([one for one in found if one.state != "new"])


FATES = {
    "new": "新的",
    "same": "与现有的相同",
    "version": "与现有的内容不同",
    "name": "名称已经用了",
    "ledger": "与这里的台账对不上",
}


@app.command("export")
def export_measures(
    file: Annotated[Path, typer.Argument(metavar="文件", help="写到哪个文件（yaml）")],
    store: StoreDir = DEFAULT_STORE,
) -> None:
    """把证据库里自己定义的、在用的测度写成一个文件，连同它们用到的自己的台账。"""
    opened = Store.existing(store)
    chosen = [one.measure for one in own_measures.listed(opened.root) if not one.ended]
    write_whole(file, own_measures.pack(chosen))
    terminal.console.print(f"[green]已写出[/] {escape(str(file))}：测度 {len(chosen)} 个")


@app.command("take")
def take_measures(
    file: Annotated[Path, typer.Argument(metavar="文件", help="别处写出的测度文件（yaml）")],
    why: Annotated[str, typer.Option("--why", metavar="原因", help="为什么收进")],
    store: StoreDir = DEFAULT_STORE,
    department: Annotated[
        str, typer.Option("--department", metavar="代码", help="给哪个部门用；不写为都能用")
    ] = "",
    replace: Annotated[
        list[str] | None,
        typer.Option("--replace", metavar="代号", help="与现有的内容不同的，收作它的新版本；可以多个"),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option("--keep", metavar="代号", help="与现有的内容不同的，不动现有的；可以多个"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """从文件收进测度和它们的台账；已有的不改，内容不同的要逐个写明怎样办。"""
    opened = Store(store)
    offers = own_measures.offered(opened.root, written(file), file.name, department or None)
    said = dict.fromkeys(replace or (), "version") | dict.fromkeys(keep or (), "skip")
    taken = own_measures.take(opened.root, offers, said, who=getpass.getuser(), why=why)
    if as_json:
        told = [{"id": one.measure.id, "name": one.measure.name, "fate": one.fate} for one in offers]
        terminal.say_json({"offered": told, "taken": [one.id for one in taken]})
        return
    for one in offers:
        terminal.console.print(f"{one.measure.id}  {escape(one.measure.name)}  {FATES[one.fate]}")
    terminal.console.print(f"[green]已收进[/] 测度 {len(taken)} 个")


def _parts(found: list[Part]) -> None:
    for one in found:
        why = f"（{escape(one.why)}）" if one.why else ""
        terminal.console.print(
            f"{KIND_WORDS[one.kind]}  {one.id}  {escape(one.title)}  {STATE_WORDS[one.state]}{why}"
        )
