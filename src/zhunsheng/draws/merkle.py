"""The tree over a frame kept small: one node for every 64 lines and where they begin,
from which root and proofs follow.

40 bytes for 64 entities instead of 64 for each: the 64 lines of a proof are read and hashed again,
and must give the node that was kept.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from zhunsheng.draws.spec import Tree, digest, head, leaf_under, node
from zhunsheng.files.writing import whole_file

GROUP = 64  # lines under one node that is kept; a power of two
FORMAT = b"zhunsheng.frame-tree/1"
KEPT_FROM = (
    16 * GROUP
)  # lines of a text from which its nodes are kept: of fewer they are made anew in milliseconds
COMPILED_FROM = 20_000  # nodes from which the start of compiled code is worth it


def compiles() -> bool:
    """Return whether there is compiled code to be had (the extra ``fast``)."""
    try:
        return find_spec("numba") is not None
    except ModuleNotFoundError:  # so says who keeps a package out
        return False


def parents(nodes: bytes) -> bytes:
    """Return the level above ``nodes`` (32 bytes each); an odd one at the end goes up as it is."""
    count = len(nodes) // 32
    if count >= COMPILED_FROM and compiles():
        import numpy as np

        from zhunsheng.draws import kernels

        copied = np.frombuffer(bytearray(nodes), np.uint8)
        return copied[: 32 * kernels.level(copied, count)].tobytes()
    pairs = [node(nodes[i : i + 32], nodes[i + 32 : i + 64]) for i in range(0, len(nodes) - 32, 64)]
    return b"".join(pairs) + (nodes[-32:] if count % 2 else b"")


class Groups:
    """The nodes over each 64 lines, in order, and the byte of the text at which each group begins;
    ``key`` salts the lines.
    """

    def __init__(self, nodes: bytes = b"", starts: bytes = b"", key: str = "") -> None:
        self.nodes = bytearray(nodes)
        self.starts = array("q", starts)
        self.key = key
        self._levels: list[bytes] = []
        self._waiting: list[bytes] = []  # lines that are no whole group yet
        self._at = len(head(key))  # where these begin in the text

    def starts_at(self, places: bytes) -> None:
        """Add where groups begin: int64 each, in this machine's byte order."""
        self.starts.frombytes(places)

    def add(self, nodes: bytes) -> None:
        """Add nodes of whole groups; of fewer lines only the last."""
        self.nodes += nodes

    def add_text(self, text: bytes) -> None:
        """Add lines of the text behind the key's, each with its line feed, in any number at a time."""
        lines = self._waiting + text.split(b"\n")[:-1]
        whole = len(lines) // GROUP * GROUP
        for n in range(0, whole, GROUP):
            self._add_group(lines[n : n + GROUP])
        self._waiting = lines[whole:]

    def _add_group(self, lines: list[bytes]) -> None:
        self.nodes += self._tree(lines).levels[-1]
        self.starts.append(self._at)
        self._at += sum(map(len, lines)) + len(lines)

    def _tree(self, lines: list[bytes]) -> Tree:
        return Tree(leaf_under(self.key, line) for line in lines)

    def levels(self) -> list[bytes]:
        """Return the levels of the tree from the kept nodes up, the last of one node."""
        if not self._levels:
            if self._waiting:
                self._add_group(self._waiting)
                self._waiting = []
            self._levels = [bytes(self.nodes)]
            while len(self._levels[-1]) > 32:
                self._levels.append(parents(self._levels[-1]))
        return self._levels

    def root(self) -> str:
        """Return the root in hex: that of ``spec.root_of`` over the leaves."""
        return self.levels()[-1].hex() or digest(b"")

    def proof(self, group: int, lines: list[bytes], within: int) -> list[str]:
        """Return the path of line ``within`` of a group (both from 0) to the root,
        ``lines`` being all of the group.

        Raises as ``check``.
        """
        return [*self.check(group, lines).proof(within), *Tree.of_levels(self.levels()).proof(group)]

    def check(self, group: int, lines: list[bytes]) -> Tree:
        """Return the tree over a group's lines. Raises ``ValueError`` when the kept node is
        of other lines.
        """
        lower = self._tree(lines)
        if lower.levels[-1] != self.nodes[32 * group : 32 * group + 32]:
            raise ValueError(f"group {group} is of other lines")
        return lower


def group_of(text: Path, groups: Groups, entity: str) -> tuple[int, list[bytes], int | None]:
    """Return (group, its lines, place among them) for an entity of a text; None for the place where it is not
    in the frame.

    A few lines are read, not the text. The lines are what lies there now: ``Groups.proof`` compares them.
    """
    starts, name = groups.starts, entity.encode()
    with text.open("rb", buffering=4096) as stream:

        def first(place: int) -> bytes:
            stream.seek(place)
            return stream.readline().partition(b"\t")[0]

        group = max(0, bisect_right(starts, name, key=first) - 1)
        stream.seek(starts[group])
        end = starts[group + 1] if group + 1 < len(starts) else text.stat().st_size
        lines = stream.read(end - starts[group]).split(b"\n")[:-1]
    ids = [line.partition(b"\t")[0] for line in lines]
    return group, lines, ids.index(name) if name in ids else None


def keep(groups: Groups, text_digest: str, path: Path) -> None:
    """Write nodes and starts to a Parquet file that names the text they are of."""
    levels = groups.levels()
    nodes = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(32), len(levels[0]) // 32, [None, pa.py_buffer(levels[0])]
    )
    starts = pa.Array.from_buffers(pa.int64(), len(groups.starts), [None, pa.py_buffer(groups.starts)])
    named = {b"format": FORMAT, b"text": text_digest.encode()}
    with whole_file(path) as partial:
        kept = pa.table({"start": starts, "node": nodes}).replace_schema_metadata(named)
        pq.write_table(kept, partial, use_dictionary=False, compression="NONE")


def kept(path: Path, text_digest: str, root: str, key: str) -> Groups | None:
    """Return what was kept beside a text, or None where it is of another text or leads to another root than
    committed.

    ``key`` is that of the text.
    """
    try:
        with pq.ParquetFile(path) as file:  # read_table would load the whole dataset layer of the library
            table = file.read()
        named = table.schema.metadata or {}
        if (named.get(b"format"), named.get(b"text")) != (FORMAT, text_digest.encode()):
            return None
        nodes, starts = table["node"].combine_chunks(), table["start"].combine_chunks()
        if (nodes.type, starts.type, nodes.null_count, starts.null_count) != (
            pa.binary(32),
            pa.int64(),
            0,
            0,
        ):
            return None
        if len(starts) and pc.min(starts).as_py() < len(head(key)):
            return None
    except (pa.ArrowException, OSError, KeyError):
        return None
    found = Groups(
        nodes.buffers()[1].slice(32 * nodes.offset, 32 * len(nodes)).to_pybytes(),
        starts.buffers()[1].slice(8 * starts.offset, 8 * len(starts)).to_pybytes(),
        key,
    )
    return found if found.root() == root else None
