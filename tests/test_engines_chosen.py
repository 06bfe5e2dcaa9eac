"""Figures computed where a user chooses: the commands and the site on Spark, equal to this machine's."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import pytest

from zhunsheng.cli import main
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Store
from zhunsheng.measures import DuckEngine, SparkEngine, Where
from zhunsheng.usecases.opened_evidence import Evidence

SPARK = ("--engine", "spark", "--url", "local[2]")


@pytest.fixture
def say(capsys):
    def call(*arguments):
        with pytest.raises(SystemExit) as left:
            main([str(a) for a in arguments])
        said = capsys.readouterr()
        return left.value.code, said.out, said.err

    return call


@pytest.fixture(scope="module")
def given(sample):
    out, _ = sample
    document = out / "documents" / "2021年绩效目标.docx"
    return [document, "--evidence", out / "results" / "evidence", "--as-of", "2022-02-28"]


@pytest.fixture
def asked(monkeypatch):
    """The queries that Spark was asked."""
    found: list[str] = []
    query = SparkEngine.query
    monkeypatch.setattr(SparkEngine, "query", lambda self, sql: found.append(sql) or query(self, sql))
    return found


def test_every_command_says_on_spark_what_it_says_here(given, say, spark, asked, tmp_path):
    _document, *where = given
    # The whole catalogue is compared in test_measures.
    for name, *arguments in (
        ["measure", "report_closure_rate", *where, "--year", "2021", "--rows"],
        ["measure", "report_closure_rate", *where, "--year", "2021", "--by", "section"],
        ["measure", "report_closure_rate", *where, "--year", "2021", "--batch", "9"],
        ["monitor", *given],
        ["evaluate", *given],
    ):
        asked.clear()
        here = say(name, *arguments, "--json")
        assert not asked, name
        there = say(name, *arguments, "--json", *SPARK)
        assert asked, name
        assert (there[0], json.loads(there[1])) == (here[0], json.loads(here[1])), name
        assert len(here[1]) > 200, name
    data = []
    for engine in ((), SPARK):
        asked.clear()
        code, said, _ = say("run", *given, "--out", tmp_path / str(len(data)), "--json", *engine)
        assert (code, bool(asked)) == (0, bool(engine))
        data.append({k: v for k, v in json.loads(said).items() if k != "files"})
    assert data[0] == data[1]


def test_an_engine_is_chosen_for_all_commands_at_once(given, say, spark, asked, monkeypatch):
    _document, *where = given
    asking = ["measure", "report_closure_rate", *where, "--year", "2021", "--json"]
    here = say(*asking)[1]
    monkeypatch.setenv("ZHUNSHENG_ENGINE", "spark")
    monkeypatch.setenv("ZHUNSHENG_ENGINE_URL", "local[2]")
    assert not asked
    assert json.loads(say(*asking)[1]) == json.loads(here)
    assert asked


def test_two_states_on_one_cluster_do_not_mix(sample, spark):
    store = Store(sample[0] / "results" / "evidence")
    now, then = store.snapshot(), store.snapshot(batch=1)
    engines = [SparkEngine(now, spark), SparkEngine(then, spark)]
    asked = "SELECT count(*) FROM complaints"
    found = [e.query(asked) for e in (*engines, *reversed(engines))]
    assert found == [DuckEngine(s).query(asked) for s in (now, then, then, now)]
    assert found[0] != found[1]


@pytest.mark.parametrize("url", [None, "http://x"])
def test_an_address_that_is_none_is_said(given, say, url):
    code, _, said = say(
        "measure", *given[1:], "--engine", "spark", *(["--url", url] if url else []), "--json"
    )
    assert (code, "ZS-EV-70" in said, "spark://" in said) == (2, True, True), said


def test_a_missing_package_and_an_unknown_engine_are_said(given, say, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    code, _, said = say("evaluate", *given, *SPARK)
    assert (code, "ZS-EV-71" in said, "zhunsheng[spark]" in said) == (2, True, True), said
    assert say("evaluate", *given, "--engine", "oracle")[0] == 2


def test_what_the_cluster_can_not_read_is_said(sample, spark, tmp_path):
    snapshot = Store(sample[0] / "results" / "evidence").snapshot()
    gone = replace(snapshot, files={"complaints": (str(tmp_path / "gone.parquet"),)})
    with pytest.raises(ZhunshengError) as caught:
        SparkEngine(gone, spark).query("SELECT count(*) FROM complaints")
    assert caught.value.code == "ZS-EV-72"
    assert spark.sql("SELECT 1").collect()[0][0] == 1  # the session goes on


def test_a_folder_with_signs_of_patterns_is_read_on_spark(spark, tmp_path):
    from agreed import import_ledger

    path = tmp_path / "支出.csv"
    path.write_text("凭证号,项目名称,支付金额,支付日期\nN1,经费,10,2021-05-06\n", "utf8")
    root = tmp_path / "a {b,c}*"
    import_ledger(root, path, department="甲局")
    found = SparkEngine(Store(root).snapshot(), spark).query("SELECT count(*) FROM payments")
    assert found == [(1,)]


def test_the_site_computes_where_its_setting_says(sample, spark, settings, monkeypatch):
    from zhunsheng.web.services import evidence

    store = Store(sample[0] / "results" / "evidence")
    monkeypatch.setattr(evidence, "store", lambda: store)
    here = evidence.opened()
    settings.ENGINE, settings.ENGINE_URL = "spark", "local[2]"
    there = evidence.opened()
    assert isinstance(there.engine, SparkEngine) and evidence.where() == Where("spark", "local[2]")
    day = sample[1].assessment.as_of
    assert isinstance(there, Evidence)
    assert there.read(2021, day, asked=()) == here.read(2021, day, asked=()) != {}
