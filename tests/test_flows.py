"""What goes wrong on the way and is said: quotas for nobody, the office's day, pictures that nobody reads,
stray characters.
"""

from __future__ import annotations

import ast
import io
import os
import re
import struct
import subprocess
import sys
import zlib
from datetime import UTC, date, datetime
from pathlib import Path

import docx
import pytest
import xlsxwriter
import yaml
from docx.oxml import parse_xml

from zhunsheng import clock
from zhunsheng.cli import main
from zhunsheng.draw_folders import commit_draw
from zhunsheng.draws.plan import Plan
from zhunsheng.errors import ZhunshengError
from zhunsheng.files.opening import open_bytes
from zhunsheng.intake import book_of, read_book
from zhunsheng.judgements import read_judgements
from zhunsheng.measures import read_mapping
from zhunsheng.usecases.documents import original
from zhunsheng.usecases.drawing.frames import FrameSource

HERE = Path(__file__).parent / "flows"
SOURCE = Path(__file__).parents[1] / "src" / "zhunsheng"


def command(*words) -> int:
    with pytest.raises(SystemExit) as left:
        main([str(w) for w in words])
    return left.value.code


# -- a rule that is for nobody
# ------------------------------------------------------------------------------------------


@pytest.fixture
def evidence(tmp_path):
    """A store with 60 entities, all of class B."""
    store = tmp_path / "E"
    code = command(
        "ledger",
        "import",
        HERE / "entities.csv",
        "--store",
        store,
        "--ledger",
        "entities",
        "--department",
        "甲局",
    )
    assert code == 0
    return store


def committed(plan, evidence, out) -> int:
    """Commit a plan from the entities of a store; return the command's exit code."""
    staff = ("--inspectors", HERE / "inspectors.yaml")
    frame = ("--evidence", evidence, "--on", "2021-02-28")
    return command("draw", "commit", plan, *staff, *frame, "--out", out)


def plan_file(folder, **changes):
    data = yaml.safe_load((HERE / "plan-typo.yaml").read_text("utf8")) | changes
    (path := folder / "plan.yaml").write_text(yaml.safe_dump(data, allow_unicode=True), "utf8")
    return path


@pytest.mark.parametrize(
    "quotas",
    [
        [{"match": {"credit_class": "B类"}, "ratio": "1"}, {"ratio": "0.01"}],
        [{"match": {"credit_class": "B", "district": "丙所"}, "count": 3}, {"ratio": "0.01"}],
        [{"match": {"credit_class": "B"}, "ratio": "1"}, {"match": {"credit_class": "b"}, "ratio": "0"}],
    ],
)
def test_a_quota_for_no_stratum_is_refused_before_anything_is_written(tmp_path, evidence, capsys, quotas):
    plan, out = plan_file(tmp_path, quotas=quotas), tmp_path / "o"
    code = committed(plan, evidence, out)
    said = "".join(capsys.readouterr()).replace("\n", "")
    assert code != 0 and "ZS-DR-20" in said and not out.exists()
    assert re.search("信用风险类别有：B", said)


def test_the_commitment_lists_each_stratum_with_its_rule(tmp_path, evidence, capsys):
    plan = plan_file(
        tmp_path, quotas=[{"match": {"district": "乙所"}, "count": 2}, {"ratio": "0.05", "floor": 1}]
    )
    capsys.readouterr()
    code = committed(plan, evidence, tmp_path / "o")
    said = capsys.readouterr().out
    assert code == 0
    for size, rule, drawn in ((3, "辖区“乙所”：2 户", 2), (57, "其余各层：5%，至少 1 户", 3)):
        assert re.search(rf"{size} +{re.escape(rule)} +{drawn} ", said), said


def test_the_list_agrees_with_what_is_committed():
    plan = Plan.model_validate(yaml.safe_load((HERE / "plan-typo.yaml").read_text("utf8")))
    sizes = {"甲|B类": 10, "甲|C": 250}
    listed = plan.allotted(plan.allot(sizes))
    assert [(s["stratum"], s["quota"]) for s in listed] == [("甲|B类", 10), ("甲|C", 3)]
    plan.check_rules(sizes)


