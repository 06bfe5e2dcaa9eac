"""Say in Chinese, with its place, what is wrong with data that a person wrote in YAML or sent as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from zhunsheng.errors import ZhunshengError

WORDS = {
    "missing": "缺少这一项",
    "extra_forbidden": "没有这个字段，可能写错了",
    "literal_error": "只能是 {expected}",
    "enum": "只能是 {expected}",
    "union_tag_invalid": "只能是 {expected_tags}",
    "union_tag_not_found": "缺少 {discriminator}",
    "list_type": "应是列表，每项以“- ”开头",
    "tuple_type": "应是列表，每项以“- ”开头",
    "dict_type": "应是“字段: 值”的写法",
    "model_type": "应是“字段: 值”的写法",
    "model_attributes_type": "应是“字段: 值”的写法",
    "greater_than_equal": "应不小于 {ge}",
    "greater_than": "应大于 {gt}",
    "less_than_equal": "应不大于 {le}",
    "less_than": "应小于 {lt}",
    "string_too_short": "至少 {min_length} 个字",
    "string_too_long": "至多 {max_length} 个字",
    "string_pattern_mismatch": "写法不合要求",
    "too_short": "至少要有 {min_length} 项",
    "too_long": "至多 {max_length} 项",
    "json_invalid": "不是 JSON",
}
KINDS = {  # a fault of type "int_parsing", "int_type", … is of the kind "int"
    "string": "应是文字，数字请加引号",
    "int": "应是整数",
    "decimal": "应是数",
    "float": "应是数",
    "bool": "应是 true 或 false",
    "datetime": "应是日期和时刻，如 2021-12-31T09:00:00+08:00",
    "timezone": "应写明时区，如 2021-12-31T09:00:00+08:00",
    "date": "应是日期，如 2021-12-31",
}


def written(path: Path) -> str:
    """Return the text of a data file. Raises ``ZS-IN-01`` where there is none, ``ZS-IN-05`` where it is not UTF-8."""
    if not path.is_file():
        raise ZhunshengError("ZS-IN-01", name=str(path))
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise ZhunshengError("ZS-IN-05", name=path.name, detail="不是 UTF-8 编码，另存时请选 UTF-8") from None


def fault(error: ValidationError | yaml.YAMLError) -> str:
    """Return the first fault with where it is: line and column of the text, else item and field of the data."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{place(first['loc'])} {phrase(first)}".strip()
    mark = getattr(error, "problem_mark", None)
    where = f"第 {mark.line + 1} 行第 {mark.column + 1} 列" if mark else ""
    return f"{where}不合 YAML 的写法：请看缩进是否对齐、冒号后有无空格、引号是否成对"


def place(loc: Sequence[int | str]) -> str:
    """Return the place of a fault in data, items counted from one: ``strata.第 2 项.name``; names of types are left out."""
    return ".".join(f"第 {part + 1} 项" if isinstance(part, int) else part for part in loc if not str(part)[:1].isupper())


def phrase(one: Mapping[str, Any]) -> str:
    """Return one fault of pydantic's list in words; a rule's own words stay as they are."""
    told = {k: str(v).replace(" or ", "、") for k, v in (one.get("ctx") or {}).items()}
    if one["type"] == "value_error":
        return str(one["msg"]).removeprefix("Value error, ")
    if words := WORDS.get(one["type"]) or KINDS.get(one["type"].split("_")[0]):
        return words.format_map({"expected": "", "expected_tags": "", "discriminator": ""} | told)
    return f"不合要求（{one['type']}）"
