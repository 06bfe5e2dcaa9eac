"""verify.html in a real browser: a frame read in pieces by workers is the specification's; stopped,
it says so; one's own proof.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import random
import re
from pathlib import Path

import pytest

from places import VECTORS, VERIFY_PAGE
from test_bundles import honest, packed
from zhunsheng.draws import spec
from zhunsheng.draws.own_proof import OwnProof, check_proof, read_proof
from zhunsheng.draws.protocol import commitment_digest
from zhunsheng.errors import ZhunshengError

FACTS = """async ([text, seed, committed, piece, readers]) => {
  PACE.piece = piece; PACE.readers = readers;
  return frameFacts(new Blob([Uint8Array.from(atob(text), c => c.charCodeAt(0))]), seed, committed, () => {});
}"""


def coded(raw):
    return base64.b64encode(raw).decode()


def frame_of(chance, size):
    """Return (key, rows, quotas) of a frame of at most ``size`` lines, of ids and strata of every length."""
    key = chance.choice(["", chance.randbytes(16).hex()])
    ids = sorted({"".join(chance.choices("09AZaz_-", k=chance.randint(1, 22))) for _ in range(size)})
    names = ["".join(chance.choices("东西A😀|é", k=chance.choice([1, 9, 40]))) for _ in range(4)]
    rows = [(one, chance.choice(names)) for one in ids]
    sizes = {name: sum(s == name for _, s in rows) for name in dict.fromkeys(s for _, s in rows)}
    quotas = {
        s: {"size": n, "quota": (n + 2) // 3, "reserve": min(n // 5, n - (n + 2) // 3)}
        for s, n in sizes.items()
    }
    return key, rows, quotas


def drawn_of(rows, seed, quotas):
    """Return the list drawn from rows as the specification says it: all tickets, sorted."""
    found = []
    for name in sorted(quotas, key=str.encode):
        quota, reserve = quotas[name]["quota"], quotas[name]["reserve"]
        mine = sorted((spec.ticket(seed, one), one) for one, s in rows if s == name)[: quota + reserve]
        found += [
            {"stratum": name, "rank": n, "id": one, "ticket": mark, "reserve": n > quota}
            for n, (mark, one) in enumerate(mine, start=1)
        ]
    return found


def text_of(key, rows):
    return spec.head(key) + b"".join(spec.frame_line(*row) + b"\n" for row in rows)


def test_pieces_and_workers_give_what_the_specification_says(page):
    """However the text is cut, lines through the cuts included: digest, root, count and draw are those of the
    whole.
    """
    chance = random.Random(3)
    for _ in range(25):
        key, rows, quotas = frame_of(chance, chance.choice([1, 2, 3, 5, 63, 64, 65, 200, 1000]))
        text, seed = text_of(key, rows), chance.randbytes(16).hex()
        committed = {"format": f"zhunsheng.draw/{2 if key else 1}/commitment", "strata": quotas}
        found = page.evaluate(
            FACTS,
            [coded(text), seed, committed, chance.choice([7, 64, 97, 1024, 2**20]), chance.choice([1, 2, 3])],
        )
        assert found == {
            "digest": hashlib.sha256(text).hexdigest(),
            "root": spec.root_of(spec.leaf_under(key, spec.frame_line(*row)) for row in rows),
            "count": len(rows),
            "sorted": True,
            "whole": True,
            "again": drawn_of(rows, seed, quotas),
        }


def test_what_is_wrong_is_met_in_whichever_piece_it_lies(page):
    key, rows = "5" * 32, [(f"E{n:05d}", "东") for n in range(500)]
    committed = {
        "format": spec.VERSION + "/commitment",
        "strata": {"东": {"size": 500, "quota": 3, "reserve": 0}},
    }
    whole = text_of(key, rows)
    swapped = [*rows[:300], rows[301], rows[300], *rows[302:]]
    cases = [
        (text_of(key, swapped), "sorted", False),
        (text_of(key, [*rows[:400], rows[399], *rows[401:]]), "sorted", False),
        (text_of(key, [*rows[:450], ("E00450", "西"), *rows[451:]]), "whole", False),
        (whole.replace(b"E00333\t", b"E00 33\t"), None, "第 335 行不合规"),
        (whole.replace(b"E00333\t", b"E00333 "), None, "第 335 行不合规"),
        (whole[:-1], None, "最后一行不完整"),
        (whole.replace(b"\n", b"\r\n"), None, "ZS-DR-48"),
        (whole[35:], None, "ZS-DR-48"),
    ]
    script = (
        "async given => { try { return await ("
        + FACTS
        + ")(given); } catch (error) { return error.message; } }"
    )
    for text, name, said in cases:
        for readers in (1, 3):
            found = page.evaluate(script, [coded(text), "0" * 32, committed, 256, readers])
            assert (found[name] == said) if name else (said in found), (name, said, found)


def test_two_lines_that_changed_places_are_met_wherever_a_piece_ends(page):
    key, rows = "5" * 32, [(f"E{n:05d}", "东") for n in range(100)]
    committed = {
        "format": spec.VERSION + "/commitment",
        "strata": {"东": {"size": 100, "quota": 3, "reserve": 0}},
    }
    for n in range(20, 45):  # a piece holds some twenty
        text = text_of(key, [*rows[:n], rows[n + 1], rows[n], *rows[n + 2 :]])
        assert page.evaluate(FACTS, [coded(text), "0" * 32, committed, 256, 1])["sorted"] is False


def test_without_workers_the_page_reads_all_the_same(chromium):
    """A policy that forbids them, a browser without them: the same facts, never fewer."""
    key, rows, quotas = (
        "6" * 32,
        [(f"E{n:05d}", "东") for n in range(2000)],
        {"东": {"size": 2000, "quota": 9, "reserve": 1}},
    )
    committed = {"format": spec.VERSION + "/commitment", "strata": quotas}
    html, found = VERIFY_PAGE.read_bytes(), {}
    for name, policy, script in (
        ("with", "", ""),
        ("policy", "worker-src 'none'", ""),
        ("none", "", "delete window.Worker"),
    ):
        page = chromium.new_page()
        begun = []
        page.on("worker", lambda one, begun=begun: begun.append(one))
        headers = {"Content-Type": "text/html; charset=utf-8"} | (
            {"Content-Security-Policy": policy} if policy else {}
        )
        page.route(
            "http://verify.test/",
            lambda route, _request, headers=headers: route.fulfill(body=html, headers=headers),
        )
        if script:
            page.add_init_script(script)
        page.goto("http://verify.test/")
        found[name] = page.evaluate(FACTS, [coded(text_of(key, rows)), "1" * 32, committed, 1024, 2])
        assert len(begun) == (3 if name == "with" else 0)
        page.close()
    assert found["with"] == found["policy"] == found["none"]
    assert found["with"]["again"] == drawn_of(rows, "1" * 32, quotas)


def chosen(page, folder, bundle, frame=None, own=None):
    for name, raw in (("bundle.zip", bundle), ("frame.tsv", frame), ("own.json", own)):
        if raw is not None:
            (folder / name).write_bytes(raw)
            page.set_input_files(f"#{name.partition('.')[0]}", str(folder / name))


def said(page):
    """Return check -> (whether it holds, words) of what stands on the page."""
    rows = page.eval_on_selector_all(
        "#checks tr", "rows => rows.map(r => [r.dataset.code, [r.dataset.holds, r.cells[2].textContent]])"
    )
    return dict(rows)


def test_the_bar_counts_bytes_and_the_button_stops(page, tmp_path):
    parts, _frame, _digest = honest(random.Random(7), tmp_path)
    long = b"#\t" + b"1" * 32 + b"\n" + b"".join(b"E%07d\tA\n" % n for n in range(400_000))
    chosen(page, tmp_path, packed(parts), long)
    page.evaluate("""() => {
      PACE.piece = 65536;
      window.seen = [];
      window.stopped = "";
      const bar = document.getElementById("bar");
      const look = () => {
        seen.push([bar.value, bar.max]);
        // Pressed within the page: a driver that has to be told may come when all is read.
        if (!stopped && bar.value) {
          stopped = document.activeElement.id;
          document.activeElement.click();
        }
      };
      new MutationObserver(look).observe(document.getElementById("bytes"), { childList: true });
    }""")
    page.click("#go")
    page.wait_for_selector("body[data-done]")
    assert page.evaluate("stopped") == "stop"
    assert "没有核完" in page.inner_text("#verdict") and page.locator("#checks tr").count() == 0
    seen = page.evaluate("seen")
    assert all(of == len(long) for _, of in seen) and max(at for at, _ in seen) < len(long)
    assert [at for at, _ in seen] == sorted(at for at, _ in seen)
    # Stopped is not judged; asked again it is.
    page.click("#go")
    page.wait_for_selector("body[data-done]", timeout=60_000)
    assert page.evaluate("seen.at(-1)") == [len(long), len(long)]
    assert said(page)["frame"][0] == "false" and page.evaluate("document.activeElement.id") == "verdict"


def test_a_file_that_changes_while_it_is_read_is_not_judged(page, tmp_path):
    parts, frame, _digest = honest(random.Random(7), tmp_path)
    chosen(page, tmp_path, packed(parts), frame)
    (tmp_path / "frame.tsv").write_bytes(frame + b"z\tA\n")
    os.utime(tmp_path / "frame.tsv", (2e9, 2e9))  # another second, which is what a browser tells a change by
    page.click("#go")
    page.wait_for_selector("body[data-done]")
    assert "没有核完" in page.inner_text("#verdict")


def own_proof(parts, frame, entity):
    """Return an entity's own proof, made from the frame."""
    first, *lines, _ = frame.split(b"\n")
    key = first[2:].decode()
    place = next(n for n, line in enumerate(lines) if line.startswith(entity.encode() + b"\t"))
    return OwnProof(
        commitment=commitment_digest(parts["commitment.json"]),
        id=entity,
        salt=spec.salt(key, entity).hex(),
        stratum=lines[place].decode().partition("\t")[2],
        path=spec.Tree(spec.leaf_under(key, line) for line in lines).proof(place),
    )


