"""Run background jobs, taking up those that a stopped worker left unfinished."""

from __future__ import annotations

import threading
import time
from typing import Any

from django.db import close_old_connections
from django_tasks_db.management.commands.db_worker import Command as Worker

from zhunsheng.web.services.jobs import requeue_interrupted

EVERY = 10.0  # seconds between looks for interrupted jobs


class Command(Worker):
    """``manage.py worker``: the database worker, with a watch over interrupted jobs."""

    help = "运行后台任务；中断的任务会接着做，做完的不会重做"

    def handle(self, **options: Any) -> None:
        """Start the watch, then work."""

        def watch() -> None:
            while True:
                close_old_connections()
                requeue_interrupted()
                time.sleep(EVERY)

        threading.Thread(target=watch, daemon=True).start()
        super().handle(**options)
