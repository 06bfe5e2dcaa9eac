"""Which measure proves which indicator, and which project of the ledgers is a sheet's: proposed,
and confirmed by a person.

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
from zhunsheng.faults import fault, parsed, written
from zhunsheng.files.writing import write_whole
from zhunsheng.measures.definitions import Measure
from zhunsheng.targets import Book, Indicator, TargetSheet
from zhunsheng.targets.kinds import denials, denies
from zhunsheng.targets.naming import indicators_named
from zhunsheng.targets.units import comparable
from zhunsheng.text import MOST, cleaned
from zhunsheng.translation import series, worded

USE = 0.85  # proposals at or above this confidence are read, and shown as 待确认
SHOW = 0.6  # below this nothing is proposed
NAME, FORMULA = 0.4, 0.6  # what an indicator's name and its described formula weigh where it has both
ALIKE = 60.0  # how alike (0–100) two project names must be for one to be proposed for the other

_SLOW = {"超期": "逾期", "超时": "逾期", "没有": "无"}  # one denial in several words

Status = Literal["confirmed", "proposed", "weak", "none"]
STATUS_WORDS: dict[Status, str] = {
    "confirmed": "已确认",
    "proposed": "待确认",
    "weak": "把握不足",
    "none": "无对应测度",
}


class MeasureLink(BaseModel):
    """A person's decision which measure (None: none) proves an indicator; both named by code or exact name.

    ``sheet`` None means in every sheet. One that is not ``confirmed`` yet is a proposal written down to be
    looked at.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sheet: str | None = None
    indicator: str
    measure: str | None
    confirmed: bool = True


