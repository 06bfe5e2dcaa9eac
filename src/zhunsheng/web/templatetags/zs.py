"""Words and marks that templates share: icons, lights, levels, states, money and shares."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from django import template
from django.apps import apps
from django.template import Context
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhunsheng import __version__
from zhunsheng.clock import told
from zhunsheng.draws.spec import grouped
from zhunsheng.draws.strata import stratum_words
from zhunsheng.evidence import ledgers
from zhunsheng.evidence.records import Batch
from zhunsheng.outcomes import ruled as of_contest
from zhunsheng.targets import Indicator
from zhunsheng.usecases.result import Run, RunIndicator, RunSheet, RunTotal
from zhunsheng.web.models import AuditEntry, Decided, Job, Organisation, Step, User
from zhunsheng.web.models.work import OUTCOMES
from zhunsheng.web.roles import words_of
from zhunsheng.web.services import decisions, indicators, office, portfolio
from zhunsheng.web.services.portfolio import RankStanding, standing_words
from zhunsheng.web.telling import tell, tell_list, tell_remark
from zhunsheng.wording import number_beside

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

register = template.Library()

# Shapes in a square of 16, so that marks are told apart without colour: drawn once,
# used on screen and in print.
SHAPES = {
    "tick": "<circle "
    'cx="8" cy="8" r="7.2" fill="currentColor"/><path d="M4.7 8.3l2.3 2.3 4.4-4.8" class="cut"/>',
    "warn": '<path d="M8 .9 15.6 14.6H.4Z" fill="currentColor"/><path d="M8 5.6v4.2M8 11.8v1" class="cut"/>',
    "cross": "<rect "
    'x="1" '
    'y="1" width="14" height="14" rx="2" fill="currentColor"/><path d="M5 5l6 6M11 5l-6 6" class="cut"/>',
    "clock": '<circle cx="8" cy="8" r="6.6" class="ring"/><path d="M8 4.2V8l2.6 1.7" class="ring"/>',
    "broken": "<circle "
    'cx="8" cy="8" r="6.6" class="ring" stroke-dasharray="3.4 2.5"/><path d="M5.2 8h5.6" class="ring"/>',
    "doubt": "<circle "
    'cx="8" '
    'cy="8" r="6.6" class="ring"/><path d="M6 6.3a2 2 0 1 1 2.6 1.9c-.4.2-.6.4-.6.9M8 11v.7" class="ring"/>',
    "wait": "<circle "
    'cx="8" cy="8" r="6.6" class="ring"/><path d="M4.9 8h.2M7.9 8h.2M10.9 8h.2" class="ring"/>',
    "draft": '<rect x="2" y="2" width="12" height="12" rx="1.5" class="ring" stroke-dasharray="3 2"/>',
}
# Every standing an indicator, a sheet or money can have: colour, shape, word. The four that are never one
# another: nothing (no evidence), unapproved, early (not due yet), missed.
MARKS = {
    "red": ("red", "cross", gettext_lazy("红灯")),
    "yellow": ("yellow", "warn", gettext_lazy("黄灯")),
    "green": ("green", "tick", gettext_lazy("绿灯")),
    "nothing": ("secondary", "broken", gettext_lazy("无证据")),
    "early": ("secondary", "clock", gettext_lazy("未到期")),
    "check": ("yellow", "doubt", gettext_lazy("待核对")),
    "pending": ("secondary", "wait", gettext_lazy("待评定")),
    "judged": ("blue", "tick", gettext_lazy("已评定")),
    "unapproved": ("secondary", "draft", gettext_lazy("未批复")),
    "met": ("green", "tick", gettext_lazy("完成")),
    "over": ("yellow", "warn", gettext_lazy("超额较多")),
    "missed": ("red", "cross", gettext_lazy("未达标")),
    "grey": ("secondary", "broken", gettext_lazy("无法判断")),
}
LAMPS = (
    "red",
    "yellow",
    "green",
    "nothing",
    "early",
    "check",
    "pending",
    "judged",
)  # in the order of a legend
LEVELS = {
    "error": ("red", gettext_lazy("错误")),
    "warning": ("yellow", gettext_lazy("警告")),
    "note": ("azure", gettext_lazy("提示")),
}
BASES = {
    "evidence": gettext_lazy("台账"),
    "unconfirmed": gettext_lazy("台账（口径未确认）"),
    "typed": gettext_lazy("人工填报"),
    "judged": gettext_lazy("定性评定"),
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
    "none": gettext_lazy("无证据"),
}
RULED = {
    "open": gettext_lazy("有争议，待财政局裁定"),
    "accepted": gettext_lazy("争议已采纳"),
    "refused": gettext_lazy("争议未采纳"),
}
STATES = {
    "draft": "secondary",
    "submitted": "blue",
    "checked": "blue",
    "changes": "yellow",
    "returned": "red",
    "approved": "green",
    "replaced": "secondary",
    "open": "blue",
    "confirmed": "green",
    "filled": "blue",
    "signed": "blue",
    "accepted": "green",
    "scoring": "blue",
    "agreeing": "yellow",
    "reported": "green",
    "proved": "yellow",
    "closed": "green",
    "planned": "secondary",
    "committed": "blue",
    "entered": "yellow",
    "sealed": "blue",
    "drawn": "green",
    "requested": "yellow",
    "refused": "red",
    "published": "green",
    "withdrawn": "secondary",
    "void": "secondary",
    "queued": "secondary",
    "running": "blue",
    "done": "green",
    "failed": "red",
}


OUTCOME_COLOURS = {
    "imported": "green",
    "partly": "yellow",
    "unchanged": "secondary",
    "refused": "red",
    "failed": "red",
    "done": "green",
}


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Draw an icon of the sprite; with a label it is read aloud, without one it is decoration."""
    address = f"{static('web/vendor/icons.svg')}#{name}"
    if label:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}"><use href="{}"></use></svg>', label, address
        )
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}"></use></svg>', address)


