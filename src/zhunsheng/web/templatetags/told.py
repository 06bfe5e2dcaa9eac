"""Records, people and places in the words of a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from zhunsheng import __version__
from zhunsheng.draws.strata import stratum_words
from zhunsheng.evidence import ledgers
from zhunsheng.evidence.records import Batch
from zhunsheng.targets import Indicator
from zhunsheng.usecases.result import Run, RunIndicator, RunSheet
from zhunsheng.web.models import Decided, Organisation, Step, User
from zhunsheng.web.roles import everywhere
from zhunsheng.web.services import decisions, indicators, office
from zhunsheng.web.services.portfolio import ranking
from zhunsheng.web.services.portfolio.ranking import RankStanding, standing_words
from zhunsheng.web.telling import tell, tell_list, tell_remark
from zhunsheng.web.templatetags.library import register

for said in (tell, tell_list, tell_remark):
    register.filter(said)


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
def runs_the_site(user: User) -> bool:
    """Return whether someone administers all of the site, and so its service."""
    return everywhere(user, "admin.manage")


@register.filter
def name_in(names: Mapping[str, str] | None, account: str) -> str:
    """Return a person's name by account; an account that is none of the site's stays as it was written."""
    return names.get(account, account) if names else account


@register.simple_tag
def program_version() -> str:
    """Return the version of the program, whatever else a page calls a version."""
    return __version__


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
def remarks(row: ranking.Ranked) -> list[str]:
    """Return what is to be known of the figures of a line of the ranking."""
    return ranking.remarks(row)


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


@register.inclusion_tag("web/_pages.html", takes_context=True)
def pager(context: Context) -> dict[str, object]:
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
