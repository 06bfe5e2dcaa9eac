"""An indicator's type: told once from columns, place, name and value; unsure where they conflict; settled by a person."""

from __future__ import annotations

import pytest

from zhunsheng.errors import ZhunshengError
from zhunsheng.targets import Indicator, TargetValue

OUTPUT, QUALITY, TIME = ("产出指标", "数量指标"), ("产出指标", "质量指标"), ("产出指标", "时效指标")
COST, EFFECT, GLAD = ("成本指标", "经济成本指标"), ("效益指标", "社会效益指标"), ("满意度指标", "服务对象满意度指标")


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
    (made("=1次"), "quantity", "exact", "=1次"),
    (made("3-5天", "办理时限", TIME), "quantity", "within", "3-5天"),
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


UNSURE = [
    (made("15", unit="天", op="≥", direction="反向"), "指标方向“反向”与比较符相反"),
    (made("≤90%", direction="正向"), "相反"),
    (made("15天"), "不知是至多还是至少"),
    (made("≥700元", "单次审计费用", COST), "是成本"),
    (made("≤90%", "群众满意度", GLAD), "越高越好"),
    (made("700元", "单次审计费用", COST, direction="正向"), "成本指标说越低越好"),
    (made("≥5次", op="≤"), "不一致"),
    (made("≥0.9%", "抽检合格率", QUALITY), "百分数格式丢失"),
    (made("有效提升", nature="定量"), "却是文字"),
    (made("2:1"), "读不出"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "why"), UNSURE, ids=lambda v: str(getattr(v, "name", v)))
def test_what_conflicts_or_cannot_be_told_is_unsure_and_says_why(one, why):
    assert any(why in reason for reason in one.type.unsure)
    assert one.type.words().startswith("待核对")


def test_a_persons_decision_ends_what_was_unsure():
    torn = made("15", unit="天", op="≥", direction="反向")
    settled = torn.settle(sense="less", reason="原件为“15天以内”", by="张三")
    assert (settled.type.unsure, settled.type.sense, settled.aim.text()) == ((), "less", "≤15天")
    assert settled.target == torn.target  # what the document says stays
    assert settled.words() == "≤15天"
    assert Indicator.model_validate(settled.model_dump(mode="json")) == settled


@pytest.mark.parametrize(
    ("decision", "code"),
    [
        ({"sense": "less", "reason": " "}, "ZS-TG-10"),
        ({"sense": "within", "reason": "有据"}, "ZS-TG-11"),
        ({"kind": "date", "reason": "有据"}, "ZS-TG-11"),
        ({"kind": "quantity", "reason": "有据"}, "ZS-TG-11"),
    ],
)
def test_a_decision_needs_a_reason_and_has_to_decide(decision, code):
    with pytest.raises(ZhunshengError, match=code):
        made("15", unit="天", op="≥", direction="反向").settle(**decision)


def test_the_same_words_give_the_same_type_wherever_they_stand():
    assert made("90", unit="%", op="≥").aim.same(made("≥90%").aim)
    assert made("90", unit="%", nature="≥").aim.same(made("≥90%").aim)
    assert not made("≥90%").aim.same(made("≤90%").aim)
    assert made("≥5万元").aim.same(made("≥50000元").aim)
