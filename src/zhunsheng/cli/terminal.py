"""The terminal: where answers and errors are printed, and the shapes they share: JSON, tables,
a bar of progress.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from zhunsheng.cli.prose import ChineseConsole
from zhunsheng.usecases.progress import Progress as Report

console = ChineseConsole(highlight=False)
errors = ChineseConsole(stderr=True, highlight=False)


def say_json(data: Any) -> None:
    """Print data as JSON, unwrapped, for programs."""
    print(json.dumps(data, ensure_ascii=False, indent=1, default=str))


def say_json_line(data: Any) -> None:
    """Print data as JSON in one line, at once, for programs that read line by line."""
    print(json.dumps(data, ensure_ascii=False, separators=(",", ":"), default=str), flush=True)


def say_json_part(data: Any, before: str, behind: str = "") -> None:
    """Print data as a part of one JSON text, in a line of its own, at once."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), default=str)
    print(f"{before}{text}{behind}", flush=True)


@contextmanager
def progress(quiet: bool = False) -> Iterator[Report]:
    """Give a function that draws a progress bar with the time that is left on stderr; nothing is drawn when
    ``quiet``, nor where stderr is no terminal.
    """
    if quiet or not errors.is_terminal:
        yield lambda _what, _done, _total: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=32),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
        TextColumn("剩余"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=errors, transient=True) as bar:
        task = bar.add_task("准备", total=1)

        def report(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total)

        yield report


def table(*titles: str) -> Table:
    """Return an empty table with these columns; those of numbers are aligned to the right."""
    made = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    right = {
        "行",
        "值",
        "分子",
        "分母",
        "批次",
        "新增",
        "更新",
        "剔除",
        "得分",
        "满分",
        "完成值",
        "应达",
        "全年预计",
        "目标",
        "绿",
        "黄",
        "红",
        "待填",
        "错误",
        "警告",
        "提示",
        "执行率",
        "所报",
        "复核",
    }
    for title in titles:
        # Broken over two lines they can't be read.
        whole = title in ("批次", "何时", "摘要", "代码", "测度代码", "位置") or title.endswith(
            ("编号", "日期")
        )
        made.add_column(title, justify="right" if title in right else "left", overflow="fold", no_wrap=whole)
    return made
