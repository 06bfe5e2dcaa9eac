"""What people decide about an indicator of a draft: what it is where that is unsure,
and which earlier one it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from zhunsheng.errors import ZhunshengError
from zhunsheng.targets import Indicator, TargetSheet
from zhunsheng.targets.identity import with_code
from zhunsheng.targets.kinds import KIND_WORDS, SENSE_WORDS
from zhunsheng.translation import worded
from zhunsheng.web.models import SheetVersion, User
from zhunsheng.web.models.decided import shown
from zhunsheng.web.services.sheets.drafts import change

CHOICES = {"kinds": KIND_WORDS, "senses": SENSE_WORDS}  # what a person decides among


def seen_of(indicator: Indicator) -> str:
    """Return the digest of an indicator as a page shows it, which the forms that decide about it carry."""
    return shown(indicator.model_dump_json())


def settle(version: SheetVersion, code: str, said: dict[str, Any], user: User) -> SheetVersion:
    """Keep a person's word on an indicator's kind, direction and unit, with the reason;
    the sheet stays as written.

    Raises ``ZS-TG-02``, ``ZS-TG-10``, ``ZS-TG-11``, ``ZS-WB-01``, ``ZS-WB-10`` where ``seen`` is not what it
    is now.
    """
    word = {name: said[name] or None for name in ("kind", "sense", "unit")}

    def settled(sheet: TargetSheet) -> TargetSheet:
        known = _as_seen(_named(sheet, code), said["seen"])
        one = known.settle(**word, reason=said["reason"], by=str(user), on=timezone.localdate())
        changed = tuple(one if i.id == code else i for i in sheet.indicators)
        return sheet.model_copy(update={"indicators": changed})

    return change(version, settled, _telling(code, "settled", lambda i: i.type.words()))


@dataclass(frozen=True)
class Pairing:
    """An indicator that no earlier version has under this code, or has under another name (``former``)."""

    indicator: Indicator
    former: str | None


def pairings(version: SheetVersion) -> tuple[list[Pairing], dict[str, Indicator]]:
    """Return which indicators a person may say are the same as earlier ones, and the earlier ones left,
    by code.

    Likeness never joins two: after a renaming in the document only a person can say that it is still the
    same.
    """
    now, before = version.target_sheet(), _before(version)
    here = {i.id for i in now.indicators}
    left = {code: i for code, i in before.items() if code not in here}
    found = []
    for i in now.indicators:
        if i.id in before and before[i.id].name != i.name:
            found.append(Pairing(i, before[i.id].name))
        elif i.id not in before and left:
            found.append(Pairing(i, None))
    return found, left


def say_same(version: SheetVersion, code: str, former: str, seen: str) -> SheetVersion:
    """Keep that an indicator is an earlier version's, whose code, words and confirmations it takes;
    or (empty) a new one.

    Raises ``ZS-TG-02`` for an indicator that neither version has, ``ZS-WB-06`` for an earlier one that is
    already here, ``ZS-WB-01``.
    """
    before = _before(version)
    if former and (former not in before or any(i.id == former for i in version.target_sheet().indicators)):
        raise ZhunshengError("ZS-WB-06", detail=worded("以前各版没有这个指标，或它已对应本版的另一个指标"))
    if not former and code not in before:
        return version  # it is a new one already
    return change(
        version,
        lambda sheet: with_code(sheet, code, former, taken=before),
        _telling(code, "id", _said(before)),
    )


def _said(before: dict[str, Indicator]) -> Callable[[Indicator], str]:
    return lambda i: (
        worded("即以前的“{name}”", name=before[i.id].name) if i.id in before else worded("新指标")
    )


def _before(version: SheetVersion) -> dict[str, Indicator]:
    """Return the indicators of the versions before this one that are not void, by code, as they were last."""
    earlier = (
        version.sheet.versions.filter(number__lt=version.number).exclude(state="void").order_by("number")
    )
    return {i.id: i for v in earlier for i in v.target_sheet().indicators}


def _named(sheet: TargetSheet, code: str) -> Indicator:
    found = next((i for i in sheet.indicators if i.id == code), None)
    if found is None:
        raise ZhunshengError("ZS-TG-02", path=f"indicators/{code}")
    return found


def _as_seen(indicator: Indicator, seen: str) -> Indicator:
    if seen != seen_of(indicator):
        raise ZhunshengError("ZS-WB-10", title=indicator.name)
    return indicator


def _telling(
    code: str, what: str, words: Callable[[Indicator], str]
) -> Callable[[TargetSheet, TargetSheet], tuple[dict[str, str], dict[str, str]]]:
    """Return what the log says of a change: the words on one indicator before and after it,
    by its place in the sheet.
    """

    def told(old: TargetSheet, new: TargetSheet) -> tuple[dict[str, str], dict[str, str]]:
        n = next(n for n, i in enumerate(old.indicators) if i.id == code)
        path = f"indicators.{n}.{what}"
        return {path: words(old.indicators[n])}, {path: words(new.indicators[n])}

    return told
