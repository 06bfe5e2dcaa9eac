"""Conditions put together by clicking: a column, how it is compared, and with what; as the text of a
predicate
and back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Literal

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.ledgers import Column, ColumnType, Ledger
from zhunsheng.translation import translatable, worded

How = Literal["is", "not", "has", "least", "most", "above", "below", "by_now", "this_year", "filled", "empty"]
HOWS: dict[How, str] = {
    "is": translatable("是"),
    "not": translatable("不是（没有填的也算）"),
    "has": translatable("含有"),
    "least": translatable("不小于、不早于"),
    "most": translatable("不大于、不晚于"),
    "above": translatable("大于、晚于"),
    "below": translatable("小于、早于"),
    "by_now": translatable("在截至日或以前"),
    "this_year": translatable("在当年"),
    "filled": translatable("已填写"),
    "empty": translatable("没有填写"),
}
_ORDER: tuple[How, ...] = ("least", "most", "above", "below")
_NOTHING: tuple[How, ...] = ("filled", "empty")
ALONE: tuple[How, ...] = ("by_now", "this_year", *_NOTHING)  # that compare with nothing typed
FITTING: dict[ColumnType, tuple[How, ...]] = {
    "text": ("is", "not", "has", *_NOTHING),
    "choice": ("is", "not", *_NOTHING),
    "bool": ("is", *_NOTHING),
    "integer": ("is", "not", *_ORDER, *_NOTHING),
    "money": ("is", "not", *_ORDER, *_NOTHING),
    "date": ("is", *_ORDER, "by_now", "this_year", *_NOTHING),
}
_COMPARED: dict[How, type[exp.Binary]] = {
    "least": exp.GTE,
    "most": exp.LTE,
    "above": exp.GT,
    "below": exp.LT,
}
YES, NO = "是", "否"


@dataclass(frozen=True)
class Condition:
    """One condition: ``values`` are as a person types them, several of them for one of several; none for
    ``ALONE``.
    """

    column: str
    how: How
    values: tuple[str, ...] = ()


def predicate_text(conditions: Iterable[Condition], ledger: Ledger) -> str:
    """Return the predicate (DuckDB) that all the conditions hold, empty for none. Raises ``ZS-MS-06`` naming
    the condition whose value does not fit its column.
    """
    return " AND ".join(_said(one, ledger).sql(dialect="duckdb") for one in conditions)


def clicked(text: str, ledger: Ledger) -> tuple[list[Condition], str]:
    """Return the conditions that make up a predicate, and the rest of it that no clicking says (empty: all is
    said).
    """
    if not text.strip():
        return [], ""
    try:
        tree: exp.Expr = sqlglot.parse_one(text, read="duckdb", into=exp.Condition)
    except SqlglotError:
        return [], text
    found: list[Condition] = []
    rest: list[exp.Expr] = []
    for part in conjuncts(tree):
        one = _read(part, ledger)
        if one is None:
            rest.append(part)
        else:
            found.append(one)
    return found, _joined(rest)


def _joined(parts: Sequence[exp.Expr]) -> str:
    if len(parts) == 1:
        return parts[0].unnest().sql(dialect="duckdb")
    return " AND ".join(part.sql(dialect="duckdb") for part in parts)


def conjuncts(tree: exp.Expr) -> list[exp.Expr]:
    """Return the parts of a condition all of which hold."""
    if isinstance(tree, exp.And):
        return [*conjuncts(tree.this), *conjuncts(tree.expression)]
    inner = tree.unnest()
    return conjuncts(inner) if isinstance(inner, exp.And) else [tree]


def _said(one: Condition, ledger: Ledger) -> exp.Expr:
    column = next((c for c in ledger.columns if c.name == one.column), None)
    if column is None or one.how not in FITTING[column.type] or bool(one.values) == (one.how in ALONE):
        title = column.title if column else one.column
        raise ZhunshengError("ZS-MS-06", column=title, detail=worded("比较的方式或值没有选齐"))
    of = exp.column(one.column)
    if one.how in _NOTHING:
        empty = exp.Is(this=of, expression=exp.Null())
        return empty if one.how == "empty" else exp.Not(this=empty)
    if one.how == "by_now":
        return exp.LTE(this=of, expression=exp.Placeholder(this="as_of"))
    if one.how == "this_year":
        return exp.EQ(this=exp.Year(this=of), expression=exp.Placeholder(this="year"))
    values = [_literal(value, column) for value in one.values]
    if one.how in ("is", "not"):
        same: exp.Expr = exp.EQ(this=of, expression=values[0])
        if len(values) > 1:
            same = exp.In(this=of, expressions=values)
        if one.how == "is":
            return same
        missing = exp.Is(this=of.copy(), expression=exp.Null())
        return exp.paren(exp.or_(exp.Not(this=exp.paren(same)), missing))
    if len(values) > 1:
        raise ZhunshengError("ZS-MS-06", column=column.title, detail=worded("只能与一个值比较"))
    if one.how == "has":
        place = exp.StrPosition(this=of, substr=values[0])
        return exp.GT(this=place, expression=exp.Literal.number(0))
    return _COMPARED[one.how](this=of, expression=values[0])


def _literal(value: str, column: Column) -> exp.Expr:
    """Return a value as its column's type. Raises ``ZS-MS-06``."""
    try:
        if column.type == "date":
            return exp.cast(exp.Literal.string(date.fromisoformat(value).isoformat()), "date")
        if column.type in ("integer", "money"):
            number = Decimal(value)
            if not number.is_finite() or abs(number) >= 10**15:
                raise ValueError
            return exp.convert(number if number % 1 else int(number))
    except (ValueError, InvalidOperation):
        detail = worded("“{value}”不是日期或数", value=value)
        raise ZhunshengError("ZS-MS-06", column=column.title, detail=detail) from None
    allowed = column.values if column.type == "choice" else (YES, NO) if column.type == "bool" else None
    if allowed is not None and value not in allowed:
        detail = worded("没有“{value}”这个值", value=value)
        raise ZhunshengError("ZS-MS-06", column=column.title, detail=detail)
    return exp.Boolean(this=value == YES) if column.type == "bool" else exp.Literal.string(value)


def _read(part: exp.Expr, ledger: Ledger) -> Condition | None:
    """Return the condition that says what a part of a predicate says, None for none: the one that is written
    as it is.
    """
    columns = {c.name for c in part.find_all(exp.Column)}
    column = next((c for c in ledger.columns if {c.name} == columns), None)
    if column is None:
        return None
    values = _values(part)
    wanted = _plain(part)
    for how in FITTING[column.type]:
        one = Condition(column.name, how, () if how in ALONE else values)
        try:
            if _plain(_said(one, ledger)) == wanted:
                return one
        except ZhunshengError:
            continue
    return None


def _plain(part: exp.Expr) -> str:
    return sqlglot.parse_one(part.unnest().sql(dialect="duckdb"), read="duckdb").sql(dialect="duckdb")


def _values(part: exp.Expr) -> tuple[str, ...]:
    """Return the values that a part of a predicate compares with, as a person types them."""
    if isinstance(part.unnest(), exp.GT) and part.find(exp.StrPosition):
        return tuple(_typed(x) for x in part.find_all(exp.Literal) if x.is_string)
    found: Sequence[exp.Expr] = list(part.find_all(exp.Literal, exp.Boolean))
    return tuple(_typed(x) for x in found)


def _typed(value: exp.Expr) -> str:
    if isinstance(value, exp.Boolean):
        return YES if value.this else NO
    sign = "-" if isinstance(value.parent, exp.Neg) else ""
    return f"{sign}{value.this}"
