"""What a file finds standing in its ledger: half a key is refused, rows that it says again are kept."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import commits, layout
from zhunsheng.evidence.adopting import adopted_key, any_halves
from zhunsheng.evidence.importing import Checked
from zhunsheng.evidence.index import Index
from zhunsheng.evidence.ledgers import DEPARTMENT
from zhunsheng.evidence.records import Batch
from zhunsheng.evidence.sql import column_list, quoted
from zhunsheng.evidence.tables import half_key, ledger_sql, same_key
from zhunsheng.translation import series, worded


def refuse_halves(checked: Checked, index: Index) -> None:
    """Raise ``ZS-EV-25`` for rows that may be rows that stand there, but for a part of the key that one
    of them lacks, where nobody can say so (``adopting.adopt``, which goes before).
    """
    ledger = checked.ledger
    if not ledger.open_key or not (current := layout.current(index, ledger.id)):
        return
    if adopted_key(ledger) and not any_halves(checked):
        return
    name = ledger.key[0]
    told = "WHERE g._id NOT IN (SELECT _id FROM adopted) " if adopted_key(ledger) else ""
    found = checked.connection.execute(
        f"SELECT g._row, g.{name}, {', '.join(f'g.{c}, t.{c}' for c in ledger.open_key)}, t._batch "
        f"FROM good g JOIN ({ledger_sql(ledger, current)}) t ON {half_key(ledger, 'g', 't')} {told}"
        "ORDER BY ALL"
    ).fetchall()
    if not found:
        return
    said = {}
    for row, named, *codes, batch in found:
        for column, (own, there) in zip(
            ledger.open_key, zip(codes[::2], codes[1::2], strict=True), strict=True
        ):
            title = ledger.column(column).title
            if own is None and there is not None:
                said[row] = worded(
                    "第 {row} 行“{named}”没有填{title}，台账中同名的行已有{title} {there}（批次 {batch}）",
                    row=row,
                    named=named,
                    title=title,
                    there=there,
                    batch=batch,
                )
            elif own is not None and there is None:
                said[row] = worded(
                    "第 {row} 行“{named}”的{title}是 {own}，台账中同名的行没有填{title}（批次 {batch}）",
                    row=row,
                    named=named,
                    title=title,
                    own=own,
                    batch=batch,
                )
    more = worded("；等 {count} 行", count=len(said)) if len(said) > 5 else ""
    raise ZhunshengError(
        "ZS-EV-25", name=checked.path.name, rows=series(list(said.values())[:5], "；") + more
    )


def refuse_contradictions(checked: Checked, there: str) -> None:
    """Raise ``ZS-EV-65`` where a file without the column of kinds would make the amount of a row that stands
    ``there`` as a refund or reversal positive.
    """
    ledger, signs = checked.ledger, checked.ledger.signs
    if signs is None or signs.by in checked.columns or not there:
        return
    rows = checked.connection.execute(
        f"SELECT g._row, t.{signs.by} FROM good g JOIN {there} t ON {same_key(ledger, 'g', 't')} "
        f"WHERE t.{signs.by} IN ({', '.join(map(quoted, signs.negative))}) AND g.{signs.of} > 0 ORDER BY ALL"
    ).fetchall()
    if rows:
        listed = series([worded("第 {row} 行（{kind}）", row=row, kind=kind) for row, kind in rows[:5]])
        more = worded(" 等 {count} 行", count=len(rows)) if len(rows) > 5 else ""
        raise ZhunshengError(
            "ZS-EV-65", name=checked.path.name, column=ledger.column(signs.by).title, rows=listed + more
        )


def standing(checked: Checked, index: Index) -> str:
    """Return the query of the rows that stand there of the same departments;
    empty where no key of the file does.

    Most files bring rows that nobody brought before: to learn that, the keys alone are read. Of a small
    file the rows with its keys are taken out of the ledger once: whoever asks for them next reads no more.
    """
    ledger, run = checked.ledger, checked.connection.execute
    current = layout.current(index, ledger.id)
    if not current:
        return ""
    own = ", ".join(quoted(d) for (d,) in run(f"SELECT DISTINCT {DEPARTMENT} FROM good").fetchall())
    there = f"(SELECT * FROM ({ledger_sql(ledger, current)}) WHERE {DEPARTMENT} IN ({own or 'NULL'}))"
    if not known_rows(checked, there):
        return ""
    if checked.good_rows > commits.FEW:
        return there
    run(
        f"CREATE OR REPLACE TEMP TABLE standing AS SELECT t.* FROM {there} t "
        f"SEMI JOIN good g ON {same_key(ledger, 'g', 't')}"
    )
    return "standing"


def with_adopted(exact: str, adopting: str) -> str:
    """Return the query of the rows that stand there under the keys of a file (``standing``) and of those that
    it adds to (``adopting.adopt``), with what it adds.
    """
    if not exact or not adopting:
        return exact or adopting
    return f"(SELECT * FROM {exact} UNION ALL BY NAME SELECT * FROM {adopting})"


def known_rows(checked: Checked, there: str) -> int:
    """Return how many good rows have a key of the rows that stand ``there``."""
    if not there:
        return 0
    same = same_key(checked.ledger, "g", "t")
    query = f"SELECT count(*) FROM good g SEMI JOIN {there} t ON {same}"
    return int(checked.connection.execute(query).fetchall()[0][0])


def cleared(checked: Checked, there: str) -> list[tuple[str, int]]:
    """Return how many values that stand ``there`` the file's empty cells take away, by column."""
    names = [c for c in checked.columns if c not in checked.ledger.key]
    if not there or not names:
        return []
    counts = ", ".join(f'count(*) FILTER (g."{c}" IS NULL AND t."{c}" IS NOT NULL)' for c in names)
    same = same_key(checked.ledger, "g", "t")
    (found,) = checked.connection.execute(f"SELECT {counts} FROM good g JOIN {there} t ON {same}").fetchall()
    return [(name, count) for name, count in zip(names, found, strict=True) if count]


