"""Rules as data: every file loads, every entry is dated and cited, and the right one is in force."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from zhunsheng import regulations
from zhunsheng.errors import MESSAGES, ZhunshengError
from zhunsheng.folders import rules_of
from zhunsheng.regulations.dates import FixedDay, fixed_day, fixed_days
from zhunsheng.targets import Book, Source

LOCAL = Path(str(files("zhunsheng.regulations") / "data" / "local" / "local-example.yaml"))


def test_every_entry_is_dated_and_cited():
    entries = [
        *regulations.frameworks(),
        *regulations.schemes(),
        *regulations.monitoring_rules(),
        *regulations.deadlines(),
        *fixed_days(),
    ]
    for entry in entries:
        assert entry.citation
        assert entry.valid_to is None or entry.valid_from <= entry.valid_to
    for scheme in regulations.schemes():
        assert scheme.framework in {f.id for f in regulations.frameworks()}
        assert scheme.over.status == scheme.late.status == "unverified"
        low = [b.low for b in scheme.qualitative]
        assert low == sorted(low, reverse=True)


def test_days_that_rules_fix():
    assert (
        fixed_day("annual-report-due", 2021)
        == fixed_day("annual-report-due", 2000).replace(year=2021)
        == date(2021, 6, 30)
    )
    assert fixed_day("budget-approved-after", 2021) == date(2020, 9, 30)
    assert fixed_day("self-evaluation-as-of", 2021) == date(2022, 2, 28)
    assert fixed_day("self-evaluation-due", 2021) == date(2022, 3, 31)
    with pytest.raises(ValueError):  # no day of every year
        FixedDay.model_validate(fixed_days()[0].model_dump() | {"month": 2, "day": 29})


def test_a_sheet_is_read_by_the_framework_it_is_written_by():
    cost_below, cost_above = ("产出指标", "成本指标"), ("成本指标", "经济成本指标")
    output, effect = ("产出指标(50分)", "数量指标"), ("效益指标", "可持续影响指标")
    for year in (2021, 2024):
        assert regulations.framework_for([output, cost_below], year).id == "cn-2015"
        assert regulations.framework_for([output, cost_above], year).id == "cn-2021"
    assert regulations.framework_for([output, effect], 2021).id == "cn-2015"
    assert regulations.framework_for([output, effect], 2024).id == "cn-2021"


def test_the_scheme_in_force():
    assert regulations.scheme_of(2021).id == "cn-2020-three"
    assert regulations.scheme_of(2022).id == "cn-2020-four"
    with pytest.raises(ZhunshengError, match="ZS-RG-02"):
        regulations.scheme_of(2015)
    assert regulations.scheme_of(2019).id == "cn-2016-three"
    assert regulations.framework_of(2014).id == regulations.framework_of(2021).id == "cn-2015"
    assert regulations.framework_of(2023).id == "cn-2021"


def test_a_local_scheme_overrides(tmp_path):
    assert regulations.scheme_of(2021, LOCAL).over.mode == "fixed"
    with pytest.raises(ZhunshengError, match="ZS-IN-01"):
        regulations.scheme_of(2021, tmp_path / "none.yaml")
    data = yaml.safe_load(LOCAL.read_text("utf8"))
    for change, said in [
        ({"points": [{"dimensions": {"产出": 50}, "execution": 10, "citation": "x"}]}, "100"),
        ({"over": {**data["over"], "deduct": 0}}, "deduct"),
        ({"department": {**data["department"], "projects": 20}}, "100"),
        ({"extra": 1}, "extra"),
    ]:
        (path := tmp_path / "s.yaml").write_text(
            yaml.safe_dump({**data, **change}, allow_unicode=True), "utf8"
        )
        with pytest.raises(ZhunshengError, match="ZS-RG-01") as caught:
            regulations.scheme_of(2021, path)
        assert said in caught.value.text()
    path.write_text("a: [", "utf8")
    with pytest.raises(ZhunshengError, match="ZS-RG-01"):
        regulations.scheme_of(2021, path)


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('threshold: "1.3"', 'threshold: "1e999999999"', "over.threshold"),
        ('threshold: "1.3"', 'threshold: "NaN"', "over.threshold"),
        ('deduct: "2"', 'deduct: "-50"', "over.deduct"),
        ('share: "0.8"', 'share: "99"', "late.bands.第 1 项.share"),
        ("days: 30", "days: 99999999999999999999999", "late.bands.第 1 项.days"),
        ('low: "0.8"', 'low: "2"', "qualitative.第 1 项.low"),
        ('high: "0.6"', 'high: "0"', "low 应小于 high"),
        ('from: "90"', 'from: "1e400"', "grades.第 1 项.from"),
        ('from: "0"', 'from: "10"', "grades 的最低一档"),
        ("name: 优", f"name: {'优' * 11}", "grades.第 1 项.name"),
        ('below: "0.5"', 'below: "Infinity"', "execution_caps.第 1 项.below"),
        ("indicators: 60", "indicators: -60", "department.indicators"),
        ("execution: 10", "execution: -10", "points.第 1 项.execution"),
        ("framework: cn-2015", "framework: cn-1999", "framework"),
        ("valid_to: null", "valid_to: 2019-01-01", "valid_to"),
        ("valid_to: null", "valid_to: 2021-99-99", "读不出的值"),
        ("points:", "points: &a [*a]\nx:", "成环"),
        pytest.param("points:", "x: " + "[" * 4000, "", id="nests without end"),
        pytest.param("points:", "x: " + "[" * 80 + "]" * 80 + "\npoints:", "层次太深", id="nests too deep"),
    ],
)
def test_a_local_scheme_keeps_within_bounds(old, new, place):
    text = LOCAL.read_text("utf8")
    assert old in text
    with pytest.raises(ZhunshengError, match="ZS-RG-01") as caught:
        regulations.read_scheme(text.replace(old, new, 1), "本地.yaml")
    assert place in caught.value.text()


def test_a_local_scheme_that_has_run_out_leaves_the_national_one(tmp_path):
    text = LOCAL.read_text("utf8").replace("valid_to: null", "valid_to: 2021-12-31")
    local = regulations.read_scheme(text, "本地.yaml")
    assert regulations.rules_for(2021, local).scheme == local
    later = regulations.rules_for(2022, local)
    assert later.scheme == regulations.scheme_of(2022) and not later.local
    assert local.name in later.why and "2021-12-31" in later.why and later.scheme.name in later.why
    assert later.digest() != regulations.rules_for(2022).digest()
    (path := tmp_path / "s.yaml").write_text(text, "utf8")
    book = Book(source=Source(name="x", sha256="", media_type=""), sheets=())
    assert rules_of(book, date(2022, 12, 31), path) == later


def test_bands_run_upwards_and_lie_apart(tmp_path):
    data = yaml.safe_load(LOCAL.read_text("utf8"))
    for change, words in (
        ({"low": 0.7, "high": 0.5}, "low 应小于 high"),
        ({"low": 0.0, "high": 1.0}, "范围重叠"),
    ):
        bands = [dict(b) for b in data["qualitative"]]
        bands[0] |= change
        path = tmp_path / "scheme.yaml"
        path.write_text(yaml.safe_dump({**data, "qualitative": bands}, allow_unicode=True), "utf8")
        with pytest.raises(ZhunshengError, match=f"ZS-RG-01.*{words}"):
            regulations.scheme_of(2021, path)


def test_level_names_are_mapped_by_meaning():
    old, new = regulations.frameworks()
    assert old.dimension("产出\n\n指标 (50分)").name == "产出"
    assert old.dimension("效果指标").name == "效益"
    assert old.dimension(None, "可持续性影响").name == "效益"
    assert old.dimension("别的") is None
    assert old.category("社会公众或服务对象满意度").name == "服务对象满意度"
    assert old.category("数量指标", "产出指标").name == "数量"
    assert old.category(None) is None
    assert new.dimension("产出指标", "成本指标").name == "产出"
    assert new.category("经济成本指标").name == "经济成本"


def test_grades():
    scheme = regulations.scheme_of(2021)
    assert [scheme.grade(Decimal(x)) for x in ("100", "90", "89.99", "80", "60", "59.99", "0")] == list(
        "优优良良中差差"
    )


def test_every_message_can_be_filled():
    class Anything(dict):
        def __missing__(self, key):
            return "甲"

    for code, texts in MESSAGES.items():
        assert code.startswith("ZS-") and len(texts) in (2, 3)
        assert all(text.format_map(Anything()) for text in texts)


def test_nothing_in_force_on_a_date():
    with pytest.raises(ZhunshengError, match=r"1990-01-01 没有现行的"):
        regulations.in_force(regulations.monitoring_rules(), date(1990, 1, 1), "规则")
