"""Statutory limits: the data and for how long it holds, days counted by hand, SQL and Python alike."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreed import import_ledger
from small_office import put
from zhunsheng import clock
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Snapshot, Store, ledgers
from zhunsheng.measures import DuckEngine, measures, read_all
from zhunsheng.measures.standings import BOUND, Asked, counted, listed, strays
from zhunsheng.regulations import (
    Dated,
    deadlines,
    frameworks,
    key_frameworks,
    local_schemes,
    monitoring_rules,
    read_scheme,
    schemes,
)
from zhunsheng.regulations.dates import fixed_days
from zhunsheng.regulations.limits import (
    Interval,
    Row,
    applied,
    limit_of,
    standing,
    version_on,
    versions,
)
from zhunsheng.regulations.workdays import (
    PUBLISHED,
    fixed_holidays,
    is_holiday,
    is_workday,
    month_before,
    nth_workday,
    published,
)
from zhunsheng.usecases.opened_evidence import Evidence

CHAINED = [*frameworks(), *monitoring_rules(), *key_frameworks(), *schemes(), *local_schemes()]
CHECKED = [*deadlines(), *fixed_days(), *fixed_holidays(), *CHAINED]
D = date


# -- the data
# ------------------------------------------------------------------------------------------------------------


def test_no_entry_in_use_has_expired():
    """Fails on the day when an entry ends and nobody has entered what follows, or why nothing does:
    limits, fixed days, holidays, frameworks, scoring schemes (of places too), monitoring, key evaluation.
    """
    today = clock.today()
    newest = {(type(entry), entry.id): entry for entry in sorted(CHECKED, key=lambda e: e.valid_from)}
    for (_, name), last in newest.items():
        assert last.valid_to is None or today <= last.valid_to or last.ended, (
            f"{name} 已于 {last.valid_to} 失效"
        )


def test_what_is_unverified_is_looked_at_within_a_year():
    """An entry with an unverified part (a scheme's threshold, the bounds of lights) counts as unverified."""
    today = clock.today()
    for entry in CHECKED:
        assert entry.checked_on is not None, f"{entry.id} 没有写哪天核对"
        assert entry.checked_on <= today
        if _unverified(entry):
            assert (today - entry.checked_on).days <= 366, f"{entry.id} 自 {entry.checked_on} 起没有核实"


def test_what_is_unverified_says_from_where_it_is_known():
    """By itself, or in its citation where that is the source."""
    sources = ("未取得原文", "凭记忆", "地方惯例", "示例", "公开")
    for entry in CHECKED:
        if entry.status == "unverified":
            assert entry.known or any(word in entry.citation for word in sources), entry.id


def test_what_ministry_notices_say_is_not_told_as_read_in_full():
    """Of 财预〔2020〕10号, 〔2019〕136号 and 〔2015〕88号 the text was not to be had."""
    for entry in CHAINED:
        assert entry.status == "unverified", entry.id


def _unverified(entry: Dated) -> bool:
    return '"unverified"' in entry.model_dump_json()


@pytest.mark.parametrize("kind", list(dict.fromkeys(type(entry) for entry in CHECKED)))
def test_these_two_do_fail_when_their_day_comes(kind, monkeypatch):
    """Of each kind of entry, schemes not left out."""
    monkeypatch.setattr(clock, "today", lambda: date(2028, 1, 1))
    own = [entry for entry in CHECKED if type(entry) is kind]
    unsure = [entry for entry in own if _unverified(entry)]
    assert unsure
    monkeypatch.setitem(globals(), "CHECKED", unsure)
    with pytest.raises(AssertionError, match="没有核实"):
        test_what_is_unverified_is_looked_at_within_a_year()
    last = max(own, key=lambda e: e.valid_from).model_copy(update={"valid_to": date(2027, 12, 31)})
    monkeypatch.setitem(globals(), "CHECKED", [last])
    with pytest.raises(AssertionError, match="失效"):
        test_no_entry_in_use_has_expired()


def test_an_entry_that_goes_on_gives_no_reason_for_its_end():
    scheme = schemes()[0]
    assert scheme.id == "cn-2016-three" and scheme.ended
    with pytest.raises(ValueError, match="没有失效日期"):
        type(scheme).model_validate(scheme.model_dump(by_alias=True) | {"valid_to": None})


def test_a_scheme_like_another_was_not_checked_when_that_one_was():
    """Nor does it end because that one did. One scheme may be like another that is like a third."""
    text = "{like: cn-2016-three, id: own, name: 本局, valid_from: 2024-01-01, valid_to: null}"
    scheme = read_scheme(text, "本局.yaml")
    assert (scheme.checked_on, scheme.ended) == (None, None)
    assert [str(b.low) for b in scheme.qualitative] == ["0.8", "0.5", "0"]  # of 2016
    assert scheme.late.bands == () and scheme.framework == "cn-2015"  # which 2016 has of 2020


def test_a_limit_has_a_measure_or_says_why_not():
    newest = {d.id: d for d in deadlines()}
    rated = {d.id for d in newest.values() if d.rate}
    assert (len(newest), len(rated)) == (37, 22)
    assert {f"{name.replace('-', '_')}_in_time" for name in rated} <= set(measures())
    assert all(d.unrated for name, d in newest.items() if name not in rated)


def test_versions_of_a_limit_follow_one_another_and_ask_for_the_same_rows():
    for name, entries in versions().items():
        for one, other in pairwise(entries):
            assert other.valid_from - one.valid_to == timedelta(days=1), name
        said = {
            (e.ledger, e.where, e.starts, e.ends, e.section, e.rate, e.soon, e.stops, e.extended, e.until)
            for e in entries
        }
        assert len(said) == 1, name
        assert all(e.binds and e.citation for e in entries)


def test_limits_name_columns_that_there_are():
    reasons = set(ledgers()["suspensions"].column("reason").values)
    for entries in applied().values():
        entry = entries[-1]
        ledger = ledgers()[entry.ledger]
        named = [*entry.starts, *entry.ends, *filter(None, (entry.extended, entry.until))]
        for name in named:
            assert name.startswith(":") or ledger.column(name).type == "date"
        assert entry.section is None or ledger.column(entry.section)
        assert set(entry.stops) <= reasons
        if entry.stops:
            assert ledger.title in ledgers()["suspensions"].column("register").values


def test_the_order_on_complaints_that_holds_is_told_by_the_day_of_the_start():
    old, new = (version_on("complaint-mediate", day) for day in (D(2026, 4, 14), D(2026, 4, 15)))
    assert (old.days, old.workdays, new.days, new.workdays) == (45, True, 60, False)
    assert "第121号" in new.citation
    assert "第121号" not in old.citation
    assert version_on("report-tell", D(2026, 4, 15)) is None
    assert version_on("complaint-accept", D(2019, 12, 31)) is None
    assert limit_of("投诉受理决定") == limit_of("投诉受理按期率") == "complaint-accept"
    with pytest.raises(ZhunshengError, match="ZS-RG-20"):
        limit_of("没有这一期限")


# -- the calendar
# ------------------------------------------------------------------------------------------------------------


def test_working_days_of_a_published_year():
    # 2026: National Day 1–7 October off; Saturday 10 October is worked instead.
    assert [is_workday(D(2026, 10, n)) for n in (1, 7, 8, 10, 11)] == [False, False, True, True, False]
    assert is_holiday(D(2026, 10, 4))
    assert not is_holiday(D(2026, 10, 11))  # a plain Sunday
    # Tue 29 Sep; 30 Sep is the 1st, 8 Oct the 2nd, 9 the 3rd, 10 the 4th, 12 the 5th.
    assert nth_workday(D(2026, 9, 29), 5) == D(2026, 10, 12)


def test_years_beyond_the_published_calendar_skip_weekends_and_fixed_holidays():
    year = PUBLISHED[1].year + 1
    assert not published(D(year, 1, 1))
    for day in (D(year, 1, 1), D(year, 5, 1), D(year, 5, 2), D(year, 10, 1), D(year, 10, 2), D(year, 10, 3)):
        assert is_holiday(day)
        assert not is_workday(day)
    weekday = next(d for n in range(8, 15) if (d := D(year, 3, n)).weekday() == 2)
    assert is_workday(weekday)
    assert not is_workday(weekday + timedelta(days=3))


def test_a_month_before():
    assert month_before(D(2026, 3, 31)) == D(2026, 2, 28)
    assert month_before(D(2024, 3, 31)) == D(2024, 2, 29)
    assert month_before(D(2026, 1, 15)) == D(2025, 12, 15)


# -- days counted by hand
# ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "start", "due"),
    [
        # 7 working days from Tue 29 Sep 2026: 30 Sep 1; 8, 9, 10 (a worked Saturday) Oct 2–4; 12–14 Oct 5–7.
        ("complaint-accept", D(2026, 9, 29), D(2026, 10, 14)),
        # 45 working days by order no. 20 from Mon 2 Feb 2026: 3–6 (4), 9–13 (9), 14 (a worked Saturday, 10),
        # 15–23 off, 24–28 Feb (28 a worked Saturday; 15); 2–31 March has 22 (37); 1–3 April (40), 4–6 off,
        # 7–10 (44), 13 (45).
        ("complaint-mediate", D(2026, 2, 2), D(2026, 4, 13)),
        # 60 calendar days by order no. 121 from 1 June 2026: 30 June is 29, 31 July is 60.
        ("complaint-mediate", D(2026, 6, 1), D(2026, 7, 31)),
        # 60 calendar days from 4 Aug 2026: 31 Aug is 27, 30 Sep is 57, 3 Oct is 60: a holiday until 7 Oct.
        ("complaint-mediate", D(2026, 8, 4), D(2026, 10, 8)),
        # 60 calendar days from 12 Aug 2026: 11 Oct, a Sunday but no holiday: it does not move.
        ("complaint-mediate", D(2026, 8, 12), D(2026, 10, 11)),
        # 7 working days of order no. 20, article 21, from Tue 29 Sep 2020: 30 Sep 1; 1–8 Oct off; 9, 10 (a
        # worked Saturday), 12–15 Oct 2–7.
        ("complaint-end-tell", D(2020, 9, 29), D(2020, 10, 15)),
        # 15 working days from Wed 3 June 2026: 4, 5 (2), 8–12 (7), 15–18 (11), 19 off, 22–25 (15).
        ("report-check", D(2026, 6, 3), D(2026, 6, 25)),
        # 90 calendar days from 5 July 2026: 31 July is 26, 31 Aug 57, 30 Sep 87, 3 Oct 90: moves to 8 Oct.
        ("case-decide", D(2026, 7, 5), D(2026, 10, 8)),
        # 20 calendar days of the budget law, without a rule for a last day on a holiday: 13 Sep + 20 = 3 Oct.
        ("budget-publish", D(2026, 9, 13), D(2026, 10, 3)),
        ("equipment-inspect", D(2026, 3, 31), D(2026, 3, 31)),
        ("equipment-apply", D(2026, 3, 31), D(2026, 2, 28)),
        # 60 and 75 days of the order of 1 June 2026: 31 July; 15 Aug.
        ("product-correct", D(2026, 6, 1), D(2026, 7, 31)),
        ("product-recheck", D(2026, 6, 1), D(2026, 8, 15)),
        # 90 days from 1 June 2026: 30 June 29, 31 July 60, 30 Aug 90.
        ("food-follow-up", D(2026, 6, 1), D(2026, 8, 30)),
    ],
)
def test_the_last_day(limit, start, due):
    found = standing(limit, Row(start), start)
    assert found.due == due
    assert not found.provisional


