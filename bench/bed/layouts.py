"""Write an invented content into a layout (a YAML file) with a document's own noise, and tell what must be read."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from itertools import groupby
from typing import Any

import yaml

from bed.contents import DAYS, HERE, SIGN, SPELLINGS, Content, Habit, Item, contents, truth
from bed.grids import Block, Document, Table

Row = Any  # a row as YAML says it: a list of cells, or a mapping with one of the words below
_FIELD = re.compile(r"\$([a-z_]+)(?:\.([a-z0-9]+))?")
_ORDER = "c1 o1 o2 o3 b1 b2 b3 b4 s1".split()
OP_WORDS = (
    {">=": "≥", "<=": "≤", "==": "＝", ">": "＞"},
    {">=": "≥", "<=": "≤", "==": "=", ">": ">"},
    {">=": "大于等于", "<=": "小于等于", "==": "等于", ">": "大于"},
    {">=": ">=", "<=": "<=", "==": "=", ">": ">"},
)


@dataclass(frozen=True)
class Noise:
    """What one document does to its layout; everything off is the clean form."""

    habit: Habit = Habit()
    signs: int = 0  # of an operator column
    levels: str = "down"  # down (merged), blank, repeat
    marks: bool = False  # 指标1：
    ellipsis: bool = False
    total: bool = False
    numbered: bool = False  # a row of column numbers under the head
    blanks: bool = False
    extra: tuple[str, ...] = ()
    words: str = "own"  # the layout's own header words, others seen, or others nobody has seen
    broken: str = ""  # again (head repeated), table (a new table with head), bare (without)
    slips: bool = False  # of a scanner
    hidden: bool = False
    spaced: bool = False  # 项 目 名 称
    notes: bool = False
    stranger: bool = False  # an unrelated table before
    year: str = "own"  # where the layout tells it, or in the file's name only


def noise_of(draw: random.Random, amount: float) -> Noise:
    """Draw a document's noise; ``amount`` from 0 (none) to 1 says how much of it."""

    def now(chance: float) -> bool:
        return draw.random() < chance * amount

    habit = Habit(
        signs=draw.randrange(len(SPELLINGS)) if now(0.8) else 0,
        days=draw.randrange(len(DAYS)) if now(0.8) else 0,
        thousands=now(0.2),
        wide=now(0.12),
        spaced=now(0.15),
        bracketed=now(0.08),
    )
    return Noise(
        habit=habit,
        signs=draw.randrange(len(OP_WORDS)) if now(0.8) else 0,
        levels=draw.choice(("down", "blank", "repeat")) if now(0.7) else "down",
        marks=now(0.2),
        ellipsis=now(0.2),
        total=now(0.3),
        numbered=now(0.15),
        blanks=now(0.1),
        extra=tuple(draw.sample(sorted(words()["extra"]), draw.randint(1, 2))) if now(0.35) else (),
        words="unseen" if now(0.15) else "seen" if now(0.5) else "own",
        broken=draw.choice(("again", "table", "bare")) if now(0.2) else "",
        slips=now(0.08),
        hidden=now(0.1),
        spaced=now(0.15),
        notes=now(0.3),
        stranger=now(0.15),
        year="file" if now(0.15) else "own",
    )


def single_noises() -> dict[str, Noise]:
    """Return each kind of noise alone, by a name: what it costs is told by the difference from ``clean``."""
    found = {"clean": Noise()}
    for n in range(1, len(SPELLINGS)):
        found[f"signs {SPELLINGS[n]['>=']} {SPELLINGS[n]['==']}"] = Noise(Habit(signs=n))
    for n in range(1, len(DAYS)):
        found[f"days {DAYS[n]}"] = Noise(Habit(days=n))
    for name in ("thousands", "wide", "spaced", "bracketed"):
        found[f"numbers {name}"] = Noise(Habit(**{name: True}))
    for n in range(1, len(OP_WORDS)):
        found[f"operators {OP_WORDS[n]['>=']}"] = Noise(signs=n)
    for name in ("marks", "ellipsis", "total", "numbered", "blanks", "slips", "hidden", "spaced", "notes", "stranger"):
        found[name] = replace(Noise(), **{name: True})
    found |= {f"levels {how}": Noise(levels=how) for how in ("blank", "repeat")}
    found |= {f"words {how}": Noise(words=how) for how in ("seen", "unseen")}
    found |= {f"broken {how}": Noise(broken=how) for how in ("again", "table", "bare")}
    found |= {f"extra {name}": Noise(extra=(name,)) for name in words()["extra"]}
    return {**found, "year in file": Noise(year="file")}


