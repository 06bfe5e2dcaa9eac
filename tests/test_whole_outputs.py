"""Whatever stands in a record, every output is written: whole or not at all, with nothing cut,
under names that any system takes.
"""

from __future__ import annotations

import os
import re
import resource
import stat
import subprocess
import sys
from contextlib import contextmanager

import docx
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Store, check_file, ledger_of, marked_copy
from zhunsheng.faults import of_system
from zhunsheng.files.opening import open_bytes
from zhunsheng.files.writing import (
    MOST_HEIGHT,
    MOST_NAME,
    MOST_UNITS,
    REST,
    named_after,
    pieces,
    safe_name,
    sheet_name,
    units,
    whole_file,
)
from zhunsheng.intake import book_of
from zhunsheng.judgements import Judgement
from zhunsheng.reports.docx import write_forms
from zhunsheng.reports.forms import Cell, Form, target_form, text
from zhunsheng.reports.xlsx import write_workbook
from zhunsheng.targets.editing import with_text
from zhunsheng.targets.fields import fields_of, most_of
from zhunsheng.text import MOST, clean
from zhunsheng.usecases.assessing import assess
from zhunsheng.usecases.opened_evidence import Evidence
from zhunsheng.usecases.outputs import write_outputs

END = "（到此为止）"
HOSTILE = {
    "control": "甲\x00\x07乙\x0b丙\x1b丁\x85戊\ufffe\ud800己" + END,
    "rare": "\U00020000\U0001f600\ufdfa e\u0301 \u0627\u0644\u202eabc\u200b\u2066x\u2069 \u0e01\u0e33 "
    "\U000f0000" + END,
    "long": "长" * 33_000 + END,
    "beyond": "\U00020000" * 20_000 + END,
    "lines": "\n".join(f"第{n}行" for n in range(1, 201)) + END,
}


def up_to(words, most):
    """The words as long as a field can have them, their end kept."""
    return words if len(words) <= most else words[: most - len(END)] + END


def cells_of(path):
    """Every text of a workbook, what goes on on 续页 put behind the cell it began in, by
    worksheet and cell.
    """
    book = openpyxl.load_workbook(path)
    found = {
        (s.title, c.coordinate): str(c.value)
        for s in book
        for row in s.iter_rows()
        for c in row
        if c.value is not None
    }
    for row in list(book[REST].iter_rows(min_row=2, values_only=True)) if REST in book.sheetnames else ():
        key = row[0], row[1]
        found[key] = (
            re.sub(r"\n（这一格共 \d+ 字，未完，其余见工作表“续页”第 \d+ 行起）$", "", found[key]) + row[3]
        )
    return {key: value for key, value in found.items() if key[0] != REST}


@pytest.mark.parametrize("kind", HOSTILE)
def test_every_output_is_written_with_all_of_every_text(kind, sample, tmp_path):
    said = HOSTILE[kind]
    done, given = sample[1].assessment, clean(said)
    book = done.book
    sheets = []
    for n, sheet in enumerate(book.sheets):
        goals = tuple(g.model_copy(update={"text": f"{g.title}{given}"}) for g in sheet.goals)
        name = up_to(given, MOST["name"] - 40)
        first = sheet.indicators[0].model_copy(
            update={"name": f"{sheet.indicators[0].name}{name}", "description": given}
        )
        changes = {
            "goals": goals,
            "indicators": (first, *sheet.indicators[1:]),
            "purpose": given,
            "narrative": given,
            "unit": name,
        }
        sheets.append(sheet.model_copy(update=changes | ({"name": f"{sheet.name}{name}"} if n else {})))
    short = up_to(given, MOST["words"])
    words = [
        Judgement(sheet=s.id, indicator=s.indicators[0].id, cause=None, measures=short, reason=short)
        for s in sheets
    ]
    evidence = Evidence.of(Store(sample[0] / "results" / "evidence"))
    made = assess(book.model_copy(update={"sheets": tuple(sheets)}), evidence, done.as_of, judgements=words)
    files = write_outputs(made, evidence, tmp_path)
    assert len(files) == 9 and not list(tmp_path.glob(".*"))
    for what, path in files.items():
        if path.suffix == ".xlsx":
            assert any(END in value for value in cells_of(path).values()), what
            for one in openpyxl.load_workbook(path):
                assert all(d.height <= MOST_HEIGHT for d in one.row_dimensions.values() if d.height)
        elif path.suffix == ".docx":
            document = docx.Document(str(path))
            said_there = "\n".join(
                [p.text for p in document.paragraphs]
                + [t.text for t in document.element.body.iter() if t.tag.endswith("}t")]
            )
            assert END in said_there, what
        else:
            assert END in path.read_text("utf8"), what


