"""Reviews at work: made anew for every year a change touches, kept a version, and what may be said of a sheet
today.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.db import transaction
from django.db.models import F, Max, Q
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils import timezone

from zhunsheng.review import STATES, Review, State, all_rules, bases_of, review, rules_digest
from zhunsheng.translation import series
from zhunsheng.web.models import Organisation, Sheet, SheetFinding, SheetReview, SheetVersion
from zhunsheng.web.models.review import beside_digest, body_digest
from zhunsheng.web.models.targets import book_of, counted_anew
from zhunsheng.web.services import office
from zhunsheng.web.services.rules import bases_for

# What a page may say: not reviewed as it now stands; something found; some rules open;
# nothing found by any rule.
Verdict = Literal["unreviewed", "found", "open", "clean"]

CARRIED = ("rule", "level", "title", "state", "why", "missing")


@dataclass(frozen=True)
class ReviewStanding:
    """How the review of a version stands today.

    ``duties`` are mappings as kept, by state; without a review of the present text every rule is “not_run”.
    """

    verdict: Verdict
    at: datetime | None
    counts: dict[State, int]
    duties: dict[State, list[dict[str, Any]]]
    missing: tuple[str, ...]
    why: Literal["", "never", "changed", "rules"] = ""

    @property
    def current(self) -> bool:
        """Whether the present text was reviewed at all."""
        return self.verdict != "unreviewed"

    @property
    def found(self) -> int:
        """How many findings there are."""
        return sum(len(d["messages"]) for d in self.duties["found"])

    def as_json(self) -> dict[str, object]:
        """Return the standing as plain data for programs."""
        return {
            "verdict": self.verdict,
            "reviewed_at": self.at.isoformat() if self.at else None,
            "counts": dict(self.counts),
            "missing": list(self.missing),
            "duties": [d for listed in self.duties.values() for d in listed],
        }


def refresh(department: Organisation, years: Iterable[int]) -> None:
    """Review the newest versions of a department's years, and of the years that compare themselves with
    these.
    """
    touched = set(years)
    following = set(
        Sheet.objects.filter(department=department, retired=False, year__in=[y + 1 for y in touched])
        .values_list("year", flat=True)
        .distinct()
    )
    for year in sorted(touched | following):
        _refresh(department, year)


def _refresh(department: Organisation, year: int) -> None:
    versions, previous = _counted(department, year)
    before = book_of([v.body for v in previous]) if previous else None
    done = review(book_of([v.body for v in versions]), before)
    beside = beside_digest([v.body for v in versions], [v.body for v in previous])
    with transaction.atomic():
        SheetFinding.objects.filter(department=department, year=year).delete()
        SheetFinding.objects.bulk_create(_rows(done, versions, department, year))
        SheetReview.objects.filter(version__in=versions).delete()
        SheetReview.objects.bulk_create(
            _kept(done.of(n), version, department, year, beside) for n, version in enumerate(versions)
        )


def _counted(department: Organisation, year: int) -> tuple[list[SheetVersion], list[SheetVersion]]:
    """Return the newest versions of a year, and last year's to compare with: in force, else the newest."""
    sheets = Sheet.objects.filter(department=department, retired=False).prefetch_related("versions")
    mine = [max(s.counted, key=_number) for s in sheets.filter(year=year) if s.counted]
    last = []
    for sheet in sheets.filter(year=year - 1):
        if versions := sheet.counted:
            last.append(max([v for v in versions if v.state == "approved"] or versions, key=_number))
    return mine, last


def _number(version: SheetVersion) -> int:
    return version.number


def _rows(
    done: Review, versions: Sequence[SheetVersion], department: Organisation, year: int
) -> list[SheetFinding]:
    return [
        SheetFinding(
            version=versions[f.sheet],
            department=department,
            year=year,
            rule=f.code,
            level=f.level,
            title=f.title,
            message=f.message,
            mend=f.mend,
            indicator=(f.indicator or "")[:300],
            indicator_code=f.indicator_id or "",
            field=f.field or "",
            place=f.place.label() if f.place else "",
        )
        for f in done.findings
    ]


def _kept(
    own: Review, version: SheetVersion, department: Organisation, year: int, beside: str
) -> SheetReview:
    return SheetReview(
        version=version,
        department=department,
        year=year,
        at=timezone.now(),
        rules=own.rules,
        body=body_digest(version.body),
        beside=beside,
        duties=_duties(own),
        **own.counts,
    )


def _duties(done: Review) -> list[dict[str, object]]:
    kept = []
    for duty in done.duties:
        data = duty.as_json()
        kept.append({key: data[key] for key in CARRIED} | {"messages": [f.message for f in duty.findings]})
    return kept


