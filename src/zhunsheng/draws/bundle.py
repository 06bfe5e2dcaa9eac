"""Read a bundle (抽查包) from a stranger: its zip and its files, within its rules.

Every byte of it is accounted for, and nothing is unpacked or parsed before it is known how large it can
become. docs/draw-specification.md says it in words.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from zhunsheng.draws.bundle_agreement import contradicted
from zhunsheng.draws.bundle_rules import LIMITS, MAX_PACKED, MAX_PROOFS, MAX_UNPACKED, MIB, PARTS, schemas
from zhunsheng.draws.bundle_schema import Misfit, SchemaCheck, check_of
from zhunsheng.draws.spec import canonical
from zhunsheng.errors import ZhunshengError
from zhunsheng.translation import raised_with, worded

_CHECKS: dict[str, SchemaCheck] = {}


def part_of(name: str, raw: bytes, source: str) -> Any:
    """Return the data of a bundle's JSON file (``name``) from its bytes; ``source`` is what the user calls
    it.

    Raises ``ZS-DR-22`` with the place of what is wrong.
    """

    def refuse(why: str) -> ZhunshengError:
        return ZhunshengError("ZS-DR-22", name=source, member=name, detail=why)

    size, tokens = LIMITS[name]
    if len(raw) > size or raw.count(b",") + raw.count(b"[") + raw.count(b"{") > tokens:
        raise refuse(worded("过大：至多 {size} 字节、{tokens} 个逗号与括号", size=size, tokens=tokens))
    try:
        # From bytes, without a text of the whole, which one rare sign would make four times as long.
        data = from_json(raw, allow_inf_nan=False)
    except ValueError as error:
        column = re.search(r"column (\d+)", str(error))
        where = worded("第 {column} 个字节处", column=column[1]) if column else ""
        raise refuse(worded("{where}不是 UTF-8 的 JSON，或层次太深", where=where)) from None
    if name not in _CHECKS:
        _CHECKS.update({one: check_of(schema) for one, schema in schemas().items()})
    try:
        _CHECKS[name](data, ())
    except Misfit as error:
        raise refuse(raised_with(error)) from None
    at = 0
    for piece in _pieces(data):
        if not raw.startswith(piece, at):
            raise refuse(
                worded("第 {n} 个字节起不是规范写法：键未排序或重复，或有多余的空白、转义", n=at + 1)
            )
        at += len(piece)
    if at != len(raw):
        raise refuse(worded("第 {n} 个字节起有多余的内容", n=at + 1))
    return data


def _pieces(data: Any) -> Iterator[bytes]:
    """Yield the canonical form of a list or a table, item by item."""
    if isinstance(data, list):
        yield b"["
        for n, item in enumerate(data):
            yield b"," * (n > 0) + canonical(item)
        yield b"]"
        return
    yield b"{"
    for n, key in enumerate(sorted(data)):
        yield b"," * (n > 0) + canonical(key) + b":" + canonical(data[key])
    yield b"}"


def read_part(path: Path) -> Any:
    """Return the data of one file of a draw's folder, bound as in a bundle. Raises ``ZS-IN-01``,
    ``ZS-DR-22``.
    """
    if not path.is_file():
        raise ZhunshengError("ZS-IN-01", name=str(path))
    with path.open("rb") as stream:
        return part_of(path.name, stream.read(LIMITS[path.name][0] + 1), path.parent.name)


# inside the file
_END, _CENTRAL = struct.Struct("<4s4H2LH"), struct.Struct("<4s6H3L5H2L")


def read_bundle(path: Path) -> dict[str, Any]:
    """Return a bundle's JSON parts by file name.

    Raises ``ZS-IN-01``, ``ZS-DR-07`` for what is no bundle, ``ZS-DR-21`` for its zip,
    ``ZS-DR-22`` for a file in it, ``ZS-DR-23`` where it contradicts itself.
    """
    if not path.is_file():
        raise ZhunshengError("ZS-IN-01", name=str(path))
    with path.open("rb") as stream:
        packed = stream.read(MAX_PACKED + 1)
    members = _members(packed, path.name)
    parts: dict[str, Any] = {}
    for name, (method, start, length, size, check) in members.items():
        # Each of the two may be large, never both.
        if name == "proofs.json" and size > len("{}") and len(parts["drawn.json"]) > MAX_PROOFS:
            detail = worded(
                "抽中 {drawn} 户，超过 {max_proofs} 户的不带在册证明（proofs.json）",
                drawn=len(parts["drawn.json"]),
                max_proofs=MAX_PROOFS,
            )
            raise ZhunshengError("ZS-DR-23", name=path.name, detail=detail)
        raw = _unpacked(packed[start : start + length], method, size, check)
        if raw is None:
            raise ZhunshengError(
                "ZS-DR-21",
                name=path.name,
                detail=worded("{name} 的内容与包里记的大小或校验码不同", name=name),
            )
        if name in PARTS:
            parts[name] = part_of(name, raw, path.name)
    found = {name: parts[name] for name in PARTS}
    if contradiction := contradicted(found):
        raise ZhunshengError("ZS-DR-23", name=path.name, detail=contradiction)
    return found


def read_members(path: Path, names: Collection[str]) -> dict[str, Any]:
    """Return some JSON parts of a bundle that was written here, without the others.
    Raises as ``read_bundle``, but ``ZS-DR-23``.
    """
    if not path.is_file():
        raise ZhunshengError("ZS-IN-01", name=str(path))
    with path.open("rb") as stream:
        packed = stream.read(MAX_PACKED + 1)
    parts = {}
    for name, (method, start, length, size, check) in _members(packed, path.name).items():
        if name in names:
            raw = _unpacked(packed[start : start + length], method, size, check)
            if raw is None:
                raise ZhunshengError(
                    "ZS-DR-21",
                    name=path.name,
                    detail=worded("{name} 的内容与包里记的大小或校验码不同", name=name),
                )
            parts[name] = part_of(name, raw, path.name)
    return parts


def _members(packed: bytes, source: str) -> dict[str, tuple[int, int, int, int, int]]:
    """Return member -> (method, start, packed length, size, CRC-32), in the order of ``LIMITS``.
    Raises as ``read_bundle``.
    """

    def refuse(why: str) -> ZhunshengError:
        return ZhunshengError("ZS-DR-21", name=source, detail=why)

    if len(packed) > MAX_PACKED:
        raise refuse(worded("超过 {n} MB", n=MAX_PACKED // MIB))
    if b"PK\5\6" not in packed or len(packed) < _END.size:
        raise ZhunshengError("ZS-DR-07", name=source, detail=worded("不是 zip 文件"))
    at_end = len(packed) - _END.size
    mark, *disks, own, count, length, at, comment = _END.unpack_from(packed, at_end)
    if mark != b"PK\5\6" or comment or any(disks) or own != count or at + length != at_end:
        raise refuse(worded("前后有多余的内容，或不完整"))
    found: dict[str, tuple[int, int, int, int, int]] = {}
    expected = 0
    for _ in range(count):
        if at + _CENTRAL.size > at_end:
            raise refuse(worded("目录不完整"))
        (
            mark,
            _by,
            needs,
            flags,
            method,
            _time,
            _day,
            check,
            packed_size,
            size,
            name_size,
            *rest,
            _outside,
            local,
        ) = _CENTRAL.unpack_from(packed, at)
        name = packed[at + _CENTRAL.size : at + _CENTRAL.size + name_size].decode("latin-1")
        if mark != b"PK\1\2" or needs != 20 or flags or method not in (0, 8) or any(rest[:3]):
            raise refuse(worded("有加密、附注或别的打包方式"))
        if name not in LIMITS:
            raise refuse(worded("有不该有的文件“{name}”", name=name[:40]))
        if name in found:
            raise refuse(worded("{name} 有两份", name=name))
        if size > LIMITS[name][0]:
            raise refuse(worded("{name} 解压后超过 {limits} 字节", name=name, limits=LIMITS[name][0]))
        # A member's own head repeats the directory's fields from the version needed to the extra field's
        # length.
        head = b"PK\3\4" + packed[at + 6 : at + 32] + name.encode("latin-1")
        start = local + len(head)
        if local != expected or packed[local:start] != head:
            raise refuse(worded("{name} 之前有多余的内容，或与目录不同", name=name))
        found[name] = (method, start, packed_size, size, check)
        at, expected = at + _CENTRAL.size + name_size, start + packed_size
    if lacking := [name for name in PARTS if name not in found]:
        raise ZhunshengError("ZS-DR-07", name=source, detail=worded("缺少 {lacking}", lacking=lacking[0]))
    if sum(size for *_, size, _check in found.values()) > MAX_UNPACKED:
        raise refuse(worded("解压后共超过 {n} MB", n=MAX_UNPACKED // MIB))
    if at != at_end or expected != at_end - length:
        raise refuse(worded("文件之间有多余的内容"))
    return {name: found[name] for name in LIMITS if name in found}


def _unpacked(data: bytes, method: int, size: int, check: int) -> bytes | None:
    """Return a member's bytes, never more than ``size``; None where they are not what the directory says."""
    if method == 0:
        raw = data
    else:
        stream = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            raw = stream.decompress(data, size + 1)
            # A stream of exactly ``size`` bytes may have its end mark still unread.
            if not stream.eof:
                raw += stream.decompress(stream.unconsumed_tail, 1)
        except zlib.error:
            return None
        if not stream.eof or stream.unused_data:
            return None
    return raw if len(raw) == size and zlib.crc32(raw) == check else None
