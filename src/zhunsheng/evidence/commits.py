"""Commits to the Delta table of a ledger; each carries the batch that it is."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, write_deltalake

from zhunsheng.evidence import layout
from zhunsheng.evidence.adopting import adopted_key, was
from zhunsheng.evidence.importing import Checked
from zhunsheng.evidence.ledgers import DEPARTMENT, LINEAGE, Ledger
from zhunsheng.evidence.privacy import Cipher
from zhunsheng.evidence.raw import give_back
from zhunsheng.evidence.records import Batch
from zhunsheng.evidence.sql import column_list, one_file, quoted
from zhunsheng.evidence.tables import same_key
from zhunsheng.files.scratch import scratch_folder

_PIECE = 10_000  # rows handed to the table's library at once, which holds several of such pieces
# A file of more rows has a database of its own: none so small that it shares one holds as many.
_MANY, _SPARE = 2**19, "64MB"
FEW = 1000  # rows of a file that are put in place of those of their keys without a look at the others
FILE_SIZE = (
    8 * 2**20
)  # bytes that a data file is filled up to: one changed row has the file it is in rewritten
KEY = "zhunsheng"  # where a commit of the Delta log carries its batch
# Checkpoints are made only with a compaction, whose record holds their digest;
# the log itself is never cleaned.
NO_HOOKS = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)


def properties(batch: Batch) -> CommitProperties:
    """Return what a commit carries of its batch."""
    return CommitProperties(custom_metadata={KEY: json.dumps(batch.as_json(), ensure_ascii=False)})


def committed(said: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the batch that a commit carries, given the commit's actions; empty for one that carries none."""
    for action in said:
        if "commitInfo" in action and KEY in action["commitInfo"]:
            body: dict[str, Any] = json.loads(action["commitInfo"][KEY])
            return body
    return {}


def afresh(checked: Checked) -> None:
    """Let a checked file be committed as if for the first time: what an answer put aside is decided anew, and
    the database has its memory again.
    """
    checked.connection.execute("DELETE FROM aside")
    if checked.rows > _MANY:
        checked.connection.execute("RESET memory_limit")


@contextmanager
def prepared(checked: Checked, cipher: Cipher | None) -> Iterator[str]:
    """Give the query of the good rows as they are to be written, but for their batch. What is personal is
    encrypted here, before the store is held: whoever else imports does not wait for it.
    """
    values = column_list(["_id", *(name for name in checked.ledger.stored() if name != "_batch")])
    # Where all rows are good, none need be told from others, now or when they are written.
    query = f"SELECT {values} FROM {'good' if checked.bad_rows else 'parsed'}"
    personal = [c.name for c in checked.ledger.columns if c.personal]
    if not cipher or not personal:
        yield query
        return
    with scratch_folder() as scratch:
        hidden = scratch / "hidden.parquet"
        rows = cipher.encrypted(checked.connection.sql(query).to_arrow_reader(_PIECE), personal)
        with pq.ParquetWriter(hidden, rows.schema) as writer:
            for some in rows:
                writer.write_batch(some)
        yield f"SELECT * FROM read_parquet({quoted(one_file(str(hidden)))})"


