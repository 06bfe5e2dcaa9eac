"""The main job as a user meets it: the sample's year, choices of department and files, and
the command line.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import pytest
import yaml
from typer.main import get_command

from agreed import import_ledger
from places import DEPARTMENT
from zhunsheng import __version__
from zhunsheng.cli.commands import app
from zhunsheng.cli.groups import GROUPS, program
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Store
from zhunsheng.folders import Inputs, open_evidence, read_books, run
from zhunsheng.intake import read_book
from zhunsheng.sample.ledgers import write_ledgers
from zhunsheng.usecases.assessing import AssessedDepartment, assess
from zhunsheng.usecases.opened_evidence import Evidence

DAY = date(2022, 2, 28)


@pytest.fixture(scope="module")
def places(sample):
    out, _ = sample
    return {
        "doc": out / "documents" / "2021年绩效目标.docx",
        "store": out / "results" / "evidence",
        "reported": out / "documents" / "2021年绩效自评表（上报）.xlsx",
        "judgements": out / "documents" / "评定与说明.yaml",
    }


def test_the_sample_year(sample):
    _, done = sample
    department, market, quality = done.assessment.results
    assert done.problems == ()
    # The people of the sample confirmed its measures, and found one target too low (全区专利申报数量).
    assert [str(r.card.total) for r in done.assessment.results] == ["97.18", "99.06", "97.05"]
    assert [r.card.grade for r in done.assessment.results] == ["优"] * 3
    assert set(market.card.basis) == {"evidence"}
    assert [s.verdict for s in department.card.scores].count("over") == 1
    assert sum(i.bad_rows for i in done.imports) == 5
    verdicts = [s.verdict for r in done.assessment.results for s in r.card.scores]
    assert {"met", "over", "missed"} <= set(verdicts)
    assert market.card.scores[4].verdict == "missed"  # the ceiling of 700 yuan was broken
    assert str(market.card.scores[1].score) == "10.00"  # an over-achievement whose reason was accepted
    late = quality.card.scores[3]  # finished in January, which no rule scores: the sample's people judged it
    assert (late.verdict, str(late.score)) == ("judged", "8.00")
    assert (str(quality.card.execution.score), str(quality.card.execution.budget)) == ("9.43", "280000.00")
    assert department.card.projects_points == 30
    kinds = {d.kind for one in done.rechecked for d in one.differences}
    assert {"score", "actual", "total"} <= kinds


def test_the_same_seed_gives_the_same_ledgers(tmp_path):
    for name in ("a", "b", "c"):
        write_ledgers(tmp_path / name, seed=5 if name == "c" else 4, entities=300)
    first, second, other = ((tmp_path / n / "市场主体台账.csv").read_bytes() for n in "abc")
    assert first == second != other
    assert len(first.decode("gbk").splitlines()) == 301


def test_larger_samples_write_csv(tmp_path, monkeypatch):
    monkeypatch.setattr("zhunsheng.sample.ledgers.MAX_EXCEL_ROWS", 100)
    names = {p.name for p in write_ledgers(tmp_path, entities=900)}
    assert "投诉举报台账.csv" in names
    assert "活动台账.xlsx" in names


def test_credit_codes_carry_their_check_digit(sample):
    signs = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]
    lines = (sample[0] / "ledgers" / "市场主体台账.csv").read_text("gbk").splitlines()[1:200]
    for line in lines:
        code = line.split(",")[0]
        total = sum(signs.index(c) * w for c, w in zip(code[:17], weights, strict=True))
        assert code[17] == signs[(31 - total % 31) % 31]


def test_a_folder_of_ledgers_serves_as_evidence(sample, tmp_path, real):
    # The real document calls its projects otherwise than the ledgers do: alike is not the same until a person
    # says so.
    done = run(Inputs([real], sample[0] / "ledgers", DAY, department=DEPARTMENT), tmp_path / "out")
    assert len(done.imports) == 20
    assert [r.project.keys for r in done.assessment.results] == [(), (), ()]
    assert all(r.project.proposals for r in done.assessment.results[1:])
    assert all(r.card.grade is None for r in done.assessment.results)
    (links := tmp_path / "links.yaml").write_text(
        yaml.safe_dump(
            [
                {"sheet": r.sheet.title(), "project": r.project.proposals[0][0]}
                for r in done.assessment.results[1:]
            ],
            allow_unicode=True,
        ),
        "utf8",
    )
    done = run(
        Inputs([real], tmp_path / "out" / "evidence", DAY, department=DEPARTMENT, mapping=links),
        tmp_path / "out",
    )
    # One output came two weeks late and no national rule says what that costs: its row is open until a person
    # rules, and with it the card of its project and the share of the projects in the department's.
    assert [(str(r.card.range.low), str(r.card.range.high)) for r in done.assessment.results] == [
        ("97.47", "98.71"),
        ("99.06", "99.06"),
        ("89.05", "99.05"),
    ]
    assert [s.how for s in done.assessment.results[2].card.scores if s.verdict == "pending"] == [
        "2022-01-14 完成，逾期 14 天，怎样计分没有规定"
        "（财预〔2020〕10号未作规定，由各地自定），待定（满分 10）"
    ]
    assert all(path.stat().st_size > 1000 for path in done.files.values())


def test_no_evidence_at_all(tmp_path, places):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ZhunshengError, match="ZS-EV-04"):
        open_evidence(tmp_path / "empty", tmp_path, "x")


def small_store(tmp_path, *departments):
    (tmp_path / "a.csv").write_text("编号,类型,收到日期,办结日期\nT1,举报,2021-03-05,2021-04-01\n", "utf8")
    for name in departments:
        import_ledger(tmp_path / "s", tmp_path / "a.csv", department=name)
    return Evidence.of(Store(tmp_path / "s"))


def test_scores_without_evidence_are_unknown_and_say_so(tmp_path, places):
    found = assess(read_book(places["doc"]), small_store(tmp_path, "甲局"), DAY)
    assert found.department.name == "甲局"
    market = found.results[1]
    assert [s.verdict for s in market.card.scores].count("nothing") == 6
    assert market.checkpoint.money.light == "grey"
    assert market.project.keys == ()
    assert (market.card.grade, market.card.range.high) == (None, 100)
    assert "从未导入" in market.card.scores[0].how


def test_several_departments_must_be_told_apart(tmp_path, places):
    evidence = small_store(tmp_path, "甲局", "乙局")
    with pytest.raises(ZhunshengError, match="ZS-CL-01"):
        assess(read_book(places["doc"]), evidence, DAY)
    found = assess(read_book(places["doc"]), evidence, DAY, department=AssessedDepartment("乙局", "乙局"))
    assert found.department.code == "乙局"


def test_a_result_that_no_ledger_holds_can_be_entered(tmp_path, places):
    (path := tmp_path / "j.yaml").write_text(
        yaml.safe_dump(
            [{"indicator": "单次审计费用", "actual": "650元", "proof": "发票.pdf"}], allow_unicode=True
        ),
        "utf8",
    )
    (tmp_path / "发票.pdf").write_bytes(b"%PDF")
    from zhunsheng.folders import load_judgements

    found = assess(
        read_book(places["doc"]),
        small_store(tmp_path, "甲局"),
        DAY,
        judgements=load_judgements(path, ("其他",)),
    )
    score = found.results[1].card.scores[4]
    assert (score.verdict, score.outcome.origin) == ("met", "judgement")


def test_several_documents_are_one_book(places, tmp_path):
    book = read_books([places["doc"], places["doc"]])
    assert len(book.sheets) == 6
    assert book.source.name.count("、") == 1


# -- commands
# -----------------------------------------------------------------------------------------------------------


def every_command(command, path=()):
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from every_command(child, (*path, name))


COMMANDS = dict(every_command(get_command(app)))
# What is called so in Chinese texts too: formats, engines, signs of other programs, values to be typed.
LATIN = """
docx doc wps rtf ofd mht xlsx xls et ods pdf html txt csv yaml json jsonl zip parquet pem tsq tsr ots tsv SHA
JSON Schema sarif Excel
Parquet PEM
PostgreSQL postgresql postgres spark duckdb https GB id by values text linear step all log ledger complaints
district stratum type commitment frame error warning
serve tar web ZHUNSHENG DATA
"""


def test_the_program_has_the_commands_that_its_table_says():
    assert {path[0] for path in COMMANDS if path} == set(GROUPS)
    for word, file in GROUPS.items():
        alone = get_command(program([file])).commands  # type: ignore[attr-defined]
        assert word in alone and set(alone) == {w for w, f in GROUPS.items() if f == file}, word
    assert {" ".join(p) for p in COMMANDS} >= {"ledger import", "draw commit", "draw stamp check"}


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_in_chinese(cli, path, monkeypatch):
    """No word in Latin letters but names of commands and options, what is typed for a value,
    formats and programs.
    """
    monkeypatch.setattr("typer.rich_utils.MAX_WIDTH", 300)
    code, out, _ = cli(*path, "--help")
    assert code == 0 and "用法" in out and "…" not in out
    command = COMMANDS[path]
    typed = {"zhunsheng", *path, "--help", *getattr(command, "commands", {})}
    for one in command.params:
        typed |= set(one.opts) | {str(one.envvar), str(one.default)}
        assert one.metavar or getattr(one, "is_flag", False), f"{one.name} does not say what to write"
    # An option of this command may be named in its help, and so may one of a command listed.
    typed |= {
        option
        for child in getattr(command, "commands", {}).values()
        for p in child.params
        for option in p.opts
    }
    for word in sorted(typed, key=len, reverse=True):
        out = out.replace(word, " ")
    assert not set(re.findall(r"[A-Za-z]{2,}", out)) - set(LATIN.split()), out
    assert not re.search(r"<\w*>|[A-Za-z]<?=", out), out


def test_help_is_not_cut_off_where_a_terminal_is_narrow(cli, monkeypatch):
    monkeypatch.setattr("typer.rich_utils.MAX_WIDTH", 80)
    out = "".join(re.findall(r"[^\s│]", cli("measure", "--help")[1]))
    assert "证据库里有多个部门时必填" in out and "…" not in out


def test_read_prints_the_agreed_json(cli, real):
    code, out, _ = cli("read", real, "--json")
    data = json.loads(out)
    assert code == 0
    assert list(data) == ["format", "source", "sheets", "unsure"]
    assert data["format"] == "zhunsheng.book/1"
    assert set(data["source"]) == {"name", "sha256", "media_type"}
    sheet = data["sheets"][1]
    assert {
        "kind",
        "name",
        "code",
        "department",
        "year",
        "budget",
        "spending_plan",
        "goals",
        "indicators",
    } <= set(sheet)
    assert sheet["budget"] == {"total": "400000", "fiscal": "400000", "other": None}
    assert sheet["spending_plan"][0] == {"by": "2021-03-31", "cumulative": "0.25"}
    assert sheet["code"] is None
    first = sheet["indicators"][2]
    assert {
        "level1",
        "level2",
        "name",
        "description",
        "target",
        "weight",
        "basis",
        "actual",
        "score",
        "place",
    } <= set(first)
    assert {k: first["target"][k] for k in ("raw", "op", "value", "unit")} == {
        "raw": "≥90%",
        "op": ">=",
        "value": "90",
        "unit": "%",
    }
    assert sheet["indicators"][3]["target"]["value"] == "2021-12-31"
    assert [len(s["indicators"]) for s in data["sheets"]] == [14, 7, 7]


def test_read_and_review_for_people(cli, places):
    code, out, _ = cli("read", places["doc"])
    assert code == 0
    assert "守法经营宣传" in out
    code, out, _ = cli("review", places["doc"])
    assert (code, "ZS209" in out) == (0, True)
    code, out, _ = cli("review", places["doc"], "--json")
    assert json.loads(out)["findings"]
    code, out, _ = cli("review", places["doc"], "--format", "sarif", "--previous", places["doc"])
    assert json.loads(out)["version"] == "2.1.0"
    code, out, _ = cli("read", places["doc"], "--schema")
    assert json.loads(out)["$id"] == "zhunsheng.book/1"


def test_review_exits_with_1_on_errors(cli, tmp_path):
    text = (
        "2021年绩效目标表\n项目名称\t甲\n一级指标\t二级指标\t三级指标\t指标值\n"
        "产出指标\t质量指标\t合格率\t≥190%\n"
    )
    (path := tmp_path / "a.txt").write_text(text, "utf8")
    code, out, _ = cli("review", path)
    assert code == 1
    assert "ZS204" in out


def test_ledger_commands(cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli("ledger", "template", "complaints", "--out", tmp_path)[0] == 0
    assert (tmp_path / "投诉举报台账-模板.xlsx").is_file()
    assert "complaints" in cli("ledger", "list")[1]
    assert len(json.loads(cli("ledger", "list", "--json")[1])) == 20
    (tmp_path / "a.csv").write_text("编号,类型,收到日期\nT1,举报,2021-03-05\nT2,咨询,2021-03-05\n", "utf8")
    code, out, _ = cli("ledger", "import", "a.csv")
    assert (code, "应为" in out, "未导入" in out) == (1, True, True)
    code, out, _ = cli("ledger", "import", "a.csv", "--good-rows", "--who", "张", "--json")
    assert (code, json.loads(out)[0]["batch"]["who"]) == (0, "张")
    assert "未变化" in cli("ledger", "import", "a.csv", "--good-rows")[1]
    assert "a.csv" in cli("ledger", "log")[1]
    log = json.loads(cli("ledger", "log", "--json")[1])
    assert cli("ledger", "verify", "--head", log[0]["digest"])[0] == 0
    assert json.loads(cli("ledger", "verify", "--json")[1])["sound"] is True
    code, out, _ = cli("ledger", "verify", "--head", "0" * 64)
    assert (code, "不符" in out) == (1, True)


def test_measure_commands(cli, places, tmp_path):
    store = ("--evidence", places["store"], "--as-of", "2021-12-31")
    code, out, _ = cli("measure", "举报案件办结率", *store, "--json")
    assert (code, json.loads(out)[0]["value"]) == (0, "90.22")
    assert "90.22%" in cli("measure", "report_closure_rate", *store)[1]
    assert len(json.loads(cli("measure", *store, "--json")[1])) > 50
    rows = json.loads(cli("measure", "report_closure_rate", *store, "--rows", "--limit", "3", "--json")[1])
    assert len(rows) == 3
    assert "综合执法" in cli("measure", "report_closure_rate", *store, "--rows", "--limit", "3")[1]
    assert "没有行" in cli("measure", "report_closure_rate", *store, "--rows", "--year", "1999")[1]
    assert "A" in cli("measure", "double_random_ratio", *store, "--by", "credit_class")[1]
    assert cli("measure", "double_random_ratio", *store, "--by", "phone")[0] == 2
    assert cli("measure", *store, "--by", "district")[0] == 2
    assert "办结" in cli("measure", "--list")[1]
    assert json.loads(cli("measure", "report_closure_rate", "--list", "--json")[1])[0]["kind"] == "ratio"
    early = json.loads(cli("measure", "report_closure_rate", *store, "--batch", "3", "--json")[1])
    assert [r["value"] for r in early] == [None] and "从未导入" in early[0]["note"]
    assert cli("measure", *store, "--at", "2000-01-01T00:00:00")[0] == 0
    assert cli("measure", *store, "--at", "昨天")[0] == 2
    assert cli("measure", "--evidence", places["store"], "--as-of", "昨天")[0] == 2
    mapping = tmp_path / "map.yaml"
    assert cli("measure", "--match", places["doc"], "--write-mapping", mapping)[0] == 0
    found = json.loads(cli("measure", "--match", places["doc"], "--mapping", mapping, "--json")[1])
    assert {m["status"] for m in found} == {"proposed"}
    mapping.write_text(mapping.read_text("utf8").replace("confirmed: false", "confirmed: true"), "utf8")
    found = json.loads(cli("measure", "--match", places["doc"], "--mapping", mapping, "--json")[1])
    assert {m["status"] for m in found} == {"confirmed"}


def test_no_command_takes_a_changed_or_damaged_store_for_sound(cli, places, tmp_path):
    """A changed file is told before the figures that rest on it; of a damaged one there are none.
    Both end with a code.
    """
    store = tmp_path / "store"
    shutil.copytree(places["store"], store)
    common = (places["doc"], "--evidence", store, "--as-of", "2021-12-31")
    files = sorted((store / "ledgers" / "payments").glob("*.parquet"))
    less = tmp_path / "less.parquet"
    duckdb.sql(f"COPY (SELECT * FROM read_parquet('{files[0]}') OFFSET 1) TO '{less}' (FORMAT parquet)")
    less.replace(files[0])
    for command in ("monitor", "evaluate", "run", "report"):
        out = () if command in ("monitor", "evaluate") else ("--out", tmp_path / command)
        code, said, _ = cli(command, *common, *out)
        assert code == 1 and "证据库核验未通过" in said and files[0].name in said.replace("\n", ""), command
    assert json.loads(cli("evaluate", *common, "--json")[1])["problems"]
    files[0].write_bytes(b"PAR1" + b"\x00" * 400 + b"PAR1")
    for command in ("monitor", "evaluate", "run", "report"):
        out = () if command in ("monitor", "evaluate") else ("--out", tmp_path / f"{command}2")
        code, said, wrong = cli(command, *common, *out)
        assert code == 2 and "ZS-EV-11" in wrong and files[0].name in wrong.replace("\n", ""), (
            command,
            wrong,
        )
        assert "Exception" not in wrong and "Error" not in wrong


def test_monitor_and_evaluate_commands(cli, places, tmp_path):
    common = (places["doc"], "--evidence", places["store"])
    code, out, _ = cli("monitor", *common, "--as-of", "2021-10-31", "--plan", "step", "--json")
    assert (code, json.loads(out)["results"][1]["money"]["expected"]) == (0, "0.7500")
    assert "红灯" in cli("monitor", *common, "--as-of", "2021-07-31")[1]
    code, out, _ = cli("evaluate", *common, "--as-of", "2022-02-28", "--judgements", places["judgements"])
    assert (code, "99.06" in out) == (0, True)
    beside = ("--beside", "hubei", "--beside", "local-example", "--json")
    code, out, _ = cli(
        "evaluate", *common, "--as-of", "2022-02-28", "--judgements", places["judgements"], *beside
    )
    told = {(b["scheme"]["id"], b["sheet"]): b for b in json.loads(out)["beside"]}
    market = told["hubei", "市场秩序监督管理及食品安全经费"]
    assert {
        "name": "预算执行率",
        "score": "9.65",
        "points": "10",
        "other_score": "19.30",
        "other_points": "20",
    } in (market["moved"])
    assert len(told) == 6
    # A band that someone chose by the own scheme is none of Hubei's: open there, and said so.
    moved = told["hubei", "产品质量安全与标准化认证认可监督管理"]["moved"]
    (late,) = [row for row in moved if row["name"] == "项目完成时限"]
    assert late["score"] is not None and late["other_score"] is None
    assert late["why"] == "所评“达成”（80%）不在这个方案的档次里，须另评"
    assert cli("evaluate", *common, "--beside", "没有的方案")[0] == 2
    code, out, _ = cli("evaluate", *common, "--as-of", "2022-02-28", "--reported", places["reported"])
    assert (code, "完成值与证据不符" in out) == (1, True)
    # The targets handed in as a self-evaluation are none.
    code, out, _ = cli("evaluate", *common, "--as-of", "2022-02-28", "--reported", places["doc"])
    assert (code, "上报材料没有这张表" in out) == (1, True)
    code, out, _ = cli("evaluate", *common, "--as-of", "2022-02-28", "--json")
    assert json.loads(out)["results"][0]["score"]["grade"] is None, "nobody confirmed the measures"
    mapped = ("--mapping", places["doc"].parent / "指标与测度对照.yaml", "--json")
    code, out, _ = cli("evaluate", *common, "--as-of", "2022-02-28", *mapped)
    assert json.loads(out)["results"][0]["score"]["grade"] is None, "nobody judged the late project"
    said = ("--judgements", places["judgements"])
    code, out, _ = cli("evaluate", *common, "--as-of", "2022-02-28", *mapped, *said)
    assert json.loads(out)["results"][0]["score"]["grade"] == "优"
    code, out, _ = cli("evaluate", *common, "--as-of", "2021-10-31")
    assert "未满年度" in out


def test_report_and_run_commands(cli, places, tmp_path):
    common = (places["doc"], "--evidence", places["store"], "--as-of", "2022-02-28")
    code, out, _ = cli("report", *common, "--out", tmp_path / "r", "--only", "绩效自评表", "--only", "结果")
    assert (code, sorted(p.name for p in (tmp_path / "r").iterdir())) == (
        0,
        ["结果.json", "绩效自评表.docx", "绩效自评表.xlsx"],
    )
    assert cli("report", *common, "--only", "没有")[0] == 2
    assert len(json.loads(cli("report", *common, "--out", tmp_path / "r", "--json")[1])) == 9
    code, out, _ = cli(
        "run", *common, "--out", tmp_path / "o", "--previous", places["doc"], "--reported", places["reported"]
    )
    assert (code, "绩效总览.html" in out.replace("\n", "")) == (0, True)
    code, out, _ = cli("run", *common, "--out", tmp_path / "o", "--json")
    assert json.loads(out)["files"]


def test_a_store_that_was_changed_is_shown_on_the_page(places, tmp_path, cli):
    import shutil

    shutil.copytree(places["store"], tmp_path / "s")
    source = next((tmp_path / "s" / "sources").iterdir())
    source.write_bytes(source.read_bytes() + b" ")
    code, out, _ = cli(
        "run", places["doc"], "--evidence", tmp_path / "s", "--as-of", "2022-02-28", "--out", tmp_path / "o"
    )
    assert (code, "被改动" in out) == (1, True)
    assert "被改动" in (tmp_path / "o" / "绩效总览.html").read_text("utf8")


def test_demo_command(cli, tmp_path):
    code, out, _ = cli("demo", "--out", tmp_path, "--entities", "400")
    assert (code, "要关注的指标" in out) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none"], "没有命令 none"),
        (["read"], "缺少参数 文件"),
        (["read", "a", "b"], "多余的参数"),
        (["read", "a", "--none"], "没有选项"),
        (["demo", "--entities", "x"], "--entities 的值不合要求，应是整数，至少 100。"),
        (["monitor", "a", "--plan", "x"], "--plan 的值不合要求，可选：linear、step。"),
        (["ledger", "undo", "x"], "批次 的值不合要求，应是整数。"),
        (["draw", "stamp", "request", "a", "--out", "b", "--timeout", "0"], "应是数，1 至 600。"),
        (["ledger", "log", "--store", "none"], "ZS-EV-04"),
    ],
)
def test_wrong_arguments_are_said_in_chinese(cli, arguments, said):
    code, _, err = cli(*arguments)
    assert (code, said in err) == (2, True), err


def test_errors_as_json_and_never_a_trace(cli, monkeypatch, tmp_path):
    code, out, err = cli("read", tmp_path / "none.docx", "--json")
    assert (code, json.loads(out)["error"]["code"]) == (2, "ZS-IN-01")
    (tmp_path / "x.txt").write_text("目标", "utf8")
    for error, said in ((ZeroDivisionError, 2), (KeyboardInterrupt, 130), (BrokenPipeError, 0)):
        for name in ("read_book", "read_tables"):
            stop = (one for one in ())
            monkeypatch.setattr(f"zhunsheng.cli.reading.{name}", lambda *_, e=error, s=stop: s.throw(e))
        code, _, err = cli("read", tmp_path / "x.txt")
        assert (code, "ZS-CL-99" in err, "Traceback" in err) == (said, said == 2, False)


def test_version_and_bare_call(cli):
    assert cli("--version")[1].strip() == f"准绳 {__version__}"
    assert cli("ledger")[0] == 0


def test_installed_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "zhunsheng", "--version"], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == f"准绳 {__version__}"


LOCKED_OUT = """
import importlib.metadata as metadata, re, sys
from pathlib import Path
named = lambda name: set(re.findall(r"^([A-Za-z0-9._-]+)==", Path(name).read_text(), re.M))
plain = lambda names: {re.sub(r"[-_.]+", "-", n).lower() for n in names}
only = plain(named("requirements/dev.txt")) - plain(named("requirements/run.txt"))
gone = {top for top, whose in metadata.packages_distributions().items() if plain(whose) <= only}
assert "pytest" in gone and "numba" in gone and "duckdb" not in gone, gone
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in gone:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
from zhunsheng.cli import main, terminal
main(sys.argv[1:])
"""


def test_the_demonstration_needs_nothing_that_only_tests_install(tmp_path):
    """Tests run among more libraries than an office has: one that is missed there must be missed here."""
    words = [sys.executable, "-c", LOCKED_OUT, "demo", "--out", str(tmp_path), "--entities", "100", "--json"]
    done = subprocess.run(words, cwd=Path(__file__).parents[1], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout)["department"] == DEPARTMENT
