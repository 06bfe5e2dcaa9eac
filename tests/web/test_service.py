"""How the service says it is: one set of checks for the page, /health and /metrics; the database's clock; the
log; what is forgotten.
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from zhunsheng.errors import ZhunshengError
from zhunsheng.web import logs
from zhunsheng.web.databases.clock import now
from zhunsheng.web.management.commands.serve import refuse_newer
from zhunsheng.web.models import (
    Assessment,
    AuditEntry,
    Job,
    SelfEvaluation,
    Upkeep,
    User,
    WorkerSign,
)
from zhunsheng.web.models.audited import changed_in_bulk
from zhunsheng.web.services import jobs, pruning, watching
from zhunsheng.web.services.year import figures

AGO = timedelta


def found(**changed):
    """The checks by key, with some of what was observed put otherwise."""
    facts = replace(watching.observe(), **changed)
    return {one.key: one for one in watching.checks(facts)}


@pytest.fixture
def worker(db):
    return WorkerSign.objects.create(name="a")


# -- checks
# ------------------------------------------------------------------------------------------------------------


def test_what_was_never_observed_is_neither_well_nor_wrong(db):
    WorkerSign.objects.all().delete()
    Upkeep.objects.all().delete()
    said = found()
    assert {k for k, one in said.items() if one.state == "unseen"} == {"worker", "backup", "audit"}
    assert all("没有" in said[k].words for k in ("worker", "backup", "audit"))
    assert [one.key for one in watching.grave(list(said.values()))] == ["worker"]


def test_a_worker_that_gives_no_sign_is_not_running_and_one_that_ended_in_order_did_not_die(worker):
    assert found()["worker"].state == "ok"
    WorkerSign.objects.update(seen_at=now() - 2 * watching.ALIVE)
    seen = WorkerSign.objects.get().seen_at
    said = found()["worker"]
    assert said.state == "wrong" and said.since == seen and "没有在运行" in said.words
    for name in "bc":
        WorkerSign.objects.create(name=name)
    WorkerSign.objects.filter(name__in="bc").update(seen_at=now() - 2 * watching.ALIVE)
    WorkerSign.objects.create(name="d")
    said = found()["worker"]  # the fourth lives, but three died within ten minutes
    assert said.state == "wrong" and "一再停掉" in said.words and "3" in said.words
    WorkerSign.objects.filter(name="b").update(ended_at=Now())
    assert found()["worker"].state == "ok"


@pytest.mark.parametrize(
    ("waits", "moved", "state"),
    [
        (AGO(minutes=9), None, "ok"),
        (AGO(minutes=11), None, "wrong"),
        (AGO(minutes=11), AGO(minutes=1), "ok"),
        (AGO(minutes=61), AGO(minutes=1), "wrong"),
    ],
)
def test_jobs_wait_too_long_when_nothing_moves_or_for_an_hour(worker, waits, moved, state):
    Job.objects.all().delete()
    Job.objects.create(kind="assess", key="w:1", created_at=now() - waits)
    if moved:
        Job.objects.create(kind="assess", key="w:2", state="done", finished_at=now() - moved)
    assert found()["queue"].state == state


def test_health_fails_for_what_is_grave_alone_and_says_what(client, worker):
    Upkeep.objects.all().delete()
    answer = client.get(reverse("health"))
    assert answer.status_code == 200 and answer.json()["wrong"] == {}
    Job.objects.create(kind="assess", key="w:1", created_at=now() - AGO(hours=2))
    answer = client.get(reverse("health"))
    assert answer.status_code == 503 and "等得太久" in answer.json()["wrong"]["queue"]
    Job.objects.filter(key="w:1").delete()
    WorkerSign.objects.all().delete()
    answer = client.get(reverse("health"))
    assert answer.status_code == 503 and list(answer.json()["wrong"]) == ["worker"]


def test_health_says_that_the_database_does_not_answer(client, worker, monkeypatch):
    def away():
        raise OperationalError("no")

    monkeypatch.setattr(watching, "database_now", away)
    answer = client.get(reverse("health"))
    assert answer.status_code == 503 and answer.json() == {"status": "down", "why": "OperationalError"}
    assert "zhunsheng_database_up 0.0" in client.get(reverse("metrics")).content.decode()


@pytest.mark.parametrize("hosts", ["jixiao.example.gov.cn", ".example.gov.cn", "*", "a.example,b.example"])
def test_health_and_metrics_answer_under_the_documented_settings_by_any_name(client, worker, settings, hosts):
    settings.ALLOWED_HOSTS = hosts.split(",")
    settings.SECURE_SSL_REDIRECT = True
    for name in ("127.0.0.1:8000", "10.0.0.7", "localhost", "zhunsheng:8000"):
        for page in ("health", "metrics"):
            assert client.get(reverse(page), headers={"host": name}).status_code == 200, (name, page)
    via_proxy = client.get(reverse("health"), headers={"host": "10.0.0.7", "x-forwarded-proto": "https"})
    assert via_proxy.status_code == 200
    if hosts != "*":  # other pages keep to the site's names
        assert client.get(reverse("public"), headers={"host": "10.0.0.7"}, secure=True).status_code == 400


def test_upkeep_is_noted_where_it_was_done(db):
    Upkeep.objects.all().delete()
    call_command("check_audit")
    assert found()["audit"].state == "ok" and found()["backup"].state == "unseen"
    with pytest.raises(CommandError):
        call_command("check_audit", head="0" * 64)
    said = found()["audit"]
    assert said.state == "wrong" and "没有通过" in said.words
    Upkeep.note(Upkeep.Kind.BACKUP, good=True)
    assert found()["backup"].state == "ok"
    Upkeep.objects.update(at=now() - AGO(days=9))
    assert found()["backup"].state == "wrong" and "9 天" in found()["backup"].words


@pytest.mark.parametrize(
    ("key", "changed"),
    [
        ("failed", {"failed": 2, "failed_since": datetime(2026, 1, 1, tzinfo=UTC)}),
        ("sealing", {"unsealed": datetime(2026, 1, 1, tzinfo=UTC)}),
        ("disk", {"free": 10**9}),
        ("disk", {"free": 10**10, "size": 10**12}),
        ("sign-ins", {"sign_ins": 50}),
        ("clock", {"apart": AGO(minutes=3)}),
        ("folder", {"open_folder": True}),
        ("version", {"pending": ("web.0099_x",)}),
        ("version", {"unknown": ("web.9999_x",)}),
    ],
)
def test_each_check_finds_what_it_is_for_and_says_what_to_do(worker, key, changed):
    said = found(**changed)[key]
    assert said.state == "wrong" and said.words and said.advice


def test_only_failures_of_the_service_are_told_of(worker, department):
    Job.objects.create(
        kind="import", key="f:1", state="failed", finished_at=now(), error="[ZS-IN-05] 文件已损坏"
    )
    assert found()["failed"].state == "ok"
    told = ZhunshengError("ZS-CL-10", path="x").web
    Job.objects.create(kind="import", key="f:2", state="failed", finished_at=now(), error=told)
    assert found()["failed"].state == "wrong"
    Job.objects.filter(key="f:2").update(finished_at=now() - AGO(days=2))
    assert found()["failed"].state == "ok"


# -- the page
# ------------------------------------------------------------------------------------------------------------


def test_the_page_of_alerts_gives_no_all_clear_for_what_was_not_looked_at(sign_in, worker):
    Upkeep.objects.all().delete()
    page = sign_in("guanli").get(reverse("service")).content.decode()
    assert "没有检查过，不知道是否正常" in page and "没有发现不正常" not in page
    WorkerSign.objects.update(seen_at=now() - 2 * watching.ALIVE)
    page = sign_in("guanli").get(reverse("service")).content.decode()
    assert "没有在运行" in page and page.index("没有在运行") < page.index("没有核验过")
    Upkeep.note(Upkeep.Kind.AUDIT, good=True)
    Upkeep.note(Upkeep.Kind.BACKUP, good=True)
    WorkerSign.objects.update(seen_at=Now())
    AuditEntry.objects.count()
    page = sign_in("guanli").get(reverse("service")).content.decode()
    assert "所查各项没有发现不正常" in page and "这一页不知道" in page


def test_an_administrator_of_one_place_does_not_see_the_service(sign_in, department):
    from zhunsheng.web.models import Membership

    own = User.objects.create(username="bm-admin")
    Membership.objects.create(user=own, organisation=department, role="admin")
    browser = sign_in("bm-admin")
    assert browser.get(reverse("service")).status_code == 403
    assert reverse("service") not in browser.get(reverse("administration")).content.decode()
    assert reverse("service") in sign_in("guanli").get(reverse("administration")).content.decode()


# -- metrics
# ------------------------------------------------------------------------------------------------------------


def test_metrics_tell_what_is_known_and_leave_out_what_is_not(client, worker):
    Upkeep.objects.all().delete()
    Job.objects.all().delete()
    client.get(reverse("public"))
    client.post(reverse("sign-in"), {"username": "keyuan", "password": "falsch"})
    text = client.get(reverse("metrics")).content.decode()
    assert 'zhunsheng_request_seconds_bucket{le="0.05",route="public"}' in text
    assert 'zhunsheng_sign_in_failures_total{looked_at="yes"}' in text
    assert "\nzhunsheng_worker_seen_seconds " in text and "\nzhunsheng_workers 1.0" in text
    assert "zhunsheng_backup_age_seconds" not in text and 'check="backup"' not in text
    assert "\nzhunsheng_jobs_oldest_waiting_seconds 0.0" in text
    Upkeep.note(Upkeep.Kind.BACKUP, good=True)
    Job.objects.create(kind="assess", key="m:1", created_at=now() - AGO(seconds=90))
    text = client.get(reverse("metrics")).content.decode()
    assert "\nzhunsheng_backup_age_seconds " in text and 'check="backup"} 0.0' in text
    waits = float(text.split("\nzhunsheng_jobs_oldest_waiting_seconds ")[1].split("\n")[0])
    assert 90 <= waits < 120


# -- the database's clock
# ------------------------------------------------------------------------------------------------------------


@pytest.fixture(params=[-1, 1], ids=["behind", "ahead"])
def wrong_clock(request, monkeypatch):
    """A machine whose clock is a day wrong; the database's is right."""
    day, right, seconds = timedelta(days=request.param), timezone.now, time.time
    monkeypatch.setattr(timezone, "now", lambda: right() + day)
    monkeypatch.setattr(time, "time", lambda: seconds() + day.total_seconds())
    return day


