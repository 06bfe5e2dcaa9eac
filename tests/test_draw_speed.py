"""The compiled pass over a frame's text: every path equal to hashlib and to SQL,
nothing read that SQL would refuse.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from small_draws import BASE, BEFORE, NUMBERS, people, plan_of, rows, write_frame_csv
from zhunsheng.draws import kernels, merkle, spec
from zhunsheng.draws.drawing import DuckDatabase, draw
from zhunsheng.draws.frame import key_of, open_database
from zhunsheng.draws.frame_making import frame_from_file
from zhunsheng.draws.frame_sources import source_of_file
from zhunsheng.draws.reading import read_plan
from zhunsheng.draws.texts import ranking, reader
from zhunsheng.draws.texts.frame import new_frame, published_frame
from zhunsheng.errors import ZhunshengError
from zhunsheng.usecases.drawing import committing, frames, listing, running, sealing, verifying

SEED = "0123456789abcdef0123456789abcdef"
KEY = bytes(range(16, 32)).hex()


def text_of(data, key=KEY) -> bytes:
    """Return a frame's text; without a key that of draw/1."""
    return spec.head(key) + b"".join(
        f"{entity}\t{'|'.join(parts)}\n".encode() for entity, *parts in sorted(data)
    )


def leaves_of(text: bytes) -> list[bytes]:
    """Return the leaves of a frame's text by ``hashlib`` alone."""
    found, key = [], None
    for line in text.split(b"\n")[:-1]:
        one, _, rest = line.partition(b"\t")
        if one == b"#":
            key = rest
        else:
            salt = hashlib.sha256(key + b":" + one).digest()[:16] if key else b""
            found.append(hashlib.sha256(b"\0" + salt + line).digest())
    return found


@pytest.fixture
def compiled(monkeypatch):
    """Small frames take the compiled pass too, in pieces of few lines."""
    monkeypatch.setattr(frames, "COMPILED_FROM", 0)
    monkeypatch.setattr(reader, "PIECE", 301)


# -- SHA-256
# ----------------------------------------------------------------------------------------------------------


def buffers(messages):
    data = np.frombuffer(b"".join(messages) + bytes(kernels.ROOM), np.uint8)
    ends = np.cumsum([len(m) for m in messages]).astype(np.int32)
    return data, np.concatenate([[0], ends[:-1]]).astype(np.int32), ends


def check_against_hashlib() -> None:
    """Compare leaves of every length up to three blocks and some longer, nodes, salts and tickets,
    with hashlib.
    """
    chance = random.Random(7)
    lines = [chance.randbytes(n) for n in (*range(180), 245, 246, 247, 500, 1024, 3)]
    data, starts, ends = buffers(lines)
    out = np.zeros((len(lines), 32), np.uint8)
    kernels.digests(np.zeros((1, 8), np.uint8), 1, data, starts, ends, out)
    assert [o.tobytes() for o in out] == [hashlib.sha256(b"\0" + line).digest() for line in lines]
    firsts = np.frombuffer(chance.randbytes(24 * len(lines)), np.uint8).reshape(-1, 24)
    kernels.digests(firsts, 17, data, starts, ends, out)
    salted = [
        hashlib.sha256(first[:17].tobytes() + line).digest()
        for first, line in zip(firsts, lines, strict=True)
    ]
    assert [o.tobytes() for o in out] == salted
    for count in (1, 2, 3, 64, 65, 186):
        nodes = out[:count].copy()
        assert nodes[: kernels.level(nodes, count)].tobytes() == merkle.parents(out[:count].tobytes())
    ids = [bytes(chance.choices(b"09AZaz_-", k=1 + n % 22)) for n in range(67)]
    data, starts, ends = buffers(ids)
    every, found = np.full(1, 2**64 - 1, np.uint64), np.zeros(67, np.uint64)
    where, none = np.zeros(67, np.int32), np.zeros(67, np.int32)
    prefix = np.frombuffer(f"{SEED}:".encode(), np.uint8)
    assert kernels.tickets(prefix, data, starts, ends - starts, none, every, 67, where, found) == 67
    behind = np.zeros((64, 24), np.uint8)
    kernels.salts(np.frombuffer(f"{KEY}:".encode(), np.uint8), data, starts, ends - starts, 3, 66, behind)
    salts = [hashlib.sha256(f"{KEY}:".encode() + one).digest()[:16] for one in ids]
    assert [row.tobytes() for row in behind[:63]] == [b"\0" + salt + bytes(7) for salt in salts[3:66]]
    assert not behind[63].any()
    right = [int(spec.ticket(SEED, i.decode())[:16], 16) for i in ids]
    assert found.tolist() == right
    limit = np.array([sorted(right)[10]], np.uint64)
    assert kernels.tickets(prefix, data, starts, ends - starts, none, limit, 67, where, found) == 11
    assert [right[n] for n in where[:11]] == found[:11].tolist()


