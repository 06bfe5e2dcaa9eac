"""Hold the forecast of monitoring against month ÷ 12 with its 80/60 bands, on invented years with seasons.

Each case is a year of one indicator with the year before, made day by day by what such work is like in an
office: reports that come late in their window, streams with seasons and a push at the end, tasks done a few
times, ceilings, cases that close with a lag, plans, due dates, steps that run late, unit costs. None of it is
made by the model that is tried. At the end of every month from February to November the forecast says how
likely the target is met; what the year then came to says how good that was.

``python bench/forecast.py [--years 400] [--seed 2]`` prints the page; ``--write`` writes it as
docs/benchmarks-forecast.md.
"""

from __future__ import annotations

import argparse
import random
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from zhunsheng.measures.course import Course, CourseDay
from zhunsheng.measures.definitions import Accrual
from zhunsheng.monitoring.indicators import MonitoredCase, Status, status_of
from zhunsheng.monitoring.trail import Trail, last_day
from zhunsheng.outcomes import Outcome
from zhunsheng.regulations import monitoring_rules
from zhunsheng.targets import Indicator, TargetValue

YEAR = 2025
FIRST = date(YEAR, 1, 1)
MONTH_ENDS = [date(YEAR, m + 1, 1) - timedelta(days=1) for m in range(2, 12)]
RULES = monitoring_rules()[-1]
LIGHTS = ("green", "yellow", "red")
PAGE = Path("docs/benchmarks-forecast.md")


@dataclass(frozen=True)
class Row:
    """A row of a ledger: the day by which it comes through the year, the day from which it counts (None:
    never), its amount.
    """

    day: date
    counts: date | None
    amount: float = 1.0


@dataclass(frozen=True)
class Year:
    """One indicator's year with the year before: ``kind`` and ``accrual`` as its measure has them."""

    family: str
    target: str
    unit: str
    kind: str
    accrual: Accrual
    rows: list[Row]
    before: list[Row]
    whole: int | None = None  # of what a share is told, where it is known from the first day
    name: str = "甲"

    def seen(self, on: date, *, ahead: bool = False) -> list[Row]:
        """Return the rows that a ledger holds by a day."""
        return [r for r in self.rows if ahead or r.day <= on]

    def figure(self, on: date) -> tuple[Fraction | date | None, Decimal | None, int]:
        """Return value, numerator and denominator on a day."""
        rows = self.seen(on, ahead=self.accrual.ahead and self.accrual.shape != "level")
        hits = [r for r in rows if r.counts is not None and r.counts <= on]
        if self.kind == "ratio":
            base = self.whole if self.whole is not None else len(rows)
            return (Fraction(100 * len(hits), base) if base else None), Decimal(len(hits)), base
        if self.kind == "mean":
            total = Decimal(str(round(sum(r.amount for r in rows), 2)))
            return (Fraction(total) / len(rows) if rows else None), total, len(rows)
        if self.kind == "date":
            done = len(hits) == len(self.rows)
            return (
                (max(r.counts for r in hits if r.counts) if done else None),
                None,
                len(self.rows) - len(hits),
            )
        return Fraction(len(hits)), Decimal(len(hits)), len(hits)


def course(rows: list[Row], until: date, kind: str, whole: int | None) -> Course:
    """Return rows as a ledger's course, as of a day."""
    days: dict[date, list[Row]] = defaultdict(list)
    for row in rows:
        days[row.day].append(row)
    found = []
    for day, those in sorted(days.items()):
        hits = [r for r in those if r.counts is not None and r.counts <= until]
        if kind == "date":
            latest = max((r.counts for r in hits if r.counts), default=None)
            found.append(CourseDay(day, latest, len(those) - len(hits)))
        elif kind == "mean":
            found.append(CourseDay(day, Decimal(str(round(sum(r.amount for r in those), 2))), len(those)))
        else:
            found.append(CourseDay(day, Decimal(len(hits)), len(those)))
    rest = (whole or 0) - sum(d.denominator for d in found)
    return Course(tuple([CourseDay(None, Decimal(0), rest)] * (rest > 0) + found))


# -- what the work of an office is like --------------------------------------------------------------------

