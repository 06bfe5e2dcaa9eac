"""The commands of a draw: commit, seed, run, verify, results, overdue."""

from __future__ import annotations

import dataclasses
import secrets
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from zhunsheng import draw_folders
from zhunsheng.cli import stamps, terminal
from zhunsheng.cli.arguments import (
    AnnouncedDigest,
    AsJson,
    BundleFile,
    LogFile,
    OutDir,
    announced,
    day,
    store_folder,
)
from zhunsheng.cli.show import draws as show
from zhunsheng.clock import told
from zhunsheng.draws.assignment import districts_of
from zhunsheng.draws.bundle import read_part
from zhunsheng.draws.codes import odd_codes
from zhunsheng.draws.engines import Kind
from zhunsheng.draws.own_proof import PROVES, PROVES_NOT
from zhunsheng.draws.protocol import refuse_too_large
from zhunsheng.draws.randomness import plain_numbers
from zhunsheng.draws.reading import read_inspectors, read_plan
from zhunsheng.draws.results import overdue
from zhunsheng.draws.slips import slip as slip_digest
from zhunsheng.draws.staffing import idle, recusals
from zhunsheng.draws.strata import untouched
from zhunsheng.draws.verdicts import verdict
from zhunsheng.draws.verification import conclusion
from zhunsheng.errors import ZhunshengError
from zhunsheng.translation import worded
from zhunsheng.usecases import own_proofs
from zhunsheng.usecases.draw_vectors import run_vectors
from zhunsheng.usecases.drawing import engines, frames, logs, running, sealing, verifying
from zhunsheng.usecases.drawing.listing import list_draw

app = typer.Typer(name="draw", help="双随机抽查：承诺、种子、抽取、核验、结果。", no_args_is_help=True)
app.add_typer(stamps.app)
Folder = Annotated[Path, typer.Argument(metavar="目录", help="承诺时写出的目录")]
FrameFile = Annotated[
    Path | None, typer.Option("--frame", metavar="文件", help="名录库（csv、parquet 或公布的 frame.tsv）")
]
PublishedFile = Annotated[
    Path | None, typer.Option("--frame", metavar="文件", help="公布的名录库（frame.tsv）")
]
MemoryLimit = Annotated[
    str | None, typer.Option("--memory-limit", metavar="大小", help="内存上限，如 1GB；超出时写临时文件")
]
EngineName = Annotated[
    Kind, typer.Option("--engine", metavar="引擎", help="在哪里抽取：duckdb（本机）、postgres 或 spark")
]
Url = Annotated[
    str | None,
    typer.Option("--url", metavar="地址", help="postgresql://用户@主机/数据库 或 spark://主机:端口"),
]
Table = Annotated[
    str | None,
    typer.Option("--table", metavar="表", help="PostgreSQL 里已有的名录库（列 id、stratum）；缺省由程序传入"),
]


@app.command("template")
def template(out: OutDir) -> None:
    """写出方案、检查人员名录和名录库的样本，照着改成自己的。"""
    for path in draw_folders.write_template(out):
        terminal.console.print(f"已写出 {path}")


