"""From where accounts and roles were ended; of those that ended before nothing is known."""

import django.db.models.deletion
from django.db import migrations, models


def place() -> models.ForeignKey:
    """Return the field, the same for both."""
    return models.ForeignKey(
        null=True,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to="web.organisation",
        verbose_name="停用单位",
    )


class Migration(migrations.Migration):
    """One field on accounts and one on roles."""

    dependencies = [("web", "0020_at_once")]

    operations = [
        migrations.AddField(model_name="membership", name="ended_at", field=place()),
        migrations.AddField(model_name="user", name="ended_at", field=place()),
    ]
