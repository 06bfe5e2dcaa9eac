"""What tests with a browser do on any page."""

from __future__ import annotations

import re

from running import ROOT

SHOTS = ROOT / "build" / "screenshots"
PASSWORD = "Zhunsheng-2021"
WIDE, PHONE = {"width": 1366, "height": 768}, {"width": 375, "height": 740}


def shot(page, name, full=False):
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.wait_for_timeout(250)
    page.screenshot(path=str(SHOTS / f"{name}.png"), full_page=full)


def part(page, name):
    """Open one of the main parts from the menu."""
    toggler = page.locator(".navbar-toggler")
    if toggler.is_visible():
        toggler.click()
        page.wait_for_timeout(400)
    link = page.locator(f"nav .nav-link:has-text('{name}')")
    address = link.get_attribute("href")
    link.click()
    page.wait_for_url(f"**{address}")
    year(page, 2021)


def year(page, number):
    if f"/{number}/" not in page.url and re.search(r"/\d{4}/", page.url):
        page.goto(re.sub(r"/\d{4}/", f"/{number}/", page.url, count=1))


def finish(page):
    """Wait until a job has ended, and expect it to have gone well."""
    page.wait_for_selector("[data-job-state=done], [data-job-state=failed]", timeout=60_000)
    assert page.locator("[data-job-state=done]").count(), page.inner_text("main")


def led_on(page, selector):
    """Click what leads to another address, and wait until that one is there: until then the page that is left
    would answer.
    """
    before = page.url
    page.click(selector)
    page.wait_for_function("before => location.href != before", arg=before)


def found_all(page):
    """Say of every department that a zip names and the district doesn't have that it is new,
    and wait for the files.
    """
    page.eval_on_selector_all("select[name^=place_]", "all => all.forEach(one => one.value = 'new')")
    led_on(page, "text=按所选收进来")


MAIN = [
    "",
    "targets",
    "ledgers",
    "ledgers/complaints",
    "monitoring",
    "selfeval",
    "keyeval",
    "draws",
    "draws/plan",
    "safeguards",
    "safeguards/assets",
    "publish",
    "lineage/1/2",
]


def department_of(page):
    return re.search(r"/d/(\d+)/", page.url)[1]
