"""Verify a bundle, with the public frame where it is given."""

from __future__ import annotations

from pathlib import Path

from zhunsheng.draws.bundle import read_bundle
from zhunsheng.draws.frame import Frame, open_database
from zhunsheng.draws.plan import Plan
from zhunsheng.draws.verification import Check, verify
from zhunsheng.errors import ZhunshengError
from zhunsheng.files.scratch import scratch_folder
from zhunsheng.translation import worded
from zhunsheng.usecases.drawing.frames import published_frame
from zhunsheng.usecases.drawing.logs import zipped


def verify_bundle(
    bundle: Path, frame: Path | None = None, expected: str | None = None, memory_limit: str | None = None
) -> list[Check]:
    """Verify a bundle, with the public frame where given. Raises ``ZS-IN-01``, ``ZS-DR-07`` when it can't be
    opened.
    """
    parts = read_bundle(bundle)
    if frame is None:
        return verify(parts, None, expected)
    with scratch_folder() as scratch:
        connection = open_database(memory_limit, scratch)

        def frame_of(plan: Plan) -> Frame:
            if zipped(frame):
                raise ZhunshengError(
                    "ZS-DR-08", name=frame.name, detail=worded("它是 zip 或 xlsx 文件，不是公布的 frame.tsv")
                )
            wanted = (parts["seed.json"]["seed"], parts["commitment.json"]["strata"])
            return published_frame(frame, plan, connection, wanted)

        found = verify(parts, frame_of, expected, frame.name)
        connection.close()
        return found
