"""The bundles of docs/draw-bundles: command, page and second verifier say of each what is written down,
every code and check among it.
"""

from __future__ import annotations

import base64
import json

from bundle_vectors import PLACE
from test_bundles import compared, ours, theirs
from test_second_verifier import judged
from zhunsheng.draws.verification import Check, conclusion
from zhunsheng.usecases.drawing.verifying import verify_bundle

CASES = json.loads((PLACE / "cases.json").read_text("utf8"))


def given(case):
    """Return bundle, frame and announced digest of a case."""
    frame = (PLACE / case["frame"]).read_bytes() if "frame" in case else None
    return (PLACE / case["bundle"]).read_bytes(), frame, case.get("commitment")


def wanted(case):
    return case["refused"] if "refused" in case else dict(map(tuple, case["checks"]))


def test_the_command_says_what_is_written_down(tmp_path):
    for case in CASES:
        said = ours(tmp_path, *given(case))
        assert said == wanted(case), case["name"]
        assert isinstance(said, str) or list(said.items()) == [tuple(one) for one in case["checks"]], case[
            "name"
        ]


def test_the_page_says_the_same(page):
    said = theirs(page, [given(case) for case in CASES])
    found = {case["name"]: compared(one) for case, one in zip(CASES, said, strict=True)}
    assert found == {case["name"]: compared(wanted(case)) for case in CASES}


def test_how_much_is_proved_is_said_in_the_same_words(page, tmp_path):
    """Times and people are by the office's word alone, and both say so; the last sentence names what is false
    or open.
    """
    script = """async ([bundle, expected]) => {
      const bytes = Uint8Array.from(atob(bundle), c => c.charCodeAt(0)).buffer;
      const found = await verify(bytes, null, expected, () => {});
      const says = found.map(c => [c.code, c.says.replaceAll("（北京时间）", "")]);
      return [Object.fromEntries(says), concludes(found)[1]];
    }"""
    ends = set()
    for case in CASES:
        if "checks" not in case:
            continue
        bundle, _frame, digest = given(case)
        (tmp_path / "b.zip").write_bytes(bundle)
        found = verify_bundle(tmp_path / "b.zip", None, digest)
        theirs_, end = page.evaluate(script, [base64.b64encode(bundle).decode(), digest or ""])
        ours_ = {one.code: one.says for one in found}
        for code in ("time", "randomness", "proofs") if not refused_source(ours_) else ("time", "proofs"):
            assert theirs_[code] == ours_[code], (case["name"], code)
        assert "按机关自己写的时间" in ours_["time"]
        assert end == conclusion(found), case["name"]
        ends.add(end[:3])
    assert ends == {"不成立", "所核各"}
    assert conclusion([Check("a", "甲", True, "")]) == "全部相符"


def refused_source(said):
    return "ZS-DR-05" in said["randomness"]


def test_the_second_verifier_takes_the_same(tmp_path):
    """It reports under names of its own, and leaves a beacon's signature to others."""
    said = judged(tmp_path, [given(case) for case in CASES])
    for case, one in zip(CASES, said, strict=True):
        found = wanted(case)
        holds = not isinstance(found, str) and False not in found.values()
        assert one["accepted"] == holds, (case["name"], one)
        code = one["refused"].split()[0] if "refused" in one else None
        # What contradicts itself may be told as that, by its file, or by a check.
        if found == "ZS-DR-23":
            may = {"ZS-DR-23", "ZS-DR-22", None}
        else:
            may = {found} if isinstance(found, str) else {None} if holds else {None, "ZS-DR-23"}
        assert code in may, (case["name"], one)


def test_every_code_and_check_is_among_them():
    codes = {case["refused"] for case in CASES if "refused" in case}
    false = {code for case in CASES for code, holds in case.get("checks", ()) if holds is False}
    every = {code for case in CASES for code, _holds in case.get("checks", ())}
    assert codes == {"ZS-DR-07", "ZS-DR-21", "ZS-DR-22", "ZS-DR-23"}
    assert every - false == {"strength"}
