"""Small files that unpack or unfold to a machine's memory or an hour's work are refused first,
with a code.
"""

from __future__ import annotations

import io
import resource
import struct
import time
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import replace

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from test_hostile import sheet, word
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import HOME, WEB, check_file, ledger_of
from zhunsheng.faults import of_system
from zhunsheng.files.opening import open_bytes
from zhunsheng.files.zips import Locked, TooLarge, UnfitZip, Zip, ZipBounds
from zhunsheng.intake import book_of

HEAD = ("登记编号", "类别", "收到日期", "办结日期")
COMPLAINTS = "complaints"


@contextmanager
def cheap(seconds=10, mib=300):
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    yield
    assert time.monotonic() - started < seconds
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < mib * 1024


def zipped(files, method=zipfile.ZIP_DEFLATED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


def patched(data, offset, form, value):
    """Every entry of the directory with another value in a field."""
    out, at = bytearray(data), 0
    while (at := out.find(b"PK\1\2", at)) >= 0:
        struct.pack_into(form, out, at + offset, value)
        at += 4
    return bytes(out)


def spoiled(data):
    """A zip whose first member's packed bytes were overwritten."""
    at = 30 + data[26] + 10
    return data[:at] + b"\xff" * 40 + data[at + 40 :]


TEXT = "项目绩效目标表，产出指标，数量指标\n".encode() * 40 + bytes(range(32, 127)) * 3
BROKEN = {
    "overwritten": (spoiled(zipped({"a.txt": TEXT})), UnfitZip),
    "lzma": (zipped({"a.txt": TEXT}, zipfile.ZIP_LZMA), UnfitZip),
    "lzma damaged": (spoiled(zipped({"a.txt": TEXT}, zipfile.ZIP_LZMA)), UnfitZip),
    "bzip2 damaged": (spoiled(zipped({"a.txt": TEXT}, zipfile.ZIP_BZIP2)), UnfitZip),
    "unknown method": (patched(zipped({"a.txt": TEXT}), 10, "<H", 97), UnfitZip),
    "encrypted": (patched(zipped({"a.txt": TEXT}), 8, "<H", 1), Locked),
    "patched data": (patched(zipped({"a.txt": TEXT}), 8, "<H", 0x20), UnfitZip),
    "no such place": (patched(zipped({"a.txt": TEXT}), 42, "<L", 2**31), UnfitZip),
    "cut": (zipped({"a.txt": TEXT})[:-30], UnfitZip),
    "no zip": (b"PK\3\4" + b"x" * 200, UnfitZip),
    "says less": (patched(zipped({"a.txt": TEXT}), 24, "<L", 5), UnfitZip),
    "says more": (patched(zipped({"a.txt": TEXT}), 24, "<L", len(TEXT) + 9), UnfitZip),
    "stored, says less": (patched(zipped({"a.txt": TEXT}, zipfile.ZIP_STORED), 24, "<L", 5), UnfitZip),
}


@pytest.mark.parametrize("name", BROKEN)
def test_whatever_is_wrong_with_a_zip_is_told_as_such(name):
    data, kind = BROKEN[name]
    with pytest.raises(kind):
        for archive in [Zip(data)]:
            archive.test(archive.members[0])
    with pytest.raises(kind):
        for archive in [Zip(data)]:
            archive.read(archive.members[0])


def test_a_member_gives_no_more_than_its_directory_says_also_with_the_right_sum():
    zeros = b"\0" * (40 * 2**20)
    bomb = zipped({"a.txt": zeros})
    lying = patched(patched(bomb, 24, "<L", 1000), 16, "<L", zlib.crc32(b"\0" * 1001))
    with cheap(mib=20), pytest.raises(TooLarge, match="比目录里写的大"):
        Zip(lying).read("a.txt")


def test_bounds_hold_for_one_member_for_all_and_for_the_directory():
    bounds = ZipBounds(members=3, member=1000, unpacked=1500)
    assert Zip(zipped({"a": b"x" * 1000}), bounds).read("a") == b"x" * 1000
    for files in ({"a": b"x" * 1001}, {"a": b"x" * 800, "b": b"y" * 800}, dict.fromkeys("abcd", b"")):
        with pytest.raises(TooLarge):
            Zip(zipped(files), bounds)
    with pytest.raises(TooLarge, match="全部解压后膨胀"):  # each below what is asked of one, together a bomb
        Zip(zipped({str(n): b"\0" * 2**20 for n in range(9)}))
    with cheap(mib=150), pytest.raises(TooLarge, match="目录过长"):
        Zip(zipped({f"{n:0>60000}": b"" for n in range(200)}))


def test_parts_of_a_workbook_are_as_large_as_the_directory_says():
    rows = '<row r="1"><c r="A1"><v>1</v></c></row>' + '<row r="2"><c r="A2"><v>1</v></c></row>' * 9
    with pytest.raises(ZhunshengError, match=r"ZS-IN-0[57]"):
        open_bytes(patched(sheet(rows), 24, "<L", 40), "a.xlsx")
    with pytest.raises(ZhunshengError, match=r"ZS-IN-0[57]"):
        book_of(open_bytes(patched(word("<w:p/>" * 50), 24, "<L", 40), "a.docx"))


# -- ledgers
# ----------------------------------------------------------------------------------------------------------


def parquet(path, rows, value):
    once = pa.DictionaryArray.from_arrays(
        pa.array([0], pa.int32()).take(pa.array([0] * rows)), pa.array([value])
    )
    pq.write_table(pa.table(dict.fromkeys(HEAD, once)), path, compression="zstd")
    return path


def refused(path, code, bounds=WEB):
    with cheap(), pytest.raises(ZhunshengError) as told, check_file(path, None, "K1", bounds, only=True):
        pass
    assert told.value.code == code, told.value
    assert "zhunsheng " not in told.value.web and "命令行" not in told.value.web


def test_a_parquet_file_of_too_many_rows_is_refused_by_its_account_of_itself(tmp_path):
    path = parquet(tmp_path / "a.parquet", 1_200_000, "T")
    assert path.stat().st_size < 60_000
    refused(path, "ZS-EV-40")


def test_one_long_value_in_many_rows_is_counted_before_it_is_written_out(tmp_path):
    path = parquet(tmp_path / "a.parquet", 50_000, "长" * 100_000)
    assert path.stat().st_size < 10_000
    refused(path, "ZS-EV-40")
    blob = pa.table({"登记编号": pa.array([b"x" * 60_000_000] * 3), **dict.fromkeys(HEAD[1:], ["T"] * 3)})
    pq.write_table(blob, tmp_path / "b.parquet", compression="zstd")
    refused(tmp_path / "b.parquet", "ZS-EV-40")


def test_a_column_of_lists_holds_no_values_of_a_ledger(tmp_path):
    listed = pa.table({"登记编号": [["x"] * 5] * 2, **dict.fromkeys(HEAD[1:], ["T"] * 2)})
    pq.write_table(listed, tmp_path / "a.parquet")
    refused(tmp_path / "a.parquet", "ZS-EV-42")


def test_a_damaged_parquet_file_is_told_as_such(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({t: [f"{t}{n}" for n in range(5000)] for t in HEAD}), path, compression="zstd")
    data = path.read_bytes()
    path.write_bytes(data[:60] + b"\xff" * 2000 + data[2060:])
    refused(path, "ZS-IN-05")


def shared(text, rows, cell='<c r="{0}{1}" t="s"><v>{2}</v></c>'):
    def row(n, texts):
        return (
            f'<row r="{n}">' + "".join(cell.format("ABCD"[i], n, t) for i, t in enumerate(texts)) + "</row>"
        )

    stream = io.BytesIO(sheet(row(1, range(4)) + "".join(row(n, [4] * 4) for n in range(2, rows))))
    texts = "".join(f"<si><t>{t}</t></si>" for t in (*HEAD, text))
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", f'<sst xmlns="{space}" uniqueCount="5">{texts}</sst>')
    return stream.getvalue()


ODD = "<row r='1'><c r='A1'><v>1</v></c></row><row r='1048576'><c {0}r='BXX1048576'><v>1</v></c></row>"
WORKBOOKS = {
    "one long text in many cells": shared("长" * 30_000, 3_000),
    "the same, otherwise written": shared("长" * 30_000, 3_000, "<c t='s' r='{0}{1}'><v>{2}</v></c>"),
    "far, otherwise written": sheet(ODD.format("")),
    "far, another attribute first": sheet(ODD.format("s='0' ")),
    "two cells and nothing between": sheet(
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="9000"><c r="BXX9000"><v>1</v></c></row>'
    ),
}


@pytest.mark.parametrize("name", WORKBOOKS)
def test_a_small_workbook_never_unfolds_to_all_memory(tmp_path, name):
    (path := tmp_path / "a.xlsx").write_bytes(WORKBOOKS[name])
    refused(path, "ZS-IN-10")


def test_a_workbook_with_one_text_in_many_cells_within_bounds_is_read(tmp_path):
    (path := tmp_path / "a.xlsx").write_bytes(shared("T" * 100, 300, "<c t='s' r='{0}{1}'><v>{2}</v></c>"))
    with check_file(path, ledger_of(COMPLAINTS), "K1", WEB) as checked:
        assert checked.rows == 298


def test_a_csv_is_read_no_further_than_its_bound(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(",".join(HEAD) + "\n" + "T,,,\n" * 1_200_000, "utf8")
    refused(path, "ZS-EV-40")
    path.write_text(",".join((*HEAD, *(f"列{n}" for n in range(600)))) + "\nT,,,\n", "utf8")
    refused(path, "ZS-EV-40")
    path.write_text("x" * 2**21, "utf8")
    refused(path, "ZS-EV-40")


def test_rows_that_each_name_another_department_cost_no_statement_each(tmp_path):
    path = tmp_path / "a.csv"
    lines = (f"局{n},T{n},投诉,2021-03-05" for n in range(20_000))
    path.write_text("\n".join(("部门,登记编号,类别,收到日期", *lines)), "utf8")
    with cheap(seconds=20), check_file(path, None, "K1", WEB, only=True) as checked:
        assert checked.rows == checked.bad_rows == 20_000


def test_one_s_own_machine_takes_what_the_site_does_not(tmp_path):
    assert HOME.rows > 100 * WEB.rows and HOME.texts > 100 * WEB.texts
    path = parquet(tmp_path / "a.parquet", 1_000, "长" * 300)
    refused(path, "ZS-EV-40", replace(WEB, texts=2**20))
    refused(path, "ZS-EV-40", replace(WEB, rows=999))
    with check_file(path, None, "K1", HOME) as checked:
        assert checked.rows == 1_000


def test_lacking_memory_is_told_by_a_code_with_what_to_do(tmp_path):
    with pytest.raises(duckdb.OutOfMemoryException) as lacking:
        connection = duckdb.connect(config={"memory_limit": "2MB", "temp_directory": ""})
        connection.execute("SELECT list(range) FROM range(10000000)").fetchall()
    for error in (lacking.value, MemoryError(), pa.ArrowMemoryError("x")):
        told = of_system(error)
        assert told is not None and told.code == "ZS-EV-41" and "系统管理员" in told.web
