"""The chained records of a store: one JSON a batch, each with the digest of the one before and its own."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.writing import whole_file
from zhunsheng.translation import worded

REMOVED = "removed"  # the folder of rows that a batch took out, as they stood there
# Fields that stand in a record only where they say something, so that records of every version keep their
# digests.
_OPTIONAL: dict[str, Any] = {
    "undoes": None,
    "label": "",
    "named": {},
    "holds": (),
    "notes": (),
    "renames": None,
    "compacts": None,
    "columns": (),
    "removes": None,
    "defines": "",
    "read_by": "",
    "why": "",
}


@dataclass(frozen=True)
class Batch:
    """One committed batch. ``files`` are (path in the store, bytes, SHA-256) of all that the batch added.

    ``department`` is a code and ``label`` its name at that time. A record of the first version of the store
    has the name in ``department`` and no label; read through ``Store``, it carries the code that a later
    batch gave.
    """

    batch: int
    ledger: str
    department: str
    file: str
    sha256: str
    rows: int
    inserted: int
    updated: int
    rejected: int
    who: str
    when: str
    version: int
    files: tuple[tuple[str, int, str], ...] = ()
    previous: str = ""
    digest: str = ""
    undoes: int | None = None  # the batch whose changes this one takes back
    label: str = ""
    named: Mapping[str, str] = field(default_factory=dict)  # departments first met in its rows: code -> name
    holds: tuple[str, ...] = ()  # codes of other departments that its rows belong to
    notes: tuple[str, ...] = ()  # what was said of its file: unused columns, hidden rows that were read
    renames: Mapping[str, str] | None = None  # a migration: name in earlier rows -> code
    compacts: int | None = None  # a compaction: how many files it put together
    # The columns that its file had, where it lacked some of the ledger's: of the others it said nothing.
    columns: tuple[str, ...] = ()
    removes: str | None = None  # why its rows were taken out of the ledger
    defines: str = (
        ""  # the version of a ledger's or measure's definition that it keeps, as its file is called
    )
    read_by: str = ""  # the version by which its file was read, where a body defined the ledger itself
    why: str = ""  # why its rows were typed in, or what they define

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Batch:
        """Return the batch that a record's JSON holds. Raises ``KeyError`` or ``TypeError`` for one of
        another shape.
        """
        files = tuple((str(f[0]), int(f[1]), str(f[2])) for f in body["files"])
        return cls(
            **{
                **body,
                "files": files,
                "holds": tuple(body.get("holds", ())),
                "notes": tuple(body.get("notes", ())),
                "columns": tuple(body.get("columns", ())),
            }
        )

    def as_json(self) -> dict[str, Any]:
        """Return the batch as plain data; optional fields are there only where they say something."""
        return {k: v for k, v in asdict(self).items() if k not in _OPTIONAL or v != _OPTIONAL[k]}

    def sealed(self) -> Batch:
        """Return the batch with the digest of all its other fields, the previous digest among them."""
        body = {k: v for k, v in self.as_json().items() if k != "digest"}
        text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return Batch(**{**body, "files": self.files, "digest": hashlib.sha256(text.encode()).hexdigest()})

    @property
    def told(self) -> str:
        """What the batch is called: its file, with why it was made where that is said."""
        why = self.removes or self.why
        return f"{self.file}：{why}" if why else self.file

    @property
    def version_read(self) -> int | None:
        """By which version of a ledger's definition its file was read, None where the package defines it."""
        return int(self.read_by.rpartition(".")[2]) if self.read_by else None

    @property
    def imports(self) -> bool:
        """Whether the batch brought a file, rather than removing, undoing, migrating or compacting."""
        return self.speaks and self.removes is None

    @property
    def takes_out(self) -> bool:
        """Whether the batch keeps rows as they stood before it, which stand there no more: those that it
        removed, or that it added to under another key.
        """
        return any(name.startswith(f"{REMOVED}/") for name, _, _ in self.files)

    @property
    def speaks(self) -> bool:
        """Whether the batch says of rows what they are: it brought them, or took them out."""
        return self.undoes is None and self.renames is None and self.compacts is None and not self.defines


class Records:
    """The folder ``batches/`` of a store."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "batches"

    def path(self, number: int) -> Path:
        """Return where the record of a batch lies."""
        return self.folder / f"{number:06d}.json"

    def read(self, number: int) -> Batch | None:
        """Return one record as it was written, None where there is none. Raises ``ZS-EV-11``."""
        path = self.path(number)
        return _read(path) if path.is_file() else None

    def after(self, number: int) -> Iterator[Batch]:
        """Yield the records behind batch ``number`` in order, up to the first that is missing.
        Raises ``ZS-EV-11``.
        """
        while (batch := self.read(number + 1)) is not None:
            yield batch
            number += 1

    def all(self) -> list[Batch]:
        """Return every record in order of numbers, whatever is missing between. Raises ``ZS-EV-11``."""
        return [
            _read(path) for path in sorted(self.folder.glob("*.json"), key=lambda p: (len(p.stem), p.stem))
        ]

    @staticmethod
    def text(batch: Batch) -> str:
        """Return a record as it is written."""
        return json.dumps(batch.as_json(), ensure_ascii=False, indent=1)

    def write(self, batch: Batch) -> None:
        """Write a record whole or not at all."""
        with whole_file(self.path(batch.batch)) as partial, partial.open("w", encoding="utf8") as stream:
            stream.write(self.text(batch))
            stream.flush()
            os.fsync(stream.fileno())


def _read(path: Path) -> Batch:
    try:
        return Batch.of(json.loads(path.read_text("utf8")))
    except (ValueError, TypeError, KeyError, IndexError):
        raise ZhunshengError("ZS-EV-11", detail=worded("{name} 读不出来", name=path.name)) from None


def actions(path: Path) -> list[dict[str, Any]]:
    """Return the actions of one commit of a Delta log."""
    return [json.loads(line) for line in path.read_text("utf8").splitlines() if line.strip()]
