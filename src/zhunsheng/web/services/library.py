"""The indicator library: entries under codes, looked up, changed, brought by packs and by files of the data
standard, and where they are used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from zhunsheng.errors import ZhunshengError
from zhunsheng.packs import packs
from zhunsheng.targets.library import COMMON, LibraryEntry, next_code
from zhunsheng.web.models import AuditEntry, LibraryIndicator, Organisation, SheetVersion, User
from zhunsheng.web.roles import within
from zhunsheng.web.services.sheets.lookup import this_year

FIELDS = tuple(name for name in LibraryEntry.model_fields if name != "code")
YEARS = 3  # of which sheets are looked through for an entry


def industries() -> list[tuple[str, str]]:
    """Return the letters of the industries that codes begin with, with their names."""
    found = {pack.industry: pack.name for pack in packs().values()}
    return [(COMMON, found.pop(COMMON)), *sorted(found.items())]


def found(search: str, industry: str) -> QuerySet[LibraryIndicator]:
    """Return the entries that hold a word in name, code, levels or description, of one industry or all."""
    entries = LibraryIndicator.objects.order_by("-active", "level1", "level2", "name")
    if industry:
        entries = entries.filter(code__startswith=f"{industry}-")
    for word in search.split():
        entries = entries.filter(
            Q(name__contains=word)
            | Q(code__icontains=word)
            | Q(level1__contains=word)
            | Q(level2__contains=word)
            | Q(description__contains=word)
        )
    return entries


def add(values: Mapping[str, Any], industry: str = COMMON) -> LibraryIndicator:
    """Add an entry with the next code of its industry. Raises ``ZS-WB-06`` for one that is there."""
    _refuse_twin(values["level2"], values["name"])
    with transaction.atomic():
        code = _code(industry, values["level1"], values["level2"])
        return LibraryIndicator.objects.create(code=code, **values)


def change(entry: LibraryIndicator, values: Mapping[str, Any]) -> bool:
    """Change an entry, as its next version, and return whether anything changed. It keeps its code whatever
    levels it is moved to; one without gets one. Raises ``ZS-WB-06`` for the name of another one.
    """
    said = {name: value for name, value in values.items() if getattr(entry, name) != value}
    if {"level2", "name"} & said.keys():
        _refuse_twin(values["level2"], values["name"], entry)
    if not entry.code:
        said["code"] = _code(COMMON, values["level1"], values["level2"])
    if not said:
        return False
    for name, value in said.items():
        setattr(entry, name, value)
    entry.version += 1
    entry.save()
    return True


def _refuse_twin(level2: str, name: str, own: LibraryIndicator | None = None) -> None:
    others = LibraryIndicator.objects.filter(level2=level2, name=name)
    if own is not None:
        others = others.exclude(pk=own.pk)
    if others.exists():
        raise ZhunshengError("ZS-WB-06", detail=_("“%s”已存在") % name)


def _code(industry: str, level1: str, level2: str) -> str:
    """Return the next code; numbers that packs use are not given to others, whether they came or not."""
    known = set(LibraryIndicator.objects.exclude(code="").values_list("code", flat=True))
    known |= {one.code for pack in packs().values() for one in pack.indicators}
    return next_code(industry, level1, level2, known)


# -- what comes from elsewhere
# ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Incoming:
    """An entry that comes from elsewhere: ``state`` is new, there (the same), ended, differs (the same code,
    another text) or taken (the same name under another code); ``why`` says what is otherwise.
    """

    entry: LibraryEntry
    state: str
    why: str = ""


def compared(entries: Iterable[LibraryEntry]) -> list[Incoming]:
    """Return entries that come from elsewhere as they stand to what is there."""
    coded = {one.code: one for one in LibraryIndicator.objects.exclude(code="")}
    named = {(one.level2, one.name): one for one in LibraryIndicator.objects.all()}
    labels = {field.name: field.verbose_name for field in LibraryIndicator._meta.concrete_fields}
    incoming = []
    for entry in entries:
        if known := coded.get(entry.code):
            other = [str(labels[name]) for name in FIELDS if getattr(known, name) != getattr(entry, name)]
            state = "ended" if not known.active else "differs" if other else "there"
            incoming.append(Incoming(entry, state, _("、").join(other)))
        elif known := named.get((entry.level2, entry.name)):
            incoming.append(Incoming(entry, "taken", known.code or _("没有编号的一项")))
        else:
            incoming.append(Incoming(entry, "new"))
            named[entry.level2, entry.name] = LibraryIndicator(code=entry.code)
            coded[entry.code] = LibraryIndicator(**entry.model_dump())
    return incoming


def take(entries: Iterable[LibraryEntry], origin: str) -> list[Incoming]:
    """Add the entries that are new, and return all as they stood before; none that is there is changed."""
    with transaction.atomic():
        incoming = compared(entries)
        for one in incoming:
            if one.state == "new":
                LibraryIndicator.objects.create(origin=origin, **one.entry.model_dump())
    return incoming


# -- one entry
# ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Used:
    """A sheet whose newest version has an indicator called as an entry is."""

    version: SheetVersion
    department: Organisation
    level2: str


def used(entry: LibraryIndicator, user: User) -> list[Used]:
    """Return where an indicator is called as an entry is, in the newest versions of the last years' sheets
    within an administrator's reach: a name that is the same, nobody says that it was taken from here.
    """
    mine = within(user, "admin.manage", "sheet__department__")
    versions = (
        SheetVersion.objects.filter(mine, sheet__retired=False, sheet__year__gt=this_year() - YEARS)
        .exclude(state=SheetVersion.State.VOID)
        .order_by("sheet", "-number")
    )
    seen: set[int] = set()
    uses: dict[int, str] = {}
    for pk, sheet, body in versions.values_list("pk", "sheet", "body").iterator(chunk_size=200):
        if sheet in seen:
            continue
        seen.add(sheet)
        for one in body.get("indicators", ()):
            if one.get("name") == entry.name:
                uses[pk] = one.get("level2") or ""
    listed = SheetVersion.objects.filter(pk__in=uses).select_related("sheet__department")
    return [Used(version, version.sheet.department, uses[version.pk]) for version in listed]


def history(entry: LibraryIndicator) -> list[tuple[AuditEntry, list[tuple[str, str]]]]:
    """Return what was done to an entry, the newest first, each with what its fields became."""
    labels = {field.attname: field.verbose_name for field in LibraryIndicator._meta.concrete_fields}
    found = AuditEntry.objects.filter(model="libraryindicator", object_id=str(entry.pk))
    return [
        (
            one,
            [
                (str(labels.get(name, name)), said)
                for name, said in one.after.items()
                if said not in ("", None)
            ],
        )
        for one in found
    ]
