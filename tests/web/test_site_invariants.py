"""What must hold of the site whatever happens, on SQLite and on PostgreSQL; ``docs/invariants.md`` lists the
rules.
"""

from __future__ import annotations

import csv
import importlib
import io
import json
import os
import re
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from django.apps import apps
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.db.models.signals import post_save
from django.urls import reverse
from django.utils import timezone
from docx import Document
from pages import flat

import zhunsheng.regulations as regulations
import zhunsheng.usecases.assessing as assessing
from zhunsheng import __version__, errors
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Window, browse, ledger_of
from zhunsheng.measures import catalogue
from zhunsheng.reports.forms import self_evaluation_form, target_form
from zhunsheng.reports.xlsx import write_workbook
from zhunsheng.sample.documents import bureau, flattened
from zhunsheng.targets import Goal, Indicator, TargetSheet, TargetValue
from zhunsheng.text import guarded
from zhunsheng.usecases.importing import import_ledger
from zhunsheng.web.actions import ACTIONS
from zhunsheng.web.models import (
    ApiToken,
    Assessment,
    AuditEntry,
    CalendarEntry,
    Checkpoint,
    IndicatorLight,
    KeyEvaluation,
    LocalScheme,
    Membership,
    Organisation,
    ProjectDecision,
    Publication,
    SafeguardRecord,
    SelfEvaluation,
    Sheet,
    Step,
    Word,
)
from zhunsheng.web.models.decided import stepping
from zhunsheng.web.models.work import cipher
from zhunsheng.web.scopes import SCOPES
from zhunsheng.web.services import (
    administration,
    evidence,
    jobs,
    keyeval,
    ledgers,
    matching,
    office,
    registers,
)
from zhunsheng.web.services.portfolio import ranking, ranking_file, summary
from zhunsheng.web.services.publishing import acts, drift, public_pages
from zhunsheng.web.services.publishing.rows import indicator_in_words, parts_of
from zhunsheng.web.services.rules import rules_for
from zhunsheng.web.services.sheets import documents, drafts, lookup
from zhunsheng.web.services.year import (
    calendar,
    comparing,
    figures,
    filling,
    keeping,
    official,
    question,
    rechecking,
    records,
)
from zhunsheng.web.views.overview import _chart
from zhunsheng.web.workflow import CONDITIONS, advance

YEAR, END = 2021, date(2022, 2, 28)
CLOSURE, MEASURE = "举报案件办结率", "report_closure_rate"
LOCAL = Path(regulations.__file__).parent / "data" / "local" / "local-example.yaml"
PAID = "凭证号,项目名称,项目编码,支付金额,支付日期"
BUDGET = "项目名称,项目编码,变动类型,金额,批复日期"
COMPLAINT = "登记编号,类别,收到日期,办结日期,诉求人"
PROOF = b"%PDF-1.4 x"


# -- a small department, made for one test
# ----------------------------------------------------------------------------


def indicator(name, raw, level1="产出指标", level2="质量指标", **more):
    return Indicator(
        name=name, level1=level1, level2=level2, target=TargetValue.parse(raw, year=YEAR), **more
    )


def project(*first, name="治理经费", code="P1", total=1_000_000):
    """A project sheet that can be submitted: an indicator in each dimension, a budget, a goal."""
    rest = (
        indicator("市场秩序", "有效提升", "效益指标", "社会效益指标"),
        indicator("走访对象认可程度", "≥90%", "满意度指标", "服务对象满意度指标"),
    )
    return TargetSheet(
        kind="project",
        name=name,
        code=code,
        year=YEAR,
        department="甲",
        budget={"total": Decimal(total)},
        goals=(Goal(title="目标1", text="办好每一件举报"),),
        indicators=(*(first or (indicator(CLOSURE, "≥95%"),)), *rest),
    )


def complaints(closed=83, of=92):
    """83 of 92 closed: 90.22 %."""
    return [f"T{n},举报,2021-03-05,{'2021-06-01' if n < closed else ''},张三{n}" for n in range(of)]


@pytest.fixture
def put(tmp_path):
    def imported(place, name, head, *lines):
        path = tmp_path / f"{name}-{place.code}.csv"
        path.write_text("\n".join([head, *lines]) + "\n", "utf8")
        done = import_ledger(
            evidence.store().root,
            path,
            department=place.code,
            label=place.name,
            who="keyuan",
            cipher=cipher(),
        )
        assert done.batch is not None and not done.errors, done.errors
        return done.batch

    return imported


@pytest.fixture
def approved(user):
    def through(version):
        advance(user("keyuan"), version, "targets.submit", said={"despite": True})
        advance(user("caiwu"), version, "targets.check")
        advance(user("caizheng"), version, "targets.approve")
        return version

    return through


@pytest.fixture
def found(district, user, put, approved):
    """Return how to found a department with ledgers and approved sheets, known to the sample's people."""

    def make(*books, name="甲局", parent=None, rows=(), money=True):
        place = office.found(name, "department", parent or district)
        for who, role in (
            ("keyuan", "staff"),
            ("caiwu", "finance"),
            ("caiwu2", "finance"),
            ("juzhang", "head"),
            ("caizheng", "bureau"),
        ):
            Membership.objects.create(user=user(who), organisation=place, role=role)
        put(place, "complaints", COMPLAINT, *(rows or complaints()))
        if money:
            put(place, "payments", PAID, "V1,治理经费,P1,750000,2021-05-01")
            put(place, "budgets", BUDGET, "治理经费,P1,年初批复,1000000,2021-01-01")
        for one in books:
            approved(documents.add_version(one, place, user("keyuan"), "upload"))
        return place

    return make


@pytest.fixture
def adjusted(user, approved):
    def change(place, path, text, n=0):
        version = lookup.in_force(lookup.sheets_of(place, YEAR)[n])
        new = drafts.adjust(version, user("keyuan"), "按实际调整")
        drafts.set_field(new, path, text, drafts.current_fields(new)[path].text)
        new.refresh_from_db()
        return approved(new)

    return change


@pytest.fixture
def call(client, user):
    def ask(path, who="keyuan"):
        _token, secret = ApiToken.issue(user(who), "测试", list(SCOPES), 1)
        return client.get(f"/api{path}", HTTP_AUTHORIZATION=f"Bearer {secret}")

    return ask


def here(place, name, *more):
    return reverse(name, args=[place.pk, YEAR, *more])


def first(run):
    """The one sheet and its first indicator."""
    return run.results[0], run.results[0].indicators[0]


def opened(place, user):
    return filling.open_self_evaluation(place, YEAR, user("caiwu"))


def say(client, evaluation, n=0, proof=True, **said):
    """Post a word on an indicator as the page does, which holds the cause and measures that were given
    before.
    """
    sheet = evaluation.assessment.run.results[0]
    former = records.words_of(evaluation).get((sheet.id, sheet.indicators[n].id))
    held = {"cause": former.cause, "measures": former.measures} if former else {}
    said = held | said
    files = {"files": [SimpleUploadedFile("清单.pdf", PROOF)]} if proof else {}
    answer = client.post(
        reverse("word", args=[evaluation.pk]),
        {"sheet": sheet.id, "indicator": sheet.indicators[n].id, **said, **files},
    )
    evaluation.refresh_from_db()
    return answer


def settle(place, user):
    """Confirm every match that is proposed."""
    book = lookup.book_in_force(place, YEAR, END)
    run = figures.assess_now(place, YEAR, END).run
    for sheet in run.results:
        for line in sheet.open_matches:
            matching.confirm(place, book, sheet.id, line.id, line.match.measure, user("caiwu"))


def judged(client, evaluation, place):
    """Say all that waits for a person: the qualitative band, and the satisfaction that no ledger holds."""
    band = rules_for(place, YEAR).scheme.qualitative[0]
    assert say(client, evaluation, 1, band=band.name, share="90", reason="问卷与走访").status_code == 302
    assert say(client, evaluation, 2, actual="95%", reason="问卷").status_code == 302
    explained(client, evaluation)


def explained(client, evaluation):
    """Say on the page why each missed target was missed, and leave the rest of what stands there."""
    words = records.words_of(evaluation)
    for sheet, code in records.unexplained(evaluation):
        word = words.get((sheet, code))
        said = {"actual": word.actual, "reason": word.reason} if word else {}
        told = {"sheet": sheet, "indicator": code, "cause": "其他", "measures": "逐件督办", **said}
        assert client.post(reverse("word", args=[evaluation.pk]), told).status_code == 302
    evaluation.refresh_from_db()


def step(client, record, action, **said):
    prefix = action.split(".")[0]
    answer = client.post(reverse("step", args=[prefix, record.pk]), {"action": action, **said})
    record.refresh_from_db()
    return answer


def row_of(place):
    return next(r for r in ranking.ranking(place.parent, YEAR) if r["department"] == place)


def words_in(path):
    """Return all text of a Word or Excel file."""
    content = path if isinstance(path, bytes) else path.read_bytes()
    if content[:2] == b"PK" and b"word/document.xml" in content:
        document = Document(io.BytesIO(content))
        cells = [c.text for t in document.tables for r in t.rows for c in r.cells]
        return "\n".join([*cells, *(p.text for p in document.paragraphs)])
    book = openpyxl.load_workbook(io.BytesIO(content))
    return "\n".join(str(c.value) for s in book for r in s.iter_rows() for c in r if c.value is not None)


def test_the_database_is_the_one_asked_for():
    asked = os.environ.get("ZHUNSHENG_TEST_DATABASE", "sqlite")
    assert connection.vendor == {"postgres": "postgresql"}.get(asked, asked)


# -- 1. identity is a code, a name is a dated label
# -------------------------------------------------------------------


def test_1_namesakes_in_two_districts_share_nothing(found, district, sign_in, user, call, put):
    other_district = office.found("邻区", "district", district.parent)
    one = found(project(), name="同名局")
    two = found(project(), name="同名局", parent=other_district, rows=complaints(1, 2), money=False)
    batch = put(two, "one-more", COMPLAINT, "T900,举报,2021-03-05,,李四")
    staff, finance = sign_in("keyuan"), sign_in("caiwu")
    # rows, export, batches, source, undo
    pages = [staff.get(here(one, "ledger", "complaints") + f"?page={n}").content.decode() for n in (1, 2, 3)]
    assert any("T91" in page for page in pages) and not any("T900" in page for page in pages)
    assert "T900" in staff.get(here(two, "ledger", "complaints")).content.decode()
    exported = staff.get(here(one, "ledger", "complaints") + "?export=csv").content.decode("utf-8-sig")
    assert len(list(csv.reader(io.StringIO(exported)))) == 93 and "T900" not in exported
    _listed, batches = figures_of_ledgers(one)
    assert batch.batch not in {b.batch for b, _undone in batches}
    assert staff.get(here(one, "source", batch.batch)).status_code == 404
    assert staff.get(here(two, "source", batch.batch)).status_code == 200
    assert "ZS-EV-12" in finance.post(here(one, "undo"), {"batch": batch.batch}).content.decode()
    # the API
    mine = call(f"/departments/{one.pk}/ledgers/complaints?limit=200").json()
    theirs = call(f"/departments/{two.pk}/ledgers/complaints?limit=200").json()
    assert (mine["total"], theirs["total"]) == (92, 3)
    ids = [{b["batch"] for b in call(f"/departments/{p.pk}/batches").json()} for p in (one, two)]
    assert ids[0] and ids[1] and not ids[0] & ids[1]
    # figures and the rows behind them
    totals = [first(figures.assess_now(p, YEAR).run)[1].outcome.text for p in (one, two)]
    assert totals[0] == "90.22%" and totals[1] != totals[0]
    assert first(figures.assess_now(two, YEAR).run)[0].money.paid is None
    page = staff.get(here(two, "lineage", 0, "0")).content.decode()
    assert "T900" in page and "T50" not in page
    # A person of one is a stranger to the other.
    ended = Membership.objects.get(user=user("keyuan"), organisation=two)
    ended.active = False
    ended.save()
    assert sign_in("keyuan").get(here(two, "ledger", "complaints")).status_code == 403
    assert call(f"/departments/{two.pk}/ledgers/complaints").status_code == 404


def figures_of_ledgers(place):
    from zhunsheng.web.services import ledgers

    return ledgers.listed(place)


def test_1_renaming_a_department_changes_no_figure(found, sign_in):
    place = found(project())
    before = figures.assess_now(place, YEAR)
    office.rename(place, "改名后的局", date(2021, 7, 1))
    place.refresh_from_db()
    after = figures.assess_now(place, YEAR)
    assert after.key != before.key and after.run.department == "改名后的局"
    assert (after.total, after.most, after.paid, after.budget) == (
        before.total,
        before.most,
        before.paid,
        before.budget,
    )
    assert [i.outcome.text for i in after.run.results[0].indicators] == [
        i.outcome.text for i in before.run.results[0].indicators
    ]
    assert "T1" in sign_in("keyuan").get(here(place, "ledger", "complaints")).content.decode()


def test_1_a_second_phase_takes_nothing_of_the_first_until_a_person_says_so(found, sign_in, user):
    place = found(project(name="治理经费（二期）", code="P2"))
    sheet, _ = first(figures.assess_now(place, YEAR).run)
    assert (
        sheet.money.paid is None
        and sheet.money_readings == {}
        and sheet.score.execution.open == sheet.score.execution.points
    )
    assert sheet.project_keys == () and sheet.score.grade is None
    ProjectDecision.objects.create(
        department=place, sheet_code=sheet.id, project="P1", same=True, by=user("caiwu")
    )
    assert first(figures.assess_now(place, YEAR).run)[0].money.paid == 750_000


def test_1_an_alike_project_beside_the_own_one_is_answered_before_signing(found, sign_in, user, put):
    place = found(project())
    put(place, "alike", PAID, "V7,治理经费（二期）,,90000,2021-06-01")
    settle(place, user)
    run = figures.assess_now(place, YEAR).run
    assert run.results[0].proposals == ("治理经费（二期）",) and run.results[0].money.paid == 750_000
    assert matching.open_proposals(run) == [run.results[0].sheet]
    clerk = sign_in("keyuan")
    page = clerk.get(here(place, "matches")).content.decode()
    assert "“治理经费（二期）”就是它" in page and "“治理经费（二期）”不是" in page
    seen = page.split('name="seen" value="')[1].split('"')[0]
    said = {"seen": seen, "sheet": run.results[0].id, "project": "治理经费（二期）", "same": "no"}
    assert clerk.post(here(place, "matches"), said).status_code == 302
    told = figures.assess_now(place, YEAR).run
    assert told.results[0].proposals == () and matching.open_proposals(told) == []
    # A slip can be mended: what was denied can still be told to be the same.
    page = clerk.get(here(place, "matches")).content.decode()
    assert "已认定“治理经费（二期）”不是它" in page and "改认“治理经费（二期）”就是它" in page


def test_1_two_indicators_of_one_name_keep_apart(found, sign_in, user):
    place = found(project(indicator(CLOSURE, "≥95%"), indicator(CLOSURE, "≥99%")))
    evaluation = opened(place, user)
    client = sign_in("keyuan")
    assert say(client, evaluation, 1, cause="其他", measures="只说第二个", proof=False).status_code == 302
    one, two = evaluation.assessment.run.results[0].indicators[:2]
    assert one.id != two.id and (one.name, two.name) == (CLOSURE, CLOSURE)
    assert (one.monitoring.measures, two.monitoring.measures) == (None, "只说第二个")
    assert one.target != two.target and one.score.how != two.score.how
    lights = IndicatorLight.objects.filter(department=place, indicator=CLOSURE)
    figures.assess_now(place, YEAR)
    assert {x.indicator_code for x in lights.all()} == {one.id, two.id}
    version = lookup.in_force(lookup.sheets_of(place, YEAR)[0])
    fields = {
        f.field.split(".")[1]
        for f in version.findings.filter(indicator=CLOSURE)
        if f.field.startswith("indicators.")
    }
    assert fields <= {"0", "1"}


def test_1_renaming_an_indicator_in_an_adjustment_keeps_words_and_confirmation(
    found, sign_in, user, adjusted
):
    place = found(project(indicator(CLOSURE, "≥95%", description="举报案件办结数/举报案件数")))
    settle(place, user)
    evaluation = opened(place, user)
    say(sign_in("keyuan"), evaluation, 0, cause="人员保障", measures="增派两人", proof=False)
    before = first(evaluation.assessment.run)[1]
    adjusted(place, "indicators.0.name", "群众举报按期办结情况")
    after = first(filling.fill_self_evaluation(evaluation).assessment.run)[1]
    assert (after.id, after.name) == (before.id, "群众举报按期办结情况")
    assert (after.match.status, after.match.measure) == ("confirmed", MEASURE)
    assert (after.monitoring.measures, after.outcome.text, after.score.score) == (
        "增派两人",
        before.outcome.text,
        before.score.score,
    )
    assert Word.objects.filter(department=place).count() == 1
    # Described otherwise it counts something else, and what was confirmed says nothing of that.
    adjusted(place, "indicators.0.description", "师德投诉办结数/师德投诉受理数")
    described = first(filling.fill_self_evaluation(evaluation).assessment.run)[1]
    assert described.match.status != "confirmed"


@pytest.mark.parametrize("description", [None, CLOSURE])
def test_1_a_name_that_alone_says_what_is_counted_is_confirmed_anew_when_it_changes(
    found, user, adjusted, description
):
    place = found(project(indicator(CLOSURE, "≥95%", description=description)))
    settle(place, user)
    assert first(figures.assess_now(place, YEAR).run)[1].match.status == "confirmed"
    adjusted(place, "indicators.0.name", "举报案件办结比率")
    renamed = first(figures.assess_now(place, YEAR).run)[1]
    assert (renamed.name, renamed.match.status) == ("举报案件办结比率", "proposed")