def keep_again(
    root: Path,
    checked: Checked,
    prepared: str,
    batch: Batch,
    there: str,
    kept: Collection[str] = (),
) -> tuple[tuple[tuple[str, int, str], ...], int]:
    """Keep the rows that stand ``there`` already just as the file has them (``prepared``, as they are to be
    written); return the file of them, if any, and how many.

    The merge leaves such rows to the batch that brought them. Once that one is undone, they are this one's.
    An empty cell of a column ``kept`` says again what stands there.
    """
    if not there:
        return (), 0
    names = [c for c in checked.ledger.stored() if not c.startswith("_")]
    said = (
        f"SELECT {column_list(names)}, {batch.batch}::BIGINT AS _batch, _row, _sheet FROM ({prepared}) "
        "WHERE _id IN (SELECT _id FROM good)"
    )
    path = root / layout.AGAIN / f"{batch.batch:06d}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    try:
        if not (count := _write_again(checked, said, there, partial, kept)):
            return (), 0
        partial.replace(path)
    finally:  # whatever fails, a full disk too, leaves nothing half written
        partial.unlink(missing_ok=True)
    return (layout.seen(root, path),), count


def _write_again(checked: Checked, said: str, there: str, partial: Path, kept: Collection[str]) -> int:
    """Write to ``partial`` the rows of the query ``said`` that stand ``there`` just so;
    return how many.
    """
    ledger, run = checked.ledger, checked.connection.execute
    if kept:
        filled = ", ".join(f'coalesce(k."{c}", t."{c}") AS "{c}"' for c in kept)
        said = (
            f"SELECT k.* REPLACE ({filled}) FROM ({said}) k LEFT JOIN {there} t "
            f"ON {same_key(ledger, 'k', 't')}"
        )
    same = " AND ".join(f'k."{c}" IS NOT DISTINCT FROM t."{c}"' for c in checked.stated)
    query = f"SELECT k.* FROM ({said}) k SEMI JOIN {there} t ON {same} ORDER BY _sheet, _row"
    (count,) = run(
        f"COPY ({query}) TO {quoted(str(partial))} (FORMAT parquet, COMPRESSION zstd)"
    ).fetchone() or (0,)
    return int(count)
