"""Check the site that a backup holds while it lies beside its place; ``restore`` runs it in a process of its
own.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from encrypted_fields.fields import EncryptedFieldMixin

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Store, ledgers
from zhunsheng.evidence.records import Records
from zhunsheng.web.audit import altered_records, altered_uploads, broken_links, unlogged_records
from zhunsheng.web.models import AuditEntry, LogEntry, Upload
from zhunsheng.web.models.work import cipher
from zhunsheng.web.services import evidence, transparency

ABOUT = "ZHUNSHENG_CHECKED"  # what the backup says of the last entries, as JSON
_TOKEN = "gAAAA"  # how what could not be decrypted begins (Fernet, version 0x80)


class Command(BaseCommand):
    """``manage.py check_restored``: brings an older version up to date, checks, prints JSON."""

    help = "核验恢复中的网站（由 restore 调用）"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a checkpoint kept elsewhere."""
        parser.add_argument("--checkpoint", type=Path)

    def handle(self, *args: object, checkpoint: Path | None = None, **options: object) -> None:
        """Print one line: what does not hold, and what was found to hold."""
        about = json.loads(os.environ.get(ABOUT, "{}"))
        notes = list(_brought_up())
        try:
            noted = checkpoint.read_text("utf8") if checkpoint is not None else None
            problems = [
                *broken_links(about.get("audit") or None),
                *transparency.problems(noted, checkpoint.name if checkpoint is not None else ""),
                *altered_records(),
                *unlogged_records(),
                *altered_uploads(),
                *unreadable(),
                *_evidence(about.get("evidence")),
            ]
        except ZhunshengError as error:
            problems = [str(error)]
        notes += [
            f"审计日志 {AuditEntry.objects.count()} 条首尾相接，各条记录与它相符",
            f"透明日志 {LogEntry.objects.count()} 条与原来的记录和检查点相符",
            f"上传的文件 {Upload.objects.count()} 份读得出，与登记的摘要相符",
            f"证据库 {evidence.store().head[0]} 个批次首尾相接，文件未被改动",
        ]
        self.stdout.write(json.dumps({"problems": problems, "notes": [] if problems else notes}))


def _brought_up() -> Iterator[str]:
    executor = MigrationExecutor(connection)
    if plan := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", verbosity=0, interactive=False)
        yield f"备份来自较早的版本，数据库已升级（{len(plan)} 步）"


def unreadable() -> list[str]:
    """Return which encrypted columns of the database hold what the site's keys don't decrypt."""
    found = []
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if isinstance(field, EncryptedFieldMixin):
                values = model._base_manager.exclude(**{f"{field.name}__isnull": True})
                if any(str(v).startswith(_TOKEN) for v in values.values_list(field.name, flat=True)):
                    found.append(f"{model._meta.verbose_name} 的“{field.verbose_name}”解不开：密钥不符")
    return found


def _evidence(said: dict[str, Any] | None) -> list[str]:
    store = evidence.store()
    problems = store.verify() or _hidden(store)  # what was altered can't be read for what it holds
    if said and said["batch"]:
        there = Records(store.root).read(said["batch"])
        if there is None or there.digest != said["digest"]:
            problems.append(f"证据库里没有备份时的最后批次 {said['batch']}（{said['digest'][:16]}…）")
    return problems


def _hidden(store: Store) -> list[str]:
    """Return the personal columns of ledgers that the site's key doesn't decrypt."""
    found, snapshot = [], store.snapshot()
    for ledger in ledgers().values():
        for column in (c.name for c in ledger.columns if c.personal):
            query = (
                f'SELECT "{column}" FROM ({snapshot.sql(ledger)}) WHERE "{column}" LIKE \'siv1:%\' LIMIT 1'
            )
            rows = duckdb.execute(query).fetchall()
            try:
                cipher().show(rows[0][0] if rows else None)
            except ZhunshengError as error:
                found.append(f"{ledger.title}：{error}")
    return found
