"""Whether a register can staff whatever a plan may draw: asked before the commitment,
while it can still be mended.

Whoever makes one firm impossible to staff has a veto over it: a draw that hits the firm can't be run,
one that misses it can. So every entity that may be drawn must have its inspectors before anybody knows who
will be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from zhunsheng.draws.assignment import DISTRICT, RegisteredInspector, overloaded
from zhunsheng.draws.plan import Plan
from zhunsheng.draws.protocol import fits_a_bundle
from zhunsheng.draws.spec import STRATUM_JOIN
from zhunsheng.draws.strata import stratum_words
from zhunsheng.errors import ZhunshengError
from zhunsheng.translation import series, worded

SHOWN = 10  # places named in a refusal


def recusals(people: Iterable[RegisteredInspector]) -> dict[str, list[RegisteredInspector]]:
    """Return who is recused from each entity, by the ids as the register has them, in order."""
    found: dict[str, list[RegisteredInspector]] = {}
    for one in people:
        for entity in dict.fromkeys(one.recuse):
            found.setdefault(entity, []).append(one)
    return {entity: found[entity] for entity in sorted(found)}


def refuse_unstaffed(
    plan: Plan,
    strata: Mapping[str, Mapping[str, int]],
    people: Sequence[RegisteredInspector],
    found: Mapping[str, str],
) -> None:
    """Refuse a register by which something that may be drawn could not be staffed.

    ``strata`` are as ``Plan.allot`` gives them, ``found`` the stratum of each recused entity that is in the
    frame. Looked at are districts as a whole and those who are recused from: nobody else can lack anyone.
    ``max_load`` is tried on one draw that may come, the one with most recusals in it;
    without more recusals in a stratum than are drawn there, none is harder. Raises ``ZS-DR-72`` for a recusal
    from what is not in the frame, ``ZS-DR-71``, ``ZS-DR-31``. A draw too large for a bundle is only listed,
    and nobody is assigned.
    """
    away = recusals(people)
    if strange := [entity for entity in away if entity not in found]:
        named = series(
            (
                worded("{entity}（{inspector}）", entity=entity[:40], inspector=away[entity][0].id)
                for entity in strange[:SHOWN]
            ),
            "；",
        )
        raise ZhunshengError("ZS-DR-72", count=len(strange), detail=named)
    quotas = {stratum: numbers["quota"] for stratum, numbers in strata.items() if numbers["quota"]}
    if not fits_a_bundle(plan, strata):
        return
    if said := _lacking(plan, people, quotas, away, found):
        raise _refusal(said)
    if plan.staffing.max_load is not None and (
        over := overloaded(plan, _hardest(quotas, away, found), people)
    ):
        busy, need, room = over
        names = series(busy[:SHOWN]) + (
            worded(" 等 {count} 人", count=len(busy)) if len(busy) > SHOWN else ""
        )
        raise _refusal(
            [
                worded(
                    "每人至多 {max_load} 户不够：{names}要承担 {need} 人次，换给别人都不合规，只"
                    "有 {room} 人次",
                    max_load=plan.staffing.max_load,
                    names=names,
                    need=need,
                    room=room,
                )
            ]
        )


def _lacking(
    plan: Plan,
    people: Sequence[RegisteredInspector],
    quotas: Mapping[str, int],
    away: Mapping[str, Sequence[RegisteredInspector]],
    found: Mapping[str, str],
) -> list[str]:
    """Return in words which districts lack inspectors, and which entities do without those recused from them.

    ``quotas`` are the strata from which anything is drawn, ``away`` who is recused from each entity,
    ``found`` the stratum of each of these.
    """
    size = plan.staffing.per_object
    column = plan.strata.index(DISTRICT) if DISTRICT in plan.strata else None

    def district_of(stratum: str) -> str:
        return "" if column is None else stratum.split(STRATUM_JOIN)[column]

    items = {item.code for item in plan.items}
    able = {one.id: one for one in people if not one.items or items <= {*one.items}}
    wide = [one for one in able.values() if column is None or not one.districts]
    there: Counter[str] = Counter()  # who may work in a district besides those who may anywhere
    certified: Counter[str] = Counter()
    for one in able.values():
        if column is not None:
            there.update({*one.districts})
            certified.update({*one.districts} if one.certified else ())

    def lack(district: str, gone: Sequence[RegisteredInspector] = ()) -> str:
        """Return what a district lacks without some of its inspectors, empty where nothing."""
        rest = there[district] + len(wide) - len(gone)
        with_card = (
            certified[district] + sum(one.certified for one in wide) - sum(one.certified for one in gone)
        )
        return (
            worded("可派 {rest} 人，不足 {size} 人", rest=rest, size=size)
            if rest < size
            else ""
            if with_card
            else worded("可派 {rest} 人，其中没有持执法证的", rest=rest)
        )

    said: list[str] = []
    short = {district: why for district in dict.fromkeys(map(district_of, quotas)) if (why := lack(district))}
    for district, why in short.items():
        where = worded("辖区“{district}”", district=district) if district else worded("全部对象")
        said.append(
            worded(
                "{where}{why}（名录 {people} 人，可查全部抽查事项的 {able} 人）",
                where=where,
                why=why,
                people=len(people),
                able=len(able),
            )
        )
    for entity, who in away.items():
        stratum = found[entity]
        district = district_of(stratum)
        if stratum not in quotas or district in short:
            continue
        gone = [
            one
            for one in who
            if one.id in able and (column is None or not one.districts or district in one.districts)
        ]
        if why := lack(district, gone):
            names = series(one.id for one in gone[:SHOWN])
            said.append(
                worded(
                    "{entity}（{strata}）回避的有 {names}，{why}",
                    entity=entity,
                    strata=stratum_words(plan.strata, stratum),
                    names=names,
                    why=why,
                )
            )
    return said


def _refusal(said: Sequence[str]) -> ZhunshengError:
    more = worded("；等 {count} 处", count=len(said)) if len(said) > SHOWN else ""
    return ZhunshengError("ZS-DR-71", detail=series(said[:SHOWN], "；") + more)


def _hardest(
    quotas: Mapping[str, int], away: Mapping[str, Sequence[RegisteredInspector]], found: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    """Return (ticket, id, stratum) of a draw with those of most recusals in it,
    the others under ids that nobody has.
    """
    recused: dict[str, list[str]] = {}
    for entity in sorted(away, key=lambda one: (-len(away[one]), one)):
        recused.setdefault(found[entity], []).append(entity)
    chosen = []
    for n, (stratum, quota) in enumerate(quotas.items()):
        mine = recused.get(stratum, [])[:quota]
        chosen += [(entity, stratum) for entity in mine] + [
            (f"~{n}~{m}", stratum) for m in range(quota - len(mine))
        ]
    return [(f"{n:064x}", entity, stratum) for n, (entity, stratum) in enumerate(chosen)]


def idle(plan: Plan, districts: Iterable[str], people: Sequence[RegisteredInspector]) -> list[str]:
    """Return in words what stands in a register and means nothing in this draw:
    districts and items that it does not have.
    """
    known, items = {*districts}, {item.code for item in plan.items}
    said: list[str] = []
    for one in people:
        if DISTRICT in plan.strata and one.districts and not known & {*one.districts}:
            said.append(
                worded("{id} 的辖区 {districts} 名录库里没有", id=one.id, districts=series(one.districts[:3]))
            )
        if one.items and not items <= {*one.items}:
            said.append(
                worded("{id} 的事项 {items} 不含全部抽查事项", id=one.id, items=series(one.items[:3]))
            )
    return said
