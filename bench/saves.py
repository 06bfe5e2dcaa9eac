"""Twenty people saving at once among 1,000 departments on PostgreSQL, while others read:
what everybody waits for.

``python bench/saves.py FOLDER`` takes a site made by ``bench/site_scale.py`` (a SQLite data folder),
copies it to a PostgreSQL of its own, opens the self-evaluation of as many departments as people save,
and serves it as ``manage.py serve`` does. Each person keeps a word on an indicator (which computes the scores
anew), sees the page again, thinks, and goes on; readers open other pages and save a plain record meanwhile.
``--root`` serves another working tree, to compare. It prints saves a second, milliseconds by page,
how many requests wait for a lock of the database at a time, and the CPU seconds of the site and of the
database.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).parents[1]
YEAR = 2021
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

FILL = """
import sys
sys.path.insert(0, {races!r})
from databases import copied
from django.db import connection
from pathlib import Path
copied(Path({file!r}), connection)
"""
SETUP = """
import json, time
from django.conf import settings
from django.test import Client
from zhunsheng.web.actor import acting
from zhunsheng.web.models import Membership, Organisation, User
from zhunsheng.web.services import year
found = []
with acting("bench"):
    for n in range({people}):
        place = Organisation.objects.get(code=f"D{{n + 20:04d}}")
        user = User.objects.create(username=f"bao{{n:03d}}", display=f"填报{{n}}")
        Membership.objects.create(user=user, organisation=place, role="staff")
        point = year.open_self_evaluation(place, {year}, User.objects.get(username="caiwu"))
        client = Client(SERVER_NAME="localhost")
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        session = client.session
        session["place"] = [place.pk, {year}]
        session.save()
        run = point.assessment.run.results[0]
        key = client.cookies[settings.SESSION_COOKIE_NAME].value
        found.append([key, place.pk, point.pk, run.id, [i.id for i in run.indicators]])
print(json.dumps(found))
"""


class Person:
    """One signed-in browser, which measures what it waits for."""

    def __init__(self, port: int, session: str, times: dict[str, list[float]], errors: list[str]) -> None:
        """Connect."""
        self.connection = http.client.HTTPConnection("localhost", port, timeout=60)
        self.cookies = {"sessionid": session, "csrftoken": "a" * 32}
        self.times, self.errors = times, errors

    def ask(self, name: str, method: str, address: str, said: dict[str, str] | None = None) -> str:
        """Send a request and return the answer's text."""
        body = urlencode(said | {"csrfmiddlewaretoken": "a" * 32}) if said is not None else None
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())} | (FORM if body else {})
        begun = time.perf_counter()
        self.connection.request(method, address, body, headers)
        answer = self.connection.getresponse()
        text = answer.read().decode("utf8", "replace")
        self.times[name].append(time.perf_counter() - begun)
        if answer.status not in (200, 302):
            told = re.search(r"\[ZS-[^<]*", text)
            self.errors.append(f"{name} {answer.status} {told[0][:80] if told else ''}")
        return text


def cpu(*pids: int) -> float:
    """Return the CPU seconds of processes and all below them."""
    children: dict[int, list[int]] = defaultdict(list)
    used: dict[int, float] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        pid = int(path.parent.name)
        children[int(fields[1])].append(pid)
        used[pid] = sum(int(f) for f in fields[11:15]) / os.sysconf("SC_CLK_TCK")
    total, waiting = 0.0, list(pids)
    while waiting:
        pid = waiting.pop()
        total += used.get(pid, 0.0)
        waiting += children[pid]
    return total


def serve(
    asked: argparse.Namespace, data: Path, database: str
) -> tuple[subprocess.Popen[bytes], int, list[list]]:
    """Bring the site to the database and start it; return the server, its port and who can save what."""
    environment = os.environ | {
        "ZHUNSHENG_DATA": str(data),
        "ZHUNSHENG_HTTPS": "0",
        "ZHUNSHENG_DATABASE": database,
        "DJANGO_SETTINGS_MODULE": "zhunsheng.web.settings",
        "PYTHONPATH": str(asked.root / "src"),
    }

    def manage(*words: str) -> str:
        command = [sys.executable, "manage.py", *words]
        done = subprocess.run(
            command, cwd=asked.root, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(done.stderr[-3000:])
        return done.stdout

    manage("migrate", "-v0")
    manage("collectstatic", "--noinput", "-v0")
    races = str(ROOT / "tests" / "races")
    manage("shell", "-v0", "-c", FILL.format(races=races, file=str(data / "zhunsheng.sqlite3")))
    found = json.loads(
        manage("shell", "-v0", "-c", SETUP.format(people=asked.people, year=YEAR)).strip().splitlines()[-1]
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [
        "--bind",
        f"127.0.0.1:{port}",
        "--worker-class",
        "gthread",
        "--workers",
        str(asked.workers),
        "--threads",
        str(asked.threads),
    ]
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "gunicorn",
            "zhunsheng.web.wsgi:application",
            *words,
            "--timeout",
            "120",
            "--keep-alive",
            "75",
            "--log-level",
            "warning",
        ],
        cwd=asked.root,
        env=environment,
    )
    for _ in range(240):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.5)
    return server, port, found


