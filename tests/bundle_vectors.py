"""Write docs/draw-bundles: small whole bundles with what a verifier must say of each (``python
tests/bundle_vectors.py``).

What each must come to is written here by hand; the command must agree before anything is written.
``draw-1`` was committed to under draw/1 and is kept as it was written then.
"""

from __future__ import annotations

import copy
import json
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from places import BEACONS
from zhunsheng.draws import spec
from zhunsheng.draws.assignment import RegisteredInspector
from zhunsheng.draws.bundle_rules import PARTS
from zhunsheng.draws.drawing import DuckDatabase
from zhunsheng.draws.frame import open_database
from zhunsheng.draws.frame_making import frame_from_file
from zhunsheng.draws.plan import Plan
from zhunsheng.draws.protocol import commitment, commitment_digest, perform, seal
from zhunsheng.draws.slips import recorded, slip

PLACE = Path(__file__).parents[1] / "docs" / "draw-bundles"
KEPT = "draw-1"
BEFORE = datetime(2021, 2, 26, tzinfo=UTC)
PEOPLE = [
    RegisteredInspector(id="P1", certified=True),
    RegisteredInspector(id="P2", certified=True, recuse=("E03", "E07")),
    RegisteredInspector(id="P3", certified=False),
    RegisteredInspector(id="P4", certified=True, districts=("东",)),
    RegisteredInspector(id="P5", certified=False, districts=("\U00020000里", "\ue000")),
]
KEY = "00112233445566778899aabbccddeeff"  # of every frame here; a real one is random
DISTRICTS = ("东", "\U00020000里", "\ue000")


def made(place, sources, values, **more):
    """Return (parts, frame's bytes, commitment's digest) of a draw of twenty-four objects in three districts
    and two classes.
    """
    ids = [f"E{n:02d}" for n in range(24)]
    rows = sorted((one, f"{DISTRICTS[n % 3]}|{'AB'[n // 3 % 2]}") for n, one in enumerate(ids))
    plan = Plan.model_validate(
        {
            "id": "V-1",
            "title": "测试\t抽查",
            "office": "某局",
            "rule": "依据",
            "items": [{"code": "A01", "name": "甲"}],
            "strata": ["district", "credit_class"],
            "reserve": "0.5",
            "staffing": {"per_object": 2},
            "quotas": [
                {"match": {"credit_class": "A"}, "ratio": "0.3", "floor": 1, "ceiling": 2},
                {"match": {"district": "东"}, "count": 0},
                {"ratio": "0.5"},
            ],
            "randomness": sources,
            "known_at": "2024-01-01T00:00:00Z",
            "lead": 60,
        }
        | more
    )
    text = spec.head(KEY).decode() + "".join(f"{one}\t{stratum}\n" for one, stratum in rows)
    (place / "frame.tsv").write_text(text, "utf8", newline="")
    frame = frame_from_file(place / "frame.tsv", plan, open_database(), published=True)
    committed = commitment(plan, frame, PEOPLE, BEFORE)
    slips = [
        slip(salt, number)
        for v in values
        for salt, number in zip(v.get("salts", ()), v.get("numbers", ()), strict=False)
    ]
    kept = recorded(plan, slips, "2021-02-27T00:00:00Z") if slips else None
    sealed = seal(plan, committed, {"by": "a", "values": values}, {"by": "b", "values": values}, kept)
    outcome = perform(plan, committed, sealed, frame, PEOPLE, DuckDatabase(frame.connection))
    parts = {name: json.loads(spec.canonical(data)) for name, data in outcome.parts().items()}
    return parts, (place / "frame.tsv").read_bytes(), commitment_digest(committed)


def changed(parts, name, change):
    """Return the parts with one file's data changed."""
    found = copy.deepcopy(parts)
    change(found[name])
    return found


def other_text(parts, name, old, new):
    """Return the members of a bundle with one file in another form."""
    text = spec.canonical(parts[name]).decode().replace(old, new, 1)
    assert text.encode() != spec.canonical(parts[name])
    return [(n, text.encode() if n == name else spec.canonical(data)) for n, data in parts.items()]


