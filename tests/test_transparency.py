"""The transparency log: the published vectors, proofs of trees made by the definition, notes by key."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhunsheng.errors import ZhunshengError
from zhunsheng.transparency.checkpoints import (
    Checkpoint,
    public_key,
    read_checkpoint,
    signed,
    signed_by,
    verifier,
)
from zhunsheng.transparency.entries import Entry
from zhunsheng.transparency.merkle import (
    EMPTY,
    Growing,
    consistency,
    consistent,
    included,
    inclusion,
    leaf_hash,
    node_hash,
    root,
)

# The leaves and roots that Certificate Transparency's own implementations are tested with.
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def by_definition(leaves):
    """The root as RFC 9162, 2.1.1 defines it."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(by_definition(leaves[:k]), by_definition(leaves[k:]))


def grown(leaves):
    """The nodes of a tree as it grows, and its root after each leaf."""
    nodes, roots, tree = {}, [EMPTY], Growing()
    for leaf in leaves:
        nodes.update(((level, index), found) for level, index, found in tree.add(leaf_hash(leaf)))
        roots.append(tree.root())
    return lambda level, index: nodes[level, index], roots


def test_the_roots_are_those_of_the_published_vectors():
    leaves = [bytes.fromhex(leaf) for leaf in LEAVES]
    at, roots = grown(leaves)
    assert [r.hex() for r in roots[1:]] == ROOTS == [root(n, at).hex() for n in range(1, 9)]
    assert root(0, at) == EMPTY == hashlib.sha256(b"").digest()


@pytest.mark.parametrize("size", [*range(1, 34), 63, 64, 65, 100])
def test_every_proof_of_every_tree_holds_and_none_of_another(size):
    leaves = [str(n).encode() for n in range(size)]
    at, roots = grown(leaves)
    assert roots[size] == by_definition(leaves)
    for index in range(size):
        proof = inclusion(index, size, at)
        assert included(leaf_hash(leaves[index]), index, size, proof, roots[size])
        assert not included(leaf_hash(b"another"), index, size, proof, roots[size])
        for wrong in {(index + 1) % size, 0} - {index}:
            assert not included(leaf_hash(leaves[index]), wrong, size, proof, roots[size])
        assert not included(
            leaf_hash(leaves[index]), index, size, [*proof, proof[0] if proof else EMPTY], roots[size]
        )
    for old in range(size + 1):
        proof = consistency(old, size, at)
        assert consistent(old, size, roots[old], roots[size], proof)
        if 0 < old < size:
            assert not consistent(old, size, roots[old - 1], roots[size], proof)
            assert not consistent(old, size, roots[old], roots[size - 1], proof)
            assert not consistent(old, size, roots[old], roots[size], proof[:-1])
            assert not consistent(old, size, roots[old], roots[size], [*proof, EMPTY])


@given(st.integers(1, 300), st.data())
def test_a_log_with_one_entry_changed_proves_nothing_of_what_was_before(size, data):
    old = data.draw(st.integers(1, size))
    place = data.draw(st.integers(0, old - 1))
    leaves = [str(n).encode() for n in range(size)]
    _, roots = grown(leaves[:old])
    at, changed = grown([*leaves[:place], b"changed", *leaves[place + 1 :]])
    assert not consistent(old, size, roots[old], changed[size], consistency(old, size, at))


def test_what_is_not_in_the_tree_has_no_proof():
    at, _ = grown([b"a", b"b"])
    for index, size in ((2, 2), (-1, 2)):
        with pytest.raises(IndexError):
            inclusion(index, size, at)
    with pytest.raises(IndexError):
        consistency(3, 2, at)


def test_a_tree_goes_on_from_its_nodes():
    leaves = [str(n).encode() for n in range(70)]
    at, roots = grown(leaves)
    for size in range(70):
        tree = Growing(size, at)
        tree.add(leaf_hash(leaves[size]))
        assert tree.root() == roots[size + 1]


# -- checkpoints

PRIVATE = bytes(range(32))
SAID = Checkpoint("zhunsheng/abc", 8, bytes.fromhex(ROOTS[7]), datetime(2026, 11, 27, 9, 30, 0, tzinfo=UTC))


def public(private=PRIVATE):
    return public_key(private)


def test_a_checkpoint_is_read_as_it_was_signed():
    note = signed(SAID, PRIVATE)
    assert note.split("\n")[:5] == [
        "zhunsheng/abc",
        "8",
        "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=",
        "2026-11-27 09:30:00 UTC",
        "",
    ]
    assert read_checkpoint(note, "x") == SAID
    assert signed_by(note, verifier("zhunsheng/abc", public()))
    assert signed_by(note.replace("\n", "\r\n"), verifier("zhunsheng/abc", public()))


def test_a_checkpoint_of_another_key_name_or_text_is_not_signed():
    note, key = signed(SAID, PRIVATE), verifier("zhunsheng/abc", public())
    assert not signed_by(note.replace("\n8\n", "\n9\n"), key)
    assert not signed_by(note.replace("09:30", "08:30"), key)
    assert not signed_by(note, verifier("zhunsheng/abc", public(bytes(32))))
    assert not signed_by(note, verifier("zhunsheng/abd", public()))
    assert not signed_by(note.replace("zhunsheng/abc\n", "zhunsheng/abd\n"), key)


def test_a_signature_that_is_no_base64_is_none():
    head, _, mark = signed(SAID, PRIVATE).rpartition(" ")
    assert not signed_by(f"{head} {mark[:85]}\n", verifier("zhunsheng/abc", public()))


