"""Back up a site: a consistent copy of the database and all files, in one archive with a digest of every
member.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
import tarfile
from datetime import UTC
from io import BufferedReader
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from zhunsheng.clock import now
from zhunsheng.evidence import Store
from zhunsheng.files.opening import file_digest
from zhunsheng.files.scratch import scratch_folder
from zhunsheng.files.writing import whole_file
from zhunsheng.web.models import AuditHead, Upkeep

FOLDERS = ("evidence", "uploads", "assessments", "draws", "published", "papers", "jobs")
KEYS = ("secret.key", "personal.key", "log.key")


class Command(BaseCommand):
    """``manage.py backup FILE.tar``: works while the site runs; keys are left out unless asked for."""

    help = "备份数据库与全部文件到一个 tar"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the archive to write."""
        parser.add_argument("archive", type=Path)
        parser.add_argument("--with-keys", action="store_true", help="连同密钥一起备份（须妥善保管）")

    def handle(self, *args: object, archive: Path, with_keys: bool, **options: object) -> None:
        """Write the archive whole or not at all. The database comes first: files it names
        are never removed.
        """
        digests: dict[str, str] = {}
        with (
            scratch_folder() as scratch,
            whole_file(archive) as partial,
            tarfile.open(partial, "w") as tar,
        ):
            head = AuditHead.objects.filter(pk=1).first()
            database = self._database(scratch)
            members = [(database, database.name)]
            for name in FOLDERS:
                root = settings.DATA / name
                members += [
                    (p, p.relative_to(settings.DATA).as_posix())
                    for p in sorted(root.rglob("*"))
                    if p.is_file() and p.suffix not in (".partial", ".lock")
                ]
            if with_keys:
                members += [(settings.DATA / k, k) for k in KEYS if (settings.DATA / k).is_file()]
            for path, name in members:
                digests[name] = file_digest(path)
                tar.add(path, name)
            about = {
                "made": now().astimezone(UTC).isoformat(timespec="seconds"),
                "vendor": connection.vendor,
                "audit": head.digest if head else "",
                "files": digests,
            }
            listing = scratch / "backup.json"
            listing.write_text(json.dumps(about, ensure_ascii=False, indent=1), "utf8")
            tar.add(listing, "backup.json")
        Upkeep.note(Upkeep.Kind.BACKUP, good=True)
        self.stdout.write(f"已备份 {len(digests)} 个文件到 {archive}，SHA-256 {file_digest(archive)}")
        if Store(settings.DATA / "evidence").root.is_dir() and not with_keys:
            self.stdout.write("密钥没有备份在内，请另行保管；没有密钥，个人信息和上传的文件无法读出。")

    def _database(self, scratch: Path) -> Path:
        if connection.vendor == "sqlite":
            target = scratch / "zhunsheng.sqlite3"
            connection.ensure_connection()
            with sqlite3.connect(target) as copy:
                connection.connection.backup(copy)
            return target
        target = scratch / "zhunsheng.dump"
        said = connection.settings_dict
        command = ["pg_dump", "--format=custom", f"--file={target}", "--no-owner", f"--dbname={said['NAME']}"]
        command += [
            f"--{k}={said[v]}"
            for k, v in (("host", "HOST"), ("port", "PORT"), ("username", "USER"))
            if said.get(v)
        ]
        try:
            subprocess.run(
                command,
                check=True,
                env={"PGPASSWORD": said.get("PASSWORD") or "", "PATH": os.environ.get("PATH", "")},
            )
        except (OSError, subprocess.CalledProcessError) as error:
            raise CommandError(f"pg_dump 没有成功：{error}") from None
        return target


def listed(tar: tarfile.TarFile) -> dict[str, Any]:
    """Return what an archive says of itself. Raises ``CommandError`` where a member differs
    from its digest.
    """
    stream = tar.extractfile("backup.json")
    if stream is None:
        raise CommandError("不是准绳的备份")
    about: dict[str, Any] = json.load(stream)
    for name, digest in about["files"].items():
        member = tar.extractfile(name)
        if (
            member is None
            or hashlib.file_digest(cast(BufferedReader, member), "sha256").hexdigest() != digest
        ):
            raise CommandError(f"备份中的文件已损坏：{name}")
    return about
