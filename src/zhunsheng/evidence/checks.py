"""What is checked of every cell of a ledger, and how its text becomes a value, in SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from zhunsheng.clock import today, zone_name
from zhunsheng.evidence.ledgers import DEPARTMENT, MONEY_BELOW, Column, Ledger
from zhunsheng.evidence.sql import quoted, worded_sql
from zhunsheng.translation import series, translatable, worded

_TRUE, _FALSE = (
    ("是", "有", "对", "1", "true", "y", "yes", "√", "✓", "✔", "☑", "合格"),
    ("否", "无", "0", "false", "n", "no", "×", "✗", "✘", "☒", "不合格"),
)
_PLAIN = "".join(map(chr, (*range(48, 58), *range(65, 91), *range(97, 123))))
_WIDE = "".join(chr(ord(c) + 0xFEE0) for c in _PLAIN)
# One SQL expression a type turns trimmed text into a value, or into NULL where it can't be read.
MACROS = (
    """
CREATE MACRO zs_narrow(s) AS CASE WHEN strlen(s) = length(s) THEN s
  ELSE translate(s, '０１２３４５６７８９．，／：－＋（）–—−﹣‐‑‒―﹙﹚％',
    '0123456789.,/:-+()--------()%') END;
CREATE MACRO zs_half(s) AS CASE WHEN strlen(s) = length(s) THEN s ELSE translate(s, '@wide', '@plain') END;
CREATE MACRO zs_cn(s) AS regexp_replace(regexp_replace(regexp_replace(regexp_replace(
    translate(s, '〇零一二三四五六七八九', '00123456789'), '([0-9])十([0-9])', '\\1\\2', 'g'),
    '([0-9])十', '\\g<1>0', 'g'), '十([0-9])', '1\\1', 'g'), '十', '10', 'g');
CREATE MACRO zs_zone() AS 'Asia/Shanghai';
CREATE MACRO zs_date(s) AS CASE WHEN regexp_full_match(s, '\\d{4}-\\d\\d-\\d\\d') THEN try_cast(s AS DATE)
  WHEN regexp_full_match(s, '\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d.*(Z|[+-]\\d\\d(:?\\d\\d)?)')
    THEN CAST(timezone(zs_zone(), try_cast(s AS TIMESTAMPTZ)) AS DATE)
  ELSE coalesce(
    try_cast(regexp_replace(regexp_replace(zs_cn(s), '[年月/.]', '-', 'g'),
      '(日|号)?([ T]?00:00(:00(\\.0+)?)?)?$', '') AS DATE),
    CASE WHEN regexp_full_match(s, '(19|20)\\d{6}') THEN CAST(try_strptime(s, '%Y%m%d') AS DATE) END,
    CASE WHEN regexp_full_match(s, '[2-5]\\d{4}(\\.0+)?')
      THEN DATE '1899-12-30' + CAST(CAST(s AS DOUBLE) AS INTEGER) END) END;
CREATE MACRO zs_bare(s) AS regexp_replace(regexp_replace(regexp_replace(s, '(亿|百万|万|千|百)?元$', ''),
    '[,，¥￥ ]', '', 'g'), '^\\((\\d.*)\\)$', '-\\1');
CREATE MACRO zs_misgrouped(s) AS regexp_matches(s, '\\d[,， ]+\\d')
    AND NOT regexp_full_match(s, '[^\\d]*\\d{1,3}([,， ]\\d{3})+(\\.\\d+)?[^\\d]*');
CREATE MACRO zs_integer(s) AS CASE WHEN regexp_full_match(regexp_replace(s, '[,，]', '', 'g'),
  '[+-]?\\d+(\\.0+)?')
    AND NOT zs_misgrouped(s) THEN try_cast(split_part(regexp_replace(s, '[,，]', '', 'g'), '.', 1)
      AS BIGINT) END;
CREATE MACRO zs_unit(s) AS CASE regexp_extract(s, '(亿|百万|万|千|百)?元$', 0) WHEN '' THEN NULL WHEN '亿元'
  THEN 100000000 WHEN '百万元' THEN 1000000 WHEN '万元' THEN 10000 WHEN '千元' THEN 1000 WHEN '百元' THEN 100
  ELSE 1 END;
