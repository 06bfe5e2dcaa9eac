"""Plans of draws: what they ask for, and what does not hold together is refused in words."""

from __future__ import annotations

import json
from datetime import date

import pytest
import yaml

from small_draws import BASE, BEFORE, objects_of, people, plan_of, rows, write_frame_csv
from zhunsheng.draw_folders import commit_draw, write_template
from zhunsheng.draws import assignment_1, spec
from zhunsheng.draws.assignment import RegisteredInspector, assign
from zhunsheng.draws.frame import open_database
from zhunsheng.draws.frame_making import frame_from_file
from zhunsheng.draws.plan import Plan, Quota
from zhunsheng.draws.protocol import DrawOutcome, refuse_too_large
from zhunsheng.draws.reading import load, read_plan, read_results
from zhunsheng.draws.reading import plan_of as plan_of_data
from zhunsheng.draws.results import categories
from zhunsheng.draws.strata import match_words, stratum_words
from zhunsheng.errors import ZhunshengError
from zhunsheng.usecases.drawing.frames import FrameSource

# -- plan and frame
# ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quota", "size", "drawn"),
    [
        ({"ratio": "0.03"}, 100, 3),
        ({"ratio": "0.03"}, 101, 4),
        ({"ratio": "0.3"}, 10, 3),
        ({"ratio": "0.01", "floor": 5}, 100, 5),
        ({"ratio": "0.5", "ceiling": 7}, 100, 7),
        ({"ratio": "0.01", "floor": 5}, 3, 3),
        ({"count": 9}, 4, 4),
        ({"ratio": "1"}, 8, 8),
        ({"ratio": "0"}, 8, 0),
    ],
)
def test_quotas(quota, size, drawn):
    assert Quota.model_validate(quota).of(size) == drawn


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"quotas": [{"ratio": "0.1", "count": 3}]}, "只能写一个"),
        ({"quotas": [{"ratio": "1.5"}]}, "ratio"),
        ({"quotas": [{"match": {"colour": "x"}, "count": 1}]}, "不是分层项"),
        ({"quotas": [{"count": 1}, {"match": {"credit_class": "A"}, "count": 1}]}, "最后"),
        ({"known_at": "2021-03-01T22:00:00"}, "时区"),
        ({"items": []}, "items"),
        ({"randomness": [{"source": "drand", "round": 10**9}]}, "才公布"),
        ({"staffing": {"per_object": 1}}, "per_object"),
        ({"id": "有空格 "}, "id"),
    ],
)
def test_plans_that_do_not_hold_together(tmp_path, changes, said):
    (path := tmp_path / "p.yaml").write_text(yaml.safe_dump({**BASE, **changes}, allow_unicode=True), "utf8")
    with pytest.raises(ZhunshengError, match="ZS-DR-01") as caught:
        read_plan(path)
    assert said in caught.value.text()


def test_the_template_commits_as_it_is_and_is_written_over_nothing(tmp_path):
    write_template(tmp_path)
    committed, _ = commit_draw(
        tmp_path / "方案.yaml",
        tmp_path / "检查人员.yaml",
        tmp_path / "抽查",
        FrameSource(tmp_path / "名录库.csv"),
    )
    assert committed["frame"]["count"] == 7
    with pytest.raises(ZhunshengError, match=r"ZS-DR-67.*方案.yaml"):
        write_template(tmp_path)


@pytest.mark.parametrize(
    "moment", ["2999-11-28 20:00", "2999年11月28日", None, "２９９９-11-28T20:00:00+08:00"]
)
def test_a_moment_that_cannot_be_read_is_named_and_not_the_round_that_follows_from_it(moment):
    data = {**BASE, "known_at": moment, "randomness": [{"source": "drand"}]}
    with pytest.raises(ZhunshengError, match="ZS-DR-01") as caught:
        plan_of_data({k: v for k, v in data.items() if v is not None})
    assert "known_at" in caught.value.text() and "round" not in caught.value.text()


def test_what_the_template_has_to_fill_in_is_read(tmp_path):
    write_template(tmp_path)
    entry = load(tmp_path / "录入甲.yaml")
    assert entry["by"] and entry["values"][0].keys() == {"signature"}
    assert read_results(tmp_path / "检查结果.yaml")[0].result in categories()


