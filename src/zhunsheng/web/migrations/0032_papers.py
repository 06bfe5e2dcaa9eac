"""The register of papers that the site gave out."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """One table."""

    dependencies = [("web", "0031_layouts")]
    operations = [
        migrations.CreateModel(
            "Paper",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveBigIntegerField(unique=True)),
                ("code", models.CharField(max_length=14, unique=True)),
                ("name", models.CharField(max_length=255)),
                ("of", models.CharField(max_length=40)),
                ("object_id", models.PositiveBigIntegerField()),
                ("ground", models.CharField(blank=True, default="", max_length=64)),
                ("year", models.PositiveSmallIntegerField()),
                ("issued", models.DateField()),
                ("raw", models.CharField(max_length=64)),
                ("sha256", models.CharField(db_index=True, max_length=64)),
                ("manifest", models.CharField(max_length=64)),
                ("salt", models.CharField(max_length=32)),
                ("size", models.PositiveBigIntegerField(default=0)),
                ("program", models.CharField(max_length=40)),
                ("note", models.TextField()),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="papers",
                        to="web.organisation",
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
                "constraints": [
                    models.UniqueConstraint(fields=("of", "object_id", "name", "raw"), name="one_paper")
                ],
            },
        ),
    ]
