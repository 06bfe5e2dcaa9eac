"""Names of persons in a text: behind a label, however it is written, or in a cell that a label stands beside.

Every label is looked at for a short way only, and what was walked over once is not walked over again:
a text of nothing but labels takes as long as any other of its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from zhunsheng.disclosure.rules import rules

LABEL = 60  # signs at the end of a text that stands beside another that are looked at as its label
MOST_NAMES = 60  # behind one label, one after the other
_GAP = re.compile(r"[ \t\n:=;/|\-\"'“”‘’「『【\[<《〈*_·]{0,12}(?:[为是][ :]{0,2})?[“\"【]?")
_SKIPPED = re.compile(r"\([^()\n]{0,16}\)")
_PARTS = re.compile(r"\A|[\s、,;/|]{1,8}")


@lru_cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of a label, of a label that ends a text, of a name with what precedes it,
    of what may be between two.
    """
    known = rules()
    spaced = [" {0,2}".join(word) for word in sorted(known.person_labels, key=len, reverse=True)]
    tails = "|".join(sorted(known.label_tails, key=len, reverse=True))
    label = rf"(?:{'|'.join(spaced)})(?:[ 及和与、/]{{0,3}}(?:{tails})){{0,3}}"
    titles = "|".join(sorted(known.titles, key=len, reverse=True))
    units = "|".join(sorted(known.units_of_office, key=len, reverse=True))
    double = "|".join(known.double_surnames)
    ends = (
        r"[^一-鿿·]|[和及与跟同兼](?![一-鿿]?[\s:])|" + "|".join((*known.after_names, *known.titles)) + r"|\Z"
    )
    given = "[一-鿿](?:[一-鿿](?<![局处室所队院厅办股站科委副]))?"
    name = (
        rf"(?:{double}|[{known.surnames}])(?=(?:{titles})(?:[^一-鿿]|\Z))"
        rf"|(?:{double}|[{known.surnames}]) {{0,3}}{given}(?={ends})"
        rf"|[小老阿][{known.surnames}](?={ends})"
        rf"|[一-鿿]{{2,8}}·[一-鿿]{{2,10}}"
    )
    before = rf"[一-鿿]{{0,12}}?(?:{units}|{titles})[ \-:]{{0,3}}"
    return (
        re.compile(label),
        re.compile(rf"(?:{label})\Z"),
        re.compile(rf"(?P<own>{name})|{before}(?P<other>{name})"),
        re.compile(rf"(?:{titles})?[ \t、,;/&|和及与跟同()\[\]】”\"'\-:0-9]{{1,40}}"),
    )


def names_in(plain: str, digits: str, labels: Sequence[str]) -> Iterator[tuple[str, int, int, str]]:
    """Yield the names of a text of one width, as ``found_in`` wants them: kind, start, end, value."""
    label, closing, _name, _between = _patterns()
    walked = 0
    if any(_calls(one, closing) for one in labels):
        for part in _PARTS.finditer(digits):
            if part.end() >= walked:
                for start, end in _walk(digits, part.end()):
                    walked = end
                    yield "name", start, end, plain[start:end].replace(" ", "")
    said = plain.strip()
    if (
        not walked
        and not set(rules().name_fields).isdisjoint(labels)
        and said
        and not said.endswith((*rules().roles, "〕"))
    ):
        yield "name", 0, len(plain), said  # a name of any kind
    strong, walked = rules().strong_labels, 0
    for m in label.finditer(digits):
        if m.start() < walked:
            continue
        at = m.end()
        gap = _GAP.match(digits, at)
        at = gap.end() if gap else at
        tight = at == m.end()
        if digits[at : at + 1] == "(":
            found = list(_walk(digits, at + 1))
            if not found and (skipped := _SKIPPED.match(digits, at)):
                gap = _GAP.match(digits, skipped.end())
                at = gap.end() if gap else skipped.end()
                tight = at == skipped.end()
        else:
            found = []
        if not found and (not tight or m.group().replace(" ", "") in strong):
            found = list(_walk(digits, at))
        for start, end in found:
            walked = end
            yield "name", start, end, plain[start:end].replace(" ", "")


def _calls(label: str, closing: re.Pattern[str]) -> bool:
    """Return whether a text beside another calls what stands there a person."""
    said = re.sub(r"[（(][^()（）]*[)）]|[\s:：*]", "", label[-LABEL:])
    return bool(closing.search(said)) or "姓名" in said or said in rules().name_fields


def _walk(text: str, at: int) -> Iterator[tuple[int, int]]:
    """Yield the names that stand one after the other from a place on."""
    _label, _closing, name, between = _patterns()
    for _n in range(MOST_NAMES):
        m = name.match(text, at)
        if m is None:
            return
        said = m[m.lastgroup or 0]
        if said.startswith(rules().not_names) or said in rules().not_whole or said in rules().person_labels:
            return
        yield m.span(m.lastgroup or 0)
        further = between.match(text, m.end())
        if further is None:
            return
        at = further.end()
