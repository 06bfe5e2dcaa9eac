"""Load on the site: 200 people at work, on SQLite and on PostgreSQL, each served by this machine;
p95 by page, memory, errors.

One run prints a table for both databases and writes it to build/bench/web.json.
The users (locust) share the machine's cores with the site, as nothing else does. ``--users``,
``--seconds`` and ``--think`` (mean seconds between two pages of one person) change the load;
``--departments`` adds the portfolio's departments.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[1]
PASSWORD = "Zhunsheng-2021"
WARM = 45  # seconds in which all sign in, before what is measured

if "locust" in sys.argv[0] or os.environ.get("ZHUNSHENG_LOCUST"):
    import gevent
    from locust import HttpUser, events, task

    THINK = float(os.environ.get("ZHUNSHENG_THINK", "8"))
    HERE = os.environ["ZHUNSHENG_PLACE"]  # d/<department>/2021

    @events.init.add_listener
    def _settle(environment: object, **_: object) -> None:
        """Keep the figures of the morning, when all sign in within half a minute,
        apart from those of the day.
        """

        def later() -> None:
            gevent.sleep(float(os.environ["ZHUNSHENG_WARM"]))
            stats = environment.runner.stats
            morning = {
                e.name: {
                    "requests": e.num_requests,
                    "errors": e.num_failures,
                    "p50": e.get_response_time_percentile(0.5),
                    "p95": e.get_response_time_percentile(0.95),
                    "p99": e.get_response_time_percentile(0.99),
                }
                for e in stats.entries.values()
                if "sign-in" in e.name
            }
            Path(os.environ["ZHUNSHENG_MORNING"]).write_text(json.dumps(morning))
            stats.reset_all()

        gevent.spawn(later)

    class Person(HttpUser):
        """One person: signs in once, then opens pages as an office does through a day,
        and now and then saves something.
        """

        counter = 0

        def on_start(self) -> None:
            Person.counter += 1
            self.name = f"yali{Person.counter % 200:03d}"
            gevent.sleep(random.random() * 20)
            self.client.get("/sign-in", name="sign-in (form)")
            token = self.client.cookies.get("csrftoken")
            self.client.post(
                "/sign-in",
                {"username": self.name, "password": PASSWORD, "csrfmiddlewaretoken": token},
                name="sign-in",
            )

        def wait_time(self) -> float:
            return random.expovariate(1 / THINK)

        @task(30)
        def overview(self) -> None:
            self.client.get(f"/{HERE}/", name="overview")

        @task(15)
        def targets(self) -> None:
            self.client.get(f"/{HERE}/targets", name="targets")

        @task(12)
        def sheet(self) -> None:
            self.client.get(os.environ["ZHUNSHENG_SHEET"], name="sheet")

        @task(10)
        def ledgers(self) -> None:
            self.client.get(f"/{HERE}/ledgers", name="ledgers")

        @task(8)
        def rows(self) -> None:
            self.client.get(f"/{HERE}/ledgers/complaints?q=TJ{random.randrange(10)}", name="ledger rows")

        @task(8)
        def monitoring(self) -> None:
            self.client.get(f"/{HERE}/monitoring", name="monitoring")

        @task(8)
        def self_evaluation(self) -> None:
            self.client.get(f"/{HERE}/selfeval", name="self-evaluation")

        @task(5)
        def draws(self) -> None:
            self.client.get(f"/{HERE}/draws", name="draws")

        @task(6)
        def public(self) -> None:
            self.client.get("/public", name="public")

        @task(4)
        def record(self) -> None:
            page = self.client.get(f"/{HERE}/safeguards/training", name="register")
            token = page.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
            said = {
                "activity_no": f"PX-{random.random()}",
                "topic": "业务能力",
                "title": "培训",
                "held_on": "2021-05-01",
                "csrfmiddlewaretoken": token,
            }
            self.client.post(f"/{HERE}/safeguards/training", said, name="save a record")


SETUP = """
import json
from django.db import transaction
from zhunsheng.web.models import Membership, Organisation, SheetVersion, User
from django.contrib.auth.hashers import make_password
d = Organisation.objects.get(name="示例区市场监督管理局")
word = make_password("{password}")
with transaction.atomic():
    for n in range(200):
        u = User.objects.create(username=f"yali{{n:03d}}", display=f"压力{{n}}", password=word)
        Membership.objects.create(user=u, organisation=d, role=("staff", "finance")[n % 2])
