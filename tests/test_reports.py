"""Reports: forms that read back, plain merges, text that stays text, a page that stands alone."""

from __future__ import annotations

import json
import re
import zipfile
from datetime import date
from decimal import Decimal
from fractions import Fraction
from importlib.resources import files
from pathlib import Path

import docx
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree, html

from places import GOLDEN
from scored import score_sheet
from test_hostile import word
from test_intake import core
from zhunsheng.evaluation import recheck
from zhunsheng.files.opening import open_bytes
from zhunsheng.files.writing import sheet_name
from zhunsheng.intake import blocks_of, read_book
from zhunsheng.monitoring import Figures, MonitoringTerms, monitor
from zhunsheng.outcomes import outcome_of_reading, outcome_of_text, shown_result
from zhunsheng.regulations import monitoring_rules, scheme_of
from zhunsheng.reports.docx import write_forms
from zhunsheng.reports.forms import Cell, Form, monitoring_form, self_evaluation_form, target_form
from zhunsheng.reports.xlsx import write_workbook
from zhunsheng.review import STATES, all_rules
from zhunsheng.targets import (
    Goal,
    Indicator,
    PlanStep,
    SpendingPlan,
    TargetSheet,
    TargetValue,
    convert,
    split_unit,
)
from zhunsheng.targets.identity import identified

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def back(sheets, tmp_path):
    """The sheets as read back from Excel and from Word."""
    forms = [target_form(s) for s in sheets]
    write_workbook([(s.title(), f) for s, f in zip(sheets, forms, strict=True)], tmp_path / "a.xlsx")
    write_forms(forms, tmp_path / "a.docx")
    return [read_book(tmp_path / name).sheets for name in ("a.xlsx", "a.docx")]


def test_the_real_document_survives_both_ways(real, tmp_path):
    book = read_book(real)
    for sheets in back(book.sheets, tmp_path):
        assert [core(s) for s in sheets] == [core(s) for s in book.sheets]


def test_the_sample_survives_both_ways(sample, tmp_path):
    book = sample[1].assessment.book
    for sheets in back(book.sheets, tmp_path):
        assert [core(s) for s in sheets] == [core(s) for s in book.sheets]


NAMES = st.text("监督检查宣传抽样质量标准培训次数比例甲乙丙丁", min_size=3, max_size=14)
VALUES = st.sampled_from(
    ["≥2次", "≤700元", "≥90%", "=1次", "2021年11月底前", "有效提升", "0起", "3-5天", "≥1.2万人次", "大于4次"]
)
LEVELS = st.sampled_from(
    [
        ("产出指标", "数量指标"),
        ("产出指标", "质量指标"),
        ("效益指标", "社会效益指标"),
        ("满意度指标", "服务对象满意度指标"),
    ]
)


@st.composite
def projects(draw):
    """A project sheet as an office might fill it in."""
    rows = draw(st.lists(st.tuples(NAMES, VALUES, LEVELS), min_size=1, max_size=9, unique_by=lambda r: r[0]))
    weighted = draw(st.booleans())
    indicators = []
    for n, (name, value, (one, two)) in enumerate(sorted(rows, key=lambda r: r[2])):
        target = TargetValue.parse(value, year=2021)
        weight = Decimal(n + 5) if weighted else None
        indicators.append(
            Indicator(
                level1=one,
                level2=two,
                name=f"指{name}",
                description=draw(st.sampled_from([None, "甲数/乙数"])),
                target=target,
                weight=weight,
                basis=draw(st.sampled_from([None, "年度计划"])),
            )
        )
    months = draw(st.lists(st.sampled_from([3, 6, 9, 10]), max_size=4, unique=True))
    days = {3: 31, 6: 30, 9: 30, 10: 31}
    steps = [PlanStep(by=f"2021-{m:02d}-{days[m]}", cumulative=Decimal(m) / 20) for m in sorted(months)]
    steps.append(PlanStep(by="2021-12-31", cumulative=1))
    return identified(
        TargetSheet(
            kind="project",
            name="项" + draw(NAMES),
            code=draw(st.sampled_from([None, "A2021001"])),
            department=draw(st.sampled_from([None, "某局"])),
            year=2021,
            purpose="用于" + draw(NAMES) + "等工作。",
            budget={
                "total": "400000",
                "fiscal": "350000.5",
                "other": draw(st.sampled_from([None, "49999.5"])),
            },
            spending_plan=SpendingPlan(steps=tuple(steps)),
            goals=tuple(
                Goal(
                    title=draw(st.sampled_from([None, f"目标{n}"])),
                    text=f"做好{draw(NAMES)}，{draw(NAMES)}。",
                )
                for n in range(1, draw(st.integers(2, 4)))
            ),
            indicators=tuple(indicators),
        )
    )


