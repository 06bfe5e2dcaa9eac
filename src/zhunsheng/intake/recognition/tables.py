"""Tables: where forms begin and end, which rows are indicators, labels or titles; lists of projects."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from zhunsheng.intake import labels
from zhunsheng.intake.grid import Grid, Paragraph
from zhunsheng.intake.layouts import FIELDS, HOLDS, misfit
from zhunsheng.intake.recognition import titles
from zhunsheng.intake.recognition.apart import parts_of
from zhunsheng.intake.recognition.cards import card_in
from zhunsheng.intake.recognition.columns import is_form, numbers_columns, own_cells, shown
from zhunsheng.intake.recognition.content import class_of, is_level, is_value, level_of, stated
from zhunsheng.intake.recognition.draft import Document, Draft, Headed, Said, TableColumns, Unread
from zhunsheng.intake.recognition.drawn_cells import put_right
from zhunsheng.intake.recognition.fields import Zone, note_labels, priced, put_ahead, put_field, read_labels
from zhunsheng.intake.recognition.goals import add_goals
from zhunsheng.intake.recognition.headers import (
    Header,
    header_at,
    indicating_row,
    is_indicator,
    project_columns,
    under_heads,
)
from zhunsheng.intake.recognition.indicators import read_card, read_indicator, read_stated, step_down
from zhunsheng.intake.recognition.money import YUAN, take_money, unit_noted
from zhunsheng.intake.recognition.paragraphs import read_paragraph
from zhunsheng.intake.recognition.rows import Row, decimal, is_foot, label_of, labels_of, row_of
from zhunsheng.targets.fields import COLUMN_LABELS
from zhunsheng.targets.spelling import column_op
from zhunsheng.translation import Worded, series, worded

_GROUP_TITLE = re.compile(r"^(?:[中长]期|实施期|中长期|年度)(?:绩效)?(?:目标|指标)(?:表)?$")
_FORM_TITLE = re.compile(r"绩效目标.{0,4}表|自评表|监控表")
_GOES_ON = re.compile(r"[（(]续表?[）)]$|续表?$")
_UNIT_OF_MONEY = re.compile(r"\s*(?:金额|货币|计量)?单位\s*[：:]")
_PROJECT = re.compile(
    r"(?:[（(]?[一二三四五六七八九十\d]{1,2}[）)、.．]\s*)?(?:项目|专项)(?:名称)?\s*[：:]\s*(.{2,80})"
)
_BEGINS = ("name", "code", "year", "department")  # fields at the left of a form's first rows
_OF_SHEET = ("name", "code", "department", "goals")  # fields that nothing but a sheet has
_LONGEST_PART = 8  # characters of a head that parts another one
_TOP = 6  # rows within which a form says whose it is


@dataclass
class _Reading:
    """How the next row of a table is to be read."""

    draft: Draft | None = None  # the sheet that rows belong to
    columns: TableColumns | None = None  # while rows are indicators
    zone: Zone = field(default_factory=Zone)
    unclear: bool = False  # whether rows of indicators stand under a header that nobody can tell
    again: bool = False  # whether a new page begins by saying again whose the rows are
    zone_title: str = ""  # the last row that says but one thing: a title over what follows


def read_table(document: Document, grid: Grid) -> None:
    """Read one table, which may hold several forms, a part of one, or nothing of interest."""
    last = document.going_on
    if last and is_level(grid.beside, "level1") and step_down(last, grid.beside):
        last.captioned = True  # 产出指标 beside a table of its own
    if (card := card_in(grid)) and (document.going_on or document.heading):
        _read_card(document, grid, card)
        return
    grid, joined = put_right(grid)
    for number in joined:
        why = worded("这一行由页末断开的两行连成，请核对")
        row = row_of(grid, number)
        document.doubt(row.place(row.cells[-1][0]), "indicators", row.words(), why)
    for part in parts_of(grid):
        _read_form(document, part)


def _read_card(document: Document, grid: Grid, card: Mapping[str, tuple[int, int]]) -> None:
    """Read an indicator that has a table of its own into the sheet at hand."""
    row = row_of(grid, card["name"][0])
    draft = document.going_on or _begin(document, row)
    texts = {name: "".join(grid.text(*at).split()) for name, at in card.items()}
    read_card(document, draft, row, texts)


def _read_form(document: Document, grid: Grid) -> None:
    """Read a table, or the part of it that holds the forms below one another."""
    now = _Reading()
    last = document.going_on
    document.open_draft = None
    if last and (_heads_again(last, grid) or not _own_form(grid)):
        if last.columns and _of_something_else(last.columns, grid):
            pass  # codes and amounts of another table
        elif last.columns and last.columns.width == grid.width:
            now = _Reading(last, last.columns)  # a table broken over pages goes on
        elif _heads_again(last, grid) and last.indicators and document.heading is None:
            now = _Reading(last)  # of which the lower part has lost or won a column that is only merged in it
        elif last.columns and document.heading is None:
            if narrowed := (
                last.columns.narrowed(grid.width)
                or _cut(last.columns, grid)
                or last.columns.drawn_in(_lefts(grid, 0, len(grid.rows)))
            ):
                now = _Reading(last, narrowed)
        if now.draft or document.heading is None:
            document.open_draft = len(document.drafts) - 1
    document.broken = False
    of_kind, document.of_kind = document.of_kind, False
    if last and of_kind and not grid.title and not _own_form(grid):
        document.open_draft, now.draft = len(document.drafts) - 1, last
    of_last_title = document.year is None or document.year == document.titled_year
    if of_last_title and (match := re.search(r"(20\d{2})", grid.title)):
        document.year = document.titled_year = int(match[1])  # each worksheet named by its year
    number = 0
    headers, doubts, had = len(document.tables), len(document.unsure), _count_read(document)
    while number < len(grid.rows):
        row = row_of(grid, number)
        number += _read_row(document, now, row) if row.cells else 1
        if now.draft is not None and now.columns is None:
            note_labels(now.draft, row)
    if len(document.tables) == headers and now.columns is None:
        doubted = any(one.field in ("indicators", "header") for one in document.unsure[doubts:])
        if not doubted and _count_read(document) == had and (first := indicating_row(grid)) is not None:
            row = row_of(grid, first)
            why = worded("像是绩效指标的表，认不出各列是什么，没有读入")
            document.doubt(row.place(row.cells[0][0]), "indicators", row.words(), why, unread=True)
            doubted = True
        draft = len(document.drafts) - 1 if document.drafts else None
        document.unread.append(Unread(grid, draft, document.year, doubted))


def _count_read(document: Document) -> tuple[int, int]:
    """Return how many drafts there are, and how many indicators the last one has."""
    return len(document.drafts), len(document.drafts[-1].indicators) if document.drafts else 0


def _cut(columns: TableColumns, grid: Grid) -> TableColumns | None:
    """Return where the fields are in a table's part on the next page of which the last columns are blank, so
    that a text has lost them; None where its cells are not what their columns are to hold.
    """
    cut = columns.cut(grid.width)
    if cut is None or "target" not in cut.fields:
        return None
    held = {
        name: [*filter(None, (grid.text(*at).strip() for at in _down(grid, c)))]
        for name, c in cut.fields.items()
    }
    fits = not any(misfit(name, cells, class_of(cells)) for name, cells in held.items() if name in FIELDS)
    placed = any(level_of(text) for name in ("level1", "level2") for text in held.get(name, ()))
    return cut if fits and placed and any(map(is_value, held["target"])) else None


def _lefts(grid: Grid, start: int, end: int) -> tuple[float | None, ...]:
    """Return where on its page each column begins in some rows, None where no cell tells."""
    found: list[float | None] = [None] * grid.width
    for row in range(start, end):
        for column in grid.distinct(row):
            if grid.owner(row, column) == (row, column) and (region := grid.place(row, column).region):
                before = found[column]
                found[column] = region[0] if before is None else min(region[0], before)
    return tuple(found)


def _of_something_else(columns: TableColumns, grid: Grid) -> bool:
    """Say whether a table as wide as the last one of indicators mostly has numbers where that one has its
    names or levels.
    """
    for column in (columns.fields[name] for name in ("level1", "level2", "name") if name in columns.fields):
        texts = [text for at in _down(grid, column) if (text := grid.text(*at).strip())]
        if 2 * sum(decimal(text) is not None for text in texts) > len(texts):
            return True
    return False


def _down(grid: Grid, column: int) -> dict[tuple[int, int], None]:
    """Return where the cells of a column stand, each once."""
    return dict.fromkeys(grid.owner(row, column) for row in range(len(grid.rows)))


def _read_row(document: Document, now: _Reading, row: Row) -> int:
    """Read the row at hand and return how many rows that took."""
    again = now.columns and shown(row.grid, row.number) in now.columns.rows
    if again and now.draft and _is_medium(now, row) == now.draft.medium:
        return 1  # the header that comes again on the next page
    if header := _header(document, now, row):
        _enter_indicators(document, now, row, header)
        if header.height:
            return header.height
    if _is_unclear_header(row):
        why = worded("像是绩效指标的表头，认不出指标值是哪一列，下面的各行没有读入")
        document.doubt(row.place(row.cells[0][0]), "header", row.words(), why, unread=True)
        now.columns, now.zone = None, Zone()
        return 1
    if now.columns and now.columns.project and row.only is not None and not level_of(row.only):
        return 1  # a remark between projects
    if now.columns and now.draft and now.columns.project:
        now.draft = _project_of(document, now.draft, row, now.columns)
        _read_indicators(document, now.draft, row, now.columns)
        return 1
    if now.draft and now.draft.indicators and _begins_page(now, now.draft, row):
        return 1
    if now.draft and (now.columns or now.draft.indicators) and _starts_form(row):
        now.draft, now.columns, now.zone = None, None, Zone()
        document.open_draft = None
    if now.columns and now.draft and labels.label(row.cells[0][1]) != "safeguards":
        _read_below_header(document, now, now.draft, now.columns, row)
        return 1
    now.columns = None
    if is_foot(row.cells[0][1]) and now.zone.label in ("goals", "medium_goals", "narrative"):
        now.zone = Zone()
        return 1
    if is_indicator(row.grid, row.number):
        why = worded("像是绩效指标，认不出各列是什么，没有读入")
        document.doubt(row.place(row.cells[0][0]), "indicators", row.words(), why, unread=True)
        now.unclear = now.unclear or under_heads(row.grid, row.number)
        return 1
    if row.only is not None and now.draft is None:
        now.zone_title = row.only if _GROUP_TITLE.search(row.only) else ""
        read_paragraph(document, Paragraph(row.only, row.place(row.cells[0][0])))
        return 1
    if now.draft is not None and _is_banner(row, now.draft):
        now.draft.captioned = True
        return 1
    if row.only is not None and _read_title(document, now, row, row.only):
        return 1
    _read_others(document, now, row)
    return 1


def _read_outlined(document: Document, draft: Draft, row: Row) -> bool:
    """Read a row without a header whose last cell states indicators behind the name of a category (产出指标 |
    数量指标：查验货物≥3000批；…), a line for each; say whether it is one.
    """
    column, text = row.cells[-1]
    before = [said_there for _, said_there in row.cells[:-1]]
    lines = [line.replace(":", "：").partition("：") for line in text.splitlines() if line.strip()]
    if not all(mark and level_of(head) and rest.strip() for head, mark, rest in lines):
        return False
    if not all(is_level(one, "level1") for one in before) or not any(stated(r) for _, _, r in lines):
        return False
    for one in before:
        step_down(draft, one)
    for head, _, rest in lines:
        step_down(draft, head)
        level1, level2 = draft.levels
        read_stated(document, draft, row.place(column), rest, {"level1": level1, "level2": level2})
    return True


def _begins_page(now: _Reading, draft: Draft, row: Row) -> bool:
    """Say whether a row says again on a new page what the sheet at hand is: its title with （续） behind it,
    or as it stands over it, and the project's name below that.
    """
    if row.only is not None:
        title, below = "".join(row.only.split()), row.number + 1
        own = _names(row_of(row.grid, below)) if below < len(row.grid.rows) else ""
        if _GOES_ON.search(title):
            now.again = bool(_FORM_TITLE.search(title)) and own in ("", draft.name)
        else:
            now.again = title == "".join((draft.title or "").split()) and own == draft.name
        return now.again
    return now.again and draft.name is not None and _names(row) == draft.name


def _names(row: Row) -> str:
    """Return the name of a project that a row tells, empty where it tells none."""
    for n, (name, value) in enumerate(labels_of(row)):
        if name == "name":
            said_there = value or (row.cells[n + 1][1] if n + 1 < len(row.cells) else "")
            return "".join(said_there.split())
    return ""


def _is_unclear_header(row: Row) -> bool:
    """Say whether a row is like a header of indicators, of which nobody could tell the values."""
    heads = ("level1", "level2", "name", "op", "weight")
    return sum(labels.header(text) in heads for _, text in row.cells) > 2


def _read_others(document: Document, now: _Reading, row: Row) -> None:
    """Read a row of labels and values, which may begin a sheet or stand ahead of one, or an outlined one."""
    if now.draft is not None and _read_outlined(document, now.draft, row):
        return
    for _, text in row.cells:
        if _UNIT_OF_MONEY.match(text):
            document.money_unit = unit_noted(text) or document.money_unit
    for (_, head), (_, text) in pairwise(row.cells):
        if text in YUAN and _UNIT_OF_MONEY.fullmatch(head):
            document.money_unit = text
    told = {name for name, _ in labels_of(row)} - {None}
    last = document.going_on
    titled = document.heading is not None or any(name == "name" for name, _ in document.ahead)
    titled = titled or (last is not None and not last.indicators and not row.grid.title)
    if now.draft is None and (told & set(_OF_SHEET) or (titled and told)):
        now.draft = _begin(document, row)
    if now.draft is None:
        _keep_ahead(document, row)
    else:
        read_labels(document, now.draft, row, now.zone)


def _header(document: Document, now: _Reading, row: Row) -> Header | None:
    """Return the header that begins at a row: as a person confirmed it, else as words and cells tell it."""
    found = document.known.at(row.grid, row.number, document.year)
    if found and not found[1]:
        return found[0]
    again = now.columns is not None and shown(row.grid, row.number) in now.columns.rows
    unheaded = again or (now.columns is None and not now.unclear)  # again: over the other term's indicators
    unheaded = unheaded or (now.columns is not None and _begins_again(row))
    told = header_at(row.grid, row.number, document.year, unheaded=unheaded)
    if told and not told.height and not found and (found := document.known.unheaded(told)) and not found[1]:
        _tell_alike(document, row, found[0])
        return found[0]
    if found:
        _tell_misfit(document, row, *found)
    return told


def _begins_again(row: Row) -> bool:
    """Say whether a row in a table of indicators plainly is another header: the form's own label begins
    beside it (年度绩效指标), or the next row numbers its columns.
    """
    beside = row.cells[0][0] == 0 and row.grid.owner(row.number, 0)[0] == row.number
    below = row.number + 1
    numbered = below < len(row.grid.rows) and numbers_columns([*own_cells(row.grid, below)])
    return numbered or (beside and is_form(row.cells[0][1]))


def _tell_alike(document: Document, row: Row, header: Header) -> None:
    """Doubt a table without a header that was read by a confirmed layout, where another one may be just like
    it: columns that hold the same kind of cells are different things in it.
    """
    assert header.layout is not None
    if alike := header.layout.alike():
        parts = series(
            (
                worded("{holds}（{fields}）", holds=HOLDS[holds], fields=series(fields))
                for holds, fields in alike
            ),
            "；",
        )
        why = worded(
            "没有表头，按已确认的版式读入；同样是{parts}，只凭内容分不出先后，请核对各列", parts=parts
        )
        document.doubt(row.place(row.cells[0][0]), "header", row.words(), why)


def _tell_misfit(document: Document, row: Row, header: Header, wrong: Mapping[int, Worded]) -> None:
    """Doubt a table of a confirmed layout whose cells are something else now: it was not read by it."""
    names = {column: name for name, column in header.fields.items()}
    heads = {column: _head(row, column, header) or row.text(column) for column in wrong}
    parts = series(
        worded("“{head}”应为“{what}”，现在是{holds}", head=heads[n], what=FIELDS[names[n]], holds=holds)
        for n, holds in wrong.items()
    )
    why = worded("与已确认的版式不符，没有按它读：{parts}；请重新确认各列", parts=parts)
    document.doubt(row.place(row.cells[0][0]), "header", "、".join(heads.values()), why)


def _enter_indicators(document: Document, now: _Reading, row: Row, header: Header) -> None:
    """Go on with rows of indicators under a header, in a sheet of their own where none is open."""
    fields = header.fields
    taken = {*fields.values(), *(column for group in header.groups for column in group.fields.values())}
    project = project_columns(row.grid, row.number, header.height, taken) if header.height else {}
    last = document.going_on
    if now.draft is None and not header.height and last and last.columns and document.heading is None:
        now.draft = last  # without a header of its own it goes on with the table before
        document.open_draft = document.number_of(last)
    if now.draft is None or (project and now.draft.indicators):
        now.draft = _begin(document, row)
    for name, column in project.items():
        now.draft.labelled.setdefault(name, row.place(column))
    before = now.draft.columns
    now.columns = TableColumns(
        fields,
        project,
        {name: _head(row, column, header) for name, column in project.items()},
        header.groups,
        header.rows(row.grid, row.number),
        header.weak,
        row.grid.width,
        _starts(row.grid, row.number + header.height),
        _lefts(row.grid, row.number, len(row.grid.rows)),
    )
    captioned, now.draft.captioned = now.draft.captioned, False
    now.draft.columns, now.draft.stairs = now.columns, captioned
    if not captioned and (before is None or before.fields != now.columns.fields):
        now.draft.levels = ("", "")  # a head that comes again goes on
    now.draft.medium = _is_medium(now, row)
    if header.columns:
        place = row.place(row.cells[0][0])
        document.tables.append(Headed(header, place, document.number_of(now.draft), document.year))
    _tell(document, row, header, project)


def _starts(grid: Grid, number: int) -> tuple[int, ...]:
    """Return where the cells of a row begin, nothing behind the last row."""
    return tuple(grid.distinct(number)) if number < len(grid.rows) else ()


def _is_medium(now: _Reading, row: Row) -> bool:
    """Say whether a header stands over the medium term's indicators."""
    side = row.text(0) + now.zone_title
    return titles.of_medium_term(side) and "年度" not in side