def test_the_processors_blocks_are_hashlibs():
    check_against_hashlib()


def check_elsewhere(code, **environment):
    """Compare with hashlib in a process of its own, which is asked ``code`` first."""
    environment = (
        os.environ | environment | {"PYTHONPATH": os.pathsep.join([*sys.path, str(Path(__file__).parent)])}
    )
    code = f"import test_draw_speed as t; {code}; t.check_against_hashlib(); print('same')"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.stdout == "same\n", done.stderr


def test_openssls_blocks_are_hashlibs_where_the_processor_has_none():
    """LLVM would end the process for an instruction that is not there: it is asked what it compiles for."""
    check_elsewhere("assert t.kernels.BLOCKS == 'OpenSSL'", NUMBA_CPU_NAME="generic", NUMBA_OPT="1")


def test_no_kernel_works_in_memory_that_was_freed():
    """Here the allocator writes over what is freed at once, as another thread does by chance:
    a root was wrong by it.
    """
    check_elsewhere("pass", GLIBC_TUNABLES="glibc.malloc.tcache_count=0:glibc.malloc.perturb=165")


def test_duckdbs_digests_are_hashlibs():
    """The path without numba."""
    ids = [f"E{n:05d}" for n in range(500)]
    found = (
        open_database()
        .execute(f"SELECT sha256('{SEED}:' || id) FROM (SELECT unnest(?) AS id)", [ids])
        .fetchall()
    )
    assert [f for (f,) in found] == [hashlib.sha256(f"{SEED}:{i}".encode()).hexdigest() for i in ids]


