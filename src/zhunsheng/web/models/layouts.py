"""How the tables of one layout are read, as somebody confirmed it once."""

from __future__ import annotations

from django.db import models

from zhunsheng.intake.layouts import Layout
from zhunsheng.web.models.audited import Audited
from zhunsheng.web.models.people import Organisation, User


class TableLayout(Audited):
    """A confirmed layout of an organisation and all below it, by its ``digest``; one that is not ``active``
    is read no more.
    """

    department = models.ForeignKey(Organisation, models.PROTECT, related_name="layouts")
    digest = models.CharField(max_length=20)
    body = models.JSONField()
    active = models.BooleanField(default=True)
    by = models.ForeignKey(User, models.PROTECT, null=True)
    at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["department", "digest"], name="one_reading_of_a_layout")
        ]

    def __str__(self) -> str:
        return "、".join(one.words for one in self.layout.columns)[:80]

    @property
    def layout(self) -> Layout:
        """The layout with who confirmed it and when."""
        return Layout.model_validate(self.body)
