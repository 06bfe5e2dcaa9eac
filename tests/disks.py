"""Disks that run full: a tmpfs where this account may mount one, else a limit on the size of files."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOMY = 128 * 2**20
MARK = ".small"  # on a disk that may be filled


@contextmanager
def small(folder: Path) -> Iterator[Path]:
    """Give an empty folder on a disk of its own of 128 MiB, gone afterwards; without the right to mount one,
    a plain folder.
    """
    folder.mkdir()
    options = f"size={ROOMY},mode=0700"
    mounted = os.geteuid() == 0 and _run("mount", "-t", "tmpfs", "-o", options, "small", str(folder))
    if mounted:
        (folder / MARK).touch()
    try:
        yield folder
    finally:
        assert not mounted or _run("umount", "--lazy", str(folder))


@contextmanager
def full(folder: Path, room: int = 0) -> Iterator[None]:
    """Leave ``room`` bytes on a small disk; on a plain folder let no file of this process and of those that
    it starts grow beyond ``room`` bytes. Where neither can be done it fails.
    """
    mount = next(one for one in (folder, *folder.parents) if os.path.ismount(one))
    if (mount / MARK).exists():
        filler = mount / ".filler"
        _fill(filler, room)
        try:
            yield
        finally:
            filler.unlink()
        return
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    limited = before[1] == resource.RLIM_INFINITY or before[1] >= room
    assert limited, "neither can a small disk be mounted here nor the size of files be limited"
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _fill(filler: Path, room: int) -> None:
    """Write to the disk's end, and give so many bytes back, by whole pages."""
    with filler.open("wb") as stream:
        size = 0
        for piece in (2**20, 4096):
            try:
                while True:
                    size += os.write(stream.fileno(), b"\0" * piece)
            except OSError as error:
                assert error.errno == errno.ENOSPC, error
    os.truncate(filler, max(0, size - -(-room // 4096) * 4096))


def _run(*words: str) -> bool:
    return subprocess.run(words, check=False, capture_output=True).returncode == 0
