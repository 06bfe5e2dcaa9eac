"""How a figure is carried on to its last day: by what it is, how it came so far, and what last year was like.

The constants were chosen on generated years and are held against others by ``bench/forecast.py``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from zhunsheng.monitoring.endings import Ending, growing, one_by_one
from zhunsheng.monitoring.trail import ENOUGH, Pace, Trail
from zhunsheng.targets import Indicator, convert
from zhunsheng.targets.units import counts
from zhunsheng.translation import worded

FEW = 4  # so many pieces in a year are each a task of its own, not a stream
KEPT = 0.9  # of such tasks that are promised, the share that is done within the year
REACHED = 1.05  # of what was promised, what usually comes; of a ceiling, what usually is used
HELD = 0.8
RARELY = 0.4  # what a year brings of things that never came yet
PRIOR = 0.5  # of a stream what is usual weighs as much as what comes in so many years
BUNCHED = 2.0  # variance ÷ mean of pieces: they come in bunches
UNEVEN = 0.2  # further spread of what is to come, as a share of it: no pace is quite last year's
LEVEL = 0.04  # spread of a share over all known rows from one year to the next, as a share of it
SHIFTED = 0.6  # how far last year's pace may mislead while all is to come, and a plan
LAGGING = 0.15
SHIFT = 0.6  # spread of what is made good of a backlog, as a share of it
HALVED = 20  # days in which half of what is open, or overdue, is done
NEVER = 0.03  # what is never done where nothing is known of it
VARIED = 0.3  # spread of single amounts around their mean, as a share of it
DRIFT = 0.1  # spread, at the year's beginning, of a figure of which nothing but itself is known


@dataclass(frozen=True)
class Figure:
    """A figure to be carried on: ``value`` in the target's unit, ``unit`` what it was told in; its ``pace``,
    ``even``, the share of the time that has passed from its first day to ``on``, of that to ``due``.
    """

    indicator: Indicator
    value: Fraction
    unit: str | None
    trail: Trail | None
    pace: Pace
    even: Fraction
    on: date
    due: date

    @property
    def left(self) -> int:
        """How many days are left."""
        return max((self.due - self.on).days, 0)

    @property
    def goal(self) -> Fraction:
        """What the target asks of the year, in its unit: the lower end of a range, the next whole piece
        behind a strict bound (大于4次 asks for 5).
        """
        bound, told = self.indicator.type.bounds[0], self.indicator.type
        if not self.counted or told.aim.meets(bound) or not (piece := self.piece):
            return bound
        return bound - piece if told.sense == "less" else bound + piece

    @property
    def counted(self) -> bool:
        """Whether the figure is a number of whole things."""
        if self.trail is not None:
            return self.trail.kind == "count"
        return self.indicator.type.kind in ("quantity", "frequency") and counts(self.indicator.aim.unit)

    @property
    def grows(self) -> bool:
        """Whether time adds to the figure; a typed one grows where it counts whole things that are done."""
        if self.indicator.type.kind == "growth":
            return False
        return self.trail.grows if self.trail is not None else self.counted and not self.value.denominator > 1

    @property
    def full(self) -> Fraction:
        """The whole of a share, in the target's unit."""
        return Fraction(convert(100, "%", self.indicator.aim.unit))

    @property
    def piece(self) -> Fraction | None:
        """What one row adds, in the target's unit; None where amounts are added."""
        aim, trail = self.indicator.aim, self.trail
        if trail is not None and trail.kind == "ratio":
            return self.full / trail.denominator if trail.denominator else None
        return convert(1, self.unit or aim.unit, aim.unit) if self.counted else None


def ending_of(figure: Figure) -> tuple[Ending, str]:
    """Return how a figure may end, and in words how that was told."""
    trail = figure.trail
    if figure.grows:
        return _growing(figure)
    if trail is not None and trail.kind == "ratio" and trail.denominator:
        return _share(figure, trail)
    if trail is not None and trail.kind == "mean" and trail.denominator:
        return _mean(figure, trail)
    return _standing(figure)


