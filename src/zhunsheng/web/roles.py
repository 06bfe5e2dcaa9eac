"""Who may do what, where and when: the one table of roles and stages, and the permission rules made from it.

A role is held at an organisation. It reaches that organisation and all below; a role held at a section (科室) reaches the
section's department. A person never takes a step on a record when they took one of the steps it must be apart from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import rules
from django.utils.translation import gettext_lazy as _

from zhunsheng.web.models import Membership, Organisation, Role, Step, User

STAFF, FINANCE, HEAD, BUREAU, EVALUATOR, AUDITOR, ADMIN = (str(role) for role in Role)
OFFICE = (STAFF, FINANCE, HEAD)
READERS = (*OFFICE, BUREAU, AUDITOR)


@dataclass(frozen=True)
class Act:
    """One action: the roles that may take it, on what states of the record, where it leads, and what it is apart from.

    ``by`` names the states by role where not every role acts on every state. ``remark``: words are asked for.
    """

    roles: tuple[str, ...]
    label: Any = ""
    on: tuple[str, ...] = ()
    to: str = ""
    apart: tuple[str, ...] = ()
    by: tuple[tuple[str, str], ...] = ()
    remark: bool = False
    style: str = "primary"


ACTIONS: dict[str, Act] = {
    # -- overview, jobs, account
    "overview.view": Act(READERS),
    # -- targets: 科室填报 → 财务科审核 → 财政局批复
    "targets.view": Act((*READERS, EVALUATOR)),
    "targets.start": Act((STAFF, FINANCE)),
    "targets.edit": Act((STAFF, FINANCE), on=("draft", "returned", "changes")),
    "targets.submit": Act((STAFF, FINANCE), _("提交审核"), ("draft", "returned", "changes"), "submitted"),
    "targets.check": Act((FINANCE,), _("审核通过，报财政局"), ("submitted",), "checked", apart=("targets.submit",)),
    "targets.approve": Act((BUREAU,), _("批复"), ("checked",), "approved", apart=("targets.submit", "targets.check")),
    "targets.ask": Act((FINANCE, BUREAU), _("要求修改"), ("submitted", "checked"), "changes", by=((FINANCE, "submitted"), (BUREAU, "checked")), remark=True, style="warning"),
    "targets.return": Act((FINANCE, BUREAU), _("退回"), ("submitted", "checked"), "returned", by=((FINANCE, "submitted"), (BUREAU, "checked")), remark=True, style="danger"),
    "targets.adjust": Act((STAFF, FINANCE), on=("approved",)),
    # -- ledgers
    "ledgers.view": Act(READERS),
    "ledgers.personal": Act((STAFF, FINANCE)),
    "ledgers.import": Act((STAFF, FINANCE)),
    "ledgers.undo": Act((FINANCE,)),
    # -- monitoring: 科室说明 → 财务科确认
    "monitoring.view": Act(READERS),
    "monitoring.open": Act((FINANCE,)),
    "monitoring.explain": Act((STAFF, FINANCE), on=("open",)),
    "monitoring.submit": Act((STAFF, FINANCE), _("提交财务科确认"), ("open",), "submitted"),
    "monitoring.confirm": Act((FINANCE,), _("确认"), ("submitted",), "confirmed", apart=("monitoring.submit",)),
    "monitoring.return": Act((FINANCE,), _("退回补充"), ("submitted",), "open", remark=True, style="warning"),
    # -- self-evaluation: 填报 → 财务科审核 → 负责人签字 → 财政局复核
    "selfeval.view": Act(READERS),
    "selfeval.open": Act((FINANCE,)),
    "selfeval.fill": Act((STAFF, FINANCE), on=("draft", "returned")),
    "selfeval.submit": Act((STAFF, FINANCE), _("填报人签字提交"), ("draft", "returned"), "filled"),
    "selfeval.check": Act((FINANCE,), _("财务科审核签字"), ("filled",), "checked", apart=("selfeval.submit",)),
    "selfeval.sign": Act((HEAD,), _("负责人签字上报"), ("checked",), "signed", apart=("selfeval.submit", "selfeval.check")),
    "selfeval.recheck": Act((BUREAU,), on=("signed", "accepted")),
    "selfeval.accept": Act((BUREAU,), _("复核通过"), ("signed",), "accepted", apart=("selfeval.submit", "selfeval.check", "selfeval.sign")),
    "selfeval.return": Act((FINANCE, HEAD, BUREAU), _("退回"), ("filled", "checked", "signed"), "returned", by=((FINANCE, "filled"), (HEAD, "checked"), (BUREAU, "signed")), remark=True, style="danger"),
    # -- key evaluation: 独立评分 → 合议 → 报告；整改
    "keyeval.view": Act((*READERS, EVALUATOR)),
    "keyeval.start": Act((BUREAU,)),
    "keyeval.mark": Act((EVALUATOR,), on=("scoring",)),
    "keyeval.agree": Act((BUREAU,), on=("agreeing",)),
    "keyeval.report": Act((BUREAU,), _("定稿出报告"), ("agreeing",), "reported"),
    "rectify.add": Act((BUREAU,)),
    "rectify.prove": Act((STAFF, FINANCE), _("提交整改情况"), ("open",), "proved"),
    "rectify.close": Act((BUREAU,), _("验收销号"), ("proved",), "closed", apart=("rectify.prove",)),
    "rectify.reopen": Act((BUREAU,), _("退回继续整改"), ("proved",), "open", remark=True, style="warning"),
    # -- double random
    "draws.view": Act(READERS),
    "draws.registers": Act((STAFF, FINANCE)),
    "draws.plan": Act((STAFF, FINANCE), on=("planned",)),
    "draws.commit": Act((STAFF, FINANCE, HEAD), on=("planned",)),
    "draws.enter": Act((STAFF, FINANCE, HEAD, AUDITOR), on=("committed", "entered")),
    "draws.draw": Act((STAFF, FINANCE, HEAD), on=("sealed",)),
    "draws.result": Act((STAFF,), on=("drawn",)),
    # -- safeguards
    "safeguards.view": Act(READERS),
    "safeguards.record": Act((STAFF, FINANCE), on=("open", "approved", "refused")),
    "safeguards.request": Act((STAFF, FINANCE), _("申请审批"), ("open", "approved", "refused"), "requested"),
    "safeguards.approve": Act((HEAD, FINANCE), _("批准"), ("requested",), "approved", apart=("safeguards.request",)),
    "safeguards.refuse": Act((HEAD, FINANCE), _("不批准"), ("requested",), "refused", apart=("safeguards.request",), remark=True, style="danger"),
    "safeguards.close": Act((STAFF, FINANCE), _("办结"), ("open", "approved"), "closed", style="secondary"),
    # -- publication: 财务科提出 → 负责人批准
    "publish.view": Act(READERS),
    "publish.request": Act((FINANCE,)),
    "publish.approve": Act((HEAD,), _("批准公开"), ("requested",), "published", apart=("publish.request",)),
    "publish.refuse": Act((HEAD,), _("不予公开"), ("requested",), "refused", remark=True, style="danger"),
    "publish.withdraw": Act((HEAD,), _("撤下"), ("published",), "withdrawn", remark=True, style="warning"),
    # -- portfolio, administration
    "portfolio.view": Act((BUREAU, AUDITOR)),
    "portfolio.import": Act((BUREAU,)),
    "admin.manage": Act((ADMIN,)),
    "audit.view": Act((ADMIN, AUDITOR)),
}  # fmt: skip


def memberships(user: User) -> list[Membership]:
    """Return a user's active memberships, read once a request."""
    if not hasattr(user, "_memberships"):
        found = user.memberships.filter(active=True, organisation__active=True).select_related("organisation__parent")
        user._memberships = list(found)  # type: ignore[attr-defined]
    return user._memberships  # type: ignore[attr-defined,no-any-return]


