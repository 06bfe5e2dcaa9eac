"""How a figure may end the year: what it has come to, what may still come, the odds that a target is met."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from statistics import NormalDist

from zhunsheng.targets.kinds import IndicatorType

UNSETTLED = (0.01, 0.99)  # as long as both ways are open, nobody is sure
MIDDLE = 0.9  # the range that is told ends where the year stays below with this probability, or above
_FEW = 400  # mean of pieces to come up to which they are counted one by one
_REST = 1e-9  # share of the odds beyond which pieces are not counted on


def unsettled(chance: float) -> float:
    """Return a chance as it is told while both ways are open."""
    least, most = UNSETTLED
    return min(max(chance, least), most)


@dataclass(frozen=True)
class Ending:
    """The figure at the year's end, in the target's unit, between ``low`` and ``high`` (None: no bound).

    Either ``pieces`` of it may still come, with the odds of nought, one, two and so on, each worth ``piece``
    on top of ``low``; or the figure is smooth around ``mean``, in whole pieces where there is a ``piece``.
    """

    low: Fraction | None
    high: Fraction | None
    piece: Fraction | None = None
    pieces: tuple[float, ...] = ()
    mean: float = 0.0
    spread: float = 0.0

    @classmethod
    def settled(cls, figure: Fraction) -> Ending:
        """Return the ending of a figure that no longer changes."""
        return cls(figure, figure, mean=float(figure))

    def at(self, share: float) -> Fraction:
        """Return the figure that the year ends at or below with so much probability."""
        if self.low is not None and self.low == self.high:
            return self.low
        if self.pieces:
            assert self.low is not None and self.piece is not None
            count = next((n for n, sum_ in enumerate(accumulate(self.pieces)) if sum_ >= share - _REST), 0)
            return self.low + count * self.piece
        found = Fraction(self._bell().inv_cdf(share)).limit_denominator(10**6)
        if self.piece:
            found = (self.low or 0) + round((found - (self.low or 0)) / self.piece) * self.piece
        found = found if self.low is None else max(found, self.low)
        return found if self.high is None else min(found, self.high)

    def chance(self, told: IndicatorType) -> float:
        """Return the probability (0 to 1) that the target is met; 0 and 1 where nothing else can be."""
        if (sure := self._sure(told)) is not None:
            return float(sure)
        if self.pieces:
            assert self.low is not None and self.piece is not None
            met = sum(
                share for n, share in enumerate(self.pieces) if told.aim.meets(self.low + n * self.piece)
            )
        else:
            met = self._within(told)
        return unsettled(met)

    def _sure(self, told: IndicatorType) -> bool | None:
        """Return whether the target is met whatever comes, or can't be met; None where both may be."""
        aim, low, high = told.aim, self.low, self.high
        if low is not None and low == high:
            return bool(aim.meets(low))
        if low is not None and high is not None and aim.meets(low) and aim.meets(high):
            return True
        if told.sense == "less":
            return False if low is not None and not aim.meets(low) else None
        if told.sense == "more":
            if low is not None and aim.meets(low):
                return True
            return False if high is not None and not aim.meets(high) else None
        least, most = told.bounds[0], told.bounds[-1]
        return False if (low is not None and low > most) or (high is not None and high < least) else None

    def _within(self, told: IndicatorType) -> float:
        """Return how much of the bell lies on the target's side; of whole pieces each has half a piece around
        it.
        """
        bell, (least, most) = self._bell(), (told.bounds[0], told.bounds[-1])
        above = 1 - bell.cdf(self._edge(told, least, -1)) if told.sense != "less" else 1.0
        beyond = 1 - bell.cdf(self._edge(told, most, 1)) if told.sense != "more" else 0.0
        return max(above - beyond, 0.0)

    def _edge(self, told: IndicatorType, bound: Fraction, way: int) -> float:
        """Return where the bell is cut for a bound, from below (``way`` -1) or from above (1)."""
        if not self.piece:
            return float(bound)
        first = self.low or Fraction(0)
        count = (math.ceil if way < 0 else math.floor)((bound - first) / self.piece)
        if not told.aim.meets(first + count * self.piece):  # a strict bound
            count -= way
        return float(first + (count + Fraction(way, 2)) * self.piece)

    def _bell(self) -> NormalDist:
        return NormalDist(self.mean, max(self.spread, 1e-9))


def growing(held: Fraction, piece: Fraction, mean: float, variance: float) -> Ending:
    """Return the ending of a figure to which whole pieces are added, by mean and variance of how many."""
    if not mean:
        return Ending(held, None, piece, (1.0,))
    if mean > _FEW:
        middle, spread = held + piece * Fraction(mean), float(piece) * math.sqrt(variance)
        return Ending(held, None, piece, mean=float(middle), spread=spread)
    return Ending(held, None, piece, _negative_binomial(mean, max(variance, mean * 1.001)))


def _negative_binomial(mean: float, variance: float) -> tuple[float, ...]:
    """Return the odds of nought, one, two … pieces."""
    size = mean**2 / (variance - mean)
    stay = size / (size + mean)
    odds, total = [stay**size], stay**size
    while total < 1 - _REST and len(odds) < 20 * _FEW:
        n = len(odds)
        odds.append(odds[-1] * (n - 1 + size) / n * (1 - stay))
        total += odds[-1]
    odds[-1] += 1 - total
    return tuple(odds)


def one_by_one(held: int, goal: int, passed: float, kept: float, piece: Fraction) -> Ending:
    """Return the ending of something done once or a few times.

    Of such promises a share of ``kept`` is kept, each piece at any time of the year; where they are not,
    any smaller number comes. What has been done by now, ``held`` of ``goal`` after the share ``passed`` of
    the time, tells which of the two it is (Bayes).
    """

    def seen(total: int) -> float:
        return math.comb(total, held) * passed**held * (1 - passed) ** (total - held)

    weights = [
        seen(total) * (kept if total == goal else (1 - kept) / goal) for total in range(held, goal + 1)
    ]
    whole = sum(weights)
    odds: Sequence[float] = [w / whole for w in weights] if whole else [1.0]
    return Ending(held * piece, None, piece, tuple(odds))
