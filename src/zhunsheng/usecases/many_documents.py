"""Read the documents of a folder or zip one by one, in processes: one that ends does not end the others."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from types import FrameType
from typing import Any, Generic, TypeVar

from zhunsheng.errors import ZhunshengError
from zhunsheng.files import system
from zhunsheng.files.opening import Opened, open_bytes, open_file, unfit
from zhunsheng.files.zips import UnfitZip, Zip, ZipBounds, name_of
from zhunsheng.intake import MAX_DOCUMENT, book_of
from zhunsheng.intake.apart import bound_memory, bounded_time
from zhunsheng.intake.layouts import Layout
from zhunsheng.targets.doubts import must_confirm
from zhunsheng.translation import worded
from zhunsheng.usecases.progress import Progress, no_progress

T = TypeVar("T")
CORES = os.cpu_count() or 1
FORMAT = "zhunsheng.reading/1"
ONE_BOOK = "zhunsheng.readings/1"  # of all documents of a zip
# A member that is too large is told as the others are, and does not stop them.
BOUNDS = ZipBounds(members=20_000, member=20 * 2**30, unpacked=20 * 2**30)
MAX_ZIP = 2**30  # bytes
SECONDS = 60  # of one document, by the clock
_AHEAD = 4  # documents a process that are handed out before the first is read
PACKED = (".zip", ".rar", ".7z", ".gz", ".tar")


@dataclass(frozen=True)
class Reading:
    """What became of one document: counts of what was read, or the error.

    ``asked`` are the doubts that a person must confirm, ``told`` what else is to be known. ``book`` is there
    where it was asked for, in format ``zhunsheng.book/1``.
    """

    path: str
    sheets: int = 0
    indicators: int = 0
    asked: int = 0
    told: int = 0
    book: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    said: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it in format ``zhunsheng.reading/1``."""
        return {"format": FORMAT, "path": self.path, "book": self.book, "error": self.error}


@dataclass(frozen=True)
class Task:
    """A document that is to be read: where it lies, or its bytes out of a zip, or why it isn't to be read."""

    path: str
    file: Path | None = None
    data: bytes | None = None
    error: ZhunshengError | None = None


def is_many(path: Path) -> bool:
    """Say whether a path is a folder, or a zip that is no document itself."""
    if path.is_dir():
        return True
    try:
        with path.open("rb") as stream:
            if stream.read(4) != b"PK\x03\x04":
                return False
        if path.stat().st_size > MAX_DOCUMENT:
            return True
        return holds_many(path.read_bytes())
    except (OSError, UnfitZip):
        return path.suffix.lower() == ".zip"


def holds_many(data: bytes) -> bool:
    """Say whether bytes are a zip that is no document itself. Raises ``UnfitZip`` for one that is broken."""
    if not data.startswith(b"PK\x03\x04"):
        return False
    # Documents that are zips themselves have one of these parts.
    names = {PurePosixPath(name).name for name in Zip(data, BOUNDS).names}
    return not names & {"[Content_Types].xml", "mimetype", "OFD.xml"}


def read_many(
    path: Path,
    *,
    books: bool = False,
    workers: int | None = None,
    progress: Progress = no_progress,
    layouts: Sequence[Layout] = (),
    read: Callable[[Task, bool], Reading] | None = None,
) -> Iterator[Reading]:
    """Yield what became of each document of a folder (with the folders in it) or zip, in the order of paths.

    Every document ends as one ``Reading``, also where the process that read it ended or was not done after
    ``SECONDS`` (``ZS-IN-49``), where a zip lies in the zip (``ZS-IN-48``) or a path in it points out of it
    (``ZS-IN-47``). ``books`` gives the books too; there are as many ``workers`` (processes) as cores, each of
    which reads by ``read_one`` and the confirmed ``layouts``, or by what a test gives as ``read``.

    Raises ``ZS-IN-04`` to ``-07`` for a zip that can't be opened, ``ZS-IN-02`` where nothing lies there.
    """
    count, tasks = tasks_in(path)
    if not count:
        raise ZhunshengError("ZS-IN-02", name=path.name)
    work = _Of(read or partial(read_one, layouts=tuple(layouts)), books)
    for done, (task, found) in enumerate(read_ahead(tasks, work, min(workers or CORES, count)), start=1):
        progress(task.path, done, count)
        yield _failed(task.path, found) if isinstance(found, ZhunshengError) else found