def test_1_two_confirmed_indicators_that_swap_names_are_asked_again(found, user, adjusted):
    place = found(project(indicator(CLOSURE, "≥95%"), indicator("产品合格率", "≥90%")))
    settle(place, user)
    for n, name in ((0, "某率"), (1, CLOSURE), (0, "产品合格率")):
        adjusted(place, f"indicators.{n}.name", name)
    run = figures.assess_now(place, YEAR).run
    found_now = {i.name: (i.match.status, i.match.measure) for i in run.results[0].indicators[:2]}
    assert found_now == {"产品合格率": ("proposed", "product_pass_rate"), CLOSURE: ("proposed", MEASURE)}


def test_1_the_money_of_one_project_is_one_sheets(found, sign_in, user):
    """By code, by name, or by what was confirmed: never two sheets count it."""
    place = found(project(), project(name="第二项目", code="P2"), project(name="第三项目", code=None))
    sheet = {s.sheet: s for s in figures.assess_now(place, YEAR).run.results}
    staff = sign_in("keyuan")

    def give(name, key, same="yes", client=staff):
        said = {"sheet": sheet[name].id, "project": key, "same": same}
        return client.post(here(place, "matches"), said, headers={"HX-Request": "true"})

    for key in ("P1", "治理经费"):
        answer = give("第二项目", key).content.decode()
        assert "ZS-WB-06" in answer and "一笔钱不能算两次" in answer
    assert give("第二项目", "丁项目").status_code in (204, 302)
    assert "一笔钱不能算两次" in give("第三项目", "丁项目").content.decode()
    # What was confirmed, the finance bureau takes back; then it is another's to be.
    assert "由财政局改定" in give("第二项目", "丁项目", "no").content.decode()
    assert give("第二项目", "丁项目", "no", sign_in("caizheng")).status_code in (204, 302)
    assert give("第三项目", "丁项目").status_code in (204, 302)
    paid = [r.money.paid for r in figures.assess_now(place, YEAR).run.results]
    assert sorted(p for p in paid if p) == [750_000]


def test_1_an_indicator_that_was_deleted_leaves_its_namesake_nothing(found, sign_in, user, approved):
    """Deleted in an approved version and written again, it is a new one, until a person says that it is the
    same.
    """
    place = found(project())
    evaluation = opened(place, user)
    say(sign_in("keyuan"), evaluation, 2, actual="95%", reason="问卷")
    version = lookup.in_force(lookup.sheets_of(place, YEAR)[0])
    gone = version.target_sheet().indicators[2]
    cut = drafts.adjust(version, user("keyuan"), "不再考核")
    drafts.remove_part(cut, "indicators", cut.target_sheet().indicators[2].id)
    cut.refresh_from_db()
    drafts.add_part(cut, "indicators")
    cut.refresh_from_db()
    for field, text in (
        ("name", "投诉人认可程度"),
        ("level1", "满意度指标"),
        ("level2", "服务对象满意度指标"),
        ("target", "≥90%"),
    ):
        cut = drafts.set_field(
            cut, f"indicators.2.{field}", text, drafts.current_fields(cut)[f"indicators.2.{field}"].text
        )
    approved(cut)
    again = documents.add_version(project(), place, user("keyuan"), "upload", reason="改回原指标")
    new = again.target_sheet().indicators[2]
    assert new.name == gone.name and new.id != gone.id
    # A draft deletes nothing: what is in force is still the same indicator.
    kept = again.target_sheet().indicators[0]
    assert kept.id == version.target_sheet().indicators[0].id
    page = flat(sign_in("keyuan").get(reverse("version", args=[again.pk])))
    assert "与以前各版的对应" in page and f'<option value="{gone.id}">{gone.name}（' in page
    approved(again)
    line = figures.assess_now(place, YEAR, END).run.results[0].indicator(new.id)
    assert line.outcome.origin not in ("typed", "accepted") and line.outcome.text != "95%"


def test_1_a_closed_unit_takes_no_document_and_a_name_that_changed_hands_is_asked_about(
    district, sign_in, user, work_off
):
    kept = office.found("商务局", "department", district, official_code="900101")
    office.rename(kept, "商务和投资局", date(2021, 5, 1))
    gone = office.found("商务局", "department", district, official_code="900102", on=date(2021, 5, 2))
    office.close(gone, date(2021, 9, 1))
    alone = office.found("文旅局", "department", district)
    client = sign_in("caizheng")
    client.post(reverse("portfolio-import"), {"file": zipped("商务局", "文旅局"), "year": str(YEAR)})
    job = next(j for j in work_off() if j.kind == "archive")
    assert not Sheet.objects.filter(department__in=(kept, gone)).exists()
    (asked,) = job.result["unknown"]
    assert (asked["name"], asked["same"]) == ("商务局", 2)
    assert [n["id"] for n in asked["near"]] == [kept.pk] and [c["code"] for c in asked["closed"]] == [
        "900102"
    ]
    page = flat(client.get(reverse("job", args=[job.pk])))
    assert f"商务和投资局（{district.name}） 900101" in page and "已撤销的单位不收文件" in page
    # Every file that was taken in says where it went, department with district, and to which sheet.
    (went,) = job.result["placed"]
    assert went["department"] == f"文旅局（{district.name}）" and went["sheets"]
    assert (
        went["file"] in page
        and all(s["name"] in page for s in went["sheets"])
        and f"文旅局（{district.name}）" in page
    )
    # The closed one can't be chosen either.
    answer = client.post(reverse("job-places", args=[job.pk]), {"place_0": str(gone.pk)})
    assert answer.status_code == 400 and "ZS-WB-06" in answer.content.decode()
    assert client.post(reverse("job-places", args=[job.pk]), {"place_0": str(kept.pk)}).status_code == 302
    work_off()
    assert Sheet.objects.filter(department=kept).exists() and Sheet.objects.filter(department=alone).exists()