# -- the office's day
# ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "machine"), [(None, "UTC"), (None, "America/New_York"), ("Asia/Urumqi", "UTC")]
)
def test_today_is_the_offices_day_whatever_the_machine_keeps(zone, machine):
    code = (
        "import zhunsheng.clock as c, datetime as d\n"
        "moment = d.datetime(2026, 11, 25, 17, 0, tzinfo=d.timezone.utc)\n"
        "class Frozen(d.datetime):\n"
        "    now = classmethod(lambda cls, tz=None: moment.astimezone(tz))\n"
        "c.datetime = Frozen\n"
        "from zhunsheng.cli.arguments import day\n"
        "print(day(None), c.told('2026-11-25T17:00:00+00:00'))\n"
    )
    environment = {**os.environ, "TZ": machine, **({clock.VARIABLE: zone} if zone else {})}
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    hour = "23:00:00" if zone else "01:00:00"
    day = "2026-11-25" if zone else "2026-11-26"
    assert said.stdout.strip() == f"{day} {day} {hour}"


def test_a_zone_that_is_none_is_told(monkeypatch):
    monkeypatch.setenv(clock.VARIABLE, "Mars/Base")
    with pytest.raises(ZhunshengError, match="ZS-CL-01"):
        clock.today()


def machine_times(tree: ast.AST):
    """Yield calls that take the machine's day or zone: date.today(), datetime.now() and the like without a
    zone.
    """
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        name, owner = call.func.attr, ast.unparse(call.func.value)
        zoned = bool(call.args or call.keywords)
        if owner in ("date", "datetime.date", "datetime", "datetime.datetime", "d", "time"):
            if (name in ("today", "utcnow", "localtime", "ctime", "strftime") and owner != "d") or (
                name in ("now", "fromtimestamp")
                and len(call.args) + len(call.keywords) < (1 if name == "now" else 2)
            ):
                yield call
        elif name == "astimezone" and not zoned:
            yield call


def test_no_part_of_the_program_asks_the_machine_for_the_day():
    assert list(machine_times(ast.parse("date.today(); datetime.now(); x.astimezone(); datetime.utcnow()")))[
        3:
    ]
    found = [
        f"{path.relative_to(SOURCE)}:{call.lineno}"
        for path in SOURCE.rglob("*.py")
        if path.name != "clock.py"
        for call in machine_times(ast.parse(path.read_text("utf8")))
    ]
    assert not found, f"use zhunsheng.clock (or django.utils.timezone.localdate on the site): {found}"


def test_refusals_tell_office_time(tmp_path, evidence):
    with pytest.raises(ZhunshengError) as refused:
        commit_draw(
            plan_file(tmp_path, quotas=[{"ratio": "0.1"}]),
            HERE / "inspectors.yaml",
            tmp_path / "o",
            FrameSource(evidence=evidence, on=date(2021, 2, 28)),
            now=datetime(2035, 3, 1, 14, 0, tzinfo=UTC),
        )
    assert refused.value.code == "ZS-DR-03" and "2035-03-01 22:00:00" in refused.value.text()
    assert not re.search(r"\dZ", refused.value.text())


def test_the_log_of_a_store_tells_office_time(evidence, capsys):
    capsys.readouterr()
    assert command("ledger", "log", "--store", evidence) == 0
    said = capsys.readouterr().out
    assert "+00:00" not in said and f"{clock.today():%Y-%m-%d}" in said


# -- pictures that nobody reads
# -----------------------------------------------------------------------------------------


