"""What the API gives: the shape of every answer, and of every error."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from ninja import Schema
from pydantic import BaseModel, ConfigDict, Field

Plain = dict[str, object]


class Whole(BaseModel):
    """Something given whole, of which the shape names some fields only; ninja's own base would drop the
    others.
    """

    model_config = ConfigDict(extra="allow")


class Problem(Schema):
    """An error: a stable code and what to do, in Chinese; ``document`` is a document that was kept though it
    was not read, so that its columns can be told.
    """

    code: str
    message: str
    document: int | None = None


class Page(Schema):
    """Which rows of a list."""

    limit: int = Field(50, ge=1, le=500)
    offset: int = Field(0, ge=0, le=10**9)


class DepartmentOut(Schema):
    """A department the token's person may look at."""

    id: int
    name: str
    years: list[int]


class SheetOut(Schema):
    """The newest version of a target sheet; ``in_force`` is the number of the approved one,
    ``sheet`` its content.

    ``sheet`` is one sheet of format zhunsheng.book/1.
    """

    id: int
    version: int
    number: int
    state: str
    in_force: int | None = None
    sheet: Plain


class FindingOut(Schema):
    """What the review found in a sheet."""

    rule: str
    level: str
    title: str
    message: str
    mend: str
    sheet: str
    indicator: str | None = None
    place: str | None = None
    basis: str | None = None  # what the rule rests on, and whom that binds


class VersionOut(Schema):
    """A version made from a document (``document`` is its id); ``new`` is false where the same document had
    been sent to the same place before, ``doubts`` how many places somebody must confirm.
    """

    version: int
    sheet: str
    year: int
    document: int
    findings: int
    doubts: int
    new: bool


class DutyOut(Schema):
    """One rule of the review on one sheet: its state, and what is missing to judge it."""

    rule: str
    title: str
    state: str
    missing: list[str] = []
    why: str = ""
    messages: list[str] = []


class ReviewOut(Schema):
    """How the review of a sheet's newest version stands."""

    sheet: str
    version: int
    verdict: str
    reviewed_at: datetime | None
    counts: dict[str, int]
    missing: list[str]
    duties: list[DutyOut]


class ColumnOut(Schema):
    """A column of a ledger; ``personal`` ones are given masked."""

    name: str
    title: str
    type: str
    required: bool
    personal: bool


class LedgerOut(Schema):
    """A ledger and its columns; ``department`` is the code of the one that defined it for itself, ``steward``
    the section that keeps it, ``definition`` the version in force of what a body defined.
    """

    id: str
    title: str
    what: str
    department: str = ""
    steward: str = ""
    definition: str = ""
    columns: list[ColumnOut]


class RowsOut(Schema):
    """Rows of a ledger by column name, with ``_batch``, ``_row`` and ``_sheet``;
    ``total`` counts all there are.
    """

    total: int
    rows: list[Plain]


class BatchOut(Whole):
    """One batch: ``when`` is ISO time, ``previous`` and ``digest`` chain it to the batch before;
    ``notes`` are what was said of its file though no row was wrong (columns without use, hidden rows).
    ``undoes`` is the batch that it takes back, ``removes`` why its rows were taken out.
    ``defines`` is the version of a definition that it keeps, ``read_by`` the one that its file was read by,
    ``why`` the reason given for either, or for a row that was typed in.
    """

    batch: int
    ledger: str
    department: str
    file: str
    sha256: str
    rows: int
    inserted: int
    updated: int
    rejected: int
    who: str
    when: str
    version: int
    previous: str
    digest: str
    undoes: int | None = None
    removes: str | None = None
    defines: str | None = None
    read_by: str | None = None
    why: str | None = None
    notes: list[str] = []


class RemovalIn(Schema):
    """Rows to be taken out of a ledger: each key as the values of the ledger's key columns in their order,
    with commas between as in csv; and why.
    """

    keys: list[str] = Field(min_length=1, max_length=10_000)
    reason: str = Field(min_length=1, max_length=500)


Outcome = Literal["imported", "partly", "unchanged", "refused", "failed", "done"]


class CountsOut(Schema):
    """Rows of a ledger file: all, good, with errors, and what the good ones did."""

    rows: int
    good: int
    bad: int
    inserted: int
    updated: int


