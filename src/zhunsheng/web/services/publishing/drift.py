"""How the figures of a published self-evaluation differ from what they come to now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.utils import timezone

from zhunsheng.web.models import Organisation, Publication, SelfEvaluation
from zhunsheng.web.models.public import SETTLED
from zhunsheng.web.services import disclosing
from zhunsheng.web.services.publishing.looking import look_through
from zhunsheng.web.services.year.comparing import (
    POINTS,
    TARGET,
    Shown,
    differences,
    figures_of,
    points_figure,
    score_figures,
)
from zhunsheng.web.services.year.figures import assess_now


def drifted_from(publication: Publication) -> list[dict[str, str]]:
    """Return how a copy's figures differ from what they would be now (as ``comparing.differences``);
    empty for other kinds.

    Only while the self-evaluation is signed or accepted: what a department is still filling in is nobody
    else's.
    """
    asked = publication.kind == "self" and publication.state in ("requested", "published")
    then = _published(publication.data) if asked else {}
    evaluation = (
        SelfEvaluation.objects.filter(pk=publication.object_id, state__in=SETTLED).first() if then else None
    )
    if evaluation is None:
        return []
    day = date.fromisoformat(publication.data["as_of"])
    now = figures_of(assess_now(evaluation.department, evaluation.year, day, record=evaluation).run)
    words = disclosing.unsaid(disclosing.read(publication.disclosures))
    return differences(_said(then, words), _said(now, words))


def _said(shown: dict[str, Shown], words: Callable[[str], str]) -> dict[str, Shown]:
    """Return figures with what is hidden in the copy hidden in them too, so that this alone makes no
    difference.
    """
    return {
        code: Shown(
            words(one.sheet), {k: (words(name), words(text)) for k, (name, text) in one.figures.items()}
        )
        for code, one in shown.items()
    }


def check_published(department: Organisation, year: int) -> None:
    """Keep of each published self-evaluation whether its figures still are what they come to,
    for the public pages to say.
    """
    for one in Publication.objects.filter(department=department, year=year, kind="self", state="published"):
        keep_drift(one)
    look_through(Publication.objects.filter(department=department, year=year))


def keep_drift(publication: Publication) -> None:
    """Keep how the figures of a published self-evaluation differ from those of now;
    another kind has none to compare.
    """
    if publication.kind == "self":
        publication.drift, publication.checked_at = drifted_from(publication), timezone.now()
        publication.save()


def _published(data: dict[str, Any]) -> dict[str, Shown]:
    """Return the figures that were published, as far as the copy holds them; none for what was published
    before sheets had codes to tell them by.
    """
    found = {}
    for s in data["scores"]:
        if s.get("id"):
            lines: dict[str, tuple[str, str]] = {"total": ("得分", s["total"])}
            if "grade" in s:
                lines = score_figures(s["total"], s.get("most"), s["grade"])
            for i in s["indicators"]:
                lines |= {
                    i["id"]: (i["name"], i["actual"]),
                    f"{i['id']}{TARGET}": (f"{i['name']}（目标）", i["target"]),
                }
                if "points" in i:
                    lines[f"{i['id']}{POINTS}"] = points_figure(i["name"], i["score"], i["points"])
            found[s["id"]] = Shown(s["sheet"], lines)
    return found
