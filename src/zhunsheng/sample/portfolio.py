"""Many small made-up departments: a target document for each and the ledgers of all,
to try a finance bureau's year.
"""

from __future__ import annotations

import random
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from zhunsheng.evidence import ledger_of
from zhunsheng.sample.documents import bureau, flattened
from zhunsheng.text import csv_text

_FIELDS = (
    "农业农村",
    "水利",
    "交通运输",
    "文化旅游",
    "教育",
    "卫生健康",
    "民政",
    "人力资源",
    "自然资源",
    "住房建设",
    "生态环境",
    "应急管理",
    "科技",
    "商务",
    "统计",
    "司法",
    "体育",
    "林业",
    "信访",
    "档案",
)
_PLACES = ("东城", "西城", "南湖", "北山", "河口", "平川", "青云", "白石", "松岭", "柳河", "金沙", "新港")
YEAR = 2021


def names(count: int) -> list[str]:
    """Return as many department names."""
    found = [f"{place}{field}局" for place in _PLACES for field in _FIELDS]
    return [
        found[n] if n < len(found) else f"{found[n % len(found)]}第{n // len(found) + 1}中心"
        for n in range(count)
    ]


def write_portfolio(out: Path, count: int, seed: int = 2021) -> tuple[Path, list[Path]]:
    """Write a zip of ``count`` documents and the ledgers of all of them; return the zip and the ledger files
    in order.
    """
    out.mkdir(parents=True, exist_ok=True)
    draw = random.Random(seed)
    archive = out / "各部门绩效目标.zip"
    rows: dict[str, list[dict[str, Any]]] = {
        name: []
        for name in (
            "activities",
            "complaints",
            "samples",
            "budgets",
            "payments",
            "procurements",
            "surveys",
            "audits",
        )
    }
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for n, name in enumerate(names(count)):
            data = _document(name, draw)
            packed.writestr(f"{name}/{YEAR}年绩效目标.txt", flattened(data))
            _fill(rows, n, name, data, draw)
    return archive, [_write(out, name, listed) for name, listed in rows.items()]


def _document(name: str, draw: random.Random) -> dict[str, Any]:
    """Return the sample bureau's document for another department: its name, budgets and targets,
    and defects of its own.
    """
    base = bureau()
    projects = []
    for project in base["projects"][: draw.choice((1, 2, 2))]:
        indicators = [list(i) for i in project["indicators"]]
        if draw.random() < 0.25:  # a value nobody can measure
            indicators[draw.randrange(3)][4] = "有效提升"
        if draw.random() < 0.2:
            indicators.pop(6)  # no satisfaction asked
        if draw.random() < 0.2:
            indicators[4][4] = indicators[4][4].replace("≦", "≥")  # a ceiling written as a floor
        projects.append({**project, "budget": str(draw.randrange(5, 90) * 10000), "indicators": indicators})
    plan = base["plan"] if draw.random() < 0.85 else [*base["plan"][:3], [base["plan"][3][0], "95%"]]
    return {**base, "department": name, "projects": projects, "plan": plan}


def _fill(
    rows: dict[str, list[dict[str, Any]]], n: int, name: str, data: dict[str, Any], draw: random.Random
) -> None:
    diligence = draw.uniform(0.55, 1.0)

    def add(ledger: str, **values: Any) -> None:
        rows[ledger].append({"部门": name, **values})

    _fill_office(add, n, data, draw, diligence)
    for project in data["projects"]:
        _fill_project(add, n, project, draw, diligence)


def _day(draw: random.Random, low: int = 1, high: int = 12) -> date:
    """Return a day of the year in the months from ``low`` to ``high``."""
    return date(YEAR, draw.randint(low, high), draw.randint(1, 28))


def _fill_office(
    add: Callable[..., None], n: int, data: dict[str, Any], draw: random.Random, diligence: float
) -> None:
    """Add what the department itself did; ``diligence`` is the share of its work that it does."""
    for k in range(round(6 * diligence) + 1):
        kind, topic = draw.choice(
            (
                ("宣传", "守法经营"),
                ("宣传", "质量标准认证"),
                ("专项检查", "市场秩序"),
                ("专项检查", "产品质量"),
                ("行政指导", "守法经营"),
            )
        )
        add(
            "activities",
            activity_no=f"HD{n:04d}-{k}",
            kind=kind,
            topic=topic,
            title=f"{topic}{kind}",
            held_on=_day(draw),
            people=draw.randint(10, 200),
        )
    for k in range(12):
        received = _day(draw, 1, 11)
        closed = received + timedelta(days=draw.randint(5, 40)) if draw.random() < diligence + 0.05 else ""
        add(
            "complaints",
            complaint_no=f"JB{n:04d}-{k}",
            kind="举报",
            received_on=received,
            accepted_on=received + timedelta(days=2),
            closed_on=closed,
        )
    for k in range(8):
        taken = _day(draw, 2, 11) if draw.random() < diligence + 0.1 else ""
        add(
            "samples",
            batch_no=f"CJ{n:04d}-{k}",
            product="插座",
            producer="某厂",
            field="流通",
            planned_on=_day(draw, 1, 3),
            taken_on=taken,
            tested_on=taken,
            passed="是" if draw.random() < 0.93 else "否",
            cost=draw.randint(3000, 6500),
            project=data["projects"][-1]["name"],
        )
    for k in range(2):
        add(
            "audits",
            audit_no=f"SJ{n:04d}-{k}",
            object="项目资金",
            fee=draw.randint(500, 800),
            done_on=_day(draw, 3, 11),
            findings=0,
            project=data["projects"][0]["name"],
        )


def _fill_project(
    add: Callable[..., None], n: int, project: dict[str, Any], draw: random.Random, diligence: float
) -> None:
    """Add a project's money, procurements and survey."""
    budget = int(project["budget"])
    add("budgets", project=project["name"], kind="年初批复", amount=budget, adjusted_on=date(YEAR, 1, 15))
    for k, month in enumerate((3, 6, 9, 12)):
        add(
            "payments",
            voucher=f"PZ{n:04d}-{project['name'][0]}{k}",
            project=project["name"],
            paid_on=date(YEAR, month, draw.randint(1, 28)),
            amount=round(budget * 0.25 * diligence),
        )
    add(
        "procurements",
        project=project["name"],
        step="项目验收",
        planned_on=date(YEAR, 12, 20),
        done_on=date(YEAR, 12, 15) if draw.random() < diligence else "",
    )
    for k in range(6):
        add(
            "surveys",
            answer_no=f"WJ{n:04d}-{project['name'][0]}{k}",
            batch=f"{YEAR}年",
            respondent="消费者",
            question="是否满意",
            answer="满意" if draw.random() < diligence + 0.1 else "不满意",
            answered_on=_day(draw, 11, 12),
            project=project["name"],
        )


def _write(out: Path, name: str, listed: list[dict[str, Any]]) -> Path:
    ledger = ledger_of(name)
    present = [c for c in ledger.columns if any(c.name in row for row in listed)]
    rows = [[row["部门"], *(row.get(c.name, "") for c in present)] for row in listed]
    path = out / f"{ledger.title}.csv"
    path.write_bytes(csv_text([["部门", *(c.title for c in present)], *rows]).encode("utf-8-sig"))
    return path
