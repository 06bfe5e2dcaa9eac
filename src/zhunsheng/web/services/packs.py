"""Starter packs on the site: what one would bring, and putting it beside what is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from zhunsheng.packs import Pack, install, pack_of, packs, parts
from zhunsheng.web.models import LibraryIndicator, User
from zhunsheng.web.models.audited import record
from zhunsheng.web.services import library
from zhunsheng.web.services.evidence import store

KINDS: dict[str, str | Promise] = {"ledger": _("台账"), "measure": _("测度"), "indicator": _("指标库")}
STATES: dict[str, str | Promise] = {
    "new": _("可装入"),
    "there": _("已有"),
    "ended": _("已停用，不再装入"),
    "clash": _("不装入"),
    "differs": _("同一编号，内容不同，不改动"),
    "taken": _("同名的已有，不装入"),
}


@dataclass(frozen=True)
class Line:
    """One thing that a pack brings, as a page shows it."""

    kind: str | Promise
    id: str
    title: str
    about: str
    state: str
    words: str | Promise
    why: str


@dataclass(frozen=True)
class Offer:
    """A pack, and how each thing it brings stands to what is there."""

    pack: Pack
    lines: Sequence[Line]

    @property
    def new(self) -> int:
        """How many things would come."""
        return sum(one.state == "new" for one in self.lines)

    @property
    def there(self) -> int:
        """How many things are there already."""
        return len(self.lines) - self.new


def offers() -> list[Offer]:
    """Return all packs, as they stand to what is there."""
    return [offer(pack) for pack in packs().values()]


def offer(pack: Pack) -> Offer:
    """Return one pack, as it stands to what is there."""
    about = {one.id: one.what for one in pack.ledgers} | {one.id: one.formula for one in pack.measures}
    lines = [
        Line(KINDS[one.kind], one.id, one.title, about[one.id], one.state, STATES[one.state], one.why)
        for one in parts(pack, store())
    ]
    for one in library.compared(pack.entries()):
        told = (one.entry.code, one.entry.name, one.entry.description)
        lines.append(Line(KINDS["indicator"], *told, one.state, STATES[one.state], one.why))
    return Offer(pack, lines)


def named(name: str) -> Pack | None:
    """Return the pack that an address names, None for none."""
    return packs().get(name)


def put(name: str, user: User) -> tuple[Pack, int]:
    """Install a pack: its ledgers and measures beside the evidence, its indicators into the library, nothing
    over what is there. Return it and how many things came. Raises ``ZS-RG-23``.
    """
    pack = pack_of(name)
    found = install(pack, store(), who=user.get_username())
    came = [f"{one.kind} {one.id}" for one in found if one.state == "new"]
    entries = library.take(pack.entries(), pack.mark)
    came += [f"indicator {one.entry.code}" for one in entries if one.state == "new"]
    record("pack installed", after={"pack": pack.id, "version": pack.version, "new": came}, title=pack.mark)
    return pack, len(came)


def installed() -> list[str]:
    """Return the names of the packs of which something is there."""
    store()  # whose definitions count
    marks = set(LibraryIndicator.objects.exclude(origin="").values_list("origin", flat=True))
    return [pack.name for pack in packs().values() if any(f"“{pack.name}”" in mark for mark in marks)]
