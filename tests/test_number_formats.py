"""What a cell shows by its number format, worked out by hand for the formats that offices use."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from zhunsheng.files.number_formats import BUILT_IN, in_words, shown

ACCOUNTING = '_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * "-"??_ ;_ @_ '
CHINESE_DAY = '[DBNum1][$-804]yyyy"年"m"月"d"日";@'
AFTERNOON = datetime(2021, 6, 30, 15, 5, 9)


@pytest.mark.parametrize(
    ("code", "value", "text"),
    [
        ("0%", 0.955, "96%"),
        ("0", 1e100, "1" + "0" * 100),
        ("0.0%", 0.955, "95.5%"),
        ("0.00%", 1, "100.00%"),
        ('"≥"0%', 0.98, "≥98%"),
        ('"不低于"0%', 0.9, "不低于90%"),
        ('"≥"0"人"', 260, "≥260人"),
        ("≥0", 5, "≥5"),
        ('"≤"#,##0.00"元"', 1234.5, "≤1,234.50元"),
        ('0!.0000"万元"', 83500, "8.3500万元"),
        ("0\\.0000", 5000, "0.5000"),
        ('0!.0,"万元"', 83500, "8.4万元"),
        ('0.00,,"百万元"', 12_345_678, "12.35百万元"),
        ("#,##0", 1_234_567, "1,234,567"),
        ("#,##0,", 1_234_567, "1,235"),
        ("#,##0.00", -1234.567, "-1,234.57"),
        ("#,##0.00;[红色]-#,##0.00", -1234.5, "-1,234.50"),
        ("#,##0_);[Red]\\(#,##0\\)", -1234, "(1,234)"),
        (ACCOUNTING, 1234.5, "1,234.50"),
        (ACCOUNTING, -1234.5, "-1,234.50"),
        (ACCOUNTING, 0, "-"),
        (ACCOUNTING, "甲", "甲"),
        ("[$¥-804]#,##0.00;[$¥-804]-#,##0.00", 1234.5, "¥1,234.50"),
        ('"超"0;"欠"0;"平"', 3, "超3"),
        ('"超"0;"欠"0;"平"', -3, "欠3"),
        ('"超"0;"欠"0;"平"', 0, "平"),
        ('0"个";-0"个";0"个";@"个"', "若干", "若干个"),
        (";;;", 5, ""),
        (";;;", "甲", ""),
        ("0;-0;", 0, ""),
        ('[>=10000]0!.0,"万元";0"元"', 83500, "8.4万元"),
        ('[>=10000]0!.0,"万元";0"元"', 9500, "9500元"),
        ('[=1]"是";[=0]"否";0', 1, "是"),
        ('[=1]"是";[=0]"否";0', 0, "否"),
        ('[=1]"是";[=0]"否";0', 2, "2"),
        ('[<0]"减少"0%;"增长"0%', -0.05, "减少5%"),
        ("[颜色10]0.0", 2.25, "2.3"),
        ("0", 2.5, "3"),
        ("0", -0.2, "0"),
        ("0", 340_123_456_789_015, "340123456789015"),
        ("000000", 4200, "004200"),
        ("0000-0000", 12_345_678, "1234-5678"),
        ("#.##", 5, "5."),
        ("#.##", 0.5, ".5"),
        (".00", 12.5, "12.50"),
        ("0.0?", 1.5, "1.5"),
        ("# ?/?", 0.5, "1/2"),
        ("# ?/?", 2.333333333, "2 1/3"),
        ("# ??/??", 3, "3"),
        ("?/4", 0.75, "3/4"),
        ("0.00E+00", 123_456, "1.23E+05"),
        ("0.00E+00", 0.00012, "1.20E-04"),
        ("##0.0E+0", 12_345, "12.3E+3"),
        ('G/通用格式"人"', 260, "260人"),
        ('"≥"General', 0.5, "≥0.5"),
        ('"约"@', 3, "约3"),
        ("[DBNum1]G/通用格式", 1005, "一千〇五"),
        ("[DBNum1][$-804]General", 10, "一十"),
        ("[DBNum2][$-804]General", 83500, "捌万叁仟伍佰"),
        ('[DBNum2]0"元"', 305, "叁零伍元"),
        ("[DBNum1]0", 123, "一二三"),
        ("yyyy-mm-dd", date(2021, 6, 30), "2021-06-30"),
        ("yyyy/m/d", 44377, "2021/6/30"),
        ('yyyy"年"m"月"d"日"', date(2021, 6, 30), "2021年6月30日"),
        ("yyyy年m月d日前", date(2021, 6, 30), "2021年6月30日前"),
        ('yyyy"年"m"月";@', 44377, "2021年6月"),
        ('m"月"d"日"', 44377, "6月30日"),
        (CHINESE_DAY, date(2021, 12, 31), "二〇二一年十二月三十一日"),
        ("[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", 44377, "2021年6月30日"),
        ("yyyy/m/d aaaa", 44377, "2021/6/30 星期三"),
        ('"周"aaa', 44377, "周三"),
        ("[$-804]dddd", 44377, "星期三"),
        ("d-mmm-yy", 44377, "30-Jun-21"),
        ('上午/下午h"时"mm"分"', AFTERNOON, "下午3时05分"),
        ("h:mm AM/PM", time(0, 5), "12:05 AM"),
        ("yyyy/m/d h:mm", AFTERNOON, "2021/6/30 15:05"),
        ("h:mm:ss", AFTERNOON, "15:05:09"),
        ("[h]:mm", timedelta(hours=30, minutes=5), "30:05"),
        ("[mm]:ss", 0.0625, "90:00"),
        ("mm:ss.0", 0.0000173611111, "00:01.5"),
    ],
)
def test_a_number_is_shown_by_its_format(code, value, text):
    assert shown(value, code) == text


def test_days_count_from_where_the_workbook_begins():
    assert shown(1, "yyyy/m/d") == "1900/1/1"
    assert shown(61, "yyyy/m/d") == "1900/3/1"
    assert shown(1, "yyyy/m/d", of_1904=True) == "1904/1/2"
    assert shown(date(1904, 1, 2), "yyyy/m/d", of_1904=True) == "1904/1/2"
    assert shown(date(1900, 1, 1), "yyyy/m/d") == "1900/1/1"


def test_formats_that_change_nothing_leave_the_value():
    assert shown("甲", "0.00") is None
    assert shown("甲", "@") is None
    assert shown(True, "0%") is None
    assert shown(float("nan"), "0%") is None
    assert shown(-5, "yyyy/m/d") is None
    assert shown(5, "0" * 300) is None
    assert all(shown(44377.5, code) is not None for code in BUILT_IN.values())


@pytest.mark.parametrize(
    "code",
    ["", '"', "[", "[>", "!", "\\", "_", "*", "/", "E+", ".", ",", "%", "@@", "0/", "0/0", ";", "[h", "0E+"],
)
def test_a_format_that_is_none_brings_nothing_down(code):
    for value in (0, 1.5, -3, "甲", date(2021, 6, 30)):
        shown(value, code)


def test_numerals():
    assert in_words("1000000000000", 1) == "一万亿"
    assert in_words("100005000", 1) == "一亿〇五千"
    assert in_words("0", 2) == "零"
    assert in_words("12.5", 1) == "一十二.五"
