"""The year's figures: assess a department against the evidence, once for each state of all it rests on, and keep them."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Store
from zhunsheng.intake import read_book
from zhunsheng.web.models import (
    Assessment,
    CalendarEntry,
    Checkpoint,
    IndicatorLight,
    LocalScheme,
    Organisation,
    SelfEvaluation,
    User,
    Word,
)
from zhunsheng.web.models.work import cipher
from zhunsheng.web.services.sheets import book_now
from zhunsheng.web.workflow import note
from zhunsheng.workspace import Assessment as Assessed
from zhunsheng.workspace import Evidence, assess, official_forms, payments_of, recheck_book, write_outputs


def store() -> Store:
    """Return the site's evidence store; it is made at the first import."""
    return Store(settings.DATA / "evidence", cipher())


def default_as_of(year: int) -> date:
    """Return the date up to which a year is shown: today, or for years past the end of February after it."""
    return min(timezone.localdate(), date(year + 1, 2, 28))


def newest_assessment(department: Organisation, year: int) -> Assessment | None:
    """Return the assessment of the latest date, of those the newest."""
    return Assessment.objects.filter(department=department, year=year).order_by("-as_of", "-pk").first()


def words_of(department: Organisation, year: int) -> dict[tuple[str, str], Word]:
    """Return the newest word on each indicator by (sheet, indicator)."""
    return {
        (w.sheet, w.indicator): w for w in Word.objects.filter(department=department, year=year).select_related("by")
    }


def scheme_for(department: Organisation, year: int) -> LocalScheme | None:
    """Return the local scheme nearest above a department in force for a year, None for the national one."""
    found = LocalScheme.objects.filter(
        organisation__in=department.line, active=True, first_year__lte=year
    ).select_related("organisation")
    return max(found, key=lambda s: (len(s.organisation.path), s.first_year), default=None)


