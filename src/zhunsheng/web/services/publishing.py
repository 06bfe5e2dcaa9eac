"""Publication: a copy without personal data, made when it is asked for, shown once the head
has approved it.
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext as _

from zhunsheng.clock import told
from zhunsheng.disclosure import json_texts, redacted, suppressed, version, without
from zhunsheng.draws.results import categories
from zhunsheng.draws.strata import untouched
from zhunsheng.errors import ZhunshengError
from zhunsheng.evaluation.scoring import BASIS_WORDS, VERDICT_WORDS, Verdict
from zhunsheng.files.writing import write_whole
from zhunsheng.outcomes import ORIGIN_WORDS, RULED_WORDS, Origin, ruled
from zhunsheng.reports.forms import target_form, wan
from zhunsheng.targets import TargetValue
from zhunsheng.targets.editing import changes
from zhunsheng.text import csv_text
from zhunsheng.translation import worded
from zhunsheng.usecases.drawing import BUNDLE
from zhunsheng.usecases.result import RunContest, RunSheet, RunTotal
from zhunsheng.web.models import (
    Contest,
    Draw,
    Organisation,
    Publication,
    SelfEvaluation,
    SheetVersion,
    Step,
    User,
)
from zhunsheng.web.models.decided import Overtaken
from zhunsheng.web.models.public import SETTLED
from zhunsheng.web.models.targets import book_of
from zhunsheng.web.services import disclosing, office, stamps
from zhunsheng.web.services.commitments import happened
from zhunsheng.web.services.disclosing import Datum, Decision, UndecidedData
from zhunsheng.web.services.draws import allotted, proof_of, slips_shown, strength
from zhunsheng.web.services.year import (
    FORM,
    POINTS,
    TARGET,
    Shown,
    assess_now,
    differences,
    figures_of,
    file_of,
    forms_of,
    points_figure,
    score_figures,
)
from zhunsheng.web.workflow import advance, check, note
from zhunsheng.wording import plain as figure

# Who typed it stays inside.
PUBLIC_CONTEST = {"typed", "computed", "difference", "doubt", "reason", "accepted", "refused", "measured_on"}
SELF_FILES = ("绩效自评表.xlsx", "绩效自评表.docx", "绩效评价报告.docx")
SUBJECTS: dict[str, Any] = {"targets": SheetVersion, "self": SelfEvaluation, "draw": Draw, "results": Draw}
FRAME = "frame.tsv"
DRAW_FILES = (BUNDLE, FRAME, "commitment.json", "公告.html", "公告.docx", "公告.json")


@dataclass(frozen=True)
class Copy:
    """What would be published of a record: its year and title, what pages and data show,
    and files by their names.
    """

    kind: str
    year: int
    title: str
    data: dict[str, Any]
    files: dict[str, bytes]

    def digest(self) -> str:
        """Return the SHA-256 of all of it and of the rules: what was looked through as it is need not be so
        again.
        """
        told = [version(), self.kind, self.title, json.dumps(self.data, ensure_ascii=False, sort_keys=True)]
        told += [
            f"{name}:{hashlib.sha256(content).hexdigest()}" for name, content in sorted(self.files.items())
        ]
        return hashlib.sha256("\x1f".join(told).encode()).hexdigest()

    def personal(self) -> list[Datum]:
        """Return what is personal in it, wherever the public could read it. Raises ``ZS-WB-43`` for a file
        that can't be read.
        """
        # A draw's files prove one another by their digests: none can be written over.
        proof = self.kind == "draw"
        shown = [{TITLE: self.title, DATA: self.data}]
        if self.kind == "targets":
            shown.append(
                {PAGE: FORM.dump_python(target_form(book_of([self.data["sheet"]]).sheets[0]), mode="json")}
            )
        parts = [disclosing.items_in(t for n in range(len(shown)) for t in json_texts("", shown, n))]
        for name, content in self.files.items():
            parts.append(disclosing.items_in(disclosing.of_file(name, content), source=name, fixed=proof))
        found = disclosing.joined(parts)
        for item in found:
            item.places = [_place(place) for place in item.places]
        return found

    def without(self, items: list[Datum], before: Sequence[dict[str, Any]] = ()) -> Copy:
        """Return it with what was decided to be hidden hidden everywhere; ``before`` is the data published of
        it earlier.

        Raises ``ZS-WB-42`` where something stands that can't be written over.
        """
        gone = disclosing.hides(items)
        if all(item.decision != disclosing.HIDE for item in items):
            return self
        shown = [{TITLE: self.title, DATA: copy.deepcopy(self.data)}]
        for text in json_texts("", shown, 0):
            text.hide(gone)
        data: dict[str, Any] = cast(dict[str, Any], shown[0][DATA])
        for line in data["sheet"]["indicators"] if self.kind == "targets" else ():
            if line["target"]["raw"] != _raw_of(self.data, line["id"]):
                line["target"] = TargetValue.parse(line["target"]["raw"]).model_dump(mode="json")
        if self.kind == "results":
            data |= _persons(data, before)
        files = {name: without(name, content, gone) for name, content in self.files.items()}
        made = Copy(self.kind, self.year, redacted(self.title, gone), data, files)
        kept = disclosing.chosen(items, disclosing.KEEP)
        for item in made.personal():
            if not disclosing.is_among(item, kept):
                raise ZhunshengError("ZS-WB-42", name=item.places[0], kind=item.title)
        return made


TITLE, DATA, PAGE = "标题", "公开的数据", "公开的页面"


def _persons(data: dict[str, Any], before: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the results of a draw without the rows of natural persons, whose numbers are hidden: by result,
    how many.

    A row that names nobody still tells of someone where there are few; so only counts are told,
    and no small ones.
    """
    listed, counts = [], dict.fromkeys(categories(), 0)
    for row in data["results"]:
        if row["id"].startswith(HIDDEN):
            counts[row["result"]] = counts.get(row["result"], 0) + 1
        else:
            listed.append(row)
    if len(listed) == len(data["results"]):
        return {}
    earlier = [one["persons"] for one in before if "persons" in one]
    return {"results": listed, "persons": suppressed(counts, earlier).as_json()}