def zipped(*names):
    """A zip with a target document of each department, in which the department is named."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for n, name in enumerate(names):
            archive.writestr(f"{n}.txt", flattened({**bureau(), "department": name}))
    return SimpleUploadedFile("各部门.zip", buffer.getvalue(), "application/zip")


def test_1_namesakes_are_told_apart_wherever_a_department_is_named(found, district, sign_in, user, client):
    other = office.found("邻区", "district", district.parent)
    one = found(project(), name="同名局")
    two = found(project(), name="同名局", parent=other, money=False)
    for place in (one, two):
        version = lookup.in_force(lookup.sheets_of(place, YEAR)[0])
        acts.decide(acts.ask("targets", version, user("caiwu")), user("juzhang"), "publish.approve")
    public = {p.department_id: p for p in Publication.objects.filter(department__in=(one, two))}
    listed = client.get(reverse("public") + "?q=同名局").content.decode()
    found_by_district = client.get(reverse("public") + "?q=邻区").content.decode()
    package = {r["path"]: r for r in client.get(reverse("data-package")).json()["resources"]}
    api = {p["id"]: p for p in client.get("/api/public?limit=100").json()}
    for place, where in ((one, district.name), (two, "邻区")):
        mine = public[place.pk]
        assert f"同名局（{where}）" in listed
        assert f"同名局（{where}）" in client.get(reverse("public-one", args=[mine.pk])).content.decode()
        data = client.get(reverse("open-data-json", args=[mine.pk])).json()
        resource = next(r for path, r in package.items() if f"/{mine.pk}" in path and "targets" in r["name"])
        for told in (data, resource, api[mine.pk]):
            assert (told["department"], told["district"], told["department_code"]) == (
                "同名局",
                where,
                place.code,
            )
        bar = sign_in("keyuan").get(here(place, "targets")).content.decode().split("place-bar")[1]
        assert where in bar.split("</details>")[0]
    assert (
        str(public[two.pk].pk) in found_by_district and f"同名局（{district.name}）" not in found_by_district
    )
    admin = sign_in("guanli")
    for address in (
        reverse("users"),
        reverse("calendar"),
        reverse("rules"),
        reverse("administration") + f"?one={one.pk}",
    ):
        page = admin.get(address).content.decode()
        assert "同名局（邻区）" in page and f"同名局（{district.name}）" in page and ">同名局<" not in page, (
            address
        )
    # As of the year: where it belonged then, whatever it belongs to since.
    office.move(two, office.found("新区", "district", district.parent), date(2022, 6, 1))
    assert "同名局（邻区）" in client.get(reverse("public")).content.decode()
    assert office.told(Organisation.objects.get(pk=two.pk)) == "同名局（新区）"


def test_1_one_act_on_an_organisation_at_a_time_said_and_followed(found, sign_in, work_off):
    place = found(project())
    figures.assess_now(place, YEAR)
    jobs.assess_soon(place, None)
    work_off()
    admin, url = sign_in("guanli"), reverse("organisation")

    def act(what, **said):
        answer = admin.post(url, {"id": place.pk, "what": what, **said}, follow=True)
        place.refresh_from_db()
        return answer.content.decode()

    assert "一次只办一件事" in act("rename", name="新名局", official_code="900777")
    assert (place.name, place.official_code) == ("甲局", "")
    stages = place.stages.count()
    assert (
        "没有变化" in act("rename", name="甲局", on="2021-06-01", note="依据")
        and place.stages.count() == stages
    )
    assert "没有变化" in act("number", official_code="")
    assert "没有变化" in act("move", parent=place.parent_id)
    assert not work_off()
    # What a page promises happens: the department is assessed anew under its new name.
    assert "已保存" in act("rename", name="新名局", on="2021-06-01")
    assert [j.kind for j in work_off()] == ["assess"] and not row_of(place)["overtaken"]
    assert records.newest_assessment(place, YEAR).run.department == "新名局"
    assert "请勾选确认" in act("close", on="2022-01-01") and place.active
    page = admin.get(reverse("administration") + f"?one={place.pk}").content.decode()
    forms = page.split('id="one"')[1].split("<form")[1:]
    assert [re.findall(r'name="what" value="(\w+)"', f) for f in forms][:6] == [
        ["rename"],
        ["number"],
        ["move"],
        ["merge"],
        ["split"],
        ["close"],
    ]
    assert all('name="confirmed"' in f for f in forms[3:6])
    act("close", on="2022-01-01", confirmed="1")
    assert not place.active


# -- 2. evidence first; what a person types stands beside it
# ----------------------------------------------------------


def test_2_a_typed_value_stands_beside_the_reading_everywhere_and_changes_no_score(
    found, sign_in, user, call, client
):
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    staff = sign_in("keyuan")
    judged(staff, evaluation, place)
    before = evaluation.assessment.run.results[0].score
    assert say(staff, evaluation, 0, actual="99%", reason="台账外办结").status_code == 302
    sheet, line = first(evaluation.assessment.run)
    assert (sheet.score.total, sheet.score.basis) == (before.total, before.basis)
    assert (line.outcome.text, line.outcome.origin, line.reading is not None) == ("90.22%", "evidence", True)
    contest = evaluation.contests.get()
    assert (contest.state, contest.computed) == ("open", "90.22%")

    def told(text, where):
        assert "90.22%" in text and "99%" in text and "8.78" in text, where

    figures.assess_now(place, YEAR)
    told(staff.get(here(place, "selfeval")).content.decode(), "page")
    told(staff.get(here(place, "overview")).content.decode(), "overview")
    told(call(f"/departments/{place.pk}/assessment?year={YEAR}").content.decode(), "API")
    for name in ("table.docx", "table.xlsx", "report.docx"):
        told(words_in(staff.get(reverse("selfeval-file", args=[evaluation.pk, name])).content), name)
    told(staff.get(reverse("selfeval-form", args=[evaluation.pk])).content.decode(), "form")
    for who, act in (("keyuan", "submit"), ("caiwu", "check"), ("juzhang", "sign")):
        assert step(sign_in(who), evaluation, f"selfeval.{act}").status_code == 302, act
    acts.decide(acts.ask("self", evaluation, user("caiwu")), user("juzhang"), "publish.approve")
    public = Publication.objects.get(kind="self", object_id=evaluation.pk, state="published")
    told(client.get(reverse("public-one", args=[public.pk])).content.decode(), "public page")
    told(client.get(reverse("open-data-json", args=[public.pk])).content.decode(), "public JSON")
    told(client.get("/api/public?limit=100").content.decode(), "public API")
    rows = list(
        csv.DictReader(
            io.StringIO(client.get(reverse("open-data", args=[public.pk, "csv"])).content.decode("utf-8-sig"))
        )
    )
    assert (rows[0]["完成值"], rows[0]["台账算出"], rows[0]["人工填报"], rows[0]["争议"]) == (
        "90.22%",
        "90.22%",
        "99%",
        "有争议，待财政局裁定",
    )
    # What no ledger holds is marked as typed, and the share of points that rests on such is told.
    assert (rows[2]["完成值来源"], rows[2]["人工填报"]) == ("人工填报", "95%")
    page = client.get(reverse("public-one", args=[public.pk])).content.decode()
    assert "人工填报" in page.split("评分办法")[0]
    assert str(user("keyuan")) not in json.dumps(public.data["scores"], ensure_ascii=False)


def test_2_a_contest_counts_after_the_bureaus_acceptance_with_a_reason_only(found, sign_in, user, call):
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    staff = sign_in("keyuan")
    say(staff, evaluation, 0, actual="99%", reason="台账外办结")
    contest, before = evaluation.contests.get(), first(evaluation.assessment.run)[1].score
    assert step(staff, contest, "contest.accept", remark="同意").status_code == 403
    assert step(sign_in("caiwu"), contest, "contest.accept", remark="同意").status_code == 403
    bureau = sign_in("caizheng")
    assert "ZS-WB-02" in step(bureau, contest, "contest.accept").content.decode() and contest.state == "open"
    assert step(bureau, contest, "contest.accept", remark="经核实，台账漏记").status_code == 302
    evaluation.refresh_from_db()
    sheet, line = first(evaluation.assessment.run)
    assert line.score.score > before.score and line.outcome.origin == "accepted"
    assert (line.outcome.contest.computed, line.outcome.contest.accepted) == ("90.22%", "经核实，台账漏记")
    assert sheet.score.typed >= line.score.score
    figures.assess_now(place, YEAR)
    assert "90.22%" in call(f"/departments/{place.pk}/assessment?year={YEAR}").content.decode()
    # A new figure is a new contest; what was accepted was the other one.
    assert say(staff, evaluation, 0, actual="100%", proof=False).status_code == 302
    contest.refresh_from_db()
    assert contest.state == "replaced" and first(evaluation.assessment.run)[1].score.score == before.score


def test_2_a_ruling_after_the_signatures_has_the_new_figures_signed_anew(found, sign_in, user):
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    staff = sign_in("keyuan")
    say(staff, evaluation, 0, actual="99%", reason="台账外办结")
    judged(staff, evaluation, place)
    sign_on(sign_in, evaluation)
    signed = first(evaluation.assessment.run)[0].score.total
    contest = evaluation.contests.get()
    assert step(sign_in("caizheng"), contest, "contest.accept", remark="经核实").status_code == 302
    evaluation.refresh_from_db()
    assert (evaluation.state, first(evaluation.assessment.run)[0].score.total > signed) == ("returned", True)
    back = evaluation.last_step()
    assert (back.action, back.before, "请重新审核签字" in back.remark) == ("selfeval.reopen", "signed", True)
    page = staff.get(here(place, "selfeval")).content.decode()
    assert "裁定后退回重签" in page and "填报人签字提交" in page


def test_2_a_contest_without_reason_or_proof_is_not_accepted(found, sign_in, user):
    place = found(project())
    evaluation = opened(place, user)
    say(sign_in("keyuan"), evaluation, 0, actual="99%", proof=False)
    contest = evaluation.contests.get()
    answer = step(sign_in("caizheng"), contest, "contest.accept", remark="同意").content.decode()
    assert "ZS-WB-11" in answer and "理由" in answer and "证明材料" in answer and contest.state == "open"
    evaluation.state = "accepted"
    contest.evaluation = evaluation
    assert CONDITIONS["still_rechecked"](contest, {})


def test_2_a_contest_that_cannot_be_compared_is_not_accepted(found, sign_in, user):
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    clerk = sign_in("keyuan")
    say(clerk, evaluation, 0, actual="下降3%", reason="台账外办结")
    page = clerk.get(here(place, "selfeval")).content.decode()
    assert "不能比较" in page and "写的是增减幅度" in page and "相差" not in page.split("不能比较")[1][:200]
    assert "写的是增减幅度" in step(clerk, evaluation, "selfeval.submit").content.decode()
    contest = evaluation.contests.get()
    answer = step(sign_in("caizheng"), contest, "contest.accept", remark="同意").content.decode()
    assert (
        "ZS-WB-11" in answer
        and "不能比较" in answer
        and "写的是增减幅度" in answer
        and contest.state == "open"
    )


def accepted(place, user, sign_in):
    """A contest that the bureau accepted: (evaluation, contest)."""
    settle(place, user)
    evaluation = opened(place, user)
    say(sign_in("keyuan"), evaluation, 0, actual="99%", reason="台账外办结")
    contest = evaluation.contests.get()
    assert step(sign_in("caizheng"), contest, "contest.accept", remark="经核实").status_code == 302
    evaluation.refresh_from_db()
    assert first(evaluation.assessment.run)[1].outcome.origin == "accepted"
    return evaluation, contest


def more_closed(put, place):
    """Eight more complaints, all closed: 91 of 100."""
    put(place, "later", COMPLAINT, *(f"T{900 + n},举报,2021-04-05,2021-06-01,王五{n}" for n in range(8)))


def test_2_an_acceptance_falls_with_the_reading_it_was_made_on(found, sign_in, user, put, work_off):
    place = found(project())
    evaluation, contest = accepted(place, user, sign_in)
    more_closed(put, place)
    # Whoever computes now, counts the reading; nobody ruled on this one.
    line = first(figures.assess_now(place, YEAR, END).run)[1]
    assert (line.outcome.origin, line.outcome.text, line.outcome.contest.accepted) == (
        "evidence",
        "91%",
        None,
    )
    jobs.assess_soon(place, user("keyuan"))
    work_off()
    contest.refresh_from_db(), evaluation.refresh_from_db()
    again = evaluation.contests.get(state="open")
    assert (contest.state, again.computed, again.word) == ("replaced", "91%", contest.word)
    assert "台账算出 90.22% → 91%" in contest.last_step().remark
    page = sign_in("caizheng").get(here(place, "selfeval")).content.decode()
    assert "有争议，待财政局裁定" in page and "争议已采纳" not in page and not comparing.drifted(evaluation)


@pytest.mark.parametrize(
    "said", [{"reason": "另有说法"}, {"files": b"%PDF-1.4 other"}], ids=("reason", "proof")
)
def test_2_an_acceptance_falls_with_its_reason_or_its_proof(found, sign_in, user, said):
    place = found(project())
    evaluation, contest = accepted(place, user, sign_in)
    files = [SimpleUploadedFile("另附.pdf", said["files"])] if "files" in said else []
    sheet, line = first(evaluation.assessment.run)
    sent = {
        "sheet": sheet.id,
        "indicator": line.id,
        "actual": "99%",
        "reason": said.get("reason", "台账外办结"),
    }
    assert (
        sign_in("keyuan").post(reverse("word", args=[evaluation.pk]), sent | {"files": files}).status_code
        == 302
    )
    contest.refresh_from_db(), evaluation.refresh_from_db()
    line = first(evaluation.assessment.run)[1]
    assert (contest.state, line.outcome.origin, line.outcome.contest.accepted) == (
        "replaced",
        "evidence",
        None,
    )
    assert evaluation.contests.get(state="open").word.reason == sent["reason"]
    page = sign_in("caizheng").get(here(place, "selfeval")).content.decode()
    assert "有争议，待财政局裁定" in page and "争议已采纳" not in page


def test_2_a_word_beside_the_claim_leaves_the_ruling(found, sign_in, user):
    place = found(project())
    evaluation, contest = accepted(place, user, sign_in)
    said = {"actual": "99%", "reason": "台账外办结", "cause": "其他", "measures": "补登台账"}
    say(sign_in("keyuan"), evaluation, 0, proof=False, **said)
    contest.refresh_from_db()
    line = first(evaluation.assessment.run)[1]
    assert (contest.state, line.outcome.origin, contest.word.cause) == ("accepted", "accepted", "其他")
    assert evaluation.contests.count() == 1


def test_2_an_old_page_accepts_no_other_figure_reading_reason_or_proof(found, sign_in, user, put):
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    staff, bureau = sign_in("keyuan"), sign_in("caizheng")
    say(staff, evaluation, 0, actual="99%", reason="台账外办结")
    contest = evaluation.contests.get()
    seen = contest.seen_digest()
    say(staff, evaluation, 0, actual="98%", reason="台账外办结")
    answer = step(bureau, contest, "contest.accept", remark="同意", seen=seen)
    assert answer.status_code == 409 and "填报的完成值 99% → 98%" in answer.content.decode()
    # The ledger moved and nobody computed anew yet: the ruling does, and finds it.
    contest = evaluation.contests.get(state="open")
    seen = contest.seen_digest()
    more_closed(put, place)
    answer = step(bureau, contest, "contest.accept", remark="同意", seen=seen)
    assert answer.status_code == 409 and "台账算出 90.22% → 91%" in answer.content.decode()
    evaluation.refresh_from_db()
    assert first(evaluation.assessment.run)[1].outcome.origin == "evidence"
    contest = evaluation.contests.get(state="open")
    assert step(bureau, contest, "contest.accept", remark="同意").status_code == 302
    evaluation.refresh_from_db()
    assert first(evaluation.assessment.run)[1].outcome.origin == "accepted"


def test_2_an_old_page_writes_over_no_word_of_another(found, sign_in, user):
    """Two clerks open the page; the second to save is told, and the first one's figure,
    reason and proof stand.
    """
    evaluation = opened(found(project()), user)
    one, other = sign_in("keyuan"), sign_in("caiwu")
    assert say(one, evaluation, 2, actual="95%", reason="问卷", seen="0").status_code == 302
    answer = say(other, evaluation, 2, proof=False, cause="其他", measures="再走访", actual="", seen="0")
    assert answer.status_code == 400 and "ZS-WB-10" in answer.content.decode()
    line = evaluation.assessment.run.results[0].indicators[2]
    assert (line.outcome.text, line.outcome.origin) == ("95%", "judgement")


def test_2_nobody_rules_on_a_claim_of_their_own(found, sign_in, user):
    """A person of both sides raises a claim for the one and would accept it for the other."""
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    Membership.objects.create(user=user("keyuan"), organisation=place.parent, role="bureau")
    both = sign_in("keyuan")
    say(both, evaluation, 0, actual="99%", reason="台账外办结")
    contest = evaluation.contests.get()
    for action in ("contest.accept", "contest.refuse"):
        assert step(both, contest, action, remark="同意本人所报").status_code == 403
    assert contest.state == "open" and "采纳争议" not in both.get(here(place, "selfeval")).content.decode()
    assert step(sign_in("caizheng"), contest, "contest.accept", remark="经核实").status_code == 302


def test_2_a_ruling_outlives_the_office_of_who_made_it(found, sign_in, user):
    place = found(project(), project(name="第二项目", code="P2"))
    sheet, line = first(figures.assess_now(place, YEAR).run)
    second = figures.assess_now(place, YEAR).run.results[1]
    about = {"sheet": sheet.id, "indicator": line.id}
    linked = {"sheet": second.id, "project": "丁项目"}
    bureau, clerk = sign_in("caizheng"), sign_in("keyuan")
    assert bureau.post(here(place, "matches"), {**about, "measure": ""}).status_code == 302
    assert bureau.post(here(place, "matches"), {**linked, "same": "no"}).status_code == 302
    for held in Membership.objects.filter(user=user("caizheng")):
        held.active = False
        held.save()
    for said in ({**about, "measure": MEASURE}, {**linked, "same": "yes"}):
        answer = clerk.post(here(place, "matches"), said, headers={"HX-Request": "true"})
        assert "由财政局改定" in answer.content.decode()


def test_2_a_proof_proves_its_own_figure_only(found, sign_in, user):
    place = found(project())
    evaluation = opened(place, user)
    staff = sign_in("keyuan")
    say(staff, evaluation, 2, actual="95%", reason="问卷")
    assert evaluation.assessment.run.results[0].indicators[2].score.verdict == "met"
    answer = say(staff, evaluation, 2, actual="99%", reason="问卷", proof=False)
    assert "附件没有带过来" in staff.get(answer["Location"]).content.decode()
    line = evaluation.assessment.run.results[0].indicators[2]
    assert line.score.verdict == "nothing" and "没有证明材料" in line.outcome.note


def test_2_a_figure_equal_to_the_reading_is_no_contest(found, sign_in, user):
    place = found(project())
    evaluation = opened(place, user)
    staff = sign_in("keyuan")
    for same in ("90.22%", "90.22"):
        say(staff, evaluation, 0, actual=same)
        assert (
            first(evaluation.assessment.run)[1].outcome.contest is None and not evaluation.contests.exists()
        )
    say(staff, evaluation, 0, actual="90.3%")
    assert evaluation.contests.get(state="open").computed == "90.22%"
    say(staff, evaluation, 0, actual="90.22%")
    assert evaluation.contests.get().state == "replaced"


def test_2_a_typed_value_without_proof_counts_nothing(found, sign_in, user):
    place = found(project())
    evaluation = opened(place, user)
    client = sign_in("keyuan")
    assert say(client, evaluation, 2, actual="95%", reason="记得", proof=False).status_code == 302
    line = evaluation.assessment.run.results[0].indicators[2]
    assert (line.score.verdict, line.score.score) == ("nothing", 0) and "没有证明材料" in line.outcome.note
    say(client, evaluation, 2, actual="95%", reason="问卷")
    sheet = evaluation.assessment.run.results[0]
    assert (
        sheet.indicators[2].score.verdict == "met" and sheet.score.typed == sheet.indicators[2].score.points
    )
    page = client.get(here(place, "selfeval")).content.decode()
    assert "人工填报" in page


def test_2_a_band_typed_for_a_measured_indicator_changes_nothing(found, sign_in, user):
    place = found(project())
    evaluation = opened(place, user)
    before = first(evaluation.assessment.run)[1].score
    band = rules_for(place, YEAR).scheme.qualitative[0]
    for said in ({"band": band.name, "share": "95"}, {"share": "95"}):
        answer = say(sign_in("keyuan"), evaluation, 0, reason="很好", **said)
        assert answer.status_code == 400 and "定量指标不评档次" in answer.content.decode()
    after = first(evaluation.assessment.run)[1].score
    assert (after.score, after.verdict, after.how) == (before.score, before.verdict, before.how)
    # The page offers no band there; where a person judges, it asks for both.
    assert sign_in("keyuan").get(here(place, "selfeval")).content.decode().count('name="band"') == 1
    assert (
        "没有选评定档次" in say(sign_in("keyuan"), evaluation, 1, share="95", reason="很好").content.decode()
    )


def test_2_the_re_check_holds_nothing_that_was_typed(found, user, sign_in, tmp_path):
    """Change every word, contested and accepted: not a byte of the re-check moves."""
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    table = tmp_path / "上报.xlsx"
    figures.assess_now(place, YEAR, END)
    table.write_bytes(official.file_of(evaluation, "绩效自评表.xlsx").read_bytes())
    staff = sign_in("keyuan")
    from zhunsheng.web.models import Upload

    evaluation.reported = Upload.keep(table.read_bytes(), table.name, "document", place, user("keyuan"))
    evaluation.save()

    def bytes_now():
        found = [s for s in rechecking.recheck(evaluation, evaluation.reported) if s["of"]]
        assert found
        return json.dumps(found, ensure_ascii=False, sort_keys=True).encode()

    plain = bytes_now()
    judged(staff, evaluation, place)
    for n, typed in enumerate(("99%", "", "40%")):
        say(staff, evaluation, n, actual=typed, reason="另写", cause="其他", measures="另写的话")
    advance(
        user("caizheng"),
        evaluation.contests.get(state="open"),
        "contest.accept",
        "同意",
        change=lambda c: setattr(c, "ruling", "同意"),
    )
    filling.fill_self_evaluation(evaluation)
    assert first(evaluation.assessment.run)[1].outcome.origin == "accepted"
    assert bytes_now() == plain
    judge = question.Question(place, YEAR, END, None, words=False)
    assert judge.judgements == []


def test_2_unconfirmed_matches_are_marked_and_nothing_is_submitted_or_signed_on_them(found, sign_in, user):
    place = found(project())
    evaluation = opened(place, user)
    staff = sign_in("keyuan")
    judged(staff, evaluation, place)
    sheet, line = first(evaluation.assessment.run)
    assert line.match.status == "proposed" and not line.outcome.confirmed
    assert sheet.score.unconfirmed == line.score.score > 0
    figures.assess_now(place, YEAR)
    ranked = next(r for r in ranking.ranking(place.parent, YEAR) if r["department"] == place)
    assert ranked["weak"]["unconfirmed"] > 0
    page = staff.get(here(place, "selfeval")).content.decode()
    assert "口径未确认" in page and "台账（口径未确认）" in page
    answer = step(staff, evaluation, "selfeval.submit").content.decode()
    assert "ZS-WB-11" in answer and "口径未确认" in answer and evaluation.state == "draft"
    assert "matches_confirmed" in ACTIONS["selfeval.sign"].needs and CONDITIONS["matches_confirmed"](
        evaluation, {}
    )
    sent = {"sheet": sheet.id, "indicator": line.id, "measure": MEASURE}
    assert staff.post(here(place, "matches"), sent).status_code == 302
    assert step(staff, evaluation, "selfeval.submit").status_code in (302, 409)
    if evaluation.state == "draft":  # the figures moved while it was sent; the person looks and sends again
        assert step(staff, evaluation, "selfeval.submit").status_code == 302
    assert evaluation.assessment.run.results[0].score.unconfirmed == 0


def test_2_a_clerk_takes_no_measure_away(found, sign_in, user):
    """To silence a bad reading and type a figure in its place takes the finance bureau."""
    place = found(project())
    sheet, line = first(figures.assess_now(place, YEAR).run)

    def post(who, measure):
        said = {"sheet": sheet.id, "indicator": line.id, "measure": measure}
        return sign_in(who).post(here(place, "matches"), said, headers={"HX-Request": "true"})

    def now():
        match = first(figures.assess_now(place, YEAR).run)[1].match
        return match.status, match.measure

    select = 'aria-label="测度"'
    for state in ("proposed", "confirmed"):
        assert now() == (state, MEASURE)
        for who in ("keyuan", "caiwu"):
            for measure in ("", "case_handling_rate"):
                answer = post(who, measure).content.decode()
                assert "ZS-WB-06" in answer and "由财政局改定" in answer
        assert now() == (state, MEASURE)
        row = (
            sign_in("keyuan")
            .get(here(place, "matches"))
            .content.decode()
            .split(line.name)[1]
            .split("</tr>")[0]
        )
        assert select not in row
        assert post("keyuan", MEASURE).status_code in (204, 302)
    assert select in sign_in("caizheng").get(here(place, "matches")).content.decode()
    assert post("caizheng", "").status_code in (204, 302) and now() == ("none", None)
    # What the bureau decided is not turned round either.
    assert "由财政局改定" in post("keyuan", MEASURE).content.decode()
    assert post("caizheng", MEASURE).status_code in (204, 302) and now() == ("confirmed", MEASURE)


def test_2_an_old_page_confirms_no_match_and_no_project(found, sign_in, user):
    """Whoever confirms, confirms the words that stand there now and the decision that was made last."""
    place = found(project(), project(name="第二项目", code="P2"))
    sheet, line = first(figures.assess_now(place, YEAR).run)
    second = figures.assess_now(place, YEAR).run.results[1]
    clerk, bureau = sign_in("keyuan"), sign_in("caizheng")
    page = clerk.get(here(place, "matches")).content.decode()
    form = next(f for f in page.split("<form") if f'value="{sheet.id}"' in f and f'value="{line.id}"' in f)
    old = form.split('name="seen" value="')[1].split('"')[0]
    link = matching.project_seen(second.sheet, place, second.id)

    def post(client, seen, **said):
        sent = {"seen": seen, **said}
        return client.post(here(place, "matches"), sent, headers={"HX-Request": "true"}).content.decode()

    about = {"sheet": sheet.id, "indicator": line.id, "measure": MEASURE}
    for seen in ("", "0" * 64):
        assert "ZS-WB-10" in post(clerk, seen, **about)
    assert first(figures.assess_now(place, YEAR).run)[1].match.status == "proposed"
    assert "ZS-WB" not in post(clerk, old, **about)
    # The bureau's page was opened before: it does not know of the clerk's word.
    assert "ZS-WB-10" in post(bureau, old, **{**about, "measure": ""})
    linked = {"sheet": second.id, "project": "丁项目", "same": "yes"}
    assert "ZS-WB-10" in post(clerk, "", **linked)
    assert "ZS-WB" not in post(clerk, link, **linked)
    assert "ZS-WB-10" in post(bureau, link, **{**linked, "same": "no"})


def whole(total=None):
    """The department's own sheet, one indicator; ``total`` is its budget in yuan."""
    return TargetSheet(
        kind="department",
        name="部门整体绩效目标",
        year=YEAR,
        department="甲",
        budget={"total": Decimal(total) if total else None},
        goals=(Goal(title="目标1", text="办好每一件举报"),),
        indicators=(indicator(CLOSURE, "≥95%").model_copy(update={"goal": 0}),),
    )


def brought_up(place, user, sign_in, *, first=None):
    """Fill, sign and return the self-evaluation of a department; ``first`` is said before
    anything is signed.
    """
    settle(place, user)
    evaluation, staff = opened(place, user), sign_in("keyuan")
    band = rules_for(place, YEAR).scheme.qualitative[0]
    if first:
        first(staff, evaluation)
    for sheet in evaluation.assessment.run.results:
        for line in sheet.indicators:
            said = (
                {"band": band.name, "share": "90"} if line.score.verdict == "pending" else {"actual": "95%"}
            )
            if line.score.verdict not in ("pending", "nothing"):
                continue
            proof = {"files": [SimpleUploadedFile("清单.pdf", PROOF)]}
            sent = {"sheet": sheet.id, "indicator": line.id, "reason": "问卷", **said, **proof}
            assert staff.post(reverse("word", args=[evaluation.pk]), sent).status_code == 302
    evaluation.refresh_from_db()
    explained(staff, evaluation)
    sign_on(sign_in, evaluation)
    return evaluation


def made_public(evaluation, user):
    asked = acts.ask("self", evaluation, user("caiwu"))
    acts.decide(asked, user("juzhang"), "publish.approve")
    asked.refresh_from_db()
    return asked


def open_rows(client, publication):
    content = client.get(reverse("open-data", args=[publication.pk, "csv"])).content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content)))


def test_2_a_public_total_is_told_in_all_its_parts_and_they_add_up(found, sign_in, user, client):
    evaluation = brought_up(found(whole(), project()), user, sign_in)
    public = made_public(evaluation, user)
    data = client.get(reverse("open-data-json", args=[public.pk])).json()["data"]
    rows, page = (
        open_rows(client, public),
        client.get(reverse("public-one", args=[public.pk])).content.decode(),
    )
    assert len(data["scores"]) == 2 and "所属项目" in page and "预算执行率" in page

    def added(parts):
        return sum(Decimal(p["score"]) for p in parts if p["score"])

    for told, of_page in zip(data["scores"], public_pages.shown(public)["scores"], strict=True):
        total = Decimal(told["total"])
        assert (
            total
            == added([*told["indicators"], *told["parts"]])
            == added([*of_page["indicators"], *of_page["parts"]])
        )
        mine = [r for r in rows if r["目标表"] == told["sheet"]]
        (stated,) = [r["得分"] for r in mine if r["类别"] == "总分"]
        assert (
            Decimal(stated)
            == total
            == sum(Decimal(r["得分"]) for r in mine if r["得分"] and r["类别"] != "总分")
        )
        for part in told["parts"]:
            assert part["how"] in page.replace("&#x27;", "'") and part["name"] in {r["类别"] for r in mine}
    assert {p["name"] for s in data["scores"] for p in s["parts"]} == {"所属项目", "预算执行率"}
    # What was published before the parts were kept adds up as well.
    for score in public.data["scores"]:
        del score["parts"]
        assert Decimal(score["total"]) == added([*score["indicators"], *parts_of(score)])