def shown(page, folder, parts, raw):
    """Return what the page says of a proof: check -> (whether it holds, words)."""
    chosen(page, folder, packed(parts), own=raw)
    page.click("#go")
    page.wait_for_selector("body[data-done]")
    return {code: one for code, one in said(page).items() if code.startswith("own")}


def of_command(raw, parts):
    """Return what the command says of it, in the same form."""
    return {c.code: [str(c.holds).lower(), c.says] for c in check_proof(read_proof(raw, "own.json"), parts)}


@pytest.fixture(scope="module")
def drawn_with_reserve(tmp_path_factory):
    place = tmp_path_factory.mktemp("own")
    for n in range(99):
        parts, frame, _digest = honest(random.Random(n), place)
        some = {
            s
            for s, n in parts["commitment.json"]["strata"].items()
            if 0 < n["quota"] + n["reserve"] < n["size"]
        }
        if (
            some
            and {d["reserve"] for d in parts["drawn.json"]} == {True, False}
            and len(parts["drawn.json"]) > 3
        ):
            return parts, frame
    raise AssertionError("no draw of some with a reserve")


def test_page_and_command_say_the_same_of_everyones_own_proof(page, drawn_with_reserve, tmp_path):
    parts, frame = drawn_with_reserve
    words = set()
    for line in frame.decode().split("\n")[1:-1]:
        raw = own_proof(parts, frame, line.partition("\t")[0]).raw()
        found = shown(page, tmp_path, parts, raw)
        assert found == of_command(raw, parts) and found["own-place"][0] == "true"
        words.add(found["own-place"][1][:2])
    assert words == {"抽中", "候补", "没有"}


