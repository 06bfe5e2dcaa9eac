"""What tests of the site share: the sample district loaded once, clients by user name,
and jobs run on the spot.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta

import pytest
from addresses import POSTED, TABLE
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone
from filled import SAID, document
from running import DEPARTMENTS, ENTITIES, manage

import servers
from built import once
from zhunsheng.web.models import (
    Checkpoint,
    Commitment,
    Contest,
    Draw,
    DrawTask,
    Job,
    KeyEvaluation,
    LowTarget,
    Organisation,
    Paper,
    Publication,
    SafeguardRecord,
    SelfEvaluation,
    SheetVersion,
    SourceMapping,
    Upload,
    User,
    Witness,
    WorkerSign,
)
from zhunsheng.web.services import indicators, jobs, matching, office, transparency, witnesses
from zhunsheng.web.services.decisions import RECORDS
from zhunsheng.web.services.sample_site import LEFT_OPEN, PASSWORD, load, load_portfolio
from zhunsheng.web.services.sheets.lookup import book_in_force
from zhunsheng.web.services.year import calendar, figures, filling, records
from zhunsheng.web.workflow import note

WALKERS = ("test_access", "test_exports", "test_one_spelling")  # which judge what ``walked`` has asked for


@pytest.hookimpl(tryfirst=True)  # before groups are read
def pytest_collection_modifyitems(items):
    """Keep the tests of a file on one worker, in their order; the invariants each stand alone.

    Most invariants are of states, and try at length what other tests reach, and nonsense takes thousands of
    requests: there the tracer rests.
    """
    for item in items:
        if "tests/web/" not in str(item.path):
            continue
        invariant = item.path.parent.name == "invariants"
        if (invariant and item.name.startswith("test_3_")) or item.path.parent.name == "nonsense":
            item.add_marker(pytest.mark.no_cover)
        if not any(item.iter_markers("xdist_group")):
            item.add_marker(pytest.mark.django_db)
            if not invariant:
                own = f"{item.path.parent.name}/{item.path.stem}"
                item.add_marker(pytest.mark.xdist_group("walk" if item.path.stem in WALKERS else own))


@pytest.fixture(scope="session")
def collected(tmp_path_factory):
    """The folder of static files that the pages of a site need, collected and compressed."""
    place = once(
        tmp_path_factory,
        "collected",
        lambda place: manage(place, "collectstatic", "--noinput", "-v0", anew=True),
    )
    return place / "static"


@pytest.fixture(scope="session")
def loaded(empty, tmp_path_factory):
    """The data folder of a site with the sample, loaded by the command."""

    def build(place):
        shutil.copytree(empty, place, dirs_exist_ok=True)
        size = ["--entities", str(ENTITIES), "--departments", str(DEPARTMENTS)]
        manage(place, "sample_site", *size, anew=True)

    return once(tmp_path_factory, "loaded", build)


@pytest.fixture(scope="session")
def django_db_setup(request, django_test_environment, django_db_blocker):
    """The sample district, in memory on SQLite; each test's changes are rolled back."""
    if connection.vendor != "sqlite":
        request.getfixturevalue("django_db_setup")
        with django_db_blocker.unblock():
            load(ENTITIES)
            load_portfolio(DEPARTMENTS)
            transparency.seal()
        return
    loaded = request.getfixturevalue("loaded")
    left_out = shutil.ignore_patterns("zhunsheng.sqlite3*")
    shutil.copytree(loaded, settings.DATA, dirs_exist_ok=True, ignore=left_out)
    connection.close()
    connection.settings_dict["NAME"] = "file:tests?mode=memory&cache=shared"
    with django_db_blocker.unblock():
        connection.ensure_connection()
        with closing(sqlite3.connect(loaded / "zhunsheng.sqlite3")) as source:
            source.backup(connection.connection)
        for user in User.objects.all():  # by the tests' hasher, which takes no time
            user.password = make_password(PASSWORD)
            user.save()
        transparency.seal()


