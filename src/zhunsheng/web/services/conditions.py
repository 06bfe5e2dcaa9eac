"""What each step needs before it is taken, by the names that the table of roles uses;
each says in words what is missing.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from zhunsheng.clock import told
from zhunsheng.errors import ZhunshengError
from zhunsheng.evaluation.indicators import holds
from zhunsheng.regulations import framework_for
from zhunsheng.targets.fields import NEW_INDICATOR, PLACEHOLDER
from zhunsheng.web.models import (
    Checkpoint,
    Contest,
    Draw,
    KeyEvaluation,
    LowTarget,
    Rectification,
    SafeguardRecord,
    SelfEvaluation,
)
from zhunsheng.web.models.targets import SheetVersion
from zhunsheng.web.services import keyeval
from zhunsheng.web.services.matching import open_proposals
from zhunsheng.web.services.registers import registers
from zhunsheng.web.services.rules import rules_for
from zhunsheng.web.services.sheets import doubts
from zhunsheng.web.services.year import low_targets
from zhunsheng.web.services.year.calendar import self_too_early
from zhunsheng.web.services.year.rechecking import findings
from zhunsheng.web.services.year.records import names_of, unexplained, words_of
from zhunsheng.web.workflow import Said, condition

PLACEHOLDERS = (NEW_INDICATOR, PLACEHOLDER)
SHOWN = 5  # names listed in a message before it only counts


# -- targets
# ----------------------------------------------------------------------------------------------------------


@condition
def newest_version(version: SheetVersion, said: Said) -> list[str]:
    """A version that a newer one took the place of goes no further."""
    newer = (
        version.sheet.versions.filter(number__gt=version.number)
        .exclude(state="void")
        .order_by("number")
        .last()
    )
    return [_("已有更新的第 %s 版") % newer.number] if newer else []


@condition
def reading_confirmed(version: SheetVersion, said: Said) -> list[str]:
    """What the reader of the document was not sure of was confirmed or corrected. Raises ``ZS-WB-70``."""
    if count := len(doubts.waiting(version)):
        raise ZhunshengError("ZS-WB-70", title=str(version), count=count)
    return []


@condition
def indicators_given(version: SheetVersion, said: Said) -> list[str]:
    """A project has an indicator in each dimension that the framework it is written by requires;
    a department has one at all.
    """
    sheet = version.target_sheet()
    empty = [i.name for i in sheet.indicators if i.name.strip() in ("", *PLACEHOLDERS)]
    if empty:
        return [_("有 %s 个指标还没有填写，不需要的请删除") % len(empty)]
    given = [
        i for i in sheet.indicators if i.name.strip() not in ("", *PLACEHOLDERS) and i.target.raw.strip()
    ]
    if version.sheet.kind == "department":
        return [] if given else [_("没有写明指标值的指标")]
    framework = framework_for([(i.level1, i.level2) for i in given], version.sheet.year)
    covered = {found.name for i in given if (found := framework.dimension(i.level1, i.level2))}
    lacking = [d.name for d in framework.dimensions if d.required and d.name not in covered]
    if not lacking:
        return []
    said_of = _("没有写明指标值的“%s”指标") % "、".join(lacking)
    strange = [(i.level1 or "").strip() for i in given if framework.dimension(i.level1, i.level2) is None]
    if named := "、".join(dict.fromkeys(filter(None, strange))):
        said_of += _("（认不出一级指标“%(named)s”，请改用“%(lacking)s指标”这样的名称）") % {
            "named": named,
            "lacking": lacking[0],
        }
    if blank := strange.count(""):
        said_of += _("（有 %s 个指标没有写一级指标）") % blank
    return [said_of]


@condition
def reason_given(version: SheetVersion, said: Said) -> list[str]:
    """What was approved is changed for a reason, however the version came to be the newest."""
    approved = version.sheet.versions.filter(state="approved", number__lt=version.number).exists()
    return [_("没有写调整理由，请写在“意见”里")] if approved and not version.reason else []


@condition
def budget_given(version: SheetVersion, said: Said) -> list[str]:
    """A project says what it costs."""
    if version.sheet.kind != "project":
        return []
    total = version.target_sheet().budget.total
    return [] if total is not None and total > 0 else [_("没有预算金额")]


@condition
def goals_written(version: SheetVersion, said: Said) -> list[str]:
    """What the empty form put there is no goal."""
    left = [g.title or "" for g in version.target_sheet().goals if g.text.strip() in ("", *PLACEHOLDERS)]
    return [_("目标没有写：%s") % "、".join(left)] if left else []


@condition
def errors_known(version: SheetVersion, said: Said) -> list[str]:
    """Findings of the level “error” are mended, or the sheet is submitted with them on purpose."""
    count = version.findings.filter(level="error").count()
    if not count or "despite" in said:
        return []
    return [_("还有 %s 个“错误”级问题，请改正；确需提交的，请勾选“仍要提交”") % count]


# -- the year
# ---------------------------------------------------------------------------------------------------------


def _listed(words: str, names: list[str]) -> list[str]:
    return [words % {"n": len(names), "names": "、".join(names[:SHOWN])}] if names else []


@condition
def lights_explained(checkpoint: Checkpoint, said: Said) -> list[str]:
    """Every yellow and red light has a cause and measures."""
    names = names_of(checkpoint, unexplained(checkpoint))
    return _listed(_("还有 %(n)s 项红黄灯没有写明原因和措施：%(names)s"), names)


@condition
def self_due(evaluation: SelfEvaluation, said: Said) -> list[str]:
    """A year is evaluated once it is over, or on the day that the calendar says."""
    early = self_too_early(evaluation.department, evaluation.year, begun=True)
    return [early] if early else []


@condition
def all_judged(evaluation: SelfEvaluation, said: Said) -> list[str]:
    """Every indicator has its score."""
    if evaluation.assessment is None:
        return [_("还没有自评结果")]
    run = evaluation.assessment.run
    pending = [
        line.name
        for one in run.results
        for line in one.indicators
        if line.score.verdict in ("pending", "check")
    ]
    return _listed(_("还有 %(n)s 项指标待评定或待核对：%(names)s"), pending)


@condition
def misses_explained(evaluation: SelfEvaluation, said: Said) -> list[str]:
    """Every target that was missed has a cause and measures."""
    names = names_of(evaluation, unexplained(evaluation))
    return _listed(_("还有 %(n)s 项未达标的指标没有写明偏差原因和改进措施：%(names)s"), names)


@condition
def matches_confirmed(evaluation: SelfEvaluation, said: Said) -> list[str]:
    """Nobody signs figures while it is open what proves them."""
    names = open_proposals(evaluation.assessment.run) if evaluation.assessment else []
    return _listed(_("还有 %(n)s 项口径未确认：%(names)s"), names)


@condition
def contests_proved(evaluation: SelfEvaluation, said: Said) -> list[str]:
    """A figure typed against a ledger goes up with its reason and its proof."""
    open_ones = evaluation.contests.filter(state="open").select_related("word")
    return [
        f"{one.word.indicator}：{'，'.join(lacks)}"
        for one in open_ones
        if (lacks := contest_proved(one, said))
    ]


@condition
def contests_ruled(evaluation: SelfEvaluation, said: Said) -> list[str]:
    """Nothing is closed over a contest that nobody ruled on."""
    open_ones = evaluation.contests.filter(state="open").select_related("word")
    return _listed(_("还有 %(n)s 项争议未裁定：%(names)s"), [one.word.indicator for one in open_ones])


@condition
def findings_decided(evaluation: SelfEvaluation, said: Said) -> list[str]:
    """Nothing is closed over a finding on a target that waits for a second officer."""
    waiting = evaluation.low_targets.filter(state="found")
    return _listed(
        _("还有 %(n)s 项目标是否偏低的认定待另一人确认：%(names)s"), [w.indicator for w in waiting]
    )


@condition
def findings_current(evaluation: SelfEvaluation, said: Said) -> list[str]:
    """Nothing is closed over a finding on a target that is another by now: of the new one nobody found
    anything.
    """
    words = _("有 %(n)s 项认定之后改了指标值，请重新认定目标是否偏低：%(names)s")
    return _listed(words, low_targets.lapsed(evaluation))


@condition
def found_as_it_is(finding: LowTarget, said: Said) -> list[str]:
    """A finding is upheld on the target and the result that it was made of."""
    moved = low_targets.moved(finding)
    return [_("认定之后有了变化（%s），请不予认定，再作新的认定") % moved] if moved else []


@condition
def scored_in_force(evaluation: SelfEvaluation, said: Said) -> list[str]:
    """Figures are accepted by the scheme in force: by another they would be others, and a band that the
    scheme doesn't have judges nothing.
    """
    if evaluation.assessment is None:
        return []
    scheme = rules_for(evaluation.department, evaluation.year).scheme
    was = evaluation.assessment.run.scheme
    if (was.id, was.name) != (scheme.id, scheme.name):
        told = {"was": was.name, "now": scheme.name}
        return [_("得分按“%(was)s”计，现行的评分方案是“%(now)s”，请退回重新计算") % told]
    judged = [w for w in words_of(evaluation).values() if w.band and not holds(scheme, w.band, w.share)]
    return _listed(
        _("有 %(n)s 项的档次不在现行评分方案之内，请退回重新评定：%(names)s"), [w.indicator for w in judged]
    )


@condition
def rechecked_as_signed(evaluation: SelfEvaluation, said: Said) -> list[str]:
    """The re-check was made for the very figures that were signed, and made now it would find the same."""
    if not evaluation.rechecked_as_it_is:
        return [_("复核之后得分有了变化，请重新复核") if evaluation.rechecked else _("还没有复核")]
    found, _key = findings(evaluation, evaluation.rechecked_of)
    same = found == evaluation.differences
    return [] if same else [_("复核之后台账、目标或评分办法有了变化，现在复核的结果不同，请重新复核")]


@condition
def contest_proved(contest: Contest, said: Said) -> list[str]:
    """A figure typed against a ledger is accepted on its reason and its proof, not on being typed,
    and where it can be read.
    """
    word = contest.word
    missing = [] if word.reason.strip() else [_("填报人没有写理由")]
    if not word.attachments.exists():
        missing.append(_("填报人没有附证明材料"))
    run = contest.evaluation.assessment.run if contest.evaluation.assessment else None
    line = run.line(word.sheet_code, word.indicator_code) if run else None
    if (
        line
        and line.outcome.contest
        and line.outcome.contest.typed == word.actual
        and line.outcome.contest.doubt
    ):
        missing.append(_("填报的数不能比较：%s") % line.outcome.contest.doubt)
    return missing


@condition
def still_rechecked(contest: Contest | LowTarget, said: Said) -> list[str]:
    """A ruling moves the figures, which an accepted self-evaluation no longer does."""
    closed = contest.evaluation.state == "accepted"
    return [_("自评已经认可，得分不再改变")] if closed else []


# -- key evaluation
# ---------------------------------------------------------------------------------------------------


@condition
def all_rows_agreed(evaluation: KeyEvaluation, said: Said) -> list[str]:
    """Every row of the card has its agreed points."""
    framework = keyeval.framework_of(evaluation)
    names = [row.name for row in framework.rows if row.code not in evaluation.agreed]
    return _listed(_("还有 %(n)s 项没有评定得分：%(names)s"), names)


@condition
def mending_told(fix: Rectification, said: Said) -> list[str]:
    """What was done is told, with a proof or why there is none."""
    missing = [] if fix.result.strip() else [_("没有写整改情况")]
    if fix.proof_id is None and not str(said.get("no_proof", "")).strip():
        missing.append(_("没有佐证材料，也没有说明为什么没有"))
    return missing


# -- draws
# ------------------------------------------------------------------------------------------------------------


@condition
def numbers_unknown(draw: Draw, said: Said) -> list[str]:
    """The randomness becomes known after the commitment."""
    known_later(datetime.fromisoformat(draw.plan["known_at"]))
    return []


@condition
def frame_taken(draw: Draw, said: Said) -> list[str]:
    """The day of the frame has come: what will be on a register is nobody's to promise."""
    frame_past(draw.frame_on)
    return []


