"""What is published as open data: csv, JSON, and the data package that describes all of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils import timezone

from zhunsheng.evaluation.scorecard import BASIS_WORDS
from zhunsheng.text import csv_text
from zhunsheng.web.models import Publication
from zhunsheng.web.services import office
from zhunsheng.web.services.publishing.afterwards import earlier, since
from zhunsheng.web.services.publishing.fields import FIELDS
from zhunsheng.web.services.publishing.rows import indicator_in_words, parts_of, rows_of


def open_csv(publication: Publication) -> bytes:
    """Return the rows of what is published as csv, which a spreadsheet may open without taking a text for a
    formula.
    """
    fields = FIELDS[publication.kind]
    rows = [[row.get(name) for name, _title, _kind in fields] for row in rows_of(publication)]
    return csv_text([[title for _name, title, _kind in fields], *rows]).encode("utf-8-sig")


def schema_of(kind: str) -> dict[str, object]:
    """Return the table schema of a kind's csv: its fields are called as its head calls them,
    ``id`` is the name in JSON.
    """
    return {"fields": [{"name": title, "id": name, "type": type_} for name, title, type_ in FIELDS[kind]]}


def head_of(publication: Publication) -> dict[str, Any]:
    """Return what every form of a publication says first: title, department of its year with district and
    codes, year, kind.
    """
    place, year = publication.department, publication.year
    return {
        "title": publication.title,
        "department": place.name_in(year),
        "district": next(iter(office.above(place, year)), ""),
        "department_code": place.code,
        "official_code": place.official_code,
        "year": year,
        "kind": publication.kind,
    }


def since_json(publication: Publication) -> dict[str, Any]:
    """Return what became of it since: notes, changed targets, earlier publications,
    and differing figures once computed.
    """
    said = since(publication)
    before = [
        {
            "published_at": moment(e["published_at"]),
            "totals": [{"sheet": s, "total": t} for s, t in e["totals"]],
        }
        for e in earlier(publication)
    ]
    told = {"notes": said["notes"], "changes": said["changes"], "earlier": before}
    checked = publication.checked_at
    return told | ({"checked_at": moment(checked), "drift": said["drift"]} if checked else {})


def moment(at: datetime | None) -> str | None:
    """Return a moment in the office's time as ISO; None for none."""
    return timezone.localtime(at).isoformat(timespec="seconds") if at else None


def open_json(publication: Publication) -> dict[str, object]:
    """Return what is published as data, in the words of the page and of the csv."""
    data = {k: v for k, v in publication.data.items() if k != "forms"}
    if "persons" in data:
        data["persons"] = {k: data["persons"][k] for k in ("groups", "total")}
    if publication.kind == "self":
        data["scores"] = [
            {
                **{k: s.get(k) for k in ("id", "sheet", "total", "most", "grade")},
                "basis": {BASIS_WORDS.get(k, k): v for k, v in s.get("basis", {}).items()},
                "indicators": [{"id": i.get("id"), **indicator_in_words(i)} for i in s["indicators"]],
                "parts": parts_of(s),
            }
            for s in data["scores"]
        ]
    return data


def open_document(publication: Publication) -> dict[str, object]:
    """Return what is public of a thing as one document: what it is, since when, its data,
    and what became of it since.
    """
    told = {"published_at": moment(publication.published_at), "data": open_json(publication)}
    return head_of(publication) | told | since_json(publication)


def data_package(address: Callable[[Publication], str]) -> dict[str, object]:
    """Describe all open data as a data package: every published csv by its ``address``, with its fields,
    types and titles.
    """
    resources = [
        {
            "name": f"{one.kind}-{one.pk}",
            **head_of(one),
            "path": address(one),
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": "utf-8",
            "profile": "tabular-data-resource",
            "schema": schema_of(one.kind),
        }
        for one in Publication.objects.filter(state="published").select_related("department__parent")
    ]
    return {
        "profile": "tabular-data-package",
        "name": "zhunsheng-open-data",
        "title": "绩效与抽查公开数据",
        "resources": resources,
    }