@pytest.fixture(autouse=True)
def _nothing_remembered():
    """What a site remembers for a minute (tries to sign in, what was refused) is no other test's."""
    cache.clear()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    """A PostgreSQL server."""
    server = servers.postgres(tmp_path_factory.mktemp("pg"))
    yield server
    server.cleanup()


@pytest.fixture
def department(db):
    return Organisation.objects.get(name="示例区市场监督管理局")


@pytest.fixture
def district(db):
    return Organisation.objects.get(kind="district")


@pytest.fixture
def user(db):
    return lambda name: User.objects.get(username=name)


SCREENS = (
    (re.compile(r"/step/(?P<kind>\w+)/(?P<pk>\d+)$"), None),
    (re.compile(r"/draws/(?P<pk>\d+)/(act/\w+|plan)$"), Draw),
    (re.compile(r"/selfeval/(?P<pk>\d+)/low-target$"), SelfEvaluation),
    (re.compile(r"/keyeval/(?P<pk>\d+)/(marks|agree)$"), KeyEvaluation),
    (re.compile(r"/records/(?P<pk>\d+)$"), SafeguardRecord),
    (re.compile(r"/publications/(?P<pk>\d+)/keep$"), Publication),
)


MATCHES = re.compile(r"/d/(?P<pk>\d+)/(?P<year>\d+)/matches$")


def on_matches(found, data):
    """Return what the page of confirmations carries for the line that is confirmed."""
    place, year = Organisation.objects.filter(pk=found["pk"]).first(), int(found["year"])
    if place is None or not 2000 <= year <= 2100:
        return None
    book = book_in_force(place, year, calendar.day_of(place, year))
    sheet = next((s for s in book.sheets if s.id == data.get("sheet")), None)
    if sheet is None:
        return None
    if "project" in data:
        return matching.project_seen(sheet.title(), place, sheet.id)
    lines = matching.lines(place, book, figures.assess_now(place, year).run)
    return next(
        (l.seen for l in lines if (l.sheet.id, l.indicator.id) == (sheet.id, data.get("indicator"))), None
    )


def on_screen(address, data):
    """Return what a page opened this moment carries in the form that posts to an address,
    None where it carries nothing.
    """
    if found := MATCHES.search(address):
        return on_matches(found, data)
    if found := re.search(r"/tasks/(?P<pk>\d+)$", address):
        task = DrawTask.objects.filter(pk=found["pk"]).first()
        return task.seen_digest() if task else None
    if found := re.match(r"/(monitoring|selfeval)/(?P<pk>\d+)(/word)?$", address):
        kind = Checkpoint if found[1] == "monitoring" else SelfEvaluation
        record = kind.objects.filter(pk=found["pk"]).first()
        said = records.words_of(record).get((data.get("sheet"), data.get("indicator")))
        return str(said.pk if said else 0)
    if (found := re.search(r"/targets/(?P<pk>\d+)/part$", address)) and "remove" in data:
        version = SheetVersion.objects.filter(pk=found["pk"]).first()
        return version.seen_digest() if version else None
    if found := re.search(r"/targets/(?P<pk>\d+)/(settle|same)$", address):
        version = SheetVersion.objects.filter(pk=found["pk"]).first()
        known = version.target_sheet().indicators if version else ()
        return next((indicators.seen_of(i) for i in known if i.id == data.get("indicator")), None)
    for pattern, model in SCREENS:
        if found := pattern.search(address):
            kind = model or RECORDS.get(found["kind"])
            record = kind.objects.filter(pk=found["pk"]).first() if kind else None
            return record.seen_digest() if record else None
    return None


class Browser(Client):
    """A person who has just opened the page they act on; ``seen`` given in the data stands for
    an older page.
    """

    def post(self, path, data=None, *args, **kwargs):
        if (
            isinstance(data, dict | None)
            and "seen" not in (data or {})
            and (seen := on_screen(path, data or {}))
        ):
            data = {**(data or {}), "seen": seen}
        return super().post(path, data, *args, **kwargs)


@pytest.fixture
def sign_in(db):
    """Return a client signed in as a user of the sample."""

    def client(name):
        found = Browser()
        found.force_login(
            User.objects.get(username=name), backend="django.contrib.auth.backends.ModelBackend"
        )
        return found

    return client