def test_2_every_public_form_says_the_same_in_the_same_words(found, sign_in, user, client):
    def excess(staff, evaluation):
        assert (
            say(staff, evaluation, 0, proof=False, over_accepted="on", reason="年初估计偏低").status_code
            == 302
        )

    place = found(project(indicator(CLOSURE, "≥30%")))
    evaluation = brought_up(place, user, sign_in, first=excess)
    public = made_public(evaluation, user)
    answer = client.get(reverse("open-data-json", args=[public.pk])).json()
    rows, page = (
        open_rows(client, public),
        client.get(reverse("public-one", args=[public.pk])).content.decode(),
    )
    (resource,) = [
        r for r in client.get(reverse("data-package")).json()["resources"] if r["name"] == f"self-{public.pk}"
    ]
    ids = {f["name"]: f["id"] for f in resource["schema"]["fields"]}
    assert list(ids) == list(rows[0]) and all(re.search(r"[\u4e00-\u9fff]", title) for title in ids)
    lines = answer["data"]["scores"][0]["indicators"]
    for row, line in zip(rows, lines, strict=False):
        for title, value in row.items():
            if ids[title] in line:
                assert (line[ids[title]] or "") == value, (title, row, line)
    assert [r["结论"] for r in rows[:3]] == ["超额较多", "已评定", "完成"]
    assert [r["完成值来源"] for r in rows[:3]] == ["台账", "定性评定", "人工填报"]
    # Points that only the filler's own reason keeps are marked in the row.
    granted = lines[0]["granted"]
    assert Decimal(granted) > 0 and f"认可超额：其中 {granted} 分" in page and "年初估计偏低" in page
    assert "年初估计偏低" in rows[0]["说明"] and lines[1]["granted"] is None
    # What became of it since stands in every form, the list of the API too.
    (listed,) = [p for p in client.get("/api/public?limit=100").json() if p["id"] == public.pk]
    assert "未经财政局复核" in answer["notes"] and answer["notes"] == listed["notes"]
    assert [r["说明"] for r in rows if r["类别"] == "公开后的情况"] == answer["notes"]
    assert listed["data"] == answer["data"] and listed["department"] == answer["department"]
    # What waits says what it waits for, and is not called without evidence.
    waiting = {"origin": "none", "verdict": "pending", "actual": "—", "name": "", "target": ""}
    assert indicator_in_words(waiting)["origin"] == "待评定"


def test_2_only_what_a_spreadsheet_would_run_is_guarded_in_csv():
    for text in ("+33.23个百分点", "-5 天", "+8.78%", "-1,200.50", "−3", "说明"):
        assert guarded(text) == text
    for text in ("=1+1", "@SUM(A1)", "\t=1", "+1+cmd|' /C calc'!A0", "-A1", "+", "-2+3"):
        assert guarded(text) == f"'{text}"


def test_2_open_accepted_and_refused_are_three_words_with_reasons_everywhere(found, sign_in, user, client):
    def claim(staff, evaluation):
        assert say(staff, evaluation, 0, actual="99%", reason="台账外办结").status_code == 302

    evaluation = brought_up(found(project()), user, sign_in, first=claim)
    before, contest, why = made_public(evaluation, user), evaluation.contests.get(), "证明材料不能证明办结"

    def told(publication):
        yield "page", client.get(reverse("public-one", args=[publication.pk])).content.decode()
        yield "JSON", client.get(reverse("open-data-json", args=[publication.pk])).content.decode()
        yield (
            "CSV",
            client.get(reverse("open-data", args=[publication.pk, "csv"])).content.decode("utf-8-sig"),
        )
        for name in ("绩效自评表.docx", "绩效自评表.xlsx", "绩效评价报告.docx"):
            yield name, words_in((publication.folder() / name).read_bytes())

    for where, text in told(before):
        assert "有争议，待财政局裁定" in text and "争议未采纳" not in text and why not in text, where
    total, key = evaluation.assessment.run.results[0].score.total, evaluation.assessment.key
    assert step(sign_in("caizheng"), contest, "contest.refuse", remark=why).status_code == 302
    evaluation.refresh_from_db()
    # No figure is another for it: what was signed stays signed.
    assert evaluation.state == "signed" and evaluation.assessment.run.results[0].score.total == total
    assert evaluation.assessment.key != key and not comparing.drift(evaluation)
    for where, text in list(told(before))[:3]:
        assert "公开之后裁定：争议未采纳" in text and why in text, where
    assert why in sign_in("keyuan").get(here(evaluation.department, "selfeval")).content.decode()
    for where, text in told(made_public(evaluation, user)):
        assert "争议未采纳" in text and why in text and "有争议，待财政局裁定" not in text, where


def take_back(place, user, work_off, ledger="complaints"):
    """The office's finance section undoes every batch of a ledger; the figures follow."""
    for one in evidence.store().batches(department=place.code):
        if one.ledger == ledger and not one.undoes and one.batch not in undone_of(place):
            ledgers.undo(place, one.batch, user("caiwu"))
    work_off()


def undone_of(place):
    return {b.undoes for b in evidence.store().batches(department=place.code)}


ONCE = "曾有台账读数"


def test_2_a_contest_outlives_the_evidence_it_was_made_against(found, sign_in, user, work_off, client):
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    staff, bureau = sign_in("keyuan"), sign_in("caizheng")
    judged(staff, evaluation, place)
    say(staff, evaluation, 0, actual="99%", reason="台账外办结")
    contest = evaluation.contests.get()
    take_back(place, user, work_off)
    contest.refresh_from_db(), evaluation.refresh_from_db()
    sheet, line = first(evaluation.assessment.run)
    assert (contest.state, contest.computed, evaluation.contests.count()) == ("open", "90.22%", 1)
    assert (line.outcome.origin, line.score.verdict, line.score.score) == ("none", "nothing", 0)
    assert line.outcome.contest.measured_on == timezone.localdate().isoformat() and sheet.score.grade is None

    def told(text, where):
        assert ONCE in text and "90.22%" in text and "99%" in text and "已撤销或不再有数" in text, where

    told(staff.get(here(place, "selfeval")).content.decode(), "page")
    told(staff.get(reverse("selfeval-form", args=[evaluation.pk])).content.decode(), "form")
    for name in ("table.docx", "table.xlsx", "report.docx"):
        told(words_in(staff.get(reverse("selfeval-file", args=[evaluation.pk, name])).content), name)
    assert comparing.drifted(evaluation) is False  # asked again it is the same
    sign_on(sign_in, evaluation)
    told(public(client, out := published(evaluation, user))[0], "public page")
    told(client.get(reverse("open-data", args=[out.pk, "csv"])).content.decode("utf-8-sig"), "public csv")
    assert bureau.post(reverse("recheck", args=[evaluation.pk])).status_code == 302
    assert "还有 1 项争议未裁定" in step(bureau, evaluation, "selfeval.accept").content.decode()
    # The bureau rules on that reading; then the figure counts, marked, with the reading beside it.
    assert step(bureau, contest, "contest.accept", remark="经核实").status_code == 302
    evaluation.refresh_from_db()
    line = first(evaluation.assessment.run)[1]
    assert (evaluation.state, line.outcome.origin, line.outcome.contest.computed) == (
        "returned",
        "accepted",
        "90.22%",
    )
    told(bureau.get(here(place, "selfeval")).content.decode(), "page of the accepted one")
    # The ledger comes back with another figure: nobody ruled on that one.
    put_back = [f"T{n},举报,2021-03-05,{'2021-06-01' if n < 80 else ''},张三{n}" for n in range(92)]
    path = settings.DATA / "again.csv"
    path.write_text("\n".join([COMPLAINT, *put_back]) + "\n", "utf8")
    import_ledger(evidence.store().root, path, department=place.code, label=place.name, cipher=cipher())
    filling.refill(place, YEAR)
    contest.refresh_from_db(), evaluation.refresh_from_db()
    assert (contest.state, first(evaluation.assessment.run)[1].outcome.origin) == ("replaced", "evidence")


def test_2_whoever_types_after_the_evidence_was_withdrawn_fares_no_better(found, sign_in, user, work_off):
    place = found(project())
    settle(place, user)
    figures.assess_now(place, YEAR)
    take_back(place, user, work_off)
    evaluation = opened(place, user)
    staff, bureau = sign_in("keyuan"), sign_in("caizheng")
    assert first(evaluation.assessment.run)[1].outcome.contest is None
    say(staff, evaluation, 0, actual="99%", reason="台账外办结")
    line = first(evaluation.assessment.run)[1]
    contest = evaluation.contests.get()
    assert (contest.state, contest.computed, line.score.verdict, line.score.score) == (
        "open",
        "90.22%",
        "nothing",
        0,
    )
    # Who evaluates sees what was taken back: when, by whom, which ledger.
    pages = [here(place, "selfeval"), reverse("recheck", args=[evaluation.pk])]
    (batch,) = ledgers.undone(place, YEAR)
    for page in (bureau.get(url).content.decode() for url in pages):
        assert (
            str(user("caiwu")) in page
            and f"批次 {batch.undoes}" in page
            and ledger_of("complaints").title in page
        )
    assert step(bureau, contest, "contest.refuse", remark="台账应当恢复").status_code == 302
    evaluation.refresh_from_db()
    assert first(evaluation.assessment.run)[1].score.score == 0
    # That no measure proves the indicator is the bureau's to say: then there is no reading to speak against.
    sheet, line = first(evaluation.assessment.run)
    sent = {"sheet": sheet.id, "indicator": line.id, "measure": ""}
    assert bureau.post(here(place, "matches"), sent).status_code == 302
    filling.refill(place, YEAR)
    evaluation.refresh_from_db(), contest.refresh_from_db()
    line = first(evaluation.assessment.run)[1]
    assert (contest.state, line.outcome.origin, line.outcome.contest) == ("replaced", "judgement", None)


@pytest.mark.parametrize(
    "path, text",
    [("indicators.0.target", "≥99%"), ("indicators.0.name", "举报案件按时办结率")],
    ids=("target", "name"),
)
def test_2_an_acceptance_is_of_one_promise(found, sign_in, user, adjusted, path, text):
    place = found(project(indicator(CLOSURE, "≥95%", description="举报案件办结数÷举报案件受理数")))
    evaluation, contest = accepted(place, user, sign_in)
    adjusted(place, path, text)
    # Whoever computes now counts the reading, before anybody looked at the contest.
    line = first(figures.assess_now(place, YEAR, END).run)[1]
    assert (line.outcome.origin, line.outcome.contest.accepted) == ("evidence", None)
    filling.refill(place, YEAR)
    contest.refresh_from_db(), evaluation.refresh_from_db()
    again = evaluation.contests.get(state="open")
    assert (contest.state, again.word, again.computed) == ("replaced", contest.word, "90.22%")
    assert text in contest.last_step().remark
    assert step(sign_in("caizheng"), again, "contest.accept", remark="按新指标核实").status_code == 302
    evaluation.refresh_from_db()
    assert first(evaluation.assessment.run)[1].outcome.origin == "accepted"


def test_2_a_typed_value_is_asked_anew_when_its_indicator_counts_something_else(
    found, sign_in, user, adjusted
):
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    staff = sign_in("keyuan")
    judged(staff, evaluation, place)
    adjusted(place, "indicators.2.description", "接受走访的服务对象中表示满意的比例")
    filling.refill(place, YEAR)
    evaluation.refresh_from_db()
    line = evaluation.assessment.run.results[0].indicators[2]
    assert (line.score.verdict, line.score.score) == ("pending", 0) and "须重新填报" in line.outcome.note
    page = staff.get(here(place, "selfeval")).content.decode()
    assert "填报过“95%”" in page and 'value="95%"' not in page
    assert (
        "待评定" in step(staff, evaluation, "selfeval.submit").content.decode()
        and evaluation.state == "draft"
    )
    # A proof of the other thing proves nothing of this one.
    say(staff, evaluation, 2, actual="95%", reason="问卷", proof=False)
    assert "没有证明材料" in evaluation.assessment.run.results[0].indicators[2].outcome.note
    say(staff, evaluation, 2, actual="95%", reason="问卷")
    assert evaluation.assessment.run.results[0].indicators[2].score.verdict == "met"
    # A new target alone leaves what was counted.
    adjusted(place, "indicators.2.target", "≥96%")
    filling.refill(place, YEAR)
    evaluation.refresh_from_db()
    assert evaluation.assessment.run.results[0].indicators[2].score.verdict == "missed"


# -- 3. state governs every number
# ------------------------------------------------------------------------------------


def test_3_a_contest_goes_up_with_reason_and_proof_only(found, sign_in, user):
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    staff = sign_in("keyuan")
    judged(staff, evaluation, place)
    say(staff, evaluation, 0, actual="99%", proof=False)
    answer = step(staff, evaluation, "selfeval.submit").content.decode()
    assert "ZS-WB-11" in answer and "没有写理由" in answer and "没有附证明材料" in answer
    assert evaluation.state == "draft"
    say(staff, evaluation, 0, actual="99%", reason="台账外办结")
    assert step(staff, evaluation, "selfeval.submit").status_code == 302


def test_3_a_missed_target_is_signed_with_its_cause_and_measures_only(found, sign_in, user):
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    staff = sign_in("keyuan")
    judged(staff, evaluation, place)
    say(staff, evaluation, 0, cause="", measures="")
    asked = "未达标，签字前请写明偏差原因和改进措施"
    assert asked in staff.get(here(place, "selfeval")).content.decode()
    answer = step(staff, evaluation, "selfeval.submit").content.decode()
    assert f"没有写明偏差原因和改进措施：{CLOSURE}" in answer and evaluation.state == "draft"
    say(staff, evaluation, 0, cause="其他", measures="逐件督办")
    assert asked not in staff.get(here(place, "selfeval")).content.decode()
    assert step(staff, evaluation, "selfeval.submit").status_code == 302
    # In the official table people's words come first, and what the program worked out is called so.
    assert "其他：逐件督办；得分依据：完成值 90.22%" in words_in(
        official.file_of(evaluation, "绩效自评表.docx")
    )


def test_3_nothing_is_closed_over_an_open_contest_or_without_a_re_check_of_what_was_signed(
    found, sign_in, user, put
):
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    staff, bureau = sign_in("keyuan"), sign_in("caizheng")
    judged(staff, evaluation, place)
    say(staff, evaluation, 0, actual="99%", reason="台账外办结")

    def signed():
        for who, act in (("keyuan", "submit"), ("caiwu", "check"), ("juzhang", "sign")):
            assert step(sign_in(who), evaluation, f"selfeval.{act}").status_code == 302

    signed()
    assert "还没有复核" in bureau.get(here(place, "selfeval")).content.decode()
    answer = step(bureau, evaluation, "selfeval.accept").content.decode()
    assert "还有 1 项争议未裁定" in answer and "还没有复核" in answer and evaluation.state == "signed"
    contest, seen = evaluation.contests.get(), evaluation.seen_digest()
    assert bureau.post(reverse("recheck", args=[evaluation.pk])).status_code == 302
    evaluation.refresh_from_db()
    answer = step(bureau, evaluation, "selfeval.accept", seen=seen)
    page = answer.content.decode()
    assert answer.status_code == 409 and "<td>复核</td>" in page
    assert evaluation.rechecked not in page
    assert "复核于" in bureau.get(here(place, "selfeval")).content.decode()
    assert step(bureau, contest, "contest.accept", remark="经核实").status_code == 302
    evaluation.refresh_from_db()
    assert evaluation.state == "returned"  # the ruling moved the figures
    signed()
    # The re-check was of the former figures.
    answer = step(bureau, evaluation, "selfeval.accept").content.decode()
    assert "复核之后得分有了变化" in answer and evaluation.state == "signed"
    assert "须重新复核" in bureau.get(here(place, "selfeval")).content.decode()
    bureau.post(reverse("recheck", args=[evaluation.pk]))
    # A reading that moves meanwhile opens the contest again: closing waits for it.
    more_closed(put, place)
    assert filling.refill(place, YEAR) == []
    assert "还有 1 项争议未裁定" in step(bureau, evaluation, "selfeval.accept").content.decode()
    contest = evaluation.contests.get(state="open")
    assert step(bureau, contest, "contest.refuse", remark="台账已补").status_code == 302
    evaluation.refresh_from_db()
    assert (evaluation.state, first(evaluation.assessment.run)[1].outcome.origin) == ("returned", "evidence")
    signed()
    bureau.post(reverse("recheck", args=[evaluation.pk]))
    assert step(bureau, evaluation, "selfeval.accept").status_code == 302
    assert 'value="contest.accept"' not in bureau.get(here(place, "selfeval")).content.decode()


