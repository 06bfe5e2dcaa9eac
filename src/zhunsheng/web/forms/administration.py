"""Forms of the administration: organisations, users and roles, indicator library, local schemes, calendar."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import Case, Q, QuerySet, When
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from zhunsheng.measures import Measure
from zhunsheng.packs import packs as packs_by_id
from zhunsheng.review import all_rules
from zhunsheng.targets.library import COMMON, DIRECTIONS, STANDARDS
from zhunsheng.web.forms.base import Files, SentForm
from zhunsheng.web.forms.fields import (
    CleanCharField,
    DayField,
    MailField,
    OneOfField,
    RecordField,
    SentFile,
    YearField,
    lines,
)
from zhunsheng.web.models import (
    CalendarEntry,
    LibraryIndicator,
    LocalScheme,
    Membership,
    Organisation,
    Role,
    RuleBasis,
    User,
    Witness,
)
from zhunsheng.web.roles import governs, sets_rules, within
from zhunsheng.web.services.library import industries
from zhunsheng.web.services.office import told
from zhunsheng.web.services.year.schemes import packs

ALL = Organisation.objects
_TOLD_STANDARDS = {
    "计划": _("计划标准"),
    "行业": _("行业标准"),
    "历史": _("历史标准"),
    "其他": _("其他标准"),
}
MOST_FOUND = 20  # organisations proposed for a part of a name
PARENTS = ("city", "district", "department")
CHANGES = ("rename", "number", "move", "merge", "split", "close", "reopen")
# What a change of an organisation can't do without; all but the official code take effect on a day.
NEEDED = {"rename": "name", "merge": "into", "split": "names"}
ENDING = ("merge", "split", "close")  # what is confirmed before it is done
OWN = {"name": "rename", "official_code": "number", "parent": "move"}  # fields that one change alone sets
USER_CHANGES = ("add", "role", "end-role", "password", "toggle")


def managed(user: User) -> QuerySet[Organisation]:
    """Return the organisations in use that someone administers."""
    mine = within(user, "admin.manage")
    return Organisation.objects.filter(mine, active=True).select_related("parent__parent")


def found(user: User, text: str) -> QuerySet[Organisation]:
    """Return some organisations in use that someone administers and that bear a text in their name, or as
    their code.
    """
    bare = text.split("（")[0].strip()
    named = Q(name__contains=bare) | Q(official_code__startswith=text) if bare else Q(pk__in=())
    exact = Case(When(Q(name=bare) | Q(official_code=text), then=0), default=1)
    return managed(user).filter(named).order_by(exact, "path")[:MOST_FOUND]


BY_NAME: dict[str, Any] = {"words": told, "found_by": found}  # of every place that is chosen


def parents(user: User) -> QuerySet[Organisation]:
    """Return the organisations that others can be laid below."""
    return managed(user).filter(kind__in=PARENTS)


def judged(user: User) -> list[Organisation]:
    """Return the places whose rules and dates someone may set."""
    return [one for one in managed(user).exclude(kind="section") if sets_rules(user, one)]


class NewOrganisation(SentForm):
    """An organisation to be added."""

    name = CleanCharField(label=_("名称"), most=120)
    kind = OneOfField(Organisation.Kind.choices, label=_("类别"))
    parent = RecordField(
        ALL, allowed=governs, offered=parents, **BY_NAME, empty="", label=_("上级"), required=False
    )
    official_code = CleanCharField(label=_("单位代码"), most=40, required=False)
    on = DayField(label=_("设立日期"), required=False)


class OrganisationChange(SentForm):
    """A change of an organisation: ``what`` says which; today where no day is given.

    Each change has a form of its own; another field that was changed along is a fault, not dropped.
    What ends an organisation is ``confirmed``.
    """

    mark = "id"
    of_act = {
        "rename": ("name", "on", "note"),
        "number": ("official_code",),
        "move": ("parent", "on", "note"),
        "merge": ("into", "on", "note", "confirmed"),
        "split": ("names", "stays", "on", "note", "confirmed"),
        "close": ("on", "note", "confirmed"),
        "reopen": ("on", "note"),
    }

    id = RecordField(ALL, allowed=governs, label=_("单位"))
    what = OneOfField(CHANGES, label=_("事项"), widget=forms.HiddenInput)
    name = CleanCharField(label=_("名称"), most=120, required=False)
    official_code = CleanCharField(label=_("单位代码"), most=40, required=False)
    parent = RecordField(
        ALL, allowed=governs, offered=parents, **BY_NAME, empty="", label=_("上级"), required=False
    )
    into = RecordField(
        ALL, allowed=governs, offered=managed, **BY_NAME, empty="", label=_("并入"), required=False
    )
    names = CleanCharField(label=_("新单位"), most=2000, required=False, widget=lines(2))
    stays = forms.BooleanField(label=_("原单位保留"), required=False)
    on = DayField(label=_("自"), required=False)
    note = CleanCharField(label=_("依据"), most=300, required=False)
    confirmed = forms.BooleanField(label=_("确认"), required=False)

    def merging(self, one: Organisation, user: User) -> None:
        """Offer what an organisation can be joined to: others of its kind."""
        into = self.fields["into"]
        assert isinstance(into, RecordField)
        into.offer(managed(user).filter(kind=one.kind).exclude(pk=one.pk))

    def clean(self) -> dict[str, object]:
        """Ask for what the change needs; give names as a list and a day."""
        super().clean()
        values = self.cleaned_data
        values["names"] = [n.strip() for n in (values.get("names") or "").splitlines() if n.strip()]
        if any(len(n) > 120 for n in values["names"]):
            self.add_error("names", _("超过 %(most)s 字") % {"most": 120})
        values["on"] = values.get("on") or timezone.localdate()
        what = values.get("what", "")
        needed = NEEDED.get(what)
        if needed and not values.get(needed):
            self.miss(needed)
        if what in ENDING and not values.get("confirmed"):
            self.add_error("confirmed", _("请勾选确认后再办理"))
        one = values.get("id")
        for name, act in OWN.items():
            if one and what and act != what and name in self.data and values.get(name) != getattr(one, name):
                self.add_error(name, _("也改了，一次只办一件事，请分别保存"))
        return values


def offered(user: User) -> QuerySet[Organisation]:
    """Return the places that someone may give roles at."""
    return managed(user)


class UserChange(SentForm):
    """A new user, or a change of one: ``what`` says which."""

    mark, marks = "what", USER_CHANGES
    of_act = {
        "add": ("username", "display", "phone", "single", "role", "organisation"),
        "role": ("role", "organisation"),
    }

    what = OneOfField(USER_CHANGES, label=_("事项"), widget=forms.HiddenInput)
    user = RecordField(User.objects, label=_("用户"), required=False)
    username = CleanCharField(label=_("用户名"), most=60, required=False)
    display = CleanCharField(label=_("姓名"), most=60, required=False)
    phone = CleanCharField(label=_("联系电话"), most=40, required=False)
    single = forms.BooleanField(label=_("由统一身份认证登录，不发密码"), required=False)
    role = OneOfField(Role.choices, label=_("角色"), required=False)
    organisation = RecordField(
        ALL, allowed=governs, offered=offered, **BY_NAME, label=_("单位"), required=False
    )
    membership = RecordField(
        Membership.objects.select_related("user", "organisation"),
        allowed=governs,
        label=_("角色"),
        required=False,
    )

    needed = {
        "add": ("username", "display", "role", "organisation"),
        "role": ("user", "role", "organisation"),
        "end-role": ("user", "membership"),
        "password": ("user",),
        "toggle": ("user",),
    }

    def clean(self) -> dict[str, object]:
        """Ask for what the change needs."""
        super().clean()
        values = self.cleaned_data
        for name in self.needed.get(values.get("what", ""), ()):
            if not values.get(name):
                self.miss(name)
        user, membership = values.get("user"), values.get("membership")
        if values.get("what") == "end-role" and user and membership and membership.user_id != user.pk:
            self.add_error("membership", _("没有这一项，可能已被改动，请刷新页面"))
        return values


class LibraryToggle(SentForm):
    """An entry of the indicator library to be ended or resumed."""

    mark = "id"

    id = RecordField(LibraryIndicator.objects, allowed=governs, label=_("指标"))


class NewLibraryIndicator(SentForm):
    """An entry of the indicator library, of an industry or none; ``measures`` are the known ones by id."""

    level1 = CleanCharField(label=_("一级指标"), most=40)
    level2 = CleanCharField(label=_("二级指标"), most=40)
    name = CleanCharField(label=_("三级指标"), most=120)
    description = CleanCharField(label=_("指标描述"), most=300, required=False)
    direction = OneOfField([(one, one) for one in DIRECTIONS], empty="", label=_("计算符号"), required=False)
    target = CleanCharField(label=_("参考指标值"), most=60, required=False)
    unit = CleanCharField(label=_("计量单位"), most=20, required=False)
    standard = OneOfField(
        [(one, _TOLD_STANDARDS[one]) for one in STANDARDS], empty="", label=_("绩效标准"), required=False
    )
    basis = CleanCharField(label=_("确定依据"), most=60, required=False)
    source = CleanCharField(label=_("数据来源"), most=120, required=False)
    period = CleanCharField(label=_("周期"), most=20, required=False)
    cautions = CleanCharField(label=_("注意"), most=300, required=False)
    measure = CleanCharField(label=_("测度"), most=60, required=False)
    common = forms.BooleanField(label=_("共性指标"), required=False)
    industry = OneOfField(industries(), label=_("行业"), required=False)

    def __init__(self, data: QueryDict | None, files: Files | None, measures: Mapping[str, Measure]) -> None:
        super().__init__(data, files)
        known = [(key, one.name) for key, one in measures.items()]
        self.fields["measure"] = OneOfField(known, empty="", label=_("测度"), required=False)

    def clean_industry(self) -> str:
        """Return the letters of the industry, those of none where nothing was said."""
        return self.cleaned_data["industry"] or COMMON


class LibraryChange(NewLibraryIndicator):
    """An entry of the indicator library as it is to be from now on."""

    mark = "entry"

    entry = RecordField(LibraryIndicator.objects, allowed=governs, label=_("指标"))
    industry: Any = None  # an entry stays of the one that its code says


class LibraryFile(SentForm):
    """A file of the data standard with the table of the indicator library."""

    mark = "what"

    what = OneOfField(("file",), label=_("事项"), widget=forms.HiddenInput)
    library = SentFile(label=_("指标库文件"), required=True, accept=".xlsx, .json")


class PackInstall(SentForm):
    """A starter pack to be installed."""

    pack = OneOfField(tuple(packs_by_id()), label=_("起步包"))


class SchemeToggle(SentForm):
    """A local scheme to be ended or resumed."""

    mark = "id"

    id = RecordField(LocalScheme.objects, allowed=governs, label=_("方案"))


class NewScheme(SentForm):
    """A local scheme: one that comes with the program, or the text of a data file."""

    organisation = RecordField(ALL, allowed=sets_rules, offered=judged, **BY_NAME, label=_("单位"))
    first_year = YearField(label=_("起始年度"))
    text = CleanCharField(label=_("方案"), most=50_000, widget=lines(6), required=False)

    def __init__(self, data: QueryDict | None, files: Files | None) -> None:
        super().__init__(data, files)
        told = [(s.id, s.name if s.status == "verified" else _("%s（未核实）") % s.name) for s in packs()]
        self.fields["pack"] = OneOfField(
            told, empty=_("另外粘贴"), label=_("随程序提供的方案"), required=False
        )

    def clean(self) -> dict[str, object]:
        """Ask for one of the two, and not for both."""
        super().clean()
        values = self.cleaned_data
        if not values.get("pack") and not values.get("text"):
            self.miss("text")
        if values.get("pack") and values.get("text"):
            self.add_error("text", _("选了随程序提供的方案，又粘贴了方案，请只留一个"))
        return values


class BasisToggle(SentForm):
    """A document that rules rest on, to be ended or resumed."""

    mark = "id"

    id = RecordField(RuleBasis.objects, allowed=governs, label=_("依据"))


class NewBasis(SentForm):
    """A document of a place that rules of the review rest on there."""

    organisation = RecordField(ALL, allowed=sets_rules, offered=judged, **BY_NAME, label=_("单位"))
    rules = CleanCharField(label=_("规则编号"), most=400)
    citation = CleanCharField(label=_("文号"), most=60)
    name = CleanCharField(label=_("文件名称"), most=120)
    article = CleanCharField(label=_("条款"), most=60, required=False)
    scope = CleanCharField(label=_("适用范围"), most=120, required=False)
    valid_from = DayField(label=_("施行日期"))
    valid_to = DayField(label=_("失效日期"), required=False)
    verified_on = DayField(label=_("对照原文核实的日期"), required=False)

    def clean_rules(self) -> str:
        """Return the codes with a blank between them; each must be one of the review's."""
        codes = re.findall(r"[A-Za-z]+\d+|[^\s,，、；;]+", self.cleaned_data["rules"])
        known = {rule.code for rule in all_rules()}
        if odd := [code for code in codes if code.upper() not in known]:
            raise forms.ValidationError(_("没有审核规则 %s") % "、".join(odd))
        return " ".join(dict.fromkeys(code.upper() for code in codes))

    def clean(self) -> dict[str, object]:
        """See that the dates follow one another, and that nothing is verified on a day to come."""
        super().clean()
        values = self.cleaned_data
        begun, over, seen = (values.get(name) for name in ("valid_from", "valid_to", "verified_on"))
        if begun and over and over < begun:
            self.add_error("valid_to", _("早于施行日期"))
        if seen and seen > timezone.localdate():
            self.add_error("verified_on", _("晚于今天"))
        return values


