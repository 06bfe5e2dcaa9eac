"""Starter packs: that they are whole, that what they compute is what a plain account in Python comes to, and
that installing one writes over nothing.
"""

from __future__ import annotations

import csv
import random
from collections import Counter
from datetime import date, timedelta

import pytest
import yaml

from agreed import import_ledger
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Store, defined, ledgers
from zhunsheng.evidence.ledgers import Ledger, packaged_ledgers
from zhunsheng.measures import DuckEngine, measures, read_all
from zhunsheng.measures.definitions import Measure, check, packaged_measures
from zhunsheng.packs import install, pack_of, packs, parts
from zhunsheng.targets import TargetValue
from zhunsheng.targets.library import CODE, letters, next_code

YEAR, AS_OF = 2024, date(2024, 10, 31)
START = date(YEAR, 1, 1)
WITH_LEDGERS = [one.id for one in packs().values() if one.ledgers]


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def test_the_packs_are_as_large_as_they_say():
    assert set(WITH_LEDGERS) == {
        "culture",
        "ecology",
        "education",
        "health",
        "human_resources",
        "transport",
    }
    for name in WITH_LEDGERS:
        pack = packs()[name]
        assert 3 <= len(pack.ledgers) <= 5 and len(pack.measures) == 10 and len(pack.indicators) >= 9
        assert any(c.personal for book in pack.ledgers for c in book.columns), name
    assert {len(packs()[name].indicators) for name in ("market_supervision", "common")} == {17, 4}


def test_every_measure_fits_the_ledgers_it_comes_with(store):
    for pack in packs().values():
        install(pack, store, who="管理员")
    for pack in packs().values():
        for one in pack.measures:
            check(measures()[one.id])
            assert measures()[one.id] == one, one.id
        for book in pack.ledgers:
            assert ledgers()[book.id].model_copy(update={"defined": ""}) == book


def test_what_is_written_reads_back_the_same():
    for pack in packs().values():
        for one in (*pack.ledgers, *pack.measures):
            kind = Ledger if isinstance(one, Ledger) else Measure
            assert kind.model_validate(yaml.safe_load(defined.written(one))) == one


def test_a_name_means_one_thing_over_the_package_and_all_packs():
    said = Counter(
        name
        for one in [*packaged_measures().values(), *(m for p in packs().values() for m in p.measures)]
        for name in {one.name, *one.aliases}
        if not one.part
    )
    own = {n for p in packs().values() for m in p.measures for n in (m.name, *m.aliases)}
    assert not [name for name in own if said[name] > 1]
    titles = [b.title for b in packaged_ledgers().values()] + [
        b.title for p in packs().values() for b in p.ledgers
    ]
    assert len(set(titles)) == len(titles)


def test_library_entries_have_codes_that_tell_their_place_and_values_that_read():
    seen, called = set(), set()
    for pack in packs().values():
        for one in pack.entries():
            assert CODE.fullmatch(one.code) and one.industry == pack.industry
            assert one.code not in seen and (one.level2, one.name) not in called
            seen.add(one.code)
            called.add((one.level2, one.name))
            if one.target:
                assert TargetValue.parse(one.target).number is not None, one.code
            else:
                assert one.cautions.startswith("指标值"), one.code
            if one.measure:
                unit = {m.id: m.unit for p in packs().values() for m in p.measures} | {
                    m.id: m.unit for m in packaged_measures().values()
                }
                assert unit[one.measure] == one.unit or one.code == "MS-C1-017", one.code
    assert len(seen) >= 46


def test_a_code_runs_on_and_never_comes_back():
    assert letters("产出指标", "时效指标") == "O3" and letters("成本指标", "生态环境成本指标") == "C3"
    assert letters("效益指标", "可持续影响指标") == "B4" and letters("满意度指标", "服务对象满意度") == "S1"
    known = ["ED-O1-001", "ED-C1-017", "HE-O1-099", "手写的"]
    assert next_code("ED", "产出指标", "质量指标", known) == "ED-O2-018"
    assert next_code("GE", "没听过", "没听过", known) == "GE-O1-001"


