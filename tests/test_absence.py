"""A measure that says nothing says why: its ledger was never imported, or has no rows of the department."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest
from stdnum.cn import uscc

from small_office import BUDGET, CLOSURE, COMPLAINT, DAY, PAID, answer, indicator, project, put, shown
from zhunsheng.cli import main
from zhunsheng.evidence import Snapshot, Store, ledgers
from zhunsheng.measures import DuckEngine, absences, measures, read_all, why_absent

CODE = "91110108MA00000X0"
EMPTY = Snapshot(0, None, "", {})


def _value(column):
    """Return a value that a column takes."""
    if column.check:
        return CODE + uscc.calc_check_digit(CODE)
    if column.values:
        return column.values[0]
    return {"date": "2021-03-05", "money": "100", "integer": "2020", "bool": "是"}.get(column.type, "P1")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A store with one row of one department in every ledger."""
    store = tmp_path_factory.mktemp("all") / "store"
    for ledger in ledgers().values():
        columns = [c for c in ledger.columns if c.required or c.type == "date"]
        put(
            store,
            ledger.id,
            ",".join(c.title for c in columns),
            ",".join(_value(c) for c in columns),
        )
    return store


def _without(snapshot, ledger):
    """Return a state that never had a ledger."""
    return replace(snapshot, files={k: v for k, v in snapshot.files.items() if k != ledger})


def _read(snapshot, measure, department="A1", year=2021):
    """Return the reading of a measure and what is said where there is none."""
    found = read_all([measure], DuckEngine(snapshot), snapshot, year, DAY, departments=[department])
    reading = found.get((measure.id, department, None))
    return reading, reading.text() if reading else why_absent(measure, snapshot, department)


@pytest.mark.parametrize("measure", list(measures().values()), ids=list(measures()))
def test_3_a_measure_whose_ledger_was_never_imported_says_so(root, measure):
    snapshot = Store(root).snapshot()
    for name in (measure.ledger, *(link.ledger for link in measure.links)):
        said = f"台账“{ledgers()[name].title}”从未导入"
        for state in (_without(snapshot, name), replace(EMPTY, files=_files(snapshot, measure, name))):
            reading, text = _read(state, measure)
            assert text == said and (reading is None or not reading.known)
            # Beside a department that brought it, one that did not has no rows; both differ from “never”.
        assert (
            why_absent(measure, snapshot, "B2") == f"台账“{ledgers()[measure.ledger].title}”没有本部门的记录"
        )
    _reading, text = _read(EMPTY, measure)
    assert text == f"台账“{ledgers()[measure.ledger].title}”从未导入"
    for year in (2021, 2019):
        _reading, text = _read(snapshot, measure, year=year)
        assert "从未导入" not in text and "没有本部门" not in text


def _files(snapshot, measure, missing):
    """Return what a store holds in which nothing was imported but a measure's other ledgers."""
    names = {measure.ledger, *(link.ledger for link in measure.links)} - {missing}
    return {name: snapshot.files[name] for name in names}


def test_what_was_taken_back_is_not_what_never_came(tmp_path):
    root = tmp_path / "store"
    put(root, "complaints", COMPLAINT, "T1,举报,2021-03-05,2021-06-01")
    put(root, "complaints", COMPLAINT, "T1,举报,2021-03-05,", department="B2", label="乙局")
    Store(root).undo(1)
    closure = measures()["report_closure_rate"]
    snapshot = Store(root).snapshot()
    assert _read(snapshot, closure)[1] == "台账“投诉举报台账”里本部门的记录已全部撤销或删除"
    assert _read(snapshot, closure, "C3")[1] == "台账“投诉举报台账”没有本部门的记录"
    earlier = Store(root).snapshot(batch=0)
    assert _read(earlier, closure)[1] == "台账“投诉举报台账”从未导入"


def test_absences_are_told_once_a_ledger(root):
    snapshot = Store(root).snapshot()
    known = list(measures().values())
    found = read_all(known, DuckEngine(snapshot), snapshot, 2021, DAY)
    assert list(absences(known, found, snapshot, ["A1"])) == []
    told = list(absences(known, found, snapshot, ["B2"]))
    assert {m.id for one in told for m in one.measures} == set(measures())
    assert {(one.department, one.why.endswith("没有本部门的记录")) for one in told} == {("B2", True)}
    never = list(absences(known, {}, EMPTY, ["A1", "B2"]))
    assert len(never) == len({m.ledger for m in known}) and {one.department for one in never} == {""}


def test_the_command_says_which_ledgers_were_never_imported(tmp_path, capsys):
    root = tmp_path / "store"
    put(root, "complaints", COMPLAINT, "T1,举报,2021-03-05,2021-06-01")
    ask = ["--evidence", str(root), "--as-of", "2021-12-31"]

    def said(*words):
        with pytest.raises(SystemExit) as ended:
            main(["measure", *words, *ask])
        assert ended.value.code == 0
        return capsys.readouterr().out

    for more in ([], ["--rows"]):
        told = said("双随机抽查比例", *more)
        assert "没有读数的测度" in told and "台账“市场主体台账”从未导入" in told
    assert "没有读数的测度" not in said(CLOSURE)
    (told,) = json.loads(said("双随机抽查比例", "--json"))
    assert (told["value"], told["department"]) == (None, None)
    assert told["note"] == "台账“市场主体台账”从未导入"


def test_indicators_money_and_scores_say_which_ledger_was_never_imported(tmp_path):
    root = tmp_path / "store"
    put(root, "budgets", BUDGET, "治理经费,P1,年初批复,1000000,2021-01-01")
    sheet = project(indicator(CLOSURE, "≥95%"))
    done = answer(root, sheet, day=date(2021, 10, 31))
    (result,) = done.results
    assert result.outcomes[0].note == "台账“投诉举报台账”从未导入"
    assert result.checkpoint.indicators[0].method == "台账“投诉举报台账”从未导入"
    assert "台账“投诉举报台账”从未导入" in result.card.scores[0].how
    money = "没有支付或预算数据：台账“支付台账”从未导入"
    assert result.checkpoint.money.method == money
    assert result.card.execution.how == "没有支付数据，预算执行率待定（台账“支付台账”从未导入）"
    (kept,) = shown(done, root).results
    assert kept.indicators[0].outcome.note == "台账“投诉举报台账”从未导入"
    put(root, "payments", PAID, "V1,别的经费,P9,750000,2021-05-01")
    (result,) = answer(root, sheet, day=date(2021, 10, 31)).results
    assert result.checkpoint.money.method == "没有支付或预算数据：台账“支付台账”没有这个项目的记录"


def test_the_first_import_of_a_ledger_by_anybody_is_a_new_state_of_the_figures(tmp_path):
    root = tmp_path / "store"
    put(root, "complaints", COMPLAINT, "T1,举报,2021-03-05,2021-06-01", department="B2", label="乙局")
    sheet = project(indicator(CLOSURE, "≥95%"))
    first = answer(root, sheet)
    assert first.results[0].outcomes[0].note == "台账“投诉举报台账”没有本部门的记录"
    put(root, "complaints", COMPLAINT, "T2,举报,2021-03-05,", department="B2", label="乙局")
    assert answer(root, sheet).basis == first.basis
    put(root, "payments", PAID, "V1,治理经费,P1,750000,2021-05-01", department="B2", label="乙局")
    assert answer(root, sheet).basis != first.basis
