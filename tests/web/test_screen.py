"""The screen for the hall, the slips of the public log, and the times a notice tells:
nothing but what the site saw.
"""

from __future__ import annotations

import io
import json
import re
from datetime import datetime, timedelta

import pytest
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from docx import Document
from pages import flat

from zhunsheng.clock import told
from zhunsheng.draws.plan import Plan
from zhunsheng.draws.slips import slip
from zhunsheng.draws.verdicts import verdict
from zhunsheng.web.models import Commitment, Draw, Publication
from zhunsheng.web.services import ceremony, commitments
from zhunsheng.web.services.draws import entering
from zhunsheng.web.services.publishing import copies

NUMBERS, SALTS = ["0731", "2648"], ["ab" * 16, "cd" * 16]


def shown(browser, draw, name="draw-screen"):
    """Return the text of a draw's screen: the office's, or the public's."""
    number = (
        draw.pk if name == "draw-screen" else draw.published.filter(kind__in=("commit", "late")).get().number
    )
    page = browser.get(reverse(name, args=[number])).content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


@pytest.fixture
def clock(monkeypatch):
    """Return what moves the site's clock on."""
    ahead = [timedelta()]
    real = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: real() + ahead[0])
    for step in ("committing", "sealing", "running"):
        monkeypatch.setattr(f"zhunsheng.usecases.drawing.{step}.clock_now", lambda: real() + ahead[0])

    def on(**by):
        ahead[0] += timedelta(**by)

    return on


def test_the_hall_sees_what_was_saved_and_no_more(planned, commit, sign_in, work_off, user, client, clock):
    draw = planned(
        "SJ-2021-60", lottery_name="", lottery_issue="", speakers="人大代表、政协委员", sealed="on"
    )
    staff, other = sign_in("keyuan"), sign_in("keyuan2")
    assert "未公布" in shown(staff, draw) and "扫码核验" not in shown(staff, draw)
    commit(draw)
    entry, act = draw.published.get(), reverse("draw-act", args=[draw.pk, "slips"])
    page = flat(staff.get(reverse("draw-screen", args=[draw.pk])))
    assert (
        "离随机数公布还有" in page
        and "封条 0/2" in page
        and "<svg" in page
        and "no-store" in staff.get(reverse("draw-screen", args=[draw.pk]))["Cache-Control"]
    )
    # Counted from the site's own moment; the whole digest in groups; its own time of publication.
    assert (
        re.search(r'data-now="\d+\.\d+" data-until="\d+\.\d+"', page)
        and timezone.localtime(entry.at).strftime("%Y-%m-%d ") in page
    )
    assert all(f"<span>{draw.digest[n : n + 8]}</span>" in page for n in range(0, 64, 8))
    assert f"第 {entry.number} 号" in page
    for one in (staff, other):
        assert "封条 0/2" in shown(staff, draw)
        one.post(act, {f"slip_{k}": slip(SALTS[k], NUMBERS[k]) for k in range(2)})
    sealed = entering.slips_shown(draw)["digest"]
    for found in (shown(staff, draw), shown(client, draw, "commitment-screen")):
        assert "封条 2/2" in found and sealed[:8] in found and "按方案应当是" in found and "0731" not in found
    # An entry that was refused has happened to nobody: numbers are not known yet.
    said = {f"v0_{k}": NUMBERS[k] for k in range(2)} | {f"s0_{k}": SALTS[k] for k in range(2)}
    enter = reverse("draw-act", args=[draw.pk, "enter"])
    assert "ZS-DR-05" in staff.post(enter, said).content.decode()
    assert "两人分别录入" not in shown(staff, draw)
    clock(hours=2)
    assert "待录入" in shown(staff, draw)
    staff.post(enter, said)
    assert "1/2" in shown(staff, draw) and "0731" not in shown(staff, draw)
    other.post(enter, said)
    assert "人大代表 0731" in shown(staff, draw) and "仅有见证" in shown(staff, draw)
    assert "0731" not in shown(client, draw, "commitment-screen")  # public with the notice, no sooner
    staff.post(reverse("draw-act", args=[draw.pk, "draw"]))
    work_off()
    draw.refresh_from_db()
    inside = shown(staff, draw)
    assert f"{draw.drawn_count} 户" in inside and "与应抽数一致" in inside and "名检查人员" in inside
    outside = shown(client, draw, "commitment-screen")
    assert (
        f"{draw.drawn_count} 户" in outside
        and "0731" not in outside
        and "名检查人员" not in outside
        and "与应抽数一致" not in outside
    )
    # The plan's making is nobody's outside.
    assert "方案定稿" in inside and "方案定稿" not in outside


