"""Papers that check themselves: every way to change one is named, what proves what is said, and the same
content is the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import docx
import openpyxl
import pytest
from typer.testing import CliRunner

from zhunsheng.cli.commands import app
from zhunsheng.clock import in_utc
from zhunsheng.errors import ZhunshengError
from zhunsheng.files.opening import open_bytes
from zhunsheng.papers.comparing import changes
from zhunsheng.papers.content import content_of
from zhunsheng.papers.manifest import SIGNS, Said, code_of, note_of, read_manifest
from zhunsheng.papers.packing import (
    carried,
    given_out,
    members_of,
    packed,
    signed_with,
    with_manifest,
    without_manifest,
)
from zhunsheng.reports.docx import write_forms
from zhunsheng.reports.draw_forms import page_of
from zhunsheng.reports.forms import Cell, Form, label, text
from zhunsheng.reports.xlsx import write_workbook
from zhunsheng.transparency.checkpoints import Checkpoint, signed, signed_text, verifier
from zhunsheng.transparency.entries import Entry
from zhunsheng.transparency.merkle import Growing, inclusion
from zhunsheng.transparency.signing import ED25519, Key
from zhunsheng.usecases.papers import paper_checked
from zhunsheng.usecases.sealed import held_against

DAY = date(2021, 12, 31)
PRIVATE, OTHER = (hashlib.sha256(word).digest() for word in (b"this site", b"another"))
LOG = "zhunsheng/0123456789abcdef"
KEY = verifier(LOG, ED25519.public(PRIVATE))
KINDS = ("docx", "xlsx", "html")


def form(rows=("抽查户数", "满意度", "办结率"), done="99"):
    """A table with a head in its middle, as the official ones have."""
    return Form(
        "项目支出绩效自评表",
        (2, 2, 2, 2),
        (
            (label("项目名称"), text("双随机抽查经费", columns=3)),
            (label("三级指标"), label("年度指标值"), label("完成值"), label("得分")),
            *((text(name), Cell("≥98%"), Cell(f"{done}%"), Cell("10")) for name in rows),
            (label("总分", columns=3), label("30")),
        ),
        "（2021年度）",
        True,
        (1, 1),
        ("依据：某办法。",),
    )


def raw(kind, tmp_path, **how):
    """The bytes of a form before it has a code."""
    path = tmp_path / f"自评表.{kind}"
    if kind == "xlsx":
        write_workbook([("绩效自评表", form(**how))], path)
    elif kind == "docx":
        write_forms([form(**how)], path)
    else:
        path.write_text(page_of([form(**how)]), "utf8")
    return path.read_bytes()


def site_paper(kind, tmp_path, private=PRIVATE, log=LOG):
    """A paper as a site gives it out, signed, with the checkpoint of then."""
    note = signed(Checkpoint(log, 7, bytes(32), datetime(2021, 12, 30, tzinfo=UTC)), Key(ED25519, private))
    said = Said(
        f"自评表.{kind}", "K7MF-3RTW-P9AC", "2021-12-31", "1", "核对码 K7MF-3RTW-P9AC", log, note, "5a" * 16
    )
    content, manifest = with_manifest(raw(kind, tmp_path), said)
    signature = signed_text(note_of(said, manifest.digest()), log, Key(ED25519, private))
    return signed_with(content, said.name, manifest, signature), manifest


def kept(tmp_path, content, kind):
    path = tmp_path / f"手里.{kind}"
    path.write_bytes(content)
    return path


def rewritten(content, pattern, new, part=None):
    """A file with one piece of its XML (or page) changed, as someone does who unpacks it."""
    if content[:2] != b"PK":
        return re.sub(pattern, new, content.decode(), count=1, flags=re.S).encode()
    members = members_of(content)
    part = part or ("word/document.xml" if "word/document.xml" in members else "xl/sharedStrings.xml")
    before = members[part].decode()
    members[part] = re.sub(pattern, new, before, count=1, flags=re.S).encode()
    assert members[part].decode() != before
    return packed(members)


@pytest.mark.parametrize("kind", KINDS)
def test_a_paper_as_it_was_given_out_is_so(kind, tmp_path):
    content, _ = site_paper(kind, tmp_path)
    found = paper_checked(kept(tmp_path, content, kind), key=KEY)
    assert found.holds and found.content and not found.resaved and found.signed is True
    assert found.logged is None and found.code == "K7MF-3RTW-P9AC" and not found.changes


@pytest.mark.parametrize("kind", KINDS)
def test_a_cell_that_was_changed_is_named_as_its_reader_names_it(kind, tmp_path):
    content, _ = site_paper(kind, tmp_path)
    if kind == "xlsx":  # one text of many cells: changed in one of them only
        book = openpyxl.load_workbook(io.BytesIO(content))
        cell = next(c for r in book.active.iter_rows() for c in r if c.value == "99%")
        changed = rewritten(
            content,
            rf'(<c r="{cell.coordinate}"[^>]*) t="s"><v>[0-9]+</v>',
            r'\1 t="inlineStr"><is><t>100%</t></is>',
            part="xl/worksheets/sheet1.xml",
        )
        place = f"工作表“绩效自评表”单元格 {cell.coordinate}（“完成值”）"
    else:
        changed = rewritten(content, "99%", "100%")
        place = "表 1 第 3 行“完成值”"
    found = paper_checked(kept(tmp_path, changed, kind), key=KEY)
    assert not found.holds and found.content is False
    assert [(c.what, c.place, c.now) for c in found.changes] == [("改动", place, "100%")]


@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_went_and_came_are_named_and_the_others_are_left_in_peace(kind, tmp_path):
    _, manifest = site_paper(kind, tmp_path)
    place = "工作表“绩效自评表”" if kind == "xlsx" else "表 1 "
    first = 5 if kind == "xlsx" else 3  # of the indicators: title and caption stand above in Excel
    for rows, expected in (
        (("抽查户数", "办结率"), [("删去", f"{place}原来的第 {first + 1} 行")]),
        (("抽查户数", "满意度", "投诉数", "办结率"), [("加入", f"{place}第 {first + 2} 行")]),
    ):
        there, _ = with_manifest(raw(kind, tmp_path, rows=rows), manifest.said)
        content_now = content_of(open_bytes(there, f"a.{kind}"))
        found = [(c.what, c.place) for c in changes(content_now, manifest)]
        assert found == expected


def test_a_paragraph_a_title_and_a_note_are_named(tmp_path):
    content, _ = site_paper("docx", tmp_path)
    for old, new, expected in (
        ("依据：某办法。", "依据：另一办法。", ("改动", "第 3 段", "依据：另一办法。")),
        ("（2021年度）", "（2022年度）", ("改动", "第 2 段", "（2022年度）")),
    ):
        found = paper_checked(kept(tmp_path, rewritten(content, old, new), "docx"))
        assert [(c.what, c.place, c.now) for c in found.changes] == [expected]


def test_what_hides_or_replaces_a_text_is_told(tmp_path):
    word, _ = site_paper("docx", tmp_path)
    vanished = rewritten(word, r"(<w:t>99%</w:t>)", r"<w:rPr><w:vanish/></w:rPr>\1")
    assert "隐藏的文字" in str(paper_checked(kept(tmp_path, vanished, "docx")).changes)
    document = docx.Document(io.BytesIO(word))
    picture = tmp_path / "p.png"
    picture.write_bytes(
        base64.b64decode(
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
        )
    )
    document.paragraphs[0].add_run().add_picture(str(picture))
    document.save(str(tmp_path / "画.docx"))
    assert "图片" in str(paper_checked(tmp_path / "画.docx").changes)
    wrapped = rewritten(
        word,
        r"(<w:tr[ >].*?)(</w:tr>)",
        r"\1<w:sdt><w:sdtContent><w:tc><w:p><w:r><w:t>另加</w:t></w:r></w:p></w:tc></w:sdtContent></w:sdt>\2",
    )
    assert "另加" in str(paper_checked(kept(tmp_path, wrapped, "docx")).changes)
    sheet, _ = site_paper("xlsx", tmp_path)
    hidden = rewritten(sheet, r'(<row r="6")', r'\1 hidden="1"', part="xl/worksheets/sheet1.xml")
    assert "隐藏" in str(paper_checked(kept(tmp_path, hidden, "xlsx")).changes)
    # A number format that shows another text than the cell holds.
    book = openpyxl.load_workbook(io.BytesIO(sheet))
    cell = next(c for r in book.active.iter_rows() for c in r if c.value == "99%")
    cell.number_format = '"100%";"100%";"100%";"100%"'
    book.save(tmp_path / "格式.xlsx")
    with_format = open_bytes((tmp_path / "格式.xlsx").read_bytes(), "格式.xlsx")
    assert any(c.text == "100%" for b in content_of(with_format).blocks for r in b.rows for c in r.cells)


@pytest.mark.parametrize("kind", KINDS)
def test_a_paper_without_its_manifest_is_said_to_be_uncheckable(kind, tmp_path):
    content = raw(kind, tmp_path)
    found = paper_checked(kept(tmp_path, content, kind), key=KEY)
    assert not found.holds and found.content is None and "没有核对清单" in found.says[0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_manifest_made_again_without_the_key_holds_by_itself_and_fails_with_the_key(kind, tmp_path):
    """Who changes a cell can make the manifest again: without the key nothing shows it, and that is said."""
    _, manifest = site_paper(kind, tmp_path)
    there, forged = with_manifest(raw(kind, tmp_path, done="100"), manifest.said)
    for private in (None, OTHER):
        note = (
            signed_text(note_of(forged.said, forged.digest()), LOG, Key(ED25519, private)) if private else ""
        )
        path = kept(tmp_path, signed_with(there, forged.said.name, forged, note), kind)
        alone = paper_checked(path)
        assert (
            alone.content and alone.holds and any("改的人可以连清单一起重做" in one for one in alone.limits)
        )
        found = paper_checked(path, key=KEY)
        assert (
            not found.holds and found.signed is False and any("不是这把公钥签的" in one for one in found.says)
        )


@pytest.mark.parametrize("kind", KINDS)
def test_the_signature_of_another_paper_and_of_another_site_is_none(kind, tmp_path):
    _, manifest = site_paper(kind, tmp_path)
    there, forged = with_manifest(raw(kind, tmp_path, done="100"), manifest.said)
    lent = signed_text(note_of(manifest.said, manifest.digest()), LOG, Key(ED25519, PRIVATE))
    path = kept(tmp_path, signed_with(there, forged.said.name, forged, lent), kind)
    assert paper_checked(path, key=KEY).signed is False
    elsewhere, _ = site_paper(kind, tmp_path, OTHER, "zhunsheng/fedcba9876543210")
    found = paper_checked(kept(tmp_path, elsewhere, kind), key=KEY)
    assert not found.holds and found.content and found.signed is False


@pytest.mark.parametrize("kind", KINDS)
def test_the_code_on_the_face_is_the_one_inside(kind, tmp_path):
    content, _ = site_paper(kind, tmp_path)
    part = {"docx": "word/footerZs.xml", "xlsx": "xl/worksheets/sheet1.xml", "html": None}[kind]
    where = r"(核对码 )K7MF" if kind != "xlsx" else r"(&amp;7核对码 )K7MF"
    if kind == "html":
        where = r'(font-size:12px;color:#595959">核对码 )K7MF'
    changed = rewritten(content, where, r"\g<1>K7MG", part=part)
    found = paper_checked(kept(tmp_path, changed, kind), key=KEY)
    assert not found.holds and any("核对码一行" in one for one in found.says)


@pytest.mark.parametrize("kind", ["docx", "xlsx"])
def test_saved_again_by_another_office_program_the_content_is_the_same(kind, tmp_path):
    content, _ = site_paper(kind, tmp_path)
    path, out = kept(tmp_path, content, kind), tmp_path / "另存"
    subprocess.run(
        [
            "soffice",
            "--headless",
            f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}",
            "--convert-to",
            kind,
            "--outdir",
            str(out),
            str(path),
        ],
        check=True,
        capture_output=True,
        timeout=180,
    )
    again = out / path.name
    assert again.read_bytes() != content
    found = paper_checked(again, key=KEY)
    assert found.holds and found.content and found.resaved and found.signed
    assert found.says[0].startswith("内容相符，文件被另存过")
    changed = kept(tmp_path, rewritten(again.read_bytes(), "99%", "98%"), kind)
    assert not paper_checked(changed, key=KEY).holds


def log_of(manifest, before=6, after=5, at=datetime(2022, 1, 2, tzinfo=UTC)):
    """A log with the paper in it: its lines, a proof under its end, a checkpoint of that."""
    entries = [Entry("audit", n + 1, hashlib.sha256(bytes([n])).hexdigest()) for n in range(before + after)]
    entries.insert(before, Entry("paper", 1, manifest.digest()))
    tree, nodes = Growing(), {}
    for entry in entries:
        nodes.update(((level, index), h) for level, index, h in tree.add(entry.leaf()))
    note = signed(Checkpoint(LOG, tree.size, tree.root(), at), Key(ED25519, PRIVATE))
    hashes = inclusion(before, tree.size, lambda level, index: nodes[level, index])
    said = {
        "format": "zhunsheng.paper-proof/1",
        "entry": entries[before].line(),
        "index": before,
        "size": tree.size,
        "checkpoint": note,
        "proof": [base64.b64encode(one).decode() for one in hashes],
    }
    return "".join(f"{e.line()}\n" for e in entries), said, note


def test_three_strengths_have_three_words(tmp_path):
    content, manifest = site_paper("docx", tmp_path)
    lines, said, note = log_of(manifest)
    path, proof, log, checkpoint = (
        kept(tmp_path, content, "docx"),
        tmp_path / "证明.json",
        tmp_path / "日志.jsonl",
        tmp_path / "检查点.txt",
    )
    proof.write_text(json.dumps(said), "utf8")
    log.write_text(lines, "utf8")
    checkpoint.write_text(note, "utf8")
    alone = paper_checked(path)
    assert alone.holds and alone.signed is alone.logged is None and len(alone.limits) == 2
    by_key = paper_checked(path, key=KEY)
    assert by_key.signed and "没有网站密钥的人改不了" in str(by_key.says)
    for shown in (proof, log):
        unkept = paper_checked(path, key=KEY, proof=shown)
        assert unkept.logged and unkept.holds and "日志若整个重做过，看不出来" in str(unkept.limits)
        strongest = paper_checked(path, key=KEY, proof=shown, checkpoint=checkpoint)
        assert strongest.holds and strongest.logged and not strongest.limits
        assert "已由您手里的检查点" in str(strongest.says)
    # A log made anew, with another paper in its place, is not what the kept checkpoint sealed.
    other_lines, other, _ = log_of(with_manifest(raw("docx", tmp_path, done="1"), manifest.said)[1])
    proof.write_text(json.dumps(other), "utf8")
    assert not paper_checked(path, key=KEY, proof=proof, checkpoint=checkpoint).holds
    log.write_text(other_lines, "utf8")
    assert not paper_checked(path, key=KEY, proof=log, checkpoint=checkpoint).holds
    said["proof"][0] = base64.b64encode(bytes(32)).decode()
    proof.write_text(json.dumps(said), "utf8")
    assert not paper_checked(path, proof=proof).holds


def test_a_paper_is_a_checkpoint_that_its_reader_kept(tmp_path):
    """Each official paper bears the newest checkpoint: whoever has one can hold a later log against it."""
    content, manifest = site_paper("docx", tmp_path)
    lines, _, _ = log_of(manifest)
    sealed = [Entry("audit", n + 1, hashlib.sha256(bytes([n])).hexdigest()) for n in range(6)]
    tree = Growing()
    for entry in sealed:
        tree.add(entry.leaf())
    note = signed(Checkpoint(LOG, 6, tree.root(), datetime(2021, 12, 30, tzinfo=UTC)), Key(ED25519, PRIVATE))
    said = Said("a.docx", "K7MF-3RTW-P9AC", "2021-12-31", "1", "核对码 K7MF-3RTW-P9AC", LOG, note, "")
    path = kept(tmp_path, with_manifest(raw("docx", tmp_path), said)[0], "docx")
    log = tmp_path / "日志.jsonl"
    log.write_text(lines, "utf8")
    assert held_against(path, log, KEY).holds
    first = Entry("audit", 1, "0" * 64).line()
    log.write_text("\n".join([first, *lines.splitlines()[1:]]) + "\n", "utf8")
    assert not held_against(path, log, KEY).holds
    plain = kept(tmp_path, given_out(raw("docx", tmp_path), "a.docx", DAY), "docx")
    with pytest.raises(ZhunshengError, match="ZS-LG-24"):
        held_against(plain, log, KEY)
    assert content and in_utc(datetime(2021, 12, 30, tzinfo=UTC)) in note


@pytest.mark.parametrize("kind", KINDS)
def test_a_paper_that_a_command_made_bears_a_code_of_its_content_and_says_what_that_proves(kind, tmp_path):
    content = given_out(raw(kind, tmp_path), f"自评表.{kind}", DAY)
    path = kept(tmp_path, content, kind)
    found = paper_checked(path)
    assert found.holds and re.fullmatch(f"([{SIGNS}]{{4}}-){{2}}[{SIGNS}]{{4}}", found.code)
    assert "没有签名" in found.limits[0]
    other = given_out(raw(kind, tmp_path, done="98"), f"自评表.{kind}", DAY)
    assert carried(open_bytes(other, f"a.{kind}"))[0].said.code != found.code
    # Who makes the manifest again keeps the printed code only by keeping the content.
    manifest = carried(open_bytes(content, f"a.{kind}"))[0]
    forged, _ = with_manifest(raw(kind, tmp_path, done="98"), manifest.said)
    assert not paper_checked(kept(tmp_path, forged, kind)).holds
    assert not paper_checked(path, key=KEY).holds


def test_codes_have_no_signs_that_are_taken_for_one_another_and_are_no_account():
    from zhunsheng.disclosure import found_in

    assert not set("01ILOQUq") & set(SIGNS)
    for n in range(2_000):
        code = code_of(hashlib.sha256(str(n).encode()).digest())
        assert not found_in(f"核对码 {code}", ("核对码",)), code


@pytest.mark.parametrize(
    "said",
    [
        "",
        "{}",
        "[]",
        '{"format":"zhunsheng.paper/1"}',
        '{"format":"zhunsheng.paper/2"}',
        "[" * 5000,
        '"a"',
        "null",
    ],
)
def test_a_manifest_that_is_none_is_told(said):
    with pytest.raises(ZhunshengError, match="ZS-LG-22"):
        read_manifest(said, "a.docx")


@pytest.mark.parametrize("said", ["", "{}", '{"format":"zhunsheng.paper-proof/1"}', "[" * 5000, "1"])
def test_a_proof_that_is_none_is_told(said, tmp_path):
    content, _ = site_paper("docx", tmp_path)
    proof = tmp_path / "p.json"
    proof.write_text(said, "utf8")
    with pytest.raises(ZhunshengError, match="ZS-LG-23"):
        paper_checked(kept(tmp_path, content, "docx"), proof=proof)


def test_the_command_names_the_cell_and_ends_with_1(tmp_path):
    content, manifest = site_paper("docx", tmp_path)
    runner = CliRunner()
    good = runner.invoke(app, ["verify", str(kept(tmp_path, content, "docx")), "--key", KEY])
    assert good.exit_code == 0 and "相符" in good.output and "没有网站密钥的人改不了" in good.output
    bad = runner.invoke(app, ["verify", str(kept(tmp_path, rewritten(content, "99%", "100%"), "docx"))])
    assert bad.exit_code == 1 and "改动　表 1 第 3 行“完成值”：现在是“100%”" in bad.output
    as_json = runner.invoke(app, ["verify", str(tmp_path / "手里.docx"), "--json"])
    assert json.loads(as_json.stdout)["changes"][0]["place"] == "表 1 第 3 行“完成值”"
    log = tmp_path / "log.jsonl"
    log.write_text(log_of(manifest)[0], "utf8")
    for args, code in ((["log.jsonl"], "ZS-LG-20"), (["无.docx"], "ZS-IN-01"), (["a.pdf"], "ZS-")):
        (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4\n")
        said = runner.invoke(app, ["verify", str(tmp_path / args[0])])
        assert said.exit_code and code in said.output + str(said.exception)


BUILD = """
import hashlib, sys
from datetime import date
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import test_papers as t
out = Path(sys.argv[2])
for kind in t.KINDS:
    content = t.given_out(t.raw(kind, out), f"自评表.{kind}", t.DAY)
    print(kind, hashlib.sha256(t.raw(kind, out)).hexdigest(), hashlib.sha256(content).hexdigest())
    print(kind, hashlib.sha256(t.site_paper(kind, out)[0]).hexdigest())