@app.command("commit")
def commit(
    plan: Annotated[Path, typer.Argument(metavar="方案", help="抽查方案（yaml）")],
    inspectors: Annotated[Path, typer.Option("--inspectors", metavar="文件", help="检查人员名录（yaml）")],
    out: OutDir,
    frame: FrameFile = None,
    evidence: Annotated[
        Path | None,
        typer.Option(
            "--evidence",
            metavar="目录",
            help="证据库，用其中的市场主体台账作名录库",
            parser=store_folder,
        ),
    ] = None,
    on: Annotated[
        str | None, typer.Option("--on", metavar="日期", help="以哪一天在册的为准；缺省为今天")
    ] = None,
    where: Annotated[
        str | None, typer.Option("--where", metavar="条件", help="只取符合条件的主体，如 \"type = '企业'\"")
    ] = None,
    memory_limit: MemoryLimit = None,
    as_json: AsJson = False,
) -> None:
    """作出承诺：名录库、检查人员和方案的摘要，须在随机数公布之前公布。"""
    draw_folders.refuse_held(out)
    source = frames.FrameSource(frame, evidence, day(on) if on else None, where)
    committed, digest = draw_folders.commit_draw(plan, inspectors, out, source, memory_limit=memory_limit)
    kept = read_plan(out / "plan.json")
    allotted = kept.allotted(committed["strata"])
    spared = untouched(allotted)
    if as_json:
        said = {"digest": digest, **committed, "allotted": allotted}
        terminal.say_json(
            {**said, "untouched": [{"stratum": s["stratum"], "size": s["size"]} for s in spared]}
        )
        return
    show.strata(allotted)
    show.untouched(spared)
    people = read_inspectors(out / "inspectors.json")  # as it is committed
    show.register(recusals(people), idle(kept, districts_of(kept, committed["strata"]), people))
    show.odd_codes(*odd_codes(out / "frame.tsv"))
    try:
        refuse_too_large(kept, committed["strata"])
    except ZhunshengError as error:
        terminal.console.print(
            f"[dark_orange3]注意[/] {escape(error.text())}只能用 zhunsheng draw list 写出名单，不能生成抽查包"
        )
    total = sum(n["quota"] for n in committed["strata"].values())
    terminal.console.print(
        f"名录库 {committed['frame']['count']} 户，{len(committed['strata'])} 层，将抽 {total} 户"
    )
    terminal.console.print(f"随机数的来源 {escape(verdict(kept).text())}")
    terminal.console.print(f"请立即公布承诺摘要：[bold]{digest}[/]")
    terminal.console.print(f"承诺、名录库和方案在 {out}")


@app.command("seed")
def seed(
    folder: Folder,
    first: Annotated[Path, typer.Option("--first", metavar="文件", help="第一人的录入（yaml：by、values）")],
    second: Annotated[Path, typer.Option("--second", metavar="文件", help="第二人的录入")],
) -> None:
    """录入随机数：两人分别录入，一致才生效。"""
    sealed = draw_folders.seal_draw(folder, first, second)
    terminal.console.print(f"种子 [bold]{sealed['seed']}[/]")
    said = verdict(read_plan(folder / "plan.json"), sealed["values"])
    terminal.console.print(f"随机数的来源 [bold]{said.mark}[/]：{escape(said.says)}")


@app.command("slip")
def slip(number: Annotated[str, typer.Argument(metavar="数", help="写在封条上的数，如 0731")]) -> None:
    """给现场报数的人做一张封条：盐和摘要。开封前只交出摘要，数和盐自己留着。"""
    # As entries are read, or what was sealed could never be opened.
    sealed, salt = plain_numbers(number), secrets.token_hex(16)
    terminal.console.print(f"数　 {sealed}\n盐　 {salt}\n摘要 [bold]{slip_digest(salt, sealed)}[/]")
    if sealed != number:
        terminal.console.print("封的是上面这个数（半角数字），请照它写在封条上。")


@app.command("slips")
def slips(
    folder: Folder,
    handed: Annotated[list[str], typer.Argument(metavar="摘要", help="各人封条的摘要，按方案里报数人的次序")],
) -> None:
    """登记现场报数的封条：开封之前，登记一次，不能换。"""
    made, digest = sealing.record_slips(folder, handed)
    terminal.console.print(f"{told(made['sealed_at'])} 已登记 {len(made['slips'])} 张封条")
    terminal.console.print(f"请在开封之前公布封存摘要：[bold]{digest}[/]")


