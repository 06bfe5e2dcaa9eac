"""How the results of a year look in a terminal: checkpoints, scorecards, re-checks, the summary of a run."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from rich.markup import escape
from rich.panel import Panel

from zhunsheng.cli.show.ledgers import imported
from zhunsheng.cli.terminal import console
from zhunsheng.cli.terminal import table as table_of
from zhunsheng.evaluation import Scorecard
from zhunsheng.evaluation.recheck import KIND_WORDS
from zhunsheng.evaluation.scorecard import OPEN_WORD, VERDICT_WORDS
from zhunsheng.folders import RunResult
from zhunsheng.measures import show_number
from zhunsheng.measures.matching import STATUS_WORDS
from zhunsheng.monitoring import BY_TIME, LIGHT_WORDS, MODE_WORDS, Light, MonitoredSheet
from zhunsheng.outcomes import Outcome, between, forecast_text, marks
from zhunsheng.reports.forms import basis_words, grade_words, range_words, share, total_words
from zhunsheng.usecases.assessing import Assessed
from zhunsheng.usecases.comparing_schemes import Beside
from zhunsheng.usecases.rechecking import Rechecked
from zhunsheng.wording import wan

_LIGHTS: dict[Light, str] = {
    "green": "bold white on green4",
    "yellow": "bold black on gold3",
    "red": "bold white on red3",
    "grey": "white on grey42",
}
_VERDICTS = {
    "met": "green",
    "over": "dark_orange3",
    "explain": "dark_orange3",
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


def _due(found: MonitoredSheet) -> str:
    planned = found.sheet.spending_plan.steps
    return (
        f"{'计划' if planned else ''}应达 {share(found.money.expected)}{'' if planned else f'（{BY_TIME}）'}"
    )


def checkpoint(found: MonitoredSheet) -> None:
    """Print where a sheet stands."""
    money = found.money
    known = () if money.expected is None else (money.expected,)
    console.print()
    console.print(f"[bold]{escape(found.sheet.title())}[/]  截至 {found.as_of}")
    console.print(
        f"资金  {lamp(money.light)} 已支付 {wan(money.paid) or '—'} / 预算 {wan(money.adjusted) or '—'}，"
        f"执行 {share(money.actual, known)}，{_due(found)}，全年预计 {share(money.forecast)}"
    )
    planned = found.sheet.spending_plan.steps
    console.print(f"{MODE_WORDS[money.mode] if planned else BY_TIME}；{money.method}", style="bright_black")
    table = table_of("指标", "目标", "完成值", "应达", "全年预计", "预警", "可能性", "还须做的；怎样推算")
    for s in found.indicators:
        i = found.sheet.indicators[s.indicator]
        unit = i.aim.unit or ""
        expected = f"{show_number(s.expected)}{unit}" if s.expected is not None else "—"
        forecast = forecast_text(s.forecast, i)
        if ends := between(s, i):
            forecast = f"{forecast}\n{ends}"
        table.add_row(
            escape(i.name),
            escape(i.words()),
            escape(s.outcome.text) + _marks(s.outcome),
            expected,
            forecast,
            lamp(s.light),
            s.likelihood or "—",
            "\n".join(filter(None, (s.task, s.method))),
        )
    console.print(table)


def card(found: Scorecard, *, final: bool) -> None:
    """Print a scorecard."""
    console.print()
    state = "" if final else "（未满年度，阶段测算）"
    console.print(
        f"[bold]{escape(found.sheet.title())}[/]  [bold cyan]{range_words(found.range)}[/] 分  "
        f"{total_words(found)}{state}"
    )
    console.print(basis_words(found), style="bright_black")
    table = table_of("指标", "目标", "完成值", "得分", "满分", "怎样得出")
    for s in found.scores:
        i = found.sheet.indicators[s.indicator]
        how = escape(s.how) + (f"\n[dark_orange3]{escape(s.asks)}[/]" if s.asks else "")
        result = (
            f"[{_VERDICTS[s.verdict]}]{escape(s.outcome.text if s.outcome else '—')}[/]{_marks(s.outcome)}"
        )
        table.add_row(escape(i.name), escape(i.words()), result, _points(s.shown), _points(s.points), how)
    if found.projects_points:
        said = "；".join(f"{name} {range_words(r)} 分" for name, _, r in found.projects)
        came = _came_to(found.projects_score, found.projects_open)
        table.add_row("所属项目", "", "", came, _points(found.projects_points), escape(said))
    e = found.execution
    came = _points(None) if e.shown is None else _came_to(e.score, e.open)
    table.add_row(
        "预算执行率", "100%", share(e.rate, found.scheme.caps), came, _points(e.points), escape(e.how)
    )
    console.print(table)
    for note in found.notes:
        console.print(escape(note), style="bright_black")
    console.print(
        f"依据：{'；'.join(dict.fromkeys((found.scheme.citation, *found.citations)))}", style="bright_black"
    )


def _points(value: Decimal | None) -> str:
    """Return points to the hundredth, so that a column of them lines up; 待定 where they are not decided."""
    return OPEN_WORD if value is None else f"{value:.2f}"


def _of(score: Decimal | None, points: Decimal) -> str:
    return f"{_points(score)}/{points:f}"


def _came_to(score: Decimal, waiting: Decimal) -> str:
    """Return what was earned so far and what may still come."""
    return f"{_points(score)}\n[bright_black]{OPEN_WORD} {_points(waiting)}[/]" if waiting else _points(score)


def _marks(outcome: Outcome | None) -> str:
    """Return a line for each mark that stands beside a result."""
    return "".join(f"\n[dark_orange3]{escape(m)}[/]" for m in marks(outcome))


def beside(found: Sequence[Beside]) -> None:
    """Print each sheet by other schemes beside its own, with the rows that move."""
    for title in dict.fromkeys(one.own.sheet.title() for one in found):
        same = [one for one in found if one.own.sheet.title() == title]
        own = same[0].own
        console.print()
        console.print(f"[bold]各方案并列：{escape(title)}[/]")
        table = table_of("方案", "总分", "等级", "变动的分（本方案 → 该方案）")
        table.add_row(escape(own.scheme.name), range_words(own.range), grade_words(own), "本方案")
        for one in same:
            rows = [
                f"{escape(m.name)} {_of(m.score, m.points)} → {_of(m.other_score, m.other_points)}"
                + (f"（{escape(m.why)}）" if m.why else "")
                for m in one.moved()
            ]
            unsure = "（未核实）" if one.card.scheme.status == "unverified" else ""
            table.add_row(
                escape(one.card.scheme.name) + unsure,
                range_words(one.card.range),
                grade_words(one.card),
                "\n".join(rows) or "不变",
            )
        console.print(table)


def rechecked(found: Sequence[Rechecked], *, brief: bool = False) -> None:
    """Print the differences of a re-check; ``brief`` leaves the explanations to the page."""
    for one in found:
        console.print()
        console.print(f"[bold]复核：{escape(one.sheet)}[/]  {len(one.differences)} 处差异")
        table = table_of("差异", "指标", "所报", "复核", *(() if brief else ("说明",)))
        for d in one.differences:
            why = () if brief else (escape(d.why),)
            table.add_row(
                KIND_WORDS[d.kind], escape(d.indicator), escape(d.reported), escape(d.recomputed), *why
            )
        if one.differences:
            console.print(table)
        if one.undecided:
            names = "、".join(u.indicator for u in one.undecided)
            console.print(f"只凭台账和批复判断不了：{escape(names)}", style="bright_black")


def problems(found: Sequence[str]) -> None:
    """Print what a check of the store found, before any figure that rests on it."""
    for problem in found:
        console.print(
            f"[bold red]证据库核验未通过：[/]{escape(problem)}。下面的数据依据已被改动的文件算出，不能作准"
        )


def run(result: RunResult) -> None:
    """Print the summary of the main job."""
    assessment: Assessed = result.assessment
    for done in result.imports:
        imported(done, brief=True)
    console.print()
    state = "" if assessment.final else "（未满年度，得分为阶段测算）"
    console.print(
        Panel(
            f"[bold]{escape(assessment.department.name)}[/]  截至 {assessment.as_of}{state}\n"
            f"证据库第 {assessment.snapshot.batch} 批次，摘要 {assessment.snapshot.digest[:16]}",
            expand=False,
        )
    )
    problems(result.problems)
    _overview(assessment)
    _attention(assessment)
    _mapping(assessment)
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


def _overview(assessment: Assessed) -> None:
    """Print a row a sheet: score, grade, money, lights, findings; and what each score rests on."""
    table = table_of(
        "目标表", "得分", "等级", "执行率", "资金", "绿", "黄", "红", "待填", "错误", "警告", "提示"
    )
    for r in assessment.results:
        lights = [
            str(sum(s.light == light for s in r.checkpoint.indicators) or "")
            for light in ("green", "yellow", "red", "grey")
        ]
        levels = [
            str(sum(f.level == level for f in r.findings) or "") for level in ("error", "warning", "note")
        ]
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


def _attention(assessment: Assessed) -> None:
    """Print the indicators that did not simply meet their target."""
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


def _mapping(assessment: Assessed) -> None:
    """Say what nobody confirmed yet of which measures prove what, and of which projects are a sheet's."""
    waiting = [m for r in assessment.results for m in r.matches if m.status != "confirmed"]
    if waiting:
        counts = {k: sum(m.status == k for m in waiting) for k in STATUS_WORDS if k != "confirmed"}
        said = "，".join(f"{STATUS_WORDS[k]} {n} 个" for k, n in counts.items() if n)
        console.print(
            f"指标与测度的对应：{said}。核对办法：zhunsheng measure --match 文件 --write-mapping 对照.yaml",
            style="bright_black",
        )
    for r in assessment.results:
        if r.project.proposals:
            console.print(f"{escape(r.sheet.title())}：{escape(r.project.why)}", style="dark_orange3")