def test_states_around_the_last_day():
    """Received Mon 1 June 2026, seven working days: 2–5 (4), 8–10 (7), so that 10 June is the last day."""
    row = Row(D(2026, 6, 1))
    days = {D(2026, 6, 1): "running", D(2026, 6, 7): "due-soon", D(2026, 6, 10): "due-soon"}
    assert {day: standing("complaint-accept", row, day).state for day in days} == days
    assert standing("complaint-accept", row, D(2026, 6, 11)).state == "overdue"
    assert standing("complaint-accept", row, D(2026, 5, 31)).state == "not-started"
    assert standing("complaint-accept", row, D(2026, 6, 11)).used == 8
    done = Row(D(2026, 6, 1), done=D(2026, 6, 10))
    assert standing("complaint-accept", done, D(2026, 6, 30)).state == "in-time"
    assert standing("complaint-accept", done, D(2026, 6, 9)).state == "due-soon"  # not known yet
    late = Row(D(2026, 6, 1), done=D(2026, 6, 11))
    assert standing("complaint-accept", late, D(2026, 6, 30)).state == "late"
    assert standing("complaint-accept", Row(None), D(2026, 6, 30)).state == "not-started"
    assert standing("complaint-accept", Row(D(2019, 6, 1)), D(2026, 6, 30)).state == "not-started"


