"""From a commit to its record: the batch that comes next, and those whose commit outlived their process."""

from __future__ import annotations

import getpass
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from zhunsheng.clock import now
from zhunsheng.evidence import defined, layout, mirror
from zhunsheng.evidence.commits import committed
from zhunsheng.evidence.index import Index
from zhunsheng.evidence.ledgers import ledgers
from zhunsheng.evidence.records import Batch, Records, actions
from zhunsheng.evidence.sources import sources

NO_TABLE = -1  # the version of the table of what is committed to none


def next_batch(index: Index, ledger: str, who: str | None, when: datetime | None, **fields: Any) -> Batch:
    """Return the batch that comes next in the line of the index, of what ``fields`` say and nothing else."""
    start: dict[str, Any] = {
        "department": "",
        "sha256": "",
        "rows": 0,
        "inserted": 0,
        "updated": 0,
        "rejected": 0,
    }
    return Batch(
        batch=index.last + 1,
        ledger=ledger,
        who=who or getpass.getuser(),
        when=(when or now().astimezone(UTC)).isoformat(timespec="seconds"),
        version=0,
        **{**start, **fields},
    )


def recover(index: Index) -> list[Batch]:
    """Write the record of each batch whose commit outlived its process, and take it into the index;
    return these.

    In the mirror of an object store it is put there first: that decides whether it is a batch
    (``mirror.publish``).
    """
    done, records, remote = [], Records(index.root), mirror.remote_of(index.root)
    for batch in pending(index):
        # A record that lies there, behind one that was missing, is left as it is for verification to
        # judge.
        there = records.read(batch.batch)
        if there is None:
            if remote:
                mirror.publish(index.root, remote, batch)
            records.write(batch)
        try:
            index.add_all([there or batch])
        except sqlite3.OperationalError:  # no room: it is a batch all the same, which its record decides
            index.leave_file()
        done.append(there or batch)
    return done


def pending(index: Index) -> list[Batch]:
    """Return the records, sealed, of commits that have none yet, as far as they go on in line."""
    heads = index.heads()
    waiting: dict[int, tuple[dict[str, Any], str, int, list[dict[str, Any]]]] = {}
    for name in ledgers():
        version = heads.get(name, -1) + 1
        while (log := layout.commit_file(index.root, name, version)).is_file():
            said = actions(log)
            if body := committed(said):
                waiting.setdefault(body["batch"], (body, name, version, said))
            version += 1
    done: list[Batch] = []
    number, previous = index.last, index.digest
    while number + 1 in waiting:
        body, name, version, said = waiting[number + 1]
        metrics: dict[str, Any] = next(
            (a["commitInfo"].get("operationMetrics", {}) for a in said if "commitInfo" in a), {}
        )
        plain = Batch.of({"version": 0, **body}).imports
        batch = Batch.of(
            {
                **body,
                **(_counted(body, metrics) if plain else {"inserted": 0}),
                "version": version,
                "files": [*_added(index.root, name, version, said, body["sha256"]), *body["files"]],
                "previous": previous,
            }
        ).sealed()
        done.append(batch)
        number, previous = number + 1, batch.digest
    for path in layout.unrecorded(index):
        batch = replace(_defining(index, path), batch=number + 1, previous=previous).sealed()
        done.append(batch)
        number, previous = number + 1, batch.digest
    return done


def _defining(index: Index, path: Path) -> Batch:
    """Return the batch that a definition is, without number and digests."""
    one, (ledger, title) = defined.read(path), defined.about(path)
    batch = next_batch(
        index,
        ledger,
        one.who,
        datetime.fromisoformat(one.at),
        department=one.department,
        label=index.name_of(one.department) or one.department,
        file=title,
        files=(layout.seen(index.root, path),),
        defines=path.stem,
        why=one.why,
    )
    return replace(batch, version=NO_TABLE)


def _counted(body: dict[str, Any], metrics: dict[str, Any]) -> dict[str, int]:
    """Return how many rows an import inserted and updated: as its commit says, else as delta-rs counted."""
    if body["inserted"] or body["updated"]:
        return {"inserted": body["inserted"], "updated": body["updated"]}
    added = metrics.get("num_added_rows", body["rows"])
    return {
        "inserted": metrics.get("num_target_rows_inserted", added),
        "updated": metrics.get("num_target_rows_updated", 0),
    }


def _added(
    root: Path, ledger: str, version: int, said: list[dict[str, Any]], sha256: str
) -> Iterator[tuple[str, int, str]]:
    folder = layout.table(root, ledger)
    paths = [
        layout.commit_file(root, ledger, version),
        *(folder / unquote(a["add"]["path"]) for a in said if "add" in a),
    ]
    paths += sources(root, sha256) if sha256 else []
    return (layout.seen(root, path) for path in paths)
