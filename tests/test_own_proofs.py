"""One entity's own proof: made from the frame, checked without it, and silent about everyone else."""

from __future__ import annotations

import copy
import hashlib
import json
import re
import shutil
import subprocess
import sys
from array import array
from pathlib import Path

import pytest

from test_adversaries import LOTTERY, command, commit, enter, plan
from zhunsheng.draws import merkle, spec
from zhunsheng.draws.bundle import read_bundle
from zhunsheng.draws.own_proof import MOST, Hat, check_proof, read_proof, standing, writings
from zhunsheng.errors import ZhunshengError
from zhunsheng.usecases.drawing import frames
from zhunsheng.usecases.drawing.running import run_draw
from zhunsheng.usecases.own_proofs import check_own, own_of, own_proof, write_proofs

NUMBERS = {"numbers": "03 08"}
FIRMS = [(f"E{n:04d}", "ABCD"[n % 4]) for n in range(1500)]  # so many that the tree's nodes are kept


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A draw from beginning to end; of class D nobody is drawn."""
    out = tmp_path_factory.mktemp("own") / "draw"
    quotas = [{"match": {"credit_class": "D"}, "count": 0}, {"ratio": "0.05"}]
    _, digest = commit(out, plan(LOTTERY, quotas=quotas, reserve="0.2"), FIRMS)
    enter(out, NUMBERS)
    run_draw(out, tasks=False)
    return out, digest, read_bundle(out / "抽查包.zip")


def held(found):
    return {c.code: c.holds for c in found}


def test_everyone_in_the_frame_has_a_proof_that_holds_and_says_what_the_draw_says(done, tmp_path):
    out, digest, parts = done
    rows = {d["id"]: d for d in parts["drawn.json"]}
    kinds = set()
    for entity, stratum in FIRMS[::7] + [(d["id"], d["stratum"]) for d in parts["drawn.json"]]:
        own, proof = own_of(out, entity), own_proof(out, entity)
        row = rows.get(entity)
        kind = "not_drawn" if row is None else "reserve" if row["reserve"] else "drawn"
        assert (own.stratum, own.standing.kind, own.standing.rank) == (stratum, kind, row and row["rank"])
        assert own.standing.ticket == spec.ticket(parts["seed.json"]["seed"], entity)
        assert own.standing.cutoff == parts["cutoffs.json"].get(stratum, "")
        assert all(held(check_proof(proof, parts)).values())
        assert read_proof(proof.raw(), "x") == proof and len(proof.raw()) < MOST
        kinds.add((kind, stratum == "D"))
    assert kinds == {("drawn", False), ("reserve", False), ("not_drawn", False), ("not_drawn", True)}
    assert own_of(out, "E9999").stratum is None and own_proof(out, "E9999") is None
    # Whoever has the bundle and their own file needs nothing else.
    ((own, file),) = write_proofs(out, ["E0001"], tmp_path)
    _, found = check_own(file, out / "抽查包.zip", digest)
    assert False not in held(found).values() and held(found)["own-frame"] is True
    assert held(check_own(file, out / "抽查包.zip", "0" * 64)[1])["published"] is False
    assert file.name == f"在册证明-{own.entity}.json"


def test_before_the_numbers_it_says_that_one_is_in_the_hat(tmp_path):
    _, digest = commit(tmp_path / "d", plan(LOTTERY))
    own, proof = own_of(tmp_path / "d", "e001"), own_proof(tmp_path / "d", "Ｅ0 01\u200b")
    assert (own.entity, own.stratum, own.standing.kind, own.standing.ticket) == ("E001", "C", "waiting", "")
    assert proof.id == "E001" and "还没有抽取" in own.says()
    (file := tmp_path / "p.json").write_bytes(proof.raw())
    found = held(check_own(file, tmp_path / "d" / "commitment.json", digest)[1])
    assert found == {"published": True, "own": True, "own-frame": True, "own-place": None}
    # The same file holds when the draw is made, and against no other draw.
    enter(tmp_path / "d", NUMBERS)
    run_draw(tmp_path / "d", tasks=False)
    assert held(check_own(file, tmp_path / "d" / "抽查包.zip")[1])["own-place"] is True
    commit(tmp_path / "again", plan(LOTTERY))
    assert held(check_own(file, tmp_path / "again" / "commitment.json")[1])["own"] is False


def test_what_people_type_is_read_as_the_code_in_the_frame():
    assert writings(" ｅ 00１\u3000") == ["e001", "E001"]
    assert writings("E001") == ["E001", "e001"]


def test_a_changed_proof_does_not_hold(done):
    _out, _digest, parts = done
    proof = own_proof(done[0], "E0007")
    other = own_proof(done[0], "E0009")
    for changed in (
        {"id": "E0008"},
        {"stratum": "A"},
        {"salt": other.salt},
        {"path": other.path},
        {"path": proof.path[:-1]},
        {"path": [*proof.path[:-1], ("L" if proof.path[-1][0] == "R" else "R") + proof.path[-1][1:]]},
        {"stratum": "无"},
    ):
        assert held(check_proof(proof.model_copy(update=changed), parts)) == {"own": True, "own-frame": False}
    raw = json.loads(proof.raw())
    for spoiled in (
        b"",
        b"{}",
        b"[]",
        b"\xff",
        proof.raw() + b"\n",
        json.dumps(raw).encode(),
        spec.canonical({**raw, "more": 1}),
        b" " * (MOST + 1),
        spec.canonical({**raw, "path": ["X" + "0" * 64]}),
        spec.canonical({**raw, "path": [1]}),
        spec.canonical({**raw, "salt": raw["salt"].upper()}),
        spec.canonical({**raw, "id": "E0007\n"}),
        spec.canonical({**raw, "path": raw["path"] * 9}),
        b'{"a":' * 5000,
    ):
        with pytest.raises(ZhunshengError, match="ZS-DR-49"):
            read_proof(spoiled, "x.json")


# -- the salt
# ---------------------------------------------------------------------------------------------------------


def confirmed(line: bytes, salts, proof) -> bool:
    """Return whether an attacker who guessed a line sees it in somebody's proof: as the sibling
    at the leaf.
    """
    return any(hashlib.sha256(b"\0" + salt + line).hexdigest() == proof["path"][0][1:] for salt in salts)


def test_who_knows_all_names_can_not_tell_from_a_bundle_who_else_was_in_the_frame(done):
    """With a bundle, own proofs and every right name the sibling in a proof is still nobody's:
    the salt keeps it.

    The attacker tries each candidate with every salt they can come by or make of what is public.
    Without salts (as in draw/1) the same attack works.
    """
    out, digest, parts = done
    candidates = [spec.frame_line(*firm) for firm in FIRMS]
    proofs = parts["proofs.json"] | {one: own_proof(out, one).model_dump() for one in ("E0000", "E0700")}
    seen = [bytes.fromhex(one["salt"]) for one in proofs.values()] + [b"", bytes(16)]
    open_ = [
        b"",
        digest.encode(),
        parts["commitment.json"]["frame"]["digest"].encode(),
        parts["seed.json"]["seed"].encode(),
    ]
    known = {spec.frame_line(entity, dict(FIRMS)[entity]) for entity in proofs}
    key = (out / "frame.tsv").read_bytes()[2:34].decode()
    tried = 0
    for proof in list(proofs.values())[:12]:
        for line in candidates[::5]:
            if line not in known:
                guessed = [
                    hashlib.sha256(public + b":" + line.partition(b"\t")[0]).digest()[:16] for public in open_
                ]
                assert not confirmed(line, seen + guessed, proof)
                tried += 1
    assert tried > 3000
    # Were there no salt, or were it known as it is to whoever has the frame, the neighbour is found at once.
    lines = [spec.frame_line(*firm) for firm in FIRMS]
    unsalted = spec.Tree(map(spec.leaf, lines))
    for n in (0, 700, 1498):
        path = {"path": unsalted.proof(n)}
        assert [line for line in candidates if confirmed(line, [b""], path)] == [lines[n ^ 1]]
    salts = [spec.salt(key, FIRMS[1][0])]
    assert [line for line in candidates if confirmed(line, salts, proofs["E0000"])] == [lines[1]]


def test_the_key_is_nowhere_but_in_the_frame(done):
    out, _digest, parts = done
    key = (out / "frame.tsv").read_bytes()[2:34].decode()
    assert key not in spec.canonical(parts).decode()
    for path in out.iterdir():
        if path.name != "frame.tsv":
            assert key.encode() not in path.read_bytes() and bytes.fromhex(key) not in path.read_bytes()


# -- who leaves one out
# -----------------------------------------------------------------------------------------------


def test_an_office_that_leaves_a_firm_out_of_the_hat_is_found_by_the_firm(tmp_path):
    """Before the commitment: it is not in the frame. After it: the proof that the firm has is of another
    commitment's tree.
    """
    rows = [(f"E{n:03d}", "C") for n in range(60)]
    commit(tmp_path / "without", plan(LOTTERY), [row for row in rows if row[0] != "E010"])
    assert own_of(tmp_path / "without", "E010").says() == "不在这次抽查的名录库中"
    _, digest = commit(tmp_path / "with", plan(LOTTERY), rows)
    (file := tmp_path / "p.json").write_bytes(own_proof(tmp_path / "with", "E010").raw())
    # The frame is exchanged afterwards: the announced digest is not the new one's,
    # nor is the firm's proof of it.
    commit(tmp_path / "swapped", plan(LOTTERY), [row for row in rows if row[0] != "E010"])
    enter(tmp_path / "swapped", NUMBERS)
    run_draw(tmp_path / "swapped", tasks=False)
    found = held(check_own(file, tmp_path / "swapped" / "抽查包.zip", digest)[1])
    assert (found["published"], found["own"]) == (False, False)
    # A line taken out of the text, or given to another, is not what was committed to.
    text = (tmp_path / "with" / "frame.tsv").read_text("utf8")
    for edited in (
        text.replace("E010\tC\n", ""),
        text.replace("E010", "E01O"),
        text.replace("E010\tC", "E010\tD"),
        text[:35],
    ):
        (tmp_path / "with" / "frame.tsv").write_text(edited, "utf8")
        with pytest.raises(ZhunshengError, match="ZS-DR-08"):
            own_of(tmp_path / "with", "E010")


@pytest.mark.parametrize("how", ["next", "reserve", "gone", "other stratum"])
def test_a_draw_around_a_firm_is_found_by_the_firms_own_proof(done, how):
    """A friend's low ticket is passed over for the next one: without the frame nobody else sees it,
    the friend's proof does.
    """
    out, _digest, parts = done
    parts = copy.deepcopy(parts)
    mine = [d for d in parts["drawn.json"] if d["stratum"] == "A"]
    victim = next(d for d in mine if d["reserve"]) if how == "reserve" else mine[2]
    proof = own_proof(out, victim["id"])
    if how == "other stratum":
        victim["stratum"] = "B"
    elif how == "gone":
        parts["drawn.json"].remove(victim)
    else:
        seed = parts["seed.json"]["seed"]
        last = max(d["ticket"] for d in mine)
        rest = [e for e, s in FIRMS if s == "A" and spec.ticket(seed, e) > last]
        entity = min(rest, key=lambda e: spec.ticket(seed, e))
        rows = sorted((spec.ticket(seed, e), e) for e in {d["id"] for d in mine} - {victim["id"]} | {entity})
        for d, (ticket, one) in zip(mine, rows, strict=True):
            d |= {"id": one, "ticket": ticket}
    found = {c.code: c for c in check_proof(proof, parts)}
    assert (
        found["own-frame"].holds
        and found["own-place"].holds is False
        and "这次抽取有错" in found["own-place"].says
    )


def test_where_all_are_drawn_nobody_is_left_out():
    row = {"stratum": "A", "id": "E1", "rank": 1, "ticket": spec.ticket("0" * 32, "E1"), "reserve": False}
    assert standing("E2", "A", "0" * 32, [row], {"size": 2, "quota": 2, "reserve": 0}).kind == "fault"
    assert standing("E1", "A", "0" * 32, [row], {"size": 1, "quota": 1, "reserve": 0}).kind == "drawn"
    assert standing("E2", "A", "0" * 32, [], {"size": 2, "quota": 0, "reserve": 0}).kind == "not_drawn"


# -- how it is read
# ---------------------------------------------------------------------------------------------------


def hat_in(folder):
    return Hat(
        folder / "frame.tsv",
        folder / frames.KEPT,
        json.loads((folder / "commitment.json").read_text("utf8")),
    )


def test_one_answer_reads_one_group_and_no_more(done, monkeypatch):
    """The nodes were kept at the commitment: neither the text nor the tree over it is gone through for who
    asks.
    """
    hashed = []
    monkeypatch.setattr(merkle, "leaf_under", lambda *given: (hashed.append(1), spec.leaf_under(*given))[1])
    hat = hat_in(done[0])
    assert not hashed
    assert hat.proof("E0321") and len(hashed) == merkle.GROUP
    assert [e for e, s in FIRMS if hat.stratum(e) != s] == []
    assert [
        one for one in ("", "A", "E", "E00001", "F", "E0321 ", "甲", "E" * 23, "#") if hat.stratum(one)
    ] == []


def test_nodes_that_are_missing_or_of_another_frame_are_made_anew(done, tmp_path):
    shutil.copytree(done[0], tmp_path / "d")
    kept = tmp_path / "d" / frames.KEPT
    right, raw = hat_in(done[0]).proof("E0321"), kept.read_bytes()
    for spoil in (kept.unlink, lambda: kept.write_bytes(b"x")):
        spoil()
        assert hat_in(tmp_path / "d").proof("E0321") == right and kept.read_bytes() == raw


@pytest.mark.parametrize("moved", [1, -1, -(10**6), 10**6])
def test_nodes_that_are_right_with_places_that_are_not_answer_nothing_false(done, tmp_path, moved):
    """The root binds the nodes, not where in the text they begin: what is read must be the lines
    of its node.
    """
    shutil.copytree(done[0], tmp_path / "d")
    hat, kept = hat_in(done[0]), tmp_path / "d" / frames.KEPT
    said = json.loads((tmp_path / "d" / "commitment.json").read_text("utf8"))["frame"]
    starts = array("q", [one + moved for one in hat._groups.starts])
    merkle.keep(
        merkle.Groups(bytes(hat._groups.nodes), starts.tobytes(), hat._groups.key), said["digest"], kept
    )
    if moved < 0:  # before the first line: not used
        assert hat_in(tmp_path / "d").proof("E0321") == hat.proof("E0321")
        return
    for entity in ("E0321", "E0322x"):
        with pytest.raises(ZhunshengError, match="ZS-DR-08"):
            hat_in(tmp_path / "d").stratum(entity)


def test_a_draw_of_the_first_version_gives_no_single_proofs(tmp_path):
    """Its path would tell of neighbours to whoever guesses; where an entity stands is told all the same."""
    commit(tmp_path, plan(LOTTERY))
    text = (tmp_path / "frame.tsv").read_bytes()[35:]
    (tmp_path / "frame.tsv").write_bytes(text)
    said = json.loads((tmp_path / "commitment.json").read_text("utf8"))
    root = spec.root_of(map(spec.leaf, text.split(b"\n")[:-1]))
    said |= {
        "format": f"{spec.UNSALTED}/commitment",
        "frame": {"count": 60, "digest": spec.digest(text), "root": root},
    }
    (tmp_path / "commitment.json").write_bytes(spec.canonical(said))
    assert own_of(tmp_path, "E010").stratum == "C"
    with pytest.raises(ZhunshengError, match="ZS-DR-50"):
        own_proof(tmp_path, "E010")


def test_by_hand(done, tmp_path):
    """Run what docs/verify-by-hand.md says of an own proof, as a stranger would."""
    page = (Path(__file__).parents[1] / "docs" / "verify-by-hand.md").read_text("utf8")
    script = next(one for one in re.findall(r"```python\n(.*?)```", page, re.S) if "proof.json" in one)
    shutil.copyfile(done[0] / "commitment.json", tmp_path / "commitment.json")
    raw = own_proof(done[0], "E0042").raw()
    for content, code in ((raw, 0), (raw.replace(b"E0042", b"E0043"), 1)):
        (tmp_path / "proof.json").write_bytes(content)
        ran = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True)
        assert (ran.returncode, "E0042 在名录库里" in ran.stdout) == (code, code == 0), ran.stderr


@pytest.mark.parametrize("typed", ["某某公司", "", " ", "../x", "E" * 23])
def test_what_can_be_no_code_is_not_said_to_be_missing(done, tmp_path, typed):
    """It would be a grave answer to a name that somebody typed."""
    with pytest.raises(ZhunshengError, match=r"ZS-DR-74.*不是代码"):
        write_proofs(done[0], ["E0003", typed], tmp_path / "o")
    assert not (tmp_path / "o").exists()


def test_by_the_command(done, tmp_path, capsys):
    out, digest, parts = done
    drawn = parts["drawn.json"][0]
    code, said = command(capsys, "proof", out, drawn["id"].lower(), "E0003", "--out", tmp_path)
    assert code == 0 and f"{drawn['id']}在名录库中，属于“A”层；抽中，本层第1名" in said.replace(" ", "")
    assert drawn["ticket"] in said and "可向公布方核对" in said and "本层一户也不抽" in said
    code, said = command(capsys, "proof", out, "E9999", "--out", tmp_path, "--json")
    assert code == 1 and json.loads(said)[0]["says"] == "不在这次抽查的名录库中"
    file = tmp_path / "在册证明-E0003.json"
    code, said = command(capsys, "check-proof", file, "--bundle", out / "抽查包.zip", "--commitment", digest)
    assert code == 0 and "只证明一件事" in said and "它不证明" in said and "不符" not in said
    file.write_bytes(file.read_bytes().replace(b'"D"', b'"A"'))
    code, said = command(capsys, "check-proof", file, "--bundle", out / "抽查包.zip")
    assert code == 1 and "不在名录库里，或证明被改动" in said
