"""Run background jobs, taking up those that a stopped worker left and figures of an earlier version."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError, connections
from django.db.models.functions import Now
from django_tasks_db.management.commands import db_worker

from zhunsheng.errors import ZhunshengError
from zhunsheng.web.models import WorkerSign
from zhunsheng.web.services import pruning, transparency, witnesses
from zhunsheng.web.services.jobs import BEAT, ENDING, assess_upgraded, requeue_interrupted
from zhunsheng.web.services.publishing.looking import look_through_all
from zhunsheng.web.supervising import end_with_parent

log = logging.getLogger(__name__)
EVERY = 10.0  # seconds between looks for interrupted jobs, and between signs of life
SEALING = 6  # looks from one checkpoint of the transparency log to the next: a minute
MAILING = 60.0  # seconds between looks for mails that are due
UPKEEP = 360  # looks from one pruning to the next: an hour
# How long the first look waits, and the next one behind a database that was away: jobs that live give a sign
# by then.
SETTLING = 3 * BEAT
LONGEST_WAIT = 30.0  # seconds until a database that does not answer is asked again, at most
AWAY = (OperationalError, InterfaceError)


def patiently(act: Callable[[], object], running: Callable[[], bool] = lambda: True) -> None:
    """Do something that needs the database; as long as it is away, wait and do it again."""
    for turn in itertools.count():
        if not running():
            return
        try:
            act()
            return
        except AWAY as error:
            wait = min(2.0**turn, LONGEST_WAIT)
            log.warning("the database is away; asked again in %d seconds", wait, exc_info=error)
            connections.close_all()
            time.sleep(wait)


class LastingWorker(db_worker.Worker):
    """The database worker, which a restart of the database does not end."""

    def shutdown(self, signum: int, frame: FrameType | None) -> None:
        """Let the job come to its end; told again, break it off and put it in line again."""
        if not self.running:
            ENDING.set()
        super().shutdown(signum, frame)

    def run(self) -> None:
        """Work until told to stop; wait while the database is away."""
        while self.running:
            began = time.monotonic()
            try:
                super().run()
                return
            except AWAY as error:
                log.warning("the database went away; the worker waits for it", exc_info=error)
                connections.close_all()
            # One that answers and yet fails is asked only as often as one that is away.
            if time.monotonic() - began < LONGEST_WAIT:
                patiently(self._ask, lambda: self.running)

    @staticmethod
    def _ask() -> None:
        connections["default"].ensure_connection()


class Command(db_worker.Command):
    """``manage.py worker``: the database worker, with a watch over interrupted jobs."""

    help = "运行后台任务；中断的任务会接着做，做完的不会重做"

    def handle(self, **options: Any) -> None:
        """Start the watch and the signs of life, then work."""
        end_with_parent()
        self.configure_logging(options["verbosity"])
        name = options["worker_id"]
        worker = LastingWorker(
            queue_names=options["queue_name"].split(","),
            excluded_queue_names=[one for one in options["exclude_queues"].split(",") if one],
            worker_id=name,
            **{k: options[k] for k in ("interval", "batch", "backend_name", "startup_delay", "max_tasks")},
        )
        worker.configure_signals()
        for act in (give_signs, watch):
            threading.Thread(target=act, args=(name,), daemon=True).start()
        threading.Thread(target=mail, daemon=True).start()
        try:
            patiently(begin, lambda: worker.running)
            worker.run()
        finally:
            with suppress(DatabaseError):
                WorkerSign.objects.filter(name=name).update(ended_at=Now())


def begin() -> None:
    """Do what a new version of the program owes to what an earlier one made."""
    try:
        assess_upgraded()
    except ZhunshengError:
        log.exception("the figures of an earlier version wait until their evidence can be read")
    look_through_all()


def give_signs(name: str) -> None:
    """Say in the database every ten seconds that this worker lives."""
    while True:
        try:
            if not WorkerSign.objects.filter(name=name).update(seen_at=Now()):
                WorkerSign.objects.create(name=name)
        except DatabaseError:  # it is away, or not yet made: the next sign will do
            connections.close_all()
        time.sleep(EVERY)


def watch(name: str) -> None:
    """Look for interrupted jobs, seal what was recorded, and forget what is old, again and again."""
    wait = SETTLING
    for look in itertools.count():
        time.sleep(wait)
        wait = EVERY
        try:
            requeue_interrupted()
            if look % SEALING == 0:
                seal()
            if look % UPKEEP == 0:
                pruning.prune()
        except DatabaseError:
            log.warning("the database does not answer; looked again later", exc_info=True)
            connections.close_all()
            wait = SETTLING
        except Exception:  # whatever is wrong with one look, the next one may do
            log.exception("a look for interrupted jobs failed")


def seal() -> None:
    """Seal what was recorded; what keeps it from that (a record of a batch that was damaged) keeps nothing
    else from being done.
    """
    try:
        transparency.seal()
    except DatabaseError:
        raise
    except Exception:
        log.exception("what was recorded could not be sealed; it is tried again in a minute")


def mail() -> None:
    """Send checkpoints to witnesses for as long as the process lives: apart from the watch, for a mail server
    may keep one waiting.
    """
    while True:
        try:
            witnesses.send_due()
        except Exception:
            log.exception("checkpoints could not be sent to witnesses; it is tried again in a minute")
            connections.close_all()
        time.sleep(MAILING)
