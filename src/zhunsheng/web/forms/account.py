"""Forms of one's own account: tokens of the API."""

from __future__ import annotations

from django import forms
from django.contrib.auth.forms import PasswordChangeForm
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from zhunsheng.web.forms.base import Files, SentForm
from zhunsheng.web.forms.fields import CleanCharField, IdField, ManyOfField, NumberField, RecordField
from zhunsheng.web.models import Organisation
from zhunsheng.web.scopes import SCOPES
from zhunsheng.web.services.office import told

MOST_DAYS = 180


class NewPassword(PasswordChangeForm):
    """Another password: not the one that is known already to whoever handed it out."""

    def clean_new_password1(self) -> str:
        """Refuse the present password."""
        password: str = self.cleaned_data["new_password1"]
        if self.user.check_password(password):
            raise ValidationError(_("新密码不能与现在的密码相同"))
        return password


class Revocation(SentForm):
    """A token to be revoked."""

    mark = "revoke"

    revoke = IdField(label=_("令牌"))


class NewToken(SentForm):
    """A token to be issued for one of ``places`` and what is below it, valid for a number of days."""

    name = CleanCharField(label=_("用途"), most=60)
    scopes = ManyOfField(
        [(key, format_html("{} <code>{}</code>", words, key)) for key, words in SCOPES.items()],
        label=_("范围"),
        required=False,
    )
    days = NumberField(
        low=1,
        high=MOST_DAYS,
        label=_("有效天数"),
        required=False,
        widget=forms.NumberInput({"min": 1, "max": MOST_DAYS}),
    )

    def __init__(self, data: QueryDict | None, files: Files | None, places: list[Organisation]) -> None:
        super().__init__(data, files)
        known = Organisation.objects.filter(pk__in=[one.pk for one in places])
        self.fields["place"] = place = RecordField(
            known, words=told, label=_("可用于的单位（及其下属）"), required=False
        )
        place.offer(places)
