"""The docs: generated pages are as the code says, links lead somewhere, and no figure of the pages is made
up.
"""

from __future__ import annotations

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from zhunsheng.catalogues import PAGES, STATES, main, standard

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("name", PAGES)
def test_generated_pages_are_current(name):
    assert (ROOT / "docs" / name).read_text("utf8") == PAGES[name](), "run make docs"


def test_pages_are_written(tmp_path):
    main(tmp_path)
    assert {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()} == set(PAGES)


def headings(page: str) -> list[str]:
    """Return the headings of a page with their marks, as ``## Rooms``; what stands in blocks of
    code is none.
    """
    return re.findall(r"^#+ .+$", re.sub(r"^```.*?^```", "", page, flags=re.M | re.S), re.M)


def anchors(page: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    found: set[str] = set()
    for heading in headings(page):
        words = re.sub(r"[^\w\- ]", "", heading.lstrip("# ").lower()).replace(" ", "-")
        again = sum(
            one == words or re.fullmatch(rf"{re.escape(words)}-\d+", one) is not None for one in found
        )
        found.add(f"{words}-{again}" if again else words)
    return found


@pytest.mark.parametrize(
    "path", [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")], ids=lambda p: p.relative_to(ROOT).as_posix()
)
def test_links_lead_somewhere(path):
    for link in re.findall(r"\]\(([^)]+)\)", path.read_text("utf8")):
        if not link.startswith(("http:", "https:")):
            file, _, anchor = link.partition("#")
            target = path.parent / file if file else path
            assert target.exists(), link
            assert not anchor or anchor in anchors(target.read_text("utf8")), link


def test_a_page_that_the_code_names_is_there():
    """A message or a comment that sends its reader to a page of the docs sends them to one."""
    for path in [
        *(ROOT / "src").rglob("*.py"),
        *(ROOT / "tests").rglob("*.py"),
        *(ROOT / "docs").glob("*.yaml"),
    ]:
        for page in re.findall(r"\bdocs/[\w-]+(?:\.en)?\.md\b", path.read_text("utf8")):
            assert (ROOT / page).exists(), (path.name, page)


TRANSLATED = sorted((ROOT / "docs").glob("*.en.md"))


@pytest.mark.parametrize("english", TRANSLATED, ids=lambda p: p.name)
def test_both_languages_of_a_page_say_the_same(english):
    """The same headings in depth, the same blocks of code but for their comments, and the same
    words as code.
    """
    chinese = english.with_name(english.name.replace(".en.md", ".md"))
    pages = [path.read_text("utf8") for path in (english, chinese)]
    assert [page.split("\n", 1)[0] for page in pages] == [
        f"[中文]({chinese.name})",
        f"[English]({english.name})",
    ]
    depths = [[heading.split(" ")[0] for heading in headings(page)] for page in pages]
    assert depths[0] == depths[1]
    blocks = [re.findall(r"^```.*?^```", page, re.M | re.S) for page in pages]
    bare = [[re.sub(r"[ ]+# .*$", "", block, flags=re.M) for block in of] for of in blocks]
    assert bare[0] == bare[1]
    rest = (re.sub(r"^```.*?^```", "", page, flags=re.M | re.S) for page in pages)
    spans = [sorted(" ".join(one.split()) for one in re.findall(r"`([^`]+)`", text)) for text in rest]
    assert spans[0] == spans[1]


def test_what_administrators_and_citizens_read_is_in_chinese():
    assert {path.name for path in TRANSLATED} >= {
        "operate.en.md",
        "file-formats.en.md",
        "verify-by-hand.en.md",
    }
    for path in TRANSLATED:
        page = path.with_name(path.name.replace(".en.md", ".md")).read_text("utf8")
        assert all(re.search("[\u4e00-\u9fff]|PostgreSQL|SQLite", heading) for heading in headings(page)), (
            path.name
        )


def test_both_readmes_say_the_same():
    english, chinese = ((ROOT / name).read_text("utf8") for name in ("README.md", "README.zh-CN.md"))
    assert re.findall(r"^#+", english, re.M) == re.findall(r"^#+", chinese, re.M)
    blocks = [re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S) for text in (english, chinese)]
    assert blocks[0] == blocks[1]


def test_every_room_is_on_the_architecture_page():
    page = (ROOT / "docs" / "architecture.md").read_text("utf8")
    for path in (ROOT / "src" / "zhunsheng").iterdir():
        if not path.name.startswith("_") and path.suffix != ".typed":
            assert f"`{path.stem}" in page, path.name


SOURCES = ROOT / "src" / "zhunsheng"
# Paths in these sections of the page begin there, elsewhere in the sources.
BEGIN = {"The command line": SOURCES / "cli", "The web application": SOURCES / "web"}


def architecture() -> list[tuple[str, str]]:
    """Return the sections of the page on architecture as (heading, text), the unheaded start left out."""
    page = (ROOT / "docs" / "architecture.md").read_text("utf8")
    parts = re.split(r"^## (.+)\n", page, flags=re.M)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def test_every_path_of_the_architecture_page_is_there():
    found = 0
    for heading, text in architecture():
        for path in re.findall(r"`([\w./-]*(?:/|/[\w-]+|\.py|\.yaml|\.html))`", text):
            if path not in ("src/zhunsheng", "zhunsheng.run/1", "verify.html"):
                assert (BEGIN.get(heading, SOURCES) / path).exists(), f"{heading}: {path}"
                found += 1
    assert found > 150


def names_in(path: Path) -> set[str]:
    """Return what a module defines: functions, classes, methods as ``Class.method``, and names
    that are set.
    """
    found = set()
    for node in ast.parse(path.read_text("utf8")).body:
        match node:
            case ast.FunctionDef(name=name):
                found.add(name)
            case ast.ClassDef(name=name, body=body):
                found |= {name, *(f"{name}.{one.name}" for one in body if isinstance(one, ast.FunctionDef))}
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                found.add(name)
    return found


def test_every_stop_of_the_streams_is_where_the_page_says():
    """A name at a stop is defined in the file named last before it."""
    streams = dict(architecture())["The same streams, file by file"]
    assert len(re.findall(r"^### ", streams, re.M)) == 4
    stops = 0
    for stop in re.split(r"^ *\d+\. ", streams, flags=re.M)[1:]:
        file = None
        for span in re.findall(r"`([^`]+)`", stop.split("\n### ")[0]):
            if span.endswith(".py"):
                file = SOURCES / span
            elif file and re.fullmatch(r"[A-Za-z_]+(\.[a-z_]+)?", span):
                assert span in names_in(file), f"{file.relative_to(SOURCES)}: {span}"
                stops += 1
    assert stops > 100


def test_no_key_of_a_site_is_kept_with_the_source():
    """A site's keys and database lie in its data folder, which a run from the checkout makes beside the
    source.
    """
    assert "/zhunsheng-data/" in (ROOT / ".gitignore").read_text("utf8").split("\n")
    if (ROOT / ".git").exists():  # an unpacked release has no list of its own
        listed = subprocess.run(
            ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
        assert not [name for name in listed.split("\n") if name.endswith((".key", ".pem"))]


def site_words() -> set[str]:
    """Return every text of the site that is marked for translation: buttons, headings, names of parts."""
    catalogue = (ROOT / "src/zhunsheng/locale/en/LC_MESSAGES/django.po").read_text("utf8")
    told = re.findall(r'^msgid ((?:".*"\n)+)', catalogue, re.M)
    return {"".join(re.findall(r'^"(.*)"$', lines, re.M)) for lines in told}


def test_every_button_and_heading_of_the_tour_is_on_the_site():
    page = (ROOT / "docs" / "tour.md").read_text("utf8")
    named = set(re.findall("「([^」]+)」", page))
    assert len(named) > 60 and not named - site_words()
    assert len(page.splitlines()) <= 120


# -- security
# -----------------------------------------------------------------------------------------------------------


@cache
def known_tests() -> frozenset[str]:
    """Return all tests as ``tests/FILE.py::NAME``."""
    found = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found.add(f"{path.relative_to(ROOT).as_posix()}::{node.name}")
    return frozenset(found)


def test_every_item_of_asvs_of_levels_1_and_2_is_answered_once():
    wanted = [one for rows in standard("asvs-items")["levels"].values() for row in rows for one in row]
    answered = [one["id"] for one in standard("asvs")["items"]]
    assert len(wanted) == len(set(wanted)) == 253 and sorted(answered) == sorted(wanted)
    assert {one.split(".")[0] for one in wanted} == set(standard("asvs")["chapters"])


@pytest.mark.parametrize(("name", "field"), [("asvs", "status"), ("djbh", "state")])
def test_an_answer_to_a_standard_has_a_known_state_and_tests_that_are_there(name, field):
    wrong = []
    for one in standard(name)["items"]:
        if one[field] not in STATES or not (one["asks"] and one.get("how", one.get("does"))):
            wrong.append((one["id"], one[field]))
        if ("tests" in one) == ("none" in one) or not one.get("tests", one.get("none")):
            wrong.append((one["id"], "a test, or why there is none"))
        wrong += [(one["id"], test) for test in one.get("tests", ()) if test not in known_tests()]
    assert not wrong


def test_every_test_that_the_threat_model_names_is_there():
    page = (ROOT / "docs" / "security.md").read_text("utf8")
    named = set(re.findall(r"tests/[\w/]+\.py::\w+", page))
    assert len(named) > 60 and not named - known_tests()
    rooms = re.findall(r"^## (.+)$", page, re.M)
    assert len(rooms) > 12
    for room in rooms[1:-2]:
        told = page.split(f"## {room}\n", 1)[1].split("\n## ", 1)[0]
        assert "**Not promised**" in told, room
