"""What is sent with a step."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from zhunsheng.text import MOST
from zhunsheng.web.forms.base import SentForm
from zhunsheng.web.forms.fields import SentFile, lines


class StepName(SentForm):
    """Which step is to be taken."""

    action = forms.CharField(required=False, widget=forms.HiddenInput)


class StepForm(SentForm):
    """A step with its remark, what was on the screen, and what single steps ask for beside."""

    remark = forms.CharField(label=_("意见"), max_length=MOST["remark"], required=False, widget=lines(2))
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    result = forms.CharField(label=_("整改情况"), max_length=MOST["words"], required=False, widget=lines(2))
    no_proof = forms.CharField(label=_("没有佐证材料的原因"), max_length=300, required=False)
    request = forms.CharField(label=_("申请事项"), max_length=40, required=False, widget=forms.Select)
    despite = forms.BooleanField(label=_("有“错误”级问题，仍要提交"), required=False)
    file = SentFile(label=_("佐证材料"))