def merge(
    root: Path,
    checked: Checked,
    prepared: str,
    batch: Batch,
    *,
    there: str,
    kept: Collection[str] = (),
) -> None:
    """Commit the good rows as they were ``prepared``, but for those put aside since. ``there`` is the query
    of the rows that stand there (``standing``): where it is empty all keys are new, and nothing need be read
    or compared. An empty cell of a column ``kept`` leaves what stands there. What the batch takes
    out under another key (table ``adopted``) is what stands there for its rows, and gets their key.
    """
    schema = checked.ledger.stored()
    table = str(layout.table(root, checked.ledger.id))
    columns = [f"{batch.batch}::BIGINT AS _batch" if name == "_batch" else f'"{name}"' for name in schema]
    added = adopted_key(checked.ledger) if batch.takes_out else ()
    columns += [
        f'CASE WHEN _id IN (SELECT _id FROM adopted) THEN (SELECT a."{was(c)}" FROM adopted a '
        f'WHERE a._id = p._id) ELSE "{c}" END AS "{was(c)}"'
        for c in added
    ]
    if checked.rows > _MANY:  # the table's library takes memory that the database no longer needs
        checked.connection.execute(f"SET memory_limit = '{_SPARE}'")
        give_back()
    ((aside,),) = checked.connection.execute("SELECT count(*) FROM aside").fetchall()
    some = " WHERE _id IN (SELECT _id FROM good) ORDER BY _id" if aside or checked.bad_rows else ""
    said = f"SELECT {', '.join(columns)} FROM ({prepared}) p{some}"

    def rows() -> Any:
        return checked.connection.sql(said).to_arrow_reader(_PIECE)

    # delta-rs would look through the whole log to say so.
    if not layout.commit_file(root, checked.ledger.id, 0).is_file():
        write_deltalake(
            table,
            rows(),
            mode="append",
            target_file_size=FILE_SIZE,
            commit_properties=properties(batch),
            post_commithook_properties=NO_HOOKS,
        )
        return
    opened = DeltaTable(table)
    opened_at = opened.version()
    key = (DEPARTMENT, *checked.ledger.key)
    known = {f.name for f in opened.schema().fields}
    if not there:
        write_deltalake(
            opened,
            rows(),
            mode="append",
            target_file_size=FILE_SIZE,
            schema_mode=None if set(schema) == known else "merge",
            commit_properties=properties(batch),
            post_commithook_properties=NO_HOOKS,
        )
        return
    stated = [*(c for c in checked.stated if c not in key), *added]
    kept = {c for c in kept if c in known}
    if checked.good_rows <= FEW and set(schema) == known and _listable(checked.ledger):
        _replace_few(opened, checked, said, batch, there, stated, kept)
        return
    changed = " OR ".join(
        f'(s."{c}" IS NOT NULL AND t."{c}" IS DISTINCT FROM s."{c}")'
        if c in kept
        else (f'(t."{c}" IS DISTINCT FROM s."{c}")' if c in known else f'(s."{c}" IS NOT NULL)')
        for c in stated
    )
    merging = opened.merge(
        rows(),
        predicate=same_key(checked.ledger, "t", "s", set(schema) - known, {c: was(c) for c in added}),
        source_alias="s",
        target_alias="t",
        merge_schema=not set(schema) <= known,
        commit_properties=properties(batch),
        post_commithook_properties=NO_HOOKS,
    )
    if changed:
        # Of a column that the file does not have it says nothing: what stands there stays.
        merging = merging.when_matched_update(
            {
                f'"{c}"': f'coalesce(s."{c}", t."{c}")' if c in kept else f's."{c}"'
                for c in (*stated, *LINEAGE)
            },
            predicate=changed,
        )
    if added:
        merging.when_not_matched_insert({f'"{c}"': f's."{c}"' for c in schema}).execute()
    else:
        merging.when_not_matched_insert_all().execute()
    if DeltaTable(table).version() == opened_at:
        say(DeltaTable(table), batch)  # every row stood there already


def _listable(ledger: Ledger) -> bool:
    """Return whether rows of a ledger can be named by a list of keys: texts and whole numbers, none empty."""
    return not ledger.open_key and all(
        ledger.column(name).sql_type in ("VARCHAR", "BIGINT") for name in ledger.key
    )


