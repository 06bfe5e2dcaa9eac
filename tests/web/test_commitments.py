"""What is promised before a draw is public at once, numbered and chained; what is given up is public too."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificate
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from filled import SAID
from pages import flat
from typer.testing import CliRunner

from authority import Authority
from zhunsheng.cli.commands import app
from zhunsheng.draws.own_proof import check_proof, read_proof
from zhunsheng.draws.public_log import read_log
from zhunsheng.errors import ZhunshengError
from zhunsheng.web.models import AuditEntry, Commitment, CommitmentStamp, Draw
from zhunsheng.web.services import commitments, stamps


def test_a_commitment_is_public_with_the_step_that_makes_it(planned, commit, client):
    draw = planned("SJ-2021-30")
    begun = Commitment.objects.count()
    assert draw.title not in client.get(reverse("commitments")).content.decode()
    assert commit(draw).state == "done"
    entry = Commitment.objects.last()
    assert Commitment.objects.count() == begun + 1 and (entry.draw, entry.kind) == (draw, "commit")
    # Whoever looks, without signing in, finds it: on the list, on a page of its own, as files,
    # as the log itself.
    assert draw.title in client.get(reverse("commitments")).content.decode()
    page = client.get(reverse("commitment", args=[entry.number])).content.decode()
    assert draw.digest in page and "随机数公布时间" in page and "公布承诺" in page and "已抽取" not in page
    for name in ("plan.json", "commitment.json"):
        answer = client.get(reverse("commitment-file", args=[entry.number, name]))
        assert b"".join(answer) == (draw.folder() / name).read_bytes()
    assert client.get(reverse("commitment-file", args=[entry.number, "frame.tsv"])).status_code == 404
    log = client.get(reverse("commitment-lines")).content.decode()
    found = read_log(log, "承诺记录.jsonl")[-1]
    assert (found.digest, found.draw, found.at) == (
        draw.digest,
        draw.code,
        entry.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
    assert found.own in client.get(reverse("commitments")).content.decode()


def test_after_the_commitment_each_finds_themselves_in_the_hat(planned, commit, client):
    """Before anything is drawn an entity's own proof is there to be kept; what is exchanged later doesn't fit
    it.
    """
    draw = planned("SJ-2021-35")
    commit(draw)
    entry = draw.published.get()
    assert "查一查本单位" in client.get(reverse("commitment", args=[entry.number])).content.decode()
    code, stratum = (draw.folder() / "frame.tsv").read_text("utf8").splitlines()[5].split("\t")
    own = reverse("own-proof", args=[entry.number])
    page = client.post(own, {"code": code}).content.decode()
    # In words, as other pages have it, not as the frame's key.
    assert (
        stratum not in page
        and "“" + stratum.split("|")[0] in page
        and f"{stratum[-1]} 类”层" in page
        and "还没有抽取" in page
        and "本单位的号码" not in page
    )
    proof = read_proof(client.post(own, {"code": code, "file": "1"}).content, "x")
    committed = json.loads((draw.folder() / "commitment.json").read_text("utf8"))
    assert [c.holds for c in check_proof(proof, {"commitment.json": committed})] == [True, True, None]
    text = (draw.folder() / "frame.tsv").read_text("utf8")
    (draw.folder() / "frame.tsv").write_text(text.replace(f"{code}\t{stratum}\n", ""), "utf8")
    answer = client.post(own, {"code": code})
    assert answer.status_code == 400 and "ZS-DR-08" in answer.content.decode()


def test_what_was_promised_is_given_up_in_public_and_for_good(planned, commit, sign_in, client):
    """Many draws committed to and one kept: the others stand there, each with why it was given up."""
    draw = planned("SJ-2021-31")
    commit(draw)
    staff, head, step = sign_in("keyuan"), sign_in("juzhang"), reverse("step", args=["draws", draw.pk])
    assert (
        staff.post(step, {"action": "draws.void", "remark": "x"}).status_code == 400
    )  # no longer what it was
    assert staff.post(step, {"action": "draws.annul", "remark": "x"}).status_code == 403
    assert "ZS-WB-02" in head.post(step, {"action": "draws.annul"}).content.decode()
    told = head.post(
        step, {"action": "draws.annul", "remark": "请与联系人王小明联系，手机13912345678"}
    ).content.decode()
    assert "ZS-WB-48" in told and "13912345678" not in told.split("ZS-WB-48")[1][:300]
    draw.refresh_from_db()
    assert draw.state == "committed" and not draw.published.filter(kind="void").exists()
    assert head.post(step, {"action": "draws.annul", "remark": "名录库日期有误"}).status_code == 302
    entry = Commitment.objects.last()
    page = client.get(reverse("commitment", args=[entry.number])).content.decode()
    assert "这次抽查已作废" in page and "名录库日期有误" in page and "作废 1 次" in page
    first = client.get(
        reverse("commitment", args=[draw.published.get(kind="commit").number])
    ).content.decode()
    assert "下面说的只是已作废的那次承诺：没有外部的时间戳" in first
    assert "承诺已经公布" in staff.post(step, {"action": "draws.restore"}).content.decode()
    draw.refresh_from_db()
    assert draw.state == "void"
    read_log(commitments.log_text(), "x")


def test_commitments_are_counted_by_when_they_were_made_public(planned, commit, client):
    """Frames of other years would spread an office's commitments over as many lines."""
    draws = [planned(f"SJ-2021-4{n}", frame_on=day) for n, day in enumerate(("2021-02-25", "2020-12-31"))]
    for draw in draws:
        assert commit(draw).state == "done"
    now = timezone.localtime().year
    counted = Commitment.objects.filter(
        draw__department=draws[0].department, kind="commit", at__year=now
    ).count()
    assert counted >= 2
    for draw, day in zip(draws, ("2021-02-25", "2020-12-31"), strict=True):
        page = client.get(reverse("commitment", args=[draw.published.get().number])).content.decode()
        assert f"{now} 年公布承诺 {counted} 次" in page and f"{day}（本站所记，不在承诺摘要之内）" in page


