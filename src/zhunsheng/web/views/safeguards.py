"""The safeguards of the document's third part: registers with approvals, due dates, proof,
and their way into the ledgers.
"""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from zhunsheng.web.forms.safeguards import Handover, RecordForm
from zhunsheng.web.models import Organisation, SafeguardRecord
from zhunsheng.web.requests import SignedInRequest
from zhunsheng.web.roles import available, may
from zhunsheng.web.services import safeguards as service
from zhunsheng.web.services.registers import Register, due_of, registers
from zhunsheng.web.views.common import demand, done, page


def _register(name: str) -> Register:
    if name not in registers():
        raise Http404
    return registers()[name]


@page("safeguards.view")
def safeguards(request: SignedInRequest, department: Organisation, year: int) -> HttpResponse:
    """Show the document's own words on safeguards and every register with what is open and what is late."""
    today = timezone.localdate()
    listed = []
    records = list(SafeguardRecord.objects.filter(department=department))
    for register in registers().values():
        mine = [r for r in records if r.register == register.id and r.state != "void"]
        due = [d for r in mine if r.state not in ("closed", "void") and (d := due_of(register, r.data))]
        listed.append(
            {
                "register": register,
                "count": len(mine),
                "waiting": sum(r.state == "requested" for r in mine),
                "late": sum(d < today for d in due),
            }
        )
    sheet = department.sheets.filter(year=year, kind="department", retired=False).first()
    words = sheet.latest.body.get("safeguards", []) if sheet else []
    return render(request, "web/safeguards.html", {"part": "safeguards", "listed": listed, "words": words})


@page("safeguards.view", methods=("GET", "POST"), whole=False)
def register(request: SignedInRequest, department: Organisation, year: int, name: str) -> HttpResponse:
    """List a register; a POST adds a record, or hands the register to its ledger as evidence."""
    known = _register(name)
    if request.method == "POST":
        if Handover.came(request):
            demand(request, "ledgers.import", department)
            job = service.hand_over(known, department, request.user)
            if job is None:
                gone = _("没有有效的记录，此前转入台账的已撤回。")
                return done(request, "register", gone, department=department.pk, year=year, name=name)
            return done(request, "job", "", job.pk)
        demand(request, "safeguards.record", department)
        form = RecordForm.sent(request, known)
        service.enter(known, department, form.texts(), form.cleaned_data["file"], request.user)
        return done(request, "register", _("已登记。"), department=department.pk, year=year, name=name)
    records = SafeguardRecord.objects.filter(department=department, register=known.id).select_related("proof")
    today = timezone.localdate()
    rows = [
        (
            r,
            [r.data.get(f.name, "") for f in known.fields],
            (d := due_of(known, r.data)) is not None and d < today and r.state not in ("closed", "void"),
        )
        for r in records
    ]
    context = {
        "part": "safeguards",
        "register": known,
        "rows": rows,
        "form": RecordForm.blank(request, known),
        "can_record": may(request.user, "safeguards.record", department),
    }
    return render(request, "web/register.html", context)


@page("safeguards.view", methods=("GET", "POST"), record=SafeguardRecord)
def record(request: SignedInRequest, record: SafeguardRecord) -> HttpResponse:
    """Show one record with its approvals; a POST changes its fields."""
    known = _register(record.register)
    if request.method == "POST":
        demand(request, "safeguards.edit", record)
        form = RecordForm.sent(request, known)
        said = form.cleaned_data
        service.change(record, form.texts(), said["file"], request.user, said["seen"])
        return done(request, "record", _("已保存。"), record.pk)
    actions = [
        (n, a)
        for n, a in available(request.user, record, "safeguards")
        if n != "safeguards.request" or known.requests
    ]
    context = {
        "part": "safeguards",
        "register": known,
        "record": record,
        "fields": [(f, record.data.get(f.name, "")) for f in known.fields],
        "form": RecordForm.blank(request, known, said=record.data),
        "editable": may(request.user, "safeguards.edit", record),
        "closed_by_another": known.closed_by_another and record.state in ("open", "approved"),
        "actions": [(n, a) for n, a in actions if n != "safeguards.request"],
        "can_request": any(n == "safeguards.request" for n, _a in actions),
        "steps": record.steps(),
        "prefix": "safeguards",
    }
    return render(request, "web/record.html", context)
