"""The ledger of the review over all departments: every rule on every sheet, counted by rule and by
department, down to what was found or is missing on a sheet.

A sheet that was not reviewed as it now stands counts as unreviewed under every rule: nothing is known of it.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from django.db.models import F, Max, Q, QuerySet
from django.utils.translation import gettext as _

from zhunsheng.files.writing import new_workbook
from zhunsheng.review import STATES, Rule, State, all_rules, rules_digest
from zhunsheng.web.models import Organisation, SheetReview, SheetVersion
from zhunsheng.web.services import office, papers
from zhunsheng.web.services.versions import STATE_WORDS
from zhunsheng.web.vocabulary import LEVELS

FORMAT = "zhunsheng.duties/1"
Fate = State | Literal["unreviewed"]
FATES: tuple[Fate, ...] = (*STATES, "unreviewed")
MOST_LINES = 2_000  # of single duties on a page


@dataclass(frozen=True)
class Tally:
    """How many sheets of each department are in each fate under each rule: (rule, department's key, state) ->
    sheets; ``sheets`` and ``unreviewed`` by department.
    """

    departments: list[Organisation]
    sheets: Counter[int] = field(default_factory=Counter)
    unreviewed: Counter[int] = field(default_factory=Counter)
    cells: Counter[tuple[str, int, State]] = field(default_factory=Counter)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The rules, by code."""
        return all_rules()

    def by_rule(self, department: int | None = None) -> list[dict[str, Any]]:
        """Return a line for each rule: its fates in sheets, and in how many departments it found things."""
        unreviewed = sum(self.unreviewed.values()) if department is None else self.unreviewed[department]
        lines: dict[str, dict[str, Any]] = {
            rule.code: {"fates": Counter({"unreviewed": unreviewed}), "departments": 0} for rule in self.rules
        }
        for (code, pk, state), many in self.cells.items():
            if code in lines and department in (None, pk):
                lines[code]["fates"][state] += many
                lines[code]["departments"] += state == "found"
        return [{"rule": rule, **lines[rule.code]} for rule in self.rules]

    def by_department(self, rule: str | None = None) -> list[dict[str, Any]]:
        """Return a line for each department: its fates under one rule in sheets, or under all in duties."""
        times = 1 if rule else len(self.rules)
        lines = {
            d.pk: {"fates": Counter({"unreviewed": self.unreviewed[d.pk] * times})} for d in self.departments
        }
        for (code, pk, state), many in self.cells.items():
            if rule in (None, code):
                lines[pk]["fates"][state] += many
        return [{"department": d, "sheets": self.sheets[d.pk], **lines[d.pk]} for d in self.departments]


def rule_named(code: str) -> Rule | None:
    """Return the rule of a code; None where there is none."""
    return next((one for one in all_rules() if one.code == code), None)


def tally(place: Organisation, year: int) -> Tally:
    """Return the ledger of all departments that were below a place at a year's end."""
    newest = _newest(place, year)
    sheets = Counter[int](newest.values_list("sheet__department_id", flat=True))
    done = _reviewed(newest)
    left, cells = Counter(sheets), Counter[tuple[str, int, State]]()
    for department, duties in done.values_list("version__sheet__department_id", "duties").iterator():
        left[department] -= 1
        cells.update((duty["rule"], department, duty["state"]) for duty in duties)
    found = Organisation.objects.filter(pk__in=list(sheets)).prefetch_related("stages")
    return Tally(sorted(found, key=lambda d: d.name_in(year)), sheets, +left, cells)


@dataclass(frozen=True)
class Line:
    """One rule on one sheet: its fate, what it rests on or what is missing, in words as kept."""

    version: SheetVersion
    rule: str
    title: str
    fate: Fate
    said: tuple[str, ...] = ()


def lines(place: Organisation, year: int, *, department: int, rule: str = "", fate: str = "") -> list[Line]:
    """Return the duties of a department below a place, of one rule or fate where they are named; nothing for
    a department that was not below it.
    """
    newest = _newest(place, year).filter(sheet__department=department).select_related("sheet__department")
    done = {r.version_id: r for r in _reviewed(newest)}
    titles = {one.code: one.title for one in all_rules() if rule in ("", one.code)}
    found: list[Line] = []
    for version in newest.order_by("sheet__name", "pk"):
        if version.pk not in done:
            found += [Line(version, code, title, "unreviewed") for code, title in titles.items()]
            continue
        for duty in done[version.pk].duties:
            if duty["rule"] in titles:
                said = (*([duty["why"]] if duty["why"] else []), *duty["missing"], *duty["messages"])
                found.append(Line(version, duty["rule"], duty["title"], duty["state"], said))
    return [line for line in found if fate in ("", line.fate)][:MOST_LINES]


def _newest(place: Organisation, year: int) -> QuerySet[SheetVersion]:
    return (
        SheetVersion.objects.filter(
            office.below(place, year, "sheet__department__"), sheet__year=year, sheet__retired=False
        )
        .exclude(state="void")
        .annotate(top=Max("sheet__versions__number", filter=~Q(sheet__versions__state="void")))
        .filter(number=F("top"))
        .order_by()
    )


def _reviewed(newest: QuerySet[SheetVersion]) -> QuerySet[SheetReview]:
    return SheetReview.objects.filter(
        version__in=newest.values("pk"), stale=False, rules=rules_digest()
    ).order_by()


def as_json(found: Tally, place: Organisation, year: int) -> dict[str, Any]:
    """Return the ledger as plain data (``zhunsheng.duties/1``): a cell for each rule and department."""
    cells: dict[tuple[str, int], dict[str, int]] = {}
    for (code, pk, state), many in sorted(found.cells.items()):
        cells.setdefault((code, pk), {})[state] = many
    return {
        "format": FORMAT,
        "place": place.name_in(year),
        "year": year,
        "rules": [{"code": r.code, "title": r.title, "level": r.level} for r in found.rules],
        "departments": [
            {
                "code": d.code,
                "name": d.name_in(year),
                "sheets": found.sheets[d.pk],
                "unreviewed": found.unreviewed[d.pk],
                "rules": {r.code: cells[r.code, d.pk] for r in found.rules if (r.code, d.pk) in cells},
            }
            for d in found.departments
        ],
    }


def workbook(found: Tally, place: Organisation, year: int) -> tuple[bytes, str]:
    """Return the ledger as an Excel file with its name, as it is given out. Raises ``ZS-WB-80``."""
    buffer = io.BytesIO()
    fates = [str(fate_word(fate)) for fate in FATES]
    with new_workbook(buffer, in_memory=True) as book:
        bold = book.add_format({"bold": True, "bg_color": "#EEF2F7", "border": 1, "align": "center"})
        rules = book.add_worksheet(_("按规则"))
        rules.write_row(0, 0, [_("规则"), _("名称"), _("级别"), *fates, _("有发现的部门")], bold)
        for n, line in enumerate(found.by_rule(), start=1):
            rule = line["rule"]
            rules.write_row(n, 0, [rule.code, rule.title, str(LEVELS[rule.level])])
            rules.write_row(n, 3, [*_counts(line["fates"]), line["departments"]])
        rules.set_column(1, 1, 32)
        below = book.add_worksheet(_("按部门"))
        below.write_row(0, 0, [_("部门"), _("目标表数"), *fates], bold)
        for n, line in enumerate(found.by_department(), start=1):
            below.write_row(n, 0, [line["department"].name_in(year), line["sheets"], *_counts(line["fates"])])
        below.set_column(0, 0, 36)
        every = book.add_worksheet(_("规则与部门"))
        every.write_row(0, 0, [_("部门"), _("规则"), *fates[:-1]], bold)
        cells: dict[tuple[int, str], Counter[State]] = {}
        for (code, pk, state), many in found.cells.items():
            cells.setdefault((pk, code), Counter())[state] += many
        n = 0
        for department in found.departments:
            for rule in found.rules:
                if (fate := cells.get((department.pk, rule.code))) is not None:
                    n += 1
                    every.write_row(n, 0, [department.name_in(year), rule.code, *(fate[s] for s in STATES)])
        every.autofilter(0, 0, max(n, 1), 1 + len(STATES))
        every.set_column(0, 0, 36)
        for one in (rules, below, every):
            one.freeze_panes(1, 1)
    name = f"{place.name_in(year)}{year}年目标审核清单.xlsx"
    return papers.given(buffer.getvalue(), name, place, place, year), name


def _counts(fates: Counter[Fate]) -> Iterable[int]:
    return [fates[fate] for fate in FATES]


def fate_word(fate: Fate) -> str:
    """Return a fate in words."""
    return _("尚未审核") if fate == "unreviewed" else str(STATE_WORDS[fate])
