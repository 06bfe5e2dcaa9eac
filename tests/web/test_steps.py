"""Steps on records: one way for every state, conditions beside permissions, what was on the screen,
a way out, four eyes.
"""

from __future__ import annotations

import ast
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.urls import reverse
from django.utils import timezone

import zhunsheng.web
from zhunsheng.errors import ZhunshengError
from zhunsheng.sample.documents import bureau, flattened
from zhunsheng.web.actions import ACTIONS
from zhunsheng.web.actor import acting
from zhunsheng.web.audit import altered_records
from zhunsheng.web.models import (
    AuditEntry,
    Checkpoint,
    Draw,
    DrawTask,
    InspectionItem,
    KeyEvaluation,
    KeyMark,
    Membership,
    Publication,
    Rectification,
    SafeguardRecord,
    SelfEvaluation,
    Sheet,
    SheetVersion,
    Step,
    Upload,
    User,
)
from zhunsheng.web.models.audited import changed_in_bulk, created_in_bulk
from zhunsheng.web.roles import may, permits
from zhunsheng.web.services import decisions, keyeval, review, safeguards, todo
from zhunsheng.web.services.decisions import RECORDS
from zhunsheng.web.services.publishing.acts import ask, decide
from zhunsheng.web.services.registers import registers
from zhunsheng.web.services.sheets import documents, lookup
from zhunsheng.web.services.sheets.drafts import (
    adjust,
    current_fields,
    set_field,
    start_blank,
    start_from_last_year,
)
from zhunsheng.web.services.year import filling
from zhunsheng.web.templatetags import audit_words
from zhunsheng.web.workflow import CONDITIONS, Overtaken, advance

WEB = Path(zhunsheng.web.__file__).parent
HTMX = {"HTTP_HX_REQUEST": "true"}


def code_of(error) -> str:
    return error.value.code


def step_on(client, record, action, **said):
    """Post a step as someone does who has just opened the page, unless ``seen`` says otherwise."""
    prefix = action.split(".")[0]
    return client.post(reverse("step", args=[prefix, record.pk]), {"action": action, **said})


@pytest.fixture
def drafts(department, sign_in):
    text = flattened({**bureau(), "year": 2023}).replace("2021年", "2023年")
    file = SimpleUploadedFile("目标.txt", text.encode(), "text/plain")
    sign_in("keyuan").post(reverse("targets", args=[department.pk, 2023]), {"how": "upload", "file": file})
    return list(SheetVersion.objects.filter(sheet__department=department, sheet__year=2023).order_by("pk"))


@pytest.fixture
def project(drafts):
    return drafts[1]


# -- one way for every change of a state
# ------------------------------------------------------------------------------


def sources():
    for path in sorted(WEB.rglob("*.py")):
        if "migrations" not in path.parts:
            yield path.relative_to(WEB).as_posix(), ast.parse(path.read_text("utf8"))


def test_nothing_sets_a_state_but_the_workflow():
    """Jobs have a state of their own, which no person decides on."""
    wrong = []
    for name, tree in sources():
        if name in ("workflow.py", "services/jobs.py"):
            continue
        for node in ast.walk(tree):
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            for target in targets:
                parts = target.elts if isinstance(target, ast.Tuple) else [target]
                if any(isinstance(p, ast.Attribute) and p.attr == "state" for p in parts):
                    wrong.append(f"{name}:{node.lineno} sets a state")
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                if node.func.attr in ("update", "create", "changed_in_bulk"):
                    wrong += [
                        f"{name}:{node.lineno} {node.func.attr}(state=)"
                        for k in node.keywords
                        if k.arg == "state"
                    ]
    assert not wrong


def test_every_step_that_a_page_leads_to_says_what_was_seen():
    wrong = []
    for name, tree in sources():
        if not name.startswith(("views/", "api")) and name != "services/decisions.py":
            continue
        for node in ast.walk(tree):
            called = node.func if isinstance(node, ast.Call) else None
            what = getattr(called, "attr", getattr(called, "id", ""))
            if what == "advance" and not any(k.arg == "seen" for k in node.keywords):
                wrong.append(f"{name}:{node.lineno}")
    assert not wrong


def test_every_form_of_a_step_carries_what_was_seen():
    for path in (WEB / "templates").rglob("*.html"):
        for form in re.findall(r"<form.*?</form>", path.read_text("utf8"), re.S):
            if re.search(r"url 'step'|url 'draw-act' draw.pk '(commit|enter|draw)'", form):
                assert "{% seen " in form, (path.name, form[:80])
            if re.search(r"url '(settle|same)'", form) or path.name in ("_match.html", "matches.html"):
                assert 'name="seen"' in form, (path.name, form[:80])


@pytest.mark.parametrize("prefix", RECORDS)
def test_every_change_of_a_state_in_the_sample_has_its_step_and_its_entry(prefix, department, contested):
    model = RECORDS[prefix]
    initial = model._meta.get_field("state").get_default()
    found = list(model.objects.all())
    assert found
    for record in found:
        state = initial
        for step in record.steps():
            if step.before:
                assert step.before == state, (record, step)
            state = step.after or state
            if step.before and step.before != step.after:
                entries = AuditEntry.objects.filter(
                    model=step.model, object_id=str(step.object_id), action="change"
                )
                assert entries.filter(before__state=step.before, after__state=step.after).exists(), (
                    record,
                    step,
                )
        assert state == record.state, record