def test_3_a_re_check_is_of_the_signed_tables_and_says_what_it_was_of(found, sign_in, user, tmp_path):
    place = found(project(), project(name="另一经费", code="P2"))
    settle(place, user)
    evaluation = opened(place, user)
    staff, bureau = sign_in("keyuan"), sign_in("caizheng")
    for n in (0, 1):
        sheet = evaluation.assessment.run.results[n]
        band = rules_for(place, YEAR).scheme.qualitative[0]
        for code, said in (
            (sheet.indicators[1].id, {"band": band.name, "share": "90"}),
            (sheet.indicators[2].id, {"actual": "95%"}),
        ):
            files = [SimpleUploadedFile("清单.pdf", PROOF)]
            sent = {"sheet": sheet.id, "indicator": code, "reason": "问卷", "files": files, **said}
            assert staff.post(reverse("word", args=[evaluation.pk]), sent).status_code == 302
    evaluation.refresh_from_db()
    explained(staff, evaluation)
    sign_on(sign_in, evaluation)
    url = reverse("recheck", args=[evaluation.pk])
    # The department reports one of its two sheets.
    asked = question.Question(place, YEAR, END, None, words=False)
    card = asked.answer(assessing.Evidence.of(evidence.store())).results[0].card
    write_workbook([(card.sheet.title(), self_evaluation_form(card))], tmp_path / "上报一张.xlsx")
    bureau.post(url, {"file": SimpleUploadedFile("上报一张.xlsx", (tmp_path / "上报一张.xlsx").read_bytes())})
    evaluation.refresh_from_db()
    of_file = [s for s in evaluation.differences if s["of"] == "上报一张.xlsx"]
    assert [d["kind"] for d in of_file[1]["differences"]] == ["absent"] and len(of_file) == 2
    page = bureau.get(url).content.decode()
    assert "系统内签字的自评表" in page and "上报一张.xlsx" in page and "上报材料没有这张表" in page
    # Without a file it is of the signed tables alone, whatever was brought before.
    bureau.post(url)
    evaluation.refresh_from_db()
    assert {s["of"] for s in evaluation.differences} == {""} and evaluation.rechecked_of is None
    assert [d for s in evaluation.differences for d in s["differences"] if d["kind"] != "total"] == []
    bureau.post(url, {"again": "1"})
    evaluation.refresh_from_db()
    assert evaluation.rechecked_of.name == "上报一张.xlsx" and evaluation.rechecked_as_it_is


def test_3_open_records_follow_the_ledgers_and_a_submitted_one_says_its_drift(
    found, sign_in, user, put, work_off
):
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    point = filling.open_checkpoint(calendar.calendar_of(place, YEAR, "monitoring")[2], place, user("caiwu"))
    staff = sign_in("keyuan")
    judged(staff, evaluation, place)
    changed = "台账、口径、规则或单位名称已有变化，数据将重新计算"
    pages = [here(place, "selfeval"), reverse("checkpoint", args=[point.pk])]
    assert not any(changed in staff.get(url).content.decode() for url in pages)
    more_closed(put, place)
    assert all(changed in staff.get(url).content.decode() for url in pages)
    jobs.assess_soon(place, user("keyuan"))
    (job,) = work_off()
    assert (job.state, job.result["unfilled"]) == ("done", [])
    for record in (evaluation, point):
        record.refresh_from_db()
        assert first(record.assessment.run)[1].outcome.text == "91%"
    assert not any(changed in staff.get(url).content.decode() for url in pages)
    # From the filler's signature on it is what was signed, and says how that differs from what it comes to
    # now.
    assert step(staff, evaluation, "selfeval.submit").status_code == 302
    put(place, "latest", COMPLAINT, *(f"T{950 + n},举报,2021-04-05,,赵六{n}" for n in range(30)))
    page = staff.get(pages[0]).content.decode()
    assert changed not in page and "91% → 70%" in page


@pytest.mark.parametrize("kind", ["selfeval", "monitoring"])
def test_3_a_refused_old_page_shows_the_figures_and_words_that_changed(found, sign_in, user, put, kind):
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    point = filling.open_checkpoint(calendar.calendar_of(place, YEAR, "monitoring")[2], place, user("caiwu"))
    record = evaluation if kind == "selfeval" else point
    staff = sign_in("keyuan")
    judged(staff, evaluation, place)
    record.refresh_from_db()
    ids, seen = [record.assessment_id], record.seen_digest()
    more_closed(put, place)
    sheet, line = first(record.assessment.run)
    said = {"sheet": sheet.id, "indicator": line.id, "cause": "其他", "measures": "加派人手"}
    url = reverse("word" if kind == "selfeval" else "checkpoint", args=[record.pk])
    assert staff.post(url, said).status_code == 302
    record.refresh_from_db()
    ids.append(record.assessment_id)
    answer = step(staff, record, f"{kind}.submit", seen=seen)
    page = answer.content.decode().split("办成", 1)[-1]
    assert answer.status_code == 409
    for words in (
        f"{CLOSURE}</td>",
        "90.22%",
        "91%",
        f"{CLOSURE} · 改进措施",
        "加派人手",
        str(user("keyuan")),
    ):
        assert words in page, words
    assert not any(f"<td>{one}</td>" in page for one in ids) and "按台账重新计算" not in page


def test_3_nothing_opens_before_its_time(found, sign_in, user, monkeypatch):
    place = found(project())
    finance = sign_in("caiwu")
    monkeypatch.setattr(timezone, "localdate", lambda: date(2021, 6, 1))
    answer = finance.post(here(place, "selfeval"))
    assert answer.status_code == 400 and "2022-01-10 起填报" in answer.content.decode()
    assert "开启自评</button>" not in finance.get(here(place, "selfeval")).content.decode()
    half = next(e for e in calendar.calendar_of(place, YEAR, "monitoring") if e.name == "上半年")
    answer = finance.post(here(place, "monitoring"), {"entry": half.pk})
    assert answer.status_code == 400 and "2021-07-01 起填报" in answer.content.decode()
    # Begun by the calendar, but of a day that has not come.
    half.opens_on = date(2021, 5, 1)
    half.save()
    assert "这一天还没有到" in finance.post(here(place, "monitoring"), {"entry": half.pk}).content.decode()
    assert not Checkpoint.objects.filter(department=place).exists()
    assert not SelfEvaluation.objects.filter(department=place).exists()
    # Figures of a later date, kept from before, are not the year's newest.
    Assessment.objects.create(department=place, year=YEAR, as_of=date(2021, 12, 31), key="x", result={})
    mine = figures.assess_now(place, YEAR)
    assert (records.newest_assessment(place, YEAR).pk, mine.as_of) == (mine.pk, date(2021, 6, 1))


def test_3_an_excess_is_claimed_with_a_reason(found, sign_in, user):
    place = found(project())
    evaluation = opened(place, user)
    answer = say(sign_in("keyuan"), evaluation, 0, over_accepted="on").content.decode()
    assert "认可超额，没有写理由" in answer and "定性" not in answer.split("ZS-", 1)[1][:200]
    # What forms say is joined into one sentence.
    told = sign_in("keyuan").post(reverse("word", args=[evaluation.pk]), {}).content.decode()
    assert "必填项" in told and "。。" not in told


def test_3_open_points_are_no_nought_on_pages_and_in_public(found, sign_in, user, client):
    place = found(project())
    settle(place, user)
    evaluation, staff = opened(place, user), sign_in("keyuan")
    band = rules_for(place, YEAR).scheme.qualitative[0]
    say(staff, evaluation, 1, band=band.name, share="90", reason="问卷与走访")
    sheet = evaluation.assessment.run.results[0]
    assert [i.score.verdict for i in sheet.indicators] == ["missed", "judged", "nothing"]
    page = flat(staff.get(here(place, "selfeval")))
    assert "不得分" not in page and "得 0.00" not in page
    assert re.search(r"满意度 ?已得 ?<strong>0\.00</strong>，待定 10\.00", page)
    explained(staff, evaluation)
    sign_on(sign_in, evaluation)
    public = acts.ask("self", evaluation, user("caiwu"))
    acts.decide(public, user("juzhang"), "publish.approve")
    assert [i["score"] is None for i in public.data["scores"][0]["indicators"]] == [False, False, True]
    answer = client.get(reverse("open-data", args=[public.pk, "csv"])).content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(answer)))
    assert (rows[2]["得分"], rows[2]["完成值来源"], rows[1]["完成值来源"]) == ("", "无证据", "定性评定")
    told = client.get(reverse("public-one", args=[public.pk])).content.decode()
    assert "待定" in told and "0.00 / 10.00" not in told


def test_3_a_draft_beside_approved_sheets_changes_nothing(found, sign_in, user, work_off, tmp_path):
    place = found(project())
    figures.assess_now(place, YEAR)
    point = filling.open_checkpoint(calendar.calendar_of(place, YEAR, "monitoring")[0], place, user("caiwu"))
    evaluation = opened(place, user)
    version = lookup.in_force(lookup.sheets_of(place, YEAR)[0])
    published = acts.ask("targets", version, user("caiwu"))
    acts.decide(published, user("juzhang"), "publish.approve")

    def all_of_it():
        filling.fill_checkpoint(point), filling.fill_self_evaluation(evaluation)
        row = {
            k: v for k, v in row_of(place).items() if k not in ("sheets", "findings", "drafts", "unreviewed")
        }
        shown = public_pages.shown(Publication.objects.get(pk=published.pk))
        forms = [official.forms_of(r, n) for r, n in ((point, "绩效运行监控表"), (evaluation, "绩效自评表"))]
        lights = sorted(
            IndicatorLight.objects.filter(department=place).values_list("indicator_code", "light", "score")
        )
        return (
            figures.assess_now(place, YEAR).key,
            point.assessment_id,
            evaluation.assessment_id,
            row,
            forms,
            str(shown["data"]),
            lights,
        )

    before = all_of_it()
    draft = project(indicator("到场人次", "≥1次"), name="未批复的大项目", code="P9", total=9_000_000)
    path = tmp_path / "草稿.xlsx"
    write_workbook([("绩效目标表", target_form(draft))], path)
    file = SimpleUploadedFile("草稿.xlsx", path.read_bytes())
    assert sign_in("keyuan").post(here(place, "targets"), {"how": "upload", "file": file}).status_code == 302
    assert Sheet.objects.filter(department=place, year=YEAR).count() == 2
    drafts.adjust(version, user("keyuan"), "未批复的调整")
    assert all_of_it() == before


def test_3_drafts_only_are_not_ranked_as_nought(found, user):
    place = found()
    documents.add_version(project(), place, user("keyuan"), "upload")
    row = row_of(place)
    assert (row["standing"], row["total"], row["grade"]) == ("unapproved", None, "")
    with pytest.raises(ZhunshengError, match="ZS-WB-06"):
        figures.assess_now(place, YEAR)


def test_3_a_trial_touches_nothing(found, sign_in, user):
    place = found(project())
    figures.assess_now(place, YEAR)
    draft = drafts.adjust(lookup.in_force(lookup.sheets_of(place, YEAR)[0]), user("keyuan"), "试一试")
    drafts.set_field(draft, "indicators.0.target", "≥10%", "≥95%")
    client = sign_in("keyuan")

    def rows():
        counts = {m._meta.label: m._base_manager.count() for m in apps.get_models(include_auto_created=True)}
        kept = list(Assessment.objects.order_by("pk").values_list("pk", "key", "assessed_at"))
        return counts, kept

    def files():
        return {p: (p.stat().st_mtime_ns, p.stat().st_size) for p in settings.DATA.rglob("*") if p.is_file()}

    before, on_disk = rows(), files()
    page = client.get(reverse("trial", args=[draft.pk])).content.decode()
    assert "试算" in page and "90.22%" in page and "≥10%" in page
    assert rows() == before and files() == on_disk


def test_3_an_adjustment_holds_from_the_day_of_its_approval(found, adjusted, monkeypatch):
    place = found(project())
    with monkeypatch.context() as clock:
        clock.setattr(timezone, "localdate", lambda *a: date(2021, 8, 15))
        new = adjusted(place, "indicators.0.target", "≥10%")
    assert new.in_force_from == date(2021, 8, 15)
    on = {
        d: first(figures.assess_now(place, YEAR, date.fromisoformat(d)).run)[1]
        for d in ("2021-08-14", "2021-08-15", "2022-02-28")
    }
    assert [line.target for line in on.values()] == ["≥95%", "≥10%", "≥10%"]
    # The figures of the earlier day stay so, whenever they are asked for.
    assert first(figures.assess_now(place, YEAR, date(2021, 8, 14)).run)[1].target == "≥95%"


def test_3_unknown_is_not_zero(found, sign_in, user):
    place = found(project(), money=False)
    known = found(project(), name="乙局")
    for one in (place, known):
        figures.assess_now(one, YEAR)
    sheet, _ = first(records.newest_assessment(place, YEAR).run)
    assert sheet.money.paid is None and sheet.score.execution.open > 0 and sheet.score.grade is None
    row = row_of(place)
    assert (row["standing"], row["grade"], row["execution"]) == ("open", "", None) and row["most"] > row[
        "total"
    ]
    standings = [r["standing"] for r in ranking.ranking(place.parent, YEAR)]
    assert standings == sorted(standings, key=ranking.STANDINGS.index), "the graded stand apart"
    page = sign_in("keyuan").get(here(place, "overview")).content.decode()
    assert "待定" in page and "不评等级" in page


def test_3_going_back_to_an_earlier_state_shows_its_figures(found, adjusted, sign_in):
    place = found(project())
    seen = []
    for target in (None, "≥10%", "≥95%"):
        if target:
            adjusted(place, "indicators.0.target", target)
        figures.assess_now(place, YEAR)
        newest = records.newest_assessment(place, YEAR)
        sheet, line = first(newest.run)
        page = sign_in("keyuan").get(here(place, "overview")).content.decode()
        assert line.target in page
        seen.append((line.target, line.score.score, sheet.score.total, row_of(place)["total"]))
    assert seen[0] == seen[2] != seen[1]


def test_3_going_back_to_an_earlier_state_of_the_ledgers_shows_its_figures(found, put):
    place = found(project())
    one = figures.assess_now(place, YEAR).total
    batch = put(place, "more", COMPLAINT, *(f"X{n},举报,2021-03-05,,王五" for n in range(200)))
    two = figures.assess_now(place, YEAR).total
    evidence.store().undo(batch.batch, who="caiwu")
    figures.assess_now(place, YEAR)
    assert records.newest_assessment(place, YEAR).total == one != two


def test_3_words_of_march_do_not_explain_october(found, user, sign_in):
    place = found(project())
    entries = {e.name: e for e in calendar.calendar_of(place, YEAR, "monitoring")}
    march, october = (
        filling.open_checkpoint(entries[n], place, user("caiwu")) for n in ("一季度", "前十个月")
    )
    client = sign_in("keyuan")
    assert records.unexplained(october)
    for point in (march,):
        for sheet, indicator_ in [(s.id, i.id) for s in point.assessment.run.results for i in s.indicators]:
            said = {"sheet": sheet, "indicator": indicator_, "cause": "其他", "measures": "下季度补齐"}
            assert client.post(reverse("checkpoint", args=[point.pk]), said).status_code == 302
    filling.fill_checkpoint(october)
    assert records.unexplained(october)
    assert "下季度补齐" not in json.dumps(october.assessment.result, ensure_ascii=False)
    answer = step(client, october, "monitoring.submit").content.decode()
    assert "没有写明原因和措施" in answer and october.state == "open"
    evaluation = opened(place, user)
    assert not any(i.monitoring.measures for s in evaluation.assessment.run.results for i in s.indicators)


def test_3_no_problem_found_needs_every_rule_to_have_run(found, user, sign_in):
    place = found()
    version = documents.add_version(project(), place, user("keyuan"), "upload")
    page = sign_in("keyuan").get(reverse("version", args=[version.pk])).content.decode()
    assert "没有发现问题" not in page


def test_3_a_signed_or_published_figure_that_drifted_from_the_ledger_says_so(
    found, sign_in, user, put, client
):
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    staff = sign_in("keyuan")
    judged(staff, evaluation, place)
    sign_on(sign_in, evaluation)
    published = acts.ask("self", evaluation, user("caiwu"))
    acts.decide(published, user("juzhang"), "publish.approve")
    public = json.dumps(published.data, ensure_ascii=False)
    assert comparing.drift(evaluation) == drift.drifted_from(published) == []
    put(place, "late", COMPLAINT, *(f"X{n},举报,2021-03-05,,王五" for n in range(92)))
    told = next(d for d in comparing.drift(evaluation) if d["what"] == CLOSURE)
    assert (told["then"], told["now"]) == ("90.22%", "45.11%")
    for address in (here(place, "selfeval"), reverse("publication", args=[published.pk])):
        page = staff.get(address).content.decode()
        assert "45.11%" in page and "90.22%" in page and "重算会不同" in page
    # The public page says it too, from when the figures of the department were computed anew.
    address = reverse("public-one", args=[published.pk])
    assert "重算" not in client.get(address).content.decode()
    drift.check_published(place, YEAR)
    published.refresh_from_db()
    page = client.get(address).content.decode()
    assert (
        "90.22% → 45.11%" in page
        and f"{timezone.localtime(published.checked_at):%Y-%m-%d %H:%M} 重算" in page
    )
    data = client.get(reverse("open-data-json", args=[published.pk])).json()
    assert data["drift"] == published.drift and data["checked_at"]
    # What was signed and published has not moved.
    assert json.dumps(published.data, ensure_ascii=False) == public
    assert first(SelfEvaluation.objects.get(pk=evaluation.pk).assessment.run)[1].outcome.text == "90.22%"


@pytest.fixture
def signed(found, sign_in, user):
    """A department whose self-evaluation was judged, checked and signed; the evaluation."""
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    judged(sign_in("keyuan"), evaluation, place)
    sign_on(sign_in, evaluation)
    return evaluation


def sign_on(sign_in, evaluation):
    for who, act in (("keyuan", "submit"), ("caiwu", "check"), ("juzhang", "sign")):
        assert step(sign_in(who), evaluation, f"selfeval.{act}").status_code == 302


def published(subject, user, kind="self"):
    made = acts.ask(kind, subject, user("caiwu"))
    acts.decide(made, user("juzhang"), "publish.approve")
    return made


def public(client, publication):
    """The public page and the open data."""
    page = client.get(reverse("public-one", args=[publication.pk])).content.decode()
    return page, client.get(reverse("open-data-json", args=[publication.pk])).json()


def test_3_drift_between_signing_and_publication_is_said_from_the_first_moment(signed, put, client, user):
    put(signed.department, "late", COMPLAINT, *(f"X{n},举报,2021-03-05,,王五" for n in range(92)))
    for _time in range(2):
        page, data = public(client, published(signed, user))
        assert "90.22% → 45.11%" in page and "所依据的数据、目标、填报或规则有变化" in page
        told = {d["what"]: (d["then"], d["now"]) for d in data["drift"]}
        assert told[CLOSURE] == ("90.22%", "45.11%") and f"{CLOSURE}（得分 / 分值）" in told