def _tell(document: Document, row: Row, header: Header, project: Mapping[str, int]) -> None:
    """Note which columns were known by what they hold only, and which were not read; or by what confirmed
    layout.
    """
    if header.layout is not None:
        parts = series(
            worded("“{head}”作“{what}”", head=head, what=what or worded("不读入"))
            for head, what in header.layout.parts()
            if head
        )
        why = worded("按已确认的版式读入（{who}确认）：{parts}", who=header.layout.signed, parts=parts)
        document.doubt(row.place(row.cells[0][0]), "layout", row.words(), why)
    # Which of several columns holds the values is asked of each value (``_read_indicators``).
    guessed = [one for one in header.guessed if not (header.weak and one[1] == "target")]
    if guessed:
        heads = [_head(row, column, header) or row.text(column) for column, _ in guessed]
        parts = series(
            worded("“{head}”作“{what}”", head=head, what=COLUMN_LABELS[name])
            for head, (_, name) in zip(heads, guessed, strict=True)
        )
        why = (
            worded("表头认不出，按各列的内容读入：{parts}，请确认", parts=parts)
            if header.height
            else worded("没有表头，按各列的内容读入：{parts}，请确认", parts=parts)
        )
        document.doubt(row.place(row.cells[0][0]), "header", "、".join(heads), why)
    for column in header.rivals:
        why = worded("与另一列都像指标值，这一列没有读入，请核对")
        document.doubt(row.place(column), "header", _head(row, column, header), why, unread=True)
    for column in set(header.unread) - set(project.values()):
        if labels.is_aside(row.grid.text(row.number + header.height - 1, column)):
            continue
        document.doubt(row.place(column), "column", _head(row, column, header), worded("这一列没有读入"))


