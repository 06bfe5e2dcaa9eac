"""One case a line is scored by the rules of its year, and a line that is none is answered in its place."""

from __future__ import annotations

import io
import json

import pytest

from zhunsheng.cli import main
from zhunsheng.errors import ZhunshengError
from zhunsheng.usecases.calculating import calculate


def case(target, actual, points="10", year=2021, scheme=None, **indicator):
    """Return a case as a line has it."""
    said = {"year": year, "scheme": scheme, "indicator": {"target": target, **indicator}}
    return json.dumps({**said, "actual": actual, "points": points}, ensure_ascii=False)


@pytest.mark.parametrize(
    ("target", "actual", "indicator", "score", "verdict"),
    [
        ("≥10场", "9场", {"name": "培训场次"}, "9.00", "missed"),  # 9 ÷ 10
        ("8000元", "10000元", {"name": "审计费用", "level1": "成本指标"}, "8.00", "missed"),  # 8000 ÷ 10000
        ("7个工作日", "6个工作日", {"name": "办结时限"}, "10.00", "met"),
        ("2%", "4%", {"name": "投诉率"}, "5.00", "missed"),  # a ceiling: 2 ÷ 4
        ("20%", "30%", {"name": "占比", "description": "数值越低越好"}, "6.67", "missed"),  # 20 ÷ 30
        ("20%", "30%", {"name": "占比", "description": "负向指标，按月统计"}, "6.67", "missed"),
        ("20%", "15%", {"name": "占比", "description": "正向指标"}, "7.50", "missed"),  # 15 ÷ 20
        ("≥90%", "92%", {"name": "占比", "description": "越低越好"}, None, "check"),  # which of the two?
        ("≥90%", "92%", {"name": "占比", "description": "甲越高越好，乙越低越好"}, "10.00", "met"),
        ("每季度1次", "3次", {"name": "检查频次"}, "7.50", "missed"),  # 3 of 4
        ("90", "92%", {"name": "办结率", "op": "≥", "unit": "%"}, "10.00", "met"),
        ("2021年12月底前", "2021年11月20日", {"name": "完成时间"}, "10.00", "met"),
        ("显著提升", "显著提升", {"name": "满意"}, None, "pending"),
        ("≥90%", None, {"name": "办结率"}, None, "nothing"),
        ("≥90%", "大约都办了", {"name": "办结率"}, None, "check"),
        ("≥9O%", "45%", {"name": "合格率"}, None, "check"),  # a letter for a nought
        ("10万元", "10次", {"name": "检查次数", "unit": "次"}, None, "check"),  # two units
        ("2021年12月底前", "2022年1月15日", {"name": "完成时间"}, None, "pending"),
    ],
)
def test_a_case_is_scored_by_itself(target, actual, indicator, score, verdict):
    done = calculate(case(target, actual, **indicator), 2021).as_json()
    assert (done["score"], done["verdict"]) == (score, verdict)
    assert (done["pending"] is None) == (score is not None) and done["explanation"]


def test_numbers_may_come_as_numbers_and_what_is_no_case_is_told():
    said = json.dumps({"indicator": {"target": 10, "name": "场次", "op": "≥"}, "actual": 9.5, "points": 4})
    assert calculate(said, 2021).as_json()["score"] == "3.80"
    for wrong in (
        "x",
        "[]",
        '{"points": 1}',
        case("≥1", "1", points="0"),
        case("≥1", "1", points="nan"),
        case("≥1", "1", scheme="没有"),
        case("≥1", "1", year=1),
        '{"a": 1, "a": 2}',
        "[" * 100_000,
    ):
        with pytest.raises(ZhunshengError, match="ZS-SC-08"):
            calculate(wrong, 2021)


def test_the_command_answers_every_line_in_its_place(monkeypatch, capsys):
    lines = [case("≥10场", "9场"), "nonsense", "", case("≥10场", "10场", scheme="cn-2020-three")]
    monkeypatch.setattr("sys.stdin", io.StringIO("\ufeff" + "\n".join(lines) + "\n"))  # as editors save it
    with pytest.raises(SystemExit) as ended:
        main(["score"])
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert ended.value.code == 0 and [one["score"] for one in said] == ["9.00", None, "10.00"]
    assert "ZS-SC-08" in said[1]["pending"]
