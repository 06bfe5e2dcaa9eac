"""Who may do what, where and when: the permission rules made from roles and the table of actions.

A role is held at an organisation. It reaches that organisation and all below; a role held at a section (科室)
reaches the section's department. For a department that was closed, what its office did is done by the office
of its successors, and by nobody else's. A person never takes a step on a record when they took one of the
steps it must be apart from in the record's present round, or wrote the text that the step is about.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Model, Q

from zhunsheng.web.actions import ACTIONS, OFFICE, Act
from zhunsheng.web.databases.connections import remembered
from zhunsheng.web.models import (
    CalendarEntry,
    Decided,
    LocalScheme,
    Membership,
    Organisation,
    Role,
    RuleBasis,
    Step,
    User,
    Witness,
)

Subject = Organisation | Decided | None  # what an action is taken on; None: anywhere at all


@remembered
def memberships(user: User) -> list[Membership]:
    """Return the memberships that hold now: of an account in use, at an organisation in use;
    read again behind each lock.
    """
    held = Membership.objects.filter(user=user, user__is_active=True, active=True, organisation__active=True)
    return list(held.select_related("organisation__parent"))


def reaches(membership: Membership, organisation: Organisation) -> bool:
    """Return whether a role held there reaches an organisation."""
    return _lifted(membership.organisation).covers(organisation)


def _lifted(held: Organisation) -> Organisation:
    """Return the department of a section, any other organisation itself."""
    return (
        held.parent if held.kind == "section" and held.parent and held.parent.kind == "department" else held
    )


def roles_at(user: User, organisation: Organisation | None) -> set[str]:
    """Return the roles a user has for an organisation, or anywhere for None; with a token,
    within its place only.
    """
    if not user.is_authenticated or not user.is_active:
        return set()
    only = user.only if organisation is not None else None
    if only is not None and organisation is not None and not only.covers(organisation):
        return set()
    return {m.role for m in memberships(user) if organisation is None or reaches(m, organisation)}


def successors(organisation: Organisation) -> list[Organisation]:
    """Return the organisations in use that a closed one went over to, by way of others closed since;
    none if to nobody.
    """
    found: dict[int, Organisation] = {}
    waiting, seen = [organisation], {organisation.pk}
    while waiting:
        stage = waiting.pop().stages.order_by("from_on", "pk").last()
        for one in Organisation.objects.filter(code__in=stage.successors if stage else ()).exclude(
            pk__in=seen
        ):
            seen.add(one.pk)
            if one.active:
                found[one.pk] = one
            else:
                waiting.append(one)
    return list(found.values())


def roles_for(user: User, action: str, where: Organisation | None) -> set[str]:
    """Return the roles in which a user may act on what belongs to an organisation;
    looking is left to all who could look.
    """
    held = roles_at(user, where)
    if where is None or where.active or not user.is_authenticated:
        return held
    inherited = {role for one in successors(where) for role in roles_at(user, one) if role in OFFICE}
    return inherited | (held if action.endswith(".view") else held - set(OFFICE))


def permits(user: User, action: str, subject: Subject = None) -> bool:
    """Return whether a user's roles and the four eyes let them take an action, whatever state the record is
    in.

    A record without a department is nobody's to act on.
    """
    act = ACTIONS[action]
    if isinstance(subject, Organisation) or subject is None:
        return bool(roles_for(user, action, subject) & set(act.roles))
    where = subject.department
    if not isinstance(where, Organisation) or not roles_for(user, action, where) & set(act.roles):
        return False
    return not (act.apart and _took(user, action, subject))


def in_state(user: User, action: str, subject: Decided) -> bool:
    """Return whether the record's state lets the action be taken in one of the user's roles."""
    act, state = ACTIONS[action], subject.state
    if act.on and state not in act.on:
        return False
    return not act.by or any((role, state) in act.by for role in roles_for(user, action, subject.department))


def may(user: User, action: str, subject: Subject = None) -> bool:
    """Return whether a user may take an action on a record, an organisation, or (None) anywhere at all."""
    if isinstance(subject, Decided):
        if ACTIONS[action].on and subject.state not in ACTIONS[action].on:
            return False  # said first only because it costs no query
        return permits(user, action, subject) and in_state(user, action, subject)
    return permits(user, action, subject)


def present_round(subject: Decided) -> list[Step]:
    """Return the steps since the record was last at a start of its way."""
    steps = subject.steps()
    # What was put aside and taken up again goes on where it was.
    starts = [
        n
        for n, s in enumerate(steps, start=1)
        if s.after in subject.start and not s.action.endswith(".restore")
    ]
    return steps[starts[-1] :] if starts else steps


def _took(user: User, action: str, subject: object) -> bool:
    """Return whether the user took one of the steps in the present round, or wrote the text that is decided
    on.
    """
    if not isinstance(subject, Decided):
        return False
    if any(step.by_id == user.pk and step.action in ACTIONS[action].apart for step in present_round(subject)):
        return True
    return user.get_username() in subject.kept_apart(action)


def available(user: User, subject: Decided, prefix: str) -> list[tuple[str, Act]]:
    """Return the labelled actions a user may take on a record now, for its buttons."""
    return [
        (name, act)
        for name, act in ACTIONS.items()
        if name.startswith(f"{prefix}.")
        and act.label
        and act.to
        and may(user, name, subject)
        and (not act.undoes or was_last(subject, act.undoes))
    ]


def was_last(subject: Decided, action: str) -> bool:
    """Return whether nobody acted on the record since that step."""
    last = subject.last_step()
    return last is not None and last.action == action


def departments(user: User, action: str) -> list[Organisation]:
    """Return the departments where a user may take an action, in the order of the tree."""
    found = Organisation.objects.filter(within(user, action), kind="department", active=True)
    return sorted((o for o in found if user.only is None or user.only.covers(o)), key=lambda o: o.path)


def _tops(user: User, action: str) -> list[Organisation]:
    """Return the organisations from which a user's roles for an action reach down."""
    held = [m.organisation for m in memberships(user) if m.role in ACTIONS[action].roles]
    return [_lifted(one) for one in held]