def _badge(colour: str, words: object) -> SafeString:
    return format_html('<span class="badge zs-{}">{}</span>', colour, words)


@register.simple_tag
def mark(name: str, words: object = None) -> SafeString:
    """Draw the mark of a standing with ``words`` (by default its name); with empty words it is read aloud
    only.
    """
    colour, shape, title = MARKS.get(name, MARKS["grey"])
    said = title if words is None else str(words)
    drawn = format_html(
        '<svg class="sign" viewBox="0 0 16 16" aria-hidden="true">{}</svg>', mark_safe(SHAPES[shape])
    )
    spoken = said or format_html('<span class="visually-hidden">{}</span>', title)
    return format_html(
        '<span class="light zs-mark-{}" title="{}">{}<span>{}</span></span>', colour, title, drawn, spoken
    )


register.filter("tell", tell)
register.filter("tell_list", tell_list)
register.filter("tell_remark", tell_remark)


@register.filter
def light(value: str) -> SafeString:
    """Draw a traffic light with its word."""
    return mark(value)


def lamp_of(indicator: RunIndicator) -> str:
    """Return an indicator's light, or why it has none: no evidence, not due yet, doubtful, not judged yet."""
    shown = indicator.monitoring.light
    if shown != "grey":
        return str(shown)
    verdict = indicator.score.verdict
    return verdict if verdict in LAMPS else "judged" if verdict in ("met", "over", "missed") else "pending"


@register.filter
def lamp(indicator: RunIndicator) -> SafeString:
    """Draw an indicator's light, or the reason why it has none."""
    return mark(lamp_of(indicator))


@register.filter
def tally(indicators: Iterable[RunIndicator]) -> list[tuple[str, int]]:
    """Count indicators by light or the reason why there is none, in the order of the legend;
    what is nil is left out.
    """
    shown = [lamp_of(i) for i in indicators]
    return [(name, shown.count(name)) for name in LAMPS if name in shown]


@register.filter
def all_indicators(results: Iterable[RunSheet]) -> list[RunIndicator]:
    """Return the indicators of all sheets of a run."""
    return [i for sheet in results for i in sheet.indicators]


@register.filter
def has_sheet(run: Run | None, code: str) -> bool:
    """Return whether a run has figures of a sheet, told by its code; False without a run."""
    return bool(run and any(s.id == code for s in run.results))


@register.filter
def people(batches: Iterable[Batch | tuple[Batch, bool]]) -> dict[str, str]:
    """Return the names of those who imported batches by account, so that pages say who and not with which
    account.
    """
    accounts = {(b[0] if isinstance(b, tuple) else b).who for b in batches}
    return {u.username: str(u) for u in User.objects.filter(username__in=accounts)}


@register.filter
def name_in(names: Mapping[str, str] | None, account: str) -> str:
    """Return a person's name by account; an account that is none of the site's stays as it was written."""
    return names.get(account, account) if names else account


@register.simple_tag
def program_version() -> str:
    """Return the version of the program, whatever else a page calls a version."""
    return __version__


@register.filter
def minus(value: object, other: object) -> Decimal:
    """Return one number less another."""
    return Decimal(str(value)) - Decimal(str(other))


@register.filter
def thousands(value: int) -> str:
    """Show a count with commas."""
    return f"{value:,}"


