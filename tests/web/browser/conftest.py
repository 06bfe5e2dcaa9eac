"""A site of its own that a real browser visits."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request

import pytest
from driving import PASSWORD, WIDE
from running import ROOT, environment, free_port


@pytest.fixture(scope="session")
def site(loaded, tmp_path_factory):
    """A running site with the sample loaded: web server, worker, real files. Yields its address and
    environment.
    """
    port = free_port()
    data = shutil.copytree(loaded, tmp_path_factory.mktemp("site") / "data")
    run, variables = [sys.executable, "manage.py"], environment(data, TZ="Asia/Shanghai")
    with (data / "serve.log").open("w") as log:
        server = subprocess.Popen(
            [*run, "serve", "--port", str(port)],
            cwd=ROOT,
            env=variables,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}"
    for _ in range(600):
        try:
            urllib.request.urlopen(f"{address}/health", timeout=2)
            break
        except OSError:
            time.sleep(0.5)
    else:
        pytest.fail(f"the site did not start: {(data / 'serve.log').read_text()[-2000:]}")
    yield address, variables, data
    os.killpg(server.pid, signal.SIGTERM)
    server.wait(20)


@pytest.fixture(scope="session")
def signed_in():
    """The browser's contexts that are signed in already, by name and size."""
    kept = {}
    yield kept
    for context in kept.values():
        context.close()


@pytest.fixture
def sign_in(site, chromium, signed_in):
    """Return pages signed in by the sign-in form; what the console reports as an error fails the test.

    Whoever has signed in at that size stays signed in for the next test, unless it asks to sign in ``anew``.
    """
    opened, problems = [], []

    def page_of(name=None, size=WIDE, anew=False):
        place = (name, *size.values())
        known = not anew and signed_in.get(place)
        context = known or chromium.new_context(
            viewport=size,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            base_url=site[0],
            accept_downloads=True,
        )
        page = context.new_page()
        if name and not anew:
            signed_in[place] = context
            opened.append(page)
        else:
            opened.append(context)
        page.set_default_timeout(20_000)
        page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: problems.append(str(e)))
        page.on("dialog", lambda d: d.accept())
        if known:
            page.goto("/")
        elif name:
            page.goto("/sign-in")
            page.fill("#id_username", name)
            page.fill("#id_password", PASSWORD)
            page.click("button:has-text('登录')")
        return page

    yield page_of
    for one in opened:
        one.close()
    # A server that can't be reached is what one test is about.
    # So is a session that has ended (401).
    expected = ("ERR_INTERNET_DISCONNECTED", "status of 401")
    assert [p for p in problems if not any(e in p for e in expected) and not p.startswith("htmx:")] == []
