"""Draw bundles from strangers: command and page judge alike, whatever is in them;
nothing is unpacked or counted without a bound.
"""

from __future__ import annotations

import base64
import copy
import io
import json
import random
import re
import struct
import subprocess
import sys
import tarfile
import time
import tracemalloc
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from places import BEACONS
from zhunsheng.draws import spec
from zhunsheng.draws.assignment import RegisteredInspector
from zhunsheng.draws.beacons import randomness_of
from zhunsheng.draws.bundle import read_bundle
from zhunsheng.draws.bundle_rules import LIMITS, PARTS, page_rules
from zhunsheng.draws.curves import add, curve_order, multiply, points
from zhunsheng.draws.drawing import DuckDatabase
from zhunsheng.draws.frame import open_database
from zhunsheng.draws.frame_making import frame_from_file
from zhunsheng.draws.plan import Plan
from zhunsheng.draws.protocol import commitment, commitment_digest, perform, seal
from zhunsheng.draws.randomness import canonical_text, entered
from zhunsheng.draws.slips import recorded, slip
from zhunsheng.draws.verification import verify
from zhunsheng.errors import ZhunshengError
from zhunsheng.usecases.drawing.verifying import verify_bundle

PAGE = Path(str(spec.__file__)).parent / "verify.html"
LANDED = Path(__file__).parent / "landed" / "site.tar.xz"
BEFORE = datetime(2021, 2, 26, tzinfo=UTC)

# Parts of strata from all of Unicode: beside each other what JavaScript and Python order or count
# differently.
NAMES = (
    "东",
    "西区",
    "\U00020000里",
    "\U0001f600",
    "\ue000",
    "\uf900",
    "\uffee",
    "ﬁ",
    "é",
    "e\u0301",
    "Ａ",
    "A",
    "a b",
    "<b>&amp;</b>",
    '"\\/',
    "\u2028",
    "\ufeff末",
    "\u200b",
    "\u0085",
    "__proto__",
    "constructor",
    "toString",
    "10",
    "9",
    "\U0010ffff",
    "名" * 40,
    "\U00020000" * 40,
    "ß",
    "İ",
    "ǆ",
)
IDS = ("__proto__", "constructor", "-", "_", "0", "00", "a", "A", "hasOwnProperty", "9" * 22)
NUMBERS = ("03 08 17", "0", "０３ ０８", "999999999999", "１２３")
# Points on the two curves that are not in the subgroup of prime order, with the smallest coordinate there is.
OFF_SUBGROUP = {"quicknet": f"8{4:095x}", "default": f"8{2:0191x}"}


