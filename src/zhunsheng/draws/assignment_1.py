"""The assignment of ``zhunsheng.draw/1``, kept to verify the bundles of its time;
new draws use ``draws.assignment``.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain

from zhunsheng.draws.assignment import DISTRICT, RegisteredInspector
from zhunsheng.draws.plan import Plan
from zhunsheng.draws.spec import STRATUM_JOIN, turn
from zhunsheng.errors import ZhunshengError
from zhunsheng.translation import series, worded

MAX_PLACES = 400_000  # objects × inspectors an object
MAX_POOLED = 2_000_000  # inspectors × districts with drawn objects, summed over who may check where


@dataclass
class _Pool:
    """The inspectors who may check the objects of one district, and a queue of them by load and turn."""

    members: frozenset[str]
    certified: list[tuple[int, str, str]] = field(default_factory=list)
    everyone: list[tuple[int, str, str]] = field(default_factory=list)


def assign(
    plan: Plan, objects: Sequence[tuple[str, str, str]], inspectors: Sequence[RegisteredInspector], seed: str
) -> dict[str, tuple[str, ...]]:
    """Return object id -> ids of its inspectors, a certified one first.

    ``objects`` are (ticket, id, stratum). In the order of tickets each object takes the certified inspector
    with the smallest load, ties by ``spec.turn``; then, in the same order, its second from all, and so on.
    Afterwards chains of exchanges even the loads out until none can. Raises ``ZS-DR-06`` naming the objects
    that can't be staffed, and why; ``ZS-DR-26`` for more than can be computed in minutes.
    """
    if len(objects) * plan.staffing.per_object > MAX_PLACES:
        raise ZhunshengError("ZS-DR-26", what=worded("抽中户数与每户检查人员之积"), most=MAX_PLACES)
    people = {i.id: i for i in sorted(inspectors, key=lambda i: i.id)}
    pools = _Pools(plan, people, seed)
    loads = dict.fromkeys(people, 0)
    recused = {i.id: frozenset(i.recuse) for i in inspectors}
    order = sorted(objects)
    districts = {entity: pools.district(stratum) for _, entity, stratum in order}
    chosen: dict[str, list[str]] = {entity: [] for _, entity, _ in order}
    # Those with a certificate first, for all objects: they are the scarce ones,
    # and the others then even the loads out.
    for place in range(plan.staffing.per_object):
        for _, entity, _ in order:
            if len(chosen[entity]) == place:
                pools.take(districts[entity], entity, chosen[entity], recused, loads)
    short = [
        pools.why(districts[entity], entity, stratum, recused)
        for _, entity, stratum in order
        if len(chosen[entity]) < plan.staffing.per_object
    ]
    if short:
        raise ZhunshengError("ZS-DR-06", count=len(short), detail=series(short[:10], "；"))
    busiest = _even_out(chosen, districts, pools, recused, loads)
    limit = plan.staffing.max_load
    if limit is not None and busiest:
        _refuse_overload(chosen, busiest, loads, limit, plan.staffing.per_object)
    return {entity: tuple(_certified_first(team, people)) for entity, team in chosen.items()}


class _Pools:
    """Who may check what, by district, with queues that give the next in turn."""

    def __init__(self, plan: Plan, people: dict[str, RegisteredInspector], seed: str) -> None:
        self.plan, self.people, self.seed = plan, people, seed
        self.column = plan.strata.index(DISTRICT) if DISTRICT in plan.strata else None
        items = {item.code for item in plan.items}
        self.able = {
            p.id: frozenset(p.districts) for p in people.values() if not p.items or items <= set(p.items)
        }
        # Made once and shared by the pools: thousands of districts with the same inspectors would fill the
        # memory.
        self.first = {one: (0, turn(seed, one, 0), one) for one in self.able}
        self.pooled = 0
        self.pools: dict[str, _Pool] = {}

    def district(self, stratum: str) -> str:
        return stratum.split(STRATUM_JOIN)[self.column] if self.column is not None else ""

    def pool(self, district: str) -> _Pool:
        if district not in self.pools:
            members = [
                one for one, theirs in self.able.items() if not theirs or not district or district in theirs
            ]
            self.pooled += len(members)
            if self.pooled > MAX_POOLED:
                raise ZhunshengError("ZS-DR-26", what=worded("有资格的检查人员与辖区之积"), most=MAX_POOLED)
            queue = [self.first[m] for m in members]
            heapq.heapify(queue)
            certified = [entry for entry in queue if self.people[entry[2]].certified]
            heapq.heapify(certified)
            self.pools[district] = _Pool(frozenset(members), certified, queue)
        return self.pools[district]

    def take(
        self,
        district: str,
        entity: str,
        team: list[str],
        recused: dict[str, frozenset[str]],
        loads: dict[str, int],
    ) -> None:
        """Add to a team the next in turn, the first of it among those with a certificate;
        nobody where nobody may.
        """
        pool = self.pool(district)
        one = self._next(pool.everyone if team else pool.certified, entity, team, recused, loads)
        if one is not None:
            loads[one] += 1
            team.append(one)

    def _next(
        self,
        queue: list[tuple[int, str, str]],
        entity: str,
        team: list[str],
        recused: dict[str, frozenset[str]],
        loads: dict[str, int],
    ) -> str | None:
        """Take the first in turn who may; entries whose load has changed since go back with the load they
        have.
        """
        aside: list[tuple[int, str, str]] = []
        found = None
        while queue:
            load, _, one = queue[0]
            if load != loads[one]:
                heapq.heapreplace(queue, (loads[one], turn(self.seed, one, loads[one]), one))
                continue
            if one in team or entity in recused[one]:
                aside.append(heapq.heappop(queue))
                continue
            found = one
            break
        for entry in aside:
            heapq.heappush(queue, entry)
        return found

    def why(self, district: str, entity: str, stratum: str, recused: dict[str, frozenset[str]]) -> str:
        pool = self.pool(district)
        able = [m for m in pool.members if entity not in recused[m]]
        away = len(pool.members) - len(able)
        certified = sum(self.people[m].certified for m in able)
        need = self.plan.staffing.per_object
        lack = worded("其中没有持执法证的") if able and not certified else worded("不足 {need} 人", need=need)
        return worded(
            "{entity}（{stratum}）：有资格的 {members} 人，回避 {away} 人，可派 {able} 人，{lack}",
            entity=entity,
            stratum=stratum,
            members=len(pool.members),
            away=away,
            able=len(able),
            lack=lack,
        )


def _even_out(
    chosen: dict[str, list[str]],
    districts: dict[str, str],
    pools: _Pools,
    recused: dict[str, frozenset[str]],
    loads: dict[str, int],
) -> set[str]:
    """Exchange along chains from the busiest to the least busy until no chain lowers a load by more than it
    raises one.

    The teams an object may get are the bases of a matroid, so when no chain is left the loads are as even as
    they can be.
    Returns the busiest inspector with all whom its work could be passed to: none of them is less busy by two.
    """
    work: dict[str, set[str]] = {p: set() for p in loads}
    for entity, team in chosen.items():
        for one in team:
            work[one].add(entity)
    settled: set[str] = set()
    while True:
        source = min((p for p in loads if p not in settled), key=lambda p: (-loads[p], p), default=None)
        if source is None or (settled and loads[source] <= min(loads.values()) + 1):
            break
        steps = _chain(source, chosen, districts, pools, recused, loads, work)
        if isinstance(steps, set):
            # All that can be reached is as busy as this one, and so can't help others as busy either.
            settled |= {p for p in steps if loads[p] <= loads[source]}
            continue
        for entity, gives, takes in steps:
            team = chosen[entity]
            team[team.index(gives)] = takes
            work[gives].discard(entity)
            work[takes].add(entity)
        loads[steps[0][1]] -= 1
        loads[steps[-1][2]] += 1
        settled.clear()
    top = min(loads, key=lambda p: (-loads[p], p), default=None)
    reach = _chain(top, chosen, districts, pools, recused, loads, work) if top else set()
    return reach if isinstance(reach, set) else set()


def _chain(  # noqa: PLR0913 - stays as draws of before were assigned
    source: str,
    chosen: dict[str, list[str]],
    districts: dict[str, str],
    pools: _Pools,
    recused: dict[str, frozenset[str]],
    loads: dict[str, int],
    work: dict[str, set[str]],
) -> list[tuple[str, str, str]] | set[str]:
    """Return exchanges (object, gives, takes) from ``source`` to one less busy by two or more;
    or all that were reached.
    """
    came: dict[str, tuple[str, str] | None] = {source: None}
    queue = deque([source])
    while queue:
        gives = queue.popleft()
        # Objects this inspector may leave to anyone, and those it must leave to one with a certificate.
        free: dict[str, list[str]] = {}
        bound: dict[str, list[str]] = {}
        for entity in sorted(work[gives]):
            others = any(pools.people[p].certified for p in chosen[entity] if p != gives)
            (free if others else bound).setdefault(districts[entity], []).append(entity)
        for district in sorted(free.keys() | bound.keys()):
            for takes in sorted(pools.pool(district).members - came.keys()):
                certified = pools.people[takes].certified
                offered = chain(free.get(district, ()), bound.get(district, ()) if certified else ())
                entity = next((e for e in offered if takes not in chosen[e] and e not in recused[takes]), "")
                if not entity:
                    continue
                came[takes] = (gives, entity)
                if loads[takes] + 2 <= loads[source]:
                    return _back(takes, came)
                queue.append(takes)
    return set(came)


def _back(last: str, came: dict[str, tuple[str, str] | None]) -> list[tuple[str, str, str]]:
    steps = []
    while (step := came[last]) is not None:
        steps.append((step[1], step[0], last))
        last = step[0]
    return steps[::-1]


def _refuse_overload(
    chosen: dict[str, list[str]], busiest: set[str], loads: dict[str, int], limit: int, per_object: int
) -> None:
    """Raise ``ZS-DR-06`` when somebody has more than ``limit``.

    The busiest and all whom its work could be passed to are a cut: none of what they carry may be passed to
    anyone else, and it is more than they may carry together.
    """
    top = max(loads[p] for p in busiest)
    if top <= limit:
        return
    theirs = sorted(e for e, team in chosen.items() if busiest & set(team))
    need, room = sum(loads[p] for p in busiest), limit * len(busiest)
    over = max(need - room, top - limit)
    detail = worded(
        "{objects} 个对象（如 {named}）要由 {inspectors} 等 {count} 人承担 {need} 人"
        "次，换给别人都不合规，而每人至多 {limit} 个，只有 {room} 人次",
        objects=len(theirs),
        named=series(theirs[:5]),
        inspectors=series(sorted(busiest)[:8]),
        count=len(busiest),
        need=need,
        limit=limit,
        room=room,
    )
    raise ZhunshengError("ZS-DR-06", count=-(-over // per_object), detail=detail)


def _certified_first(team: list[str], people: dict[str, RegisteredInspector]) -> list[str]:
    return sorted(team, key=lambda p: (not people[p].certified, p))
