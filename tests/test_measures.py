"""Measures: definitions checked before they run, figures with numerator and denominator, rows, drill-down,
two engines.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import duckdb
import pytest
import yaml

from agreed import import_ledger
from places import DEPARTMENT
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Snapshot, Store, ledgers
from zhunsheng.folders import load_mapping
from zhunsheng.intake import read_book
from zhunsheng.measures import (
    DuckEngine,
    ProjectLink,
    Rows,
    SparkEngine,
    catalogue,
    evidence_rows,
    match_book,
    match_projects,
    measure_of,
    measures,
    read_all,
    read_mapping,
    show_number,
    write_mapping,
)
from zhunsheng.measures.compiling import days_of
from zhunsheng.measures.definitions import QUESTIONS, load
from zhunsheng.measures.reading import wilson
from zhunsheng.targets import Book, Source, TargetSheet

END = date(2022, 2, 28)
EMPTY = Snapshot(0, None, "", {})
BASE = {
    "id": "x",
    "name": "x",
    "kind": "ratio",
    "unit": "%",
    "ledger": "complaints",
    "population": "kind = '举报'",
    "hits": "closed_on <= :as_of",
    "accrual": {"shape": "level"},
    "drill": [],
    "aliases": [],
    "formula": "x",
    "citation": "x",
    "answers": dict.fromkeys(QUESTIONS, "说明"),
}


def define(**changes):
    return load(yaml.safe_dump([{**BASE, **changes}], allow_unicode=True), "x.yaml")


@pytest.fixture(scope="module")
def opened(sample):
    out, _ = sample
    snapshot = Store(out / "results" / "evidence").snapshot()
    return snapshot, DuckEngine(snapshot)


def read(opened, as_of=END, by=None, names=None):
    snapshot, engine = opened
    chosen = [measures()[n] for n in names] if names else list(measures().values())
    return read_all(chosen, engine, snapshot, 2021, as_of, by)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ledger": "none"}, "没有台账 none"),
        ({"hits": None}, "ratio 要有 hits"),
        ({"kind": "mean", "hits": None}, "要有 of"),
        ({"drill": ["nothing"]}, "没有列 nothing"),
        ({"population": "colour = 'red'"}, "没有列 colour"),
        ({"population": "kind = '表扬'"}, "没有“表扬”这个值"),
        ({"population": "kind IN ('举报', '表扬')"}, "没有“表扬”这个值"),
        ({"population": "received_on > :tomorrow"}, "没有参数 :tomorrow"),
        ({"population": "kind = "}, "不是一个条件"),
        ({"population": "kind = '"}, "不是一个条件"),
        ({"population": "exists (select 1 from payments)"}, "里不能用"),
        ({"population": "read_csv('/etc/passwd') = 1"}, "里不能用"),
        ({"population": "1 = 1; drop table complaints"}, "不是一个条件"),
        ({"links": [{"as": "y", "ledger": "none", "keys": [], "where": "true"}]}, "没有台账 none"),
        (
            {"links": [{"as": "y", "ledger": "entities", "keys": ["kind"], "where": "true"}]},
            "不是都有列 kind",
        ),
    ],
)
def test_definitions_are_checked_before_anything_runs(changes, said):
    with pytest.raises(ZhunshengError, match="ZS-MS-02") as caught:
        define(**changes)
    assert said in caught.value.text()


def test_definition_files_are_validated(tmp_path):
    with pytest.raises(ZhunshengError, match="ZS-RG-01"):
        define(kind="guess")
    with pytest.raises(ZhunshengError, match="ZS-RG-01"):
        load("- [", "x.yaml")
    again = [{"version": 2, "since": "2026-11-28", "what": "说明"}]
    (path := tmp_path / "m.yaml").write_text(
        yaml.safe_dump(
            [{**BASE, "id": "report_closure_rate", "version": 2, "changes": again}], allow_unicode=True
        ),
        "utf8",
    )
    assert catalogue([path])["report_closure_rate"].version == 2
    assert len(catalogue([path])) == len(measures())
    with pytest.raises(ZhunshengError, match="ZS-IN-01"):
        catalogue([tmp_path / "none.yaml"])
    with pytest.raises(ZhunshengError, match="ZS-MS-01"):
        measure_of("没有")
    assert measure_of("举报案件办结率").id == "report_closure_rate"


def test_nothing_imported_gives_no_readings():
    assert (
        read_all(list(measures().values()), DuckEngine(EMPTY, memory_limit="200MB"), EMPTY, 2021, END) == {}
    )


def test_figures_of_the_sample_against_plain_sql(opened):
    """The same figures, counted the plain way over the ledgers."""
    snapshot, _ = opened
    found = read(opened)

    def sql(query):
        for name, files in snapshot.files.items():
            query = query.replace(f"@{name}", f"read_parquet({list(files)})")
        return duckdb.connect().execute(query).fetchone()

    def ratio(measure):
        reading = found[measure, DEPARTMENT, None]
        assert reading.value == Fraction(int(reading.numerator) * 100, reading.denominator)
        return int(reading.numerator), reading.denominator

    def there(day):
        left = f"coalesce(least(deregistered_on, revoked_on, moved_out_on), '2099-01-01') > '{day}'"
        return f"{left} and coalesce(moved_in_on, '1999-01-01') <= '{day}'"

    assert ratio("report_closure_rate") == sql(
        "select count(*) filter (closed_on <= '2021-12-31'), count(*) from @complaints where kind = '举报' "
        "and year(received_on) = 2021"
    )
    assert ratio("annual_report_rate_company") == sql(
        "select count(*) filter (credit_code in (select credit_code from @annual_reports where report_year "
        "= 2020 and filed_on between '2021-01-01' and '2021-06-30')), count(*) from @entities where type = '"
        f"企业' and registered_on < '2021-01-01' and {there('2021-06-30')}"
    )
    assert ratio("double_random_ratio") == sql(
        "select count(*) filter (credit_code in (select credit_code from @inspections where kind in ('双随机"
        "', '跨部门联合') and year(inspected_on) = 2021)), count(*) from @entities where registered_on <= "
        f"'2021-12-31' and {there('2021-12-31')}"
    )
    assert ratio("key_equipment_inspection_rate") == sql(
        "select count(*) filter (inspected_on <= due_on), count(*) from @special_equipment where key_device "
        "and year(due_on) = 2021 and (status = '在用' or state_on > due_on)"
    )
    cost = found["sampling_cost", DEPARTMENT, None]
    total, n = sql("select sum(cost), count(cost) from @samples where year(taken_on) = 2021")
    assert (cost.numerator, cost.denominator, cost.value) == (total, n, Fraction(total) / n)
    assert found["patents_filed", DEPARTMENT, None].value == 341
    assert found["project_completed_on", DEPARTMENT, "产品质量安全与标准化认证认可监督管理"].value == date(
        2022, 1, 14
    )
    assert found["paid", DEPARTMENT, None].value == sum(
        r.value for (m, _, p), r in found.items() if m == "paid" and p is not None
    )


def test_the_sample_has_what_real_years_have(opened):
    found = read(opened)
    value = {m: r.value for (m, _, p), r in found.items() if p is None}
    assert value["annual_report_rate_company"] > 85
    assert value["annual_report_rate_individual"] < 80
    assert value["case_handling_rate"] < 90
    assert value["audit_cost"] > 700
    assert value["failed_product_followup_rate"] < 100
    assert value["serious_food_incidents"] == 0


def test_readings_as_of_a_date(opened):
    july = read(opened, date(2021, 7, 31))
    assert july["patents_filed", DEPARTMENT, None].value < 341
    assert july["project_completed_on", DEPARTMENT, None].value is None
    assert "没有完成" in july["project_completed_on", DEPARTMENT, None].text()
    reading = july["report_closure_rate", DEPARTMENT, None]
    assert (reading.as_of, reading.version, reading.batch) == (date(2021, 7, 31), 1, 20)
    assert reading.as_json()["value"] == show_number(reading.value)


def test_no_base_is_neither_nought_nor_a_hundred(tmp_path):
    (tmp_path / "a.csv").write_text("编号,类型,收到日期\nT1,投诉,2021-03-05\n", "utf8")
    import_ledger(tmp_path / "s", tmp_path / "a.csv", department="甲局")
    snapshot = Store(tmp_path / "s").snapshot()
    reading = read_all([measures()["report_closure_rate"]], DuckEngine(snapshot), snapshot, 2021, END)[
        "report_closure_rate", "甲局", None
    ]
    assert (reading.value, reading.text(), reading.denominator) == (None, "没有基数", 0)


def test_all_departments_in_one_pass(tmp_path):
    for n, name in enumerate(("甲局", "乙局")):
        rows = "".join(f"T{i},举报,2021-03-05,{'2021-04-01' if i <= n else ''}\n" for i in range(4))
        (tmp_path / f"{n}.csv").write_text("编号,类型,收到日期,办结日期\n" + rows, "utf8")
        import_ledger(tmp_path / "s", tmp_path / f"{n}.csv", department=name)
    snapshot = Store(tmp_path / "s").snapshot()
    found = read_all([measures()["report_closure_rate"]], DuckEngine(snapshot), snapshot, 2021, END)
    assert {k[1]: r.value for k, r in found.items()} == {"甲局": 25, "乙局": 50}


def test_drill_down_adds_up(opened):
    whole = read(opened, names=["double_random_ratio"])["double_random_ratio", DEPARTMENT, None]
    parts = [
        r for (_, _, p), r in read(opened, by="credit_class", names=["double_random_ratio"]).items() if p
    ]
    assert {r.project for r in parts} == {"A", "B", "C", "D"}
    assert sum(r.numerator for r in parts) == whole.numerator
    assert sum(r.denominator for r in parts) == whole.denominator


def test_rows_behind_a_figure(opened):
    snapshot, engine = opened
    measure = measures()["report_closure_rate"]
    reading = read(opened, names=["report_closure_rate"])["report_closure_rate", DEPARTMENT, None]
    rows = evidence_rows(measure, engine, snapshot, 2021, END, Rows(limit=None))
    assert len(rows) == reading.denominator
    assert sum(r.hit for r in rows) == reading.numerator
    assert {r.file for r in rows} == {"投诉举报台账.xlsx"}
    assert rows == sorted(rows, key=lambda r: (r.batch, r.row))
    assert all(r.values["诉求人"] == "诉**" for r in rows)
    assert (
        evidence_rows(measure, engine, snapshot, 2021, END, Rows(limit=1, personal=True))[0].values["诉求人"]
        != "诉**"
    )
    assert not any(r.hit for r in evidence_rows(measure, engine, snapshot, 2021, END, Rows(only=False)))
    linked = evidence_rows(
        measures()["food_producer_inspection_rate"], engine, snapshot, 2021, END, Rows(limit=None)
    )
    assert 0 < sum(r.hit for r in linked) < len(linked)


def test_spark_gives_the_same_readings(opened, spark):
    snapshot, _ = opened
    theirs = read_all(list(measures().values()), SparkEngine(snapshot, spark), snapshot, 2021, END)
    ours = read(opened)
    assert theirs == ours
    assert len(ours) > 50


def test_spark_lists_the_same_rows(opened, spark):
    snapshot, engine = opened
    measure = measures()["food_producer_inspection_rate"]
    here = evidence_rows(measure, engine, snapshot, 2021, END, Rows(limit=50))
    assert evidence_rows(measure, SparkEngine(snapshot, spark), snapshot, 2021, END, Rows(limit=50)) == here


def test_every_indicator_of_the_real_document_has_a_measure(real):
    book = read_book(real)
    found = match_book(book, measures())
    assert len(found) == 28
    assert all(m.used and m.status == "proposed" for m in found)
    names = {book.sheets[m.sheet].indicators[m.indicator].name: m.measure for m in found}
    assert names["企业年报率"] == "annual_report_rate_company"
    assert names["个体户年报率"] == "annual_report_rate_individual"
    assert names["重点特种设备定期检验率"] == "key_equipment_inspection_rate"


TABLE = "2021年绩效目标表\n项目名称\t甲\n一级指标\t二级指标\t三级指标\t绩效指标描述\t指标值\n"


def book_of(tmp_path, *rows):
    lines = "".join(
        f"产出指标\t质量指标\t{name}\t{description}\t{value}\n" for name, description, value in rows
    )
    (path := tmp_path / "b.txt").write_text(TABLE + lines, "utf8")
    return read_book(path)


def test_matching_says_how_sure_it_is(tmp_path):
    book = book_of(
        tmp_path,
        ("举报办结比率", "举报案件办结数/举报案件数", "≥90%"),
        ("举报案件办结数量", "", "≥90件"),
        ("群众的满意程度评分", "", "≥90%"),
        ("路灯完好率", "", "≥90%"),
        ("项目完成时限", "", "≥3次"),
    )
    by_formula, other_unit, near, none, no_date = match_book(book, measures())
    assert (by_formula.measure, by_formula.status) == ("report_closure_rate", "proposed")
    assert "计算公式" in by_formula.why
    assert other_unit.measure != "report_closure_rate"
    assert (near.measure, near.status, near.used) == ("satisfaction", "weak", False)
    assert (none.measure, none.status) == (None, "none")
    assert no_date.measure != "project_completed_on"


@pytest.mark.parametrize(
    "described",
    ["师德投诉办结数/受理数", "师德投诉办结数÷师德投诉受理数×100%", "师德投诉办结数占受理数的比例"],
)
def test_what_an_indicator_divides_by_outweighs_its_name(tmp_path, described):
    (match,) = match_book(book_of(tmp_path, ("案件办结率", described, "≥90%")), measures())
    assert not match.used, match
    (named,) = match_book(book_of(tmp_path, ("案件办结率", "", "≥90%")), measures())
    assert (named.measure, named.status) == ("case_closure_rate", "proposed")


@pytest.mark.parametrize(
    ("name", "described", "value"),
    [
        ("举报案件未办结率", "", "≤5%"),
        ("举报案件逾期办结率", "", "≤5%"),
        ("产品不合格率", "", "≤5%"),
        ("非重点特种设备定期检验率", "", "≥90%"),
        ("未开展应急演练次数", "", "≤1次"),
        ("群众不满意度", "", "≤5%"),
        ("没有办结的举报案件率", "", "≤5%"),
        ("举报案件办结率", "未办结举报案件数/举报案件数", "≤5%"),
        ("举报案件办结率", "反映举报案件未办结的情况", "≥90%"),
        ("合格品后处理率", "", "≥90%"),
    ],
)
def test_the_opposite_or_what_a_name_denies_is_never_proposed(tmp_path, name, described, value):
    (match,) = match_book(book_of(tmp_path, (name, described, value)), measures())
    assert (match.measure, match.status) == (None, "none")


@pytest.mark.parametrize(
    ("name", "described", "value", "measure"),
    [
        ("不合格产品后处理率", "", "≥90%", "failed_product_followup_rate"),
        ("举报案件办结率", "不低于九成的举报案件按期办结", "≥90%", "report_closure_rate"),
        ("重点特种设备定期检验率", "", "≥90%", "key_equipment_inspection_rate"),
    ],
)
def test_what_denies_the_same_is_still_proposed(tmp_path, name, described, value, measure):
    (match,) = match_book(book_of(tmp_path, (name, described, value)), measures())
    assert (match.measure, match.status) == (measure, "proposed")


def project_sheets(*pairs):
    made = (
        TargetSheet(id=f"s{n}", kind="project", name=name, code=code, year=2021)
        for n, (name, code) in enumerate(pairs, start=1)
    )
    return Book(source=Source(name="甲.docx", sha256="", media_type=""), sheets=tuple(made))


def keys(book, written, *links):
    return [
        m.keys for m in match_projects(book, written, [ProjectLink(sheet=s, project=p) for s, p in links])
    ]


def test_a_project_code_on_two_sheets_names_neither():
    book = project_sheets(("甲项目", "P1"), ("乙项目", "P1"))
    one, other = match_projects(book, ["P1"])
    assert one.keys == other.keys == () and all("不止一张目标表" in m.why for m in (one, other))
    assert all(m.proposals == (("P1", 100.0),) for m in (one, other))  # a person can say whose it is
    assert keys(book, ["P1"], ("s2", "P1")) == [(), ("P1",)]


def test_one_projects_money_is_never_two_sheets():
    book = project_sheets(("甲项目", "P1"), ("乙项目", "P2"), ("丙项目", None))
    written = ["P1", "P2", "丁项目"]
    assert keys(book, written) == [("P1",), ("P2",), ()]
    # Given to one that does not bear it, it is nobody's until that is settled; so is what was given to two.
    torn = match_projects(book, written, [ProjectLink(sheet="s3", project="P1")])
    assert [m.keys for m in torn] == [(), ("P2",), ()] and all("不能算两次" in torn[n].why for n in (0, 2))
    assert keys(book, written, ("s3", "丁项目"), ("s1", "丁项目")) == [("P1",), ("P2",), ()]
    assert keys(book, written, ("s3", "丁项目")) == [("P1",), ("P2",), ("丁项目",)]
    # A title that two sheets bear names neither.
    alike = project_sheets(("甲项目", "P1"), ("甲项目", "P2"))
    assert keys(alike, ["丁项目"], ("甲项目", "丁项目")) == [(), ()]
    # The same project in another year is another sheet's own matter.
    years = book.model_copy(
        update={"sheets": (*book.sheets, book.sheets[0].model_copy(update={"id": "s9", "year": 2020}))}
    )
    assert keys(years, written) == [("P1",), ("P2",), (), ("P1",)]


@pytest.mark.parametrize(
    "entries",
    [
        "- {sheet: s3, project: P1}",
        "- {sheet: s3, project: 甲项目}",
        "- {sheet: s3, project: 丁}\n- {sheet: s2, project: 丁}",
    ],
)
def test_a_mapping_file_gives_no_project_to_a_second_sheet(tmp_path, entries):
    book = project_sheets(("甲项目", "P1"), ("乙项目", "P2"), ("丙项目", None))
    (path := tmp_path / "map.yaml").write_text(entries, "utf8")
    with pytest.raises(ZhunshengError, match="ZS-MS-03") as caught:
        load_mapping(path, measures(), book)
    assert "一笔钱不能算两次" in caught.value.text()
    path.write_text("- {sheet: s3, project: 丁}\n- {sheet: s1, project: P1}", "utf8")
    assert len(load_mapping(path, measures(), book)) == 2


def test_nought_is_known_only_where_rows_came_in_in_the_year(tmp_path):
    """What was dealt with in January says nothing of what came in this year."""
    head = "编号,类型,收到日期,办结日期\n"
    within = "kind = '举报' AND received_on >= :year_start AND received_on <= :as_of"
    (mine,) = define(kind="count", hits=None, unit="件", population=within)
    found = []
    for n, lines in enumerate(("T1,举报,2020-12-05,2021-01-10\n", "T1,投诉,2021-03-05,\n")):
        (tmp_path / f"{n}.csv").write_text(head + lines, "utf8")
        import_ledger(tmp_path / f"s{n}", tmp_path / f"{n}.csv", department="甲局")
        snapshot = Store(tmp_path / f"s{n}").snapshot()
        found.append(read_all([mine], DuckEngine(snapshot), snapshot, 2021, END).get(("x", "甲局", None)))
    old, other = found
    assert (old.value, old.silent) == (None, "complaints") and other.value == 0
    # Where a condition names no date, any date of the year tells.
    assert days_of(mine, "kind = '举报'", ledgers()["complaints"]) == tuple(
        c.name for c in ledgers()["complaints"].columns if c.sql_type == "DATE"
    )
    assert days_of(mine, mine.population, ledgers()["complaints"]) == ("received_on",)


def test_hits_are_looked_up_by_the_dates_of_the_link(tmp_path):
    """Inspections of another year are no inspections of this one: that none was hit is then not known."""
    measure = measures()["food_producer_inspection_rate"]
    assert days_of(measure, measure.links[0].where, ledgers()["inspections"]) == ("inspected_on",)


def test_a_mapping_file_decides(tmp_path):
    book = book_of(tmp_path, ("群众的满意程度评分", "", "≥90%"), ("产品合格率", "", "≥90%"))
    path = tmp_path / "map.yaml"
    write_mapping(path, book, match_book(book, measures()))
    assert "把握不足" in path.read_text("utf8")
    # Written down, a proposal is still one: it counts once a person says so.
    found = match_book(book, measures(), read_mapping(path, measures()))
    assert [(m.status, m.measure) for m in found] == [
        ("weak", "satisfaction"),
        ("proposed", "product_pass_rate"),
    ]
    path.write_text(path.read_text("utf8").replace("confirmed: false", "confirmed: true"), "utf8")
    found = match_book(book, measures(), read_mapping(path, measures()))
    assert [(m.status, m.measure) for m in found] == [
        ("confirmed", "satisfaction"),
        ("confirmed", "product_pass_rate"),
    ]
    path.write_text("- {indicator: 产品合格率, measure: null}\n", "utf8")
    assert match_book(book, measures(), read_mapping(path, measures()))[1].status == "none"


@pytest.mark.parametrize("text", ["- {indicator: 甲, measure: nothing}", "- {measure: paid}", "- [", "x: 1"])
def test_wrong_mapping_files(tmp_path, text):
    (path := tmp_path / "map.yaml").write_text(text, "utf8")
    with pytest.raises(ZhunshengError, match="ZS-MS-03"):
        read_mapping(path, measures())
    with pytest.raises(ZhunshengError, match="ZS-IN-01"):
        read_mapping(tmp_path / "none.yaml", measures())


def test_shown_numbers_round_half_up():
    assert [show_number(Fraction(x)) for x in ("0.005", "-0.005", "1.995", "100", "0", "-2.5", "0.001")] == [
        "0.01",
        "-0.01",
        "2",
        "100",
        "0",
        "-2.5",
        "0",
    ]
    assert show_number(Fraction(2, 3), 4) == "0.6667"


def test_interval_of_a_share():
    low, high = wilson(90, 100)
    assert (low, high) == (82.56, 94.48)  # Wilson (1927) for 90 of 100
    assert Decimal(str(low)) < 90 < Decimal(str(high))


def test_a_report_of_nothing_makes_nought_known(tmp_path):
    """零报告: a ledger of incidents says that there were none where a row says so, not by being empty."""
    head = "事故编号,发生日期,事故类别,事故等级\n"
    (tmp_path / "a.csv").write_text(head + "S1,2020-05-05,食源性,一般\n", "utf8")
    import_ledger(tmp_path / "s", tmp_path / "a.csv", department="甲局")
    one, found = measures()["serious_food_incidents"], []
    for name in ("b.csv", None):
        snapshot = Store(tmp_path / "s").snapshot()
        read = read_all([one], DuckEngine(snapshot), snapshot, 2021, END)
        found.append(read.get((one.id, "甲局", None)))
        if name:
            (tmp_path / name).write_text(head + "2021-零报告,2021-12-31,无,零报告\n", "utf8")
            import_ledger(tmp_path / "s", tmp_path / name, department="甲局")
    unknown, nought = found
    assert (unknown.value, unknown.silent) == (None, "incidents") and nought.value == 0
