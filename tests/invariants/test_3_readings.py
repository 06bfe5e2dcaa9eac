"""Invariant of part 3: what a document was not surely read to say is scored nowhere before somebody confirmed
it.
"""

from __future__ import annotations

import json

import pytest
import yaml
from typer.testing import CliRunner

from small_office import CLOSURE, DAY, PLACE, SAMPLING, answer, book, indicator, project
from zhunsheng.cli.commands import app
from zhunsheng.evidence import Store
from zhunsheng.intake.answers import LEFT, RIGHT, answered, form_of
from zhunsheng.intake.reading import read_book
from zhunsheng.targets import Place, Unsure
from zhunsheng.targets.doubts import ASKED, TOLD, must_confirm
from zhunsheng.targets.fields import fields_of
from zhunsheng.usecases.assessing import assess
from zhunsheng.usecases.opened_evidence import Evidence

ROWS = (
    ("质量指标", CLOSURE, "295%"),
    ("质量指标", SAMPLING, "≥80%"),
    ("时效指标", "项目完成时限", "12月底前"),
)


def page(*rows, budget="100"):
    """Return a project's table as a page; its budget has no unit where ``budget`` has none."""
    lines = [("项目名称", "治理经费", "项目编码", "P1"), ("预算总额", budget, "绩效目标", "办好每一件举报")]
    lines += [("一级指标", "二级指标", "三级指标", "指标值"), *(("产出指标", *row) for row in rows)]
    cells = ("".join(f"<td>{cell}</td>" for cell in line) for line in lines)
    told = "".join(f"<tr>{line}</tr>" for line in cells)
    return f"<p>2021年度项目绩效目标表</p><table>{told}</table>"


@pytest.fixture
def document(tmp_path):
    path = tmp_path / "目标.html"
    path.write_text(page(*ROWS), "utf8")
    return path


def scored(answer_of):
    """Return the verdicts of a card by the names of its indicators, and that of its money."""
    (sheet,) = answer_of["results"]
    lines = {one["name"]: one["score"]["verdict"] for one in sheet["indicators"]}
    return lines, sheet["score"]["execution"]


def ask(root, command, *args):
    sent = [command, *map(str, args), "--evidence", str(root), "--as-of", "2022-02-28", "--json"]
    done = CliRunner().invoke(app, sent)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout), done.stderr


def answers(document, tmp_path, **said):
    """Fill in the answers to a document's doubts: by what is in doubt, else that all is right."""
    path = tmp_path / "核对单.yaml"
    done = CliRunner().invoke(app, ["read", str(document), "--save-answers", str(path), "--json"])
    assert done.exit_code == 0, done.output
    form = yaml.safe_load(path.read_text("utf8"))
    for one in form["answers"]:
        one["answer"] = said.get(one["text"], RIGHT)
    form["answered_by"] = "王敏"
    path.write_text(yaml.safe_dump(form, allow_unicode=True), "utf8")
    return path


@pytest.mark.parametrize("command", ["evaluate", "run", "report", "monitor"])
def test_3_what_was_not_surely_read_is_scored_by_no_command(root, document, tmp_path, command):
    out = ("--out", tmp_path / "out") if command in ("run", "report") else ()
    found, told = ask(root, command, document, *out)
    if command == "report":
        found = json.loads((tmp_path / "out" / "结果.json").read_text("utf8"))
    assert "还没有核对" in told and "--save-answers" in told
    (sheet,) = found["results"]
    first = sheet["indicators"][0]
    if command == "monitor":
        assert "还没有人核对" in first["monitoring"]["method"] and first["monitoring"]["light"] == "grey"
    else:
        verdicts, execution = scored(found)
        assert verdicts[CLOSURE] == "check" and verdicts["项目完成时限"] in ("met", "missed")
        assert execution["open"] != "0"
    path = answers(document, tmp_path, **{"295%": "≥95%"})
    out = ("--out", tmp_path / "out2") if command in ("run", "report") else ()
    found, told = ask(root, command, document, "--answers", path, *out)
    assert "还没有核对" not in told
    if command == "monitor":
        assert found["results"][0]["indicators"][0]["monitoring"]["light"] != "grey"
        return
    if command == "report":
        found = json.loads((tmp_path / "out2" / "结果.json").read_text("utf8"))
    verdicts, execution = scored(found)
    assert verdicts[CLOSURE] == "missed" and execution["open"] == "0"


def doubted(root, sheet, *found):
    """Assess a sheet of which something is in doubt."""
    asked = book(sheet).model_copy(update={"unsure": found})
    return assess(asked, Evidence.of(Store(root)), DAY, department=PLACE).results[0]


