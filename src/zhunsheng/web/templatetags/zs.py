"""Words and marks that templates share: icons, lights, levels, states, money and shares."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhunsheng.clock import told
from zhunsheng.evidence import ledgers
from zhunsheng.web.models.work import OUTCOMES
from zhunsheng.web.roles import ACTIONS
from zhunsheng.web.services.portfolio import standing_words

register = template.Library()

LIGHTS = {
    "green": ("green", gettext_lazy("绿灯")),
    "yellow": ("yellow", gettext_lazy("黄灯")),
    "red": ("red", gettext_lazy("红灯")),
    "grey": ("secondary", gettext_lazy("待填报")),
}
LEVELS = {
    "error": ("red", gettext_lazy("错误")),
    "warning": ("yellow", gettext_lazy("警告")),
    "note": ("azure", gettext_lazy("提示")),
}
VERDICTS = {
    "met": ("green", gettext_lazy("完成")),
    "over": ("yellow", gettext_lazy("超额较多")),
    "missed": ("red", gettext_lazy("未达标")),
    "judged": ("blue", gettext_lazy("已评定")),
    "pending": ("secondary", gettext_lazy("待评定")),
    "nothing": ("secondary", gettext_lazy("无证据")),
    "check": ("yellow", gettext_lazy("待核对")),
    "early": ("secondary", gettext_lazy("未到期")),
}
BASES = {
    "evidence": gettext_lazy("台账"),
    "unconfirmed": gettext_lazy("台账（口径未确认）"),
    "typed": gettext_lazy("人工填报"),
    "judged": gettext_lazy("定性评定"),
    "projects": gettext_lazy("所属项目"),
}
MATCHES = {
    "confirmed": ("green", gettext_lazy("已确认")),
    "proposed": ("yellow", gettext_lazy("待确认")),
    "weak": ("secondary", gettext_lazy("把握不足，未采用")),
    "none": ("secondary", gettext_lazy("无对应测度")),
}
ORIGINS = {
    "evidence": gettext_lazy("台账"),
    "judgement": gettext_lazy("人工填报"),
    "accepted": gettext_lazy("人工填报（争议已采纳）"),
    "reported": gettext_lazy("上报数"),
    "none": gettext_lazy("无"),
}
STATES = {
    "draft": "secondary", "submitted": "blue", "checked": "blue", "changes": "yellow", "returned": "red", "approved": "green",
    "replaced": "secondary", "open": "blue", "confirmed": "green", "filled": "blue", "signed": "blue", "accepted": "green", "scoring": "blue",
    "agreeing": "yellow", "reported": "green", "proved": "yellow", "closed": "green", "planned": "secondary", "committed": "blue",
    "entered": "yellow", "sealed": "blue", "drawn": "green", "requested": "yellow", "refused": "red", "published": "green",
    "withdrawn": "secondary", "void": "secondary", "queued": "secondary", "running": "blue", "done": "green", "failed": "red",
}  # fmt: skip


OUTCOME_COLOURS = {
    "imported": "green", "partly": "yellow", "unchanged": "secondary", "refused": "red", "failed": "red", "done": "green",
}  # fmt: skip


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Draw an icon of the sprite; with a label it is read aloud, without one it is decoration."""
    address = f"{static('web/vendor/icons.svg')}#{name}"
    if label:
        return format_html('<svg class="icon" role="img" aria-label="{}"><use href="{}"></use></svg>', label, address)
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}"></use></svg>', address)


def _badge(colour: str, words: Any) -> SafeString:
    return format_html('<span class="badge zs-{}">{}</span>', colour, words)


@register.filter
def light(value: str) -> SafeString:
    """Draw a traffic light with its word."""
    colour, words = LIGHTS.get(value, LIGHTS["grey"])
    return format_html('<span class="light"><i class="dot zs-dot-{}"></i>{}</span>', colour, words)


@register.filter
def level(value: str) -> SafeString:
    """Draw the level of a finding."""
    return _badge(*LEVELS.get(value, LEVELS["note"]))


@register.filter
def verdict(value: str) -> SafeString:
    """Draw the verdict on an indicator."""
    return _badge(*VERDICTS.get(value, VERDICTS["nothing"]))


@register.filter
def origin(value: str) -> Any:
    """Say where a result is from."""
    return ORIGINS.get(value, value)


@register.filter
def state(record: Any) -> SafeString:
    """Draw the state of a record."""
    return _badge(STATES.get(record.state, "secondary"), record.get_state_display())


@register.filter
def job_badge(job: Any) -> SafeString:
    """Draw what a job came to, in the words the API gives; its state while it goes on."""
    if job.outcome is None:
        return state(job)
    return _badge(OUTCOME_COLOURS[job.outcome], OUTCOMES[job.outcome])


