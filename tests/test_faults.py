"""Faults in data files are told in Chinese with their place, never in the words of a library."""

import re

import pytest
import yaml

from zhunsheng.draws.reading import load, read_inspectors, read_plan
from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import parsed
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
    assert not re.search(
        r"\b(should|valid|input|field|required|permitted|expected|error|must)\b", said, re.IGNORECASE
    )


def test_a_data_file_in_another_encoding_is_refused_with_its_name(tmp_path):
    path = tmp_path / "自评.yaml"
    path.write_bytes("- indicator: 甲\n".encode("gbk"))
    with pytest.raises(ZhunshengError, match=r"ZS-IN-40.*自评\.yaml.*UTF-8"):
        read_judgements(path)
    path.write_bytes("- indicator: 甲\n".encode("utf-8-sig"))
    assert read_judgements(path)[0].indicator == "甲"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id: CC-1\ntitle: 甲\nid: CC-2\n", "“id”写了两次（第 1 行和第 3 行）"),
        ('quotas: [{ratio: "0.5", ratio: "1"}]', "“ratio”写了两次"),
        ("- {id: A1, certified: false, certified: true}", "“certified”写了两次"),
        ("known_at: 2026-11-31", "没有这一天"),
        ("known_at: 2026-11-30T25:00:00+08:00", "没有这个钟点"),
    ],
)
def test_of_two_values_under_one_key_none_is_taken_in_silence(tmp_path, text, said):
    with pytest.raises(yaml.YAMLError, match=said):
        parsed(text)
    (tmp_path / "p.json").write_text('{"id": "A", "id": "B"}', "utf8")
    with pytest.raises(ZhunshengError, match=r"ZS-DR-81.*“id”写了两次"):
        load(tmp_path / "p.json")


def test_a_key_that_is_merged_in_may_be_said_anew():
    assert parsed("a: &x {p: 1}\nb:\n  <<: *x\n  p: 2\n")["b"] == {"p": 2}


def test_an_inspector_listed_twice_is_named(tmp_path):
    (tmp_path / "人.yaml").write_text(
        "- {id: ZF-1, certified: true}\n- {id: ZF-2, certified: true}\n- {id: ZF-1, certified: false}\n",
        "utf8",
    )
    with pytest.raises(ZhunshengError, match=r"ZS-DR-80.*人.yaml.*编号重复：ZF-1"):
        read_inspectors(tmp_path / "人.yaml")
