"""Key evaluation (重点评价): several evaluators score one framework independently; differences, agreed score,
total.

Basis: 财预〔2020〕10号 (决策、过程、产出、效益；产出与效益合计不低于60分).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from zhunsheng.errors import ZhunshengError
from zhunsheng.regulations import KeyFramework, KeyRow

APART = Decimal("0.2")  # a spread above this share of a row's points is to be talked over


@dataclass(frozen=True)
class KeyScore:
    """One row: each evaluator's points, their spread, whether they lie far apart, the mean,
    and the agreed points.
    """

    row: KeyRow
    given: dict[str, Decimal]
    spread: Decimal
    apart: bool
    mean: Decimal | None
    agreed: Decimal | None


@dataclass(frozen=True)
class KeyCard:
    """All rows with points by dimension as (full, agreed), the agreed total, and whether every
    row is agreed.
    """

    rows: tuple[KeyScore, ...]
    dimensions: dict[str, tuple[Decimal, Decimal]]
    total: Decimal
    complete: bool


def check_points(row: KeyRow, points: Decimal) -> Decimal:
    """Return points given to a row, to one hundredth. Raises ``ZS-KE-01`` unless they lie in 0 to the row's
    full points.
    """
    if not points.is_finite() or not 0 <= points <= row.points:
        raise ZhunshengError("ZS-KE-01", name=row.name, points=points, full=row.points)
    return points.quantize(Decimal("0.01"), ROUND_HALF_UP)


def key_card(
    framework: KeyFramework, given: Mapping[str, Mapping[str, Decimal]], agreed: Mapping[str, Decimal]
) -> KeyCard:
    """Put together evaluator -> row code -> points, and row code -> agreed points. Raises ``ZS-KE-01``."""
    rows = []
    totals: dict[str, tuple[Decimal, Decimal]] = {}
    for row in framework.rows:
        mine = {
            who: check_points(row, scores[row.code]) for who, scores in given.items() if row.code in scores
        }
        spread = max(mine.values()) - min(mine.values()) if mine else Decimal(0)
        mean = (
            (sum(mine.values(), Decimal(0)) / len(mine)).quantize(Decimal("0.01"), ROUND_HALF_UP)
            if mine
            else None
        )
        settled = check_points(row, agreed[row.code]) if row.code in agreed else None
        rows.append(KeyScore(row, mine, spread, spread > row.points * APART, mean, settled))
        full, got = totals.get(row.dimension, (Decimal(0), Decimal(0)))
        totals[row.dimension] = (full + row.points, got + (settled or Decimal(0)))
    total = sum((got for _, got in totals.values()), Decimal(0))
    return KeyCard(tuple(rows), totals, total, all(r.agreed is not None for r in rows))
