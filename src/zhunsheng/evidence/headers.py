"""The header of a ledger's table: which ledger it is of, which column means what, by what, and
in which unit.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal

from rapidfuzz import fuzz, process

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.ledgers import DEPARTMENT, Column, Ledger, ledgers, ledgers_of
from zhunsheng.evidence.mappings import Guide, LedgerMapping, column_named
from zhunsheng.text import clean
from zhunsheng.translation import series, worded

HEAD_ROWS = 15  # a header stands among the first rows, under a title or two
Spans = Mapping[tuple[int, int], tuple[int, int]]
How = Literal["mapping", "title", "synonym", "proposed"]
_BEST: tuple[How, ...] = ("mapping", "title", "synonym")  # what outranks what
# How a column is to be filled in, told in its title: （必填）, (年/月/日), （未办结不填）.
_REMARK = re.compile(
    r"\((?:必填项?|选填项?|必录项?|非必填|可不填|格式[^()]*|年[-/.]?月[-/.]?日|yyyy[^()]*|[^()]*(?:不填|填写)[^()]*)\)\s*$",
    re.IGNORECASE,
)
_NOISE = re.compile(r"[\s::*＊（()）【】\[\]/、，,。.]+")
# What names departments and nothing else; 单位 may be a unit of measure.
_OWN_DEPARTMENT = ("部门", "部门名称")
_DEPARTMENT_TITLES = (*_OWN_DEPARTMENT, "单位", "单位名称")
_UNITS = {"元": 1, "百元": 100, "千元": 1_000, "万元": 10_000, "百万元": 1_000_000, "亿元": 100_000_000}
_UNIT = "(百万元|百元|千元|万元|亿元|元)"
# 支付金额（万元）, 支付金额(单位：万元), 金额/万元, 支付金额万元, 支付金额（人民币万元）：
_TITLE_UNIT = re.compile(
    rf"[\s（(\[【/:：,，]*(?:(?:金额)?单位[:：]?)?\s*(?:人民币)?[:：]?\s*{_UNIT}[\s)）\]】:：*＊]*$"
)
# 单位：万元, 金额单位：人民币万元, 单位为万元, 金额以万元计
_LINE_UNIT = re.compile(
    rf"单位\s*[:：为]?\s*(?:人民币)?\s*{_UNIT}|(?:以|按)\s*(?:人民币)?\s*{_UNIT}\s*(?:为单位|计|填)"
)
# A title of the whole table: 支出情况表（万元）
_TABLE_UNIT = re.compile(rf"[（(\[【]\s*(?:人民币)?\s*{_UNIT}\s*[)）\]】]\s*$")
_NONE: tuple[str, How] = ("", "title")
_ALIKE = 60  # of 100: from where a title is named as the nearest one
_PROPOSED = 80  # of 100: from where a title is proposed for a column, if what stands under it fits
_LACKING = 70  # of 100: the same for what is required and missing
_CLEARLY = 10  # of 100: by how much one title must be more alike than the next
# What the upper line of a header says of a column that is not of this year or month, and of one that is.
_OTHER_PERIOD = re.compile("上年|上期|上月|上季|去年|往年|前年|同期|以前|历年|下年|下期|明年|累计|计划|预计")
_THIS_PERIOD = re.compile("本年|本期|本月|本季|本次|今年|当年|当期|当月|实际")
# What the first cells under a title look like, by the type of the column that they may be of.
_LOOKS = {
    "date": re.compile(r"\d{2,4}[-./年]\d{1,2}[-./月]\d{1,2}日?.*|(19|20)\d{6}|[二〇零一九]{4}年.*"),
    "integer": re.compile(r"[+-]?\d[\d,，]*"),
    "money": re.compile(r"[¥￥]?[+-]?\d[\d,，]*(\.\d+)?([万亿百千]*元)?"),
}


_VALUE = re.compile(r"[-+¥￥]?\d[\d,，.%年月日-]*")  # what a title is not


@dataclass(frozen=True)
class Head:
    """The header of one table.

    ``columns`` maps a column's name to its place in the file (from 0), ``how`` says by what it was found
    there, ``units`` in how many yuan an amount of a money column is written, ``stated`` where that stands,
    ``overruled`` by title what the line above states otherwise, ``twins`` the places of a column that a
    header of two lines names more than once. The header begins at line ``at`` (from 0) and takes ``lines``;
    ``titles`` are its cells, of two lines joined.
    """

    ledger: Ledger
    columns: dict[str, int]
    at: int
    lines: int
    titles: tuple[str, ...]
    units: dict[str, int] = field(default_factory=dict)
    stated: dict[str, str] = field(default_factory=dict)
    how: dict[str, How] = field(default_factory=dict)
    overruled: dict[str, str] = field(default_factory=dict)
    twins: dict[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def named(self) -> int:
        """How many of the ledger's columns it names, be it more than once."""
        return len(self.columns) + len(self.twins)

    @property
    def first_row(self) -> int:
        """The first row under the header, as a file counts rows (from 1)."""
        return self.at + self.lines + 1


