"""Target sheets from a document to approval, adjustment and comparison; two people at one sheet."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from filled import document
from pages import HTMX, code_of, flat, here, step_on

from places import GOLDEN
from zhunsheng.errors import ZhunshengError
from zhunsheng.measures import measures
from zhunsheng.sample.documents import bureau, flattened
from zhunsheng.targets import Indicator, TargetValue
from zhunsheng.web.models import (
    AuditEntry,
    Job,
    LibraryIndicator,
    Membership,
    Sheet,
    SheetFinding,
    SheetReview,
    SheetVersion,
    Step,
    Upload,
)
from zhunsheng.web.models.targets import body_of
from zhunsheng.web.services import indicators, review, todo, uploads
from zhunsheng.web.services.conditions import indicators_given
from zhunsheng.web.services.sheets import documents, lookup
from zhunsheng.web.services.sheets.drafts import (
    add_part,
    adjust,
    current_fields,
    remove_part,
    set_field,
    start_blank,
)
from zhunsheng.web.workflow import advance


def test_an_uploaded_document_becomes_drafts_beside_their_original(drafts, sign_in):
    assert [v.sheet.kind for v in drafts] == ["department", "project", "project"]
    page = sign_in("keyuan").get(reverse("version", args=[drafts[1].pk])).content.decode()
    assert 'class="original"' in page and "data-linked" in page
    # A field is linked to where it stood.
    key = next(p for p in page.split('data-key="')[1:] if "≥90%" in p.split("</form>")[0]).split('"')[0]
    assert f'id="o-{key}"' in page
    assert 'name="path"' in page and "ZS" in page


def test_an_uploaded_pdf_becomes_drafts_and_its_pages_can_be_shown(department, sign_in):
    content = (GOLDEN / "pages" / "typst-merged.pdf").read_bytes()
    sign_in("keyuan").post(
        reverse("targets", args=[department.pk, 2027]),
        {"how": "upload", "file": SimpleUploadedFile("目标.pdf", content)},
        **HTMX,
    )
    upload = Upload.objects.get(name="目标.pdf")
    assert SheetVersion.objects.filter(sheet__department=department, sheet__year=2027).count() == 1
    assert uploads.picture_of_page(upload, 1, 200).startswith(b"\x89PNG")
    for page, code in ((2, "ZS-IN-43"), (0, "ZS-IN-43")):
        with pytest.raises(ZhunshengError, match=code):
            uploads.picture_of_page(upload, page)
    text = uploads.keep("绩效目标".encode(), "目标.txt", "document", None, None)
    with pytest.raises(ZhunshengError, match="ZS-IN-03"):
        uploads.picture_of_page(text, 1)


def test_a_wrong_document_is_refused_in_words_and_nothing_is_kept(department, sign_in):
    before = Sheet.objects.count()
    for name, content in (
        ("目标.docx", b"not a document"),
        ("空.txt", b""),
        ("无关.txt", "今天天气很好。".encode()),
    ):
        response = sign_in("keyuan").post(
            reverse("targets", args=[department.pk, 2024]),
            {"how": "upload", "file": SimpleUploadedFile(name, content)},
            **HTMX,
        )
        assert "[ZS-IN-" in response.content.decode() and response["HX-Retarget"] == "#alerts"
    assert Sheet.objects.count() == before


def test_the_way_of_a_sheet_through_finance_section_and_bureau(drafts, user, sign_in, work_off):
    version = drafts[1]
    staff, finance, bureau_user = user("keyuan"), user("caiwu"), user("caizheng")
    with pytest.raises(PermissionDenied):
        advance(bureau_user, drafts[2], "targets.submit")
    advance(staff, version, "targets.submit")
    with pytest.raises(PermissionDenied):
        advance(staff, version, "targets.check")
    with pytest.raises(ZhunshengError) as caught:
        advance(finance, version, "targets.return", " ")
    assert caught.value.code == "ZS-WB-02"
    advance(finance, version, "targets.return", "成本指标缺依据")
    assert version.state == "returned"
    advance(staff, version, "targets.submit")
    advance(finance, version, "targets.check")
    advance(bureau_user, version, "targets.ask", "请核对时限")
    assert version.state == "changes"
    # What was changed because somebody asked for it is another text: it passes every stage anew.
    advance(staff, version, "targets.submit")
    assert version.state == "submitted"
    advance(finance, version, "targets.check")
    url = reverse("step", args=["targets", version.pk])
    assert sign_in("caizheng").post(url, {"action": "targets.approve"}).status_code == 302
    version.refresh_from_db()
    assert version.state == "approved" and version.sheet.effective == version
    with pytest.raises(ZhunshengError) as caught:
        advance(bureau_user, version, "targets.approve")
    assert caught.value.code == "ZS-WB-01"
    remarks = [s.remark for s in Step.objects.filter(model="sheetversion", object_id=version.pk) if s.remark]
    assert remarks == ["成本指标缺依据", "请核对时限"]
    assert Job.objects.filter(kind="assess", department=version.department).exists()
    assert all(j.state == "done" for j in work_off())


def test_nobody_approves_what_they_submitted(drafts, user, department, sign_in):
    finance = user("caiwu")
    version = drafts[1]
    advance(finance, version, "targets.submit")
    with pytest.raises(PermissionDenied):
        advance(finance, version, "targets.check")
    assert "targets.check" not in sign_in("caiwu").get(reverse("version", args=[version.pk])).content.decode()
    advance(user("caiwu2"), version, "targets.check")
    # Not even with every role at once.
    Membership.objects.create(user=finance, organisation=department.parent, role="bureau")
    with pytest.raises(PermissionDenied):
        advance(user("caiwu"), version, "targets.approve")
    advance(user("caizheng"), version, "targets.approve")


def test_a_sheet_with_errors_is_submitted_only_on_purpose(drafts, department, sign_in):
    version = drafts[1]
    SheetFinding.objects.create(version=version, department=department, year=2023, rule="ZS-X", level="error")
    client, url = sign_in("keyuan"), reverse("step", args=["targets", version.pk])
    assert "ZS-WB-11" in client.post(url, {"action": "targets.submit"}).content.decode()
    assert client.post(url, {"action": "targets.submit", "despite": "on"}).status_code == 302


def test_what_was_not_reviewed_as_it_stands_is_reviewed_before_it_is_submitted(drafts, sign_in):
    version = drafts[1]
    path = "indicators.2.target"
    set_field(version, path, "≥190%", current_fields(version)[path].text)
    # As a site is after its rules were renewed: nothing was found by those of today yet.
    SheetReview.objects.filter(version=version).update(rules="earlier")
    SheetFinding.objects.filter(version=version).delete()
    url = reverse("step", args=["targets", version.pk])
    answer = sign_in("keyuan").post(url, {"action": "targets.submit"}).content.decode()
    version.refresh_from_db()
    assert "还有 1 个“错误”级问题" in answer and version.state == "draft"
    assert sign_in("keyuan").post(url, {"action": "targets.submit", "despite": "on"}).status_code == 302
    assert SheetReview.objects.get(version=version).rules != "earlier"
    assert version.findings.filter(rule="ZS204").exists()


def test_fields_are_set_one_by_one_and_findings_follow(drafts, sign_in):
    version = drafts[1]
    client, url = sign_in("keyuan"), reverse("field", args=[version.pk])
    before = version.findings.count()
    answer = client.post(url, {"path": "code", "text": "XM-2023-001", "was": ""}).content.decode()
    assert 'data-status="kept"' in answer
    version.refresh_from_db()
    assert version.target_sheet().code == "XM-2023-001" and version.findings.count() == before - 1
    wrong = client.post(url, {"path": "budget.total", "text": "很多", "was": "40"}).content.decode()
    assert 'data-status="wrong"' in wrong and "ZS-TG-01" in wrong
    assert version.target_sheet().budget.total == 400000
    entry = AuditEntry.objects.filter(action="edit").first()
    assert (entry.actor, entry.before, entry.after) == ("keyuan", {"code": ""}, {"code": "XM-2023-001"})


def test_the_second_of_two_people_is_told_and_loses_nothing(drafts, sign_in):
    version = drafts[1]
    url = reverse("field", args=[version.pk])
    said = {"path": "purpose", "was": version.target_sheet().purpose}
    sign_in("keyuan").post(url, {**said, "text": "用途甲"})
    answer = sign_in("keyuan2").post(url, {**said, "text": "用途乙"}).content.decode()
    assert (
        'data-status="conflict"' in answer
        and "keyuan" in answer
        and "用途甲" in answer
        and "用途乙" in answer
    )
    version.refresh_from_db()
    assert version.target_sheet().purpose == "用途甲"
    # Having seen the first's words, the second may put theirs in their place; other fields never collide.
    assert (
        'data-status="kept"'
        in sign_in("keyuan2")
        .post(url, {"path": "purpose", "was": "用途甲", "text": "用途乙"})
        .content.decode()
    )
    assert (
        'data-status="kept"'
        in sign_in("keyuan").post(url, {"path": "unit", "was": "", "text": "综合科"}).content.decode()
    )


def test_a_field_of_a_submitted_or_approved_sheet_does_not_change(drafts, department, user, sign_in):
    version = drafts[1]
    advance(user("keyuan"), version, "targets.submit")
    url = reverse("field", args=[version.pk])
    assert sign_in("keyuan").post(url, {"path": "code", "text": "X", "was": ""}).status_code == 403
    with pytest.raises(ZhunshengError) as caught:
        set_field(version, "code", "X", "")
    assert caught.value.code == "ZS-WB-01"
    with pytest.raises(ZhunshengError):
        add_part(version, "goals")


def test_parts_are_added_and_removed_and_come_from_the_library(drafts, sign_in):
    version = drafts[1]
    client, url = sign_in("keyuan"), reverse("part", args=[version.pk])
    count = len(version.target_sheet().indicators)
    entry = LibraryIndicator.objects.get(name="双随机抽查比例")
    client.post(url, {"part": "indicators", "library": entry.pk})
    client.post(url, {"part": "indicators"})
    version.refresh_from_db()
    added = version.target_sheet().indicators
    assert [i.name for i in added[count:]] == ["双随机抽查比例", "（新指标）"] and added[
        count
    ].target.raw == "≥3%"
    client.post(url, {"part": "indicators", "remove": added[count + 1].id})
    version.refresh_from_db()
    assert len(version.target_sheet().indicators) == count + 1
    # Sent twice, or from a page that shows others than there are now, it would remove another one.
    entry = AuditEntry.objects.filter(
        model="sheetversion", action="edit", after__has_key="remove indicators"
    ).get()
    assert "（新指标）" in entry.before["remove indicators"]  # type: ignore[attr-defined]
    stale = {"part": "indicators", "remove": added[count].id, "seen": version.seen_digest()}
    client.post(url, stale)
    assert client.post(url, stale).status_code == 409
    version.refresh_from_db()
    assert len(version.target_sheet().indicators) == count
    for gone in (added[count].id, "0"):
        assert "ZS-WB-46" in client.post(url, {"part": "indicators", "remove": gone}).content.decode()
    assert "ZS-TG-02" in client.post(url, {"part": "nothing"}).content.decode()


def test_an_approved_sheet_changes_only_by_an_adjustment_with_a_reason(department, sign_in, user):
    version = SheetVersion.objects.get(
        sheet__department=department, sheet__year=2021, sheet__kind="project", sheet__name__startswith="市场"
    )
    client = sign_in("keyuan")
    assert "ZS-WB-06" in client.post(reverse("adjust", args=[version.pk]), {"reason": " "}).content.decode()
    answer = client.post(
        reverse("targets", args=[department.pk, 2021]), {"how": "upload", "file": document(2021)}
    )
    assert "调整须写明理由" in answer.content.decode()
    client.post(reverse("adjust", args=[version.pk]), {"reason": "年中追加审计"})
    new = version.sheet.latest
    assert (new.number, new.state, new.reason) == (2, "draft", "年中追加审计")
    client.post(
        reverse("field", args=[new.pk]), {"path": "indicators.4.target", "text": "≦800元", "was": "≦700元"}
    )
    # Until it is approved, the first version is in force.
    assert version.sheet.effective == version
    page = client.get(reverse("compare", args=[new.pk, version.pk])).content.decode()
    assert "≦700元" in page and "≦800元" in page and "1 处不同" in page
    advance(user("keyuan"), new, "targets.submit")
    advance(user("caiwu"), new, "targets.check")
    advance(user("caizheng"), new, "targets.approve")
    assert version.sheet.effective == new
    with pytest.raises(ZhunshengError):
        adjust(version, user("keyuan"), "又一次")


def test_what_an_indicator_is_is_decided_once_on_its_page(drafts, department, sign_in, user):
    version = drafts[1]
    n = next(n for n, i in enumerate(version.target_sheet().indicators) if i.level2 == "成本指标")
    path = f"indicators.{n}.target"
    shown = current_fields(version)[path].text
    set_field(version, path, "≥700元", shown)
    version.refresh_from_db()
    one = version.target_sheet().indicators[n]
    staff, address = sign_in("keyuan"), reverse("version", args=[version.pk])
    assert one.type.unsure and f"待核对：{one.type.unsure[0]}" in staff.get(address).content.decode()
    act = reverse("settle", args=[version.pk])
    for said, code in (
        ({"sense": "more", "reason": " "}, "ZS-WB-06"),
        ({"sense": "within", "reason": "按合同"}, "ZS-TG-11"),
        ({"sense": "sideways", "reason": "按合同"}, "ZS-WB-06"),
        # What is written is changed in the text: no reading turns it round.
        ({"sense": "less", "reason": "按合同"}, "ZS-TG-11"),
    ):
        assert f"[{code}]" in staff.post(act, {"indicator": one.id, **said}, **HTMX).content.decode()
    assert (
        sign_in("caizheng").post(act, {"indicator": one.id, "sense": "more", "reason": "按合同"}).status_code
        == 403
    )
    # Someone changed the target while the page was open: what is decided is not what stood there.
    stale = {"indicator": one.id, "sense": "more", "reason": "按合同", "seen": indicators.seen_of(one)}
    set_field(version, path, "≥800元", "≥700元")
    assert "[ZS-WB-10]" in staff.post(act, stale, **HTMX).content.decode()
    version.refresh_from_db()
    set_field(version, path, "≥700元", "≥800元")
    assert staff.post(act, {"indicator": one.id, "sense": "more", "reason": "按合同"}).status_code == 302
    version.refresh_from_db()
    one = version.target_sheet().indicators[n]
    assert (one.type.unsure, one.aim.op, one.target.raw) == ((), ">=", "≥700元")
    page = staff.get(address).content.decode()
    assert "认定：按合同" in page and user("keyuan").get_full_name() in page and "待核对：" not in page
    entry = AuditEntry.objects.filter(action="edit", after__has_key=f"indicators.{n}.settled").get()
    assert "待核对" in entry.before[f"indicators.{n}.settled"] and entry.actor == "keyuan"
    # Who decided it has written the text, and does not check it.
    assert "keyuan" in version.writers()


def test_an_indicator_renamed_in_a_new_document_is_the_same_once_a_person_says_so(
    drafts, department, sign_in
):
    data = bureau()
    old = drafts[1].target_sheet().indicators[0]
    text = flattened({**data, "year": 2023}).replace("2021年", "2023年").replace(old.name, "抽查检查总批次")
    file = SimpleUploadedFile("目标二.txt", text.encode(), "text/plain")
    staff = sign_in("keyuan")
    staff.post(reverse("targets", args=[department.pk, 2023]), {"how": "upload", "file": file})
    new = SheetVersion.objects.get(sheet=drafts[1].sheet, number=2)
    one = new.target_sheet().indicators[0]
    assert one.name == "抽查检查总批次" and one.id != old.id
    page = flat(staff.get(reverse("version", args=[new.pk])))
    assert "与以前各版的对应" in page and f'<option value="{old.id}">{old.name}（' in page
    act = reverse("same", args=[new.pk])
    other = new.target_sheet().indicators[1].id  # is in this version already
    assert "[ZS-WB-06]" in staff.post(act, {"indicator": one.id, "former": other}, **HTMX).content.decode()
    assert (
        "[ZS-TG-02]" in staff.post(act, {"indicator": "nowhere", "former": old.id}, **HTMX).content.decode()
    )
    assert staff.post(act, {"indicator": one.id, "former": old.id}).status_code == 302
    new.refresh_from_db()
    assert new.target_sheet().indicators[0].id == old.id
    page = staff.get(reverse("version", args=[new.pk])).content.decode()
    assert f"即以前的“{old.name}”" in page
    # Said in error: it is a new one after all, and nobody's code.
    assert staff.post(act, {"indicator": old.id, "former": ""}).status_code == 302
    new.refresh_from_db()
    assert new.target_sheet().indicators[0].id not in {
        i.id for v in drafts for i in v.target_sheet().indicators
    }


def test_a_new_indicator_inherits_nothing_of_a_deleted_one(drafts):
    version = add_part(drafts[1], "indicators")
    n = len(version.target_sheet().indicators) - 1
    first = version.target_sheet().indicators[n].id
    version = remove_part(version, "indicators", first)
    version = add_part(version, "indicators")
    assert version.target_sheet().indicators[n].id not in ("", first)


def test_the_year_of_a_sheet_is_that_of_its_record(drafts, sign_in):
    version = drafts[1]
    with pytest.raises(ZhunshengError, match="ZS-TG-02"):
        set_field(version, "year", "2020", "2023")
    version.body["year"] = 2020
    assert version.target_sheet().year == 2023


def test_what_was_approved_changes_for_a_reason_whichever_way(drafts, department, user, sign_in):
    version, staff = drafts[1], sign_in("keyuan")
    other = documents.add_version(version.target_sheet(), department, user("keyuan"), "upload")
    step = lambda record, action, **said: staff.post(  # noqa: E731
        reverse("step", args=["targets", record.pk]), {"action": f"targets.{action}", **said}
    )
    assert step(other, "void", remark="先不用").status_code == 302
    version.refresh_from_db()
    advance(user("keyuan"), version, "targets.submit", said={"despite": "on"})
    advance(user("caiwu"), version, "targets.check")
    advance(user("caizheng"), version, "targets.approve")
    other.refresh_from_db()
    assert step(other, "restore").status_code == 302
    answer = step(other, "submit", despite="on").content.decode()
    assert "ZS-WB-11" in answer and "没有写调整理由" in answer
    assert step(other, "submit", despite="on", remark="中期调整").status_code == 302
    other.refresh_from_db()
    assert (other.state, other.reason) == ("submitted", "中期调整")


def test_findings_tell_two_indicators_of_one_name_apart(drafts):
    version = drafts[1]
    sheet = version.target_sheet()
    for n in (0, 1):
        set_field(version, f"indicators.{n}.name", "批次", sheet.indicators[n].name)
        version.refresh_from_db()
    set_field(version, "indicators.1.target", "较好", current_fields(version)["indicators.1.target"].text)
    version.refresh_from_db()
    one, two = (version.target_sheet().indicators[n].id for n in (0, 1))
    worded = set(version.findings.filter(message__contains="较好").values_list("indicator_code", "indicator"))
    assert worded == {(two, "批次")} and one != two


def test_last_years_sheets_and_the_empty_form_start_a_year(department, sign_in):
    client, url = sign_in("caiwu"), reverse("targets", args=[department.pk, 2023])
    assert "没有可以沿用" not in client.post(url, {"how": "last-year"}).content.decode()
    made = SheetVersion.objects.filter(sheet__department=department, sheet__year=2023)
    assert made.count() == 3 and all(v.target_sheet().year == 2023 for v in made)
    assert "ZS-WB-06" in client.post(url, {"how": "last-year"}).content.decode()
    assert client.post(url, {"how": "blank", "kind": "project", "name": "新项目"}).status_code == 302
    assert (
        "ZS-WB-06" in client.post(url, {"how": "blank", "kind": "project", "name": "新项目"}).content.decode()
    )
    assert "ZS-WB-06" in client.post(url, {"how": "blank", "kind": "project", "name": " "}).content.decode()


def test_the_official_table_and_the_original_are_sent_as_files(drafts, sign_in, tmp_path):
    from zhunsheng.intake import read_book

    client = sign_in("keyuan")
    for kind in ("docx", "xlsx"):
        response = client.get(reverse(f"target-{kind}", args=[drafts[1].pk]))
        path = tmp_path / f"表.{kind}"
        path.write_bytes(response.content)
        assert [i.name for i in read_book(path).sheets[0].indicators] == [
            i.name for i in drafts[1].target_sheet().indicators
        ]
        assert "attachment" in response["Content-Disposition"]
    assert client.get(reverse("target-original", args=[drafts[1].pk])).content == document().read()


# -- every state has a way out
# ------------------------------------------------------------------------------------------------------------


def test_a_void_adjustment_leaves_the_approved_version_as_the_newest(department, sign_in, user):
    approved = SheetVersion.objects.filter(
        sheet__department=department, sheet__kind="project", state="approved"
    )[0]
    before = sorted(f.rule for f in approved.findings.all())
    adjusted = adjust(approved, user("keyuan"), "试一试")
    advance(user("keyuan"), adjusted, "targets.void", "不调整了")
    year = approved.year
    assert review.standings(department, year)[approved.pk].current
    assert sorted(f.rule for f in approved.findings.all()) == before and not adjusted.findings.exists()
    assert review.unreviewed(department.parent, year).get(department.pk) is None
    client = sign_in("keyuan")
    listed = client.get(reverse("targets", args=[department.pk, year]))
    assert listed.status_code == 200
    # A void version takes nobody's place: the approved one can be adjusted again, the void one restored.
    assert "提出调整" in client.get(reverse("version", args=[approved.pk])).content.decode()
    assert "恢复" in client.get(reverse("version", args=[adjusted.pk])).content.decode()


def test_a_void_draft_counts_nowhere_and_comes_back(project, department, sign_in, user):
    client = sign_in("keyuan")
    today = timezone.localdate()
    name = project.sheet.name
    assert any(name in t["what"] for t in todo.of(user("keyuan"), department, 2023, today))
    assert "ZS-WB-02" in step_on(client, project, "targets.void").content.decode()
    assert step_on(client, project, "targets.void", remark="传错了年度").status_code == 302
    assert name not in {s.name for s in lookup.sheets_of(department, 2023)}
    assert not any(name in t["what"] for t in todo.of(user("keyuan"), department, 2023, today))
    assert not project.findings.exists()
    project.sheet.refresh_from_db()
    assert project.sheet.retired
    assert (
        reverse("version", args=[project.pk])
        in client.get(reverse("targets", args=[department.pk, 2023])).content.decode()
    )
    assert "作废" in client.get(reverse("version", args=[project.pk])).content.decode()
    assert step_on(client, project, "targets.submit").status_code == 400
    assert step_on(client, project, "targets.restore").status_code == 302
    assert name in {s.name for s in lookup.sheets_of(department, 2023)}
    # A newer one took its place meanwhile: it stays void.
    advance(user("keyuan"), project, "targets.void", "重复")
    made = documents.add_version(project.target_sheet(), department, user("keyuan"), "upload")
    assert not made.sheet.retired
    assert made.number == project.number + 1
    with pytest.raises(ZhunshengError) as caught:
        advance(user("keyuan"), project, "targets.restore")
    assert code_of(caught) == "ZS-WB-11"


# -- conditions
# ------------------------------------------------------------------------------------------------------------


def test_an_empty_form_is_not_submitted_even_on_purpose(department, sign_in, user):
    version = start_blank(department, 2023, "project", "空项目", user("keyuan"))
    set_field(version, "budget.total", "10", "")
    answer = step_on(sign_in("keyuan"), version, "targets.submit", despite="on").content.decode()
    assert "ZS-WB-11" in answer and "产出" in answer and "目标没有写" in answer and "预算" not in answer
    version.refresh_from_db()
    assert version.state == "draft"
    bare = start_blank(department, 2023, "department", "", user("keyuan"))
    answer = step_on(sign_in("keyuan"), bare, "targets.submit", despite="on").content.decode()
    assert "ZS-WB-11" in answer and "没有写明指标值的指标" in answer


def test_a_dimension_of_unknown_words_is_named_where_one_is_lacking(department, user):
    version = start_blank(department, 2023, "project", "满意项目", user("keyuan"))
    sheet = version.target_sheet()
    given = [
        Indicator(level1=one, name=f"指标{one}", target=TargetValue.parse("≥90%")) for one in ("满意", "")
    ]
    version.body = body_of(sheet.model_copy(update={"indicators": tuple(given)}))
    (told,) = indicators_given(version, {})
    assert "认不出一级指标“满意”" in told and "有 1 个指标没有写一级指标" in told


def test_a_project_says_what_it_costs(project, user):
    set_field(project, "budget.total", "", current_fields(project)["budget.total"].text)
    with pytest.raises(ZhunshengError) as caught:
        advance(user("keyuan"), project, "targets.submit", said={"despite": True})
    assert "没有预算金额" in caught.value.text()


def test_a_superseded_version_goes_no_further(project, department, user):
    advance(user("keyuan"), project, "targets.submit")
    newer = SheetVersion.objects.create(sheet=project.sheet, number=project.number + 1, body=project.body)
    with pytest.raises(ZhunshengError) as caught:
        advance(user("caiwu"), project, "targets.check")
    assert code_of(caught) == "ZS-WB-11" and f"第 {newer.number} 版" in caught.value.text()


def test_a_superseded_draft_is_no_longer_edited(project, department, user, sign_in):
    documents.add_version(project.target_sheet(), department, user("keyuan"), "upload", of=project.sheet)
    said = {"path": "unit", "text": "另一科", "was": current_fields(project)["unit"].text}
    answer = sign_in("keyuan").post(reverse("field", args=[project.pk]), said)
    project.refresh_from_db()
    assert "已有更新的第2版" in answer.content.decode() and project.target_sheet().unit != "另一科"


# -- what was approved is not changed in silence
# ------------------------------------------------------------------------------------------------------------


def test_a_version_put_aside_leaves_the_project_its_code(department, user):
    approved = SheetVersion.objects.filter(
        sheet__department=department, sheet__kind="project", state="approved"
    )[0]
    was = approved.sheet.project_code
    other = approved.target_sheet().model_copy(update={"code": "P-OTHER"})
    made = documents.add_version(other, department, user("keyuan"), "upload", reason="改编码")
    advance(user("keyuan"), made, "targets.void", "不要了")
    assert Sheet.objects.get(pk=approved.sheet_id).project_code == was


# -- administration
# ------------------------------------------------------------------------------------------------------------


def test_a_title_of_too_many_words_is_refused(sign_in, department):
    answer = sign_in("keyuan").post(
        reverse("targets", args=[department.pk, 2021]),
        {"how": "blank", "kind": "project", "name": "长" * 200},
    )
    assert "超过 120 字" in answer.content.decode()


def test_the_map_tells_what_is_promised_and_measured_by_nothing(department, sign_in):
    page = sign_in("keyuan").get(here(department, "coherence"))
    told = page.context["unmeasured"]
    assert told and all(one.pledge.why in page.content.decode() for one in told)
    assert all(set(one.pledge.measures) <= set(measures()) for one in page.context["pledged"])
