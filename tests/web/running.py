"""The site's own commands run as an operator runs them, on a data folder and, where asked for,
a PostgreSQL of their own.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import forking

ROOT = Path(__file__).parents[2]
# What the sample site that tests share is loaded with.
ENTITIES = 600
DEPARTMENTS = 4


def free_port():
    """Return a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def environment(data, **more):
    """Return what the commands of a site on a data folder run with."""
    settings = {"ZHUNSHENG_HTTPS": "0", "DJANGO_SETTINGS_MODULE": "zhunsheng.web.settings"}
    return os.environ | {"ZHUNSHENG_DATA": str(data)} | settings | more


def manage(data, *arguments, check=True, anew=False, **more):
    """Run a command of the site; ``more`` are variables of its environment.

    ``anew`` starts Python for it, which otherwise is forked with its libraries loaded.
    """
    words, variables = ["manage.py", *map(str, arguments)], environment(data, **more)
    if anew:
        started = [sys.executable, *words]
        done = subprocess.run(started, cwd=ROOT, env=variables, capture_output=True, text=True)
    else:
        done = forking.run(words, ROOT, variables)
    assert not check or done.returncode == 0, done.stderr
    return done


def script(data, text, **more):
    """Run Python in the site's shell and return the last line that it prints."""
    done = manage(data, "shell", "-v0", "-c", text, **more)
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""


def database_of(postgres, name):
    """Make a database on a PostgreSQL server and return the setting that leads the site there."""
    postgres.psql(f"CREATE DATABASE {name}")
    host = postgres.get_uri().split("host=")[1].replace("/", "%2F")
    return {"ZHUNSHENG_DATABASE": f"postgres://postgres@{host}/{name}"}
