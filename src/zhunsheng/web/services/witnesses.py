"""Checkpoints by mail to those who keep them elsewhere: once a day, where the log has grown, and a record of
what this machine observed of it.

Only that a mail server took a mail is observed, never that anybody got it. Where the connection broke after
the mail was handed over, nobody knows: it is said so, and not sent again, for the next day's follows.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused, SMTPResponseException
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage, get_connection
from django.db import IntegrityError, transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from zhunsheng.errors import ZhunshengError
from zhunsheng.web.models import CheckpointMail, LogCheckpoint, Organisation, Witness
from zhunsheng.web.services import transparency

log = logging.getLogger(__name__)
State = CheckpointMail.State
WAITS = [timedelta(minutes=m) for m in (1, 5, 15, 60, 240)]  # from a failed try to the next
BROKEN = timedelta(minutes=10)  # after which a mail that is still being handed over was broken off
_SALT = "zhunsheng.witness"


def add(organisation: Organisation, body: str, name: str, email: str) -> Witness:
    """Register a witness. Raises ``ZS-WB-85`` for an address that gets the checkpoints already."""
    for one in Witness.objects.filter(active=True):
        if one.email.casefold() == email.casefold():
            raise ZhunshengError("ZS-WB-85", body=one.body)
    return Witness.objects.create(organisation=organisation, body=body, name=name, email=email)


def configured() -> bool:
    """Return whether the site has a mail server to hand mails to."""
    return bool(settings.EMAIL_HOST)


def token(witness: Witness) -> str:
    """Return the sign by which an address is known to be one that the site gave to a witness."""
    return signing.dumps(witness.pk, salt=_SALT)


def link_to_stop(witness: Witness) -> str:
    """Return the address under which a witness ends the mails, or nothing where the site's own address is
    not set.
    """
    return f"{settings.ADDRESS}{reverse('log-stop', args=[token(witness)])}" if settings.ADDRESS else ""


def of_link(said: str) -> Witness | None:
    """Return whose address it is, None for one that the site did not give out."""
    try:
        return Witness.objects.filter(pk=signing.loads(said, salt=_SALT)).first()
    except signing.BadSignature:
        return None


def stop(witness: Witness) -> None:
    """End the mails to a witness."""
    witness.active = False
    witness.save()


def last_handed() -> tuple[CheckpointMail, list[str]] | None:
    """Return the newest mail that a mail server took, and whose they were that took the same checkpoint."""
    last = CheckpointMail.objects.filter(state=State.HANDED).order_by("-size", "-at").first()
    if last is None:
        return None
    same = CheckpointMail.objects.filter(state=State.HANDED, size=last.size).order_by("pk")
    return last, list(dict.fromkeys(same.values_list("witness__body", flat=True)))


def send_due() -> int:
    """Hand over what is due now; return how many mails a server took."""
    newest = transparency.newest()
    if newest is None or not configured():
        return 0
    _put_in_order()
    handed = 0
    for witness in Witness.objects.filter(active=True):
        mail = _claimed(witness, newest)
        if mail is not None:
            handed += _hand_over(mail, witness)
    return handed


def _put_in_order() -> None:
    """Say what became of mails that nobody goes on with."""
    now = timezone.now()
    broken = CheckpointMail.objects.filter(state=State.SENDING, at__lt=now - BROKEN)
    broken.update(state=State.UNKNOWN, answer="")
    late = CheckpointMail.objects.filter(state=State.WAITING, on__lt=timezone.localdate(now))
    late.update(state=State.FAILED, next_at=None)


def _claimed(witness: Witness, newest: LogCheckpoint) -> CheckpointMail | None:
    """Take upon this process what is due for a witness: the first of the day, where the log has grown since
    the last, or another try; None where nothing is, or another process does it.
    """
    now = timezone.now()
    today = timezone.localdate(now)
    mails = CheckpointMail.objects.filter(witness=witness)
    mail = mails.filter(on=today).first()
    if mail is None:
        told = mails.exclude(state=State.FAILED).order_by("-size").first()
        if told is not None and told.size >= newest.size:
            return None
        try:
            with transaction.atomic():
                return CheckpointMail.objects.create(witness=witness, on=today, size=newest.size, at=now)
        except IntegrityError:
            return None
    due = CheckpointMail.objects.filter(pk=mail.pk, state=State.WAITING, tries=mail.tries, next_at__lte=now)
    if due.update(state=State.SENDING, tries=F("tries") + 1, at=now, next_at=None) != 1:
        return None
    mail.refresh_from_db()
    return mail


def _hand_over(mail: CheckpointMail, witness: Witness) -> bool:
    """Hand a mail to the mail server, and write down what was observed."""
    said: dict[str, Any]
    try:
        connection = get_connection()
        connection.open()
        try:
            with translation.override(settings.LANGUAGE_CODE):
                message = _message(mail, witness, connection)
            try:
                message.send()
                said = {"state": State.HANDED, "answer": ""}
            except (SMTPRecipientsRefused, SMTPResponseException) as error:
                code = _code(error)
                said = _failed(mail, f"SMTP {code}", for_good=code >= 500)
            except OSError as error:  # also of smtplib: the connection broke after it was begun
                said = {"state": State.UNKNOWN, "answer": type(error).__name__}
        finally:
            _closed(connection)
    except SMTPResponseException as error:
        said = _failed(mail, f"SMTP {error.smtp_code}")
    except OSError as error:  # nothing was handed over
        said = _failed(mail, type(error).__name__)
    CheckpointMail.objects.filter(pk=mail.pk).update(**said)
    if said["state"] != State.HANDED:
        log.warning("the checkpoint for witness %s: %s %s", witness.pk, said["state"], said["answer"])
    return bool(said["state"] == State.HANDED)


def _code(error: SMTPRecipientsRefused | SMTPResponseException) -> int:
    if isinstance(error, SMTPResponseException):
        return int(error.smtp_code)
    return max(int(code) for code, _words in error.recipients.values())


def _failed(mail: CheckpointMail, answer: str, *, for_good: bool = False) -> dict[str, Any]:
    if for_good or mail.tries > len(WAITS):
        return {"state": State.FAILED, "answer": answer, "next_at": None}
    next_at: datetime = timezone.now() + WAITS[mail.tries - 1]
    return {"state": State.WAITING, "answer": answer, "next_at": next_at}


def _closed(connection: Any) -> None:
    """Say good-bye; what a server does after it took a mail changes nothing."""
    try:
        connection.close()
    except OSError:
        log.info("a mail server did not end the connection as it should")


def _message(mail: CheckpointMail, witness: Witness, connection: Any) -> EmailMessage:
    checkpoint = LogCheckpoint.objects.get(size=mail.size)
    file, stop_at = f"checkpoint-{mail.size}.txt", link_to_stop(witness)
    site = str(settings.SITE_TITLE)
    context = {
        "witness": witness,
        "checkpoint": checkpoint,
        "site": site,
        "file": file,
        "page": f"{settings.ADDRESS}{reverse('log')}" if settings.ADDRESS else "",
        "keys": transparency.keys(),
        "stop": stop_at,
    }
    subject = _("%(site)s：透明日志的检查点，%(n)s 条") % {"site": site, "n": mail.size}
    headers = {"Auto-Submitted": "auto-generated"} | ({"List-Unsubscribe": f"<{stop_at}>"} if stop_at else {})
    body = render_to_string("web/mail/checkpoint.txt", context)
    message = EmailMessage(subject, body, to=[witness.email], headers=headers, connection=connection)
    # As bytes: what a mail does with the ends of lines must not touch what is signed.
    message.attach(file, checkpoint.note.encode(), "application/octet-stream")
    return message
