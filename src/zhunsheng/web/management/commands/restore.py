"""Bring a backup back into an empty data folder, everything checked before anything is put in its place."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from zhunsheng.errors import ZhunshengError
from zhunsheng.web.backups.keys import forget_made
from zhunsheng.web.backups.restoring import look, restore, unfinished

UNCHECKED = (
    "成绩、抽查、公开和任务的文件只与备份里的摘要对照过",
    "备份之后的改动不在内",
)
UNHELD = "备份是不是被整个换过，没有另外的依据：有保存的检查点的，用 check_audit --checkpoint 对照"
APART = "证据库在对象存储，没有从备份恢复，只核对了备份时的最后批次"


class Command(BaseCommand):
    """``manage.py restore FILE.tar``: into a data folder and a database without a site. ``--check`` only
    looks at the archive.
    """

    help = "把备份恢复到空的数据文件夹：先全部核验，再放到位；没有成功的可以再做"
    requires_system_checks: list[str] = []  # one of them refuses where a restore was broken off

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the archive to read, and what it is to be held against."""
        parser.add_argument("archive", type=Path)
        parser.add_argument("--check", action="store_true", help="只查备份是否完整、密钥是否相符，不恢复")
        parser.add_argument("--checkpoint", type=Path, help="以前保存的检查点文件；日志应由它延续而来")
        parser.add_argument("--despite", action="store_true", help="核验没有通过也恢复，逐条列出")

    def handle(
        self,
        *args: object,
        archive: Path,
        check: bool = False,
        checkpoint: Path | None = None,
        despite: bool = False,
        **options: object,
    ) -> None:
        """Restore, or only look; say what was checked and what was not."""
        try:
            if check:
                about = look(archive).about
                self.stdout.write(f"备份完整，共 {len(about['files'])} 个文件，{about['made']} 备份。")
                self._say_keys(about)
                forget_made()
                return
            found = restore(archive, checkpoint, despite=despite)
        except ZhunshengError as error:
            if not unfinished():
                forget_made()
            raise CommandError(str(error)) from None
        for problem in found.problems:
            self.stderr.write(problem)
        self.stdout.write(f"已恢复 {found.files} 个文件。")
        for note in found.notes:
            self.stdout.write(note)
        if not found.problems:
            self.stdout.write("核验通过。")
        apart = [APART] if settings.EVIDENCE else []
        told = [*UNCHECKED, *([] if checkpoint else [UNHELD]), *apart]
        self.stdout.write(f"没有核验的：{'；'.join(told)}。")

    def _say_keys(self, about: dict[str, object]) -> None:
        if "keys" in about:
            self.stdout.write("密钥与备份时的相符。")
        else:
            self.stdout.write("这份备份没有密钥的指纹，恢复时才知道密钥是否相符。")