@settings(max_examples=40, deadline=None)
@given(projects())
def test_any_project_sheet_survives_both_ways(tmp_path_factory, sheet):
    for (found,) in back([sheet], tmp_path_factory.mktemp("back")):
        assert core(found) == core(sheet)


def test_a_self_evaluation_reads_back_with_points_results_and_scores(sample, tmp_path):
    cards = [r.card for r in sample[1].assessment.results]
    forms = [self_evaluation_form(card) for card in cards]
    write_workbook([(str(n), f) for n, f in enumerate(forms)], tmp_path / "a.xlsx")
    write_forms(forms, tmp_path / "a.docx")
    for name in ("a.xlsx", "a.docx"):
        for sheet, card in zip(read_book(tmp_path / name).sheets, cards, strict=True):
            assert [i.name for i in sheet.indicators] == [i.name for i in card.sheet.indicators]
            assert [i.weight for i in sheet.indicators] == [s.points for s in card.scores]
            assert [i.score for i in sheet.indicators] == [s.score for s in card.scores]
            assert [i.actual for i in sheet.indicators] == [
                shown_result(s.outcome).replace(" ", "") for s in card.scores
            ]
            assert (sheet.total_score, sheet.execution.score, sheet.kind) == (
                card.total,
                card.execution.score,
                card.sheet.kind,
            )
            assert sheet.execution.spent == card.execution.spent


