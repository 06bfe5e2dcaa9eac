"""Amounts as documents write them, into yuan; and the money rows of a self-evaluation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Literal, cast

from zhunsheng.intake import labels
from zhunsheng.intake.recognition import titles
from zhunsheng.intake.recognition.draft import BudgetPart, Document, Draft, ExecutionPart, Said
from zhunsheng.intake.recognition.rows import Row, decimal
from zhunsheng.intake.recognition.rows import said as said_at
from zhunsheng.numerals import chinese_number
from zhunsheng.targets import Place
from zhunsheng.targets.spelling import misgrouped, normalise
from zhunsheng.translation import worded

YUAN = {"亿元": 10**8, "百万元": 10**6, "万元": 10**4, "万": 10**4, "千元": 10**3, "元": 1}
_SUM = r"\d[\d,，]*(?:\.\d+)?"
UNIT = "亿元|百万元|万元|千元|元"  # of money as a pattern, the longest first
AMOUNT = rf"{_SUM}\s*(?:{UNIT}|万(?=\D|$))"  # a number with its unit
_MONEY = re.compile(rf"(-?{_SUM})(?![\d.,，]*\s*[%‰])\s*({UNIT}|万)?")
_RATE = re.compile(r"\d[\d.]*[%‰]")
_UNIT_NOTE = re.compile(rf"(亿元|百万元|万元|千元|(?<!万)元)\s*[）)]|单位\s*[：:]\s*(?:人民币)?({UNIT})")
_TOLD = re.compile(
    rf"((?:[一-龥()：:]|20\d\d年)+?)(?:为|是|共|：|:)?"
    rf"({_SUM}(?:{UNIT}|万)?)(?:人民币)?(?:[，,；;。、]|$)"
)
_IN_WORDS = re.compile(
    rf"[零壹贰叁肆伍陆柒捌玖拾佰仟万亿]+[元圆]?整?\(({_SUM}(?:{UNIT}))\)"
)  # 叁佰贰拾万元（320万元）
_BREAKDOWN = re.compile(r"\(([^()]*\d[^()]*)\)")  # 820万元（其中：省级800万元、本级20万元）
_OUTLINE = re.compile(
    r"(^|[;，,。、])(?:其中[：:]?)?(?:[一二三四五六七八九十]{1,2}[、.]|\d{1,2}[、.)](?!\d)|\([一二三四五\d]\))"
)
_BUDGETED = re.compile(
    r"((?:预算|资金|经费|财政拨款|财政资金|自筹资金|其他资金)"
    r"(?:安排|总额|规模|合计|投入|申请|预算|资金|总计|金额|数额?)*)"
    rf"(?:为|是|共|共计|约)?[：:]?({_SUM}(?:{UNIT}))"
)
_OF_EXECUTION = re.compile("预算|资金|项目资金")
_SEVERAL = re.compile(
    r"上年|去年|较\S{0,6}年|均|共\d+个|\d+个项目|涉及|收入|支出\d"
)  # a sentence of more than one project's year
_MANY = r"(?:[2-9]|[1-9]\d+|[二三四五六七八九两]|[一二三四五六七八九]?十[一二三四五六七八九]?)"
_OF_PROJECTS = re.compile(rf"(?<!\d){_MANY}个(?:预算|支出|重点)?项目|项目(?:共|共计|有)?{_MANY}个")
_CAPITALS = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟", "一二三四五六七八九十百千")
_LONGEST_AMOUNT = 300  # characters of a cell that tells an amount
_SCORED = re.compile(r"得分[：:]?(\d+(?:\.\d+)?)分?")
_AMOUNT = re.compile(r"金额(?:[（(].*)?$|预算(?:安排|数|额)?(?:[（(].*)?$")
_TOTALS, _OF_YEARS = re.compile("[小合总]计"), re.compile("结转|本年|当年")
_SUM_OF = re.compile("(?:收入|支出)[合总]计")
_AMOUNTS: tuple[Literal["planned", "adjusted", "spent"], ...] = ("planned", "adjusted", "spent")


def unit_noted(text: str) -> str | None:
    """Return the unit that a note gives to the amounts it stands over or beside: （万元）, 单位：元."""
    match = _UNIT_NOTE.search(text)
    return (match[1] or match[2]) if match else None


def amount(document: Document, said: Said) -> Decimal | None:
    """Return the amount that words say, in yuan; None where they say none, or one that can't be relied on.

    The unit is the one written behind the number, noted in the label, at the rows, or over the table.
    """
    if len(said.text) > _LONGEST_AMOUNT:
        return None
    text = normalise(said.text)
    if figures := re.search(r"[¥￥]([\d,.]*\d)", text):  # beside the same sum in words
        text = f"{figures[1]}元"
    elif in_words := re.search(r"([零壹贰叁肆伍陆柒捌玖拾佰仟万亿]{2,})[元圆]", text):
        told = chinese_number(in_words[1].translate(_CAPITALS))
        text = f"{told}元" if told is not None else text
    if worked_out := re.fullmatch(r"[\d.,+\-*/×]+=(.*)", text):  # 1200+300=1500
        text = worked_out[1]
    match = _MONEY.search(text)
    if not match or re.fullmatch(r"20\d\d年度?", normalise(said.text)):
        return None
    if odd := misgrouped(match[1].replace("，", ",")):
        document.doubt(
            said.place, "budget", said.text, worded("“{odd}”的逗号不在千位上，不知是几，未读入", odd=odd)
        )
        return None
    number = Decimal(match[1].replace(",", "").replace("，", ""))
    if number < 0:
        document.doubt(said.place, "budget", said.text, worded("金额为负，未读入"), unread=True)
        return None
    if re.search(r"\d[.．](?=[一-龥])", text):  # 327.额58: of two cells in one
        document.doubt(said.place, "budget", said.text, worded("金额可能没有读全，未读入"), unread=True)
        return None
    noted = match[2] or unit_noted(said.label) or document.zone_unit
    if match[2] and (over := unit_noted(said.label)) and YUAN[over] != YUAN[match[2]]:
        why = worded("栏目写单位“{over}”，这里写“{unit}”，按这里的读入，请核对", over=over, unit=match[2])
        document.doubt(said.place, "budget", said.text, why)
    unit = noted or document.money_unit or document.last_unit
    document.last_unit = noted or document.last_unit
    if not unit and number:
        document.doubt(said.place, "budget", said.text, worded("金额没有写单位，按万元读入"))
    return number * YUAN[unit or "万元"]


def parts_of(text: str, least: int = 2) -> list[tuple[str, str]]:
    """Return the amounts that words tell with what each is called: 合计：52.5万元，其中：市级财政42.5万元
    gives (合计, 52.5万元), (市级财政, 42.5万元); empty where they tell fewer than ``least``.
    """
    if len(text) > _LONGEST_AMOUNT:
        return []
    lines = _IN_WORDS.sub(r"\1", ";".join(normalise(line) for line in text.splitlines()))
    apart = _BREAKDOWN.sub(r";\1;", lines.replace("人民币", ""))
    while (bare := _OUTLINE.sub(r"\1", apart)) != apart:
        apart = bare
    found = [(m[1].removeprefix("其中").strip("：: "), m[2]) for m in _TOLD.finditer(apart)]
    return found if len(found) >= least else []


def part_named(name: str) -> BudgetPart | None:
    """Return the part of the budget that the words before an amount name, None for no known one."""
    if not name or labels.is_total(name) or re.search(r"总额|共计|合计|总计", name):
        return "total"
    found = labels.label(name) or labels.label(f"{name}资金") or ""
    return cast(BudgetPart, found.removeprefix("budget.")) if found.startswith("budget.") else None


def is_sum(text: str) -> bool:
    """Say whether a cell stands beside the sum of a table of money: 合计, 支出总计."""
    return labels.is_total(text) or _SUM_OF.fullmatch(text.strip()) is not None


def take_money(document: Document, text: str, place: Place) -> None:
    """Keep amounts of the budget that a sentence above a table tells of its sheet, to be confirmed."""
    if len(text) > 2 * _LONGEST_AMOUNT:
        return  # a chapter of an explanation, not a line over a table
    told = [(m[1], m[2]) for m in _BUDGETED.finditer(normalise(text))]
    if told and _OF_PROJECTS.search(text):  # of all of them together
        document.of_several = Said(text, place)
        return
    named = [(labels.label(words) or "budget.total", words, written) for words, written in told]
    for name, words, written in named:
        document.ahead.append((name, Said(written, place, words)))
    if told and not _adds_up([(name, written) for name, _, written in named], text):
        document.doubt(place, "budget.total", text, worded("资金是从这句话里读出的，请核对"), ahead=True)


def _adds_up(told: list[tuple[str, str]], text: str) -> bool:
    """Say whether amounts that a sentence tells are one total and the parts that come to it, which shows them
    to be read rightly.
    """
    amounts: dict[str, list[Decimal]] = {}
    for name, written in told:
        if (match := _MONEY.fullmatch(written)) and match[2]:
            number = Decimal(match[1].replace(",", "").replace("，", "")) * YUAN[match[2]]
            amounts.setdefault(name, []).append(number)
    totals = amounts.pop("budget.total", [])
    parts = sum((sum(one, Decimal(0)) for one in amounts.values()), Decimal(0))
    return len(set(totals)) == 1 and parts == totals[0] and not _SEVERAL.search(text)


def execution_columns(row: Row) -> dict[str, int]:
    """Return the money columns that a row heads (年初预算数 | 全年执行数), nothing for a row
    that heads none.
    """
    found = {name: column for column, text in row.cells if (name := labels.execution(text))}
    if "spent" in found and not found.keys() & {"planned", "adjusted"}:
        before = [(c, text) for c, text in row.cells if 0 < c < found["spent"]]
        if before and labels.label(before[-1][1]) == "budget.total":  # 预算安排 | 累计支出
            found["planned"] = before[-1][0]
    if any(decimal(text) is not None for _, text in row.cells):
        return {}  # each beside its amount
    return found if len(found.keys() & set(_AMOUNTS)) >= 2 else {}


def read_execution(document: Document, draft: Draft, row: Row, columns: Mapping[str, int]) -> bool:
    """Read one row of the money block of a self-evaluation; say whether it was one."""
    kinds = [
        (kind, text)
        for _, text in row.cells
        if (kind := "budget.total" if labels.is_total(text) else labels.label(text) or "").startswith(
            "budget."
        )
    ]
    words = [text for _, text in row.cells if not re.search(r"\d", text) and said_at(text)]
    if not kinds and all(_OF_EXECUTION.match(labels.clean(text)) for text in words):
        kinds = [("budget.total", words[0] if words else "")]  # the amounts alone, below their heads
    if not kinds:
        return False
    words = [text for _, text in row.cells if not re.search(r"\d", text)]
    if len(words) > 1 and re.fullmatch(
        "基本支出|项目支出|人员经费|公用经费|人员支出", labels.clean(words[1])
    ):
        return True  # a part of the sum
    kind, label = kinds[-1]
    part = cast(BudgetPart, kind.removeprefix("budget."))
    label = label if unit_noted(label) else kinds[0][1]
    for name in _AMOUNTS:
        if name not in columns or not (text := row.text(columns[name])):
            continue
        place = row.place(columns[name])
        if part == "total" and _RATE.fullmatch(normalise(text)):
            why = worded("金额栏里是百分数，表头与下面的数可能错位，请核对各项金额")
            document.doubt(place, "execution", row.words(), why, unread=True)
        if (found := amount(document, Said(text, place, label))) is None:
            continue
        if part == "total":
            draft.execution.setdefault(name, found)
        if name == "planned" or (name == "adjusted" and "planned" not in columns):
            draft.put_budget(part, found, place)
    if part == "total":
        _read_points(draft, row, columns)
    return True


def amounts_column(row: Row, year: int | None) -> int | None:
    """Return the column of the year's amounts that a row of heads names (来源 | 上年执行 | 本年申请金额);
    None for a row that is none.
    """
    if any(re.search(r"\d", re.sub(r"20\d\d", "", text)) for _, text in row.cells):
        return None
    sums = [column for column, text in row.cells[1:] if _TOTALS.fullmatch(labels.clean(text))]
    if len(sums) == 1 and any(_OF_YEARS.search(text) for column, text in row.cells if column not in sums):
        return sums[0]  # 上年结转 | 本年安排 | 小计
    heads = [(column, text) for column, text in row.cells if not labels.label(text) or _AMOUNT.search(text)]
    if len(heads) < 3:
        return None
    mine = [
        (column, text)
        for column, text in heads
        if column and _AMOUNT.search(text) and not labels.qualifies(text, "past") and "执行" not in text
    ]
    years = [
        (column, told) for column, text in row.cells if (told := titles.year_in(text)) and "执行" not in text
    ]
    if len(years) > 1:
        return next((column for column, told in years if told == year), None)
    of_year = [column for column, text in mine if re.search(r"本年|当年|申请", text)]
    return next(iter(of_year or [column for column, _ in mine]), None)


def read_amounts(document: Document, draft: Draft, row: Row, column: int) -> None:
    """Read a row of a table of money: its name, and the year's amount in a column."""
    text = row.text(column).strip()
    names = [(c, t) for c, t in row.cells if c < column and not re.search(r"\d", t)]
    if not names or not re.search(r"\d", text):
        return
    label = names[-1][1]
    found = labels.label(label) or ""
    part = "total" if is_sum(label) else found.removeprefix("budget.")
    if not (part == "total" or found.startswith("budget.")):
        return
    if (money := amount(document, Said(text, row.place(column), label))) is not None:
        draft.put_budget(cast(BudgetPart, part), money, row.place(column), label)


