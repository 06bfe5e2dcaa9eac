"""Rows of labels and values (项目名称 | 甲): fields of a sheet, and parts of a form that run over several
rows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import cast, get_args

from zhunsheng.intake import labels
from zhunsheng.intake.recognition import titles
from zhunsheng.intake.recognition.draft import BudgetPart, Document, Draft, Said, TextField
from zhunsheng.intake.recognition.goals import add_goals, is_of_table, read_goals
from zhunsheng.intake.recognition.money import (
    AMOUNT,
    UNIT,
    amount,
    amounts_column,
    execution_columns,
    is_sum,
    part_named,
    parts_of,
    put_execution,
    read_amounts,
    read_beside,
    read_execution,
    unit_noted,
)
from zhunsheng.intake.recognition.plan import read_plan
from zhunsheng.intake.recognition.rows import Row, decimal, label_of, labels_of, row_of, said
from zhunsheng.targets import Goal
from zhunsheng.translation import worded

_TEXTS: tuple[TextField, ...] = get_args(TextField)
_PARTS = (
    "plan",
    "goals",
    "actual_goal",
    "medium_goals",
)  # labels of what is read row by row, not of single fields
_OF_MONEY = re.compile(rf"(?:资金|预算|经费|投资|金额).{{0,24}}\d|{AMOUNT}")
_WITH_UNIT = re.compile(AMOUNT)
_NUMBER = re.compile(rf"\s*(?:{AMOUNT}|\d[\d,，]*(?:\.\d+)?)\s*")
_FIRST = re.compile(
    rf"(?:{AMOUNT}|\d[\d,，]*(?:\.\d+)?)(?=\s*[，,；;。、（(]\s*[一-龥]|[^\S\n]*\n(?!\s*(?:{UNIT})))"
)
_NO_TOTAL = re.compile(
    r"基本支出|项目支出|人员|公用|日常|决算|执行|结余|结转"
)  # heads of parts, not of the sum
_OF_PROJECTS = re.compile(r"(?:其中[：:])?项目(?:经费|资金|支出|预算)")
_OF_ROWS = re.compile("类型|类别|科目|用途|任务")
_WHOLE_PROJECT = re.compile("总投资|总预算|项目总|全周期|累计")
_SUM = re.compile("[小合总]计")
_CODED = re.compile(r"([0-9A-Z]{12,})[-—_:：](.+)|(.{2,}?)[-—_:：（(]([0-9A-Z]{12,})[）)]?")
_NO_AMOUNT = re.compile(r"执行|月")  # what a head that names a year stands over else: 2024年3月
_YEARS = re.compile(r"年度|当年|本年|20\d\d")


@dataclass
class Zone:
    """The part of a form that a row stands in: the label at its left, the money columns over it."""

    label: str = ""
    money: dict[str, int] = field(default_factory=dict)
    amounts: int | None = None  # the column of amounts of a table of money: 来源 | 上年预算 | 本年申请金额
    heads: tuple[tuple[int, str, str], ...] = ()  # columns of money by part, with their words, over amounts
    sums: tuple[tuple[int, str, str], ...] = ()  # those over rows of tasks, of which the sum counts
    width: int = 0  # of the row that heads them, in cells as the file has it
    year_right: bool | None = None  # whether the year's money stands at the right of the medium term's

    @property
    def of_money(self) -> bool:
        """Whether the rows tell the budget."""
        return _is_money(self.label)


def read_labels(document: Document, draft: Draft, row: Row, zone: Zone) -> None:
    """Read one row of labels and values into its draft; ``zone`` moves on with the rows."""
    if columns := execution_columns(row):
        document.zone_unit = unit_noted(row.words())
        if _is_money(labels.label(row.cells[0][1]) or zone.label):
            zone.label = "budget.total"
        zone.money = columns
        return
    _enter(document, row, zone)
    if draft.money_seen is None and (
        _OF_MONEY.search(row.words()) or (zone.of_money and any(decimal(text) for _, text in row.cells))
    ):
        draft.money_seen = Said(row.words(), row.place(row.cells[0][0]))
    if zone.of_money and (column := amounts_column(row, document.year)) is not None:
        zone.amounts = column
        return
    if _enter_heads(document, row, zone) or _read_heads(document, draft, row, zone):
        return
    if zone.of_money and zone.amounts is not None:
        read_amounts(document, draft, row, zone.amounts)
        return
    if zone.label == "plan":
        read_plan(document, draft, row)
    elif zone.label in ("narrative", "safeguards"):
        _read_texts(draft, row, zone.label)
    elif zone.label in ("goals", "medium_goals"):
        if is_of_table(row):
            why = worded("像是表格里的一行，不是目标，没有读入")
            document.doubt(row.place(row.cells[0][0]), "indicators", row.words(), why, unread=True)
        else:
            read_goals(draft, row, medium=zone.label == "medium_goals")
    elif not (zone.money and read_execution(document, draft, row, zone.money)) and not (
        read_beside(document, draft, row)
    ):
        _read_pairs(document, draft, row, zone)


def _enter_heads(document: Document, row: Row, zone: Zone) -> bool:
    """Note the columns of money that a row heads, over the amounts of the next row or over rows of which the
    sum counts (支出类型 | 小计 | 财政拨款, 任务名称 | 主要内容 | 预算金额); say whether it heads any.
    """
    if zone.label == "plan" or not (zone.of_money or len(row.cells) > 3):
        return False
    heads = _money_heads(document, row)
    if not heads:
        return False
    above = (row.grid.text(row.number - 1, column) for column, _, _ in heads if row.number)
    document.zone_unit = unit_noted(" ".join((row.words(), *above))) or document.zone_unit
    of_rows = any(_OF_ROWS.search(text) for _, text in row.cells[1:])
    if all(titles.year_in(words) for _, _, words in heads):
        zone.heads = heads
        return True
    zone.width = len(row.grid.rows[row.number])
    if of_rows if zone.of_money else len(heads) < len(row.cells) - 1:
        zone.sums = heads
    else:
        zone.heads = heads
    return True


def _read_heads(document: Document, draft: Draft, row: Row, zone: Zone) -> bool:
    """Read a row below heads of money, where it holds their amounts or the sum; say whether it does."""
    if zone.heads and _WHOLE_PROJECT.search(row.cells[0][1]):
        whole = next((column for column, name, _ in zone.heads if name == "budget.total"), None)
        if whole is not None:
            told = Said(row.text(whole), row.place(whole), document.zone_unit or "")
            put_field(document, draft, "budget.project", told)
            return True
    heads = zone.heads or (zone.sums if any(labels.is_total(text) for _, text in row.cells) else ())
    if heads and not row.grid.spans and zone.width > (wide := len(row.grid.rows[row.number])):
        if heads[-1][0] >= wide:  # a text wrote only the cells that there are: the amounts stand at its end
            heads = tuple((column - zone.width + wide, name, words) for column, name, words in heads)
    filled = [one for one in heads if re.search(r"\d", row.text(one[0]))]
    if zone.heads and not filled:
        return False
    for column, name, words in filled:
        noted = next((words for _, _, words in heads if unit_noted(words)), f"{words} {row.cells[0][1]}")
        label = words if unit_noted(words) else noted
        put_field(document, draft, name, Said(row.text(column), row.place(column), label))
    if heads:
        zone.heads, zone.sums = (), ()
    return bool(heads)


def note_labels(draft: Draft, row: Row) -> None:
    """Note which fields of a sheet a row asks for, be their cells filled or blank."""
    for (column, _), (name, _) in zip(row.cells, labels_of(row), strict=True):
        if name is not None:
            draft.labelled.setdefault(_PATHS.get(name, name), row.place(column))


def _is_money(label: str) -> bool:
    return label.startswith(("budget", "money"))


# The fields of a sheet by the labels that are called otherwise.
_PATHS = {
    "plan": "spending_plan",
    "money": "budget",
    "budget.carried": "budget.fiscal",
    "budget.level": "budget.fiscal",
}


def put_field(document: Document, draft: Draft, name: str, value: Said) -> None:
    """Put what a label's value says into the field that the label names; the first value of a field stays."""
    if name == "money" or name.startswith("budget."):
        _put_money(document, draft, name, value)
    elif name.startswith("execution."):
        put_execution(document, draft, name.removeprefix("execution."), value)
    elif name == "year":
        if match := re.search(r"20\d{2}", value.text):
            document.year = int(match[0])
            draft.put_year(document.year, value.place)
    elif name == "department" and "中央" in value.label:
        draft.central = draft.central or value
    elif name in _TEXTS and (clean := said(value.text)):
        text = "".join(clean.split()) if name != "purpose" else clean
        if name == "name" and (coded := _CODED.fullmatch(text)):
            draft.put("code", coded[1] or coded[4], value.place)
            text = coded[2] or coded[3]
        draft.put(name, text, value.place)


