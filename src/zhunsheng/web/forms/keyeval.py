"""Forms of the key evaluation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from zhunsheng.web.forms.base import Sent
from zhunsheng.web.forms.fields import RecordField
from zhunsheng.web.models import Sheet


class Starting(Sent):
    """The sheet that is to be evaluated."""

    sheet = RecordField(Sheet.objects.filter(retired=False), label=_("目标表"))
