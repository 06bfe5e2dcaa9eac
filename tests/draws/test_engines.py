"""The protocol's bytes: the published vectors by hashlib alone, by the command and on three engines alike."""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from places import VECTORS
from small_draws import BASE, BEFORE, NUMBERS, people, plan_of, rows, write_frame_csv
from zhunsheng.draw_folders import commit_draw, seal_draw
from zhunsheng.draws import spec
from zhunsheng.draws.drawing import DuckDatabase, PostgresDatabase, SparkDatabase, draw, query, threshold
from zhunsheng.draws.frame import open_database
from zhunsheng.draws.frame_making import frame_from_file
from zhunsheng.draws.plan import Plan
from zhunsheng.usecases.drawing.frames import FrameSource
from zhunsheng.usecases.drawing.listing import list_draw

# -- bytes
# ------------------------------------------------------------------------------------------------------------


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

    path = Path(__file__).parents[2] / "docs" / "draw-vectors.json"
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
        # A few of the hundred plans: what is wrong is met without them.
        (changed := tmp_path / "v.json").write_text(
            json.dumps({**VECTORS, "plans": VECTORS["plans"][:2], key: wrong}), "utf8"
        )
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
    import psycopg
    from pgserver.postgres_server import get_server

    server = get_server(tmp_path_factory.mktemp("pg"))
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


def test_vectors_on_spark(spark):
    spark.createDataFrame(
        [tuple(r) for r in VECTORS["frame"]], "id string, stratum string"
    ).createOrReplaceTempView("frame")
    assert drawn_of(SparkDatabase(spark)) == VECTORS["drawn"]


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
# ------------------------------------------------------------------------------------------------------------


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


# -- the sample, results, due dates
# ------------------------------------------------------------------------------------------------------------


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
