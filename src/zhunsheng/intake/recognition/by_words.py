"""Which column holds which field, by the words over them; which of several values counts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from zhunsheng.intake import labels
from zhunsheng.intake.grid import Grid
from zhunsheng.intake.recognition import titles
from zhunsheng.intake.recognition.columns import GRADES, OF_CONTENT, Column
from zhunsheng.intake.recognition.content import Class
from zhunsheng.intake.recognition.rows import said

_CHECKED = re.compile("复核|核实|核定|抽查|审定")
_GLYPHS: tuple[Class, ...] = ("op", "nature", "direction", "unit")  # what a column is by its cells alone


def by_words(
    columns: Sequence[Column], grid: Grid, row: int, year: int | None
) -> tuple[dict[str, int], list[int]]:
    """Return the column of each field as the heads say, and the columns that claim a value which another
    was given.
    """
    fields: dict[str, int] = {}
    rivals: list[int] = []
    by_field: dict[str, list[Column]] = {}
    for one in _yearly_group(columns, grid, row, fields):
        if one.said in ("target", "direction") and one.holds in _GLYPHS and one.holds != one.said:
            fields.setdefault(one.holds, one.number)  # 指标值类型 over ≥ and ≤
        elif said_there := _of_year(one, year):
            by_field.setdefault(said_there, []).append(one)
    for name, claims in by_field.items():
        if name == "target" and any(one.heads[-1] not in GRADES for one in claims):
            claims = [one for one in claims if one.heads[-1] not in GRADES]  # the bands of its score
        if name == "target" and len(claims) > 1:
            _value_of_year(claims, year, fields, rivals)
        elif name in _GLYPHS and len(claims) > 1:
            for one in claims:
                fields.setdefault(one.holds if one.holds in _GLYPHS else name, one.number)
        elif name == "last_year":
            fields[name] = max(claims, key=lambda one: (one.year or 0, one.number)).number
        else:
            _fittest(name, claims, fields)
    if "stated" in fields:
        fields["name"] = fields["stated"]
    for bound in ("lower", "upper"):
        if bound in fields:
            fields.setdefault("target", fields[bound])
    _put_right(columns, by_field, fields)
    return fields, rivals


def _of_year(one: Column, year: int | None) -> str | None:
    """Return the field that a column's words say, by the year over it: results of an earlier one are the last
    year's, and values under nothing but a year (2022年实际 | 2023年预计 | 2024年) are of it.
    """
    if one.said == "actual" and one.year and year and one.year < year:
        one.said = "last_year"
    elif one.said is None and one.year and one.holds == "target":
        one.said = _dated(one, year)
    return one.said


def _fittest(name: str, claims: Sequence[Column], fields: dict[str, int]) -> None:
    """Give a field the column that says it exactly and holds it; of results the latest."""
    told = [one for one in claims if one.holds != "empty"] or claims
    if name == "actual" and len({_month(one) for one in told}) > 1:
        told = [max(told, key=_month)]  # 1-4月 | 1-8月
    if name in fields and all(one.holds == "empty" for one in told):
        return  # another column says it already
    fit = [one for one in told if OF_CONTENT.get(one.holds) == name] or told
    if name in ("actual", "score"):  # what was checked again outranks what was told
        fit = [one for one in fit if any(_CHECKED.search(head) for head in one.heads)] or fit
    exact = [one for one in fit if labels.header(one.heads[-1]) == name] or fit
    fields[name] = exact[0].number


def _month(one: Column) -> int:
    """Return the month up to which a column's values are known, 0 where its heads tell none."""
    return max((int(m) for head in one.heads for m in re.findall(r"(\d{1,2})月", head)), default=0)


def _dated(one: Column, year: int | None) -> str:
    """Return what values are over which nothing but a year stands, beside the sheet's own year."""
    if year is None or one.year is None or one.year == year:
        done = re.search("实际|完成|执行|实绩", " ".join(one.heads))
        return "actual" if done else "target"
    return "last_year" if one.year < year else "medium_term"


