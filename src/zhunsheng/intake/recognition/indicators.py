"""Rows of indicators: levels that reach over rows, values and what is beside them, totals,
the medium term.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from zhunsheng.intake import labels, prose
from zhunsheng.intake.recognition import titles
from zhunsheng.intake.recognition.content import (
    MARK,
    bare_level,
    both_levels,
    is_level,
    is_nature,
    is_value,
    level_of,
    under,
    unnumbered,
    unnumbered_level,
)
from zhunsheng.intake.recognition.draft import Document, Draft, Read, Said
from zhunsheng.intake.recognition.goals import is_ellipsis
from zhunsheng.intake.recognition.rows import Row, decimal, said
from zhunsheng.regulations import framework_of
from zhunsheng.targets import Goal, Indicator, Place, TargetValue
from zhunsheng.targets.kinds import RATE_NAME, sense_of_direction, slip_of
from zhunsheng.targets.spelling import is_operator
from zhunsheng.targets.units import known_unit
from zhunsheng.translation import worded

_BLANK = re.compile(r"[（(]?指标\s*\d{1,2}[）)：:]?|无|无此项")  # a line of the form that nobody filled in
_BOTH = re.compile(  # a target and its result in one cell
    r"(?:年度|年初)?(?:目标|指标|计划|预期)(?:指标)?值?[：:](.+?)[；;，,]?(?:全年|实际)*完成(?:指标)?(?:值|情况)?[：:](.+)"
)
_ITEM = re.compile(r"(?:指标)?[（(]?(\d{1,2})[）).．、：:]\s*")
_NEXT_ITEM = re.compile(r"\s+(?=(?:指标)?[（(]?\d{1,2}[）).．、：:](?!\d))")
_UNIT_IN_NAME = re.compile(r"[（(]([%％‰]|[一-龥]{1,4}(?:[/／·][一-龥]{1,3})?)[）)]$")  # 管护面积（万亩）
_MULTIPLE = re.compile(r"[百千]?[万亿][一-龥]{1,3}")
_LONGEST_LEVELS = 200  # characters of the names of a dimension and a category
_GROWN = re.compile(  # a name and how it is to become: 基层服务能力逐步增强
    r"(.{2,20}?)((?:逐步|不断|持续|稳步|明显|显著|有效|进一步|有所|大幅|长期)(?:提升|提高|增强|改善|完善|优化|增加|"
    r"扩大|稳定|好转|加强|下降|降低|减少|缩小))"
)
_CUT_NAME = re.compile(
    r"\d{1,2}[：:]|[）)，,、。；;]|.+指标\d{1,2}[：:]"
)  # how what is left of a name begins
_JOINED = re.compile(r"指标(?:[（(][^（()）]*[）)])?(?=[一-龥])")  # 成本指标产出: two cells in one
_LEFT_OVER = re.compile("指?标+")  # of the names of levels, where cells were drawn together
_WHOLE = 100  # points, per cent
_SHORT = 6  # characters of what is left of a name
_ENDLESS = re.compile(r"(?:…|\.{3})+$")  # what the form's last line says behind the last name
_OUTLINED = re.compile(
    r"指标(?:[（(][^（()）]*[）)])?[一二三四五六七八九十][、.]"
)  # 三、效益指标四、满意度指标
_TOP = re.compile(r"[一二三四五六七八九十]{1,2}、|[【\[［〔]")  # how an outline numbers its first level
_NOTHING = ("无", "没有", "未发生", "无发生")
_UNWANTED = re.compile(r"事故|投诉|上访|信访|差错|舆情|死亡|伤亡|违规|违纪|违法")  # what is not to happen
_DATED_NAME = re.compile(r"时限|日期|期限|完成时间|时间节点|及时性")


def read_indicator(
    document: Document, draft: Draft, row: Row, columns: Mapping[str, int], name: str = ""
) -> None:
    """Read one row of a table of indicators into its draft: an indicator, the total of scores, or nothing.

    ``name`` is the indicator's where it stands over its column of values.
    """
    if name:
        _read_value(document, draft, row, columns["target"], name)
        return
    if own := _own_line(row, columns["name"]):
        texts = {n: "".join(row.text(c).split()) for n, c in columns.items()}
        _read_texts(document, draft, row, columns, texts | {"name": own})
        return
    if lines := _lines(row, columns):
        for said_there in lines:
            _read_texts(document, draft, row, columns, said_there)
        return
    _read_texts(document, draft, row, columns, {n: "".join(row.text(c).split()) for n, c in columns.items()})


def _own_line(row: Row, column: int) -> str:
    """Return the row's own line of a cell of names that reaches over several rows, with a marked line for
    each (指标1：, 指标2：); empty for other cells.
    """
    top, left = row.grid.owner(row.number, column)
    high = row.grid.spans.get((top, left), (1, 1))[0]
    lines = [line.strip() for line in row.grid.text(top, left).splitlines() if line.strip()]
    if high < 2 or len(lines) != high or not all(map(MARK.match, lines)):
        return ""
    return "".join(lines[row.number - top].split())


def _lines(row: Row, columns: Mapping[str, int]) -> list[dict[str, str]]:
    """Return the texts of each indicator where the cells of a row hold several, a line each; empty else.

    The lines are indicators of their own where names and values are as many and every value can be read.
    """
    named, valued = (
        [line.strip() for line in row.text(columns[name]).splitlines() if line.strip()]
        if name in columns
        else []
        for name in ("name", "target")
    )
    if packed := _packed(named, valued):
        beside = {name: "".join(row.text(column).split()) for name, column in columns.items()}
        return [beside | {"name": name, "target": value} for name, value in packed]
    if len(named) < 2 or len(named) != len(valued) or _wrapped(row, columns):
        return []
    if not all(map(is_value, _unnumbered_alike(named, valued))) and not all(
        MARK.match(line.strip()) for line in named
    ):
        return []
    texts = {name: row.text(column).splitlines() for name, column in columns.items()}
    texts["target"] = _unnumbered_alike(named, valued)
    return [
        {
            name: "".join((lines[n] if len(lines) == len(named) else "".join(lines)).split())
            for name, lines in texts.items()
        }
        for n in range(len(named))
    ]


def _packed(named: Sequence[str], valued: Sequence[str]) -> list[tuple[str, str]]:
    """Return the names and values of numbered items that stand in one line of their cells, blanks between
    (1.培训人次 2.开设培训班 | ≥3600人次 ≥45期); empty where there are not as many values as names.
    """
    if len(named) != 1 or len(valued) != 1:
        return []
    names, values = _NEXT_ITEM.split(named[0]), _NEXT_ITEM.split(valued[0])
    values = values if len(values) > 1 else valued[0].split()
    counted = [int(found[1]) for name in names if (found := _ITEM.match(name))]
    if len(names) < 2 or len(values) != len(names) or counted != [*range(1, len(names) + 1)]:
        return []
    bare = _unnumbered_alike(names, values)
    if not all(map(is_value, bare)):
        return []
    return [("".join(name.split()), "".join(value.split())) for name, value in zip(names, bare, strict=True)]


def _unnumbered_alike(named: Sequence[str], valued: Sequence[str]) -> list[str]:
    """Return values without their numbers where each has the number of its name: 1.新建住房 | 1.≥186户."""
    pairs = [(_ITEM.match(name), _ITEM.match(value)) for name, value in zip(named, valued, strict=True)]
    if not all(name and value and name[1] == value[1] for name, value in pairs):
        return list(valued)
    return [value[found.end() :] for value, (_, found) in zip(valued, pairs, strict=True) if found]


def _bounds(texts: Mapping[str, str]) -> str:
    """Return the value that a lower and an upper bound in columns of their own make, empty for none."""
    low, high = (said(texts.get(bound)) for bound in ("lower", "upper"))
    if low and high:
        return f"{low}-{high}"
    return f"≥{low}" if low else f"≤{high}" if high else ""


def _wrapped(row: Row, columns: Mapping[str, int]) -> bool:
    """Say whether the lines of cells come of narrow columns: those of a level's name make but one name."""
    levels = [row.text(columns[name]) for name in ("level1", "level2") if name in columns]
    return any(
        "\n" in text.strip() and level_of(text) and not all(map(level_of, text.split())) for text in levels
    )