def _head(row: Row, column: int, header: Header) -> str:
    """Return the words over a column, the lowest last."""
    grid, first = row.grid, row.number
    anchors = dict.fromkeys(grid.owner(first + n, column) for n in range(header.height))
    return " ".join(text for anchor in anchors if (text := grid.text(*anchor).strip()))


def _read_below_header(
    document: Document, now: _Reading, draft: Draft, columns: TableColumns, row: Row
) -> None:
    """Read a row under a header: an indicator, a title over the next ones, or the foot of the table."""
    heads = [text for _, text in row.cells if labels.qualifies(text, "past") and not is_value(text)]
    indicates = any(is_value(text) or level_of(text) for _, text in row.cells)
    years = [text for _, text in row.cells if titles.is_year(text)]
    two_heads = len(heads) > 1 and not indicates
    if (two_heads or len(years) == len(row.cells) > 1) and "target" in columns.fields:
        why = worded("表头下面还有一行表头，认不出各列指标值是哪一年的，下面的各行没有读入")
        document.doubt(row.place(row.cells[0][0]), "header", row.words(), why, unread=True)
        now.columns, now.unclear = None, True
    elif is_foot(row.cells[0][1]):
        now.columns = None
    elif row.only is not None and _GROUP_TITLE.search(row.only):
        now.zone_title = row.only
    elif "level1" not in columns.fields and _is_banner(row, draft):
        pass
    elif draft.levels == ("", "") and _goes_on_with_heads(row, columns.fields):
        if not all(labels.parts_a_head(text) for _, text in row.cells):
            why = worded("表头下面还有一行，认不出是表头还是指标，没有读入")
            document.doubt(row.place(row.cells[0][0]), "header", row.words(), why, unread=True)
    elif row.only is not None and (begun := _PROJECT.fullmatch(row.only.strip())):
        now.draft = _next_project(document, draft, row, begun[1])
    else:
        _read_indicators(document, draft, row, columns)


