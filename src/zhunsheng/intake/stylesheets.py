"""What the style rules of a page do to what is seen of it: which elements they hide or strike through."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from lxml import etree

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.bounds import MAX_STYLE_TESTS, STYLE_MAX_RULES
from zhunsheng.translation import worded

Seen = Literal["", "gone", "unseen", "struck"]  # shown; takes no room; leaves its room empty; struck through
_COMMENT = re.compile(r"/\*.*?\*/|<!--|-->", re.DOTALL)
_COMPOUND = re.compile(r"(\*|[a-z][\w-]*)?((?:[.#][\w-]+)*)", re.IGNORECASE)
_GONE = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|mso-hide\s*:\s*all)\b", re.IGNORECASE)
_SHOWN = re.compile(r"(?:^|;)\s*display\s*:\s*(?!none)", re.IGNORECASE)
_UNSEEN = re.compile(
    r"(?:^|;)\s*(?:visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0+(?:\.0+)?\s*(?:;|!|$))",
    re.IGNORECASE,
)
_TINY = re.compile(r"(?:^|;)\s*font-size\s*:\s*0+(?:\.0+)?(?:px|pt|em|rem|%)?\s*(?:;|!|$)", re.IGNORECASE)
_STRUCK = re.compile(r"(?:^|;)\s*text-decoration(?:-line)?\s*:[^;]*line-through", re.IGNORECASE)
_Compound = tuple[str, frozenset[str], frozenset[str]]  # tag, classes, ids


@dataclass
class _Rule:
    """A rule with one selector: compounds from the outermost to that of the element, and what it does."""

    compounds: list[_Compound]
    weight: tuple[bool, int, int, int, int]
    said: str


@dataclass
class Stylesheet:
    """The rules of a page that hide, show or strike through."""

    name: str = ""  # of the file, for messages
    _rules: dict[str, list[_Rule]] = field(default_factory=lambda: defaultdict(list))
    _count: int = 0
    _kinds: dict[etree._Element, int] = field(default_factory=dict)
    _numbers: dict[tuple[int, str, str, str], int] = field(default_factory=dict)
    _found: dict[int, list[_Rule]] = field(default_factory=dict)
    _tests: int = 0

    def take(self, text: str) -> None:
        """Take the rules of a ``<style>`` element; none of those for print."""
        for selectors, said in _rules_in(_COMMENT.sub("", text)):
            if not any(one.search(said) for one in (_GONE, _SHOWN, _UNSEEN, _STRUCK)):
                continue
            for selector in selectors.split(","):
                if (compounds := _compounds(selector)) and self._count < STYLE_MAX_RULES:
                    tag, classes, ids = compounds[-1]
                    self._count += 1
                    weight = (
                        "!important" in said,
                        sum(len(one[2]) for one in compounds),
                        sum(len(one[1]) for one in compounds),
                        sum(bool(one[0]) for one in compounds),
                        self._count,
                    )
                    key = next((f"#{one}" for one in ids), next((f".{one}" for one in classes), tag))
                    self._rules[key].append(_Rule(compounds, weight, said))

    def seen(self, node: etree._Element) -> Seen:
        """Return what an element's own style and the rules make of it."""
        own = node.get("style") or ""
        said = [own] if own else []
        if self._rules:
            matching = self._matching(node)
            said = [rule.said for rule in matching if not rule.weight[0]] + said
            said += [rule.said for rule in matching if rule.weight[0]]
        if not said:
            return ""
        gone = False
        for one in said:
            gone = True if _GONE.search(one) else False if _SHOWN.search(one) else gone
        if gone:
            return "gone"
        # Within an element of no size others may have one: only its own text is not seen.
        if any(_UNSEEN.search(one) or (not len(node) and _TINY.search(one)) for one in said):
            return "unseen"
        return "struck" if any(_STRUCK.search(one) for one in said) else ""

    def _kind(self, node: etree._Element) -> int:
        """Return a number for all elements that the same rules fit: of one tag, class and id, within such."""
        around, above = [node], node.getparent()
        while above is not None and above not in self._kinds:
            around.append(above)
            above = above.getparent()
        number = 0 if above is None else self._kinds[above]
        for one in reversed(around):
            tag = one.tag if isinstance(one.tag, str) else ""
            key = number, tag, one.get("class") or "", one.get("id") or ""
            number = self._numbers.setdefault(key, len(self._numbers) + 1)
            if len(one):
                self._kinds[one] = number
        return number

    def _matching(self, node: etree._Element) -> list[_Rule]:
        """Return the rules that fit an element, the weightiest last."""
        kind = self._kind(node)
        if kind not in self._found:
            keys = [node.tag, *(f".{name}" for name in (node.get("class") or "").split()[:50])]
            keys += [f"#{node.get('id')}"] if node.get("id") else []
            found = [rule for key in keys for rule in self._rules.get(key, ()) if self._fits(node, rule)]
            self._found[kind] = sorted(found, key=lambda rule: rule.weight)
        return self._found[kind]

    def _fits(self, node: etree._Element, rule: _Rule) -> bool:
        """Say whether a rule fits an element. Raises ``ZS-IN-10`` beyond ``MAX_STYLE_TESTS``."""
        *outer, own = rule.compounds
        self._tests += 1
        around = node if _is(node, own) else None
        while outer and around is not None and (around := around.getparent()) is not None:
            self._tests += 1
            if _is(around, outer[-1]):
                outer.pop()
        if self._tests > MAX_STYLE_TESTS:
            where, detail = worded("网页"), worded("样式规则过多，请另存为 docx 或 xlsx")
            raise ZhunshengError("ZS-IN-10", name=self.name, where=where, detail=detail)
        return around is not None


def _is(node: etree._Element, compound: _Compound) -> bool:
    tag, classes, ids = compound
    if tag and node.tag != tag:
        return False
    if ids and ids != {node.get("id")}:
        return False
    return not classes or classes.issubset((node.get("class") or "").split())


def _compounds(selector: str) -> list[_Compound]:
    """Return a selector of tags, classes and ids, one within another, taken apart; none for any other."""
    found: list[_Compound] = []
    for one in selector.replace(">", " ").split():
        said = _COMPOUND.fullmatch(one)
        if said is None or len(found) > 20:
            return []
        tag = "" if said[1] in (None, "*") else said[1].lower()
        names = re.findall(r"[.#][\w-]+", said[2])
        classes = frozenset(name[1:] for name in names if name[0] == ".")
        ids = frozenset(name[1:] for name in names if name[0] == "#")
        if not (tag or classes or ids):
            return []
        found.append((tag, classes, ids))
    return found


def _rules_in(text: str) -> Iterator[tuple[str, str]]:
    """Yield selectors and declarations, also of rules within ``@media`` for screens."""
    skipped: list[bool] = []  # of the blocks that are open, whether each is of no interest here
    head, at = "", 0
    for found in re.finditer(r"[{}]", text):
        piece, at = text[at : found.start()], found.end()
        if found[0] == "{":
            head = piece.rpartition(";")[2].strip()
            lower = head.lower()
            elsewhere = lower.startswith("@") and ("print" in lower and "screen" not in lower)
            other = lower.startswith("@") and not lower.startswith(("@media", "@supports", "@layer"))
            skipped.append(elsewhere or other)
        else:
            if skipped and not any(skipped) and head and not head.startswith("@"):
                yield head, piece
            if skipped:
                skipped.pop()
            head = ""
