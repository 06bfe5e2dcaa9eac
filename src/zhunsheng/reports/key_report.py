"""The report of a key evaluation in Word: framework, scores of every evaluator, agreed score,
findings to rectify.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from zhunsheng.clock import spelled_out
from zhunsheng.evaluation.key import KeyCard
from zhunsheng.regulations import KeyFramework
from zhunsheng.reports.docx import add_form, add_heading, add_text, new_document, save
from zhunsheng.reports.forms import Cell, Form, Row, label, text
from zhunsheng.wording import plain


def key_form(framework: KeyFramework, card: KeyCard, reasons: Mapping[str, str], title: str) -> Form:
    """Return the score table: one row an indicator, one column an evaluator; ``reasons`` go by row code."""
    people = sorted({who for row in card.rows for who in row.given})
    rows: list[Row] = [
        tuple(label(t) for t in ("一级指标", "二级指标", "三级指标", "分值", *people, "评定得分", "评分理由"))
    ]
    for n, one in enumerate(card.rows):
        line: list[Cell] = []
        for name in ("dimension", "category"):
            value = getattr(one.row, name)
            if n == 0 or getattr(card.rows[n - 1].row, name) != value:
                height = sum(1 for other in card.rows if getattr(other.row, name) == value)
                line.append(label(value, rows=height))
        line += [text(one.row.name), Cell(plain(one.row.points), align="right")]
        line += [Cell(plain(one.given[who]) if who in one.given else "", align="right") for who in people]
        line += [
            Cell("" if one.agreed is None else plain(one.agreed), align="right"),
            text(reasons.get(one.row.code)),
        ]
        rows.append(tuple(line))
    rows.append(
        (
            label("合计", columns=3),
            Cell("100", align="right"),
            *(Cell("") for _ in people),
            Cell(plain(card.total), align="right", bold=True),
            Cell(""),
        )
    )
    widths = (1.4, 1.8, 3, 1, *(1.2 for _ in people), 1.4, 5)
    notes = (f"依据：{framework.citation}。{framework.points_citation}。",)
    return Form("项目支出绩效评价评分表", widths, tuple(rows), title, True, (0, 0), notes)


@dataclass(frozen=True)
class KeyReport:
    """What a report says besides the points: of what, on which day, how it was evaluated,
    what it came to and found.

    ``findings`` are (problem, owner, due date, inclusive).
    """

    project: str
    department: str
    year: int
    on: date
    grade: str
    method: str
    conclusion: str
    findings: Sequence[tuple[str, str, date | None]]


def write_key_report(
    framework: KeyFramework, card: KeyCard, reasons: Mapping[str, str], said: KeyReport, path: Path
) -> None:
    """Write the report of a card on which all agreed, with their ``reasons`` by indicator, to ``path``."""
    document = new_document()
    add_heading(document, f"{said.project}{said.year}年度重点绩效评价报告", 0)
    add_heading(document, "一、基本情况", 1)
    add_text(
        document,
        f"被评价部门：{said.department}。评价基准日：{spelled_out(said.on)}。评价方法：{said.method}。依据："
        f"{framework.citation}。",
    )
    add_heading(document, "二、评价结论", 1)
    add_text(
        document,
        f"经各评价人独立评分、合议，本项目得分 {plain(card.total)} 分，评定等级为“{said.grade}”。"
        f"{said.conclusion}",
    )
    add_heading(document, "三、评分情况", 1)
    for name, (full, got) in card.dimensions.items():
        add_text(document, f"{name}：满分 {plain(full)} 分，得 {plain(got)} 分。")
    form = key_form(framework, card, reasons, said.project)
    add_form(document, Form("", form.widths, form.rows, "", False, form.header_rows, form.notes))
    apart = [r for r in card.rows if r.apart]
    if apart:
        add_text(
            document,
            "独立评分差异较大、经合议确定的指标："
            + "；".join(f"{r.row.name}（相差 {plain(r.spread)} 分）" for r in apart)
            + "。",
        )
    add_heading(document, "四、存在的问题与整改要求", 1)
    if not said.findings:
        add_text(document, "未发现需要整改的问题。")
    for n, (problem, owner, due) in enumerate(said.findings, start=1):
        add_text(
            document,
            f"{n}. {problem}。责任人：{owner}；整改期限：{spelled_out(due) if due else '未定'}。",
        )
    save(document, path)
