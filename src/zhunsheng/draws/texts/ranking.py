"""The smallest tickets of each stratum, of the lines that one pass found."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from zhunsheng.draws import kernels
from zhunsheng.draws.spec import SEPARATOR, ticket
from zhunsheng.draws.texts.reader import Candidates, Tickets, bytes_of


def ranked(found: Candidates, names: list[str], wanted: Tickets) -> pa.Table:
    """Return the table (stratum, place, id, ticket) of the smallest tickets of each stratum,
    by stratum and place.
    """
    chosen, sizes, places = [], [], []
    by_stratum = np.argsort(found.strata, kind="stable")
    ends = np.searchsorted(found.strata, np.arange(len(names) + 1), sorter=by_stratum)
    order = sorted(
        (n for n, name in enumerate(names) if name in wanted.quotas), key=lambda n: names[n].encode()
    )
    for n in order:
        numbers = wanted.quotas[names[n]]
        mine = by_stratum[ends[n] : ends[n + 1]]
        mine = mine[np.argsort(found.heads[mine], kind="stable")]
        mine = _settled(mine, found, wanted.seed)[: numbers["quota"] + numbers["reserve"]]
        chosen.append(mine)
        sizes.append(mine.size)
        places.append(np.arange(1, mine.size + 1))
    rows = np.concatenate(chosen) if chosen else np.zeros(0, np.int64)
    ids = found.ids[rows]
    there = ids != 0
    flat = np.concatenate([ids[there], np.zeros(kernels.ROOM, np.uint8)])
    starts = np.concatenate([[0], np.cumsum(there.sum(axis=1))]).astype(np.int32)
    marks = np.zeros((rows.size, 32), np.uint8)
    seed = np.zeros((1, kernels.PREFIX // 8 * 8 + 8), np.uint8)
    seed[0, : kernels.PREFIX] = bytes_of(f"{wanted.seed}{SEPARATOR}")
    kernels.digests(seed, kernels.PREFIX, flat, starts[:-1], starts[1:], marks)
    hexes = _HEX[marks]
    return pa.table(
        {
            "stratum": pa.DictionaryArray.from_arrays(
                np.repeat(np.arange(len(order), dtype=np.int32), sizes),
                pa.array([names[n] for n in order], pa.string()),
            ),
            "place": np.concatenate(places) if places else np.zeros(0, np.int64),
            "id": pa.StringArray.from_buffers(rows.size, pa.py_buffer(starts), pa.py_buffer(flat)),
            "ticket": pa.LargeStringArray.from_buffers(
                rows.size, pa.py_buffer(np.arange(rows.size + 1, dtype=np.int64) * 64), pa.py_buffer(hexes)
            ),
        }
    )


_HEX = np.array([int.from_bytes(f"{n:02x}".encode(), "little") for n in range(256)], np.dtype("<u2"))


def _settled(mine: Any, found: Candidates, seed: str) -> Any:
    """Return lines sorted by head with those of the same head by (ticket, id)."""
    heads = found.heads[mine]
    same = np.flatnonzero(heads[1:] == heads[:-1])
    for at in same:
        begin = end = int(at)
        while begin > 0 and heads[begin - 1] == heads[at]:
            begin -= 1
        while end < heads.size and heads[end] == heads[at]:
            end += 1

        def key(line: int) -> tuple[str, str]:
            entity = found.ids[line].tobytes().rstrip(b"\0").decode("ascii")
            return ticket(seed, entity), entity

        mine[begin:end] = sorted(mine[begin:end].tolist(), key=key)
    return mine


def rows_of_table(found: pa.Table) -> list[tuple[Any, ...]]:
    """Return the rows of a table as tuples."""
    return list(zip(*(column.to_pylist() for column in found.columns), strict=True))
