"""A day of a site in an hour: many people at mixed work through 24 hours of a day, backups under that load,
and each of these restored afterwards.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psutil

from campaigns.processes import ROOT, of_site, run, site

# How many of the day's people are at work, by the hour; at night the machine alone.
AT_WORK = (1, 1, 1, 1, 1, 1, 2, 6, 18, 26, 28, 24, 10, 12, 26, 28, 26, 20, 8, 5, 4, 3, 2, 1)
PEOPLE = max(AT_WORK)
IDLE = 60.0  # seconds
TELLING = ("rror", "imeout", "TIMEOUT", "Traceback", "signal", "locked")
TOLD = 5  # lines of the server's log that are kept of the time of a request without its answer
THINK = 2.0  # mean seconds between two pages of a person
YEAR = 2021
FORM = "application/x-www-form-urlencoded"
SETUP = """
import json
from django.conf import settings
from django.test import Client
from zhunsheng.web.actor import acting
from zhunsheng.web.models import Membership, Organisation, SheetVersion, User
place = Organisation.objects.get(name="示例区市场监督管理局")
found = []
with acting("bench"):
    for n in range(@):
        user = User.objects.create(username=f"ri{n:03d}", display=f"日{n}")
        Membership.objects.create(user=user, organisation=place, role=("staff", "finance")[n % 2])
        client = Client(SERVER_NAME="localhost")
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        session = client.session
        session["place"] = [place.pk, 2021]
        session.save()
        found.append(client.cookies[settings.SESSION_COOKIE_NAME].value)
