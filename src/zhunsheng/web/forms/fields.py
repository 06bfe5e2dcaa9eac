"""Fields that forms share: ids, records, digests, text without control characters, days, years."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import EmailValidator, RegexValidator
from django.db.models import Manager, Model, QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from zhunsheng.web.models import User

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    Choice = tuple[str, StrOrPromise]  # a value and its words

WORDS = "-words"  # follows the name of a record's field where its name or code is typed
MOST_LISTED = 200  # records in a list to choose from; of more one is looked for by name or code
LARGEST = 2**63 - 1  # of a key of the database
FIRST_DAY, LAST_DAY = date(1949, 1, 1), date(2199, 12, 31)
# All but tab, line feed and carriage return. Word gives a vertical tab for a line broken by hand:
# it becomes a line feed.
_CONTROL = re.compile("[\x00-\x08\x0c\x0e-\x1f\x7f]")
REQUIRED = {"required": _("没有填写")}
NO_CHOICE = {"invalid_choice": _("没有这个选项"), "invalid_pk_value": _("没有这个选项")}
PROOF = ".pdf, .png, .jpg, .jpeg, .docx, .xlsx"  # files that prove something
DAY, SECOND = "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"  # as browsers send a day and a moment


class DayInput(forms.DateInput):
    """A day, as browsers ask for one."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format=DAY)


def decimal_input() -> forms.TextInput:
    """Return the place for a number with decimals: without arrows, with the keys of numbers on a phone."""
    return forms.TextInput({"inputmode": "decimal"})


def lines(rows: int) -> forms.Textarea:
    """Return the place for a text of several lines."""
    return forms.Textarea({"rows": rows, "cols": None})


