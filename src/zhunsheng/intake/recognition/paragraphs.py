"""Paragraphs outside tables: titles, a department's narrative, indicators in sentences, labels."""

from __future__ import annotations

import re
from dataclasses import replace

from zhunsheng.intake import labels, prose
from zhunsheng.intake.grid import Paragraph
from zhunsheng.intake.recognition import titles
from zhunsheng.intake.recognition.content import is_level, is_value, level_of, stated, unnumbered
from zhunsheng.intake.recognition.draft import Document, Draft, Read, Said, TextField
from zhunsheng.intake.recognition.fields import put_ahead
from zhunsheng.intake.recognition.indicators import is_dated, step_down
from zhunsheng.intake.recognition.money import take_money, unit_noted
from zhunsheng.intake.recognition.rows import is_foot, said
from zhunsheng.targets import Goal, Indicator, Place, TargetValue
from zhunsheng.translation import worded

_SECTION = re.compile(r"^([一二三四五六七八九十]+)、\s*(.+)$")
_SUBSECTION = re.compile(r"^[（(]([一二三四五六七八九十]+)[）)]\s*(.+)$")
_INDICATORS = re.compile(r"^(?:绩效|考核|主要|年度)?(?:绩效)?指标[：:]\s*(.+)$", re.S)
_GOAL = re.compile(r"^(?:绩效|年度|工作)?目标[：:]\s*(.+)$", re.S)
_FOR_ALL: tuple[TextField, ...] = ("department", "unit")  # fields that hold for every sheet below
_OWN_SECTION = re.compile(
    r"(?:[一二三四五六七八九十]+、|[（(][一二三四五六七八九十]+[）)])\s*((?:年度|总体|项目)*(?:绩效)?(?:目标|指标))(?:情况)?"
)
_SIGNED = re.compile(r"[≥≤≧≦]\s*\d")
_AHEAD = ("name", "code", "year", "money")  # fields that may be told before the table of their sheet
# What parts several labels with their values in one line.
_PIECES = re.compile(
    r"\s{2,}|\t|\s(?=[一-龥（）()]{2,10}[：:])|[。；;]\s*(?=[一-龥（）()]{2,10}[：:]|20\d\d年)"
)
_TEMPLATE = re.compile(r"[（(][^（()）]*(?:\*\*|××|XX|xx)[^（()）]*[）)]")  # the form's pattern: （≥**户）
_NEXT_LEVEL = re.compile(r"(?<=[；;。])\s*(?=[^；;。：:]{2,14}[：:])")
_LONGEST_NAME = 40  # characters of an indicator's name in an outline
_KIND = re.compile(  # over one of several tables of a sheet: （二）定性指标
    r"(?:[（(]?[\d一二三四五六七八九十]{1,2}[）)、.．])?(?:定[量性]|共性|个性|通用|专用|特色|核心|补充|其他)(?:绩效)?指标表?"
)
_FEW = 12  # characters of a paragraph that may be left of a cell
_PAGE = re.compile(r"第?\s*[-—]?\s*\d+\s*[-—]?\s*页?(?:[,，/\s]*共?\s*\d+\s*页?)?|附[件表].*")
_HEADING = 60  # characters below which a paragraph may be a heading


def read_paragraph(document: Document, block: Paragraph) -> None:
    """Take one paragraph: a title, a part of the department's narrative, or labels with their values."""
    block = replace(block, text=titles.joined(block.text))
    last = document.going_on
    caption = is_level(block.text, "level1") and not re.search("[：:]", block.text)
    if last and (last.columns or caption) and step_down(last, block.text):
        last.captioned = True
        return  # a level over the rows of a table that goes on, or over one of its own
    document.of_kind = bool(_KIND.fullmatch(block.text.strip()))
    _take_notes(document, block)
    if document.department is None:
        take_money(document, block.text, block.place)
    if is_level(block.text, "level1") and document.department is None and _read_outline(document, block):
        return
    if _is_heading(document, block):
        return
    if document.department is None and _read_outline(document, block):
        return
    last = document.going_on
    if last and document.department is None and document.section.endswith("目标") and not last.goals:
        last.goals.append(Goal(text=block.text, place=block.place))
        return
    if match := _INDICATORS.match(block.text):
        _read_indicators(document, match[1], block.place)
    elif document.department is not None:
        _read_narrative(document, document.department, block)
    elif document.going_on and _is_left_of_table(document.going_on, block):
        why = worded("在表外，像是表格里断出来的字，没有读入，上下各项可能没有读全")
        document.doubt(
            document.going_on.indicators[-1].indicator.place or block.place, "name", block.text, why
        )
    elif document.going_on and _SIGNED.search(block.text) and _states_one(block.text):
        why = worded("表外的这句话像是指标，没有读入")
        document.doubt(block.place, "indicators", block.text, why, unread=True)


