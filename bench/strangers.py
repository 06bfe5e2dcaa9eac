"""Review documents of other trades that another hand wrote, and tell by rule how much of what was said is
right, and how much of what was planted was found.

``python bench/strangers.py`` writes each document of ``bench/strangers`` as docx, xlsx or html, reads and
reviews it as ``zhunsheng review`` does; ``--verbose`` lists what was missed and all noise, ``--write`` keeps
the figures in docs/benchmarks-strangers.md. The documents take the structure and the kinds of defects of
published ones; their sentences and figures are invented. ``planted`` says which defects there are and which
rules may tell them; what is not named there is meant to be right, however odd it looks.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bed.grids import Block, Document, Table
from bed.writers import write
from zhunsheng.intake import read_book
from zhunsheng.review import Finding, all_rules, review

HERE = Path(__file__).resolve().parent / "strangers"
PAGE = HERE.parent.parent / "docs" / "benchmarks-strangers.md"
UP, LEFT = "^", "<"  # a cell that goes on from above, from the left


def table_of(lines: list[list[str]]) -> Table:
    """Return a table written as rows of texts; ``^`` and ``<`` go on from the cell above or beside."""
    table = Table()
    wide = max(map(len, lines))
    grid = [[*line, *[LEFT if line[-1] == LEFT else ""] * (wide - len(line))] for line in lines]
    for row, line in enumerate(grid):
        for column, text in enumerate(line):
            if text in (UP, LEFT):
                continue
            columns = 1
            while column + columns < wide and line[column + columns] == LEFT:
                columns += 1
            rows = 1
            while row + rows < len(grid) and grid[row + rows][column] == UP:
                rows += 1
            table.put(row, column, text, rows, columns)
    return table


def blocks_of(text: str) -> list[Block]:
    """Return the paragraphs and tables of a document's text; a line with ``|`` is a row."""
    found: list[Block] = []
    rows: list[list[str]] = []
    for line in [*text.splitlines(), ""]:
        if "|" in line:
            rows.append([cell.strip() for cell in line.split("|")])
            continue
        if rows:
            found.append(table_of(rows))
            rows = []
        if line.strip():
            found.append(line.strip())
    return found


@dataclass(frozen=True)
class Told:
    """What came of one document: findings, each whether it tells of a defect; defects, each whether told."""

    name: str
    findings: list[tuple[Finding, bool]]
    planted: list[tuple[dict[str, Any], bool]]


def _tells(finding: Finding, one: dict[str, Any]) -> bool:
    names = one.get("names", ())
    here = finding.sheet == one.get("sheet", 0) or finding.code in ("ZS319", "ZS314")
    return here and finding.code in one["codes"] and (not names or finding.indicator in (None, *names))


def told_of(file: Path, folder: Path) -> Told:
    """Write, read and review one document."""
    said = yaml.safe_load(file.read_text(encoding="utf-8"))
    document = Document(file.stem, [blocks_of(said["text"])], [])
    path = write(document, said["ending"], folder, random.Random(file.stem))
    found = review(read_book(path)).findings
    planted = said["planted"]
    return Told(
        file.stem,
        [(f, any(_tells(f, one) for one in planted)) for f in found],
        [(one, any(_tells(f, one) for f in found)) for one in planted],
    )


def main() -> None:
    """Review all documents and print the figures."""
    options = argparse.ArgumentParser(description="review documents that another hand wrote")
    options.add_argument("--verbose", action="store_true", help="list what was missed and all noise")
    options.add_argument("--write", action="store_true", help="write docs/benchmarks-strangers.md")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        done = [told_of(file, Path(folder)) for file in sorted(HERE.glob("*.yaml"))]
    if given.verbose:
        for told in done:
            for one, seen in told.planted:
                if not seen:
                    print("missed", told.name, one["kind"], *one.get("names", ()))
            for finding, right in told.findings:
                if not right:
                    print("noise ", told.name, finding.code, finding.level, finding.message)
    page = told_as_page(done)
    print(page)
    if given.write:
        PAGE.write_text(page, encoding="utf-8")


def told_as_page(done: list[Told]) -> str:
    """Return the figures as a page."""
    rules = {rule.code: rule for rule in all_rules()}
    right = Counter(f.code for told in done for f, good in told.findings if good)
    noise = Counter(f.code for told in done for f, good in told.findings if not good)
    found: dict[str, list[bool]] = defaultdict(list)
    for told in done:
        for one, seen in told.planted:
            found[one["kind"]].append(seen)
    rows = [
        f"| {code} {rules[code].title} | {rules[code].level} | {right[code]} | {noise[code]} | "
        f"{right[code] / (right[code] + noise[code]):.0%} |"
        for code in sorted(right | noise)
    ]
    kinds = [f"| {kind} | {sum(seen)} / {len(seen)} |" for kind, seen in sorted(found.items())]
    telling = [code for code in right | noise if rules[code].level != "note"]
    good, all_ = sum(right[c] for c in telling), sum(right[c] + noise[c] for c in telling)
    seen, planted = sum(map(sum, found.values())), sum(map(len, found.values()))
    return f"""# How good the review is on other hands' documents

Made by `python bench/strangers.py`: {len(done)} documents, each in a layout of its own, of trades other \
than market supervision (bench/strangers), with {planted} defects of {len(found)} kinds and much that looks \
odd and is right. Hints (提示) are folded away and counted apart.

**What a new document will fare like** is told by the first reading, before anything was mended on it: of \
documents 01 to 15, 33 of 36 errors and warnings were right (91.7 %) and 33 of 47 defects found (70.2 %); of \
16 to 20, written after the rules were mended on the others, 11 of 12 (91.7 %) and 11 of 15 (73.3 %). The \
figures below are those of today, with the kinds mended that were missed. Who planted the defects had read \
the rules' code.

**Errors and warnings: {good} of {all_} right ({good / all_:.1%}). Defects found: {seen} of {planted} \
({seen / planted:.1%}).**

| rule | level | right | noise | precision |
|---|---|---|---|---|
{chr(10).join(rows)}

| planted | found |
|---|---|
{chr(10).join(kinds)}
"""


if __name__ == "__main__":
    main()
