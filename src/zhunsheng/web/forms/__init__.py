"""What people send: forms that say what may come, and how their faults are told."""

from __future__ import annotations

from typing import Any

from django import forms

from zhunsheng.errors import ZhunshengError


def checked(form: forms.Form) -> dict[str, Any]:
    """Return a form's cleaned data. Raises ``ZS-WB-06`` naming every fault with its field."""
    if form.is_valid():
        return form.cleaned_data
    faults = []
    for name, errors in form.errors.items():
        label = form.fields[name].label or name if name in form.fields else ""
        faults += [f"“{label}”{error}" if label else str(error) for error in errors]
    raise ZhunshengError("ZS-WB-06", detail="；".join(f.rstrip("。") for f in faults))
