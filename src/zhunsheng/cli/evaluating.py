"""The commands that assess and show: monitor, evaluate."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from zhunsheng import folders
from zhunsheng.cli import terminal
from zhunsheng.cli.arguments import (
    DEFAULT_STORE,
    AnswersFiles,
    AsJson,
    AsOf,
    Begun,
    DepartmentName,
    Documents,
    EngineName,
    EngineUrl,
    EvidenceDir,
    JudgementFile,
    LayoutsFile,
    MappingFile,
    MeasureFiles,
    OtherSchemes,
    ReportedFile,
    SchemeFile,
    day,
)
from zhunsheng.cli.show import documents
from zhunsheng.cli.show import results as show
from zhunsheng.clock import today
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Store
from zhunsheng.folders import Inputs
from zhunsheng.measures import Link, Where
from zhunsheng.monitoring import PlanMode
from zhunsheng.usecases.assessing import Assessed
from zhunsheng.usecases.calculating import calculate
from zhunsheng.usecases.comparing_schemes import by_schemes
from zhunsheng.usecases.opened_evidence import Evidence
from zhunsheng.usecases.result import run_of

app = typer.Typer()
Plan = Annotated[
    PlanMode, typer.Option("--plan", metavar="方式", help="支出计划的读法：linear 按日推算，step 按时点分段")
]


def _assess(given: Inputs) -> tuple[Assessed, Evidence, list[Link], tuple[str, ...]]:
    """Return what ``folders.assessed`` does, and what a check of the store found."""
    book = given.book()
    documents.unread(book)
    documents.waiting(book)
    store = Store.existing(given.evidence)
    problems = tuple(store.verify(current=True))
    return *folders.assessed(given, book, store), problems


def end_unsound(problems: Sequence[str]) -> None:
    """End with 1 where figures rest on a store whose files are not those that were imported."""
    if problems:
        raise typer.Exit(1)


@app.command()
def monitor(
    files: Documents,
    evidence: EvidenceDir = DEFAULT_STORE,
    as_of: AsOf = None,
    department: DepartmentName = None,
    begun: Begun = None,
    mapping: MappingFile = None,
    judgements: JudgementFile = None,
    measures: MeasureFiles = None,
    plan: Plan = "linear",
    layouts: LayoutsFile = None,
    answers: AnswersFiles = None,
    engine: EngineName = "duckdb",
    url: EngineUrl = None,
    as_json: AsJson = False,
) -> None:
    """运行监控：资金对照支出计划，指标对照时序，给出预计和预警。"""
    given = Inputs(
        files,
        evidence,
        day(as_of),
        department=department,
        mapping=mapping,
        judgements=judgements,
        measures=measures or (),
        mode=plan,
        where=Where(engine, url),
        since=day(begun) if begun else None,
        layouts=layouts,
        answers=answers or (),
    )
    found, used, _, problems = _assess(given)
    if as_json:
        data = run_of(found, used).as_json()
        keep = ("sheet", "kind", "project", "money", "indicators")
        terminal.say_json(
            {
                **{k: v for k, v in data.items() if k not in ("book", "results")},
                "results": [{k: r[k] for k in keep} for r in data["results"]],
                "problems": list(problems),
            }
        )
    else:
        show.problems(problems)
        for result in found.results:
            show.checkpoint(result.checkpoint)
    end_unsound(problems)


@app.command()
def evaluate(
    files: Documents,
    evidence: EvidenceDir = DEFAULT_STORE,
    as_of: AsOf = None,
    department: DepartmentName = None,
    begun: Begun = None,
    mapping: MappingFile = None,
    judgements: JudgementFile = None,
    scheme: SchemeFile = None,
    beside: OtherSchemes = None,
    measures: MeasureFiles = None,
    reported: ReportedFile = None,
    layouts: LayoutsFile = None,
    answers: AnswersFiles = None,
    engine: EngineName = "duckdb",
    url: EngineUrl = None,
    as_json: AsJson = False,
) -> None:
    """绩效自评：按现行方案评分，逐项说明；加 --reported 则复核上报的自评，加 --beside 则并列另一方案的得分。

    复核有差异时退出码为 1。
    """
    given = Inputs(
        files,
        evidence,
        day(as_of),
        department=department,
        mapping=mapping,
        judgements=judgements,
        scheme=scheme,
        measures=measures or (),
        where=Where(engine, url),
        since=day(begun) if begun else None,
        layouts=layouts,
        answers=answers or (),
    )
    found, used, links, problems = _assess(given)
    rechecked = folders.recheck(given.beside(reported), found, used, links) if reported else []
    others = by_schemes(found, [folders.scheme_at(one) for one in beside or ()])
    if as_json:
        run = run_of(found, used).as_json()
        more = {"beside": [o.as_json() for o in others]} if beside else {}
        terminal.say_json(
            run | {"recheck": [r.as_json() for r in rechecked], **more, "problems": list(problems)}
        )
    else:
        show.problems(problems)
        for result in found.results:
            show.card(result.card, final=found.final)
        show.beside(others)
        show.rechecked(rechecked)
    end_unsound(problems)
    if any(r.differences for r in rechecked):
        raise typer.Exit(1)


@app.command()
def score() -> None:
    """试算：标准输入每行一个 JSON（指标、完成值、分值），逐行答得分、结论和理由；须由人定的得分为空。"""
    for line in sys.stdin:
        case = line.strip().removeprefix("\ufeff")  # which editors set before a file's first line
        if case:
            print(json.dumps(_scored(case), ensure_ascii=False), flush=True)


def _scored(line: str) -> dict[str, Any]:
    """Return what a case came to; one that can't be read is answered in its line, and the others go on."""
    try:
        return calculate(line, today().year).as_json()
    except ZhunshengError as error:
        return {"score": None, "verdict": None, "pending": error.text(), "explanation": error.text()}
