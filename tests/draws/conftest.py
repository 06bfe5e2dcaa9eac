"""A draw made once, and a copy of its folder for each test."""

from __future__ import annotations

import shutil

import pytest
import yaml

from small_draws import BASE, BEFORE, NUMBERS, people, rows, write_frame_csv
from zhunsheng.draw_folders import commit_draw, seal_draw
from zhunsheng.usecases.drawing.frames import FrameSource
from zhunsheng.usecases.drawing.running import run_draw


@pytest.fixture(scope="session")
def drawn(tmp_path_factory):
    """A committed, sealed and run draw with what it was made from, and its digest: made once,
    to be copied.
    """
    place = tmp_path_factory.mktemp("drawn")
    (place / "plan.yaml").write_text(yaml.safe_dump(BASE, allow_unicode=True), "utf8")
    (place / "people.yaml").write_text(yaml.safe_dump([p.model_dump(mode="json") for p in people()]), "utf8")
    frame = write_frame_csv(place / "frame.csv", rows())
    out = place / "draw"
    _, digest = commit_draw(
        place / "plan.yaml", place / "people.yaml", out, FrameSource(frame), now=BEFORE, memory_limit="200MB"
    )
    for name in ("a", "b"):
        (place / f"{name}.yaml").write_text(yaml.safe_dump({"by": name, "values": NUMBERS}), "utf8")
    seal_draw(out, place / "a.yaml", place / "b.yaml")
    run_draw(out, memory_limit="200MB")
    return place, digest


@pytest.fixture
def folder(drawn, tmp_path):
    """A draw on disk of the test's own, with its digest."""
    place, digest = drawn
    shutil.copytree(place, tmp_path, dirs_exist_ok=True)
    return tmp_path / "draw", digest