HIDDEN = "〔已隐去"  # begins what stands in the place of what was hidden
# Names of the parts of a copy beside those of the open data's fields, for whoever decides what is hidden.
PARTS = {
    "sheet": "目标表",
    "purpose": "资金用途",
    "goals": "绩效目标",
    "text": "内容",
    "indicators": "指标",
    "raw": "",
    "scores": "自评",
    "forms": "官方表样",
    "rows": "行",
    "notes": "附注",
    "caption": "表头",
    "plan": "抽查方案",
    "items": "抽查事项",
    "drawn": "抽中名单",
    "results": "检查结果",
    "randomness": "随机数",
    "speakers": "现场报数人",
    "parts": "其他得分",
    "how": "说明",
    "contest": "争议",
    "accepted": "裁定理由",
    "refused": "裁定理由",
}


def _place(path: str) -> str:
    """Return a place within a copy in words."""
    titles = {name: title for fields in FIELDS.values() for name, title, _type in fields} | PARTS
    said = []
    for part in path.split(" › "):
        name = re.split("[^A-Za-z_0-9]", part, maxsplit=1)[0]
        rest = part.removeprefix(name)
        said.append(f"{titles.get(name, name) if '.' not in part else name}{rest}")
    words = " › ".join(part for part in said if part)
    return re.sub("行第([0-9]+)项第([0-9]+)项 › 内容", r"第\1行第\2格", words)


def _raw_of(data: dict[str, Any], code: str) -> str:
    return next(str(i["target"]["raw"]) for i in data["sheet"]["indicators"] if i["id"] == code)


def copied(kind: str, subject: Any, *, frame: bool = True) -> Copy:
    """Return what would be published of a record. Raises ``ZS-WB-01`` where it is not ready for it.

    ``frame`` False, of a draw: without the list of all who were in it; each of them still gets a proof of
    their own.
    """
    _ready(kind, subject)
    year, title, data = BUILDERS[kind](subject)
    files: list[Path] = []
    if kind == "draw":
        files = [subject.folder() / name for name in DRAW_FILES if frame or name != FRAME]
    if kind == "self":
        files = [file for name in SELF_FILES if (file := file_of(subject, name))]
    return Copy(kind, year, title, data, {file.name: file.read_bytes() for file in files if file.is_file()})


