"""The columns under a header: the rows that it takes, the heads over each column, the cells below it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby, pairwise

from zhunsheng.intake import labels
from zhunsheng.intake.grid import Grid
from zhunsheng.intake.recognition import titles
from zhunsheng.intake.recognition.content import LONGEST_STATED, Class, class_of, is_value
from zhunsheng.intake.recognition.rows import is_foot, said

REQUIRED = {"target", "actual", "score", "weight", "medium_term", "stated"}  # of which a header has one
OF_CONTENT: dict[Class, str] = {  # the field of a column by what it holds
    "level1": "level1",
    "level2": "level2",
    "op": "op",
    "nature": "nature",
    "direction": "direction",
    "unit": "unit",
    "points": "weight",
    "term": "term",
    "target": "target",
}
_YEAR = re.compile(r"(?<!\d)(20\d{2})(?:年度?)?(?!\d)")
FORM = (
    "绩效指标",
    "绩效目标",
    "指标体系",
    "年度绩效指标",
    "本年度绩效指标",
    "长期绩效指标",
    "中期绩效指标",
)  # the form's own label at the left of its table
_FORM_POINTS = re.compile(rf"(?:{'|'.join(FORM)})\d{{1,3}}分")  # as cleaned of its brackets
GRADES = ("优", "良", "中", "差")  # 评价标准 parted by them: what is to be reached is the first
_SAMPLE = 40  # rows by which a column is known
TALLEST = 4  # rows that a header takes at most


@dataclass
class Column:
    """A column under a header: the heads over it from above, its cells, and the field its words say."""

    number: int
    heads: tuple[str, ...]
    cells: list[str] = field(default_factory=list)
    said: str | None = None

    @cached_property
    def holds(self) -> Class:
        return class_of(self.cells)

    @property
    def year(self) -> int | None:
        return next((int(m[1]) for head in reversed(self.heads) if (m := _YEAR.search(head))), None)

    def told(self, how: str) -> bool:
        return any(labels.qualifies(head, how) for head in self.heads)


def shown(grid: Grid, row: int) -> tuple[str, ...]:
    """Return the texts that a row shows, each once."""
    texts = (grid.text(row, column) for column in grid.distinct(row))
    heads = (labels.clean(text) if len(text) <= LONGEST_STATED else "…" for text in texts)
    return tuple(text for text in heads if text and not is_form(text))


def is_form(text: str) -> bool:
    """Say whether a text is the form's own label at the left of its table: 绩效指标（90分）."""
    return labels.clean(re.sub(r"[（(].*$", "", text)) in FORM or _FORM_POINTS.fullmatch(text) is not None


def own_cells(grid: Grid, row: int) -> Iterator[tuple[int, str]]:
    """Give the cells of a row that say something and are not merged from above, as (column, text)."""
    for column in grid.distinct(row):
        if grid.owner(row, column)[0] == row and (text := grid.text(row, column).strip()):
            yield column, text


def height_at(grid: Grid, row: int) -> int:
    """Return how many rows a header takes: with those that part its cells, and a row that numbers columns."""
    height = 1
    while height < TALLEST and row + height < len(grid.rows):
        own = list(own_cells(grid, row + height))
        if not own or not (_parts(grid, row, row + height, own) or numbers_columns(own)):
            break
        height += 1
    return height


def _parts(grid: Grid, top: int, row: int, own: Sequence[tuple[int, str]]) -> bool:
    """Say whether a row goes on with the header above it: every own cell is a head itself, and stands
    under a head, or they are three and more new ones, or name what the first row did not.
    """
    texts = [text for _, text in own]
    if _under_wide_heads(grid, row, own) or _under_one_head(grid, top, row, own):
        return True
    if row == top + 1 and _is_longer(grid, top, own):
        return True
    if not all(_is_head(text) for text in texts):
        return False
    above = {labels.header_like(grid.text(top, column)) for column in grid.distinct(top)}
    new = [found for text in texts if (found := labels.header_like(text)) and found not in above]
    if len(new) >= 3 or (new and "name" not in above and len(texts) >= 2):
        return True
    merged = [grid.spans.get(grid.owner(row - 1, column), (1, 1))[1] > 1 for column, _ in own]
    bare = [not grid.text(row - 1, column) for column, _ in own]
    return any(merged) and all(one or other for one, other in zip(merged, bare, strict=True))


def _under_wide_heads(grid: Grid, row: int, own: Sequence[tuple[int, str]]) -> bool:
    """Say whether a row's own cells part heads that reach over several columns, while all other heads of the
    row above reach down beside them.
    """
    columns = {column for column, _ in own}
    beside = [column for column in grid.distinct(row) if column not in columns and grid.text(row, column)]
    above = [grid.owner(row - 1, column) for column in columns]
    return (
        len(beside) >= 2
        and all(grid.owner(row, column)[0] < row for column in beside)
        and all(grid.spans.get(anchor, (1, 1))[1] > 1 for anchor in above)
        and not any(is_value(text) for _, text in own)
    )


