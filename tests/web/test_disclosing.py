"""Nothing personal gets public unseen: found when publication is asked for and when it is approved,
decided on one by one.
"""

from __future__ import annotations

import io
import json
import zipfile

import docx
import openpyxl
import pytest
from django.db import connection
from django.db.models import QuerySet
from django.urls import reverse
from stdnum.cn import ric

from zhunsheng.disclosure import texts_of
from zhunsheng.errors import ZhunshengError
from zhunsheng.files.opening import open_bytes
from zhunsheng.intake import blocks_of
from zhunsheng.usecases.target_documents import noted, read_targets
from zhunsheng.web.models import Draw, Publication, SheetVersion, Upload
from zhunsheng.web.services import disclosing, todo
from zhunsheng.web.services.disclosing import Decision
from zhunsheng.web.services.publishing import acts, afterwards, copies, looking
from zhunsheng.web.services.sheets import documents

MOBILE, CARD, OFFICE = "13800138000", "110101199003070038", "0571-88888888"


@pytest.fixture
def version(department):
    """Approved targets into whose words personal data went: of a complainant, and the
    office's own telephone.
    """
    found = SheetVersion.objects.filter(
        sheet__department=department, sheet__kind="project", state="approved"
    )[0]
    body = found.body
    body["indicators"][0]["description"] = f"接诉人员１３８－００１３－８０００，身份证{CARD[:6]} {CARD[6:]}"
    body["indicators"][1]["basis"] = f"服务电话{OFFICE}"
    body["indicators"][2]["target"]["raw"] = f"办结 {MOBILE} 来电"
    QuerySet(SheetVersion).filter(pk=found.pk).update(body=body)  # past the record, whose text is bound
    found.refresh_from_db()
    return found


def choices(items, keep=("phone",)):
    return {
        i.key: Decision("keep", "对外公布的服务电话") if i.kind in keep else Decision("redact") for i in items
    }


def said(items):
    found = {}
    for key, choice in choices(items).items():
        found |= {f"decision_{key}": choice.what, f"reason_{key}": choice.reason}
    return found


def everything_public(client, one):
    """All that anyone can read of a publication, files unpacked."""
    pages = [
        client.get(reverse(name, args=[one.pk, *more])).content
        for name, more in (("public-one", []), ("open-data-json", []), ("open-data", ["csv"]))
    ]
    pages += [client.get(reverse("public")).content, client.get("/api/public?limit=100").content]
    pages.append(client.get(reverse("data-package")).content)
    folder = one.folder()
    for file in folder.iterdir() if folder.is_dir() else ():
        pages.append(" ".join(t.words for t in texts_of(file.name, file.read_bytes())).encode())
    return b"\n".join(pages).decode("utf8", "replace")


def test_what_is_personal_is_decided_on_before_publication_is_asked_for(version, sign_in, client):
    finance, address = sign_in("caiwu"), reverse("publish-ask", args=["targets", version.pk])
    assert finance.post(address)["Location"] == address  # to where it is decided
    before = Publication.objects.count()
    page = finance.get(address).content.decode()
    assert "138******00" in page and "0571******88" in page and MOBILE not in page and CARD not in page
    assert "指标第1项 › 指标描述" in page
    items = copies.copied("targets", version).personal()
    assert sorted(i.kind for i in items) == ["identity", "mobile", "phone"]
    some = {k: v for k, v in said(items).items() if items[0].key not in k}
    answer = finance.post(address, some)
    assert (
        answer.status_code == 400
        and "ZS-WB-40" in answer.content.decode()
        and Publication.objects.count() == before
    )
    bare = {k: "" if k.startswith("reason") else v for k, v in said(items).items()}
    assert "ZS-WB-44" in finance.post(address, bare).content.decode()
    assert finance.post(address, said(items)).status_code == 302
    made = Publication.objects.get(object_id=version.pk, kind="targets", state="requested")
    # The approver sees what was found and decided, by whom; then it is public without what was hidden.
    page = sign_in("juzhang").get(reverse("publication", args=[made.pk])).content.decode()
    assert "对外公布的服务电话" in page and "138******00" in page and MOBILE not in page
    step = {"action": "publish.approve"}
    assert sign_in("juzhang").post(reverse("step", args=["publish", made.pk]), step).status_code == 302
    made.refresh_from_db()
    told = everything_public(client, made)
    assert (
        made.state == "published"
        and "〔已隐去手机号码〕" in told
        and "〔已隐去身份证号〕" in told
        and OFFICE in told
    )
    for secret in (
        MOBILE,
        "１３８－００１３－８０００",
        CARD[6:],
        "对外公布的服务电话",
        "138******00",
        items[0].key,
    ):
        assert secret not in told, secret
    assert MOBILE not in json.dumps([made.data, made.disclosures], ensure_ascii=False)


