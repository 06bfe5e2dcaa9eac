"""Keep what personal data was found in what is published, with the decision on each, and in documents taken in."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("web", "0018_reach")]

    operations = [
        migrations.AddField("publication", "disclosures", models.JSONField(default=list)),
        migrations.AddField("publication", "looked_by", models.CharField(blank=True, default="", max_length=64)),
        migrations.AddField("sheetversion", "personal", models.JSONField(default=list)),
    ]