def test_a_draw_larger_than_a_bundle_or_a_plan_without_end_is_refused(tmp_path):
    for changes, said in (
        ({"staffing": {"per_object": 10**9}}, "per_object"),
        ({"quotas": [{"count": 10**18}]}, "count"),
        ({"known_at": "9999-12-31T23:59:59-23:59"}, "2000 至 2999"),
        ({"known_at": "0001-01-01T00:00:00+23:59"}, "2000 至 2999"),
        ({"randomness": [{"source": "drand", "round": 10**18}]}, "round"),
        ({"strata": ["a", "a"]}, "strata"),
        ({"quotas": [{"ratio": "0.５"}]}, "ratio"),
        ({"title": "长" * 1001}, "title"),
    ):
        (tmp_path / "p.yaml").write_text(yaml.safe_dump({**BASE, **changes}, allow_unicode=True), "utf8")
        with pytest.raises(ZhunshengError, match="ZS-DR-01") as caught:
            read_plan(tmp_path / "p.yaml")
        assert said in caught.value.text(), caught.value.text()
    many = [(f"E{n:06d}", f"所{n}", "A") for n in range(20_001)]
    with pytest.raises(ZhunshengError, match="ZS-DR-26"):
        frame_from_file(write_frame_csv(tmp_path / "f.csv", many), plan_of(), open_database())
    with pytest.raises(ZhunshengError, match="ZS-DR-26"):
        assign(plan_of(staffing={"per_object": 20}), objects_of(120_001), people(), "a" * 32)
    with pytest.raises(ZhunshengError, match="ZS-DR-26"):
        assignment_1.assign(plan_of(staffing={"per_object": 20}), objects_of(20_001), people(), "a" * 32)
    with pytest.raises(ZhunshengError, match=r"ZS-DR-26.*400000"):
        refuse_too_large(
            plan_of(staffing={"per_object": 20}), {"东|A": {"size": 10**6, "quota": 20_001, "reserve": 0}}
        )
    strata = {"东|A": {"size": 10**6, "quota": 100_000, "reserve": 20_001}}
    with pytest.raises(ZhunshengError, match=r"ZS-DR-26.*120001 户"):
        refuse_too_large(plan_of(), strata)
    refuse_too_large(plan_of(), {"东|A": {**strata["东|A"], "reserve": 20_000}})
    wide = [RegisteredInspector(id=f"P{n}", certified=True) for n in range(2_000)]
    objects = [(spec.ticket("a" * 32, f"E{n}"), f"E{n}", f"所{n}|A") for n in range(1_001)]
    with pytest.raises(ZhunshengError, match="ZS-DR-26"):
        assignment_1.assign(plan_of(), objects, wide, "a" * 32)
    assert len(assign(plan_of(), objects, wide, "a" * 32)) == 1_001


def test_strata_of_which_nobody_is_drawn_are_told(tmp_path, capsys, drawn):
    from zhunsheng.cli import main
    from zhunsheng.reports.draw_forms import notice_form

    place, _ = drawn
    plan = {**BASE, "quotas": [{"match": {"credit_class": "D"}, "count": 0}, {"ratio": "0.05"}]}
    (tmp_path / "p.yaml").write_text(
        yaml.safe_dump({**plan, "known_at": "2999-01-01T00:00:00Z"}, allow_unicode=True), "utf8"
    )
    frame = write_frame_csv(tmp_path / "f.csv", [*rows(40), ("E99999", "乡", "D")])
    arguments = (
        "draw",
        "commit",
        tmp_path / "p.yaml",
        "--inspectors",
        place / "people.yaml",
        "--frame",
        frame,
    )
    out, again = ("--out", tmp_path / "o"), ("--out", tmp_path / "again", "--json")
    for more, said in (
        (out, "有 3 层共 11 户一户也不抽，公告会写明：乡 D 类（1 户）"),
        (again, '"stratum": "乡|D"'),
    ):
        with pytest.raises(SystemExit) as left:
            main([str(a) for a in (*arguments, *more)])
        assert left.value.code == 0
        assert said in capsys.readouterr().out.replace("\n", "")
    committed = json.loads((tmp_path / "o" / "commitment.json").read_text("utf8"))
    outcome = DrawOutcome(
        Plan.model_validate(plan), committed, {"randomness": "", "seed": "", "values": []}, (), (), {}, {}
    )
    assert "3 层，共 11 户：乡 D 类（1 户）、东 D 类（5 户）" in "".join(
        c.text for row in notice_form(outcome).rows for c in row
    )


