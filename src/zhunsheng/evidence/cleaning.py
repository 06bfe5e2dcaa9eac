"""Texts of a loaded ledger made clean: the door of every ledger, in SQL."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence

import duckdb

from zhunsheng.evidence.raw import Raw
from zhunsheng.evidence.sql import quoted
from zhunsheng.text import GUARDED, INVISIBLE, NOT_GUARDED, UNFIT, clean

# What ``text.clean`` does, in DuckDB's own words (its functions in Python would need numpy).
# No text there holds surrogates.
_GONE = "".join(f"\\x{{{a:X}}}-\\x{{{b:X}}}" for a, b in (*UNFIT, *INVISIBLE) if not 0xD800 <= a <= 0xDFFF)
_CLEAN = (
    "nfc_normalize(regexp_replace(regexp_replace({0}, "
    "'\\r\\n|[\\r\\x0b\\x0c\\x1c-\\x1e\\x{{85}}\\x{{2028}}\\x{{2029}}]', chr(10), 'g'), "
    f"'[{_GONE.replace('{', '{{').replace('}', '}}')}]', '', 'g'))"
)
BLANKS = " \t\r\n　"  # what is trimmed from the ends of texts
# A text that ``text.clean`` leaves as it is; only others are worth the work.
_SIGNS = "!-~\\x{3001}-\\x{3029}\\x{3030}-\\x{303f}\\x{4e00}-\\x{9fff}（），：；"
_PLAIN = f"[\\n {_SIGNS}]*"
_TRIMMED = f"[{_SIGNS}]({_PLAIN}[{_SIGNS}])?"  # the same with no blank at its ends, of one sign at least


# Beside them what Latin-1, general punctuation, symbols and the full-width forms hold, none of which joins
# with what stands before it.
_ALONE = ((0xA1, 0xFF), (0x2010, 0x205E), (0x2100, 0x27BF), (0x3000, 0x303F), (0xFF01, 0xFF5E))


def plain_signs(signs: Iterable[str]) -> bool:
    """Say whether texts of these characters and no others are clean but for blanks at their ends."""
    return all(
        " " <= sign <= "~"
        or sign in "\n\t"
        or "一" <= sign <= "鿿"
        or (
            any(first <= ord(sign) <= last for first, last in _ALONE)
            and clean(sign) == sign
            and not unicodedata.combining(sign)
        )
        for sign in signs
    )


def _needing(connection: duckdb.DuckDBPyConnection, raw: Raw, conditions: Mapping[int, str]) -> list[int]:
    """Return the columns of ``raw`` of which some row meets its condition (SQL): one look at a file in which
    nothing is to be done costs less than a statement a column.
    """
    found = raw.some(connection, list(conditions.values()))
    return [n for n, needed in zip(conditions, found, strict=True) if needed]


def unguard(connection: duckdb.DuckDBPyConnection, raw: Raw) -> int:
    """Take off the apostrophes that ``text.guarded`` put before texts of a csv; return of how many cells."""
    if not raw.guarded or not raw.may_hold("'"):
        return 0
    conditions = {
        n: f"starts_with(c{n}, chr(39)) AND regexp_full_match(c{n}, {quoted(GUARDED)}) "
        f"AND NOT regexp_full_match(c{n}, {quoted(NOT_GUARDED)})"
        for n in raw.texts()
    }
    return sum(
        _changed(connection, raw, f"UPDATE raw SET c{n} = substr(c{n}, 2) WHERE {conditions[n]}")
        for n in _needing(connection, raw, conditions)
    )


def _changed(connection: duckdb.DuckDBPyConnection, raw: Raw, update: str, given: Sequence[str] = ()) -> int:
    raw.keep(connection)
    (count,) = connection.execute(update, list(given)).fetchone() or (0,)
    return int(count)


def clean_texts(connection: duckdb.DuckDBPyConnection, raw: Raw) -> int:
    """Make the texts of the used columns of ``raw`` clean and trimmed, empty ones NULL:
    the door of every ledger. Return how many cells lost more than blanks at their ends.
    """
    if raw.signs is not None and plain_signs(raw.signs):
        return 0
    raw.signs = None  # some of them may become others
    conditions = {n: f"c{n} IS NOT NULL AND NOT regexp_full_match(c{n}, '{_TRIMMED}')" for n in raw.texts()}
    cleaned = 0
    for n in _needing(connection, raw, conditions):
        text = f"CASE WHEN regexp_full_match(c{n}, '{_PLAIN}') THEN c{n} ELSE {_CLEAN.format(f'c{n}')} END"
        fit = f"nullif(trim({text}, '{BLANKS}'), '')"
        ((count,),) = connection.execute(
            f"SELECT count(*) FROM raw WHERE {conditions[n]} AND {fit} IS DISTINCT FROM "
            f"nullif(trim(c{n}, '{BLANKS}'), '')"
        ).fetchall()
        cleaned += count
        _changed(connection, raw, f"UPDATE raw SET c{n} = {fit} WHERE {conditions[n]}")
    return cleaned


# How people and programs write that a cell has no value. A number, a day or a choice written so is not
# known, which is not nought; of a yes or no "无" says no. What Excel writes for a failed formula is an error.
NOTHING = (
    *(
        "无",
        "空",
        "-",
        "--",
        "－",
        "–",
        "—",
        "——",
        "/",
        "／",
        "\\",
        "null",
        "(null)",
        "none",
        "nil",
        "nan",
        "na",
    ),
    *("n/a", "n.a."),
)
_LONGEST = max(len(word.encode()) for word in NOTHING)


def says_nothing(cell: str, but: Collection[str] = ()) -> str:
    """Return the SQL condition that a trimmed cell holds a word for nothing, other than some (``but``)."""
    words = ", ".join(quoted(word) for word in NOTHING if word not in but)
    return f"CASE WHEN strlen({cell}) <= {_LONGEST} THEN lower({cell}) IN ({words}) ELSE false END"


def emptying(raw: Raw) -> dict[int, str]:
    """Return by the number of a column that may be empty the SQL condition that a cell says so in a word.

    A text that must be there is asked about (``doubts.nothing_asked``), another value that must be there
    is an error that shows the word.
    """
    found, mapped = {}, raw.mapping.values if raw.mapping else {}
    for column in raw.ledger.columns:
        n = raw.columns.get(column.name)
        if n is None or n in raw.typed or column.required:
            continue
        said = {*column.values, *column.aliases, *(mapped.get(column.name, {}))}
        said |= {"无"} if column.type == "bool" else set()
        test = says_nothing(f"c{n}", said)
        if words := [text for text, meant in mapped.get(column.name, {}).items() if meant == ""]:
            test = f"({test} OR c{n} IN ({', '.join(map(quoted, words))}))"
        if column.type in ("date", "integer", "money"):  # nearly every one begins with a figure
            test = f"CASE WHEN c{n} >= '0' AND c{n} < ':' THEN false ELSE {test} END"
        found[n] = test
    return found


def empty(connection: duckdb.DuckDBPyConnection, raw: Raw) -> int:
    """Make cells that say in a word that they are empty so; return how many."""
    tests = emptying(raw)
    return sum(
        _changed(connection, raw, f"UPDATE raw SET c{n} = NULL WHERE {tests[n]}")
        for n in _needing(connection, raw, tests)
    )


# What spreadsheets need to keep a number a text, and what hands type in an input method's wide mode.
_WIDE = "".join(chr(code) for code in range(0xFF01, 0xFF5F))
_NARROW = "".join(chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F))


def untrick(connection: duckdb.DuckDBPyConnection, raw: Raw) -> dict[str, int]:
    """Take off what only keeps a text a text in a spreadsheet (``="000123"``, ``'000125``) and narrow the
    wide digits and letters of codes; return how many cells each changed.
    """
    changed = {"tricks": 0, "wide": 0}
    columns = raw.texts() if raw.may_hold("'=") else ()
    tricks = {
        n: f"(starts_with(c{n}, '=') OR starts_with(c{n}, '''')) "
        f"AND regexp_full_match(c{n}, '=\"[^\"]*\"|''[0-9A-Za-z].*')"
        for n in columns
    }
    for n in _needing(connection, raw, tricks):
        changed["tricks"] += _changed(
            connection,
            raw,
            f"UPDATE raw SET c{n} = nullif(trim(regexp_replace(c{n}, '^(=\"([^\"]*)\"|''([0-9A-Za-z].*))$', "
            f"'\\2\\3')), '') WHERE {tricks[n]}",
        )
    # A project's code is one in every ledger, also where it is no part of the key; so is a respondent's.
    once = raw.ledger.once
    known = {*raw.ledger.key, "project_code", *((once.who,) if once else ())} - {"project"}
    codes = [n for name, n in raw.columns.items() if name in known]
    wide = {n: f"strlen(c{n}) > length(c{n}) AND regexp_matches(c{n}, '[\uff01-\uff5e]')" for n in codes}
    for n in _needing(connection, raw, wide) if raw.may_hold(_WIDE) else ():
        update = f"UPDATE raw SET c{n} = translate(c{n}, ?, ?) WHERE {wide[n]}"
        changed["wide"] += _changed(connection, raw, update, [_WIDE, _NARROW])
    return changed
