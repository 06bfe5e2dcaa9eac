"""Documents of a place that rules of the review rest on."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """One table."""

    dependencies = [("web", "0035_service")]
    operations = [
        migrations.CreateModel(
            "RuleBasis",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("rules", models.CharField(max_length=400, verbose_name="规则")),
                ("name", models.CharField(max_length=120, verbose_name="文件名称")),
                ("citation", models.CharField(max_length=60, verbose_name="文号")),
                ("article", models.CharField(blank=True, max_length=60, verbose_name="条款")),
                ("scope", models.CharField(blank=True, max_length=120, verbose_name="适用范围")),
                ("valid_from", models.DateField(verbose_name="施行")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="失效")),
                ("verified_on", models.DateField(blank=True, null=True, verbose_name="核实")),
                ("active", models.BooleanField(default=True, verbose_name="在用")),
                (
                    "organisation",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="web.organisation"),
                ),
            ],
            options={"ordering": ["citation", "pk"]},
        ),
    ]