@pytest.mark.parametrize("field", [*ASKED, "indicators.0.weight", "something.new"])
def test_3_a_doubt_leaves_open_all_that_it_may_be_of(root, field):
    here = Place(table=1, row=5)
    rows = (indicator(CLOSURE, "≥90%", place=here), indicator(SAMPLING, "≥80%", place=Place(table=1, row=6)))
    sheet = project(*rows)
    on_row = field in ("cell", "indicators", "symbol", "target", "something.new")
    one = Unsure(
        field=field, place=here if on_row or field.endswith("weight") else None, text="?", why="看不清"
    )
    result = doubted(root, sheet, one)
    verdicts = [score.verdict for score in result.card.scores]
    money = field in ("budget", "spending_plan")
    assert verdicts[0] == ("met" if money else "check") and "看不清" in (
        result.card.execution.how if money else result.card.scores[0].how
    )
    # What the points are shared by, what year it is and what stands nowhere in particular is of all rows.
    assert (verdicts[1] == "check") is not (on_row or money)
    assert bool(result.card.execution.open) is not on_row
    assert result.card.grade is None
    outlook = result.checkpoint.indicators[0]
    assert money or (outlook.light == "grey" and "看不清" in outlook.method)


@pytest.mark.parametrize("field", [*TOLD, "goals.0.text", "name", "purpose"])
def test_3_what_is_only_told_or_never_compared_opens_nothing(root, field):
    sheet = project(indicator(CLOSURE, "≥90%"))
    one = Unsure(field=field, text="?", why="看不清")
    sure = doubted(root, sheet)
    assert doubted(root, sheet, one).card.scores == sure.card.scores
    assert sure.card.scores[0].verdict == "met"


def test_3_a_project_whose_budget_is_in_doubt_weighs_what_it_may(root):
    small = project(indicator(CLOSURE, "≥90%"), name="小项目", code="P2", budget={"total": 1})
    large = project(indicator(CLOSURE, "≥99%"))
    whole = project(indicator(CLOSURE, "≥90%"), kind="department", name=None, code=None)
    asked = book(small, large, whole)
    evidence = Evidence.of(Store(root))
    sure = assess(asked, evidence, DAY, department=PLACE).results[2].card
    doubt = Unsure(sheet=0, field="budget", text="1", why="看不清")
    unsure = asked.model_copy(update={"unsure": (doubt,)})
    open_one = assess(unsure, evidence, DAY, department=PLACE).results[2].card
    assert open_one.range.low <= sure.range.low and open_one.projects_open > sure.projects_open


def test_3_a_doubt_moves_the_digest_of_what_figures_rest_on(root):
    sheet = project(indicator(CLOSURE, "≥90%"))
    asked = book(sheet).model_copy(update={"unsure": (Unsure(field="year", text="?", why="看不清"),)})
    done = assess(asked, Evidence.of(Store(root)), DAY, department=PLACE)
    assert done.basis != answer(root, sheet).basis


def test_3_a_reported_row_that_was_not_surely_read_is_named_and_not_compared(root, tmp_path, document):
    reported = tmp_path / "自评.html"
    head = "<td>一级指标</td><td>二级指标</td><td>三级指标</td><td>指标值</td><td>完成值</td><td>得分</td>"
    row = f"<td>产出指标</td><td>质量指标</td><td>{CLOSURE}</td><td>295%</td><td>95%</td><td>50</td>"
    text = page().replace("</table>", f"<tr>{head}</tr><tr>{row}</tr></table>")
    reported.write_text(
        text.replace("<tr><td>一级指标</td><td>二级指标</td><td>三级指标</td><td>指标值</td></tr>", ""),
        "utf8",
    )
    targets = tmp_path / "批复.html"
    targets.write_text(page(("质量指标", CLOSURE, "≥95%"), budget="100万元"), "utf8")
    assert [u.field for u in read_book(reported).unsure if must_confirm(u)].count("target") == 1
    sent = ["evaluate", str(targets), "--evidence", str(root), "--as-of", "2022-02-28", "--json"]
    done = CliRunner().invoke(app, [*sent, "--reported", str(reported)])
    found = json.loads(done.stdout)["recheck"][0]["differences"]
    assert ("check", CLOSURE) in {(one["kind"], one["indicator"]) for one in found}
    assert not {"score", "actual"} & {one["kind"] for one in found if one["indicator"] == CLOSURE}


def test_3_answers_go_by_the_document_and_are_never_dropped(document, tmp_path):
    read = read_book(document)
    form = form_of(read)
    assert [one.text for one in form.answers] == ["100", "295%"]
    whole = form.model_copy(
        update={"answers": tuple(one.model_copy(update={"answer": RIGHT}) for one in form.answers)}
    )
    done = answered(read, [whole])
    assert not [one for one in done.unsure if must_confirm(one)] and done.sheets == read.sheets
    other = whole.model_copy(update={"sha256": "0" * 64})
    assert answered(read, [other]) == read
    half = form.model_copy(update={"answers": (form.answers[0], whole.answers[1])})
    assert [one.text for one in answered(read, [half]).unsure if must_confirm(one)] == ["100"]
    path = fields_of(read.sheets[0])
    assert path["indicators.0.target"].text == "295%" and LEFT != RIGHT