def cases(place):
    """Return (name, bundle, frame, announced digest, code or set of checks that do not hold)."""
    from test_bundles import pack, packed

    office, frame, digest = made(place, [{"source": "office"}], [{"numbers": "03 08 17"}])
    values = [{"numbers": "0012 7"}, {"numbers": ["1", "0731"], "salts": ["0" * 31 + "1", "0" * 31 + "2"]}]
    ceremony = {"source": "ceremony", "speakers": ["甲", "\U00020001"], "sealed": True}
    several, *_ = made(place, [{"source": "lottery", "name": "双色球", "issue": "2024001"}, ceremony], values)
    beacon, _frame, of_beacon = made(
        place, [{"source": "drand", "chain": "quicknet", "round": 1000}], [BEACONS["quicknet"]], reserve="0"
    )
    members = [(name, spec.canonical(data)) for name, data in office.items()]
    whole = packed(office)
    teams = office["assignment.json"]
    unlike = next(
        n for n, one in enumerate(teams[1:], start=1) if one["inspectors"] != teams[0]["inspectors"]
    )
    in_order = [one for one in office["drawn.json"] if one["stratum"] == office["drawn.json"][0]["stratum"]]
    assert len(in_order) > 1

    drawn = [one["id"] for one in office["drawn.json"]]
    less = b"".join(
        line for line in frame.splitlines(keepends=True) if not line.startswith(f"{drawn[0]}\t".encode())
    )

    def swap(rows, a, b, key):
        rows[a][key], rows[b][key] = rows[b][key], rows[a][key]

    def exchanged(rows, a, b):
        rows[a], rows[b] = rows[b], rows[a]

    def of(name, change, base=office):
        return packed(changed(base, name, change))

    return [
        ("office", whole, frame, digest, set()),
        ("office-without-frame", whole, None, digest, set()),
        ("office-not-announced", whole, frame, None, set()),
        ("lottery-and-sealed-ceremony", packed(several), frame, None, set()),
        ("beacon", packed(beacon), frame, of_beacon, set()),
        ("members-stored-in-another-order", pack(members[::-1], stored=PARTS), frame, digest, set()),
        # -- refused: nothing is checked
        ("no-zip", b"PK\3\4" + b"x" * 40, None, None, "ZS-DR-07"),
        ("a-file-lacks", pack(members[:-1]), None, None, "ZS-DR-07"),
        ("a-byte-behind-the-zip", whole + b"\n", None, None, "ZS-DR-21"),
        ("a-byte-before-the-zip", b"\n" + whole, None, None, "ZS-DR-21"),
        ("a-file-too-many", pack([*members, ("notes.txt", b"x")]), None, None, "ZS-DR-21"),
        ("another-checksum", flipped(whole), None, None, "ZS-DR-21"),
        ("a-blank-in-json", pack(other_text(office, "plan.json", ":", ": ")), None, None, "ZS-DR-22"),
        (
            "a-key-twice",
            pack(other_text(office, "seed.json", '{"commitment"', '{"commitment":"x","commitment"')),
            None,
            None,
            "ZS-DR-22",
        ),
        (
            "a-float",
            pack(other_text(office, "plan.json", '"lead":60', '"lead":60.0')),
            None,
            None,
            "ZS-DR-22",
        ),
        ("an-unknown-field", of("seed.json", lambda d: d.update(note="x")), None, None, "ZS-DR-22"),
        (
            "a-moment-that-never-was",
            of("plan.json", lambda d: d.update(known_at="2024-02-30T00:00:00Z")),
            None,
            None,
            "ZS-DR-23",
        ),
        (
            "the-plan-of-another-draw",
            of("commitment.json", lambda d: d.update(draw="V-2")),
            None,
            None,
            "ZS-DR-23",
        ),
        ("an-inspector-twice", of("inspectors.json", lambda d: d.insert(1, d[0])), None, None, "ZS-DR-23"),
        # -- read, and not true
        ("another-digest-announced", whole, None, "ab" * 32, {"published"}),
        ("plan-changed", of("plan.json", lambda d: d.update(title="另一次")), None, digest, {"plan"}),
        (
            "inspector-changed",
            of("inspectors.json", lambda d: d[2].update(recuse=["E99"])),
            None,
            digest,
            {"inspectors"},
        ),
        (
            "committed-late",
            of("commitment.json", lambda d: d.update(committed_at="2024-01-01T00:00:00Z")),
            None,
            None,
            {"time", "seed"},
        ),
        (
            "committed-within-the-lead",
            of("commitment.json", lambda d: d.update(committed_at="2023-12-31T23:00:01Z")),
            None,
            None,
            {"time", "seed"},
        ),
        (
            "sizes-that-do-not-sum-up",
            of("commitment.json", lambda d: d["frame"].update(count=25)),
            None,
            None,
            {"quotas", "seed"},
        ),
        (
            "a-reserve-left-out",
            of("commitment.json", lambda d: next(iter(d["strata"].values())).update(reserve=0)),
            None,
            None,
            {"quotas", "seed", "order"},
        ),
        (
            "other-numbers",
            of("seed.json", lambda d: d["values"][0].update(numbers="03 08 18")),
            None,
            digest,
            {"randomness"},
        ),
        (
            "the-signature-of-another-round",
            packed(changed(beacon, "plan.json", lambda d: d["randomness"][0].update(round=1001))),
            None,
            of_beacon,
            {"plan", "randomness"},
        ),
        (
            "another-seed",
            of("seed.json", lambda d: d.update(seed="f" * 32)),
            None,
            digest,
            {"seed", "tickets", "assignment"},
        ),
        (
            "a-ticket-changed",
            of("drawn.json", lambda d: d[-1].update(ticket="f" * 64)),
            None,
            digest,
            {"tickets"},
        ),
        (
            "ranks-exchanged",
            of("drawn.json", lambda d: exchanged(d, 0, 1)),
            None,
            digest,
            {"order", "assignment"},
        ),
        (
            "a-cut-off-changed",
            of("cutoffs.json", lambda d: d.update(dict.fromkeys(list(d)[:1], "0" * 64))),
            None,
            digest,
            {"order"},
        ),
        (
            "proofs-exchanged",
            of("proofs.json", lambda d: exchanged(d, drawn[0], drawn[1])),
            None,
            digest,
            {"proofs"},
        ),
        (
            "salts-exchanged",
            of("proofs.json", lambda d: swap(d, drawn[0], drawn[1], "salt")),
            None,
            digest,
            {"proofs"},
        ),
        (
            "proofs-without-salts",
            of("proofs.json", lambda d: d.update({one: proof["path"] for one, proof in d.items()})),
            None,
            digest,
            "ZS-DR-23",
        ),
        ("a-frame-without-its-key", whole, frame.partition(b"\n")[2], digest, {"frame"}),
        (
            "a-frame-under-another-key",
            whole,
            spec.head("f" * 32) + frame.partition(b"\n")[2],
            digest,
            {"frame"},
        ),
        ("a-proof-taken-away", of("proofs.json", lambda d: d.pop(drawn[-1])), None, digest, {"proofs"}),
        ("all-proofs-taken-away", of("proofs.json", lambda d: d.clear()), None, digest, {"proofs"}),
        (
            "teams-exchanged",
            of("assignment.json", lambda d: swap(d, 0, unlike, "inspectors")),
            None,
            digest,
            {"assignment"},
        ),
        ("a-line-taken-from-the-frame", whole, less, digest, {"frame", "again"}),
        ("another-line-end-in-the-frame", whole, frame.replace(b"\n", b"\r\n"), digest, {"frame"}),
    ]


