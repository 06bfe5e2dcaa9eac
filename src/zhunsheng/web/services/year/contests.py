"""Figures that a department contests: each follows its word and the reading, a ruling moves the score."""

from __future__ import annotations

from django.db import transaction

from zhunsheng.translation import worded
from zhunsheng.usecases.result import Run
from zhunsheng.web.actor import current
from zhunsheng.web.models import Assessment, Contest, LowTarget, Organisation, SelfEvaluation, User, Word
from zhunsheng.web.models.year import promise_moved
from zhunsheng.web.roles import permits
from zhunsheng.web.services.sheets.lookup import book_in_force
from zhunsheng.web.services.year.comparing import differences, figures_of
from zhunsheng.web.services.year.figures import assess_now
from zhunsheng.web.services.year.question import promises
from zhunsheng.web.services.year.records import words_of
from zhunsheng.web.workflow import advance, note


@transaction.atomic
def settle_contests(evaluation: SelfEvaluation, run: Run) -> bool:
    """Have the contests follow the words and readings that figures were computed from;
    return whether an acceptance fell.

    One whose claim or reading is another than it was made on is replaced; what stands contested without one
    gets one.
    """
    words = words_of(evaluation)
    promised = promises(book_in_force(evaluation.department, evaluation.year, evaluation.as_of))
    standing = {
        (c.word.sheet_code, c.word.indicator_code): c
        for c in evaluation.contests.exclude(state="replaced").select_related("word").order_by("pk")
    }
    readings = {
        (s.id, i.id): i.outcome.contest.computed
        for s in run.results
        for i in s.indicators
        if i.outcome.contest
    }
    fell = False
    for key in {**standing, **readings}:
        contest, word, reading = standing.get(key), words.get(key), readings.get(key)
        if contest is not None:
            moved = _moved(contest, word, reading, promised.get(key))
            if not moved:
                continue
            fell = fell or contest.state == "accepted"
            by = _acting(evaluation.department) or contest.word.by
            if by is None:
                continue  # nobody to put the step to; the figure is the reading's all the same
            advance(by, contest, "contest.replace", moved)
        if word is not None and word.by is not None and reading is not None:
            made = Contest.objects.create(
                word=word, evaluation=evaluation, computed=reading, promised=promised.get(key, {})
            )
            note(word.by, made, "contest.raise", after="open", remark=word.reason)
    return fell


def _moved(contest: Contest, word: Word | None, reading: str | None, promised: dict[str, str] | None) -> str:
    """Return in words what is another than the contest was made on; empty where nothing is.

    ``reading`` is what stands against the figure, be it one that was taken back;
    ``promised`` what the indicator promises now, None for one that is no longer there.
    """
    was, now = contest.word.claim, word.claim if word else ("", "", ())
    changed = promise_moved(contest.promised, promised) if promised else worded("指标已从目标表中删除")
    if reading is None:
        return (
            (changed or worded("没有与填报的完成值不同的台账读数"))
            if now[0]
            else worded("填报的完成值已撤回")
        )
    told = [changed] if changed else []
    told += (
        []
        if reading == contest.computed
        else [worded("台账算出 {computed} → {reading}", computed=contest.computed, reading=reading)]
    )
    told += [] if was[0] == now[0] else [worded("填报的完成值 {was} → {now}", was=was[0], now=now[0])]
    told += [] if was[1] == now[1] else [worded("理由 “{was}” → “{now}”", was=was[1], now=now[1])]
    told += [] if was[2] == now[2] else [worded("证明材料有变")]
    return "；".join(told)


def _acting(department: Organisation) -> User | None:
    """Return the user of the current request or job who has a part in contests there;
    None for one who only looks.
    """
    user = User.objects.filter(username=current().name).first()
    acts = ("contest.raise", "contest.accept")
    return user if user is not None and any(permits(user, act, department) for act in acts) else None


def ruled(contest: Contest, user: User) -> None:
    """Compute a self-evaluation anew after a ruling of the finance bureau.

    The ruling holds whatever state the self-evaluation is in; signatures hold for the figures they were put
    to, so that one already submitted goes back to be signed with the new ones. A refusal moves only what
    counted the typed figure.
    """
    evaluation = SelfEvaluation.objects.get(pk=contest.evaluation_id)
    figures = assess_now(
        evaluation.department, evaluation.year, evaluation.as_of, tables=True, record=evaluation
    )
    if evaluation.assessment_id == figures.pk:
        return
    if contest.state == "refused" and not _counted(contest, evaluation):
        _told_refused(evaluation, figures)
        return
    resign(evaluation, figures, user, contest)


def resign(evaluation: SelfEvaluation, figures: Assessment, user: User, ruling: Contest | LowTarget) -> None:
    """Give a self-evaluation the figures that a ruling makes: one already submitted goes back to be signed
    with them.
    """
    if evaluation.state in ("draft", "returned"):
        evaluation.assessment = figures
        evaluation.save()
        return

    def moved(now: SelfEvaluation) -> None:
        now.assessment = figures

    remark = worded(
        "{state}：“{contest}”，得分随之改变，请重新审核签字",
        state=ruling.get_state_display(),
        contest=ruling,
    )
    advance(user, evaluation, "selfeval.reopen", remark, change=moved)


def _told_refused(evaluation: SelfEvaluation, figures: Assessment) -> None:
    """Have a self-evaluation's tables tell a refusal, where no figure is another for it:
    what was signed stays signed.
    """
    kept = evaluation.assessment
    if kept is None or differences(figures_of(kept.run), figures_of(figures.run)):
        return
    if evaluation.rechecked == kept.key:
        evaluation.rechecked = figures.key
    evaluation.assessment = figures
    evaluation.save()


def _counted(contest: Contest, evaluation: SelfEvaluation) -> bool:
    """Return whether a self-evaluation's figures count the contested figure as accepted."""
    run = evaluation.assessment.run if evaluation.assessment else None
    line = run.line(contest.word.sheet_code, contest.word.indicator_code) if run else None
    return line is not None and line.outcome.origin == "accepted"
