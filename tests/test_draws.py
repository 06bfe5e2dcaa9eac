"""Draws: the protocol's bytes, three engines alike, every kind of tampering caught, chances
even, loads even.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import shutil
import zipfile
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, milp
from scipy.stats import chisquare
from typer.testing import CliRunner

from zhunsheng.cli.commands import app
from zhunsheng.draw_folders import commit_draw, results_to_ledger, seal_draw, write_template
from zhunsheng.draws import assignment_1, spec
from zhunsheng.draws.assignment import RegisteredInspector, assign, register_digest
from zhunsheng.draws.beacons import round_time
from zhunsheng.draws.bundle import read_bundle
from zhunsheng.draws.bundle_rules import PARTS
from zhunsheng.draws.codes import odd_codes
from zhunsheng.draws.drawing import DuckDatabase, PostgresDatabase, SparkDatabase, draw, query, threshold
from zhunsheng.draws.frame import frame_from_file, open_database
from zhunsheng.draws.plan import Plan, Quota
from zhunsheng.draws.protocol import DrawOutcome, commitment, commitment_digest, refuse_too_large, seal
from zhunsheng.draws.randomness import both, canonical_text
from zhunsheng.draws.reading import load, read_inspectors, read_plan, read_results
from zhunsheng.draws.reading import plan_of as plan_of_data
from zhunsheng.draws.results import InspectionResult, categories, check_results, due, overdue, publish_by
from zhunsheng.draws.strata import match_words, stratum_words
from zhunsheng.draws.verification import published_check, verify
from zhunsheng.errors import ZhunshengError
from zhunsheng.sample.draw import demo_beacon_draw, demo_draw, inspectors, plan
from zhunsheng.usecases.drawing.frames import FrameSource
from zhunsheng.usecases.drawing.listing import list_draw
from zhunsheng.usecases.drawing.running import run_draw
from zhunsheng.usecases.drawing.sealing import seal_entries
from zhunsheng.usecases.drawing.verifying import verify_bundle
from zhunsheng.usecases.own_proofs import own_of, own_proof

VECTORS = json.loads((Path(__file__).parents[1] / "docs" / "draw-vectors.json").read_text("utf8"))
PAGE = Path(str(spec.__file__)).parent / "verify.html"
# quicknet round 1000
SIGNATURE = "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39"
BASE = {
    "id": "T-1",
    "title": "试抽",
    "office": "某局",
    "rule": "国市监信〔2019〕38号",
    "items": [{"code": "A", "name": "甲"}],
    "strata": ["district", "credit_class"],
    "quotas": [
        {"match": {"credit_class": "D"}, "ratio": "0.2", "floor": 2},
        {"ratio": "0.05", "floor": 1, "ceiling": 30},
    ],
    "reserve": "0.5",
    "randomness": [{"source": "lottery", "name": "某彩票", "issue": "2021024"}],
    "known_at": "2021-03-01T22:00:00+08:00",
}
NUMBERS = [{"numbers": "03 08 17 22"}]
BEFORE = datetime(2021, 2, 26, tzinfo=UTC)


def plan_of(**changes) -> Plan:
    return Plan.model_validate({**BASE, **changes})


def people(n=12, **changes):
    return [RegisteredInspector(**{"id": f"P{i:02d}", "certified": i % 2 == 0, **changes}) for i in range(n)]


def rows(n=400):
    return [(f"E{i:05d}", ("东", "西")[i % 2], "ABCD"[i // 2 % 4]) for i in range(n)]


def write_frame_csv(path: Path, data) -> Path:
    path.write_text("id,district,credit_class\n" + "".join(",".join(r) + "\n" for r in data), "utf8")
    return path


@pytest.fixture(scope="session")
def drawn(tmp_path_factory):
    """A committed, sealed and run draw with what it was made from, and its digest: made once,
    to be copied.
    """
    place = tmp_path_factory.mktemp("drawn")
    (place / "plan.yaml").write_text(yaml.safe_dump(BASE, allow_unicode=True), "utf8")
    (place / "people.yaml").write_text(yaml.safe_dump([p.model_dump(mode="json") for p in people()]), "utf8")
    frame = write_frame_csv(place / "frame.csv", rows())
    out = place / "draw"
    _, digest = commit_draw(
        place / "plan.yaml", place / "people.yaml", out, FrameSource(frame), now=BEFORE, memory_limit="200MB"
    )
    for name in ("a", "b"):
        (place / f"{name}.yaml").write_text(yaml.safe_dump({"by": name, "values": NUMBERS}), "utf8")
    seal_draw(out, place / "a.yaml", place / "b.yaml")
    run_draw(out, memory_limit="200MB")
    return place, digest


@pytest.fixture
def folder(drawn, tmp_path):
    """A draw on disk of the test's own, with its digest."""
    place, digest = drawn
    shutil.copytree(place, tmp_path, dirs_exist_ok=True)
    return tmp_path / "draw", digest


# -- bytes
# --------------------------------------------------------------------------------------------------


def test_vectors_by_hashlib_alone():
    """Recompute the published vectors without the project's code."""
    sha = lambda text: hashlib.sha256(text.encode()).hexdigest()  # noqa: E731
    assert sha(f"{VECTORS['commitment']}\n{VECTORS['randomness']}")[:32] == VECTORS["seed"]
    tickets = {entity: sha(f"{VECTORS['seed']}:{entity}") for entity, _ in VECTORS["frame"]}
    for stratum, numbers in VECTORS["strata"].items():
        mine = sorted((tickets[e], e) for e, s in VECTORS["frame"] if s == stratum)[
            : numbers["quota"] + numbers["reserve"]
        ]
        assert [(d["ticket"], d["id"]) for d in VECTORS["drawn"] if d["stratum"] == stratum] == mine
    lines = b"".join(f"{e}\t{s}\n".encode() for e, s in sorted(VECTORS["frame"]))
    assert hashlib.sha256(lines).hexdigest() == VECTORS["frame_digest"]
    salted = VECTORS["salted"]
    assert hashlib.sha256(f"#\t{salted['key']}\n".encode() + lines).hexdigest() == salted["frame_digest"]
    strata = dict(VECTORS["frame"])
    for entity, proof in salted["proofs"].items():
        assert proof["salt"] == sha(f"{salted['key']}:{entity}")[:32]
        node = hashlib.sha256(
            b"\0" + bytes.fromhex(proof["salt"]) + f"{entity}\t{strata[entity]}".encode()
        ).digest()
        for step in proof["path"]:
            other = bytes.fromhex(step[1:])
            node = hashlib.sha256(b"\1" + (other + node if step[0] == "L" else node + other)).digest()
        assert node.hex() == salted["frame_root"]


def test_vectors_by_the_command(capsys, tmp_path):
    from zhunsheng.cli import main

    path = Path(__file__).parents[1] / "docs" / "draw-vectors.json"
    with pytest.raises(SystemExit) as left:
        main(["draw", "vectors", str(path)])
    assert (left.value.code, "不符" in capsys.readouterr().out) == (0, False)
    for key, wrong in (
        ("seed", "f" * 32),
        ("frame_root", "0" * 64),
        ("drawn", []),
        ("assignment", []),
        ("strata", {}),
        ("randomness", "x"),
        ("salted", {**VECTORS["salted"], "frame_root": "0" * 64}),
        ("salted", {**VECTORS["salted"], "key": "0" * 32}),
        ("plans", [{**VECTORS["plans"][0], "drawn_digest": "0" * 64}]),
        ("plans", [{**VECTORS["plans"][0], "seed": "0" * 32}]),
    ):
        (changed := tmp_path / "v.json").write_text(json.dumps({**VECTORS, key: wrong}), "utf8")
        with pytest.raises(SystemExit) as left:
            main(["draw", "vectors", str(changed)])
        assert left.value.code == 1, key
        capsys.readouterr()


def vector_frame(tmp_path):
    path = tmp_path / "frame.tsv"
    path.write_text("".join(f"{e}\t{s}\n" for e, s in VECTORS["frame"]), "utf8")
    return path


def drawn_of(database):
    return [d.__dict__ for d in draw(database, VECTORS["seed"], VECTORS["strata"])]


def test_vectors_on_duckdb(tmp_path):
    path, plan, salted = vector_frame(tmp_path), Plan.model_validate(VECTORS["plan"]), VECTORS["salted"]
    frame = frame_from_file(path, plan, open_database(), key=salted["key"])
    assert (frame.digest, frame.root) == (salted["frame_digest"], salted["frame_root"])
    frame = frame_from_file(path, plan, open_database(), published=True)
    assert (frame.digest, frame.root) == (VECTORS["frame_digest"], VECTORS["frame_root"])
    assert drawn_of(DuckDatabase(frame.connection)) == VECTORS["drawn"]


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    """A real PostgreSQL server, started here."""
    import pgserver
    import psycopg

    server = pgserver.get_server(tmp_path_factory.mktemp("pg"))
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        yield connection
    server.cleanup()


