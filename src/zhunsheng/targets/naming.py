"""From what a person calls a sheet or an indicator to its code: by code or exact name, never by likeness."""

from __future__ import annotations

from collections.abc import Sequence

from zhunsheng.errors import ZhunshengError
from zhunsheng.targets.sheet import Book, TargetSheet
from zhunsheng.translation import series


def indicators_named(book: Book, sheet: str | None, indicator: str) -> list[tuple[str, str]]:
    """Return the (sheet code, indicator code) that a sheet (None: any) and an indicator name,
    each by code or exact name.

    Raises ``ZS-ID-01`` where several of one sheet bear the name, ``ZS-ID-02`` where none does.
    """
    sheets = [s for s in book.sheets if sheet is None or sheet in (s.id, s.title())]
    if sheet is not None and len(sheets) != 1:
        raise ZhunshengError("ZS-ID-01" if sheets else "ZS-ID-02", name=sheet, known=_codes(sheets))
    found = []
    for one in sheets:
        named = [i for i in one.indicators if indicator == i.id] or [
            i for i in one.indicators if indicator == i.name
        ]
        if len(named) > 1:
            raise ZhunshengError(
                "ZS-ID-01", name=indicator, known=series(f"{i.level2 or ''} {i.id}" for i in named)
            )
        found += [(one.id, i.id) for i in named]
    if not found:
        raise ZhunshengError("ZS-ID-02", name=indicator, known=_codes(sheets))
    return found


def _codes(sheets: Sequence[TargetSheet]) -> str:
    return series(f"{s.title()} {s.id}" for s in sheets[:8])