@app.command("run")
def run(
    folder: Folder,
    evidence: Annotated[
        Path | None,
        typer.Option(
            "--evidence", metavar="目录", help="证据库，用来在任务清单上写出名称", parser=store_folder
        ),
    ] = None,
    memory_limit: MemoryLimit = None,
    engine: EngineName = "duckdb",
    url: Url = None,
    table: Table = None,
    no_tasks: Annotated[bool, typer.Option("--no-tasks", help="不写任务清单和检查记录表")] = False,
    as_json: AsJson = False,
) -> None:
    """抽取并分派，写出抽查包、公告和任务清单。"""
    outcome = running.run_draw(
        folder,
        evidence,
        memory_limit,
        where=engines.Where(engine, url, table),
        tasks=not no_tasks,
        told=lambda words: terminal.errors.print(words, markup=False, soft_wrap=True),
        faced=True,
    )
    drawn = [d for d in outcome.drawn if not d.reserve]
    if as_json:
        terminal.say_json(
            {"drawn": len(drawn), "reserve": len(outcome.drawn) - len(drawn), "seed": outcome.sealed["seed"]}
        )
        return
    terminal.console.print(
        f"抽中 {len(drawn)} 户，候补 {len(outcome.drawn) - len(drawn)} 户，分派给 "
        f"{len(set(outcome.teams.values()))} 组"
    )
    terminal.console.print(f"抽查包、公告{'' if no_tasks else '、任务清单'}和核验页在 {folder}")


@app.command("list")
def listing(
    folder: Folder,
    out: Annotated[
        Path, typer.Option("--out", metavar="文件", help="写成哪个文件（.xlsx、.csv 或 .parquet）")
    ],
    memory_limit: MemoryLimit = None,
    engine: EngineName = "duckdb",
    url: Url = None,
    table: Table = None,
) -> None:
    """只写抽中名单（Excel、csv 或 Parquet），用于全国、全省的大规模抽取。"""
    if out.suffix.lower() not in (".parquet", ".csv", ".xlsx"):
        raise ZhunshengError("ZS-CL-01", detail=worded("--out 的文件名应以 .xlsx、.csv 或 .parquet 结尾"))
    count = list_draw(folder, out, memory_limit, where=engines.Where(engine, url, table))
    terminal.console.print(f"已写出 {count} 户：{out}")


@app.command("verify")
def verify(
    bundle: BundleFile,
    frame: PublishedFile = None,
    expected: AnnouncedDigest = None,
    memory_limit: MemoryLimit = None,
    as_json: AsJson = False,
) -> None:
    """核验抽查包：全部重算，说明哪些相符、哪些不符；有不符时退出码为 1。"""
    found = verifying.verify_bundle(bundle, frame, announced(expected), memory_limit)
    if as_json:
        terminal.say_json([dataclasses.asdict(c) for c in found])
    else:
        show.checks(found)
        terminal.console.print(conclusion(found), markup=False, soft_wrap=True)
    if any(c.holds is False for c in found):
        raise typer.Exit(1)


@app.command("proof")
def proof(
    folder: Folder,
    codes: Annotated[list[str], typer.Argument(metavar="代码", help="统一社会信用代码，可以几个")],
    out: OutDir = Path(),
    as_json: AsJson = False,
) -> None:
    """给出各对象自己的在册证明：在不在名录库、号码、抽中没有。有不在名录库中的，退出码为 1。"""
    told_ = own_proofs.write_proofs(folder, codes, out)
    if as_json:
        rows = [{**dataclasses.asdict(own), "file": str(path) if path else None} for own, path in told_]
        terminal.say_json([{**row, "says": own.says()} for row, (own, _) in zip(rows, told_, strict=True)])
    else:
        show.own_proofs(told_)
        if (folder / "seed.json").is_file():
            plan_, values = read_plan(folder / "plan.json"), read_part(folder / "seed.json")["values"]
            terminal.console.print(f"随机数的来源 {escape(verdict(plan_, values).text())}")
    if any(path is None for _, path in told_):
        raise typer.Exit(1)


