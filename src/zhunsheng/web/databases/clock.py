"""The database's clock, which all machines of a site share: what waits, is overdue or alive is told by it,
and by no machine's own.
"""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import connection

ASKED = {
    "sqlite": "SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')",
    "postgresql": "SELECT to_char(statement_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS')",
}


def now() -> datetime:
    """Return this moment by the database's clock, to the millisecond, in UTC."""
    with connection.cursor() as cursor:
        cursor.execute(ASKED[connection.vendor])
        (said,) = cursor.fetchone()
    return datetime.fromisoformat(said).replace(tzinfo=UTC)