def read_beside(document: Document, draft: Draft, row: Row) -> bool:
    """Read amounts of the execution that stand beside their labels (全年预算数 | 56 | 全年执行数 | 55.3),
    and its score; say whether there were any.
    """
    inline = [
        (label, column, amount)
        for column, text in row.cells
        for label, mark, amount in [text.replace(":", "：").partition("：")]
        if mark
    ]
    told = [labels.execution(label) for _, label in row.cells] + [labels.execution(one[0]) for one in inline]
    if "spent" not in told:
        return False
    beside = [(label, column, text) for (_, label), (column, text) in pairwise(row.cells)]
    for label, column, text in beside + inline:
        name = labels.execution(label)
        if name not in _AMOUNTS or not (decimal(text) or _MONEY.fullmatch(normalise(text))):
            continue
        said = Said(text, row.place(column), label if unit_noted(label) else row.cells[0][1])
        put_execution(document, draft, name, said)
    for _, text in row.cells:
        if scored := _SCORED.fullmatch(normalise(text)):
            draft.execution.setdefault("score", Decimal(scored[1]))
    return True


def put_execution(document: Document, draft: Draft, name: str, value: Said) -> None:
    """Put an amount of the execution, planned, adjusted or spent; the budget is the first of them."""
    if (money := amount(document, value)) is None:
        return
    draft.execution.setdefault(cast(ExecutionPart, name), money)
    if name == "planned" or (name == "adjusted" and "planned" not in draft.execution):
        draft.put_budget("total", money, value.place)


def _read_points(draft: Draft, row: Row, columns: Mapping[str, int]) -> None:
    parts: tuple[ExecutionPart, ...] = ("points", "score")
    for name in parts:
        if name in columns and (number := decimal(row.text(columns[name]))) is not None:
            draft.execution.setdefault(name, number)