def test_every_time_is_of_its_own_event(planned, commit, sign_in, work_off, client, clock):
    """Notice, page, public page and what is published name the same moments, and each is the record's."""
    draw = planned("SJ-2021-61")
    commit(draw)
    enter, said = reverse("draw-act", args=[draw.pk, "enter"]), {"v0": "03 08 17"}
    clock(hours=2)
    sign_in("keyuan").post(enter, said)
    clock(minutes=7)
    sign_in("keyuan2").post(enter, said)
    clock(minutes=11)
    sign_in("keyuan").post(reverse("draw-act", args=[draw.pk, "draw"]))
    work_off()
    draw.refresh_from_db()
    entry, steps = draw.published.get(), {s.after: s.at for s in draw.steps()}
    promised = datetime.fromisoformat(
        json.loads((draw.folder() / "commitment.json").read_text("utf8"))["committed_at"]
    )
    wanted = [
        (promised, "作出承诺"),
        (entry.at, "公布承诺"),
        (steps["entered"], "第一人录入随机数"),
        (steps["sealed"], "第二人录入"),
        (steps["drawn"], "抽取并分派"),
    ]
    assert len({told(at) for at, _ in wanted[1:]}) == 4
    notice = (draw.folder() / "公告.html").read_text("utf8")
    paper = "\n".join(
        c.text
        for t in Document(io.BytesIO((draw.folder() / "公告.docx").read_bytes())).tables
        for r in t.rows
        for c in r.cells
    )
    page = re.sub(r"\s+", " ", sign_in("keyuan").get(reverse("draw", args=[draw.pk])).content.decode())
    public = re.sub(r"\s+", " ", client.get(reverse("commitment", args=[entry.number])).content.decode())
    copied = [(e["at"], e["what"]) for e in copies.copied("draw", draw).data["happened"]]
    assert [at for at, _ in copied] == [told(at) for at, _ in wanted]
    for at, what in wanted:
        assert f"{told(at)}　{what}" in notice and f"{told(at)}　{what}" in paper
        for place in (page, public):
            assert re.search(f"{told(at)}</span> {what}", place), what
    assert (
        f"公开记录第 {entry.number} 号" in paper
        and f"{told(Plan.model_validate(draw.plan).known_at)}（方案所定" in paper
    )


def test_a_draw_that_was_given_up_has_nothing_to_come(planned, commit, sign_in, client):
    draw = planned(
        "SJ-2021-64", speakers="人大代表、政协委员", sealed="on", lottery_name="", lottery_issue=""
    )
    commit(draw)
    for name in ("keyuan", "keyuan2"):
        sign_in(name).post(
            reverse("draw-act", args=[draw.pk, "slips"]),
            {f"slip_{k}": slip(SALTS[k], NUMBERS[k]) for k in range(2)},
        )
    head = sign_in("juzhang")
    assert (
        head.post(
            reverse("step", args=["draws", draw.pk]), {"action": "draws.annul", "remark": "名录库日期有误"}
        ).status_code
        == 302
    )
    for found in (shown(client, draw, "commitment-screen"), shown(head, draw)):
        assert "已作废" in found and "名录库日期有误" in found and "封条 0/2" not in found
        assert "两人录入" not in found and "结果公示" not in found and "离随机数公布还有" not in found


def test_a_draw_made_elsewhere_claims_nothing_that_the_site_did_not_see(sign_in, department):
    draw = Draw.objects.get(department=department, code="SJ-2021-01")
    found = shown(sign_in("keyuan"), draw)
    assert found.count("本站没有见到") == 4 and "抽取时核对过" not in found and "事后补记" in found
    page = sign_in("keyuan").get(reverse("draw-screen", args=[draw.pk])).content.decode()
    # Known afterwards is no tick; who entered what and who sealed it is the bundle's word.
    assert re.search(r'<li class="late">\s*<i aria-hidden="true">\d</i>\s*<span>事后补记', page)
    assert "两人分别录入，一致" not in found and "据抽查包所记，本站没有见到录入" in found
    assert all("据抽查包所记：" in found[m.start() - 10 : m.start()] for m in re.finditer(r"封条 \d", found))
    # The weakest decides: a ceremony beside a lottery is witnessed, whatever the lottery is.
    assert "最弱的一项决定整体 仅有见证" in found and "最强" not in found
    proved = Draw.objects.get(department=department, code="SJ-2020-02")
    found = shown(sign_in("keyuan"), proved)
    assert "一种数字定种子 有证明" in found and "签名已验" in found


def test_the_weakest_source_is_what_the_hall_reads():
    said = (
        {"source": "lottery", "name": "双色球", "issue": "1"},
        {"source": "drand", "round": 1000},
        {"source": "office"},
    )
    base = Draw.objects.first().plan
    marks = []
    for k in (1, 2, 3):
        plan = Plan.model_validate({**base, "randomness": [*said[:k]], "known_at": "2024-01-01T00:00:00Z"})
        marks.append(
            [
                n.verdict.mark
                for n in ceremony._numbers(Draw.objects.first(), plan, None, None, timezone.now())
            ]
            + [verdict(plan).mark]
        )
    assert marks == [
        ["可向公布方核对", "可向公布方核对"],
        ["可向公布方核对", "有证明", "可向公布方核对"],
        ["可向公布方核对", "有证明", "机关自定", "机关自定"],
    ]


