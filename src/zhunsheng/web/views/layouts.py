"""What the columns of tables are: a document's, confirmed by a person, and the layouts kept of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from zhunsheng.web.forms.targets import ColumnsForm, DocumentTakenIn, LayoutEnded, LayoutFileForm
from zhunsheng.web.models import Organisation, Upload
from zhunsheng.web.requests import SignedInRequest
from zhunsheng.web.roles import may
from zhunsheng.web.services import versions
from zhunsheng.web.services.sheets import columns, layouts, taking
from zhunsheng.web.services.sheets.layouts import TableKept
from zhunsheng.web.views.common import demand, done, download, page


def tables_shown(request: SignedInRequest, tables: Sequence[TableKept]) -> list[dict[str, Any]]:
    """Return tables as a page shows them: each with the form that says what its columns are."""
    return [_shown(one, ColumnsForm.of_table(request, one)) for one in tables]


def _shown(table: TableKept, form: ColumnsForm) -> dict[str, Any]:
    return {
        "table": table,
        "form": form,
        "columns": [(column, form[f"column-{n}"]) for n, column in enumerate(table.columns)],
    }


@page("targets.view", methods=("GET", "POST"), whole=False)
def document(request: SignedInRequest, department: Organisation, year: int, upload: int) -> HttpResponse:
    """Show what came of a document that was uploaded on the page of a year, and what the columns of its
    tables are; a POST confirms those of one.
    """
    found = get_object_or_404(Upload, pk=upload, department=department, purpose="document")
    if request.method == "POST":
        demand(request, "targets.start", department)
        if DocumentTakenIn.came(request):
            made = columns.take_in(found, department, year, request.user)
            said = versions.uploaded_words(made, made[0].upload_id or found.pk, year)
            if len(made) == 1:
                return done(request, "version", said, made[0].pk)
            return done(request, "document", said, department.pk, year, found.pk)
        return _confirmed(request, found, department, year)
    tables, refusal = columns.tables(found, department)
    can = may(request.user, "targets.start", department)
    context = _context(found, tables_shown(request, tables) if can else [])
    context["waits"] = can and refusal is None and not context["lines"][0]["sheets"]
    if refusal is not None:  # the original stands beside, so that its columns can be told
        context |= {"refusal": refusal, "document": versions.document_of(found)}
    return render(request, "web/document.html", context)


def _context(upload: Upload, shown: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "part": "targets",
        "upload": upload,
        "lines": [{"file": upload.name, "sheets": taking.told(columns.of_upload(upload)), "new": True}],
        "columns": shown,
        "document": [],
        "pages": {},
        "marks": {},
        "linked": (),
        "refusal": None,
    }


def _confirmed(request: SignedInRequest, upload: Upload, department: Organisation, year: int) -> HttpResponse:
    tables, _refusal = columns.tables(upload, department)
    digest = request.POST.get(ColumnsForm.mark, "")
    table = next((one for one in tables if one.digest == digest), None)
    if table is None:
        raise Http404
    form = ColumnsForm.sent(request, table)
    agreed = form.cleaned_data["agreed"]
    came = columns.confirm(upload, department, year, request.user, digest, form.chosen(), agreed)
    if came.asked:
        shown = _shown(table, form) | {"asked": came.asked, "agreed": came.agreed}
        if request.htmx:
            return render(
                request,
                "web/_columns_table.html",
                {"upload": upload, "t": shown, "place": department, "year": year},
            )
        return render(request, "web/document.html", _context(upload, [shown]))
    if came.parted:
        said = _("版式已记下。按它读，这份文件的目标表张数与现有的不同，现有的没有改动；请作废后重新上传。")
        return done(request, "document", said, department.pk, year, upload.pk)
    made = [*came.made, *came.renewed]
    said = _("已确认各列，往后同样版式的文件按此读入。")
    if came.made:
        said += _("识别出 %(n)s 张目标表，请逐项核对。") % {"n": len(came.made)}
    if len(made) == 1:
        return done(request, "version", said, made[0].pk)
    return done(request, "document", said, department.pk, year, upload.pk)


@page("targets.layouts", methods=("GET", "POST"))
def layouts_page(request: SignedInRequest, department: Organisation, year: int) -> HttpResponse:
    """List the layouts of an organisation and those above it; a POST brings in a file of them or ends one."""
    if request.method == "POST":
        return _changed(request, department, year)
    context = {
        "part": "targets",
        "place": department,
        "year": year,
        "listed": [(one, one.department_id == department.pk) for one in layouts.listed(department)],
        "file": LayoutFileForm.blank(request),
    }
    return render(request, "web/layouts.html", context)


def _changed(request: SignedInRequest, department: Organisation, year: int) -> HttpResponse:
    here = {"department": department.pk, "year": year}
    if LayoutEnded.came(request):
        ended = layouts.end(department, LayoutEnded.of(request)["ended"])
        if ended is None:
            raise Http404
        return done(request, "layouts", _("不再按“%(name)s”的版式读文件。") % {"name": ended}, **here)
    file = LayoutFileForm.of(request)["file"]
    count = layouts.brought(department, request.user, file.read(layouts.MOST + 1), file.name)
    return done(request, "layouts", _("已收进 %(n)s 个版式。") % {"n": count}, **here)


@page("targets.layouts")
def layouts_file(request: SignedInRequest, department: Organisation, year: int) -> HttpResponse:
    """Send the layouts by which an organisation's documents are read, as one file."""
    return download(*layouts.exported(department))
