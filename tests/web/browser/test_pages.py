"""Pages in a real browser: they fit phone and screen, axe finds no fault, the keyboard reaches all."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from driving import MAIN, PHONE, WIDE, department_of, shot
from playwright.sync_api import expect

pytestmark = pytest.mark.xdist_group("site")


def test_pages_fit_a_phone_and_a_screen(sign_in):
    for size in (PHONE, WIDE):
        page = sign_in("caiwu", size)
        pk = department_of(page)
        others = [
            "/account",
            "/public",
            "/targets/2",
            "/targets/5",
            "/monitoring/1",
            "/monitoring/1/form",
            "/selfeval/1/form",
            "/selfeval/1/recheck",
            "/keyeval/1",
            "/draws/1",
            "/draws/2/screen",
            "/public/commitments/2/slip",
            "/public/commitments/check?number=2&digest=f",
            "/records/4",
            "/publications/1",
            "/public/1",
        ]
        for path in [f"/d/{pk}/2021/{m}" for m in MAIN] + others:
            page.goto(path)
            page.wait_for_timeout(150)
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= size["width"], f"{path} is {width} px wide on {size['width']}"
            if size is PHONE and path.split("/")[-1] in ("", "targets", "selfeval", "5", "1"):
                shot(page, f"phone{path.replace('/', '-')}")
        who = sign_in("caizheng", size)
        for path in ("/portfolio", "/portfolio/findings", "/places"):
            who.goto(path)
            assert who.evaluate("document.documentElement.scrollWidth") <= size["width"], path
        who = sign_in("guanli", size)
        for path in (
            "/admin",
            "/admin/users",
            "/admin/library",
            "/admin/rules",
            "/admin/calendar",
            "/admin/permissions",
            "/audit",
        ):
            who.goto(path)
            assert who.evaluate("document.documentElement.scrollWidth") <= size["width"], path


def test_the_table_of_roles_is_taken_in_on_one_screen(sign_in):
    page = sign_in("guanli", {"width": 1366, "height": 768})
    page.goto("/admin/permissions")
    assert page.evaluate("document.documentElement.scrollHeight") <= 768
    assert page.locator(".perm details").count() == 17 and not page.locator(".perm li").first.is_visible()
    page.click(".perm summary:has-text('绩效自评')")
    expect(page.locator("text=负责人签字上报").first).to_be_visible()


def test_the_screen_of_the_hall_is_one_screen_and_keeps_the_sites_time(sign_in):
    """The clock of the machine at the projector is of no account; what could not be asked for says from when
    it is.
    """
    page = sign_in(None, {"width": 1366, "height": 768})
    page.add_init_script(
        "const R = Date; window.Date = class extends R { constructor(...a) { a.length ? super(...a) : "
        "super(R.now() + 9e8); } static now() { return R.now() + 9e8; } }"
    )
    cut = []

    def answer(route):
        if cut:
            route.abort("internetdisconnected")
            return
        found = route.fetch()
        route.fulfill(response=found, body=found.text().replace('data-seconds="30"', 'data-seconds="1"'))

    page.route("**/screen", answer)
    for number in (1, 2):
        page.goto(f"/public/commitments/{number}/screen")
        assert page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        ) == [1366, 768]
    told = page.inner_text("[data-clock]")
    page.wait_for_timeout(2500)
    later = page.inner_text("[data-clock]")
    site = re.search("data-clock>([0-9:]+)", page.request.get("/public/commitments/2/screen").text())[1]
    first, second, third = (
        int(a) * 3600 + int(b) * 60 + int(c) for a, b, c in (t.split(":") for t in (told, later, site))
    )
    assert 2 <= (second - first) % 86400 <= 8 and (third - second) % 86400 <= 8
    assert not page.is_visible("#stale")
    cut.append(True)
    page.wait_for_selector("#stale:visible", timeout=20_000)
    stopped = page.inner_text("[data-clock]")
    page.wait_for_timeout(1500)
    assert page.inner_text("[data-clock]") == stopped
    cut.clear()
    page.wait_for_selector("#stale", state="hidden", timeout=20_000)


def test_axe_finds_no_serious_fault(sign_in):
    axe, faults = Axe(), []

    def check(page, path):
        page.goto(path)
        page.wait_for_timeout(200)
        for one in axe.run(page).response["violations"]:
            if one["impact"] in ("serious", "critical"):
                faults.append((path, one["id"], [n["html"][:160] for n in one["nodes"][:3]]))

    page = sign_in("caiwu")
    pk = department_of(page)
    for path in [f"/d/{pk}/2021/{m}" for m in MAIN] + [
        "/targets/2",
        "/targets/5",
        "/monitoring/3",
        "/keyeval/1",
        "/draws/1",
        "/draws/2/screen",
        "/public/commitments/1/screen",
        "/public/commitments/2/slip",
        "/public/commitments/check?number=2&digest=f",
        "/records/4",
        "/account",
        "/public",
        "/public/1",
    ]:
        check(page, path)
    for name, paths in (
        ("caizheng", ["/portfolio", "/portfolio/findings"]),
        ("guanli", ["/admin", "/admin/users", "/admin/permissions", "/audit"]),
    ):
        page = sign_in(name)
        for path in paths:
            check(page, path)
    nobody = sign_in()
    check(nobody, "/sign-in")
    assert faults == []


def test_the_keyboard_alone_reaches_content_and_menu(sign_in):
    page = sign_in("keyuan")
    page.goto("/account")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.id === 'content' || location.hash === '#content'")
