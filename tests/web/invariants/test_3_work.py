"""Invariants of part 3 on the site: work follows what it rests on, the store what was done."""

from __future__ import annotations

import importlib
from decimal import Decimal

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse
from pages import here
from small_department import (
    BUDGET,
    CLOSURE,
    COMPLAINT,
    END,
    PAID,
    YEAR,
    first,
    indicator,
    opened,
    project,
    row_of,
    step,
)

from zhunsheng import errors
from zhunsheng.evidence import Window, browse, ledger_of
from zhunsheng.targets import TargetSheet
from zhunsheng.web.models import Assessment, AuditEntry, IndicatorLight, Job, SafeguardRecord
from zhunsheng.web.models.work import cipher
from zhunsheng.web.services import evidence, jobs, registers
from zhunsheng.web.services.sheets import lookup
from zhunsheng.web.services.year import comparing, figures, keeping, records

# -- 3. state governs every number
# ------------------------------------------------------------------------------------------------------------


def test_3_work_runs_again_where_what_it_rests_on_went_on_and_back(
    found, sign_in, user, work_off, admin_scheme
):
    place = found(project())
    jobs.assess_soon(place, user("keyuan"))
    work_off()
    run, version = (
        records.newest_assessment(place, YEAR).run,
        lookup.in_force(lookup.sheets_of(place, YEAR)[0]),
    )
    sheet, line = first(run)
    confirm = {"sheet": sheet.id, "indicator": line.id}
    totals = []
    for measure in ("", line.match.measure, "", line.match.measure):
        said = {**confirm, "measure": measure}
        assert sign_in("caizheng").post(here(place, "matches"), said).status_code == 302
        assert row_of(place)["overtaken"], "its work waits"
        assert work_off()
        kept = records.newest_assessment(place, YEAR)
        assert not comparing.overtaken(kept) and not row_of(place)["overtaken"]
        lit = IndicatorLight.objects.get(department=place, indicator_code=line.id)
        assert lit.score == kept.run.sheet(sheet.id).indicator(line.id).score.score
        totals.append(kept.total)
    assert totals[0] == totals[2] != totals[1] == totals[3] and version.state == "approved"
    # The same state asked for again is one job.
    assert jobs.assess_soon(place, user("keyuan")) and not work_off()


def test_3_assessing_all_is_never_answered_with_work_on_an_earlier_state(found, district, user):
    found(project())
    one = jobs.assess_all_soon(district, YEAR, user("caizheng"))
    assert jobs.assess_all_soon(district, YEAR, user("caizheng")) == one and one.state == "queued"
    Job.objects.filter(pk=one.pk).update(state="running")
    two = jobs.assess_all_soon(district, YEAR, user("caizheng"))
    Job.objects.filter(pk__in=[one.pk, two.pk]).update(state="done")
    three = jobs.assess_all_soon(district, YEAR, user("caizheng"))
    assert len({one.pk, two.pk, three.pk}) == 3 and three.state == "queued"


def test_3_a_record_void_since_is_taken_back_out_of_the_ledger(found, sign_in, user, work_off):
    place, register = found(), registers.registers()["training"]
    client = sign_in("caiwu")
    page, mine = here(place, "register", "training"), SafeguardRecord.objects.filter(register="training")

    def add(number):
        said = {
            f.name: (f.values or ("2021-06-01" if f.type == "date" else "5",))[0] for f in register.fields
        }
        said["activity_no"] = number
        assert client.post(page, said).status_code == 302
        return mine.get(department=place, data__activity_no=number)

    def rows():
        ledger = ledger_of("activities")
        seen = browse(
            evidence.store().snapshot(),
            ledger,
            place.code,
            window=Window(limit=50, offset=0),
            cipher=cipher(),
        )
        return {row.values[[c.name for c in ledger.columns].index("activity_no")] for row in seen.rows}

    def hand():
        answer = client.post(page, {"to_ledger": "1"})
        work_off()
        return answer

    one, _two = add("A1"), add("A2")
    hand()
    three = add("A3")
    hand()
    assert rows() == {"A1", "A2", "A3"}
    assert step(client, one, "safeguards.void", remark="重复").status_code == 302
    hand()
    assert rows() == {"A2", "A3"}
    # A record called otherwise leaves no row under its old number.
    said = {**three.data, "activity_no": "A4"}
    assert client.post(reverse("record", args=[three.pk]), said).status_code == 302
    hand()
    assert rows() == {"A2", "A4"}
    for record in mine.filter(department=place).exclude(state="void"):
        assert step(client, record, "safeguards.void", remark="有误").status_code == 302
    assert hand()["Location"] == page and rows() == set()
    assert "还没有记录" in client.post(page, {"to_ledger": "1"}).content.decode()


# -- what one row, one broken step or one sign nobody sees may not do
# ------------------------------------------------------------------------------------------------------------


