"""Personal data in what is to be public: found, decided on by a person one by one,
hidden or kept for a reason.

A datum is known by a keyed digest, so that the same one is one thing wherever it stands,
and no record holds it itself.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from zhunsheng.disclosure import Found, Text, redacted, rules
from zhunsheng.errors import ZhunshengError
from zhunsheng.web.models import User

PLACES = 12  # named of one datum; how often it stands is always told
MANY = 60  # of one kind in one file: from here on they are decided together
HIDE, KEEP = "redact", "keep"


@dataclass
class Datum:
    """One datum: its ``key``, kind, masked form, places, how often it stands; what was decided by whom,
    when and why.

    ``fixed`` names a file that can't be written over without losing its proof. ``members`` are the keys of
    what an item stands for, where very many are decided together; no record keeps them.
    """

    key: str
    kind: str
    shown: str
    places: list[str] = field(default_factory=list)
    count: int = 0
    fixed: str = ""
    decision: str = ""
    reason: str = ""
    by: str = ""
    at: str = ""
    members: frozenset[str] = frozenset()

    @property
    def title(self) -> str:
        """The name of its kind."""
        return rules().kinds[self.kind].title

    def as_json(self) -> dict[str, object]:
        """Return it as a record keeps it."""
        return {name: value for name, value in asdict(self).items() if name != "members"}


@dataclass(frozen=True)
class Decision:
    """What a person decided on a datum: ``redact`` or ``keep``, the latter with a reason."""

    what: str
    reason: str = ""


class UndecidedData(ZhunshengError):
    """Personal data that nobody decided on: ``ZS-WB-40`` when publication is asked for,
    ``ZS-WB-41`` when it is approved.
    """

    def __init__(self, code: str, title: str, items: list[Datum]) -> None:
        told = "；".join(f"{one.title} {one.shown}（{one.places[0]}）" for one in items[:5])
        super().__init__(code, title=title, count=len(items), where=told)
        self.items = items


def key_of(one: Found) -> str:
    """Return what a datum is known by: an HMAC under the key of personal data, for others can't try numbers
    against it.
    """
    said = f"{one.kind}\x1f{one.value}".encode()
    return hmac.new(settings.PERSONAL_KEY.encode(), said, hashlib.sha256).hexdigest()[:32]


def items_in(texts: Iterable[Text], *, source: str = "", fixed: bool = False) -> list[Datum]:
    """Return what is personal in the texts of one source, each datum once; of very many of a kind one that
    stands for all.
    """
    found: dict[str, Datum] = {}
    for text in texts:
        for one in text.found():
            item = found.setdefault(
                key_of(one), Datum(key_of(one), one.kind, one.shown, fixed=source if fixed else "")
            )
            item.count += 1
            if len(item.places) < PLACES and (where := text.where(one)) not in item.places:
                item.places.append(where)
    for kind in {item.kind for item in found.values()}:
        many = [item for item in found.values() if item.kind == kind]
        if len(many) > MANY:
            said = "\x1f".join([source, *sorted(item.key for item in many)])
            told = _("%(first)s 等 %(n)s 个") % {"first": many[0].shown, "n": len(many)}
            whole = Datum(
                hashlib.sha256(said.encode()).hexdigest()[:32],
                kind,
                told,
                many[0].places,
                fixed=many[0].fixed,
            )
            whole.count = sum(item.count for item in many)
            whole.members = frozenset(item.key for item in many)
            found = {k: v for k, v in found.items() if v.kind != kind} | {whole.key: whole}
    return list(found.values())


def joined(parts: Iterable[list[Datum]]) -> list[Datum]:
    """Return the items of several sources, each datum once."""
    found: dict[str, Datum] = {}
    for item in (one for part in parts for one in part):
        known = found.setdefault(item.key, Datum(item.key, item.kind, item.shown))
        known.count += item.count
        known.fixed = known.fixed or item.fixed
        known.members |= item.members
        known.places += [p for p in item.places if p not in known.places][
            : max(0, PLACES - len(known.places))
        ]
    return sorted(found.values(), key=lambda i: (list(rules().kinds).index(i.kind), i.shown, i.key))


def read(kept: list[dict[str, Any]]) -> list[Datum]:
    """Return the items that a record keeps."""
    return [Datum(**one) for one in kept]


def decided(items: list[Datum], said: Mapping[str, Decision], user: User) -> list[Datum]:
    """Return the items with what was decided on each.

    Raises ``ZS-WB-42`` for hiding what stands in a file that can't be written over,
    ``ZS-WB-44`` for keeping without a reason.
    """
    for item in items:
        choice = said.get(item.key)
        if choice is None or choice.what not in (HIDE, KEEP):
            continue
        if choice.what == HIDE and item.fixed:
            raise ZhunshengError("ZS-WB-42", name=item.fixed, kind=item.title)
        if choice.what == KEEP and not choice.reason.strip():
            raise ZhunshengError("ZS-WB-44", shown=item.shown)
        item.decision, item.reason = choice.what, choice.reason.strip() if choice.what == KEEP else ""
        item.by, item.at = str(user), timezone.localtime().isoformat(timespec="minutes")
    return items


def hides(items: list[Datum]) -> Callable[[Found], bool]:
    """Return what says of a datum whether it is to be hidden: decided so, by itself or with those it is one
    of.
    """
    gone = chosen(items, HIDE)
    return lambda one: key_of(one) in gone


def chosen(items: list[Datum], decision: str) -> set[str]:
    """Return the keys of all that was so decided on, of very many decided together each one's."""
    return {key for item in items if item.decision == decision for key in (item.key, *item.members)}


def is_among(item: Datum, keys: set[str]) -> bool:
    """Return whether an item is one of these, or all that it stands for is."""
    return item.key in keys or (bool(item.members) and item.members <= keys)


def unsaid(items: list[Datum]) -> Callable[[str], str]:
    """Return what hides everything personal in a text but what was decided to be kept:
    for what nobody looks over first.
    """
    kept = {item.key for item in items if item.decision == KEEP}
    return lambda text: redacted(text, lambda one: key_of(one) not in kept)


def over_all(data: Any, change: Callable[[str], str]) -> Any:
    """Return plain data with every text in it (not the keys) changed."""
    if isinstance(data, str):
        return change(data)
    if isinstance(data, dict):
        return {k: over_all(v, change) for k, v in data.items()}
    if isinstance(data, list | tuple):
        return [over_all(v, change) for v in data]
    return data
