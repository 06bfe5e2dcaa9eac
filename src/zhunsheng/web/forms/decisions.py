"""What is sent with a step."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from zhunsheng.text import MOST
from zhunsheng.web.forms.base import SentForm
from zhunsheng.web.forms.fields import SentFile


class StepName(SentForm):
    """Which step is to be taken."""

    action = forms.CharField(required=False)


class StepForm(SentForm):
    """A step with its remark, what was on the screen, and what single steps ask for beside."""

    remark = forms.CharField(label=_("意见"), max_length=MOST["remark"], required=False)
    seen = forms.CharField(required=False)
    result = forms.CharField(label=_("整改情况"), max_length=MOST["words"], required=False)
    no_proof = forms.CharField(label=_("没有佐证材料的原因"), max_length=300, required=False)
    request = forms.CharField(label=_("申请事项"), max_length=40, required=False)
    despite = forms.BooleanField(required=False)
    file = SentFile(label=_("佐证材料"))