@pytest.fixture
def work_off(db):
    """Run the jobs in line, as the worker would, and return them."""

    def run():
        done = []
        while job := Job.objects.filter(state="queued").order_by("pk").first():
            jobs.run_job.func(job.pk)
            job.refresh_from_db()
            done.append(job)
        return done

    return run


@pytest.fixture
def left_open_confirmed(department, sign_in):
    """Confirm, on its page, the one match that the sample leaves to a person, and explain what is missed:
    nothing is submitted before.

    Ledgers that other tests bring to the district can make more of it miss its target.
    """
    run = records.newest_assessment(department, 2021).run
    sheet, line = next((s, i) for s in run.results for i in s.indicators if i.name == LEFT_OPEN)
    said = {"sheet": sheet.id, "indicator": line.id, "measure": line.match.measure}
    assert sign_in("keyuan").post(reverse("matches", args=[department.pk, 2021]), said).status_code == 302
    evaluation = filling.fill_self_evaluation(SelfEvaluation.objects.get(department=department, year=2021))
    for place in records.unexplained(evaluation):
        told = dict(zip(("sheet", "indicator"), place, strict=True)) | {
            "cause": "其他",
            "measures": "逐件督办",
        }
        assert sign_in("keyuan").post(reverse("word", args=[evaluation.pk]), told).status_code == 302


@pytest.fixture
def contested(department, sign_in):
    """Type a figure against a reading of the ledgers and return the contest that it opened."""
    evaluation = filling.fill_self_evaluation(SelfEvaluation.objects.get(department=department, year=2021))
    sheet = evaluation.assessment.run.results[0]
    line = next(i for i in sheet.indicators if i.score.verdict == "missed" and "%" in i.target and i.reading)
    said = {"sheet": sheet.id, "indicator": line.id, "actual": "99%", "reason": "补充台账外办结"}
    said["files"] = [SimpleUploadedFile("佐证.pdf", b"%PDF-1.4 x")]
    assert sign_in("keyuan").post(reverse("word", args=[evaluation.pk]), said).status_code == 302
    return Contest.objects.get(evaluation=evaluation, state="open")


@pytest.fixture
def found_low(department, user):
    """A finding on a target of the sample that waits for a second officer."""
    evaluation = SelfEvaluation.objects.get(department=department, year=2021)
    filling.fill_self_evaluation(evaluation)
    lines = ((s, i) for s in evaluation.assessment.run.results for i in s.indicators)
    sheet, line = next((s, i) for s, i in lines if i.score.verdict in ("explain", "over"))
    made = LowTarget.objects.create(
        evaluation=evaluation,
        sheet_code=sheet.id,
        indicator=line.name,
        indicator_code=line.id,
        low=True,
        reason="按上年一半估计",
        result=line.outcome.text,
        by=user("caizheng"),
    )
    note(user("caizheng"), made, "selfeval.find", after="found", remark=made.reason)
    return made


