"""Publication: a copy without personal data, made when it is asked for, shown once the head has approved it."""

from __future__ import annotations

import csv
import io
import shutil
from datetime import date
from pathlib import Path
from typing import Any, cast

from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext as _

from zhunsheng.errors import ZhunshengError
from zhunsheng.outcomes import ORIGIN_WORDS, Origin
from zhunsheng.reports.forms import target_form
from zhunsheng.targets.editing import changes
from zhunsheng.targets.sheet import plain as figure
from zhunsheng.web.models import Draw, Organisation, Publication, SelfEvaluation, SheetVersion, Step, User
from zhunsheng.web.models.public import SETTLED
from zhunsheng.web.models.targets import book_of
from zhunsheng.web.services.draws import proof_of
from zhunsheng.web.services.ledgers import plain
from zhunsheng.web.services.year import (
    POINTS,
    TARGET,
    Shown,
    assess_now,
    differences,
    figures_of,
    forms_of,
    points_figure,
    score_figures,
)
from zhunsheng.web.workflow import advance, note

# Who typed it stays inside.
PUBLIC_CONTEST = {"typed", "computed", "difference", "doubt", "reason", "accepted", "measured_on"}
SELF_FILES = ("绩效自评表.xlsx", "绩效自评表.docx", "绩效评价报告.docx")
SUBJECTS: dict[str, Any] = {"targets": SheetVersion, "self": SelfEvaluation, "draw": Draw, "results": Draw}
DRAW_FILES = ("抽查包.zip", "frame.tsv", "commitment.json", "公告.html", "公告.docx", "公告.json")


def ask(kind: str, subject: Any, user: User) -> Publication:
    """Copy what is to be published and ask for approval. Raises ``ZS-WB-01`` where the record is not ready for it."""
    _ready(kind, subject)
    build = {"targets": _targets, "self": _self_evaluation, "draw": _draw, "results": _results}[kind]
    year, title, data = build(subject)
    with transaction.atomic():
        for old in _same(kind, subject.pk).filter(state="requested"):
            advance(user, old, "publish.overtake", "同一内容又提出了新的公开申请")
        made = Publication.objects.create(
            department=subject.department,
            year=year,
            kind=kind,
            object_id=subject.pk,
            title=title,
            data=data,
            requested_by=user,
        )
        note(user, made, "publish.request", after="requested")
        if kind == "draw":
            _copy(subject.folder(), made.folder(), DRAW_FILES)
        if kind == "self":
            _copy(subject.assessment.folder(), made.folder(), SELF_FILES)
    return made


def _copy(source: Path, to: Path, names: tuple[str, ...]) -> None:
    to.mkdir(parents=True, exist_ok=True)
    for name in names:
        if (source / name).is_file():
            shutil.copyfile(source / name, to / name)


def decide(publication: Publication, user: User, action: str, remark: str = "", *, seen: str | None = None) -> Step:
    """Approve, refuse or withdraw; an earlier publication of the same thing gives way to the new one.

    What is approved must still be ready to be public, and says from the first moment how its figures differ from what
    they come to now. Raises as ``advance``, ``ZS-WB-01``, and as ``assess_now``.
    """

    def dated(now: Publication) -> None:
        if action == "publish.approve":
            _still_ready(now)
            now.published_at = timezone.now()

    with transaction.atomic():
        step = advance(user, publication, action, remark, seen=seen, change=dated)
        if action == "publish.approve":
            for old in same(publication).filter(state="published").exclude(pk=publication.pk):
                advance(user, old, "publish.overtake", "由新的公开内容代替")
            _compare(publication)
    return step


def same(publication: Publication) -> Any:
    """Return the query of all publications of the same thing, itself included; versions of a sheet are one thing."""
    return _same(publication.kind, publication.object_id)


def _same(kind: str, object_id: int) -> Any:
    if kind != "targets":
        return Publication.objects.filter(kind=kind, object_id=object_id)
    sheet = SheetVersion.objects.filter(pk=object_id).values("sheet")
    versions = SheetVersion.objects.filter(sheet__in=sheet).values("pk")
    return Publication.objects.filter(kind=kind, object_id__in=versions)


def _ready(kind: str, subject: Any) -> None:
    """Refuse what is not in a state to be public. Raises ``ZS-WB-01``, ``ZS-WB-06`` for a draw without results."""
    state = ""
    if kind == "targets":
        holds = subject.sheet.effective
        if subject.state != "approved":
            state = subject.get_state_display()
        elif holds != subject:
            state = f"已由第{holds.number}版代替"
    elif kind == "self":
        state = "" if subject.state in SETTLED and subject.assessment else subject.get_state_display()
    elif kind == "draw":
        state = subject.get_state_display() if subject.state in ("planned", "void") else ""
    elif not any(task.result for task in subject.tasks.all()):
        raise ZhunshengError("ZS-WB-06", detail="还没有检查结果")
    if state:
        raise ZhunshengError("ZS-WB-01", title=str(subject), state=state)


