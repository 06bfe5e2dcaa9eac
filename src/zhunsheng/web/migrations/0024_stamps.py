"""Time-stamps by outside parties on entries of the log of commitments."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """One table."""

    dependencies = [("web", "0023_carried")]

    operations = [
        migrations.CreateModel(
            name="CommitmentStamp",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("content", models.TextField()),
                ("digest", models.CharField(max_length=64)),
                ("found", models.JSONField()),
                ("bound", models.DateTimeField(null=True)),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL)),
                (
                    "commitment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="stamps", to="web.commitment"
                    ),
                ),
            ],
            options={"ordering": ["pk"]},
        ),
        migrations.AddConstraint(
            "commitmentstamp", models.UniqueConstraint(fields=("commitment", "digest"), name="one_stamp")
        ),
    ]
