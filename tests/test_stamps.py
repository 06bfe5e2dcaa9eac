"""Outside time-stamps: an honest one is taken, by us and by openssl; any other is refused with its code and
never a trace.
"""

from __future__ import annotations

import hashlib
import json
import random
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID as Use
from typer.testing import CliRunner

from authority import Authority, certificate, key, name, replaced, run
from zhunsheng.cli.commands import app
from zhunsheng.draws import opentimestamps as ots
from zhunsheng.draws.public_log import START, Entry
from zhunsheng.draws.stamps import MAX_STAMP, Stamp, earliest, in_order, read_stamp, request, standing
from zhunsheng.errors import ZhunshengError
from zhunsheng.usecases.stamping import ask

BUNDLES = Path(__file__).parents[1] / "docs" / "draw-bundles"
REFUSED = {"ZS-DR-53", "ZS-DR-54", "ZS-DR-55"}


def chained(count):
    """Return the entries of a log."""
    entries, previous = [], START
    for number in range(1, count + 1):
        entry = Entry(
            number=number,
            at=f"2026-03-{number:02d}T01:00:00Z",
            kind="commit",
            office="shizhi",
            draw=f"C{number}",
            title="抽查𠮷",
            digest=f"{number:064x}",
            previous=previous,
        )
        entries.append(entry)
        previous = entry.own
    return entries


ENTRIES = chained(4)
ENTRY = ENTRIES[1]
LINE = ENTRY.line().encode()


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tsa") / "a")


@pytest.fixture(scope="module")
def asked():
    return request(ENTRY)


@pytest.fixture(scope="module")
def answer(authority, asked):
    return authority.stamp(asked)


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "承诺记录.jsonl"
    path.write_text("".join(f"{entry.line()}\n" for entry in ENTRIES), "utf8")
    return path


def code(*given, **more):
    with pytest.raises(ZhunshengError) as refused:
        read_stamp(*given, **more)
    return refused.value.code


# -- RFC 3161
# ----------------------------------------------------------------------------------------------------------


def test_what_is_stamped_is_the_line_whose_digest_is_the_head(authority, asked, answer):
    assert hashlib.sha256(LINE).hexdigest() == ENTRY.own
    (found,) = read_stamp(answer, "a.tsr", ENTRIES, authority.pem(), asked=asked, policy="1.2.3.4.1")
    assert (found.number, found.kind, found.details["name"]) == (2, "authority", "某时间戳机构 测试时间戳")
    at, bound = datetime.fromisoformat(found.at), datetime.fromisoformat(found.bound)
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=2) and bound - at == timedelta(seconds=1)
    seen = run("x509", "-in", authority.root, "-noout", "-fingerprint", "-sha256").stdout
    assert found.details["root"].upper() == seen.strip().split("=")[1].replace(":", "")
    # openssl says the same, of the line as a file and of its digest.
    assert authority.holds(answer, LINE)
    assert not authority.holds(answer, LINE + b"\n")
    assert "Message data" in run("ts", "-query", "-in", authority.folder / "asked.tsq", "-text").stdout


def test_a_stamp_for_another_entry_request_or_policy_is_refused(authority, asked, answer):
    later = authority.stamp(request(ENTRIES[3]))
    assert code(later, "a.tsr", ENTRIES[:3], authority.pem()) == "ZS-DR-54"
    assert code(answer, "a.tsr", [ENTRIES[0]], authority.pem()) == "ZS-DR-54"
    assert not authority.holds(later, LINE)
    other = request(ENTRY)  # the same digest under another nonce
    assert other != asked
    assert code(answer, "a.tsr", ENTRIES, authority.pem(), asked=other) == "ZS-DR-54"
    assert code(answer, "a.tsr", ENTRIES, authority.pem(), asked=request(ENTRY, nonce=False)) == "ZS-DR-54"
    assert code(answer, "a.tsr", ENTRIES, authority.pem(), asked=b"x") == "ZS-DR-53"
    assert code(answer, "a.tsr", ENTRIES, authority.pem(), policy="1.2.3") == "ZS-DR-55"
    # A digest of the same length by another function is not the entry's.
    said = bytes.fromhex("0609608648016503040201")
    assert code(answer.replace(said, said[:-1] + b"\x08"), "a.tsr", ENTRIES, authority.pem()) == "ZS-DR-53"


