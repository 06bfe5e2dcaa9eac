"""What a rule rests on: the documents it cites, whom each binds, whether it is in force, and what a place has
in their stead.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import written
from zhunsheng.regulations import read_packaged, read_yaml
from zhunsheng.regulations.entries import Dated, RuleEntry
from zhunsheng.translation import series, worded

Force = Literal["binding", "reference", "custom"]
FORCE_WORDS: dict[Force, str] = {
    "binding": "约束本单位",
    "reference": "只约束中央部门，地方参照",
    "custom": "填表的通常做法，不是文件的要求",
}
FORCES: dict[str, Force] = {"central": "reference", "all": "binding", "custom": "custom"}  # by ``binds``
STATUS_WORDS = {"verified": "已核实", "unverified": "未核实"}


class Document(Dated):
    """A document of the whole country that rules cite, by its number; ``binds`` says whom it binds."""

    binds: Literal["central", "all", "custom"]


class LocalBasis(Dated):
    """A document of a place that some rules (by code) rest on there: ``citation`` is its number, ``article``
    where in it.

    One that is called verified says on which day it was held against its source.
    """

    rules: Annotated[tuple[str, ...], Field(min_length=1)]
    article: str = ""

    @model_validator(mode="after")
    def _known_and_checked(self) -> Self:
        if self.status == "verified" and self.checked_on is None:
            raise ValueError(worded("已核实的依据要写核实的日期（checked_on）"))
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError(worded("失效日期早于生效日期"))
        return self


class _Bases(RuleEntry):
    documents: tuple[Document, ...]
    doubts: dict[str, str]


@dataclass(frozen=True)
class Basis:
    """One document a finding rests on, as it stands at the end of a fiscal year: ``force`` over the body,
    ``local`` whether the place cites it, ``expired`` whether it was no longer in force.
    """

    citation: str
    name: str
    article: str
    scope: str
    force: Force
    status: Literal["verified", "unverified"]
    valid_from: date
    valid_to: date | None = None
    local: bool = False
    expired: bool = False
    doubt: str = ""

    def words(self) -> str:
        """Return it in words: what is cited, whom it binds, whether it was held against its source."""
        cited = f"{self.citation}{self.article}"
        if self.expired:
            return worded("{cited}（本地，已于 {day} 失效）", cited=cited, day=self.valid_to)
        force = worded(FORCE_WORDS[self.force])
        if self.local:
            force = worded("本地，约束{scope}", scope=self.scope) if self.scope else worded("本地")
        if self.force == "custom":
            return worded("{cited}（{force}）", cited=cited, force=force)
        status = worded(STATUS_WORDS[self.status])
        said = worded("{cited}（{force}，{status}）", cited=cited, force=force, status=status)
        return worded("{what}：{why}", what=said, why=worded(self.doubt)) if self.doubt else said

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data; ``words`` says the same to a reader."""
        data = dict(self.__dict__)
        for day in ("valid_from", "valid_to"):
            data[day] = data[day] and data[day].isoformat()
        return {**data, "words": self.words()}


@lru_cache(maxsize=1)
def _national() -> _Bases:
    known: _Bases = read_packaged(files(__package__) / "bases.yaml", _Bases)
    return known


def documents() -> tuple[Document, ...]:
    """Return the documents of the whole country that rules cite."""
    return _national().documents


def doubts() -> dict[str, str]:
    """Return what was not found in the text that a rule cites, by the rule's code."""
    return _national().doubts


def bases_in(file: Path, known: Collection[str]) -> tuple[LocalBasis, ...]:
    """Return what a place's file says the rules rest on there; ``known`` are the codes of all rules. Raises
    ``ZS-RG-01`` naming the field that is wrong, ``ZS-RV-02`` for no rule, and what reading a file raises.
    """
    found = tuple(read_yaml(written(file), list[LocalBasis], file.name))
    if odd := sorted({code for one in found for code in one.rules} - set(known)):
        raise ZhunshengError("ZS-RV-02", name=file.name, codes=series(odd))
    return found


def bases_of(code: str, cited: str, year: int | None, local: Sequence[LocalBasis] = ()) -> tuple[Basis, ...]:
    """Return what a rule rests on at the end of a fiscal year: a place's own documents before those of the
    whole country, of which ``cited`` is the text (several apart by ；).

    A year that is not known is taken as the present one of the documents: what has no end is in force.
    """
    return (*_local(code, year, local), *_cited(code, cited))


def _local(code: str, year: int | None, local: Iterable[LocalBasis]) -> list[Basis]:
    found = []
    for one in local:
        begun = year is None or one.valid_from.year <= year
        if code in one.rules and begun:
            over = one.valid_to is not None and year is not None and not one.holds(year)
            found.append(
                Basis(
                    one.citation,
                    one.name,
                    one.article,
                    one.scope,
                    "binding",
                    one.status,
                    one.valid_from,
                    one.valid_to,
                    local=True,
                    expired=over,
                )
            )
    return sorted(found, key=lambda b: b.expired)


@lru_cache(maxsize=256)
def _cited(code: str, cited: str) -> tuple[Basis, ...]:
    known = _national()
    doubt = known.doubts.get(code, "")
    return tuple(
        Basis(
            one.citation,
            one.name,
            part.strip().removeprefix(one.citation),
            one.scope,
            FORCES[one.binds],
            one.status,
            one.valid_from,
            one.valid_to,
            doubt=doubt,
        )
        for part in cited.split("；")
        for one in known.documents
        if part.strip().startswith(one.citation)
    )