def measure(asked: argparse.Namespace) -> None:
    """Serve a copy of the site, let everybody work, print what came of it."""
    import pgserver
    import psycopg

    people, think = asked.people, asked.think
    with tempfile.TemporaryDirectory(prefix="zhunsheng-saves-") as scratch:
        data = Path(scratch) / "site"
        shutil.copytree(asked.folder, data)
        postgres = pgserver.get_server(Path(scratch) / "pg", cleanup_mode="stop")
        postgres.psql("CREATE DATABASE zhunsheng")
        host = postgres.get_uri().split("host=")[1].replace("/", "%2F")
        server, port, found = serve(asked, data, f"postgres://postgres@{host}/zhunsheng")
        lead = int((Path(scratch) / "pg" / "postmaster.pid").read_text().splitlines()[0])
        times: dict[str, list[float]] = defaultdict(list)
        errors: list[str] = []
        over = threading.Event()

        def save(n: int) -> None:
            over.wait(random.uniform(0, think))  # people do not begin in the same millisecond
            session, place, point, sheet, lines = found[n]
            one, count = Person(port, session, times, errors), 0
            address, word = f"/d/{place}/{YEAR}/selfeval", f"/selfeval/{point}/word"
            page = one.ask("page saved on", "GET", address)
            while not over.is_set():
                line = lines[count % len(lines)]
                count += 1
                form = next(
                    f for f in re.findall(rf'<form action="{word}".*?</form>', page, re.S) if f'"{line}"' in f
                )
                said = dict(re.findall(r'name="(seen|once)" value="([^"]*)"', form))
                said |= {"sheet": sheet, "indicator": line, "cause": "其他", "measures": f"第 {count} 次推进"}
                one.ask("save a word", "POST", word, said)
                page = one.ask("page saved on", "GET", address)
                over.wait(random.expovariate(1 / think) if think else 0)

        def read(n: int) -> None:
            over.wait(random.uniform(0, 2))
            session, place, _point, _sheet, _lines = found[n % people]
            one = Person(port, session, times, errors)
            here = f"/d/{place}/{YEAR}"
            pages = [
                ("overview", f"{here}/"),
                ("targets", f"{here}/targets"),
                ("public", "/public"),
                ("register", f"{here}/safeguards/training"),
            ]
            pages[0] = ("overview", here + "/")
            while not over.is_set():
                name, address = random.choice(pages)
                one.ask(name, "GET", address)
                if random.random() < 0.1:
                    said = {
                        "activity_no": f"PX-{random.random()}",
                        "topic": "业务能力",
                        "title": "培训",
                        "held_on": "2021-05-01",
                    }
                    one.ask("save a record", "POST", f"{here}/safeguards/training", said)
                over.wait(random.expovariate(2))

        waiting: list[int] = []

        def look() -> None:
            with psycopg.connect(postgres.get_uri(), autocommit=True) as watch:
                while not over.wait(0.1):
                    found = watch.execute(
                        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                    ).fetchone()
                    waiting.append(found[0] if found else 0)

        working = [threading.Thread(target=look)]
        working += [threading.Thread(target=save, args=(n,)) for n in range(people)]
        working += [threading.Thread(target=read, args=(n,)) for n in range(asked.readers)]
        for n in range(
            4 * asked.workers * asked.threads
        ):  # what only the first request of a process does is not of the day
            Person(port, found[n % people][0], defaultdict(list), []).ask(
                "", "GET", f"/d/{found[n % people][1]}/{YEAR}/"
            )
        for thread in working:
            thread.start()
        time.sleep(
            asked.warm
        )  # each process reads each department's evidence once after it started, not once a minute
        times.clear()
        waiting.clear()
        before = cpu(server.pid), cpu(lead)
        time.sleep(asked.seconds)
        over.set()
        for thread in working:
            thread.join()
        used = cpu(server.pid) - before[0], cpu(lead) - before[1]
        server.terminate()
        server.wait(30)
        postgres.cleanup()
    saves = len(times["save a word"])
    print(
        f"{saves / asked.seconds:.1f} saves/s, CPU s: site {used[0]:.1f}, database {used[1]:.1f}; "
        f"requests waiting for a lock on average {statistics.mean(waiting):.2f}; "
        f"load {os.getloadavg()[0]:.1f}; errors {errors[:5]}"
    )
    others = [
        t for name, listed in times.items() if name not in ("save a word", "page saved on") for t in listed
    ]
    for name, listed in [*sorted(times.items()), ("every other page", others)]:
        cut = statistics.quantiles(listed, n=20) if len(listed) > 1 else [listed[0]] * 19
        print(
            f"{name:<18}{len(listed):>6}  p50 {1000 * statistics.median(listed):>6.0f}  p95 "
            f"{1000 * cut[18]:>6.0f} ms"
        )


def main() -> None:
    """Measure as asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--root", type=Path, default=ROOT)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--readers", type=int, default=6)
    parser.add_argument("--think", type=float, default=5.0)
    parser.add_argument(
        "--warm", type=float, default=30, help="seconds of the same work before what is measured"
    )
    parser.add_argument("--workers", type=int, default=2, help="processes of the site")
    parser.add_argument("--threads", type=int, default=4, help="of each process")
    measure(parser.parse_args())


if __name__ == "__main__":
    main()
