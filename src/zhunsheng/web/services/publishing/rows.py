"""What is published as rows of a table, in the words of the page."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

from zhunsheng.evaluation.scorecard import VERDICT_WORDS, Verdict
from zhunsheng.outcomes import ORIGIN_WORDS, RULED_WORDS, Origin, ruled
from zhunsheng.web.models import Publication
from zhunsheng.web.models.targets import book_of
from zhunsheng.web.services.publishing.afterwards import since
from zhunsheng.wording import plain as figure
from zhunsheng.wording import wan

PERSONS = "自然人（不列编号）"
INDICATOR, TOTAL, NOTE, DRIFT = (
    "指标",
    "总分",
    "公开后的情况",
    "重算后的不同",
)  # kinds of a row of the open data


def parts_of(score: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the parts of a published total beside its indicators.

    What was published before they were kept apart is told as one part, so that everything adds up all the
    same.
    """
    if "parts" in score:
        found: list[dict[str, Any]] = score["parts"]
        return found
    told = sum((Decimal(i["score"]) for i in score["indicators"] if i.get("score") is not None), Decimal(0))
    rest = Decimal(score["total"]) - told
    if not rest:
        return []
    why = "公开时没有分列，为总分与各指标得分之差"
    return [
        {"name": "预算执行率、所属项目等", "points": None, "score": figure(rest), "open": "0", "how": why}
    ]


def rows_of(found: Publication) -> list[dict[str, object]]:
    """Return the rows of what is published by the names of ``FIELDS``; what became of it since stands in rows
    of its own.
    """
    data = found.data
    if found.kind == "targets":
        told = book_of([data["sheet"]]).sheets[0].indicators
        rows = [
            {**i, "target": one.words(), "kind": INDICATOR}
            for i, one in zip(data["sheet"]["indicators"], told, strict=True)
        ]
        return [*_rows_of_money(data["sheet"]), *rows, *_rows_since(found)]
    if found.kind == "self":
        rows = []
        for s in data["scores"]:
            rows += [
                {"kind": INDICATOR, "sheet": s["sheet"], **indicator_in_words(i)} for i in s["indicators"]
            ]
            rows += [{**p, "kind": p["name"], "sheet": s["sheet"], "note": p["how"]} for p in parts_of(s)]
            rows.append(_total_row(s))
        return [*rows, *_rows_since(found)]
    if found.kind == "draw":
        return [{**d, "inspectors": "、".join(d["inspectors"])} for d in data.get("drawn", [])]
    listed: list[dict[str, object]] = data["results"]
    persons = data.get("persons", {"groups": {}})["groups"]
    return listed + [{"id": PERSONS, "result": result, "count": count} for result, count in persons.items()]


def _rows_of_money(body: dict[str, object]) -> list[dict[str, object]]:
    """Return what a target table says above its indicators: budget, spending plan, goals."""
    sheet = book_of([body]).sheets[0]
    parts = (("预算总额", "total"), ("其中：财政资金", "fiscal"), ("其他资金", "other"))
    given = [(name, amount) for name, part in parts if (amount := getattr(sheet.budget, part)) is not None]
    rows: list[dict[str, Any]] = [
        {"kind": "预算", "name": name, "target": wan(amount)} for name, amount in given
    ]
    rows += [
        {"kind": "支出计划", "name": s.by.isoformat(), "target": f"{figure(s.cumulative * 100)}%"}
        for s in sheet.spending_plan.steps
    ]
    return rows + [{"kind": "绩效目标", "name": g.title or "", "note": g.text} for g in sheet.goals]


def _total_row(score: dict[str, Any]) -> dict[str, Any]:
    waiting = Decimal(score.get("most") or score["total"]) - Decimal(score["total"])
    grade = score.get("grade") or "不评等级"
    return {
        "kind": TOTAL,
        "sheet": score["sheet"],
        "name": TOTAL,
        "score": score["total"],
        "open": figure(waiting),
        "verdict": grade,
    }


def _rows_since(found: Publication) -> list[dict[str, Any]]:
    said = since(found)
    rows: list[dict[str, Any]] = [{"kind": NOTE, "note": words} for words in said["notes"]]
    rows += [
        {"kind": NOTE, "name": c["what"], "note": f"{c['then'] or '—'} → {c['now'] or '—'}"}
        for c in said["changes"]
    ]
    return rows + [
        {"kind": DRIFT, "sheet": d["sheet"], "name": d["what"], "note": f"{d['then']} → {d['now']}"}
        for d in said["drift"]
    ]


def indicator_in_words(indicator: dict[str, Any]) -> dict[str, Any]:
    """Return an indicator in words: where its figure is from, what was typed against it, what was ruled,
    what it earned.
    """
    origin, contest = indicator.get("origin"), indicator.get("contest") or {}
    verdict = indicator.get("verdict") or ""
    if contest:
        accepted, refused, doubt = (contest.get(name) for name in ("accepted", "refused", "doubt"))
        once = (
            f"（曾有台账读数，测算于 {day}，已撤销或不再有数）" if (day := contest.get("measured_on")) else ""
        )
        contest = {
            "computed": f"{contest['computed']}{once}",
            "typed": contest["typed"],
            "difference": f"不能比较：{doubt}" if doubt else contest.get("difference"),
            "reason": contest.get("reason"),
            "contest": RULED_WORDS[ruled(accepted, refused)],
            "ruling": accepted or refused,
        }
    elif origin == "judgement":
        contest = {"typed": indicator["actual"]}
    granted = Decimal(indicator.get("granted") or 0)
    words = {
        "name": indicator["name"],
        "target": indicator["target"],
        "actual": indicator["actual"],
        "origin": _origin(origin, verdict),
        "match": "" if indicator.get("confirmed", True) else "未确认",
        "verdict": VERDICT_WORDS.get(cast(Verdict, verdict), verdict),
        "points": indicator.get("points"),
        "score": indicator.get("score"),
        "open": "0" if indicator.get("score") is not None else indicator.get("points"),
        "granted": figure(granted) if granted else None,
        "note": "；".join(filter(None, (indicator.get("sampled"), indicator.get("how")))),
    }
    return words | contest


def _origin(origin: str | None, verdict: str) -> str:
    """Return where a result is from; one without any says what it waits for, as its page does."""
    if origin != "none":
        return ORIGIN_WORDS.get(cast(Origin, origin), "")
    return (
        "定性评定" if verdict == "judged" else VERDICT_WORDS.get(cast(Verdict, verdict), ORIGIN_WORDS["none"])
    )
