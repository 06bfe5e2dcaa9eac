"""From drafts to the book: what was told outside the tables, names from titles, drafts that are sheets."""

from __future__ import annotations

from zhunsheng.intake.recognition import titles
from zhunsheng.intake.recognition.draft import Document, Draft
from zhunsheng.intake.recognition.indicators import yearly
from zhunsheng.intake.recognition.plan import UNKNOWN_YEAR, settle
from zhunsheng.targets import Book, Place, SpendingPlan, TargetSheet, Unsure
from zhunsheng.targets.sheet import Execution
from zhunsheng.translation import worded


def book_of(document: Document) -> tuple[Book, list[int]]:
    """Return what was recognised, and the numbers of the drafts that became sheets; without indicators a
    draft is one where it has goals and says whose.
    """
    found: dict[int, TargetSheet] = {}
    for number, draft in enumerate(document.drafts):
        document.open_draft = number
        sheet = _sheet(document, draft)
        if not sheet.indicators and not (sheet.goals and (sheet.name or sheet.narrative)):
            continue
        found[number] = sheet
        if not sheet.indicators:
            why = worded("没有读出绩效指标")
            document.doubt(sheet.place or Place(), "indicators", sheet.title(), why, unread=True)
    unsure = _of_sheets(document, list(found))
    return Book(source=document.source, sheets=tuple(found.values()), unsure=unsure), list(found)


def _of_sheets(document: Document, found: list[int]) -> tuple[Unsure, ...]:
    """Return the doubts with their sheets' numbers for those of the drafts, of which ``found`` became sheets.

    What stands behind the last draft is of it; what is of a draft that became no sheet is of none.
    """
    last = len(document.drafts) - 1
    number = {draft: n for n, draft in enumerate(found)}
    return tuple(
        one.model_copy(update={"sheet": None if one.sheet is None else number.get(min(one.sheet, last))})
        for one in document.unsure
    )


def _sheet(document: Document, draft: Draft) -> TargetSheet:
    for name, said in document.defaults.items():
        draft.put(name, said.text, said.place)
    if draft.central and draft.department is None:
        draft.put("department", draft.central.text, draft.central.place)
    if draft.kind == "department" and draft.name is None and (whose := draft.department or draft.unit):
        draft.put("name", whose, draft.provenance["department" if draft.department else "unit"])
    if draft.name is None and draft.title:
        draft.name = titles.name_in(draft.title, draft.kind)
        draft.provenance.setdefault("name", draft.place)
        of_body = draft.kind == "department" and draft.name != draft.title
        if of_body and draft.department is None and not titles.is_of_form(draft.name):
            draft.put("department", draft.name, draft.place)
        if draft.kind == "project" and draft.indicators and titles.names_nothing(draft.name):
            document.doubt(draft.place, "name", draft.name, worded("没有读到项目名称，暂以标题为名"))
        elif draft.kind == "department" and draft.columns and titles.is_of_form(draft.name):
            document.doubt(draft.place, "name", draft.name, worded("没有读到部门名称，暂以标题为名"))
    for blank in draft.unfilled if all(one.medium for one in draft.indicators) else ():
        document.doubt(blank.place, "target", blank.text, blank.label)
    if draft.indicators and draft.name is None:
        why = worded("没有读到是哪个项目、哪个部门的")
        document.doubt(draft.place, "name", "", why, unread=True)
    if draft.indicators and "total" not in draft.budget and "project" in draft.budget:
        draft.budget["total"] = draft.budget.pop("project")
        place = draft.provenance["budget.total"] = draft.provenance.pop("budget.project")
        why = worded("只写了项目总额，没有写本年预算，按总额读入，请核对")
        document.doubt(place, "budget.total", f"{draft.budget['total']:f}", why)
    year = draft.year or _planned_year(draft) or draft.titled_year or document.year
    if draft.indicators and year is None:
        year = _year_filled_in(document, draft)
        why = (
            worded("没有写年度，按填报日期推断为 {year} 年，请核对", year=year)
            if year
            else worded("没有读到是哪一年度的")
        )
        document.doubt(draft.place, "year", draft.name or "", why, unread=year is None)
    if draft.plan_said and year is None:
        why = worded("不知是哪一年度的，资金计划没有读入")
        place = draft.provenance.get("spending_plan", draft.place)
        document.doubt(place, "spending_plan", draft.name or "", why, unread=True)
    if draft.indicators and "total" not in draft.budget and (seen := draft.money_seen):
        why = worded("写了资金，没有认出本年预算总额")
        document.doubt(seen.place, "budget.total", seen.text, why, unread=True)
    return TargetSheet(
        kind=draft.kind,
        name=draft.name,
        code=draft.code,
        department=draft.department,
        unit=draft.unit,
        year=year,
        purpose=draft.purpose,
        budget=draft.budget_parts(),
        spending_plan=SpendingPlan(steps=settle(document, draft, year)),
        goals=tuple(draft.goals or draft.medium_goals),
        indicators=yearly(draft.indicators),
        narrative="\n".join(draft.narrative) or None,
        safeguards=tuple(draft.safeguards),
        execution=Execution(**draft.execution) if draft.execution else None,
        total_score=draft.total_score,
        place=draft.place,
        provenance={**draft.labelled, **draft.provenance},
    )


def _year_filled_in(document: Document, draft: Draft) -> int | None:
    """Return the year that a form is likely of by when it was filled in: targets for the year at hand in its
    first half, for the next in its second; results for the year before.
    """
    if document.filled_in is None:
        return None
    year, month, _ = document.filled_in
    done = draft.execution or any(one.indicator.actual for one in draft.indicators)
    return year - (month <= 6) if done else year + (month > 6)


def _planned_year(draft: Draft) -> int | None:
    """Return the one year that all dates of the spending plan fall in."""
    years = {step.by.year for step in draft.plan_said} - {UNKNOWN_YEAR}
    return years.pop() if len(years) == 1 else None
