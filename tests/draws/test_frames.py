"""Frames and registers of a draw: a row that is wrong is named, and nothing is guessed."""

from __future__ import annotations

import re
import shutil
from datetime import date

import pytest
import yaml
from typer.testing import CliRunner

from small_draws import BEFORE, people, plan_of, rows, write_frame_csv
from zhunsheng.cli.commands import app
from zhunsheng.draw_folders import commit_draw, write_template
from zhunsheng.draws.assignment import RegisteredInspector, register_digest
from zhunsheng.draws.codes import odd_codes
from zhunsheng.draws.frame import open_database
from zhunsheng.draws.frame_making import frame_from_file
from zhunsheng.draws.protocol import commitment, seal
from zhunsheng.draws.randomness import both, canonical_text
from zhunsheng.draws.reading import read_inspectors
from zhunsheng.errors import ZhunshengError
from zhunsheng.usecases.drawing.frames import FrameSource

# -- plan and frame
# ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([*rows(4), ("E00001", "东", "A")], "编号重复：第3行 E00001"),
        ([*rows(4), ("甲", "东", "A")], "第6行 甲"),
        ([*rows(4), ("9" * 23, "东", "A")], "第6行"),
        ([*rows(4), ("E9", "东|西", "A")], "第6行 E9"),
        ([*rows(4), ("E9", "", "A")], "第6行 E9"),
        ([], "没有检查对象"),
    ],
)
def test_frames_that_are_refused_name_their_rows(tmp_path, data, said):
    with pytest.raises(ZhunshengError, match=r"ZS-DR-02|ZS-DR-84") as caught:
        frame_from_file(write_frame_csv(tmp_path / "f.csv", data), plan_of(), open_database())
    assert said in caught.value.text()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,district,credit_class\nE1,东,A\nE2,东,A,多\n", "ZS-DR-82.*第 3 行的列数与第一行不同"),
        ("id,district,credit_class\nE1,东,A\nE2,东\n", "ZS-DR-82.*第 3 行的列数与第一行不同"),
        ('id,district,credit_class\nE1,东,A\n"E2,东,A\n', "ZS-DR-82.*引号不成对"),
        ("", "ZS-IN-02"),
        ("id,district,district,credit_class\nE1,东,西,A\n", "ZS-DR-83.*有两列都叫 district"),
        ("名录库,,\nid,district,credit_class\nE1,东,A\n", "ZS-DR-83.*第 1 行应是各列的列名，第 2 列没有列名"),
        ("id;district;credit_class\nE1;东;A\n", "ZS-DR-83.*现在是 id;district;credit_class"),
        ("id,district,credit_class\n9.1310000123457E+17,东,A\n", "ZS-DR-02.*第2行.*科学计数"),
        ("id,district,credit_class\n９1,东,A\n", "ZS-DR-02.*全角"),
        ("id,district,credit_class\n'E9,东,A\n", "ZS-DR-02.*表格软件的记号"),
        ("id,district,credit_class\nE 9,东,A\n", "ZS-DR-02.*空格"),
        ("id,district,credit_class\nE9,,A\n", "ZS-DR-02.*分层是空的"),
        ("id,district,credit_class\n,东,A\n", "ZS-DR-02.*没有编号"),
    ],
)
def test_a_frame_says_what_is_wrong_with_which_row_and_guesses_nothing(tmp_path, text, said):
    (tmp_path / "f.csv").write_text(text, "utf8")
    with pytest.raises(ZhunshengError, match=said):
        frame_from_file(tmp_path / "f.csv", plan_of(), open_database())


def test_a_frame_keeps_its_columns_however_lines_end(tmp_path):
    text = 'id,名称,district,credit_class\nE1,"甲,乙",东,A\nE2,丙,东,B\n'
    for n, said in enumerate((text, text.replace("\n", "\r\n"), "\ufeff" + text, text[:-1])):
        (tmp_path / f"{n}.csv").write_bytes(said.encode())
        assert (
            frame_from_file(tmp_path / f"{n}.csv", plan_of(), open_database(), key="0" * 32).root
            == frame_from_file(tmp_path / "0.csv", plan_of(), open_database(), key="0" * 32).root
        )


def test_a_file_is_not_filtered_in_silence(tmp_path):
    write_template(tmp_path)
    files = (tmp_path / "方案.yaml", tmp_path / "检查人员.yaml", tmp_path / "抽查")
    for more in ({"on": date(2020, 1, 1)}, {"where": "credit_class = 'A'"}, {"evidence": tmp_path}):
        with pytest.raises(ZhunshengError, match=r"ZS-CL-01.*--frame"):
            commit_draw(*files, FrameSource(tmp_path / "名录库.csv", **more))


