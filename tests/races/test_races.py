"""Two acts at once come to what one after the other comes to; a form sent six times at once is acted on once.

``ZHUNSHENG_RACES=500`` races as many pairs on each database; without it a sample of them.
"""

from __future__ import annotations

import os

import pytest

pytestmark = pytest.mark.xdist_group("races")
PAIRS = int(os.environ.get("ZHUNSHENG_RACES", "10"))  # on each database
KINDS = 14


def check(found, pairs):
    print(f"{found['database']}: {found['raced']} pairs of {found['possible']}: {found['kinds']}")
    told = [(one["kind"], one["state"], one["acts"], one["told"]) for one in found["wrong"]]
    assert told == [] and found["log"] == []
    assert found["raced"] == pairs and len(found["kinds"]) == min(KINDS, pairs or KINDS)
    assert found["possible"] > 1000
    # Acts that are all refused would race nothing.
    assert found["answers"].get("refused+refused", 0) < pairs / 2


def test_pairs_of_acts_on_sqlite_come_to_one_of_the_two_orders(prepared):
    check(prepared.race("--pairs", str(PAIRS), "--seed", "1"), PAIRS)


def test_pairs_of_acts_on_postgresql_come_to_one_of_the_two_orders_and_creating_forms_act_once(moved):
    """Each form that creates something is sent six times at once; and nobody waits for somebody else's
    computation.
    """
    found = moved.race(
        "--pairs", str(PAIRS), "--seed", "2", "--clicks", "every" if PAIRS > 100 else "creating"
    )
    check(found, PAIRS)
    print(f"{found['clicked']} forms six times at once")
    assert found["clicked"] >= 30
    assert found["waited"] < 1  # a save, while another transaction, which saved something, went on computing