def pack(members, stored=()):
    """Return a zip as the program writes it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in members:
            kind = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), raw, kind)
    return stream.getvalue()


def packed(parts):
    return pack([(name, spec.canonical(data)) for name, data in parts.items()])


def value_of(chance, source):
    """Return what one person enters of a source."""
    if source["source"] == "drand":
        return BEACONS[source["chain"]]
    if source["source"] != "ceremony":
        return {"numbers": chance.choice(NUMBERS)}
    said = {"numbers": chance.choices(NUMBERS, k=len(source["speakers"]))}
    return (
        said | {"salts": [f"{n:032x}" for n in range(len(said["numbers"]))]} if source.get("sealed") else said
    )


def honest(chance, place):
    """Return (parts, frame's bytes, commitment's digest) of a small draw with names,
    ids and numbers of every kind.
    """
    names = ["district", "credit_class", "kind"][: chance.randint(1, 3)]
    pools = [chance.sample(NAMES, chance.randint(1, 4)) for _ in names]
    ids = [*chance.sample(IDS, 4), *(f"E{n:04d}" for n in range(chance.randint(8, 40)))]
    rows = sorted((one, "|".join(chance.choice(pool) for pool in pools)) for one in ids)
    first = chance.choice(rows)[1].split("|")[0]
    sources = chance.sample(
        [
            {"source": "lottery", "name": chance.choice(NAMES), "issue": "2021-1"},
            {"source": "ceremony", "speakers": ["甲", chance.choice(NAMES), "\U00020001"]},
            {"source": "office"},
            {"source": "ceremony", "speakers": ["甲", "\U00020001"], "sealed": True},
            {"source": "drand", "chain": "quicknet", "round": 1000},
            {"source": "drand", "chain": "default", "round": 3311596},
        ],
        chance.randint(1, 3),
    )
    values = [value_of(chance, source) for source in sources]
    known_at = (
        "2024-01-01T00:00:00Z"
        if any(s["source"] == "drand" for s in sources)
        else "2021-03-01T22:00:00+08:00"
    )
    lead = chance.choice([{}, {"lead": 1}, {"lead": 60}])
    plan = Plan.model_validate(
        {
            **lead,
            "id": "T-1",
            "title": chance.choice(NAMES) + "\n\t抽",
            "office": "\U00020bb7",
            "rule": '“”"\\',
            "items": [{"code": "A", "name": chance.choice(NAMES)}],
            "strata": names,
            "reserve": chance.choice(["0", "0.5", "1", "0.333333333"]),
            "staffing": {"per_object": chance.choice([2, 3])},
            "quotas": [
                {"match": {names[0]: first}, "count": chance.randint(1, 3)},
                {"ratio": chance.choice(["0.1", "0.25", "1"]), "floor": 1, "ceiling": 6},
            ],
            "randomness": sources,
            "known_at": known_at,
        }
    )
    slips = [
        slip(*one)
        for v in entered(values)
        for one in zip(v.get("salts", ()), v.get("numbers", ()), strict=False)
    ]
    sealed_at = "2021-02-27T00:00:00Z"
    people = [RegisteredInspector(id=f"P{n}", certified=True) for n in range(4)] + [
        RegisteredInspector(
            id=one,
            certified=chance.random() < 0.5,
            districts=chance.sample(NAMES, 3),
            recuse=chance.sample(ids, 2),
        )
        for one in ("__proto__", "-", "z")
    ]
    text = f"#\t{chance.randbytes(16).hex()}\n" + "".join(f"{one}\t{stratum}\n" for one, stratum in rows)
    (place / "frame.tsv").write_text(text, "utf8", newline="")
    frame = frame_from_file(place / "frame.tsv", plan, open_database(), published=True)
    committed = commitment(plan, frame, people, BEFORE)
    sealed = seal(
        plan,
        committed,
        {"by": "a", "values": values},
        {"by": "b", "values": values},
        recorded(plan, slips, sealed_at),
    )
    values = [{**value, "sealed_at": sealed_at} if "salts" in value else value for value in values]
    if chance.random() < 0.5:  # as versions wrote it that kept full-width digits
        sealed |= {"values": values, "randomness": canonical_text(plan, values)}
        sealed["seed"] = spec.seed_of(sealed["commitment"], sealed["randomness"])
    outcome = perform(plan, committed, sealed, frame, people, DuckDatabase(frame.connection))
    raw = {name: json.loads(spec.canonical(data)) for name, data in outcome.parts().items()}
    return raw, (place / "frame.tsv").read_bytes(), commitment_digest(committed)


# -- what may be done to a bundle: to its data, to its text, to its zip

VALUES = (
    True,
    False,
    None,
    -1,
    0,
    1,
    2,
    10**9,
    10**10,
    10**18,
    10**400,
    1.5,
    float("nan"),
    float("inf"),
    "",
    "ab",
    "1",
    "０",
    "\x00",
    [],
    {},
    [[]],
    "__proto__",
    "a" * 64,
    "9999-12-31T23:59:59-23:59",
    "2021-02-30T00:00:00Z",
    "0001-01-01T00:00:00Z",
)


def places(data, path=()):
    """Yield the path of every value in plain data."""
    yield path
    for key, inner in (
        data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    ):
        yield from places(inner, (*path, key))


def data_changed(chance, parts):
    """Change one value anywhere: another value, one more, one less, one twice."""
    parts = copy.deepcopy(parts)
    name = chance.choice(PARTS)
    *above, last = chance.choice(list(places(parts[name], (name,))))
    holder = parts
    for key in above:
        holder = holder[key]
    how = chance.choice(["value", "value", "gone", "more", "twice"])
    if how == "gone" and len(above) > 0:
        del holder[last]
    elif how == "more" and isinstance(holder[last], dict):
        holder[last][chance.choice(["name", "witness", "__proto__", "ticket"])] = chance.choice(VALUES)
    elif how in ("more", "twice") and isinstance(holder[last], list) and holder[last]:
        holder[last].append(copy.deepcopy(chance.choice(holder[last])))
    else:
        holder[last] = chance.choice([v for v in VALUES if repr(v) != repr(holder[last])])
    texts = [
        (n, json.dumps(d, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode())
        for n, d in parts.items()
    ]
    return pack(texts)


def bent(chance, parts):
    """Change one value to another that may stand there, or the order of a list."""
    parts = copy.deepcopy(parts)
    name = chance.choice([n for n in (*PARTS, "plan.json", "inspectors.json", "commitment.json") if parts[n]])
    *above, last = chance.choice([p for p in places(parts[name], (name,)) if len(p) > 1])
    holder = parts
    for key in above:
        holder = holder[key]
    old = holder[last]
    if isinstance(old, bool):
        holder[last] = not old
    elif isinstance(old, int):
        holder[last] = old + chance.choice([-1, 1])
    elif isinstance(old, str):
        holder[last] = chance.choice(
            [old[:-1] + ("0" if old[-1:] != "0" else "1"), old[:-1], old + "0", old.swapcase()]
        )
    elif isinstance(old, list):
        holder[last] = chance.choice([old[::-1], old[1:], old + old[:1]])
    else:
        holder.pop(last)
    return parts


def data_bent(chance, parts):
    return packed(bent(chance, parts))


def forged(chance, parts):
    """Do so and make all digests anew, as one would who makes up the whole bundle."""
    parts = bent(chance, parts)
    committed, sealed = parts["commitment.json"], parts["seed.json"]
    if isinstance(committed.get("inspectors"), dict):
        committed["plan"] = spec.digest(spec.canonical(parts["plan.json"]))
        committed["inspectors"]["digest"] = spec.digest(spec.canonical(parts["inspectors.json"]))
    sealed["commitment"] = spec.digest(spec.canonical(committed))
    sealed["seed"] = spec.seed_of(sealed["commitment"], str(sealed.get("randomness")))
    return packed(parts)


def hurried(chance, parts):
    """Have the plan promise more time before the numbers than the commitment left, all digests anew."""
    parts = copy.deepcopy(parts)
    parts["plan.json"]["lead"] = 525_600 * (3 if chance.random() < 0.1 else 1)
    # Committed a minute before the year that is promised, at the edge of it, or a second within.
    known = Plan.model_validate(parts["plan.json"] | {"lead": 1}).known_from
    when = known - timedelta(minutes=525_600) + timedelta(seconds=chance.choice([1, 60, 86_400]))
    parts["commitment.json"] |= {
        "committed_at": when.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "plan": spec.digest(spec.canonical(parts["plan.json"])),
    }
    parts["seed.json"]["commitment"] = spec.digest(spec.canonical(parts["commitment.json"]))
    parts["seed.json"]["seed"] = spec.seed_of(
        parts["seed.json"]["commitment"], parts["seed.json"]["randomness"]
    )
    return packed(parts)


def text_changed(chance, parts):
    """Change how one file is written, so that it reads the same or nearly so."""
    name = chance.choice(PARTS)
    text = spec.canonical(parts[name]).decode()
    raw = text.encode()
    written = chance.choice(
        [
            lambda: b"\xef\xbb\xbf" + raw,
            lambda: raw + b"\n",
            lambda: raw.replace(b",", b",\r\n", 1),
            lambda: text.encode("utf-16"),
            lambda: text.encode("gb18030") + b"\x80",
            lambda: json.dumps(parts[name], separators=(",", ":"), sort_keys=True, indent=1).encode(),
            lambda: raw[:-1],
            lambda: raw + raw,
            lambda: b"[" * 200_000,
            lambda: b'{"a":' * 100_000,
            lambda: raw.replace(b'"', b'"\\ud800', 1),
            lambda: raw.replace(b'"', b'"\xed\xa0\x80', 1),
            lambda: raw.replace(b'"', b'"\\u0041', 1),
            lambda: raw.replace(b"{", b'{"a":1,"a":2,', 1),
            lambda: re.sub(rb"(\"\w+\":)", rb"\1\1", raw, count=1),
            lambda: raw.replace(b"2", b"2.0", 1) + b" ",
            lambda: raw.replace(b"1", b"1e0", 1) + b" ",
            lambda: raw.replace(b"}", b",}", 1),
            lambda: b"",
            lambda: b"null",
            lambda: b"NaN",
            lambda: b"-0",
            lambda: raw.replace(b"/", b"\\/") + b"\t",
        ]
    )()
    return pack([(n, written if n == name else spec.canonical(d)) for n, d in parts.items()])


def zip_changed(chance, parts):
    """Change the archive around the files."""
    members = [(n, spec.canonical(d)) for n, d in parts.items()]
    whole = pack(members)
    end = len(whole) - 22
    start = struct.unpack_from("<L", whole, end + 16)[0]
    name = chance.choice(PARTS)
    at = whole.index(b"PK\1\2" + whole[start + 4 : start + 8])

    def patched(place, data):
        return whole[:place] + data + whole[place + len(data) :]

    def twice():
        with pytest.warns(UserWarning, match="Duplicate"):
            return pack([*members, (name, dict(members)[name])])

    return chance.choice(
        [
            twice,
            lambda: pack([*members, ("真相.txt", b"x")]),
            lambda: pack([*members, ("../x", b"x")]),
            lambda: b"MZ" + whole,
            lambda: whole + b"\0",
            lambda: whole[:-5],
            lambda: whole[:end] + b"junk" + whole[end:],
            lambda: pack([m for m in members if m[0] != name]),
            lambda: patched(end + 20, b"\5\0") + b"hello",
            lambda: patched(at + 8, b"\1\0"),
            lambda: patched(at + 16, b"\0\0\0\0"),
            lambda: patched(at + 24, struct.pack("<L", 2**31)),
            lambda: patched(at + 10, b"\x0c\0"),
            lambda: patched(30 + len("plan.json") + 8, b"\xff\xff\xff"),
            lambda: (
                whole[:start]
                + b"gap!"
                + whole[start:end]
                + patched(end + 16, struct.pack("<L", start + 4))[end:]
            ),
            lambda: b"",
            lambda: b"PK\3\4",
            lambda: patched(4, b"\x63"),
            lambda: patched(30, b"plan.jsoN"),
            lambda: pack(
                [(n, r + b" " * (LIMITS[n][0] + 1)) if n == "seed.json" else (n, r) for n, r in members]
            ),
        ]
    )()


CHANGES = (
    (data_changed,) * 7
    + (data_bent,) * 5
    + (forged,) * 6
    + (hurried,)
    + (text_changed,) * 4
    + (zip_changed,) * 4
)


def ours(path, bundle, frame, expected):
    """Return what the command says of a bundle: a code, or check -> whether it holds."""
    (path / "b.zip").write_bytes(bundle)
    if frame is not None:
        (path / "f.tsv").write_bytes(frame)
    try:
        found = verify_bundle(path / "b.zip", path / "f.tsv" if frame is not None else None, expected)
    except ZhunshengError as error:
        return error.code
    return {c.code: c.holds for c in found}


IN_PAGE = """async cases => {
  const bytes = text => Uint8Array.from(atob(text), c => c.charCodeAt(0)).buffer, found = [];
  for (const [bundle, frame, expected] of cases) {
    try {
      const file = frame === null ? null : new Blob([bytes(frame)]);
      const checks = await verify(bytes(bundle), file, expected, () => {});
      found.push(Object.fromEntries(checks.map(c => [c.code, c.holds])));
    } catch (error) { found.push(error.message); }
  }
  return found;
}"""


def theirs(page, cases):
    """Return what the page says of bundles, in one session: a code, or check -> whether it holds."""
    coded = [
        [base64.b64encode(b).decode(), f if f is None else base64.b64encode(f).decode(), e or ""]
        for b, f, e in cases
    ]
    found = page.evaluate(IN_PAGE, coded)
    return [one if isinstance(one, dict) else one.split(" ")[0] for one in found]


def compared(said):
    """Return a verdict without what is not computed where the frame is not the committed one."""
    if isinstance(said, dict) and said.get("frame") is False:
        return {k: v for k, v in said.items() if k != "again"}
    return said


def test_beacons_alike_in_command_and_page(page):
    """Each signature with a bit changed, of another round or group, at infinity or off the subgroup:
    the same answer.
    """
    chance = random.Random(12)
    cases = []
    for chain, number in (("quicknet", 1000), ("default", 3311596)):
        value = BEACONS[chain]
        size = len(value["signature"])
        bits = [f"{int(value['signature'], 16) ^ 1 << chance.randrange(size * 4):0{size}x}" for _ in range(3)]
        wrong = [
            *bits,
            f"{int(value['signature'], 16) ^ 1 << (size * 4 - 3):0{size}x}",
            "c" + "0" * (size - 1),
        ]
        wrong += ["0" * size, "f" * size, OFF_SUBGROUP[chain], shifted(chain, value["signature"])]
        cases += [(chain, number, value), (chain, number + 1, value)]
        cases += [(chain, number, {**value, "signature": one}) for one in wrong]
        if "previous_signature" in value:
            cases.append((chain, number, {**value, "previous_signature": value["signature"]}))
    command = [beacon_holds(*case) for case in cases]
    script = """cases => Promise.all(cases.map(([chain, round, v]) =>
      signedBy(RULES.chains[chain], round, v.signature, v.previous_signature || "")))"""
    assert page.evaluate(script, cases) == command
    assert [n for n, holds in enumerate(command) if holds] == [0, 11]


def shifted(chain, signature):
    """Return a true signature plus a point of small order, for which the pairing holds as well:
    another text of it.
    """
    read, write = (
        (points.pubkey_to_G1, points.G1_to_pubkey)
        if chain == "quicknet"
        else (points.signature_to_G2, points.G2_to_signature)
    )
    small = multiply(read(bytes.fromhex(OFF_SUBGROUP[chain])), curve_order)
    return write(add(read(bytes.fromhex(signature)), small)).hex()


def beacon_holds(chain, number, value):
    try:
        return bool(randomness_of(chain, number, value))
    except ZhunshengError:
        return False


def refused(said):
    return isinstance(said, str) or False in said.values()


def test_command_and_page_judge_every_bundle_alike(page, tmp_path, capsys):
    """Honest bundles hold in both; changed ones are refused in both, by the same checks and codes."""
    chance = random.Random(2021)
    cases, kinds, of = [], [], []
    for base in range(16):
        parts, frame, digest = honest(chance, tmp_path)
        whole, stored = packed(parts), pack([(n, spec.canonical(d)) for n, d in parts.items()], stored=PARTS)
        made = [("honest", whole, frame, digest), ("honest", stored, None, digest.upper() + "\n")]
        for change in CHANGES:
            with_frame = frame if chance.random() < 0.04 else None
            made.append((change.__name__, change(chance, parts), with_frame, chance.choice([digest, None])))
        lines = frame.splitlines(keepends=True)
        others = (
            frame.replace(b"\n", b"\r\n"),
            b"\xef\xbb\xbf" + frame,
            frame[:-1],
            b"".join(lines[1:]),
            b"",
        )
        for other in others if base < 4 else ():
            made.append(("frame", whole, other, digest))
        for kind, bundle, *with_what in made:
            if kind in ("honest", "frame") or bundle != whole:
                kinds.append(kind)
                cases.append((bundle, *with_what))
                of.append(parts)
    command = [ours(tmp_path, *case) for case in cases]
    shown = theirs(page, cases)
    apart = [(k, a, b) for k, a, b in zip(kinds, command, shown, strict=True) if compared(a) != compared(b)]
    assert apart == []
    held = [(n, kind) for n, kind in enumerate(kinds) if not refused(command[n])]
    with capsys.disabled():
        print(f"\n{len(cases)} bundles judged alike: {len(held)} held, {len(cases) - len(held)} refused")
    assert len(cases) > 400
    assert [kind for _, kind in held].count("honest") == kinds.count("honest") == 32
    for n, kind in held:
        if kind != "honest":  # what nothing rests on: who entered the numbers is known by a digest
            (tmp_path / "b.zip").write_bytes(cases[n][0])
            found = read_bundle(tmp_path / "b.zip")
            assert {**found["seed.json"], "entered_by": None} == {**of[n]["seed.json"], "entered_by": None}
            same = [p for p in PARTS if p != "seed.json"]
            assert [found[p] for p in same] == [of[n][p] for p in same]


def test_the_page_carries_the_rules_of_the_command():
    """``python -m zhunsheng.draws.bundle_rules`` writes them."""
    line = re.search(r"(?m)^const RULES = (.*);$", PAGE.read_text("utf8"))
    assert json.loads(line[1]) == json.loads(json.dumps(page_rules()))


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """An honest bundle's parts, frame and digest."""
    return honest(random.Random(7), tmp_path_factory.mktemp("one"))