@condition
def never_committed(draw: Draw, said: Said) -> list[str]:
    """A plan that was committed to and given up stays so: a second draw by it is another,
    with a commitment of its own.
    """
    return [_("承诺已经公布，作废之后不能恢复，请另立方案")] if draw.digest else []


def known_later(known_at: datetime) -> None:
    """Refuse a moment that has passed, in the office's time. Raises ``ZS-WB-12``."""
    now = timezone.now()
    if known_at <= now:
        raise ZhunshengError("ZS-WB-12", known=told(known_at), now=told(now))


def frame_past(day: date) -> None:
    """Refuse a frame of a day after today, in the office's time. Raises ``ZS-WB-58``."""
    today = timezone.localdate()
    if day > today:
        raise ZhunshengError("ZS-WB-58", day=day, today=today)


# -- safeguards
# -------------------------------------------------------------------------------------------------------


@condition
def request_offered(record: SafeguardRecord, said: Said) -> list[str]:
    """What is asked for is one of the register's requests."""
    if not record.request:
        return [_("请填写“%(label)s”") % {"label": _("申请事项")}]
    offered: Any = registers()[record.register].requests
    return [] if record.request in offered else [_("没有这种申请：%s") % record.request]


@condition
def closing_told(record: SafeguardRecord, said: Said) -> list[str]:
    """The register's fields that say how it ended are filled, and the proof is there where it
    asks for one.
    """
    register = registers()[record.register]
    titles = {f.name: f.title for f in register.fields} | {"proof": _("佐证材料")}
    given = {**record.data, "proof": record.proof_id}
    lacking = [titles[name] for name in register.closes_with if not given.get(name)]
    missing = [_("没有填：%s") % "、".join(lacking)] if lacking else []
    # A register whose every change is asked for first closes nothing that nobody approved as it stands.
    if register.requests and record.state != "approved":
        missing.append(_("还没有批准"))
    return missing
