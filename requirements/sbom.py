"""Write the list of parts of a release (CycloneDX 1.6, JSON): ``python requirements/sbom.py FILE``.

The parts are those of requirements/run.txt with their digests, as ``cyclonedx-py`` reads them, each with the
licence that its installed package states, and what is vendored for pages (static/web/vendor/README.md,
requirements/page). The same lock gives the same bytes, whenever and wherever it is made.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, metadata, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
VENDORED = ROOT / "src/zhunsheng/web/static/web/vendor/README.md"
_ROW = re.compile(r"^\| `.+` \| `(@?[\w./-]+)`.* \| ([\w.]+) \| ([\w.-]+) \|$", re.M)
_EXPRESSION = re.compile(r"[\w.+-]+(?: (?:AND|OR|WITH) [\w.+-]+)*")
_LONGEST = 60  # signs of what is a licence's name and not its text


def licence_of(name: str) -> str | None:
    """Return the licence that an installed package states: its expression, else its classifiers, else a
    name.
    """
    try:
        said = metadata(name)
    except PackageNotFoundError:
        return None
    if expression := said.get("License-Expression"):
        return str(expression)
    found = [c.split(" :: ")[-1] for c in said.get_all("Classifier") or () if c.startswith("License :: ")]
    found = [one for one in found if one != "OSI Approved"]
    stated = str(said.get("License") or "").strip()
    short = stated if len(stated) <= _LONGEST and "\n" not in stated and stated != "UNKNOWN" else None
    return "; ".join(sorted(found)) or short


def licensed(part: dict[str, Any], licence: str | None) -> dict[str, Any]:
    """Return a part with its licence: as an expression where it is written as one, else by its name."""
    if not licence:
        return part
    written = bool(re.search(r"[\d-]|\bMIT\b|\bISC\b", licence)) and bool(_EXPRESSION.fullmatch(licence))
    return part | {"licenses": [{"expression": licence} if written else {"license": {"name": licence}}]}


def packages() -> dict[str, Any]:
    """Return the list of the lock's packages, as ``cyclonedx-py`` writes it."""
    lock = ROOT / "requirements" / "run.txt"
    words = ["requirements", "--pyproject", str(ROOT / "pyproject.toml"), "--output-reproducible"]
    command = [sys.executable, "-m", "cyclonedx_py", *words, "--of", "JSON", "--sv", "1.6", str(lock)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    for part in found["components"]:  # a line's number and text say nothing of the part
        part["bom-ref"] = part["purl"]
        part.pop("description", None)
    for said in found.get("dependencies", []):
        said.pop("dependsOn", None)
    known = found["metadata"]["component"]["bom-ref"]
    found["metadata"]["component"]["version"] = version("zhunsheng")
    refs = sorted(part["bom-ref"] for part in found["components"])
    found["dependencies"] = [{"ref": known, "dependsOn": refs}, *({"ref": ref} for ref in refs)]
    found["components"] = [licensed(part, licence_of(part["name"])) for part in found["components"]]
    return found


def vendored() -> list[dict[str, Any]]:
    """Return what lies in the program itself of others: styles and scripts, and what verify.html carries."""
    parts = _ROW.findall(VENDORED.read_text("utf8"))
    page = json.loads((ROOT / "requirements/page/package-lock.json").read_text("utf8"))["packages"]
    for path, said in page.items():
        if "@noble/" in path:
            parts.append((path.removeprefix("node_modules/"), said["version"], said["license"]))
    found = []
    for name, number, licence in sorted(parts):
        purl = f"pkg:npm/{name.replace('@', '%40')}@{number}"
        part = {"bom-ref": purl, "name": name, "purl": purl, "type": "library", "version": number}
        found.append(licensed(part, licence))
    return found


def sbom() -> str:
    """Return the whole list as it is written."""
    made = packages()
    made["components"] += vendored()
    made["dependencies"][0]["dependsOn"] = sorted(part["bom-ref"] for part in made["components"])
    made["dependencies"][1:] = [{"ref": ref} for ref in made["dependencies"][0]["dependsOn"]]
    return json.dumps(made, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(sbom(), "utf8")
    print(target)
