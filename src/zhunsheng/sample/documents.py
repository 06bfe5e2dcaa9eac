"""The sample bureau's target document as Word and flattened text, its decisions,
and the self-evaluation it reported.
"""

from __future__ import annotations

from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from zhunsheng.evaluation import Scorecard
from zhunsheng.faults import packaged
from zhunsheng.reports.docx import add_form, add_text, new_document, save
from zhunsheng.reports.forms import Cell, Form, label, self_evaluation_form, text
from zhunsheng.reports.xlsx import write_workbook
from zhunsheng.wording import plain, wan


def bureau() -> dict[str, Any]:
    """Return the sample bureau's data."""
    data: dict[str, Any] = packaged(files(__package__) / "bureau.yaml")
    return data


def write_documents(out: Path) -> dict[str, Path]:
    """Write the target document (docx and txt) and the file of judgements to ``out``;
    return their paths by kind.
    """
    out.mkdir(parents=True, exist_ok=True)
    data = bureau()
    paths = {
        "docx": out / "2021年绩效目标.docx",
        "txt": out / "2021年绩效目标.txt",
        "judgements": out / "评定与说明.yaml",
    }
    document = new_document()
    for style, line in _narrative(data):
        if style:
            document.add_heading(line, style)
        else:
            add_text(document, line)
    document.add_heading("第二部分 预算项目绩效目标", 1)
    for n, project in enumerate(data["projects"], start=1):
        form = _project_form(data, project)
        document.add_paragraph(f"{n}. {form.title}")
        add_form(document, Form("", form.widths, form.rows))
    save(document, paths["docx"])
    paths["txt"].write_text(flattened(data), "utf8")
    paths["judgements"].write_text(
        yaml.safe_dump(data["judgements"], allow_unicode=True, sort_keys=False), "utf8"
    )
    return paths


def _narrative(data: dict[str, Any]) -> list[tuple[int, str]]:
    lines = [
        (1, "第一部分"),
        (1, f"{data['year']}年部门整体绩效目标"),
        (0, f"部门名称：{data['department']}"),
    ]
    lines += [(2, "一、总体绩效目标"), (0, data["narrative"]), (2, "二、分项绩效目标")]
    for numeral, section in zip("一二三四五六七", data["sections"], strict=False):
        stated = section["indicators"]
        said = "".join(words + mark for words, mark in zip(stated, [*section["joined"], "。"], strict=True))
        lines += [
            (3, f"（{numeral}）{section['title']}"),
            (0, f"绩效目标：{section['goal']}"),
            (0, f"绩效指标：{said}"),
        ]
    lines.append((2, "三、工作保障措施"))
    lines += [
        (0, f"（{numeral}）{words}")
        for numeral, words in zip("一二三四五六七", data["safeguards"], strict=True)
    ]
    return lines


def _project_form(data: dict[str, Any], project: dict[str, Any]) -> Form:
    """Return the project's table in the layout common in the north: label rows, plan, goals,
    six indicator columns.
    """
    budget = wan(Decimal(project["budget"]))
    rows = [
        (label("项目编码"), Cell("————"), label("项目名称"), Cell(project["name"], columns=4)),
        (
            label("预算规模及资金用途", rows=2),
            label("预算数"),
            Cell(budget),
            label("其中：财政资金"),
            Cell(budget),
            label("其他资金"),
            Cell(""),
        ),
        (text(project["purpose"], columns=6),),
        (
            label("资金支出计划（%）", rows=2),
            *(label(by) for by, _ in data["plan"][:3]),
            label(data["plan"][3][0], columns=3),
        ),
        (*(Cell(share) for _, share in data["plan"][:3]), Cell(data["plan"][3][1], columns=3)),
    ]
    for n, goal in enumerate(project["goals"]):
        head = (label("绩效目标", rows=len(project["goals"])),) if n == 0 else ()
        rows.append((*head, label(f"目标{n + 1}"), text(goal, columns=5)))
    titles = ("一级指标", "二级指标", "三级指标", "绩效指标描述", "指标值", "指标值确定依据")
    rows.append(tuple(label(t, columns=2 if t == "指标值确定依据" else 1) for t in titles))
    written = _with_empty_rows(data, project)
    for n, (one, two, *rest) in enumerate(written):
        first = n == 0 or written[n - 1][0] != one
        second = n == 0 or written[n - 1][:2] != [one, two]
        head = (label(one, rows=sum(w[0] == one for w in written)),) if first else ()
        next_ = (Cell(two, rows=sum(w[:2] == [one, two] for w in written)),) if second else ()
        rows.append((*head, *next_, text(rest[0]), text(rest[1]), Cell(rest[2]), Cell(rest[3], columns=2)))
    return Form(f"{project['name']}项目绩效目标表", (2, 2, 2.6, 2.8, 2, 1.4, 1.4), tuple(rows))


def _with_empty_rows(data: dict[str, Any], project: dict[str, Any]) -> list[list[str]]:
    """Return the indicators with the empty rows that forms keep for categories a project does not use."""
    effect = project["indicators"][5]
    one = effect[0]
    order = [data["empty_categories"][0], effect[1], *data["empty_categories"][1:]]
    filled = [list(effect) if two == effect[1] else [one, two, "", "", "", ""] for two in order]
    return [*map(list, project["indicators"][:5]), *filled, *map(list, project["indicators"][6:])]


def flattened(data: dict[str, Any]) -> str:
    """Return the document as text: a cell a line behind a tab, a blank line between rows,
    merged cells blank below the first.
    """
    lines: list[str] = []
    for _, line in _narrative(data):
        lines += [line, ""]
    lines += ["第二部分", "", "预算项目绩效目标", ""]
    for n, project in enumerate(data["projects"], start=1):
        form = _project_form(data, project)
        lines.append(f"{n}.  {form.title}")
        at: dict[int, list[tuple[int, str]]] = {}
        for r, c, cell in form.placed():
            at.setdefault(r, []).append((c, cell.text))
            for below in range(1, cell.rows):
                at.setdefault(r + below, []).append((c, ""))
        for r in sorted(at):
            lines += [f"\t{words}" for _, words in sorted(at[r])]
            lines.append("")
        lines.append("")
    return "\n".join(lines)


def write_reported(cards: list[Scorecard], path: Path) -> None:
    """Write the self-evaluation as such offices report it: full marks, a rounded-up figure,
    a ceiling overlooked.
    """
    forms = []
    for card in cards:
        form = self_evaluation_form(card)
        forms.append(
            (
                card.sheet.title(),
                Form(
                    form.title,
                    form.widths,
                    tuple(_flatter(row, card) for row in form.rows),
                    form.caption,
                    form.landscape,
                ),
            )
        )
    write_workbook(forms, path)


_CLAIMED = {"举报案件办结率": "98%", "产品合格率": "96.5%"}


def _flatter(row: tuple[Cell, ...], card: Scorecard) -> tuple[Cell, ...]:
    names = {card.sheet.indicators[s.indicator].name: s for s in card.scores}
    for n, cell in enumerate(row):
        if cell.text in names and n + 4 < len(row):
            score = names[cell.text]
            actual = _CLAIMED.get(cell.text, row[n + 2].text)
            full = plain(score.points)
            return (*row[: n + 2], Cell(actual), Cell(full), Cell(full), text("", columns=row[n + 5].columns))
        if cell.text == "总分":
            total = sum((s.points for s in card.scores), card.execution.score + card.projects_score)
            return (*row[: n + 2], label(plain(total)), label("等级：优", columns=2))
    return row
