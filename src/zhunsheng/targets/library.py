"""An entry of the indicator library: what an indicator is called, how it is computed and set, under a code
that never changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

# ``<industry>-<level 1><level 2>-<running>``: C cost, O output, B benefit, S satisfaction.
CODE = re.compile(r"([A-Z]{2})-([COBS])([1-9])-(\d{3,})")
COMMON = "GE"  # of no industry
_LEVELS = (
    ("S", "满意", ("",)),
    ("C", "成本", ("经济", "社会", "生态|环境")),
    ("B", "效益|效果", ("经济", "社会", "生态|环境", "可持续")),
    ("O", "产出", ("数量", "质量", "时效|时间|进度", "成本")),
)
STANDARDS = ("计划", "行业", "历史", "其他")  # 绩效标准
DIRECTIONS = ("≥", "≤", "＝", "定性")  # 计算符号
Direction = Literal["", "≥", "≤", "＝", "定性"]
Standard = Literal["", "计划", "行业", "历史", "其他"]


class LibraryEntry(BaseModel):
    """One indicator of the library. ``description`` says how it is computed, ``target`` the usual value as a
    sheet would write it (empty where the year decides, as ``cautions`` then say), ``standard`` by what it is
    set, ``measure`` the id of the one that proves it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str = Field(pattern=CODE.pattern)
    common: bool = False
    level1: str = Field(min_length=1, max_length=40)
    level2: str = Field(min_length=1, max_length=40)
    name: str = Field(min_length=1, max_length=120)
    description: str = Field("", max_length=300)
    unit: str = Field("", max_length=20)
    direction: Direction = ""
    standard: Standard = ""
    target: str = Field("", max_length=60)
    basis: str = Field("", max_length=60)
    source: str = Field("", max_length=120)
    period: str = Field("", max_length=20)
    cautions: str = Field("", max_length=300)
    measure: str = Field("", max_length=60)

    @property
    def industry(self) -> str:
        """The two letters of its industry, ``GE`` for what is of none."""
        return self.code[:2]


def letters(level1: str, level2: str) -> str:
    """Return the letter and digit of a code for the levels an indicator stands under: O1 of 产出, 数量.

    A level that is none of the usual ones counts as the first of output or, at level 2, of its level 1.
    """
    letter, seconds = next(
        ((sign, below) for sign, words, below in _LEVELS if re.search(words, level1)), ("O", _LEVELS[-1][2])
    )
    return letter + str(next((n for n, words in enumerate(seconds, 1) if re.search(words, level2)), 1))


def next_code(industry: str, level1: str, level2: str, known: Iterable[str]) -> str:
    """Return the next code of an industry: numbers run on over all its levels, so that none comes back."""
    numbers = [int(found[4]) for one in known if (found := CODE.fullmatch(one)) and found[1] == industry]
    return f"{industry}-{letters(level1, level2)}-{max(numbers, default=0) + 1:03d}"
