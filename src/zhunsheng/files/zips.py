"""Read the zips that strangers send: within bounds kept on what is really unpacked, every fault told alike.

The one place that unpacks them, but for the bundles of draws, whose zip is a format of its own
(``draws.bundle``).
"""

from __future__ import annotations

import copy
import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from zhunsheng.files.bounds import ZIP_MAX_DIRECTORY, ZIP_MAX_RATIO
from zhunsheng.translation import worded

RATIO_FROM = 8 * 2**20  # what unpacks to less can't do harm, whatever its ratio
_CHUNK = 2**20
_METHODS = (
    zipfile.ZIP_STORED,
    zipfile.ZIP_DEFLATED,
)  # of others Python unpacks a whole block at once, however large
_ENCRYPTED = 0x1 | 0x40
# What the library raises for a zip that is not what it says.
_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
    LookupError,
    OverflowError,
)


class UnfitZip(Exception):
    """A zip that can't be read, with the reason in Chinese."""


class TooLarge(UnfitZip):
    """More, or more tightly packed, than the bounds let through."""


class Locked(UnfitZip):
    """A member that needs a password."""


@dataclass(frozen=True)
class ZipBounds:
    """What a zip may hold at most: ``members`` of any kind, bytes of one and of all that are read together,
    unpacked.
    """

    members: int
    member: int
    unpacked: int


OFFICE = ZipBounds(
    members=20_000, member=1024 * 2**20, unpacked=1024 * 2**20
)  # ledgers come as workbooks of this size


def _every(_member: zipfile.ZipInfo) -> bool:
    return True


class Zip:
    """A zip in memory; ``members`` are those that are read, each checked against the bounds by what the
    directory says.

    A member never gives more than the directory said of it, so that the bounds hold for what is really
    unpacked.
    """

    def __init__(
        self, data: bytes, bounds: ZipBounds = OFFICE, wanted: Callable[[zipfile.ZipInfo], bool] = _every
    ) -> None:
        """Read the directory. Raises ``UnfitZip``: ``TooLarge`` beyond ``bounds``,
        ``Locked`` with a password.
        """
        stream = io.BytesIO(data)
        try:
            # The library's own look at the end of the file, which it keeps to itself: how long the directory
            # is that it would read next.
            end = getattr(zipfile, "_EndRecData")(stream)  # noqa: B009 (its types don't name it)
            if end and end[getattr(zipfile, "_ECD_SIZE")] > ZIP_MAX_DIRECTORY:  # noqa: B009
                raise TooLarge(worded("成员的目录过长"))
            self._archive = zipfile.ZipFile(stream)
        except _FAULTS as error:
            raise UnfitZip(_said(error)) from None
        listed = self._archive.infolist()
        if len(listed) > bounds.members:
            raise TooLarge(
                worded("含 {listed} 个成员，上限 {members} 个", listed=len(listed), members=bounds.members)
            )
        self.members = [member for member in listed if wanted(member)]
        self.names = frozenset(member.filename for member in self.members)
        self._admit(bounds)

    def _admit(self, bounds: ZipBounds) -> None:
        total = packed = 0
        for member in self.members:
            size, small = member.file_size, member.compress_size
            if size > bounds.member:
                raise TooLarge(
                    worded(
                        "{filename} 解压后 {size}，单个文件上限 {member}",
                        filename=member.filename,
                        size=_mb(size),
                        member=_mb(bounds.member),
                    )
                )
            if size > RATIO_FROM and size > ZIP_MAX_RATIO * max(small, 1):
                raise TooLarge(
                    worded("{filename} 膨胀 {n} 倍", filename=member.filename, n=size // max(small, 1))
                )
            if member.flag_bits & _ENCRYPTED:
                raise Locked(worded("{filename} 已加密", filename=member.filename))
            total, packed = total + size, packed + small
        if total > bounds.unpacked:
            raise TooLarge(
                worded("解压后共 {total}，上限 {unpacked}", total=_mb(total), unpacked=_mb(bounds.unpacked))
            )
        if total > RATIO_FROM and total > ZIP_MAX_RATIO * max(packed, 1):
            raise TooLarge(worded("全部解压后膨胀 {n} 倍", n=total // max(packed, 1)))

    def read(self, member: str | zipfile.ZipInfo) -> bytes:
        """Return a member's bytes. Raises ``KeyError`` for a name that is not there,
        ``UnfitZip`` for one that is not as said.
        """
        info = self._archive.getinfo(member) if isinstance(member, str) else member
        return b"".join(self._pieces(info, info.file_size + 1))

    def pieces(self, member: str, most: int) -> Iterator[bytes]:
        """Yield a member's bytes, about ``most`` at a time. Raises as ``read``."""
        return self._pieces(self._archive.getinfo(member), most)

    def test(self, member: zipfile.ZipInfo) -> None:
        """Unpack a member and keep nothing of it. Raises ``UnfitZip`` as ``read``."""
        for _piece in self._pieces(member, _CHUNK):
            pass

    def _pieces(self, info: zipfile.ZipInfo, most: int) -> Iterator[bytes]:
        """Yield a member's bytes, ``most`` at a time, and not one more than the directory says."""
        if info.compress_type not in _METHODS:
            raise UnfitZip(
                worded(
                    "{filename} 用了少见的压缩方式，请用普通的 zip 方式（Deflate）重新压缩",
                    filename=info.filename,
                )
            )
        # The library stops where the directory says a member ends, and so never notices that it goes on.
        told = copy.copy(info)
        told.file_size += 1
        size = 0
        try:
            with self._archive.open(told) as stream:
                while size <= info.file_size and (piece := stream.read(min(most, told.file_size - size))):
                    size += len(piece)
                    if size > info.file_size:
                        break
                    yield piece
        except _FAULTS as error:
            raise UnfitZip(
                worded("{filename} 已损坏（{error}）", filename=info.filename, error=_said(error))
            ) from None
        if size > info.file_size:
            raise TooLarge(worded("{filename} 解压后比目录里写的大", filename=info.filename))
        if size < info.file_size:
            raise UnfitZip(worded("{filename} 解压后比目录里写的小", filename=info.filename))


def name_of(info: zipfile.ZipInfo) -> str:
    """Return a member's path; names from Windows tools come in GBK without a flag that says otherwise."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return info.filename


def _mb(size: int) -> str:
    return f"{size / 2**20:,.0f} MB"


# What the library says of a file that is none, in words of a person's.
_IN_WORDS = {
    "File is not a zip file": worded("里面的结构已经损坏"),
    "Bad magic number for central directory": worded("里面的目录已经损坏"),
}


def _said(error: BaseException) -> str:
    if known := _IN_WORDS.get(str(error)):
        return known
    return (str(error).splitlines() or [type(error).__name__])[0][:120] or type(error).__name__