def test_3_what_is_done_to_the_store_has_its_entry_whatever_breaks_behind_it(
    found, sign_in, put, user, monkeypatch, work_off
):
    place = found(project())
    batch = put(place, "more", COMPLAINT, "T999,举报,2021-03-05,,李四")
    client, url = sign_in("caiwu"), here(place, "undo")

    def entries(action):
        return AuditEntry.objects.filter(action=action, after__batch=batch.batch, model="organisation")

    def broken(*_args, **_more):
        raise RuntimeError

    # Nothing is undone where the log can't be written.
    with monkeypatch.context() as patched:
        patched.setattr("zhunsheng.web.services.ledgers.record", broken)
        with pytest.raises(RuntimeError):
            client.post(url, {"batch": batch.batch})
    assert not any(b.undoes == batch.batch for b in evidence.store().batches())
    # What the store refuses stands in the log as asked for and refused.
    with monkeypatch.context() as patched:
        patched.setattr("zhunsheng.evidence.store.Store.undo", _busy)
        assert "ZS-EV-09" in client.post(url, {"batch": batch.batch}).content.decode()
    assert entries("undo batch").count() == entries("undo batch refused").count() == 1
    # What follows from it can fail; it is done and told all the same.
    with monkeypatch.context() as patched:
        patched.setattr(jobs, "assess_soon", broken)
        assert client.post(url, {"batch": batch.batch}).status_code == 302
    assert any(b.undoes == batch.batch for b in evidence.store().batches())
    assert entries("undo batch").count() == 2 and entries("batch undone").count() == 1
    # So with an import.
    with monkeypatch.context() as patched:
        patched.setattr(jobs, "assess_soon", broken)
        file = SimpleUploadedFile("a.csv", f"{COMPLAINT}\nT998,举报,2021-03-05,,李四\n".encode())
        sign_in("keyuan").post(here(place, "ledgers"), {"file": file})
        (job,) = work_off()
    assert job.state == "done" and job.result["batch"]["batch"]
    assert AuditEntry.objects.get(action="import ledger", object_id=str(place.pk)).after["file"] == "a.csv"
    assert AuditEntry.objects.get(action="batch imported", object_id=str(place.pk)).actor == "keyuan"


def _busy(*_args, **_more):
    raise errors.ZhunshengError("ZS-EV-09", store="x")


def test_3_a_batch_that_later_ones_covered_is_undone_on_its_page(found, sign_in, put):
    place = found(project())
    one = put(place, "one", PAID, "V9,治理经费,P1,1,2021-05-01")
    put(place, "two", PAID, "V9,治理经费,P1,2,2021-05-01")
    assert sign_in("caiwu").post(here(place, "undo"), {"batch": one.batch}).status_code == 302
    assert any(b.undoes == one.batch for b in evidence.store().batches())


def test_3_no_ledger_row_spoils_a_page(found, sign_in, put, user):
    whole = TargetSheet(
        kind="department", name="整体", year=YEAR, department="甲", indicators=(indicator(CLOSURE, "≥95%"),)
    )
    place = found(whole, project(), project(name="乙项目", code="P2"))
    put(place, "paid", PAID, "V2,乙项目,P2,500000,2021-05-01")
    put(place, "less", BUDGET, "乙项目,P2,年初批复,1000000,2021-01-01", "乙项目,P2,调减,-1360000,2021-06-01")
    kept = figures.assess_now(place, YEAR)
    odd = next(s for s in kept.run.results if s.sheet == "乙项目")
    assert odd.score.grade is None and "待核对" in odd.score.execution.how and odd.score.execution.open
    assert kept.run.main.score.grade is None and 0 <= kept.total <= kept.most <= 100
    lots = [f"治理经费,P1,追加,9999999999999.99,2021-07-{n:02}" for n in range(1, 29)]
    put(place, "lots", BUDGET, *lots)
    figures.assess_now(place, YEAR)
    client, bureau = sign_in("keyuan"), sign_in("caizheng")
    opened(place, user)
    for page in (here(place, "overview"), here(place, "selfeval")):
        answer = client.get(page)
        assert answer.status_code == 200 and "待核对" in answer.content.decode()
    for page in (reverse("portfolio"), reverse("portfolio-export")):
        assert bureau.get(page, {"year": YEAR}).status_code == 200


def test_3_figures_that_could_not_be_read_back_are_not_kept(found, sign_in):
    place = found(project())
    kept = figures.assess_now(place, YEAR)
    for wrong in ({"total": Decimal("134.18")}, {"most": Decimal(-1)}, {"budget": Decimal(10) ** 30}):
        with pytest.raises(errors.ZhunshengError, match="ZS-RN-01"):
            keeping._readable(
                Assessment(department=place, year=YEAR, as_of=END, key="x", result=kept.result, **wrong)
            )
    # As an earlier version kept them: emptied, and marked to be computed anew.
    Assessment.objects.filter(pk=kept.pk).update(total=Decimal("134.18"))
    importlib.import_module("zhunsheng.web.migrations.0015_amounts").take_back_totals(
        apps, connection.schema_editor()
    )
    kept.refresh_from_db()
    assert (kept.total, kept.grade, kept.program) == (None, "", "")
    Assessment.objects.filter(pk=kept.pk).update(budget=Decimal(10) ** 20)
    assert sign_in("caizheng").get(reverse("portfolio"), {"year": YEAR}).status_code == 200
