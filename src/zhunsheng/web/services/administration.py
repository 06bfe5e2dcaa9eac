"""What administrators keep beside organisations: users and their roles, indicator library, local schemes,
calendar.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.scratch import scratch_folder
from zhunsheng.measures import Measure
from zhunsheng.regulations import (
    Scheme,
    deadlines,
    frameworks,
    key_frameworks,
    monitoring_rules,
    read_scheme,
    scheme_of,
    scheme_text,
    schemes,
)
from zhunsheng.regulations.dates import fixed_days
from zhunsheng.review import documents
from zhunsheng.review.bases import FORCE_WORDS, FORCES, Document
from zhunsheng.web.actions import ACTIONS
from zhunsheng.web.actor import STRANGER, SYSTEM
from zhunsheng.web.models import (
    AuditEntry,
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
from zhunsheng.web.roles import acts_from, everywhere, governs, may, memberships, permits, sets_rules
from zhunsheng.web.services import jobs, office
from zhunsheng.web.services.matching import choices
from zhunsheng.web.services.sheets.lookup import this_year
from zhunsheng.web.services.year.schemes import Moves, moves, pack
from zhunsheng.web.throttle import counted

# -- the audit log
# ----------------------------------------------------------------------------------------------------


def entries_for(user: User) -> QuerySet[AuditEntry]:
    """Return the entries of the audit log that a person may look through: all, or those that were of their
    places when it happened. Sign-ins and accounts are of no place.
    """
    if everywhere(user, "audit.view"):
        return AuditEntry.objects.all()
    mine = Q(pk__in=[])
    for held in memberships(user):
        if held.role in ACTIONS["audit.view"].roles:
            mine |= Q(place__contains=f"/{held.organisation_id}/")
    return AuditEntry.objects.filter(mine)


def may_read(user: User | AnonymousUser, number: int) -> AuditEntry | None:
    """Return an entry of the audit log that a person may read: one that they may look up, or on what they
    did themselves.
    """
    if not isinstance(user, User):
        return None
    found = AuditEntry.objects.filter(number=number)
    own = found.filter(actor=user.get_username()).exclude(actor__in=(SYSTEM, STRANGER)).first()
    return own or entries_for(user).filter(number=number).first()


# -- organisations
# ----------------------------------------------------------------------------------------------------


def change_organisation(said: dict[str, Any], by: User) -> bool:
    """Do what ``OrganisationChange`` says, assess anew what rests on it, and return whether anything changed.
    Raises as ``office``.
    """
    one, what, on, note = said["id"], said["what"], said["on"], said["note"]
    concerned = [one]
    changed: bool
    if what == "rename":
        changed = said["name"] != one.name
        office.rename(one, said["name"], on, note)
    elif what == "number":
        changed = said["official_code"] != one.official_code
        if changed:
            office.number(one, said["official_code"])
    elif what == "move":
        parent = said["parent"]
        changed = (parent.pk if parent else None) != one.parent_id
        office.move(one, parent, on, note)
    elif what == "merge":
        changed = bool(office.merge(one, said["into"], on, note))
        concerned.append(said["into"])
    elif what == "split":
        changed = bool(office.split(one, said["names"], on, stays=said["stays"], note=note))
    elif what == "close":
        changed = bool(office.close(one, on, note))
    else:
        changed = not one.active
        office.reopen(one, on, note)
    if changed and what != "number":
        _assess_concerned(concerned, by, below=what in ("move", "merge"))
    return changed


def _assess_concerned(organisations: list[Organisation], by: User, *, below: bool) -> None:
    """Put in line what rests on departments' names or on the rules above them, as their pages say."""
    found: dict[int, Organisation] = {}
    for one in organisations:
        one.refresh_from_db()
        if below:
            found |= {
                o.pk: o for o in Organisation.objects.filter(path__startswith=one.path, kind="department")
            }
        elif one.kind == Organisation.Kind.DEPARTMENT:
            found[one.pk] = one
    for one in found.values():
        jobs.assess_soon(one, by)


# -- users and roles
# --------------------------------------------------------------------------------------------------


