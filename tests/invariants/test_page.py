"""The page of invariants names every test of them, and every test it names exists."""

from __future__ import annotations

import ast
import re

from small_office import ROOT


def test_every_test_that_the_page_of_invariants_names_exists():
    page = (ROOT / "docs" / "invariants.md").read_text("utf8")
    named = set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page))
    assert len(named) > 60
    known = {}
    for path in {p for p, _ in named}:
        tree = ast.parse((ROOT / path).read_text("utf8"))
        known[path] = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
        # A machine of states is a test by the name that it is given.
        given = [target for n in tree.body if isinstance(n, ast.Assign) for target in n.targets]
        known[path] |= {target.id for target in given if isinstance(target, ast.Name)}
    assert not sorted((p, n) for p, n in named if n not in known[p])


def test_every_invariant_tried_is_on_the_page():
    page = (ROOT / "docs" / "invariants.md").read_text("utf8")
    for folder in ("tests/invariants", "tests/web/invariants"):
        known = {}
        for path in (ROOT / folder).glob("test_*.py"):
            tree = ast.parse(path.read_text("utf8"))
            for node in tree.body:
                if isinstance(node, ast.FunctionDef) and re.match(r"test_\d", node.name):
                    known[node.name] = f"`{folder}/{path.name}::{node.name}`"
        assert known and not sorted(where for where in known.values() if where not in page), folder