def _put_right(
    columns: Sequence[Column], by_field: Mapping[str, Sequence[Column]], fields: dict[str, int]
) -> None:
    """Mend what single heads alone tell wrongly of a table: empty columns, points of the levels, words that
    are used for several things.
    """
    for name in ("actual", "score"):  # 复核得分, still to be filled in, leaves the name to the column that is
        if name in by_field and all(one.holds == "empty" for one in by_field[name]):
            del fields[name]
    if "remark" in fields:  # 备注 says why a result is off where results are told, and else whatever it likes
        remark = fields.pop("remark")
        if {"actual", "score"} & fields.keys():
            fields.setdefault("deviation", remark)
    kind, about, named = (fields.get(what, -1) for what in ("level2", "description", "name"))
    if "level1" not in fields and 0 <= kind < about < named:  # 指标类别 | 指标内容 | 指标名称
        fields |= {"level1": kind, "level2": fields.pop("description")}
    weights = [one.number for one in by_field.get("weight", ())]
    if len(weights) > 1 and "name" in fields:  # a level's points stand behind its name
        behind = [number for number in weights if number > fields["name"]]
        fields["weight"] = behind[0] if behind else weights[-1]
    if "source" in fields:  # where an indicator is from is its basis where nothing else tells one
        fields.setdefault("basis", fields.pop("source"))
    for one in columns:  # what a column holds outranks a word that is used for several things
        if one.said == "level2" and one.holds == "level1" and "level1" not in fields:
            fields["level1"] = one.number  # 指标类别 over 产出指标
            if fields.get("level2") == one.number:
                del fields["level2"]
            if other := next((c for c in by_field.get("level2", ()) if c.number > one.number), None):
                fields.setdefault("level2", other.number)  # one head over both
        if one.said in ("op", "unit", "level2") and one.holds in _GLYPHS and one.holds != one.said:
            if fields.get(one.said) == one.number:
                del fields[one.said]
            fields.setdefault(one.holds, one.number)
        if one.said == "op" and one.holds == "target" and fields.get("op") != one.number:
            fields.setdefault("target", one.number)  # one head, 运算符号, over signs and values


def _yearly_group(
    columns: Sequence[Column], grid: Grid, row: int, fields: dict[str, int]
) -> Sequence[Column]:
    """Return the columns of the year's indicators where two groups stand side by side, the other one's
    values kept as the medium term's; all columns where there is one group.

    The right group is the year's, unless a head over them tells.
    """
    names = [one.number for one in columns if one.said == "name"]
    if len(names) < 2:
        return columns
    starts = [one.number for one in columns if one.said in ("level1", "level2", "name")]
    second = next((n for n in starts if n > names[0]), names[1])
    over = " ".join(grid.text(row - 1, column) for column in range(second)) if row else ""
    left_is_yearly = re.search(r"年度|当年|本年", over) and not titles.of_medium_term(over)
    left = [one for one in columns if one.number < second]
    right = [one for one in columns if one.number >= second]
    mine, other = (left, right) if left_is_yearly else (right, left)
    apart = _others(names, columns) and not titles.of_medium_term(over + _all_heads(columns))
    for name, word in (
        (("twin_target", "target"), ("twin_name", "name"))
        if apart
        else (("medium_term", "target"), ("medium_name", "name"))
    ):
        if (found := next((one.number for one in other if one.said == word), None)) is not None:
            fields[name] = found
    levels = {one.said for one in mine}
    shared = [one for one in other if one.said in ("level1", "level2") and one.said not in levels]
    return [*shared, *mine]


def _all_heads(columns: Sequence[Column]) -> str:
    return " ".join(head for one in columns for head in one.heads)


def _others(names: Sequence[int], columns: Sequence[Column]) -> bool:
    """Say whether two columns of names hold other names: two indicators a row, not one for two terms."""
    left, right = (next(one.cells for one in columns if one.number == n) for n in names[:2])
    mine, others = {said(text) for text in left} - {None}, {said(text) for text in right} - {None}
    return bool(mine) and bool(others) and not mine & others


def _value_of_year(
    claims: Sequence[Column], year: int | None, fields: dict[str, int], rivals: list[int]
) -> None:
    """Give the value that counts, the year's own and the adjusted one, its column; others theirs."""
    left = list(claims)
    words = [one for one in left if one.holds == "words" and not one.told("adjusted")]
    if words and any(one.holds == "target" for one in left):  # 指标值内容 over what the value means
        left = [one for one in left if one not in words]
        fields.setdefault("description", words[0].number)
        rivals += [one.number for one in words[1:]]
    if any(one.told("adjusted") for one in left):
        for one in [one for one in left if not one.told("adjusted")]:
            left.remove(one)
            if fields.setdefault("original", one.number) != one.number:
                rivals.append(one.number)
    dated = sorted((one for one in left if one.year), key=lambda one: one.year or 0)
    own = year if year in {one.year for one in dated} else None
    if own is None and dated and len(dated) < len(left):
        own = (dated[-1].year or 0) + 1  # beside earlier years the undated one is the sheet's own
    if own is not None:
        for one in dated:
            if (one.year or 0) < own:
                left.remove(one)
                rivals += [fields["last_year"]] if "last_year" in fields else []
                fields["last_year"] = one.number
            elif (one.year or 0) > own:
                left.remove(one)
                fields["medium_term"] = one.number
    if len(left) == 2 and not any(one.year for one in left) and "medium_term" not in fields:
        exact = [one for one in left if labels.header(one.heads[-1]) == "target"]
        if len(exact) == 1:  # a synonym outranks key words
            rivals += [one.number for one in left if one is not exact[0]]
            left = exact
    told = [one for one in left if one.holds != "empty"] or left
    fields["target"] = told[-1].number
    rivals += [one.number for one in told[:-1]]