@app.command("check-proof")
def check_proof(
    file: Annotated[Path, typer.Argument(metavar="在册证明", help="在册证明-代码.json")],
    bundle: Annotated[
        Path,
        typer.Option(
            "--bundle", metavar="文件", help="公布的抽查包.zip；还没有抽取的，用公布的 commitment.json"
        ),
    ],
    expected: AnnouncedDigest = None,
    as_json: AsJson = False,
) -> None:
    """核对一份在册证明，不需要名录库：说明它证明什么、不证明什么；有不符时退出码为 1。"""
    own, found = own_proofs.check_own(file, bundle, announced(expected))
    if as_json:
        terminal.say_json({"id": own.id, "checks": [dataclasses.asdict(c) for c in found]})
    else:
        show.checks(found)
        holds = not any(c.holds is False for c in found)
        terminal.console.print(f"{PROVES}\n{PROVES_NOT}" if holds else "有不符的项：这份文件什么也不证明。")
    if any(c.holds is False for c in found):
        raise typer.Exit(1)


@app.command("log")
def log(
    file: LogFile,
    bundle: Annotated[
        Path | None, typer.Option("--bundle", metavar="抽查包", help="查这份抽查包的承诺何时公布、有没有作废")
    ] = None,
    head: Annotated[
        str | None,
        typer.Option("--head", metavar="摘要", help="手里的摘要（摘要单上的），查那一条还在不在、改没改"),
    ] = None,
    number: Annotated[
        int | None, typer.Option("--number", metavar="编号", help="摘要单上的编号，与 --head 一起用")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """核对公布的承诺记录：编号连续、每条接着前一条；断开时退出码为 2，有可疑的逐条写出，退出码为 1。"""
    if number is not None and head is None:
        raise ZhunshengError("ZS-CL-01", detail=worded("--number 与 --head 一起用：请写上摘要单上的摘要"))
    read = logs.read_commitments(file, bundle, head, number)
    if as_json:
        terminal.say_json([entry.model_dump() for entry in read.entries])
    else:
        show.commitments(read.entries, read.head)
        if read.mine is not None:
            terminal.console.print(f"[bold green]一致[/]　{escape(read.mine.says)}", soft_wrap=True)
        if read.says and not read.doubts:
            terminal.console.print(escape(read.says), soft_wrap=True)
    for words in read.doubts:
        (terminal.errors if as_json else terminal.console).print(
            f"[bold red]可疑[/]　{escape(words)}", soft_wrap=True
        )
    if read.doubts:
        raise typer.Exit(1)


@app.command("vectors")
def vectors(file: Annotated[Path, typer.Argument(metavar="文件", help="测试向量（json）")]) -> None:
    """按测试向量自检，也可检验别人写的实现；有不符时退出码为 1。"""
    found = run_vectors(file)
    show.checks(found)
    if any(c.holds is False for c in found):
        raise typer.Exit(1)


@app.command("results")
def results(
    bundle: BundleFile,
    file: Annotated[Path, typer.Argument(metavar="结果", help="检查结果（yaml 列表）")],
    out: OutDir = Path(),
) -> None:
    """核对检查结果，写成检查台账的导入文件。"""
    target = draw_folders.results_to_ledger(bundle, file, out)
    terminal.console.print(f"已写出 {target}，用 zhunsheng ledger import 导入")


@app.command("overdue")
def late(
    bundle: BundleFile,
    file: Annotated[Path, typer.Argument(metavar="结果", help="检查结果（yaml 列表）")],
    ended_on: Annotated[str, typer.Option("--ended-on", metavar="日期", help="抽查任务结束的日期")],
    today: Annotated[str | None, typer.Option("--today", metavar="日期", help="今天；缺省为当日")] = None,
) -> None:
    """列出逾期未检查、未公示的对象（公示期限按工作日计算）。"""
    ended, now = day(ended_on), day(today)
    parts, results_ = draw_folders.results_of(bundle, file)
    found = overdue(results_, {a["id"]: a["inspectors"] for a in parts["assignment.json"]}, ended, now)
    for entity, what, last in found:
        terminal.console.print(f"{entity}  {what}，应在 {last} 前完成")
    terminal.console.print(f"共 {len(found)} 户逾期")
