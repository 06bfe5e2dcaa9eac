"""Checkpoints by mail to witnesses, over a mail server that listens on this machine."""

from __future__ import annotations

import email
import email.policy
import logging
from datetime import timedelta

import lxml.html
import pytest
from aiosmtpd.controller import Controller
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from running import free_port

from zhunsheng.transparency.checkpoints import read_checkpoint, signed_by
from zhunsheng.usecases.sealed import held_against
from zhunsheng.web.models import AuditEntry, CheckpointMail, Organisation, User, Witness
from zhunsheng.web.services import transparency, witnesses

ADDRESS = "shenji@example.org"


class Server:
    """A mail server that keeps what it takes, and refuses or breaks off as it is told to."""

    def __init__(self):
        self.taken, self.answer, self.breaks = [], None, False

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.answer and self.answer.startswith("rcpt "):
            return self.answer[5:]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.answer:
            return self.answer
        self.taken.append((envelope.rcpt_tos, envelope.content))
        if self.breaks:
            server.transport.close()
        return "250 taken"


@pytest.fixture
def server(settings):
    handler = Server()
    port = free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_TIMEOUT = 5
    settings.DEFAULT_FROM_EMAIL = "log@example.org"
    settings.ADDRESS = "https://zhunsheng.example.org"
    yield handler
    controller.stop()


@pytest.fixture
def witness():
    transparency.seal()
    place = Organisation.objects.get(name="示例区")
    return witnesses.add(place, "示例区审计局", "值班室", ADDRESS)


def grow():
    user = User.objects.get(username="keyuan")
    user.display += "甲"
    user.save()
    return transparency.seal()


def later(monkeypatch, **passed):
    now = timezone.now() + timedelta(**passed)
    monkeypatch.setattr(timezone, "now", lambda: now)


def state():
    mail = CheckpointMail.objects.get()
    return mail.state, mail.tries, mail.answer


def test_a_witness_gets_the_checkpoint_and_can_check_it_a_year_later(server, witness, tmp_path):
    last = transparency.seal() or transparency.newest()
    assert witnesses.send_due() == 1
    (to, content), *others = server.taken
    assert to == [ADDRESS] and not others
    mail = email.message_from_bytes(content, policy=email.policy.default)
    (attached,) = mail.iter_attachments()
    note = attached.get_content().decode()
    assert note == last.note and attached.get_filename() == f"checkpoint-{last.size}.txt"
    body = mail.get_body().get_content()
    assert transparency.key() in body and "zhunsheng verify" in body and "示例区审计局" in body
    assert "https://zhunsheng.example.org/public/log" in body and str(last.size) in mail["Subject"]
    grow()
    (kept := tmp_path / "kept.txt").write_bytes(attached.get_content())
    answer = Client().get(reverse("log-proof"), {"size": read_checkpoint(note, "").size})
    (proof := tmp_path / "proof.json").write_bytes(answer.content)
    assert signed_by(note, transparency.key()) and held_against(kept, proof, transparency.key()).holds
    page = Client().get(reverse("log")).content.decode()
    assert "交给邮件服务器" in page and "示例区审计局" in page and ADDRESS not in page


def test_nobody_is_told_twice_and_the_next_day_only_where_the_log_has_grown(server, witness, monkeypatch):
    transparency.seal()
    assert [witnesses.send_due(), witnesses.send_due()] == [1, 0]
    grow()
    assert witnesses.send_due() == 0  # a day's is a day's
    later(monkeypatch, days=1)
    assert [witnesses.send_due(), witnesses.send_due()] == [1, 0]
    later(monkeypatch, days=1)
    assert witnesses.send_due() == 0  # nothing new: sending itself made nothing
    assert len(server.taken) == 2 and CheckpointMail.objects.count() == 2


def test_what_another_worker_has_taken_on_is_left_to_it(server, witness, monkeypatch):
    transparency.seal()
    newest = transparency.newest()
    assert witnesses._claimed(witness, newest) is not None
    assert witnesses._claimed(witness, newest) is None
    monkeypatch.setattr(CheckpointMail.objects, "filter", lambda **_: CheckpointMail._base_manager.none())
    assert witnesses._claimed(witness, newest) is None  # neither saw the other's before its own


@pytest.mark.parametrize(
    ("answer", "then"),
    [
        ("451 later", ("waiting", 1, "SMTP 451")),
        ("rcpt 450 later", ("waiting", 1, "SMTP 450")),
        ("554 no", ("failed", 1, "SMTP 554")),
        ("rcpt 550 nobody here: shenji@example.org", ("failed", 1, "SMTP 550")),
    ],
)
def test_what_the_server_refuses_is_kept_and_tried_again_where_it_may_help(
    server, witness, monkeypatch, caplog, answer, then
):
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.CRITICAL, logger="mail.log")  # the other side's
    transparency.seal()
    server.answer = answer
    assert witnesses.send_due() == 0 and state() == then
    assert witnesses.send_due() == 0 and state() == then  # not before its time
    server.answer = None
    later(monkeypatch, minutes=2)
    waits = then[0] == "waiting"
    assert witnesses.send_due() == waits
    assert state() == (("handed", 2, "") if waits else then) and len(server.taken) == waits
    assert ADDRESS not in caplog.text and "值班室" not in caplog.text


