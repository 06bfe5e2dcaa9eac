"""Work in the background: put in line once, run with progress, taken up again after a restart,
never done twice.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError, close_old_connections, connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django_tasks import TaskResultStatus, task
from django_tasks_db.models import DBTaskResult

from zhunsheng import __version__
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import WEB, Batch, ledger_of
from zhunsheng.faults import of_system
from zhunsheng.translation import worded
from zhunsheng.usecases.differing import moved_readings
from zhunsheng.usecases.importing import import_ledger
from zhunsheng.usecases.opened_evidence import Evidence
from zhunsheng.usecases.progress import Progress
from zhunsheng.web import logs
from zhunsheng.web.actor import SYSTEM, acting
from zhunsheng.web.audit import record
from zhunsheng.web.databases.clock import now
from zhunsheng.web.models import Assessment, Draw, Job, Organisation, Sheet, Upload, User
from zhunsheng.web.models.work import cipher
from zhunsheng.web.roles import may
from zhunsheng.web.services import evidence, mappings, office
from zhunsheng.web.services.draws import committing, performing, results
from zhunsheng.web.services.portfolio import archives, assessing
from zhunsheng.web.services.publishing import drift
from zhunsheng.web.services.sheets import taking
from zhunsheng.web.services.sheets.lookup import this_year
from zhunsheng.web.services.uploads import take
from zhunsheng.web.services.year import calendar, figures, filling, question
from zhunsheng.web.services.year.readings import KEPT
from zhunsheng.web.workflow import compare

log = logging.getLogger(__name__)
ENDING = threading.Event()  # set where the process has to end before its job does
STALE = timedelta(seconds=30)  # without a sign of life a running job counts as interrupted
BEAT = 5.0  # seconds between signs of life
ATTEMPTS = 3
READINGS_KEPT = 200  # of those that moved with an import
# From so many seconds on, and of so many parts at least, work says how long it goes on.
FEW_SECONDS, FINE = 3.0, 100


def enqueue(
    kind: str,
    key: str,
    user: User | None,
    department: Organisation | None = None,
    *,
    anew: bool = False,
    **args: object,
) -> Job:
    """Put work in line and return its job. The same key again gives the same job;
    one that failed is tried anew.

    With ``anew`` only a job that still waits is given back: what one that began came to may rest on an
    earlier state.
    """
    with transaction.atomic():
        job, made = Job.objects.get_or_create(
            key=_further(key[:180]) if anew else key[:200],
            defaults={"kind": kind, "args": args, "by": user, "department": department},
        )
        if not made and job.state == Job.State.FAILED:
            # It is whoever asks for it now who does it, and as they ask.
            again = Job.objects.filter(pk=job.pk, state=Job.State.FAILED).update(
                state=Job.State.QUEUED, error="", attempts=0, done=0, by=user, args=args
            )
            made = bool(again)
            job.refresh_from_db()
        if made:
            run_job.enqueue(job.pk)
    return job


def _again(key: str) -> str:
    return f"{key}:again:"


def _further(key: str) -> str:
    """Return the key under which the newest job of a key waits or failed, else the next one of its kind."""
    last = Job.objects.filter(Q(key=key) | Q(key__startswith=_again(key))).order_by("pk").last()
    if last is None:
        return key
    return last.key if last.state in (Job.State.QUEUED, Job.State.FAILED) else f"{_again(key)}{last.pk}"


def import_soon(
    upload: Upload,
    user: User | None,
    ledger: str | None,
    *,
    good_rows: bool = False,
    agreed: str = "",
    answers: Mapping[str, str] | None = None,
    name: str = "",
) -> Job:
    """Put the import of a ledger file in line for the department it was uploaded for; ``ledger`` None:
    by its headers.

    With ``good_rows`` rows with errors are left out; without, a file with errors brings nothing.
    ``agreed`` are the digests of the questions that were seen, ``answers`` what was answered to them
    (by key or kind); under ``name`` the columns and values are remembered for the next file of the source.
    """
    said: dict[str, Any] = {
        "upload": upload.pk,
        "ledger": ledger,
        "good_rows": good_rows,
        "agreed": agreed,
        "answers": dict(answers or {}),
        "name": name,
    }
    told = json.dumps([agreed, said["answers"], name], ensure_ascii=False, sort_keys=True)
    key = f"import:{upload.pk}:{int(good_rows)}:{hashlib.sha256(told.encode()).hexdigest()[:16]}"
    return enqueue("import", key, user, upload.department, **said)


@task()
def run_job(job_id: int) -> None:
    """Run a job that waits; one that is running, done or gone is left alone.

    One whose database went away stays as it is and is taken up again (``requeue_interrupted``).
    """
    claimed = Job.objects.filter(pk=job_id, state=Job.State.QUEUED).update(
        state=Job.State.RUNNING, touched_at=Now(), attempts=F("attempts") + 1
    )
    if not claimed:
        return
    job = Job.objects.select_related("by", "department").get(pk=job_id)
    state, error, result = Job.State.DONE, "", {}
    with logs.telling(job=job.pk):
        try:
            try:
                _still_permitted(job)
                with _beating(job), acting(job.by.get_username() if job.by else SYSTEM, "job"):
                    result = HANDLERS[job.kind](job, _progress(job))
            except BaseException:
                if ENDING.is_set():
                    _give_back(job)
                    return
                raise
        except ZhunshengError as failure:
            state, error = Job.State.FAILED, failure.web
        except Exception as failure:  # a person sees a code, the log has the rest
            told = of_system(failure)
            if told is None and isinstance(failure, OperationalError | InterfaceError):
                log.warning("the database went away; the job is taken up again", exc_info=True)
                return
            log.exception("the job failed")
            told = told or ZhunshengError("ZS-CL-99", detail=type(failure).__name__)
            state, error = Job.State.FAILED, told.web
        _mine(job).update(state=state, error=error, result=result, finished_at=Now(), what="")


def _give_back(job: Job) -> None:
    """Put work in line again that is broken off because its worker has to end at once: whatever it met then
    (a library may tell a signal as an error of its own) is no failure, nor a try that counts.
    """
    log.warning("the worker ends before the job: it is put in line again")
    with transaction.atomic():
        if _mine(job).update(state=Job.State.QUEUED, attempts=F("attempts") - 1, touched_at=Now()):
            run_job.enqueue(job.pk)


def _mine(job: Job) -> QuerySet[Job]:
    """Return the job as long as it is this attempt's: one taken for dead and begun anew is another's."""
    found: QuerySet[Job] = Job.objects.filter(pk=job.pk, state=Job.State.RUNNING, attempts=job.attempts)
    return found


def _still_permitted(job: Job) -> None:
    """Refuse work whose person may no longer do it: a role can end while the work
    waits. Raises ``ZS-WB-38``.
    """
    action = NEEDED.get(job.kind)
    if action and job.by is not None and not may(job.by, action, job.department):
        raise ZhunshengError("ZS-WB-38", who=str(job.by))


def requeue_interrupted() -> int:
    """Put jobs whose worker died back in line and return how many; after three attempts a job counts as
    failed. How long a job gave no sign of life is told by the database's clock.
    """
    at = now()
    stale = Job.objects.filter(state=Job.State.RUNNING, touched_at__lt=at - STALE)
    gone = ZhunshengError("ZS-CL-99", detail=worded("后台进程多次中断")).web
    stale.filter(attempts__gte=ATTEMPTS).update(state=Job.State.FAILED, error=gone, finished_at=Now())
    count = 0
    for job in [*stale.filter(attempts__lt=ATTEMPTS), *_out_of_line(at - STALE)]:
        with transaction.atomic():
            if Job.objects.filter(_silent_since(at - STALE), pk=job.pk, state=job.state).update(
                state=Job.State.QUEUED, touched_at=Now()
            ):
                run_job.enqueue(job.pk)
                count += 1
    return count


def _silent_since(before: datetime) -> Q:
    """Return what asks for jobs without a sign of life since before a moment; never for those with one at an
    equal moment: SQLite writes its own clock's moments otherwise than we do.
    """
    return Q(touched_at=None) | Q(touched_at__lt=before)


def _out_of_line(before: datetime) -> list[Job]:
    """Return the jobs that wait since before a moment with nothing in line for them: a worker took it and
    died before it began.
    """
    waiting = Job.objects.filter(_silent_since(before), state=Job.State.QUEUED, created_at__lt=before)
    if not waiting.exists():
        return []
    in_line = DBTaskResult.objects.filter(status=TaskResultStatus.READY, task_path=run_job.module_path)
    numbers = {one for said in in_line.values_list("args_kwargs", flat=True) for one in said["args"]}
    return [job for job in waiting if job.pk not in numbers]


def _progress(job: Job) -> Progress:
    started = time.monotonic()

    def report(what: str, done: int, total: int) -> None:
        what = _with_rest(what, time.monotonic() - started, done, total)
        _mine(job).update(what=what[:200], done=done, total=total, touched_at=Now())

    return report


def _with_rest(what: str, seconds: float, done: int, total: int) -> str:
    """Return what work says of itself with how long it goes on, once that can be told from its ``seconds``
    so far.
    """
    if seconds < FEW_SECONDS or total < FINE or not done:
        return what
    rest = max(1, round(seconds * (total - done) / done))
    if rest < 60:
        return worded("{what}，大约还要 {seconds} 秒", what=what, seconds=rest)
    return worded("{what}，大约还要 {minutes} 分钟", what=what, minutes=round(rest / 60))


@contextmanager
def _beating(job: Job) -> Iterator[None]:
    """Give signs of life while long work says nothing, on a thread with a connection of its own."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(BEAT):
            close_old_connections()
            with suppress(DatabaseError):  # it is busy or away: the next sign of life will do
                _mine(job).update(touched_at=Now())
        connection.close()

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(BEAT)


