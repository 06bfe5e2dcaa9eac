"""Say in Chinese, with its place, what is wrong with data that a person wrote in YAML or sent as JSON."""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from zhunsheng.errors import ZhunshengError
from zhunsheng.text import readable
from zhunsheng.translation import raised_with, series, translatable, worded

WORDS = {
    "missing": translatable("缺少这一项"),
    "extra_forbidden": translatable("没有这个字段，可能写错了"),
    "literal_error": translatable("只能是 {expected}"),
    "enum": translatable("只能是 {expected}"),
    "union_tag_invalid": translatable("只能是 {expected_tags}"),
    "union_tag_not_found": translatable("缺少 {discriminator}"),
    "list_type": translatable("应是列表，每项以“- ”开头"),
    "tuple_type": translatable("应是列表，每项以“- ”开头"),
    "dict_type": translatable("应是“字段: 值”的写法"),
    "model_type": translatable("应是“字段: 值”的写法"),
    "model_attributes_type": translatable("应是“字段: 值”的写法"),
    "greater_than_equal": translatable("应不小于 {ge}"),
    "greater_than": translatable("应大于 {gt}"),
    "less_than_equal": translatable("应不大于 {le}"),
    "less_than": translatable("应小于 {lt}"),
    "finite_number": translatable("应是有限的数"),
    "string_too_short": translatable("至少 {min_length} 个字"),
    "string_too_long": translatable("至多 {max_length} 个字"),
    "string_pattern_mismatch": translatable("写法不合要求"),
    "too_short": translatable("至少要有 {min_length} 项"),
    "too_long": translatable("至多 {max_length} 项"),
    "json_invalid": translatable("不是 JSON"),
}
KINDS = {  # a fault of type "int_parsing", "int_type", … is of the kind "int"
    "string": translatable("应是文字，数字请加引号"),
    "int": translatable("应是整数"),
    "decimal": translatable("应是数"),
    "float": translatable("应是数"),
    "bool": translatable("应是 true 或 false"),
    "datetime": translatable("应是日期和时刻，如 2021-12-31T09:00:00+08:00"),
    "timezone": translatable("应写明时区，如 2021-12-31T09:00:00+08:00"),
    "date": translatable("应是日期，如 2021-12-31"),
}


NODES, DEPTH = 2_000_000, 60  # what a data file may unfold to, and how deep
# How a full disk is told: by the system's number, or only in the words of a library that lets nothing else
# through.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FULL_WORDS = (
    "no space left on device",
    "database or disk is full",
    "disk quota exceeded",
    "file too large",
    "disk full",
)
_CLOSED = {
    errno.EACCES: worded("没有权限"),
    errno.EPERM: worded("没有权限"),
    errno.EROFS: worded("只读的文件系统"),
    errno.ENOTDIR: worded("上级不是文件夹"),
}


class Unfit(yaml.YAMLError):
    """Text that is YAML and yet no data file: a value that can't be, references in a circle,
    nests without end.
    """