def form_of(words: str) -> Form:
    return Form("题", (1, 3), ((Cell("目标"), text(words)), (Cell("甲"), Cell("乙"))), notes=(words,))


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_cell_that_is_too_much_for_excel_goes_on_and_says_so(kind, tmp_path):
    words = HOSTILE[kind]
    write_workbook([("表", form_of(words))], tmp_path / "a.xlsx")
    assert list(cells_of(tmp_path / "a.xlsx").values()).count(clean(words)) == 2
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    for row in book["表"].iter_rows(values_only=True):
        assert all(
            units(str(value)) <= MOST_UNITS and str(value).count("\n") <= 253 for value in row if value
        )
    assert (REST in book.sheetnames) == (units(clean(words)) > MOST_UNITS)
    write_forms([form_of(words)], tmp_path / "a.docx")
    table = docx.Document(str(tmp_path / "a.docx")).tables[0]
    assert table.cell(0, 1).text == clean(words)


def test_two_hundred_lines_have_the_height_to_print(tmp_path):
    write_workbook([("表", form_of(HOSTILE["lines"]))], tmp_path / "a.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["表"]
    place = next(c for row in sheet.iter_rows() for c in row if c.value and str(c.value).startswith("第1行"))
    merged = next(m for m in sheet.merged_cells.ranges if place.coordinate in m)
    heights = [sheet.row_dimensions[r].height for r in range(merged.min_row, merged.max_row + 1)]
    assert sum(heights) >= 200 * 15 and max(heights) <= MOST_HEIGHT
    # A row that is higher than a page may break in Word.
    write_forms([form_of(HOSTILE["lines"])], tmp_path / "a.docx")
    rows = docx.Document(str(tmp_path / "a.docx")).tables[0].rows
    assert ["cantSplit" in r._tr.xml for r in rows] == [False, True]


def test_a_form_with_rows_that_are_many_rows_reads_back_the_same(sample, tmp_path):
    sheet = next(s for s in sample[1].assessment.book.sheets if s.kind == "project")
    goals = tuple(
        g.model_copy(update={"text": "；\n".join(f"做好第{n}件事" for n in range(80))}) for g in sheet.goals
    )
    sheet = sheet.model_copy(update={"goals": goals})
    write_workbook([("表", target_form(sheet))], tmp_path / "a.xlsx")
    (found,) = book_of(open_bytes((tmp_path / "a.xlsx").read_bytes(), "a.xlsx")).sheets
    assert ["".join(g.text.split()) for g in found.goals] == ["".join(g.text.split()) for g in sheet.goals]
    assert [i.name for i in found.indicators] == [i.name for i in sheet.indicators]


@given(st.text(st.sampled_from("长\n\U00020000a"), max_size=400), st.integers(10, 200))
@settings(max_examples=100, deadline=None)
def test_pieces_put_together_are_the_text(words, room):
    many = words * 300
    found = pieces(many, room)
    assert "".join(found) == many
    assert len(found) == 1 or all(units(p) <= room and p.count("\n") <= 253 for p in found)


def test_a_ledger_file_is_marked_whatever_is_in_its_cells(tmp_path):
    ledger = ledger_of("complaints")
    titles = ",".join(c.title for c in ledger.columns)
    for kind, said in HOSTILE.items():
        words = clean(said).replace('"', "")
        cells = ",".join(f'"{words}"' for _ in ledger.columns)
        (path := tmp_path / f"{'长' * 60}{kind}.csv").write_text(f"{titles}\n{cells}\n", "utf8")
        with check_file(path, ledger, "本部门") as checked:
            marked = marked_copy(checked, tmp_path / kind)
        assert len(marked.name.encode()) <= MOST_NAME
        assert any(END in value for value in cells_of(marked).values()), kind
        assert [p.name for p in (tmp_path / kind).iterdir()] == [marked.name]


# -- bounds
# -----------------------------------------------------------------------------------------------------------


def test_typed_and_read_by_the_same_bounds(sample):
    sheet = next(s for s in sample[1].assessment.book.sheets if s.kind == "project")
    for path in fields_of(sheet):
        if not path.startswith(("budget", "plan")) and not path.endswith("weight"):
            with pytest.raises(ZhunshengError, match="ZS-IN-30"):
                with_text(sheet, path, "长" * (most_of(path) + 1))
    row = (
        ("项目名称", "甲" * 300, "项目编码", "9" * 50),
        ("一级指标", "二级指标", "三级指标", "指标值"),
        ("产出指标", "数量指标", "乙" * 400, "≥5次"),
    )
    page = "".join(f"<tr>{''.join(f'<td>{c}</td>' for c in cells)}</tr>" for cells in row)
    book = book_of(open_bytes(f"<table>{page}</table>".encode(), "目标.html"))
    told = {u.field: u.why for u in book.unsure}
    assert "300 字" in told["name"] and "400 字" in told["indicators.0.name"]
    assert {"甲" * 300, "乙" * 400} <= {u.text for u in book.unsure}, (
        "the whole text is told where the name is its head"
    )
    assert book.sheets[0].indicators[0].name == "乙" * 299 + "…" and book.sheets[0].name == "甲" * 199 + "…"
    assert book.sheets[0].code is None and "50 字" in told["code"]


# -- names and files
# --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "CON",
        "nul.txt",
        "COM1.docx",
        "lpt9",
        "a.",
        "a. ",
        " a",
        "..",
        ".",
        "",
        "a\x00b",
        "a/b\\c:d",
        "a\u202etxt.exe",
        '<>|?*"',
    ],
)
def test_a_name_can_lie_in_any_folder(name, tmp_path):
    fit = safe_name(name)
    assert fit == fit.strip(" .") and fit and not re.search(r'[<>:"|?*\\/\x00-\x1f\u202e]', fit)
    assert not re.fullmatch(r"(con|nul|com1|lpt9)(\..*)?", fit, re.I)
    (tmp_path / fit).write_text("x")


