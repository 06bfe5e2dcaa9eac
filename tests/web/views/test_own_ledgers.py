"""Ledgers of one's own on the site: from a sample to rows, new versions, rows typed in and corrected."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pages import HTMX, here

from zhunsheng.evidence import View, browse, ledger_of
from zhunsheng.usecases.defining import define_ledger
from zhunsheng.web.models import AuditEntry
from zhunsheng.web.models.work import cipher
from zhunsheng.web.services import evidence, ledgers

HEAD = "登记号,姓名,类别,发放日期,发放金额（元）"
ROWS = [
    f"A{n:03d},{'王张李赵'[n % 4]}小明,{'甲' if n % 2 else '乙'}类,2021-03-{n % 28 + 1:02d},{n}.50"
    for n in range(1, 31)
]


def sample(*rows: str, name: str = "助学金发放.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, "\n".join((HEAD, *(rows or ROWS))).encode("utf-8-sig"))


def sent(page: str) -> dict[str, str]:
    """Return what the last form of a page would send as it is drawn, but for its token."""
    form = page[page.rindex("<form") :]
    form = page[page.index('action="', page.rindex("csrfmiddlewaretoken") - 900) :]
    found: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name = re.search(r'name="([^"]*)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if not name or ('type="checkbox"' in tag and "checked" not in tag):
            continue
        found[name[1]] = value[1] if value else ("on" if 'type="checkbox"' in tag else "")
    for name, inner in re.findall(r'<select name="([^"]*)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'value="([^"]*)" selected', inner)
        found[name] = chosen[1] if chosen else ""
    for name, inner in re.findall(r'<textarea name="([^"]*)"[^>]*>\n?(.*?)</textarea>', form, re.S):
        found[name] = inner
    return found


@pytest.fixture
def own(department, sign_in, request):
    """A ledger of the test's own: the evidence of the tests is one."""
    title = f"助学金{abs(hash(request.node.name)) % 10**9}"
    client = sign_in("caiwu")
    made = client.post(here(department, "ledger-new"), {"file": sample()})
    said = sent(client.get(made["Location"]).content.decode())
    assert said["title"] == "助学金发放"
    done = client.post(made["Location"], {**said, "title": title, "why": "按办法登记", "steward": "学生科"})
    assert done.status_code == 302, done.content.decode()
    yield ledger_of(title)
    over = ledger_of(title).model_copy(update={"retired": True})  # no file of another test is its
    define_ledger(evidence.store(), over, who="caiwu", why="用完", department=department.code)


def rows_of(department, ledger):
    return browse(evidence.store().snapshot(), ledger, department.code, View(personal=True), cipher=cipher())


def test_a_sample_becomes_a_ledger_that_takes_files(department, sign_in, work_off, own):
    client = sign_in("caiwu")
    assert (own.department, own.steward, own.key) == (department.code, "学生科", ("c1",))
    assert [c.type for c in own.columns] == ["text", "text", "choice", "date", "money"]
    assert [c.personal for c in own.columns] == [False, True, False, False, False]
    client.post(here(department, "ledgers"), {"file": sample(), "ledger": own.id})
    job = next(j for j in work_off() if j.kind == "import")
    assert job.result["batch"]["inserted"] == 30 and job.result["ledger"] == own.id
    assert job.result["batch"]["read_by"] == own.defined == f"ledger.{own.id}.1"
    page = client.get(here(department, "ledger", own.id)).content.decode()
    assert "共 30 条" in page and "登记一行" in page
    assert client.get(here(department, "template", own.id)).status_code == 200
    assert "本部门定义" in client.get(here(department, "ledgers")).content.decode()
    stored = "".join(p.read_bytes().decode("latin-1") for p in evidence.store().root.rglob("*.parquet"))
    assert "小明".encode().decode("latin-1") not in stored
    assert AuditEntry.objects.filter(action="ledger defined").exists()
    assert not evidence.store().verify()


