"""Merkle trees over a list that only grows, with proofs of inclusion and of consistency (RFC 9162, 2.1).

A tree is never held: every function asks ``at(level, index)`` for the hash of a complete subtree, the leaves
``index * 2**level`` to ``(index + 1) * 2**level``, and asks it some log2(n) times.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence

At = Callable[[int, int], bytes]


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry as a leaf."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node over its two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


EMPTY = hashlib.sha256(b"").digest()  # the root of a tree without leaves


def _complete(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Return the complete subtrees (level, index) that leaves ``start`` to ``end`` fall into, left to right;
    ``start`` is where such a range of a tree of ``end`` leaves begins.
    """
    while start < end:
        level = (end - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level


def _over(start: int, end: int, at: At) -> bytes:
    """Return the hash of the subtree over leaves ``start`` to ``end`` (at least one)."""
    parts = [at(level, index) for level, index in _complete(start, end)]
    found = parts.pop()
    while parts:
        found = node_hash(parts.pop(), found)
    return found


def root(size: int, at: At) -> bytes:
    """Return the root of the first ``size`` leaves."""
    return _over(0, size, at) if size else EMPTY


def _split(size: int) -> int:
    """Return the largest power of two below a size of at least two."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion(index: int, size: int, at: At) -> list[bytes]:
    """Return the proof that leaf ``index`` (from 0) is in the tree of the first ``size``: the siblings,
    from the leaf up. Raises ``IndexError`` where it isn't.
    """
    if not 0 <= index < size:
        raise IndexError(index)
    start, end, found = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            found.append(_over(middle, end, at))
            end = middle
        else:
            found.append(_over(start, middle, at))
            start = middle
    return found[::-1]


def consistency(old: int, size: int, at: At) -> list[bytes]:
    """Return the proof that the tree of the first ``old`` leaves is the beginning of that of ``size``; empty
    for the same tree and for one without leaves. Raises ``IndexError`` where ``old`` is the larger.
    """
    if not 0 <= old <= size:
        raise IndexError(old)
    if old in (0, size):
        return []
    start, end, whole, found = 0, size, True, []
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            found.append(_over(middle, end, at))
            end = middle
        else:
            found.append(_over(start, middle, at))
            start, whole = middle, False
    if not whole:
        found.append(_over(start, end, at))
    return found[::-1]


def included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], claimed: bytes) -> bool:
    """Return whether a proof shows a leaf's hash at ``index`` under the root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    number, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if number & 1 or number == last:
            found = node_hash(sibling, found)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        number, last = number >> 1, last >> 1
    return last == 0 and found == claimed


def consistent(old: int, size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Return whether a proof shows that a tree is the beginning of another (RFC 9162, 2.1.4.2)."""
    if old == size:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY
    if not 0 < old < size or not proof:
        return False
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    number, last = old - 1, size - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        number, last = number >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


class Growing:
    """The right edge of a tree that grows: enough for its root, and for the nodes that a leaf completes."""

    def __init__(self, size: int = 0, at: At | None = None) -> None:
        self.size = size
        self._edge = [at(level, index) for level, index in _complete(0, size)] if at else []

    def add(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Append a leaf's hash; return the nodes it completes as (level, index, hash), itself first."""
        index, level, found = self.size, 0, leaf
        made = [(0, index, leaf)]
        while index & 1:
            found = node_hash(self._edge.pop(), found)
            index, level = index >> 1, level + 1
            made.append((level, index, found))
        self._edge.append(found)
        self.size += 1
        return made

    def root(self) -> bytes:
        """Return the root over all leaves so far."""
        if not self._edge:
            return EMPTY
        found = self._edge[-1]
        for left in self._edge[-2::-1]:
            found = node_hash(left, found)
        return found
