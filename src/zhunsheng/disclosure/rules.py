"""The rules of what is personal, read from ``rules.yaml``."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.resources import files

import phonenumbers
import stdnum
from pydantic import BaseModel, ConfigDict

from zhunsheng.regulations import read_packaged


class PersonalKind(BaseModel):
    """A kind of personal data: its name to a person, and how many characters its shown form keeps at either
    end.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    title: str
    keeps: tuple[int, int]


class DisclosureRules(BaseModel):
    """All of ``rules.yaml``, whose comments say what each part is."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    kinds: dict[str, PersonalKind]
    person_labels: tuple[str, ...]
    strong_labels: tuple[str, ...]
    label_tails: tuple[str, ...]
    name_fields: tuple[str, ...]
    roles: tuple[str, ...]
    titles: tuple[str, ...]
    units_of_office: tuple[str, ...]
    after_names: tuple[str, ...]
    not_names: tuple[str, ...]
    not_whole: frozenset[str]
    surnames: str
    double_surnames: tuple[str, ...]
    address_labels: tuple[str, ...]
    phone_labels: tuple[str, ...]
    phone_letters: tuple[str, ...]
    bank_labels: tuple[str, ...]
    identity_labels: tuple[str, ...]
    account_labels: tuple[str, ...]
    passport_labels: tuple[str, ...]
    code_labels: tuple[str, ...]
    units: tuple[str, ...]
    service_lines: tuple[str, ...]
    least_count: int
    programs: tuple[str, ...]
    figures: frozenset[str]


_RULES = files("zhunsheng.disclosure") / "rules.yaml"


@lru_cache
def rules() -> DisclosureRules:
    """Return the rules in force."""
    found: DisclosureRules = read_packaged(_RULES, DisclosureRules)
    return found


@lru_cache
def version() -> str:
    """Return what tells these rules and numbering plans from others: what was looked through by others is so
    anew.
    """
    told = "\x1f".join((_RULES.read_text("utf8"), phonenumbers.__version__, stdnum.__version__))
    return hashlib.sha256(told.encode()).hexdigest()[:16]
