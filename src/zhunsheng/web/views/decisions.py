"""One way to take a decision on any record: the table of roles says who may, this says what follows."""

from __future__ import annotations

from typing import cast

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from zhunsheng.web.actions import ACTIONS
from zhunsheng.web.forms.decisions import StepForm, StepName
from zhunsheng.web.models.decided import Overtaken
from zhunsheng.web.requests import SignedInRequest
from zhunsheng.web.services import decisions
from zhunsheng.web.views.common import done, page, say_error
from zhunsheng.web.workflow import Said


@page(None, methods=("POST",), whole=False)
def step(request: SignedInRequest, prefix: str, pk: int) -> HttpResponse:
    """Take a step on a record: check, approve, return, sign, confirm, close … with a remark where one is
    asked for.
    """
    action = StepName.of(request)["action"]
    if not decisions.known(prefix, action):
        raise Http404
    record = get_object_or_404(decisions.RECORDS[prefix], pk=pk)
    decisions.permitted(request.user, record, action)
    said = cast(Said, StepForm.of(request))
    outcome = decisions.decide(request.user, record, action, said)
    if isinstance(outcome, Overtaken):
        return say_error(request, outcome)
    return done(request, decisions.address_of(record), _("已办理：%s。") % ACTIONS[action].label)
