"""SHA-256 and the checks of a frame's lines in bulk, compiled by numba (extra ``fast``);
no Python is run a line.

The block function is the processor's own (SHA-NI) through LLVM, two messages interleaved,
where the code is compiled for a processor that has it: elsewhere LLVM would end the process,
so it is asked first. Other machines take OpenSSL's. Compiled code is kept in the user's cache folder.
All work on pieces of a frame's text: ``data`` (uint8, at least ``ROOM`` bytes more than are used),
``starts`` (int32, one more than lines: where each begins), ``lengths`` (int32: of each id).
"""

from __future__ import annotations

import _hashlib
import ctypes
import os
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core.registry import cpu_target
from numba.extending import intrinsic

from zhunsheng.files.own import own_folder

ROOM = 64  # bytes that may be read behind the last line, whatever they hold
PREFIX = 33  # of a ticket's message: 32 characters of the seed and the separator
LONGEST_ID = 22
LONGEST_LINE = 1024  # bytes: an id, a tab, six parts of 40 characters of four bytes, their joins
WHOLE, NOT_A_LINE, OUT_OF_ORDER, NEW_STRATUM, CUT = range(5)  # how ``scan`` ended

# Which processor code is compiled for, as numba has it (NUMBA_CPU_NAME and NUMBA_CPU_FEATURES change it).
HAS_SHA = "+sha" in cpu_target.target_context.codegen().magic_tuple()[2].split(",")
BLOCKS = "SHA-NI" if HAS_SHA else "OpenSSL"

_K = np.frombuffer(
    bytes.fromhex(
        "428a2f98 71374491 b5c0fbcf e9b5dba5 3956c25b 59f111f1 923f82a4 ab1c5ed5 d807aa98 12835b01 243185be "
        "550c7dc3 72be5d74 80deb1fe 9bdc06a7 c19bf174 e49b69c1 efbe4786 0fc19dc6 240ca1cc 2de92c6f 4a7484aa "
        "5cb0a9dc 76f988da 983e5152 a831c66d b00327c8 bf597fc7 c6e00bf3 d5a79147 06ca6351 14292967 27b70a85 "
        "2e1b2138 4d2c6dfc 53380d13 650a7354 766a0abb 81c2c92e 92722c85 a2bfe8a1 a81a664b c24b8b70 c76c51a3 "
        "d192e819 d6990624 f40e3585 106aa070 19a4c116 1e376c08 2748774c 34b0bcb5 391c0cb3 4ed8aa4a 5b9cca4f "
        "682e6ff3 748f82ee 78a5636f 84c87814 8cc70208 90befffa a4506ceb bef9a3f7 c67178f2"
    ),
    ">u4",
)
_START = np.array(
    [0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19],
    dtype=np.uint32,
)


_FOLDER = own_folder("kernels")
if _FOLDER and not os.environ.get("NUMBA_CACHE_DIR"):
    setattr(numba.config, "CACHE_DIR", str(_FOLDER))  # noqa: B010 (its settings are made as it is loaded)
# Code that holds the address of OpenSSL's function is of this process only.
_compiled = njit(nogil=True, cache=bool(_FOLDER) and HAS_SHA)

# -- one block each of two messages
# -----------------------------------------------------------------------------------

_I32, _I64 = ir.IntType(32), ir.IntType(64)
_V4 = ir.VectorType(_I32, 4)