def into_postgres(connection, data):
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS frame; CREATE TABLE frame (id text, stratum text)")
        with cursor.copy("COPY frame FROM STDIN") as copy:
            for row in data:
                copy.write_row(row)


@pytest.mark.xdist_group("postgres")
def test_vectors_on_postgresql(postgres):
    into_postgres(postgres, VECTORS["frame"])
    assert drawn_of(PostgresDatabase(postgres)) == VECTORS["drawn"]


@pytest.mark.xdist_group("spark")
def test_vectors_on_spark(spark):
    spark.createDataFrame(
        [tuple(r) for r in VECTORS["frame"]], "id string, stratum string"
    ).createOrReplaceTempView("frame")
    assert drawn_of(SparkDatabase(spark)) == VECTORS["drawn"]


@pytest.mark.xdist_group("spark")
def test_a_larger_frame_is_drawn_alike_by_all_three(spark, postgres, tmp_path):
    frame = frame_from_file(write_frame_csv(tmp_path / "f.csv", rows(20_000)), plan_of(), open_database())
    strata = plan_of().allot(frame.sizes)
    seed = "0123456789abcdef0123456789abcdef"
    here = draw(DuckDatabase(frame.connection), seed, strata)
    data = list(frame.lines())
    random.Random(1).shuffle(data)
    into_postgres(postgres, data)
    spark.createDataFrame(data, "id string, stratum string").createOrReplaceTempView("frame")
    assert draw(PostgresDatabase(postgres), seed, strata) == here
    assert draw(SparkDatabase(spark), seed, strata) == here


def test_ticket_is_one_block():
    assert len(f"{'a' * spec.SEED_LENGTH}{spec.SEPARATOR}{'9' * 22}") == 55
    assert not spec.ID.fullmatch("9" * 23)
    assert not spec.ID.fullmatch("甲")


def test_canonical_json():
    assert spec.canonical({"b": [1, "甲"], "a": None}) == '{"a":null,"b":[1,"甲"]}'.encode()
    with pytest.raises(ValueError, match="spelling"):
        spec.canonical({"a": [0.5]})


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=70), st.sampled_from([b"", b"s" * 16]))
def test_every_leaf_proves_itself_and_no_other(lines, salt):
    tree = spec.Tree(spec.leaf(line, salt) for line in lines)
    root = spec.root_of(spec.leaf(line, salt) for line in lines)
    for n, line in enumerate(lines):
        assert spec.climb(line, tree.proof(n), salt) == root
        assert spec.climb(line + b"x", tree.proof(n), salt) != root
        assert spec.climb(line, tree.proof(n), b"t" * 16) != root


def test_empty_tree_is_defined():
    assert spec.root_of([]) == hashlib.sha256(b"").hexdigest()


# -- plan and frame
# --------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([*rows(4), ("E00001", "东", "A")], "编号重复：第3行 E00001"),
        ([*rows(4), ("甲", "东", "A")], "第6行 甲"),
        ([*rows(4), ("9" * 23, "东", "A")], "第6行"),
        ([*rows(4), ("E9", "东|西", "A")], "第6行 E9"),
        ([*rows(4), ("E9", "", "A")], "第6行 E9"),
        ([], "没有检查对象"),
    ],
)
def test_frames_that_are_refused_name_their_rows(tmp_path, data, said):
    with pytest.raises(ZhunshengError, match=r"ZS-DR-02|ZS-DR-84") as caught:
        frame_from_file(write_frame_csv(tmp_path / "f.csv", data), plan_of(), open_database())
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
    ("text", "said"),
    [
        ("id,district,credit_class\nE1,东,A\nE2,东,A,多\n", "ZS-DR-82.*第 3 行的列数与第一行不同"),
        ("id,district,credit_class\nE1,东,A\nE2,东\n", "ZS-DR-82.*第 3 行的列数与第一行不同"),
        ('id,district,credit_class\nE1,东,A\n"E2,东,A\n', "ZS-DR-82.*引号不成对"),
        ("", "ZS-IN-02"),
        ("id,district,district,credit_class\nE1,东,西,A\n", "ZS-DR-83.*有两列都叫 district"),
        ("名录库,,\nid,district,credit_class\nE1,东,A\n", "ZS-DR-83.*第 1 行应是各列的列名，第 2 列没有列名"),
        ("id;district;credit_class\nE1;东;A\n", "ZS-DR-83.*现在是 id;district;credit_class"),
        ("id,district,credit_class\n9.1310000123457E+17,东,A\n", "ZS-DR-02.*第2行.*科学计数"),
        ("id,district,credit_class\n９1,东,A\n", "ZS-DR-02.*全角"),
        ("id,district,credit_class\n'E9,东,A\n", "ZS-DR-02.*表格软件的记号"),
        ("id,district,credit_class\nE 9,东,A\n", "ZS-DR-02.*空格"),
        ("id,district,credit_class\nE9,,A\n", "ZS-DR-02.*分层是空的"),
        ("id,district,credit_class\n,东,A\n", "ZS-DR-02.*没有编号"),
    ],
)
def test_a_frame_says_what_is_wrong_with_which_row_and_guesses_nothing(tmp_path, text, said):
    (tmp_path / "f.csv").write_text(text, "utf8")
    with pytest.raises(ZhunshengError, match=said):
        frame_from_file(tmp_path / "f.csv", plan_of(), open_database())


def test_a_frame_keeps_its_columns_however_lines_end(tmp_path):
    text = 'id,名称,district,credit_class\nE1,"甲,乙",东,A\nE2,丙,东,B\n'
    for n, said in enumerate((text, text.replace("\n", "\r\n"), "\ufeff" + text, text[:-1])):
        (tmp_path / f"{n}.csv").write_bytes(said.encode())
        assert (
            frame_from_file(tmp_path / f"{n}.csv", plan_of(), open_database(), key="0" * 32).root
            == frame_from_file(tmp_path / "0.csv", plan_of(), open_database(), key="0" * 32).root
        )


@pytest.mark.parametrize(
    "moment", ["2999-11-28 20:00", "2999年11月28日", None, "２９９９-11-28T20:00:00+08:00"]
)
def test_a_moment_that_cannot_be_read_is_named_and_not_the_round_that_follows_from_it(moment):
    data = {**BASE, "known_at": moment, "randomness": [{"source": "drand"}]}
    with pytest.raises(ZhunshengError, match="ZS-DR-01") as caught:
        plan_of_data({k: v for k, v in data.items() if v is not None})
    assert "known_at" in caught.value.text() and "round" not in caught.value.text()


def test_a_file_is_not_filtered_in_silence(tmp_path):
    write_template(tmp_path)
    files = (tmp_path / "方案.yaml", tmp_path / "检查人员.yaml", tmp_path / "抽查")
    for more in ({"on": date(2020, 1, 1)}, {"where": "credit_class = 'A'"}, {"evidence": tmp_path}):
        with pytest.raises(ZhunshengError, match=r"ZS-CL-01.*--frame"):
            commit_draw(*files, FrameSource(tmp_path / "名录库.csv", **more))


def test_what_the_template_has_to_fill_in_is_read(tmp_path):
    write_template(tmp_path)
    entry = load(tmp_path / "录入甲.yaml")
    assert entry["by"] and entry["values"][0].keys() == {"signature"}
    assert read_results(tmp_path / "检查结果.yaml")[0].result in categories()


