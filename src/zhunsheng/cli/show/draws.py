"""How answers on a draw look in a terminal: strata, checks, proofs, the log of commitments and its
time-stamps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.markup import escape

from zhunsheng.cli.terminal import console
from zhunsheng.cli.terminal import table as table_of
from zhunsheng.clock import told
from zhunsheng.draws.assignment import RegisteredInspector
from zhunsheng.draws.public_log import KINDS, Entry
from zhunsheng.draws.verification import Check
from zhunsheng.usecases.own_proofs import Own
from zhunsheng.usecases.stamping import CheckedStamps

STRATA_SHOWN = 60


def strata(found: Sequence[dict[str, Any]]) -> None:
    """Print the strata of a commitment: size, rule and number to draw."""
    table = table_of("分层", "户数", "配额", "抽取", "候补")
    for s in found[:STRATA_SHOWN]:
        table.add_row(
            escape(s["words"]), str(s["size"]), escape(s["rule"]), str(s["quota"]), str(s["reserve"])
        )
    console.print(table)
    if len(found) > STRATA_SHOWN:
        console.print(f"…… 共 {len(found)} 层，全部各层见 commitment.json", style="bright_black")


def untouched(found: Sequence[Mapping[str, Any]]) -> None:
    """Warn of strata of which nobody is drawn."""
    if found:
        said = "、".join(f"{escape(s['words'])}（{s['size']} 户）" for s in found[:STRATA_SHOWN])
        more = "……" if len(found) > STRATA_SHOWN else ""
        total = sum(s["size"] for s in found)
        console.print(
            f"[dark_orange3]注意[/] 有 {len(found)} 层共 {total} 户一户也不抽，公告会写明：{said}{more}",
            soft_wrap=True,
        )


def odd_codes(count: int, shown: Sequence[str], whole: bool) -> None:
    """Warn of ids that look like codes and are none, in the frame or (``whole`` false) where it begins."""
    if count:
        where = "" if whole else "名录库很大，只看了开头一部分，其中"
        more = "……" if count > len(shown) else ""
        console.print(
            f"[dark_orange3]注意[/] {where}有 {count} 个 18 位的编号不是统一社会信用代码（校验位或字符不"
            f"对）：{escape('、'.join(shown))}{more}。Excel 会把末三位改成 000，O 也常写成 0；写错的，"
            "本单位查不到自己",
            soft_wrap=True,
        )


RECUSALS_SHOWN = 20


def register(away: Mapping[str, Sequence[RegisteredInspector]], idle: Sequence[str]) -> None:
    """Print who is recused from what, which the bundle will show to all, and what in the register has no
    effect.
    """
    if away:
        said = [f"{entity}（{'、'.join(one.id for one in who)}）" for entity, who in away.items()]
        more = "……" if len(said) > RECUSALS_SHOWN else ""
        console.print(
            f"回避 {len(said)} 户，抽查包会公开：{escape('、'.join(said[:RECUSALS_SHOWN]))}{more}",
            soft_wrap=True,
        )
    if idle:
        more = "……" if len(idle) > RECUSALS_SHOWN else ""
        console.print(
            f"[dark_orange3]注意[/] 检查人员名录里有 {len(idle)} 人这次派不到："
            f"{escape('；'.join(idle[:RECUSALS_SHOWN]))}{more}",
            soft_wrap=True,
        )


def checks(found: Sequence[Check]) -> None:
    """Print what holds of a draw and what does not, in plain words."""
    words = {True: "[green]相符[/]", False: "[bold red]不符[/]", None: "[dark_orange3]未核[/]"}
    table = table_of("", "核验", "说明")
    for one in found:
        table.add_row(words[one.holds], one.title, escape(one.says))
    console.print(table)


def own_proofs(found: Sequence[tuple[Own, Path | None]]) -> None:
    """Print where each entity stands in a draw, and the file of its proof."""
    for own, path in found:
        console.print(f"[bold]{escape(own.entity)}[/] {escape(own.says())}")
        if own.standing.ticket:
            console.print(
                f"　号码 {own.standing.ticket}\n"
                f"　本层末位抽中的号码 {own.standing.cutoff or '（本层没有抽）'}"
            )
        if path:
            console.print(f"　在册证明 {escape(str(path))}")


def commitments(entries: Sequence[Entry], head: Entry) -> None:
    """Print entries of a public log that holds, and the digest to be noted of the log's last, ``head``."""
    table = table_of("编号", "时间", "类别", "抽查编号", "名称", "说明")
    for entry in entries:
        table.add_row(
            str(entry.number),
            told(entry.at),
            KINDS[entry.kind],
            entry.draw,
            escape(entry.title),
            escape(entry.reason),
        )
    console.print(table)
    console.print(f"全部记录最后一条（第 {head.number} 号）的摘要 [bold]{head.own}[/]", soft_wrap=True)


def stamps(found: CheckedStamps) -> None:
    """Print what each time-stamp says, and what they come to for a draw's commitment."""
    for name, said in found.stamps.items():
        for one in said:
            console.print(f"[bold]第 {one.number} 条[/] {escape(name)}\n  {escape(one.says)}", soft_wrap=True)
    for number, words in found.standing.items():
        console.print(f"[bold]第 {number} 条的承诺[/] {escape(words)}", soft_wrap=True)
    if not found.stamps:
        console.print("没有找到时间戳文件（*.tsr、*.ots）")
