"""The two databases that acts are raced on, each put back as it was before every race."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import Any

BASE, WORK = "base", "work"


def copied(file: Path, connection: Any) -> None:
    """Fill a migrated PostgreSQL database with the rows of a SQLite file of the same site."""
    source = sqlite3.connect(file)
    names = [
        n
        for (n,) in source.execute("SELECT name FROM sqlite_master WHERE type='table'")
        if not n.startswith("sqlite_")
    ]
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        known = {n for (n,) in cursor.fetchall()}
        names = [n for n in names if n in known and n != "django_migrations"]
        cursor.execute("TRUNCATE " + ", ".join(f'"{n}"' for n in sorted(known - {"django_migrations"})))
        for name in names:
            columns = [c[1] for c in source.execute(f'PRAGMA table_info("{name}")')]
            listed = ", ".join(f'"{c}"' for c in columns)
            with cursor.copy(f'COPY "{name}" ({listed}) FROM STDIN') as copy:
                for row in source.execute(f'SELECT {listed} FROM "{name}"'):
                    copy.write_row([None if v is None else str(v) for v in row])
            cursor.execute(
                f"SELECT pg_get_serial_sequence('\"{name}\"', 'id')" if "id" in columns else "SELECT NULL"
            )
            if sequence := cursor.fetchone()[0]:
                cursor.execute(f'SELECT setval(%s, COALESCE((SELECT MAX(id) FROM "{name}"), 1))', [sequence])
        cursor.execute("SET session_replication_role = DEFAULT")
    source.close()


class Sqlite:
    """A SQLite file beside a copy of how it was."""

    def __init__(self, file: Path) -> None:
        self.file, self.kept = file, file.with_suffix(".kept")

    def keep(self) -> None:
        """Keep how it is now, all connections being closed."""
        connection = sqlite3.connect(self.file)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        shutil.copyfile(self.file, self.kept)

    def restore(self) -> None:
        """Put it back, all connections being closed."""
        for ending in ("-wal", "-shm"):
            Path(f"{self.file}{ending}").unlink(missing_ok=True)
        shutil.copyfile(self.kept, self.file)


class Postgres:
    """A PostgreSQL database beside a template of how it was."""

    def __init__(self, conninfo: str) -> None:
        import psycopg

        self.admin = psycopg.connect(conninfo, autocommit=True)

    def keep(self) -> None:
        """Keep how it is now, all connections being closed."""
        self.admin.execute(f"DROP DATABASE IF EXISTS {BASE}")
        self.admin.execute(f"CREATE DATABASE {BASE} TEMPLATE {WORK}")

    def restore(self) -> None:
        """Put it back, all connections being closed."""
        self.admin.execute(f"DROP DATABASE IF EXISTS {WORK} WITH (FORCE)")
        self.admin.execute(f"CREATE DATABASE {WORK} TEMPLATE {BASE} STRATEGY FILE_COPY")