def priced(name: str) -> tuple[str, str] | None:
    """Return a project's name and the amount that its cell holds too: 应急值守（26.8）."""
    match = re.fullmatch(r"(.{2,}?)[（(](\d[\d,]*(?:\.\d+)?(?:亿元|万元|元)?)[）)]", name)
    return (match[1], match[2]) if match else None


def put_ahead(document: Document, draft: Draft) -> None:
    """Put what was told ahead of a sheet into it, now that it begins."""
    for name, value in document.ahead:
        put_field(document, draft, name, value)
    document.ahead, document.broken = [], False
    draft.money_seen, document.of_several = draft.money_seen or document.of_several, None


def _money_heads(document: Document, row: Row) -> tuple[tuple[int, str, str], ...]:
    """Return the columns of a row that names parts of the budget over amounts in the next row: 资金总额 |
    财政资金 | 其他资金, 总投资 | 以前年度安排 | 2025年安排; empty for other rows.
    """
    found = []
    for column, text in row.cells[0 if _over_amounts(row) else 1 :]:
        name = labels.label(text) or (None if re.search(r"\d", text) else labels.label(f"{text}资金"))
        if _SUM.fullmatch(labels.clean(text)):
            name = "budget.total"
        if (
            name is None
            and document.year
            and titles.year_in(text) == document.year
            and not _NO_AMOUNT.search(text)
        ):
            name = "budget.total"
        if name and name.startswith("budget."):
            found.append((column, name, text))
    digits = any(re.search(r"\d", re.sub(r"20\d\d", "", text)) for _, text in row.cells[1:])
    if dated := [one for one in found if document.year and titles.year_in(one[2])]:
        found = [one for one in found if one not in dated or titles.year_in(one[2]) == document.year]
        if len(dated) > 1 and found:
            return tuple(found)  # 2024年预算数 | 2025年预算数: those of the sheet's year
    whole = len(row.cells) > 3 and any(
        not n or _SUM.fullmatch(labels.clean(text)) or unit_noted(text) for n, _, text in found
    )
    return tuple(found) if (len(found) > 1 or whole) and not digits else ()


