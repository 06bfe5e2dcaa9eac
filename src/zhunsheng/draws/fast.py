"""A faster sieve before the draw (optional extra ``fast``): one SHA-256 block an entity by OpenSSL, called from numba."""

from __future__ import annotations

import _hashlib
import ctypes
import hashlib
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numba import get_num_threads, njit, prange

from zhunsheng.draws.drawing import DuckDatabase
from zhunsheng.draws.spec import SEPARATOR

# Python's own OpenSSL: one compression of one block, with the processor's SHA instructions where it has them.
_transform = ctypes.CDLL(_hashlib.__file__).SHA256_Transform
_transform.argtypes, _transform.restype = [ctypes.c_void_p, ctypes.c_void_p], None
_START = np.array(
    [0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19], dtype=np.uint32
)
BATCH = 1_000_000
CHECKED = 64  # ids of each batch whose heads are compared with hashlib's


@njit(parallel=True, nogil=True)
def _heads(prefix: Any, offsets: Any, data: Any, start: Any, parts: int) -> Any:  # pragma: no cover (compiled)
    """Return the first 64 bits of every ticket; ``offsets`` and ``data`` are Arrow's buffers of the ids."""
    count = offsets.size - 1
    heads = np.empty(count, np.uint64)
    for part in prange(parts):
        context, block = np.zeros(32, np.uint32), np.zeros(64, np.uint8)
        block[: prefix.size] = prefix
        for i in range(count * part // parts, count * (part + 1) // parts):
            end = prefix.size
            for j in range(offsets[i], offsets[i + 1]):
                block[end] = data[j]
                end += 1
            block[end] = 0x80
            block[end + 1 : 62] = 0
            block[62], block[63] = (end * 8) >> 8, (end * 8) & 255
            context[:8] = start
            _transform(context.ctypes.data, block.ctypes.data)
            heads[i] = (np.uint64(context[0]) << np.uint64(32)) | np.uint64(context[1])
    return heads


class FastDatabase(DuckDatabase):
    """DuckDB behind a sieve that leaves only the rows whose tickets may be drawn; the same SQL then draws from those."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        super().__init__(connection)
        self.table = "frame"

    def sieve(self, seed: str, limit: str) -> str:
        """Write the rows whose ticket's first 60 bits lie below ``limit`` (15 hex characters) to a table; return its name.

        Raises ``AssertionError`` when a head differs from hashlib's.
        """
        prefix = f"{seed}{SEPARATOR}".encode("ascii")
        bound = np.uint64(int(limit, 16) << 4)
        reader = self.connection.cursor().sql("SELECT id, stratum FROM frame").to_arrow_reader(BATCH)
        kept = [self._below(prefix, batch, bound) for batch in reader]
        self.connection.register("sieved_rows", pa.Table.from_batches(kept, reader.schema))
        self.connection.execute("CREATE OR REPLACE TABLE sieved AS SELECT * FROM sieved_rows")
        self.connection.unregister("sieved_rows")
        return "sieved"

    @staticmethod
    def _below(prefix: bytes, batch: pa.RecordBatch, bound: np.uint64) -> pa.RecordBatch:
        ids = batch.column(0).cast(pa.string())
        _, offsets, data = ids.buffers()
        places = np.frombuffer(offsets, np.int32)[ids.offset : ids.offset + len(ids) + 1]
        heads = _heads(
            np.frombuffer(prefix, np.uint8), places, np.frombuffer(data, np.uint8), _START, get_num_threads()
        )
        for n in range(0, len(ids), max(1, len(ids) // CHECKED)):
            right = hashlib.sha256(prefix + ids[n].as_py().encode()).digest()[:8]
            if int(heads[n]) != int.from_bytes(right, "big"):
                raise AssertionError(f"the sieve's head of {ids[n]} is not SHA-256")
        return batch.filter(pa.array(heads < bound))
