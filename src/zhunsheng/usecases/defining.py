"""Define a ledger of one's own, a new version of it, or columns beside those of a ledger of the package: what
would make rows that stand there wrong is refused or asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import ValidationError

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Batch, Column, Ledger, Store, defined, layout, ledgers, mask
from zhunsheng.evidence.headers import is_department, title_and_unit, title_key
from zhunsheng.evidence.index import Index
from zhunsheng.evidence.ledgers import LINEAGE, packaged_ledgers, read_ledger
from zhunsheng.evidence.shared import workroom
from zhunsheng.evidence.sql import quoted
from zhunsheng.evidence.tables import ledger_sql
from zhunsheng.faults import fault, parsed
from zhunsheng.text import cleaned
from zhunsheng.translation import series, translatable, worded
from zhunsheng.usecases.sampling import Proposal
from zhunsheng.wording import row_place

SHOWN = 5  # rows named that a new version would make wrong
_NAME = re.compile("[a-z][a-z0-9_]{0,39}")
# Words of the addresses of ledgers' pages, and what every table of rows has of its own.
_ADDRESSES = ("undo", "diff", "batch", "mappings", "new", "define")
_ITS_OWN = ("department", *LINEAGE)
_LONGEST = 30  # characters of a title: a worksheet's name has one more
_LEFT_OUT = {"id", "defined"}


def define_ledger(  # noqa: PLR0913 - options, by their names
    store: Store,
    ledger: Ledger,
    *,
    who: str,
    why: str,
    department: str = "",
    base: str | None = None,
    agreed: bool = False,
) -> Batch:
    """Keep a ledger as it is defined now: a new one (``id`` empty or not known), a version of one of the
    body's own, or one of the package with columns added behind its own. Return the batch.

    ``department`` is the code that it is for, none for all; what others added to a ledger of the package
    stays. ``base`` is the version that was changed (``Ledger.defined``), None where nobody looked. Rows that
    stand there and would not pass the new version (``ZS-EV-112``) stay as they are where that is ``agreed``.
    Raises ``ZS-EV-106``, ``-107``, ``-109`` where another version came since, ``-110`` for a title that is
    taken, ``-111`` for what can't be defined so, ``-113`` for what can't change any more.
    """
    before = ledgers().get(ledger.id)
    after = _named(ledger, before, department)
    _refuse_unsound(after, before, department)

    def checks(index: Index) -> None:
        now = ledgers().get(ledger.id)
        if (now.defined if now else "") != (base if base is not None else before.defined if before else ""):
            raise ZhunshengError("ZS-EV-109", ledger=ledger.title)
        _refuse_taken(after, department)
        if before and before.id in index.heads():
            _refuse_changed(before, after)
            if not agreed:
                _ask_of_rows(index, before, after)

    return store.define(
        "ledger", after.id, _body(after), who=who, why=why, department=department, checks=checks
    )


def ledger_from(text: str, name: str, department: str = "") -> Ledger:
    """Return the ledger that a YAML text defines: columns need no ``name``, the key is told by titles or
    names. Raises ``ZS-EV-111``.
    """
    try:
        said = cleaned(parsed(text))
        if not isinstance(said, dict) or not isinstance(said.get("columns"), list):
            raise ZhunshengError("ZS-EV-111", name=name, detail=worded("缺少 columns"))
        known = ledgers().get(str(said.get("id", "")))
        given = {c.title: c.name for c in known.of(department).columns} if known else {}
        columns = [dict(one) for one in said["columns"] if isinstance(one, dict)]
        taken = [c.name for c in known.columns] if known else []
        for column, own in zip(columns, free_names(taken, len(columns)), strict=True):
            column.setdefault("name", given.get(str(column.get("title")), own))
        if known and known.id in packaged_ledgers():
            for detail in _unmade(columns, ()):
                raise ZhunshengError("ZS-EV-111", name=known.title, detail=detail)
            return extended(known, [Column.model_validate(c) for c in columns], department)
        names = {str(c.get("title")): c["name"] for c in columns}
        key = said.get("key") or []
        key = [names.get(str(one), one) for one in (key if isinstance(key, list) else [key])]
        for detail in _unmade(columns, key):
            raise ZhunshengError("ZS-EV-111", name=name, detail=detail)
        fields = {"id": "", "what": "", **said, "columns": columns, "key": key, "department": department}
        return Ledger.model_validate({**fields, "defined": ""})
    except (yaml.YAMLError, ValidationError) as error:
        raise ZhunshengError("ZS-EV-111", name=name, detail=fault(error)) from None


def extended(ledger: Ledger, columns: Sequence[Column], department: str) -> Ledger:
    """Return a ledger of the package with these columns behind its own and those that were added for all;
    they are the department's (code), for all where it is empty.
    """
    packaged = packaged_ledgers()[ledger.id].columns
    for_all = [c for c in ledger.columns[len(packaged) :] if department and not c.department]
    kept = {c.name for c in (*packaged, *for_all)}
    added = [c.model_copy(update={"department": department}) for c in columns if c.name not in kept]
    return ledger.model_copy(update={"columns": (*packaged, *for_all, *added)})


def _unmade(columns: Sequence[Mapping[str, Any]], key: Sequence[str]) -> Iterator[str]:
    """Yield what no ledger is made of, in the words of who wrote it."""
    for column in columns:
        title = column.get("title") or column["name"]
        if column.get("type") == "choice" and not column.get("values"):
            yield worded("列“{title}”的类型是选项，却没有写取值", title=title)
        if column.get("values") and column.get("type") != "choice":
            yield worded("列“{title}”写了取值，类型却不是选项", title=title)
    for one in key:
        if one not in {column["name"] for column in columns}:
            yield worded("主键“{key}”不是其中的列", key=one)


def text_of(ledger: Ledger) -> str:
    """Return a ledger as YAML that ``ledger_from`` reads; of one of the package what was added to it."""
    said = {"id": ledger.id} | (yaml.safe_load(_body(ledger)) if ledger.defined or _own(ledger) else {})
    said.setdefault("columns", [])
    return yaml.safe_dump(said, allow_unicode=True, sort_keys=False, width=1000)


def proposed_ledger(proposal: Proposal, what: str = "", steward: str = "") -> Ledger:
    """Return the ledger that a sample proposes, of the columns that are taken up."""
    columns = tuple(one.column for one in proposal.columns if one.taken)
    key = proposal.key or (columns[0].name,)
    return Ledger(id="", title=proposal.title, what=what, steward=steward, key=key, columns=columns)


def proposed_text(proposal: Proposal) -> str:
    """Return a proposal as YAML for a person to correct, what is doubtful as comments."""
    said = yaml.safe_dump(
        {"title": proposal.title, "what": "", "steward": "", "key": _titles_of(proposal)},
        allow_unicode=True,
        sort_keys=False,
        width=1000,
    )
    lines = [*(f"# {doubt}" for doubt in proposal.doubts), *said.splitlines(), "columns:"]
    for one in proposal.columns:
        fields = one.column.model_dump(mode="json", exclude_defaults=True)
        if not _NAME_MADE.fullmatch(one.column.name):
            fields = {"name": one.column.name} | fields
        else:
            del fields["name"]
        text = yaml.safe_dump(
            fields, allow_unicode=True, sort_keys=False, width=1000, default_flow_style=True
        )
        lines += [f"  # {doubt}" for doubt in one.doubts]
        lines.append(f"  {'- ' if one.taken else '# - '}{text.strip()}")
    return "\n".join(lines) + "\n"


_NAME_MADE = re.compile(r"c\d+")


def _titles_of(proposal: Proposal) -> list[str]:
    titles = {one.column.name: one.column.title for one in proposal.columns}
    return [titles[name] for name in proposal.key]


def _own(ledger: Ledger) -> bool:
    return ledger.id not in packaged_ledgers()


def _body(ledger: Ledger) -> str:
    """Return what is kept of a ledger: of one of the package the columns that were added."""
    if _own(ledger):
        return defined.written(ledger, but=_LEFT_OUT)
    own = {c.name for c in packaged_ledgers()[ledger.id].columns}
    added = [c.model_dump(mode="json", exclude_defaults=True) for c in ledger.columns if c.name not in own]
    said = {"title": ledger.title, "columns": added}
    return yaml.safe_dump(said, allow_unicode=True, sort_keys=False, width=1000)


def free_names(taken: Sequence[str], count: int) -> list[str]:
    """Return names for columns that none of a ledger has, nor had: a column with rows never goes."""
    begin = max((int(m[1]) for name in taken if (m := re.fullmatch(r"c(\d+)", name))), default=0) + 1
    return [f"c{n}" for n in range(begin, begin + count)]


def _named(ledger: Ledger, before: Ledger | None, department: str) -> Ledger:
    """Return a ledger as it is kept: what a column was called before still finds it in files, and columns
    that others added to one of the package stay.
    """
    was = {c.name: c for c in before.columns} if before else {}
    columns = []
    for column in ledger.columns:
        old = was.get(column.name)
        if old and old.title != column.title and old.title not in column.synonyms:
            column = column.model_copy(update={"synonyms": (*column.synonyms, old.title)})
        columns.append(column)
    mine = {c.name for c in columns}
    others = [c for c in was.values() if c.department not in ("", department) and c.name not in mine]
    whose = before.department if before else department
    return ledger.model_copy(update={"columns": (*columns, *others), "department": whose})


def _refuse_unsound(ledger: Ledger, before: Ledger | None, department: str) -> None:
    """Refuse what can't be a ledger, whatever stands there. Raises ``ZS-EV-111``, ``ZS-EV-113``."""
    for detail in _unsound(ledger, department):
        raise ZhunshengError("ZS-EV-111", name=ledger.title, detail=detail)
    if before is None:
        return
    if not _own(ledger):
        packaged = packaged_ledgers()[ledger.id]
        if ledger.columns[: len(packaged.columns)] != packaged.columns or ledger.key != packaged.key:
            raise ZhunshengError(
                "ZS-EV-113", ledger=before.title, detail=worded("内置台账只能在原有的列后面加列")
            )
        if any(c.required for c in ledger.columns[len(packaged.columns) :]):
            raise ZhunshengError(
                "ZS-EV-113", ledger=before.title, detail=worded("加在内置台账上的列不能必填")
            )
    elif before.department not in ("", department) or (department and before.department != department):
        raise ZhunshengError("ZS-EV-113", ledger=before.title, detail=worded("它不是本部门定义的"))