def _read_texts(
    document: Document, draft: Draft, row: Row, columns: Mapping[str, int], texts: dict[str, str]
) -> None:
    """Read what the columns of a row say."""
    if any(labels.is_total(row.text(column)) for column in range(columns["name"] + 1)):
        if draft.total_score is None and "score" in texts:
            draft.total_score = decimal(texts["score"]) or None  # a nought there is a sum that nobody made
        return
    texts = _put_together(row, columns, texts)
    texts |= {level: "" for level in ("level1", "level2") if labels.header(texts.get(level, "")) == level}
    if _steps_down(draft, texts):
        return
    level1, level2 = _levels(draft, texts)
    name = _name(document, row, columns, texts)
    if not name:
        if not texts["name"] and is_value(texts.get("target", "")):
            why = worded("这一行有指标值，没有指标名称，没有读入")
            document.doubt(row.place(columns["target"]), "indicators", row.words(), why, unread=True)
        return
    if _goes_on_alone(draft, row, columns, texts):
        last = draft.indicators[-1]
        whole = last.indicator.name + name
        draft.indicators[-1] = replace(last, indicator=last.indicator.model_copy(update={"name": whole}))
        document.doubt(row.place(columns["name"]), "name", whole, worded("名称由两行连成，请核对"))
        return
    texts |= {"level1": level1, "level2": level2, "name": name}
    if "stated" in texts:
        _read_stated(document, draft, row, columns["name"], texts)
        return
    one = _indicator(texts, document.year, draft.goals, row.place(columns["name"]))
    if "target" in columns:
        left_out = draft.medium and not said(texts["target"])
        for doubt in (*_strange_beside(one, texts), *one.target.doubts):
            told = Said(texts["target"], row.place(columns["target"]), f"“{name}”：{doubt}")
            if left_out:
                draft.unfilled.append(told)  # which matters where nothing but the medium term is told
            else:
                document.doubt(told.place, "target", told.text, told.label)
        if RATE_NAME.search(name) and (slip := slip_of(name, one.aim)):
            document.doubt(row.place(columns["target"]), "target", texts["target"], slip)
    draft.indicators.append(Read(one, draft.medium or titles.of_medium_term(texts.get("term", ""))))


