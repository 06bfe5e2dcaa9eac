"""The transparency log: entries, nodes, checkpoints, and triggers against changing what is sealed."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

from zhunsheng.web.databases.guards import guards


def guard(apps: Any, editor: Any) -> None:
    """Make the triggers of the two tables that only grow."""
    for statement in guards(editor.connection.vendor, ["web_logentry", "web_logcheckpoint"]).values():
        editor.execute(statement)


class Migration(migrations.Migration):
    """Three tables, then the triggers."""

    dependencies = [("web", "0029_sealed_records")]
    operations = [
        migrations.CreateModel(
            "LogCheckpoint",
            [
                ("size", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("note", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            "LogEntry",
            [
                ("index", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=20)),
                ("number", models.PositiveBigIntegerField()),
                ("digest", models.CharField(max_length=64)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("kind", "number"), name="one_entry")],
            },
        ),
        migrations.CreateModel(
            "LogNode",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("level", models.PositiveSmallIntegerField()),
                ("index", models.PositiveBigIntegerField()),
                ("hash", models.BinaryField(max_length=32)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("level", "index"), name="one_node")],
            },
        ),
        migrations.RunPython(guard, migrations.RunPython.noop),
    ]
