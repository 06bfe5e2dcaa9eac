"""The table of indicators in a test document: its columns, its head, its rows, and their true reading.

A layout's ``columns`` map header words (``组>栏|2`` with a group above and a width) to what stands below:
``value`` a target in one cell, ``op`` ``number`` ``measure`` its parts, ``bound`` sign and number,
``amount`` number and unit, other fields of an item, ``project.X`` a field that the rows of a listed
project share, ``extra:X`` a column of no meaning here; ``op+amount`` are two columns under one head.
``side`` is a cell merged down before them, ``packed`` puts the items of a level in one cell,
``stairs`` levels in rows of their own, ``points`` adds its points to a level; ``ignored`` indicators
are of another term, ``fixed`` columns take no extra ones and ``levels: down`` keeps levels merged.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby, takewhile
from typing import Any

from bed.contents import Content, Item, truth
from bed.grids import Table
from bed.noise import OP_WORDS, Noise, words

_SAME = {"amount": "value", "bound": "value", "actual_number": "actual"}  # whose header words fit these too
_SPLIT = {"number", "bound", "amount"}


@dataclass
class Column:
    """One column of the table: the group and word over it, what it holds, where it stands and how wide."""

    group: str
    head: str
    what: str
    span: int = 1
    left: int = 0

    @property
    def shared(self) -> str:
        """Return the project's field that it holds for all rows of the project, or nothing."""
        return self.what.removeprefix("project.") if self.what.startswith("project.") else ""


class Columns:
    """The columns of a layout with a document's own words and extra columns, over the table's width."""

    def __init__(
        self, spec: dict[str, Any], noise: Noise, draw: random.Random, left: int = 0, width: int = 0
    ) -> None:
        self.side: str = spec.get("side", "")
        self.shown: list[Column] = []
        taken: dict[tuple[str, str], str] = {}
        for said in spec["columns"]:
            ((head, what),) = said.items()
            word, _, span = head.partition("|")
            group, _, word = word.rpartition(">")
            whats = what.split("+")  # columns that share their head
            if not group and noise.words != "own":
                word = _other_word(word, whats[0], noise.words, draw, taken)
            self.shown.append(Column(group, word, whats[0], int(span or 1)))
            self.shown += [Column(group, "", more) for more in whats[1:]]
        for name in () if spec.get("fixed") else noise.extra:
            if name not in [column.head for column in self.shown]:
                last = name in ("备注", "责任科室", "责任人")
                place = len(self.shown) if last else 0 if name == "序号" else len(self.shown) - 1
                self.shown.insert(place, Column("", name, f"extra:{name}"))
        self.width = bool(self.side) + sum(column.span for column in self.shown)
        wide = next((column for column in self.shown if column.what == "name"), self.shown[-1])
        wide.span += max(0, width - self.width)
        at = left + bool(self.side)
        for column in self.shown:
            column.left = at
            at += column.span

    @property
    def held(self) -> set[str]:
        """Return what the columns hold."""
        return {column.what for column in self.shown}


def _other_word(
    head: str, what: str, how: str, draw: random.Random, taken: dict[tuple[str, str], str]
) -> str:
    """Return another header word of the same meaning, the same for columns that had the same word."""
    pool = words()["headers"].get(_SAME.get(what, what))
    if pool is None:
        return head
    if (what, head) not in taken:
        free = [word for word in pool[how] if word not in taken.values()] or [head]
        taken[what, head] = draw.choice(free)
    return taken[what, head]


