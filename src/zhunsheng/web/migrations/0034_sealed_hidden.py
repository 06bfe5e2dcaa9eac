"""A trigger that knows both keys of the log's entries; encrypted fields are in the digests of records from here
on (``audit.take_stock`` follows).
"""

from __future__ import annotations

from typing import Any

from django.db import migrations

from zhunsheng.web.databases.guards import guards


def guard(apps: Any, editor: Any) -> None:
    """Make the triggers of the entries anew."""
    vendor, table = editor.connection.vendor, "web_logentry"
    for name, statement in guards(vendor, [table]).items():
        editor.execute(f"DROP TRIGGER IF EXISTS {name}" + ("" if vendor == "sqlite" else f" ON {table}"))
        editor.execute(statement)


class Migration(migrations.Migration):
    """The triggers."""

    dependencies = [("web", "0033_witnesses")]
    operations = [migrations.RunPython(guard, migrations.RunPython.noop)]