SEASONS = {
    "flat": [1.0] * 12,
    "late": [0.4, 0.3, 0.7, 0.8, 0.9, 1.0, 1.0, 1.1, 1.3, 1.5, 1.6, 1.4],
    "spring and autumn": [0.3, 0.3, 1.8, 1.6, 1.3, 0.7, 0.5, 0.6, 1.7, 1.6, 1.0, 0.6],
    "campaign": [0.2, 0.2, 0.3, 0.4, 2.5, 3.0, 0.5, 0.4, 0.4, 1.2, 1.6, 1.3],
}


def season_days(r: random.Random, weights: list[float], count: int, year: int, jitter: float) -> list[date]:
    """Return so many days of a year, by the weights of its months, which differ a little every year."""
    own = [w * r.lognormvariate(0, jitter) for w in weights]
    months = r.choices(range(12), own, k=count)
    return sorted(date(year, m + 1, 1) + timedelta(days=r.randrange(28)) for m in months)


def rows_of(days: list[date]) -> list[Row]:
    return [Row(day, day) for day in days]


def annual_reports(r: random.Random) -> Year:
    """Companies that file by 30 June, most of them late."""
    whole, a, b = r.randrange(200, 4000), r.uniform(1.5, 4), r.uniform(0.9, 1.8)

    def filed(year: int, share: float, a: float, b: float) -> list[Row]:
        days = [
            date(year, 1, 1) + timedelta(days=int(180.999 * r.betavariate(a, b)))
            for _ in range(int(whole * min(share, 1)))
        ]
        return rows_of(sorted(days))

    share = r.uniform(0.8, 0.97)
    before = filed(YEAR - 1, share, a, b)
    rows = filed(YEAR, share + r.gauss(0, 0.03), a * r.lognormvariate(0, 0.15), b * r.lognormvariate(0, 0.15))
    accrual = Accrual.model_validate({"shape": "window", "from": "01-01", "to": "06-30", "day": "x.filed_on"})
    target = f"≥{round(100 * (share + r.gauss(0, 0.025)))}%"
    return Year("annual reports", target, "%", "ratio", accrual, rows, before, whole)


def stream(r: random.Random) -> Year:
    """Cases, patents: a season of the office's own, a good or bad year, a push towards the end if behind."""
    weights = SEASONS[r.choice(list(SEASONS))]
    usual = int(r.lognormvariate(4, 0.9)) + 12
    before = season_days(r, weights, usual, YEAR - 1, 0.25)
    goal = max(5, round(usual * r.uniform(0.8, 1.15)))
    days = season_days(r, weights, max(1, round(usual * r.lognormvariate(0, 0.2))), YEAR, 0.25)
    if len([d for d in days if d.month < 10]) < 0.7 * goal and r.random() < 0.5:
        extra = round(r.uniform(0, 1) * max(goal - len(days), 0)) + r.randrange(3)
        days += [date(YEAR, 10, 1) + timedelta(days=r.randrange(90)) for _ in range(extra)]
    return Year(
        "stream",
        f"≥{goal}件",
        "件",
        "count",
        Accrual(shape="count", day="held_on"),
        rows_of(sorted(days)),
        rows_of(before),
    )


def few(r: random.Random) -> Year:
    """Trainings, drills: promised one to four times, mostly kept, when they were last year or any time."""
    goal = r.randrange(1, 5)
    before = sorted(
        date(YEAR - 1, 1, 1) + timedelta(days=min(364, int(365 * r.betavariate(1.6, 1.1))))
        for _ in range(goal)
    )
    done = goal + (r.random() < 0.2) if r.random() < 0.85 else r.randrange(goal)
    days = []
    for n in range(done):
        if n < goal and r.random() < 0.6:
            there = before[n] + timedelta(days=366) + timedelta(days=round(r.gauss(0, 30)))
        else:
            there = FIRST + timedelta(days=min(364, int(365 * r.betavariate(1.6, 1.1))))
        days.append(min(max(there, FIRST), date(YEAR, 12, 31)))
    return Year(
        "few",
        f"≥{goal}次",
        "次",
        "count",
        Accrual(shape="count", day="held_on"),
        rows_of(sorted(days)),
        rows_of(before),
    )


