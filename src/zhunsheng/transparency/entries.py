"""Entries of the transparency log as lines: what kind of record, its number among its own, and its digest."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from zhunsheng.errors import ZhunshengError
from zhunsheng.translation import translatable, worded
from zhunsheng.transparency.merkle import leaf_hash

# What is entered, and what its number counts.
KINDS = {
    "audit": translatable("审计日志"),
    "batch": translatable("证据批次"),
    "commitment": translatable("抽查承诺"),
    "paper": translatable("出具的文件"),
}
LINE = re.compile(r'\{"digest":"([0-9a-f]{64})","kind":"([a-z]{1,20})","number":([1-9][0-9]{0,14})\}')


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry; what lies behind the digest is kept elsewhere, and much of it is not public."""

    kind: str
    number: int
    digest: str

    def line(self) -> str:
        """Return the entry as its line of the log, without the line feed: canonical JSON."""
        # By hand, four times as fast as the library: neither a digest nor a kind has a sign to be escaped.
        return f'{{"digest":"{self.digest}","kind":"{self.kind}","number":{self.number}}}'

    def leaf(self) -> bytes:
        """Return the hash of the line, under which the entry stands in the tree."""
        return leaf_hash(self.line().encode())


def read_entry(line: str, number: int, name: str) -> Entry:
    """Return what line ``number`` of a file says. Raises ``ZS-LG-02`` for one that the program would not have
    written so.
    """
    found = LINE.fullmatch(line)
    if found is None or found[2] not in KINDS:
        raise ZhunshengError("ZS-LG-02", name=name, number=number, detail=worded("不是日志的一条"))
    return Entry(found[2], int(found[3]), found[1])


def read_entries(lines: Iterable[str], name: str) -> Iterable[Entry]:
    """Return the entries of a log in order, those of each kind without a gap. Raises ``ZS-LG-02``."""
    last = dict.fromkeys(KINDS, 0)
    for number, line in enumerate(lines, start=1):
        entry = read_entry(line.rstrip("\n"), number, name)
        if entry.number != last[entry.kind] + 1:
            raise ZhunshengError(
                "ZS-LG-02",
                name=name,
                number=number,
                detail=worded(
                    "编号是 {number}，应为 {expected}", number=entry.number, expected=last[entry.kind] + 1
                ),
            )
        last[entry.kind] = entry.number
        yield entry
