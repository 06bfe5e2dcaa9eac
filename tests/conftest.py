"""What tests share: the sample bureau built once, a Spark session, and where the real document lies if it is
here.
"""

from __future__ import annotations

import gc
import os
import shutil
from datetime import date

import hypothesis
import pytest
from _pytest import runner
from django.conf import settings
from running import manage

import scratch  # noqa: F401 - before a folder is made
from built import once
from places import REAL, VERIFY_PAGE
from zhunsheng.sample.demo import demo

# What tests import and load stays: looking through it again and again for garbage takes a tenth of their
# time.
gc.set_threshold(100_000, 50, 50)


def _with_room(run, *given):
    """Call a function with stack ahead for all that it calls in turn."""
    return run(*given)


# Python takes the stack of calls in pieces of 16 KB from the system and gives the last one back with the call
# that began it. What a page calls again and again may lie where one ends: each of those calls then asks the
# system twice, a fifth of the time of a site's tests. A call that itself claims much more is given one piece
# for all.
_with_room.__code__ = _with_room.__code__.replace(co_stacksize=(256 << 10) // 8)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    """Run a test as always, with stack ahead."""
    return _with_room(runner.pytest_runtest_protocol, item, nextitem)


# How long one example takes on a busy machine says nothing; what must not take long is measured where it is
# asked.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.fixture(scope="session")
def sample(tmp_path_factory):
    """The demonstration at its usual size, as (folder, result); tests must not change it."""
    out = tmp_path_factory.mktemp("demo")
    return out, demo(out, entities=30_000, seed=2021, as_of=date(2022, 2, 28))


@pytest.fixture(scope="session")
def empty(tmp_path_factory):
    """The data folder of a site with its tables and nothing in them."""

    def build(place):
        for key in ("secret.key", "personal.key", "log.key"):
            shutil.copy(settings.DATA / key, place)
        manage(place, "migrate", "-v0", anew=True)

    return once(tmp_path_factory, "empty", build)


@pytest.fixture(scope="session")
def spark():
    """A local Spark session; fails, rather than skips, where Java is missing."""
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        pytest.fail("这项测试需要 Java 17 或更新版本：apt-get install openjdk-17-jre-headless")
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.codegen.wholeStage", "false")
        .config("spark.sql.codegen.factoryMode", "NO_CODEGEN")
        .config("spark.sql.session.timeZone", "UTC")
        # What runs for a minute is not worth the second compiler, nor threads that collect garbage beside it.
        .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture(scope="session")
def chromium():
    """Debian's Chromium, without its window, which takes half the time; fails, rather than skips, where it is
    missing.
    """
    from playwright.sync_api import sync_playwright

    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.fail("这项测试需要 Chromium：apt-get install chromium-headless-shell")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def tab(chromium):
    """A tab for pages that stand alone: to open one takes five times as long as to read a page."""
    opened = chromium.new_page()
    opened.problems = []
    opened.on("pageerror", lambda error: opened.problems.append(str(error)))
    yield opened
    opened.close()


@pytest.fixture
def page(tab):
    """The page that verifies draws, read anew; a fault in its script fails the test."""
    tab.problems.clear()
    tab.goto(VERIFY_PAGE.as_uri())
    yield tab
    assert tab.problems == []


@pytest.fixture
def real():
    """The real document, where it lies beside the project."""
    if not REAL.is_file():
        pytest.skip("the real document is not here")
    return REAL


# What takes longest comes first, so that no worker is left with it at the end; longest first.
LONG = (
    "tests/races/",
    "tests/web/browser/",
    "tests/draws/test_engines.py",
    "tests/web/test_operation.py",
    "tests/web/test_serving.py",
    "tests/web/nonsense/",
    "tests/test_verify_page.py",
    "tests/draws/test_page.py",
    "tests/test_bundles.py",
    "tests/web/test_reach.py",
)


@pytest.hookimpl(wrapper=True, tryfirst=True)  # before groups are read; pytest-django sorts meanwhile
def pytest_collection_modifyitems(items):
    """Keep on one worker what shares the sample's demonstration, the Spark session or a browser,
    which take long to make.

    The tracer rests where a property is tried over many examples: the plain tests reach the same lines.
    """
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker(pytest.mark.no_cover)
        used = set(getattr(item, "fixturenames", ()))
        if "tests/web/" in str(item.path) or any(item.iter_markers("xdist_group")):
            continue
        if {"sample", "spark"} & used:
            item.add_marker(pytest.mark.xdist_group("heavy"))
        elif "chromium" in used:
            item.add_marker(pytest.mark.xdist_group(f"{item.path.stem} in a browser"))
    sorted_otherwise = yield
    items.sort(key=lambda item: next((n for n, part in enumerate(LONG) if part in str(item.path)), len(LONG)))
    return sorted_otherwise


@pytest.fixture
def cli(capsys, monkeypatch):
    """Call the program with arguments; it gives the exit code, the output and the errors."""
    from zhunsheng.cli import terminal
    from zhunsheng.cli.program import main

    # No cell is broken in the middle of a word that a test looks for.
    monkeypatch.setattr(terminal.console, "width", 200)

    def call(*arguments):
        with pytest.raises(SystemExit) as left:
            main([str(a) for a in arguments])
        said = capsys.readouterr()
        return left.value.code, said.out, said.err

    return call
