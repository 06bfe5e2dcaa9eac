"""Papers of the site: every one that is given out checks itself, is looked up by its code, is made anew."""

from __future__ import annotations

import hashlib
import io
import os
import re
from datetime import date
from pathlib import PurePosixPath
from urllib.parse import unquote

import openpyxl
import pytest
from addresses import POSTED, TABLE
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from filled import HEAD

from zhunsheng.files.opening import open_bytes
from zhunsheng.papers.packing import ENDINGS, carried, members_of, packed
from zhunsheng.usecases.importing import import_ledger
from zhunsheng.usecases.papers import paper_checked
from zhunsheng.usecases.sealed import held_against
from zhunsheng.web.models import (
    AuditEntry,
    Draw,
    LogEntry,
    Paper,
    Publication,
    SelfEvaluation,
    SheetVersion,
    User,
)
from zhunsheng.web.models.work import cipher
from zhunsheng.web.services import evidence, papers, transparency
from zhunsheng.web.services.rebuilding import rebuilt
from zhunsheng.web.services.year import filling, official

EDITS = int(os.environ.get("ZHUNSHENG_TEST_EDITS", "300"))


@pytest.fixture
def version(department):
    return SheetVersion.objects.filter(sheet__department=department, state="approved").first()


def kept(tmp_path, answer, name):
    assert answer.status_code == 200
    (tmp_path / name).write_bytes(answer.content)
    return tmp_path / name


def whole(answer):
    return b"".join(answer.streaming_content)


def test_a_table_from_the_site_is_proved_by_key_log_and_checkpoint(version, sign_in, tmp_path):
    file = kept(tmp_path, sign_in("keyuan").get(reverse("target-docx", args=[version.pk])), "目标表.docx")
    paper = Paper.objects.get(of="sheetversion", object_id=version.pk)
    public = Client()
    waiting = public.get(reverse("paper-proof", args=[paper.code]))
    assert waiting.status_code == 404 and "还没有封存" in waiting.content.decode()
    transparency.seal()
    checkpoint = kept(tmp_path, public.get(reverse("log-checkpoint")), "检查点.txt")
    proof = kept(tmp_path, public.get(reverse("paper-proof", args=[paper.code])), "证明.json")
    size = transparency.newest().size
    found = paper_checked(file, key=transparency.key(), proof=proof, checkpoint=checkpoint)
    assert found.holds and found.signed and found.logged and not found.resaved and not found.limits
    assert found.code == paper.code and found.issued == f"{timezone.localdate():%Y-%m-%d}"
    # The log goes on; a proof for the checkpoint that was kept can be had later too.
    user = User.objects.get(username="keyuan")
    user.display = "改名"
    user.save()
    transparency.seal()
    later = kept(tmp_path, public.get(reverse("paper-proof", args=[paper.code]), {"size": size}), "后来.json")
    assert paper_checked(file, key=transparency.key(), proof=later, checkpoint=checkpoint).holds
    log = tmp_path / "日志.jsonl"
    log.write_bytes(whole(public.get(reverse("log-entries"))))
    assert paper_checked(file, key=transparency.key(), proof=log, checkpoint=checkpoint).logged
    # The paper itself is a checkpoint that its reader kept.
    assert held_against(file, log, transparency.key()).holds


def test_the_same_content_is_the_same_paper_whoever_asks_and_another_is_another(version, sign_in):
    address = reverse("target-xlsx", args=[version.pk])
    first = sign_in("keyuan").get(address).content
    transparency.seal()
    assert sign_in("caiwu").get(address).content == first
    paper = Paper.objects.get(of="sheetversion", object_id=version.pk)
    assert paper.sha256 == hashlib.sha256(first).hexdigest()
    # What was kept is gone: it is made anew, the same.
    paper.stored().unlink()
    assert sign_in("juzhang").get(address).content == first and paper.stored().is_file()
    assert sign_in("keyuan").get(reverse("target-docx", args=[version.pk])).status_code == 200
    assert Paper.objects.filter(of="sheetversion", object_id=version.pk).count() == 2


