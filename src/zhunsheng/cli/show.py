"""How answers look in a terminal: books, batches, readings, scores; those on a draw are in ``show_draws``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from rich.markup import escape
from rich.panel import Panel

from zhunsheng.cli.terminal import console, errors
from zhunsheng.cli.terminal import table as table_of
from zhunsheng.clock import told
from zhunsheng.evaluation import Scorecard
from zhunsheng.evaluation.recheck import KIND_WORDS
from zhunsheng.evaluation.scoring import OPEN_WORD, VERDICT_WORDS
from zhunsheng.evidence import Batch, Department
from zhunsheng.folders import RunResult
from zhunsheng.measures import EvidenceRow, Match, ProjectMatch, Reading, show_number
from zhunsheng.measures.matching import STATUS_WORDS
from zhunsheng.monitoring import BY_TIME, LIGHT_WORDS, MODE_WORDS, Checkpoint, Light
from zhunsheng.outcomes import Outcome, forecast_text, marks
from zhunsheng.reports.forms import basis_words, grade_words, range_words, share, total_words, wan
from zhunsheng.review import LEVELS, STATES, Review
from zhunsheng.targets import Book
from zhunsheng.usecases.assessing import Assessment
from zhunsheng.usecases.importing import Imported
from zhunsheng.usecases.rechecking import Rechecked
from zhunsheng.wording import plain

_LIGHTS: dict[Light, str] = {
    "green": "bold white on green4",
    "yellow": "bold black on gold3",
    "red": "bold white on red3",
    "grey": "white on grey42",
}
_LEVELS = {"error": "bold red", "warning": "dark_orange3", "note": "bright_black"}
_VERDICTS = {
    "met": "green",
    "over": "dark_orange3",
    "missed": "red",
    "judged": "green",
    "pending": "bright_black",
    "nothing": "red",
    "early": "bright_black",
    "check": "dark_orange3",
}


def lamp(light: Light) -> str:
    """Return a light as coloured words."""
    return f"[{_LIGHTS[light]}] {LIGHT_WORDS[light]} [/]"


def unread(found: Book) -> None:
    """Say on stderr how many pictures of the document nobody read, and where."""
    pictures = [u for u in found.unsure if u.field == "picture"]
    if pictures:
        where = "、".join(u.place.label() if u.place else "" for u in pictures)
        errors.print(f"[dark_orange3]注意[/] 文件里有 {len(pictures)} 张图片没有读：{escape(where)}")


def book(found: Book, *, codes: bool = False) -> None:
    """Print what was read from a document; with ``codes`` the codes of sheets and indicators too."""
    for sheet in found.sheets:
        kind = "部门整体" if sheet.kind == "department" else "项目"
        head = f"[bold]{escape(sheet.title())}[/]  {kind}  {sheet.year or '年度不详'}"
        if sheet.budget.total is not None:
            head += f"  预算 {wan(sheet.budget.total)}"
        console.print()
        console.print(head)
        if sheet.spending_plan.steps:
            steps = "  ".join(f"{s.by:%m月%d日} {plain(s.cumulative * 100)}%" for s in sheet.spending_plan.steps)
            console.print(f"支出计划  {steps}", style="bright_black")
        for goal in sheet.goals:
            console.print(f"{escape(goal.title or '目标')}  {escape(goal.text)}", style="bright_black")
        if codes:
            console.print(f"代码  {sheet.id}", style="bright_black")
        levels = [n for n in ("level1", "level2") if any(getattr(i, n) for i in sheet.indicators)]
        titles = {"level1": "一级", "level2": "二级"}
        first = ("代码",) if codes else ()
        table = table_of(*first, *(titles[n] for n in levels), "指标", "指标值", "读作", "位置")
        for i in sheet.indicators:
            read = "[red]未读出[/]" if i.target.op == "unread" else f"[green]{escape(i.aim.text())}[/]"
            table.add_row(
                *((i.id,) if codes else ()),
                *(escape(getattr(i, n) or "") for n in levels),
                *map(escape, (i.name, i.target.raw)),
                read,
                i.place.label() if i.place else "",
            )
        console.print(table)
    unread(found)
    for unsure in found.unsure:
        where = unsure.place.label() if unsure.place else ""
        console.print(f"[dark_orange3]存疑[/] {where} “{escape(unsure.text[:40])}”：{escape(unsure.why)}")


def reviewed(done: Review) -> None:
    """Print review findings by sheet, at their place, then the counts of levels and states, and the verdict."""
    found = done.findings
    sheet = None
    for f in found:
        if f.sheet != sheet:
            sheet = f.sheet
            console.print()
            console.print(f"[bold]{escape(f.sheet_name)}[/]")
        where = f.place.label() if f.place else "全文"
        console.print(
            f"  [{_LEVELS[f.level]}]{LEVELS[f.level]}[/] {f.code} {where}  {escape(f.title)}：{escape(f.message)}"
        )
        console.print(f"       {escape(f.mend)}", style="bright_black")
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


def imported(done: Imported) -> None:
    """Print the outcome of one import."""
    name = escape(done.file)
    if done.batch and done.new:
        b = done.batch
        console.print(
            f"[green]已导入[/] {name} → {done.ledger.title}：第 {b.batch} 批次，新增 {b.inserted} 行，更新 {b.updated} 行"
        )
        if b.named:
            new = "、".join(f"{named}（代码 {code}）" for code, named in b.named.items())
            console.print(f"[dark_orange3]新登记的部门[/] {escape(new)}：部门列写的，证据库里原来没有。如是笔误，请撤销第 {b.batch} 批次，改正后再导入")
    elif done.batch:
        console.print(f"[bright_black]未变化[/] {name}：第 {done.batch.batch} 批次已导入过这个文件")
    else:
        console.print(f"[red]未导入[/] {name}：{done.rows} 行中有 {done.bad_rows} 行不合格")
    for said in done.notes:
        console.print(f"[dark_orange3]请留意[/] {escape(said)}")
    if done.errors:
        table = table_of("行", "列", "内容", "问题")
        for e in done.errors[:20]:
            table.add_row(str(e.row), escape(e.column), escape(e.value), escape(e.message))
        console.print(table)
        if len(done.errors) > 20:
            console.print(f"…… 共 {len(done.errors)} 处", style="bright_black")
        console.print(f"标注了错误的副本：{escape(str(done.marked))}")


def batches(found: Sequence[Batch], departments: Mapping[str, Department]) -> None:
    """Print the log of a store; departments by the name of their time, with the code where another bears that name."""
    names = Counter(name for d in departments.values() for name in {name for _, name in d.names})
    table = table_of("批次", "部门", "台账", "文件", "行", "新增", "更新", "剔除", "谁", "何时", "摘要")
    for b in found:
        numbers = map(str, (b.rows, b.inserted, b.updated, b.rejected))
        name = b.label or b.department
        said = f"{name}（{b.department}）" if names[name] > 1 else name
        table.add_row(
            str(b.batch), escape(said), b.ledger, escape(b.file), *numbers, escape(b.who), told(b.when), b.digest[:12]
        )
    console.print(table)


def readings(found: Sequence[Reading], names: dict[str, str], departments: Mapping[str, str]) -> None:
    """Print readings with numerator and denominator."""
    table = table_of("测度", "部门", "项目", "值", "分子", "分母", "截至", "批次")
    for r in found:
        interval = f"（{r.interval[0]}–{r.interval[1]}%）" if r.interval else ""
        numerator = "" if r.numerator is None else f"{r.numerator:f}"
        table.add_row(
            names[r.measure],
            escape(departments.get(r.department, r.department)),
            escape(r.project or "合计"),
            r.text() + interval,
            numerator,
            str(r.denominator),
            str(min(r.as_of, date(r.year, 12, 31))),
            str(r.batch),
        )
    console.print(table)


def rows(found: Sequence[EvidenceRow]) -> None:
    """Print the rows behind a measure."""
    if not found:
        console.print("没有行。", style="bright_black")
        return
    # What is the same in every row, or hidden as personal, only makes the table wider; --json has all of it.
    titles = [t for t in found[0].values if t != "部门" and any(r.values[t] is not None for r in found)]
    titles = [t for t in titles if not all(str(r.values[t] or "**").endswith("**") for r in found)]
    files = {r.file for r in found}
    if len(files) == 1:
        console.print(escape(found[0].file), style="bright_black")
    several = len(files) > 1
    table = table_of("计入", *(("文件",) if several else ()), "行", *titles)
    for r in found:
        cells = [
            "是"
            if r.values[t] is True
            else "否"
            if r.values[t] is False
            else ""
            if r.values[t] is None
            else str(r.values[t])
            for t in titles
        ]
        table.add_row(
            "[green]✓[/]" if r.hit else "[red]✗[/]",
            *((escape(r.file),) if several else ()),
            str(r.row),
            *map(escape, cells),
        )
    console.print(table)


def matches(found: Sequence[Match], of: Book) -> None:
    """Print which measure proves which indicator, sheet by sheet."""
    for n, sheet in enumerate(of.sheets):
        console.print()
        console.print(f"[bold]{escape(sheet.title())}[/]")
        table = table_of("指标", "测度代码", "状态", "说明")
        for m in found:
            if m.sheet == n:
                name = escape(sheet.indicators[m.indicator].name)
                table.add_row(name, m.measure or "—", STATUS_WORDS[m.status], escape(m.why))
        console.print(table)


def projects(found: Sequence[ProjectMatch], of: Book) -> None:
    """Print which projects of the ledgers belong to which sheet."""
    listed = [(s, m) for s, m in zip(of.sheets, found, strict=False) if s.kind == "project"]
    if listed:
        console.print()
        console.print("[bold]台账中的项目[/]")
    for sheet, match in listed:
        keys = "、".join(match.keys) or "没有"
        console.print(f"{escape(sheet.title())}：{escape(keys)}（{escape(match.why)}）")


def _due(found: Checkpoint) -> str:
    planned = found.sheet.spending_plan.steps
    return f"{'计划' if planned else ''}应达 {share(found.money.expected)}{'' if planned else f'（{BY_TIME}）'}"


def checkpoint(found: Checkpoint) -> None:
    """Print where a sheet stands."""
    money = found.money
    known = () if money.expected is None else (money.expected,)
    console.print()
    console.print(f"[bold]{escape(found.sheet.title())}[/]  截至 {found.as_of}")
    console.print(
        f"资金  {lamp(money.light)} 已支付 {wan(money.paid) or '—'} / 预算 {wan(money.adjusted) or '—'}，执行 {share(money.actual, known)}，{_due(found)}，全年预计 {share(money.forecast)}"
    )
    planned = found.sheet.spending_plan.steps
    console.print(f"{MODE_WORDS[money.mode] if planned else BY_TIME}；{money.method}", style="bright_black")
    table = table_of("指标", "目标", "完成值", "应达", "全年预计", "预警", "可能性", "办法")
    for s in found.indicators:
        i = found.sheet.indicators[s.indicator]
        unit = i.aim.unit or ""
        expected = f"{show_number(s.expected)}{unit}" if s.expected is not None else "—"
        forecast = forecast_text(s.forecast, i)
        table.add_row(
            escape(i.name),
            escape(i.words()),
            escape(s.outcome.text) + _marks(s.outcome),
            expected,
            forecast,
            lamp(s.light),
            s.likelihood or "—",
            s.method,
        )
    console.print(table)


def card(found: Scorecard, *, final: bool) -> None:
    """Print a scorecard."""
    console.print()
    state = "" if final else "（未满年度，阶段测算）"
    console.print(
        f"[bold]{escape(found.sheet.title())}[/]  [bold cyan]{range_words(found.range)}[/] 分  {total_words(found)}{state}"
    )
    console.print(basis_words(found), style="bright_black")
    table = table_of("指标", "目标", "完成值", "得分", "满分", "怎样得出")
    for s in found.scores:
        i = found.sheet.indicators[s.indicator]
        how = escape(s.how) + (f"\n[dark_orange3]{escape(s.asks)}[/]" if s.asks else "")
        result = f"[{_VERDICTS[s.verdict]}]{escape(s.outcome.text if s.outcome else '—')}[/]{_marks(s.outcome)}"
        table.add_row(escape(i.name), escape(i.words()), result, _points(s.shown), _points(s.points), how)
    if found.projects_points:
        said = "；".join(f"{name} {range_words(r)} 分" for name, _, r in found.projects)
        came = _came_to(found.projects_score, found.projects_open)
        table.add_row("所属项目", "", "", came, _points(found.projects_points), escape(said))
    e = found.execution
    came = _points(None) if e.shown is None else _came_to(e.score, e.open)
    table.add_row("预算执行率", "100%", share(e.rate, found.scheme.caps), came, _points(e.points), escape(e.how))
    console.print(table)
    for note in found.notes:
        console.print(escape(note), style="bright_black")
    console.print(f"依据：{'；'.join(dict.fromkeys((found.scheme.citation, *found.citations)))}", style="bright_black")


def _points(value: Decimal | None) -> str:
    """Return points to the hundredth, so that a column of them lines up; 待定 where they are not decided."""
    return OPEN_WORD if value is None else f"{value:.2f}"


def _came_to(score: Decimal, waiting: Decimal) -> str:
    """Return what was earned so far and what may still come."""
    return f"{_points(score)}\n[bright_black]{OPEN_WORD} {_points(waiting)}[/]" if waiting else _points(score)


def _marks(outcome: Outcome | None) -> str:
    """Return a line for each mark that stands beside a result."""
    return "".join(f"\n[dark_orange3]{escape(m)}[/]" for m in marks(outcome))


def rechecked(found: Sequence[Rechecked], *, brief: bool = False) -> None:
    """Print the differences of a re-check; ``brief`` leaves the explanations to the page."""
    for one in found:
        console.print()
        console.print(f"[bold]复核：{escape(one.sheet)}[/]  {len(one.differences)} 处差异")
        table = table_of("差异", "指标", "所报", "复核", *(() if brief else ("说明",)))
        for d in one.differences:
            why = () if brief else (escape(d.why),)
            table.add_row(KIND_WORDS[d.kind], escape(d.indicator), escape(d.reported), escape(d.recomputed), *why)
        if one.differences:
            console.print(table)
        if one.undecided:
            names = "、".join(u.indicator for u in one.undecided)
            console.print(f"只凭台账和批复判断不了：{escape(names)}", style="bright_black")


def problems(found: Sequence[str]) -> None:
    """Print what a check of the store found, before any figure that rests on it."""
    for problem in found:
        console.print(f"[bold red]证据库核验未通过：[/]{escape(problem)}。下面的数据依据已被改动的文件算出，不能作准")


def run(result: RunResult) -> None:
    """Print the summary of the main job."""
    assessment: Assessment = result.assessment
    for done in result.imports:
        imported(done)
    console.print()
    state = "" if assessment.final else "（未满年度，得分为阶段测算）"
    console.print(
        Panel(
            f"[bold]{escape(assessment.department.name)}[/]  截至 {assessment.as_of}{state}\n证据库第 {assessment.snapshot.batch} 批次，摘要 {assessment.snapshot.digest[:16]}",
            expand=False,
        )
    )
    problems(result.problems)
    table = table_of("目标表", "得分", "等级", "执行率", "资金", "绿", "黄", "红", "待填", "错误", "警告", "提示")
    for r in assessment.results:
        lights = [
            str(sum(s.light == light for s in r.checkpoint.indicators) or "")
            for light in ("green", "yellow", "red", "grey")
        ]
        levels = [str(sum(f.level == level for f in r.findings) or "") for level in ("error", "warning", "note")]
        styled = [
            f"[{c}]{n}[/]" if n else ""
            for n, c in zip(lights, ("green", "dark_orange3", "red", "bright_black"), strict=True)
        ]
        table.add_row(
            escape(r.sheet.title()),
            f"[bold]{range_words(r.card.range)}[/]",
            grade_words(r.card),
            share(r.checkpoint.money.actual, r.card.scheme.caps),
            lamp(r.checkpoint.money.light),
            *styled,
            *levels,
        )
    console.print(table)
    console.print("得分依据")
    for r in assessment.results:
        said = basis_words(r.card).removeprefix("得分依据：")
        console.print(f"  {escape(r.sheet.title())}：{escape(said)}", style="bright_black")
    console.print()
    attention = table_of("要关注的指标", "目标", "完成值", "判断", "得分", "满分")
    for r in assessment.results:
        for s in r.card.scores:
            if s.verdict != "met":
                i = r.sheet.indicators[s.indicator]
                attention.add_row(
                    escape(i.name),
                    escape(i.words()),
                    escape(s.outcome.text if s.outcome else "—") + _marks(s.outcome),
                    f"[{_VERDICTS[s.verdict]}]{VERDICT_WORDS[s.verdict]}[/]",
                    _points(s.shown),
                    _points(s.points),
                )
    if attention.row_count:
        console.print(attention)
    waiting = [m for r in assessment.results for m in r.matches if m.status != "confirmed"]
    if waiting:
        counts = {status: sum(m.status == status for m in waiting) for status in ("proposed", "weak", "none")}
        said = "，".join(f"{STATUS_WORDS[k]} {n} 个" for k, n in counts.items() if n)  # type: ignore[index]
        console.print(
            f"指标与测度的对应：{said}。核对办法：zhunsheng measure --match 文件 --write-mapping 对照.yaml",
            style="bright_black",
        )
    for r in assessment.results:
        if r.project.proposals:
            console.print(f"{escape(r.sheet.title())}：{escape(r.project.why)}", style="dark_orange3")
    rechecked(result.rechecked, brief=True)
    console.print()
    console.print("[bold]结果[/]")
    listing = table_of("", "")
    listing.show_header = False
    for what, path in result.files.items():
        listing.add_row(f"  {what}", escape(str(path)))
    console.print(listing)
    page = result.files.get("绩效总览（网页）")
    if page:
        console.print(f"用浏览器打开 [bold]{escape(str(page))}[/] 查看总览；表格用 Excel、Word 或 WPS 打开。")


