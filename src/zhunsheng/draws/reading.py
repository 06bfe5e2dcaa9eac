"""Read what people write for a draw: plans, registers of inspectors, results."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from zhunsheng.draws.assignment import Inspector
from zhunsheng.draws.plan import Plan
from zhunsheng.draws.results import Result
from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import fault, parsed, written
from zhunsheng.text import cleaned


def read_plan(path: Path) -> Plan:
    """Read a plan (yaml or json). Raises ``ZS-IN-01``, ``ZS-DR-01`` naming the field."""
    return plan_of(cleaned(load(path)))


def plan_of(data: Any) -> Plan:
    """Return plain data as a plan. Raises ``ZS-DR-01`` naming the field."""
    try:
        return Plan.model_validate(data)
    except ValidationError as error:
        raise ZhunshengError("ZS-DR-01", detail=fault(error)) from None


def read_inspectors(path: Path) -> list[Inspector]:
    """Read a register (yaml or json list). Raises ``ZS-IN-01``, ``ZS-DR-01``."""
    try:
        return TypeAdapter(list[Inspector]).validate_python(cleaned(load(path)))
    except ValidationError as error:
        raise ZhunshengError("ZS-DR-01", detail=f"检查人员名录 {fault(error)}") from None


def load(path: Path) -> Any:
    """Return the plain data of a yaml or json file. Raises ``ZS-IN-01``, ``ZS-IN-05``, ``ZS-DR-08``."""
    text = written(path)
    if path.suffix == ".json":
        # JSON may write a sign beyond U+FFFF as two escapes, which YAML takes for two halves.
        with suppress(ValueError, RecursionError):
            text = json.dumps(json.loads(text), ensure_ascii=False)
    try:
        return parsed(text)
    except yaml.YAMLError as error:
        raise ZhunshengError("ZS-DR-08", name=path.name, detail=fault(error)) from None


def read_results(path: Path) -> list[Result]:
    """Read results (yaml or json list). Raises ``ZS-IN-01``, ``ZS-DR-08``."""
    try:
        return TypeAdapter(list[Result]).validate_python(cleaned(load(path)))
    except ValidationError as error:
        raise ZhunshengError("ZS-DR-08", name=path.name, detail=fault(error)) from None