@register.filter
def waiting_parts(score: RunTotal) -> list[tuple[object, Decimal]]:
    """Split the open points of a total by reason; the parts add up to the points that are open."""
    parts: list[tuple[object, Decimal]] = [(MARKS[name][2], points) for name, points in score.waiting.items()]
    if score.execution.open:
        parts.append((_("预算执行"), score.execution.open))
    rest = score.open - sum((points for _word, points in parts), Decimal(0))
    if rest > 0:
        parts.append((_("所属项目"), rest))
    return parts


@register.simple_tag
def score_bar(score: RunTotal) -> SafeString:
    """Draw a total as a bar of a hundred points: what it rests on, hatched what is open, pale
    what is lost.
    """
    drawn, at, words = [], Decimal(0), []
    for name, points in [*score.basis.items(), ("open", score.open)]:
        if points > 0:
            drawn.append(
                format_html('<rect class="part-{}" x="{}" y="0" width="{}" height="8"/>', name, at, points)
            )
            words.append(f"{BASES.get(name, _('待定'))} {plain(points)}")
            at += points
    return format_html(
        '<svg class="score-bar" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<rect class="part-lost" x="0" y="0" width="100" height="8"/>{}</svg>',
        "、".join(words),
        mark_safe("".join(drawn)),
    )


@register.filter
def level(value: str) -> SafeString:
    """Draw the level of a finding."""
    return _badge(*LEVELS.get(value, LEVELS["note"]))


@register.filter
def verdict(value: str) -> SafeString:
    """Draw the verdict on an indicator."""
    return mark(value if value in MARKS else "nothing")


@register.filter
def origin(value: str) -> StrOrPromise:
    """Say where a result is from."""
    return ORIGINS.get(value, value)


@register.filter
def ruled(contest: Any) -> object:
    """Say what the finance bureau ruled on a contest: open, accepted and refused are three things."""

    def given(name: str) -> Any:
        return contest.get(name) if isinstance(contest, dict) else getattr(contest, name, None)

    return RULED[of_contest(given("accepted"), given("refused"))]


@register.filter
def state(record: Decided | Job) -> SafeString:
    """Draw the state of a record."""
    return _badge(STATES.get(record.state, "secondary"), record.get_state_display())


@register.filter
def job_badge(job: Job) -> SafeString:
    """Draw what a job came to, in the words the API gives; its state while it goes on."""
    if job.outcome is None:
        return state(job)
    return _badge(OUTCOME_COLOURS[job.outcome], OUTCOMES[job.outcome])


@register.filter
def wan(value: object) -> str:
    """Show yuan as 万元 with its unit; a dash for nothing."""
    try:
        amount = Decimal(str(value)) / 10000
    except InvalidOperation:
        return "—"
    return _("%s 万元") % f"{amount:,.2f}"


@register.filter
def percent(value: Any, places: int = 1) -> str:
    """Show a fraction in percent; a dash for nothing. What is not a whole percent never looks like one:
    79.999% is no 80%.
    """
    if value in (None, ""):
        return "—"
    text = f"{float(value) * 100:.{places}f}"
    whole = Fraction(text)
    if isinstance(value, Decimal | Fraction) and whole.denominator == 1 and whole != Fraction(value) * 100:
        text = number_beside(Fraction(value) * 100, (whole,), places)
    return f"{text}%"


@register.filter
def moment(value: object) -> str:
    """Show a moment written as ISO in office time, to the second; what is none stays as it is."""
    try:
        return told(str(value))
    except ValueError:
        return str(value or "—")


@register.filter
def points(value: object) -> str:
    """Show points with two decimals, as they are computed; a dash for nothing."""
    return "—" if value in (None, "") else f"{Decimal(str(value)):.2f}"


@register.filter
def plain(value: object) -> str:
    """Show a number without trailing zeros; a dash for nothing."""
    if value in (None, ""):
        return "—"
    text = f"{Decimal(str(value)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@register.filter
def digest(value: str) -> SafeString:
    """Show a digest by its first sixteen digits, four a group; a click shows all of it."""
    text = str(value or "")
    if not text:
        return mark_safe("—")
    groups = " ".join(grouped(text[:16], 4))
    return format_html('<details class="hash inline"><summary>{} …</summary>{}</details>', groups, text)


@register.filter
def groups(value: str) -> list[str]:
    """Return a digest in groups of four, as a slip has it."""
    return grouped(value, 4)


@register.filter
def cell(value: object) -> object:
    """Show a value of a ledger."""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, date):
        return f"{value:%Y-%m-%d}"
    return "" if value is None else value


@register.filter
def get(mapping: Any, key: Any) -> Any:
    """Return an entry of a mapping or a list, None where there is none."""
    try:
        return mapping[key]
    except (KeyError, IndexError, TypeError):
        return None


