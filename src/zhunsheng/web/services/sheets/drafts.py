"""Drafts: begun by adjustment, blank or from last year, changed field by field."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Literal, get_args

from django.db import transaction

from zhunsheng.errors import ZhunshengError
from zhunsheng.targets import Goal, Indicator, PlanStep, TargetSheet, TargetValue
from zhunsheng.targets.editing import Part, with_added, with_text, without
from zhunsheng.targets.fields import NEW_INDICATOR, Field, fields_of
from zhunsheng.targets.starting import blank_sheet, carried_over
from zhunsheng.text import clean
from zhunsheng.translation import series, worded
from zhunsheng.web.models import AuditEntry, LibraryIndicator, Organisation, SheetVersion, User
from zhunsheng.web.models.audited import record
from zhunsheng.web.models.decided import shown
from zhunsheng.web.models.people import new_code
from zhunsheng.web.models.targets import WHOLE, body_of
from zhunsheng.web.services.sheets import doubts
from zhunsheng.web.services.sheets.documents import add_version
from zhunsheng.web.services.sheets.lookup import EDITABLE, in_force, newest, refresh_findings, sheets_of, turn

PARTS: tuple[Part, ...] = get_args(Part)


def adjust(version: SheetVersion, user: User, reason: str) -> SheetVersion:
    """Open an adjustment (调整) of an approved version as a new draft. Raises ``ZS-WB-01``,
    ``ZS-WB-06`` without a reason.
    """
    if version.sheet.latest.pk != version.pk:
        raise ZhunshengError("ZS-WB-01", title=str(version), state=worded("已有更新的版本"))
    sheet, upload = version.target_sheet(), version.upload
    made = add_version(
        sheet, version.department, user, "adjust", reason=reason, upload=upload, of=version.sheet
    )
    refresh_findings(version.department, version.sheet.year)
    return made


def start_blank(
    department: Organisation, year: int, kind: Literal["department", "project"], name: str, user: User
) -> SheetVersion:
    """Start a sheet from the empty form. Raises ``ZS-WB-06`` for a name that is missing or taken."""
    if kind not in ("department", "project") or (kind == "project" and not name.strip()):
        raise ZhunshengError("ZS-WB-06", detail=worded("请填写项目名称"))
    known = WHOLE if kind == "department" else name.strip()
    with turn(department, user):
        if any((s.kind, s.name) == (kind, known) for s in sheets_of(department, year)):
            raise ZhunshengError("ZS-WB-06", detail=worded("{year}年已有“{known}”", year=year, known=known))
        sheet = blank_sheet(kind, name.strip() or None, department.name, year)
        made = add_version(sheet, department, user, "blank")
        refresh_findings(department, year)
    return made


def start_from_last_year(
    department: Organisation, year: int, user: User
) -> tuple[list[SheetVersion], list[SheetVersion]]:
    """Start every sheet of last year that this year does not have yet; beside what was made come the versions
    left where they are, since nobody has confirmed how they were read. Raises ``ZS-WB-06`` where there is
    none, ``ZS-WB-100`` where all were left.
    """
    with turn(department, user):
        have = {(s.kind, s.name) for s in sheets_of(department, year)}
        made, left = [], []
        for old in sheets_of(department, year - 1):
            if (old.kind, old.name) in have:
                continue
            source = in_force(old) or newest(old)
            if doubts.waiting(source):
                left.append(source)
                continue
            carried = carried_over(source.target_sheet(), year, in_force=source.state == "approved")
            writers = [] if source.state == "approved" else sorted(source.writers())
            made.append(add_version(carried, department, user, "last-year", carried=writers))
        if left and not made:
            raise ZhunshengError("ZS-WB-100", titles=series(left))
        if not made:
            raise ZhunshengError(
                "ZS-WB-06", detail=worded("{year}年没有可以沿用的目标表，或都已沿用", year=year - 1)
            )
        refresh_findings(department, year)
    return made, left


def current_fields(version: SheetVersion) -> dict[str, Field]:
    """Return the version's editable fields."""
    return fields_of(version.target_sheet())


def _open(version: SheetVersion) -> SheetVersion:
    """Return a version as it is now, locked, while it may be edited and none took its place.
    Raises ``ZS-WB-01``.
    """
    now = SheetVersion.objects.select_for_update().get(pk=version.pk)
    if now.state not in EDITABLE:
        raise ZhunshengError("ZS-WB-01", title=str(now), state=now.get_state_display())
    if newer := now.sheet.versions.filter(number__gt=now.number).exclude(state="void").last():
        raise ZhunshengError(
            "ZS-WB-01", title=str(now), state=worded("已有更新的第{number}版", number=newer.number)
        )
    return now


def set_field(version: SheetVersion, path: str, text: str, was: str) -> SheetVersion:
    """Set one field from what a person typed over ``was``.

    Raises ``ZS-WB-03`` when the field is no longer what the person saw (with who changed it and to what),
    ``ZS-TG-*``, ``ZS-WB-01`` when the version is no longer open.
    """
    with transaction.atomic():
        now = _open(version)
        sheet = now.target_sheet()
        field = fields_of(sheet).get(path)
        if field is None:
            raise ZhunshengError("ZS-TG-02", path=path)
        if field.text == text.strip():
            return now
        # Browsers write line breaks in their own way; that is no change by someone else.
        if clean(field.text) != clean(was):
            edit = AuditEntry.objects.filter(
                model="sheetversion", object_id=str(now.pk), action="edit", after__has_key=path
            ).first()
            raise ZhunshengError(
                "ZS-WB-03",
                label=field.label,
                who=edit.actor if edit else worded("他人"),
                theirs=field.text,
                mine=text,
            )
        return _keep(now, sheet, with_text(sheet, path, text), {path: field.text}, {path: text.strip()})


