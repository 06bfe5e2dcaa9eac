"""PostgreSQL that writes the audit log at the end of each transaction."""

from __future__ import annotations

from django.db.backends.postgresql import base

from zhunsheng.web.databases.connections import LateWriting


class DatabaseWrapper(LateWriting, base.DatabaseWrapper):
    """Django's own, with what waits for the end of a transaction."""
