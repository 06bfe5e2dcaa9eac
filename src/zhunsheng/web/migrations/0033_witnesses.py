"""Witnesses who get the log's checkpoints by mail, and what became of each mail."""

from __future__ import annotations

import django.db.models.deletion
import encrypted_fields.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    """Two tables."""

    dependencies = [("web", "0032_papers")]
    operations = [
        migrations.CreateModel(
            "Witness",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("body", models.CharField(max_length=120, verbose_name="见证单位")),
                ("name", models.CharField(max_length=60, verbose_name="收件人")),
                ("email", encrypted_fields.fields.EncryptedEmailField(max_length=254, verbose_name="邮箱")),
                ("active", models.BooleanField(default=True, verbose_name="在用")),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="web.organisation", verbose_name="登记单位"
                    ),
                ),
            ],
            options={"ordering": ["pk"]},
        ),
        migrations.CreateModel(
            "CheckpointMail",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("on", models.DateField(verbose_name="日期")),
                ("size", models.PositiveBigIntegerField(verbose_name="检查点")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("sending", "正在交给邮件服务器"),
                            ("handed", "已交给邮件服务器"),
                            ("waiting", "没有交出，稍后再试"),
                            ("failed", "没有交出"),
                            ("unknown", "交出时中断，不知邮件服务器收下没有"),
                        ],
                        default="sending",
                        max_length=8,
                    ),
                ),
                ("tries", models.PositiveSmallIntegerField(default=1)),
                ("at", models.DateTimeField()),
                ("next_at", models.DateTimeField(null=True)),
                ("answer", models.CharField(blank=True, max_length=60)),
                (
                    "witness",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="mails", to="web.witness"
                    ),
                ),
            ],
            options={
                "ordering": ["-on", "-pk"],
                "constraints": [models.UniqueConstraint(fields=("witness", "on"), name="one_mail_a_day")],
            },
        ),
    ]
