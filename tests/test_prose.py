"""Chinese in a terminal: nothing is lost by wrapping, no line is too wide, no figure is cut,
no closing mark begins a line.
"""

from __future__ import annotations

import io
import itertools

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from zhunsheng.cli.prose import ChineseConsole, Prose, breaks, pieces

TEXT = st.text("准绳目标≥≤%，。；：、”）〕“（〔 \tAb1290.…-", max_size=60)


def lines(text: str, width: int) -> list[str]:
    at = [0, *breaks(text, width), len(text)]
    return [text[a:b] for a, b in itertools.pairwise(at)]


@given(TEXT, st.integers(2, 30))
def test_wrapping_loses_nothing_and_keeps_the_width(text, width):
    assert "".join(pieces(text)) == text == "".join(lines(text, width))
    assert all(cell_len(line.rstrip()) <= width for line in lines(text, width))


def test_a_line_breaks_between_characters_and_not_at_the_only_space():
    text = "完成值 91.09%，目标 ≥85%，已完成，得 4.29 分（满分 4.29）"
    assert lines(text, 24) == ["完成值 91.09%，目标 ", "≥85%，已完成，得 4.29 分", "（满分 4.29）"]


def test_no_line_begins_with_a_closing_mark_nor_cuts_a_figure():
    text = "目标“企业年报率”不低于 85.25%（财预〔2020〕10号），得 14.29 分。" * 4
    for width in range(14, 60):
        for line in lines(text, width):
            assert line[0] not in "，。；：、”）〕》！？…"
            assert not line.rstrip().endswith(("“", "（", "〔"))
        assert all(figure in "\n".join(lines(text, width)) for figure in ("85.25%", "14.29"))


def test_styles_stay_on_the_words_they_were_on():
    stream = io.StringIO()
    console = ChineseConsole(
        file=stream, width=12, force_terminal=True, color_system="standard", highlight=False
    )
    console.print("甲乙丙丁[red]戊己庚辛[/]壬癸")
    said = stream.getvalue()
    assert "\x1b[31m戊己\x1b[0m\n\x1b[31m庚辛\x1b[0m壬癸" in said
    assert isinstance(console.render_str("甲"), Prose)
