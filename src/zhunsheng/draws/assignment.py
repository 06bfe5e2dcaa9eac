"""Assign inspectors to objects: by qualification, district and recusal, loads as even as these allow,
chance by the seed.

This is the assignment of ``zhunsheng.draw/2``, in the steps of docs/draw-specification.md;
``loads`` has the flows.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence, Set
from operator import itemgetter
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from zhunsheng.draws.loads import InspectorKind, Work, shares
from zhunsheng.draws.plan import Plan
from zhunsheng.draws.spec import ID, SEPARATOR, STRATUM_JOIN, canonical, digest, mix
from zhunsheng.errors import ZhunshengError
from zhunsheng.translation import series, worded

DISTRICT = "district"
MAX_PLACES = 2_400_000  # objects × inspectors an object
MAX_STEPS = 50_000_000  # looked at for what recusals stand in the way of
KEPT = 5  # steps that an inspector noted in a list counts, so that memory has a bound too
Listed = Annotated[tuple[Annotated[str, Field(max_length=100)], ...], Field(max_length=5_000)]


class RegisteredInspector(BaseModel):
    """One inspector as the register publishes it: a number instead of a name, and no reasons for recusals.

    ``districts`` and ``items`` empty mean all; ``recuse`` are ids of entities the inspector must not check.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(pattern=f"^{ID.pattern}$")]
    certified: bool
    districts: Listed = ()
    items: Listed = ()
    recuse: Listed = ()


def register_json(inspectors: Sequence[RegisteredInspector]) -> list[dict[str, object]]:
    """Return the register as the protocol digests it: by id, lists sorted. Raises ``ZS-DR-01`` for an id
    given twice.
    """
    if len({i.id for i in inspectors}) != len(inspectors):
        raise ZhunshengError("ZS-DR-01", detail=worded("检查人员编号重复"))
    rows = []
    for one in sorted(inspectors, key=lambda i: i.id):
        data = one.model_dump(mode="json")
        rows.append({k: sorted(set(v)) if isinstance(v, list) else v for k, v in data.items()})
    return rows


def register_digest(inspectors: Sequence[RegisteredInspector]) -> str:
    """Return the SHA-256 of the canonical register."""
    return digest(canonical(register_json(inspectors)))


def districts_of(plan: Plan, strata: Iterable[str]) -> set[str]:
    """Return the districts that stand in names of strata, none where the plan has no such part."""
    if DISTRICT not in plan.strata:
        return set()
    return {stratum.split(STRATUM_JOIN)[plan.strata.index(DISTRICT)] for stratum in strata}


def assign(
    plan: Plan, objects: Sequence[tuple[str, str, str]], inspectors: Sequence[RegisteredInspector], seed: str
) -> dict[str, tuple[str, ...]]:
    """Return object id -> ids of its inspectors, a certified one first; ``objects`` are (ticket, id,
    stratum).

    Raises ``ZS-DR-06`` naming the objects that can't be staffed, and why; ``ZS-DR-26``,
    ``ZS-DR-31`` for more than can be computed in minutes.
    """
    if len(objects) * plan.staffing.per_object > MAX_PLACES:
        raise ZhunshengError("ZS-DR-26", what=worded("抽中户数与每户检查人员之积"), most=MAX_PLACES)
    task = _Task(plan, objects, inspectors, seed)
    task.refuse_unstaffed()
    teams = _Teams(task)
    limit = plan.staffing.max_load
    if limit is not None and max(teams.loads, default=0) > limit:
        raise _overload(teams, limit)
    listed = sorted(range(len(task.people)), key=lambda p: (not task.people[p].certified, task.people[p].id))
    place = [0] * len(listed)
    for n, p in enumerate(listed):
        place[p] = n
    name_of = [task.people[p].id for p in listed].__getitem__
    rows = [[place[p] for p in row] for row in teams.rows]
    return {
        entity: tuple(map(name_of, sorted(team)))
        for (_, entity, _), team in zip(task.objects, zip(*rows, strict=True), strict=True)
    }