@pytest.mark.parametrize(
    "said",
    [
        {"uses": []},
        {"uses": [Use.CODE_SIGNING]},
        {"uses": [Use.TIME_STAMPING, Use.CODE_SIGNING]},
        {"uses": [Use.TIME_STAMPING], "authority": True},
        {"uses": [Use.TIME_STAMPING], "begins": -9, "ends": -1},
        {"uses": [Use.TIME_STAMPING], "begins": 1},
    ],
    ids=["no-purpose", "another-purpose", "two-purposes", "issues-certificates", "expired", "not-yet"],
)
def test_a_certificate_that_may_not_stamp_or_not_then_is_refused(authority, answer, said):
    """The key and the number stay as they are: only the certificate in the answer is another one of the same
    root.
    """
    other = authority.issued(**said)
    changed = replaced(answer, authority.signer.public_bytes(Encoding.DER), other.public_bytes(Encoding.DER))
    assert changed != answer
    assert code(changed, "a.tsr", ENTRIES, authority.pem()) == "ZS-DR-55"
    assert not authority.holds(changed, LINE)


def test_without_its_root_no_stamp_holds(authority, answer, tmp_path):
    other = Authority(tmp_path / "b")
    assert code(answer, "a.tsr", ENTRIES, other.pem()) == "ZS-DR-55"
    assert not other.holds(answer, LINE)
    assert code(answer, "a.tsr", ENTRIES, {}) == "ZS-DR-56"
    assert code(answer, "a.tsr", ENTRIES, {"x.pem": b"no certificate"}) == "ZS-DR-56"
    # With both, the one that signed is found.
    (found,) = read_stamp(answer, "a.tsr", ENTRIES, {"b.pem": other.root.read_bytes(), **authority.pem()})
    assert found.kind == "authority"
    # The root's name and number alone don't sign: another key under them is refused.
    keys = key()
    false = certificate(name("测试根"), keys, name("测试根"), keys, serial=1, authority=True)
    assert code(answer, "a.tsr", ENTRIES, {"root.pem": false.public_bytes(Encoding.PEM)}) == "ZS-DR-55"


def test_an_answer_that_grants_nothing_is_refused(authority, tmp_path):
    (tmp_path / "line").write_bytes(LINE)
    run(
        "ts", "-query", "-data", tmp_path / "line", "-sha384", "-out", tmp_path / "q"
    )  # a digest it does not take
    assert (
        code(authority.stamp((tmp_path / "q").read_bytes()), "a.tsr", ENTRIES, authority.pem()) == "ZS-DR-55"
    )


def test_a_certificate_that_expired_since_still_proves_its_time(tmp_path):
    short = Authority(tmp_path / "short", ends=2.5 / 86_400)
    answer = short.stamp(request(ENTRY))
    time.sleep(3)
    (found,) = read_stamp(answer, "a.tsr", ENTRIES, short.pem())
    assert found.number == 2
    assert not short.holds(answer, LINE)  # openssl asks as of now, unless told when
    then = int(datetime.fromisoformat(found.at).timestamp())
    assert short.holds(answer, LINE, "-attime", then)


def test_certificates_may_come_in_any_order(tmp_path):
    """OpenSSL's own authority sends them in the order of the chain, which is not that of DER."""
    long = Authority(tmp_path / "long", chain=True)
    answers = [long.stamp(request(entry)) for entry in ENTRIES[:2]]
    for entry, answer in zip(ENTRIES, answers, strict=False):
        (found,) = read_stamp(answer, "a.tsr", ENTRIES, long.pem())
        assert found.number == entry.number and long.holds(answer, entry.line().encode())
    for answer in answers:
        assert in_order(in_order(answer)) == in_order(answer) and sorted(in_order(answer)) == sorted(answer)
    assert any(in_order(answer) != answer for answer in answers)