def test_what_was_not_decided_on_when_asked_refuses_the_approval(version, user):
    items = copies.copied("targets", version).personal()
    made = acts.ask("targets", version, user("caiwu"), choices(items))
    made.data["sheet"]["indicators"][3]["basis"] = f"联系人：张三，{MOBILE}"
    made.save()
    with pytest.raises(ZhunshengError, match="ZS-WB-41"):
        acts.decide(made, user("juzhang"), "publish.approve")
    made.refresh_from_db()
    assert made.state == "requested"
    acts.decide(made, user("juzhang"), "publish.refuse", "重新申请")
    # Nor does a file that came to lie there.
    again = acts.ask("targets", version, user("caiwu"), choices(items))
    again.folder().mkdir(parents=True)
    (again.folder() / "说明.txt").write_text(f"电话 {MOBILE}", "utf8")
    with pytest.raises(ZhunshengError, match=r"ZS-WB-41.*说明.txt"):
        acts.decide(again, user("juzhang"), "publish.approve")


def test_what_comes_after_the_approval_is_never_told_with_personal_data(version, user, client):
    """A version that holds since is told beside the published one, and nobody looked its words over for the
    public.
    """
    made = acts.ask("targets", version, user("caiwu"), choices(copies.copied("targets", version).personal()))
    acts.decide(made, user("juzhang"), "publish.approve")
    sheet = version.target_sheet()
    changed = sheet.indicators[3].model_copy(update={"description": f"问 李四 {MOBILE[:-1]}9 或 {OFFICE}"})
    parts = (*sheet.indicators[:3], changed, *sheet.indicators[4:])
    newer = documents.add_version(
        sheet.model_copy(update={"indicators": parts}),
        version.department,
        user("keyuan"),
        "adjust",
        reason="调整",
        of=version.sheet,
    )
    from zhunsheng.web.workflow import advance

    for who, act in (("keyuan", "submit"), ("caiwu", "check"), ("caizheng", "approve")):
        advance(user(who), newer, f"targets.{act}")
    told = everything_public(client, made)
    assert "〔已隐去手机号码〕 或" in told and MOBILE[:-1] not in told and f"或 {OFFICE}" in told


def test_what_is_public_already_is_listed_to_the_head_and_stays(version, user, sign_in, department, client):
    items = copies.copied("targets", version).personal()
    made = acts.ask("targets", version, user("caiwu"), choices(items))
    acts.decide(made, user("juzhang"), "publish.approve")
    # As it was published before there were these rules.
    data = copies.copied("targets", version).data
    QuerySet(Publication).filter(pk=made.pk).update(data=data, disclosures=[], looked_by="")
    assert looking.look_through_all() == 1 and looking.look_through_all() == 0
    made.refresh_from_db()
    assert made.state == "published" and {i["decision"] for i in made.disclosures} == {""}
    from django.utils import timezone

    waits = [t["what"] for t in todo.of(user("juzhang"), department, 2021, timezone.localdate())]
    assert any("个人信息待处理" in what for what in waits)
    assert client.get(reverse("public-one", args=[made.pk])).status_code == 200
    head, address = sign_in("juzhang"), reverse("publication", args=[made.pk])
    assert "还没有处理" in head.get(address).content.decode()
    keys = [i["key"] for i in made.disclosures]
    sent = {f"decision_{k}": "keep" for k in keys} | {f"reason_{k}": "本人同意公开" for k in keys}
    sent["seen"] = made.seen_digest()
    keep = reverse("publication-keep", args=[made.pk])
    assert sign_in("caiwu").post(keep, sent).status_code == 403
    assert head.post(keep, sent).status_code == 302
    made.refresh_from_db()
    assert {(i["decision"], i["reason"]) for i in made.disclosures} == {("keep", "本人同意公开")}
    assert "本人同意公开" not in everything_public(client, made)


def test_a_frame_of_natural_persons_is_not_published_unseen(department, user):
    draw = Draw.objects.get(department=department, code="SJ-2021-01")
    folder = draw.folder()
    frame = (folder / "frame.tsv").read_text("utf8")
    (folder / "frame.tsv").write_text(f"{frame}{CARD}\t东城|A\n", "utf8")
    try:
        with pytest.raises(ZhunshengError, match=r"ZS-WB-40.*身份证号 110\*+38（frame.tsv第"):
            acts.ask("draw", draw, user("caiwu"))
        (item,) = copies.copied("draw", draw).personal()
        # A frame can't be written over and still be proved.
        with pytest.raises(ZhunshengError, match="ZS-WB-42"):
            acts.ask("draw", draw, user("caiwu"), {item.key: Decision("redact")})
        made = acts.ask("draw", draw, user("caiwu"), {item.key: Decision("keep", "依法公示的经营者")})
        assert made.disclosures[0]["fixed"] == "frame.tsv"
        # Very many are decided together.
        cards = [b + ric.calc_check_digit(f"{b}0") for n in range(100) if (b := f"11010119900307{n:03}")]
        (folder / "frame.tsv").write_text(frame + "".join(f"{c}\t东城|A\n" for c in cards), "utf8")
        (item,) = copies.copied("draw", draw).personal()
        assert item.count == 100 and "等 100 个" in item.shown
    finally:
        (folder / "frame.tsv").write_text(frame, "utf8")