def _is_left_of_table(draft: Draft, block: Paragraph) -> bool:
    """Say whether a paragraph of a page behind a table of indicators is rather what was drawn beyond its
    rows: a few signs, or a row's cells with a value among them.
    """
    if draft.columns is None or not draft.indicators or block.place.region is None:
        return False
    before = draft.indicators[-1].indicator.place
    if before is None or before.page is None or not 0 <= (block.place.page or 0) - before.page <= 1:
        return False
    if is_foot(block.text) or re.search("[：:。]$", block.text) or titles.of_targets(block.text):
        return False
    pieces = block.text.split()
    if len(pieces) > 2:
        return any(map(is_value, pieces))
    few = len(block.text) <= _FEW and labels.label(block.text) is None and not unit_noted(block.text)
    return few and not level_of(block.text) and _PAGE.fullmatch(block.text) is None


def _states_one(text: str) -> bool:
    """Say whether a paragraph that is no note below a form states an indicator with its value."""
    if len(text) > 2 * _HEADING or is_foot(text):
        return False
    return any(not labels.header(one.name) for one in prose.indicators(unnumbered(text), 2000)[0])


def _take_notes(document: Document, block: Paragraph) -> None:
    """Keep what a paragraph tells of all that follows: unit of money, year, department and unit."""
    text = block.text
    if filled := titles.filled_in(text):
        document.filled_in = document.filled_in or (*filled, block.place)
    document.money_unit = unit_noted(text) or document.money_unit
    if (
        len(text) < 80
        and (year := titles.year_in(text))
        and (document.year is None or titles.of_targets(text) or titles.is_year(text))
    ):
        document.year = year
    for piece in _PIECES.split(text):
        left, mark, right = piece.partition("：") if "：" in piece else piece.partition(":")
        name = labels.label(left) if mark and right.strip() else None
        if name in _FOR_ALL:
            if whose := said(right):
                document.defaults[name] = Said(whose, block.place)
        elif name == "year" and (year := titles.year_in(f"{right.strip()}年")):
            document.year = year
        elif name and (name in _AHEAD or name.startswith("budget.")):
            document.ahead.append((name, Said(right.strip(), block.place, left)))
        elif name == "goals" and document.department is None:
            document.goal_ahead = Said(right.strip(), block.place)


def _is_heading(document: Document, block: Paragraph) -> bool:
    """Take a title or a section's heading; say whether the paragraph is nothing else."""
    text, short = block.text, len(block.text) < _HEADING
    if short and "绩效目标" in text and titles.kind_in(text) == "department":
        document.department = document.start("department", text, block.place)
        document.section, document.open_goal = "", None
        return True
    if document.department is None and (section := _OWN_SECTION.fullmatch(text)):
        document.section = section[1]  # a part of the form, under a heading of its own between its tables
        return True
    if short and titles.of_targets(text) and not _GOAL.match(text) and not _INDICATORS.match(text):
        document.heading, document.broken = Said(text, block.place), True
        if re.search(r"项目(?:支出)?绩效目标|第[二三四五]部分", text):
            document.department = None
    if re.match(r"^第[二三四五六]部分", text):
        document.department, document.broken = None, True
    if short and (match := _SECTION.match(text)):
        document.section, document.open_goal = match[2], None
        return True
    return False


def _read_outline(document: Document, block: Paragraph) -> bool:
    """Read a paragraph of an outline of indicators without a table (（一）产出指标, 1.数量指标：人数≥82人)
    into the sheet that was told ahead of it; say whether it is one.
    """
    text = _TEMPLATE.sub("", block.text)
    pieces = [piece for piece in _NEXT_LEVEL.split(text) if piece.strip()]
    if len(pieces) > 1 and all(level_of(_before_colon(piece)) for piece in pieces):
        read = [_read_outlined(document, replace(block, text=piece)) for piece in pieces]
        return all(read)
    return _read_outlined(document, replace(block, text=text))