def test_suspensions_that_overlap_count_once():
    """A case filed 1 June 2026: 90 days end on 30 Aug. 11–20 and 16–25 June are 15 days: 14 Sep."""
    stops = [
        Interval(D(2026, 6, 11), D(2026, 6, 20), "听证"),
        Interval(D(2026, 6, 16), D(2026, 6, 25), "检验检测检疫鉴定"),
    ]
    found = standing("case-decide", Row(D(2026, 6, 1), stops=stops), D(2026, 7, 1))
    assert found.due == D(2026, 9, 14)
    assert found.used == 15  # 30 days until 1 July, less 15
    assert standing("case-decide", Row(D(2026, 6, 1), stops=stops), D(2026, 6, 18)).state == "stopped"
    # A reason for which the rule does not stop the clock: a hearing of a report.
    report = Row(D(2026, 6, 3), stops=[Interval(D(2026, 6, 8), D(2026, 6, 12), "听证")])
    assert standing("report-check", report, D(2026, 6, 24)).due == D(2026, 6, 25)
    # Tested from Mon 8 to Fri 12 June, five working days: 25 June moves to 26, 29, 30 June, 1, 2 July.
    report = Row(D(2026, 6, 3), stops=[Interval(D(2026, 6, 8), D(2026, 6, 12), "检验检测检疫鉴定")])
    assert standing("report-check", report, D(2026, 6, 24)).due == D(2026, 7, 2)
    # What begins behind the last day changes nothing, what goes on holds the clock.
    after = Row(D(2026, 6, 1), stops=[Interval(D(2026, 9, 1), None, "中止")])
    assert standing("case-decide", after, D(2026, 10, 1)).state == "overdue"
    open_ = Row(D(2026, 6, 1), stops=[Interval(D(2026, 8, 1), None, "中止")])
    assert standing("case-decide", open_, D(2026, 12, 1)).state == "stopped"


