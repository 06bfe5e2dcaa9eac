"""Keep processes running: start one anew that died, pass on the end, and leave nothing behind.

Small enough to stand here (decision 0029): what it does is wait for signals and children in one thread. As
process 1 of a container it also takes away the orphans that the system gives to it.
"""

from __future__ import annotations

import ctypes
import logging
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from zhunsheng.errors import ZhunshengError

log = logging.getLogger(__name__)
_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
STEADY = 60.0  # seconds after which a process that ends did not fall at once
LONGEST = 60.0  # seconds between two starts, at most; the first comes after one second
GRACE = 8.0  # seconds to end by itself; a container is given ten by default
PARENT = "ZHUNSHENG_SUPERVISOR"
_PR_SET_PDEATHSIG = 1  # prctl(2)


def ending() -> tuple[signal.Signals, ...]:
    """Return the signals that end: but those that whoever started this wants it not to hear, as ``nohup``."""
    return tuple(one for one in _ENDING if signal.getsignal(one) is not signal.SIG_IGN)


def end_with_parent() -> None:
    """Have the system end this process when the one that supervises it dies, however it dies; on Linux
    alone.
    """
    parent = os.environ.get(PARENT)
    if parent and sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != int(parent):  # it died before
            os.kill(os.getpid(), signal.SIGTERM)


def pause(falls: int) -> float:
    """Return the seconds until a process is started again that fell so many times in a row."""
    return min(2.0 ** (falls - 1), LONGEST)


@dataclass
class Kept:
    """A process that is kept running: what it is called, what starts it, and how it went so far."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    falls: int = 0  # ends in a row, each soon after its start
    due: float = 0.0

    def start(self, environment: Mapping[str, str]) -> None:
        """Start it, in a group of its own: signals of the terminal reach it through its supervisor."""
        self.began = time.monotonic()
        told = {**environment, PARENT: str(os.getpid())}
        self.process = subprocess.Popen(self.command, env=told, start_new_session=True)

    def fell(self, code: int) -> None:
        """Note that it ended by itself, say so, and when it is started again."""
        now = time.monotonic()
        ran = now - self.began
        self.falls = 1 if ran >= STEADY else self.falls + 1
        self.due, self.process = now + pause(self.falls), None
        told = ZhunshengError("ZS-WB-91", name=self.name, exit=code, seconds=round(ran), times=self.falls)
        log.error("%s", told, extra={"fields": {"again_in_seconds": round(pause(self.falls))}})

    def kill(self) -> None:
        """End it and all that it started, at once."""
        if self.process is not None:
            end_group(self.process.pid)


def end_group(leader: int) -> None:
    """Kill the group of a process, whether it still lives or left others behind."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


class Supervisor:
    """Runs processes until a signal comes. ``ready`` says when they can be used; then ``announce`` is
    called.
    """

    def __init__(
        self,
        kept: Sequence[Kept],
        environment: Mapping[str, str],
        *,
        ready: Callable[[], bool],
        announce: Callable[[], None],
        grace: float = GRACE,
    ) -> None:
        self.kept = kept
        self.environment = environment
        self.ready = ready
        self.announce = announce
        self.grace = grace

    def run(self) -> None:
        """Keep all running until a signal comes, then end them. Raises ``ZS-WB-91`` where one of them ends
        before all could be used for the first time: what is wrong with it then, a later start does not mend.
        """
        with told_of_signals() as signals:
            try:
                self._keep(signals)
            finally:
                self._end(signals)

    def _keep(self, signals: int) -> None:
        waiting = True
        while True:
            for one in self.kept:
                if one.process is None and time.monotonic() >= one.due:
                    one.start(self.environment)
            if waiting and self.ready():
                waiting = False
                self.announce()
            dues = [one.due - time.monotonic() for one in self.kept if one.process is None]
            if any(number in _ENDING for number in came(signals, 0.1 if waiting else min([30.0, *dues]))):
                return
            for one in self._ended():
                if waiting and one is self.kept[0]:
                    code = one.process.returncode if one.process else 0
                    ran = round(time.monotonic() - one.began)
                    raise ZhunshengError("ZS-WB-91", name=one.name, exit=code, seconds=ran, times=1)
                assert one.process is not None
                end_group(one.process.pid)  # what it left behind would be in the way of the next one
                one.fell(one.process.returncode)

    def _ended(self) -> list[Kept]:
        """Return those that ended, and take away whatever else ended that the system gave to this process."""
        ended = [one for one in self.kept if one.process is not None and one.process.poll() is not None]
        if os.getpid() == 1:
            own = {one.process.pid for one in self.kept if one.process is not None}
            with suppress(ChildProcessError):
                while found := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                    if found.si_pid in own:
                        break  # its turn comes
                    os.waitpid(found.si_pid, 0)
        return ended

    def _end(self, signals: int) -> None:
        """Ask all to end; kill what does not within the grace, or when told a second time."""
        for one in self.kept:
            if one.process is not None:
                with suppress(ProcessLookupError):
                    one.process.terminate()
        until = time.monotonic() + self.grace
        while (rest := until - time.monotonic()) > 0 and self._live():
            if any(number in _ENDING for number in came(signals, min(rest, 1.0))):
                log.warning("told to end a second time: what still runs is killed")
                break
        for one in self._live():
            log.warning("%s did not end within the grace and is killed", one.name)
        for one in self.kept:
            one.kill()  # with whatever it left behind
            if one.process is not None:
                one.process.wait()

    def _live(self) -> list[Kept]:
        return [one for one in self.kept if one.process is not None and one.process.poll() is None]


@contextmanager
def told_of_signals() -> Iterator[int]:
    """Give a descriptor from which the signals that come can be read, instead of what they do otherwise."""
    reading, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    taken = (*ending(), signal.SIGCHLD)
    former = {number: signal.signal(number, lambda *_: None) for number in taken}
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        yield reading
    finally:
        signal.set_wakeup_fd(before)
        for number, handler in former.items():
            signal.signal(number, handler)
        os.close(reading)
        os.close(writing)


def came(signals: int, seconds: float) -> bytes:
    """Return the numbers of the signals that came, waiting for one at most so long."""
    select.select([signals], [], [], max(0.0, seconds))
    try:
        return os.read(signals, 256)
    except BlockingIOError:
        return b""