def test_frames_as_excel_saves_them_are_told_how_to_save_them(tmp_path):
    import openpyxl

    text = "id,district,credit_class\n" + "".join(f"E{n:04d},A,A\n" for n in range(2_000)) + "E9999,东,A\n"
    openpyxl.Workbook().save(tmp_path / "a.xlsx")
    shutil.copy(tmp_path / "a.xlsx", tmp_path / "a.csv")
    (tmp_path / "gbk.csv").write_bytes(text.encode("gbk"))
    (tmp_path / "utf16.csv").write_bytes(text.encode("utf-16"))
    for name, said in (
        ("a.xlsx", "xlsx 工作簿"),
        ("a.csv", "xlsx 工作簿"),
        ("gbk.csv", "GBK"),
        ("utf16.csv", "UTF-16"),
    ):
        with pytest.raises(ZhunshengError, match=r"ZS-DR-66.*CSV UTF-8") as caught:
            frame_from_file(tmp_path / name, plan_of(), open_database())
        assert said in caught.value.text()
    for encoding in ("utf-8", "utf-8-sig"):
        (tmp_path / "right.csv").write_text(text, encoding)
        assert frame_from_file(tmp_path / "right.csv", plan_of(), open_database()).count == 2_001
    (tmp_path / "c.csv").write_text("编号,district\nE1,东\n", "utf8")
    with pytest.raises(
        ZhunshengError,
        match=r"没有列 id、credit_class：第一行的列名应为 id 和 district、credit_class，"
        "现在是 编号、district",
    ):
        frame_from_file(tmp_path / "c.csv", plan_of(), open_database())


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([*rows(4), ("e00001", "东", "A")], "第3行 E00001与第6行 e00001"),  # case
        ([*rows(4), ("EOOOO1", "东", "A")], "第3行 E00001与第6行 EOOOO1"),  # O and 0
        ([*rows(4), ("E0000l", "东", "A")], "第3行 E00001与第6行 E0000l"),  # l and 1
        ([*rows(4), ("E0000I", "东", "A")], "第3行 E00001与第6行 E0000I"),  # I and 1
        ([*rows(8), ("E9", "东", "Ａ")], "信用风险类别 第2行“A”与第10行“Ａ”（U+FF21）"),  # width
        ([*rows(8), ("E9", "东", "a")], "信用风险类别 第2行“A”与第10行“a”"),
        ([*rows(8), ("E9", "东", "А")], "“А”（U+0410）"),  # Cyrillic
        ([*rows(8), ("E9", "东 ", "A")], "辖区 第2行“东”与第10行“东 ”（U+0020）"),  # blanks
        ([*rows(8), ("E9", "东\u200b", "A")], "（U+200B）"),  # what nobody sees
        ([*rows(8), ("E8", "é", "A"), ("E9", "e\u0301", "A")], "（U+0301）"),  # composed or not
        ([*rows(8), ("E8", "\uf900", "A"), ("E9", "豈", "A")], "（U+F900）"),  # compatibility ideographs
        ([*rows(8), ("E8", "中口所", "A"), ("E9", "中囗所", "A")], "中囗所”（U+56D7）"),  # the same outline
        ([*rows(8), ("E8", "二〇所", "A"), ("E9", "二○所", "A")], "（U+25CB）"),
        ([*rows(8), ("E8", "长⻔", "A"), ("E9", "长门", "A")], "（U+2ED4）"),  # radicals
    ],
)
def test_what_only_looks_the_same_is_refused_with_both_rows(tmp_path, data, said):
    """One object beside its look-alike with a quota of none would be exempt."""
    path = write_frame_csv(tmp_path / "f.csv", data)
    with pytest.raises(ZhunshengError, match="ZS-DR-24") as caught:
        frame_from_file(path, plan_of(), open_database())
    assert said in caught.value.text(), caught.value.text()
    # What was committed before this was asked is drawn and verified as it is.
    assert frame_from_file(path, plan_of(), open_database(), published=True).count == len(data)


def test_districts_of_their_own_and_codes_are_no_look_alikes(tmp_path):
    places = [
        "东城",
        "西城",
        "东湖所",
        "北山所",
        "中心所",
        "中山所",
        "甲乙",
        "由申",
        "一所",
        "三所",
        "N区",
        "V区",
        "八里",
        "入里",
    ]
    data = [(f"91110190MA{n:07d}X", places[n % len(places)], "ABCD"[n % 4]) for n in range(200)]
    assert frame_from_file(write_frame_csv(tmp_path / "f.csv", data), plan_of(), open_database()).count == 200


def test_inspectors_that_look_the_same_are_refused(tmp_path, drawn):
    place, _ = drawn
    for staff, said in (
        ([*people(), RegisteredInspector(id="P1O", certified=True)], "第11人 P10 与第13人 P1O"),
        (
            [*people(), RegisteredInspector(id="Z", certified=True, districts=["东 "])],
            "第13人 Z 的辖区“东 ”（U+0020）与名录库的“东”",
        ),
    ):
        (tmp_path / "i.yaml").write_text(yaml.safe_dump([p.model_dump(mode="json") for p in staff]), "utf8")
        with pytest.raises(ZhunshengError, match="ZS-DR-25") as caught:
            commit_draw(
                place / "plan.yaml",
                tmp_path / "i.yaml",
                tmp_path / "o",
                FrameSource(place / "frame.csv"),
                now=BEFORE,
            )
        assert said in caught.value.text(), caught.value.text()
        assert not (tmp_path / "o").exists()


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


def test_full_width_digits_are_entered_as_plain_ones(tmp_path):
    plan, wide = plan_of(), {"by": "乙", "values": [{"numbers": "０３　０８ 17 22"}]}
    assert both(plan, {"by": "甲", "values": [{"numbers": "03 08 17 22"}]}, wide)[0].endswith(":03 08 17 22")
    frame = frame_from_file(write_frame_csv(tmp_path / "f.csv", rows()), plan, open_database())
    sealed = seal(plan, commitment(plan, frame, people(), BEFORE), wide, {**wide, "by": "甲"})
    assert sealed["values"] == [{"numbers": "03 08 17 22"}]
    with pytest.raises(ZhunshengError, match="ZS-DR-05"):
        canonical_text(plan, [{"numbers": "٣"}])


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


@settings(max_examples=20, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 300))
def test_neither_order_nor_filter_changes_a_draw_and_larger_quotas_nest(tmp_path_factory, shuffler, n):
    data = rows(n)
    strata = {}
    draws = []
    for _ in range(2):
        shuffler.shuffle(data)
        frame = frame_from_file(
            write_frame_csv(tmp_path_factory.mktemp("f") / "f.csv", data), plan_of(), open_database()
        )
        strata = plan_of().allot(frame.sizes)
        draws.append(draw(DuckDatabase(frame.connection), "a" * 32, strata))
    assert draws[0] == draws[1]
    unfiltered = DuckDatabase(frame.connection).rows(query("a" * 32, strata, "duckdb", filtered=False))
    assert sorted((d.stratum, d.rank, d.id, d.ticket) for d in draws[0]) == sorted(unfiltered)
    larger = {s: {**v, "quota": min(v["quota"] + 3, v["size"])} for s, v in strata.items()}
    assert {d.id for d in draws[0] if not d.reserve} <= {
        d.id for d in draw(DuckDatabase(frame.connection), "a" * 32, larger)
    }
    for stratum, numbers in strata.items():
        assert sum(d.stratum == stratum and not d.reserve for d in draws[0]) == numbers["quota"]


def test_a_threshold_too_low_drops_nobody(tmp_path, monkeypatch):
    frame = frame_from_file(write_frame_csv(tmp_path / "f.csv", rows()), plan_of(), open_database())
    strata = plan_of().allot(frame.sizes)
    right = draw(DuckDatabase(frame.connection), "a" * 32, strata)
    monkeypatch.setattr("zhunsheng.draws.drawing.threshold", lambda wanted, size: "0")
    assert draw(DuckDatabase(frame.connection), "a" * 32, strata) == right
    assert threshold(10, 20) == "g" * 64
    assert threshold(10, 10**6) < "0004"


def test_an_engine_that_lies_is_caught(tmp_path):
    class Liar(DuckDatabase):
        def rows(self, sql):
            return [(s, n, i, "0" * 64) for s, n, i, _ in super().rows(sql)]

    frame = frame_from_file(write_frame_csv(tmp_path / "f.csv", rows()), plan_of(), open_database())
    with pytest.raises(AssertionError, match="is not SHA-256"):
        draw(Liar(frame.connection), "a" * 32, plan_of().allot(frame.sizes))


# -- commitment and seed
# --------------------------------------------------------------------------------------------------


def test_a_commitment_after_the_numbers_is_refused(tmp_path):
    frame = frame_from_file(write_frame_csv(tmp_path / "f.csv", rows()), plan_of(), open_database())
    with pytest.raises(ZhunshengError, match="ZS-DR-03"):
        commitment(plan_of(), frame, people(), datetime(2021, 3, 1, 14, 0, tzinfo=UTC))
    early = plan_of(randomness=[{"source": "drand", "round": 1000}], known_at="2024-01-01T00:00:00Z")
    with pytest.raises(ZhunshengError, match="ZS-DR-03"):
        commitment(early, frame, people(), round_time("quicknet", 1000))
    assert (
        commitment(early, frame, people(), round_time("quicknet", 1000) - timedelta(seconds=1))["draw"]
        == "T-1"
    )


