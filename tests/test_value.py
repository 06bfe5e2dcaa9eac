"""Target values: every spelling met in documents, comparison in both directions, and the way back to text."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhunsheng.errors import ZhunshengError
from zhunsheng.targets import TargetValue, convert
from zhunsheng.text import clean

READ = [
    ("≥2个", ">=", "2", "个"),
    ("≦700元", "<=", "700", "元"),
    (">90%", ">", "90", "%"),
    ("=1次", "==", "1", "次"),
    ("100", "==", "100", None),
    ("100%", "==", "100", "%"),
    ("零", "==", "0", None),
    ("0起", "==", "0", "起"),
    ("为零", "==", "0", None),
    ("不低于85%", ">=", "85", "%"),
    ("不少于2次", ">=", "2", "次"),
    ("大于2次", ">", "2", "次"),
    ("小于等于5", "<=", "5", None),
    ("大于或等于3项", ">=", "3", "项"),
    ("达98%", ">=", "98", "%"),
    ("90%以上", ">=", "90", "%"),
    ("90%(含)以上", ">=", "90", "%"),
    ("5天以内", "<=", "5", "天"),
    ("控制在700元以内", "<=", "700", "元"),
    ("1.2万人次", "==", "1.2", "万人次"),
    ("百分之九十", "==", "90", "%"),
    ("不低于百分之九十五", ">=", "95", "%"),
    ("≥９０％", ">=", "90", "%"),
    ("＞=90%", ">=", "90", "%"),
    ("≥100百分比", ">=", "100", "%"),
    ("二十次", "==", "20", "次"),
    ("九成", "==", "90", "%"),
    ("千分之三", "==", "3", "‰"),
    ("1,200件", "==", "1200", "件"),
    ("250万", "==", "250", "万"),
    ("全年不少于4次", ">=", "4", "次"),
    ("不超过十万元", "<=", "100000", "元"),
    ("至少5场次", ">=", "5", "场次"),
    ("≥-5%", ">=", "-5", "%"),
    ("15个工作日内", "<=", "15", "个工作日"),
    ("不得超过3%", "<=", "3", "%"),
    ("低于2%", "<", "2", "%"),
    ("≯5件", "<=", "5", "件"),
    ("≮5件", ">=", "5", "件"),
]


@pytest.mark.parametrize(("raw", "op", "value", "unit"), READ)
def test_reads(raw, op, value, unit):
    found = TargetValue.parse(raw)
    assert (found.op, found.value, found.unit, found.raw) == (op, Decimal(value), unit, raw)


INCLUDED = [
    ("3个以上（含3个）", ">=", 3, "个"),
    ("90%以上（含90%）", ">=", 90, "%"),
    ("3个以上（不含3个）", ">", 3, "个"),
    ("30人（次）以上", ">=", 30, "人次"),
    ("2小时内响应", "<=", 2, "小时"),
    ("5个工作日内拨付到位", "<=", 5, "个工作日"),
    ("全省第一名", "<=", 1, "名"),
    ("百分之百", "==", 100, "%"),
    ("X≥85%", ">=", 85, "%"),
    ("12个乡镇全覆盖", "==", 12, "个乡镇"),
]


@pytest.mark.parametrize(("raw", "op", "value", "unit"), INCLUDED)
def test_what_a_bound_includes_and_what_is_done_within_it_are_no_unit(raw, op, value, unit):
    found = TargetValue.parse(raw)
    assert (found.op, found.value, found.unit, found.doubts) == (op, Decimal(value), unit, ())


@pytest.mark.parametrize("raw", ["每月15日", "每季度末后20日内", "3A级以上"])
def test_a_day_of_every_month_and_a_grade_are_levels(raw):
    assert TargetValue.parse(raw, op="≤", year=2021).op == "level"


@pytest.mark.parametrize("raw", ["1年内不发生", "≥8,600户零事故", "20211231", "200亩（300亩）"])
def test_what_may_say_something_else_is_doubted(raw):
    assert TargetValue.parse(raw).doubts


@pytest.mark.parametrize(
    ("raw", "pair"), [("80%≤X≤100%", (80, 100)), ("大于等于3小于等于5", (3, 5)), ("误差不超过±5%", (-5, 5))]
)
def test_both_ends_of_a_range_are_read_around_a_letter_or_without_a_comma(raw, pair):
    assert TargetValue.parse(raw).value == tuple(map(Decimal, pair))


DATES = [
    ("2021年12月底前", date(2021, 12, 31)),
    ("12月31日前", date(2021, 12, 31)),
    ("2021-12-31 00:00:00", date(2021, 12, 31)),
    ("2021.6.30前完成", date(2021, 6, 30)),
    ("十二月底前", date(2021, 12, 31)),
    ("2021年十二月三十一日", date(2021, 12, 31)),
    ("2021年2月", date(2021, 2, 28)),
    ("10月中旬前", date(2021, 10, 20)),
    ("年底前", date(2021, 12, 31)),
    ("上半年", date(2021, 6, 30)),
    ("第三季度末", date(2021, 9, 30)),
    ("2021年三季度", date(2021, 9, 30)),
    ("2023.07-2024.01", date(2024, 1, 31)),
    ("2021年1月-12月", date(2021, 12, 31)),
    ("1-12月", date(2021, 12, 31)),
    ("≤2021年11月30日", date(2021, 11, 30)),
    ("2021年", date(2021, 12, 31)),
]


@pytest.mark.parametrize(("raw", "day"), DATES)
def test_reads_dates(raw, day):
    found = TargetValue.parse(raw, year=2021)
    assert (found.op, found.value) == ("by", day)


@pytest.mark.parametrize("raw", ["12月0日前", "2021年12月0日前", "2月30日"])
def test_a_day_that_is_none_is_said_and_not_guessed(raw):
    found = TargetValue.parse(raw, year=2021)
    assert found.op == "unread" and "这一天" in found.doubts[0]


def test_excel_serial_is_a_date_only_where_one_is_expected():
    assert TargetValue.parse(44561, dated=True).value == date(2021, 12, 31)
    plain = TargetValue.parse("44561")
    assert plain.value == Decimal(44561)
    assert "2021-12-31" in plain.doubts[0]


@pytest.mark.parametrize("raw", ["优", "有效提升", "优良中低差", "及时", "三分之二", "一级"])
def test_words_are_levels(raw):
    found = TargetValue.parse(raw)
    assert (found.op, found.value) == ("level", raw)


@pytest.mark.parametrize("raw", ["", "——", "/", "无", "2:1", "≥", "2021年13月底前", "12月31日前", "甲1乙2丙"])
def test_what_cannot_be_read_is_kept_and_said(raw):
    found = TargetValue.parse(raw)
    assert found.op == "unread"
    assert found.raw == raw
    assert found.value is None
    assert found.doubts


def test_other_columns_complete_a_value():
    assert TargetValue.parse("90", op="≥", unit="%").text() == "≥90%"
    assert TargetValue.parse("1.2万", unit="元").unit == "万元"
    assert TargetValue.parse("优良中低差", op="定性").op == "level"
    assert TargetValue.parse("5次", unit="个").doubts
    assert TargetValue.parse("≥5次", op="≤").doubts


def test_rhythm_and_growth():
    every = TargetValue.parse("每季度1次")
    assert (every.per, every.yearly, every.meets(4), every.meets(3)) == ("季度", 4, True, False)
    assert TargetValue.parse("2次/月").yearly == 24
    grown = TargetValue.parse("较上年增长5%")
    assert (grown.relative, grown.op, grown.value) == ("较上年增长", ">=", 5)


@pytest.mark.parametrize(
    ("raw", "pair", "unit"),
    [
        ("3-5天", (3, 5), "天"),
        ("80%-90%", (80, 90), "%"),
        ("≥80%且≤90%", (80, 90), "%"),
        ("5至3天", (3, 5), "天"),
    ],
)
def test_ranges(raw, pair, unit):
    found = TargetValue.parse(raw)
    assert (found.op, found.value, found.unit) == ("range", pair, unit)


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        ("9O%", "误录"),
        ("约100个", "约"),
        ("100个左右", "左右"),
        ("超过90%以上", "重复"),
        ("不低于90%以下", "相反"),
        ("0.9%", "格式"),
        ("100%全覆盖", "全覆盖"),
        ("优秀率≥90%", "优秀率"),
    ],
)
def test_suspicious_values_carry_doubts(raw, word):
    assert any(word in doubt for doubt in TargetValue.parse(raw).doubts)


@pytest.mark.parametrize(
    ("raw", "result", "met", "margin"),
    [
        ("≥90%", "92.5", True, "2.5"),
        ("≥90%", "90", True, "0"),
        (">90%", "90", False, "0"),
        ("≤700元", "900", False, "-200"),
        ("≤700元", "650", True, "50"),
        ("<5", "5", False, "0"),
        ("=1次", "2", False, "-1"),
        ("0起", "1", False, "-1"),
        ("0起", "0", True, "0"),
        ("3-5天", "4", True, "1"),
        ("3-5天", "7", False, "-2"),
        ("5次", "6", True, "1"),
    ],
)
def test_meets_and_margin(raw, result, met, margin):
    target = TargetValue.parse(raw)
    assert target.meets(Decimal(result)) is met
    assert target.margin(Decimal(result)) == Fraction(margin)


def test_dates_meet_in_days():
    target = TargetValue.parse("2021年12月底前")
    assert target.meets(date(2021, 12, 31)) is True
    assert target.meets(date(2022, 1, 14)) is False
    assert target.margin(date(2022, 1, 14)) == -14
    assert target.margin(Decimal(3)) is None
    assert target.attainment(date(2021, 12, 1)) is None


def test_attainment_turns_round_for_ceilings_and_never_divides_by_zero():
    assert TargetValue.parse("≥90%").attainment(Decimal(45)) == Fraction(1, 2)
    assert TargetValue.parse("≤700元").attainment(Decimal(900)) == Fraction(7, 9)
    assert TargetValue.parse("0起").attainment(Decimal(2)) is None
    assert TargetValue.parse("≥0").attainment(Decimal(2)) is None
    assert TargetValue.parse("≤700元").attainment(Decimal(0)) is None
    assert TargetValue.parse("3-5天").attainment(Decimal(10)) == Fraction(1, 2)
    assert TargetValue.parse("3-5天").attainment(Decimal(1)) == Fraction(1, 3)
    assert TargetValue.parse("0-5天").attainment(Decimal(-1)) == 0
    assert TargetValue.parse("大于4次").attainment(Decimal(4)) == Fraction(4, 5)


def test_levels_and_words_meet_nothing():
    assert TargetValue.parse("优").meets(Decimal(1)) is None
    assert TargetValue.parse("≥90%").meets("完成") is None
    assert TargetValue.parse("≥90%").margin("完成") is None


def test_units_convert_exactly_or_refuse():
    assert TargetValue.parse("≥1.2万元").meets(Decimal(12000), "元") is True
    assert convert(Decimal("1.5"), "亿元", "万元") == 15000
    assert convert(Decimal(1), "年", "月") == 12
    assert convert(Decimal(2), "公斤", "克") == 2000
    assert TargetValue.parse("≥2个").meets(Decimal(3), "次") is True
    with pytest.raises(ZhunshengError, match="ZS-SC-01"):
        TargetValue.parse("≤700元").meets(Decimal(90), "%")


@given(
    op=st.sampled_from(["≥", "≤", ">", "<", "=", ""]),
    number=st.decimals(min_value=Decimal("0.01"), max_value=10**8, places=2),
    unit=st.sampled_from(["", "%", "次", "元", "万元", "件", "个工作日", "万人次"]),
)
def test_printed_and_read_again_is_the_same(op, number, unit):
    first = TargetValue.parse(f"{op}{number}{unit}", year=2021)
    again = TargetValue.parse(first.text(), year=2021)
    assert (again.op, again.value, again.unit, again.implied) == (
        first.op,
        first.value,
        first.unit,
        first.implied,
    )


@given(st.dates(min_value=date(2000, 1, 1), max_value=date(2099, 12, 31)))
def test_dates_printed_and_read_again_are_the_same(day):
    found = TargetValue.parse(day.isoformat())
    assert (found.op, found.value) == ("by", day)
    assert TargetValue.parse(found.text()).value == day


@given(st.text(max_size=40))
def test_any_text_is_read_without_failing(text):
    found = TargetValue.parse(text, year=2021)
    assert found.raw == clean(text).strip()
    assert TargetValue.model_validate(found.model_dump(mode="json")) == found
    assert TargetValue.model_validate_json(found.model_dump_json()) == found


def test_values_are_checked_when_built():
    with pytest.raises(ValueError, match="does not go"):
        TargetValue(raw="x", op=">=", value=None)
    with pytest.raises(ValueError, match="low to high"):
        TargetValue(raw="x", op="range", value=(Decimal(5), Decimal(3)))
    with pytest.raises(ValueError, match="not a number"):
        TargetValue.model_validate({"raw": "x", "op": ">=", "value": "many"})


@pytest.mark.parametrize("raw", ["①②次", "≥10³平方米", "3²%", "½", "≥٣%", "㉑件", "㊀次"])
def test_a_number_that_is_no_plain_digits_is_not_read(raw):
    found = TargetValue.parse(raw)
    assert found.op == "unread" and "不是普通数字" in found.doubts[0]


@pytest.mark.parametrize(("raw", "unit"), [("≥100m²", "㎡"), ("≥100㎡", "㎡"), ("≥１００％", "%")])
def test_the_exponent_of_a_unit_and_full_width_digits_are_read(raw, unit):
    found = TargetValue.parse(raw)
    assert (found.value, found.unit) == (100, unit)


@pytest.mark.parametrize("raw", ["Ⅲ类", "定性：①建章立制②印发"])
def test_a_level_may_have_signs_of_its_own(raw):
    assert TargetValue.parse(raw).op == "level"


@pytest.mark.parametrize(
    "sign",
    "\u00ad\u034f\u061c\u115f\u1160\u180e\u200b\u200d\u200e\u202e\u2060\u2064\u2066\u2800\u3164\ufe0f\ufeff\uffa0\U000e0001",
)
def test_what_nobody_sees_is_no_text(sign):
    assert clean(f"东城{sign}水利局{sign}") == "东城水利局" and clean(sign * 3) == ""


def test_what_people_write_stays():
    text = "a\n\tb 　é汉𠮷😀ㄅ㎡①—…’"
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [("≥1O项", 10), ("≥9o%", 90), ("1OO%", 100), ("≥2I家", 21), ("≥1l个", 11), ("3O", 30), ("≥1O户次", 10)],
)
def test_a_letter_that_looks_like_a_digit_is_asked_about(text, value):
    """A target of ten read as one in silence is reached by one."""
    found = TargetValue.parse(text)
    assert found.value == value and any("疑为" in doubt for doubt in found.doubts)


def test_litres_are_litres():
    assert TargetValue.parse("≥5L").value == 5
