"""The numbers of a draw: promised before they are known, entered by two people, bound to their source."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from small_draws import BASE, BEFORE, NUMBERS, SIGNATURE, people, plan_of, rows, write_frame_csv
from zhunsheng.draws.beacons import round_time
from zhunsheng.draws.frame import open_database
from zhunsheng.draws.frame_making import frame_from_file
from zhunsheng.draws.protocol import commitment, seal
from zhunsheng.draws.randomness import both, canonical_text
from zhunsheng.errors import ZhunshengError


def test_a_commitment_after_the_numbers_is_refused(tmp_path):
    frame = frame_from_file(write_frame_csv(tmp_path / "f.csv", rows()), plan_of(), open_database())
    with pytest.raises(ZhunshengError, match="ZS-DR-03"):
        commitment(plan_of(), frame, people(), datetime(2021, 3, 1, 14, 0, tzinfo=UTC))
    early = plan_of(randomness=[{"source": "drand", "round": 1000}], known_at="2024-01-01T00:00:00Z")
    with pytest.raises(ZhunshengError, match="ZS-DR-03"):
        commitment(early, frame, people(), round_time("quicknet", 1000))
    assert (
        commitment(early, frame, people(), round_time("quicknet", 1000) - timedelta(seconds=1))["draw"]
        == "T-1"
    )


def test_the_time_that_a_plan_leaves_is_kept_and_numbers_are_not_taken_before_they_are_known(tmp_path):
    """A minute before the numbers nobody outside could note a commitment; an entry before them is nobody's
    number.
    """
    frame = frame_from_file(write_frame_csv(tmp_path / "f.csv", rows()), plan_of(), open_database())
    unhurried = plan_of(lead=60)
    assert plan_of().as_json().get("lead") is None and unhurried.as_json()["lead"] == 60
    last = unhurried.known_at - timedelta(minutes=60)
    committed = commitment(unhurried, frame, people(), last)
    with pytest.raises(ZhunshengError, match="ZS-DR-47"):
        commitment(unhurried, frame, people(), last + timedelta(seconds=1))
    entry = {"by": "a", "values": [{"numbers": "03 08"}]}
    entries = entry, {**entry, "by": "b"}
    with pytest.raises(ZhunshengError, match="才公布"):
        seal(unhurried, committed, *entries, when=unhurried.known_at - timedelta(seconds=1))
    assert seal(unhurried, committed, *entries, when=unhurried.known_at)["randomness"]


def test_a_real_drand_round_is_verified():
    beacon = plan_of(randomness=[{"source": "drand", "round": 1000}], known_at="2024-01-01T00:00:00Z")
    text = canonical_text(beacon, [{"signature": SIGNATURE}])
    assert text.endswith(":1000:fe290beca10872ef2fb164d2aa4442de4566183ec51c56ff3cd603d930e54fdd")
    for wrong in (SIGNATURE[:-1] + "8", "", "zz"):
        with pytest.raises(ZhunshengError, match="ZS-DR-05"):
            canonical_text(beacon, [{"signature": wrong}])
    other = plan_of(randomness=[{"source": "drand", "round": 1001}], known_at="2024-01-01T00:00:00Z")
    with pytest.raises(ZhunshengError, match="ZS-DR-05"):
        canonical_text(other, [{"signature": SIGNATURE}])


def test_sources_as_text():
    mixed = plan_of(
        randomness=[
            *BASE["randomness"],
            {"source": "ceremony", "speakers": ["甲代表", "乙代表"]},
            {"source": "office"},
        ]
    )
    text = canonical_text(mixed, [{"numbers": "03 08"}, {"numbers": ["07", "9"]}, {"numbers": "1"}])
    assert text == "lottery:某彩票:2021024:03 08\nceremony:甲代表=07;乙代表=9\noffice:1"
    for values in ([{"numbers": 308}], [{"numbers": "3, 8"}], [{"numbers": " 3"}], [{}], []):
        with pytest.raises(ZhunshengError, match="ZS-DR-05"):
            canonical_text(plan_of(), values)
    with pytest.raises(ZhunshengError, match="2 人"):
        canonical_text(
            plan_of(randomness=[{"source": "ceremony", "speakers": ["甲", "乙"]}]), [{"numbers": ["1"]}]
        )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"by": "甲", "values": NUMBERS}, {"by": "甲", "values": NUMBERS}),
        ({"by": "甲", "values": NUMBERS}, {"by": "乙", "values": [{"numbers": "3 08 17 22"}]}),
        ({"values": NUMBERS}, {"by": "乙", "values": NUMBERS}),
    ],
)
def test_two_people_must_agree(first, second):
    with pytest.raises(ZhunshengError, match="ZS-DR-04"):
        both(plan_of(), first, second)


@pytest.mark.parametrize(
    "entry",
    [
        [],
        "甲",
        None,
        {"by": "乙", "values": 5},
        {"by": "乙", "values": ["3"]},
        {"by": "乙", "values": {"a": 1}},
    ],
)
def test_an_entry_that_is_none_is_refused(entry):
    with pytest.raises(ZhunshengError, match="ZS-DR-05"):
        both(plan_of(), {"by": "甲", "values": NUMBERS}, entry)


def test_a_seed_the_office_controls_is_marked(tmp_path):
    frame = frame_from_file(
        write_frame_csv(tmp_path / "f.csv", rows()),
        office := plan_of(randomness=[{"source": "office"}]),
        open_database(),
    )
    committed = commitment(office, frame, people(), BEFORE)
    sealed = seal(
        office,
        committed,
        {"by": "甲", "values": [{"numbers": "1"}]},
        {"by": "乙", "values": [{"numbers": "1"}]},
    )
    assert sealed["controlled_by_office"] is True
    assert "甲" not in json.dumps(sealed, ensure_ascii=False)
