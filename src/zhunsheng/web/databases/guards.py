"""What the database itself refuses: to change, remove, replace or empty the log and the steps taken."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

# Append-only tables, and what no two rows share: what replaces a row goes by one of these.
TABLES: dict[str, tuple[tuple[str, ...], ...]] = {
    "web_auditentry": (("id",), ("number",)),
    "web_step": (("id",),),
    "web_logentry": (("index",), ("kind", "number")),
    "web_logcheckpoint": (("size",),),
}

# What PostgreSQL keeps of the function that the triggers call, and of each: before, of rows (1 + 2) deleted
# and updated (8 + 16), or of a table (2) emptied (32).
REFUSING = " BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only'; END "
KINDS = {"append_only": 1 + 2 + 8 + 16, "no_truncate": 2 + 32}


def guards(vendor: str, tables: Iterable[str] = TABLES) -> dict[str, str]:
    """Return the triggers of a database (``sqlite`` or ``postgresql``) by name, as the statements that make
    them.
    """
    found = {}
    for table in tables:
        unique = TABLES[table]
        if vendor == "sqlite":
            refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for act in ("UPDATE", "DELETE"):
                name = f"{table}_no_{act.lower()}"
                found[name] = f"CREATE TRIGGER {name} BEFORE {act} ON {table} {refuse}"
            # INSERT OR REPLACE removes the row that is there without asking the trigger on removing.
            taken = " OR ".join(" AND ".join(f'"{c}" = NEW."{c}"' for c in columns) for columns in unique)
            name = f"{table}_no_replace"
            found[name] = (
                f"CREATE TRIGGER {name} BEFORE INSERT ON {table} "
                f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {taken}) {refuse}"
            )
        else:
            act = "EXECUTE FUNCTION web_append_only()"
            name = f"{table}_append_only"
            found[name] = f"CREATE TRIGGER {name} BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW {act}"
            name = f"{table}_no_truncate"
            found[name] = f"CREATE TRIGGER {name} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {act}"
    return found


def unguarded(connection: Any) -> list[str]:
    """Return the names of the triggers that are missing, switched off or say another thing."""
    wanted = guards(connection.vendor)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            found = dict(cursor.fetchall())
            return [name for name, statement in wanted.items() if found.get(name) != statement]
        cursor.execute(
            "SELECT t.tgname, c.relname, t.tgtype FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid "
            "JOIN pg_class c ON c.oid = t.tgrelid AND pg_table_is_visible(c.oid) "
            "WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') "
            "AND t.tgqual IS NULL AND t.tgattr::text = '' "  # neither only when, nor only of some columns
            "AND p.proname = 'web_append_only' AND p.prosrc = %s",
            [REFUSING],
        )
        there = set(cursor.fetchall())
    kinds = {f"{table}_{act}": (table, kind) for table in TABLES for act, kind in KINDS.items()}
    return [name for name in wanted if (name, *kinds[name]) not in there]


def foreign(connection: Any) -> list[str]:
    """Return the names of triggers and rules that are not the program's: what is written or read past them
    may be another than what was said.
    """
    wanted = guards(connection.vendor)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY name")
        else:
            cursor.execute(
                "SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
                "WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace "
                "UNION SELECT r.rulename FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class "
                "WHERE r.rulename <> '_RETURN' AND c.relnamespace = current_schema()::regnamespace "
                "UNION SELECT p.polname FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid "
                "WHERE c.relnamespace = current_schema()::regnamespace ORDER BY 1"
            )
        return [name for (name,) in cursor.fetchall() if name not in wanted]
