"""Publication inside the office, and the public pages: only what was approved, never personal data, all as open data."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
from functools import lru_cache
from importlib.resources import files
from typing import Any

from csp.decorators import csp_replace
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from zhunsheng.reports.forms import target_form
from zhunsheng.web.models import Draw, Organisation, Publication, SelfEvaluation, SheetVersion
from zhunsheng.web.models.targets import book_of
from zhunsheng.web.roles import available, may
from zhunsheng.web.services import publishing
from zhunsheng.web.views.common import demand, done, page, paged, require_post, send
from zhunsheng.web.workflow import steps_of

SUBJECTS: dict[str, Any] = {"targets": SheetVersion, "self": SelfEvaluation, "draw": Draw, "results": Draw}
PAGE = 30


@page("publish.view")
def publish(request: HttpRequest, department: Organisation, year: int) -> HttpResponse:
    """List what was asked to be published and what became of it."""
    found = Publication.objects.filter(department=department).select_related("requested_by")
    return render(request, "web/publish.html", {"part": "publish", "found": found})


@page(None)
def ask(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Ask for the publication of approved targets, a signed self-evaluation, a draw or its results."""
    require_post(request)
    if kind not in SUBJECTS:
        raise Http404
    subject = get_object_or_404(SUBJECTS[kind], pk=pk)
    demand(request, "publish.request", subject.department)
    made = publishing.ask(kind, subject, request.user)
    return done(request, "publication", _("已提出公开申请，待部门负责人批准。"), made.pk)


@page("publish.view", publication=Publication)
def publication(request: HttpRequest, publication: Publication) -> HttpResponse:
    """Show exactly what would be or is public, with its decisions."""
    request.year = publication.year  # type: ignore[attr-defined]
    context = _shown(publication) | {
        "part": "publish",
        "record": publication,
        "actions": available(request.user, publication, "publish"),
        "steps": steps_of(publication),
        "prefix": "publish",
        "inside": may(request.user, "publish.view", publication.department),
    }
    return render(request, "web/publication.html", context)


def _shown(publication: Publication) -> dict[str, Any]:
    data = publication.data
    context: dict[str, Any] = {"publication": publication, "data": data}
    if publication.kind == "targets":
        context["forms"] = [target_form(book_of([data["sheet"]]).sheets[0])]
    elif publication.kind == "self":
        context["forms"] = data.get("forms", [])
    elif publication.kind == "draw":
        context["drawn"] = data.get("drawn", [])[:500]
    if publication.folder().is_dir():
        context["files"] = sorted(p.name for p in publication.folder().iterdir())
    return context


# -- without signing in -----------------------------------------------------------------------------------------------


def public(request: HttpRequest) -> HttpResponse:
    """List what is public, newest first, by kind, department and words."""
    kind, search = request.GET.get("kind", ""), request.GET.get("q", "").strip()[:60]
    found = Publication.objects.filter(state="published").select_related("department")
    if kind in Publication.Kind.values:
        found = found.filter(kind=kind)
    if search:
        found = found.filter(title__contains=search)
    context = paged(request, found, PAGE) | {
        "kinds": Publication.Kind.choices,
        "kind": kind,
        "search": search,
    }
    return render(request, "web/public/list.html", context)