def _growing(figure: Figure) -> tuple[Ending, str]:
    trail, piece = figure.trail, figure.piece
    if figure.counted and piece and figure.indicator.type.sense != "less":
        pieces, done = figure.goal / piece, figure.value / piece
        if pieces.denominator == done.denominator == 1 and done <= pieces <= FEW:
            words = worded("目标全年 {goal} 次，按逐次完成推算", goal=int(pieces))
            return one_by_one(int(done), int(pieces), float(_smoothed(figure)), KEPT, piece), words
    unit = float(piece or 1)
    held, usual = float(figure.value) / unit, _usual(figure, float(figure.goal) / unit, unit)
    if trail is not None and trail.kind == "ratio" and trail.accrual.ahead:
        return _of_plan(figure, trail, held), figure.pace.words
    words = worded("{how}，参考目标", how=figure.pace.words)
    if trail is not None and trail.last_total() is not None:
        words = worded("{how}，参考目标和去年全年", how=figure.pace.words)
    if trail is not None and trail.kind == "ratio":
        return _of_known(figure, trail, held, usual), words
    passed = float(_smoothed(figure))
    more = (PRIOR * usual + held) / (PRIOR + passed) * (1 - passed)
    if piece is None:
        rows = max(trail.denominator if trail else 1, 1)
        ending = Ending(
            figure.value, None, mean=held + more, spread=(UNEVEN + VARIED / math.sqrt(rows)) * more
        )
    else:
        ending = growing(figure.value, piece, more, BUNCHED * more + (UNEVEN * more) ** 2)
    return ending, words


def _of_known(figure: Figure, trail: Trail, held: float, usual: float) -> Ending:
    """Return the ending of a share whose rows are all known: what is usual, drawn to what has come by now
    over its pace the more, the more of the pace has passed.
    """
    piece, passed = figure.piece or Fraction(1), max(float(_smoothed(figure)), 0.01)
    now = min(held / passed, float(trail.denominator))
    own, before = (1 - passed) * SHIFTED * max(now, usual, 1.0), LEVEL * max(usual, 1.0)
    whole = usual + (now - usual) * before**2 / (before**2 + own**2)
    ending = _up_to(figure, piece, max(whole, held), before * own / math.hypot(before, own))
    # Beside a window's rows, which are those of its first day, more may come that lower the share again.
    return ending if trail.accrual.shape == "window" else replace(ending, low=Fraction(0))


def _of_plan(figure: Figure, trail: Trail, held: float) -> Ending:
    """Return the ending of a share whose rows are planned: of those planned long ago the share that was done
    tells how many of the others ever will be, half of them within so many days of their plan.
    """
    piece, whole = figure.piece or Fraction(1), trail.denominator
    days = [(d.day, float(d.amount), d.denominator) for d in trail.ahead.days if d.day is not None]
    old = [(done, rows) for day, done, rows in days if (figure.on - day).days > 2 * HALVED]
    promised = min(float(figure.goal / piece) / whole, 1.0)
    rate = (sum(done for done, _ in old) + 4 * promised) / (sum(rows for _, rows in old) + 4)
    more = sum(
        max(rows * rate - done, 0.0) * (1 - _late(figure, day))
        for day, done, rows in days
        if day <= figure.due
    )
    spread = math.sqrt(BUNCHED * more * (1.1 - min(rate, 1.0))) + LAGGING * more
    return _up_to(figure, piece, held + more, spread)


def _late(figure: Figure, planned: date) -> float:
    """Return how much of what was planned for a day, and is not done, comes too late; of what is planned for
    days to come half is done in time.
    """
    left = (figure.due - max(planned, figure.on)).days
    return float(0.5 ** (left / HALVED + (planned > figure.on)))


def _up_to(figure: Figure, piece: Fraction, mean: float, spread: float) -> Ending:
    """Return the ending of a share of known rows, by mean and spread of how many come to count."""
    return Ending(figure.value, figure.full, piece, mean=mean * float(piece), spread=spread * float(piece))


def _smoothed(figure: Figure) -> Fraction:
    """Return the share of the year's work that has passed, a little drawn to the share of the time: a course
    that ended early last year does not say that nothing can come.
    """
    if figure.trail is not None and figure.trail.accrual.ahead:
        return figure.pace.share
    rows = figure.pace.rows
    return (figure.pace.share * rows + figure.even) / (rows + 1)


