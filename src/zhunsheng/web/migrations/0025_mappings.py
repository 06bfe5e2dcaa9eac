"""How the files of one source are read, as a department confirmed it once."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """One table."""

    dependencies = [("web", "0024_stamps")]

    operations = [
        migrations.CreateModel(
            name="SourceMapping",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ledger", models.CharField(max_length=40, verbose_name="台账")),
                ("name", models.CharField(max_length=60, verbose_name="来源")),
                ("body", models.JSONField()),
                ("active", models.BooleanField(default=True, verbose_name="在用")),
                ("at", models.DateTimeField(auto_now=True)),
                (
                    "by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mappings",
                        to="web.organisation",
                    ),
                ),
            ],
            options={"ordering": ["-at", "-pk"]},
        ),
        migrations.AddConstraint(
            "sourcemapping",
            models.UniqueConstraint(
                fields=("department", "ledger", "name"), name="one_mapping_of_a_source"
            ),
        ),
    ]
