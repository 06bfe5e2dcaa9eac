"""Which measure proves which indicator, and which project of the ledgers is a sheet's: proposed, and confirmed by a person.

A proposal is a proposal: its reading is shown and marked as unconfirmed until someone has looked at it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from rapidfuzz import fuzz

from zhunsheng.errors import ZhunshengError
from zhunsheng.measures.definitions import Measure
from zhunsheng.targets import Book, Indicator, TargetSheet
from zhunsheng.targets.naming import indicators_named
from zhunsheng.targets.units import comparable
from zhunsheng.text import cleaned, readable

USE = 0.85  # proposals at or above this confidence are read, and shown as 待确认
SHOW = 0.6  # below this nothing is proposed
NAME, FORMULA = 0.4, 0.6  # what an indicator's name and its described formula weigh where it has both
ALIKE = 60.0  # how alike (0–100) two project names must be for one to be proposed for the other

Status = Literal["confirmed", "proposed", "weak", "none"]
STATUS_WORDS: dict[Status, str] = {
    "confirmed": "已确认",
    "proposed": "待确认",
    "weak": "把握不足",
    "none": "无对应测度",
}


class MeasureLink(BaseModel):
    """A person's decision which measure (None: none) proves an indicator; both named by code or exact name.

    ``sheet`` None means in every sheet. One that is not ``confirmed`` yet is a proposal written down to be looked at.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sheet: str | None = None
    indicator: str
    measure: str | None
    confirmed: bool = True


class ProjectLink(BaseModel):
    """A person's decision that a project of the ledgers, by the code or name written there, is a sheet's (code or name)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sheet: str
    project: str
    confirmed: bool = True


Link = MeasureLink | ProjectLink


@dataclass(frozen=True)
class Match:
    """The measure of one indicator. ``used`` says whether its readings are read for the indicator."""

    sheet: int
    indicator: int
    measure: str | None
    confidence: float
    status: Status
    why: str

    @property
    def used(self) -> bool:
        """True for a measure that was confirmed, or proposed with enough confidence."""
        return self.measure is not None and self.status in ("confirmed", "proposed")


@dataclass(frozen=True)
class ProjectMatch:
    """The projects of the ledgers (as written there) that are a sheet's, why, and those that may be but nobody confirmed."""

    keys: tuple[str, ...]
    why: str
    proposals: tuple[tuple[str, float], ...] = ()  # (as written in the ledgers, how alike 0–100)


def read_mapping(path: Path, known: Mapping[str, Measure]) -> list[Link]:
    """Read a mapping file (YAML list). Raises ``ZS-IN-01`` or ``ZS-MS-03`` naming the entry."""
    if not path.is_file():
        raise ZhunshengError("ZS-IN-01", name=str(path))
    try:
        said = cleaned(yaml.safe_load(readable(path.read_text("utf8")))) or []
        found = TypeAdapter(list[Link]).validate_python(said)
    except (ValidationError, yaml.YAMLError) as error:
        row = error.errors()[0]["loc"][0] if isinstance(error, ValidationError) and error.errors()[0]["loc"] else 0
        raise ZhunshengError(
            "ZS-MS-03",
            name=path.name,
            row=int(row) + 1 if str(row).isdigit() else 1,
            detail=str(error).splitlines()[-1].strip(),
        ) from None
    for row, one in enumerate(found, start=1):
        if isinstance(one, MeasureLink) and one.measure is not None and one.measure not in known:
            raise ZhunshengError("ZS-MS-03", name=path.name, row=row, detail=f"没有测度 {one.measure}")
    return found


def write_mapping(path: Path, book: Book, matches: Iterable[Match], projects: Iterable[ProjectMatch] = ()) -> None:
    """Write what is proposed for a person to go through; an entry counts once ``confirmed`` says true.

    ``projects`` go with the sheets of the book.
    """
    lines = [
        "# 指标与测度、目标表与台账项目的对照。逐条核对，确认的把 confirmed 改为 true；没有测度可以证明的，measure 写 null。"
    ]
    for match in matches:
        sheet = book.sheets[match.sheet]
        indicator = sheet.indicators[match.indicator]
        entry = {
            "sheet": sheet.id,
            "indicator": indicator.id,
            "measure": match.measure,
            "confirmed": match.status == "confirmed",
        }
        head = f"# {sheet.title()}　{indicator.name}：{STATUS_WORDS[match.status]}，{match.why}"
        lines.append(f"{head}\n{yaml.safe_dump([entry], allow_unicode=True, sort_keys=False).rstrip()}")
    for sheet, found in zip(book.sheets, projects, strict=False):
        for name, alike in found.proposals:
            entry = {"sheet": sheet.id, "project": name, "confirmed": False}
            head = f"# {sheet.title()}：台账里有“{name}”，名称相近（{alike:.0f}%），是否同一项目？"
            lines.append(f"{head}\n{yaml.safe_dump([entry], allow_unicode=True, sort_keys=False).rstrip()}")
    path.write_text("\n".join(lines) + "\n", "utf8")


def match_book(book: Book, known: Mapping[str, Measure], links: Iterable[Link] = ()) -> list[Match]:
    """Propose a measure for every indicator of a book; what a person confirmed in ``links`` comes first.

    Raises ``ZS-ID-01``, ``ZS-ID-02`` for a link to an indicator that is not there or not told apart.
    """
    decided: dict[tuple[str, str], str | None] = {}
    confirmed = [x for x in links if isinstance(x, MeasureLink) and x.confirmed]
    for one in sorted(confirmed, key=lambda x: x.sheet is not None):
        for key in indicators_named(book, one.sheet, one.indicator):
            decided[key] = one.measure
    found = []
    for s, sheet in enumerate(book.sheets):
        for n, indicator in enumerate(sheet.indicators):
            if (sheet.id, indicator.id) in decided:
                measure = decided[sheet.id, indicator.id]
                found.append(Match(s, n, measure, 1.0, "confirmed" if measure else "none", "已由人工确认"))
            else:
                found.append(_propose(s, n, indicator, known))
    return found


