"""What people send on public matters: a decision on each datum that is personal, a code they ask after,
the slip they hold.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django import forms
from django.http import HttpRequest, QueryDict
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from zhunsheng.papers.manifest import CODE
from zhunsheng.transparency.entries import KINDS
from zhunsheng.web.forms.base import Files, SentForm, offer
from zhunsheng.web.forms.fields import CleanCharField, NumberField, OneOfField
from zhunsheng.web.services.disclosing import HIDE, KEEP, Datum, Decision

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

format_html_lazy = lazy(format_html, str)
_CHOICE = re.compile("decision_([0-9a-f]{32})")
MOST = 2000  # data decided on at once


def _label(words: StrOrPromise) -> StrOrPromise:
    return format_html_lazy('<span class="form-check-label">{}</span>', words)


class Disclosed(SentForm):
    """The decisions of a page by the data's keys; what was not chosen is not there."""

    def __init__(self, data: QueryDict | None, files: Files | None, keys: Iterable[str]) -> None:
        super().__init__(data, files)
        for key in keys:
            self.fields[f"decision_{key}"] = OneOfField(
                [(HIDE, _("隐去")), (KEEP, _("保留"))],
                label=_("处理"),
                required=False,
                widget=forms.RadioSelect,
            )
            self.fields[f"reason_{key}"] = CleanCharField(
                most=300,
                label=_("保留的理由"),
                required=False,
                widget=forms.TextInput({"maxlength": 300}),
            )

    @classmethod
    def decided(cls, request: HttpRequest) -> dict[str, Decision]:
        """Return what was sent. Raises ``Faults``."""
        keys = [found[1] for name in request.POST if (found := _CHOICE.fullmatch(name))][:MOST]
        said = cls.of(request, keys)
        return {
            key: Decision(said[f"decision_{key}"], said[f"reason_{key}"])
            for key in keys
            if said[f"decision_{key}"]
        }


Row = tuple[Datum, forms.BoundField, forms.BoundField]


def rows_of(items: list[Datum], said: dict[str, Decision], *, hiding: bool) -> list[Row]:
    """Return each datum with the fields that decide on it, as ``said`` on the page or decided before.

    Only what is still to be copied can be hidden, and of it nothing that loses its proof thereby.
    """
    form = Disclosed(None, None, [item.key for item in items])
    rows = []
    for item in items:
        choice = said.get(item.key)
        decision, reason = form[f"decision_{item.key}"], form[f"reason_{item.key}"]
        form.initial[decision.name] = choice.what if choice else item.decision
        form.initial[reason.name] = choice.reason if choice else item.reason
        if not hiding or item.fixed:
            offer(form, decision.name, [(KEEP, _("保留"))])
        if hiding and item.fixed:
            reason.help_text = _("%s 改动后无法核验，不能隐去。") % item.fixed
        rows.append((item, decision, reason))
    return rows


class Extent(SentForm):
    """How much of a draw is to be public: with the list of all who were in it, or without."""

    frame = OneOfField(
        [
            ("whole", _label(_("一并公开：谁都能把抽取从头重算一遍，也看得到全部单位和各自所在的分层"))),
            (
                "own",
                _label(
                    _(
                        "不公开：每个单位凭代码查自己的，得到自己的在册证明，查不出别的单位；没有名录库的人不能重算"
                    )
                ),
            ),
        ],
        label=_("名录库"),
        required=False,
        widget=forms.RadioSelect,
    )

    @classmethod
    def whole(cls, request: HttpRequest) -> bool:
        """Return whether the list is to be public too, as where nothing else was
        chosen. Raises ``Faults``.
        """
        return bool(cls.of(request)["frame"] != "own")


class OwnCode(SentForm):
    """The code of an entity that asks for its own result; ``file``: its proof is to be saved."""

    code = CleanCharField(most=60, label=_("统一社会信用代码"), widget=forms.TextInput({"maxlength": 60}))
    file = forms.BooleanField(required=False, widget=forms.HiddenInput)


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


class _CodeOrDigest(CleanCharField):
    """The code on a paper or the SHA-256 of a file, in capitals or not, in full width, with blanks or not."""

    def to_python(self, value: object) -> tuple[str, str]:  # type: ignore[override]
        """Return the code as it is printed, or the digest; the other is empty. Raises ``ValidationError``."""
        said = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", super().to_python(value)))
        if re.fullmatch("[0-9A-Fa-f]{64}", said):
            return "", said.lower()
        code = "-".join(said.upper()[n : n + 4] for n in range(0, len(said), 4))
        if not said:
            return "", ""
        if not CODE.fullmatch(code):
            raise forms.ValidationError(_("核对码是文件页脚上的 12 个字符，摘要是 64 个字符，请核对"))
        return code, ""

    def validate(self, value: tuple[str, str]) -> None:
        """Refuse nothing said. Raises ``ValidationError``."""
        if not any(value):
            raise forms.ValidationError(self.error_messages["required"], code="required")

    def run_validators(self, value: object) -> None:
        """Do nothing more."""


class HeldPaper(forms.Form):
    """The code that stands on a paper, or the digest of its file."""

    said = _CodeOrDigest(
        most=200,
        label=_("核对码，或者文件的 SHA-256"),
        widget=forms.TextInput({"maxlength": 200, "autocomplete": "off"}),
    )


class KeptSize(forms.Form):
    """How many entries a checkpoint has that someone kept."""

    size = _WideNumber(
        label=_("检查点第二行的条数"),
        low=0,
        high=10**15,
        widget=forms.TextInput({"inputmode": "numeric", "maxlength": 16, "autocomplete": "off"}),
    )


class OneEntry(forms.Form):
    """One entry of the transparency log, and how many entries the checkpoint has that it is to be held
    against.
    """

    kind = OneOfField([(key, _(words)) for key, words in KINDS.items()], label=_("记录"))
    number = _WideNumber(
        label=_("编号"),
        low=1,
        high=10**15,
        widget=forms.TextInput({"inputmode": "numeric", "maxlength": 16, "autocomplete": "off"}),
    )
    size = _WideNumber(
        label=_("检查点第二行的条数"),
        low=0,
        high=10**15,
        required=False,
        widget=forms.TextInput({"inputmode": "numeric", "maxlength": 16, "autocomplete": "off"}),
    )


class HeldSlip(forms.Form):
    """What stands on a slip that someone holds: its number, where they say it, and its digest,
    blanks or not.
    """

    number = _WideNumber(
        label=_("编号"),
        low=1,
        high=10**9,
        required=False,
        widget=forms.TextInput({"inputmode": "numeric", "maxlength": 10}),
    )
    digest = _Digest(
        most=200,
        label=_("本条摘要（64 个字符）"),
        widget=forms.TextInput({"maxlength": 200, "autocomplete": "off"}),
    )
