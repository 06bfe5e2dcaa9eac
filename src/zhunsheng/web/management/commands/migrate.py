"""Django's own migrating, which does not go back over data without being told to lose it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands import migrate
from django.db import connections
from django.db.migrations.exceptions import AmbiguityError
from django.db.migrations.executor import MigrationExecutor

from zhunsheng.errors import ZhunshengError
from zhunsheng.web.models import AuditEntry


class Command(migrate.Command):
    """``manage.py migrate [APP] [NAME]``."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what Django's takes, and whether data may be lost."""
        super().add_arguments(parser)
        parser.add_argument("--lose-data", action="store_true", help="退回旧的迁移，丢弃审计日志等数据")

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate. Raises ``ZS-WB-94`` where it leads back over a site that has an audit log, and
        ``ZS-WB-92`` over data of a newer version.
        """
        if options["app_label"] and options["migration_name"] and not options.get("lose_data"):
            self._refuse_back(options["database"], options["app_label"], options["migration_name"])
        super().handle(*args, **options)

    @staticmethod
    def _refuse_back(database: str, app: str, name: str) -> None:
        executor = MigrationExecutor(connections[database])
        try:
            target = None if name == "zero" else executor.loader.get_migration_by_prefix(app, name).name
            plan = executor.migration_plan([(app, target)])
        except (KeyError, AmbiguityError):  # Django says what is wrong with it
            return
        back = [one for one, backwards in plan if backwards and one.app_label == "web"]
        tables = connections[database].introspection.table_names()
        if back and AuditEntry._meta.db_table in tables and AuditEntry.objects.using(database).exists():
            raise ZhunshengError("ZS-WB-94", target=f"{app} {name}", count=len(back))
