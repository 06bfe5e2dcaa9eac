"""What the site costs as its store grows: an import, pages and figures of one of 1,000 departments,
few batches against many.

``python bench/site_scale.py`` makes two sites under build/bench/sites (SQLite,
1,000 departments with an approved sheet each) that differ in nothing but the store: 200 batches or 20,000,
made directly by ``bench/store.py``. Each site runs in a process of its own and does every act in turn with
the other; the table goes to docs/benchmarks-store.md. ``python bench/site_scale.py assess`` measures what
computing the figures of the sample and of its 1,000 departments takes.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from unittest import mock

WORK = Path("build/bench/sites")
DEPARTMENTS = 1_000
TURNS = 5
LIMIT = 1.5
OWN = "D0007"  # the department that acts are for
YEAR = 2021
USER = "caiwu"
DOC = Path("docs/benchmarks-store.md")
MARK = "## The site over it"


# -- a site made directly
# ---------------------------------------------------------------------------------------------


def start_django(folder: Path) -> None:
    """Set Django up for the site in a folder."""
    os.environ |= {
        "ZHUNSHENG_DATA": str(folder.resolve()),
        "ZHUNSHENG_HTTPS": "0",
        "DJANGO_SETTINGS_MODULE": "zhunsheng.web.settings",
    }
    import django

    django.setup()


def make_base(folder: Path) -> None:
    """Make the database of 1,000 departments, one approved sheet each, and two people; the
    store comes later.
    """
    start_django(folder)
    from django.core.management import call_command
    from django.db import transaction

    from zhunsheng.intake import read_book
    from zhunsheng.sample.portfolio import names, write_portfolio
    from zhunsheng.web.actor import acting
    from zhunsheng.web.models import CalendarEntry, Membership, Organisation, Upload, User
    from zhunsheng.web.services.sheets import documents
    from zhunsheng.web.workflow import advance

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    archive, _ledgers = write_portfolio(folder / "sample", 1)
    shutil.unpack_archive(archive, folder / "sample")
    book = read_book(next((folder / "sample" / names(1)[0]).glob("*.txt")))
    sheet = next(s for s in book.sheets if s.kind == "project")
    with acting("bench"), transaction.atomic():
        district = Organisation.objects.create(name="示例区", kind="district")
        people = {}
        for name, role in (("keyuan", "staff"), (USER, "finance"), ("caizheng", "bureau")):
            people[name] = User.objects.create(username=name, display=name)
            Membership.objects.create(user=people[name], organisation=district, role=role)
        CalendarEntry.objects.create(
            organisation=district,
            year=YEAR,
            kind="monitoring",
            name="前十个月",
            as_of=date(YEAR, 10, 31),
            opens_on=date(YEAR, 11, 1),
            due_on=date(YEAR, 11, 15),
        )
        for n in range(DEPARTMENTS):
            place = Organisation.objects.create(
                name=f"第{n:04d}局", kind="department", parent=district, code=f"D{n:04d}"
            )
            text = sheet.model_copy(update={"year": YEAR, "department": place.name})
            version = documents.add_version(text, place, people["keyuan"], "upload")
            if n == 0:
                Upload.keep(b"", "x", "document", place, people["keyuan"])
            advance(people["keyuan"], version, "targets.submit", said={"despite": True})
            advance(people[USER], version, "targets.check")
            advance(people["caizheng"], version, "targets.approve")


def make_site(count: int, base: Path) -> Path:
    """Return the folder of a site with about ``count`` batches, OWN's ledgers among them; made once."""
    folder = WORK / str(count)
    if (folder / "made").is_file():
        return folder
    sys.path.insert(0, str(Path(__file__).parent))
    import store as stores

    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(base, folder)
    stores.make(count)
    shutil.copytree(stores.WORK / str(count), folder / "evidence")
    (folder / "made").touch()
    return folder


# -- what is timed
# ----------------------------------------------------------------------------------------------------