def _put_together(row: Row, columns: Mapping[str, int], texts: dict[str, str]) -> dict[str, str]:
    """Return texts with what several cells hold (a name, bounds) in one, what one cell holds apart."""
    more = columns.get("more_name")
    if more is not None and row.grid.owner(row.number, more) != row.grid.owner(row.number, columns["name"]):
        texts = texts | {"name": texts["name"] + texts["more_name"]}  # 天然林管护面积 | 国有
    if lower_upper := _bounds(texts):
        texts = texts | {"target": lower_upper}
    whole = texts.get("target") or texts.get("actual") or ""
    if ("：" in whole or ":" in whole) and (both := _BOTH.fullmatch(whole)):
        texts = texts | {"target": both[1], "actual": both[2]}
    if texts.get("target") and texts["name"][:1].isdigit():
        texts = texts | {"target": _unnumbered_alike([texts["name"]], [texts["target"]])[0]}
    return texts


def _goes_on_alone(draft: Draft, row: Row, columns: Mapping[str, int], texts: Mapping[str, str]) -> bool:
    """Say whether a row of a page holds nothing of its own but what is left of the marked name above it:
    指标1：抢修到场 | 时间.
    """
    own = {text for column, text in row.cells if row.grid.owner(row.number, column)[0] == row.number}
    return (
        bool(draft.indicators)
        and row.number > 0
        and own == {row.text(columns["name"])}
        and row.place(columns["name"]).region is not None
        and len(texts["name"]) <= _SHORT
        and MARK.match(row.grid.text(row.number - 1, columns["name"])) is not None
        and not MARK.match(texts["name"])
        and not is_ellipsis(texts["name"])
    )


