"""How imports and the batches of a store look in a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rich.markup import escape

from zhunsheng.cli.terminal import console
from zhunsheng.cli.terminal import table as table_of
from zhunsheng.clock import told
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Batch, Department, ledger_of
from zhunsheng.evidence.account import BY, Account
from zhunsheng.evidence.differing import KINDS
from zhunsheng.evidence.doubts import Question
from zhunsheng.translation import worded
from zhunsheng.usecases.differing import Difference
from zhunsheng.usecases.importing import Imported
from zhunsheng.wording import row_place


def imported(done: Imported, *, brief: bool = False) -> None:
    """Print the outcome of one import; ``brief`` leaves its account out where all rows were taken."""
    name = escape(done.file)
    if done.batch and done.new:
        b = done.batch
        console.print(
            f"[green]已导入[/] {name} → {done.ledger.title}：第 {b.batch} 批次，新增 {b.inserted} 行，"
            f"更新 {b.updated} 行"
        )
        if b.named:
            new = "、".join(f"{named}（代码 {code}）" for code, named in b.named.items())
            console.print(
                f"[dark_orange3]新登记的部门[/] {escape(new)}：部门列写的，证据库里原来没有。如是笔误，"
                f"请撤销第 {b.batch} 批次，改正后再导入"
            )
    elif done.batch:
        console.print(f"[bright_black]未变化[/] {name}：第 {done.batch.batch} 批次已导入过这个文件")
    elif done.questions:
        for question in done.questions:
            _asked(question)
        waits = ZhunshengError("ZS-EV-47", name=done.file, count=len(done.questions))
        console.print(f"[red]未导入[/] {escape(waits.text())}")
    else:
        console.print(f"[red]未导入[/] {name}：{done.rows} 行中有 {done.bad_rows} 行不合格")
    if done.account and not (brief and done.batch and not done.bad_rows):
        _account(done.account)
    for said in done.notes:
        console.print(f"[dark_orange3]请留意[/] {escape(said)}")
    if done.errors:
        several = any(e.sheet for e in done.errors)
        table = table_of(*(["工作表"] if several else []), "行", "列", "内容", "问题")
        for e in done.errors[:20]:
            place = ([escape(e.sheet or "")] if several else []) + [str(e.row)]
            table.add_row(*place, escape(e.column), escape(e.value), escape(e.message))
        console.print(table)
        if len(done.errors) > 20:
            console.print(f"…… 共 {len(done.errors)} 处", style="bright_black")
        console.print(f"标注了错误的副本：{escape(str(done.marked))}")


def _asked(question: Question) -> None:
    """Print what is asked, the first cells or words that it is about, and how it is answered."""
    console.print(f"[dark_orange3]请确认[/] {escape(question.text)}")
    if question.changes:
        table = table_of("行", "键", "列", "台账现在", "文件")
        for change in question.changes:
            place = row_place(change.sheet, change.row)
            table.add_row(*map(escape, (place, change.key, change.column, change.before, change.after)))
        console.print(table)
    answers = [f"{question.kind}={choice.answer} {choice.text}" for choice in question.choices]
    if question.parts and not answers:
        table = table_of("文件里的写法", "内容", "建议")
        for part in question.parts:
            said = {choice.answer: choice.text for choice in part.choices}
            table.add_row(*map(escape, (part.text, part.detail, said.get(part.proposed, part.proposed))))
        console.print(table)
        first = question.parts[0]
        how = f'--answer {question.kind}=proposed 照建议；逐个写：--answer "{first.key}={first.proposed}"'
    else:
        if one := _one_by_one(question):
            answers.append(f"逐个写：--answer {one}")
        how = "--answer " + "；".join(answers)
    console.print(
        f"[bright_black]答复[/] {escape(how)}", highlight=False, soft_wrap=True
    )  # to be copied whole


def _one_by_one(question: Question) -> str:
    """Return how one thing of several that are answered together is answered by itself; empty where there
    are not several.
    """
    keys = [part.key for part in question.parts]
    if question.kind == "identity":
        keys = list(dict.fromkeys(f"identity:{change.key}" for change in question.changes))
    return f'"{keys[0]}={question.choices[-1].answer}"' if len(keys) > 1 else ""


def _account(account: Account) -> None:
    """Print which tables of a file were read by which columns, and where its rows went."""
    for table in account.tables:
        first, last = table.header
        lines = f"第 {first} 行" if first == last else f"第 {first}～{last} 行"
        where = " ".join(filter(None, (table.sheet, f"表头在{lines}" if first else "")))
        by = {
            worded(BY[how]): [f"{m.title}→{m.column}" for m in table.matched if m.by == how]
            for how in ("synonym", "mapping", "proposed")
        }
        more = "".join(f"；按{how}：{'、'.join(some)}" for how, some in by.items() if some)
        said = f"{where}，{len(table.matched)} 列用到，{table.rows} 行{more}".lstrip("，")
        console.print(f"[bright_black]读入[/] {escape(said)}", highlight=False)
    fates = "，".join(f"{title} {rows}" for title, rows in account.told())
    console.print(f"[bright_black]去向[/] 共 {account.rows} 行：{escape(fates)}", highlight=False)
    for what, how in account.remarks():
        console.print(f"[bright_black]{escape(what)}[/] {escape(how)}", highlight=False)


def not_imported(path: Path, error: ZhunshengError) -> None:
    """Print why a file of several could not be imported."""
    console.print(f"[red]未导入[/] {escape(path.name)}：{escape(error.text())}")


def removed(batch: Batch) -> None:
    """Print what a removal took out and why."""
    console.print(
        f"[green]已删除[/] {ledger_of(batch.ledger).title} {batch.rows} 行：第 {batch.batch} 批次，"
        f"原因：{escape(batch.removes or '')}"
    )


def difference(found: Difference, name_of: Callable[[str], str]) -> None:
    """Print what changed between two states of a store: rows by ledger, then readings and scores."""
    before, after = found.before, found.after
    console.print(
        f"[bold]从第 {before.batch} 批次到第 {after.batch} 批次[/]，其间 {len(found.batches)} 个批次"
    )
    for b in found.batches:
        line = f"  {b.batch}  {told(b.when)}  {ledger_of(b.ledger).title}  {b.told}（{b.who}）"
        console.print(escape(line), highlight=False, style="bright_black")
    for one in found.ledgers:
        counts = "，".join(f"{KINDS[kind]} {n} 行" for kind, n in one.counts.items() if n)
        console.print(f"[bold]{one.ledger.title}[/]  {counts}")
        table = table_of("变化", "键", "列", "原值", "现值", "批次", "文件行")
        for row in one.rows:
            # A row that came or went is named; only of one that changed is every cell of interest.
            cells = row.cells if row.kind == "changed" else ()
            lines = [(c.column, _cell(c.before), _cell(c.after)) for c in cells] or [("", "", "")]
            place = (str(row.batch), row_place(row.sheet, row.row))
            for column, was, now in lines:
                table.add_row(KINDS[row.kind], *map(escape, (row.key, column, was, now, *place)))
        console.print(table)
        if (rest := sum(one.counts.values()) - len(one.rows)) > 0:
            console.print(f"…… 另有 {rest} 行，用 --limit 或 --output 列出", style="bright_black")
    if not found.ledgers:
        console.print("行没有变化。", style="bright_black")
    if found.readings:
        table = table_of("测度", "部门", "项目", "原值", "现值")
        for r in found.readings:
            table.add_row(
                r.name, escape(name_of(r.department)), escape(r.project or "合计"), r.before, r.after
            )
        console.print(table)
    elif found.ledgers:
        console.print("读数没有变化。", style="bright_black")
    if found.scores:
        table = table_of("目标表", "指标", "原得分", "现得分")
        for s in found.scores:
            table.add_row(escape(s.sheet), escape(s.indicator or "总分"), s.before, s.after)
        console.print(table)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    return "" if value is None else str(value)


def batches(found: Sequence[Batch], departments: Mapping[str, Department]) -> None:
    """Print the log of a store, two lines a batch; departments by the name of their time, with the code where
    another bears that name.
    """
    names = Counter(name for d in departments.values() for name in {name for _, name in d.names})
    undone = {b.undoes: b.batch for b in found if b.undoes is not None}
    for b in found:
        known = departments.get(b.department)
        name = b.label or (known.name if known else b.department)
        whose = f"{name}（{b.department}）" if names[name] > 1 else name
        head = (told(b.when), whose, ledger_of(b.ledger).title, b.told, f"（{b.who}）")
        console.print(f"[bold]{b.batch:>4}[/]  {escape('  '.join(head))}", highlight=False)
        counts = f"：新增 {b.inserted}，更新 {b.updated}，剔除 {b.rejected}" if b.imports else ""
        taken = f"；已由批次 {undone[b.batch]} 撤销" if b.batch in undone else ""
        held = f"定义 {b.defines}" if b.defines else f"{b.rows} 行{counts}"
        line = f"      {held}{taken}；摘要 {b.digest[:12]}"
        console.print(line, highlight=False, style="bright_black")
