"""Stable codes of sheets and indicators: given once, kept when something is renamed,
never taken for its name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from zhunsheng.codes import derived_code, next_code
from zhunsheng.errors import ZhunshengError
from zhunsheng.targets.sheet import Book, Indicator, TargetSheet


def identified(
    sheet: TargetSheet,
    former: TargetSheet | None = None,
    *,
    held: Sequence[Indicator] = (),
    taken: Collection[str] = (),
) -> TargetSheet:
    """Return the sheet with a code for itself and for every indicator that has none.

    An indicator of the same levels and name as one of ``former`` or, where that has none,
    of those ``held`` (in force) is that one and takes its code; nothing less than equal counts.
    Others get a code from what they are called now, which they keep from then on, and never one of ``taken``:
    an indicator that was deleted leaves nothing to its namesake.
    """
    known = _by_words(held) | (_by_words(former.indicators) if former else {})
    taken = {i.id for i in (*sheet.indicators, *known.values()) if i.id} | set(taken)
    given: set[str] = {i.id for i in sheet.indicators if i.id}
    found = []
    for words, indicator in _by_words(sheet.indicators).items():
        code = indicator.id
        if not code:
            same = known.get(words)
            code = same.id if same and same.id and same.id not in given else derived_code(*words, taken=taken)
            taken.add(code)
            given.add(code)
        found.append(indicator if indicator.id else indicator.model_copy(update={"id": code}))
    return sheet.model_copy(
        update={
            "id": sheet.id or (former.id if former else "") or derived_code(*_words(sheet)),
            "indicators": tuple(found),
        }
    )


def with_code(sheet: TargetSheet, code: str, other: str, *, taken: Collection[str] = ()) -> TargetSheet:
    """Return the sheet in which the indicator of one code bears another, or (empty) one that nobody had
    before.

    ``taken`` are codes that were given in earlier versions. Raises ``ZS-TG-02`` where the sheet has no such
    indicator.
    """
    for words, indicator in _by_words(sheet.indicators).items():
        if indicator.id == code:
            new = other or derived_code(*words, taken={code, *taken, *(i.id for i in sheet.indicators)})
            changed = tuple(i.model_copy(update={"id": new}) if i.id == code else i for i in sheet.indicators)
            return sheet.model_copy(update={"indicators": changed})
    raise ZhunshengError("ZS-TG-02", path=f"indicators/{code}")


def identified_book(book: Book) -> Book:
    """Return the book with codes for all its sheets and indicators; sheets that read alike are told apart by
    their order.
    """
    sheets: list[TargetSheet] = []
    taken: set[str] = set()
    turns: dict[tuple[object, ...], int] = {}  # how many codes of the same words are taken
    for sheet in book.sheets:
        one = identified(sheet)
        if one.id in taken:
            words = _words(one)
            code, turns[words] = next_code(words, taken, turns.get(words, 0))
            one = one.model_copy(update={"id": code})
        taken.add(one.id)
        sheets.append(one)
    return book.model_copy(update={"sheets": tuple(sheets)})


def _words(sheet: TargetSheet) -> tuple[object, ...]:
    return sheet.kind, sheet.department, sheet.year, sheet.code, sheet.name


def _by_words(indicators: Sequence[Indicator]) -> dict[tuple[str, ...], Indicator]:
    """Return indicators by levels, name and which of that name they are, in order."""
    seen: Counter[tuple[str, ...]] = Counter()
    found: dict[tuple[str, ...], Indicator] = {}
    for indicator in indicators:
        words = (indicator.level1 or "", indicator.level2 or "", indicator.name)
        seen[words] += 1
        found[*words, str(seen[words])] = indicator
    return found