def test_a_code_of_what_is_not_public_says_that_it_is_registered_and_no_more(version, sign_in):
    content = sign_in("keyuan").get(reverse("target-docx", args=[version.pk])).content
    paper = Paper.objects.get(of="sheetversion", object_id=version.pk)
    address = reverse("paper", args=[paper.code])
    stranger = Client().get(address)
    page = stranger.content.decode()
    assert stranger.status_code == 200 and "在册" in page and "这里不说它是什么" in page
    secrets = (paper.name, version.sheet.name, str(version.department), paper.sha256, paper.raw)
    assert not [word for word in secrets if word in page]
    assert Client().get(reverse("paper-file", args=[paper.code])).status_code == 404
    # Who holds the file is told what it is; who may see the record too.
    digest = hashlib.sha256(content).hexdigest()
    held = Client().get(reverse("papers"), {"said": digest}, follow=True).content.decode()
    assert "逐字节相同" in held and paper.name in held
    inside = sign_in("keyuan").get(address).content.decode()
    assert paper.name in inside and "没有公开" in inside
    assert sign_in("keyuan").get(reverse("paper-file", args=[paper.code])).content == content
    assert paper.name not in sign_in("guanli").get(address).content.decode()
    guessed = Client().get(f"{address}?file={'0' * 64}").content.decode()
    assert paper.name not in guessed and "这里不说它是什么" in guessed


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("", 400),
        ("abc", 400),
        ("0" * 64, 404),
        ("K7MF-3RTW-P9AC", 404),
        ("k7mf 3rtw p9ac", 404),
        ("Ｋ７", 400),
    ],
)
def test_what_is_no_code_and_what_is_not_registered_are_told(said, status):
    answer = Client().get(reverse("papers"), {"said": said})
    assert answer.status_code == status
    assert status == 400 or "本网站没有登记过" in answer.content.decode()
    assert Client().get(reverse("papers")).status_code == 200
    assert Client().get(reverse("paper", args=["K7MF-3RTW-P9AC"])).status_code == 404


def test_a_code_is_found_however_it_is_typed(version, sign_in):
    sign_in("keyuan").get(reverse("target-docx", args=[version.pk]))
    code = Paper.objects.get(of="sheetversion", object_id=version.pk).code
    wide = "".join(chr(ord(c) + 0xFEE0) if c != "-" else "－" for c in code)
    for said in (code, code.lower(), code.replace("-", ""), code.replace("-", " "), wide):
        answer = Client().get(reverse("papers"), {"said": said})
        assert answer.status_code == 302 and answer["Location"] == reverse("paper", args=[code])


def test_published_files_are_registered_as_they_become_public_and_their_page_tells_all():
    one = Publication.objects.filter(kind="draw", state="published").first()
    told = {p.name: p for p in Paper.objects.filter(of="publication", object_id=one.pk)}
    assert set(told) == {p.name for p in one.folder().iterdir()} and "抽查包.zip" in told
    for name, paper in told.items():
        answer = Client().get(reverse("public-file", args=[one.pk, name]))
        assert hashlib.sha256(answer.content).hexdigest() == paper.sha256
        page = Client().get(reverse("papers"), {"said": paper.sha256}, follow=True).content.decode()
        assert name in page and one.title in page and "逐字节相同" in page
        assert Client().get(reverse("paper-file", args=[paper.code])).content == answer.content
        if PurePosixPath(name).suffix in ENDINGS:
            assert carried(open_bytes(answer.content, name))[0].said.code == paper.code


# What the site sends that office programs open and that is no paper, and why.
NO_PAPERS = {
    "template": "an empty form to fill in",
    "target-original": "what somebody uploaded, as it was",
    "source": "what somebody uploaded, as it was",
    "job-file": "what somebody uploaded, with its faults marked",
    "attachment": "what somebody uploaded, as it was",
    "limits": "a list to work on",
    "diff": "a list to work on",
}


