"""What may not leave the house unseen: personal data in texts and files, and counts so small that they name a
person.
"""

from __future__ import annotations

from zhunsheng.disclosure.cells import Told, suppressed
from zhunsheng.disclosure.documents import Text, json_texts, texts_of, texts_of_rows, without
from zhunsheng.disclosure.finding import Found, found_in, hidden, redacted
from zhunsheng.disclosure.rules import rules, version

__all__ = [
    "Found",
    "Text",
    "Told",
    "found_in",
    "hidden",
    "json_texts",
    "redacted",
    "rules",
    "suppressed",
    "texts_of",
    "texts_of_rows",
    "version",
    "without",
]
