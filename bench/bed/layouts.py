"""Write an invented content into a layout (a YAML file) with a document's noise, and tell what must be read.

A layout lists its parts: paragraphs, and tables whose rows are lists of cells (``文字|3`` takes three
columns, the last cell the width that is left; ``$name`` is a field of the content) or mappings:
``title`` a row of one cell, ``side`` a cell merged down beside ``rows``, ``each`` a row for each goal,
``indicators`` the table of indicators (see ``indicators``).
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from typing import Any

import yaml

from bed.contents import HERE, Content, Habit, contents, truth
from bed.grids import Block, Document, Table, broken
from bed.indicators import Columns, Indicators
from bed.noise import Noise

Row = Any  # a row as YAML says it: a list of cells, or a mapping with one of the words above
_FIELD = re.compile(r"\$([a-z_]+)(?:\.([a-z0-9]+))?")
_HEADS = (
    *("name", "code", "year", "total", "fiscal", "other", "department", "unit", "purpose"),
    *("goals", "medium", "plan", "execution"),
)
_STRANGER = (
    ("科目编码", "科目名称", "合计"),
    ("2010101", "行政运行", "1203.50"),
    ("2010102", "一般行政管理事务", "86.20"),
)


@cache
def layouts() -> dict[str, dict[str, Any]]:
    """Return every layout by the name of its file."""
    return {
        path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in sorted((HERE / "layouts").glob("*.yaml"))
    }


def document(name: str, draw: random.Random, noise: Noise) -> Document:
    """Write drawn contents into the layout of that name."""
    layout = layouts()[name]
    pool = list(contents()[layout.get("about", "project")])
    draw.shuffle(pool)
    year = draw.choice((2023, 2024, 2025, 2026))
    chosen = [("parts", one.of_year(year)) for one in pool[: layout.get("each", 1)]]
    stem = f"{year}年{name}" if noise.year == "file" else name
    if layout.get("listed"):
        form = _Form(layout, noise, draw, [one for _, one in chosen])
        return Document(stem, [form.blocks("parts")], form.listed)
    if layout.get("head"):  # a department's sheet before its projects'
        chosen.insert(0, ("head", draw.choice(contents()["department"]).of_year(year)))
    pages, sheets = [], []
    for key, content in chosen:
        form = _Form(layout, noise, draw, [content])
        pages.append(_surrounded(form.blocks(key), noise))
        sheets.append(form.sheet())
    return Document(stem, pages, sheets)


def pages_of(name: str, chosen: list[Content], draw: random.Random, noise: Noise) -> list[list[Block]]:
    """Return a page for each content, in the layout of that name."""
    return [_Form(layouts()[name], noise, draw, [one]).blocks("parts") for one in chosen]


def _surrounded(page: list[Block], noise: Noise) -> list[Block]:
    """Put an unrelated table before a page and notes below it, where the document has them."""
    if noise.stranger:
        table = Table()
        for i, row in enumerate(_STRANGER):
            for j, text in enumerate(row):
                table.put(i, j, text)
        page = ["附表：一般公共预算支出表", table, "", *page]
    return [*page, "注：1.本表由资金使用单位填报。2.指标值应与年度预算相匹配。"] if noise.notes else page


def _span(cell: Any) -> tuple[str, int]:
    """Return a cell's text and how many columns it takes (``文字|3``)."""
    text, bar, span = str(cell).rpartition("|")
    return (text, int(span)) if bar and span.isdigit() else (str(cell), 1)


def _money(amount: int, unit: str, style: str) -> str:
    if style == "written":
        return f"{_money(amount, '万元', '')}万元"
    if unit == "万元":
        return f"{(Decimal(amount) / 10000).normalize():f}"
    return str(amount)


def _heads(told: dict[str, Any]) -> dict[str, Any]:
    return {key: told.get(key) for key in _HEADS}


