"""The second verifier, written in JavaScript from the specification alone, judges vectors and bundles as the
command does.
"""

from __future__ import annotations

import copy
import json
import random
import subprocess
import tarfile
from pathlib import Path

import playwright
import pytest

from test_bundles import BEFORE, CHANGES, LANDED, NAMES, honest, ours, pack, packed, refused
from zhunsheng.draws import spec
from zhunsheng.draws.assignment import RegisteredInspector
from zhunsheng.draws.bundle_rules import PARTS
from zhunsheng.draws.drawing import DuckDatabase
from zhunsheng.draws.frame import open_database
from zhunsheng.draws.frame_making import frame_from_file
from zhunsheng.draws.own_proof import check_proof, read_proof
from zhunsheng.draws.plan import Plan
from zhunsheng.draws.protocol import commitment, commitment_digest, perform, seal
from zhunsheng.errors import ZhunshengError

DOCS = Path(__file__).parent.parent / "docs"
VERIFIER = DOCS / "second-verifier" / "verify.mjs"
NODE = Path(str(playwright.__file__)).parent / "driver" / "node"  # so that nothing need be installed


def run(*words):
    """Return the lines that the second verifier prints, and its exit code."""
    done = subprocess.run([NODE, VERIFIER, *map(str, words)], capture_output=True, text=True, timeout=120)
    assert done.stderr == ""
    return done.stdout.removesuffix("\n").split("\n"), done.returncode


def judged(place, cases):
    """Return what the second verifier says of (bundle, frame, digest), all in one process."""
    written = []
    for n, (bundle, frame, digest) in enumerate(cases):
        case = {"bundle": str(place / f"{n}.zip"), "commitment": digest}
        (place / f"{n}.zip").write_bytes(bundle)
        if frame is not None:
            case["frame"] = str(place / f"{n}.tsv")
            (place / f"{n}.tsv").write_bytes(frame)
        written.append(case)
    (place / "cases.json").write_text(json.dumps(written))
    lines, _code = run("--batch", place / "cases.json")
    return [json.loads(line) for line in lines]


def test_all_vectors():
    lines, code = run("--vectors", DOCS / "draw-vectors.json")
    assert [line for line in lines if "\ttrue\t" not in line] == []
    vectors = json.loads((DOCS / "draw-vectors.json").read_text("utf8"))
    salted, plans = 3 + 2 * len(vectors["salted"]["proofs"]), 4 * len(vectors["plans"])
    rest = salted + plans + len(vectors["assignments"])
    assert code == 0 and len(lines) == 3 * len(vectors["sources"]) + 3 + 7 + rest
    assert len(vectors["plans"]) == 100


def made(place, bases, rounds):
    """Return (kind, bundle, frame, digest) of honest draws, of these with one thing changed,
    and beside other frames.
    """
    chance = random.Random(1202)
    found = []
    for base in range(bases):
        parts, frame, digest = honest(chance, place)
        whole = packed(parts)
        stored = pack([(n, spec.canonical(d)) for n, d in parts.items()], stored=PARTS)
        found += [("honest", whole, frame, digest), ("honest", stored, None, digest)]
        for change in CHANGES * rounds:
            bundle = change(chance, parts)
            if bundle != whole:
                found.append((change.__name__, bundle, None, chance.choice([digest, None])))
        lines = frame.splitlines(keepends=True)
        others = (
            frame.replace(b"\n", b"\r\n"),
            b"\xef\xbb\xbf" + frame,
            frame[:-1],
            b"".join([lines[0], *lines[2:]]),
            b"",
            b"".join(lines[1:]),
            lines[0].upper() + b"".join(lines[1:]),
            b"#\t" + b"0" * 32 + b"\n" + b"".join(lines[1:]),
        )
        found += [("frame", whole, other, digest) for other in others if base < 2]
    return found


