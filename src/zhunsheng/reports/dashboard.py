"""One self-contained page that opens offline: scores, lights, plan against payments, findings,
and each figure's lineage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from zhunsheng import __version__
from zhunsheng.clock import told
from zhunsheng.evaluation import Scorecard
from zhunsheng.evaluation.recheck import KIND_WORDS
from zhunsheng.evaluation.scorecard import VERDICT_WORDS
from zhunsheng.evidence import ledgers
from zhunsheng.measures import Lineage
from zhunsheng.measures.definitions import QUESTIONS
from zhunsheng.measures.matching import STATUS_WORDS
from zhunsheng.monitoring import BY_TIME, LIGHT_WORDS, MODE_WORDS, MonitoredSheet
from zhunsheng.outcomes import between, forecast_text, marks, origin_words
from zhunsheng.reports.about import About
from zhunsheng.reports.forms import basis_words, of_full, range_words, share, sum_words, total_words
from zhunsheng.review import LEVELS, Finding, Review
from zhunsheng.targets import SpendingPlan
from zhunsheng.wording import plain, wan


@dataclass(frozen=True)
class Panel:
    """One sheet on the page; ``payments`` are (date, cumulative yuan), lineages go with the indicators,
    ``money`` with budget and payments.
    """

    card: Scorecard
    checkpoint: MonitoredSheet
    review: Review
    lineages: tuple[Lineage, ...]
    payments: tuple[tuple[date, Decimal], ...]
    project_why: str
    money: tuple[Lineage, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the review found on the sheet."""
        return self.review.findings


@dataclass(frozen=True)
class Curve:
    """The plan and the payments as SVG points in a box of 640 × 220, with ticks as (position, label)."""

    plan: str
    paid: str
    today: float
    months: tuple[tuple[float, str], ...]
    shares: tuple[tuple[float, str], ...]
    marks: tuple[tuple[float, float, str], ...]


_LEFT, _TOP, _WIDTH, _HEIGHT = 44.0, 10.0, 580.0, 180.0


def curve(
    plan: SpendingPlan,
    payments: Sequence[tuple[date, Decimal]],
    budget: Decimal | None,
    year: int,
    as_of: date,
) -> Curve | None:
    """Return the curve of a year, or None where there is neither plan nor budget to draw it against."""
    if not plan.steps or budget is None or budget <= 0:
        return None
    first, last = date(year, 1, 1), date(year, 12, 31)
    days = (last - first).days

    def x(day: date) -> float:
        return round(_LEFT + _WIDTH * min(max((day - first).days, 0), days) / days, 1)

    top = max(1.0, *(float(s.cumulative) for s in plan.steps), *(float(p / budget) for _, p in payments), 1.0)

    def y(value: float) -> float:
        return round(_TOP + _HEIGHT * (1 - value / top), 1)

    planned = [(first, 0.0), *((s.by, float(s.cumulative)) for s in sorted(plan.steps, key=lambda s: s.by))]
    steps = [f"{x(first)},{y(0)}"]
    height = 0.0
    for day, total in payments:
        steps.append(f"{x(day)},{y(height)}")
        height = float(total / budget)
        steps.append(f"{x(day)},{y(height)}")
    end = min(as_of, last)
    steps.append(f"{x(end)},{y(height)}")
    return Curve(
        plan=" ".join(f"{x(d)},{y(v)}" for d, v in planned),
        paid=" ".join(steps),
        today=x(end),
        months=tuple((x(date(year, m, 1) + timedelta(days=14)), f"{m}月") for m in range(1, 13)),
        shares=tuple((y(v), f"{v:.0%}") for v in (0, 0.25, 0.5, 0.75, 1.0)),
        marks=tuple(
            (x(s.by), y(float(s.cumulative)), f"{s.by.month}月{s.by.day}日 {plain(s.cumulative * 100)}%")
            for s in plan.steps
        ),
    )


@lru_cache
def _template() -> Any:
    """Return the template, read once a process."""
    from jinja2 import Environment, PackageLoader  # only here, since every command would wait for it

    environment = Environment(
        loader=PackageLoader("zhunsheng.reports", "."), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "wan": wan,
        "share": share,
        "plain": plain,
        "number": forecast_text,
        "between": between,
        "cell": _cell,
        "told": told,
        "total": total_words,
        "basis": basis_words,
        "of_full": of_full,
        "range_words": range_words,
        "sum_words": sum_words,
        "marks": marks,
        "origin": origin_words,
    }
    return environment.get_template("dashboard.html.j2")


def render(panels: Sequence[Panel], about: About) -> str:
    """Return the page as HTML text. All user text is escaped; there is no script and nothing is fetched."""
    text: str = _template().render(
        panels=[(p, _curve_of(p)) for p in panels],
        department=about.department,
        as_of=about.as_of,
        final=about.final,
        snapshot=about.snapshot,
        source=about.source,
        problems=about.problems,
        differences=about.differences,
        version=__version__,
        ledgers=ledgers(),
        questions=QUESTIONS,
        # The page goes to people who need no personal data; the department stands in its title.
        hidden={"部门"} | {c.title for ledger in ledgers().values() for c in ledger.columns if c.personal},
        words={
            "light": LIGHT_WORDS,
            "verdict": VERDICT_WORDS,
            "level": LEVELS,
            "status": STATUS_WORDS,
            "kind": KIND_WORDS,
            "mode": MODE_WORDS,
            "by_time": BY_TIME,
        },
    )
    return text


def _curve_of(panel: Panel) -> Curve | None:
    sheet = panel.card.sheet
    year = sheet.year or panel.checkpoint.as_of.year
    return curve(
        sheet.spending_plan, panel.payments, panel.checkpoint.money.adjusted, year, panel.checkpoint.as_of
    )


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    return "" if value is None else str(value)
