"""Read what a stranger wrote in a process of its own, which ends beyond a bound of time and memory.

The counts of ``files.bounds`` refuse what is too large before anything is made of it, and say what there is
too much of. Whatever they don't foresee ends here, whichever library it happens in.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from zhunsheng.errors import ZhunshengError
from zhunsheng.files import system
from zhunsheng.files.bounds import READING_MEMORY, READING_SECONDS, WAITED
from zhunsheng.translation import worded

T = TypeVar("T")
# What a process that has no threads has loaded, from which others are forked.
_OTHERS = ("zhunsheng.usecases.target_documents",)


def apart(name: str, work: Callable[..., T], *args: Any) -> T:
    """Return what ``work`` returns of a document called ``name``, done in a process of its own.

    Both ways it is pickled. Where this process has threads of its own the other is forked from one that has
    none, so that ``work`` is a function of a module then. Raises as ``work`` does, and ``ZS-IN-49`` where the
    process was beyond its bounds or ended. Where the system can't copy a process (Windows) it is done in this
    one.
    """
    if not system.POSIX:
        try:
            return work(*args)
        except MemoryError:
            raise ZhunshengError("ZS-IN-49", name=name, detail=worded("内容过于复杂，读取程序中断")) from None
    context: Any = multiprocessing.get_context("fork" if threading.active_count() == 1 else "forkserver")
    context.set_forkserver_preload(["__main__", *_OTHERS])
    ours, its = context.Pipe(duplex=False)
    process = context.Process(target=_telling, args=(its, work, args), daemon=True)
    process.start()
    its.close()
    try:
        told = ours.recv() if ours.poll(WAITED) else None
    except EOFError:
        told = None
    finally:
        ours.close()
        if process.is_alive() and told is None:
            process.join(0.2)
            process.kill()
        process.join()
    if told is None or isinstance(told, MemoryError):
        detail = worded("内容过于复杂，读取程序中断")
        if process.exitcode in system.OVERDUE:
            detail = worded("处理时间过长")
        raise ZhunshengError("ZS-IN-49", name=name, detail=detail)
    done, found = told
    if not done:
        raise found
    kept: T = found
    return kept


def _telling(pipe: Connection, work: Callable[..., object], args: tuple[Any, ...]) -> None:
    """Do the work within the bounds and tell what came of it."""
    os.dup2(
        os.open(os.devnull, os.O_WRONLY), 2
    )  # where memory ends, libraries say so there and end the process
    bound_memory()
    try:
        with bounded_time():
            told: object = (True, work(*args))
    except MemoryError as error:
        told = MemoryError(str(error))
    except Exception as error:
        told = (False, error)
    pipe.send(told)
    pipe.close()


@contextmanager
def bounded_time() -> Iterator[None]:
    """Let the system end this process where what is done within takes it more than a document may."""
    system.end_after(READING_SECONDS)
    try:
        yield
    finally:
        system.end_after(0)


def bound_memory() -> None:
    """Let this process take no more memory than what it has now and a document may take."""
    system.bound_memory(READING_MEMORY)