CREATE MACRO zs_yuan(s, factor) AS CASE WHEN regexp_full_match(zs_bare(s), '[+-]?\\d+(\\.\\d+)?')
  AND NOT zs_misgrouped(s) THEN try_cast(zs_bare(s) AS DECIMAL(26,10)) * coalesce(zs_unit(s), factor) END;
CREATE MACRO zs_fen(s, factor) AS coalesce(zs_yuan(s, factor) <> round(zs_yuan(s, factor), 2), false);
CREATE MACRO zs_money(s, factor) AS CASE WHEN NOT zs_fen(s, factor)
  THEN try_cast(zs_yuan(s, factor) AS DECIMAL(18,2)) END;
CREATE MACRO zs_no_such_day(s) AS
    regexp_full_match(zs_cn(s), '\\d{2,4}[年./-]\\d{1,2}[月./-]\\d{1,2}[日号]?([ T]?\\d{1,2}:.*)?')
    OR regexp_full_match(s, '(19|20)\\d{6}');
CREATE MACRO zs_credit_code(s) AS CASE length(s)
  WHEN 18 THEN list_sum(list_transform(range(1, 19), lambda k: (strpos('0123456789ABCDEFGHJKLMNPQRTUWXY',
    s[k]) - 1) * [1,3,9,27,19,26,16,17,20,29,25,13,8,24,10,30,28,1][k])) % 31 = 0
  WHEN 15 THEN (list_reduce(list_prepend(10, list_transform(range(1, 15), lambda k: CAST(s[k] AS INTEGER))),
    lambda p, d: ((p + d - 1) % 10 + 1) * 2 % 11) + CAST(s[15] AS INTEGER)) % 10 = 1
  END;
""".replace("\\g<1>0", "\\10")
    .replace("@wide", _WIDE)
    .replace("@plain", _PLAIN)
)


def macros() -> str:
    """Return the SQL of the macros, moments of other zones read as the office's day."""
    return f"{MACROS} CREATE OR REPLACE MACRO zs_zone() AS {quoted(zone_name())};"


def narrowed_sql(column: Column, text: str) -> str:
    """Return the SQL of a column's ``text`` (SQL, trimmed) with its wide characters made narrow, as far as
    its type takes one for the other.
    """
    if column.type in ("date", "integer", "money"):
        return f"zs_narrow({text})"
    narrow = column.type == "bool" or (
        column.type == "choice" and all(word.isascii() for word in (*column.values, *column.aliases))
    )
    return f"zs_half({text})" if narrow else text


def value_sql(column: Column, text: str, factor: str = "1") -> str:
    """Return the SQL that reads a column's ``text`` (SQL, as ``narrowed_sql`` has it) as its value, else as
    NULL. It mentions the text many times, which should be no more than a name.

    An amount is written in units of ``factor`` yuan (SQL), unless it says its own unit (12.5万元).
    """
    if column.type == "text":
        return text
    if column.type == "choice":
        whens = "".join(f" WHEN {quoted(k)} THEN {quoted(v)}" for k, v in column.aliases.items())
        values = ", ".join(map(quoted, column.values))
        same = f"CASE WHEN {text} IN ({values}) THEN {text} END"
        return f"CASE {text}{whens} ELSE {same} END" if whens else same
    if column.type == "bool":
        true, false = (", ".join(map(quoted, words)) for words in (_TRUE, _FALSE))
        return f"CASE WHEN lower({text}) IN ({true}) THEN true WHEN lower({text}) IN ({false}) THEN false END"
    macro: dict[Literal["date", "integer", "money"], str] = {
        "date": "zs_date",
        "integer": "zs_integer",
        "money": "zs_money",
    }
    return f"zs_money({text}, {factor})" if column.type == "money" else f"{macro[column.type]}({text})"


