"""How the map of a document's promises looks in a terminal: a tree of goals, then what stands alone."""

from __future__ import annotations

from rich.markup import escape
from rich.tree import Tree

from zhunsheng.cli.terminal import console
from zhunsheng.evidence import ledgers
from zhunsheng.usecases.coherence import BY_WORDS, ORPHAN_WORDS, Coherence, Promise, Tied
from zhunsheng.wording import wan


def coherence(found: Coherence) -> None:
    """Print a tree for each sheet: its goals with their projects and indicators, and what stands alone."""
    trees: dict[str, Tree] = {}
    for promise in found.promises:
        tree = trees.setdefault(promise.sheet, Tree(f"[bold]{escape(promise.sheet)}[/]"))
        _grow(tree, promise)
    for tree in trees.values():
        console.print()
        console.print(tree)
    console.print()
    for kind, alone in found.orphans.items():
        console.print(f"[bold]{ORPHAN_WORDS[kind]} {len(alone)}[/]")
        for sheet, name in alone:
            whose = "" if sheet == name else f"  [bright_black]{escape(sheet)}[/]"
            console.print(f"  {escape(name)}{whose}")
    console.print(f"[bold]承诺了、有测度的 {len(found.measured)}[/]")
    for one in found.measured:
        console.print(f"  {escape(one.pledge.name)} ← {'、'.join(one.named)}")
    console.print(f"[bold]承诺了、没有测度的 {len(found.unmeasured)}[/]")
    for one in found.unmeasured:
        said = f"{one.sheet} {one.place} “{one.word}”".replace("  ", " ")
        console.print(f"  {escape(one.pledge.name)}：{one.pledge.why}  [bright_black]{escape(said)}[/]")


def _grow(tree: Tree, promise: Promise) -> None:
    goal = tree.add(f"{escape(promise.goal)}  [bright_black]{escape(promise.place)}[/]")
    for one in promise.projects:
        money = f"（{wan(one.budget)}）" if one.budget is not None else ""
        goal.add(f"项目 {escape(one.name)}{money}{_by(one)}")
    if promise.kind == "department" and not promise.projects:
        goal.add("[dark_orange3]没有项目[/]")
    for one in promise.indicators:
        proof = f" ← {ledgers()[one.ledger].title}" if one.ledger else " [dark_orange3]没有台账[/]"
        goal.add(f"指标 {escape(one.name)}{_by(one)}{proof}")
    if not promise.indicators:
        goal.add("[dark_orange3]没有指标[/]")


def _by(one: Tied) -> str:
    return f" [bright_black]{BY_WORDS[one.by]}[/]" if one.by == "alike" else ""
