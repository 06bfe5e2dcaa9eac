"""Write text into SQL where a parameter can't stand: file names, literals of generated queries."""


def quoted(text: str) -> str:
    """Return ``text`` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"