def state_key(department: Organisation, year: int, as_of: date, evidence: Evidence | None = None) -> str:
    """Return the digest of all an assessment rests on: sheets, words, scheme, date and the store's last batch."""
    versions, _ = book_now(department, year)
    scheme = scheme_for(department, year)
    parts = {
        "versions": [[v.pk, hashlib.sha256(json.dumps(v.body, sort_keys=True).encode()).hexdigest()] for v in versions],
        "words": [w.pk for w in words_of(department, year).values()],
        "scheme": scheme.text if scheme else "",
        "as_of": as_of.isoformat(),
        "batch": (evidence.snapshot if evidence else store().snapshot()).digest,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def compute(department: Organisation, year: int, day: date, evidence: Evidence | None = None) -> Assessed:
    """Assess a department's year on a day (inclusive) by the scheme that holds for it; nothing is kept.

    Raises ``ZS-WB-06`` where there are no sheets, ``ZS-SC-*`` for a word that scoring refuses.
    """
    _, book = book_now(department, year)
    if not book.sheets:
        raise ZhunshengError("ZS-WB-06", detail=f"{department} {year}年还没有绩效目标")
    scheme = scheme_for(department, year)
    with tempfile.TemporaryDirectory(prefix="zhunsheng-") as scratch:
        path = None
        if scheme:
            path = Path(scratch) / "scheme.yaml"
            path.write_text(scheme.text, "utf8")
        return assess(
            book,
            evidence or Evidence.of(store()),
            day,
            department=department.name,
            judgements=[w.judgement() for w in words_of(department, year).values()],
            scheme=path,
        )


def assess_now(
    department: Organisation,
    year: int,
    as_of: date | None = None,
    evidence: Evidence | None = None,
    *,
    tables: bool = True,
) -> Assessment:
    """Assess a department's year and keep the result; the same state is not assessed twice. Raises as ``compute``."""
    day = as_of or default_as_of(year)
    key = state_key(department, year, day, evidence)
    known = Assessment.objects.filter(department=department, year=year, key=key).first()
    if known and (not tables or (known.folder() / "forms.json").is_file()):
        if as_of is None:
            _keep_lights(known)
        return known
    opened = evidence or Evidence.of(store())
    done = compute(department, year, day, opened)
    main = next((r for r in done.results if r.sheet.kind == "department"), done.results[0])
    rates = [float(r.checkpoint.money.actual) for r in done.results if r.checkpoint.money.actual is not None]
    with transaction.atomic():
        kept, _ = Assessment.objects.get_or_create(
            department=department,
            year=year,
            key=key,
            defaults={
                "as_of": day,
                "batch": done.snapshot.batch,
                "digest": done.snapshot.digest,
                "result": _result(done, opened),
                "total": main.card.total,
                "grade": main.card.grade,
                "execution": sum(rates) / len(rates) if rates else None,
            },
        )
        if as_of is None:
            _keep_lights(kept)
    if tables:
        _write_tables(done, opened, kept.folder())
    return kept


def _result(done: Assessed, opened: Evidence) -> dict[str, Any]:
    """Return the assessment as data with what charts and pages ask for beside it: payments, plan, level names."""
    result = done.as_json()
    del result["book"]
    for said, one in zip(result["results"], done.results, strict=True):
        year = one.sheet.year or done.as_of.year
        paid = payments_of(opened, done.department, one.project, year, done.as_of) if one.project else ()
        said["payments"] = [[d.isoformat(), str(total)] for d, total in paid]
        said["plan"] = [[s.by.isoformat(), str(s.cumulative)] for s in one.sheet.spending_plan.steps]
        for line, indicator in zip(said["indicators"], one.sheet.indicators, strict=True):
            line |= {"level1": indicator.level1, "level2": indicator.level2}
    return result


def _write_tables(done: Assessed, opened: Evidence, folder: Path) -> None:
    """Write the official tables aside and move them in, so that whoever reads meanwhile gets a whole file; the list comes last."""
    folder.mkdir(parents=True, exist_ok=True)
    forms = {name: [asdict(form) for form in listed] for name, listed in official_forms(done).items()}
    with tempfile.TemporaryDirectory(prefix="making-", dir=folder.parent) as scratch:
        made = Path(scratch)
        write_outputs(done, opened, made, only=(*forms, "绩效评价报告"))
        for path in made.iterdir():
            path.replace(folder / path.name)
        (made / "forms.json").write_text(json.dumps(forms, ensure_ascii=False), "utf8")
        (made / "forms.json").replace(folder / "forms.json")


def _keep_lights(assessment: Assessment) -> None:
    IndicatorLight.objects.filter(department=assessment.department, year=assessment.year).delete()
    IndicatorLight.objects.bulk_create(
        IndicatorLight(
            department=assessment.department,
            year=assessment.year,
            sheet=one["sheet"][:200],
            indicator=line["name"][:300],
            dimension=line["score"]["dimension"] or "",
            light=line["monitoring"]["light"],
            points=Decimal(line["score"]["points"]),
            score=Decimal(line["score"]["score"]),
        )
        for one in assessment.result["results"]
        for line in one["indicators"]
    )


def forms_of(record: Checkpoint | SelfEvaluation, name: str) -> list[dict[str, Any]]:
    """Return the official forms of a checkpoint or self-evaluation as data; empty where there are no figures."""
    folder = tables_of(record)
    if folder is None:
        return []
    forms: list[dict[str, Any]] = json.loads((folder / "forms.json").read_text("utf8")).get(name, [])
    return forms


# -- monitoring -------------------------------------------------------------------------------------------------------


def calendar_of(department: Organisation, year: int, kind: str | None = None) -> list[CalendarEntry]:
    """Return the dates that hold for a department: its own and those set above it."""
    found = CalendarEntry.objects.filter(organisation__in=department.line, year=year, active=True)
    return list(found.filter(kind=kind) if kind else found)


def open_checkpoint(entry: CalendarEntry, department: Organisation, user: User | None) -> Checkpoint:
    """Open the checkpoint of a calendar entry with figures filled from the evidence; an open one is returned as it is."""
    with transaction.atomic():
        kept, made = Checkpoint.objects.get_or_create(
            department=department,
            as_of=entry.as_of,
            defaults={"year": entry.year, "name": entry.name, "due_on": entry.due_on},
        )
        if made and user is not None:
            note(user, kept, "monitoring.open", after="open")
    return fill_checkpoint(kept)


def fill_checkpoint(checkpoint: Checkpoint, *, tables: bool = False) -> Checkpoint:
    """Fill the figures of a checkpoint anew from the evidence and the words entered. A confirmed one stays as it is."""
    if checkpoint.state != "confirmed":
        checkpoint.assessment = assess_now(checkpoint.department, checkpoint.year, checkpoint.as_of, tables=tables)
        checkpoint.save()
    return checkpoint


def tables_of(record: Checkpoint | SelfEvaluation) -> Path | None:
    """Return the folder of a record's official tables, None for one without figures.

    Words are saved quickly; the tables are written when someone wants them, or at the latest when the record is submitted.
    Figures that were overtaken while the record is open are filled anew.
    """
    kept = record.assessment
    if kept is None:
        return None
    if not (kept.folder() / "forms.json").is_file():
        if state_key(kept.department, kept.year, kept.as_of) == kept.key:
            assess_now(kept.department, kept.year, kept.as_of)
        elif isinstance(record, Checkpoint):
            kept = fill_checkpoint(record, tables=True).assessment
        else:
            kept = fill_self_evaluation(record, tables=True).assessment
    return kept.folder() if (kept.folder() / "forms.json").is_file() else None


def unexplained(checkpoint: Checkpoint) -> list[tuple[str, str]]:
    """Return (sheet, indicator) of yellow and red lights without cause and measures."""
    if checkpoint.assessment is None:
        return []
    return [
        (one["sheet"], line["name"])
        for one in checkpoint.assessment.result["results"]
        for line in one["indicators"]
        if line["monitoring"]["light"] in ("yellow", "red")
        and not (line["monitoring"]["cause"] and line["monitoring"]["measures"])
    ]


def keep_word(
    department: Organisation, year: int, user: User, check: Callable[[], Any] | None = None, **said: Any
) -> Word:
    """Keep a person's word on an indicator; with ``check`` it is kept only if that runs without an error.

    ``attachments`` of the former word go along. Raises what ``check`` raises, and nothing is kept then.
    """
    files = list(said.pop("attachments", []))
    with transaction.atomic():
        former = words_of(department, year).get((said["sheet"], said["indicator"]))
        if former is not None:
            for name in ("cause", "measures", "actual", "band", "share", "over_accepted", "reason"):
                said.setdefault(name, getattr(former, name))
            files = [*former.attachments.all(), *files]
        word = Word.objects.create(department=department, year=year, by=user, **said)
        word.attachments.set(files)
        if check is not None:
            check()
    return word


# -- self-evaluation --------------------------------------------------------------------------------------------------


def open_self_evaluation(department: Organisation, year: int, user: User | None) -> SelfEvaluation:
    """Open the self-evaluation of a year by the calendar (default: data to the end of February, due on 31 March)."""
    entry = next(iter(calendar_of(department, year, "self")), None)
    with transaction.atomic():
        kept, made = SelfEvaluation.objects.get_or_create(
            department=department,
            year=year,
            defaults={
                "as_of": entry.as_of if entry else default_as_of(year),
                "due_on": entry.due_on if entry else date(year + 1, 3, 31),
            },
        )
        if made and user is not None:
            note(user, kept, "selfeval.open", after="draft")
    return fill_self_evaluation(kept)


def fill_self_evaluation(evaluation: SelfEvaluation, *, tables: bool = False) -> SelfEvaluation:
    """Compute the scores anew; one that was checked, signed or accepted stays as it is."""
    if evaluation.state in ("draft", "returned", "filled"):
        evaluation.assessment = assess_now(evaluation.department, evaluation.year, evaluation.as_of, tables=tables)
        evaluation.save()
    return evaluation


def recheck(evaluation: SelfEvaluation) -> list[dict[str, Any]]:
    """Re-check the reported tables (uploaded, or the signed ones) against figures computed anew, and keep the differences."""
    done = compute(evaluation.department, evaluation.year, evaluation.as_of)
    if evaluation.reported is not None:
        with evaluation.reported.opened() as path:
            reported = read_book(path)
    else:
        folder = tables_of(evaluation)
        if folder is None:
            raise ZhunshengError("ZS-WB-06", detail="还没有自评结果")
        reported = read_book(folder / "绩效自评表.xlsx")
    found = recheck_book(reported, done)
    evaluation.differences = [{"sheet": name, "differences": [d.as_json() for d in listed]} for name, listed in found]
    evaluation.save()
    return list(evaluation.differences)


def late_things(department: Organisation, year: int, today: date) -> list[dict[str, Any]]:
    """Return what is overdue or due within two weeks: checkpoints and self-evaluations not done, by due date."""
    found = []
    for entry in calendar_of(department, year):
        if entry.opens_on > today:
            continue
        done = False
        if entry.kind == "monitoring":
            done = Checkpoint.objects.filter(department=department, as_of=entry.as_of).exclude(state="open").exists()
        elif entry.kind == "self":
            done = (
                SelfEvaluation.objects.filter(department=department, year=year)
                .exclude(state__in=("draft", "returned"))
                .exists()
            )
        if not done:
            found.append(
                {"name": entry.name, "kind": entry.kind, "due_on": entry.due_on, "late": (today - entry.due_on).days}
            )
    return sorted(found, key=lambda f: f["due_on"])