def test_both_verifiers_judge_every_bundle_alike(tmp_path, capsys):
    """Honest bundles hold with their frame and announced digest; changed ones are refused by both or by
    neither.

    The signature of a beacon is the one thing that the second verifier leaves to others.
    """
    cases = made(tmp_path, bases=10, rounds=1)
    command = [ours(tmp_path, *case[1:]) for case in cases]
    second = judged(tmp_path, [case[1:] for case in cases])
    apart = []
    for (kind, *_), said, other in zip(cases, command, second, strict=True):
        if not isinstance(said, str):
            said = {code: holds for code, holds in said.items() if holds is False}
        if refused(said) == other["accepted"]:
            apart.append((kind, said, other.get("refused") or [c for c in other["checks"] if c[1] is False]))
    with capsys.disabled():
        print(f"\n{len(cases)} bundles: {sum(one['accepted'] for one in second)} held in the second verifier")
    assert apart == []
    assert len(cases) > 200
    for (kind, _bundle, frame, _digest), other in zip(cases, second, strict=True):
        if kind == "honest":
            open_to = {code.split(" ")[0] for code, holds, _words in other["checks"] if holds is None}
            assert other["accepted"] and open_to <= ({"drand"} if frame else {"drand", "frame", "redraw"})


@pytest.mark.parametrize("with_frame", [True, False])
def test_a_draw_of_a_landed_version(tmp_path, with_frame):
    with tarfile.open(LANDED) as archive:
        for name in ("抽查包.zip", "frame.tsv"):
            (tmp_path / name).write_bytes(archive.extractfile(f"./draws/1/{name}").read())
    frame = ["--frame", tmp_path / "frame.tsv"] if with_frame else []
    lines, code = run(tmp_path / "抽查包.zip", *frame)
    assert code == 0, lines
    assert sum(line.split("\t")[1] == "null" for line in lines) == (1 if with_frame else 3)


def test_own_proofs_are_judged_as_the_command_judges_them(tmp_path):
    """Of the drawn and the others; with one thing changed in the proof; and where the draw went around an
    entity.
    """
    chance = random.Random(5)
    cases, command = [], []
    for _ in range(8):
        parts, frame, _digest = honest(chance, tmp_path)
        rows = [line.split("\t") for line in frame.decode().split("\n")[:-1]]
        key, rows = rows[0][1], rows[1:]
        tree = spec.Tree(spec.leaf_under(key, spec.frame_line(*row)) for row in rows)
        bound = spec.digest(spec.canonical(parts["commitment.json"]))
        for place, (entity, stratum) in enumerate(rows):
            proof = {
                "format": "zhunsheng.draw-proof/2",
                "commitment": bound,
                "id": entity,
                "stratum": stratum,
            }
            proof |= spec.proof_of(key, entity, tree.proof(place))
            around = copy.deepcopy(parts)
            for name in ("drawn.json", "assignment.json"):
                around[name] = [row for row in around[name] if row["id"] != entity]
            around["proofs.json"].pop(entity, None)
            bent = {
                **proof,
                **chance.choice(
                    [
                        {"id": "E9"},
                        {"stratum": "x"},
                        {"salt": "0" * 32},
                        {"path": []},
                        {"commitment": "0" * 64},
                    ]
                ),
            }
            broken = {
                **proof,
                **chance.choice([{"salt": ""}, {"path": ["X"]}, {"id": ""}, {"more": 1}, {"format": "1"}]),
            }
            for one, said in ((parts, proof), (parts, bent), (parts, broken), (around, proof)):
                cases.append((packed(one), spec.canonical(said)))
                try:
                    found = check_proof(read_proof(cases[-1][1], "x"), one)
                    command.append({c.code: c.holds for c in found if c.code != "own-ticket"})
                except ZhunshengError as error:
                    command.append(error.code)
    written = []
    for n, (bundle, proof) in enumerate(cases):
        (tmp_path / f"{n}.zip").write_bytes(bundle)
        (tmp_path / f"{n}.json").write_bytes(proof)
        written.append({"bundle": str(tmp_path / f"{n}.zip"), "proof": str(tmp_path / f"{n}.json")})
    (tmp_path / "cases.json").write_text(json.dumps(written))
    theirs = []
    for line in run("--batch", tmp_path / "cases.json")[0]:
        said = json.loads(line)
        own = {code: holds for code, holds, _ in said.get("checks", ()) if code.startswith("own")}
        theirs.append(said.get("refused") or own)
    assert theirs == command
    kinds = {repr(one) for one in command}
    assert len(kinds) == 5 and len(cases) > 300, (
        kinds
    )  # holds, fault, not in the frame, another commitment, no proof