def ceiling(r: random.Random) -> Year:
    """Complaints, accidents: no more than so many, in bunches."""
    weights, usual = (
        SEASONS[r.choice(["flat", "late", "spring and autumn"])],
        int(r.lognormvariate(2.5, 1)) + 1,
    )
    before = season_days(r, weights, usual, YEAR - 1, 0.2)
    goal = max(1, round(usual * r.uniform(0.75, 1.3)))
    days = season_days(r, weights, max(0, round(usual * r.lognormvariate(0, 0.3) + r.gauss(0, 1))), YEAR, 0.3)
    return Year(
        "ceiling",
        f"≤{goal}起",
        "起",
        "count",
        Accrual(shape="count", day="happened_on"),
        rows_of(days),
        rows_of(before),
        name="投诉起数",
    )


def none_at_all(r: random.Random) -> Year:
    """Serious accidents: none."""
    rate = r.uniform(0.05, 0.6)

    def year(y: int) -> list[date]:
        days, day = [], 0.0
        while (day := day + r.expovariate(rate / 365)) < 365:
            days.append(date(y, 1, 1) + timedelta(days=int(day)))
        return days

    return Year(
        "none at all",
        "0起",
        "起",
        "count",
        Accrual(shape="count", day="happened_on"),
        rows_of(year(YEAR)),
        rows_of(year(YEAR - 1)),
        name="事故起数",
    )


def closed(r: random.Random) -> Year:
    """Reports that are closed some weeks after they came, a few never."""
    weights, count, lag = (
        SEASONS[r.choice(["flat", "late", "spring and autumn"])],
        r.randrange(60, 1500),
        r.uniform(5, 45),
    )
    share = r.uniform(0.85, 1.0)

    def year(y: int, share: float, lag: float, count: int) -> list[Row]:
        return [
            Row(day, day + timedelta(days=int(r.expovariate(1 / lag))) if r.random() < share else None)
            for day in season_days(r, weights, count, y, 0.2)
        ]

    before = year(YEAR - 1, share, lag, count)
    rows = year(
        YEAR,
        min(1.0, share + r.gauss(0, 0.03)),
        lag * r.lognormvariate(0, 0.2),
        round(count * r.lognormvariate(0, 0.2)),
    )
    usual = len([x for x in before if x.counts and x.counts.year < YEAR]) / len(before)
    goal = min(99, max(60, round(100 * usual + r.gauss(0, 2.5))))
    return Year(
        "closed later",
        f"≥{goal}%",
        "%",
        "ratio",
        Accrual(shape="level", day="received_on", later=True),
        rows,
        before,
    )


def passed(r: random.Random) -> Year:
    """Products that pass or fail when they are tested."""
    weights, count, share = SEASONS[r.choice(list(SEASONS))], r.randrange(40, 900), r.uniform(0.88, 0.995)

    def year(y: int, share: float, count: int) -> list[Row]:
        return [
            Row(day, day if r.random() < share else None) for day in season_days(r, weights, count, y, 0.2)
        ]

    before, own = year(YEAR - 1, share, count), min(1.0, share + r.gauss(0, 0.012))
    goal = min(99, round(100 * share + r.gauss(0, 1.5)))
    return Year(
        "decided at once",
        f"≥{goal}%",
        "%",
        "ratio",
        Accrual(shape="level", day="tested_on"),
        year(YEAR, own, max(20, round(count * r.lognormvariate(0, 0.15)))),
        before,
    )


def planned(r: random.Random) -> Year:
    """Samples with a planned day, taken a little later, some never."""
    weights, count = SEASONS[r.choice(["late", "spring and autumn", "campaign"])], r.randrange(50, 600)
    slack, share = r.uniform(2, 40), min(1.0, r.uniform(0.93, 1.04))
    rows = []
    for day in season_days(r, weights, count, YEAR, 0.0):
        taken = day + timedelta(days=int(r.gauss(0, 4) + r.expovariate(1 / slack)))
        if day.month < 12 or taken.year == YEAR:
            rows.append(Row(day, max(taken, FIRST) if r.random() < share else None))
        else:
            rows.append(Row(day, taken if r.random() < share else None))
    goal = r.choice([90, 95, 98, 100])
    return Year(
        "planned",
        f"≥{goal}%",
        "%",
        "ratio",
        Accrual(shape="count", day="planned_on", ahead=True),
        rows,
        [],
        len(rows),
    )