def within(user: User, action: str, lookup: str = "") -> Q:
    """Return the condition for organisations, or records whose organisation ``lookup`` names,
    that an action reaches.
    """
    return _below(_tops(user, action), lookup)


def _below(tops: Iterable[Organisation], lookup: str = "") -> Q:
    found = Q(pk__in=[])
    for top in tops:
        found |= Q(**{f"{lookup}path__startswith": top.path})
    return found


def everywhere(user: User, action: str) -> bool:
    """Return whether a user's role for an action reaches all there is: what belongs to no place is looked at
    from there only.
    """
    roots = Organisation.objects.filter(parent=None, active=True)
    tops = _tops(user, action)
    return bool(tops) and all(any(top.covers(root) for top in tops) for root in roots)


def governs(user: User, subject: Model) -> bool:
    """Return whether an administrator's reach covers what is to be changed, whatever it is.

    A person is within it when all roles that they hold are (when none is left, all they ever held were):
    whoever resets a password can act in every one of them. Rules and dates are set from above:
    a department's own administrator does not write what it is judged by.
    """
    if isinstance(subject, User):
        held = _held(subject)
        return all(governs(user, m) for m in held) if held else everywhere(user, "admin.manage")
    if isinstance(subject, LocalScheme | CalendarEntry | RuleBasis):
        return sets_rules(user, subject.organisation)
    if isinstance(subject, Membership):
        # Who judges is appointed from above the judged, and dismissed from there.
        if subject.role == Role.EVALUATOR:
            return sets_rules(user, subject.organisation)
        subject = subject.organisation
    if isinstance(subject, Witness):
        subject = subject.organisation
    if not isinstance(subject, Organisation):
        return everywhere(user, "admin.manage")
    return permits(user, "admin.manage", subject)


def acts_from(user: User, subject: User | Membership) -> Organisation:
    """Return the highest place from which an administrator, who governs a subject, does so."""
    tops = [top for top in _tops(user, "admin.manage") if top.covers(_reached(subject) or top)]
    return min(tops, key=lambda top: (len(top.path), top.pk))


def _reached(subject: User | Membership) -> Organisation | None:
    """Return the highest place that an account or a role is of; None for an account that never had a role."""
    if isinstance(subject, Membership):
        return subject.organisation
    held = _held(subject)
    return min((m.organisation for m in held), key=lambda o: len(o.path)) if held else None


def _held(user: User) -> list[Membership]:
    """Return the roles that a person holds; where none is left, all they ever held."""
    held = list(user.memberships.select_related("organisation"))
    return [m for m in held if m.active] or held


def sets_rules(user: User, place: Organisation) -> bool:
    """Return whether an administrator may set what an organisation is judged by: from a city, a district,
    or the very top.
    """
    above = (
        top for top in _tops(user, "admin.manage") if top.parent_id is None or top.kind != top.Kind.DEPARTMENT
    )
    return any(top.covers(place) for top in above)


def token_places(user: User) -> list[Organisation]:
    """Return the places that a token can be for: where its person holds a role, first,
    and the departments below.
    """
    found = {one.pk: one for one in (_lifted(m.organisation) for m in memberships(user))}
    below = Organisation.objects.filter(_below(found.values()), kind="department", active=True)
    for one in below.select_related("parent__parent").order_by("path"):
        found.setdefault(one.pk, one)
    return list(found.values())


def inherited(user: User, action: str) -> list[Organisation]:
    """Return the closed departments whose successors a user may take an action for."""
    closed = Organisation.objects.filter(kind="department", active=False)
    acts = set(ACTIONS[action].roles)
    return [o for o in closed if any(roles_at(user, one) & acts for one in successors(o))]