def test_extensions():
    """90 days from 1 June 2026 end on 30 Aug, 120 on 29 Sep; decided together until 20 Dec."""
    row = Row(D(2026, 6, 1), extended_on=D(2026, 8, 25))
    assert standing("case-decide", row, D(2026, 8, 24)).due == D(2026, 8, 30)  # not approved yet
    assert standing("case-decide", row, D(2026, 8, 25)).due == D(2026, 9, 29)
    row = Row(D(2026, 6, 1), extended_on=D(2026, 8, 25), until=D(2026, 12, 20))
    assert standing("case-decide", row, D(2026, 9, 30)).due == D(2026, 12, 20)


def test_an_extension_counts_only_if_it_was_approved_in_time():
    """Penalty procedure, article 64: what can't be decided in time may be extended, so before its end.

    90 days from 1 June 2026 end on Sunday 30 Aug, no holiday: approved on the 30th in time, on the 31st not.
    """
    in_time = standing("case-decide", Row(D(2026, 6, 1), extended_on=D(2026, 8, 30)), D(2026, 10, 1))
    assert (in_time.due, in_time.extended_late) == (D(2026, 9, 29), False)
    row = Row(D(2026, 6, 1), extended_on=D(2026, 8, 31), until=D(2026, 12, 20))
    late = standing("case-decide", row, D(2026, 9, 5))
    assert (late.due, late.state, late.extended_late) == (D(2026, 8, 30), "overdue", True)
    assert not standing("case-decide", row, D(2026, 8, 30)).extended_late  # not known yet
    # A hearing of 11–20 June, ten days, moves the end to 9 Sep: now 31 Aug is in time, and 30 more days and
    # those ten are 9 Oct; what was decided together holds beyond it.
    heard = Row(D(2026, 6, 1), None, D(2026, 8, 31), None, [Interval(D(2026, 6, 11), D(2026, 6, 20), "听证")])
    assert standing("case-decide", heard, D(2026, 9, 5)).due == D(2026, 10, 9)
    # 90 days from 5 July end on 3 Oct and move to 8 Oct (article 80): approved on the 8th is in time.
    moved = Row(D(2026, 7, 5), extended_on=D(2026, 10, 8))
    assert standing("case-decide", moved, D(2026, 10, 9)).due == D(2026, 11, 2)
    # A report of 3 June, 15 working days until 25 June (article 18): the 26th is too late, the 25th is not
    # and gives 26, 29, 30 June, 1–3, 6–10, 13–16 July.
    report = Row(D(2026, 6, 3), extended_on=D(2026, 6, 26))
    assert standing("report-check", report, D(2026, 6, 30)).due == D(2026, 6, 25)
    report = Row(D(2026, 6, 3), extended_on=D(2026, 6, 25))
    assert standing("report-check", report, D(2026, 6, 30)).due == D(2026, 7, 16)


