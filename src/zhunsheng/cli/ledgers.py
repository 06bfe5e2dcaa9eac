"""The commands on ledgers: templates, imports, the batches of a store and their verification."""

from __future__ import annotations

import dataclasses
import getpass
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from zhunsheng import folders
from zhunsheng.cli import terminal
from zhunsheng.cli.arguments import (
    DEFAULT_STORE,
    AsJson,
    AsOf,
    MappingFile,
    MeasureFiles,
    OutDir,
    StoreDir,
    day,
)
from zhunsheng.cli.show import ledgers as show
from zhunsheng.clock import told
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Batch, Store, ledger_of, ledgers, write_template
from zhunsheng.evidence.checks import Strictness
from zhunsheng.evidence.mappings import read_ledger_mapping, write_ledger_mapping
from zhunsheng.faults import written
from zhunsheng.files.writing import write_whole
from zhunsheng.folders import Inputs
from zhunsheng.text import whole
from zhunsheng.translation import worded
from zhunsheng.usecases.defining import define_ledger, ledger_from, proposed_text, text_of, versions
from zhunsheng.usecases.difference_book import write_difference
from zhunsheng.usecases.differing import difference, moved_scores, state_of
from zhunsheng.usecases.importing import Imported, import_ledger
from zhunsheng.usecases.opened_evidence import Evidence
from zhunsheng.usecases.removing import remove_rows
from zhunsheng.usecases.sampling import propose

app = typer.Typer(name="ledger", help="台账：模板、导入、批次、核验。", no_args_is_help=True)


@app.command("list")
def list_ledgers(store: StoreDir = DEFAULT_STORE, as_json: AsJson = False) -> None:
    """列出全部台账，证据库里自己定义的也在内。"""
    Store(store)
    if as_json:
        terminal.say_json([ledger.model_dump(mode="json") for ledger in ledgers().values()])
        return
    for ledger in ledgers().values():
        terminal.console.print(f"[bold]{ledger.id}[/]  {ledger.title}：{ledger.what}")


@app.command("template")
def write_templates(
    ledger: Annotated[
        str, typer.Argument(metavar="台账", help="台账名，如 complaints 或 投诉举报台账；all 为全部")
    ],
    out: OutDir = Path(),
    store: StoreDir = DEFAULT_STORE,
) -> None:
    """写出台账的 Excel 模板，带下拉列表、校验和填写说明。"""
    Store(store)
    out.mkdir(parents=True, exist_ok=True)
    for one in ledgers().values() if ledger == "all" else [ledger_of(ledger)]:
        path = out / f"{one.title}-模板.xlsx"
        write_template(one, path)
        terminal.console.print(f"已写出 {path}")


@app.command("define")
def define(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="文件",
            help="样表（xlsx、xls、csv 等）：写出拟定的定义；或核对过的定义（yaml）：存入证据库",
        ),
    ],
    store: StoreDir = DEFAULT_STORE,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="文件", help="拟定的定义写到这个文件；缺省为打印出来")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", metavar="原因", help="为什么这样定义；存入时必填")] = "",
    department: Annotated[
        str | None,
        typer.Option("--department", metavar="部门", help="只给这个部门用：代码或名称；缺省为各部门共用"),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="已有的行不合新的定义时照旧，以后导入才按新的检查")
    ] = False,
    who: Annotated[str | None, typer.Option("--who", metavar="姓名", help="定义人；缺省为登录用户")] = None,
    as_json: AsJson = False,
) -> None:
    """新建台账：由样表拟出定义，核对后存入；改列名、加列、加取值为新的一版，内置台账可以加列。"""
    if file.suffix.lower() not in (".yaml", ".yml"):
        text = proposed_text(propose(file))
        if output:
            write_whole(output, text.encode())
            terminal.console.print(f"已写出 {output}，核对后用同一命令存入")
        else:
            typer.echo(text, nl=False)
        return
    opened = Store(store)
    whose = folders.department_to_write(store, department).code if department else ""
    ledger = ledger_from(written(file), file.name, whose)
    made = define_ledger(
        opened, ledger, who=who or getpass.getuser(), why=reason, department=whose, agreed=yes
    )
    if as_json:
        terminal.say_json(made.as_json())
    else:
        terminal.console.print(f"已存为第 {made.batch} 批次：{made.file}（{made.ledger}）", highlight=False)


