"""The data standard: what goes out comes back the same, and what does not is named."""

from __future__ import annotations

import json
import random
from datetime import date
from decimal import Decimal

import pytest

from zhunsheng.errors import ZhunshengError
from zhunsheng.packs import packs
from zhunsheng.targets import Budget, Goal, Indicator, TargetSheet, TargetValue
from zhunsheng.targets.identity import identified
from zhunsheng.targets.sheet import Execution, PlanStep, SpendingPlan
from zhunsheng.usecases.exchange import (
    as_json,
    as_workbook,
    library_of,
    of_library,
    of_sheets,
    read,
    sheets_of,
    standard,
)

WRITE = {"json": as_json, "xlsx": as_workbook}
VALUES = ["≥95%", "100%", "≤3.5万元", "优", "12月31日前", "20次", "5~8项", "", "不低于90％", "＝12"]


def one_indicator(rng, n):
    columns = rng.random() < 0.4
    raw = str(rng.randrange(1, 99)) if columns else rng.choice(VALUES)
    operator, unit = (rng.choice("≥≤"), rng.choice(["%", "次"])) if columns else (None, None)
    evaluated = rng.random() < 0.5
    return Indicator(
        level1=rng.choice(["产出指标", "效益指标"]),
        level2=rng.choice(["数量指标", "质量指标"]),
        name=f"指标{n}",
        description=rng.choice([None, "办结的件数/受理的件数"]),
        target=TargetValue.parse(raw, op=operator, unit=unit, year=2024),
        operator=operator,
        unit=unit,
        weight=rng.choice([None, Decimal(10), Decimal("7.5")]),
        basis=rng.choice([None, "年度计划"]),
        medium_term=TargetValue.parse("≥300次", year=2024) if rng.random() < 0.3 else None,
        actual=rng.choice(["96%", "18次"]) if evaluated else None,
        score=Decimal("9.5") if evaluated else None,
        deviation=rng.choice([None, "经费到得晚"]) if evaluated else None,
    )


def one_sheet(seed):
    rng = random.Random(seed)
    project = rng.random() < 0.7
    return identified(
        TargetSheet(
            kind="project" if project else "department",
            name="抽检项目" if project else None,
            code="13000024T000000012345" if project else None,
            department="甲局",
            unit=rng.choice([None, "甲局本级"]),
            year=2024,
            goals=tuple(Goal(title=f"目标{n}", text=f"做好第{n}件事") for n in range(1, rng.randrange(1, 4))),
            indicators=tuple(one_indicator(rng, n) for n in range(rng.randrange(1, 12))),
            execution=Execution(
                planned=Decimal(1000), adjusted=Decimal(800), spent=Decimal("799.5"), score=Decimal(10)
            )
            if rng.random() < 0.5
            else None,
            total_score=rng.choice([None, Decimal("97.25")]),
        )
    )


def bare(sheet):
    """A sheet without where its operators and units stood, which its target values hold too."""
    said = sheet.model_dump(mode="json")
    for one in said["indicators"]:
        one.pop("operator"), one.pop("unit")
    return {key: value for key, value in said.items() if key != "id"}


@pytest.mark.parametrize("kind", WRITE)
@pytest.mark.parametrize("seed", range(25))
def test_targets_and_self_evaluations_come_back_the_same(kind, seed):
    sheet = one_sheet(seed)
    tables, left = of_sheets([sheet], "105001")
    assert not left
    again, unread = read(WRITE[kind](tables, left), f"x.{kind}")
    assert {name: rows for name, rows in again.items() if rows} == {
        name: rows for name, rows in tables.items() if rows
    }
    (back,), more = sheets_of(again)
    assert not unread and not more
    assert bare(back) == bare(sheet)


def test_what_the_standard_has_no_place_for_is_named():
    indicator = Indicator(
        name="办结率", target=TargetValue.parse("≥95%"), last_year="93%", direction="正向指标", goal=0
    )
    sheet = TargetSheet(
        kind="project",
        name="项目",
        year=2024,
        purpose="培训",
        budget=Budget(total=Decimal(5000)),
        spending_plan=SpendingPlan(steps=(PlanStep(by=date(2024, 6, 30), cumulative=Decimal("0.5")),)),
        goals=(Goal(title="总的来说", text="做好"),),
        safeguards=(Goal(text="专人负责"),),
        indicators=(indicator,),
        execution=Execution(spent=Decimal(10), points=Decimal(10)),
    )
    tables, left = of_sheets([identified(sheet)])
    told = "；".join(left)
    for words in (
        "资金用途",
        "预算金额",
        "资金支出计划",
        "绩效目标",
        "保障措施",
        "上年值",
        "指标方向",
        "所属的分项目标",
        "预算执行的分值",
    ):
        assert words in told, words
    assert left == json.loads(as_json(tables, left))["left_out"]
    assert "没有写进来的" in [s.name for s in _sheets(as_workbook(tables, left))]