"""


def test_the_same_content_of_the_same_day_is_the_same_bytes_in_any_process(tmp_path):
    found = set()
    for n, (seed, zone, locale) in enumerate(
        (("0", "UTC", "C.UTF-8"), ("4711", "America/New_York", "zh_CN.UTF-8"), ("99", "Asia/Shanghai", "C"))
    ):
        out = tmp_path / str(n)
        out.mkdir()
        env = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale, "PYTHONUTF8": "1"}
        done = subprocess.run(
            [sys.executable, "-c", BUILD, str(Path(__file__).parent), str(out)],
            env=env,
            check=True,
            capture_output=True,
            text=True,
        )
        found.add(done.stdout)
    assert len(found) == 1 and len(found.pop().splitlines()) == 6


@pytest.mark.parametrize("kind", ["docx", "xlsx"])
def test_the_package_is_one_that_office_programs_know(kind, tmp_path):
    """Every part is declared and typed, the signature's lines survive, and libraries open it."""
    content, manifest = site_paper(kind, tmp_path)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        names = archive.namelist()
        assert names[0] == "[Content_Types].xml" and len(names) == len(set(names))
        types = archive.read("[Content_Types].xml").decode()
        for name in names:
            ending = name.rsplit(".", 1)[-1]
            assert f'PartName="/{name}"' in types or f'Extension="{ending}"' in types or ending == "xml", name
        for name in (n for n in names if n.endswith(".rels")):
            base = Path("/", name).parent.parent
            for target in re.findall(r'Target="([^"]+)"', archive.read(name).decode()):
                goal = os.path.normpath(base / target).lstrip("/")
                assert goal in names, (name, target)
        assert b"2021-12-31T00:00:00Z" in archive.read("docProps/core.xml")
    found, note, untouched = carried(open_bytes(content, f"a.{kind}"))
    assert (found, untouched) == (manifest, True) and note.endswith("\n") and "— zhunsheng/" in note
    if kind == "docx":
        feet = [s.footer.paragraphs[0].text for s in docx.Document(io.BytesIO(content)).sections]
        assert feet == ["核对码 K7MF-3RTW-P9AC"] * len(feet)
    else:
        sheet = openpyxl.load_workbook(io.BytesIO(content)).active
        assert sheet.oddFooter.left.text == "核对码 K7MF-3RTW-P9AC" and "页" in sheet.oddFooter.right.text


