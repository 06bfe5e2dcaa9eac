"""The commands of docs/operate.md, run as they stand there on clean installations: places, ports and
addresses alone are this machine's.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from running import ROOT, database_of, free_port

from object_store import BUCKET, serving

pytestmark = pytest.mark.xdist_group("postgres")
PAGE = ROOT / "docs" / "operate.md"
PROGRAMS = ("zhunsheng", "gunicorn", "make", "tar", "cd", "sh", "export", "docker", "pip")
# What is not run here, by how it begins, and where it is, or why nowhere.
ELSEWHERE = {
    "tar xzf zhunsheng-*-offline.tar.gz": "the archive is made by `make offline`, with a registry at hand",
    "cd zhunsheng-*-offline": "as above",
    "sh install.sh /opt/zhunsheng": "as above; what it refuses is in tests/test_deploying.py",
    "make serve": "tests/web/test_serving.py and browser tests serve the sample",
    "docker build": "needs an engine of containers",
    "docker run": "as above",
    "pip install 'zhunsheng[object-store]'": "the tests' environment has it",
}
PATIENCE = 60


def commands():
    """Return the commands of the page in their order, without what is said behind them."""
    blocks = re.findall(r"^```\w*\n(.*?)^```$", PAGE.read_text("utf8"), re.S | re.M)
    lines = [re.sub(r"\s{2,}#.*", "", line) for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.split(" ")[0] in PROGRAMS]


def line(begins):
    """Return the one command of the page that begins so."""
    (found,) = {one for one in commands() if one.startswith(begins)}
    return found


class Machine:
    """Where commands of the page run: a folder for its places, a port for its port."""

    def __init__(self, folder, **variables):
        self.folder, self.port = folder, free_port()
        (folder / "backup").mkdir()
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("ZHUNSHENG_", "DJANGO_"))}
        programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.variables = kept | {"PATH": programs} | variables
        self.began: list[subprocess.Popen] = []

    def put(self, command):
        """Return a command with this machine's places in it."""
        places = {
            "/srv/zhunsheng": str(self.folder / "srv"),
            "/backup/": f"{self.folder}/backup/",
            ":8000": f":{self.port}",
            "--port 8000": f"--port {self.port}",
        }
        for said, here in places.items():
            command = command.replace(said, here)
        return command

    def shell(self, *lines):
        return ["bash", "-euo", "pipefail", "-c", "\n".join(map(self.put, lines))]

    def run(self, *lines):
        """Run commands one after the other; return what they print."""
        done = subprocess.run(
            self.shell(*lines), cwd=self.folder, env=self.variables, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def begin(self, *lines):
        """Run commands, of which the last one goes on."""
        *before, last = lines
        log = (self.folder / "log").open("a")
        program = self.shell(*before, f"exec {last}")
        started = subprocess.Popen(
            program, cwd=self.folder, env=self.variables, stdout=log, stderr=log, start_new_session=True
        )
        self.began.append(started)
        return started

    def answers(self, path="/health", host="localhost", seconds=PATIENCE):
        """Wait until the site answers; return how."""
        end = time.monotonic() + seconds
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers={"Host": host})
        while True:
            try:
                with urllib.request.urlopen(asked, timeout=10) as said:
                    return said.status
            except urllib.error.HTTPError as error:
                if error.code != 503 or time.monotonic() > end:
                    return error.code
            except OSError:
                assert time.monotonic() < end, (self.folder / "log").read_text()
            time.sleep(0.2)

    def end(self, process):
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) in (0, -signal.SIGTERM)


