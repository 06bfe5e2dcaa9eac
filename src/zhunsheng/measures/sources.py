"""A year's money by where it is from: 当年财政拨款, 上年结转资金, 其他资金 (财预〔2020〕10号 附件1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from zhunsheng.measures.definitions import MONEY, SOURCES
from zhunsheng.measures.reading import Reading

Parts = Mapping[str, Reading | None]  # of a measure of money, by the keys of ``SOURCES``


@dataclass(frozen=True)
class Source:
    """What one source (``name``, a key of ``SOURCES``) is of a year's money, in yuan: None where rows of the
    ledger do not say from which source they are, nought only where all of them do and none is of this one.
    """

    name: str
    initial: Decimal | None = None
    adjusted: Decimal | None = None
    paid: Decimal | None = None

    @property
    def rate(self) -> Fraction | None:
        """The share of its adjusted budget that was paid; None where it is not known or has no budget."""
        if self.paid is None or self.adjusted is None or self.adjusted <= 0:
            return None
        return Fraction(self.paid) / Fraction(self.adjusted)


def parted(wholes: Mapping[str, Reading], parts: Mapping[str, Parts]) -> tuple[Source, ...]:
    """Return what each source is of the money that readings (by the names of ``MONEY``) came to; nothing
    where no measure can be told apart.

    A measure is told apart only where every row of it names its source: what some rows leave unsaid may be
    of any of them.
    """
    told = {name: parts[name] for name, whole in wholes.items() if named(parts[name]) == whole.denominator}
    if not told:
        return ()
    found = {key: [_amount(told[name][key]) if name in told else None for name in MONEY] for key in SOURCES}
    return tuple(Source(key, *amounts) for key, amounts in found.items())


def named(parts: Parts) -> int:
    """Return how many rows of a measure name their source."""
    return sum(part.denominator for part in parts.values() if part)


def _amount(part: Reading | None) -> Decimal:
    return (part and part.numerator) or Decimal(0)
