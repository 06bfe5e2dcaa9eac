"""Key evaluation at work: projects chosen, marks given apart, points agreed, problems listed for mending."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from zhunsheng.errors import ZhunshengError
from zhunsheng.evaluation.key import KeyCard, check_points, key_card
from zhunsheng.files.scratch import scratch_folder
from zhunsheng.regulations import KeyFramework, key_frameworks
from zhunsheng.reports.key_report import KeyReport, write_key_report
from zhunsheng.translation import series, worded
from zhunsheng.usecases.result import RunSheet
from zhunsheng.web.models import (
    KeyEvaluation,
    KeyMark,
    Membership,
    Organisation,
    Rectification,
    SelfEvaluation,
    Sheet,
    Step,
    User,
)
from zhunsheng.web.models.public import SETTLED
from zhunsheng.web.roles import reaches
from zhunsheng.web.services import papers
from zhunsheng.web.services.rules import rules_for
from zhunsheng.web.services.sheets.lookup import in_force
from zhunsheng.web.services.year.records import newest_assessment
from zhunsheng.web.workflow import advance, check, note

WEAK = Decimal("0.6")  # a row below this share of its points is offered for rectification
Points = dict[str, tuple[Decimal, str]]  # row code -> (points, reason)


def evaluators_for(department: Organisation) -> list[User]:
    """Return the people whose role of evaluator reaches a department."""
    held = Membership.objects.filter(role="evaluator", active=True, user__is_active=True).select_related(
        "user", "organisation__parent"
    )
    return sorted({m.user for m in held if reaches(m, department)}, key=lambda u: u.pk)


def experts(evaluation: KeyEvaluation) -> list[tuple[int, str, bool, bool]]:
    """Return whom the bureau may have mark: (id, name, whether they do now, whether they have finished and so
    stay).
    """
    chosen = {p.pk: p for p in evaluation.evaluators.all()}
    may_mark = {p.pk: p for p in evaluators_for(evaluation.department)}
    told = told_apart([*chosen.values(), *(p for p in may_mark.values() if p.pk not in chosen)])
    return [
        (pk, name, pk in chosen, pk in evaluation.finished)
        for pk, name in told.items()
        if pk in may_mark or pk in evaluation.finished
    ]


def framework_of(evaluation: KeyEvaluation) -> KeyFramework:
    """Return the framework an evaluation goes by."""
    return next(f for f in key_frameworks() if f.id == evaluation.framework)


def told_apart(people: Iterable[User]) -> dict[int, str]:
    """Return the names of people by their ids; those of one name with their accounts,
    as two people are not one.
    """
    shown = {one.pk: str(one) for one in people}
    several = {name for name in shown.values() if list(shown.values()).count(name) > 1}
    return {p.pk: f"{p}（{p.get_username()}）" if str(p) in several else str(p) for p in people}


def card_of(evaluation: KeyEvaluation) -> KeyCard:
    """Return the marks put together; evaluators are named by their display names."""
    given: dict[str, dict[str, Decimal]] = {}
    marks = list(evaluation.marks.filter(by__in=evaluation.evaluators.all()).select_related("by"))
    names = told_apart({mark.by for mark in marks})
    for mark in marks:
        given.setdefault(names[mark.by_id], {})[mark.row] = mark.points
    agreed = {code: Decimal(said["points"]) for code, said in evaluation.agreed.items()}
    return key_card(framework_of(evaluation), given, agreed)


def free_projects(department: Organisation, year: int) -> QuerySet[Sheet]:
    """Return the query of the projects that are not evaluated yet."""
    return Sheet.objects.filter(
        department=department, year=year, kind="project", retired=False, key_evaluations=None
    ).order_by("pk")


def start(sheet: Sheet, method: str, people: Sequence[User], user: User) -> KeyEvaluation:
    """Choose a project and its evaluators. Raises ``ZS-WB-06`` for fewer than two,
    or a project that was chosen.
    """
    if len(people) < 2:
        raise ZhunshengError("ZS-WB-06", detail=_("请选择至少两位评价人"))
    if KeyEvaluation.objects.filter(sheet=sheet).exists():
        raise ZhunshengError("ZS-WB-06", detail=_("“%s”已列入重点评价") % sheet.name)
    with transaction.atomic():
        made = KeyEvaluation.objects.create(
            sheet=sheet,
            department=sheet.department,
            year=sheet.year,
            framework=framework_for(sheet.department, sheet.year).id,
            method=method,
        )
        made.evaluators.set(people)
        note(user, made, "keyeval.start", after="scoring", remark="、".join(map(str, people)))
    return made


def appoint(
    evaluation: KeyEvaluation, people: Sequence[User], remark: str, user: User, seen: str | None = None
) -> KeyEvaluation:
    """Have others mark in the place of those who have not finished; who has, stays, with their marks.

    Where all that are left have finished, the talk opens. Marks that somebody left unfinished are kept and
    count nowhere.
    Raises ``PermissionDenied``, ``ZS-WB-10``, ``ZS-WB-01``, ``ZS-WB-02`` without a reason,
    ``ZS-WB-06`` for fewer than two.
    """
    with transaction.atomic():
        now = KeyEvaluation.objects.select_for_update().get(pk=evaluation.pk)
        check(user, now, "keyeval.appoint", seen)
        before = list(now.evaluators.order_by("pk"))
        chosen = {p.pk: p for p in (*(p for p in before if p.pk in now.finished), *people)}
        if len(chosen) < 2:
            raise ZhunshengError("ZS-WB-06", detail=_("请选择至少两位评价人"))
        told = told_apart([*before, *chosen.values()])
        now.evaluators.set(chosen.values())
        names = ["、".join(told[p.pk] for p in some) for some in (before, chosen.values())]
        words = f"{names[0]} → {names[1]}；{remark.strip()}" if remark.strip() else ""
        everyone = set(now.finished) >= chosen.keys()
        advance(user, now, "keyeval.appoint", words, seen=seen, to="agreeing" if everyone else "scoring")
    return now


def keep_marks(
    evaluation: KeyEvaluation, user: User, given: Points, *, finish: bool = False, seen: str | None = None
) -> KeyEvaluation:
    """Keep an evaluator's marks; with ``finish`` they are final, and the last evaluator's opens the talk.

    Raises ``PermissionDenied``, ``ZS-WB-10``, ``ZS-WB-01`` after finishing, ``ZS-KE-01``,
    ``ZS-WB-06`` for rows without marks.
    """
    with transaction.atomic():
        now = KeyEvaluation.objects.select_for_update().get(pk=evaluation.pk)
        check(user, now, "keyeval.mark", seen)
        if not now.evaluators.filter(pk=user.pk).exists():
            raise PermissionDenied("keyeval.mark")  # another marks in their place
        if user.pk in now.finished:
            raise ZhunshengError("ZS-WB-01", title=str(now), state=_("已提交评分"))
        framework = framework_of(now)
        for row in framework.rows:
            if row.code in given:
                points, reason = given[row.code]
                KeyMark.objects.update_or_create(
                    evaluation=now,
                    by=user,
                    row=row.code,
                    defaults={"points": check_points(row, points), "reason": reason},
                )
        if finish:
            _finish(now, user, framework, seen)
    return now


def _finish(now: KeyEvaluation, user: User, framework: KeyFramework, seen: str | None) -> None:
    have = set(now.marks.filter(by=user).values_list("row", flat=True))
    missing = [r.name for r in framework.rows if r.code not in have]
    if missing:
        raise ZhunshengError(
            "ZS-WB-06",
            detail=_("还有 %(n)s 项没有评分：%(names)s") % {"n": len(missing), "names": series(missing[:5])},
        )
    finished = [*now.finished, user.pk]

    def kept(one: KeyEvaluation) -> None:
        one.finished = finished

    everyone = set(finished) >= set(now.evaluators.values_list("pk", flat=True))
    advance(user, now, "keyeval.mark", seen=seen, change=kept, to="agreeing" if everyone else "scoring")


def agree(
    evaluation: KeyEvaluation, user: User, given: Points, conclusion: str, seen: str | None = None
) -> KeyEvaluation:
    """Keep the agreed points of rows with the reason, and the conclusion.

    Raises ``PermissionDenied``, ``ZS-WB-10`` where someone else agreed otherwise meanwhile, ``ZS-WB-01``,
    ``ZS-KE-01``.
    """
    with transaction.atomic():
        now = KeyEvaluation.objects.select_for_update().get(pk=evaluation.pk)
        check(user, now, "keyeval.agree", seen)
        agreed: dict[str, object] = dict(now.agreed)
        for row in framework_of(now).rows:
            if row.code in given:
                points, reason = given[row.code]
                agreed[row.code] = {"points": str(check_points(row, points)), "reason": reason}
        now.agreed, now.conclusion = agreed, conclusion.strip()
        now.save()
    return now


def add_rectification(
    evaluation: KeyEvaluation, user: User, problem: str, owner: str, due_on: date
) -> Rectification:
    """List a problem to be mended, with its owner and due date."""
    with transaction.atomic():
        made = Rectification.objects.create(
            evaluation=evaluation,
            department=evaluation.department,
            problem=problem,
            owner=owner,
            due_on=due_on,
        )
        note(user, made, "rectify.add", after="open")
    return made


def result_of(evaluation: KeyEvaluation) -> tuple[RunSheet | None, str]:
    """Return the figures of the project that is evaluated, found by its sheet's code,
    and in words what they are.

    They are those of the self-evaluation that was signed or accepted, else the newest computed;
    None without any.
    """
    department, year, code = evaluation.department, evaluation.year, evaluation.sheet.code
    signed = SelfEvaluation.objects.filter(department=department, year=year, state__in=SETTLED).first()
    found = signed.assessment.run.sheet(code) if signed and signed.assessment else None
    if signed is not None and found is not None:
        return found, _("自评得分（复核通过）") if signed.state == "accepted" else _(
            "自评得分（已签字，未复核）"
        )
    kept = newest_assessment(department, year)
    return kept.run.sheet(code) if kept else None, _("系统测算（自评未签字）")


def framework_for(department: Organisation, year: int) -> KeyFramework:
    """Return the framework in force for a department's year."""
    return rules_for(department, year).key