version = SheetVersion.objects.filter(sheet__department=place, sheet__year=2021)[0].pk
print(json.dumps([place.pk, version, found]))
"""
PAGES = {
    "overview": 30,
    "targets": 15,
    "sheet": 10,
    "ledgers": 10,
    "rows": 8,
    "monitoring": 8,
    "self-evaluation": 8,
    "draws": 5,
    "public": 6,
    "public log": 2,
    "save a record": 6,
    "import a ledger": 2,
}


class Person:
    """One signed-in browser at work."""

    def __init__(self, port: int, session: str, place: int, version: int, draw: random.Random) -> None:
        self.connection = http.client.HTTPConnection("localhost", port, timeout=120)
        self.headers = {"Cookie": f"sessionid={session}; csrftoken={'a' * 32}"}
        self.draw, self.last, here = draw, 0.0, f"/d/{place}/{YEAR}"
        self.addresses = {
            "overview": f"{here}/",
            "targets": f"{here}/targets",
            "sheet": f"/targets/{version}",
            "ledgers": f"{here}/ledgers",
            "rows": f"{here}/ledgers/complaints?q=TJ",
            "monitoring": f"{here}/monitoring",
            "self-evaluation": f"{here}/selfeval",
            "draws": f"{here}/draws",
            "public": "/public",
            "public log": "/public/log",
            "save a record": f"{here}/safeguards/training",
            "import a ledger": f"{here}/ledgers",
        }

    def one(self) -> tuple[str, str, float, str]:
        """Do one thing; return what, the answer's status or the name of what failed, the seconds, and what
        the failure says.
        """
        (what,) = self.draw.choices(list(PAGES), list(PAGES.values()))
        body, headers = self._body(what)
        begun, why = time.monotonic(), ""
        # A server ends a connection that nothing came by for 75 seconds; a browser opens another.
        if begun - self.last > IDLE:
            self.connection.close()
        try:
            self.connection.request("POST" if body else "GET", self.addresses[what], body, headers)
            answer = self.connection.getresponse()
            answer.read()
            status = str(answer.status)
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            status, why = type(error).__name__, str(error)
        self.last = time.monotonic()
        return what, status, self.last - begun, why

    def _body(self, what: str) -> tuple[bytes | None, dict[str, str]]:
        number = self.draw.randrange(10**9)
        if what == "save a record":
            said = {"activity_no": f"PX-{number}", "topic": "业务能力", "title": "培训"}
            said |= {"held_on": "2021-05-01", "csrfmiddlewaretoken": "a" * 32}
            return urlencode(said).encode(), self.headers | {"Content-Type": FORM}
        if what == "import a ledger":
            rows = "".join(f"R{number}-{n},举报,2021-03-01,一科\n" for n in range(50))
            parts = {"csrfmiddlewaretoken": "a" * 32, "ledger": "complaints"}
            text = "".join(
                f'--x\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in parts.items()
            )
            text += f'--x\r\nContent-Disposition: form-data; name="file"; filename="{number}.csv"\r\n\r\n'
            text += f"登记编号,类别,收到日期,承办科室\n{rows}\r\n--x--\r\n"
            return text.encode(), self.headers | {"Content-Type": "multipart/form-data; boundary=x"}
        return None, self.headers


def memory(server: int) -> int:
    """Return the resident memory of a process and all that it started, in MiB."""
    found, own = 0, psutil.Process(server)
    for one in (own, *own.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            found += one.memory_info().rss
    return found // 2**20


def main(asked: argparse.Namespace, work: Path, keep: Callable[[dict[str, Any]], None]) -> bool:
    """Work through a day of ``hours`` in ``minutes`` by the clock, on the sample or a copy of the folder
    ``site``, and make ``backups`` in it; then restore each of these. Return whether all of it held.
    """
    data, archives = work / "site", work / "backups"
    archives.mkdir()
    steps = [("migrate", "-v0"), ("collectstatic", "--noinput", "-v0")]
    if asked.site:
        shutil.copytree(asked.site, data)
    else:
        steps.append(("sample_site", "--entities", "3000"))
    for words in steps:
        if (done := run(site(*words), of_site(data))).code:
            raise SystemExit(done.said[-2000:])
    done = run(site("shell", "-v0", "-c", SETUP.replace("@", str(PEOPLE))), of_site(data))
    place, version, sessions = json.loads(done.said.strip().splitlines()[-1])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "manage.py", "serve", "--port", str(port)],
        cwd=ROOT,
        env=os.environ | of_site(data),
        stdout=subprocess.DEVNULL,
        stderr=(work / "errors").open("wb"),
        start_new_session=True,
    )
    try:
        found = _day(asked, server.pid, (port, place, version, sessions), data, archives)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(60)
    log = (work / "errors").read_text("utf8", "replace")
    found["traces"] = log.count("Traceback")
    found["trace lines"] = [line[:300] for line in log.splitlines() if "Traceback" in line][:TOLD]
    keep(found)
    found["restored"] = restored(data, archives, work, lambda some: keep(found | {"restored": some}))
    keep(found)
    return not found["errors"] and not found["restored"]["faults"] and not found["backups"]["faults"]


def _day(
    asked: argparse.Namespace, group: int, place: tuple[int, int, int, list[str]], data: Path, archives: Path
) -> dict[str, Any]:
    """Let people work through the hours; return requests, errors, seconds and memory."""
    port, department, version, sessions = place
    hours, backups, seconds = asked.hours, asked.backups, asked.minutes * 60 / asked.hours
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.5)
    over, hour = threading.Event(), [0]
    counts: Counter[str] = Counter()
    errors: Counter[str] = Counter()
    causes: list[dict[str, Any]] = []
    log = data.parent / "errors"
    times: dict[str, list[float]] = defaultdict(list)

    def person(n: int) -> None:
        draw = random.Random(f"{asked.seed}-{n}")
        one = Person(port, sessions[n], department, version, draw)
        while not over.is_set():
            if n < AT_WORK[hour[0] % 24]:
                at, stood = time.strftime("%H:%M:%S"), log.stat().st_size
                what, status, took, why = one.one()
                counts[what] += 1
                times[what].append(took)
                if status not in ("200", "302"):
                    errors[f"{what} {status}"] += 1
                    said = log.read_bytes()[stood:].decode("utf8", "replace").splitlines()
                    telling = [line[:300] for line in said if any(word in line for word in TELLING)][:TOLD]
                    causes.append(
                        {"at": at, "what": what, "status": status, "seconds": round(took, 1), "why": why}
                        | {"the server's log meanwhile": telling}
                    )
            over.wait(draw.expovariate(1 / THINK))

    faults: list[str] = []
    made = [0]

    def back_up() -> None:
        for n in range(backups):
            done = run(site("backup", archives / f"{n:02d}.tar", "--with-keys"), of_site(data))
            made[0] += not done.code
            faults.extend([done.said[-300:]] if done.code else [])
            if over.wait(max(0.0, hours * seconds / (backups + 1) - done.seconds)):
                break

    working = [threading.Thread(target=person, args=(n,)) for n in range(PEOPLE)]
    working.append(threading.Thread(target=back_up))
    for thread in working:
        thread.start()
    used = [memory(group)]
    for number in range(hours):
        hour[0] = number
        time.sleep(seconds)
        used.append(memory(group))
        print(number, sum(counts.values()), dict(errors), used[-1], made[0], file=sys.stderr, flush=True)
    while working[-1].is_alive() and made[0] + len(faults) < backups:
        time.sleep(1)
    over.set()
    for thread in working:
        thread.join()
    every = sorted(t for some in times.values() for t in some)
    return {
        "hours": hours,
        "seconds an hour": round(seconds),
        "requests": sum(counts.values()),
        "by kind": dict(counts),
        "errors": dict(errors),
        "causes": causes,
        "p50 ms": round(1000 * every[len(every) // 2]),
        "p95 ms": round(1000 * every[len(every) * 95 // 100]),
        "memory mib": used,
        "backups": {"made": made[0], "faults": faults},
    }


def restored(
    data: Path, archives: Path, work: Path, keep: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Restore every backup into a folder of its own; see that its checks hold and it grew with the day."""
    found: dict[str, Any] = {"restored": 0, "audit entries": [], "batches": [], "faults": []}
    for archive in sorted(archives.iterdir()):
        new = work / "new"
        new.mkdir()
        done = run(site("restore", archive), of_site(new))
        told = re.findall(r"审计日志 (\d+) 条|证据库 (\d+) 个批次", done.said)
        if done.code or "核验通过" not in done.said or len(told) != 2:
            found["faults"].append(f"{archive.name}: {done.said[-400:]}")
        else:
            found["restored"] += 1
            found["audit entries"].append(int(told[0][0]))
            found["batches"].append(int(told[1][1]))
            if found["audit entries"] != sorted(found["audit entries"]):
                found["faults"].append(f"{archive.name} holds less than the one before")
        shutil.rmtree(new)
        keep(found)
    return found
