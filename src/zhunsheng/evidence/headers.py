"""The header of a ledger's table: which ledger it is of, which column means what, by what, and
in which unit.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from rapidfuzz import fuzz, process

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.ledgers import DEPARTMENT, Ledger, ledgers
from zhunsheng.text import clean
from zhunsheng.translation import series, worded

HEAD_ROWS = 15  # a header stands among the first rows, under a title or two
Spans = Mapping[tuple[int, int], tuple[int, int]]
How = Literal["title", "synonym"]
_NOISE = re.compile(r"[\s::*＊（()）【】\[\]/、，,。.]+")
# What names departments and nothing else; 单位 may be a unit of measure.
_OWN_DEPARTMENT = ("部门", "部门名称")
_DEPARTMENT_TITLES = (*_OWN_DEPARTMENT, "单位", "单位名称")
_UNITS = {"元": 1, "百元": 100, "千元": 1_000, "万元": 10_000, "百万元": 1_000_000, "亿元": 100_000_000}
_UNIT = "(百万元|百元|千元|万元|亿元|元)"
# 支付金额（万元）, 支付金额(单位：万元), 金额/万元, 支付金额万元
_TITLE_UNIT = re.compile(rf"[\s（(\[【/:：,，]*(?:(?:金额)?单位[:：]?)?{_UNIT}\s*[)）\]】]?\s*$")
_LINE_UNIT = re.compile(rf"(?:金额)?单位\s*[:：]?\s*(?:人民币)?\s*{_UNIT}")
_NONE: tuple[str, How] = ("", "title")
_ALIKE = 60  # of 100: from where a title is named as the nearest one


@dataclass(frozen=True)
class Head:
    """The header of one table.

    ``columns`` maps a column's name to its place in the file (from 0), ``how`` says by what it was found
    there, ``units`` in how many yuan an amount of a money column is written, ``stated`` where that stands.
    The header begins at line ``at`` (from 0) and takes ``lines``; ``titles`` are its cells, of two lines
    joined.
    """

    ledger: Ledger
    columns: dict[str, int]
    at: int
    lines: int
    titles: tuple[str, ...]
    units: dict[str, int] = field(default_factory=dict)
    stated: dict[str, str] = field(default_factory=dict)
    how: dict[str, How] = field(default_factory=dict)

    @property
    def first_row(self) -> int:
        """The first row under the header, as a file counts rows (from 1)."""
        return self.at + self.lines + 1


def _key(title: str) -> str:
    return _NOISE.sub("", unicodedata.normalize("NFKC", clean(title))).lower()


def _bare(title: str) -> tuple[str, int | None]:
    """Return a title without the unit of money at its end, and that unit in yuan."""
    found = _TITLE_UNIT.search(title)
    if not found or not title[: found.start()].strip():
        return title, None
    return title[: found.start()], _UNITS[found[1]]


def _titles(ledger: Ledger) -> dict[str, tuple[str, How]]:
    """Return what a column may be called, each with the column and whether that is its own title."""
    known: dict[str, tuple[str, How]] = {_key(t): (DEPARTMENT, "synonym") for t in _DEPARTMENT_TITLES}
    for column in ledger.columns:
        known |= {_key(title): (column.name, "synonym") for title in column.synonyms}
    for column in ledger.columns:
        known |= {_key(title): (column.name, "title") for title in (column.title, column.name)}
    known[_key(DEPARTMENT)] = (DEPARTMENT, "title")
    return known


def _match(
    spellings: Sequence[Sequence[str]], ledger: Ledger, known: Mapping[str, tuple[str, How]], name: str
) -> tuple[dict[str, int], dict[str, int], dict[str, How]]:
    """Return columns and units of a header, and by what they were found, whose cells can each be spelled in
    some ways.

    A column's own title outranks a synonym; of two that are equally good nobody can say which is meant.
    Raises ``ZS-EV-08`` for one title twice, ``ZS-EV-43`` for two synonyms of one column.
    """
    money = {c.name for c in ledger.columns if c.type == "money"}
    found: dict[str, dict[How, list[tuple[int, str, int | None]]]] = {}
    for position, ways in enumerate(spellings):
        for way in ways:
            word, unit = way, None
            if _key(word) not in known:
                word, unit = _bare(way)
            column, kind = known.get(_key(word), _NONE)
            if column and (unit is None or column in money):
                if unit is None and column in money:
                    unit = _bare(way)[1]
                found.setdefault(column, {}).setdefault(kind, []).append((position, way, unit))
                break
    columns: dict[str, int] = {}
    units: dict[str, int] = {}
    how: dict[str, How] = {}
    for column, by in found.items():
        kind = "title" if "title" in by else "synonym"
        places = by[kind]
        if len(places) > 1:
            titles = [title for _at, title, _unit in places]
            if len(set(map(_key, titles))) == 1:
                raise ZhunshengError("ZS-EV-08", name=name, column=titles[0])
            if column == DEPARTMENT:
                continue
            raise ZhunshengError(
                "ZS-EV-43", name=name, column=ledger.column(column).title, titles=series(titles)
            )
        columns[column], how[column] = places[0][0], kind
        if places[0][2]:
            units[column] = places[0][2]
    return columns, units, how


def _two_lines(upper: Sequence[str], lower: Sequence[str], at: int, spans: Spans) -> list[list[str]]:
    """Return how each cell of a header of two lines can be spelled: below alone, both, above alone."""
    over = list(upper) + [""] * (len(lower) - len(upper))
    for (row, left), (_height, width) in spans.items():
        if row == at and left < len(over):
            for column in range(left, min(left + width, len(over))):
                over[column] = over[left]
    ways = []
    for position, above in enumerate(over):
        below = lower[position] if position < len(lower) else ""
        ways.append([below, above + below] if below.strip() else [above])
    return ways


def _best_line(rows: list[list[str]], ledger: Ledger, name: str, spans: Spans) -> Head | None:
    """Return the line or pair of lines that names most of a ledger's columns, the earliest of the best."""
    best: Head | None = None
    fault: ZhunshengError | None = None
    known = _titles(ledger)
    for at, row in enumerate(rows):
        pairs = [(1, [[cell] for cell in row])]
        if at + 1 < len(rows):
            pairs.append((2, _two_lines(row, rows[at + 1], at, spans)))
        for lines, ways in pairs:
            try:
                columns, units, how = _match(ways, ledger, known, name)
            except ZhunshengError as error:
                # Of two lines that are no header together nothing is said; a header that can't be read is
                # told.
                fault = fault or (error if lines == 1 else None)
                continue
            # Of equals the one of fewer lines: a title above a header is no part of it.
            if best is None or (len(columns), -lines) > (len(best.columns), -best.lines):
                titles = tuple(way[-1] for way in ways)
                best = Head(ledger, columns, at, lines, titles, units, how=how)
    if fault and (best is None or _lacking(best)):
        raise fault
    return best


