"""Run background jobs, taking up those that a stopped worker left and figures of an earlier version."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from typing import Any

from django.db import OperationalError, close_old_connections
from django_tasks_db.management.commands.db_worker import Command as Worker

from zhunsheng.errors import ZhunshengError
from zhunsheng.web.services import once, transparency, witnesses
from zhunsheng.web.services.jobs import assess_upgraded, requeue_interrupted
from zhunsheng.web.services.publishing.looking import look_through_all

log = logging.getLogger(__name__)
EVERY = 10.0  # seconds between looks for interrupted jobs
SEALING = 6  # looks from one checkpoint of the transparency log to the next: a minute
MAILING = 60.0  # seconds between looks for mails that are due
UPKEEP = 360  # looks from one pruning to the next: an hour


def seal() -> None:
    """Seal what was recorded; what keeps it from that (a record of a batch that was damaged) keeps nothing
    else from being done.
    """
    try:
        transparency.seal()
    except OperationalError:
        raise
    except Exception:
        log.exception("what was recorded could not be sealed; it is tried again in a minute")


def mail() -> None:
    """Send checkpoints to witnesses for as long as the process lives: apart from the watch, for a mail server
    may keep one waiting.
    """
    while True:
        close_old_connections()
        try:
            witnesses.send_due()
        except Exception:
            log.exception("checkpoints could not be sent to witnesses; it is tried again in a minute")
        time.sleep(MAILING)


class Command(Worker):
    """``manage.py worker``: the database worker, with a watch over interrupted jobs."""

    help = "运行后台任务；中断的任务会接着做，做完的不会重做"

    def handle(self, **options: Any) -> None:
        """Start the watch, then work."""

        def watch() -> None:
            for look in itertools.count():
                close_old_connections()
                try:
                    requeue_interrupted()
                    if look % SEALING == 0:
                        seal()
                    if look % UPKEEP == 0:
                        once.prune()
                except OperationalError:  # the database is busy or starting anew: the next look will do
                    log.warning("could not look for interrupted jobs", exc_info=True)
                time.sleep(EVERY)

        try:
            assess_upgraded()
        except ZhunshengError:
            log.exception("the figures of an earlier version wait until their evidence can be read")
        look_through_all()
        threading.Thread(target=watch, daemon=True).start()
        threading.Thread(target=mail, daemon=True).start()
        super().handle(**options)