def due(r: random.Random) -> Year:
    """Equipment to be inspected by its day; what is late can't be made good."""
    weights, count, share = SEASONS[r.choice(list(SEASONS))], r.randrange(30, 900), r.uniform(0.92, 1.0)
    rows = [
        Row(day, day if r.random() < share else None) for day in season_days(r, weights, count, YEAR, 0.2)
    ]
    goal = r.choice([95, 98, 100]) if share > 0.985 else round(100 * share + r.gauss(0, 1))
    return Year(
        "due", f"≥{min(goal, 100)}%", "%", "ratio", Accrual(shape="level", day="due_on", ahead=True), rows, []
    )


def steps(r: random.Random) -> Year:
    """A procurement in steps, each planned; a slow one stays slow."""
    count, pace = r.randrange(3, 7), r.lognormvariate(-0.1, 0.35)
    day, rows, last = FIRST + timedelta(days=r.randrange(10, 60)), [], None
    late = 0.0
    for _ in range(count):
        day += timedelta(days=r.randrange(15, 50))
        late = max(0.0, late * r.uniform(0.6, 1.1) + r.gauss(0, 6) * pace + 6 * (pace - 0.9))
        done = day + timedelta(days=int(late))
        last = done if last is None else max(last, done)
        rows.append(Row(min(day, date(YEAR, 12, 20)), last))
    goal = min(rows[-1].day + timedelta(days=r.randrange(0, 40)), date(YEAR, 12, 31))
    return Year(
        "steps",
        f"{goal.year}年{goal.month}月{goal.day}日前",
        "",
        "date",
        Accrual(shape="date", day="planned_on", ahead=True),
        rows,
        [],
    )


def cost(r: random.Random) -> Year:
    """What one audit costs on average."""
    usual, weights = r.uniform(500, 5000), SEASONS[r.choice(list(SEASONS))]
    level = r.lognormvariate(0, 0.1)
    rows = [
        Row(d, d, usual * level * r.lognormvariate(0, 0.25))
        for d in season_days(r, weights, r.randrange(5, 120), YEAR, 0.2)
    ]
    before = [
        Row(d, d, usual * r.lognormvariate(0, 0.25))
        for d in season_days(r, weights, r.randrange(5, 120), YEAR - 1, 0.2)
    ]
    return Year(
        "mean cost",
        f"≤{round(usual * r.uniform(0.95, 1.2))}元",
        "元",
        "mean",
        Accrual(shape="level", day="done_on"),
        rows,
        before,
        name="审计费用",
    )


FAMILIES: list[Callable[[random.Random], Year]] = [
    annual_reports,
    stream,
    few,
    ceiling,
    none_at_all,
    closed,
    passed,
    planned,
    due,
    steps,
    cost,
]


# -- what is said of it ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """What was said of a year at a month's end, and whether its target was met in the end."""

    family: str
    month: int
    status: Status
    simple: str  # the light of month ÷ 12
    met: bool


def told_of(year: Year) -> Iterator[Told]:
    """Say at every month's end what becomes of a year."""
    indicator = Indicator(name=year.name, target=TargetValue.parse(year.target, year=YEAR))
    assert not indicator.type.unsure, (year.family, year.target, indicator.type.unsure)
    end = last_day(indicator, year.accrual, YEAR)
    final, _, _ = year.figure(end)
    if final is None and year.kind != "date":
        return
    met = bool(final is not None and indicator.aim.meets(final))
    last = course(year.before, date(YEAR - 1, 12, 31), year.kind, year.whole)
    for on in MONTH_ENDS:
        value, numerator, denominator = year.figure(on)
        if on >= end or (value is None and year.kind != "date"):
            continue
        now = course(year.seen(on, ahead=year.kind == "date"), on, year.kind, None)
        ahead = course(year.rows, on, year.kind, None) if year.accrual.ahead else Course()
        trail = Trail(year.kind, year.accrual, numerator, denominator, now, ahead, last)  # type: ignore[arg-type]
        outcome = Outcome(value, year.unit or None, str(value), "evidence", known=True)
        status = status_of(MonitoredCase(0, indicator, outcome, trail, None, YEAR, end, on, RULES))
        yield Told(year.family, on.month, status, month_by_month(indicator, year, value, on), met)