@lru_cache(4096)
def _key(title: str) -> str:
    return _NOISE.sub("", _REMARK.sub("", unicodedata.normalize("NFKC", clean(title)))).lower()


@lru_cache(4096)
def _bare(title: str) -> tuple[str, int | None]:
    """Return a title without the unit of money at its end, and that unit in yuan."""
    seen = unicodedata.normalize("NFKC", clean(title))
    found = _TITLE_UNIT.search(seen)
    if not found or not seen[: found.start()].strip():
        return title, None
    return seen[: found.start()], _UNITS[found[1]]


def title_key(title: str) -> str:
    """Return what titles have in common that name the same column."""
    return _key(title)


def title_and_unit(title: str) -> tuple[str, int | None]:
    """Return a title without the unit of money that it states, and that unit in yuan."""
    word, unit = _bare(title)
    return word.rstrip("（( ") if unit else title, unit


def _titles(ledger: Ledger, mapping: LedgerMapping | None) -> dict[str, tuple[str, How]]:
    """Return what a column may be called, each with the column and whether that is its own title;
    what a mapping says of a title outranks both.
    """
    known: dict[str, tuple[str, How]] = {_key(t): (DEPARTMENT, "synonym") for t in _DEPARTMENT_TITLES}
    for column in ledger.columns:
        known |= {_key(title): (column.name, "synonym") for title in column.synonyms}
    for column in ledger.columns:
        known |= {_key(title): (column.name, "title") for title in (column.title, column.name)}
    known[_key(DEPARTMENT)] = (DEPARTMENT, "title")
    for title, word in mapping.columns.items() if mapping else ():
        known[_key(title)] = ((column_named(ledger, word) if word else None) or "", "mapping")
    return known


@dataclass(frozen=True)
class _Place:
    """Where a column of a ledger is named: its place, as which spelling, by what, and the unit stated there;
    ``whole`` where both lines of a header say it together.
    """

    at: int
    way: str
    how: How
    unit: int | None
    whole: bool


_Matched = tuple[dict[str, int], dict[str, int], dict[str, How], dict[str, tuple[int, ...]]]


