"""Who inspects whom: loads as even as the constraints allow, and the same chance for all."""

from __future__ import annotations

import hashlib
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, milp
from scipy.stats import chisquare

from small_draws import objects_of, people, plan_of
from zhunsheng.draws import spec
from zhunsheng.draws.assignment import RegisteredInspector, assign
from zhunsheng.errors import ZhunshengError


@st.composite
def staffs(draw_):
    """Registers with districts, certificates and recusals, of which some can't staff everything."""
    n = draw_(st.integers(3, 9))
    found = []
    for i in range(n):
        districts = draw_(st.sampled_from([[], ["东"], ["西"]]))
        recuse = draw_(st.lists(st.sampled_from([f"E{k:05d}" for k in range(8)]), max_size=3, unique=True))
        found.append(
            RegisteredInspector(
                id=f"P{i}", certified=draw_(st.booleans()), districts=districts, recuse=recuse
            )
        )
    return found


def most_even(objects, staff, k):
    """The least sum of squared loads any assignment has, by integer programming; None where none exists."""
    pairs = [
        (o, p)
        for o in objects
        for p in staff
        if o[1] not in p.recuse and (not p.districts or o[2].split("|")[0] in p.districts)
    ]
    top = len(objects)
    n = len(pairs)
    slots = [(p.id, level) for p in staff for level in range(1, top + 1)]
    cost = np.concatenate([np.zeros(n), [2 * level - 1 for _, level in slots]])
    lines, low, high = [], [], []
    for o in objects:
        lines.append([*(pair[0] == o for pair in pairs), *[0] * len(slots)])
        low.append(k), high.append(k)
        lines.append([*(pair[0] == o and pair[1].certified for pair in pairs), *[0] * len(slots)])
        low.append(1), high.append(k)
    for p in staff:
        lines.append([*(int(pair[1] is p) for pair in pairs), *(-int(s[0] == p.id) for s in slots)])
        low.append(0), high.append(0)
    solved = milp(
        cost,
        constraints=LinearConstraint(np.array(lines, float), low, high),
        integrality=np.ones(len(cost)),
        bounds=(0, 1),
    )
    return round(solved.fun) if solved.success else None


@settings(max_examples=60, deadline=None)
@given(staffs(), st.integers(1, 8), st.sampled_from(["a" * 32, "b" * 32]))
def test_loads_are_as_even_as_the_constraints_allow(staff, n, seed):
    objects = objects_of(n, seed)
    best = most_even(objects, staff, 2)
    try:
        teams = assign(plan_of(), objects, staff, seed)
    except ZhunshengError as error:
        assert best is None
        assert error.code == "ZS-DR-06"
        return
    by_id = {p.id: p for p in staff}
    loads = Counter(p for team in teams.values() for p in team)
    assert sum(load * load for load in loads.values()) == best
    for _, entity, stratum in objects:
        team = teams[entity]
        assert len(set(team)) == 2
        assert by_id[team[0]].certified
        for p in team:
            assert entity not in by_id[p].recuse
            assert not by_id[p].districts or stratum.split("|")[0] in by_id[p].districts


def test_what_cannot_be_staffed_is_said_exactly():
    staff = [
        RegisteredInspector(id="P1", certified=False),
        RegisteredInspector(id="P2", certified=False),
        RegisteredInspector(id="P3", certified=True, districts=["东"]),
    ]
    with pytest.raises(
        ZhunshengError,
        match=r"ZS-DR-06.*有 2 个.*E00001（西\|A）：有资格的 2 人，回避 0 人，可派 2 人，其中没有持执法证的",
    ):
        assign(plan_of(), objects_of(4), staff, "a" * 32)
    recused = [
        RegisteredInspector(id=f"P{n}", certified=True, recuse=["E00000"] if n else []) for n in range(3)
    ]
    with pytest.raises(ZhunshengError, match="回避 2 人，可派 1 人，不足 2 人"):
        assign(plan_of(), objects_of(1), recused, "a" * 32)
    wrong_item = [RegisteredInspector(id=f"P{n}", certified=True, items=["B"]) for n in range(3)]
    with pytest.raises(ZhunshengError, match="有资格的 0 人"):
        assign(plan_of(), objects_of(1), wrong_item, "a" * 32)


def test_too_much_work_for_some_is_shown_as_a_cut():
    limited = plan_of(staffing={"per_object": 2, "max_load": 3})
    staff = [
        RegisteredInspector(id=f"P{n}", certified=True, districts=["东" if n < 2 else "西"])
        for n in range(12)
    ]
    with pytest.raises(ZhunshengError, match="ZS-DR-06") as caught:
        assign(limited, objects_of(10), staff, "a" * 32)
    assert "有 2 个检查对象派不出" in caught.value.text()
    assert (
        "要由 P0、P1 等 2 人承担 10 人次，换给别人都不合规，而每人至多 3 个，只有 6 人次"
        in caught.value.text()
    )
    assert len(assign(limited, objects_of(6), staff, "a" * 32)) == 6


def test_interchangeable_inspectors_and_objects_have_the_same_chance():
    """Chi-square over 10,000 seeds, for objects drawn and for inspectors sent to one object."""
    seeds = [hashlib.sha256(str(n).encode()).hexdigest()[:32] for n in range(10_000)]
    ids = [f"E{i:05d}" for i in range(40)]
    drawn = Counter()
    for seed in seeds:
        drawn.update(sorted(ids, key=lambda e: spec.ticket(seed, e))[:5])
    assert chisquare([drawn[e] for e in ids]).pvalue > 1e-4
    staff = people(8)
    led, second = Counter(), Counter()
    for seed in seeds:
        team = assign(plan_of(), [(spec.ticket(seed, "E00000"), "E00000", "东|A")], staff, seed)["E00000"]
        led.update(p for p in team if int(p[1:]) % 2 == 0)
        second.update(team)
    certified = [p.id for p in staff if p.certified]
    others = [p.id for p in staff if not p.certified]
    assert chisquare([second[p] for p in certified]).pvalue > 1e-4
    assert chisquare([second[p] for p in others]).pvalue > 1e-4
