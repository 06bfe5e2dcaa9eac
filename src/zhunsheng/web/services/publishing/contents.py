"""What is copied of each kind of record: targets, self-evaluations, draws, results of inspections."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from zhunsheng.clock import told
from zhunsheng.draws.strata import untouched
from zhunsheng.measures import measures
from zhunsheng.measures.definitions import Measure, change_of, digest_of, own
from zhunsheng.usecases.result import Run, RunContest, RunSheet, RunTotal
from zhunsheng.web.models import Contest, Draw, SelfEvaluation, SheetVersion
from zhunsheng.web.services.commitments import happened
from zhunsheng.web.services.draws.committing import allotted
from zhunsheng.web.services.draws.entering import slips_shown, strength
from zhunsheng.web.services.draws.performing import proof_of
from zhunsheng.web.services.year.official import forms_of
from zhunsheng.wording import plain as figure

# Who typed it stays inside.
PUBLIC_CONTEST = {"typed", "computed", "difference", "doubt", "reason", "accepted", "refused", "measured_on"}


def _targets(version: SheetVersion) -> tuple[int, str, dict[str, Any]]:
    body = {k: v for k, v in version.body.items() if k not in ("provenance", "place")}
    return (
        version.sheet.year,
        f"{version.department.name_in(version.sheet.year)} {version.sheet.year}年 {version.sheet.name}",
        {"sheet": body, "version": version.number},
    )


def _self_evaluation(evaluation: SelfEvaluation) -> tuple[int, str, dict[str, Any]]:
    assert evaluation.assessment is not None  # it is signed
    run = evaluation.assessment.run
    refused = rulings_of(evaluation, "refused")
    # Every figure goes out with what it rests on: typed ones are marked, contested ones stand beside the
    # reading.
    scores = [
        {
            "id": one.id,
            "sheet": one.sheet,
            "total": figure(one.score.total),
            "most": figure(one.score.high if one.score.high is not None else one.score.total),
            "grade": one.score.grade,
            "basis": {k: figure(v) for k, v in one.score.basis.items()},
            "indicators": [
                {
                    "id": i.id,
                    "name": i.name,
                    "target": i.target,
                    "actual": i.outcome.text,
                    "sampled": i.outcome.sampled,
                    "origin": i.outcome.origin,
                    "confirmed": i.outcome.confirmed,
                    "contest": _contest(i.outcome.contest, refused.get((one.id, i.id))),
                    "verdict": i.score.verdict,
                    "points": figure(i.score.points),
                    "score": figure(i.score.shown) if i.score.shown is not None else None,
                    "granted": figure(i.score.granted),
                    "how": i.score.how,
                    "measure": i.reading.measure if i.reading else None,
                }
                for i in one.indicators
            ],
            "parts": _parts(one, run.results),
        }
        for one in run.results
    ]
    data = {
        "as_of": run.as_of.isoformat(),
        "scheme": run.scheme.model_dump(),
        "evidence": run.store.digest,
        "scores": scores,
        "measures": _measures_of(run),
    }
    return (
        evaluation.year,
        f"{evaluation.department.name_in(evaluation.year)} {evaluation.year}年度绩效自评",
        {**data, "forms": forms_of(evaluation, "绩效自评表")},
    )


def _measures_of(run: Run) -> list[dict[str, Any]]:
    """Return the measures that figures were read by, with their definitions and what auditors ask of them:
    version and digest are those of the reading, whatever was defined since.
    """
    read = {i.reading.measure: i.reading for one in run.results for i in one.indicators if i.reading}
    known = measures()
    return [
        {
            "id": name,
            "name": (m := known[name]).name,
            "version": reading.version,
            "definition": reading.definition or digest_of(m),
            "own": own(m),
            "since": change.since.isoformat()
            if own(m) and (change := change_of(m, reading.version))
            else None,
            "formula": m.formula,
            "citation": m.citation,
            "answers": m.answers.model_dump() if m.answers else None,
        }
        for name, reading in read.items()
        if name in known
    ]


def _since(measure: Measure, version: int) -> str | None:
    """Return since when a version of a body's own measure is used; of the package's nothing is told."""
    change = change_of(measure, version) if own(measure) else None
    return change.since.isoformat() if change else None


def _contest(contest: RunContest | None, refused: Contest | None) -> dict[str, Any] | None:
    """Return what the public is told of a contest; a refusal made since the figures were computed is told
    with its reason.
    """
    if contest is None:
        return None
    told = contest.model_dump(include=PUBLIC_CONTEST)
    if refused is not None and not contest.accepted and refused.computed == contest.computed:
        told["refused"] = refused.ruling
    return told


def rulings_of(evaluation: SelfEvaluation, *states: str) -> dict[tuple[str, str], Contest]:
    """Return the contests of a self-evaluation that were so ruled on, by the codes of sheet and indicator."""
    found = evaluation.contests.filter(state__in=states).select_related("word").order_by("pk")
    return {(c.word.sheet_code, c.word.indicator_code): c for c in found}


def _parts(sheet: RunSheet, sheets: tuple[RunSheet, ...]) -> list[dict[str, Any]]:
    """Return what a total has beside its indicators: execution, projects, and what a limit of the total takes
    away.

    With the indicators' points they add up to the total; ``score`` is None where all of a part is open.
    """
    total, execution = sheet.score, sheet.score.execution
    parts = []
    if projects := total.dimensions.get(PROJECTS):
        known = [s for s in sheets if s.kind == "project"]
        how = "；".join(f"{s.sheet} {_range(s.score)} 分" for s in known)
        parts.append(_part(PROJECTS, projects.points, projects.score, projects.open, how))
    parts.append(_part(EXECUTION, execution.points, execution.score, execution.open, execution.how))
    earned = sum((i.score.score for i in sheet.indicators), Decimal(0))
    earned += sum(
        (p.score for name, p in total.dimensions.items() if name in (PROJECTS, EXECUTION)), Decimal(0)
    )
    if earned != total.total:
        parts.append(_part("总分限制", Decimal(0), total.total - earned, Decimal(0), "；".join(total.notes)))
    return parts


def _part(name: str, points: Decimal, score: Decimal, open_: Decimal, how: str) -> dict[str, Any]:
    shown = None if open_ and open_ == points else figure(score)
    return {"name": name, "points": figure(points), "score": shown, "open": figure(open_), "how": how}


def _range(total: RunTotal) -> str:
    return (
        figure(total.total) if total.settled else f"{figure(total.total)}–{figure(total.high or total.total)}"
    )


def _draw(draw: Draw) -> tuple[int, str, dict[str, Any]]:
    data: dict[str, Any] = {
        "state": draw.state,
        "digest": draw.digest,
        "plan": draw.plan,
        "frame_count": draw.frame_count,
        "untouched": [{"stratum": s["stratum"], "size": s["size"]} for s in untouched(allotted(draw))],
        "verdict": strength(draw).text(),
        "slips": slips_shown(draw),
        "happened": [{"at": told(e.at), "what": e.what, "number": e.number} for e in happened(draw)],
    }
    if draw.state == "drawn":
        parts = proof_of(draw)
        teams = {a["id"]: a["inspectors"] for a in parts["assignment.json"]}
        data |= {
            "randomness": parts["seed.json"]["randomness"],
            "seed": parts["seed.json"]["seed"],
            "controlled_by_office": parts["seed.json"]["controlled_by_office"],
            "drawn": [
                {"id": d["id"], "stratum": d["stratum"], "rank": d["rank"], "inspectors": teams[d["id"]]}
                for d in parts["drawn.json"]
                if not d["reserve"]
            ],
        }
    return draw.frame_on.year, draw.title, data


def results_of(draw: Draw) -> tuple[int, str, dict[str, Any]]:
    """Return year, title and data of what would be published of a draw's results."""
    done = [t for t in draw.tasks.all() if t.result]
    rows = [
        {
            "id": t.entity,
            "result": t.result,
            "inspected_on": t.inspected_on.isoformat() if t.inspected_on else None,
        }
        for t in done
    ]
    items = "、".join(i["name"] for i in draw.plan["items"])
    return draw.frame_on.year, f"{draw.title}检查结果", {"draw": draw.code, "items": items, "results": rows}


BUILDERS: dict[str, Callable[[Any], tuple[int, str, dict[str, Any]]]] = {
    "targets": _targets,
    "self": _self_evaluation,
    "draw": _draw,
    "results": results_of,
}
PROJECTS, EXECUTION = "所属项目", "预算执行率"  # as a scorecard calls its parts beside the dimensions