def test_formulas_from_user_data_stay_text(tmp_path):
    nasty = ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x")', "=cmd|' /C calc'!A0"]
    rows = tuple((Cell(text), Cell("x")) for text in nasty)
    write_workbook([("表", Form("=题", (1, 1), rows))], tmp_path / "a.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    cells = [c for row in sheet.iter_rows() for c in row if c.value]
    assert all(c.data_type == "s" for c in cells)
    assert [c.value for c in sheet["A"]][1:] == nasty
    assert b"<f>" not in zipfile.ZipFile(tmp_path / "a.xlsx").read("xl/worksheets/sheet1.xml")


def test_word_merges_are_plain(sample):
    """Only gridSpan and vMerge, each row as wide as the grid, so that Word, WPS and LibreOffice draw it
    alike.
    """
    folder = sample[0] / "results"
    for name in ("绩效目标表.docx", "绩效运行监控表.docx", "绩效自评表.docx"):
        root = etree.fromstring(zipfile.ZipFile(folder / name).read("word/document.xml"))
        for table in root.iter(f"{W}tbl"):
            width = len(table.findall(f"{W}tblGrid/{W}gridCol"))
            for row in table.findall(f"{W}tr"):
                spans = [
                    int(s.get(f"{W}val")) if (s := c.find(f"{W}tcPr/{W}gridSpan")) is not None else 1
                    for c in row.findall(f"{W}tc")
                ]
                assert sum(spans) == width
        assert not list(root.iter(f"{W}hMerge"))
        page = root.find(f".//{W}sectPr/{W}pgSz")
        assert {page.get(f"{W}w"), page.get(f"{W}h")} == {"11906", "16838"}
        assert "宋体" in {
            f.get(f"{W}eastAsia") for f in root.iter(f"{W}rFonts")
        } or b"\xe5\xae\x8b\xe4\xbd\x93" in zipfile.ZipFile(folder / name).read("word/styles.xml")


def test_excel_prints_on_a4(sample):
    for name in ("绩效目标表.xlsx", "绩效运行监控表.xlsx", "绩效自评表.xlsx"):
        for sheet in openpyxl.load_workbook(sample[0] / "results" / name):
            assert sheet.page_setup.paperSize == 9
            assert sheet.sheet_properties.pageSetUpPr.fitToPage
            assert sheet["A1"].font.name == "黑体"
            assert sheet["A4"].font.name == "宋体"
            assert sheet.merged_cells.ranges


def test_forms_must_fill_their_width():
    with pytest.raises(ValueError, match="do not fill"):
        Form("x", (1, 1), ((Cell("a"),),)).placed()
    with pytest.raises(ValueError, match="do not fill"):
        Form("x", (1, 1), ((Cell("a"), Cell("b"), Cell("c")),)).placed()


def test_sheet_names_excel_accepts():
    used: set[str] = set()
    assert sheet_name("甲/乙[丙]:*?", used) == "甲-乙-丙----"
    assert sheet_name("甲/乙[丙]:*?", used) == "甲-乙-丙----2"
    assert len(sheet_name("长" * 60, used)) <= 31
    assert sheet_name("", used) == "表"


def test_a_plan_of_many_dates_and_optional_columns(tmp_path):
    steps = [PlanStep(by=f"2021-{m:02d}-28", cumulative=Decimal(m) / 12) for m in range(1, 12)]
    first = Indicator(
        level1="产出指标",
        level2="数量指标",
        name="检查次数",
        target=TargetValue.parse("≥2次"),
        weight="90",
        direction="正向",
        last_year="1次",
        medium_term=TargetValue.parse("≥6次"),
    )
    sheet = TargetSheet(
        kind="project",
        name="甲",
        year=2021,
        spending_plan={"steps": steps},
        goals=(Goal(title="目标1", text="开展检查工作，规范秩序。"),),
        indicators=(first,),
    )
    for (found,) in back([sheet], tmp_path):
        assert [s.by for s in found.spending_plan.steps] == [s.by for s in sheet.spending_plan.steps]
        got = found.indicators[0]
        assert (got.weight, got.direction, got.last_year, got.medium_term.value) == (90, "正向", "1次", 6)


def test_the_page_stands_alone_and_escapes(sample):
    page = (sample[0] / "results" / "绩效总览.html").read_text("utf8")
    tree = html.fromstring(page)
    assert not tree.xpath("//script|//link|//img|//iframe|//@src|//@onclick")
    assert not re.search(r"url\(|@import|https?://", page)
    assert len(tree.xpath("//section[starts-with(@id, 'sheet')]")) == 3
    assert len(tree.xpath("//svg")) == 2
    assert len(tree.xpath("//tr[@class='detail']")) == 28
    lineage = " ".join(tree.xpath("(//tr[@class='detail'])[1]//text()"))
    for part in ("annual_report_rate_company", "分子 / 分母", "市场主体台账.csv", "SHA-256", "未计入的行"):
        assert part in lineage
    personal = {c.strip() for c in tree.xpath("//th/text()")}
    assert not personal & {"诉求人", "联系电话", "法定代表人", "当事人", "收款人", "申请人", "检查人员"}


def test_user_text_cannot_become_markup(tmp_path, sample):
    from zhunsheng.reports.about import About
    from zhunsheng.reports.dashboard import render

    evil = "<script>alert(1)</script>"
    assessment = sample[1].assessment
    about = About(evil, assessment.as_of, False, assessment.snapshot, source=evil, problems=[evil])
    page = render([], about)
    assert "<script>" not in page
    assert page.count("&lt;script&gt;") >= 3
    assert "未满年度" in page


def test_the_report_has_the_outline_the_rules_ask_for(sample):
    document = docx.Document(str(sample[0] / "results" / "绩效评价报告.docx"))
    heads = [p.text for p in document.paragraphs if p.style.name == "Heading 1"]
    assert [h.split("、")[0] for h in heads] == [*"一二三四五六七", "附：目标审核清单"]
    text = "\n".join(p.text for p in document.paragraphs)
    assert "完成值与证据不符" in text
    assert "财预〔2020〕10号" in text
    *_, one, two, three = document.tables  # every rule on each sheet, with what became of it
    for duties in (one, two, three):
        rows = [[cell.text for cell in row.cells] for row in duties.rows]
        assert [row[0][:5] for row in rows[1:]] == [rule.code for rule in all_rules()]
        assert all(row[1] in STATES.values() for row in rows[1:])
        assert all(row[2] != "—" for row in rows[1:] if row[1] != STATES["passed"])
    assert len(document.tables) == 7


def test_the_data_is_complete_json(sample):
    data = json.loads((sample[0] / "results" / "结果.json").read_text("utf8"))
    assert data["format"] == "zhunsheng.run/1"
    assert data["final"] is True
    assert [len(r["indicators"]) for r in data["results"]] == [14, 7, 7]
    assert all(
        i["reading"]["digest"] == data["store"]["digest"] for r in data["results"] for i in r["indicators"]
    )
    assert data["recheck"][0]["differences"]


def test_reading_a_word_table_whose_merge_restarts():
    cell = "<w:tc><w:tcPr>{merge}</w:tcPr><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc>"
    restart, goes_on = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    rows = "".join(
        f"<w:tr>{cell.format(merge=m, text=t)}</w:tr>"
        for m, t in [(restart, "甲"), (goes_on, ""), (restart, "乙"), (goes_on, "")]
    )
    (grid,) = blocks_of(open_bytes(word(f"<w:tbl>{rows}</w:tbl>"), "a.docx"))
    assert [grid.text(r, 0) for r in range(4)] == ["甲", "甲", "乙", "乙"]


# -- tables print the typed value
# ------------------------------------------------------------------------------------------


def typed(sheet):
    """What the values of a sheet promise, to compare readings of different spellings."""
    return [
        (
            i.name,
            i.level1,
            i.level2,
            i.type.kind,
            i.type.sense,
            i.aim.op,
            value_of(i.aim),
            i.aim.per,
            i.aim.relative,
        )
        for i in sheet.indicators
    ]


def value_of(value):
    """The number or numbers with their unit, the day, the words."""
    numbers = value.value if isinstance(value.value, tuple) else (value.value,)
    return [
        convert(n, value.unit, split_unit(value.unit)[0]) if isinstance(n, Decimal) else n for n in numbers
    ]


@pytest.mark.parametrize("name", sorted(p.name for p in GOLDEN.iterdir() if p.suffix in (".html", ".txt")))
def test_every_golden_layout_reads_back_equal(name, tmp_path):
    sheets = read_book(GOLDEN / name).sheets
    for found in back(sheets, tmp_path):
        assert [typed(s) for s in found] == [typed(s) for s in sheets]
        for one, other in zip(sheets, found, strict=True):
            for i, j in zip(one.indicators, other.indicators, strict=True):
                assert i.target.same(j.target) and i.target.unit == j.target.unit
                assert (i.nature, i.operator, i.unit, i.direction) == (
                    j.nature,
                    j.operator,
                    j.unit,
                    j.direction,
                )
                assert (i.last_year, i.weight) == (j.last_year, j.weight)
                assert (i.medium_term is None) == (j.medium_term is None)
                assert i.medium_term is None or i.medium_term.same(j.medium_term)


def scored(sheet, text=lambda i: i.words()):
    """A scorecard whose results are what was promised, as the office would report them."""
    outcomes = [outcome_of_text(text(i), i.aim.unit, sheet.year, "judgement") for i in sheet.indicators]
    year = sheet.year or 2021
    day = date(year + 1, 2, 28)
    return score_sheet(
        sheet, outcomes, spent=Decimal(9), budget=Decimal(10), scheme=scheme_of(year), as_of=day
    )


@pytest.mark.parametrize("name", sorted(p.name for p in GOLDEN.iterdir() if p.suffix in (".html", ".txt")))
def test_the_re_check_finds_no_difference_in_the_own_self_evaluation_table(name, tmp_path):
    for sheet in read_book(GOLDEN / name).sheets:
        card = scored(sheet)
        write_workbook([("表", self_evaluation_form(card))], tmp_path / "a.xlsx")
        write_forms([self_evaluation_form(card)], tmp_path / "a.docx")
        for file in ("a.xlsx", "a.docx"):
            (reported,) = read_book(tmp_path / file).sheets
            assert [
                d
                for d in recheck(reported, card)
                if d.kind in ("target", "actual", "score", "missing", "extra")
            ] == []


def test_values_in_columns_of_their_own_are_whole_where_one_column_holds_them():
    (sheet,) = read_book(GOLDEN / "operator-and-unit-columns.html").sheets
    cells = {c.text for row in self_evaluation_form(scored(sheet)).rows for c in row}
    assert {"≥24所", "=1.2万人次", "≤12个月", "≤250万元", ">90%", "=0起"} <= cells
    assert "24" not in cells


@st.composite
def columned(draw):
    """An indicator as forms with operator, unit, nature and direction columns hold it."""
    unit = draw(st.sampled_from(["%", "次", "万元", "元", "个工作日", "天", "月", "万人次", "所", "亩", "‰"]))
    op = draw(st.sampled_from(["≥", "≤", "＝", ">", "<", "≧", "大于", ""]))
    number = draw(st.one_of(st.integers(0, 10**6), st.decimals(Decimal("0.01"), 10**4, places=2)))
    raw = draw(
        st.sampled_from(["{}", "每季度{}", "较上年增长{}", "{}以上"] if op in ("≥", "") else ["{}"])
    ).format(number)
    own_op, own_unit = draw(st.booleans()), draw(st.booleans())
    text = (
        ("" if own_op else op)
        + raw.replace("以上", "")
        + ("" if own_unit else unit)
        + ("以上" if "以上" in raw else "")
    )
    in_nature = own_op and draw(st.booleans())
    columns = {
        "operator": op if own_op and op and not in_nature else None,
        "nature": op if in_nature and op else draw(st.sampled_from([None, "定量"])),
        "unit": unit if own_unit else None,
        "direction": draw(st.sampled_from([None, None, "正向", "反向"])),
    }
    target = TargetValue.parse(text, op=op if own_op else None, unit=columns["unit"], year=2021)
    place = draw(LEVELS)
    return Indicator(level1=place[0], level2=place[1], name="指" + draw(NAMES), target=target, **columns)


@settings(max_examples=60, deadline=None)
@given(st.lists(columned(), min_size=1, max_size=6, unique_by=lambda i: i.name))
def test_any_typed_value_survives_columns_of_its_own(tmp_path_factory, indicators):
    indicators.sort(key=lambda i: (i.level1, i.level2))
    sheet = TargetSheet(
        kind="project",
        name="甲项目",
        year=2021,
        goals=(Goal(title="目标1", text="做好工作。"),),
        indicators=indicators,
    )
    folder = tmp_path_factory.mktemp("columns")
    for (found,) in back([sheet], folder):
        assert typed(found) == typed(sheet)
    card = scored(sheet)
    write_workbook([("表", self_evaluation_form(card))], folder / "b.xlsx")
    (reported,) = read_book(folder / "b.xlsx").sheets
    assert [d for d in recheck(reported, card) if d.kind == "target"] == []


def test_no_text_makes_a_writer_fail(tmp_path):
    nasty = "甲\x0b乙\x0c丙\x00丁\ud800戊"
    form = Form("题" + nasty, (1, 1), ((Cell(nasty), Cell("x")),), nasty, notes=(nasty,))
    write_workbook([("表" + nasty, form)], tmp_path / "a.xlsx")
    write_forms([form], tmp_path / "a.docx")
    assert openpyxl.load_workbook(tmp_path / "a.xlsx").active["A3"].value == "甲\n乙\n丙丁戊"
    assert docx.Document(str(tmp_path / "a.docx")).tables[0].cell(0, 0).text == "甲\n乙\n丙丁戊"


def test_a_shown_result_stands_on_its_own_side_of_the_target():
    one = Indicator(level1="产出指标", level2="质量指标", name="办结率", target=TargetValue.parse("≥90%"))
    sheet = TargetSheet(kind="project", name="甲", year=2021, indicators=(one,))
    outcome = outcome_of_reading(Fraction(22_499, 250), "%", one)
    money = {"spent": Decimal("79999.99"), "budget": Decimal(100_000)}
    local = scheme_of(
        2021, Path(str(files("zhunsheng.regulations") / "data" / "local" / "local-example.yaml"))
    )
    card = score_sheet(sheet, [outcome], **money, scheme=local, as_of=date(2021, 12, 31))
    cells = {c.text for row in self_evaluation_form(card).rows for c in row}
    assert {"89.996%", "79.99999%", "89.99"} <= cells and not {"90%", "80%", "90.00"} & cells
    (score,) = card.scores
    assert (score.verdict, score.outcome.text) == ("missed", "89.996%")
    assert "完成值 89.996%" in score.how and "99.996% 计分" in score.how
    assert any("预算执行率 79.99999% 低于 80%" in note for note in card.notes)
    found = monitor(
        sheet, [outcome], [None], Figures(), MonitoringTerms(date(2021, 12, 31), monitoring_rules()[0])
    )
    cells = {c.text for row in monitoring_form(found).rows for c in row}
    assert "89.996%" in cells and "90%" not in cells
