"""Hundreds of departments at once: a zip of documents taken in, all assessed in one go,
figures for ranking and heat map.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any, Literal

import xlsxwriter
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from zhunsheng import __version__
from zhunsheng.errors import ZhunshengError
from zhunsheng.files.zips import UnfitZip, Zip, ZipBounds
from zhunsheng.intake import book_of, open_bytes
from zhunsheng.text import AS_TEXT, clean
from zhunsheng.translation import raised_with, worded
from zhunsheng.usecases.assessing import Evidence
from zhunsheng.usecases.progress import Progress, no_progress
from zhunsheng.web.models import (
    Assessment,
    AuditEntry,
    CalendarEntry,
    Checkpoint,
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
    Upload,
    User,
    Word,
)
from zhunsheng.web.models.public import SETTLED
from zhunsheng.web.services import office
from zhunsheng.web.services.evidence import store
from zhunsheng.web.services.publishing.drift import check_published
from zhunsheng.web.services.review import unreviewed
from zhunsheng.web.services.sheets import joined_words, keep_document, read_document
from zhunsheng.web.services.uploads import LIMITS
from zhunsheng.web.services.year.calendar import days_of, default_as_of
from zhunsheng.web.services.year.figures import assess_now
from zhunsheng.wording import rate

DIMENSIONS = ("成本", "产出", "效益", "满意度")
WHOLE = "部门整体"
# A document in a zip may be as large as one that comes alone. They are read one by one,
# so that all of them cost time only.
BOUNDS = ZipBounds(members=5000, member=LIMITS["document"], unpacked=2 * 2**30)
ENDINGS = (".docx", ".xlsx", ".xls", ".txt", ".html")


def members(content: bytes, name: str, chosen: Callable[[str], bool] = lambda _path: True) -> Documents:
    """Return a zip's documents at the ``chosen`` paths, each of which was unpacked once and is whole.

    Raises ``ZS-WB-07`` for a zip that is broken, too large, locked or without any document.
    """
    try:
        archive = Zip(content, BOUNDS, lambda info: _is_document(path_of(info)))
        if not archive.members:
            raise ZhunshengError("ZS-WB-07", name=name, detail=worded("里面没有绩效目标文件"))
        listed = [info for info in archive.members if chosen(path_of(info))]
        for info in listed:  # all before the first is taken in: of a zip that is broken nothing is
            archive.test(info)
    except UnfitZip as fault:
        raise ZhunshengError("ZS-WB-07", name=name, detail=raised_with(fault)) from None
    return Documents(archive, listed)


@dataclass(frozen=True)
class Documents:
    """The documents of a zip: ``len`` of them, and one after the other as (path, bytes), never two
    at a time.
    """

    archive: Zip
    listed: Sequence[zipfile.ZipInfo]

    def __len__(self) -> int:
        return len(self.listed)

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        for info in self.listed:
            yield path_of(info), self.archive.read(info)


def path_of(info: zipfile.ZipInfo) -> str:
    """Return a member's path; names from Windows tools come in GBK without a flag that says otherwise."""
    return info.filename if info.flag_bits & 0x800 else _gbk(info.filename)


def _is_document(path: str) -> bool:
    pure = PurePosixPath(path)
    return not path.endswith("/") and pure.suffix.lower() in ENDINGS and not pure.name.startswith(("~$", "."))


def _gbk(name: str) -> str:
    try:
        return name.encode("cp437").decode("gbk")
    except UnicodeError:
        return name


