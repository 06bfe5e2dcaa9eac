"""What the columns of a document's tables are: confirmed once on its page, kept, shared, read by."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from pages import HTMX, code_of, flat

from zhunsheng.errors import ZhunshengError
from zhunsheng.web.actor import acting
from zhunsheng.web.models import AuditEntry, Job, SheetVersion, TableLayout, Upload
from zhunsheng.web.services import jobs
from zhunsheng.web.services.sheets import columns, documents, doubts, layouts
from zhunsheng.web.services.sheets.drafts import add_part, confirm, remove_part, row_keys, set_field
from zhunsheng.web.workflow import advance

TITLE = "2024年度道路养护项目绩效目标表"
HEAD = ("大类", "小类", "干什么", "做到多少", "去年实现", "备查")
ROWS = (
    ("产出指标", "数量指标", "巡查次数", "≥12次", "10次", "甲"),
    ("产出指标", "质量指标", "验收合格率", "≥95%", "93%", "乙"),
    ("效益指标", "社会效益指标", "返修率", "≤3%", "4%", "丙"),
)
STRANGE = ("类", "事项", "怎么量", "做到多少", "去年实现")
OWN = (("干活", "巡查次数", "翻台账", "≥12次", "10次"), ("干活", "验收合格率", "看报告", "≥95%", "93%"))


def page(head, rows, title=TITLE, name="道路养护"):
    lines = [("项目名称", name), ("预算总额（万元）", "30")] if name else []
    cells = ("".join(f"<td>{cell}</td>" for cell in row) for row in (*lines, head, *rows))
    told = f"<p>{title}</p>" if title else ""
    return f"{told}<table>{''.join(f'<tr>{r}</tr>' for r in cells)}</table>".encode()


def sent(client, department, *files, year=2024, **more):
    return client.post(
        reverse("targets", args=[department.pk, year]),
        {"how": "upload", "file": [SimpleUploadedFile(name, data) for name, data in files]},
        **more,
    )


@pytest.fixture
def version(department, user):
    """The draft of a document whose columns were told by what they hold."""
    document = documents.read_document("目标.html", page(HEAD, ROWS), department)
    with acting("keyuan"):
        (made,) = documents.keep_document(document, department, 2024, user("keyuan"))[1]
    return made


def kept(version):
    return SheetVersion.objects.get(pk=version.pk)


def told(version):
    return [
        (i.level1, i.level2, i.name, i.target.raw, i.last_year) for i in version.target_sheet().indicators
    ]


def address(version):
    return reverse("document", args=[version.department.pk, version.year, version.upload.pk])


def choices(version, **other):
    """Return what the form of a version's table says as it is drawn, with other fields for some heads."""
    (table,) = documents.tables_of(version)
    said = {f"column-{n}": other.get(c.head, c.field or "") for n, c in enumerate(table.columns)}
    return {"table": table.digest, **said}


def test_a_table_shows_its_columns_with_samples_and_is_confirmed_in_one_act(version, department, sign_in):
    client = sign_in("keyuan")
    shown = flat(client.get(reverse("version", args=[version.pk])))
    assert "各表的列" in shown and "按内容猜的，请确认" in shown and "这些列对" in shown
    assert "巡查次数" in shown and "做到多少" in shown
    assert [one.field for one in doubts.entries(version)].count("header") == 1
    before = told(version)
    client.post(address(version), choices(version), **HTMX)
    after = kept(version)
    assert told(after) == before and doubts.waiting(after) == []
    (entry,) = [one for one in doubts.entries(after) if one.field == "layout"]
    assert entry.why.startswith(f"按已确认的版式读入（{version.created_by} ")
    (one,) = TableLayout.objects.all()
    assert (one.department, one.by.username) == (department, "keyuan")
    assert one.layout.confirmed_by and one.layout.confirmed_on
    assert "巡查次数" not in repr(one.body) and "12" not in repr(one.body)
    # The next document of the layout asks nothing.
    again = documents.read_document("另.html", page(HEAD, ROWS[1:], name="桥梁检测"), department)
    assert [u.field for u in again.read.book.unsure] == ["layout"]
    assert again.read.tables[0].sure and again.read.tables[0].layout is not None


