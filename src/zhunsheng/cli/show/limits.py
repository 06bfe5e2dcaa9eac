"""How statutory limits look in a terminal: counts by section, and rows with their last day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from rich.markup import escape

from zhunsheng.cli.terminal import console
from zhunsheng.cli.terminal import table as table_of
from zhunsheng.measures.standings import BOUND, LimitRow, Stray
from zhunsheng.regulations.limits import STATES, applied
from zhunsheng.usecases.limits import Total, name_of, note_of, stray_told

_COLOURS = {"overdue": "red", "late": "red", "due-soon": "yellow", "in-time": "green"}


_STRAYS = 10  # suspensions that stop no clock, named; more are counted


def totals(found: Sequence[Total], lost: Sequence[Stray], as_of: date) -> None:
    """Print how many rows stand how to each limit, by section, and which suspensions stop no clock."""
    _strays(lost)
    if not found:
        console.print("按所选的期限、科室和日期，台账里没有受期限约束的行。", style="bright_black")
        return
    table = table_of("期限", "科室或辖区", *(STATES[state] for state in BOUND))
    for total in found:
        title = applied()[total.limit][-1].name
        if not total.recorded:
            continue
        for line in total.lines:
            cells = [
                f"[{_COLOURS.get(state, 'default')}]{line.counts[state]}[/]" if line.counts[state] else ""
                for state in BOUND
            ]
            table.add_row(title, escape(line.section or "（未填）"), *cells)
            title = ""
    console.print(table)
    if silent := [t for t in found if not t.recorded]:
        told = "；".join(f"{applied()[t.limit][-1].name}（{t.lacking}）" for t in silent)
        console.print(f"从没有填过办结的日期，不能判断：{told}", style="yellow")
    for total in found:
        if total.extended_late:
            name = applied()[total.limit][-1].name
            console.print(f"{name}：{total.extended_late} 件的延期是逾期批准的，不计", style="yellow")
    console.print(f"截至 {as_of}（含当日）；已办结的只计当年。", style="bright_black")


def _strays(lost: Sequence[Stray]) -> None:
    if lost:
        console.print(f"期限停计台账里有 {len(lost)} 行没有停计任何期限：", style="yellow")
    for stray in lost[:_STRAYS]:
        console.print(f"  {escape(stray_told(stray))}", style="yellow")
    if len(lost) > _STRAYS:
        console.print(f"  …… 共 {len(lost)} 行", style="yellow")


def rows(found: Sequence[LimitRow], department_name: Callable[[str], str]) -> None:
    """Print rows with their last day and state."""
    if not found:
        console.print("没有这样的行。", style="bright_black")
        return
    several = len({row.department for row in found}) > 1
    table = table_of(
        "期限",
        *(("部门",) if several else ()),
        "编号",
        "科室或辖区",
        "起算",
        "到期",
        "办结",
        "状态",
    )
    for row in found:
        said = row.standing
        table.add_row(
            name_of(row),
            *((escape(department_name(row.department)),) if several else ()),
            escape(row.number),
            escape(row.section or ""),
            str(row.start),
            str(said.due or ""),
            str(said.done or ""),
            f"[{_COLOURS.get(said.state, 'default')}]{STATES[said.state]}[/] {note_of(row)}",
        )
    console.print(table)