def _part(name: str) -> Part:
    """Return the part of a sheet that is called so. Raises ``ZS-TG-02``."""
    for part in PARTS:
        if part == name:
            return part
    raise ZhunshengError("ZS-TG-02", path=name)


def add_part(version: SheetVersion, part: str, library: LibraryIndicator | None = None) -> SheetVersion:
    """Add an indicator (empty, or from the library), a goal or a plan date. Raises ``ZS-TG-02``,
    ``ZS-WB-01``.
    """
    known = _part(part)
    # A code of its own, that no indicator of any version had: one that was deleted leaves it nothing.
    indicator = Indicator(id=new_code(), name=NEW_INDICATOR, target=TargetValue.parse(""))
    if library is not None:
        indicator = Indicator(
            id=new_code(),
            level1=library.level1,
            level2=library.level2,
            name=library.name,
            description=library.description or None,
            target=TargetValue.parse(library.target, year=version.sheet.year),
            basis=library.basis or None,
            operator=(library.direction or None) if not library.target else None,
            unit=(library.unit or None) if not library.target else None,
        )
    added = {f"add {part}": library.name if library else ""}
    return change(version, lambda s: with_added(s, known, indicator), lambda _old, _new: ({}, added))


def row_keys(sheet: TargetSheet, part: str) -> list[str]:
    """Return what tells the rows of a part apart, whatever stands before them: an indicator's code,
    the others' words.
    """
    if part == "indicators":
        return [i.id for i in sheet.indicators]
    rows: Sequence[PlanStep | Goal] = sheet.spending_plan.steps if part == "plan" else sheet.goals
    return [shown(row.model_dump_json())[:16] for row in rows]


def remove_part(version: SheetVersion, part: str, key: str) -> SheetVersion:
    """Remove the indicator, goal or plan date of a key (``row_keys``); the log keeps its words.

    Raises ``ZS-TG-02``, ``ZS-WB-01``, ``ZS-WB-46`` where it is there no more.
    """
    known = _part(part)
    at: list[int] = []

    def gone(sheet: TargetSheet) -> TargetSheet:
        keys = row_keys(sheet, part)
        if key not in keys:
            raise ZhunshengError("ZS-WB-46", title=str(version))
        at.append(keys.index(key))
        return without(sheet, known, at[0])

    def told(old: TargetSheet, _new: TargetSheet) -> tuple[dict[str, str], dict[str, str]]:
        said = [
            f.text for path, f in fields_of(old).items() if path.startswith(f"{part}.{at[0]}.") and f.text
        ]
        return {f"remove {part}": "；".join(said)}, {f"remove {part}": ""}

    return change(version, gone, told)


def change(
    version: SheetVersion,
    how: Callable[[TargetSheet], TargetSheet],
    telling: Callable[[TargetSheet, TargetSheet], tuple[dict[str, str], dict[str, str]]],
) -> SheetVersion:
    """Change an open version's sheet; ``telling`` gives what the log says of it.
    Raises ``ZS-WB-01`` and what ``how`` does.
    """
    with transaction.atomic():
        now = _open(version)
        sheet = now.target_sheet()
        changed = how(sheet)
        return _keep(now, sheet, changed, *telling(sheet, changed))


def label(version: SheetVersion) -> None:
    """Call a record as the version calls it, while none is in force; an approved version says it itself."""
    if not version.sheet.versions.filter(state="approved").exists():
        version.call_sheet()


def confirm(version: SheetVersion, numbers: Collection[int] | None = None) -> SheetVersion:
    """Keep that who acts found these doubts of an open version read right; None: all that are left and of
    which something was read. What was not read is answered one by one.

    What was confirmed or corrected meanwhile stays as it is. The log names each with what the document says
    and what was read. Raises ``ZS-WB-71`` for a number that is none of the doubts to confirm, ``ZS-WB-01``.
    """
    with transaction.atomic():
        now = _open(version)
        asked = {one.number: one for one in doubts.doubts(now) if one.asked}
        if strange := [n for n in numbers or () if n not in asked]:
            raise ZhunshengError("ZS-WB-71", title=str(now), number=strange[0] + 1)
        wanted = [
            one
            for n, one in asked.items()
            if one.waits and (not one.unread if numbers is None else n in numbers)
        ]
        if not wanted:
            return now
        doubts.answer(now, [one.number for one in wanted], "confirmed")
        now.save()
        told = {one.number: " ".join(filter(None, (f"{one.shown}.", one.title, one.label))) for one in wanted}
        record(
            "targets.confirm",
            now,
            {told[one.number]: one.text for one in wanted},
            {told[one.number]: one.read for one in wanted},
        )
        return now


def _keep(
    version: SheetVersion,
    old: TargetSheet,
    sheet: TargetSheet,
    before: dict[str, str],
    after: dict[str, str],
) -> SheetVersion:
    doubts.follow(version, old, sheet, after)
    version.body = body_of(sheet)
    version.save()
    label(version)
    record("edit", version, before, after)
    refresh_findings(version.department, version.sheet.year)
    return version
