"""What each party to a draw could try, played through: refused where it fails,
said in the product's words where it works.
"""

from __future__ import annotations

import itertools
import json
import re
import shutil
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

from places import BEACONS, VECTORS
from zhunsheng.cli import main
from zhunsheng.draw_folders import seal_draw
from zhunsheng.draws import beacons, spec
from zhunsheng.draws.assignment import RegisteredInspector
from zhunsheng.draws.bundle import read_bundle, read_part
from zhunsheng.draws.plan import Plan
from zhunsheng.draws.protocol import commitment_digest
from zhunsheng.draws.public_log import START, Entry
from zhunsheng.draws.randomness import canonical_text
from zhunsheng.draws.reading import plan_of
from zhunsheng.draws.slips import record_digest, slip
from zhunsheng.draws.stamps import Stamp, standing
from zhunsheng.draws.verdicts import verdict
from zhunsheng.errors import ZhunshengError
from zhunsheng.usecases.drawing.committing import commit_plan
from zhunsheng.usecases.drawing.frames import FrameSource
from zhunsheng.usecases.drawing.listing import list_draw
from zhunsheng.usecases.drawing.running import run_draw
from zhunsheng.usecases.drawing.sealing import record_slips, seal_entries
from zhunsheng.usecases.drawing.verifying import verify_bundle
from zhunsheng.usecases.stamping import check_stamps

COMMITTED, KNOWN = datetime(2021, 2, 26, tzinfo=UTC), datetime(2021, 3, 1, 14, tzinfo=UTC)
FRIENDS = ("E010", "E011", "E012")
LOTTERY = {"source": "lottery", "name": "某彩票", "issue": "2021024"}
SPOKEN = {"source": "ceremony", "speakers": ["人大代表", "政协委员", "局长的朋友"]}
SEALED = {**SPOKEN, "sealed": True}
OFFICE = {"source": "office"}
QUICKNET = {"source": "drand", "chain": "quicknet", "round": 1000}
CHAINED = {"source": "drand", "chain": "default", "round": 3311596}
SLIPS = [("a" * 32, "0731"), ("b" * 32, "58"), ("c" * 32, "906")]


def plan(*sources, known_at="2021-03-01T22:00:00+08:00", **changes) -> Plan:
    return plan_of(
        {
            "id": "T-1",
            "title": "试抽",
            "office": "某局",
            "rule": "国市监信〔2019〕38号",
            "items": [{"code": "A", "name": "甲"}],
            "strata": ["credit_class"],
            "quotas": [{"ratio": "0.2"}],
            "randomness": list(sources),
            "known_at": known_at,
            **changes,
        }
    )


def commit(out, of, rows=None, now=COMMITTED):
    """Commit sixty firms, or these rows, and four inspectors."""
    out.mkdir(parents=True, exist_ok=True)
    rows = rows or [(f"E{n:03d}", "C") for n in range(60)]
    (out / "rows.csv").write_text("id,credit_class\n" + "".join(f"{a},{b}\n" for a, b in rows), "utf8")
    people = [RegisteredInspector(id=f"P{n}", certified=True) for n in range(4)]
    return commit_plan(of, people, out, FrameSource(out / "rows.csv"), now=now)


def enter(out, *values):
    return seal_entries(out, {"by": "甲", "values": list(values)}, {"by": "乙", "values": list(values)})


def drawn_by(committed, text):
    """Return who would be drawn by a text of randomness: anyone can compute it once the
    commitment is known.
    """
    seed = spec.seed_of(commitment_digest(committed), text)
    (numbers,) = committed["strata"].values()
    return sorted((f"E{n:03d}" for n in range(60)), key=lambda one: spec.ticket(seed, one))[
        : numbers["quota"]
    ]


def checks(out, expected=None):
    return {c.code: c for c in verify_bundle(out / "抽查包.zip", out / "frame.tsv", expected)}


def chosen_last(of, committed, value_of):
    """Return the first value by which no friend is drawn, as one finds it who enters it when all else is
    known.
    """
    return next(
        value
        for value in (value_of(str(n)) for n in itertools.count(100))
        if not {*FRIENDS} & {*drawn_by(committed, canonical_text(of, value))}
    )


# -- the last speaker


def test_a_last_speaker_who_did_not_seal_chooses_the_result_and_all_places_say_so(tmp_path):
    of = plan(SPOKEN)
    committed, digest = commit(tmp_path, of)
    values = chosen_last(of, committed, lambda mine: [{"numbers": ["0731", "58", mine]}])
    enter(tmp_path, *values)
    outcome = run_draw(tmp_path)
    assert not {*FRIENDS} & {d.id for d in outcome.drawn}
    found = checks(tmp_path, digest)
    assert not any(c.holds is False for c in found.values())  # no computation can tell: so the words must
    said = found["strength"]
    assert said.holds is None
    assert said.says.startswith("仅有见证")
    assert "最后报数的人" in said.says
    assert "选定结果" in said.says
    assert said.says in (tmp_path / "公告.html").read_text("utf8")