@dataclass(frozen=True)
class _Of:
    """What reads a document, with whether its book is asked for."""

    read: Callable[[Task, bool], Reading]
    books: bool

    def __call__(self, task: Task) -> Reading:
        return self.read(task, self.books)


def read_ahead(
    tasks: Iterable[Task], work: Callable[[Task], T], workers: int = CORES
) -> Iterator[tuple[Task, T | ZhunshengError]]:
    """Yield of each document, in order, what ``work`` made of it, or why it made nothing: some are read while
    the first is taken.

    ``work``, a function of a module, is done in ``workers`` processes within the bounds of time and memory.
    """
    pool = _Pool(workers, work)
    try:
        yield from pool.read(tasks)
    finally:
        pool.close()


def tasks_in(path: Path) -> tuple[int, Iterable[Task]]:
    """Return how many documents lie in a folder or zip, and each. Raises ``ZS-IN-04`` to ``-07``."""
    return _in_folder(path) if path.is_dir() else _in_zip(path)


def _in_folder(folder: Path) -> tuple[int, Iterable[Task]]:
    found = []
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        found += [Path(parent) / name for name in names if not name.startswith(("~$", "."))]
    found.sort()
    return len(found), (_of_file(file, str(file.relative_to(folder))) for file in found)


def _of_file(file: Path, path: str) -> Task:
    if file.suffix.lower() in PACKED:
        return Task(path, error=ZhunshengError("ZS-IN-48", name=path))
    return Task(path, file=file)


def _in_zip(path: Path) -> tuple[int, Iterable[Task]]:
    if (size := path.stat().st_size) > MAX_ZIP:
        detail = worded("{size} MB，上限 {most} MB", size=f"{size / 2**20:.0f}", most=f"{MAX_ZIP // 2**20}")
        raise ZhunshengError("ZS-IN-06", name=path.name, detail=detail)
    try:
        archive = Zip(path.read_bytes(), BOUNDS, lambda info: not info.filename.endswith("/"))
    except UnfitZip as fault:
        raise unfit(fault, path.name) from None
    listed = sorted((name_of(info), n) for n, info in enumerate(archive.members))
    listed = [one for one in listed if not PurePosixPath(one[0]).name.startswith(("~$", "."))]
    return len(listed), (_of_member(archive, name, n) for name, n in listed)


def _of_member(archive: Zip, path: str, number: int) -> Task:
    parts = path.replace("\\", "/").split("/")
    if ".." in parts or path.startswith(("/", "\\")) or ":" in parts[0] or "\0" in path:
        return Task(path, error=ZhunshengError("ZS-IN-47", name=path))
    if PurePosixPath(path).suffix.lower() in PACKED:
        return Task(path, error=ZhunshengError("ZS-IN-48", name=path))
    if (size := archive.members[number].file_size) > MAX_DOCUMENT:
        return Task(path, error=ZhunshengError("ZS-IN-06", name=path, detail=f"{size // 2**20} MB"))
    try:
        return Task(path, data=archive.read(archive.members[number]))
    except UnfitZip as fault:
        return Task(path, error=unfit(fault, path))