def test_a_suspension_ends_with_what_was_done():
    """A case of 1 June 2026, due on 30 Aug, suspended from 1 Aug and decided on 10 Sep: the clock stood
    for 41 days (1 Aug to 10 Sep), 60 days were used (2 June to 31 July), and due it was on 10 Oct, whenever
    one looks.
    """
    row = Row(D(2026, 6, 1), done=D(2026, 9, 10), stops=[Interval(D(2026, 8, 1), None, "中止")])
    for as_of in (D(2026, 9, 10), D(2026, 12, 1)):
        found = standing("case-decide", row, as_of)
        assert (found.due, found.used, found.state, found.unended) == (D(2026, 10, 10), 60, "in-time", True)
    ended = Row(D(2026, 6, 1), done=D(2026, 9, 10), stops=[Interval(D(2026, 8, 1), D(2026, 8, 31), "中止")])
    assert not standing("case-decide", ended, D(2026, 12, 1)).unended
    backwards = Row(D(2026, 6, 1), stops=[Interval(D(2026, 8, 5), D(2026, 8, 1), "中止")])
    assert standing("case-decide", backwards, D(2026, 8, 10)).due == D(2026, 8, 30)


def test_what_is_done_before_its_clock_began_is_doubtful():
    """Accepted on 11 June and closed on 10 June: one of both is wrong, so it is neither in time nor late."""
    row = Row(D(2026, 6, 11), done=D(2026, 6, 10))
    found = standing("complaint-mediate", row, D(2026, 7, 1))
    assert (found.state, found.used) == ("doubtful", None)
    same = Row(D(2026, 6, 11), done=D(2026, 6, 11))
    assert standing("complaint-mediate", same, D(2026, 7, 1)).state == "in-time"
    # A device may be inspected before the day on which that is due.
    device = Row(D(2026, 6, 11), done=D(2026, 6, 10))
    assert standing("equipment-inspect", device, D(2026, 7, 1)).state == "in-time"


def test_what_is_counted_beyond_the_published_calendar_is_provisional():
    start = PUBLISHED[1] - timedelta(days=3)
    assert standing("complaint-accept", Row(start), start).provisional
    assert not standing("budget-publish", Row(start), start).provisional  # calendar days that never move


# -- SQL and Python
# ------------------------------------------------------------------------------------------------------------

EMPTY = Snapshot(0, None, "", {})
# The same of which a question is asked all the same: its rows are put in by the test.
FILLED = replace(EMPTY, files=dict.fromkeys(ledgers(), ("put in by the test",)))
AS_OF = D(2026, 10, 5)
DAYS = st.dates(D(2025, 12, 1), D(2026, 12, 31))
STOP = st.tuples(DAYS, st.none() | st.integers(0, 60), st.sampled_from(("检验检测检疫鉴定", "听证", "中止")))
RULES = ["complaint-mediate", "report-check", "case-decide", "food-follow-up", "equipment-apply"]


def table(name, rows):
    """Return the SQL of a ledger that holds some rows, given by column; other columns are empty."""
    made = []
    for row in rows:
        values = {"department": "A", **row}
        said = (
            f"CAST({_literal(values.get(column))} AS {kind}) AS {column}"
            for column, kind in ledgers()[name].stored().items()
        )
        made.append(f"SELECT {', '.join(said)}")
    return " UNION ALL ".join(made)


def _literal(value):
    return "NULL" if value is None else f"'{value}'"


@pytest.fixture(scope="module")
def engine():
    opened = DuckEngine(EMPTY)
    counted(opened, AS_OF)  # opens all ledgers, which are then replaced
    return opened


def filled(engine, tables):
    for name, rows in tables.items():
        if rows:
            engine.connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {table(name, rows)}")


