"""Header rows: which columns of a table hold what of the indicators, told by the words over them and, where
nobody knows the words, by what the columns hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from zhunsheng.intake import labels
from zhunsheng.intake.grid import Grid
from zhunsheng.intake.layouts import Layout
from zhunsheng.intake.recognition import titles
from zhunsheng.intake.recognition.content import LONGEST_STATED, Class, class_of, is_value, level_of, stated
from zhunsheng.intake.recognition.rows import decimal, said
from zhunsheng.intake.recognition.wide import Group, groups_at
from zhunsheng.targets import TargetValue
from zhunsheng.targets.spelling import column_op

_REQUIRED = {"target", "actual", "score", "weight", "medium_term", "stated"}
_GLYPHS: tuple[Class, ...] = ("op", "nature", "direction", "unit")  # what a column is by its cells alone
_OF_CONTENT: dict[Class, str] = {
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
FORM = ("绩效指标", "绩效目标", "指标体系", "年度绩效指标")  # the form's own label at the left of its table
_WHOLE = re.compile("^全[国省区市州县]|合计|总计|小计")  # over the figures of the whole
_SIGNED = frozenset("≥≤<>=＝≧≦")  # how a value begins, and no head
_GRADES = ("优", "良", "中", "差")  # 评价标准 parted by them: what is to be reached is the first
_WORDY = ("description", "basis", "deviation")  # heads of words, under which values may stand all the same
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


@dataclass(frozen=True)
class Header:
    """A header: the column of each field, the rows it takes (0: the rows begin without one), and what
    of it a person should look at.

    ``guessed`` are the columns known by what they hold, ``rivals`` those that claim the value that
    another column was given, ``unread`` those that hold something of no known kind. ``groups`` are those of
    a wide table. ``columns`` are all of the table's, none where there are groups; ``layout`` is what a
    person confirmed of them.
    """

    fields: dict[str, int]
    height: int
    guessed: tuple[tuple[int, str], ...] = ()
    rivals: tuple[int, ...] = ()
    unread: tuple[int, ...] = ()
    groups: tuple[Group, ...] = ()
    weak: bool = False  # whether the column of values is but the likeliest of several
    columns: tuple[Column, ...] = ()
    layout: Layout | None = None

    def rows(self, grid: Grid, row: int) -> tuple[tuple[str, ...], ...]:
        """Return what the rows of the header at a row show, by which it is known where it comes again."""
        return tuple(shown(grid, row + n) for n in range(self.height))


def shown(grid: Grid, row: int) -> tuple[str, ...]:
    """Return the texts that a row shows, each once."""
    texts = (grid.text(row, column) for column in grid.distinct(row))
    heads = (labels.clean(text) if len(text) <= LONGEST_STATED else "…" for text in texts)
    return tuple(text for text in heads if text and text not in FORM)


def header_at(grid: Grid, row: int, year: int | None = None, *, unheaded: bool = False) -> Header | None:
    """Return what the header that begins at a row says; None where none begins there.

    ``year`` is the sheet's, by which its own values are told from those of other years. With ``unheaded``,
    where no header is in force, rows that plainly are indicators are taken under unknown words or none too.
    """
    texts = [text for column in grid.distinct(row) if (text := grid.text(row, column))]
    known = [text for text in texts if labels.header(text)]
    if not known and not unheaded and not any(map(level_of, texts)):
        return None
    if not any(text[0] in _SIGNED for text in texts) and (wide := groups_at(grid, row)):
        groups, height = wide
        return Header(dict(groups[0].fields), height, groups=tuple(groups))
    if len({labels.execution(text) for text in texts} & {"planned", "adjusted", "spent"}) > 1:
        return None  # the money of a self-evaluation, with 分值 and 得分 of its own
    if len(known) < 2 and not (unheaded and _over_indicators(grid, row)):
        return _without_header(grid, row) if unheaded else None
    height = _height(grid, row)
    columns = columns_at(grid, row, height)
    fields, rivals = _by_words(columns, grid, row, year)
    guessed = _by_content(columns, fields, rivals)
    placed = {"level1", "level2"} & fields.keys() or {"op", "unit"} <= fields.keys()
    if len(known) < 2 and not (placed and {"target", "stated"} & fields.keys()):
        return None
    if "name" not in fields and "description" in fields and "level2" in fields:
        fields["name"] = fields.pop("description")
    if "name" not in fields or not _REQUIRED & fields.keys():
        return None
    if len(fields) < 3 and not _over_banners(grid, row + height):
        return None
    if "unit_or_grid" in fields:
        fields.setdefault("unit", fields.pop("unit_or_grid"))
    weak = _is_weak(columns, fields, rivals)
    taken = {*fields.values(), *rivals}
    unread = tuple(
        c.number for c in columns if c.number not in taken and c.heads and c.holds not in ("empty", "serial")
    )
    return Header(fields, height, tuple(guessed), tuple(rivals), unread, weak=weak, columns=tuple(columns))


def proposed(grid: Grid, row: int, year: int | None) -> Header:
    """Return what the columns under a row of unknown words may be, so that a person can say what they are."""
    tall = [grid.spans.get((row, column), (1, 1))[0] for column, _ in own_cells(grid, row)]
    reach = max(tall, default=1)  # heads merged downwards stand beside one that is parted
    height = max(_height(grid, row), reach if tall.count(reach) > 1 and reach <= TALLEST else 1)
    columns = columns_at(grid, row, height)
    fields, rivals = _by_words(columns, grid, row, year)
    guessed = _by_content(columns, fields, rivals)
    if "name" not in fields:
        free = [one for one in columns if one.number not in fields.values() and one.holds == "words"]
        apart = [one for one in free if len(set(one.cells)) == len(one.cells)]
        names = next(iter(apart or free), None)
        if names is not None:
            fields["name"] = names.number
            guessed.append((names.number, "name"))
            if free[0].number < names.number and "level2" not in fields:  # what comes again is over several
                fields["level2"] = free[0].number
                guessed.append((free[0].number, "level2"))
    return Header(fields, height, tuple(guessed), columns=tuple(columns))


def _is_weak(columns: Sequence[Column], fields: Mapping[str, int], rivals: Sequence[int]) -> bool:
    """Say whether the values were taken from one of several columns that hold signs and whose heads nobody
    knows.
    """
    mine = next((one for one in columns if one.number == fields.get("target")), None)
    if mine is None or not mine.heads or labels.header(mine.heads[-1]) == "target":
        return False
    others = [one for one in columns if one.number not in {*fields.values(), *rivals} and one.said is None]
    signed = [
        one
        for one in others
        if one.holds == "target"
        and not one.told("past")
        and any(re.search(r"[≥≤<>≧≦]", text) for text in one.cells)
    ]
    return bool(signed) and not (_is_whole(mine) or _sums_up(mine, [mine, *signed]))


def _over_banners(grid: Grid, row: int) -> bool:
    """Say whether a row says nothing but the name of a level, in all its columns."""
    texts = {text for _, text in own_cells(grid, row)} if row < len(grid.rows) else set()
    return len(texts) == 1 and all(map(level_of, texts))


def project_columns(grid: Grid, row: int, height: int, taken: Container[int]) -> dict[str, int]:
    """Return the columns of a list of projects (单位名称 | 项目名称 | 预算数 | 年度目标) beside the
    indicators' own.

    Empty where no column names the project: then the rows are one sheet's.
    """
    found: dict[str, int] = {}
    for column in range(grid.width):
        if column in taken:
            continue
        names = (labels.label(grid.text(row + n, column)) for n in reversed(range(height)))
        if name := next(filter(None, names), None):
            found.setdefault(name, column)
    whose = next((name for name in ("unit", "department") if name in found), None)
    if "name" not in found and whose and len(found) > 1:  # a list of bodies: 单位名称 | 资金总额 | 绩效目标
        found = {"name": found[whose]} | found
    return found if "name" in found else {}


def own_cells(grid: Grid, row: int) -> Iterator[tuple[int, str]]:
    """Give the cells of a row that say something and are not merged from above, as (column, text)."""
    for column in grid.distinct(row):
        if grid.owner(row, column)[0] == row and (text := grid.text(row, column).strip()):
            yield column, text


def _over_indicators(grid: Grid, row: int) -> bool:
    """Say whether a row of unknown words stands over rows that plainly are indicators."""
    own = [(c, text) for c, text in own_cells(grid, row) if c or not _is_tall(grid, row, c)]
    if len(own) < 3 or row + 1 >= len(grid.rows) or any(level_of(t) or is_value(t) for _, t in own):
        return False
    if any(len(text) > 16 for _, text in own):
        return False
    told = [labels.label(text) for _, text in own]
    if any(told) and (told.count(None) < 3 or "name" not in told):
        return False  # labels with their values; in a list of projects they stand over columns
    height = _height(grid, row)
    return row + height < len(grid.rows) and is_indicator(grid, row + height)


def _is_tall(grid: Grid, row: int, column: int) -> bool:
    """Say whether a cell reaches down over other rows, as the form's own label beside a table does."""
    return grid.spans.get(grid.owner(row, column), (1, 1))[0] > 1


