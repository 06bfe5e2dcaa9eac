"""Keep what a reader left out of a document or could not tell, each with its place, in bounded number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from zhunsheng.intake.grid import clipped
from zhunsheng.targets import Place, Unsure
from zhunsheng.translation import worded

HIDDEN = worded("是隐藏的文字，没有读入，请核对")
# What is struck through can be read and does not count: in every carrier it is left out and told.
STRUCK = worded("有删除线，按已删去处理，没有读入，请核对")
DELETED = worded("修订还没有接受，按接受以后读入")
SYMBOL = worded("有一个认不出的符号，请对照原件补上")
LISTED = 20  # of one kind listed before they are only counted


class Telling:
    """What is to be told of a document, in the order in which it was met."""

    def __init__(self) -> None:
        self._told: list[Unsure] = []
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, place: Place, field: str, text: str, why: str, *, unread: bool = False) -> None:
        """Note something at a place: what it says, and why it was left out or is doubtful; ``unread`` where
        something that counts may be missing there.
        """
        self._counts[field, why] += 1
        if self._counts[field, why] <= LISTED:
            self._told.append(Unsure(place=place, field=field, text=clipped(text), why=why, unread=unread))

    def entries(self) -> Iterator[Unsure]:
        """Yield an entry for each, and one a kind for those of which there were too many."""
        yield from self._told
        for (field, why), count in self._counts.items():
            if count > LISTED:
                more = worded("另有 {count} 处", count=count - LISTED)
                yield Unsure(place=Place(), field=field, text=more, why=why, unread=field == "cell")


def tracked(count: int) -> Iterator[Unsure]:
    """Yield the entry for so many deletions that were tracked and not accepted yet; none for none."""
    if count:
        text = worded("{count} 处修订删去的文字", count=count)
        yield Unsure(place=Place(), field="tracked", text=text, why=DELETED)