@dataclass
class _Form:
    """One layout filled with contents (several where one table lists them); notes which fields it told."""

    layout: dict[str, Any]
    noise: Noise
    draw: random.Random
    chosen: list[Content]
    told: dict[str, Any] = field(default_factory=dict)
    indicators: list[dict[str, Any]] = field(default_factory=list)
    listed: list[dict[str, Any]] = field(default_factory=list)

    @property
    def content(self) -> Content:
        """Return the content of a form that holds one."""
        return self.chosen[0]

    def sheet(self) -> dict[str, Any]:
        """Return the true sheet of what was written."""
        told = dict(self.told)
        if self.noise.year == "file":
            told["year"] = str(self.content.year)
        if self.content.kind == "department":  # its name is the department's, or the sheet's title
            told["department"] = told.pop("name", None) or told.get("department")
        if "total" not in told and "planned" in told.get("execution", {}):
            told["total"] = f"{told['execution']['planned']}|{self.content.money['adjusted']}"
        if not told.get("year"):  # without a year no day can be told
            told.pop("plan", None)
            for one in self.indicators:
                if one["op"] == "by":
                    one |= {"op": "by|unread", "value": f"{one['value']}|"}
        return {**_heads(told), "kind": self.content.kind, "indicators": self.indicators}

    # -- parts and rows

    def blocks(self, key: str) -> list[Block]:
        """Return the blocks of a list of parts."""
        return [block for part in self.layout[key] for block in self.part(part)]

    def part(self, part: Any) -> list[Block]:
        """Return one part: a paragraph, or a table (two where a page breaks it)."""
        if isinstance(part, str):
            return [self.filled(part)]
        table = Table()
        self.rows(table, part["table"], 0, 0, max(self.width(row) for row in part["table"]))
        return broken(table, self.noise.broken) if self.noise.broken and table.breakable else [table]

    def width(self, row: Row) -> int:
        """Return how many columns a row asks for."""
        if isinstance(row, list):
            return sum(_span(cell)[1] for cell in row)
        if "side" in row:
            return _span(row["side"])[1] + max(self.width(inner) for inner in row["rows"])
        if "indicators" in row:
            return Columns(row["indicators"], self.noise, self.draw).width
        return len(row.get("row", " "))

    def rows(self, table: Table, rows: list[Row], top: int, left: int, width: int) -> int:
        """Write rows from a place on; return the row after them."""
        at = top
        for row in rows:
            if isinstance(row, list):
                self.cells(table, row, at, left, width)
                at += 1
            elif "title" in row:
                table.put(at, left, self.filled(row["title"]), 1, width)
                at += 1
            elif "side" in row:
                label, span = _span(row["side"])
                end = self.rows(table, row["rows"], at, left + span, width - span)
                table.put(at, left, self.filled(label), end - at, span)
                at = end
            elif "each" in row:
                for n, text in enumerate(getattr(self.content, row["each"]), 1):
                    said = [cell.replace("$n", str(n)).replace("$text", text) for cell in row["row"]]
                    self.cells(table, said, at, left, width)
                    at += 1
                self.told[row["each"]] = list(getattr(self.content, row["each"]))
            else:
                at = self.items(table, row["indicators"], at, left, width)
        return at

    def cells(self, table: Table, row: list[str], at: int, left: int, width: int) -> None:
        """Write one row of label and value cells; the last takes the width that is left."""
        column = left
        for n, cell in enumerate(row):
            text, span = _span(cell)
            if n == len(row) - 1:
                span = left + width - column
            said = self.filled(text)
            if self.noise.spaced and said == text and 2 < len(said) < 6:
                said = " ".join(said)
            table.put(at, column, said, 1, span)
            column += span

    def items(self, table: Table, spec: dict[str, Any], at: int, left: int, width: int) -> int:
        """Write a table of indicators; return the row after it."""
        columns = Columns(spec, self.noise, self.draw, left, width)
        for column in columns.shown:
            column.head = self.filled(column.head)
        writer = Indicators(table, self.layout, spec, columns, self.noise, self.draw)
        end = writer.write(at, self.chosen, self.filled_of)
        if spec.get("ignored"):  # another term's indicators
            return end
        if not self.layout.get("listed"):
            self.indicators += writer.told[0]
            return end
        for content, told in zip(self.chosen, writer.told, strict=True):
            own = self.of(content)
            for column in columns.shown:
                if column.shared:
                    own.filled(f"${column.shared}")
            year = self.told.get("year") or (str(content.year) if self.noise.year == "file" else None)
            self.listed.append(
                {**_heads({**own.told, "year": year}), "kind": content.kind, "indicators": told}
            )
        return end

    def of(self, content: Content) -> _Form:
        """Return a form of the same layout for one of the listed contents."""
        return _Form(self.layout, self.noise, self.draw, [content])

    def filled_of(self, content: Content, text: str) -> str:
        """Return a text filled with the fields of one of the listed contents."""
        return self.of(content).filled(text)

    # -- fields

    def filled(self, text: str) -> str:
        """Put the content's fields into a text."""
        return _FIELD.sub(lambda m: self.field(m[1], m[2] or ""), str(text))

    def field(self, name: str, how: str) -> str:
        """Return one field as text, and note that it was told."""
        content, money = self.content, self.content.money
        if name == "year":
            if self.noise.year == "file":
                return "    "
            self.told["year"] = str(content.year)
            return str(content.year)
        if name in ("before", "after"):  # the years beside it
            return str(content.year + (1 if name == "after" else -1))
        if name in ("name", "code", "department", "unit", "purpose"):
            self.told[name] = getattr(content, name)
            return str(getattr(content, name))
        if name in ("goals", "medium"):
            return self.goals(name)
        if name == "prose":
            return self.prose(how)
        if name == "done":
            return f"已完成：{content.goals[0]}。"
        if name == "plan":
            return self.share(how)
        points = min(Decimal(10), Decimal(money["spent"] * 10) / money["adjusted"])
        if name == "rate":
            return f"{Decimal(money['spent'] * 100) / money['adjusted']:.2f}%"
        if name == "money_score":
            return f"{points:.2f}"
        if name == "sum":
            return f"{points + sum(Decimal(item.score) for item in content.items):.2f}"
        return self.amount(name, how)

    def goals(self, name: str) -> str:
        """Return all goals in one cell, numbered where there are several."""
        texts = list(getattr(self.content, name))
        self.told[name] = texts
        if len(texts) == 1:
            return f"{texts[0]}。"
        return "\n".join(f"目标{n}：{text}。" for n, text in enumerate(texts, 1))

    def prose(self, level: str) -> str:
        """Return the numeric indicators of a level (``o`` outputs …) in a sentence, as departments write."""
        habit = Habit(signs=4)
        said = []
        for item in self.content.items:
            if item.level.startswith(level) and item.numeric:
                item = replace(item, fixed="")
                self.indicators.append({"name": item.name, **truth(item, self.content.year, split=False)})
                said.append(
                    f"{item.name}{'为' if item.op == '==' else ''}{habit.whole(item, self.content.year)}"
                )
        return "，".join(said)

    def share(self, how: str) -> str:
        """Return a share of the spending plan: cumulative (``1``) or of the quarter (``q1``)."""
        plan = self.content.plan
        self.told["plan"] = [f"{Decimal(share) / 100}" for share in plan]
        n = int(how[-1]) - 1
        return f"{plan[n] - plan[n - 1] if how.startswith('q') and n else plan[n]}%"

    def amount(self, name: str, how: str) -> str:
        """Return a sum of money in the layout's unit, which is told in 元."""
        amount = self.content.money[{"planned": "total", "medium_total": "medium"}.get(name, name)]
        if name in ("planned", "adjusted", "spent"):
            self.told.setdefault("execution", {})[name] = str(amount)
        elif name in ("total", "fiscal", "other"):
            self.told[name] = str(amount)
        elif name == "carried" and self.told.get("fiscal"):  # fiscal funds of an earlier year may count in
            self.told["fiscal"] += f"|{Decimal(self.told['fiscal']) + amount}"
        unit = self.layout.get("money", "万元")
        in_unit = Decimal(amount) / (10000 if unit == "万元" else 1)
        if self.noise.cents and not how and in_unit == round(in_unit, 2):
            return f"{in_unit:,.2f}"
        return _money(amount, unit, how)
