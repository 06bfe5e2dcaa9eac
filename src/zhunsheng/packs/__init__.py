"""Starter packs for kinds of bodies, as data: ledgers, measures and entries of the indicator library, put
beside what a body has and never over it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Store, defined
from zhunsheng.evidence.ledgers import Ledger, ledgers, packaged_ledgers
from zhunsheng.measures.definitions import Measure, check, measures, packaged_measures
from zhunsheng.regulations import read_packaged
from zhunsheng.targets.library import CODE, Direction, LibraryEntry, Standard
from zhunsheng.translation import series, worded

Kind = Literal["ledger", "measure", "indicator"]
State = Literal["new", "there", "ended", "clash"]
KIND_WORDS = {"ledger": "台账", "measure": "测度", "indicator": "指标库"}
STATE_WORDS = {"new": "可装入", "there": "已有", "ended": "已停用", "clash": "不装入"}


class PackIndicator(BaseModel):
    """An indicator as a pack writes it: ``setting`` says how the value is set where there is no usual one,
    ``anchor`` the document it rests on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str = Field(pattern=CODE.pattern)
    common: bool = False
    level1: str
    level2: str
    name: str
    formula: str
    unit: str
    direction: Direction
    standard: Standard
    target: str = ""
    setting: str = ""
    source: str
    period: str
    anchor: str = ""
    cautions: str = ""
    measure: str = ""

    def entry(self) -> LibraryEntry:
        """Return it as the library keeps it."""
        return LibraryEntry(
            description=self.formula,
            basis=self.anchor or f"{self.standard}标准",
            cautions="；".join(filter(None, (self.setting and f"指标值{self.setting}", self.cautions))),
            **self.model_dump(exclude={"formula", "setting", "anchor", "cautions"}),
        )


class Pack(BaseModel):
    """One pack: for a kind of body, of a version that goes up with any change of what it brings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: str
    industry: str
    version: int
    what: str
    ledgers: tuple[Ledger, ...] = ()
    measures: tuple[Measure, ...] = ()
    indicators: tuple[PackIndicator, ...] = ()

    @property
    def mark(self) -> str:
        """What everything that it brought says of where it is from."""
        return f"起步包“{self.name}”第{self.version}版"

    def entries(self) -> list[LibraryEntry]:
        """Return its entries of the library."""
        return [one.entry() for one in self.indicators]


@dataclass(frozen=True)
class Part:
    """One thing that a pack brings: ``state`` says whether it can come, ``why`` why it can't."""

    kind: Kind
    id: str
    title: str
    state: State = "new"
    why: str = ""


@lru_cache
def packs() -> dict[str, Pack]:
    """Return the packs by id. Raises ``ZS-RG-01`` for a file that is wrong, ``ZS-RG-24`` for an id that two
    of them use or that the package has, or for a name of something that nobody brings.
    """
    found: list[Pack] = [
        read_packaged(path, Pack)
        for path in sorted((files(__package__) / "data").iterdir(), key=lambda p: p.name)
        if path.name.endswith(".yaml")
    ]
    _agree(found)
    return {pack.id: pack for pack in found}


def _agree(found: list[Pack]) -> None:
    """Raise ``ZS-RG-24`` where packs don't go together."""
    books, rules = set(packaged_ledgers()), set(packaged_measures())
    seen = {*books, *rules}
    for pack in found:
        here = [one.id for one in pack.ledgers] + [one.id for one in pack.measures]
        here += [one.code for one in pack.indicators]
        if twice := sorted({one for one in here if one in seen or here.count(one) > 1}):
            raise ZhunshengError(
                "ZS-RG-24", pack=pack.name, detail=worded("编号重复：{twice}", twice=series(twice))
            )
        seen.update(here)
        books_here = books | {one.id for one in pack.ledgers}
        rules_here = rules | {one.id for one in pack.measures}
        named = {one.ledger for one in pack.measures} - books_here
        named |= {one.measure for one in pack.indicators if one.measure} - rules_here
        named |= {one.code for one in pack.indicators if not one.code.startswith(pack.industry)}
        if named:
            detail = worded("没有 {ids}", ids=series(sorted(named)))
            raise ZhunshengError("ZS-RG-24", pack=pack.name, detail=detail)


def pack_of(name: str) -> Pack:
    """Return a pack by its id or name. Raises ``ZS-RG-23``."""
    for pack in packs().values():
        if name in (pack.id, pack.name):
            return pack
    raise ZhunshengError("ZS-RG-23", pack=name, known=series(one.name for one in packs().values()))


def parts(pack: Pack, store: Store) -> list[Part]:
    """Return the ledgers and measures that a pack brings, as they stand to those of a store."""
    books = [_part("ledger", one.id, one.title, store, dict(_titles())) for one in pack.ledgers]
    coming = {part.id for part in books if part.state == "new"}
    names = dict(_names())
    found = [*books]
    for one in pack.measures:
        part = _part("measure", one.id, one.name, store, names, also=one.aliases)
        if part.state == "new" and one.ledger not in coming and (why := _unfit(one)):
            part = Part("measure", one.id, one.name, "clash", why)
        found.append(part)
    return found


def _titles() -> Iterator[tuple[str, str]]:
    return ((one.title, name) for name, one in ledgers().items())


def _names() -> Iterator[tuple[str, str]]:
    for name, one in measures().items():
        yield from ((said, name) for said in (one.name, *one.aliases))


def _part(
    kind: Literal["ledger", "measure"],
    name: str,
    title: str,
    store: Store,
    called: dict[str, str],
    also: tuple[str, ...] = (),
) -> Part:
    if earlier := defined.versions(store.root, kind, name):
        return Part(kind, name, title, "there" if earlier[-1].body else "ended")
    if taken := sorted({said for said in (title, *also) if said in called}):
        why = worded("名称已经用了：{names}", names=series(taken))
        return Part(kind, name, title, "clash", why)
    return Part(kind, name, title)


def _unfit(measure: Measure) -> str:
    """Return why a measure can't be read over the ledgers as they stand, empty where it can."""
    try:
        check(measure)
    except ZhunshengError as error:
        return str(error.params.get("detail") or error)
    return ""


def install(pack: Pack, store: Store, *, who: str) -> list[Part]:
    """Put what a pack brings and a store has not beside what is there, ledgers first; return all parts as
    they stood before. What is there, ended, or called as something else is called stays as it is.
    """
    found = parts(pack, store)
    new = {(part.kind, part.id) for part in found if part.state == "new"}
    for book in pack.ledgers:
        if ("ledger", book.id) in new:
            store.define("ledger", book.id, defined.written(book), who=who, why=pack.mark)
    for one in pack.measures:
        if ("measure", one.id) in new:
            check(one)
            store.define("measure", one.id, defined.written(one), who=who, why=pack.mark)
    return found
