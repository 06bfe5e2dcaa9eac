"""Keep where a token reaches, which place an entry of the log belongs to, and the digest of the text that a step left."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("web", "0017_promised")]

    operations = [
        migrations.AddField(
            "apitoken",
            "place",
            models.ForeignKey(
                "web.Organisation", models.PROTECT, null=True, related_name="+", verbose_name="单位"
            ),
        ),
        # Nullable without a default: on SQLite the tables are not made anew, so that their triggers stay.
        migrations.AddField("auditentry", "place", models.CharField(max_length=200, null=True)),
        migrations.AddField("step", "text", models.CharField(max_length=32, null=True)),
    ]
