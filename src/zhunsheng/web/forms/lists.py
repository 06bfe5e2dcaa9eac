"""Forms of lists from Excel: the file, and the yes to what it would do."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from zhunsheng.web.forms.base import SentForm
from zhunsheng.web.forms.fields import DigestField, OneOfField, SentFile, SentTexts
from zhunsheng.web.services.lists import REGISTERS, SITE

ACCEPT = ".xlsx, .xls, .et, .ods, .csv"


class ListFile(SentForm):
    """A list that the site is set up with."""

    name = OneOfField(SITE, label=_("名单"))
    file = SentFile(label=_("填好的名单"), required=True, accept=ACCEPT)


class RegisterFile(SentForm):
    """A list of a department's registers for draws."""

    mark, marks = "list", REGISTERS

    list = OneOfField(REGISTERS, label=_("名录"))
    file = SentFile(label=_("填好的名录"), required=True, accept=ACCEPT)


class ListYes(SentForm):
    """The yes to a list: the digest of what was seen, and the rows whose question is answered yes."""

    seen = DigestField(label=_("预览"))
    agreed = SentTexts(label=_("同意"))