@cache
def words() -> dict[str, Any]:
    """Return the names of levels, header words and extra columns."""
    return yaml.safe_load((HERE / "words.yaml").read_text(encoding="utf-8"))


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
    chosen = [one.of_year(year) for one in pool[: layout.get("each", 1)]]
    if layout.get("head"):  # a department's sheet before its projects'
        first = draw.choice(contents()["department"]).of_year(year)
        return _joined(name, layout, [("head", first), *(("parts", one) for one in chosen)], noise, draw)
    if layout.get("listed"):
        writer = _Writer(layout, noise, draw, chosen)
        page = [block for part in layout["parts"] for block in writer.part(part)]
        return Document(_stem(name, chosen[0], noise), [page], writer.listed, name)
    return _joined(name, layout, [("parts", one) for one in chosen], noise, draw)


def _stem(name: str, content: Content, noise: Noise) -> str:
    return f"{content.year}年{name}" if noise.year == "file" else name


def _joined(
    name: str, layout: dict[str, Any], chosen: list[tuple[str, Content]], noise: Noise, draw: random.Random
) -> Document:
    pages, sheets = [], []
    for key, content in chosen:
        writer = _Writer(layout, noise, draw, [content])
        page: list[Block] = [block for part in layout[key] for block in writer.part(part)]
        pages.append(_surrounded(page, noise) if noise.notes or noise.stranger else page)
        sheets.append(writer.sheet(noise.year == "file"))
    return Document(_stem(name, chosen[0][1], noise), pages, sheets, name)


def _surrounded(page: list[Block], noise: Noise) -> list[Block]:
    before: list[Block] = []
    if noise.stranger:
        table = Table()
        for i, row in enumerate((("科目编码", "科目名称", "合计"), ("2010101", "行政运行", "1203.50"), ("2010102", "一般行政管理事务", "86.20"))):
            for j, text in enumerate(row):
                table.put(i, j, text)
        before = ["附表：一般公共预算支出表", table, ""]
    after: list[Block] = ["注：1.本表由资金使用单位填报。2.指标值应与年度预算相匹配。"] if noise.notes else []
    return [*before, *page, *after]


def _money(amount: int, unit: str, style: str) -> str:
    if style == "written":
        return f"{_money(amount, '万元', '')}万元"
    if unit == "万元":
        return f"{(Decimal(amount) / 10000).normalize():f}"
    return f"{amount:,}" if style == "thousands" else str(amount)