def grade_of(evaluation: KeyEvaluation, card: KeyCard) -> str:
    """Return the grade of an agreed card by the rules that hold for the department."""
    return rules_for(evaluation.department, evaluation.year).scheme.grade(card.total)


def report_given(evaluation: KeyEvaluation, on: date) -> tuple[bytes, str] | None:
    """Return the report in Word, dated ``on``, as it is given out, and its name; None until every row is
    agreed. Raises ``ZS-WB-80``.
    """
    content = report_of(evaluation, on)
    if content is None:
        return None
    name = f"{evaluation.sheet.name}重点绩效评价报告.docx"
    return papers.given(content, name, evaluation, evaluation.department, evaluation.year), name


def report_of(evaluation: KeyEvaluation, on: date) -> bytes | None:
    """Return the report in Word, dated ``on``, without code and manifest; None until every row is agreed."""
    card = card_of(evaluation)
    if not card.complete:
        return None
    with scratch_folder() as scratch:
        path = scratch / "重点绩效评价报告.docx"
        write_key_report(
            framework_of(evaluation),
            card,
            {code: said.get("reason", "") for code, said in evaluation.agreed.items()},
            KeyReport(
                project=evaluation.sheet.name,
                department=evaluation.department.name_in(evaluation.year),
                year=evaluation.year,
                on=on,
                grade=grade_of(evaluation, card),
                method=evaluation.method,
                conclusion=evaluation.conclusion,
                findings=[(r.problem, r.owner, r.due_on) for r in reported_fixes(evaluation)],
            ),
            path,
        )
        return path.read_bytes()


