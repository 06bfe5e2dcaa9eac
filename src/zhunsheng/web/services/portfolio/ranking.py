"""The ranking of a district's departments: one line each, with what can be said of its figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, NotRequired, TypedDict, cast

from django.db.models import Count, Max, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from zhunsheng import __version__
from zhunsheng.clock import day_of
from zhunsheng.web.models import (
    Assessment,
    AuditEntry,
    IndicatorLight,
    Job,
    LocalScheme,
    MeasureDecision,
    Organisation,
    ProjectDecision,
    SelfEvaluation,
    Sheet,
    SheetFinding,
    SheetVersion,
    Word,
)
from zhunsheng.web.models.public import SETTLED
from zhunsheng.web.services import office
from zhunsheng.web.services.review import unreviewed
from zhunsheng.web.services.year.calendar import days_of, default_as_of
from zhunsheng.wording import rate

RankStanding = Literal["graded", "open", "unconfirmed", "pending", "unapproved", "unfiled"]
STANDINGS: tuple[RankStanding, ...] = ("graded", "open", "unconfirmed", "pending", "unapproved", "unfiled")


class Paid(TypedDict):
    """What a department paid and what it had, in yuan; None where the money is unknown."""

    paid: Decimal | None
    budget: Decimal | None


class Totals(TypedDict):
    """What a year came to on a day: points for sure and at most, None where they are undecided."""

    as_of: date
    total: Decimal | None
    most: Decimal | None
    grade: str


class Newest(Paid, Totals):
    """A department's newest figures, as the database has them."""

    department_id: int
    assessed_at: datetime
    basis: dict[str, str]
    program: str


class Signed(Totals):
    """What was signed or accepted."""

    state: str


class Ranked(Paid):
    """A line of the ranking, as ``ranking`` explains; ``elsewhere`` says to whoever may not open it why."""

    department: Organisation
    sheets: int
    standing: RankStanding
    total: Decimal | None
    most: Decimal | None
    grade: str
    weak: dict[str, Decimal]
    execution: float | None
    lights: dict[str, int]
    findings: dict[str, int]
    drafts: int
    place: int | None
    unsigned: bool
    signed: str
    overtaken: bool
    unreviewed: int
    elsewhere: NotRequired[str]


def ranking(district: Organisation, year: int) -> list[Ranked]:
    """Return one line a department: total, lights, findings by level, execution;
    only graded ones are ranked among each other.

    ``standing`` says what can be said of it: graded; open (points undecided: a range, no grade);
    unconfirmed (points rest on a measure nobody confirmed); pending (approved, not
    assessed yet); unapproved (drafts only, which count nowhere); unfiled (no sheet of the year at all).
    ``unreviewed`` is how many of its sheets were not reviewed as they stand: its findings are then not all
    there are; ``drafts`` are the findings of versions that are not approved. ``place`` is the place among all
    graded ones, None for others; ``unsigned`` says that what counts was typed for a self-evaluation nobody
    signed yet, ``overtaken`` that something changed that the figures rest on, ``signed`` what was signed or
    accepted where it is another figure than this one, in words.
    """
    newest = _newest(district, year)
    lights: dict[int, dict[str, int]] = defaultdict(dict)
    for lit in (
        lights_below(district, year).values("department_id", "light").annotate(n=Count("id")).order_by()
    ):
        lights[lit["department_id"]][lit["light"]] = lit["n"]
    findings, drafts = _findings(district, year)
    sheets = Sheet.objects.filter(office.below(district, year, "department__"), year=year, retired=False)
    pending = unreviewed(district, year)
    counts = {
        r["department_id"]: r["n"] for r in sheets.values("department_id").annotate(n=Count("id")).order_by()
    }
    approved = set(sheets.filter(versions__state="approved").values_list("department_id", flat=True))
    departments = [*_filed(counts), *_unfiled(district, year, counts)]
    changed, unsigned, working = _last_changes(departments, year), _unsigned(year), _in_work(year)
    signed = _signed(year)
    table: list[Ranked] = []
    for department in departments:
        found = newest.get(department.pk) if department.pk in approved else None
        standing = _standing(found, filed=department.pk in counts, approved=department.pk in approved)
        table.append(
            {
                "department": department,
                "sheets": counts.get(department.pk, 0),
                "standing": standing,
                "total": found["total"] if found else None,
                "most": found["most"] if found else None,
                "grade": found["grade"] if found else "",
                "weak": weak_points(found["basis"]) if found else {},
                "paid": found["paid"] if found else None,
                "budget": found["budget"] if found else None,
                "execution": group_rate([found]) if found else None,
                "lights": lights[department.pk] if standing != "unapproved" else {},
                "findings": findings[department.pk],
                "drafts": drafts[department.pk],
                "place": None,
                "unsigned": found is not None and unsigned.get(department.pk) == found["as_of"],
                "signed": _signed_apart(signed.get(department.pk), found),
                "overtaken": found is not None
                and (
                    department.pk in working
                    or changed.get(department.pk, found["assessed_at"]) > found["assessed_at"]
                    or found["program"] != __version__
                ),
                "unreviewed": pending.get(department.pk, 0),
            }
        )

    def order(row: Ranked) -> tuple[int, Decimal, str]:
        return (
            STANDINGS.index(row["standing"]),
            -(row["total"] or Decimal(0)),
            row["department"].name_in(year),
        )

    table.sort(key=order)
    _place([r for r in table if r["standing"] == "graded"])
    return table


