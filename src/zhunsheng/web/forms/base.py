"""The base of all forms: what was sent comes back as values, or as one error that names every fault."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Self

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict

from zhunsheng.errors import ZhunshengError
from zhunsheng.web.forms.fields import RecordField


class Faults(ZhunshengError):
    """``ZS-WB-06`` with all faults of a form; ``faults`` holds them by field as (label, messages)."""

    def __init__(self, form: forms.Form) -> None:
        self.faults: dict[str, tuple[str, list[str]]] = {}
        for name, messages in form.errors.items():
            field = form.fields.get(name)
            # A fault of the form as a whole has no label.
            self.faults[name] = (str(field.label or name) if field else "", [str(m) for m in messages])
        # Messages are sentences; put into one another they lose their full stops.
        told = [
            (f"“{label}”" if label else "") + "，".join(map(_bare, said))
            for label, said in self.faults.values()
        ]
        super().__init__("ZS-WB-06", detail="；".join(told))


def _bare(message: str) -> str:
    return message.strip().rstrip("。.")


Files = MultiValueDict[str, UploadedFile[bytes]]


class SentForm(forms.Form):
    """A form of which only the values are wanted; the templates draw it themselves.

    Where a page has several, ``mark`` is the field that tells this one by being there,
    with one of ``marks`` if any.
    """

    mark: ClassVar[str] = ""
    marks: ClassVar[tuple[str, ...]] = ()

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

    seen = forms.CharField(required=False)


def offer(form: forms.Form, name: str, choices: Iterable[tuple[str, str]]) -> None:
    """Say what may be chosen in a field."""
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
