"""The registers of the safeguards: fields checked by their kind, approvals, and their way
into the ledgers.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from django.utils import timezone
from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Ledger, ledger_of
from zhunsheng.regulations import read_packaged
from zhunsheng.targets.spelling import misgrouped
from zhunsheng.text import MOST, csv_text, whole
from zhunsheng.translation import raised_with, series, worded
from zhunsheng.web.models import Organisation, SafeguardRecord


class RegisterField(BaseModel):
    """One field of a register; a ``past`` date can't be later than today."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    title: str
    type: Literal["text", "long", "date", "money", "number", "choice"]
    required: bool = False
    past: bool = False
    values: tuple[str, ...] = ()


class Register(BaseModel):
    """One register: its fields, what needs approval, which fields say due and done, the ledger it can feed.

    ``closes_with`` are the fields (``proof``: the file) without which a record is not closed;
    with ``closed_by_another`` whoever wrote them does not close it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str
    title: str
    group: str
    what: str
    empty: str
    fields: tuple[RegisterField, ...]
    requests: tuple[str, ...] = ()
    ledger: str | None = None
    fixed: dict[str, str] = {}
    due: str | None = None
    done: str | None = None
    closes_with: tuple[str, ...] = ()
    closed_by_another: bool = False


@lru_cache
def registers() -> dict[str, Register]:
    """Return all registers by id."""
    found = read_packaged(files("zhunsheng.web") / "registers.yaml", list[Register])
    return {r.id: r for r in found}


def cleaned(register: Register, given: dict[str, str]) -> dict[str, str]:
    """Return the fields' texts in one form each. Raises ``ZS-WB-06`` naming each that is wrong."""
    data, faults = {}, []
    for field in register.fields:
        try:
            data[field.name] = in_one_form(field, given.get(field.name, ""))
        except ValueError as error:
            faults.append(worded("“{field}”{why}", field=worded(field.title), why=raised_with(error)))
    if faults:
        raise ZhunshengError("ZS-WB-06", detail=series(faults, "；"))
    return data


def in_one_form(field: RegisterField, given: str) -> str:
    """Return a field's text in the form it is kept in. Raises ``ValueError`` with what is wrong, in words."""
    text = given.strip()
    if not text:
        if field.required:
            raise ValueError(_("没有填写"))
        return ""
    wrong = ValueError(_("填写有误：%s") % text[:60])
    if field.type == "date":
        try:
            day = date.fromisoformat(text)
        except ValueError:
            raise wrong from None
        if field.past and day > timezone.localdate():
            raise ValueError(_("不能晚于今天：%s") % day)
        return day.isoformat()
    if field.type == "money":
        if (amount := _amount(text)) is None:
            raise wrong
        return f"{amount:.2f}"
    if field.type == "number":
        if (number := whole(text)) is None:
            raise wrong
        return str(number)
    if field.type == "choice":
        if text not in field.values:
            raise wrong
        return text
    if len(text) > MOST["words"]:
        raise ValueError(_("有 %(n)s 字，最多 %(most)s 字") % {"n": len(text), "most": MOST["words"]})
    return text


def _amount(text: str) -> Decimal | None:
    """Return an amount in plain digits, None for what is none: an exponent may make it longer than any memory
    holds.
    """
    bare = text.replace(",", "")
    if misgrouped(text) or not re.fullmatch(r"[0-9]{1,16}(?:\.[0-9]{1,2})?", bare):
        return None
    return Decimal(bare)


def due_of(register: Register, data: dict[str, str]) -> date | None:
    """Return the day a record is due, None where it has none or is done."""
    if not register.due or not data.get(register.due) or (register.done and data.get(register.done)):
        return None
    return date.fromisoformat(data[register.due])


def fed_by(register: Register) -> Ledger:
    """Return the ledger that a register feeds. Raises ``ZS-WB-06`` where it feeds none."""
    if register.ledger is None:
        raise ZhunshengError("ZS-WB-06", detail=worded("“{title}”没有对应的台账", title=register.title))
    return ledger_of(register.ledger)


def counted(register: Register, department: Organisation) -> list[SafeguardRecord]:
    """Return the records that are evidence: neither refused nor void."""
    mine = SafeguardRecord.objects.filter(department=department, register=register.id)
    return list(mine.exclude(state__in=("refused", "void")).order_by("pk"))


def as_ledger(register: Register, department: Organisation) -> bytes:
    """Return a register as a csv of the ledger it feeds. Raises ``ZS-WB-06`` where it feeds none
    or is empty.
    """
    ledger, records = fed_by(register), counted(register, department)
    if not records:
        raise ZhunshengError("ZS-WB-06", detail=worded("“{title}”还没有记录", title=register.title))
    rows: list[list[str]] = [[c.title for c in ledger.columns]]
    for one in records:
        values: dict[str, str] = {**one.data, **register.fixed}
        rows.append([values.get(c.name, "") for c in ledger.columns])
    return csv_text(rows).encode("utf-8-sig")
