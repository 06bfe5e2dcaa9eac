"""Turn blocks into target sheets by the meaning of headers and labels, never by position."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from zhunsheng.intake import labels, prose
from zhunsheng.intake.grid import Block, Grid, Paragraph
from zhunsheng.regulations import framework_of
from zhunsheng.targets import (
    Book,
    Budget,
    Goal,
    Indicator,
    Place,
    PlanStep,
    Source,
    SpendingPlan,
    TargetSheet,
    TargetValue,
    Unsure,
)
from zhunsheng.targets.sheet import Execution
from zhunsheng.targets.value import is_operator, misgrouped, normalise

_YEAR = re.compile(r"(20\d{2})\s*年")
_TITLE = re.compile(r"绩效目标|自评|自我评价|运行监控|绩效监控|目标表|绩效评价")
_NUMBERED = re.compile(r"^(?:\d+[.、．]|[（(]?[一二三四五六七八九十]+[）)、.])\s*")
_SECTION = re.compile(r"^([一二三四五六七八九十]+)、\s*(.+)$")
_SUBSECTION = re.compile(r"^[（(]([一二三四五六七八九十]+)[）)]\s*(.+)$")
_PROSE_INDICATORS = re.compile(r"^(?:绩效|考核|主要|年度)?(?:绩效)?指标[：:]\s*(.+)$", re.S)
_PROSE_GOAL = re.compile(r"^(?:绩效|年度|工作)?目标[：:]\s*(.+)$", re.S)
_GOAL_MARK = re.compile(r"^目标\s*[\d一二三四五六七八九十]{1,2}\s*[：:.、]?\s*")
_NAME_MARK = re.compile(r"^指标\s*\d{1,2}\s*[：:.、]\s*|^[（(]?\d{1,2}[）)、.．]\s*(?=[一-龥])")
_FOOT = re.compile(
    r"^(?:注|备注|说明|填表说明|填报说明|填表人|填报人|联系人|联系电话|负责人|制表人|审核人|单位负责人|填报日期)\s*[：:0-9.、]"
)
_ELLIPSIS = re.compile(r"^[…．.\s·]+$")
_GROUP_TITLE = re.compile(r"^(?:[中长]期|实施期|中长期|年度)(?:绩效)?(?:目标|指标)(?:表)?$")
_MONEY = re.compile(r"(-?\d[\d,，]*(?:\.\d+)?)\s*(亿元|百万元|万元|千元|元|万)?")
_MONEY_UNIT = {"亿元": 10**8, "百万元": 10**6, "万元": 10**4, "万": 10**4, "千元": 10**3, "元": 1}
_UNIT_NOTE = re.compile(r"(亿元|百万元|万元|千元|(?<!万)元)\s*[）)]|单位\s*[：:]\s*(?:人民币)?(亿元|万元|千元|元)")
_DATED_NAME = re.compile(r"时限|日期|期限|完成时间|时间节点|及时性")
_PERCENT = re.compile(r"^(\d{1,3}(?:\.\d+)?)\s*[%％]?$")
_FIELDS = ("code", "name", "department", "unit", "year", "purpose")
_REQUIRED_HEADERS = {"target", "actual", "score", "weight", "medium_term"}


@dataclass
class _Draft:
    """A sheet while it is put together."""

    kind: Literal["department", "project"] = "project"
    title: str | None = None
    place: Place | None = None
    values: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Place] = field(default_factory=dict)
    goals: list[Goal] = field(default_factory=list)
    indicators: list[dict[str, Any]] = field(default_factory=list)
    plan: list[PlanStep] = field(default_factory=list)
    plan_dates: list[str] = field(default_factory=list)
    narrative: list[str] = field(default_factory=list)
    safeguards: list[Goal] = field(default_factory=list)
    execution: dict[str, Decimal] = field(default_factory=dict)
    total_score: Decimal | None = None
    columns: dict[str, int] | None = None  # the indicator columns of the last table, for tables broken over pages
    width: int = 0
    levels: tuple[str, str] = ("", "")
    context: dict[str, int] = field(default_factory=dict)  # columns that repeat a project's own fields on its rows
    medium: bool = False  # whether the indicators now read are the medium-term ones (中期、长期)

    def put(self, name: str, value: Any, place: Place) -> None:
        """Keep the first value of a field and where it stood."""
        if name not in self.values:
            self.values[name] = value
            self.provenance[name] = place


class Recogniser:
    """Reads the blocks of one document in order; ``book`` gives the result."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.year: int | None = None
        if match := re.search(r"(?<!\d)(20\d{2})(?!\d)", source.name):
            self.year = int(match[1])
        self.drafts: list[_Draft] = []
        self.unsure: list[Unsure] = []
        self.pending_title: tuple[str, Place] | None = None
        self.defaults: dict[str, tuple[str, Place]] = {}
        self.money_unit: str | None = None
        self.zone_unit: str | None = None  # as the label at the left of the rows says: 项目资金（万元）
        self.section = ""
        self.subsection: int | None = None
        self.department: _Draft | None = None
        self.broken = False  # whether a paragraph since the last table ends it

    # -- paragraphs -------------------------------------------------------------------------------------------

    def paragraph(self, block: Paragraph) -> None:
        """Take one paragraph: a title, a part of the department's narrative, or a label with its value."""
        text, place = block.text, block.place
        if match := _UNIT_NOTE.search(text):
            self.money_unit = match[1] or match[2]
        if len(text) < 80 and (match := _YEAR.search(text)) and (self.year is None or _TITLE.search(text)):
            self.year = int(match[1])
        for piece in re.split(r"\s{2,}|\t", text):
            left, mark, right = piece.partition("：") if "：" in piece else piece.partition(":")
            found = labels.label(left) if mark else None
            if found in ("department", "unit", "name", "year") and right.strip():
                self.defaults[found] = (right.strip(), place)
        heading = _SECTION.match(text)
        if "整体" in text and "绩效目标" in text and len(text) < 60:
            self.department = self._start("department", text, place)
            self.section, self.subsection = "", None
            return
        if len(text) < 60 and _TITLE.search(text) and not _PROSE_GOAL.match(text) and not _PROSE_INDICATORS.match(text):
            self.pending_title = (text, place)
            self.broken = True
            if re.search(r"项目(?:支出)?绩效目标|第[二三四五]部分", text):
                self.department = None
        if re.match(r"^第[二三四五六]部分", text):
            self.department, self.broken = None, True
        if heading and len(text) < 60:
            self.section, self.subsection = heading[2], None
            return
        if match := _PROSE_INDICATORS.match(text):
            self._prose(match[1], place)
            return
        if self.department is None:
            return
        if (match := _SUBSECTION.match(text)) and "保障" in self.section:
            self.department.safeguards.append(Goal(text=match[2], place=place))
        elif match and len(text) < 60:
            self.department.goals.append(Goal(title=match[2], text="", place=place))
            self.subsection = len(self.department.goals) - 1
        elif match := _PROSE_GOAL.match(text):
            if self.subsection is None:
                self.department.goals.append(Goal(text=match[1], place=place))
                self.subsection = len(self.department.goals) - 1
            else:
                goal = self.department.goals[self.subsection]
                self.department.goals[self.subsection] = goal.model_copy(update={"text": match[1], "place": place})
        elif "总体" in self.section:
            self.department.narrative.append(text)
            self.department.provenance.setdefault("narrative", place)

    def _prose(self, text: str, place: Place) -> None:
        if self.department is None:
            # A sheet of its own: the goal that was open is the one before's.
            self.department, self.subsection = self._start("department", None, place), None
        draft = self.department
        stated, left = prose.indicators(text, self.year)
        for one in stated:
            draft.indicators.append({"name": one.name, "target": one.target, "goal": self.subsection, "place": place})
        self.unsure.extend(
            Unsure(place=place, field="indicators", text=clause, why="没有从这句话里读出指标") for clause in left
        )

    # -- tables -----------------------------------------------------------------------------------------------

    def grid(self, grid: Grid) -> None:
        """Take one table, which may hold several forms, a part of one, or nothing of interest."""
        rows = len(grid.rows)
        draft = self.drafts[-1] if self.drafts else None
        columns: dict[str, int] | None = None
        if draft and draft.columns and not self.broken and grid.width == draft.width and not self._own_form(grid):
            columns = draft.columns  # a table broken over pages goes on
        else:
            draft = None
        self.broken = False
        if grid.title and (match := re.search(r"(20\d{2})", grid.title)) and self.year is None:
            self.year = int(match[1])
        exec_columns: dict[str, int] = {}
        zone = zone_title = ""
        r = 0
        while r < rows:
            cells = self._cells(grid, r)
            if not cells:
                r += 1
                continue
            found = self._header(grid, r)
            if found:
                columns, used = found
                context = self._context(grid, r, columns)
                if draft is None or (context and draft.indicators):
                    draft = self._begin(grid, r)
                draft.columns, draft.width, draft.levels, draft.context = columns, grid.width, ("", ""), context
                side = grid.text(r, 0) + zone_title
                draft.medium = bool(re.search(r"[中长]期|实施期", side)) and "年度" not in side
                r += used
                continue
            if columns is not None and draft is not None and draft.context:
                draft = self._listed(draft, grid, r)
                self._indicator(draft, grid, r, columns)
                r += 1
                continue
            if columns is not None and self._starts_form(cells):
                columns, draft, zone, exec_columns = None, None, "", {}
            if columns is not None and draft is not None:
                if labels.label(cells[0][1]) == "safeguards":
                    columns = None
                    continue
                if _FOOT.match(cells[0][1]):
                    columns = None
                elif len({t for _, t in cells}) == 1 and _GROUP_TITLE.search(cells[0][1]):
                    zone_title = cells[0][1]
                else:
                    self._indicator(draft, grid, r, columns)
                r += 1
                continue
            texts = {text for _, text in cells}
            if len(texts) == 1:
                (only,) = texts
                zone_title = only if len(only) < 30 else ""
                if match := _UNIT_NOTE.search(only):
                    self.money_unit = match[1] or match[2]
                if len(only) < 80 and (match := _YEAR.search(only)):
                    self.year = int(match[1])
                if len(only) < 80 and _TITLE.search(only) and labels.label(only) is None:
                    self.pending_title = (only, grid.place(r, cells[0][0]))
                    r += 1
                    continue
            if len(texts) == 1 and _GROUP_TITLE.search(cells[0][1]):
                r += 1
                continue
            if draft is None and any(
                self._label_of(text)[0] in ("name", "code", "department", "goals") for _, text in cells
            ):
                draft = self._begin(grid, r)
            if draft is not None:
                zone, exec_columns = self._label_row(draft, grid, r, cells, zone, exec_columns)
            r += 1

    @staticmethod
    def _context(grid: Grid, row: int, columns: dict[str, int]) -> dict[str, int]:
        """Return the columns of a list of projects (单位名称 | 项目名称 | 预算数 | 年度目标) beside the indicators."""
        taken = set(columns.values())
        found = {
            name: column
            for column in range(grid.width)
            if column not in taken and (name := labels.label(grid.text(row, column)))
        }
        return found if "name" in found else {}

    def _listed(self, draft: _Draft, grid: Grid, row: int) -> _Draft:
        """Go on with the project a row of a list belongs to, or start the next one where its name changes."""
        name = "".join(grid.text(row, draft.context["name"]).split())
        if not name or name == draft.values.get("name"):
            return draft
        if draft.values.get("name"):
            before = draft
            draft = self._start("project", before.title, grid.place(row, 0))
            draft.columns, draft.width, draft.context = before.columns, before.width, before.context
            if grid.text(row, before.context.get("unit", before.context["name"])) == "" and "unit" in before.values:
                draft.put("unit", before.values["unit"], before.provenance["unit"])
        for found, column in draft.context.items():
            text = grid.text(row, column).strip()
            if not text:
                continue
            if found == "goals":
                self._goal_row(draft, grid, row, [(column, text)])
            else:
                self._field(draft, found, text, grid.place(row, column), "")
        return draft

    def _own_form(self, grid: Grid) -> bool:
        """Say whether a table begins a form of its own: a project's name or code near its top."""
        return any(self._starts_form(self._cells(grid, r)) for r in range(min(len(grid.rows), 6)))

    @staticmethod
    def _starts_form(cells: list[tuple[int, str]]) -> bool:
        return any(labels.label(text) in ("name", "code", "year", "department") for _, text in cells[:3]) or (
            len({t for _, t in cells}) == 1
            and len(cells[0][1]) < 60
            and bool(re.search(r"绩效目标.{0,4}表|自评表|监控表", cells[0][1]))
        )

    @staticmethod
    def _cells(grid: Grid, row: int) -> list[tuple[int, str]]:
        """Return (column, text) of the distinct cells of a row that show something, also where merged from above."""
        found: list[tuple[int, str]] = []
        seen: set[tuple[int, int]] = set()
        for column in range(len(grid.rows[row]) if not grid.spans else grid.width):
            owner = grid.owner(row, column)
            if owner in seen:
                continue
            seen.add(owner)
            text = grid.text(row, column).strip()
            if text:
                found.append((column, text))
        return found

    def _header(self, grid: Grid, row: int) -> tuple[dict[str, int], int] | None:
        """Return the indicator columns a header row names and how many rows it takes, or None."""
        first = self._header_fields(grid, row)
        used = 1
        if len(first) < 2:
            return None
        if row + 1 < len(grid.rows):
            second = self._header_fields(grid, row + 1)
            new = [(c, f) for c, f in second if (c, f) not in first]
            if (new and len(second) >= 2 and not {"name"} & {f for _, f in first}) or len(new) >= 3:
                replaced = {c for c, _ in second}
                first = [(c, f) for c, f in first if c not in replaced] + second
                used = 2
        names = [c for c, f in first if f == "name"]
        if len(names) > 1:
            # 绩效指标 beside the table is the form's own label, not a column of names.
            keep = [c for c in names if labels.clean(grid.text(row, c)) != "绩效指标"] or names
            first = [(c, f) for c, f in first if f != "name" or c in keep]
        columns: dict[str, int] = {}
        for column, name in sorted(first):
            if name in columns and name == "target":
                columns.setdefault("medium_term", columns[name])
            columns[name] = column
        columns = self._annual_group(grid, row, first, columns)
        if "name" not in columns and "description" in columns and "level2" in columns:
            columns["name"] = columns.pop("description")
        if "name" not in columns or not _REQUIRED_HEADERS & columns.keys() or len(columns) < 3:
            return None
        if "unit_or_grid" in columns:
            columns.setdefault("unit", columns.pop("unit_or_grid"))
        return columns, used

    @staticmethod
    def _annual_group(grid: Grid, row: int, found: list[tuple[int, str]], columns: dict[str, int]) -> dict[str, int]:
        """Where two groups of columns stand side by side, take the yearly one (the right one unless told)."""
        names = sorted(c for c, f in found if f == "name")
        if len(names) < 2:
            return columns
        over = " ".join(grid.text(row - 1, c) for c in range(names[1])) if row else ""
        if re.search(r"年度|当年", over) and not re.search(r"中期|长期|实施期", over):
            for column, name in sorted(found, reverse=True):
                columns[name] = column
            columns.pop("medium_term", None)
        return columns

    @staticmethod
    def _header_fields(grid: Grid, row: int) -> list[tuple[int, str]]:
        fields = []
        seen = set()
        for column in range(len(grid.rows[row]) if not grid.spans else grid.width):
            owner = grid.owner(row, column)
            if owner in seen:
                continue
            seen.add(owner)
            text = grid.text(row, column)
            name = labels.header(text) if text else None
            if name:
                fields.append((column, name))
        return fields

    def _indicator(self, draft: _Draft, grid: Grid, row: int, columns: dict[str, int]) -> None:
        def text(name: str) -> str:
            return "".join(grid.text(row, columns[name]).split()) if name in columns else ""

        level1, level2, name = text("level1"), text("level2"), text("name")
        if any(labels.is_total(grid.text(row, c)) for c in range(columns["name"] + 1)):
            score = _decimal(text("score")) or _decimal(text("weight") if "score" not in columns else "")
            draft.total_score = score if draft.total_score is None and "score" in columns else draft.total_score
            return
        if level1:
            # A new level 1 leaves the level 2 above behind; merged cells repeat both on every row.
            draft.levels = (level1, level2 or ("" if level1 != draft.levels[0] else draft.levels[1]))
        elif level2:
            draft.levels = (draft.levels[0], level2)
        raw, actual = text("target"), text("actual")
        description = text("description")
        if not name:
            if not (raw or actual) or not description:
                return
            name = description
            self._doubt(grid.place(row, columns["description"]), "name", description, "三级指标没有名称，用描述代替")
        # A cell that reaches the names from further left heads or closes the table; it names no indicator.
        spanning = grid.owner(row, columns["name"])[1] < columns["name"]
        if _ELLIPSIS.match(name) or spanning or (labels.header(name) and labels.header(raw)):
            return
        name = _NAME_MARK.sub("", name)
        if not name:
            return
        l1, l2 = draft.levels
        if "level1" not in columns and "level2" not in columns:
            l1 = l2 = ""
        nature, op = text("nature"), text("op")
        if nature and not op and is_operator(nature):
            op = nature
        dated = bool(_DATED_NAME.search(name)) or (
            (found := framework_of(self.year or 2021).category(l2, l1)) is not None and found.name == "时效"
        )
        place = grid.place(row, columns["name"])
        target = TargetValue.parse(raw, op=op, unit=_blank(text("unit")), year=self.year, dated=dated)
        if "target" in columns:
            for doubt in target.doubts:
                self._doubt(grid.place(row, columns["target"]), "target", raw, f"“{name}”：{doubt}")
        medium = text("medium_term")
        draft.indicators.append(
            {
                "level1": l1 or None,
                "level2": l2 or None,
                "name": name,
                "description": _blank(description),
                "target": target,
                "weight": _decimal(text("weight")),
                "basis": _blank(text("basis")),
                "operator": _blank(text("op")),
                "unit": _blank(text("unit")),
                "direction": _blank(text("direction")),
                "nature": _blank(nature),
                "last_year": _blank(text("last_year")),
                "medium_term": TargetValue.parse(medium, op=op, unit=_blank(text("unit")), year=self.year, dated=dated)
                if medium
                else None,
                "actual": _blank(actual),
                "score": _decimal(text("score")),
                "deviation": _blank(text("deviation")),
                "goal": next(
                    (n for n, g in enumerate(draft.goals) if "".join((g.title or "").split()) == text("goal")), None
                )
                if text("goal")
                else None,
                "place": place,
                "_medium": draft.medium,
            }
        )

    # -- label rows -------------------------------------------------------------------------------------------

    @staticmethod
    def _label_of(text: str) -> tuple[str | None, str]:
        """Return the field a cell labels and, where the cell holds the value too (项目名称：甲), that value."""
        if found := labels.label(text):
            return found, ""
        for mark in ("：", ":"):
            left, sep, right = text.partition(mark)
            if sep and (found := labels.label(left)):
                return found, right.strip()
        return None, ""

    def _label_row(
        self, draft: _Draft, grid: Grid, row: int, cells: list[tuple[int, str]], zone: str, exec_columns: dict[str, int]
    ) -> tuple[str, dict[str, int]]:
        """Read one row of labels and values; return the zone and money columns that the next row stands in."""
        money = {name: c for c, text in cells if (name := labels.execution(text))}
        if len({"planned", "adjusted", "spent"} & money.keys()) >= 2:
            first = labels.label(cells[0][1]) or zone
            note = _UNIT_NOTE.search(" ".join(text for _, text in cells))
            self.zone_unit = note and (note[1] or note[2])
            return ("budget.total" if first.startswith("budget") else zone), money
        leading = self._label_of(cells[0][1])[0] if cells[0][0] == 0 or not zone else None
        if leading:
            note = _UNIT_NOTE.search(cells[0][1])
            self.zone_unit = note and (note[1] or note[2])
            if leading != zone:
                exec_columns = exec_columns if leading.startswith("budget") else {}
            zone = leading
        if zone == "plan":
            self._plan_row(draft, grid, row, cells)
            return zone, exec_columns
        if zone in ("narrative", "safeguards"):
            for column, text in cells:
                if labels.label(text) != zone and not re.fullmatch(r"措施\d+", text):
                    place = grid.place(row, column)
                    if zone == "narrative":
                        draft.narrative.append(text)
                        draft.provenance.setdefault("narrative", place)
                    else:
                        draft.safeguards.append(Goal(text=text, place=place))
            return zone, exec_columns
        if zone in ("goals", "medium_goals"):
            self._goal_row(draft, grid, row, cells)
            return zone, exec_columns
        if exec_columns and self._money_row(draft, grid, row, cells, exec_columns):
            return zone, exec_columns
        if (under := draft.values.pop("_goal_column", None)) is not None and (text := grid.text(row, under).strip()):
            self._goal_row(draft, grid, row, [(under, text)])
            return zone, exec_columns
        labelled = False
        for i, (column, text) in enumerate(cells):
            found, inline = self._label_of(text)
            if found == "goals" and i:  # a goal beside its result: the words stand in the row below
                draft.values["_goal_column"] = column
                labelled = True
            if found is None or found in ("plan", "goals", "actual_goal", "medium_goals"):
                continue
            labelled = True
            value, at = inline, column
            if not value and i + 1 < len(cells) and self._label_of(cells[i + 1][1])[0] is None:
                at, value = cells[i + 1]
            if value and not (found == "purpose" and labels.label(text) and len(value) < 4):
                self._field(draft, found, value, grid.place(row, at), text)
        if (zone == "purpose" and not labelled) or (zone == "purpose" and len(cells) == 1):
            column, text = cells[-1]
            if labels.label(text) is None:
                self._field(draft, "purpose", text, grid.place(row, column), "")
        return zone, exec_columns

    def _field(self, draft: _Draft, name: str, value: str, place: Place, label: str) -> None:
        if name.startswith("budget."):
            amount = self._amount(value, label, place)
            if amount is not None:
                draft.put(name, amount, place)
        elif name == "year":
            if match := re.search(r"20\d{2}", value):
                draft.put("year", int(match[0]), place)
                self.year = int(match[0])
        elif name in _FIELDS and (clean := _blank(value)):
            text = "".join(clean.split()) if name != "purpose" else clean
            if name == "name" and (coded := re.fullmatch(r"([0-9A-Z]{12,})-(.+)", text)):
                draft.put("code", coded[1], place)
                text = coded[2]
            draft.put(name, text, place)

    def _amount(self, text: str, label: str, place: Place) -> Decimal | None:
        match = _MONEY.search(normalise(text))
        if not match:
            return None
        if odd := misgrouped(match[1].replace("，", ",")):
            self._doubt(place, "budget", text, f"“{odd}”的逗号不在千位上，不知是几，未读入")
            return None
        note = _UNIT_NOTE.search(label)
        unit = match[2] or (note and (note[1] or note[2])) or self.zone_unit or self.money_unit
        number = Decimal(match[1].replace(",", "").replace("，", ""))
        if number < 0:
            self._doubt(place, "budget", text, "金额为负，未读入")
            return None
        if not unit:
            if number:
                self._doubt(place, "budget", text, "金额没有写单位，按万元读入")
            unit = "万元"
        return number * _MONEY_UNIT[unit]

    def _money_row(
        self, draft: _Draft, grid: Grid, row: int, cells: list[tuple[int, str]], columns: dict[str, int]
    ) -> bool:
        """Read one row of the money block of a self-evaluation; say whether it was one."""
        kinds = [(f, t) for _, t in cells if (f := labels.label(t)) and f.startswith("budget.")]
        if not kinds:
            return False
        kind, label = kinds[-1]
        for name in ("planned", "adjusted", "spent"):
            if name in columns and (text := grid.text(row, columns[name])):
                amount = self._amount(
                    text, label if _UNIT_NOTE.search(label) else kinds[0][1], grid.place(row, columns[name])
                )
                if amount is None:
                    continue
                if kind == "budget.total":
                    draft.execution.setdefault(name, amount)
                if name == "planned" or (name == "adjusted" and "planned" not in columns):
                    draft.put(kind, amount, grid.place(row, columns[name]))
        if kind == "budget.total":
            for name in ("points", "score"):
                if name in columns and (number := _decimal(grid.text(row, columns[name]))) is not None:
                    draft.execution.setdefault(name, number)
        return True

    def _plan_row(self, draft: _Draft, grid: Grid, row: int, cells: list[tuple[int, str]]) -> None:
        dates = [(c, t) for c, t in cells if _is_date(t)]
        shares = [(c, t) for c, t in cells if _PERCENT.match(normalise(t)) and not _is_date(t)]
        if len(dates) >= 1 and not shares:
            draft.plan_dates = [t for _, t in dates]
            draft.provenance.setdefault("spending_plan", grid.place(row, dates[0][0]))
            return
        both = [
            (m[1], m[2])
            for _, t in cells
            if (m := re.match(r"^(.*?[月日末底度年前])[^\d]{0,3}(\d{1,3}(?:\.\d+)?)\s*[%％]$", normalise(t)))
        ]
        pairs = both or list(zip(draft.plan_dates, [t for _, t in shares], strict=False))
        if shares and len(shares) != len(draft.plan_dates):
            self._doubt(
                grid.place(row, cells[0][0]),
                "spending_plan",
                " ".join(t for _, t in cells),
                "支出计划的日期与比例个数不一致",
            )
        for when, share in pairs:
            by = TargetValue.parse(when, year=self.year, dated=True)
            number = _PERCENT.match(normalise(share))
            if by.op != "by" or not isinstance(by.value, date) or number is None:
                self._doubt(
                    grid.place(row, cells[0][0]), "spending_plan", f"{when} {share}", "认不出支出计划的日期或比例"
                )
                continue
            value = Decimal(number[1])
            # A share written without % may be a fraction already.
            fraction = value if "%" not in normalise(share) and value <= 1 else value / 100
            draft.plan.append(PlanStep(by=by.value, cumulative=fraction))

    def _goal_row(self, draft: _Draft, grid: Grid, row: int, cells: list[tuple[int, str]]) -> None:
        if any(labels.label(t) in ("actual_goal", "medium_goals") for _, t in cells[1:]) and not any(
            len(t) > 20 for _, t in cells
        ):
            draft.values["_skip_columns"] = [
                c for c, t in cells[1:] if labels.label(t) in ("actual_goal", "medium_goals")
            ]
            return
        skip = draft.values.get("_skip_columns", [])
        mark: str | None = None
        free = [(c, t) for c, t in cells if labels.label(t) not in ("goals", "medium_goals") and c not in skip]
        if (
            len(free) == 2
            and len(free[0][1]) <= 40
            and not re.search(r"[。；，：]", free[0][1])
            and len(free[0][1]) < len(free[1][1])
        ):
            mark = free[0][1]
            cells = free[1:]
        for column, text in cells:
            if labels.label(text) in ("goals", "medium_goals") or column in skip:
                continue
            if _GOAL_MARK.fullmatch(text) and len(cells) > 1:
                mark = text.rstrip("：: ")
                continue
            if self._label_of(text)[0] == "goals":
                text = self._label_of(text)[1]
            place = grid.place(row, column)
            if any(goal.place == place for goal in draft.goals):
                continue
            pieces = re.split(r"(?:^|\n|(?<=[。；;]))\s*(?=目标\s*[\d一二三四五六七八九十]{1,2}\s*[：:.、])", text)
            for piece in filter(None, (p.strip() for p in pieces)):
                found = _GOAL_MARK.match(piece)
                title = mark or (found[0].rstrip("：:.、 ") if found else None)
                body = piece[found.end() :] if found else piece
                if body and not _ELLIPSIS.match(body):
                    draft.goals.append(Goal(title=title, text=" ".join(body.split()), place=place))
            mark = None

    # -- sheets -----------------------------------------------------------------------------------------------

    def _start(self, kind: Literal["department", "project"], title: str | None, place: Place) -> _Draft:
        draft = _Draft(kind=kind, title=title, place=place)
        self.drafts.append(draft)
        return draft

    def _begin(self, grid: Grid, row: int) -> _Draft:
        if self.department is not None and self.department is self.drafts[-1] and not self.department.indicators:
            # The heading over a department's table, which looked like the beginning of its narrative.
            draft, self.department, self.pending_title = self.department, None, None
            return draft
        title = self.pending_title[0] if self.pending_title else (grid.title or None)
        place = grid.place(row, 0)
        kind: Literal["department", "project"] = "department" if title and "整体" in title else "project"
        draft = self._start(kind, title, self.pending_title[1] if self.pending_title else place)
        if self.pending_title:
            draft.provenance["title"] = self.pending_title[1]
        self.pending_title, self.department = None, None
        return draft

    def _doubt(self, place: Place, name: str, text: str, why: str) -> None:
        self.unsure.append(Unsure(place=place, field=name, text=text, why=why))

    def book(self) -> Book:
        """Return what was recognised."""
        sheets = []
        for draft in self.drafts:
            sheet = self._sheet(draft)
            if sheet.indicators or (sheet.goals and (sheet.name or sheet.narrative)):
                sheets.append(sheet)
        return Book(source=self.source, sheets=tuple(sheets), unsure=tuple(self.unsure))

    def _sheet(self, draft: _Draft) -> TargetSheet:
        values = {k: v for k, v in draft.values.items() if not k.startswith("_")}
        for name, (text, place) in self.defaults.items():
            if name not in values and name in ("department", "unit"):
                values[name] = text
                draft.provenance[name] = place
        if "name" not in values and draft.title:
            name = re.sub(r"(?<=目标)(?:申报)?表$", "", _NUMBERED.sub("", draft.title))
            if draft.kind == "project":
                name = (
                    re.sub(r"(?:预算)?(?:项目)?(?:支出)?(?:绩效目标|绩效自评|绩效运行监控).*$", "", name) or draft.title
                )
                name = re.sub(r"^20\d{2}年度?|[（(]20\d{2}年度?[）)]$", "", name) or draft.title
            values["name"] = name
            if draft.place:
                draft.provenance.setdefault("name", draft.place)
        years = {step.by.year for step in draft.plan}
        year = values.get("year") or (years.pop() if len(years) == 1 else self.year)
        budget = Budget(**{part: values.get(f"budget.{part}") for part in ("total", "fiscal", "other")})
        return TargetSheet(
            kind=draft.kind,
            name=values.get("name"),
            code=values.get("code"),
            department=values.get("department"),
            unit=values.get("unit"),
            year=year,
            purpose=values.get("purpose"),
            budget=budget,
            spending_plan=SpendingPlan(steps=tuple(draft.plan)),
            goals=tuple(draft.goals),
            indicators=tuple(_yearly(draft.indicators)),
            narrative="\n".join(draft.narrative) or None,
            safeguards=tuple(draft.safeguards),
            execution=Execution(**draft.execution) if draft.execution else None,
            total_score=draft.total_score,
            place=draft.place,
            provenance=draft.provenance,
        )


