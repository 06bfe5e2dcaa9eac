"""The header of a ledger file: which ledger it is of, and which column means what."""

from __future__ import annotations

import re
import unicodedata

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.ledgers import DEPARTMENT, Ledger, ledgers
from zhunsheng.text import clean
from zhunsheng.translation import series

HEAD_ROWS = 15  # a header stands among the first rows, under a title or two
_NOISE = re.compile(r"[\s::*＊（()）【】\[\]/、，,。.]+")
_DEPARTMENT_TITLES = ("部门", "单位", "部门名称", "单位名称")


def _key(title: str) -> str:
    return _NOISE.sub("", unicodedata.normalize("NFKC", clean(title))).lower()


def _titles(ledger: Ledger) -> dict[str, str]:
    titles = {_key(t): DEPARTMENT for t in _DEPARTMENT_TITLES}
    for column in ledger.columns:
        for title in (column.title, column.name, *column.synonyms):
            titles[_key(title)] = column.name
    titles[_key(DEPARTMENT)] = DEPARTMENT
    return titles


def find_header(
    rows: list[list[str]], ledger: Ledger | None, name: str
) -> tuple[Ledger, dict[str, int], int]:
    """Return the ledger, its columns' positions and the header's index among ``rows``."""
    best: tuple[int, Ledger, dict[str, int], int] | None = None
    runner_up = -1
    for candidate in [ledger] if ledger else ledgers().values():
        titles = _titles(candidate)
        top: tuple[int, dict[str, int], int] | None = None
        for at, row in enumerate(rows):
            columns: dict[str, int] = {}
            for position, title in enumerate(row):
                column = titles.get(_key(str(title or "")))
                if column is None:
                    continue
                if column in columns:
                    raise ZhunshengError("ZS-EV-08", name=name, column=str(title))
                columns[column] = position
            if top is None or len(columns) > len(top[1]):
                top = (sum(c.required for c in candidate.columns if c.name in columns), columns, at)
        if top is None:
            continue
        missing = sum(c.required for c in candidate.columns) - top[0]
        score = len(top[1]) - 100 * missing
        if best is None or score > best[0]:
            runner_up = best[0] if best else -1
            best = (score, candidate, top[1], top[2])
        elif score > runner_up:
            runner_up = score
    if best is None:
        raise ZhunshengError("ZS-EV-06", name=name)
    score, found, columns, at = best
    if ledger is None and (score <= 1 or score == runner_up):
        raise ZhunshengError(
            "ZS-EV-10", name=name, known=series(f"{x.title}（{x.id}）" for x in ledgers().values())
        )
    missing_titles = [c.title for c in found.columns if c.required and c.name not in columns]
    if missing_titles:
        raise ZhunshengError("ZS-EV-02", name=name, columns=series(missing_titles), ledger=found.id)
    return found, columns, at