def reaches(membership: Membership, organisation: Organisation) -> bool:
    """Return whether a role held there reaches an organisation."""
    held = membership.organisation
    if held.kind == Organisation.Kind.SECTION:
        held = held.parent or held
    return held.covers(organisation)


def roles_at(user: User, organisation: Organisation | None) -> set[str]:
    """Return the roles a user has for an organisation, or anywhere for None."""
    if not user.is_authenticated or not user.is_active:
        return set()
    return {m.role for m in memberships(user) if organisation is None or reaches(m, organisation)}


def may(user: User, action: str, subject: Any = None) -> bool:
    """Return whether a user may take an action on a record, an organisation, or (None) anywhere at all."""
    act = ACTIONS[action]
    where = subject if isinstance(subject, Organisation) or subject is None else subject.department
    if subject is not None and where is None:
        return False  # a record that belongs nowhere is nobody's, not everybody's
    held = roles_at(user, where) & set(act.roles)
    state = getattr(subject, "state", None)
    if not held:
        return False
    if act.on and state is not None and not isinstance(subject, Organisation):
        if state not in act.on:
            return False
        if act.by and not any((role, state) in act.by for role in held):
            return False
    return not (act.apart and subject is not None and _took(user, act.apart, subject))


def _took(user: User, actions: tuple[str, ...], subject: Any) -> bool:
    """Return whether the user took one of the steps in the record's present round (since the record was last at its start)."""
    if isinstance(subject, Organisation):
        return False
    taken = Step.objects.filter(model=subject._meta.model_name, object_id=subject.pk, action__in=actions)
    last = {s.action: s.by_id for s in taken}
    return user.pk in last.values()


def available(user: User, subject: Any, prefix: str) -> list[tuple[str, Act]]:
    """Return the labelled actions a user may take on a record now, for its buttons."""
    return [
        (name, act)
        for name, act in ACTIONS.items()
        if name.startswith(f"{prefix}.") and act.label and act.to and may(user, name, subject)
    ]


def departments(user: User, action: str) -> list[Organisation]:
    """Return the departments where a user may take an action, in the order of the tree."""
    held = [m for m in memberships(user) if m.role in ACTIONS[action].roles]
    found: dict[int, Organisation] = {}
    for membership in held:
        top = (
            membership.organisation.department if membership.organisation.kind == "section" else membership.organisation
        )
        if top is None:
            continue
        below = Organisation.objects.filter(path__startswith=top.path, kind="department", active=True)
        found |= {o.pk: o for o in below}
    return sorted(found.values(), key=lambda o: o.path)


def register() -> None:
    """Enter every action as a permission, so that ``user.has_perm("targets.check", version)`` asks this table."""

    def predicate(action: str) -> Any:
        return rules.predicate(lambda user, subject=None: may(user, action, subject), name=action)

    for action in ACTIONS:
        rules.add_perm(action, predicate(action))
