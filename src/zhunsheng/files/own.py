"""A folder of this user's own for what can be made again: caches, compiled code, mirrors."""

from __future__ import annotations

import os
from pathlib import Path

from zhunsheng.files import system


def own_folder(name: str) -> Path | None:
    """Return a folder ``name`` that is this user's alone, made where it is not there, or None where none can
    be had: what lies there is run or is personal, so no shared one.
    """
    place = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "zhunsheng" / name
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        return place if system.mine(place.stat()) and os.access(place, os.W_OK) else None
    except OSError:
        return None
