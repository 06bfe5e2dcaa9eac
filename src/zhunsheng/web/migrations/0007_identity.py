"""Codes for sheets and indicators, words bound to one record, contests and confirmations, figures that know their range."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('web', '0006_api'),
    ]

    operations = [
        migrations.CreateModel(
            name='Contest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('computed', models.CharField(max_length=100, verbose_name='台账算出')),
                ('ruling', models.TextField(blank=True, verbose_name='裁定理由')),
                ('state', models.CharField(choices=[('open', '有争议，待财政局裁定'), ('accepted', '争议已采纳'), ('refused', '争议未采纳'), ('replaced', '已由新的填报代替')], default='open', max_length=12)),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='MeasureDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sheet_code', models.CharField(db_index=True, max_length=12)),
                ('indicator_code', models.CharField(max_length=12)),
                ('measure', models.CharField(blank=True, max_length=60, verbose_name='测度')),
                ('described', models.CharField(max_length=64)),
                ('at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='ProjectDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sheet_code', models.CharField(db_index=True, max_length=12)),
                ('project', models.CharField(max_length=200, verbose_name='台账中的项目')),
                ('same', models.BooleanField(verbose_name='是同一项目')),
                ('at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.AlterModelOptions(
            name='assessment',
            options={'ordering': ['-assessed_at', '-pk']},
        ),
        migrations.RemoveConstraint(
            model_name='sheet',
            name='one_sheet',
        ),
        migrations.RemoveField(
            model_name='assessment',
            name='execution',
        ),
        migrations.AddField(
            model_name='assessment',
            name='assessed_at',
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.AddField(
            model_name='assessment',
            name='budget',
            field=models.DecimalField(decimal_places=2, max_digits=18, null=True),
        ),
        migrations.AddField(
            model_name='assessment',
            name='most',
            field=models.DecimalField(decimal_places=2, max_digits=6, null=True),
        ),
        migrations.AddField(
            model_name='assessment',
            name='paid',
            field=models.DecimalField(decimal_places=2, max_digits=18, null=True),
        ),
        migrations.AddField(
            model_name='indicatorlight',
            name='indicator_code',
            field=models.CharField(blank=True, max_length=12),
        ),
        migrations.AddField(
            model_name='indicatorlight',
            name='sheet_code',
            field=models.CharField(blank=True, max_length=12),
        ),
        migrations.AddField(
            model_name='indicatorlight',
            name='verdict',
            field=models.CharField(blank=True, max_length=10),
        ),
        migrations.AddField(
            model_name='sheet',
            name='code',
            field=models.CharField(default='', editable=False, max_length=12),
        ),
        migrations.AddField(
            model_name='sheet',
            name='project_code',
            field=models.CharField(blank=True, max_length=40, verbose_name='项目编码'),
        ),
        migrations.AddField(
            model_name='sheetversion',
            name='in_force_from',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='word',
            name='evaluation',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='said', to='web.selfevaluation'),
        ),
        migrations.AddField(
            model_name='word',
            name='indicator_code',
            field=models.CharField(blank=True, max_length=12),
        ),
        migrations.AddField(
            model_name='word',
            name='sheet_code',
            field=models.CharField(blank=True, db_index=True, max_length=12),
        ),
        migrations.AddIndex(
            model_name='assessment',
            index=models.Index(fields=['department', 'year', 'as_of', 'assessed_at'], name='web_assessm_departm_3dc3c7_idx'),
        ),
        migrations.AddIndex(
            model_name='sheet',
            index=models.Index(fields=['department', 'year', 'kind', 'name'], name='web_sheet_departm_79251d_idx'),
        ),
        migrations.AddField(
            model_name='contest',
            name='evaluation',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='contests', to='web.selfevaluation'),
        ),
        migrations.AddField(
            model_name='contest',
            name='word',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='contests', to='web.word'),
        ),
        migrations.AddField(
            model_name='measuredecision',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='measuredecision',
            name='department',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='web.organisation'),
        ),
        migrations.AddField(
            model_name='projectdecision',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='projectdecision',
            name='department',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='web.organisation'),
        ),
    ]
