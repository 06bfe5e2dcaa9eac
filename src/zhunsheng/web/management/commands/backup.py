"""Back up a site: a consistent copy of the database and all files, in one archive with a digest of every
member.
"""

from __future__ import annotations

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from zhunsheng.errors import ZhunshengError
from zhunsheng.web.backups.making import make
from zhunsheng.web.models import Upkeep

MOST = 20  # told one by one


class Command(BaseCommand):
    """``manage.py backup FILE.tar``: works while the site runs; keys are left out unless asked for."""

    help = "备份数据库与全部文件到一个 tar"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the archive to write."""
        parser.add_argument("archive", type=Path)
        parser.add_argument("--with-keys", action="store_true", help="连同密钥一起备份（须妥善保管）")

    def handle(self, *args: object, archive: Path, with_keys: bool, **options: object) -> None:
        """Write the archive whole or not at all, and say what is in it and what is not."""
        try:
            made = make(archive, keys=with_keys)
        except ZhunshengError as error:
            raise CommandError(str(error)) from None
        Upkeep.note(Upkeep.Kind.BACKUP, good=not made.lost)
        self.stdout.write(f"已备份 {made.files} 个文件到 {archive}，SHA-256 {made.digest}")
        if not with_keys:
            self.stdout.write(
                "密钥没有备份在内，只有认得出它们的指纹：请另行保管；没有密钥，个人信息和上传的文件无法读出。"
            )
        for name in made.unkept_keys:
            self.stdout.write(f"{name} 由变量给出，没有备份在内，请另行保管。")
        for name in made.lost[:MOST]:
            self.stderr.write(f"记录里有、文件夹里没有的文件：{name}")
        if made.lost:
            raise CommandError(
                f"备份写成了，但有 {len(made.lost)} 个文件早已不在，请运行 ledger verify 和 check_audit"
            )
