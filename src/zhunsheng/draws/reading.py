"""Read what people write for a draw: plans, registers of inspectors, results."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from datetime import UTC
from pathlib import Path
from typing import Any

import yaml
from pydantic import AwareDatetime, TypeAdapter, ValidationError

from zhunsheng.draws.assignment import RegisteredInspector
from zhunsheng.draws.beacons import round_at, round_time
from zhunsheng.draws.plan import Plan
from zhunsheng.draws.results import InspectionResult
from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import bounded, fault, once, parsed, written
from zhunsheng.text import cleaned
from zhunsheng.translation import series, worded


def read_plan(path: Path) -> Plan:
    """Read a plan (yaml or json). Raises ``ZS-IN-01``, ``ZS-DR-01`` naming the field."""
    return plan_of(cleaned(load(path)))


def plan_of(data: Any) -> Plan:
    """Return plain data as a plan, a beacon's round left out written in. Raises ``ZS-DR-01`` naming the
    field.
    """
    try:
        return Plan.model_validate(_with_rounds(data))
    except ValidationError as error:
        raise ZhunshengError("ZS-DR-01", detail=fault(error)) from None


def _with_rounds(data: Any) -> Any:
    """Return a plan's data with every drand source's round: the first published at or after ``known_at``.

    ``known_at`` becomes that round's moment, less than one period later, so that it stays the moment the
    numbers are known. What can't be read is left to the plan, which names it.
    """
    sources = data.get("randomness") if isinstance(data, dict) else None
    if not isinstance(sources, list):
        return data
    without = [
        one
        for one in sources
        if isinstance(one, dict) and one.get("source") == "drand" and one.get("round") is None
    ]
    try:
        known = TypeAdapter(AwareDatetime).validate_python(data.get("known_at")).astimezone(UTC)
        rounds = [round_at(one.get("chain", "quicknet"), known) for one in without]
        moments = [
            round_time(one.get("chain", "quicknet"), n) for one, n in zip(without, rounds, strict=True)
        ]
    except (ValidationError, KeyError, TypeError, OverflowError):
        # Any round will do: what the plan then names is the moment or the chain that can't be read.
        return {
            **data,
            "randomness": [{**one, "round": 1} if any(one is w for w in without) else one for one in sources],
        }
    if not without:
        return data
    numbers = iter(rounds)
    written = [{**one, "round": next(numbers)} if any(one is w for w in without) else one for one in sources]
    return {**data, "randomness": written, "known_at": max(known, *moments).isoformat()}


def read_inspectors(path: Path) -> list[RegisteredInspector]:
    """Read a register (yaml or json list). Raises ``ZS-IN-01``, ``ZS-DR-80``, as ``load``."""
    try:
        people = TypeAdapter(list[RegisteredInspector]).validate_python(cleaned(load(path)))
    except ValidationError as error:
        raise ZhunshengError("ZS-DR-80", name=path.name, detail=fault(error)) from None
    if twice := [one for one, times in Counter(person.id for person in people).items() if times > 1]:
        raise ZhunshengError(
            "ZS-DR-80", name=path.name, detail=worded("编号重复：{twice}", twice=series(twice[:10]))
        )
    return people


def load(path: Path) -> Any:
    """Return the plain data of a yaml or json file. Raises ``ZS-IN-01``, ``ZS-IN-40``, ``ZS-DR-81``."""
    text = written(path)
    try:
        if path.suffix == ".json":
            # Not by YAML, which is slow and takes a sign beyond U+FFFF written as two escapes for two halves.
            with suppress(ValueError, RecursionError):
                return bounded(json.loads(text, parse_constant=_no_number, object_pairs_hook=once))
        return parsed(text)
    except yaml.YAMLError as error:
        raise ZhunshengError("ZS-DR-81", name=path.name, detail=fault(error)) from None


def _no_number(word: str) -> Any:
    raise ValueError(word)  # NaN and Infinity, which JSON has not


def read_results(path: Path) -> list[InspectionResult]:
    """Read results (yaml or json list). Raises ``ZS-IN-01``, ``ZS-DR-09``, as ``load``."""
    try:
        return TypeAdapter(list[InspectionResult]).validate_python(cleaned(load(path)))
    except ValidationError as error:
        raise ZhunshengError("ZS-DR-09", detail=f"{path.name} {fault(error)}") from None