def _is_banner(row: Row, draft: Draft) -> bool:
    """Take a row that says nothing but the name of a dimension over the rows below; say whether it does."""
    return row.only is not None and is_level(row.only, "level1") and step_down(draft, row.only)


def _goes_on_with_heads(row: Row, fields: Mapping[str, int]) -> bool:
    """Say whether a row right below a header stands under no level and holds but short words: it rather
    parts the heads above it, in a text that can't merge cells.
    """
    if len(row.cells) > 2 and all(labels.parts_a_head(text) for _, text in row.cells):
        return True
    first = next((fields[name] for name in ("level1", "level2") if name in fields), None)
    told = [text for _, text in row.cells if not labels.qualifies(text, "part")]
    if first is None or row.text(first) in told or len(row.cells) < 2:
        return False
    words = not any(is_value(text) or column_op(text) or level_of(text) for text in told)
    return words and all(len(text) <= _LONGEST_PART for _, text in row.cells)


def _read_indicators(document: Document, draft: Draft, row: Row, columns: TableColumns) -> None:
    """Read the indicator of a row, or of a wide table one under each level."""
    if columns.groups and any(labels.is_total(text) for _, text in row.cells):
        if columns.project:
            return
        draft.indicators.clear()  # what the rows above tell are its parts: 合计 below towns
    for group in columns.groups:
        draft.levels = (group.level1, group.level2)
        draft.stairs = True
        read_indicator(document, draft, row, group.fields, group.name)
    if columns.groups:
        return
    fields = columns.fields
    if {"twin_name", "twin_target"} <= fields.keys():  # two indicators a row: the left one first
        shared = {name: column for name, column in fields.items() if name in ("level1", "level2")}
        twin = {"name": fields["twin_name"], "target": fields["twin_target"]}
        read_indicator(document, draft, row, shared | twin)
    before = len(draft.indicators)
    read_indicator(document, draft, row, fields)
    for read in draft.indicators[before:] if columns.weak else ():
        why = worded("“{name}”：另有几列也像指标值，认不出以哪一列为准", name=read.indicator.name)
        document.doubt(row.place(fields["target"]), "target", read.indicator.target.raw, why)


