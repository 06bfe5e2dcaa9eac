"""A document while it is recognised: its sheets as drafts, and what one block leaves to the next."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Literal

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.bounds import MAX_SHEETS
from zhunsheng.intake.grid import Grid
from zhunsheng.intake.recognition.confirmed import Known
from zhunsheng.intake.recognition.headers import Header
from zhunsheng.intake.recognition.titles import Kind
from zhunsheng.intake.recognition.wide import Group
from zhunsheng.targets import Budget, Goal, Indicator, Place, Source, Unsure
from zhunsheng.translation import worded

TextField = Literal["code", "name", "department", "unit", "purpose"]
# ``project`` is the whole project's over all its years, ``level`` one of several sources of fiscal funds
BudgetPart = Literal["total", "fiscal", "carried", "other", "project", "level"]
_NEAR = 0.04  # of a page's width, within which two columns begin at one place
ExecutionPart = Literal["planned", "adjusted", "spent", "points", "score"]


@dataclass(frozen=True)
class Said:
    """Words of the document with their place, and the label that they stand beside."""

    text: str
    place: Place
    label: str = ""


@dataclass(frozen=True)
class TableColumns:
    """Where a table has what it says of indicators, column by field.

    ``project`` holds the columns that repeat a project's own fields on its rows, in a list of projects.
    """

    fields: Mapping[str, int]
    project: Mapping[str, int]
    heads: Mapping[str, str]  # the words over the project's columns, which may hold the unit of money
    groups: tuple[Group, ...]  # of a wide table
    rows: tuple[tuple[str, ...], ...]  # what the rows of the header show
    weak: bool  # whether the values' column is but the likeliest of several
    width: int  # of the table, by which its part on the next page is known
    starts: tuple[int, ...] = ()  # where the cells below the header begin
    lefts: tuple[float | None, ...] = ()  # where on a page its columns begin, as shares of its width

    def cut(self, width: int) -> TableColumns | None:
        """Return where the fields are in a part of the table that has but its first columns, the others being
        blank there; None where it is no part of it.
        """
        if self.groups or not 2 < width < self.width or self.fields["name"] >= width:
            return None
        fields = {name: column for name, column in self.fields.items() if column < width}
        project = {name: column for name, column in self.project.items() if column < width}
        return replace(self, fields=fields, project=project, width=width, starts=tuple(range(width)))

    def drawn_in(self, lefts: tuple[float | None, ...]) -> TableColumns | None:
        """Return where the fields are in a part of the table on the next page whose columns begin at
        ``lefts``; None where some column of it is none of the table's.
        """
        at: dict[int, int] = {}
        for number, left in enumerate(lefts):
            apart = {
                n: abs(own - left) for n, own in enumerate(self.lefts) if own is not None and left is not None
            }
            found = min(apart, key=lambda n: apart[n], default=None)
            if found is None or found in at or apart[found] > _NEAR:
                return None
            at[found] = number
        if self.groups or not lefts or not {self.fields["name"], self.fields.get("target", -1)} <= at.keys():
            return None
        fields = {name: at[column] for name, column in self.fields.items() if column in at}
        project = {name: at[column] for name, column in self.project.items() if column in at}
        width = len(lefts)
        return replace(
            self, fields=fields, project=project, width=width, starts=tuple(range(width)), lefts=lefts
        )

    def narrowed(self, width: int) -> TableColumns | None:
        """Return where the fields are in the table's part on the next page, whose columns are but those in
        which cells below the header begin; None where it has not as many.
        """
        if width != len(self.starts) or self.groups:
            return None
        at = {column: n for n, column in enumerate(self.starts)}
        fields = {name: at[column] for name, column in self.fields.items() if column in at}
        project = {name: at[column] for name, column in self.project.items() if column in at}
        whole = len(fields) == len(self.fields) and len(project) == len(self.project)
        kept = replace(self, fields=fields, project=project, width=width, starts=tuple(range(width)))
        return kept if whole else None


@dataclass(frozen=True)
class PlanSaid:
    """A date of the spending plan (inclusive) and what stands for it: a number in %, in a unit of money, or
    bare.
    """

    by: date
    number: Decimal
    unit: str | None


@dataclass(frozen=True)
class Headed:
    """A header that was read: where it stands, of which draft, and the year that it was read by."""

    header: Header
    place: Place
    draft: int
    year: int | None


@dataclass(frozen=True)
class Unread:
    """A table without a header that was read; ``doubted`` where something like indicators stands in it."""

    grid: Grid
    draft: int | None
    year: int | None
    doubted: bool


@dataclass(frozen=True)
class Read:
    """An indicator that was read; ``medium`` where its table holds the medium-term ones (中期、长期)."""

    indicator: Indicator
    medium: bool = False


@dataclass
class Draft:
    """A sheet while it is put together: None or empty what the document has not said yet, amounts in yuan."""

    kind: Kind
    title: str | None
    place: Place
    code: str | None = None
    name: str | None = None
    department: str | None = None
    unit: str | None = None
    purpose: str | None = None
    year: int | None = None
    titled_year: int | None = None  # as the title over it tells, or what stood before it
    budget: dict[BudgetPart, Decimal] = field(default_factory=dict)
    asked: set[BudgetPart] = field(default_factory=set)  # parts of which the amount is what was applied for
    paid: dict[BudgetPart, dict[str, Decimal]] = field(default_factory=dict)  # level, other: by their labels
    money_seen: Said | None = None  # words of money of which no total was read
    execution: dict[ExecutionPart, Decimal] = field(default_factory=dict)
    total_score: Decimal | None = None
    goals: list[Goal] = field(default_factory=list)
    medium_goals: list[Goal] = field(default_factory=list)
    goal_places: set[tuple[bool, Place]] = field(default_factory=set)  # whose cells are among them
    central: Said | None = None  # the central department over a local one
    indicators: list[Read] = field(default_factory=list)
    unfilled: list[Said] = field(default_factory=list)  # values of the medium term left blank, with the doubt
    plan_said: list[PlanSaid] = field(default_factory=list)
    plan_words: str = ""  # what stands in the plan beside dates and numbers
    narrative: list[str] = field(default_factory=list)
    safeguards: list[Goal] = field(default_factory=list)
    provenance: dict[str, Place] = field(default_factory=dict)
    labelled: dict[str, Place] = field(default_factory=dict)  # where the form asks for a field, filled or not

    # What a row has to know of the rows before it.
    columns: TableColumns | None = None  # of the last table with indicators, for tables broken over pages
    levels: tuple[str, str] = ("", "")  # the level 1 and level 2 that indicators now stand under
    captioned: bool = False  # whether a paragraph over a table to come says under which level
    stairs: bool = False  # whether levels stand over the names, in the same column
    medium: bool = False  # whether the indicators now read are the medium-term ones
    plan_dates: list[str] = field(
        default_factory=list
    )  # dates of the spending plan whose shares are still to come
    plan_columns: list[int] = field(default_factory=list)  # where those dates stand
    plan_sum: int | None = None  # the column of the whole beside the plan's periods
    goal_column: int | None = None  # the column in which the next row has the words of a goal
    result_columns: tuple[int, ...] = ()  # columns beside the goals that say what became of them

    def put(self, name: TextField, text: str, place: Place) -> None:
        """Keep the first text of a field and where it stood."""
        if getattr(self, name) is None:
            setattr(self, name, text)
            self.provenance[name] = place

    def put_year(self, year: int, place: Place) -> None:
        """Keep the first year said and where it stood."""
        if self.year is None:
            self.year = year
            self.provenance["year"] = place

    def put_budget(self, part: BudgetPart, amount: Decimal, place: Place, label: str = "") -> None:
        """Keep the first amount (yuan) of a part of the budget and where it stood."""
        if part in ("level", "other"):
            self.paid.setdefault(part, {}).setdefault(label, amount)
        if part == "level":
            self.provenance.setdefault("budget.fiscal", place)
        elif part not in self.budget:
            self.budget[part] = amount
            self.provenance.setdefault("budget.fiscal" if part == "carried" else f"budget.{part}", place)

    def budget_parts(self) -> Budget:
        """Return the budget of the year; what was carried over from the year before (上年结转资金) is of
        fiscal funds, which are the sum of their sources (中央, 省级 …) where nothing tells it. Several other
        funds add up where that makes the total; else the first is the one that holds the others (其中).
        """
        fiscal = [amount for part in ("fiscal", "carried") if (amount := self.budget.get(part)) is not None]
        if "fiscal" not in self.budget:
            fiscal += self.paid.get("level", {}).values()
        total, other = self.budget.get("total"), self.budget.get("other")
        others = sum(self.paid.get("other", {}).values(), Decimal(0))
        if total is not None and others and total == sum(fiscal, others):
            other = others
        return Budget(
            total=total,
            project=self.budget.get("project"),
            fiscal=sum(fiscal, Decimal(0)) if fiscal else None,
            other=other,
        )

    def narrate(self, text: str, place: Place) -> None:
        """Take a piece of the narrative (总体绩效目标); its place is that of the first piece."""
        self.narrative.append(text)
        self.provenance.setdefault("narrative", place)


@dataclass
class Document:
    """The drafts of one document, what was uncertain, and the state that one block leaves to the next."""

    source: Source
    year: int | None = None
    titled_year: int | None = None  # that the last worksheet's name told
    drafts: list[Draft] = field(default_factory=list)
    unsure: list[Unsure] = field(default_factory=list)
    heading: Said | None = None  # a title over what has not begun yet
    defaults: dict[TextField, Said] = field(
        default_factory=dict
    )  # fields told outside tables, for all sheets
    ahead: list[tuple[str, Said]] = field(default_factory=list)  # labels told before the table of their sheet
    of_several: Said | None = None  # a sentence with the money of several projects, before their sheets
    goal_ahead: Said | None = None  # what is to be reached, in a line before an outline of indicators
    filled_in: tuple[int, int, Place] | None = (
        None  # year and month in which the form was filled in, and where
    )
    money_unit: str | None = None  # as a note tells it for what follows: 单位：万元
    last_unit: str | None = None  # of the amount before, for those below it without one
    zone_unit: str | None = None  # as the label at the left of the rows tells it: 项目资金（万元）
    section: str = ""  # the section of the narrative that paragraphs stand in
    department: Draft | None = None  # the sheet that paragraphs belong to
    open_draft: int | None = None  # the number of the one that rows belong to; None: one still to begin
    open_goal: int | None = None  # the goal of it that paragraphs stand under
    of_kind: bool = False  # whether a paragraph since then says what kind the next table's indicators are
    broken: bool = False  # whether a paragraph since the last table ends it
    known: Known = field(default_factory=Known)  # the layouts that a person confirmed
    tables: list[Headed] = field(default_factory=list)  # what was read of headers, in order
    unread: list[Unread] = field(default_factory=list)  # tables of which no row of indicators was read

    @classmethod
    def of(cls, source: Source, known: Known) -> Document:
        """Return a document of which nothing is read yet; its name may tell the year."""
        match = re.search(r"(?<!\d)(20\d{2})(?!\d)", source.name)
        return cls(source, int(match[1]) if match else None, known=known)

    @property
    def going_on(self) -> Draft | None:
        """The last sheet begun, where nothing since has ended it."""
        return self.drafts[-1] if self.drafts and not self.broken else None

    def number_of(self, draft: Draft) -> int:
        """Return the number of a draft, which is mostly the last."""
        return next(n for n in reversed(range(len(self.drafts))) if self.drafts[n] is draft)

    def start(self, kind: Kind, title: str | None, place: Place) -> Draft:
        """Begin a sheet. Raises ``ZS-IN-06`` beyond ``MAX_SHEETS``."""
        if len(self.drafts) >= MAX_SHEETS:
            detail = worded("超过 {most} 份目标表", most=f"{MAX_SHEETS:,}")
            raise ZhunshengError("ZS-IN-06", name=self.source.name, detail=detail)
        draft = Draft(kind, title, place)
        draft.titled_year, self.last_unit = self.year, None
        self.drafts.append(draft)
        self.open_draft = len(self.drafts) - 1
        return draft

    def doubt(
        self, place: Place, name: str, text: str, why: str, *, ahead: bool = False, unread: bool = False
    ) -> None:
        """Note what a person should look at in the open draft, or (``ahead``) in the next to begin;
        ``unread`` where nothing was read there.
        """
        of = None if ahead else self.open_draft
        of = len(self.drafts) if of is None else of
        self.unsure.append(Unsure(place=place, field=name, text=text, why=why, sheet=of, unread=unread))
