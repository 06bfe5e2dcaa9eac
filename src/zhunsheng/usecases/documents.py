"""A document as a page shows it beside its recognised sheet: paragraphs and tables whose parts carry their
place.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zhunsheng.files.opening import open_file
from zhunsheng.intake import MAX_DOCUMENT, blocks_of
from zhunsheng.intake.grid import Grid, Paragraph, Picture
from zhunsheng.targets import Place

MAX_CELLS = 20_000  # what a browser still shows at ease


def place_key(place: Place | None) -> str:
    """Return a place as a short key for links within a page: l12, p3, t2r3c4, sheet names
    by their letters.
    """
    if place is None:
        return ""
    if place.line is not None:
        return f"l{place.line}"
    if place.paragraph is not None:
        return f"p{place.paragraph}"
    # An identifier must hold no spaces, so a worksheet is named by its characters' numbers.
    sheet = "s" + "-".join(f"{ord(c):x}" for c in place.sheet) if place.sheet else ""
    table = f"t{place.table}" if place.table is not None else ""
    cell = f"r{place.row}c{place.column}" if place.row is not None else ""
    return f"{sheet}{table}{cell}"


def original(path: Path) -> list[dict[str, Any]]:
    """Return a document's parts in order: ``{"kind": "p", "key", "text"}`` or ``{"kind": "t", "title",
    "rows"}``.

    Rows hold cells ``{"key", "text", "rows", "columns"}`` without those covered by a merged one.
    Raises ``ZS-IN-*``.
    """
    parts: list[dict[str, Any]] = []
    left = MAX_CELLS
    for block in blocks_of(open_file(path, max_bytes=MAX_DOCUMENT)):
        if isinstance(block, Paragraph):
            parts.append({"kind": "p", "key": place_key(block.place), "text": block.text})
            continue
        if isinstance(block, Picture):
            parts.append({"kind": "p", "key": place_key(block.place), "text": f"［{block.what}，没有读］"})
            continue
        if not isinstance(block, Grid):
            continue
        rows = []
        for r, values in enumerate(block.rows):
            cells = []
            for c in range(len(values)):
                if block.owner(r, c) != (r, c):
                    continue
                cell = block.cell(r, c)
                shown = {
                    "key": place_key(cell.place),
                    "text": cell.text,
                    "rows": cell.rows,
                    "columns": cell.columns,
                }
                cells.append(shown)
            while cells and not cells[-1]["text"] and cells[-1]["rows"] == 1 and len(cells) > 1:
                cells.pop()
            left -= len(cells)
            if left < 0:
                break
            rows.append(cells)
        parts.append({"kind": "t", "title": block.title, "rows": rows})
    return parts
