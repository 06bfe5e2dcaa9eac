"""Which measure proves which indicator: proposed by name and formula with a confidence, confirmed in a small file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from rapidfuzz import fuzz

from zhunsheng.errors import ZhunshengError
from zhunsheng.measures.definitions import Measure
from zhunsheng.targets import Book, Indicator
from zhunsheng.targets.units import comparable
from zhunsheng.text import cleaned, readable

USE = 0.85  # proposals at or above this confidence are used, and shown as 待确认
SHOW = 0.6  # below this nothing is proposed

Status = Literal["confirmed", "proposed", "weak", "none"]
STATUS_WORDS: dict[Status, str] = {
    "confirmed": "已确认",
    "proposed": "待确认",
    "weak": "把握不足",
    "none": "无对应测度",
}


class Mapping(BaseModel):
    """One decision of a person: which measure (or none) proves an indicator; ``sheet`` None means in every sheet."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sheet: str | None = None
    indicator: str
    measure: str | None


@dataclass(frozen=True)
class Match:
    """The measure of one indicator. ``used`` says whether its readings count for the indicator."""

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


def read_mapping(path: Path, known: dict[str, Measure]) -> list[Mapping]:
    """Read a mapping file (YAML list). Raises ``ZS-IN-01`` or ``ZS-MS-03`` naming the entry."""
    if not path.is_file():
        raise ZhunshengError("ZS-IN-01", name=str(path))
    try:
        found = TypeAdapter(list[Mapping]).validate_python(cleaned(yaml.safe_load(readable(path.read_text("utf8")))) or [])
    except (ValidationError, yaml.YAMLError) as error:
        row = error.errors()[0]["loc"][0] if isinstance(error, ValidationError) and error.errors()[0]["loc"] else 0
        raise ZhunshengError(
            "ZS-MS-03",
            name=path.name,
            row=int(row) + 1 if str(row).isdigit() else 1,
            detail=str(error).splitlines()[-1].strip(),
        ) from None
    for row, one in enumerate(found, start=1):
        if one.measure is not None and one.measure not in known:
            raise ZhunshengError("ZS-MS-03", name=path.name, row=row, detail=f"没有测度 {one.measure}")
    return found


def write_mapping(path: Path, book: Book, matches: Iterable[Match]) -> None:
    """Write all proposals to a mapping file for a person to go through; what the file says then counts as confirmed."""
    lines = ["# 指标与测度的对照。逐条核对后保存即为确认；没有测度可以证明的指标，measure 写 null。"]
    for match in matches:
        sheet = book.sheets[match.sheet]
        entry = [
            {"sheet": sheet.title(), "indicator": sheet.indicators[match.indicator].name, "measure": match.measure}
        ]
        text = yaml.safe_dump(entry, allow_unicode=True, sort_keys=False).rstrip()
        lines.append(f"# {STATUS_WORDS[match.status]}，{match.why}\n{text}")
    path.write_text("\n".join(lines) + "\n", "utf8")


def match_book(book: Book, known: dict[str, Measure], mapping: Iterable[Mapping] = ()) -> list[Match]:
    """Propose a measure for every indicator of a book; decisions in ``mapping`` come first."""
    decisions = {(m.sheet, _squeeze(m.indicator)): m.measure for m in mapping}
    found = []
    for s, sheet in enumerate(book.sheets):
        for n, indicator in enumerate(sheet.indicators):
            key = _squeeze(indicator.name)
            decided = next((k for k in ((sheet.title(), key), (None, key)) if k in decisions), None)
            if decided is not None:
                measure = decisions[decided]
                found.append(Match(s, n, measure, 1.0, "confirmed" if measure else "none", "对照文件"))
            else:
                found.append(_propose(s, n, indicator, known))
    return found


def _propose(s: int, n: int, indicator: Indicator, known: dict[str, Measure]) -> Match:
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
    if similar == 1.0:
        return 0.98, f"名称与“{alias}”相同"
    formula = (
        fuzz.ratio(_squeeze(indicator.description or ""), _squeeze(measure.formula)) / 100
        if "/" in (indicator.description or "")
        else 0.0
    )
    if formula > 0.9:
        return max(similar, 0.9), f"计算公式与“{measure.formula}”相同"
    return similar, f"名称与“{alias}”相近"


@lru_cache(maxsize=16384)
def _squeeze(text: str) -> str:
    return re.sub(r"[^一-龥A-Za-z0-9/]+", "", text.replace("÷", "/"))