def test_3_a_self_evaluation_returned_is_not_published_and_shows_no_figure_of_its_draft(
    signed, sign_in, client, user
):
    out, waiting = published(signed, user), acts.ask("self", signed, user("caiwu"))
    page, data = public(client, out)
    assert "未经财政局复核" in page and data["notes"] == ["未经财政局复核"] and "退回" not in page
    assert step(sign_in("caizheng"), signed, "selfeval.return", remark="补材料").status_code == 302
    waiting.refresh_from_db()
    assert (waiting.state, waiting.last_step().action) == ("withdrawn", "publish.overtake")
    line = f"该自评已于 {timezone.localdate()} 退回，正在重新填报"
    before = data["data"]
    say(sign_in("keyuan"), signed, 2, actual="71.5%", reason="重新问卷")
    drift.check_published(signed.department, YEAR)
    page, data = public(client, out)
    assert (
        line in page
        and line in data["notes"]
        and "71.5%" not in page + json.dumps(data)
        and not data["drift"]
    )
    with pytest.raises(errors.ZhunshengError, match="ZS-WB-01"):
        acts.ask("self", signed, user("caiwu"))
    # Signed anew it says what differs from what was public before.
    explained(sign_in("keyuan"), signed)
    sign_on(sign_in, signed)
    page, data = public(client, out)
    assert (
        "现已重新签字" in page and "正在重新填报" not in page and data["data"]["scores"] == before["scores"]
    )
    assert any(d["now"] == "71.5%" for d in data["drift"])
    assert sign_in("caizheng").post(reverse("recheck", args=[signed.pk])).status_code == 302
    signed.refresh_from_db()
    assert step(sign_in("caizheng"), signed, "selfeval.accept").status_code == 302
    assert "未经财政局复核" not in public(client, published(signed, user))[0]


def test_3_a_request_made_before_a_return_is_not_approved_after_it(signed, sign_in, user):
    asked = acts.ask("self", signed, user("caiwu"))
    post_save.disconnect(dispatch_uid="publications follow their self-evaluation", sender=Step)
    try:
        step(sign_in("caizheng"), signed, "selfeval.return", remark="补材料")
    finally:
        post_save.connect(acts._follow, sender=Step, dispatch_uid="publications follow their self-evaluation")
    for _again in range(2):
        with pytest.raises(errors.ZhunshengError, match="ZS-WB-01"):
            acts.decide(asked, user("juzhang"), "publish.approve")
        if signed.state == "returned":
            sign_on(sign_in, signed)
    asked.refresh_from_db()
    assert asked.state == "withdrawn"


def test_3_published_targets_say_that_another_version_has_come_into_force(found, adjusted, client, user):
    place = found(project())
    version = lookup.in_force(lookup.sheets_of(place, YEAR)[0])
    out, waiting = published(version, user, "targets"), acts.ask("targets", version, user("caiwu"))
    assert public(client, out)[1]["notes"] == []
    new = adjusted(place, "indicators.0.target", "≥93%")
    page, data = public(client, out)
    told = f"目标已调整，第 2 版于 {timezone.localdate()} 批复，追溯自 {new.in_force_from} 起执行"
    assert told in page and "≥95% → ≥93%" in page.replace("&gt;", ">")
    assert any((c["then"], c["now"]) == ("≥95%", "≥93%") for c in data["changes"])
    # The version that holds no more is neither asked for nor approved, and the one that holds takes its
    # place.
    with pytest.raises(errors.ZhunshengError, match="第2版"):
        acts.ask("targets", version, user("caiwu"))
    with pytest.raises(errors.ZhunshengError, match="ZS-WB-01"):
        acts.decide(waiting, user("juzhang"), "publish.approve")
    newest = published(new, user, "targets")
    out.refresh_from_db()
    assert out.state == "withdrawn" and public(client, newest)[1]["notes"] == []


def test_3_an_overtaken_address_leads_to_the_newer_one_which_lists_the_earlier(signed, client, user):
    old = published(signed, user)
    new = published(signed, user)
    for name, more in (
        ("public-one", []),
        ("open-data-json", []),
        ("open-data", ["csv"]),
        ("public-file", ["绩效自评表.xlsx"]),
    ):
        answer = client.get(reverse(name, args=[old.pk, *more]))
        assert (answer.status_code, answer["Location"]) == (302, reverse(name, args=[new.pk, *more]))
    page, data = public(client, new)
    old.refresh_from_db()
    assert f"{timezone.localtime(old.published_at):%Y-%m-%d %H:%M}" in page.split("此前的公开")[1]
    assert data["earlier"][0]["totals"] == [{"sheet": "治理经费", "total": old.data["scores"][0]["total"]}]
    # What a person withdrew stays gone, and so does what came before it.
    acts.decide(new, user("juzhang"), "publish.withdraw", "有误")
    assert [client.get(reverse("public-one", args=[p.pk])).status_code for p in (old, new)] == [404, 404]
    asked = acts.ask("self", signed, user("caiwu"))
    again = published(signed, user)
    assert client.get(reverse("public-one", args=[asked.pk])).status_code == 404
    page, data = public(client, again)
    assert len(data["earlier"]) == 1 and client.get(reverse("public-one", args=[old.pk])).status_code == 302


def test_3_a_published_self_evaluation_says_that_its_targets_were_adjusted(signed, adjusted, client, user):
    out = published(signed, user)
    adjusted(signed.department, "indicators.0.target", "≥90%")
    drift.check_published(signed.department, YEAR)
    page, data = public(client, out)
    assert {"what": f"{CLOSURE}（目标）", "then": "≥95%", "now": "≥90%"}.items() <= next(
        d for d in data["drift"] if "目标" in d["what"]
    ).items()
    assert f"{CLOSURE}（目标）" in page


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
    jobs.Job.objects.filter(pk=one.pk).update(state="running")
    two = jobs.assess_all_soon(district, YEAR, user("caizheng"))
    jobs.Job.objects.filter(pk__in=[one.pk, two.pk]).update(state="done")
    three = jobs.assess_all_soon(district, YEAR, user("caizheng"))
    assert len({one.pk, two.pk, three.pk}) == 3 and three.state == "queued"


def test_5_a_changed_scheme_is_followed_by_all_departments_below(
    found, sign_in, user, work_off, admin_scheme
):
    place = found(project())
    jobs.assess_soon(place, user("keyuan"))
    work_off()
    national = records.newest_assessment(place, YEAR)
    assert not row_of(place)["overtaken"]
    admin_scheme(place.parent)
    assert row_of(place)["overtaken"]
    page = sign_in("caizheng").get(reverse("portfolio") + f"?year={YEAR}&q=甲局").content.decode()
    assert "依据已变化，待重新测算" in page
    assert {(j.kind, j.department_id) for j in work_off()} == {("assess-all", place.parent_id)}
    assert records.newest_assessment(place, YEAR).run.scheme.id != national.run.scheme.id
    assert not row_of(place)["overtaken"]
    scheme = LocalScheme.objects.get(organisation=place.parent)
    assert sign_in("guanli").post(reverse("rules"), {"id": scheme.pk}).status_code == 302
    assert row_of(place)["overtaken"] and work_off()
    assert records.newest_assessment(place, YEAR).pk == national.pk and not row_of(place)["overtaken"]


def test_3_a_place_in_the_ranking_is_the_same_whatever_is_filtered(found, sign_in, user):
    easy = [indicator("活动次数", "≥1次", "产出指标", "数量指标")]
    for n, name in enumerate(("甲局", "乙局", "丙局")):
        place = found(project(*easy), name=name)
        figures.assess_now(place, YEAR)
        total = Decimal(80 if n == 2 else 90)
        Assessment.objects.filter(department=place).update(total=total, most=total, grade="良")
    district = place.parent
    ranked = [(r["place"], r["total"]) for r in ranking.ranking(district, YEAR) if r["standing"] == "graded"]
    places = {r["department"].name: r["place"] for r in ranking.ranking(district, YEAR)}
    assert places["甲局"] == places["乙局"] and places["丙局"] == 1 + sum(t > 80 for _p, t in ranked)
    assert all(p is None or p == 1 + sum(other > t for _q, other in ranked) for p, t in ranked)
    for asked in ("q=丙局", "q=丙局&order=red", "q=丙局&order=execution"):
        page = sign_in("caizheng").get(f"{reverse('portfolio')}?year={YEAR}&{asked}").content.decode()
        cells = re.findall(r'<tr>\s*<td class="num">(\d*)</td>', page.split("部门排名")[1])
        assert cells == [str(places["丙局"])], asked


def test_3_what_was_typed_for_a_self_evaluation_nobody_signed_is_marked_in_the_ranking(found, sign_in, user):
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    assert not row_of(place)["unsigned"]
    judged(sign_in("keyuan"), evaluation, place)
    assert row_of(place)["unsigned"]
    address = reverse("portfolio") + f"?year={YEAR}&q=甲局"
    assert "自评未签字" in sign_in("caizheng").get(address).content.decode()
    book = openpyxl.load_workbook(io.BytesIO(ranking_file.ranking_file(place.parent, YEAR)[0])).active
    assert any("自评未签字" in str(r[9]) for r in book.iter_rows(values_only=True) if r[1] == "甲局")
    sign_on(sign_in, evaluation)
    assert (
        not row_of(place)["unsigned"]
        and "自评未签字" not in sign_in("caizheng").get(address).content.decode()
    )


def test_3_drafts_show_no_lights_and_their_findings_are_called_drafts(found, sign_in, user):
    place = found()
    version = documents.add_version(project(total=0), place, user("keyuan"), "upload")
    lookup.refresh_findings(place, YEAR)
    row = row_of(place)
    assert row["drafts"] == sum(row["findings"].values()) == version.findings.count() > 0
    page = sign_in("caizheng").get(reverse("portfolio") + f"?year={YEAR}&q=甲局").content.decode()
    line = page.split("部门排名")[1].split("<tbody>")[1].split("</tbody>")[0]
    assert line.count('<td class="num muted">—</td>') == 5 and "草稿" in line
    assert (
        "草稿"
        in sign_in("caizheng").get(reverse("portfolio-findings") + f"?year={YEAR}&q=甲局").content.decode()
    )
    assert (
        "草稿"
        in sign_in("keyuan").get(here(place, "overview")).content.decode().split("目标审核发现")[1][:600]
    )


def test_3_payments_nobody_knows_are_drawn_as_no_line(found):
    plan = (
        {"on": date(YEAR, 6, 30), "share": Decimal("0.5")},
        {"on": date(YEAR, 12, 31), "share": Decimal(1)},
    )
    for money in (True, False):
        place = found(project().model_copy(update={"plan": plan}), name=f"{money}局", money=money)
        sheet = figures.assess_now(place, YEAR).run.results[0]
        chart = _chart(sheet.model_copy(update={"plan": ((date(YEAR, 6, 30), Decimal("0.5")),)}), YEAR, END)
        assert bool(chart["paid"]) == money and len(chart["labels"]) == 1 + money


def test_1_the_bar_names_the_district_and_the_year_of_its_page(found, sign_in):
    place = found(project())
    client = sign_in("caizheng")
    client.get(here(place, "overview"))
    bar = (
        client.get(reverse("portfolio") + "?year=2020")
        .content.decode()
        .split("place-bar")[1]
        .split("</form>")[0]
    )
    assert place.parent.name in bar and "2020 年度" in bar and "甲局" not in bar
    bar = sign_in("shenji").get(reverse("audit")).content.decode().split("place-bar")[1].split("</form>")[0]
    assert "局" not in bar.split("</strong>")[0]


def test_1_a_department_moved_since_keeps_the_district_of_the_year(
    found, district, sign_in, user, client, admin_scheme
):
    place = found(project())
    version = lookup.in_force(lookup.sheets_of(place, YEAR)[0])
    out = published(version, user, "targets")
    documents.add_version(project(name="另一个项目", code="P2", total=0), place, user("keyuan"), "upload")
    lookup.refresh_findings(place, YEAR)
    other = office.found("新区", "district", district.parent)
    admin_scheme(district, "旧区")
    before = rules_for(place, YEAR).digest()
    office.move(place, other, timezone.localdate())
    office.rename(place, "新名局", timezone.localdate())
    admin_scheme(other, "新区")
    place.refresh_from_db()
    assert rules_for(place, YEAR).digest() == before
    assert rules_for(place, timezone.localdate().year).scheme != rules_for(place, YEAR).scheme
    assert place in [r["department"] for r in ranking.ranking(district, YEAR)]
    assert place not in [r["department"] for r in ranking.ranking(other, YEAR)]
    today = timezone.localdate().year
    assert Organisation.objects.filter(office.below(other, today), pk=place.pk).exists()
    assert not Organisation.objects.filter(office.below(district, today), pk=place.pk).exists()
    assert client.get(reverse("open-data-json", args=[out.pk])).json()["department"] == "甲局"
    page = sign_in("caizheng").get(reverse("portfolio-findings") + f"?year={YEAR}&q=甲局").content.decode()
    assert f"<td>甲局（{district.name}）</td>" in page and "新名局" not in page


def test_3_a_key_evaluation_shows_the_signed_self_evaluation_and_says_which(signed, sign_in, user, put):
    place = signed.department
    sheet = lookup.sheets_of(place, YEAR)[0]
    key = KeyEvaluation.objects.create(
        sheet=sheet, department=place, year=YEAR, framework="x", method="比较法"
    )
    put(place, "late", COMPLAINT, *(f"X{n},举报,2021-03-05,,王五" for n in range(92)))
    computed = figures.assess_now(place, YEAR, END).run.sheet(sheet.code)
    own = signed.assessment.run.sheet(sheet.code)
    found, words = keyeval.result_of(key)
    assert found == own != computed and words == "自评得分（已签字，未复核）"
    sign_in("caizheng").post(reverse("recheck", args=[signed.pk]))
    signed.refresh_from_db()
    advance(user("caizheng"), signed, "selfeval.accept")
    assert keyeval.result_of(key) == (own, "自评得分（复核通过）")
    other = found_draft(key, place)
    assert other[0] is not None and other[1] == "系统测算（自评未签字）"


def found_draft(key, place):
    """What is shown while nobody signed."""
    with stepping():
        changed = SelfEvaluation.objects.get(department=place)
        changed.state = "returned"
        changed.save()
    return keyeval.result_of(key)


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


def test_3_what_nobody_looked_at_is_neither_nought_nor_none(district, sign_in, user):
    empty = office.found("空区", "district", district.parent)
    place = office.found("新设局", "department", empty)
    for who, role in (("caizheng", "bureau"), ("shenji", "auditor")):
        for held in Membership.objects.filter(user=user(who), active=True):
            held.active = False
            held.save()
        Membership.objects.create(user=user(who), organisation=empty, role=role)
    page = sign_in("caizheng").get(reverse("portfolio") + f"?year={YEAR}").content.decode()
    assert "新设局" in page and "未报送目标" in page and "其中 1 个未报送目标" in page
    for wrong in ("没有发现。", "没有逾期。", "0<small> 个", "0<small> 项"):
        assert wrong not in page, wrong
    assert "没有设置日历" in page and "还没有目标表" in page
    assert row_of(place)["standing"] == "unfiled" and row_of(place)["place"] is None
    rows = list(openpyxl.load_workbook(io.BytesIO(ranking_file.ranking_file(empty, YEAR)[0])).active.values)
    assert (
        (rows[1][1], rows[1][19]) == ("新设局", "空区")
        and "未报送目标" in rows[1]
        and rows[1][15:19] == (None, None, None, "—")
    )
    found = sign_in("caizheng").get(reverse("portfolio-findings") + f"?year={YEAR}").content.decode()
    assert "还没有审核过目标表" in found and "没有发现。" not in found
    place.active = False
    place.save()
    # An auditor is not told to upload.
    audited = sign_in("shenji").get(reverse("portfolio") + "?year=2030").content.decode()
    assert "上传各部门目标文件" not in audited


def test_3_points_nobody_agreed_on_are_no_nought(sign_in, user):
    evaluation = KeyEvaluation.objects.filter(state="scoring")[0]
    page = sign_in("caizheng").get(reverse("keyevaluation", args=[evaluation.pk])).content.decode()
    figures_of_page = page.split('<div class="figures">')[1].split("<p ")[0]
    assert figures_of_page.count("—") >= 5 and ">0<" not in figures_of_page


def test_3_any_void_version_is_restored_while_none_stands_in_its_place(found, sign_in, user):
    place, staff = found(project()), sign_in("keyuan")
    one = documents.add_version(project(code="P9", name="市场秩序经费"), place, user("keyuan"), "upload")
    wrong = project(code="P9", name="消费维权经费")
    two = documents.add_version(wrong, place, user("keyuan"), "upload")
    assert two.sheet == one.sheet and two.number == 2
    assert (
        documents.joined_words(two)
        == "“消费维权经费”按项目编码记为“市场秩序经费”的第 2 版；如编码写错，请作废后改正。"
    )
    assert documents.joined_words(one) == ""
    for version in (two, one):
        assert step(staff, version, "targets.void", remark="传错").status_code == 302
    for version in (one, two):
        page = staff.get(reverse("version", args=[version.pk])).content.decode()
        assert 'value="targets.restore"' in page and "已有更新的" not in page, version
    assert step(staff, one, "targets.restore").status_code == 302
    assert (one.state, one.sheet.retired, one.sheet.latest) == ("draft", False, one)
    assert Sheet.objects.get(pk=one.sheet_id).name == "市场秩序经费"
    # While a later one stands, an earlier one stays where it is.
    assert step(staff, two, "targets.restore").status_code == 302
    assert step(staff, one, "targets.void", remark="传错").status_code == 302
    page = staff.get(reverse("version", args=[one.pk])).content.decode()
    assert 'value="targets.restore"' not in page and "已有更新的第 2 版" in page