def _before_colon(text: str) -> str:
    return text.replace(":", "：").partition("：")[0]


def _read_outlined(document: Document, block: Paragraph) -> bool:
    head, mark, rest = block.text.partition("：")
    if not mark:
        head, mark, rest = block.text.partition(":")
    last = document.going_on
    if last is None and not any(name == "name" for name, _ in document.ahead):
        return False
    if last is None or last.columns is not None:  # nothing told so far is the outline's own
        if level_of(head) is None or rest.strip():
            return False
        last = document.start("project", None, block.place)
        document.heading = None
        put_ahead(document, last)
        if goal := document.goal_ahead:
            last.goals.append(Goal(text=goal.text, place=goal.place))
            document.goal_ahead = None
    if not rest.strip():
        last.captioned = True
        return step_down(last, head) or (not mark and _read_line(document, last, block))
    if level_of(head) is None:
        return _read_line(document, last, block)
    step_down(last, head)
    _read_stated(document, last, rest, block.place, levels=last.levels)
    return True


def _read_line(document: Document, draft: Draft, block: Paragraph) -> bool:
    """Read a line under a level of an outline: 检测样品：≥2.6万份; say whether it states an indicator."""
    level1, level2 = draft.levels
    if not level1 or not draft.stairs or len(block.text) > _HEADING:
        return False
    if TargetValue.parse(block.text, dated=True).op == "by":
        return False  # the day below the letter
    head, _, rest = block.text.replace(":", "：").partition("：")
    name = unnumbered(head.strip())
    if rest and labels.label(head) is None and len(name) <= _LONGEST_NAME:
        dated = is_dated(name, level1, level2, document.year)
        target = TargetValue.parse(rest.strip(), year=document.year, dated=dated)
        draft.indicators.append(
            Read(Indicator(level1=level1, level2=level2 or None, name=name, target=target, place=block.place))
        )
        for doubt in target.doubts:
            document.doubt(block.place, "target", rest.strip(), f"“{name}”：{doubt}")
        return True
    if rest or not stated(block.text):
        return False
    _read_stated(document, draft, unnumbered(block.text), block.place, levels=draft.levels)
    return True


def _read_indicators(document: Document, text: str, place: Place) -> None:
    """Read indicators told in sentences into the department's sheet."""
    if document.department is None:
        # A sheet of its own: the goal that was open is the one before's.
        document.department, document.open_goal = document.start("department", None, place), None
    _read_stated(document, document.department, text, place, goal=document.open_goal)


def _read_stated(
    document: Document,
    draft: Draft,
    text: str,
    place: Place,
    *,
    levels: tuple[str, str] = ("", ""),
    goal: int | None = None,
) -> None:
    """Read the indicators that words state into a sheet, under its levels or one of its goals."""
    level1, level2 = (level or None for level in levels)
    stated, left = prose.indicators(text, document.year)
    draft.indicators.extend(
        Read(
            Indicator(level1=level1, level2=level2, name=one.name, target=one.target, goal=goal, place=place)
        )
        for one in stated
    )
    for clause in left:
        document.doubt(place, "indicators", clause, worded("没有从这句话里读出指标"))


def _read_narrative(document: Document, draft: Draft, block: Paragraph) -> None:
    """Take a paragraph of a department's narrative: a safeguard, a goal's title or words, general words."""
    text, place = block.text, block.place
    match = _SUBSECTION.match(text)
    if match and "保障" in document.section:
        draft.safeguards.append(Goal(text=match[2], place=place))
    elif match and len(text) < _HEADING:
        _open_goal(document, draft, Goal(title=match[2], text="", place=place))
    elif goal := _GOAL.match(text):
        if document.open_goal is None:
            _open_goal(document, draft, Goal(text=goal[1], place=place))
        else:
            known = draft.goals[document.open_goal]
            draft.goals[document.open_goal] = known.model_copy(update={"text": goal[1], "place": place})
    elif "总体" in document.section:
        draft.narrate(text, place)


def _open_goal(document: Document, draft: Draft, goal: Goal) -> None:
    draft.goals.append(goal)
    document.open_goal = len(draft.goals) - 1