class CalendarToggle(SentForm):
    """A calendar entry to be ended or resumed."""

    mark = "id"

    id = RecordField(CalendarEntry.objects, allowed=governs, label=_("日历"))


class WitnessToggle(SentForm):
    """A witness to be ended or resumed."""

    mark = "id"

    id = RecordField(Witness.objects, allowed=governs, label=_("见证方"))


class NewWitness(SentForm):
    """Who is to get the log's checkpoints by mail."""

    organisation = RecordField(ALL, allowed=governs, offered=managed, **BY_NAME, label=_("登记单位"))
    body = CleanCharField(label=_("见证单位（公开）"), most=120)
    name = CleanCharField(label=_("收件人"), most=60)
    email = MailField(label=_("邮箱"))


class ProposedDates(SentForm):
    """The proposed dates of a year, to be taken for a place and all below it."""

    mark, marks = "what", ("proposed",)

    what = OneOfField(("proposed",), label=_("事项"), widget=forms.HiddenInput)
    organisation = RecordField(ALL, allowed=sets_rules, offered=judged, **BY_NAME, label=_("单位"))
    year = YearField(label=_("年度"))


class NewCalendarEntry(SentForm):
    """A date of the calendar."""

    organisation = RecordField(ALL, allowed=sets_rules, offered=judged, **BY_NAME, label=_("单位"))
    year = YearField(label=_("年度"))
    kind = OneOfField(CalendarEntry.Kind.choices, label=_("事项"))
    name = CleanCharField(label=_("名称"), most=60)
    as_of = DayField(label=_("数据截至"))
    opens_on = DayField(label=_("开始"))
    due_on = DayField(label=_("截止"))

    def clean(self) -> dict[str, object]:
        """See that the dates follow one another."""
        super().clean()
        values = self.cleaned_data
        opens, due = values.get("opens_on"), values.get("due_on")
        if opens and due and due < opens:
            self.add_error("due_on", _("早于开始日期"))
        year, as_of = values.get("year"), values.get("as_of")
        # 财预〔2019〕136号: 绩效运行监控 looks at a budget year while it runs; what is after it is
        # self-evaluation.
        if values.get("kind") == "monitoring" and year and as_of and as_of.year != year:
            self.add_error("as_of", _("运行监控的数据截至日应在该年度之内"))
        return values
