"""How documents of targets look in a terminal: what was read, what was found in review."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from rich.markup import escape

from zhunsheng.cli.terminal import console, errors
from zhunsheng.cli.terminal import table as table_of
from zhunsheng.clock import month_day
from zhunsheng.intake.answers import LEFT, RIGHT
from zhunsheng.intake.layouts import FIELDS, UNUSED
from zhunsheng.intake.recognition.confirmed import TableRead
from zhunsheng.review import LEVELS, STATES, Finding, Review
from zhunsheng.targets import Book
from zhunsheng.targets.doubts import grouped, must_confirm, said_of, words_of
from zhunsheng.usecases.many_documents import Reading
from zhunsheng.wording import plain, wan

# What a terminal shows of a document: laying out every character of it can take longer than reading it.
LISTED = 2_000  # indicators
LONGEST = 300  # characters of one text
NAMED = 50  # places of pictures
_LEVELS = {"error": "bold red", "warning": "dark_orange3", "note": "bright_black"}


def unread(found: Book) -> None:
    """Say on stderr how many pictures of the document nobody read, and where."""
    pictures = [u for u in found.unsure if u.field == "picture"]
    if pictures:
        where = "、".join(u.place.label() if u.place else "" for u in pictures[:NAMED])
        where += "等" if len(pictures) > NAMED else ""
        errors.print(f"[dark_orange3]注意[/] 文件里有 {len(pictures)} 张图片没有读：{escape(where)}")


def waiting(found: Book) -> None:
    """Say on stderr how much of the documents nobody confirmed, that it isn't scored, and how to confirm."""
    if count := sum(map(must_confirm, found.unsure)):
        errors.print(
            f"[dark_orange3]注意[/] 有 {count} 处读得没有把握，还没有核对，所涉的指标和资金不计分："
            "请用 zhunsheng read 文件 --save-answers 核对单.yaml 逐处写出，"
            "核对、署名后加 --answers 核对单.yaml",
            soft_wrap=True,
        )


def answers(count: int, path: Path) -> None:
    """Say on stderr that doubts were written to be answered, and how."""
    errors.print(
        f"{count} 处须核对的已写入 {escape(str(path))}：请对照原文件逐处填 answer"
        f"（读对了填“{RIGHT}”，没有读出又不缺的填“{LEFT}”，读错了填对的写法），"
        "在 answered_by 写上核对人，再加 --answers 使用",
        soft_wrap=True,
    )


def unconfirmed(count: int) -> None:
    """Say on stderr that layouts of a file are not used, for nobody confirmed them."""
    errors.print(f"[dark_orange3]注意[/] 有 {count} 个版式还没有人确认（没有 confirmed_by），没有按它们读")


def tables(found: Sequence[TableRead], path: Path) -> None:
    """Print on stderr what the columns of tables are, each with some of its cells, to be confirmed in a file
    of layouts.
    """
    for number, one in enumerate(found, start=1):
        errors.print()
        how = "已确认" if one.layout else "已读入" if one.read else "没有读入"
        errors.print(f"[bold]表{number}[/]  {escape(one.place.label())}  {how}")
        table = table_of("表头", "作", "格里的字")
        for column in one.columns:
            what = str(FIELDS[column.field]) if column.field else UNUSED
            table.add_row(escape(column.head), what, escape("、".join(column.samples)))
        errors.print(table)
    errors.print()
    errors.print(
        f"各表的列已写入 {escape(str(path))}，请改正各列、在 confirmed_by 填上确认人，再用 --layouts 读取"
    )


def reading(one: Reading) -> None:
    """Print what became of one document among many, in a line."""
    if one.error:
        console.print(f"{escape(one.path)}  [red]{escape(one.said)}[/]", soft_wrap=True)
        return
    line = f"{escape(one.path)}  {one.sheets} 张目标表  {one.indicators} 个指标"
    doubts = f"  [dark_orange3]须核对 {one.asked} 处[/]" if one.asked else ""
    doubts += f"  [bright_black]说明 {one.told} 处[/]" if one.told else ""
    console.print(line + doubts, soft_wrap=True)


def readings(read: Sequence[Reading]) -> None:
    """Print how many documents were read and what was in them."""
    good = [one for one in read if not one.error]
    open = sum(bool(one.asked) for one in good)
    sheets, indicators = sum(one.sheets for one in good), sum(one.indicators for one in good)
    console.print(
        f"共 {len(read)} 个文件，读出 {len(good)} 个（{sheets} 张目标表、{indicators} 个指标），"
        f"{len(read) - len(good)} 个没有读出" + (f"；{open} 个有须核对之处" if open else ""),
        soft_wrap=True,
    )


