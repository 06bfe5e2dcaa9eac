"""Which role a group of the directory gives where, as the administrator wrote it in a file (YAML)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from zhunsheng.faults import written
from zhunsheng.regulations import read_yaml


class GroupRole(BaseModel):
    """The members of ``group`` (as the directory names it: a name or a whole DN) hold ``role`` at
    ``organisation`` (its official code, or its code on this site).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    group: str
    role: Literal["staff", "finance", "head", "bureau", "evaluator", "auditor", "admin"]
    organisation: str


def read_groups(path: Path) -> tuple[GroupRole, ...]:
    """Read the file of groups. Raises ``ZS-IN-01``, ``ZS-IN-05``, ``ZS-RG-01`` naming what is wrong."""
    return tuple(read_yaml(written(path), list[GroupRole], path.name))
