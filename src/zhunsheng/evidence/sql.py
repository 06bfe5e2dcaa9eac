"""Write text into SQL where a parameter can't stand: file names, literals of generated queries."""

from __future__ import annotations

import re
from collections.abc import Iterable


def quoted(text: str) -> str:
    """Return ``text`` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def worded_sql(template: str, **filled: str) -> str:
    """Return the SQL of a text of the program (``worded``) whose parameters are SQL expressions."""
    pieces = re.split(r"\{(\w+)\}", template)
    return " || ".join(filled[piece] if n % 2 else quoted(piece) for n, piece in enumerate(pieces) if piece)


def one_file(path: str) -> str:
    """Return a path as a pattern of DuckDB that fits this one file, whatever signs are in its name."""
    return re.sub(r"[*?\[]", r"[\g<0>]", path)


def quoted_name(name: str) -> str:
    """Return the name of a column as SQL writes it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def column_list(names: Iterable[str]) -> str:
    """Return the names of columns as a query lists them."""
    return ", ".join(map(quoted_name, names))
