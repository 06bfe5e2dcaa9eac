"""Who wrote a text that was taken over stays written down with it, whatever becomes of where it came from."""

from django.db import migrations, models


def written_down(apps, schema_editor):
    """Write it down for what was taken over before, from the sheet that bears the name; more cannot be known any more."""
    Version, Entry = apps.get_model("web", "SheetVersion"), apps.get_model("web", "AuditEntry")
    for one in Version.objects.filter(origin="last-year").exclude(state="approved").select_related("sheet"):
        sheet = one.sheet
        named = {"sheet__department": sheet.department_id, "sheet__kind": sheet.kind, "sheet__name": sheet.name}
        before = list(Version.objects.filter(sheet__year=sheet.year - 1, **named).select_related("created_by"))
        if not before or any(v.state == "approved" for v in before):
            continue
        edits = Entry.objects.filter(model="sheetversion", object_id__in=[str(v.pk) for v in before], action="edit")
        writers = {v.created_by.username for v in before if v.created_by} | set(edits.values_list("actor", flat=True))
        Version.objects.filter(pk=one.pk).update(carried=sorted(writers))


class Migration(migrations.Migration):
    """One field, filled."""

    dependencies = [("web", "0022_commitments")]

    operations = [
        migrations.AddField("sheetversion", "carried", models.JSONField(default=list)),
        migrations.RunPython(written_down, migrations.RunPython.noop),
    ]
