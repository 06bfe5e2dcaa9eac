"""A backup is made while the site goes on: the database as it is at one moment, then the files that it names,
which nobody changes or takes away.
"""

from __future__ import annotations

import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from zhunsheng import __version__
from zhunsheng.clock import now
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.layout import MARKER
from zhunsheng.evidence.records import Records
from zhunsheng.files.opening import file_digest
from zhunsheng.files.scratch import scratch_folder
from zhunsheng.files.writing import whole_file
from zhunsheng.web.backups import databases
from zhunsheng.web.backups.archive import DATABASES, FOLDERS, FORMAT, LISTING, add
from zhunsheng.web.backups.keys import KEYS, fingerprints, from_environment
from zhunsheng.web.models import AuditHead
from zhunsheng.web.services import evidence


@dataclass(frozen=True)
class Made:
    """What a backup came to: how many files, the archive's SHA-256, files that records name and are not
    there, and keys that only variables have.
    """

    files: int
    digest: str
    lost: tuple[str, ...]
    unkept_keys: tuple[str, ...]


def make(archive: Path, *, keys: bool) -> Made:
    """Write an archive whole or not at all, for this account alone; ``keys`` with the files of the keys.

    Raises ``ZS-CL-10`` for a full disk, ``ZS-CL-11``, ``ZS-CL-14`` where it can't fit,
    ``ZS-CL-15`` where the database can't be copied, ``ZS-EV-11``.
    """
    digests: dict[str, str] = {}
    lost: list[str] = []
    with scratch_folder() as scratch, whole_file(archive) as partial:
        partial.chmod(0o600)
        head = AuditHead.objects.filter(pk=1).first()
        migrations = sorted(".".join(one) for one in MigrationRecorder(connection).applied_migrations())
        database = scratch / DATABASES[connection.vendor]
        databases.copy(database)
        store = evidence.store()
        last = store.head if store.begun() else (0, "")
        members = [(database, database.name), *_files(store.root)]
        if keys:
            kept = [name for name in KEYS if not from_environment(name)]
            members += [(settings.DATA / name, name) for name in kept]
        room(archive.parent, sum(path.stat().st_size for path, _ in members if path.is_file()))
        with tarfile.open(partial, "w") as tar:
            for path, name in members:
                try:
                    digests[name] = add(tar, path, name)
                except FileNotFoundError:
                    lost.append(name)
            about = {
                "format": FORMAT,
                "made": now().astimezone(UTC).isoformat(timespec="seconds"),
                "version": __version__,
                "vendor": connection.vendor,
                "migrations": migrations,
                "keys": fingerprints(),
                "audit": head.digest if head else "",
                "evidence": {"batch": last[0], "digest": last[1]},
                "files": digests,
            }
            listing = scratch / LISTING
            listing.write_text(json.dumps(about, ensure_ascii=False, indent=1), "utf8")
            add(tar, listing, LISTING)
        with partial.open("rb") as stream:  # on the disk before it has its name
            os.fsync(stream.fileno())
    digest = file_digest(archive)
    return Made(len(digests), digest, tuple(lost), tuple(n for n in KEYS if keys and from_environment(n)))


def room(folder: Path, wanted: int) -> None:
    """Raise ``ZS-CL-14`` where a folder (which need not be there yet) has no room for so many bytes."""
    there = next(one for one in (folder, *folder.resolve().parents) if one.exists())
    if (free := shutil.disk_usage(there).free) < wanted:
        raise ZhunshengError(
            "ZS-CL-14", path=str(folder), wanted=f"{wanted / 2**20:.1f}", free=f"{free / 2**20:.1f}"
        )


def _files(store: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files of the data folder with their places in it. Of the evidence what its records name: an
    import that is under way has no record yet, and its files are not whole.
    """
    records = sorted((store / "batches").glob("*.json"))
    named = {name for batch in Records(store).all() for name, _, _ in batch.files}
    said = [*(path.relative_to(store).as_posix() for path in records), *sorted(named)]
    if (store / MARKER).is_file():
        said.append(MARKER)
    yield from ((store / name, f"evidence/{name}") for name in said)
    for folder in FOLDERS[1:]:
        root = settings.DATA / folder
        for path in sorted(root.rglob("*")):
            if path.is_file() and path.suffix not in (".partial", ".lock"):
                yield path, path.relative_to(settings.DATA).as_posix()