def test_other_columns_show_what_would_change_and_keep_what_was_typed(version, user, sign_in):
    client = sign_in("keyuan")
    with acting("keyuan"):
        typed = set_field(version, "indicators.1.target", "≥96%", "≥95%")
        typed = set_field(typed, "indicators.1.basis", "行业标准", "")
        typed = add_part(typed, "indicators")
        typed = remove_part(typed, "indicators", row_keys(typed.target_sheet(), "indicators")[2])
    ids = [i.id for i in typed.target_sheet().indicators]
    said = choices(typed, 去年实现="", 备查="basis")
    answer = flat(client.post(address(version), said, **HTMX))
    assert "按这样的列重读，会改动" in answer and "10次" in answer and "甲" in answer
    assert kept(version).body == typed.body and not TableLayout.objects.exists()
    agreed = re.search(r'name="agreed" value="(\w+)"', answer)[1]
    stale = client.post(address(version), {**said, "agreed": "0" * 32}, **HTMX)
    assert "会改动" in flat(stale) and not TableLayout.objects.exists()
    client.post(address(version), {**said, "agreed": agreed}, **HTMX)
    after = kept(version).target_sheet()
    assert [(i.name, i.target.raw, i.basis, i.last_year) for i in after.indicators] == [
        ("巡查次数", "≥12次", "甲", None),
        ("验收合格率", "≥96%", "行业标准", None),
        ("（新指标）", "", None, None),
    ]
    assert [i.id for i in after.indicators] == ids
    entry = AuditEntry.objects.filter(action="targets.columns").first()
    assert entry.actor == "keyuan" and "甲" in entry.after.values()
    assert "keyuan" in kept(version).writers()


def test_answers_of_doubts_that_are_still_there_stay(department, user, sign_in):
    doubtful = (*ROWS, ("满意度指标", "服务对象满意度指标", "群众满意度", "925%", "90%", "丁"))
    document = documents.read_document("目标.html", page(HEAD, doubtful), department)
    with acting("keyuan"):
        (made,) = documents.keep_document(document, department, 2024, user("keyuan"))[1]
        number = next(n for n, one in enumerate(doubts.entries(made)) if one.field == "target")
        confirm(made, [number])
    sign_in("keyuan").post(address(made), choices(made), **HTMX)
    after = kept(made)
    (number,) = [n for n, one in enumerate(doubts.entries(after)) if one.field == "target"]
    assert set(after.answered) == {str(number)} and doubts.waiting(after) == []


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"去年实现": "target"}, "ZS-WB-72"),  # two columns of one field
        ({"做到多少": ""}, "ZS-WB-72"),  # none of the values
        ({"干什么": "target", "做到多少": "name"}, "ZS-WB-73"),  # names are no values
        ({"小类": "weight"}, "ZS-WB-73"),
    ],
)
def test_columns_that_cannot_be_are_refused_and_nothing_is_kept(version, user, sign_in, other, code):
    (table,) = documents.tables_of(version)
    fields = [other.get(c.head, c.field) or None for c in table.columns]
    with pytest.raises(ZhunshengError) as refused:
        columns.confirm(version.upload, version.department, 2024, user("keyuan"), table.digest, fields)
    assert code_of(refused) == code
    answer = sign_in("keyuan").post(address(version), choices(version, **other), **HTMX)
    assert code in answer.content.decode() and not TableLayout.objects.exists()
    assert kept(version).body == version.body


