"""Organisations: a code for good, names and parents with dates, and documents that go where they say and
nowhere else.
"""

from __future__ import annotations

import io
import zipfile
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from pages import flat

from zhunsheng.errors import ZhunshengError
from zhunsheng.sample.documents import bureau, flattened
from zhunsheng.web.audit import broken_links
from zhunsheng.web.models import AuditEntry, Job, Organisation, SafeguardRecord, Sheet, Upload
from zhunsheng.web.roles import may
from zhunsheng.web.services import office

ON = date(2022, 7, 1)


def refused(code, act, *args, **kwargs):
    with pytest.raises(ZhunshengError) as error:
        act(*args, **kwargs)
    assert error.value.code == code, error.value


@pytest.fixture
def other_district(district):
    return office.found("邻区", "district", district.parent)


# -- identity is a code, a name is a dated label
# ----------------------------------------------------------------------


def test_a_code_is_random_unique_and_never_changes(department):
    codes = list(Organisation.objects.values_list("code", flat=True))
    assert len(set(codes)) == len(codes) and all(len(c) == 10 for c in codes)
    assert not any(o.code in o.name or o.name in o.code for o in Organisation.objects.all())
    before = department.code
    office.rename(department, "示例区市场监管局", ON)
    office.number(department, "777")
    department.refresh_from_db()
    assert department.code == before and department.official_code == "777"
    department.code = "another000"
    with pytest.raises(ValueError):
        department.save()


def test_a_past_page_shows_the_name_of_its_time(department, sign_in):
    old = department.name
    office.rename(department, "示例区综合监管局", ON, "机构改革方案")
    one = Organisation.objects.get(pk=department.pk)
    assert (one.name_on(ON - timedelta(1)), one.name_on(ON), one.name) == (
        old,
        "示例区综合监管局",
        "示例区综合监管局",
    )
    assert (one.name_in(2021), one.name_in(2022), one.name_in(2100)) == (old, one.name, one.name)
    bar = '<div class="place-bar'
    staff = sign_in("keyuan")
    past = flat(staff.get(reverse("safeguards", args=[one.pk, 2021]))).split(bar)[1]
    now = flat(staff.get(reverse("safeguards", args=[one.pk, 2023]))).split(bar)[1]
    assert f"<strong>{old}</strong>" in past and "<strong>示例区综合监管局</strong>" in now
    bureau_page = sign_in("caizheng").get(reverse("portfolio") + "?year=2021").content.decode()
    assert old in bureau_page and "示例区综合监管局" not in bureau_page
    heat = sign_in("caizheng").get(reverse("heat-map") + "?year=2021").json()
    assert old in heat["departments"]


def test_every_change_has_its_day_and_its_entry_in_the_log(department, district, other_district):
    office.rename(department, "新名局", date(2022, 1, 1))
    office.move(department, other_district, date(2022, 3, 1), "区划调整")
    office.close(department, date(2022, 5, 1))
    office.reopen(department, date(2022, 6, 1))
    one = Organisation.objects.get(pk=department.pk)
    assert [s.event for s in one.stages.all()] == ["founded", "renamed", "moved", "closed", "reopened"]
    assert one.parent_on(date(2022, 2, 1)) == district and one.parent_on(date(2022, 4, 1)) == other_district
    assert [one.stage_on(date(2022, m, 2)).active for m in (4, 5, 6)] == [True, False, True]
    assert one.kind_on(date(2021, 1, 1)) == "department"
    entries = AuditEntry.objects.filter(
        model="organisation", object_id=str(one.pk), action__startswith="office."
    )
    assert {e.action for e in entries} >= {
        "office.renamed",
        "office.moved",
        "office.closed",
        "office.reopened",
    }
    moved = entries.get(action="office.moved")
    assert (moved.before["parent"], moved.after["parent"]) == (district.name, "邻区")
    assert moved.after["from_on"] == "2022-03-01" and moved.after["note"] == "区划调整"
    assert broken_links() == []


def test_moving_takes_all_below_along_and_never_in_a_circle(department, district, other_district):
    section = department.children.filter(kind="section")[0]
    office.move(department, other_district, ON)
    section.refresh_from_db()
    department.refresh_from_db()
    assert department.path == f"{other_district.path}{department.pk}/"
    assert section.path == f"{department.path}{section.pk}/" and other_district.covers(section)
    assert not district.covers(section)
    refused("ZS-WB-21", office.move, other_district, department, ON)
    refused("ZS-WB-21", office.move, department, department, ON)
    refused("ZS-WB-21", office.move, department, section, ON)
    refused("ZS-WB-21", office.move, department, None, ON)


