"""What the public page of a publication shows."""

from __future__ import annotations

from typing import Any

from zhunsheng.reports.forms import target_form
from zhunsheng.web.models import Draw, Publication
from zhunsheng.web.models.targets import book_of
from zhunsheng.web.services import stamps
from zhunsheng.web.services.publishing.afterwards import earlier, since
from zhunsheng.web.services.publishing.copies import FRAME
from zhunsheng.web.services.publishing.rows import parts_of


def shown(publication: Publication) -> dict[str, Any]:
    """Return what the page of a publication shows."""
    data = publication.data
    context: dict[str, Any] = {"publication": publication, "data": data}
    context |= since(publication) | {"earlier": earlier(publication)}
    if publication.kind == "targets":
        context["forms"] = [target_form(book_of([data["sheet"]]).sheets[0])]
    elif publication.kind == "self":
        context["forms"] = data.get("forms", [])
        context["scores"] = [{**s, "parts": parts_of(s)} for s in data["scores"]]
    elif publication.kind == "draw":
        context["drawn"] = data.get("drawn", [])[:500]
        # As it stands today: what is stamped after the publication tells of the same commitment.
        context["stamped"] = stamps.words_for(Draw.objects.get(pk=publication.object_id))
    if publication.folder().is_dir():
        context["files"] = sorted(p.name for p in publication.folder().iterdir())
        context["frame_withheld"] = publication.kind == "draw" and FRAME not in context["files"]
    return context
