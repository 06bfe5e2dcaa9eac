"""PDF: what PDFium tells of real and of drawn files, places, pictures of pages, scans, and files that mean
harm.
"""

from __future__ import annotations

import resource
import time
import zlib
from pathlib import Path
from typing import Any

import pytest

from pdfs import Sheet, line, pdf, table, text
from places import GOLDEN
from zhunsheng.errors import ZhunshengError
from zhunsheng.files import pdf as pdf_files
from zhunsheng.files import pdfium
from zhunsheng.files.opening import open_bytes
from zhunsheng.files.pdf import contents, page_picture
from zhunsheng.intake import read_book, scanned
from zhunsheng.intake.grid import Block, Grid, Paragraph, Picture
from zhunsheng.intake.reading import blocks_of, book_of
from zhunsheng.targets import Place

ROWS = [
    ["一级指标", "二级指标", "三级指标", "指标值"],
    ["产出指标", "数量指标", "建成灌溉渠道", "≥48公里"],
    ["产出指标", "质量指标", "验收合格率", "≥95%"],
    ["效益指标", "社会效益指标", "受益农户数", "≥2300户"],
    ["满意度指标", "服务对象满意度", "农户满意度", "≥92%"],
]
XS = [50, 140, 250, 400, 520]
FORM = text(200, 760, "渠道项目绩效目标表", 14) + text(50, 735, "项目名称：渠道项目") + table(ROWS, XS, 720)
GREY = (
    b"<</Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray/Length 1>>"
    b"stream\n\x99\nendstream"
)
SCAN = Sheet("q 595 0 0 842 0 0 cm /I Do Q", more="/Resources<</XObject<</I 100 0 R>>>>")


def read(data: bytes) -> list[Block]:
    return blocks_of(open_bytes(data, "目标.pdf"))


def the_grid(data: bytes) -> Grid:
    (grid,) = [block for block in read(data) if isinstance(block, Grid)]
    return grid


@pytest.mark.parametrize("name", ["typst-merged.pdf", "word-merged.pdf"])
def test_a_printed_document_is_read_to_indicators(name: str) -> None:
    book = read_book(GOLDEN / "pages" / name)
    (sheet,) = book.sheets
    assert [one.type.aim.words() for one in sheet.indicators[:3]] == ["≥1200人次", "≥48.6公里", "=3500册"]
    assert (sheet.indicators[1].level1, sheet.indicators[1].level2) == ("产出指标", "数量指标")
    assert len(sheet.indicators) == 12
    assert book.source.media_type == "application/pdf"


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
@pytest.mark.parametrize("written", [0, 90, 270])
def test_pages_are_read_upright_however_they_are_turned(turned: int, written: int) -> None:
    """Turned by their /Rotate entry, or their text written sideways, also words in figures and signs only."""
    matrix, size = {
        0: ("1 0 0 1 0 0", (595, 842)),
        90: ("0 1 -1 0 842 0", (842, 595)),
        270: ("0 -1 1 0 0 595", (842, 595)),
    }[written]
    grid = the_grid(pdf([Sheet(f"q {matrix} cm\n{FORM}Q", size, turned)]))
    assert grid.rows == ROWS


def test_the_region_of_a_cell_is_where_the_page_shows_it() -> None:
    """Also with an origin elsewhere and a page that is turned."""
    upright = the_grid(pdf([Sheet(FORM)])).place(1, 2).region
    assert upright == pytest.approx((250 / 595, 142 / 842, 400 / 595, 162 / 842), abs=0.001)
    moved = Sheet(f"q 1 0 0 1 100 50 cm {FORM}Q", more="/CropBox[100 50 695 892]/MediaBox[0 0 800 1000]")
    assert the_grid(pdf([moved])).place(1, 2).region == pytest.approx(upright, abs=0.001)
    left, top, right, bottom = upright
    turned = the_grid(pdf([Sheet(FORM, turned=90)])).place(1, 2).region
    assert turned == pytest.approx((1 - bottom, left, 1 - top, right), abs=0.001)


def test_a_place_says_its_page_and_other_formats_say_nothing_of_pages() -> None:
    place = Place(page=2, table=1, row=3, column=4, region=(0.1, 0.2, 0.3, 0.4))
    assert place.label() == "第2页表1第3行第4列"
    assert Place(page=2).label() == "第2页"
    assert Place(page=2, paragraph=5).label() == "第2页第5段"
    assert Place.model_validate_json(place.model_dump_json()) == place
    assert set(Place(table=1).model_dump(mode="json")) == {
        "line",
        "paragraph",
        "sheet",
        "table",
        "row",
        "column",
    }