def test_jobs_go_by_the_databases_clock(department, user, wrong_clock, monkeypatch):
    real = datetime.now(UTC)  # not of what was put wrong
    job = jobs.enqueue("assess", "clock:1", user("keyuan"), department, year=2021)
    assert abs(job.created_at - real) < timedelta(minutes=5)
    seen = []

    def look(job, progress):
        progress("x", 1, 2)
        job.refresh_from_db()
        seen.append(job.touched_at)
        assert jobs.requeue_interrupted() == 0  # it lives, whatever this machine's clock says
        return {}

    monkeypatch.setitem(jobs.HANDLERS, "assess", look)
    jobs.run_job.func(job.pk)
    job.refresh_from_db()
    assert job.state == "done" and abs(job.finished_at - real) < timedelta(minutes=5)
    assert abs(seen[0] - real) < timedelta(minutes=5)
    again = Job.objects.create(kind="assess", key="clock:2", state="running", attempts=1, touched_at=now())
    Job.objects.filter(pk=again.pk).update(touched_at=now() - jobs.STALE - timedelta(seconds=1))
    assert jobs.requeue_interrupted() == 1
    assert found()["clock"].state == "wrong" and found()["queue"].state == "ok"


# -- neither lost nor done twice
# ------------------------------------------------------------------------------------------------------------


