"""Counts of persons by group so small that they name someone: not told, and not to be had from what else is
told.

Neither from a total that stands beside them, nor from another publication of the same counts before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zhunsheng.disclosure.rules import rules


@dataclass(frozen=True)
class Told:
    """What is told of counts by group: each as text, and their total; ``numbers`` are those that are told as
    they are.
    """

    groups: dict[str, str]
    total: str
    numbers: dict[str, int]
    whole: int | None

    def as_json(self) -> dict[str, object]:
        """Return it as a publication keeps it, without what is not told."""
        return {"groups": self.groups, "total": self.total, "numbers": self.numbers, "whole": self.whole}


def suppressed(counts: Mapping[str, int], before: Sequence[Mapping[str, object]] = ()) -> Told:
    """Return what may be told of counts of persons; ``before`` is what was told of them earlier
    (``Told.as_json``).

    A count below the threshold of ``rules.yaml`` (but not 0) is “少于5”; so is one that differs from what was
    told before by fewer persons than that. Where it could be had from the total,
    more is kept back (“不公布”), in the end the total.
    """
    least = rules().least_count
    total = sum(counts.values())
    few = {name for name, n in counts.items() if 0 < n < least}
    back = few | {
        name for name, n in counts.items() if any(_near(n, _number(b, name), least) for b in before)
    }
    shown = not (0 < total < least or any(_near(total, _number(b, None), least) for b in before))
    rest = sorted(
        (name for name in counts if name not in back),
        key=lambda name: (counts[name] == 0, counts[name], name),
    )
    while (back or not shown) and _open(counts, few, back, shown, least):
        if rest:
            back.add(rest.pop(0))
        elif shown:
            shown = False
        else:
            break
    # Of groups kept back whose sum was told before, the sum of now tells who came.
    sums = [_sum_before(b, back) for b in before]
    if shown and any(_near(sum(counts[name] for name in back), s, least) for s in sums):
        shown = False
    words = {n: f"少于{least}" if n in few else "不公布" if n in back else str(counts[n]) for n in counts}
    told = str(total) if shown else f"少于{least}" if 0 < total < least else "不公布"
    return Told(words, told, {n: counts[n] for n in counts if n not in back}, total if shown else None)


def _near(now: int, then: int | None, least: int) -> bool:
    """Return whether two counts differ by so few that the difference names someone."""
    return then is not None and 0 < abs(now - then) < least


def _number(before: Mapping[str, object], name: str | None) -> int | None:
    """Return what was told of a group before (None: of all), None where it was not."""
    numbers = before.get("numbers")
    found = (
        before.get("whole") if name is None else numbers.get(name) if isinstance(numbers, Mapping) else None
    )
    return found if isinstance(found, int) else None


def _sum_before(before: Mapping[str, object], names: set[str]) -> int | None:
    """Return what the groups came to together before, where total and all others were told."""
    whole, numbers, groups = before.get("whole"), before.get("numbers"), before.get("groups")
    if not isinstance(whole, int) or not isinstance(numbers, Mapping) or not isinstance(groups, Mapping):
        return None
    if set(groups) - set(numbers) != names & set(groups):
        return None
    return whole - sum(numbers.values())


def _open(counts: Mapping[str, int], few: set[str], back: set[str], shown: bool, least: int) -> bool:
    """Return whether something kept back could still be had from what is told."""
    if not shown:
        return not back  # a total alone is the sum of its groups
    if len(back) < 2 or sum(counts[name] for name in back) < least:
        return True
    whole = sum(counts[name] for name in back)
    low = {name: 1 if name in few else 0 for name in back}
    high = {name: least - 1 if name in few else whole for name in back}
    for name in few & back:
        others = back - {name}
        most = min(high[name], whole - sum(low[o] for o in others))
        if max(low[name], whole - sum(high[o] for o in others)) >= most:
            return True
    return False