def public_one(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one published thing."""
    found = get_object_or_404(Publication, pk=pk, state="published")
    return render(request, "web/public/one.html", _shown(found))


def public_file(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Send a published file."""
    found = get_object_or_404(Publication, pk=pk, state="published")
    allowed = {p.name for p in found.folder().iterdir()} if found.folder().is_dir() else set()
    if name not in allowed:
        raise Http404
    return send(found.folder() / name)


def open_data(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Return what is published as JSON, or its rows as csv."""
    found = get_object_or_404(Publication, pk=pk, state="published")
    if kind == "json":
        data = {k: v for k, v in found.data.items() if k != "forms"}
        head = {"title": found.title, "department": found.department.name, "year": found.year, "kind": found.kind}
        return JsonResponse(
            head | {"published_at": timezone.localtime(found.published_at).isoformat(timespec="seconds"), "data": data},
            json_dumps_params={"ensure_ascii": False, "indent": 1},
        )
    titles, rows = _rows(found)
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(titles)
    writer.writerows(rows)
    response = HttpResponse(stream.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="zhunsheng-{found.kind}-{found.pk}.csv"'
    return response


FIELDS: dict[str, list[tuple[str, str, str]]] = {
    "targets": [
        ("level1", "一级指标", "string"),
        ("level2", "二级指标", "string"),
        ("name", "三级指标", "string"),
        ("target", "指标值", "string"),
        ("basis", "确定依据", "string"),
    ],
    "self": [
        ("sheet", "目标表", "string"),
        ("name", "指标", "string"),
        ("target", "指标值", "string"),
        ("actual", "完成值", "string"),
        ("points", "分值", "number"),
        ("score", "得分", "number"),
    ],
    "draw": [
        ("id", "统一社会信用代码", "string"),
        ("stratum", "分层", "string"),
        ("rank", "名次", "integer"),
        ("inspectors", "检查人员编号", "string"),
    ],
    "results": [
        ("id", "统一社会信用代码", "string"),
        ("inspected_on", "检查日期", "date"),
        ("result", "检查结果", "string"),
    ],
}


def _rows(found: Publication) -> tuple[list[str], list[list[Any]]]:
    data, names = found.data, [name for name, _title, _kind in FIELDS[found.kind]]
    if found.kind == "targets":
        rows = [{**i, "target": i["target"]["raw"]} for i in data["sheet"]["indicators"]]
    elif found.kind == "self":
        rows = [{**i, "sheet": s["sheet"]} for s in data["scores"] for i in s["indicators"]]
    elif found.kind == "draw":
        rows = [{**d, "inspectors": "、".join(d["inspectors"])} for d in data.get("drawn", [])]
    else:
        rows = data["results"]
    return names, [[r.get(n) for n in names] for r in rows]


def data_package(request: HttpRequest) -> HttpResponse:
    """Describe all open data as a data package: every published csv with its fields, types and titles."""
    resources = []
    for one in Publication.objects.filter(state="published").select_related("department"):
        resources.append(
            {
                "name": f"{one.kind}-{one.pk}",
                "title": one.title,
                "path": request.build_absolute_uri(reverse("open-data", args=[one.pk, "csv"])),
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "profile": "tabular-data-resource",
                "schema": {"fields": [{"name": n, "title": t, "type": k} for n, t, k in FIELDS[one.kind]]},
            }
        )
    package = {
        "profile": "tabular-data-package",
        "name": "zhunsheng-open-data",
        "title": "绩效与抽查公开数据",
        "resources": resources,
    }
    return JsonResponse(package, json_dumps_params={"ensure_ascii": False, "indent": 1})


@lru_cache
def _verify_page() -> tuple[bytes, dict[str, list[str]]]:
    """Return the verify page, and the policy that lets exactly its own script and style run and nothing be fetched."""
    page = (files("zhunsheng.draws") / "verify.html").read_bytes()

    def hashes(tag: str) -> list[str]:
        found = re.findall(rf"<{tag}[^>]*>(.*?)</{tag}>".encode(), page, re.S)
        return [f"'sha256-{base64.b64encode(hashlib.sha256(body).digest()).decode()}'" for body in found]

    return page, {
        "script-src": hashes("script"),
        "style-src": hashes("style"),
        "img-src": ["data:"],
        "connect-src": ["'none'"],
    }


@csp_replace(_verify_page()[1])
def verify(request: HttpRequest) -> HttpResponse:
    """Show the page on which anyone verifies a draw in their own browser; it also works when saved."""
    return HttpResponse(_verify_page()[0], content_type="text/html; charset=utf-8")
