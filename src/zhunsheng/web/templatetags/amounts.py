"""Numbers, money, moments and digests as templates show them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from zhunsheng.clock import day_of, local, time_of, to_minute, told
from zhunsheng.draws.spec import grouped
from zhunsheng.web.templatetags.library import register
from zhunsheng.wording import number_beside, row_place, ten_thousands
from zhunsheng.wording import plain as plainly
from zhunsheng.wording import thousands as with_commas

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)")


@register.filter
def minus(value: object, other: object) -> Decimal:
    """Return one number less another."""
    return Decimal(str(value)) - Decimal(str(other))


@register.filter
def thousands(value: int) -> str:
    """Show a count with commas."""
    return with_commas(value)


@register.filter
def wan(value: object) -> str:
    """Show yuan as 万元 with its unit; a dash for nothing."""
    try:
        return _("%s 万元") % ten_thousands(Decimal(str(value)))
    except InvalidOperation:
        return "—"


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
    """Show a moment, or one written as ISO, in office time, to the second; what is none stays as it is."""
    try:
        return told(value if isinstance(value, datetime) else str(value))
    except ValueError:
        return str(value or "—")


@register.filter
def logged(value: object) -> str:
    """Show a value of the audit log, the moments in it in office time."""
    return _MOMENT.sub(lambda found: told(found[0]), str(value))


@register.filter
def minute(value: datetime | None) -> str:
    """Show a moment in office time, to the minute; nothing for none."""
    return to_minute(value) if value else ""


@register.filter
def day(value: date | None) -> str:
    """Show a day, or a moment's in office time; nothing for none."""
    return day_of(value) if value else ""


@register.filter
def second(value: datetime) -> str:
    """Show the time of day, to the second, as a clock does."""
    return time_of(value)


@register.filter
def weekday(value: datetime) -> str:
    """Show the day of the week of a moment in office time."""
    return date_format(local(value), "l")


@register.filter
def since_1970(value: datetime) -> str:
    """Return a moment as seconds that scripts count with."""
    return f"{value.timestamp():.6f}"


@register.filter
def points(value: object) -> str:
    """Show points with two decimals, as they are computed; a dash for nothing."""
    return "—" if value in (None, "") else f"{Decimal(str(value)):.2f}"


@register.filter
def plain(value: object) -> str:
    """Show a number without trailing zeros; a dash for nothing."""
    if value in (None, ""):
        return "—"
    return plainly(Decimal(str(value)))


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
def place(row: object) -> str:
    """Say where a row of a file stands, given what has its ``sheet`` and ``row``, an object or plain data."""
    said = row if isinstance(row, dict) else vars(row)
    return row_place(said.get("sheet"), said["row"])  # what was kept before sheets were has none


@register.filter
def cell(value: object) -> object:
    """Show a value of a ledger."""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, date):
        return day_of(value)
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
def shares(widths: Collection[float]) -> list[str]:
    """Return relative widths as percent of their sum, for the columns of an official form."""
    total = sum(float(w) for w in widths)
    return [f"{100 * float(w) / total:.2f}" for w in widths]
