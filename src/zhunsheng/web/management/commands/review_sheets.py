"""Review every sheet whose present text was not reviewed by the present rules; to be run after an upgrade."""

from __future__ import annotations

from django.core.management.base import BaseCommand

from zhunsheng.web.services.review import review_all


class Command(BaseCommand):
    """``manage.py review_sheets``."""

    help = "审核所有尚未按现行规则审核的目标表（升级之后运行）"

    def handle(self, *args: object, **options: object) -> None:
        """Review and say how much there was to do."""
        self.stdout.write(f"已审核 {review_all()} 个部门年度")