def ask(
    kind: str, subject: Any, user: User, said: Mapping[str, Decision] | None = None, *, frame: bool = True
) -> Publication:
    """Copy what is to be published and ask for approval; ``said`` is what was decided on what is personal in
    it, by key.

    ``frame`` as in ``copied``. Raises ``ZS-WB-01`` where the record is not ready for it,
    ``UndecidedData`` (``ZS-WB-40``) where something personal in it was not decided on,
    ``ZS-WB-42`` to ``-44``.
    """
    seen = subject.seen()
    whole = copied(kind, subject, frame=frame)
    items = disclosing.decided(whole.personal(), said or {}, user)
    if waiting := [item for item in items if not item.decision]:
        raise UndecidedData("ZS-WB-40", whole.title, waiting)
    public = _same(kind, subject.pk).filter(published_at__isnull=False).order_by("pk")
    whole = whole.without(items, [one.data for one in public] if kind == "results" else [])
    with transaction.atomic():
        # Copied before anything was locked: what moved meanwhile is not what was copied.
        now = type(subject)._base_manager.select_for_update(no_key=True).get(pk=subject.pk)
        if now.seen() != seen:
            raise Overtaken(now, seen)
        for old in _same(kind, subject.pk).filter(state="requested"):
            advance(user, old, "publish.overtake", "同一内容又提出了新的公开申请")
        made = Publication.objects.create(
            department=subject.department,
            year=whole.year,
            kind=kind,
            object_id=subject.pk,
            title=whole.title,
            data=whole.data,
            requested_by=user,
            disclosures=[item.as_json() for item in items],
            looked_by=whole.digest(),
        )
        note(user, made, "publish.request", after="requested")
        # A number may have been given before, to what was never kept: nothing of that goes out under it.
        shutil.rmtree(made.folder(), ignore_errors=True)
        for name, content in whole.files.items():
            write_whole(made.folder() / name, content)
    return made


# -- what is personal in it
# -------------------------------------------------------------------------------------------


def copy_of(publication: Publication) -> Copy:
    """Return a publication's copy as it lies there."""
    folder = publication.folder()
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return Copy(
        publication.kind,
        publication.year,
        publication.title,
        publication.data,
        {file.name: file.read_bytes() for file in files if file.is_file()},
    )


def undecided(publication: Publication) -> list[Datum]:
    """Return what is personal in a publication's copy as it lies there and was not decided on.

    Quickly where copy and rules are those that it was last looked through with.
    """
    known = disclosing.read(publication.disclosures)
    whole = copy_of(publication)
    if whole.digest() == publication.looked_by:
        return [item for item in known if not item.decision]
    kept = {item.key for item in known if item.decision == disclosing.KEEP}
    return [item for item in whole.personal() if item.key not in kept]


def look_through(found: QuerySet[Publication]) -> int:
    """Look through what is public and was not yet by the present rules, and keep what nobody decided on;
    return how many.

    Nothing is taken down: it waits for the head, who withdraws it or says why it may stay.
    """
    count = 0
    for one in found.filter(state="published").order_by("pk"):
        digest = copy_of(one).digest()
        if one.looked_by == digest:
            continue
        try:
            waiting = undecided(one)
        except ZhunshengError as error:
            waiting = [Datum(f"unread-{one.pk}", "author", error.web[:80], [TITLE], 1)]
        with transaction.atomic():
            now = Publication.objects.select_for_update().get(pk=one.pk)
            known = {
                item.key for item in disclosing.read(now.disclosures) if item.decision != disclosing.HIDE
            }
            new = [item for item in waiting if item.key not in known]
            now.disclosures = [*now.disclosures, *(item.as_json() for item in new)]
            now.looked_by = digest
            now.save()
        count += bool(new)
    return count


def look_through_all() -> int:
    """Look through everything that is public, after the rules changed or where it was published before there
    were any.
    """
    return look_through(Publication.objects.all())


def disclosures(publication: Publication) -> list[Datum]:
    """Return what was found to be personal in a publication with what was decided on it, what waits first."""
    return sorted(disclosing.read(publication.disclosures), key=lambda item: bool(item.decision))


def keep(
    publication: Publication, user: User, said: Mapping[str, Decision], seen: str | None = None
) -> Publication:
    """Keep what is personal in something public, each for a reason. Raises ``PermissionDenied``,
    ``ZS-WB-10``, ``ZS-WB-44``.
    """
    with transaction.atomic():
        now = Publication.objects.select_for_update().get(pk=publication.pk)
        check(user, now, "publish.keep", seen)
        items = disclosing.read(now.disclosures)
        open_ = [item for item in items if not item.decision]
        disclosing.decided(open_, {k: v for k, v in said.items() if v.what == disclosing.KEEP}, user)
        if any(item.decision for item in open_):
            now.disclosures = [item.as_json() for item in items]
            now.save()
            note(user, now, "publish.keep", now.state, now.state, seen=seen)
    return now