class CleanCharField(forms.CharField):
    """Text, trimmed; ``most`` characters at most; control characters are refused."""

    default_error_messages = {**REQUIRED, "control": _("含有不能保存的控制字符")}

    def __init__(self, *, most: int = 4000, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.most = most

    def to_python(self, value: object) -> str:
        """Return the text as it is kept."""
        text = str(super().to_python(value)).replace("\x0b", "\n")
        if _CONTROL.search(text):
            raise ValidationError(self.error_messages["control"], code="control")
        if len(text) > self.most:
            raise ValidationError(_("超过 %(most)s 字"), code="long", params={"most": self.most})
        return text


class MailField(CleanCharField):
    """An address of electronic mail."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(most=254, **{"widget": forms.EmailInput({"maxlength": 254})} | kwargs)

    def clean(self, value: object) -> str:
        """Return the address."""
        text = str(super().clean(value))
        if text:
            EmailValidator(_("不是邮箱地址"))(text)
        return text


class NumberField(forms.IntegerField):
    """A whole number in plain digits within ``low`` and ``high``, both allowed."""

    default_error_messages = {**REQUIRED, "invalid": _("应为整数")}

    def __init__(self, *, low: int, high: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.low, self.high = low, high

    def to_python(self, value: object) -> int | None:
        """Return the number, None for nothing."""
        text = str(value or "").strip()
        if not text:
            return None
        if not re.fullmatch("[0-9]{1,19}", text):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        if not self.low <= int(text) <= self.high:
            raise ValidationError(
                _("应在 %(low)s 到 %(high)s 之间"), code="range", params={"low": self.low, "high": self.high}
            )
        return int(text)


class IdField(NumberField):
    """The id of a record, which a page carries out of sight or as the value of a button."""

    default_error_messages = {"invalid": _("不是有效的编号")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(low=1, high=LARGEST, **{"widget": forms.HiddenInput} | kwargs)


class YearField(NumberField):
    """A year that the site knows."""

    default_error_messages = {"invalid": _("应为年度")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(low=2000, high=2100, **kwargs)


class Searched(forms.TextInput):
    """The place for the name or code of a record where there are too many to list; the page proposes some as
    it is typed (``places-found``). It is sent under a name of its own, so that no code is taken for an id.
    """

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return the id that a list sent, else what was typed, marked as words."""
        words = str(data.get(f"{name}{WORDS}") or "").strip()
        return data.get(name) or (f"{WORDS}{words}" if words else None)

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Return what is drawn: a text that a list of proposals goes with."""
        said = str(value or "").removeprefix(WORDS)
        asks = {"list": "places-found", "autocomplete": "off", "maxlength": 200}
        asks |= {"hx-get": reverse("places-found"), "hx-target": "#places-found"}
        asks |= {"hx-trigger": "input changed delay:200ms", "hx-swap": "innerHTML"}
        return super().get_context(f"{name}{WORDS}", said, asks | (attrs or {}))


class RecordField(IdField):
    """A record of a query by its id; what was sent becomes the record, None for nothing.

    Where ``allowed`` says that whoever sent it does not reach the record, it is refused before anything is
    said of it. What is ``offered`` to a person stands in a list to choose from, told by ``words``;
    ``empty`` is what choosing none is called.
    """

    user: User | AnonymousUser | None = None  # who sent the form (``SentForm.of``)

    def __init__(
        self,
        found: QuerySet[Any] | Manager[Any],
        *,
        allowed: Callable[[User, Any], bool] | None = None,
        offered: Callable[[User], Iterable[Model]] | None = None,
        words: Callable[[Any], str] = str,
        found_by: Callable[[User, str], Iterable[Any]] | None = None,
        empty: StrOrPromise | None = None,
        **kwargs: Any,
    ) -> None:
        if offered is not None:
            kwargs["widget"] = Searched if found_by else forms.Select
        super().__init__(**kwargs)
        self.found_by, self.alike = found_by, list[Any]()
        self.found = found
        self.allowed = allowed
        self.offered, self.words, self.empty = offered, words, empty

    def offer_to(self, user: User | AnonymousUser) -> None:
        """List what is offered to a person."""
        if self.offered is not None and isinstance(user, User):
            self.offer(self.offered(user))

    def offer(self, records: Iterable[Model]) -> None:
        """List these records to choose from."""
        some = records[: MOST_LISTED + 1] if self.found_by and isinstance(records, QuerySet) else records
        listed = list(islice(some, MOST_LISTED + 1) if self.found_by else some)
        if self.found_by and len(listed) > MOST_LISTED and not self.alike:
            self.widget = Searched()
        else:
            none = [] if self.empty is None else [("", self.empty)]
            choices = ((one.pk, self.words(one)) for one in self.alike or listed)
            self.widget = forms.Select(choices=[*none, *choices])
        self.widget.is_required = self.required
        self.offered = None

    def clean(self, value: object) -> Model | None:
        """Return the record."""
        if isinstance(value, str) and value.startswith(WORDS) and isinstance(self.user, User):
            value = self._of_words(value.removeprefix(WORDS), self.user)
        pk = super().clean(value)
        if pk is None:
            return None
        record: Model | None = self.found.all().filter(pk=pk).first()
        if record is None:
            raise ValidationError(_("没有这一项，可能已被改动，请刷新页面"), code="gone")
        if self.allowed is not None and not (isinstance(self.user, User) and self.allowed(self.user, record)):
            raise PermissionDenied
        return record

    def _of_words(self, text: str, user: User) -> int:
        """Return the id of the one record of a name or code; of several, or of those that are only alike,
        one is chosen.
        """
        assert self.found_by is not None
        self.alike = list(self.found_by(user, text))
        same = [one for one in self.alike if text in (self.words(one), one.official_code, one.name)]
        if len(same) == 1:
            self.alike = []
            return int(same[0].pk)
        if not self.alike:
            raise ValidationError(_("没有找到“%(text)s”"), code="gone", params={"text": text})
        told = "、".join(f"{self.words(one)} {one.official_code}".strip() for one in self.alike[:5])
        raise ValidationError(_("请写全称或代码，找到的有：%(told)s"), code="several", params={"told": told})


class ListedField(RecordField):
    """A record that a page lists itself and names by a button or a choice: one that is none leads nowhere,
    as an address.
    """

    def clean(self, value: object) -> Model | None:
        """Return the record. Raises ``Http404``."""
        try:
            return super().clean(value)
        except ValidationError:
            raise Http404 from None


class DigestField(CleanCharField):
    """A SHA-256 in hexadecimal."""

    default_validators = [RegexValidator("^[0-9a-f]{64}$", _("不是有效的摘要"))]


class DayField(forms.DateField):
    """A day as browsers send it."""

    widget = DayInput
    default_error_messages = {**REQUIRED, "invalid": _("应为日期")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=[DAY], **kwargs)

    def clean(self, value: object) -> date | None:
        """Return the day."""
        day: date | None = super().clean(value)
        if day is not None and not FIRST_DAY <= day <= LAST_DAY:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return day


class OneOfField(forms.ChoiceField):
    """One of several values, told by themselves or, given in pairs, by their words.

    ``empty`` is what choosing none is called.
    """

    default_error_messages = {**REQUIRED, **NO_CHOICE}

    def __init__(
        self, values: Iterable[str | Choice], *, empty: StrOrPromise | None = None, **kwargs: Any
    ) -> None:
        none = [] if empty is None else [("", empty)]
        super().__init__(choices=[*none, *map(_choice, values)], **kwargs)


class ManyOfField(forms.MultipleChoiceField):
    """Any number of several values, told as of ``OneOfField``."""

    widget = forms.CheckboxSelectMultiple
    default_error_messages = {**REQUIRED, **NO_CHOICE}

    def __init__(self, values: Iterable[str | Choice], **kwargs: Any) -> None:
        super().__init__(choices=[*map(_choice, values)], **kwargs)


def _choice(value: str | Choice) -> Choice:
    return (value, value) if isinstance(value, str) else value


class SentFile(forms.FileField):
    """A file of the kinds that ``accept`` lists for the browser; an empty one is refused by whatever takes it
    in.
    """

    default_error_messages = {"required": _("没有选择文件")}

    def __init__(self, *, required: bool = False, accept: str = "", **kwargs: Any) -> None:
        kwargs["widget"] = forms.FileInput({"accept": accept} if accept else None)
        super().__init__(required=required, allow_empty_file=True, **kwargs)


class _SeveralFiles(forms.FileInput):
    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return all files of the name."""
        return files.getlist(name)


class SentFiles(forms.Field):
    """Any number of files, a list."""

    default_error_messages = {"required": _("没有选择文件")}

    def __init__(self, *, required: bool = False, accept: str = "", **kwargs: Any) -> None:
        kwargs["widget"] = _SeveralFiles({"multiple": True, **({"accept": accept} if accept else {})})
        super().__init__(required=required, **kwargs)


class SentTexts(forms.Field):
    """All texts that were sent under one name, a list."""

    widget = forms.MultipleHiddenInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
