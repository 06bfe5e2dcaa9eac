"""The site's commands as an operator runs them (``manage.py``, ``python -m zhunsheng.web``): what the machine
or the database refuses is told by a code and how to mend it, never by a trace.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Sequence

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import DatabaseError, InterfaceError

from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import first_line, of_system


def main(words: Sequence[str]) -> None:
    """Run a command; ends with 1 where it was refused."""
    if os.getpid() == 1:  # for which the system does nothing of itself, not even end
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    gc.disable()  # until zhunsheng.web.apps has loaded all: to look for garbage meanwhile takes a fifth of it
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhunsheng.web.settings")
    try:
        execute_from_command_line(list(words))
    except (ZhunshengError, ImproperlyConfigured, OSError, DatabaseError, InterfaceError) as error:
        if (told := refusal(error)) is None:
            raise
        sys.exit(told)


def refusal(error: Exception) -> str | None:
    """Return what a command says of an error that is no fault of the program; None for any other."""
    if isinstance(error, ZhunshengError):
        return str(error)
    if (told := of_system(error)) is not None:
        return str(told)
    if isinstance(error, DatabaseError | InterfaceError):
        return str(ZhunshengError("ZS-WB-93", detail=first_line(error)))
    return (
        str(ZhunshengError("ZS-CL-01", detail=str(error)))
        if isinstance(error, ImproperlyConfigured)
        else None
    )
