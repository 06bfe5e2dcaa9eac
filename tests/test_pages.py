"""Tables of pages as drawn: one invented content in many layouts, as Chromium, LibreOffice and typst printed
it (``tests/golden/pages`` has what was on each page; bench/page_layouts.py prints such layouts anew), and
cases drawn here.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from places import GOLDEN
from zhunsheng.intake import paged
from zhunsheng.intake.drawn import Box, Letter, Page, radicals, region, upright, words_of
from zhunsheng.intake.grid import Block, Grid, Paragraph
from zhunsheng.intake.pdf import page_of

LAYOUTS = sorted(path.name.removesuffix(".json.gz") for path in (GOLDEN / "pages").glob("*.json.gz"))


def layout(name: str) -> tuple[list[list[str]], list[Block]]:
    """Return the rows that a layout shows and what is read of it."""
    data = json.loads(gzip.decompress((GOLDEN / "pages" / f"{name}.json.gz").read_bytes()))
    pages = [page_of(told, number) for number, told in enumerate(data["pages"], start=1)]
    return data["rows"], paged.blocks_of(pages)


def squeezed(text: str) -> str:
    """Return a text without blanks and breaks."""
    return re.sub(r"\s", "", text)


def grids(blocks: list[Block]) -> list[Grid]:
    return [block for block in blocks if isinstance(block, Grid)]


def rows_read(blocks: list[Block]) -> Iterator[list[str]]:
    for grid in grids(blocks):
        for row in range(len(grid.rows)):
            yield [squeezed(grid.text(row, column)) for column in range(grid.width)]


def follows(row: list[str], cells: list[str]) -> bool:
    """Say whether cells hold a row's texts in its order."""
    rest = iter(cells)
    return all(text in rest for text in row)


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_row_of_a_layout_is_whole(name: str) -> None:
    """Name, sign, value, unit and points stand in one row, once each, behind their levels."""
    rows, blocks = layout(name)
    read = list(rows_read(blocks))
    for row in rows:
        whole = next((cells for cells in read if follows([squeezed(cell) for cell in row], cells)), None)
        assert whole is not None, row
        read.remove(whole)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("typst-long-merged", 1),  # over pages
        ("chromium-long-broken", 1),  # rows cut by a page's end
        ("typst-long-unruled", 1),  # over pages, without lines
        ("excel-long", 1),  # its head repeated on every page
        ("typst-two-tables", 2),
        ("chromium-form-three", 3),  # a form a page
        ("chromium-form-three-titled", 3),  # the title within the table
    ],
)
def test_tables_are_told_apart_and_put_together(name: str, count: int) -> None:
    assert len(grids(layout(name)[1])) == count


def test_running_titles_and_page_numbers_stay_out_of_tables() -> None:
    _, blocks = layout("typst-long-repeat")
    texts = [block.text for block in blocks if isinstance(block, Paragraph)]
    assert texts == ["某市农业农村部门预算", "项目支出绩效目标表", "（2027年度）"]
    (grid,) = grids(blocks)
    assert len(grid.rows) == 61


def test_merged_cells_keep_their_spans() -> None:
    _, blocks = layout("typst-merged")
    (grid,) = grids(blocks)
    assert grid.spans == {(1, 0): (7, 1), (1, 1): (3, 1), (4, 1): (2, 1), (8, 0): (4, 1)}


def test_a_cell_knows_its_page_and_region_also_where_the_page_is_turned() -> None:
    _, blocks = layout("typst-merged")
    upright_place = grids(blocks)[0].place(2, 2)
    _, blocks = layout("turned-sideways90")
    turned = grids(blocks)[0].place(2, 2)
    left, top, right, bottom = upright_place.region
    assert (upright_place.page, upright_place.table, upright_place.row) == (1, 1, 3)
    # Turned a quarter to the left, what was on the left is below.
    assert turned.region == pytest.approx((top, 1 - right, bottom, 1 - left), abs=0.002)


