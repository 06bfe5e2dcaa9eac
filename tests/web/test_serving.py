"""``serve`` for real: what it keeps running, how it ends, also as process 1; what it refuses; and a database
that is stopped and started while work goes on.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request

import psutil
import pytest
from running import ROOT, database_of, environment, free_port, manage, script

import servers
from zhunsheng.web.supervising import LONGEST, pause

pytestmark = pytest.mark.xdist_group("serving")
PATIENCE = 120  # seconds; machines that test are busy


def until(found, seconds=PATIENCE, told=lambda: ""):
    """Return what ``found`` gives once it is something."""
    end = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < end, told()
        time.sleep(0.1)
    return value


def answer(port, path="/health"):
    """The status and text of an address, None where nobody listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as said:
            return said.status, said.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return None


def hear_interrupts():
    """Undo that a shell lets what it runs behind its back be deaf to Ctrl+C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Site:
    """A site that ``serve`` runs; ``own`` is the process of the command itself."""

    def __init__(self, data, *words, before=(), **more):
        self.data, self.port = data, free_port()
        self.log = data.parent / f"{data.name}.log"
        command = [*before, sys.executable, "-m", "zhunsheng", "serve"]
        command += ["--port", str(self.port), "--workers", "1"]
        variables = environment(data, **more)
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*command, *words],
                cwd=ROOT,
                env=variables,
                stdout=log,
                stderr=log,
                preexec_fn=hear_interrupts,
            )
        self.own = psutil.Process(self.process.pid)
        if before:
            self.own = until(lambda: next(iter(self.own.children()), None))

    def healthy(self):
        until(lambda: (answer(self.port) or (0,))[0] == 200, told=self.said)

    def said(self):
        return self.log.read_text()

    def lines(self):
        return [json.loads(one) for one in self.said().splitlines() if one.startswith("{")]

    def child(self, word):
        """The child of the command whose command line has a word in it."""
        for one in self.own.children():
            try:
                if word in " ".join(one.cmdline()):
                    return one
            except psutil.Error:
                continue
        return None

    def end(self, number, seconds=PATIENCE):
        """Send a signal; return the code it ends with and who of all it started still lives."""
        all_of_it = self.own.children(recursive=True)
        self.own.send_signal(number)
        code = self.process.wait(seconds)
        _gone, alive = psutil.wait_procs(all_of_it, timeout=2)
        return code, alive


@pytest.fixture
def served(empty, tmp_path):
    """Start a site on a new data folder; whatever is left of it is killed in the end."""
    started = []

    def start(*words, **more):
        data = shutil.copytree(empty, tmp_path / f"site{len(started)}")
        started.append(Site(data, *words, **more))
        return started[-1]

    yield start
    for site in started:
        for one in [*site.own.children(recursive=True), site.own] if site.own.is_running() else []:
            one.kill()
        site.process.kill()
        site.process.wait()


def test_what_died_is_started_again_and_all_ends_with_the_command(served):
    site = served()
    site.healthy()
    worker, pages = site.child("django worker"), site.child("gunicorn")
    worker.kill()
    another = until(lambda: (found := site.child("django worker")) and found.pid != worker.pid and found)
    pages_workers = pages.children()
    pages.kill()
    again = until(lambda: (found := site.child("gunicorn")) and found.pid != pages.pid and found)
    assert psutil.wait_procs(pages_workers, timeout=5)[1] == []  # what it left is in nobody's way
    site.healthy()
    assert another.is_running() and again.is_running()
    falls = [one for one in site.lines() if "ZS-WB-91" in one["message"]]
    assert len(falls) == 2 and "后台进程" in falls[0]["message"] and "网页服务" in falls[1]["message"]
    assert site.end(signal.SIGTERM) == (0, [])
    assert "Traceback" not in site.said()


def test_under_the_documented_settings_the_container_is_healthy_and_ends_with_ctrl_c(served):
    site = served(ZHUNSHENG_HTTPS="1", ZHUNSHENG_HOSTS="jixiao.example.gov.cn")
    site.healthy()
    said = re.search(r"^HEALTHCHECK .*CMD (\[.*\])$", (ROOT / "Dockerfile").read_text("utf8"), re.M)[1]
    check = json.loads(said.replace(":8000/", f":{site.port}/"))
    assert subprocess.run([sys.executable, *check[1:]]).returncode == 0
    # Others than who watches are sent to TLS, or to the site's own name.
    assert answer(site.port, "/metrics")[0] == 200 and answer(site.port, "/public")[0] == 400
    assert site.end(signal.SIGINT) == (0, [])


def test_who_wants_it_not_to_hear_a_signal_is_obeyed(supervised):
    one, _process = supervised(1, "sleep 300", before=["nohup"])
    one.send_signal(signal.SIGHUP)
    time.sleep(1)
    assert one.poll() is None
    one.send_signal(signal.SIGTERM)
    assert one.wait(60) == 0


def test_all_end_when_the_command_is_killed(served):
    site = served()
    site.healthy()
    code, alive = site.end(signal.SIGKILL)
    _gone, alive = psutil.wait_procs(alive, timeout=60)
    assert code == -signal.SIGKILL and alive == []


def as_process_1():
    own = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *own, "--pid", "--fork", "--mount-proc"]


def test_as_process_1_it_obeys_and_takes_orphans_away(served):
    site = served(before=as_process_1())
    site.healthy()
    site.child("gunicorn").kill()  # its own children are given to process 1
    until(lambda: "ZS-WB-91" in site.said())
    site.healthy()
    assert [one for one in site.own.children() if one.status() == psutil.STATUS_ZOMBIE] == []
    assert site.end(signal.SIGTERM) == (0, [])


def test_as_process_1_it_obeys_while_it_prepares(served):
    site = served(before=as_process_1())
    until(lambda: "正在准备" in site.said())
    code, alive = site.end(signal.SIGTERM, 30)
    assert code == 0 and alive == []


# -- the supervisor alone, with children of every kind
# ------------------------------------------------------------------------------------------------------------

SUPERVISE = """
import os, sys
from zhunsheng.web.supervising import Kept, Supervisor
commands = [["sh", "-c", one] for one in sys.argv[2:]]
kept = [Kept(f"child {n}", command) for n, command in enumerate(commands)]
Supervisor(kept, os.environ, ready=lambda: True, announce=lambda: print("up", flush=True),
           grace=float(sys.argv[1])).run()
