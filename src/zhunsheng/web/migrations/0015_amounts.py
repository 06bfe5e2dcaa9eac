"""Widen the amounts of assessments to what sums of ledgers come to; take back totals that no rule gives."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import migrations, models
from django.db.models import Q


def take_back_totals(apps: Any, editor: Any) -> None:
    """Empty totals beyond 0..100: none was readable or right; as of no version of the program, they are computed anew."""
    kept = apps.get_model("web", "Assessment").objects.using(editor.connection.alias)
    beyond = Q(total__lt=0) | Q(total__gt=100) | Q(most__lt=0) | Q(most__gt=100)
    kept.filter(beyond).update(total=None, most=None, grade="", program="")


POINTS = (MinValueValidator(0), MaxValueValidator(100))
AMOUNT = {"max_digits": 24, "decimal_places": 2, "null": True, "blank": True}
TOTAL = {"max_digits": 6, "decimal_places": 2, "null": True, "blank": True, "validators": POINTS}


class Migration(migrations.Migration):
    dependencies = [("web", "0014_program")]

    operations = [
        migrations.RunPython(take_back_totals, migrations.RunPython.noop),
        migrations.AlterField("assessment", "paid", models.DecimalField(**AMOUNT)),
        migrations.AlterField("assessment", "budget", models.DecimalField(**AMOUNT)),
        migrations.AlterField("assessment", "total", models.DecimalField(**TOTAL)),
        migrations.AlterField("assessment", "most", models.DecimalField(**TOTAL)),
        migrations.AlterField("assessment", "basis", models.JSONField(blank=True, default=dict)),
    ]