# -- what jobs do
# -----------------------------------------------------------------------------------------------------

ERRORS_KEPT = 500
NEEDED = {
    "import": "ledgers.import",
    "archive": "portfolio.import",
    "documents": "targets.start",
}  # what its person must still be allowed to do


def _import_ledger(job: Job, progress: Progress) -> dict[str, Any]:
    upload = Upload.objects.get(pk=job.args["upload"])
    assert job.department is not None
    progress(worded("检查 {name}", name=upload.name), 0, 100)
    # Before the store is touched: what is in the store has its entry, whatever breaks behind it.
    record(
        "import ledger",
        job.department,
        after={
            "upload": upload.pk,
            "file": upload.name,
            "sha256": upload.sha256,
            "agreed": job.args.get("agreed", ""),
            "answers": job.args.get("answers", {}),
        },
    )
    with upload.opened() as path:
        done = import_ledger(
            evidence.store().root,
            path,
            ledger=ledger_of(job.args["ledger"]) if job.args.get("ledger") else None,
            department=job.department.code,
            label=job.department.name,
            good_rows=bool(job.args.get("good_rows")),
            marked_in=job.folder(),
            who=job.by.get_username() if job.by else None,
            cipher=cipher(),
            only_own=True,
            bounds=WEB,
            strictness=settings.CHECK_CHARACTERS,
            agreed=job.args.get("agreed", ""),
            answers=job.args.get("answers", {}),
            remembered=mappings.remembered(job.department),
            progress=progress,
        )
    if done.batch and done.learned and (name := job.args.get("name")):
        kept = {**done.learned.answers, **mappings.lasting(job.args.get("answers", {}))}
        learned = done.learned.model_copy(update={"name": name, "answers": kept})
        mappings.remember(job.department, job.by, learned)
    progress(worded("更新指标数据"), 98, 100)
    result = done.as_json()
    result["errors"] = result["errors"][:ERRORS_KEPT]
    result["marked"] = Path(result["marked"]).name if result["marked"] else None
    if result["batch"]:
        result["batch"] = {k: v for k, v in result["batch"].items() if k != "files"}
    # Also where the batch is there already: this job may have brought it before it was interrupted.
    if done.batch is not None:
        record(
            "batch imported",
            job.department,
            after={"upload": upload.pk, "batch": done.batch.batch, "new": done.new},
        )
        follow(job.department, job.by)
    if done.batch is not None and done.new:
        with suppress(ZhunshengError):  # what is only told of an import does not undo it
            result["moved"] = _moved(job.department, done.batch)
    return result


