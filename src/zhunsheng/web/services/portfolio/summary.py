"""A district's year at a glance: heat map, findings by rule, who is late, counts."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

from django.db.models import Count, Q, Sum

from zhunsheng.web.models import CalendarEntry, Checkpoint, Organisation, SelfEvaluation, SheetFinding
from zhunsheng.web.services import office
from zhunsheng.web.services.portfolio.ranking import STANDINGS, Ranked, group_rate, lights_below

DIMENSIONS = ("成本", "产出", "效益", "满意度")
WHOLE = "部门整体"


def heat_map(district: Organisation, year: int) -> dict[str, Any]:
    """Return departments × dimensions: the share of lights that are green, for the heat map,
    and how many there are of each.

    Each value is (dimension, department, percent of lights that are green, red, yellow, green,
    without a light); the percent is None where nothing has a light yet.
    """
    cells: dict[tuple[int, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in (
        lights_below(district, year)
        .values("department_id", "dimension", "light")
        .annotate(n=Count("id"))
        .order_by()
    ):
        # A department's own sheet has sub-goals of its own where projects have the framework's dimensions.
        dimension = row["dimension"] if row["dimension"] in DIMENSIONS else WHOLE
        cells[row["department_id"], dimension][row["light"]] += row["n"]
    dimensions = [d for d in (WHOLE, *DIMENSIONS) if any(d == name for _pk, name in cells)]
    departments = list(
        Organisation.objects.filter(pk__in={k for k, _name in cells}).prefetch_related("stages")
    )
    departments.sort(key=lambda d: d.name_in(year))
    values = []
    for y, department in enumerate(departments):
        for x, dimension in enumerate(dimensions):
            counted = cells.get((department.pk, dimension))
            lit = sum(counted[c] for c in ("green", "yellow", "red")) if counted else 0
            if counted:
                share = round(100 * counted["green"] / lit) if lit else None
                values.append([x, y, share, *(counted[c] for c in ("red", "yellow", "green", "grey"))])
    return {
        "departments": [d.name_in(year) for d in departments],
        "ids": [d.pk for d in departments],
        "dimensions": dimensions,
        "values": values,
    }


def findings_by_rule(district: Organisation, year: int) -> list[dict[str, Any]]:
    """Return rules with how many findings in how many departments, most first."""
    rows = SheetFinding.objects.filter(office.below(district, year, "department__"), year=year)
    counted = rows.values("rule", "level", "title").annotate(
        n=Count("id"), departments=Count("department", distinct=True)
    )
    return [{**row} for row in counted.order_by("-n", "rule")]


def late(district: Organisation, year: int, today: date) -> list[dict[str, Any]]:
    """Return who is late with what: calendar entries past due without a submission, longest first."""
    with_sheets = (
        Organisation.objects.filter(office.below(district, year), sheets__year=year)
        .distinct()
        .prefetch_related(office.STAGES)
    )
    lines = office.lines(with_sheets, year)
    entries = list(
        CalendarEntry.objects.filter(year=year, active=True, due_on__lt=today).select_related("organisation")
    )
    handed_in = set(
        Checkpoint.objects.filter(year=year).exclude(state="open").values_list("department_id", "as_of")
    )
    evaluated = set(
        SelfEvaluation.objects.filter(year=year)
        .exclude(state__in=("draft", "returned"))
        .values_list("department_id", flat=True)
    )
    found = []
    for department in with_sheets:
        for entry in entries:
            if entry.organisation_id not in lines[department.pk]:
                continue
            done = (
                (department.pk, entry.as_of) in handed_in
                if entry.kind == "monitoring"
                else department.pk in evaluated
            )
            if entry.kind in ("monitoring", "self") and not done:
                found.append(
                    {
                        "department": department,
                        "what": entry.name,
                        "due_on": entry.due_on,
                        "days": (today - entry.due_on).days,
                    }
                )
    return sorted(found, key=lambda f: (-f["days"], f["department"].name_in(year)))


def has_calendar(district: Organisation, year: int) -> bool:
    """Return whether any date is set for a year that some department below could be late with."""
    mine = Q(organisation__in=district.line) | office.below(district, year, "organisation__")
    return CalendarEntry.objects.filter(mine, year=year, active=True).exists()


def totals(district: Organisation, year: int, ranked: list[Ranked]) -> dict[str, Any]:
    """Return the counts at the head of the page; ``ranked`` are the lines of the ranking."""
    lights = {
        r["light"]: r["n"]
        for r in lights_below(district, year).values("light").annotate(n=Count("id")).order_by()
    }
    points = lights_below(district, year).aggregate(points=Sum("points"), score=Sum("score"))
    return {
        "departments": len(ranked),
        "unfiled": sum(r["standing"] == "unfiled" for r in ranked),
        "reviewed": sum(r["sheets"] - r["unreviewed"] for r in ranked),
        "sheets": sum(r["sheets"] for r in ranked),
        "findings": sum(sum(r["findings"].values()) for r in ranked),
        "drafts": sum(r["drafts"] for r in ranked),
        "unreviewed": sum(r["unreviewed"] > 0 for r in ranked),
        "lights": lights,
        "share": float(points["score"] / points["points"]) if points["points"] else None,
        "execution": group_rate(ranked),
        "graded": sum(r["standing"] == "graded" for r in ranked),
        "ungraded": {s: n for s in STANDINGS[1:] if (n := sum(r["standing"] == s for r in ranked))},
    }