def _newest(district: Organisation, year: int) -> dict[int, Newest]:
    """Return by department its figures of the latest date that is shown, of several states of it the one
    assessed last.
    """
    columns = (
        "department_id",
        "as_of",
        "assessed_at",
        "total",
        "most",
        "grade",
        "basis",
        "paid",
        "budget",
        "program",
    )
    kept = Assessment.objects.filter(office.below(district, year, "department__"), year=year)
    rows = cast(list[Newest], list(kept.order_by("as_of", "assessed_at", "pk").values(*columns)))
    days, common = days_of({row["department_id"] for row in rows}, year), default_as_of(year)
    return {r["department_id"]: r for r in rows if r["as_of"] <= days.get(r["department_id"], common)}


def _findings(district: Organisation, year: int) -> tuple[dict[int, dict[str, int]], dict[int, int]]:
    """Return by department its findings by level, and how many of them are of versions not approved."""
    findings: dict[int, dict[str, int]] = defaultdict(dict)
    drafts: dict[int, int] = defaultdict(int)
    counted = SheetFinding.objects.filter(office.below(district, year, "department__"), year=year)
    for row in counted.values("department_id", "level", "version__state").annotate(n=Count("id")).order_by():
        levels = findings[row["department_id"]]
        levels[row["level"]] = levels.get(row["level"], 0) + row["n"]
        drafts[row["department_id"]] += row["n"] if row["version__state"] != "approved" else 0
    return findings, drafts


def _standing(found: Newest | None, *, filed: bool, approved: bool) -> RankStanding:
    """Return what can be said of a department with the figures ``found``, as ``ranking`` explains."""
    if not filed:
        return "unfiled"
    if not approved:
        return "unapproved"
    if found is None or found["total"] is None:
        return "pending"
    if found["most"] not in (None, found["total"]):
        return "open"
    return "graded" if found["grade"] else "unconfirmed"


def _filed(counts: dict[int, int]) -> list[Organisation]:
    """Return the departments that have sheets of a year."""
    return list(Organisation.objects.filter(pk__in=counts).prefetch_related(office.STAGES))


def _unfiled(district: Organisation, year: int, counts: dict[int, int]) -> list[Organisation]:
    """Return the departments that were in use at the year's end, or are today, and have no sheet
    of the year.
    """
    there = Organisation.objects.filter(office.below(district, year), kind=Organisation.Kind.DEPARTMENT)
    day = office.year_end(year)
    known = there.exclude(pk__in=counts).prefetch_related(office.STAGES)
    return [o for o in known if o.stage_on(day).active and (o.active or day < timezone.localdate())]


def _place(graded: list[Ranked]) -> None:
    """Give lines in the order of their totals their places; equal totals share one."""
    for n, row in enumerate(graded, start=1):
        before = graded[n - 2] if n > 1 else None
        row["place"] = before["place"] if before and before["total"] == row["total"] else n


def _unsigned(year: int) -> dict[int, date]:
    """Return the dates, by department, of self-evaluations not signed for which something was typed that then
    counts.
    """
    said = Word.objects.filter(year=year, checkpoint=None).values("department_id")
    waiting = SelfEvaluation.objects.filter(year=year, department__in=said).exclude(state__in=SETTLED)
    return dict(waiting.values_list("department_id", "as_of"))


def _signed(year: int) -> dict[int, Signed]:
    """Return by department the figures of self-evaluations that were signed or accepted,
    with their date and state.
    """
    kept = SelfEvaluation.objects.filter(year=year, state__in=SETTLED, assessment__isnull=False)
    return {
        department: {"state": state, "as_of": day, "total": total, "most": most, "grade": grade}
        for department, state, day, total, most, grade in kept.values_list(
            "department_id", "state", "as_of", "assessment__total", "assessment__most", "assessment__grade"
        )
    }