def _strange_beside(one: Indicator, texts: Mapping[str, str]) -> Iterator[str]:
    """Yield what stands beside a value and can't be what its column holds, as where two rows were taken for
    one: a sign that is none, two names of levels in one cell, a level for the indicator's name.
    """
    op = said(texts.get("op"))
    if op and not is_operator(op) and not is_nature(op):
        yield worded("认不出比较符“{op}”", op=op)
    drawn = one.place is not None and one.place.region is not None
    if (drawn and len(one.name) == 1) or _CUT_NAME.match(one.name):
        yield worded("名称“{name}”可能没有读全", name=one.name)
    if one.weight is not None and one.weight > _WHOLE:
        yield worded("分值“{weight}”超过 100，各列可能错位", weight=texts["weight"])
    if is_value(one.name):
        yield worded("名称“{name}”像是指标值，各列可能错位", name=one.name)
    for level in (one.level1, one.level2):
        if level and (is_value(level) or _LEFT_OVER.fullmatch(level)):
            yield worded("“{level}”不像是指标类别的名称，各列可能错位", level=level)
        if level and (_OUTLINED.search(level) or (_JOINED.search(level) and both_levels(level) is None)):
            yield worded("“{level}”像是几个名称连在一起", level=level)
    if drawn and one.level1 and one.level2 and _is_displaced(one.level1, one.level2):
        yield worded("“{level2}”不在“{level1}”之下，类别可能错位", level1=one.level1, level2=one.level2)
    if level_of(one.name) == "level2" and one.name.endswith("指标"):
        yield worded("名称是指标类别的名称，三级指标可能没有读对")


def _is_displaced(level1: str, level2: str) -> bool:
    """Say whether a category stands below a dimension under which no framework has it, while one has it below
    another.
    """
    return (
        any(bare_level(level1) in one.synonyms for one in framework_of(2021).dimensions)
        and level_of(level2) == "level2"
        and not under(level2, level1)
        and framework_of(2021).dimension(None, bare_level(level2)) is not None
    )


def read_card(document: Document, draft: Draft, row: Row, texts: dict[str, str]) -> None:
    """Read the indicator of a card, told field by field; the signs stand for it under 指标方向 too."""
    if is_operator(texts.get("direction", "")):
        texts = texts | {"op": texts["direction"], "direction": ""}
    level1, level2 = texts.get("level1", ""), texts.get("level2", "")
    if not (level1 and level2) and (both := both_levels(level1 or level2)):
        level1, level2 = both
    texts = texts | {"level1": level1, "level2": level2, "name": unnumbered(texts["name"])}
    one = _indicator(texts, document.year, draft.goals, row.place(0))
    for doubt in one.target.doubts:
        document.doubt(row.place(0), "target", texts["target"], f"“{one.name}”：{doubt}")
    draft.indicators.append(Read(one, draft.medium))


def _read_value(document: Document, draft: Draft, row: Row, column: int, name: str) -> None:
    """Read the value of an indicator whose name stands over the column."""
    if said(raw := "".join(row.text(column).split())) is None:
        return
    level1, level2 = draft.levels
    texts = {"level1": level1, "level2": level2, "name": "".join(name.split()), "target": raw}
    one = _indicator(texts, document.year, draft.goals, row.place(column))
    for doubt in one.target.doubts:
        document.doubt(row.place(column), "target", raw, f"“{one.name}”：{doubt}")
    draft.indicators.append(Read(one, draft.medium))


def _read_stated(document: Document, draft: Draft, row: Row, column: int, texts: Mapping[str, str]) -> None:
    """Read the indicators that a cell states with their values: 慰问人数≥500人；慰问金≤600元/人."""
    lines = [unnumbered(line.strip()) for line in row.text(column).splitlines()]
    read_stated(document, draft, row.place(column), "\n".join(lines), texts)


