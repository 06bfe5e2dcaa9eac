"""Tables of a plain text that were copied with one cell a line: which lines make one, and the cells of its
rows, told by what each column may hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zhunsheng.intake import labels
from zhunsheng.intake.recognition.content import is_value, level_of
from zhunsheng.intake.recognition.rows import decimal
from zhunsheng.targets.spelling import column_op, normalise
from zhunsheng.targets.units import known_unit

_FEWEST, _FULLEST = 4, 14  # heads of a table of indicators
_LONGEST_HEAD = 16
_LEVELS = ("level1", "level2")
_NUMBERS = ("weight", "score")
_WORDS = ("description", "basis", "deviation", "remark", "source", "goal")
_VALUES = ("target", "actual", "last_year", "medium_term")
_OF_FORM = ("name", "code", "department", "year", "safeguards")  # labels that end the rows of indicators
_LONG_TEXTS = ("goals", "medium_goals", "purpose", "actual_goal")  # labels of values that take several lines
_GOES_ON = 5  # what it costs to take a line for more of the cell before it
_DEAREST = 0.75  # of a line on average, beyond which the rows are a guess

Line = tuple[int, str]  # its number in the file, its text
Rows = list[list[tuple[str, int]]]


@dataclass(frozen=True)
class _Step:
    """The best way to have read the lines so far: its cost, the column of the last one, and the way there."""

    cost: float
    column: int
    begins: bool  # a row
    before: _Step | None


def table(lines: Sequence[Line]) -> tuple[Rows, int] | None:
    """Return the rows of a form that begins with these lines (empty ones left out) and how many lines it
    takes; None where they are none.

    The lines are labels with their values, then the heads of a table of indicators, a line each, and its
    cells row by row: levels stand on the first of their rows only, empty cells left no line behind.
    """
    found = _heads(lines)
    if found is None:
        return None
    first, count = found
    heads = [text for _, text in lines[first : first + count]]
    body = lines[first + count :]
    end = next((n for n, (_, text) in enumerate(body) if labels.label(text) in _OF_FORM), len(body))
    totals = next((n for n, (_, text) in enumerate(body[:end]) if labels.is_total(text)), end)
    rows = _aligned(body[:totals], [labels.header_like(text) for text in heads])
    if rows is None:
        return None
    head = [(text, number) for number, text in lines[first : first + count]]
    return [*_labelled(lines[:first]), head, *rows, *_total(body[totals:end], count)], first + count + end


def _heads(lines: Sequence[Line]) -> tuple[int, int] | None:
    """Return the first line of the heads of indicators and how many heads follow one another there."""
    for first, (_, text) in enumerate(lines):
        if labels.header(text) not in (*_LEVELS, "name"):
            continue
        if first + 1 < len(lines) and labels.header(lines[first + 1][1]) == "level1":
            continue  # the form's own label beside the table: 绩效指标（90分）
        count = next((n for n, (_, t) in enumerate(lines[first:]) if n and level_of(t)), 0)
        heads = [text for _, text in lines[first : first + count]]
        fields = [labels.header_like(text) for text in heads]
        if (
            _FEWEST <= count <= _FULLEST
            and all(len(text) <= _LONGEST_HEAD for text in heads)
            and 4 * sum(map(bool, fields)) >= 3 * count
            and {"name", "target"} <= set(fields)
        ):
            return first, count
        return None
    return None


def _labelled(lines: Sequence[Line]) -> Rows:
    """Return the lines above a table as rows: a label with its value, or what stands alone."""
    rows: Rows = []
    for number, text in lines:
        label = labels.label(rows[-1][0][0]) if rows else None
        taken = len(rows[-1]) - 1 if rows else 0
        if label and not labels.label(text) and (not taken or label in _LONG_TEXTS):
            if taken:
                rows[-1][1] = (f"{rows[-1][1][0]}\n{text}", rows[-1][1][1])
            else:
                rows[-1].append((text, number))
        else:
            rows.append([(text, number)])
    return rows


def _total(lines: Sequence[Line], width: int) -> Rows:
    """Return the row of the totals, its sums in the last columns."""
    if not lines:
        return []
    (number, text), *sums = lines
    sums = [one for one in sums if decimal(one[1]) is not None][: width - 1]
    row = [(text, number), *[("", number)] * (width - 1 - len(sums))]
    return [row + [(text, number) for number, text in sums]]


def _aligned(lines: Sequence[Line], fields: Sequence[str | None]) -> Rows | None:
    """Return lines as rows of cells under heads of known fields, by the cheapest way to read them; None where
    even that is a guess.
    """
    last = len(fields) - 1
    steps = [_Step(0, last, begins=False, before=None)]
    for _, text in lines:
        costs = [_strange(text, field) for field in fields]
        found = []
        for column in range(last + 1):
            ways = [
                (one.cost + costs[column] + _left_out(fields, one.column, column), one.column >= column, one)
                for one in steps
                if one.column != column or column == 0 or one.before is None or last == 0
            ]
            ways += [
                (one.cost + _GOES_ON, False, one) for one in steps if one.column == column and one.before
            ]
            cost, begins, before = min(ways, key=lambda each: each[0])
            begins = begins and not (before.column == column and cost == before.cost + _GOES_ON)
            found.append(_Step(cost, column, begins, before))
        steps = found
    best = min(steps, key=lambda one: one.cost + _left_out(fields, one.column, last + 1))
    if not lines or best.cost > _DEAREST * len(lines):
        return None
    way: list[_Step] = []
    while best.before is not None:
        way.append(best)
        best = best.before
    rows: Rows = []
    for (number, text), step in zip(lines, reversed(way), strict=True):
        if step.begins or not rows:
            rows.append([("", number)] * len(fields))
        said = rows[-1][step.column][0]
        rows[-1][step.column] = (f"{said}\n{text}" if said else text, number)
    return rows


def _left_out(fields: Sequence[str | None], before: int, column: int) -> float:
    """Return what it costs that the cells between two columns left no line, over the end of a row or not."""
    if before < column:
        return sum(_absent(fields[n]) for n in range(before + 1, column))
    return sum(_absent(fields[n]) for n in (*range(before + 1, len(fields)), *range(column)))


def _absent(field: str | None) -> float:
    if field in _LEVELS:
        return 0
    if field in ("name", "target"):
        return 20 if field == "name" else 6
    return 1 if field in _WORDS or field is None else 2


def _strange(text: str, field: str | None) -> float:
    """Return how little a text looks like what stands in a column: 0 like, 6 not at all."""
    level, number, op = level_of(text), decimal(text) is not None, column_op(text) is not None
    if field in _LEVELS:
        return 0 if level == field or (level and field == "level2") else 6
    if field == "name":
        return 6 if op or number else 3 if level else 2 if is_value(text) else 0
    if field in ("op", "nature", "direction"):
        return 0 if op or field == "direction" else 6
    if field == "unit":
        known = known_unit(normalise(text)) == normalise(text)
        return 0 if known else 6 if number or op or len(text) > 4 else 2
    if field in _NUMBERS:
        return 0 if number else 6
    if field in _VALUES:
        return 3 if op else 0 if is_value(text) else 1
    return 4 if op or level else 1 if number else 0.5