def test_7_every_paper_that_the_site_gives_out_carries_its_manifest_and_is_in_the_log(
    department, sign_in, evaluation, address, tmp_path
):
    """All addresses of the site, and all files of its records: what office programs and browsers open of them
    is a paper that holds, signed and in the log, or is named above.
    """
    filling.fill_self_evaluation(evaluation)
    draw = Draw.objects.get(department=department, code="SJ-2021-01")
    wanted = [(name, address(name)) for name in sorted(set(TABLE) - POSTED - {"sign-out"})]
    wanted += [("limits", f"{address('limits')}?kind=xlsx"), ("diff", f"{address('diff')}?kind=xlsx")]
    wanted += [("portfolio-export", f"{address('portfolio-export')}?year=2021")]
    for name in ("table.xlsx", "table.docx", "report.docx"):
        wanted.append(("selfeval-file", reverse("selfeval-file", args=[evaluation.pk, name])))
    wanted += [
        ("draw-file", reverse("draw-file", args=[draw.pk, p.name])) for p in sorted(draw.folder().iterdir())
    ]
    for one in Publication.objects.filter(state="published"):
        files = sorted(one.folder().iterdir()) if one.folder().is_dir() else []
        wanted += [("public-file", reverse("public-file", args=[one.pk, p.name])) for p in files]
    given, people = {}, [sign_in("keyuan"), sign_in("caizheng")]
    for name, place in wanted:
        for client in people:
            answer = client.get(place)
            sent = unquote(answer.get("Content-Disposition", "").partition("UTF-8''")[2])
            if answer.status_code == 200 and PurePosixPath(sent).suffix.lower() in ENDINGS:
                given[place] = (name, sent, answer.content)
                break
    transparency.seal()
    log = tmp_path / "日志.jsonl"
    log.write_text("".join(transparency.lines()), "utf8")
    seen = set()
    for n, (place, (name, sent, content)) in enumerate(given.items()):
        file = tmp_path / f"{n}{PurePosixPath(sent).suffix}"
        file.write_bytes(content)
        if name in NO_PAPERS or sent == "verify.html":
            continue
        found = paper_checked(file, key=transparency.key(), proof=log)
        assert found.holds and found.signed and found.logged, (place, found)
        assert Paper.objects.filter(code=found.code, sha256=hashlib.sha256(content).hexdigest()).exists()
        seen.add(name)
    assert seen >= {
        "target-docx",
        "target-xlsx",
        "checkpoint-docx",
        "checkpoint-xlsx",
        "selfeval-file",
        "draw-file",
        "public-file",
        "portfolio-export",
    }


def test_a_file_that_was_changed_or_put_in_is_found(version, sign_in, evaluation):
    filling.fill_self_evaluation(evaluation)
    sign_in("keyuan").get(reverse("target-docx", args=[version.pk]))
    sign_in("keyuan").get(reverse("selfeval-file", args=[evaluation.pk, "table.docx"]))
    assert papers.altered() == []
    paper = Paper.objects.get(of="sheetversion", object_id=version.pk)
    public = Publication.objects.filter(kind="draw", state="published").first()
    evaluation.refresh_from_db()
    forms = evaluation.assessment.folder() / "forms.json"
    assert AuditEntry.objects.filter(action="kept", object_id=str(evaluation.assessment.pk)).exists()
    draw = Draw.objects.filter(state="drawn").first()
    assert AuditEntry.objects.filter(action="kept", model="draw", object_id=str(draw.pk)).exists()
    for path, words in (
        (
            draw.folder() / "抽查包.zip",
            f"双随机抽查 {draw.pk}（{draw}）的文件“抽查包.zip”不在，或与日志所记的不同",
        ),
        (paper.stored(), f"出具的文件 {paper.number}"),
        (
            public.folder() / "公告.docx",
            f"公开 {public.pk}（{public}）的文件“公告.docx”不在，或与登记的摘要不同",
        ),
        (public.folder() / "frame.tsv", "“frame.tsv”"),
        (forms, "“forms.json”不在，或与日志所记的不同"),
    ):
        before = path.read_bytes()
        path.write_bytes(before + b" ")
        assert len(papers.altered()) == 1 and words in papers.altered()[0]
        path.unlink()
        assert len(papers.altered()) == 1 and words in papers.altered()[0]
        path.write_bytes(before)
    more = public.folder() / "另加.docx"
    more.write_bytes(b"PK")
    assert "“另加.docx”没有登记" in papers.altered()[0]
    more.unlink()
    with pytest.raises(CommandError, match="出具的文件"):
        paper.stored().unlink()
        call_command("check_audit")


def test_a_table_that_the_server_changed_behind_the_site_fails_in_the_readers_hands(
    version, sign_in, tmp_path
):
    """Who changes the kept file and has no key is found by the reader; the page gives what is registered."""
    address = reverse("target-docx", args=[version.pk])
    content = sign_in("keyuan").get(address).content
    paper = Paper.objects.get(of="sheetversion", object_id=version.pk)
    members = members_of(content)
    text = members["word/document.xml"].decode()
    number = re.search(r"<w:t>(≥?[0-9]+)", text)
    members["word/document.xml"] = text.replace(number[0], "<w:t>≥1", 1).encode()
    paper.stored().write_bytes(packed(members))
    assert sign_in("keyuan").get(address).content == content
    file = tmp_path / "a.docx"
    file.write_bytes(packed(members))
    found = paper_checked(file, key=transparency.key())
    assert not found.holds and found.signed and len(found.changes) == 1 and "≥1" in found.changes[0].now