def test_a_book_of_a_pdf_comes_back_from_json() -> None:
    book = book_of(open_bytes(pdf([Sheet(FORM)]), "目标.pdf"))
    assert [one.type.aim.words() for one in book.sheets[0].indicators] == [
        "≥48公里",
        "≥95%",
        "≥2300户",
        "≥92%",
    ]
    assert type(book).from_json(book.as_json()) == book


def test_text_that_its_cell_cuts_off_is_not_read() -> None:
    cut = f"q 0 0 300 842 re W n {text(50, 700, '看得见')} {text(400, 700, '看不见')} Q"
    assert [block.text for block in read(pdf([Sheet(cut)])) if isinstance(block, Paragraph)] == ["看得见"]


def test_a_table_within_a_form_of_the_page_is_read() -> None:
    inner = table(ROWS, XS, 720).encode()
    form = (
        b"<</Type/XObject/Subtype/Form/BBox[0 0 595 842]/Matrix[1 0 0 1 10 -20]"
        b"/Resources<</Font<</F 3 0 R>>>>/Length %d>>stream\n" % len(inner) + inner + b"\nendstream"
    )
    data = pdf([Sheet("/X Do", more="/Resources<</XObject<</X 100 0 R>>>>")], [form])
    assert the_grid(data).rows == ROWS
    assert the_grid(data).place(0, 0).region[:2] == pytest.approx((60 / 595, 142 / 842), abs=0.001)


def test_ten_pages_of_tables_are_read_within_two_seconds() -> None:
    rows = [[f"指标{n}", "数量指标", "建成高标准农田灌溉渠道长度", f"≥{n}公里"] for n in range(330)]
    data = pdf([Sheet(table(rows[n : n + 33], XS, 760)) for n in range(0, 330, 33)])
    own, children = time.process_time(), resource.getrusage(resource.RUSAGE_CHILDREN)
    assert len(the_grid(data).rows) == 330
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = (
        time.process_time() - own + after.ru_utime - children.ru_utime + after.ru_stime - children.ru_stime
    )
    assert spent < 2


# Pictures of pages, and pages that are pictures.


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")


def test_a_page_is_shown_as_a_picture_of_bounded_size() -> None:
    data = pdf([Sheet("q Q"), Sheet("1 0 0 rg 0 421 595 421 re f", turned=180)])
    assert size_of(page_picture(data, "a.pdf", 1, 842)) == (595, 842)
    assert max(size_of(page_picture(data, "a.pdf", 1, 100_000))) == pdf_files.LONGEST
    png = page_picture(data, "a.pdf", 2, 100)
    start = png.index(b"IDAT") + 4
    rows = zlib.decompress(png[start : start + int.from_bytes(png[start - 8 : start - 4], "big")])
    width = size_of(png)[0]
    assert rows[1:4] == b"\xff\xff\xff" and rows[-3 * width :][:3] == b"\xff\0\0"  # red stands below: turned
    with pytest.raises(ZhunshengError, match="ZS-IN-43"):
        page_picture(data, "a.pdf", 3)


def test_a_scan_says_that_it_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zhunsheng.intake.pdf.can_recognise", lambda: False)
    with pytest.raises(ZhunshengError, match=r"ZS-IN-41.*扫描件"):
        read(pdf([SCAN, SCAN], [GREY]))


def test_a_scanned_page_among_others_is_told_as_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zhunsheng.intake.pdf.can_recognise", lambda: False)
    data = pdf([Sheet(FORM), SCAN], [GREY])
    (picture,) = [block for block in read(data) if isinstance(block, Picture)]
    assert picture.place.page == 2 and picture.place.region == (0, 0, 1, 1)
    book = book_of(open_bytes(data, "目标.pdf"))
    assert [one.place.page for one in book.unsure if one.field == "picture"] == [2]


def test_an_empty_page_is_no_scan() -> None:
    assert read(pdf([Sheet("q Q")])) == []