def _moved(department: Organisation, batch: Batch) -> list[dict[str, Any]]:
    """Return the readings of a department that moved with a batch, of each year that has sheets in force and
    of this one, the newest first.
    """
    years = {this_year(), *(one for one in _years(department) if one <= this_year())}
    opened = evidence.store()
    before, after = (
        replace(Evidence.of(opened, batch=n, where=evidence.where()), kept=KEPT)
        for n in (batch.batch - 1, batch.batch)
    )
    found: list[dict[str, Any]] = []
    for year in sorted(years, reverse=True):
        day = calendar.day_of(department, year)
        moved = moved_readings(before, after, year, day, department.code, {batch.ledger})
        found += [{"year": year, **one.__dict__} for one in moved]
    return found[:READINGS_KEPT]


def _assess(job: Job, progress: Progress) -> dict[str, object]:
    assert job.department is not None
    progress(worded("计算测度、得分与预警"), 0, 1)
    done = figures.assess_now(job.department, job.args["year"])
    unfilled = filling.refill(job.department, job.args["year"])
    drift.check_published(job.department, job.args["year"])
    return {"assessment": done.pk, "as_of": done.as_of.isoformat(), "unfilled": unfilled}


def _take_archive(job: Job, progress: Progress) -> dict[str, object]:
    assert job.department is not None
    upload = Upload.objects.get(pk=job.args["upload"])
    places = job.args.get("places")
    done = archives.take_archive(upload, job.department, job.args["year"], job.by, progress, places)
    return done | {"assessed": assessing.assess_all(job.department, job.args["year"], progress)}


