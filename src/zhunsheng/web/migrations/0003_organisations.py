"""Give every organisation a stable code and its first stage; what was typed as a code becomes the official one."""

from __future__ import annotations

import secrets
from datetime import date
from typing import Any

import django.db.models.deletion
from django.db import migrations, models

import zhunsheng.web.models.people

ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
ALWAYS = date(2000, 1, 1)
KINDS = [("city", "市"), ("district", "区县"), ("department", "部门"), ("section", "科室")]
EVENTS = [
    ("founded", "设立"),
    ("renamed", "更名"),
    ("moved", "划转"),
    ("merged", "并入"),
    ("split", "拆分"),
    ("closed", "撤销"),
    ("reopened", "恢复"),
]


def give_codes(apps: Any, editor: Any) -> None:
    """Give each organisation a code and a founding stage; since when it has existed was never kept."""
    organisation, stage = apps.get_model("web", "Organisation"), apps.get_model("web", "OrganisationStage")
    for one in organisation.objects.all():
        one.code = "".join(secrets.choice(ALPHABET) for _ in range(10))
        one.save(update_fields=["code"])
        # Nothing tells when an organisation out of use was closed: its only stage says that it is.
        stage.objects.create(
            organisation=one,
            from_on=ALWAYS,
            event="founded",
            name=one.name,
            kind=one.kind,
            parent=one.parent,
            active=one.active,
            note="由旧版数据转入，设立日期不详",
        )


def nothing(apps: Any, editor: Any) -> None:
    """Codes and stages go with their columns and table."""


class Migration(migrations.Migration):
    """Codes, official codes and stages."""

    dependencies = [("web", "0002_append_only")]
    operations = [
        migrations.RenameField("organisation", "code", "official_code"),
        migrations.AlterField(
            "organisation",
            "official_code",
            models.CharField("单位代码", max_length=40, blank=True),
        ),
        migrations.AddField(
            "organisation",
            "code",
            models.CharField(max_length=10, editable=False, null=True),
        ),
        migrations.CreateModel(
            name="OrganisationStage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("from_on", models.DateField(verbose_name="自")),
                ("event", models.CharField(choices=EVENTS, max_length=12, verbose_name="事由")),
                ("name", models.CharField(max_length=120, verbose_name="名称")),
                ("kind", models.CharField(choices=KINDS, max_length=12, verbose_name="类别")),
                ("active", models.BooleanField(default=True, verbose_name="在用")),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="依据")),
                ("successors", models.JSONField(default=list)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="stages", to="web.organisation"
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="web.organisation"
                    ),
                ),
            ],
            options={"ordering": ["from_on", "pk"]},
        ),
        migrations.RunPython(give_codes, nothing),
        migrations.AlterField(
            "organisation",
            "code",
            models.CharField(max_length=10, editable=False, unique=True, default=zhunsheng.web.models.people.new_code),
        ),
        migrations.RemoveConstraint("organisation", "one_name_under_a_parent"),
        migrations.AddConstraint(
            "organisation",
            models.UniqueConstraint(
                fields=["parent", "name"], condition=models.Q(active=True), name="one_name_under_a_parent"
            ),
        ),
    ]
