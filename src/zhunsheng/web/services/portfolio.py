"""Hundreds of departments at once: a zip of documents taken in, all assessed in one go, figures for ranking and heat map."""

from __future__ import annotations

import io
import zipfile
from collections import defaultdict
from datetime import date
from pathlib import PurePosixPath
from typing import Any

from django.db import transaction
from django.db.models import Count, Sum

from zhunsheng.errors import ZhunshengError
from zhunsheng.web.models import (
    Assessment,
    CalendarEntry,
    Checkpoint,
    IndicatorLight,
    Organisation,
    SelfEvaluation,
    Sheet,
    SheetFinding,
    Upload,
    User,
)
from zhunsheng.web.services.review import unreviewed
from zhunsheng.web.services.sheets import take_document
from zhunsheng.web.services.uploads import keep
from zhunsheng.web.services.year import assess_now, store
from zhunsheng.workspace import Evidence, Progress, no_progress

DIMENSIONS = ("成本", "产出", "效益", "满意度")
WHOLE = "部门整体"
MAX_MEMBERS = 5000
MAX_UNZIPPED = 2 * 2**30
ENDINGS = (".docx", ".xlsx", ".xls", ".txt", ".html")


def members(content: bytes, name: str) -> list[tuple[str, bytes]]:
    """Return a zip's documents as (path, bytes). Raises ``ZS-WB-07`` for one that is broken, too large or empty."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            listed = [i for i in archive.infolist() if not i.is_dir()]
            if len(listed) > MAX_MEMBERS or sum(i.file_size for i in listed) > MAX_UNZIPPED:
                raise ZhunshengError("ZS-WB-07", name=name, detail="文件过多或解压后过大")
            found = []
            for info in listed:
                # Names from Windows tools come in GBK without a flag that says otherwise.
                path = info.filename if info.flag_bits & 0x800 else _gbk(info.filename)
                if PurePosixPath(path).suffix.lower() in ENDINGS and not PurePosixPath(path).name.startswith(
                    ("~$", ".")
                ):
                    found.append((path, archive.read(info)))
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError) as error:
        raise ZhunshengError("ZS-WB-07", name=name, detail=str(error)[:120]) from None
    if not found:
        raise ZhunshengError("ZS-WB-07", name=name, detail="里面没有绩效目标文件")
    return found


def _gbk(name: str) -> str:
    try:
        return name.encode("cp437").decode("gbk")
    except UnicodeError:
        return name


def take_archive(
    upload: Upload, district: Organisation, year: int, user: User | None, progress: Progress = no_progress
) -> dict[str, Any]:
    """Take in a zip: each document goes to the department it names, or that its folder or file names.

    Departments not known yet are added under ``district``. Returns counts and what could not be taken in, file by file.
    """
    listed = members(upload.content(), upload.name)
    taken, failed, departments = 0, [], set()
    for n, (path, content) in enumerate(listed):
        progress(PurePosixPath(path).name, n, len(listed))
        try:
            with transaction.atomic():
                department = _department_of(path, content, district)
                one = keep(content, PurePosixPath(path).name, "document", department, user)
                versions = take_document(one, department, year, user, reason="集中导入")
                taken += len(versions)
                departments.add(department.pk)
        except ZhunshengError as error:
            failed.append({"file": path, "error": error.text()})
    return {"files": len(listed), "sheets": taken, "departments": len(departments), "failed": failed}


def _department_of(path: str, content: bytes, district: Organisation) -> Organisation:
    from zhunsheng.intake import book_of, open_bytes

    book = book_of(open_bytes(content, PurePosixPath(path).name))
    pure = PurePosixPath(path)
    named = next((s.department for s in book.sheets if s.department), None)
    folder = "" if pure.parent.name.isdigit() else pure.parent.name
    name = named or folder or pure.stem
    found, _ = Organisation.objects.get_or_create(parent=district, name=name[:120], defaults={"kind": "department"})
    return found


def assess_all(district: Organisation, year: int, progress: Progress = no_progress) -> dict[str, Any]:
    """Assess every department below with sheets of the year, against one state of the evidence."""
    departments = list(
        Organisation.objects.filter(path__startswith=district.path, sheets__year=year, sheets__retired=False).distinct()
    )
    evidence = Evidence.of(store())
    failed = []
    for n, department in enumerate(departments):
        progress(department.name, n, len(departments))
        try:
            assess_now(department, year, evidence=evidence, tables=False)
        except ZhunshengError as error:
            failed.append({"department": department.name, "error": error.text()})
    return {"departments": len(departments), "failed": failed}


def ranking(district: Organisation, year: int) -> list[dict[str, Any]]:
    """Return one line a department: total score, lights, findings by level, execution; best first, unscored last.

    ``unreviewed`` is how many of its sheets were not reviewed as they stand: its findings are then not all there are.
    """
    rows = Assessment.objects.filter(department__path__startswith=district.path, year=year).order_by("as_of", "pk")
    newest = {row["department_id"]: row for row in rows.values("department_id", "total", "grade", "execution")}
    lights: dict[int, dict[str, int]] = defaultdict(dict)
    for row in _lights(district, year).values("department_id", "light").annotate(n=Count("id")).order_by():
        lights[row["department_id"]][row["light"]] = row["n"]
    findings: dict[int, dict[str, int]] = defaultdict(dict)
    counted = SheetFinding.objects.filter(department__path__startswith=district.path, year=year)
    for row in counted.values("department_id", "level").annotate(n=Count("id")).order_by():
        findings[row["department_id"]][row["level"]] = row["n"]
    sheets = Sheet.objects.filter(department__path__startswith=district.path, year=year, retired=False)
    pending = unreviewed(district, year)
    counts = {r["department_id"]: r["n"] for r in sheets.values("department_id").annotate(n=Count("id")).order_by()}
    table = []
    for department in Organisation.objects.filter(pk__in=counts):
        found = newest.get(department.pk, {})
        total = found.get("total")
        table.append(
            {
                "department": department,
                "sheets": counts[department.pk],
                "total": None if total is None else float(total),
                "grade": found.get("grade", ""),
                "execution": found.get("execution"),
                "lights": lights[department.pk],
                "findings": findings[department.pk],
                "unreviewed": pending.get(department.pk, 0),
            }
        )
    return sorted(table, key=lambda r: (r["total"] is None, -(r["total"] or 0), r["department"].name))


def _lights(district: Organisation, year: int) -> Any:
    return IndicatorLight.objects.filter(department__path__startswith=district.path, year=year)


def heat_map(district: Organisation, year: int) -> dict[str, Any]:
    """Return departments × dimensions: the share of lights that are green, for the heat map; greys are left out."""
    cells: dict[tuple[int, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in _lights(district, year).values("department_id", "dimension", "light").annotate(n=Count("id")).order_by():
        # A department's own sheet has sub-goals of its own where projects have the framework's dimensions.
        dimension = row["dimension"] if row["dimension"] in DIMENSIONS else WHOLE
        cells[row["department_id"], dimension][row["light"]] += row["n"]
    dimensions = [d for d in (WHOLE, *DIMENSIONS) if any(d == name for _, name in cells)]
    departments = list(Organisation.objects.filter(pk__in={k for k, _ in cells}).order_by("name"))
    values = []
    for y, department in enumerate(departments):
        for x, dimension in enumerate(dimensions):
            counted = cells.get((department.pk, dimension))
            lit = sum(counted[c] for c in ("green", "yellow", "red")) if counted else 0
            if counted and lit:
                values.append(
                    [x, y, round(100 * counted["green"] / lit), counted["red"], counted["yellow"], counted["green"]]
                )
    return {
        "departments": [d.name for d in departments],
        "ids": [d.pk for d in departments],
        "dimensions": dimensions,
        "values": values,
    }


def findings_by_rule(district: Organisation, year: int) -> list[dict[str, Any]]:
    """Return rules with how many findings in how many departments, most first."""
    rows = SheetFinding.objects.filter(department__path__startswith=district.path, year=year)
    return list(
        rows.values("rule", "level", "title")
        .annotate(n=Count("id"), departments=Count("department", distinct=True))
        .order_by("-n", "rule")
    )


def late(district: Organisation, year: int, today: date) -> list[dict[str, Any]]:
    """Return who is late with what: calendar entries past due without a submission, longest first."""
    with_sheets = Organisation.objects.filter(path__startswith=district.path, sheets__year=year).distinct()
    entries = list(
        CalendarEntry.objects.filter(year=year, active=True, due_on__lt=today).select_related("organisation")
    )
    handed_in = set(Checkpoint.objects.filter(year=year).exclude(state="open").values_list("department_id", "as_of"))
    evaluated = set(
        SelfEvaluation.objects.filter(year=year)
        .exclude(state__in=("draft", "returned"))
        .values_list("department_id", flat=True)
    )
    found = []
    for department in with_sheets:
        for entry in entries:
            if not entry.organisation.covers(department):
                continue
            done = (
                (department.pk, entry.as_of) in handed_in if entry.kind == "monitoring" else department.pk in evaluated
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
    return sorted(found, key=lambda f: (-f["days"], f["department"].name))


def totals(district: Organisation, year: int) -> dict[str, Any]:
    """Return the counts at the head of the page."""
    sheets = Sheet.objects.filter(department__path__startswith=district.path, year=year, retired=False)
    lights = {r["light"]: r["n"] for r in _lights(district, year).values("light").annotate(n=Count("id")).order_by()}
    points = _lights(district, year).aggregate(points=Sum("points"), score=Sum("score"))
    return {
        "departments": sheets.values("department").distinct().count(),
        "sheets": sheets.count(),
        "findings": SheetFinding.objects.filter(department__path__startswith=district.path, year=year).count(),
        "unreviewed": len(unreviewed(district, year)),
        "lights": lights,
        "share": float(points["score"] / points["points"]) if points["points"] else None,
    }