def test_frames_as_excel_saves_them_are_told_how_to_save_them(tmp_path):
    import openpyxl

    text = "id,district,credit_class\n" + "".join(f"E{n:04d},A,A\n" for n in range(2_000)) + "E9999,东,A\n"
    openpyxl.Workbook().save(tmp_path / "a.xlsx")
    shutil.copy(tmp_path / "a.xlsx", tmp_path / "a.csv")
    (tmp_path / "gbk.csv").write_bytes(text.encode("gbk"))
    (tmp_path / "utf16.csv").write_bytes(text.encode("utf-16"))
    for name, said in (
        ("a.xlsx", "xlsx 工作簿"),
        ("a.csv", "xlsx 工作簿"),
        ("gbk.csv", "GBK"),
        ("utf16.csv", "UTF-16"),
    ):
        with pytest.raises(ZhunshengError, match=r"ZS-DR-66.*CSV UTF-8") as caught:
            frame_from_file(tmp_path / name, plan_of(), open_database())
        assert said in caught.value.text()
    for encoding in ("utf-8", "utf-8-sig"):
        (tmp_path / "right.csv").write_text(text, encoding)
        assert frame_from_file(tmp_path / "right.csv", plan_of(), open_database()).count == 2_001
    (tmp_path / "c.csv").write_text("编号,district\nE1,东\n", "utf8")
    with pytest.raises(
        ZhunshengError,
        match=r"没有列 id、credit_class：第一行的列名应为 id 和 district、credit_class，"
        "现在是 编号、district",
    ):
        frame_from_file(tmp_path / "c.csv", plan_of(), open_database())


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([*rows(4), ("e00001", "东", "A")], "第3行 E00001与第6行 e00001"),  # case
        ([*rows(4), ("EOOOO1", "东", "A")], "第3行 E00001与第6行 EOOOO1"),  # O and 0
        ([*rows(4), ("E0000l", "东", "A")], "第3行 E00001与第6行 E0000l"),  # l and 1
        ([*rows(4), ("E0000I", "东", "A")], "第3行 E00001与第6行 E0000I"),  # I and 1
        ([*rows(8), ("E9", "东", "Ａ")], "信用风险类别 第2行“A”与第10行“Ａ”（U+FF21）"),  # width
        ([*rows(8), ("E9", "东", "a")], "信用风险类别 第2行“A”与第10行“a”"),
        ([*rows(8), ("E9", "东", "А")], "“А”（U+0410）"),  # Cyrillic
        ([*rows(8), ("E9", "东 ", "A")], "辖区 第2行“东”与第10行“东 ”（U+0020）"),  # blanks
        ([*rows(8), ("E9", "东\u200b", "A")], "（U+200B）"),  # what nobody sees
        ([*rows(8), ("E8", "é", "A"), ("E9", "e\u0301", "A")], "（U+0301）"),  # composed or not
        ([*rows(8), ("E8", "\uf900", "A"), ("E9", "豈", "A")], "（U+F900）"),  # compatibility ideographs
        ([*rows(8), ("E8", "中口所", "A"), ("E9", "中囗所", "A")], "中囗所”（U+56D7）"),  # the same outline
        ([*rows(8), ("E8", "二〇所", "A"), ("E9", "二○所", "A")], "（U+25CB）"),
        ([*rows(8), ("E8", "长⻔", "A"), ("E9", "长门", "A")], "（U+2ED4）"),  # radicals
    ],
)
def test_what_only_looks_the_same_is_refused_with_both_rows(tmp_path, data, said):
    """One object beside its look-alike with a quota of none would be exempt."""
    path = write_frame_csv(tmp_path / "f.csv", data)
    with pytest.raises(ZhunshengError, match="ZS-DR-24") as caught:
        frame_from_file(path, plan_of(), open_database())
    assert said in caught.value.text(), caught.value.text()
    # What was committed before this was asked is drawn and verified as it is.
    assert frame_from_file(path, plan_of(), open_database(), published=True).count == len(data)


def test_districts_of_their_own_and_codes_are_no_look_alikes(tmp_path):
    places = [
        "东城",
        "西城",
        "东湖所",
        "北山所",
        "中心所",
        "中山所",
        "甲乙",
        "由申",
        "一所",
        "三所",
        "N区",
        "V区",
        "八里",
        "入里",
    ]
    data = [(f"91110190MA{n:07d}X", places[n % len(places)], "ABCD"[n % 4]) for n in range(200)]
    assert frame_from_file(write_frame_csv(tmp_path / "f.csv", data), plan_of(), open_database()).count == 200


def test_inspectors_that_look_the_same_are_refused(tmp_path, drawn):
    place, _ = drawn
    for staff, said in (
        ([*people(), RegisteredInspector(id="P1O", certified=True)], "第11人 P10 与第13人 P1O"),
        (
            [*people(), RegisteredInspector(id="Z", certified=True, districts=["东 "])],
            "第13人 Z 的辖区“东 ”（U+0020）与名录库的“东”",
        ),
    ):
        (tmp_path / "i.yaml").write_text(yaml.safe_dump([p.model_dump(mode="json") for p in staff]), "utf8")
        with pytest.raises(ZhunshengError, match="ZS-DR-25") as caught:
            commit_draw(
                place / "plan.yaml",
                tmp_path / "i.yaml",
                tmp_path / "o",
                FrameSource(place / "frame.csv"),
                now=BEFORE,
            )
        assert said in caught.value.text(), caught.value.text()
        assert not (tmp_path / "o").exists()


