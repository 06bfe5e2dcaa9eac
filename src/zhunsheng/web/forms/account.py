"""Forms of one's own account: tokens of the API."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from zhunsheng.web.forms.base import Sent
from zhunsheng.web.forms.fields import CleanCharField, IdField, ManyOfField, NumberField
from zhunsheng.web.scopes import SCOPES


class Revocation(Sent):
    """A token to be revoked."""

    revoke = IdField(label=_("令牌"))


class NewToken(Sent):
    """A token to be issued, valid for a number of days."""

    name = CleanCharField(label=_("用途"), most=60)
    scopes = ManyOfField(SCOPES, label=_("范围"), required=False)
    days = NumberField(low=1, high=366, label=_("有效天数"), required=False)