def test_installing_writes_over_nothing(store):
    pack = pack_of("教育")
    own = defined.written(pack.ledgers[0]).replace("学生资助台账", "本局资助台账")
    defined.keep(store.root, "ledger", "ed_aid", own, who="科员", why="本局的写法")
    first = {part.id: part for part in install(pack, store, who="管理员")}
    assert first["ed_aid"].state == "there" and first["ed_works"].state == "new"
    assert ledgers()["ed_aid"].title == "本局资助台账"
    assert defined.versions(store.root, "ledger", "ed_works")[0].why == pack.mark
    again = install(pack, store, who="管理员")
    assert {part.state for part in again} == {"there"}
    assert len(defined.versions(store.root, "ledger", "ed_works")) == 1


def test_a_measure_that_no_longer_fits_stays_out_and_says_why(store):
    pack = pack_of("education")
    book = pack.ledgers[0]
    columns = tuple(c for c in book.columns if c.name != "due_on")
    mine = defined.written(book.model_copy(update={"columns": columns}))
    defined.keep(store.root, "ledger", "ed_aid", mine, who="科员", why="不记应发放日期")
    found = {part.id: part for part in install(pack, store, who="管理员")}
    assert found["ed_aid_on_time"].state == "clash" and "due_on" in found["ed_aid_on_time"].why
    assert "ed_aid_on_time" not in measures() and "ed_aid_times" in measures()


def test_what_was_ended_is_not_brought_back(store):
    pack = pack_of("culture")
    install(pack, store, who="管理员")
    defined.keep(store.root, "measure", "cu_visits", None, who="科员", why="没有计数设备")
    assert {part.id: part.state for part in install(pack, store, who="管理员")}["cu_visits"] == "ended"
    assert "cu_visits" not in measures()


def test_a_name_that_is_taken_is_said(store):
    pack = pack_of("transport")
    mine = defined.written(pack.ledgers[0].model_copy(update={"id": "our_roads"}))
    defined.keep(store.root, "ledger", "our_roads", mine, who="科员", why="早有的")
    found = {part.id: part for part in parts(pack, store)}
    assert found["tr_maintenance"].state == "clash" and "公路养护台账" in found["tr_maintenance"].why
    assert found["tr_maintained_metres"].state == "clash"
    install(pack, store, who="管理员")
    assert "tr_maintenance" not in ledgers() and "tr_works" in ledgers()
    assert "tr_maintained_metres" not in measures()


def test_no_pack_of_that_name():
    with pytest.raises(ZhunshengError, match="ZS-RG-23"):
        pack_of("农业")


# -- what they compute
# ----------------------------------------------------------------------------------------------------


def random_rows(book, rng, n=250):
    """Rows of a ledger that keep its rules: days in order, sums and choices as they may be, some left out."""
    found = {}
    while len(found) < n:
        row = {}
        for column in book.columns:
            if not column.required and rng.random() < 0.2:
                row[column.name] = None
                continue
            row[column.name] = _value(book, column, row, rng)
        found[tuple(row[name] for name in book.key)] = row
    return list(found.values())


def _value(book, column, row, rng):
    if column.type == "choice":
        return rng.choice(column.values)
    if column.type == "bool":
        return rng.random() < 0.6
    if column.type == "integer":
        if column.name in ("year_of", "school_year"):
            return YEAR - rng.randrange(2)
        low = max(column.minimum or 0, 0)
        return rng.randrange(low, low + (6 if "goal" in column.name or "found" in column.name else 120))
    if column.type == "money":
        return rng.randrange(0, 500000) / 100
    if column.type == "date":
        first = row.get(column.not_before or "") or date(YEAR - 1, 9, 1)
        last = date(YEAR + 1, 3, 1) if column.ahead else date(YEAR, 12, 20)
        return first + timedelta(days=rng.randrange(max((last - first).days, 1)))
    return f"{column.name[:1]}{rng.randrange(10**6)}"


