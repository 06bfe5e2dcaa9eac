"""The list of parts of a release: all that the lock has and the pages carry, valid, with licences, the same
bytes whenever it is made.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The list, made twice."""
    paths = [tmp_path_factory.mktemp("sbom") / "sbom.json" for _ in range(2)]
    for path in paths:
        subprocess.run([sys.executable, ROOT / "requirements" / "sbom.py", path], check=True)
    return [path.read_text("utf8") for path in paths]


def test_every_part_of_the_lock_is_there_with_its_digests_and_a_licence(made):
    assert made[0] == made[1]
    listed = json.loads(made[0])
    parts = {part["purl"]: part for part in listed["components"]}
    lock = (ROOT / "requirements" / "run.txt").read_text("utf8")
    locked = {
        f"pkg:pypi/{name}@{number}"
        for name, number in re.findall(r"^([\w.-]+)(?:\[.+\])?==(\S+)", lock, re.M)
    }
    assert {one for one in parts if one.startswith("pkg:pypi/")} == locked
    assert [one for one in parts if not parts[one].get("licenses")] == []
    for name in locked:
        hashes = {h["content"] for said in parts[name]["externalReferences"] for h in said.get("hashes", [])}
        assert hashes and all(f"sha256:{one}" in lock for one in hashes), name
    assert sorted(listed["dependencies"][0]["dependsOn"]) == sorted(
        p["bom-ref"] for p in listed["components"]
    )


def test_what_pages_carry_is_there_too(made):
    names = {part["name"] for part in json.loads(made[0])["components"]}
    assert names >= {"@tabler/core", "@tabler/icons", "htmx.org", "echarts", "@noble/curves"}
    rows = (ROOT / "src/zhunsheng/web/static/web/vendor/README.md").read_text("utf8").count("\n| `")
    assert sum(part["purl"].startswith("pkg:npm/") for part in json.loads(made[0])["components"]) >= rows


def test_it_is_valid_and_names_no_place_or_time(made):
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(made[0]) is None
    assert str(ROOT) not in made[0] and "timestamp" not in json.loads(made[0])["metadata"]
