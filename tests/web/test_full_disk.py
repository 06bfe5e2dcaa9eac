"""The site on a disk that is full: uploads, jobs and what is typed are refused by a code, nothing is left
behind or lost, and all of it goes on once there is room.
"""

from __future__ import annotations

import json
import os
import shutil

from running import ROOT, manage, script

import disks

WORK = """
import sys, json, tempfile
from pathlib import Path
sys.path.insert(0, "@/tests")
import disks
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from zhunsheng.web.models import Job, Organisation, SafeguardRecord, Upload, User
from zhunsheng.web.services import jobs
settings.ALLOWED_HOSTS = ["testserver"]
settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
place = Organisation.objects.get(name="示例区市场监督管理局")
here = f"/d/{place.pk}/2021"
client = Client(raise_request_exception=False)
client.force_login(User.objects.get(username="keyuan"), backend="django.contrib.auth.backends.ModelBackend")
rows = "".join(f"T{n},举报,2021-03-01,科室{n * 7919 % 1009}\\n" for n in range(3000))
content = ("登记编号,类别,收到日期,承办科室\\n" + rows).encode()


def upload():
    file = SimpleUploadedFile("投诉举报台账.csv", content)
    return client.post(f"{here}/ledgers", {"file": file, "ledger": "complaints"})


def typed():
    said = {"activity_no": "PX-1", "topic": "业务能力", "title": "培训", "held_on": "2021-05-01"}
    return client.post(f"{here}/safeguards/training", said)


def counts():
    return [Upload.objects.count(), SafeguardRecord.objects.count(), len(evidence.store().batches())]


def files():
    kept = [p for p in settings.DATA.rglob("*") if p.is_file() and not p.name.startswith("zhunsheng.sqlite3")]
    return sorted(str(p) for p in kept if p.name not in (".filler", ".lock", "index.sqlite"))


def told(answer):
    text = answer.content.decode()
    return [answer.status_code, "ZS-CL-10" in text, "Traceback" in text]


from zhunsheng.web.services import evidence
client.get(f"{here}/")  # all that is loaded once is loaded
before, there = counts(), files()
found = {}
with disks.full(settings.DATA):
    found["read"] = client.get(f"{here}/targets").status_code
    found["upload"], found["typed"] = told(upload()), told(typed())
found["left"] = [counts() == before, files() == there]
found["again"] = [upload().status_code, typed().status_code]
job = Job.objects.filter(kind="import").order_by("pk").last()
before, there = counts(), files()
with disks.full(settings.DATA, 24 * 4096):  # the database has room for what it says of the job
    jobs.run_job.func(job.pk)
job.refresh_from_db()
found["job"] = [job.state, "ZS-CL-10" in json.dumps(job.error), counts() == before, files() == there]
Job.objects.filter(pk=job.pk).update(state="queued")
jobs.run_job.func(job.pk)
job.refresh_from_db()
found["job again"] = [job.state, counts()[2] - before[2]]
found["verified"] = evidence.store().verify()
print(json.dumps(found, ensure_ascii=False))
"""


def test_the_site_says_so_and_goes_on_once_there_is_room(loaded, tmp_path):
    with disks.small(tmp_path / "disk") as disk:
        assert os.path.ismount(disk), (
            "SQLite tells a full disk from a fault only on a disk: run it where one can mount"
        )
        data = shutil.copytree(loaded, disk / "site")
        (disk / "tmp").mkdir()
        found = json.loads(script(data, WORK.replace("@", str(ROOT)), TMPDIR=str(disk / "tmp")))
        assert found == {
            "read": 200,
            "upload": [400, True, False],
            "typed": [507, True, False],
            "left": [True, True],
            "again": [302, 302],
            "job": ["failed", True, True, True],
            "job again": ["done", 1],
            "verified": [],
        }
        assert "审计日志完整" in manage(data, "check_audit").stdout
        assert not list((disk / "tmp").iterdir())
