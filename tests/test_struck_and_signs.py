"""What is struck through is left out of every carrier and told; signs of fonts of symbols are characters."""

from __future__ import annotations

import pytest
from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font

from pdfs import Sheet, line, pdf, table, text
from places import GOLDEN
from zhunsheng.files.opening import open_bytes, open_file
from zhunsheng.intake import blocks_of
from zhunsheng.intake.grid import Grid
from zhunsheng.intake.symbols import UNKNOWN, printed
from zhunsheng.intake.telling import DELETED, HIDDEN, STRUCK
from zhunsheng.targets import Unsure

CARRIERS = GOLDEN / "carriers"


def read(opened):
    """The rows of the first table, and what is told: the words and why."""
    blocks = blocks_of(opened)
    grid = next(one for one in blocks if isinstance(one, Grid))
    told = [(one.text, one.why) for one in blocks if isinstance(one, Unsure)]
    return [[grid.text(r, c) for c in range(grid.width)] for r in range(len(grid.rows))], told


@pytest.mark.parametrize("ending", ["doc", "rtf", "odt", "pdf"])
def test_signs_and_struck_words_are_the_same_in_every_carrier(ending):
    """Saved by LibreOffice from one document: ≥ and ≤ in Symbol, a tick in Wingdings, words struck once and
    twice, hidden, and deleted while changes were tracked, which a PDF shows struck through.
    """
    rows, told = read(open_file(CARRIERS / f"signs-and-struck.{ending}"))
    assert [row[-1].replace(" ", "") for row in rows[1:]] == ["≥30个", "≥95%", "≤10天", "≥12次"]
    assert rows[4][2] == "☑信息公开"
    struck = [("≥8", STRUCK), ("20", STRUCK)]
    if ending == "pdf":
        assert told == [*struck, ("旧", STRUCK)]
    else:
        assert told == [*struck, ("内部", HIDDEN), ("1 处修订删去的文字", DELETED)]


def test_a_style_strikes_and_names_a_font_in_rtf():
    said = (
        r"{\rtf1\ansi\ansicpg936{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset2 Symbol;}{\f2\fcharset2 Odd;}}"
        r"\trowd\cellx1000\cellx2000\intbl {\f1 \'b3}5\cell {\strike 7}8{\f1\u-3917 ?}"
        r"\striked1 9\striked0\cell\row"
        r"\trowd\cellx1000\cellx2000\intbl {\f2 \'b3}5\cell x\cell\row}"
    )
    rows, told = read(open_bytes(said.encode("ascii"), "目标.rtf"))
    assert rows == [["≥5", "8≥"], [f"{UNKNOWN}5", "x"]]
    assert [words for words, _why in told] == ["7", "9", f"{UNKNOWN}5"]


def test_fonts_of_a_workbook_show_signs_and_strike(tmp_path):
    book = Workbook()
    sheet = book.active
    sheet["A1"], sheet["B1"] = "³80%", "þ"
    sheet["A1"].font, sheet["B1"].font = Font(name="Symbol"), Font(name="Wingdings")
    signs = TextBlock(InlineFont(rFont="Symbol"), "£")
    sheet["A2"] = CellRichText(signs, "5天", TextBlock(InlineFont(strike=True), "7天"))
    sheet["B2"] = "作废"
    sheet["B2"].font = Font(strike=True)
    book.save(path := tmp_path / "a.xlsx")
    rows, told = read(open_file(path))
    assert rows == [["≥80%", "☑"], ["≤5天", ""]]
    assert [(words.split()[-1], why) for words, why in told] == [("7天", STRUCK), ("作废", STRUCK)]


@pytest.mark.parametrize(
    ("sign", "font", "shown"),
    [
        ("\uf0b3", "BCDEEE+SymbolMT", "≥"),
        ("³", "Symbol", "≥"),
        ("≥", "Symbol", "≥"),
        ("×", "Symbol", "×"),
        ("\uf0fe", "ABCDEF+Wingdings-Regular", "☑"),
        ("\uf0b3", "DAAAAA+OpenSymbol", "≥"),
        ("\uf06c", "OpenSymbol", UNKNOWN),
        ("\uf0b3", "SimSun", UNKNOWN),
        ("x", "SegoeUISymbol", "x"),
    ],
)
def test_a_sign_of_a_pdf_is_told_by_its_font(sign, font, shown):
    assert printed(sign, font) == shown


@pytest.mark.parametrize(("left", "value"), [(153, "90"), (100, "作废90")])
def test_a_line_strikes_the_words_of_a_page_with_which_it_begins_and_ends(left, value):
    """Another that runs through them is no line of the table either, and strikes nothing."""
    drawn = table([["一级指标", "指标值"], ["产出指标", ""]], [50, 150, 250], 700)
    drawn += text(153, 666, "作废") + text(173, 666, "90") + line(left, 669, 173, 669)
    rows, told = read(open_bytes(pdf([Sheet(drawn)]), "目标.pdf"))
    assert rows == [["一级指标", "指标值"], ["产出指标", value]]
    assert told == ([("作废", STRUCK)] if value == "90" else [])


def test_a_sign_without_a_meaning_stands_on_sideways_pages_too():
    drawn = "".join(
        text(300 - 20 * n, 100, words, matrix="0 1 -1 0") for n, words in enumerate(["目标", "\uf0b3五"])
    )
    (paragraph, *_more) = blocks_of(open_bytes(pdf([Sheet(drawn)]), "横.pdf"))
    assert "目标" in paragraph.text