def test_a_document_in_words_of_its_own_is_read_once_its_columns_are_named(department, sign_in):
    client = sign_in("keyuan")
    answer = sent(client, department, ("自编.html", page(STRANGE, OWN, title="", name="")), follow=True)
    shown = flat(answer)
    assert "它的表用的是自己的叫法" in shown and "翻台账" in shown and "没有读入" in shown
    upload = Upload.objects.get(name="自编.html")
    where = reverse("document", args=[department.pk, 2024, upload.pk])
    table = columns.tables(upload, department)[0][0]
    fields = ["level2", "name", "description", "target", "last_year"]
    said = {"table": table.digest, **{f"column-{n}": name for n, name in enumerate(fields)}}
    client.post(where, said)
    (made,) = columns.of_upload(upload)
    assert made.sheet.year == 2024
    assert told(made)[0] == (None, "干活", "巡查次数", "≥12次", "10次")
    # The next one is a document like any other.
    second = (("干活", "维修处数", "看记录", "≥8处", "6处"), ("成效", "群众满意", "问卷", "≥90%", "88%"))
    sent(client, department, ("又一份.html", page(STRANGE, second, title="", name="")))
    upload = Upload.objects.get(name="又一份.html")
    (made,) = columns.of_upload(upload)
    assert doubts.waiting(made) == [
        n for n in doubts.waiting(made) if doubts.entries(made)[n].field != "header"
    ]
    assert told(made)[1] == (None, "成效", "群众满意", "≥90%", "88%")


def test_a_document_with_two_sheets_links_to_each(department, sign_in):
    both = page(HEAD, ROWS) + page(HEAD, ROWS, name="桥梁检测")
    shown = flat(sent(sign_in("keyuan"), department, ("两张.html", both), follow=True))
    made = columns.of_upload(Upload.objects.get(name="两张.html"))
    assert len(made) == 2 and "读出的目标表" in shown
    assert all(f'href="{reverse("version", args=[v.pk])}"' in shown for v in made)


def test_several_files_and_a_zip_have_a_line_each(department, sign_in, work_off):
    client = sign_in("keyuan")
    files = [
        ("甲.html", page(HEAD, ROWS)),
        ("乙.html", page(STRANGE, OWN, title="", name="")),
        ("丙.txt", "会议通知".encode()),
    ]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files:
            archive.writestr(f"目标/{name}", data)
        archive.writestr("__MACOSX/x", b"")
    for what in (files, [("目标.zip", buffer.getvalue())]):
        answer = sent(client, department, *what)
        (job,) = work_off()
        assert (job.state, job.result["files"], job.outcome) == ("done", 3, "partly")
        shown = flat(client.get(answer["Location"]))
        assert "ZS-IN-13" in shown and "ZS-IN-50" in shown and "指明各列" in shown
        assert "道路养护" in shown and "甲.html" in shown


def test_a_file_of_layouts_goes_from_the_bureau_to_its_departments(
    version, department, district, user, sign_in, tmp_path
):
    sign_in("keyuan").post(address(version), choices(version), **HTMX)
    answer = sign_in("caiwu").get(reverse("layouts-file", args=[department.pk, 2024]))
    file = answer.content
    assert "zhunsheng.layouts/1" in file.decode() and "大类" in file.decode() and "巡查" not in file.decode()
    (own,) = TableLayout.objects.all()
    with acting("keyuan"):
        layouts.end(department, own.pk)
    assert layouts.known(department) == ()
    there = reverse("layouts", args=[district.pk, 2024])
    sign_in("caizheng").post(there, {"file": SimpleUploadedFile("版式.yaml", file)})
    assert "大类" in flat(sign_in("caizheng").get(there))
    (shared,) = layouts.known(department)
    assert shared == own.layout  # who confirmed it and when comes along
    shown = flat(sign_in("keyuan").get(reverse("layouts", args=[department.pk, 2024])))
    assert str(district) in shown and "不再用" not in shown
    read = documents.read_document("另.html", page(HEAD, ROWS), department)
    assert [u.field for u in read.read.book.unsure] == ["layout"]


def test_a_layout_that_is_ended_or_broken_reads_nothing(version, department, sign_in):
    client = sign_in("keyuan")
    client.post(address(version), choices(version), **HTMX)
    where = reverse("layouts", args=[department.pk, 2024])
    for text in ("format: zhunsheng.layouts/1\nlayouts: []", "x: [", "format: zhunsheng.layouts/9"):
        answer = client.post(where, {"file": SimpleUploadedFile("版式.yaml", text.encode())}, **HTMX)
        assert re.search("ZS-IN-51|ZS-WB-74", answer.content.decode())
    client.post(where, {"ended": TableLayout.objects.get().pk})
    assert layouts.known(department) == ()
    assert client.post(where, {"ended": 10**6}).status_code == 404


