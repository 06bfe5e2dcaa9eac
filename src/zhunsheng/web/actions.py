"""The one table of actions: which roles take each, on what states of a record, apart from which steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from zhunsheng.web.models import Role

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

STAFF, FINANCE, HEAD, BUREAU, EVALUATOR, AUDITOR, ADMIN = (str(role) for role in Role)
OFFICE = (STAFF, FINANCE, HEAD)
READERS = (*OFFICE, BUREAU, AUDITOR)
FILLED = (
    "all_judged",
    "misses_explained",
    "matches_confirmed",
    "contests_proved",
)  # asked again at each signature within the department


@dataclass(frozen=True)
class Act:
    """One action: the roles that may take it, on what states of the record, where it leads,
    and what it is apart from.

    ``by`` names the states by role where not every role acts on every state. ``remark``: words are asked for.
    ``ways`` are further states it may lead to, by what the record says. ``needs`` are conditions
    (``services/conditions.py``). ``undoes`` names the step it takes back, while nobody acted since.
    ``blind``: others act at the same time unseen, so that only the text need be as it was on the screen.
    ``system``: no one takes it; it follows from another step.
    """

    roles: tuple[str, ...]
    label: StrOrPromise = ""
    on: tuple[str, ...] = ()
    to: str = ""
    apart: tuple[str, ...] = ()
    by: tuple[tuple[str, str], ...] = ()
    remark: bool = False
    style: str = "primary"
    ways: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    undoes: str = ""
    blind: bool = False
    system: bool = False

    @property
    def leads(self) -> tuple[str, ...]:
        """Every state the action may lead to."""
        return (self.to, *self.ways) if self.to else ()


ACTIONS: dict[str, Act] = {
    # -- overview, jobs, account
    "overview.view": Act(READERS),
    # -- targets: 科室填报 → 财务科审核 → 财政局批复
    "targets.view": Act((*READERS, EVALUATOR)),
    "targets.start": Act((STAFF, FINANCE)),
    "targets.edit": Act((STAFF, FINANCE), on=("draft", "returned", "changes")),
    # What the reader of documents was not sure of is confirmed by who may correct it.
    "targets.confirm": Act((STAFF, FINANCE), on=("draft", "returned", "changes")),
    # What the columns of a document are, by which its versions are read anew; and what is kept of it for the
    # organisation and all below it.
    "targets.columns": Act((STAFF, FINANCE), on=("draft", "returned", "changes")),
    "targets.layouts": Act((STAFF, FINANCE, BUREAU)),
    "targets.submit": Act(
        (STAFF, FINANCE),
        _("提交审核"),
        ("draft", "returned", "changes"),
        "submitted",
        needs=(
            "newest_version",
            "reading_confirmed",
            "indicators_given",
            "budget_given",
            "goals_written",
            "errors_known",
            "reason_given",
        ),
    ),
    "targets.withdraw": Act(
        (STAFF, FINANCE),
        _("撤回"),
        ("submitted", "checked"),
        "draft",
        ways=("returned", "changes"),
        undoes="targets.submit",
        style="secondary",
    ),
    "targets.check": Act(
        (FINANCE,),
        _("审核通过，报财政局"),
        ("submitted",),
        "checked",
        apart=("targets.submit",),
        needs=("newest_version",),
    ),
    "targets.approve": Act(
        (BUREAU,),
        _("批复"),
        ("checked",),
        "approved",
        apart=("targets.submit", "targets.check"),
        needs=("newest_version",),
    ),
    "targets.ask": Act(
        (FINANCE, BUREAU),
        _("要求修改"),
        ("submitted", "checked"),
        "changes",
        by=((FINANCE, "submitted"), (BUREAU, "checked")),
        remark=True,
        style="warning",
    ),
    "targets.return": Act(
        (FINANCE, BUREAU),
        _("退回"),
        ("submitted", "checked"),
        "returned",
        by=((FINANCE, "submitted"), (BUREAU, "checked")),
        remark=True,
        style="danger",
    ),
    "targets.void": Act(
        (STAFF, FINANCE), _("作废"), ("draft", "returned", "changes"), "void", remark=True, style="secondary"
    ),
    "targets.restore": Act(
        (STAFF, FINANCE), _("恢复"), ("void",), "draft", needs=("newest_version",), style="secondary"
    ),
    "targets.adjust": Act((STAFF, FINANCE), on=("approved",)),
    # -- ledgers
    "ledgers.view": Act(READERS),
    "ledgers.personal": Act((STAFF, FINANCE)),
    "ledgers.import": Act((STAFF, FINANCE)),
    "ledgers.undo": Act((FINANCE,)),
    "ledgers.remove": Act((FINANCE,)),
    "ledgers.define": Act((FINANCE,)),
    # -- monitoring: 科室说明 → 财务科确认
    "monitoring.view": Act(READERS),
    "monitoring.open": Act((FINANCE,)),
    "monitoring.explain": Act((STAFF, FINANCE), on=("open",)),
    "monitoring.submit": Act(
        (STAFF, FINANCE), _("提交财务科确认"), ("open",), "submitted", needs=("lights_explained",)
    ),
    "monitoring.withdraw": Act(
        (STAFF, FINANCE), _("撤回"), ("submitted",), "open", undoes="monitoring.submit", style="secondary"
    ),
    "monitoring.confirm": Act(
        (FINANCE,),
        _("确认"),
        ("submitted",),
        "confirmed",
        apart=("monitoring.submit",),
        needs=("lights_explained",),
    ),
    "monitoring.return": Act((FINANCE,), _("退回补充"), ("submitted",), "open", remark=True, style="warning"),
    # -- self-evaluation: 填报 → 财务科审核 → 负责人签字 → 财政局复核
    "selfeval.view": Act(READERS),
    "selfeval.open": Act((FINANCE,)),
    "selfeval.fill": Act((STAFF, FINANCE), on=("draft", "returned")),
    "selfeval.submit": Act(
        (STAFF, FINANCE), _("填报人签字提交"), ("draft", "returned"), "filled", needs=("self_due", *FILLED)
    ),
    "selfeval.withdraw": Act(
        (STAFF, FINANCE),
        _("撤回"),
        ("filled",),
        "draft",
        ways=("returned",),
        undoes="selfeval.submit",
        style="secondary",
    ),
    "selfeval.check": Act(
        (FINANCE,), _("财务科审核签字"), ("filled",), "checked", apart=("selfeval.submit",), needs=FILLED
    ),
    "selfeval.sign": Act(
        (HEAD,),
        _("负责人签字上报"),
        ("checked",),
        "signed",
        apart=("selfeval.submit", "selfeval.check"),
        needs=FILLED,
    ),
    "selfeval.recheck": Act((BUREAU,), on=("signed", "accepted")),
    "selfeval.accept": Act(
        (BUREAU,),
        _("复核通过"),
        ("signed",),
        "accepted",
        apart=("selfeval.submit", "selfeval.check", "selfeval.sign"),
        needs=(
            "contests_ruled",
            "findings_decided",
            "findings_current",
            "scored_in_force",
            "rechecked_as_signed",
        ),
    ),
    # What was accepted in error goes back to be filled anew; what was published of it says so.
    "selfeval.recall": Act(
        (BUREAU,), _("撤销复核通过"), ("accepted",), "returned", remark=True, style="danger"
    ),
    # What was signed is not what it comes to now: it goes back, and is signed anew.
    "selfeval.reopen": Act(
        (), _("裁定后退回重签"), on=("filled", "checked", "signed"), to="returned", system=True
    ),
    "selfeval.return": Act(
        (FINANCE, HEAD, BUREAU),
        _("退回"),
        ("filled", "checked", "signed"),
        "returned",
        by=((FINANCE, "filled"), (HEAD, "checked"), (BUREAU, "signed")),
        remark=True,
        style="danger",
    ),
    # Whether a target far exceeded was too low one officer finds, another upholds.
    "selfeval.find": Act(
        (BUREAU,), on=("signed",), apart=("selfeval.submit", "selfeval.check", "selfeval.sign")
    ),
    # -- a figure typed against the ledgers: the finance bureau rules
    "contest.raise": Act((STAFF, FINANCE)),
    "contest.accept": Act(
        (BUREAU,),
        _("采纳争议"),
        ("open",),
        "accepted",
        apart=("contest.raise",),
        remark=True,
        needs=("contest_proved", "still_rechecked"),
    ),
    "contest.refuse": Act(
        (BUREAU,), _("不予采纳"), ("open",), "refused", apart=("contest.raise",), remark=True, style="danger"
    ),
    "contest.replace": Act((), on=("open", "accepted", "refused"), to="replaced", system=True),
    # -- what an officer found of a target far exceeded
    "lowtarget.uphold": Act(
        (BUREAU,),
        _("确认认定"),
        ("found",),
        "upheld",
        apart=("selfeval.find",),
        needs=("still_rechecked", "found_as_it_is"),
    ),
    "lowtarget.dismiss": Act(
        (BUREAU,),
        _("不予认定"),
        ("found",),
        "dismissed",
        apart=("selfeval.find",),
        remark=True,
        style="danger",
    ),
    # -- which measure proves an indicator, which project of the ledgers is a sheet's
    # -- measures of its own: what counts for a figure is the finance office's to say, and shown to all
    # readers
    "measures.view": Act(READERS),
    "measures.define": Act((FINANCE,)),
    "matches.view": Act(READERS),
    "matches.confirm": Act((STAFF, FINANCE, BUREAU)),
    # To take away the measure that computes an indicator, or a project's money, silences evidence:
    # the audited side can't.
    "matches.override": Act((BUREAU,)),
    # -- key evaluation: 独立评分 → 合议 → 报告；整改
    "keyeval.view": Act((*READERS, EVALUATOR)),
    "keyeval.start": Act((BUREAU,)),
    "keyeval.appoint": Act((BUREAU,), on=("scoring",), to="scoring", ways=("agreeing",), remark=True),
    "keyeval.mark": Act((EVALUATOR,), on=("scoring",), to="scoring", ways=("agreeing",), blind=True),
    "keyeval.agree": Act((BUREAU,), on=("agreeing",)),
    "keyeval.report": Act((BUREAU,), _("定稿出报告"), ("agreeing",), "reported", needs=("all_rows_agreed",)),
    "rectify.add": Act((BUREAU,)),
    "rectify.prove": Act((STAFF, FINANCE), _("提交整改情况"), ("open",), "proved", needs=("mending_told",)),
    "rectify.withdraw": Act(
        (STAFF, FINANCE), _("撤回"), ("proved",), "open", undoes="rectify.prove", style="secondary"
    ),
    "rectify.close": Act((BUREAU,), _("验收销号"), ("proved",), "closed", apart=("rectify.prove",)),
    "rectify.reopen": Act((BUREAU,), _("退回继续整改"), ("proved",), "open", remark=True, style="warning"),
    # -- double random
    "draws.view": Act(READERS),
    "draws.registers": Act((STAFF, FINANCE)),
    "draws.plan": Act((STAFF, FINANCE), on=("planned",)),
    "draws.void": Act((STAFF, FINANCE), _("作废方案"), ("planned",), "void", remark=True, style="secondary"),
    "draws.restore": Act(
        (STAFF, FINANCE), _("恢复方案"), ("void",), "planned", needs=("never_committed",), style="secondary"
    ),
    # What was promised in public is given up in public, with its reason, and is not taken up again.
    "draws.annul": Act(
        (HEAD,),
        _("作废已公布的抽查"),
        ("committed", "entered", "sealed"),
        "void",
        remark=True,
        style="danger",
    ),
    "draws.commit": Act(
        (STAFF, FINANCE, HEAD), on=("planned",), to="committed", needs=("numbers_unknown", "frame_taken")
    ),
    # Slips become final only when two of the office gave the same digests; an auditor is a second pair of
    # eyes for numbers.
    "draws.slips": Act((STAFF, FINANCE, HEAD), on=("committed",), blind=True),
    "draws.seal": Act((), on=("committed",), system=True),
    "draws.enter": Act(
        (STAFF, FINANCE, HEAD, AUDITOR),
        on=("committed", "entered"),
        to="entered",
        ways=("sealed",),
        blind=True,
    ),
    "draws.differ": Act((), on=("entered",), to="committed", system=True),
    # What an outside party stamped is kept as it came: it changes no state.
    "draws.stamp": Act((FINANCE, HEAD)),
    "draws.adopt": Act((), on=("planned",), to="drawn", system=True),
    "draws.draw": Act((STAFF, FINANCE, HEAD), on=("sealed",), to="drawn"),
    "draws.result": Act((STAFF,), on=("drawn",)),
    # -- safeguards
    "safeguards.view": Act(READERS),
    # Editing what was approved opens it again: the approval was of the text as it stood.
    "safeguards.record": Act((STAFF, FINANCE), on=("open", "approved", "refused"), to="open"),
    "safeguards.edit": Act((STAFF, FINANCE), on=("open", "approved", "refused"), to="open"),
    # How it ended was written: whoever wrote it does not close the record.
    "safeguards.result": Act((STAFF, FINANCE), on=("open", "approved", "refused"), to="open"),
    "safeguards.request": Act(
        (STAFF, FINANCE),
        _("申请审批"),
        ("open", "approved", "refused"),
        "requested",
        needs=("request_offered",),
    ),
    "safeguards.withdraw": Act(
        (STAFF, FINANCE),
        _("撤回申请"),
        ("requested",),
        "open",
        ways=("approved", "refused"),
        undoes="safeguards.request",
        style="secondary",
    ),
    "safeguards.approve": Act(
        (HEAD, FINANCE), _("批准"), ("requested",), "approved", apart=("safeguards.request",)
    ),
    "safeguards.refuse": Act(
        (HEAD, FINANCE),
        _("不批准"),
        ("requested",),
        "refused",
        apart=("safeguards.request",),
        remark=True,
        style="danger",
    ),
    "safeguards.close": Act(
        (STAFF, FINANCE),
        _("办结"),
        ("open", "approved"),
        "closed",
        apart=("safeguards.result",),
        needs=("closing_told",),
        style="secondary",
    ),
    "safeguards.void": Act(
        (STAFF, FINANCE), _("作废"), ("open", "refused"), "void", remark=True, style="secondary"
    ),
    "safeguards.restore": Act((STAFF, FINANCE), _("恢复"), ("void",), "open", style="secondary"),
    # -- publication: 财务科提出 → 负责人批准
    "publish.view": Act(READERS),
    "publish.request": Act((FINANCE,)),
    "publish.approve": Act((HEAD,), _("批准公开"), ("requested",), "published", apart=("publish.request",)),
    # Personal data found in what is public already: kept for a reason, or the whole is withdrawn.
    "publish.keep": Act((HEAD,), on=("published",)),
    "publish.retract": Act((FINANCE,), _("撤回申请"), ("requested",), "withdrawn", style="secondary"),
    "publish.overtake": Act((), on=("requested", "published"), to="withdrawn", system=True),
    "publish.refuse": Act((HEAD,), _("不予公开"), ("requested",), "refused", remark=True, style="danger"),
    "publish.withdraw": Act((HEAD,), _("撤下"), ("published",), "withdrawn", remark=True, style="warning"),
    # -- portfolio, administration
    "portfolio.view": Act((BUREAU, AUDITOR)),
    "portfolio.import": Act((BUREAU,)),
    "admin.manage": Act((ADMIN,)),
    "audit.view": Act((ADMIN, AUDITOR)),
}
# What an action without a button of its own is called, in the log and in the table of permissions.
WORDS: dict[str, StrOrPromise] = {
    "overview.view": _("查看总览"),
    "targets.view": _("查看目标"),
    "targets.start": _("建立"),
    "targets.edit": _("填写"),
    "targets.confirm": _("核对识别结果"),
    "targets.columns": _("确认各列"),
    "targets.layouts": _("管理版式"),
    "targets.adjust": _("提出调整"),
    "ledgers.view": _("查看台账"),
    "ledgers.personal": _("查看个人信息"),
    "ledgers.import": _("导入"),
    "ledgers.undo": _("撤销批次"),
    "ledgers.remove": _("删除台账的行"),
    "ledgers.define": _("定义台账"),
    "monitoring.view": _("查看监控"),
    "monitoring.open": _("开启填报"),
    "monitoring.explain": _("填写原因和措施"),
    "selfeval.view": _("查看自评"),
    "selfeval.open": _("开启自评"),
    "selfeval.fill": _("填报完成值"),
    "selfeval.recheck": _("复核计算"),
    "selfeval.find": _("认定目标是否偏低"),
    "contest.raise": _("填报与台账不同的完成值"),
    "contest.replace": _("由新的填报代替"),
    "measures.view": _("查看自定义测度"),
    "measures.define": _("定义测度"),
    "matches.view": _("查看口径"),
    "matches.confirm": _("确认口径和项目"),
    "matches.override": _("取消测度或项目归属"),
    "keyeval.view": _("查看重点评价"),
    "keyeval.agree": _("合议评分"),
    "keyeval.start": _("列入重点评价"),
    "keyeval.appoint": _("改派评价人"),
    "keyeval.mark": _("提交独立评分"),
    "rectify.add": _("列入整改"),
    "draws.view": _("查看抽查"),
    "draws.registers": _("维护名录"),
    "draws.plan": _("制定方案"),
    "draws.commit": _("公布承诺"),
    "draws.slips": _("录入封条摘要"),
    "draws.seal": _("封条两次录入一致，登记"),
    "draws.enter": _("录入随机数"),
    "draws.draw": _("抽取"),
    "draws.stamp": _("登记外部时间戳"),
    "draws.result": _("录入检查结果"),
    "draws.differ": _("两次录入不一致，退回重录"),
    "draws.adopt": _("接收已抽取的整包"),
    "safeguards.view": _("查看保障措施"),
    "safeguards.record": _("登记"),
    "safeguards.edit": _("修改"),
    "safeguards.result": _("填写办结情况"),
    "publish.view": _("查看公开事项"),
    "publish.request": _("提出公开"),
    "publish.overtake": _("由新的公开代替"),
    "publish.keep": _("说明保留已公开内容的理由"),
    "portfolio.view": _("查看财政汇总"),
    "portfolio.import": _("集中导入目标文件"),
    "admin.manage": _("管理单位、用户、规则和日历"),
    "audit.view": _("查看审计日志"),
}
# Part of the site, or kind of record, that the first word of an action names; in the order of the table.
PARTS: dict[str, StrOrPromise] = {
    "overview": _("总览"),
    "targets": _("绩效目标"),
    "ledgers": _("台账证据"),
    "monitoring": _("运行监控"),
    "measures": _("自定义测度"),
    "matches": _("口径确认"),
    "selfeval": _("绩效自评"),
    "contest": _("完成值争议"),
    "lowtarget": _("目标是否偏低"),
    "keyeval": _("重点评价"),
    "rectify": _("整改"),
    "draws": _("双随机"),
    "safeguards": _("保障措施"),
    "publish": _("信息公开"),
    "portfolio": _("财政汇总"),
    "admin": _("系统管理"),
    "audit": _("审计日志"),
}


def words_of(action: str) -> StrOrPromise:
    """Return what an action is called: its button's label, else its word, else itself where it is none of the
    table.
    """
    act = ACTIONS.get(action)
    return act.label if act and act.label else WORDS.get(action, action)