def _take_documents(job: Job, progress: Progress) -> dict[str, object]:
    assert job.department is not None
    if again := job.args.get("again"):
        return taking.take_again(again, job.department, job.args["year"], job.by, progress)
    upload = Upload.objects.get(pk=job.args["upload"])
    return taking.take_all(upload, job.department, job.args["year"], job.by, job.args["reason"], progress)


def _assess_all(job: Job, progress: Progress) -> dict[str, object]:
    assert job.department is not None
    return assessing.assess_all(job.department, job.args["year"], progress)


def _commit_draw(job: Job, progress: Progress) -> dict[str, object]:
    draw = Draw.objects.get(pk=job.args["draw"])
    if draw.state == "planned" and job.by is not None:
        committing.commit(draw, job.by, progress, job.args.get("seen"))
    return {"digest": draw.digest, "strata": committing.allotted(draw)}


def _run_draw(job: Job, progress: Progress) -> dict[str, object]:
    draw = Draw.objects.get(pk=job.args["draw"])
    if draw.state == "sealed" and job.by is not None:
        performing.perform(draw, job.by, progress, job.args.get("seen"))
    return {"drawn": draw.drawn_count}


HANDLERS: dict[str, Callable[[Job, Progress], dict[str, object]]] = {
    "import": _import_ledger,
    "assess": _assess,
    "archive": _take_archive,
    "documents": _take_documents,
    "assess-all": _assess_all,
    "commit": _commit_draw,
    "draw": _run_draw,
}


def archive_soon(
    place: Organisation,
    of_year: int,
    user: User,
    file: UploadedFile[bytes] | None,
    folder: Sequence[UploadedFile[bytes]],
) -> Job:
    """Put documents that came as a zip, or as the files of a folder, in line. Raises as ``uploads.take``,
    ``ZS-WB-04``.
    """
    documents = [f for f in folder if f.name]
    if documents:
        name = _("选择的文件夹") + ".zip"
        upload = Upload.keep(archives.packed(documents), name, "archive", place, user)
    else:
        upload = take(file, "archive", place, user)
    return enqueue("archive", f"archive:{upload.pk}", user, place, upload=upload.pk, year=of_year)


def documents_soon(upload: Upload, department: Organisation, of_year: int, user: User, reason: str) -> Job:
    """Put the documents of a zip that was kept for a department in line."""
    told: dict[str, Any] = {"upload": upload.pk, "year": of_year, "reason": reason}
    return enqueue("documents", f"documents:{upload.pk}", user, department, **told)


def documents_again(job: Job, user: User) -> Job | None:
    """Put those documents of a job in line once more that were kept unread; None where there are none."""
    assert job.department is not None
    left = [one["upload"] for one in taking.shown(job.result.get("lines") or []) if one.get("upload")]
    if not left:
        return None
    told: dict[str, Any] = {"again": left, "year": job.args["year"]}
    return enqueue("documents", f"documents-again:{job.pk}", user, job.department, **told)


