"""Commits to the Delta table of a ledger; each carries the batch that it is."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, write_deltalake

from zhunsheng.evidence import layout
from zhunsheng.evidence.importing import Checked
from zhunsheng.evidence.ledgers import DEPARTMENT, LINEAGE, Ledger
from zhunsheng.evidence.privacy import Cipher
from zhunsheng.evidence.records import Batch
from zhunsheng.evidence.sql import column_list, one_file, quoted
from zhunsheng.evidence.tables import same_key
from zhunsheng.files.scratch import scratch_folder

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


@contextmanager
def prepared(checked: Checked, cipher: Cipher | None) -> Iterator[str]:
    """Give the query of the good rows as they are to be written, but for their batch. What is personal is
    encrypted here, before the store is held: whoever else imports does not wait for it.
    """
    values = column_list(["_id", *(name for name in checked.ledger.stored() if name != "_batch")])
    query = f"SELECT {values} FROM good"
    personal = [c.name for c in checked.ledger.columns if c.personal]
    if not cipher or not personal:
        yield query
        return
    with scratch_folder() as scratch:
        hidden = scratch / "hidden.parquet"
        rows = cipher.encrypted(checked.connection.sql(query).to_arrow_reader(100_000), personal)
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
    new: bool,
    kept: Collection[str] = (),
) -> None:
    """Commit the good rows as they were ``prepared``, but for those put aside since; where all their keys are
    ``new`` nothing that stands there need be read or compared. An empty cell of a column ``kept`` leaves what
    stands there.
    """
    schema = checked.ledger.stored()
    table = str(layout.table(root, checked.ledger.id))
    columns = [f"{batch.batch}::BIGINT AS _batch" if name == "_batch" else f'"{name}"' for name in schema]
    rows: Any = checked.connection.sql(
        f"SELECT {', '.join(columns)} FROM ({prepared}) WHERE _id IN (SELECT _id FROM good) ORDER BY _id"
    ).to_arrow_reader(100_000)
    # delta-rs would look through the whole log to say so.
    if not layout.commit_file(root, checked.ledger.id, 0).is_file():
        write_deltalake(
            table,
            rows,
            mode="append",
            commit_properties=properties(batch),
            post_commithook_properties=NO_HOOKS,
        )
        return
    opened = DeltaTable(table)
    opened_at = opened.version()
    key = (DEPARTMENT, *checked.ledger.key)
    there = {f.name for f in opened.schema().fields}
    if new:
        write_deltalake(
            opened,
            rows,
            mode="append",
            schema_mode=None if set(schema) == there else "merge",
            commit_properties=properties(batch),
            post_commithook_properties=NO_HOOKS,
        )
        return
    stated = [c for c in checked.stated if c not in key]
    kept = {c for c in kept if c in there}
    changed = " OR ".join(
        f'(s."{c}" IS NOT NULL AND t."{c}" IS DISTINCT FROM s."{c}")'
        if c in kept
        else (f'(t."{c}" IS DISTINCT FROM s."{c}")' if c in there else f'(s."{c}" IS NOT NULL)')
        for c in stated
    )
    merging = opened.merge(
        rows,
        predicate=same_key(checked.ledger, "t", "s", set(schema) - there),
        source_alias="s",
        target_alias="t",
        merge_schema=not set(schema) <= there,
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
    merging.when_not_matched_insert_all().execute()
    if DeltaTable(table).version() == opened_at:
        say(DeltaTable(table), batch)  # every row stood there already


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
