"""The commands themselves: each reads its options, calls one use case, and shows the answer."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from zhunsheng import __version__, folders
from zhunsheng.cli import show, show_draws, terminal
from zhunsheng.cli.arguments import day, whole_app
from zhunsheng.cli.draw_commands import draw_app
from zhunsheng.clock import told, zone
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Batch, Store, ledger_of, ledgers, write_template
from zhunsheng.intake import read_book
from zhunsheng.measures import (
    Link,
    Measure,
    catalogue,
    evidence_rows,
    match_book,
    match_projects,
    measure_of,
    read_all,
    write_mapping,
)
from zhunsheng.monitoring import PlanMode
from zhunsheng.regulations import Rules
from zhunsheng.review import review as review_book
from zhunsheng.review.sarif import sarif
from zhunsheng.sample.demo import demo as make_demo
from zhunsheng.sample.draw import demo_draw
from zhunsheng.targets import Book, json_schema
from zhunsheng.text import whole
from zhunsheng.usecases.assessing import (
    AssessedDepartment,
    Assessment,
    Evidence,
    assess,
    department_in,
    written_projects,
)
from zhunsheng.usecases.importing import import_ledger
from zhunsheng.usecases.outputs import OUTPUTS
from zhunsheng.usecases.result import run_of

app = whole_app()
ledger_app = typer.Typer(help="台账：模板、导入、批次、核验。", no_args_is_help=True)
app.add_typer(ledger_app, name="ledger")
app.add_typer(draw_app, name="draw")


class Mode(StrEnum):
    """How the spending plan is read between its dates."""

    linear = "linear"
    step = "step"


class Format(StrEnum):
    """How findings are printed."""

    text = "text"
    json = "json"
    sarif = "sarif"


Document = Annotated[Path, typer.Argument(metavar="文件", help="绩效目标文件（docx、xlsx、xls、html、txt）")]
Documents = Annotated[list[Path], typer.Argument(metavar="文件...", help="绩效目标文件，可以多个")]
AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON")]
EvidenceDir = Annotated[
    Path, typer.Option("--evidence", metavar="目录", help="证据库，或放着台账文件（xlsx、csv）的文件夹")
]
AsOf = Annotated[
    str | None, typer.Option("--as-of", metavar="日期", help="截至哪一天（含当日），如 2021-10-31；缺省为今天")
]
DepartmentOption = Annotated[
    str | None,
    typer.Option("--department", metavar="部门", help="部门代码、名称，或“代码=名称”；证据库里有多个部门时必填"),
]
MappingFile = Annotated[Path | None, typer.Option("--mapping", metavar="文件", help="指标与测度的对照文件（yaml）")]
JudgementFile = Annotated[
    Path | None, typer.Option("--judgements", metavar="文件", help="定性评定、偏差原因与说明（yaml）")
]
SchemeFile = Annotated[Path | None, typer.Option("--scheme", metavar="文件", help="本地评分方案（yaml），代替全国方案")]
MeasureFiles = Annotated[
    list[Path] | None, typer.Option("--measures", metavar="文件", help="本地测度文件（yaml），可以多个")
]
PlanOption = Annotated[
    Mode, typer.Option("--plan", metavar="方式", help="支出计划的读法：linear 按日推算，step 按时点分段")
]
StoreDir = Annotated[Path, typer.Option("--store", metavar="目录", help="证据库目录", envvar="ZHUNSHENG_STORE")]
DEFAULT_STORE = Path("zhunsheng-evidence")


@app.callback(invoke_without_command=True)
def root(version: Annotated[bool, typer.Option("--version", help="显示版本后退出")] = False) -> None:
    """准绳：读懂绩效目标，用台账证明，按现行规则评分，每个数都能追溯。"""
    if version:
        print(f"准绳 {__version__}")
        raise typer.Exit


@app.command()
def read(
    file: Document,
    as_json: AsJson = False,
    schema: Annotated[bool, typer.Option("--schema", help="输出 JSON 的格式定义（JSON Schema），不读内容")] = False,
    codes: Annotated[bool, typer.Option("--codes", help="同时列出目标表和指标的代码")] = False,
) -> None:
    """读取绩效目标文件，列出识别出的目标表、指标和存疑之处。"""
    if schema:
        terminal.say_json(json_schema())
        return
    book = read_book(file)
    if as_json:
        terminal.say_json(book.as_json())
    else:
        show.book(book, codes=codes)


@app.command()
def review(
    file: Document,
    format: Annotated[Format, typer.Option("--format", metavar="格式", help="text、json 或 sarif")] = Format.text,
    as_json: AsJson = False,
    previous: Annotated[
        Path | None, typer.Option("--previous", metavar="文件", help="上年的绩效目标文件，用于比较")
    ] = None,
) -> None:
    """审核绩效目标：在原文位置指出问题和改法；有错误时退出码为 1。"""
    book = read_book(file)
    show.unread(book)
    done = review_book(book, read_book(previous) if previous else None)
    if as_json or format is Format.json:
        terminal.say_json({"source": book.source.model_dump(), **done.as_json()})
    elif format is Format.sarif:
        terminal.say_json(sarif(done.findings, file.name))
    else:
        show.reviewed(done)
    if any(f.level == "error" for f in done.findings):
        raise typer.Exit(1)


@ledger_app.command("list")
def ledger_list(as_json: AsJson = False) -> None:
    """列出全部台账。"""
    if as_json:
        terminal.say_json([ledger.model_dump(mode="json") for ledger in ledgers().values()])
        return
    for ledger in ledgers().values():
        terminal.console.print(f"[bold]{ledger.id}[/]  {ledger.title}：{ledger.what}")


@ledger_app.command("template")
def ledger_template(
    ledger: Annotated[str, typer.Argument(metavar="台账", help="台账名，如 complaints 或 投诉举报台账；all 为全部")],
    out: Annotated[Path, typer.Option("--out", metavar="目录", help="写到哪个目录")] = Path(),
) -> None:
    """写出台账的 Excel 模板，带下拉列表、校验和填写说明。"""
    out.mkdir(parents=True, exist_ok=True)
    for one in ledgers().values() if ledger == "all" else [ledger_of(ledger)]:
        path = out / f"{one.title}-模板.xlsx"
        write_template(one, path)
        terminal.console.print(f"已写出 {path}")


@ledger_app.command("import")
def ledger_import(
    files: Annotated[list[Path], typer.Argument(metavar="文件...", help="台账文件（xlsx、xls、csv、parquet）")],
    store: StoreDir = DEFAULT_STORE,
    ledger: Annotated[str | None, typer.Option("--ledger", metavar="台账", help="台账名；缺省按表头判断")] = None,
    department: Annotated[
        str | None,
        typer.Option(
            "--department",
            metavar="部门",
            help="这些行属于哪个部门：代码、名称，或“代码=名称”（重名、更名时用）；缺省为证据库里唯一的部门",
        ),
    ] = None,
    good_rows: Annotated[bool, typer.Option("--good-rows", help="有不合格的行时，只导入合格的行")] = False,
    marked: Annotated[
        Path | None, typer.Option("--marked", metavar="目录", help="标注副本写到哪里；缺省与原文件同处")
    ] = None,
    who: Annotated[str | None, typer.Option("--who", metavar="姓名", help="导入人；缺省为登录用户")] = None,
    as_json: AsJson = False,
) -> None:
    """导入台账：逐行检查，全部合格才导入；有不合格的行时退出码为 1。"""
    chosen = ledger_of(ledger) if ledger else None
    whose = folders.department_to_write(store, department)
    cipher = folders.cipher_of(store)
    done = []
    with terminal.progress(quiet=as_json) as report:
        for n, path in enumerate(files):
            report(f"导入 {path.name}", n, len(files))
            done.append(
                import_ledger(
                    store,
                    path,
                    ledger=chosen,
                    department=whose.code,
                    label=whose.name,
                    good_rows=good_rows,
                    marked_in=marked,
                    who=who,
                    cipher=cipher,
                )
            )
    if as_json:
        terminal.say_json([d.as_json() for d in done])
    else:
        for one in done:
            show.imported(one)
    if any(one.batch is None for one in done):
        raise typer.Exit(1)


def _say_batches(found: Sequence[Batch], opened: Store, as_json: bool) -> None:
    if as_json:
        terminal.say_json([b.as_json() for b in found])
    else:
        show.batches(found, opened.departments())


@ledger_app.command("log")
def ledger_log(
    store: StoreDir = DEFAULT_STORE,
    department: Annotated[
        str | None, typer.Option("--department", metavar="部门", help="只列这个部门的批次：代码或名称")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", metavar="个数", min=1, help="只列最近的多少个批次")] = None,
    as_json: AsJson = False,
) -> None:
    """列出导入批次。"""
    opened = Store.existing(store)
    whose = folders.department_to_read(store, department)
    found = opened.batches(department=whose.code if whose else None, limit=limit)
    _say_batches(found, opened, as_json)


@ledger_app.command("departments")
def ledger_departments(store: StoreDir = DEFAULT_STORE, as_json: AsJson = False) -> None:
    """列出证据库里的部门：代码和历次名称。"""
    found = Store.existing(store).departments()
    if as_json:
        terminal.say_json([dataclasses.asdict(d) for d in found.values()])
        return
    for one in found.values():
        names = "，".join(f"{name}（{told(since)[:10]} 起）" for since, name in one.names)
        terminal.console.print(f"{one.code}  {names}", markup=False, highlight=False)


@ledger_app.command("undo")
def ledger_undo(
    batch: Annotated[int, typer.Argument(metavar="批次", help="要撤销的批次号，见 ledger log")],
    store: StoreDir = DEFAULT_STORE,
    as_json: AsJson = False,
) -> None:
    """用一个新批次撤销某个批次；什么也不删除，以前的状态仍可查到。"""
    opened = Store.existing(store)
    made = opened.undo(batch)
    if as_json:
        terminal.say_json(made.as_json())
    else:
        show.batches([made], opened.departments())


@ledger_app.command("migrate")
def ledger_migrate(
    store: StoreDir = DEFAULT_STORE,
    codes: Annotated[
        list[str] | None,
        typer.Option("--department", metavar="代码=名称", help="部门的代码，可以多个；没有写的按名称生成"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """把早先按部门名称存放的证据库改为按代码存放；每个台账一个批次，以前的状态仍可查到。"""
    given = {name: code for code, name in map(folders.stated_department, codes or ()) if name}
    opened = Store.existing(store)
    made = opened.migrate(given)
    _say_batches(made, opened, as_json)


@ledger_app.command("compact")
def ledger_compact(store: StoreDir = DEFAULT_STORE, as_json: AsJson = False) -> None:
    """把各台账的小文件合并；每个台账一个批次，数据不变，以前的状态仍可查到。"""
    opened = Store.existing(store)
    made = opened.compact()
    _say_batches(made, opened, as_json)


@ledger_app.command("verify")
def ledger_verify(
    store: StoreDir = DEFAULT_STORE,
    head: Annotated[
        str | None, typer.Option("--head", metavar="摘要", help="另处记下的最后批次摘要，用来发现被截去的批次")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="批次", help="只核验这个批次之后的：批次号，或另处记下的摘要（以它为准）"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """核验证据库：批次首尾相接、文件未被改动；不成立时退出码为 1。只读，不写任何文件。"""
    opened = Store.existing(store)
    number_of = whole(since or "", 11)
    start = since if number_of is None else number_of
    problems = opened.verify(head, since=start)
    number, last = opened.verified_head() if not problems else (0, "")
    if as_json:
        terminal.say_json({"sound": not problems, "problems": problems, "batch": number, "head": last})
    elif problems:
        for problem in problems:
            terminal.console.print(f"[red]不符[/] {problem}")
    else:
        scope = f"从批次 {since[:16]} 之后起，" if since else ""
        terminal.console.print(f"[green]相符[/] {scope}核验到第 {number} 个批次，最后批次的摘要 {last}")
    if problems:
        raise typer.Exit(1)


@app.command()
def measure(
    name: Annotated[str | None, typer.Argument(metavar="测度", help="测度名或别名；缺省为全部")] = None,
    evidence: EvidenceDir = DEFAULT_STORE,
    as_of: AsOf = None,
    year: Annotated[int | None, typer.Option("--year", metavar="年度", help="年度；缺省为截至日的年度")] = None,
    rows: Annotated[bool, typer.Option("--rows", help="列出测度涉及的行（个人信息已遮盖）")] = False,
    limit: Annotated[int, typer.Option("--limit", metavar="行数", help="最多列出多少行")] = 50,
    by: Annotated[str | None, typer.Option("--by", metavar="列", help="按这一列下钻，如 district")] = None,
    batch: Annotated[int | None, typer.Option("--batch", metavar="批次", help="按这个批次时的证据库计算")] = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="时间", help="按这一时间的证据库计算，如 2021-10-31T12:00:00+08:00")
    ] = None,
    match: Annotated[
        Path | None, typer.Option("--match", metavar="文件", help="列出目标文件的指标与测度的对应")
    ] = None,
    department: DepartmentOption = None,
    mapping: MappingFile = None,
    write: Annotated[
        Path | None, typer.Option("--write-mapping", metavar="文件", help="把对应写成对照文件，供核对确认")
    ] = None,
    measures: MeasureFiles = None,
    listing: Annotated[bool, typer.Option("--list", help="列出全部测度的定义")] = False,
    as_json: AsJson = False,
) -> None:
    """由台账计算指标，可列出每一行、下钻、回到较早的版本。"""
    known = catalogue(measures or ())
    if match is not None:
        _match(match, evidence, department, mapping, write, known, as_json, day(as_of))
        return
    chosen = list(known.values()) if name is None else [measure_of(name, known)]
    if listing:
        if as_json:
            terminal.say_json([m.model_dump(mode="json", by_alias=True) for m in chosen])
        else:
            for m in chosen:
                terminal.console.print(f"[bold]{m.id}[/]  {m.name}（{m.unit}）：{m.formula}")
        return
    until = day(as_of)
    opened = Evidence.of(Store.existing(evidence), batch=batch, at=_moment(at), measures=measures or ())
    place = folders.department_to_read(evidence, department)
    if rows and len(chosen) == 1:
        listed = evidence_rows(
            chosen[0],
            opened.engine,
            opened.snapshot,
            year or until.year,
            until,
            limit=limit,
            department=place.code if place else None,
        )
        if as_json:
            terminal.say_json([dataclasses.asdict(r) for r in listed])
        else:
            show.rows(listed)
        return
    if by is not None and (len(chosen) != 1 or by not in chosen[0].drill):
        allowed = "、".join(chosen[0].drill) if len(chosen) == 1 else ""
        raise ZhunshengError("ZS-CL-01", detail=f"--by 要与一个测度同用，可用的列：{allowed or '（先指明测度）'}")
    only = {place.code} if place else None
    values = read_all(chosen, opened.engine, opened.snapshot, year or until.year, until, by, departments=only)
    found_readings = sorted(values.values(), key=lambda r: (r.measure, r.department, r.project or ""))
    if as_json:
        terminal.say_json([r.as_json() for r in found_readings])
    else:
        called = {code: opened.snapshot.name_of(code) for code in {r.department for r in found_readings}}
        show.readings(found_readings, {m.id: m.name for m in chosen}, called)


def _match(
    document: Path,
    evidence: Path,
    department: str | None,
    mapping: Path | None,
    write: Path | None,
    known: dict[str, Measure],
    as_json: bool,
    as_of: date,
) -> None:
    """Show, and with ``write`` write down, which measures prove a document's indicators and which projects are its sheets'."""
    book = folders.read_books([document])
    show.unread(book)
    links = folders.load_mapping(mapping, known, book)
    found = match_book(book, known, links)
    projects = []
    if (evidence / "batches").is_dir():
        opened = Evidence.of(Store.existing(evidence))
        place = folders.department_to_read(evidence, department) or department_in(book, opened.snapshot)
        if place is not None:
            years = {s.year or as_of.year for s in book.sheets}
            readings = [opened.read(year, as_of, place.code) for year in years]
            projects = match_projects(book, written_projects(readings, place.code), links)
    if write is not None:
        write_mapping(write, book, found, projects)
    if as_json:
        terminal.say_json([dataclasses.asdict(m) for m in found])
    else:
        show.matches(found, book)
        show.projects(projects, book)


@dataclasses.dataclass(frozen=True)
class _Asked:
    """What a command that assesses was given."""

    book: Book
    evidence: Evidence
    as_of: date
    department: AssessedDepartment | None
    links: list[Link]
    rules: Rules
    problems: tuple[str, ...]


def _ask(
    files: list[Path],
    evidence: Path,
    as_of: str | None,
    department: str | None,
    mapping: Path | None,
    scheme: Path | None,
    measures: list[Path] | None,
) -> _Asked:
    book, until = folders.read_books(files), day(as_of)
    show.unread(book)
    store = Store.existing(evidence)
    problems = tuple(store.verify(current=True))
    opened = Evidence.of(store, measures=measures or ())
    links = folders.load_mapping(mapping, opened.measures, book)
    place = folders.department_to_read(evidence, department)
    return _Asked(book, opened, until, place, links, folders.rules_of(book, until, scheme), problems)


def _sound(problems: Sequence[str]) -> None:
    """End with 1 where figures rest on a store whose files are not those that were imported."""
    if problems:
        raise typer.Exit(1)


def _assess(asked: _Asked, judgements: Path | None, plan: Mode) -> Assessment:
    return assess(
        asked.book,
        asked.evidence,
        asked.as_of,
        department=asked.department,
        links=asked.links,
        judgements=folders.load_judgements(judgements, asked.rules.monitoring(asked.as_of).causes),
        rules=asked.rules,
        mode=_mode(plan),
    )


@app.command()
def monitor(
    files: Documents,
    evidence: EvidenceDir = DEFAULT_STORE,
    as_of: AsOf = None,
    department: DepartmentOption = None,
    mapping: MappingFile = None,
    judgements: JudgementFile = None,
    measures: MeasureFiles = None,
    plan: PlanOption = Mode.linear,
    as_json: AsJson = False,
) -> None:
    """运行监控：资金对照支出计划，指标对照时序，给出预计和预警。"""
    asked = _ask(files, evidence, as_of, department, mapping, None, measures)
    found = _assess(asked, judgements, plan)
    if as_json:
        data = run_of(found, asked.evidence).as_json()
        keep = ("sheet", "kind", "project", "money", "indicators")
        terminal.say_json(
            {
                **{k: v for k, v in data.items() if k not in ("book", "results")},
                "results": [{k: r[k] for k in keep} for r in data["results"]],
                "problems": list(asked.problems),
            }
        )
    else:
        show.problems(asked.problems)
        for result in found.results:
            show.checkpoint(result.checkpoint)
    _sound(asked.problems)


@app.command()
def evaluate(
    files: Documents,
    evidence: EvidenceDir = DEFAULT_STORE,
    as_of: AsOf = None,
    department: DepartmentOption = None,
    mapping: MappingFile = None,
    judgements: JudgementFile = None,
    scheme: SchemeFile = None,
    measures: MeasureFiles = None,
    reported: Annotated[Path | None, typer.Option("--reported", metavar="文件", help="上报的自评表，用来复核")] = None,
    as_json: AsJson = False,
) -> None:
    """绩效自评：按现行方案评分，逐项说明；加 --reported 则复核上报的自评。有差异或证据库被改动时退出码为 1。"""
    asked = _ask(files, evidence, as_of, department, mapping, scheme, measures)
    found = _assess(asked, judgements, Mode.linear)
    rechecked = []
    if reported:
        rechecked = folders.recheck(
            reported, found, asked.book, asked.evidence, asked.as_of, asked.links, asked.rules
        )
    if as_json:
        run = run_of(found, asked.evidence).as_json()
        terminal.say_json(run | {"recheck": [r.as_json() for r in rechecked], "problems": list(asked.problems)})
    else:
        show.problems(asked.problems)
        for result in found.results:
            show.card(result.card, final=found.final)
        show.rechecked(rechecked)
    _sound(asked.problems)
    if any(r.differences for r in rechecked):
        raise typer.Exit(1)


@app.command()
def report(
    files: Documents,
    evidence: EvidenceDir = DEFAULT_STORE,
    as_of: AsOf = None,
    out: Annotated[Path, typer.Option("--out", metavar="目录", help="写到哪个目录")] = Path("zhunsheng-report"),
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="名称", help=f"只写哪些：{'、'.join(OUTPUTS)}；可以多个"),
    ] = None,
    department: DepartmentOption = None,
    mapping: MappingFile = None,
    judgements: JudgementFile = None,
    scheme: SchemeFile = None,
    measures: MeasureFiles = None,
    plan: PlanOption = Mode.linear,
    reported: Annotated[Path | None, typer.Option("--reported", metavar="文件", help="上报的自评表，用来复核")] = None,
    as_json: AsJson = False,
) -> None:
    """写出官方表格、评价报告、总览网页和数据。"""
    unknown = [name for name in only or [] if name not in OUTPUTS]
    if unknown:
        raise ZhunshengError("ZS-CL-01", detail=f"没有“{unknown[0]}”，可选：{'、'.join(OUTPUTS)}")
    with terminal.progress(quiet=as_json) as progress:
        done = folders.run(
            files,
            evidence,
            day(as_of),
            out,
            department=department,
            mapping=mapping,
            judgements=judgements,
            scheme=scheme,
            measures=measures or (),
            mode=_mode(plan),
            reported=reported,
            only=only or OUTPUTS,
            progress=progress,
        )
    if as_json:
        terminal.say_json({what: str(path) for what, path in done.files.items()})
    else:
        show.problems(done.problems)
        for what, path in done.files.items():
            terminal.console.print(f"{what}  {path}")
    _sound(done.problems)


@app.command()
def run(
    files: Documents,
    evidence: EvidenceDir = DEFAULT_STORE,
    as_of: AsOf = None,
    out: Annotated[Path, typer.Option("--out", metavar="目录", help="写到哪个目录")] = Path("zhunsheng-run"),
    department: DepartmentOption = None,
    mapping: MappingFile = None,
    judgements: JudgementFile = None,
    scheme: SchemeFile = None,
    measures: MeasureFiles = None,
    plan: PlanOption = Mode.linear,
    previous: Annotated[Path | None, typer.Option("--previous", metavar="文件", help="上年的绩效目标文件")] = None,
    reported: Annotated[Path | None, typer.Option("--reported", metavar="文件", help="上报的自评表，用来复核")] = None,
    as_json: AsJson = False,
) -> None:
    """主任务：读取、审核、计算、监控、评分，写出全部结果并汇总。证据库被改动时退出码为 1。"""
    with terminal.progress(quiet=as_json) as progress:
        done = folders.run(
            files,
            evidence,
            day(as_of),
            out,
            department=department,
            mapping=mapping,
            judgements=judgements,
            scheme=scheme,
            measures=measures or (),
            mode=_mode(plan),
            previous=previous,
            reported=reported,
            progress=progress,
        )
    show.unread(done.assessment.book)
    if as_json:
        terminal.say_json(_data(done) | {"problems": list(done.problems)})
    else:
        show.run(done)
    _sound(done.problems)


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", metavar="目录", help="写到哪个目录")] = Path("zhunsheng-demo"),
    entities: Annotated[
        int, typer.Option("--entities", metavar="户数", min=100, help="市场主体户数，其他台账随之增减")
    ] = 30_000,
    seed: Annotated[int, typer.Option("--seed", metavar="整数", help="随机种子；相同则数据相同")] = 2021,
    as_of: AsOf = "2022-02-28",
    as_json: AsJson = False,
) -> None:
    """生成一个虚构的区局，走完从目标到复核的一年。"""
    with terminal.progress(quiet=as_json) as progress:
        done = make_demo(out, entities=entities, seed=seed, as_of=day(as_of), progress=progress)
        progress("双随机抽查", 0, 1)
        drawn = demo_draw(out / "results" / "抽查", out / "results" / "evidence", seed)
    if as_json:
        checks = [dataclasses.asdict(c) for c in drawn.checks]
        terminal.say_json(_data(done) | {"draw": {"drawn": drawn.drawn, "checks": checks}})
    else:
        show.run(done)
        terminal.console.print()
        terminal.console.print(f"[bold]双随机抽查[/]  {drawn.frame} 户中抽 {drawn.drawn} 户，承诺摘要 {drawn.digest[:16]}…")
        show_draws.checks(drawn.checks)
        terminal.console.print(f"公告、任务清单、抽查包和离线核验页在 {drawn.folder}")


def _data(done: folders.RunResult) -> dict[str, Any]:
    """Return what a run wrote as data, with where its files lie."""
    data: dict[str, Any] = json.loads(done.files["全部数据（JSON）"].read_text("utf8"))
    return data | {"files": {k: str(v) for k, v in done.files.items()}}


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ZhunshengError("ZS-CL-01", detail=f"“{text}”不是时间，应写成 2021-10-31T12:00:00+08:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone())


def _mode(plan: Mode) -> PlanMode:
    return "step" if plan is Mode.step else "linear"


if os.environ.get("NO_COLOR"):
    terminal.console.no_color = True
