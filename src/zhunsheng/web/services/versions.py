"""What the pages of a sheet's version show: its fields in their parts, the original beside them,
two versions, its files.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.scratch import scratch_folder
from zhunsheng.reports.docx import write_forms
from zhunsheng.reports.forms import target_form
from zhunsheng.reports.xlsx import write_workbook
from zhunsheng.targets import Indicator, TargetSheet
from zhunsheng.targets.comparing import changes
from zhunsheng.targets.fields import INDICATOR_LABELS, Field, fields_of
from zhunsheng.usecases.documents import original, place_key
from zhunsheng.web.models import SheetFinding, SheetVersion, Upload
from zhunsheng.web.services import indicators, papers, review
from zhunsheng.web.services.sheets import documents, doubts, drafts
from zhunsheng.web.services.sheets.layouts import TableKept
from zhunsheng.web.services.uploads import picture_of_page
from zhunsheng.web.telling import tell

STATE_WORDS = {
    "passed": gettext_lazy("通过"),
    "found": gettext_lazy("有发现"),
    "not_applicable": gettext_lazy("不适用"),
    "cannot_judge": gettext_lazy("判断不了"),
    "not_run": gettext_lazy("还没查"),
}
RARE = ("weight", "last_year")  # columns that many sheets leave empty


def levels(version: SheetVersion) -> dict[str, int]:
    """Return how many findings of each level a version has."""
    found = list(version.findings.values_list("level", flat=True))
    return {level: found.count(level) for level in ("error", "warning", "note")}


def _about(field: str, path: str) -> bool:
    """Return whether a finding on a field belongs beside the field at a path: the field itself,
    or the first of its parts.
    """
    return (
        field == path
        or (field == "budget" and path == "budget.total")
        or (field == "goals" and path == "goals.0.text")
    )


def _reviewed(version: SheetVersion, sheet: TargetSheet, fields: dict[str, Field]) -> dict[str, Any]:
    """Return what the panel of the review shows: how it stands, its findings, and those that stand beside no
    field.
    """
    standing = review.standing_of(version)
    findings = list(version.findings.all()) or review.told(version, standing)
    codes = {i.id for i in sheet.indicators}  # their findings stand in their rows
    beside = [p for p in fields if p.split(".")[0] not in ("plan", "indicators")]
    return {
        "standing": standing,
        "rests": review.rests_on(version.department, version.sheet.year),
        "by_state": [(state, STATE_WORDS[state], listed) for state, listed in standing.duties.items()],
        "findings": findings,
        "general": [
            f
            for f in findings
            if f.indicator_code not in codes and (f.indicator or not any(_about(f.field, p) for p in beside))
        ],
    }


def shown(version: SheetVersion, *, every: bool) -> dict[str, Any]:
    """Return a version's fields in their parts, with their findings, its review, and the document it is from.

    Columns that are empty in all rows are left out unless ``every`` is asked for.
    """
    sheet = version.target_sheet()
    fields = fields_of(sheet)
    keys = {path: place_key(f.place) for path, f in fields.items()}
    reviewed = _reviewed(version, sheet, fields)
    context = _parts(sheet, fields, keys, reviewed["findings"])
    # Empty columns take room that the original needs; a click brings them back.
    hidden = [n for n in RARE if not every and not any(r["cells"][n]["field"].text for r in context["rows"])]
    return {
        "sheet": sheet,
        **context,
        **reviewed,
        "plan_keys": drafts.row_keys(sheet, "plan"),
        "labels": {k: v for k, v in INDICATOR_LABELS.items() if k not in hidden},
        "hidden": hidden,
        "document": _document(version),
        "linked": set(keys.values()) - {""},
        **doubted(version),
        **indicators.CHOICES,
    }


def _parts(
    sheet: TargetSheet, fields: dict[str, Field], keys: dict[str, str], findings: Sequence[SheetFinding]
) -> dict[str, Any]:
    """Return the fields as ``head``, ``goals``, ``plan`` and ``rows`` of indicators, each
    with its findings.
    """
    head: list[dict[str, Any]] = []
    goals: list[dict[str, Any]] = []
    plan: dict[int, dict[str, Any]] = {}
    cells: dict[int, dict[str, Any]] = {}
    for path, field in fields.items():
        entry: dict[str, object] = {
            "field": field,
            "key": keys[path],
            "path": path,
            "findings": [f for f in findings if not f.indicator and _about(f.field, path)],
        }
        parts = path.split(".")
        if parts[0] == "plan":
            plan.setdefault(int(parts[1]), {})[parts[2]] = entry
        elif parts[0] == "goals":
            goals.append(entry | {"row": drafts.row_keys(sheet, "goals")[int(parts[1])]})
        elif parts[0] == "indicators":
            cells.setdefault(int(parts[1]), {})[parts[2]] = entry
        else:
            entry["long"] = parts[0] in ("purpose", "narrative")
            head.append(entry)
    rows = [
        {
            "n": n,
            "cells": own,
            "one": (one := sheet.indicators[n]),
            "unread": one.target.op == "unread",
            "findings": [f for f in findings if f.indicator_code == one.id],
        }
        for n, own in cells.items()
    ]
    return {"head": head, "goals": goals, "plan": plan, "rows": rows}


def doubted(version: SheetVersion) -> dict[str, Any]:
    """Return what a page shows of a version's doubts: ``asked`` and ``told``, how many nobody has confirmed
    (``unconfirmed``), the paths of those, the pages of a PDF, and their numbers by the keys of their places.
    """
    found = doubts.doubts(version)
    asked = [one for one in found if one.asked]
    paths = {one.path for one in asked if one.waits}
    marks: dict[str, list[doubts.Doubt]] = {}
    for one in asked:
        if one.key:
            marks.setdefault(one.key, []).append(one)
    left = unsettled(version, paths)
    return {
        "asked": asked,
        "told": [one for one in found if not one.asked],
        "unconfirmed": sum(one.waits for one in asked),
        "comparable": sum(one.waits and not one.unread for one in asked),
        "unsettled": left,
        "unsettled_count": len(left),
        "doubted_paths": paths,
        "marks": marks,
        "pages": doubts.pages(version, asked),
    }


def unsettled(version: SheetVersion, but: Collection[str] = ()) -> list[tuple[int, Indicator]]:
    """Return the indicators (from 0) of which a person has to say what they are before results are read
    against them, but for those about whose target (by path) a doubt asks already.
    """
    rows = enumerate(version.target_sheet().indicators)
    return [(n, one) for n, one in rows if one.type.unsure and f"indicators.{n}.target" not in but]


def page_picture(version: SheetVersion, number: int) -> bytes | None:
    """Return a page (from 1) of the PDF that a version was read from as PNG; None where it is from none.

    Raises ``ZS-IN-04``, ``-05``, ``-42``, ``-43``.
    """
    if version.upload is None:
        return None
    try:
        return picture_of_page(version.upload, number)
    except ZhunshengError as error:
        if error.code == "ZS-IN-03":
            return None
        raise


def tables_of(version: SheetVersion) -> list[TableKept]:
    """Return the tables that a version was read from, each layout once; none for one that is of no document's
    reading.
    """
    return list({one.digest: one for one in reversed(documents.tables_of(version))}.values())[::-1]


def _document(version: SheetVersion) -> list[dict[str, object]]:
    """Return the parts of the document that a version is from, or in its place why it can't be read."""
    return [] if version.upload is None else document_of(version.upload)