class _Task:
    """Objects in the order of tickets, inspectors in their turn, districts in the order of their first
    object.
    """

    def __init__(
        self,
        plan: Plan,
        objects: Sequence[tuple[str, str, str]],
        inspectors: Sequence[RegisteredInspector],
        seed: str,
    ) -> None:
        self.plan, self.seed, self.per_object = plan, seed, plan.staffing.per_object
        # By ticket, then id; faster than by both at once.
        self.objects = sorted(sorted(objects, key=itemgetter(1)), key=itemgetter(0))
        column = plan.strata.index(DISTRICT) if DISTRICT in plan.strata else None
        names: dict[str, int] = {}
        by_stratum: dict[str, int] = {}
        for _, _, stratum in self.objects:
            if stratum not in by_stratum:
                name = stratum.split(STRATUM_JOIN)[column] if column is not None else ""
                by_stratum[stratum] = names.setdefault(name, len(names))
        self.district = [by_stratum[stratum] for _, _, stratum in self.objects]
        self.members: list[list[int]] = [[] for _ in names]  # objects of each district
        for o, d in enumerate(self.district):
            self.members[d].append(o)
        self.people = sorted(inspectors, key=lambda one: (mix(seed, "i", one.id), one.id))
        self.kinds = _kinds(self.people, names, {item.code for item in plan.items}, everywhere=column is None)
        self.pools: list[list[int]] = [[] for _ in names]  # kinds of each district
        for y, kind in enumerate(self.kinds):
            for d in kind.districts:
                self.pools[d].append(y)
        wanted = {entity for one in self.people for entity in one.recuse}
        numbers = {entity: o for o, (_, entity, _) in enumerate(self.objects) if entity in wanted}
        self.recused: dict[int, set[int]] = {}  # object -> inspectors
        for p, one in enumerate(self.people):
            for entity in one.recuse:
                if entity in numbers:
                    self.recused.setdefault(numbers[entity], set()).add(p)

    def without(self, left_out: Set[int]) -> _Task:
        """Return the same task without some objects."""
        return _Task(
            self.plan,
            [one for o, one in enumerate(self.objects) if o not in left_out],
            self.people,
            self.seed,
        )

    def pool(self, district: int) -> list[int]:
        """Return who may work in a district, in turn."""
        return sorted(p for y in self.pools[district] for p in self.kinds[y].members)

    def refuse_unstaffed(self) -> None:
        """Raise ``ZS-DR-06`` where an object has too few who may check it, or none of them certified."""
        sizes = [sum(len(self.kinds[y].members) for y in kinds) for kinds in self.pools]
        certified = [
            sum(len(self.kinds[y].members) for y in kinds if self.kinds[y].certified) for kinds in self.pools
        ]
        of = {p: y for y, kind in enumerate(self.kinds) for p in kind.members}
        count = 0
        shown: list[str] = []
        here = [set(kinds) for kinds in self.pools]
        staffed = [size >= self.per_object and n > 0 for size, n in zip(sizes, certified, strict=True)]
        for o, d in enumerate(self.district):
            if staffed[d] and o not in self.recused:
                continue
            away = [p for p in self.recused.get(o, ()) if of.get(p, -1) in here[d]]
            able, able_certified = (
                sizes[d] - len(away),
                certified[d] - sum(self.people[p].certified for p in away),
            )
            if able >= self.per_object and able_certified:
                continue
            count += 1
            if len(shown) < 10:
                lack = (
                    worded("其中没有持执法证的")
                    if able and not able_certified
                    else worded("不足 {need} 人", need=self.per_object)
                )
                _, entity, stratum = self.objects[o]
                shown.append(
                    worded(
                        "{entity}（{stratum}）：有资格的 {members} 人，回避 {away} 人，可派 {able} 人，"
                        "{lack}",
                        entity=entity,
                        stratum=stratum,
                        members=sizes[d],
                        away=len(away),
                        able=able,
                        lack=lack,
                    )
                )
        if count:
            raise ZhunshengError("ZS-DR-06", count=count, detail=series(shown, "；"))


def _kinds(
    people: Sequence[RegisteredInspector], names: dict[str, int], items: Set[str], *, everywhere: bool
) -> list[InspectorKind]:
    """Return the kinds of those who have all items and a district of the draw, in the order of their first
    member.
    """
    found: dict[tuple[bool, tuple[int, ...]], InspectorKind] = {}
    every = tuple(range(len(names)))
    for p, one in enumerate(people):
        if one.items and not items <= set(one.items):
            continue
        if everywhere or not one.districts:
            where = every
        else:
            where = tuple(sorted({names[d] for d in one.districts if d in names}))
        if where:
            found.setdefault((one.certified, where), InspectorKind(one.certified, where, [])).members.append(
                p
            )
    return list(found.values())