def test_a_row_is_typed_in_checked_and_corrected(department, sign_in, work_off, own):
    client, address = sign_in("keyuan"), here(department, "ledger-row", own.id)
    said = sent(client.get(address).content.decode())
    said |= {"v-c1": "B1", "v-c2": "王小红", "v-c3": "甲类", "v-c4": "2021-13-01", "v-c5": "9", "why": "补登"}
    page = client.post(address, said)
    assert "没有保存" in page.content.decode() and not rows_of(department, own).total
    assert client.post(address, said | {"v-c4": "2021-04-01"}).status_code == 302
    again = said | {"v-c4": "2021-04-01", "v-c2": "王大红", "once": ""}  # of a row that is there already
    assert "已有这一主键的行" in client.post(address, again).content.decode()
    (row,) = rows_of(department, own).rows
    assert row.values[1] == "王小红" and evidence.store().batch(row.batch).why == "补登"

    place = f"{address}?batch={row.batch}&row={row.row}"
    said = sent(client.get(place).content.decode())
    assert "v-c1" not in said and said["v-c5"] == "9.00"
    seen = client.post(address, said | {"v-c5": "12", "why": "按凭证更正"})
    page = seen.content.decode()
    assert (
        "还没有保存"
        in client.post(address, said | {"v-c5": "12", "why": "更", "once": ""}, **HTMX).content.decode()
    )
    assert "还没有保存" in page and "9.00" in page and rows_of(department, own).rows[0].values[4] == 9
    assert client.post(address, sent(page)).status_code == 302
    (now,) = rows_of(department, own).rows
    assert now.values[4] == 12 and now.batch > row.batch
    assert "ZS-EV-114" in client.post(address, sent(page) | {"once": ""}).content.decode()
    sign_in("caiwu").post(here(department, "undo"), {"batch": now.batch})
    assert rows_of(department, own).rows[0].values[4] == 9


def test_a_new_version_keeps_rows_and_asks_of_what_they_lack(department, sign_in, work_off, own):
    client, address = sign_in("caiwu"), here(department, "ledger-definition", own.id)
    client.post(here(department, "ledgers"), {"file": sample(), "ledger": own.id})
    work_off()
    said = sent(client.get(address).content.decode()) | {"why": "改名"}
    said |= {"title-2": "资助类别", "values-2": "甲类", "title-5": "学校", "type-5": "text"}
    assert "ZS-EV-112" in client.post(address, said).content.decode()
    assert client.post(address, said | {"values-2": "甲类、乙类、丙类"}).status_code == 302
    now = ledger_of(own.id)
    assert (
        now.columns[2].title == "资助类别" and now.columns[2].synonyms == ("类别",) and len(now.columns) == 6
    )
    assert rows_of(department, now).total == 30
    page = client.get(address).content.decode()
    assert "加列“学校”" in page and "列名由“类别”改为“资助类别”" in page
    stale = client.post(address, said | {"values-2": "甲类、乙类"}).content.decode()
    assert "ZS-EV-109" in stale
    # A file with the earlier title goes on being read.
    client.post(
        here(department, "ledgers"),
        {"file": sample("C1,孙小明,丙类,2021-03-01,5", name="补.csv"), "ledger": own.id},
    )
    job = next(j for j in work_off() if j.kind == "import")
    assert job.result["batch"]["inserted"] == 1 and job.result["batch"]["read_by"].endswith(".2")


def test_columns_are_added_to_a_built_in_ledger_for_the_department_alone(department, sign_in, work_off):
    client, address = sign_in("caiwu"), here(department, "ledger-definition", "activities")
    said = sent(client.get(address).content.decode()) | {"why": "按街道统计", "title-0": "所属街道"}
    assert client.post(address, said).status_code == 302
    mine = ledgers.one("activities", department)
    assert mine.columns[-1].title == "所属街道" and mine.columns[-1].department == department.code
    assert ledger_of("activities").of("other").columns[-1].title != "所属街道"
    file = (
        "活动编号,活动类别,主题类别,活动名称,开展日期,所属街道\nHD-X1,宣传,食品安全,进社区,2021-05-01,河西\n"
    )
    client.post(here(department, "ledgers"), {"file": SimpleUploadedFile("活动.csv", file.encode())})
    job = next(j for j in work_off() if j.kind == "import")
    assert job.result["batch"]["inserted"] == 1, job.result
    assert "河西" in client.get(here(department, "ledger", "activities") + "?q=HD-X1").content.decode()


@pytest.mark.parametrize("name", ["keyuan", "caizheng", "shenji"])
def test_only_the_finance_section_defines(department, sign_in, own, name):
    client = sign_in(name)
    assert client.get(here(department, "ledger-new")).status_code == 403
    assert client.post(here(department, "ledger-definition", own.id), {"why": "x"}).status_code == 403
    page = client.get(here(department, "ledger-definition", own.id)).content.decode()
    assert "历次定义" in page and "存为新的一版" not in page