@app.command("definition")
def definition(
    ledger: Annotated[str, typer.Argument(metavar="台账", help="台账名，如 complaints 或 投诉举报台账")],
    store: StoreDir = DEFAULT_STORE,
    as_json: AsJson = False,
) -> None:
    """写出台账现在的定义（yaml，可改后再存入）和历次的人、时间、原因。"""
    opened = Store(store)
    found = ledger_of(ledger)
    history = versions(opened, found.id)
    if as_json:
        said = [dataclasses.asdict(one) for one in history]
        terminal.say_json({"ledger": found.model_dump(mode="json"), "versions": said})
        return
    for one in history:
        changed = f"（{'；'.join(one.changes)}）" if one.changes else ""
        typer.echo(f"# 第 {one.number} 版 {told(one.at)[:16]} {one.who}：{one.why}{changed}")
    typer.echo(text_of(found), nl=False)


@app.command("import")
def import_files(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="文件...", help="台账文件（xlsx、xls、et、ods、csv、tsv、parquet）"),
    ],
    store: StoreDir = DEFAULT_STORE,
    ledger: Annotated[
        str | None, typer.Option("--ledger", metavar="台账", help="台账名；缺省按表头判断")
    ] = None,
    department: Annotated[
        str | None,
        typer.Option(
            "--department",
            metavar="部门",
            help="这些行属于哪个部门：代码、名称，或“代码=名称”（重名、更名时用）；缺省为证据库里唯一的部门",
        ),
    ] = None,
    good_rows: Annotated[bool, typer.Option("--good-rows", help="有不合格的行时，只导入合格的行")] = False,
    yes: Annotated[
        bool,
        typer.Option("--yes", help="对各文件所列的疑问都照文件办：身份或金额变了、会清空的值、没见过的部门"),
    ] = False,
    answers: Annotated[
        list[str] | None,
        typer.Option(
            "--answer", metavar="疑问=答复", help="回答一件疑问，可以多个；疑问和可选的答复见未加此项时所列"
        ),
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option("--mapping", metavar="文件", help="按这个对应文件认列名和取值"),
    ] = None,
    write_mapping: Annotated[
        Path | None,
        typer.Option(
            "--write-mapping",
            metavar="文件",
            help="把这个文件的列和取值怎样对应写成对应文件，核对后下次用 --mapping",
        ),
    ] = None,
    strictness: Annotated[
        Strictness | None,
        typer.Option(
            "--check-characters",
            metavar="error|warning",
            help="代码的校验位不对时：error 算错误，warning 只提示；缺省 18 位的算错误，15 位的只提示",
        ),
    ] = None,
    marked: Annotated[
        Path | None, typer.Option("--marked", metavar="目录", help="标注副本写到哪里；缺省与原文件同处")
    ] = None,
    who: Annotated[str | None, typer.Option("--who", metavar="姓名", help="导入人；缺省为登录用户")] = None,
    as_json: AsJson = False,
) -> None:
    """导入台账：逐行检查，全部合格、疑问都已确认才导入；有不合格的行或未确认的疑问时退出码为 1。"""
    whose = folders.department_to_write(store, department)
    chosen = ledger_of(ledger) if ledger else None
    cipher = folders.cipher_of(store)
    said = read_ledger_mapping(mapping) if mapping else None
    given = _answers(answers or ())
    done: list[Imported | tuple[Path, ZhunshengError]] = []
    with terminal.progress(quiet=as_json) as report:
        for n, path in enumerate(files):

            def of_all(what: str, part: int, whole: int, n: int = n) -> None:
                report(what, n * whole + part, len(files) * whole)

            try:
                imported = import_ledger(
                    store,
                    path,
                    ledger=chosen,
                    department=whose.code,
                    label=whose.name,
                    good_rows=good_rows,
                    marked_in=marked,
                    who=who,
                    cipher=cipher,
                    strictness=strictness,
                    agreed=yes,
                    answers=given,
                    mapping=said,
                    progress=of_all,
                )
                done.append(imported)
                if write_mapping and imported.learned:  # of several files the last one's stands
                    named = imported.learned.model_copy(update={"name": write_mapping.stem})
                    write_ledger_mapping(write_mapping, named)
            except ZhunshengError as error:
                if len(files) == 1:
                    raise
                done.append((path, error))  # one file that can't be read keeps none of the others back
    if as_json:
        terminal.say_json([_as_json(one) for one in done])
    else:
        for one in done:
            if isinstance(one, tuple):
                show.not_imported(*one)
            else:
                show.imported(one)
    if any(isinstance(one, tuple) for one in done):
        raise typer.Exit(2)
    if any(one.batch is None for one in done if isinstance(one, Imported)):
        raise typer.Exit(1)


