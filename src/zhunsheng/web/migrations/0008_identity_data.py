"""Give sheets and words of the time of names their codes; say since when approved versions hold."""

from __future__ import annotations

import secrets
from datetime import date
from typing import Any

from django.db import migrations

from zhunsheng.targets import Book
from zhunsheng.targets.identity import identified

ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
SOURCE = {"name": "", "sha256": "", "media_type": ""}


def give_codes(apps: Any, editor: Any) -> None:
    """Fill what the columns of the migration before hold; what can't be told apart by name is left without a code."""
    sheet, version, word, step, evaluation, assessment = (
        apps.get_model("web", name)
        for name in ("Sheet", "SheetVersion", "Word", "Step", "SelfEvaluation", "Assessment")
    )
    by_place: dict[tuple[int, int], list[Any]] = {}
    for one in sheet.objects.all():
        one.code = "".join(secrets.choice(ALPHABET) for _ in range(10))
        newest = version.objects.filter(sheet=one).order_by("-number").first()
        if newest is not None and one.kind == "project":
            one.project_code = str(newest.body.get("code") or "")[:40]
        one.save(update_fields=["code", "project_code"])
        if newest is not None:
            by_place.setdefault((one.department_id, one.year), []).append((one, _sheet(newest.body, one.code)))
        _in_force(one, version, step)
    for one in word.objects.filter(checkpoint=None):
        one.evaluation = evaluation.objects.filter(department=one.department_id, year=one.year).first()
        one.save(update_fields=["evaluation"])
    for one in word.objects.all():
        keys = [
            (known.code, indicator.id)
            for known, body in by_place.get((one.department_id, one.year), [])
            if body.title() == one.sheet
            for indicator in body.indicators
            if indicator.name == one.indicator
        ]
        if len(keys) == 1:
            one.sheet_code, one.indicator_code = keys[0]
            one.save(update_fields=["sheet_code", "indicator_code"])
    for one in assessment.objects.all():
        one.assessed_at = one.created_at
        one.save(update_fields=["assessed_at"])


def _sheet(body: dict[str, Any], code: str) -> Any:
    data = {"format": "zhunsheng.book/1", "source": SOURCE, "sheets": [body], "unsure": []}
    return identified(Book.from_json(data).sheets[0].model_copy(update={"id": code}))


def _in_force(one: Any, version: Any, step: Any) -> None:
    first, last = date(one.year, 1, 1), date(one.year, 12, 31)
    for n, approved in enumerate(version.objects.filter(sheet=one, state="approved").order_by("number")):
        taken = step.objects.filter(model="sheetversion", object_id=approved.pk, action="targets.approve").last()
        day = taken.at.date() if taken and n else first
        approved.in_force_from = min(max(day, first), last)
        approved.save(update_fields=["in_force_from"])


def nothing(apps: Any, editor: Any) -> None:
    """The columns go with the migration before."""


class Migration(migrations.Migration):
    """Data only, apart from the schema, since PostgreSQL alters no table with changes pending."""

    dependencies = [("web", "0007_identity")]
    operations = [migrations.RunPython(give_codes, nothing)]
