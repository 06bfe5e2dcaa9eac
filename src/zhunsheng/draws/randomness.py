"""Public randomness: what each source published, checked, entered by two people, in one canonical text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import drand_verify

from zhunsheng.draws.plan import DRAND_CHAIN, Ceremony, Drand, Lottery, Plan
from zhunsheng.errors import ZhunshengError

# Full-width digits stand in draws of before; they are text as well. New entries are folded (``entered``).
NUMBERS = re.compile(r"[0-9０-９]{1,12}(?: [0-9０-９]{1,12})*")
MAX_NUMBERS = 2_000  # characters
_FULL_WIDTH = str.maketrans("０１２３４５６７８９　", "0123456789 ")


def canonical_text(plan: Plan, values: Sequence[dict[str, Any]]) -> str:
    """Return what the sources published as one text, a line a source in the plan's order. Raises ``ZS-DR-05``.

    A drand value is ``{"signature"}`` (checked against the chain's key), lottery ``{"numbers"}``, ceremony
    ``{"numbers": [one a speaker]}``, office ``{"numbers"}``; numbers are digits with single spaces between, kept as text.
    """
    if len(values) != len(plan.randomness):
        raise ZhunshengError("ZS-DR-05", detail=f"方案有 {len(plan.randomness)} 个来源，录入了 {len(values)} 个")
    lines = []
    for source, value in zip(plan.randomness, values, strict=True):
        if isinstance(source, Drand):
            lines.append(f"drand:{DRAND_CHAIN}:{source.round}:{_beacon(source.round, value)}")
        elif isinstance(source, Lottery):
            lines.append(f"lottery:{source.name}:{source.issue}:{_numbers(value.get('numbers'))}")
        elif isinstance(source, Ceremony):
            spoken = value.get("numbers")
            if not isinstance(spoken, list) or len(spoken) != len(source.speakers):
                raise ZhunshengError("ZS-DR-05", detail=f"现场应有 {len(source.speakers)} 人各报一个数")
            said = ";".join(f"{who}={_numbers(n)}" for who, n in zip(source.speakers, spoken, strict=True))
            lines.append(f"ceremony:{said}")
        else:
            lines.append(f"office:{_numbers(value.get('numbers'))}")
    return "\n".join(lines)


def _beacon(round_number: int, value: dict[str, Any]) -> str:
    signature = str(value.get("signature", ""))
    # The library panics on what is not hexadecimal at all.
    if not re.fullmatch(r"[0-9a-f]{96}", signature):
        raise ZhunshengError("ZS-DR-05", detail=f"drand 第 {round_number} 轮的签名应为 96 个十六进制字符")
    try:
        return str(drand_verify.verify_quicknet(round_number, signature))
    except ValueError as error:
        raise ZhunshengError("ZS-DR-05", detail=f"drand 第 {round_number} 轮的签名不成立（{error}）") from None


def _numbers(value: Any) -> str:
    """Return published numbers as text; a number type would lose leading zeros, so only text is taken."""
    if not isinstance(value, str) or len(value) > MAX_NUMBERS or not NUMBERS.fullmatch(value):
        raise ZhunshengError("ZS-DR-05", detail=f"“{str(value)[:40]}”应为数字，以单个空格相隔，按公布的写法录入（保留前面的零）")
    return value


def entered(values: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return an entry's values with full-width digits and blanks, which a Chinese keyboard writes, as plain ones."""

    def folded(said: Any) -> Any:
        if isinstance(said, list):
            return [folded(one) for one in said]
        return said.translate(_FULL_WIDTH) if isinstance(said, str) else said

    return [{k: folded(v) for k, v in value.items()} for value in values]


def both(plan: Plan, first: dict[str, Any], second: dict[str, Any]) -> tuple[str, list[str]]:
    """Return the canonical text that two people entered alike, and who they are. Raises ``ZS-DR-04`` or ``ZS-DR-05``.

    An entry is ``{"by": name, "values": [...]}``.
    """
    for entry in (first, second):
        values = entry.get("values", []) if isinstance(entry, dict) else None
        if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
            raise ZhunshengError("ZS-DR-05", detail="录入应有 by（姓名）和 values（列表，每个来源一项）")
    names = [str(entry.get("by", "")).strip() for entry in (first, second)]
    if not all(names) or names[0] == names[1]:
        raise ZhunshengError("ZS-DR-04", detail="须由两个不同的人录入，并写明姓名（by）")
    texts = [canonical_text(plan, entered(entry.get("values", []))) for entry in (first, second)]
    if texts[0] != texts[1]:
        raise ZhunshengError("ZS-DR-04", detail=f"{names[0]} 与 {names[1]} 录入的内容不同")
    return texts[0], names
