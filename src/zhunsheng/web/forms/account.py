"""Forms of one's own account: tokens of the API."""

from __future__ import annotations

from django.contrib.auth.forms import PasswordChangeForm
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from zhunsheng.web.forms.base import Files, SentForm
from zhunsheng.web.forms.fields import CleanCharField, IdField, ManyOfField, NumberField, RecordField
from zhunsheng.web.models import Organisation
from zhunsheng.web.scopes import SCOPES

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
    scopes = ManyOfField(SCOPES, label=_("范围"), required=False)
    days = NumberField(low=1, high=MOST_DAYS, label=_("有效天数"), required=False)

    def __init__(self, data: QueryDict, files: Files, places: list[Organisation]) -> None:
        super().__init__(data, files)
        known = Organisation.objects.filter(pk__in=[one.pk for one in places])
        self.fields["place"] = RecordField(known, label=_("单位"), required=False)