@dataclass
class _Writer:
    """Writes contents into one layout's parts and notes which fields were told."""

    layout: dict[str, Any]
    noise: Noise
    draw: random.Random
    chosen: list[Content]
    told: dict[str, Any] = field(default_factory=dict)
    indicators: list[dict[str, Any]] = field(default_factory=list)
    listed: list[dict[str, Any]] = field(default_factory=list)
    heads: dict[str, str] = field(default_factory=dict)

    @property
    def content(self) -> Content:
        return self.chosen[0]

    # -- parts

    def part(self, part: Any) -> list[Block]:
        """Return the blocks of one part: a paragraph, or a table (more than one where a page breaks it)."""
        if isinstance(part, str):
            return [self.filled(part)]
        width = max(self.natural(row) for row in part["table"])
        table = Table()
        self.rows(table, part["table"], 0, 0, width)
        found: list[Block] = [table]
        if self.noise.broken and (where := getattr(table, "items", None)):
            found = _broken(table, where, self.noise.broken)
        return found

    def natural(self, row: Row) -> int:
        """Return how many columns a row asks for."""
        if isinstance(row, list):
            return sum(_span(cell)[1] for cell in row)
        if "title" in row:
            return 1
        if "side" in row:
            return _span(row["side"])[1] + max(self.natural(inner) for inner in row["rows"])
        if "each" in row:
            return self.natural(row["row"])
        return len(self.columns(row))

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
                for n, text in enumerate(self.each(row["each"]), 1):
                    inner = [cell.replace("$n", str(n)).replace("$text", text) for cell in row["row"]]
                    self.cells(table, inner, at, left, width)
                    at += 1
            else:
                at = self.items(table, row, at, left, width)
        return at

    def each(self, what: str) -> list[str]:
        """Return the texts of a list field, which is told by them."""
        if what == "tasks":
            return [name for name, _words, _money in self.content.tasks]
        self.told[what] = list(getattr(self.content, what))
        return self.told[what]

    def cells(self, table: Table, row: list[str], at: int, left: int, width: int) -> None:
        """Write one row of label and value cells; the last takes the width that is left."""
        column = left
        for n, cell in enumerate(row):
            text, span = _span(cell)
            if n == len(row) - 1:
                span = left + width - column
            said = self.filled(text)
            if self.noise.spaced and said == text and 2 < len(said) < 6 and "$" not in text:
                said = " ".join(said)
            table.put(at, column, said, 1, span)
            column += span

    # -- fields

    def filled(self, text: str) -> str:
        """Put the content's fields into a text."""
        return _FIELD.sub(lambda m: self.field(m[1], m[2] or ""), str(text))

    def field(self, name: str, how: str) -> str:
        """Return one field as text, and note that it was told."""
        content = self.content
        unit = self.layout.get("money", "万元")
        if name == "year":
            if self.noise.year == "file":
                return "    "
            self.told["year"] = str(content.year)
            return str(content.year)
        if name in ("name", "code", "department", "unit", "purpose"):
            self.told[name] = getattr(content, name)
            return getattr(content, name)
        if name == "money":
            return unit
        if name in ("goals", "medium"):
            texts = list(getattr(content, name))
            if how:
                texts = texts[int(how) - 1 : int(how)]
            self.told.setdefault(name, []).extend(texts)
            if how == "" and len(texts) > 1:
                return "\n".join(f"目标{n}：{text}。" for n, text in enumerate(texts, 1))
            return "\n".join(f"{text}。" for text in texts)
        if name == "done":
            return f"已完成：{content.goals[0]}。"
        if name == "plan":
            self.told["plan"] = [f"{Decimal(share) / 100}" for share in content.plan]
            shares = content.plan if how[1:] == "" or not how.startswith("q") else ()
            if how.startswith("q"):  # per quarter, not cumulative
                n = int(how[1:]) - 1
                return f"{content.plan[n] - (content.plan[n - 1] if n else 0)}%"
            return f"{shares[int(how) - 1]}%" if how.isdigit() else f"{shares[int(how[0]) - 1]}"
        if name == "rate":
            return f"{Decimal(content.money['spent'] * 100) / content.money['adjusted']:.2f}%"
        if name == "money_score":
            return f"{min(Decimal(10), Decimal(content.money['spent'] * 10) / content.money['adjusted']):.2f}"
        if name == "sum":
            return f"{sum((Decimal(i.score) for i in content.items), Decimal(self.field('money_score', ''))):.2f}"
        return self.amount(name, how, unit)

    def amount(self, name: str, how: str, unit: str) -> str:
        """Return a sum of money, which is told in 元; ``.next`` in a longer-term plan is not the year's."""
        key = {"planned": "total", "medium_total": "medium"}.get(name, name)
        amount = self.content.money[key]
        if name in ("planned", "adjusted", "spent"):
            self.told.setdefault("execution", {})[name] = str(amount)
            if name == "planned":
                self.told.setdefault("planned_total", str(amount))
        elif name in ("total", "fiscal", "other"):
            self.told[name] = str(amount)
        elif name == "carried" and self.told.get("fiscal"):  # fiscal funds of an earlier year may count in
            self.told["fiscal"] += f"|{Decimal(self.told['fiscal']) + amount}"
        return _money(amount, unit, how)

    # -- indicators

    def columns(self, row: dict[str, Any]) -> list[tuple[str, str, str]]:
        """Return (group, head, field) of each column, one a grid column, the document's own words and extra columns in."""
        spec = row["indicators"]
        found = []
        if spec.get("side"):
            found.append(("", "", "side"))
        for said in spec["columns"]:
            ((head, what),) = said.items()
            head, span = _span(head)
            group, _, head = head.rpartition(">")
            for n in range(span):
                found.append((group, self.head(head, what, group), what if n == 0 else "more"))
        for extra in self.noise.extra if not spec.get("fixed") else ():
            place = len(found) if extra in ("备注", "责任科室", "责任人") else max(1, len(found) - 1)
            if extra == "序号":
                place = 0
            if extra not in {head for _, head, _ in found}:
                found.insert(place, ("", extra, f"extra:{extra}"))
        return found

    def head(self, head: str, what: str, group: str) -> str:
        """Return the word over a column: the layout's, or another of the same meaning."""
        what = what if what in words()["headers"] else {"amount": "value", "bound": "value", "actual_number": "actual"}.get(what, what)
        pool = words()["headers"].get(what)
        if self.noise.words == "own" or group or pool is None or head == "":
            return head
        if (what, head) not in self.heads:  # type: ignore[comparison-overlap]
            taken = set(self.heads.values())
            free = [word for word in pool[self.noise.words] if word not in taken] or [head]
            self.heads[what, head] = self.draw.choice(free)  # type: ignore[index]
        return self.heads[what, head]  # type: ignore[index]

    def items(self, table: Table, row: dict[str, Any], top: int, left: int, width: int) -> int:
        """Write the head of the indicator table and its rows."""
        spec = row["indicators"]
        columns = self.columns(row)
        spare = width - len(columns)
        spans = [1] * len(columns)
        for n, (_, _, what) in enumerate(columns):
            if what == "more":
                spans[n] = 0
        for n, (_, _, what) in enumerate(columns):
            if what != "more":
                run = 1
                while n + run < len(columns) and columns[n + run][2] == "more":
                    run += 1
                spans[n] = run
        wide = max((n for n, c in enumerate(columns) if c[2] == "name"), default=len(columns) - 1)
        spans[wide] += max(0, spare)
        lefts = [left + sum(spans[:n]) for n in range(len(spans))]
        at = self.header(table, columns, spans, lefts, top)
        first = at
        listed = spec.get("listed")
        for content in self.chosen if listed else [self.content]:
            before = at
            at = self.body(table, spec, columns, spans, lefts, at, content)
            if listed:
                self.project_cells(table, columns, spans, lefts, before, at, content)
        if spec.get("side"):
            table.put(top, left, spec["side"], at - top, 1)
        table.items = (top, first, at)  # type: ignore[attr-defined]
        if self.noise.total and any(c[2] == "weight" for c in columns):
            table.put(at, left, "合计", 1, spans[0])
            for n, (_, _, what) in enumerate(columns):
                if what in ("weight", "score"):
                    table.put(at, lefts[n], f"{sum(Decimal(getattr(i, what)) for i in self.content.items)}", 1, spans[n])
            at += 1
        return at

    def header(self, table: Table, columns: list[tuple[str, str, str]], spans: list[int], lefts: list[int], at: int) -> int:
        """Write the head, of two rows where columns are grouped, and the row of column numbers."""
        deep = 2 if any(group for group, _, _ in columns) else 1
        shown = [n for n, c in enumerate(columns) if c[2] not in ("more", "side")]
        for group, run in groupby(shown, key=lambda n: columns[n][0]):
            these = list(run)
            for n in these:
                if group:
                    table.put(at + 1, lefts[n], columns[n][1], 1, spans[n])
                else:
                    table.put(at, lefts[n], columns[n][1], deep, spans[n])
            if group:
                table.put(at, lefts[these[0]], group, 1, sum(spans[n] for n in these))
        at += deep
        if self.noise.numbered:
            for count, n in enumerate(shown, 1):
                table.put(at, lefts[n], str(count), 1, spans[n])
            at += 1
        return at

    def body(
        self, table: Table, spec: dict[str, Any], columns: list[tuple[str, str, str]], spans: list[int], lefts: list[int], at: int, content: Content
    ) -> int:
        """Write the indicators' rows; return the row after them."""
        names = words()["framework"][self.layout.get("framework", "new")]
        fields = [what for _, _, what in columns]
        found = []
        items = sorted(content.items, key=lambda i: list(names).index(i.level))
        told = [self.true(item, names, fields, content) for item in items]
        if self.layout.get("listed"):
            found = told
        else:
            self.indicators += told
        levels = "down" if spec.get("levels") == "down" else self.noise.levels
        rows: list[tuple[str, list[Item]]] = []
        for level, run in groupby(items, key=lambda i: i.level):
            these = list(run)
            rows += [(level, these)] if spec.get("packed") else [(level, [one]) for one in these]
        starts: dict[int, tuple[str, int]] = {}

        def close(column: int, until: int) -> None:
            if column in starts:
                text, since = starts.pop(column)
                deep = until - since
                if levels == "down":
                    table.put(since, lefts[column], text, deep, spans[column])
                else:
                    for i in range(deep):
                        table.put(since + i, lefts[column], text if i == 0 or levels == "repeat" else "", 1, spans[column])

        serial, counted = 0, 0
        last = ""
        for level, these in rows:
            level1, level2 = names[level]
            if spec.get("stairs"):
                if names.get(last, ("", ""))[0] != level1:
                    self.stair(table, columns, spans, lefts, at, level1)
                    at += 1
                if last != level:
                    self.stair(table, columns, spans, lefts, at, f"　{level2}")
                    at += 1
            counted = 1 if level != last else counted + 1
            for n, (_, _, what) in enumerate(columns):
                if what in ("level1", "level2"):
                    text = self.level(spec, content, names, level, what)
                    if n in starts and starts[n][0] != text:
                        close(n, at)
                    starts.setdefault(n, (text, at))
                elif what not in ("more", "side") and not what.startswith("project."):
                    texts = [self.cell(what, item, content, counted + i, serial + i + 1) for i, item in enumerate(these)]
                    mark = len(these) > 1 and what == "name"
                    text = "\n".join(f"{i}.{t}" if mark else t for i, t in enumerate(texts, 1))
                    table.put(at, lefts[n], text, 1, spans[n])
            serial += len(these)
            at += 1
            if self.noise.hidden and serial == 2 and not spec.get("packed"):
                at = self.decoy(table, columns, spans, lefts, at, starts)
            last = level
        for n in list(starts):
            close(n, at)
        if self.noise.ellipsis:
            for n, (_, _, what) in enumerate(columns):
                if what not in ("more", "side"):
                    table.put(at, lefts[n], "……" if what in ("level2", "name") else "", 1, spans[n])
            at += 1
        if self.noise.blanks:
            for n, (_, _, what) in enumerate(columns):
                if what not in ("more", "side"):
                    table.put(at, lefts[n], "", 1, spans[n])
            at += 1
        if self.layout.get("listed"):
            self.listed.append(self.project_truth(content, found))
        return at

    def decoy(self, table: Table, columns: list[tuple[str, str, str]], spans: list[int], lefts: list[int], at: int, starts: dict[int, tuple[str, int]]) -> int:
        """Write a row that nobody sees, which is not to be read."""
        table.hidden.add(at)
        for n, (_, _, what) in enumerate(columns):
            if n in starts or what in ("more", "side") or what.startswith("project."):
                continue
            table.put(at, lefts[n], {"name": "已取消的旧指标", "value": "≥3个"}.get(what, ""), 1, spans[n])
        return at + 1

    def stair(self, table: Table, columns: list[tuple[str, str, str]], spans: list[int], lefts: list[int], at: int, text: str) -> None:
        """Write a level's own row above its indicators."""
        for n, (_, _, what) in enumerate(columns):
            if what not in ("more", "side"):
                table.put(at, lefts[n], text if what == "name" else "", 1, spans[n])

    def level(self, spec: dict[str, Any], content: Content, names: dict[str, list[str]], level: str, what: str) -> str:
        """Return a level's cell, with its points where the form shows them."""
        level1, level2 = names[level]
        if what == "level2":
            return level2
        if spec.get("points"):
            points = sum(Decimal(i.weight) for i in content.items if names[i.level][0] == level1)
            return f"{level1}（{points}分）"
        return level1

    def cell(self, what: str, item: Item, content: Content, counted: int, serial: int) -> str:
        """Return the text of one indicator's cell."""
        habit, signs = self.noise.habit, OP_WORDS[self.noise.signs]
        if what.startswith("extra:"):
            pool = words()["extra"][what[6:]]
            return str(serial) if pool == "serial" else self.draw.choice(pool)
        plain: dict[str, Callable[[], str]] = {
            "name": lambda: f"指标{counted}：{item.name}" if self.noise.marks or self.layout.get("marks") else item.name,
            "value": lambda: self.slipped(item, habit.whole(item, content.year)),
            "op": lambda: signs[item.op] if item.numeric else "=" if item.op == "range" else "定性",
            "number": lambda: habit.number(item) if item.numeric else habit.whole(replace(item, unit="", fixed=""), content.year),
            "amount": lambda: f"{habit.number(item)}{item.unit}" if item.numeric else habit.whole(item, content.year),
            "bound": lambda: habit.bound(item) if item.numeric else habit.whole(replace(item, unit="", fixed=""), content.year),
            "measure": lambda: item.unit,
            "actual_number": lambda: re.sub(r"^(-?[\d.]+)[^\d.月日]+$", r"\1", item.actual),
            "nature": lambda: "定性" if item.op == "level" else "定量",
            "direction": lambda: "" if item.op == "level" else "反向指标" if item.op == "<=" else "正向指标",
            "last": item.last,
            "original": item.last,
            "medium": item.medium,
            "empty": lambda: "",
            "serial": lambda: str(serial),
            "weight_share": lambda: f"{item.weight}%",
        }
        return plain[what]() if what in plain else str(getattr(item, what))

    def slipped(self, item: Item, text: str) -> str:
        """Return a value as a scanner reads it; the indicator's truth then asks for a doubt (see ``true``)."""
        if not self.noise.slips or not item.numeric or item.fixed:
            return text
        if item.unit == "%" and text.startswith("≥") and Decimal(item.value) >= 10:  # 2 before 3 % is seen by nobody
            return f"2{text[1:]}"
        return text

    def true(self, item: Item, names: dict[str, list[str]], fields: list[str], content: Content) -> dict[str, Any]:
        """Return the true reading of one indicator, None where this form does not say it."""
        split = "number" in fields or "bound" in fields or "amount" in fields
        signed = not ("amount" in fields and "op" not in fields)
        found: dict[str, Any] = {"name": item.name, **truth(item, content.year, split=split, signed=signed)}
        has = {*fields, *(["level1", "level2"] if "level1" not in fields and self.stairs() else [])}
        found["level1"] = names[item.level][0] if "level1" in has else None
        found["level2"] = names[item.level][1] if "level2" in has else None
        found["weight"] = item.weight if has & {"weight", "weight_share"} else None
        found["actual"] = item.actual if has & {"actual", "actual_number"} else None
        for key in ("score", "basis", "description"):
            found[key] = getattr(item, key) if key in has else None
        found["last"] = item.last() if "last" in has else None
        found["medium"] = item.medium() if "medium" in has else None
        if "measure" in fields and "number" in fields and not item.unit:
            found["unit"] = None
        if self.noise.slips and item.unit == "%" and item.numeric and not item.fixed and "value" in fields:
            if self.slipped(item, text := self.noise.habit.whole(item, content.year)) != text:
                found |= {"op": ">=|==|unread", "value": f"{item.value}|2{item.value}|", "unit": "%|", "flag": ["value"]}
        return found

    def stairs(self) -> bool:
        """Return whether the levels stand in rows of their own."""
        return any(
            isinstance(row, dict) and "indicators" in row and row["indicators"].get("stairs")
            for part in self.layout["parts"]
            if isinstance(part, dict)
            for row in _flat(part["table"])
        )

    # -- several projects in one table

    def project_cells(self, table: Table, columns: list[tuple[str, str, str]], spans: list[int], lefts: list[int], since: int, until: int, content: Content) -> None:
        """Write the cells that a project's rows share."""
        own = replace_writer(self, content)
        for n, (_, _, what) in enumerate(columns):
            if not what.startswith("project."):
                continue
            text = own.filled(f"${what[8:]}")
            if self.noise.levels == "down":
                table.put(since, lefts[n], text, until - since, spans[n])
                continue
            for i in range(until - since):
                table.put(since + i, lefts[n], text if i == 0 or self.noise.levels == "repeat" else "", 1, spans[n])
        self.listed[-1].update({key: value for key, value in _sheet_fields(own.told).items() if value is not None})

    def project_truth(self, content: Content, found: list[dict[str, Any]]) -> dict[str, Any]:
        """Return the true sheet of one of the listed projects."""
        base = _sheet_fields({"year": self.told.get("year") or (str(content.year) if self.noise.year == "file" else None)})
        return {**base, "kind": content.kind, "indicators": found}

    def sheet(self, year_elsewhere: bool) -> dict[str, Any]:
        """Return the true sheet of the content that was written."""
        told = dict(self.told)
        if year_elsewhere:
            told["year"] = str(self.content.year)
        if self.content.kind == "department":  # its name is the department's, or the sheet's title
            told["department"] = told.pop("name", None) or told.get("department")
        if "total" not in told and "planned_total" in told:
            told["total"] = f"{told['planned_total']}|{self.content.money['adjusted']}"
        return {**_sheet_fields(told), "kind": self.content.kind, "indicators": self.indicators}