def test_a_last_speaker_who_sealed_can_open_only_what_was_sealed(tmp_path):
    of = plan(SEALED)
    _, digest = commit(tmp_path, of)
    salts, numbers = [s for s, _ in SLIPS], [n for _, n in SLIPS]
    with pytest.raises(ZhunshengError, match="ZS-DR-35"):
        enter(tmp_path, {"numbers": numbers, "salts": salts})
    handed = [slip(*one) for one in SLIPS]
    for wrong in (handed[:2], [*handed[:2], handed[0]], [*handed[:2], "x" * 64]):
        with pytest.raises(ZhunshengError, match="ZS-DR-39"):
            record_slips(tmp_path, wrong, COMMITTED)
    with pytest.raises(ZhunshengError, match="ZS-DR-39"):
        record_slips(tmp_path, handed, KNOWN)
    record, shown = record_slips(tmp_path, handed, KNOWN - timedelta(minutes=10))
    assert (shown, record["sealed_at"]) == (record_digest(record), "2021-03-01T13:50:00Z")
    with pytest.raises(ZhunshengError, match="ZS-DR-37"):
        record_slips(tmp_path, handed[::-1], KNOWN - timedelta(minutes=5))
    for other in (
        {"numbers": [*numbers[:2], "907"], "salts": salts},
        {"numbers": numbers, "salts": [*salts[:2], "d" * 32]},
    ):
        with pytest.raises(ZhunshengError, match=r"ZS-DR-36.*局长的朋友"):
            enter(tmp_path, other)
    sealed = enter(tmp_path, {"numbers": numbers, "salts": salts})
    assert sealed["randomness"] == f"ceremony:人大代表=0731;政协委员=58;局长的朋友=906:{shown}"
    run_draw(tmp_path)
    said = checks(tmp_path, digest)["strength"]
    assert said.says.startswith("仅有见证：现场报数，先封存后开封")
    # Whoever changes the record on the disk, or the numbers in the bundle, is found.
    kept = json.loads((tmp_path / "slips.json").read_text("utf8"))
    (tmp_path / "slips.json").write_text(json.dumps({**kept, "slips": kept["slips"][::-1]}), "utf8")
    with pytest.raises(ZhunshengError, match="ZS-DR-36"):
        enter(tmp_path, {"numbers": numbers, "salts": salts})
    parts = read_bundle(tmp_path / "抽查包.zip")
    parts["seed.json"]["values"][0]["numbers"][2] = "907"
    with pytest.raises(AssertionError):
        assert canonical_text(of, parts["seed.json"]["values"]) == sealed["randomness"]


def command(capsys, *arguments):
    """Run a command of a draw; return its exit code and what it printed, line breaks of the terminal taken
    out.
    """
    with pytest.raises(SystemExit) as left:
        main(["draw", *map(str, arguments)])
    return left.value.code, "".join(capsys.readouterr().out.split("\n"))


def test_slips_by_the_command(tmp_path, capsys, monkeypatch):
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    commit(tmp_path, plan(SEALED, known_at=soon), now=datetime.now(UTC))
    pairs = []
    for number in ("0731", "58", "906"):
        code, said = command(capsys, "slip", number)
        salt, handed = re.search(r"([0-9a-f]{32})摘要 ([0-9a-f]{64})", said).groups()
        assert (code, handed) == (0, slip(salt, number))
        pairs.append((salt, number))
    code, said = command(capsys, "slips", tmp_path, *(slip(*one) for one in pairs))
    shown = record_digest(read_json(tmp_path / "slips.json"))
    assert (code, shown in said) == (0, True)
    assert command(capsys, "slips", tmp_path, *(slip(*one) for one in pairs))[0] == 2
    values = [{"numbers": [n for _, n in pairs], "salts": [s for s, _ in pairs]}]
    for name in ("甲", "乙"):
        (tmp_path / f"{name}.json").write_text(json.dumps({"by": name, "values": values}), "utf8")
    seed = ("seed", tmp_path, "--first", tmp_path / "甲.json", "--second", tmp_path / "乙.json")
    assert command(capsys, *seed)[0] == 2  # the numbers are not known yet
    for step in ("sealing", "running"):
        monkeypatch.setattr(
            f"zhunsheng.usecases.drawing.{step}.clock_now", lambda: datetime.now(UTC) + timedelta(hours=2)
        )
    code, said = command(capsys, *seed)
    assert (code, "仅有见证：现场报数，先封存后开封" in said) == (0, True)
    assert command(capsys, "slip", "七三一")[0] == 2


def read_json(path):
    return json.loads(path.read_text("utf8"))


@pytest.mark.parametrize(
    ("sources", "sealed_at", "strength", "words"),
    [
        ([QUICKNET], None, "proved", "签名用这条链的公钥验证"),
        ([CHAINED], None, "proved", "drand（default）第 3311596 轮"),
        ([LOTTERY], None, "published", "请向公布方核对；本程序没有核对"),
        ([SPOKEN], None, "witnessed", "最后报数的人听到别人的数之后，可以算出并选定结果"),
        ([SEALED], None, "witnessed", "先封存后开封"),
        ([OFFICE], None, "office", "外人无法核验，机关可以选定结果"),
        ([OFFICE, OFFICE], None, "office", "外人无法核验，机关可以选定结果"),
        ([SPOKEN, SPOKEN], None, "witnessed", "没有先封存"),
        ([LOTTERY, QUICKNET], None, "published", "录入时信标已经公布。号码请向公布方核对"),
        ([QUICKNET, CHAINED], None, "proved", "签名用这条链的公钥验证"),
        ([QUICKNET, SPOKEN], None, "witnessed", "最后报数的人可以在别的数公布之后选定结果"),
        ([QUICKNET, OFFICE], None, "office", "录入时别的数已经公布，机关可以选定结果"),
        (
            [SEALED, QUICKNET],
            "2023-08-23T15:59:23Z",
            "witnessed",
            "封存摘要在别的数公布之前就有人见到的，没有人能选定结果",
        ),
        ([SEALED, QUICKNET], "2023-08-23T15:59:24Z", "witnessed", "封存的时间不早于信标公布的时间"),
        ([SEALED, LOTTERY], "2021-03-01T00:00:00Z", "witnessed", "封存摘要在别的数公布之前就有人见到的"),
    ],
)
def test_the_weakest_source_decides_for_it_can_be_chosen_when_the_others_are_out(
    sources, sealed_at, strength, words, page
):
    of = plan(*sources, known_at="2024-01-01T00:00:00Z")
    values = [{"sealed_at": sealed_at} if sealed_at and s.get("sealed") else {} for s in sources]
    found = verdict(of, values)
    assert (found.strength, words in found.says) == (strength, True), found
    assert ("有证明" in found.text()) == (strength == "proved")
    theirs = page.evaluate("([plan, values]) => verdictOf(plan, values)", [of.as_json(), values])
    theirs["says"] = theirs["says"].replace(
        "（北京时间）", ""
    )  # the page names the zone, which it can't ask the office for
    assert theirs == {"strength": found.strength, "says": found.says}


