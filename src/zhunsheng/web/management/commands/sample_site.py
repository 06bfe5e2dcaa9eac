"""Load the sample district: a bureau's whole year, a dozen small departments, an account for each role."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandParser

from zhunsheng.web.models import Organisation
from zhunsheng.web.services.sample_site import load, load_portfolio


class Command(BaseCommand):
    """``manage.py sample_site [--entities 30000] [--departments 12]``."""

    help = "装入示例数据；已有数据的网站不装"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take how large the sample shall be."""
        parser.add_argument("--entities", type=int, default=30_000, help="示例局的市场主体数")
        parser.add_argument("--departments", type=int, default=12, help="另外生成的部门数，财政汇总用")

    def handle(self, *args: object, entities: int, departments: int, **options: object) -> None:
        """Load, unless the site holds anything."""
        if Organisation.objects.exists():
            self.stdout.write("网站已有数据，示例未装入。")
            return
        load(entities, self._say)
        if departments:
            load_portfolio(departments, self._say)
        self.stdout.write("示例数据已装入。")

    def _say(self, what: str, done: int, total: int) -> None:
        if self.stdout.isatty() or done in (0, total):
            self.stdout.write(f"  {what}")