def _over_amounts(row: Row) -> bool:
    """Say whether the first cell of a row is the head of an amount below it: 预算总额 | 人员类 | 运转类 over
    386.4 | 210.4 | 46.
    """
    below = row.number + 1
    if len(row.cells) < 3 or row.cells[0][0] or below >= len(row.grid.rows):
        return False
    under = row_of(row.grid, below).cells
    return len(under) > 2 and under[0][0] == 0 and all(decimal(text) is not None for _, text in under)


def _put_money(document: Document, draft: Draft, name: str, value: Said) -> None:
    """Put an amount into the part of the budget that its label names, several told in one cell each into
    its own; what the label says is of another year into none.
    """
    of_year = titles.year_in(value.label)
    if of_year and document.year and of_year != document.year:
        return
    if of_year and document.year is None and re.search("申请|申报", value.label):
        document.year = of_year
        draft.put_year(of_year, value.place)  # what is asked for in 2025 is of the sheet's year
    parts = parts_of(value.text)
    if not parts and name == "money" and len(sums := _WITH_UNIT.findall(value.text)) == 1:
        document.doubt(value.place, "budget.total", value.text, worded("资金是从这句话里读出的，请核对"))
        parts = [("", sums[0])]
    bare = value.text.strip().removeprefix("人民币")
    first = _FIRST.match(bare)
    if first:  # 总额：216；其中：财政拨款200
        parts = [(value.label.partition("：")[0], first[0]), *parts_of(bare[first.end() :], 1)]
    for n, (words, written) in enumerate(parts):
        part = part_named(words)
        if part is None and first and n:
            continue  # what the sum is spent on: 736万（农田建设380万元，示范建设356万元）
        if part is None:
            document.doubt(value.place, "budget", written, worded("认不出“{words}”是哪一项资金", words=words))
        elif (found := amount(document, Said(written, value.place, value.label))) is not None:
            draft.put_budget(part, found, value.place, words)
    if parts or (name == "money" and _NUMBER.fullmatch(value.text) is None):
        return
    if draft.kind == "department" and name == "budget.total" and _OF_PROJECTS.match(value.label.strip()):
        return  # beside 人员经费 and 公用经费
    if (found := amount(document, value)) is not None:
        part = "total" if name == "money" else cast(BudgetPart, name.removeprefix("budget."))
        if part in draft.asked and labels.qualifies(value.label, "adjusted"):
            draft.budget.pop(part, None)  # what was asked for is not what was granted
            draft.provenance.pop(f"budget.{part}", None)
        elif part not in draft.budget and re.search(r"申报|申请|送审", value.label):
            draft.asked.add(part)
        draft.put_budget(part, found, value.place, value.label)