def archive_again(job: Job, chosen: dict[str, Organisation | str | None], user: User) -> Job:
    """Put what is left of an archive in line, with the places that a person chose for it by name."""
    places = archives.places_of(job, chosen)
    key = f"archive:{job.pk}:{archives.digest(places)}"
    told = {"upload": job.args["upload"], "year": job.args["year"], "places": places}
    return enqueue("archive", key, user, job.department, **told)


def commit_soon(draw: Draw, user: User, seen: str) -> Job:
    """Put a draw's commitment in line. Raises ``ZS-WB-10`` where the draw is no longer what was seen."""
    compare(draw, seen)
    return enqueue("commit", f"commit:{draw.pk}:{seen}", user, draw.department, draw=draw.pk, seen=seen)


def draw_soon(draw: Draw, user: User, seen: str) -> Job:
    """Put the drawing itself in line. Raises ``ZS-WB-10`` where the draw is no longer what was seen."""
    compare(draw, seen)
    return enqueue("draw", f"draw:{draw.pk}", user, draw.department, draw=draw.pk, seen=seen)


def results_soon(draw: Draw, user: User) -> Job:
    """Put the import of a draw's results into the inspections ledger in line."""
    upload = Upload.keep(
        results.ledger_file(draw), f"检查台账-{draw.code}.csv", "ledger", draw.department, user
    )
    return import_soon(upload, user, "inspections")


def _years(department: Organisation) -> list[int]:
    """Return the years of which a department has sheets in force."""
    held = Sheet.objects.filter(department=department, retired=False, versions__state="approved")
    return sorted(set(held.values_list("year", flat=True)))


def assess_soon(department: Organisation, user: User | None) -> list[Job]:
    """Put the assessment of a department's years in line (those with sheets in force),
    once for each state of it.

    Where the figures went on to another state since, an earlier state is assessed again.
    """
    jobs = []
    for one in _years(department):
        if one <= this_year():
            day = calendar.day_of(department, one)
            key = question.state_key(department, one, day)
            name = f"assess:{department.pk}:{one}:{key}"
            newest = Assessment.objects.filter(department=department, year=one, as_of=day).first()
            last = Job.objects.filter(
                kind="assess", department=department, args__year=one, state=Job.State.DONE
            )
            done = last.order_by("finished_at", "pk").last()
            # Both: figures may be found by a page, which compares nothing that was published with them.
            shown = newest is not None and newest.key == key
            said = done is not None and (done.key == name or done.key.startswith(_again(name)))
            anew = not (shown and said)
            jobs.append(enqueue("assess", name, user, department, anew=anew, year=one))
    return jobs


def follow(department: Organisation, user: User | None) -> None:
    """Put the assessment of a department in line after its ledgers changed; where that fails,
    the change stands all the same.

    Its pages then say that their figures are of an earlier state, until it is assessed again.
    """
    try:
        with transaction.atomic():
            assess_soon(department, user)
    except Exception:
        log.exception("no assessment in line after a change of the ledgers of %s", department.pk)


def assess_upgraded() -> list[Job]:
    """Put in line what another version of the program computed: its figures are not those of this one.

    Only departments whose newest figures of a year are of another version; earlier figures stay as they were
    taken.
    """
    newest = Assessment.objects.filter(year__lte=this_year()).order_by("as_of", "assessed_at", "pk")
    program = {(d, y): p for d, y, p in newest.values_list("department_id", "year", "program")}
    behind = {department for (department, _year), said in program.items() if said != __version__}
    return [job for one in Organisation.objects.filter(pk__in=behind) for job in assess_soon(one, None)]


def assess_all_soon(place: Organisation, of_year: int, user: User | None) -> Job:
    """Put the assessment of all departments of a place in line; one that has begun may rest on what was
    before.
    """
    return enqueue("assess-all", f"assess-all:{place.pk}:{of_year}", user, place, anew=True, year=of_year)


def assess_from(place: Organisation, first_year: int, user: User | None) -> list[Job]:
    """Put the assessment of a place in line for each year from the first on that has sheets
    in force there.
    """
    known = Sheet.objects.filter(
        year__range=(first_year, this_year()), retired=False, versions__state="approved"
    )
    years = known.order_by("year").values_list("year", flat=True).distinct()
    held = [y for y in years if known.filter(office.below(place, y, "department__"), year=y).exists()]
    return [assess_all_soon(place, y, user) for y in held]
