"""Stable codes: short, without meaning, given once to an organisation, project, sheet or indicator."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Sequence

LENGTH = 10


def derived_code(*words: object, taken: Collection[str] = ()) -> str:
    """Return a code made from words: the same words give the same code, one that is ``taken`` gives the next
    free one.
    """
    return next_code(words, taken, 0)[0]


def next_code(words: Sequence[object], taken: Collection[str], first: int) -> tuple[str, int]:
    """Return the code of words that is not ``taken``, and which of those made of them it is, from the one
    numbered ``first`` on.
    """
    for turn in range(first, first + len(taken) + 1):
        text = "\x1f".join(str(word or "") for word in (*words, *([turn] if turn else [])))
        code = hashlib.sha256(text.encode()).hexdigest()[:LENGTH]
        if code not in taken:
            return code, turn
    raise AssertionError("more turns than codes taken")


def named_code(text: str) -> str:
    """Return the code of a department that a row names and nobody knows yet: a code is its own,
    a name gets one.

    Only letters, digits and signs without a space are no name here; as a name such a code would stand in the
    way of the department that it is of.
    """
    return text if re.fullmatch("[!-~]+", text) else department_code(text)


def department_code(name: str) -> str:
    """Return the code that a department gets of which only the name is known."""
    return derived_code("department", name)