# -- the office


def test_an_office_that_chooses_its_number_is_named(tmp_path):
    of = plan(LOTTERY, OFFICE)
    committed, digest = commit(tmp_path, of)
    lottery = {"numbers": "03 08 17 22"}  # known by now: the office's number alone decides
    enter(tmp_path, *chosen_last(of, committed, lambda mine: [lottery, {"numbers": mine}]))
    assert not {*FRIENDS} & {d.id for d in run_draw(tmp_path).drawn}
    said = checks(tmp_path, digest)["strength"]
    assert (said.holds, said.says.startswith("机关自定"), "机关可以选定结果" in said.says) == (
        None,
        True,
        True,
    )


def test_a_second_seed_for_a_committed_draw_is_refused(tmp_path):
    committed, _ = commit(tmp_path, plan(LOTTERY))
    first = enter(tmp_path, {"numbers": "03 08"})
    assert enter(tmp_path, {"numbers": "03 08"}) == first
    with pytest.raises(ZhunshengError, match="ZS-DR-38"):
        enter(tmp_path, {"numbers": "03 09"})
    # Nor by committing the same again a minute later, which would draw other firms with the same numbers.
    again, _ = commit(tmp_path, plan(LOTTERY), now=COMMITTED + timedelta(minutes=1))
    assert again["committed_at"] != committed["committed_at"]
    with pytest.raises(ZhunshengError, match="ZS-DR-38"):
        enter(tmp_path, {"numbers": "03 08"})
    assert read_part(tmp_path / "seed.json") == first


def test_of_many_draws_on_one_source_the_one_kept_is_not_the_one_announced(tmp_path):
    """Commitments that nobody saw can be thrown away: only the digest that was announced tells,
    and its lack is said.
    """
    of, text, favours = plan(LOTTERY), "lottery:某彩票:2021024:03 08", []
    _, announced = commit(tmp_path / "announced", of)
    for minute in range(1, 60):
        committed, _ = commit(tmp_path / "tried", of, now=COMMITTED + timedelta(minutes=minute))
        if not {*FRIENDS} & {*drawn_by(committed, text)}:
            favours.append(minute)
            break
    assert favours
    enter(tmp_path / "tried", {"numbers": "03 08"})
    assert not {*FRIENDS} & {d.id for d in run_draw(tmp_path / "tried").drawn}
    unknown, known = checks(tmp_path / "tried"), checks(tmp_path / "tried", announced)
    assert (unknown["published"].holds, known["published"].holds) == (None, False)
    assert "请与事先公布的核对" in unknown["published"].says


def test_a_commitment_withheld_until_the_numbers_are_out_needs_a_false_time(tmp_path):
    of = plan(LOTTERY)
    with pytest.raises(ZhunshengError, match="ZS-DR-03"):
        commit(tmp_path / "honest clock", of, now=KNOWN)
    # With a clock set back it is made: the bundle itself can't tell, whoever holds what was announced can.
    _, late = commit(tmp_path / "false clock", of, now=KNOWN - timedelta(hours=1))
    enter(tmp_path / "false clock", {"numbers": "03 08"})
    # A time-stamp by somebody else tells it to everybody: the notice has its words beside the office's time.
    stamp = Stamp(1, "authority", KNOWN.isoformat(), KNOWN.isoformat(), {})
    entry = Entry(
        number=1,
        at="2024-01-01T00:00:00Z",
        kind="commit",
        office="a",
        draw="b",
        title="c",
        digest=late,
        previous=START,
    )
    run_draw(tmp_path / "false clock", stamped=standing([stamp], entry, of.known_from))
    assert "不证明承诺在先" in (tmp_path / "false clock" / "公告.html").read_text("utf8")
    assert checks(tmp_path / "false clock", late)["time"].holds is True
    assert checks(tmp_path / "false clock")["published"].holds is None
    assert checks(tmp_path / "false clock", "0" * 64)["published"].holds is False


