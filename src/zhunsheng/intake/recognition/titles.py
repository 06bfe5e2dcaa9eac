"""What titles and headings say: whether they are of performance targets, of which year, whose name."""

from __future__ import annotations

import re
from typing import Literal

Kind = Literal["department", "project"]
_YEAR = re.compile(r"(2\s?0\s?\d\s?\d)\s*年")
_ATTACHED = re.compile(r"^附[件表]\s*[\d一二三四五六七八九十\-]{0,4}\s*[：:.、]?\s*")
_FISCAL = re.compile(r"(2\s?0\s?\d\s?\d)\s*年\s*度")
_FILLED_IN = re.compile(r"(?:日期|时间)[：:]?\s*(20\d\d)\s*[年.\-/]\s*(\d{1,2})(?!\d)")
_APART = re.compile(r"\s*(?:\S\s+){3,}\S\s*")
_TITLE = re.compile(r"绩效目标|自评|自我评价|运行监控|绩效监控|目标表|绩效评价")
_NUMBERED = re.compile(r"^(?:\d+[.、．]|[（(]?[一二三四五六七八九十]+[）)、.])\s*")
_OF_FORM = re.compile(
    r"20\d\d|[附表（）()\d\s一-十]|附件|年度?|省|市|县|区|本?级|财政|预算|部门|单位|项目|专项|资金|支出|整体|绩效|"
    r"目标|指标|任务|自评|自我|评价|评审|运行|监控|申报|申请|批复|审核|编制|及|和|与|汇总|明细|情况|报告|公开|书"
)
_OF_BODY = re.compile(
    r"(?:局|厅|委|委员会|办公?室?|镇|乡|街道|部门|单位|政府|大学|学院|[中小]学|医院)(?:20\d\d年度?)?(?:部门|单位|预算|项目)*$"
)


def year_in(text: str) -> int | None:
    """Return the year that a text names (2021年度, 2021年), None where it names none; the year of a day on
    which a form was filled in (填报日期：2022年1月3日) is none.
    """
    match = _FISCAL.search(text) or _YEAR.search(_FILLED_IN.sub("", text))
    return int("".join(match[1].split())) if match else None


def filled_in(text: str) -> tuple[int, int] | None:
    """Return year and month of the day on which a text says that a form was filled in."""
    match = _FILLED_IN.search(text)
    return (int(match[1]), int(match[2])) if match else None


def joined(text: str) -> str:
    """Return a short text whose letters stand apart (绩 效 目 标 表) without the blanks between them."""
    return "".join(text.split()) if len(text) < 120 and _APART.fullmatch(text) else text


def is_year(text: str) -> bool:
    """Say whether a text is a year and nothing else, as stands below a title: （2021年度）."""
    return bool(re.fullmatch(r"\s*[（(]?\s*20\d{2}\s*年度?\s*[）)]?\s*", text))


def of_targets(text: str) -> bool:
    """Say whether a text speaks of targets, their monitoring or evaluation, as titles do."""
    return bool(_TITLE.search(text))


def of_medium_term(text: str) -> bool:
    """Say whether words speak of the medium or long term (中期, 长期, 实施期)."""
    return bool(re.search(r"[中长]期|实施期", text))


def kind_in(title: str | None) -> Kind:
    """Return what kind of sheet stands under a title."""
    if not title or re.search(r"(?:补助|转移支付|专项|资金|基金).{0,6}整体", title):
        return "project"
    return "department" if re.search(r"整体|部门职责", title) else "project"


def names_nothing(name: str) -> bool:
    """Say whether a name that a title gave is none: the form's own (项目支出绩效目标表), or whose form it is
    (某镇2025年部门).
    """
    return is_of_form(name) or bool(_OF_BODY.search(name))


def is_of_form(name: str) -> bool:
    """Say whether a name consists of the form's own words: 部门整体支出绩效目标."""
    return not _OF_FORM.sub("", name)


def _whose(title: str) -> str | None:
    """Return the body that a department's title names: 某市交通局 of 2024年某市交通局部门整体支出绩效目标."""
    bare = _ATTACHED.sub("", title)
    bare = re.sub(r"^[（(]?20\d\d年?度?[）)]?", "", _NUMBERED.sub("", bare))
    own = re.match(r"(.{2,30}?)(?:20\d\d年?度?)?(?:部门|单位|本级|部门预算)*整体", bare)
    return own[1] if own and _OF_BODY.search(own[1]) and _OF_FORM.sub("", own[1]) else None


def name_in(title: str, kind: Kind) -> str:
    """Return the name that a title gives the sheet under it:
    治理经费 of 二、治理经费绩效目标表（2021年度）.
    """
    name = re.sub(r"(?<=目标)(?:申报)?表$", "", _NUMBERED.sub("", _ATTACHED.sub("", title)))
    if kind == "department":
        return _whose(title) or name
    if quoted := re.search(r"“([^“”]{2,40})”", title):
        return quoted[1]
    name = re.sub(r"(?:预算)?(?:项目)?(?:支出)?(?:绩效目标|绩效自评|绩效运行监控).*$", "", name) or title
    return re.sub(r"^20\d{2}年度?|[（(]20\d{2}年度?[）)]$", "", name) or title
