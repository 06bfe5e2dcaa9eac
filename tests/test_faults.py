"""Faults in data files are told in Chinese with their place, never in the words of a library."""

import re

import pytest

from zhunsheng.draws.reading import read_inspectors, read_plan
from zhunsheng.errors import ZhunshengError
from zhunsheng.judgements import read_judgements
from zhunsheng.measures import measures, read_mapping
from zhunsheng.regulations import scheme_of

WRONG = {
    "- indicator: 甲\n  share: 不是数\n": "share 应是数",
    "- indcator: 甲\n": "缺少这一项",
    "a: [\n": "第 2 行第 1 列",
    "x: 1\n": "应是列表",
    "- 甲\n": "第 1 项 应是“字段: 值”的写法",
    "- indicator: 甲\n  day: 昨天\n": "应是日期",
}


@pytest.mark.parametrize("text", WRONG)
@pytest.mark.parametrize("name", ["judgements", "mapping", "scheme", "plan", "inspectors"])
def test_no_fault_of_a_data_file_is_told_in_english(tmp_path, name, text):
    path = tmp_path / f"{name}.yaml"
    path.write_text(text, "utf8")
    reader = {
        "judgements": read_judgements,
        "mapping": lambda p: read_mapping(p, measures()),
        "scheme": lambda p: scheme_of(2021, p),
        "plan": read_plan,
        "inspectors": read_inspectors,
    }[name]
    with pytest.raises(ZhunshengError) as caught:
        reader(path)
    said = str(caught.value)
    if name == "judgements":
        assert WRONG[text] in said
    assert not re.search(r"\b(should|valid|input|field|required|permitted|expected|error|must)\b", said, re.IGNORECASE)


def test_a_data_file_in_another_encoding_is_refused_with_its_name(tmp_path):
    path = tmp_path / "自评.yaml"
    path.write_bytes("- indicator: 甲\n".encode("gbk"))
    with pytest.raises(ZhunshengError, match=r"ZS-IN-40.*自评\.yaml.*UTF-8"):
        read_judgements(path)
    path.write_bytes("- indicator: 甲\n".encode("utf-8-sig"))
    assert read_judgements(path)[0].indicator == "甲"