def change_user(said: Mapping[str, Any], by: User) -> str | None:
    """Make a change of a user, as ``forms.administration.UserChange`` has it; return a password that was
    handed out.

    Raises ``PermissionDenied`` beyond the reach of ``by``, and as the functions below.
    """
    what, user = said["what"], said["user"]
    # Of two who end one another at once, the second finds that nothing is theirs to end any more.
    both = {by.pk, user.pk} if user else {by.pk}
    list(User.objects.select_for_update(no_key=True).filter(pk__in=both).order_by("pk"))
    # A role of one's own place ends though its holder has others elsewhere; all else is of the whole person.
    reached = user is None or what == "end-role" or governs(by, user)
    # Whoever judges is appointed from above the judged.
    judging = what in ("add", "role") and said["role"] == Role.EVALUATOR
    if not (may(by, "admin.manage") and reached and (not judging or sets_rules(by, said["organisation"]))):
        raise PermissionDenied("admin.manage")
    if what == "add":
        single = bool(said.get("single"))
        return add_user(
            said["username"],
            said["display"],
            said["phone"],
            said["role"],
            said["organisation"],
            single=single,
        )
    if what == "role":
        give_role(user, said["role"], said["organisation"], by)
    elif what == "end-role":
        end_role(said["membership"], by)
    elif what == "password":
        return hand_password(user)
    else:
        toggle_user(user, by)
    return None


def add_user(
    username: str, display: str, phone: str, role: str, place: Organisation, *, single: bool = False
) -> str | None:
    """Add a user with a role and return the password handed out: none for who comes by ``single`` sign-on,
    or where nobody signs in by a password of this site. Raises as ``check_username``.
    """
    check_username(username)
    user = User(username=username, display=display, phone=phone)
    password = None
    if single or not settings.LOCAL_PASSWORDS:
        user.set_unusable_password()
        user.save()
    else:
        password = hand_password(user)
    give_role(user, role, place, None)
    return password


def describe_user(user: User, by: User, **said: str) -> None:
    """Change a person's name (``display``) or ``phone``. Raises ``PermissionDenied`` beyond the reach of
    ``by``.
    """
    if not governs(by, user):
        raise PermissionDenied("admin.manage")
    for name in ("display", "phone"):
        if name in said:
            setattr(user, name, said[name])
    user.save()


def check_username(username: str) -> None:
    """Refuse a name to sign in by that is taken or impossible. Raises ``ZS-WB-06``."""
    # Names that differ in capitals or width alone are one to a directory, and to whoever reads them.
    like = counted(username)
    taken = (SYSTEM, STRANGER, *User.objects.values_list("username", flat=True))
    if any(counted(name) == like for name in taken):
        raise ZhunshengError("ZS-WB-06", detail=_("用户名“%s”已存在") % username)
    try:
        User.username_validator(username)
    except ValidationError as error:
        raise ZhunshengError("ZS-WB-06", detail="".join(error.messages)) from None


def hand_password(user: User) -> str:
    """Give a password that must be changed at the next sign-in, and return it. Raises ``ZS-WB-06`` where
    nobody signs in by one.
    """
    if not settings.LOCAL_PASSWORDS:
        raise ZhunshengError("ZS-WB-06", detail=_("本站不用自己的口令，请用统一身份认证登录"))
    password = f"{secrets.token_urlsafe(9)}-Zs1"
    validate_password(password, user)
    user.set_password(password)
    user.must_change = True
    user.save()
    return password


def give_role(user: User, role: str, place: Organisation, by: User | None) -> Membership:
    """Give a role at an organisation.

    Raises ``ZS-WB-06`` where the role is not held at such a place, for oneself,
    and for one that was ended from above.
    """
    if user == by:
        raise ZhunshengError("ZS-WB-06", detail=_("不能给自己授予角色，请由另一位管理员办理"))
    if role in (Role.FINANCE, Role.HEAD) and place.kind not in ("department", "section"):
        raise ZhunshengError("ZS-WB-06", detail=_("财务科、部门负责人应在部门任职"))
    if role == Role.EVALUATOR and place.kind == "section":
        raise ZhunshengError("ZS-WB-06", detail=_("评价专家应在市、区县或部门任职"))
    if role == Role.BUREAU and place.kind not in ("city", "district"):
        raise ZhunshengError("ZS-WB-06", detail=_("财政局应设在市或区县"))
    held = Membership.objects.filter(user=user, organisation=place, role=role).first()
    held = held or Membership(user=user, organisation=place, role=role)
    if by is not None:
        _refuse_below(held, by)
    held.active, held.ended_at = True, None
    held.save()
    return held


def end_role(membership: Membership, by: User) -> None:
    """End a role. Raises ``ZS-WB-06`` for one's own as an administrator."""
    if membership.user == by and membership.role == Role.ADMIN:
        raise ZhunshengError("ZS-WB-06", detail=_("不能取消自己的管理员角色"))
    if not membership.active:
        return
    membership.active, membership.ended_at = False, acts_from(by, membership)
    membership.save()