class Site:
    """The site of this process as one signed-in person of OWN's finance section meets it."""

    def __init__(self) -> None:
        """Import OWN's sample ledgers where they are not there yet, open a checkpoint,
        compute its figures.
        """
        from django.conf import settings
        from django.test import Client

        from zhunsheng.evidence import shared
        from zhunsheng.sample.portfolio import names
        from zhunsheng.usecases.importing import import_ledger
        from zhunsheng.web.models import Organisation, User
        from zhunsheng.web.models.work import cipher
        from zhunsheng.web.services import evidence
        from zhunsheng.web.services.year import calendar, figures, filling

        self.store, self.folder = evidence.store, settings.DATA
        self.own = Organisation.objects.get(code=OWN)
        self.user = User.objects.get(username=USER)
        known = {names(1)[0]: OWN}
        for path in sorted((self.folder / "sample").glob("*.csv")):
            import_ledger(
                evidence.store().root,
                path,
                department=OWN,
                label=self.own.name,
                known=known,
                who=USER,
                cipher=cipher(),
                good_rows=True,
                marked_in=self.folder / "sample",
            )
        entry = calendar.calendar_of(self.own, YEAR, "monitoring")[0]
        self.checkpoint = filling.open_checkpoint(entry, self.own, self.user)
        self.assessment = figures.assess_now(self.own, YEAR)
        self.client = Client(SERVER_NAME="localhost")
        self.client.force_login(self.user, backend="django.contrib.auth.backends.ModelBackend")
        run = self.assessment.run.results[0]
        self.line = next(n for n, i in enumerate(run.indicators) if i.reading is not None)
        self.count = int(time.time())
        shared.stop()  # so that whoever asks for it starts one
        with mock.patch("duckdb.connect", side_effect=AssertionError("the overview opens an engine")):
            self.page("overview")

    def page(self, route: str, **place: Any) -> None:
        """Get a page of OWN's year."""
        from django.urls import reverse

        address = reverse(route, kwargs={"department": self.own.pk, "year": YEAR, **place})
        answer = self.client.get(address)
        assert answer.status_code == 200, (address, answer.status_code)

    def rows(self) -> bytes:
        """Return a file of five payments that no other file has."""
        self.count += 1
        lines = [f"N{os.getpid()}-{self.count}-{n},经费,10,2021-05-06" for n in range(5)]
        return "\n".join(["凭证号,项目名称,支付金额,支付日期", *lines]).encode("utf8")

    # -- acts, each with what it does as its docstring

    def work_off(self) -> None:
        """Run the jobs in line, as the worker would."""
        from zhunsheng.web.models import Job
        from zhunsheng.web.services import jobs

        while job := Job.objects.filter(state="queued").order_by("pk").first():
            jobs.run_job.func(job.pk)
            job.refresh_from_db()
            assert job.state == "done", job.error

    def act_import(self) -> None:
        """Take in a file of five rows and import it as the background job does."""
        from zhunsheng.web.actor import acting
        from zhunsheng.web.models import Upload
        from zhunsheng.web.services import jobs

        with acting(USER):
            upload = Upload.keep(self.rows(), f"{self.count}.csv", "ledger", self.own, self.user)
            job = jobs.import_soon(upload, self.user, "payments")
            jobs.run_job.func(job.pk)
        job.refresh_from_db()
        assert job.result["new"], job.error

    after_import = work_off
    before_figures = act_import

    def act_figures(self) -> None:
        """Compute the year's figures after an import, with lights, as the background job does."""
        self.work_off()

    def act_both(self) -> None:
        """Do both: from the file to the new figures."""
        self.act_import()
        self.work_off()

    def act_overview(self) -> None:
        """Open the overview of the department."""
        self.page("overview")

    def act_word(self) -> None:
        """Keep a new word on an indicator and compute the figures of the checkpoint anew."""
        from zhunsheng.web.actor import acting
        from zhunsheng.web.services.year import filling, words

        self.count += 1
        run = self.checkpoint.assessment.run.results[0]
        before = self.checkpoint.assessment_id
        with acting(USER):
            said = {
                "cause": "其他",
                "measures": f"推进{self.count}",
                "actual": str(self.count % 1000),
                "reason": "见附件",
            }
            words.keep_word(self.checkpoint, run.id, run.indicators[0].id, self.user, None, **said)
            filling.fill_checkpoint(self.checkpoint)
        assert self.checkpoint.assessment_id != before

    def act_ledgers(self) -> None:
        """Open the page of the department's ledgers."""
        self.page("ledgers")

    def act_rows(self) -> None:
        """Open a page of rows of one ledger."""
        self.page("ledger", ledger="payments")

    def act_lineage(self) -> None:
        """Open what lies behind one figure."""
        self.page("lineage", sheet=0, line=str(self.line))

    def before_earlier(self) -> None:
        """Let another department import, so that the figures are of an earlier state of the store."""
        from zhunsheng.usecases.importing import import_ledger
        from zhunsheng.web.models.work import cipher

        path = self.folder / "payments.csv"
        path.write_bytes(self.rows())
        import_ledger(self.store().root, path, department="D0008", who=USER, cipher=cipher())

    def act_earlier(self) -> None:
        """Open the same where the figures are of an earlier state of the store."""
        self.page("lineage", sheet=0, line=str(self.line))

    def act_verify(self) -> None:
        """Verify the last batches as a person does: ``python -m zhunsheng ledger verify --since``."""
        since = self.store().head[0] - 20
        self.command("verify", "--since", str(since))

    def act_command(self) -> None:
        """Import a file of five rows by ``python -m zhunsheng ledger import``."""
        path = self.folder / "payments.csv"
        path.write_bytes(self.rows())
        self.command("import", str(path), "--department", OWN)

    def command(self, name: str, *given: str) -> None:
        """Run a ledger command over the site's store."""
        command = [
            sys.executable,
            "-m",
            "zhunsheng",
            "ledger",
            name,
            *given,
            "--store",
            str(self.folder / "evidence"),
        ]
        key = {"ZHUNSHENG_PERSONAL_KEY": (self.folder / "personal.key").read_text().strip()}
        subprocess.run(command, check=True, capture_output=True, env={**os.environ, **key})


