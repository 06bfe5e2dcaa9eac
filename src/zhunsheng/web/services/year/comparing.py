"""How figures that were shown once differ from those of now."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from zhunsheng.translation import worded
from zhunsheng.usecases.result import Run
from zhunsheng.web.models import Assessment
from zhunsheng.web.services.year.figures import assess_now
from zhunsheng.web.services.year.question import state_key
from zhunsheng.web.services.year.records import Record
from zhunsheng.wording import plain


def overtaken(assessment: Assessment) -> bool:
    """Return whether anything that an assessment rests on has changed since."""
    return state_key(assessment.department, assessment.year, assessment.as_of) != assessment.key


def drifted(record: Record) -> bool:
    """Return whether what a record's figures rest on has changed since they were taken;
    False where there are none.
    """
    kept = record.assessment
    return kept is not None and state_key(kept.department, kept.year, kept.as_of, record) != kept.key


def drift(record: Record) -> list[dict[str, str]]:
    """Return how the figures of a settled record differ from what they would be now: sheet, what, then, now.

    Only figures are compared; where all are the same, the change beneath them changed nothing that is shown.
    """
    if record.assessment is None or not drifted(record):
        return []
    now = assess_now(record.department, record.year, record.assessment.as_of, record=record).run
    return differences(figures_of(record.assessment.run), figures_of(now))


# Behind an indicator's code: the words of its target, the points it earned of the points it carries.
TARGET, POINTS = "/target", "/points"


@dataclass(frozen=True)
class Shown:
    """The figures that a page shows of one sheet: by the indicator's code (or a word of our own) its name and
    text.
    """

    sheet: str
    figures: dict[str, tuple[str, str]]


def figures_of(run: Run) -> dict[str, Shown]:
    """Return what a run shows of each sheet, by the sheet's code."""
    found = {}
    for sheet in run.results:
        score = sheet.score
        most = score.total if score.high is None else score.high
        shown = score_figures(plain(score.total), plain(most), score.grade)
        shown["paid"] = (worded("已支付（元）"), str(sheet.money.paid or worded("无")))
        for line in sheet.indicators:
            shown |= {
                line.id: (line.name, line.outcome.text),
                f"{line.id}{TARGET}": (worded("{name}（目标）", name=line.name), line.target),
                f"{line.id}{POINTS}": points_figure(line.name, line.score.shown, line.score.points),
            }
        found[sheet.id] = Shown(sheet.sheet, shown)
    return found


def score_figures(total: str, most: str | None, grade: str | None) -> dict[str, tuple[str, str]]:
    """Return a sheet's total, the most it may come to and its grade as figures to compare; ``most`` None:
    not known.
    """
    found: dict[str, tuple[str, str]] = {
        "total": (worded("得分"), total),
        "grade": (worded("等级"), grade or worded("不评等级")),
    }
    return found if most is None else found | {"most": (worded("最高可能得分"), most)}


def points_figure(name: str, score: Decimal | str | None, points: Decimal | str) -> tuple[str, str]:
    """Return what an indicator earned of its points as a figure to compare; a score of None is open."""
    earned, of = (worded("待定") if one is None else plain(Decimal(one)) for one in (score, points))
    return worded("{name}（得分 / 分值）", name=name), f"{earned} / {of}"


def differences(then: dict[str, Shown], now: dict[str, Shown]) -> list[dict[str, str]]:
    """Return where figures shown then are others now: sheet, what, then, now; told by the codes of sheet and
    indicator.
    """
    found = []
    for code, shown in then.items():
        if code not in now:
            found.append(
                {
                    "sheet": shown.sheet,
                    "what": worded("目标表"),
                    "then": worded("有"),
                    "now": worded("不再有效"),
                }
            )
            continue
        for key, (what, text) in shown.figures.items():
            _name, other = now[code].figures.get(key, ("", worded("不再有这个指标")))
            gone = key.endswith(POINTS) and key not in now[code].figures  # said of the indicator itself
            if other != text and not gone:
                found.append({"sheet": shown.sheet, "what": what, "then": text, "now": other})
        for key, (what, text) in now[code].figures.items():
            if key.endswith(TARGET) and key not in shown.figures:
                found.append(
                    {"sheet": shown.sheet, "what": what, "then": worded("没有这个指标"), "now": text}
                )
    new = [shown for code, shown in now.items() if code not in then]
    return found + [
        {"sheet": s.sheet, "what": worded("目标表"), "then": worded("没有"), "now": worded("有")} for s in new
    ]
