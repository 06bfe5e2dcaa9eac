"""The public pages of the transparency log, used as a stranger does who kept a checkpoint."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from guarding import run, unguard

from zhunsheng.usecases.sealed import held_against
from zhunsheng.web.models import User
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
