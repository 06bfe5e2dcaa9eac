"""The invariants of the site run on the database that was asked for."""

from __future__ import annotations

import os

from django.db import connection


def test_the_database_is_the_one_asked_for():
    asked = os.environ.get("ZHUNSHENG_TEST_DATABASE", "sqlite")
    assert connection.vendor == {"postgres": "postgresql"}.get(asked, asked)
