"""Entries of the log that keep the digest of the record they left, and triggers against replacing and emptying."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

from zhunsheng.web.databases.guards import guards


def guard(apps: Any, editor: Any) -> None:
    """Make every trigger anew: SQLite lost those of the log as its table was made with two more columns."""
    vendor = editor.connection.vendor
    for table in ("web_auditentry", "web_step"):
        for name, statement in guards(vendor, [table]).items():
            editor.execute(f"DROP TRIGGER IF EXISTS {name}" + ("" if vendor == "sqlite" else f" ON {table}"))
            editor.execute(statement)


class Migration(migrations.Migration):
    """Two columns of the log, then the triggers."""

    dependencies = [("web", "0028_answered")]
    operations = [
        migrations.AddField("auditentry", "record", models.CharField(blank=True, max_length=64)),
        migrations.AddField("auditentry", "salt", models.CharField(blank=True, max_length=32)),
        migrations.RunPython(guard, migrations.RunPython.noop),
    ]
