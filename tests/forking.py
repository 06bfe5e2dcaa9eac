"""Commands in processes of their own that need not each load the libraries: a server that has them forks for
every command, with the command's own variables, folder and output.

The libraries and what of the program reads no settings are loaded before the fork; settings, models, views
and the command itself are loaded by every process anew. That a command starts from nothing is seen wherever
one is started by ``subprocess``: the sites that tests share, those that browsers visit, the races.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import subprocess
import sys
import tempfile
import threading
from functools import cache
from pathlib import Path
from typing import Any

LOADED = (
    "django.core.management",
    "django.db.models",
    "django.http",
    "django.template.engine",
    "django.urls",
    "django.forms",
    "django.test",
    "argon2",
    "lxml.html",
    "prometheus_client",
    "zhunsheng.disclosure",
    "zhunsheng.draw_folders",
    "zhunsheng.evaluation",
    "zhunsheng.folders",
    "zhunsheng.intake",
    "zhunsheng.reports",
    "zhunsheng.review",
    "zhunsheng.sample",
    "zhunsheng.usecases.result",
)


def serve() -> None:
    """Fork for every command asked for on a line of standard input; say on a line what it ended with."""
    import importlib

    gc.disable()
    for name in LOADED:
        importlib.import_module(name)
    gc.freeze()
    gc.enable()
    del sys.path[0]  # of this file
    for line in sys.stdin:
        asked = json.loads(line)
        if not (child := os.fork()):
            _become(**asked)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _become(words: list[str], cwd: str, env: dict[str, str], out: str, err: str) -> None:
    """Run a program of Python as the process that was asked for, and end."""
    code = 1
    try:
        os.environ.clear()
        os.environ.update(env)
        os.chdir(cwd)
        for path, number in ((os.devnull, 0), (out, 1), (err, 2)):
            file = os.open(path, os.O_RDWR)
            os.dup2(file, number)
            os.close(file)
        sys.stdin = sys.__stdin__ = open(0, encoding="utf8")  # noqa: SIM115
        sys.argv = words
        sys.path.insert(0, str(Path(cwd) / Path(words[0]).parent))
        runpy.run_path(words[0], run_name="__main__")
        code = 0
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
        if isinstance(ending.code, str):
            print(ending.code, file=sys.stderr)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        _end(code)


def _end(code: int) -> None:
    for step in (atexit._run_exitfuncs, sys.stdout.flush, sys.stderr.flush):
        try:
            step()
        except BaseException:
            code = code or 120
    os._exit(code)


_asking = threading.Lock()


@cache
def _server() -> subprocess.Popen[str]:
    command = [sys.executable, __file__]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    atexit.register(server.communicate)  # without more to do it ends
    return server


def run(words: list[str], cwd: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a program of Python (its file and arguments) in a process of its own; return what it said and ended
    with.
    """
    with tempfile.TemporaryDirectory() as folder:
        said = [Path(folder) / name for name in ("out", "err")]
        for path in said:
            path.touch()
        asked: dict[str, Any] = {
            "words": words,
            "cwd": str(cwd),
            "env": env,
            "out": str(said[0]),
            "err": str(said[1]),
        }
        with _asking:
            server = _server()
            assert server.stdin and server.stdout
            server.stdin.write(json.dumps(asked) + "\n")
            server.stdin.flush()
            code = int(server.stdout.readline())
        return subprocess.CompletedProcess(words, code, *(path.read_text("utf8") for path in said))


if __name__ == "__main__":
    serve()