def test_a_frame_edited_after_the_commitment_is_neither_drawn_nor_verified(tmp_path):
    _, digest = commit(tmp_path, plan(LOTTERY))
    enter(tmp_path, {"numbers": "03 08"})
    run_draw(tmp_path)
    lines = (tmp_path / "frame.tsv").read_text("utf8").splitlines(keepends=True)
    for edited in (lines[1:], [*lines, "E999\tC\n"], [line.replace("E010", "e010") for line in lines]):
        (tmp_path / "frame.tsv").write_text("".join(edited), "utf8")
        assert False in {c.holds for c in checks(tmp_path, digest).values()}
        with pytest.raises(ZhunshengError, match="ZS-DR-08"):
            run_draw(tmp_path)


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([("E010", "C"), ("e010", "C")], "ZS-DR-24"),  # case
        ([("E010", "C"), ("Ｅ010", "C")], "ZS-DR-02"),  # full width
        ([("E010", "C"), ("E01O", "C")], "ZS-DR-24"),  # a letter for a figure
        ([("E 010", "C")], "ZS-DR-02"),  # a blank within
        ([(" E010 ", "C")], "ZS-DR-02"),  # and blanks around
        ([("E010", "C"), ("E011", "Ｃ")], "ZS-DR-24"),  # a stratum of one's own, by width
        ([("E010", "C"), ("E011", "C\u200b")], "ZS-DR-24"),  # and by a sign that isn't seen
    ],
)
def test_ids_and_strata_can_not_be_ground_by_width_blanks_or_case(tmp_path, rows, code):
    with pytest.raises(ZhunshengError, match=code):
        commit(tmp_path, plan(LOTTERY), rows)


# -- who carries the numbers: a relay of the beacon, a lottery's publisher, two clerks


def test_a_relay_can_give_no_other_number(tmp_path):
    for source, other in ((QUICKNET, 1001), (CHAINED, 3311597)):
        value = BEACONS[source["chain"]]
        honest = plan(source, known_at="2024-01-01T00:00:00Z")
        assert canonical_text(honest, [value]).startswith(
            f"drand:{beacons.CHAINS[source['chain']].hash}:{source['round']}:"
        )
        infinity = "c" + "0" * (len(value["signature"]) - 1)
        for of, given in (
            (plan({**source, "round": other}, known_at="2024-01-01T00:00:00Z"), value),  # another round's
            (honest, {**value, "signature": value["signature"][::-1]}),
            (honest, {**value, "signature": infinity}),
            (honest, BEACONS["default" if source is QUICKNET else "quicknet"]),  # the other chain's
            (honest, {**value, "randomness": "0" * 64}),
        ):
            with pytest.raises(ZhunshengError, match="ZS-DR-05"):
                canonical_text(of, [given])


def test_two_clerks_who_enter_a_false_lottery_number_are_found_by_its_publisher_only(tmp_path):
    _, digest = commit(tmp_path, plan(LOTTERY))
    enter(tmp_path, {"numbers": "99 99"})
    run_draw(tmp_path)
    found = checks(tmp_path, digest)
    assert not any(c.holds is False for c in found.values())
    assert (found["strength"].holds, found["strength"].says.startswith("可向公布方核对")) == (None, True)
    assert "第 2021024 期" in found["strength"].says
    shutil.copy(
        tmp_path / "抽查包.zip", tmp_path / "as published.zip"
    )  # the numbers stand in it, for anyone to compare
    assert read_bundle(tmp_path / "as published.zip")["seed.json"]["values"] == [{"numbers": "99 99"}]


def test_a_beacon_beside_a_lottery_proves_nothing_until_the_publisher_is_asked(tmp_path):
    """Two clerks who know the beacon's round choose a lottery number for it: so the mark is the lottery's."""
    of = plan(QUICKNET, LOTTERY, known_at="2024-01-01T00:00:00Z")
    committed, digest = commit(tmp_path, of)
    beacon = BEACONS["quicknet"]
    enter(tmp_path, *chosen_last(of, committed, lambda mine: [beacon, {"numbers": mine}]))
    assert not {*FRIENDS} & {d.id for d in run_draw(tmp_path).drawn}
    said = checks(tmp_path, digest)["strength"]
    assert (said.holds, said.says.startswith("可向公布方核对"), "有证明" in said.says) == (None, True, False)


# -- the round of a beacon


@pytest.mark.parametrize(
    ("chain", "known_at", "number", "moment"),
    [
        ("quicknet", "2026-12-01T20:00:00+08:00", 34441012, "2026-12-01T12:00:00Z"),
        ("quicknet", "2026-12-01T20:00:01+08:00", 34441013, "2026-12-01T12:00:03Z"),
        ("default", "2026-12-01T20:00:00+08:00", 6689846, "2026-12-01T12:00:00Z"),
        ("default", "2026-12-01T20:00:01+08:00", 6689847, "2026-12-01T12:00:30Z"),
    ],
)
def test_a_round_left_out_is_the_first_at_or_after_the_moment_and_is_bound(chain, known_at, number, moment):
    written = plan({"source": "drand", "chain": chain}, known_at=known_at)
    (source,) = written.as_json()["randomness"]
    assert (source["round"], written.as_json()["known_at"]) == (number, moment)
    assert written.randomness[0].published == written.known_at
    assert plan({**source, "round": number - 1}, known_at=moment).digest != written.digest
    assert plan_of(written.as_json()) == written


def test_a_beacon_of_before_is_no_source_of_a_later_plan(tmp_path):
    """A round that is out already can't be committed to, whatever ``known_at`` says."""
    of = plan(QUICKNET, known_at="2030-01-01T00:00:00Z")
    with pytest.raises(ZhunshengError, match="ZS-DR-03"):
        commit(tmp_path, of, now=datetime(2026, 1, 1, tzinfo=UTC))