def _match(
    spellings: Sequence[Sequence[str]], ledger: Ledger, known: Mapping[str, tuple[str, How]], name: str
) -> _Matched:
    """Return columns and units of a header, by what they were found, and the places of those that two lines
    name more than once; its cells can each be spelled in some ways.

    A column's own title outranks a synonym; of two that are equally good nobody can say which is meant,
    but that the upper line may tell them apart. Raises ``ZS-EV-08`` for one title twice, ``ZS-EV-43`` for two
    synonyms of one column.
    """
    money = {c.name for c in ledger.columns if c.type == "money"}
    found: dict[str, list[_Place]] = {}
    for position, ways in enumerate(spellings):
        said = [way for way in ways if known.get(_key(way), _NONE)[1] == "mapping"]
        for way in said or ways:
            word, unit = way, None
            if _key(word) not in known:
                word, unit = _bare(way)
            column, kind = known.get(_key(word), _NONE)
            if not column and kind == "mapping":
                break  # a person said that it is none
            if column and (unit is None or column in money):
                if unit is None and column in money:
                    unit = _bare(way)[1] or _unit_over(way, ways)
                whole = len(ways) > 1 and way == ways[0]
                found.setdefault(column, []).append(_Place(position, way, kind, unit, whole))
                break
    columns: dict[str, int] = {}
    units: dict[str, int] = {}
    how: dict[str, How] = {}
    twins: dict[str, tuple[int, ...]] = {}
    for column, named in found.items():
        kind = next(kind for kind in _BEST if any(place.how == kind for place in named))
        places = [place for place in named if place.how == kind]
        apart = {spellings[place.at][0] for place in named if len(spellings[place.at]) > 1}
        if kind != "mapping" and len(apart) == len(named):
            # Under different words of the upper line: the one that both lines name, if there is just one.
            both = [place for place in named if place.whole]
            if len(both) != 1 and (len(named) > 1 or _OTHER_PERIOD.search(spellings[named[0].at][0])):
                twins[column] = tuple(place.at for place in named)
                continue
            places = both or places
        if len(places) > 1:
            titles = [place.way for place in places]
            if len(set(map(_key, titles))) == 1:
                raise ZhunshengError("ZS-EV-08", name=name, column=titles[0])
            if column == DEPARTMENT:
                continue
            raise ZhunshengError(
                "ZS-EV-43", name=name, column=ledger.column(column).title, titles=series(titles)
            )
        columns[column], how[column] = places[0].at, places[0].how
        if places[0].unit:
            units[column] = places[0].unit
    return columns, units, how, twins


def _unit_over(way: str, ways: Sequence[str]) -> int | None:
    """Return the unit that the upper line of a header of two states over a cell that the lower one names."""
    upper = ways[0][: -len(way)] if len(ways) > 1 and ways[0] != way else ""
    found = _TITLE_UNIT.search(unicodedata.normalize("NFKC", clean(upper)))
    return _UNITS[found[1]] if found else None


def _two_lines(upper: Sequence[str], lower: Sequence[str], at: int, spans: Spans) -> list[list[str]]:
    """Return how each cell of a header of two lines can be spelled: both together, which says most, below
    alone, above alone.
    """
    over = list(upper) + [""] * (len(lower) - len(upper))
    for (row, left), (_height, width) in spans.items():
        if row == at and left < len(over):
            for column in range(left, min(left + width, len(over))):
                over[column] = over[left]
    # A sheet without merged cells, or a csv, has the upper title of some columns over the first alone.
    below_all = [_key(title) for title in lower]
    for position, title in enumerate(below_all):
        if position and title and not over[position].strip() and below_all.count(title) > 1:
            over[position] = over[position - 1]
    ways = []
    for position, above in enumerate(over):
        below = lower[position] if position < len(lower) else ""
        ways.append(list(dict.fromkeys([above + below, below])) if below.strip() else [above])
    return ways


def _best_line(
    rows: list[list[str]], ledger: Ledger, name: str, spans: Spans, mapping: LedgerMapping | None
) -> Head | None:
    """Return the line or pair of lines that names most of a ledger's columns, the earliest of the best."""
    best: Head | None = None
    fault: tuple[int, ZhunshengError] | None = None
    known = _titles(ledger, mapping)
    for at, row in enumerate(rows):
        pairs = [(1, [[cell] for cell in row])]
        if at + 1 < len(rows):
            pairs.append((2, _two_lines(row, rows[at + 1], at, spans)))
        for lines, ways in pairs:
            try:
                columns, units, how, twins = _match(ways, ledger, known, name)
            except ZhunshengError as error:
                # Of two lines that are no header together nothing is said; a header that can't be read is
                # told.
                fault = fault or ((at, error) if lines == 1 else None)
                continue
            # Of equals the one of fewer lines: a title above a header is no part of it.
            titles = tuple(way[0] for way in ways)
            head = Head(ledger, columns, at, lines, titles, units, how=how, twins=twins)
            if best is None or (head.named, -lines) > (best.named, -best.lines):
                best = head
    # A header with a title twice is none of two lines with the row above it where it is repeated.
    apart = best is not None and best.twins and fault and fault[0] > best.at
    if fault and not apart and (best is None or best.twins or _lacking(best)):
        raise fault[1]
    return best


def _lacking(head: Head) -> list[str]:
    return [c.title for c in head.ledger.columns if c.required and c.name not in head.columns]