def test_a_cell_over_a_page_end_stands_where_it_begins() -> None:
    _, blocks = layout("typst-long-merged")
    (grid,) = grids(blocks)
    pages = [grid.place(row, 2).page for row in range(len(grid.rows))]
    assert pages == sorted(pages) and pages[0] == 1 and pages[-1] == 3


def page(*lines: tuple[float, float, str], strokes: tuple[Box, ...] = (), size: float = 10) -> Page:
    """Return a page of lines of text (from the left, from above, words) and strokes."""
    letters = [
        Letter(one, x + n * size, y, x + (n + 1) * size, y + size)
        for x, y, words in lines
        for n, one in enumerate(words)
    ]
    return Page(1, 600, 800, letters, strokes)


def test_lines_that_ended_for_want_of_room_are_joined_and_others_kept_apart() -> None:
    full = page(
        (50, 100, "建成渠道四十八公里并"), (50, 115, "验收"), (50, 130, "培训农技人员"), (50, 145, "印发手册")
    )
    assert words_of(full.letters, 50, 155) == "建成渠道四十八公里并验收\n培训农技人员\n印发手册"
    listed = page((50, 100, "１建成渠道四十八公里"), (50, 115, "2.培训农技人员一批次"))
    assert words_of(listed.letters, 50, 150) == "１建成渠道四十八公里\n2.培训农技人员一批次"


def test_words_written_downwards_are_one_word() -> None:
    downwards = page((50, 100, "产"), (50, 112, "出"), (50, 124, "指"), (50, 136, "标"))
    assert words_of(downwards.letters, 40, 90) == "产出指标"


def test_radicals_become_the_characters_that_they_stand_for() -> None:
    table = radicals()
    assert "⽬标⻔⻚⻋⻅".translate(table) == "目标门页车见"
    (block,) = paged.blocks_of([page((50, 100, "绩效⽬标⻔类"))])
    assert isinstance(block, Paragraph) and block.text == "绩效目标门类"


def test_letters_printed_twice_are_one() -> None:
    once = page((50, 100, "绩效目标"))
    shadow = [one._replace(left=one.left + 0.3, right=one.right + 0.3) for one in once.letters]
    (block,) = paged.blocks_of([Page(1, 600, 800, [*once.letters, *shadow])])
    assert isinstance(block, Paragraph) and block.text == "绩效目标"


def test_a_frame_and_underlines_are_no_table() -> None:
    frame = (Box(20, 20, 580, 20), Box(20, 780, 580, 780), Box(20, 20, 20, 780), Box(580, 20, 580, 780))
    underline = Box(110, 111, 300, 111)
    blocks = paged.blocks_of(
        [page((50, 100, "项目名称：渠道建设"), (50, 130, "主管部门：农业局"), strokes=(*frame, underline))]
    )
    assert [type(block) for block in blocks] == [Paragraph, Paragraph]


def test_a_drawing_of_many_lines_is_no_table() -> None:
    lines = [Box(10, 10 + 1.3 * n, 590, 10 + 1.3 * n) for n in range(590)] + [Box(50, 10, 50, 790)]
    blocks = paged.blocks_of([page((50, 100, "图"), strokes=tuple(lines))])
    assert [block.text for block in blocks if isinstance(block, Paragraph)] == ["图"]


def test_a_region_is_told_of_the_page_as_shown() -> None:
    sideways = Page(1, 600, 800, [Letter("字", 100, 200, 110, 210, turns=1)] * 3)
    turned = upright(sideways)
    assert (turned.width, turned.height, turned.turns) == (800, 600, 3)
    letter = turned.letters[0]
    assert region(Box(*letter[1:5]), turned) == (0.1667, 0.25, 0.1833, 0.2625)


def test_no_page_brings_no_block() -> None:
    empty: list[Any] = paged.blocks_of([Page(1, 600, 800, [])])
    assert empty == []