def test_page_and_command_find_the_same_fault(page, drawn_with_reserve, tmp_path):
    """A proof that was changed or is of another draw; an entity that the draw went around,
    or drew under another ticket.
    """
    parts, frame = drawn_with_reserve
    rows = parts["drawn.json"]
    right = own_proof(parts, frame, rows[0]["id"])
    ids, strata = {d["id"] for d in rows}, {d["stratum"] for d in rows}
    lines = (line.split("\t") for line in frame.decode().split("\n")[1:-1])
    outside = own_proof(parts, frame, next(one for one, s in lines if one not in ids and s in strata))
    first = next(d for d in rows if d["stratum"] == outside.stratum)
    cases = [
        ({**parts, "drawn.json": rows[1:]}, right, "own-place"),
        ({**parts, "drawn.json": [{**rows[0], "ticket": "0" * 64}, *rows[1:]]}, right, "own-place"),
        # Somebody of the stratum with the highest ticket in place of the one with the lowest.
        (
            {**parts, "drawn.json": [{**d, "ticket": "f" * 64} if d is first else d for d in rows]},
            outside,
            "own-place",
        ),
        ({**parts, "drawn.json": [d for d in rows if d is not first]}, outside, "own-place"),
        (parts, right.model_copy(update={"commitment": "0" * 64}), "own"),
        (parts, right.model_copy(update={"salt": "0" * 32}), "own-frame"),
        (parts, right.model_copy(update={"stratum": "别处"}), "own-frame"),
        (parts, right.model_copy(update={"path": right.path[1:]}), "own-frame"),
    ]
    for given, proof, code in cases:
        found = shown(page, tmp_path, given, proof.raw())
        assert found == of_command(proof.raw(), given) and found[code][0] == "false", (code, found)
        assert page.inner_text("#verdict").startswith("不成立")