def test_full_width_digits_are_entered_as_plain_ones(tmp_path):
    plan, wide = plan_of(), {"by": "乙", "values": [{"numbers": "０３　０８ 17 22"}]}
    assert both(plan, {"by": "甲", "values": [{"numbers": "03 08 17 22"}]}, wide)[0].endswith(":03 08 17 22")
    frame = frame_from_file(write_frame_csv(tmp_path / "f.csv", rows()), plan, open_database())
    sealed = seal(plan, commitment(plan, frame, people(), BEFORE), wide, {**wide, "by": "甲"})
    assert sealed["values"] == [{"numbers": "03 08 17 22"}]
    with pytest.raises(ZhunshengError, match="ZS-DR-05"):
        canonical_text(plan, [{"numbers": "٣"}])


# -- assignment
# ------------------------------------------------------------------------------------------------------------


def test_registers():
    assert register_digest(people()) == register_digest(people()[::-1])
    with pytest.raises(ZhunshengError, match="编号重复"):
        register_digest([*people(), people()[0]])


def test_register_files(tmp_path):
    (path := tmp_path / "p.yaml").write_text("- {id: 张三, certified: true}\n", "utf8")
    with pytest.raises(ZhunshengError, match="ZS-DR-80"):
        read_inspectors(path)
    path.write_text("- [", "utf8")
    with pytest.raises(ZhunshengError, match="ZS-DR-81"):
        read_inspectors(path)


# -- the sample, results, due dates
# ------------------------------------------------------------------------------------------------------------


def test_ids_that_look_like_codes_and_are_none_are_told(tmp_path, monkeypatch):
    """Excel's zeros, a letter for a figure, a digit changed; other lengths and forms are of no account."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

    def code(n):
        head = f"9131000{n:010d}"
        return head + alphabet[-sum(alphabet.index(c) * 3**k for k, c in enumerate(head)) % 31]

    assert odd_codes_of(tmp_path, ["91350100M000100Y43"]) == (0, [], True)  # the example of GB 32100
    right = [code(n) for n in range(1, 400)]
    wrong = [
        "913100001234567000",
        right[0][:-1] + ("0" if right[0][-1] != "0" else "1"),
        "9131OOOO123450002X",
        right[7].replace("9131", "9113"),
        "x" + right[9][1:],
    ]
    others = ["ENTITY-1", "9" * 17, "9" * 19, "x", "E" * 17 + "-"]
    assert odd_codes_of(tmp_path, [*right, *others]) == (0, [], True)
    monkeypatch.setattr("zhunsheng.draws.codes.LOOKED", 1_000)
    assert odd_codes_of(tmp_path, [*right, *others])[2] is False
    monkeypatch.setattr("zhunsheng.draws.codes.LOOKED", 2**20)
    monkeypatch.setattr("zhunsheng.draws.codes.PIECE", 100)  # lines are parted between pieces
    assert odd_codes_of(tmp_path, [*right, *others, *wrong]) == (len(wrong), sorted(wrong)[:5], True)
    write_template(tmp_path)
    (tmp_path / "名录库.csv").write_text(
        "id,district,credit_class\n" + "".join(f"{one},一所,A\n" for one in (*right[:4], wrong[0])), "utf8"
    )
    for name in ("方案.yaml", "检查人员.yaml"):
        text = (tmp_path / name).read_text("utf8").replace("  recuse:", "  # recuse:")
        (tmp_path / name).write_text(
            re.sub(r"(?s)  - match: \{credit_class: D\}.*?(?=  - ratio)", "", text), "utf8"
        )
    of = {
        name: str(tmp_path / f"{name}.{end}")
        for name, end in (("方案", "yaml"), ("检查人员", "yaml"), ("名录库", "csv"))
    }
    said = CliRunner().invoke(
        app,
        [
            "draw",
            "commit",
            of["方案"],
            "--inspectors",
            of["检查人员"],
            "--frame",
            of["名录库"],
            "--out",
            str(tmp_path / "o"),
        ],
    )
    assert said.exit_code == 0, said.exception
    assert "有 1 个 18 位的编号不是统一社会信用代码" in said.output and wrong[0] in said.output
    # Who may come nowhere is told too.
    assert "有 2 人这次派不到" in said.output and "ZF-003 的辖区 二所 名录库里没有" in said.output


def odd_codes_of(place, ids):
    (place / "frame.tsv").write_text(
        f"#\t{'0' * 32}\n" + "".join(f"{one}\t一所\n" for one in sorted(ids)), "utf8"
    )
    return odd_codes(place / "frame.tsv")
