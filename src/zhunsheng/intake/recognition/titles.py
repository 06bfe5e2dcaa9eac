"""What titles and headings say: whether they are of performance targets, of which year, whose name."""

from __future__ import annotations

import re
from typing import Literal

Kind = Literal["department", "project"]
_YEAR = re.compile(r"(20\d{2})\s*年")
_TITLE = re.compile(r"绩效目标|自评|自我评价|运行监控|绩效监控|目标表|绩效评价")
_NUMBERED = re.compile(r"^(?:\d+[.、．]|[（(]?[一二三四五六七八九十]+[）)、.])\s*")


def year_in(text: str) -> int | None:
    """Return the first year that a text names (2021年), None where it names none."""
    match = _YEAR.search(text)
    return int(match[1]) if match else None


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


def name_in(title: str, kind: Kind) -> str:
    """Return the name that a title gives the sheet under it:
    治理经费 of 二、治理经费绩效目标表（2021年度）.
    """
    name = re.sub(r"(?<=目标)(?:申报)?表$", "", _NUMBERED.sub("", title))
    if kind == "department":
        return name
    if quoted := re.search(r"“([^“”]{2,40})”", title):
        return quoted[1]
    name = re.sub(r"(?:预算)?(?:项目)?(?:支出)?(?:绩效目标|绩效自评|绩效运行监控).*$", "", name) or title
    return re.sub(r"^20\d{2}年度?|[（(]20\d{2}年度?[）)]$", "", name) or title
