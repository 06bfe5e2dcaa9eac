"""The departments of a store: their codes, and the names that they bear or bore."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from zhunsheng.clock import told
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.index import Index
from zhunsheng.translation import series, worded


@dataclass(frozen=True)
class Department:
    """A department in the store: its code and its names, each with the time of the batch that
    first bore it.
    """

    code: str
    names: tuple[tuple[str, str], ...]  # (from, name), oldest first

    @property
    def name(self) -> str:
        """Its latest name."""
        return self.names[-1][1]

    @property
    def words(self) -> frozenset[str]:
        """All that it is called by: its code and every name it bears or bore."""
        return frozenset((self.code, *(name for _, name in self.names)))


def departments_of(index: Index) -> dict[str, Department]:
    """Return the departments that batches speak of, by code, each with its dated names."""
    found: dict[str, list[tuple[str, str]]] = {}
    for code, since, name in index.names():
        found.setdefault(code, []).append((since, name))
    return {code: Department(code, tuple(names)) for code, names in found.items()}


def resolved(departments: Mapping[str, Department], text: str) -> Department:
    """Return the department of a code, or else of a name that is or was exactly one's.

    Raises ``ZS-EV-20`` for a name of several, ``ZS-EV-21`` for one that nobody bears;
    likeness never decides.
    """
    if text in departments:
        return departments[text]  # whoever else is called so
    found = [d for d in departments.values() if text in d.words]
    if len(found) == 1:
        return found[0]
    if found:
        choices = series(
            worded(
                "{code}（{name}，始见于 {since}）", code=d.code, name=d.name, since=told(d.names[0][0])[:10]
            )
            for d in found[:8]
        )
        raise ZhunshengError("ZS-EV-20", name=text, choices=choices)
    listed = sorted({d.name for d in departments.values()})
    more = worded("等 {count} 个", count=len(listed)) if len(listed) > 8 else ""
    raise ZhunshengError("ZS-EV-21", name=text, known=series(listed[:8]) + more or worded("（无）"))


def codes(departments: Mapping[str, Department]) -> dict[str, str]:
    """Return code for each code and each name; "" for a name of several departments.
    A code means its own alone.
    """
    found: dict[str, str] = {}
    for department in departments.values():
        for _, name in department.names:
            found[name] = department.code if found.get(name, department.code) == department.code else ""
    return found | {department.code: department.code for department in departments.values()}