def test_what_lies_between_root_and_signer_may_come_with_the_answer_or_with_the_root(tmp_path):
    """A signer of elliptic curves below an authority between: as openssl has it,
    whichever way the middle one comes.
    """
    long = Authority(tmp_path / "long")
    keys, own = key(), ec.generate_private_key(ec.SECP256R1())
    between = certificate(name("中间"), keys, long.issuer, long.keys, serial=5, authority=True).public_bytes(
        Encoding.PEM
    )
    signer = certificate(name("章"), own, name("中间"), keys, serial=6, uses=[Use.TIME_STAMPING])
    (long.folder / "between.pem").write_bytes(between)
    (long.folder / "signer.pem").write_bytes(signer.public_bytes(Encoding.PEM))
    (long.folder / "signer.key").write_bytes(
        own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    root, bare = long.root.read_bytes(), long.stamp(request(ENTRY))
    (long.folder / "tsa.cnf").write_text(
        (long.folder / "tsa.cnf").read_text() + f"certs = {long.folder}/between.pem\n"
    )
    whole = long.stamp(request(ENTRY))
    for answer, pem in (
        (whole, root),
        (whole, root + between),
        (bare, root + between),
        (bare, between + root),
    ):
        (found,) = read_stamp(answer, "a.tsr", ENTRIES, {"a.pem": pem})
        assert found.details["name"] == "某时间戳机构 章"
    assert long.holds(whole, LINE) and long.holds(bare, LINE, "-untrusted", long.folder / "between.pem")
    assert code(bare, "a.tsr", ENTRIES, {"a.pem": root}) == "ZS-DR-55" and not long.holds(bare, LINE)
    # What lies between is no root.
    assert code(whole, "a.tsr", ENTRIES, {"a.pem": between}) == "ZS-DR-55"


def test_cut_spoilt_and_random_files_are_refused_with_a_code(authority, answer):
    dice = random.Random(7)
    files = [answer[:size] for size in range(0, len(answer), 11)]
    files += [dice.randbytes(size) for size in (0, 1, 2, 79, 80, 1_000, MAX_STAMP, MAX_STAMP + 1)]
    files += [b"\x30\x84" + b"\xff" * 9, b"\x30\x80" * 900, answer + b"\x00", b"\xff" * 300]
    for file in files:
        assert code(file, "a.tsr", ENTRIES, authority.pem()) in REFUSED, file[:40].hex()
    taken = 0
    for _ in range(500):
        file = bytearray(answer)
        file[dice.randrange(len(file))] ^= 1 << dice.randrange(8)
        try:
            (found,) = read_stamp(bytes(file), "a.tsr", ENTRIES, authority.pem())
        except ZhunshengError as error:
            assert error.code in REFUSED
        else:  # what is not signed may change; never what it says
            taken += 1
            assert (found.number, found.kind) == (2, "authority")
            assert found == read_stamp(answer, "a.tsr", ENTRIES, authority.pem())[0]
    assert taken < 25


# -- OpenTimestamps
# ----------------------------------------------------------------------------------------------------


def varied(number):
    found = b""
    while number >= 0x80:
        found, number = found + bytes([number & 0x7F | 0x80]), number >> 7
    return found + bytes([number])


def sized(content):
    return varied(len(content)) + content


def pending(address=b"https://alice.btc.calendar.opentimestamps.org"):
    return b"\x00" + ots.PENDING + sized(sized(address))


def block(height):
    return b"\x00" + ots.BITCOIN + sized(varied(height))


def proof(digest, body):
    return ots.MAGIC + b"\x01\x08" + bytes.fromhex(digest) + body


def test_a_promise_of_a_calendar_proves_nothing_yet():
    body = (
        b"\xf0"
        + sized(b"salt")
        + b"\x08"
        + b"\xff"
        + pending()
        + b"\xff"
        + pending(b"https://b.example/")
        + block(900_000)
    )
    found = read_stamp(proof(ENTRY.own, body), "a.ots", ENTRIES, {})
    assert [(one.number, one.kind, one.bound) for one in found] == [
        (2, "pending", ""),
        (2, "pending", ""),
        (2, "block", ""),
    ]
    assert "尚未入块" in found[0].says and "alice" in found[0].says
    root = hashlib.sha256(bytes.fromhex(ENTRY.own) + b"salt").digest()[::-1].hex()
    assert "900000" in found[2].says and root in found[2].says and "没有核对" in found[2].says
    assert code(proof("ab" * 32, body), "a.ots", ENTRIES, {}) == "ZS-DR-54"


# Block 883230 of Bitcoin: its header, its first transaction (without witness) and that one's way to the
# Merkle root.
HEADER = bytes.fromhex(
    "040060208c8b71956e408769453d40275830b83856bc0d8afaf60000000000000000000069167b97329b04d11aea35a48fbfc00af71c9750"
    "c4526d024dbb97158793eac31379aa672677021707a18259"
)
FIRST = bytes.fromhex(
    "02000000010000000000000000000000000000000000000000000000000000000000000000ffffffff29031e7a0d041379aa672f53424943"
    "727970746f2e636f6d20506f6f6c2f0e8f08296459410349b85901ffffffff029e32a912000000001600141843e47a9034732c7d904b5cae"
    "76e2c5d64e799c0000000000000000266a24aa21a9edf97f7d667a4e75a8b7235f1f66648bc2262d2dd5253e811ac1c257ae03d1d3b20000"
    "0000"
)
WAY = bytes.fromhex(
    "dcaa27e445aebb4da70903dc81b0bbab3dce6528017d110679c4ec014c23dec164a14c419c7a8b782ecb054f161919a46d3a723beb4b1136"
    "42bc9d88edcb71e69e18ed43ba5fdf895ac2ff4b782499bc14f8a9f092a39fd02250f422f26ace0e76ab87d4918f8dc24223f985aca50e7c"
    "6c9c064c5a44c9c674bdca43b66aa3a0405b277fa566aa36e7f8cf460d0409b75df4cfe1fa6068dd19f4e9f642083115167eaf348f19ecc0"
    "41b81c66acde8eac8429d9642e5fd7456d550588fe7f37ca01fb6fbe629b4e5c248f9e7624e2582aa2af13673f9ed61dfa614bfeafe2b785"
    "70dae790a39ba77a224e6bf761d6b283a25fc698e84d0442bcf0ab2c4a53040ee57278975479c5623f6a394ac181f22a9e5c5685b94215cc"
    "c2e2f60c5f96a2fe852c75408415838af7b822076644d913794e6e538275f6a5b962ab4721c0a151"
)
STEPS = b"".join(b"\xf0" + sized(WAY[at : at + 32]) + b"\x08\x08" for at in range(0, len(WAY), 32))
GENESIS = bytes.fromhex(
    "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3"
    "888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c"
)


def test_a_proof_leads_to_a_block_of_the_chain():
    """The file stamped is the block's own first transaction: a second hash gives its id,
    the siblings the Merkle root.
    """
    _digest, ends = ots.read_proof(proof(hashlib.sha256(FIRST).hexdigest(), b"\x08" + STEPS + block(883_230)))
    (end,) = ends
    assert (end.kind, end.height) == ("block", 883_230)
    assert end.root == "c3ea93871597bb4d026d52c450971cf70ac0bf8fa435ea1ad1049b32977b1669"
    found = ots.header_for(end, [GENESIS, HEADER])
    assert found.block == "00000000000000000001c55626b85b4b3ecb33f67645356a2b01f4dfba893679"
    assert found.time == datetime(2025, 2, 10, 22, 9, 23, tzinfo=UTC) and found.difficulty > 10**14
    for place in (0, 4, 40, 68, 72, 76):  # whatever is changed in it, no work was done for that
        spoilt = bytearray(HEADER)
        spoilt[place] ^= 1
        with pytest.raises(ots.Unreadable):
            ots.header_for(end, [bytes(spoilt)])
    with pytest.raises(ots.Unreadable, match="没有默克尔根"):
        ots.header_for(end, [GENESIS])
    assert (
        ots.headers_of(GENESIS + HEADER)
        == ots.headers_of(f"{GENESIS.hex()}\n{HEADER.hex()}\n".encode())
        == [GENESIS, HEADER]
    )


def test_a_block_that_took_no_work_proves_nothing(log, tmp_path):
    """The office makes a header of its own with the root it needs: easy enough at the least difficulty there
    is.
    """
    assert ots.header_of(GENESIS).difficulty == 1
    easy = bytes(36) + bytes.fromhex(ENTRY.own) + bytes(4) + (0x207FFFFF).to_bytes(4, "little")
    made = next(
        easy + nonce.to_bytes(4, "little")
        for nonce in range(200)
        if _works(easy + nonce.to_bytes(4, "little"))
    )
    file = proof(ENTRY.own, block(900_000))
    assert code(file, "a.ots", ENTRIES, {}, headers=[made]) == "ZS-DR-55"
    (tmp_path / "a.ots").write_bytes(file)
    (tmp_path / "headers").write_text(made.hex())
    refused = CliRunner().invoke(
        app, ["draw", "stamp", "check", str(log), "--headers", str(tmp_path / "headers")]
    )
    assert "难度" in str(refused.exception) and refused.exception.code == "ZS-DR-55"


def _works(raw):
    try:
        return ots.header_of(raw) is not None
    except ots.Unreadable:
        return False


def test_spoilt_proofs_are_refused_with_a_code():
    body = (
        b"\xf1"
        + sized(b"x" * 9)
        + b"\xff\x08"
        + pending()
        + b"\xf2\xf3\x02"
        + b"\x00"
        + b"12345678"
        + sized(b"z")
    )
    good = proof(ENTRY.own, body)
    assert [one.kind for one in read_stamp(good, "a.ots", ENTRIES, {})] == ["pending", "other"]
    dice = random.Random(9)
    files = [good[:size] for size in range(len(good))] + [good + b"\x00", good + good]
    files += [
        proof(ENTRY.own, wrong)
        for wrong in (
            b"",
            b"\xff",
            b"\xff" * 400,
            b"\x08" * 900,
            b"\xf2" * 9,
            b"\x67" + pending(),
            b"\xf0\x00" + pending(),
            b"\xf0" + sized(b"x" * 5_000) + pending(),
            b"\xf3" * 12 + pending(),
            b"\xf0" + b"\xff" * 12,
            pending(b""),
            pending("日历".encode()),
            pending(b"x" * 1_001),
            pending(b"https://a?b=1"),
            b"\xf2\xf0\x01x" + block(9),
            block(2**40),
            b"\x00" + ots.BITCOIN + sized(varied(9) + b"\x00"),
            b"\x00" + ots.PENDING + sized(b"\xff" * 20),
        )
    ]
    files.append(proof(ENTRY.own, (b"\xff" + pending()) * 1_200 + pending()))  # all of it right, and too much
    files += [
        ots.MAGIC + b"\x02\x08" + bytes(32) + pending(),
        ots.MAGIC + b"\x01\x03" + bytes(20) + pending(),
    ]
    for file in files:
        assert code(file, "a.ots", ENTRIES, {}) in REFUSED, file.hex()
    for _ in range(3_000):
        file = bytearray(good)
        file[dice.randrange(len(file))] = dice.randrange(256)
        try:
            read_stamp(bytes(file), "a.ots", ENTRIES, {})
        except ZhunshengError as error:
            assert error.code in REFUSED


# -- what they come to
# -------------------------------------------------------------------------------------------------


def on(number, at):
    return Stamp(number, "authority", at, at, {"name": "甲", "root": "", "policy": ""})


def test_a_stamp_says_whether_the_commitment_came_first():
    known = datetime(2026, 3, 9, tzinfo=UTC)
    assert "没有外部的时间戳" in standing([], ENTRY, known)
    assert "没有外部的时间戳" in standing(
        [on(1, "2026-03-01T02:00:00+00:00")], ENTRY, known
    )  # earlier entries say nothing of it
    waiting = [Stamp(2, "pending", "", "", {"name": "x"})]
    assert "还没有能核对的时间" in standing(waiting, ENTRY, known)
    early, late = on(2, "2026-03-02T01:10:00+00:00"), on(2, "2026-03-10T00:00:00+00:00")
    assert "承诺在先，不只凭机关自己的时钟" in standing([*waiting, early], ENTRY, known)
    assert "不证明承诺在先" in standing([late], ENTRY, known)
    assert "不证明承诺在先" in standing(
        [on(2, known.isoformat())], ENTRY, known
    )  # at the moment itself is not before
    # A stamp on the head covers all that came before.
    covered = standing([late, on(4, "2026-03-08T00:00:00+00:00")], ENTRY, known)
    assert "第 4 条" in covered and "承诺在先，不只凭" in covered
    assert earliest([late, on(4, "2026-03-08T00:00:00+00:00")], 2).number == 4
    # The office's clock runs ahead, or the authority's behind: the two can't both be right.
    assert "时钟至少有一个不准" in standing([on(2, "2026-03-01T23:00:00+00:00")], ENTRY, known)
    # In whatever zone it is told.
    assert "承诺在先，不只凭" in standing([on(2, "2026-03-09T07:59:00+08:00")], ENTRY, known)


# -- the commands
# ------------------------------------------------------------------------------------------------------


def invoke(*words):
    done = CliRunner().invoke(app, ["draw", "stamp", *map(str, words)])
    if isinstance(done.exception, ZhunshengError):
        return done.exception.code, str(done.exception)
    assert done.exit_code == 0, done.output
    return "", done.output


def test_an_office_without_a_network_carries_files(authority, log, tmp_path):
    """Request on the one machine, stamp on the other, check back on the first, with all else lying beside the
    log.
    """
    out = tmp_path / "请求"
    _code, told = invoke("request", log, "--entry", 2, "--out", out)
    assert ENTRY.own in told and "curl --data-binary @第2条.tsq" in told
    assert (out / "第2条.json").read_bytes() == LINE
    first = (out / "第2条.tsq").read_bytes()
    invoke("request", log, "--entry", 2, "--out", out)
    assert (out / "第2条.tsq").read_bytes() == first  # its answer may be on the way
    (log.parent / "第2条.tsr").write_bytes(authority.stamp(first))
    (log.parent / "a.ots").write_bytes(proof(ENTRIES[3].own, pending()))
    given = ("check", log, "--root", authority.root)
    _code, told = invoke(*given)
    assert "第 2 条" in told and "某时间戳机构" in told and "尚未入块" in told
    said = json.loads(invoke(*given, log.parent / "第2条.tsr", "--request", out / "第2条.tsq", "--json")[1])
    assert (
        said["stamps"]["第2条.tsr"][0]["number"] == 2
        and "相信这家机构的" in said["stamps"]["第2条.tsr"][0]["says"]
    )
    assert invoke("check", log)[0] == "ZS-DR-56"
    assert invoke("check", log, "--root", log)[0] == "ZS-DR-56"
    assert invoke("check", log, tmp_path / "none.tsr")[0] == "ZS-IN-01"
    assert invoke("request", log, "--entry", 9, "--out", out)[0] == "ZS-CL-01"
    # The request of another log's entry that lies there is not taken for this one's.
    (out / "第2条.tsq").write_bytes(request(ENTRIES[0]))
    invoke("request", log, "--entry", 2, "--out", out)
    assert (
        read_stamp(authority.stamp((out / "第2条.tsq").read_bytes()), "x", ENTRIES, authority.pem())[0].number
        == 2
    )


def test_a_bundle_committed_under_a_false_clock_is_told_by_its_stamp(authority, tmp_path):
    """The log says 2021, the numbers came out in 2024, the stamp is of today: the log's own time proves
    nothing.
    """
    said = next(
        one for one in json.loads((BUNDLES / "cases.json").read_text("utf8")) if one["name"] == "office"
    )
    entry = ENTRIES[0].model_copy(update={"at": "2021-02-26T00:00:00Z", "digest": said["commitment"]})
    log, bundle = tmp_path / "log.jsonl", BUNDLES / said["bundle"]
    log.write_text(entry.line() + "\n", "utf8")
    assert "没有外部的时间戳" in invoke("check", log, "--bundle", bundle)[1]
    (tmp_path / "1.tsr").write_bytes(authority.stamp(request(entry)))
    given = ("check", log, "--root", authority.root, "--bundle")
    assert "不证明承诺在先" in invoke(*given, bundle)[1]
    assert "1" in json.loads(invoke(*given, bundle, "--json")[1])["standing"]
    assert invoke(*given, BUNDLES / "draw-1.zip")[0] == "ZS-DR-46"


@pytest.fixture
def served(authority, tmp_path):
    """An authority on the network of this machine, whose certificate the caller trusts."""
    keys = key()
    own = certificate(name("127.0.0.1"), keys, name("127.0.0.1"), keys, uses=[Use.SERVER_AUTH])
    (tmp_path / "tls.pem").write_bytes(
        own.public_bytes(Encoding.PEM) + keys.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )

    class Here(BaseHTTPRequestHandler):
        def do_POST(self):
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/moved":
                self.send_response(302)
                self.send_header("Location", "/stamp")
                self.end_headers()
                return
            if self.path == "/slow":
                time.sleep(2)
            self.send_response(500 if self.path == "/broken" else 200)
            self.end_headers()
            if self.path == "/endless":
                self.wfile.write(b"x" * (MAX_STAMP + 9))
            elif self.path == "/stamp" and self.headers["Content-Type"] == "application/timestamp-query":
                self.wfile.write(authority.stamp(asked))

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Here)
    inner = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    inner.load_cert_chain(tmp_path / "tls.pem")
    server.socket = inner.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    trusting = ssl.create_default_context(cadata=own.public_bytes(Encoding.PEM).decode())
    trusting.check_hostname = False
    yield f"https://127.0.0.1:{server.server_address[1]}", trusting
    server.shutdown()
    server.server_close()


def test_where_there_is_a_network_the_command_sends_to_the_one_address_given(
    authority, served, asked, monkeypatch
):
    monkeypatch.setenv("no_proxy", "*")
    base, trusting = served
    (found,) = read_stamp(
        ask(f"{base}/stamp", asked, 20, trusting), "a", ENTRIES, authority.pem(), asked=asked
    )
    assert found.number == 2

    def refused(address, seconds=20.0, context=trusting):
        with pytest.raises(ZhunshengError, match="ZS-DR-57") as error:
            ask(address, asked, seconds, context)
        return str(error.value)

    assert "302" in refused(f"{base}/moved") and "500" in refused(f"{base}/broken")
    assert "没有答复" in refused(f"{base}/slow", 0.5) and "超过" in refused(f"{base}/endless")
    assert "证书验不过" in refused(f"{base}/stamp", 5, None)  # a server that the machine does not trust
    for address in ("http://127.0.0.1/", "file:///etc/passwd", "https:///x", "tsa", "https://127.0.0.1:1/"):
        refused(address)
