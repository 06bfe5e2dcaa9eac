"""Every byte of the draw protocol: canonical JSON, digests, tickets, the tree over the frame.
See docs/draw-specification.md.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from zhunsheng.translation import worded

VERSION = "zhunsheng.draw/2"
VERSIONS = (
    "zhunsheng.draw/1",
    VERSION,
)  # those that are verified; they differ in the assignment and the salted frame
UNSALTED = "zhunsheng.draw/1"
# 32 hexadecimal seed characters, a colon and at most 22 characters of an id fill one block of SHA-256 (55
# bytes).
ID = re.compile(r"[0-9A-Za-z_-]{1,22}")
SEED_LENGTH = 32
SEPARATOR = ":"
KEY = re.compile(r"[0-9a-f]{32}")  # of a frame: 16 random bytes, from which each line's salt follows
SALT_LENGTH = 16  # bytes
DIGEST = re.compile(r"[0-9a-f]{64}")
STRATUM_JOIN = "|"
# A part of a stratum's name may hold any character but the separators of the files it stands in.
PART = re.compile(r"[^|\t\r\n\x00-\x1f\x7f]{1,40}")


def version_of(committed: Mapping[str, Any]) -> str:
    """Return the version of the protocol that a commitment is of; its seed and assignment are of the same."""
    return str(committed["format"]).rpartition("/")[0]


def canonical(data: Any) -> bytes:
    """Return JSON as the protocol digests it: keys sorted, no white space, UTF-8, no floats.
    Raises ``ValueError`` for floats.
    """
    _no_floats(data)
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _no_floats(data: Any) -> None:
    if isinstance(data, float):
        raise ValueError("a float has no one spelling")
    for inner in data.values() if isinstance(data, dict) else data if isinstance(data, list | tuple) else ():
        _no_floats(inner)


def digest(data: bytes) -> str:
    """Return SHA-256 in lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def typed_digest(text: str) -> str:
    """Return a digest as it was copied from a screen or a slip: one width, no blanks or dashes in it,
    small letters.
    """
    return re.sub("[ \t\r\n\u2010-\u2015\u2212-]", "", unicodedata.normalize("NFKC", text)).lower()


def digest_fault(typed: str) -> str:
    """Return what keeps a copied text from being a digest, by the first wrong sign or the length;
    empty where nothing does.
    """
    found = typed_digest(typed)
    odd = next(((n, c) for n, c in enumerate(found, start=1) if c not in "0123456789abcdef"), None)
    if odd:
        meant = {
            "o": worded("，多半是数字 0"),
            "l": worded("，多半是数字 1"),
            "i": worded("，多半是数字 1"),
        }.get(odd[1], "")
        return worded(
            "摘要只有 0 至 9、a 至 f，第 {place} 个字符（空格和横线不算）是“{sign}”{meant}",
            place=odd[0],
            sign=odd[1],
            meant=meant,
        )
    return "" if len(found) == 64 else worded("摘要应是 64 个字符，现在是 {found} 个", found=len(found))


def grouped(text: str, size: int) -> list[str]:
    """Return a digest in groups of so many characters, as people copy and compare it."""
    return [text[n : n + size] for n in range(0, len(text), size)]


def seed_of(commitment_digest: str, randomness: str) -> str:
    """Return the seed: the first 32 hex characters of SHA-256(commitment digest, line feed,
    canonical randomness).
    """
    return digest(f"{commitment_digest}\n{randomness}".encode())[:SEED_LENGTH]


def ticket(seed: str, entity: str) -> str:
    """Return the ticket of an entity: SHA-256(seed, colon, id) in lower-case hexadecimal;
    the smallest are drawn.
    """
    return digest(f"{seed}{SEPARATOR}{entity}".encode("ascii"))


def mix(seed: str, tag: str, one: str) -> str:
    """Return the place of an inspector (tag ``i``) or of an object in a row (its number) by chance:
    SHA-256(seed:tag:id).
    """
    return digest(f"{seed}{SEPARATOR}{tag}{SEPARATOR}{one}".encode("ascii"))


