"""A department's own measures in the browser: stated, looked at, saved, changed, ended, carried in packs."""

from __future__ import annotations

import shutil

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pages import here

from zhunsheng.measures.definitions import QUESTIONS, measures
from zhunsheng.web.models import AuditEntry
from zhunsheng.web.services import evidence

SAID = {
    "name": "一季度投诉件数",
    "what": "count",
    "unit": "件",
    "c0-column": "kind",
    "c0-how": "is",
    "c0-value": "投诉",
    "count_days": "work",
    "day": "received_on",
    "shape": "window",
    "first": "01-01",
    "last": "03-31",
    "formula": "一季度收到的投诉件数",
    "citation": "本单位",
    "why": "本年起用",
    "after": "0",
    **dict.fromkeys(QUESTIONS, "核对登记簿"),
}


@pytest.fixture(autouse=True)
def _none_left(tmp_path, db):
    """The evidence outlives a test's rollback: what one defined is none of the next one's."""
    root, kept = evidence.folder(), tmp_path / "kept"
    shutil.copytree(root, kept)
    yield
    shutil.rmtree(root)
    shutil.copytree(kept, root)


def new(department):
    return here(department, "own-measure-new", "complaints")


def own_id():
    return next(name for name in measures() if name.startswith("own_"))


def test_a_measure_is_stated_looked_at_and_saved(department, sign_in):
    client = sign_in("caiwu")
    assert "数据在哪个台账里" in client.get(here(department, "own-measures")).content.decode()
    chosen = client.get(here(department, "own-measures"), {"ledger": "complaints"})
    assert chosen["Location"] == new(department)
    page = client.get(new(department)).content.decode()
    assert "哪些行（都要符合）" in page and "SQL" in page
    looked = client.post(new(department), SAID | {"do": "preview"}).content.decode()
    assert "还没有保存" in looked and "最前面的几行" in looked and "一季度投诉件数" in looked
    assert not any(name.startswith("own_") for name in measures())
    assert client.post(new(department), SAID | {"do": "save"}).status_code == 302
    name = own_id()
    assert measures()[name].owner == department.code
    entry = AuditEntry.objects.filter(action="measures.define").last()
    assert entry.after["measure"] == name and entry.after["version"] == 1
    # Another of its name is not taken for a new version of it.
    again = client.post(new(department), SAID | {"do": "save"})
    assert again.status_code == 400 and "ZS-MS-" in again.content.decode()


def test_a_new_version_says_what_past_figures_would_be(department, sign_in):
    client = sign_in("caiwu")
    client.post(new(department), SAID | {"do": "save"})
    address = here(department, "own-measure", own_id())
    page = client.get(address).content.decode()
    assert 'value="01-01"' in page and "核对登记簿" in page
    wider = SAID | {"last": "12-31", "why": "改为全年", "after": "1"}
    looked = client.post(address, wider | {"do": "preview"}).content.decode()
    assert "过去的数会变成" in looked
    client.post(address, wider | {"do": "save"})
    assert [c.what for c in measures()[own_id()].changes] == ["本年起用", "改为全年"]
    stale = client.post(address, wider | {"do": "save"})
    assert stale.status_code == 400 and "第 2 版" in stale.content.decode()
    client.post(address, {"ended": "2", "why": "不再考核"})
    assert not any(name.startswith("own_") for name in measures())
    assert "不再考核" in client.get(address).content.decode()


def test_a_fault_is_told_without_losing_what_was_typed(department, sign_in):
    client = sign_in("caiwu")
    missing = client.post(new(department), SAID | {"do": "save", "c0-value": "来信", "name": "甲"})
    assert missing.status_code == 400 and "来信" in missing.content.decode()
    sql = client.post(new(department), SAID | {"do": "save", "also": "DROP TABLE x"})
    assert sql.status_code == 400
    assert not any(name.startswith("own_") for name in measures())


def test_a_pack_is_looked_at_before_it_is_taken_in(department, sign_in):
    client = sign_in("caiwu")
    client.post(new(department), SAID | {"do": "save"})
    name = own_id()
    pack = client.get(here(department, "own-measures-file")).content
    client.post(here(department, "own-measure", name), SAID | {"do": "save", "last": "06-30", "after": "1"})
    file = SimpleUploadedFile("p.yaml", pack)
    page = client.post(here(department, "own-measures"), {"pack": file}).content.decode()
    assert "与现有的内容不同" in page and f"take-{name}" in page
    said = {"text": pack.decode(), "why": "收进"}
    assert client.post(here(department, "own-measures"), said).status_code == 400
    client.post(here(department, "own-measures"), said | {f"take-{name}": "skip"})
    assert measures()[name].version == 2
    client.post(here(department, "own-measures"), said | {f"take-{name}": "version"})
    assert measures()[name].version == 3 and measures()[name].accrual.to == "03-31"


def test_only_the_finance_office_defines(department, sign_in):
    client = sign_in("keyuan")
    assert client.post(new(department), SAID | {"do": "save"}).status_code == 403
    assert "收进测度包" not in client.get(here(department, "own-measures")).content.decode()
