"""Small disks that run full: a tmpfs where this account may mount one, else a limit on the size of files."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def small(folder: Path, size: int) -> Iterator[Path]:
    """Give a folder on a disk of ``size`` bytes, gone afterwards; without the right to mount one, let no file
    of this process and of those that it starts grow beyond ``size``. Where neither can be done it fails.
    """
    folder.mkdir()
    said = f"size={-(-size // 4096) * 4096},mode=0700"
    mounted = os.geteuid() == 0 and _run("mount", "-t", "tmpfs", "-o", said, "small", str(folder))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    if not mounted:
        limited = before[1] == resource.RLIM_INFINITY or before[1] >= size
        assert limited, "neither can a small disk be mounted here nor the size of files be limited"
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield folder
    finally:
        if mounted:
            assert _run("umount", str(folder)), "the small disk is still in use"
        else:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            for path in folder.iterdir():
                path.unlink()
        folder.rmdir()


def _run(*words: str) -> bool:
    return subprocess.run(words, check=False, capture_output=True).returncode == 0