def test_a_page_carries_it_in_its_head_and_runs_nothing(tmp_path):
    content, manifest = site_paper("html", tmp_path)
    text_ = content.decode()
    assert "<script" not in text_ and text_.index("zhunsheng-paper") < text_.index("</head>")
    assert html.escape(manifest.line()) in text_


@pytest.mark.parametrize("kind", KINDS)
def test_a_line_and_manifest_are_taken_off_again_whole(kind, tmp_path):
    content = given_out(raw(kind, tmp_path), f"自评表.{kind}", DAY)
    bare = without_manifest(content, f"自评表.{kind}")
    assert carried(open_bytes(bare, f"a.{kind}")) is None and without_manifest(bare, f"a.{kind}") == bare
    assert content_of(open_bytes(bare, f"a.{kind}")) == content_of(
        open_bytes(raw(kind, tmp_path), f"a.{kind}")
    )
    again, manifest = with_manifest(
        bare, Said(f"a.{kind}", "K7MF-3RTW-P9AC", "2021-12-31", "1", "核对码 K7MF")
    )
    assert carried(open_bytes(again, f"a.{kind}"))[0] == manifest
    docx.Document(io.BytesIO(bare)) if kind == "docx" else None


def test_all_papers_of_the_sample_are_the_same_bytes_in_another_process(sample, tmp_path):
    place, found = sample[0], []
    for n, (seed, zone, locale) in enumerate((("1", "UTC", "C.UTF-8"), ("777", "America/New_York", "C"))):
        out = tmp_path / str(n)
        env = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale, "PYTHONUTF8": "1"}
        words = [sys.executable, "-m", "zhunsheng", "report", str(next((place / "documents").glob("*.docx")))]
        words += [
            "--evidence",
            str(place / "results" / "evidence"),
            "--as-of",
            "2022-02-28",
            "--out",
            str(out),
        ]
        subprocess.run(words, env=env, check=True, capture_output=True)
        found.append(
            {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in out.iterdir() if p.is_file()}
        )
    assert found[0] == found[1] and len(found[0]) == 9
    for name in found[0]:
        if not name.endswith(".json"):
            assert paper_checked(tmp_path / "0" / name).holds, name
