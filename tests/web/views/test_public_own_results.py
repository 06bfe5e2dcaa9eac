"""Anyone asks of a draw by one code, without signing in: their own result and proof, and
nothing of others.
"""

from __future__ import annotations

import pytest
from django.core.cache import caches
from django.db.models import QuerySet
from django.urls import reverse
from pages import flat

from zhunsheng.draws import spec
from zhunsheng.draws.bundle import read_bundle
from zhunsheng.draws.own_proof import check_proof, read_proof
from zhunsheng.web.models import AuditEntry, Commitment, Draw, Publication
from zhunsheng.web.services.publishing import acts
from zhunsheng.web.throttle import MOST_ASKED

PERSON = "11010519491231002X"


@pytest.fixture(autouse=True)
def nobody_asked():
    caches["asked"].clear()


@pytest.fixture
def draw(department):
    return Draw.objects.get(department=department, code="SJ-2021-01")


@pytest.fixture
def address_of_own(draw):
    return reverse("own-proof", args=[Commitment.objects.filter(draw=draw).first().number])


def codes(draw):
    """Return a code of each kind: drawn, in reserve, neither."""
    rows = read_bundle(draw.folder() / "抽查包.zip")["drawn.json"]
    listed = {d["id"] for d in rows}
    frame = [line.split("\t")[0] for line in (draw.folder() / "frame.tsv").read_text("utf8").splitlines()[1:]]
    drawn, reserve = (next(d for d in rows if d["reserve"] is kind) for kind in (False, True))
    return drawn, reserve, next(one for one in frame if one not in listed)


def test_each_gets_their_own_result_and_a_proof_that_holds(draw, client, address_of_own):
    drawn, reserve, other = codes(draw)
    parts = read_bundle(draw.folder() / "抽查包.zip")
    assert "查一查本单位" in client.get(address_of_own).content.decode()
    page = client.post(address_of_own, {"code": drawn["id"]}).content.decode()
    assert f"抽中，本层第 {drawn['rank']} 名" in page and drawn["ticket"] in page and "仅有见证" in page
    page = client.post(address_of_own, {"code": reserve["id"]}).content.decode()
    assert f"没有抽中，是候补，本层第 {reserve['rank']} 名" in page
    # As people type it: full width, small letters, blanks.
    typed = " " + "".join(chr(ord(c) + 0xFEE0) for c in other[:9]) + "\u3000" + other[9:].lower()
    page = flat(client.post(address_of_own, {"code": typed}))
    assert "<strong>没有抽中</strong>" in page and spec.ticket(parts["seed.json"]["seed"], other) in page
    for code in (drawn["id"], other):
        sent = client.post(address_of_own, {"code": code, "file": "1"})
        assert "attachment" in sent["Content-Disposition"] and sent["Cache-Control"] == "no-store"
        proof = read_proof(sent.content, "x")
        assert proof.id == code and all(c.holds for c in check_proof(proof, parts))
    # Nothing is told of anyone else.
    told = client.post(address_of_own, {"code": other}).content.decode()
    assert not [d["id"] for d in parts["drawn.json"] if d["id"] in told]


def test_who_is_not_in_the_frame_is_told_so_and_no_more(draw, client, address_of_own):
    page = client.post(address_of_own, {"code": "91110108MA01ABCD21"}).content.decode()
    assert "不在名录库中" in page and "下载在册证明" not in page
    assert "校验位不对" in client.post(address_of_own, {"code": "91110108MA01ABCD2X"}).content.decode()
    for asked in ("", "甲" * 61):
        assert "ZS-WB-06" in client.post(address_of_own, {"code": asked}).content.decode()
    for asked in ("#", "%", "' OR 1=1", "../frame.tsv", "甲", "\U00020000", "9" * 60, "A\x00B"):
        answer = client.post(address_of_own, {"code": asked})
        assert answer.status_code == 200 and "不在名录库中" in answer.content.decode(), asked
    # What stands in the address is not looked at: addresses are kept by logs and histories.
    assert (
        "在名录库中，属于" not in client.get(f"{address_of_own}?code={codes(draw)[0]['id']}").content.decode()
    )


@pytest.mark.parametrize("written", [PERSON, PERSON.lower(), "１１０１０５ 19491231 002X"])
def test_a_persons_number_is_not_asked_for_here(client, address_of_own, written):
    answer = client.post(address_of_own, {"code": written})
    assert answer.status_code == 400 and "ZS-WB-49" in answer.content.decode()
    assert client.post(address_of_own, {"code": written, "file": "1"}).status_code == 400


