"""The roles that a directory outside (OpenID Connect, LDAP) gives by its groups, brought up to date at each
sign-in.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from zhunsheng.errors import ZhunshengError
from zhunsheng.web.actor import SYSTEM, acting
from zhunsheng.web.models import Membership, Organisation, User
from zhunsheng.web.services.administration import give_role

log = logging.getLogger(__name__)


def follow(user: User, groups: Iterable[str]) -> None:
    """Give a person the roles of their groups, and end those that a group gave and gives no more. What an
    administrator gave stays, and what one ended a group does not give again.

    Nothing is done where no groups are configured (``settings.GROUPS``).
    """
    if not settings.GROUPS:
        return
    mine = {group.casefold() for group in groups}
    wanted: dict[tuple[str, int], Organisation] = {}
    for one in settings.GROUPS:
        if one.group.casefold() not in mine:
            continue
        place = _place(one.organisation)
        if place is None:
            log.error("group %s: there is no one organisation %s in use", one.group, one.organisation)
        else:
            wanted[one.role, place.pk] = place
    with acting(SYSTEM, ""), transaction.atomic():
        held = {(m.role, m.organisation_id): m for m in Membership.objects.filter(user=user)}
        for (role, pk), place in wanted.items():
            before = held.get((role, pk))
            if before is None or (not before.active and before.directory):
                try:
                    given = give_role(user, role, place, None)
                except ZhunshengError as error:
                    log.error("role %s at %s is not given: %s", role, place.code, error.code)
                    continue
                given.directory = True
                given.save()
        for key, before in held.items():
            if before.active and before.directory and key not in wanted:
                before.active = False
                before.save()


def _place(code: str) -> Organisation | None:
    found = Organisation.objects.filter(Q(official_code=code) | Q(code=code), active=True)[:2]
    return found[0] if len(found) == 1 else None
