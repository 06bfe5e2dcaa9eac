"""Tell padded self-evaluations from honest ones, on invented bodies of either kind.

``python bench/inflation.py [--bodies 2000] [--seed 3] [--write]`` makes bodies of a few projects by what
such years are like, not by the signs that are looked for: honest results scatter about what was planned,
with chance, small samples and targets set with more or less care; a padded body has the same year and then
writes what looks good: misses become the target or a little more, full marks everywhere, last year's
figures, one phrase. Prints how well the two are told apart (AUC) and how many honest ones are suspected.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

from zhunsheng.review.inflation import LEAST, THRESHOLD, signs_in
from zhunsheng.targets import Indicator, TargetSheet, TargetValue
from zhunsheng.targets.sheet import Execution

PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks-inflation.md"
REASONS = ("受天气影响", "采购推迟", "人员调整", "申报户数少于预计", "资料报送较晚", "评审时间较长")


def measured(draw: random.Random, n: int, care: float, places: int) -> tuple[Indicator, float, bool]:
    """Return an indicator that is measured, what its year truly came to, and whether more is better.
    ``care`` is how well the body knew beforehand: how near the target lies to what is likely; ``places`` how
    many decimals it writes. What is paid by contract costs what was planned.
    """
    kind = draw.choice(("rate", "rate", "rate", "cost", "days"))
    if kind == "rate":
        likely = draw.uniform(78, 99)
        target = min(99.0, round(likely - draw.uniform(-1, 8) * care))
        cases = draw.choice((40, 120, 300, 900, 4000))
        hits = sum(draw.random() < min(likely / 100, 1) for _ in range(min(cases, 400)))
        true = 100 * hits / min(cases, 400)
        return _indicator(f"指标{n}率", f"≥{target:g}%"), round(true, places), True
    likely = draw.uniform(20, 900) if kind == "cost" else draw.uniform(4, 25)
    target = round(likely * draw.uniform(0.97, 1.2))
    true = max(draw.gauss(likely, likely * 0.07), 1)
    if draw.random() < 0.12:
        true = target
    if kind == "cost":
        return _indicator(f"指标{n}成本", f"≤{target}元"), round(true, places), False
    return _indicator(f"指标{n}办理时限", f"≤{target}天"), round(true, min(places, 1)), False


def _indicator(name: str, target: str) -> Indicator:
    return Indicator(level1="产出指标", name=name, target=TargetValue.parse(target), weight=10)


def body(draw: random.Random, padded: bool) -> tuple[list[TargetSheet], list[TargetSheet]]:
    """Return a body's self-evaluations of this year and of the year before."""
    care, sheets, before = draw.uniform(0.2, 1.3), [], []
    places = draw.choice((0, 1, 1, 2))
    effort = draw.uniform(0.4, 1)  # how much of what could be padded is
    one_phrase = draw.random() < 0.5
    for n in range(draw.randint(2, 6)):
        now, old = [], []
        for m in range(draw.randint(4, 8)):
            one, true, more = measured(draw, m, care, places)
            target = float(one.target.number or 0)
            last = round(true + draw.gauss(0, 0.03) * true, 1)
            missed = true < target if more else true > target
            told, reason = true, draw.choice(REASONS) if missed else None
            if padded and draw.random() < effort and (missed or draw.random() < 0.4):
                step = draw.choice((0, 0, draw.uniform(0.1, 1.2)))
                told = round(target + step, places) if more else round(max(target - step, 0.1), places)
                reason = "已完成" if one_phrase else reason
            if padded and draw.random() < 0.15:
                told = last
            short = told < target if more else told > target
            share = min(told / target, target / told) if short and told else 1
            score = 10 if padded and draw.random() < effort else round(10 * share, 2)
            unit = one.target.unit
            now.append(
                one.model_copy(update={"actual": f"{told:g}{unit}", "score": score, "deviation": reason})
            )
            old.append(one.model_copy(update={"actual": f"{last:g}{unit}"}))
        spent = draw.uniform(0.5, 1) if padded else draw.triangular(0.6, 1, 0.97)
        money = Execution(planned=100, adjusted=100, spent=round(100 * spent, 1))
        said = {"kind": "project", "name": f"项目{n}", "year": 2024}
        sheets.append(TargetSheet(**said, indicators=tuple(now), execution=money))
        before.append(TargetSheet(**{**said, "year": 2023}, indicators=tuple(old)))
    return sheets, before


def main() -> None:
    """Make bodies of both kinds and print how well they are told apart."""
    options = argparse.ArgumentParser(description="tell padded self-evaluations from honest ones")
    options.add_argument("--bodies", type=int, default=2000, help="of each kind")
    options.add_argument("--seed", type=int, default=3)
    options.add_argument("--write", action="store_true", help="write docs/benchmarks-inflation.md")
    given = options.parse_args()
    draw = random.Random(given.seed)
    found = {
        kind: [signs_in(*body(draw, kind == "padded")) for _ in range(given.bodies)]
        for kind in ("honest", "padded")
    }
    honest, padded = ([one.weight for one in found[kind]] for kind in ("honest", "padded"))
    ranked = sorted([(w, 1) for w in padded] + [(w, 0) for w in honest])
    above, wins = 0, 0
    for _, kind in ranked:
        above, wins = (above, wins + above) if kind else (above + 1, wins)
    area = wins / (len(honest) * len(padded))
    false = sum(one.padded for one in found["honest"]) / given.bodies
    seen = sum(one.padded for one in found["padded"]) / given.bodies
    full = [
        sum(one.full == one.scored for one in found[kind]) / given.bodies for kind in ("honest", "padded")
    ]
    page = f"""# How well padded self-evaluations are told

Made by `python bench/inflation.py --bodies {given.bodies} --seed {given.seed}`: {given.bodies:,} invented \
bodies of either kind, of two to six projects; a body with fewer than {LEAST} measured results and other \
signs is never told \
of. The bodies are invented, and padded as we imagine it: **what offices truly do can only be told from \
re-checked results.**

| | |
|---|---|
| padded above honest (AUC) | {area:.3f} |
| honest bodies that are suspected (threshold e^{THRESHOLD:g}) | {false:.2%} |
| padded bodies that are suspected | {seen:.1%} |
| full marks throughout alone: honest, padded | {full[0]:.1%}, {full[1]:.1%} |
"""
    print(page)
    if given.write:
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
