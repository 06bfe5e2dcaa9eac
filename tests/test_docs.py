"""The docs: generated pages are as the code says, links lead somewhere, and no figure of the pages is made up."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from zhunsheng.catalogues import PAGES, main

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("name", PAGES)
def test_generated_pages_are_current(name):
    assert (ROOT / "docs" / name).read_text("utf8") == PAGES[name](), "run make docs"


def test_pages_are_written(tmp_path):
    main(tmp_path)
    assert {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()} == set(PAGES)


@pytest.mark.parametrize(
    "path", [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")], ids=lambda p: p.relative_to(ROOT).as_posix()
)
def test_links_lead_somewhere(path):
    for link in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", path.read_text("utf8")):
        if not link.startswith(("http:", "https:")):
            assert (path.parent / link).exists(), link


def test_both_readmes_say_the_same():
    english, chinese = ((ROOT / name).read_text("utf8") for name in ("README.md", "README.zh-CN.md"))
    assert re.findall(r"^#+", english, re.M) == re.findall(r"^#+", chinese, re.M)
    blocks = [re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S) for text in (english, chinese)]
    assert blocks[0] == blocks[1]


def test_every_room_is_on_the_architecture_page():
    page = (ROOT / "docs" / "architecture.md").read_text("utf8")
    for path in (ROOT / "src" / "zhunsheng").iterdir():
        if not path.name.startswith("__"):
            assert f"`{path.stem}" in page, path.name


def test_no_key_of_a_site_is_kept_with_the_source():
    """A site's keys and database lie in its data folder, which a run from the checkout makes beside the source."""
    assert "/zhunsheng-data/" in (ROOT / ".gitignore").read_text("utf8").split("\n")
    if (ROOT / ".git").exists():  # an unpacked release has no list of its own
        listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        assert not [name for name in listed.split("\n") if name.endswith((".key", ".pem"))]