ACTS: dict[str, str] = {
    "import": "act_import",
    "figures": "act_figures",
    "import and figures": "act_both",
    "overview": "act_overview",
    "word": "act_word",
    "ledgers": "act_ledgers",
    "rows": "act_rows",
    "lineage": "act_lineage",
    "lineage, earlier": "act_earlier",
    "`ledger verify --since`": "act_verify",
    "`ledger import`": "act_command",
}


def cpu() -> float:
    """Return the CPU seconds of this process and of those it waited for."""
    own, others = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def serve(folder: Path) -> None:
    """Do one act for each line of standard input, and answer with [wall, CPU] seconds."""
    start_django(folder)
    site = Site()
    print("ready", flush=True)
    for line in sys.stdin:
        name = line.strip().removeprefix("act_")
        before, act, after = (getattr(site, f"{when}_{name}", None) for when in ("before", "act", "after"))
        assert act is not None
        if before is not None:
            before()
        wall, used = time.perf_counter(), cpu()
        act()
        taken = [time.perf_counter() - wall, cpu() - used]
        if after is not None:
            after()
        print(json.dumps(taken), flush=True)


class Served:
    """A site in a process of its own."""

    def __init__(self, folder: Path) -> None:
        """Start it and wait until it is ready."""
        self.process = subprocess.Popen(
            [sys.executable, __file__, "serve", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None and self.process.stdout.readline().strip() == "ready"

    def do(self, act: str) -> list[float]:
        """Let it do an act; return (wall, CPU) seconds."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(f"{act}\n")
        self.process.stdin.flush()
        taken: list[float] = json.loads(self.process.stdout.readline())
        return taken

    def end(self) -> None:
        """End it."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def compare(few: int, many: int) -> None:
    """Make both sites, do every act on both in turn, print the table and put it into the document."""
    base = WORK / "base"
    if not (base / "made").is_file():
        shutil.rmtree(base, ignore_errors=True)
        base.mkdir(parents=True)
        subprocess.run([sys.executable, __file__, "base", str(base)], check=True)
        (base / "made").touch()
    sites = [Served(make_site(count, base)) for count in (few, many)]
    lines = [
        f"| act | what it does | {few:,} batches: wall, CPU s | {many:,} batches: wall, CPU s | ratio wall, "
        "CPU |",
        "|---|---|---:|---:|---:|",
    ]
    worst = 0.0
    for name, act in ACTS.items():
        taken: list[list[list[float]]] = [[], []]
        for turn in range(TURNS + 1):  # the first warms
            for n, site in enumerate(sites):
                once = site.do(act)
                if turn:
                    taken[n].append(once)
        a, b = ([statistics.median(t[k] for t in one) for k in (0, 1)] for one in taken)
        worst = max(worst, b[1] / a[1])
        what = (getattr(Site, act).__doc__ or "").strip()
        lines.append(
            f"| {name} | {what} | {a[0]:.3f}, {a[1]:.3f} | {b[0]:.3f}, {b[1]:.3f} | {b[0] / a[0]:.2f}, "
            f"{b[1] / a[1]:.2f} |"
        )
        print(lines[-1], flush=True)
    for site in sites:
        site.end()
    write(few, many, lines)
    if worst > LIMIT:
        raise SystemExit(f"more than {LIMIT} times: {worst:.2f}")


def write(few: int, many: int, lines: list[str]) -> None:
    """Put the table behind that of the store in the document, in the place of an earlier one."""
    head = (
        f"{MARK}\n\n"
        f"Measured by `make bench-site-scale` on {date.today()}, medians of {TURNS} turns, "
        "both sites in turn in one run, each in a process of its own (Django's test client, SQLite). "
        f"{DEPARTMENTS:,} departments with an approved sheet each; the acts are those of one of them. "
        "Seconds of a command are those of the whole process, imports of Python modules included. "
        f"The aim is at most {LIMIT}.\n\n"
    )
    text = DOC.read_text("utf8").split(MARK)
    behind = text[1].split("\n## ", 1)[1:] if len(text) > 1 else []
    parts = [text[0].rstrip(), head + "\n".join(lines), *(f"## {part.rstrip()}" for part in behind)]
    DOC.write_text("\n\n".join(parts) + "\n", "utf8")
    print("\n".join(lines))


# -- the sample's figures
# ---------------------------------------------------------------------------------------------


def assess(entities: int, departments: int) -> None:
    """Load the sample and its departments into a site, then time the figures of one department and of all."""
    folder = WORK / "assess"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    start_django(folder)
    from django.core.management import call_command

    from zhunsheng.web.actor import acting
    from zhunsheng.web.models import Assessment, Checkpoint, Organisation, User
    from zhunsheng.web.services import sample_site
    from zhunsheng.web.services.portfolio import assessing
    from zhunsheng.web.services.year import figures, filling, words

    call_command("migrate", verbosity=0)

    def timed(what: str, act: Callable[[], Any]) -> None:
        wall, used = time.perf_counter(), cpu()
        act()
        peak = int(Path("/proc/self/status").read_text("utf8").split("VmHWM:")[1].split()[0]) // 1024
        print(
            f"{what}: wall {time.perf_counter() - wall:.2f} s, CPU {cpu() - used:.2f} s, peak {peak} MiB",
            flush=True,
        )

    timed(f"sample of {entities:,} entities loaded", lambda: sample_site.load(entities))
    department = Organisation.objects.get(name="示例区市场监督管理局")
    record = Checkpoint.objects.filter(department=department, state="open").last()
    assert record is not None and record.assessment is not None
    user = User.objects.get(username="keyuan")
    one = record.assessment.run.results[0]

    def word(n: int) -> None:
        with acting("keyuan"):
            said = {"cause": "其他", "measures": f"推进{n}", "actual": str(n), "reason": "见附件"}
            words.keep_word(record, one.id, one.indicators[0].id, user, None, **said)
            filling.fill_checkpoint(record)

    for n in range(3):
        timed("a word kept and its checkpoint computed anew", lambda n=n: word(n))
    day = date(YEAR, 9, 30)
    timed(
        "the year of the sample's department, forms and report included",
        lambda: figures.assess_now(department, YEAR, day, tables=True),
    )
    timed("the same state again", lambda: figures.assess_now(department, YEAR, day, tables=True))
    if not departments:
        return
    timed(
        f"{departments:,} departments loaded, reviewed, approved, assessed",
        lambda: sample_site.load_portfolio(departments),
    )
    district = Organisation.objects.get(kind="district")
    timed("all assessed again, nothing changed", lambda: assessing.assess_all(district, YEAR))
    Assessment.objects.filter(checkpoint=None, selfevaluation=None).delete()
    timed("all assessed anew", lambda: assessing.assess_all(district, YEAR))


def main() -> None:
    """Compare two sites, or do the part that a process of this program is for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", choices=("compare", "base", "serve", "assess"), default="compare")
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--few", type=int, default=200)
    parser.add_argument("--many", type=int, default=20_000)
    parser.add_argument("--entities", type=int, default=30_000)
    parser.add_argument("--departments", type=int, default=DEPARTMENTS)
    asked = parser.parse_args()
    if asked.part == "base":
        make_base(asked.folder)
    elif asked.part == "serve":
        serve(asked.folder)
    elif asked.part == "assess":
        assess(asked.entities, asked.departments)
    else:
        compare(asked.few, asked.many)


if __name__ == "__main__":
    main()