def _still_ready(publication: Publication) -> None:
    """Refuse to approve what has moved on since it was asked for. Raises as ``_ready``."""
    subject = SUBJECTS[publication.kind].objects.get(pk=publication.object_id)
    _ready(publication.kind, subject)
    if publication.kind == "self" and _returned(publication) is not None:
        raise ZhunshengError("ZS-WB-01", title=str(subject), state="提出申请之后曾退回")


def _returned(publication: Publication) -> Step | None:
    """Return the newest step by which a self-evaluation went back to be filled anew since its copy was made."""
    asked = Step.objects.filter(model="publication", object_id=publication.pk, action="publish.request").first()
    found = Step.objects.filter(
        model="selfevaluation", object_id=publication.object_id, after__in=("draft", "returned")
    )
    return found.filter(pk__gt=asked.pk if asked else 0).order_by("pk").last()


@receiver(post_save, sender=Step, dispatch_uid="publications follow their self-evaluation")
def _follow(sender: Any, instance: Step, created: bool, **_more: Any) -> None:
    """Let requests and publications follow each step of a self-evaluation, whoever takes it and from where."""
    if not created or instance.model != "selfevaluation":
        return
    mine = Publication.objects.filter(kind="self", object_id=instance.object_id)
    if instance.after not in SETTLED:
        for asked in mine.filter(state="requested"):
            advance(instance.by, asked, "publish.overtake", "自评已退回重新填报")
        for one in mine.filter(state="published").exclude(drift=[]):
            one.drift, one.checked_at = [], None
            one.save()
        return
    for one in mine.filter(state="published"):
        try:
            _compare(one)
        except ZhunshengError:
            # Signing does not hang on it: the page says no more of what is unknown, and the next computation compares.
            one.drift, one.checked_at = [], None
            one.save()


def _targets(version: SheetVersion) -> tuple[int, str, dict[str, Any]]:
    body = {k: v for k, v in version.body.items() if k not in ("provenance", "place")}
    return (
        version.sheet.year,
        f"{version.department.name_in(version.sheet.year)} {version.sheet.year}年 {version.sheet.name}",
        {"sheet": body, "version": version.number},
    )


def _self_evaluation(evaluation: SelfEvaluation) -> tuple[int, str, dict[str, Any]]:
    run = evaluation.assessment.run
    # Every figure goes out with what it rests on: typed ones are marked, contested ones stand beside the reading.
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
                    "origin": i.outcome.origin,
                    "confirmed": i.outcome.confirmed,
                    "contest": i.outcome.contest.model_dump(include=PUBLIC_CONTEST) if i.outcome.contest else None,
                    "verdict": i.score.verdict,
                    "points": figure(i.score.points),
                    "score": figure(i.score.shown) if i.score.shown is not None else None,
                }
                for i in one.indicators
            ],
        }
        for one in run.results
    ]
    data = {
        "as_of": run.as_of.isoformat(),
        "scheme": run.scheme.model_dump(),
        "evidence": run.store.digest,
        "scores": scores,
    }
    return (
        evaluation.year,
        f"{evaluation.department.name_in(evaluation.year)} {evaluation.year}年度绩效自评",
        {**data, "forms": forms_of(evaluation, "绩效自评表")},
    )


