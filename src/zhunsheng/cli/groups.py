"""Which file holds which command: the program is put together from one group of commands a file."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Annotated

import typer

from zhunsheng import __version__

# The first word of a command and the file of its group, in the order in which help lists them.
GROUPS = {
    "read": "reading",
    "review": "reading",
    "measure": "measures",
    "map": "coherence",
    "limits": "limits",
    "monitor": "evaluating",
    "evaluate": "evaluating",
    "score": "evaluating",
    "report": "running",
    "run": "running",
    "demo": "running",
    "ledger": "ledgers",
    "pack": "packs",
    "exchange": "exchange",
    "draw": "draws",
    "verify": "sealed",
    "serve": "site",
    "admin": "site",
}


def program(files: Iterable[str] = GROUPS.values()) -> typer.Typer:
    """Return the program with the groups of some files only, without a list of files with all of them."""
    made = typer.Typer(
        help="准绳：读懂绩效目标，用台账证明，按现行规则评分，每个数都能追溯。",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode="rich",
    )
    made.callback(invoke_without_command=True)(_root)
    for file in dict.fromkeys(files):
        made.add_typer(import_module(f"zhunsheng.cli.{file}").app)
    return made


def program_for(given: list[str]) -> typer.Typer:
    """Return the program with what its first word asks for, since the other groups take a second to import.

    ``--version`` needs none; help, and a word that is no command, need all.
    """
    first = given[0] if given else ""
    if first == "--version":
        return program(())
    return program([GROUPS[first]]) if first in GROUPS else program()


def _root(version: Annotated[bool, typer.Option("--version", help="显示版本后退出")] = False) -> None:
    """准绳：读懂绩效目标，用台账证明，按现行规则评分，每个数都能追溯。"""
    if version:
        print(f"准绳 {__version__}")
        raise typer.Exit
