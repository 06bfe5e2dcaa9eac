"""From now on no two sheets have one code."""

from __future__ import annotations

from django.db import migrations, models

import zhunsheng.web.models.people


class Migration(migrations.Migration):
    """The code of a sheet is unique."""

    dependencies = [("web", "0008_identity_data")]
    operations = [
        migrations.AlterField(
            "sheet",
            "code",
            models.CharField(
                default=zhunsheng.web.models.people.new_code, editable=False, max_length=12, unique=True
            ),
        )
    ]
