"""How the files of one source are read, as a department confirmed it once."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from zhunsheng.evidence.mappings import LedgerMapping
from zhunsheng.web.models.audited import Audited
from zhunsheng.web.models.people import Organisation, User


class SourceMapping(Audited):
    """A mapping of a department's ledger files: the newest of a name counts, one that is not ``active``
    is read no more.
    """

    department = models.ForeignKey(Organisation, models.PROTECT, related_name="mappings")
    ledger = models.CharField(_("台账"), max_length=40)
    name = models.CharField(_("来源"), max_length=60)
    body = models.JSONField()
    active = models.BooleanField(_("在用"), default=True)
    by = models.ForeignKey(User, models.PROTECT, null=True)
    at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["department", "ledger", "name"], name="one_mapping_of_a_source")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def mapping(self) -> LedgerMapping:
        """The mapping, with columns by name."""
        said: dict[str, Any] = {**self.body, "name": self.name, "ledger": self.ledger}
        return LedgerMapping.model_validate(said)