def changed(parts, name, change):
    """Return a bundle in which one file's data went through ``change``, in canonical form."""
    parts = copy.deepcopy(parts)
    change(parts[name])
    return packed(parts)


def test_refusals_name_the_file_and_the_place(one, tmp_path):
    parts, _frame, _digest = one
    drawn = parts["drawn.json"]
    cases = [
        (
            changed(parts, "plan.json", lambda p: p["staffing"].update(per_object=10**9)),
            "ZS-DR-22",
            "plan.json 不合规：staffing.per_object 应是 2 至 20",
        ),
        (
            changed(parts, "plan.json", lambda p: p.update(known_at="9999-12-31T23:59:59-23:59")),
            "ZS-DR-22",
            "known_at 写法不合要求",
        ),
        (
            changed(
                parts,
                "plan.json",
                lambda p: p.update(randomness=[{"source": "drand", "chain": "quicknet", "round": 10**18}]),
            ),
            "ZS-DR-22",
            "randomness.第 1 项",
        ),
        (
            changed(parts, "plan.json", lambda p: p.update(known_at="2021-02-30T00:00:00Z")),
            "ZS-DR-23",
            "plan.json",
        ),
        (
            changed(parts, "assignment.json", lambda a: a.insert(0, {**a[0], "inspectors": ["P9", "P8"]})),
            "ZS-DR-23",
            f"第 2 项与第 1 项都是 {parts['assignment.json'][0]['id']}",
        ),
        (
            changed(parts, "assignment.json", lambda a: a[0].update(name="张三")),
            "ZS-DR-22",
            "assignment.json 不合规：第 1 项 没有“name”这个字段",
        ),
        (
            changed(parts, "seed.json", lambda s: s.update(witness="公证处")),
            "ZS-DR-22",
            "没有“witness”这个字段",
        ),
        (
            changed(parts, "seed.json", lambda s: s.update(entered_by="ab")),
            "ZS-DR-22",
            "entered_by 应是 2 至 2 项的列表",
        ),
        (
            changed(parts, "drawn.json", lambda d: d.append(d[0])),
            "ZS-DR-23",
            f"drawn.json 第 {len(drawn) + 1} 项与第 1 项都是 {drawn[0]['id']}",
        ),
        (
            changed(parts, "drawn.json", lambda d: d[0].update(rank=True)),
            "ZS-DR-22",
            "第 1 项.rank 应是 1 至 1000000000 的整数",
        ),
        (pack([("plan.json", b"[" * 300_000)]), "ZS-DR-21|ZS-DR-07", "缺少 commitment.json"),
    ]
    for bundle, code, said in cases:
        (tmp_path / "b.zip").write_bytes(bundle)
        with pytest.raises(ZhunshengError, match=code) as caught:
            read_bundle(tmp_path / "b.zip")
        assert said in caught.value.text(), caught.value.text()