def test_the_vectors_of_sources_in_the_page(page):
    script = """cases => Promise.all(cases.map(async one =>
      [await digestText(canonical(one.plan)), await randomness(one.plan, one.values),
        verdictOf(one.plan, one.values).strength]))"""
    found = page.evaluate(script, VECTORS["sources"])
    assert found == [[one["plan_digest"], one["randomness"], one["strength"]] for one in VECTORS["sources"]]
    sealed = [one for one in VECTORS["sources"] if "slips" in one]
    assert len(sealed) == 3
    for one in sealed:
        (value,) = (v for v in one["values"] if "salts" in v)
        assert [slip(*pair) for pair in zip(value["salts"], value["numbers"], strict=True)] == one["slips"]


def test_a_slip_with_full_width_digits_seals_what_entries_open(tmp_path, capsys):
    code, said = command(capsys, "slip", "０５８")
    number, salt, handed = re.search(r"数　 (\d+)盐　 ([0-9a-f]{32})摘要 ([0-9a-f]{64})", said).groups()
    assert (code, number, handed) == (0, "058", slip(salt, "058"))
    assert "半角" in said and "半角" not in command(capsys, "slip", "058")[1]


def test_numbers_without_quotes_accuse_nobody(tmp_path):
    """YAML reads 0731 as an octal number: the one who wrote the entry is told, not the speaker."""
    commit(tmp_path, plan(SEALED))
    record_slips(tmp_path, [slip(*one) for one in SLIPS], KNOWN - timedelta(minutes=10))
    salts, numbers = [s for s, _ in SLIPS], [n for _, n in SLIPS]
    for wrong, said in (
        ({"numbers": [0o731, *numbers[1:]], "salts": salts}, "第 1 个来源的 numbers 的第 1 个没有加引号"),
        ({"numbers": numbers, "salts": [*salts[:2], 10**31]}, "salts 的第 3 个没有加引号"),
        ({"numbers": numbers[:2], "salts": salts}, "numbers 应是列表"),
        ({"numbers": numbers}, "salts 应是列表"),
    ):
        with pytest.raises(ZhunshengError, match="ZS-DR-05") as caught:
            enter(tmp_path, wrong)
        assert said in caught.value.text(), caught.value.text()
    commit(tmp_path / "lottery", plan(LOTTERY))
    with pytest.raises(ZhunshengError, match=r'ZS-DR-05.*加引号，如 "0731"'):
        enter(tmp_path / "lottery", {"numbers": 473})


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({**SPOKEN, "speakers": ["甲", "乙", "甲"]}, "第 1 个报数人“甲”与第 3 个“甲”"),
        ({**SPOKEN, "speakers": ["甲A", "甲Ａ"]}, "看上去相同"),
        ({**SPOKEN, "speakers": ["甲=1;乙", "丙"]}, "“甲=1;乙”里不能有"),
        ({**SPOKEN, "speakers": ["甲:乙", "丙"]}, "里不能有"),
        ({**SPOKEN, "speakers": ["甲", " "]}, "第 2 个名字是空的"),
        ({**LOTTERY, "name": "某\n彩票"}, "里不能有"),
    ],
)
def test_sources_whose_names_could_be_read_two_ways_are_not_committed(tmp_path, monkeypatch, source, said):
    with pytest.raises(ZhunshengError, match="ZS-DR-01") as caught:
        commit(tmp_path / "new", plan(source))
    assert said in caught.value.text(), caught.value.text()
    assert "第 1 项" in caught.value.text()
    # What was committed before this was asked is drawn and verified as it is.
    for asked in ("refuse_sources", "refuse_words"):
        monkeypatch.setattr(f"zhunsheng.usecases.drawing.committing.{asked}", lambda _plan: None)
    _, digest = commit(tmp_path / "old", plan(source))
    monkeypatch.undo()
    enter(tmp_path / "old", {"numbers": ["1"] * len(source["speakers"]) if "speakers" in source else "1"})
    run_draw(tmp_path / "old", tasks=False)
    assert False not in {c.holds for c in checks(tmp_path / "old", digest).values()}


def test_what_was_noted_afterwards_is_told_as_that(tmp_path):
    """A draw taken over from the command line stands in the log as late: it is there, and proves no order."""
    _, digest = commit(tmp_path, plan(LOTTERY))
    enter(tmp_path, {"numbers": "03 08"})
    run_draw(tmp_path, tasks=False)
    for kind in ("late", "commit"):
        entry = Entry(
            number=1,
            at="2021-03-02T00:00:00Z",
            kind=kind,
            office="x",
            draw="T-1",
            title="试抽",
            digest=digest,
            previous=START,
        )
        (tmp_path / "log.jsonl").write_text(entry.line() + "\n", "utf8")
        (said,) = check_stamps(
            tmp_path / "log.jsonl", [], [], bundle=tmp_path / "抽查包.zip"
        ).standing.values()
        assert ("补记" in said) == (kind == "late"), said


# -- a veto: someone whom nobody may inspect


def staffed(out, people, of=None, rows=None):
    """Commit with a register of one's own over firms of two districts."""
    out.mkdir(parents=True, exist_ok=True)
    rows = rows or [(f"E{n:03d}", "东" if n < 30 else "西") for n in range(60)]
    (out / "rows.csv").write_text("id,district\n" + "".join(f"{a},{b}\n" for a, b in rows), "utf8")
    register = [RegisteredInspector(id=f"P{n}", **{"certified": True, **one}) for n, one in enumerate(people)]
    return commit_plan(
        of or plan(LOTTERY, strata=["district"]), register, out, FrameSource(out / "rows.csv"), now=COMMITTED
    )


EAST, WEST = {"districts": ("东",)}, {"districts": ("西",)}


