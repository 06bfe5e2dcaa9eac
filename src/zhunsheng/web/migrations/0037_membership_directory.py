"""A role says whether a group of the directory gave it."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """One column."""

    dependencies = [("web", "0036_rule_bases")]

    operations = [
        migrations.AddField(
            "membership",
            "directory",
            models.BooleanField(default=False, verbose_name="由目录的组给出"),
        ),
    ]
