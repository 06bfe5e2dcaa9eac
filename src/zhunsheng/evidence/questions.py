"""What a person is asked before a file changes a ledger, and what the answers do:
known rows that become others or get what they lacked, values that it clears, departments that nobody knows,
sums that are not those of its rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.adopting import was
from zhunsheng.evidence.doubts import ASIDE, SPELLINGS, TAKE, Change, Choice, Part, Question
from zhunsheng.evidence.importing import Checked
from zhunsheng.evidence.ledgers import DEPARTMENT
from zhunsheng.evidence.previewing import compared
from zhunsheng.evidence.sql import quoted
from zhunsheng.evidence.standing import cleared, known_rows
from zhunsheng.evidence.tables import key_text, same_key
from zhunsheng.translation import series, translatable, worded

SHOWN = 20  # changes listed of a question; more are counted
UPDATE, ADD, CLEAR, KEEP, NEW = "update", "add", "clear", "keep", "new"
PROPOSED = "proposed"  # the answer that takes what is proposed of columns or spellings
_ASIDE = {
    "identity": translatable("编号已有而内容成了另一个，按答复没有导入"),
    "adopted": translatable("台账里的这一行没有填，按答复没有导入"),
    "cleared": translatable("是空的，台账里有值，按答复没有导入"),
    "departments": translatable("没有这个部门，按答复没有导入"),
    "merged": translatable("合并的单元格，按答复没有导入"),
    "nothing": translatable("等于没有填写，按答复没有导入"),
    "sheets": translatable("工作表是另一个部门的，按答复没有导入"),
}


class Unanswered(ZhunshengError):
    """A file waits for answers to ``questions``; ``asked`` are the digests of all that was asked of it,
    which a yes names, ``known`` how many of its good rows the ledger knows by their keys, ``there`` the query
    of the rows that stand there under these.
    """

    def __init__(self, checked: Checked, there: str, waiting: Sequence[Question], asked: str) -> None:
        super().__init__("ZS-EV-47", name=checked.path.name, count=len(waiting))
        self.questions = tuple(waiting)
        self.asked = asked
        self.there = there
        self.known = known_rows(checked, there)


@dataclass(frozen=True)
class Settled:
    """What is done though it was asked about: ``notes`` in words, columns of which empty cells leave what
    stands there (``kept``), and how many rows are put aside (table ``aside``).
    """

    notes: tuple[str, ...] = ()
    kept: frozenset[str] = frozenset()
    aside: int = 0


def asked_of(checked: Checked, questions: Sequence[Question]) -> str:
    """Return what a yes to all questions names: their digests, in order."""
    return ",".join(question.digest(checked.sha256) for question in questions)


def settled(
    checked: Checked, there: str, agreed: bool | str = False, answers: Mapping[str, str] | None = None
) -> Settled:
    """Do what was answered, once all that is asked is answered: by ``agreed`` True whatever is asked, by
    digests (``Unanswered.asked``) what was asked under them, or by an answer of its own
    (``answers``: a question's key or kind -> answer; without one the first choice holds). ``there`` are
    the rows that stand there (``standing``). Raises ``Unanswered``, and ``ZS-EV-49`` where no row is left.
    """
    answers = answers or {}
    questions = [*checked.questions, *_questions(checked, there)]
    if waits := _waiting(checked, there, questions, agreed, answers):
        raise waits
    lasting = checked.learned.answers if checked.learned else {}
    kept: set[str] = set()
    notes = []
    for question in questions:
        answer = _answer(question, answers) or lasting.get(question.key) or _first(question)
        if question.kind == "identity":
            _put_aside_altered(checked, question, answer, answers)
        elif answer == KEEP:
            kept.add(_column(checked, question))
        elif answer == ASIDE and question.kind == "adopted":
            _put_aside(checked, "adding g", "adopted", "g.title", "g.after")
        elif answer == ASIDE and question.kind == "cleared":
            _put_aside_cleared(checked, there, _column(checked, question))
        elif answer == ASIDE and question.kind == "merged":
            rows = "good g JOIN merged m ON m._row = g._row AND m._sheet IS NOT DISTINCT FROM g._sheet"
            _put_aside(checked, rows, "merged", "m.title")
        elif answer == ASIDE and question.kind == "nothing":
            rows = f"nothing n JOIN good g USING (_id) WHERE n.title = {quoted(_title(question))}"
            _put_aside(checked, rows, "nothing", "n.title", f"g.raw_{_column(checked, question)}")
        elif answer == ASIDE and question.kind == "sheets":
            rows = f"good g WHERE g._sheet IS NOT DISTINCT FROM {quoted(_title(question))}"
            _put_aside(checked, rows, "sheets", "'部门'", "g._sheet")
        elif question.kind == "departments":
            _put_aside_departments(checked, question, answer, answers)
        said = next((choice.text for choice in question.choices if choice.answer == answer), worded("同意"))
        notes.append(worded("有疑问：{says}；答复：{words}", says=question.text, words=said))
    ((aside,),) = checked.connection.execute("SELECT count(DISTINCT _id) FROM aside").fetchall()
    if aside and aside == checked.good_rows:
        raise ZhunshengError("ZS-EV-49", name=checked.path.name)
    return Settled(tuple(notes), frozenset(kept), aside)


def unanswered(
    checked: Checked, there: str, agreed: bool | str, answers: Mapping[str, str]
) -> Unanswered | None:
    """Return what of a file waits for answers, whether or not it can be imported; None where nothing does."""
    questions = [*checked.questions, *_questions(checked, there)]
    return _waiting(checked, there, questions, agreed, answers)


def _waiting(
    checked: Checked,
    there: str,
    questions: Sequence[Question],
    agreed: bool | str,
    answers: Mapping[str, str],
) -> Unanswered | None:
    """Return the questions that nothing answers, None where there are none."""
    lasting = checked.learned.answers if checked.learned else {}
    seen = agreed.split(",") if isinstance(agreed, str) and agreed else []
    found = []
    for question in questions:
        if agreed is True or question.key in lasting or question.digest(checked.sha256) in seen:
            continue
        # A digest is of what was seen; a question that changed since is asked anew, whatever was answered.
        each = bool(question.parts) and all(_own(part, answers) is not None for part in question.parts)
        if seen or (_answer(question, answers) is None and not each):
            found.append(question)
    return Unanswered(checked, there, found, asked_of(checked, questions)) if found else None


def _column(checked: Checked, question: Question) -> str:
    """Return the name of the column that a question's key names by its title."""
    title = _title(question)
    return next(column.name for column in checked.ledger.columns if column.title == title)


def _title(question: Question) -> str:
    return question.key.partition(":")[2]


def _first(question: Question) -> str:
    return question.choices[0].answer if question.choices else ""


def _answer(question: Question, answers: Mapping[str, str]) -> str | None:
    """Return the answer to a question by its key, else by its kind. Raises ``ZS-EV-80`` for one that it can't
    have.
    """
    allowed = [choice.answer for choice in question.choices] or [PROPOSED]
    return _among(allowed, question.key, answers.get(question.key) or answers.get(question.kind))


def _own(part: Part, answers: Mapping[str, str]) -> str | None:
    """Return the answer to one thing of several by its own key. Raises ``ZS-EV-80`` for one that it can't
    have.
    """
    return _among([choice.answer for choice in part.choices], part.key, answers.get(part.key))


def _among(allowed: list[str], key: str, answer: str | None) -> str | None:
    """Return an answer, None where there is none. Raises ``ZS-EV-80`` for one that is not allowed."""
    if answer is not None and answer not in allowed:
        raise ZhunshengError("ZS-EV-80", key=key, answer=answer, allowed=series(allowed))
    return answer


def _put_aside(checked: Checked, rows: str, kind: str, title: str = "''", value: str = "''") -> None:
    """Put rows (a FROM clause with ``g._id``) aside, saying why at a column."""
    checked.connection.execute(
        f"INSERT INTO aside SELECT DISTINCT g._id, {title}, {value}, {quoted(worded(_ASIDE[kind]))} FROM "
        f"{rows}"
    )


def _put_aside_altered(checked: Checked, question: Question, answer: str, answers: Mapping[str, str]) -> None:
    """Put known rows aside that would be another, by the answer to all or to their own key."""
    own = {key.partition(":")[2]: said for key, said in answers.items() if key.startswith("identity:")}
    for key, said in own.items():
        _among([UPDATE, ASIDE], f"identity:{key}", said)
    other = [key for key, said in own.items() if said != answer]
    listed = ", ".join(quoted(key) for key in other) or "NULL"
    some = f"g.key IN ({listed})" if other else "false"
    chosen = f"NOT coalesce({some}, false)" if answer == ASIDE else some
    if answer == ASIDE or other:
        first = checked.ledger.column(checked.ledger.key[0]).title
        _put_aside(checked, f"altered g WHERE {chosen}", "identity", quoted(first), "g.key")


def _put_aside_cleared(checked: Checked, there: str, name: str) -> None:
    rows = f"good g JOIN {there} t ON {same_key(checked.ledger, 'g', 't')} "
    rows += f'WHERE g."{name}" IS NULL AND t."{name}" IS NOT NULL'
    _put_aside(checked, rows, "cleared", quoted(checked.ledger.column(name).title))


def _put_aside_departments(
    checked: Checked, question: Question, answer: str, answers: Mapping[str, str]
) -> None:
    """Put the rows of new departments aside, by the answer to all or to each."""
    names = {part.text for part in question.parts if (_own(part, answers) or answer) == ASIDE}
    codes = [code for code, name in checked.named.items() if name in names]
    if codes:
        rows = f"good g WHERE g.{DEPARTMENT} IN ({', '.join(map(quoted, codes))})"
        _put_aside(checked, rows, "departments", "'部门'", f"g.raw_{DEPARTMENT}")


def _questions(checked: Checked, there: str) -> Iterator[Question]:
    aside = worded("这些行先不导入")
    yield from _identity(checked, there)
    yield from _adopted(checked, there)
    for name, count in cleared(checked, there):
        title = checked.ledger.column(name).title
        text = worded("“{title}”在文件里是空的，台账里有值：{count} 格", title=title, count=count)
        choices = (
            Choice(CLEAR, worded("照文件清空")),
            Choice(KEEP, worded("保留台账的值")),
            Choice(ASIDE, aside),
        )
        yield Question("cleared", f"cleared:{title}", text, count, (), choices)
    yield from _departments(checked)
    for n, said in enumerate(checked.amiss, start=1):
        yield Question("sums", f"sums:{n}", said, 0, (), (Choice(TAKE, worded("照读到的行导入")),))


def _identity(checked: Checked, there: str) -> Iterator[Question]:
    """Ask about known rows that would be of another thing, person or amount."""
    columns = [c for c in checked.ledger.telling if c.name in checked.columns]
    differs = 'g."{0}" IS NOT NULL AND t."{0}" IS NOT NULL AND g."{0}" <> t."{0}"'
    found = compared(checked, there, columns, differs, "altered", rows=SHOWN)
    if not found.rows:
        return
    text = worded("{rows} 行的编号台账里已有，内容却成了另一个", rows=found.rows)
    choices = (Choice(UPDATE, worded("是同一个，更新")), Choice(ASIDE, worded("这些行先不导入")))
    yield Question("identity", "identity", text, found.rows, found.changes[:SHOWN], choices)


def _adopted(checked: Checked, there: str) -> Iterator[Question]:
    """Ask about known rows that get what they had none of: where money is from, its year, a question."""
    ledger = checked.ledger
    columns = [ledger.column(name) for name in ledger.adopts if name in checked.columns]
    if not there or not columns:
        return
    parts = [
        f"SELECT g._id, g._sheet, g._row, {key_text(ledger, 'g')} AS key, {quoted(c.title)} AS title, "
        f'CAST(g."{c.name}" AS VARCHAR) AS after FROM good g '
        + (
            f'JOIN adopted a USING (_id) WHERE a."{was(c.name)}" IS NULL'
            if c.name in ledger.key
            else f'JOIN {there} t ON {same_key(ledger, "g", "t")} WHERE t."{c.name}" IS NULL'
        )
        + f' AND g."{c.name}" IS NOT NULL'
        for c in columns
    ]
    run = checked.connection.execute
    run(f"CREATE OR REPLACE TEMP TABLE adding AS {' UNION ALL '.join(parts)}")
    rows, titles = run(
        "SELECT count(DISTINCT _id), list(DISTINCT title ORDER BY title) FROM adding"
    ).fetchall()[0]
    if not rows:
        return
    several = len(checked.layouts) > 1
    found = run(f"SELECT * EXCLUDE (_id) FROM adding ORDER BY _id, title LIMIT {SHOWN}").fetchall()
    changes = tuple(
        Change(sheet if several else None, row, key.strip(), title, "", after)
        for sheet, row, key, title, after in found
    )
    text = worded("{rows} 行台账里已有，没有填{titles}，文件补填了", rows=rows, titles=series(titles))
    choices = (Choice(ADD, worded("是同一行，补填")), Choice(ASIDE, worded("这些行先不导入")))
    yield Question("adopted", "adopted", text, rows, changes, choices)


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
    choices = (Choice(NEW, worded("登记为新的部门")), Choice(ASIDE, worded("这些行先不导入")))
    parts = tuple(
        Part(f"departments:{name}", name, worded("{rows} 行", rows=rows[code]), "", choices)
        for code, name in (checked.named.items() if len(listed) <= SPELLINGS else ())
    )
    yield Question("departments", "departments", text, sum(rows.values()), (), choices, parts)