def png() -> io.BytesIO:
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 2, 2, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0\xff\xff" * 2)
    return io.BytesIO(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


W = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
VML = f'<w:r {W}><w:pict><v:shape><v:imagedata r:id="rId1"/></v:shape></w:pict></w:r>'
OLE = (
    f'<w:r {W}><w:object><v:shape><v:imagedata r:id="rId1"/></v:shape>'
    '<o:OLEObject Type="Embed" ProgID="Excel.Sheet.12" r:id="rId1"/></w:object></w:r>'
)
WATERMARK = f'<w:r {W}><w:pict><v:shape><v:textpath string="机密"/></v:shape></w:pict></w:r>'


def inline(document):
    document.add_picture(png())


def anchored(document):
    document.add_picture(png())
    drawing = document.paragraphs[-1]._p.xpath(".//wp:inline")[0]
    drawing.tag = drawing.tag.replace("inline", "anchor")


def vml(document):
    document.add_paragraph()._p.append(parse_xml(VML))


def ole(document):
    document.add_paragraph()._p.append(parse_xml(OLE))


def in_table(document):
    document.add_table(1, 2).cell(0, 1).paragraphs[0].add_run().add_picture(png())


def word(*parts, text="附：绩效目标表（扫描件）") -> bytes:
    document = docx.Document()
    if text:
        document.add_paragraph(text)
    for part in parts:
        part(document)
    document.save(stream := io.BytesIO())
    return stream.getvalue()


def refused(content: bytes, name: str) -> ZhunshengError:
    with pytest.raises(ZhunshengError) as found:
        book_of(open_bytes(content, name))
    return found.value


def test_a_scanned_table_is_told_with_its_place(capsys):
    book = read_book(HERE / "picture.docx")
    (told,) = [u for u in book.unsure if u.field == "picture"]
    assert (
        told.place.paragraph == 3
        and "第1个表之后" in told.why
        and "第二个项目的绩效目标表（扫描件）" in told.why
    )
    for words in (("read",), ("review",), ("review", "--json")):
        command(words[0], HERE / "picture.docx", *words[1:])
        assert "有 1 张图片没有读：第3段" in capsys.readouterr().err
    assert any("没有读" in part.get("text", "") for part in original(HERE / "picture.docx"))


@pytest.mark.parametrize("kind", [inline, anchored, vml, ole, in_table])
def test_a_document_of_pictures_only_says_so(kind):
    error = refused(word(kind, text=""), "扫描件.docx")
    assert error.code == "ZS-IN-21" and error.params["count"] == 1
    if kind is ole:
        assert "Excel.Sheet.12" in error.text()
    if kind is in_table:
        assert "表1第1行第2列" in error.text()


def test_text_without_targets_beside_pictures_names_them():
    error = refused(word(inline, anchored, vml, ole, in_table), "附件.docx")
    assert (
        error.code == "ZS-IN-22" and error.params["count"] == 5 and "附：绩效目标表（扫描件）" in error.text()
    )


def test_what_is_no_picture_is_not_counted():
    def watermark(document):
        document.add_paragraph()._p.append(parse_xml(WATERMARK))

    assert refused(word(watermark), "文字.docx").code == "ZS-IN-13"


def workbook(*, cells=(), floating=(), chart=False) -> bytes:
    with xlsxwriter.Workbook(stream := io.BytesIO(), {"in_memory": True}) as book:
        sheet = book.add_worksheet("目标表")
        for place, text in cells:
            sheet.write(place, text)
        for place in floating:
            sheet.insert_image(place, "x.png", {"image_data": png()})
        if chart:
            drawn = book.add_chart({"type": "line"})
            drawn.add_series({"values": "=目标表!$A$1:$A$2"})
            sheet.insert_chart("F1", drawn)
        book.add_worksheet("空表")
    return stream.getvalue()


def test_pictures_in_a_workbook_are_told_by_cell():
    error = refused(workbook(floating=("B3", "D10")), "扫描.xlsx")
    assert (error.code, error.params["count"]) == ("ZS-IN-21", 2)
    assert "工作表“目标表”B3" in error.text() and "D10" in error.text()
    error = refused(workbook(cells=(("A1", "说明"),), floating=("B3",), chart=True), "扫描.xlsx")
    assert (error.code, error.params["count"]) == ("ZS-IN-22", 1)
    kept_in_cell = workbook(cells=(("A1", "说明"), ("C2", '_xlfn.DISPIMG("ID_1",1)')))
    assert "C2" in refused(kept_in_cell, "扫描.xlsx").text()
    assert refused(workbook(cells=(("A1", "说明"),), chart=True), "图表.xlsx").code == "ZS-IN-13"


def test_pictures_in_a_page_are_told():
    page = (
        "<html><body><p>"
        "目"
        "标"
        "见"
        "下"
        "</p><img "
        'src="a.png"><table><tr><td>'
        '一</td><td><img src="b.png"></td></tr></table><img width="1" src="c"></body></html>'
    )
    error = refused(page.encode(), "网页.html")
    assert (error.code, error.params["count"]) == ("ZS-IN-22", 2) and "表1第1行第2列" in error.text()
    assert refused(b'<html><body><img src="a.png"></body></html>', "网页.html").code == "ZS-IN-21"


# -- stray characters in files of words
# -----------------------------------------------------------------------------------


def test_judgements_and_mappings_come_without_control_characters(tmp_path):
    (found,) = read_judgements(HERE / "vertical-tab.yaml")
    assert found.measures == "第一，加强抽检。\n第二，联系机构。"
    (path := tmp_path / "raw.yaml").write_text(
        "- {indicator: 甲\x0b乙, reason: 有\x1f据, cause: 其他}\n", "utf8"
    )
    assert (read_judgements(path)[0].indicator, read_judgements(path)[0].reason) == ("甲 乙", "有据")
    (path := tmp_path / "map.yaml").write_text(
        '- {sheet: "表\\v一", indicator: "甲\\0", measure: null}\n', "utf8"
    )
    assert (read_mapping(path, {})[0].sheet, read_mapping(path, {})[0].indicator) == ("表\n一", "甲")