def packaged(resource: Traversable) -> Any:
    """Return the plain data of a YAML file of this package.

    By the parser in C where there is one: five times as fast, but a text that nests without end would end the
    process, so it is for nothing that comes from elsewhere.
    """
    return yaml.load(resource.read_text("utf8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


class _Once(yaml.SafeLoader):
    """Reads plain data in which nothing is said twice: of two values under one key the library keeps the
    last, unseen.
    """

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        """Return a mapping. Raises ``Unfit`` for a key that stands twice, with both lines."""
        seen: dict[str, int] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                line = key.start_mark.line + 1
                if key.value in seen:
                    raise Unfit(
                        worded(
                            "“{value}”写了两次（第 {seen} 行和第 {line} 行），只能写一次",
                            value=key.value[:40],
                            seen=seen[key.value],
                            line=line,
                        )
                    )
                seen[key.value] = line
        return super().construct_mapping(node, deep)


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON. Raises ``ValueError`` for a key that stands twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def parsed(text: str) -> Any:
    """Return the plain data of YAML text. Raises ``yaml.YAMLError`` for any text that is none,
    whatever is in it.
    """
    try:
        data = yaml.load(readable(text), Loader=_Once)
    except RecursionError:
        raise Unfit(worded("层次太深")) from None
    except (ValueError, OverflowError) as error:  # a day that never was, a number that can't be
        raise Unfit(worded("有读不出的值（{error}）", error=_said_of(error))) from None
    return bounded(data)


def _said_of(error: Exception) -> str:
    """Return in words why a value can't be, where the library says it in its own."""
    said = str(error)
    known = (
        ("day", worded("没有这一天")),
        ("month", worded("没有这个月")),
        ("year", worded("没有这一年")),
        ("hour", worded("没有这个钟点")),
        ("minute", worded("没有这一分")),
        ("second", worded("没有这一秒")),
    )
    return next(
        (words for part, words in known if said.startswith((f"{part} is out", f"{part} must be"))), said
    )


def bounded(data: Any) -> Any:
    """Return plain data as it is. Raises ``Unfit`` where it nests too deep, has too much in it or holds
    itself.
    """
    waiting, seen = [(data, 0)], 0
    while waiting:
        one, depth = waiting.pop()
        seen += 1
        if depth > DEPTH or seen > NODES:
            raise Unfit(worded("层次太深，或引用（& 与 *）成环"))
        children = (
            [*one.keys(), *one.values()] if isinstance(one, dict) else one if isinstance(one, list) else ()
        )
        waiting += [(child, depth + 1) for child in children]
    return data


def written(path: Path) -> str:
    """Return the text of a data file. Raises ``ZS-IN-01`` where there is none, ``ZS-IN-40`` where it is not
    UTF-8.
    """
    if not path.is_file():
        raise ZhunshengError("ZS-IN-01", name=str(path))
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise ZhunshengError("ZS-IN-40", name=path.name) from None


def fault(error: ValidationError | yaml.YAMLError) -> str:
    """Return the first fault with where it is: line and column of the text, else item and field
    of the data.
    """
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return spaced(place(first["loc"]), phrase(first))
    if isinstance(error, Unfit):
        return raised_with(error)
    mark = getattr(error, "problem_mark", None)
    where = worded("第 {line} 行第 {column} 列", line=mark.line + 1, column=mark.column + 1) if mark else ""
    return worded("{where}不合 YAML 的写法：请看缩进是否对齐、冒号后有无空格、引号是否成对", where=where)


def spaced(*parts: str) -> str:
    """Return the parts of a sentence that there are, a blank between them."""
    return series((part for part in parts if part), " ")


def place(loc: Sequence[int | str]) -> str:
    """Return the place of a fault in data, items counted from one: ``strata.第 2 项.name``;
    names of types are left out.
    """
    return series(
        (
            worded("第 {n} 项", n=part + 1) if isinstance(part, int) else part
            for part in loc
            if not str(part)[:1].isupper()
        ),
        ".",
    )


def phrase(one: Mapping[str, Any]) -> str:
    """Return one fault of pydantic's list in words; a rule's own words stay as they are."""
    told = {k: str(v).replace(" or ", "、") for k, v in (one.get("ctx") or {}).items()}
    if one["type"] == "value_error":
        reason = (one.get("ctx") or {}).get("error")
        said = str(one["msg"]).removeprefix("Value error, ")
        return raised_with(reason) if isinstance(reason, Exception) else said
    if words := WORDS.get(one["type"]) or KINDS.get(one["type"].split("_")[0]):
        return worded(words, **({"expected": "", "expected_tags": "", "discriminator": ""} | told))
    return worded("不合要求（{type}）", type=one["type"])


def of_system(error: BaseException, path: str = "") -> ZhunshengError | None:
    """Return what the system refused, and nobody's program did wrong, as an error for a person;
    None for any other.

    Looks through the errors that led to this one. ``ZS-CL-10`` a full disk, ``ZS-CL-11`` no permission to
    write, ``ZS-CL-12`` a name too long, ``ZS-EV-41`` no memory left; ``path`` is what was to be written where
    the error itself does not say.
    """
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        if isinstance(one, ZhunshengError):
            return None
        # DuckDB's by its name, so that this room needs no database.
        if isinstance(one, MemoryError) or type(one).__name__ == "OutOfMemoryException":
            return ZhunshengError("ZS-EV-41")
        number = getattr(one, "errno", None) if isinstance(one, OSError) else None
        where = path or str(getattr(one, "filename", None) or "") or worded("临时文件")
        if number in _FULL or any(words in str(one).lower() for words in _FULL_WORDS):
            return ZhunshengError("ZS-CL-10", path=where)
        if number in _CLOSED:
            return ZhunshengError("ZS-CL-11", path=where, detail=_CLOSED[number])
        if number == errno.ENAMETOOLONG:
            return ZhunshengError("ZS-CL-12", path=f"{where[:60]}…")
        one = one.__cause__ or one.__context__
    return None


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says, its kind where it says nothing; at most 120 characters."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:120]
