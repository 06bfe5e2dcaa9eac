"""The arithmetic of BLS12-381 by py_ecc, loaded without what it sets for the whole process: a limit of
recursion under which a deeply nested JSON ends the process instead of being refused.
"""

import sys

_limit = sys.getrecursionlimit()
from py_ecc.bls import g2_primitives as points  # noqa: E402 (between the two looks at the limit)
from py_ecc.bls.hash_to_curve import hash_to_G1, hash_to_G2  # noqa: E402
from py_ecc.optimized_bls12_381 import (  # noqa: E402
    G1,
    G2,
    add,
    curve_order,
    final_exponentiate,
    is_inf,
    multiply,
    neg,
    pairing,
)

sys.setrecursionlimit(_limit)

__all__ = [
    "G1",
    "G2",
    "add",
    "curve_order",
    "final_exponentiate",
    "hash_to_G1",
    "hash_to_G2",
    "is_inf",
    "multiply",
    "neg",
    "pairing",
    "points",
]