def _sheets(content):
    from zhunsheng.files.opening import open_bytes
    from zhunsheng.files.spreadsheet import read_workbook

    return list(read_workbook(open_bytes(content, "x.xlsx")))


def test_two_projects_that_nothing_tells_apart_are_said():
    sheet = identified(TargetSheet(kind="project", name="项目", year=2024, goals=(Goal(text="做好"),)))
    _tables, left = of_sheets([sheet, sheet])
    assert any("读回来成了一张" in one for one in left)


def test_a_file_of_another_system_says_what_was_not_read():
    rows = [
        {
            "fiscal_year": 2024,
            "pro_code": "13000024T000000012345",
            "pro_name": "抽检",
            "kpi_id": "{6F9619FF-8B86-D011-B42D-00C04FC964FF}",
            "lv1_perf_ind_name": "产出指标",
            "lv2_perf_ind_name": "数量指标",
            "lv3_perf_ind_name": "抽检批次",
            "kpi_val": "500",
            "computesign": "≥",
            "meterunit": "批次",
            "kpi_evalstd": "每少一批扣一分",
            "vendor_x": "1",
            "is_deleted": 2,
        },
        {"pro_code": "13000024T000000012345", "lv3_perf_ind_name": "删掉的", "is_deleted": 1},
    ]
    tables, unread = read(json.dumps({"PM_PERF_INDICATOR": rows, "SOMETHING": [{"a": 1}]}).encode(), "x.json")
    assert any("vendor_x" in one for one in unread) and any("SOMETHING" in one for one in unread)
    (sheet,), left = sheets_of(tables)
    (indicator,) = sheet.indicators
    assert (indicator.aim.text(), indicator.operator, indicator.unit) == ("≥500批次", "≥", "批次")
    told = "；".join(left)
    assert "评（扣）分标准" in told and "已删除" in told and "指标主键" in told


@pytest.mark.parametrize(
    "content, code",
    [(b"{}", "ZS-RG-25"), (b'{"tables": 3}', "ZS-RG-25"), (b"[1]", "ZS-RG-25"), (b"{", "ZS-RG-25")],
)
def test_a_file_that_holds_none_of_the_tables_is_refused(content, code):
    with pytest.raises(ZhunshengError, match=code):
        read(content, "x.json")


def test_a_number_that_is_none_is_told_with_its_place():
    rows = [{"pro_name": "甲", "lv3_perf_ind_name": "乙", "ind_weight": "十分"}]
    with pytest.raises(ZhunshengError, match=r"ZS-RG-26.*第 1 行，ind_weight.*十分"):
        sheets_of({"PM_PERF_INDICATOR": rows}, "x.json")


def test_the_library_comes_back_but_for_what_is_named():
    entries = [one for pack in packs().values() for one in pack.entries()]
    tables, left = of_library(entries)
    assert {one.split("：")[0] for one in left} == {"确定依据", "数据来源", "周期", "测度"}
    for write in WRITE.values():
        back, more = library_of(read(write(tables, left), "x.xlsx")[0])
        assert not more
        without = {"basis": "", "source": "", "period": "", "measure": ""}
        assert back == [one.model_copy(update=without) for one in entries]


def test_a_region_s_own_codes_are_told_and_dealt_anew():
    rows = [
        {"perf_ind_code": "SL0001", "一级指标": "产出指标", "二级指标": "数量指标", "三级指标": "检查次数"}
    ]
    (entry,), left = library_of({"BAS_PERF_INDICATOR": rows}, known=["GE-O1-001"])
    assert entry.code == "GE-O1-002" and "SL0001" in left[0]


def test_fields_are_named_once_a_table():
    for table in standard().values():
        names = [one.name for one in table.columns]
        assert len(set(names)) == len(names)