def decide(
    publication: Publication, user: User, action: str, remark: str = "", *, seen: str | None = None
) -> Step:
    """Approve, refuse or withdraw; an earlier publication of the same thing gives way to the new one.

    What is approved must still be ready to be public, and says from the first moment how its figures differ
    from what they come to now. What is personal in it must have been decided on when it was asked for,
    all that is in it now.
    Raises as ``advance``, ``ZS-WB-01``, as ``assess_now``, and ``UndecidedData`` (``ZS-WB-41``).
    """
    if action == "publish.approve" and publication.state == "requested":
        check(user, publication, action, seen)
        if waiting := undecided(publication):
            raise UndecidedData("ZS-WB-41", str(publication), waiting)

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


def same(publication: Publication) -> QuerySet[Publication]:
    """Return the query of all publications of the same thing, itself included; versions of a sheet are one
    thing.
    """
    return _same(publication.kind, publication.object_id)


def _same(kind: str, object_id: int) -> QuerySet[Publication]:
    if kind != "targets":
        return Publication.objects.filter(kind=kind, object_id=object_id)
    sheet = SheetVersion.objects.filter(pk=object_id).values("sheet")
    versions = SheetVersion.objects.filter(sheet__in=sheet).values("pk")
    return Publication.objects.filter(kind=kind, object_id__in=versions)


def _ready(kind: str, subject: Any) -> None:
    """Refuse what is not in a state to be public. Raises ``ZS-WB-01``, ``ZS-WB-06`` for a draw without
    results.
    """
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
        raise ZhunshengError("ZS-WB-06", detail=worded("还没有检查结果"))
    if state:
        raise ZhunshengError("ZS-WB-01", title=str(subject), state=state)


def _still_ready(publication: Publication) -> None:
    """Refuse to approve what has moved on since it was asked for. Raises as ``_ready``."""
    subject = SUBJECTS[publication.kind].objects.get(pk=publication.object_id)
    _ready(publication.kind, subject)
    if publication.kind == "self" and _returned(publication) is not None:
        raise ZhunshengError("ZS-WB-01", title=str(subject), state=worded("提出申请之后曾退回"))


def _returned(publication: Publication) -> Step | None:
    """Return the newest step by which a self-evaluation went back to be filled anew since its
    copy was made.
    """
    asked = Step.objects.filter(
        model="publication", object_id=publication.pk, action="publish.request"
    ).first()
    found = Step.objects.filter(
        model="selfevaluation", object_id=publication.object_id, after__in=("draft", "returned")
    )
    return found.filter(pk__gt=asked.pk if asked else 0).order_by("pk").last()


@receiver(post_save, sender=Step, dispatch_uid="publications follow their self-evaluation")
def _follow(sender: object, instance: Step, created: bool, **_more: object) -> None:
    """Let requests and publications follow each step of a self-evaluation, whoever takes it
    and from where.
    """
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
            # Signing does not hang on it: the page says no more of what is unknown,
            # and the next computation compares.
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
    assert evaluation.assessment is not None  # it is signed
    run = evaluation.assessment.run
    refused = _rulings(evaluation, "refused")
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
                    "origin": i.outcome.origin,
                    "confirmed": i.outcome.confirmed,
                    "contest": _contest(i.outcome.contest, refused.get((one.id, i.id))),
                    "verdict": i.score.verdict,
                    "points": figure(i.score.points),
                    "score": figure(i.score.shown) if i.score.shown is not None else None,
                    "granted": figure(i.score.granted),
                    "how": i.score.how,
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
    }
    return (
        evaluation.year,
        f"{evaluation.department.name_in(evaluation.year)} {evaluation.year}年度绩效自评",
        {**data, "forms": forms_of(evaluation, "绩效自评表")},
    )


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


def _rulings(evaluation: SelfEvaluation, *states: str) -> dict[tuple[str, str], Contest]:
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


def _results(draw: Draw) -> tuple[int, str, dict[str, Any]]:
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


# -- what happened since
# ----------------------------------------------------------------------------------------------


def drifted_from(publication: Publication) -> list[dict[str, str]]:
    """Return how a copy's figures differ from what they would be now (as ``year.differences``);
    empty for other kinds.

    Only while the self-evaluation is signed or accepted: what a department is still filling in is nobody
    else's.
    """
    asked = publication.kind == "self" and publication.state in ("requested", "published")
    then = _published(publication.data) if asked else {}
    evaluation = (
        SelfEvaluation.objects.filter(pk=publication.object_id, state__in=SETTLED).first() if then else None
    )
    if evaluation is None:
        return []
    day = date.fromisoformat(publication.data["as_of"])
    now = figures_of(assess_now(evaluation.department, evaluation.year, day, record=evaluation).run)
    words = disclosing.unsaid(disclosing.read(publication.disclosures))
    return differences(_said(then, words), _said(now, words))