def test_who_speaks_at_a_ceremony_is_asked_about_before_the_notice_is_published(department, user):
    draw = Draw.objects.get(department=department, code="SJ-2021-01")
    plan = json.loads(json.dumps(draw.plan))
    for source in plan["randomness"]:
        if source["source"] == "ceremony":
            source["speakers"] = ["张伟", "公证员李娜", "企业代表"]
    QuerySet(Draw).filter(pk=draw.pk).update(plan=plan)
    draw.refresh_from_db()
    with pytest.raises(ZhunshengError, match=r"ZS-WB-40.*姓名.*现场报数人"):
        acts.ask("draw", draw, user("caiwu"))
    items = copies.copied("draw", draw).personal()
    assert sorted(i.shown for i in items) == ["张*", "李*"]
    keep = {i.key: Decision("keep", "当场公开报数") for i in items}
    assert acts.ask("draw", draw, user("caiwu"), keep).state == "requested"


def test_very_many_in_a_target_table_are_hidden_one_by_one(version, user):
    """What is decided on together is hidden wherever each of it stands; it was refused as if nothing could be
    written over.
    """
    mobiles = [str(13800138000 + 7 * n) for n in range(100)]
    body = version.body
    body["indicators"][0]["description"] = "、".join(mobiles)
    QuerySet(SheetVersion).filter(pk=version.pk).update(body=body)
    version.refresh_from_db()
    items = copies.copied("targets", version).personal()
    assert any(i.count >= 100 and "等 10" in i.shown for i in items)
    made = acts.ask("targets", version, user("caiwu"), choices(items))
    told = json.dumps([made.data, made.disclosures], ensure_ascii=False)
    assert "〔已隐去手机号码〕" in told and not any(one in told for one in mobiles)
    assert looking.undecided(made) == []
    # Kept together, they stay, each.
    kept = {i.key: Decision("keep", "本人同意") for i in items}
    again = json.dumps(acts.ask("targets", version, user("caiwu"), kept).data)
    assert all(one in again for one in mobiles)
    some = {i.key: Decision("redact") if i.members else Decision("keep", "本人同意") for i in items}
    data = json.dumps(acts.ask("targets", version, user("caiwu"), some).data, ensure_ascii=False)
    assert not any(one in data for one in mobiles) and OFFICE in data


def test_a_document_is_read_before_anything_is_locked(department, user, sign_in, monkeypatch):
    """However long it takes to read, nobody waits for it: neither a row nor the log is held meanwhile."""
    document = SheetVersion.objects.filter(origin="upload", upload__name__endswith="docx")[0].upload
    depth, known = [], read_targets
    monkeypatch.setattr(
        f"{documents.__name__}.read_targets",
        lambda *a: depth.append(len(connection.savepoint_ids)) or known(*a),
    )
    file = io.BytesIO(document.content())
    file.name = "目标.docx"
    before, outside = Upload.objects.count(), len(connection.savepoint_ids)
    address = reverse("targets", args=[department.pk, 2021])
    answer = sign_in("keyuan").post(address, {"how": "upload", "file": file, "reason": "重新上传"})
    assert answer.status_code == 302 and depth == [outside] and Upload.objects.count() == before + 1
    # What can't be kept leaves no file behind either.
    book = docx.Document(io.BytesIO(document.content()))
    book.core_properties.title = "另一份"
    out = io.BytesIO()
    book.save(out)
    out.seek(0)
    out.name = "目标.docx"
    answer = sign_in("keyuan").post(address, {"how": "upload", "file": out})
    assert answer.status_code == 400 and depth == [outside] * 2 and Upload.objects.count() == before + 1


def test_files_of_what_was_never_kept_go_out_with_nothing_else(version, user):
    last = Publication.objects.order_by("pk").last()
    for n in range(1, 20):
        left = last.folder().parent / str(last.pk + n)
        left.mkdir(parents=True, exist_ok=True)
        (left / "名单.txt").write_text(MOBILE, "utf8")
    made = acts.ask("targets", version, user("caiwu"), choices(copies.copied("targets", version).personal()))
    assert made.pk in range(last.pk + 1, last.pk + 20) and not made.folder().exists()


