"""What people send about the records of the safeguards' registers."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _

from zhunsheng.web.forms.base import Files, SeenForm, SentForm
from zhunsheng.web.forms.fields import PROOF, DayInput, SentFile, decimal_input, lines
from zhunsheng.web.services.registers import Register, RegisterField, in_one_form
from zhunsheng.web.telling import tell


def _place(kind: RegisterField) -> forms.Widget:
    """Return the place to fill in a register's field."""
    if kind.type == "choice":
        return forms.Select(choices=[("", ""), *((v, v) for v in kind.values)])
    if kind.type == "long":
        return lines(2)
    if kind.type == "date":
        return DayInput()
    return decimal_input() if kind.type in ("money", "number") else forms.TextInput()


class _RegisterText(forms.CharField):
    """The text of a register's field, in the one form that its kind has."""

    def __init__(self, kind: RegisterField) -> None:
        title = tell(kind.title) + (_("（元）") if kind.type == "money" else "")
        super().__init__(label=title, required=kind.required, widget=_place(kind))
        self.kind = kind

    def to_python(self, value: object) -> str:
        """Return the text as it is kept."""
        text = str(super().to_python(value))
        try:
            return in_one_form(self.kind, text) if text else ""
        except ValueError as error:
            raise ValidationError(str(error)) from None


class Handover(SentForm):
    """A register is to be given to its ledger."""

    mark = "to_ledger"


class RecordForm(SeenForm):
    """The fields of a register's record, a text each, and its proof."""

    def __init__(self, data: QueryDict | None, files: Files | None, register: Register) -> None:
        super().__init__(data, files)
        self.register = register
        for kind in register.fields:
            self.fields[kind.name] = _RegisterText(kind)
        self.fields["file"] = SentFile(label=_("佐证材料"), accept=PROOF)

    def each(self) -> list[tuple[forms.BoundField, RegisterField]]:
        """Return each field with its kind."""
        return [(self[kind.name], kind) for kind in self.register.fields]

    def texts(self) -> dict[str, str]:
        """Return the texts by field."""
        return {kind.name: self.cleaned_data[kind.name] for kind in self.register.fields}
