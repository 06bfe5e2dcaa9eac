"""What takes long to build is built once for all workers of a run."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock


def once(tmp_path_factory, name: str, build: Callable[[Path], object]) -> Path:
    """Return a folder that the first worker to ask for it fills: to be copied from, not changed."""
    base = tmp_path_factory.getbasetemp()
    place = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    done = place.with_suffix(".done")
    with FileLock(place.with_suffix(".lock")):
        if not done.is_file():
            place.mkdir()
            build(place)
            done.touch()
    return place
