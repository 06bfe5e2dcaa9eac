"""How measures look in a terminal: definitions, readings, the rows behind them, what they prove."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from rich.markup import escape

from zhunsheng.cli.terminal import console
from zhunsheng.cli.terminal import table as table_of
from zhunsheng.measures import Absence, EvidenceRow, Match, Measure, ProjectMatch, Reading
from zhunsheng.measures.definitions import QUESTIONS
from zhunsheng.measures.matching import STATUS_WORDS
from zhunsheng.targets import Book
from zhunsheng.wording import row_place


def definitions(found: Sequence[Measure]) -> None:
    """Print measures with their unit and formula; of one alone also what auditors ask."""
    for m in found:
        console.print(f"[bold]{m.id}[/]  {m.name}（{m.unit}）：{m.formula}")
    for m in found if len(found) == 1 else ():
        console.print(f"依据：{escape(m.citation)}")
        for one in m.changes:
            console.print(f"第 {one.version} 版，{one.since} 起：{escape(one.what)}")
        for name, said in (m.answers.model_dump() if m.answers else {}).items():
            console.print(f"{QUESTIONS[name]}：{escape(said)}")


def readings(found: Sequence[Reading], names: dict[str, str], departments: Mapping[str, str]) -> None:
    """Print readings with numerator and denominator."""
    table = table_of("测度", "部门", "项目", "值", "分子", "分母", "截至", "批次")
    for r in found:
        interval = f"（{r.interval[0]}–{r.interval[1]}%）" if r.interval else ""
        numerator = "" if r.numerator is None else f"{r.numerator:f}"
        table.add_row(
            names[r.measure],
            escape(departments.get(r.department, r.department)),
            escape(r.project or "合计"),
            r.text() + interval,
            numerator,
            str(r.denominator),
            str(min(r.as_of, date(r.year, 12, 31))),
            str(r.batch),
        )
    console.print(table)


def absent(found: Sequence[Absence], departments: Mapping[str, str]) -> None:
    """Print which measures say nothing and why, ledger by ledger."""
    if not found:
        return
    console.print("[bold]没有读数的测度[/]")
    table = table_of("部门", "为什么", "测度")
    for one in found:
        place = departments.get(one.department, one.department) if one.department else "全部"
        table.add_row(escape(place), escape(one.why), "、".join(m.name for m in one.measures))
    console.print(table)


def rows(found: Sequence[EvidenceRow]) -> None:
    """Print the rows behind a measure."""
    if not found:
        console.print("没有行。", style="bright_black")
        return
    # What is the same in every row, or hidden as personal, only makes the table wider; --json has all of it.
    titles = [t for t in found[0].values if t != "部门" and any(r.values[t] is not None for r in found)]
    titles = [t for t in titles if not all(str(r.values[t] or "**").endswith("**") for r in found)]
    files = {r.file for r in found}
    if len(files) == 1:
        console.print(escape(found[0].file), style="bright_black")
    several = len(files) > 1
    table = table_of("计入", *(("文件",) if several else ()), "行", *titles)
    for r in found:
        cells = [
            "是"
            if r.values[t] is True
            else "否"
            if r.values[t] is False
            else ""
            if r.values[t] is None
            else str(r.values[t])
            for t in titles
        ]
        table.add_row(
            "[green]✓[/]" if r.hit else "[red]✗[/]",
            *((escape(r.file),) if several else ()),
            escape(row_place(r.sheet, r.row)),
            *map(escape, cells),
        )
    console.print(table)


def matches(found: Sequence[Match], of: Book) -> None:
    """Print which measure proves which indicator, sheet by sheet."""
    for n, sheet in enumerate(of.sheets):
        console.print()
        console.print(f"[bold]{escape(sheet.title())}[/]")
        table = table_of("指标", "测度代码", "状态", "说明")
        for m in found:
            if m.sheet == n:
                name = escape(sheet.indicators[m.indicator].name)
                table.add_row(name, m.measure or "—", STATUS_WORDS[m.status], escape(m.why))
        console.print(table)


def projects(found: Sequence[ProjectMatch], of: Book) -> None:
    """Print which projects of the ledgers belong to which sheet."""
    listed = [(s, m) for s, m in zip(of.sheets, found, strict=False) if s.kind == "project"]
    if listed:
        console.print()
        console.print("[bold]台账中的项目[/]")
    for sheet, match in listed:
        keys = "、".join(match.keys) or "没有"
        console.print(f"{escape(sheet.title())}：{escape(keys)}（{escape(match.why)}）")
