"""Days as offices write them: 2021年12月底前, 6月30日, 三季度末, 1-12月, an Excel serial."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta
from itertools import pairwise

from zhunsheng.numerals import chinese_number
from zhunsheng.targets.spelling import periods
from zhunsheng.translation import worded

_EXCEL_EPOCH = date(1899, 12, 30)  # Excel counts a 29 February 1900 that never was.
EXCEL_DATES = range(36526, 55153)  # 2000-01-01 to 2050-12-31, the serials a plan of this century can hold
_PLAIN = str.maketrans("零一二三四五六七八九", "0123456789")
_DAYS = {"初": 5, "上旬": 10, "中": 15, "中旬": 20}  # parts of a month that end before it does
_QUARTER = {"一": 3, "二": 6, "三": 9, "四": 12, "1": 3, "2": 6, "3": 9, "4": 12}
_TAIL = (
    "(?:(?:之?以?前|之?内|止|为止)?(?:全部|全面|及时|按时)?"
    "(?:完成|办结|结束|到位|完工|竣工|验收|实施|支付)?(?:完毕|任务|工作|率)?|"
    "(?:之?以?前|之内)[一-龥](?<![后不未无])[一-龥]{1,5})"  # 9月1日前投用
)
_NEXT_YEAR = re.compile(r"^(?:次|翌|下一?|明)年(?=\d{1,2}月|一季度|上半年)")


def excel_date(serial: int) -> date:
    """Return the date an Excel serial (days since 1899-12-30) stands for."""
    return _EXCEL_EPOCH + timedelta(days=serial)


def read_date(text: str, year: int | None, dated: bool) -> date | str | None:
    """Return a day, why it can't be told, or None where a normalised text is none; ``year`` completes it."""
    body = re.sub(
        r"^(?:≤|<=?|=|≥)?(?:不晚于|不迟于|最迟|最晚|截至|截止|截止到|截至到|于|在|到|至|按时于)?", "", text
    )
    if year is not None and (later := _NEXT_YEAR.match(body)):  # 次年3月底前
        body = f"{year + 1}年{body[later.end() :]}"
    body = re.sub(r"^[零一二三四五六七八九]{4}(?=年)", lambda m: m[0].translate(_PLAIN), body)  # 二〇二五年
    body = re.sub(
        r"[一二三四五六七八九十]{1,3}(?=[月日号])", lambda m: str(chinese_number(m[0]) or m[0]), body
    )
    body = re.sub(r"\d{1,2}:\d{2}(?::\d{2})?$", "", body) if re.search(r"\d{4}-\d", body) else body
    body = re.sub(r"(?<=前|底|末|日|月)\([^()]{2,60}\)$", "", body)  # what is to be done by when before that
    period = re.fullmatch(r"(.*?\d(?:年|月|日)?份?)(?:-|~|至|到)(\d.*)", body)
    if period and re.search(r"年|月|日|\d{4}[.\-/]\d", period[1]):
        left_year = re.match(r"(\d{4})[年.\-/]", period[1])
        end = _one_date(period[2], int(left_year[1]) if left_year else year, True)
        if isinstance(end, date) and _one_date(period[1], year or end.year, True) is not None:
            return end
    if re.fullmatch(r"1-12月(?:份|底|末)?", body):
        return date(year, 12, 31) if year else "日期缺少年份"
    if (months := re.fullmatch(r"(\d{1,2})(?:-|~|至|到)(\d{1,2})月(?:份|底|末)?", body)) and year:
        return _month(year, int(months[2]), "") if int(months[1]) < int(months[2]) else None  # 6-9月
    return _one_date(body, year, dated)


def _one_date(text: str, year: int | None, dated: bool) -> date | str | None:
    """Return the last day that a text leaves; ``dated`` where one is expected, so that bare digits do."""
    if full := _with_year(text, dated):
        return full
    told = _without_year(text, dated)
    if told is None:
        return None
    if year is None:
        return "日期缺少年份"
    month, day, word = told
    return _month(year, month, word) if day is None else _date(year, month, day)


