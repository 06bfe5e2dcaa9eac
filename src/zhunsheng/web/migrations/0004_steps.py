"""Steps keep what was on the screen; drafts, records and plans can be void; queries of users are guarded."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Added without rewriting the table of steps, so that its triggers stay."""

    dependencies = [
        ("web", "0003_organisations"),
    ]

    operations = [
        migrations.AlterModelManagers(
            name="user",
            managers=[],
        ),
        migrations.AddField(
            model_name="step",
            name="seen",
            field=models.CharField(max_length=120, null=True),
        ),
        migrations.AlterField(
            model_name="draw",
            name="state",
            field=models.CharField(
                choices=[
                    ("planned", "方案已定"),
                    ("committed", "已承诺，待录入随机数"),
                    ("entered", "待第二人录入"),
                    ("sealed", "种子已定，待抽取"),
                    ("drawn", "已抽取"),
                    ("void", "已作废"),
                ],
                default="planned",
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="safeguardrecord",
            name="state",
            field=models.CharField(
                choices=[
                    ("open", "在办"),
                    ("requested", "待审批"),
                    ("approved", "已批准"),
                    ("refused", "未批准"),
                    ("closed", "已办结"),
                    ("void", "已作废"),
                ],
                default="open",
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="sheetversion",
            name="state",
            field=models.CharField(
                choices=[
                    ("draft", "草稿"),
                    ("submitted", "待财务科审核"),
                    ("checked", "待财政局批复"),
                    ("changes", "要求修改"),
                    ("returned", "已退回"),
                    ("approved", "已批复"),
                    ("void", "已作废"),
                ],
                default="draft",
                max_length=12,
            ),
        ),
    ]