def _unsound(ledger: Ledger, department: str) -> Iterator[str]:
    if not ledger.title.strip() or ledger.id in _ADDRESSES:
        yield worded("缺少名称")
    if len(ledger.title) > _LONGEST or re.search(r"[\[\]:*?/\\'<>|\"]", ledger.title):
        yield worded(
            "名称至多 {most} 个字，不用 [ ] : * ? / \\ ' 等符号：它也是工作表和文件的名称", most=_LONGEST
        )
    if not ledger.key:
        yield worded("没有主键")
    titles: dict[str, str] = {}
    for column in ledger.of(department).columns:
        title = column.title
        if not title.strip() or is_department(title):
            yield worded("列名不能是“{title}”：每一行属于哪个部门另外记", title=title)
        if other := titles.get(title_key(title)):
            yield worded("列“{title}”与“{other}”同名", title=title, other=other)
        titles |= {title_key(one): title for one in (title, *column.synonyms)}
        if not _NAME.fullmatch(column.name) or column.name in {*_ITS_OWN, *defined.reserved()}:
            yield worded(
                "列“{title}”的代号“{name}”不合写法：小写字母开头，只用小写字母、数字和下划线，不是查询用的词",
                title=title,
                name=column.name,
            )
        if column.type == "money" and title_and_unit(title)[1] is not None:
            yield worded("金额一律存为元，列名“{title}”请不带单位；文件里的列名可以带", title=title)
        if column.personal and column.type != "text":
            yield worded("个人信息的列“{title}”只能是文字：它按文字加密", title=title)


