"""The worked examples of the scoring rules come out as worked out by hand."""

from __future__ import annotations

import pytest

from zhunsheng.usecases.worked_examples import sections

CASES = [(section.title, one) for section in sections() for one in section.cases]


@pytest.mark.parametrize(("title", "one"), CASES, ids=lambda v: v if isinstance(v, str) else v.name)
def test_an_example_scores_what_was_worked_out(title, one):
    found = one.scored()
    assert found.as_json()["score"] == one.score, found.explanation
    assert one.verdict in (None, found.verdict)
    assert (found.pending is not None) == (one.score is None or found.verdict == "explain")
    assert found.explanation and title
