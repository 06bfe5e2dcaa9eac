"""Keep with a decision on a match whether the finance bureau ruled it; None where it was not told."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("web", "0015_amounts")]

    operations = [
        migrations.AddField("measuredecision", "ruled", models.BooleanField(null=True)),
        migrations.AddField("projectdecision", "ruled", models.BooleanField(null=True)),
    ]