def test_the_time_that_a_plan_leaves_is_kept_and_numbers_are_not_taken_before_they_are_known(tmp_path):
    """A minute before the numbers nobody outside could note a commitment; an entry before them is nobody's
    number.
    """
    frame = frame_from_file(write_frame_csv(tmp_path / "f.csv", rows()), plan_of(), open_database())
    unhurried = plan_of(lead=60)
    assert plan_of().as_json().get("lead") is None and unhurried.as_json()["lead"] == 60
    last = unhurried.known_at - timedelta(minutes=60)
    committed = commitment(unhurried, frame, people(), last)
    with pytest.raises(ZhunshengError, match="ZS-DR-47"):
        commitment(unhurried, frame, people(), last + timedelta(seconds=1))
    entry = {"by": "a", "values": [{"numbers": "03 08"}]}
    entries = entry, {**entry, "by": "b"}
    with pytest.raises(ZhunshengError, match="才公布"):
        seal(unhurried, committed, *entries, when=unhurried.known_at - timedelta(seconds=1))
    assert seal(unhurried, committed, *entries, when=unhurried.known_at)["randomness"]


def test_a_real_drand_round_is_verified():
    beacon = plan_of(randomness=[{"source": "drand", "round": 1000}], known_at="2024-01-01T00:00:00Z")
    text = canonical_text(beacon, [{"signature": SIGNATURE}])
    assert text.endswith(":1000:fe290beca10872ef2fb164d2aa4442de4566183ec51c56ff3cd603d930e54fdd")
    for wrong in (SIGNATURE[:-1] + "8", "", "zz"):
        with pytest.raises(ZhunshengError, match="ZS-DR-05"):
            canonical_text(beacon, [{"signature": wrong}])
    other = plan_of(randomness=[{"source": "drand", "round": 1001}], known_at="2024-01-01T00:00:00Z")
    with pytest.raises(ZhunshengError, match="ZS-DR-05"):
        canonical_text(other, [{"signature": SIGNATURE}])


def test_sources_as_text():
    mixed = plan_of(
        randomness=[
            *BASE["randomness"],
            {"source": "ceremony", "speakers": ["甲代表", "乙代表"]},
            {"source": "office"},
        ]
    )
    text = canonical_text(mixed, [{"numbers": "03 08"}, {"numbers": ["07", "9"]}, {"numbers": "1"}])
    assert text == "lottery:某彩票:2021024:03 08\nceremony:甲代表=07;乙代表=9\noffice:1"
    for values in ([{"numbers": 308}], [{"numbers": "3, 8"}], [{"numbers": " 3"}], [{}], []):
        with pytest.raises(ZhunshengError, match="ZS-DR-05"):
            canonical_text(plan_of(), values)
    with pytest.raises(ZhunshengError, match="2 人"):
        canonical_text(
            plan_of(randomness=[{"source": "ceremony", "speakers": ["甲", "乙"]}]), [{"numbers": ["1"]}]
        )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"by": "甲", "values": NUMBERS}, {"by": "甲", "values": NUMBERS}),
        ({"by": "甲", "values": NUMBERS}, {"by": "乙", "values": [{"numbers": "3 08 17 22"}]}),
        ({"values": NUMBERS}, {"by": "乙", "values": NUMBERS}),
    ],
)
def test_two_people_must_agree(first, second):
    with pytest.raises(ZhunshengError, match="ZS-DR-04"):
        both(plan_of(), first, second)


@pytest.mark.parametrize(
    "entry",
    [
        [],
        "甲",
        None,
        {"by": "乙", "values": 5},
        {"by": "乙", "values": ["3"]},
        {"by": "乙", "values": {"a": 1}},
    ],
)
def test_an_entry_that_is_none_is_refused(entry):
    with pytest.raises(ZhunshengError, match="ZS-DR-05"):
        both(plan_of(), {"by": "甲", "values": NUMBERS}, entry)


def test_a_seed_the_office_controls_is_marked(tmp_path):
    frame = frame_from_file(
        write_frame_csv(tmp_path / "f.csv", rows()),
        office := plan_of(randomness=[{"source": "office"}]),
        open_database(),
    )
    committed = commitment(office, frame, people(), BEFORE)
    sealed = seal(
        office,
        committed,
        {"by": "甲", "values": [{"numbers": "1"}]},
        {"by": "乙", "values": [{"numbers": "1"}]},
    )
    assert sealed["controlled_by_office"] is True
    assert "甲" not in json.dumps(sealed, ensure_ascii=False)


# -- assignment
# --------------------------------------------------------------------------------------------------


def objects_of(n, seed="a" * 32):
    return [(spec.ticket(seed, f"E{i:05d}"), f"E{i:05d}", f"{'东西'[i % 2]}|A") for i in range(n)]


@st.composite
def staffs(draw_):
    """Registers with districts, certificates and recusals, of which some can't staff everything."""
    n = draw_(st.integers(3, 9))
    found = []
    for i in range(n):
        districts = draw_(st.sampled_from([[], ["东"], ["西"]]))
        recuse = draw_(st.lists(st.sampled_from([f"E{k:05d}" for k in range(8)]), max_size=3, unique=True))
        found.append(
            RegisteredInspector(
                id=f"P{i}", certified=draw_(st.booleans()), districts=districts, recuse=recuse
            )
        )
    return found


def most_even(objects, staff, k):
    """The least sum of squared loads any assignment has, by integer programming; None where none exists."""
    pairs = [
        (o, p)
        for o in objects
        for p in staff
        if o[1] not in p.recuse and (not p.districts or o[2].split("|")[0] in p.districts)
    ]
    top = len(objects)
    n = len(pairs)
    slots = [(p.id, level) for p in staff for level in range(1, top + 1)]
    cost = np.concatenate([np.zeros(n), [2 * level - 1 for _, level in slots]])
    lines, low, high = [], [], []
    for o in objects:
        lines.append([*(pair[0] == o for pair in pairs), *[0] * len(slots)])
        low.append(k), high.append(k)
        lines.append([*(pair[0] == o and pair[1].certified for pair in pairs), *[0] * len(slots)])
        low.append(1), high.append(k)
    for p in staff:
        lines.append([*(int(pair[1] is p) for pair in pairs), *(-int(s[0] == p.id) for s in slots)])
        low.append(0), high.append(0)
    solved = milp(
        cost,
        constraints=LinearConstraint(np.array(lines, float), low, high),
        integrality=np.ones(len(cost)),
        bounds=(0, 1),
    )
    return round(solved.fun) if solved.success else None


@settings(max_examples=60, deadline=None)
@given(staffs(), st.integers(1, 8), st.sampled_from(["a" * 32, "b" * 32]))
def test_loads_are_as_even_as_the_constraints_allow(staff, n, seed):
    objects = objects_of(n, seed)
    best = most_even(objects, staff, 2)
    try:
        teams = assign(plan_of(), objects, staff, seed)
    except ZhunshengError as error:
        assert best is None
        assert error.code == "ZS-DR-06"
        return
    by_id = {p.id: p for p in staff}
    loads = Counter(p for team in teams.values() for p in team)
    assert sum(load * load for load in loads.values()) == best
    for _, entity, stratum in objects:
        team = teams[entity]
        assert len(set(team)) == 2
        assert by_id[team[0]].certified
        for p in team:
            assert entity not in by_id[p].recuse
            assert not by_id[p].districts or stratum.split("|")[0] in by_id[p].districts


def test_what_cannot_be_staffed_is_said_exactly():
    staff = [
        RegisteredInspector(id="P1", certified=False),
        RegisteredInspector(id="P2", certified=False),
        RegisteredInspector(id="P3", certified=True, districts=["东"]),
    ]
    with pytest.raises(
        ZhunshengError,
        match=r"ZS-DR-06.*有 2 个.*E00001（西\|A）：有资格的 2 人，回避 0 人，可派 2 人，其中没有持执法证的",
    ):
        assign(plan_of(), objects_of(4), staff, "a" * 32)
    recused = [
        RegisteredInspector(id=f"P{n}", certified=True, recuse=["E00000"] if n else []) for n in range(3)
    ]
    with pytest.raises(ZhunshengError, match="回避 2 人，可派 1 人，不足 2 人"):
        assign(plan_of(), objects_of(1), recused, "a" * 32)
    wrong_item = [RegisteredInspector(id=f"P{n}", certified=True, items=["B"]) for n in range(3)]
    with pytest.raises(ZhunshengError, match="有资格的 0 人"):
        assign(plan_of(), objects_of(1), wrong_item, "a" * 32)


def test_too_much_work_for_some_is_shown_as_a_cut():
    limited = plan_of(staffing={"per_object": 2, "max_load": 3})
    staff = [
        RegisteredInspector(id=f"P{n}", certified=True, districts=["东" if n < 2 else "西"])
        for n in range(12)
    ]
    with pytest.raises(ZhunshengError, match="ZS-DR-06") as caught:
        assign(limited, objects_of(10), staff, "a" * 32)
    assert "有 2 个检查对象派不出" in caught.value.text()
    assert (
        "要由 P0、P1 等 2 人承担 10 人次，换给别人都不合规，而每人至多 3 个，只有 6 人次"
        in caught.value.text()
    )
    assert len(assign(limited, objects_of(6), staff, "a" * 32)) == 6


