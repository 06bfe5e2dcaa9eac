"""What people decide about an indicator of a draft: what it is, and which one of an earlier version it is."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from zhunsheng.targets.kinds import KIND_WORDS, SENSE_WORDS
from zhunsheng.text import MOST
from zhunsheng.web.forms.base import Sent


class SettleForm(Sent):
    """Kind, direction and unit of an indicator whose columns, place and name conflict or don't tell; empty: as read."""

    indicator = forms.CharField(label=_("指标"), max_length=12)
    kind = forms.ChoiceField(label=_("性质"), choices=[("", ""), *KIND_WORDS.items()], required=False)
    sense = forms.ChoiceField(label=_("方向"), choices=[("", ""), *SENSE_WORDS.items()], required=False)
    unit = forms.CharField(label=_("单位"), max_length=MOST["unit"], required=False)
    reason = forms.CharField(label=_("理由"), max_length=MOST["remark"])
    seen = forms.CharField(max_length=64, required=False)


class SameForm(Sent):
    """Which indicator of an earlier version one is, by its code; empty: none, it is a new one."""

    indicator = forms.CharField(label=_("指标"), max_length=12)
    former = forms.CharField(label=_("以前的指标"), max_length=12, required=False)
    seen = forms.CharField(max_length=64, required=False)
