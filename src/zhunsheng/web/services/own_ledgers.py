"""A department's own ledgers: proposed from a sample, defined, defined anew; rows typed in, corrected."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any, TypeGuard, TypeVar

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import WEB, Batch, Column, Ledger, ledgers
from zhunsheng.evidence.ledgers import packaged_ledgers
from zhunsheng.translation import worded
from zhunsheng.usecases import defining
from zhunsheng.usecases.defining import Version
from zhunsheng.usecases.rows import Place, Row, Typed
from zhunsheng.usecases.sampling import Proposal, propose
from zhunsheng.web.audit import record
from zhunsheng.web.models import Organisation, Upload, User
from zhunsheng.web.roles import may
from zhunsheng.web.services import evidence, jobs
from zhunsheng.web.services.ledgers import key_of

_T = TypeVar("_T")


def may_define(user: User, ledger: Ledger, department: Organisation) -> bool:
    """Return whether a user may change the definition of a ledger: of one that the department defined itself,
    or the columns that it added to one of the product's.
    """
    its = ledger.department == key_of(department) or built_in(ledger)
    return its and may(user, "ledgers.define", department)


def built_in(ledger: Ledger) -> bool:
    """Return whether a ledger is the product's, to which columns can only be added."""
    return ledger.id in packaged_ledgers()


def proposed(upload: Upload) -> Proposal:
    """Return what ledger a sample may be of. Raises as ``propose``."""
    with upload.opened() as path:
        return propose(path, WEB, title=PurePath(upload.name).stem)


def fixed(ledger: Ledger, department: Organisation) -> tuple[Column, ...]:
    """Return the columns that a department can't change: those of the product, and what was added for all."""
    return tuple(c for c in ledger.columns if built_in(ledger) and c.department != key_of(department))


def history(ledger: Ledger, department: Organisation) -> list[Version]:
    """Return the versions of a ledger's definition that are of the department, or of all, newest first."""
    found = defining.versions(evidence.store(), ledger.id)
    return [one for one in reversed(found) if one.department in ("", key_of(department))]


def names_for(ledger: Ledger | None, count: int) -> list[str]:
    """Return names for new columns of a ledger."""
    taken = [c.name for c in (_whole(ledger).columns if ledger else ())]
    return defining.free_names(taken, count)


def _whole(ledger: Ledger) -> Ledger:
    return ledgers().get(ledger.id, ledger)


def define(
    department: Organisation,
    user: User,
    ledger: Ledger,
    *,
    why: str,
    base: str,
    agreed: bool = False,
) -> Batch:
    """Keep a ledger of the department as it is defined now. The log has the intention first. Raises as
    ``defining.define_ledger``.
    """
    code = key_of(department)

    def kept() -> Batch:
        return defining.define_ledger(
            evidence.store(),
            ledger,
            who=user.get_username(),
            why=why,
            department=code,
            base=base,
            agreed=agreed,
        )

    said = {"ledger": ledger.id, "title": ledger.title, "reason": why, "agreed": agreed}
    return _logged("define ledger", "ledger defined", department, user, said, kept)


def made(
    said: Mapping[str, Any],
    columns: tuple[Column, ...],
    key: tuple[str, ...],
    ledger: Ledger | None,
    department: Organisation,
) -> Ledger:
    """Return the ledger that was defined on a page by what is ``said`` of it, its columns and its key: a new
    one, or a version of one that is known. Raises ``ZS-EV-111`` without a key.
    """
    if ledger and built_in(ledger):
        return defining.extended(_whole(ledger), columns, key_of(department))
    if not key or not columns:
        raise ZhunshengError("ZS-EV-111", name=said["title"], detail=worded("没有主键"))
    fields = {name: said[name] for name in ("title", "what", "steward", "retired")}
    start = ledger or Ledger(id="", title="", what="", key=key, columns=columns)
    return start.model_copy(update={**fields, "key": key, "columns": columns})


def saved(made: Batch | Typed) -> TypeGuard[Batch]:
    """Return whether a row was saved, not wrong or asked about."""
    return isinstance(made, Batch)


def place_of(department: Organisation, ledger: Ledger) -> Place:
    """Return where rows of a department's ledger are typed in."""
    return Place(evidence.store(), ledger, key_of(department), department.name)


def save_row(
    department: Organisation,
    ledger: Ledger,
    user: User,
    values: Mapping[str, str],
    why: str,
    *,
    before: Row | None = None,
    agreed: str = "",
) -> Batch | Typed:
    """Save a row that was typed in, by a batch of its own; what is wrong or asked is returned and nothing is
    saved. Raises as ``Place.save``.
    """
    place = place_of(department, ledger)

    def keep() -> Batch | Typed:
        return place.save(values, why, who=user.get_username(), before=before, agreed=agreed)

    said = {"ledger": ledger.id, "reason": why, "corrects": list(before.place) if before else None}
    return _logged("type row", "row typed", department, user, said, keep)


def _logged(
    begun: str,
    ended: str,
    department: Organisation,
    user: User,
    said: Mapping[str, object],
    act: Callable[[], _T],
) -> _T:
    """Act on the evidence store with the intention logged before, and what became of it after."""
    record(begun, department, after=said)
    try:
        made = act()
    except ZhunshengError as error:
        record(f"{begun} refused", department, after={**said, "why": error.code})
        raise
    if isinstance(made, Batch):
        record(ended, department, after={**said, "ledger": made.ledger, "batch": made.batch})
        jobs.follow(department, user)
    return made
