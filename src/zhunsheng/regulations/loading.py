"""Reading the data files of the rules, and looking up the entry in force on a day or for a year."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import fault, packaged, parsed
from zhunsheng.regulations.entries import Dated, Deadline, Framework, KeyFramework, MonitoringRules
from zhunsheng.text import cleaned

_D = TypeVar("_D", bound=Dated)
DATA = files(__package__) / "data"


def read_yaml(text: str, kind: Any, name: str) -> Any:
    """Parse YAML text as pydantic type ``kind``. Raises ``ZS-RG-01`` naming the field that is wrong."""
    try:
        return TypeAdapter(kind).validate_python(cleaned(parsed(text)))
    except (yaml.YAMLError, ValidationError) as error:
        raise ZhunshengError("ZS-RG-01", name=name, detail=fault(error)) from None


def read_packaged(resource: Traversable, kind: Any) -> Any:
    """Return a YAML file of this package as pydantic type ``kind``. Raises ``ZS-RG-01`` naming the field that
    is wrong.
    """
    try:
        return TypeAdapter(kind).validate_python(cleaned(packaged(resource)))
    except ValidationError as error:
        raise ZhunshengError("ZS-RG-01", name=resource.name, detail=fault(error)) from None


@lru_cache
def frameworks() -> tuple[Framework, ...]:
    """Return all indicator frameworks."""
    return tuple(read_packaged(DATA / "frameworks.yaml", list[Framework]))


@lru_cache
def monitoring_rules() -> tuple[MonitoringRules, ...]:
    """Return all monitoring rules."""
    return tuple(read_packaged(DATA / "monitoring.yaml", list[MonitoringRules]))


@lru_cache
def deadlines() -> tuple[Deadline, ...]:
    """Return all statutory deadlines."""
    return tuple(read_packaged(DATA / "deadlines.yaml", list[Deadline]))


@lru_cache
def key_frameworks() -> tuple[KeyFramework, ...]:
    """Return all frameworks of key evaluation."""
    return tuple(read_packaged(DATA / "key-evaluation.yaml", list[KeyFramework]))


def in_force(entries: Sequence[_D], on: date, kind: str) -> _D:
    """Return the entry in force on ``on``, the newest of several. Raises ``ZS-RG-02`` where there is none."""
    for entry in sorted(entries, key=lambda e: e.valid_from, reverse=True):
        if entry.valid_from <= on and (entry.valid_to is None or on <= entry.valid_to):
            return entry
    raise ZhunshengError("ZS-RG-02", date=on, kind=kind)


@lru_cache(maxsize=256)
def framework_of(year: int) -> Framework:
    """Return the framework of a fiscal year where nothing but the year is known, the earliest one for years
    before any.
    """
    on = max(date(year, 12, 31), min(f.valid_from for f in frameworks()))
    return in_force(frameworks(), on, "绩效指标框架")


def framework_for(levels: Sequence[tuple[str | None, str | None]], year: int) -> Framework:
    """Return the framework of a sheet: the one whose tree its (level 1, level 2) names stand in,
    and where several do as well, that of its year.

    A sheet of 2024 with 成本 under 产出 is of the older tree, whatever was issued in 2021 for others.
    """
    usual = framework_of(year)
    return max(frameworks(), key=lambda f: (f.fits(levels), f is usual))


@lru_cache
def data_digest() -> str:
    """Return the SHA-256 over all national data files and which calendar of working days there is, so that a
    change in any of them shows.
    """
    found = hashlib.sha256(f"chinesecalendar {version('chinesecalendar')}\0".encode())
    for folder in (DATA, DATA / "schemes"):
        for path in sorted(folder.iterdir(), key=lambda p: p.name):
            if path.is_file():
                found.update(f"{path.name}\0".encode() + path.read_bytes())
    return found.hexdigest()
