"""The database of a backup: a consistent copy of it, whether a site is in it, and its return."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import of_system

# Of what pg_restore lists: what belongs to the database itself and not to the site. Who restores need not own
# it.
_NOT_OURS = re.compile(r"^\d+; \d+ \d+ (?:EXTENSION|SCHEMA|COMMENT - (?:EXTENSION|SCHEMA)|ACL|DEFAULT ACL) ")
_SECRETS = ("password", "sslpassword")


def copy(target: Path) -> None:
    """Write the database as it is at one moment to a file. Raises ``ZS-CL-10``, ``ZS-CL-15``."""
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            with closing(sqlite3.connect(target)) as other:
                connection.connection.backup(other)
        except sqlite3.Error as error:
            raise of_system(error, str(target)) or ZhunshengError("ZS-CL-15", detail=str(error)) from error
        return
    _postgres("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")


def load(source: Path, scratch: Path) -> None:
    """Bring a dump of PostgreSQL back into a database without a site, all of it or nothing.
    Raises ``ZS-CL-10``, ``ZS-CL-15``.
    """
    clear()
    ours = scratch / "listed"
    said = _tool(["pg_restore", "--list", str(source)], {})
    lines = [line for line in said.splitlines() if not _NOT_OURS.match(line)]
    ours.write_text("\n".join(lines), "utf8")
    _postgres(
        "pg_restore",
        "--no-owner",
        "--no-privileges",
        "--single-transaction",
        f"--use-list={ours}",
        str(source),
    )


def there() -> bool:
    """Say whether the database is one of a site: what ``migrate`` alone makes is none."""
    if connection.vendor == "sqlite" and not Path(connection.settings_dict["NAME"]).exists():
        return False  # to look would make one
    names = connection.introspection.table_names()
    found = [name for name in ("web_user", "web_organisation") if name in names]
    with connection.cursor() as cursor:
        for name in found:
            cursor.execute(f"SELECT 1 FROM {name} LIMIT 1")
            if cursor.fetchone():
                return True
    return False


@transaction.atomic
def clear() -> None:
    """Take the tables of the site out of a PostgreSQL database, and the functions of its triggers."""
    names = [*connection.introspection.django_table_names(only_existing=True), "django_migrations"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        known = {name for (name,) in cursor.fetchall()}
        # Those of another version too, which this one does not know.
        ours = [n for n in known if n in names or n.startswith(("web_", "auth_", "axes_", "django_"))]
        for name in sorted(ours):
            cursor.execute(f"DROP TABLE IF EXISTS {connection.ops.quote_name(name)} CASCADE")
        cursor.execute(
            "SELECT p.oid::regprocedure::text FROM pg_proc p "
            "WHERE p.pronamespace = current_schema()::regnamespace "
            r"AND p.proname LIKE 'web\_%' AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid "
            "AND d.deptype = 'e')"
        )
        for (signature,) in cursor.fetchall():
            cursor.execute(f"DROP FUNCTION IF EXISTS {signature} CASCADE")


def reached() -> tuple[str, dict[str, str]]:
    """Return how PostgreSQL's own programs reach the database of the settings: a connection string with all
    that the site's own connection says (``sslmode`` and its like), and what no other process may see, by
    variable.
    """
    from psycopg import conninfo, pq

    known = {one.keyword.decode() for one in pq.Conninfo.get_defaults()}
    asked: dict[str, Any] = connection.get_connection_params()
    said = {k: v for k, v in asked.items() if k in known and k not in _SECRETS and v is not None}
    hidden = {"PGPASSWORD": str(asked["password"])} if asked.get("password") else {}
    return conninfo.make_conninfo("", **said), hidden


def _postgres(*words: str) -> str:
    """Run one of PostgreSQL's programs on the site's database."""
    name, hidden = reached()
    return _tool([words[0], f"--dbname={name}", *words[1:]], hidden)


def _tool(words: Sequence[str], hidden: dict[str, str]) -> str:
    """Run a program; return what it wrote. Raises ``ZS-CL-10``, ``ZS-CL-15``."""
    program = words[0]
    environment = os.environ | hidden | {"LC_MESSAGES": "C"}
    try:
        done = subprocess.run(words, check=False, env=environment, capture_output=True, text=True)
    except OSError as error:
        raise ZhunshengError("ZS-CL-15", detail=f"{program}: {error.strerror}") from None
    if done.returncode:
        failed = RuntimeError(done.stderr.strip()[-300:] or f"{program} ended with {done.returncode}")
        raise of_system(failed) or ZhunshengError("ZS-CL-15", detail=str(failed))
    return done.stdout