class _Teams:
    """The teams: those of even loads, with places exchanged where a recusal stands in the way."""

    def __init__(self, task: _Task) -> None:
        self.task = task
        self.work = Work(MAX_STEPS)
        self.loads = [0] * len(task.people)
        self.rows = [[-1] * len(task.objects) for _ in range(task.per_object)]  # row -> object -> inspector
        self.orders: dict[tuple[int, int], list[int]] = {}  # (district, row) -> its objects in order
        self._places: dict[tuple[int, int], dict[int, int]] = {}
        self._pools: dict[int, list[int]] = {}
        self.tasks: list[set[int]] = []
        conflicts = {task.district[o] for o in task.recused}
        for d, runs in enumerate(self._runs()):
            self._lay(d, runs, keep=d in conflicts)
        replaced = 0
        for o, row in self._conflicts():
            if not self._swap(o, row):
                self._replace(o, row)
                replaced += 1
        if replaced:
            self.note_tasks()
            self._even_out()

    def note_tasks(self) -> None:
        """Note the objects of each inspector."""
        self.tasks = [set() for _ in self.task.people]
        for row in self.rows:
            for o, p in enumerate(row):
                self.tasks[p].add(o)

    def team(self, o: int) -> list[int]:
        """Return an object's inspectors by row."""
        return [row[o] for row in self.rows]

    def _runs(self) -> list[list[tuple[bool, int, int]]]:
        """Return for each district (without a certificate, inspector, places), in the order in which they are
        laid.
        """
        task = self.task
        runs: list[list[tuple[bool, int, int]]] = [[] for _ in task.members]
        for kind, share in zip(
            task.kinds, shares([len(m) for m in task.members], task.per_object, task.kinds), strict=True
        ):
            begin = 0
            size = len(kind.members)
            for d, places in share:
                each, more = divmod(places, size)
                # Only who gets one is looked at: many inspectors may work in many small districts.
                for n in range(size if each else more):
                    p = kind.members[(begin + n) % size]
                    mine = each + (n < more)
                    runs[d].append((not kind.certified, p, mine))
                    self.loads[p] += mine
                begin = (begin + more) % size
        for row in runs:
            row.sort()
        return runs

    def _lay(self, d: int, runs: list[tuple[bool, int, int]], *, keep: bool) -> None:
        """Lay a district's places in rows of its objects, each row in an order by chance."""
        row, at = -1, 0
        order: list[int] = []
        for _, p, count in runs:
            left = count
            while left:
                if at == len(order):
                    row, at = row + 1, 0
                    order = self._order(d, row)
                    if keep:
                        self.orders[d, row] = order
                take = min(left, len(order) - at)
                if left < count:
                    # Begun in the row before: of this row the first objects that don't have this one yet.
                    before = self.rows[row - 1]
                    lacking = [o for o in order if before[o] != p][:take]
                    given = set(lacking)
                    order = lacking + [o for o in order if o not in given]
                mine = self.rows[row]
                for o in order[at : at + take]:
                    mine[o] = p
                at += take
                left -= take

    def _order(self, d: int, row: int) -> list[int]:
        """Return a district's objects in the order of a row."""
        head = f"{self.task.seed}{SEPARATOR}{row}{SEPARATOR}"
        objects, members, sha256 = self.task.objects, self.task.members[d], hashlib.sha256
        # As ``spec.mix``, a million times.
        marks = [sha256((head + objects[o][1]).encode("ascii")).digest() for o in members]
        return [members[n] for n in sorted(range(len(marks)), key=marks.__getitem__)]

    def _conflicts(self) -> Iterator[tuple[int, int]]:
        """Yield (object, row) of those who are recused from what they have, as they stand when their turn
        comes.
        """
        for o in sorted(self.task.recused):
            for row in range(self.task.per_object):
                if self.rows[row][o] in self.task.recused[o]:
                    yield o, row

    def _swap(self, o: int, row: int) -> bool:
        """Exchange an object's inspector with that of the next object in the row where both then fit;
        False where none does.
        """
        task, mine = self.task, self.rows[row]
        order = self.orders[task.district[o], row]
        team, p, nobody = self.team(o), mine[o], frozenset[int]()
        begin = self._place(task.district[o], row)[o] + 1
        for n in range(len(order) - 1):
            self.work.add(1)
            z = order[(begin + n) % len(order)]
            q = mine[z]
            if (
                task.people[p].certified == task.people[q].certified
                and q not in team
                and p not in self.team(z)
                and p not in task.recused.get(z, nobody)
                and q not in task.recused[o]
            ):
                mine[o], mine[z] = q, p
                return True
        return False

    def _place(self, d: int, row: int) -> dict[int, int]:
        """Return where each object stands in a row's order."""
        if (d, row) not in self._places:
            self._places[d, row] = {o: n for n, o in enumerate(self.orders[d, row])}
        return self._places[d, row]

    def _replace(self, o: int, row: int) -> None:
        """Take, in the place of one recused, of those who may come the one with the least load,
        the first in turn.
        """
        task, team = self.task, self.team(o)
        gone = team[row]
        bound = not any(task.people[p].certified for p in team if p != gone)
        pool = self._pool(task.district[o])
        self.work.add(len(pool))
        _, came = min(
            (self.loads[p], p)
            for p in pool
            if p not in team and p not in task.recused[o] and (task.people[p].certified or not bound)
        )
        self.rows[row][o] = came
        self.loads[gone] -= 1
        self.loads[came] += 1

    def _pool(self, d: int) -> list[int]:
        if d not in self._pools:
            self._pools[d] = self.task.pool(d)
            self.work.add(KEPT * len(self._pools[d]))
        return self._pools[d]

    def _even_out(self) -> None:
        """Exchange along chains from the busiest to one less busy by two, until no chain leads there.

        The teams an object may get are the bases of a matroid, so that then the loads are as even as they can
        be. What a search without a chain has reached can neither help nor be helped by the others,
        and is left out from then on.
        """
        settled: set[int] = set()
        while True:
            rest = [p for p in range(len(self.loads)) if p not in settled]
            self.work.add(len(self.loads))
            source = min(rest, key=lambda p: (-self.loads[p], p), default=None)
            if source is None or self.loads[source] <= min(self.loads[p] for p in rest) + 1:
                return
            came, last = self.search([source], self.loads[source] - 2, settled)
            if last is None:
                settled |= came.keys()
                continue
            self.loads[source] -= 1
            self.loads[last] += 1
            while (step := came[last]) is not None:
                gives, o = step
                self.rows[self.team(o).index(gives)][o] = last
                self.tasks[gives].discard(o)
                self.tasks[last].add(o)
                last = gives

    def search(
        self, sources: list[int], most: int, settled: Set[int] = frozenset()
    ) -> tuple[dict[int, tuple[int, int] | None], int | None]:
        """Return who can be reached by passing objects on (by whom, with which object),
        and the first of load ``most``.
        """
        task = self.task
        came: dict[int, tuple[int, int] | None] = dict.fromkeys(sources)
        queue = deque(sources)
        waiting: dict[
            int, tuple[list[int], list[int]]
        ] = {}  # district -> certified and others not reached there
        nobody = frozenset[int]()
        while queue:
            gives = queue.popleft()
            for o in sorted(self.tasks[gives]):
                self.work.add(1)
                d = task.district[o]
                if d not in waiting:
                    pool = [p for p in self._pool(d) if p not in settled]
                    self.work.add(KEPT * len(pool))
                    waiting[d] = (
                        [p for p in pool if task.people[p].certified],
                        [p for p in pool if not task.people[p].certified],
                    )
                certified, others = waiting[d]
                team = self.team(o)
                bound = not any(task.people[p].certified for p in team if p != gives)
                offered = certified if bound or not others else sorted(certified + others)
                if not offered:
                    continue
                away = task.recused.get(o, nobody)
                still = []
                for takes in offered:
                    self.work.add(1)
                    if takes in came:
                        continue
                    if takes in team or takes in away:
                        still.append(takes)
                        continue
                    came[takes] = (gives, o)
                    if self.loads[takes] <= most:
                        return came, takes
                    queue.append(takes)
                waiting[d] = (
                    [p for p in still if task.people[p].certified],
                    others if bound else [p for p in still if not task.people[p].certified],
                )
        return came, None


