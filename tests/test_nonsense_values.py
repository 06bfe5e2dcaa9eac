"""Whatever a person writes as a value costs that value and nothing else: numerals, digits of all scripts,
signs in any order.
"""

from __future__ import annotations

import contextlib
import string
import time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.opening import open_bytes
from zhunsheng.intake import book_of
from zhunsheng.numerals import chinese_number
from zhunsheng.targets import Book, Goal, Indicator
from zhunsheng.targets.results import against
from zhunsheng.targets.value import TargetValue
from zhunsheng.targets.written import read_written
from zhunsheng.text import whole

NUMERALS = st.text("零〇一二两三四五六七八九十百千万亿点壹贰叁拾佰仟廿卅半", min_size=1, max_size=6)
DIGITS = st.text(string.digits + "０９٣۴४๕²³¹½⅔①㈠Ⅷ㊿𝟗" + ".,，", min_size=1, max_size=6)
_LISTED = (
    "百分之 千分之 成 % ％ ‰ 个百分点 倍 ≥ ≤ > = 不低于 不超过 以上 以内 约 至 - ~ + − 每季度 次 件 万元 亿 "
    "年 月 日 号 季度 2021年 12月底 较上年增长 下降 未发生 无 已完成 定性： （ ） ( ) / : "
    "e9 nan inf 分之 \u0301 \u202e \x0b \U00020000"
)
SIGNS = st.sampled_from(_LISTED.split(" "))
VALUES = st.lists(st.one_of(NUMERALS, DIGITS, SIGNS), min_size=1, max_size=6).map("".join)


@given(
    VALUES, st.sampled_from([None, "%", "次", "万元"]), st.sampled_from([None, "≥", "定性"]), st.booleans()
)
@settings(max_examples=800, deadline=None)
def test_no_value_raises_and_what_was_read_is_kept_as_it_is(text, unit, op, dated):
    one = TargetValue.parse(text, op=op, unit=unit, year=2021, dated=dated)
    assert one.op != "unread" or one.doubts, "what is not read says why"
    assert TargetValue.model_validate_json(one.model_dump_json()) == one
    assert one.same(one) and isinstance(one.words(), str)
    written = read_written(text, year=2021, unit=unit, dated=dated)
    against(Indicator(name="办件数", target=one), None, None, written)
    against(Indicator(name="办结率", target=TargetValue.parse("≥90%")), None, None, written)


@given(NUMERALS)
@settings(max_examples=500, deadline=None)
def test_a_word_of_numerals_is_a_number_or_none(word):
    number = chinese_number(word)
    assert number is None or number >= 0


def test_numerals_that_only_look_like_a_number_cost_their_value_alone():
    for text in ("百分之九十零1.2", "九十零", "八亿一仟", "十点", "点五", "一万万"):
        assert TargetValue.parse(text).op in ("unread", "level"), text
    assert chinese_number("三点二五") == Decimal("3.25") and chinese_number("二零二一") == 2021
    rows = (
        "产出指标 数量指标 检查次数 ≥5次",
        "产出指标 质量指标 合格率 百分之九十零1.2",
        "效益指标 社会效益指标 投诉 ≤3件",
    )
    cells = ["一级指标 二级指标 三级指标 指标值", *rows]
    table = "".join(f"<tr>{''.join(f'<td>{c}</td>' for c in row.split())}</tr>" for row in cells)
    (sheet,) = book_of(open_bytes(f"<table>{table}</table>".encode(), "目标.html")).sheets
    found = {i.name: i.target for i in sheet.indicators}
    assert found["检查次数"].number == 5 and found["投诉"].number == 3
    assert found["合格率"].op == "unread" and "百分之九十零1.2" in found["合格率"].doubts[0]


def test_a_number_longer_than_any_amount_is_told_and_not_computed_with():
    one = TargetValue.parse("≥" + "9" * 900 + "次")
    assert one.op == "unread" and "900 位" in one.doubts[0]
    assert "900 位" in (read_written("9" * 900).why or "")


@pytest.mark.parametrize(
    "piece",
    [
        "千八贰几两壹万几亿壹五廿六兆廿良-贰一",
        "余余〇七_年底前廿三〇",
        "8241八零余半一兆零万余点台账7589]％",
        "(含)以上59564=1+17０人次",
    ],
)
def test_a_long_text_is_told_in_no_time(piece):
    text = piece * 20_000
    started = time.monotonic()
    assert TargetValue.parse(text).op in ("unread", "level")
    written = read_written(text, year=2021)
    assert written.why and written.text == text
    assert (
        len(against(Indicator(name="办件数", target=TargetValue.parse("≥5件")), None, None, written).doubt)
        < 300
    )
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("text", ["²", "٣", "９", "1_0", "", "-1", "+1", " 1", "9" * 19, "9" * 5000, "①"])
def test_only_plain_digits_are_a_whole_number(text):
    assert whole(text) is None


def test_no_way_into_a_record_leaves_a_text_unclean():
    text = (
        "第一部分\n\n2021年部门整体绩效目标\n\n部门名称：某局\n\n一、总体目标\n（一）目标一\n"
        "做好\u202e工作\x0b完成\u200b。\n"
    )
    lines = [*text.split("\n"), "绩效指标：", "数量指标：检查次数≥5次"]
    goal = Goal(text="旧").model_copy(update={"text": "做好\u202e工作"})
    assert goal.text == "做好工作" and Goal.model_validate(goal.model_dump()) == goal
    one = Indicator(name="甲", target=TargetValue.parse("≥5次")).model_copy(
        update={"name": "乙\u200b", "description": "\x00"}
    )
    assert (one.name, one.description) == ("乙", "")
    with contextlib.suppress(ZhunshengError):  # whether it is recognised or not, nothing unclean comes of it
        book = book_of(open_bytes("\n".join(lines).encode(), "目标.txt"))
        assert Book.from_json(book.as_json()) == book


@pytest.mark.parametrize("span", ["²", "٣", "9" * 5000, "-1", "abc"])
def test_odd_spans_cost_their_span_or_are_refused(span):
    page = f"<table><tr><td rowspan='{span}'>绩效指标</td><td>值</td></tr></table>".encode()
    with pytest.raises(ZhunshengError, match=r"ZS-IN-(10|13)"):
        book_of(open_bytes(page, "目标.html"))


@pytest.mark.parametrize("unit", ["千" * 5000, "人民币" * 2000, "次" + "/月" * 3000])
def test_a_unit_without_end_is_none_that_is_taken_apart(unit):
    assert TargetValue.parse("7", op="≤", unit=unit).unit == unit
    written = TargetValue.parse("7", op="≤", unit="万元")
    assert written.same(TargetValue.parse("7", op="≤", unit=unit)) is not True