def _said(shown: dict[str, Shown], words: Callable[[str], str]) -> dict[str, Shown]:
    """Return figures with what is hidden in the copy hidden in them too, so that this alone makes no
    difference.
    """
    return {
        code: Shown(
            words(one.sheet), {k: (words(name), words(text)) for k, (name, text) in one.figures.items()}
        )
        for code, one in shown.items()
    }


def check_published(department: Organisation, year: int) -> None:
    """Keep of each published self-evaluation whether its figures still are what they come to,
    for the public pages to say.
    """
    for one in Publication.objects.filter(department=department, year=year, kind="self", state="published"):
        _compare(one)
    look_through(Publication.objects.filter(department=department, year=year))


def _compare(publication: Publication) -> None:
    """Keep how the figures of a published self-evaluation differ from those of now;
    another kind has none to compare.
    """
    if publication.kind == "self":
        publication.drift, publication.checked_at = drifted_from(publication), timezone.now()
        publication.save()


BUILDERS: dict[str, Callable[[Any], tuple[int, str, dict[str, Any]]]] = {
    "targets": _targets,
    "self": _self_evaluation,
    "draw": _draw,
    "results": _results,
}


def _published(data: dict[str, Any]) -> dict[str, Shown]:
    """Return the figures that were published, as far as the copy holds them; none for what was published
    before sheets had codes to tell them by.
    """
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
    """Return what is public in the place of one that was overtaken; None for one withdrawn by a person or
    never public.
    """
    if publication.state != "withdrawn" or publication.published_at is None:
        return None
    last = publication.last_step()
    if last is None or last.action != "publish.overtake":
        return None
    found: Publication | None = same(publication).filter(state="published").exclude(pk=publication.pk).first()
    return found


def earlier(publication: Publication) -> list[dict[str, Any]]:
    """Return when the same thing was public before, newest first, and of self-evaluations (sheet,
    total) as text.

    What a person withdrew is not told again.
    """
    before = (
        same(publication).filter(state="withdrawn", published_at__isnull=False).exclude(pk=publication.pk)
    )
    overtaken = Step.objects.filter(
        model="publication", action="publish.overtake", object_id__in=before.values("pk")
    )
    return [
        {
            "published_at": one.published_at,
            "totals": [(s["sheet"], s["total"]) for s in one.data.get("scores", [])],
        }
        for one in before.filter(pk__in=overtaken.values("object_id"))
    ]


def since(publication: Publication) -> dict[str, Any]:
    """Return what became of the published thing since: ``notes`` in words, ``changes`` of targets,
    ``drift`` of figures.

    What is public stays as it was approved; these stand beside it.
    """
    notes: list[str] = []
    changed: list[dict[str, str]] = []
    drift: list[dict[str, str]] = publication.drift
    if publication.kind == "targets":
        version = SheetVersion.objects.select_related("sheet").get(pk=publication.object_id)
        holds = version.sheet.effective
        if holds is not None and holds != version:
            approved = holds.approved_on()
            told = {"n": holds.number, "day": holds.in_force_from or "", "on": approved or ""}
            late = approved is not None and holds.in_force_from is not None and approved > holds.in_force_from
            words = _("目标已调整，第 %(n)s 版于 %(on)s 批复，追溯自 %(day)s 起执行") if late else ""
            notes.append((words or _("目标已调整，第 %(n)s 版自 %(day)s 起执行")) % told)
            pairs = changes(version.target_sheet(), holds.target_sheet())
            changed = [{"what": c.label, "then": c.old, "now": c.new} for c in pairs]
    elif publication.kind == "self":
        evaluation = SelfEvaluation.objects.get(pk=publication.object_id)
        back = _returned(publication)
        day = f"{timezone.localtime(back.at):%Y-%m-%d}" if back else ""
        if evaluation.state not in SETTLED:
            # The figures of a draft are not for the public, so nothing is said of how they differ.
            drift = []
            notes.append(
                _("该自评已于 %s 退回，正在重新填报") % day if day else _("该自评已退回，正在重新填报")
            )
        elif back is not None:
            notes.append(_("该自评公开之后曾于 %s 退回，现已重新签字；这里是退回之前公开的数") % day)
        if evaluation.state != "accepted":
            notes.append(_("未经财政局复核"))
        notes += _ruled_since(publication, evaluation)
    elif publication.kind == "results":
        changed = _results_since(publication)
        if changed:
            notes.append(_("公开之后，检查结果又有变动；上面仍是公开时的结果"))
    # What came after the approval was looked over by nobody: only what was decided to be kept is said in it.
    hiding = disclosing.unsaid(disclosing.read(publication.disclosures))
    said: dict[str, Any] = disclosing.over_all({"notes": notes, "changes": changed, "drift": drift}, hiding)
    return said


