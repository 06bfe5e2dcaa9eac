"""The example document that every rule's good and bad example patches; without a patch it has no finding."""

from __future__ import annotations

import copy
from typing import Any

from zhunsheng.targets import Book, Source, TargetSheet, TargetValue

_BASIS = "年度计划"
_PROJECT: dict[str, Any] = {
    "kind": "project",
    "name": "市场秩序维护经费",
    "code": "130100210000012345",
    "department": "示例区市场监督管理局",
    "year": 2021,
    "purpose": "用于守法经营宣传、市场专项检查、商品抽查和举报办理。",
    "budget": {"total": "400000", "fiscal": "400000", "other": "0"},
    "spending_plan": [
        ["2021-03-31", "0.25"],
        ["2021-06-30", "0.5"],
        ["2021-09-30", "0.75"],
        ["2021-12-31", "1"],
    ],
    "goals": [{"title": "目标1", "text": "开展守法经营宣传和市场专项检查，及时办结举报，市场秩序明显好转。"}],
    "indicators": [
        ["产出指标", "数量指标", "守法经营宣传次数", "面向经营者的守法宣传", "≥2次", "15", _BASIS, "2次"],
        ["产出指标", "数量指标", "专项检查次数", "全区统一组织的市场专项检查", "≥3次", "10", _BASIS, "3次"],
        ["产出指标", "质量指标", "举报办结率", "举报办结数/举报受理数", "≥90%", "15", _BASIS, "88%"],
        [
            "产出指标",
            "时效指标",
            "年度任务完成时限",
            "最后一项检查结束日期",
            "2021年11月30日前",
            "5",
            _BASIS,
            None,
        ],
        ["产出指标", "成本指标", "单次宣传费用", "宣传费用/宣传次数", "≤5000元", "5", _BASIS, "5000元"],
        ["效益指标", "社会效益指标", "抽查商品合格率", "合格商品/抽查总量", "≥92%", "30", "行业标准", "92%"],
        [
            "满意度指标",
            "服务对象满意度指标",
            "受访经营者满意度",
            "问卷中满意人数/答卷人数",
            "≥90%",
            "10",
            "历史数据",
            "90%",
        ],
    ],
}
_DEPARTMENT: dict[str, Any] = {
    "kind": "department",
    "name": "2021年部门整体绩效目标",
    "year": 2021,
    "goals": [{"title": "市场秩序与举报办理", "text": "守法经营宣传到位，举报及时办结。"}],
    "indicators": [[None, None, "举报办结率", None, "≥90%", None, None, "88%"]],
}
_OTHER: dict[str, Any] = {
    **copy.deepcopy(_PROJECT),
    "name": "商品质量抽查经费",
    "code": "130100210000012346",
    "purpose": "用于流通领域商品的采样、检验和结果公布。",
    "goals": [{"title": "目标1", "text": "抽查流通领域商品，公布检验结果，不合格商品及时下架。"}],
    "indicators": [
        ["产出指标", "数量指标", "商品抽查批次", "全年采样送检的批次", "≥40批次", "15", _BASIS, "40批次"],
        ["产出指标", "数量指标", "结果公布次数", "向社会公布检验结果", "≥4次", "10", _BASIS, "4次"],
        ["产出指标", "质量指标", "不合格商品下架率", "已下架批次/不合格批次", "≥95%", "15", _BASIS, "94%"],
        [
            "产出指标",
            "时效指标",
            "采样完成时限",
            "最后一批采样日期",
            "2021年11月30日前",
            "5",
            _BASIS,
            None,
        ],
        ["产出指标", "成本指标", "单批次检验费用", "检验费用/抽查批次", "≤5000元", "5", _BASIS, "5000元"],
        ["效益指标", "社会效益指标", "商品质量投诉下降率", "减少件数/上年件数", "≥3%", "30", _BASIS, "3%"],
        [
            "满意度指标",
            "服务对象满意度指标",
            "受访消费者满意度",
            "问卷中满意人数/答卷人数",
            "≥90%",
            "10",
            "历史数据",
            "90%",
        ],
    ],
}
_PREVIOUS: dict[str, Any] = {
    **copy.deepcopy(_PROJECT),
    "year": 2020,
    "goals": [{"title": "目标1", "text": "围绕主副食品价格开展检查。"}],
}
_COLUMNS = ("level1", "level2", "name", "description", "target", "weight", "basis", "last_year")