class ProjectLink(BaseModel):
    """A person's decision that a project of the ledgers, by the code or name written there,
    is a sheet's (code or name).

    ``same`` false says that it is not: then it is proposed no more.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sheet: str
    project: str
    same: bool = True
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
    """The projects of the ledgers (as written there) that are a sheet's, why, and those that may be but
    nobody confirmed.
    """

    keys: tuple[str, ...]
    why: str
    proposals: tuple[tuple[str, float], ...] = ()  # (as written in the ledgers, how alike 0–100)


def read_mapping(path: Path, known: Mapping[str, Measure]) -> list[Link]:
    """Read a mapping file (YAML list). Raises ``ZS-IN-01``, ``ZS-IN-05`` or ``ZS-MS-03`` naming the entry."""
    try:
        said = cleaned(parsed(written(path))) or []
        found = TypeAdapter(list[Link]).validate_python(said)
    except (ValidationError, yaml.YAMLError) as error:
        row = (
            error.errors()[0]["loc"][0]
            if isinstance(error, ValidationError) and error.errors()[0]["loc"]
            else 0
        )
        raise ZhunshengError(
            "ZS-MS-03",
            name=path.name,
            row=int(row) + 1 if str(row).isdigit() else 1,
            detail=fault(error),
        ) from None
    for row, one in enumerate(found, start=1):
        if isinstance(one, MeasureLink) and one.measure is not None and one.measure not in known:
            raise ZhunshengError(
                "ZS-MS-03", name=path.name, row=row, detail=worded("没有测度 {measure}", measure=one.measure)
            )
    return found


def write_mapping(
    path: Path, book: Book, matches: Iterable[Match], projects: Iterable[ProjectMatch] = ()
) -> None:
    """Write what is proposed for a person to go through; an entry counts once ``confirmed`` says true.

    ``projects`` go with the sheets of the book.
    """
    lines = [
        "# 指标与测度、目标表与台账项目的对照。逐条核对，确认的把 confirmed 改为 true；没有测度可以证明的，"
        "measure 写 null；",
        "# 台账里的项目不是这张目标表的，把 same 改为 false，也把 confirmed 改为 true。",
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
        head = _remark(f"{sheet.title()}　{indicator.name}：{STATUS_WORDS[match.status]}，{match.why}")
        lines.append(f"{head}\n{yaml.safe_dump([entry], allow_unicode=True, sort_keys=False).rstrip()}")
    for sheet, found in zip(book.sheets, projects, strict=False):
        for name, alike in found.proposals:
            entry = {"sheet": sheet.id, "project": name, "same": True, "confirmed": False}
            head = _remark(f"{sheet.title()}：台账里有“{name}”，名称相近（{alike:.0f}%），是否同一项目？")
            lines.append(f"{head}\n{yaml.safe_dump([entry], allow_unicode=True, sort_keys=False).rstrip()}")
    write_whole(path, "\n".join(lines) + "\n")


def _remark(text: str) -> str:
    """Return a text as a remark of one line: a break in a name would end the remark and begin data."""
    return f"# {' '.join(text.split())}"


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
                found.append(
                    Match(s, n, measure, 1.0, "confirmed" if measure else "none", worded("已由人工确认"))
                )
            else:
                found.append(_propose(s, n, indicator, known))
    return found


def match_projects(book: Book, written: Collection[str], links: Iterable[Link] = ()) -> list[ProjectMatch]:
    """Return which projects of the ledgers belong to each sheet: by its code, its exact name,
    or a person's confirmation.

    ``written`` are the codes or names that the department's ledgers of the year write.
    A code or name that two sheets bear tells nothing, nor does a confirmation that gives one project to two:
    no money is counted twice. What is merely alike is proposed and counts for nothing,
    also beside a project of the sheet's own; not what another sheet bears, nor what a person said is another
    project. Department sheets have no projects.
    """
    links = list(links)
    bearers, given, denied = _bearers(book), _given(book, links), _denied(book, links)
    found = []
    for n, sheet in enumerate(book.sheets):
        if sheet.kind == "department":
            found.append(ProjectMatch((), ""))
            continue
        here = [key for key in written if _owners(book, n, key, bearers, given) == {n}]
        own = [
            key for key in (sheet.code, sheet.name) if key in here and n in bearers.get((sheet.year, key), ())
        ]
        keys = tuple(dict.fromkeys((*own, *(key for key in _given_to(given, n) if key in here))))
        bearing = {key: bearers.get((sheet.year, key), {n}) for key in written}
        free = (
            key
            for key in written
            if not _owners(book, n, key, bearers, given)
            and n in bearing[key]
            and n not in denied.get((sheet.year, key), ())
        )
        # Its own code, shared with another sheet: as sure as can be, and still for a person to say.
        alike = sorted(
            ((key, 100.0 if key == sheet.code else fuzz.ratio(key, sheet.name or "")) for key in free),
            key=lambda x: -x[1],
        )
        proposals = tuple((key, share) for key, share in alike if share >= ALIKE)[:3]
        shared = {key for key in (sheet.code, sheet.name) if key and len(bearers[sheet.year, key]) > 1}
        claimed = [key for key in (*_given_to(given, n), sheet.code, sheet.name) if key and key in written]
        twice = [
            key for key in claimed if len(owners := _owners(book, n, key, bearers, given)) > 1 and n in owners
        ]
        why = _why(sheet, keys, own, proposals, shared, twice)
        found.append(ProjectMatch(keys, why, proposals))
    return found


def taken_by(book: Book, sheet: str, project: str, links: Iterable[Link]) -> TargetSheet | None:
    """Return the other sheet of the year that a project of the ledgers is, by code,
    exact name or confirmation; None where it is free.
    """
    n = next((n for n, s in enumerate(book.sheets) if s.id == sheet), None)
    if n is None:
        return None
    others = _owners(book, n, project, _bearers(book), _given(book, links)) - {n}
    return book.sheets[min(others)] if others else None


def check_projects(book: Book, links: Sequence[Link], name: str) -> None:
    """Raise ``ZS-MS-03`` where a confirmed link of mapping file ``name`` gives a sheet a project that is
    another sheet's.
    """
    for row, one in enumerate(links, start=1):
        if not isinstance(one, ProjectLink) or not one.confirmed or not one.same:
            continue
        for n in _sheets_of(book, one):
            other = taken_by(book, book.sheets[n].id, one.project, links[: row - 1])
            if other is not None:
                detail = worded(
                    "台账里的“{project}”已是目标表“{other}”的，一笔钱不能算两次",
                    project=one.project,
                    other=other.title(),
                )
                raise ZhunshengError("ZS-MS-03", name=name, row=row, detail=detail)


# (year, project as ledgers write it) -> the sheets, by their place in the book
_Keyed = dict[tuple[int | None, str], set[int]]


def _bearers(book: Book) -> _Keyed:
    """Return which sheets bear each project code or name."""
    found: _Keyed = {}
    for n, sheet in enumerate(book.sheets):
        for key in filter(None, (sheet.code, sheet.name)) if sheet.kind == "project" else ():
            found.setdefault((sheet.year, key), set()).add(n)
    return found


def _given(book: Book, links: Iterable[Link]) -> _Keyed:
    """Return which sheets people gave each project to."""
    return _answered(book, links, same=True)


def _denied(book: Book, links: Iterable[Link]) -> _Keyed:
    """Return which sheets people said each project is not."""
    return _answered(book, links, same=False)


def _answered(book: Book, links: Iterable[Link], *, same: bool) -> _Keyed:
    found: _Keyed = {}
    for one in (x for x in links if isinstance(x, ProjectLink) and x.confirmed and x.same is same):
        for n in _sheets_of(book, one):
            found.setdefault((book.sheets[n].year, one.project), set()).add(n)
    return found


def _given_to(given: _Keyed, sheet: int) -> list[str]:
    """Return the projects that people gave to one sheet."""
    return [key for (_, key), sheets in given.items() if sheet in sheets]


def _owners(book: Book, sheet: int, key: str, bearers: _Keyed, given: _Keyed) -> set[int]:
    """Return the sheets of a sheet's year that claim a project: the one that alone bears it,
    and those it was given to.
    """
    place = book.sheets[sheet].year, key
    bearing = bearers.get(place, set())
    return (bearing if len(bearing) == 1 else set()) | given.get(place, set())


def _sheets_of(book: Book, link: ProjectLink) -> set[int]:
    """Return the sheet that a link names, by code or by a title that is one sheet's; none where
    two bear it.
    """
    named = {n for n, s in enumerate(book.sheets) if s.id == link.sheet and s.kind == "project"}
    named = named or {n for n, s in enumerate(book.sheets) if s.title() == link.sheet and s.kind == "project"}
    return named if len(named) == 1 else set()


def _why(
    sheet: TargetSheet,
    keys: Sequence[str],
    own: Sequence[str],
    proposals: Sequence[tuple[str, float]],
    shared: Collection[str],
    twice: Sequence[str],
) -> str:
    listed = series(f"“{name}”（{share:.0f}%）" for name, share in proposals)
    if keys:
        why = (
            worded("项目编码相同")
            if sheet.code in own
            else worded("项目名称相同")
            if own
            else worded("已由人工确认")
        )
        return (
            worded(
                "{why}；台账里另有名称相近的{listed}，是不是同一项目待确认，确认前不计",
                why=why,
                listed=listed,
            )
            if proposals
            else why
        )
    if twice:
        return worded(
            "台账里的“{project}”同时对应两张目标表，一笔钱不能算两次，请改定是哪一张的", project=twice[0]
        )
    if sheet.code in shared:
        return worded(
            "项目编码“{code}”写在不止一张目标表上，不知台账里的是哪一张的，要人工对应", code=sheet.code
        )
    if sheet.name in shared:
        return worded("两张目标表同名，又没有项目编码可以区分，台账里的项目要人工对应")
    if proposals:
        return worded("台账里没有这个项目；名称相近的有{listed}，确认后才会采用", listed=listed)
    return worded("台账里没有这个项目")


def _propose(s: int, n: int, indicator: Indicator, known: Mapping[str, Measure]) -> Match:
    if len(indicator.name) > MOST["indicator"] or len(indicator.description or "") > MOST["words"]:
        # Likeness takes time by the square of the length, and nobody's name is as long.
        return Match(s, n, None, 0.0, "none", worded("名称或描述过长，没有与测度比对"))
    best: tuple[float, Measure | None, str] = (0.0, None, "")
    for measure in (m for m in known.values() if not m.part):
        score, why = _confidence(indicator, measure)
        if score > best[0]:
            best = (score, measure, why)
    score, chosen, why = best
    if chosen is None or score < SHOW:
        return Match(s, n, None, 0.0, "none", worded("没有名称或公式相近的测度"))
    return Match(
        s,
        n,
        chosen.id,
        score,
        "proposed" if score >= USE else "weak",
        why + worded("，把握 {score}", score=f"{score:.0%}"),
    )


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
    # 未办结率 is as like 办结率 as can be, and its opposite: what one denies and the other doesn't is never a
    # likeness.
    names = [c for c in (measure.name, *measure.aliases) if not opposed(indicator.name, c)]
    if not names or opposed(_formula_of(indicator.description), measure.formula):
        return 0.0, ""
    if any(_turned(indicator.description or "", said) for said in (*names, measure.formula)):
        return 0.0, ""
    for candidate in names:
        score = 1.0 if _squeeze(candidate) == name else fuzz.ratio(name, _squeeze(candidate)) / 100 * 0.95
        if score > similar:
            similar, alias = score, candidate
    how = (
        worded("名称与“{alias}”相同", alias=alias)
        if similar == 1.0
        else worded("名称与“{alias}”相近", alias=alias)
    )
    named = min(similar, 0.98)
    described = _formula_of(indicator.description)
    if not described:
        return named, how
    # What an indicator divides by what says more than what it is called: 案件办结率 may be anyone's cases.
    alike = fuzz.ratio(described, _squeeze(measure.formula)) / 100
    if alike > 0.9:
        return max(named, 0.9), worded("计算公式与“{formula}”相同", formula=measure.formula)
    return (
        NAME * named + FORMULA * alike,
        worded(
            "{how}，但计算公式“{description}”与“{formula}”不同",
            how=how,
            description=indicator.description,
            formula=measure.formula,
        ),
    )


def opposed(one: str, other: str) -> bool:
    """Say whether one of two texts denies what the other doesn't: 未办结率 and 办结率, 逾期率 and 及时率;
    not where one is empty.
    """
    if not one or not other:
        return False
    said, against = ([_SLOW.get(word, word) for word, _ in denials(text)] for text in (one, other))
    return sorted(said) != sorted(against)


def _turned(described: str, said: str) -> bool:
    """Say whether a description denies a word that a measure's name or formula says plainly,
    or the other way round.
    """
    return _denies_a_word_of(described, said) or (bool(described) and _denies_a_word_of(said, described))


def _denies_a_word_of(one: str, other: str) -> bool:
    for _, behind in denials(one):
        word = _squeeze(behind)[:2]
        places = [m.start() for m in re.finditer(re.escape(word), other)] if len(word) == 2 else []
        if places and not any(denies(other[max(0, at - 2) : at]) for at in places):
            return True
    return False


@lru_cache(maxsize=16384)
def _formula_of(description: str | None) -> str:
    """Return the division that a description writes (甲/乙, 甲÷乙×100%, 甲占乙的比例) in one spelling,
    empty without one.
    """
    text = re.sub(r"[×x*]\s*100\s*%?", "", description or "")
    if match := re.search(r"([^，。；（）()]+?)占([^，。；（）()]+?)的?(?:比例|比重|比率|百分比)", text):
        text = f"{match[1]}/{match[2]}"
    return _squeeze(text) if re.search(r"[/÷]", text) else ""


@lru_cache(maxsize=16384)
def _squeeze(text: str) -> str:
    return re.sub(r"[^一-龥A-Za-z0-9/]+", "", text.replace("÷", "/"))