def month_by_month(indicator: Indicator, year: Year, value: Fraction | date | None, on: date) -> str:
    """Return the light of month ÷ 12: green from 80 % of it, yellow from 60 %."""
    if not isinstance(value, Fraction):
        return "green"  # before its day a date is not missed
    goal, share = indicator.type.bounds[0], Fraction(on.month, 12)
    expected = goal * share if year.accrual.shape != "level" and year.kind != "mean" else goal
    if indicator.type.sense == "less":
        ratio = expected / value if value else Fraction(1)
    else:
        ratio = value / expected if expected else Fraction(1)
    return "green" if ratio >= Fraction(4, 5) else "yellow" if ratio >= Fraction(3, 5) else "red"


def brier(pairs: list[tuple[float, bool]]) -> float:
    """Return the mean square of what was said less what came."""
    return statistics.fmean((p - met) ** 2 for p, met in pairs)


def share(met: list[bool]) -> str:
    """Return how much came true, — of nothing."""
    return f"{statistics.fmean(met):.0%}" if met else "—"


def families(told: list[Told]) -> Iterator[str]:
    """Write a row for each family of years and one for all."""
    for family in [*dict.fromkeys(t.family for t in told), "all"]:
        those = [t for t in told if family in ("all", t.family)]
        met = [t.met for t in those]
        # Month ÷ 12 says no probability: each of its lights is given the best there is, with hindsight.
        best = {
            light: statistics.fmean([t.met for t in those if t.simple == light] or [0]) for light in LIGHTS
        }
        ours = brier([(t.status.chance or 0.0, t.met) for t in those])
        simple, always = (
            brier([(p, t.met) for p, t in zip(ps, those, strict=True)])
            for ps in ([best[t.simple] for t in those], [statistics.fmean(met)] * len(those))
        )
        yield f"| {family} | {share(met)} | {ours:.3f} | {simple:.3f} | {always:.3f} |"


def calibration(told: list[Told]) -> Iterator[str]:
    """Write a row for each tenth of what was said."""
    for low in range(10):
        tenth = [t.met for t in told if min(int(10 * (t.status.chance or 0)), 9) == low]
        if tenth:
            yield f"| {low * 10}–{low * 10 + 10} % | {len(tenth)} | {share(tenth)} |"


def lights(told: list[Told]) -> Iterator[str]:
    """Write a row for each light and each official word."""
    for light in LIGHTS:
        ours = [t.met for t in told if t.status.light == light]
        simple = [t.met for t in told if t.simple == light]
        yield f"| {light} | {len(ours)} | {share(ours)} | {len(simple)} | {share(simple)} |"
    for word in RULES.likelihood:
        ours = [t.met for t in told if t.status.likelihood == word]
        yield f"| {word} | {len(ours)} | {share(ours)} | — | — |"


def main() -> None:
    """Make the years, say what becomes of them, and write how good that was."""
    options = argparse.ArgumentParser(description="hold the forecast against month ÷ 12")
    options.add_argument("--years", type=int, default=400, help="years of each family")
    options.add_argument("--seed", type=int, default=2)
    options.add_argument("--write", action="store_true", help="write docs/benchmarks-forecast.md")
    given = options.parse_args()
    r = random.Random(given.seed)
    told = [t for make in FAMILIES for _ in range(given.years) for t in told_of(make(r))]
    page = f"""# How good the forecast is

Made by `python bench/forecast.py --years {given.years} --seed {given.seed}`: {len(told):,} forecasts at the \
ends of the months from February to November, of {given.years} invented years of each of \
{len(FAMILIES)} kinds of indicators, each with the year before. The years are made day by day by what such \
work is like in an office (the docstrings in `bench/forecast.py` say how), not by the model; its constants \
were chosen on other years (seed 1). **They are invented: what an office's own years are like only its own \
ledgers can tell.**

Brier score: the mean square of what was said less what came; 0 is perfect, 0.25 is a coin. Month ÷ 12 is a \
value held against the target × month ÷ 12 (of rates and means against the target), green from 80 % of it, \
yellow from 60 %. It says no probability, so each of its lights is given the share that came true, with \
hindsight and kind by kind, which no office knows beforehand.

| kind of indicator | target met | forecast | month ÷ 12 | always the mean |
|---|---|---|---|---|
{chr(10).join(families(told))}

Calibration: of what was told so likely, how much came true.

| told | forecasts | came true |
|---|---|---|
{chr(10).join(calibration(told))}

| light or word | forecasts | target met | month ÷ 12: forecasts | target met |
|---|---|---|---|---|
{chr(10).join(lights(told))}
"""
    print(page)
    if given.write:
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