def _enter(document: Document, row: Row, zone: Zone) -> None:
    """Move to the part of the form that a row's leading label begins."""
    column, text = row.cells[0]
    leading = label_of(text)[0] if column == 0 or not zone.label else None
    if not leading:
        return
    goes_on = _is_money(leading) and (zone.of_money or bool(zone.money))
    document.zone_unit = unit_noted(text) or (document.zone_unit if goes_on else None)
    if leading != zone.label and not _is_money(leading):
        zone.money, zone.amounts = {}, None
    zone.label = leading


def _read_texts(draft: Draft, row: Row, label: str) -> None:
    for column, text in row.cells:
        if labels.label(text) == label or re.fullmatch(r"措施\d+", text):
            continue
        if label == "narrative":
            draft.narrate(text, row.place(column))
        else:
            draft.safeguards.append(Goal(text=text, place=row.place(column)))


def _read_pairs(document: Document, draft: Draft, row: Row, zone: Zone) -> None:
    """Read a row of single fields, each beside its label, or the words of a goal under its label."""
    under, draft.goal_column = draft.goal_column, None
    if under is not None and (text := row.text(under).strip()):
        add_goals(draft, row, [(under, text)])
        return
    labelled = _put_labelled(document, draft, row, zone)
    if zone.label == "purpose" and (not labelled or len(row.cells) == 1):
        column, text = row.cells[-1]
        if labels.label(text) is None:
            put_field(document, draft, "purpose", Said(text, row.place(column)))


def _of_project(row: Row, n: int, name: str | None) -> str | None:
    """Return the field of a row's label: a total beside the year's total is the whole project's."""
    if name != "budget.total" or _YEARS.search(row.cells[n][1]):
        return name
    beside = [text for m, (_, text) in enumerate(row.cells) if m > n and label_of(text)[0] == name]
    whole = re.search(r"项目.*总|总.*[预资投]", row.cells[n][1])
    return "budget.project" if whole and any(map(_YEARS.search, beside)) else name


