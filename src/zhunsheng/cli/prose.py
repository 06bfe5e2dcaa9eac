"""Chinese in a terminal: lines break between characters, never inside a figure and never before a closing
mark.
"""

from __future__ import annotations

import re
from typing import Any

from rich.cells import cell_len
from rich.console import Console, Group
from rich.containers import Lines
from rich.text import Text

# What stays together: opening marks, a figure or Latin word or one character, closing marks,
# and the spaces behind.
_PIECE = re.compile(
    r"[“（〔《]*(?:[^\s一-鿿“（〔《，。；：、”）〕》！？…]+|[一-鿿]|)[，。；：、”）〕》！？…]*\s*"
)


class Prose(Text):
    """A text that wraps as Chinese does; the library breaks at spaces, of which Chinese has few."""

    def wrap(self, console: Console, width: int, **options: Any) -> Lines:
        """Return the text in lines of at most ``width`` cells."""
        if options.get("no_wrap") or self.no_wrap or options.get("overflow") in ("crop", "ellipsis"):
            return super().wrap(console, width, **options)
        lines = Lines()
        for line in self.split(allow_blank=True):
            folded = line.divide(breaks(line.plain, width))
            for part in folded:
                part.rstrip_end(width)
            if (justify := options.get("justify")) in ("right", "center"):
                folded.justify(console, width, justify=justify)
            lines.extend(folded)
        return lines


def breaks(text: str, width: int) -> list[int]:
    """Return the offsets at which ``text`` goes on on a new line of ``width`` cells."""
    found: list[int] = []
    at = used = 0
    for piece in pieces(text):
        size = cell_len(piece.rstrip())
        if used and used + size > width:
            found.append(at)
            used = 0
        for character in piece if size > width else ():
            if used + cell_len(character) > width:
                found.append(at)
                used = 0
            used += cell_len(character)
            at += 1
        if size <= width:
            used += cell_len(piece)
            at += len(piece)
    return found


def pieces(text: str) -> list[str]:
    """Return ``text`` in the parts between which a line may break; spaces belong to what
    stands before them.
    """
    return [part for part in _PIECE.findall(text) if part]


class ChineseConsole(Console):
    """A console whose strings, alone and in tables, are ``Prose``."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Return markup as text that wraps as Chinese does."""
        made = super().render_str(text, **options)
        return Prose(
            made.plain,
            style=made.style,
            justify=made.justify,
            overflow=made.overflow,
            spans=made.spans,
            end=made.end,
        )

    def print(self, *objects: Any, **options: Any) -> None:
        """Print strings as prose, other things as they are."""
        kept = {k: options.pop(k, None) for k in ("markup", "highlight", "emoji")}
        if options.get("soft_wrap"):
            super().print(*objects, **kept, **options)
            return
        super().print(
            *(Group(self.render_str(o, **kept)) if isinstance(o, str) else o for o in objects),
            **kept,
            **options,
        )
