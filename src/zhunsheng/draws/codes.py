"""Whether ids of a frame that are as long as unified social credit codes are such:
signs and check digit (GB 32100—2015).

A warning only, since a frame may have ids of any form. Excel turns the last three of eighteen figures into
zeros, and O is typed for 0: whoever has such an id is not found when they ask for themselves.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

ALPHABET = b"0123456789ABCDEFGHJKLMNPQRTUWXY"
# Exact as floats, whose products numpy has by compiled code; the check digit counts once.
WEIGHTS = np.array([*(pow(3, k, 31) for k in range(17)), 1], np.float32)
LENGTH = 18
PIECE = 2**22  # bytes of a text looked at at once
LOOKED = 2**23  # bytes of a text looked at at all: some 300,000 lines, in a tenth of a second
SHOWN = 5

_NO_SIGN = -(2**16)  # below what all others come to together
_VALUES = np.full(256, _NO_SIGN, np.float32)
_VALUES[list(ALPHABET)] = np.arange(len(ALPHABET))

_PLAIN = np.zeros(256, np.bool_)
_PLAIN[list(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")] = True


def odd_codes(text: Path) -> tuple[int, list[str], bool]:
    """Return of a frame.tsv how many ids of eighteen figures and letters are no such code, the first few,
    whether all was seen.
    """
    count, shown = 0, list[str]()
    rest, left = b"", LOOKED
    with text.open("rb") as stream:
        while left > 0 and (piece := stream.read(min(PIECE, left))):
            left -= len(piece)
            whole, feed, rest = (rest + piece).rpartition(b"\n")
            ids = _of_length(np.frombuffer(whole + feed, np.uint8))
            sums = (_VALUES[ids] @ WEIGHTS).astype(np.int32)
            odd = ids[(sums < 0) | (sums % 31 != 0)]
            count += len(odd)
            shown += [one.tobytes().decode("ascii") for one in odd[: SHOWN - len(shown)]]
    return count, shown, text.stat().st_size <= LOOKED


def _of_length(lines: np.ndarray) -> np.ndarray:
    """Return, as rows, the ids of whole lines that are eighteen figures and letters;
    of a shorter id a tab stands earlier.
    """
    if not lines.size:
        return np.zeros((0, LENGTH), np.uint8)
    starts = np.concatenate([[0], np.flatnonzero(lines == 10)[:-1] + 1])
    starts = starts[starts + LENGTH < lines.size]
    starts = starts[lines[starts + LENGTH] == 9]
    ids = lines[starts[:, None] + np.arange(LENGTH)]
    return np.asarray(ids[_PLAIN[ids].all(axis=1)])