def words_on_a_picture(_png: bytes) -> tuple[list[scanned.Word], list[tuple[float, ...]], int]:
    """Give what the recognition of characters would tell of FORM at two pixels a point."""
    words = [scanned.Word("渠道项目绩效目标表", 400, 140, 652, 168)]
    words += [
        scanned.Word(cell, 2 * x + 6, 244 + 40 * n + 8, 2 * x + 6 + 20 * len(cell), 244 + 40 * n + 32)
        for n, row in enumerate(ROWS)
        for x, cell in zip(XS, row, strict=False)
    ]
    lines: list[tuple[float, ...]] = [(100, 244 + 40 * n, 1040, 246 + 40 * n) for n in range(len(ROWS) + 1)]
    lines += [(2 * x, 244, 2 * x + 2, 446) for x in XS]
    return words, lines, 1684


def test_a_scan_is_read_where_recognition_is_installed_and_every_field_doubted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("zhunsheng.intake.pdf.can_recognise", lambda: True)
    monkeypatch.setattr("zhunsheng.intake.scanned.recognised", words_on_a_picture)
    book = book_of(open_bytes(pdf([SCAN], [GREY]), "扫描.pdf"))
    (sheet,) = book.sheets
    assert [one.type.aim.words() for one in sheet.indicators] == ["≥48公里", "≥95%", "≥2300户", "≥92%"]
    doubted = {one.field for one in book.unsure}
    assert {f"indicators.{n}.{name}" for n in range(4) for name in ("name", "target", "level1")} <= doubted
    assert "scan" in doubted


def test_text_that_a_scanner_laid_unseen_over_its_picture_is_doubted() -> None:
    """Rendering mode 3: neither filled nor stroked."""
    over = FORM.replace("BT ", "BT 3 Tr ")
    fonts = "/Resources<</Font<</F 3 0 R>>/XObject<</I 100 0 R>>>>"
    book = book_of(
        open_bytes(pdf([Sheet(f"q 595 0 0 842 0 0 cm /I Do Q\n{over}", more=fonts)], [GREY]), "a.pdf")
    )
    assert "indicators.0.target" in {one.field for one in book.unsure}


def test_signs_without_a_meaning_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zhunsheng.intake.pdf.can_recognise", lambda: False)
    private = "".join(chr(0xE000 + n) for n in range(40))
    with pytest.raises(ZhunshengError, match=r"ZS-IN-44.*第1页"):
        read(pdf([Sheet(text(20, 700, private))]))


# Files that mean harm.

LOCKED = f"/Encrypt<</Filter/Standard/V 1/R 2/O<{'00' * 32}>/U<{'11' * 32}>/P -44>>/ID[<00><00>]"
LOOP = (
    b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 100 0 R>>>>/Length 11>>"
    b"stream\n/X Do /X Do\nendstream"
)
HARM: dict[str, tuple[Any, str]] = {
    "encrypted": (lambda: pdf([Sheet("q Q")], trailer=LOCKED), "ZS-IN-04"),
    "cut": (lambda: pdf([Sheet(FORM)])[:400], "ZS-IN-05"),
    "noise": (lambda: b"%PDF-1.7\n" + bytes(range(256)) * 40, "ZS-IN-05"),
    "huge page": (lambda: pdf([Sheet("q Q", (200_000, 200_000))]), "ZS-IN-42.*200000"),
    "many pages": (lambda: pdf([Sheet("q Q")] * 301), "ZS-IN-42.*301 页"),
    "unpacks to much": (lambda: pdf([Sheet(b" " * 300_000_000)]), "ZS-IN-42"),
    "long path": (lambda: pdf([Sheet("0 0 m " + "1 1 l 5 1 l " * 3_000_000 + "S")]), "ZS-IN-42"),
    "nested states": (lambda: pdf([Sheet("q " * 4_000_000)]), "ZS-IN-42"),
    "forms that draw themselves": (
        lambda: pdf([Sheet("/X Do", more="/Resources<</XObject<</X 100 0 R>>>>")], [LOOP]),
        "ZS-IN-42",
    ),
}


@pytest.mark.parametrize("name", HARM)
def test_harm_is_refused_within_bounds(name: str) -> None:
    """Within five seconds of the processor, whatever the machine does beside it. The system holds the
    process to 280 MiB: what would take more ends it.
    """
    make, code = HARM[name]
    data = make()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with pytest.raises(ZhunshengError, match=code):
        read(data)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 5


