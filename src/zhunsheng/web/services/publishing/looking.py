"""Copies looked through for what is personal in them and was not decided on."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from zhunsheng.errors import ZhunshengError
from zhunsheng.web.models import Publication
from zhunsheng.web.services import disclosing
from zhunsheng.web.services.disclosing import Datum
from zhunsheng.web.services.publishing.copies import TITLE, copy_of


def undecided(publication: Publication) -> list[Datum]:
    """Return what is personal in a publication's copy as it lies there and was not decided on.

    Quickly where copy and rules are those that it was last looked through with.
    """
    known = disclosing.read(publication.disclosures)
    whole = copy_of(publication)
    if whole.digest() == publication.looked_by:
        return [item for item in known if not item.decision]
    kept = {item.key for item in known if item.decision == disclosing.KEEP}
    return [item for item in whole.personal() if item.key not in kept]


def look_through(found: QuerySet[Publication]) -> int:
    """Look through what is public and was not yet by the present rules, and keep what nobody decided on;
    return how many.

    Nothing is taken down: it waits for the head, who withdraws it or says why it may stay.
    """
    count = 0
    for one in found.filter(state="published").order_by("pk"):
        digest = copy_of(one).digest()
        if one.looked_by == digest:
            continue
        try:
            waiting = undecided(one)
        except ZhunshengError as error:
            waiting = [Datum(f"unread-{one.pk}", "author", error.web[:80], [TITLE], 1)]
        with transaction.atomic():
            now = Publication.objects.select_for_update().get(pk=one.pk)
            known = {
                item.key for item in disclosing.read(now.disclosures) if item.decision != disclosing.HIDE
            }
            new = [item for item in waiting if item.key not in known]
            now.disclosures = [*now.disclosures, *(item.as_json() for item in new)]
            now.looked_by = digest
            now.save()
        count += bool(new)
    return count


def look_through_all() -> int:
    """Look through everything that is public, after the rules changed or where it was published before there
    were any.
    """
    return look_through(Publication.objects.all())


def disclosures(publication: Publication) -> list[Datum]:
    """Return what was found to be personal in a publication with what was decided on it, what waits first."""
    return sorted(disclosing.read(publication.disclosures), key=lambda item: bool(item.decision))
