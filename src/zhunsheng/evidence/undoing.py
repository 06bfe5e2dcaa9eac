"""Which rows change once a batch counts no more, and what they are to be."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import layout
from zhunsheng.evidence.index import Index
from zhunsheng.evidence.ledgers import DEPARTMENT, Ledger
from zhunsheng.evidence.records import Batch
from zhunsheng.evidence.sql import column_list
from zhunsheng.evidence.tables import half_key, key_text, ledger_sql, same_key
from zhunsheng.translation import series

SHOWN = 5  # rows named that would stand beside others


def settle(index: Index, ledger: Ledger, batch: Batch, connection: duckdb.DuckDBPyConnection) -> None:
    """Make a table ``settled`` of the rows that change once ``batch`` counts no more, as they are to be.

    ``_gone`` marks those that no batch left brings. What a row is to be follows from what every batch
    left said of its key, in order: the newest word counts, and the row is of the batch that said it first
    without a break. Rows of batches undone long ago that still stand there are put right along with it.
    """
    undone = [*index.undone_of(ledger.id), batch.batch]
    key = column_list((DEPARTMENT, *ledger.key))
    values = [c for c in ledger.stored() if not c.startswith("_")]
    said = "struct_pack(" + ", ".join(f'"{c}" := "{c}"' for c in (*values, "_removed")) + ")"
    run = connection.execute
    run(f"CREATE TABLE mine AS SELECT DISTINCT {key} FROM ({_said(index, ledger, [batch])})")
    now = ledger_sql(ledger, layout.current(index, ledger.id))
    stale = f"SELECT {key} FROM ({now}) WHERE _batch IN ({', '.join(map(str, undone))})"
    run(f"CREATE TABLE touched AS SELECT * FROM mine UNION {stale}")
    same = same_key(ledger, "r", "k")
    run(f"CREATE TABLE now AS SELECT r.* FROM ({now}) r SEMI JOIN touched k ON {same}")
    departments = [d for (d,) in run(f"SELECT DISTINCT {DEPARTMENT} FROM touched").fetchall()]
    left = [b for b in index.stating(ledger.id, departments) if b.batch != batch.batch]

    def newest(rows: str, key: str) -> str:
        return (
            "SELECT * EXCLUDE (_removed) FROM (SELECT * EXCLUDE (_new) FROM (SELECT *, "
            f"{said} IS DISTINCT FROM lag({said}) OVER (PARTITION BY {key} ORDER BY _batch) AS _new "
            f"FROM (SELECT DISTINCT r.* FROM {rows})) WHERE _new "
            f"QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY _batch DESC) = 1) WHERE NOT _removed"
        )

    told = f"({_whole(index, ledger, left)}) r"
    run(f"CREATE TABLE due AS {newest(f'{told} SEMI JOIN touched k ON {same}', key)}")
    if ledger.formerly:
        # What a batch of an earlier version replaced by the wider key of then returns where nothing else
        # stands for it.
        wide = column_list((DEPARTMENT, *ledger.formerly))
        run(
            f"CREATE TABLE bare AS SELECT {wide} FROM now r ANTI JOIN due k ON {same} EXCEPT (SELECT "
            f"{wide} FROM due UNION ALL SELECT {wide} FROM ({now}) r ANTI JOIN touched k ON {same})"
        )
        run(f"INSERT INTO due {newest(f'{told} SEMI JOIN bare k USING ({wide})', wide)}")
    run(
        "CREATE TABLE settled AS SELECT *, false AS _gone FROM (SELECT * FROM due EXCEPT SELECT * FROM "
        f"now) UNION ALL SELECT r.*, true FROM now r ANTI JOIN due k ON {same}"
    )


def refuse_twins(index: Index, ledger: Ledger, batch: Batch, connection: duckdb.DuckDBPyConnection) -> None:
    """Raise ``ZS-EV-100`` where a row that returns (table ``settled``) would stand beside one that differs in
    what one of them lacks of the key: it would be counted twice.
    """
    if not ledger.open_key:
        return
    now = ledger_sql(ledger, layout.current(index, ledger.id))
    values = column_list(ledger.stored())
    found = connection.execute(
        f"SELECT DISTINCT {key_text(ledger, 'r')}, t._batch FROM (SELECT * FROM settled WHERE NOT _gone) r "
        f"JOIN (SELECT {values} FROM ({now}) s ANTI JOIN settled k ON {same_key(ledger, 's', 'k')} "
        f"UNION ALL SELECT {values} FROM settled WHERE NOT _gone) t ON {half_key(ledger, 'r', 't')} "
        "ORDER BY ALL"
    ).fetchall()
    if found:  # told by the later of two, which is to go first
        found = [(key, by) for key, by in found if by > batch.batch] or found
        rows = series([key.strip() for key, _batch in found[:SHOWN]], "；")
        batches = series(sorted({int(by) for _key, by in found}))
        raise ZhunshengError("ZS-EV-100", batch=batch.batch, rows=rows, batches=batches)


def _whole(index: Index, ledger: Ledger, batches: Sequence[Batch]) -> str:
    """Return the query of what batches made of each row, in order: of a column that its file did not have a
    batch said nothing, so that the word of the one before stands.
    """
    said = _said(index, ledger, batches)
    partly = [b for b in batches if b.columns]
    if not partly:
        return f"SELECT * EXCLUDE (_whole) FROM ({said})"
    own = (DEPARTMENT, *ledger.key)
    key = column_list(own)
    fields = []
    for column in (c for c in ledger.stored() if not c.startswith("_")):
        silent = ", ".join(str(b.batch) for b in partly if column not in (*own, *b.columns))
        if not silent:
            fields.append(f'"{column}"')
            continue
        fields.append(
            "struct_extract(last_value(CASE "
            f'WHEN _whole OR _batch NOT IN ({silent}) THEN struct_pack(v := "{column}") END '
            f"IGNORE NULLS) OVER so_far, 'v') AS \"{column}\""
        )
    return (
        f"SELECT {', '.join(fields)}, _batch, _row, _sheet, _removed FROM ({said}) WINDOW so_far AS "
        f"(PARTITION BY {key} ORDER BY _batch ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"
    )


def _said(index: Index, ledger: Ledger, batches: Sequence[Batch]) -> str:
    """Return the query of all that batches said: rows they brought or changed,
    those they only said again, and (``_removed``) those they took out, of which nothing is said any more.
    What a batch added to under another key it says as a whole (``_whole``): there is no word before.
    """
    parts = [f"SELECT *, false AS _removed, false AS _whole FROM ({ledger_sql(ledger, ())})"]
    moved = index.migrated(ledger.id)
    brought = [b for b in batches if b.imports]
    adopts = [b for b in brought if b.takes_out]
    before = " UNION ALL ".join(
        f"SELECT *, {b.batch} AS _by FROM ({ledger_sql(ledger, [layout.removed(index.root, b)])})"
        for b in adopts
    )
    half = half_key(ledger, "r", "b") if ledger.open_key else "false"
    whole = f"EXISTS (SELECT 1 FROM ({before}) b WHERE b._by = r._batch AND {half})" if adopts else "false"
    for renames, some in (
        (index.renames(ledger.id), [b for b in brought if b.batch < moved]),
        (None, [b for b in brought if b.batch >= moved]),
    ):
        files = [path for b in some for path in layout.brought(index.root, b)]
        numbers = ", ".join(str(b.batch) for b in some)
        if files:
            parts.append(
                f"SELECT *, false AS _removed, {whole} AS _whole FROM "
                f"({ledger_sql(ledger, files, renames)}) r WHERE _batch IN ({numbers})"
            )
    key = (DEPARTMENT, *ledger.key)
    for batch in batches:
        if batch.takes_out:
            fields = [
                f'"{name}"' if name in key else f"{batch.batch if name == '_batch' else 'NULL'}::{kind}"
                for name, kind in ledger.stored().items()
            ]
            rows = ledger_sql(ledger, [layout.removed(index.root, batch)])
            parts.append(f"SELECT {', '.join(fields)}, true, true FROM ({rows})")
    return " UNION ALL ".join(parts)