def _draw(draw: Draw) -> tuple[int, str, dict[str, Any]]:
    data: dict[str, Any] = {
        "state": draw.state,
        "digest": draw.digest,
        "plan": draw.plan,
        "frame_count": draw.frame_count,
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


def _results(draw: Draw) -> tuple[int, str, dict[str, Any]]:
    done = [t for t in draw.tasks.all() if t.result]
    rows = [
        {"id": t.entity, "result": t.result, "inspected_on": t.inspected_on.isoformat() if t.inspected_on else None}
        for t in done
    ]
    items = "、".join(i["name"] for i in draw.plan["items"])
    return draw.frame_on.year, f"{draw.title}检查结果", {"draw": draw.code, "items": items, "results": rows}


# -- what happened since ----------------------------------------------------------------------------------------------


def drifted_from(publication: Publication) -> list[dict[str, str]]:
    """Return how a copy's figures differ from what they would be now (as ``year.differences``); empty for other kinds.

    Only while the self-evaluation is signed or accepted: what a department is still filling in is nobody else's.
    """
    asked = publication.kind == "self" and publication.state in ("requested", "published")
    then = _published(publication.data) if asked else {}
    evaluation = SelfEvaluation.objects.filter(pk=publication.object_id, state__in=SETTLED).first() if then else None
    if evaluation is None:
        return []
    day = date.fromisoformat(publication.data["as_of"])
    now = figures_of(assess_now(evaluation.department, evaluation.year, day, tables=False, record=evaluation).run)
    return differences(then, now)


def check_published(department: Organisation, year: int) -> None:
    """Keep of each published self-evaluation whether its figures still are what they come to, for the public pages to say."""
    for one in Publication.objects.filter(department=department, year=year, kind="self", state="published"):
        _compare(one)


def _compare(publication: Publication) -> None:
    """Keep how the figures of a published self-evaluation differ from those of now; another kind has none to compare."""
    if publication.kind == "self":
        publication.drift, publication.checked_at = drifted_from(publication), timezone.now()
        publication.save()


def _published(data: dict[str, Any]) -> dict[str, Shown]:
    """Return the figures that were published, as far as the copy holds them; none for what was published before sheets had
    codes to tell them by."""
    found = {}
    for s in data["scores"]:
        if s.get("id"):
            lines: dict[str, tuple[str, str]] = {"total": ("得分", s["total"])}
            if "grade" in s:
                lines = score_figures(s["total"], s.get("most"), s["grade"])
            for i in s["indicators"]:
                lines |= {
                    i["id"]: (i["name"], i["actual"]),
                    f"{i['id']}{TARGET}": (f"{i['name']}（目标）", i["target"]),
                }
                if "points" in i:
                    lines[f"{i['id']}{POINTS}"] = points_figure(i["name"], i["score"], i["points"])
            found[s["id"]] = Shown(s["sheet"], lines)
    return found


def newer(publication: Publication) -> Publication | None:
    """Return what is public in the place of one that was overtaken; None for one withdrawn by a person or never public."""
    if publication.state != "withdrawn" or publication.published_at is None:
        return None
    last = publication.last_step()
    if last is None or last.action != "publish.overtake":
        return None
    found: Publication | None = same(publication).filter(state="published").exclude(pk=publication.pk).first()
    return found


def earlier(publication: Publication) -> list[dict[str, Any]]:
    """Return when the same thing was public before, newest first, and of self-evaluations (sheet, total) as text.

    What a person withdrew is not told again.
    """
    before = same(publication).filter(state="withdrawn", published_at__isnull=False).exclude(pk=publication.pk)
    overtaken = Step.objects.filter(model="publication", action="publish.overtake", object_id__in=before.values("pk"))
    return [
        {"published_at": one.published_at, "totals": [(s["sheet"], s["total"]) for s in one.data.get("scores", [])]}
        for one in before.filter(pk__in=overtaken.values("object_id"))
    ]


def since(publication: Publication) -> dict[str, Any]:
    """Return what became of the published thing since: ``notes`` in words, ``changes`` of targets, ``drift`` of figures.

    What is public stays as it was approved; these stand beside it.
    """
    notes: list[str] = []
    changed: list[dict[str, str]] = []
    drift: list[dict[str, str]] = publication.drift
    if publication.kind == "targets":
        version = SheetVersion.objects.select_related("sheet").get(pk=publication.object_id)
        holds = version.sheet.effective
        if holds is not None and holds != version:
            told = {"n": holds.number, "day": holds.in_force_from or ""}
            notes.append(_("目标已调整，第 %(n)s 版自 %(day)s 起执行") % told)
            pairs = changes(version.target_sheet(), holds.target_sheet())
            changed = [{"what": c.label, "then": c.old, "now": c.new} for c in pairs]
    elif publication.kind == "self":
        evaluation = SelfEvaluation.objects.get(pk=publication.object_id)
        back = _returned(publication)
        day = f"{timezone.localtime(back.at):%Y-%m-%d}" if back else ""
        if evaluation.state not in SETTLED:
            # The figures of a draft are not for the public, so nothing is said of how they differ.
            drift = []
            notes.append(_("该自评已于 %s 退回，正在重新填报") % day if day else _("该自评已退回，正在重新填报"))
        elif back is not None:
            notes.append(_("该自评公开之后曾于 %s 退回，现已重新签字；这里是退回之前公开的数") % day)
        if evaluation.state != "accepted":
            notes.append(_("未经财政局复核"))
    elif publication.kind == "results":
        changed = _results_since(publication)
        if changed:
            notes.append(_("公开之后，检查结果又有变动；上面仍是公开时的结果"))
    return {"notes": notes, "changes": changed, "drift": drift}


def _results_since(publication: Publication) -> list[dict[str, str]]:
    """Return which results of a draw were changed or came after they were published."""
    then = {row["id"]: row for row in publication.data["results"]}
    now = {row["id"]: row for row in _results(Draw.objects.get(pk=publication.object_id))[2]["results"]}

    def told(row: dict[str, Any] | None) -> str:
        return f"{row['result']}（{row['inspected_on'] or ''}）" if row else _("没有")

    return [
        {"what": key, "then": told(then.get(key)), "now": told(now.get(key))}
        for key in {**then, **now}
        if then.get(key) != now.get(key)
    ]


# -- as open data ------------------------------------------------------------------------------------------------------

# field, title, type; the public csv and the data package say the same
FIELDS: dict[str, list[tuple[str, str, str]]] = {
    "targets": [
        ("level1", "一级指标", "string"),
        ("level2", "二级指标", "string"),
        ("name", "三级指标", "string"),
        ("target", "指标值", "string"),
        ("basis", "确定依据", "string"),
    ],
    "self": [
        ("sheet", "目标表", "string"),
        ("name", "指标", "string"),
        ("target", "指标值", "string"),
        ("actual", "完成值", "string"),
        ("origin", "完成值来源", "string"),
        ("match", "口径", "string"),
        ("computed", "台账算出", "string"),
        ("typed", "人工填报", "string"),
        ("difference", "相差", "string"),
        ("ruling", "争议", "string"),
        ("points", "分值", "number"),
        ("score", "得分", "number"),
    ],
    "draw": [
        ("id", "统一社会信用代码", "string"),
        ("stratum", "分层", "string"),
        ("rank", "名次", "integer"),
        ("inspectors", "检查人员编号", "string"),
    ],
    "results": [
        ("id", "统一社会信用代码", "string"),
        ("inspected_on", "检查日期", "date"),
        ("result", "检查结果", "string"),
    ],
}


def open_csv(publication: Publication) -> bytes:
    """Return the rows of what is published as csv, which a spreadsheet may open without taking a text for a formula."""
    titles, rows = _rows(publication)
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(titles)
    writer.writerows([plain(v) for v in row] for row in rows)
    return stream.getvalue().encode("utf-8-sig")


def shown(publication: Publication) -> dict[str, Any]:
    """Return what the page of a publication shows."""
    data = publication.data
    context: dict[str, Any] = {"publication": publication, "data": data}
    context |= since(publication) | {"earlier": earlier(publication)}
    if publication.kind == "targets":
        context["forms"] = [target_form(book_of([data["sheet"]]).sheets[0])]
    elif publication.kind == "self":
        context["forms"] = data.get("forms", [])
    elif publication.kind == "draw":
        context["drawn"] = data.get("drawn", [])[:500]
    if publication.folder().is_dir():
        context["files"] = sorted(p.name for p in publication.folder().iterdir())
    return context


def _rows(found: Publication) -> tuple[list[str], list[list[Any]]]:
    data, names = found.data, [name for name, _title, _kind in FIELDS[found.kind]]
    if found.kind == "targets":
        rows = [{**i, "target": i["target"]["raw"]} for i in data["sheet"]["indicators"]]
    elif found.kind == "self":
        rows = [_told(i) | {"sheet": s["sheet"]} for s in data["scores"] for i in s["indicators"]]
    elif found.kind == "draw":
        rows = [{**d, "inspectors": "、".join(d["inspectors"])} for d in data.get("drawn", [])]
    else:
        rows = data["results"]
    return names, [[r.get(n) for n in names] for r in rows]


def _told(indicator: dict[str, Any]) -> dict[str, Any]:
    """Return an indicator as a row that says where its figure is from, and what was typed against it."""
    origin, contest = indicator.get("origin"), indicator.get("contest") or {}
    if contest:
        ruling = "已采纳" if contest.get("accepted") else "未采纳"
        doubt = contest.get("doubt")
        apart = f"不能比较：{doubt}" if doubt else contest.get("difference")
        once = f"（曾有台账读数，测算于 {day}，已撤销或不再有数）" if (day := contest.get("measured_on")) else ""
        contest = {k: contest.get(k) for k in ("computed", "typed")} | {"difference": apart, "ruling": ruling}
        contest["computed"] = f"{contest['computed']}{once}"
    elif origin == "judgement":
        contest = {"typed": indicator["actual"]}
    match = "" if indicator.get("confirmed", True) else "未确认"
    said = "定性评定" if origin == "none" and indicator.get("verdict") == "judged" else ""
    said = said or ORIGIN_WORDS.get(cast(Origin, origin), "")
    return {**indicator, "origin": said, "match": match, **contest}