def test_what_is_no_proof_is_refused_by_both(page, drawn_with_reserve, tmp_path):
    parts, frame = drawn_with_reserve
    right = own_proof(parts, frame, parts["drawn.json"][0]["id"]).model_dump()
    cases = [
        spec.canonical({**right, "name": "张三"}),
        spec.canonical({k: v for k, v in right.items() if k != "salt"}),
        spec.canonical({**right, "path": ["X" + "0" * 64]}),
        spec.canonical({**right, "format": "zhunsheng.draw-proof/1"}),
        json.dumps(right).encode(),
        b"PK",
        b" " * 20_000,
        spec.canonical(right) + b"\n",
    ]
    for raw in cases:
        with pytest.raises(ZhunshengError, match="ZS-DR-49"):
            read_proof(raw, "own.json")
        found = shown(page, tmp_path, parts, raw)
        assert found["own"][0] == "false" and found["own"][1].startswith("ZS-DR-49"), found


def test_the_vectors_of_the_salted_frame(page):
    salted, rows = VECTORS["salted"], [tuple(row) for row in VECTORS["frame"]]
    committed = {"format": salted["version"] + "/commitment", "strata": VECTORS["strata"]}
    text = text_of(salted["key"], rows)
    found = page.evaluate(FACTS, [coded(text), VECTORS["seed"], committed, 512, 2])
    assert (found["digest"], found["root"]) == (salted["frame_digest"], salted["frame_root"])
    strata = dict(rows)
    for entity, proof in salted["proofs"].items():
        climbed = page.evaluate(
            "([id, stratum, proof]) => climb(id, stratum, proof)", [entity, strata[entity], proof]
        )
        assert climbed == salted["frame_root"]


def test_the_page_holds_together_without_the_network():
    """One file: no address is asked, and nothing but its own script and workers of its own text may run."""
    html = VERIFY_PAGE.read_text("utf8")
    assert not re.search(
        r"(?i)\b(src|href)\s*=|\bfetch\(|XMLHttpRequest|importScripts|WebSocket|\beval\(", html
    )
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)[1]
    assert (
        policy
        == "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; worker-src blob:"
    )
    assert Path(VERIFY_PAGE).stat().st_size < 400_000


def test_files_dropped_on_the_page_go_to_their_fields(page):
    names = ["抽查包.zip", "frame.tsv", "在册证明-A.json"]
    page.evaluate(
        """names => {
          const dropped = new DataTransfer();
          for (const name of names) dropped.items.add(new File(["x"], name));
          const how = { dataTransfer: dropped, bubbles: true, cancelable: true };
          document.body.dispatchEvent(new DragEvent("drop", how));
        }""",
        names,
    )
    assert (
        page.evaluate("['bundle', 'frame', 'own'].map(id => document.getElementById(id).files[0].name)")
        == names
    )


def test_keyboard_and_reader_are_told_what_happens(page, drawn_with_reserve, tmp_path):
    """Each field has its label, the stages are said, the verdict gets the focus;
    without a bundle the field does.
    """
    for name in ("bundle", "frame", "own", "expected"):
        assert page.locator(f"label[for={name}]").count() == 1
    assert (
        page.locator("#stage[role=status]").count() == 1 and page.locator("progress[aria-label]").count() == 1
    )
    page.focus("#expected")
    page.keyboard.press("Enter")
    page.wait_for_selector("#stage:has-text('请先选择抽查包')")
    assert page.evaluate("document.activeElement.id") == "bundle"
    parts, frame = drawn_with_reserve
    chosen(page, tmp_path, packed(parts), frame)
    page.focus("#expected")
    page.keyboard.press("Enter")
    page.wait_for_selector("body[data-done]")
    assert page.evaluate("document.activeElement.id") == "verdict"
    assert page.locator("#checks th[scope=row]").count() == page.locator("#checks tr").count() > 10


def test_the_smallest_tickets_are_kept_without_sorting_all(page):
    """Of 6,000 tickets a few, cut down many times: none is lost at the limit, and never many are held."""
    script = """([seed, ids, wanted]) => {
      const best = new Smallest(seed, wanted);
      let most = 0;
      for (const id of ids) {
        const head = parseInt(ticketOf(seed, id).slice(0, 13), 16);
        if (Math.floor(head / 2 ** 20) <= best.limit) best.add(head, id);
        most = Math.max(most, best.found.length);
      }
      return [best.cut().map(one => one.id), most];
    }"""
    seed, ids = "7" * 32, [f"E{n:05d}" for n in range(6000)]
    for wanted in (1, 5, 40):
        kept, most = page.evaluate(script, [seed, ids, wanted])
        assert kept == sorted(ids, key=lambda one: spec.ticket(seed, one))[:wanted]
        assert most <= 2 * wanted + 64