def _revised(row: Row, n: int) -> tuple[int, str] | None:
    """Return the cell of the amount after an adjustment, where a label is followed by both:
    预算数 | 调整前 | 80 | 调整后 | 60.
    """
    cells = row.cells[n + 1 :]
    return next(
        (value for (_, head), value in pairwise(cells) if labels.qualifies(head, "adjusted")),
        None,
    )


def _headed(row: Row, first: int, year: int | None) -> tuple[str, tuple[int, str]] | None:
    """Return the head and the cell of the year's amount behind a label, where amounts have heads themselves:
    资金总额 | 收入预算合计： | 45,280.36, 项目资金 | 上年预算数 | 286 | 本年申请数 | 312.5.
    """
    inline = [
        (head, (column, amount))
        for column, text in row.cells[first:]
        for head, mark, amount in [text.replace(":", "：").partition("：")]
        if mark and _NUMBER.fullmatch(amount)
    ]
    pairs = inline + [
        (head, cell)
        for (_, head), cell in pairwise(row.cells[first:])
        if not re.search(r"\d", re.sub(r"20\d\d", "", head)) and re.search(r"\d", cell[1])
    ]
    told = [
        (head, cell)
        for head, cell in pairs
        if not (_NO_TOTAL.search(head) or any(labels.qualifies(head, how) for how in ("past", "medium")))
    ]
    of_year = [one for one in told if labels.qualifies(one[0], "adjusted")]
    of_year += [one for one in told if re.search("本年|当年", one[0]) or titles.year_in(one[0]) == year]
    return next(iter([*of_year, *told]), None)


def _put_labelled(document: Document, draft: Draft, row: Row, zone: Zone) -> bool:
    """Put every value of a row into the field its label names; say whether the row has a label."""
    labelled = False
    told = labels_of(row)
    names = [_of_project(row, n, name) for n, (name, _) in enumerate(told)]
    if "budget.project" in names and "budget.total" in names:
        last = max(n for n, name in enumerate(names) if name == "budget.total")
        zone.year_right = names.index("budget.project") < last
    for n, (column, text) in enumerate(row.cells):
        found, value = names[n], told[n][1]
        if found == "goals" and n:  # a goal beside its result: the words stand in the row below
            draft.goal_column = column
            labelled = True
        if found is None and zone.of_money and is_sum(text):
            found = "budget.total"
        spending = labels.execution(text) if found is None else None
        if spending in ("planned", "adjusted") and n + 1 < len(row.cells) and decimal(row.cells[n + 1][1]):
            said_there = Said(row.cells[n + 1][1], row.place(row.cells[n + 1][0]), text)
            put_field(document, draft, f"execution.{spending}", said_there)
        if found is None or found in _PARTS:
            continue
        labelled = True
        at = column
        if not value and _is_money(found) and (revised := _revised(row, n)):
            at, value = revised
        elif not value and n + 1 < len(row.cells) and told[n + 1][0] is None:
            at, value = row.cells[n + 1]
            if found.startswith("budget") and not re.search(r"\d|[壹贰叁肆伍陆柒捌玖拾]", value):
                of_year, (at, value) = _headed(row, n + 1, document.year) or ("", (at, ""))
                if document.year is None and (told_year := titles.year_in(of_year)):
                    draft.put_year(told_year, row.place(column))  # 2021年金额 is of the sheet's year
        doubled = zone.year_right is not None and found.startswith("budget")
        if doubled and found in (names[n + 1 :] if zone.year_right else names[:n]):
            continue  # the medium term's, beside the year's of the same name
        if value and not (found == "purpose" and labels.label(text) and len(value) < 4):
            put_field(document, draft, found, Said(value, row.place(at), text))
    return labelled
