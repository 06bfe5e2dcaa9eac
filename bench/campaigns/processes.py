"""Commands and checks in processes of their own, forked from one that has the libraries loaded and runs
nothing: ended by SIGKILL at a moment, or waited for.
"""

from __future__ import annotations

import atexit
import contextlib
import io
import json
import math
import mmap
import os
import runpy
import select
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LOADED = (
    "django.core.management",
    "django.db.models",
    "django.test",
    "lxml.html",
    "zhunsheng.cli",
    "zhunsheng.disclosure",
    "zhunsheng.draw_folders",
    "zhunsheng.evaluation",
    "zhunsheng.evidence",
    "zhunsheng.intake",
    "zhunsheng.reports",
    "zhunsheng.review",
    "zhunsheng.sample",
    "zhunsheng.usecases.drawing.verifying",
    "zhunsheng.usecases.result",
)
LONGEST = 600.0  # seconds that a command may take by the clock


@dataclass(frozen=True)
class Ended:
    """How a process ended: its code (a signal is negative), what it said, seconds by the clock, writes to
    files, changes that it was about to make to folders (``CHANGES``; of what Python code does alone).
    """

    code: int
    said: str
    seconds: float
    writes: int
    changes: int


@dataclass(frozen=True)
class Moment:
    """When a process is killed: after seconds by the clock, or after so many writes to files, by which a
    moment of the work is met however fast the machine is, or right before a change to a folder by its number.
    """

    seconds: float = LONGEST
    writes: float = math.inf
    change: float = math.inf


NEVER = Moment()
CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.truncate", "sqlite3.connect"}


@dataclass(frozen=True)
class Command:
    """A command that people run: called, it runs in this process, with the libraries it has; ``really`` makes
    of the process what a shell would start.
    """

    words: tuple[str, ...]
    begun: Callable[[tuple[str, ...]], None]

    def __call__(self) -> None:
        self.begun(self.words)

    def really(self) -> None:
        """Become the command; never return."""
        start = ("-m", "zhunsheng") if self.begun is _program else (str(ROOT / "manage.py"),)
        os.execv(sys.executable, [sys.executable, *start, *self.words])


def load() -> None:
    """Load the libraries once; settings of a site are loaded by each process anew."""
    import importlib

    for name in LOADED:
        importlib.import_module(name)


def run(work: Callable[[], None], variables: dict[str, str], moment: Moment = NEVER) -> Ended:
    """Do something in a process of its own that leads its group; end all of the group by SIGKILL at a moment,
    where it has not ended by then.
    """
    reading, writing = os.pipe()
    changes = mmap.mmap(-1, 8)
    begun = time.monotonic()
    if not (pid := os.fork()):
        os.close(reading)
        _become(work, variables, writing, partial(_changing, changes, moment.change))
    os.close(writing)
    said = bytearray()
    killed, writes = False, 0
    # Nobody waits for an exact moment by the clock; writes come closer together.
    step = 1.0 if moment.writes == math.inf else 0.0005
    while True:
        left = begun + moment.seconds - time.monotonic()
        writes = max(writes, _writes(pid))
        if not killed and (left <= 0 or writes >= moment.writes):
            killed = True
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        if select.select([reading], [], [], 5.0 if killed else max(0.0, min(left, step)))[0]:
            some = os.read(reading, 1 << 16)
            if not some:
                break
            said += some
        elif killed:
            break
    os.close(reading)
    # What has ended tells how much it wrote until it is waited for.
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    writes = max(writes, _writes(pid))
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    made = int.from_bytes(changes[:8], "little")
    return Ended(code, said.decode("utf8", "replace"), time.monotonic() - begun, writes, made)


def _changing(count: mmap.mmap, last: float, event: str, given: tuple[Any, ...]) -> None:
    """Count the changes that this process is about to make; end its group before the ``last``."""
    if event in CHANGES or (event == "open" and isinstance(given[2], int) and given[2] & os.O_CREAT):
        made = int.from_bytes(count[:8], "little") + 1
        count[:8] = made.to_bytes(8, "little")
        if made >= last:
            os.killpg(0, signal.SIGKILL)


def _writes(pid: int) -> int:
    """Return how often a process wrote so far, by any library."""
    with contextlib.suppress(OSError), Path(f"/proc/{pid}/io").open() as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("syscw"))
    return 0


def _become(
    work: Callable[[], None],
    variables: dict[str, str],
    writing: int,
    changing: Callable[[str, tuple[Any, ...]], None],
) -> None:
    """Be the process: its own group, variables and output; never return."""
    code = 70
    try:
        os.setpgid(0, 0)
        os.dup2(writing, 1)
        os.dup2(writing, 2)
        os.environ.update(variables)
        tempfile.tempdir = None  # asked for anew, by the variables
        # Written at once: what a killed process said is seen up to the moment.
        sys.stdout = io.TextIOWrapper(os.fdopen(1, "wb", closefd=False), "utf8", write_through=True)
        sys.stderr = io.TextIOWrapper(os.fdopen(2, "wb", closefd=False), "utf8", write_through=True)
        sys.addaudithook(changing)
        work()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            atexit._run_exitfuncs()  # as a process of its own would
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _program(words: tuple[str, ...]) -> None:
    from zhunsheng.cli import main

    main(list(words))


def _site(words: tuple[str, ...]) -> None:
    sys.argv = ["manage.py", *words]
    runpy.run_path(str(ROOT / "manage.py"), run_name="__main__")


def program(*words: object) -> Command:
    """Return what runs ``zhunsheng`` with words."""
    return Command(tuple(map(str, words)), _program)


def site(*words: object) -> Command:
    """Return what runs ``manage.py`` with words; the data folder is among the variables of the process."""
    return Command(tuple(map(str, words)), _site)


def of_site(data: Path) -> dict[str, str]:
    """Return the variables of a site on a data folder."""
    return {
        "ZHUNSHENG_DATA": str(data),
        "ZHUNSHENG_HTTPS": "0",
        "DJANGO_SETTINGS_MODULE": "zhunsheng.web.settings",
        "PYTHONPATH": str(ROOT / "src"),
    }


def told(look: Callable[..., Any], *given: Any, variables: dict[str, str] | None = None) -> Any:
    """Return what a function finds, in a process of its own; raise what went wrong there with its trace."""

    def work() -> None:
        print("\n" + json.dumps(look(*given), ensure_ascii=False))

    done = run(work, variables or {})
    if done.code:
        raise AssertionError(done.said[-3000:])
    return json.loads(done.said.strip().splitlines()[-1])