def _unnamed(head: Head) -> int:
    return sum(c.required and c.name not in (*head.columns, *head.twins) for c in head.ledger.columns)


def header_of(  # noqa: PLR0913 - what a header is told from
    rows: list[list[str]],
    ledger: Ledger | None,
    name: str,
    guide: Guide,
    spans: Spans | None = None,
    *,
    around: Sequence[str] = (),
    guess: bool = True,
) -> tuple[Head, LedgerMapping | None]:
    """Return the header among the first ``rows`` of a table, with what is proposed where ``guide`` asks for
    it, and the mapping by which it was read, if by one. ``around`` are texts outside the table, which may
    state the unit of money. Without ``guess`` no proposal makes a table of a
    ledger what lacks something that is required there. Raises as ``find_header``, and ``ZS-EV-44`` where the
    unit of money stands there in two ways.
    """
    if guide.sample:
        return find_header(rows, sampled(rows, name), name, spans), None
    mapping = guide.mapping or _remembered(rows, ledger, name, guide, spans)
    if mapping and ledger is None:
        ledger = ledgers()[mapping.ledger].of(guide.department)
    if mapping and ledger and mapping.ledger != ledger.id:
        other = ledgers()[mapping.ledger].title
        detail = worded("它是“{other}”的，这个文件读作“{ledger}”", other=other, ledger=ledger.title)
        raise ZhunshengError("ZS-EV-48", name=mapping.name or other, detail=detail)
    used = _joined(mapping, guide.chosen)
    among = [ledger] if ledger else list(ledgers_of(guide.department).values())
    propose = "columns" in guide.propose
    try:
        head = find_header(rows, ledger, name, spans, used, among)
    except ZhunshengError as error:
        if not (propose and guess) or error.code not in ("ZS-EV-02", "ZS-EV-10", "ZS-EV-43"):
            raise
        guessed = _guessed(rows, among, name, spans or {}, used)
        if guessed is None:
            raise
        head = guessed
    return _with_units(_with_proposals(head, rows, used) if propose else head, rows, name, around), used


def sampled(rows: Sequence[Sequence[str]], name: str) -> Ledger:
    """Return a ledger of texts whose columns are the titles of a table of no known ledger: of its first
    ``rows`` those of the first one that has most texts. Raises ``ZS-EV-06`` where none has two.
    """

    def titles(row: Sequence[str]) -> list[str]:
        found = (" ".join(clean(cell).split()) for cell in row)
        return [one for one in found if one and not is_department(one) and not _VALUE.fullmatch(_key(one))]

    best = max(rows, key=lambda row: len(titles(row)), default=())
    if len(found := titles(best)) < 2:
        raise ZhunshengError("ZS-EV-06", name=name)
    columns = tuple(Column(name=f"c{n}", title=title, type="text") for n, title in enumerate(found, start=1))
    return Ledger(id="sample", title=name, what="", key=("c1",), columns=columns)


def _joined(mapping: LedgerMapping | None, chosen: LedgerMapping | None) -> LedgerMapping | None:
    """Return a mapping with what was answered of this file on top."""
    if mapping is None or chosen is None:
        return mapping or chosen
    values = {
        c: {**mapping.values.get(c, {}), **chosen.values.get(c, {})}
        for c in (*mapping.values, *chosen.values)
    }
    return mapping.model_copy(update={"columns": {**mapping.columns, **chosen.columns}, "values": values})


def _remembered(
    rows: list[list[str]], ledger: Ledger | None, name: str, guide: Guide, spans: Spans | None
) -> LedgerMapping | None:
    """Return the remembered mapping of a source whose files have just these titles, None where
    there is none.
    """
    for mapping in guide.remembered:
        known = ledgers_of(guide.department).get(mapping.ledger)
        if known is None or (ledger is not None and ledger.id != mapping.ledger):
            continue
        try:
            head = find_header(rows, known, name, spans, mapping)
        except ZhunshengError:
            continue
        if set(map(_key, mapping.titles)) == {_key(title) for title in head.titles if title.strip()}:
            return mapping
    return None


