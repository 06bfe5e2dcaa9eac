"""A backup comes back to a data folder without a site: everything is checked beside it first, then all of it
is put in its place, or nothing.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import of_system
from zhunsheng.files.writing import write_whole
from zhunsheng.translation import series, worded
from zhunsheng.web.backups import databases
from zhunsheng.web.backups.archive import DATABASES, FOLDERS, Archive
from zhunsheng.web.backups.keys import KEYS, differing, from_environment, in_force
from zhunsheng.web.backups.making import room

PLACE = ".restoring"  # in the data folder, while a backup comes back; who dies leaves it, and no site starts
_BEGUN = "begun.json"
_SITE = "site"


@dataclass
class Restored:
    """What came back: how many files, what the checks found wrong, what was done beside."""

    files: int
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def unfinished() -> bool:
    """Say whether a restore was broken off between its first change and its last."""
    return (settings.DATA / PLACE / _BEGUN).is_file()


def look(path: Path) -> Archive:
    """Check an archive as far as that needs no place to unpack it: every file against its digest, the
    program's version, the keys. Raises as ``restore``.
    """
    with Archive.opened(path) as archive:
        _refuse_unfit(archive)
        archive.check()
        _keys_of(archive)
        return archive


def restore(path: Path, checkpoint: Path | None = None, *, despite: bool = False) -> Restored:
    """Bring a backup back. What the checks of the site find ends it, unless it is to come back ``despite``
    that.

    Raises ``ZS-WB-95`` where a site is there, ``-96`` for other keys, ``-97``, ``-98`` for an archive that is
    no whole backup or of another version, ``-99`` for what the checks found, ``ZS-CL-10``, ``-11``, ``-14``,
    ``-15``, ``-16`` where another restore is under way. Whatever it raises, nothing has changed.
    """
    with _alone() as place, Archive.opened(path) as archive:
        _undo(place)
        _refuse_unfit(archive)
        _refuse_there()
        keys = _keys_of(archive)
        own = _own(archive)
        room(settings.DATA, archive.size + (archive.size if _elsewhere() else 0))
        staged = place / _SITE
        try:
            staged.mkdir(mode=0o700)
            archive.unpack(own, staged)
            for name, key in keys.items():
                (staged / name).write_text(key, "utf8")
                (staged / name).chmod(0o600)
            if connection.vendor == "postgresql":
                _begun(place, database=True, names=[])
                databases.load(staged / DATABASES["postgresql"], place)
                (staged / DATABASES["postgresql"]).unlink()
            found = _checked(staged, archive.about, checkpoint)
            if found.problems and not despite:
                raise ZhunshengError("ZS-WB-99", name=path.name, detail=series(found.problems[:20], "；"))
            found.notes += _moved(place)
        except BaseException as error:
            _undo(place)
            if told := of_system(error, str(settings.DATA)):
                raise told from error
            raise
    found.files = len(archive.about["files"])
    return found


# -- what is refused
# ------------------------------------------------------------------------------------------------------------


def _refuse_unfit(archive: Archive) -> None:
    """Raise ``ZS-WB-98`` for an archive of another database, or of a version later than this one."""
    about, name = archive.about, archive.path.name
    if about["vendor"] != connection.vendor:
        detail = worded(
            "它来自 {vendor}，这里的数据库是 {here}", vendor=about["vendor"], here=connection.vendor
        )
        raise ZhunshengError("ZS-WB-98", name=name, detail=detail)
    known = {".".join(one) for one in MigrationLoader(None, ignore_no_migrations=True).disk_migrations}
    if later := sorted(set(about.get("migrations", [])) - known):
        detail = worded(
            "它来自更新的版本 {version}（{step}）", version=about.get("version", ""), step=later[-1]
        )
        raise ZhunshengError("ZS-WB-98", name=name, detail=detail)


def _refuse_there() -> None:
    """Raise ``ZS-WB-95`` where the data folder holds files of a site, or the database one."""
    for name in FOLDERS[1:] if settings.EVIDENCE else FOLDERS:
        if any(p.is_file() for p in (settings.DATA / name).rglob("*")):
            raise ZhunshengError("ZS-WB-95", place=str(settings.DATA / name))
    if databases.there():
        raise ZhunshengError("ZS-WB-95", place=str(connection.settings_dict["NAME"]))


def _keys_of(archive: Archive) -> dict[str, str]:
    """Return the keys that the site is to have in files: what it runs with where that is what the archive was
    made with, else the archive's own. Raises ``ZS-WB-96`` where neither is.
    """
    said = archive.about.get("keys")
    here = in_force()
    held = {n: archive.text(n).strip() for n in KEYS if n in archive.members and not from_environment(n)}
    if said is None:  # of a version that kept no fingerprints: what the checks come to tells
        wrong = list(held)
    else:
        wrong = differing(said, here)
        lacking = [n for n in wrong if n not in held or differing(said, {n: held[n]})]
        if lacking:
            files = series((worded("{file}（{variable}）", file=n, variable=KEYS[n]) for n in lacking), "、")
            raise ZhunshengError("ZS-WB-96", name=archive.path.name, keys=files)
    return {n: held[n] if n in wrong else here[n] for n in KEYS if not from_environment(n)}


def _own(archive: Archive) -> list[str]:
    """Return the files to unpack: the evidence is left out where it lies in an object store."""
    return [n for n in archive.names(("evidence",) if settings.EVIDENCE else ()) if n not in KEYS]


# -- the place beside
# ------------------------------------------------------------------------------------------------------------


@contextmanager
def _alone() -> Iterator[Path]:
    """Give the folder of the restore, this process's alone. Raises ``ZS-CL-16``, ``ZS-CL-11``."""
    place = settings.DATA / PLACE
    try:
        place.mkdir(mode=0o700, exist_ok=True)
        lock = os.open(place / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise of_system(error, str(place)) or error from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ZhunshengError("ZS-CL-16", place=str(settings.DATA)) from None
        yield place
        if not unfinished():
            shutil.rmtree(place)
    except ZhunshengError as error:
        if error.code != "ZS-CL-16" and not unfinished():
            shutil.rmtree(place, ignore_errors=True)
        raise
    finally:
        os.close(lock)


def _begun(place: Path, *, database: bool, names: list[str]) -> None:
    write_whole(place / _BEGUN, json.dumps({"database": database, "names": names}))


def _undo(place: Path) -> None:
    """Take away what a restore that did not come to its end put in place, and what it unpacked. No site has
    worked with it: none starts while it is there.
    """
    if unfinished():
        said = json.loads((place / _BEGUN).read_text("utf8"))
        if said["database"]:
            databases.clear()
        for name in said["names"]:
            target = _target(name)
            shutil.rmtree(target) if target.is_dir() else target.unlink(missing_ok=True)
        for kept in place.glob("kept-*"):  # keys that were here before
            kept.replace(settings.DATA / kept.name.removeprefix("kept-"))
        (place / _BEGUN).unlink()
    shutil.rmtree(place / _SITE, ignore_errors=True)


def _elsewhere() -> bool:
    """Say whether SQLite's file lies on another file system than the data folder."""
    if connection.vendor != "sqlite":
        return False
    folder = Path(connection.settings_dict["NAME"]).parent
    return folder.exists() and folder.stat().st_dev != settings.DATA.stat().st_dev


def _target(name: str) -> Path:
    """Return where an entry of the unpacked site belongs."""
    if name == DATABASES["sqlite"]:
        return Path(connection.settings_dict["NAME"])
    return Path(settings.DATA / name)


def _moved(place: Path) -> list[str]:
    """Put everything in its place, the database last; return what is to be told of it."""
    staged = place / _SITE
    notes: list[str] = []
    connection.close()
    for name in KEYS:
        old, new = settings.DATA / name, staged / name
        if new.is_file() and old.is_file() and old.read_text("utf8").strip() == new.read_text("utf8"):
            new.unlink()  # it is there
        elif new.is_file() and old.is_file() and name not in settings.MADE_KEYS:
            shutil.copyfile(old, place / f"kept-{name}")
    names = sorted((p.name for p in staged.iterdir()), key=lambda name: name == DATABASES["sqlite"])
    _begun(place, database=connection.vendor == "postgresql", names=names)
    for name in names:
        target = _target(name)
        if target.is_dir():
            shutil.rmtree(target)  # without a file in it, or it would have been refused
        if name == DATABASES["sqlite"]:
            for ending in ("-wal", "-shm"):  # of what migrate alone made
                target.with_name(target.name + ending).unlink(missing_ok=True)
        _put(staged / name, target)
    for kept in place.glob("kept-*"):
        name = kept.name.removeprefix("kept-")
        kept.replace(settings.DATA / f"{name}.replaced")
        notes.append(worded("原来的 {name} 改名为 {name}.replaced", name=name))
    (place / _BEGUN).unlink()
    return notes


def _put(source: Path, target: Path) -> None:
    """Move a file or folder, whole, even to another file system."""
    try:
        source.replace(target)
    except OSError:
        beside = target.with_name(f".{target.name}.partial")
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(source, beside)
        beside.chmod(0o600)
        beside.replace(target)


# -- the checks
# ------------------------------------------------------------------------------------------------------------


def _checked(staged: Path, about: dict[str, Any], checkpoint: Path | None) -> Restored:
    """Check the unpacked site by a process of its own that runs on it with the keys it will have."""
    environment = os.environ | {
        "ZHUNSHENG_DATA": str(staged),
        "DJANGO_SETTINGS_MODULE": "zhunsheng.web.settings",
        "ZHUNSHENG_CHECKED": json.dumps({k: about.get(k) for k in ("audit", "evidence")}),
    }
    if connection.vendor == "sqlite":
        environment["ZHUNSHENG_DATABASE"] = f"sqlite:///{staged / DATABASES['sqlite']}"
    words = [sys.executable, "-m", "django", "check_restored"]
    words += ["--checkpoint", str(checkpoint.resolve())] if checkpoint else []
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    if connection.vendor == "sqlite":  # what it wrote is in the one file that is moved
        with closing(sqlite3.connect(staged / DATABASES["sqlite"])) as base:
            base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with suppress(ValueError, IndexError, KeyError):
        said = json.loads(done.stdout.strip().splitlines()[-1])
        return Restored(0, said["problems"], said["notes"])
    why = done.stderr.strip().splitlines()[-1:] or [str(done.returncode)]
    return Restored(0, [worded("核验没有做完：{why}", why=why[0][:300])])
