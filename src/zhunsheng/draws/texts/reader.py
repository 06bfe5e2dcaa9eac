"""One pass over a frame's text: its checks, digest, tree, and the lines whose tickets may be drawn."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from zhunsheng.draws import kernels
from zhunsheng.draws.bundle_rules import MAX_STRATA
from zhunsheng.draws.drawing import limits_of
from zhunsheng.draws.merkle import GROUP, Groups
from zhunsheng.draws.spec import PART, SALT_LENGTH, SEPARATOR, STRATUM_JOIN, head, salt, ticket

PIECE = 2**18  # bytes read at once: with all that is made of them they stay in the second-level cache
MOST_KEPT = 10_000_000  # candidates held in memory, some 200 bytes each; draws of more are the database's
AT_ONCE = 512  # lines salted and hashed while their salts lie in the first-level cache
SLOTS = 2**16
_LINES = (PIECE + kernels.LONGEST_LINE) // 4 + 1  # an id, a tab, a stratum, a line feed


class TextSource(Protocol):
    """What text is read from: an open file, or lines that are made as they are read."""

    def readinto(self, into: memoryview, /) -> int | None:
        """Fill ``into`` from its beginning and return how many bytes that were; 0 at the end."""
        ...


@dataclass
class Tickets:
    """Which tickets may be drawn by ``seed``: by stratum, and how many each has to give."""

    seed: str
    quotas: Mapping[str, Mapping[str, int]]
    filtered: bool = True


@dataclass
class Candidates:
    """Lines whose tickets may be drawn: number of the stratum, first 64 bits of the ticket, line,
    id in 24 bytes.
    """

    strata: Any
    heads: Any
    lines: Any
    ids: Any


@dataclass
class Reader:
    """One pass over a frame's text behind its ``key``'s line, which is digested with it.

    ``tree`` and ``looks`` say what else is made of it than its digest and its checks.
    """

    parts: int
    wanted: Tickets | None = None
    tree: bool = True
    looks: bool = False
    key: str = ""
    names: list[str] = field(default_factory=list)
    count: int = 0
    overflow: bool = False

    def __post_init__(self) -> None:
        self._whole = hashlib.sha256(head(self.key))
        self.groups = Groups(key=self.key)
        self.look_hashes = bytearray()
        self._found: list[Candidates] = []
        self._kept = 0
        self._stratum = re.compile(STRATUM_JOIN.replace("|", "\\|").join([PART.pattern] * self.parts))
        self._text = np.zeros(PIECE + kernels.LONGEST_LINE + kernels.ROOM, np.uint8)
        self._starts, self._lengths = np.zeros(_LINES + 1, np.int32), np.zeros(_LINES, np.int32)
        self._strata, self._rows = np.zeros(_LINES, np.int32), np.zeros(_LINES, np.int32)
        self._heads, self._looks = np.zeros(_LINES, np.uint64), np.zeros(_LINES, np.uint64)
        self._leaves = np.zeros((_LINES + GROUP, 32), np.uint8)
        self._waiting = 0  # leaves that are no whole group yet
        self._table = np.full(SLOTS, -1, np.int64)
        self._name_bytes = np.zeros(MAX_STRATA * 64 + kernels.LONGEST_LINE, np.uint8)
        self._name_starts = np.zeros(MAX_STRATA + 1, np.int64)
        self._counts = np.zeros(MAX_STRATA, np.int64)
        self._last = np.zeros(3, np.uint64)
        self._limits = np.zeros(MAX_STRATA, np.uint64)
        self._prefix = np.zeros(kernels.PREFIX, np.uint8)
        if self.wanted:
            self._prefix[:] = bytes_of(f"{self.wanted.seed}{SEPARATOR}")
            self._bounds = limits_of(self.wanted.quotas, filtered=self.wanted.filtered)
        self._salts = np.zeros((AT_ONCE, 24), np.uint8)  # the zero byte of a leaf, its salt, room
        self._key = bytes_of(f"{self.key}{SEPARATOR}")

    @property
    def digest(self) -> str:
        """SHA-256 of the text read so far, in hex."""
        return self._whole.hexdigest()

    @property
    def sizes(self) -> dict[str, int]:
        """The size of each stratum, by its bytes."""
        found = {name: int(n) for name, n in zip(self.names, self._counts, strict=False)}
        return {k: found[k] for k in sorted(found, key=str.encode)}

    def read(self, source: TextSource) -> str | None:
        """Read to the end; return None when all lines are as specified, else what is wrong with the first
        that is not.
        """
        begin, at_file = (
            0,
            len(head(self.key)),
        )  # bytes carried over from the piece before; where the buffer begins
        view = memoryview(self._text.data)
        while got := source.readinto(view[begin : begin + PIECE]):
            self._whole.update(view[begin : begin + got])
            end = begin + got
            done = 0
            while True:
                why, found, done = self._scanned(done, end)
                if found:
                    self._take(found, at_file)
                if why == kernels.NEW_STRATUM:
                    if not self._add(done):
                        return "stratum"
                elif why in (kernels.NOT_A_LINE, kernels.OUT_OF_ORDER):
                    return "order" if why == kernels.OUT_OF_ORDER else "line"
                else:
                    break
            begin = end - done
            if begin > kernels.LONGEST_LINE:
                return "line"
            self._text[:begin] = self._text[done:end].copy()
            at_file += done
        if self.tree:
            self._fold(self._waiting)
        return "line" if begin else None

    def _scanned(self, begin: int, end: int) -> tuple[int, int, int]:
        # Nothing of an earlier piece may stand behind the end: a line is only one with its own line feed.
        self._text[end : end + kernels.ROOM] = 0
        found: tuple[int, int, int] = kernels.scan(
            self._text,
            begin,
            end,
            self._last,
            self._table,
            self._name_bytes,
            self._name_starts,
            self._starts,
            self._lengths,
            self._strata,
            self._counts,
        )
        return found

    def _add(self, at: int) -> bool:
        """Make the stratum of the line at ``at`` known; False where it is none that a frame may have."""
        line = self._text[at : at + kernels.LONGEST_LINE + kernels.ROOM].tobytes()
        begin, end = line.index(b"\t") + 1, line.index(b"\n")
        try:
            name = line[begin:end].decode()
        except UnicodeDecodeError:
            return False
        number, used = len(self.names), int(self._name_starts[len(self.names)])
        if number == MAX_STRATA or not self._stratum.fullmatch(name):
            return False
        if used + end - begin + kernels.LONGEST_LINE > self._name_bytes.size:
            self._name_bytes = np.concatenate([self._name_bytes, np.zeros(self._name_bytes.size, np.uint8)])
        self._table[kernels.place_of(self._text, at + begin, at + end, self._table)] = number
        self._name_bytes[used : used + end - begin] = self._text[at + begin : at + end]
        self._name_starts[number + 1] = used + end - begin
        if self.wanted:
            self._limits[number] = self._bounds.get(name, 0)
        self.names.append(name)
        return True

    def _take(self, found: int, at_file: int) -> None:
        """Make of the lines just found what is asked for; ``at_file`` is where the buffer begins
        in the text.
        """
        text, starts = self._text, self._starts
        if self.wanted and not self.overflow:
            self._ticketed(found)
        if self.looks:
            kernels.looks(text, starts, self._lengths, found, self._looks)
            self.look_hashes += self._looks[:found].data
        if self.tree:
            self._hash(found)
            first = -self.count % GROUP  # the first line here that begins a group
            self.groups.starts_at((starts[first:found:GROUP].astype(np.int64) + at_file).tobytes())
            self._waiting += found
            self._fold(self._waiting // GROUP * GROUP)
        self.count += found

    def _hash(self, found: int) -> None:
        """Add the leaves of the lines just found to those that wait."""
        text, starts, leaves = self._text, self._starts, self._leaves[self._waiting :]
        if not self.key:
            kernels.digests(_ZERO, 1, text, starts[:found], starts[1 : found + 1] - 1, leaves)
            return
        for begin in range(0, found, AT_ONCE):
            end = min(begin + AT_ONCE, found)
            kernels.salts(self._key, text, starts, self._lengths, begin, end, self._salts)
            if begin == 0:
                entity = text[starts[0] : starts[0] + self._lengths[0]].tobytes().decode("ascii")
                if self._salts[0, 1 : 1 + SALT_LENGTH].tobytes() != salt(self.key, entity):
                    raise AssertionError(f"the compiled salt of {entity} is not SHA-256")
            one = slice(begin, end), slice(begin + 1, end + 1)
            kernels.digests(
                self._salts, 1 + SALT_LENGTH, text, starts[one[0]], starts[one[1]] - 1, leaves[begin:]
            )

    def _ticketed(self, found: int) -> None:
        text, starts, lengths, rows = self._text, self._starts, self._lengths, self._rows
        assert self.wanted
        # The same compiled code on two lines, against hashlib, in every piece.
        kernels.tickets(
            self._prefix, text, starts, lengths, self._strata, _ALL, min(found, 2), rows, self._heads
        )
        for n in range(min(found, 2)):
            entity = text[starts[n] : starts[n] + lengths[n]].tobytes().decode("ascii")
            if f"{int(self._heads[n]):016x}" != ticket(self.wanted.seed, entity)[:16]:
                raise AssertionError(f"the compiled ticket of {entity} is not SHA-256")
        kept = kernels.tickets(
            self._prefix, text, starts, lengths, self._strata, self._limits, found, rows, self._heads
        )
        if not kept:
            return
        ids = np.empty((kept, 24), np.uint8)
        kernels.gather(text, starts, lengths, rows, kept, ids)
        chosen = rows[:kept]
        self._found.append(
            Candidates(self._strata[chosen], self._heads[:kept].copy(), chosen + np.int64(self.count), ids)
        )
        self._kept += kept
        if self._kept > MOST_KEPT:
            self.overflow, self._found = True, []

    def _fold(self, count: int) -> None:
        """Make nodes of ``count`` waiting leaves: whole groups, and at the end of the text the rest."""
        if count == 0:
            return
        rest = self._leaves[count : self._waiting].copy()
        left = count
        for _ in range(GROUP.bit_length() - 1):
            left = kernels.level(self._leaves, left)
        self.groups.add(self._leaves[:left].tobytes())
        self._waiting -= count
        self._leaves[: self._waiting] = rest

    def candidates(self) -> Candidates:
        """Return the lines that may be drawn."""
        if not self._found:
            none = np.zeros(0, np.int64)
            return Candidates(none, np.zeros(0, np.uint64), none, np.zeros((0, 24), np.uint8))
        return Candidates(
            np.concatenate([one.strata for one in self._found]),
            np.concatenate([one.heads for one in self._found]),
            np.concatenate([one.lines for one in self._found]),
            np.concatenate([one.ids for one in self._found]),
        )


_ZERO = np.zeros((1, 8), np.uint8)
_ALL = np.full(MAX_STRATA, 2**64 - 1, np.uint64)


def bytes_of(text: str) -> Any:
    """Return the bytes of an ASCII text as an array."""
    return np.frombuffer(text.encode("ascii"), np.uint8)