def test_a_server_that_is_away_is_asked_again_until_it_is_given_up(server, witness, settings, monkeypatch):
    transparency.seal()
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    for tries in range(1, len(witnesses.WAITS) + 2):
        assert witnesses.send_due() == 0
        given_up = tries > len(witnesses.WAITS)
        assert state() == ("failed" if given_up else "waiting", tries, "ConnectionRefusedError")
        later(monkeypatch, minutes=1 if given_up else witnesses.WAITS[tries - 1].seconds // 60)
    settings.EMAIL_PORT = port
    assert witnesses.send_due() == 0 and server.taken == []
    later(monkeypatch, days=1)
    assert witnesses.send_due() == 1 and len(server.taken) == 1


def test_where_the_connection_broke_after_the_mail_nobody_knows_and_it_is_not_sent_again(
    server, witness, monkeypatch
):
    transparency.seal()
    server.breaks = True
    assert witnesses.send_due() == 0
    assert state() == ("unknown", 1, "SMTPServerDisconnected")
    server.breaks = False
    later(monkeypatch, hours=1)
    assert witnesses.send_due() == 0 and len(server.taken) == 1


def test_a_worker_that_died_while_handing_over_says_that_nobody_knows(server, witness, monkeypatch):
    transparency.seal()
    assert witnesses._claimed(witness, transparency.newest()) is not None
    later(monkeypatch, minutes=30)
    assert witnesses.send_due() == 0 and state() == ("unknown", 1, "") and server.taken == []


def test_without_a_mail_server_nothing_is_begun_and_the_page_says_so(witness, settings, sign_in):
    settings.EMAIL_HOST = ""
    assert witnesses.send_due() == 0 and not CheckpointMail.objects.exists()
    assert "没有设置邮件服务器" in sign_in("guanli").get(reverse("witnesses")).content.decode()
    assert "还没有寄过" in Client().get(reverse("log")).content.decode()


def test_an_administrator_registers_and_ends_a_witness_of_their_reach(server, sign_in):
    client, place = sign_in("guanli"), Organisation.objects.get(name="示例区")
    said = {"organisation": place.pk, "body": "示例市财政局", "name": "国库科", "email": ADDRESS}
    for wrong in ({"email": "no address"}, {"email": f"{ADDRESS}\nBcc: a@b.cn"}, {"body": ""}):
        assert client.post(reverse("witnesses"), said | wrong).status_code == 400
    assert not Witness.objects.exists()
    assert client.post(reverse("witnesses"), said).status_code in (200, 302)
    again = client.post(reverse("witnesses"), said | {"email": ADDRESS.upper()})
    assert again.status_code == 400 and "ZS-WB-85" in again.content.decode()
    made = Witness.objects.get()
    entry = AuditEntry.objects.filter(model="witness").first()
    assert (entry.after["email"], entry.after["name"], entry.actor) == ("***", "***", "guanli")
    transparency.seal()
    assert witnesses.send_due() == 1
    page = client.get(reverse("witnesses")).content.decode()
    assert "已交给邮件服务器" in page and ADDRESS in page
    assert client.post(reverse("witnesses"), {"id": made.pk}).status_code in (200, 302)
    made.refresh_from_db()
    assert not made.active
    assert sign_in("keyuan").get(reverse("witnesses")).status_code == 403


def test_a_witness_ends_the_mails_by_the_address_in_them(server, witness, monkeypatch):
    address = reverse("log-stop", args=[witnesses.token(witness)])
    client = Client(enforce_csrf_checks=True)
    page = client.get(address)
    assert "停止寄送" in page.content.decode() and Witness.objects.get().active  # looking ends nothing
    assert client.post(address).status_code == 403
    assert client.post(address, {"csrfmiddlewaretoken": form_token(page)}).status_code == 200
    assert not Witness.objects.get().active
    assert AuditEntry.objects.filter(model="witness").first().actor == f"witness {witness.pk}"
    later(monkeypatch, days=1)
    grow()
    assert witnesses.send_due() == 0
    for forged in (witnesses.token(witness)[:-1], "x", f"{witness.pk}"):
        assert client.get(reverse("log-stop", args=[forged])).status_code == 404


def form_token(page):
    return lxml.html.fromstring(page.content).xpath("//input[@name='csrfmiddlewaretoken']/@value")[0]