def edits(department, count):
    """So many later edits of the site's records, and later batches of evidence of the same year."""
    users = list(User.objects.all()[:20])
    for n in range(count):
        user = users[n % len(users)]
        user.display = f"改名{n}"
        user.save()
    for n in range(3):
        rows = [f"HD-{n}-{m},宣传,食品安全,活动{m},2021-0{m}-01" for m in range(1, 9)]
        path = settings.DATA / f"later-{n}.csv"
        path.write_text("\n".join([HEAD, *rows]) + "\n", "utf8")
        done = import_ledger(
            evidence.store().root, path, department=department.code, label=department.name, cipher=cipher()
        )
        assert done.batch is not None and not done.errors


def test_a_paper_of_a_past_day_is_made_anew_byte_for_byte_after_many_edits(
    department, sign_in, evaluation, version, capsys
):
    evaluation = filling.fill_self_evaluation(evaluation)
    names = ("table.xlsx", "table.docx", "report.docx")
    before = {
        name: sign_in("keyuan").get(reverse("selfeval-file", args=[evaluation.pk, name])).content
        for name in names
    }
    sign_in("keyuan").get(reverse("target-docx", args=[version.pk]))
    for paper in Paper.objects.filter(of="selfevaluation", object_id=evaluation.pk):
        found = rebuilt(paper)
        assert found.same and found.content in before.values() and "重新计算" in found.how, found.how
    edits(department, EDITS)
    assert evidence.store().snapshot().batch > evaluation.assessment.batch
    assert AuditEntry.objects.count() > EDITS
    for paper in Paper.objects.exclude(of="organisation"):
        found = rebuilt(paper)
        assert found.same and found.kept, (paper, found.how)
    call_command("rebuild_papers", "--day", f"{timezone.localdate()}")
    assert "逐字节相同" in capsys.readouterr().out
    # What it rests on was changed since: it is made of what was kept, and that is said.
    spoken = evaluation.words().first()
    spoken.cause = "此后另说的原因"
    spoken.save()
    for paper in Paper.objects.filter(of="selfevaluation", object_id=evaluation.pk):
        found = rebuilt(paper)
        assert found.same and found.content in before.values() and "当时留存的表样" in found.how, found.how


def test_what_cannot_be_made_anew_is_said_and_the_file_is_still_there(district, sign_in, capsys):
    content = sign_in("caizheng").get(f"{reverse('portfolio-export')}?year=2021").content
    assert openpyxl.load_workbook(io.BytesIO(content)).active.max_row > 1
    paper = Paper.objects.get(of="organisation")
    found = rebuilt(paper)
    assert found.content is None and found.kept and not found.same
    call_command("rebuild_papers", paper.code)
    assert "只留存了文件本身；当时的文件在" in capsys.readouterr().out
    paper.stored().unlink()
    with pytest.raises(CommandError, match="既不能重做"):
        call_command("rebuild_papers", paper.code)
    with pytest.raises(CommandError, match="不在册"):
        call_command("rebuild_papers", "AAAA-AAAA-AAAA")


def test_papers_are_of_the_log_and_of_the_audit(version, sign_in):
    sign_in("keyuan").get(reverse("target-docx", args=[version.pk]))
    paper = Paper.objects.get(of="sheetversion", object_id=version.pk)
    entry = AuditEntry.objects.get(model="paper", object_id=str(paper.pk), action="create")
    assert entry.after["sha256"] == paper.sha256 and entry.after["manifest"] == paper.manifest
    transparency.seal()
    sealed = LogEntry.objects.get(kind="paper", number=paper.number)
    assert sealed.digest == paper.manifest and papers.entry_of(paper) == sealed.index + 1
    assert transparency.problems() == []
    numbers = list(Paper.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_report_of_each_form_is_dated_and_has_figures(evaluation, sign_in):
    filled = filling.fill_self_evaluation(evaluation)
    assert official.given(filled, "绩效自评表.docx", "2021年绩效自评表.docx")
    paper = Paper.objects.get(of="selfevaluation", object_id=filled.pk)
    assert paper.issued == timezone.localdate() and isinstance(paper.issued, date) and paper.ground
    assert SelfEvaluation.objects.get(pk=filled.pk).assessment.key == paper.ground
