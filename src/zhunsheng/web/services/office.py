"""Organisations as time passes: founded, renamed, moved, merged, split, closed, reopened; each on a date,
each in the log.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from zhunsheng.errors import ZhunshengError
from zhunsheng.text import clean
from zhunsheng.translation import series, worded
from zhunsheng.web.audit import record
from zhunsheng.web.models import Organisation, OrganisationStage
from zhunsheng.web.models.people import ALWAYS

Event, Kind = OrganisationStage.Event, Organisation.Kind
NEAR = 5  # proposals for a name nobody bears


# -- what is asked before anything changes
# ----------------------------------------------------------------------------


def _free(name: str, parent: Organisation | None, but: Organisation | None = None) -> None:
    """Refuse a name that another organisation in use bears under the same parent. Raises ``ZS-WB-20``."""
    namesakes = Organisation.objects.filter(parent=parent, name=name, active=True)
    if (namesakes.exclude(pk=but.pk) if but else namesakes).exists():
        raise ZhunshengError("ZS-WB-20", name=name, parent=parent.name if parent else worded("最上级"))


def plain_code(text: str) -> str:
    """Return an official code as it is kept: full-width signs and blanks around it make no other code."""
    return unicodedata.normalize("NFKC", text).strip()


def _official(code: str, but: Organisation | None = None) -> None:
    """Refuse an official code that another organisation in use bears as its code or its name.
    Raises ``ZS-WB-24``.
    """
    bearing = Organisation.objects.filter(Q(official_code=code) | Q(name=code), active=True)
    other = (bearing.exclude(pk=but.pk) if but else bearing).first()
    if code and other:
        raise ZhunshengError("ZS-WB-24", number=code, name=told(other))


def _fits(name: str, kind: str, parent: Organisation | None) -> None:
    """Refuse a parent that is not of a kind above. Raises ``ZS-WB-21``."""
    order = Kind.values
    where = parent.name if parent else worded("最上级")
    if (parent is None) != (kind == Kind.CITY):
        raise ZhunshengError("ZS-WB-21", name=name, parent=where, detail=worded("只有市没有上级"))
    if parent is not None and not parent.active:
        raise ZhunshengError("ZS-WB-21", name=name, parent=where, detail=worded("上级已撤销"))
    # A unit is a department below a department, which is below none.
    unit = parent is not None and kind == parent.kind == Kind.DEPARTMENT
    if unit and parent is not None and parent.parent is not None and parent.parent.kind != Kind.DEPARTMENT:
        return
    if parent is not None and order.index(parent.kind) >= order.index(kind):
        raise ZhunshengError("ZS-WB-21", name=name, parent=where, detail=worded("上级的层级不高于它"))
    # A role at a section reaches the section's department: a section of a district would reach them all.
    if parent is not None and kind == Kind.SECTION and parent.kind != Kind.DEPARTMENT:
        raise ZhunshengError("ZS-WB-21", name=name, parent=where, detail=worded("科室只设在部门之下"))


def _on(organisation: Organisation, day: date) -> None:
    """Refuse a day before the last change or after today. Raises ``ZS-WB-22``."""
    last = organisation.stages.order_by("from_on", "pk").last()
    if day > timezone.localdate():
        raise ZhunshengError("ZS-WB-22", name=organisation.name, date=day, detail=worded("这一天还没有到"))
    if last is not None and day < last.from_on:
        raise ZhunshengError(
            "ZS-WB-22",
            name=organisation.name,
            date=day,
            detail=worded("上一次变动在 {from_on}", from_on=last.from_on),
        )


def _in_use(organisation: Organisation, what: str) -> None:
    if not organisation.active:
        raise ZhunshengError("ZS-WB-23", name=organisation.name, what=what, detail=worded("它已撤销"))


# -- changes
# ----------------------------------------------------------------------------------------------------------


def found(
    name: str,
    kind: str,
    parent: Organisation | None,
    *,
    official_code: str = "",
    on: date | None = None,
    event: str = Event.FOUNDED,
    note: str = "",
) -> Organisation:
    """Add an organisation; without a day it counts as having always been there.

    Raises ``ZS-WB-20`` for a taken name, ``ZS-WB-21`` for a parent that does not fit,
    ``ZS-WB-22`` for a day to come, ``ZS-WB-24`` for a taken official code.
    """
    name = clean(name).strip()
    with transaction.atomic():
        _fits(name, kind, parent)
        _free(name, parent)
        official_code = plain_code(official_code)
        _official(official_code)
        made = Organisation(name=name, kind=kind, parent=parent, official_code=official_code)
        if on is not None and on > timezone.localdate():
            raise ZhunshengError("ZS-WB-22", name=name, date=on, detail=worded("这一天还没有到"))
        made.save()
        stage = made.stages.get()
        if on is not None or event != Event.FOUNDED or note:
            stage.from_on, stage.event, stage.note = on or ALWAYS, event, note
            stage.save()
        _log(stage, {})
    return made


def rename(organisation: Organisation, name: str, on: date, note: str = "") -> Organisation:
    """Give another name from a day on. Raises ``ZS-WB-20``, ``ZS-WB-22``."""
    name = clean(name).strip()
    with transaction.atomic():
        one = _locked(organisation)
        if name == one.name:
            return one
        _in_use(one, worded("更名"))
        _on(one, on)
        _free(name, one.parent, one)
        before = _told(one)
        one.name = name
        return _kept(one, before, Event.RENAMED, on, note)


def number(organisation: Organisation, official_code: str) -> Organisation:
    """Keep the official code of an organisation, by which documents may name it. Raises ``ZS-WB-24``."""
    one = _locked(organisation)
    official_code = plain_code(official_code)
    _official(official_code, one)
    one.official_code = official_code
    one.save()
    return one


def move(organisation: Organisation, parent: Organisation | None, on: date, note: str = "") -> Organisation:
    """Put under another parent from a day on, with all below. Raises ``ZS-WB-20``, ``ZS-WB-21``,
    ``ZS-WB-22``.
    """
    with transaction.atomic():
        one = _locked(organisation)
        if (parent.pk if parent else None) == one.parent_id:
            return one
        _in_use(one, worded("划转"))
        _on(one, on)
        if parent is not None and one.covers(parent):
            raise ZhunshengError(
                "ZS-WB-21", name=one.name, parent=parent.name, detail=worded("上级是它自己或在它之下")
            )
        _fits(one.name, one.kind, parent)
        _free(one.name, parent, one)
        before = _told(one)
        one.parent = parent
        _kept(one, before, Event.MOVED, on, note)
        _paths(one)
        return one


def merge(organisation: Organisation, into: Organisation, on: date, note: str = "") -> Organisation:
    """End an organisation in another of its kind; what lay below goes over to it, sections end.

    Its records stay under its own code. Raises ``ZS-WB-20`` to ``ZS-WB-23``.
    """
    with transaction.atomic():
        one = _locked(organisation)
        _in_use(one, worded("并入"))
        _in_use(into, worded("并入"))
        if one.pk == into.pk or one.kind != into.kind:
            raise ZhunshengError(
                "ZS-WB-23",
                name=one.name,
                what=worded("并入"),
                detail=worded("“{name}”不是另一个同类单位", name=into.name),
            )
        _on(one, on)
        for below in one.children.filter(active=True).exclude(kind=Kind.SECTION):
            move(below, into, on, note)
        _end_sections(one, on, note)
        return _end(one, Event.MERGED, on, note, (into,))


def split(
    organisation: Organisation, names: list[str], on: date, *, stays: bool = False, note: str = ""
) -> list[Organisation]:
    """Found organisations of the same kind and parent out of one, which ends unless it ``stays``.
    Raises ``ZS-WB-20`` to ``23``.
    """
    with transaction.atomic():
        one = _locked(organisation)
        _in_use(one, worded("拆分"))
        _on(one, on)
        if len(set(names)) != len(names) or not names:
            raise ZhunshengError(
                "ZS-WB-23", name=one.name, what=worded("拆分"), detail=worded("新单位要有各自的名称")
            )
        if not stays:
            _nothing_below(one, worded("拆分"))
            _end_sections(one, on, note)
            # First, so that one of the new organisations may go on under the old name.
            one.active = False
            one.save()
        made = [
            found(
                name,
                one.kind,
                one.parent,
                on=on,
                event=Event.SPLIT,
                note=worded("自{name}拆分", name=one.name),
            )
            for name in names
        ]
        _log(one.keep_stage(Event.SPLIT, on, note, tuple(made)), _told(one))
        return made


def close(organisation: Organisation, on: date, note: str = "") -> Organisation:
    """End an organisation with its sections; its records stay readable. Raises ``ZS-WB-22``, ``ZS-WB-23``."""
    with transaction.atomic():
        one = _locked(organisation)
        _in_use(one, worded("撤销"))
        _on(one, on)
        _nothing_below(one, worded("撤销"))
        _end_sections(one, on, note)
        return _end(one, Event.CLOSED, on, note)


def reopen(organisation: Organisation, on: date, note: str = "") -> Organisation:
    """Take an ended organisation into use again. Raises ``ZS-WB-20``, ``ZS-WB-21``, ``ZS-WB-22``,
    ``ZS-WB-24``.
    """
    with transaction.atomic():
        one = _locked(organisation)
        if one.active:
            return one
        _on(one, on)
        _fits(one.name, one.kind, one.parent)
        _free(one.name, one.parent, one)
        _official(one.official_code, one)
        before = _told(one)
        one.active = True
        return _kept(one, before, Event.REOPENED, on, note)


def _locked(organisation: Organisation) -> Organisation:
    """Return the organisation as it is now, held until the change is done."""
    return (
        Organisation.objects.select_for_update(of=("self",)).select_related("parent").get(pk=organisation.pk)
    )


def _told(organisation: Organisation) -> dict[str, Any]:
    """Return what the log says of an organisation."""
    return {
        "name": organisation.name,
        "parent": organisation.parent.name if organisation.parent else "",
        "active": organisation.active,
    }


def _kept(
    one: Organisation,
    before: dict[str, object],
    event: str,
    on: date,
    note: str,
    successors: tuple[Organisation, ...] = (),
) -> Organisation:
    one.save()
    _log(one.keep_stage(event, on, note, successors), before)
    return one


def _log(stage: OrganisationStage, before: dict[str, object]) -> None:
    """Write the change of an organisation into the log, with the day from which it holds."""
    said = {"from_on": stage.from_on, "note": stage.note, "successors": stage.successors}
    record(f"office.{stage.event}", stage.organisation, before, _told(stage.organisation) | said)


def _end(
    one: Organisation, event: str, on: date, note: str, successors: tuple[Organisation, ...] = ()
) -> Organisation:
    before = _told(one)
    one.active = False
    return _kept(one, before, event, on, note, successors)


def _end_sections(one: Organisation, on: date, note: str) -> None:
    for section in one.children.filter(active=True, kind=Kind.SECTION):
        _on(section, on)
        _end(section, Event.CLOSED, on, note)


def _nothing_below(one: Organisation, what: str) -> None:
    below = [o.name for o in one.children.filter(active=True).exclude(kind=Kind.SECTION)[:5]]
    if below:
        raise ZhunshengError(
            "ZS-WB-23", name=one.name, what=what, detail=worded("下面还有{below}", below=series(below))
        )


def _paths(one: Organisation) -> None:
    """Keep the paths of all below in step with the parents."""
    for below in one.children.all():
        below.save()
        _paths(below)


# -- where an organisation belonged
# -----------------------------------------------------------------------------------


def lines(organisations: Iterable[Organisation], year: int) -> dict[int, list[int]]:
    """Return, by organisation, the ids from the root down to it as they were at the end of a year (or are
    today).
    """
    moved = _moved_after(year)
    return {o.pk: _line(o, year) if o.path.startswith(moved) else o.line for o in organisations}


def below(place: Organisation, year: int, prefix: str = "") -> Q:
    """Return the condition that an organisation (the field ``prefix`` leads to) was a place or below it at a
    year's end.
    """
    now = Q(**{f"{prefix}path__startswith": place.path})
    moved = _moved_after(year)
    if not moved:
        return now
    paths = Q()
    for path in moved:
        paths |= Q(path__startswith=path)
    uncertain = list(Organisation.objects.filter(paths).prefetch_related("stages__parent"))
    inside = [o.pk for o in uncertain if place.pk in _line(o, year)]
    # Only those that were moved since are asked one by one.
    return (now & ~Q(**{f"{prefix}pk__in": [o.pk for o in uncertain]})) | Q(**{f"{prefix}pk__in": inside})


def year_end(year: int) -> date:
    """Return the last day of a year, today for one that has not ended."""
    return min(date(year, 12, 31), timezone.localdate())


def _moved_after(year: int) -> tuple[str, ...]:
    """Return today's paths of what was put under another parent after a year's end."""
    moves = OrganisationStage.objects.filter(event=Event.MOVED, from_on__gt=year_end(year))
    return tuple(sorted(set(moves.values_list("organisation__path", flat=True))))


def _line(organisation: Organisation, year: int) -> list[int]:
    day, found = year_end(year), [organisation.pk]
    above = organisation.parent_on(day)
    while above is not None and above.pk not in found:
        found.append(above.pk)
        above = above.parent_on(day)
    return found[::-1]


# -- told apart from its namesakes
# -------------------------------------------------------------------------------------

STAGES = "stages__parent__stages__parent__stages"  # to be prefetched for a list that is told


def above(organisation: Organisation, year: int | None = None) -> list[str]:
    """Return the names of what an organisation belongs to, nearest first, up to the district:
    as of a year's end or today.
    """
    found: list[str] = []
    one = _above(organisation, year)
    while one is not None:
        if one.kind == Kind.CITY and found:
            break
        found.append(one.name_in(year) if year else one.name)
        one = _above(one, year)
    return found


def _above(organisation: Organisation, year: int | None) -> Organisation | None:
    return organisation.parent_on(year_end(year)) if year else organisation.parent


def told(organisation: Organisation, year: int | None = None) -> str:
    """Return an organisation's name with what tells it from its namesakes: 市场监督管理局（东城区）,
    as of a year or today.

    The one place that says so: public pages, pickers, lists, the top of a department's pages.
    """
    ended = year is None and not organisation.active
    apart = [*above(organisation, year), *([worded("已撤销")] if ended else [])]
    name = organisation.name_in(year) if year else organisation.name
    return f"{name}（{'，'.join(apart)}）" if apart else name


def bearing(text: str, years: Iterable[int], prefix: str = "") -> Q:
    """Return the condition that an organisation (the field ``prefix`` leads to) bore a text in its name,
    or that its district did in the record's ``year``.
    """
    own = Organisation.objects.filter(stages__name__contains=text)
    found = Q(**{f"{prefix}in" if prefix else "pk__in": own.values("pk")})
    places = own.filter(kind__in=(Kind.CITY, Kind.DISTRICT)).distinct().prefetch_related("stages")
    for place in places:
        for year in years:
            if text in place.name_in(year):
                found |= Q(year=year) & below(place, year, prefix)
    return found


# -- finding by code or name
# ------------------------------------------------------------------------------------------


def named(
    district: Organisation, text: str, year: int, bearers: list[Organisation] | None = None
) -> list[Organisation]:
    """Return the departments in use below that bear a text: as their official code, else as their exact name,
    now or at any time of the year. Whoever bore the name in the year is a candidate,
    so that a name which changed hands is asked about; what is closed takes nothing.
    ``bearers`` are those whom ``bore`` returned, where they are known.
    """
    below = Organisation.objects.filter(path__startswith=district.path, kind=Kind.DEPARTMENT, active=True)
    if text and (coded := list(below.filter(official_code=plain_code(text)))):
        return coded
    return [o for o in (bore(district, text, year) if bearers is None else bearers) if o.active]


def bore(district: Organisation, text: str, year: int) -> list[Organisation]:
    """Return the departments below, closed ones too, that bore a name at any time of a year or
    bear it now.
    """
    below = Organisation.objects.filter(
        path__startswith=district.path, kind=Kind.DEPARTMENT
    ).prefetch_related("stages")
    return [o for o in below if o.name == text or text in _names_in(o, year)]


def _names_in(organisation: Organisation, year: int) -> set[str]:
    """Return every name an organisation bore on a day of a year, up to today."""
    first, last = date(year, 1, 1), year_end(year)
    stages = sorted(organisation.stages.all(), key=lambda s: (s.from_on, s.pk))
    return {organisation.name_on(first), *(s.name for s in stages if first <= s.from_on <= last)}


def near(district: Organisation, text: str) -> list[Organisation]:
    """Return the departments in use below with names like a text, likest first: proposals, never more."""
    below = Organisation.objects.filter(path__startswith=district.path, kind=Kind.DEPARTMENT, active=True)

    def likeness(one: Organisation) -> float:
        return difflib.SequenceMatcher(None, text, one.name, autojunk=False).ratio()

    scored = sorted(((likeness(o), o) for o in below), key=lambda s: (-s[0], s[1].path))
    return [o for score, o in scored[:NEAR] if score >= 0.5]