def _rounds(context: Any, state: Any, block: Any, other_state: Any, other: Any) -> Any:
    """Add a block of 64 bytes to a state of eight uint32, twice; all four are addresses."""
    signature = types.void(types.uintp, types.uintp, types.uintp, types.uintp)

    def code(_context: Any, b: Any, _signature: Any, arguments: Any) -> Any:
        def named(name: str, count: int) -> Any:
            return b.module.globals.get(name) or ir.Function(
                b.module, ir.FunctionType(_V4, [_V4] * count), name
            )

        rounds, first, second = (
            named(f"llvm.x86.sha256{n}", k) for n, k in (("rnds2", 3), ("msg1", 2), ("msg2", 2))
        )
        swapped = named("llvm.bswap.v4i32", 1)

        def vector(words: Any) -> Any:
            return ir.Constant(_V4, [ir.Constant(_I32, int(w)) for w in words])

        def mixed(one: Any, two: Any, *places: int) -> Any:
            return b.shuffle_vector(one, two, ir.Constant(_V4, [ir.Constant(_I32, p) for p in places]))

        def at(pointer: Any, k: int) -> Any:
            return b.gep(pointer, [ir.Constant(_I32, k)])

        lanes = []
        for place, message in (arguments[:2], arguments[2:]):
            p, m = b.inttoptr(place, _V4.as_pointer()), b.inttoptr(message, _V4.as_pointer())
            abcd, efgh = b.load(p, align=4), b.load(at(p, 1), align=4)
            words = [b.call(swapped, [b.load(at(m, k), align=1)]) for k in range(4)]
            # The instructions hold f e b a and h g d c, lowest word first.
            state0, state1 = mixed(efgh, abcd, 1, 0, 5, 4), mixed(efgh, abcd, 3, 2, 7, 6)
            lanes.append([state0, state1, words, p, state0, state1])
        for r in range(16):
            constants = vector(_K[4 * r : 4 * r + 4])
            for lane in lanes:
                x, y, w = lane[:3]
                if r >= 4:
                    t = b.add(b.call(first, [w[0], w[1]]), mixed(w[2], w[3], 1, 2, 3, 4))
                    lane[2] = w = [w[1], w[2], w[3], b.call(second, [t, w[3]])]
                k = b.add(w[3] if r >= 4 else w[r], constants)
                lane[1] = y = b.call(rounds, [y, x, k])
                lane[0] = b.call(rounds, [x, y, mixed(k, k, 2, 3, 0, 0)])
        for x, y, _, p, before_x, before_y in lanes:
            x, y = b.add(x, before_x), b.add(y, before_y)
            b.store(mixed(x, y, 3, 2, 7, 6), p, align=4)
            b.store(mixed(x, y, 1, 0, 5, 4), at(p, 1), align=4)
        return _context.get_dummy_value()

    return signature, code


_by_instructions: Any = intrinsic(_rounds)


_transform = ctypes.CDLL(_hashlib.__file__).SHA256_Transform
_transform.argtypes, _transform.restype = [ctypes.c_void_p, ctypes.c_void_p], None


@njit(nogil=True)
def _by_openssl(state: Any, block: Any, other_state: Any, other: Any) -> None:  # pragma: no cover (compiled)
    _transform(np.intp(state), np.intp(block))
    _transform(np.intp(other_state), np.intp(other))


if HAS_SHA:

    @njit(nogil=True)
    def _two(state: Any, block: Any, other_state: Any, other: Any) -> None:  # pragma: no cover (compiled)
        _by_instructions(state, block, other_state, other)

else:
    _two = _by_openssl

# -- bytes at addresses
# -----------------------------------------------------------------------------------------------


def _load(context: Any, address: Any) -> Any:
    """Return the eight bytes at an address."""

    def code(_context: Any, b: Any, _signature: Any, arguments: Any) -> Any:
        return b.load(b.inttoptr(arguments[0], _I64.as_pointer()), align=1)

    return types.uint64(types.uintp), code


_word: Any = intrinsic(_load)


def _store(context: Any, address: Any, value: Any) -> Any:
    """Write eight bytes to an address."""

    def code(_context: Any, b: Any, _signature: Any, arguments: Any) -> Any:
        b.store(arguments[1], b.inttoptr(arguments[0], _I64.as_pointer()), align=1)
        return _context.get_dummy_value()

    return types.void(types.uintp, types.uint64), code


_put: Any = intrinsic(_store)


def _swap(context: Any, value: Any) -> Any:
    """Return a word with its bytes in the other order."""

    def code(_context: Any, b: Any, _signature: Any, arguments: Any) -> Any:
        return b.bswap(arguments[0])

    return types.uint64(types.uint64), code


_turned: Any = intrinsic(_swap)


@njit(nogil=True)
def _kept(count: Any) -> Any:  # pragma: no cover (compiled)
    """Return the mask that keeps the first ``count`` (at most 8) bytes of a word."""
    if count >= 8:
        return np.uint64(0xFFFFFFFFFFFFFFFF)
    if count <= 0:
        return np.uint64(0)
    return (np.uint64(1) << np.uint64(8 * count)) - np.uint64(1)


# -- lines
# ------------------------------------------------------------------------------------------------------------