@pytest.mark.parametrize(
    ("people", "changes", "said"),
    [
        # The only one with a card in a district may not inspect a friend: each draw that hits the friend
        # could not be run.
        (
            [{**EAST, "recuse": ("E010",)}, {**EAST, "certified": False}, WEST, WEST],
            {},
            "E010（东）回避的有 P0，可派 1 人，不足 2 人",
        ),
        (
            [{**EAST, "recuse": ("E010",)}, *[{**EAST, "certified": False}] * 2, WEST, WEST],
            {},
            "可派 2 人，其中没有持执法证的",
        ),
        ([{"recuse": ("E010", "E050")}, {"recuse": ("E050",)}, {}], {}, "E050（西）回避的有 P0、P1"),
        ([], {}, "名录 0 人"),
        ([{}], {}, "辖区“东”可派 1 人"),
        ([{"certified": False}] * 3, {}, "没有持执法证的"),
        ([{"items": ("X",)}] * 3, {}, "可查全部抽查事项的 0 人"),
        ([{"districts": ("东", "三所")}, {"districts": ("东", "三所")}], {}, "辖区“西”可派 0 人"),
        (
            [{}] * 3,
            {"max_load": 1},
            "每人至多 1 户不够：P0、P1、P2要承担 24 人次，换给别人都不合规，只有 3 人次",
        ),
        # A veto by loads: six of the east, two inspectors each, are just twelve for four;
        # whoever may not pass one on is too many.
        (
            [EAST, EAST, EAST, {**EAST, "recuse": tuple(f"E{n:03d}" for n in range(4))}, *[WEST] * 4],
            {"max_load": 3},
            "每人至多 3 户不够",
        ),
    ],
)
def test_nothing_that_may_be_drawn_lacks_its_inspectors(tmp_path, people, changes, said):
    of = plan(LOTTERY, strata=["district"], staffing={"per_object": 2, **changes})
    with pytest.raises(ZhunshengError, match="ZS-DR-71") as caught:
        staffed(tmp_path, people, of)
    assert said in caught.value.text(), caught.value.text()
    assert not (tmp_path / "commitment.json").exists()


def test_who_is_not_drawn_from_needs_nobody_and_loads_that_suffice_are_taken(tmp_path):
    none_of_the_west = plan(
        LOTTERY, strata=["district"], quotas=[{"match": {"district": "西"}, "count": 0}, {"ratio": "0.2"}]
    )
    staffed(tmp_path / "a", [EAST, {**EAST, "recuse": ("E050",)}], none_of_the_west)
    tight = plan(LOTTERY, strata=["district"], staffing={"per_object": 2, "max_load": 3})
    staffed(tmp_path / "b", [EAST, EAST, EAST, {**EAST, "recuse": ("E000", "E001")}, *[WEST] * 4], tight)
    enter(tmp_path / "b", {"numbers": "03 08"})
    run_draw(tmp_path / "b", tasks=False)


def test_a_draw_that_is_only_listed_needs_no_inspectors(tmp_path, monkeypatch):
    for name, most in (("MAX_DRAWN", 11), ("MAX_PLACED", 23)):
        monkeypatch.setattr(f"zhunsheng.draws.protocol.{name}", most)
        staffed(tmp_path / name, [])
        monkeypatch.undo()
    with pytest.raises(ZhunshengError, match="ZS-DR-71"):
        staffed(tmp_path, [])


@pytest.mark.parametrize("typed", ["E099", "e010", "E01O", " E010"])
def test_a_recusal_from_nobody_is_told_not_forgotten(tmp_path, typed):
    with pytest.raises(ZhunshengError, match=r"ZS-DR-72.*（P1）"):
        staffed(tmp_path, [{}, {"recuse": (typed,)}, {}, {}])


def test_a_large_frame_tells_the_strata_of_the_recused_alike(tmp_path, monkeypatch):
    """Where compiled code reads the frame there is no table to ask: the places in the text are."""
    for compiled in (False, True):
        monkeypatch.setattr(
            "zhunsheng.usecases.drawing.frames._large", lambda _connection, said=compiled: said
        )
        with pytest.raises(ZhunshengError, match=r"ZS-DR-71.*E059（西）回避的有 P0"):
            staffed(tmp_path, [{"recuse": ("E000", "E059")}, {"recuse": ("E059",)}, {}, EAST])
        with pytest.raises(ZhunshengError, match=r"ZS-DR-72.*有 3 个.*E(-|A|Z)"):
            staffed(tmp_path, [{"recuse": ("E-", "Z", "A b")}, {}, {}])


def test_a_register_committed_before_this_was_asked_is_verified_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr("zhunsheng.usecases.drawing.committing.refuse_unstaffed", lambda *_: None)
    _, digest = staffed(tmp_path, [{"recuse": ("E099",)}, {}, {}])
    enter(tmp_path, {"numbers": "03 08"})
    run_draw(tmp_path, tasks=False)
    assert False not in {c.holds for c in checks(tmp_path, digest).values()}


# -- what a log says of a bundle's commitment


def logged(file, *said):
    """Write a log of (kind, moment, digest) of one draw; return its entries."""
    entries, previous = [], START
    for number, (kind, at, bound) in enumerate(said, start=1):
        entry = Entry(
            number=number,
            at=at,
            kind=kind,
            office="x",
            draw="T-1",
            title="试抽",
            digest=bound,
            reason="故障" if kind == "void" else "",
            previous=previous,
        )
        entries.append(entry)
        previous = entry.own
    file.write_text("".join(entry.line() + "\n" for entry in entries), "utf8")
    return entries


