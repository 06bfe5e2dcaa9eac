"""Folders for what is only worked with: the account's alone, gone when the work ends, swept where it died."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from zhunsheng.files import system

PREFIX = "zhunsheng-"
_LOCK, _INSIDE = ".lock", "work"
_UPLOADS = "tmp*.upload*"  # what Django keeps of a large upload while its request lasts
_LEFT_ALONE = 3600  # that one is left alone, nor a folder that has no name yet
_swept: set[tuple[int, str]] = set()  # processes and folders that were looked through


@contextmanager
def scratch_folder(place: Path | None = None) -> Iterator[Path]:
    """Give a new folder that only this account can enter; it goes with all that is in it. It lies in
    ``place``, beside what is made in it and moved out, else where the system keeps what is temporary.

    While its process lives it is locked. The first one of a process in a place takes away those that died
    without taking theirs along: they can hold personal data.
    """
    place = place or Path(tempfile.gettempdir())
    sweep_once(place)
    # Made under another name, so that nobody finds it before it is locked.
    making = Path(tempfile.mkdtemp(prefix=f".{PREFIX}", dir=place))
    lock = -1
    try:
        if system.POSIX:
            lock = _locked(making)
        folder = making.rename(making.with_name(making.name[1:]))
        if not system.POSIX:  # a folder in which something is open keeps its name
            lock = _locked(folder)
    except BaseException:
        if lock >= 0:
            os.close(lock)
        shutil.rmtree(making, ignore_errors=True)
        raise
    maker = os.getpid()
    try:
        inside = folder / _INSIDE
        inside.mkdir(mode=0o700)
        yield inside
    finally:
        if os.getpid() == maker:  # a process that was forked within ends without taking it away
            if not system.POSIX:
                os.close(lock)
                lock = -1
            _taken_away(folder)
        if lock >= 0:
            os.close(lock)


def _locked(folder: Path) -> int:
    handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    system.lock(handle)
    return handle


def sweep_once(place: Path | None = None) -> None:
    """``sweep`` a place, once a process; without one, where the system keeps what is temporary."""
    place = place or Path(tempfile.gettempdir())
    if (os.getpid(), str(place)) not in _swept:
        _swept.add((os.getpid(), str(place)))
        sweep(place)


def sweep(place: Path) -> list[Path]:
    """Take away the scratch folders of this account in ``place`` whose process is no more, and uploads that
    no process has open; return what went.
    """
    gone = [*_uploads_swept(place)]
    for folder in [*place.glob(f"{PREFIX}*"), *_unnamed(place)]:
        with suppress(OSError):
            if not system.mine(folder.lstat()):
                continue
            if folder.name.startswith(".") and not (folder / _LOCK).exists():
                folder.rmdir()  # all that was in it is gone
                continue
            lock = os.open(folder / _LOCK, os.O_RDWR | system.NOT_A_LINK)
            try:
                system.lock(lock, wait=False)  # who lives holds it
                _taken_away(folder)
                gone.append(folder)
            finally:
                os.close(lock)
    return gone


def _taken_away(folder: Path) -> None:
    """Take a folder away, under the name that it had before it was one, and its lock last: so that it can be
    told for what it is whenever this is broken off.
    """
    with suppress(OSError):
        going = folder if folder.name.startswith(".") else folder.rename(folder.with_name(f".{folder.name}"))
        shutil.rmtree(going / _INSIDE, ignore_errors=True)
        (going / _LOCK).unlink()
        going.rmdir()


def _unnamed(place: Path) -> Iterator[Path]:
    """Yield folders that were being taken away, and those that were being made an hour ago and more."""
    before = time.time() - _LEFT_ALONE
    for folder in place.glob(f".{PREFIX}*"):
        with suppress(OSError):
            if (folder / _INSIDE).exists() or folder.lstat().st_mtime < before:
                yield folder


def _uploads_swept(place: Path) -> Iterator[Path]:
    before = time.time() - _LEFT_ALONE
    left = []
    for path in place.glob(_UPLOADS):
        with suppress(OSError):
            seen = path.lstat()
            if system.mine(seen) and seen.st_mtime < before:
                left.append(path)
    if not left:
        return
    opened = set()
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):
            opened.add(str(link.readlink()))
    for path in left:
        with suppress(OSError):
            if str(path) not in opened:
                path.unlink()
                yield path
