"""The layouts that an organisation confirmed, for itself and all below it: looked up, kept, taken out,
brought in, ended; and a document's tables as a person is shown them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from django.db import transaction
from django.utils import timezone
from pydantic import BaseModel, ConfigDict

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.opening import decode
from zhunsheng.intake.layouts import (
    FIELDS,
    FORMAT,
    HOLDS,
    Layout,
    LayoutColumn,
    confirmed,
    layouts_of,
    layouts_text,
)
from zhunsheng.intake.recognition.confirmed import TableRead
from zhunsheng.intake.recognition.content import Class
from zhunsheng.targets import Place
from zhunsheng.translation import Worded, worded
from zhunsheng.web.audit import record
from zhunsheng.web.models import Organisation, TableLayout, User

MOST = 2**20  # bytes of a file of layouts


class ColumnKept(BaseModel):
    """A column of a table as it is kept with a version: its head, some of its cells, its field, how that was
    told.
    """

    model_config = ConfigDict(frozen=True)

    words: str
    head: str
    holds: Class
    samples: tuple[str, ...]
    field: str | None
    how: Literal["words", "content", "confirmed", ""]

    @property
    def kind(self) -> Worded:
        """What kind of cells it holds, in words."""
        return HOLDS[self.holds]

    @property
    def what(self) -> Worded | None:
        """What it was read as."""
        return FIELDS[self.field] if self.field else None


class TableKept(BaseModel):
    """A table as it is kept with a version: where its header stands, its columns, and by which confirmed
    layout it was read.
    """

    model_config = ConfigDict(frozen=True)

    place: Place
    headed: bool
    read: bool
    columns: tuple[ColumnKept, ...]
    layout: Layout | None = None

    @property
    def proposed(self) -> Layout:
        """Its layout as it was read."""
        columns = [LayoutColumn(words=c.words, field=c.field, holds=c.holds) for c in self.columns]
        return Layout(columns=tuple(columns), headed=self.headed)

    @property
    def digest(self) -> str:
        """What its layout is known by."""
        return self.proposed.digest

    @property
    def sure(self) -> bool:
        """Whether it was read, and no column by what it holds alone."""
        return self.read and all(one.how != "content" for one in self.columns)


def kept_tables(found: Iterable[TableRead], number: int | None = None) -> list[TableKept]:
    """Return the tables of a document as they are kept: all, or those of a sheet (from 0); what is of no
    sheet is of the first.
    """
    return [
        TableKept(
            place=one.place,
            headed=one.headed,
            read=one.read,
            layout=one.layout,
            columns=tuple(
                ColumnKept(
                    words=c.words, head=c.head, holds=c.holds, samples=c.samples, field=c.field, how=c.how
                )
                for c in one.columns
            ),
        )
        for one in found
        if number is None or (one.sheet or 0) == number
    ]


def _of(department: Organisation) -> list[TableLayout]:
    """Return the layouts in use of an organisation and those above it, its own first."""
    above = [int(pk) for pk in department.path.strip("/").split("/")]
    found = TableLayout.objects.filter(department__in=above, active=True).select_related("department", "by")
    return sorted(found, key=lambda one: (-above.index(one.department_id), -one.at.timestamp(), -one.pk))


def known(department: Organisation) -> tuple[Layout, ...]:
    """Return the layouts by which a department's documents are read; of two for the same table the nearer
    organisation's comes first, and counts.
    """
    return tuple(one.layout for one in _of(department))


def in_effect(department: Organisation) -> list[Layout]:
    """Return the layouts that count for a department, of two for the same table the nearer one."""
    return list({one.key: one for one in reversed(known(department))}.values())


def as_data(department: Organisation) -> dict[str, Any]:
    """Return the layouts that count for a department as data, in the format of their files."""
    return {"format": FORMAT, "layouts": [one.model_dump(mode="json") for one in in_effect(department)]}


def listed(department: Organisation) -> list[TableLayout]:
    """Return the layouts in use for a department, its own first."""
    return _of(department)


def signed(columns: Iterable[tuple[str, str | None, Class]], user: User, *, headed: bool) -> Layout:
    """Return the layout that a person confirms today: of each column its words, field and kind of cells."""
    return Layout(
        columns=tuple(LayoutColumn(words=words, field=name, holds=holds) for words, name, holds in columns),
        headed=headed,
        confirmed_by=str(user),
        confirmed_on=timezone.localdate(),
    )


def remember(department: Organisation, user: User | None, layout: Layout) -> TableLayout:
    """Keep a layout for a department; one of the same tables is replaced, and the log has both."""
    with transaction.atomic():
        found = TableLayout.objects.filter(department=department, digest=layout.digest).first()
        found = found or TableLayout(department=department, digest=layout.digest)
        found.body, found.by, found.active = layout.model_dump(mode="json"), user, True
        found.save()
    return found


def exported(department: Organisation) -> tuple[bytes, str]:
    """Return the layouts in use for a department as one file, with its name."""
    found = in_effect(department)
    record("export", department, after={"layouts": len(found)})
    return layouts_text(found).encode(), f"{department.name}-版式.yaml"


def brought(department: Organisation, user: User, content: bytes, name: str) -> int:
    """Take in the confirmed layouts of a file and return how many there were; who confirmed each, and when,
    stays as the file says. Raises ``ZS-IN-51``, ``ZS-IN-52``, ``ZS-WB-74`` where none was confirmed.
    """
    if len(content) > MOST:
        raise ZhunshengError("ZS-IN-51", name=name, detail=worded("超过 {most} MB", most=MOST >> 20))
    found = confirmed(layouts_of(decode(content, name), name))
    if not found:
        raise ZhunshengError("ZS-WB-74", name=name)
    with transaction.atomic():
        for one in found:
            remember(department, user, one)
    return len(found)


def end(department: Organisation, number: int) -> TableLayout | None:
    """Read no more documents by a layout; None for none of the department's own."""
    found = TableLayout.objects.filter(department=department, pk=number, active=True).first()
    if found is not None:
        found.active = False
        found.save()
    return found