@pytest.fixture
def address(department):
    """Return a function that gives each address by its name, of records of the sample."""
    WorkerSign.objects.get_or_create(name="one that lives")  # without one the site is not well
    draw = Draw.objects.get(department=department, code="SJ-2021-01")
    published = Publication.objects.get(state="published", kind="draw", object_id=draw.pk)
    mapping, _made = SourceMapping.objects.get_or_create(
        department=department, ledger="activities", name="月报", defaults={"body": {}}
    )
    attachment = Upload.objects.filter(purpose="attachment").first() or Upload.keep(
        b"x", "x.pdf", "attachment", department, None
    )
    job = Job.objects.create(kind="assess", key="test-access", department=department)
    witness = Witness.objects.create(organisation=department, body="审计局", name="甲", email="a@example.org")
    known = {
        "department": department.pk,
        "year": 2021,
        "version": SheetVersion.objects.filter(sheet__department=department, state="approved")[0].pk,
        "other": SheetVersion.objects.filter(sheet__department=department, state="approved")[0].pk,
        "ledger": "complaints",
        "measure": "own_none",
        "batch": 1,
        "job": job.pk,
        "sheet": 0,
        "line": "0",
        "checkpoint": Checkpoint.objects.filter(department=department)[0].pk,
        "evaluation": SelfEvaluation.objects.get(department=department).pk,
        "attachment": attachment.pk,
        "mapping": mapping.pk,
        "upload": SheetVersion.objects.filter(sheet__department=department, state="approved")[0].upload_id,
        "draw": draw.pk,
        "what": "commit",
        "number": Commitment.objects.first().number,
        "task": draw.tasks.first().pk,
        "record": SafeguardRecord.objects.filter(department=department)[0].pk,
        "prefix": "targets",
        "pk": published.pk,
        "publication": published.pk,
        "code": Paper.objects.filter(of="publication", object_id=published.pk).first().code,
        "token": witnesses.token(witness),
    }
    special = {
        "selfeval-file": {"name": "table.xlsx"},
        "draw-file": {"name": "commitment.json"},
        "public-file": {"name": "commitment.json"},
        "commitment-file": {"name": "commitment.json"},
        "register": {"name": "policies"},
        "open-data": {"kind": "csv"},
        "publish-ask": {"kind": "targets", "pk": known["version"]},
        "step": {"pk": known["version"]},
    }
    key = KeyEvaluation.objects.get(department=department).pk

    def build(name):
        pattern = next(p for p in get_resolver().url_patterns if getattr(p, "name", None) == name)
        wanted = {k: special.get(name, {}).get(k, known.get(k)) for k in pattern.pattern.converters}
        if str(pattern.pattern).startswith("keyeval/"):
            wanted["evaluation"] = key
        if name == "key-report":
            pass
        return reverse(name, kwargs=wanted)

    return build


@dataclass(frozen=True)
class Answer:
    """What an address answered; nothing of a file that is sent in pieces."""

    status_code: int
    headers: dict[str, str]
    content: bytes

    def __getitem__(self, name):
        return self.headers[name]

    def get(self, name, otherwise=None):
        return self.headers.get(name, otherwise)


_WALKED: dict[str, dict[str, Answer]] = {}


@pytest.fixture
def walked(address, sign_in):
    """Return what every address of the table but ``sign-out`` answers someone signed in, by its name.

    Several tests judge the same answers: what one test of this process has asked for none asks for again.
    """

    def answers(who):
        if who not in _WALKED:
            browser, found = sign_in(who), {}
            for name in sorted(set(TABLE) - {"sign-out"}):
                said = browser.post(address(name)) if name in POSTED else browser.get(address(name))
                content = b"" if said.streaming else said.content
                found[name] = Answer(said.status_code, dict(said.items()), content)
            _WALKED[who] = found
        return _WALKED[who]

    return answers


@pytest.fixture
def drafts(department, sign_in):
    response = sign_in("keyuan").post(
        reverse("targets", args=[department.pk, 2023]), {"how": "upload", "file": document()}
    )
    assert response.status_code == 302
    return list(SheetVersion.objects.filter(sheet__department=department, sheet__year=2023).order_by("pk"))


@pytest.fixture
def evaluation(department, left_open_confirmed):
    """Its figures are of the ledgers as other tests left them: submitting older ones is refused."""
    return filling.fill_self_evaluation(SelfEvaluation.objects.get(department=department, year=2021))


@pytest.fixture
def other_district(district):
    return office.found("邻区", "district", district.parent)


@pytest.fixture
def project(drafts):
    return drafts[1]


@pytest.fixture
def planned(department, sign_in):
    """Return what plans a draw by its code and returns it."""

    def made(code, **said):
        later = (timezone.localtime() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
        url = reverse("draw-plan", args=[department.pk, 2021])
        assert (
            sign_in("keyuan").post(url, {**SAID, "code": code, "known_at": later, **said}).status_code == 302
        )
        return Draw.objects.get(code=code)

    return made


@pytest.fixture
def commit(sign_in, work_off):
    """Return what commits to a draw as the page does, and returns the job."""

    def done(draw):
        sign_in("keyuan").post(reverse("draw-act", args=[draw.pk, "commit"]))
        (job,) = work_off()
        draw.refresh_from_db()
        return job

    return done
