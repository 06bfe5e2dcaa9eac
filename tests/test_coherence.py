"""The map of goals, projects, money, indicators and ledgers, and what stands alone on either side."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from zhunsheng.cli.commands import app
from zhunsheng.intake import read_book
from zhunsheng.measures import catalogue
from zhunsheng.sample.documents import bureau, flattened
from zhunsheng.usecases.coherence import coherence


def test_the_real_document_has_a_goal_without_project_and_a_cost_without_goal(real):
    found = coherence(read_book(real), catalogue())
    goals = [goal for _, goal in found.orphans["goals_without_project"]]
    assert any("知识产权" in goal for goal in goals) and not any("质量发展" in goal for goal in goals)
    assert "单次审计费用" in [name for _, name in found.orphans["indicators_without_goal"]]
    quality = next(p for p in found.promises if "质量发展" in p.goal)
    assert quality.money == 700_000 and {one.by for one in quality.projects} == {"alike"}
    # Indicators stand under a department's goals, as the document writes them; a project's are alike at best.
    assert {one.by for p in found.promises if p.kind == "department" for one in p.indicators} == {"written"}
    assert {one.by for p in found.promises if p.kind == "project" for one in p.indicators} == {"alike"}


def test_the_command_draws_the_map_and_tells_it_as_data(tmp_path):
    (file := tmp_path / "目标.txt").write_text(flattened(bureau()), "utf8")
    said = CliRunner().invoke(app, ["map", str(file)])
    assert said.exit_code == 0 and "没有项目的部门目标" in said.stdout and "← 专利台账" in said.stdout
    data = json.loads(CliRunner().invoke(app, ["map", str(file), "--json"]).stdout)
    assert data["format"] == "zhunsheng.coherence/1"
    told = {(one["sheet"], one["goal"]) for one in data["promises"]}
    assert {(s["sheet"], s["name"]) for s in data["orphans"]["goals_without_project"]} <= told
    measured = [one["ledger"] for p in data["promises"] for one in p["indicators"]]
    assert "patents" in measured
    pledged = {one["pledge"]: one for one in data["pledges"]}
    assert [one["id"] for one in pledged["专利创造"]["measures"]] == ["patents_filed", "inventions_granted"]
    assert pledged["药品安全"]["measures"] == [] and pledged["药品安全"]["why"]
    assert "承诺了、没有测度的" in said.stdout and "药品安全：" in said.stdout
