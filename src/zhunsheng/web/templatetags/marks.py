"""Marks that templates share: icons, lights, levels, verdicts, states, each with colour, shape and word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhunsheng.outcomes import ruled as of_contest
from zhunsheng.usecases.result import RunIndicator, RunTotal
from zhunsheng.web.models import Decided, Job
from zhunsheng.web.models.work import OUTCOMES
from zhunsheng.web.templatetags.amounts import plain
from zhunsheng.web.templatetags.library import register
from zhunsheng.web.vocabulary import (
    BASES,
    LEVELS,
    LIGHTS,
    MATCHES,
    OPEN,
    ORIGINS,
    ORPHANS,
    RULED,
    TIES,
    VERDICTS,
)

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

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
MARKS: dict[str, tuple[str, str, StrOrPromise]] = {
    "red": ("red", "cross", LIGHTS["red"]),
    "yellow": ("yellow", "warn", LIGHTS["yellow"]),
    "green": ("green", "tick", LIGHTS["green"]),
    "nothing": ("secondary", "broken", VERDICTS["nothing"]),
    "early": ("secondary", "clock", VERDICTS["early"]),
    "check": ("yellow", "doubt", VERDICTS["check"]),
    "pending": ("secondary", "wait", VERDICTS["pending"]),
    "judged": ("blue", "tick", VERDICTS["judged"]),
    "unapproved": ("secondary", "draft", gettext_lazy("未批复")),
    "met": ("green", "tick", VERDICTS["met"]),
    "over": ("yellow", "warn", VERDICTS["over"]),
    "explain": ("yellow", "doubt", VERDICTS["explain"]),
    "missed": ("red", "cross", VERDICTS["missed"]),
    "grey": ("secondary", "broken", LIGHTS["grey"]),
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
SOURCES = {
    "fiscal": gettext_lazy("当年财政拨款"),
    "carried": gettext_lazy("上年结转资金"),
    "other": gettext_lazy("其他资金"),
}
LEVEL_COLOURS = {"error": "red", "warning": "yellow", "note": "azure"}
MATCH_COLOURS = {"confirmed": "green", "proposed": "yellow", "weak": "secondary", "none": "secondary"}
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
    "found": "yellow",
    "upheld": "green",
    "dismissed": "secondary",
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
    return (
        verdict
        if verdict in LAMPS
        else "judged"
        if verdict in ("met", "over", "explain", "missed")
        else "pending"
    )


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
def waiting_parts(score: RunTotal) -> list[tuple[object, Decimal]]:
    """Split the open points of a total by reason; the parts add up to the points that are open."""
    parts: list[tuple[object, Decimal]] = [(MARKS[name][2], points) for name, points in score.waiting.items()]
    if score.execution.open:
        parts.append((_("预算执行"), score.execution.open))
    rest = score.open - sum((points for _word, points in parts), Decimal(0))
    if rest > 0:
        parts.append((_("所属项目"), rest))
    return parts


@register.filter
def source(name: str) -> StrOrPromise:
    """Return what a source of money is called."""
    return SOURCES[name]


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
            words.append(f"{BASES.get(name, OPEN)} {plain(points)}")
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
    name = value if value in LEVELS else "note"
    return _badge(LEVEL_COLOURS[name], LEVELS[name])


@register.filter
def tied_by(value: str) -> StrOrPromise:
    """Say by what a goal is tied to what stands beside it."""
    return TIES[value]


@register.filter
def orphans_word(value: str) -> StrOrPromise:
    """Say what kind of things stand alone in a map of targets."""
    return ORPHANS[value]


@register.filter
def pressing(findings: Iterable[Any]) -> list[Any]:
    """Return the findings to be mended or answered for: those that are no hints."""
    return [one for one in findings if one.level != "note"]


@register.filter
def hints(findings: Iterable[Any]) -> list[Any]:
    """Return the findings that are hints, which pages fold away."""
    return [one for one in findings if one.level == "note"]


@register.filter
def level_word(value: str) -> StrOrPromise:
    """Say the level of a finding."""
    return LEVELS[value]


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
def match(value: str) -> SafeString:
    """Show whether somebody confirmed which measure proves an indicator."""
    return _badge(MATCH_COLOURS[value], MATCHES[value])


@register.filter
def basis(value: str) -> str:
    """Return in words what points rest on."""
    return str(BASES.get(value, value))


@register.filter
def verdict_word(value: str) -> str:
    """Return a verdict as a word."""
    return str(MARKS[value][2])


@register.filter
def in_order(fates: Mapping[str, int], listed: Iterable[tuple[str, object]]) -> list[int]:
    """Return how many there are of each fate, in the order of the columns."""
    return [fates.get(fate, 0) for fate, _word in listed]


@register.filter
def at(words: Mapping[str, str] | None, key: str) -> str:
    """Return what is told of a key; nothing where it is not told of, or nothing is told at all."""
    return words.get(key, "") if words else ""