def replace_writer(writer: _Writer, content: Content) -> _Writer:
    """Return a writer of another content in the same layout, with nothing told yet."""
    return _Writer(writer.layout, writer.noise, writer.draw, [content])


def _sheet_fields(told: dict[str, Any]) -> dict[str, Any]:
    keys = ("name", "code", "year", "total", "fiscal", "other", "department", "unit", "purpose", "goals", "medium", "plan", "execution")
    return {key: told.get(key) for key in keys}


def _span(cell: Any) -> tuple[str, int]:
    """Return a cell's text and how many columns it takes (``文字|3``)."""
    text, bar, span = str(cell).rpartition("|")
    return (text, int(span)) if bar and span.isdigit() else (str(cell), 1)


def _flat(rows: list[Row]) -> Iterator[Row]:
    for row in rows:
        yield row
        if isinstance(row, dict) and "side" in row:
            yield from _flat(row["rows"])


def _broken(table: Table, where: tuple[int, int, int], how: str) -> list[Block]:
    """Break a table over a page within its indicators: the head again in the same table, a new table with
    it, or a new one without. What was merged over the break goes on blank.
    """
    head, first, last = where
    at = (first + last) // 2
    if at <= first:
        return [table]
    deep = 0 if how == "bare" else first - head
    upper, lower = Table(), Table()
    for cell in table.cells:
        end = cell.row + cell.rows
        if deep and head <= cell.row and end <= first:
            lower.put(cell.row - head, cell.column, cell.text, cell.rows, cell.columns)
        if end <= at:
            upper.put(cell.row, cell.column, cell.text, cell.rows, cell.columns)
        elif cell.row >= at:
            lower.put(cell.row - at + deep, cell.column, cell.text, cell.rows, cell.columns)
        else:
            upper.put(cell.row, cell.column, cell.text, at - cell.row, cell.columns)
            since = 0 if cell.row <= head else deep
            lower.put(since, cell.column, "", end - at + deep - since, cell.columns)
    upper.hidden = {row for row in table.hidden if row < at}
    lower.hidden = {row - at + deep for row in table.hidden if row >= at}
    if how != "again":
        return [upper, "", lower]
    top = upper.height
    for cell in lower.cells:
        upper.put(cell.row + top, cell.column, cell.text, cell.rows, cell.columns)
    upper.hidden |= {row + top for row in lower.hidden}
    return [upper]


__all__ = ["SIGN", "Noise", "document", "layouts", "noise_of", "single_noises"]
