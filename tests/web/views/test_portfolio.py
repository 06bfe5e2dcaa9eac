"""The portfolio of all departments, and archives of documents that go where they say and nowhere else."""

from __future__ import annotations

import io
import zipfile

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from filled import ON

from zhunsheng.sample.documents import bureau, flattened
from zhunsheng.web.models import Organisation, Sheet, SheetReview, Upload
from zhunsheng.web.services import office

# -- the finance bureau
# ------------------------------------------------------------------------------------------------------------


def test_the_portfolio_counts_all_departments(sign_in, district):
    client = sign_in("caizheng")
    page = client.get(reverse("portfolio")).content.decode()
    assert "2021 年部门绩效汇总" in page and "示例区市场监督管理局" in page and "东城农业农村局" in page
    assert "待重新测算" not in page
    heat = client.get(reverse("heat-map") + "?year=2021").json()
    assert len(heat["departments"]) == 5 and heat["values"] and set(heat["dimensions"]) >= {"产出", "满意度"}
    for order in ("red", "errors", "execution"):
        assert client.get(reverse("portfolio") + f"?order={order}&q=局&page=1").status_code == 200
    assert "逾期" in page
    found = client.get(reverse("portfolio-findings") + "?year=2021&level=error").content.decode()
    assert "错误" in found
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(client.get(reverse("portfolio-export") + "?year=2021").content))
    rows = list(book.active.iter_rows(values_only=True))
    assert len(rows) == 6 and rows[0][1] == "部门" and rows[1][3] >= rows[2][3]


def zipped(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return SimpleUploadedFile("目标.zip", buffer.getvalue())


def test_a_zip_of_documents_is_taken_in_at_once_with_what_failed(sign_in, work_off, district):

    office.found("某某新局", "department", district)
    good = flattened({**bureau(), "department": "某某新局"})
    client = sign_in("caizheng")
    file = zipped(**{"某某新局/目标.txt": good, "坏/坏.docx": b"broken", "说明.png": b"\x89PNG"})
    assert client.post(reverse("portfolio-import"), {"file": file, "year": "2021"}).status_code == 302
    (job,) = work_off()
    assert job.state == "done", job.error
    assert (job.result["files"], job.result["sheets"], job.result["departments"]) == (2, 3, 1)
    assert job.result["failed"][0]["file"] == "坏/坏.docx" and "ZS-IN" in job.result["failed"][0]["error"]
    assert Organisation.objects.get(name="某某新局").parent == district
    page = client.get(reverse("job", args=[job.pk])).content.decode()
    assert "没有收进来的文件" in page
    for wrong, code in (
        (SimpleUploadedFile("a.zip", b"no zip"), "ZS-IN-03"),
        (SimpleUploadedFile("a.zip", b"PK\x03\x04rest"), None),
    ):
        answer = client.post(reverse("portfolio-import"), {"file": wrong})
        if code:
            assert code in answer.content.decode()
        else:
            assert "ZS-WB-07" in work_off()[0].error
    assert client.post(reverse("portfolio-import"), {"assess": "1", "year": "2021"}).status_code == 302
    assert work_off()[0].state == "done"


def test_a_chosen_folder_goes_the_way_of_a_zip(sign_in, work_off, district):
    for name in ("甲新局", "乙新局"):
        office.found(name, "department", district)
    files = [
        SimpleUploadedFile(f"{name}.txt", flattened({**bureau(), "department": name}).encode())
        for name in ("甲新局", "乙新局")
    ]
    client = sign_in("caizheng")
    answer = client.post(
        reverse("portfolio-import"), {"folder": [*files, SimpleUploadedFile("图.png", b"x")], "year": "2021"}
    )
    assert answer.status_code == 302
    (job,) = work_off()
    assert (job.result["files"], job.result["departments"]) == (2, 2)
    found = client.get(reverse("portfolio-findings") + "?year=2021&q=甲新局").content.decode()
    assert "甲新局" in found and "乙新局" not in found


LONG = "新局/" + "长" * 150 + ".txt"  # more bytes than a name can have on a disk
ODD = (
    "新 局/名 字's.txt",
    "<b>新局</b>/目标.txt",
    "\u202e新局/目标.txt",
    "新局/\U0001f4a9.txt",
    "新局/两行\n名.txt",
    "新局/目标.TXT",
)


def test_what_is_bad_or_odd_among_many_documents_stops_none_of_the_others(sign_in, work_off, district):
    """Non-documents, empty folders and files, a file that takes too long, the same sheet twice, odd names."""
    department = office.found("新局", "department", district)
    data = {**bureau(), "department": "新局"}
    good = flattened(data)
    members = {
        "新局/目标.txt": good,
        "新局/同/目标.txt": good,
        "新局/改/目标.txt": good.replace("年度", "本年度", 1),
        "空/": b"",
        "空/更空/": b"",
        "新局/空.docx": b"",
        "新局/零.txt": bytes(500),
        "新局/坏.docx": b"PK\x03\x04" + b"x" * 200,
        "新局/炸.ods": b"\xd0\xcf\x11\xe0" * 90,
        "新局/内.zip": b"PK\x03\x04",
        "图.png": b"\x89PNG",
        "Thumbs.db": b"x",
        "无后缀": b"x",
        "__MACOSX/新局/._目标.txt": b"x",
        "新局/~$目标.docx": b"x",
    }
    members |= dict.fromkeys((*ODD, LONG), good)
    client = sign_in("caizheng")
    sent = {"file": zipped(**members), "year": "2021"}
    assert client.post(reverse("portfolio-import"), sent).status_code == 302
    (job,) = work_off()
    assert job.state == "done", job.error
    failed = {one["file"]: one["error"] for one in job.result["failed"]}
    bad = {"新局/空.docx", "新局/零.txt", "新局/坏.docx", "新局/炸.ods"}
    assert failed.keys() == {*bad, LONG} and "ZS-IN-31" in failed[LONG]
    assert all("ZS-IN-" in error for error in failed.values())
    placed = [one["file"] for one in job.result["placed"]]
    assert set(placed) >= {"新局/目标.txt", "新局/同/目标.txt", "新局/改/目标.txt"}
    assert len(placed) == 3 + len(ODD) and not job.result["unknown"]
    # The same bytes make no second version; the same sheet in other words makes one.
    news = {one["file"]: one["new"] for one in job.result["placed"]}
    assert news["新局/目标.txt"] and not news["新局/同/目标.txt"] and news["新局/改/目标.txt"]
    assert {"图.png", "Thumbs.db", "无后缀"} <= set(job.result["others"])
    page = client.get(reverse("job", args=[job.pk])).content.decode()
    assert "<b>新局</b>" not in page and "Traceback" not in page
    # All were reviewed together, as each would have been.
    reviewed = [s.latest for s in Sheet.objects.filter(department=department, year=2021) if s.latest]
    assert reviewed and all(SheetReview.objects.filter(version=v).exists() for v in reviewed)


def archive_of(*named):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for n, (folder, name) in enumerate(named):
            data = {**bureau(), "department": name} if name else {**bureau(), "department": ""}
            archive.writestr(f"{folder}/{n}.txt", flattened(data))
    return SimpleUploadedFile("各部门.zip", buffer.getvalue(), "application/zip")


# -- documents go to the department they name, or wait for a person
# ------------------------------------------------------------------------------------------------------------


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
