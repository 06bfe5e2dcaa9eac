"""An indicator's type: told once from columns, place, name and value; unsure where they conflict;
settled by a person.
"""

from __future__ import annotations

import pytest

from zhunsheng.errors import ZhunshengError
from zhunsheng.targets import Indicator, TargetValue

OUTPUT, QUALITY, TIME = ("产出指标", "数量指标"), ("产出指标", "质量指标"), ("产出指标", "时效指标")
COST, EFFECT, GLAD = (
    ("成本指标", "经济成本指标"),
    ("效益指标", "社会效益指标"),
    ("满意度指标", "服务对象满意度指标"),
)


def made(raw, name="甲", place=OUTPUT, *, op=None, unit=None, nature=None, direction=None, **more):
    target = TargetValue.parse(raw, op=op or nature, unit=unit, year=2021)
    columns = {"operator": op, "unit": unit, "nature": nature, "direction": direction}
    return Indicator(level1=place[0], level2=place[1], name=name, target=target, **columns, **more)


TOLD = [
    # indicator, kind, sense, what results are compared with
    (made("≥2次"), "quantity", "more", "≥2次"),
    (made("5次"), "quantity", "more", "5次"),
    (made("90", unit="%", op="≥"), "share", "more", "≥90%"),
    (made("90", unit="%", direction="正向指标"), "share", "more", "≥90%"),
    (made("3", unit="%", direction="反向"), "share", "less", "≤3%"),
    (made("15", place=TIME, unit="天", direction="反向"), "quantity", "less", "≤15天"),
    (made("15天", "审批时限", TIME), "quantity", "less", "≤15天"),
    (made("700元", "单次审计费用", COST), "quantity", "less", "≤700元"),
    (made("5起", "安全事故起数", EFFECT), "quantity", "less", "≤5起"),
    (made("5件", "事故处置数"), "quantity", "more", "5件"),
    (made("0起", "安全事故"), "quantity", "less", "=0起"),
    (made("=1次"), "quantity", "more", "=1次"),
    (made("=50万元", "项目总成本", COST), "quantity", "less", "≤50万元"),
    (made("=5天", "办理时限", TIME), "quantity", "less", "≤5天"),
    (made("=1000元", "每人补助标准"), "quantity", "exact", "=1000元"),
    (made("400元/人", "人均培训费", COST), "quantity", "less", "≤400元/人"),
    (made("50件", "查处违法案件"), "quantity", "more", "50件"),
    (made("10吨", "减少污染物排放量"), "quantity", "more", "10吨"),
    (made("4次", "培训次数", COST), "quantity", "more", "4次"),
    (made("2%", "未完成率"), "share", "less", "≤2%"),
    (made("5%", "结余率"), "share", "less", "≤5%"),
    (made("100%", "成本控制率", COST), "share", "less", "≤100%"),
    (made("5%", "投诉增长率"), "growth", "less", "≤5%"),
    (made("100%", "无投诉"), "share", "more", "100%"),
    (made("=25项", "清单事项完成数"), "quantity", "exact", "=25项"),
    (made("=2%", "不合格率"), "share", "less", "≤2%"),
    (made("7个工作日", "投诉受理"), "quantity", "less", "≤7个工作日"),
    (made("300天", "免费开放天数"), "quantity", "more", "≥300天"),
    (made("120天", "供暖时间", TIME), "quantity", "more", "≥120天"),
    (made("30天", "缩短工期", TIME), "quantity", "more", "≥30天"),
    (made("10万元", "成本节约额", COST), "quantity", "more", "≥10万元"),
    (made("0", "事故发生率", EFFECT), "share", "less", "=0%"),
    (made("1", "事故死亡率", QUALITY), "share", "less", "≤1%"),
    (made("85%-90%", "抽检合格率", QUALITY), "share", "more", "≥85%"),
    (made("2%-4%", "投诉率", QUALITY), "share", "less", "≤4%"),
    (made("5%", "能耗增长", EFFECT), "growth", "less", "≤5%"),
    (made("减少1000人", "贫困人口", EFFECT), "growth", "more", "减少1000人"),
    (made("一年2次", "检查次数"), "frequency", "more", "每年2次"),
    (made("半年1次", "检查次数"), "frequency", "more", "每半年1次"),
    (made("下降3%", "投诉量"), "growth", "more", "下降3%"),
    (made("3-5天", "办理时限", TIME), "quantity", "less", "≤5天"),  # 2 days are early, and no fault
    (made("3-5次", "检查次数", direction="正向"), "quantity", "more", "≥3次"),
    (made("3-5万元", "会议费", direction="反向"), "quantity", "less", "≤5万元"),
    (made("80-100人", "培训人数"), "quantity", "within", "80-100人"),
    (made("±3天", "时间误差", TIME), "quantity", "within", "-3-3天"),
    (made("2件", "超期办件数"), "quantity", "less", "≤2件"),
    (made("0%", "税收收入增长率"), "growth", "more", "≥0%"),
    (made("250万", "项目总成本", COST), "quantity", "less", "≤250万元"),
    (made("180天", "施工工期", TIME), "quantity", "less", "≤180天"),
    (made("每日1次", "巡查次数"), "frequency", "more", "每日1次"),
    (made("≥95", "抽检合格率", QUALITY), "share", "more", "≥95%"),
    (made("≥0.95", "抽检合格率", QUALITY), "share", "more", "≥0.95比值"),
    (made("每季度1次"), "frequency", "more", "每季度1次"),
    (made("较上年增长8%"), "growth", "more", "较上年增长8%"),
    (made("较上年下降5%"), "growth", "more", "较上年下降5%"),
    (made("≥5%", "税收增长率", EFFECT), "growth", "more", "≥5%"),
    (made("2021年11月底前", "完成时间", TIME), "date", "less", "2021年11月30日前"),
    (made("有效提升", place=EFFECT), "level", None, "有效提升"),
    (made("是", "是否公开", QUALITY), "yes_no", None, "是"),
    (made("≥5%", "成本节约率", COST), "share", "more", "≥5%"),
]


