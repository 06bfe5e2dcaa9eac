"""The page that verifies a draw, in a real browser, agrees with the program."""

from __future__ import annotations

import hashlib
import random

import pytest

from places import VECTORS, VERIFY_PAGE
from small_draws import TAMPERINGS, objects_of, plan_of, tampered
from zhunsheng.draws import assignment_1, spec
from zhunsheng.draws.assignment import RegisteredInspector
from zhunsheng.draws.bundle import read_bundle
from zhunsheng.draws.verification import published_check


def verify_in(page, bundle, frame=None, expected=""):
    page.goto(VERIFY_PAGE.as_uri())
    page.set_input_files("#bundle", str(bundle))
    if frame:
        page.set_input_files("#frame", str(frame))
    page.fill("#expected", expected)
    page.click("#go")
    page.wait_for_selector("body[data-done]", timeout=60_000)
    found = page.eval_on_selector_all(
        "#checks tr",
        "rows => rows.map(r => [r.dataset.code, {true: true, false: false}[r.dataset.holds] ?? null])",
    )
    assert page.problems == []
    return dict(found)


def test_the_page_agrees_on_an_honest_bundle(folder, page):
    out, digest = folder
    found = verify_in(page, out / "抽查包.zip", out / "frame.tsv", digest)
    assert {c for c, h in found.items() if h is not True} == {"strength"}


def test_a_digest_is_taken_as_it_was_copied_and_what_is_none_accuses_nobody(folder, page, capsys):
    """Screens and slips show digests in groups; a slip's own digest, or half of one,
    says nothing against the draw.
    """
    out, digest = folder
    grouped = " ".join(digest[n : n + 8] for n in range(0, 64, 8)).upper()
    parts = read_bundle(out / "抽查包.zip")
    wide = "".join(chr(ord(c) + 0xFEE0) for c in digest)
    copied = [grouped, f"\u3000{digest}\n", grouped.replace(" ", "-"), grouped.replace(" ", "—"), wide]
    for typed, holds in (*((one, True) for one in copied), ("abc", None), ("f" * 64, False)):
        assert published_check(parts, typed).holds is holds, typed
    told = {
        "": "64 个字符，现在是 0 个",
        digest[:-3]: "现在是 61 个",
        digest + "00": "现在是 66 个",
        "ab-O0": "第 3 个字符（空格和横线不算）是“o”，多半是数字 0",
        "a\U0001f600": "第 2 个字符（空格和横线不算）是“\U0001f600”",
        digest: "",
    }
    page.goto(page.url)
    for typed in copied:
        assert page.evaluate("typedDigest", typed) == spec.typed_digest(typed) == digest
    for typed, said in told.items():
        assert page.evaluate("digestFault", typed) == spec.digest_fault(typed) and said in spec.digest_fault(
            typed
        ), typed
    found = verify_in(page, out / "抽查包.zip", None, grouped)
    assert found["published"] is True
    page.goto(page.url)
    page.set_input_files("#bundle", str(out / "抽查包.zip"))
    page.fill("#expected", digest[:40])
    page.click("#go")
    page.wait_for_selector("text=承诺摘要应是 64 个")
    assert not page.locator("#result").is_visible()
    from zhunsheng.cli import main

    with pytest.raises(SystemExit) as left:
        main(["draw", "verify", str(out / "抽查包.zip"), "--commitment", "123"])
    assert left.value.code == 2 and "ZS-CL-01" in capsys.readouterr().err


def test_the_page_catches_every_tampering(folder, page, tmp_path):
    out, digest = folder
    for n, kind in enumerate(TAMPERINGS):
        bundle, frame = tampered(out, kind, tmp_path / str(n))
        found = verify_in(page, bundle, frame, digest)
        assert False in found.values(), kind


def test_the_page_on_the_vectors(page):
    seed = page.evaluate(
        "v => digestText(v.commitment + '\\n' + v.randomness).then(d => d.slice(0, 32))", VECTORS
    )
    tickets = page.evaluate("v => v.drawn.map(d => ticketOf(v.seed, d.id))", VECTORS)
    quotas = page.evaluate("v => canonical(allot(v.plan, v.strata))", VECTORS)
    teams = page.evaluate(
        "v => [...assign(v.plan, v.drawn.filter(d => !d.reserve), v.inspectors, v.seed)].map(([id, "
        "team]) => ({id, inspectors: team}))",
        VECTORS,
    )
    every = page.evaluate(
        "plans => plans.map(one => canonical(allot(one.plan, one.strata)))", VECTORS["plans"]
    )
    assert every == [spec.canonical(one["strata"]).decode() for one in VECTORS["plans"]]
    assert seed == VECTORS["seed"]
    assert tickets == [d["ticket"] for d in VECTORS["drawn"]]
    assert quotas == spec.canonical(VECTORS["strata"]).decode()
    assert sorted(teams, key=lambda t: t["id"]) == sorted(VECTORS["assignment"], key=lambda t: t["id"])


def test_the_page_assigns_as_draw_1_did(page):
    chance = random.Random(5)
    for n in range(25):
        seed = hashlib.sha256(str(n).encode()).hexdigest()[:32]
        staff = [
            RegisteredInspector(
                id=f"P{i:02d}",
                certified=i % 3 == 0,
                districts=chance.choice([[], ["东"], ["西"], ["东", "西"]]),
                recuse=[f"E{chance.randrange(60):05d}"],
            )
            for i in range(20)
        ]
        staff += [
            RegisteredInspector(id=f"Q{i}", certified=True, districts=[d]) for i, d in enumerate("东西")
        ]
        objects = objects_of(60, seed)
        ours = assignment_1.assign(plan_of(), objects, staff, seed)
        sent = [{"ticket": t, "id": i, "stratum": s} for t, i, s in objects]
        theirs = page.evaluate(
            "([p, o, i, s]) => Object.fromEntries(assign(p, o, i, s))",
            [plan_of().as_json(), sent, [p.model_dump(mode="json") for p in staff], seed],
        )
        assert theirs == {k: list(v) for k, v in ours.items()}