def overloaded(
    plan: Plan, objects: Sequence[tuple[str, str, str]], inspectors: Sequence[RegisteredInspector]
) -> tuple[list[str], int, int] | None:
    """Return who would have more than the plan's ``max_load`` however objects are passed on;
    None where nobody would.

    That is their ids, the objects they must take together, and those they may. It does not hang on the seed:
    the loads are as even as they can be under any. ``objects`` are (ticket, id, stratum),
    each of which can be staffed.
    """
    limit = plan.staffing.max_load
    teams = _Teams(_Task(plan, objects, inspectors, ""))
    if limit is None or max(teams.loads, default=0) <= limit:
        return None
    came = _cut(teams, limit)
    return sorted(teams.task.people[p].id for p in came), sum(teams.loads[p] for p in came), limit * len(came)


def _cut(teams: _Teams, limit: int) -> Set[int]:
    """Return those of loads above ``limit`` and all whom their work could be passed to."""
    teams.note_tasks()
    return teams.search([p for p, load in enumerate(teams.loads) if load > limit], -1)[0].keys()


def _overload(teams: _Teams, limit: int) -> ZhunshengError:
    """Return ``ZS-DR-06`` for loads above ``limit``, with the least number of objects that must be left out.

    Those above and all whom their work could be passed to are a cut: none of what they carry may be passed to
    anyone else, and it is more than they may carry together. Where the others can be staffed without as many
    objects as the cut asks for, the number is exact; else it is said to be one at least.
    """
    task = teams.task
    came = _cut(teams, limit)
    need, room = sum(teams.loads[p] for p in came), limit * len(came)
    left_out = _left_out(teams, came, limit)
    exact = max(_Teams(task.without(left_out)).loads) <= limit
    theirs = sorted(task.objects[o][1] for o in {o for p in came for o in teams.tasks[p]})
    people = sorted(task.people[p].id for p in came)
    detail = worded(
        "{objects} 个对象（如 {named}）要由 {inspectors} 等 {count} 人承担 {need} 人次"
        "，换给别人都不合规，而每人至多 {limit} 个，只有 {room} 人次",
        objects=len(theirs),
        named=series(theirs[:5]),
        inspectors=series(people[:8]),
        count=len(people),
        need=need,
        limit=limit,
        room=room,
    )
    return ZhunshengError(
        "ZS-DR-06",
        count=len(left_out) if exact else worded("至少 {count}", count=len(left_out)),
        detail=detail,
    )