@pytest.mark.parametrize(("one", "kind", "sense", "aim"), TOLD, ids=lambda v: str(getattr(v, "name", v)))
def test_a_type_is_told_from_columns_place_name_and_value(one, kind, sense, aim):
    assert (one.type.kind, one.type.sense, one.aim.text(), one.type.unsure) == (kind, sense, aim, ())
    assert one.type.words()


def test_a_day_is_early_or_late_and_a_fall_large_or_small_never_high_or_low():
    assert made("2021年11月底前", "完成时间", TIME).type.words() == "日期，越早越好"
    assert made("较上年下降5%").type.words() == "增减幅度，降得越多越好"
    assert made("较上年增长8%").type.words() == "增减幅度，越高越好"


UNSURE = [
    (made("15", unit="天", op="≥", direction="反向"), "指标方向“反向”与比较符相反"),
    (made("≤90%", direction="正向"), "相反"),
    (made("15天"), "不知是至多还是至少"),
    (made("-3%", "检查次数变化率"), "负数"),
    (made("100天", "检查天数", TIME), "不知是至多还是至少"),
    (made("0次", "培训次数"), "不知是不开展还是没有填写"),
    (made("20万元", "发放就业补助费", ("产出指标", "成本指标")), "不知是至多还是至少"),
    (made("290%", "企业年报率"), "疑为误录"),
    (made("2021", "完成年度"), "像是年份"),
    (made("≥700元", "单次审计费用", COST), "是成本"),
    (made("≤90%", "群众满意度", GLAD), "越高越好"),
    (made("700元", "单次审计费用", COST, direction="正向"), "成本指标说越低越好"),
    (made("≥5次", op="≤"), "不一致"),
    (made("≥0.9%", "抽检合格率", QUALITY), "百分数格式丢失"),
    (made("有效提升", nature="定量"), "却是文字"),
    (made("2:1"), "读不出"),
]


@pytest.mark.parametrize(("one", "why"), UNSURE, ids=lambda v: str(getattr(v, "name", v)))
def test_what_conflicts_or_cannot_be_told_is_unsure_and_says_why(one, why):
    assert any(why in reason for reason in one.type.unsure)
    assert one.type.words().startswith("待核对")


def test_a_persons_decision_ends_what_was_unsure():
    open_one = made("15天")
    settled = open_one.settle(sense="less", reason="原件为“15天以内”", by="张三")
    assert (settled.type.unsure, settled.type.sense, settled.aim.text()) == ((), "less", "≤15天")
    assert settled.target == open_one.target  # what the document says stays
    assert settled.words() == "≤15天"
    assert Indicator.model_validate(settled.model_dump(mode="json")) == settled
    # Who settled it wrongly can settle it again.
    assert settled.settle(sense="more", reason="看错了").aim.text() == "≥15天"


