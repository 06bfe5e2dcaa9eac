"""One row of a table as recognition sees it, and what single cells say: a label, a number, nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from zhunsheng.intake import labels
from zhunsheng.intake.grid import Grid
from zhunsheng.targets import Place
from zhunsheng.targets.spelling import normalise

_SEAL = re.compile(r"\s*[（(](?:加?盖|单位)?(?:公章|盖章|签章|章)[）)]$")
_STROKES = re.compile(r"[—\-–―─/\\＿_一…]+")
_NUMBER = re.compile(r"(-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)(?:%|分|％)?(?:\([扣减][^()]*\))?")
_FOOT = re.compile(
    r"^(?:注|备注|说明|填表说明|填报说明|填表人|填报人|联系人|联系电话|负责人|制表人|审核人|单位负责人|填报日期|"
    r"(?:主管|财政|业务)?(?:部门|科室|单位|局)?(?:初审|复审|审核|审查|评审|审批)意见)"
    r"(?:[及和、]?(?:联系)?(?:电话|方式))?\s*(?:[：:0-9.、]|$)"
)
_PROJECT = re.compile(r"(?:申报)?(?:项目|专项)")  # a label by itself, where nothing but its value follows


@dataclass(frozen=True)
class Row:
    """A row of a table; ``cells`` are those that show something, each once, as (column, text)."""

    grid: Grid
    number: int
    cells: tuple[tuple[int, str], ...]

    @property
    def only(self) -> str | None:
        """The text of a row that says one thing, be it in every cell."""
        texts = {text for _, text in self.cells}
        return self.cells[0][1] if len(texts) == 1 else None

    def text(self, column: int) -> str:
        """Return what the row shows in a column."""
        return self.grid.text(self.number, column)

    def place(self, column: int) -> Place:
        """Return where the row's cell in a column stands in the file."""
        return self.grid.place(self.number, column)

    def words(self) -> str:
        """Return all that the row shows."""
        return " ".join(text for _, text in self.cells)


def row_of(grid: Grid, number: int) -> Row:
    """Return a row of a table (from 0), with cells that are merged from above too."""
    texts = ((column, grid.text(number, column).strip()) for column in grid.distinct(number))
    cells = [(column, text) for column, text in texts if text]
    for n in reversed(range(1, len(cells) - 1)):
        column, text = cells[n]
        value, blank, label = text.rpartition(" ")
        if blank and value and labels.label_named(label) and not labels.label(cells[n + 1][1]):
            cells[n : n + 1] = [
                (column, value.strip()),
                (column, label),
            ]  # two cells that were drawn together
    return Row(grid, number, tuple(cells))


def is_foot(text: str) -> bool:
    """Say whether a cell begins what stands below a form: notes, opinions, who filled it in."""
    return _FOOT.match(text) is not None


def label_of(text: str) -> tuple[str | None, str]:
    """Return the field a cell labels and, where the cell holds the value too (项目名称：甲), that value."""
    if found := labels.label(text):
        return found, ""
    for mark in ("：", ":"):
        left, sep, right = text.partition(mark)
        if sep and (found := labels.label(left)):
            return found, right.strip()
    return None, ""


def labels_of(row: Row) -> list[tuple[str | None, str]]:
    """Return for each cell of a row the field that it labels and the value that it holds too.

    项目 is the project's name where it leads the row and one other cell follows that is no head.
    """
    told = [label_of(text) for _, text in row.cells]
    if len(told) == 2 and row.cells[0][0] == 0 and told == [(None, ""), (None, "")]:
        first, second = (labels.clean(text) for _, text in row.cells)
        if _PROJECT.fullmatch(first) and not re.fullmatch(r".*(?:预算|金额|合计|内容|数|额)|\d.*", second):
            told[0] = ("name", "")
    return told


def decimal(text: str) -> Decimal | None:
    """Return the number that a cell is, with 分 or % behind it or what was taken off (13（扣2分）); None for
    anything else.
    """
    match = _NUMBER.fullmatch(normalise(text)) if text else None
    return Decimal(match[1].replace(",", "")) if match else None


def said(text: str | None) -> str | None:
    """Return the text without the place for a seal (（盖章）), or None for the dashes and strokes that stand
    for nothing.
    """
    clean = (text or "").strip()
    if clean.endswith(("章）", "章)")):
        clean = _SEAL.sub("", clean).rstrip()
    return None if not clean or _STROKES.fullmatch(clean) else clean
