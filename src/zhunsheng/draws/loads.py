"""Even loads: how many places of each district go to each kind of inspector, so that loads are as even as
these allow.

A kind is inspectors who may work in the same districts and are alike certified.
Levels are found by maximum flows whose cuts take the problem apart (Groenevelt 1991;
Frank and Murota 2022 for whole numbers); see docs/draw-specification.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zhunsheng.errors import ZhunshengError

MAX_STEPS = 100_000_000  # arcs looked at in one assignment's flows

Arc = tuple[int, int, int]  # from, to, capacity


class Work:
    """Counts what a computation looks at; raises ``ZS-DR-31`` beyond ``most``."""

    def __init__(self, most: int) -> None:
        self.most, self.done = most, 0

    def add(self, steps: int) -> None:
        """Count steps."""
        self.done += steps
        if self.done > self.most:
            raise ZhunshengError("ZS-DR-31", most=self.most)


class Network:
    """A flow network; ``push`` is Dinic's maximum flow in the order in which arcs were added."""

    def __init__(self, nodes: int, work: Work) -> None:
        self.source, self.sink = nodes, nodes + 1
        self.out: list[list[int]] = [[] for _ in range(nodes + 2)]
        self.to: list[int] = []
        self.left: list[int] = []  # what an arc can still take; arc e's reverse is e ^ 1
        self.level: list[int] = []
        self.work = work

    def add(self, a: int, b: int, capacity: int) -> int:
        """Add an arc and its reverse; return its number."""
        number = len(self.to)
        self.out[a].append(number)
        self.out[b].append(number + 1)
        self.to += (b, a)
        self.left += (capacity, 0)
        return number

    def reach(self) -> bool:
        """Set the levels by breadth-first search from the source, -1 where it doesn't get;
        return whether the sink has one.
        """
        level = [-1] * len(self.out)
        level[self.source] = 0
        queue = [self.source]
        to, left, looked = self.to, self.left, 0
        for a in queue:
            if level[self.sink] >= 0:
                break  # what lies farther than the sink leads nowhere in this phase
            beyond = level[a] + 1
            looked += len(self.out[a])
            for e in self.out[a]:
                b = to[e]
                if level[b] < 0 and left[e]:
                    level[b] = beyond
                    queue.append(b)
        self.level = level
        self.work.add(looked)
        return level[self.sink] >= 0

    def push(self) -> int:
        """Push as much as goes from source to sink; return it. The levels are then those of
        the minimal cut.
        """
        total = 0
        while self.reach():
            total += self._phase()
        return total

    def _phase(self) -> int:
        out, to, left, level = self.out, self.to, self.left, self.level
        at = [0] * len(out)
        path: list[int] = []
        a, total, looked = self.source, 0, 0
        while True:
            if a == self.sink:
                amount = min(left[e] for e in path)
                total += amount
                first = -1
                for n, e in enumerate(path):
                    left[e] -= amount
                    left[e ^ 1] += amount
                    if first < 0 and not left[e]:
                        first = n
                # The walk would begin anew at the source and come to the tail of the first full arc by the
                # same way.
                a = to[path[first] ^ 1]
                del path[first:]
            arcs, n, beyond = out[a], at[a], level[a] + 1
            begun = n
            while n < len(arcs) and not (left[arcs[n]] and level[to[arcs[n]]] == beyond):
                n += 1
            at[a] = n
            looked += n - begun + 1
            if n < len(arcs):
                path.append(arcs[n])
                a = to[arcs[n]]
            elif path:
                a = to[path.pop() ^ 1]
                at[a] += 1
            else:
                self.work.add(looked)
                return total


@dataclass(frozen=True)
class InspectorKind:
    """Inspectors who may work in the same ``districts`` and are alike ``certified``;
    ``members`` are places in the turn.
    """

    certified: bool
    districts: Sequence[int]
    members: list[int]


@dataclass(frozen=True)
class _Subproblem:
    """A part of the problem: arcs between its nodes, what must leave each node, kinds,
    and between what their loads lie.
    """

    arcs: list[Arc]
    supply: dict[int, int]
    kinds: list[int]
    low: int
    high: int


def shares(
    objects: Sequence[int], per_object: int, kinds: Sequence[InspectorKind]
) -> list[list[tuple[int, int]]]:
    """Return for each kind its (district, number of places), districts in order,
    for ``objects`` of each district.

    In a district of n objects an inspector has at most n places, those without a certificate together at most
    n × (``per_object`` - 1). The loads have the least sum of squares, and of these the lexicographically
    greatest in the turn. Every district must have ``per_object`` inspectors, one of them certified.
    Raises ``ZS-DR-31``.
    """
    work = Work(MAX_STEPS)
    count = len(objects)
    by_district: list[list[int]] = [[] for _ in objects]
    for y, kind in enumerate(kinds):
        for d in kind.districts:
            by_district[d].append(y)
    # Nodes: districts, their places for those without a certificate, kinds.
    arcs: list[Arc] = []
    for d, n in enumerate(objects):
        arcs.append((d, count + d, n * (per_object - 1)))
        for y in by_district[d]:
            arcs.append((d if kinds[y].certified else count + d, 2 * count + y, n * len(kinds[y].members)))
    supply = {d: n * per_object for d, n in enumerate(objects)}
    whole = _Subproblem(arcs, supply, list(range(len(kinds))), 0, sum(objects))
    totals = _totals(whole, kinds, count, work)
    flow = Network(2 * count + len(kinds), work)
    numbers = []
    at = iter(arcs)
    for d, n in enumerate(objects):
        flow.add(flow.source, d, n * per_object)
        for _ in range(1 + len(by_district[d])):
            numbers.append(flow.add(*next(at)))
    for y, total in enumerate(totals):
        flow.add(2 * count + y, flow.sink, total)
    flow.push()
    found: list[list[tuple[int, int]]] = [[] for _ in kinds]
    for (a, b, _), number in zip(arcs, numbers, strict=True):
        if b >= 2 * count and flow.left[number ^ 1]:
            found[b - 2 * count].append((a % count, flow.left[number ^ 1]))
    return found


