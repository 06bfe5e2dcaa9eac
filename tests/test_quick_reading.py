"""What is read by a quicker way for large files is what the careful way reads."""

from __future__ import annotations

import csv
import gc
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import check_file, csv_files
from zhunsheng.files import sheets, spreadsheet
from zhunsheng.files.opening import open_file

TITLES = ["凭证号", "项目名称", "支付金额", "支付日期", "收款人"]
cells = st.text("a甲\",， '1", max_size=6)


def loaded(path):
    with check_file(path, None, "甲局") as checked:
        rows = checked.connection.execute("SELECT * EXCLUDE (_id) FROM parsed ORDER BY _id").fetchall()
        return rows, checked.errors, checked.rows, checked.notes


def written(rows, quoting, end):
    text = io.StringIO()
    writer = csv.writer(text, quoting=quoting, lineterminator=end)
    writer.writerow(TITLES)
    writer.writerows(rows)
    return text.getvalue()


@given(
    st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=5),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([0, csv_files._KEPT]),  # read where it lies, as a large file is, and kept
)
def test_quotes_about_whole_cells_are_read_by_the_database(rows, quoting, end, kept):
    given = [[f"N{n}", a, "10", b, c] for n, (a, b, c) in enumerate(rows)]
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        (path := Path(folder) / "支出.csv").write_text(written(given, quoting, end), "utf8")
        patch.setattr(csv_files, "_KEPT", kept)
        asked = []
        quote_of = csv_files._quote_of_plain
        patch.setattr(csv_files, "_quote_of_plain", lambda *a: asked.append(quote_of(*a)) or asked[-1])
        quick = loaded(path)
        patch.setattr(csv_files, "_quote_of_plain", lambda *a: None)
        careful = loaded(path)
    assert quick == careful
    assert asked == ['"' if '"' in written(given, quoting, end) else ""]


@pytest.mark.parametrize(
    "line",
    ['N1,"甲,10,2021-05-06', 'N1,a"b",10,2021-05-06', 'N1,"a"b,10,2021-05-06', 'N1,"甲\n乙",10,2021-05-06'],
)
def test_quotes_that_stand_otherwise_are_left_to_the_reader_of_quotes(tmp_path, line):
    (path := tmp_path / "支出.csv").write_text(f"{','.join(TITLES)}\n{line}\nN2,乙,10,2021-05-06\n", "utf8")
    with check_file(path, None, "甲局") as checked:
        assert csv_files._quote_of_plain(path, checked.connection, ",") is None


def test_a_sheet_is_measured_in_pieces_to_its_last_cell(tmp_path, monkeypatch):
    xlsxwriter = pytest.importorskip("xlsxwriter")
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet()
        for row in range(300):
            page.write_row(row, 0, ["x", row, "y"])
        page.write(199_999, 20, "z")
    monkeypatch.setattr(sheets, "_PIECE", 500)
    opened = open_file(path)
    data = opened.member(spreadsheet.sheet_paths(opened)[0][1])
    pieces = list(sheets.pieces(data))
    assert len(pieces) > 20 and b"".join(pieces) == data
    for piece in pieces[1:]:
        assert piece.startswith(b'<c r="')
    with pytest.raises(ZhunshengError) as caught:
        list(spreadsheet.read_workbook(opened))
    assert (caught.value.code, "200,000 行 × 21 列" in str(caught.value)) == ("ZS-IN-10", True)


def test_the_interpreter_collects_again_after_a_workbook(tmp_path):
    (path := tmp_path / "a.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    with pytest.raises(ZhunshengError), check_file(path, None, "甲局"):
        pass
    assert gc.isenabled()