def test_strata_without_quota_and_missing_columns_are_refused(tmp_path):
    path = write_frame_csv(tmp_path / "f.csv", rows(8))
    only_d = plan_of(quotas=[{"match": {"credit_class": "D"}, "count": 1}])
    with pytest.raises(ZhunshengError, match="没有给这个分层配额"):
        frame_from_file(path, only_d, open_database())
    with pytest.raises(ZhunshengError, match="没有列 colour"):
        frame_from_file(path, plan_of(strata=["colour"], quotas=[{"count": 1}]), open_database())
    (bad := tmp_path / "g.csv").write_text("name\nx\n", "utf8")
    with pytest.raises(ZhunshengError, match="没有列"):
        frame_from_file(bad, plan_of(), open_database())
    with pytest.raises(ZhunshengError, match="ZS-IN-01"):
        frame_from_file(tmp_path / "none.csv", plan_of(), open_database())
    (tmp_path / "h.parquet").write_bytes(b"PAR1")
    with pytest.raises(ZhunshengError, match="ZS-DR-82"):
        frame_from_file(tmp_path / "h.parquet", plan_of(), open_database())


# -- the page in a real browser
# ------------------------------------------------------------------------------------------------------------


def test_strata_and_rules_are_told_by_the_titles_of_the_ledger():
    """Pages, notice and command say 城关所 A 类; the plan's data, the frame and the digests
    keep their codes.
    """
    known = plan_of(
        quotas=[
            {"match": {"credit_class": "A"}, "ratio": "0.005", "floor": 3},
            {"match": {"district": "东"}, "count": 4},
            {"ratio": "0"},
        ]
    )
    assert [q.words() for q in known.quotas] == ["A 类：0.5%，至少 3 户", "辖区“东”：4 户", "其余各层：0%"]
    assert (
        plan_of(quotas=[{"match": {"credit_class": "B类"}, "count": 1}]).quotas[0].words()
        == "信用风险类别“B类”：1 户"
    )
    told = known.allotted({"东|A": {"size": 9, "quota": 3, "reserve": 0}})
    assert [(s["stratum"], s["words"]) for s in told] == [("东|A", "东 A 类")]
    # A frame from a file may have columns that no ledger knows: they are called as the file calls them.
    assert (
        stratum_words(["kind", "credit_class"], "甲|Z") == "甲 Z"
        and stratum_words(["kind"], "甲|Z") == "甲|Z"
    )
    assert match_words({"kind": "甲"}) == "kind“甲”"


# -- the sample, results, due dates
# ------------------------------------------------------------------------------------------------------------


def test_frame_from_the_ledger_can_be_narrowed(sample, tmp_path):
    (tmp_path / "p.yaml").write_text(
        yaml.safe_dump({**BASE, "quotas": [{"ratio": "0.01"}]}, allow_unicode=True), "utf8"
    )
    (tmp_path / "i.yaml").write_text(yaml.safe_dump([p.model_dump(mode="json") for p in people()]), "utf8")
    store = sample[0] / "results" / "evidence"

    def count(where):
        committed, _ = commit_draw(
            tmp_path / "p.yaml",
            tmp_path / "i.yaml",
            tmp_path / "o",
            FrameSource(evidence=store, on=date(2021, 2, 25), where=where),
            now=BEFORE,
        )
        return committed["frame"]["count"]

    assert 0 < count("type = '农民专业合作社'") < count("type = '企业'") < count(None)
    with pytest.raises(ZhunshengError, match="ZS-MS-02"):
        count("colour = 1")
    with pytest.raises(ZhunshengError, match="ZS-CL-01"):
        commit_draw(tmp_path / "p.yaml", tmp_path / "i.yaml", tmp_path / "o", FrameSource(), now=BEFORE)
