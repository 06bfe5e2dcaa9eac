"""The commands on starter packs: which there are, what one brings, and putting it into a store."""

from __future__ import annotations

import getpass
from collections import Counter
from typing import Annotated

import typer
from rich.markup import escape

from zhunsheng.cli import terminal
from zhunsheng.cli.arguments import DEFAULT_STORE, AsJson, StoreDir
from zhunsheng.evidence import Store
from zhunsheng.packs import KIND_WORDS, STATE_WORDS, Part, install, pack_of, packs, parts

app = typer.Typer(name="pack", help="起步包：各类单位常用的台账、测度和指标。", no_args_is_help=True)
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


def _parts(found: list[Part]) -> None:
    for one in found:
        why = f"（{escape(one.why)}）" if one.why else ""
        terminal.console.print(
            f"{KIND_WORDS[one.kind]}  {one.id}  {escape(one.title)}  {STATE_WORDS[one.state]}{why}"
        )
