"""Results of inspections as rows for their ledger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zhunsheng.draws.results import InspectionResult, check_results
from zhunsheng.text import csv_text


def results_csv(parts: dict[str, Any], results: Sequence[InspectionResult]) -> str:
    """Return results, checked against a bundle's parts, as a csv for the inspections ledger.
    Raises ``ZS-DR-09``.
    """
    teams: dict[str, Sequence[str]] = {a["id"]: a["inspectors"] for a in parts["assignment.json"]}
    check_results(list(results), teams)
    plan = parts["plan.json"]
    item = "、".join(i["name"] for i in plan["items"])
    rows: list[Sequence[Any]] = [
        (
            "任务编号",
            "统一社会信用代码",
            "检查方式",
            "检查事项",
            "检查日期",
            "检查人员",
            "检查结果",
            "公示日期",
        )
    ]
    for r in results:
        if r.inspected_on:
            people = "、".join(r.inspectors)
            row = (
                plan["id"],
                r.id,
                "双随机",
                item,
                r.inspected_on,
                people,
                r.result or "",
                r.published_on or "",
            )
            rows.append(row)
    return csv_text(rows)
