"""The ledger of a review: for each sheet and rule a state, with what was found or what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

from zhunsheng.review.catalogue import Finding, Level

FORMAT = "zhunsheng.review/2"

State = Literal["passed", "found", "not_applicable", "cannot_judge", "not_run"]

STATES: dict[State, str] = {
    "passed": "通过",
    "found": "有发现",
    "not_applicable": "不适用",
    "cannot_judge": "判断不了",
    "not_run": "还没查",
}


class Duty(NamedTuple):
    """One rule on one sheet: its state, why it does not apply or did not run, and what is missing to judge
    it.

    A duty with findings may have something missing too: what could be judged was,
    the rest stands in ``missing``.
    """

    rule: str
    level: Level
    title: str
    sheet: int
    sheet_name: str
    state: State
    why: str = ""
    missing: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the duty as plain data; its findings as a count, since they are listed on their own."""
        data = {k: v for k, v in self._asdict().items() if k not in ("findings", "missing")}
        return {**data, "missing": list(self.missing), "findings": len(self.findings)}


@dataclass(frozen=True)
class Review:
    """All duties of a review, by sheet, then rule code."""

    duties: tuple[Duty, ...]
    rules: str  # digest of the rule set that was applied

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, by sheet, then rule code."""
        return tuple(f for duty in self.duties for f in duty.findings)

    @cached_property
    def counts(self) -> dict[State, int]:
        """How many duties are in each state."""
        counted = dict.fromkeys(STATES, 0)
        for duty in self.duties:
            counted[duty.state] += 1
        return counted

    @property
    def clean(self) -> bool:
        """Whether “没有发现问题” may be said: every rule that applies was judged and none found anything."""
        return bool(self.duties) and all(d.state in ("passed", "not_applicable") for d in self.duties)

    def of(self, sheet: int) -> Review:
        """Return the review of one sheet, by its index in the book."""
        return Review(tuple(d for d in self.duties if d.sheet == sheet), self.rules)

    def among(self, state: State) -> Iterator[Duty]:
        """Yield the duties in a state."""
        return (d for d in self.duties if d.state == state)

    def verdict(self) -> str:
        """Return in one sentence what may be said of the sheets."""
        if not self.duties:
            return "尚未审核"
        open_ends = [
            f"{self.counts[state]} 条{STATES[state]}"
            for state in ("cannot_judge", "not_run")
            if self.counts[state]
        ]
        said = f"发现 {len(self.findings)} 个问题" if self.findings else "没有发现问题"
        if not open_ends:
            return said
        return f"{said if self.findings else '已查的规则没有发现'}，另有 {'、'.join(open_ends)}"

    def as_json(self) -> dict[str, Any]:
        """Return the review in format ``zhunsheng.review/2``."""
        return {
            "format": FORMAT,
            "rules": self.rules,
            "verdict": self.verdict(),
            "clean": self.clean,
            "counts": dict(self.counts),
            "duties": [d.as_json() for d in self.duties],
            "findings": [f.as_json() for f in self.findings],
        }
