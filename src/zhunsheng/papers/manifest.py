"""The manifest of a paper: digests of what stands at each of its places, and what the paper says of
itself.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from zhunsheng.errors import ZhunshengError
from zhunsheng.papers.content import Block, Content, Row
from zhunsheng.translation import worded

FORMAT = "zhunsheng.paper/1"
MOST_CELLS = 20_000  # digests by cell; a paper of more has them by row
SHORT = 8  # hex digits of a digest that only tells where; that of the whole decides
# Signs of look-up codes: none that are taken for one another, no letters that make words, and no q.
SIGNS = "23456789ABCDEFGHJKMNPRSTVWXYZ"
CODE = re.compile(f"[{SIGNS}]{{4}}-[{SIGNS}]{{4}}-[{SIGNS}]{{4}}")


@dataclass(frozen=True)
class Said:
    """What a paper says of itself.

    ``log``, ``checkpoint`` (the newest note then) and ``salt`` are empty where no site gave it out;
    ``issued`` is a day as ISO, ``line`` what stands on its face.
    """

    name: str
    code: str
    issued: str
    program: str
    line: str
    log: str = ""
    checkpoint: str = ""
    salt: str = ""


@dataclass(frozen=True)
class Manifest:
    """What a paper says of itself, the digests of its places, of all it says, and of the file's other
    parts.
    """

    said: Said
    blocks: tuple[tuple[str, str, tuple[str, ...]], ...]
    marks: dict[str, int]
    content: str
    parts: str

    def line(self) -> str:
        """Return the manifest as it is kept and digested: canonical JSON."""
        body = {
            "format": FORMAT,
            "said": vars(self.said),
            "blocks": [[kind, digest, list(rows)] for kind, digest, rows in self.blocks],
            "marks": self.marks,
            "content": self.content,
            "parts": self.parts,
        }
        return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def digest(self) -> str:
        """Return the SHA-256 by which the manifest is signed and stands in the log."""
        return hashlib.sha256(self.line().encode()).hexdigest()


def note_of(said: Said, digest: str) -> str:
    """Return what a site signs of a paper: the format, the log, the code, the day, the manifest's digest."""
    return f"{FORMAT}\n{said.log}\n{said.code}\n{said.issued}\n{digest}\n"


def code_of(digest: bytes) -> str:
    """Return the look-up code (58 bits) that a digest of 32 bytes gives."""
    number, signs = int.from_bytes(digest, "big"), ""
    for _ in range(12):
        number, place = divmod(number, len(SIGNS))
        signs += SIGNS[place]
    return "-".join(signs[n : n + 4] for n in (0, 4, 8))


def own_code(content: Content) -> str:
    """Return the code of a paper that no site gave out: of its content alone, so that anyone computes it."""
    return code_of(hashlib.sha256(f"{FORMAT}\n{content_digest(content, '')}".encode()).digest())


def _short(salt: str, text: str) -> str:
    return hashlib.sha256(f"{salt}\n{text}".encode()).hexdigest()[:SHORT]


def row_digest(row: Row, salt: str, *, by_cell: bool = True) -> str:
    """Return what is kept of a row: by cell its column and digest, or one digest of all (column 0)."""
    if by_cell:
        return " ".join(f"{cell.column}.{_short(salt, cell.text)}" for cell in row.cells)
    told = "\x1f".join(f"{cell.column}\x1e{cell.text}" for cell in row.cells)
    return f"0.{_short(salt, told)}"


def block_digests(content: Content, salt: str) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """Return what is kept of each block: kind, digest of its text, its rows."""
    by_cell = sum(len(row.cells) for block in content.blocks for row in block.rows) <= MOST_CELLS
    return tuple(
        (
            block.kind,
            _short(salt, block.text),
            tuple(row_digest(row, salt, by_cell=by_cell) for row in block.rows),
        )
        for block in content.blocks
    )


def content_digest(content: Content, salt: str) -> str:
    """Return the SHA-256 over all that stands in a paper, place by place."""

    def told(block: Block) -> list[Any]:
        return [block.kind, block.text, [[[c.column, c.text] for c in row.cells] for row in block.rows]]

    body = [salt, [told(block) for block in content.blocks], content.marks]
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def manifest_of(content: Content, said: Said, parts: str) -> Manifest:
    """Return the manifest of what stands in a paper; ``parts`` is the digest of the file's other parts."""
    return Manifest(
        said, block_digests(content, said.salt), content.marks, content_digest(content, said.salt), parts
    )


_FIELDS = ("name", "code", "issued", "program", "line", "log", "checkpoint", "salt")


def read_manifest(text: str, name: str) -> Manifest:
    """Return the manifest that a file carries. Raises ``ZS-LG-22`` for what the program would not have
    written so.
    """

    def refuse(why: str) -> ZhunshengError:
        return ZhunshengError("ZS-LG-22", name=name, detail=why)

    try:
        body = json.loads(text)
        if body["format"] != FORMAT:
            raise refuse(worded("不是这一版程序认识的格式"))
        said = Said(**{field: body["said"][field] for field in _FIELDS})
        if not all(isinstance(one, str) for one in vars(said).values()):
            raise TypeError
        found = Manifest(
            said,
            tuple((str(kind), str(digest), tuple(map(str, rows))) for kind, digest, rows in body["blocks"]),
            {str(k): int(v) for k, v in body["marks"].items()},
            str(body["content"]),
            str(body["parts"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise refuse(worded("缺少应有的内容，或者写法不对")) from None
    if found.line() != text:
        raise refuse(worded("写法不对"))
    return found