"""
STUBBORN = "trap '' TERM INT; echo deaf; sleep 300 & wait; sleep 300"


@pytest.fixture
def supervised():
    started = []

    def start(grace, *commands, before=()):
        run = [*before, sys.executable, "-c", SUPERVISE, str(grace), *commands]
        one = subprocess.Popen(
            run,
            env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=hear_interrupts,
        )
        started.append(one)
        until(lambda: one.stdout.readline().startswith("up"))
        return one, psutil.Process(one.pid)

    yield start
    for one in started:
        one.kill()
        one.wait()


def test_who_does_not_obey_within_the_grace_is_killed_with_all_it_started(supervised):
    one, process = supervised(1, STUBBORN)
    until(lambda: len(process.children(recursive=True)) >= 2)
    family = process.children(recursive=True)
    began = time.monotonic()
    one.send_signal(signal.SIGTERM)
    assert one.wait(PATIENCE) == 0 and time.monotonic() - began >= 1
    assert psutil.wait_procs(family, timeout=5)[1] == []


def test_a_second_signal_ends_the_waiting(supervised):
    one, process = supervised(300, STUBBORN)
    until(lambda: len(process.children(recursive=True)) >= 2)
    family = process.children(recursive=True)
    one.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert one.poll() is None
    one.send_signal(signal.SIGTERM)
    assert one.wait(60) == 0 and psutil.wait_procs(family, timeout=5)[1] == []


def test_one_that_dies_at_once_again_and_again_is_said_so_and_started_ever_later(supervised):
    one, _process = supervised(1, "sleep 300", "exit 3")
    said = [line for line in (one.stdout.readline() for _ in range(3)) if "ZS-WB-91" in line]
    assert [f"第 {n} 次" in line and "退出码 3" in line for n, line in enumerate(said, 1)] == [True] * 3
    assert one.poll() is None
    assert [pause(n) for n in (1, 2, 3, 4)] == [1, 2, 4, 8] and pause(20) == LONGEST
    one.send_signal(signal.SIGTERM)
    assert one.wait(60) == 0


# What a worker does that is told to end, and told again, while DuckDB works for its job.
BROKEN_OFF = """
import os, signal, threading, time, duckdb
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult
from zhunsheng.web.management.commands.worker import LastingWorker
from zhunsheng.web.services import jobs
begun = threading.Event()


