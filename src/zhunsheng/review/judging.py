"""Apply the rules to sheets: the state of each rule on each sheet, and findings at their place in the
document.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from zhunsheng import __version__
from zhunsheng.errors import ZhunshengError
from zhunsheng.regulations import frameworks
from zhunsheng.review.bases import LocalBasis, bases_of
from zhunsheng.review.catalogue import Context, Finding, Hit, Rule, all_rules
from zhunsheng.review.conditions import DETAILS, NEEDS, SCOPES, SUBJECTS
from zhunsheng.review.duties import Duty, Review, State
from zhunsheng.review.rules import completeness, structure, values  # noqa: F401  (importing enters the rules)
from zhunsheng.targets import Book, Place, TargetSheet
from zhunsheng.translation import series, worded

log = logging.getLogger(__name__)


def review(
    book: Book,
    previous: Book | None = None,
    only: Sequence[Rule] | None = None,
    bases: Sequence[LocalBasis] = (),
) -> Review:
    """Apply the rules to all sheets of a book; ``previous`` is last year's book, matched by kind and name;
    ``bases`` are the place's own documents that rules rest on.

    Returns a duty for every sheet and rule; rules left out by ``only`` are not run,
    and a rule that breaks doesn't stop the others. Basis: 财预〔2015〕88号（目标审核） (complete, relevant,
    proportionate, feasible).
    """
    duties: list[Duty] = []
    for number, sheet in enumerate(book.sheets):
        siblings = book.sheets[:number] + book.sheets[number + 1 :]
        duties += review_sheet(sheet, number, siblings, _last_year(sheet, previous), only, bases).duties
    return Review(tuple(duties), rules_digest())


def review_sheet(
    sheet: TargetSheet,
    number: int = 0,
    siblings: tuple[TargetSheet, ...] = (),
    previous: TargetSheet | None = None,
    only: Sequence[Rule] | None = None,
    bases: Sequence[LocalBasis] = (),
) -> Review:
    """Apply the rules to one sheet."""
    context = Context(sheet, siblings, previous, tuple(bases), number)
    if only is None:
        duties = [_duty(_Case(entry, context, number)) for entry in all_rules()]
    else:
        entries = {entry.code: entry for entry in (*all_rules(), *only)}
        chosen = {entry.code for entry in only}
        duties = [
            _duty(case) if code in chosen else _kept(case, "not_run", why=worded("这次没有选用"))
            for code, entry in sorted(entries.items())
            for case in [_Case(entry, context, number)]
        ]
    return Review(tuple(duties), rules_digest())


@lru_cache(maxsize=1)
def rules_digest() -> str:
    """Return the SHA-256 of the rule set: the program's version, the rules' source,
    and the frameworks they ask.
    """
    here = Path(__file__).parent
    digest = hashlib.sha256(__version__.encode())
    for file in sorted((*here.rglob("*.py"), *here.glob("*.yaml"))):
        digest.update(file.read_bytes())
    for framework in frameworks():
        digest.update(framework.model_dump_json().encode())
    return digest.hexdigest()


@dataclass(frozen=True)
class _Case:
    """One rule to be judged on one sheet, whose number is its place in the book."""

    rule: Rule
    context: Context
    number: int


def _duty(case: _Case) -> Duty:
    """Judge a case: does the rule apply, is there what it needs, what does it find, what stays unjudged."""
    entry, context = case.rule, case.context
    try:
        for scope in entry.only:
            if not _holds(scope, context):
                return _kept(case, "not_applicable", why=SCOPES[scope].else_why)
        absent = tuple([NEEDS[need].name for need in entry.needs if not _there(need, context)])
        if absent:
            return _kept(case, "cannot_judge", missing=absent)
        if entry.about != "indicators" and not _looked_at(entry.about, context):
            return _kept(case, "not_applicable", why=SUBJECTS[entry.about].none_why)
        hits = tuple([_finding(case, hit) for hit in entry.check(context)])
        missing = tuple([m for detail in entry.each if (m := _missing(detail, entry.about, context))])
    except Exception as error:  # one broken rule must not silence the other rules, nor count as passed
        log.exception("review rule %s", entry.code)
        problem = ZhunshengError(
            "ZS-RV-01", rule=entry.code, sheet=context.sheet.title(), detail=repr(error)[:200]
        )
        return _kept(case, "not_run", why=problem.text())
    state: State = "found" if hits else "cannot_judge" if missing else "passed"
    return _kept(case, state, missing=missing, findings=hits)


def _holds(scope: str, context: Context) -> bool:
    if (answer := context.answers.get(scope)) is None:
        answer = context.answers[scope] = SCOPES[scope].holds(context)
    return bool(answer)


def _there(need: str, context: Context) -> bool:
    if (answer := context.answers.get(("need", need))) is None:
        answer = context.answers["need", need] = NEEDS[need].there(context)
    return bool(answer)


def _looked_at(about: str, context: Context) -> list[int]:
    found: list[int] | None = context.answers.get(("about", about))
    if found is None:
        found = list(range(len(context.sheet.indicators)))
        if about != "indicators":
            found = [n for n in found if SUBJECTS[about].of(context, n)]
        context.answers["about", about] = found
    return found


def _missing(detail: str, about: str, context: Context) -> str:
    """Return what is missing and on which indicators, empty text when every indicator looked at has it."""
    found: str | None = context.answers.get((detail, about))
    if found is None:
        has, all_ = DETAILS[detail].has, context.sheet.indicators
        without = [all_[n].name for n in _looked_at(about, context) if not has(context, n)]
        said = series(worded("“{name}”", name=name) for name in without)
        found = worded("{what}（{names}）", what=worded(DETAILS[detail].name), names=said) if without else ""
        context.answers[detail, about] = found
    return found


def _kept(
    case: _Case,
    state: State,
    *,
    why: str = "",
    missing: tuple[str, ...] = (),
    findings: tuple[Finding, ...] = (),
) -> Duty:
    entry, answers = case.rule, case.context.answers
    name = answers.get("title") or answers.setdefault("title", case.context.sheet.title())
    return Duty(entry.code, entry.level, entry.title, case.number, name, state, why, missing, findings)


def _last_year(sheet: TargetSheet, previous: Book | None) -> TargetSheet | None:
    for old in previous.sheets if previous else ():
        if old.kind == sheet.kind and (old.kind == "department" or (old.name and old.name == sheet.name)):
            return old
    return None


def _finding(case: _Case, hit: Hit) -> Finding:
    entry, sheet = case.rule, case.context.sheet
    indicator = sheet.indicators[hit.indicator] if hit.indicator is not None else None
    return Finding(
        code=entry.code,
        level=entry.level,
        title=entry.title,
        message=hit.message,
        mend=entry.mend,
        sheet=case.number,
        sheet_name=sheet.title(),
        indicator=indicator.name if indicator else None,
        indicator_id=indicator.id if indicator else None,
        field=hit.field,
        place=_place(sheet, hit),
        basis=bases_of(entry.code, entry.basis, sheet.year, case.context.local),
    )


def _place(sheet: TargetSheet, hit: Hit) -> Place | None:
    if hit.place is not None:
        return hit.place
    if hit.indicator is not None and (place := sheet.indicators[hit.indicator].place):
        return place
    if hit.field and hit.field in sheet.provenance:
        return sheet.provenance[hit.field]
    return sheet.place
