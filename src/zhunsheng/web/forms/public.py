"""What people send on public matters: a decision on each datum that is personal, a code they ask after,
the slip they hold.
"""

from __future__ import annotations

import re
import unicodedata

from django import forms
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _

from zhunsheng.web.forms.base import SentForm, checked
from zhunsheng.web.forms.fields import CleanCharField, NumberField, OneOfField
from zhunsheng.web.services.disclosing import HIDE, KEEP, Datum, Decision

_CHOICE = re.compile("decision_([0-9a-f]{32})")
MOST = 2000  # data decided on at once


class Disclosed(forms.Form):
    """The decisions of a page by the data's keys; what was not chosen is not there."""

    def __init__(self, sent: QueryDict, keys: list[str]) -> None:
        super().__init__(sent)
        for key in keys:
            self.fields[f"decision_{key}"] = OneOfField((HIDE, KEEP), label=_("处理"), required=False)
            self.fields[f"reason_{key}"] = CleanCharField(most=300, label=_("保留的理由"), required=False)

    @classmethod
    def of(cls, request: HttpRequest) -> dict[str, Decision]:
        """Return what was sent. Raises ``Faults``."""
        keys = [found[1] for name in request.POST if (found := _CHOICE.fullmatch(name))][:MOST]
        said = checked(cls(request.POST, keys))
        return {
            key: Decision(said[f"decision_{key}"], said[f"reason_{key}"])
            for key in keys
            if said[f"decision_{key}"]
        }


class Extent(forms.Form):
    """How much of a draw is to be public: with the list of all who were in it, or without."""

    frame = OneOfField(("whole", "own"), label=_("名录库"), required=False)

    @classmethod
    def whole(cls, request: HttpRequest) -> bool:
        """Return whether the list is to be public too, as where nothing else was
        chosen. Raises ``Faults``.
        """
        return bool(checked(cls(request.POST))["frame"] != "own")


class OwnCode(SentForm):
    """The code of an entity that asks for its own result; ``file``: its proof is to be saved."""

    code = CleanCharField(most=60, label=_("统一社会信用代码"))
    file = forms.BooleanField(required=False)


class _WideNumber(NumberField):
    """A number that may be typed with full-width digits, as Chinese input methods give them."""

    def to_python(self, value: object) -> int | None:
        """Return the number, None for nothing."""
        return super().to_python(unicodedata.normalize("NFKC", str(value or "")))


class _Digest(CleanCharField):
    """A digest that may be typed in full width."""

    def to_python(self, value: object) -> str:
        """Return the text with plain letters and digits."""
        return unicodedata.normalize("NFKC", super().to_python(value))


class HeldSlip(forms.Form):
    """What stands on a slip that someone holds: its number, where they say it, and its digest,
    blanks or not.
    """

    number = _WideNumber(label=_("编号"), low=1, high=10**9, required=False)
    digest = _Digest(most=200, label=_("摘要"))


def said_of(items: list[Datum], said: dict[str, Decision]) -> list[Datum]:
    """Return the items with what was chosen on the page, for it to be shown again."""
    for item in items:
        if choice := said.get(item.key):
            item.decision, item.reason = choice.what, choice.reason
    return items