def packed(files: Sequence[UploadedFile[bytes]]) -> bytes:
    """Return the files of a chosen folder as one zip, so that they go the way of an uploaded one.
    Raises ``ZS-WB-04``.
    """
    if sum(f.size or 0 for f in files) > settings.MAX_UPLOAD:
        raise ZhunshengError("ZS-WB-04", name=_("选择的文件夹"), limit=settings.MAX_UPLOAD // 2**20)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for n, file in enumerate(files):
            archive.writestr(f"{n:04d}/{file.name}", file.read())
    return buffer.getvalue()


def take_archive(
    upload: Upload,
    district: Organisation,
    year: int,
    user: User | None,
    progress: Progress = no_progress,
    places: dict[str, int] | None = None,
) -> dict[str, Any]:
    """Take in a zip: each document goes to the department whose official code or exact name it bears,
    or its folder or file.

    A name that no department or more than one under ``district`` bears or bore in the year is reported with
    the candidates or those like it, and its documents are left out until a person says where they go:
    ``places`` are the ids of departments by path in the zip, and only those paths are then taken in.
    What is closed takes nothing. Returns counts, ``placed`` (file by file the department and its sheets),
    ``unknown`` names and what could not be taken in.
    """
    listed = members(upload.content(), upload.name, lambda path: places is None or path in places)
    failed, departments = [], set()
    placed: list[dict[str, Any]] = []
    unknown: dict[str, dict[str, Any]] = {}
    for n, (path, content) in enumerate(listed):
        progress(PurePosixPath(path).name, n, len(listed))
        try:
            with transaction.atomic():
                if places is not None:
                    department = Organisation.objects.get(pk=places[path])
                else:
                    name, of_year = _named_in(path, content, year)
                    bore = office.bore(district, name, of_year)
                    found = office.named(district, name, of_year, bore)
                    if len(found) != 1 or any(o.pk != found[0].pk for o in bore):
                        one = unknown.setdefault(name, {"name": name, "files": [], "near": []})
                        one["files"].append(path)
                        one["same"] = len({o.pk for o in (*found, *bore)})
                        one["near"] = [
                            _proposed(o, bool(found)) for o in found or office.near(district, name)
                        ]
                        one["closed"] = [_proposed(o) for o in bore if not o.active]
                        continue
                    department = found[0]
                if not department.active:
                    raise ZhunshengError(
                        "ZS-WB-23", name=office.told(department), what=_("收文件"), detail=_("它已撤销")
                    )
                document = read_document(PurePosixPath(path).name, content)
                kept, versions = keep_document(document, department, year, user, reason=worded("集中导入"))
                departments.add(department.pk)
                placed.append(
                    {
                        "file": path,
                        "department": office.told(department),
                        "code": department.official_code,
                        "sheets": [
                            {"id": v.pk, "name": str(v), "year": v.sheet.year, "joined": joined_words(v)}
                            for v in versions
                        ],
                        "new": bool(versions) and versions[0].upload_id == kept.pk,
                    }
                )
        except ZhunshengError as error:
            failed.append({"file": path, "error": error.web})
    return {
        "files": len(listed),
        "sheets": sum(len(p["sheets"]) for p in placed),
        "departments": len(departments),
        "placed": placed,
        "unknown": list(unknown.values()),
        "failed": failed,
    }


def _proposed(one: Organisation, same: bool = False) -> dict[str, Any]:
    return {"id": one.pk, "name": office.told(one), "code": one.official_code, "same": same}


def _named_in(path: str, content: bytes, year: int) -> tuple[str, int]:
    """Return what a document says its department is, in its text, else by its folder,
    else by its file's name; and its year.
    """
    book = book_of(open_bytes(content, PurePosixPath(path).name))
    pure = PurePosixPath(path)
    named = next((s.department for s in book.sheets if s.department), None)
    folder = "" if pure.parent.name.isdigit() and len(pure.parent.name) == 4 else pure.parent.name
    return clean(named or folder or pure.stem).strip()[:120], next(
        (s.year for s in book.sheets if s.year), year
    )


def digest(places: dict[str, int]) -> str:
    """Return a digest of places, so that the same choice is taken in once."""
    return hashlib.sha256(json.dumps(places, sort_keys=True).encode()).hexdigest()


def places_of(job: Job, chosen: dict[str, Organisation | str | None]) -> dict[str, int]:
    """Return the department ids by path for the names of a job's unknown documents,
    adding departments for ``new``.

    Raises ``ZS-WB-20`` where a new department's name is taken meanwhile.
    """
    assert job.department is not None
    places: dict[str, int] = {}
    for one in job.result.get("unknown", []):
        place = chosen.get(one["name"])
        if place is None:
            continue
        if isinstance(place, str):
            place = office.found(
                one["name"], office.Kind.DEPARTMENT, job.department, note=worded("集中导入时新增")
            )
        places |= dict.fromkeys(one["files"], place.pk)
    return places


def assess_all(district: Organisation, year: int, progress: Progress = no_progress) -> dict[str, Any]:
    """Assess every department below with a sheet in force in the year, against one state of the evidence."""
    departments = list(
        Organisation.objects.filter(
            office.below(district, year),
            sheets__year=year,
            sheets__retired=False,
            sheets__versions__state="approved",
        ).distinct()
    )
    evidence = Evidence.of(store(), together=[d.code for d in departments])
    failed = []
    for n, department in enumerate(departments):
        progress(department.name, n, len(departments))
        try:
            assess_now(department, year, evidence=evidence)
            check_published(department, year)
        except ZhunshengError as error:
            failed.append({"department": department.name, "error": error.web})
    return {"departments": len(departments), "failed": failed}


RankStanding = Literal["graded", "open", "unconfirmed", "pending", "unapproved", "unfiled"]
STANDINGS: tuple[RankStanding, ...] = ("graded", "open", "unconfirmed", "pending", "unapproved", "unfiled")


def ranking(district: Organisation, year: int) -> list[dict[str, Any]]:
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
    mine = office.below(district, year, "department__")
    kept = Assessment.objects.filter(mine, year=year)
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
    rows = list(kept.order_by("as_of", "assessed_at", "pk").values(*columns))
    days, common = days_of({row["department_id"] for row in rows}, year), default_as_of(year)
    newest = {r["department_id"]: r for r in rows if r["as_of"] <= days.get(r["department_id"], common)}
    lights: dict[int, dict[str, int]] = defaultdict(dict)
    for lit in _lights(district, year).values("department_id", "light").annotate(n=Count("id")).order_by():
        lights[lit["department_id"]][lit["light"]] = lit["n"]
    findings: dict[int, dict[str, int]] = defaultdict(dict)
    drafts: dict[int, int] = defaultdict(int)
    counted = SheetFinding.objects.filter(office.below(district, year, "department__"), year=year)
    for row in counted.values("department_id", "level", "version__state").annotate(n=Count("id")).order_by():
        levels = findings[row["department_id"]]
        levels[row["level"]] = levels.get(row["level"], 0) + row["n"]
        drafts[row["department_id"]] += row["n"] if row["version__state"] != "approved" else 0
    sheets = Sheet.objects.filter(office.below(district, year, "department__"), year=year, retired=False)
    pending = unreviewed(district, year)
    counts = {
        r["department_id"]: r["n"] for r in sheets.values("department_id").annotate(n=Count("id")).order_by()
    }
    approved = set(sheets.filter(versions__state="approved").values_list("department_id", flat=True))
    departments = [*_filed(counts), *_unfiled(district, year, counts)]
    changed, unsigned, working = _last_changes(departments, year), _unsigned(year), _in_work(year)
    signed = _signed(year)
    table = []
    for department in departments:
        found = newest.get(department.pk) if department.pk in approved else None
        total, most = (found["total"], found["most"]) if found else (None, None)
        settled = total is not None and most in (None, total)
        standing: RankStanding = (
            "unfiled"
            if department.pk not in counts
            else "unapproved"
            if department.pk not in approved
            else "pending"
            if total is None
            else "open"
            if not settled
            else "graded"
            if found and found["grade"]
            else "unconfirmed"
        )
        table.append(
            {
                "department": department,
                "sheets": counts.get(department.pk, 0),
                "standing": standing,
                "total": total,
                "most": most,
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

    def order(row: dict[str, Any]) -> tuple[int, Decimal, str]:
        return (
            STANDINGS.index(row["standing"]),
            -(row["total"] or Decimal(0)),
            row["department"].name_in(year),
        )

    table.sort(key=order)
    _place([r for r in table if r["standing"] == "graded"])
    return table


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


def _place(graded: list[dict[str, Any]]) -> None:
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


def _signed(year: int) -> dict[int, dict[str, Any]]:
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


def _signed_apart(signed: dict[str, Any] | None, found: dict[str, Any] | None) -> str:
    """Return in words what was signed where the newest figures are others, and of which day if not of theirs;
    else nothing.
    """
    if signed is None or found is None:
        return ""
    if all(signed[name] == found[name] for name in ("total", "most", "grade")):
        return ""
    parts = dict.fromkeys(p for p in (signed["total"], signed["most"]) if p is not None)
    points = "–".join(f"{p:.2f}" for p in parts) or _("待定")
    told = {"points": points, "grade": f"（{signed['grade']}）" if signed["grade"] else ""}
    if signed["as_of"] != found["as_of"]:
        told |= {"day": signed["as_of"].isoformat(), "here": found["as_of"].isoformat()}
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


def remarks(row: dict[str, Any]) -> list[str]:
    """Return what is to be known of the figures of a line of the ranking."""
    unsigned = [_("自评未签字")] if row["unsigned"] else []
    unsigned += [row["signed"]] if row["signed"] else []
    return unsigned + ([_("依据已变化，待重新测算")] if row["overtaken"] else [])


def group_rate(rows: Iterable[dict[str, Any]]) -> float | None:
    """Return the execution rate of a group: what all paid over what all had; those whose money is unknown are
    left out.
    """
    known = [r for r in rows if r["paid"] is not None and r["budget"]]
    found = rate((r["paid"] for r in known), (r["budget"] for r in known))
    return None if found is None else float(found)


def _lights(district: Organisation, year: int) -> QuerySet[IndicatorLight]:
    return IndicatorLight.objects.filter(office.below(district, year, "department__"), year=year)


def heat_map(district: Organisation, year: int) -> dict[str, Any]:
    """Return departments × dimensions: the share of lights that are green, for the heat map,
    and how many there are of each.

    Each value is (dimension, department, percent of lights that are green, red, yellow, green,
    without a light); the percent is None where nothing has a light yet.
    """
    cells: dict[tuple[int, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in (
        _lights(district, year)
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


def totals(district: Organisation, year: int, ranked: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the counts at the head of the page; ``ranked`` are the lines of the ranking."""
    lights = {
        r["light"]: r["n"] for r in _lights(district, year).values("light").annotate(n=Count("id")).order_by()
    }
    points = _lights(district, year).aggregate(points=Sum("points"), score=Sum("score"))
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


# -- as Excel
# ---------------------------------------------------------------------------------------------------------


def ranking_file(district: Organisation, year: int) -> tuple[bytes, str]:
    """Return the ranking as an Excel file with its name."""
    buffer = io.BytesIO()
    titles = [
        _("名次"),
        _("部门"),
        _("目标表数"),
        _("得分（已得）"),
        _("最高可能得分"),
        _("等级"),
        _("其中人工填报"),
        _("其中定性评定"),
        _("其中口径未确认"),
        _("说明"),
        _("预算执行率"),
        _("绿灯"),
        _("黄灯"),
        _("红灯"),
        _("无法判断"),
        _("错误"),
        _("警告"),
        _("提示"),
        _("尚未审核（表）"),
        _("上级"),
        _("单位代码"),
    ]
    with xlsxwriter.Workbook(buffer, AS_TEXT | {"in_memory": True}) as book:
        sheet = book.add_worksheet(f"{year}")
        bold = book.add_format({"bold": True, "bg_color": "#EEF2F7", "border": 1, "align": "center"})
        percent = book.add_format({"num_format": "0.00%"})
        for c, title in enumerate(titles):
            sheet.write(0, c, title, bold)
        sheet.set_column(1, 1, 36)
        for n, row in enumerate(ranking(district, year), start=1):
            # Only what has a grade is ranked; the others stand below with why they have none.
            sheet.write_row(n, 0, [row["place"] or "", row["department"].name_in(year), row["sheets"]])
            if row["total"] is not None:
                sheet.write_row(n, 3, [float(row["total"]), float(row["most"] or row["total"]), row["grade"]])
                weak = [float(row["weak"].get(k, 0)) for k in ("typed", "judged", "unconfirmed")]
                sheet.write_row(n, 6, weak)
            draft = [_("草稿的审核发现 %s 个") % row["drafts"]] if row["drafts"] else []
            words = [standing_words(row["standing"]), *remarks(row), *draft]
            sheet.write(n, 9, "；".join(w for w in words if w))
            if row["execution"] is not None:
                sheet.write(n, 10, row["execution"], percent)
            sheet.write_row(
                n,
                11,
                [
                    row["lights"].get(c, "" if row["lights"] else "—")
                    for c in ("green", "yellow", "red", "grey")
                ],
            )
            if not row["unreviewed"] and row["sheets"]:
                sheet.write_row(n, 15, [row["findings"].get(c, 0) for c in ("error", "warning", "note")])
            sheet.write(n, 18, row["unreviewed"] if row["sheets"] else "—")
            sheet.write_row(
                n, 19, ["，".join(office.above(row["department"], year)), row["department"].official_code]
            )
        sheet.freeze_panes(1, 2)
    return buffer.getvalue(), f"{district.name_in(year)}{year}年部门绩效汇总.xlsx"
