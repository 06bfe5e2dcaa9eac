"""Keep what a re-check was made for, and the reading that a contest is made against whole."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("web", "0012_published_drift")]

    operations = [
        migrations.AddField("selfevaluation", "rechecked", models.CharField(blank=True, max_length=64, default="")),
        migrations.AddField("selfevaluation", "rechecked_at", models.DateTimeField(null=True, verbose_name="复核")),
        migrations.AddField(
            "selfevaluation",
            "rechecked_of",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="web.upload",
                verbose_name="复核的上报文件",
            ),
        ),
        migrations.AlterField(
            "selfevaluation",
            "reported",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="web.upload",
                verbose_name="上报文件",
            ),
        ),
        migrations.AlterField("contest", "computed", models.TextField(verbose_name="台账算出")),
    ]