def suggested(evaluation: KeyEvaluation, card: KeyCard, result: RunSheet | None) -> list[str]:
    """Return findings that may become rectification items: targets missed, review errors,
    rows that lost much.
    """
    found = []
    for line in result.indicators if result else ():
        if line.score.verdict in ("missed", "nothing"):
            found.append(f"{line.name}：{line.score.how}")
    version = in_force(evaluation.sheet)
    found += [f.message for f in version.findings.all() if f.level == "error"] if version else []
    for one in card.rows:
        if one.agreed is not None and one.agreed < one.row.points * WEAK:
            found.append(
                worded(
                    "{name}得分偏低（{agreed} / {points}）",
                    name=one.row.name,
                    agreed=one.agreed,
                    points=one.row.points,
                )
            )
    return found


def reported_fixes(evaluation: KeyEvaluation) -> list[Rectification]:
    """Return the problems that the report names: those listed before it was final,
    as what is final does not grow.
    """
    final = next((s for s in reversed(evaluation.steps()) if s.action == "keyeval.report"), None)
    listed = Step.objects.filter(model="rectification", action="rectify.add")
    if final is not None:
        listed = listed.filter(pk__lt=final.pk)
    known = set(listed.values_list("object_id", flat=True))
    return [r for r in evaluation.rectifications.all() if final is None or r.pk in known]
