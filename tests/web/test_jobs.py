"""Work in the background: put in line once, run once, taken up again, told why it failed."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from zhunsheng.errors import ZhunshengError
from zhunsheng.web.models import Assessment, Job, Organisation
from zhunsheng.web.services import jobs
from zhunsheng.web.services.year import figures


def test_the_same_work_is_put_in_line_once(department, user):
    one = jobs.enqueue("assess", "t:1", user("keyuan"), department, year=2021)
    assert jobs.enqueue("assess", "t:1", user("caiwu"), department, year=2021).pk == one.pk
    assert Job.objects.filter(key="t:1").count() == 1


def test_a_job_that_runs_or_is_done_is_not_run_again(department, user, monkeypatch):
    ran = []
    monkeypatch.setitem(jobs.HANDLERS, "assess", lambda job, progress: ran.append(job.pk) or {})
    job = jobs.enqueue("assess", "t:2", user("keyuan"), department, year=2021)
    for _ in range(3):
        jobs.run_job.func(job.pk)
    assert ran == [job.pk]


def test_an_interrupted_job_is_taken_up_again_but_not_for_ever(department, user):
    job = jobs.enqueue("assess", "t:3", user("keyuan"), department, year=2021)
    old = timezone.now() - timedelta(minutes=5)
    Job.objects.filter(pk=job.pk).update(state="running", attempts=1, touched_at=old)
    assert jobs.requeue_interrupted() == 1
    job.refresh_from_db()
    assert job.state == "queued"
    Job.objects.filter(pk=job.pk).update(state="running", attempts=jobs.ATTEMPTS, touched_at=old)
    assert jobs.requeue_interrupted() == 0
    job.refresh_from_db()
    assert job.state == "failed" and "ZS-CL-99" in job.error
    # One still alive is left alone.
    Job.objects.filter(pk=job.pk).update(state="running", attempts=1, touched_at=timezone.now())
    assert jobs.requeue_interrupted() == 0


def test_a_busy_database_does_not_end_a_jobs_signs_of_life(department, user, monkeypatch):
    """Without them the job would be taken for dead and begun a second time while it runs."""
    job = jobs.enqueue("assess", "t:5", user("keyuan"), department, year=2021)
    beats, alive = [], threading.Event()

    def beat(**changed):
        beats.append(changed)
        if len(beats) < 3:
            raise OperationalError("database table is locked")
        alive.set()

    monkeypatch.setattr(jobs, "BEAT", 0.01)
    with monkeypatch.context() as patched:
        patched.setattr(QuerySet, "update", lambda self, **changed: beat(**changed))
        with jobs._beating(job):
            assert alive.wait(10)
    assert len(beats) >= 3


def test_a_failed_job_says_why_without_a_trace_and_can_be_tried_again(department, user, monkeypatch, sign_in):
    def fail(job, progress):
        raise RuntimeError("secret detail")

    monkeypatch.setitem(jobs.HANDLERS, "assess", fail)
    job = jobs.enqueue("assess", "t:4", user("keyuan"), department, year=2021)
    jobs.run_job.func(job.pk)
    job.refresh_from_db()
    page = sign_in("keyuan").get(reverse("job", args=[job.pk])).content.decode()
    assert (
        job.state == "failed"
        and "ZS-CL-99" in page
        and "secret detail" not in page
        and "Traceback" not in page
    )
    monkeypatch.setitem(jobs.HANDLERS, "assess", lambda job, progress: progress("x", 1, 2) or {"ok": 1})
    again = jobs.enqueue("assess", "t:4", user("keyuan"), department, year=2021)
    jobs.run_job.func(again.pk)
    again.refresh_from_db()
    assert again.pk == job.pk and again.state == "done" and again.result == {"ok": 1}


def test_the_same_state_is_assessed_once(department):
    first = figures.assess_now(department, 2021)
    assert figures.assess_now(department, 2021).pk == first.pk
    assert Assessment.objects.filter(department=department, year=2021, key=first.key).count() == 1
    empty = Organisation.objects.create(name="空部门", kind="department", parent=department.parent)
    with pytest.raises(ZhunshengError) as caught:
        figures.assess_now(empty, 2021)
    assert caught.value.code == "ZS-WB-06"