def read_stated(document: Document, draft: Draft, place: Place, text: str, texts: Mapping[str, str]) -> None:
    """Read the indicators that words state with their values; ``texts`` is what else is told of them."""
    found, left = prose.indicators(text, document.year)
    for stated in found:
        told = {**texts, "name": stated.name, "target": stated.raw}
        draft.indicators.append(Read(_indicator(told, document.year, draft.goals, place), draft.medium))
    for clause in filter(said, left):
        if grown := _GROWN.fullmatch(clause):
            told = {**texts, "name": grown[1], "target": grown[2]}
            draft.indicators.append(Read(_indicator(told, document.year, draft.goals, place), draft.medium))
            continue
        document.doubt(place, "indicators", clause, worded("没有从这句话里读出指标"))


def yearly(read: Sequence[Read]) -> tuple[Indicator, ...]:
    """Return the year's indicators; a table of medium-term ones gives each its ``medium_term`` value."""
    if all(one.medium for one in read) or not any(one.medium for one in read):
        return tuple(one.indicator for one in read)
    medium = {one.indicator.name: one.indicator.target for one in read if one.medium}
    return tuple(
        one.indicator.model_copy(
            update={"medium_term": one.indicator.medium_term or medium.get(one.indicator.name)}
        )
        for one in read
        if not one.medium
    )


def _levels(draft: Draft, texts: Mapping[str, str]) -> tuple[str, str]:
    """Return the levels of a row, empty where its table has none, and keep them for the rows below."""
    level1, level2 = (_plain_level(texts.get(name, "")) for name in ("level1", "level2"))
    alone = "level1" not in texts or "level2" not in texts
    if alone and (both := both_levels(level2 if level2 else level1)):
        level1, level2 = both
    first, second = draft.levels
    if level1:
        # A new level 1 leaves the level 2 above behind; merged cells repeat both on every row.
        draft.levels = (level1, level2 or ("" if level1 != first else second))
    elif level2:
        stepped = "level1" not in texts and first and not under(level2, first)
        dimension = framework_of(2021).dimension(None, level2) if stepped else None
        draft.levels = (dimension.synonyms[0] if dimension else first, level2)
    return draft.levels if "level1" in texts or "level2" in texts or draft.stairs else ("", "")


def _plain_level(text: str) -> str:
    """Return the name of a level without its number, where it is one that a framework has: 1.1 数量指标."""
    text = _ENDLESS.sub("", text)
    bare = unnumbered_level(text)
    return bare if bare != text and level_of(bare) else text


def _steps_down(draft: Draft, texts: Mapping[str, str]) -> bool:
    """Take a row that holds nothing but the name of a level, in the column of names, over the rows below it;
    say whether it is one.
    """
    told = [text for name, text in texts.items() if text and name not in ("level1", "level2")]
    name = texts["name"]
    return (
        set(told) == {name}
        and name not in (texts.get("level1"), texts.get("level2"))
        and step_down(draft, name)
    )


def step_down(draft: Draft, name: str) -> bool:
    """Let the rows below stand under a level, where a text is the name of one; say whether it is."""
    level = level_of(name)
    if level is None:
        return False
    first, _second = draft.levels
    bare = bare_level(name)
    if level == "level2" or (first and under(name, first) and not _TOP.match(name)):
        dimension = framework_of(2021).dimension(None, bare) if first and not under(name, first) else None
        draft.levels = (dimension.synonyms[0] if dimension else first, bare)
    else:
        draft.levels = (bare, bare if is_level(name, "level2") else "")
    draft.stairs = True
    return True


def _is_unit(text: str) -> bool:
    """Say whether words in brackets behind a name are its unit: a known one, some multiple or rate of
    whatever is counted (万剂次, 元/亩).
    """
    head = re.split("[/／·]", text)[0]
    return known_unit(head) == head or _MULTIPLE.fullmatch(head) is not None