def standings(department: Organisation, year: int) -> dict[int, ReviewStanding]:
    """Return how the review of each newest version of a year stands, by the version's key."""
    versions, previous = _counted(department, year)
    beside = beside_digest([v.body for v in versions], [v.body for v in previous])
    kept = {r.version_id: r for r in SheetReview.objects.filter(version__in=versions)}
    return {v.pk: _standing(v, kept.get(v.pk), beside) for v in versions}


def standing_of(version: SheetVersion) -> ReviewStanding:
    """Return how the review of a version stands; an overtaken version is judged by its own text alone."""
    now = standings(version.department, version.sheet.year).get(version.pk)
    return now or _standing(version, SheetReview.objects.filter(version=version).first(), None)


def told(version: SheetVersion, standing: ReviewStanding) -> list[SheetFinding]:
    """Return what the review of an overtaken version found, whose findings are no longer kept as rows,
    to be shown.
    """
    return [
        SheetFinding(version=version, rule=d["rule"], level=d["level"], title=d["title"], message=message)
        for d in standing.duties.get("found", [])
        for message in d["messages"]
    ]


def rests_on(department: Organisation, year: int) -> dict[str, str]:
    """Return in words what each rule, by its code, rests on in a department's year."""
    local = bases_for(department, year)
    return {
        rule.code: series((one.words() for one in bases_of(rule.code, rule.basis, year, local)), "；")
        for rule in all_rules()
    }


def _standing(version: SheetVersion, kept: SheetReview | None, beside: str | None) -> ReviewStanding:
    if kept is None:
        return _unreviewed("never", None)
    if kept.stale or kept.body != body_digest(version.body) or beside not in (None, kept.beside):
        return _unreviewed("changed", kept.at)
    # An overtaken version keeps the review of its time: its rules are not those of now, and needn't be.
    if beside is not None and kept.rules != rules_digest():
        return _unreviewed("rules", kept.at)
    duties: dict[State, list[dict[str, Any]]] = {state: [] for state in STATES}
    for duty in kept.duties:
        duties[duty["state"]].append(duty)
    counts = {state: len(listed) for state, listed in duties.items()}
    verdict: Verdict = (
        "found" if counts["found"] else "open" if counts["cannot_judge"] or counts["not_run"] else "clean"
    )
    missing = tuple(dict.fromkeys(m for duty in duties["cannot_judge"] for m in duty["missing"]))
    return ReviewStanding(verdict, kept.at, counts, duties, missing)


def _unreviewed(why: Literal["never", "changed", "rules"], at: datetime | None) -> ReviewStanding:
    counts = dict.fromkeys(STATES, 0)
    return ReviewStanding("unreviewed", at, counts, {state: [] for state in STATES}, (), why)


def unreviewed(district: Organisation, year: int) -> dict[int, int]:
    """Return the departments below that have sheets whose newest version wasn't reviewed as it stands:
    key -> how many.
    """
    newest = (
        SheetVersion.objects.filter(
            office.below(district, year, "sheet__department__"), sheet__year=year, sheet__retired=False
        )
        .exclude(state="void")
        .annotate(top=Max("sheet__versions__number", filter=~Q(sheet__versions__state="void")))
        .filter(number=F("top"))
    )
    reviewed = newest.filter(review__stale=False, review__rules=rules_digest(), review__not_run=0)
    missing: dict[int, int] = {}
    for department in newest.exclude(pk__in=reviewed.values("pk")).values_list(
        "sheet__department_id", flat=True
    ):
        missing[department] = missing.get(department, 0) + 1
    return missing


def review_all() -> int:
    """Review every department's year that has a sheet not reviewed as it stands;
    return how many years that were.
    """
    years = Sheet.objects.filter(retired=False, versions__isnull=False).values_list("department_id", "year")
    done = 0
    for department_id, year in years.distinct().order_by("department_id", "year"):
        department = Organisation.objects.get(pk=department_id)
        if not all(s.current for s in standings(department, year).values()):
            _refresh(department, year)
            done += 1
    return done


@receiver(post_save, sender=SheetVersion)
def approved(sender: object, instance: SheetVersion, created: bool, **kwargs: object) -> None:
    """Compare next year's sheets anew with what has come into force, whichever way a version was approved."""
    if not created and instance.state == SheetVersion.State.APPROVED:
        after = instance.sheet.year + 1
        if Sheet.objects.filter(department=instance.department, year=after, retired=False).exists():
            _refresh(instance.department, after)


@receiver(counted_anew)
@receiver(post_save, sender=Sheet)
def sheet_changed(sender: object, instance: Sheet, created: bool = False, **kwargs: object) -> None:
    """Review the year and the next when a sheet, or its newest version, is taken out or brought back."""
    if not created:
        refresh(instance.department, {instance.year})
