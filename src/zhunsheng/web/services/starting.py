"""The first day of a site: who sets it up, and how far it has got, found out by looking.

Whoever starts the program proves it by a code that stands on its terminal (and in a file of the data folder
that is its account's alone); with it the first places and the first administrator are made in the browser.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from zhunsheng.errors import ZhunshengError
from zhunsheng.web.models import (
    Assessment,
    CalendarEntry,
    Draw,
    LibraryIndicator,
    Membership,
    Organisation,
    Role,
    SheetVersion,
    User,
)
from zhunsheng.web.roles import within
from zhunsheng.web.services import office, packs, watching
from zhunsheng.web.services.administration import check_username
from zhunsheng.web.services.evidence import store

FILE = settings.DATA / "setup.code"
# Capitals and digits that nobody takes for one another; 12 of them are 59 bits.
SIGNS = "ACDEFGHJKLMNPQRTUVWXYZ2346789"
# Who a department's year can't go without; the bureau is above it.
SIGNING = (Role.STAFF, Role.FINANCE, Role.HEAD, Role.BUREAU)


# -- setting up
# ------------------------------------------------------------------------------------------------------------


def waits() -> bool:
    """Return whether nobody can sign in yet, so that the site is to be set up."""
    return not User.objects.exists()


def code() -> str | None:
    """Return the code by which the site is set up, made at the first time; None once somebody can sign in."""
    if not waits():
        FILE.unlink(missing_ok=True)
        return None
    with suppress(FileExistsError), FILE.open("x") as kept:
        FILE.chmod(0o600)
        groups = ("".join(secrets.choice(SIGNS) for _sign in range(4)) for _group in range(3))
        kept.write("-".join(groups))
    return FILE.read_text().strip()


def set_up(said: dict[str, Any]) -> User:
    """Make the places and the administrator that ``forms.account.SetUp`` names, and return the latter.

    Raises ``ZS-WB-83`` for another code, ``ZS-WB-84`` where somebody was first, ``ZS-WB-06`` for a user name
    or a password that won't do, and as ``office.found``.
    """
    known = code()
    if known is None:
        raise ZhunshengError("ZS-WB-84")
    given = "".join(sign for sign in said["code"].upper() if sign.isalnum())
    if not hmac.compare_digest(given.encode(), known.replace("-", "").encode()):
        raise ZhunshengError("ZS-WB-83")
    user = User(username=said["username"], display=said["display"])
    try:
        validate_password(said["password"], user)
    except ValidationError as error:
        raise ZhunshengError("ZS-WB-06", detail="".join(error.messages)) from None
    with transaction.atomic():
        # What is logged takes its turn on the log's head, which holds until the end: the second of two who
        # set up at once comes after the first, and finds somebody here.
        top = office.found(said["city"], Organisation.Kind.CITY, None)
        if not waits():
            raise ZhunshengError("ZS-WB-84")
        below = top
        if said["district"]:
            below = office.found(said["district"], Organisation.Kind.DISTRICT, top)
        number = said["official_code"]
        office.found(said["department"], Organisation.Kind.DEPARTMENT, below, official_code=number)
        check_username(user.username)
        user.set_password(said["password"])
        user.save()
        Membership.objects.create(user=user, organisation=top, role=Role.ADMIN)
    FILE.unlink(missing_ok=True)
    return user


# -- how far it has got
# ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stage:
    """One thing to be done: what was found, what is missing, and where it is done (empty where another person
    does it). ``done`` says that enough was found; ``needed``: the year can't be run without it.
    """

    label: str
    about: str
    done: bool
    found: str
    url: str = ""
    act: str = ""
    needed: bool = True
    missing: list[str] = field(default_factory=list)


def stages(user: User, year: int) -> list[Stage]:
    """Return what setting up consists of, within an administrator's reach, with what was found of each."""
    mine = Organisation.objects.filter(within(user, "admin.manage"), active=True)
    departments = list(mine.filter(kind=Organisation.Kind.DEPARTMENT))
    return [
        _places(departments),
        _people(departments, user),
        _dates(departments, year),
        _packs(),
        _library(),
        _targets(departments, year),
        _ledgers(departments),
        _figures(departments, year),
        _draws(departments),
    ]


def _listed(names: Iterable[str]) -> str:
    return _("、").join(names)


def _places(departments: list[Organisation]) -> Stage:
    uncoded = [one.name for one in departments if not one.official_code]
    missing = []
    if uncoded:
        some = _listed(uncoded[:3])
        missing.append(
            _("%(n)s 个部门没有单位代码，台账里写代码的行认不出它们：%(some)s")
            % {"n": len(uncoded), "some": some}
        )
    return Stage(
        label=_("部门与上级"),
        about=_("部门、科室和它们的上级；单位代码是台账认出部门的依据。"),
        done=bool(departments),
        found=_("已有 %s 个部门") % len(departments) if departments else _("还没有部门"),
        url=reverse("lists") if len(departments) < 2 else reverse("administration"),
        act=_("从 Excel 导入") if len(departments) < 2 else _("去录入"),
        missing=missing,
    )