def find_header(
    rows: list[list[str]],
    ledger: Ledger | None,
    name: str,
    spans: Spans | None = None,
    mapping: LedgerMapping | None = None,
    among: Sequence[Ledger] = (),
) -> Head:
    """Return the header among the first ``rows`` of a table; without a ledger that of the one ``among`` some
    that fits best.

    ``spans`` are merged cells, anchor (row, column from 0) to (rows, columns); what ``mapping`` says of a
    title counts before the ledger's own. Raises ``ZS-EV-02`` for required columns that are missing, ``-06``,
    ``-08``, ``-10``, ``-43``.
    """
    best: Head | None = None
    score = runner_up = -(10**6)
    for candidate in [ledger] if ledger else among:
        try:
            head = _best_line(rows, candidate, name, spans or {}, mapping)
        except ZhunshengError:
            if ledger:
                raise
            continue
        if head is None:
            continue
        own = head.named - 100 * _unnamed(head)
        if best is None or own > score:
            best, score, runner_up = head, own, score
        elif own > runner_up:
            runner_up = own
    if best is None:
        raise ZhunshengError("ZS-EV-06", name=name)
    if ledger is None and (score <= 1 or score == runner_up):
        known = series(worded("{title}（{id}）", title=x.title, id=x.id) for x in among)
        raise ZhunshengError("ZS-EV-10", name=name, known=known)
    for column, places in best.twins.items():
        if column != DEPARTMENT and len(places) > 1 and best.ledger.column(column).required:
            titles = series(shown_title(best.titles[at]) for at in places)
            raise ZhunshengError(
                "ZS-EV-43", name=name, column=best.ledger.column(column).title, titles=titles
            )
    if lacking := _lacking(best):
        raise ZhunshengError("ZS-EV-02", name=name, columns=series(lacking), ledger=best.ledger.id)
    return best


def _guessed(
    rows: list[list[str]], among: Sequence[Ledger], name: str, spans: Spans, mapping: LedgerMapping | None
) -> Head | None:
    """Return the header of the one ledger of which the proposals complete what is required;
    None where none or several are so. At least as many columns must be there by their names as lack.
    """
    found: list[tuple[int, Head]] = []
    for candidate in among:
        try:
            head = _best_line(rows, candidate, name, spans, mapping)
        except ZhunshengError:
            continue
        if head is None or head.named < max(2, _unnamed(head)):
            continue
        whole = _with_proposals(head, rows, mapping)
        if not _lacking(whole):
            found.append((head.named, whole))
    found.sort(key=lambda one: one[0], reverse=True)
    if not found or (len(found) > 1 and found[0][0] == found[1][0]):
        return None
    return found[0][1]


def _with_proposals(head: Head, rows: list[list[str]], mapping: LedgerMapping | None) -> Head:
    """Return the header with columns that are missing proposed from titles nobody has spoken of:
    by a title much alike over cells that fit, or, of what is required, as the only cells that fit.
    """
    said = {_key(title) for title in mapping.columns} if mapping else set()
    free = {
        at: title
        for at, title in enumerate(head.titles)
        if title.strip() and at not in head.columns.values() and _key(title) not in said
    }
    wanted = [c for c in head.ledger.columns if c.name not in head.columns]
    if not free or not wanted:
        return head
    below = rows[head.at + head.lines :]
    cells = {at: [row[at].strip() for row in below if at < len(row) and row[at].strip()] for at in free}
    alike = sorted(
        (
            (_likeness(title, column), at, column.name)
            for at, title in free.items()
            for column in wanted
            if _fits(column, cells[at])
        ),
        key=lambda one: (-one[0], one[1]),
    )
    columns, how, units = dict(head.columns), dict(head.how), dict(head.units)
    taken: set[int] = {at for places in head.twins.values() for at in places}
    for name, places in head.twins.items():
        if (at := _of_this_period(places, head.titles)) is not None:
            columns[name], how[name] = at, "proposed"
    for likeness, at, name in alike:
        if likeness >= _PROPOSED and at not in taken and name not in columns:
            columns[name], how[name] = at, "proposed"
            taken.add(at)
    for column in wanted:
        if column.required and column.name not in columns:
            # Any cells may be of a free text: only its title tells.
            least = 0 if column.type != "text" or column.pattern else _LACKING
            fitting = sorted(
                (
                    (_likeness(free[at], column), at)
                    for at in free
                    if at not in taken
                    and cells[at]
                    and _fits(column, cells[at])
                    and _likeness(free[at], column) >= least
                ),
                reverse=True,
            )
            # Of several whose cells fit, one that is clearly more alike.
            if fitting and (len(fitting) == 1 or fitting[0][0] - fitting[1][0] >= _CLEARLY):
                columns[column.name], how[column.name] = fitting[0][1], "proposed"
                taken.add(fitting[0][1])
    for column in wanted:
        if column.type == "money" and column.name in columns:
            if unit := _bare(head.titles[columns[column.name]])[1]:
                units[column.name] = unit
    return replace(head, columns=columns, how=how, units=units)