def test_what_is_with_someone_for_decision_stays_as_it_is(version, department, user, sign_in):
    with acting("keyuan"):
        confirm(version)
        advance(user("keyuan"), version, "targets.submit", said={"despite": True})
    sign_in("keyuan").post(address(version), choices(version), **HTMX)
    assert kept(version).body == version.body and TableLayout.objects.count() == 1


def test_a_second_document_of_a_layout_that_was_confirmed_meanwhile_is_taken_in_by_a_click(
    department, user, sign_in
):
    client = sign_in("keyuan")
    own = [
        ("一.html", page(STRANGE, OWN, name="")),
        ("二.html", page(STRANGE, OWN, TITLE.replace("道路", "桥梁"), "")),
    ]
    kept_unread = []
    for name, data in own:
        answer = sent(client, department, (name, data))
        kept_unread.append(answer["Location"])
    first, second = kept_unread
    shown = flat(client.get(second))
    assert "没有读入" in shown and "take-in" not in shown
    upload = Upload.objects.get(pk=int(re.search(r"(\d+)\D*$", first)[1]))
    tables, _refusal = columns.tables(upload, department)
    with acting("keyuan"):
        fields = ["level2", "name", "description", "target", "last_year"]
        columns.confirm(upload, department, 2024, user("keyuan"), tables[0].digest, fields)
    shown = flat(client.get(second))
    assert "已有确认过的版式" in shown and "take-in" in shown
    answer = client.post(second, {"how": "take-in"})
    assert answer.status_code == 302
    made = SheetVersion.objects.get(pk=int(re.search(r"(\d+)\D*$", answer["Location"])[1]))
    assert [i.name for i in made.target_sheet().indicators] == ["巡查次数", "验收合格率"]
    # Once more brings nothing new.
    assert client.post(second, {"how": "take-in"})["Location"] == answer["Location"]


def packed(*files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, data in files:
            made.writestr(name, data)
    return out.getvalue()


def test_those_of_many_that_wait_for_their_columns_are_read_once_more_together(
    department, user, sign_in, work_off
):
    client = sign_in("keyuan")
    titles = [TITLE.replace("道路", name) for name in ("桥梁", "隧道", "绿化")]
    own = [(f"{n}.html", page(STRANGE, OWN, title, "")) for n, title in enumerate(titles)]
    odd = [("内.zip", packed(("a.txt", b"x"))), ("图.jpg", b"\xff\xd8\xff\xe0"), ("._隐.docx", b"x")]
    upload = Upload.keep(packed(*own, *odd), "多.zip", "archive", department, user("keyuan"))
    with acting("keyuan"):
        job = jobs.documents_soon(upload, department, 2024, user("keyuan"), "")
    work_off()
    job.refresh_from_db()
    lines = {one["file"]: one for one in job.result["lines"]}
    assert set(lines) == {"0.html", "1.html", "2.html", "内.zip", "图.jpg"}
    assert "ZS-IN-48" in lines["内.zip"]["error"] and "ZS-IN-45" in lines["图.jpg"]["error"]
    address = reverse("job", args=[job.pk])
    assert "再读一遍等着指明各列的 3 个" in flat(client.get(address))
    first = Upload.objects.get(pk=lines["0.html"]["upload"])
    tables, _refusal = columns.tables(first, department)
    with acting("keyuan"):
        fields = ["level2", "name", "description", "target", "last_year"]
        columns.confirm(first, department, 2024, user("keyuan"), tables[0].digest, fields)
    shown = flat(client.get(address))
    assert "再读一遍等着指明各列的 2 个" in shown and "道路养护" not in shown and "第1版" in shown
    answer = client.post(reverse("job-again", args=[job.pk]))
    work_off()
    again = Job.objects.get(pk=int(re.search(r"(\d+)\D*$", answer["Location"])[1]))
    assert (again.result["files"], again.result["sheets"], again.result["failed"]) == (2, 2, [])
    assert "再读一遍" not in flat(client.get(address))