def _people(departments: list[Organisation], user: User) -> Stage:
    """Whether there is a department whose targets can go the whole way: entered, checked, signed,
    approved.
    """
    held: dict[int, set[str]] = {}
    given = Membership.objects.filter(active=True, user__is_active=True)
    for place, role in given.values_list("organisation", "role"):
        held.setdefault(place, set()).add(role)
    mine = within(user, "admin.manage", "organisation__")  # who is elsewhere is no matter of this page
    people = given.filter(mine).values("user").distinct().count()
    sections: dict[int | None, list[int]] = {}
    for pk, parent in Organisation.objects.filter(kind=Organisation.Kind.SECTION).values_list("pk", "parent"):
        sections.setdefault(parent, []).append(pk)
    lacking: list[str] = []
    whole = 0
    for one in departments:
        here = set().union(*(held.get(pk, set()) for pk in (*one.line, *sections.get(one.pk, ()))))
        if roles := [str(role.label) for role in SIGNING if role not in here]:
            lacking.append(_("%(place)s还缺：%(roles)s") % {"place": one.name, "roles": _listed(roles)})
        else:
            whole += 1
    if len(lacking) > 3:
        lacking = [*lacking[:3], _("另有 %s 个部门也缺人") % (len(lacking) - 3)]
    return Stage(
        label=_("人员与角色"),
        about=_("目标由科室填报、财务科审核、财政局批复，自评由部门负责人签发：每一种角色都要有人。"),
        done=whole > 0,
        found=_("已有 %(people)s 人，%(whole)s 个部门的角色齐全") % {"people": people, "whole": whole},
        url=reverse("users") if whole else reverse("lists"),
        act=_("去新增") if whole else _("从 Excel 导入"),
        missing=lacking,
    )


def _dates(departments: list[Organisation], year: int) -> Stage:
    line = {pk for one in departments for pk in one.line}
    n = CalendarEntry.objects.filter(organisation__in=line, year=year, active=True).count()
    return Stage(
        label=_("%s 年的日历") % year,
        about=_("监控、自评、重点评价各在哪一天：到了日子，待办里才有。"),
        done=n > 0,
        found=_("已定 %s 个日期") % n if n else _("还没有定日期"),
        url=reverse("calendar"),
        act=_("去安排"),
    )


def _packs() -> Stage:
    names = packs.installed()
    return Stage(
        label=_("起步包"),
        about=_("教育、卫生健康、交通运输等各类单位常用的台账、测度和指标，装入后可以照本地的口径改。"),
        done=bool(names),
        found=_("已装入：%s") % _listed(names) if names else _("还没有装入；市场监管的台账和测度程序自带"),
        url=reverse("packs"),
        act=_("去挑选"),
        needed=False,
    )


def _library() -> Stage:
    n = LibraryIndicator.objects.filter(active=True).count()
    return Stage(
        label=_("指标库"),
        about=_("填报目标时可以挑选的指标；没有也能填报。"),
        done=n > 0,
        found=_("已有 %s 个指标") % n if n else _("还没有指标"),
        url=reverse("library"),
        act=_("去新增"),
        needed=False,
    )


def _targets(departments: list[Organisation], year: int) -> Stage:
    keys = [one.pk for one in departments]
    n = SheetVersion.objects.filter(sheet__department__in=keys).values("sheet").distinct().count()
    approved = SheetVersion.objects.filter(
        sheet__department__in=keys, sheet__year=year, state=SheetVersion.State.APPROVED
    ).exists()
    missing = [] if approved or not n else [_("%s 年还没有批复的目标：没有批复的不计分") % year]
    return Stage(
        label=_("绩效目标"),
        about=_("由科室人员或财务科登录后在“绩效目标”上传原来的文件，系统读出来，人核对。"),
        done=n > 0,
        found=_("已有 %s 张目标表") % n if n else _("还没有目标表"),
        missing=missing,
    )


def _ledgers(departments: list[Organisation]) -> Stage:
    codes = {one.code for one in departments}
    ledgers = {
        one.ledger
        for one in store().batches()
        if one.inserted + one.updated and not codes.isdisjoint((one.department, *one.holds))
    }
    return Stage(
        label=_("台账"),
        about=_("由科室人员或财务科在“台账证据”放入正在用的 Excel，系统提出列的对应，人确认。"),
        done=bool(ledgers),
        found=_("已有 %s 种台账") % len(ledgers) if ledgers else _("还没有台账"),
    )


def _figures(departments: list[Organisation], year: int) -> Stage:
    keys = [one.pk for one in departments]
    newest = Assessment.objects.filter(department__in=keys, year=year).order_by("-pk").first()
    return Stage(
        label=_("算出的指标"),
        about=_("有了目标和台账就自动计算，可以查到每一行。"),
        done=newest is not None,
        found=_("最近一次计算截至 %s") % newest.as_of if newest else _("还没有计算过"),
    )


def _draws(departments: list[Organisation]) -> Stage:
    n = Draw.objects.filter(department__in=[one.pk for one in departments]).count()
    return Stage(
        label=_("抽查"),
        about=_("双随机抽查：要先有检查对象和检查人员的名录。"),
        done=n > 0,
        found=_("已有 %s 次抽查") % n if n else _("还没有抽查"),
        needed=False,
    )


def machine() -> list[watching.Check]:
    """Return what an administrator should know of the machine: all that is not well."""
    return [one for one in watching.checks(watching.observe()) if one.state != "ok"]