def test_a_result_that_is_not_published_yet_is_told_to_nobody(draw, client, address_of_own):
    drawn, _reserve, _other = codes(draw)
    QuerySet(Publication).filter(kind="draw", object_id=draw.pk).update(state="requested")
    page = client.post(address_of_own, {"code": drawn["id"]}).content.decode()
    assert "在名录库中" in page and "结果还没有公开" in page
    assert "抽中，本层" not in page and drawn["ticket"] not in page and "号码由种子" not in page


def test_the_page_of_the_published_draw_leads_there(draw, client, address_of_own):
    made = Publication.objects.get(kind="draw", object_id=draw.pk, state="published")
    assert f'action="{address_of_own}"' in client.get(reverse("public-one", args=[made.pk])).content.decode()
    other = Publication.objects.filter(state="published").exclude(kind="draw").first()
    assert "查一查本单位" not in client.get(reverse("public-one", args=[other.pk])).content.decode()


def test_the_frame_can_not_be_listed_by_asking(draw, client, address_of_own):
    """So many an hour from one network, whatever is asked and found; who asked for what is kept nowhere."""
    drawn, _reserve, other = codes(draw)
    kept = AuditEntry.objects.count()
    answers = [
        client.post(address_of_own, {"code": code, "file": "1"}) for code in (drawn["id"], other, "E1") * 20
    ]
    said = [answer.status_code for answer in answers]
    assert said == [200] * MOST_ASKED + [429] * (60 - MOST_ASKED)
    late = answers[-3]
    assert "ZS-WB-50" in late.content.decode() and "在名录库中，属于" not in late.content.decode()
    # Another subscriber is answered; the same one by another of its addresses is not.
    assert client.post(address_of_own, {"code": other}, REMOTE_ADDR="203.0.113.9").status_code == 200
    for n in range(MOST_ASKED):
        client.post(address_of_own, {"code": other}, REMOTE_ADDR=f"2001:db8::{n:x}")
    assert client.post(address_of_own, {"code": other}, REMOTE_ADDR="2001:db8::ffff").status_code == 429
    assert client.post(address_of_own, {"code": other}, REMOTE_ADDR="2001:db8:1::1").status_code == 200
    held = repr(caches["asked"]._cache)  # type: ignore[attr-defined]
    assert not [word for word in (other, drawn["id"], "203.0.113.9", "127.0.0.1", "2001") if word in held]
    assert AuditEntry.objects.count() == kept


def test_where_the_frame_is_not_here_nothing_is_asked(draw, client, address_of_own):
    frame = draw.folder() / "frame.tsv"
    frame.rename(aside := frame.with_suffix(".aside"))
    try:
        assert (
            client.get(address_of_own).status_code
            == client.post(address_of_own, {"code": "x"}).status_code
            == 404
        )
    finally:
        aside.rename(frame)


def test_a_draw_may_be_public_without_the_list_of_all(draw, sign_in, user, client, address_of_own):
    """Then everyone still gets their own proof, the bundle tells of nobody but the drawn,
    and the page says what is left open.
    """
    finance, head = sign_in("caiwu"), sign_in("juzhang")
    ask = reverse("publish-ask", args=["draw", draw.pk])
    assert 'name="frame"' in finance.get(ask).content.decode()
    published = {}
    for extent in ("whole", "own"):
        finance.post(ask, {"frame": extent})
        made = Publication.objects.filter(kind="draw", object_id=draw.pk, state="requested").get()
        word = "名单没有公开"
        assert (word in head.get(reverse("publication", args=[made.pk])).content.decode()) is (
            extent == "own"
        )
        acts.decide(made, user("juzhang"), "publish.approve")
        made.refresh_from_db()
        assert made.state == "published"
        published[extent] = {p.name for p in made.folder().iterdir()}
        page = client.get(reverse("public-one", args=[made.pk])).content.decode()
        assert (word in page) is (extent == "own") and ("frame.tsv" in page) is (extent == "whole")
        assert "查一查本单位" in page
    assert published["whole"] - published["own"] == {"frame.tsv"}
    assert client.get(reverse("public-file", args=[made.pk, "frame.tsv"])).status_code == 404
    drawn, _reserve, other = codes(draw)
    parts = read_bundle(made.folder() / "抽查包.zip")
    own = read_proof(client.post(address_of_own, {"code": other, "file": "1"}).content, "x")
    assert all(c.holds for c in check_proof(own, parts))
    everywhere = b"".join(p.read_bytes() for p in made.folder().iterdir())
    assert drawn["id"].encode() in everywhere and other.encode() not in everywhere
    assert finance.post(ask, {"frame": "some"}).status_code == 400