def is_indicator(grid: Grid, row: int) -> bool:
    """Say whether a row plainly is an indicator: a category of the framework, and a value."""
    texts = [grid.text(row, column) for column in grid.distinct(row)]
    filled = [text for text in texts if said(text)]
    told = [text for text in filled if is_value(text) or (not level_of(text) and stated(text))]
    signed = len(filled) >= 4 and any(column_op(text) is not None for text in filled)
    return len(filled) >= 3 and (signed or any(map(level_of, filled))) and bool(told)


def under_heads(grid: Grid, row: int) -> bool:
    """Say whether a row of indicators is the first under words that are heads, known or not."""
    return row > 0 and _over_indicators(grid, row - 1)


def _without_header(grid: Grid, row: int) -> Header | None:
    """Return the columns of rows that plainly are indicators and have no header over them.

    Under words that could not be made out they are left to a person: of two columns of values those words
    say which is last year's, and what the cells hold does not.
    """
    if not is_indicator(grid, row) or under_heads(grid, row):
        return None
    columns = columns_at(grid, row, 0)
    fields: dict[str, int] = {}
    guessed = _by_content(columns, fields, [])
    if "name" not in fields or not {"target", "stated"} & fields.keys():
        return None
    if not {"level1", "level2"} & fields.keys():
        return None
    return Header(fields, 0, tuple(guessed), columns=tuple(columns))


