"""What a person is asked before a file changes a ledger: known rows that become others,
values that it clears, departments that nobody knows, sums that are not those of its rows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.importing import Checked
from zhunsheng.evidence.ledgers import DEPARTMENT
from zhunsheng.evidence.standing import cleared
from zhunsheng.evidence.tables import same_key
from zhunsheng.translation import series, worded

SHOWN = 20  # changes listed of a question; more are counted


@dataclass(frozen=True)
class Change:
    """A cell of a known row that would become another: where the file has it, which row, and both values."""

    sheet: str | None
    row: int
    key: str
    column: str
    before: str
    after: str


@dataclass(frozen=True)
class Question:
    """What is asked, in words, how many rows it is about, and the first of them."""

    kind: Literal["identity", "cleared", "departments", "sums"]
    text: str
    rows: int = 0
    changes: tuple[Change, ...] = ()


class Unanswered(ZhunshengError):
    """A file waits for a yes to ``questions``; ``digest`` is what the yes is to."""

    def __init__(self, name: str, questions: Sequence[Question], digest: str) -> None:
        super().__init__("ZS-EV-47", name=name, count=len(questions))
        self.questions = tuple(questions)
        self.digest = digest


def settled(checked: Checked, there: str, agreed: bool | str) -> list[str]:
    """Return the notes on what is done though it was asked about, once all of it is ``agreed``:
    by True whatever is asked, by a digest what was asked under it. ``there`` are the rows that stand there
    (``standing``).
    Raises ``Unanswered``.
    """
    questions = list(_questions(checked, there))
    digest = digest_of(checked.sha256, questions)
    if questions and agreed is not True and agreed != digest:
        raise Unanswered(checked.path.name, questions, digest)
    return [worded("有疑问，仍按要求导入：{text}", text=question.text) for question in questions]


def digest_of(sha256: str, questions: Sequence[Question]) -> str:
    """Return the digest of what is asked of a file (by its own digest): a yes is to this and nothing else."""
    said = json.dumps([sha256, *map(asdict, questions)], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()


def _questions(checked: Checked, there: str) -> Iterator[Question]:
    yield from _identity(checked, there)
    if clears := cleared(checked, there):
        listed = series(worded("{title} {count} 格", title=title, count=count) for title, count in clears)
        text = worded("文件里是空的，会清空台账里原有的值：{columns}", columns=listed)
        yield Question("cleared", text, max(count for _title, count in clears))
    yield from _departments(checked)
    for said in checked.amiss:
        yield Question("sums", said)


def _identity(checked: Checked, there: str) -> Iterator[Question]:
    """Ask about known rows that would be of another thing, person or amount."""
    ledger = checked.ledger
    columns = [c for c in ledger.telling if c.name in checked.columns]
    if not there or not columns:
        return
    differs = [
        f'(g."{c.name}" IS NOT NULL AND t."{c.name}" IS NOT NULL AND g."{c.name}" <> t."{c.name}")'
        for c in columns
    ]
    key = " || ' ' || ".join(f"coalesce(CAST(g.\"{name}\" AS VARCHAR), '')" for name in ledger.key)
    cells = ", ".join(
        f'CASE WHEN {differ} THEN CAST(t."{c.name}" AS VARCHAR) END AS before_{n}, '
        f'CAST(g."{c.name}" AS VARCHAR) AS after_{n}'
        for n, (c, differ) in enumerate(zip(columns, differs, strict=True))
    )
    run = checked.connection.execute
    # The ledger is read once, however many columns are compared.
    run(
        f"CREATE OR REPLACE TEMP TABLE altered AS SELECT g._id, g._sheet, g._row, {key} AS key, {cells} "
        f"FROM good g JOIN {there} t ON {same_key(ledger, 'g', 't')} WHERE {' OR '.join(differs)}"
    )
    ((rows,),) = run("SELECT count(DISTINCT _id) FROM altered").fetchall()
    if not rows:
        return
    several = len(checked.layouts) > 1
    parts = [
        f"SELECT _id, _sheet, _row, key, {n} AS n, before_{n} AS before, after_{n} AS after FROM altered "
        f"WHERE before_{n} IS NOT NULL"
        for n in range(len(columns))
    ]
    found = run(
        f"SELECT * EXCLUDE (_id) FROM ({' UNION ALL '.join(parts)}) ORDER BY _id, n LIMIT {SHOWN}"
    ).fetchall()
    changes = tuple(
        Change(sheet if several else None, row, key.strip(), columns[n].title, before, after)
        for sheet, row, key, n, before, after in found
    )
    text = worded("{rows} 行的编号台账里已有，内容却成了另一个", rows=rows)
    yield Question("identity", text, rows, changes)


def _departments(checked: Checked) -> Iterator[Question]:
    """Ask about departments that rows name and that nobody knows: a slip there takes rows from an office's
    figures.
    """
    if not checked.named:
        return
    counted: dict[str, int] = dict(
        checked.connection.execute(f"SELECT {DEPARTMENT}, count(*) FROM good GROUP BY 1").fetchall()
    )
    rows = {code: counted.get(code, 0) for code in checked.named}
    listed: list[Any] = [
        worded("{name} {count} 行", name=name, count=rows[code]) for code, name in checked.named.items()
    ]
    more = worded("等 {count} 个", count=len(listed)) if len(listed) > SHOWN else ""
    text = worded("部门列写了证据库里没有的部门：{names}", names=series(listed[:SHOWN]) + more)
    yield Question("departments", text, sum(rows.values()))