def _under_one_head(grid: Grid, top: int, row: int, own: Sequence[tuple[int, str]]) -> bool:
    """Say whether a row without merged cells stands under one head with nothing at its right, as text files
    write a head that is parted.
    """
    columns = [column for column, _ in own]
    if grid.spans or len(own) < 2 or columns != list(range(columns[0], columns[-1] + 1)):
        return False
    over = [grid.text(top, column).strip() for column in columns]
    heads = sum(bool(labels.header(grid.text(top, column))) for column in grid.distinct(top))
    return (
        bool(over[0])
        and not any(over[1:])
        and heads >= 3
        and not any(is_value(text) and not titles.is_year(text) for _, text in own)
    )


def _is_longer(grid: Grid, top: int, own: Sequence[tuple[int, str]]) -> bool:
    """Say whether a row below a header has more cells than it and leaves those blank that its heads reach
    down to, as a text writes it that can't merge cells: the others part a head.
    """
    heads = sum(bool(labels.header(str(text))) for text in grid.rows[top])
    words = not any(is_value(text) and not _is_head(text) for _, text in own)
    return heads >= 3 and words and bool(_reaching(grid, top)) and len(own) < len(grid.rows[top + 1])


def _is_head(text: str) -> bool:
    bare = labels.clean(text)
    return bool(
        labels.header_like(text)
        or labels.is_aside(text)
        or _YEAR.fullmatch(bare)
        or (len(bare) <= 8 and any(labels.qualifies(bare, how) for how in ("past", "medium", "adjusted")))
        or re.fullmatch(r"(?:本|当)?年度?(?:目标|指标|计划)?值?|内容|名称|值|数值|单位", bare)
    )


def numbers_columns(own: Sequence[tuple[int, str]]) -> bool:
    """Say whether a row numbers the columns: 1 | 2 | 3, (1) | (2), 栏次 | 1 | 2."""
    texts = [re.sub(r"[()（）\s栏列=+\-*/]", "", text) for _, text in own]
    numbers = [int(text) for text in texts if re.fullmatch(r"\d{1,2}", text)]
    return len(numbers) >= 3 and len(numbers) >= len(texts) - 1 and numbers == sorted(set(numbers))


def columns_at(grid: Grid, row: int, height: int) -> list[Column]:
    """Return the columns under a header with their heads and their cells, the form's own labels left out."""
    own = [shown(grid, row + n) for n in range(height)]
    rows = [below for below in _rows_below(grid, row + height) if shown(grid, below) not in own]
    found = []
    reaching = _reaching(grid, row) if height > 1 else None
    shared = _shared(grid, row, rows) if height == 1 else None
    for number in range(grid.width):
        anchors = dict.fromkeys(grid.owner(row + n, number) for n in range(height))
        filled = any(grid.owner(r, number)[1] == number and grid.text(r, number) for r in rows)
        if anchors and not filled and all(column < number for _, column in anchors):
            continue  # covered by the column at its left
        texts = tuple(grid.text(*anchor).strip() for anchor in anchors)
        if shared is not None and number > shared:
            texts = (grid.text(row, number - 1).strip(),)
        if reaching is not None:
            texts = reaching.get(number, ())
        elif height > 1 and not grid.text(row, number):
            texts = (*_over(grid, row, number), *texts)
        heads = tuple(text for text in texts if text and not re.fullmatch(r"[\d()（）\s]+", text))
        owners = dict.fromkeys(grid.owner(r, number) for r in rows)
        cells = [grid.text(*owner) for owner in owners if owner[1] == number]
        tall = len(owners) == 1 and len(rows) > 1
        if tall and (not heads or is_form(heads[-1])):
            continue
        found.append(Column(number, heads, cells, _field(heads)))
    return _names_apart(found)


def _names_apart(found: list[Column]) -> list[Column]:
    """Leave one column of names where the form's own label (绩效指标) or names of groups stand beside it."""
    for one in found:  # the form's own label beside the table, where a text file can't merge cells
        if one.said == "name" and one.holds == "empty" and labels.clean(one.heads[-1]) in FORM:
            one.said = None
    names = [one for one in found if one.said == "name"]
    for one, behind in pairwise(names):  # one head over what is parted by the words behind it
        if behind.number == one.number + 1 and behind.heads == one.heads and behind.holds == "words":
            behind.said = "more_name" if one.said == "name" and not is_form(one.heads[-1]) else behind.said
    names = [one for one in names if one.said == "name"]
    if fourth := [one for one in names if "四级" in one.heads[-1]]:  # 三级指标 groups the indicators
        for one in names:
            one.said = one.said if one in fourth else "group"
        names = fourth
    for one in found:
        if one.said == "stated" and names:  # names have a column of their own
            one.said = "target"
    if len(names) > 1:  # 绩效指标 beside the table is the form's own label, not a column of names
        rest = [one for one in names if labels.clean(one.heads[-1]) != "绩效指标"]
        kept = rest or names
        if rest and not any(one.said == "level1" for one in found):
            for one in names:  # unless it stands over groups of its own: 目标完成程度, 项目实施效益
                if one not in kept and one.number < rest[0].number and _are_groups(one):
                    one.said = next(
                        (n for n in ("level1", "level2") if all(c.said != n for c in found)), None
                    )
                    kept = [*kept, one]
        found = [one for one in found if one not in names or one in kept]
    return found