def _refuse_taken(ledger: Ledger, department: str) -> None:
    """Refuse a title that another ledger of the same department's bears. Raises ``ZS-EV-110``."""
    for other in ledgers().values():
        beside = not department or other.department in ("", department)
        if other.id != ledger.id and beside and ledger.title in (other.title, other.id):
            raise ZhunshengError("ZS-EV-110", title=ledger.title, other=other.id)


def _refuse_changed(before: Ledger, after: Ledger) -> None:
    """Refuse what rows that stand there can't follow. Raises ``ZS-EV-113``."""
    now = {c.name: c for c in after.columns}

    def faults() -> Iterator[str]:
        if before.key != after.key:
            yield worded("已有数据，主键不能改")
        for column in before.columns:
            new = now.get(column.name)
            said = {"title": column.title}
            if new is None:
                yield worded("列“{title}”已有数据，不能去掉", **said)
            elif new.sql_type != column.sql_type:
                yield worded("列“{title}”已有数据，不能换类型：请另加一列", **said)
            elif column.personal and not new.personal:
                yield worded("列“{title}”的值已按个人信息加密，不能取消", **said)
            elif new.personal and not column.personal and column.name in after.key:
                yield worded("列“{title}”是主键，已有数据，不能改为个人信息", **said)

    if detail := series(faults(), "；"):
        raise ZhunshengError("ZS-EV-113", ledger=before.title, detail=detail)