def _height(grid: Grid, row: int) -> int:
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
    if not all(_is_head(text) for text in texts):
        return False
    above = {labels.header(grid.text(top, column)) for column in grid.distinct(top)}
    new = [found for text in texts if (found := labels.header(text)) and found not in above]
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


def _is_head(text: str) -> bool:
    bare = labels.clean(text)
    return bool(
        labels.header_like(text)
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
    for number in range(grid.width):
        anchors = dict.fromkeys(grid.owner(row + n, number) for n in range(height))
        filled = any(grid.owner(r, number)[1] == number and grid.text(r, number) for r in rows)
        if anchors and not filled and all(column < number for _, column in anchors):
            continue  # covered by the column at its left
        texts = tuple(grid.text(*anchor).strip() for anchor in anchors)
        if height > 1 and not grid.text(row, number):
            texts = (*_over(grid, row, number), *texts)
        heads = tuple(text for text in texts if text and not re.fullmatch(r"[\d()（）\s]+", text))
        owners = dict.fromkeys(grid.owner(r, number) for r in rows)
        cells = [grid.text(*owner) for owner in owners if owner[1] == number]
        tall = len(owners) == 1 and len(rows) > 1
        if tall and (not heads or labels.clean(re.sub(r"[（(].*$", "", heads[-1])) in FORM):
            continue
        found.append(Column(number, heads, cells, _field(heads)))
    for one in found:  # the form's own label beside the table, where a text file can't merge cells
        if one.said == "name" and one.holds == "empty" and labels.clean(one.heads[-1]) in FORM:
            one.said = None
    names = [one for one in found if one.said == "name"]
    if fourth := [one for one in names if "四级" in one.heads[-1]]:  # 三级指标 groups the indicators
        for one in names:
            one.said = one.said if one in fourth else "group"
        names = fourth
    for one in found:
        if one.said == "stated" and names:  # names have a column of their own
            one.said = "target"
    if len(names) > 1:  # 绩效指标 beside the table is the form's own label, not a column of names
        rest = [one for one in names if labels.clean(one.heads[-1]) != "绩效指标"]
        found = [one for one in found if one not in names or one in (rest or names)]
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
        if labels.label(own[0][1]) in ("name", "code", "year", "department", "safeguards", "goals"):
            break
        if sum(labels.header(text) is not None for _, text in own) >= 2:
            break
        rows.append(row)
    return rows


def _field(heads: Sequence[str]) -> str | None:
    """Return the field that the heads over a column say, the lowest first, with what qualifies it."""
    if len(heads) > 1 and heads[-1] in _GRADES:
        return "target" if heads[-1] == _GRADES[0] else "grade"
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


def _by_words(
    columns: Sequence[Column], grid: Grid, row: int, year: int | None
) -> tuple[dict[str, int], list[int]]:
    """Return the column of each field as the heads say, and the columns that claim a value which another
    was given.
    """
    fields: dict[str, int] = {}
    rivals: list[int] = []
    by_field: dict[str, list[Column]] = {}
    for one in _yearly_group(columns, grid, row, fields):
        if one.said in ("target", "direction") and one.holds in _GLYPHS and one.holds != one.said:
            fields.setdefault(one.holds, one.number)  # 指标值类型 over ≥ and ≤
        elif said_there := _of_year(one, year):
            by_field.setdefault(said_there, []).append(one)
    for name, claims in by_field.items():
        if name == "target" and any(one.heads[-1] not in _GRADES for one in claims):
            claims = [one for one in claims if one.heads[-1] not in _GRADES]  # the bands of its score
        if name == "target" and len(claims) > 1:
            _value_of_year(claims, year, fields, rivals)
        elif name in _GLYPHS and len(claims) > 1:
            for one in claims:
                fields.setdefault(one.holds if one.holds in _GLYPHS else name, one.number)
        elif name == "last_year":
            fields[name] = max(claims, key=lambda one: (one.year or 0, one.number)).number
        else:
            _fittest(name, claims, fields)
    if "stated" in fields:
        fields["name"] = fields["stated"]
    for bound in ("lower", "upper"):
        if bound in fields:
            fields.setdefault("target", fields[bound])
    _put_right(columns, by_field, fields)
    return fields, rivals


def _of_year(one: Column, year: int | None) -> str | None:
    """Return the field that a column's words say, by the year over it: results of an earlier one are the last
    year's, and values under nothing but a year (2022年实际 | 2023年预计 | 2024年) are of it.
    """
    if one.said == "actual" and one.year and year and one.year < year:
        one.said = "last_year"
    elif one.said is None and one.year and one.holds == "target":
        one.said = _dated(one, year)
    return one.said


def _fittest(name: str, claims: Sequence[Column], fields: dict[str, int]) -> None:
    """Give a field the column that says it exactly and holds it; of results the latest."""
    told = [one for one in claims if one.holds != "empty"] or claims
    if name == "actual" and len({_month(one) for one in told}) > 1:
        told = [max(told, key=_month)]  # 1-4月 | 1-8月
    if name in fields and all(one.holds == "empty" for one in told):
        return  # another column says it already
    fit = [one for one in told if _OF_CONTENT.get(one.holds) == name] or told
    exact = [one for one in fit if labels.header(one.heads[-1]) == name] or fit
    fields[name] = exact[0].number


def _month(one: Column) -> int:
    """Return the month up to which a column's values are known, 0 where its heads tell none."""
    return max((int(m) for head in one.heads for m in re.findall(r"(\d{1,2})月", head)), default=0)


def _dated(one: Column, year: int | None) -> str:
    """Return what values are over which nothing but a year stands, beside the sheet's own year."""
    if year is None or one.year is None or one.year == year:
        done = re.search("实际|完成|执行|实绩", " ".join(one.heads))
        return "actual" if done else "target"
    return "last_year" if one.year < year else "medium_term"


def _put_right(
    columns: Sequence[Column], by_field: Mapping[str, Sequence[Column]], fields: dict[str, int]
) -> None:
    """Mend what single heads alone tell wrongly of a table: empty columns, points of the levels, words that
    are used for several things.
    """
    for name in ("actual", "score"):  # 复核得分, still to be filled in, leaves the name to the column that is
        if name in by_field and all(one.holds == "empty" for one in by_field[name]):
            del fields[name]
    kind, about, named = (fields.get(what, -1) for what in ("level2", "description", "name"))
    if "level1" not in fields and 0 <= kind < about < named:  # 指标类别 | 指标内容 | 指标名称
        fields |= {"level1": kind, "level2": fields.pop("description")}
    weights = [one.number for one in by_field.get("weight", ())]
    if len(weights) > 1 and "name" in fields:  # a level's points stand behind its name
        behind = [number for number in weights if number > fields["name"]]
        fields["weight"] = behind[0] if behind else weights[-1]
    if "source" in fields:  # where an indicator is from is its basis where nothing else tells one
        fields.setdefault("basis", fields.pop("source"))
    for one in columns:  # what a column holds outranks a word that is used for several things
        if one.said == "level2" and one.holds == "level1" and "level1" not in fields:
            fields["level1"] = one.number  # 指标类别 over 产出指标
            if fields.get("level2") == one.number:
                del fields["level2"]
        if one.said in ("op", "unit", "level2") and one.holds in _GLYPHS and one.holds != one.said:
            if fields.get(one.said) == one.number:
                del fields[one.said]
            fields.setdefault(one.holds, one.number)


def _yearly_group(
    columns: Sequence[Column], grid: Grid, row: int, fields: dict[str, int]
) -> Sequence[Column]:
    """Return the columns of the year's indicators where two groups stand side by side, the other one's
    values kept as the medium term's; all columns where there is one group.

    The right group is the year's, unless a head over them tells.
    """
    names = [one.number for one in columns if one.said == "name"]
    if len(names) < 2:
        return columns
    starts = [one.number for one in columns if one.said in ("level1", "level2", "name")]
    second = next((n for n in starts if n > names[0]), names[1])
    over = " ".join(grid.text(row - 1, column) for column in range(second)) if row else ""
    left_is_yearly = re.search(r"年度|当年|本年", over) and not titles.of_medium_term(over)
    left = [one for one in columns if one.number < second]
    right = [one for one in columns if one.number >= second]
    mine, other = (left, right) if left_is_yearly else (right, left)
    apart = _others(names, columns) and not titles.of_medium_term(over + _all_heads(columns))
    for name, word in (
        (("twin_target", "target"), ("twin_name", "name"))
        if apart
        else (("medium_term", "target"), ("medium_name", "name"))
    ):
        if (found := next((one.number for one in other if one.said == word), None)) is not None:
            fields[name] = found
    levels = {one.said for one in mine}
    shared = [one for one in other if one.said in ("level1", "level2") and one.said not in levels]
    return [*shared, *mine]


def _all_heads(columns: Sequence[Column]) -> str:
    return " ".join(head for one in columns for head in one.heads)


def _others(names: Sequence[int], columns: Sequence[Column]) -> bool:
    """Say whether two columns of names hold other names: two indicators a row, not one for two terms."""
    left, right = (next(one.cells for one in columns if one.number == n) for n in names[:2])
    mine, others = {said(text) for text in left} - {None}, {said(text) for text in right} - {None}
    return bool(mine) and bool(others) and not mine & others


def _value_of_year(
    claims: Sequence[Column], year: int | None, fields: dict[str, int], rivals: list[int]
) -> None:
    """Give the value that counts, the year's own and the adjusted one, its column; others theirs."""
    left = list(claims)
    words = [one for one in left if one.holds == "words" and not one.told("adjusted")]
    if words and any(one.holds == "target" for one in left):  # 指标值内容 over what the value means
        left = [one for one in left if one not in words]
        fields.setdefault("description", words[0].number)
        rivals += [one.number for one in words[1:]]
    if any(one.told("adjusted") for one in left):
        for one in [one for one in left if not one.told("adjusted")]:
            left.remove(one)
            if fields.setdefault("original", one.number) != one.number:
                rivals.append(one.number)
    dated = sorted((one for one in left if one.year), key=lambda one: one.year or 0)
    own = year if year in {one.year for one in dated} else None
    if own is None and dated and len(dated) < len(left):
        own = (dated[-1].year or 0) + 1  # beside earlier years the undated one is the sheet's own
    if own is not None:
        for one in dated:
            if (one.year or 0) < own:
                left.remove(one)
                rivals += [fields["last_year"]] if "last_year" in fields else []
                fields["last_year"] = one.number
            elif (one.year or 0) > own:
                left.remove(one)
                fields["medium_term"] = one.number
    if len(left) == 2 and not any(one.year for one in left) and "medium_term" not in fields:
        exact = [one for one in left if labels.header(one.heads[-1]) == "target"]
        if len(exact) == 1:  # a synonym outranks key words
            rivals += [one.number for one in left if one is not exact[0]]
            left = exact
    told = [one for one in left if one.holds != "empty"] or left
    fields["target"] = told[-1].number
    rivals += [one.number for one in told[:-1]]


def _likeliest(values: Sequence[Column], columns: Sequence[Column]) -> Column:
    """Return the column of the target values among several that may be: where signs are written in the cells,
    else beside the column of signs or units, else the last one.
    """
    signed = [one for one in values if any(re.search(r"[≥≤<>=＝≧≦不超低少大小]", text) for text in one.cells)]
    if len(signed) == 1:
        return signed[0]
    beside = [one.number for one in columns if one.holds in ("op", "unit")]
    if beside:
        return min(values, key=lambda one: (min(abs(one.number - other) for other in beside), one.number))
    return next((one for one in values if _is_whole(one) or _sums_up(one, values)), values[-1])


def _is_whole(one: Column) -> bool:
    """Say whether a head names the whole of which other columns hold the parts: 全市 beside its districts."""
    return any(_WHOLE.search(head) for head in one.heads)


def _sums_up(one: Column, values: Sequence[Column]) -> bool:
    """Say whether a column holds on some row the sum of the others: a city's figure beside its counties'."""
    others = [other for other in values if other is not one]
    rows = zip(one.cells, *(other.cells for other in others), strict=False)
    for whole, *parts in rows:
        read = [TargetValue.parse(text) for text in (whole, *parts)]
        numbers = [value.number for value in read if value.unit != "%"]
        told = [number for number in numbers if number]
        if len(told) == len(read) > 2 and told[0] == sum(told[1:]):
            return True
    return False


def _paired(
    columns: Sequence[Column],
    fields: dict[str, int],
    free: list[Column],
    give: Callable[[Column, str], None],
) -> None:
    """Give columns that pair with known ones theirs: the results beside the target values, the score that is
    never above the points, the medium term's values where the names stand twice.
    """
    by_number = {one.number: one for one in columns}
    names, target = (by_number.get(fields.get(name, -1)) for name in ("name", "target"))
    values = [one for one in free if one.holds in ("target", "points")]
    twin = next((one for one in free if names and one.holds == "words" and one.cells == names.cells), None)
    if twin and names and target and len(values) == 1:
        left, right = sorted((names, twin), key=lambda one: one.number)
        of_left = target if left.number < target.number < right.number else values[0]
        of_right = values[0] if of_left is target else target
        if left.number < of_left.number < right.number < of_right.number:
            fields |= {"name": right.number, "target": of_right.number}
            fields |= {"medium_name": left.number, "medium_term": of_left.number}
            free[:] = [one for one in free if one not in (twin, values[0])]
            return
    weight = by_number.get(fields.get("weight", -1))
    for one in values:
        if weight and "score" not in fields and _never_above(one, weight):
            give(one, "score")
        elif target and "actual" not in fields and one.number > target.number and _are_results(one, target):
            give(one, "actual")


def _never_above(score: Column, points: Column) -> bool:
    """Say whether a column of numbers never goes beyond the points in the other, row by row."""
    pairs = [(decimal(a), decimal(b)) for a, b in zip(score.cells, points.cells, strict=False)]
    told = [(a, b) for a, b in pairs if a is not None and b is not None]
    return len(told) > 1 and len(told) >= len(pairs) - 2 and all(a <= b for a, b in told)


def _are_results(one: Column, target: Column) -> bool:
    """Say whether most cells of a column are near the target values beside them, in the same unit and
    without signs, which no result has.
    """
    if any(re.search(r"[≥≤<>≧≦]", text) for text in one.cells):
        return False
    read = [
        (TargetValue.parse(a), TargetValue.parse(b))
        for a, b in zip(one.cells, target.cells, strict=False)
        if said(a) and said(b)
    ]
    ratios = [
        a.number / b.number if a.unit == b.unit else Decimal(0)
        for a, b in read
        if a.number is not None and b.number
    ]
    near = sum(Decimal("0.3") <= ratio <= 3 for ratio in ratios)
    return len(ratios) > 1 and 5 * near >= 4 * len(ratios)


def _of_goals(one: Column) -> bool:
    """Say whether a column of differing words is called 绩效目标, as some call the indicators."""
    return (
        one.holds == "words"
        and len(set(one.cells)) > 1
        and any(labels.label(head) == "goals" for head in one.heads)
    )


def _by_content(
    columns: Sequence[Column], fields: dict[str, int], rivals: Sequence[int]
) -> list[tuple[int, str]]:
    """Give the fields that no head names to columns of unknown words that hold them; return those."""
    wordy = {one.number for one in columns if one.said in _WORDY and one.holds == "target"}
    taken = {*fields.values(), *rivals} - (set() if "target" in fields else wordy)
    free = [one for one in columns if one.number not in taken and (one.number in wordy or _is_free(one))]
    guessed: list[tuple[int, str]] = []

    def give(one: Column, name: str) -> None:
        for other in [other for other, column in fields.items() if column == one.number]:
            del fields[other]
        fields[name] = one.number
        if "goals" not in map(labels.label, one.heads):  # 年度目标 over values says so itself
            guessed.append((one.number, name))
        if one in free:
            free.remove(one)

    target = next((one for one in columns if one.number == fields.get("target")), None)
    if target and target.told("replaced") and any(one.holds == "target" for one in free):
        fields["original"] = fields.pop("target")
    past = [one for one in columns if one.said is None and one.told("past") and one.holds == "target"]
    if past:
        fields.setdefault("last_year", past[-1].number)
    if target and target.holds == "empty" and any(one.holds == "target" for one in free):
        fields.pop("target", None)
    if not {"target", "actual", "medium_term"} & fields.keys():
        values = [one for one in free if one.holds == "target"]
        mixed = [] if values else [one for one in free if _mostly_values(one)]
        values = values or (mixed if len(mixed) == 1 else [one for one in free if one.holds == "points"])
        if values:
            give(_likeliest(values, columns), "target")
    for one in list(free):
        name = _OF_CONTENT.get(one.holds)
        if name and name not in fields:
            give(one, name)
    _name_by_content(columns, fields, free, taken, give)
    _paired(columns, fields, free, give)
    names = next((one for one in columns if one.number == fields.get("name")), None)
    if names and not _REQUIRED & fields.keys() - {"weight"} and _are_stated(names):
        fields["stated"] = names.number
    return guessed


def _mostly_values(one: Column) -> bool:
    """Say whether more than half of a column of words are values, the rest being words that no rule reads."""
    told = [text for text in map(said, one.cells) if text]
    values = sum(is_value(text) and not stated(text) for text in told)
    return one.holds == "words" and 2 * values > len(told) > 2


def _name_by_content(
    columns: Sequence[Column],
    fields: dict[str, int],
    free: Sequence[Column],
    taken: Container[int],
    give: Callable[[Column, str], None],
) -> None:
    """Give the names their column where no head says it: differing words behind the levels."""
    levels = [fields[name] for name in ("level1", "level2") if name in fields]
    if (levels or "op" in fields) and "name" not in fields:
        words = [one for one in free if one.holds == "words" and len(set(one.cells)) > 1]
        words = words or [one for one in columns if one.number not in taken and _of_goals(one)]
        first = max(levels, default=-1)
        value = fields.get("target", len(columns) + first)
        after = [one for one in words if one.number > first]
        near = [one for one in after if one.number < value]
        about = fields.get("description", -1)
        if not near and first < about < value:  # 指标内容 between the levels and the values
            fields["name"] = fields.pop("description")
            after = words = []
        if near and "level2" not in fields and (behind := _behind_categories(near)):
            give(near[0], "level2")
            give(behind, "name")
        elif after or (words and "description" not in fields):
            give((after or words)[0], "name")


def _behind_categories(words: Sequence[Column]) -> Column | None:
    """Return the column of words that all differ behind a first one whose words come again and half of which
    are categories of a framework: 数量, 质量, 社会 and what each office calls its own.
    """
    told = [text for text in map(said, words[0].cells) if text]
    if len(set(told)) == len(told) or 2 * sum(map(bool, map(level_of, told))) < len(told):
        return None
    return next((one for one in words[1:] if len(set(one.cells)) == len(one.cells)), None)


def _is_free(one: Column) -> bool:
    """Say whether what a column holds may tell what it is: no word over it says so, nor that it is
    a project's own, of an earlier year or of a part of this one. 年度目标 may stand over values.
    """
    told = {labels.label(head) for head in one.heads} - {None}
    if one.said is not None or told - ({"goals"} if one.holds == "target" else set()):
        return False
    return not any(labels.qualifies(head, how) for head in one.heads for how in ("past", "part"))


def _are_stated(names: Column) -> bool:
    """Say whether the cells of a column are names with their values: 慰问人数≥500人."""
    told = [text for text in map(said, names.cells) if text]
    return names.holds == "words" and bool(told) and all(map(stated, told))