# -- time and memory

ROOM = r"""
import re, sys
from pathlib import Path
from zhunsheng.errors import ZhunshengError
from zhunsheng.usecases.drawing.verifying import verify_bundle
for name in sys.argv[1:]:
    try:
        print("held" if all(c.holds is not False for c in verify_bundle(Path(name))) else "no")
    except ZhunshengError as error:
        print(error.code)
# Not getrusage: what it says begins with the peak of the process that started this one.
print(int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""


def room(*paths):
    """Return what a process of its own says of bundles, and its peak memory in MiB."""
    done = subprocess.run(
        [sys.executable, "-c", ROOM, *map(str, paths)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    *said, peak = done.stdout.split()
    return said, int(peak)


def bombs(parts):
    """Yield bundles of at most some 100 kB that unfold to much."""
    empties = b"[" + b"[]," * 20_000_000 + b"[]]"
    keys = b"{" + b",".join(b'"%d":0' % n for n in range(690_000)) + b"}"
    for name, raw in (("drawn.json", empties), ("proofs.json", keys), ("plan.json", b'{"a":' * 100_000)):
        yield pack([(n, raw if n == name else spec.canonical(d)) for n, d in parts.items()])
    lying = bytearray(
        pack([(n, empties if n == "drawn.json" else spec.canonical(d)) for n, d in parts.items()])
    )
    size, small = struct.pack("<L", len(empties)), struct.pack("<L", 1000)
    yield bytes(lying.replace(size, small))


def test_a_small_bundle_never_takes_much_memory(one, tmp_path):
    paths = [tmp_path / f"{n}.zip" for n, _ in enumerate(bombs(one[0]))]
    for path, bundle in zip(paths, bombs(one[0]), strict=True):
        assert len(bundle) < 2 * 2**20
        path.write_bytes(bundle)
    started = time.monotonic()
    said, peak = room(*paths)
    assert set(said) == {"ZS-DR-21", "ZS-DR-22"} and len(said) == len(paths)
    assert peak < 300
    assert time.monotonic() - started < 60


def test_a_quota_of_a_thousand_million_is_counted_and_not_laid_out(one):
    """Five kilobytes that said so took all memory of who verified them."""
    parts = copy.deepcopy(one[0])
    stratum = next(iter(parts["commitment.json"]["strata"]))
    parts["commitment.json"]["strata"][stratum]["quota"] = 10**9
    tracemalloc.start()
    held = {c.code: c.holds for c in verify(parts)}
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert held["order"] is False and held["quotas"] is False and peak < 50 * 2**20


def test_a_commitment_is_of_the_draw_that_its_plan_names(one, tmp_path):
    bundle = tmp_path / "b.zip"
    bundle.write_bytes(changed(one[0], "commitment.json", lambda said: said.update(draw="other")))
    with pytest.raises(ZhunshengError, match=r"ZS-DR-23.*draw 不是 plan.json 的编号"):
        read_bundle(bundle)


def test_draws_of_landed_versions_still_hold(tmp_path):
    with tarfile.open(LANDED) as archive:
        for name in ("抽查包.zip", "frame.tsv"):
            (tmp_path / name).write_bytes(archive.extractfile(f"./draws/1/{name}").read())
    found = verify_bundle(tmp_path / "抽查包.zip", tmp_path / "frame.tsv")
    assert {c.code for c in found if c.holds is not True} == {"published", "strength"}


def test_checking_a_signature_leaves_the_process_its_limit_of_recursion():
    # py_ecc raises it to 100,000 as it is loaded: a nested JSON of a stranger would then end the process.
    assert sys.modules["py_ecc"] and sys.getrecursionlimit() < 10_000