def test_a_name_that_no_system_takes_is_told():
    with pytest.raises(ZhunshengError, match="ZS-IN-31"):
        safe_name("长" * 90 + ".xlsx")
    assert len(named_after("长" * 200, "-标注.xlsx").encode()) <= MOST_NAME
    assert (
        units(sheet_name("\U00020000" * 40, set())) <= 31
        and sheet_name("History", set()).lower() != "history"
    )


@contextmanager
def full_disk(size: int = 4096):
    """Let no file grow beyond ``size``: the system refuses as it does on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_told_and_leaves_what_was_there(tmp_path):
    (target := tmp_path / "表.xlsx").write_bytes(b"before")
    form = form_of("".join(chr(0x4E00 + n % 20000) for n in range(20_000)))
    for write in (lambda p: write_workbook([("表", form)], p), lambda p: write_forms([form], p)):
        with full_disk(), pytest.raises(ZhunshengError, match="ZS-CL-10"):
            write(target)
        assert target.read_bytes() == b"before" and [p.name for p in tmp_path.iterdir()] == ["表.xlsx"]


def test_what_fails_otherwise_leaves_nothing_either(tmp_path):
    with pytest.raises(ValueError), whole_file(tmp_path / "a") as partial:
        partial.write_bytes(b"half")
        raise ValueError
    assert not list(tmp_path.iterdir())
    with pytest.raises(ZhunshengError, match="ZS-CL-12"), whole_file(tmp_path / ("长" * 100)) as partial:
        partial.write_bytes(b"x")
    assert of_system(ValueError("x")) is None and not list(tmp_path.iterdir())


def test_the_command_tells_a_full_disk_and_keeps_the_store(tmp_path):
    rows = "".join(f"HD-{n},宣传,食品安全,{n * 7919 % 100_003}试验,2021-05-01\n" for n in range(20_000))
    (path := tmp_path / "活动.csv").write_text(
        "活动编号,活动类别,主题类别,活动名称,开展日期\n" + rows, "utf8"
    )
    store = tmp_path / "store"
    command = [
        sys.executable,
        "-m",
        "zhunsheng",
        "ledger",
        "import",
        str(path),
        "--store",
        str(store),
        "--department",
        "某局",
    ]
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))  # noqa: E731
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, preexec_fn=limit)
    assert done.returncode == 2 and "ZS-CL-10" in done.stderr and "Traceback" not in done.stderr
    left = [p for p in store.rglob("*") if p.is_file()] if store.exists() else []
    assert not [p for p in left if p.suffix in (".partial", ".hidden")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(store.stat().st_mode) == 0o700
    open_to_others = [p for p in store.rglob("*") if p.is_file() and stat.S_IMODE(p.stat().st_mode) & 0o077]
    assert not open_to_others


def test_the_site_keeps_its_folder_to_itself(tmp_path):
    (data := tmp_path / "data").mkdir(mode=0o755)
    (data / "zhunsheng.sqlite3").touch(0o644)
    start = (
        "import zhunsheng.web.settings as s, sqlite3; sqlite3.connect(s.DATA / "
        "'new.sqlite3').execute('create table t (x)')"
    )
    subprocess.run(
        [sys.executable, "-c", start], check=True, env={**os.environ, "ZHUNSHENG_DATA": str(data)}, timeout=60
    )
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    found = {p.name: stat.S_IMODE(p.stat().st_mode) for p in data.iterdir()}
    keys = {"secret.key", "personal.key", "log.key"}
    assert set(found) == {"zhunsheng.sqlite3", "new.sqlite3"} | keys and set(found.values()) == {0o600}