@settings(max_examples=15, deadline=None)
@given(
    limit=st.sampled_from(RULES),
    rows=st.lists(
        st.tuples(DAYS, st.none() | DAYS, st.none() | DAYS, st.none() | DAYS, st.lists(STOP, max_size=3)),
        min_size=1,
        max_size=8,
    ),
    as_of=st.dates(D(2026, 3, 1), D(2026, 12, 31)),
)
def test_sql_and_python_agree(engine, limit, rows, as_of):
    entry = applied()[limit][-1]
    ledger = ledgers()[entry.ledger]
    kinds = {
        "complaint-mediate": {"kind": "投诉"},
        "report-check": {"kind": "举报"},
        "food-follow-up": {"category": "食品", "passed": False},
    }
    table_rows, stops, expected, starts = [], [], {}, {}
    for n, (start, done, extended, until, suspended) in enumerate(rows):
        number = f"N{n}"
        named = {ledger.key[0]: number, entry.starts[0]: start, entry.ends[0]: done, **kinds.get(limit, {})}
        if entry.extended:
            named[entry.extended] = extended
        if entry.until:
            named[entry.until] = until
        table_rows.append(named)
        intervals = []
        for first, length, why in suspended:
            last = None if length is None else first + timedelta(days=length)
            intervals.append(Interval(first, last, why))
            stops.append(
                {
                    "register": ledger.title,
                    "number": number,
                    "reason": why,
                    "stopped_on": first,
                    "resumed_on": last,
                }
            )
        said = Row(
            start, done, extended if entry.extended else None, until if entry.until else None, intervals
        )
        expected[number], starts[number] = standing(limit, said, as_of), start
    filled(engine, {ledger.id: table_rows, "suspensions": stops or [{"register": "", "number": ""}]})
    this_year = {
        number: found
        for number, found in expected.items()
        if found.state != "not-started"
        and not (_belongs(found, starts[number]) < as_of.replace(month=1, day=1))
    }
    shown = listed(engine, limit, as_of, Asked(states=BOUND, department="A", limit=None))
    assert {row.number: row.standing for row in shown} == this_year
    for state in BOUND:  # which the SQL told apart by itself
        only = listed(engine, limit, as_of, Asked(states=[state], department="A", limit=None))
        assert {r.number for r in only} == {n for n, s in this_year.items() if s.state == state}
    reading = read_all(
        [measures()[f"{limit.replace('-', '_')}_in_time"]], engine, FILLED, as_of.year, as_of
    ).get((f"{limit.replace('-', '_')}_in_time", "A", None))
    told = [
        found
        for found in expected.values()
        if found.due is not None and as_of.replace(month=1, day=1) <= _counts_on(found) <= as_of
    ]
    assert reading.denominator == len(told)
    assert reading.numerator == sum(found.state == "in-time" for found in told)
    lines = [line for line in counted(engine, as_of, "A") if line.limit == limit]
    assert sum((line.counts for line in lines), Counter()) == Counter(s.state for s in this_year.values())
    late = sum(found.extended_late for found in this_year.values())
    assert sum(line.extended_late for line in lines) == late


def _belongs(found, start):
    """Return the day that tells the year in which a row is counted: with what was done, with its start where
    the two contradict each other.
    """
    return start if found.state == "doubtful" else found.done or date.max


def _counts_on(found):
    """Return the day from which a row is in the rate: it was done or was due, and what is doubtful is not
    done.
    """
    return found.due if found.state == "doubtful" else min(found.done or found.due, found.due)


def test_rows_by_section_and_those_that_a_limit_does_not_bind(engine):
    rows = [
        {"complaint_no": "A1", "kind": "投诉", "received_on": D(2026, 9, 1), "section": "消保科"},
        {"complaint_no": "A2", "kind": "投诉", "received_on": D(2026, 9, 30), "section": "消保科"},
        {"complaint_no": "A3", "kind": "投诉", "received_on": D(2026, 9, 1), "accepted_on": D(2026, 9, 2)},
        {"complaint_no": "A4", "kind": "举报", "received_on": D(2026, 9, 1), "section": "稽查队"},
    ]
    filled(engine, {"complaints": rows, "suspensions": [{"register": "", "number": ""}]})
    # A1: 2–4, 7–10 Sep, last day 10 Sep. A2: 8 Oct is the 1st, 9, 10, 12, 13, 14, 15: running on 5 Oct.
    lines = [line for line in counted(engine, AS_OF, "A") if line.limit == "complaint-accept"]
    told = {line.section: dict(line.counts) for line in lines}
    assert told == {None: {"in-time": 1}, "消保科": {"overdue": 1, "running": 1}}
    assert next(line.earliest for line in lines if line.section) == D(2026, 9, 10)
    asked = Asked(department="A", section="消保科")
    assert [r.number for r in listed(engine, "complaint-accept", AS_OF, asked)] == ["A1", "A2"]
    assert listed(engine, "complaint-accept", AS_OF, Asked(department="A", section="'@year' OR 1=1")) == []
    assert listed(engine, "complaint-accept", AS_OF, Asked(department="B")) == []
    # The report: 15 working days from 1 Sep: 2–4 (3), 7–11 (8), 14–18 (13), 20 (worked Sunday, 14), 21 (15).
    assert listed(engine, "report-check", AS_OF, Asked(department="A"))[0].standing.due == D(2026, 9, 21)


