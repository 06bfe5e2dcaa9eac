"""What goes wrong while a browser is open: no server, no worker, no session, an input method."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from driving import PASSWORD, finish, found_all, part, shot, year
from playwright.sync_api import expect
from running import ROOT

from zhunsheng.sample.portfolio import write_portfolio

pytestmark = pytest.mark.xdist_group("site")


def test_what_was_typed_stays_when_the_server_is_gone(sign_in):
    page = sign_in("keyuan", anew=True)
    part(page, "保障措施")
    page.click("a:has-text('培训')")
    page.fill("#f-title", "绩效培训")
    page.fill("#f-activity_no", "PX-9")
    page.select_option("#f-topic", "业务能力")
    page.fill("#f-held_on", "2021-09-01")
    page.context.set_offline(True)
    page.click("button:has-text('登记')")
    page.wait_for_selector("text=连接不上服务器")
    assert page.input_value("#f-title") == "绩效培训"
    page.context.set_offline(False)
    page.click("button:has-text('登记')")
    page.wait_for_selector("text=已登记")


def test_work_goes_on_after_the_worker_is_killed(sign_in, site, tmp_path):
    _address, variables, _data = site
    out = subprocess.run(["pgrep", "-f", "django worker"], capture_output=True, text=True).stdout.split()
    mine = [
        int(p)
        for p in out
        if f"ZHUNSHENG_DATA={variables['ZHUNSHENG_DATA']}".encode() in Path(f"/proc/{p}/environ").read_bytes()
    ]
    assert mine
    archive, _ = write_portfolio(tmp_path, 60, seed=9)
    page = sign_in("caizheng")
    page.set_input_files("#zip", str(archive))
    page.click("button:has-text('导入')")
    page.wait_for_url("**/jobs/*")
    finish(page)
    page.reload()
    found_all(page)
    page.wait_for_function(
        "() => { const p = document.querySelector('progress'); return p && p.value > 5 }", timeout=60_000
    )
    for pid in mine:
        os.kill(pid, signal.SIGKILL)
    worker = subprocess.Popen(
        [sys.executable, "-m", "django", "worker", "--no-startup-delay", "--verbosity", "0"],
        env=variables,
        cwd=ROOT,
    )
    try:
        page.wait_for_selector("[data-job-state=done]", timeout=150_000)
        page.reload()
        text = page.inner_text("main")
        assert "已全部导入" in text
    finally:
        worker.terminate()
        worker.wait(30)


def editable(page):
    """Open a sheet that can be edited; return its address."""
    part(page, "绩效目标")
    year(page, 2022)
    page.locator("main a[href^='/targets/']").first.click()
    page.wait_for_selector("form.field textarea")
    return page.url


def test_enter_while_an_input_method_composes_stays_in_the_field(sign_in):
    page = sign_in("keyuan", anew=True)
    editable(page)
    field = page.locator('form.field:has(input[value="indicators.0.basis"]) [name=text]').first
    was = field.input_value()
    field.click()
    field.evaluate('e => { e.value = "" }')
    keyboard = page.context.new_cdp_session(page)
    keyboard.send("Input.imeSetComposition", {"text": "gongzuo", "selectionStart": 7, "selectionEnd": 7})
    for code in (229, 13):
        keyboard.send(
            "Input.dispatchKeyEvent",
            {"type": "rawKeyDown", "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": code},
        )
    page.wait_for_timeout(600)
    where = 'document.activeElement.closest("form")?.querySelector("[name=path]")?.value'
    assert page.evaluate(where) == "indicators.0.basis"
    # Escape takes the letters back, not the whole field.
    keyboard.send(
        "Input.dispatchKeyEvent",
        {"type": "rawKeyDown", "key": "Escape", "code": "Escape", "windowsVirtualKeyCode": 229},
    )
    assert "gongzuo" in field.input_value()
    field.evaluate("e => { e.value = e.form.elements.was.value }")
    page.reload()
    assert field.input_value() == was
    # Without an input method Enter still goes down the column.
    field.click()
    page.keyboard.press("Enter")
    page.wait_for_function(f"({where}) === 'indicators.1.basis'")


def test_what_was_typed_stays_when_the_session_has_ended(sign_in):
    page = sign_in("keyuan", anew=True)
    part(page, "保障措施")
    page.click("a:has-text('培训')")
    for field, text in (("title", "会话过期后的培训"), ("activity_no", "PX-10"), ("held_on", "2021-09-02")):
        page.fill(f"#f-{field}", text)
    page.select_option("#f-topic", "业务能力")
    page.context.clear_cookies(name="sessionid")
    page.click("button:has-text('登记')")
    page.wait_for_selector("#alerts [data-session]")
    assert page.input_value("#f-title") == "会话过期后的培训"
    assert page.locator("input[name=password]").count() == 0
    shot(page, "session-over")
    with page.context.expect_page() as opened:
        page.click("#alerts a:has-text('在新窗口登录')")
    window = opened.value
    window.fill("#id_username", "keyuan")
    window.fill("#id_password", PASSWORD)
    window.click("button:has-text('登录')")
    window.wait_for_selector("text=可以关闭这个窗口")
    window.close()
    page.bring_to_front()
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    page.wait_for_selector("#alerts >> text=请再保存一次")
    assert page.input_value("#f-title") == "会话过期后的培训"
    page.click("button:has-text('登记')")
    page.wait_for_selector("text=已登记")


def test_a_field_saves_itself_after_signing_in_again(sign_in):
    page = sign_in("keyuan", anew=True)
    address = editable(page)
    field = page.locator('form.field:has(input[value="indicators.0.basis"]) [name=text]').first
    was = field.input_value()
    page.context.clear_cookies(name="sessionid")
    field.fill("会话过期时填的依据")
    page.locator("h1").first.click()
    page.wait_for_selector("#alerts [data-session]")
    assert field.input_value() == "会话过期时填的依据"
    other = page.context.new_page()
    other.goto("/sign-in?next=/signed-in")
    other.fill("#id_username", "keyuan")
    other.fill("#id_password", PASSWORD)
    other.click("button:has-text('登录')")
    other.wait_for_selector("text=可以关闭这个窗口")
    other.close()
    with page.expect_response(lambda r: r.url.endswith("/field")) as answer:
        page.evaluate("window.dispatchEvent(new Event('focus'))")
    assert answer.value.status == 200
    page.goto(address)
    assert field.input_value() == "会话过期时填的依据"
    field.fill(was)
    page.keyboard.press("Tab")
    page.wait_for_selector("form.kept")


def test_what_is_wrong_in_a_form_stands_beside_its_field(sign_in):
    page = sign_in("guanli")
    page.goto("/admin/calendar")
    form = page.locator("form:has([name=due_on])")
    page.evaluate("document.querySelectorAll('[required]').forEach((e) => e.removeAttribute('required'))")
    form.locator("[name=year]").fill("1850")
    form.locator("[name=due_on]").fill("2022-06-01")
    form.locator("button").click()
    page.wait_for_selector("#alerts [role=alert]")
    for name, said in (("year", "应在 2000 到 2100 之间"), ("name", "没有填写"), ("as_of", "没有填写")):
        field = form.locator(f"[name={name}]")
        expect(field).to_have_attribute("aria-invalid", "true")
        assert page.text_content(f"#{field.get_attribute('aria-describedby')}") == said
    assert form.locator("[name=year]").input_value() == "1850"
    assert form.locator("[name=due_on]").input_value() == "2022-06-01"
    # What is mended is said no more.
    form.locator("[name=name]").fill("一季度")
    form.locator("button").click()
    form.locator("[name=name]:not([aria-invalid])").wait_for()
    shot(page, "form-faults")
