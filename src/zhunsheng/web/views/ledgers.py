"""Ledgers: templates, uploads with row errors in place, browsing and export, batches and their undoing;
background jobs.
"""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from zhunsheng.web.forms.ledgers import Answers, LedgerFile, MappingFile, Removal, Undoing, rows_of
from zhunsheng.web.forms.portfolio import Places
from zhunsheng.web.models import Job, Organisation, Upload
from zhunsheng.web.requests import SignedInRequest
from zhunsheng.web.roles import may, roles_for
from zhunsheng.web.services import jobs, mappings, own_ledgers
from zhunsheng.web.services import ledgers as service
from zhunsheng.web.services.sheets import taking
from zhunsheng.web.services.sheets.lookup import this_year
from zhunsheng.web.services.uploads import take
from zhunsheng.web.views.common import demand, done, download, integer_of, page, send

PAGE = 50
BATCHES = 200
DIFFERENT = 200  # rows of each ledger shown of a comparison; the export has all


@page("ledgers.view", methods=("GET", "POST"), whole=False)
def ledgers(request: SignedInRequest, department: Organisation, year: int) -> HttpResponse:
    """List the ledgers with their newest batches; a POST takes in a file, or the mapping of a source."""
    if request.method == "POST":
        demand(request, "ledgers.import", department)
        if MappingFile.mark in request.FILES:
            file = MappingFile.of(request)["mapping"]
            kept = mappings.brought(department, request.user, file.read(), file.name)
            told = _("已存为“%(name)s”的对应，以后标题相同的文件按它读。") % {"name": kept.name}
            return done(request, "ledgers", told, department=department.pk, year=year)
        said = LedgerFile.of(request, service.known(department))
        upload = take(said["file"], "ledger", department, request.user)
        job = jobs.import_soon(upload, request.user, said["ledger"] or None, good_rows=said["good_rows"])
        return done(request, "job", "", job.pk)
    listed, batches = service.listed(department)
    context = {
        "part": "ledgers",
        "listed": listed,
        "batches": batches[:BATCHES],
        "names": service.named(department),
        "can_import": may(request.user, "ledgers.import", department),
        "can_define": may(request.user, "ledgers.define", department),
        "form": LedgerFile.blank(request, service.known(department)),
        "can_undo": may(request.user, "ledgers.undo", department),
        "mappings": mappings.listed(department),
        "mapping_form": MappingFile.blank(request),
        "jobs": Job.objects.filter(department=department, kind="import")[:8],
        "limit": BATCHES,
    }
    return render(request, "web/ledgers.html", context)


def known_ledger(name: str, department: Organisation) -> Any:
    """Return a ledger of a department by what its address says. Raises ``Http404``."""
    found = service.one(name, department)
    if found is None:
        raise Http404
    return found


