"""Doubts of a document on its draft's page: shown first, confirmed or corrected before it goes on."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from pages import HTMX, code_of, flat, step_on

from zhunsheng.errors import ZhunshengError
from zhunsheng.web.actor import acting
from zhunsheng.web.models import AuditEntry, SheetVersion, Upload
from zhunsheng.web.services.sheets import documents, doubts
from zhunsheng.web.services.sheets.drafts import confirm, current_fields, remove_part, row_keys, set_field
from zhunsheng.web.workflow import advance

HEAD = ("一级指标", "二级指标", "三级指标", "指标值", "备查号", "确定依据")


def form(name, *indicators):
    """Return the table of a project as a page has it; its column 备查号 is one that nobody reads."""
    rows = [("项目名称", name), ("预算总额（万元）", "30"), ("绩效目标", "保持路网完好"), HEAD]
    rows += [(*one, "甲", "计划") for one in indicators]
    cells = ("".join(f"<td>{cell}</td>" for cell in row) for row in rows)
    return f"<p>2024年度项目绩效目标表</p><table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"


ROADS = form(
    "道路养护",
    ("成本指标", "经济成本指标", "养护成本", "≤30万元"),
    ("产出指标", "数量指标", "养护里程", "≥120公里"),
    ("产出指标", "质量指标", "验收合格率", "285%"),
    ("产出指标", "时效指标", "完工时间", "12月底前"),
    ("效益指标", "社会效益指标", "返修率", "约5%"),
    ("满意度指标", "服务对象满意度指标", "群众满意度", "925%"),
)
BRIDGES = form("桥梁检测", ("产出指标", "数量指标", "检测座数", "≥12座"))


@pytest.fixture
def version(department, user):
    """The draft of a document with three doubts to be confirmed and one that is only told."""
    page = f"<html><body>{ROADS}{BRIDGES}</body></html>"
    document = documents.read_document("目标.html", page.encode())
    with acting("keyuan"):
        made = documents.keep_document(document, department, 2024, user("keyuan"))[1]
    assert [[u["field"] for u in v.unsure] for v in made] == [["column", *["target"] * 3], ["column"]]
    return made[0]


def kept(version):
    return SheetVersion.objects.get(pk=version.pk)


def page_of(client, version):
    return flat(client.get(reverse("version", args=[version.pk])))


def test_the_page_shows_doubts_first_with_their_place_words_and_reading(version, sign_in):
    page = page_of(sign_in("keyuan"), version)
    listed, told = page.index("须核对"), page.index("说明")
    assert listed < told < page.index("基本情况")
    row = page[page.index('id="doubt-1"') : page.index('id="doubt-2"')]
    for said in ("验收合格率", "指标值", "表1第7行第4列", "285%", "≥285%", "疑为误录", "无误", "改"):
        assert said in row, said
    assert 'href="#f-indicators.2.target"' in row and 'id="f-indicators.2.target"' in page
    assert "备查号" in page[told:] and "这一列没有读入" in page[told:]
    # The original bears the same number, at the same place.
    cell = page[page.index('id="o-t1r7c4"') :]
    assert 'data-doubt="1"' in cell[: cell.index("285%")]
    assert ">target<" not in page


def test_a_draft_with_unconfirmed_doubts_is_not_submitted_and_its_button_says_so(version, user, sign_in):
    client = sign_in("keyuan")
    page = page_of(client, version)
    assert "还有 3 处未核对，不能提交" in page and 'value="targets.submit"' not in page
    with pytest.raises(ZhunshengError) as refused:
        advance(user("keyuan"), version, "targets.submit", said={"despite": True})
    assert code_of(refused) == "ZS-WB-70"
    answer = step_on(client, version, "targets.submit", despite="on").content.decode()
    assert "ZS-WB-70" in answer and "还有 3 处未核对，不能提交" in answer
    with acting("keyuan"):
        confirm(version)
    page = page_of(client, version)
    assert 'value="targets.submit"' in page and "不能提交" not in page
    assert step_on(client, kept(version), "targets.submit", despite="on").status_code == 302
    assert kept(version).state == "submitted"


def test_one_is_confirmed_at_a_time_and_the_next_has_the_focus(version, sign_in):
    client, url = sign_in("keyuan"), reverse("doubt", args=[version.pk])
    before = kept(version)
    answer = flat(client.post(url, {"number": "1"}, **HTMX))
    after = kept(version)
    assert 'data-next="2"' in answer and "还有 2 处未核对，不能提交" in answer
    assert set(after.answered) == {"1"} and (after.unsure, after.body) == (before.unsure, before.body)
    said = after.answered["1"]
    assert (said["by"], said["how"]) == ("keyuan", "confirmed")
    row = answer[answer.index('id="doubt-1"') : answer.index('id="doubt-2"')]
    assert "✓" in row and "无误" in row and "data-confirm" not in row
    # Behind the last the first one left is next; after all of them the sheet can be submitted.
    assert 'data-next="2"' in flat(client.post(url, {"number": "3"}, **HTMX))
    answer = flat(client.post(url, {"number": "2"}, **HTMX))
    assert "已全部核对" in answer and 'value="targets.submit"' in answer and "data-next" not in answer


def test_without_a_script_the_same_button_leads_back_to_the_page(version, sign_in):
    client, url = sign_in("keyuan"), reverse("doubt", args=[version.pk])
    answer = client.post(url, {"number": "1"}, follow=True)
    assert "还有 2 处未核对" in flat(answer)
    answer = client.post(url, {"all": "1"}, follow=True)
    assert "已全部核对。" in flat(answer) and doubts.waiting(kept(version)) == []


def test_what_was_not_read_is_answered_on_its_own(department, user, sign_in):
    strange = "<table><tr><td>一级指标</td><td>二级指标</td><td>三级指标</td></tr></table>"
    document = documents.read_document("目标.html", f"<html><body>{ROADS}{strange}</body></html>".encode())
    with acting("keyuan"):
        (made,) = documents.keep_document(document, department, 2024, user("keyuan"))[1]
    unread = [n for n, one in enumerate(doubts.entries(made)) if one.unread]
    assert len(unread) == 1
    client, url = sign_in("keyuan"), reverse("doubt", args=[made.pk])
    shown = page_of(client, made)
    assert "其余 3 处全部核对无误" in shown and "没有读入的不在内" in shown and "不用补" in shown
    client.post(url, {"all": "1"}, **HTMX)
    assert doubts.waiting(kept(made)) == unread
    client.post(url, {"number": str(unread[0])}, **HTMX)
    assert doubts.waiting(kept(made)) == []


def test_an_indicator_that_waits_to_be_settled_is_in_the_list(version, sign_in):
    client, url = sign_in("keyuan"), reverse("doubt", args=[version.pk])
    number = next(n for n, one in enumerate(doubts.entries(version)) if one.text == "285%")
    assert "性质与方向" not in page_of(client, version)  # the doubt of its target asks already
    client.post(url, {"number": str(number)}, **HTMX)
    assert "性质与方向" in page_of(client, version) and "项指标待认定" in page_of(client, version)


def test_the_log_names_who_confirmed_what(version, sign_in):
    sign_in("keyuan").post(reverse("doubt", args=[version.pk]), {"number": "1"})
    entry = AuditEntry.objects.filter(action="targets.confirm").first()
    assert entry.actor == "keyuan" and entry.object_id == str(version.pk)
    assert entry.before == {"1. 验收合格率 指标值": "285%"}
    assert entry.after == {"1. 验收合格率 指标值": "≥285%"}


def test_a_correction_answers_its_doubt(version, sign_in):
    client = sign_in("keyuan")
    path = "indicators.2.target"
    was = current_fields(version)[path].text
    sent = {"path": path, "text": "≥85%", "was": was}
    answer = flat(client.post(reverse("field", args=[version.pk]), sent, **HTMX))
    assert kept(version).answered["1"]["how"] == "corrected"
    assert "已改正" in answer and 'hx-swap-oob="true"' in answer and "还有 2 处未核对，不能提交" in answer
    # What was confirmed and is corrected after all is no longer said to have been read right.
    with acting("caiwu"):
        confirm(version, [2])
        set_field(kept(version), "indicators.4.target", "≤5%", "约5%")
    assert kept(version).answered["2"]["how"] == "corrected"
    # Another field's correction leaves the list as it is.
    sent = {"path": "indicators.1.target", "text": "≥130公里", "was": "≥120公里"}
    answer = flat(client.post(reverse("field", args=[version.pk]), sent, **HTMX))
    assert 'id="doubts"' not in answer and len(kept(version).answered) == 2


def test_an_edit_takes_what_it_settles_off_the_list(version, sign_in):
    with acting("keyuan"):
        confirm(version)
    client, path = sign_in("keyuan"), "indicators.2.target"
    assert "项指标待认定" in page_of(client, version)
    before = flat(client.get(reverse("version", args=[version.pk])))
    waits = before.count('class="doubt unsettled"')
    sent = {"path": path, "text": "≥85%", "was": current_fields(kept(version))[path].text}
    answer = flat(client.post(reverse("field", args=[version.pk]), sent, **HTMX))
    assert 'id="doubts"' in answer and answer.count('class="doubt unsettled"') == waits - 1
    # What is not unsettled by it, is; and a page without a doubt takes the list that an edit brings.
    sent = {"path": path, "text": "285%", "was": "≥85%"}
    answer = flat(client.post(reverse("field", args=[version.pk]), sent, **HTMX))
    assert answer.count('class="doubt unsettled"') == waits


def test_where_nothing_was_read_nothing_is_right(version, sign_in):
    unread = {**version.unsure[1], "place": {"table": 1, "row": 7, "column": 4}}
    path = "indicators.2.target"
    with acting("keyuan"):
        set_field(version, path, "", current_fields(version)[path].text)
    now = kept(version)
    now.unsure, now.answered = [unread], {}
    now.save()
    (one,) = doubts.doubts(kept(version))
    assert one.path == path and one.unread and not one.read
    page = page_of(sign_in("keyuan"), version)
    row = page[page.index('id="doubt-0"') :]
    assert "没有读出" in row and "不用补" in row and ">无误" not in row[: row.index("</li>")]


def test_a_row_that_is_removed_takes_its_doubt_along_and_the_others_follow_theirs(version):
    with acting("keyuan"):
        remove_part(version, "indicators", row_keys(version.target_sheet(), "indicators")[2])
        now = kept(version)
        assert now.answered["1"]["how"] == "removed" and doubts.waiting(now) == [2, 3]
        set_field(now, "indicators.3.target", "≤5%", "约5%")
    assert kept(version).answered["2"]["how"] == "corrected"


def test_who_may_edit_may_confirm_and_nobody_else(version, user, sign_in):
    url = reverse("doubt", args=[version.pk])
    for name in ("juzhang", "caizheng", "shenji"):
        assert sign_in(name).post(url, {"number": "1"}).status_code == 403, name
        page = page_of(sign_in(name), version)
        assert "未核对" in page and "data-confirm" not in page, name
    assert sign_in("caiwu").post(url, {"number": "1"}).status_code == 302
    # Who says that it was read right answers for the text, and does not check it.
    with acting("keyuan"):
        confirm(version)
    version = kept(version)
    advance(user("keyuan"), version, "targets.submit", said={"despite": True})
    with pytest.raises(PermissionDenied):
        advance(user("caiwu"), version, "targets.check")
    advance(user("caiwu2"), version, "targets.check")
    assert sign_in("keyuan").post(url, {"number": "1"}).status_code == 403


def test_a_confirmation_does_not_overtake_a_page_that_shows_the_text(version, user):
    with acting("keyuan"):
        seen = kept(version).seen_digest()
        confirm(version, [1])
        confirm(version)
    advance(user("keyuan"), version, "targets.submit", seen=seen, said={"despite": True})
    assert kept(version).state == "submitted"


def test_what_is_none_of_the_doubts_is_refused(version, sign_in):
    url = reverse("doubt", args=[version.pk])
    for number in ("0", "7"):  # one that is only told, and none
        assert "ZS-WB-71" in sign_in("keyuan").post(url, {"number": number}, **HTMX).content.decode()
    assert "ZS-WB-06" in sign_in("keyuan").post(url, {}, **HTMX).content.decode()
    assert kept(version).answered == {}


def blank_pdf():
    """Return a PDF of one blank page."""
    parts = (
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 400]>>",
    )
    body = "".join(f"{n} 0 obj{part}endobj\n" for n, part in enumerate(parts, start=1))
    return f"%PDF-1.4\n{body}trailer<</Root 1 0 R>>\n%%EOF".encode()


def test_a_pdf_is_shown_as_pages_with_the_regions_marked(version, department, user, sign_in):
    version.upload = Upload.keep(blank_pdf(), "目标.pdf", "document", department, user("keyuan"))
    version.unsure[1]["place"] |= {"page": 1, "region": [0.25, 0.5, 0.75, 0.6]}
    version.save()
    client = sign_in("keyuan")
    page = page_of(client, version)
    address = reverse("target-page", args=[version.pk, 1])
    assert f'src="{address}"' in page and 'x="25.00%" y="50.00%" width="50.00%" height="10.00%"' in page
    picture = client.get(address)
    assert picture["Content-Type"] == "image/png" and picture.content.startswith(b"\x89PNG")
    assert "ZS-IN-43" in client.get(reverse("target-page", args=[version.pk, 99])).content.decode()


def test_a_document_of_another_format_has_no_pages(version, sign_in):
    address = reverse("target-page", args=[version.pk, 1])
    assert sign_in("keyuan").get(address).status_code == 404