def book(found: Book, *, codes: bool = False) -> None:
    """Print what was read from a document; with ``codes`` the codes of sheets and indicators too. Of a long
    one the beginning, and how much more there is.
    """
    left = LISTED
    for sheet in found.sheets:
        if left < 0:
            break
        kind = "部门整体" if sheet.kind == "department" else "项目"
        head = f"[bold]{escape(sheet.title())}[/]  {kind}  {sheet.year or '年度不详'}"
        if sheet.budget.total is not None:
            head += f"  预算 {wan(sheet.budget.total)}"
        console.print()
        console.print(head)
        if sheet.spending_plan.steps:
            steps = "  ".join(
                f"{month_day(s.by)} {plain(s.cumulative * 100)}%" for s in sheet.spending_plan.steps
            )
            console.print(f"支出计划  {steps}", style="bright_black")
        for goal in sheet.goals:
            console.print(f"{_said(goal.title or '目标')}  {_said(goal.text)}", style="bright_black")
        if codes:
            console.print(f"代码  {sheet.id}", style="bright_black")
        levels = [n for n in ("level1", "level2") if any(getattr(i, n) for i in sheet.indicators)]
        titles = {"level1": "一级", "level2": "二级"}
        first = ("代码",) if codes else ()
        table = table_of(*first, *(titles[n] for n in levels), "指标", "指标值", "读作", "位置")
        for i in sheet.indicators[:left]:
            read = f"[green]{_said(i.reads)}[/]" if i.target.op != "unread" else "[red]未读出[/]"
            table.add_row(
                *((i.id,) if codes else ()),
                *(_said(getattr(i, n) or "") for n in levels),
                *map(_said, (i.name, i.target.raw)),
                read,
                i.place.label() if i.place else "",
            )
        console.print(table)
        left -= max(1, len(sheet.indicators))
    count = sum(len(sheet.indicators) for sheet in found.sheets)
    if left < 0 or len(found.sheets) > LISTED:
        console.print()
        console.print(
            f"共 {len(found.sheets)} 张目标表、{count} 个指标，以上只列出前 {LISTED} 个；加 --json 得到全部"
        )
    unread(found)
    doubts(found)


def _said(text: str) -> str:
    """Return a text for the terminal: of a long one its beginning, and how long it is."""
    return escape(text if len(text) <= LONGEST else f"{text[:LONGEST]}…（共 {len(text)} 字）")


def doubts(found: Book) -> None:
    """Print what is doubtful at the end: what must be confirmed, then what is told, and how many of each."""
    counts = []
    for asked, those in grouped(found.unsure):
        word, style = ("须核对", "dark_orange3") if asked else ("说明", "bright_black")
        console.print()
        console.print(f"[bold]{word}[/]")
        for one in those[:LISTED]:
            of = found.sheets[one.sheet] if one.sheet is not None else None
            whose = f"“{escape(of.title())}”" if of and len(found.sheets) > 1 else ""
            where = one.place.label() if one.place else "全文"
            parts = (words_of(one, of), _quoted(said_of(one)[:40]))
            said = f"{escape(' '.join(part for part in parts if part))}：{escape(one.why)}"
            console.print(f"  [{style}]{escape(where)}[/]{whose}  {said}")
        if len(those) > LISTED:
            console.print(f"  另有 {len(those) - LISTED} 处；加 --json 得到全部")
        counts.append(f"{word} {len(those)} 处")
    if counts:
        console.print()
        console.print(f"[bold]{'，'.join(counts)}[/]")


def _quoted(text: str) -> str:
    """Return a text of the document in quotation marks, where it has none of its own."""
    return text if text.startswith("“") or not text else f"“{text}”"


def _where(found: Finding) -> str:
    return found.place.label() if found.place else "全文"


def reviewed(done: Review) -> None:
    """Print review findings by sheet, errors and warnings at their place with what to do, hints by rule in
    a line; then the counts of levels and states, and the verdict.
    """
    found = done.findings
    for _, these in groupby(found, key=lambda f: f.sheet):
        told = list(these)
        console.print()
        console.print(f"[bold]{escape(told[0].sheet_name)}[/]")
        for f in told:
            if f.level != "note":
                console.print(
                    f"  [{_LEVELS[f.level]}]{LEVELS[f.level]}[/] {f.code} {_where(f)}  {escape(f.title)}："
                    f"{escape(f.message)}"
                )
                rests = "；".join(escape(one.words()) for one in f.basis)
                console.print(f"       {escape(f.mend)}依据：{rests}", style="bright_black")
        hints = [f for f in told if f.level == "note"]
        for code in sorted({f.code for f in hints}):
            those = [f for f in hints if f.code == code]
            said = "；".join(f"{_where(f)} {escape(f.message)}" for f in those)
            console.print(f"  [{_LEVELS['note']}]{LEVELS['note']} {code} {escape(those[0].title)}：{said}[/]")
    counts = "  ".join(
        f"[{_LEVELS[level]}]{LEVELS[level]} {sum(f.level == level for f in found)}[/]"
        for level in ("error", "warning", "note")
    )
    console.print()
    console.print(counts)
    console.print("  ".join(f"{word} {done.counts[state]}" for state, word in STATES.items()))
    by_want: dict[str, list[str]] = {}
    for duty in done.among("cannot_judge"):
        for want in duty.missing:
            by_want.setdefault(f"{duty.sheet_name}：缺{want}", []).append(duty.rule)
    for want, rules in by_want.items():
        console.print(f"  判断不了  {escape(want)}  {escape('、'.join(rules))}", style="bright_black")
    for duty in done.among("not_run"):
        console.print(f"  还没查  {escape(duty.sheet_name)}  {duty.rule}  {escape(duty.why)}", style="red")
    console.print(f"[bold]{escape(done.verdict())}[/]")
