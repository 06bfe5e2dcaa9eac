"""The same document out of Word 97–2003, RTF, web archives, csv, OFD and macro workbooks."""

from __future__ import annotations

import io
import json
import struct
import zipfile

import openpyxl
import pytest

from compounds import compound
from places import GOLDEN
from zhunsheng.errors import ZhunshengError
from zhunsheng.files.opening import open_bytes
from zhunsheng.intake import blocks_of, book_of
from zhunsheng.intake.grid import Grid, Paragraph

CARRIERS = GOLDEN / "carriers"


def plain(blocks):
    """Blocks as data: paragraphs with their number, grids with the text of every row's cells and spans."""
    found = []
    for block in blocks:
        if isinstance(block, Grid):
            rows = [[block.text(r, c) for c in block.distinct(r)] for r in range(len(block.rows))]
            found.append({"rows": rows, "spans": sorted([*a, *s] for a, s in block.spans.items())})
        elif isinstance(block, Paragraph):
            found.append({"text": block.text, "paragraph": block.place.paragraph})
        else:
            found.append({"picture": str(block.what)})
    return found


@pytest.mark.parametrize("ending", ["doc", "rtf"])
def test_word_97_and_rtf_keep_merges_nesting_and_what_is_seen(ending):
    """Saved by LibreOffice from one document: header and footer, a deletion, hidden text, a field, a table
    with cells merged both ways, one within a cell, one of 36 columns.
    """
    path = CARRIERS / f"merged-nested-tracked.{ending}"
    opened = open_bytes(path.read_bytes(), path.name)
    assert opened.kind == ending
    blocks = blocks_of(opened)
    assert plain(blocks) == json.loads((CARRIERS / "merged-nested-tracked.json").read_text("utf8"))
    table = next(b for b in blocks if isinstance(b, Grid))
    assert table.place(5, 3).label() == "表1第6行第4列"
    (sheet,) = book_of(opened).sheets
    assert (sheet.name, sheet.year, sheet.budget.total) == ("水质监测项目", 2024, 1_200_000)
    assert [i.name for i in sheet.indicators] == [
        "断面数",
        "数据合格率",
        "完成时间",
        "信息公开次数",
        "公众满意度",
    ]
