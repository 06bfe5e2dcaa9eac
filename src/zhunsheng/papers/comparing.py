"""A paper held against its manifest: which places changed, in the words of its reader."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from xlsxwriter.utility import xl_col_to_name

from zhunsheng.papers.content import Block, Cell, Content, Row
from zhunsheng.papers.manifest import Manifest, block_digests, row_digest
from zhunsheng.translation import worded

MOST_SHOWN = 40  # signs of a text that is told
NEAR = 200  # places looked at for the counterpart of one that moved

# What happened to a place.
CHANGED, ADDED, REMOVED = worded("改动"), worded("加入"), worded("删去")
MARK_WORDS = {
    "pictures": worded("图片"),
    "comments": worded("批注"),
    "notes": worded("脚注、尾注"),
    "formulas": worded("公式"),
    "fields": worded("域"),
    "hidden": worded("隐藏的文字、行、列或工作表"),
    "scripts": worded("脚本"),
}


@dataclass(frozen=True)
class Change:
    """One place that is not as the manifest says: what happened, where, and what stands there now."""

    what: str
    place: str
    now: str = ""


def changes(content: Content, kept: Manifest) -> list[Change]:
    """Return the places of a paper that are not as its manifest says, in order."""
    salt = kept.said.salt
    now = block_digests(content, salt)
    by_cell = not any(row.startswith("0.") for _, _, rows in kept.blocks for row in rows)
    names = _Names(content)
    found: list[Change] = []
    for before, after in _pairs(kept.blocks, now, _blocks_alike):
        if before is None and after is not None:
            found.append(Change(ADDED, names.block(after), _cut(content.blocks[after].text)))
        elif after is None and before is not None:
            found.append(Change(REMOVED, _gone(kept.blocks, before)))
        elif before is not None and after is not None and kept.blocks[before] != now[after]:
            block = content.blocks[after]
            if kept.blocks[before][1] != now[after][1]:
                found.append(Change(CHANGED, names.block(after), _cut(block.text)))
            found += _rows(kept.blocks[before][2], block.rows, salt, names, after, by_cell=by_cell)
    for name, words in MARK_WORDS.items():
        was, there = kept.marks.get(name, 0), content.marks.get(name, 0)
        if was != there:
            place = worded("{what}：出具时 {was} 处，现在 {now} 处", what=words, was=was, now=there)
            found.append(Change(ADDED if there > was else REMOVED, place))
    return found


Pair = tuple[int | None, int | None]
Kept = tuple[str, str, tuple[str, ...]]


def _pairs(before: Sequence[Any], after: Sequence[Any], like: Callable[[Any, Any], int]) -> Iterator[Pair]:
    """Yield the places of two sequences that differ and belong together, None for one without a counterpart.

    As many as there were stand for one another in order where ``like`` finds any likeness; else the likest
    do.
    """
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        free = list(range(j1, j2))
        for old in range(i1, i2):
            if i2 - i1 == j2 - j1 and (own := old - i1 + j1) in free and like(before[old], after[own]) >= 0:
                mate: int | None = own
            else:
                mate = max(free[:NEAR], key=lambda n: like(before[old], after[n]), default=None)
                mate = mate if mate is not None and like(before[old], after[mate]) > 0 else None
            if mate is not None:
                free.remove(mate)
            yield old, mate
        yield from ((None, new) for new in free)


def _blocks_alike(one: Kept, other: Kept) -> int:
    return 1 + len({*one[2]} & {*other[2]}) if one[0] == other[0] else -1


def _rows_alike(one: str, other: str) -> int:
    return len({*one.split(" ")} & {*other.split(" ")})


def _rows(
    before: Sequence[str], rows: Sequence[Row], salt: str, names: _Names, block: int, *, by_cell: bool
) -> Iterator[Change]:
    now = [row_digest(row, salt, by_cell=by_cell) for row in rows]
    for old, new in _pairs(before, now, _rows_alike):
        if old is None and new is not None:
            yield Change(ADDED, names.row(block, rows[new]), _cut("　".join(c.text for c in rows[new].cells)))
        elif new is None and old is not None:
            yield Change(REMOVED, worded("{table}原来的第 {n} 行", table=names.block(block), n=old + 1))
        elif old is not None and new is not None:
            yield from _cells(before[old], now[new], rows[new], names, block)


def _cells(before: str, after: str, row: Row, names: _Names, block: int) -> Iterator[Change]:
    was, now = (
        dict(part.split(".", 1) for part in said.split(" ") if "." in part) for said in (before, after)
    )
    if "0" in was:
        yield Change(CHANGED, names.row(block, row), _cut("　".join(c.text for c in row.cells)))
        return
    cells = {str(cell.column): cell for cell in row.cells}
    for column in sorted({*was, *now}, key=lambda c: int(c) if c.isdecimal() else 0):
        cell = cells.get(column)
        if was.get(column) == now.get(column):
            continue
        if cell is None:
            at = int(column) if column.isdecimal() else 0
            yield Change(REMOVED, names.cell(block, row, Cell(at, "", grid=(at, at))))
        else:
            yield Change(CHANGED if column in was else ADDED, names.cell(block, row, cell), _cut(cell.text))


def _gone(blocks: Sequence[tuple[str, str, tuple[str, ...]]], index: int) -> str:
    kind = blocks[index][0]
    n = sum(1 for one in blocks[: index + 1] if one[0] == kind)
    words = {
        "t": worded("原来的表 {n}", n=n),
        "s": worded("原来的第 {n} 张工作表", n=n),
        "p": worded("原来的第 {n} 段", n=n),
        "f": worded("页脚"),
    }
    return words.get(kind, worded("页眉"))


def _cut(text: str) -> str:
    flat = text.replace("\n", " ")
    return flat if len(flat) <= MOST_SHOWN else f"{flat[: MOST_SHOWN - 1]}…"


class _Names:
    """What a reader of a paper calls its places."""

    def __init__(self, content: Content) -> None:
        self.content = content

    def block(self, index: int) -> str:
        block = self.content.blocks[index]
        n = sum(1 for one in self.content.blocks[: index + 1] if one.kind == block.kind)
        if block.kind == "t":
            return worded("表 {n} ", n=n)
        if block.kind == "s":
            return worded("工作表“{name}”", name=block.text)
        if block.kind == "p":
            return worded("第 {n} 段", n=n)
        return worded("页脚") if block.kind == "f" else worded("页眉")

    def row(self, index: int, row: Row) -> str:
        return worded("{table}第 {n} 行", table=self.block(index), n=row.number)

    def cell(self, index: int, row: Row, cell: Cell) -> str:
        block = self.content.blocks[index]
        head = self._head(block, row, cell)
        heads = worded("“{head}”", head=_cut(head)) if head else worded("第 {n} 格", n=cell.column)
        if block.kind == "s":
            at = f"{xl_col_to_name(cell.column - 1)}{row.number}"
            if not head:
                return worded("{table}单元格 {at}", table=self.block(index), at=at)
            return worded("{table}单元格 {at}（{head}）", table=self.block(index), at=at, head=heads)
        return worded("{row}{head}", row=self.row(index, row), head=heads)

    def _head(self, block: Block, row: Row, cell: Cell) -> str:
        """Return what heads a cell: the nearest bold cell above it, else the nearest to its left."""
        first, last = cell.grid
        for above in reversed([r for r in block.rows if r.number < row.number]):
            for one in above.cells:
                if one.heads and one.grid[0] <= first <= one.grid[1]:
                    return one.text if not _stranger(one, first, last) else ""
        left = [one for one in row.cells if one.column < cell.column and one.heads]
        return left[-1].text if left else ""


def _stranger(head: Cell, first: int, last: int) -> bool:
    """Return whether a bold cell above is wider than a head: a title over the whole table."""
    return head.grid[1] - head.grid[0] > 3 * max(1, last - first + 1) + 2
