"""How a column writes its days and amounts where one cell alone doesn't say: decided from all of its cells.

Two-digit years, days before months, commas as decimal points and Chinese numerals become plain texts (ISO
days, decimals with a point) only where the whole column leaves one reading; otherwise the cell is an error
that names the readings. Nothing is guessed, and what was decided is told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import duckdb
import pyarrow as pa

from zhunsheng.clock import today
from zhunsheng.evidence.ledgers import Column
from zhunsheng.evidence.raw import Raw
from zhunsheng.evidence.sql import quoted
from zhunsheng.numerals import chinese_amount
from zhunsheng.translation import series, worded
from zhunsheng.wording import plain

# 21.3.5, 5/3/2021, 21年3月5日; a time may follow.
_SHORT = r"(\d{1,4})([./-]|年)(\d{1,2})([./-]|月)(\d{1,4})[日号]?(?:[ T].*)?"
_SHORT_DAY = re.compile(_SHORT)
_IS_SHORT = r"\d{1,2}([./-]|年)\d{1,2}([./-]|月)(\d{1,2}|\d{4})[日号]?([ T].*)?"
_ORDERS = {"ymd": (0, 1, 2), "dmy": (2, 1, 0), "mdy": (2, 0, 1)}
_SAID = {"ymd": worded("年、月、日"), "dmy": worded("日、月、年"), "mdy": worded("月、日、年")}
# From so many different days on, a year that stays while the rest changes is the year.
_ENOUGH, _APART = 5, 5
_COMMA = r"[-+(¥￥]*\d{1,3}(\.\d{3})*,\d{1,2}[)元万亿]*|[-+(¥￥]*\d+,\d{1,2}[)元万亿]*"
_BOTH = r"[-+(¥￥]*\d{1,3}(\.\d{3})+,\d+[)元万亿]*"
_POINT = r".*,\d{3}[.,].*|[^,]*\d\.\d{1,2}([^\d].*)?|[^,]*\d\.\d{4,}([^\d].*)?"
_BY_COMMA = re.compile(r"([-+(¥￥]*)(\d{1,3}(?:\.\d{3})+|\d+)(?:,(\d+))?([)元万亿]*)")
_NUMERALS = "[〇零一二两三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟圆]"
_TENS = re.compile(r"[-+]?\d+(?:\.\d+)?[万亿]")
_WHOLE_FLOAT = r"[0-9]+[.]0+"


@dataclass
class Settled:
    """What was decided: texts of columns (by number) with the plain text that each stands for, or why nobody
    can say; how many cells were read so (``account.CHANGES``), and notes.
    """

    values: list[tuple[int, str, str]] = field(default_factory=list)
    unclear: list[tuple[int, str, str]] = field(default_factory=list)
    changes: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def count(self, kind: str, cells: int) -> None:
        """Count cells that were read so."""
        if cells:
            self.changes[kind] = self.changes.get(kind, 0) + cells


def settle(connection: duckdb.DuckDBPyConnection, raw: Raw) -> Settled:
    """Decide of each column of days and amounts of table ``raw`` how it writes them, and make table
    ``settled`` (n, text, value, why) of the texts that are not read as they stand.
    """
    found = Settled()
    for column, n in _asked(connection, raw):
        if column.type == "date":
            _settle_days(connection, column, n, found)
        elif column.type == "text":
            _settle_floats(connection, raw, column, n, found)
        else:
            _settle_numbers(connection, raw, column, n, found)
    connection.execute("CREATE TABLE settled(n BIGINT, text VARCHAR, value VARCHAR, why VARCHAR)")
    rows = [(*one, None) for one in found.values] + [(n, text, None, why) for n, text, why in found.unclear]
    if rows:
        fields = ("n", "text", "value", "why")
        table = pa.table(
            {
                name: pa.array(v, pa.int64() if name == "n" else pa.string())
                for name, v in zip(fields, zip(*rows, strict=True), strict=True)
            }
        )
        connection.register("incoming", table)
        connection.execute("INSERT INTO settled SELECT * FROM incoming")
        connection.unregister("incoming")
    return found


def conditions(raw: Raw) -> dict[tuple[str, int], str]:
    """Return by column, and its number, the SQL condition of a cell that needs the others to be read."""
    found: dict[tuple[str, int], str] = {}
    for column in raw.ledger.columns:
        if (n := raw.columns.get(column.name)) is None:
            continue
        cell = f"c{n}"
        if column.type == "date":
            # Nearly every day begins with three figures of its year, 190 to 209, and so costs no pattern.
            year = f"({cell} >= '190' AND {cell} < '19:' OR {cell} >= '200' AND {cell} < '20:')"
            condition = f"CASE WHEN {year} THEN false ELSE {_short(cell)} END"
        elif column.type in ("money", "integer"):
            condition = f"contains({cell}, ',') OR strlen({cell}) > length({cell})"
        elif raw.guarded and column.name in raw.ledger.key and column.name != "project":
            condition = f"ends_with({cell}, '.0')"
        else:
            continue
        found[column.name, n] = condition
    return found


def _asked(connection: duckdb.DuckDBPyConnection, raw: Raw) -> list[tuple[Column, int]]:
    """Return the columns of which some cell needs the others to be read."""
    asked = conditions(raw)
    needed = raw.some(connection, list(asked.values()))
    return [(raw.ledger.column(name), n) for (name, n), yes in zip(asked, needed, strict=True) if yes]


def _short(cell: str) -> str:
    return f"regexp_full_match(zs_narrow({cell}), {quoted(_IS_SHORT)})"


# -- days
# -----------------------------------------------------------------------------------------------------------


def _settle_days(connection: duckdb.DuckDBPyConnection, column: Column, n: int, found: Settled) -> None:
    short = connection.execute(
        f"SELECT c{n}, zs_narrow(c{n}), count(*) FROM raw WHERE {_short(f'c{n}')} GROUP BY 1, 2 ORDER BY 1"
    ).fetchall()
    ((low, high),) = connection.execute(
        f"SELECT min(year(d)), max(year(d)) FROM (SELECT zs_date(zs_narrow(c{n})) AS d FROM raw WHERE NOT "
        f"{_short(f'c{n}')}) WHERE d BETWEEN DATE '{column.first_day}' AND DATE '{_latest(column)}'"
    ).fetchall()
    cells = {text: count for text, _narrow, count in short}
    named: dict[str, date] = {}
    groups: dict[bool, dict[str, dict[str, date]]] = {True: {}, False: {}}
    for text, narrow, _count in short:
        parts = _SHORT_DAY.fullmatch(narrow)
        assert parts
        figures = (parts[1], parts[3], parts[5])
        readings = {o: day for o in _ORDERS if (day := _read(figures, _ORDERS[o], column))}
        if parts[2] == "年":
            if day := readings.get("ymd"):
                named[text] = day
        elif readings:
            # A year of four digits at the end leaves open only which of the others is the month.
            groups[len(parts[5]) == 4][text] = readings
    found.values += [(n, text, day.isoformat()) for text, day in named.items()]
    found.count("years", sum(cells[text] for text in named))
    for ends_in_year, texts in groups.items():
        if not texts:
            continue
        order = _order(texts, None if ends_in_year or low is None else (low, high))
        if order is None:
            for text, readings in texts.items():
                days = sorted(set(readings.values()))
                if ends_in_year and len(days) == 1 and len(readings) > 1:
                    found.values.append((n, text, days[0].isoformat()))
                    found.count("order", cells[text])
                    continue
                listed = series([day.isoformat() for day in days])
                why = worded(
                    "年、月、日的先后不明（可以是 {days}），年份请写四位，如 2021-03-05", days=listed
                )
                found.unclear.append((n, text, why))
            continue
        found.values += [(n, text, readings[order].isoformat()) for text, readings in texts.items()]
        count = sum(cells[text] for text in texts)
        found.count("order" if ends_in_year else "years", count)
        example = next(iter(texts))
        found.notes.append(
            worded(
                "“{title}”有 {count} 格按{order}的先后读入，如 {text} 读作 {day}",
                title=column.title,
                count=count,
                order=_SAID[order],
                text=example,
                day=texts[example][order].isoformat(),
            )
        )


def _latest(column: Column) -> date:
    """Return the last day that a column can hold: of what happened, today."""
    return column.last_day if column.ahead else min(column.last_day, today())


def _read(figures: Sequence[str], order: tuple[int, int, int], column: Column) -> date | None:
    """Return the day that three figures write in an order, None where that is none the column can hold."""
    year, month, day = (figures[at] for at in order)
    if len(month) > 2 or len(day) > 2 or len(year) not in (2, 4):
        return None
    for century in (2000, 1900) if len(year) == 2 else (0,):
        try:
            found = date(century + int(year), int(month), int(day))
        except ValueError:
            continue
        if column.first_day <= found <= _latest(column):
            return found
    return None


def _order(texts: Mapping[str, Mapping[str, date]], years: tuple[int, int] | None) -> str | None:
    """Return the one order in which all texts of a column are days that it can hold, None where none or
    several are: then the years of its other days decide, or that one figure stays while the others change.
    """
    able = [order for order in _ORDERS if all(order in readings for readings in texts.values())]
    if len(able) > 1 and years:
        near = [o for o in able if all(years[0] - 1 <= r[o].year <= years[1] + 1 for r in texts.values())]
        able = near or able
    if len(able) > 1 and all(len({r[o] for o in able}) == 1 for r in texts.values()):
        return able[0]
    if len(able) > 1 and len(texts) >= _ENOUGH:
        spread = {
            o: max(r[o].year for r in texts.values()) - min(r[o].year for r in texts.values()) for o in able
        }
        still = [o for o in able if spread[o] <= 1]
        if len(still) == 1 and all(spread[o] >= _APART for o in able if o not in still):
            return still[0]
    return able[0] if len(able) == 1 else None


# -- numbers
# --------------------------------------------------------------------------------------------------------


def _settle_numbers(
    connection: duckdb.DuckDBPyConnection, raw: Raw, column: Column, n: int, found: Settled
) -> None:
    cell = f"zs_narrow(c{n})"
    if column.type == "money":
        _settle_commas(connection, raw, column, n, found)
    texts = connection.execute(
        f"SELECT c{n}, replace({cell}, ' ', ''), count(*) FROM raw WHERE strlen(c{n}) > length(c{n}) AND "
        f"regexp_matches(c{n}, {quoted(_NUMERALS)}) GROUP BY 1, 2 ORDER BY 1"
    ).fetchall()
    units = {layout.head.units.get(column.name, 1) for layout in raw.layouts}
    done = {text for at, text, _value in found.values if at == n}
    count = 0
    for text, narrow, cells in texts:
        if text in done:
            continue
        if _TENS.fullmatch(narrow) and column.type == "money" and units == {1}:
            found.values.append((n, text, f"{narrow}元"))
        elif amount := chinese_amount(narrow):
            number, says_yuan = amount
            if says_yuan and column.type == "integer":
                continue
            if not says_yuan and units != {1}:
                why = worded("中文数字没有写“元”，不知是元还是列的单位")
                found.unclear.append((n, text, why))
                continue
            found.values.append((n, text, plain(number) + ("元" if says_yuan else "")))
        else:
            continue
        count += cells
    found.count("numerals", count)


def _settle_commas(
    connection: duckdb.DuckDBPyConnection, raw: Raw, column: Column, n: int, found: Settled
) -> None:
    """Read commas as decimal points where the column's amounts say so and none says otherwise.

    One 12,5 alone can be a slip of 12,500: it takes two, or one that has points between its thousands.
    """
    cell = f"replace(zs_narrow(c{n}), ' ', '')"
    sums = ", ".join(
        f"count(*) FILTER (regexp_full_match({cell}, {quoted(pattern)}))"
        for pattern in (_COMMA, _BOTH, _POINT)
    )
    ((comma, both, point),) = connection.execute(f"SELECT {sums} FROM raw").fetchall()
    if point or column.name in raw.fractions or not (comma >= 2 or both):
        return
    texts = connection.execute(
        f"SELECT c{n}, {cell}, count(*) FROM raw WHERE contains({cell}, ',') OR contains({cell}, '.') "
        "GROUP BY 1, 2 ORDER BY 1"
    ).fetchall()
    count, example = 0, ("", "")
    for text, narrow, cells in texts:
        parts = _BY_COMMA.fullmatch(narrow)
        if not parts:
            why = worded("同列的金额以逗号为小数点，这一格读不出，请改写")
            found.unclear.append((n, text, why))
            continue
        value = parts[1] + parts[2].replace(".", "") + (f".{parts[3]}" if parts[3] else "") + parts[4]
        found.values.append((n, text, value))
        count, example = count + cells, (text, value)
    found.count("decimals", count)
    found.notes.append(
        worded(
            "“{title}”以逗号为小数点：{count} 格，如 {text} 读作 {value}",
            title=column.title,
            count=count,
            text=example[0],
            value=example[1],
        )
    )


def _settle_floats(
    connection: duckdb.DuckDBPyConnection, raw: Raw, column: Column, n: int, found: Settled
) -> None:
    """Take .0 off the codes of a csv where every code ends so: a program took them for numbers."""
    ((codes, floats),) = connection.execute(
        f"SELECT count(c{n}), count(*) FILTER (regexp_full_match(c{n}, {quoted(_WHOLE_FLOAT)})) FROM raw"
    ).fetchall()
    if floats >= 2 and floats == codes:
        raw.keep(connection)
        connection.execute(f"UPDATE raw SET c{n} = split_part(c{n}, '.', 1)")
        found.count("floats", floats)
    elif floats:
        told = worded(
            "“{title}”里有以 .0 结尾的编号，照原样读入：{count} 格", title=column.title, count=floats
        )
        found.notes.append(told)