def turn(seed: str, inspector: str, load: int) -> str:
    """Return an inspector's place in the queue of ``draw/1`` at a given load: SHA-256(seed, colon, load,
    colon, id).
    """
    return digest(f"{seed}{SEPARATOR}{load}{SEPARATOR}{inspector}".encode("ascii"))


def frame_line(entity: str, stratum: str) -> bytes:
    """Return the line that stands for an entity in the frame, without its line feed."""
    return f"{entity}\t{stratum}".encode()


def head(key: str) -> bytes:
    """Return the line of the key, at the head of a frame's text; none where the frame has no key
    (``draw/1``).
    """
    return f"#\t{key}\n".encode() if key else b""


def salt(key: str, entity: str) -> bytes:
    """Return what keeps an entity's line from being guessed: half of SHA-256(key, colon, id);
    none without a key.
    """
    return hashlib.sha256(f"{key}{SEPARATOR}{entity}".encode("ascii")).digest()[:SALT_LENGTH] if key else b""


def leaf(line: bytes, salted: bytes = b"") -> bytes:
    """Return the leaf of a frame line and its salt (RFC 6962: a zero byte before the data)."""
    return hashlib.sha256(b"\0" + salted + line).digest()


def leaf_under(key: str, line: bytes) -> bytes:
    """Return the leaf of a frame line under the frame's key."""
    return leaf(line, salt(key, line.partition(b"\t")[0].decode("ascii")))


def proof_of(key: str, entity: str, path: list[str]) -> dict[str, Any] | list[str]:
    """Return an entity's proof as it is published: its salt and its path; without a key the path alone."""
    return {"salt": salt(key, entity).hex(), "path": path} if key else path


def node(left: bytes, right: bytes) -> bytes:
    """Return an inner node (RFC 6962: a one byte before both children)."""
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(leaves: Iterable[bytes]) -> str:
    """Return the root over leaves in order, holding one node a level: memory grows with the logarithm of
    their number.
    """
    stack: list[tuple[int, bytes]] = []
    for one in leaves:
        height = 0
        while stack and stack[-1][0] == height:
            one = node(stack.pop()[1], one)
            height += 1
        stack.append((height, one))
    if not stack:
        return digest(b"")
    found = stack.pop()[1]
    while stack:
        found = node(stack.pop()[1], found)
    return found.hex()


class Tree:
    """The whole tree, for inclusion proofs; 64 bytes a leaf."""

    def __init__(self, leaves: Iterable[bytes]) -> None:
        level = b"".join(leaves)
        self.levels = [level]
        while len(level) > 32:
            pairs = [node(level[i : i + 32], level[i + 32 : i + 64]) for i in range(0, len(level) - 32, 64)]
            # An odd node at the end goes up as it is.
            level = b"".join(pairs) + (level[-32:] if len(level) % 64 else b"")
            self.levels.append(level)

    @classmethod
    def of_levels(cls, levels: list[bytes]) -> Tree:
        """Return a tree of levels that are known, leaves first."""
        tree = cls(())
        tree.levels = levels
        return tree

    def proof(self, index: int) -> list[str]:
        """Return the path from leaf ``index`` (from 0) to the root: each step "L" or "R" and the sibling in
        hex.
        """
        path = []
        for level in self.levels[:-1]:
            sibling = index ^ 1
            if sibling * 32 < len(level):
                side = "L" if sibling < index else "R"
                path.append(side + level[sibling * 32 : sibling * 32 + 32].hex())
            index //= 2
        return path


def climb(line: bytes, path: Iterable[str], salted: bytes = b"") -> str:
    """Return the root that a line, its salt and its path lead to. Raises ``ValueError`` when a step is not
    hex.
    """
    found = leaf(line, salted)
    for step in path:
        sibling = bytes.fromhex(step[1:])
        found = node(sibling, found) if step[:1] == "L" else node(found, sibling)
    return found.hex()