def _read_title(document: Document, now: _Reading, row: Row, only: str) -> bool:
    """Take what a row of one text tells of what follows; say whether it is a title and nothing else."""
    now.zone_title = only if len(only) < 30 else ""
    take_money(document, only, row.place(row.cells[0][0]))
    document.money_unit = unit_noted(only) or document.money_unit
    if len(only) < 80:
        told, value = label_of(only)
        document.year = titles.year_in(f"{value}年" if told == "year" else only) or document.year
        if titles.of_targets(only) and labels.label(only) is None:
            document.heading = Said(only, row.place(row.cells[0][0]))
            return True
    return bool(_GROUP_TITLE.search(only))


def _keep_ahead(document: Document, row: Row) -> None:
    """Keep what a row tells of the sheet that has not begun yet: 预算单位 over 项目名称."""
    for (_, label), (column, text) in pairwise(row.cells):
        name = label_of(label)[0]
        if name and (name in ("unit", "year") or name.startswith("budget.")) and label_of(text)[0] is None:
            document.ahead.append((name, Said(text, row.place(column), label)))


def _begin(document: Document, row: Row) -> Draft:
    """Begin the sheet whose first row this is, under the title over it, with what was told ahead of it."""
    draft = _titled(document, row)
    put_ahead(document, draft)
    return draft