def _written(value):
    if isinstance(value, bool):
        return "是" if value else "否"
    return "" if value is None else str(value)


def within(day):
    return day is not None and START <= day <= AS_OF


def by(day, limit):
    return day is not None and limit is not None and day <= limit


# A plain account of measures: which rows are looked at, and for a ratio which of them count, or what is
# added up (for a ratio of sums, over what).
PLAIN = {
    "ed_aid_times": (lambda r: r["eligible"] and within(r["paid_on"]),),
    "ed_aid_coverage": (
        lambda r: r["eligible"] and within(r["checked_on"]),
        lambda r: by(r["paid_on"], AS_OF),
    ),
    "ed_aid_on_time": (
        lambda r: r["eligible"] and within(r["due_on"]),
        lambda r: by(r["paid_on"], r["due_on"]),
    ),
    "ed_works_accepted": (
        lambda r: within(r["accepted_on"]) and r["accepted"],
        lambda r: r["accepted"] == "一次合格",
    ),
    "ed_training_pass_rate": (
        lambda r: within(r["ended_on"]) and r["passed"] is not None,
        lambda r: r["passed"],
    ),
    "he_vaccination_rate": (
        lambda r: within(r["due_on"]) and r["excused"] is not True,
        lambda r: by(r["given_on"], AS_OF),
    ),
    "he_standard_record_rate": (
        lambda r: by(r["resident_from"], AS_OF) and (r["left_on"] is None or r["left_on"] > AS_OF),
        lambda r: by(r["opened_on"], AS_OF) and r["standard"],
    ),
    "he_hypertension_managed": (
        lambda r: r["disease"] == "高血压" and r["year_of"] == YEAR and by(r["enrolled_on"], AS_OF),
        lambda r: r["managed"],
    ),
    "he_report_timely": (
        lambda r: within(r["found_on"]) and r["timely"] is not None,
        lambda r: r["timely"],
    ),
    "tr_maintenance_done": (lambda r: within(r["planned_on"]), lambda r: by(r["done_on"], AS_OF)),
    "tr_maintenance_quality": (
        lambda r: within(r["done_on"]) and r["rating"],
        lambda r: r["rating"] in ("优", "良"),
    ),
    "tr_works_on_time": (lambda r: within(r["planned_on"]), lambda r: by(r["finished_on"], r["planned_on"])),
    "tr_accident_count": (lambda r: within(r["happened_on"]),),
    "cu_free_days": (lambda r: r["open"] and r["free"] and within(r["day_on"]),),
    "cu_public_shows": (lambda r: r["kind"] == "演出" and r["public"] and within(r["held_on"]),),
    "cu_events_on_plan": (lambda r: within(r["planned_on"]), lambda r: by(r["held_on"], AS_OF)),
    "cu_relics_patrolled": (lambda r: within(r["due_on"]), lambda r: by(r["seen_on"], r["due_on"])),
    "ec_good_days_rate": (
        lambda r: within(r["day_on"]) and r["aqi"] is not None,
        lambda r: r["aqi"] <= 100,
    ),
    "ec_water_standard_rate": (
        lambda r: within(r["month_on"]) and r["found"] is not None,
        lambda r: r["found"] <= r["goal"],
    ),
    "ec_inspected_rate": (lambda r: within(r["due_on"]), lambda r: by(r["checked_on"], AS_OF)),
    "ec_mended_rate": (
        lambda r: r["breach"] and within(r["mend_by"]),
        lambda r: by(r["mended_on"], r["mend_by"]),
    ),
    "hr_trained": (lambda r: within(r["ended_on"]),),
    "hr_employed_rate": (
        lambda r: within(r["ended_on"]) and r["passed"] and r["employed"] is not None,
        lambda r: r["employed"],
    ),
    "hr_subsidy_on_time": (
        lambda r: r["result"] == "通过" and within(r["due_on"]),
        lambda r: by(r["paid_on"], r["due_on"]),
    ),
    "hr_wage_cases_on_time": (
        lambda r: within(r["due_on"]) or (within(r["closed_on"]) and r["due_on"] > AS_OF),
        lambda r: by(r["closed_on"], r["due_on"]),
    ),
    "hr_services_on_time": (lambda r: within(r["due_on"]), lambda r: by(r["done_on"], r["due_on"])),
}
SUMS = {
    "ed_aid_amount": (lambda r: r["eligible"] and within(r["paid_on"]), "amount"),
    "tr_maintained_metres": (lambda r: within(r["done_on"]), "metres"),
    "cu_visits": (lambda r: r["open"] and within(r["day_on"]), "visits"),
    "ec_pollutant_cut": (lambda r: within(r["finished_on"]), "cut_kg"),
    "hr_wages_recovered": (lambda r: within(r["closed_on"]), "recovered"),
}
QUOTIENTS = {
    "ed_places_cost": (
        lambda r: within(r["finished_on"]) and r["places"] and r["cost"] is not None,
        lambda r: r["cost"],
        lambda r: r["places"],
    ),
    "tr_maintenance_cost": (
        lambda r: within(r["done_on"]) and r["metres"] and r["cost"] is not None,
        lambda r: r["cost"] * 1000,
        lambda r: r["metres"],
    ),
    "ec_valid_data_rate": (
        lambda r: within(r["day_on"]) and r["due_hours"],
        lambda r: r["valid_hours"] or 0,
        lambda r: r["due_hours"],
    ),
}


