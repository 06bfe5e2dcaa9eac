"""The records of the safeguards at work: entered, changed, and opened again where what was approved is
changed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from zhunsheng.evidence import Ledger
from zhunsheng.web.models import Job, Organisation, SafeguardRecord, Upload, User
from zhunsheng.web.services import evidence, jobs, ledgers
from zhunsheng.web.services.registers import Register, as_ledger, cleaned, counted, due_of, fed_by, registers
from zhunsheng.web.services.uploads import take
from zhunsheng.web.workflow import advance, note

HANDED = "register"  # the purpose of the files that a register gives to its ledger


def enter(
    register: Register,
    department: Organisation,
    given: Mapping[str, str],
    file: UploadedFile[bytes] | None,
    user: User,
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
        if _written(register, {}, data, file) == "safeguards.result":
            note(user, made, "safeguards.result", before="open", after="open")
    return made


def change(
    record: SafeguardRecord,
    given: Mapping[str, str],
    file: UploadedFile[bytes] | None,
    user: User,
    seen: str | None = None,
) -> SafeguardRecord:
    """Change a record; one that was approved or refused is open again. Raises as
    ``enter`` and ``advance``.
    """
    register = registers()[record.register]
    action = _written(register, record.data, cleaned(register, dict(given)), file)

    def changed(now: SafeguardRecord) -> None:
        now.data = cleaned(register, dict(given))
        now.due_on = due_of(register, now.data)
        if file:
            now.proof = take(file, "attachment", now.department, user)

    advance(user, record, action, seen=seen, change=changed)
    return record


def _written(
    register: Register, before: Mapping[str, str], data: Mapping[str, str], file: UploadedFile[bytes] | None
) -> str:
    """Return the step of an edit: that of writing how it ended, where the register has somebody else close
    what was told.
    """
    told = any(data.get(name, "") != before.get(name, "") for name in register.closes_with if name != "proof")
    proved = bool(file) and "proof" in register.closes_with
    return "safeguards.result" if register.closed_by_another and (told or proved) else "safeguards.edit"


def hand_over(register: Register, department: Organisation, user: User) -> Job | None:
    """Give the records that count to the register's ledger as evidence and return the job that imports them.

    What was handed over before and no record says any more (void, refused or changed since) is taken back out
    first; where none counts any longer, that is all, and None is returned. Raises as ``as_ledger``.
    """
    ledger, before = fed_by(register), _handed(register, department)
    content = as_ledger(register, department) if not before or counted(register, department) else b""
    held = _keys(ledger, content)
    if any(_keys(ledger, file) - held for _batch, file in before):
        # Newest first, so that each gives back what the one before it brought.
        for number, _file in before:
            ledgers.undo(department, number, user)
    if not content:
        return None
    upload = Upload.keep(content, f"{register.title}.csv", HANDED, department, user)
    return jobs.import_soon(upload, user, register.ledger)


def _handed(register: Register, department: Organisation) -> list[tuple[int, bytes]]:
    """Return what was handed over and not taken back since, newest first: (batch, its file)."""
    files = {
        u.pk: u
        for u in Upload.objects.filter(department=department, purpose=HANDED, name=f"{register.title}.csv")
    }
    done = Job.objects.filter(kind="import", state=Job.State.DONE, args__upload__in=list(files))
    brought = {j.result["batch"]["batch"]: files[j.args["upload"]] for j in done if j.result.get("batch")}
    undone = {b.undoes for b in evidence.store().batches(department=department.code)} if brought else set()
    return [(n, brought[n].content()) for n in sorted(brought, reverse=True) if n not in undone]


def _keys(ledger: Ledger, content: bytes) -> set[tuple[str, ...]]:
    """Return what tells the rows of a csv of the ledger apart."""
    titles = {c.name: c.title for c in ledger.columns}
    rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
    return {tuple(row[titles[name]] for name in ledger.key) for row in rows}
