"""The keys of forms that were acted on: the same form sent once more is answered as the first time and does
nothing.
"""

from __future__ import annotations

from django.db import IntegrityError, models, transaction

from zhunsheng.web.sending import FormUnderway


class Repeated(Exception):
    """The same form of the same person was acted on already, or is being acted on."""


class Sent(models.Model):
    """A form that was acted on: whose, with which key and content, and where its answer led (empty:
    not answered yet).
    """

    user = models.ForeignKey("web.User", models.CASCADE, related_name="+")
    key = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    path = models.CharField(max_length=300)
    location = models.CharField(max_length=500, blank=True)
    said = models.TextField(blank=True)
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key", "digest"], name="one_act_a_form")]

    def __str__(self) -> str:
        return self.path


def spend(form: FormUnderway) -> None:
    """Keep a form's key with the act it leads to, in the act's own transaction. Raises ``Repeated``.

    Of two at once the second waits here for the first, and does nothing where that one did it.
    """
    if not form.key or form.row is not None or form.open:
        return
    told = {"path": form.path[:300], "location": form.location[:500], "said": form.said}
    try:
        with transaction.atomic():
            form.row = Sent.objects.create(user_id=form.user, key=form.key, digest=form.digest, **told).pk
    except IntegrityError:
        raise Repeated from None
