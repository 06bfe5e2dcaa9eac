"""Ledgers: templates, uploads with row errors in place, browsing and export, batches and their undoing."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path
from typing import Any

import xlsxwriter
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Ledger, browse, ledger_of, write_template
from zhunsheng.evidence import ledgers as all_ledgers
from zhunsheng.web.audit import record
from zhunsheng.web.models import Job, Organisation, Upload
from zhunsheng.web.roles import may
from zhunsheng.web.services import jobs
from zhunsheng.web.services import year as figures
from zhunsheng.web.services.uploads import take
from zhunsheng.web.views.common import choice_of, demand, done, download, integer_of, page, require_post, send

PAGE = 50
EXPORT_ROWS = 200_000


@page("ledgers.view")
def ledgers(request: HttpRequest, department: Organisation, year: int) -> HttpResponse:
    """List the ledgers with their newest batches; a POST takes in a file."""
    if request.method == "POST":
        demand(request, "ledgers.import", department)
        name = choice_of(request, "ledger", _("台账"), all_ledgers(), required=False)
        upload = take(request.FILES.get("file"), "ledger", department, request.user)
        good = "good_rows" in request.POST
        job = jobs.import_soon(upload, request.user, name or None, good_rows=good)
        return done(request, "job", "", job.pk)
    batches = [b for b in figures.store().batches() if b.department == department.name]
    undone = {b.undoes for b in batches if b.undoes}
    listed = []
    for ledger in all_ledgers().values():
        mine = [b for b in batches if b.ledger == ledger.id]
        listed.append({"ledger": ledger, "batch": mine[-1] if mine else None, "batches": len(mine)})
    context = {
        "part": "ledgers",
        "listed": sorted(listed, key=lambda x: x["batch"] is None),
        "batches": [(b, b.batch in undone) for b in reversed(batches)][:200],
        "names": all_ledgers(),
        "can_import": may(request.user, "ledgers.import", department),
        "can_undo": may(request.user, "ledgers.undo", department),
        "jobs": Job.objects.filter(department=department, kind="import")[:8],
        "limit": 200,
    }
    return render(request, "web/ledgers.html", context)


def _known(name: str) -> Ledger:
    try:
        return ledger_of(name)
    except ZhunshengError:
        raise Http404 from None


@page("ledgers.view")
def ledger(request: HttpRequest, department: Organisation, year: int, ledger: str) -> HttpResponse:
    """Browse one ledger: search, filter, sort, page by page; or export what is found as Excel or csv."""
    known = _known(ledger)
    personal = may(request.user, "ledgers.personal", department)
    filters = {
        c.name: request.GET[c.name] for c in known.columns if c.type in ("choice", "bool") and request.GET.get(c.name)
    }
    order = request.GET.get("order", "")
    asked: dict[str, Any] = {
        "search": request.GET.get("q", "").strip()[:100],
        "filters": filters,
        "batch": integer_of(request.GET, "batch", 0, 0, 10**9) or None,
        "order": order.lstrip("-") or None,
        "descending": order.startswith("-"),
        "personal": personal,
        "cipher": figures.cipher(),
    }
    snapshot = figures.store().snapshot()
    if (kind := request.GET.get("export")) in ("xlsx", "csv"):
        found = browse(snapshot, known, department.name, limit=EXPORT_ROWS, **asked)
        record("export", department, after={"ledger": known.id, "rows": len(found.rows), "personal": personal})
        return _export(known, found.rows, kind)
    number = integer_of(request.GET, "page", 1, 1, 10**6)
    found = browse(snapshot, known, department.name, limit=PAGE, offset=(number - 1) * PAGE, **asked)
    context = {
        "part": "ledgers",
        "ledger": known,
        "found": found,
        "total": found.total,
        "number": number,
        "pages": max(1, -(-found.total // PAGE)),
        "filters": filters,
        "choices": [c for c in known.columns if c.type == "choice"],
        "search": asked["search"],
        "order": order,
        "batch": asked["batch"],
        "personal": personal,
        "batches": {b.batch: b for b in snapshot.batches if b.ledger == known.id},
    }
    return render(request, "web/ledger.html", context)


def _export(known: Ledger, rows: Any, kind: str) -> HttpResponse:
    titles = [c.title for c in known.columns]
    if kind == "csv":
        stream = io.StringIO()
        writer = csv.writer(stream)
        writer.writerow(titles)
        writer.writerows([_safe(v) for v in r.values] for r in rows)
        return download(stream.getvalue().encode("utf-8-sig"), f"{known.title}.csv")
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(
        buffer,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "default_date_format": "yyyy-mm-dd",
        },
    ) as book:
        sheet = book.add_worksheet(known.title[:31])
        bold = book.add_format({"bold": True, "bg_color": "#EEF2F7", "border": 1})
        for c, title in enumerate(titles):
            sheet.write(0, c, title, bold)
            sheet.set_column(c, c, max(10, 2 * len(title) + 4))
        for r, row in enumerate(rows, start=1):
            for c, value in enumerate(row.values):
                if value is not None:
                    sheet.write(r, c, value if not hasattr(value, "quantize") else float(value))
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(1, len(rows)), len(titles) - 1)
    return download(buffer.getvalue(), f"{known.title}.xlsx")


def _safe(value: Any) -> Any:
    """Keep a spreadsheet from taking a text for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t") else value


