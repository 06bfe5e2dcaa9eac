"""The records of the safeguards at work: entered, changed, and opened again where what was approved is changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from zhunsheng.web.models import Organisation, SafeguardRecord, User
from zhunsheng.web.services.registers import Register, cleaned, due_of, registers
from zhunsheng.web.services.uploads import take
from zhunsheng.web.workflow import advance, note


def enter(
    register: Register, department: Organisation, given: Mapping[str, str], file: Any, user: User
) -> SafeguardRecord:
    """Keep a new record. Raises ``ZS-WB-06`` naming the field, ``ZS-IN-*`` for the file."""
    data = cleaned(register, dict(given))
    with transaction.atomic():
        made = SafeguardRecord(
            department=department,
            register=register.id,
            data=data,
            due_on=due_of(register, data),
            created_by=user,
        )
        if file:
            made.proof = take(file, "attachment", department, user)
        made.save()
        note(user, made, "safeguards.record", after="open")
    return made


def change(
    record: SafeguardRecord, given: Mapping[str, str], file: Any, user: User, seen: str | None = None
) -> SafeguardRecord:
    """Change a record; one that was approved or refused is open again. Raises as ``enter`` and ``advance``."""
    register = registers()[record.register]

    def changed(now: SafeguardRecord) -> None:
        now.data = cleaned(register, dict(given))
        now.due_on = due_of(register, now.data)
        if file:
            now.proof = take(file, "attachment", now.department, user)

    advance(user, record, "safeguards.record", seen=seen, change=changed)
    return record