def _lacking(head: Head) -> list[str]:
    return [c.title for c in head.ledger.columns if c.required and c.name not in head.columns]


def find_header(
    rows: list[list[str]],
    ledger: Ledger | None,
    name: str,
    spans: Spans | None = None,
    around: Sequence[str] = (),
) -> Head:
    """Return the header among the first ``rows`` of a table; without a ledger that of the one that fits best.

    ``spans`` are merged cells, anchor (row, column from 0) to (rows, columns), ``around`` texts outside the
    table, which may state the unit of money. Raises ``ZS-EV-02`` for
    required columns that are missing, ``-06``, ``-08``, ``-10``, ``-43``; ``-44`` where the unit of money
    stands there in two ways.
    """
    best: Head | None = None
    score = runner_up = -(10**6)
    for candidate in [ledger] if ledger else ledgers().values():
        try:
            head = _best_line(rows, candidate, name, spans or {})
        except ZhunshengError:
            if ledger:
                raise
            continue
        if head is None:
            continue
        own = len(head.columns) - 100 * len(_lacking(head))
        if best is None or own > score:
            best, score, runner_up = head, own, score
        elif own > runner_up:
            runner_up = own
    if best is None:
        raise ZhunshengError("ZS-EV-06", name=name)
    if ledger is None and (score <= 1 or score == runner_up):
        known = series(worded("{title}（{id}）", title=x.title, id=x.id) for x in ledgers().values())
        raise ZhunshengError("ZS-EV-10", name=name, known=known)
    if lacking := _lacking(best):
        raise ZhunshengError("ZS-EV-02", name=name, columns=series(lacking), ledger=best.ledger.id)
    return _with_units(best, rows, name, around)


def _with_units(head: Head, rows: list[list[str]], name: str, around: Sequence[str]) -> Head:
    """Return the header with the units that a line above it states. Raises ``ZS-EV-44``."""
    above = [*around, *(cell for row in rows[: head.at] for cell in row if cell)]
    said = {_UNITS[m[1]]: cell for cell in above for m in _LINE_UNIT.finditer(cell)}
    money = [c for c in head.ledger.columns if c.type == "money" and c.name in head.columns]
    units, stated = dict(head.units), {}
    for column in money:
        if column.name in units:
            stated[column.name] = head.titles[head.columns[column.name]]
        elif len(said) > 1:
            raise ZhunshengError(
                "ZS-EV-44", name=name, column=column.title, units=series(clean(c) for c in said.values())
            )
        elif said:
            ((units[column.name], stated[column.name]),) = said.items()
    return replace(head, units=units, stated=stated)


def nearest(title: str, ledger: Ledger, used: set[str]) -> str | None:
    """Return the title of the unused column of a ledger that a title is most alike, None where none is.

    A likeness is a hint to a person who reads it; nothing is taken for it.
    """
    words = {
        word: column.title
        for column in ledger.columns
        if column.name not in used
        for word in (column.title, *column.synonyms)
    }
    found = process.extractOne(title, words.keys(), scorer=fuzz.WRatio, score_cutoff=_ALIKE)
    return words[found[0]] if found else None


def is_department(title: str) -> bool:
    """Say whether a title means departments and nothing else."""
    return _key(title) in {_key(word) for word in (*_OWN_DEPARTMENT, DEPARTMENT)}


def in_yuan(factor: int) -> str:
    """Return the word of a unit that a header stated, by how many yuan it is."""
    return next(word for word, yuan in _UNITS.items() if yuan == factor)
