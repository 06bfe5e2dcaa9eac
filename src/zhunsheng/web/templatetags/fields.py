"""One way to draw a field of a form: its label, the place to fill it in, its help, its faults beside it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms, template
from django.forms import BoundField
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from zhunsheng.web.forms.decisions import StepForm

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

register = template.Library()
NOTHING = mark_safe("")
STAR = mark_safe('<span class="text-red" aria-hidden="true">*</span>')


@register.simple_tag
def field(
    bound: BoundField,
    *,
    label: StrOrPromise = "",
    bare: bool = False,
    hint: bool = False,
    small: bool = False,
    star: bool = False,
    around: bool = False,
    line: bool = False,
    **attributes: object,
) -> SafeString:
    """Draw a field: ``{% field form.name %}``.

    ``bare``: its label is read aloud only, and with ``hint`` stands in the empty field. ``around``: the label
    holds it. ``line``: a text of one line, whatever the form has. ``label`` says it otherwise than the form
    does; ``star`` marks what must be filled. What else is given are attributes of the place to fill it in,
    ``_`` for ``-``; of a box to tick, its label's class.
    """
    widget = forms.TextInput() if line else bound.field.widget
    said = label or bound.label
    key = str(attributes.get("id") or bound.id_for_label or bound.auto_id)
    faults = [str(one) for one in bound.errors]
    told = [f"{key}-help"] if bound.help_text else []
    told += [f"{key}-fault"] if faults else []
    # What nothing refers to may stand in every row of a table.
    marks: dict[str, object] = {} if bare and not told and "id" not in attributes else {"id": key}
    if told:
        marks["aria-describedby"] = " ".join(told)
    if faults:
        marks["aria-invalid"] = "true"
    under = NOTHING
    if bound.help_text:
        under += format_html('<div class="small muted" id="{}-help">{}</div>', key, bound.help_text)
    if faults:
        beside = '<div class="invalid-feedback d-block" id="{}-fault">{}</div>'
        under += format_html(beside, key, "，".join(faults))
    given = {name.replace("_", "-"): value for name, value in attributes.items() if value not in (None, "")}
    extra = str(given.pop("class", ""))
    if isinstance(widget, forms.RadioSelect):
        return format_html("{}{}", _boxes(bound, marks, "" if bare else said, star=star), under)
    if isinstance(widget, forms.CheckboxInput):
        return format_html("{}{}", _box(bound, marks | given, said, extra), under)
    shape = "form-select" if isinstance(widget, forms.Select) else "form-control"
    marks["class"] = _joined(shape, f"{shape}-sm" if small else "", extra, "is-invalid" if faults else "")
    marks |= given
    if bare:
        marks["aria-label"] = said
        if hint:
            marks.setdefault("placeholder", said)
        return format_html("{}{}", _control(bound, widget, marks), under)
    if around:
        control = _control(bound, widget, marks)
        return format_html('<label class="form-label">{} {}</label>{}', said, control, under)
    return format_html(
        '<label class="form-label{}" for="{}">{}{}</label>{}{}',
        " small" if small else "",
        key,
        said,
        STAR if star else "",
        _control(bound, widget, marks),
        under,
    )


def _drawn(bound: BoundField, widget: forms.Widget, marks: dict[str, Any]) -> dict[str, Any]:
    """Return what Django's widget knows of a field: name, value, attributes, choices.

    Its templates are not asked: a page may have thousands of choices.
    """
    attributes = bound.build_widget_attrs(marks, widget)
    drawn: dict[str, Any] = widget.get_context(bound.html_name, bound.value(), attributes)["widget"]
    return drawn


def _control(bound: BoundField, widget: forms.Widget, marks: dict[str, object]) -> SafeString:
    """Draw the place to fill a field in."""
    drawn = _drawn(bound, widget, marks)
    name, attributes = drawn["name"], flatatt(drawn["attrs"])
    if isinstance(widget, forms.Select):
        options = (
            (one["value"], flatatt(one["attrs"]), one["label"])
            for _group, found, _n in drawn["optgroups"]
            for one in found
        )
        listed = format_html_join("", '<option value="{}"{}>{}</option>', options)
        return format_html('<select name="{}"{}>{}</select>', name, attributes, listed)
    value = "" if drawn["value"] is None else drawn["value"]
    if isinstance(widget, forms.Textarea):
        # Browsers leave out the first line feed, which is not the text's.
        return format_html('<textarea name="{}"{}>\n{}</textarea>', name, attributes, value)
    said = format_html(' value="{}"', value) if value != "" else NOTHING
    return format_html('<input type="{}" name="{}"{}{}>', drawn["type"], name, said, attributes)


def _box(bound: BoundField, marks: dict[str, object], said: StrOrPromise, extra: str) -> SafeString:
    """Draw a box to tick, within its label."""
    classes = _joined("form-check-input", "is-invalid" if bound.errors else "")
    drawn = _drawn(bound, bound.field.widget, marks | {"class": classes})
    return format_html(
        '<label class="{}"><input type="checkbox" name="{}"{}{}> {}</label>',
        _joined("form-check", extra),
        drawn["name"],
        format_html(' value="{}"', drawn["value"]) if drawn["value"] else NOTHING,
        flatatt(drawn["attrs"]),
        said,
    )


def _boxes(bound: BoundField, marks: dict[str, object], said: StrOrPromise, *, star: bool) -> SafeString:
    """Draw the boxes of several values, each within its label, below what they are of."""
    drawn = _drawn(bound, bound.field.widget, {"id": marks.pop("id", None)})
    classes = _joined("form-check-input", "is-invalid" if bound.errors else "")
    beside = "form-check-inline" if isinstance(bound.field.widget, forms.CheckboxSelectMultiple) else ""
    each = (
        (
            _joined("form-check", beside),
            one["type"],
            one["name"],
            one["value"],
            flatatt({k: v for k, v in one["attrs"].items() if k != "required"} | marks | {"class": classes}),
            one["label"],
        )
        for _group, found, _n in drawn["optgroups"]
        for one in found
    )
    boxes = format_html_join(
        "",
        '<label class="{}"><input type="{}" name="{}" value="{}"{}> {}</label>',
        each,
    )
    if not said:
        return boxes
    return format_html('<div class="form-label">{}{}</div>{}', said, STAR if star else NOTHING, boxes)


def _joined(*classes: str) -> str:
    return " ".join(c for c in classes if c)


@register.simple_tag
def step_form(requests: Iterable[str] = ()) -> StepForm:
    """Return the form of a step on any record; ``requests`` are what can be asked for with it."""
    form = StepForm()
    place = form.fields["request"].widget
    assert isinstance(place, forms.Select)
    place.choices = [(one, one) for one in requests]
    return form
