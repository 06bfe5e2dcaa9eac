"""Layouts of tables whose columns a person confirmed: told by their heads, kept as data, used again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import fault, parsed, written
from zhunsheng.files.writing import write_whole
from zhunsheng.intake.recognition.content import Class, is_value, level_of
from zhunsheng.intake.recognition.rows import decimal, said
from zhunsheng.targets.fields import COLUMN_LABELS
from zhunsheng.text import cleaned
from zhunsheng.translation import Worded, series, worded

FORMAT = "zhunsheng.layouts/1"
MOST = 2_000  # layouts of one file
# What a column of a table of indicators can be, with what it is called.
FIELDS = COLUMN_LABELS | {
    "stated": worded("指标及其指标值（写在一格里）"),
    "medium_name": worded("中期指标名称"),
    "deviation": worded("偏差原因"),
    "goal": worded("对应的目标"),
}
UNUSED = "不读入"  # the word for a column that is none of them
VALUED = ("target", "actual", "score", "weight", "medium_term", "stated")  # one of these makes an indicator
_NUMBERS: tuple[Class, ...] = ("target", "points", "serial")
_SIGNS: tuple[Class, ...] = ("op", "unit", "nature", "direction", "term")
_VALUES = ("target", "last_year", "medium_term", "original", "actual")
_YEAR = re.compile(r"(?<!\d)20\d{2}(?!\d)")
_AWAY = re.compile(r"(?<![\d.])(\+0|\+1|-1|-2)(?:年(度?)|(?!\S))")
_AWAY_CALLED = {"+0": "本年", "+1": "下年", "-1": "上年", "-2": "前年"}
_FULL_POINTS = 100

Words = dict[Class, Worded]
HOLDS: Words = {
    "level1": worded("一级指标的名称"),
    "level2": worded("二级指标的名称"),
    "op": worded("比较符"),
    "nature": worded("定量、定性"),
    "direction": worded("正向、反向"),
    "unit": worded("计量单位"),
    "points": worded("分数"),
    "target": worded("可以衡量的值"),
    "serial": worded("序号"),
    "term": worded("年度、中长期"),
    "words": worded("文字"),
    "empty": worded("空白"),
}


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LayoutColumn(_Frozen):
    """A column of a layout: the words over it, the field that it is (None: none), and what kind of cells it
    held when that was confirmed.
    """

    words: str = Field(max_length=400)
    field: str | None = None
    holds: Class = "words"

    @model_validator(mode="before")
    @classmethod
    def _of_titles(cls, data: Any) -> Any:
        """Take a field by its name or by what it is called."""
        if isinstance(data, dict) and isinstance(said_of := data.get("field"), str):
            data = {**data, "field": field_called(said_of)}
        return data


def field_called(word: str) -> str | None:
    """Return the field of a name or title, None for a column that is not read. Raises ``ValueError``."""
    if word in FIELDS:
        return word
    if word in ("", UNUSED):
        return None
    found = next((name for name, title in FIELDS.items() if title == word), None)
    if found is None:
        raise ValueError(worded("没有“{word}”这一列", word=word))
    return found


class Layout(_Frozen):
    """A layout: the columns of a table in their order, as a person confirmed them on a day.

    ``headed`` is False for rows without a header, whose columns are told by what kind of cells they hold.
    One that nobody confirmed (no ``confirmed_by``) is a proposal, by which nothing is read.
    """

    columns: tuple[LayoutColumn, ...] = Field(min_length=2, max_length=200)
    headed: bool = True
    confirmed_by: str = Field("", max_length=120)
    confirmed_on: date | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        why = fault_of([(one.words, one.field) for one in self.columns]) if self.confirmed_by else None
        if why:
            raise ValueError(why)
        return self

    @property
    def key(self) -> Key:
        """What it is known by: the words over the columns, in their order."""
        return key_of((one.words for one in self.columns), headed=self.headed)

    @property
    def digest(self) -> str:
        """The key as a short name, which says nothing of what the tables hold."""
        return hashlib.sha256(repr(self.key).encode()).hexdigest()[:20]

    @property
    def signed(self) -> str:
        """Who confirmed it, and when where that is known."""
        on = f" {self.confirmed_on.isoformat()} " if self.confirmed_on else ""
        return f"{self.confirmed_by}{on}"

    def alike(self) -> list[tuple[Class, list[Worded]]]:
        """Return the kinds of cells that several columns of rows without a header hold, with what these are:
        such a layout can't be told from one in which they stand the other way round.
        """
        by_kind: dict[Class, list[Worded]] = {}
        for one in self.columns:
            by_kind.setdefault(one.holds, []).append(FIELDS[one.field] if one.field else worded("不读入"))
        return [(holds, fields) for holds, fields in by_kind.items() if len(set(fields)) > 1]

    def parts(self) -> list[tuple[str | Worded, Worded | None]]:
        """Return the words over each column as they are told (without a header what it holds) with what it
        is, None for one that is not read.
        """
        return [
            (
                told_words(one.words) if self.headed else HOLDS[one.holds],
                FIELDS[one.field] if one.field else None,
            )
            for one in self.columns
        ]


Key = tuple[bool, tuple[str, ...]]


class _File(_Frozen):
    format: Literal["zhunsheng.layouts/1"]
    layouts: tuple[Layout, ...] = Field(max_length=MOST)


def key_of(words: Iterable[str], *, headed: bool) -> Key:
    """Return what a layout is known by. Of one head over several columns (a merged cell, or in a text file
    nothing at its right) the first column has it.
    """
    told: list[str] = []
    before = ""
    for one in words:
        told.append("" if headed and one == before else one)
        before = one or before
    return headed, tuple(told)


def fault_of(columns: Iterable[tuple[str, str | None]]) -> Worded | None:
    """Return why columns (the words over each, its field) are no table of indicators; None where they are.

    Two columns of one field are refused: the one would count and the other not, and nobody would see it.
    """
    found: dict[str, str] = {}
    for words, field in columns:
        if field is None:
            continue
        if field in found:
            told = {"one": found[field], "other": words, "what": FIELDS[field]}
            return worded("“{one}”和“{other}”两列都作“{what}”，只能有一列", **told)
        found[field] = words
    if "name" not in found and "stated" not in found:
        return worded("没有哪一列是“{what}”", what=FIELDS["name"])
    if "name" in found and "stated" in found:
        told = {"one": FIELDS["name"], "other": FIELDS["stated"]}
        return worded("“{one}”和“{other}”只能有一列", **told)
    if not found.keys() & set(VALUED):
        return worded("没有哪一列是“{what}”", what=FIELDS["target"])
    return None


def word_of(text: str, year: int | None) -> str:
    """Return the words of a head, without blanks and signs, as they are in every year: a year is told by how
    far it is from the sheet's, where that is known.
    """
    if year is None:
        return text
    return _YEAR.sub(lambda found: f"{int(found[0]) - year:+d}", text)


def told_words(words: str) -> str:
    """Return the words of a head with the years as one says them: 上年完成 for -1年完成."""
    return _AWAY.sub(lambda found: _AWAY_CALLED[found[1]] + (found[2] or ""), words)


def misfit(field: str, cells: Sequence[str], holds: Class, before: Class | None = None) -> Worded | None:
    """Return why the cells of a column are not what its field says, in words; None where they may be.

    ``holds`` is what kind of cells they are, ``before`` what kind they were when the field was confirmed.
    """
    told = [text for text in map(said, cells) if text]
    if not told or holds == "empty":
        return None
    wrong = False
    if field in _VALUES:
        signs = holds in ("level1", "level2", "op", "nature", "direction", "term")
        wordy = holds == "words" and before in _NUMBERS and not any(map(is_value, told))
        wrong = signs or wordy or (field == "target" and before is None and _nothing_measured(told, holds))
    elif field in ("weight", "score"):
        numbers = [number for text in told if (number := decimal(text)) is not None]
        wrong = 2 * len(numbers) < len(told) or max(numbers) > _FULL_POINTS
    elif field in ("level1", "level2"):
        strange = before in ("level1", "level2") and not any(map(level_of, told))
        wrong = holds in (*_NUMBERS, *_SIGNS) or strange
    elif field in ("name", "medium_name"):
        wrong = holds in (*_NUMBERS, *_SIGNS) or (holds in ("level1", "level2") and before not in (holds,))
    elif field in _SIGNS:
        wrong = holds not in (field, before)
    elif field == "stated":
        wrong = not any(map(is_value, told)) and not any(re.search(r"\d", text) for text in told)
    else:
        wrong = holds in ("op", "unit", "serial") and holds != before
    return HOLDS[holds] if wrong else None


def _nothing_measured(told: Sequence[str], holds: Class) -> bool:
    """Say whether a column that is to be the target values holds differing names and no value at all."""
    return holds == "words" and len(set(told)) > 1 and all(len(text) > 12 for text in told)


def read_layouts(path: Path) -> tuple[Layout, ...]:
    """Read a file of layouts (YAML or JSON). Raises ``ZS-IN-01``, ``-40``, ``ZS-IN-51``."""
    return layouts_of(written(path), path.name)


def layouts_of(text: str, name: str) -> tuple[Layout, ...]:
    """Return the layouts that a text holds, proposals too. Raises ``ZS-IN-51``; ``ZS-IN-52`` where two are of
    the same tables.
    """
    try:
        found = _File.model_validate(cleaned(parsed(text))).layouts
    except (yaml.YAMLError, ValidationError) as error:
        raise ZhunshengError("ZS-IN-51", name=name, detail=fault(error)) from None
    keys = [one.key for one in found if one.confirmed_by]
    if twice := next((key for key in keys if keys.count(key) > 1), None):
        raise ZhunshengError("ZS-IN-52", name=name, words=series(twice[1]))
    return found


def layouts_text(layouts: Iterable[Layout]) -> str:
    """Return layouts as YAML, fields by what they are called."""
    listed = []
    for one in layouts:
        data = one.model_dump(mode="json", exclude_defaults=True, exclude={"columns"})
        columns = [
            {"words": c.words, "field": str(FIELDS[c.field]) if c.field else UNUSED, "holds": c.holds}
            for c in one.columns
        ]
        listed.append({"columns": columns, "confirmed_by": "", **data})
    return yaml.safe_dump(
        {"format": FORMAT, "layouts": listed}, allow_unicode=True, sort_keys=False, width=1000
    )


def write_layouts(path: Path, layouts: Iterable[Layout]) -> None:
    """Write a file of layouts, whole or not at all."""
    write_whole(path, layouts_text(layouts).encode())


def confirmed(layouts: Iterable[Layout]) -> tuple[Layout, ...]:
    """Return those that somebody confirmed."""
    return tuple(one for one in layouts if one.confirmed_by)