def _results_since(publication: Publication) -> list[dict[str, str]]:
    """Return which results of a draw were changed or came after they were published."""
    then = {row["id"]: row for row in publication.data["results"]}
    now = {row["id"]: row for row in _results(Draw.objects.get(pk=publication.object_id))[2]["results"]}
    if "persons" in publication.data:  # of those only counts are told
        words = disclosing.unsaid(disclosing.read(publication.disclosures))
        now = {key: row for key, row in now.items() if words(key) == key}

    def told(row: dict[str, Any] | None) -> str:
        return f"{row['result']}（{row['inspected_on'] or ''}）" if row else _("没有")

    return [
        {"what": key, "then": told(then.get(key)), "now": told(now.get(key))}
        for key in {**then, **now}
        if then.get(key) != now.get(key)
    ]


def _ruled_since(publication: Publication, evaluation: SelfEvaluation) -> list[str]:
    """Return in words what was ruled on contests that were open when the copy was made."""
    now, told = _rulings(evaluation, "accepted", "refused"), []
    for sheet in publication.data.get("scores", []):
        for line in sheet["indicators"]:
            contest, found = line.get("contest"), now.get((sheet.get("id", ""), line.get("id", "")))
            if not contest or contest.get("accepted") or contest.get("refused") or found is None:
                continue
            if (found.word.actual, found.computed) == (contest["typed"], contest["computed"]):
                said = {"name": line["name"], "ruled": found.get_state_display(), "why": found.ruling}
                told.append(_("“%(name)s”公开之后裁定：%(ruled)s，裁定理由：%(why)s") % said)
    return told


# -- as open data
# ------------------------------------------------------------------------------------------------------

# field, title, type; the public csv, the JSON and the data package say the same
FIELDS: dict[str, list[tuple[str, str, str]]] = {
    "targets": [
        ("kind", "类别", "string"),
        ("level1", "一级指标", "string"),
        ("level2", "二级指标", "string"),
        ("name", "三级指标", "string"),
        ("description", "指标描述", "string"),
        ("target", "指标值", "string"),
        ("weight", "权重", "number"),
        ("basis", "确定依据", "string"),
        ("note", "说明", "string"),
    ],
    "self": [
        ("kind", "类别", "string"),
        ("sheet", "目标表", "string"),
        ("name", "指标", "string"),
        ("target", "指标值", "string"),
        ("actual", "完成值", "string"),
        ("origin", "完成值来源", "string"),
        ("match", "口径", "string"),
        ("verdict", "结论", "string"),
        ("computed", "台账算出", "string"),
        ("typed", "人工填报", "string"),
        ("difference", "相差", "string"),
        ("reason", "填报理由", "string"),
        ("contest", "争议", "string"),
        ("ruling", "裁定理由", "string"),
        ("points", "分值", "number"),
        ("score", "得分", "number"),
        ("open", "待定分值", "number"),
        ("granted", "其中按填报理由保留（认可超额）", "number"),
        ("note", "说明", "string"),
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
        ("count", "户数", "string"),
    ],
}
PERSONS = "自然人（不列编号）"
INDICATOR, TOTAL, NOTE, DRIFT = (
    "指标",
    "总分",
    "公开后的情况",
    "重算后的不同",
)  # kinds of a row of the open data
PROJECTS, EXECUTION = "所属项目", "预算执行率"  # as a scorecard calls its parts beside the dimensions


def open_csv(publication: Publication) -> bytes:
    """Return the rows of what is published as csv, which a spreadsheet may open without taking a text for a
    formula.
    """
    fields = FIELDS[publication.kind]
    rows = [[row.get(name) for name, _title, _kind in fields] for row in rows_of(publication)]
    return csv_text([[title for _name, title, _kind in fields], *rows]).encode("utf-8-sig")


def schema_of(kind: str) -> dict[str, Any]:
    """Return the table schema of a kind's csv: its fields are called as its head calls them,
    ``id`` is the name in JSON.
    """
    return {"fields": [{"name": title, "id": name, "type": type_} for name, title, type_ in FIELDS[kind]]}


def head_of(publication: Publication) -> dict[str, Any]:
    """Return what every form of a publication says first: title, department of its year with district and
    codes, year, kind.
    """
    place, year = publication.department, publication.year
    return {
        "title": publication.title,
        "department": place.name_in(year),
        "district": next(iter(office.above(place, year)), ""),
        "department_code": place.code,
        "official_code": place.official_code,
        "year": year,
        "kind": publication.kind,
    }


