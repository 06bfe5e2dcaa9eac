"""Measures that a body defines itself: their kinds by hand and on both engines, conditions that were clicked,
versions, packs.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from statistics import median

import pytest
import yaml

from agreed import import_ledger
from zhunsheng import clock
from zhunsheng.cli import main
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Column, Ledger, Store, ledgers
from zhunsheng.measures import DuckEngine, SparkEngine, combine, evidence_rows, read_all
from zhunsheng.measures.clicked import Condition, clicked, predicate_text
from zhunsheng.measures.definitions import (
    QUESTIONS,
    Measure,
    check,
    digest_of,
    load,
    measures,
    of_body,
    own,
    packaged_measures,
)
from zhunsheng.measures.kept import Kept
from zhunsheng.measures.stated import Stated, measure_of, stated_of
from zhunsheng.regulations.workdays import is_workday
from zhunsheng.usecases.defining import define_ledger
from zhunsheng.usecases.opened_evidence import Evidence
from zhunsheng.usecases.own_measures import changed_after, end, moved, offered, one_of, pack, save, take

YEAR, END = 2021, date(2021, 12, 31)
ANSWERS = dict.fromkeys(QUESTIONS, "按本单位的办法核对")
BASE = {
    "unit": "件",
    "accrual": {"shape": "level"},
    "formula": "按台账计算",
    "citation": "本单位",
    "answers": ANSWERS,
}
CASES = "登记编号,类别,收到日期,办结日期,办理结果,承办科室"


def measure(**said):
    (made,) = load(yaml.safe_dump([BASE | said], allow_unicode=True), "own.yaml")
    return made


def put(root, ledger, head, rows, department="甲局"):
    n = sum(1 for _ in root.glob("*.csv"))
    (file := root / f"{n}.csv").write_text("\n".join([head, *rows]) + "\n", "utf8")
    import_ledger(root / "store", file, ledger=ledgers()[ledger], department=department)


def received(n):
    return date(YEAR, 1, 4) + timedelta(11 * n)


ROWS = [
    (f"T{n}", ["投诉", "举报"][n % 2], received(n), received(n) + timedelta(3 * n % 40) if n % 5 else None)
    for n in range(30)
]
PAID = ["100.01", "3.5", "7", "-2.25", "100.02", "99999999.99", "8", "8", "1", "0"]

MADE = {
    "paid_median": {
        "kind": "median",
        "ledger": "payments",
        "population": "paid_on <= :as_of",
        "of": "amount",
    },
    "sections": {"kind": "distinct", "ledger": "complaints", "population": "TRUE", "of": "section"},
    "quick": {
        "kind": "ratio",
        "unit": "%",
        "ledger": "complaints",
        "within": {"from": "received_on", "to": "closed_on", "days": 7, "workdays": True},
        "population": "limit_due IS NOT NULL AND (limit_done IS NOT NULL OR limit_due < :as_of)",
        "hits": "limit_done <= limit_due",
    },
    "quick_days": {
        "kind": "ratio",
        "unit": "%",
        "ledger": "complaints",
        "within": {"from": "received_on", "to": "closed_on", "days": 15, "workdays": False},
        "population": "limit_due IS NOT NULL AND (limit_done IS NOT NULL OR limit_due < :as_of)",
        "hits": "limit_done <= limit_due",
    },
}


@pytest.fixture
def office(tmp_path):
    lines = [
        f"{no},{kind},{came},{closed or ''},,{['一科', '二科', ''][n % 3]}"
        for n, (no, kind, came, closed) in enumerate(ROWS)
    ]
    put(tmp_path, "complaints", CASES, lines)
    money = [f"N{n},项目{n % 2},{amount},{YEAR}-03-0{n % 9 + 1}" for n, amount in enumerate(PAID)]
    put(tmp_path, "payments", "凭证号,项目名称,支付金额,支付日期", money)
    return tmp_path


def made():
    return [measure(id=name, name=name, **said) for name, said in MADE.items()]


def last_day(came, days, *, works):
    day = came
    while days:
        day += timedelta(1)
        days -= is_workday(day) if works else 1
    return day


@pytest.mark.parametrize("day", [date(2021, 3, 31), date(2021, 8, 17), END])
def test_the_kinds_say_what_a_plain_account_says(office, day):
    snapshot = Store(office / "store").snapshot()
    found = read_all(made(), DuckEngine(snapshot), snapshot, YEAR, day)
    amounts = [Fraction(a) for a in PAID]
    if day.month >= 4 or day == date(2021, 3, 31):
        assert found["paid_median", "甲局", None].value == median(amounts)
        assert found["paid_median", "甲局", "项目1"].value == median(amounts[1::2])
    assert found["sections", "甲局", None].value == 2
    for name, days, works in (("quick", 7, True), ("quick_days", 15, False)):
        hits = rows = 0
        for _no, _kind, came, closed in ROWS:
            due = last_day(came, days, works=works)
            done = closed if closed and closed <= day else None
            rows += bool(done or due < day)
            hits += bool(done and done <= due)
        reading = found[name, "甲局", None]
        assert (reading.numerator, reading.denominator) == (hits, rows) and 0 < hits < rows


def test_spark_says_the_same(office, spark):
    snapshot = Store(office / "store").snapshot()
    chosen = [*made(), *(m for m in map(worded, TOLD) if m)]
    here = read_all(chosen, DuckEngine(snapshot), snapshot, YEAR, END)
    assert read_all(chosen, SparkEngine(snapshot, spark), snapshot, YEAR, END) == here
    assert {m.id for m in chosen} == {name for name, _, _ in here}
    rows = evidence_rows(chosen[2], SparkEngine(snapshot, spark), snapshot, YEAR, END)
    assert rows == evidence_rows(chosen[2], DuckEngine(snapshot), snapshot, YEAR, END) and rows


TOLD = [
    [Condition("kind", "is", ("投诉",))],
    [Condition("kind", "is", ("投诉", "举报")), Condition("closed_on", "filled")],
    [Condition("section", "not", ("一科",))],
    [Condition("section", "not", ("一科", "二科"))],
    [Condition("section", "has", ("科",)), Condition("received_on", "least", ("2021-03-01",))],
    [Condition("complaint_no", "not", ("a'b\\c%",)), Condition("received_on", "by_now")],
    [Condition("received_on", "this_year"), Condition("closed_on", "empty")],
    [Condition("section", "empty"), Condition("received_on", "above", ("2021-01-05",))],
]


def worded(conditions):
    text = predicate_text(conditions, ledgers()["complaints"])
    name = f"told{TOLD.index(conditions)}"
    return measure(id=name, name=name, kind="count", ledger="complaints", population=text)


@pytest.mark.parametrize("conditions", TOLD, ids=range(len(TOLD)))
def test_what_was_clicked_is_read_back(conditions):
    ledger = ledgers()["complaints"]
    text = predicate_text(conditions, ledger)
    assert clicked(text, ledger) == (conditions, "")
    assert clicked(f"{text} AND LEAST(closed_on, told_on) > received_on", ledger) == (
        conditions,
        "LEAST(closed_on, told_on) > received_on",
    )


@pytest.mark.parametrize("value", ["3", "-3", "2.5", "-1000000.25"])
def test_numbers_are_read_back(value):
    one = [Condition("amount", "least", (value,))]
    assert clicked(predicate_text(one, ledgers()["payments"]), ledgers()["payments"]) == (one, "")


@pytest.mark.parametrize(
    ("ledger", "condition"),
    [
        ("complaints", Condition("kind", "is", ("来信",))),
        ("complaints", Condition("kind", "is")),
        ("complaints", Condition("kind", "least", ("投诉",))),
        ("complaints", Condition("nothing", "is", ("投诉",))),
        ("complaints", Condition("received_on", "least", ("三月",))),
        ("payments", Condition("amount", "least", ("nan",))),
        ("payments", Condition("amount", "least", ("1) OR (TRUE",))),
    ],
)
def test_a_condition_that_does_not_fit_is_refused(ledger, condition):
    with pytest.raises(ZhunshengError, match="ZS-MS-06"):
        predicate_text([condition], ledgers()[ledger])


def test_typed_text_never_becomes_part_of_the_condition():
    ledger = ledgers()["complaints"]
    said = [Condition("section", "is", ("x' OR TRUE OR section = 'x",))]
    check(
        measure(id="q", name="q", kind="count", ledger="complaints", population=predicate_text(said, ledger))
    )
    assert clicked(predicate_text(said, ledger), ledger) == (said, "")


def test_parts_of_a_median_are_not_added_up(office):
    snapshot = Store(office / "store").snapshot()
    one = made()[0]
    found = read_all([one], DuckEngine(snapshot), snapshot, YEAR, END)
    both = combine(one, [found[one.id, "甲局", f"项目{n}"] for n in (0, 1)])
    assert both.value is None and not both.known and both.denominator == len(PAID)


def test_what_is_kept_of_them_stays_right_after_an_import(office):
    kept, store = Kept(), Store(office / "store")
    for turn in range(3):
        snapshot = store.snapshot()
        engine = DuckEngine(snapshot)
        assert read_all(made(), engine, snapshot, YEAR, END, kept=kept) == read_all(
            made(), engine, snapshot, YEAR, END
        )
        put(office, "complaints", CASES, [f"U{turn},投诉,2021-02-0{turn + 1},2021-02-09,,科{turn}"])
        money = [f"M{turn},项目1,{turn}.5,{YEAR}-04-01"]
        put(office, "payments", "凭证号,项目名称,支付金额,支付日期", money)


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "median", "of": "section"},
        {"kind": "median"},
        {"kind": "distinct", "of": "nothing"},
        {"kind": "distinct", "of": "section", "accrual": {"shape": "count", "day": "received_on"}},
        {"kind": "count", "within": {"from": "kind", "to": "closed_on", "days": 3}},
    ],
)
def test_a_definition_that_does_not_fit_is_refused(changes):
    with pytest.raises(ZhunshengError, match="ZS-MS-02"):
        measure(id="x", name="x", ledger="complaints", population="TRUE", **changes)


def test_a_reading_names_the_definition_it_was_read_by(office):
    snapshot = Store(office / "store").snapshot()
    one = made()[1]
    other = Measure.model_validate(one.model_dump(by_alias=True) | {"population": "kind = '投诉'"})
    first, second = (
        read_all([m], DuckEngine(snapshot), snapshot, YEAR, END)[one.id, "甲局", None] for m in (one, other)
    )
    assert first.definition == digest_of(one) != digest_of(other) == second.definition
    assert first.as_json()["definition"] == first.definition


# —— stated, kept as versions, taken from pack to pack

SAID = Stated(
    ledger="complaints",
    name="一科办结件数",
    conditions=(Condition("section", "is", ("一科",)), Condition("closed_on", "by_now")),
    day="closed_on",
    unit="件",
    formula="一科当年办结的件数",
    citation="本单位",
    answers=ANSWERS,
)
STATED = [
    SAID,
    replace(
        SAID, what="ratio", unit="%", hits=(Condition("kind", "is", ("投诉",)),), also="told_on > closed_on"
    ),
    replace(
        SAID, what="in_days", unit="%", begins="received_on", ends="closed_on", days=7, day="received_on"
    ),
    replace(SAID, what="distinct", of="section", shape="level"),
    replace(SAID, what="date", of="closed_on", shape="level", day=""),
    replace(SAID, shape="window", first="03-01", last="06-30", drill=("section",), aliases=("办结量",)),
    replace(SAID, conditions=(), shape="level", day=""),
]


@pytest.mark.parametrize("said", STATED, ids=range(len(STATED)))
def test_what_was_stated_is_read_back(said):
    assert stated_of(measure_of(said, "own_x", None)) == said


def test_a_window_counts_its_days_of_the_year_alone(office, spark):
    one = measure_of(replace(STATED[5], conditions=()), "own_w", None)
    snapshot = Store(office / "store").snapshot()
    for engine in (DuckEngine(snapshot), SparkEngine(snapshot, spark)):
        reading = read_all([one], engine, snapshot, YEAR, END)["own_w", "甲局", None]
        closed = [c for *_, c in ROWS if c and date(YEAR, 3, 1) <= c <= date(YEAR, 6, 30)]
        assert reading.value == len(closed) > 0


@pytest.mark.parametrize(
    "changes",
    [
        {"what": "sum", "of": "section"},
        {"what": "distinct", "of": "complainant"},
        {"what": "ratio"},
        {"what": "in_days", "begins": "received_on"},
        {"day": ""},
        {"first": "02-30"},
    ],
)
def test_a_statement_with_a_gap_is_refused(changes):
    with pytest.raises(ZhunshengError, match="ZS-MS-12"):
        measure_of(replace(SAID, **changes), "own_x", None)


def test_versions_say_since_when_and_why_and_none_is_lost(office):
    root = office / "store"
    one = measure_of(SAID, "own_x", "A1")
    first = save(root, one, who="科员", why="本年起用", after=0, on=date(2021, 3, 1))
    wider = measure_of(replace(SAID, conditions=()), "own_x", "A1")
    with pytest.raises(ZhunshengError, match="ZS-MS-08"):
        save(root, wider, who="科员", why="扩大", after=0)
    second = save(root, wider, who="科长", why="扩大", after=1, on=date(2021, 9, 1))
    assert (first.version, second.version) == (1, 2)
    assert [c.what for c in measures()["own_x"].changes] == ["本年起用", "扩大"]
    _, last = one_of(root, "own_x").versions
    before = datetime.fromisoformat(last.at) - timedelta(microseconds=1)
    assert changed_after(root, "own_x", before)[-1] == last and not changed_after(root, "own_x", clock.now())
    assert "own_x" in of_body("A1") and "own_x" not in of_body("B2") and own(second)
    (change,) = moved(
        lambda batch: Evidence.of(Store(root), batch=batch), first, second, "甲局", [(YEAR, END, 1)]
    )
    assert change.differs and change.after.value > change.before.value
    assert change.before.definition != change.after.definition
    end(root, "own_x", who="科长", why="不再用", after=2)
    assert "own_x" not in measures() and one_of(root, "own_x").ended
    again = save(root, wider, who="科长", why="又用", after=3)
    assert [c.version for c in again.changes] == [1, 2, 4]


def test_a_name_that_is_there_is_not_taken_twice(office):
    root = office / "store"
    save(root, measure_of(SAID, "own_x", None), who="科员", why="本年起用")
    packaged = next(iter(packaged_measures().values()))
    for name, said in (
        ("own_y", SAID),
        (packaged.id, replace(SAID, name="别的")),
        ("own_z", replace(SAID, name=packaged.name)),
    ):
        with pytest.raises(ZhunshengError, match="ZS-MS-07"):
            save(root, measure_of(said, name, None), who="科员", why="再来一个")
    for name in ("../x", "a.b", "x" * 80):
        with pytest.raises(ZhunshengError, match=r"ZS-MS-0[79]"):
            save(root, measure_of(SAID, "own_q", None).model_copy(update={"id": name}), who="甲", why="乙")


def test_a_measure_brings_the_ledger_it_counts_and_never_counts_another_of_that_number(office, tmp_path):
    root, other = office / "store", tmp_path / "other"
    book = Ledger(
        id="",
        title="资助学生台账",
        what="每名学生一行",
        key=("c1",),
        columns=(
            Column(name="c1", title="学籍号", type="text", required=True),
            Column(name="c2", title="发放日期", type="date"),
        ),
    )
    own = define_ledger(Store(root), book, who="甲", why="起用").ledger
    said = Stated(
        name="资助人数",
        ledger=own,
        unit="人",
        shape="count",
        day="c2",
        citation="本单位",
        formula="资助的学生数",
        answers=SAID.answers,
    )
    text = pack([save(root, measure_of(said, "own_pupils", None), who="甲", why="起用")])
    # The other office has a ledger of that number, with columns of those names, of something else.
    Store(other)
    visits = book.model_copy(update={"title": "家访台账"})
    assert define_ledger(Store(other), visits, who="乙", why="起用").ledger == own
    (offer,) = offered(other, text, "p.yaml", "D2")
    assert (offer.fate, offer.book.title) == ("new", "资助学生台账")
    (taken,) = take(other, [offer], {}, who="乙", why="收进")
    assert taken.ledger != own and ledgers()[taken.ledger].title == "资助学生台账"
    (again,) = offered(other, text, "p.yaml", "D2")
    assert (again.fate, again.book) == ("same", None)
    lost = yaml.safe_dump(yaml.safe_load(text) | {"ledgers": []}, allow_unicode=True)
    assert [one.fate for one in offered(other, lost, "p.yaml", "D2")] == ["ledger"]
    # Another department of the same site takes it under an id of its own, the ledger is one department's.
    (third,) = offered(other, text, "p.yaml", "D3")
    assert (third.fate, third.measure.owner) == ("new", "D3") and third.measure.id != taken.id


def test_a_pack_asks_before_it_changes_what_is_there(office, tmp_path):
    root, other = office / "store", tmp_path / "other"
    kept = [
        save(root, measure_of(replace(SAID, name=name), f"own_{n}", None), who="甲", why="起用")
        for n, name in enumerate(("甲数", "乙数"))
    ]
    text = pack(kept)
    Store(other)
    assert [o.fate for o in offered(other, text, "p.yaml", None)] == ["new", "new"]
    assert not measures().keys() & {"own_0"}
    take(other, offered(other, text, "p.yaml", None), {}, who="乙", why="收进")
    assert [o.fate for o in offered(other, text, "p.yaml", None)] == ["same", "same"]
    save(other, measure_of(replace(SAID, name="甲数", conditions=()), "own_0", None), who="乙", why="改")
    offers = offered(other, text, "p.yaml", None)
    assert [o.fate for o in offers] == ["version", "same"]
    with pytest.raises(ZhunshengError, match="ZS-MS-11"):
        take(other, offers, {}, who="乙", why="收进")
    assert take(other, offers, {"own_0": "skip"}, who="乙", why="收进") == []
    (third,) = take(other, offers, {"own_0": "version"}, who="乙", why="收进")
    assert third.version == 3
    renamed = text.replace("own_1", "own_9")
    assert [o.fate for o in offered(other, renamed, "p.yaml", None)] == ["same", "name"]
    for wrong in ("[]", "pack: x", "{", "pack: zhunsheng-measures-1\nmeasures: 3"):
        with pytest.raises(ZhunshengError, match="ZS-MS-10"):
            offered(other, wrong, "p.yaml", None)


def test_the_command_writes_measures_out_and_takes_them_in(tmp_path, capsys):
    def say(*words, code=0):
        with pytest.raises(SystemExit) as left:
            main([str(word) for word in words])
        said = capsys.readouterr()
        assert left.value.code == code, said.err
        return said.out + said.err

    here, there, file = tmp_path / "here", tmp_path / "there", tmp_path / "测度.yaml"
    say("pack", "install", "education", "--store", here)
    exported = say("pack", "export", file, "--store", here)
    assert "测度10个" in "".join(exported.split())  # a long path breaks the line anywhere
    taking = ("pack", "take", file, "--why", "收进", "--store", there, "--json")
    first = json.loads(say(*taking))
    assert len(first["taken"]) == 10 and {one["fate"] for one in first["offered"]} == {"new"}
    assert json.loads(say(*taking))["taken"] == []
    one = first["taken"][0]
    file.write_text(file.read_text("utf8").replace("citation: ", "citation: 另据", 1), "utf8")
    changed = next(o["id"] for o in first["offered"] if o["id"] in say(*taking, code=2))
    assert changed == one
    assert json.loads(say(*taking, "--keep", changed))["taken"] == []
    assert json.loads(say(*taking, "--replace", changed))["taken"] == [changed]
    assert "相符" in say("ledger", "verify", "--store", there)