@register.filter
def wan(value: Any) -> str:
    """Show yuan as 万元 with its unit; a dash for nothing."""
    try:
        amount = Decimal(str(value)) / 10000
    except InvalidOperation:
        return "—"
    text = f"{amount:,.4f}".rstrip("0").rstrip(".")
    return _("%s 万元") % text


@register.filter
def percent(value: Any, places: int = 1) -> str:
    """Show a fraction in percent; a dash for nothing."""
    if value in (None, ""):
        return "—"
    return f"{float(value) * 100:.{places}f}%"


@register.filter
def moment(value: Any) -> str:
    """Show a moment written as ISO in office time, to the second; what is none stays as it is."""
    try:
        return told(str(value))
    except ValueError:
        return str(value or "—")


@register.filter
def plain(value: Any) -> str:
    """Show a number without trailing zeros; a dash for nothing."""
    if value in (None, ""):
        return "—"
    text = f"{Decimal(str(value)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@register.filter
def cell(value: Any) -> Any:
    """Show a value of a ledger."""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    return "" if value is None else value


@register.filter
def get(mapping: Any, key: Any) -> Any:
    """Return an entry of a mapping or a list, None where there is none."""
    try:
        return mapping[key]
    except (KeyError, IndexError, TypeError):
        return None


@register.filter
def pairs(mapping: Any) -> list[tuple[Any, Any]]:
    """Return the entries of a mapping; its own ``items`` is hidden in a template by an entry of that name."""
    return list(mapping.items()) if mapping else []


@register.filter
def named(organisation: Any, year: Any) -> str:
    """Show an organisation by its name of a year: ``{{ department|named:year }}``; today's where the year has not ended."""
    return organisation.name_in(int(year)) if year else organisation.name


@register.simple_tag
def stars() -> SafeString:
    """Mark a field that must be filled."""
    return mark_safe('<span class="text-red" aria-hidden="true">*</span>')


@register.simple_tag
def seen(record: Any, name: str = "", *, oob: bool = False) -> SafeString:
    """Carry in a form what stands on the screen, so that a step is taken on that and nothing else.

    With a ``name`` other answers put it in its place anew (``oob``) after the person's own edit.
    """
    marks = format_html(' id="seen-{}"', name) if name else ""
    swap = mark_safe(' hx-swap-oob="true"') if oob else ""
    return format_html('<input type="hidden" name="seen" value="{}"{}{}>', record.seen_digest(), marks, swap)


@register.filter
def shares(widths: Any) -> list[str]:
    """Return relative widths as percent of their sum, for the columns of an official form."""
    total = sum(float(w) for w in widths)
    return [f"{100 * float(w) / total:.2f}" for w in widths]


@register.filter
def action_words(step: Any) -> Any:
    """Say what a step was."""
    act = ACTIONS.get(step.action)
    return act.label if act and act.label else WORDS.get(step.action, step.action)


WORDS = {
    "targets.start": gettext_lazy("建立"),
    "targets.adjust": gettext_lazy("提出调整"),
    "monitoring.open": gettext_lazy("开启填报"),
    "selfeval.open": gettext_lazy("开启自评"),
    "keyeval.start": gettext_lazy("列入重点评价"),
    "keyeval.mark": gettext_lazy("提交独立评分"),
    "rectify.add": gettext_lazy("列入整改"),
    "draws.plan": gettext_lazy("制定方案"),
    "draws.commit": gettext_lazy("公布承诺"),
    "draws.enter": gettext_lazy("录入随机数"),
    "draws.draw": gettext_lazy("抽取"),
    "safeguards.record": gettext_lazy("登记"),
    "draws.differ": gettext_lazy("两次录入不一致，退回重录"),
    "draws.adopt": gettext_lazy("接收已抽取的整包"),
    "publish.request": gettext_lazy("提出公开"),
    "publish.overtake": gettext_lazy("由新的公开代替"),
}


@register.inclusion_tag("web/_pages.html", takes_context=True)
def pager(context: Any) -> dict[str, Any]:
    """Draw the links to the page before and the page after."""
    number = context["number"]
    return {
        "request": context["request"],
        "total": context.get("total", context.get("found")),
        "number": number,
        "pages": context["pages"],
        "before": number - 1,
        "after": number + 1,
    }


@register.filter
def match(value: str) -> SafeString:
    """Show whether somebody confirmed which measure proves an indicator."""
    colour, word = MATCHES[value]
    return format_html('<span class="badge zs-{}">{}</span>', colour, word)


@register.filter
def basis(value: str) -> str:
    """Return in words what points rest on."""
    return str(BASES.get(value, value))


@register.filter
def verdict_word(value: str) -> str:
    """Return a verdict as a word."""
    return str(VERDICTS[value][1])


@register.filter
def standing(value: str) -> str:
    """Return why a department is not ranked."""
    return standing_words(value)  # type: ignore[arg-type]


@register.filter
def ledger_title(value: str) -> str:
    """Return a ledger's title by its id."""
    known = ledgers().get(value)
    return known.title if known else value