def _left_out(teams: _Teams, cut: Set[int], limit: int) -> set[int]:
    """Return as many objects as must be left out at least: by the cut's parts, those that need most of it
    first.
    """
    task = teams.task
    part = {p: p for p in cut}

    def top(p: int) -> int:
        while part[p] != p:
            part[p] = part[part[p]]
            p = part[p]
        return p

    of_object: dict[int, list[int]] = {}
    first: dict[int, int] = {}
    for o in sorted({o for p in cut for o in teams.tasks[p]}):
        mine = of_object[o] = [p for p in teams.team(o) if p in cut]
        # Whoever of the cut may work in the object's district may come to it: one part.
        d = task.district[o]
        if d not in first:
            first[d] = mine[0]
            mine = [*mine, *(p for p in task.pool(d) if p in cut)]
        for p in mine:
            part[top(p)] = top(first[d])
    found: set[int] = set()
    parts: dict[int, list[int]] = {}
    for o, mine in of_object.items():
        parts.setdefault(top(mine[0]), []).append(o)
    loads = teams.loads.copy()
    for root, objects in parts.items():
        over = sum(teams.loads[p] - limit for p in cut if top(p) == root)
        number = 0
        for size in sorted((len(of_object[o]) for o in objects), reverse=True):
            if over <= 0:
                break
            over -= size
            number += 1
        for wanted in range(task.per_object, -1, -1):
            for o in objects:
                if number and o not in found and sum(loads[p] > limit for p in of_object[o]) >= wanted:
                    found.add(o)
                    number -= 1
                    for p in of_object[o]:
                        loads[p] -= 1
    return found