def test_a_record_saved_with_another_state_is_refused(department):
    checkpoint = Checkpoint.objects.filter(department=department, state="open")[0]
    checkpoint.state = "confirmed"
    with pytest.raises(TypeError):
        checkpoint.save()
    with pytest.raises(TypeError):
        Checkpoint.objects.filter(pk=checkpoint.pk).update(state="confirmed")
    other = Checkpoint(department=department, year=2021, name="x", as_of="2021-01-01", due_on="2021-01-02")
    other.state = "confirmed"
    with pytest.raises(TypeError):
        other.save()


def test_an_overtaken_publication_says_by_whose_act(department, user):
    version = SheetVersion.objects.filter(
        sheet__department=department, sheet__kind="project", state="approved"
    )[0]
    old = Publication.objects.get(kind="targets", object_id=version.pk, state="published")
    waiting = ask("targets", version, user("caiwu"))
    new = ask("targets", version, user("caiwu2"))
    waiting.refresh_from_db()
    assert (waiting.state, waiting.last_step().by.username) == ("withdrawn", "caiwu2")
    decide(new, user("juzhang"), "publish.approve")
    old.refresh_from_db()
    last = old.last_step()
    assert (old.state, last.action, last.by.username) == (
        "withdrawn",
        "publish.overtake",
        "juzhang",
    ) and last.remark
    assert not any(act.system and act.roles for act in ACTIONS.values())


def test_a_step_of_the_system_is_not_taken_by_hand(department, sign_in):
    published = Publication.objects.filter(state="published")[0]
    assert step_on(sign_in("juzhang"), published, "publish.overtake").status_code == 404


# -- every state has a way out
# ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", RECORDS)
def test_every_state_has_a_way_out_or_is_declared_final(prefix):
    model = RECORDS[prefix]
    states = set(model.State.values)
    acts = {n: a for n, a in ACTIONS.items() if n.startswith(f"{prefix}.") and a.to}
    assert set(model.final) <= states and set(model.start) <= states
    for name, act in acts.items():
        assert {*act.on, *act.leads} <= states, name
    for state in states:
        out = [n for n, a in acts.items() if a.roles and state in a.on and set(a.leads) - {state}]
        assert out or state in model.final, f"{prefix} {state} is a dead end"
    reached = {model._meta.get_field("state").get_default()}
    while more := {s for a in acts.values() if reached & set(a.on) for s in a.leads} - reached:
        reached |= more
    assert reached == states


@pytest.mark.parametrize(
    ("who", "kind", "submit", "withdraw"),
    [("keyuan", "targets", "submit", "withdraw"), ("keyuan", "selfeval", "submit", "withdraw")],
)
def test_what_was_submitted_is_taken_back_while_nobody_acted(
    who, kind, submit, withdraw, project, department, sign_in, left_open_confirmed
):
    record = project
    if kind == "selfeval":
        record = filling.fill_self_evaluation(SelfEvaluation.objects.get(department=department))
    client = sign_in(who)
    assert step_on(client, record, f"{kind}.{submit}").status_code == 302
    assert step_on(client, record, f"{kind}.{withdraw}").status_code == 302
    record.refresh_from_db()
    assert record.state == "draft"
    # Once finance has acted, it is theirs.
    step_on(client, record, f"{kind}.{submit}")
    assert step_on(sign_in("caiwu"), record, f"{kind}.check").status_code == 302
    answer = step_on(client, record, f"{kind}.{withdraw}").content.decode()
    assert "ZS-WB-11" in answer or "ZS-WB-01" in answer
    record.refresh_from_db()
    assert record.state == "checked"


def test_requests_are_taken_back(department, sign_in, user):
    record = SafeguardRecord.objects.get(data__asset_no="GD-0002")
    assert record.state == "requested"
    assert step_on(sign_in("keyuan"), record, "safeguards.withdraw").status_code == 302
    record.refresh_from_db()
    assert record.state == "open"
    version = SheetVersion.objects.filter(
        sheet__department=department, sheet__kind="project", state="approved"
    )[0]
    asked = ask("targets", version, user("caiwu"))
    assert step_on(sign_in("caiwu"), asked, "publish.retract").status_code == 302
    asked.refresh_from_db()
    assert asked.state == "withdrawn"


def test_changes_asked_for_come_back_as_such_when_taken_back(project, user):
    advance(user("keyuan"), project, "targets.submit")
    advance(user("caiwu"), project, "targets.check")
    advance(user("caizheng"), project, "targets.ask", "请核对")
    advance(user("keyuan"), project, "targets.submit")
    assert project.state == "submitted"
    advance(user("keyuan"), project, "targets.withdraw")
    assert project.state == "changes"


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


PLAN = {
    "code": "SJ-2021-10",
    "title": "第十次抽查",
    "rule": "国发〔2019〕5号",
    "items": ["A01"],
    "frame_on": "2021-02-25",
    "per_object": "2",
    "reserve": "10",
    "ratio_A": "1",
    "floor_A": "1",
    "ratio_B": "2.5",
    "ratio_C": "5",
    "ratio_D": "10",
    "speakers": "代表甲、代表乙",
}