# -- the tree
# ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [KEY, ""])
@pytest.mark.parametrize("count", [1, 2, 3, 63, 64, 65, 127, 128, 129, 191, 4095, 4096, 4097, 5000])
def test_roots_and_proofs_are_the_specifications(tmp_path, compiled, count, key):
    path = tmp_path / "frame.tsv"
    path.write_bytes(text_of(rows(count), key))
    frame = published_frame(path, plan_of(), open_database())
    leaves = leaves_of(path.read_bytes())
    assert frame.root == spec.root_of(leaves) and frame.key == key
    assert (frame.count, frame.digest) == (count, hashlib.sha256(path.read_bytes()).hexdigest())
    chosen = [f"E{n:05d}" for n in {0, 1, count // 2, 63, 64, count - 1} if n < count]
    proofs = frame.proofs(chosen)
    tree = spec.Tree(leaves)
    assert proofs == {one: spec.proof_of(key, one, tree.proof(int(one[1:]))) for one in chosen}
    assert frame.position([*chosen, "E99999", "A"]) == {one: int(one[1:]) for one in chosen}
    by_sql = frame_from_file(path, plan_of(), open_database(), published=True)
    assert (by_sql.root, by_sql.digest, by_sql.sizes) == (frame.root, frame.digest, frame.sizes)
    assert by_sql.proofs(chosen) == proofs
    assert b"".join(by_sql.text()) == b"".join(frame.text()) == path.read_bytes()
    assert list(by_sql.lines()) == list(frame.lines())


def test_the_compiled_salt_that_lies_is_caught(tmp_path, compiled, monkeypatch):
    path = tmp_path / "frame.tsv"
    path.write_bytes(text_of(rows(20)))
    monkeypatch.setattr(kernels, "salts", lambda *given: None)
    with pytest.raises(AssertionError, match="salt of E00000 is not SHA-256"):
        published_frame(path, plan_of(), open_database())


def test_a_frame_has_a_key_of_its_own(tmp_path):
    """Made of the same rows, or of a frame that was published: no two have the same key,
    so none tells of another.
    """
    source = write_frame_csv(tmp_path / "f.csv", rows(9))
    keys = {frame_from_file(source, plan_of(), open_database()).key for _ in range(3)}
    (tmp_path / "frame.tsv").write_bytes(text_of(rows(9)))
    again = frame_from_file(tmp_path / "frame.tsv", plan_of(), open_database())
    assert len(keys) == 3 and KEY not in {*keys, again.key} and again.count == 9


@pytest.mark.parametrize(
    "line",
    [
        b"#",
        b"#\t\n",
        b"#\t" + b"A" * 32 + b"\n",
        b"#\t" + b"a" * 33 + b"\n",
        b"# " + b"a" * 32 + b"\n",
        b"#\t" + b"a" * 32 + b"\r\n",
    ],
)
def test_a_broken_line_of_the_key_is_told(tmp_path, compiled, line):
    path = tmp_path / "frame.tsv"
    path.write_bytes(line + text_of(rows(9), ""))
    for read in (published_frame, frame_from_file):
        # Another line end is of the whole file, not of the key.
        with pytest.raises(ZhunshengError, match="ZS-DR-08.*CRLF" if line.endswith(b"\r\n") else "ZS-DR-48"):
            read(path, plan_of(), open_database())


def test_no_lines_have_the_root_of_nothing():
    assert merkle.Groups().root() == spec.root_of([])


def test_lines_changed_after_the_tree_are_no_proof(tmp_path, compiled):
    path = tmp_path / "frame.tsv"
    path.write_bytes(text_of(rows(200)))
    frame = published_frame(path, plan_of(), open_database())
    path.write_bytes(path.read_bytes().replace("E00070\t东".encode(), "E00070\t西".encode()))
    with pytest.raises(ValueError, match="other lines"):
        frame.proofs(["E00071"])
    with pytest.raises(ZhunshengError, match="ZS-DR-08"):
        draw(frame.engine(), SEED, plan_of().allot(frame.sizes))


def test_the_long_way_up_is_the_same_compiled_or_not(monkeypatch):
    nodes = b"".join(hashlib.sha256(bytes([n])).digest() for n in range(101))
    plain = merkle.parents(nodes)
    monkeypatch.setattr(merkle, "COMPILED_FROM", 1)
    assert merkle.parents(nodes) == plain


def test_the_kept_tree_is_used_only_for_the_text_it_is_of(tmp_path, compiled, monkeypatch):
    source = write_frame_csv(tmp_path / "f.csv", rows(3000))
    out, told = tmp_path / "draw", []
    committing.commit_plan(plan_of(), people(), out, frames.FrameSource(source), now=BEFORE)
    entry = {"by": "a", "values": NUMBERS}
    sealing.seal_entries(out, entry, {**entry, "by": "b"})
    hashed = []
    honest = kernels.digests
    monkeypatch.setattr(kernels, "digests", lambda *given: (hashed.append(len(given[3])), honest(*given)))

    def bundle() -> bytes:
        hashed.clear()
        running.run_draw(out, tasks=False, told=told.append)
        return (out / "抽查包.zip").read_bytes()

    right = bundle()
    assert not told and sum(hashed) < 3000
    own = merkle.kept(out / frames.KEPT, *root_and_digest(out))
    nodes = bytes(own.nodes)
    for stale in (
        lambda: (out / frames.KEPT).write_bytes(b"PAR1"),
        lambda: merkle.keep(own, "0" * 64, out / frames.KEPT),
        lambda: merkle.keep(
            merkle.Groups(nodes[32:] + nodes[:32], own.starts.tobytes(), own.key),
            root_and_digest(out)[0],
            out / frames.KEPT,
        ),
    ):
        told.clear()
        stale()
        assert bundle() == right and "重新计算" in told[0] and sum(hashed) >= 3000
    (out / frames.KEPT).unlink()
    told.clear()
    assert bundle() == right and not told


def root_and_digest(out: Path) -> tuple[str, str, str]:
    frame = published_frame(out / "frame.tsv", plan_of(), open_database())
    return frame.digest, frame.root, frame.key


# -- what is not as specified
# -----------------------------------------------------------------------------------------

GOOD = text_of(rows(200))
SPOILED = {
    "line ends": GOOD[:35] + GOOD[35:].replace(b"\n", b"\r\n"),
    "no line of the key and a byte order mark": b"\xef\xbb\xbf" + GOOD[35:],
    "byte order mark": b"\xef\xbb\xbf" + GOOD,
    "no last line feed": GOOD[:-1],
    "a blank line": GOOD + b"\n",
    "a blank line within": GOOD.replace(b"E00100", b"\nE00100"),
    "out of order": GOOD.replace(b"E00100", b"E00500"),
    "twice": GOOD.replace(b"E00101", b"E00100"),
    "too long an id": GOOD.replace(b"E00100", b"E00100" + b"0" * 17),
    "a letter of no id": GOOD.replace(b"E00100", b"E001.0"),
    "no id": GOOD.replace(b"E00000", b""),
    "the key twice": GOOD[:35] + GOOD,
    "nothing but the key": GOOD[:35],
    "no stratum": GOOD.replace("E00100\t东|C".encode(), b"E00100\t"),
    "a part too few": GOOD.replace("E00100\t东|".encode(), b"E00100\t"),
    "a part too many": GOOD.replace("E00100\t东".encode(), "E00100\t东|南".encode()),
    "a third column": GOOD.replace("E00100\t东".encode(), "E00100\t东\t".encode()),
    "too long a part": GOOD.replace("E00100\t东".encode(), ("E00100\t" + "东" * 41).encode()),
    "a control": GOOD.replace("E00100\t东".encode(), b"E00100\t\x07"),
    "no UTF-8": GOOD.replace("E00100\t东".encode(), b"E00100\t\xff"),
    "a zero byte": GOOD.replace(b"E00100", b"E001\x0000"),
    "a line without end": GOOD.replace("E00100\t东".encode(), b"E00100\t" + b"x" * 5000),
    "nothing": b"",
}


@pytest.mark.parametrize("kind", SPOILED)
def test_what_is_not_as_specified_is_refused_in_the_words_of_sql(tmp_path, compiled, monkeypatch, kind):
    path = tmp_path / "frame.tsv"
    path.write_bytes(SPOILED[kind])
    assert SPOILED[kind] != GOOD and published_frame(path, plan_of(), open_database()) is None

    def said() -> str:
        with pytest.raises(ZhunshengError) as refused:
            frames.published_frame(path, plan_of(), open_database(), (SEED, {}))
        return refused.value.text()

    ours = said()
    monkeypatch.setattr(frames, "compiles", lambda: False)
    assert said() == ours


def test_a_stratum_without_quota_is_no_frame_of_this_plan(tmp_path, compiled):
    path = tmp_path / "frame.tsv"
    path.write_bytes(GOOD)
    plan = plan_of(quotas=[{"match": {"credit_class": "A"}, "ratio": "1"}])
    assert published_frame(path, plan, open_database()) is None


def built(path: Path, plan, folder: Path):
    connection = open_database()
    return new_frame(connection, plan, source_of_file(path, connection), path.name, folder / "made.tsv", KEY)


@pytest.mark.parametrize("few", [1, 32])
@pytest.mark.parametrize("in_memory", [0, 2**20])
def test_rows_in_any_order_become_the_same_text(tmp_path, compiled, monkeypatch, in_memory, few):
    monkeypatch.setattr("zhunsheng.draws.texts.lines.SORTED_IN_MEMORY", in_memory)
    monkeypatch.setattr("zhunsheng.draws.texts.lines.FEW", few)
    data = [(f"{'ABC'[n % 3] * (n % 19 + 1)}{n}", *rest) for n, (_, *rest) in enumerate(rows(900))]
    path = write_frame_csv(tmp_path / "f.csv", data)
    by_sql = frame_from_file(path, plan_of(), open_database(), key=KEY)
    for n in range(2):
        random.Random(n).shuffle(data)
        write_frame_csv(path, data)
        frame = built(path, plan_of(), tmp_path)
        assert (tmp_path / "made.tsv").read_bytes() == text_of(data)
        assert (frame.root, frame.digest, frame.sizes) == (by_sql.root, by_sql.digest, by_sql.sizes)
        assert list(frame.lines()) == list(by_sql.lines())


@pytest.mark.parametrize(
    "more",
    [
        ("e00007", "东", "A"),
        ("E0O007", "东", "A"),
        ("E00007", "东", "A"),
        ("E9", "Ａ", "A"),
        ("E9", "东 ", "A"),
        ("", "东", "A"),
        ("E9", "", "A"),
        ("E 9", "东", "A"),
        ("E9", '"东|A\nE99"', "A"),
        ("E9", '"东\t"', "A"),
        ("E" * 23, "东", "A"),
        ("E9", "东", "a"),
    ],
)
def test_new_frames_are_refused_in_the_words_of_sql(tmp_path, compiled, more):
    path = write_frame_csv(tmp_path / "f.csv", [*rows(100), ("E8", "A", "A"), more])
    with pytest.raises(ZhunshengError) as by_sql:
        frame_from_file(path, plan_of(), open_database())
    connection = open_database()
    names = source_of_file(path, connection)
    with pytest.raises(ZhunshengError) as ours:
        frames.new_frame(connection, plan_of(), names, path.name, tmp_path)
    assert ours.value.text() == by_sql.value.text()


# -- the draw
# ---------------------------------------------------------------------------------------------------------


def test_text_is_drawn_from_as_tables_are(tmp_path, compiled, monkeypatch):
    path = tmp_path / "frame.tsv"
    path.write_bytes(text_of(rows(30_000)))
    by_sql = frame_from_file(path, plan_of(), open_database(), published=True)
    strata = plan_of().allot(by_sql.sizes)
    for seed in (SEED, "a" * 32):
        frame = published_frame(path, plan_of(), open_database(), reader.Tickets(seed, strata))
        right = draw(DuckDatabase(by_sql.connection), seed, strata)
        assert draw(frame.engine(), seed, strata) == right
        assert draw(frame.engine(), "b" * 32, strata) == draw(by_sql.engine(), "b" * 32, strata)
        for n, one in enumerate((frame, by_sql)):
            assert one.write_drawn(seed, strata, tmp_path / f"{n}.parquet") == len(right)
            query = f"SELECT stratum, place, id, ticket FROM read_parquet('{tmp_path}/{n}.parquet')"
            assert open_database().execute(query).fetchall() == [
                (d.stratum, d.rank, d.id, d.ticket) for d in right
            ]
    monkeypatch.setattr("zhunsheng.draws.drawing.threshold", lambda wanted, size: "0")
    assert draw(frame.engine(), seed, strata) == right
    monkeypatch.setattr(reader, "MOST_KEPT", 10)
    assert draw(frame.engine(), seed, strata) == right
    assert frame.write_drawn(seed, strata, tmp_path / "many.parquet") == len(right)


def test_tickets_that_begin_alike_are_ranked_by_the_rest():
    ids = np.zeros((5, 24), np.uint8)
    for n in range(5):
        ids[n, :2] = np.frombuffer(f"E{n}".encode(), np.uint8)
    heads = np.array([7, 3, 7, 7, 9], np.uint64)
    found = reader.Candidates(np.zeros(5, np.int32), heads, np.arange(5), ids)
    quotas = {"东": {"size": 5, "quota": 3, "reserve": 0}}
    table = ranking.ranked(found, ["东"], reader.Tickets(SEED, quotas))
    tied = sorted(("E0", "E2", "E3"), key=lambda one: spec.ticket(SEED, one))
    assert table["id"].to_pylist() == ["E1", *tied[:2]]
    assert table["ticket"].to_pylist() == [spec.ticket(SEED, one) for one in table["id"].to_pylist()]


def test_compiled_tickets_that_lie_are_caught(tmp_path, compiled, monkeypatch):
    path = tmp_path / "frame.tsv"
    path.write_bytes(GOOD)
    honest = kernels.tickets

    def lying(*arguments):
        kept = honest(*arguments)
        arguments[-1][:] += np.uint64(1)
        return kept

    monkeypatch.setattr(kernels, "tickets", lying)
    with pytest.raises(AssertionError, match="not SHA-256"):
        published_frame(path, plan_of(), open_database(), reader.Tickets(SEED, {}))


@pytest.mark.parametrize("numba", [True, False])
def test_the_steps_of_a_draw_compiled_and_not(tmp_path, compiled, monkeypatch, numba):
    """The same files come of both, and each verifies the other's."""
    if not numba:
        monkeypatch.setattr(frames, "compiles", lambda: False)
    data = rows(3000)
    random.Random(1).shuffle(data)
    source = write_frame_csv(tmp_path / "f.csv", data)
    out = tmp_path / "draw"
    committed, _ = committing.commit_plan(plan_of(), people(), out, frames.FrameSource(source), now=BEFORE)
    text = (out / "frame.tsv").read_bytes()
    assert text == text_of(data, key_of(out / "frame.tsv"))
    assert committed["frame"]["root"] == spec.root_of(leaves_of(text))
    entry = {"by": "a", "values": NUMBERS}
    sealing.seal_entries(out, entry, {**entry, "by": "b"})
    outcome = running.run_draw(out, tasks=False)
    assert listing.list_draw(out, tmp_path / "list.parquet") == len(outcome.drawn)
    monkeypatch.setattr(frames, "compiles", lambda: numba)
    found = verifying.verify_bundle(out / "抽查包.zip", out / "frame.tsv")
    assert {c.code: c.holds for c in found if c.holds is not True} == {"published": None, "strength": None}
    assert read_plan(out / "plan.json").id == BASE["id"]


# -- other engines
# ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def sealed(tmp_path_factory):
    """A draw that is committed and sealed, with quotes and backslashes in its strata."""
    place = tmp_path_factory.mktemp("sealed")
    data = [(one, f'{a}"\\{a}', b) for one, a, b in rows(800)]
    (place / "f.csv").write_text(
        "id,district,credit_class\n"
        + "".join(f'{one},"{a.replace(chr(34), chr(34) * 2)}",{b}\n' for one, a, b in data),
        "utf8",
    )
    committing.commit_plan(
        plan_of(), people(), place / "draw", frames.FrameSource(place / "f.csv"), now=BEFORE
    )
    entry = {"by": "a", "values": NUMBERS}
    sealing.seal_entries(place / "draw", entry, {**entry, "by": "b"})
    running.run_draw(place / "draw", tasks=False)
    listing.list_draw(place / "draw", place / "here.parquet")
    return place


def listed(path: Path):
    return (
        open_database().execute(f"SELECT stratum, place, id, ticket FROM read_parquet('{path}')").fetchall()
    )


def test_a_list_is_what_its_name_says(sealed, tmp_path, capsys):
    """As a csv for Excel, whose cells run nothing; under a name of another kind it is refused,
    and nothing is written.
    """
    code, said = say(capsys, "list", sealed / "draw", "--out", tmp_path / "there.csv")
    assert code == 0, said
    text = (tmp_path / "there.csv").read_text("utf-8-sig")
    first, *others = csv.reader(io.StringIO(text))
    assert first == ["分层", "名次", "编号", "号码"]
    wanted = [tuple(map(str, row)) for row in listed(sealed / "here.parquet")]
    assert [(row[0].removeprefix("'"), row[1], row[2].removeprefix("'"), row[3]) for row in others] == wanted
    code, said = say(capsys, "list", sealed / "draw", "--out", tmp_path / "there.xlsx")
    assert code == 0, said
    sheet = openpyxl.load_workbook(tmp_path / "there.xlsx").active
    assert [tuple(map(str, row)) for row in sheet.iter_rows(min_row=2, values_only=True)] == wanted
    code, said = say(capsys, "list", sealed / "draw", "--out", tmp_path / "there.ods")
    assert code == 2 and "ZS-CL-01" in said and not (tmp_path / "there.ods").exists()


def test_a_list_longer_than_a_worksheet_is_refused_before_it_is_drawn(sealed, tmp_path, monkeypatch):
    monkeypatch.setattr(listing, "MOST_ROWS", 2)
    with pytest.raises(ZhunshengError, match="ZS-DR-68"):
        listing.list_draw(sealed / "draw", tmp_path / "there.xlsx")
    assert not (tmp_path / "there.xlsx").exists()


@pytest.fixture(scope="session")
def address(tmp_path_factory):
    """The address of a PostgreSQL server of the tests' own."""
    import servers

    server = servers.postgres(tmp_path_factory.mktemp("engine"))
    yield server.get_uri()
    server.cleanup()


def say(capsys, *arguments) -> tuple[int, str]:
    from zhunsheng.cli import main

    with pytest.raises(SystemExit) as left:
        main(["draw", *map(str, arguments)])
    said = capsys.readouterr()
    return int(left.value.code), "".join((said.out + said.err).split())


@pytest.mark.xdist_group("postgres")
def test_postgresql_is_chosen_by_the_command(sealed, address, tmp_path, capsys):
    import psycopg

    folder = sealed / "draw"
    chosen = ("--engine", "postgres", "--url", address)
    assert say(capsys, "list", folder, "--out", tmp_path / "there.parquet", *chosen)[0] == 0
    assert listed(tmp_path / "there.parquet") == listed(sealed / "here.parquet") != []
    before = (folder / "抽查包.zip").read_bytes()
    assert say(capsys, "run", folder, "--no-tasks", *chosen)[0] == 0
    assert (folder / "抽查包.zip").read_bytes() == before
    with psycopg.connect(address, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS kept (id text, stratum text)")
        with cursor.copy("COPY kept FROM STDIN") as copy:
            for line in (folder / "frame.tsv").read_text("utf8").splitlines()[:0:-1]:
                copy.write_row(line.split("\t"))
        kept = ("list", folder, "--out", tmp_path / "kept.parquet", *chosen, "--table", "kept")
        assert say(capsys, *kept)[0] == 0
        assert listed(tmp_path / "kept.parquet") == listed(sealed / "here.parquet")
        cursor.execute("UPDATE kept SET id = 'E99999' WHERE id = 'E00001'")
        assert "ZS-DR-43" in say(capsys, *kept)[1]
        cursor.execute("DROP TABLE kept")
    code, said = say(capsys, *kept)
    assert (code, "ZS-DR-42" in said, "kept" in said) == (2, True, True)


@pytest.mark.parametrize(
    ("engine", "url", "code", "says"),
    [
        ("postgres", None, "ZS-DR-40", "postgresql://"),
        ("postgres", "mysql://x", "ZS-DR-40", "postgresql://"),
        ("postgres", "postgresql://me:geheim@127.0.0.1:9/x", "ZS-DR-40", "127.0.0.1"),
        ("spark", None, "ZS-DR-40", "spark://"),
        ("spark", "http://x", "ZS-DR-40", "spark://"),
    ],
)
def test_what_keeps_an_engine_from_drawing_is_said(sealed, tmp_path, capsys, engine, url, code, says):
    left, said = say(
        capsys,
        "list",
        sealed / "draw",
        "--out",
        tmp_path / "x.parquet",
        "--engine",
        engine,
        *(["--url", url] if url else []),
    )
    assert (left, code in said, says in said, "geheim" in said) == (2, True, True, False), said


def test_a_package_that_is_missing_and_an_engine_that_is_none_are_said(sealed, tmp_path, capsys, monkeypatch):
    arguments = ("list", sealed / "draw", "--out", tmp_path / "x.parquet", "--engine")
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert "ZS-DR-41" in say(capsys, *arguments, "spark", "--url", "local[1]")[1]
    assert "ZS-DR-41" in say(capsys, *arguments, "postgres", "--url", "postgresql://x")[1]
    assert "ZS-DR-44" in say(capsys, *arguments, "spark", "--url", "local[1]", "--table", "x")[1]
    assert say(capsys, *arguments, "oracle")[0] == 2
    assert not (tmp_path / "x.parquet").exists()


def test_spark_is_chosen_by_the_command(sealed, spark, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(type(spark), "stop", lambda session: None)  # the tests' session goes on
    arguments = (
        "list",
        sealed / "draw",
        "--out",
        tmp_path / "there.parquet",
        "--engine",
        "spark",
        "--url",
        "local[2]",
    )
    code, said = say(capsys, *arguments)
    assert code == 0, said
    assert listed(tmp_path / "there.parquet") == listed(sealed / "here.parquet")
