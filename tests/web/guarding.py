"""The database's own triggers taken away and put back, as whoever administers the database can."""

from __future__ import annotations

from django.db import connection

from zhunsheng.web.databases.guards import TABLES, guards


def run(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def table_of(name):
    """The table that a trigger is on."""
    return max((table for table in TABLES if name.startswith(table)), key=len)


def drop(name):
    run(f"DROP TRIGGER {name}" + (f" ON {table_of(name)}" if connection.vendor == "postgresql" else ""))


def unguard(*tables):
    """Take the triggers of tables away, of all where none is named."""
    for name in guards(connection.vendor, tables or TABLES):
        drop(name)


def guard():
    """Put all triggers back."""
    if connection.vendor == "postgresql":  # which makes none while references wait to be checked
        run("SET CONSTRAINTS ALL IMMEDIATE")
        run("SET CONSTRAINTS ALL DEFERRED")
    for statement in guards(connection.vendor).values():
        run(statement)