@pytest.fixture
def machine(tmp_path):
    """Make machines of the test's own; what is left running on them ends with it."""
    made = []

    def make(**variables):
        folder = tmp_path / f"m{len(made)}"
        folder.mkdir()
        made.append(Machine(folder, **variables))
        return made[-1]

    yield make
    for one in made:
        for process in one.began:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def test_a_site_is_served_backed_up_restored_and_upgraded(machine):
    office = machine()
    settings = line("export ZHUNSHENG_DATA=")
    serving_it = office.begin(settings, line("zhunsheng serve --host 127.0.0.1"))
    assert office.answers() == 200
    assert office.answers("/set-up", "jixiao.example.gov.cn") in (200, 301)
    office.end(serving_it)
    rows = "登记编号,类别,收到日期,办结日期\n"
    for number in range(1, 17):
        text = f"{rows}T2026-{number:04},投诉,2026-{1 + number % 10:02}-01,\n"
        (office.folder / f"{number}.csv").write_text(text, "utf8")
    into = "--store $ZHUNSHENG_DATA/evidence --department 305001"
    office.run(settings, f"zhunsheng ledger import {{1..16}}.csv {into}")
    told = office.run(settings, line("zhunsheng ledger diff 12 15"))
    assert "T2026-0013" in told and "T2026-0015" in told
    office.run(settings, line("zhunsheng ledger diff 2026-10-31"))
    assert (office.folder / "变化.xlsx").is_file()
    assert "已删除 投诉举报台账 1 行" in office.run(settings, line("zhunsheng ledger remove"))
    assert "16" in office.run(settings, line("zhunsheng ledger undo 16"))
    office.run(settings, line("zhunsheng admin backup /backup"))
    office.run(settings, line("zhunsheng admin restore --check"))
    before = office.run(settings, "zhunsheng ledger log --store $ZHUNSHENG_DATA/evidence --json")
    shutil.move(office.folder / "srv", office.folder / "lost")
    (office.folder / "srv").mkdir()
    for key in (office.folder / "lost").glob("*.key"):  # kept elsewhere, as the page asks
        shutil.copy(key, office.folder / "srv")
    office.run(settings, line("zhunsheng admin restore /backup"))
    assert office.run(settings, "zhunsheng ledger log --store $ZHUNSHENG_DATA/evidence --json") == before
    office.run(settings, line("zhunsheng admin backup before"), line("zhunsheng admin migrate"))
    office.run(settings, line("zhunsheng admin review_sheets"), line("zhunsheng admin collectstatic"))
    serving_it = office.begin(settings, line("zhunsheng serve --host 0.0.0.0"))
    assert office.answers() == 200 and office.answers("/set-up", "10.20.3.8") == 200
    assert office.answers("/set-up", "elsewhere.example") == 400
    office.end(serving_it)


def test_several_processes_share_postgresql(machine, postgres):
    variables = database_of(postgres, "operated")
    data = {"ZHUNSHENG_HOSTS": "jixiao.example.gov.cn", "ZHUNSHENG_ORIGINS": "https://jixiao.example.gov.cn"}
    office = machine(**data)
    office.variables["ZHUNSHENG_DATA"] = str(office.folder / "srv")
    settings = line("export ZHUNSHENG_DATABASE=")
    written = settings.partition("=")[2]
    reached = settings.replace(written, f"'{variables['ZHUNSHENG_DATABASE']}'")
    office.run(reached, line("zhunsheng admin migrate"), line("zhunsheng admin collectstatic"))
    pages = office.begin(reached, line("gunicorn"))
    worker = office.begin(reached, line("zhunsheng admin worker"))
    assert office.answers() == 200
    for one in (worker, pages):
        office.end(one)


def test_evidence_lies_in_an_object_store(machine):
    with serving() as server:
        office = machine(**server.env())
        text = "凭证号,项目名称,支付金额,支付日期\nP1,经费,10,2026-03-01\n"
        (office.folder / "payments.csv").write_text(text, "utf8")
        settings = line("export AWS_ENDPOINT_URL=")
        for name, value in server.env().items():
            settings = re.sub(rf"{name}=\S+", f"{name}={value}", settings)
        bring = line("zhunsheng ledger import payments.xlsx").replace("payments.xlsx", "payments.csv")
        check = line("zhunsheng ledger verify --store s3://")
        office.run(settings, *(said.replace("s3://bucket", f"s3://{BUCKET}") for said in (bring, check)))


def test_no_command_of_the_page_is_left_untried():
    begins = {*re.findall(r'line\("([^"]+)"\)', Path(__file__).read_text("utf8")), *ELSEWHERE}
    said = commands()
    assert [one for one in said if not one.startswith(tuple(begins))] == []
    assert [one for one in begins if not any(command.startswith(one) for command in said)] == []