def soon(hours=1):
    return (timezone.localtime() + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S")


def test_a_plan_is_changed_until_it_is_committed_or_made_void(department, sign_in, work_off):
    client = sign_in("keyuan")
    url = reverse("draw-plan", args=[department.pk, 2021])
    assert "ZS-WB-12" in client.post(url, {**PLAN, "known_at": "2021-01-01T00:00:00"}).content.decode()
    client.post(url, {**PLAN, "known_at": soon()})
    draw = Draw.objects.get(code="SJ-2021-10")
    edit = reverse("draw-edit", args=[draw.pk])
    page = client.get(edit).content.decode()
    assert 'value="2.5"' in page and "代表甲、代表乙" in page and 'name="seen"' in page
    past = client.post(edit, {**PLAN, "known_at": "2021-01-01T08:00:00"}).content.decode()
    assert "ZS-WB-12" in past and "2021-01-01 08:00:00" in past
    old = draw.seen_digest()
    assert client.post(edit, {**PLAN, "title": "改名", "known_at": soon(2)}).status_code == 302
    draw.refresh_from_db()
    assert (draw.title, draw.state, draw.last_step().action) == ("改名", "planned", "draws.plan")
    assert client.post(edit, {**PLAN, "title": "又改", "known_at": soon(2), "seen": old}).status_code == 409
    # A commitment from a page with the old plan is none.
    act = reverse("draw-act", args=[draw.pk, "commit"])
    assert client.post(act, {"seen": old}).status_code == 409 and not work_off()
    assert step_on(client, draw, "draws.void", remark="不抽了").status_code == 302
    assert client.post(act).status_code == 403
    assert not any(
        "改名" in t["what"]
        for t in todo.of(User.objects.get(username="keyuan"), department, 2021, timezone.localdate())
    )
    assert step_on(client, draw, "draws.restore").status_code == 302
    client.post(act)
    (job,) = work_off()
    assert job.state == "done", job.error
    assert (
        client.get(edit).status_code == 403
        and client.post(edit, {**PLAN, "known_at": soon()}).status_code == 403
    )


# -- conditions
# -------------------------------------------------------------------------------------------------------


def test_every_condition_of_the_table_is_known_and_every_known_one_is_used():
    assert {name for act in ACTIONS.values() for name in act.needs} == set(CONDITIONS)
    assert all(act.leads for act in ACTIONS.values() if act.needs)


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


def test_an_audit_finding_closes_with_result_date_and_proof(department, sign_in):
    record = SafeguardRecord.objects.get(department=department, register="audits")
    client, url = sign_in("keyuan"), reverse("record", args=[record.pk])
    answer = step_on(client, record, "safeguards.close").content.decode()
    assert "ZS-WB-11" in answer and all(t in answer for t in ("整改情况", "整改完成日期", "佐证材料"))
    future = (timezone.localdate() + timedelta(days=1)).isoformat()
    assert "不能晚于今天" in client.post(url, {**record.data, "mended_on": future}).content.decode()
    proof = SimpleUploadedFile("整改.pdf", b"%PDF-1.7")
    client.post(url, {**record.data, "mended_on": "2022-03-01", "result": "已整改", "file": proof})
    # Whoever wrote how it ended does not close it; the edit is told as one.
    assert record.steps()[-1].action == "safeguards.result"
    assert step_on(client, record, "safeguards.close").status_code == 403
    assert step_on(sign_in("caiwu"), record, "safeguards.close").status_code == 302


def test_an_inspection_is_not_kept_blank_or_in_the_future(department, sign_in):
    task = DrawTask.objects.filter(draw__department=department, inspected_on=None)[0]
    client, url = sign_in("keyuan"), reverse("task", args=[task.pk])
    future = (timezone.localdate() + timedelta(days=1)).isoformat()
    good = {"inspected_on": "2021-05-01", "result": "未发现问题"}
    for wrong in ({}, {"note": "只有说明"}, {"inspected_on": "2021-05-01"}, {**good, "inspected_on": future}):
        assert "ZS-DR-09" in client.post(url, wrong).content.decode(), wrong
    assert "ZS-DR-09" in client.post(url, {**good, "published_on": future}).content.decode()
    early = (task.draw.frame_on - timedelta(days=1)).isoformat()
    assert "早于名录库的日期" in client.post(url, {**good, "inspected_on": early}).content.decode()
    seen = task.seen_digest()
    assert client.post(url, good).status_code == 302
    # Someone else kept a result meanwhile: an old page does not write over it.
    answer = client.post(url, {**good, "result": "发现问题已责令改正", "seen": seen}, **HTMX).content.decode()
    task.refresh_from_db()
    assert "ZS-WB-10" in answer and task.result == "未发现问题"


def test_a_result_changed_after_its_publication_is_told_in_public(department, sign_in, user):
    draw = Draw.objects.filter(
        department=department, state="drawn", tasks__inspected_on__isnull=False
    ).distinct()[0]
    one = ask("results", draw, user("caiwu"))
    decide(one, user("juzhang"), "publish.approve")
    task = draw.tasks.exclude(inspected_on=None)[0]
    was, day = task.result, task.inspected_on.isoformat()
    other = "发现问题已责令改正" if was == "未发现问题" else "未发现问题"
    page = Client().get(reverse("public-one", args=[one.pk])).content.decode()
    assert "检查结果又有变动" not in page
    kept = {"inspected_on": day, "result": other}
    assert sign_in("keyuan").post(reverse("task", args=[task.pk]), kept).status_code == 302
    page = Client().get(reverse("public-one", args=[one.pk])).content.decode()
    assert "检查结果又有变动" in page and f"{was}（{day}）" in page and f"{other}（{day}）" in page


def test_mending_is_told_with_a_proof_or_why_there_is_none(department, sign_in):
    fix = Rectification.objects.get(department=department)
    client = sign_in("keyuan")
    assert "佐证材料" in step_on(client, fix, "rectify.prove", result="已改").content.decode()
    assert (
        step_on(client, fix, "rectify.prove", result="已改", no_proof="口头提醒，无书面材料").status_code
        == 302
    )
    fix.refresh_from_db()
    assert fix.state == "proved" and "口头提醒" in fix.last_step().remark
    assert step_on(client, fix, "rectify.withdraw").status_code == 302


def test_an_incomplete_card_is_not_reported(department, user, sign_in):
    key = KeyEvaluation.objects.get(department=department)
    two = sign_in("zhuanjia2")
    from zhunsheng.regulations import key_frameworks

    rows = key_frameworks()[0].rows
    two.post(reverse("marks", args=[key.pk]), {f"points_{r.code}": "1" for r in rows} | {"finish": "1"})
    key.refresh_from_db()
    assert key.state == "agreeing" and key.last_step().after == "agreeing"
    answer = step_on(sign_in("caizheng"), key, "keyeval.report").content.decode()
    assert "ZS-WB-11" in answer and "没有评定得分" in answer


# -- permission is the first thing
# ------------------------------------------------------------------------------------


def test_nothing_is_read_computed_or_said_before_permission(department, sign_in, monkeypatch):
    def never(*args, **kwargs):
        raise AssertionError("reached")

    checkpoint = Checkpoint.objects.filter(department=department, state="open")[0]
    fix = Rectification.objects.get(department=department)
    monkeypatch.setitem(decisions.PREPARE, "monitoring.submit", never)
    monkeypatch.setitem(decisions.CHANGES, "rectify.prove", never)
    monkeypatch.setitem(CONDITIONS, "lights_explained", never)
    monkeypatch.setattr("zhunsheng.web.views.decisions.StepForm.of", never)
    monkeypatch.setattr("zhunsheng.web.workflow.compare", never)
    for record, action in ((checkpoint, "monitoring.submit"), (fix, "rectify.prove")):
        answer = step_on(sign_in("shenji"), record, action, seen="")
        page = answer.content.decode()
        assert (
            answer.status_code == 403 and str(record) not in page and record.get_state_display() not in page
        )


def test_who_is_refused_learns_nothing_of_the_state(department, user):
    approved = SheetVersion.objects.filter(sheet__department=department, state="approved")[0]
    with pytest.raises(PermissionDenied):
        advance(user("shenji"), approved, "targets.check", seen="")


def test_a_record_without_a_department_is_refused_not_free(user):
    nobodys = Upload(department=None, purpose="attachment", name="x", size=1, sha256="0" * 64)
    for name in ("keyuan", "caizheng", "guanli"):
        assert not permits(user(name), "targets.view", nobodys) and not may(
            user(name), "admin.manage", nobodys
        )


def test_reading_an_address_that_acts_is_405(department, sign_in):
    key = KeyEvaluation.objects.get(department=department)
    draw = Draw.objects.filter(department=department)[0]
    client = sign_in("caizheng")
    for url in (
        reverse("step", args=["targets", 1]),
        reverse("marks", args=[key.pk]),
        reverse("agree", args=[key.pk]),
        reverse("rectification", args=[key.pk]),
        reverse("draw-act", args=[draw.pk, "commit"]),
        reverse("draw-register", args=[department.pk, 2021]),
    ):
        assert client.get(url).status_code == 405, url


def test_nonsense_is_a_message_never_a_failure(department, sign_in, user):
    client = sign_in("caizheng")
    key = KeyEvaluation.objects.get(department=department)
    for url, said in (
        (
            reverse("keyeval", args=[department.pk, 2021]),
            {"sheet": "abc", "method": "x", "evaluators": "abc"},
        ),
        (reverse("rectification", args=[key.pk]), {"problem": "p", "owner": "o", "due_on": "abc"}),
    ):
        answer = client.post(url, said)
        assert answer.status_code == 400 and "ZS-WB-06" in answer.content.decode()
    mark = sign_in("zhuanjia2").post(reverse("marks", args=[key.pk]), {"points_A1": "abc", "finish": "1"})
    assert mark.status_code == 400
    plan = {**PLAN, "known_at": "abc", "items": ["?"], "per_object": "x", "drand_round": "-1", "floor_A": "?"}
    answer = sign_in("keyuan").post(reverse("draw-plan", args=[department.pk, 2021]), plan)
    assert answer.status_code == 400 and "随机数公布时间" in answer.content.decode()
    nonsense = sign_in("keyuan").post(
        reverse("draw-register", args=[department.pk, 2021]), {"what": "end-item", "id": "abc"}
    )
    assert nonsense.status_code == 404
    for seen in ("", "x", "a-b-c-d", "-" * 200, "a-draft-9-9"):
        record = Rectification.objects.get(department=department)
        assert (
            step_on(
                sign_in("keyuan"), record, "rectify.prove", result="r", no_proof="n", seen=seen
            ).status_code
            == 409
        )


# -- what was on the screen
# -------------------------------------------------------------------------------------------


def hidden_of(page):
    form = re.search(r"<form[^>]*/step/targets.*?</form>", page, re.S).group(0)
    return dict(re.findall(r'type="hidden" name="(?!csrf)([^"]+)" value="([^"]*)"', form))


def test_an_old_page_does_not_approve_a_changed_text_and_shows_what_changed(project, sign_in):
    staff, one, two = sign_in("keyuan"), sign_in("caiwu"), sign_in("caiwu2")
    step_on(staff, project, "targets.submit", despite="1")
    fields = current_fields(project)
    budget, target = fields["budget.total"].text, fields["indicators.0.target"].text
    page = one.get(reverse("version", args=[project.pk])).content.decode()
    step_on(two, project, "targets.return", remark="请核对")
    field = reverse("field", args=[project.pk])
    staff.post(field, {"path": "budget.total", "text": "90", "was": budget})
    staff.post(field, {"path": "indicators.0.target", "text": "≥10%", "was": target})
    step_on(staff, project, "targets.submit", despite="1")
    answer = step_on(one, project, "targets.check", **hidden_of(page))
    shown = answer.content.decode()
    assert answer.status_code == 409 and "ZS-WB-10" in shown
    assert all(text in shown for text in (budget, "90", target, "≥10%", "请核对", "科员甲"))
    part = one.post(
        reverse("step", args=["targets", project.pk]), {"action": "targets.check", **hidden_of(page)}, **HTMX
    )
    assert part["HX-Retarget"] == "#alerts" and "≥10%" in part.content.decode()
    project.refresh_from_db()
    assert project.state == "submitted"
    # From the page as it is now, it goes through, and the step keeps what was seen.
    now = one.get(reverse("version", args=[project.pk])).content.decode()
    assert step_on(one, project, "targets.check", **hidden_of(now)).status_code == 302
    assert project.last_step().seen == hidden_of(now)["seen"]


def test_ones_own_edit_moves_what_was_seen_and_anothers_does_not(project, sign_in):
    one, two = sign_in("keyuan"), sign_in("keyuan2")
    field = reverse("field", args=[project.pk])
    fields = current_fields(project)
    seen = hidden_of(one.get(reverse("version", args=[project.pk])).content.decode())["seen"]
    said = {"path": "unit", "was": fields["unit"].text, "text": "综合科", "seen": seen}
    answer = one.post(field, said).content.decode()
    moved = re.search(r'value="([^"]+)" id="seen-steps" hx-swap-oob="true"', answer).group(1)
    project.refresh_from_db()
    assert moved == project.seen_digest() != seen
    two.post(field, {"path": "purpose", "was": fields["purpose"].text, "text": "改了用途"})
    answer = one.post(
        field, {"path": "unit", "was": "综合科", "text": "财务科", "seen": moved}
    ).content.decode()
    assert 'data-status="kept"' in answer and 'id="seen-steps"' not in answer
    refused = step_on(one, project, "targets.submit", despite="1", seen=moved)
    assert refused.status_code == 409 and "改了用途" in refused.content.decode()


def test_a_step_without_what_was_seen_is_refused(project, sign_in, user):
    assert step_on(sign_in("keyuan"), project, "targets.submit", seen="").status_code == 409
    with pytest.raises(Overtaken):
        advance(user("keyuan"), project, "targets.submit", seen="")


def test_the_same_text_in_another_round_is_not_what_was_seen(project, user):
    advance(user("keyuan"), project, "targets.submit")
    seen = project.seen_digest()
    advance(user("keyuan"), project, "targets.withdraw")
    advance(user("keyuan"), project, "targets.submit")
    with pytest.raises(Overtaken):
        advance(user("caiwu"), project, "targets.check", seen=seen)
    advance(user("caiwu"), project, "targets.check", seen=project.seen_digest())


def test_two_people_enter_a_draws_numbers_without_seeing_each_other(department, user):
    draw = Draw.objects.filter(department=department)[0]
    before = draw.seen()
    draw.first_entry, draw.first_by = {"by": "x"}, user("keyuan")
    draw.save()
    assert draw.seen().text == before.text
    assert ACTIONS["draws.enter"].blind and ACTIONS["keyeval.mark"].blind


# -- four eyes look at texts
# ------------------------------------------------------------------------------------------


def test_who_submitted_once_in_the_round_does_not_check(project, department, user):
    """Finance submits, the sheet comes back, staff submits it again: the first may not check what they stood
    for.
    """
    advance(user("caiwu"), project, "targets.submit")
    advance(user("caiwu2"), project, "targets.return", "请核对")
    advance(user("keyuan"), project, "targets.submit")
    with pytest.raises(PermissionDenied):
        advance(user("caiwu"), project, "targets.check")
    advance(user("caiwu2"), project, "targets.check")


def test_who_wrote_the_text_does_not_check_it(project, user):
    with acting("caiwu"):
        set_field(project, "unit", "财务科", current_fields(project)["unit"].text)
    advance(user("keyuan"), project, "targets.submit")
    with pytest.raises(PermissionDenied):
        advance(user("caiwu"), project, "targets.check")
    advance(user("caiwu2"), project, "targets.check")


def test_who_explained_a_light_does_not_confirm_the_checkpoint(department, user):
    checkpoint = Checkpoint.objects.filter(department=department, state="open")[0]
    from zhunsheng.web.models import Word

    assert checkpoint.writers() == set()
    Word.objects.create(
        department=department, year=2021, checkpoint=checkpoint, sheet="x", indicator="y", by=user("caiwu")
    )
    assert not permits(user("caiwu"), "monitoring.confirm", checkpoint)
    assert permits(user("caiwu2"), "monitoring.confirm", checkpoint)


def test_a_round_begins_where_the_way_begins(project, user):
    advance(user("caiwu"), project, "targets.submit")
    advance(user("caiwu"), project, "targets.withdraw")
    advance(user("keyuan"), project, "targets.submit")
    advance(user("caiwu"), project, "targets.check")
    assert project.state == "checked"


def test_what_was_changed_because_somebody_asked_passes_every_stage_anew(project, user, sign_in):
    """One word asked for by the bureau, the budget rewritten: finance sees it first,
    and everyone sees what changed.
    """
    advance(user("keyuan"), project, "targets.submit")
    advance(user("caiwu"), project, "targets.check")
    advance(user("caizheng"), project, "targets.ask", "请改一个字")
    fields = current_fields(project)
    was = fields["budget.total"].text
    with acting("keyuan"):
        set_field(project, "budget.total", "9999", was)
    advance(user("keyuan2"), project, "targets.submit", said={"despite": True})
    assert project.state == "submitted" and not may(user("caizheng"), "targets.approve", project)
    for reader in ("caiwu", "caizheng"):
        page = sign_in(reader).get(reverse("version", args=[project.pk])).content.decode()
        mended = page.split("退回之后的改动")[1].split("</table>")[0]
        assert "请改一个字" in mended and was in mended and "9999" in mended
    advance(user("caiwu2"), project, "targets.check")
    advance(user("caizheng"), project, "targets.approve")


def test_a_return_without_a_change_says_so(project, user, sign_in):
    advance(user("keyuan"), project, "targets.submit")
    advance(user("caiwu"), project, "targets.return", "请核对")
    assert "退回之后" not in sign_in("keyuan").get(reverse("version", args=[project.pk])).content.decode()
    advance(user("keyuan"), project, "targets.submit")
    assert (
        "退回之后内容没有改动" in sign_in("caiwu").get(reverse("version", args=[project.pk])).content.decode()
    )


def test_who_wrote_an_earlier_version_since_the_last_approval_is_an_author(project, department, user):
    """Finance writes version 1, staff brings it again as version 2 and submits:
    finance checks its own text no more.
    """
    with acting("caiwu"):
        set_field(project, "unit", "财务科", current_fields(project)["unit"].text)
    again = documents.add_version(
        project.target_sheet(), department, user("keyuan"), "upload", of=project.sheet
    )
    review.refresh(department, {2023})
    advance(user("keyuan"), again, "targets.submit", said={"despite": True})
    assert again.writers() >= {"caiwu", "keyuan"}
    for step in ("targets.check", "targets.return"):
        assert permits(user("caiwu2"), step, again)
    with pytest.raises(PermissionDenied):
        advance(user("caiwu"), again, "targets.check")
    advance(user("caiwu2"), again, "targets.check")
    advance(user("caizheng"), again, "targets.approve")
    # What was approved is nobody's draft any more: an adjustment has authors of its own.
    adjusted = adjust(again, user("keyuan2"), "调整")
    assert adjusted.writers() == {"keyuan2"}


# -- what was approved is not changed in silence
# ----------------------------------------------------------------------


def test_changing_an_approved_asset_opens_it_again(department, sign_in, user):
    record = SafeguardRecord.objects.get(data__asset_no="GD-0001")
    assert record.state == "approved"
    client, url = sign_in("keyuan"), reverse("record", args=[record.pk])
    seen = record.seen_digest()
    assert client.post(url, {**record.data, "value": "1"}).status_code == 302
    record.refresh_from_db()
    last = record.last_step()
    assert (record.state, last.action, last.before, last.after) == (
        "open",
        "safeguards.edit",
        "approved",
        "open",
    )
    # The second of two people is told.
    assert client.post(url, {**record.data, "value": "2", "seen": seen}).status_code == 409
    # Who changed it does not approve it.
    Membership.objects.create(user=user("keyuan"), organisation=department, role="head")
    advance(
        user("keyuan2"), record, "safeguards.request", change=lambda now: setattr(now, "request", "登记入账")
    )
    assert not may(user("keyuan"), "safeguards.approve", record) and may(
        user("juzhang"), "safeguards.approve", record
    )


def test_a_request_taken_back_leaves_what_was_approved_as_it_was(department, user):
    record = SafeguardRecord.objects.get(data__asset_no="GD-0001")
    was = record.request
    asked = {"request": "处置报废", "seen": record.seen_digest()}
    decisions.decide(user("keyuan2"), record, "safeguards.request", asked)
    assert (record.state, record.request) == ("requested", "处置报废")
    decisions.decide(user("keyuan2"), record, "safeguards.withdraw", {"seen": record.seen_digest()})
    record.refresh_from_db()
    assert (record.state, record.request) == ("approved", was) and altered_records() == []


def test_an_asset_is_disposed_of_once_it_is_approved_as_it_stands(department, sign_in, user):
    record = SafeguardRecord.objects.get(data__asset_no="GD-0001")
    said = {**record.data, "value": "1", "disposed_on": "2021-12-01"}
    assert sign_in("keyuan").post(reverse("record", args=[record.pk]), said).status_code == 302
    assert "还没有批准" in step_on(sign_in("keyuan"), record, "safeguards.close").content.decode()
    record.refresh_from_db()
    assert record.state == "open"


def test_who_rewrites_a_finding_once_its_end_is_told_does_not_close_it(department, user, sign_in):
    audits = registers()["audits"]
    said = {"source": "审计", "finding": "问题", "owner": "综合科", "due_on": "2021-12-31"}
    record = safeguards.enter(audits, department, said, None, user("keyuan"))
    told = said | {"mended_on": "2021-06-01", "result": "已改"}
    proof = SimpleUploadedFile("证明.pdf", b"%PDF-1.4 x")
    safeguards.change(record, told, proof, user("keyuan2"))
    assert permits(user("keyuan"), "safeguards.close", record)
    safeguards.change(record, told | {"finding": "没有问题"}, None, user("keyuan"))
    assert not permits(user("keyuan"), "safeguards.close", record)
    assert permits(user("caiwu"), "safeguards.close", record)


def test_putting_aside_and_taking_up_again_begins_no_round(project, user):
    advance(user("caiwu"), project, "targets.submit")
    advance(user("caiwu2"), project, "targets.return", "请核对")
    advance(user("caiwu"), project, "targets.void", "不要了")
    advance(user("caiwu"), project, "targets.restore")
    advance(user("keyuan"), project, "targets.submit")
    with pytest.raises(PermissionDenied):
        advance(user("caiwu"), project, "targets.check")


def test_what_two_people_enter_unseen_is_not_in_the_log(department, user):
    draw = Draw.objects.get(department=department, code="SJ-2021-01")
    QuerySet(Draw).filter(pk=draw.pk).update(state="committed")
    draw.refresh_from_db()
    entry = {"by": "keyuan", "values": {"winning": "735192"}}
    advance(user("keyuan"), draw, "draws.enter", change=lambda now: setattr(now, "first_entry", entry))
    mark = KeyMark.objects.first()
    mark.reason = "很不理想"
    mark.save()
    logged = str(list(AuditEntry.objects.values_list("before", "after", "title")))
    assert "735192" not in logged and "很不理想" not in logged


def test_a_draft_of_last_year_that_is_taken_over_keeps_its_writers(project, department, user):
    with acting("caiwu"):
        set_field(project, "unit", "财务科", current_fields(project)["unit"].text)
    made = start_from_last_year(department, 2024, user("keyuan2"))
    one = next(v for v in made if v.sheet.name == project.sheet.name)
    assert one.writers() >= {"caiwu", "keyuan", "keyuan2"}
    assert not permits(user("caiwu"), "targets.check", one) and permits(user("caiwu2"), "targets.check", one)


@pytest.mark.parametrize(
    "what",
    ["the new one is renamed", "the old one is renamed", "the old one is void", "another text is approved"],
)
def test_who_wrote_a_draft_that_was_taken_over_wrote_it_whatever_becomes_of_either(
    project, department, user, what
):
    """That is written down when it is taken over: no name, no state of today says it."""
    with acting("caiwu"):
        set_field(project, "unit", "财务科", current_fields(project)["unit"].text)
    made = start_from_last_year(department, 2024, user("keyuan2"))
    one = next(v for v in made if v.sheet.name == project.sheet.name)
    if what == "another text is approved":
        QuerySet(SheetVersion).filter(pk=project.pk).update(state="approved", body=one.body)
    elif what == "the old one is void":
        advance(user("keyuan"), project, "targets.void", "不要了")
    else:
        renamed = one if what.startswith("the new") else project
        with acting("keyuan2"):
            set_field(renamed, "name", "另一个名称", current_fields(renamed)["name"].text)
    one = SheetVersion.objects.get(pk=one.pk)
    assert one.writers() >= {"caiwu", "keyuan", "keyuan2"}
    assert not permits(user("caiwu"), "targets.check", one) and permits(user("caiwu2"), "targets.check", one)


def test_two_experts_of_one_name_are_two(department, user):
    evaluation = KeyEvaluation.objects.get(department=department)
    for name in ("zhuanjia1", "zhuanjia2"):
        one = user(name)
        one.display = "张伟"
        one.save()
    card = keyeval.card_of(evaluation)
    named = keyeval.told_apart(evaluation.evaluators.all())
    assert sorted(named.values()) == ["张伟（zhuanjia1）", "张伟（zhuanjia2）"] and card is not None


def test_a_version_put_aside_leaves_the_project_its_code(department, user):
    approved = SheetVersion.objects.filter(
        sheet__department=department, sheet__kind="project", state="approved"
    )[0]
    was = approved.sheet.project_code
    other = approved.target_sheet().model_copy(update={"code": "P-OTHER"})
    made = documents.add_version(other, department, user("keyuan"), "upload", reason="改编码")
    advance(user("keyuan"), made, "targets.void", "不要了")
    assert Sheet.objects.get(pk=approved.sheet_id).project_code == was


def test_each_step_keeps_the_digest_of_the_text_that_it_left(department):
    kept = 0
    for model in set(RECORDS.values()):
        for record in model.objects.all():
            last = record.last_step()
            if last is not None and record.state in record.bound:
                kept += 1
                assert last.text == record.bound_digest(), (model, record.pk)
    assert kept > 8 and altered_records() == []


def test_what_was_decided_on_is_not_saved_otherwise(department, user):
    """Whatever code saves a record in a state that binds its text: the text stays, or the save is refused."""
    changes = {
        SafeguardRecord: ("data", {"asset_no": "GD-0001", "value": "999999"}),
        SheetVersion: ("body", {}),
        Publication: ("data", {"sheet": {}}),
        Draw: ("plan", {}),
    }
    for model, (name, value) in changes.items():
        record = next(r for r in model.objects.all() if r.state in model.bound)
        setattr(record, name, value)
        with pytest.raises(TypeError, match="new version or step"):
            record.save()
    fix = Rectification.objects.get(department=department)
    assert "proved" in fix.bound and KeyEvaluation.bound and Checkpoint.bound and SelfEvaluation.bound


def test_a_text_changed_in_the_database_itself_is_told(department, sign_in):
    version = SheetVersion.objects.filter(sheet__department=department, state="approved")[0]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE web_sheetversion SET reason = %s WHERE id = %s", ["悄悄改了", version.pk])
    page = sign_in("shenji").get(reverse("version", args=[version.pk])).content.decode()
    assert "与最后一步办理时的不同" in page
    assert [str(version.pk) in one for one in altered_records()] == [True]
    with pytest.raises(CommandError, match="与最后一步办理时的内容不同"):
        call_command("check_audit")
    assert "悄悄改了" in page


# -- the log sees all
# -------------------------------------------------------------------------------------------------


def test_changes_of_many_to_many_fields_reach_the_log(department, user):
    key = KeyEvaluation.objects.get(department=department)

    def last():
        return AuditEntry.objects.filter(model="keyevaluation", object_id=str(key.pk)).first()

    first = sorted(key.evaluators.values_list("pk", flat=True))
    key.evaluators.add(user("keyuan"))
    assert last().before == {"evaluators": first}
    assert last().after == {"evaluators": sorted([*first, user("keyuan").pk])}
    key.evaluators.remove(user("keyuan"))
    assert last().after == {"evaluators": first}
    key.evaluators.set([user("zhuanjia1")])
    assert last().after == {"evaluators": [user("zhuanjia1").pk]}
    key.evaluators.clear()
    assert last().after == {"evaluators": []}
    user("zhuanjia2").key_evaluations.add(key)
    entry = AuditEntry.objects.filter(model="user", object_id=str(user("zhuanjia2").pk)).first()
    assert list(entry.after.values()) == [[key.pk]]


def test_changes_of_many_rows_are_refused_or_recorded_each(department):
    items = InspectionItem.objects.filter(department=department)
    for change in (
        lambda: items.update(active=False),
        lambda: items.delete(),
        lambda: InspectionItem.objects.bulk_create([InspectionItem(department=department, code="Z")]),
        lambda: InspectionItem.objects.bulk_update(list(items), ["active"]),
        lambda: User.objects.filter(username="keyuan").update(is_active=False),
    ):
        with pytest.raises(TypeError):
            change()
    before = AuditEntry.objects.filter(model="inspectionitem").count()
    count = changed_in_bulk(items, active=False)
    made = created_in_bulk([InspectionItem(department=department, code=f"Z{n}", name="x") for n in range(2)])
    assert count and AuditEntry.objects.filter(model="inspectionitem").count() == before + count + made


def test_every_step_has_a_person_and_the_sample_no_open_end():
    assert not Step.objects.filter(by=None).exists()
    assert Sheet.objects.exists()


def test_every_step_is_told_in_words(sign_in):
    for name, act in ACTIONS.items():
        if act.to:
            assert str(audit_words._said(name)) != name
    page = sign_in("shenji").get(reverse("audit") + "?model=step").content.decode()
    titles = [one.split("<div")[0].strip() for one in page.split('<td class="mid">')[1:]]
    assert titles and not any("→" in t and re.search(r"[a-z]+\.[a-z]+|[a-z]{4}", t) for t in titles), titles
    assert any("待财务科审核 → 待财政局批复" in t for t in titles)
