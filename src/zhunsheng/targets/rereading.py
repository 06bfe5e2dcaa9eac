"""A sheet whose document is read anew: what a person typed stays, the rest is as it is read now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pydantic import BaseModel

from zhunsheng.targets.sheet import Indicator, TargetSheet

_ALWAYS_NEW = {"place", "provenance"}  # where things stand is as it was read last
_Key = tuple[object, int]


def reread(before: TargetSheet, now: TargetSheet, after: TargetSheet) -> TargetSheet:
    """Return a sheet as ``after`` reads it, with everything in it that ``now`` has otherwise than ``before``.

    ``before`` is the document as it was read when the sheet began, ``now`` the sheet with what was typed
    since. Indicators are the same by the row that they stand on: added ones stay, removed ones stay away, and
    one that is not read any more stays where a person changed it. New rows have no code yet.
    """
    fields = set(TargetSheet.model_fields) - {"id", "indicators", *_ALWAYS_NEW}
    kept = {name: getattr(now, name) for name in fields if getattr(now, name) != getattr(before, name)}
    indicators = _rows(before.indicators, now.indicators, after.indicators)
    return after.model_copy(update={**kept, "id": now.id, "indicators": indicators})


def _rows(
    before: Sequence[Indicator], now: Sequence[Indicator], after: Sequence[Indicator]
) -> tuple[Indicator, ...]:
    first, held, read = _by_row(before), _by_row(now), _by_row(after)
    made: list[Indicator] = []
    for key, one in read.items():
        if key in held:
            made.append(_row(first.get(key), held[key], one))
        elif key not in first:
            made.append(one.model_copy(update={"id": ""}))
    for key, one in held.items():
        if key not in read and (key not in first or _changed(first[key], one)):
            made.append(one)
    made += [one for one in now if one.place is None or one.place.position() is None]
    return tuple(made)


def _row(before: Indicator | None, now: Indicator, after: Indicator) -> Indicator:
    """Return an indicator as it is read now, with what was typed of it."""
    typed = _changed(before, now) if before is not None else set(Indicator.model_fields) - _ALWAYS_NEW
    return after.model_copy(update={"id": now.id, **{name: getattr(now, name) for name in typed}})


def _changed(before: BaseModel, now: BaseModel) -> set[str]:
    fields = set(type(now).model_fields) - {"id", *_ALWAYS_NEW}
    return {name for name in fields if getattr(before, name) != getattr(now, name)}


def _by_row(indicators: Sequence[Indicator]) -> dict[_Key, Indicator]:
    """Return indicators by the row they stand on and which on it they are; typed ones stand on none."""
    seen: Counter[object] = Counter()
    found: dict[_Key, Indicator] = {}
    for one in indicators:
        row = one.place.position() if one.place else None
        if row is not None:
            seen[row] += 1
            found[row, seen[row]] = one
    return found
