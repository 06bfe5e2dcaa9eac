"""Read what people write for a draw: plans, registers of inspectors, results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from zhunsheng.draws.assignment import Inspector
from zhunsheng.draws.plan import Plan
from zhunsheng.draws.results import Result
from zhunsheng.errors import ZhunshengError
from zhunsheng.text import cleaned, readable


def read_plan(path: Path) -> Plan:
    """Read a plan (yaml or json). Raises ``ZS-IN-01``, ``ZS-DR-01`` naming the field."""
    return plan_of(cleaned(load(path)))


def plan_of(data: Any) -> Plan:
    """Return plain data as a plan. Raises ``ZS-DR-01`` naming the field."""
    try:
        return Plan.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ZhunshengError("ZS-DR-01", detail=f"{where} {first['msg']}".strip()) from None


def read_inspectors(path: Path) -> list[Inspector]:
    """Read a register (yaml or json list). Raises ``ZS-IN-01``, ``ZS-DR-01``."""
    try:
        return TypeAdapter(list[Inspector]).validate_python(cleaned(load(path)))
    except ValidationError as error:
        first = error.errors()[0]
        raise ZhunshengError(
            "ZS-DR-01", detail=f"检查人员名录 {'.'.join(map(str, first['loc']))} {first['msg']}"
        ) from None


def load(path: Path) -> Any:
    """Return the plain data of a yaml or json file. Raises ``ZS-IN-01``, ``ZS-DR-08``."""
    if not path.is_file():
        raise ZhunshengError("ZS-IN-01", name=str(path))
    try:
        return yaml.safe_load(readable(path.read_text("utf8")))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ZhunshengError("ZS-DR-08", name=path.name, detail=str(error).splitlines()[0]) from None


def read_results(path: Path) -> list[Result]:
    """Read results (yaml or json list). Raises ``ZS-IN-01``, ``ZS-DR-08``."""
    try:
        return TypeAdapter(list[Result]).validate_python(cleaned(load(path)))
    except ValidationError as error:
        raise ZhunshengError("ZS-DR-08", name=path.name, detail=str(error).splitlines()[1]) from None
