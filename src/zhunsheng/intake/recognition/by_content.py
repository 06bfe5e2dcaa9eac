"""Which column holds which field where nobody knows the words over it: by what the columns hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Sequence
from decimal import Decimal

from zhunsheng.intake import labels
from zhunsheng.intake.recognition.columns import OF_CONTENT, REQUIRED, Column
from zhunsheng.intake.recognition.content import is_value, level_of, stated
from zhunsheng.intake.recognition.rows import decimal, said
from zhunsheng.targets import TargetValue

_WHOLE = re.compile("^全[国省区市州县]|合计|总计|小计")  # over the figures of the whole
_SIGNED = re.compile(r"[≥≤<>=＝≧≦不超低少大小]")  # in cells of values
_WORDY = ("description", "basis", "deviation")  # heads of words, under which values may stand all the same


def by_content(
    columns: Sequence[Column], fields: dict[str, int], rivals: Sequence[int]
) -> list[tuple[int, str]]:
    """Give the fields that no head names to columns of unknown words that hold them; return those."""
    wordy = {one.number for one in columns if one.said in _WORDY and one.holds == "target"}
    taken = {*fields.values(), *rivals} - (set() if "target" in fields else wordy)
    free = [one for one in columns if one.number not in taken and (one.number in wordy or _is_free(one))]
    guessed: list[tuple[int, str]] = []

    def give(one: Column, name: str) -> None:
        for other in [other for other, column in fields.items() if column == one.number]:
            del fields[other]
        fields[name] = one.number
        if "goals" not in map(labels.label, one.heads):  # 年度目标 over values says so itself
            guessed.append((one.number, name))
        if one in free:
            free.remove(one)

    target = next((one for one in columns if one.number == fields.get("target")), None)
    if target and target.told("replaced") and any(one.holds == "target" for one in free):
        fields["original"] = fields.pop("target")
    past = [one for one in columns if one.said is None and one.told("past") and one.holds == "target"]
    if past:
        fields.setdefault("last_year", past[-1].number)
    if target and target.holds == "empty" and any(one.holds == "target" for one in free):
        fields.pop("target", None)
    if not {"target", "actual", "medium_term"} & fields.keys():
        values = [one for one in free if one.holds == "target"]
        mixed = [one for one in free if _mostly_values(one)]
        if values:  # beside numbers the signs tell, be there words among them (逐步增强)
            values += [one for one in mixed if any(map(_SIGNED.search, one.cells))]
        values = values or (mixed if len(mixed) == 1 else [one for one in free if one.holds == "points"])
        if values:
            give(_likeliest(values, columns), "target")
    for one in list(free):
        name = OF_CONTENT.get(one.holds)
        if name and name not in fields:
            give(one, name)
    _name_by_content(columns, fields, free, taken, give)
    weight = next((one for one in columns if one.number == fields.get("weight")), None)
    if weight and _of_level(weight, columns, fields):
        guessed[:] = [one for one in guessed if one != (weight.number, "weight")]
        _own_points(columns, fields, free, give)
    _paired(columns, fields, free, give)
    names = next((one for one in columns if one.number == fields.get("name")), None)
    if names and not REQUIRED & fields.keys() - {"weight"} and _are_stated(names):
        fields["stated"] = names.number
    return guessed


def _mostly_values(one: Column) -> bool:
    """Say whether more than half of a column of words are values, the rest being words that no rule reads."""
    told = [text for text in map(said, one.cells) if text]
    values = sum(is_value(text) and not stated(text) for text in told)
    return one.holds == "words" and 2 * values > len(told) > 2


def _name_by_content(
    columns: Sequence[Column],
    fields: dict[str, int],
    free: Sequence[Column],
    taken: Container[int],
    give: Callable[[Column, str], None],
) -> None:
    """Give the names their column where no head says it: differing words behind the levels."""
    levels = [fields[name] for name in ("level1", "level2") if name in fields]
    if (levels or "op" in fields) and "name" not in fields:
        words = [one for one in free if one.holds == "words" and len(set(map(said, one.cells)) - {None}) > 1]
        words = words or [one for one in columns if one.number not in taken and _of_goals(one)]
        first = max(levels, default=-1)
        value = fields.get("target", len(columns) + first)
        after = [one for one in words if one.number > first]
        near = [one for one in after if one.number < value]
        about = fields.get("description", -1)
        if not near and first < about < value:  # 指标内容 between the levels and the values
            fields["name"] = fields.pop("description")
            after = words = []
        if near and "level2" not in fields and (behind := _behind_categories(near)):
            give(near[0], "level2")
            give(behind, "name")
        elif after or (words and "description" not in fields):
            give((after or words)[0], "name")


def _behind_categories(words: Sequence[Column]) -> Column | None:
    """Return the column of words that all differ behind a first one whose words come again and half of which
    are categories of a framework: 数量, 质量, 社会 and what each office calls its own.
    """
    told = [text for text in map(said, words[0].cells) if text]
    if len(set(told)) == len(told) or 2 * sum(map(bool, map(level_of, told))) < len(told):
        return None
    return next((one for one in words[1:] if len(set(one.cells)) == len(one.cells)), None)


def _is_free(one: Column) -> bool:
    """Say whether what a column holds may tell what it is: no word over it says so, nor that it is
    a project's own, of an earlier year or of a part of this one. 年度目标 may stand over values.
    """
    told = {labels.label(head) for head in one.heads} - {None}
    if one.said is not None or told - ({"goals"} if one.holds == "target" else set()):
        return False
    return not any(labels.qualifies(head, how) for head in one.heads for how in ("past", "part"))


def _of_level(one: Column, columns: Sequence[Column], fields: dict[str, int]) -> bool:
    """Say whether a column holds the points of the level at its left (产出指标 | 55): they stand before the
    names, and say less often something than these, or the same on each row of the level.
    """
    left = next((c for c in columns if c.number == one.number - 1), None)
    levels = [fields[name] for name in ("level1", "level2") if name in fields]
    if left is None or left.number not in levels or one.number > fields.get("name", -1):
        return False
    names = next(c for c in columns if c.number == fields["name"])
    told, named = ([text for text in map(said, c.cells) if text] for c in (one, names))
    if len(told) < len(named):
        return True
    of_level: dict[str, set[str]] = {}
    for level, points in zip(left.cells, one.cells, strict=False):
        of_level.setdefault(level, set()).add(points)
    return len(of_level) < len(named) and all(len(points) == 1 for points in of_level.values())


def _own_points(
    columns: Sequence[Column],
    fields: dict[str, int],
    free: Sequence[Column],
    give: Callable[[Column, str], None],
) -> None:
    """Give the points of the indicators, instead of those of a level, the column behind the names that its
    head or its numbers say to be it; none where there is none.
    """
    del fields["weight"]
    behind = [one for one in columns if one.number > fields["name"]]
    if said_so := [one for one in behind if one.said == "weight"]:
        fields["weight"] = said_so[0].number
    elif own := [one for one in behind if one in free and one.holds == "points"]:
        give(own[0], "weight")


def _are_stated(names: Column) -> bool:
    """Say whether most cells of a column are names with their values: 慰问人数≥500人; what others say
    (群众获得感持续增强) is asked.
    """
    told = [text for text in map(said, names.cells) if text]
    return names.holds == "words" and 3 * sum(map(stated, told)) > 2 * len(told) > 0


def _likeliest(values: Sequence[Column], columns: Sequence[Column]) -> Column:
    """Return the column of the target values among several that may be: where signs are written in the cells,
    else beside the column of signs or units, else the last one.
    """
    signed = [one for one in values if any(map(_SIGNED.search, one.cells))]
    if len(signed) == 1:
        return signed[0]
    measured = [one for one in values if any(re.search(r"\d.*[%％‰一-龥]", text) for text in one.cells)]
    if not signed and len(measured) == 1:  # 8600户以上 beside what may be points
        return measured[0]
    beside = [one.number for one in columns if one.holds in ("op", "unit")]
    if beside:
        return min(values, key=lambda one: (min(abs(one.number - other) for other in beside), one.number))
    return next((one for one in values if is_whole(one) or sums_up(one, values)), values[-1])


def is_whole(one: Column) -> bool:
    """Say whether a head names the whole of which other columns hold the parts: 全市 beside its districts."""
    return any(_WHOLE.search(head) for head in one.heads)


def sums_up(one: Column, values: Sequence[Column]) -> bool:
    """Say whether a column holds on some row the sum of the others: a city's figure beside its counties'."""
    others = [other for other in values if other is not one]
    rows = zip(one.cells, *(other.cells for other in others), strict=False)
    for whole, *parts in rows:
        read = [TargetValue.parse(text) for text in (whole, *parts)]
        numbers = [value.number for value in read if value.unit != "%"]
        told = [number for number in numbers if number]
        if len(told) == len(read) > 2 and told[0] == sum(told[1:]):
            return True
    return False


def _paired(
    columns: Sequence[Column],
    fields: dict[str, int],
    free: list[Column],
    give: Callable[[Column, str], None],
) -> None:
    """Give columns that pair with known ones theirs: the results beside the target values, the score that is
    never above the points, the medium term's values where the names stand twice.
    """
    by_number = {one.number: one for one in columns}
    names, target = (by_number.get(fields.get(name, -1)) for name in ("name", "target"))
    values = [one for one in free if one.holds in ("target", "points")]
    twin = next((one for one in free if names and one.holds == "words" and one.cells == names.cells), None)
    if twin and names and target and len(values) == 1:
        left, right = sorted((names, twin), key=lambda one: one.number)
        of_left = target if left.number < target.number < right.number else values[0]
        of_right = values[0] if of_left is target else target
        if left.number < of_left.number < right.number < of_right.number:
            fields |= {"name": right.number, "target": of_right.number}
            fields |= {"medium_name": left.number, "medium_term": of_left.number}
            free[:] = [one for one in free if one not in (twin, values[0])]
            return
    weight = by_number.get(fields.get("weight", -1))
    for one in values:
        if sum("去年" in text or "上年" in text for text in one.cells) * 2 > len(one.cells):
            fields.setdefault("last_year", one.number)  # remarks: 去年8家
        elif weight and "score" not in fields and _never_above(one, weight):
            give(one, "score")
        elif target and "actual" not in fields and one.number > target.number and _are_results(one, target):
            give(one, "actual")


def _never_above(score: Column, points: Column) -> bool:
    """Say whether a column of numbers never goes beyond the points in the other, row by row."""
    pairs = [(decimal(a), decimal(b)) for a, b in zip(score.cells, points.cells, strict=False)]
    told = [(a, b) for a, b in pairs if a is not None and b is not None]
    return len(told) > 1 and len(told) >= len(pairs) - 2 and all(a <= b for a, b in told)


def _are_results(one: Column, target: Column) -> bool:
    """Say whether most cells of a column are near the target values beside them, in the same unit and
    without signs, which no result has.
    """
    if any(re.search(r"[≥≤<>≧≦]", text) for text in one.cells):
        return False
    read = [
        (TargetValue.parse(a), TargetValue.parse(b))
        for a, b in zip(one.cells, target.cells, strict=False)
        if said(a) and said(b)
    ]
    ratios = [
        a.number / b.number if a.unit == b.unit else Decimal(0)
        for a, b in read
        if a.number is not None and b.number
    ]
    near = sum(Decimal("0.3") <= ratio <= 3 for ratio in ratios)
    return len(ratios) > 1 and 5 * near >= 4 * len(ratios)


def _of_goals(one: Column) -> bool:
    """Say whether a column of differing words is called 绩效目标, as some call the indicators."""
    return (
        one.holds == "words"
        and len(set(one.cells)) > 1
        and any(labels.label(head) == "goals" for head in one.heads)
    )