def _titled(document: Document, row: Row) -> Draft:
    department, heading = document.department, document.heading
    document.department = document.heading = None
    if department is not None and department is document.drafts[-1] and not department.indicators:
        # The heading over a department's table, which looked like the beginning of its narrative.
        document.open_draft = len(document.drafts) - 1
        return department
    last = None if heading else document.going_on
    if last is not None and not last.indicators and not row.grid.title and not _names_sheet(row):
        return last  # the table of indicators below the one that says whose they are
    title = heading.text if heading else (row.grid.title or None)
    place = heading.place if heading else row.place(0)
    draft = document.start(titles.kind_in(title), title, place)
    if heading:
        draft.provenance["title"] = heading.place
    return draft


def _names_sheet(row: Row) -> bool:
    return any(name in ("name", "code") for name, _ in labels_of(row))


def _heads_again(last: Draft, grid: Grid) -> bool:
    """Say whether a table begins with the header of the one before it, as on the next page."""
    top = range(min(_TOP, len(grid.rows)))
    return last.columns is not None and any(shown(grid, number) in last.columns.rows for number in top)


def _own_form(grid: Grid) -> bool:
    """Say whether a table begins a form of its own: a project's name or code near its top."""
    return any(_starts_form(row_of(grid, number)) for number in range(min(len(grid.rows), _TOP)))