@pytest.mark.parametrize(
    "note",
    [
        "",
        "a\n1\n",
        signed(SAID, PRIVATE).replace("\n8\n", "\n08\n"),
        signed(SAID, PRIVATE).replace("\n8\n", "\n-8\n"),
        signed(SAID, PRIVATE).replace("XcnaeacG", "XcnaeacG????"),
        signed(SAID, PRIVATE).replace("XcnaeacG", "Xcna"),
        signed(SAID, PRIVATE).replace("2026-11-27", "2026-13-27"),
        signed(SAID, PRIVATE).partition("—")[0],
        "x" * 20_000,
    ],
)
def test_what_is_no_checkpoint_is_refused(note):
    with pytest.raises(ZhunshengError) as refused:
        read_checkpoint(note, "检查点.txt")
    assert refused.value.code == "ZS-LG-01" and "检查点.txt" in refused.value.text()


@pytest.mark.parametrize(
    "line", ["", "a+b", "a+00000000+AAAA", "a+00000000+" + "A" * 44, "a+1+公钥", "\udcff+1+AAAA"]
)
def test_what_is_no_key_is_refused(line):
    with pytest.raises(ZhunshengError) as refused:
        signed_by(signed(SAID, PRIVATE), line)
    assert refused.value.code == "ZS-LG-03"


# -- what somebody kept, held against what is published


def published(folder, count, changed=None):
    """A log of ``count`` entries as a file, one of them changed; its checkpoints by size, and its nodes."""
    entries = [Entry("audit", n, hashlib.sha256(str(n).encode()).hexdigest()) for n in range(1, count + 1)]
    if changed is not None:
        entries[changed] = Entry("audit", changed + 1, "0" * 64)
    lines = [entry.line() for entry in entries]
    at, roots = grown([line.encode() for line in lines])
    file = folder / "log.jsonl"
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf8")
    notes = [signed(Checkpoint("zhunsheng/abc", n, r, SAID.at), PRIVATE) for n, r in enumerate(roots)]
    return file, notes, at


def proved(folder, at, old, note):
    proof = [base64.b64encode(one).decode() for one in consistency(old, read_checkpoint(note, "").size, at)]
    file = folder / "proof.json"
    said = {"format": "zhunsheng.consistency/1", "old": old, "checkpoint": note, "proof": proof}
    file.write_text(json.dumps(said), encoding="utf8")
    return file


@pytest.fixture
def kept(tmp_path):
    file = tmp_path / "检查点.txt"
    file.write_text(published(tmp_path, 20)[1][12], encoding="utf8")
    return file


KEY = verifier("zhunsheng/abc", public())


def test_a_log_and_a_proof_that_go_on_from_the_kept_checkpoint_hold(tmp_path, kept, cli):
    log, notes, at = published(tmp_path, 20)
    for file in (log, proved(tmp_path, at, 12, notes[20])):
        code, out, _ = cli("verify", file, "--checkpoint", kept, "--key", KEY)
        assert code == 0 and "相符" in out and "封存的 12 条都还在原处" in out and "又有 8 条" in out
        assert "签名没有核对" in cli("verify", file, "--checkpoint", kept)[1]
    code, out, _ = cli("verify", log, "--checkpoint", kept, "--json")
    assert json.loads(out) | {"says": ""} == {
        "holds": True,
        "says": "",
        "size": 12,
        "now": 20,
        "signed": False,
    }


@pytest.mark.parametrize("changed", [0, 5, 11])
def test_a_log_with_an_earlier_entry_changed_contradicts_the_kept_checkpoint(tmp_path, kept, cli, changed):
    log, notes, at = published(tmp_path, 20, changed)
    for file in (log, proved(tmp_path, at, 12, notes[20])):
        code, out, _ = cli("verify", file, "--checkpoint", kept, "--key", KEY)
        assert code == 1 and "不符" in out and "不是检查点" in out


def test_a_later_entry_changed_says_nothing_of_the_kept_checkpoint(tmp_path, kept, cli):
    assert cli("verify", published(tmp_path, 20, 15)[0], "--checkpoint", kept)[0] == 0


def test_a_log_that_was_cut_or_is_another_s_is_found(tmp_path, kept, cli):
    code, out, _ = cli("verify", published(tmp_path, 11)[0], "--checkpoint", kept)
    assert code == 1 and "检查点有 12 条，公布的日志只有 11 条" in out
    other = verifier("zhunsheng/abc", public(bytes(32)))
    code, out, _ = cli("verify", published(tmp_path, 20)[0], "--checkpoint", kept, "--key", other)
    assert code == 1 and "不是用这把公钥签的" in out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}", "ZS-LG-04"),
        ("[" * 100_000, "ZS-LG-04"),
        (
            json.dumps({"format": "zhunsheng.consistency/1", "old": 3, "checkpoint": "", "proof": []}),
            "前 3 条",
        ),
        ('{"digest":"zz"}\n', "第 1 行"),
        ('{"digest":"' + "0" * 64 + '","kind":"audit","number":2}\n', "编号是 2，应为 1"),
        ('{"digest":"' + "0" * 64 + '","kind":"other","number":1}\n', "第 1 行"),
    ],
    ids=["empty", "nested", "another", "digest", "number", "kind"],
)
def test_what_is_no_log_and_no_proof_is_refused_with_its_place(tmp_path, kept, cli, text, said):
    file = tmp_path / "x"
    file.write_text(text, encoding="utf8")
    code, _, err = cli("verify", file, "--checkpoint", kept)
    assert code == 2 and said in err
