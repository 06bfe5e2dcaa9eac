"""How gunicorn serves the site: ``gunicorn -c python:zhunsheng.web.serving zhunsheng.web.wsgi:application``.

Its own lines are of the same log as the site's, and all its processes count for ``/metrics`` together.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import Any

from zhunsheng.files.scratch import scratch_folder
from zhunsheng.web.supervising import GRACE, end_with_parent

worker_class, threads = "gthread", 4
timeout, keepalive = 120, 75
graceful_timeout = int(GRACE) - 2  # so that it ends by itself before whoever supervises it ends it
umask = 0o077
control_socket_disable = True  # nobody steers it while it runs; it would lie outside the data folder
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "zhunsheng.web.logs.Line"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"gunicorn.error": {"level": "INFO", "handlers": ["console"], "propagate": False}},
}

# A folder of this machine and of these processes alone: what others counted, or a former run, is no part of
# it. It goes with the process that made it, and where that was killed, with the next one that makes such a
# folder.
_kept = ExitStack()
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_kept.enter_context(scratch_folder()))


def on_starting(server: Any) -> None:
    """End with the process that supervises this one."""
    end_with_parent()


def child_exit(server: Any, worker: Any) -> None:
    """Forget the gauges of a process that ended; what it counted stays."""
    from prometheus_client import multiprocess  # which asks for the folder when it is loaded

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(server: Any) -> None:
    """Take the counts away."""
    _kept.close()
