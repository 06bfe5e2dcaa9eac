"""What leaves the house: personal data is found however it is written, wherever it stands in a file,
and goes out hidden.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import random
import time
import zipfile

import docx
import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.packaging.custom import StringProperty
from stdnum import luhn
from stdnum.cn import ric, uscc

from zhunsheng.disclosure import found_in, redacted, rules, suppressed, texts_of, without
from zhunsheng.errors import ZhunshengError

CARD = "110101199003070038"
MOBILE = "13800138000"


def kinds(text, *labels):
    return [f.kind for f in found_in(text, labels)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"身份证{CARD}。", "identity"),
        ("11010519491231002X 已核", "identity"),
        ("110101900307003", "identity"),
        (f"手机{MOBILE}", "mobile"),
        (f"+86 {MOBILE}", "mobile"),
        (f"0086{MOBILE}", "mobile"),
        (f"wx{MOBILE}", "mobile"),
        (f"2021-03-05 {MOBILE}", "mobile"),
        (f"2021-03-05  {MOBILE[:3]}-{MOBILE[3:7]}-{MOBILE[7:]} 办结", "mobile"),
        ("一三八零零一三八零零零", "mobile"),
        ("0571-88888888", "phone"),
        ("（0571）8888 8888", "phone"),
        ("联系电话：057188888888", "phone"),
        ("电话：88887777", "phone"),
        ("卡号6222021234567890128", "bank"),
        ("6222 0212 3456 7890 128", "bank"),
        ("账号 330106001234567", "bank"),
        ("浙A12345", "plate"),
        ("粤B·D12345", "plate"),
        ("ａｂ．ｃ＠example．com", "email"),
        ("护照号码：E12345678", "passport"),
        ("联系人：张三", "name"),
        ("联系人张三，电话不详", "name"),
        ("投诉人王小二反映油烟", "name"),
        ("项目负责人（财务） 欧阳修。", "name"),
        ("家住文一路12号3幢401室", "address"),
        ("住址：某县某乡柳村3组", "address"),
        ("文一路12号3幢2单元401室", "address"),
    ],
)
def test_personal_data_is_found(text, kind):
    assert kinds(text) == [kind]


@pytest.mark.parametrize("number", [CARD, MOBILE])
def test_no_way_of_writing_a_number_hides_it(number):
    """Blanks, hyphens, full-width, circled and Chinese digits, marks and signs nobody sees,
    between any of its digits.
    """
    chance = random.Random(9)
    seams = (
        "",
        " ",
        "\u3000",
        "-",
        "－",
        "·",
        "/",
        "\u200b",
        "\u200d",
        "\xad",
        "\u2060",
        "\u0336",
        "\ufe0f",
        "　-　",
    )
    digits = [
        lambda d: d,
        lambda d: chr(ord(d) + 0xFEE0),
        lambda d: "⓪①②③④⑤⑥⑦⑧⑨"[int(d)],
        lambda d: chr(0x0660 + int(d)),
    ]
    for _time in range(400):
        seam = chance.choice(seams)
        way = chance.choice(digits)
        written = "".join(way(d) + (seam if chance.random() < 0.6 else "") for d in number)
        text = f"见附件：{written}，已办"
        (one,) = found_in(text)
        assert one.value == number, written
        assert redacted(text).startswith("见附件：〔已隐去") and redacted(text).endswith("，已办"), written


def test_codes_amounts_and_dates_are_not_personal():
    assert uscc.is_valid("91110000600037341L")
    for text in (
        "统一社会信用代码 91110000600037341L",
        "91330106MA27XY1234",
        "911100006000373411",
        f"预算{MOBILE}元",
        f"¥{MOBILE}",
        f"{MOBILE}.00",
        "1,380,013,800.00",
        "国办发〔2019〕5号，财预〔2020〕10号",
        "2021年3月5日至2021-12-31，20210305",
        "≥95%，12315热线，400-810-8888，95533",
        "项目编码：330106210000000001234",
        "项目编码：621202210000000001",
        "SJ-2021-01，第2021024期，03 15 17 22 25 30 04",
        "编号：110101900307003",
        "a3f813800138000bc",
        "负责人高度重视，当事人陈述，联系人和负责人，申请人应当在三日内",
        "联系人：示例区市场监督管理局；负责人：办公室",
        "1 2 3 4 5 6 7 8 9 10 11 12",
        "户籍地公安机关",
        "北纬30.2741，东经120.1551",
    ):
        assert kinds(text) == [], text


def test_the_check_digits_decide_where_the_writing_does_not():
    chance = random.Random(3)
    for _n in range(300):
        place, year = chance.choice((11, 33, 44)), chance.randint(1950, 2009)
        month, day, order = chance.randint(1, 12), chance.randint(1, 28), chance.randint(0, 999)
        body = f"{place}0102{year}{month:02}{day:02}{order:03}"
        right = ric.calc_check_digit(f"{body}0")
        assert kinds(body + right) == ["identity"]
        wrong = "0123456789X"[("0123456789X".index(right) + 1) % 11]
        assert "identity" not in kinds(body + wrong)
        card = f"6217{chance.randint(0, 10**14 - 1):014}"
        assert kinds(card + luhn.calc_check_digit(card)) == ["bank"]


def test_what_stands_beside_a_text_is_its_label():
    assert kinds("张三", "联系人") == ["name"] and kinds("张三、李四", "项目负责人：") == ["name", "name"]
    assert kinds("88887777", "联系电话") == ["phone"] and kinds("88887777", "件数") == []
    assert kinds("张三", "县区") == []


def test_what_is_shown_to_decide_on_hides_the_middle():
    (one,) = found_in(MOBILE)
    assert one.shown == "138******00" and MOBILE not in one.shown
    assert found_in("联系人：欧阳修")[0].shown == "欧**" and found_in("a.b@c.com")[0].shown == "a***@c.com"


# -- files
# ------------------------------------------------------------------------------------------------------------


def word():
    document = docx.Document()
    document.core_properties.author = "zhangsan"
    document.core_properties.last_modified_by = "李四"
    document.core_properties.keywords = "a@b.com"
    paragraph = document.add_paragraph("联系")
    for run in ("人：张", "三，138", "0013", "8000，完"):
        paragraph.add_run(run)
    document.sections[0].header.paragraphs[0].text = "0571-88888888"
    document.sections[0].footer.paragraphs[0].text = "科室负责人：李四 13900139000"
    table = document.add_table(2, 2)
    for (r, c), text in {(0, 0): "事项", (0, 1): "联系人", (1, 0): "检查", (1, 1): "王小明"}.items():
        table.cell(r, c).text = text
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def workbook():
    book = openpyxl.Workbook()
    sheet = book.active
    for at, value in {"A1": "联系电话", "B1": 13800138000, "A2": "联系人", "B2": "赵六", "B3": CARD}.items():
        sheet[at] = value
    sheet["B3"].comment = Comment("投诉人：钱七", "孙八")
    sheet.oddFooter.center.text, sheet.oddFooter.center.size = "联系人：周九 &P 13700137000", 10
    unseen = book.create_sheet("没人看的表")
    unseen.sheet_state = "hidden"
    unseen["A1"] = "文一路12号3幢401室"
    book.properties.creator = "wang"
    book.custom_doc_props.append(StringProperty(name="经办人", value="吴十"))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def places(name, data):
    return [(text.where(one), one.kind) for text in texts_of(name, data) for one in text.found()]


def test_a_document_is_looked_through_whole():
    found = places("表.docx", word())
    assert {
        ("正文", "name"),
        ("正文", "mobile"),
        ("页眉", "phone"),
        ("页脚", "mobile"),
        ("页脚", "name"),
    } <= {(part, kind) for where, kind in found for part in ("正文", "页眉", "页脚") if part in where}
    assert ("表.docx的正文表格第2行第2格", "name") in found and (
        "表.docx的文档属性（lastModifiedBy）",
        "author",
    ) in found
    gone = without("表.docx", word(), lambda _one: True)
    assert places("表.docx", gone) == []
    assert (
        docx.Document(io.BytesIO(gone)).paragraphs[0].text == "联系人：〔已隐去姓名〕，〔已隐去手机号码〕，完"
    )
    kept = without("表.docx", word(), lambda one: one.kind == "phone")
    assert len(places("表.docx", kept)) == len(found) - 1


def test_a_workbook_is_looked_through_whole():
    found = places("表.xlsx", workbook())
    assert ("表.xlsx的工作表“没人看的表”（隐藏）单元格A1", "address") in found
    assert {k for _w, k in found} == {"author", "name", "mobile", "identity", "address"}
    assert sum("页脚" in where for where, _k in found) == 2 and any(
        "批注（B3）" in where for where, _k in found
    )
    gone = without("表.xlsx", workbook(), lambda _one: True)
    assert places("表.xlsx", gone) == []
    sheet = openpyxl.load_workbook(io.BytesIO(gone)).worksheets[0]
    assert sheet["B1"].value == "〔已隐去手机号码〕" and "&P" in sheet.oddFooter.center.text


def test_members_lines_and_pages_are_looked_through():
    bundle = io.BytesIO()
    with zipfile.ZipFile(bundle, "w") as archive:
        archive.writestr("plan.json", json.dumps({"联系人": "张三", "a": ["x", MOBILE]}))
        archive.writestr(f"{MOBILE}.tsv", f"A\tb\n{CARD}\tc\n")
    found = places("包.zip", bundle.getvalue())
    assert [kind for _w, kind in found] == ["mobile", "name", "mobile", "identity"] and "第2行" in found[-1][
        0
    ]
    page = f"<p>138<b>0013</b>8000</p><table><tr><td>联系人<td>张三</table>{CARD}".encode()
    assert sorted(k for _w, k in places("公告.html", page)) == ["identity", "mobile", "name"]
    assert places("公告.html", without("公告.html", page, lambda _one: True)) == []
    assert [k for _w, k in places("a.csv", "姓名,数\r\n张三,5\r\n".encode())] == ["name"]


@pytest.mark.parametrize("name", ["a.pdf", "a.exe", "a", "a.doc"])
def test_what_can_not_be_read_is_refused(name):
    with pytest.raises(ZhunshengError, match="ZS-WB-43"):
        list(texts_of(name, b"x"))


# -- small counts
# -----------------------------------------------------------------------------------------------------


def consistent(told, least):
    """Every way the counts can be, for whoever reads what is told and knows the rule."""
    unknown = [n for n, words in told.groups.items() if n not in told.numbers]
    ranges = [range(1, least) if told.groups[n] == f"少于{least}" else range(0, 31) for n in unknown]
    known = sum(told.numbers.values())
    for values in itertools.product(*ranges):
        if told.whole is None or known + sum(values) == told.whole:
            yield dict(zip(unknown, values, strict=True))


def test_small_counts_can_not_be_had_from_what_is_told():
    least, chance = rules().least_count, random.Random(5)
    hidden_ones = 0
    for _time in range(300):
        counts = {f"组{n}": chance.choice((0, 0, 1, 2, 3, 4, 5, 7, 12)) for n in range(chance.randint(1, 4))}
        told = suppressed(counts)
        ways = list(consistent(told, least)) if len(set(counts) - set(told.numbers)) <= 3 else []
        for name, n in counts.items():
            if 0 < n < least:
                hidden_ones += 1
                assert told.groups[name] == f"少于{least}"
                assert not ways or len({way[name] for way in ways}) > 1, (counts, told)
    assert hidden_ones > 200


def test_small_counts_can_not_be_had_from_an_earlier_publication():
    first = suppressed({"未发现问题": 20, "未按规定公示": 9})
    assert first.whole == 29 and first.numbers == {"未发现问题": 20, "未按规定公示": 9}
    # One more: neither the group nor the total may say so.
    then = suppressed({"未发现问题": 20, "未按规定公示": 10}, [first.as_json()])
    assert "未按规定公示" not in then.numbers and (then.whole is None or len(then.numbers) == 0)
    assert suppressed({"未发现问题": 40, "未按规定公示": 19}, [first.as_json()]).whole == 59
    assert suppressed({"甲": 3}).total == "少于5" and suppressed({"甲": 0, "乙": 0}).total == "0"
    # Groups that were kept back together tell nothing by their sum either.
    one = suppressed({"甲": 3, "乙": 3, "丙": 50})
    again = suppressed({"甲": 4, "乙": 3, "丙": 50}, [one.as_json()])
    assert one.whole == 56 and again.whole is None and "甲" not in again.numbers


# -- what hides a name, and what takes long
# ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("联系人及电话：张伟 010-62345678", ["张伟", "01062345678"]),
        ("联系人、电话：李娜、13812345678", ["李娜", "13812345678"]),
        ("联 系 人：王芳", ["王芳"]),
        ("联系人（赵敏）", ["赵敏"]),
        ("联系人：刘洋主任", ["刘洋"]),
        ("联系人：王主任", ["王"]),
        ("联系人：陈静和周杰", ["陈静", "周杰"]),
        ("联系人：张伟及李娜", ["张伟", "李娜"]),
        ("联系人：张伟/李娜", ["张伟", "李娜"]),
        ("联系人：张伟科长、李娜副科长", ["张伟", "李娜"]),
        ("联系人：张伟 13812345678，李娜 13912345678", ["张伟", "13812345678", "李娜", "13912345678"]),
        ("联系人\n孙丽", ["孙丽"]),
        ("联系人：\n张伟", ["张伟"]),
        ("联系人——张伟", ["张伟"]),
        ("联系人；张伟", ["张伟"]),
        ("联系人／张伟", ["张伟"]),
        ("联系人｜张伟", ["张伟"]),
        ("联系人：【张伟】", ["张伟"]),
        ("联系人：“张伟”", ["张伟"]),
        ("联系人：张伟-财务科", ["张伟"]),
        ("联系人：财务科张伟", ["张伟"]),
        ("联系人：市场监管局 张伟", ["张伟"]),
        ("联系人：张  伟", ["张伟"]),
        ("联系人：欧阳 修", ["欧阳修"]),
        ("联系人：小张", ["小张"]),
        ("制表：张伟", ["张伟"]),
        ("填表人（签字）：张伟", ["张伟"]),
        ("本企业法定代表人张伟", ["张伟"]),
        ("身份证号：110105194912310020", ["110105194912310020"]),
        ("住建国路88号院2号楼501", ["建国路88号院2号楼501"]),
        ("QQ：123456789；微信号 zhangwei_88", ["123456789", "zhangwei_88"]),
        ("zhang(at)example.com", ["zhang@example.com"]),
        ("zhang [at] example [dot] com", ["zhang@example.com"]),
        ("138\n12345678", ["13812345678"]),
        ("WJ京00001", ["WJ京00001"]),
        ("WJ 京1234X", ["WJ京1234X"]),
        ("壹叁捌壹贰叁肆伍陆柒捌", ["13812345678"]),
        ("幺三八-壹贰叁肆-五六七八", ["13812345678"]),
    ],
)
def test_no_way_of_writing_a_label_hides_what_it_names(text, values):
    assert [f.value for f in found_in(text)] == values
    assert "〔已隐去" in redacted(text) and not found_in(redacted(text))


def test_offices_titles_and_words_behind_a_label_are_no_names():
    for text in (
        "负责人：办公室",
        "负责人：财务科",
        "联系人：水务局",
        "联系人：区政府办公室",
        "负责人：严格落实",
        "申请人/被申请人",
        "负责人/经办人",
        "负责人 时间 成本",
        "经办人——安全员",
        "负责人\n项目金额：5万元",
        "微信公众号：示例市监",
        "住房建设路12号项目",
        "138\n1234\n5678",
        "统计：1\n3812345678",
    ):
        assert kinds(text) == [], text


def test_a_label_stands_above_what_it_names():
    document = docx.Document()
    for words in ("联系人：", "张伟", "以上", "张伟"):
        document.add_paragraph(words)
    out = io.BytesIO()
    document.save(out)
    assert [w for w, kind in places("表.docx", out.getvalue()) if kind == "name"] == ["表.docx的正文第2段"]
    page = "<p>联系人：</p><p>张伟</p><p>以上</p>".encode()
    assert [k for _w, k in places("公告.html", page)] == ["name"]


def test_who_speaks_in_a_plan_is_named():
    def named(*speakers):
        return [k for _w, k in places("plan.json", json.dumps({"speakers": speakers}).encode())]

    assert named("张伟", "公证员李娜", "Li Wei", "佚名先生") == ["name"] * 4
    assert named("人大代表", "政协委员", "企业代表") == []


HOSTILE = {
    "names": "联系人：王 王王 ",
    "labels": "联系人：",
    "listed": "联系人：张伟、",
    "figures": "1 ",
    "cards": "1 1 0 1 0 1 1 9 4 9 1 2 3 1 ",
    "mobiles": "138 1234 567 ",
    "accounts": "6222 0212 3456 7890 ",
    "phones": "0571 888 ",
    "mails": "a@a.",
    "plates": "京A1234",
    "passports": "护照E1",
    "homes": "一路1幢1单元",
    "addresses": "住址：一路1",
    "chinese": "壹 ",
    "lines": "138\n",
    "offices": "联系人：财务科",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_the_time_a_text_takes_grows_with_its_length_only(name):
    """Twice the text takes no more than about twice the time, whatever it repeats;
    30,000 figures took 9 seconds.
    """
    times = []
    for size in (30_000, 60_000):
        text = HOSTILE[name] * (size // len(HOSTILE[name]))
        times.append(min(_timed(text) for _turn in range(2)))
    assert times[1] < max(3 * times[0], 0.1), times
    assert times[1] < 4, times


def _timed(text):
    start = time.process_time()
    found_in(text)
    return time.process_time() - start


def test_a_file_of_very_many_is_placed_and_written_over_in_one_pass():
    lines = "".join(f"联系人：张伟 {13800000000 + n}\n" for n in range(3_000)).encode()
    start = time.process_time()
    found = places("表.txt", lines)
    assert len(found) == 6_000 and found[-1] == ("表.txt第3000行", "mobile")
    gone = without("表.txt", lines, lambda _one: True)
    assert gone.decode().count("〔已隐去") == 6_000 and time.process_time() - start < 10


def test_a_label_in_letters_is_a_word_of_its_own():
    """Codes of the site are made of letters and digits by chance; one in a hundred holds a qq."""
    assert kinds("a4qq7mzk2h") == kinds("xqq5zzk2hh", "单位代码") == [] and kinds("QQ123456789") == [
        "account"
    ]


def test_a_digest_in_groups_is_no_number_of_a_person():
    """One in some thousand digests was taken for a landline; a number among words is found as before."""
    for n in range(4_000):
        whole = hashlib.sha256(str(n).encode()).hexdigest()
        for size in (4, 8):
            told = " ".join(whole[at : at + size] for at in range(0, 64, size))
            assert not list(found_in(f"承诺摘要 {told}。")), told
    # The head of one, as a notice shows a draw's tickets: of 200,000 random ones eight were landlines.
    for ticket in ("037722729733…", "004322897892…", "864826637360...", "051075953100…"):
        assert not list(found_in(ticket, ("号码",))), ticket
        assert list(found_in(f"电话 {ticket}")) and list(found_in(ticket, ("联系电话",))), ticket
    for said in ("8628 7232 3953", "电话 0591 1580 6267", "0576 0325 6750"):
        assert list(found_in(f"联系 {said}，白天")), said
