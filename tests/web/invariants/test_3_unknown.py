"""Invariants of part 3 on the site: unknown is no nought, and a draft is no figure."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from decimal import Decimal

import openpyxl
import pytest
from django.apps import apps
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from pages import flat, here
from small_department import (
    BUDGET,
    END,
    YEAR,
    explained,
    first,
    indicator,
    judged,
    open_rows,
    opened,
    project,
    row_of,
    say,
    settle,
    sign_on,
    step,
    whole,
    words_in,
)

from zhunsheng.errors import ZhunshengError
from zhunsheng.reports.forms import target_form
from zhunsheng.reports.xlsx import write_workbook
from zhunsheng.web.models import Assessment, IndicatorLight, KeyEvaluation, Membership, Publication, Sheet
from zhunsheng.web.services import office
from zhunsheng.web.services.portfolio import ranking, ranking_file
from zhunsheng.web.services.publishing import acts, public_pages
from zhunsheng.web.services.rules import rules_for
from zhunsheng.web.services.sheets import documents, drafts, lookup
from zhunsheng.web.services.year import calendar, figures, filling, official, records
from zhunsheng.web.views.overview import _chart


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


def test_3_a_figure_without_rows_says_of_which_ledger_wherever_it_is_shown(found, sign_in, user, client):
    place = found(project(indicator("监督抽查完成率", "≥95%")), money=False)
    settle(place, user)
    evaluation, staff = opened(place, user), sign_in("keyuan")
    samples, payments = (f"台账“{name}台账”没有本部门的记录" for name in ("监督抽查", "支付"))
    pages = [here(place, "overview"), here(place, "lineage", 0, 0), here(place, "selfeval")]
    for page in pages:
        assert samples in flat(staff.get(page)), page
    assert payments in flat(staff.get(here(place, "lineage", 0, "paid")))
    band = rules_for(place, YEAR).scheme.qualitative[0]
    say(staff, evaluation, 1, band=band.name, share="90", reason="问卷与走访")
    explained(staff, evaluation)
    sign_on(sign_in, evaluation)
    public = acts.ask("self", evaluation, user("caiwu"))
    acts.decide(public, user("juzhang"), "publish.approve")
    rows = open_rows(client, public)
    assert samples in rows[0]["说明"] and any(payments in row["说明"] for row in rows[1:])
    assert samples in flat(client.get(reverse("public-one", args=[public.pk])))


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


def test_3_no_problem_found_needs_every_rule_to_have_run(found, user, sign_in):
    place = found()
    version = documents.add_version(project(), place, user("keyuan"), "upload")
    page = sign_in("keyuan").get(reverse("version", args=[version.pk])).content.decode()
    assert "没有发现问题" not in page


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