def work(job, progress):
    begun.set()
    duckdb.sql("SELECT sum(hash(range)) FROM range(3000000000)").fetchall()


def end():
    begun.wait()
    for _ in range(2):
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGTERM)


jobs.HANDLERS["assess"] = work
job = jobs.enqueue("assess", "t", None)
worker = LastingWorker(
    queue_names=["default"], excluded_queue_names=[], interval=1, batch=True, backend_name="default",
    startup_delay=False, max_tasks=None, worker_id="w",
)
worker.configure_signals()
threading.Thread(target=end, daemon=True).start()
worker.run()
job.refresh_from_db()
waiting = DBTaskResult.objects.filter(status=TaskResultStatus.READY).count()
print(job.state, job.attempts, repr(job.error), waiting)
"""


def test_a_job_broken_off_by_a_second_signal_is_put_in_line_again(empty, tmp_path):
    data = shutil.copytree(empty, tmp_path / "site")
    # Started for itself: in a process that was forked DuckDB hears a signal only when its query is over.
    said = manage(data, "shell", "-v0", "-c", BROKEN_OFF, anew=True).stdout
    assert said.strip().splitlines()[-1] == "queued 0 '' 1"


# -- what is refused is said by a code
# ------------------------------------------------------------------------------------------------------------


def refused(data, *words, **more):
    done = manage(data, "serve", *words, check=False, **more)
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    return done.stderr


def test_a_taken_port_a_foreign_address_and_a_server_that_does_not_come_up_are_told(empty, tmp_path):
    data = shutil.copytree(empty, tmp_path / "site")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert "ZS-WB-90" in refused(data, "--port", taken.getsockname()[1])
    assert "ZS-WB-90" in refused(data, "--port", free_port(), "--host", "203.0.113.9")
    assert "ZS-WB-91" in refused(data, "--port", free_port(), GUNICORN_CMD_ARGS="--nonsense")


def test_a_data_folder_that_is_closed_or_no_folder_is_told(empty, tmp_path):
    (tmp_path / "file").touch()
    assert "ZS-CL-11" in refused(tmp_path / "file" / "data")
    (closed := tmp_path / "closed").mkdir()
    run = [sys.executable, "manage.py", "serve", "--port", str(free_port())]
    if os.geteuid() == 0:  # whom no mode keeps out
        only_read = f"mount -t tmpfs -o ro none {closed} && exec {shlex.join(run)}"
        run = ["unshare", "--mount", "sh", "-c", only_read]
    else:
        closed.chmod(0o500)
    done = subprocess.run(run, cwd=ROOT, env=environment(closed), capture_output=True, text=True)
    assert done.returncode == 1 and "Traceback" not in done.stderr and "ZS-CL-11" in done.stderr


def test_data_of_another_version_or_of_no_database_is_told(empty, tmp_path):
    data = shutil.copytree(empty, tmp_path / "later")
    with sqlite3.connect(data / "zhunsheng.sqlite3") as database:
        database.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('web', '9999_x', 0)")
    assert "ZS-WB-92" in refused(data, "--port", free_port())
    data = shutil.copytree(empty, tmp_path / "broken")
    for file in data.glob("zhunsheng.sqlite3-*"):
        file.unlink()
    (data / "zhunsheng.sqlite3").write_bytes(b"no database at all" * 1000)
    assert "ZS-WB-93" in refused(data, "--port", free_port())
    away = {"ZHUNSHENG_DATABASE": "postgres://zs:geheim@127.0.0.1:1/zs"}
    said = refused(tmp_path / "away", "--port", free_port(), **away)
    assert "ZS-WB-93" in said and "geheim" not in said


# -- what lies on the disk
# ------------------------------------------------------------------------------------------------------------


def test_whatever_an_empty_installation_writes_is_its_accounts_alone(tmp_path):
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    site = Site(data, TMPDIR=str(scratch), HOME=str(tmp_path / "home"))
    try:
        site.healthy()
        until(lambda: "zhunsheng_requests_total" in answer(site.port, "/metrics")[1])
        manage(data, "backup", data / "b.tar")
        assert "zhunsheng_backup_age_seconds" in answer(site.port, "/metrics")[1]
        written = [data, *data.rglob("*"), *scratch.rglob("*"), *tmp_path.glob("home/**/*")]
        assert any(one.suffix == ".db" for one in written)  # the counts for /metrics
        assert {"zhunsheng.sqlite3", "secret.key", "static", "b.tar"} <= {one.name for one in written}
        open_to_others = [one for one in written if one.exists() and one.stat().st_mode & 0o077]
        assert open_to_others == []
    finally:
        assert site.end(signal.SIGTERM) == (0, [])
    assert list(scratch.iterdir()) == []


# -- a database that goes away
# ------------------------------------------------------------------------------------------------------------

BEGIN = """
from zhunsheng.web.models import *
from zhunsheng.web.services import jobs, office
city = office.found("某市", "city", None)
department = office.found("某局", "department", office.found("某区", "district", city))
rows = [f"HD-{n:06},宣传,食品安全,活动{n},2021-03-01" for n in range(60_000)]
text = "活动编号,活动类别,主题类别,活动名称,开展日期\\n" + "\\n".join(rows)
upload = Upload.keep(text.encode(), "活动.csv", "ledger", department, None)
print(jobs.import_soon(upload, None, "activities").pk)
"""
LOOK = (
    "from zhunsheng.web.models import Job; j = Job.objects.get(pk={}); print([j.state, j.attempts, j.error])"
)
CAME = """
from zhunsheng.web.models import *
from zhunsheng.web.services import evidence
import json
batches = evidence.store().batches(department=Organisation.objects.get(kind="department").code)
logged = AuditEntry.objects.filter(action="batch imported").count()
print(json.dumps([[b.inserted for b in batches], logged, Job.objects.get(kind="import").result["rows"]]))
"""


def test_the_worker_outlives_a_restart_of_the_database_and_loses_and_doubles_no_work(tmp_path):
    from pgserver._commands import pg_ctl  # type: ignore[attr-defined]

    server = servers.postgres(tmp_path / "pg")
    try:
        database = database_of(server, "restarted")
        data = tmp_path / "data"
        manage(data, "migrate", "-v0", **database)
        job = script(data, BEGIN, **database)
        log = (tmp_path / "worker.log").open("w")
        run = [sys.executable, "manage.py", "worker", "--no-startup-delay"]
        worker = subprocess.Popen(run, cwd=ROOT, env=environment(data, **database), stdout=log, stderr=log)
        try:
            running = f"SELECT state FROM web_job WHERE id = {job} AND state = 'running'"
            server_uri = server.get_uri().replace("/postgres?", "/restarted?")
            until(lambda: "running" in asked(server_uri, running))
            time.sleep(0.3)
            pg_ctl(["-w", "-m", "immediate", "stop"], pgdata=server.pgdata, user=server.system_user)
            time.sleep(12)  # as long as the restart that ended workers
            assert worker.poll() is None, (tmp_path / "worker.log").read_text()
            server.ensure_postgres_running()
            until(lambda: "'done'" in script(data, LOOK.format(job), **database), 240)
            assert worker.poll() is None
            assert json.loads(script(data, CAME, **database))[0] == [60_000]
            # It still works: another job in the same process, and it ends in order.
            again = "from zhunsheng.web.services import jobs; from zhunsheng.web.models import *; " + (
                "print(jobs.enqueue('assess-all', 'x', None, Organisation.objects.get(kind='district'), "
                "year=2021).pk)"
            )
            other = script(data, again, **database)
            until(lambda: "'done', 1" in script(data, LOOK.format(other), **database))
        finally:
            worker.terminate()
            assert worker.wait(60) == 0
            log.close()
        said = (tmp_path / "worker.log").read_text()
        assert "the database" in said and "Traceback" not in said
        ended = "from zhunsheng.web.models import WorkerSign; print(WorkerSign.objects.get().ended_at)"
        assert script(data, ended, **database) != "None"
    finally:
        server.cleanup()


def asked(address, statement):
    import psycopg

    with psycopg.connect(address) as connection:
        return str(connection.execute(statement).fetchall())
