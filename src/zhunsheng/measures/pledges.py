"""What documents promise in words, tied to the measures that prove it; what nothing measures is said, with
why.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from zhunsheng.measures.definitions import measures
from zhunsheng.regulations import read_packaged
from zhunsheng.targets import Book
from zhunsheng.targets.fields import PLACEHOLDER


class Pledge(BaseModel):
    """A promise as documents make it in words: any of ``words`` speaks of it; ``measures`` (ids) prove it, or
    ``why`` says why none does.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    words: tuple[str, ...]
    measures: tuple[str, ...]
    why: str | None = None

    @model_validator(mode="after")
    def _said(self) -> Pledge:
        if not self.words or bool(self.measures) == bool(self.why):
            raise ValueError("a promise has words, and either measures or a reason why there are none")
        if unknown := [name for name in self.measures if name not in measures()]:
            raise ValueError(f"no measure {unknown[0]}")
        return self


@dataclass(frozen=True)
class Pledged:
    """A pledge that a document makes: in which words, on which sheet and where (empty where the text has no
    place of its own).
    """

    pledge: Pledge
    word: str
    sheet: str
    place: str

    @property
    def named(self) -> tuple[str, ...]:
        """The names of the measures that prove it."""
        return tuple(measures()[name].name for name in self.pledge.measures)

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        proofs = [{"id": name, "name": measures()[name].name} for name in self.pledge.measures]
        said = {"pledge": self.pledge.name, "word": self.word, "sheet": self.sheet, "place": self.place}
        return said | {"measures": proofs, "why": self.pledge.why}


@lru_cache
def pledges() -> tuple[Pledge, ...]:
    """Return the promises that are known. Raises ``ZS-RG-01`` where the data is wrong."""
    return tuple(read_packaged(files(__package__) / "pledges.yaml", list[Pledge]))


def pledged(book: Book) -> tuple[Pledged, ...]:
    """Return the promises that a book makes in its narrative, goals, purposes and safeguards: each once a
    book, where it is made first, in the order of the data.
    """
    found: dict[str, Pledged] = {}
    for sheet, place, text in _texts(book):
        for one in pledges():
            word = _word(text, one.words)
            if word is not None:
                found.setdefault(one.name, Pledged(one, word, sheet, place))
    return tuple(found[one.name] for one in pledges() if one.name in found)


def _word(text: str, words: Collection[str]) -> str | None:
    return next((word for word in words if word in text), None)


def _texts(book: Book) -> Iterator[tuple[str, str, str]]:
    """Yield what a book says in prose, sheet by sheet: the sheet's title, the place, the text."""
    for sheet in book.sheets:
        for text in filter(None, (sheet.narrative, sheet.purpose)):
            yield sheet.title(), "", text
        for goal in (*sheet.goals, *sheet.safeguards):
            if goal.text != PLACEHOLDER:
                yield (
                    sheet.title(),
                    goal.place.label() if goal.place else "",
                    f"{goal.title or ''}。{goal.text}",
                )
