"""Keep with an assessment which version of the program computed it; those kept before are computed anew."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("web", "0013_rechecked")]

    operations = [
        migrations.AddField("assessment", "program", models.CharField(blank=True, default="", max_length=40)),
    ]
