"""Public randomness: what each source published, checked, entered by two people, in one canonical text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from zhunsheng.draws.beacons import CHAINS, randomness_of
from zhunsheng.draws.plan import Ceremony, Drand, Lottery, Plan, Source
from zhunsheng.draws.slips import SALT, opened, record_digest, recorded, slip
from zhunsheng.errors import ZhunshengError
from zhunsheng.translation import series, worded

# Full-width digits stand in draws of before; they are text as well. New entries are folded (``entered``).
NUMBERS = re.compile(r"[0-9０-９]{1,12}(?: [0-9０-９]{1,12})*")
MAX_NUMBERS = 2_000  # characters
_FULL_WIDTH = str.maketrans("０１２３４５６７８９　", "0123456789 ")


def canonical_text(plan: Plan, values: Sequence[dict[str, Any]]) -> str:
    """Return what the sources published as one text, a line a source in the plan's order.
    Raises ``ZS-DR-05``.

    A drand value is ``{"signature"}``, of the default chain with ``"previous_signature"`` (checked against
    the chain's key), lottery ``{"numbers"}``, ceremony ``{"numbers": [one a speaker]}``,
    with sealed slips ``"salts"`` and ``"sealed_at"`` too, office ``{"numbers"}``;
    numbers are digits with single spaces between, kept as text.
    """
    if len(values) != len(plan.randomness):
        raise ZhunshengError(
            "ZS-DR-05",
            detail=worded(
                "方案有 {randomness} 个来源，录入了 {values} 个",
                randomness=len(plan.randomness),
                values=len(values),
            ),
        )
    lines = []
    for number, (source, value) in enumerate(zip(plan.randomness, values, strict=True), start=1):
        # Anything else would stand in the bundle without a meaning.
        if {*value} != {*(wanted := fields_of(source))}:
            raise ZhunshengError(
                "ZS-DR-05",
                detail=worded(
                    "第 {number} 个来源应录入且只录入 {wanted}", number=number, wanted=series(wanted)
                ),
            )
        if isinstance(source, Drand):
            found = randomness_of(source.chain, source.round, value)
            lines.append(f"drand:{CHAINS[source.chain].hash}:{source.round}:{found}")
        elif isinstance(source, Lottery):
            lines.append(f"lottery:{source.name}:{source.issue}:{_numbers(value.get('numbers'))}")
        elif isinstance(source, Ceremony):
            spoken = value.get("numbers")
            if not isinstance(spoken, list) or len(spoken) != len(source.speakers):
                raise ZhunshengError(
                    "ZS-DR-05",
                    detail=worded("现场应有 {speakers} 人各报一个数", speakers=len(source.speakers)),
                )
            said = ";".join(f"{who}={_numbers(n)}" for who, n in zip(source.speakers, spoken, strict=True))
            lines.append(f"ceremony:{said}" + (f":{_slips(plan, value)}" if source.sealed else ""))
        else:
            lines.append(f"office:{_numbers(value.get('numbers'))}")
    return "\n".join(lines)


def fields_of(source: Source) -> tuple[str, ...]:
    """Return the fields of a source's value as it stands in the seed's record."""
    if isinstance(source, Drand):
        return ("signature", "previous_signature") if CHAINS[source.chain].chained else ("signature",)
    return (
        ("numbers", "salts", "sealed_at") if isinstance(source, Ceremony) and source.sealed else ("numbers",)
    )


def _slips(plan: Plan, value: Mapping[str, Any]) -> str:
    """Return the digest of the slips' record, made again from the salts and numbers of the opened slips."""
    salts, sealed_at = value.get("salts"), value.get("sealed_at")
    if not isinstance(salts, list) or len(salts) != len(value["numbers"]):
        raise ZhunshengError("ZS-DR-05", detail=worded("每张封条应有一个盐"))
    if not all(isinstance(salt, str) and SALT.fullmatch(salt) for salt in salts):
        raise ZhunshengError("ZS-DR-05", detail=worded("封条的盐应为 32 个十六进制字符（0-9、a-f）"))
    if datetime.fromisoformat(str(sealed_at)) >= plan.known_at:
        raise ZhunshengError(
            "ZS-DR-05", detail=worded("封条到 {sealed_at} 才登记，那时数字已在公布", sealed_at=sealed_at)
        )
    slips = [slip(salt, number) for salt, number in zip(salts, value["numbers"], strict=True)]
    return record_digest(recorded(plan, slips, str(sealed_at)))


def _numbers(value: Any) -> str:
    """Return published numbers as text; a number type would lose leading zeros, so only text is taken."""
    if not isinstance(value, str) or len(value) > MAX_NUMBERS or not NUMBERS.fullmatch(value):
        raise ZhunshengError(
            "ZS-DR-05",
            detail=worded(
                "“{value}”应为数字，以单个空格相隔，按公布的写法录入（保留前面的零）", value=str(value)[:40]
            ),
        )
    return value


def plain_numbers(typed: str) -> str:
    """Return numbers as they are sealed, entered and digested: full-width digits as plain ones.
    Raises ``ZS-DR-05``.
    """
    return _numbers(typed.translate(_FULL_WIDTH))


def entered(values: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return an entry's values with full-width digits and blanks, which a Chinese keyboard writes,
    as plain ones.

    Raises ``ZS-DR-05`` for what YAML took for a number, a date or a truth, since nobody wrote quotes:
    what stood there, its zeros before all, is lost, and a speaker would be told that the slip is another.
    """

    def folded(said: Any, where: str) -> Any:
        if isinstance(said, list):
            return [
                folded(one, worded("{where} 的第 {n} 个", where=where, n=n))
                for n, one in enumerate(said, start=1)
            ]
        if isinstance(said, int | float | date):  # a truth is an int, a moment a date
            raise ZhunshengError(
                "ZS-DR-05",
                detail=worded(
                    '{where}没有加引号，被读成了 {said}：请给号码加引号，如 "0731"', where=where, said=said
                ),
            )
        return said.translate(_FULL_WIDTH) if isinstance(said, str) else said

    return [
        {k: folded(v, worded("第 {n} 个来源的 {k}", n=n, k=k)) for k, v in value.items()}
        for n, value in enumerate(values, start=1)
    ]


def both(
    plan: Plan, first: dict[str, Any], second: dict[str, Any], sealed: Mapping[str, Any] | None = None
) -> tuple[str, list[str], list[dict[str, Any]]]:
    """Return the canonical text that two people entered alike, who they are, and the values as they are kept.

    An entry is ``{"by": name, "values": [...]}``; ``sealed`` is the record of a ceremony's slips.
    Raises ``ZS-DR-04``, ``ZS-DR-05``, ``ZS-DR-35``, ``ZS-DR-36``.
    """
    for entry in (first, second):
        values = entry.get("values", []) if isinstance(entry, dict) else None
        if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
            detail = worded(
                '录入应有 by（姓名）和 values（列表，每个来源一项，每项写明是什么，如 - numbers: "03 11"）'
            )
            raise ZhunshengError("ZS-DR-05", detail=detail)
    names = [str(entry.get("by", "")).strip() for entry in (first, second)]
    if not all(names) or names[0] == names[1]:
        raise ZhunshengError("ZS-DR-04", detail=worded("须由两个不同的人录入，并写明姓名（by）"))
    values = [opened(plan, entered(entry.get("values", [])), sealed) for entry in (first, second)]
    texts = [canonical_text(plan, one) for one in values]
    if texts[0] != texts[1]:
        raise ZhunshengError(
            "ZS-DR-04", detail=worded("{one} 与 {other} 录入的内容不同", one=names[0], other=names[1])
        )
    return texts[0], names, values[0]
