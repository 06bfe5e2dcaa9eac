"""Walk the first day of a site by its pages alone: from an empty folder to a document approved, a ledger
imported and an indicator computed, with the clock of each step.

``python bench/first_day.py [--pictures FOLDER] [--port 8300]`` starts ``zhunsheng serve`` on a new data
folder of its own and drives Chromium. What it prints is how long the pages take; reading and thinking are a
person's.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import openpyxl
from playwright.sync_api import Browser, Page, sync_playwright

from zhunsheng.sample.documents import bureau, flattened

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
OFFICE, CODE = "示例区市场监督管理局", "305001"
SET_UP = {
    "city": "示例市",
    "district": "示例区",
    "department": OFFICE,
    "official_code": CODE,
    "username": "guanli",
    "display": "管理员",
    "password": "First-day-2026",
    "again": "First-day-2026",
}
PEOPLE = [
    ("用户名", "姓名", "单位", "角色", "联系电话"),
    ("keyuan", "科员", CODE, "科室人员", ""),
    ("caiwu", "财务", CODE, "财务科", ""),
    ("juzhang", "负责人", CODE, "部门负责人", ""),
    ("caizheng", "财政", "示例区", "财政局", ""),
]
NEW = "Second-day-2026"  # what everybody chooses in place of the password handed out
YEAR = 2021


@dataclass
class Day:
    """The day's clock: steps with their seconds, and where pictures go."""

    pictures: Path | None
    steps: list[tuple[str, float]] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time a step and print it."""
        began = time.monotonic()
        yield
        self.steps.append((name, time.monotonic() - began))
        print(f"{sum(s for _, s in self.steps):7.1f} s  {name}（{self.steps[-1][1]:.1f} s）", flush=True)

    def shot(self, page: Page, name: str) -> None:
        """Keep a picture of a page."""
        if self.pictures:
            page.screenshot(path=self.pictures / f"{len(self.steps) + 1:02d}-{name}.png", full_page=True)


def opened(browser: Browser, address: str) -> Page:
    """Return a page of somebody's own browser."""
    size = {"width": 1366, "height": 900}
    return browser.new_context(base_url=address, viewport=size, locale="zh-CN").new_page()


def signed_in(browser: Browser, address: str, name: str, password: str) -> Page:
    """Sign in as a person who then chooses a password of their own, where one was handed out."""
    page = opened(browser, address)
    page.goto("/sign-in")
    page.fill("input[name=username]", name)
    page.fill("input[name=password]", password)
    page.click("main button[type=submit], button.btn-primary")
    page.wait_for_load_state()
    if "/account/password" in page.url:
        for one, text in (("old_password", password), ("new_password1", NEW), ("new_password2", NEW)):
            page.fill(f"input[name={one}]", text)
        page.click("main button.btn-primary")
        page.wait_for_load_state()
    return page


def acted(page: Page, button: str) -> None:
    """Take a step on a sheet, its errors known where it has some."""
    box = page.locator("input[name=despite]")
    if box.count():
        box.check()
    page.click(f"button:has-text('{button}')")
    page.wait_for_selector("text=已办理")


