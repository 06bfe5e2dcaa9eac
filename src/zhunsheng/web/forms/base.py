"""The base of all forms: what was sent comes back as values, or as one error that names every fault."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

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
        told = [(f"“{label}”" if label else "") + "，".join(map(_bare, said)) for label, said in self.faults.values()]
        super().__init__("ZS-WB-06", detail="；".join(told))


def _bare(message: str) -> str:
    return message.strip().rstrip("。.")


Files = MultiValueDict[str, UploadedFile[bytes]]


class Sent(forms.Form):
    """A form of which only the values are wanted; the templates draw it themselves."""

    @classmethod
    def of(cls, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the values of what was sent. Raises ``Faults``, ``PermissionDenied`` for a record out of reach."""
        form = cls(request.POST, request.FILES, *args, **kwargs)
        for field in form.fields.values():
            if isinstance(field, RecordField):
                field.user = request.user
        return checked(form)


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
