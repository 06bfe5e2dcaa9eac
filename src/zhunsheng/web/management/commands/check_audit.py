"""Check the chain of the audit log, and that the records are still what it says of them."""

from __future__ import annotations

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from zhunsheng.errors import ZhunshengError
from zhunsheng.web.audit import altered_records, altered_uploads, broken_links, unlogged_records
from zhunsheng.web.databases.connections import steady
from zhunsheng.web.models import AuditHead, Upkeep
from zhunsheng.web.services import papers, transparency

MOST = 20  # told one by one: who changed a table may have changed all of its rows


class Unreadable(CommandError):
    """What the log was to be compared with can't be read."""


class Command(BaseCommand):
    """``manage.py check_audit [--head DIGEST] [--checkpoint FILE]``: exits with 1 where the chain is broken,
    what was sealed is no longer so, or a record is not as the log left it.
    """

    help = "核验审计日志：逐条重算摘要，检查有无缺失、改动和截断；核验记录有无绕过系统的增添、改动和删除"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a digest noted elsewhere, so that a log rewritten from end to end is found too."""
        parser.add_argument("--head", help="以前记下的某条摘要；日志里应能找到它")
        parser.add_argument("--checkpoint", type=Path, help="以前保存的检查点文件；日志应由它延续而来")

    def handle(
        self, *args: object, head: str | None = None, checkpoint: Path | None = None, **options: object
    ) -> None:
        """Print what is wrong, or the last digest to note down."""
        noted = checkpoint.read_text("utf8") if checkpoint is not None else None
        try:
            # The site goes on: what it writes meanwhile is not held against what was read before.
            with steady():
                self._check(head, noted, checkpoint.name if checkpoint is not None else "")
        except Unreadable:  # nothing was checked
            raise
        except CommandError:
            Upkeep.note(Upkeep.Kind.AUDIT, good=False)
            raise
        Upkeep.note(Upkeep.Kind.AUDIT, good=True)

    def _check(self, head: str | None, noted: str | None, name: str) -> None:
        try:
            sealed = transparency.problems(noted, name)
        except ZhunshengError as error:
            raise Unreadable(str(error)) from None
        problems = broken_links(head) + sealed
        for problem in problems:
            self.stderr.write(problem)
        if problems:
            raise CommandError("审计日志不完整")
        if altered := [*altered_records(), *unlogged_records(), *altered_uploads(), *papers.altered()]:
            more = f"；……共 {len(altered)} 处" if len(altered) > MOST else ""
            raise CommandError("；".join(altered[:MOST]) + more)
        last = AuditHead.objects.filter(pk=1).first()
        self.stdout.write(
            f"审计日志完整，共 {last.number if last else 0} 条，最后一条的摘要："
            f"{last.digest if last else '（无）'}"
        )
