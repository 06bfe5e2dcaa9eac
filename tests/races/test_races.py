"""Two acts at once come to what one after the other comes to; a form sent six times at once is acted on once.

``ZHUNSHENG_RACES=500`` races as many pairs on each database; without it a sample of them.
"""

from __future__ import annotations

import os

import pytest

pytestmark = pytest.mark.xdist_group("races")
PAIRS = int(os.environ.get("ZHUNSHENG_RACES", "14"))  # on each database
KINDS = 14


def check(found, pairs):
    print(f"{found['database']}: {found['raced']} pairs of {found['possible']}: {found['kinds']}")
    assert found["wrong"] == [] and found["log"] == []
    assert found["raced"] == pairs and len(found["kinds"]) == min(KINDS, pairs or KINDS)
    assert found["possible"] > 1000
    # Acts that are all refused would race nothing.
    assert found["answers"].get("refused+refused", 0) < pairs / 2


def test_pairs_of_acts_on_sqlite_come_to_one_of_the_two_orders(prepared):
    check(prepared.race("--pairs", str(PAIRS), "--seed", "1"), PAIRS)


def test_pairs_of_acts_on_postgresql_come_to_one_of_the_two_orders_and_hold_nobody_up(moved):
    found = moved.race("--pairs", str(PAIRS), "--seed", "2")
    check(found, PAIRS)
    assert found["waited"] < 1  # though somebody else's transaction, which saved something, went on computing


def test_every_form_that_creates_something_creates_one_when_it_is_sent_six_times_at_once(moved):
    found = moved.race("--pairs", "0", "--clicks", "every" if PAIRS > 100 else "creating")
    print(f"{found['clicked']} forms")
    assert found["wrong"] == [] and found["log"] == [] and found["clicked"] >= 20