class Indicators:
    """Writes the table of indicators into a table; ``told`` are the true indicators, content by content."""

    def __init__(
        self,
        table: Table,
        layout: dict[str, Any],
        spec: dict[str, Any],
        columns: Columns,
        noise: Noise,
        draw: random.Random,
    ) -> None:
        self.table, self.spec, self.columns, self.noise, self.draw = table, spec, columns, noise, draw
        self.marks = noise.marks or layout.get("marks", False)
        self.names: dict[str, list[str]] = words()["framework"][layout.get("framework", "new")]
        self.told: list[list[dict[str, Any]]] = []

    def write(self, top: int, contents: list[Content], filled: Callable[[Content, str], str]) -> int:
        """Write head and rows from a row on; return the row after them."""
        first = at = self.header(top)
        for content in contents:
            start = at
            at = self.body(at, content)
            for column in self.columns.shown:
                if column.shared:
                    self.down(column, start, at, filled(content, f"${column.shared}"))
        if self.columns.side:
            self.table.put(top, self.columns.shown[0].left - 1, self.columns.side, at - top)
        self.table.breakable = (top, first, at)
        return self.totals(at, contents[0]) if self.noise.total and "weight" in self.columns.held else at

    def row(self, at: int, text: Callable[[Column], str]) -> None:
        """Write a row of the columns that are not shared."""
        for column in self.columns.shown:
            if not column.shared:
                self.table.put(at, column.left, text(column), 1, column.span)

    def header(self, at: int) -> int:
        """Write the head, of two rows where columns are grouped, and the row of column numbers."""
        deep = 2 if any(column.group for column in self.columns.shown) else 1
        for group, run in groupby(self.columns.shown, key=lambda column: column.group):
            these = list(run)
            for n, column in enumerate(these):
                if not column.head and n:  # under the head of the column before
                    continue
                beside = takewhile(lambda other: not other.head, these[n + 1 :])
                wide = column.span + sum(other.span for other in beside)
                self.table.put(at + bool(group), column.left, column.head, 1 if group else deep, wide)
            if group:
                self.table.put(at, these[0].left, group, 1, sum(column.span for column in these))
        at += deep
        if self.noise.numbered:
            for n, column in enumerate(self.columns.shown, 1):
                self.table.put(at, column.left, str(n), 1, column.span)
            at += 1
        return at

    def totals(self, at: int, content: Content) -> int:
        """Write a row of sums."""
        sums = {
            what: f"{sum(Decimal(getattr(item, what)) for item in content.items)}"
            for what in ("weight", "score")
        }
        first = self.columns.shown[0]
        self.table.put(
            at, first.left - bool(self.columns.side), "合计", 1, first.span + bool(self.columns.side)
        )
        for column in self.columns.shown[1:]:
            self.table.put(at, column.left, sums.get(column.what, ""), 1, column.span)
        return at + 1

    def body(self, at: int, content: Content) -> int:
        """Write the rows of one content; return the row after them."""
        items = sorted(content.items, key=lambda item: list(self.names).index(item.level))
        self.told.append([self.true(item, content) for item in items])
        levels: dict[str, list[tuple[int, int]]] = {}  # by level: the rows of its parts, hidden ones left out
        serial = 0
        for level, run in groupby(items, key=lambda item: item.level):
            these = list(run)
            if self.spec.get("stairs"):
                at = self.stairs(at, level, first=not levels)
            start = at
            for n, part in enumerate([these] if self.spec.get("packed") else [[one] for one in these]):
                self.cells(at, part, content, n + 1, serial + 1)
                serial += len(part)
                at += 1
                if self.noise.hidden and serial == 2 and len(part) == 1:
                    at = self.decoy(at)
            levels.setdefault(level, []).append((start, at))
        self.levels(content, levels)
        for wanted, text in ((self.noise.ellipsis, "……"), (self.noise.blanks, "")):
            if wanted:
                self.row(at, lambda column, text=text: text if column.what in ("level2", "name") else "")
                at += 1
        return at

    def cells(self, at: int, items: list[Item], content: Content, counted: int, serial: int) -> None:
        """Write the cells of one row, of one item or of several packed in it; levels come after."""
        for column in self.columns.shown:
            if column.what.startswith("level") or column.shared:
                continue
            texts = [
                self.cell(column.what, item, content, counted + n, serial + n) for n, item in enumerate(items)
            ]
            if len(items) > 1 and column.what == "name":
                texts = [f"{n}.{text}" for n, text in enumerate(texts, 1)]
            self.table.put(at, column.left, "\n".join(texts), 1, column.span)

    def levels(self, content: Content, rows: dict[str, list[tuple[int, int]]]) -> None:
        """Write the cells of the levels beside the rows that are theirs."""
        for column in self.columns.shown:
            if not column.what.startswith("level"):
                continue
            key = 0 if column.what.startswith("level1") else 1
            for n, (text, run) in enumerate(groupby(rows, key=lambda level: self.names[level][key]), 1):
                these = list(run)
                points = sum(Decimal(i.weight) for i in content.items if i.level in these)
                if column.what.endswith("_points"):
                    text = str(points)
                elif key == 0 and self.spec.get("points"):
                    text = f"{text}（{points}分）"
                elif self.noise.counted:
                    text = f"{'一二三四五六七八九'[n - 1]}、{text}" if key == 0 else f"（{n}）{text}"
                self.down(column, rows[these[0]][0][0], rows[these[-1]][-1][1], text)

    def down(self, column: Column, start: int, end: int, text: str) -> None:
        """Write a cell that counts for several rows: merged, blank below the first, or repeated."""
        how = "down" if self.spec.get("levels") == "down" else self.noise.levels
        if how == "down":
            self.table.put(start, column.left, text, end - start, column.span)
            return
        for row in range(start, end):
            said = text if row == start or how == "repeat" else ""
            self.table.put(row, column.left, said, 1, column.span)

    def stairs(self, at: int, level: str, *, first: bool) -> int:
        """Write the rows of a level's names above its items; return the row after them."""
        order = list(self.names)
        before = self.names[order[order.index(level) - 1]][0] if not first else ""
        named = [
            *([self.names[level][0]] if before != self.names[level][0] else []),
            f"　{self.names[level][1]}",
        ]
        for text in named:
            self.row(at, lambda column, text=text: text if column.what == "name" else "")
            at += 1
        return at

    def decoy(self, at: int) -> int:
        """Write a row that nobody sees, which is not to be read."""
        self.table.hidden.add(at)
        for column in self.columns.shown:
            if not column.what.startswith("level") and not column.shared:
                text = {"name": "已取消的旧指标", "value": "≥3个"}.get(column.what, "")
                self.table.put(at, column.left, text, 1, column.span)
        return at + 1

    def cell(self, what: str, item: Item, content: Content, counted: int, serial: int) -> str:
        """Return the text of one indicator's cell."""
        habit, signs = self.noise.habit, OP_WORDS[self.noise.signs]
        bare = habit.whole(replace(item, unit="", fixed=""), content.year)
        if what.startswith("extra:"):
            pool = words()["extra"][what.removeprefix("extra:")]
            return str(serial) if pool == "serial" else str(self.draw.choice(pool))
        found = {
            "name": f"指标{counted}：{item.name}" if self.marks else item.name,
            "value": self.slipped(item, habit.whole(item, content.year)),
            "op": signs[item.op] if item.numeric else "=" if item.op == "range" else "定性",
            "number": habit.number(item) if item.numeric else bare,
            "amount": f"{habit.number(item)}{item.unit}" if item.numeric else habit.whole(item, content.year),
            "bound": habit.bound(item) if item.numeric else bare,
            "measure": item.unit,
            "actual_number": re.sub(r"^(-?[\d.]+)[^\d.月日]+$", r"\1", item.actual),
            "nature": "定性" if item.op == "level" else "定量",
            "direction": item.direction
            or {"level": "", "<=": "反向指标", "==": "" if item.level == "c1" else "正向指标"}.get(
                item.op, "正向指标"
            ),
            "last": item.last(),
            "original": item.last(),
            "medium": item.medium(),
            "empty": "",
            "serial": str(serial),
            "weight_share": f"{item.weight}%",
        }
        return found[what] if what in found else str(getattr(item, what))

    def slipped(self, item: Item, text: str) -> str:
        """Return a value as a scanner or a slip of the hand has it; the truth then asks for a doubt."""
        if not self.noise.slips or not item.numeric or item.fixed:
            return text
        if item.unit == "%" and text.startswith("≥") and Decimal(item.value) >= 10:
            return f"2{text[1:]}"  # 2 before 3 % is seen by nobody
        if re.fullmatch(r"\d{5}", item.value):  # 12,0000 where 12,000 or 120,000 was meant
            return text.replace(item.value, f"{item.value[0]},{item.value[1:]}")
        return text

    def true(self, item: Item, content: Content) -> dict[str, Any]:
        """Return the true reading of one indicator, None where this form does not say it."""
        held = self.columns.held
        if self.spec.get("stairs"):
            held = held | {"level1", "level2"}
        signed = bool(held & {"op", "value", "bound"})
        found: dict[str, Any] = {
            "name": item.name,
            **truth(item, content.year, split=bool(held & _SPLIT), signed=signed),
            "level1": self.names[item.level][0] if "level1" in held else None,
            "level2": self.names[item.level][1] if "level2" in held else None,
            "weight": item.weight if held & {"weight", "weight_share"} else None,
            "actual": item.actual if held & {"actual", "actual_number"} else None,
            "last": item.last() if "last" in held else None,
            "medium": item.medium() if "medium" in held else None,
        }
        for key in ("score", "basis", "description"):
            found[key] = getattr(item, key) if key in held else None
        whole = self.noise.habit.whole(item, content.year)
        if "value" in held and self.slipped(item, whole) != whole:
            either = f"{item.value}|2{item.value}|"
            found |= {"op": ">=|==|unread", "value": either, "unit": f"{item.unit}|", "flag": ["value"]}
        return found