def assigned(chance, place):
    """Return (bundle, frame, digest) of a draw whose assignment is not simple, or None where nobody could
    staff it.
    """
    districts = chance.sample(NAMES, chance.randint(1, 6))
    names = chance.choice([["district"], ["district", "kind"], ["kind", "district"], ["kind"]])
    ids = [f"E{n:04d}" for n in range(chance.randint(20, 200))]
    size = chance.choice([2, 2, 3, 4, 5])
    rows = [
        (one, "|".join(chance.choice(districts if name == "district" else "ab") for name in names))
        for one in ids
    ]
    plan = Plan.model_validate(
        {
            "id": "T-2",
            "title": "抽",
            "office": "局",
            "rule": "法",
            "items": [{"code": "A", "name": "甲"}, {"code": "B", "name": "乙"}],
            "strata": names,
            "quotas": [{"ratio": chance.choice(["0.1", "0.25", "0.5", "1"]), "floor": 0}],
            "reserve": "0.2",
            "staffing": {"per_object": size} | chance.choice([{}, {"max_load": chance.randint(3, 80)}]),
            "randomness": [{"source": "office"}],
            "known_at": "2021-03-01T22:00:00+08:00",
        }
    )
    people = [
        RegisteredInspector(
            id=f"P{n}",
            certified=chance.random() < 0.5,
            districts=chance.choice([[], chance.sample(districts, chance.randint(1, len(districts)))]),
            items=chance.choice([[], [], ["A", "B"], ["A", "B", "C"], ["A"]]),
            recuse=chance.sample(ids, chance.choice([0, 0, 5, len(ids) // 4, len(ids) // 2])),
        )
        for n in range(chance.randint(size + 1, 30))
    ]
    text = f"#\t{chance.randbytes(16).hex()}\n" + "".join(f"{one}\t{stratum}\n" for one, stratum in rows)
    (place / "frame.tsv").write_text(text, "utf8", newline="")
    frame = frame_from_file(place / "frame.tsv", plan, open_database(), published=True)
    committed = commitment(plan, frame, people, BEFORE)
    values = [{"numbers": str(chance.randrange(10**9))}]
    sealed = seal(plan, committed, {"by": "a", "values": values}, {"by": "b", "values": values}, None)
    try:
        outcome = perform(plan, committed, sealed, frame, people, DuckDatabase(frame.connection))
    except ZhunshengError as error:
        assert error.code == "ZS-DR-06"
        return None
    return packed(outcome.parts()), (place / "frame.tsv").read_bytes(), commitment_digest(committed)


def test_assignments_of_larger_draws(tmp_path):
    """Districts that overlap, recusals of half of the objects, teams of up to five:
    the same teams by other code.
    """
    chance = random.Random(6)
    cases = [case for case in (assigned(chance, tmp_path) for _ in range(30)) if case]
    assert len(cases) >= 15
    apart = [(n, said) for n, said in enumerate(judged(tmp_path, cases)) if not said["accepted"]]
    assert apart == []


def test_exit_codes(tmp_path):
    parts, _frame, digest = honest(random.Random(3), tmp_path)
    (tmp_path / "b.zip").write_bytes(packed(parts))
    assert run(tmp_path / "b.zip", "--commitment", digest)[1] == 0
    lines, code = run(tmp_path / "b.zip", "--commitment", "0" * 64)
    assert code == 1 and [line.split("\t")[0] for line in lines if "\tfalse\t" in line] == ["announced"]
    (tmp_path / "b.zip").write_bytes(packed(parts)[:-1])
    lines, code = run(tmp_path / "b.zip")
    assert code == 2 and len(lines) == 1 and lines[0].startswith("refused\tfalse\tZS-DR-")
