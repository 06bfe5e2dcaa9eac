"""Take rows out of a ledger with a reason: by their keys, written out or in a file, all of them or none."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Batch, Cipher, Ledger, Store, check_file
from zhunsheng.evidence.removing import keys_ledger
from zhunsheng.files.scratch import scratch_folder
from zhunsheng.translation import series, worded
from zhunsheng.wording import row_place

SHOWN = 5  # cells named of those that are no part of a key


def remove_rows(  # noqa: PLR0913 - options, by their names
    store: Path,
    ledger: Ledger,
    keys: Sequence[str] | Path,
    reason: str,
    *,
    department: str,
    label: str | None = None,
    who: str | None = None,
    when: datetime | None = None,
    cipher: Cipher | None = None,
    only_own: bool = False,
    known: Mapping[str, str] | None = None,
) -> Batch:
    """Take rows out of a ledger of the store by one batch that says why; return the batch.

    ``keys`` are texts, each with the values of the ledger's key columns in their order, with commas between
    as in csv, or a ledger file that has these columns. Rows are those of ``department`` (a code) unless a
    file names others, which ``only_own`` refuses. Raises ``ZS-EV-60`` for keys that no row has, ``-61``
    without a reason, ``-62`` for a text that is no key, ``-63`` for what in a file is none, ``ZS-IN-*``.
    """
    opened = Store.existing(store, cipher)
    with scratch_folder() as scratch:
        path = keys if isinstance(keys, Path) else _written(keys, ledger, scratch)
        with check_file(
            path,
            keys_ledger(ledger),
            department,
            only=only_own,
            label=label or opened.label_of(department),
            known={**opened.known(), **(known or {})},
            strictness="warning",
        ) as checked:
            if checked.errors:
                told = [
                    worded(
                        "{place} 行“{column}”{value}：{message}",
                        place=row_place(error.sheet, error.row),
                        column=error.column,
                        value=error.value,
                        message=error.message,
                    )
                    for error in checked.errors[:SHOWN]
                ]
                raise ZhunshengError("ZS-EV-63", count=len(checked.errors), detail=series(told, "；"))
            return opened.remove(checked, reason, department=department, who=who, when=when)


def _written(keys: Sequence[str], ledger: Ledger, folder: Path) -> Path:
    """Write keys down as a ledger file of their columns."""
    titles = [ledger.column(name).title for name in ledger.key]
    rows = []
    for key in keys:
        try:
            parts = next(csv.reader([key]), [])
        except csv.Error:
            parts = []
        if len(parts) > len(titles) or not any(part.strip() for part in parts):
            raise ZhunshengError(
                "ZS-EV-62", key=key, ledger=ledger.title, count=len(titles), titles=series(titles)
            )
        rows.append([*parts, *[""] * (len(titles) - len(parts))])
    path = folder / "keys.parquet"
    columns = {title: [row[n].strip() or None for row in rows] for n, title in enumerate(titles)}
    pq.write_table(pa.table(columns, schema=pa.schema([(title, pa.string()) for title in titles])), path)
    return path