def _signed_apart(signed: Signed | None, found: Newest | None) -> str:
    """Return in words what was signed where the newest figures are others, and of which day if not of theirs;
    else nothing.
    """
    if signed is None or found is None:
        return ""
    if (signed["total"], signed["most"], signed["grade"]) == (found["total"], found["most"], found["grade"]):
        return ""
    parts = dict.fromkeys(p for p in (signed["total"], signed["most"]) if p is not None)
    points = "–".join(f"{p:.2f}" for p in parts) or _("待定")
    told = {"points": points, "grade": f"（{signed['grade']}）" if signed["grade"] else ""}
    if signed["as_of"] != found["as_of"]:
        told |= {"day": day_of(signed["as_of"]), "here": day_of(found["as_of"])}
        if signed["state"] == "accepted":
            return (
                _("复核通过的自评（数据截至 %(day)s）为 %(points)s 分%(grade)s，这里是截至 %(here)s 测算的")
                % told
            )
        return (
            _("已签字的自评（数据截至 %(day)s）为 %(points)s 分%(grade)s，这里是截至 %(here)s 测算的") % told
        )
    if signed["state"] == "accepted":
        return _("复核通过的自评为 %(points)s 分%(grade)s，这里是按现有依据重算的") % told
    return _("已签字的自评为 %(points)s 分%(grade)s，这里是按现有依据重算的") % told


def _in_work(year: int) -> set[int]:
    """Return the departments whose assessment is in line or running."""
    waiting = Job.objects.filter(
        kind="assess", args__year=year, state__in=(Job.State.QUEUED, Job.State.RUNNING)
    )
    return set(waiting.values_list("department_id", flat=True))


def _last_changes(departments: list[Organisation], year: int) -> dict[int, datetime]:
    """Return when people last changed what departments' figures of a year rest on: approvals, confirmations,
    schemes.

    Told by time and for all at once, without asking the evidence of each; what an import brings is told by
    its job.
    """
    latest: dict[int, datetime] = {}

    def take(pk: int, at: datetime | None) -> None:
        if at is not None and (pk not in latest or at > latest[pk]):
            latest[pk] = at

    keys = [d.pk for d in departments]
    approved = SheetVersion.objects.filter(sheet__department__in=keys, sheet__year=year, state="approved")
    for pk, at in approved.order_by().values_list("sheet__department_id").annotate(at=Max("changed_at")):
        take(pk, at)
    for kind in (MeasureDecision, ProjectDecision):
        for pk, at in (
            kind.objects.filter(department__in=keys)
            .order_by()
            .values_list("department_id")
            .annotate(Max("at"))
        ):
            take(pk, at)
    schemes = dict(LocalScheme.objects.filter(first_year__lte=year).values_list("pk", "organisation_id"))
    if schemes:
        logged = AuditEntry.objects.filter(model="localscheme", object_id__in=[str(pk) for pk in schemes])
        told = logged.order_by().values_list("object_id").annotate(at=Max("at"))
        there: dict[int, list[datetime]] = defaultdict(list)
        for number, at in told:
            there[schemes[int(number)]].append(at)
        for pk, line in office.lines(departments, year).items():
            for one in line:
                for at in there.get(one, ()):
                    take(pk, at)
    return latest


def weak_points(basis: dict[str, str]) -> dict[str, Decimal]:
    """Return the points of a total that rest on typed values, bands, or readings nobody
    confirmed, by which.
    """
    return {k: Decimal(v) for k, v in basis.items() if k != "evidence" and Decimal(v)}


def standing_words(standing: RankStanding) -> str:
    """Return why a department is not ranked, empty for one that is."""
    words = {
        "open": _("有待定分值，不评等级"),
        "unconfirmed": _("口径未确认，不评等级"),
        "pending": _("已批复，尚未测算"),
        "unapproved": _("目标未批复，不计分"),
        "unfiled": _("未报送目标"),
    }
    return words.get(standing, "")


def remarks(row: Ranked) -> list[str]:
    """Return what is to be known of the figures of a line of the ranking."""
    unsigned = [_("自评未签字")] if row["unsigned"] else []
    unsigned += [row["signed"]] if row["signed"] else []
    return unsigned + ([_("依据已变化，待重新测算")] if row["overtaken"] else [])


def group_rate(rows: Iterable[Paid]) -> float | None:
    """Return the execution rate of a group: what all paid over what all had; those whose money is unknown are
    left out.
    """
    known = [(r["paid"], r["budget"]) for r in rows if r["paid"] is not None and r["budget"]]
    found = rate((paid for paid, _budget in known), (budget for _paid, budget in known))
    return None if found is None else float(found)


def lights_below(district: Organisation, year: int) -> QuerySet[IndicatorLight]:
    """Return the query of the lights of all departments below."""
    return IndicatorLight.objects.filter(office.below(district, year, "department__"), year=year)