@page("ledgers.view")
def ledger(request: SignedInRequest, department: Organisation, year: int, ledger: str) -> HttpResponse:
    """Browse one ledger: search, filter, sort, page by page; or export what is found as Excel or csv."""
    known = known_ledger(ledger, department)
    personal = may(request.user, "ledgers.personal", department)
    filters = {
        c.name: request.GET[c.name]
        for c in known.columns
        if c.type in ("choice", "bool") and request.GET.get(c.name)
    }
    order = request.GET.get("order", "")
    asked: dict[str, Any] = {
        "search": request.GET.get("q", "").strip()[:100],
        "filters": filters,
        "batch": integer_of(request, "batch", 0, 0, 10**9) or None,
        "order": order.lstrip("-") or None,
        "descending": order.startswith("-"),
        "personal": personal,
    }
    if (kind := request.GET.get("export")) in ("xlsx", "csv"):
        return download(*service.exported(department, known, kind, **asked))
    number = integer_of(request, "page", 1, 1, 10**6)
    found = service.page_of(department, known, PAGE, (number - 1) * PAGE, **asked)
    removed, removed_rows = service.removed(department, known, personal=personal)
    context = {
        "part": "ledgers",
        "ledger": known,
        "rows": [(row, service.key_text(known, row)) for row in found.rows],
        "removed": removed,
        "removals": [row.by for row in removed],
        "removed_rows": removed_rows,
        "can_type": may(request.user, "ledgers.import", department) and not known.retired,
        "can_define": own_ledgers.may_define(request.user, known, department),
        "can_remove": may(request.user, "ledgers.remove", department),
        "form": Removal.blank(request),
        "total": found.total,
        "number": number,
        "pages": max(1, -(-found.total // PAGE)),
        "filters": filters,
        "choices": [c for c in known.columns if c.type == "choice"],
        "search": asked["search"],
        "order": order,
        "batch": asked["batch"],
        "personal": personal,
    }
    return render(request, "web/ledger.html", context)


@page("ledgers.view")
def diff(request: SignedInRequest, department: Organisation, year: int) -> HttpResponse:
    """Show what changed between two batches or dates: rows, readings, scores; or export it as Excel."""
    first, second = (request.GET.get(name, "").strip()[:40] for name in ("a", "b"))
    chosen = request.GET.get("ledger", "")
    asked = service.Comparison(first, second, (known_ledger(chosen, department),) if chosen else ())
    personal = may(request.user, "ledgers.personal", department)
    if request.GET.get("export") == "xlsx":
        return download(*service.difference_file(department, year, asked, personal=personal))
    context = {
        "part": "ledgers",
        "a": first,
        "b": second,
        "chosen": chosen,
        "names": service.named(department),
        "kinds": service.changed_words(),
        "found": service.compared(department, year, asked, DIFFERENT, personal=personal),
        "limit": DIFFERENT,
        "personal": personal,
    }
    return render(request, "web/diff.html", context)


@page("ledgers.view")
def template(request: SignedInRequest, department: Organisation, year: int, ledger: str) -> HttpResponse:
    """Send the Excel template of a ledger."""
    return download(*service.template(known_ledger(ledger, department)))


@page("ledgers.view", methods=("POST",), whole=False)
def undo(request: SignedInRequest, department: Organisation, year: int) -> HttpResponse:
    """Take back a batch by a new one; nothing is deleted."""
    demand(request, "ledgers.undo", department)
    number = Undoing.of(request)["batch"]
    made = service.undo(department, number, request.user)
    return done(
        request,
        "ledgers",
        _("批次 %(n)s 已由批次 %(m)s 撤销，原数据仍可查到。") % {"n": number, "m": made},
        department=department.pk,
        year=year,
    )


@page("ledgers.view", methods=("POST",), whole=False)
def remove(request: SignedInRequest, department: Organisation, year: int, ledger: str) -> HttpResponse:
    """Take the chosen rows out of a ledger with a reason, by a new batch that can be undone."""
    demand(request, "ledgers.remove", department)
    known, said = known_ledger(ledger, department), Removal.of(request)
    made = service.remove(department, known, said["key"], said["reason"], request.user)
    return done(
        request,
        "ledger",
        _("已删除 %(n)s 行，记为批次 %(m)s；删除的行仍可查到，撤销该批次即可恢复。")
        % {"n": made.rows, "m": made.batch},
        department=department.pk,
        year=year,
        ledger=known.id,
    )


@page("ledgers.view")
def source(request: SignedInRequest, department: Organisation, year: int, batch: int) -> HttpResponse:
    """Send the file that a batch was imported from, to those who may see personal data."""
    demand(request, "ledgers.personal", department)
    found = service.source(department, batch)
    if found is None:
        raise Http404
    return download(*found)


@page("ledgers.view", methods=("GET", "POST"))
def mapping(request: SignedInRequest, department: Organisation, year: int, mapping: int) -> HttpResponse:
    """Send the mapping of a source as a file; a POST ends it."""
    demand(request, "ledgers.import", department)
    if request.method == "POST":
        ended = mappings.end(department, mapping)
        if ended is None:
            raise Http404
        said = _("不再按“%(name)s”的对应读文件。") % {"name": ended.name}
        return done(request, "ledgers", said, department=department.pk, year=year)
    found = mappings.exported(department, mapping)
    if found is None:
        raise Http404
    return download(*found)


def _mine(request: SignedInRequest, job: int) -> Job:
    found = Job.objects.filter(pk=job).select_related("department", "by").first()
    if found is None:
        raise Http404
    here = found.department
    mine = found.by_id == request.user.pk and (here is None or roles_for(request.user, "overview.view", here))
    if not mine and not (here and may(request.user, "overview.view", here)):
        raise Http404
    return found


@page(None)
def job(request: SignedInRequest, job: int) -> HttpResponse:
    """Show how far a job is, and what it came to; the page asks again by itself until it has ended."""
    found = _mine(request, job)
    request.department = found.department
    if found.kind == "documents":
        request.year = found.args["year"]
    template = "web/_job.html" if request.htmx else "web/job.html"
    again = (
        found.kind == "import"
        and found.ended
        and found.result.get("bad_rows")
        and not found.result.get("batch")
        and not found.result.get("questions")
    )
    unknown = (found.result.get("unknown") if found.kind == "archive" else None) or []
    placing = Places.blank(request, unknown, Organisation.objects.none())
    context = {
        "part": {"import": "ledgers", "documents": "targets"}.get(found.kind, ""),
        "job": found,
        "unknown": list(zip(unknown, placing.visible_fields(), strict=True)),
        "again": again,
        "draw": found.args.get("draw"),
        "lines": (
            lines := taking.shown(found.result.get("lines") or []) if found.kind == "documents" else []
        ),
        "unread": sum(bool(one.get("upload")) for one in lines),
        **(_imported(request, found) if found.kind == "import" else {}),
    }
    response = render(request, template, context)
    if request.htmx and found.ended:
        response.status_code = 286  # htmx: stop asking
    return response


def _imported(request: SignedInRequest, found: Job) -> dict[str, Any]:
    """Return what the page of an import shows, with the form for the answers; its links lead to the year
    worked at.
    """
    asked = found.result.get("questions") or []
    said = {"good_rows": found.args.get("good_rows", False), "name": mappings.named(found.result)}
    form = Answers.blank(request, asked, said=said)
    _place, year = request.session.get("place") or (None, this_year())
    fates = service.fates(found.result)
    return {
        "asked": _asked(asked, form),
        "form": form,
        "by": service.MATCHED_BY,
        "fates": fates,
        "shares": service.shares(fates),
        "reasons": service.reasons(found.result),
        "previewed": service.previewed(found.result),
        "before": service.before(found.result),
        "ledger": _ledger_of(found),
        "year": year,
    }


def _ledger_of(job: Job) -> Any:
    return service.one(job.result.get("ledger", ""), job.department) if job.department else None


def _asked(questions: list[dict[str, Any]], form: Answers) -> list[dict[str, Any]]:
    """Return each question with the fields that answer it, its parts and its rows."""
    found = []
    for n, question in enumerate(questions):
        rows = {
            key: form[f"q{n}-row{m}"]
            for m, key in enumerate(rows_of(question))
            if f"q{n}-row{m}" in form.fields
        }
        first: set[str] = set()
        changes = []
        for change in question["changes"]:
            own = None if change["key"] in first else rows.get(change["key"])
            first.add(change["key"])
            changes.append((change, own))
        parts = [(part, form[f"q{n}-{m}"]) for m, part in enumerate(question["parts"])]
        whole = form[f"q{n}"] if f"q{n}" in form.fields else None
        found.append({"said": question, "field": whole, "parts": parts, "changes": changes})
    return found


@page(None, methods=("POST",))
def job_again(request: SignedInRequest, job: int) -> HttpResponse:
    """Import the same file again: leaving out the rows with errors, or with answers to what was
    asked of it; or read those documents again that were kept unread.
    """
    found = _mine(request, job)
    if found.kind == "documents" and found.department is not None:
        demand(request, "targets.start", found.department)
        read = jobs.documents_again(found, request.user)
        return done(request, "job", "", read.pk if read else found.pk)
    if found.kind != "import" or found.department is None:
        raise Http404
    demand(request, "ledgers.import", found.department)
    upload = Upload.objects.get(pk=found.args["upload"])
    said: dict[str, Any] = {"good_rows": True, "answers": found.args.get("answers", {})}
    if questions := found.result.get("questions"):
        said = Answers.of(request, questions)
        # What was answered before still holds: only what is open was asked anew.
        said["answers"] = {**found.args.get("answers", {}), **said["answers"]}
    agreed = found.result.get("asked") or ""
    made = jobs.import_soon(upload, request.user, found.args["ledger"], agreed=agreed, **said)
    return done(request, "job", "", made.pk)


@page(None)
def job_file(request: SignedInRequest, job: int) -> HttpResponse:
    """Send the copy of a ledger file with its errors marked."""
    found = _mine(request, job)
    if not found.result.get("marked") or found.department is None:
        raise Http404
    demand(request, "ledgers.personal", found.department)
    return send(found.folder() / found.result["marked"])


@page(None)
def job_state(request: SignedInRequest, job: int) -> HttpResponse:
    """Return a job's state as JSON, for scripts that wait."""
    return JsonResponse(_mine(request, job).as_json())
