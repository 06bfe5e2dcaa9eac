"""A result is read against its indicator: signs of growth, words around numbers, periods, units;
doubt is said, never guessed.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhunsheng.outcomes import Outcome, outcome_of_text, result_of
from zhunsheng.targets import Indicator, TargetValue
from zhunsheng.targets.results import against
from zhunsheng.targets.written import own_marks, read_written


def made(raw, name="甲"):
    return Indicator(
        level1="产出指标", level2="数量指标", name=name, target=TargetValue.parse(raw, year=2021)
    )


def read(raw, text, name="甲"):
    one = made(raw, name)
    return result_of(one, outcome_of_text(text, one.aim.unit, 2021, "reported"))


READ = [
    ("较上年增长8%", "下降3%", "-3"),  # missed by eleven points, not met
    ("较上年增长8%", "增长9%", "9"),
    ("较上年增长8%", "同比增长9.5%", "9.5"),
    ("较上年增长8%", "9%", "9"),
    ("较上年增长8%", "-3%", "-3"),
    ("较上年增长8%", "增长率为8.5%", "8.5"),
    ("较上年下降5%", "下降6%", "6"),
    ("较上年下降5%", "增长8%", "-8"),
    ("≥4次", "已开展4次", "4"),
    ("≥4次", "开展宣传活动四次", "4"),
    ("≥4次", "4次活动", "4"),
    ("≥4次", "达到5次", "5"),
    ("≥10批次", "共完成12批次", "12"),
    ("≥3000人次", "全年累计 3,200 人次", "3200"),
    ("≥0.3万人次", "3,200人次", "0.32"),
    ("≥100件", "2021年完成120件", "120"),
    ("≥100件", "120件以上", "120"),
    ("≥90%", "完成率95%", "95"),
    ("≥90%", "95%（19/20）", "95"),
    ("≥90%", "920‰", "92"),
    ("≥90%", "92", "92"),
    ("≥90%", "百分之九十二", "92"),
    ("≥90%", "≥92%", "92"),
    ("≤1%", "0.5%", "0.5"),
    ("每季度1次", "已开展4次", "4"),
    ("每季度1次", "每月1次", "12"),
    ("每季度1次", "每半年1次", "2"),
    ("每半年1次", "上半年1次，下半年1次", "2"),
    ("≥4次", "一季度1次、二季度1次、三季度0次、四季度2次", "4"),
    ("2次/月", "24次", "24"),
    ("每月≥95%", "每月96%", "96"),
    ("≤15天", "12天", "12"),
    ("≤5万元", "49,000元", "4.9"),
    ("≥24所", "25", "25"),
    ("≥2个", "3次", "3"),
    ("0起", "未发生", "0"),
    ("0起", "全年未发生食品安全事故", "0"),
    ("0起", "无安全事故", "0"),
    ("0起", "0", "0"),
    ("≥10000件", "12,345件", "12345"),
    ("≥10000件", "1，234，567件", "1234567"),
    ("较上年增长8%", "8.5%", "8.5"),
    ("较上年增长8%", "增长108%", "108"),
    ("较上年下降5%", "下降6%", "6"),
    ("较上年下降5%", "0", "0"),
    ("≥0.3万人次", "0.32万人次", "0.32"),
    ("≥1.5万平方米", "1.6万平方米", "1.6"),
    ("≥3.5件", "3.6件", "3.6"),
]


@pytest.mark.parametrize(("raw", "text", "value"), READ)
def test_a_result_is_read_against_its_indicator(raw, text, value):
    found = read(raw, text)
    assert (found.value, found.doubt) == (Fraction(value), None)


ANSWERS = [
    ("建立", "已建立", True),
    ("建立", "未建立", False),
    ("是", "是", True),
    ("是", "否", False),
    ("未发生", "未发生", True),
    ("未发生", "0起", True),
    ("未发生", "发生2起", False),
]


@pytest.mark.parametrize(("raw", "text", "met"), ANSWERS)
def test_a_yes_or_no_is_read_as_one(raw, text, met):
    assert read(raw, text).value is met


DOUBTFUL = [
    ("≥90%", "0.92", "0.92% 还是 92%"),
    ("≥90%", "0.92%", "格式丢失"),
    ("≤1%", "0.5", "0.5% 还是 50%"),
    ("≤15天", "7个工作日", "单位不可比"),
    ("≥4次", "90%", "单位不可比"),
    ("≥4次", "未完成4次", "不一定是完成的数"),
    ("≥4次", "计划4次", "不一定是完成的数"),
    ("≥4次", "约4次", "约数"),
    ("≥4次", "3-5次", "区间"),
    ("≥4次", "现场2次，网上2次", "不止一个数"),
    ("≥4次", "上半年2次", "一部分时间"),
    ("≥4次", "完成", "文字"),
    ("≥1.2万人次", "9600", "单位可能是人次"),
    ("≥4.5分", "92分", "同一分制"),
    ("≥90%", "9.2%", "十分之一"),
    ("≤250万元", "240元", "千分之一"),
    ("≥4次", "同比增长8%", "增减幅度"),
    ("≥4次", "2021年11月26日", "完成值是日期"),
    ("0起", "无", "没有写出数"),
    ("≤700元", "≥650元", "界限"),
    ("≥90%", "由80%提高到95%", "不止一个数"),
    ("较上年增长8%", "120件", "单位不可比"),
    ("较上年增长8%", "8个百分点", "单位不可比"),
    ("2021年12月底前", "按时完成", "没有写日期"),
    ("2021年12月底前", "5次", "没有写日期"),
    ("是", "较好", "看不出"),
    ("15天", "12天", "指标本身待核对"),
    ("≥10000件", "1,2345件", "“1,2345”逗号不在千位上"),
    ("≥10000件", "1，23，456件", "逗号不在千位上"),
    ("≥4次", "完成3次,5次", "不止一个数"),
    ("较上年下降5%", "6%", "没有写上升还是下降"),
    ("较上年下降5件", "6件", "没有写上升还是下降"),
    ("较上年增长8%", "108%", "增长 108% 还是 8%"),
    ("较上年增长8%", "98", "以上年为 100"),
    ("≥1500册", "1.500册", "不是整数"),
    ("≥4次", "3.5次", "不是整数"),
    ("每季度1次", "每季度1.5次", "不是整数"),
    ("2021年6月底前", "2021年6月31日", "没有 2021年6月31日 这一天"),
    ("2021年6月底前", "已于2021-2-30完成", "没有 2021年2月30日 这一天"),
    ("2021年6月底前", "6月31日", "没有 2021年6月31日 这一天"),
    ("≤94起", "由100起降至94起", "不止一个数"),
]


@pytest.mark.parametrize(("raw", "text", "why"), DOUBTFUL)
def test_what_is_doubtful_says_why_and_has_no_value(raw, text, why):
    found = read(raw, text)
    assert found.value is None
    assert found.doubt is not None and why in found.doubt


@pytest.mark.parametrize(
    ("raw", "text", "value"),
    [
        ("较上年增长3%", t, "-3")
        for t in ("负增长3%", "下滑3%", "回落3%", "比上年少3%", "同比减3%", "跌3%", "负3%")
    ]
    + [("较上年增长3%", t, "-3") for t in ("低于上年3%", "下降了3%", "增长-3%", "-3%", "较去年同期下跌3%")]
    + [("较上年下降3%", t, "-3") for t in ("反弹3%", "上涨3%", "较上年回升3%", "高于上年3%", "比上年多3%")]
    + [("较上年下降5%", t, v) for t, v in (("-3%", "3"), ("+2%", "-2"), ("持平", "0"), ("与上年持平", "0"))]
    + [("下降3%", t, v) for t, v in (("增长2%", "-2"), ("下降5%", "5"), ("-5%", "5"), ("+2%", "-2"))]
    + [("较上年增长3%", t, "3.5") for t in ("较去年同期上涨3.5%", "同比增3.5%", "增幅3.5%", "增幅为3.5%")]
    + [("≥90%", t, "99") for t in ("九成九", "9成9", "99%", "提高到99%", "办结率99%")],
)
def test_which_way_it_went_is_read_from_the_words(raw, text, value):
    found = read(raw, text)
    assert (found.value, found.doubt) == (Fraction(value), None)


STRANGE = {
    "≥100次": (
        "100次（计划） 100次未开展 120次待开展 120次全部取消 120次，均未完成 取消120次 去年120次 2020年120"
        "次 拟开展120次 应开展120次 120次（去年） 120次有待核实 受邀120次 上半年计划60次，"
        "下半年计划60次 每月计划10次 −100次 -100次 还差120次 目标120次 120次无效 推迟120次 共120次（线上100"
        "次）"
    ),
    "≥90%": "95%未办结 逾期率95% 100%（预计） 90%（目标） 不合格率95% 0.99 1.2 130% 120% 120 -95% 95%（待"
    "核） 较上年95%",
    "2021年12月底前": (
        "2021年11月26日尚未完成 截至2021年11月26日未完成 截至2021年11月26日 计划2021年11月26日完成 预计2021"
        "年11月完成 拟于2021年11月26日完成 2021年11月26日开工 2021年11月26日（计划） 2021年11月26日完成90% "
        "2021年11月26日前未完成 2022年1月15日前 2021年11月26日启动 争取2021年11月26日完成"
    ),
    "较上年增长3%": "计划增长3% 预计增长3% 未增长3% 没有增长3% 增速回落3% 增长率提高3% 同比3% 下降-3% 环比增"
    "长3% 提高到103% 多降3% 去年增长3%",
    "≥1吨": "−1吨 -3吨 缺口1吨",
    "是": "计划建立3项 已制定草案尚未印发 已建立部分",
    "0起": "发生3起，未发生重大事故 未发生但有3起隐患",
}


@pytest.mark.parametrize(
    ("raw", "text"), [(raw, text) for raw, texts in STRANGE.items() for text in texts.split()]
)
def test_words_that_are_not_harmless_make_a_result_doubtful(raw, text):
    """Not done, planned, wanted, of another year, of another thing: never read as done."""
    found = read(raw, text)
    if text == "发生3起，未发生重大事故":  # the worst that it can be read as misses the target
        assert found.value is None or found.value > 0
    else:
        assert found.value is None and found.doubt


def test_the_words_that_make_it_doubtful_are_quoted():
    assert "“均未完成”" in str(read("≥100次", "120次，均未完成").doubt)


@pytest.mark.parametrize(
    ("name", "raw", "text", "value"),
    [
        ("案件未办结率", "≤5%", "3%", 3),
        ("案件未办结率", "≤5%", "未办结率为3%", 3),
        ("案件未办结率", "≤5%", "案件未办结率3%", 3),
        ("案件未办结率", "≤5%", "办结率3%", None),
        ("案件未办结率", "≤5%", "办结3%", None),
        ("产品不合格率", "≤5%", "合格率3%", None),
        ("案件办结率", "≥90%", "未办结率95%", None),
        ("产品合格率", "≥90%", "完成率95%", None),
        ("案件逾期率", "≤5%", "按期办结3%", None),
        ("计划生育宣传次数", "≥10次", "计划12次", None),
        ("计划生育宣传次数", "≥10次", "计划生育宣传12次", 12),
        ("不动产登记次数", "≥10次", "完成登记12次", 12),
        ("整治村数量", "≥10个", "12个村", 12),
        ("监督抽查批次", "≥10批次", "完成监督抽查12批次", 12),
        ("新增就业人数", "≥10人", "新增就业12人", 12),
        ("任务完成率", "≥120%", "130%", 130),
        ("税收增长率", "≥5%", "税收增长6%", 6),
    ],
)
def test_words_of_the_name_are_its_own_save_what_the_name_denies(name, raw, text, value):
    found = read(raw, text, name)
    assert found.value == value and (found.doubt is None) == (value is not None)


# By kind: what the doubt says, the indicator's name, its target, and what was typed.
NOT_SURE = {
    "没有说指标的其余部分": [
        (
            "安全事故数",
            "0起",
            "未发生较大以上安全事故 未发生重大事故 无群体性食品安全事件 未发生一般事故 未发生投诉",
        ),
        ("安全事故", "未发生", "未发生重大事故"),
    ],
    "写在括号里": [
        ("甲", "较上年增长8%", "（9%） (9%) (9) 【9%】 (9)%"),
        ("甲", "≥4次", "（5次） (5)次"),
        ("项目成本", "≤30万元", "（25）"),
    ],
    "单位不可比": [
        ("培训场次", "≥5场", "1000人 120户"),
        ("企业数", "≥5家", "10人 10次"),
        ("甲", "≥0.1万人", "1200场"),
        ("甲", "≥5台", "10次"),
    ],
    "单位可能是": [("项目成本", "≤30000元", "2.9 25 299"), ("收入", "≥30万元", "350000")],
    "少了": [
        ("按期办结率", "≥90%", "办结率95% 已办结95% 95%（办结率）"),
        ("重大案件办结率", "≥90%", "案件95% 案件办结率95%"),
        ("新增就业人数", "≥10人", "就业12人"),
    ],
    "对不上": [
        (
            "甲",
            "≥90%",
            "90%（45/60） 95%（1/60） 95%（60/0） 95%（80%） 95（45/60） 95%（45÷60×100%） 95.5%（19/20）",
        ),
        ("甲", "≥4次", "12次（10） 12次（3+4）"),
    ],
    "不一定": [
        (
            "甲",
            "2021年12月31日前",
            "2021年1月1日至今 2021年1月1日召开 2021年1月1日组织开展 2021年1月1日办理 2021年1月1日举办 2021年"
            "1月1日开展活动 约2021年1月1日 2021年1月1日？",
        ),
        (
            "甲",
            "≥90%",
            "95%？ ~95% !95% 指标值95% 任务95% 全市平均95% 95%（约） 95%（全市平均） 全区平均水平95%",
        ),
        ("检查次数", "≥10次", "检查任务12次"),
        ("节约率", "≥90%", "95%（约）"),
        ("甲", "是", "是（计划） 是（未盖章） 是（约） 是（？）"),
    ],
}


@pytest.mark.parametrize(
    ("why", "name", "raw", "text"),
    [(why, n, raw, t) for why, rows in NOT_SURE.items() for n, raw, texts in rows for t in texts.split()],
)
def test_4_what_does_not_surely_say_what_the_indicator_came_to_is_doubtful(why, name, raw, text):
    """A narrower negation, a bracketed figure, another counted thing, a narrower label,
    a sum that is not the figure, a day on which something only began, a mark of doubt: each is named,
    none has a value.
    """
    found = read(raw, text, name)
    assert found.value is None and found.doubt is not None and why in found.doubt


SURE = [
    (
        "安全事故数",
        "0起",
        "未发生安全事故 无事故 0起 未发生 未发生任何安全事故 未发生一起安全事故 全年未发生安全事故及舆情",
    ),
    ("重大安全事故数", "0起", "未发生重大事故 未发生安全事故"),
    ("投诉件数", "0件", "未收到群众投诉 无投诉"),
    ("社会影响", "0起", "未发生群体性事件"),
    ("培训场次", "≥5场", "6次 6场次 6"),
    ("甲", "≥5件", "6起 6宗 6次 6例"),
    ("甲", "≥5家", "6户 6个"),
    ("培训人次", "≥100人次", "120人 120名"),
    ("项目成本", "≤30000元", "29000 2.9万元 0 300元 350"),
    ("按期办结率", "≥90%", "按期办结率95% 按期办结95% 实际95% 完成95% 已达到95%"),
    ("受益群体满意度", "≥90%", "满意度95%"),
    ("食品抽检合格率", "≥98%", "合格率99%"),
    ("检查次数", "≥10次", "检查12次 完成检查任务12次"),
    ("重点宣传活动次数", "≥10次", "开展宣传活动12次"),
    (
        "甲",
        "≥90%",
        "95%（57/60） 90.2%（46/51） 90.19%（46/51） 95（57/60） 95%（57÷60×100%） 完成任务95% 平均95% 95%。",
    ),
    ("甲", "≥4次", "12次（3+4+5） 12次（12） 全区开展12次"),
    ("甲", "较上年增长8%", "9%（109/100）"),
    (
        "甲",
        "2021年12月31日前",
        "2021年1月1日完成 2021年1月1日办结 2021年1月1日验收 2021年1月1日印发 2021年1月1日上线 2021年1月1日投"
        "入使用 2021年1月1日建成 2021年1月1日组织验收 2021年1月1日办理完毕",
    ),
    ("会议召开时间", "2021年12月31日前", "2021年1月1日召开"),
    ("培训时间", "2021年12月31日前", "2021年1月1日举办"),
    ("甲", "是", "是（已印发） 是（3项制度）"),
]


@pytest.mark.parametrize(
    ("name", "raw", "text"), [(n, raw, t) for n, raw, texts in SURE for t in texts.split()]
)
def test_4_ordinary_writing_stays_sure(name, raw, text):
    found = read(raw, text, name)
    assert found.doubt is None and found.value is not None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("95%（人工填报，争议已采纳，台账 80%）", "人工填报"),
        ("95%（上报数）", "上报数"),
        ("95%（台账80%）", "台账"),
        ("95%，争议 已 采 纳", "争议已采纳"),
        ("95%（财政局已采纳）", "财政局已采纳"),
        ("上报数据12条", ""),
        ("建立台账12本", ""),
        ("办结劳动争议12件", ""),
        ("采纳建议12条", ""),
    ],
)
def test_2_the_products_own_marks_are_told_from_ordinary_words(text, words):
    assert own_marks(text) == words


@pytest.mark.parametrize("text", ["95%（人工填报，争议已采纳，台账 80%）", "95%（人工填报）"])
def test_2_marks_are_stripped_from_a_table_and_doubtful_in_what_a_person_typed(text):
    one = made("≥90%")
    reported, typed = (result_of(one, outcome_of_text(text, "%", 2021, o)) for o in ("reported", "judgement"))
    assert (reported.value, reported.doubt) == (95, None)
    assert typed.value is None and "人工填报" in str(typed.doubt)


def test_a_day_that_is_a_whole_or_a_start_is_read_by_the_name():
    assert read("2021年12月底前", "2021年11月26日开工", "项目开工时间").value == date(2021, 11, 26)
    assert read("2021年12月底前", "2021年11月26日完成初步设计", "项目完成时间").value is None


def test_a_day_is_found_in_the_words_around_it():
    assert read("2021年12月底前", "已于2021年11月26日完成验收").value == date(2021, 11, 26)


def test_a_reading_that_is_no_growth_does_not_prove_growth():
    found = result_of(made("较上年增长8%"), Outcome(Fraction(92), "%", "92%", "evidence"))
    assert found.value is None and "不是增减幅度" in str(found.doubt)


def test_nothing_known_is_neither_value_nor_doubt():
    found = result_of(made("≥4次"), Outcome(None, None, "—", "none"))
    assert (found.value, found.doubt) == (None, None)


@given(
    st.text(max_size=30),
    st.sampled_from(["≥90%", "每季度1次", "0起", "2021年12月底前", "是", "较上年增长8%", "3-5天"]),
)
def test_any_text_is_read_or_doubted_never_refused(text, raw):
    found = read(raw, text)
    assert (found.value is None) != (found.doubt is None)


@given(
    st.integers(1, 10**6),
    st.sampled_from(["已开展{}次", "共{}次", "全年累计{}次", "完成{}次", "组织活动{}次", "{}次", "{}"]),
)
def test_words_around_a_number_do_not_change_it(number, words):
    assert read("≥4次", words.format(number)).value == number
    assert read("≥4次", words.format(f"{number:,}")).value == number


@pytest.mark.parametrize("text", ["①②次", "10³次", "3²次", "½", "٣次"])
def test_digits_that_are_none_are_doubtful(text):
    one = Indicator(name="检查次数", level1="产出指标", target=TargetValue.parse("≥3次"))
    found = against(one, None, None, read_written(text, year=2021, unit="次"))
    assert found.value is None and "不是普通数字" in found.doubt


@pytest.mark.parametrize(
    ("text", "doubted"),
    [("2020-05", True), ("2020年12月31日", True), ("2021-05", False), ("2021年1月1日", False)],
)
def test_a_day_before_the_year_is_doubtful(text, doubted):
    one = Indicator(
        name="完成时间", level1="产出指标", level2="时效指标", target=TargetValue.parse("2021年6月底前")
    )
    found = against(one, None, None, read_written(text, year=2021))
    assert (found.value is None) == doubted and ("以前的日期" in (found.doubt or "")) == doubted


@pytest.mark.parametrize(
    ("name", "raw", "text", "met"),
    [
        ("项目完成时限", "2021年12月底前", "已于11月26日验收", True),
        ("项目完成时限", "2021年12月底前", "11月26日完成验收", True),
        ("项目完成时限", "2021年10月底前", "11月26日上线", False),
        ("出台管理办法", "是", "已出台管理办法", True),
        ("单次抽检费用", "≤650元", "600元/次", True),
        ("单次抽检费用", "≤650元", "实际支付600元", True),
    ],
)
def test_4_days_and_costs_are_read_as_offices_write_them(name, raw, text, met):
    one = made(raw, name)
    found = result_of(one, outcome_of_text(text, one.aim.unit, 2021, "judgement"))
    assert found.doubt is None, found.doubt
    value = found.value
    assert (value if isinstance(value, bool) else value <= one.aim.value) is met


@pytest.mark.parametrize(
    ("name", "raw", "text"),
    [
        *(
            ("出台管理办法", "是", t)
            for t in [
                "已印发征求意见稿",
                "已完成起草",
                "已通过初审",
                "已完成立项",
                "已建立工作组",
                "已完成80%",
                "是（80%）",
            ]
        ),
        ("项目完成时限", "2021年12月底前", "计划11月26日验收"),
        ("项目成本", "≤30000元", "600元/次"),
        ("单次抽检费用", "≤650元", "预计支出600元"),
    ],
)
def test_4_a_step_on_the_way_is_not_the_thing(name, raw, text):
    assert read(raw, text, name).doubt
