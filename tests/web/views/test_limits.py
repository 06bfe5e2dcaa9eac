"""Statutory limits on the site: counts by section, rows, files, the overview and what is to be done."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import date

import openpyxl
from django.urls import reverse
from pages import here

from zhunsheng.measures.standings import BOUND
from zhunsheng.web.models import AuditEntry
from zhunsheng.web.services import limits, todo


def test_the_page_counts_by_section_and_lists_what_is_urgent(department, sign_in):
    client = sign_in("keyuan")
    page = client.get(here(department, "limits") + "?as_of=2021-10-31").content.decode()
    for words in ("投诉受理决定", "案件作出处理决定", "网监科", "逾期未办", "总局令第20号", "东湖所"):
        assert words in page
    assert "总局令第121号" not in page.split("逐件")[1]  # none of 2021 runs by it
    listed = limits.shown(department, date(2021, 10, 31), limits.sought("case-decide", "", ""))["rows"]
    dues = {row.number: row.standing for row, *_ in listed}
    for standing in dues.values():
        assert standing.state == "overdue" or (standing.due - date(2021, 10, 31)).days <= 15


def test_an_export_holds_all_rows_and_the_log_tells_of_it(department, sign_in):
    client = sign_in("keyuan")
    where = here(department, "limits") + "?as_of=2021-10-31&limit=report-check&state=overdue&section=食品科"
    text = client.get(f"{where}&export=csv").content.decode("utf-8-sig").splitlines()
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{where}&export=xlsx").content))
    assert text[0].startswith("期限,部门,编号")
    assert len(text) == book.active.max_row > 1
    assert all("食品科" in line and "逾期未办" in line for line in text[1:])
    assert AuditEntry.objects.filter(action="export").latest("pk").after["ledger"] == "limits"


def test_nonsense_in_the_address_is_answered(department, sign_in):
    client = sign_in("keyuan")
    where = here(department, "limits")
    assert client.get(f"{where}?as_of=9999-99-99&state=none&section='--").status_code == 200
    assert client.get(f"{where}?as_of=0001-01-01").status_code == 200
    answer = client.get(f"{where}?limit=none")
    assert answer.status_code == 400 and "ZS-RG-20" in answer.content.decode()


def test_the_overview_and_the_list_of_things_to_do_lead_to_it(department, sign_in, user):
    page = sign_in("keyuan").get(here(department, "overview")).content.decode()
    assert "办理期限" in page and reverse("limits", args=[department.pk, 2021]) in page
    day = date(2021, 10, 31)
    entries = [t for t in todo.of(user("keyuan"), department, 2021, day) if "/limits?" in t["url"]]
    told = " ".join(str(t["what"]) for t in entries)
    assert "举报核查决定是否立案" in told
    assert "年度报告报送" not in told  # that binds the companies
    assert "部门预算公开" not in told  # of which nobody noted when it was
    assert all(t["late"] >= 0 and t["due"] for t in entries)
    # The auditor imports nothing; two years later the list is no longer about it.
    assert not [t for t in todo.of(user("shenji"), department, 2021, day) if "/limits?" in t["url"]]
    assert not [
        t for t in todo.of(user("keyuan"), department, 2021, date(2024, 1, 1)) if "/limits?" in t["url"]
    ]


def test_the_page_the_file_the_overview_the_to_do_and_the_rate_tell_the_same(department, sign_in, user):
    """For each limit and one day, its last included: the same rows are counted, listed, written and told."""
    day = date(2021, 10, 31)
    client = sign_in("keyuan")
    page = limits.shown(department, day, limits.sought("", "", ""))
    counts = {
        one["id"]: dict(zip(BOUND, one["counts"], strict=True))
        for one in page["limits"]
        if not one["lacking"]
    }
    where = f"{here(department, 'limits')}?as_of={day}&export=csv"
    rows = []
    for state in BOUND:
        text = client.get(f"{where}&state={state}").content.decode("utf-8-sig")
        of_state = list(csv.DictReader(io.StringIO(text)))
        rows += of_state
        written = Counter(row["期限"] for row in of_state)
        named = {page["names"][limit]: found[state] for limit, found in counts.items() if found[state]}
        assert written == named, state
    urgent = {
        limit: (found["overdue"], found["due-soon"])
        for limit, found in counts.items()
        if found["overdue"] or found["due-soon"]
    }
    waits = limits.waiting(department, day)
    assert {one.id: (one.overdue, one.soon) for one in waits} == urgent
    told = {str(t["what"]) for t in todo.of(user("keyuan"), department, 2021, day) if "/limits?" in t["url"]}
    assert told == {f"{one.name}：{one.overdue} 件逾期，{one.soon} 件临近到期" for one in waits if one.ours}
    # The rate counts each row in the year in which it first was done or fell due; what is due on the day
    # has fallen due for it, and is due soon in the list.
    for one in page["limits"]:
        if one["id"] not in counts or not one["rate"]:
            continue
        first = [
            min(filter(None, (r["到期"], r["办结"]))) for r in rows if r["期限"] == page["names"][one["id"]]
        ]
        whole = sum("2021-01-01" <= each <= f"{day}" for each in first)
        in_time = counts[one["id"]]["in-time"]
        assert one["rate"].rstrip("%") == f"{round(100 * in_time / whole, 2):g}", one["id"]
