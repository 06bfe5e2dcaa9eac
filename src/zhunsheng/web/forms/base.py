"""The base of all forms: what was sent comes back as values, or as one error that names every fault."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django import forms
from django.contrib.auth.models import AnonymousUser
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from zhunsheng.errors import ZhunshengError
from zhunsheng.web.forms.fields import NO_CHOICE, REQUIRED, RecordField, Searched, SentFile, SentFiles
from zhunsheng.web.models import User

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Faults(ZhunshengError):
    """All faults of a form, what is missing first; ``faults`` holds them by field as (label, messages).

    ``ZS-WB-05`` where a file is all that is missing, else ``ZS-WB-06``.
    """

    def __init__(self, form: forms.Form) -> None:
        self.form = form
        self.faults: dict[str, tuple[str, list[str]]] = {}
        for name, messages in form.errors.items():
            field = form.fields.get(name)
            # A fault of the form as a whole has no label.
            self.faults[name] = (str(field.label or name) if field else "", [str(m) for m in messages])
        if self.faults and all(_no_file(form, name) for name in self.faults):
            super().__init__("ZS-WB-05")
            return
        missing = [
            name
            for name, found in form.errors.as_data().items()
            if all(one.code == "required" for one in found) and not _no_file(form, name)
        ]
        named = "、".join(f"“{self.faults[name][0]}”" for name in missing)
        told = [_("%s没有填写") % named] if missing else []
        # Messages are sentences; put into one another they lose their full stops.
        told += [
            (f"“{label}”" if label else "") + "，".join(map(_bare, said))
            for name, (label, said) in self.faults.items()
            if name not in missing
        ]
        super().__init__("ZS-WB-06", detail="；".join(told))


def _no_file(form: forms.Form, name: str) -> bool:
    """Return whether all that is wrong with a field is that no file was chosen."""
    return isinstance(form.fields.get(name), SentFile | SentFiles) and form.has_error(name, "required")


def _bare(message: str) -> str:
    return message.strip().rstrip("。.")


Files = MultiValueDict[str, UploadedFile[bytes]]


class SentForm(forms.Form):
    """A form that a page draws field by field (``{% field form.name %}``) and sends back.

    Where a page has several, ``mark`` is the field that tells this one by being there,
    with one of ``marks`` if any.
    """

    mark: ClassVar[str] = ""
    marks: ClassVar[tuple[str, ...]] = ()
    # Of a form for several acts, which ``what`` tells: the fields that each asks for.
    of_act: ClassVar[dict[str, tuple[str, ...]]] = {}

    @classmethod
    def blank(
        cls,
        request: HttpRequest,
        *args: Any,
        key: str = "",
        said: Mapping[str, object] | None = None,
        **kwargs: Any,
    ) -> Self:
        """Return the form as a page draws it, with what is ``said`` already.

        ``key`` tells its fields' ids from those of the page's other forms; the form's own name without one.
        """
        form = cls(None, None, *args, **kwargs)
        form.initial, form.auto_id = dict(said or {}), f"{key or cls.__name__.lower()}-%s"
        form.offer_to(request.user)
        return form

    def offer_to(self, user: User | AnonymousUser) -> None:
        """Offer the records that a person may choose from, in the fields that list them."""
        for field in self.fields.values():
            if isinstance(field, RecordField):
                field.offer_to(user)

    def offers(self, name: str) -> bool:
        """Return whether there is anything to choose in a field that lists records."""
        widget = self.fields[name].widget
        return isinstance(widget, Searched) or (
            isinstance(widget, forms.Select) and bool(list(widget.choices))
        )

    def full_clean(self) -> None:
        """Check what was sent; what is missing or is no choice is told in the same words everywhere."""
        for field in self.fields.values():
            if not isinstance(field, SentFile | SentFiles):
                field.error_messages |= REQUIRED
            if isinstance(field, forms.ChoiceField):
                field.error_messages |= NO_CHOICE
        super().full_clean()

    def miss(self, name: str) -> None:
        """Say that a field is missing which the form needs for what else it says."""
        if name not in self.errors:
            self.add_error(name, forms.ValidationError(REQUIRED["required"], code="required"))

    def shown(self) -> list[forms.BoundField]:
        """Return the fields to be drawn anew after faults: all that a person sees and was asked for."""
        if mine := self.of_act.get(str(self.data.get("what"))):
            return [self[name] for name in mine]
        asked = {*self.data, *self.files, *self.errors}
        apart = (forms.CheckboxInput, forms.RadioSelect, forms.FileInput)  # sent only where chosen
        return [
            one
            for one in self.visible_fields()
            if one.html_name in asked or isinstance(one.field.widget, apart)
        ]

    @classmethod
    def came(cls, request: HttpRequest) -> bool:
        """Return whether it is this one of its page's forms that was sent."""
        told = request.POST.get(cls.mark)
        return told is not None and (not cls.marks or told in cls.marks)

    @classmethod
    def sent(cls, request: HttpRequest, *args: Any, **kwargs: Any) -> Self:
        """Return the form as it was sent, checked. Raises ``Faults``, ``PermissionDenied`` for a record out
        of reach.
        """
        form = cls(request.POST, request.FILES, *args, **kwargs)
        form.auto_id = f"{cls.__name__.lower()}-%s"
        for field in form.fields.values():
            if isinstance(field, RecordField):
                field.user = request.user
        checked(form)
        return form

    @classmethod
    def of(cls, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the values of what was sent. Raises as ``sent``."""
        return cls.sent(request, *args, **kwargs).cleaned_data


class SeenForm(SentForm):
    """What was on the screen, of a form that says nothing else."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)


def offer(form: forms.Form, name: str, choices: Iterable[tuple[str, StrOrPromise]]) -> None:
    """Say what may be chosen in a field, a value and its words each."""
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = list(choices)


def offer_records(form: forms.Form, name: str, found: QuerySet[Any]) -> None:
    """Say which records may be chosen in a field."""
    field = form.fields[name]
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = found


def checked(form: forms.Form) -> dict[str, Any]:
    """Return a form's values. Raises ``Faults`` naming every fault with its field."""
    if not form.is_valid():
        raise Faults(form)
    values: dict[str, Any] = form.cleaned_data
    return values