def _of_this_period(places: Sequence[int], titles: Sequence[str]) -> int | None:
    """Return the one of some places whose title says that it is of this period, else the one whose title
    doesn't say that it is of another; the only place there is; None where nobody can say.
    """
    for fits in (_THIS_PERIOD.search, lambda title: not _OTHER_PERIOD.search(title)):
        if len(found := [at for at in places if fits(titles[at])]) == 1:
            return found[0]
    return places[0] if len(places) == 1 else None


def _likeness(title: str, column: Column) -> float:
    """Return how much a title is like what a column is called, of 100."""
    bare = _key(_bare(title)[0])
    return max(fuzz.WRatio(bare, _key(word)) for word in (column.title, *column.synonyms))


def _fits(column: Column, cells: Sequence[str]) -> bool:
    """Say whether texts may be of a column, as far as its type tells; none may be of any."""
    if column.type == "choice":
        return all(_part_of(text, column) for text in cells)
    if column.type == "bool":
        return all(len(text) <= _FLAG for text in cells)
    pattern = re.compile(column.pattern) if column.pattern else _LOOKS.get(column.type)
    return pattern is None or all(pattern.fullmatch(text) for text in cells)


_FLAG = 4  # characters of a yes or no, in whatever words


def _part_of(text: str, column: Column) -> bool:
    return any(word in text for word in (*column.values, *column.aliases))


def _with_units(head: Head, rows: list[list[str]], name: str, around: Sequence[str]) -> Head:
    """Return the header with the units that a line above it states. Raises ``ZS-EV-44``."""
    lines = [[text] for text in around] + [[cell for cell in row if cell] for row in rows[: head.at]]
    said = {unit: cell for cells in lines for cell in cells for unit in units_stated(cell)}
    for cells in lines:
        if len(cells) == 1 and (found := _TABLE_UNIT.search(cells[0])):
            said.setdefault(_UNITS[found[1]], cells[0])
    money = [c for c in head.ledger.columns if c.type == "money" and c.name in head.columns]
    units, stated, overruled = dict(head.units), {}, {}
    for column in money:
        if column.name in units:
            stated[column.name] = title = head.titles[head.columns[column.name]]
            if other := [line for unit, line in said.items() if unit != units[column.name]]:
                overruled[title] = other[0]
        elif len(said) > 1:
            raise ZhunshengError(
                "ZS-EV-44", name=name, column=column.title, units=series(clean(c) for c in said.values())
            )
        elif said:
            ((units[column.name], stated[column.name]),) = said.items()
    return replace(head, units=units, stated=stated, overruled=overruled)


def units_stated(text: str) -> list[int]:
    """Return the units of money, in yuan, that a line outside the table states (单位：万元, 金额以万元计)."""
    return [_UNITS[found[1] or found[2]] for found in _LINE_UNIT.finditer(text)]


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


def shown_title(title: str) -> str:
    """Return a title as it is shown and remembered: on one line, with single blanks."""
    return " ".join(str(title).split())


def is_department(title: str) -> bool:
    """Say whether a title means departments and nothing else."""
    return _key(title) in {_key(word) for word in (*_OWN_DEPARTMENT, DEPARTMENT)}


def in_yuan(factor: int) -> str:
    """Return the word of a unit that a header stated, by how many yuan it is."""
    return next(word for word, yuan in _UNITS.items() if yuan == factor)
