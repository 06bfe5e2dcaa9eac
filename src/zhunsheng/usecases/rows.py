"""One row of a ledger typed in: checked and committed as a file of one row, with who typed it and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Batch, Checked, Ledger, RowError, Store, View, browse, check_file
from zhunsheng.evidence.questions import Unanswered
from zhunsheng.evidence.standing import standing
from zhunsheng.evidence.tables import same_key
from zhunsheng.files.scratch import scratch_folder
from zhunsheng.text import clean, csv_text

FILE = "逐行登记"  # what the file of a row that was typed in is called


@dataclass(frozen=True)
class Typed:
    """What a row that was typed in comes to before it is saved: what is wrong with its cells, whether a row
    of its key stands there (``known``), what it changes of that (title, before, after), and what is asked of
    it, which a yes names by ``asked``.
    """

    errors: tuple[RowError, ...] = ()
    known: bool = False
    changes: tuple[tuple[str, str, str], ...] = ()
    questions: tuple[str, ...] = ()
    asked: str = ""


@dataclass(frozen=True)
class Row:
    """A row of a department's ledger: its values as texts by column, and where it came from (batch, row of
    its file, worksheet), by which it is found as long as nobody changes it.
    """

    values: Mapping[str, str]
    place: tuple[int, int, str | None]


@dataclass(frozen=True)
class Place:
    """Where rows are typed in: a ledger of a store, and the department (a code, its name) whose they are."""

    store: Store
    ledger: Ledger
    department: str
    label: str = ""

    def row(self, batch: int, row: int, sheet: str | None = None) -> Row:
        """Return a row by where it came from, nothing masked. Raises ``ZS-EV-114`` where none stands there
        from that place (any more).
        """
        view, store = View(personal=True, place=(batch, row, sheet)), self.store
        found = browse(store.snapshot(), self.ledger, self.department, view, cipher=store.cipher)
        if not found.rows:
            raise ZhunshengError("ZS-EV-114", ledger=self.ledger.title)
        names = [c.name for c in self.ledger.columns]
        values = zip(names, found.rows[0].values, strict=True)
        return Row({name: text_of(value) for name, value in values}, (batch, row, sheet))

    def look(self, values: Mapping[str, str], before: Row | None = None) -> Typed:
        """Return what saving a row would come to; nothing is written. Raises ``ZS-EV-25``."""
        with self._checked(values) as checked:
            if checked.errors:
                return Typed(tuple(checked.errors))
            waits, _preview = self.store.would_ask(checked, 1)
            return self._told(values, before or self._there(checked), waits)

    def _there(self, checked: Checked) -> Row | None:
        """Return the row that stands there under the key of the one that was typed in."""
        with self.store.reading() as index:
            there = standing(checked, index)
        if not there:
            return None
        found = checked.connection.execute(
            f"SELECT t._batch, t._row, t._sheet FROM {there} t SEMI JOIN good g ON "
            f"{same_key(checked.ledger, 't', 'g')}"
        ).fetchone()
        return self.row(*found) if found else None

    def save(
        self,
        values: Mapping[str, str],
        why: str,
        *,
        who: str | None,
        before: Row | None = None,
        agreed: str = "",
    ) -> Batch | Typed:
        """Commit a row; return its batch, or what it would come to where something is wrong or is asked that
        ``agreed`` does not name. Raises ``ZS-EV-114`` where the row ``before`` was changed since,
        ``ZS-EV-115`` without a reason, ``ZS-EV-25``.
        """
        if not (why := " ".join(clean(why).split())):
            raise ZhunshengError("ZS-EV-115")
        if before:
            self.row(*before.place)
        with self._checked(values) as checked:
            if checked.errors:
                return Typed(tuple(checked.errors))
            try:
                made, _new = self.store.commit(
                    checked,
                    department=self.department,
                    label=self.label or None,
                    who=who,
                    agreed=agreed,
                    why=why,
                )
            except Unanswered as waits:
                return self._told(values, before, waits)
            return made

    def _told(self, values: Mapping[str, str], before: Row | None, waits: Unanswered | None) -> Typed:
        # Unmasked, as whoever types it sees it.
        changes = tuple(
            (column.title, before.values[column.name], values.get(column.name, "").strip())
            for column in (self.ledger.columns if before else ())
            if before and before.values[column.name] != values.get(column.name, "").strip()
        )
        questions = tuple(q.text for q in waits.questions) if waits else ()
        return Typed((), before is not None, changes, questions, waits.asked if waits else "")

    @contextmanager
    def _checked(self, values: Mapping[str, str]) -> Iterator[Checked]:
        columns = self.ledger.columns
        lines = [[c.title for c in columns], [values.get(c.name, "").strip() for c in columns]]
        with scratch_folder() as folder:
            path = Path(folder) / f"{FILE}.csv"  # the same bytes of the same row: a yes names what was asked
            path.write_bytes(csv_text(lines).encode("utf-8-sig"))
            known = self.store.known()
            with check_file(
                path, self.ledger, self.department, only=True, label=self.label or None, known=known
            ) as checked:
                yield checked


def text_of(value: object) -> str:
    """Return a stored value as a person types it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    return str(value)