class JobOut(Schema):
    """Work in the background; ``outcome`` is null until it has ended.

    ``imported``: all of it; ``partly``: without the rows (or files) with errors; ``unchanged``:
    this file was here before; ``refused``: nothing, for the errors in it; ``failed``: it could not be done;
    ``done``: other work. ``error`` says why for the last three but ``done``; ``marked`` is where the copy
    with its errors marked can be fetched.
    """

    id: int
    kind: str
    state: str
    outcome: Outcome | None = None
    what: str
    percent: int
    error: str | None = None
    counts: CountsOut | None = None
    marked: str | None = None
    result: Plain


class AssessmentOut(Whole):
    """The newest assessment, whole, in format zhunsheng.run/1."""

    format: str
    as_of: date


class DrawOut(Schema):
    """A draw with its plan (zhunsheng.draw-plan/1), commitment digest and state."""

    id: int
    code: str
    title: str
    state: str
    plan: Plain
    commitment: str | None = None
    frame: int | None = None
    drawn: int | None = None


class PublicOut(Schema):
    """Something that is public, as its page and its open data tell it; department and district are those of
    its year.
    """

    id: int
    kind: str
    title: str
    department: str
    district: str
    department_code: str
    official_code: str
    year: int
    published_at: str | None
    notes: list[str]
    changes: list[Plain]
    drift: list[Plain] = []
    checked_at: str | None = None
    earlier: list[Plain]
    data: Plain


class AnswerOut(Schema):
    """Who answered a doubt, when, and how: ``confirmed``, ``corrected`` or ``removed`` (its row is gone)."""

    by: str
    at: datetime
    how: Literal["confirmed", "corrected", "removed"]


class DoubtOut(Schema):
    """Something of a version that its document was not surely read to say.

    ``asked`` says that somebody must answer it before the version goes on; ``unread`` that nothing was read
    there. ``text`` is what the document says, ``read`` what it was taken for, ``value`` what the field of the
    editor (``path``, empty for none) holds: what a correction is typed over.
    """

    number: int
    asked: bool
    unread: bool
    indicator: str
    what: str
    place: str
    text: str
    read: str
    value: str
    why: str
    path: str
    answer: AnswerOut | None = None


class DoubtAnswerIn(Schema):
    """An answer: to a doubt by its ``number``, that what was read is right (of one that was not read: that
    nothing is missing), or what the field says instead (``text``), typed over ``was``.
    """

    number: int = Field(ge=0, le=1_000_000)
    text: str | None = Field(None, max_length=20_000)
    was: str = Field("", max_length=20_000)


class DoubtAnswersIn(Schema):
    """Answers, given one after the other, all or none."""

    answers: list[DoubtAnswerIn] = Field(min_length=1, max_length=1_000)


class TableColumnOut(Schema):
    """A column of a document's table: the words over it, what kind of cells it holds with some of them, and
    the ``field`` it was read as (null: not read), told by ``words``, by ``content``, or ``confirmed``.
    """

    head: str
    holds: str
    samples: list[str]
    field: str | None
    how: str


class TableOut(Schema):
    """A table of a document, known by its ``layout``: whether it was read, whether all of its columns are
    sure, and who confirmed them.
    """

    layout: str
    place: str
    read: bool
    sure: bool
    confirmed_by: str
    columns: list[TableColumnOut]


class TablesOut(Schema):
    """The tables of a document and its versions; ``refusal`` says why it made none. ``fields`` are the names
    that a column may have, with what they are called.
    """

    tables: list[TableOut]
    versions: list[int]
    refusal: Problem | None = None
    fields: dict[str, str]


class ColumnsIn(Schema):
    """What the columns of the tables of a ``layout`` are, in their order, null for one that is not read;
    ``agreed`` is the digest of changes that were seen.
    """

    layout: str = Field(max_length=20)
    fields: list[str | None] = Field(min_length=2, max_length=200)
    agreed: str = Field("", max_length=40)


class ChangedOut(Schema):
    """What would change in a version: the field in words, what it says and what it would say."""

    version: int
    field: str
    old: str
    new: str


class ColumnsOut(Schema):
    """What came of confirmed columns: versions made or read anew. Where ``changes`` are listed nothing was
    kept yet: the same with ``agreed`` agrees to them. ``parted`` says that the layout was kept, and that the
    document has another number of sheets by it, so that its versions stay as they are.
    """

    versions: list[int] = []
    changes: list[ChangedOut] = []
    agreed: str = ""
    parted: bool = False


class LayoutsOut(Whole):
    """The layouts by which a department's documents are read, in format zhunsheng.layouts/1."""

    format: str
    layouts: list[Plain]


class LayoutsKept(Schema):
    """How many confirmed layouts of a file were kept."""

    kept: int
