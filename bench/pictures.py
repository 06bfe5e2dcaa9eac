"""Take the pictures of the coherence map: of the sample and of a document of one's own.

``python bench/pictures.py DATA ADDRESS [FILE]`` visits a site with the sample (``make serve``: its data
folder and its address), lays ``FILE`` (a document of targets) into a department of its own there, and keeps
both maps as docs/pictures/map-sample.png and map-document.png at 1366 pixels (``-375`` at 375), the sample's
data beside it.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
SIZES = {"": (1366, 768), "-375": (375, 812)}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
BUREAU = "caizheng"  # an account of the sample


def laid_in(file: Path) -> tuple[int, int]:
    """Lay a document into a department of its own; return the department's key and the document's year."""
    import django

    django.setup()
    from zhunsheng.intake import read_book
    from zhunsheng.web.models import Organisation, Upload
    from zhunsheng.web.services import office
    from zhunsheng.web.services.sheets.documents import take_document

    book = read_book(file)
    year = next(sheet.year for sheet in book.sheets if sheet.year)
    district = Organisation.objects.get(name="示例区")
    name = f"{file.stem}（{year}）"
    there = Organisation.objects.filter(name=name, parent=district).first()
    place = there or office.found(name, "department", district)
    take_document(Upload.keep(file.read_bytes(), file.name, "document", place, None), place, year, None)
    return place.pk, year


def sample() -> tuple[int, int]:
    """Return the key of the sample's bureau and its year."""
    from zhunsheng.web.models import Organisation

    return Organisation.objects.get(name="示例区市场监督管理局", kind="department").pk, 2021


def taken(page: Page, place: tuple[int, int], name: str) -> None:
    """Keep a department's map as a picture at each width, and its data."""
    address = f"/d/{place[0]}/{place[1]}/targets/coherence"
    for suffix, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        page.goto(address)
        page.screenshot(path=PICTURES / f"{name}{suffix}.png", full_page=True)
    if name == "map-sample":  # the words of a document of one's own stay with it
        data = page.request.get(f"{address}?format=json")
        (PICTURES / f"{name}.json").write_bytes(data.body())


def main() -> None:
    """Take all pictures."""
    options = argparse.ArgumentParser(description="take the pictures of the coherence map")
    options.add_argument("data", type=Path, help="data folder of a site with the sample")
    options.add_argument("address", help="where it answers, as http://127.0.0.1:8000")
    options.add_argument("file", type=Path, nargs="?", help="a document of targets")
    given = options.parse_args()
    os.environ["ZHUNSHENG_DATA"] = str(given.data.resolve())
    os.environ["DJANGO_SETTINGS_MODULE"] = "zhunsheng.web.settings"
    found = {"map-document": laid_in(given.file)} if given.file else {}
    import django

    django.setup()
    from zhunsheng.web.services.sample_site import PASSWORD

    found["map-sample"] = sample()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = browser.new_context(base_url=given.address, locale="zh-CN").new_page()
        page.goto("/sign-in")
        page.fill("#id_username", BUREAU)
        page.fill("#id_password", PASSWORD)
        page.click("button[type=submit]:visible")
        page.wait_for_load_state()
        for name, place in found.items():
            taken(page, place, name)
        browser.close()


if __name__ == "__main__":
    main()
