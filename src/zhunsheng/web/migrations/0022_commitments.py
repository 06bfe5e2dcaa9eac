"""The public log of commitments; those made before there was one are written down as what they are."""

from datetime import UTC, datetime

import django.db.models.deletion
from django.db import migrations, models
from django.utils import timezone

from zhunsheng.draws.public_log import START, Entry


def written_down(apps, schema_editor):
    """Publish the commitments that were only fixed; what was drawn already is told as known afterwards."""
    Draw, Commitment = apps.get_model("web", "Draw"), apps.get_model("web", "Commitment")
    previous, at = START, timezone.now().replace(microsecond=0)
    found = Draw.objects.exclude(digest="").exclude(state__in=("planned", "void")).select_related("department").order_by("pk")
    for number, draw in enumerate(found, start=1):
        ahead = draw.state == "committed" and datetime.fromisoformat(draw.plan["known_at"]) > at
        entry = Entry(
            number=number,
            at=at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            kind="commit" if ahead else "late",
            office=draw.department.code,
            draw=draw.code,
            title=draw.title,
            digest=draw.digest,
            reason="" if ahead else "系统升级时补记，承诺事先没有在本站公布",
            previous=previous,
        )
        Commitment.objects.create(draw=draw, number=number, at=at, kind=entry.kind, line=entry.line())
        previous = entry.own


class Migration(migrations.Migration):
    """One table, and what belongs in it."""

    dependencies = [("web", "0021_ended_from")]

    operations = [
        migrations.CreateModel(
            name="Commitment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(unique=True, verbose_name="编号")),
                ("at", models.DateTimeField(verbose_name="时间")),
                (
                    "kind",
                    models.CharField(
                        choices=[("commit", "公布承诺"), ("void", "作废"), ("late", "事后补记")], max_length=6, verbose_name="类别"
                    ),
                ),
                ("line", models.TextField()),
                (
                    "draw",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="published", to="web.draw"
                    ),
                ),
            ],
            options={"ordering": ["number"]},
        ),
        migrations.RunPython(written_down, migrations.RunPython.noop),
    ]
