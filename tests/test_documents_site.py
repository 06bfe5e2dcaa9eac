"""The documents as a site: built without a warning, opened from a folder, searched in Chinese."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def documents(tmp_path_factory):
    """The documents built as `make site` builds them."""
    builder = Path(sys.prefix, "docs", "bin", "sphinx-build")
    assert builder.exists(), "make .venv/.docs installs what builds the documents"
    out = tmp_path_factory.mktemp("documents")
    done = subprocess.run(
        [builder, "-q", "-W", "--keep-going", "-c", "docs/sphinx", "docs", out],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return out


def test_the_documents_are_read_and_searched_from_a_folder(documents, chromium):
    page = chromium.new_page()
    asked, faults = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto((documents / "README.html").as_uri())
    assert page.locator(".sidebar-tree a", has_text="怎样观察一次抽查").count()
    found = {}
    for words in ("名录库", "随机信标 drand", "ZS-DR-08", "名录库里没有的词组"):
        page.goto((documents / "search.html").as_uri() + f"?q={words}")
        page.wait_for_selector("#search-results p.search-summary")
        found[words] = page.locator("#search-results li a").all_inner_texts()
    page.close()
    assert "怎样观察一次抽查" in found["名录库"] and "怎样观察一次抽查" in found["随机信标 drand"]
    assert "错误代码" in found["ZS-DR-08"] and found["名录库里没有的词组"] == []
    assert faults == [] and {url.split(":")[0] for url in asked} == {"file"}
