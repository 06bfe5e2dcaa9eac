"""Scores, totals and typed results in the words of tables, reports and pages."""

from __future__ import annotations

from zhunsheng.evaluation import Range, Score, Scorecard
from zhunsheng.evaluation.scorecard import BASIS_WORDS, OPEN_WORD, VERDICT_WORDS, ExecutionScore, Sum
from zhunsheng.outcomes import RULED_WORDS, ContestedResult, Outcome, ledger_words
from zhunsheng.wording import plain

UNCONFIRMED = (
    "口径未确认，不评等级"  # what stands in place of a grade that rests on measures nobody confirmed
)


def grade_words(card: Scorecard) -> str:
    """Return the grade, or in a word or two why there is none."""
    return card.grade or ("口径未确认，不评" if card.range.settled else "不评等级")


def points_words(score: Score | ExecutionScore) -> str:
    """Return points as a table shows them: 9.41; 待定 while nothing decides them."""
    return OPEN_WORD if score.shown is None else plain(score.shown)


def of_full(score: Score | ExecutionScore) -> str:
    """Return points over full points: 9.41/10, 待定/10; what may still come of a year that is not over stands
    behind.
    """
    rest = f"（{OPEN_WORD} {plain(score.open)}）" if score.shown is not None and score.open else ""
    return f"{points_words(score)}/{plain(score.points)}{rest}"


def sum_words(found: Sum) -> str:
    """Return what a dimension came to: 40 / 40; 已得 0，待定 40（满分 40）while anything of it is open."""
    if not found.open:
        return f"{plain(found.score)} / {plain(found.points)}"
    return f"已得 {plain(found.score)}，{OPEN_WORD} {plain(found.open)}（满分 {plain(found.points)}）"


def total_words(card: Scorecard) -> str:
    """Return what a total comes to beside its number: the grade, or what is still open and what that makes
    possible.
    """
    found = card.range
    if found.settled:
        return f"等级：{card.grade}" if card.grade else UNCONFIRMED
    waiting = found.high - found.low
    return (
        f"已得 {plain(found.low)}，待定 {plain(waiting)}，可能 {plain(found.low)}–{plain(found.high)}，"
        "不评等级"
    )


def basis_words(card: Scorecard) -> str:
    """Return what a total rests on and why the rest is open: 台账 62.4 分、人工填报 3
    分；待定：无证据 10 分.
    """
    rests = "、".join(f"{BASIS_WORDS[k]} {plain(v)} 分" for k, v in card.basis.items())
    reasons = [f"{VERDICT_WORDS[k]} {plain(v)} 分" for k, v in card.waiting.items()]
    reasons += [f"预算执行 {plain(card.execution.open)} 分"] if card.execution.open else []
    reasons += [f"所属项目 {plain(card.projects_open)} 分"] if card.projects_open else []
    return f"得分依据：{rests or '无'}" + (f"；待定：{'、'.join(reasons)}" if reasons else "")


def range_words(found: Range) -> str:
    """Return a total, or what it can come to: 92.5, 62.4–92.4."""
    return plain(found.low) if found.settled else f"{plain(found.low)}–{plain(found.high)}"


def typed_words(outcome: Outcome) -> list[str]:
    """Return what a table says of a result that someone typed: its proof, or the reading beside it;
    empty for none.
    """
    found = [f"完成值为人工填报，证明材料：{outcome.proof or '无'}"] if outcome.origin == "judgement" else []
    if c := outcome.contest:
        counted = "待定" if c.measured_on else "按台账计算"
        state = f"争议已采纳：{c.accepted}" if c.accepted else f"{_not_accepted(c)}，{counted}"
        apart = f"，{c.apart}" if c.apart else ""
        found.append(f"{ledger_words(c)}，人工填报 {c.typed}{apart}（{state}）")
    return found


def _not_accepted(contest: ContestedResult) -> str:
    """Return that nobody ruled on a contest yet, or that it was refused and why."""
    words = RULED_WORDS[contest.state]
    return f"{words}：{contest.refused}" if contest.refused else words