def test_strata_of_two_parts_are_a_table_and_add_up():
    base = Draw.objects.first().plan
    plan = Plan.model_validate(base)
    strata = plan.allotted(
        {
            f"{d}|{c}": {"size": 100 + n, "quota": n, "reserve": 0}
            for n, (d, c) in enumerate((d, c) for d in "甲乙丙丁戊己庚辛壬癸子丑" for c in "ABD")
        }
    )
    table = ceremony.table_of(plan, strata)
    assert table.head == "辖区" and table.columns == [("A 类", "0.5%"), ("B 类", "1%"), ("D 类", "10%")]
    assert len(table.rows) == ceremony.ROWS and table.rows[-1][0] == "其余 3 行"
    assert table.total == ceremony.DrawnOf(sum(s["quota"] for s in strata), sum(s["size"] for s in strata))
    assert [sum(row[2].drawn for row in table.rows), sum(cell.of for cell in table.sums)] == [
        table.total.drawn,
        table.total.of,
    ]
    # A stratum that is not there has no cell, and is no nought.
    assert ceremony.table_of(plan, strata[:4]).rows[1][1][1:] == [None, None]
    one = Plan.model_validate({**base, "strata": ["credit_class"]})
    assert ceremony.table_of(one, one.allotted({"A": {"size": 9, "quota": 3, "reserve": 0}})).rows == [
        ("A 类", [], ceremony.DrawnOf(3, 9))
    ]


def test_a_slip_is_handed_out_and_asked_about_later(planned, commit, client):
    draw = planned("SJ-2021-62")
    commit(draw)
    entry = draw.published.get()
    own = commitments.entry_of(entry).own
    groups = [own[n : n + 4] for n in range(0, 64, 4)]
    page = client.get(reverse("commitment-slip", args=[entry.number])).content.decode()
    assert (
        page.count('<article class="slip">') == 4
        and page.count("收到时间") == 4
        and "mailto:?subject=" in page
    )
    assert (
        "".join(f"<span>{g}</span>" for g in groups) in page
        and reverse("commitment-slip", args=[entry.number])
        in client.get(reverse("commitments")).content.decode()
    )
    text = client.get(reverse("commitment-slip-text", args=[entry.number])).content.decode("utf-8-sig")
    assert " ".join(groups) in text and f"第 {entry.number} 号" in text
    # The address on the slip is the question itself.
    asked = re.search(r"http://testserver(\S+)", text)[1]
    told = client.get(asked).content.decode()
    assert "一致" in told and "不一致</strong>" not in told and f"第 {entry.number} 号记录还在原处" in told
    check = reverse("commitment-check")
    commit(planned("SJ-2021-63"))
    assert (
        "此后又有 1 条"
        in client.get(check, {"number": entry.number, "digest": " ".join(groups).upper()}).content.decode()
    )
    for said, why in (
        ({"number": entry.number, "digest": "f" * 64}, "被改动过"),
        ({"number": 10**6, "digest": own}, "请核对编号"),
        ({"digest": "xyz"}, "64 个字符"),
    ):
        answer = client.get(check, said).content.decode()
        assert "不一致</strong>" in answer and why in answer
    assert (
        client.get(check, {"number": "-1", "digest": own}).status_code == 400
        and client.get(check).status_code == 200
    )
    # Two digests, each with what it is for; the other one in this place is told,
    # and full-width signs are read.
    promised = " ".join(draw.digest[n : n + 4] for n in range(0, 64, 4))
    assert (
        f"本条摘要　{' '.join(groups)}" in text and f"承诺摘要　{promised}" in text and "填入核验网页" in text
    )
    assert (
        "".join(f"<span>{g}</span>" for g in promised.split()) in page and page.count("<b>承诺摘要</b>") == 4
    )
    public = client.get(reverse("commitment", args=[entry.number])).content.decode()
    assert "（填入核验网页）" in public and "（核对手里的摘要时填这一个）" in public
    for number in ("", entry.number, entry.number + 1):
        answer = client.get(check, {"number": number, "digest": promised}).content.decode()
        assert f"这是第 {entry.number} 号记录的承诺摘要，不是本条摘要" in answer and "不一致" not in answer
    wide = str(entry.number).translate({ord(d): ord(d) + 0xFEE0 for d in "0123456789"})
    assert (
        f"第 {entry.number} 号记录还在原处"
        in client.get(check, {"number": wide, "digest": own}).content.decode()
    )
    # The office rewrites the log, each digest right again: the old slip tells.
    line = entry.line.replace(draw.digest, "e" * 64)
    QuerySet(Commitment).filter(pk=entry.pk).update(line=line)
    assert "不一致</strong>" in client.get(asked).content.decode()


def test_what_is_published_is_on_the_public_screen(client, department):
    draw = Draw.objects.get(department=department, code="SJ-2021-01")
    assert Publication.objects.filter(kind="draw", object_id=draw.pk, state="published").exists()
    found = shown(client, draw, "commitment-screen")
    assert "人大代表 0731" in found and "名检查人员" in found and "ZF0" not in found
