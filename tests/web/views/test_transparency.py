"""The public pages of the transparency log, used as a stranger does who kept a checkpoint."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse
from guarding import run, unguard

from zhunsheng.errors import ZhunshengError
from zhunsheng.usecases.sealed import held_against
from zhunsheng.web.models import AuditEntry, Commitment, User
from zhunsheng.web.services import transparency


def saved(folder, name, answer):
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    (folder / name).write_bytes(content)
    return folder / name


@pytest.fixture
def kept(tmp_path):
    transparency.seal()
    page = Client().get(reverse("log")).content.decode()
    assert transparency.key() in page and transparency.newest().note.split("\n")[2] in page
    return saved(tmp_path, "checkpoint.txt", Client().get(reverse("log-checkpoint")))


def test_who_kept_a_checkpoint_holds_it_against_the_log_and_a_proof_of_later(kept, tmp_path):
    size = transparency.newest().size
    user = User.objects.get(username="keyuan")
    user.display = "改名"
    user.save()
    transparency.seal()
    log = saved(tmp_path, "log.jsonl", Client().get(reverse("log-entries")))
    proof = saved(tmp_path, "proof.json", Client().get(reverse("log-proof"), {"size": f" {size} "}))
    for file in (log, proof):
        found = held_against(kept, file, transparency.key())
        assert (found.holds, found.size, found.now) == (True, size, size + 1)
    # A key noted elsewhere that is not the site's says so.
    other = transparency.key().replace("zhunsheng/", "zhunsheng/0")
    with pytest.raises(Exception, match="ZS-LG-03"):
        held_against(kept, log, other)


@pytest.mark.parametrize(("said", "status"), [("", 400), ("x", 400), ("-1", 400), ("99999999", 400)])
def test_a_size_that_the_log_has_not_is_told(kept, said, status):
    answer = Client().get(reverse("log-proof"), {"size": said})
    assert answer.status_code == status and "Traceback" not in answer.content.decode()
    if said == "99999999":
        assert "没有前 99999999 条的证明" in answer.content.decode()


def test_before_anything_is_sealed_there_is_no_checkpoint_and_the_page_says_so():
    unguard("web_logcheckpoint")
    run("DELETE FROM web_logcheckpoint")
    assert transparency.newest() is None
    assert "还没有封存过检查点" in Client().get(reverse("log")).content.decode()
    assert Client().get(reverse("log-checkpoint")).status_code == 404


def test_the_lines_hold_digests_and_nothing_else(kept):
    lines = list(transparency.lines())
    assert len(lines) == transparency.newest().size
    assert all(len(line) < 130 and line.startswith('{"digest":"') for line in lines)


def test_who_did_something_proves_it_and_others_get_the_digest_alone(kept, tmp_path, sign_in):
    mine = AuditEntry.objects.filter(actor="keyuan", number__lte=transparency.sealed_up_to("audit")).first()
    asked = {"kind": "audit", "number": mine.number}
    for user, told in (("keyuan", True), ("shenji", True), ("caiwu", False), (None, False)):
        client = sign_in(user) if user else Client()
        proof = saved(tmp_path, "entry.json", client.get(reverse("log-entry"), asked))
        found = held_against(kept, proof, transparency.key())
        assert found.holds and ("内容就是证明里所写的" in found.says) == told, user
        assert ("keyuan" in proof.read_text("utf8")) == told
    page = sign_in("keyuan").get(reverse("account")).content.decode()
    assert f"{reverse('log-entry')}?kind=audit&amp;number={mine.number}" in page


def test_anybody_proves_a_commitment_with_its_text_against_an_earlier_checkpoint(kept, tmp_path):
    size = transparency.newest().size
    user = User.objects.get(username="keyuan")
    user.display = "改名"
    user.save()
    transparency.seal()
    one = Commitment.objects.order_by("number").first()
    asked = {"kind": "commitment", "number": one.number, "size": size}
    proof = saved(tmp_path, "entry.json", Client().get(reverse("log-entry"), asked))
    assert "内容就是证明里所写的" in held_against(kept, proof, transparency.key()).says
    assert one.line in json.loads(proof.read_text("utf8"))["content"]
    # Against another checkpoint than it was made for it says so.
    later = saved(tmp_path, "later.json", Client().get(reverse("log-entry"), asked | {"size": ""}))
    with pytest.raises(ZhunshengError, match="ZS-LG-04"):
        held_against(kept, later)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"kind": "audit", "number": "99999999"}, "ZS-LG-11"),
        ({"kind": "audit", "number": "1", "size": "99999999"}, "ZS-LG-05"),
        ({"kind": "audit", "number": "1", "size": "0"}, "ZS-LG-11"),
        ({"kind": "other", "number": "1"}, "没有这个选项"),
        ({"kind": "audit", "number": "x"}, "应为整数"),
        ({}, "没有填写"),
    ],
)
def test_an_entry_that_is_not_there_is_told_beside_its_field(kept, said, words):
    answer = Client().get(reverse("log-entry"), said)
    assert answer.status_code == 400 and words in answer.content.decode()


def test_the_entries_come_in_large_chunks(kept):
    chunks = list(Client().get(reverse("log-entries")))
    assert len(chunks) == 1 and chunks[0].count(b"\n") == transparency.newest().size