def test_interchangeable_inspectors_and_objects_have_the_same_chance():
    """Chi-square over 10,000 seeds, for objects drawn and for inspectors sent to one object."""
    seeds = [hashlib.sha256(str(n).encode()).hexdigest()[:32] for n in range(10_000)]
    ids = [f"E{i:05d}" for i in range(40)]
    drawn = Counter()
    for seed in seeds:
        drawn.update(sorted(ids, key=lambda e: spec.ticket(seed, e))[:5])
    assert chisquare([drawn[e] for e in ids]).pvalue > 1e-4
    staff = people(8)
    led, second = Counter(), Counter()
    for seed in seeds:
        team = assign(plan_of(), [(spec.ticket(seed, "E00000"), "E00000", "东|A")], staff, seed)["E00000"]
        led.update(p for p in team if int(p[1:]) % 2 == 0)
        second.update(team)
    certified = [p.id for p in staff if p.certified]
    others = [p.id for p in staff if not p.certified]
    assert chisquare([second[p] for p in certified]).pvalue > 1e-4
    assert chisquare([second[p] for p in others]).pvalue > 1e-4


def test_registers():
    assert register_digest(people()) == register_digest(people()[::-1])
    with pytest.raises(ZhunshengError, match="编号重复"):
        register_digest([*people(), people()[0]])


def test_register_files(tmp_path):
    (path := tmp_path / "p.yaml").write_text("- {id: 张三, certified: true}\n", "utf8")
    with pytest.raises(ZhunshengError, match="ZS-DR-80"):
        read_inspectors(path)
    path.write_text("- [", "utf8")
    with pytest.raises(ZhunshengError, match="ZS-DR-81"):
        read_inspectors(path)


# -- bundle, verification, tampering
# --------------------------------------------------------------------------------------------------


def held(checks):
    return {c.code: c.holds for c in checks}


def test_an_honest_bundle_holds(folder):
    out, digest = folder
    found = held(verify_bundle(out / "抽查包.zip", out / "frame.tsv", digest, memory_limit="200MB"))
    # A lottery's numbers are for its publisher to confirm: no program has checked them.
    assert {c for c, h in found.items() if h is not True} == {"strength"}
    assert (len(found), found["strength"]) == (14, None)
    partly = held(verify_bundle(out / "抽查包.zip"))
    assert {c for c, h in partly.items() if h is None} == {"published", "frame", "strength"}


def test_the_bundle_holds_no_names_and_is_reproducible(folder):
    out, _ = folder
    first = (out / "抽查包.zip").read_bytes()
    run_draw(out)
    assert (out / "抽查包.zip").read_bytes() == first
    with zipfile.ZipFile(out / "抽查包.zip") as archive:
        assert {*archive.namelist()} == {*PARTS, "README.txt"}
        assert b'"by"' not in archive.read("seed.json")


def tampered(out: Path, kind: str, elsewhere: Path) -> tuple[Path, Path]:
    """Return (bundle, frame) changed in one way."""
    parts = read_bundle(out / "抽查包.zip")
    frame = elsewhere / "frame.tsv"
    elsewhere.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(out / "frame.tsv", frame)
    drawn = parts["drawn.json"]
    if kind == "name added to the frame":
        lines = frame.read_text("utf8").splitlines()
        frame.write_text("\n".join(sorted([*lines, "E99999\t东|A"])) + "\n", "utf8")
    elif kind == "name taken out of the frame":
        frame.write_text("".join(frame.read_text("utf8").splitlines(keepends=True)[1:]), "utf8")
    elif kind == "changed quota":
        parts["plan.json"]["quotas"][0]["ratio"] = "0.1"
    elif kind == "changed quota in the commitment":
        next(iter(parts["commitment.json"]["strata"].values()))["quota"] += 1
    elif kind == "another seed":
        parts["seed.json"]["seed"] = "f" * 32
    elif kind == "other numbers":
        parts["seed.json"]["values"] = [{"numbers": "1 2 3"}]
    elif kind == "swapped object":
        ids = {d["id"] for d in drawn}
        drawn[0]["id"] = next(one for one, *_ in rows() if one not in ids)
    elif kind == "object left out":
        del drawn[0]
    elif kind == "swapped inspector":
        first = parts["assignment.json"][0]
        first["inspectors"][1] = next(
            f"P{n:02d}" for n in range(1, 12, 2) if f"P{n:02d}" not in first["inspectors"]
        )
    elif kind == "reordered list":
        drawn[0], drawn[1] = drawn[1], drawn[0]
    elif kind == "re-used seed":
        parts["seed.json"]["commitment"] = "0" * 64
    elif kind == "later commitment":
        parts["commitment.json"]["committed_at"] = "2021-03-01T20:00:00Z"
    elif kind == "register changed":
        parts["inspectors.json"][0]["certified"] = False
    elif kind == "one person entered twice":
        parts["seed.json"]["entered_by"] = ["a" * 16, "a" * 16]
    elif kind == "office hidden":
        parts["seed.json"]["controlled_by_office"] = True
    elif kind == "another cut-off":
        parts["cutoffs.json"] = dict.fromkeys(parts["cutoffs.json"], "f" * 64)
    elif kind == "broken part":
        parts["drawn.json"] = {"x": 1}
    bundle = elsewhere / "b.zip"
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, spec.canonical(data))
    return bundle, frame


TAMPERINGS = {
    "name added to the frame": "frame",
    "name taken out of the frame": "frame",
    "changed quota": "plan",
    "changed quota in the commitment": "quotas",
    "another seed": "seed",
    "other numbers": "randomness",
    "swapped object": "tickets",
    "object left out": "order",
    "swapped inspector": "assignment",
    "reordered list": "order",
    "re-used seed": "seed",
    "later commitment": "published",
    "register changed": "inspectors",
    "one person entered twice": "randomness",
    "office hidden": "randomness",
    "broken part": "ZS-DR-22",
    "another cut-off": "order",
}


@pytest.mark.parametrize("kind", TAMPERINGS)
def test_every_tampering_is_caught(folder, tmp_path, kind):
    out, digest = folder
    bundle, frame = tampered(out, kind, tmp_path / "t")
    if TAMPERINGS[kind].startswith("ZS-"):
        with pytest.raises(ZhunshengError, match=TAMPERINGS[kind]):
            verify_bundle(bundle, frame, digest)
        return
    found = held(verify_bundle(bundle, frame, digest))
    assert found[TAMPERINGS[kind]] is False, found