v = SheetVersion.objects.filter(sheet__department=d, sheet__year=2021, sheet__kind="project")[0]
print(json.dumps([d.pk, v.pk]))
"""


def measure(name: str, database: str | None, args: argparse.Namespace, scratch: Path) -> dict:
    data = scratch / name
    data.mkdir()
    environment = os.environ | {
        "ZHUNSHENG_DATA": str(data),
        "ZHUNSHENG_HTTPS": "0",
        "DJANGO_SETTINGS_MODULE": "zhunsheng.web.settings",
    }
    if database:
        environment["ZHUNSHENG_DATABASE"] = database
    manage = [sys.executable, "manage.py"]
    subprocess.run([*manage, "migrate", "-v0"], cwd=ROOT, env=environment, check=True)
    subprocess.run(
        [*manage, "sample_site", "--entities", "30000", "--departments", str(args.departments)],
        cwd=ROOT,
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    said = subprocess.run(
        [*manage, "shell", "-v0", "-c", SETUP.format(password=PASSWORD)],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    department, version = json.loads(said.strip().splitlines()[-1])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [*manage, "serve", "--port", str(port)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        for _ in range(120):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2)
                break
            except OSError:
                time.sleep(0.5)
        locust = environment | {
            "ZHUNSHENG_LOCUST": "1",
            "ZHUNSHENG_PLACE": f"d/{department}/2021",
            "ZHUNSHENG_SHEET": f"/targets/{version}",
            "ZHUNSHENG_WARM": str(WARM),
            "ZHUNSHENG_MORNING": str(data / "morning.json"),
            "ZHUNSHENG_THINK": str(args.think),
        }
        command = [
            sys.executable,
            "-m",
            "locust",
            "-f",
            __file__,
            "--headless",
            "--host",
            f"http://127.0.0.1:{port}",
            "-u",
            str(args.users),
            "-r",
            "20",
        ]
        command += [
            "-t",
            f"{args.seconds + WARM}s",
            "--csv",
            str(data / "load"),
            "--only-summary",
            "--loglevel",
            "ERROR",
        ]
        subprocess.run(command, env=locust, check=False, stdout=subprocess.DEVNULL)
        memory = _memory(server.pid)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)
    with (data / "load_stats.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    pages = {
        r["Name"]: {
            "requests": int(r["Request Count"]),
            "errors": int(r["Failure Count"]),
            "p50": float(r["50%"]),
            "p95": float(r["95%"]),
            "p99": float(r["99%"]),
        }
        for r in rows
        if int(r["Request Count"])
    }
    total = pages.pop("Aggregated")
    per_second = next(float(r["Requests/s"]) for r in rows if r["Name"] == "Aggregated")
    morning = json.loads((data / "morning.json").read_text())
    return {
        "database": name,
        "pages": pages,
        "morning": morning,
        "total": total,
        "per_second": per_second,
        "memory_mib": memory,
    }


def _memory(group: int) -> int:
    """Return the resident memory of all processes of the site in MiB."""
    listed = subprocess.run(
        ["ps", "-o", "rss=", "-g", str(group)], capture_output=True, text=True
    ).stdout.split()
    return sum(map(int, listed)) // 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--think", type=float, default=8.0)
    parser.add_argument("--departments", type=int, default=12)
    args = parser.parse_args()
    found = []
    with tempfile.TemporaryDirectory(prefix="zhunsheng-bench-") as folder:
        scratch = Path(folder)
        found.append(measure("sqlite", None, args, scratch))
        import pgserver

        server = pgserver.get_server(scratch / "pg", cleanup_mode="stop")
        server.psql("CREATE DATABASE zhunsheng")
        host = server.get_uri().split("host=")[1]
        found.append(
            measure("postgresql", f"postgres://postgres@{host.replace('/', '%2F')}/zhunsheng", args, scratch)
        )
        server.cleanup()
    for one in found:
        print(
            "\n"
            f"{one['database']}: {one['total']['requests']} requests, {one['per_second']:.1f}/s, "
            f"errors {one['total']['errors']}, {one['memory_mib']} MiB resident"
        )
        print(f"{'page':<18}{'requests':>9}{'errors':>8}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}")
        rows = [*sorted(one["pages"].items(), key=lambda p: -p[1]["requests"]), *one["morning"].items()]
        for name, page in rows:
            print(
                f"{name:<18}{page['requests']:>9}{page['errors']:>8}{page['p50']:>9.0f}{page['p95']:>9.0f}{page['p99']:>9.0f}"
            )
    out = ROOT / "build" / "bench"
    out.mkdir(parents=True, exist_ok=True)
    (out / "web.json").write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