def _starts_form(row: Row) -> bool:
    if any(labels.label(text) in _BEGINS for _, text in row.cells[:3]):
        return True
    title = row.only
    if title is None or len(title) >= 60 or _GROUP_TITLE.search(title):
        return False
    return bool(_FORM_TITLE.search(title))


def _next_project(document: Document, draft: Draft, row: Row, name: str) -> Draft:
    """Begin the project that a row between indicators names, under the header over them all:
    项目：社区康复（预算：68.5）.
    """
    if draft.name or draft.indicators:
        columns, title = draft.columns, draft.title
        draft = document.start(draft.kind, title, row.place(0))
        draft.columns = columns
    cost = priced(re.sub(r"(?<=[（(])(?:预算|金额|资金)(?:金额|数|额)?[：:]?", "", name))
    place = row.place(row.cells[0][0])
    put_field(document, draft, "name", Said(cost[0] if cost else name, place))
    if cost:
        put_field(document, draft, "budget.total", Said(cost[1], place))
    return draft


def _project_of(document: Document, draft: Draft, row: Row, columns: TableColumns) -> Draft:
    """Return the project that a row of a list belongs to: the one at hand, or the next by its name."""
    project = columns.project
    name = "".join(row.text(project["name"]).split())
    cost = priced(name) if re.search(r"金额|资金|预算", columns.heads["name"]) else None
    name = cost[0] if cost else name
    spanning = row.grid.owner(row.number, project["name"])[1] < project["name"]
    if not name or spanning or labels.is_total(name) or name == draft.name:
        column = project.get("goals")
        if not spanning and column is not None and row.grid.owner(row.number, column) == (row.number, column):
            text = row.text(column)
            if text and not any(goal.text in " ".join(text.split()) for goal in draft.goals):
                add_goals(draft, row, [(column, text)])  # a cell that goes on on the next page
        return draft
    if draft.name:
        before = draft
        draft = document.start(before.kind, before.title, row.place(0))
        draft.columns = columns
        if before.unit is not None and not row.text(project.get("unit", project["name"])):
            draft.put("unit", before.unit, before.provenance["unit"])
    if cost:
        said = Said(cost[1], row.place(project["name"]), columns.heads["name"])
        put_field(document, draft, "budget.total", said)
    for found, column in project.items():
        text = name if found == "name" else row.text(column).strip()
        if text and found == "goals":
            add_goals(draft, row, [(column, text)])
        elif text:
            put_field(document, draft, found, Said(text, row.place(column), columns.heads[found]))
    return draft