def _with_year(text: str, dated: bool) -> date | str | None:
    if match := re.fullmatch(
        rf"(\d{{4}})(?:年|\.|-|/)(\d{{1,2}})(?:月|\.|-|/)(\d{{1,2}})[日号]?{_TAIL}", text
    ):
        return _date(int(match[1]), int(match[2]), int(match[3]))
    if dated and (match := re.fullmatch(r"((?:19|20)\d{2})(\d{2})(\d{2})", text)):
        return _date(int(match[1]), int(match[2]), int(match[3]))
    if match := re.fullmatch(
        rf"(\d{{4}})(?:年|\.|-|/)(\d{{1,2}})月?(月底|月末|底|末|初|上旬|中旬|下旬|中|份)?{_TAIL}", text
    ):
        return _month(int(match[1]), int(match[2]), match[3] or "")
    if match := re.fullmatch(rf"(\d{{4}})年度?(?:年底|年末|底|末|内)?{_TAIL}", text):
        return _date(int(match[1]), 12, 31)
    if match := re.fullmatch(r"(20\d{2})(\d{2})(\d{2})(?:日)?(?:之|以)?前(?:完成)?", text):
        return _date(int(match[1]), int(match[2]), int(match[3]))
    if dated and re.fullmatch(r"20\d{2}", text):
        return _date(int(text), 12, 31)
    if match := re.fullmatch(rf"(\d{{4}})年(?:第)?([一二三四1-4])季度(?:末|底)?{_TAIL}", text):
        return _month(int(match[1]), _QUARTER[match[2]], "")
    if match := re.fullmatch(rf"(\d{{4}})年上半年{_TAIL}", text):
        return _date(int(match[1]), 6, 30)
    return None


def _without_year(text: str, dated: bool) -> tuple[int, int | None, str] | None:
    """Return month, day (None for none said) and what part of the month is said (底, 上旬)."""
    if match := re.fullmatch(rf"(?:当年|本年|全年|年度)?(\d{{1,2}})月(\d{{1,2}})[日号]{_TAIL}", text):
        return int(match[1]), int(match[2]), ""
    if match := re.fullmatch(rf"(?:当年|本年)?(\d{{1,2}})月(底|末|初|上旬|中旬|下旬|份底?)?{_TAIL}", text):
        if not (match[2] or dated or re.search(r"前|完成", text)):
            return None
        return int(match[1]), None, (match[2] or "")[:2].replace("份底", "底")
    if match := re.fullmatch(r"(\d{1,2})\.(\d{1,2})(?:日|之)?前(?:完成)?", text):  # 9.30前
        return int(match[1]), int(match[2]), ""
    if re.fullmatch(rf"(?:本|当|今)?(?:年底|年末|年内|年度内|年度|财政年度内){_TAIL}", text):
        return 12, 31, ""
    if re.fullmatch(rf"上半年{_TAIL}", text):
        return 6, 30, ""
    if match := re.fullmatch(rf"(?:第)?([一二三四1-4])季度(?:末|底)?{_TAIL}", text):
        return _QUARTER[match[1]], None, ""
    return None


def _date(year: int, month: int, day: int) -> date | str:
    try:
        return date(year, month, day)
    except ValueError:
        return worded("没有 {year}年{month}月{day}日 这一天", year=year, month=month, day=day)


def _month(year: int, month: int, word: str) -> date | str:
    if not 1 <= month <= 12 or not 1900 < year < 2200:
        return worded("没有 {year}年{month}月", year=year, month=month)
    return date(year, month, _DAYS.get(word) or calendar.monthrange(year, month)[1])


def spans(per: str | None, year: int) -> list[tuple[date, date]]:
    """Return first and last day (inclusive) of each period of a year; empty for a period that is no number of
    months.
    """
    count = periods(per)
    if count == 1 or 12 % count:
        return []
    months = 12 // count
    firsts = [*(date(year, 1 + n * months, 1) for n in range(count)), date(year + 1, 1, 1)]
    return [(first, after - timedelta(days=1)) for first, after in pairwise(firsts)]