# What takes a need away from the example, by its name in ``conditions.py``; "*" stands for the sheet a rule
# is tried on.
WITHOUT: dict[str, dict[str, Any]] = {
    "asks goals": {"*.goals": [], "*.place": {"line": 1}},
    "asks budget": {"*.budget.total": None, "*.place": {"line": 1}},
    "year": {"*.year": None},
    "name": {"*.name": None},
    "budget": {"*.budget.total": None},
    "fiscal": {"*.budget.fiscal": None},
    "plan": {"*.spending_plan": []},
    "goals": {"*.goals": []},
    "aims": {"*.goals": [], "*.purpose": None},
    "words": {"*.goals": [], "*.purpose": None, "*.indicators": []},
    "indicators": {"*.indicators": []},
    "bases": {f"*.indicators.{n}.basis": None for n in range(7)},
    "descriptions": {f"*.indicators.{n}.description": None for n in range(7)},
    "last year": {"previous.kind": "department"},
    "last year's goals": {"previous.goals": []},
    "department sheet": {"department.kind": "project"},
    "project sheets": {"project.kind": "department", "other.kind": "department"},
}
# The same for a detail that each indicator must have.
WITHOUT_EACH: dict[str, dict[str, Any]] = {
    "value": {f"*.indicators.{n}.target": "——" for n in range(7)},
    "unit": {"*.indicators.0.target": "≥2"},
    "category": {f"*.indicators.{n}.{level}": "其他" for n in range(7) for level in ("level1", "level2")},
    "weight": {f"*.indicators.{n}.weight": None for n in range(6)},
    "quantity": {"*.indicators.0.name": "守法经营讲座次数"},
    "last value": {"*.indicators.0.last_year": None},
    "both numbers": {"department.indicators.0.target": "稳步提高"},
}


def example(patch: dict[str, Any]) -> tuple[Book, Book]:
    """Return (this year's book, last year's) with dotted paths replaced; None for an indicator
    takes it out.
    """
    sheets = {"project": _PROJECT, "department": _DEPARTMENT, "other": _OTHER, "previous": _PREVIOUS}
    drafts = {name: _draft(sheet) for name, sheet in sheets.items()}
    for path, value in patch.items():
        _apply(drafts, path.split("."), value)
    built = {name: _build(draft) for name, draft in drafts.items()}
    source = Source(name="示例.docx", sha256="0" * 64, media_type="text/plain")
    return (
        Book(source=source, sheets=(built["project"], built["department"], built["other"])),
        Book(source=source, sheets=(built["previous"],)),
    )


def _draft(sheet: dict[str, Any]) -> dict[str, Any]:
    draft = copy.deepcopy(sheet)
    draft["indicators"] = [dict(zip(_COLUMNS, row, strict=True)) for row in draft["indicators"]]
    for row in draft["indicators"]:
        if row["name"] == "举报办结率" and draft["kind"] == "department":
            row["goal"] = 0
    return draft


def _apply(node: Any, path: list[str], value: Any) -> None:
    *parents, last = path
    for part in parents:
        node = node[int(part)] if isinstance(node, list) else node[part]
    if last == "+":
        node.append({"title": f"目标{len(node) + 1}", "text": value})
    elif isinstance(node, list):
        node[int(last)] = value
    else:
        node[last] = value


def _build(draft: dict[str, Any]) -> TargetSheet:
    year = draft.get("year")
    indicators = []
    for row in draft["indicators"]:
        if row is not None:
            target = TargetValue.parse(row["target"], year=year, dated="时限" in row["name"])
            indicators.append({**row, "target": target})
    steps = [{"by": by, "cumulative": share} for by, share in draft.get("spending_plan", [])]
    return TargetSheet.model_validate({**draft, "indicators": indicators, "spending_plan": {"steps": steps}})