def toggle_user(user: User, by: User) -> None:
    """End an account or take it into use again. Raises ``ZS-WB-06`` for one's own and for one that was ended
    from above.
    """
    if user == by:
        raise ZhunshengError("ZS-WB-06", detail=_("不能停用自己的账号"))
    if not user.is_active:
        _refuse_below(user, by)
    user.is_active = not user.is_active
    user.ended_at = None if user.is_active else acts_from(by, user)
    user.save()


def _refuse_below(subject: User | Membership, by: User) -> None:
    """Raise ``ZS-WB-06`` where an account or a role was ended from above the administrator who takes it into
    use again.
    """
    place = subject.ended_at
    if place is not None and not permits(by, "admin.manage", place):
        raise ZhunshengError("ZS-WB-06", detail=_("“%s”由“%s”停用，由其管理员恢复") % (subject, place))


# -- library, schemes, calendar
# ---------------------------------------------------------------------------------------


def toggle(
    entry: LibraryIndicator | LocalScheme | RuleBasis | CalendarEntry | Witness, by: User | None = None
) -> None:
    """End the use of an entry, or resume it; what rests on a scheme is assessed anew."""
    entry.active = not entry.active
    entry.save()
    if isinstance(entry, LocalScheme):
        jobs.assess_from(entry.organisation, entry.first_year, by)


def known_measures() -> dict[str, Measure]:
    """Return the measures that an entry of the library can name, by id."""
    return {m.id: m for m in choices()}


def scheme_preview(user: User, said: Mapping[str, str]) -> tuple[Organisation, Scheme, Moves] | None:
    """Return the place, the scheme that comes with the program and what it would move there, as a page asks
    by ``organisation``, ``first_year`` and ``pack``; None for a place whose rules the user does not set or
    what is no place or year. Raises ``ZS-WB-63``.
    """
    if not (said["organisation"].isdecimal() and re.fullmatch(r"20\d\d", said["first_year"])):
        return None
    place = Organisation.objects.filter(pk=int(said["organisation"][:18]), active=True).first()
    if place is None or not sets_rules(user, place):
        return None
    scheme = pack(said["pack"])
    return place, scheme, moves(place, int(said["first_year"]), scheme)


def local_in_words(entry: LocalScheme) -> Scheme | None:
    """Return what a local scheme says; None where its text can't be read by this version any more."""
    try:
        return read_scheme(entry.text, entry.name)
    except ZhunshengError:
        return None


def add_scheme(
    place: Organisation, year: int, text: str, by: User | None = None, *, chosen: str = ""
) -> LocalScheme:
    """Add a local scheme, as ``text`` or one that comes with the program (``chosen``, its id), checked
    against the format; all it holds for is assessed anew. The next year is the last that targets are set for.
    Raises ``ZS-RG-01``, ``ZS-RG-02``, ``ZS-WB-63``, ``ZS-WB-64``.
    """
    text = scheme_text(pack(chosen)) if chosen else text
    with scratch_folder() as scratch:
        path = scratch / "方案.yaml"
        path.write_text(text, "utf8")
        scheme = scheme_of(year, path)
    if year > (latest := this_year() + 1):
        raise ZhunshengError("ZS-WB-64", year=year, latest=latest)
    made = LocalScheme.objects.create(organisation=place, name=scheme.name, first_year=year, text=text)
    jobs.assess_from(place, year, by)
    return made


def add_date(
    place: Organisation, year: int, kind: str, name: str, as_of: date, opens_on: date, due_on: date
) -> CalendarEntry:
    """Add a date to the calendar."""
    return CalendarEntry.objects.create(
        organisation=place, year=year, kind=kind, name=name, as_of=as_of, opens_on=opens_on, due_on=due_on
    )


def add_basis(place: Organisation, **said: Any) -> RuleBasis:
    """Add a document that rules of the review rest on at a place and below."""
    return RuleBasis.objects.create(organisation=place, **said)


def national_bases() -> list[tuple[Document, str]]:
    """Return the documents of the whole country that rules cite, with whom each binds."""
    return [(one, FORCE_WORDS[FORCES[one.binds]]) for one in documents()]


def rules_in_data() -> list[tuple[str, Sequence[object]]]:
    """Return the rules that come with the program, with the title of each kind."""
    return [
        (_("指标框架"), frameworks()),
        (_("评分方案"), schemes()),
        (_("运行监控规则"), monitoring_rules()),
        (_("重点评价指标体系"), key_frameworks()),
        (_("法定期限"), (*deadlines(), *fixed_days())),
    ]