def _replace_few(  # noqa: PLR0913 - what is written, over what, and how
    table: DeltaTable,
    checked: Checked,
    said: str,
    batch: Batch,
    there: str,
    stated: Collection[str],
    kept: Collection[str],
) -> None:
    """Commit what a few rows (the query ``said``) come to with those that stand ``there``, in place of these.

    The same as the merge below it, which reads the whole ledger for it: here the rows of its keys are at
    hand, and the files in which they stand are rewritten alone.
    """
    run, ledger = checked.connection.execute, checked.ledger
    same = same_key(ledger, "t", "s")
    differ = " OR ".join(
        f'(s."{c}" IS NOT NULL AND t."{c}" IS DISTINCT FROM s."{c}")'
        if c in kept
        else f't."{c}" IS DISTINCT FROM s."{c}"'
        for c in stated
    )
    own = {*stated, *LINEAGE}
    columns = ", ".join(
        f'coalesce(s."{c}", t."{c}") AS "{c}"' if c in kept else f'{"s" if c in own else "t"}."{c}"'
        for c in ledger.stored()
    )
    run(
        f"CREATE OR REPLACE TEMP TABLE replacing AS SELECT {columns}, true AS _known "
        f"FROM ({said}) s JOIN {there} t ON {same} WHERE {differ or 'false'} UNION ALL BY NAME "
        f"SELECT *, false AS _known FROM ({said}) s ANTI JOIN {there} t ON {same}"
    )
    counted = "SELECT count(*) FILTER (_known), count(*) FILTER (NOT _known) FROM replacing"
    updated, inserted = (int(n) for n in run(counted).fetchall()[0])
    if not updated and not inserted:
        say(table, batch)  # every row stood there already
        return
    rows = checked.connection.sql(
        f"SELECT {column_list(ledger.stored())} FROM replacing ORDER BY _sheet, _row"
    ).to_arrow_table()
    # With new keys alone the list names no row that stands there, and no file is rewritten.
    write_deltalake(
        table,
        rows,
        mode="overwrite",
        predicate=_keys_listed(ledger, rows),
        target_file_size=FILE_SIZE,
        commit_properties=properties(replace(batch, inserted=inserted, updated=updated)),
        post_commithook_properties=NO_HOOKS,
    )


def _keys_listed(ledger: Ledger, rows: pa.Table) -> str:
    """Return the condition that a row has the key of one of some rows, in the words of delta-rs."""
    first, *others = ledger.key
    listed: dict[tuple[Any, ...], list[str]] = {}
    for row in rows.select([first, DEPARTMENT, *others]).to_pylist():
        value, *rest = row.values()
        listed.setdefault(tuple(rest), []).append(_literal(value))
    tests = []
    for rest, values in listed.items():
        fixed = [f'"{c}" = {_literal(v)}' for c, v in zip((DEPARTMENT, *others), rest, strict=True)]
        tests.append(" AND ".join([*fixed, f'"{first}" IN ({", ".join(values)})']))
    return " OR ".join(f"({test})" for test in tests)


def _literal(value: str | int) -> str:
    return quoted(value) if isinstance(value, str) else str(value)


def take_back(root: Path, ledger: Ledger, source: Any, undoing: Batch) -> None:
    """Commit the rows that return and the keys that go; other files stay as they are. Without rows,
    the word alone.
    """
    table = DeltaTable(layout.table(root, ledger.id))
    if not source.num_rows:
        say(table, undoing)
        return
    lacking = set(ledger.stored()) - {f.name for f in table.schema().fields}
    table.merge(
        source,
        predicate=same_key(ledger, "t", "s", lacking),
        source_alias="s",
        target_alias="t",
        merge_schema=bool(lacking),
        commit_properties=properties(undoing),
        post_commithook_properties=NO_HOOKS,
    ).when_matched_delete("s._gone").when_matched_update(
        {f'"{c}"': f's."{c}"' for c in ledger.stored()}
    ).when_not_matched_insert(
        {f'"{c}"': f's."{c}"' for c in ledger.stored()}, predicate="NOT s._gone"
    ).execute()


def rewrite(root: Path, ledger: Ledger, rows: Any, batch: Batch) -> None:
    """Commit rows in place of all that a ledger has."""
    write_deltalake(
        layout.table(root, ledger.id),
        rows,
        mode="overwrite",
        schema_mode="overwrite",
        commit_properties=properties(batch),
        post_commithook_properties=NO_HOOKS,
    )


def say(table: DeltaTable, batch: Batch) -> None:
    """Commit a batch that changes no row."""
    nothing = pa.schema(table.schema().to_arrow()).empty_table()
    write_deltalake(
        table,
        nothing,
        mode="append",
        commit_properties=properties(batch),
        post_commithook_properties=NO_HOOKS,
    )