def _yearly(rows: list[dict[str, Any]]) -> list[Indicator]:
    """Return the year's indicators; a table of medium-term ones beside it gives each its ``medium_term`` value."""
    rows = [dict(row) for row in rows]
    flags = [row.pop("_medium", False) for row in rows]
    if all(flags) or not any(flags):
        return [Indicator(**row) for row in rows]
    medium = {row["name"]: row["target"] for row, flag in zip(rows, flags, strict=True) if flag}
    return [
        Indicator(**{**row, "medium_term": row.get("medium_term") or medium.get(row["name"])})
        for row, flag in zip(rows, flags, strict=True)
        if not flag
    ]


def recognise(blocks: list[Block], source: Source) -> Book:
    """Return the target sheets that a document's blocks hold, with what was uncertain."""
    recogniser = Recogniser(source)
    for block in blocks:
        if isinstance(block, Paragraph):
            recogniser.paragraph(block)
        elif isinstance(block, Grid):
            recogniser.grid(block)
    return recogniser.book()


def _is_date(text: str) -> bool:
    return TargetValue.parse(text, year=2000).op == "by"


def _decimal(text: str) -> Decimal | None:
    match = re.fullmatch(r"(-?\d+(?:\.\d+)?)(?:%|分|％)?", normalise(text)) if text else None
    return Decimal(match[1]) if match else None


def _blank(text: str | None) -> str | None:
    """Return the text, or None for the dashes and strokes that stand for nothing."""
    clean = (text or "").strip()
    return None if not clean or re.fullmatch(r"[—\-–―─/\\＿_一…]+", clean) else clean