_WHAT = {
    "date": worded("不是日期"),
    "integer": worded("不是整数"),
    "money": worded("不是金额"),
    "bool": worded("应填“是”或“否”"),
}
# What is wrong with a text of a type, told before it is only called unreadable: (type,
# SQL condition on the text, why).
_WHY: tuple[tuple[str, str, str], ...] = (
    ("date", "zs_no_such_day({0})", worded("没有这一天")),
    ("money", "regexp_matches({0}, '[%％]')", worded("是百分数，不是金额")),
    ("integer", "regexp_matches({0}, '[%％]')", worded("是百分数，不是整数")),
    (
        "money",
        "regexp_full_match({0}, '[-+]?[0-9.]+[Ee][-+]?[0-9]+')",
        worded("是科学计数法，请写出全部数字"),
    ),
    (
        "integer",
        "regexp_full_match({0}, '[-+]?[0-9.]+[Ee][-+]?[0-9]+')",
        worded("是科学计数法，请写出全部数字"),
    ),
    ("integer", "zs_misgrouped({0})", worded("逗号不在千位上，不知是几")),
    ("money", "zs_misgrouped({0})", worded("逗号不在千位上，不知是几")),
    ("money", "zs_fen({0}, 1)", worded("金额最多两位小数")),
)


# What spreadsheets and programs write of a number too wide for its cell; 1E5 alone can be somebody's code.
_SCIENTIFIC = "[0-9]([.][0-9]+)?[Ee][+][0-9]{1,3}|[0-9][.][0-9]+[Ee]-?[0-9]{1,3}"

# The last character is reckoned from the others: of 18 by GB 32100-2015 (weights of powers of 3, modulo 31),
# of 15, the registration numbers before 2015, by GS 15-2006 (ISO 7064, modulo 11,10).
MISCHECKED = translatable("校验位不对，代码可能录错了一位")


Strictness = Literal["error", "warning"]
# What is made of a wrong check character where nobody says otherwise, by the number's length: of numbers
# given before 2015 some never had a right one.
_USUAL: dict[int, Strictness] = {18: "error", 15: "warning"}


def mischecked(column: Column, kind: Strictness, asked: Strictness | None) -> str:
    """Return the SQL condition on rows of ``parsed`` that a column's check character contradicts, as far as
    that is an error or a warning (``kind``); ``asked`` is what an office wants of all of them.
    """
    name = column.name
    lengths = ", ".join(str(length) for length, usual in _USUAL.items() if (asked or usual) == kind)
    if not lengths:
        return "false"
    fits = f"regexp_full_match({name}, {quoted(column.pattern or '.*')}) AND length({name}) IN ({lengths})"
    # What does not fit is not reckoned with: its letters are no figures.
    return f"CASE WHEN {fits} THEN NOT zs_{column.check}({name}) ELSE false END"


@dataclass(frozen=True)
class Check:
    """What can be wrong with a row of ``parsed``: the condition, and the column's title, the text and the
    message that are told of it (all SQL).
    """

    where: str
    title: str
    value: str
    message: str

    def select(self) -> str:
        """Return the SELECT (row, title, value, message) of the rows that meet the condition."""
        told = f"{self.title} AS title, {self.value} AS value, {self.message} AS message"
        return f"SELECT _id, {told} FROM parsed WHERE {self.where}"


_HALF = translatable("没有填{title}，第 {other} 行同名项目的{title}是 {code}，分不清是不是同一个")
_HALF_OF = translatable("没有填{title}，第 {other} 行同一{first}的{title}是 {code}，分不清是不是同一个")


def half_keys(ledger: Ledger, name: str) -> str:
    """Return the SELECT (row, title, value, message) of rows without a part of the key that other rows have,
    else of the same key.

    Nobody can say whether such two are one, so that neither may replace the other nor stand beside it.
    """
    title = ledger.column(name).title
    kept = ", ".join((DEPARTMENT, *(k for k in ledger.key if k != name)))
    said = {"title": quoted(title), "other": "other", "code": "code"}
    first = ledger.column(ledger.key[0])
    message = (
        worded_sql(_HALF, **said)
        if first.name == "project"
        else worded_sql(_HALF_OF, first=quoted(first.title), **said)
    )
    return (
        f"SELECT _id, {quoted(title)} AS title, raw_{name} AS value, {message} AS message FROM "
        f"(SELECT _id, raw_{name}, {name}, min(_row) FILTER ({name} IS NOT NULL) OVER (PARTITION BY "
        f"{kept}) AS other, arg_min({name}, _row) FILTER ({name} IS NOT NULL) OVER (PARTITION BY {kept}) AS "
        f"code FROM parsed) WHERE {name} IS NULL AND other IS NOT NULL"
    )


_UNSIGNED = translatable("是负数，“{by}”却是{kind}；减少的应写 {kinds}")