def flipped(whole):
    """Return a zip with one bit of its first member's checksum changed, in both places."""
    check = whole[14:18]
    return whole.replace(check, bytes([check[0] ^ 1]) + check[1:])


def main():
    """Write the bundles and cases.json."""
    from test_bundles import ours

    PLACE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        listed, files = [], {}
        for name, bundle, frame, digest, wanted in cases(Path(scratch)):
            said = ours(Path(scratch), bundle, frame, digest)
            if (
                said if isinstance(said, str) else {c for c, holds in said.items() if holds is False}
            ) != wanted:
                raise AssertionError((name, said, wanted))
            listed.append(
                case(
                    name, kept(files, bundle, f"{name}.zip"), kept(files, frame, f"{name}.tsv"), digest, said
                )
            )
        if (PLACE / f"{KEPT}.zip").is_file():
            bundle, frame = (PLACE / f"{KEPT}.{end}" for end in ("zip", "tsv"))
            said = ours(Path(scratch), bundle.read_bytes(), frame.read_bytes(), None)
            listed.append(case(KEPT, bundle.name, frame.name, None, said))
    for old in PLACE.glob("*.*"):
        if old.stem not in (KEPT, "README"):
            old.unlink()
    for content, name in files.items():
        (PLACE / name).write_bytes(content)
    (PLACE / "cases.json").write_text(json.dumps(listed, ensure_ascii=False, indent=1) + "\n", "utf8")
    print(f"{len(listed)} cases, {sum(map(len, files))} bytes", file=sys.stderr)


def kept(files, content, name):
    """Return the name under which content is written, the same for the same."""
    return None if content is None else files.setdefault(content, name)


def case(name, bundle, frame, digest, said):
    """Return an entry of cases.json."""
    given = (
        {"name": name, "bundle": bundle}
        | ({"frame": frame} if frame else {})
        | ({"commitment": digest} if digest else {})
    )
    return given | (
        {"refused": said} if isinstance(said, str) else {"checks": [list(one) for one in said.items()]}
    )


if __name__ == "__main__":
    main()