def since_json(publication: Publication) -> dict[str, Any]:
    """Return what became of it since: notes, changed targets, earlier publications,
    and differing figures once computed.
    """
    said = since(publication)
    before = [
        {
            "published_at": moment(e["published_at"]),
            "totals": [{"sheet": s, "total": t} for s, t in e["totals"]],
        }
        for e in earlier(publication)
    ]
    told = {"notes": said["notes"], "changes": said["changes"], "earlier": before}
    checked = publication.checked_at
    return told | ({"checked_at": moment(checked), "drift": said["drift"]} if checked else {})


def moment(at: datetime | None) -> str | None:
    """Return a moment in the office's time as ISO; None for none."""
    return timezone.localtime(at).isoformat(timespec="seconds") if at else None


def open_json(publication: Publication) -> dict[str, Any]:
    """Return what is published as data, in the words of the page and of the csv."""
    data = {k: v for k, v in publication.data.items() if k != "forms"}
    if "persons" in data:
        data["persons"] = {k: data["persons"][k] for k in ("groups", "total")}
    if publication.kind == "self":
        data["scores"] = [
            {
                **{k: s.get(k) for k in ("id", "sheet", "total", "most", "grade")},
                "basis": {BASIS_WORDS.get(k, k): v for k, v in s.get("basis", {}).items()},
                "indicators": [{"id": i.get("id"), **_told(i)} for i in s["indicators"]],
                "parts": parts_of(s),
            }
            for s in data["scores"]
        ]
    return data


def open_document(publication: Publication) -> dict[str, Any]:
    """Return what is public of a thing as one document: what it is, since when, its data,
    and what became of it since.
    """
    told = {"published_at": moment(publication.published_at), "data": open_json(publication)}
    return head_of(publication) | told | since_json(publication)


def data_package(address: Callable[[Publication], str]) -> dict[str, Any]:
    """Describe all open data as a data package: every published csv by its ``address``, with its fields,
    types and titles.
    """
    resources = [
        {
            "name": f"{one.kind}-{one.pk}",
            **head_of(one),
            "path": address(one),
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": "utf-8",
            "profile": "tabular-data-resource",
            "schema": schema_of(one.kind),
        }
        for one in Publication.objects.filter(state="published").select_related("department__parent")
    ]
    return {
        "profile": "tabular-data-package",
        "name": "zhunsheng-open-data",
        "title": "绩效与抽查公开数据",
        "resources": resources,
    }


