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


class SetUp(SentForm):
    """The first places and the first administrator of a site, with the code that its terminal shows."""

    code = CleanCharField(label=_("启动码"), most=20, help_text=_("在启动网站的那个终端里，12 位，三组"))
    department = CleanCharField(label=_("本单位"), most=120, help_text=_("如 示例区市场监督管理局"))
    official_code = CleanCharField(
        label=_("单位代码"),
        most=40,
        required=False,
        help_text=_("预算单位编码，台账里认得出本单位就靠它；以后也能填"),
    )
    district = CleanCharField(
        label=_("所在区县"), most=120, required=False, help_text=_("本单位直属于市的不用填")
    )
    city = CleanCharField(
        label=_("所在市"), most=120, help_text=_("最上级，财政局和系统管理员设在这里或区县")
    )
    username = CleanCharField(label=_("管理员的用户名"), most=60)
    display = CleanCharField(label=_("管理员的姓名"), most=60)
    password = CleanCharField(
        label=_("密码"),
        most=200,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        help_text=_("至少 12 位，含大小写字母、数字、符号中的三种，不得与用户名相近。"),
    )
    again = CleanCharField(
        label=_("再写一遍"),
        most=200,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, object]:
        """Ask for the same password twice."""
        super().clean()
        values = self.cleaned_data
        if values.get("again") and values.get("password") and values["again"] != values["password"]:
            self.add_error("again", _("两次写的密码不同"))
        return values


class Revocation(SentForm):
    """A token to be revoked."""

    mark = "revoke"

    revoke = IdField(label=_("令牌"))


class NewToken(SentForm):
    """A token to be issued for one of ``places`` and what is below it, valid for a number of days."""

    name = CleanCharField(label=_("用途"), most=60)
    days = NumberField(
        low=1,
        high=MOST_DAYS,
        label=_("有效天数"),
        required=False,
        widget=forms.NumberInput({"min": 1, "max": MOST_DAYS}),
    )

    def __init__(self, data: QueryDict | None, files: Files | None, places: list[Organisation]) -> None:
        super().__init__(data, files)
        # Told in the language of the page, which is not known before.
        told_scopes = [(key, format_html("{} <code>{}</code>", words, key)) for key, words in SCOPES.items()]
        self.fields["scopes"] = ManyOfField(told_scopes, label=_("范围"), required=False)
        known = Organisation.objects.filter(pk__in=[one.pk for one in places])
        self.fields["place"] = place = RecordField(
            known, words=told, label=_("可用于的单位（及其下属）"), required=False
        )
        place.offer(places)
