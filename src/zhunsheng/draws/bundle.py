"""The bundle (抽查包): what its zip and its files may hold, and how much; the page reads by the same rules
(``page_rules``).

Whoever verifies gets the file from a stranger: every byte of it is accounted for,
every number and list has a bound, and nothing is unpacked or parsed before it is known how large it can
become. docs/draw-specification.md says it in words.
"""

from __future__ import annotations

import json
import re
import struct
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from zhunsheng.draws import assignment, assignment_1, loads
from zhunsheng.draws.assignment import RegisteredInspector, register_json
from zhunsheng.draws.beacons import CHAINS
from zhunsheng.draws.plan import MOMENT, Plan
from zhunsheng.draws.randomness import MAX_NUMBERS, NUMBERS
from zhunsheng.draws.slips import SALT
from zhunsheng.draws.spec import ID, KEY, PART, STRATUM_JOIN, UNSALTED, VERSIONS, canonical, version_of
from zhunsheng.draws.verdicts import words
from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import fault, place, spaced
from zhunsheng.translation import raised_with, worded

MAX_PROOFS = 20_000  # drawn objects up to which the bundle carries inclusion proofs
MAX_DRAWN = 120_000  # drawn with reserve that one bundle can carry
MAX_PLACED = 400_000  # drawn × inspectors an object that assignment.json can carry
MAX_STRATA = 20_000
MAX_INSPECTORS = 10_000
MAX_MATCHES = 2_000_000  # strata × quotas, each of which is compared
MAX_PACKED = MAX_UNPACKED = 64 * 2**20
_MIB = 2**20
# Member -> (bytes unpacked, commas and opening brackets: a value costs one of them,
# so memory follows from them).
LIMITS: dict[str, tuple[int, int]] = {
    "plan.json": (_MIB, 20_000),
    "commitment.json": (8 * _MIB, 200_000),
    "seed.json": (_MIB // 4, 2_000),
    "inspectors.json": (8 * _MIB, 300_000),
    "drawn.json": (32 * _MIB, 850_000),
    "assignment.json": (16 * _MIB, 850_000),
    "cutoffs.json": (8 * _MIB, 50_000),
    "proofs.json": (44 * _MIB, 850_000),
    "README.txt": (_MIB // 64, 2**20),
}
PARTS = tuple(name for name in LIMITS if name.endswith(".json"))

_DIGEST = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_ID = {"type": "string", "pattern": f"^{ID.pattern}$"}
_STRATUM = {"type": "string", "pattern": rf"^{PART.pattern}(?:\{STRATUM_JOIN}{PART.pattern})*$"}
_NUMBERS = {"type": "string", "pattern": f"^{NUMBERS.pattern}$", "maxLength": MAX_NUMBERS}
_AMOUNT = {"type": "integer", "minimum": 0, "maximum": 10**9}
_VERSION = f"(?:{'|'.join(map(re.escape, VERSIONS))})"
_CODE = {"type": "string", "pattern": "^[0-9A-Za-z_.-]{1,40}$"}


def _record(**fields: Any) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": list(fields)}


def _listed(items: Any, most: int, least: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": least, "maxItems": most}


def _named(names: Any, values: Any, most: int, least: int = 0) -> dict[str, Any]:
    return {"type": "object", "names": names, "values": values, "minProperties": least, "maxProperties": most}


def schemas() -> dict[str, Any]:
    """Return the closed schema of each JSON file, in a small part of JSON Schema;
    plan and register follow their models.

    ``names`` and ``values`` are of an object that is a table; all other objects have the ``properties``
    listed and no more.
    """
    salt = {"type": "string", "pattern": f"^{SALT.pattern}$"}
    moment, long = {"type": "string", "pattern": MOMENT}, {"type": "string", "pattern": "^[0-9a-f]{192}$"}
    value = [
        _record(numbers=_NUMBERS),
        _record(numbers=_listed(_NUMBERS, 50)),
        _record(numbers=_listed(_NUMBERS, 50), salts=_listed(salt, 50), sealed_at=moment),
        _record(signature={"type": "string", "pattern": "^[0-9a-f]{96}$"}),
        _record(signature=long, previous_signature=long),
    ]
    path = _listed({"type": "string", "pattern": "^[LR][0-9a-f]{64}$"}, 40)
    proof = {"anyOf": [_record(salt={"type": "string", "pattern": f"^{KEY.pattern}$"}, path=path), path]}
    numbers = {"size": {**_AMOUNT, "minimum": 1}, "quota": _AMOUNT, "reserve": _AMOUNT}
    return {
        "plan.json": _flat(Plan.model_json_schema(mode="serialization")),
        "commitment.json": _record(
            format={"type": "string", "pattern": f"^{_VERSION}/commitment$"},
            draw=_CODE,
            plan=_DIGEST,
            frame=_record(count={**_AMOUNT, "minimum": 1}, digest=_DIGEST, root=_DIGEST),
            strata=_named(_STRATUM, _record(**numbers), MAX_STRATA, 1),
            inspectors=_record(count={**_AMOUNT, "maximum": MAX_INSPECTORS}, digest=_DIGEST),
            committed_at={"type": "string", "pattern": MOMENT},
        ),
        "seed.json": _record(
            format={"type": "string", "pattern": f"^{_VERSION}/seed$"},
            commitment=_DIGEST,
            values=_listed({"anyOf": value}, 10),
            randomness={"type": "string", "maxLength": 100_000},
            seed={"type": "string", "pattern": "^[0-9a-f]{32}$"},
            entered_by=_listed({"type": "string", "pattern": "^[0-9a-f]{16}$"}, 2, 2),
            controlled_by_office={"type": "boolean"},
        ),
        "inspectors.json": _listed(
            _flat(RegisteredInspector.model_json_schema(mode="serialization")), MAX_INSPECTORS
        ),
        "drawn.json": _listed(
            _record(
                stratum=_STRATUM,
                rank={**_AMOUNT, "minimum": 1},
                id=_ID,
                ticket=_DIGEST,
                reserve={"type": "boolean"},
            ),
            MAX_DRAWN,
        ),
        "assignment.json": _listed(_record(id=_ID, inspectors=_listed(_ID, 20)), MAX_DRAWN),
        "cutoffs.json": _named(_STRATUM, _DIGEST, MAX_STRATA),
        "proofs.json": _named(_ID, proof, MAX_PROOFS),
    }


def _flat(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a model's schema as its record is digested: references in place, every field there,
    none of them null.
    """
    kept = (
        "type",
        "const",
        "pattern",
        "minLength",
        "maxLength",
        "minimum",
        "maximum",
        "minItems",
        "maxItems",
    )

    def flat(one: dict[str, Any]) -> dict[str, Any]:
        if "$ref" in one:
            return flat(schema["$defs"][one["$ref"].rpartition("/")[2]])
        if "oneOf" in one:
            return {"anyOf": [flat(o) for o in one["oneOf"]]}
        if "anyOf" in one:
            return flat(next(o for o in one["anyOf"] if o != {"type": "null"}))
        found = {k: one[k] for k in kept if k in one and not (k == "type" and "const" in one)}
        if "items" in one:
            found["items"] = flat(one["items"])
        if "patternProperties" in one:
            ((names, values),) = one["patternProperties"].items()
            found |= {"names": {"type": "string", "pattern": names}, "values": flat(values)}
            found |= {"minProperties": 0, "maxProperties": one["maxProperties"]}
        if "properties" in one:
            fields = one["properties"]
            found["properties"] = {k: flat(v) for k, v in fields.items()}
            found["required"] = [k for k, v in fields.items() if {"type": "null"} not in v.get("anyOf", ())]
        return found

    return flat(schema)


def page_rules() -> dict[str, Any]:
    """Return the rules as ``verify.html`` carries them, in its line ``const RULES``."""
    bounds = {
        "packed": MAX_PACKED,
        "unpacked": MAX_UNPACKED,
        "matches": MAX_MATCHES,
        "places": assignment_1.MAX_PLACES,
        "pooled": assignment_1.MAX_POOLED,
        "flow": loads.MAX_STEPS,
        "steps": assignment.MAX_STEPS,
        "proofs": MAX_PROOFS,
    }
    chains = {name: asdict(chain) for name, chain in CHAINS.items()}
    said = {part: words()[part] for part in ("marks", "sources", "mixed")}
    return {"bounds": bounds, "limits": LIMITS, "chains": chains, "verdicts": said, "schemas": schemas()}


# -- the schema at work: functions made once, so that 200,000 rows take a second

_Test = Callable[[Any, tuple[int | str, ...]], None]


class Misfit(ValueError):
    """A value that the schema doesn't allow, with its place."""

    def __init__(self, loc: tuple[int | str, ...], why: str) -> None:
        super().__init__(spaced(place(loc), why))


def _test(schema: Mapping[str, Any]) -> _Test:
    """Return a function that raises ``Misfit`` for a value that the schema doesn't allow."""
    if "anyOf" in schema:
        return _any([_test(one) for one in schema["anyOf"]])
    if "const" in schema:
        return _const(schema["const"])
    return {"object": _object, "array": _array, "string": _string, "integer": _integer, "boolean": _boolean}[
        schema["type"]
    ](schema)


def _any(tests: list[_Test]) -> _Test:
    def test(value: Any, loc: tuple[int | str, ...]) -> None:
        for one in tests:
            try:
                return one(value, loc)
            except Misfit:
                continue
        raise Misfit(loc, worded("不是允许的写法之一"))

    return test


def _const(said: Any) -> _Test:
    def test(value: Any, loc: tuple[int | str, ...]) -> None:
        if type(value) is not type(said) or value != said:
            raise Misfit(loc, worded("只能是 {said}", said=said))

    return test


def _boolean(_schema: Mapping[str, Any]) -> _Test:
    def test(value: Any, loc: tuple[int | str, ...]) -> None:
        if type(value) is not bool:
            raise Misfit(loc, worded("应是 true 或 false"))

    return test


def _integer(schema: Mapping[str, Any]) -> _Test:
    least, most = schema["minimum"], schema["maximum"]

    def test(value: Any, loc: tuple[int | str, ...]) -> None:
        if type(value) is not int or not least <= value <= most:
            raise Misfit(loc, worded("应是 {least} 至 {most} 的整数", least=least, most=most))

    return test


def _string(schema: Mapping[str, Any]) -> _Test:
    # ``\Z``: Python's ``$`` would let a line break follow.
    pattern = re.compile(schema["pattern"].removesuffix("$") + r"\Z") if "pattern" in schema else None
    most = schema.get("maxLength", 10_000)

    def test(value: Any, loc: tuple[int | str, ...]) -> None:
        if type(value) is not str:
            raise Misfit(loc, worded("应是文字"))
        if len(value) > most:
            raise Misfit(loc, worded("至多 {most} 个字", most=most))
        if pattern and not pattern.match(value):
            raise Misfit(loc, worded("写法不合要求"))

    return test


def _array(schema: Mapping[str, Any]) -> _Test:
    least, most, item = schema.get("minItems", 0), schema["maxItems"], _test(schema["items"])

    def test(value: Any, loc: tuple[int | str, ...]) -> None:
        if type(value) is not list or not least <= len(value) <= most:
            raise Misfit(loc, worded("应是 {least} 至 {most} 项的列表", least=least, most=most))
        for n, one in enumerate(value):
            item(one, (*loc, n))

    return test


def _object(schema: Mapping[str, Any]) -> _Test:
    if "names" in schema:
        return _table(schema)
    fields = {name: _test(one) for name, one in schema["properties"].items()}
    required = frozenset(schema["required"])

    def test(value: Any, loc: tuple[int | str, ...]) -> None:
        if type(value) is not dict:
            raise Misfit(loc, worded("应是“字段: 值”的写法"))
        for name in value:
            if name not in fields:
                raise Misfit(loc, worded("没有“{name}”这个字段", name=name[:40]))
        if lacking := required - value.keys():
            raise Misfit(loc, worded("缺少 {lacking}", lacking=min(lacking)))
        for name, one in value.items():
            fields[name](one, (*loc, name))

    return test


def _table(schema: Mapping[str, Any]) -> _Test:
    names, values = _test(schema["names"]), _test(schema["values"])
    least, most = schema["minProperties"], schema["maxProperties"]

    def test(value: Any, loc: tuple[int | str, ...]) -> None:
        if type(value) is not dict or not least <= len(value) <= most:
            raise Misfit(loc, worded("应是 {least} 至 {most} 项的“名称: 值”", least=least, most=most))
        for name, one in value.items():
            names(name, (*loc, f"“{name[:40]}”"))
            values(one, (*loc, f"“{name}”"))

    return test


_TESTS: dict[str, _Test] = {}


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
    if name not in _TESTS:
        _TESTS.update({one: _test(schema) for one, schema in schemas().items()})
    try:
        _TESTS[name](data, ())
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


# -- the zip: a subset of the format in which no byte is left over; ``zipfile`` would look for the archive
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
        raise refuse(worded("超过 {n} MB", n=MAX_PACKED // _MIB))
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
        raise refuse(worded("解压后共超过 {n} MB", n=MAX_UNPACKED // _MIB))
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


def contradicted(parts: Mapping[str, Any]) -> str:
    """Return where a bundle's parts contradict themselves or one another in form, empty where they don't."""
    try:
        plan = Plan.model_validate(parts["plan.json"])
        people = TypeAdapter(list[RegisteredInspector]).validate_python(parts["inspectors.json"])
    except ValidationError as error:
        return worded("plan.json 或 inspectors.json {error}", error=fault(error))
    return (
        _of_versions(parts, plan) or _repeated(parts) or _unordered(parts, people) or _of_strata(parts, plan)
    )


def _of_versions(parts: Mapping[str, Any], plan: Plan) -> str:
    """Return where versions, the draw's number or moments of the parts contradict one another."""
    try:
        datetime.fromisoformat(parts["commitment.json"]["committed_at"])
    except ValueError:
        return worded("commitment.json 的 committed_at 不是日历上有的时刻")
    if parts["seed.json"]["format"] != f"{version_of(parts['commitment.json'])}/seed":
        return worded("seed.json 与 commitment.json 的版本（format）不同")
    kind = list if version_of(parts["commitment.json"]) == UNSALTED else dict
    if not all(type(proof) is kind for proof in parts["proofs.json"].values()):
        return worded("proofs.json 的写法不是 commitment.json 的版本的")
    if parts["commitment.json"]["draw"] != plan.id:
        return worded("commitment.json 的 draw 不是 plan.json 的编号")
    try:
        for value in parts["seed.json"]["values"]:
            datetime.fromisoformat(value.get("sealed_at", parts["commitment.json"]["committed_at"]))
    except ValueError:
        return worded("seed.json 的 sealed_at 不是日历上有的时刻")
    return ""


def _repeated(parts: Mapping[str, Any]) -> str:
    """Return where an id stands twice in a list."""
    for member in ("inspectors.json", "drawn.json", "assignment.json"):
        seen: dict[str, int] = {}
        for n, row in enumerate(parts[member], start=1):
            if seen.setdefault(row["id"], n) != n:
                return worded(
                    "{member} 第 {n} 项与第 {seen} 项都是 {id}",
                    member=member,
                    n=n,
                    seen=seen[row["id"]],
                    id=row["id"],
                )
    return ""


def _unordered(parts: Mapping[str, Any], people: Sequence[RegisteredInspector]) -> str:
    """Return that the register is not written in the order that it is digested in."""
    if register_json(people) != parts["inspectors.json"]:
        return worded("inspectors.json 没有按编号排列，或辖区、事项、回避没有排列")
    return ""


def _of_strata(parts: Mapping[str, Any], plan: Plan) -> str:
    """Return where strata do not fit the plan, or objects not the strata."""
    strata = parts["commitment.json"]["strata"]
    if len(strata) * len(plan.quotas) > MAX_MATCHES:
        return worded(
            "{strata} 层、{quotas} 条配额，相乘超过 {max_matches}",
            strata=len(strata),
            quotas=len(plan.quotas),
            max_matches=MAX_MATCHES,
        )
    for stratum in strata:
        if stratum.count(STRATUM_JOIN) + 1 != len(plan.strata):
            return worded(
                "commitment.json 的“{stratum}”层不是 {strata} 项", stratum=stratum, strata=len(plan.strata)
            )
        if plan.quota(stratum) is None:
            return worded("plan.json 没有给“{stratum}”层配额", stratum=stratum)
    for n, row in enumerate(parts["drawn.json"], start=1):
        if row["stratum"] not in strata:
            return worded(
                "drawn.json 第 {n} 项的“{stratum}”层不在 commitment.json 里", n=n, stratum=row["stratum"]
            )
    return ""


def main(page: Path) -> None:
    """Write the rules into the page that verifies in a browser."""
    rules = json.dumps(page_rules(), ensure_ascii=False, separators=(",", ":"))
    text = re.sub(r"(?m)^const RULES = .*$", lambda _: f"const RULES = {rules};", page.read_text("utf8"))
    page.write_text(text, "utf8")


if __name__ == "__main__":
    main(Path(__file__).with_name("verify.html"))
