"""Invariants of part 1 on the site: identity is a code, a name is a dated label."""

from __future__ import annotations

import csv
import io
import re
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from pages import flat, here
from small_department import (
    CLOSURE,
    COMPLAINT,
    END,
    MEASURE,
    PAID,
    PROOF,
    YEAR,
    complaints,
    explained,
    first,
    indicator,
    opened,
    project,
    published,
    row_of,
    say,
    settle,
    sign_on,
    step,
    words_in,
    zipped,
)

from zhunsheng import errors
from zhunsheng.web.models import (
    IndicatorLight,
    Membership,
    Organisation,
    ProjectDecision,
    Publication,
    Sheet,
    Word,
)
from zhunsheng.web.services import jobs, ledgers, matching, office
from zhunsheng.web.services.portfolio import ranking
from zhunsheng.web.services.publishing import acts
from zhunsheng.web.services.rules import rules_for
from zhunsheng.web.services.sheets import documents, drafts, lookup
from zhunsheng.web.services.year import figures, filling, official, records

# -- 1. identity is a code, a name is a dated label
# ------------------------------------------------------------------------------------------------------------


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


# -- 3. state governs every number
# ------------------------------------------------------------------------------------------------------------


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


# -- what one row, one broken step or one sign nobody sees may not do
# ------------------------------------------------------------------------------------------------------------


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
