"""Changing a sheet by hand: fields as text, last year's sheet as a draft, versions compared,
the original's places.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from zhunsheng.errors import ZhunshengError
from zhunsheng.intake import read_book
from zhunsheng.targets import Goal, Indicator, TargetSheet, TargetValue
from zhunsheng.targets.comparing import changes, paired_goals
from zhunsheng.targets.editing import with_added, with_text, without
from zhunsheng.targets.fields import fields_of
from zhunsheng.targets.kinds import Settled
from zhunsheng.targets.starting import blank_sheet, carried_over
from zhunsheng.usecases.documents import original, place_key


@pytest.fixture(scope="module")
def project(sample) -> TargetSheet:
    out, _ = sample
    return next(s for s in read_book(out / "documents" / "2021年绩效目标.docx").sheets if s.kind == "project")


def test_every_field_set_to_its_own_text_leaves_the_sheet_as_it_is(project):
    for path, field in fields_of(project).items():
        again = with_text(project, path, field.text)
        assert fields_of(again) == fields_of(project), path


def test_amounts_are_wan_yuan_and_shares_are_percent(project):
    changed = with_text(project, "budget.total", "45.5万元")
    assert changed.budget.total == Decimal("455000")
    assert with_text(project, "budget.total", "").budget.total is None
    assert with_text(project, "plan.1.share", "60%").spending_plan.steps[1].cumulative == Decimal("0.6")
    assert with_text(project, "plan.1.by", "2021-07-31").spending_plan.steps[1].by == date(2021, 7, 31)


def test_a_target_value_is_read_with_the_sheets_year(project):
    changed = with_text(project, "indicators.0.target", "11月底前")
    assert changed.indicators[0].target.value == date(2021, 11, 30)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("budget.total", "很多"),
        ("budget.total", "-1"),
        ("plan.0.share", "101"),
        ("plan.0.by", "三月"),
        ("indicators.0.name", ""),
        ("goals.0.text", " "),
        ("name", ""),
        *(
            (path, text)
            for path in ("budget.total", "plan.0.share", "indicators.0.weight")
            for text in ("1e99999999", "1e5", "9" * 400, "NaN", "∞", "-1", "1_000", "0x10")
        ),
    ],
)
def test_what_a_field_cannot_hold_is_refused_in_words(project, path, text):
    with pytest.raises(ZhunshengError) as caught:
        with_text(project, path, text)
    assert caught.value.code == "ZS-TG-01"


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("budget.total", "1,2345", "千位"),
        ("plan.0.by", "2021-02-30", "没有 2021-02-30 这一天"),
        ("plan.0.by", "三月", "2021-03-31 这样"),
    ],
)
def test_what_is_wrong_with_a_text_is_told_by_what_stands_in_it(project, path, text, why):
    with pytest.raises(ZhunshengError, match=why):
        with_text(project, path, text)


def test_an_unknown_field_is_refused(project):
    for path in ("nothing", "indicators.99.name", "plan.9.by"):
        with pytest.raises(ZhunshengError) as caught:
            with_text(project, path, "1")
        assert caught.value.code == "ZS-TG-02"


def test_parts_are_added_and_removed(project):
    more = with_added(with_added(with_added(project, "indicators"), "goals"), "plan")
    assert len(more.indicators) == len(project.indicators) + 1
    back = without(without(without(more, "indicators", len(more.indicators) - 1), "goals", 2), "plan", 4)
    assert back == project
    with pytest.raises(ZhunshengError):
        without(project, "indicators", 99)


def test_removing_a_goal_moves_the_indicators_goals(sample):
    out, _ = sample
    sheet = next(
        s for s in read_book(out / "documents" / "2021年绩效目标.docx").sheets if s.kind == "department"
    )
    goals = {i.goal for i in sheet.indicators}
    assert {0, 1} <= goals
    less = without(sheet, "goals", 0)
    for old, new in zip(sheet.indicators, less.indicators, strict=True):
        assert new.goal == (None if old.goal == 0 else old.goal - 1)


def test_last_years_sheet_is_next_years_draft(project):
    draft = carried_over(project, 2022)
    assert draft.year == 2022 and draft.budget.total is None
    assert [s.by.year for s in draft.spending_plan.steps] == [2022] * 4
    dated = next(i for i in draft.indicators if i.target.op == "by")
    assert dated.target.value == date(2022, 12, 31) and dated.last_year == "2021年12月底前"
    assert all(i.last_year for i in draft.indicators)


def test_versions_are_compared_by_code_not_by_position(project):
    moved = project.model_copy(update={"indicators": project.indicators[::-1]})
    assert changes(project, moved) == []
    changed = with_text(moved, "indicators.0.target", "≥95%")
    assert [(c.old, c.new) for c in changes(project, changed)] == [("≥90%", "≥95%")]
    gone = changes(project, without(project, "indicators", 0))
    assert {c.label.split("：")[0] for c in gone} == {project.indicators[0].name} and all(
        c.new == "" for c in gone
    )


def test_a_blank_form_has_the_quarters_and_a_goal():
    sheet = blank_sheet("project", "某项目", "某局", 2026)
    assert [s.cumulative for s in sheet.spending_plan.steps] == [Decimal(n) / 4 for n in (1, 2, 3, 4)]
    assert blank_sheet("department", None, "某局", 2026).spending_plan.steps == ()


@pytest.mark.parametrize("kind", ["docx", "txt"])
def test_every_recognised_field_is_found_in_the_original(sample, kind):
    out, _ = sample
    path = out / "documents" / f"2021年绩效目标.{kind}"
    parts = original(path)
    keys = {p["key"] for p in parts if p["kind"] == "p"}
    keys |= {c["key"] for p in parts if p["kind"] == "t" for row in p["rows"] for c in row}
    linked = 0
    for sheet in read_book(path).sheets:
        for field in fields_of(sheet).values():
            if field.place is not None:
                linked += 1
                assert place_key(field.place) in keys, field
    assert linked > 100


def school(**columns):
    """A sheet of one indicator ≥24所, its operator and unit in columns of their own where
    ``columns`` say so.
    """
    op = columns.get("operator") or columns.get("nature")
    raw = "24" if columns else "≥24所"
    target = TargetValue.parse(raw, op=op, unit=columns.get("unit"))
    one = Indicator(
        id="abc", level1="产出指标", level2="数量指标", name="新建学校数量", target=target, **columns
    )
    return TargetSheet(kind="project", name="甲", year=2021, indicators=(one,))


COLUMNS = [
    {},
    {"operator": "≥", "unit": "所"},
    {"nature": "≥", "unit": "所"},
    {"nature": "定量", "operator": "≥", "unit": "所"},
]


@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("26", "≥26所"),
        ("≥25所", "≥25所"),
        ("25所", "≥25所"),
        ("≤26", "≤26所"),
        ("=26", "=26所"),
        ("95%", "≥95%"),
        ("不少于30所", "≥30所"),
    ],
)
def test_editing_a_target_edits_the_typed_value(columns, typed, shown):
    sheet = school(**columns)
    assert fields_of(sheet)["indicators.0.target"].text == "≥24所"
    changed = with_text(sheet, "indicators.0.target", typed)
    one = changed.indicators[0]
    assert TargetValue.parse(fields_of(changed)["indicators.0.target"].text).same(TargetValue.parse(shown))
    assert one.aim.text() == shown
    assert one.id == "abc"
    assert with_text(changed, "indicators.0.target", "≥24所").indicators[0].aim.same(sheet.indicators[0].aim)


def test_editing_keeps_period_and_comparison():
    def after(raw, typed):
        one = Indicator(name="甲", target=TargetValue.parse(raw))
        sheet = TargetSheet(kind="project", name="甲", year=2021, indicators=(one,))
        return with_text(sheet, "indicators.0.target", typed).indicators[0].target.words()

    assert after("每季度1次", "2") == "每季度2次"
    assert after("较上年增长5%", "6") == "较上年增长6%"
    assert after("≤0.07万元", "700元") == "≤700元"
    assert after("0起", "1起") == "=1起"
    assert after("优", "≥90%") == "≥90%"


def test_changing_names_keeps_the_code():
    sheet = school()
    for what in ("level1", "level2", "name", "description"):
        assert with_text(sheet, f"indicators.0.{what}", "新的名称").indicators[0].id == "abc"


def test_a_decision_stays_while_operator_and_kind_stay():
    sheet = school(operator="≥", unit="所")
    one = sheet.indicators[0].model_copy(update={"settled": Settled(sense="more", reason="原件如此")})
    sheet = sheet.model_copy(update={"indicators": (one,)})
    assert with_text(sheet, "indicators.0.target", "26").indicators[0].settled == one.settled
    assert with_text(sheet, "indicators.0.target", "≤26").indicators[0].settled is None


def test_text_that_files_cannot_hold_is_cleaned_when_typed():
    sheet = with_text(school(), "indicators.0.name", "新建\x0b学校\x00数量")
    assert sheet.indicators[0].name == "新建\n学校数量"
    assert Goal(text="甲\x0b乙").text == "甲\n乙"


def test_a_renamed_indicator_is_one_changed_name():
    old = school()
    new = with_text(old, "indicators.0.name", "新建中小学数量")
    assert [(c.label, c.old, c.new) for c in changes(old, new)] == [
        ("新建中小学数量：三级指标", "新建学校数量", "新建中小学数量")
    ]


def test_every_text_is_compared():
    goals = (
        Goal(title="一、规范秩序", text="规范市场秩序，查处违法行为。"),
        Goal(title="二、保障安全", text="保障食品安全。"),
    )
    old = TargetSheet(
        kind="department", year=2021, goals=goals, safeguards=(Goal(text="加强制度建设，完善办法。"),)
    )
    new = old.model_copy(
        update={
            "goals": (goals[0].model_copy(update={"title": "一、维护秩序"}), goals[1]),
            "safeguards": (Goal(text="加强制度建设，完善管理办法。"), Goal(text="加强监督。")),
        }
    )
    assert [(c.label, c.old, c.new) for c in changes(old, new)] == [
        ("一、维护秩序：标题", "一、规范秩序", "一、维护秩序"),
        ("保障措施1", "加强制度建设，完善办法。", "加强制度建设，完善管理办法。"),
        ("保障措施2", "", "加强监督。"),
    ]


def test_sub_goals_are_paired_by_their_words_not_by_position():
    one, two = Goal(title="目标1", text="规范市场秩序。"), Goal(title="目标2", text="保障食品安全。")
    first = Goal(title="目标1", text="新增一个完全不同的任务事项。")
    assert paired_goals([one, two], [first, one, two]) == [(None, 0), (0, 1), (1, 2)]
    assert paired_goals([one, two], [two]) == [(1, 0), (0, None)]
    changed = one.model_copy(update={"text": "规范市场经营秩序。"})
    assert paired_goals([one, two], [two, changed]) == [(1, 0), (0, 1)]


def test_last_years_operator_and_unit_columns_are_carried_over():
    draft = carried_over(school(nature="≥", unit="所"), 2022)
    assert (draft.indicators[0].target.words(), draft.indicators[0].last_year) == ("≥24所", "≥24所")