@pytest.mark.parametrize(
    ("bound", "drawn"),
    [("MOST_LETTERS", text(50, 700, "绩效目标")), ("MOST_LINES", line(0, 0, 9, 0) * 4)],
)
def test_what_is_counted_is_bounded(monkeypatch: pytest.MonkeyPatch, bound: str, drawn: str) -> None:
    data = pdf([Sheet(drawn), Sheet(drawn)])
    assert len(list(pdfium.content(data))) == 2
    monkeypatch.setattr(pdfium, bound, 7)
    with pytest.raises(pdfium.Refused, match="l"):
        list(pdfium.content(data))


def test_a_full_page_of_lines_is_read_in_time() -> None:
    lines = "".join(line(10, 10 + 4 * n, 590, 10 + 4 * n) for n in range(200))
    lines += "".join(line(10 + 4 * n, 10, 10 + 4 * n, 830) for n in range(140))
    start = time.process_time()
    read(pdf([Sheet(lines + text(50, 700, "字"))] * 20))
    assert time.process_time() - start < 5


def test_the_process_gets_no_variables_and_imports_nothing_of_the_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its own file names every module that it needs."""
    source = Path(pdf_files.__file__).with_name("pdfium.py").read_text("utf8")
    assert "zhunsheng" not in source
    monkeypatch.setenv("LD_PRELOAD", "/nowhere.so")
    assert contents(pdf([Sheet(FORM)]), "a.pdf")[0]["size"] == [595, 842]


def _shaded(rows: list[list[str]], top: float, pitch: float = 26) -> str:
    """Return the commands that draw a table of which every other row's cells are filled; no text of a row
    above goes on where a cell is empty and unshaded. Lines of a cell stand 12 points apart.
    """
    drawn = ""
    for n, row in enumerate(rows):
        y = top - pitch * (n + 1)
        for column, cell in enumerate(row):
            x = 60 + 110 * column
            if n % 2 and cell != "^":
                drawn += f"0.9 g {x} {y} 109.5 {pitch} re f 0 g\n"
            for k, words in enumerate(cell.replace("^", "").split("\n")):
                drawn += text(x + 3, y + pitch - 9 - 12 * k, words) if words else ""
    return drawn


def test_shaded_rows_make_a_table_that_goes_on_over_pages() -> None:
    first = [
        ["一级指标", "二级指标", "三级指标", "指标值"],
        ["产出指标", "数量指标", "断面数", "≥30个"],
        ["效益指标", "社会效益指标", "公开次数", "≥12次"],
        ["^", "^", "受益人口", "≥3万人"],
        ["^", "生态效益指标", "优良天数比例", "≥80%"],
        ["满意度指标", "公众满意度指标", "参与问卷调查的群众满", "≥90%"],
    ]
    rest = [["", "", "意度", ""], ["", "", "企业满意度", "≥85%"], ["", "", "游客满意度", "≥80%"]]
    grid = next(
        one
        for one in blocks_of(
            open_bytes(pdf([Sheet(_shaded(first, 300)), Sheet(_shaded(rest, 800))]), "目标.pdf")
        )
        if isinstance(one, Grid)
    )
    rows = [[grid.text(r, c) for c in range(4)] for r in range(len(grid.rows))]
    assert rows[2:6] == [
        ["效益指标", "社会效益指标", "公开次数", "≥12次"],
        ["效益指标", "社会效益指标", "受益人口", "≥3万人"],
        ["效益指标", "生态效益指标", "优良天数比例", "≥80%"],
        ["满意度指标", "公众满意度指标", "参与问卷调查的群众满意度", "≥90%"],
    ]
    assert [row[2:] for row in rows[6:]] == [["企业满意度", "≥85%"], ["游客满意度", "≥80%"]]


def test_points_of_a_list_stay_in_their_cell_of_a_table_without_lines() -> None:
    rows = [["项目名称", "图书馆开放"], ["年度目标", "目标1：全年开放。"], ["", "目标2：服务读者。"]]
    rows += [
        ["一级指标", "三级指标", "指标值"],
        ["产出指标", "开放天数", "≥320天"],
        ["", "新书册数", "≥900册"],
    ]
    drawn = "".join(
        text(60 + 150 * column, 700 - 24 * n, cell)
        for n, row in enumerate(rows)
        for column, cell in enumerate(row)
        if cell
    )
    (grid,) = (one for one in blocks_of(open_bytes(pdf([Sheet(drawn)]), "目标.pdf")) if isinstance(one, Grid))
    assert grid.text(1, 1) == "目标1：全年开放。\n目标2：服务读者。"
    assert [grid.text(r, 2) for r in range(2, 5)] == ["指标值", "≥320天", "≥900册"]