def test_a_job_whose_database_went_away_is_taken_up_again(department, user, monkeypatch):
    def lost(job, progress):
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setitem(jobs.HANDLERS, "assess", lost)
    job = jobs.enqueue("assess", "away:1", user("keyuan"), department, year=2021)
    jobs.run_job.func(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error) == ("running", "")
    Job.objects.filter(pk=job.pk).update(touched_at=now() - 2 * jobs.STALE)
    assert jobs.requeue_interrupted() == 1
    monkeypatch.setitem(jobs.HANDLERS, "assess", lambda job, progress: {"ok": 1})
    jobs.run_job.func(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("done", 2)


def test_a_full_disk_is_told_and_not_tried_again(department, user, monkeypatch):
    def full(job, progress):
        raise OperationalError("database or disk is full")

    monkeypatch.setitem(jobs.HANDLERS, "assess", full)
    job = jobs.enqueue("assess", "full:1", user("keyuan"), department, year=2021)
    jobs.run_job.func(job.pk)
    job.refresh_from_db()
    assert job.state == "failed" and "ZS-CL-10" in job.error


def test_an_attempt_that_was_taken_for_dead_changes_nothing_of_the_next_one(department, user, monkeypatch):
    def slow(job, progress):
        Job.objects.filter(pk=job.pk).update(touched_at=now() - 2 * jobs.STALE)
        assert jobs.requeue_interrupted() == 1
        monkeypatch.setitem(jobs.HANDLERS, "assess", lambda job, progress: {"by": "second"})
        jobs.run_job.func(job.pk)
        progress("still at it", 1, 2)
        return {"by": "first"}

    monkeypatch.setitem(jobs.HANDLERS, "assess", slow)
    job = jobs.enqueue("assess", "twice:1", user("keyuan"), department, year=2021)
    jobs.run_job.func(job.pk)
    job.refresh_from_db()
    assert (job.state, job.result, job.what) == ("done", {"by": "second"}, "")


def test_a_job_whose_worker_died_before_it_began_is_put_in_line_again(department, user):
    job = jobs.enqueue("assess", "lost:1", user("keyuan"), department, year=2021)
    Job.objects.filter(pk=job.pk).update(created_at=now() - 2 * jobs.STALE)
    assert jobs.requeue_interrupted() == 0  # it is in line
    DBTaskResult.objects.update(status="RUNNING")
    assert jobs.requeue_interrupted() == 1
    ready = DBTaskResult.objects.filter(status="READY")
    assert [one.args_kwargs["args"] for one in ready] == [[job.pk]]
    assert jobs.requeue_interrupted() == 0


# -- the log
# ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def lines(monkeypatch, settings):
    """What is written to the log, line by line, as the site's settings have it written."""
    written: list[str] = []

    class Keep(logging.StreamHandler):
        def emit(self, record):
            written.append(self.format(record))

    handler = Keep()
    handler.setFormatter(logs.Line())
    handler.addFilter(logs.Refusals())
    monkeypatch.setattr(logging.root, "handlers", [handler])
    for name in ("django", "django.server", "django.request", "zhunsheng"):
        monkeypatch.setattr(logging.getLogger(name), "handlers", [])
    levels = {"": "INFO"} | {k: said["level"] for k, said in settings.LOGGING["loggers"].items()}
    before = {name: logging.getLogger(name).level for name in levels}
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    yield lambda: [json.loads(one) for one in written]
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


REFUSED = [
    ("/admin", {}, "keyuan", 403, "PermissionDenied"),
    ("/nothing?q=张三", {}, "keyuan", 404, ""),  # Django says so after the line was written
    ("/public", {"host": "evil.example"}, None, 400, "DisallowedHost"),
    ("/api/departments", {}, None, 401, ""),
]


@pytest.mark.parametrize(("path", "headers", "who", "status", "why"), REFUSED)
def test_a_refused_request_is_one_line_without_a_trace(sign_in, lines, path, headers, who, status, why):
    browser = sign_in(who) if who else Client()
    answer = browser.get(path, headers=headers)
    assert answer.status_code == status
    (line,) = lines()
    assert line["status"] == status and "trace" not in line and line["ms"] >= 0
    assert line.get("why", "") == why
    assert line["request"] == answer["X-Request-Id"]
    if "text/html" in answer["Content-Type"]:
        assert answer["X-Request-Id"] in answer.content.decode()


def test_a_form_of_another_session_is_one_line_too(lines):
    browser = Client(enforce_csrf_checks=True)
    answer = browser.post(reverse("sign-in"), {"username": "张三", "password": "x"})
    assert answer.status_code == 403
    (line,) = lines()
    assert line["status"] == 403 and "CSRF" in line["why"] and "张三" not in json.dumps(line)


def test_a_fault_is_a_line_with_where_it_was_and_nothing_of_what_was_typed(lines, monkeypatch):
    def explode(*_):
        raise ValueError("'张三 19900020001' is no number: 330102199001011234")

    monkeypatch.setattr("zhunsheng.web.views.public.render", explode)
    quiet = Client(raise_request_exception=False)
    answer = quiet.get(reverse("public") + "?q=李四")
    assert answer.status_code == 500 and answer["X-Request-Id"] in answer.content.decode()
    said = lines()
    assert [one["level"] for one in said] == ["error", "error"]
    assert said[0]["error"].startswith("ValueError") and any("explode" in at for at in said[0]["trace"])
    assert {one["request"] for one in said} == {answer["X-Request-Id"]}
    text = json.dumps(said, ensure_ascii=False)
    assert not any(part in text for part in ("张三", "李四", "19900020001", "330102199001011234"))


def test_lines_name_the_account_by_its_number_and_no_person_or_address(sign_in, lines, department, user):
    client = sign_in("keyuan")
    client.get(reverse("overview", args=[department.pk, 2021]) + "?q=秘密", REMOTE_ADDR="10.1.2.3")
    client.post(reverse("sign-in"), {"username": "zhangsan", "password": "falsch"}, REMOTE_ADDR="10.1.2.3")
    said = lines()
    page = next(one for one in said if one.get("page") == "overview")
    assert page["user"] == user("keyuan").pk and page["of"] == {"department": department.pk, "year": 2021}
    text = json.dumps(said, ensure_ascii=False)
    for part in ("keyuan", "10.1.2.3", "秘密", "zhangsan", user("keyuan").display):
        assert part not in text, part


def test_a_trusted_proxys_number_of_a_request_is_taken_over(client, settings, lines):
    from zhunsheng.web.proxies import Proxies

    given = {"x-request-id": "f3a9b1c2d4e5f60718293a4b5c6d7e8f"}
    assert client.get(reverse("public"), headers=given)["X-Request-Id"] != given["x-request-id"]
    settings.PROXIES = Proxies.read("127.0.0.1")
    assert client.get(reverse("public"), headers=given)["X-Request-Id"] == given["x-request-id"]
    odd = client.get(reverse("public"), headers={"x-request-id": 'a"b c'})["X-Request-Id"]
    assert odd.isalnum() and len(odd) == 16


def test_lines_of_a_job_bear_its_number(department, user, lines, monkeypatch):
    def fail(job, progress):
        raise RuntimeError("x")

    monkeypatch.setitem(jobs.HANDLERS, "assess", fail)
    job = jobs.enqueue("assess", "log:1", user("keyuan"), department, year=2021)
    jobs.run_job.func(job.pk)
    assert [one["job"] for one in lines() if one["level"] == "error"] == [job.pk]


# -- a port of the proxy's own
# ------------------------------------------------------------------------------------------------------------


def test_a_form_through_a_proxy_that_hides_its_port_is_told_so(settings):
    from zhunsheng.web.proxies import Proxies

    settings.PROXIES = Proxies.read("127.0.0.1")
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.ALLOWED_HOSTS = ["jixiao.example.gov.cn"]
    browser = Client(enforce_csrf_checks=True)
    via = {"host": "jixiao.example.gov.cn", "x-forwarded-proto": "https"}
    token = browser.get(reverse("sign-in"), headers=via).cookies["csrftoken"].value
    said = {"username": "keyuan", "password": "x", "csrfmiddlewaretoken": token}
    sent = {**via, "origin": "https://jixiao.example.gov.cn:8443"}
    answer = browser.post(reverse("sign-in"), said, headers=sent)
    page = answer.content.decode()
    assert answer.status_code == 403 and "https://jixiao.example.gov.cn:8443" in page
    assert "https://jixiao.example.gov.cn。" in page and "重新登录过" not in page
    # With the port passed on, as the documented proxy does, the form is taken.
    whole = {**sent, "host": "jixiao.example.gov.cn:8443"}
    assert browser.post(reverse("sign-in"), said, headers=whole).status_code == 200


# -- what is forgotten
# ------------------------------------------------------------------------------------------------------------


def test_what_is_old_and_nobodys_is_forgotten(department, user, client, settings):
    pruning.prune()
    kept = Assessment.objects.count()
    session = client.session
    session["x"] = 1
    session.save()
    Session.objects.filter(pk=session.session_key).update(expire_date=timezone.now() - AGO(days=1))
    for status, days in (("SUCCESSFUL", 31), ("SUCCESSFUL", 29), ("RUNNING", 31), ("READY", 31)):
        task = jobs.run_job.enqueue(0)
        when = now() - AGO(days=days)
        DBTaskResult.objects.filter(pk=task.id).update(status=status, finished_at=when, started_at=when)
    newest = figures.assess_now(department, 2021)
    old, held = (
        Assessment.objects.create(
            department=department,
            year=2021,
            as_of=newest.as_of,
            batch=newest.batch,
            key=f"{n}" * 64,
            result=newest.result,
            assessed_at=now() - AGO(days=91),
        )
        for n in (1, 2)
    )
    other_state = Assessment.objects.create(
        department=department,
        year=2021,
        as_of=newest.as_of,
        batch=newest.batch + 1000,
        key="3" * 64,
        result=newest.result,
        assessed_at=now() - AGO(days=91),
    )
    changed_in_bulk(SelfEvaluation.objects.filter(department=department, year=2021), assessment=held)
    old.folder().mkdir(parents=True)
    newest.folder().mkdir(parents=True, exist_ok=True)
    WorkerSign.objects.create(name="old", seen_at=now() - AGO(days=31))
    gone = pruning.prune()
    assert (gone["tasks"], gone["workers"], gone["figures"]) == (2, 1, 1)
    assert not Session.objects.filter(pk=session.session_key).exists()
    there = set(Assessment.objects.values_list("pk", flat=True))
    assert old.pk not in there and {newest.pk, held.pk, other_state.pk} <= there
    assert len(there) >= kept
    assert old.folder().is_dir()  # a backup may be under way
    assert pruning.prune()["folders"] == 1 and not old.folder().exists() and newest.folder().is_dir()


# -- another version
# ------------------------------------------------------------------------------------------------------------


def test_data_of_a_newer_version_is_refused_before_anything_is_written(db):
    from django.db.migrations.recorder import MigrationRecorder

    refuse_newer()
    MigrationRecorder.Migration.objects.create(app="web", name="9999_of_later", applied=timezone.now())
    with pytest.raises(ZhunshengError) as caught:
        refuse_newer()
    assert caught.value.code == "ZS-WB-92" and "9999_of_later" in str(caught.value)


@pytest.mark.parametrize("target", [("web", "zero"), ("web", "0001"), ("contenttypes", "zero")])
def test_migrating_back_over_the_audit_log_is_refused(db, target):
    with pytest.raises(ZhunshengError) as caught:
        call_command("migrate", *target, verbosity=0)
    assert caught.value.code == "ZS-WB-94"
    assert AuditEntry.objects.exists()
