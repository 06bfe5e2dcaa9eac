"""Worked examples of the scoring rules: what a case should score and why, beside what comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict, TypeAdapter

from zhunsheng.evaluation.scorecard import Verdict
from zhunsheng.faults import packaged
from zhunsheng.usecases.calculating import Calculated, CalculatedCase, score_case

YEAR = 2021  # the fiscal year of all examples


class Example(BaseModel):
    """One case as a table has it, the score out of 10 that it should have (None: a person decides), why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    target: str
    actual: str | None
    score: str | None
    why: str
    level2: str | None = None
    op: str | None = None
    direction: str | None = None
    scheme: str | None = None
    verdict: Verdict | None = None

    def scored(self) -> Calculated:
        """Return what the program makes of it."""
        indicator = {name: getattr(self, name) for name in ("name", "level2", "target", "op", "direction")}
        case = {"year": YEAR, "scheme": self.scheme, "indicator": indicator, "actual": self.actual}
        return score_case(CalculatedCase.model_validate(case | {"points": "10"}), YEAR)


class Section(BaseModel):
    """The examples of one rule, with the rule in words and its source."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    rule: str
    cases: tuple[Example, ...]


@lru_cache
def sections() -> tuple[Section, ...]:
    """Return all worked examples, rule by rule."""
    data = packaged(files(__package__) / "examples.yaml")
    return tuple(TypeAdapter(list[Section]).validate_python(data))


def judgement_page() -> Iterator[str]:
    """Yield the lines of the page on how scores come about."""
    yield "# 评分的例子\n"
    yield (
        "每条满分 10 分，年度 2021。“应得”是照规则手算的，“系统怎样说”是程序的原话；两者不同，测试就不通过。"
        "“待定”是要由人判断的，不是零分。自己试：`zhunsheng score`，或网站“绩效自评”里的“试算”。\n"
    )
    for section in sections():
        yield f"## {section.title}\n"
        yield f"{section.rule}\n"
        yield "| 指标 | 目标 | 完成值 | 应得 | 怎样算 | 系统怎样说 |"
        yield "|---|---|---|---|---|---|"
        for one in section.cases:
            beside = "，".join(filter(None, (one.level2, one.op, one.direction, one.scheme)))
            found = one.scored()
            cells = (
                f"{one.name}（{beside}）" if beside else one.name,
                one.target,
                one.actual or "—",
                one.score or "待定",
                one.why,
                found.explanation,
            )
            yield f"| {' | '.join(cells)} |"
        yield ""
