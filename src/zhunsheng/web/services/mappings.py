"""The mappings that a department keeps for its sources: remembered after an import, taken out, brought in,
ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import ledger_of
from zhunsheng.evidence.mappings import LedgerMapping, mapping_of, mapping_text
from zhunsheng.files.opening import decode
from zhunsheng.translation import worded
from zhunsheng.web.audit import record
from zhunsheng.web.models import Organisation, SourceMapping, User

# Answers that are of a source rather than of one file; what changes a row's identity is asked every time.
LASTING = ("cleared", "nothing")
MOST = 2**20  # bytes of a mapping file


def listed(department: Organisation) -> list[tuple[SourceMapping, str]]:
    """Return the mappings in use with the titles of their ledgers, newest first."""
    found = SourceMapping.objects.filter(department=department, active=True).select_related("by")
    return [(one, ledger_of(one.ledger).title) for one in found]


def remembered(department: Organisation) -> list[LedgerMapping]:
    """Return the mappings by which a department's files are read, newest first."""
    return [one.mapping for one in SourceMapping.objects.filter(department=department, active=True)]


def remember(department: Organisation, user: User | None, mapping: LedgerMapping) -> SourceMapping:
    """Keep a mapping under its name; one of that name is replaced, and the log has both."""
    body = mapping.model_dump(mode="json", exclude={"name", "ledger"})
    with transaction.atomic():
        found = SourceMapping.objects.filter(
            department=department, ledger=mapping.ledger, name=mapping.name
        ).first()
        found = found or SourceMapping(department=department, ledger=mapping.ledger, name=mapping.name)
        found.body, found.by, found.active = body, user, True
        found.save()
    return found


def lasting(answers: Mapping[str, str]) -> dict[str, str]:
    """Return the answers that are kept with a source."""
    return {key: said for key, said in answers.items() if key.partition(":")[0] in LASTING}


def exported(department: Organisation, number: int) -> tuple[bytes, str] | None:
    """Return a mapping as a file with its name; None for none of the department's."""
    found = SourceMapping.objects.filter(department=department, pk=number).first()
    if found is None:
        return None
    record("export", department, after={"mapping": found.pk, "name": found.name})
    return mapping_text(found.mapping).encode(), f"{found.name}-台账对应.yaml"


def brought(department: Organisation, user: User, content: bytes, name: str) -> SourceMapping:
    """Take in a mapping file; without a name in it, it has the file's. Raises ``ZS-EV-48``, ``ZS-EV-01``."""
    if len(content) > MOST:  # what is cut off would be dropped without a word
        raise ZhunshengError("ZS-EV-48", name=name, detail=worded("超过 {most} MB", most=MOST >> 20))
    mapping = mapping_of(decode(content, name), name)
    stem = name.rpartition(".")[0] or name
    return remember(department, user, mapping.model_copy(update={"name": (mapping.name or stem)[:60]}))


def end(department: Organisation, number: int) -> SourceMapping | None:
    """Read no more files by a mapping; None for none of the department's."""
    found = SourceMapping.objects.filter(department=department, pk=number, active=True).first()
    if found is not None:
        found.active = False
        found.save()
    return found


def named(result: Mapping[str, Any]) -> str:
    """Return what a source may be called: what it is called already, else by its file, without the digits at
    its end.
    """
    said = (result.get("mapping") or {}).get("name") or ""
    stem = str(result.get("file", "")).rpartition(".")[0]
    return (said or stem.rstrip("0123456789-_.年月日季度第 ") or stem)[:60]
