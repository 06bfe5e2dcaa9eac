"""Numbers that Chinese numerals write, in small figures (九十五) and in large ones (壹佰元整)."""

from __future__ import annotations

import re
from decimal import Decimal

_DIGITS = "零一二三四五六七八九"
_SMALL = str.maketrans("〇○两壹贰貳叁肆伍陆陸柒捌玖拾佰仟萬億", "零零二一二二三四五六六七八九十百千万亿")
_WORDS = "[零一二三四五六七八九十百千万亿点]+"
_AMOUNT = re.compile(
    rf"(?:人民币)?(负)?({_WORDS})(?:(元|圆|块)(?:零?([{_DIGITS}])角)?(?:零?([{_DIGITS}])分)?)?(?:整|正)?"
)


def chinese_number(word: str) -> Decimal | None:
    """Return the number that a word of Chinese numerals writes (九十五, 二〇二一, 三点二);
    None where it writes none.

    The one place where the library of numerals is called: what it raises for words that only look like
    numbers (九十零, 十点一二三万) is of many kinds and costs that word alone. Digits behind 点 are read here,
    since the library gives a binary fraction.
    """
    whole, point, digits = word.partition("点")
    if point and not (digits and all(c in _DIGITS for c in digits)):
        return None
    try:
        import cn2an  # here, because a quarter of a second goes by while it is loaded

        units = Decimal(int(cn2an.cn2an(whole, "smart")))
    except Exception:
        return None
    return units + Decimal("0." + "".join(str(_DIGITS.index(c)) for c in digits)) if point else units


def chinese_amount(text: str) -> tuple[Decimal, bool] | None:
    """Return the number that a text writes in Chinese numerals alone, in small or large figures, and whether
    it says that it is yuan (壹佰元伍角整 is 100.5, True); None for any other text.
    """
    found = _AMOUNT.fullmatch(text.translate(_SMALL))
    if not found or (number := chinese_number(found[2])) is None:
        return None
    number += sum(
        (Decimal(_DIGITS.index(digit)) / part for digit, part in ((found[4], 10), (found[5], 100)) if digit),
        Decimal(0),
    )
    return (-number if found[1] else number), bool(found[3])