def test_3_an_upload_that_joins_a_sheet_of_another_name_says_so(found, sign_in, user, tmp_path):
    place = found(project())
    documents.add_version(project(code="P9", name="市场秩序经费"), place, user("keyuan"), "upload")
    write_workbook([("表", target_form(project(code="P9", name="消费维权经费")))], tmp_path / "a.xlsx")
    sent = {"how": "upload", "file": SimpleUploadedFile("a.xlsx", (tmp_path / "a.xlsx").read_bytes())}
    page = sign_in("keyuan").post(here(place, "targets"), sent, follow=True).content.decode()
    assert "“消费维权经费”按项目编码记为“市场秩序经费”的第 2 版" in page


def test_3_an_acceptance_is_recalled_with_a_reason_and_the_public_page_says_so(found, sign_in, user, client):
    evaluation = brought_up(found(project()), user, sign_in)
    public, bureau = made_public(evaluation, user), sign_in("caizheng")
    rechecking.recheck(evaluation)
    assert step(bureau, evaluation, "selfeval.accept").status_code == 302
    for who in ("keyuan", "caiwu", "juzhang"):
        assert step(sign_in(who), evaluation, "selfeval.recall", remark="有误").status_code == 403
    assert "ZS-WB-02" in step(bureau, evaluation, "selfeval.recall").content.decode()
    assert step(bureau, evaluation, "selfeval.recall", remark="复核依据有误").status_code == 302
    assert evaluation.state == "returned" and evaluation.last_step().remark == "复核依据有误"
    page = client.get(reverse("public-one", args=[public.pk])).content.decode()
    assert "退回，正在重新填报" in page and "未经财政局复核" in page
    assert step(sign_in("keyuan"), evaluation, "selfeval.submit").status_code == 302


def test_3_how_an_audit_finding_ended_is_closed_by_somebody_else(department, sign_in, user):
    record = SafeguardRecord.objects.get(department=department, register="audits")
    clerk, url = sign_in("caiwu"), reverse("record", args=[record.pk])
    sent = {**record.data, "owner": "办公室二"}
    clerk.post(url, sent)
    assert record.steps()[-1].action == "safeguards.edit"
    proof = SimpleUploadedFile("整改.pdf", PROOF)
    clerk.post(url, {**sent, "mended_on": "2022-03-01", "result": "已整改", "file": proof})
    page = clerk.get(url).content.decode()
    assert "由部门的另一人办结" in page and 'value="safeguards.close"' not in page
    assert "修改" in page and "填写办结情况" in page
    assert step(clerk, record, "safeguards.close").status_code == 403
    # Whoever only changed other fields may.
    assert step(sign_in("keyuan"), record, "safeguards.close").status_code == 302
    # One who enters a finding that is already dealt with wrote how it ended, too.
    given = {"source": "审计", "finding": "账实不符", "owner": "办公室", "due_on": "2022-05-01"}
    done = {"mended_on": "2022-03-01", "result": "已整改"}
    clerk.post(
        here(department, "register", "audits"), {**given, **done, "file": SimpleUploadedFile("a.pdf", PROOF)}
    )
    other = SafeguardRecord.objects.filter(register="audits").latest("pk")
    assert step(clerk, other, "safeguards.close").status_code == 403


def test_3_money_expected_without_a_plan_is_said_to_be_reckoned_by_time(found, sign_in, user):
    place = found(project())
    figures.assess_now(place, YEAR)
    point = filling.open_checkpoint(calendar.calendar_of(place, YEAR, "monitoring")[0], place, user("caiwu"))
    staff = sign_in("keyuan")
    for address in (here(place, "overview"), reverse("checkpoint", args=[point.pk])):
        page = staff.get(address).content.decode()
        assert "按时间推算，没有支出计划" in page and "计划应达" not in page, address
    assert "按时间推算，没有支出计划" in words_in(
        staff.get(reverse("checkpoint-xlsx", args=[point.pk])).content
    )


def test_3_a_ledger_of_some_projects_is_not_the_departments_budget(found, sign_in, user, client, put):
    place = found(whole(2_500_000), project())
    sheet, _line = first(figures.assess_now(place, YEAR, END).run)
    assert (sheet.money.approved, sheet.money.adjusted) == (2_500_000, 1_000_000)
    execution = sheet.score.execution
    assert execution.open == execution.points and execution.shown is None and sheet.money.actual is None
    for text in ("2,500,000.00元", "1,000,000.00元", "相差 1,500,000.00元", "没有覆盖批复的预算", "待核对"):
        assert text in execution.how, text
    figures.assess_now(place, YEAR)
    assert "没有覆盖批复的预算" in sign_in("keyuan").get(here(place, "overview")).content.decode()
    evaluation = opened(place, user)
    for name in ("绩效自评表.docx", "绩效自评表.xlsx", "绩效评价报告.docx"):
        assert "没有覆盖批复的预算" in words_in(official.file_of(evaluation, name)), name
    # The approved budget stands in the target table and in what is public of it.
    version = lookup.in_force(lookup.sheets_of(place, YEAR)[0])
    assert "250万元" in words_in(sign_in("keyuan").get(reverse("target-xlsx", args=[version.pk])).content)
    asked = acts.ask("targets", version, user("caiwu"))
    acts.decide(asked, user("juzhang"), "publish.approve")
    assert "250万元" in client.get(reverse("public-one", args=[asked.pk])).content.decode()
    assert ("预算", "250万元") in {(r["类别"], r["指标值"]) for r in open_rows(client, asked)}
    # A ledger that holds the whole decides it.
    put(place, "rest", BUDGET, "其余经费,P8,年初批复,1500000,2021-01-01")
    sheet, _line = first(figures.assess_now(place, YEAR, END).run)
    assert sheet.money.doubt is None and sheet.score.execution.shown is not None


def test_3_what_was_submitted_stays_as_it_was_signed_and_is_asked_at_each_signature(
    found, sign_in, user, adjusted, work_off
):
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    staff = sign_in("keyuan")
    unjudged = evaluation.assessment
    judged(staff, evaluation, place)
    assert step(staff, evaluation, "selfeval.submit").status_code == 302
    kept = evaluation.assessment
    adjusted(place, "indicators.0.target", "≥91%")
    jobs.assess_soon(place, user("keyuan"))
    work_off()
    evaluation.refresh_from_db()
    assert (evaluation.state, evaluation.assessment) == ("filled", kept)
    assert "≥95% → ≥91%" in staff.get(here(place, "selfeval")).content.decode().replace("&gt;", ">")

    def hold(assessment):
        evaluation.assessment = assessment
        evaluation.save()

    # Each signature asks again what the first one asked.
    for state, who, act in (("filled", "caiwu", "check"), ("checked", "juzhang", "sign")):
        hold(unjudged)
        answer = step(sign_in(who), evaluation, f"selfeval.{act}").content.decode()
        assert "ZS-WB-11" in answer and "待评定" in answer and evaluation.state == state
        hold(kept)
        assert step(sign_in(who), evaluation, f"selfeval.{act}").status_code == 302
    assert step(sign_in("caizheng"), evaluation, "selfeval.return", remark="目标已调整").status_code == 302
    filling.refill(place, YEAR)
    evaluation.refresh_from_db()
    assert evaluation.assessment != kept and first(evaluation.assessment.run)[1].target == "≥91%"
    assert "lights_explained" in ACTIONS["monitoring.confirm"].needs


def test_3_a_year_is_evaluated_once_it_is_over_and_follows_the_calendar(
    found, sign_in, user, district, monkeypatch
):
    place = found(project())
    finance = sign_in("caiwu")
    for entry in CalendarEntry.objects.filter(year=YEAR, kind="self"):
        administration.toggle(entry)
    monkeypatch.setattr(timezone, "localdate", lambda *_: date(2021, 11, 26))
    answer = finance.post(here(place, "selfeval"))
    assert answer.status_code == 400 and "2021年还没有结束" in answer.content.decode()
    page = finance.get(here(place, "selfeval")).content.decode()
    assert "开启自评</button>" not in page and "2021年还没有结束" in page
    # The calendar may say so; it can be said later, too, and nearer to the department.
    dates = {"year": YEAR, "kind": "self", "opens_on": date(2021, 11, 1), "due_on": date(2021, 12, 1)}
    CalendarEntry.objects.create(organisation=district, name="提前自评", as_of=date(2021, 10, 31), **dates)
    assert finance.post(here(place, "selfeval")).status_code == 302
    evaluation = SelfEvaluation.objects.get(department=place)
    assert evaluation.as_of == date(2021, 10, 31)
    later = {**dates, "opens_on": date(2022, 1, 10), "due_on": date(2022, 3, 31)}
    CalendarEntry.objects.create(organisation=place, name="年度自评", as_of=END, **later)
    filling.refill(place, YEAR)
    evaluation.refresh_from_db()
    assert evaluation.as_of == date(2021, 10, 31)
    answer = step(sign_in("keyuan"), evaluation, "selfeval.submit").content.decode()
    assert "ZS-WB-11" in answer and "这一天还没有到" in answer and evaluation.state == "draft"
    monkeypatch.setattr(timezone, "localdate", lambda *_: date(2022, 3, 2))
    assert filling.refill(place, YEAR) == []
    evaluation.refresh_from_db()
    assert (evaluation.as_of, evaluation.due_on) == (END, date(2022, 3, 31))
    assert evaluation.assessment.as_of == END


def test_3_a_changed_grade_or_weight_is_drift(found, sign_in, user, client):
    place = found(project())
    text = LOCAL.read_text("utf8")

    def scheme(text):
        for old in LocalScheme.objects.filter(active=True):
            administration.toggle(old)
        sent = {"organisation": place.pk, "first_year": YEAR, "text": text}
        assert sign_in("guanli").post(reverse("rules"), sent).status_code == 302
        drift.check_published(place, YEAR)

    scheme(text)
    settle(place, user)
    evaluation = opened(place, user)
    judged(sign_in("keyuan"), evaluation, place)
    sign_on(sign_in, evaluation)
    out = published(evaluation, user)
    grade = first(evaluation.assessment.run)[0].score.grade
    assert grade and not comparing.drift(evaluation) and public(client, out)[1]["drift"] == []
    scheme(re.sub(r"name: (优|良|中|差)", r"name: 新\1", text))
    told = [{"sheet": "治理经费", "what": "等级", "then": grade, "now": f"新{grade}"}]
    assert comparing.drift(evaluation) == told and public(client, out)[1]["drift"] == told
    # A copy of before is compared in what it holds.
    for sheet in out.data["scores"]:
        del sheet["grade"], sheet["most"]
        for line in sheet["indicators"]:
            del line["points"]
    assert drift.drifted_from(out) == []
    scheme(text.replace("产出: 50, 效益: 30", "产出: 40, 效益: 40"))
    points = {d["what"]: d for d in comparing.drift(evaluation)}[f"{CLOSURE}（得分 / 分值）"]
    assert points["then"].endswith("/ 50") and points["now"].endswith("/ 40")


def test_3_the_ranking_says_where_it_differs_from_what_was_signed(signed, adjusted, sign_in, user):
    place = signed.department
    figures.assess_now(place, YEAR)
    assert row_of(place)["signed"] == ""
    adjusted(place, "indicators.0.target", "≥90%")
    figures.assess_now(place, YEAR)
    row, total = row_of(place), f"{signed.assessment.total:.2f}"
    assert row["total"] > signed.assessment.total
    (words,) = [w for w in ranking.remarks(row) if total in w]
    assert words.startswith("已签字的自评为")
    assert words in sign_in("caizheng").get(reverse("portfolio") + f"?year={YEAR}&q=甲局").content.decode()
    assert words in words_in(ranking_file.ranking_file(place.parent, YEAR)[0])
    sign_in("caizheng").post(reverse("recheck", args=[signed.pk]))
    assert step(sign_in("caizheng"), signed, "selfeval.accept").status_code == 302
    assert any(w.startswith("复核通过的自评为") and total in w for w in ranking.remarks(row_of(place)))


def test_3_each_record_is_filled_from_its_own_words(found, sign_in, user, district):
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    staff = sign_in("keyuan")
    judged(staff, evaluation, place)
    say(staff, evaluation, 0, proof=False, cause="其他", measures="自评里说的")
    # A monitoring date on the self-evaluation's day, from before the calendar refused it.
    entry = CalendarEntry.objects.create(
        organisation=district, year=YEAR, kind="monitoring", name="年末", as_of=END, opens_on=END, due_on=END
    )
    point = filling.open_checkpoint(entry, place, user("caiwu"))
    sheet, line = first(point.assessment.run)
    assert (line.monitoring.measures, sheet.indicators[2].outcome.origin) == (None, "none")
    said = {"sheet": sheet.id, "indicator": line.id, "cause": "其他", "measures": "监控里说的"}
    assert staff.post(reverse("checkpoint", args=[point.pk]), said).status_code == 302
    point.refresh_from_db(), evaluation.refresh_from_db()
    assert first(point.assessment.run)[1].monitoring.measures == "监控里说的"
    assert first(evaluation.assessment.run)[1].monitoring.measures == "自评里说的"
    assert "监控里说的" in staff.get(reverse("checkpoint-form", args=[point.pk])).content.decode()
    assert not comparing.drifted(point) and not comparing.drifted(evaluation)
    assert records.newest_assessment(place, YEAR) == evaluation.assessment
    sent = {"organisation": district.pk, "year": YEAR, "kind": "monitoring", "name": "年末监控"}
    sent |= {"as_of": "2022-02-28", "opens_on": "2022-03-01", "due_on": "2022-03-15"}
    answer = sign_in("guanli").post(reverse("calendar"), sent).content.decode()
    assert "应在该年度之内" in answer and not CalendarEntry.objects.filter(name="年末监控").exists()


def test_3_the_year_of_a_closed_department_is_its_successors(found, district, sign_in, user):
    place, into = found(project()), found(name="接收局")
    settle(place, user)
    evaluation = opened(place, user)
    judged(sign_in("keyuan"), evaluation, place)
    # Held above, a role reaches the department also after it is closed.
    Membership.objects.create(user=user("keyuan"), organisation=district, role="staff")
    office.merge(place, into, timezone.localdate())
    for one in Membership.objects.filter(user=user("caiwu"), organisation=into):
        one.active = False
        one.save()
    assert step(sign_in("caiwu"), evaluation, "selfeval.submit").status_code == 403
    assert step(sign_in("keyuan"), evaluation, "selfeval.submit").status_code == 302
    assert "甲局" in sign_in("juzhang").get(reverse("places")).content.decode()
    other = found(project(), name="乙局")
    settle(other, user)
    evaluation = opened(other, user)
    judged(sign_in("keyuan"), evaluation, other)
    office.close(other, timezone.localdate())
    assert step(sign_in("keyuan"), evaluation, "selfeval.submit").status_code == 403
    assert say(sign_in("keyuan"), evaluation, 2, actual="99%", reason="问卷").status_code == 403
    assert sign_in("keyuan").get(here(other, "selfeval")).status_code == 200


def test_3_what_belongs_elsewhere_now_is_listed_without_a_dead_link(found, district, sign_in, user):
    place = found(project())
    other = office.found("新区", "district", district.parent)
    for one in Membership.objects.filter(organisation=place, user=user("caizheng")):
        one.active = False
        one.save()
    bureau = sign_in("caizheng")

    def listed():
        return bureau.get(reverse("portfolio") + f"?year={YEAR}&q=甲局").content.decode()

    link = reverse("overview", args=[place.pk, YEAR])
    figures.assess_now(place, YEAR)
    assert link in listed() and place.pk in bureau.get(reverse("heat-map") + f"?year={YEAR}").json()["ids"]
    office.move(place, other, timezone.localdate())
    assert bureau.get(link).status_code == 403
    page = listed()
    assert link not in page and "甲局" in page and "现属新区" in page
    assert place.pk not in bureau.get(reverse("heat-map") + f"?year={YEAR}").json()["ids"]


# -- 4. a result has a type
# -------------------------------------------------------------------------------------------


def test_4_a_rate_of_a_group_is_sum_over_sum_everywhere(found, put, sign_in, call):
    place = found(project(), project(name="大项目", code="P2", total=9_000_000))
    put(place, "p2", PAID, "V2,大项目,P2,450000,2021-05-01")
    put(place, "b2", BUDGET, "大项目,P2,年初批复,9000000,2021-01-01")
    kept = figures.assess_now(place, YEAR)
    # 75 % and 5 %, together 12 %: never their mean.
    assert [s.money.actual for s in kept.run.results] == [Decimal("0.7500"), Decimal("0.0500")]
    money = [{"paid": s.money.paid, "budget": s.money.adjusted} for s in kept.run.results]
    assert ranking.group_rate(money) == 0.12
    assert kept.execution == row_of(place)["execution"] == 0.12
    api = call(f"/departments/{place.pk}/assessment?year={YEAR}").json()
    paid, whole = (sum(Decimal(s["money"][k]) for s in api["results"]) for k in ("paid", "adjusted"))
    assert paid / whole == Decimal("0.12")
    rows = ranking.ranking(place.parent, YEAR)
    known = [r for r in rows if r["paid"] is not None and r["budget"]]
    assert len(known) > 1
    expected = float(sum(r["paid"] for r in known) / sum(r["budget"] for r in known))
    assert summary.totals(place.parent, YEAR, rows)["execution"] == pytest.approx(expected)
    book = openpyxl.load_workbook(io.BytesIO(ranking_file.ranking_file(place.parent, YEAR)[0]))
    line = next(r for r in book.active.iter_rows(values_only=True) if r[1] == place.name)
    assert line[10] == pytest.approx(0.12)


def test_4_one_doubtful_row_never_stops_a_department(found, sign_in, user):
    place = found(project(indicator(CLOSURE, "≥95%"), indicator("受理时限", "≤7个工作日", level2="时效指标")))
    evaluation = opened(place, user)
    assert say(sign_in("keyuan"), evaluation, 1, actual="15天").status_code == 302
    one, two = evaluation.assessment.run.results[0].indicators[:2]
    assert (one.score.verdict, two.score.verdict) == ("missed", "check") and "待核对" in two.score.how