@pytest.mark.parametrize("name", WITH_LEDGERS)
@pytest.mark.parametrize("seed", [1, 2])
def test_measures_come_to_what_a_plain_account_says(tmp_path, name, seed):
    rng, pack, store = random.Random(f"{name}{seed}"), packs()[name], Store(tmp_path / "store")
    install(pack, store, who="管理员")
    tables = {}
    for book in pack.ledgers:
        rows = tables[book.id] = random_rows(book, rng)
        with (tmp_path / f"{book.id}.csv").open("w", encoding="utf8", newline="") as file:
            out = csv.writer(file)
            out.writerow([c.title for c in book.columns])
            out.writerows([[_written(row[c.name]) for c in book.columns] for row in rows])
        import_ledger(store.root, tmp_path / f"{book.id}.csv", ledger=ledgers()[book.id], department="甲局")
    snapshot = store.snapshot()
    mine = [one for one in measures().values() if one.id in {m.id for m in pack.measures}]
    found = read_all(mine, DuckEngine(snapshot), snapshot, YEAR, AS_OF)
    totals = {one: _total(readings(found, one)) for one in (m.id for m in mine)}
    assert not [one for one, total in totals.items() if total is None], "every measure says something"
    compared = 0
    for one in mine:
        rows = tables[one.ledger]
        if one.id in PLAIN:
            population, *hits = PLAIN[one.id]
            seen = [row for row in rows if population(row)]
            count = len([row for row in seen if hits[0](row)]) if hits else len(seen)
            assert totals[one.id] == (count, len(seen)), one.id
        elif one.id in SUMS:
            population, column = SUMS[one.id]
            value = sum(row[column] or 0 for row in rows if population(row))
            assert float(totals[one.id][0]) == pytest.approx(value), one.id
        elif one.id in QUOTIENTS:
            population, over, under = QUOTIENTS[one.id]
            seen = [row for row in rows if population(row)]
            value = sum(map(over, seen)), sum(map(under, seen))
            assert tuple(map(float, totals[one.id])) == pytest.approx(value), one.id
        else:
            continue
        compared += 1
    assert compared >= 4


def readings(found, measure):
    return [reading for (name, _place, _project), reading in found.items() if name == measure]


def _total(those):
    """Numerator and denominator over the projects that a reading is told apart by."""
    whole = [r for r in those if r.project is None and r.numerator is not None]
    return (whole[0].numerator, whole[0].denominator) if whole else None