@pytest.mark.parametrize(
    ("one", "sense"),
    [
        (made("≥700元", "单次审计费用", COST), "more"),
        (made("≤90%", "群众满意度", GLAD), "less"),
        (made("15", unit="天", op="≥", direction="反向"), "more"),
    ],
)
def test_confirming_what_is_written_ends_the_doubt(one, sense):
    settled = one.settle(sense=sense, reason="原件如此")
    assert settled.type.unsure == () and settled.aim.same(one.target)


TORN = made("15", unit="天", op="≥", direction="反向")
OPEN_MONEY = made("700元", "购置设备", TIME)


@pytest.mark.parametrize(
    ("one", "decision", "why"),
    [
        (TORN, {"sense": "within"}, "写法不合"),
        (TORN, {"sense": "more", "kind": "date"}, "写法不合"),
        (TORN, {"kind": "quantity"}, "还没有确定"),
        (TORN, {"sense": "less"}, "原文写了比较符“≥”"),
        (made("≥700元", "单次审计费用", COST), {"sense": "less"}, "原文写了比较符“>=”"),
        (made("≥5次", op="≤"), {"sense": "more"}, "原文写了比较符“≤”"),
        (made("≥5次", op="≤"), {"sense": "less"}, "原文写了比较符“>=”"),
        (made("90", "甲", unit="%", nature="≤", direction="正向"), {"sense": "more"}, "原文写了比较符“≤”"),
        (OPEN_MONEY, {"sense": "less", "kind": "share"}, "单位“元”不合于“比率”"),
        (OPEN_MONEY, {"sense": "less", "kind": "growth"}, "单位“元”不合于“增减幅度”"),
        (OPEN_MONEY, {"sense": "less", "kind": "frequency"}, "单位“元”不合于“频次”"),
        (OPEN_MONEY, {"sense": "less", "unit": "次"}, "原文写了单位“元”"),
        (OPEN_MONEY, {"sense": "less", "unit": "万元"}, "原文写了单位“元”"),
        (made("≤90%", "群众满意度", GLAD), {"sense": "less", "unit": "‰"}, "原文写了单位“%”"),
        (made("≤90%", "群众满意度", GLAD), {"sense": "less", "kind": "quantity"}, "单位“%”不合于“数量”"),
        (made("≤90", "群众满意度", GLAD), {"sense": "less", "unit": "元"}, "单位“元”不合于“比率”"),
        (made("≥90%"), {"sense": "more"}, "没有待核对之处"),
        (made("≥5次"), {"sense": "less"}, "没有待核对之处"),
        (made("有效提升", nature="定量"), {"kind": "date"}, "写法不合"),
        (made("2:1"), {}, "还没有确定是哪一种指标"),
    ],
)
def test_settling_answers_a_doubt_and_nothing_else(one, decision, why):
    """What the document writes is changed in its text, not by how it is read."""
    with pytest.raises(ZhunshengError, match="ZS-TG-11") as caught:
        one.settle(reason="有据", **decision)
    assert why in caught.value.text()


def test_a_decision_needs_a_reason():
    with pytest.raises(ZhunshengError, match="ZS-TG-10"):
        made("15天").settle(sense="less", reason=" ")


def test_the_same_words_give_the_same_type_wherever_they_stand():
    assert made("90", unit="%", op="≥").aim.same(made("≥90%").aim)
    assert made("90", unit="%", nature="≥").aim.same(made("≥90%").aim)
    assert not made("≥90%").aim.same(made("≤90%").aim)
    assert made("≥5万元").aim.same(made("≥50000元").aim)


@pytest.mark.parametrize("raw", ["0.9", "≤0.5", "1"])
def test_a_rate_without_unit_up_to_one_is_a_share_or_a_percentage_until_a_person_says_which(raw):
    one = made(raw, "抽检合格率" if raw != "≤0.5" else "差错率", QUALITY)
    assert any("还是" in why for why in one.type.unsure)
    with pytest.raises(ZhunshengError, match="还是"):
        one.settle(sense="less" if raw == "≤0.5" else "more", reason="口径说明")
    for unit in ("%", "比值"):
        settled = one.settle(sense="less" if raw == "≤0.5" else "more", unit=unit, reason="口径说明")
        assert settled.type.unsure == () and settled.type.unit == unit
    assert (
        made("≥0.95", "抽检合格率", QUALITY).type.unsure == made("0.9%", "差错率", QUALITY).type.unsure == ()
    )