@register.filter
def pairs(mapping: Mapping[str, object] | None) -> list[tuple[str, object]]:
    """Return the entries of a mapping; its own ``items`` is hidden in a template by an entry of that name."""
    return list(mapping.items()) if mapping else []


@register.filter
def named(organisation: Organisation, year: int | str | None) -> str:
    """Show an organisation by its name of a year: ``{{ department|named:year }}``;
    today's where the year has not ended.
    """
    return organisation.name_in(int(year)) if year else organisation.name


@register.filter
def stratum(name: str, names: object) -> str:
    """Show a stratum's name by the plan's ``strata`` as people read it."""
    return stratum_words(names, name) if isinstance(names, list | tuple) else name


@register.filter
def among(organisation: Organisation, year: int | str | None = None) -> str:
    """Show an organisation so that its namesakes are told apart, by its name and district of a year or of
    today.
    """
    return office.told(organisation, int(year) if year else None)


@register.filter
def above(organisation: Organisation, year: int | str | None = None) -> str:
    """Show what an organisation belongs to, in a year or today."""
    return "，".join(office.above(organisation, int(year) if year else None))


@register.filter
def remarks(row: dict[str, Any]) -> list[str]:
    """Return what is to be known of the figures of a line of the ranking."""
    return portfolio.remarks(row)


@register.simple_tag
def stars() -> SafeString:
    """Mark a field that must be filled."""
    return mark_safe('<span class="text-red" aria-hidden="true">*</span>')


@register.filter
def seen_of(indicator: Indicator) -> str:
    """Return the digest of an indicator as shown, for a form that decides about it."""
    return indicators.seen_of(indicator)


@register.simple_tag
def seen(record: Decided, name: str = "", *, oob: bool = False) -> SafeString:
    """Carry in a form what stands on the screen, so that a step is taken on that and nothing else.

    With a ``name`` other answers put it in its place anew (``oob``) after the person's own edit.
    """
    marks = format_html(' id="seen-{}"', name) if name else ""
    swap = mark_safe(' hx-swap-oob="true"') if oob else ""
    return format_html('<input type="hidden" name="seen" value="{}"{}{}>', record.seen_digest(), marks, swap)


@register.filter
def shares(widths: Collection[float]) -> list[str]:
    """Return relative widths as percent of their sum, for the columns of an official form."""
    total = sum(float(w) for w in widths)
    return [f"{100 * float(w) / total:.2f}" for w in widths]


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
}
RECORDS = {
    "user": gettext_lazy("用户"),
    "membership": gettext_lazy("角色"),
    "organisation": gettext_lazy("单位"),
    "organisationstage": gettext_lazy("单位沿革"),
    "sheet": gettext_lazy("目标表"),
    "sheetversion": gettext_lazy("目标表版本"),
    "sheetreview": gettext_lazy("目标审核"),
    "upload": gettext_lazy("上传文件"),
    "job": gettext_lazy("后台任务"),
    "step": gettext_lazy("办理记录"),
    "word": gettext_lazy("填报内容"),
    "contest": gettext_lazy("完成值争议"),
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


@register.inclusion_tag("web/_pages.html", takes_context=True)
def pager(context: Context) -> dict[str, Any]:
    """Draw the links to the page before and the page after."""
    number = context["number"]
    return {
        "request": context["request"],
        "total": context["total"],
        "number": number,
        "pages": context["pages"],
        "before": number - 1,
        "after": number + 1,
    }


@register.filter
def match(value: str) -> SafeString:
    """Show whether somebody confirmed which measure proves an indicator."""
    return _badge(*MATCHES[value])


@register.filter
def basis(value: str) -> str:
    """Return in words what points rest on."""
    return str(BASES.get(value, value))


@register.filter
def verdict_word(value: str) -> str:
    """Return a verdict as a word."""
    return str(MARKS[value][2])


@register.filter
def standing(value: RankStanding) -> str:
    """Return why a department is not ranked."""
    return standing_words(value)


@register.filter
def ledger_title(value: str) -> str:
    """Return a ledger's title by its id."""
    known = ledgers().get(value)
    return known.title if known else value


@register.inclusion_tag("web/_mended.html")
def mended(record: Decided) -> dict[str, Any]:
    """Show what was changed since a record was last sent back, to everyone who decides on it anew."""
    found = decisions.mended_since(record)
    return {"sent_back": found[0], "changes": found[1]} if found else {}


@register.filter
def other_than_decided(record: Decided, steps: Sequence[Step]) -> bool:
    """Return whether a record that was decided on is no longer what its last step left."""
    last = next(reversed(steps), None)
    return bool(last and last.text and record.state in record.bound and last.text != record.bound_digest())