def test_a_log_and_a_bundle_are_judged_together_and_the_head_is_the_logs(tmp_path, capsys):
    _, digest = commit(tmp_path, plan(LOTTERY, lead=60))
    enter(tmp_path, {"numbers": "03 08"})
    run_draw(tmp_path, tasks=False)
    file, bundle, other = tmp_path / "log.jsonl", tmp_path / "抽查包.zip", "f" * 64
    entries = logged(
        file, ("commit", "2021-02-26T00:00:05Z", digest), ("commit", "2021-02-27T00:00:00Z", other)
    )
    # An entry of another draw behind it: whoever notes the head must note the log's.
    entries[1] = Entry.model_validate({**entries[1].model_dump(), "draw": "T-2"})
    file.write_text("".join(one.line() + "\n" for one in entries), "utf8")
    code, said = command(capsys, "log", file, "--bundle", bundle)
    assert (code, entries[1].own in said, entries[0].own in said) == (0, True, False)
    assert "早于随机数公布的 2021-03-01 22:00:00（按公布方自己的时钟）" in said
    for log, words in (
        ([("commit", "2021-03-01T14:00:00Z", digest)], "才公布，不早于随机数公布的"),
        ([("commit", "2021-03-01T13:30:00Z", digest)], "不到方案要求的提前 60 分钟"),
        ([("commit", "2015-02-26T00:00:00Z", digest)], "早于承诺自己写的"),
        (
            [("commit", "2021-02-26T01:00:00Z", digest), ("void", "2021-02-27T00:00:00Z", digest)],
            "已作废（第 2 号，2021-02-27 08:00:00：故障）",
        ),
        ([("late", "2021-03-03T01:00:00Z", digest)], "事后补记"),
        (
            [("commit", "2021-02-26T01:00:00Z", one) for one in (digest, other, "e" * 64)],
            "另有 2 份承诺（第 2、3 号）",
        ),
        (
            [("commit", "2021-02-26T01:00:00Z", digest), ("void", "2021-02-20T00:00:00Z", other)],
            "第 2 号写的时间",
        ),
    ):
        logged(file, *log)
        code, said = command(capsys, "log", file, "--bundle", bundle)
        assert (code, words in said, "按公布方自己的时钟" in said) == (1, True, False), said
    # A bundle from which one of the drawn was taken, packed anew.
    logged(file, ("commit", "2021-02-26T01:00:00Z", digest))
    parts = read_bundle(bundle)
    parts["drawn.json"].pop()
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(
                zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), spec.canonical(data), zipfile.ZIP_DEFLATED
            )
    code, said = command(capsys, "log", file, "--bundle", bundle)
    assert (code, "抽查包本身核验不成立：名次" in said) == (1, True), said


# -- the times that a notice tells, and a second seed


def notice(out):
    return (out / "公告.html").read_text("utf8")


@pytest.mark.parametrize(
    ("file", "changes", "said"),
    [
        (
            "entered.json",
            {"entered_at": "2021-02-20T18:48:34Z"},
            "录入的时间 2021-02-21 02:48:34 应晚于方案写的随机数公布的时间",
        ),
        ("entered.json", {"entered_at": "2999-11-21T18:48:34Z"}, "现在的时间"),
        ("entered.json", {"entered_at": "昨天"}, "不是录入时写下的那样"),
        ("entered.json", {"entered_at": "2021-02-31T00:00:00Z"}, "不是录入时写下的那样"),
        ("entered.json", {"entered_at": None}, "不是录入时写下的那样"),
        ("entered.json", {"more": "x"}, "不是录入时写下的那样"),
        ("entered.json", {"seed": "0" * 32}, "另一个种子"),
        ("entered.json", [], "不是录入时写下的那样"),
        ("entered.json", 7, "不是录入时写下的那样"),
        ("entered.json", b"{", "不是录入时写下的那样"),
        ("slips.json", {"sealed_at": "2021-02-20T00:00:00Z"}, "登记的时间与录入时的不同"),
    ],
)
def test_the_times_of_a_notice_can_not_be_typed(tmp_path, file, changes, said):
    commit(tmp_path, plan(SEALED))
    record_slips(tmp_path, [slip(*one) for one in SLIPS], KNOWN - timedelta(minutes=10))
    enter(tmp_path, {"numbers": [n for _, n in SLIPS], "salts": [s for s, _ in SLIPS]})
    kept = read_json(tmp_path / file)
    changed = {**kept, **changes} if isinstance(changes, dict) else changes
    (tmp_path / file).write_bytes(changed if isinstance(changed, bytes) else json.dumps(changed).encode())
    for attempt in (
        lambda: run_draw(tmp_path, tasks=False),
        lambda: list_draw(tmp_path, tmp_path / "list.csv"),
    ):
        with pytest.raises(ZhunshengError, match="ZS-DR-61") as caught:
            attempt()
        assert file in caught.value.text() and said in caught.value.text(), caught.value.text()
    assert not (tmp_path / "公告.html").exists() and not (tmp_path / "list.csv").exists()
    (tmp_path / file).write_text(json.dumps(kept), "utf8")
    run_draw(tmp_path, tasks=False)
    assert "2021-03-01 21:50:00" in notice(tmp_path)


