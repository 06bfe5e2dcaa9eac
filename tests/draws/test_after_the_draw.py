"""After a draw: the sample's, results and what is overdue, and the commands and documents that lead there."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from datetime import date
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from small_draws import BASE, tampered
from zhunsheng.cli.commands import app
from zhunsheng.draw_folders import results_to_ledger
from zhunsheng.draws.bundle import read_bundle
from zhunsheng.draws.results import InspectionResult, categories, check_results, overdue, publish_by
from zhunsheng.errors import ZhunshengError
from zhunsheng.regulations.workdays import nth_workday
from zhunsheng.sample.draw import demo_beacon_draw, demo_draw, inspectors, plan


def test_the_samples_draw(sample, tmp_path):
    done = demo_draw(tmp_path / "d", sample[0] / "results" / "evidence", 2021)
    assert [c.code for c in done.checks if c.holds is not True] == ["strength"]
    assert 300 < done.drawn < 500
    names = {p.name for p in done.folder.iterdir()}
    assert {
        "抽查包.zip",
        "公告.html",
        "公告.docx",
        "公告.json",
        "任务清单.xlsx",
        "任务清单.html",
        "检查记录表.docx",
        "verify.html",
        "frame.tsv",
    } <= names
    assert len(plan()["items"]) == 2
    tasks, public = (
        (done.folder / "任务清单.html").read_text("utf8"),
        (done.folder / "公告.html").read_text("utf8"),
    )
    assert "示例区" in tasks
    assert "有限公司" not in public
    # Each event has its own time; when it was published is for the log to say.
    for told in (
        "2021-02-26 09:00:00　作出承诺",
        "2021-03-01 21:40:00　登记封条",
        "2021-03-01 22:05:00　两人录入一致",
        "2021-03-01 22:06:00　抽取并分派",
    ):
        assert told in public
    assert "09:00:00 公布" not in public and "A 类" in public and "|A" not in public
    proved = demo_beacon_draw(tmp_path / "b", sample[0] / "results" / "evidence", 2021)
    assert {c.holds for c in proved.checks} == {True} and "有证明：随机信标" in (
        proved.folder / "公告.html"
    ).read_text("utf8")
    assert len(inspectors(1)) == 40


def test_working_days():
    assert nth_workday(date(2021, 9, 30), 1) == date(2021, 10, 8)  # National Day
    assert nth_workday(date(2021, 9, 17), 1) == date(2021, 9, 18)  # a Saturday worked instead
    assert publish_by(date(2021, 11, 1)) == date(2021, 11, 29)
    assert nth_workday(date(2090, 1, 6), 1) == date(2090, 1, 9)  # no holidays known: over the weekend


def test_results_and_what_is_overdue(folder, tmp_path):
    out, _ = folder
    teams = {a["id"]: a["inspectors"] for a in read_bundle(out / "抽查包.zip")["assignment.json"]}
    one, two, *rest = teams
    results = [
        {
            "id": one,
            "inspectors": teams[one],
            "result": categories()[0],
            "inspected_on": "2021-10-20",
            "published_on": "2021-11-02",
        },
        {
            "id": two,
            "inspectors": teams[two],
            "result": categories()[4],
            "inspected_on": "2021-10-21",
            "published_on": None,
        },
    ]
    (path := tmp_path / "r.yaml").write_text(yaml.safe_dump(results, allow_unicode=True), "utf8")
    target = results_to_ledger(out / "抽查包.zip", path, tmp_path)
    from zhunsheng.evidence import Store
    from zhunsheng.usecases.importing import import_ledger

    (fixed := tmp_path / "fixed.csv").write_text(
        target.read_text("utf-8-sig").replace(one, "91130190000000012E").replace(two, "91130190000000013H"),
        "utf8",
    )
    done = import_ledger(tmp_path / "s", fixed)
    assert (done.ledger.id, done.batch.inserted, Store(tmp_path / "s").verify()) == ("inspections", 2, [])
    parsed = [
        InspectionResult(
            r["id"],
            tuple(r["inspectors"]),
            r["result"],
            date.fromisoformat(r["inspected_on"]),
            date.fromisoformat(r["published_on"]) if r["published_on"] else None,
        )
        for r in results
    ]
    late = overdue(parsed, teams, date(2021, 11, 1), date(2021, 12, 1))
    assert (two, "结果尚未公示", date(2021, 11, 29)) in late
    assert len(late) == 1 + len(rest)
    assert overdue(parsed, teams, date(2021, 11, 1), date(2021, 11, 1)) == []
    for change, said in [
        ({"id": "E"}, "不在"),
        ({"inspectors": ("P",)}, "检查人员"),
        ({"result": "很好"}, "应为"),
        ({"published_on": date(2021, 1, 1)}, "早于"),
    ]:
        with pytest.raises(ZhunshengError, match="ZS-DR-09") as caught:
            check_results([InspectionResult(**{**parsed[0].__dict__, **change})], teams)
        assert said in caught.value.text()
    path.write_text("- {id: x}", "utf8")
    with pytest.raises(ZhunshengError, match="ZS-DR-09"):
        results_to_ledger(out / "抽查包.zip", path, tmp_path)
    reserve = next(d["id"] for d in read_bundle(out / "抽查包.zip")["drawn.json"] if d["reserve"])
    for changed, said in [
        ([{**results[0], "inspected_on": "2020-01-01"}], "的检查日期 2020-01-01 早于随机数公布的 2021-03-01"),
        ([{**results[0], "inspected_on": "2999-01-01", "published_on": None}], "晚于今天"),
        ([results[0], {**results[0], "result": categories()[1]}], "有两条结果"),
        ([{**results[0], "id": reserve}], "是候补"),
    ]:
        path.write_text(yaml.safe_dump(changed, allow_unicode=True), "utf8")
        with pytest.raises(ZhunshengError, match=f"ZS-DR-09.*{said}"):
            results_to_ledger(out / "抽查包.zip", path, tmp_path)
    # Of a bundle from which one is gone nothing is recorded, and nobody is counted as overdue.
    spoiled, _frame = tampered(out, "swapped object", tmp_path / "t")
    path.write_text("[]", "utf8")
    with pytest.raises(ZhunshengError, match=r"ZS-DR-73.*号码"):
        results_to_ledger(spoiled, path, tmp_path)
    left = CliRunner().invoke(app, ["draw", "overdue", str(spoiled), str(path), "--ended-on", "2021-11-01"])
    assert "ZS-DR-73" in str(left.exception)


def test_draw_commands(folder, tmp_path, capsys):
    from zhunsheng.cli import main

    out, digest = folder

    def call(*arguments):
        with pytest.raises(SystemExit) as left:
            main([str(a) for a in arguments])
        return left.value.code, capsys.readouterr().out

    base = out.parent
    code, said = call(
        "draw",
        "commit",
        base / "plan.yaml",
        "--inspectors",
        base / "people.yaml",
        "--frame",
        base / "frame.csv",
        "--out",
        tmp_path / "n",
    )
    assert code == 2  # the numbers are known by now
    assert call("draw", "seed", out, "--first", base / "a.yaml", "--second", base / "b.yaml")[0] == 0
    code, said = call("draw", "run", out)
    assert (code, "抽中" in said) == (0, True)
    assert json.loads(call("draw", "run", out, "--json")[1])["drawn"] > 0
    assert "已写出" in call("draw", "list", out, "--out", tmp_path / "l.parquet")[1]
    code, said = call(
        "draw", "verify", out / "抽查包.zip", "--frame", out / "frame.tsv", "--commitment", digest
    )
    assert (code, "不符" in said) == (0, False)
    bundle, frame = tampered(out, "swapped object", tmp_path / "t")
    code, said = call("draw", "verify", bundle, "--frame", frame, "--json")
    assert (code, any(c["holds"] is False for c in json.loads(said))) == (1, True)
    (tmp_path / "r.yaml").write_text("[]", "utf8")
    assert (
        "逾期"
        in call("draw", "overdue", out / "抽查包.zip", tmp_path / "r.yaml", "--ended-on", "2021-11-01")[1]
    )
    assert call("draw", "overdue", out / "抽查包.zip", tmp_path / "r.yaml", "--ended-on", "昨天")[0] == 2
    assert call("draw", "results", out / "抽查包.zip", tmp_path / "r.yaml", "--out", tmp_path)[0] == 0
    later = {**BASE, "known_at": "2999-01-01T00:00:00Z"}
    (tmp_path / "p.yaml").write_text(yaml.safe_dump(later, allow_unicode=True), "utf8")
    common = (
        "draw",
        "commit",
        tmp_path / "p.yaml",
        "--inspectors",
        base / "people.yaml",
        "--frame",
        base / "frame.csv",
        "--out",
        tmp_path / "n",
    )
    assert "承诺摘要" in call(*common)[1]
    assert len(json.loads(call(*common[:-1], tmp_path / "n2", "--json")[1])["digest"]) == 64


def test_the_tens_of_lines_in_the_docs_work(folder, tmp_path):
    """Run the Python of docs/verify-by-hand.md as a stranger would."""
    import subprocess
    import sys

    out, _ = folder
    page = (Path(__file__).parents[2] / "docs" / "verify-by-hand.md").read_text("utf8")
    code = re.search(r"```python\n(.*?)```", page, re.S)[1]
    shell = re.search(r"```bash\n(.*?)```", page, re.S)[1]
    with zipfile.ZipFile(out / "抽查包.zip") as archive:
        archive.extractall(tmp_path)
    shutil.copyfile(out / "frame.tsv", tmp_path / "frame.tsv")
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.strip().splitlines()[-1] == "相符", done.stderr
    done = subprocess.run(["bash", "-c", shell], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.strip().splitlines()[-1] == "相符", done.stderr