# 1: may stand in an id.
_IN_IDS = np.zeros(256, np.uint8)
_IN_IDS[np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-", np.uint8)] = 1
# What looks alike is one: capitals, O as 0, I and L as 1 (lookalikes.of_id).
_LOOK = np.arange(256, dtype=np.uint8)
for _small in range(ord("a"), ord("z") + 1):
    _LOOK[_small] = _small - 32
for _letter, _figure in zip(b"OIL", b"011", strict=True):
    _LOOK[[_letter, _letter + 32]] = _figure


@_compiled
def scan(  # noqa: C901 - one pass of compiled code over the text, divided it would be called by the line
    data: Any,
    begin: int,
    end: int,
    last: Any,
    table: Any,
    names: Any,
    name_starts: Any,
    starts: Any,
    lengths: Any,
    strata: Any,
    counts: Any,
) -> Any:  # pragma: no cover (compiled)
    """Find the lines in ``data[begin:end]`` and check them; return (how it ended, lines found,
    where it stopped).

    ``last``: three words, the id before the first line, big-endian, and after the call the last id.
    ``table``: places in ``names`` (the strata's bytes one after another, stratum k from ``name_starts[k]``)
    by hash, -1 where empty. Written: ``starts``, ``lengths``, ``strata`` (the number of each line's stratum)
    and ``counts`` (lines of each stratum).
    """
    a = np.uintp(data.ctypes.data)
    q = np.uintp(names.ctypes.data)
    size = table.size - 1
    found = 0
    at: Any = begin
    x, y, z = last[0], last[1], last[2]
    starts[0] = begin
    room = lengths.size
    while at < end and found < room:
        start = at
        while _IN_IDS[data[at]]:
            at += 1
        length = at - start
        if at >= end:
            last[0], last[1], last[2] = x, y, z
            return CUT, found, start
        if data[at] != 9 or length == 0 or length > 22:
            last[0], last[1], last[2] = x, y, z
            return NOT_A_LINE, found, start
        p = a + np.uintp(start)
        u = _turned(_word(p) & _kept(length))
        v = _turned(_word(p + np.uintp(8)) & _kept(length - 8))
        w = _turned(_word(p + np.uintp(16)) & _kept(length - 16))
        at += 1
        from_ = at
        # Eight bytes at a time to the line feed, with a hash of the stratum on the way.
        h = np.uint64(0)
        while True:
            if at >= end:
                last[0], last[1], last[2] = x, y, z
                return CUT, found, start
            word = _word(a + np.uintp(at))
            zero = word ^ np.uint64(0x0A0A0A0A0A0A0A0A)
            zero = (zero - np.uint64(0x0101010101010101)) & ~zero & np.uint64(0x8080808080808080)
            if zero:
                bits = zero & (~zero + np.uint64(1))  # 0x80 of the first line feed
                word &= (bits >> np.uint64(7)) - np.uint64(1)
                h = (h ^ word) * np.uint64(0x9E3779B97F4A7C15)
                h ^= h >> np.uint64(29)
                low = np.uint64(0)
                while not (bits & np.uint64(0xFF)):
                    bits >>= np.uint64(8)
                    low += np.uint64(1)
                at += np.int64(low)
                break
            h = (h ^ word) * np.uint64(0x9E3779B97F4A7C15)
            h ^= h >> np.uint64(29)
            at += 8
        if at >= end:
            last[0], last[1], last[2] = x, y, z
            return CUT, found, start
        width = at - from_
        at += 1
        if not (u > x or (u == x and (v > y or (v == y and w > z)))):
            last[0], last[1], last[2] = x, y, z
            return OUT_OF_ORDER, found, start
        slot = np.int64((h >> np.uint64(20)) & np.uint64(size))
        number = -1
        while table[slot] >= 0:
            k = table[slot]
            if name_starts[k + 1] - name_starts[k] == width:
                same = True
                for j in range(0, width, 8):
                    mask = _kept(width - j)
                    one = _word(a + np.uintp(from_ + j)) & mask
                    if one != (_word(q + np.uintp(name_starts[k] + j)) & mask):
                        same = False
                        break
                if same:
                    number = k
                    break
            slot = (slot + 1) & size
        if number < 0:
            last[0], last[1], last[2] = x, y, z
            return NEW_STRATUM, found, start
        x, y, z = u, v, w
        lengths[found] = length
        strata[found] = number
        counts[number] += 1
        found += 1
        starts[found] = at
    last[0], last[1], last[2] = x, y, z
    return WHOLE, found, at


@_compiled
def place_of(data: Any, begin: int, end: int, table: Any) -> Any:  # pragma: no cover (compiled)
    """Return the first empty slot of ``table`` for the stratum at ``data[begin:end]``,
    by the hash of ``scan``.
    """
    a = np.uintp(data.ctypes.data)
    h = np.uint64(0)
    for at in range(begin, end + 1, 8):
        h = (h ^ (_word(a + np.uintp(at)) & _kept(end - at))) * np.uint64(0x9E3779B97F4A7C15)
        h ^= h >> np.uint64(29)
    slot: Any = np.int64((h >> np.uint64(20)) & np.uint64(table.size - 1))
    while table[slot] >= 0:
        slot = (slot + 1) & (table.size - 1)
    return slot


@_compiled
def looks(data: Any, starts: Any, lengths: Any, found: int, out: Any) -> None:  # pragma: no cover (compiled)
    """Write a 64-bit hash of what each id looks like: two that look alike have the same;
    two others hardly ever do.
    """
    for i in range(found):
        h = np.uint64(lengths[i])
        for j in range(starts[i], starts[i] + lengths[i]):
            h = (h ^ np.uint64(_LOOK[data[j]])) * np.uint64(0x9E3779B97F4A7C15)
            h ^= h >> np.uint64(32)
        out[i] = h


# -- hashing
# ----------------------------------------------------------------------------------------------------------


@njit(nogil=True)
def _held(blocks: Any, states: Any) -> None:  # pragma: no cover (compiled)
    """Keep arrays until here: one is freed after its last mention, and an address that was taken of it is no
    mention.

    Another thread's text may lie there then. Whoever takes the address of an array of their own ends with
    this.
    """


@njit(nogil=True)
def _asked(
    a: Any, s: Any, d: Any, states: Any, starts: Any, lengths: Any, i: int, pair: int
) -> None:  # pragma: no cover (compiled)
    """Digest the ids of ``pair`` (at most two) lines from ``i`` on behind the prefix in their blocks,
    55 bytes at most each.

    ``a``, ``s``, ``d``: the addresses of blocks (72 bytes each), states and the text.
    """
    for lane in range(pair):
        length = lengths[i + lane]
        p, to = d + np.uintp(starts[i + lane]), a + np.uintp(72 * lane)
        for k in range(3):
            left = length - 8 * k
            word = _word(p + np.uintp(8 * k)) & _kept(left)
            if 0 <= left < 8:
                word |= np.uint64(0x80) << np.uint64(8 * left)
            _put(to + np.uintp(PREFIX + 8 * k), word)
        _put(to + np.uintp(56), _turned(np.uint64(8 * (PREFIX + length))))
        for k in range(8):
            states[lane, k] = _START[k]
    _two(s, a, s + np.uintp(32), a + np.uintp(72))


@_compiled
def tickets(
    prefix: Any,
    data: Any,
    starts: Any,
    lengths: Any,
    strata: Any,
    limits: Any,
    found: int,
    rows: Any,
    heads: Any,
) -> int:  # pragma: no cover (compiled)
    """Write the lines whose ticket may be drawn and its first 64 bits to ``rows`` and ``heads``;
    return how many.

    A line may be drawn when the head is at most ``limits[stratum]`` (uint64).
    """
    blocks, states = np.zeros((2, 72), np.uint8), np.zeros((2, 8), np.uint32)
    for lane in range(2):
        blocks[lane, :PREFIX] = prefix
    a, s, d = np.uintp(blocks.ctypes.data), np.uintp(states.ctypes.data), np.uintp(data.ctypes.data)
    kept = 0
    for i in range(0, found, 2):
        pair = min(2, found - i)
        _asked(a, s, d, states, starts, lengths, i, pair)
        for lane in range(pair):
            head = (np.uint64(states[lane, 0]) << np.uint64(32)) | np.uint64(states[lane, 1])
            if head <= limits[strata[i + lane]]:
                rows[kept] = i + lane
                heads[kept] = head
                kept += 1
    _held(blocks, states)
    return kept


@_compiled
def salts(
    prefix: Any, data: Any, starts: Any, lengths: Any, begin: int, end: int, out: Any
) -> None:  # pragma: no cover (compiled)
    """Write the salt of lines ``begin`` to ``end`` behind the first byte of rows of ``out`` (24 bytes each)
    from 0 on.

    ``prefix``: the frame's key and the separator.
    """
    blocks, states = np.zeros((2, 72), np.uint8), np.zeros((2, 8), np.uint32)
    for lane in range(2):
        blocks[lane, :PREFIX] = prefix
    a, s, d = np.uintp(blocks.ctypes.data), np.uintp(states.ctypes.data), np.uintp(data.ctypes.data)
    o = np.uintp(out.ctypes.data)
    for i in range(begin, end, 2):
        pair = min(2, end - i)
        _asked(a, s, d, states, starts, lengths, i, pair)
        for lane in range(pair):
            for k in range(2):
                word = (np.uint64(states[lane, 2 * k]) << np.uint64(32)) | np.uint64(states[lane, 2 * k + 1])
                _put(o + np.uintp(24 * (i - begin + lane) + 1 + 8 * k), _turned(word))
    _held(blocks, states)


@njit(nogil=True)
def _digested(states: Any, lane: int, to: Any) -> None:  # pragma: no cover (compiled)
    """Write a state as its 32 bytes to an address."""
    for k in range(4):
        word = (np.uint64(states[lane, 2 * k]) << np.uint64(32)) | np.uint64(states[lane, 2 * k + 1])
        _put(to + np.uintp(8 * k), _turned(word))


@_compiled
def digests(
    firsts: Any, begin: int, data: Any, starts: Any, ends: Any, out: Any
) -> None:  # pragma: no cover (compiled)
    """Write SHA-256(first, data[starts[i]:ends[i]]) as 32 bytes each to ``out``;
    together at most 1,090 bytes.

    ``firsts``: rows of a multiple of eight bytes of which ``begin`` count, one for each message or one for
    all.
    """
    blocks, states = np.zeros((2, LONGEST_LINE + 192), np.uint8), np.zeros((3, 8), np.uint32)
    width = blocks.shape[1]
    step = firsts.shape[1] if firsts.shape[0] > 1 else 0
    a, s, d, o, f = (
        np.uintp(blocks.ctypes.data),
        np.uintp(states.ctypes.data),
        np.uintp(data.ctypes.data),
        np.uintp(out.ctypes.data),
        np.uintp(firsts.ctypes.data),
    )
    many = np.zeros(2, np.int64)
    for i in range(0, starts.size, 2):
        pair = min(2, starts.size - i)
        many[1] = 0
        for lane in range(pair):
            length = ends[i + lane] - starts[i + lane]
            p = d + np.uintp(starts[i + lane])
            to = a + np.uintp(width * lane)
            for k in range(0, begin, 8):
                _put(to + np.uintp(k), _word(f + np.uintp(step * (i + lane) + k)))
            to += np.uintp(begin)
            many[lane] = (begin + length + 8) // 64 + 1
            last = 64 * many[lane] - 8
            for k in range(0, length + 1, 8):
                left = length - k
                word = _word(p + np.uintp(k)) & _kept(left)
                if left < 8:
                    word |= np.uint64(0x80) << np.uint64(8 * left)
                _put(to + np.uintp(k), word)
            for k in range(begin + (length // 8 + 1) * 8, last, 8):
                _put(a + np.uintp(width * lane + k), np.uint64(0))
            _put(a + np.uintp(width * lane + last), _turned(np.uint64(8 * (begin + length))))
            for k in range(8):
                states[lane, k] = _START[k]
        for block in range(max(many[0], many[1])):
            # A message that is at its end goes on in a state that nobody reads.
            one = s if block < many[0] else s + np.uintp(64)
            two = s + np.uintp(32) if block < many[1] else s + np.uintp(64)
            _two(one, a + np.uintp(64 * block), two, a + np.uintp(width + 64 * block))
        for lane in range(pair):
            _digested(states, lane, o + np.uintp(32 * (i + lane)))
    _held(blocks, states)


@_compiled
def level(nodes: Any, count: int) -> int:  # pragma: no cover (compiled)
    """Put the parents of ``count`` nodes (32 bytes each) in their place, an odd one at the end as it is;
    return how many.
    """
    blocks, states = np.zeros((2, 128), np.uint8), np.zeros((2, 8), np.uint32)
    for lane in range(2):
        blocks[lane, 0] = 1
        blocks[lane, 65] = 0x80
        blocks[lane, 126], blocks[lane, 127] = 2, 8  # 520 bits
    n, a, s = np.uintp(nodes.ctypes.data), np.uintp(blocks.ctypes.data), np.uintp(states.ctypes.data)
    parents = count // 2
    for i in range(0, parents, 2):
        pair = min(2, parents - i)
        for lane in range(pair):
            p, to = n + np.uintp(64 * (i + lane)), a + np.uintp(128 * lane + 1)
            for k in range(0, 64, 8):
                _put(to + np.uintp(k), _word(p + np.uintp(k)))
            for k in range(8):
                states[lane, k] = _START[k]
        for block in range(0, 128, 64):
            _two(s, a + np.uintp(block), s + np.uintp(32), a + np.uintp(128 + block))
        for lane in range(pair):
            _digested(states, lane, n + np.uintp(32 * (i + lane)))
    _held(blocks, states)
    if count % 2:
        for k in range(0, 32, 8):
            _put(n + np.uintp(32 * parents + k), _word(n + np.uintp(32 * (count - 1) + k)))
        return parents + 1
    return parents


@_compiled
def gather(
    data: Any, starts: Any, lengths: Any, rows: Any, kept: int, out: Any
) -> None:  # pragma: no cover (compiled)
    """Write the ids of ``kept`` rows to ``out``, 24 bytes each, zeros behind the id."""
    d, o = np.uintp(data.ctypes.data), np.uintp(out.ctypes.data)
    for i in range(kept):
        p = d + np.uintp(starts[rows[i]])
        for k in range(3):
            word = _word(p + np.uintp(8 * k)) & _kept(lengths[rows[i]] - 8 * k)
            _put(o + np.uintp(24 * i + 8 * k), word)


# -- making the text
# --------------------------------------------------------------------------------------------------


@njit(nogil=True)
def _copied(data: Any, begin: int, end: int, out: Any, at: int) -> int:  # pragma: no cover (compiled)
    """Copy ``data[begin:end]`` to ``out`` at ``at``, and up to seven bytes more; return the end there."""
    for k in range(0, end - begin, 8):
        _put(out + np.uintp(at + k), _word(data + np.uintp(begin + k)))
    return at + end - begin


@_compiled
def joined(
    ids: Any, id_ends: Any, strata: Any, stratum_ends: Any, out: Any
) -> int:  # pragma: no cover (compiled)
    """Write the lines of two columns (their bytes and offsets, one more than rows) to ``out``;
    return how many bytes.

    Eight bytes behind the columns' bytes are read, and as many behind the lines written.
    """
    o = np.uintp(out.ctypes.data)
    a, b = np.uintp(ids.ctypes.data), np.uintp(strata.ctypes.data)
    at = 0
    for i in range(id_ends.size - 1):
        at = _copied(a, id_ends[i], id_ends[i + 1], o, at)
        out[at] = 9
        at = _copied(b, stratum_ends[i], stratum_ends[i + 1], o, at + 1)
        out[at] = 10
        at += 1
    return at


@_compiled
def words(text: Any, starts: Any, order: Any, skip: int, out: Any) -> None:  # pragma: no cover (compiled)
    """Write eight bytes of each line, from ``skip`` on, as a big-endian word: lines compare as these do."""
    p = np.uintp(text.ctypes.data)
    for i in range(order.size):
        out[i] = _turned(_word(p + np.uintp(starts[order[i]] + skip)))


@_compiled
def settle(
    text: Any, starts: Any, order: Any, keys: Any, skip: int, few: int, large: Any
) -> int:  # pragma: no cover (compiled)
    """Sort lines whose keys are the same by the 16 bytes from ``skip`` on; return how many runs are left.

    Runs of more than ``few`` lines are left for later, their begin and end in ``large``.
    """
    p = np.uintp(text.ctypes.data)
    left = 0
    begin = 0
    for i in range(1, order.size + 1):
        if i < order.size and keys[i] == keys[begin]:
            continue
        if i - begin > few:
            large[left, 0], large[left, 1] = begin, i
            left += 1
        else:
            for j in range(begin + 1, i):
                line = order[j]
                one = p + np.uintp(starts[line] + skip)
                u: Any = _turned(_word(one))
                v: Any = _turned(_word(one + np.uintp(8)))
                k = j
                while k > begin:
                    two = p + np.uintp(starts[order[k - 1]] + skip)
                    x = _turned(_word(two))
                    if x < u or (x == u and _turned(_word(two + np.uintp(8))) <= v):
                        break
                    order[k] = order[k - 1]
                    k -= 1
                order[k] = line
        begin = i
    return left


@_compiled
def permuted(text: Any, starts: Any, order: Any, out: Any) -> None:  # pragma: no cover (compiled)
    """Write lines (``starts``: one more than lines) in another order; ``out`` has room for
    eight bytes more.
    """
    p, o = np.uintp(text.ctypes.data), np.uintp(out.ctypes.data)
    at = 0
    for i in range(order.size):
        at = _copied(p, starts[order[i]], starts[order[i] + 1], o, at)
