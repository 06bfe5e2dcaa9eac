"""Numbers, money and rates in words: one way to show a figure, one way to make a rate."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

Figure = Fraction | Decimal | int
MOST_PLACES = 30  # more digits than any ledger's rate needs to be told from its target


def number(value: Figure, places: int = 2) -> str:
    """Return a number with at most ``places`` decimals, rounded half up, without trailing zeros."""
    value = Fraction(value)
    scale = 10**places
    # Half up in whole numbers: twice the numerator plus the denominator, over twice the denominator.
    whole = (2 * abs(value.numerator) * scale + value.denominator) // (2 * value.denominator)
    text = f"{whole // scale}.{whole % scale:0{places}d}".rstrip("0").rstrip(".") if places else str(whole)
    return f"-{text}" if value < 0 and whole else text


def plain(value: Fraction | Decimal) -> str:
    """Return a number as digits, never in exponents, without trailing zeros behind the point: 0.25, 400000.

    A decimal is shown whole, a fraction to the 28 digits of decimal arithmetic.
    """
    text = (
        f"{Decimal(value.numerator) / Decimal(value.denominator) if isinstance(value, Fraction) else value:f}"
    )
    return text.rstrip("0").rstrip(".") if "." in text else text


def wan(amount: Decimal | None, unit: str = "万元") -> str:
    """Return yuan as 万元 in words, empty where there is none."""
    return "" if amount is None else f"{plain(amount / 10000)}{unit}"


def row_place(sheet: str | None, row: int) -> str:
    """Return where a row stands in a file: its number, behind the worksheet's name where one is known."""
    return f"{sheet} {row}" if sheet else str(row)


def thousands(count: int) -> str:
    """Return a count with commas: 12,345."""
    return f"{count:,}"


def money(amount: Decimal) -> str:
    """Return an amount with commas and two decimals: ``1,234.50``."""
    return f"{amount:,.2f}"


def yuan(amount: Decimal) -> str:
    """Return yuan with the unit: ``1,234.50元``."""
    return f"{money(amount)}元"


def ten_thousands(amount: Decimal) -> str:
    """Return yuan in 万元 with commas and two decimals, without the unit."""
    return money(amount / 10000)


def number_beside(value: Figure, bounds: Iterable[Figure], places: int = 2) -> str:
    """Return a number with as many decimals as it takes to stand where it truly stands to every bound.

    89.996 beside 90 is ``89.996``, never ``90``; a number equal to a bound is shown equal to it.
    At least ``places`` decimals are allowed, trailing zeros are dropped.
    """
    value = Fraction(value)
    # An equal bound that no decimal can write (1/3) is rounded alike, so there is nothing to tell apart.
    limits = [b for b in (Fraction(b) for b in bounds) if b != value or _is_decimal(b)]
    for digits in range(places, MOST_PLACES):
        text = number(value, digits)
        shown = Fraction(text)
        if all(_side(shown, limit) == _side(value, limit) for limit in limits):
            return text
    return number(value, MOST_PLACES)


def percent(share: Figure, places: int = 2) -> str:
    """Return a fraction in percent: 1/2 is ``50%``."""
    return f"{number(Fraction(share) * 100, places)}%"


def percent_beside(share: Figure, bounds: Iterable[Figure], places: int = 2) -> str:
    """Return a fraction in percent that stands on its true side of every bound (fractions too)."""
    return f"{number_beside(Fraction(share) * 100, [Fraction(b) * 100 for b in bounds], places)}%"


def rate(numerators: Iterable[Figure], denominators: Iterable[Figure]) -> Fraction | None:
    """Return the rate of a group: the sum of the numerators over the sum of the denominators, a fraction.

    Never the mean of the members' rates: 65 of 68 paid is 65/68, however the 68 are spread.
    None where there is nothing to divide by. Members whose numerator or denominator is unknown have to be
    left out of both by the caller, who says so.
    """
    above = sum((Fraction(n) for n in numerators), Fraction(0))
    below = sum((Fraction(d) for d in denominators), Fraction(0))
    return above / below if below else None


def _is_decimal(value: Fraction) -> bool:
    return (value * Fraction(10) ** MOST_PLACES).denominator == 1


def _side(value: Fraction, limit: Fraction) -> int:
    return (value > limit) - (value < limit)