class _Pool(Generic[T]):
    """Processes that read documents; one that ends takes no other document with it."""

    def __init__(self, workers: int, work: Callable[[Task], T]) -> None:
        self.workers, self.work = workers, work
        self.running = self._started(workers)

    def _started(self, workers: int) -> ProcessPoolExecutor:
        # Each starts afresh: a copy of this process would have its threads' locks without its threads.
        spawned = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(workers, mp_context=spawned, initializer=_begun)

    def close(self) -> None:
        """End the processes; what is not read yet is left."""
        self.running.shutdown(wait=False, cancel_futures=True)

    def read(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, T | ZhunshengError]]:
        """Yield what became of each, in order."""
        ahead: deque[tuple[Task, Future[T] | None]] = deque()
        for task in tasks:
            ahead.append((task, self._handed(task)))
            if len(ahead) > self.workers * _AHEAD:
                yield self._done(*ahead.popleft())
        while ahead:
            yield self._done(*ahead.popleft())

    def _handed(self, task: Task) -> Future[T] | None:
        if task.error is not None:
            return None
        try:
            return self.running.submit(_bounded, self.work, task)
        except BrokenProcessPool:
            self.running = self._started(self.workers)
            return self.running.submit(_bounded, self.work, task)

    def _done(self, task: Task, future: Future[T] | None) -> tuple[Task, T | ZhunshengError]:
        # The bytes of what was read are nobody's any more.
        told = replace(task, data=None)
        if task.error is not None:
            return told, task.error
        assert future is not None
        try:
            return told, future.result()
        except BrokenProcessPool:
            return told, self._alone(task)
        except ZhunshengError as error:
            return told, error
        except Exception as error:  # also what could not be told from process to process
            said = f"{type(error).__name__}: {error}"[:300]
            return told, ZhunshengError("ZS-IN-49", name=task.path, detail=said)

    def _alone(self, task: Task) -> T | ZhunshengError:
        """Read a document that was on its way when a process ended, in one of its own: another may be the
        cause.
        """
        with self._started(1) as one:
            try:
                return one.submit(_bounded, self.work, task).result()
            except BrokenProcessPool:
                detail = worded("读取程序中断")
                return ZhunshengError("ZS-IN-49", name=task.path, detail=detail)
            except ZhunshengError as error:
                return error


def _begun() -> None:
    """Begin a process that reads: within bounds, and without what libraries say where memory ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    bound_memory()


def _bounded(work: Callable[[Task], T], task: Task) -> T:
    """Do the work in a process of the pool, which ends where it takes too long. Raises as ``work`` does, and
    ``ZS-IN-49``.
    """
    if system.POSIX:
        signal.signal(signal.SIGALRM, _overdue)
        signal.alarm(SECONDS)
    try:
        with bounded_time():
            return work(task)
    except ZhunshengError:
        raise
    except _Overdue:
        detail = worded("{seconds} 秒没有读完", seconds=SECONDS)
        raise ZhunshengError("ZS-IN-49", name=task.path, detail=detail) from None
    except BaseException as error:  # also what a library in Rust did not foresee
        said = f"{type(error).__name__}: {error}"[:300]
        raise ZhunshengError("ZS-IN-49", name=task.path, detail=said) from None
    finally:
        if system.POSIX:
            signal.alarm(0)


class _Overdue(BaseException):
    """A document took too long; no reader may catch it as an error of its own."""


def _overdue(_signal: int, _frame: FrameType | None) -> None:
    raise _Overdue


def opened(task: Task) -> Opened:
    """Return a document opened. Raises ``ZS-IN-*``."""
    if task.data is None:
        assert task.file is not None
        return open_file(task.file, max_bytes=MAX_DOCUMENT)
    if len(task.data) > MAX_DOCUMENT:
        raise ZhunshengError("ZS-IN-06", name=task.path, detail=f"{len(task.data) // 2**20} MB")
    return open_bytes(task.data, PurePosixPath(task.path).name)


def read_one(task: Task, books: bool, layouts: Sequence[Layout] = ()) -> Reading:
    """Read one document, in a process of the pool. Raises ``ZS-IN-*``."""
    book = book_of(opened(task), layouts)
    indicators = sum(len(sheet.indicators) for sheet in book.sheets)
    asked = sum(map(must_confirm, book.unsure))
    told = len(book.unsure) - asked
    data = json.loads(json.dumps(book.as_json(), default=str)) if books else None
    return Reading(task.path, len(book.sheets), indicators, asked, told, data)


def _failed(path: str, error: ZhunshengError) -> Reading:
    return Reading(path, error=error.as_json(), said=error.text())
