"""Let the database itself refuse to change or remove entries of the audit log and steps of decisions."""

from __future__ import annotations

from typing import Any

from django.db import migrations

TABLES = ("web_auditentry", "web_step")


def protect(apps: Any, editor: Any) -> None:
    """Create the triggers in the words of the database at hand."""
    if editor.connection.vendor == "sqlite":
        for table in TABLES:
            for act in ("UPDATE", "DELETE"):
                editor.execute(
                    f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
    elif editor.connection.vendor == "postgresql":
        editor.execute(
            "CREATE OR REPLACE FUNCTION web_append_only() RETURNS trigger AS "
            "$$ BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only'; END $$ LANGUAGE plpgsql"
        )
        for table in TABLES:
            editor.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION web_append_only()"
            )


def release(apps: Any, editor: Any) -> None:
    """Drop the triggers."""
    for table in TABLES:
        if editor.connection.vendor == "sqlite":
            editor.execute(f"DROP TRIGGER IF EXISTS {table}_no_update")
            editor.execute(f"DROP TRIGGER IF EXISTS {table}_no_delete")
        elif editor.connection.vendor == "postgresql":
            editor.execute(f"DROP TRIGGER IF EXISTS {table}_append_only ON {table}")


class Migration(migrations.Migration):
    """Triggers on the append-only tables."""

    dependencies = [("web", "0001_initial")]
    operations = [migrations.RunPython(protect, release)]