def document_of(upload: Upload) -> list[dict[str, object]]:
    """Return the parts of a document, or in their place why it can't be read."""
    try:
        with upload.opened() as path:
            return original(path)
    except ZhunshengError as error:
        return [{"kind": "p", "key": "", "text": tell(error)}]


def set_field(version: SheetVersion, path: str, text: str, was: str, seen: str) -> dict[str, Any]:
    """Set one field, and return what stands beside it then: ``status`` is kept, wrong or conflict.

    Where someone else changed it meanwhile, both values come back for a choice.
    ``seen`` is what the page knew of the version: ``followed`` says that what it knows now differs by this
    edit alone.
    """
    status, error, value = "kept", None, text.strip()
    # The person's own edit moves what they have seen along; an edit by someone else since then does not.
    followed = bool(seen) and seen == version.seen_digest()
    asked = _asked(version)
    try:
        version = drafts.set_field(version, path, text, was)
    except ZhunshengError as problem:
        error, status = problem, "conflict" if problem.code == "ZS-WB-03" else "wrong"
    sheet = version.target_sheet()
    fields = fields_of(sheet)
    known = fields.get(path)
    if status == "conflict" and error is not None:
        known = replace(known, text=error.params["theirs"]) if known else None
    if status == "kept" and known is not None:
        value = known.text
    reviewed = _reviewed(version, sheet, fields)
    parts = path.split(".")
    one = sheet.indicators[int(parts[1])] if known is not None and parts[0] == "indicators" else None
    return {
        "status": status,
        "one": one,
        "beside": [f for f in reviewed["findings"] if one and f.indicator_code == one.id],
        **indicators.CHOICES,
        "error": error,
        "value": value,
        "known": known,
        "version": version,
        **reviewed,
        "followed": followed and status == "kept",
        **({"doubts_again": True, **doubted(version)} if _asked(version) != asked else {}),
    }


