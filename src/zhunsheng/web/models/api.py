"""What the API keeps for itself: the answers to requests that came with a key of their own."""

from __future__ import annotations

from django.db import models

from zhunsheng.web.models.people import ApiToken


class ApiAnswer(models.Model):
    """The answer to a POST with an ``Idempotency-Key``: the same key of the same token gets it again,
    nothing is done twice.

    ``digest`` is of the whole request, so that a key can't be used for another one.
    """

    token = models.ForeignKey(ApiToken, models.CASCADE, related_name="answers")
    key = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    body = models.JSONField(null=True)
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="one_answer")]

    def __str__(self) -> str:
        return self.key
