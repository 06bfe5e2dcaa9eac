"""Keep what an indicator promised when a figure was typed for it or contested: a ruling is of that promise."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("web", "0016_ruled")]

    operations = [
        migrations.AddField("word", "promised", models.JSONField(default=dict)),
        migrations.AddField("contest", "promised", models.JSONField(default=dict)),
    ]
