"""Personal data in a text: found by what looks for each kind, written over where it is hidden."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from zhunsheng.disclosure.names import LABEL, names_in
from zhunsheng.disclosure.numbers import numbers
from zhunsheng.disclosure.rules import rules
from zhunsheng.disclosure.words import accounts, addresses, mails, passports, plates
from zhunsheng.disclosure.writing import one_form


@dataclass(frozen=True)
class Found:
    """Personal data in a text: its kind, where it stands (``start`` to ``end`` of the text),
    its value in one form.

    ``value`` is the datum itself, for telling whether two are the same; ``shown`` is what may be shown to
    those who decide.
    """

    kind: str
    start: int
    end: int
    value: str

    @property
    def title(self) -> str:
        """The name of its kind."""
        return rules().kinds[self.kind].title

    @property
    def shown(self) -> str:
        """The value with its middle hidden."""
        head, tail = rules().kinds[self.kind].keeps
        if self.kind == "email":
            local, _, host = self.value.partition("@")
            return f"{local[:head]}***@{host}"
        hidden = max(len(self.value) - head - tail, 1)
        return self.value[:head] + "*" * min(hidden, 12) + (self.value[-tail:] if tail else "")


def found_in(text: str, labels: Sequence[str] = ()) -> list[Found]:
    """Return the personal data of a text in order, none overlapping.

    ``labels`` are what stands beside the text as its label: the cell to its left, the head of its column,
    a field's title.
    """
    if not text or text.isspace():
        return []
    plain, digits, at = one_form(text)
    labels = tuple(label[-LABEL:] for label in labels)
    taken = bytearray(len(plain))
    found: list[Found] = []
    for finder in (numbers, mails, plates, passports, names_in, accounts, addresses):
        for kind, start, end, value in finder(plain, digits, labels):
            if taken.find(1, start, end) < 0:
                taken[start:end] = b"\1" * (end - start)
                found.append(Found(kind, at[start], at[end - 1] + 1, value))
    return sorted(found, key=lambda f: f.start)


def redacted(
    text: str, hides: Callable[[Found], bool] = lambda _found: True, labels: Sequence[str] = ()
) -> str:
    """Return a text in which what ``hides`` says yes to is replaced by 〔已隐去…〕."""
    said, last = [], 0
    for one in found_in(text, labels):
        if hides(one):
            said += [text[last : one.start], hidden(one.kind)]
            last = one.end
    return "".join([*said, text[last:]])


def hidden(kind: str) -> str:
    """Return what stands in the place of what was hidden."""
    return f"〔已隐去{rules().kinds[kind].title}〕"
