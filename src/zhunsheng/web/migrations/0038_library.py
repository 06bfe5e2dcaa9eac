"""Entries of the indicator library have codes, and say how they are computed, set and watched."""

from __future__ import annotations

from django.db import migrations, models

TEXTS = {
    "code": (20, "编号"),
    "unit": (20, "计量单位"),
    "direction": (4, "计算符号"),
    "standard": (4, "绩效标准"),
    "source": (120, "数据来源"),
    "period": (20, "周期"),
    "cautions": (300, "注意"),
    "origin": (80, "来历"),
}


class Migration(migrations.Migration):
    """Columns that are empty in what is there: no code is made up for it."""

    dependencies = [("web", "0037_membership_directory")]
    operations = [
        *(
            migrations.AddField(
                "libraryindicator",
                name,
                models.CharField(blank=True, default="", max_length=most, verbose_name=label),
            )
            for name, (most, label) in TEXTS.items()
        ),
        migrations.AddField(
            "libraryindicator", "common", models.BooleanField(default=False, verbose_name="共性指标")
        ),
        migrations.AddField(
            "libraryindicator", "version", models.PositiveSmallIntegerField(default=1, verbose_name="版本")
        ),
        migrations.AddConstraint(
            "libraryindicator",
            models.UniqueConstraint(
                condition=models.Q(("code", ""), _negated=True), fields=("code",), name="one_library_code"
            ),
        ),
    ]