def _name(document: Document, row: Row, columns: Mapping[str, int], texts: Mapping[str, str]) -> str:
    """Return the name of the indicator on a row without its number, empty where the row has none."""
    name, raw, description = texts["name"], texts.get("target", ""), texts.get("description", "")
    if not name:
        if not description or not (raw or texts.get("actual")):
            return ""
        name = description
        document.doubt(
            row.place(columns["description"]), "name", description, worded("三级指标没有名称，用描述代替")
        )
    # A cell that reaches the names from further left, or on to the values, heads or closes the table.
    own = row.grid.owner(row.number, columns["name"])
    spanning = own[1] < columns["name"] or (
        "target" in columns and own == row.grid.owner(row.number, columns["target"])
    )
    if (
        is_ellipsis(name)
        or said(name) is None
        or _BLANK.fullmatch(name)
        or spanning
        or (labels.header(name) and labels.header(raw))
    ):
        return ""
    return unnumbered(_ENDLESS.sub("", name))


def _indicator(texts: Mapping[str, str], year: int | None, goals: Sequence[Goal], place: Place) -> Indicator:
    """Return the indicator that the texts of a row make, field by field."""

    def told(name: str) -> str | None:
        return said(texts.get(name))

    nature, op = texts.get("nature", ""), texts.get("op", "")
    sign = nature if nature and not op and is_operator(nature) else op
    dated = is_dated(texts["name"], texts["level1"], texts["level2"], year)

    def value(raw: str) -> TargetValue:
        if raw in _NOTHING and _UNWANTED.search(texts["name"]):  # 安全事故：无
            return TargetValue.parse("0", unit=told("unit")).replaced(raw=raw)
        return TargetValue.parse(raw, op=sign, unit=told("unit"), year=year, dated=dated)

    if (noted := _UNIT_IN_NAME.search(texts["name"])) and not value(texts.get("target", "")).unit:
        texts = {**texts, "unit": noted[1]} if _is_unit(noted[1]) else texts
    if "original" in texts and not said(texts.get("target")):  # what the adjustment leaves blank stays
        texts = {**texts, "target": texts["original"]}
    medium, original, goal = (texts.get(what, "") for what in ("medium_term", "original", "goal"))
    if unnumbered(texts.get("medium_name", "")) not in ("", texts["name"]):
        medium = ""  # of another indicator, which happens to stand on the same row
    one = Indicator(
        level1=texts["level1"] or None,
        level2=texts["level2"] or None,
        name=texts["name"],
        description=told("description"),
        target=value(texts.get("target", "")),
        weight=decimal(texts.get("weight", "")),
        basis=told("basis"),
        operator=told("op"),
        unit=told("unit"),
        direction=told("direction"),
        nature=told("nature"),
        last_year=told("last_year"),
        medium_term=value(medium) if medium else None,
        original=value(original) if original else None,
        actual=told("actual"),
        score=decimal(texts.get("score", "")),
        deviation=told("deviation"),
        goal=_goal_titled(goals, goal) if goal else None,
        place=place,
    )
    return _pointed(one)


def _pointed(one: Indicator) -> Indicator:
    """Return an indicator whose bare number has the sign that 指标方向 stands for, ≥ of 正向 and ≤ of 反向,
    where nothing else of the indicator says the opposite.
    """
    sense = sense_of_direction(one.direction)
    if not (one.target.implied and one.target.op == "==" and sense and one.type.sense == sense):
        return one
    if sense == "more" and one.target.number == _WHOLE and one.target.unit == "%":
        return one  # there is no more than the whole
    op = ">=" if sense == "more" else "<="
    return one.model_copy(update={"target": one.target.replaced(op=op, implied=False)})


def is_dated(name: str, level1: str, level2: str, year: int | None) -> bool:
    """Say whether an indicator's value is a date by its name or by its category (时效)."""
    if _DATED_NAME.search(name):
        return True
    if len(level1) + len(level2) > _LONGEST_LEVELS:
        return False
    category = framework_of(year or 2021).category(level2, level1)
    return category is not None and category.name == "时效"


def _goal_titled(goals: Sequence[Goal], title: str) -> int | None:
    return next((n for n, goal in enumerate(goals) if "".join((goal.title or "").split()) == title), None)
