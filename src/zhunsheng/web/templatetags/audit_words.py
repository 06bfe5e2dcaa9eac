"""Steps and entries of the audit log in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps
from django.utils.translation import gettext_lazy

from zhunsheng.web.actions import words_of
from zhunsheng.web.models import AuditEntry, Step
from zhunsheng.web.templatetags.library import register

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@register.filter
def action_words(step: Step) -> StrOrPromise:
    """Say what a step was."""
    return _said(step.action)


def _said(action: str) -> StrOrPromise:
    return words_of(action)


AUDITED = {
    "sign-in": gettext_lazy("登录"),
    "create": gettext_lazy("新建"),
    "change": gettext_lazy("改动"),
    "delete": gettext_lazy("删除"),
    "stock": gettext_lazy("升级时清点"),
    "papers registered": gettext_lazy("升级时登记已公开的文件"),
    "kept": gettext_lazy("留存文件"),
    "pack installed": gettext_lazy("装入起步包"),
    "exchange exported": gettext_lazy("导出数据标准文件"),
    "list": gettext_lazy("导入名单"),
}
RECORDS = {
    "user": gettext_lazy("用户"),
    "membership": gettext_lazy("角色"),
    "organisation": gettext_lazy("单位"),
    "organisationstage": gettext_lazy("单位沿革"),
    "sheet": gettext_lazy("目标表"),
    "sheetversion": gettext_lazy("目标表版本"),
    "sheetreview": gettext_lazy("目标审核"),
    "rulebasis": gettext_lazy("审核依据"),
    "upload": gettext_lazy("上传文件"),
    "job": gettext_lazy("后台任务"),
    "step": gettext_lazy("办理记录"),
    "word": gettext_lazy("填报内容"),
    "contest": gettext_lazy("完成值争议"),
    "lowtarget": gettext_lazy("目标偏低的认定"),
    "measuredecision": gettext_lazy("口径确认"),
    "projectdecision": gettext_lazy("项目确认"),
    "checkpoint": gettext_lazy("运行监控"),
    "selfevaluation": gettext_lazy("绩效自评"),
    "keyevaluation": gettext_lazy("重点评价"),
    "keymark": gettext_lazy("独立评分"),
    "rectification": gettext_lazy("整改"),
    "draw": gettext_lazy("双随机抽查"),
    "drawtask": gettext_lazy("检查任务"),
    "inspector": gettext_lazy("检查人员"),
    "inspectionitem": gettext_lazy("抽查事项"),
    "safeguardrecord": gettext_lazy("保障措施记录"),
    "publication": gettext_lazy("信息公开"),
    "calendarentry": gettext_lazy("日历"),
    "libraryindicator": gettext_lazy("指标库"),
    "localscheme": gettext_lazy("本地评分方案"),
    "apitoken": gettext_lazy("接口令牌"),
    "sourcemapping": gettext_lazy("字段对应"),
    "tablelayout": gettext_lazy("已确认的版式"),
    "commitment": gettext_lazy("承诺的公开记录"),
    "witness": gettext_lazy("检查点的见证方"),
    "commitmentstamp": gettext_lazy("外部时间戳"),
    "paper": gettext_lazy("出具的文件"),
    "assessment": gettext_lazy("测算"),
}


@register.filter
def audit_word(action: str) -> StrOrPromise:
    """Say what an entry of the audit log is about; an action of the workflow by its own name."""
    return AUDITED.get(action) or _said(action)


@register.filter
def audit_title(entry: AuditEntry) -> StrOrPromise:
    """Say what an entry of the audit log is on; a step by its action and the states it led from and to,
    in words.
    """
    after = entry.after
    if entry.model != "step" or not {"model", "action", "before", "after"} <= set(after):
        return entry.title
    # Records that went through steps are of few kinds; one of a kind that is gone is told as it was written.
    kind = next(
        (m for m in apps.get_models() if m._meta.model_name == after["model"] and hasattr(m, "State")), None
    )
    words = dict(kind.State.choices) if kind else {}
    states = " → ".join(str(words.get(s, s)) for s in (after["before"], after["after"]) if s)
    return f"{_said(after['action'])}（{states}）" if states else _said(after["action"])


@register.filter
def record_word(model: str) -> StrOrPromise:
    """Say what kind of record an entry of the audit log is about."""
    return RECORDS.get(model.lower(), model)