def test_a_taken_name_is_a_message(sign_in, district, department):
    other = office.found("甲局", "department", district)
    refused("ZS-WB-20", office.rename, other, department.name, ON)
    answer = sign_in("guanli").post(
        reverse("organisation"),
        {"id": other.pk, "what": "rename", "name": department.name, "on": "2022-07-01"},
    )
    assert answer.status_code == 400 and "ZS-WB-20" in answer.content.decode()
    refused("ZS-WB-24", office.number, other, department.official_code)
    wide = "".join(chr(ord(c) + 0xFEE0) for c in department.official_code)
    refused("ZS-WB-24", office.number, other, f" {wide}")
    # A closed one keeps its name; another may bear it, and then the first can't come back under it.
    office.close(other, ON)
    office.found("甲局", "department", district)
    refused("ZS-WB-20", office.reopen, other, ON)


def test_a_change_is_neither_before_the_last_one_nor_to_come(department):
    office.rename(department, "乙局", ON)
    refused("ZS-WB-22", office.rename, department, "丙局", ON - timedelta(1))
    refused("ZS-WB-22", office.close, department, timezone.localdate() + timedelta(1))
    assert Organisation.objects.get(pk=department.pk).name == "乙局"


def test_merging_ends_one_in_the_other(department, district, user):
    into = office.found("大局", "department", district)
    code, sections = department.code, list(department.children.all())
    office.merge(department, into, ON, "合并")
    one = Organisation.objects.get(code=code)
    last = one.stages.last()
    assert (one.active, last.event, last.successors) == (False, "merged", [into.code])
    assert not Organisation.objects.filter(pk__in=[s.pk for s in sections], active=True).exists()
    # Its records stay its own, and those above it may still read them.
    assert (
        Sheet.objects.filter(department=one).exists() and not Sheet.objects.filter(department=into).exists()
    )
    assert may(user("caizheng"), "targets.view", one) and not may(user("keyuan"), "targets.view", one)
    refused("ZS-WB-23", office.merge, into, one, ON)
    refused("ZS-WB-23", office.merge, into, into, ON)
    refused("ZS-WB-23", office.merge, into, district, ON)


def test_merging_districts_moves_their_departments(district, other_district):
    below = set(Organisation.objects.filter(parent=district, kind="department").values_list("pk", flat=True))
    office.merge(district, other_district, ON)
    assert set(Organisation.objects.filter(parent=other_district).values_list("pk", flat=True)) == below
    namesake = Organisation.objects.get(pk=min(below))
    third = office.found("三区", "district", district.parent)
    office.found(namesake.name, "department", third)
    refused("ZS-WB-20", office.merge, third, other_district, ON)
    third.refresh_from_db()
    assert third.active  # whole or not at all


def test_splitting_names_its_successors(district):
    one = office.found("合署局", "department", district)
    first, second = office.split(one, ["合署局", "分出局"], ON)
    one.refresh_from_db()
    assert not one.active and one.stages.last().successors == [first.code, second.code]
    assert first.code != one.code and first.name == "合署局" and first.stages.get().event == "split"
    (third,) = office.split(second, ["再分局"], ON, stays=True)
    second.refresh_from_db()
    assert second.active and second.stages.last().successors == [third.code]
    refused("ZS-WB-20", office.split, second, ["再分局"], ON, stays=True)
    refused("ZS-WB-23", office.split, second, ["丁局", "丁局"], ON)
    refused("ZS-WB-23", office.close, district, ON)


# -- documents go to the department they name, or wait for a person
# ---------------------------------------------------


def archive_of(*named):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for n, (folder, name) in enumerate(named):
            data = {**bureau(), "department": name} if name else {**bureau(), "department": ""}
            archive.writestr(f"{folder}/{n}.txt", flattened(data))
    return SimpleUploadedFile("各部门.zip", buffer.getvalue(), "application/zip")


def test_a_zip_that_is_broken_or_a_bomb_is_refused_whole_in_words(sign_in, district, work_off):
    known = Organisation.objects.filter(parent=district, kind="department").exclude(official_code="305001")[0]
    whole = archive_of(("x", known.name), ("y", known.name)).read()
    packed = {m: io.BytesIO() for m in (zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2)}
    for method, stream in packed.items():
        with zipfile.ZipFile(io.BytesIO(whole)) as source, zipfile.ZipFile(stream, "w", method) as archive:
            for info in source.infolist():
                archive.writestr(info.filename, source.read(info))

    def spoiled(data, start):
        return data[:start] + b"\xff" * 60 + data[start + 60 :]

    deflated, lzma, bzip2 = (stream.getvalue() for stream in packed.values())
    second = deflated.rindex(b"PK\3\4")
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/0.txt", b"\0" * (60 * 2**20))
    locked = bytearray(deflated)
    locked[locked.index(b"PK\1\2") + 8] |= 1
    # The second document alone is spoiled: nothing of the first is taken in.
    wrong = (
        spoiled(deflated, second + 60),
        spoiled(lzma, 60),
        lzma,
        spoiled(bzip2, 60),
        bytes(locked),
        bomb.getvalue(),
    )
    client, before = sign_in("caizheng"), Sheet.objects.count()
    for n, data in enumerate(wrong):
        file = SimpleUploadedFile(f"{n}.zip", data, "application/zip")
        assert client.post(reverse("portfolio-import"), {"file": file, "year": "2022"}).status_code == 302
        (job, *_) = [j for j in work_off() if j.kind == "archive"]
        assert job.state == "failed" and "ZS-WB-07" in job.error, (n, job.error)
    assert Sheet.objects.count() == before


