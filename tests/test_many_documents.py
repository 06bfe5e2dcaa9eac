"""A folder or zip of documents: each is read or refused on its own, in order."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

import ending_reader
from places import GOLDEN
from zhunsheng.cli import main
from zhunsheng.errors import ZhunshengError
from zhunsheng.files.zips import Zip, name_of
from zhunsheng.usecases.many_documents import is_many, read_many

GOOD = (GOLDEN / "self-evaluation.txt").read_bytes()


def packed(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def test_a_folder_is_read_to_its_end_whatever_one_document_does(tmp_path):
    (tmp_path / "下级").mkdir()
    for name, data in {
        "1.txt": GOOD,
        "2坏.docx": b"PK\x03\x04x",
        "3终止.txt": GOOD,
        "4包.zip": packed(),
        "下级/5.doc": GOOD,
        "~$6.docx": b"x",
        ".7.txt": b"x",
    }.items():
        (tmp_path / name).write_bytes(data)
    told: list[tuple[str, int, int]] = []
    found = list(
        read_many(tmp_path, workers=1, progress=lambda *said: told.append(said), read=ending_reader.read)
    )
    assert [(r.path, r.indicators, (r.error or {}).get("code")) for r in found] == [
        ("1.txt", 4, None),
        ("2坏.docx", 0, "ZS-IN-05"),
        ("3终止.txt", 0, "ZS-IN-49"),
        ("4包.zip", 0, "ZS-IN-48"),
        ("下级/5.doc", 4, None),
    ]
    assert told[-1] == ("下级/5.doc", 5, 5)


def test_read_writes_one_book_of_the_documents_of_a_zip(tmp_path, capsys):
    data = packed(**{"AA/XXXX.txt": GOOD, "../外.txt": GOOD, "甲.zip": b"PK\x03\x04", "~$临时.docx": b"x"})
    (path := tmp_path / "目标.zip").write_bytes(data.replace(b"AA/XXXX", "局/目标".encode("gbk")))
    assert is_many(path)
    with pytest.raises(SystemExit) as ended:
        main(["read", str(path), "--json"])
    assert ended.value.code == 1
    book = json.loads(capsys.readouterr().out)
    assert book["format"] == "zhunsheng.readings/1"
    assert [(one["path"], (one["error"] or {}).get("code")) for one in book["documents"]] == [
        ("../外.txt", "ZS-IN-47"),
        ("局/目标.txt", None),
        ("甲.zip", "ZS-IN-48"),
    ]
    assert [(one["path"], len(one["indicators"])) for one in book["sheets"]] == [("局/目标.txt", 4)]
    assert {one["path"] for one in book["unsure"]} <= {"局/目标.txt"}


def test_read_writes_a_line_of_json_for_each_document_of_a_folder(tmp_path, capsys):
    for name in ("1.txt", "2.txt"):
        (tmp_path / name).write_bytes(GOOD)
    with pytest.raises(SystemExit) as ended:
        main(["read", str(tmp_path), "--json"])
    assert not ended.value.code
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["format"], one["path"]) for one in lines] == [
        ("zhunsheng.reading/1", "1.txt"),
        ("zhunsheng.reading/1", "2.txt"),
    ]
    assert [len(one["book"]["sheets"][0]["indicators"]) for one in lines] == [4, 4]


def test_a_zip_in_which_nothing_could_be_read_is_a_book_without_sheets(tmp_path, capsys):
    (path := tmp_path / "目标.zip").write_bytes(packed(**{"坏.docx": b"x"}))
    with pytest.raises(SystemExit):
        main(["read", str(path), "--json"])
    book = json.loads(capsys.readouterr().out)
    assert (book["sheets"], book["unsure"], len(book["documents"])) == ([], [], 1)


def test_names_of_windows_zips_and_documents_that_are_zips_themselves(tmp_path):
    data = packed(AAAA=b"x").replace(b"AAAA", "目标".encode("gbk"))
    assert [name_of(m) for m in Zip(data).members] == ["目标"]
    for name in ("[Content_Types].xml", "mimetype", "OFD.xml"):
        (path := tmp_path / "a.docx").write_bytes(packed(**{name: b"x"}))
        assert not is_many(path)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (packed(), "ZS-IN-02"),
        (b"PK\x03\x04x", "ZS-IN-05"),
        (packed(**{"炸弹.csv": b"\0" * (40 * 2**20)}), "ZS-IN-07"),
    ],
    ids=("empty", "cut", "bomb"),  # not by their bytes, which hold the time
)
def test_a_zip_that_is_none_is_refused(tmp_path, data, code):
    (path := tmp_path / "目标.zip").write_bytes(data)
    with pytest.raises(ZhunshengError, match=code):
        list(read_many(path))
