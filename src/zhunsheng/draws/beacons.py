"""The drand beacons: when a round is out, and whether a signature is that round's (BLS12-381, by py_ecc).

Parameters are those of the networks' ``/info`` (League of Entropy); schemes ``bls-unchained-g1-rfc9380`` and
``pedersen-bls-chained`` as docs/draw-specification.md has them. The browser page reads the same table.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from zhunsheng.draws.spec import digest
from zhunsheng.errors import ZhunshengError
from zhunsheng.translation import worded


@dataclass(frozen=True)
class Chain:
    """One network: its hash, the Unix time of round 1, seconds between rounds, public key (hexadecimal).

    ``signature`` counts a signature's hexadecimal characters: 96 on G1, 192 on G2;
    the key is on the other group. ``chained``: a round's message also holds the signature before.
    """

    hash: str
    genesis: int
    period: int
    key: str
    signature: int
    chained: bool


CHAINS: dict[str, Chain] = {
    "quicknet": Chain(
        hash="52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971",
        genesis=1_692_803_367,
        period=3,
        key="83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451"
        "0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a",
        signature=96,
        chained=False,
    ),
    "default": Chain(
        hash="8990e7a9aaed2ffed73dbd7092123d6f289930540d7651336225dc172e51b2ce",
        genesis=1_595_431_050,
        period=30,
        key="868f005eb8e6e4ca0a47c8a77ceaa5309a47978a7c71bc5cce96366b5d7a569937c529eeda66c7293784a9402801af31",
        signature=192,
        chained=True,
    ),
}
DST = "BLS_SIG_BLS12381G{group}_XMD:SHA-256_SSWU_RO_NUL_"


def round_time(chain: str, number: int) -> datetime:
    """Return when a round is published."""
    network = CHAINS[chain]
    return datetime.fromtimestamp(network.genesis, UTC) + timedelta(seconds=network.period * (number - 1))


def round_at(chain: str, moment: datetime) -> int:
    """Return the first round published at or after ``moment``."""
    network = CHAINS[chain]
    waited = moment - datetime.fromtimestamp(network.genesis, UTC)
    return max(1, 1 - (-waited // timedelta(seconds=network.period)))


def randomness_of(chain: str, number: int, value: Mapping[str, Any]) -> str:
    """Return a round's randomness, the digest of its signature, once that verifies under the chain's key.

    ``value`` is ``{"signature"}`` and, of a chained network, ``"previous_signature"``. Raises ``ZS-DR-05``.
    """
    network = CHAINS[chain]
    fields = ("signature", "previous_signature") if network.chained else ("signature",)
    said = [str(value.get(field, "")) for field in fields]
    if not all(re.fullmatch(f"[0-9a-f]{{{network.signature}}}", one) for one in said):
        names = worded("签名和前一轮签名") if network.chained else worded("签名")
        detail = worded(
            "drand 第 {number} 轮的{names}应为 {signature} 个十六进制字符（0-9、a-f）",
            number=number,
            names=names,
            signature=network.signature,
        )
        raise ZhunshengError("ZS-DR-05", detail=detail)
    if not _signed(chain, number, *said):
        raise ZhunshengError(
            "ZS-DR-05",
            detail=worded(
                "drand 第 {number} 轮的签名不成立：不是这条链（{chain}）这一轮的签名",
                number=number,
                chain=chain,
            ),
        )
    return digest(bytes.fromhex(said[0]))


@lru_cache(maxsize=64)
def _signed(chain: str, number: int, signature: str, previous: str = "") -> bool:
    """Return whether ``signature`` is the chain's of a round: e(signature, generator) = e(H(message), key).

    Points are on the curve and in the subgroup of prime order, and not the point at infinity.
    """
    # A second to load, needed only where a plan names a beacon.
    from zhunsheng.draws.curves import (
        G1,
        G2,
        final_exponentiate,
        hash_to_G1,
        hash_to_G2,
        is_inf,
        neg,
        pairing,
        points,
    )

    network = CHAINS[chain]
    message = hashlib.sha256(bytes.fromhex(previous) + number.to_bytes(8, "big")).digest()
    on_g1 = network.signature == 96
    try:
        if on_g1:
            point, key = (
                points.pubkey_to_G1(bytes.fromhex(signature)),
                points.signature_to_G2(bytes.fromhex(network.key)),
            )
        else:
            point, key = (
                points.signature_to_G2(bytes.fromhex(signature)),
                points.pubkey_to_G1(bytes.fromhex(network.key)),
            )
    except ValueError:
        return False
    if is_inf(point) or not points.subgroup_check(point):
        return False
    dst = DST.format(group=1 if on_g1 else 2).encode()
    # One final exponentiation for both pairings: their product is one where they are equal.
    if on_g1:
        left = pairing(G2, neg(point), final_exponentiate=False)
        right = pairing(key, hash_to_G1(message, dst, hashlib.sha256), final_exponentiate=False)
    else:
        left = pairing(neg(point), G1, final_exponentiate=False)
        right = pairing(hash_to_G2(message, dst, hashlib.sha256), key, final_exponentiate=False)
    return bool(final_exponentiate(left * right) == type(left).one())
