"""Goals in tables (年度目标): numbered or not, several in a cell, their results beside them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from zhunsheng.intake import labels
from zhunsheng.intake.recognition.content import is_value
from zhunsheng.intake.recognition.draft import Draft
from zhunsheng.intake.recognition.rows import Row, label_of
from zhunsheng.numerals import chinese_number
from zhunsheng.targets import Goal, Place

_MARK = re.compile(r"^目标\s*[\d一二三四五六七八九十]{1,2}\s*[：:.、]?\s*")
_NEXT = re.compile(r"(?:^|\n|(?<=[。；;]))\s*(?=目标\s*[\d一二三四五六七八九十]{1,2}\s*[：:.、])")
_MARKED = re.compile(r"目标\s*(\d{1,2}|[一二三四五六七八九十]{1,2})\s*[：:.、]")
_ELLIPSIS = re.compile(r"^[…．.\s·]+$")
_OF_GOALS = ("goals", "medium_goals")
_BESIDE_GOALS = ("actual_goal", "medium_goals")
_LONG = 20  # characters beyond which a cell beside a label is rather a goal than another label


def is_ellipsis(text: str) -> bool:
    """Say whether a text is the dots of a form that stand for more of the same."""
    return bool(_ELLIPSIS.match(text))


def read_goals(draft: Draft, row: Row, *, medium: bool = False) -> None:
    """Read one row of the goals' part of a form, the year's or the medium term's."""
    results = tuple(column for column, text in row.cells[1:] if labels.label(text) in _BESIDE_GOALS)
    if results and not any(len(text) > _LONG for _, text in row.cells):
        draft.result_columns = results  # a row of heads: goals, and beside them what became of them
        return
    add_goals(draft, row, row.cells, medium=medium)


def is_of_table(row: Row) -> bool:
    """Say whether a row below a goal is rather one of a table whose head nobody could tell: several short
    cells, four of them or a value among them, none numbered as goals are.
    """
    free = [text for _, text in row.cells if labels.label(text) not in (*_OF_GOALS, *_BESIDE_GOALS)]
    short = all(len(text) <= _LONG for text in free) and not any(map(_MARK.match, free))
    return len(free) >= 3 and short and (len(free) > 3 or any(map(is_value, free)))


def add_goals(draft: Draft, row: Row, cells: Sequence[tuple[int, str]], *, medium: bool = False) -> None:
    """Add the goals that cells of a row say, the year's or the medium term's; a short cell before a long
    one names it.
    """
    goals = draft.medium_goals if medium else draft.goals
    mark: str | None = None
    free = [
        one for one in cells if labels.label(one[1]) not in _OF_GOALS and one[0] not in draft.result_columns
    ]
    results = len(draft.result_columns)
    if results and len(free) == results + 1 and len(free) > 1:
        if not any(column in draft.result_columns for column, _ in cells):
            cells = free[:1]  # a text whose columns are not lined up: the results stand at the right
            free = cells
    if len(free) == 2 and _names(free[0][1], free[1][1]):
        mark = free[0][1]
        cells = free[1:]
    for column, text in cells:
        if labels.label(text) in _OF_GOALS or column in draft.result_columns:
            continue
        if _MARK.fullmatch(text) and len(cells) > 1:
            mark = text.rstrip("：: ")
            continue
        label, inline = label_of(text)
        place = row.place(column)
        if (medium, place) in draft.goal_places:
            continue
        if found := _goals_in(inline if label == "goals" else text, mark, place):
            draft.goal_places.add((medium, place))
            goals.extend(found)
        mark = None


def _names(text: str, other: str) -> bool:
    """Say whether a cell is the name of the goal in the next: short, no sentence, shorter than the goal."""
    return len(text) <= 40 and not re.search(r"[。；，：]", text) and len(text) < len(other)


def _counted(text: str) -> list[str]:
    """Return the goals of a text that runs on and counts them from the first: 目标1：甲目标2：乙."""
    marks = list(_MARKED.finditer(text))
    numbers = [Decimal(m[1]) if m[1].isdigit() else chinese_number(m[1]) for m in marks]
    if len(marks) < 2 or marks[0].start() or (first := numbers[0]) is None:
        return [text]
    if numbers != [first + n for n in range(len(marks))]:
        return [text]
    starts = [m.start() for m in marks]
    return [text[a:b] for a, b in zip(starts, [*starts[1:], len(text)], strict=True)]


def _goals_in(text: str, mark: str | None, place: Place) -> list[Goal]:
    """Return the goals of one cell, which may number several; ``mark`` is the name beside it."""
    found = []
    for piece in filter(None, (piece.strip() for part in _NEXT.split(text) for piece in _counted(part))):
        numbered = _MARK.match(piece)
        title = mark or (numbered[0].rstrip("：:.、 ") if numbered else None)
        body = piece[numbered.end() :] if numbered else piece
        if body and not is_ellipsis(body):
            found.append(Goal(title=title, text=" ".join(body.split()), place=place))
    return found