def test_a_frame_of_a_day_to_come_is_refused(planned, commit, sign_in):
    draw = planned("SJ-2021-42")
    tomorrow = timezone.localdate() + timedelta(days=1)
    later = (timezone.localtime() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
    said = {**SAID, "code": "SJ-2021-43", "known_at": later, "frame_on": str(tomorrow)}
    staff = sign_in("keyuan")
    assert (
        "ZS-WB-58" in staff.post(reverse("draw-plan", args=[draw.department_id, 2021]), said).content.decode()
    )
    assert not Draw.objects.filter(code="SJ-2021-43").exists()
    seen = {"seen": draw.seen_digest()}
    assert "ZS-WB-58" in staff.post(reverse("draw-edit", args=[draw.pk]), said | seen).content.decode()
    QuerySet(Draw).filter(pk=draw.pk).update(frame_on=tomorrow)  # kept by an older version
    draw.refresh_from_db()
    assert "ZS-WB-58" in commit(draw).error and not draw.published.exists()


def test_a_plan_with_personal_data_is_not_made_public(planned, commit, sign_in):
    draw = planned("SJ-2021-32", title="抽查（联系人：王小明 13912345678）")
    page = sign_in("keyuan").get(reverse("draw", args=[draw.pk])).content.decode()
    assert "ZS-WB-48" in page
    job = commit(draw)
    assert job.state == "failed" and "ZS-WB-48" in job.error and "13912345678" not in job.error
    assert (draw.state, draw.digest) == ("planned", "") and not draw.published.exists()


def test_a_draw_that_was_made_elsewhere_is_told_as_known_afterwards(client):
    entry = Commitment.objects.filter(kind="late").first()
    page = client.get(reverse("commitment", args=[entry.number])).content.decode()
    assert "事先没有在本站公布" in page and "事后补记" in page


def test_the_table_of_entries_is_not_rewritten_unseen(planned, commit, sign_in, tmp_path):
    draw = planned("SJ-2021-33")
    commit(draw)
    entry = Commitment.objects.last()
    with pytest.raises(TypeError):
        entry.save()
    with pytest.raises(TypeError):
        Commitment.objects.filter(pk=entry.pk).update(line="x")
    commitments.check_log()
    file = tmp_path / "承诺记录.jsonl"
    file.write_text(commitments.log_text(), "utf8")
    run = CliRunner().invoke(app, ["draw", "log", str(file), "--head", commitments.entry_of(entry).own])
    assert run.exit_code == 0 and draw.code in run.output
    QuerySet(Commitment).filter(pk=entry.pk).update(line=entry.line.replace(draw.digest, "f" * 64))
    commitments.check_log()  # the last entry alone may be exchanged unseen: its digest is what people note
    first = Commitment.objects.first()
    QuerySet(Commitment).filter(pk=first.pk).update(line=first.line.replace('"title":"', '"title":"改'))
    with pytest.raises(ZhunshengError, match="ZS-DR-45"):
        commitments.check_log()


def test_nothing_of_an_earlier_draw_lies_in_the_folder_of_a_new_one(planned, commit):
    """A restored site gives a number again; what lay under it would be published as this draw's."""
    draw = planned("SJ-2021-34")
    draw.folder().mkdir(parents=True, exist_ok=True)
    for name in ("公告.html", "抽查包.zip", "seed.json"):
        (draw.folder() / name).write_text("负责人：王小明", "utf8")
    assert commit(draw).state == "done"
    assert {p.name for p in draw.folder().iterdir()} == {
        "plan.json",
        "commitment.json",
        "inspectors.json",
        "frame.tsv",
    }


# -- time-stamps by outside parties
# ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tsa") / "a")


@pytest.fixture
def trusted(authority):
    """The administrator has put the authority's root where the site looks for it."""
    place = settings.DATA / "stamp-roots"
    place.mkdir(parents=True)
    shutil.copyfile(authority.root, place / "机构.pem")
    yield place
    shutil.rmtree(place)


def given(client, entry, name):
    answer = client.get(reverse("commitment-file", args=[entry.number, name]))
    assert answer.status_code == 200
    return answer.content


def test_an_outside_stamp_is_public_with_its_own_time_and_words(
    planned, commit, sign_in, client, authority, trusted
):
    draw = planned("SJ-2021-35")
    commit(draw)
    entry = Commitment.objects.last()
    page = client.get(reverse("commitment", args=[entry.number])).content.decode()
    assert "没有外部的时间戳" in page and "本站自己的时钟" in page
    # Whoever wants has it stamped: the request needs no account, and is for the line that anyone can digest.
    answer = authority.stamp(given(client, entry, "request.tsq"))
    line = given(client, entry, "entry.json")
    assert line.decode() == entry.line and authority.holds(answer, line)
    act = reverse("draw-act", args=[draw.pk, "stamp"])
    head = sign_in("juzhang")
    assert "时间戳文件" in head.get(reverse("draw", args=[draw.pk])).content.decode()

    def sent(content, by=head):
        return by.post(act, {"file": SimpleUploadedFile("回执.tsr", content)})

    assert sent(answer).status_code == 302
    kept = CommitmentStamp.objects.get(commitment=entry)
    assert AuditEntry.objects.filter(
        model="commitmentstamp", object_id=str(kept.pk), actor="juzhang"
    ).exists()
    root = load_pem_x509_certificate(authority.root.read_bytes())
    for where in (
        client.get(reverse("commitment", args=[entry.number])),
        head.get(reverse("draw", args=[draw.pk])),
    ):
        page = flat(where)
        assert (
            "某时间戳机构 测试时间戳" in page
            and "承诺在先，不只凭机关自己的时钟" in page
            and "没有外部的时间戳" not in page
        )
        # The headline carries its condition, and whose root it is stands beside it.
        assert (
            "相信盖章机构" in page.split("承诺在先，不只凭")[0]
            and "根证书（由本站管理员放入）：<span>CN=" in page
        )
        assert root.fingerprint(SHA256()).hex() in page.split("根证书（由本站管理员放入）：")[1]
    assert given(client, entry, f"{kept.pk}.tsr") == answer
    assert client.get(reverse("commitment-file", args=[entry.number, f"{kept.pk}.ots"])).status_code == 404
    assert "最近的外部时间戳" in client.get(reverse("commitments")).content.decode()
    # What comes with the log is enough for a stranger with the authority's root.
    assert stamps.words_for(draw).startswith("外部的时间戳最迟是")
    # Once, by whom it is for, while it holds.
    assert "ZS-WB-55" in sent(answer).content.decode()
    other = authority.stamp(given(client, Commitment.objects.first(), "request.tsq"))
    assert "ZS-DR-54" in sent(other).content.decode()
    assert "ZS-DR-53" in sent(answer[:900]).content.decode() and "ZS-WB-05" in head.post(act).content.decode()
    assert (
        sent(answer, sign_in("keyuan")).status_code == 403
        and sent(answer, sign_in("shenji")).status_code == 403
    )
    (trusted / "机构.pem").unlink()
    said = sent(authority.stamp(given(client, entry, "request.tsq"))).content.decode()
    assert "ZS-DR-56" in said and "stamp-roots" in said and "--root" not in said
    assert CommitmentStamp.objects.filter(commitment=entry).count() == 1
    with pytest.raises(TypeError):
        kept.save()


def test_a_stamp_on_the_head_covers_what_came_before(planned, commit, sign_in, client, authority, trusted):
    first, second = planned("SJ-2021-36"), planned("SJ-2021-37")
    commit(first)
    commit(second)
    last = Commitment.objects.last()
    answer = authority.stamp(given(client, last, "request.tsq"))
    file = SimpleUploadedFile("x", answer)
    assert (
        sign_in("caiwu").post(reverse("draw-act", args=[second.pk, "stamp"]), {"file": file}).status_code
        == 302
    )
    page = client.get(reverse("commitment", args=[last.number - 1])).content.decode()
    assert f"第 {last.number} 条上" in page and "承诺在先，不只凭机关自己的时钟" in page
    # The numbers were known before it was stamped: it proves no order, whatever the office's clock says.
    plan = first.plan | {"known_at": (timezone.now() - timedelta(minutes=1)).isoformat()}
    QuerySet(Draw).filter(pk=first.pk).update(plan=plan)
    first.refresh_from_db()
    assert "不证明承诺在先" in stamps.words_for(first)


def test_before_a_commitment_there_is_nothing_to_stamp(planned, sign_in):
    draw = planned("SJ-2021-38")
    page = sign_in("juzhang").post(
        reverse("draw-act", args=[draw.pk, "stamp"]), {"file": SimpleUploadedFile("x", b"x")}
    )
    assert "ZS-WB-56" in page.content.decode()