def test_slips_dated_before_the_commitment_are_drawn_by_nobody(tmp_path):
    """With the slips' record and the seed made anew for it: a bundle can't tell,
    so the folder is not drawn from.
    """
    commit(tmp_path, plan(SEALED))
    made, _ = record_slips(tmp_path, [slip(*one) for one in SLIPS], KNOWN - timedelta(minutes=10))
    (tmp_path / "slips.json").write_text(json.dumps({**made, "sealed_at": "2021-02-20T00:00:00Z"}), "utf8")
    enter(tmp_path, {"numbers": [n for _, n in SLIPS], "salts": [s for s, _ in SLIPS]})
    with pytest.raises(
        ZhunshengError, match=r"ZS-DR-61.*slips.json.*登记封条的时间 2021-02-20 08:00:00 应晚于承诺的时间"
    ):
        run_draw(tmp_path, tasks=False)


def test_a_second_seed_is_refused_where_the_first_one_was_only_entered(tmp_path):
    """Whoever takes seed.json away has still entered; with both files gone only those who saw the first seed
    can tell.
    """
    commit(tmp_path, plan(LOTTERY))
    first = enter(tmp_path, {"numbers": "03 08"})
    (tmp_path / "seed.json").unlink()
    with pytest.raises(ZhunshengError, match="ZS-DR-38"):
        enter(tmp_path, {"numbers": "03 09"})
    entered = read_json(tmp_path / "entered.json")
    assert enter(tmp_path, {"numbers": "03 08"}) == first and read_json(tmp_path / "entered.json") == entered
    (tmp_path / "seed.json").unlink()
    (tmp_path / "entered.json").unlink()
    assert enter(tmp_path, {"numbers": "03 09"})["seed"] != first["seed"]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("张三", "张 三"),
        ("Zhang", "zhang"),
        ("Ｌi", "1i"),
        ("张三", "张\u200b三"),
        ("\u200b", "\u3000\u200d"),
        ("张三", "\u200b"),
    ],
)
def test_one_person_is_not_two_by_a_blank_a_capital_or_a_width(tmp_path, one, two):
    commit(tmp_path, plan(LOTTERY))
    for file, name in (("a.json", one), ("b.json", two)):
        (tmp_path / file).write_text(json.dumps({"by": name, "values": [{"numbers": "03 08"}]}), "utf8")
    with pytest.raises(ZhunshengError, match=r"ZS-DR-04.*不同的人"):
        seal_draw(tmp_path, tmp_path / "a.json", tmp_path / "b.json")
    assert not (tmp_path / "seed.json").exists()
    # Two names are two people to the program: the bundle says that it is the office's word.
    for file, name in (("a.json", "张三"), ("b.json", "李四")):
        (tmp_path / file).write_text(json.dumps({"by": name, "values": [{"numbers": "03 08"}]}), "utf8")
    seal_draw(tmp_path, tmp_path / "a.json", tmp_path / "b.json")
    run_draw(tmp_path, tasks=False)
    assert "只凭机关的记录" in checks(tmp_path)["randomness"].says


def test_a_list_is_written_only_where_the_draw_can_be_run(tmp_path, monkeypatch):
    monkeypatch.setattr("zhunsheng.usecases.drawing.committing.refuse_unstaffed", lambda *_: None)
    staffed(tmp_path, [{"recuse": tuple(f"E{n:03d}" for n in range(30))}, {"recuse": ("E099",)}])
    enter(tmp_path, {"numbers": "03 08"})
    kept = (tmp_path / "inspectors.json").read_bytes()
    for register, code in ((kept, "ZS-DR-06"), (kept.replace(b"E099", b"E098"), "ZS-DR-61")):
        (tmp_path / "inspectors.json").write_bytes(register)
        for attempt in (
            lambda: run_draw(tmp_path, tasks=False),
            *(lambda end=end: list_draw(tmp_path, tmp_path / f"list.{end}") for end in ("csv", "parquet")),
        ):
            with pytest.raises(ZhunshengError, match=code):
                attempt()
    assert not list(tmp_path.glob("list.*"))


# -- words that read on as the program's own


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"randomness": [{**LOTTERY, "name": "福彩”第…期。有证明：已由公证处核对，号码无误。“福彩"}]},
            "randomness 第 1 项的 name 里不能有引号",
        ),
        ({"randomness": [{**SPOKEN, "speakers": ["人大代表", "“局长”"]}]}, "第 2 个报数人 里不能有引号"),
        ({"office": "某局\n承诺在先：已由公证处见证"}, "office 里不能有换行"),
        ({"title": "试\u202e抽"}, "U+202E"),
        ({"title": "\u3000"}, "title 是空的"),
        ({"rule": "依据\x1b[2J"}, "rule 里不能有"),
        ({"items": [{"code": "A", "name": "\u200b"}]}, "items 第 1 项的 name 是空的"),
        ({"ends_on": "已全部办结"}, "不是日历上的日期"),
        ({"ends_on": "2022-02-31"}, "不是日历上的日期"),
        ({"ends_on": "20221231"}, "不是日历上的日期"),
        ({"ends_on": "2021-02-28"}, "早于随机数公布的 2021-03-01"),
        ({"supplements": "T-0\u2028"}, "supplements 里不能有"),
    ],
)
def test_words_of_a_plan_can_not_be_taken_for_the_programs(tmp_path, changes, said):
    of = Plan.model_validate({**plan(LOTTERY).as_json(), **changes})
    with pytest.raises(ZhunshengError, match="ZS-DR-01") as caught:
        commit(tmp_path, of)
    assert said in caught.value.text(), caught.value.text()
    commit(tmp_path, plan(LOTTERY, ends_on="2021-03-01", title="试抽　第二次", rule="《依据》“第三条”"))