def _totals(whole: _Subproblem, kinds: Sequence[InspectorKind], count: int, work: Work) -> list[int]:
    """Return how many places each kind gets, by taking the problem apart where a flow shows a cut."""
    totals = [0] * len(kinds)
    parts = [whole]
    while parts:
        part = parts.pop()
        if not part.kinds:
            continue
        people = sum(len(kinds[y].members) for y in part.kinds)
        level, over = divmod(sum(part.supply.values()), people)
        if part.high - part.low <= 1 or (not over and level in (part.low, part.high)):
            _share_rest(part, kinds, count, totals, work)
            continue
        level = min(max(level, part.low + 1), part.high - 1)
        flow, node, _ = _network(part, kinds, count, level, work)
        flow.push()
        parts += _apart(part, {v for v, at in node.items() if flow.level[at] >= 0}, count, level)
    return totals


def _network(
    part: _Subproblem, kinds: Sequence[InspectorKind], count: int, level: int, work: Work
) -> tuple[Network, dict[int, int], dict[int, int]]:
    """Return the part's network with at most ``level`` for each, its nodes' places there,
    and its kinds' arcs to the sink.
    """
    names = dict.fromkeys(
        [*part.supply, *(v for a, b, _ in part.arcs for v in (a, b)), *(2 * count + y for y in part.kinds)]
    )
    node = {v: n for n, v in enumerate(names)}
    flow = Network(len(node), work)
    for v, amount in part.supply.items():
        flow.add(flow.source, node[v], amount)
    for a, b, capacity in part.arcs:
        flow.add(node[a], node[b], capacity)
    ends = {y: flow.add(node[2 * count + y], flow.sink, len(kinds[y].members) * level) for y in part.kinds}
    return flow, node, ends


def _apart(part: _Subproblem, above: set[int], count: int, level: int) -> list[_Subproblem]:
    """Return both sides of a cut: ``above`` are the nodes whose places have only kinds that carry ``level``
    at least.
    """
    arcs: tuple[list[Arc], list[Arc]] = ([], [])
    supply: tuple[dict[int, int], dict[int, int]] = ({}, {})
    full: dict[
        int, int
    ] = {}  # places that leave a district's node for those without a certificate across the cut
    for v, amount in part.supply.items():
        supply[v not in above][v] = amount
    for a, b, capacity in part.arcs:
        if (a in above) == (b in above):
            arcs[a not in above].append((a, b, capacity))
        elif a in above:  # a full arc; none is used the other way
            supply[1][b] = supply[1].get(b, 0) + capacity
            # What a district's node passes on comes through it, unless the two are in parts of their own
            # already.
            through = a - count if a >= count and a - count in part.supply else a
            supply[0][through] -= capacity
            if through != a:
                full[through] = full.get(through, 0) + capacity
    first = [(a, b, c - full.get(a, 0) if b == count + a else c) for a, b, c in arcs[0]] if full else arcs[0]
    kinds = (
        [y for y in part.kinds if 2 * count + y in above],
        [y for y in part.kinds if 2 * count + y not in above],
    )
    return [
        _Subproblem(first, supply[0], kinds[0], level, part.high),
        _Subproblem(arcs[1], supply[1], kinds[1], part.low, level),
    ]


def _share_rest(
    part: _Subproblem, kinds: Sequence[InspectorKind], count: int, totals: list[int], work: Work
) -> None:
    """Give each of a part its least load, and one more to whom it can be given, in the turn."""
    people = sum(len(kinds[y].members) for y in part.kinds)
    total = sum(part.supply.values())
    level = part.low if part.high - part.low <= 1 else total // people
    rest = total - level * people
    for y in part.kinds:
        totals[y] = level * len(kinds[y].members)
    if rest in (0, people) or len(part.kinds) == 1:
        for y in part.kinds:
            totals[y] += rest if len(part.kinds) == 1 else rest * len(kinds[y].members) // people
        return
    flow, node, ends = _network(part, kinds, count, level, work)
    flow.push()
    turn = sorted((one, y) for y in part.kinds for one in kinds[y].members)
    chunk = rest
    while rest:
        # Those whom nothing more can reach are done; the first of the others can have one more.
        flow.reach()
        turn = [(one, y) for one, y in turn if flow.level[node[2 * count + y]] >= 0]
        before = flow.left.copy()
        chunk = min(2 * chunk, rest)
        while True:
            for _, y in turn[:chunk]:
                flow.left[ends[y]] += 1
            if flow.push() == min(chunk, len(turn)):
                break
            flow.left[:] = before
            chunk //= 2
        for _, y in turn[:chunk]:
            totals[y] += 1
        turn = turn[chunk:]
        rest -= chunk
