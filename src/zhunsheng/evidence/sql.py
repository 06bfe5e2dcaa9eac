"""Write text into SQL where a parameter can't stand: file names, literals of generated queries."""

from __future__ import annotations

from collections.abc import Iterable


def quoted(text: str) -> str:
    """Return ``text`` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def quoted_name(name: str) -> str:
    """Return the name of a column as SQL writes it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def column_list(names: Iterable[str]) -> str:
    """Return the names of columns as a query lists them."""
    return ", ".join(map(quoted_name, names))