def _usual(figure: Figure, wanted: float, unit: float) -> float:
    """Return how many pieces a year usually brings: midway between what was promised and last year, or a
    little better than promised where nothing is known of it.
    """
    told, trail = figure.indicator.type, figure.trail
    last = trail.last_total() if trail is not None else None
    if trail is None or last is None:
        share = trail is not None and trail.kind == "ratio"
        if told.sense == "less":
            return max(wanted * HELD, RARELY)
        return wanted if share else wanted * REACHED
    if trail.kind == "ratio":
        before = float(last) / trail.last.rows() * trail.denominator
    elif trail.kind == "count":
        before = float(last)
    else:
        before = float(convert(Fraction(last), figure.unit, figure.indicator.aim.unit)) / unit
    return max((wanted + before) / 2, RARELY)


def _share(figure: Figure, trail: Trail) -> tuple[Ending, str]:
    """Return the ending of a share whose rows come through the year."""
    rows, hits, coming = trail.denominator, int(trail.numerator or 0), trail.to_come
    passed = max(float(_smoothed(figure)), 0.01)
    more = rows * (1 - passed) / passed if coming is None else float(coming)
    full = figure.full
    known = trail.last.rows() >= ENOUGH and not trail.partial
    before = float(trail.last.amount()) / trail.last.rows() if known else None
    if trail.accrual.later:
        return _backlog(figure, trail, more, before)
    prior = before if before is not None else min(float(figure.goal / full), 1.0)
    rate = (hits + prior * ENOUGH / 3) / (rows + ENOUGH / 3)
    whole = rows + more + trail.secured
    mean = (hits + trail.secured + more * rate) / whole
    noise = BUNCHED * rate * (1 - rate) * (1 / max(more, 1) + 1 / (rows + 1))
    spread = more / whole * math.sqrt(max(noise, 0.0))
    toward = worded("参考去年") if known else worded("参考目标")
    if coming is None:
        words = worded("按至今的比率推算，{words}；{how}", words=toward, how=figure.pace.words)
        return _bell(full, mean, spread, (Fraction(0), full)), words
    sure = hits + trail.secured
    between = (full * sure / int(whole), full * (sure + coming) / int(whole))
    words = worded("今后到期 {coming} 项，按至今的比率推算，{words}", coming=coming, words=toward)
    return _bell(full, mean, spread, between), words


def _backlog(figure: Figure, trail: Trail, more: float, before: float | None) -> tuple[Ending, str]:
    """Return the ending of a share whose open rows may still come to count: half of them do in so many days,
    but for those that never do.
    """
    rows, hits = float(trail.denominator), float(trail.numerator or 0)
    full = figure.full
    lacking, stay = rows - hits, 0.5 ** (figure.left / HALVED)
    never = NEVER if before is None else (1 - before) / 2
    days = max(figure.left, 1) / HALVED * math.log(2)
    fresh = (1 - math.exp(-days)) / days  # of those that come evenly until then, the share still open
    open_ = lacking * (never + (1 - never) * stay) + more * (never + (1 - never) * fresh)
    spread = SHIFT * (lacking * (1 - stay) + more * fresh) + math.sqrt(BUNCHED * never * (rows + more)) * (
        1 - stay
    )
    words = worded("未结的以后还可计入，按过 {days} 天办结一半推算", days=HALVED)
    ending = _bell(full, 1 - open_ / (rows + more), spread / (rows + more), (Fraction(0), full))
    return ending, words


def _bell(full: Fraction, mean: float, spread: float, between: tuple[Fraction, Fraction]) -> Ending:
    """Return the ending of a share, mean and spread told as fractions of the whole."""
    return Ending(*between, mean=mean * float(full), spread=spread * float(full))


def _mean(figure: Figure, trail: Trail) -> tuple[Ending, str]:
    """Return the ending of a mean over rows that come through the year."""
    rows, passed = trail.denominator, max(float(_smoothed(figure)), 0.01)
    more = rows * (1 - passed) / passed
    value = float(figure.value)
    spread = more / (rows + more) * VARIED * abs(value) * math.sqrt(1 / rows + 1 / max(more, 1))
    return Ending(None, None, mean=value, spread=spread), worded("按至今的平均值推算")


def _standing(figure: Figure) -> tuple[Ending, str]:
    """Return the ending of a figure of which nothing else is known: it stays about what it is."""
    scale = max(abs(float(figure.goal)), abs(float(figure.value)), 1e-9)
    spread = DRIFT * scale * math.sqrt(1 - float(figure.even))
    share = figure.indicator.type.kind == "share"
    high = figure.full if share and figure.value <= figure.full else None
    return Ending(None, high, mean=float(figure.value), spread=spread), worded("按现状持平")
