"""Bounds of documents stand in one module, so that each is weighed beside the others."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import zhunsheng.files
import zhunsheng.intake

FILES, INTAKE = (Path(package.__path__[0]) for package in (zhunsheng.files, zhunsheng.intake))
OF_LEDGERS = {
    "sheets.py",
    "spreadsheet.py",
    "plain_sheets.py",
    "opening.py",
}  # whose sheets are larger by far
# What is written, lists of answers and of layouts, and the reader of PDF that runs without the package.
OF_OTHERS = {"writing.py", "answers.py", "layouts.py", "pdfium.py"}
BOUND = re.compile("(?:_|[A-Z0-9_]*_)?(?:MAX|MOST)(?:_[A-Z0-9_]+)?")


def bounds_in(source: str) -> set[str]:
    """Return the names of a module that look like bounds and are numbers given there."""
    found = set()
    for node in ast.parse(source).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        value = getattr(node, "value", None)
        numbers = [one for one in ast.walk(value) if isinstance(one, ast.Constant)] if value else []
        if not numbers or not all(isinstance(one.value, int | float) for one in numbers):
            continue
        names = [
            one.id for target in targets if target for one in ast.walk(target) if isinstance(one, ast.Name)
        ]
        found |= {name for name in names if BOUND.fullmatch(name)}
    return found


def test_no_reader_of_documents_has_a_bound_of_its_own():
    readers = [*INTAKE.glob("*.py"), *(path for path in FILES.glob("*.py") if path.name not in OF_LEDGERS)]
    stray = {
        path.name: names
        for path in readers
        if path.name not in {"bounds.py", *OF_OTHERS}
        and (names := bounds_in(path.read_text(encoding="utf-8")))
    }
    assert stray == {}
    assert len(bounds_in((FILES / "bounds.py").read_text(encoding="utf-8"))) > 50


def test_a_bound_is_found_however_it_is_given():
    assert bounds_in("MAX_ROWS = 5") == bounds_in("MAX_ROWS: int = 2**4") == {"MAX_ROWS"}
    assert bounds_in("_MOST, LEAST = 5, 1") == {"_MOST"}
    assert bounds_in("WORD_MAX_RUNS = 7") == {"WORD_MAX_RUNS"}
    assert bounds_in("from x import MAX_ROWS\nALMOST = 3\nMAX_NAME = 'a'") == set()
