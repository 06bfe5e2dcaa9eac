"""What the reader of a document was not sure of in a version: its field, what was read, who confirmed it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.utils import timezone

from zhunsheng.files.opening import open_bytes
from zhunsheng.targets import Place, TargetSheet, Unsure
from zhunsheng.targets.doubts import must_confirm, nothing_read, part_of, path_of, read_at, said_of, words_of
from zhunsheng.targets.fields import INDICATOR_LABELS, Field, fields_of
from zhunsheng.usecases.documents import place_key
from zhunsheng.web.actor import current
from zhunsheng.web.models import SheetVersion, User

How = Literal["confirmed", "corrected", "removed"]
_TEXT = 200  # characters of the document's words that a list shows


@dataclass(frozen=True)
class Answer:
    """Who confirmed, corrected or removed what was in doubt, by name, and when."""

    by: str
    at: datetime
    how: How


@dataclass(frozen=True)
class Doubt:
    """One entry of a version's doubts (``number`` in it, from 0), and how it stands.

    ``shown`` numbers (from 1) those that must be confirmed, on the list and on the original. ``unread``
    says that nothing was read there. ``title`` is the indicator that it is of, ``read`` what the sheet says
    there now (``value`` as its field has it), ``mend`` the id of the field or part of the editor in which to
    correct it, ``path`` that field's (empty where it is of no single one).
    """

    number: int
    shown: int
    asked: bool
    unread: bool
    title: str
    label: str
    place: Place | None
    key: str
    path: str
    mend: str
    text: str
    read: str
    value: str
    why: str
    answer: Answer | None

    @property
    def waits(self) -> bool:
        """Whether somebody has yet to confirm it."""
        return self.asked and self.answer is None


def entries(version: SheetVersion) -> list[Unsure]:
    """Return the entries of a version, by their numbers."""
    return [Unsure.model_validate(one) for one in version.unsure]


def waiting(version: SheetVersion) -> list[int]:
    """Return the numbers of the entries that nobody has confirmed yet and somebody must."""
    told = version.answered
    return [n for n, one in enumerate(entries(version)) if must_confirm(one) and str(n) not in told]


def unanswered(version: SheetVersion) -> list[Unsure]:
    """Return the entries that somebody must confirm and nobody has."""
    found = entries(version) if version.unsure else []
    return [found[n] for n in waiting(version)] if found else []


def doubts(version: SheetVersion) -> list[Doubt]:
    """Return all doubts of a version: those that must be confirmed, then those that are only told."""
    if not version.unsure:
        return []
    sheet = version.target_sheet()
    fields = fields_of(sheet)
    people = {one["by"] for one in version.answered.values()}
    names = {user.get_username(): str(user) for user in User.objects.filter(username__in=people)}
    numbered = sorted(enumerate(entries(version)), key=lambda one: not must_confirm(one[1]))
    found = []
    for shown, (number, one) in enumerate(numbered, start=1):
        path = path_of(sheet, one) or ""
        title, label = _called(sheet, fields, path, one)
        said = said_of(one)
        answer = version.answered.get(str(number))
        found.append(
            Doubt(
                number=number,
                shown=shown,
                asked=must_confirm(one),
                unread=nothing_read(one, sheet),
                title=title,
                label=label,
                place=one.place,
                key=place_key(one.place),
                path=path,
                mend=_mend(version, one, path),
                text=said if len(said) <= _TEXT else f"{said[: _TEXT - 1]}…",
                read=str(sheet.year) if one.field == "year" else read_at(sheet, path) if path else "",
                value=fields[path].text if path else "",
                why=one.why,
                answer=Answer(names.get(answer["by"], answer["by"]), _moment(answer["at"]), answer["how"])
                if answer
                else None,
            )
        )
    return found


def _mend(version: SheetVersion, one: Unsure, path: str) -> str:
    """Return the id of what mends a doubt on the page of its version: of a header what its columns are."""
    if one.field == "header" and version.tables:
        return "columns"
    return f"f-{path}" if path else f"part-{part_of(one)}"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _called(sheet: TargetSheet, fields: dict[str, Field], path: str, one: Unsure) -> tuple[str, str]:
    """Return the indicator that a doubt is of (empty for none) and what it is called there."""
    head, _, rest = path.partition(".")
    if head == "indicators":
        n, name = rest.split(".")
        return sheet.indicators[int(n)].name, INDICATOR_LABELS[name]
    return "", fields[path].label if path else words_of(one)


@dataclass(frozen=True)
class Region:
    """Where a doubt stands on a page, in parts of it as drawings have them: 25.00%."""

    doubt: Doubt
    left: str
    top: str
    width: str
    height: str


def pages(version: SheetVersion, found: Iterable[Doubt]) -> dict[int, list[Region]]:
    """Return the pages of a PDF on which doubts stand, with the regions; none for a document without."""
    placed: dict[int, list[Region]] = {}
    for one in found:
        if one.place is None or one.place.page is None or one.place.region is None:
            continue
        left, top, right, bottom = one.place.region
        parts = (f"{100 * share:.2f}%" for share in (left, top, right - left, bottom - top))
        placed.setdefault(one.place.page, []).append(Region(one, *parts))
    if not placed or version.upload is None:
        return {}
    kind = open_bytes(version.upload.content(), version.upload.name).kind
    return dict(sorted(placed.items())) if kind == "pdf" else {}


def answer(version: SheetVersion, numbers: Collection[int], how: How) -> None:
    """Set that entries were answered now, by who acts; ``unsure`` stays, and the version is not saved."""
    said = {"by": current().name, "at": timezone.now().isoformat(), "how": how}
    version.answered = version.answered | {str(n): said for n in numbers}


def follow(version: SheetVersion, old: TargetSheet, new: TargetSheet, edited: Collection[str]) -> None:
    """Answer what an edit from one sheet to another answers by itself: the doubts of the fields that were
    typed anew (``edited`` are their paths), and of rows that are gone.

    Who corrects what somebody confirmed answers it anew: no typed value is said to have been read right.
    """
    asked = {n: one for n, one in enumerate(entries(version)) if must_confirm(one)}
    known = {n: path for n, one in asked.items() if (path := path_of(old, one))}
    corrected = [n for n, path in known.items() if path in edited]
    left = set(waiting(version)) - set(corrected)
    gone = [n for n in known if n in left and path_of(new, asked[n]) is None]
    if corrected:
        answer(version, corrected, "corrected")
    if gone:
        answer(version, gone, "removed")
