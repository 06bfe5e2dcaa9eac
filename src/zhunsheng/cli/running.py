"""The commands that write everything: report, run, and the demonstration."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from zhunsheng import folders
from zhunsheng.cli import terminal
from zhunsheng.cli.arguments import (
    DEFAULT_STORE,
    AnswersFiles,
    AsJson,
    AsOf,
    AsOfBatch,
    BasesFile,
    Begun,
    DepartmentName,
    Documents,
    EngineName,
    EngineUrl,
    EvidenceOrFolder,
    JudgementFile,
    LayoutsFile,
    MappingFile,
    MeasureFiles,
    OutDir,
    PreviousFile,
    ReportedFile,
    SchemeFile,
    day,
)
from zhunsheng.cli.evaluating import Plan, end_unsound
from zhunsheng.cli.show import documents
from zhunsheng.cli.show import draws as show_draws
from zhunsheng.cli.show import results as show
from zhunsheng.errors import ZhunshengError
from zhunsheng.folders import Inputs
from zhunsheng.measures import Where
from zhunsheng.sample.demo import demo as make_demo
from zhunsheng.sample.draw import demo_draw
from zhunsheng.translation import series, worded
from zhunsheng.usecases.outputs import OUTPUTS

app = typer.Typer()


@app.command()
def report(
    files: Documents,
    evidence: EvidenceOrFolder = DEFAULT_STORE,
    as_of: AsOf = None,
    batch: AsOfBatch = None,
    out: OutDir = Path("zhunsheng-report"),
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="名称", help=f"只写哪些：{'、'.join(OUTPUTS)}；可以多个"),
    ] = None,
    department: DepartmentName = None,
    begun: Begun = None,
    mapping: MappingFile = None,
    judgements: JudgementFile = None,
    scheme: SchemeFile = None,
    measures: MeasureFiles = None,
    plan: Plan = "linear",
    reported: ReportedFile = None,
    layouts: LayoutsFile = None,
    answers: AnswersFiles = None,
    engine: EngineName = "duckdb",
    url: EngineUrl = None,
    as_json: AsJson = False,
) -> None:
    """写出官方表格、评价报告、总览网页和数据。"""
    unknown = [name for name in only or [] if name not in OUTPUTS]
    if unknown:
        raise ZhunshengError(
            "ZS-CL-01",
            detail=worded("没有“{name}”，可选：{known}", name=unknown[0], known=series(OUTPUTS)),
        )
    given = Inputs(
        files,
        evidence,
        day(as_of),
        department=department,
        mapping=mapping,
        judgements=judgements,
        scheme=scheme,
        measures=measures or (),
        mode=plan,
        where=Where(engine, url),
        since=day(begun) if begun else None,
        layouts=layouts,
        answers=answers or (),
        reported=reported,
        batch=batch,
    )
    with terminal.progress(quiet=as_json) as progress:
        done = folders.run(given, out, only=only or OUTPUTS, progress=progress)
    _told(done)
    if as_json:
        terminal.say_json({what: str(path) for what, path in done.files.items()})
    else:
        show.problems(done.problems)
        for what, path in done.files.items():
            terminal.console.print(f"{what}  {path}")
    end_unsound(done.problems)


@app.command()
def run(
    files: Documents,
    evidence: EvidenceOrFolder = DEFAULT_STORE,
    as_of: AsOf = None,
    out: OutDir = Path("zhunsheng-run"),
    department: DepartmentName = None,
    begun: Begun = None,
    mapping: MappingFile = None,
    judgements: JudgementFile = None,
    scheme: SchemeFile = None,
    measures: MeasureFiles = None,
    plan: Plan = "linear",
    previous: PreviousFile = None,
    reported: ReportedFile = None,
    layouts: LayoutsFile = None,
    answers: AnswersFiles = None,
    bases: BasesFile = None,
    engine: EngineName = "duckdb",
    url: EngineUrl = None,
    as_json: AsJson = False,
) -> None:
    """主任务：读取、审核、计算、监控、评分，写出全部结果并汇总。证据库被改动时退出码为 1。"""
    given = Inputs(
        files,
        evidence,
        day(as_of),
        department=department,
        mapping=mapping,
        judgements=judgements,
        scheme=scheme,
        measures=measures or (),
        mode=plan,
        where=Where(engine, url),
        since=day(begun) if begun else None,
        layouts=layouts,
        answers=answers or (),
        previous=previous,
        reported=reported,
        bases=bases,
    )
    with terminal.progress(quiet=as_json) as progress:
        done = folders.run(given, out, progress=progress)
    _told(done)
    if as_json:
        terminal.say_json(_data(done) | {"problems": list(done.problems)})
    else:
        show.run(done)
    end_unsound(done.problems)


@app.command()
def demo(
    out: OutDir = Path("zhunsheng-demo"),
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
        terminal.console.print(
            f"[bold]双随机抽查[/]  {drawn.frame} 户中抽 {drawn.drawn} 户，承诺摘要 {drawn.digest[:16]}…"
        )
        show_draws.checks(drawn.checks)
        terminal.console.print(f"公告、任务清单、抽查包和离线核验页在 {drawn.folder}")


def _told(done: folders.RunResult) -> None:
    """Say what of the documents nobody read or confirmed."""
    documents.unread(done.assessment.book)
    documents.waiting(done.assessment.book)


def _data(done: folders.RunResult) -> dict[str, Any]:
    """Return what a run wrote as data, with where its files lie."""
    data: dict[str, Any] = json.loads(done.files["全部数据（JSON）"].read_text("utf8"))
    return data | {"files": {k: str(v) for k, v in done.files.items()}}