def walk(browser: Browser, address: str, data: Path, day: Day, files: Path) -> None:
    """Walk through the day."""
    with day.step("设置网站"):
        page = opened(browser, address)
        page.goto("/")
        for name, text in (SET_UP | {"code": (data / "setup.code").read_text()}).items():
            page.fill(f"input[name={name}]", text)
        day.shot(page, "设置")
        page.click("button.btn-primary")
        page.wait_for_url("**/admin/start")
        day.shot(page, "开始使用")
    with day.step("从 Excel 导入人员"):
        book = openpyxl.Workbook()
        for row in PEOPLE:
            book.active.append(row)
        book.save(files / "人员.xlsx")
        page.goto("/admin/lists")
        form = page.locator("form:has(input[value=people])")
        form.locator("input[type=file]").set_input_files(files / "人员.xlsx")
        form.locator("button").click()
        page.wait_for_selector("text=现在什么都还没有做")
        day.shot(page, "人员预览")
        page.click("button.btn-primary")
        page.wait_for_url("**/admin/users")  # the passwords are shown this once
        handed = dict(re.findall(r"用户 (\w+) 的临时密码[^：]*：\s*(\S+)", page.inner_text("main")))
        assert len(handed) == 4, handed
    with day.step("日历"):
        page.goto("/admin/calendar")
        page.click("button:has-text('装入这一套')")
        page.wait_for_load_state()
    with day.step("目标：上传、识别、审核、批复"):
        (files / "绩效目标.txt").write_text(flattened(bureau()), "utf8")
        staff = signed_in(browser, address, "keyuan", handed["keyuan"])
        staff.goto("/")
        here = re.search(r"/d/(\d+)/", staff.content())[1]
        staff.goto(f"/d/{here}/{YEAR}/targets")
        staff.set_input_files("#doc", files / "绩效目标.txt")
        staff.click("text=上传并识别")
        staff.wait_for_url("**/documents/*")
        sheets = sorted(set(re.findall(r'href="(/targets/\d+)"', staff.content())))
        assert len(sheets) == 3, staff.inner_text("main")
        finance = signed_in(browser, address, "caiwu", handed["caiwu"])
        money = signed_in(browser, address, "caizheng", handed["caizheng"])
        for sheet in sheets:
            for who, button in ((staff, "提交审核"), (finance, "审核通过"), (money, "批复")):
                who.goto(sheet)
                if who is staff:
                    day.shot(who, "审核意见")
                acted(who, button)
    with day.step("导入台账"):
        head = "登记编号,类别,收到日期,办结日期\n"
        rows = (f"T{n},举报,2021-03-{n:02},{f'2021-04-{n:02}' if n < 28 else ''}\n" for n in range(1, 31))
        (files / "举报.csv").write_text(head + "".join(rows), "utf8")
        staff.goto(f"/d/{here}/{YEAR}/ledgers")
        staff.set_input_files("#file", files / "举报.csv")
        staff.click("button:has-text('上传')")
        staff.wait_for_url("**/jobs/*")
        staff.wait_for_selector("[data-job-state=done], [data-job-state=failed]", timeout=120_000)
        day.shot(staff, "导入结果")
    with day.step("看到算出的指标"):
        end = time.monotonic() + 120
        while True:
            staff.goto(f"/d/{here}/{YEAR}/")
            if staff.locator("text=90.00%").count() or staff.locator("text=90%").count():
                break
            assert time.monotonic() < end, staff.inner_text("main")
            time.sleep(1)
        day.shot(staff, "总览")
        page.goto("/admin/start")
        day.shot(page, "开始使用-之后")


def main() -> None:
    """Start a site of its own, walk, and print the clock."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--pictures", type=Path)
    asked.add_argument("--port", type=int, default=8300)
    said = asked.parse_args()
    if said.pictures:
        said.pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as drive:
        data, files = Path(place) / "data", Path(place) / "files"
        files.mkdir()
        kept = {k: v for k, v in os.environ.items() if not k.startswith("ZHUNSHENG_")}
        serve = [sys.executable, "-m", "zhunsheng", "serve", "--port", str(said.port), "--plain-http"]
        day = Day(said.pictures)
        variables = kept | {"ZHUNSHENG_DATA": str(data)}
        site = subprocess.Popen(serve, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        browser = drive.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        try:
            with day.step("启动网站"):
                page = browser.new_page()
                while True:
                    try:
                        page.goto(f"http://127.0.0.1:{said.port}/set-up")
                        break
                    except Exception:
                        assert site.poll() is None
                        time.sleep(0.3)
            walk(browser, f"http://127.0.0.1:{said.port}", data, day, files)
        finally:
            browser.close()
            site.terminate()
            site.wait(30)


if __name__ == "__main__":
    main()
