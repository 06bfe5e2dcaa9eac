"""The archive of a backup: an uncompressed tar, the site's files by their places in the data folder, the
database first and last ``backup.json``, which says of what all of it is.
"""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, Self

from zhunsheng.errors import ZhunshengError
from zhunsheng.translation import worded
from zhunsheng.web.backups.keys import KEYS

FORMAT = "zhunsheng.backup/2"
LISTING = "backup.json"
# Of the data folder: what is not made anew from the rest.
FOLDERS = ("evidence", "uploads", "assessments", "draws", "published", "papers", "jobs", "stamp-roots")
DATABASES = {"sqlite": "zhunsheng.sqlite3", "postgresql": "zhunsheng.dump"}
MOST_LISTING = 256 * 2**20  # bytes
_PIECE = 2**20


class _Hashing:
    """A file that is read once, by whoever wants its bytes, and digested on the way."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream, self.digest = stream, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        some = self.stream.read(size)
        self.digest.update(some)
        return some


def add(tar: tarfile.TarFile, path: Path, name: str) -> str:
    """Write a file into an archive as it is now, readable by its account alone; return its SHA-256.
    Raises ``OSError`` for one that becomes shorter meanwhile.
    """
    with path.open("rb") as stream:
        info = tarfile.TarInfo(name)
        seen = os.fstat(stream.fileno())
        info.size, info.mtime, info.mode = seen.st_size, int(seen.st_mtime), 0o600
        hashing = _Hashing(stream)
        tar.addfile(info, hashing)
        return hashing.digest.hexdigest()


@dataclass(frozen=True)
class Archive:
    """A backup that was opened: what it says of itself, and its members by name."""

    path: Path
    tar: tarfile.TarFile
    about: dict[str, Any]
    members: dict[str, tarfile.TarInfo]

    @classmethod
    @contextmanager
    def opened(cls, path: Path) -> Iterator[Self]:
        """Open an archive and compare what it holds with what it says it holds, names and sizes alone.

        Raises ``ZS-IN-01`` where there is none, ``ZS-WB-97`` for one that is none, is cut off or holds what
        belongs elsewhere.
        """
        if not path.is_file():
            raise ZhunshengError("ZS-IN-01", name=str(path))
        try:
            with tarfile.open(path, "r:") as tar:
                found = tar.getmembers()
                about = _listing(tar, found, path)
                members = {member.name: member for member in found}
                if len(members) != len(found):
                    raise _unfit(path, worded("同一个文件有两份"))
                for member in found:
                    _refuse_elsewhere(member, path)
                if lacking := sorted({*about["files"], LISTING} ^ set(members)):
                    raise _unfit(path, worded("列出的与里面的不同：{name}", name=lacking[0]))
                yield cls(path, tar, about, members)
        except (tarfile.TarError, EOFError) as error:
            raise _unfit(path, worded("读不出来，不是备份，或没有拷贝完整")) from error

    @property
    def size(self) -> int:
        """The bytes of all its files."""
        return sum(member.size for member in self.members.values())

    def names(self, without: Iterable[str] = ()) -> list[str]:
        """Return its files but for those in some of its folders, and the listing."""
        left = (*(f"{one}/" for one in without),)
        return [name for name in self.about["files"] if not name.startswith(left)]

    def check(self) -> None:
        """Compare every file with its digest. Raises ``ZS-WB-97``."""
        for name in self.about["files"]:
            self._read(name, None)

    def unpack(self, names: Iterable[str], folder: Path) -> None:
        """Write files to a folder, the account's alone, each compared with its digest.
        Raises ``ZS-WB-97``.
        """
        for name in names:
            target = folder / name
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                self._read(name, out)

    def text(self, name: str) -> str:
        """Return a small file as text. Raises ``KeyError``, ``ZS-WB-97``."""
        stream = self.tar.extractfile(self.members[name])
        return stream.read(4096).decode("utf8", "replace") if stream else ""

    def _read(self, name: str, out: IO[bytes] | None) -> None:
        stream = self.tar.extractfile(self.members[name])
        digest = hashlib.sha256()
        while stream is not None and (some := stream.read(_PIECE)):
            digest.update(some)
            if out is not None:
                out.write(some)
        if digest.hexdigest() != self.about["files"][name]:
            raise _unfit(self.path, worded("里面的文件已损坏：{name}", name=name))


def _unfit(path: Path, detail: str) -> ZhunshengError:
    return ZhunshengError("ZS-WB-97", name=path.name, detail=detail)


def _listing(tar: tarfile.TarFile, found: list[tarfile.TarInfo], path: Path) -> dict[str, Any]:
    """Return what the archive says of itself. Raises ``ZS-WB-97``, ``ZS-WB-98``."""
    last = found[-1] if found else None
    if last is None or last.name != LISTING or not last.isreg() or last.size > MOST_LISTING:
        raise _unfit(path, worded("末尾没有 {name}：不是备份，或没有拷贝完整", name=LISTING))
    stream = tar.extractfile(last)
    try:
        about: dict[str, Any] = json.loads(stream.read() if stream else b"")
        files = about["files"]
        known = about["vendor"] in DATABASES and all(isinstance(v, str) for v in (*files, *files.values()))
        said = about.get("format", "zhunsheng.backup/1")
        if not known or not str(said).startswith("zhunsheng.backup/"):
            raise ValueError(said)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _unfit(path, worded("{name} 读不出来", name=LISTING)) from None
    if said not in (FORMAT, "zhunsheng.backup/1"):
        raise ZhunshengError("ZS-WB-98", name=path.name, detail=worded("它的格式是 {format}", format=said))
    return about


def _refuse_elsewhere(member: tarfile.TarInfo, path: Path) -> None:
    """Raise ``ZS-WB-97`` for what is no plain file of a site's data folder."""
    place = PurePosixPath(member.name)
    of_site = place.parts[:1] != (member.name,) and place.parts and place.parts[0] in FOLDERS
    alone = member.name in (LISTING, *KEYS, *DATABASES.values())
    plain = member.isreg() and member.sparse is None and str(place) == member.name
    if not plain or ".." in place.parts or "\0" in member.name or not (of_site or alone):
        raise _unfit(path, worded("有不属于数据文件夹的内容：{name}", name=member.name[:80]))