def _answers(said: Sequence[str]) -> dict[str, str]:
    """Return answers by question. Raises ``ZS-CL-13`` for one that says no answer."""
    found = {}
    for one in said:
        question, equals, answer = one.rpartition("=")
        if not equals or not question:
            raise ZhunshengError("ZS-CL-13", said=one)
        found[question] = answer
    return found


def _as_json(one: Imported | tuple[Path, ZhunshengError]) -> dict[str, object]:
    return {"file": one[0].name, "error": one[1].as_json()} if isinstance(one, tuple) else one.as_json()


def _say_batches(found: Sequence[Batch], opened: Store, as_json: bool) -> None:
    if as_json:
        terminal.say_json([b.as_json() for b in found])
    else:
        show.batches(found, opened.departments())


@app.command("log")
def list_batches(
    store: StoreDir = DEFAULT_STORE,
    department: Annotated[
        str | None, typer.Option("--department", metavar="部门", help="只列这个部门的批次：代码或名称")
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="个数", min=1, help="只列最近的多少个批次")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """列出导入批次。"""
    opened = Store.existing(store)
    whose = folders.department_to_read(store, department)
    found = opened.batches(department=whose.code if whose else None, limit=limit)
    _say_batches(found, opened, as_json)


@app.command("departments")
def list_departments(store: StoreDir = DEFAULT_STORE, as_json: AsJson = False) -> None:
    """列出证据库里的部门：代码和历次名称。"""
    found = Store.existing(store).departments()
    if as_json:
        terminal.say_json([dataclasses.asdict(d) for d in found.values()])
        return
    for one in found.values():
        names = "，".join(f"{name}（{told(since)[:10]} 起）" for since, name in one.names)
        terminal.console.print(f"{one.code}  {names}", markup=False, highlight=False)


@app.command("remove")
def remove(
    ledger: Annotated[str, typer.Argument(metavar="台账", help="台账名，如 complaints 或 投诉举报台账")],
    keys: Annotated[
        list[str] | None,
        typer.Argument(metavar="键...", help="要删除的行的键；键有几列的，各列的值按次序写，用英文逗号隔开"),
    ] = None,
    reason: Annotated[str, typer.Option("--reason", metavar="原因", help="为什么删除；必填")] = "",
    file: Annotated[
        Path | None,
        typer.Option(
            "--keys", metavar="文件", help="列着键的文件（xlsx、xls、csv、parquet），列名与台账相同"
        ),
    ] = None,
    store: StoreDir = DEFAULT_STORE,
    department: Annotated[
        str | None,
        typer.Option(
            "--department", metavar="部门", help="哪个部门的行：代码或名称；缺省为证据库里唯一的部门"
        ),
    ] = None,
    who: Annotated[str | None, typer.Option("--who", metavar="姓名", help="删除人；缺省为登录用户")] = None,
    as_json: AsJson = False,
) -> None:
    """写明原因删除台账的行：用一个新批次，删除的行仍可查到，可以撤销；有一行找不到就都不删除。"""
    if bool(keys) == (file is not None):
        raise ZhunshengError("ZS-CL-01", detail=worded("请写出要删除的键，或用 --keys 指明文件，两者取一"))
    whose = folders.department_to_write(store, department)
    made = remove_rows(
        store,
        ledger_of(ledger),
        file or keys or [],
        reason,
        department=whose.code,
        label=whose.name,
        who=who,
        cipher=folders.cipher_of(store),
    )
    if as_json:
        terminal.say_json(made.as_json())
    else:
        show.removed(made)


@app.command("diff")
def diff(
    first: Annotated[
        str,
        typer.Argument(
            metavar="甲", help="一个状态：批次号（0 为最初），或日期、时间（含当时）；两个不分先后"
        ),
    ],
    second: Annotated[str, typer.Argument(metavar="乙", help="另一个状态，写法相同")],
    store: StoreDir = DEFAULT_STORE,
    ledger: Annotated[
        list[str] | None,
        typer.Option("--ledger", metavar="台账", help="只比较哪些台账；缺省为全部"),
    ] = None,
    department: Annotated[
        str | None, typer.Option("--department", metavar="部门", help="只比较这个部门的行：代码或名称")
    ] = None,
    as_of: AsOf = None,
    year: Annotated[
        int | None, typer.Option("--year", metavar="年度", help="读数的年度；缺省为截至日的年度")
    ] = None,
    targets: Annotated[
        list[Path] | None,
        typer.Option("--targets", metavar="文件", help="绩效目标文件，可以多个；给了就列出得分的变化"),
    ] = None,
    mapping: MappingFile = None,
    measures: MeasureFiles = None,
    limit: Annotated[int, typer.Option("--limit", metavar="行数", min=1, help="每个台账最多列出多少行")] = 50,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="文件", help="写成 xlsx，列出全部的行")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """比较证据库的两个状态：哪些行变了，读数和得分随之怎样变；个人信息已遮盖。"""
    opened = Store.existing(store)
    until = day(as_of)
    place = folders.department_to_read(store, department)
    stated = [state_of(opened, text) for text in (first, second)]
    states = sorted(stated)
    before, after = (Evidence.of(opened, batch=n, measures=measures or ()) for n in states)
    found = difference(
        before,
        after,
        until,
        year=year or until.year,
        department=place.code if place else None,
        among=[ledger_of(name) for name in ledger or ()],
        limit=None if output else limit,
    )
    if targets:
        given = Inputs(targets, store, until, department=department, mapping=mapping, measures=measures or ())
        book = folders.read_books(targets)
        one, other = (folders.assessed(dataclasses.replace(given, batch=n), book, opened)[0] for n in states)
        found = dataclasses.replace(found, scores=moved_scores(one, other))
    if output:
        write_difference(output, found, after.snapshot.name_of)
    if as_json:
        terminal.say_json(found.as_json())
    elif output:
        terminal.console.print(f"已写出 {output}")
    else:
        if stated != states:
            terminal.console.print("所写的第一个状态晚于第二个，已按先后比较。", style="dark_orange3")
        show.difference(found, after.snapshot.name_of)


@app.command("undo")
def undo(
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


@app.command("migrate")
def migrate(
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


@app.command("compact")
def compact(store: StoreDir = DEFAULT_STORE, as_json: AsJson = False) -> None:
    """把各台账的小文件合并；每个台账一个批次，数据不变，以前的状态仍可查到。"""
    opened = Store.existing(store)
    made = opened.compact()
    _say_batches(made, opened, as_json)


@app.command("verify")
def verify(
    store: StoreDir = DEFAULT_STORE,
    head: Annotated[
        str | None,
        typer.Option("--head", metavar="摘要", help="另处记下的最后批次摘要，用来发现被截去的批次"),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="批次", help="只核验这个批次之后的：批次号，或另处记下的摘要（以它为准）"
        ),
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