# -- 5. one computation, typed from end to end
# ------------------------------------------------------------------------


def test_5_what_figures_rest_on_is_one_digest(found, put, adjusted, sign_in, user, monkeypatch, admin_scheme):
    place = found(project())
    evaluation = opened(place, user)
    seen = {}

    def key(what, day=END):
        place.refresh_from_db()
        found_key = question.state_key(place, YEAR, day)
        assert found_key not in seen.values(), f"{what} changed nothing"
        seen[what] = found_key

    key("now")
    assert question.state_key(place, YEAR, END) == seen["now"]
    key("date", date(2022, 2, 27))
    with monkeypatch.context() as patch:
        patch.setattr(assessing, "__version__", "999")
        key("program")
    with monkeypatch.context() as patch:
        patch.setattr(
            "zhunsheng.regulations.rules.data_digest", lambda: "monitoring bands and all other national rules"
        )
        key("national rules and monitoring bands")
    with monkeypatch.context() as patch:
        known = dict(catalogue())
        known[MEASURE] = known[MEASURE].model_copy(update={"formula": "另一个算法"})
        patch.setattr(question, "catalogue", lambda: known)
        key("measures")
    assert question.state_key(place, YEAR, END) == seen["now"]
    # What another department brings changes nothing that these figures rest on.
    put(found(project(), name="乙局"), "others", COMPLAINT, "T901,举报,2021-03-05,,李四")
    assert question.state_key(place, YEAR, END) == seen["now"]
    put(place, "one-more", COMPLAINT, "T900,举报,2020-03-05,,李四")
    key("evidence")
    settle(place, user)
    key("confirmation")
    say(sign_in("keyuan"), evaluation, 0, cause="其他", measures="甲", proof=False)
    key("word")
    say(sign_in("keyuan"), evaluation, 0, actual="99%", reason="乙", proof=False)
    key("typed figure")
    say(sign_in("keyuan"), evaluation, 0, actual="99%", reason="乙")
    key("proof")
    step(sign_in("caizheng"), evaluation.contests.get(state="open"), "contest.accept", remark="同意")
    key("ruling")
    adjusted(place, "indicators.0.target", "≥94%")
    key("sheet")
    office.rename(place, "改名后的局", date(2021, 7, 1))
    key("department name")
    admin_scheme(place.parent)
    key("local scheme")


@pytest.fixture
def admin_scheme(sign_in):
    def add(organisation, own="本地"):
        text = LOCAL.read_text("utf8")
        for n, band in enumerate(regulations.scheme_of(YEAR, LOCAL).qualitative):
            text = text.replace(band.name, f"{own}第{n}档")
        sent = {"organisation": organisation.pk, "first_year": YEAR, "text": text}
        assert sign_in("guanli").post(reverse("rules"), sent).status_code == 302

    return add


def test_5_a_local_scheme_with_other_band_names_works_from_form_to_score(found, sign_in, user, admin_scheme):
    place = found(project())
    admin_scheme(place)
    evaluation = opened(place, user)
    client = sign_in("keyuan")
    page = client.get(here(place, "selfeval")).content.decode()
    national = regulations.scheme_of(YEAR).qualitative[0]
    assert "本地第0档" in page and national.name not in page
    band = rules_for(place, YEAR).scheme.qualitative[0]
    share = str(band.high * 100)
    assert (
        "[ZS-" in say(client, evaluation, 1, band=national.name, share=share, reason="走访").content.decode()
    )
    assert say(client, evaluation, 1, band="本地第0档", share=share, reason="走访").status_code == 302
    line = evaluation.assessment.run.results[0].indicators[1]
    assert line.score.verdict == "judged" and "本地第0档" in line.score.how and line.score.score > 0
    assert evaluation.assessment.run.scheme.id == rules_for(place, YEAR).scheme.id
    assert "本地第0档" in words_in(official.file_of(evaluation, "绩效自评表.docx").read_bytes())


def test_5_a_kept_result_is_read_back_as_the_typed_value_it_was(found):
    place = found(project())
    kept = figures.assess_now(place, YEAR)
    again = Assessment.objects.get(pk=kept.pk)
    assert (
        again.run.as_json() == kept.result
        and again.run.format == "zhunsheng.run/1"
        and again.run.basis == kept.key
    )


def test_5_the_api_gives_the_result_whole(found, call):
    place = found(project())
    kept = figures.assess_now(place, YEAR)
    assert call(f"/departments/{place.pk}/assessment?year={YEAR}").json() == kept.result
    batch = evidence.store().batches(department=place.code)[0]
    given = call(f"/departments/{place.pk}/batches").json()[0]
    told = {"notes": []} | {k: v for k, v in batch.as_json().items() if k != "files"}
    assert {k: v for k, v in given.items() if v is not None} == told


def test_5_a_record_of_another_department_is_nobodys_to_see(found, sign_in, user, district):
    """Permission is the first thing a request meets, also where a nonsense body would be refused later."""
    place = found(project())
    evaluation = opened(place, user)
    stranger = user("keyuan2")
    assert not stranger.memberships.filter(organisation=place).exists()
    client = sign_in("keyuan2")
    before = (Assessment.objects.count(), Word.objects.count())
    for path, body in (
        (reverse("word", args=[evaluation.pk]), {"sheet": "x", "indicator": "y", "band": "没有"}),
        (reverse("recheck", args=[evaluation.pk]), {}),
        (reverse("step", args=["selfeval", evaluation.pk]), {"action": "selfeval.submit"}),
        (here(place, "matches"), {"sheet": "x"}),
        (here(place, "undo"), {"batch": "abc"}),
    ):
        assert client.post(path, body).status_code == 403, path
    assert (Assessment.objects.count(), Word.objects.count()) == before
    assert isinstance(evaluation, SelfEvaluation) and Checkpoint.objects.filter(department=place).count() == 0
    assert Organisation.objects.filter(pk=place.pk).exists()


def test_5_figures_of_another_version_of_the_program_are_computed_anew(found, work_off):
    place = found(project())
    kept = figures.assess_now(place, YEAR)
    assert kept.program == __version__ and not row_of(place)["overtaken"]
    Assessment.objects.filter(pk=kept.pk).update(program="0.0.1", key="0" * 64)  # what an upgrade finds
    assert row_of(place)["overtaken"]
    jobs.assess_upgraded()
    assert work_off()
    assert records.newest_assessment(place, YEAR).program == __version__ and not row_of(place)["overtaken"]
    jobs.assess_upgraded()
    assert not work_off()


# -- what one row, one broken step or one sign nobody sees may not do
# -------------------------------------------------


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


def test_5_garbage_in_a_sheet_or_a_scheme_is_a_message(found, district, sign_in, user):
    place = found(project())
    new = drafts.adjust(lookup.in_force(lookup.sheets_of(place, YEAR)[0]), user("keyuan"), "试")
    for path in ("budget.total", "indicators.0.weight"):
        sent = {"path": path, "text": "1e99999999", "was": drafts.current_fields(new)[path].text}
        answer = sign_in("keyuan").post(reverse("field", args=[new.pk]), sent)
        assert answer.status_code < 500 and "ZS-TG-01" in answer.content.decode()
    text = LOCAL.read_text("utf8")
    for old, wrong in (
        ("points:", "points: &a [*a]\nx:"),
        ('threshold: "1.3"', 'threshold: "1e999999999"'),
        ('share: "0.8"', 'share: "99"'),
    ):
        sent = {"organisation": district.pk, "first_year": 2030, "text": text.replace(old, wrong, 1)}
        answer = sign_in("guanli").post(reverse("rules"), sent)
        assert answer.status_code == 400 and "ZS-RG-01" in answer.content.decode()


@pytest.mark.parametrize("sign", ["\u200b", "\u2060", "\u3164", "\u00ad", "\u202e"])
def test_1_what_looks_the_same_is_the_same_and_what_looks_empty_is_empty(found, sign_in, user, sign):
    place = found(project())
    sent = {"name": f"甲局{sign}", "kind": "department", "parent": place.parent_id}
    answer = sign_in("guanli").post(reverse("organisation"), sent)
    assert answer.status_code == 400 and "ZS-WB-20" in answer.content.decode()
    with pytest.raises(errors.ZhunshengError, match="ZS-WB-20"):
        office.found(f"甲{sign}局", "department", place.parent)
    same = documents.add_version(
        project(name=f"治理{sign}经费"), place, user("keyuan"), "upload", reason="试"
    )
    assert same.sheet == lookup.sheets_of(place, YEAR)[0]
    answer = sign_in("caizheng").post(
        reverse("step", args=["targets", lookup.in_force(same.sheet).pk]),
        {"action": "targets.return", "remark": sign * 3},
    )
    assert answer.status_code >= 400


def test_5_a_local_scheme_that_has_run_out_leaves_the_national_one_and_the_page_says_so(found, sign_in, user):
    place = found(project())
    text = LOCAL.read_text("utf8").replace("valid_to: null", f"valid_to: {YEAR - 1}-12-31")
    LocalScheme.objects.create(organisation=place.parent, name="本地", first_year=YEAR - 1, text=text)
    rules = rules_for(place, YEAR)
    assert rules.scheme == regulations.scheme_of(YEAR) and not rules.local
    opened(place, user)
    page = sign_in("keyuan").get(here(place, "selfeval")).content.decode()
    assert f"{YEAR - 1}-12-31" in page and rules.scheme.name in page and "按国家方案" in page


def test_2_a_reading_of_another_day_is_remembered_too(found, sign_in, user, district, work_off):
    place = found(project())
    settle(place, user)
    figures.assess_now(place, YEAR)  # of the end of February, as the overview shows it
    take_back(place, user, work_off)
    dates = {"as_of": date(2021, 12, 31), "opens_on": date(2022, 1, 1), "due_on": date(2022, 3, 31)}
    CalendarEntry.objects.create(organisation=place, year=YEAR, kind="self", name="自评", **dates)
    evaluation = opened(place, user)
    say(sign_in("keyuan"), evaluation, 0, actual="99%", reason="台账外办结")
    assert (
        evaluation.as_of == date(2021, 12, 31) and evaluation.contests.get(state="open").computed == "90.22%"
    )
    assert first(evaluation.assessment.run)[1].score.verdict == "nothing"


def test_2_nobody_rules_on_a_claim_that_another_repeated(found, sign_in, user):
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    Membership.objects.create(user=user("keyuan"), organisation=place.parent, role="bureau")
    say(sign_in("keyuan"), evaluation, 0, actual="99%", proof=False)
    say(sign_in("caiwu"), evaluation, 0, actual="99%", reason="台账外办结")
    contest = evaluation.contests.get(state="open")
    assert step(sign_in("keyuan"), contest, "contest.accept", remark="同意").status_code == 403
    assert contest.state == "open"
    assert step(sign_in("caizheng"), contest, "contest.accept", remark="经核实").status_code == 302


def test_3_official_files_are_of_the_figures_that_were_signed(found, sign_in, user, adjusted):
    """A reading that came to be known under the same evidence, of what the indicator counted before,
    moves none of them.
    """
    place = found(project(indicator(CLOSURE, "≥95%")))
    adjusted(place, "indicators.0.description", "师德投诉办结数/师德投诉受理数")
    evaluation, staff = opened(place, user), sign_in("keyuan")
    say(staff, evaluation, 0, actual="99%", reason="台账外办结")
    judged(staff, evaluation, place)
    settle(place, user)
    dates = {"as_of": date(2021, 6, 30), "opens_on": date(2021, 7, 1), "due_on": date(2021, 7, 31)}
    entry = CalendarEntry.objects.create(
        organisation=place, year=YEAR, kind="monitoring", name="6月", **dates
    )
    filling.open_checkpoint(entry, place, user("caiwu"))
    sign_on(sign_in, evaluation)
    kept = first(evaluation.assessment.run)[0].score.total
    out = published(evaluation, user)
    for name in ("绩效自评表.xlsx", "绩效自评表.docx"):
        for path in (official.file_of(evaluation, name), out.folder() / name):
            text = words_in(path)
            assert f"{kept:g}" in text and "曾有台账读数" not in text and "不评等级" not in text, name


def test_3_a_re_check_that_would_find_another_thing_now_closes_nothing(found, sign_in, user, put):
    place = found(project())
    settle(place, user)
    evaluation, staff, bureau = opened(place, user), sign_in("keyuan"), sign_in("caizheng")
    judged(staff, evaluation, place)
    sign_on(sign_in, evaluation)
    bureau.post(reverse("recheck", args=[evaluation.pk]))
    put(place, "worse", COMPLAINT, *[f"Z{n},举报,2021-03-05,,李四" for n in range(200)])
    evaluation.refresh_from_db()
    assert "现在复核的结果不同" in step(bureau, evaluation, "selfeval.accept").content.decode()
    assert evaluation.state == "signed"
    bureau.post(reverse("recheck", args=[evaluation.pk]))
    evaluation.refresh_from_db()
    assert evaluation.differences[0]["differences"]
    assert step(bureau, evaluation, "selfeval.accept").status_code == 302


@pytest.mark.parametrize("day", [date(2021, 12, 31), date(2022, 3, 15)])
def test_3_a_year_that_is_over_is_shown_on_the_day_of_its_self_evaluation(found, sign_in, user, put, day):
    """A band or a figure that a person gave speaks of that day: on another one it would be open again."""
    place = found(project())
    settle(place, user)
    figures.assess_now(place, YEAR)  # of the end of February, before any self-evaluation
    dates = {"as_of": day, "opens_on": date(2022, 1, 1), "due_on": date(2022, 3, 31)}
    CalendarEntry.objects.create(organisation=place, year=YEAR, kind="self", name="自评", **dates)
    evaluation = opened(place, user)
    judged(sign_in("keyuan"), evaluation, place)
    sign_on(sign_in, evaluation)
    signed = evaluation.assessment
    figures.assess_now(place, YEAR)
    row = row_of(place)
    assert (row["total"], row["grade"], row["standing"], row["signed"]) == (
        signed.total,
        signed.grade,
        "graded",
        "",
    )
    assert records.newest_assessment(place, YEAR) == signed
    assert f"{day}" in sign_in("keyuan").get(here(place, "overview")).content.decode()
    # What changed since is computed for that day, and said beside what was signed.
    put(place, "worse", COMPLAINT, *[f"Z{n},举报,2021-03-05,,李四" for n in range(200)])
    figures.assess_now(place, YEAR)
    row = row_of(place)
    assert row["total"] < signed.total and f"{signed.total:.2f} 分" in row["signed"]


def test_1_two_projects_of_a_name_are_re_checked_each_by_its_code(found, sign_in, user):
    place = found(project(), project(code="P9", total=200_000), money=False)
    settle(place, user)
    evaluation, staff, bureau = opened(place, user), sign_in("keyuan"), sign_in("caizheng")
    band = rules_for(place, YEAR).scheme.qualitative[0]
    for sheet in evaluation.assessment.run.results:
        for n, said in ((1, {"band": band.name, "share": "90"}), (2, {"actual": "95%"})):
            files = [SimpleUploadedFile("清单.pdf", PROOF)]
            sent = {
                "sheet": sheet.id,
                "indicator": sheet.indicators[n].id,
                "reason": "问卷",
                "files": files,
                **said,
            }
            assert staff.post(reverse("word", args=[evaluation.pk]), sent).status_code == 302
    evaluation.refresh_from_db()
    explained(staff, evaluation)
    sign_on(sign_in, evaluation)
    text = words_in(official.file_of(evaluation, "绩效自评表.docx"))
    assert "P1" in text and "P9" in text
    assert bureau.post(reverse("recheck", args=[evaluation.pk])).status_code == 302
    evaluation.refresh_from_db()
    assert len(evaluation.differences) == 2
    assert step(bureau, evaluation, "selfeval.accept").status_code == 302


def test_2_a_reading_of_what_the_indicator_was_before_is_no_withdrawn_one(
    found, sign_in, user, adjusted, put
):
    """No batch of another ledger makes one of it either."""
    place = found(project(indicator(CLOSURE, "≥95%")))
    settle(place, user)
    figures.assess_now(place, YEAR)
    adjusted(place, "indicators.0.description", "接受走访的商户中表示知晓政策的比例")
    adjusted(place, "indicators.0.name", "商户政策知晓度")
    settle(place, user)
    evaluation, staff = opened(place, user), sign_in("keyuan")
    say(staff, evaluation, 0, actual="99%", reason="走访记录")
    judged(staff, evaluation, place)
    sign_on(sign_in, evaluation)
    kept = first(evaluation.assessment.run)[1]
    assert (kept.outcome.origin, kept.score.verdict) == ("judgement", "met")
    put(place, "more", PAID, "V2,治理经费,P1,10,2021-05-02")
    figures.assess_now(place, YEAR)
    assert not evaluation.contests.exists()
    assert {d["what"] for d in comparing.drift(evaluation)} == {"已支付（元）"}


def test_3_a_self_evaluation_of_a_day_within_the_year_holds_its_words_and_not_the_year(found, sign_in, user):
    place = found(project())
    settle(place, user)
    dates = {"as_of": date(2021, 10, 31), "opens_on": date(2021, 11, 1), "due_on": date(2021, 12, 1)}
    CalendarEntry.objects.create(organisation=place, year=YEAR, kind="self", name="提前自评", **dates)
    evaluation = opened(place, user)
    judged(sign_in("keyuan"), evaluation, place)
    line = evaluation.assessment.run.results[0].indicators[2]
    assert (line.outcome.text, line.outcome.origin) == ("95%", "judgement")
    figures.assess_now(place, YEAR)
    assert records.newest_assessment(place, YEAR).as_of == END
    lights = set(IndicatorLight.objects.filter(department=place, year=YEAR).values_list("light", flat=True))
    shown = {
        i.monitoring.light for s in records.newest_assessment(place, YEAR).run.results for i in s.indicators
    }
    assert lights == shown