@page("ledgers.view")
def template(request: HttpRequest, department: Organisation, year: int, ledger: str) -> HttpResponse:
    """Send the Excel template of a ledger."""
    known = _known(ledger)
    with tempfile.TemporaryDirectory(prefix="zhunsheng-") as scratch:
        path = Path(scratch) / f"{known.title}.xlsx"
        write_template(known, path)
        return send(path)


@page("ledgers.view")
def undo(request: HttpRequest, department: Organisation, year: int) -> HttpResponse:
    """Take back a batch by a new one; nothing is deleted."""
    require_post(request)
    demand(request, "ledgers.undo", department)
    number = integer_of(request.POST, "batch", 0, 0, 10**9)
    store = figures.store()
    if not any(b.batch == number and b.department == department.name for b in store.batches()):
        raise ZhunshengError("ZS-EV-12", batch=number, detail=_("不是本部门的批次"))
    made = store.undo(number, who=request.user.get_username())
    record("undo batch", department, after={"batch": number, "by": made.batch})
    jobs.assess_soon(department, request.user)
    return done(
        request,
        "ledgers",
        _("批次 %(n)s 已由批次 %(m)s 撤销，原数据仍可查到。") % {"n": number, "m": made.batch},
        department=department.pk,
        year=year,
    )


@page("ledgers.view")
def source(request: HttpRequest, department: Organisation, year: int, batch: int) -> HttpResponse:
    """Send the file that a batch was imported from, to those who may see personal data."""
    demand(request, "ledgers.personal", department)
    store = figures.store()
    found = next((b for b in store.batches() if b.batch == batch and b.department == department.name), None)
    if found is None:
        raise Http404
    name, content = store.source_of(found)
    record("download source", department, after={"batch": batch})
    return download(content, name)


def _mine(request: HttpRequest, job: int) -> Job:
    found = Job.objects.filter(pk=job).select_related("department", "by").first()
    if found is None:
        raise Http404
    if found.by_id != request.user.pk and not (
        found.department and may(request.user, "overview.view", found.department)
    ):
        raise Http404
    return found


@page(None)
def job(request: HttpRequest, job: int) -> HttpResponse:
    """Show how far a job is, and what it came to; the page asks again by itself until it has ended."""
    found = _mine(request, job)
    request.department = found.department  # type: ignore[attr-defined]
    template = "web/_job.html" if request.htmx else "web/job.html"  # type: ignore[attr-defined]
    again = found.kind == "import" and found.ended and found.result.get("bad_rows") and not found.result.get("batch")
    context = {
        "part": "ledgers" if found.kind == "import" else "",
        "job": found,
        "again": again,
        "draw": found.args.get("draw"),
    }
    response = render(request, template, context)
    if request.htmx and found.ended:  # type: ignore[attr-defined]
        response.status_code = 286  # htmx: stop asking
    return response


@page(None)
def job_again(request: HttpRequest, job: int) -> HttpResponse:
    """Import the same file again, leaving out the rows with errors."""
    require_post(request)
    found = _mine(request, job)
    if found.kind != "import" or found.department is None:
        raise Http404
    demand(request, "ledgers.import", found.department)
    upload = Upload.objects.get(pk=found.args["upload"])
    made = jobs.import_soon(upload, request.user, found.args["ledger"], good_rows=True)
    return done(request, "job", "", made.pk)


@page(None)
def job_file(request: HttpRequest, job: int) -> HttpResponse:
    """Send the copy of a ledger file with its errors marked."""
    found = _mine(request, job)
    if not found.result.get("marked") or found.department is None:
        raise Http404
    demand(request, "ledgers.personal", found.department)
    return send(found.folder() / found.result["marked"])


@page(None)
def job_state(request: HttpRequest, job: int) -> HttpResponse:
    """Return a job's state as JSON, for scripts that wait."""
    return JsonResponse(_mine(request, job).as_json())