def test_suspensions_that_stop_no_clock_are_named(engine):
    stop = {"register": "案件台账", "number": "C1", "reason": "听证", "stopped_on": D(2026, 6, 1)}
    stops = [
        stop,
        {**stop, "number": "C9"},
        {**stop, "resumed_on": D(2026, 5, 1)},
        {**stop, "register": "投诉举报台账", "number": "A1"},  # only tests stop the clock of a complaint
        {**stop, "register": "监督抽查台账", "number": "S1"},
        {**stop, "department": "B", "number": "C1"},
    ]
    rows = {
        "cases": [{"case_no": "C1", "filed_on": D(2026, 5, 1)}],
        "complaints": [{"complaint_no": "A1", "kind": "投诉", "received_on": D(2026, 5, 1)}],
        "samples": [{"batch_no": "S2"}],
    }
    filled(engine, {**rows, "suspensions": stops})
    told = {(s.register[:2], s.number, s.why) for s in strays(engine, "A")}
    assert told == {
        ("案件", "C9", "no-row"),
        ("案件", "C1", "reversed"),
        ("投诉", "A1", "no-limit"),
        ("监督", "S1", "no-row"),
    }
    assert [(s.department, s.why) for s in strays(engine, "B")] == [("B", "no-row")]


def test_annual_reports_are_looked_up_in_their_own_ledger(engine):
    code = "91130190000000001X"
    entities = [
        {"credit_code": code, "registered_on": D(2020, 1, 1), "district": "东湖所"},
        {"credit_code": "2", "registered_on": D(2020, 1, 1), "district": "东湖所"},
        {"credit_code": "3", "registered_on": D(2026, 1, 1), "district": "东湖所"},  # reports next year
    ]
    reports = [
        {"credit_code": code, "report_year": 2025, "filed_on": D(2026, 6, 30)},
        {"credit_code": "2", "report_year": 2024, "filed_on": D(2026, 2, 1)},
    ]
    filled(engine, {"entities": entities, "annual_reports": reports})
    (line,) = [x for x in counted(engine, AS_OF, "A") if x.limit == "annual-report"]
    assert dict(line.counts) == {"in-time": 1, "overdue": 1}
    (line,) = [x for x in counted(engine, D(2026, 6, 10), "A") if x.limit == "annual-report"]
    assert dict(line.counts) == {"due-soon": 2}


def test_limits_are_counted_over_ledgers_of_which_one_is_asked_for_and_say_what_a_count_of_all_says(tmp_path):
    root = tmp_path / "store"
    put(root, "complaints", "登记编号,类别,收到日期,受理日期", "T1,投诉,2021-03-05,2021-03-08")
    put(root, "cases", "案件编号,立案日期,处罚决定日期", "C1,2021-03-05,2021-05-06")
    every = Evidence.of(Store(root)).read(2021, D(2021, 12, 31), "A1")
    asked = Evidence.of(Store(root))
    known = measures()
    for named, counts in (
        (["report_closure_rate"], set()),
        (["complaint_accept_in_time", "report_closure_rate"], {"complaints"}),
    ):
        some = asked.read(2021, D(2021, 12, 31), "A1", named)
        read = {known[measure] for measure, *_ in some}
        assert {m.ledger for m in read if m.limit} == counts
        assert {m.id for m in read if not m.limit} == {m for m, *_ in every if not known[m].limit}
        assert some.items() <= every.items()
    assert asked.read(2021, D(2021, 12, 31), "A1") == every and {known[m].ledger for m, *_ in every} >= {
        "complaints",
        "cases",
    }


