"""Rows taken out of a ledger with a reason: which they are, what is kept of them, when they went and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from zhunsheng.clock import told
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import layout
from zhunsheng.evidence.importing import Checked
from zhunsheng.evidence.index import Index
from zhunsheng.evidence.ledgers import DEPARTMENT, Ledger
from zhunsheng.evidence.privacy import Cipher, shown
from zhunsheng.evidence.records import REMOVED, Batch
from zhunsheng.evidence.shared import workroom
from zhunsheng.evidence.tables import ledger_sql, same_key
from zhunsheng.files.writing import whole_file
from zhunsheng.translation import series, worded

SHOWN = 10  # keys named of those that no row has
LISTED = 200  # removed rows listed of a ledger, the newest


def keys_ledger(ledger: Ledger) -> Ledger:
    """Return what a list of a ledger's keys is checked by: its key columns alone, which any row that stands
    there fits, whatever was checked of it since.
    """
    loose: dict[str, Any] = {
        "pattern": None,
        "check": None,
        "minimum": None,
        "not_before": None,
        "near": None,
        "ahead": True,
    }
    columns = tuple(ledger.column(name).model_copy(update=loose) for name in ledger.key)
    return ledger.model_copy(
        update={
            "columns": columns,
            "formerly": (),
            "identity": (),
            "adopts": (),
            "signs": None,
            "once": None,
            "retired": False,
        }
    )


def leaving(index: Index, ledger: Ledger, checked: Checked) -> pa.Table:
    """Return the rows that stand there under the keys of a checked list, as they are stored.
    Raises ``ZS-EV-60``, or ``ZS-EV-105`` where all that are not there were taken out before.
    """
    there = ledger_sql(ledger, layout.current(index, ledger.id))
    same = same_key(ledger, "t", "k")
    connection = checked.connection
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE leaving AS SELECT t.* FROM ({there}) t SEMI JOIN good k ON {same}"
    )
    columns = ", ".join(f'k."{name}"' for name in ledger.key)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE lacking AS SELECT k.* FROM good k ANTI JOIN leaving t ON {same}"
    )
    lacking = connection.execute(f"SELECT {columns}, _id FROM lacking k ORDER BY _id").fetchall()
    if lacking:
        gone = _gone_before(index, ledger, checked)
        named = [" ".join(str(v) for v in key if v is not None) for *key, _id in lacking[:SHOWN]]
        said = [
            worded("{key}（{removal}）", key=key, removal=_removal_told(gone[_id])) if _id in gone else key
            for key, (*_key, _id) in zip(named, lacking, strict=False)
        ]
        more = worded(" 等 {count} 行", count=len(lacking)) if len(lacking) > SHOWN else ""
        code = "ZS-EV-105" if all(_id in gone for *_key, _id in lacking) else "ZS-EV-60"
        raise ZhunshengError(code, ledger=ledger.title, keys=series(said) + more)
    return connection.sql("SELECT * FROM leaving").to_arrow_table()


def _gone_before(index: Index, ledger: Ledger, checked: Checked) -> dict[int, Batch]:
    """Return the last removal of each row of table ``lacking`` that was taken out, by its ``_id``."""
    run = checked.connection.execute
    departments = [d for (d,) in run(f"SELECT DISTINCT {DEPARTMENT} FROM lacking").fetchall()]
    removals = {b.batch: b for b in index.stating(ledger.id, departments) if b.removes is not None}
    if not removals:
        return {}
    gone = _removed(index, ledger, list(removals.values()))
    found = run(
        f"SELECT k._id, max(r._removal) FROM lacking k JOIN ({gone}) r "
        f"ON {same_key(ledger, 'k', 'r')} GROUP BY k._id"
    ).fetchall()
    return {row: removals[number] for row, number in found}


def _removal_told(batch: Batch) -> str:
    return worded(
        "批次 {batch}，{who} 于 {when} 删除，原因：{reason}",
        batch=batch.batch,
        who=batch.who,
        when=told(batch.when),
        reason=str(batch.removes),
    )


def keep_removed(root: Path, rows: pa.Table, batch: Batch) -> tuple[str, int, str]:
    """Keep rows that a batch takes out, as they stood there; return their file as a record names it."""
    path = root / REMOVED / f"{batch.batch:06d}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as partial:
        pq.write_table(rows, partial, compression="zstd")
    return layout.seen(root, path)


def returned(index: Index, checked: Checked, there: str) -> Iterator[str]:
    """Say which rows of a file were taken out before and come back as new; ``there`` are those that stand
    there (``standing``).
    """
    ledger, run = checked.ledger, checked.connection.execute
    departments = [d for (d,) in run(f"SELECT DISTINCT {DEPARTMENT} FROM good").fetchall()]
    removals = {b.batch: b for b in index.stating(ledger.id, departments) if b.removes is not None}
    if not removals:
        return
    new = f"good g ANTI JOIN {there} t ON {same_key(ledger, 'g', 't')}" if there else "good g"
    found = run(
        "SELECT number, count(*) FROM (SELECT g._id, max(r._removal) AS number FROM "
        f"(SELECT g.* FROM {new}) g JOIN ({_removed(index, ledger, list(removals.values()))}) r "
        f"ON {same_key(ledger, 'g', 'r')} GROUP BY g._id) GROUP BY number ORDER BY number"
    ).fetchall()
    for number, rows in found:
        yield worded(
            "{rows} 行曾在批次 {batch} 删除（{reason}），现作为新行导入",
            rows=rows,
            batch=number,
            reason=str(removals[number].removes),
        )


@dataclass(frozen=True)
class RemovedRow:
    """A row that stands in a ledger no more: its values in the order of the ledger's columns, the batch that
    took it out, and where it came from: batch, row of its file, worksheet.
    """

    values: tuple[Any, ...]
    by: Batch
    batch: int
    row: int
    sheet: str | None = None


def removed_rows(
    index: Index, ledger: Ledger, department: str, *, personal: bool = False, cipher: Cipher | None = None
) -> tuple[tuple[RemovedRow, ...], int]:
    """Return the rows of a department's ledger that were taken out and not brought back since, the latest
    removal first (at most ``LISTED``), and how many there are; personal columns masked unless ``personal``.
    """
    removals = {b.batch: b for b in index.stating(ledger.id, [department]) if b.removes is not None}
    if not removals:
        return (), 0
    columns = ", ".join(f'r."{c.name}"' for c in ledger.columns)
    there = ledger_sql(ledger, layout.current(index, ledger.id))
    key = ", ".join(f'r."{name}"' for name in (DEPARTMENT, *ledger.key))
    with workroom() as connection:
        connection.execute(
            f"CREATE TABLE gone AS SELECT {columns}, r._removal, r._batch, r._row, r._sheet FROM "
            f"({_removed(index, ledger, list(removals.values()))}) r "
            f"ANTI JOIN ({there}) t ON {same_key(ledger, 'r', 't')} WHERE r.{DEPARTMENT} = ? "
            f"QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY r._removal DESC) = 1",
            [department],
        )
        ((count,),) = connection.execute("SELECT count(*) FROM gone").fetchall()
        rows = connection.execute(
            f"SELECT * FROM gone ORDER BY _removal DESC, _batch, _sheet, _row LIMIT {LISTED}"
        ).fetchall()
    hidden = [c.personal for c in ledger.columns]
    return (
        tuple(
            RemovedRow(
                tuple(
                    shown(value, personal=personal, cipher=cipher) if hide else value
                    for value, hide in zip(row[:-4], hidden, strict=True)
                ),
                removals[row[-4]],
                *row[-3:],
            )
            for row in rows
        ),
        count,
    )


def _removed(index: Index, ledger: Ledger, removals: Sequence[Batch]) -> str:
    """Return the query of the rows that removals took out, each with the number of its (``_removal``)."""
    files = {batch.batch: layout.removed(index.root, batch) for batch in removals}
    return " UNION ALL ".join(
        f"SELECT *, {number} AS _removal FROM ({ledger_sql(ledger, [path])})"
        for number, path in files.items()
    )