def _are_groups(one: Column) -> bool:
    """Say whether a column names groups of rows: several of them, and no number or note."""
    told = [text for text in map(said, one.cells) if text]
    return (
        one.holds in ("words", "level1", "level2") and len(set(told)) > 1 and all(len(t) <= 12 for t in told)
    )


def _shared(grid: Grid, row: int, rows: Sequence[int]) -> int | None:
    """Return the column of signs whose head (指标值) stands over the values at its right too, where a text
    wrote one cell for both; None where every column has its head.

    Of heads in an office's own words the signs and the values behind them tell.
    """
    have = len(grid.rows[row])
    if grid.spans or {len(grid.rows[r]) for r in rows} != {have + 1}:
        return None
    holds = [class_of([grid.text(r, n) for r in rows]) for n in range(have + 1)]
    signs = [n for n in range(have) if holds[n] == "op"]
    return next(
        (
            n
            for n in signs
            if labels.header(head := grid.text(row, n)) == "target"
            or (holds[n + 1] == "target" and labels.header_like(head) in (None, "op"))
        ),
        None,
    )


def _reaching(grid: Grid, row: int) -> dict[int, tuple[str, ...]] | None:
    """Return the heads over each column where a text wrote only the cells that there are, so that those of a
    header's first row stand not over their columns (绩效指标 | 指标值 | 权重 over seven): one for each column
    that has no head below, the others over those that have. None where the first row has its cells in place.
    """
    above = [str(text).strip() for text in grid.rows[row]]
    if grid.spans or not len(above) < len(grid.rows[row + 1]) or not all(above):
        return None
    below = [grid.text(row + 1, column).strip() for column in range(grid.width)]
    found: dict[int, tuple[str, ...]] = {}
    runs = [
        (bool(filled), [*run]) for filled, run in groupby(range(grid.width), key=lambda c: below[c] != "")
    ]
    parted = [columns for filled, columns in runs if filled]
    spare = len(above) - below.count("")  # heads of the first row over columns that have one below
    if (len(parted) > 1 and spare != len(parted)) or spare < 1:
        return {column: (text,) for column, text in enumerate(below) if text}
    at = 0
    for filled, columns in runs:
        if not filled:
            found |= {column: (above[at + n],) for n, column in enumerate(columns)}
            at += len(columns)
            continue
        over = () if spare > len(parted) else (above[at],)
        found |= {column: (*over, below[column]) for column in columns}
        at += spare if len(parted) == 1 else 1
    return found


def _over(grid: Grid, row: int, number: int) -> tuple[str, ...]:
    """Return the head at the left under which a column without one stands: 指标值 over 前年 and 上年, where a
    text file can't merge cells.
    """
    left = next((c for c in range(number - 1, -1, -1) if grid.text(row, c).strip()), None)
    if left is None or any(grid.text(row, c).strip() for c in range(left + 1, number + 1)):
        return ()
    below = [grid.text(row + 1, c).strip() for c in range(left, number + 1)]
    return (grid.text(row, left).strip(),) if all(below) else ()


def _rows_below(grid: Grid, start: int) -> list[int]:
    """Return the rows under a header that hold its columns, up to the next part of the form."""
    rows: list[int] = []
    anchor = grid.owner(start - 1, 0) if start else (0, 0)
    tall = grid.spans.get(anchor, (1, 1))[0]
    end = anchor[0] + tall if anchor[0] + tall > start + 1 else len(grid.rows)  # the form's label beside them
    for row in range(start, min(end, start + _SAMPLE)):
        own = [(c, t) for c, t in own_cells(grid, row) if said(t)]
        if len(own) < 2 or any(labels.is_total(text) for _, text in own):
            continue
        if is_foot(own[0][1]) or labels.label(own[0][1]) in (
            "name",
            "code",
            "year",
            "department",
            "safeguards",
            "goals",
        ):
            break
        if sum(labels.header(text) is not None for _, text in own) >= 2:
            break
        rows.append(row)
    return rows


def _field(heads: Sequence[str]) -> str | None:
    """Return the field that the heads over a column say, the lowest first, with what qualifies it."""
    if len(heads) > 1 and heads[-1] in GRADES:
        return "target" if heads[-1] == GRADES[0] else "grade"
    name = next((found for head in reversed(heads) if (found := labels.header(head))), None)
    name = name or next((found for head in reversed(heads) if (found := labels.header_like(head))), None)
    exact = heads and labels.header(heads[-1])
    if name == "actual" and any(labels.qualifies(head, "forecast") for head in heads):
        return "forecast"  # what is expected is no result
    if name == "target" and any(labels.qualifies(head, "part") for head in heads):
        return "part"  # of the year: 半年指标值
    if name in ("target", "actual") and not (exact and len(heads) == 1):
        if any(labels.qualifies(head, "past") for head in heads):
            return "last_year"
        if any(labels.qualifies(head, "medium") for head in heads):
            return "medium_term"
    return name
