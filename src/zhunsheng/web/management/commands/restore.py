"""Bring a backup back into an empty data folder, and check that nothing is missing or altered."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from pathlib import Path, PurePosixPath

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from zhunsheng.evidence import Store
from zhunsheng.files.scratch import scratch_folder
from zhunsheng.web.audit import broken_links
from zhunsheng.web.management.commands.backup import listed


def unpack(tar: tarfile.TarFile, folder: Path) -> None:
    """Write an archive's files into a folder. Raises ``CommandError`` for a member that belongs elsewhere,
    where Python does not refuse it itself.
    """
    if hasattr(tarfile, "data_filter"):
        tar.extractall(folder, filter="data")
        return
    # Python 3.11 has it since 3.11.4; Debian 12 has 3.11.2.
    for member in tar.getmembers():
        place = PurePosixPath(member.name)
        if not (member.isreg() or member.isdir()) or place.is_absolute() or ".." in place.parts:
            raise CommandError(f"备份中有不属于数据文件夹的内容：{member.name}")
    tar.extractall(folder)


class Command(BaseCommand):
    """``manage.py restore FILE.tar``: into a data folder without a site; then checks database,
    audit log and evidence.
    """

    help = "把备份恢复到空的数据文件夹，并核验"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the archive to read."""
        parser.add_argument("archive", type=Path)

    def handle(self, *args: object, archive: Path, **options: object) -> None:
        """Restore. Refuses where evidence or a database is there already."""
        if (settings.DATA / "evidence").exists() or (
            connection.vendor == "sqlite" and (settings.DATA / "zhunsheng.sqlite3").exists()
        ):
            raise CommandError("数据文件夹里已有网站，请恢复到空文件夹")
        with tarfile.open(archive) as tar, scratch_folder() as scratch:
            about = listed(tar)
            if about["vendor"] != connection.vendor:
                raise CommandError(f"备份来自 {about['vendor']}，这里是 {connection.vendor}")
            unpack(tar, scratch)
            for entry in scratch.iterdir():
                if entry.name not in ("backup.json", "zhunsheng.dump"):
                    shutil.move(str(entry), str(settings.DATA / entry.name))
            if connection.vendor == "postgresql":
                self._load(scratch / "zhunsheng.dump")
        connection.close()
        problems = [*broken_links(about["audit"] or None), *Store(settings.DATA / "evidence").verify()]
        for problem in problems:
            self.stderr.write(problem)
        if problems:
            raise CommandError("恢复后核验没有通过")
        self.stdout.write(f"已恢复 {len(about['files'])} 个文件，审计日志与证据库核验通过。")

    def _load(self, dump: Path) -> None:
        said = connection.settings_dict
        command = ["pg_restore", "--no-owner", "--exit-on-error", f"--dbname={said['NAME']}"]
        command += [
            f"--{k}={said[v]}"
            for k, v in (("host", "HOST"), ("port", "PORT"), ("username", "USER"))
            if said.get(v)
        ]
        try:
            subprocess.run(
                [*command, str(dump)], check=True, env=os.environ | {"PGPASSWORD": said.get("PASSWORD") or ""}
            )
        except (OSError, subprocess.CalledProcessError) as error:
            raise CommandError(f"pg_restore 没有成功：{error}") from None