def parts_of(score: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the parts of a published total beside its indicators.

    What was published before they were kept apart is told as one part, so that everything adds up all the
    same.
    """
    if "parts" in score:
        found: list[dict[str, Any]] = score["parts"]
        return found
    told = sum((Decimal(i["score"]) for i in score["indicators"] if i.get("score") is not None), Decimal(0))
    rest = Decimal(score["total"]) - told
    if not rest:
        return []
    why = "公开时没有分列，为总分与各指标得分之差"
    return [
        {"name": "预算执行率、所属项目等", "points": None, "score": figure(rest), "open": "0", "how": why}
    ]


def shown(publication: Publication) -> dict[str, Any]:
    """Return what the page of a publication shows."""
    data = publication.data
    context: dict[str, Any] = {"publication": publication, "data": data}
    context |= since(publication) | {"earlier": earlier(publication)}
    if publication.kind == "targets":
        context["forms"] = [target_form(book_of([data["sheet"]]).sheets[0])]
    elif publication.kind == "self":
        context["forms"] = data.get("forms", [])
        context["scores"] = [{**s, "parts": parts_of(s)} for s in data["scores"]]
    elif publication.kind == "draw":
        context["drawn"] = data.get("drawn", [])[:500]
        # As it stands today: what is stamped after the publication tells of the same commitment.
        context["stamped"] = stamps.words_for(Draw.objects.get(pk=publication.object_id))
    if publication.folder().is_dir():
        context["files"] = sorted(p.name for p in publication.folder().iterdir())
        context["frame_withheld"] = publication.kind == "draw" and FRAME not in context["files"]
    return context


def rows_of(found: Publication) -> list[dict[str, Any]]:
    """Return the rows of what is published by the names of ``FIELDS``; what became of it since stands in rows
    of its own.
    """
    data = found.data
    if found.kind == "targets":
        told = book_of([data["sheet"]]).sheets[0].indicators
        rows = [
            {**i, "target": one.words(), "kind": INDICATOR}
            for i, one in zip(data["sheet"]["indicators"], told, strict=True)
        ]
        return [*_rows_of_money(data["sheet"]), *rows, *_rows_since(found)]
    if found.kind == "self":
        rows = []
        for s in data["scores"]:
            rows += [{"kind": INDICATOR, "sheet": s["sheet"], **_told(i)} for i in s["indicators"]]
            rows += [{**p, "kind": p["name"], "sheet": s["sheet"], "note": p["how"]} for p in parts_of(s)]
            rows.append(_total_row(s))
        return [*rows, *_rows_since(found)]
    if found.kind == "draw":
        return [{**d, "inspectors": "、".join(d["inspectors"])} for d in data.get("drawn", [])]
    listed: list[dict[str, Any]] = data["results"]
    persons = data.get("persons", {"groups": {}})["groups"]
    return listed + [{"id": PERSONS, "result": result, "count": count} for result, count in persons.items()]


def _rows_of_money(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what a target table says above its indicators: budget, spending plan, goals."""
    sheet = book_of([body]).sheets[0]
    parts = (("预算总额", "total"), ("其中：财政资金", "fiscal"), ("其他资金", "other"))
    given = [(name, amount) for name, part in parts if (amount := getattr(sheet.budget, part)) is not None]
    rows: list[dict[str, Any]] = [
        {"kind": "预算", "name": name, "target": wan(amount)} for name, amount in given
    ]
    rows += [
        {"kind": "支出计划", "name": s.by.isoformat(), "target": f"{figure(s.cumulative * 100)}%"}
        for s in sheet.spending_plan.steps
    ]
    return rows + [{"kind": "绩效目标", "name": g.title or "", "note": g.text} for g in sheet.goals]


def _total_row(score: dict[str, Any]) -> dict[str, Any]:
    waiting = Decimal(score.get("most") or score["total"]) - Decimal(score["total"])
    grade = score.get("grade") or "不评等级"
    return {
        "kind": TOTAL,
        "sheet": score["sheet"],
        "name": TOTAL,
        "score": score["total"],
        "open": figure(waiting),
        "verdict": grade,
    }


def _rows_since(found: Publication) -> list[dict[str, Any]]:
    said = since(found)
    rows: list[dict[str, Any]] = [{"kind": NOTE, "note": words} for words in said["notes"]]
    rows += [
        {"kind": NOTE, "name": c["what"], "note": f"{c['then'] or '—'} → {c['now'] or '—'}"}
        for c in said["changes"]
    ]
    return rows + [
        {"kind": DRIFT, "sheet": d["sheet"], "name": d["what"], "note": f"{d['then']} → {d['now']}"}
        for d in said["drift"]
    ]


def _told(indicator: dict[str, Any]) -> dict[str, Any]:
    """Return an indicator in words: where its figure is from, what was typed against it, what was ruled,
    what it earned.
    """
    origin, contest = indicator.get("origin"), indicator.get("contest") or {}
    verdict = indicator.get("verdict") or ""
    if contest:
        accepted, refused, doubt = (contest.get(name) for name in ("accepted", "refused", "doubt"))
        once = (
            f"（曾有台账读数，测算于 {day}，已撤销或不再有数）" if (day := contest.get("measured_on")) else ""
        )
        contest = {
            "computed": f"{contest['computed']}{once}",
            "typed": contest["typed"],
            "difference": f"不能比较：{doubt}" if doubt else contest.get("difference"),
            "reason": contest.get("reason"),
            "contest": RULED_WORDS[ruled(accepted, refused)],
            "ruling": accepted or refused,
        }
    elif origin == "judgement":
        contest = {"typed": indicator["actual"]}
    granted = Decimal(indicator.get("granted") or 0)
    words = {
        "name": indicator["name"],
        "target": indicator["target"],
        "actual": indicator["actual"],
        "origin": _origin(origin, verdict),
        "match": "" if indicator.get("confirmed", True) else "未确认",
        "verdict": VERDICT_WORDS.get(cast(Verdict, verdict), verdict),
        "points": indicator.get("points"),
        "score": indicator.get("score"),
        "open": "0" if indicator.get("score") is not None else indicator.get("points"),
        "granted": figure(granted) if granted else None,
        "note": indicator.get("how"),
    }
    return words | contest


def _origin(origin: str | None, verdict: str) -> str:
    """Return where a result is from; one without any says what it waits for, as its page does."""
    if origin != "none":
        return ORIGIN_WORDS.get(cast(Origin, origin), "")
    return (
        "定性评定" if verdict == "judged" else VERDICT_WORDS.get(cast(Verdict, verdict), ORIGIN_WORDS["none"])
    )