# -- the command
# ------------------------------------------------------------------------------------------------------------

COMPLAINTS = """登记编号,类别,收到日期,受理日期,办结日期,核查决定日期,承办科室,办理结果
T1,投诉,2026-06-01,2026-06-03,,,消保科,
T2,投诉,2026-06-01,2026-06-11,2026-06-20,,消保科,终止调解
J1,举报,2026-06-03,,,,稽查队,
J2,举报,2026-06-03,,2026-06-24,2026-06-24,稽查队,
"""
STRAY = "投诉举报台账,J9,检测,2026-06-08,2026-06-12\n"
STOPS = """所属台账,事项编号,停计事由,停计开始日期,停计结束日期
投诉举报,J1,检测,2026-06-08,2026-06-12
投诉举报台账,J1,检验检测检疫鉴定,2026-06-10,2026-06-12
"""


@pytest.fixture
def kept(tmp_path):
    for name, text in (("投诉举报台账", COMPLAINTS), ("期限停计台账", STOPS + STRAY)):
        (path := tmp_path / f"{name}.csv").write_text(text, "utf8")
        import_ledger(tmp_path / "store", path, department="D1", label="甲局")
    return tmp_path


def test_the_command_counts_lists_and_writes(kept, cli):
    asked = ("limits", "--evidence", str(kept / "store"), "--as-of", "2026-07-03")
    lines = json.loads(cli(*asked, "--json")[1])
    told = {(line["limit"], line["section"]): line["counts"] for line in lines}
    # Accepted on 3 and 11 June, the last day being 10 June; J1 as counted above is due on 2 July.
    assert told["complaint-accept", "消保科"] == {"in-time": 1, "late": 1}
    assert told["report-check", "稽查队"] == {"overdue": 1, "in-time": 1}
    (row,) = json.loads(cli(*asked, "举报核查决定是否立案", "--json")[1])
    assert (row["number"], row["due"], row["state"], row["used"]) == ("J1", "2026-07-02", "overdue", 16)
    assert "没有填过" in cli(*asked)[1]  # 终止调解告知: no 告知日期 anywhere
    assert "投诉举报台账 J9，检验检测检疫鉴定（2026-06-08至2026-06-12）：台账里没有这个编号" in cli(*asked)[1]
    for name in ("a.csv", "a.xlsx"):
        assert cli(*asked, "--state", "按期办结", "--output", str(kept / name))[0] == 0
    written = (kept / "a.csv").read_text("utf-8-sig").splitlines()
    # T1 was accepted in time; T2 was mediated within 60 days of 11 June; J2 was decided in time.
    assert [line.split(",")[2] for line in written[1:]] == ["T1", "T2", "J2"]
    assert openpyxl.load_workbook(kept / "a.xlsx").active.max_row == 4


@pytest.mark.parametrize(
    ("given_", "code"),
    [(["没有"], "ZS-RG-20"), (["--state", "好"], "ZS-RG-21"), (["--output", "x.pdf"], "ZS-RG-22")],
)
def test_what_the_command_refuses(kept, cli, given_, code):
    found = cli("limits", "--evidence", str(kept / "store"), *given_)
    assert found[0] == 2 and code in "".join(found[1:])


def test_the_account_of_an_import_tells_which_suspensions_stop_nothing(tmp_path):
    head = "所属台账,事项编号,停计事由,停计开始日期,停计结束日期"
    path = tmp_path / "停计.csv"
    path.write_text(f"{head}\n案件台账,C9,听证,2021-06-01,2021-06-05\n", "utf8")
    done = import_ledger(tmp_path / "store", path, department="A1", label="甲局")
    assert done.notes[-1] == (
        "不停计任何期限的停计时间：案件台账 C9，听证（2021-06-01至2021-06-05）：台账里没有这个编号"
    )
    cases = tmp_path / "案件.csv"
    cases.write_text("立案编号,案件类型,立案日期\nC9,食品,2021-05-01\n", "utf8")
    import_ledger(tmp_path / "store", cases, department="A1")
    path.write_text(f"{head}\n案件台账,C9,听证,2021-06-01,2021-06-06\n", "utf8")
    again = import_ledger(tmp_path / "store", path, department="A1")
    assert again.batch is not None and not any("不停计" in note for note in again.notes)