def _asked(version: SheetVersion) -> tuple[object, ...]:
    """Return what the list of doubts shows of a version that an edit may change: what was answered, and which
    indicators wait to be settled, with their words.
    """
    rows = enumerate(version.target_sheet().indicators)
    left = [(n, one.name, one.target.raw, one.reads, one.type.unsure) for n, one in rows if one.type.unsure]
    return dict(version.answered), left, [(one.path, one.read) for one in doubts.doubts(version)]


def compared(version: SheetVersion, other: SheetVersion) -> dict[str, Any]:
    """Return two versions of a sheet side by side, the earlier first, with the fields that changed."""
    old, new = sorted((version, other), key=lambda v: v.number)
    one, two = old.target_sheet(), new.target_sheet()
    return {
        "old": old,
        "new": new,
        "changes": changes(one, two),
        "forms": [target_form(one), target_form(two)],
    }


def official_table(version: SheetVersion, kind: str) -> tuple[bytes, str]:
    """Return a version's official target table as ``docx`` or ``xlsx``, as it is given out, and its name.
    Raises ``ZS-WB-80``.
    """
    name = f"{version.sheet.name}（第{version.number}版）.{kind}"
    return papers.given(table_of(version, kind), name, version, version.department, version.sheet.year), name


def table_of(version: SheetVersion, kind: str) -> bytes:
    """Return a version's official target table as ``docx`` or ``xlsx``, without code and manifest."""
    form = target_form(version.target_sheet())
    with scratch_folder() as scratch:
        path = scratch / f"表.{kind}"
        if kind == "docx":
            write_forms([form], path)
        else:
            write_workbook([("绩效目标表", form)], path)
        return path.read_bytes()


def uploaded_words(made: Sequence[SheetVersion], upload: int, year: int) -> str:
    """Return in words what came of a document that was uploaded (by id) on the page of a year."""
    if made[0].upload_id != upload:
        message = _("这份文件先前已上传，没有另建版本。")
        if any(v.edited for v in made):
            message += _("那之后改过内容，现在的与文件不同。")
            message += (
                _("已批复的要按文件重来，请先提出调整，再上传。")
                if any(v.state == "approved" for v in made)
                else _("要按文件重来，请先作废这一版再上传。")
            )
        return message
    message = _("识别出 %(n)s 张目标表，请逐项核对。") % {"n": len(made)}
    if elsewhere := sorted({v.sheet.year for v in made} - {year}):
        message += _("文件写明的年度是 %(years)s 年，已归入该年，不在 %(year)s 年之下。") % {
            "years": "、".join(str(y) for y in elsewhere),
            "year": year,
        }
    return message + "".join(documents.joined_words(v) for v in made)
