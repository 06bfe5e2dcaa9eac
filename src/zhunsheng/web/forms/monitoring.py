"""Forms of monitoring."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from zhunsheng.web.forms.base import SentForm
from zhunsheng.web.forms.fields import RecordField
from zhunsheng.web.models import CalendarEntry


class Opening(SentForm):
    """The calendar entry whose checkpoint is to be opened."""

    entry = RecordField(CalendarEntry.objects, label=_("监控时点"))