def _ask_of_rows(index: Index, before: Ledger, after: Ledger) -> None:
    """Say which rows that stand there the new version would not take. Raises ``ZS-EV-112``."""
    was = {c.name: c for c in before.columns}
    tests: list[tuple[Column, str, str]] = []
    for column in after.columns:
        old = was.get(column.name)
        name = f'"{column.name}"'
        if column.required and not (old and old.required):
            tests.append((column, f"{name} IS NULL", worded("没有填写")))
        if column.type == "choice" and (not old or not {*old.values} <= {*column.values} or not old.values):
            allowed = ", ".join(map(quoted, column.values))
            tests.append((column, f"{name} NOT IN ({allowed})", worded("不在取值之内")))
        if column.personal and old and not old.personal:
            tests.append((column, f"{name} IS NOT NULL", worded("已存的值没有加密")))
    rows = ledger_sql(after, layout.current(index, after.id))
    told, whole = [], 0
    with workroom() as connection:
        for column, test, why in tests:
            found = connection.execute(
                f'SELECT _batch, _sheet, _row, "{column.name}", count(*) OVER () FROM ({rows}) WHERE {test} '
                f"ORDER BY _batch, _row LIMIT {SHOWN}"
            ).fetchall()
            for batch, sheet, row, value, count in found:
                shown = mask(value) if column.personal else value
                place = row_place(sheet, row)
                told.append(
                    worded(
                        "批次 {batch} 第 {place} 行“{title}”{value}：{why}",
                        batch=batch,
                        place=place,
                        title=column.title,
                        value=shown or "",
                        why=why,
                    )
                )
                last = count
            whole += last if found else 0
    if told:
        raise ZhunshengError("ZS-EV-112", ledger=before.title, count=whole, rows=series(told, "；"))


@dataclass(frozen=True)
class Version:
    """One version of a ledger's definition: who made it when and why, and what it changed, in words."""

    number: int
    who: str
    at: str
    why: str
    department: str
    changes: tuple[str, ...]


def versions(store: Store, name: str) -> list[Version]:
    """Return the versions of a ledger's definition, the first one first; none of one that nobody changed."""
    found: list[Version] = []
    before = packaged_ledgers().get(name)
    for one in defined.versions(store.root, "ledger", name):
        now = read_ledger(one)
        changes = tuple(differences(before, now))
        found.append(Version(one.version, one.who, one.at, one.why, one.department, changes))
        before = now
    return found


def differences(before: Ledger | None, after: Ledger) -> list[str]:
    """Return in words what a version changed, empty for one that came first."""
    if before is None:
        return []
    was, now = ({c.name: c for c in one.columns} for one in (before, after))
    said = [] if before.title == after.title else [_change(worded("名称"), before.title, after.title)]
    said += [worded("加列“{title}”", title=c.title) for name, c in now.items() if name not in was]
    said += [worded("去掉列“{title}”", title=c.title) for name, c in was.items() if name not in now]
    for name, new in now.items():
        old = was.get(name)
        if old is None or old == new:
            continue
        if old.title != new.title:
            said.append(_change(worded("列名"), old.title, new.title))
        if old.values != new.values:
            said.append(
                _change(worded("“{title}”的取值", title=new.title), series(old.values), series(new.values))
            )
        for field, words in _FLAGS.items():
            if getattr(old, field) != getattr(new, field):
                said.append(worded(words[bool(getattr(new, field))], title=new.title))
        if old.type != new.type:
            said.append(_change(worded("“{title}”的类型", title=new.title), old.type, new.type))
    if before.key != after.key:
        said.append(worded("改了主键"))
    if before.steward != after.steward:
        said.append(_change(worded("归口科室"), before.steward, after.steward))
    if before.retired != after.retired:
        said.append(worded("停用") if after.retired else worded("恢复使用"))
    return said


_FLAGS = {
    "required": (translatable("“{title}”改为可以不填"), translatable("“{title}”改为必填")),
    "personal": (translatable("“{title}”不再是个人信息"), translatable("“{title}”改为个人信息")),
}


def _change(what: str, before: str, after: str) -> str:
    return worded("{what}由“{before}”改为“{after}”", what=what, before=before, after=after)
