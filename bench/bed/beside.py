"""What another program keeps of the test documents: rows of indicators whose cells stand in one line.

MarkItDown turns documents into text for language models and knows nothing of targets, so it is asked only
whether a row stays whole. It runs in an interpreter of its own (``pip install markitdown[docx,xlsx,pdf]``).
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path

from bed.grids import Document, Table
from bed.judging import Judgement, plain

_PROGRAM = """
import json, sys
from markitdown import MarkItDown
reader, found = MarkItDown(), []
for path in sys.argv[1:]:
    try:
        found.append(reader.convert(path).text_content)
    except Exception:
        found.append("")
print(json.dumps(found))
"""
BATCH = 200


def texts(python: str, paths: Iterable[Path]) -> list[str]:
    """Return each document as MarkItDown's text, empty where it could not."""
    files = [str(path) for path in paths]
    found: list[str] = []
    for start in range(0, len(files), BATCH):
        run = subprocess.run(
            [python, "-c", _PROGRAM, *files[start : start + BATCH]],
            check=True,
            capture_output=True,
            text=True,
        )
        found += json.loads(run.stdout)
    return found


def whole_rows(text: str, page: Document) -> tuple[int, int]:
    """Return how many rows of indicators have all their cells in one line of the text, and of how many."""
    lines = [plain(line) for line in text.splitlines()]
    names = {plain(one["name"]) for sheet in page.sheets for one in sheet["indicators"]}
    kept = rows = 0
    for table in page.blocks:
        for n, row in enumerate(table.rows() if isinstance(table, Table) else ()):
            cells = {plain(cell.text) for cell in row} - {""}
            if n not in table.hidden and any(cell.endswith(tuple(names)) for cell in cells):
                rows += 1
                kept += any(all(cell in line for cell in cells) for line in lines)
    return kept, rows


def read_rows(judged: Judgement) -> int:
    """Return how many true indicators were read with everything right that the document says of them."""
    wrong = {one.field.rpartition(": ")[0] for one in judged.fields if one.kind != "right"}
    return len(
        {one.field.rpartition(": ")[0] for one in judged.fields if one.field.endswith(": name")} - wrong
    )
