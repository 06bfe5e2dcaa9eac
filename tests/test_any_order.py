"""Imports, removals, undoings and compactions in any order, tried against a plain model of what they mean."""

from __future__ import annotations

import os
import shutil
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from agreed import import_ledger
from zhunsheng.evidence import Store, browse, compacting, ledger_of
from zhunsheng.measures import DuckEngine, measures, read_all
from zhunsheng.usecases.removing import remove_rows

COMPLAINTS = ledger_of("complaints")
COLUMNS = ("complaint_no", "kind", "received_on", "closed_on", "section")
TITLES = [COMPLAINTS.column(name).title for name in COLUMNS]
KEYS = ("T1", "T2", "T3")
START = datetime(2022, 1, 1, tzinfo=UTC)
NEEDED = 3  # the first columns, which every file has
# A long run: ANY_ORDER_EXAMPLES=500 pytest tests/test_any_order.py
EXAMPLES = int(os.environ.get("ANY_ORDER_EXAMPLES", "4"))

rows_of_files = st.dictionaries(
    st.sampled_from(KEYS),
    st.tuples(st.sampled_from(["", "2021-05-01", "2021-06-01"]), st.sampled_from(["", "一科", "二科"])),
    min_size=1,
)
# Which of the two columns that can be lacking a file has.
columns_of_files = st.sampled_from([(True, True), (True, False), (False, True), (False, False)])


class AnyOrder(RuleBasedStateMachine):
    """A store beside a list of what was said: each entry an import (rows by key, None where a file is
    silent), a removal (keys), an undoing (a number) or nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="any-order-"))
        self.root = self.folder / "store"
        self.said: list[object] = []
        self.moments: list[datetime] = []
        self.held: list[dict[str, tuple[str, str]]] = [{}]  # the rows after each batch

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def rows(self) -> dict[str, tuple[str, str]]:
        """Return what is left of all that was said: closing day and section by key."""
        undone = {one for one in self.said if isinstance(one, int)}
        now: dict[str, tuple[str, str]] = {}
        for number, one in enumerate(self.said, start=1):
            if number in undone:
                continue
            if isinstance(one, dict):
                for key, values in one.items():
                    was = now.get(key, ("", ""))
                    now[key] = tuple(w if v is None else v for v, w in zip(values, was, strict=True))
            elif isinstance(one, tuple):
                for key in one:
                    now.pop(key, None)
        return now

    def moment(self) -> datetime:
        return START + timedelta(hours=len(self.said))

    def happened(self, one: object) -> None:
        """Note what was said; batches that the store made by itself besides changed nothing."""
        self.said.append(one)
        self.held.append(self.rows())
        last = Store(self.root).head[0]
        while len(self.said) < last:
            self.said.append(None)
            self.held.append(self.held[-1])

    @rule(rows=rows_of_files, has=columns_of_files)
    def take_in(self, rows: dict[str, tuple[str, str]], has: tuple[bool, bool]) -> None:
        """Import a file, whole or without some columns, which clears values where its cells are empty."""
        used = [n for n in range(len(TITLES)) if n < NEEDED or has[n - NEEDED]]
        lines = [",".join(TITLES[n] for n in used)]
        for key, values in rows.items():
            cells = [key, "举报", "2021-03-01", *values]
            lines.append(",".join(cells[n] for n in used))
        path = self.folder / f"{len(self.said)}.csv"
        path.write_text("\n".join(lines) + "\n", "utf8")
        done = import_ledger(self.root, path, department="A", when=self.moment())
        assert done.batch is not None, done
        if done.new:
            self.happened(
                {k: tuple(v if h else None for v, h in zip(vs, has, strict=True)) for k, vs in rows.items()}
            )
        else:  # the same file again, of which every row stands there
            told = {k: v for k, v in self.held[-1].items() if k in rows}
            assert all(not h or v == w for k in rows for v, w, h in zip(rows[k], told[k], has, strict=True))

    @precondition(lambda self: self.held[-1])
    @rule(data=st.data())
    def take_out(self, data: st.DataObject) -> None:
        """Remove some of the rows that stand there."""
        keys = data.draw(st.lists(st.sampled_from(sorted(self.held[-1])), min_size=1, unique=True))
        when = self.moment()
        remove_rows(self.root, COMPLAINTS, keys, "误录", department="A", when=when)
        self.happened(tuple(keys))

    @precondition(lambda self: self.open_batches())
    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        """Take back any import or removal that was not taken back."""
        number = data.draw(st.sampled_from(self.open_batches()))
        Store(self.root).undo(number, when=self.moment())
        self.happened(number)

    def open_batches(self) -> list[int]:
        undone = {one for one in self.said if isinstance(one, int)}
        spoke = (n for n, one in enumerate(self.said, start=1) if isinstance(one, dict | tuple))
        return [n for n in spoke if n not in undone]

    @precondition(lambda self: self.said)
    @rule()
    def compact(self) -> None:
        """Put small files together."""
        before = Store(self.root).head[0]
        small, compacting.SMALL = compacting.SMALL, 2**20
        try:
            made = Store(self.root).compact()
        finally:
            compacting.SMALL = small
        assert len(made) == Store(self.root).head[0] - before
        for _ in made:
            self.said.append(None)
            self.held.append(self.held[-1])

    @invariant()
    def the_store_is_as_the_model_says(self) -> None:
        """Rows, a reading and every earlier state are the model's, and the store is sound."""
        if not self.said:
            return
        store = Store(self.root)
        assert store.verify() == []
        assert store.head[0] == len(self.said)
        for number, held in enumerate(self.held):
            found = browse(store.snapshot(batch=number), COMPLAINTS, "A")
            names = [c.name for c in COMPLAINTS.columns]
            at = [names.index(name) for name in ("complaint_no", "closed_on", "section")]
            told = {r.values[at[0]]: tuple(str(r.values[n] or "") for n in at[1:]) for r in found.rows}
            assert told == held, (number, told, held)
        # A row is of a batch that still counts.
        undone = {one for one in self.said if isinstance(one, int)}
        assert not {r.batch for r in browse(store.snapshot(), COMPLAINTS, "A").rows} & undone
        snapshot = store.snapshot()
        only = [measures()["report_closure_rate"]]
        read = read_all(only, DuckEngine(snapshot), snapshot, 2021, date(2021, 12, 31))
        got = next(((r.numerator, r.denominator) for r in read.values()), (0, 0))
        now = self.held[-1]
        assert got == (sum(bool(closed) for closed, _ in now.values()), len(now))
        for batch in store.batches():
            at_that_moment = store.snapshot(at=datetime.fromisoformat(batch.when)).batch
            assert at_that_moment >= batch.batch
            assert (
                store.snapshot(at=datetime.fromisoformat(batch.when) - timedelta(seconds=1)).batch
                < batch.batch
                or batch.compacts
            )


AnyOrder.TestCase.settings = settings(max_examples=EXAMPLES, stateful_step_count=8, deadline=None)
test_any_order_comes_to_what_is_left = AnyOrder.TestCase
