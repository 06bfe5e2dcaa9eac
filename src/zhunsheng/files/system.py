"""What systems do differently: locks on open files, whose a file is, the time and memory a process may take.

Windows has none of these calls. There an open file can be neither renamed nor taken away by anybody, which
does what locks do elsewhere; documents are read without a process of their own, so that the counts of
``files.bounds`` alone bound them.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

try:
    import fcntl
    import resource
except ImportError:  # Windows
    fcntl = resource = None  # type: ignore[assignment]

POSIX = fcntl is not None
NOT_A_LINK = getattr(os, "O_NOFOLLOW", 0)
_OWN = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
# How a process ends that took more of the processor than it may, or was ended by the system.
OVERDUE = tuple(-getattr(signal, name, 0) for name in ("SIGXCPU", "SIGPROF", "SIGKILL"))


def new_file(path: Path, mode: int) -> int:
    """Open a file that is not there yet; no process that is started has it. Raises ``FileExistsError``."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _OWN, mode)


def lock(handle: int, *, wait: bool = True) -> None:
    """Lock an open file for this process. Raises ``BlockingIOError`` where another has it and nobody
    ``wait``s.
    """
    if POSIX:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


def mine(seen: os.stat_result) -> bool:
    """Return whether a file is this account's own; on Windows folders of others can't be entered."""
    return not POSIX or seen.st_uid == os.geteuid()


def used_by_children() -> float:
    """Return the seconds of the processor that the processes took which this one waited for."""
    if not POSIX:
        return 0.0
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def time_left() -> float:
    """Return the seconds of the processor that this process may still take, 0 where nothing bounds it."""
    return signal.getitimer(signal.ITIMER_PROF)[0] if POSIX else 0.0


def end_after(seconds: float) -> None:
    """Let the system end this process once it took so many more seconds of the processor; 0 for never."""
    if POSIX:
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, seconds)


def bound_memory(most: int) -> None:
    """Let this process take no more than so many bytes beside what it has now, on Linux."""
    memory = Path("/proc/self/statm")
    if POSIX and memory.is_file():
        taken = int(memory.read_text().split()[5]) * resource.getpagesize()
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        resource.setrlimit(resource.RLIMIT_DATA, (taken + most, hard))
