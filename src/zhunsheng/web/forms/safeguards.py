"""What people send about the records of the safeguards' registers."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from zhunsheng.web.forms.base import Files, SeenForm, SentForm
from zhunsheng.web.forms.fields import SentFile
from zhunsheng.web.services.registers import Register, RegisterField, in_one_form


class _RegisterText(forms.CharField):
    """The text of a register's field, in the one form that its kind has."""

    def __init__(self, kind: RegisterField) -> None:
        super().__init__(label=kind.title, required=False)
        self.kind = kind

    def to_python(self, value: object) -> str:
        """Return the text as it is kept."""
        try:
            return in_one_form(self.kind, str(super().to_python(value)))
        except ValueError as error:
            raise ValidationError(str(error)) from None


class Handover(SentForm):
    """A register is to be given to its ledger."""

    mark = "to_ledger"


class RecordForm(SeenForm):
    """The fields of a register's record, a text each, and its proof."""

    def __init__(self, data: QueryDict, files: Files, register: Register) -> None:
        super().__init__(data, files)
        self.register = register
        for kind in register.fields:
            self.fields[kind.name] = _RegisterText(kind)
        self.fields["file"] = SentFile(label="")

    def texts(self) -> dict[str, str]:
        """Return the texts by field."""
        return {kind.name: self.cleaned_data[kind.name] for kind in self.register.fields}
