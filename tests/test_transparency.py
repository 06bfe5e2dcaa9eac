"""The transparency log: the published vectors, proofs of trees made by the definition, notes by key."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
from datetime import UTC, datetime

import gmalg
import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from zhunsheng.errors import ZhunshengError
from zhunsheng.transparency import signing
from zhunsheng.transparency.checkpoints import (
    Checkpoint,
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
from zhunsheng.transparency.signing import ED25519, SM2, Key

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
OURS = Key(ED25519, PRIVATE)
SAID = Checkpoint("zhunsheng/abc", 8, bytes.fromhex(ROOTS[7]), datetime(2026, 11, 27, 9, 30, 0, tzinfo=UTC))


def public(private=PRIVATE):
    return Key(ED25519, private).public


def test_a_checkpoint_is_read_as_it_was_signed():
    note = signed(SAID, OURS)
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
    note, key = signed(SAID, OURS), verifier("zhunsheng/abc", public())
    assert not signed_by(note.replace("\n8\n", "\n9\n"), key)
    assert not signed_by(note.replace("09:30", "08:30"), key)
    assert not signed_by(note, verifier("zhunsheng/abc", public(bytes(32))))
    assert not signed_by(note, verifier("zhunsheng/abd", public()))
    assert not signed_by(note.replace("zhunsheng/abc\n", "zhunsheng/abd\n"), key)


def test_a_signature_that_is_no_base64_is_none():
    head, _, mark = signed(SAID, OURS).rpartition(" ")
    assert not signed_by(f"{head} {mark[:85]}\n", verifier("zhunsheng/abc", public()))


@pytest.mark.parametrize(
    "note",
    [
        "",
        "a\n1\n",
        signed(SAID, OURS).replace("\n8\n", "\n08\n"),
        signed(SAID, OURS).replace("\n8\n", "\n-8\n"),
        signed(SAID, OURS).replace("XcnaeacG", "XcnaeacG????"),
        signed(SAID, OURS).replace("XcnaeacG", "Xcna"),
        signed(SAID, OURS).replace("2026-11-27", "2026-13-27"),
        signed(SAID, OURS).partition("—")[0],
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
        signed_by(signed(SAID, OURS), line)
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
    notes = [signed(Checkpoint("zhunsheng/abc", n, r, SAID.at), OURS) for n, r in enumerate(roots)]
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
    assert code == 1 and "有 12 条，现在的日志只有 11 条" in out
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


# -- one entry among those that a checkpoint sealed


def entered(folder, at, among, number, **said):
    """The proof that entry ``number`` of the log of ``published`` is among its first ones."""
    entry = Entry("audit", number, hashlib.sha256(str(number).encode()).hexdigest())
    proof = [base64.b64encode(one).decode() for one in inclusion(number - 1, among, at)]
    whole = {
        "format": "zhunsheng.inclusion/1",
        "entry": entry.line(),
        "index": number - 1,
        "size": among,
        "proof": proof,
    }
    file = folder / "entry.json"
    file.write_text(json.dumps(whole | said), encoding="utf8")
    return file


@pytest.mark.parametrize(
    ("said", "code", "words"),
    [
        ({}, 0, "审计日志 5 在检查点"),
        ({}, 0, "它的内容不在证明里"),
        ({"content": "5"}, 0, "内容就是证明里所写的"),
        ({"content": "6"}, 1, "所写的内容却不是它的"),
        ({"index": 5}, 1, "不在检查点"),
        ({"proof": []}, 1, "不在检查点"),
        ({"entry": Entry("audit", 5, "0" * 64).line()}, 1, "不在检查点"),
        ({"entry": Entry("audit", 4, hashlib.sha256(b"5").hexdigest()).line()}, 1, "不在检查点"),
    ],
)
def test_an_entry_is_among_those_of_a_kept_checkpoint_or_not(tmp_path, kept, cli, said, code, words):
    file = entered(tmp_path, published(tmp_path, 20)[2], 12, 5, **said)
    got, out, _ = cli("verify", file, "--checkpoint", kept, "--key", KEY)
    assert (got, words in out) == (code, True)


@pytest.mark.parametrize(
    "said",
    [
        {"size": 11},
        {"size": "12"},
        {"index": True},
        {"index": "4"},
        {"entry": 5},
        {"entry": "{}"},
        {"content": 5},
        {"proof": [5]},
        {"proof": 5},
        {"format": "zhunsheng.inclusion/2"},
    ],
)
def test_what_is_no_proof_of_an_entry_is_refused(tmp_path, kept, cli, said):
    file = entered(tmp_path, published(tmp_path, 20)[2], 12, 5, **said)
    code, _, err = cli("verify", file, "--checkpoint", kept)
    assert code == 2 and ("ZS-LG-04" in err or "ZS-LG-02" in err)


def test_a_byte_order_mark_that_an_editor_put_in_front_changes_nothing(tmp_path, kept, cli):
    log, notes, at = published(tmp_path, 20)
    for file in (log, proved(tmp_path, at, 12, notes[20]), entered(tmp_path, at, 12, 5), kept):
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    for name in ("log.jsonl", "proof.json", "entry.json"):
        assert cli("verify", tmp_path / name, "--checkpoint", kept, "--key", KEY)[0] == 0


# -- SM2 over SM3


def test_sm3_and_sm2_are_those_of_the_standards():
    """GB/T 32905-2016, examples 1 and 2; GB/T 32918.5-2017, A.2, whose random number is given."""
    assert hash_sm3(b"abc") == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert hash_sm3(b"abcd" * 16) == "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"
    private = bytes.fromhex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8")
    public = bytes.fromhex(
        "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
        "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
    )
    signature = bytes.fromhex(
        "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
        "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
    )
    assert SM2.public(private) == public
    assert SM2.verify(public, b"message digest", signature)
    assert not SM2.verify(public, b"message digesT", signature)
    number = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
    by = gmalg.SM2(sk=private, uid=signing.SM2_NAME, rnd_fn=lambda bits: number)
    assert b"".join(by.sign(b"message digest")) == signature


def hash_sm3(data):
    by = gmalg.SM3()
    by.update(data)
    return by.value().hex()


BOTH = (Key(SM2, SM2.private("a secret")), OURS)


def test_a_checkpoint_signed_by_sm2_is_known_by_its_key_and_no_other(tmp_path, cli):
    note = signed(SAID, *BOTH)
    lines = [verifier(SAID.origin, key.public, key.algorithm) for key in BOTH]
    assert read_checkpoint(note, "x") == SAID and [signed_by(note, line) for line in lines] == [True, True]
    assert not signed_by(signed(SAID, OURS), lines[0]) and not signed_by(signed(SAID, BOTH[0]), lines[1])
    other = Key(SM2, SM2.private("another secret"))
    assert not signed_by(note, verifier(SAID.origin, other.public, SM2))
    assert not signed_by(note.replace("\n8\n", "\n9\n"), lines[0])
    # A point beside the curve, and one of no length, are keys that sign nothing.
    for point in (b"\x04" + b"\x01" * 64, bytes(65)):
        assert not signed_by(note.replace(SAID.origin, "a", 1), verifier(SAID.origin, point, SM2))
    assert 1 <= int.from_bytes(SM2.private("x"), "big") <= signing.SM2_ORDER - 2
    (kept := tmp_path / "kept.txt").write_text(note, encoding="utf8")
    log, *_ = published(tmp_path, 20)
    code, out, _ = cli("verify", log, "--checkpoint", kept, "--key", lines[0])
    assert code == 1 and "不是检查点" in out  # signed well, and another log


def test_openssl_knows_the_signature_by_sm2(tmp_path):
    """A signature that another program checks as its own standard says."""
    key = BOTH[0]
    note = signed(SAID, key)
    r, s = (
        int.from_bytes(part, "big")
        for part in (lambda mark: (mark[4:36], mark[36:]))(base64.b64decode(note.split(" ")[-1]))
    )
    (tmp_path / "signature").write_bytes(encode_dss_signature(r, s))
    (tmp_path / "text").write_text(SAID.text(), encoding="utf8")
    # SubjectPublicKeyInfo: id-ecPublicKey on the curve 1.2.156.10197.1.301, and the point.
    head = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")
    (tmp_path / "key.der").write_bytes(head + key.public)
    command = ["openssl", "pkeyutl", "-verify", "-rawin", "-digest", "sm3", "-in", "text"]
    command += ["-sigfile", "signature", "-pubin", "-inkey", "key.der", "-keyform", "DER"]
    command += ["-pkeyopt", f"distid:{signing.SM2_NAME.decode()}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Signature Verified Successfully" in done.stdout, done.stderr
    (tmp_path / "text").write_text(SAID.text().replace("8", "9", 1), encoding="utf8")
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode != 0


def test_where_the_extra_is_missing_it_is_said(tmp_path, cli, monkeypatch):
    (kept := tmp_path / "kept.txt").write_text(signed(SAID, *BOTH), encoding="utf8")
    log, *_ = published(tmp_path, 20)
    key = verifier(SAID.origin, BOTH[0].public, SM2)
    monkeypatch.setattr(signing, "find_spec", lambda name: None)
    code, _, err = cli("verify", log, "--checkpoint", kept, "--key", key)
    assert code == 2 and "ZS-LG-10" in err and "zhunsheng[sm2]" in err
    assert cli("verify", log, "--checkpoint", kept)[0] == 1  # held against the log all the same