def test_bundles_that_are_none(tmp_path):
    with pytest.raises(ZhunshengError, match="ZS-IN-01"):
        read_bundle(tmp_path / "none.zip")
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04zz")
    with pytest.raises(ZhunshengError, match="ZS-DR-07"):
        read_bundle(tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("plan.json", "{}")
    with pytest.raises(ZhunshengError, match="ZS-DR-07"):
        read_bundle(tmp_path / "b.zip")
    assert held(verify({"plan.json": {}, "inspectors.json": []})) == {"plan": False}


def test_a_changed_frame_or_register_is_not_drawn_from(folder):
    out, _ = folder
    kept = (out / "frame.tsv").read_text("utf8")
    (out / "frame.tsv").write_text("".join(kept.splitlines(keepends=True)[1:]), "utf8")
    with pytest.raises(ZhunshengError, match="ZS-DR-08"):
        run_draw(out)
    (out / "frame.tsv").write_text(kept, "utf8")
    (out / "inspectors.json").write_text("[]", "utf8")
    with pytest.raises(ZhunshengError, match=r"ZS-DR-61.*inspectors\.json"):
        run_draw(out)


def _overwritten(out, name, change):
    data = json.loads((out / name).read_text("utf8"))
    change(data)
    (out / name).write_bytes(spec.canonical(data))


@pytest.mark.parametrize(
    ("name", "change", "blamed"),
    [
        ("seed.json", lambda one: one.update(seed="0" * 32), "seed.json"),
        ("seed.json", lambda one: one.update(commitment="0" * 64), "seed.json"),
        ("seed.json", lambda one: one.update(randomness="lottery:某彩票:2021024:03 08 17 23"), "seed.json"),
        ("seed.json", lambda one: one["values"][0].update(numbers="03 08 17 23"), "seed.json"),
        ("seed.json", lambda one: one.update(controlled_by_office=True), "seed.json"),
        ("commitment.json", lambda one: one["strata"]["东|D"].update(quota=0, reserve=0), "commitment.json"),
        ("commitment.json", lambda one: one["frame"].update(count=399), "commitment.json"),
        ("commitment.json", lambda one: one.update(committed_at="2021-02-25T00:00:00Z"), "seed.json"),
        ("plan.json", lambda one: one["quotas"][0].update(floor=3), "plan.json"),
        ("plan.json", lambda one: one.update(title="另一次"), "plan.json"),
    ],
)
def test_whatever_was_changed_in_the_folder_is_neither_drawn_nor_listed_nor_told(
    folder, tmp_path, name, change, blamed
):
    out, _ = folder
    _overwritten(out, name, change)
    for ask in (
        lambda: run_draw(out),
        lambda: list_draw(out, tmp_path / "l.csv"),
        lambda: own_of(out, "E00001"),
        lambda: own_proof(out, "E00001"),
    ):
        with pytest.raises(ZhunshengError, match=f"ZS-DR-61.* {blamed} "):
            ask()
    if name != "seed.json":
        with pytest.raises(ZhunshengError, match=r"ZS-DR-61|ZS-DR-38"):
            seal_entries(out, {"by": "a", "values": NUMBERS}, {"by": "b", "values": NUMBERS})
    assert not (tmp_path / "l.csv").exists()


def test_a_bundle_of_another_seed_tells_nobody_where_they_stand(folder):
    """Seed and all changed consistently in the folder, and the old bundle beside them."""
    out, _ = folder
    own_of(out, "E00001")
    other = canonical_text(read_plan(out / "plan.json"), values := [{"numbers": "01"}])
    bound = commitment_digest(json.loads((out / "commitment.json").read_text("utf8")))
    _overwritten(
        out,
        "seed.json",
        lambda one: one.update(values=values, randomness=other, seed=spec.seed_of(bound, other)),
    )
    with pytest.raises(ZhunshengError, match=r"ZS-DR-61.* 抽查包\.zip"):
        own_of(out, "E00001")


def _command(capsys, *arguments):
    from zhunsheng.cli import main

    with pytest.raises(SystemExit) as left:
        main(["draw", *map(str, arguments)])
    said = capsys.readouterr()
    return left.value.code, "".join((said.out + said.err).split("\n"))


def test_a_folder_that_holds_a_commitment_is_not_written_over(folder, tmp_path, capsys):
    """The key of a public commitment's frame lies in frame.tsv and nowhere else."""
    out, _ = folder
    kept = {one.name: one.read_bytes() for one in out.iterdir()}
    ask = (
        "commit",
        tmp_path / "plan.yaml",
        "--inspectors",
        tmp_path / "people.yaml",
        "--frame",
        tmp_path / "frame.csv",
        "--out",
    )
    code, said = _command(capsys, *ask, out)
    assert code == 2 and "ZS-DR-64" in said and "换一个新目录" in said
    assert {one.name: one.read_bytes() for one in out.iterdir()} == kept
    (tmp_path / "half").mkdir()
    shutil.copy(out / "frame.tsv", tmp_path / "half")
    assert "ZS-DR-64" in _command(capsys, *ask, tmp_path / "half")[1]


def test_a_file_where_a_folder_is_asked_for_is_told(folder, tmp_path, capsys):
    out, _ = folder
    (there := tmp_path / "there").write_text("x", "utf8")
    for ask in (("proof", out, "E00001", "--out", there), ("list", out, "--out", there / "l.csv")):
        code, said = _command(capsys, *ask)
        assert code == 2 and "ZS-CL-11" in said and "ZS-CL-99" not in said
    (tmp_path / "dir.csv").mkdir()
    assert "ZS-CL-11" in _command(capsys, "list", out, "--out", tmp_path / "dir.csv")[1]
    assert there.read_text("utf8") == "x"


def test_a_folder_without_commitment_or_seed_says_what_comes_first(folder, tmp_path):
    out, _ = folder
    for ask in (run_draw, lambda one: list_draw(one, tmp_path / "l.csv"), lambda one: own_of(one, "E1")):
        with pytest.raises(ZhunshengError, match=r"ZS-DR-63.*commitment"):
            ask(tmp_path)
    with pytest.raises(ZhunshengError, match="ZS-DR-63"):
        seal_draw(tmp_path, tmp_path / "a.yaml", tmp_path / "b.yaml")
    (out / "seed.json").unlink()
    for ask in (run_draw, lambda one: list_draw(one, tmp_path / "l.csv")):
        with pytest.raises(ZhunshengError, match=r"ZS-DR-62.*还没有录入随机数"):
            ask(out)


def test_the_frame_file_is_its_own_digest(folder):
    out, _ = folder
    committed = json.loads((out / "commitment.json").read_text("utf8"))
    assert hashlib.sha256((out / "frame.tsv").read_bytes()).hexdigest() == committed["frame"]["digest"]
    assert hashlib.sha256((out / "commitment.json").read_bytes()).hexdigest() == commitment_digest(committed)


# -- the page in a real browser
# --------------------------------------------------------------------------------------------------


@pytest.fixture
def browser(chromium):
    return chromium


def verify_in(browser, bundle, frame=None, expected=""):
    page = browser.new_page()
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(PAGE.as_uri())
    page.set_input_files("#bundle", str(bundle))
    if frame:
        page.set_input_files("#frame", str(frame))
    page.fill("#expected", expected)
    page.click("#go")
    page.wait_for_selector("body[data-done]", timeout=60_000)
    found = page.eval_on_selector_all(
        "#checks tr",
        "rows => rows.map(r => [r.dataset.code, {true: true, false: false}[r.dataset.holds] ?? null])",
    )
    page.close()
    assert problems == []
    return dict(found)


@pytest.mark.xdist_group("site")
def test_the_page_agrees_on_an_honest_bundle(folder, browser):
    out, digest = folder
    found = verify_in(browser, out / "抽查包.zip", out / "frame.tsv", digest)
    assert {c for c, h in found.items() if h is not True} == {"strength"}


@pytest.mark.xdist_group("site")
def test_a_digest_is_taken_as_it_was_copied_and_what_is_none_accuses_nobody(folder, browser, capsys):
    """Screens and slips show digests in groups; a slip's own digest, or half of one,
    says nothing against the draw.
    """
    out, digest = folder
    grouped = " ".join(digest[n : n + 8] for n in range(0, 64, 8)).upper()
    parts = read_bundle(out / "抽查包.zip")
    wide = "".join(chr(ord(c) + 0xFEE0) for c in digest)
    copied = [grouped, f"\u3000{digest}\n", grouped.replace(" ", "-"), grouped.replace(" ", "—"), wide]
    for typed, holds in (*((one, True) for one in copied), ("abc", None), ("f" * 64, False)):
        assert published_check(parts, typed).holds is holds, typed
    told = {
        "": "64 个字符，现在是 0 个",
        digest[:-3]: "现在是 61 个",
        digest + "00": "现在是 66 个",
        "ab-O0": "第 3 个字符（空格和横线不算）是“o”，多半是数字 0",
        "a\U0001f600": "第 2 个字符（空格和横线不算）是“\U0001f600”",
        digest: "",
    }
    page = browser.new_page()
    page.goto(PAGE.as_uri())
    for typed in copied:
        assert page.evaluate("typedDigest", typed) == spec.typed_digest(typed) == digest
    for typed, said in told.items():
        assert page.evaluate("digestFault", typed) == spec.digest_fault(typed) and said in spec.digest_fault(
            typed
        ), typed
    page.close()
    found = verify_in(browser, out / "抽查包.zip", None, grouped)
    assert found["published"] is True
    page = browser.new_page()
    page.goto(PAGE.as_uri())
    page.set_input_files("#bundle", str(out / "抽查包.zip"))
    page.fill("#expected", digest[:40])
    page.click("#go")
    page.wait_for_selector("text=承诺摘要应是 64 个")
    assert not page.locator("#result").is_visible()
    page.close()
    from zhunsheng.cli import main

    with pytest.raises(SystemExit) as left:
        main(["draw", "verify", str(out / "抽查包.zip"), "--commitment", "123"])
    assert left.value.code == 2 and "ZS-CL-01" in capsys.readouterr().err


@pytest.mark.xdist_group("site")
def test_the_page_catches_every_tampering(folder, browser, tmp_path):
    out, digest = folder
    for n, kind in enumerate(TAMPERINGS):
        bundle, frame = tampered(out, kind, tmp_path / str(n))
        found = verify_in(browser, bundle, frame, digest)
        assert False in found.values(), kind


@pytest.mark.xdist_group("site")
def test_the_page_on_the_vectors(browser):
    page = browser.new_page()
    page.goto(PAGE.as_uri())
    seed = page.evaluate(
        "v => digestText(v.commitment + '\\n' + v.randomness).then(d => d.slice(0, 32))", VECTORS
    )
    tickets = page.evaluate("v => v.drawn.map(d => ticketOf(v.seed, d.id))", VECTORS)
    quotas = page.evaluate("v => canonical(allot(v.plan, v.strata))", VECTORS)
    teams = page.evaluate(
        "v => [...assign(v.plan, v.drawn.filter(d => !d.reserve), v.inspectors, v.seed)].map(([id, "
        "team]) => ({id, inspectors: team}))",
        VECTORS,
    )
    every = page.evaluate(
        "plans => plans.map(one => canonical(allot(one.plan, one.strata)))", VECTORS["plans"]
    )
    page.close()
    assert every == [spec.canonical(one["strata"]).decode() for one in VECTORS["plans"]]
    assert seed == VECTORS["seed"]
    assert tickets == [d["ticket"] for d in VECTORS["drawn"]]
    assert quotas == spec.canonical(VECTORS["strata"]).decode()
    assert sorted(teams, key=lambda t: t["id"]) == sorted(VECTORS["assignment"], key=lambda t: t["id"])


@pytest.mark.xdist_group("site")
def test_the_page_assigns_as_draw_1_did(browser):
    page = browser.new_page()
    page.goto(PAGE.as_uri())
    chance = random.Random(5)
    for n in range(25):
        seed = hashlib.sha256(str(n).encode()).hexdigest()[:32]
        staff = [
            RegisteredInspector(
                id=f"P{i:02d}",
                certified=i % 3 == 0,
                districts=chance.choice([[], ["东"], ["西"], ["东", "西"]]),
                recuse=[f"E{chance.randrange(60):05d}"],
            )
            for i in range(20)
        ]
        staff += [
            RegisteredInspector(id=f"Q{i}", certified=True, districts=[d]) for i, d in enumerate("东西")
        ]
        objects = objects_of(60, seed)
        ours = assignment_1.assign(plan_of(), objects, staff, seed)
        sent = [{"ticket": t, "id": i, "stratum": s} for t, i, s in objects]
        theirs = page.evaluate(
            "([p, o, i, s]) => Object.fromEntries(assign(p, o, i, s))",
            [plan_of().as_json(), sent, [p.model_dump(mode="json") for p in staff], seed],
        )
        assert theirs == {k: list(v) for k, v in ours.items()}
    page.close()


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
# --------------------------------------------------------------------------------------------------


def test_the_samples_draw(sample, tmp_path):
    done = demo_draw(tmp_path / "d", sample[0] / "results" / "evidence", 2021)
    assert [c.code for c in done.checks if c.holds is not True] == ["strength"]
    assert 300 < done.drawn < 500
    names = {p.name for p in done.folder.iterdir()}
    assert {
        "抽查包.zip",
        "公告.html",
        "公告.docx",
        "公告.json",
        "任务清单.xlsx",
        "任务清单.html",
        "检查记录表.docx",
        "verify.html",
        "frame.tsv",
    } <= names
    assert len(plan()["items"]) == 2
    tasks, public = (
        (done.folder / "任务清单.html").read_text("utf8"),
        (done.folder / "公告.html").read_text("utf8"),
    )
    assert "示例区" in tasks
    assert "有限公司" not in public
    # Each event has its own time; when it was published is for the log to say.
    for told in (
        "2021-02-26 09:00:00　作出承诺",
        "2021-03-01 21:40:00　登记封条",
        "2021-03-01 22:05:00　两人录入一致",
        "2021-03-01 22:06:00　抽取并分派",
    ):
        assert told in public
    assert "09:00:00 公布" not in public and "A 类" in public and "|A" not in public
    proved = demo_beacon_draw(tmp_path / "b", sample[0] / "results" / "evidence", 2021)
    assert {c.holds for c in proved.checks} == {True} and "有证明：随机信标" in (
        proved.folder / "公告.html"
    ).read_text("utf8")
    assert len(inspectors(1)) == 40


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


def test_a_draw_within_a_small_memory_limit(tmp_path):
    data = ((f"E{i:07d}", "东西"[i % 2], "ABCD"[i // 2 % 4]) for i in range(900_000))
    frame = write_frame_csv(tmp_path / "f.csv", data)
    (tmp_path / "p.yaml").write_text(
        yaml.safe_dump({**BASE, "quotas": [{"ratio": "0.002"}]}, allow_unicode=True), "utf8"
    )
    (tmp_path / "i.yaml").write_text(yaml.safe_dump([p.model_dump(mode="json") for p in people()]), "utf8")
    limit = "64MB"
    committed, _ = commit_draw(
        tmp_path / "p.yaml",
        tmp_path / "i.yaml",
        tmp_path / "o",
        FrameSource(frame),
        now=BEFORE,
        memory_limit=limit,
    )
    assert committed["frame"]["count"] == 900_000
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump({"by": name, "values": NUMBERS}), "utf8")
    seal_draw(tmp_path / "o", tmp_path / "a.yaml", tmp_path / "b.yaml")
    # eight strata of 112,500: a quota of 225 and a reserve of 113 each
    assert list_draw(tmp_path / "o", tmp_path / "drawn.parquet", limit) == 8 * (225 + 113)


def test_working_days():
    assert due(date(2021, 9, 30), 1) == date(2021, 10, 8)  # National Day
    assert due(date(2021, 9, 17), 1) == date(2021, 9, 18)  # a Saturday worked instead
    assert publish_by(date(2021, 11, 1)) == date(2021, 11, 29)
    assert due(date(2090, 1, 6), 1) == date(2090, 1, 9)  # no holidays known: over the weekend


def test_results_and_what_is_overdue(folder, tmp_path):
    out, _ = folder
    teams = {a["id"]: a["inspectors"] for a in read_bundle(out / "抽查包.zip")["assignment.json"]}
    one, two, *rest = teams
    results = [
        {
            "id": one,
            "inspectors": teams[one],
            "result": categories()[0],
            "inspected_on": "2021-10-20",
            "published_on": "2021-11-02",
        },
        {
            "id": two,
            "inspectors": teams[two],
            "result": categories()[4],
            "inspected_on": "2021-10-21",
            "published_on": None,
        },
    ]
    (path := tmp_path / "r.yaml").write_text(yaml.safe_dump(results, allow_unicode=True), "utf8")
    target = results_to_ledger(out / "抽查包.zip", path, tmp_path)
    from zhunsheng.evidence import Store
    from zhunsheng.usecases.importing import import_ledger

    (fixed := tmp_path / "fixed.csv").write_text(
        target.read_text("utf-8-sig").replace(one, "91130190000000012X").replace(two, "911301900000000138"),
        "utf8",
    )
    done = import_ledger(tmp_path / "s", fixed)
    assert (done.ledger.id, done.batch.inserted, Store(tmp_path / "s").verify()) == ("inspections", 2, [])
    parsed = [
        InspectionResult(
            r["id"],
            tuple(r["inspectors"]),
            r["result"],
            date.fromisoformat(r["inspected_on"]),
            date.fromisoformat(r["published_on"]) if r["published_on"] else None,
        )
        for r in results
    ]
    late = overdue(parsed, teams, date(2021, 11, 1), date(2021, 12, 1))
    assert (two, "结果尚未公示", date(2021, 11, 29)) in late
    assert len(late) == 1 + len(rest)
    assert overdue(parsed, teams, date(2021, 11, 1), date(2021, 11, 1)) == []
    for change, said in [
        ({"id": "E"}, "不在"),
        ({"inspectors": ("P",)}, "检查人员"),
        ({"result": "很好"}, "应为"),
        ({"published_on": date(2021, 1, 1)}, "早于"),
    ]:
        with pytest.raises(ZhunshengError, match="ZS-DR-09") as caught:
            check_results([InspectionResult(**{**parsed[0].__dict__, **change})], teams)
        assert said in caught.value.text()
    path.write_text("- {id: x}", "utf8")
    with pytest.raises(ZhunshengError, match="ZS-DR-09"):
        results_to_ledger(out / "抽查包.zip", path, tmp_path)
    reserve = next(d["id"] for d in read_bundle(out / "抽查包.zip")["drawn.json"] if d["reserve"])
    for changed, said in [
        ([{**results[0], "inspected_on": "2020-01-01"}], "的检查日期 2020-01-01 早于随机数公布的 2021-03-01"),
        ([{**results[0], "inspected_on": "2999-01-01", "published_on": None}], "晚于今天"),
        ([results[0], {**results[0], "result": categories()[1]}], "有两条结果"),
        ([{**results[0], "id": reserve}], "是候补"),
    ]:
        path.write_text(yaml.safe_dump(changed, allow_unicode=True), "utf8")
        with pytest.raises(ZhunshengError, match=f"ZS-DR-09.*{said}"):
            results_to_ledger(out / "抽查包.zip", path, tmp_path)
    # Of a bundle from which one is gone nothing is recorded, and nobody is counted as overdue.
    spoiled, _frame = tampered(out, "swapped object", tmp_path / "t")
    path.write_text("[]", "utf8")
    with pytest.raises(ZhunshengError, match=r"ZS-DR-73.*号码"):
        results_to_ledger(spoiled, path, tmp_path)
    left = CliRunner().invoke(app, ["draw", "overdue", str(spoiled), str(path), "--ended-on", "2021-11-01"])
    assert "ZS-DR-73" in str(left.exception)


def test_draw_commands(folder, tmp_path, capsys):
    from zhunsheng.cli import main

    out, digest = folder

    def call(*arguments):
        with pytest.raises(SystemExit) as left:
            main([str(a) for a in arguments])
        return left.value.code, capsys.readouterr().out

    base = out.parent
    code, said = call(
        "draw",
        "commit",
        base / "plan.yaml",
        "--inspectors",
        base / "people.yaml",
        "--frame",
        base / "frame.csv",
        "--out",
        tmp_path / "n",
    )
    assert code == 2  # the numbers are known by now
    assert call("draw", "seed", out, "--first", base / "a.yaml", "--second", base / "b.yaml")[0] == 0
    code, said = call("draw", "run", out)
    assert (code, "抽中" in said) == (0, True)
    assert json.loads(call("draw", "run", out, "--json")[1])["drawn"] > 0
    assert "已写出" in call("draw", "list", out, "--out", tmp_path / "l.parquet")[1]
    code, said = call(
        "draw", "verify", out / "抽查包.zip", "--frame", out / "frame.tsv", "--commitment", digest
    )
    assert (code, "不符" in said) == (0, False)
    bundle, frame = tampered(out, "swapped object", tmp_path / "t")
    code, said = call("draw", "verify", bundle, "--frame", frame, "--json")
    assert (code, any(c["holds"] is False for c in json.loads(said))) == (1, True)
    (tmp_path / "r.yaml").write_text("[]", "utf8")
    assert (
        "逾期"
        in call("draw", "overdue", out / "抽查包.zip", tmp_path / "r.yaml", "--ended-on", "2021-11-01")[1]
    )
    assert call("draw", "overdue", out / "抽查包.zip", tmp_path / "r.yaml", "--ended-on", "昨天")[0] == 2
    assert call("draw", "results", out / "抽查包.zip", tmp_path / "r.yaml", "--out", tmp_path)[0] == 0
    later = {**BASE, "known_at": "2999-01-01T00:00:00Z"}
    (tmp_path / "p.yaml").write_text(yaml.safe_dump(later, allow_unicode=True), "utf8")
    common = (
        "draw",
        "commit",
        tmp_path / "p.yaml",
        "--inspectors",
        base / "people.yaml",
        "--frame",
        base / "frame.csv",
        "--out",
        tmp_path / "n",
    )
    assert "承诺摘要" in call(*common)[1]
    assert len(json.loads(call(*common[:-1], tmp_path / "n2", "--json")[1])["digest"]) == 64


def test_the_tens_of_lines_in_the_docs_work(folder, tmp_path):
    """Run the Python of docs/verify-by-hand.md as a stranger would."""
    import re
    import subprocess
    import sys

    out, _ = folder
    page = (Path(__file__).parents[1] / "docs" / "verify-by-hand.md").read_text("utf8")
    code = re.search(r"```python\n(.*?)```", page, re.S)[1]
    shell = re.search(r"```bash\n(.*?)```", page, re.S)[1]
    with zipfile.ZipFile(out / "抽查包.zip") as archive:
        archive.extractall(tmp_path)
    shutil.copyfile(out / "frame.tsv", tmp_path / "frame.tsv")
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.strip().splitlines()[-1] == "相符", done.stderr
    done = subprocess.run(["bash", "-c", shell], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.strip().splitlines()[-1] == "相符", done.stderr


def test_ids_that_look_like_codes_and_are_none_are_told(tmp_path, monkeypatch):
    """Excel's zeros, a letter for a figure, a digit changed; other lengths and forms are of no account."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

    def code(n):
        head = f"9131000{n:010d}"
        return head + alphabet[-sum(alphabet.index(c) * 3**k for k, c in enumerate(head)) % 31]

    assert odd_codes_of(tmp_path, ["91350100M000100Y43"]) == (0, [], True)  # the example of GB 32100
    right = [code(n) for n in range(1, 400)]
    wrong = [
        "913100001234567000",
        right[0][:-1] + ("0" if right[0][-1] != "0" else "1"),
        "9131OOOO123450002X",
        right[7].replace("9131", "9113"),
        "x" + right[9][1:],
    ]
    others = ["ENTITY-1", "9" * 17, "9" * 19, "x", "E" * 17 + "-"]
    assert odd_codes_of(tmp_path, [*right, *others]) == (0, [], True)
    monkeypatch.setattr("zhunsheng.draws.codes.LOOKED", 1_000)
    assert odd_codes_of(tmp_path, [*right, *others])[2] is False
    monkeypatch.setattr("zhunsheng.draws.codes.LOOKED", 2**20)
    monkeypatch.setattr("zhunsheng.draws.codes.PIECE", 100)  # lines are parted between pieces
    assert odd_codes_of(tmp_path, [*right, *others, *wrong]) == (len(wrong), sorted(wrong)[:5], True)
    write_template(tmp_path)
    (tmp_path / "名录库.csv").write_text(
        "id,district,credit_class\n" + "".join(f"{one},一所,A\n" for one in (*right[:4], wrong[0])), "utf8"
    )
    for name in ("方案.yaml", "检查人员.yaml"):
        text = (tmp_path / name).read_text("utf8").replace("  recuse:", "  # recuse:")
        (tmp_path / name).write_text(
            re.sub(r"(?s)  - match: \{credit_class: D\}.*?(?=  - ratio)", "", text), "utf8"
        )
    of = {
        name: str(tmp_path / f"{name}.{end}")
        for name, end in (("方案", "yaml"), ("检查人员", "yaml"), ("名录库", "csv"))
    }
    said = CliRunner().invoke(
        app,
        [
            "draw",
            "commit",
            of["方案"],
            "--inspectors",
            of["检查人员"],
            "--frame",
            of["名录库"],
            "--out",
            str(tmp_path / "o"),
        ],
    )
    assert said.exit_code == 0, said.exception
    assert "有 1 个 18 位的编号不是统一社会信用代码" in said.output and wrong[0] in said.output
    # Who may come nowhere is told too.
    assert "有 2 人这次派不到" in said.output and "ZF-003 的辖区 二所 名录库里没有" in said.output


def odd_codes_of(place, ids):
    (place / "frame.tsv").write_text(
        f"#\t{'0' * 32}\n" + "".join(f"{one}\t一所\n" for one in sorted(ids)), "utf8"
    )
    return odd_codes(place / "frame.tsv")


def test_a_file_in_anothers_place_is_called_what_it_is(folder, tmp_path):
    out, _ = folder
    bundle, text = out / "抽查包.zip", (out / "frame.tsv").read_bytes()
    for name, content, said in (
        (
            "我的名录库.tsv",
            text.replace(b"\n", b"\r\n"),
            "我的名录库.tsv 的内容不合规：换行被改成了 Windows 的写法",
        ),
        ("我的名录库.tsv", text.partition(b"\n")[2], "名录库 我的名录库.tsv 的盐不对：缺少第一行的盐"),
        (
            "名录库.zip",
            bundle.read_bytes(),
            "名录库.zip 的内容不合规：它是 zip 或 xlsx 文件，不是公布的 frame.tsv",
        ),
        ("名录库.xlsx", b"PK\3\4", "它是 zip 或 xlsx 文件"),
    ):
        (tmp_path / name).write_bytes(content)
        (found,) = (one for one in verify_bundle(bundle, tmp_path / name) if one.code == "frame")
        assert found.holds is False and said in found.says, found.says
    (tmp_path / "own.json").write_bytes(own_proof(out, "E00001").raw())
    for arguments, said in (
        (["log", bundle], "是 zip 文件，不是承诺记录"),
        (
            ["check-proof", tmp_path / "own.json", "--bundle", out / "plan.json"],
            "它不是承诺（commitment.json）：写的是 zhunsheng.draw-plan/1",
        ),
        (["check-proof", tmp_path / "own.json", "--bundle", out / "seed.json"], "它不是承诺"),
    ):
        assert said in str(CliRunner().invoke(app, ["draw", *map(str, arguments)]).exception)