def sign_checks(ledger: Ledger) -> list[Check]:
    """Return the check of negative amounts that the kind of their row contradicts: which of the two is wrong
    nobody can say.
    """
    if (signs := ledger.signs) is None:
        return []
    by, kinds = ledger.column(signs.by), series(signs.negative, "、")
    contrary = worded_sql(_UNSIGNED, by=quoted(by.title), kind=signs.by, kinds=quoted(kinds))
    where = f"{signs.of} < 0 AND {signs.by} IN ({', '.join(map(quoted, signs.positive))})"
    return [Check(where, quoted(ledger.column(signs.of).title), f"raw_{signs.of}", contrary)]


def checks_of(ledger: Ledger, column: Column, strictness: Strictness | None = None) -> list[Check]:
    """Return the checks of a column; ``strictness`` is what is made of a wrong check character."""
    name, raw, title = column.name, f"raw_{column.name}", quoted(column.title)

    def check(message: str, where: str) -> Check:
        return Check(where, title, raw, quoted(message))

    found = []
    if column.required:
        found.append(check(worded("必填"), f"{raw} IS NULL"))
    if column.type == "text":
        lost = worded("是科学计数法，末位已经丢失；请在 Excel 中设为文本后重新录入")
        found.append(check(lost, f"regexp_full_match({raw}, '{_SCIENTIFIC}')"))
    if column.type == "text" and column.name in ledger.key and column.title.endswith(("号", "码")):
        several = worded("一格里写了几行，像是几个{title}；请一行只写一个", title=column.title)
        found.append(check(several, f"contains({raw}, chr(10))"))
    if column.type == "choice":
        found.append(
            check(
                worded("应为：{values}", values=series(column.values)),
                f"{raw} IS NOT NULL AND {name} IS NULL",
            )
        )
    elif column.type in _WHAT:
        whens = "".join(
            f"WHEN {test.format(raw)} THEN {quoted(why)} " for kind, test, why in _WHY if kind == column.type
        )
        what = quoted(_WHAT[column.type])
        message = f"CASE {whens}ELSE {what} END" if whens else what
        found.append(Check(f"{raw} IS NOT NULL AND {name} IS NULL", title, raw, message))
    for value, needed in column.needs.items():
        other = ledger.column(needed)
        why = worded("{title}是“{value}”，要填{other}", title=column.title, value=value, other=other.title)
        lacks = f"{name} = {quoted(value)} AND {needed} IS NULL"
        found.append(Check(lacks, quoted(other.title), f"raw_{needed}", quoted(why)))
    if column.pattern:
        found.append(
            check(
                worded("格式不对（{note}）", note=column.note or column.pattern),
                f"NOT regexp_full_match({name}, {quoted(column.pattern)})",
            )
        )
    if column.check:
        found.append(check(worded(MISCHECKED), mischecked(column, "error", strictness)))
    if column.type == "money":
        found.append(
            check(
                worded("绝对值不能达到 {bound} 元", bound=f"{MONEY_BELOW:,}"), f"abs({name}) >= {MONEY_BELOW}"
            )
        )
    return [*found, *(check(why, where) for why, where in _bounds(ledger, column))]


def _bounds(ledger: Ledger, column: Column) -> list[tuple[str, str]]:
    """Return why, and where, a value lies outside what its column allows: by its own bounds, by another
    column, or by the calendar.
    """
    name = column.name
    found: list[tuple[str, str]] = []
    if column.minimum is not None:
        found.append((worded("不能小于 {minimum}", minimum=column.minimum), f"{name} < {column.minimum}"))
    if column.not_before:
        why = worded("早于{title}", title=ledger.column(column.not_before).title)
        found.append((why, f"{name} < {column.not_before}"))
    if column.near:
        why = worded("与{title}相差一年以上", title=ledger.column(column.near).title)
        found.append((why, f"abs({name} - year({column.near})) > 1"))
    if column.type != "date":
        return found
    why = worded(
        "日期应在 {first} 年至 {last} 年之间，年份请写四位",
        first=column.first_day.year,
        last=column.last_day.year,
    )
    found.append((why, f"{name} < DATE '{column.first_day}' OR {name} > DATE '{column.last_day}'"))
    if not column.ahead:
        within = f"{name} > DATE '{today().isoformat()}' AND {name} <= DATE '{column.last_day}'"
        found.append((worded("日期在今天之后，还没有发生"), within))
    return found