def match_projects(book: Book, written: Collection[str], links: Iterable[Link] = ()) -> list[ProjectMatch]:
    """Return which projects of the ledgers belong to each sheet: by its code, its exact name, or a person's confirmation.

    ``written`` are the codes or names that the department's ledgers of the year write. A name that two sheets bear tells
    nothing. What is merely alike is proposed and counts for nothing. Department sheets have no projects.
    """
    names = [s.name for s in book.sheets if s.kind == "project"]
    confirmed = [x for x in links if isinstance(x, ProjectLink) and x.confirmed]
    exact = {s.id: _own_keys(s, written, names) for s in book.sheets}
    taken = {key for keys in exact.values() for key in keys} | {x.project for x in confirmed}
    found = []
    for sheet in book.sheets:
        if sheet.kind == "department":
            found.append(ProjectMatch((), ""))
            continue
        said = tuple(x.project for x in confirmed if x.sheet in (sheet.id, sheet.title()) and x.project in written)
        keys = tuple(dict.fromkeys((*exact[sheet.id], *said)))
        alike = sorted(
            ((key, fuzz.ratio(key, sheet.name or "")) for key in written if key not in taken), key=lambda x: -x[1]
        )
        proposals = tuple((key, share) for key, share in alike if share >= ALIKE)[:3]
        found.append(ProjectMatch(keys, _why(sheet, keys, said, proposals, names), () if keys else proposals))
    return found


def _own_keys(sheet: TargetSheet, written: Collection[str], names: Sequence[str | None]) -> tuple[str, ...]:
    """Return the sheet's code and its name where the ledgers write them; a name borne by two sheets tells nothing."""
    if sheet.kind == "department":
        return ()
    keys = [sheet.code, sheet.name if names.count(sheet.name) == 1 else None]
    return tuple(key for key in keys if key and key in written)


def _why(
    sheet: TargetSheet,
    keys: Sequence[str],
    said: Sequence[str],
    proposals: Sequence[tuple[str, float]],
    names: Sequence[str | None],
) -> str:
    if keys:
        how = "项目编码相同" if sheet.code in keys else "已由人工确认" if keys[0] in said else "项目名称相同"
        return how
    if names.count(sheet.name) > 1:
        return "两张目标表同名，又没有项目编码可以区分，台账里的项目要人工对应"
    if proposals:
        listed = "、".join(f"“{name}”（{share:.0f}%）" for name, share in proposals)
        return f"台账里没有这个项目；名称相近的有{listed}，确认后才会采用"
    return "台账里没有这个项目"


def _propose(s: int, n: int, indicator: Indicator, known: Mapping[str, Measure]) -> Match:
    best: tuple[float, Measure | None, str] = (0.0, None, "")
    for measure in known.values():
        score, why = _confidence(indicator, measure)
        if score > best[0]:
            best = (score, measure, why)
    score, chosen, why = best
    if chosen is None or score < SHOW:
        return Match(s, n, None, 0.0, "none", "没有名称或公式相近的测度")
    return Match(s, n, chosen.id, score, "proposed" if score >= USE else "weak", f"{why}，把握 {score:.0%}")


def _confidence(indicator: Indicator, measure: Measure) -> tuple[float, str]:
    """Return how surely a measure proves an indicator, 0 to 1, and by what it was recognised."""
    target = indicator.target
    if (target.op == "by" and measure.kind != "date") or (
        target.op not in ("by", "level", "unread") and measure.kind == "date"
    ):
        return 0.0, ""
    if (
        target.number is not None
        and target.unit
        and measure.kind != "date"
        and not comparable(target.unit, measure.unit)
    ):
        return 0.0, ""
    name = _squeeze(indicator.name)
    similar, alias = 0.0, ""
    for candidate in (measure.name, *measure.aliases):
        score = 1.0 if _squeeze(candidate) == name else fuzz.ratio(name, _squeeze(candidate)) / 100 * 0.95
        if score > similar:
            similar, alias = score, candidate
    how = f"名称与“{alias}”{'相同' if similar == 1.0 else '相近'}"
    named = min(similar, 0.98)
    described = _formula_of(indicator.description)
    if not described:
        return named, how
    # What an indicator divides by what says more than what it is called: 案件办结率 may be anyone's cases.
    alike = fuzz.ratio(described, _squeeze(measure.formula)) / 100
    if alike > 0.9:
        return max(named, 0.9), f"计算公式与“{measure.formula}”相同"
    return NAME * named + FORMULA * alike, f"{how}，但计算公式“{indicator.description}”与“{measure.formula}”不同"


@lru_cache(maxsize=16384)
def _formula_of(description: str | None) -> str:
    """Return the division that a description writes (甲/乙, 甲÷乙×100%, 甲占乙的比例) in one spelling, empty without one."""
    text = re.sub(r"[×x*]\s*100\s*%?", "", description or "")
    if match := re.search(r"([^，。；（）()]+?)占([^，。；（）()]+?)的?(?:比例|比重|比率|百分比)", text):
        text = f"{match[1]}/{match[2]}"
    return _squeeze(text) if re.search(r"[/÷]", text) else ""


@lru_cache(maxsize=16384)
def _squeeze(text: str) -> str:
    return re.sub(r"[^一-龥A-Za-z0-9/]+", "", text.replace("÷", "/"))
