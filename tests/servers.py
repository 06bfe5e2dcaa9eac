"""A PostgreSQL server of the tests' own: what it holds is thrown away, so that it need not outlive a power
failure.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any


def postgres(folder: Path) -> Any:
    """Start a server in a folder that does not wait for the disk; it is stopped when the process ends or at
    ``cleanup``.
    """
    from pgserver.postgres_server import get_server

    server = get_server(folder, cleanup_mode="stop")
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        server.psql(f"ALTER SYSTEM SET {setting} = off")
    server.psql("SELECT pg_reload_conf()")
    return server