def test_a_parquet_file_beyond_the_site_s_bounds_is_not_even_kept(sign_in, department):
    rows = pa.array([0], pa.int32()).take(pa.array([0] * 1_100_000))
    buffer = io.BytesIO()
    pq.write_table(pa.table({"登记编号": pa.DictionaryArray.from_arrays(rows, pa.array(["T"]))}), buffer)
    before = Upload.objects.count()
    file = SimpleUploadedFile("投诉.parquet", buffer.getvalue())
    answer = sign_in("keyuan").post(reverse("ledgers", args=[department.pk, 2021]), {"file": file})
    assert answer.status_code == 400 and "ZS-EV-40" in answer.content.decode()
    assert Upload.objects.count() == before


def test_an_unknown_name_makes_no_department_until_a_person_says_so(sign_in, district, work_off):
    known = Organisation.objects.filter(parent=district, kind="department").exclude(official_code="305001")[0]
    client, count = sign_in("caizheng"), Organisation.objects.count()
    file = archive_of(("x", known.name), ("y", known.name[:-1] + "处"), ("z", "凭空委员会"))
    client.post(reverse("portfolio-import"), {"file": file, "year": "2022"})
    (job, *_) = [j for j in work_off() if j.kind == "archive"]
    unknown = {u["name"]: u for u in job.result["unknown"]}
    assert set(unknown) == {known.name[:-1] + "处", "凭空委员会"} and job.result["departments"] == 1
    assert Organisation.objects.count() == count
    near = unknown[known.name[:-1] + "处"]["near"]
    assert near[0]["id"] == known.pk and unknown["凭空委员会"]["near"] == []
    page = client.get(reverse("job", args=[job.pk])).content.decode()
    assert "相近" in page and "凭空委员会" in page
    url = reverse("job-places", args=[job.pk])
    for wrong in ({"place_0": "abc"}, {"place_0": "99999999"}, {"place_0": str(district.pk)}, {}):
        answer = client.post(url, wrong)
        assert answer.status_code == 400 and "ZS-WB-06" in answer.content.decode()
    places = {
        f"place_{n}": str(known.pk) if u["near"] else "new" for n, u in enumerate(job.result["unknown"])
    }
    before = Upload.objects.filter(department=known).count()
    assert client.post(url, places).status_code == 302
    (again, *_) = [j for j in work_off() if j.kind == "archive"]
    assert again.result["files"] == 2 and not again.result["unknown"] and not again.result["failed"]
    made = Organisation.objects.get(name="凭空委员会")
    assert made.parent == district and Sheet.objects.filter(department=made).exists()
    assert Upload.objects.filter(department=known).count() == before + 1


def test_a_document_goes_by_official_code_and_exact_name_only(district, other_district):
    one = office.found("名同局", "department", district, official_code="900001")
    office.found("名同局", "department", other_district)
    city = district.parent
    assert office.named(district, "名同局", 2022) == [one] and office.named(city, "900001", 2022) == [one]
    # A namesake in another district is another organisation: over both, the name says too little.
    assert len(office.named(city, "名同局", 2022)) == 2
    assert office.named(district, "名同局 ", 2022) == [] and office.named(district, "同局", 2022) == []
    # The name it bore in the year is its name in that year's documents.
    office.rename(one, "改名局", ON)
    assert office.named(district, "名同局", 2021) == [one] and office.named(district, "名同局", 2023) == []
    assert office.near(district, "改名处") == [Organisation.objects.get(pk=one.pk)]


# -- permission comes first
# -------------------------------------------------------------------------------------------


def test_a_record_without_a_department_is_refused(sign_in, user, department):
    upload = Upload.keep(b"%PDF-x", "x.pdf", "attachment", None, user("keyuan"))
    for who in ("keyuan", "caizheng", "shenji", "guanli"):
        assert sign_in(who).get(reverse("attachment", args=[upload.pk])).status_code == 403
        assert not may(user(who), "selfeval.view", upload)
    job = Job.objects.create(kind="archive", key="nowhere", result={"unknown": [{"name": "x", "files": []}]})
    assert sign_in("caizheng").post(reverse("job-places", args=[job.pk])).status_code == 403


def test_permission_is_asked_before_anything_is_done_or_said(sign_in, department):
    outsider, record = sign_in("guanli"), SafeguardRecord.objects.filter(department=department)[0]
    for url, body in (
        (reverse("ledgers", args=[department.pk, 2021]), {"ledger": "nonsense"}),
        (reverse("record", args=[record.pk]), {}),
        (reverse("undo", args=[department.pk, 2021]), {"batch": "abc"}),
        (reverse("monitoring", args=[department.pk, 2021]), {"entry": "abc"}),
    ):
        answer = outsider.post(url, body)
        assert answer.status_code == 403 and "ZS-" not in answer.content.decode()