def test_a_copy_is_looked_through_once_by_the_same_rules(version, user, monkeypatch):
    """The approval holds locks: it reads the copy's digest, and looks through it again where anything is
    another.
    """
    made = acts.ask("targets", version, user("caiwu"), choices(copies.copied("targets", version).personal()))
    looked = []
    known = copies.Copy.personal
    monkeypatch.setattr(copies.Copy, "personal", lambda self: looked.append(self.title) or known(self))
    assert looking.undecided(made) == [] and not looked
    monkeypatch.setattr(copies, "version", lambda: "other rules")
    assert looking.undecided(made) == [] and len(looked) == 1


def test_files_go_out_without_what_was_hidden(version):
    book = openpyxl.Workbook()
    book.active["A1"] = MOBILE
    book.properties.creator = "zhangsan"
    out = io.BytesIO()
    book.save(out)
    data = copies.copied("targets", version).data
    whole = copies.Copy("targets", 2021, "标题", data, {"表.xlsx": out.getvalue()})
    items = whole.personal()
    for item in items:
        item.decision = "redact"
    files = whole.without(items).files
    with zipfile.ZipFile(io.BytesIO(files["表.xlsx"])) as archive:
        inside = b"".join(archive.read(n) for n in archive.namelist())
    assert MOBILE.encode() not in inside and b"zhangsan" not in inside


def test_a_datum_is_one_wherever_it_stands_and_no_record_holds_it(version):
    items = copies.copied("targets", version).personal()
    mobile = next(i for i in items if i.kind == "mobile")
    assert mobile.count >= 2 and len(mobile.places) >= 2
    assert MOBILE not in json.dumps([i.as_json() for i in items])
    assert mobile.key == disclosing.key_of(
        next(f for t in texts_of("a.txt", MOBILE.encode()) for f in t.found())
    )


def test_a_document_taken_in_is_told_of_at_once(department, user, sign_in):
    document = docx.Document(
        io.BytesIO(
            SheetVersion.objects.filter(origin="upload", upload__name__endswith="docx")[0].upload.content()
        )
    )
    document.sections[0].footer.paragraphs[0].text = f"联系人：李四 {MOBILE}"
    out = io.BytesIO()
    document.save(out)
    upload = Upload.keep(out.getvalue(), f"目标{CARD}.docx", "document", department, user("keyuan"))
    made = documents.take_document(upload, department, 2021, user("keyuan"), "页脚有改动")[0]
    told = [(n["kind"], n["shown"], n["place"]) for n in made.personal]
    assert ("手机号码", "138******00", "页脚") in told and ("姓名", "李*", "页脚") in told
    assert ("身份证号", "110************38", "文件名") in told
    page = sign_in("keyuan").get(reverse("version", args=[made.pk])).content.decode()
    assert "像是个人信息" in page and "138******00" in page


def test_results_of_natural_persons_are_told_by_count_and_small_ones_not_at_all(department, user, client):
    draw = Draw.objects.get(department=department, code="SJ-2021-01")
    tasks = list(draw.tasks.exclude(result="")[:12]) or list(draw.tasks.all()[:12])
    cards = [b + ric.calc_check_digit(f"{b}0") for n in range(12) if (b := f"11010119900307{n:03}")]
    for n, (task, card) in enumerate(zip(tasks, cards, strict=True)):
        task.entity, task.result = card, "未发现问题" if n < 9 else "发现问题已责令改正"
        task.inspected_on = task.inspected_on or draw.frame_on
        task.save()
    hide = {i.key: Decision("redact") for i in copies.copied("results", draw).personal()}
    assert len(hide) == 12
    one = acts.ask("results", draw, user("caiwu"), hide)
    acts.decide(one, user("juzhang"), "publish.approve")
    told = everything_public(client, one)
    assert not any(card in told for card in cards) and "〔已隐去" not in json.dumps(
        one.data, ensure_ascii=False
    )
    groups = client.get(reverse("open-data-json", args=[one.pk])).json()["data"]["persons"]["groups"]
    assert groups["发现问题已责令改正"] == "少于5" and groups["未发现问题"] == "不公布"
    rows = client.get(reverse("open-data", args=[one.pk, "csv"])).content.decode("utf-8-sig")
    assert "自然人（不列编号）,,发现问题已责令改正,少于5" in rows and "少于5" in told
    # What comes later of one of them is not told as a change.
    tasks[0].result = "发现问题已责令改正"
    tasks[0].save()
    assert afterwards.since(one)["changes"] == []


def test_personal_data_is_told_of_documents_of_every_format():
    row = r"\trowd\cellx900\cellx1800 A\cell 13900139000\cell\row"
    said = r"{\rtf1 Tel: 13800138000\par" + row + "}"
    told = noted("目标.rtf", said.encode(), blocks_of(open_bytes(said.encode(), "目标.rtf")))
    assert [(one["kind"], one["place"]) for one in told] == [
        ("手机号码", "第1段"),
        ("手机号码", "表1第1行第2列"),
    ]
