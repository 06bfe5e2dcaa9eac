"""A draw's bundle and folder: an honest one holds, and every kind of tampering is caught."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile

import pytest
from typer.testing import CliRunner

from small_draws import NUMBERS, TAMPERINGS, held, tampered
from zhunsheng.cli.commands import app
from zhunsheng.draw_folders import seal_draw
from zhunsheng.draws import spec
from zhunsheng.draws.bundle import read_bundle
from zhunsheng.draws.bundle_rules import PARTS
from zhunsheng.draws.protocol import commitment_digest
from zhunsheng.draws.randomness import canonical_text
from zhunsheng.draws.reading import read_plan
from zhunsheng.draws.verification import verify
from zhunsheng.errors import ZhunshengError
from zhunsheng.usecases.drawing.listing import list_draw
from zhunsheng.usecases.drawing.running import run_draw
from zhunsheng.usecases.drawing.sealing import seal_entries
from zhunsheng.usecases.drawing.verifying import verify_bundle
from zhunsheng.usecases.own_proofs import own_of, own_proof

# -- bundle, verification, tampering
# ------------------------------------------------------------------------------------------------------------


def test_an_honest_bundle_holds(folder):
    out, digest = folder
    found = held(verify_bundle(out / "抽查包.zip", out / "frame.tsv", digest, memory_limit="200MB"))
    # A lottery's numbers are for its publisher to confirm: no program has checked them.
    assert {c for c, h in found.items() if h is not True} == {"strength"}
    assert (len(found), found["strength"]) == (14, None)
    partly = held(verify_bundle(out / "抽查包.zip"))
    assert {c for c, h in partly.items() if h is None} == {"published", "frame", "strength"}


def test_the_bundle_holds_no_names_and_is_reproducible(folder):
    out, _ = folder
    first = (out / "抽查包.zip").read_bytes()
    run_draw(out)
    assert (out / "抽查包.zip").read_bytes() == first
    with zipfile.ZipFile(out / "抽查包.zip") as archive:
        assert {*archive.namelist()} == {*PARTS, "README.txt"}
        assert b'"by"' not in archive.read("seed.json")


@pytest.mark.parametrize("kind", TAMPERINGS)
def test_every_tampering_is_caught(folder, tmp_path, kind):
    out, digest = folder
    bundle, frame = tampered(out, kind, tmp_path / "t")
    if TAMPERINGS[kind].startswith("ZS-"):
        with pytest.raises(ZhunshengError, match=TAMPERINGS[kind]):
            verify_bundle(bundle, frame, digest)
        return
    found = held(verify_bundle(bundle, frame, digest))
    assert found[TAMPERINGS[kind]] is False, found


def test_bundles_that_are_none(tmp_path):
    with pytest.raises(ZhunshengError, match="ZS-IN-01"):
        read_bundle(tmp_path / "none.zip")
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04zz")
    with pytest.raises(ZhunshengError, match="ZS-DR-07"):
        read_bundle(tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("plan.json", "{}")
    with pytest.raises(ZhunshengError, match="ZS-DR-07"):
        read_bundle(tmp_path / "b.zip")
    assert held(verify({"plan.json": {}, "inspectors.json": []})) == {"plan": False}


def test_a_changed_frame_or_register_is_not_drawn_from(folder):
    out, _ = folder
    kept = (out / "frame.tsv").read_text("utf8")
    (out / "frame.tsv").write_text("".join(kept.splitlines(keepends=True)[1:]), "utf8")
    with pytest.raises(ZhunshengError, match="ZS-DR-08"):
        run_draw(out)
    (out / "frame.tsv").write_text(kept, "utf8")
    (out / "inspectors.json").write_text("[]", "utf8")
    with pytest.raises(ZhunshengError, match=r"ZS-DR-61.*inspectors\.json"):
        run_draw(out)


def _overwritten(out, name, change):
    data = json.loads((out / name).read_text("utf8"))
    change(data)
    (out / name).write_bytes(spec.canonical(data))


@pytest.mark.parametrize(
    ("name", "change", "blamed"),
    [
        ("seed.json", lambda one: one.update(seed="0" * 32), "seed.json"),
        ("seed.json", lambda one: one.update(commitment="0" * 64), "seed.json"),
        ("seed.json", lambda one: one.update(randomness="lottery:某彩票:2021024:03 08 17 23"), "seed.json"),
        ("seed.json", lambda one: one["values"][0].update(numbers="03 08 17 23"), "seed.json"),
        ("seed.json", lambda one: one.update(controlled_by_office=True), "seed.json"),
        ("commitment.json", lambda one: one["strata"]["东|D"].update(quota=0, reserve=0), "commitment.json"),
        ("commitment.json", lambda one: one["frame"].update(count=399), "commitment.json"),
        ("commitment.json", lambda one: one.update(committed_at="2021-02-25T00:00:00Z"), "seed.json"),
        ("plan.json", lambda one: one["quotas"][0].update(floor=3), "plan.json"),
        ("plan.json", lambda one: one.update(title="另一次"), "plan.json"),
    ],
)
def test_whatever_was_changed_in_the_folder_is_neither_drawn_nor_listed_nor_told(
    folder, tmp_path, name, change, blamed
):
    out, _ = folder
    _overwritten(out, name, change)
    for ask in (
        lambda: run_draw(out),
        lambda: list_draw(out, tmp_path / "l.csv"),
        lambda: own_of(out, "E00001"),
        lambda: own_proof(out, "E00001"),
    ):
        with pytest.raises(ZhunshengError, match=f"ZS-DR-61.* {blamed} "):
            ask()
    if name != "seed.json":
        with pytest.raises(ZhunshengError, match=r"ZS-DR-61|ZS-DR-38"):
            seal_entries(out, {"by": "a", "values": NUMBERS}, {"by": "b", "values": NUMBERS})
    assert not (tmp_path / "l.csv").exists()


def test_a_bundle_of_another_seed_tells_nobody_where_they_stand(folder):
    """Seed and all changed consistently in the folder, and the old bundle beside them."""
    out, _ = folder
    own_of(out, "E00001")
    other = canonical_text(read_plan(out / "plan.json"), values := [{"numbers": "01"}])
    bound = commitment_digest(json.loads((out / "commitment.json").read_text("utf8")))
    _overwritten(
        out,
        "seed.json",
        lambda one: one.update(values=values, randomness=other, seed=spec.seed_of(bound, other)),
    )
    with pytest.raises(ZhunshengError, match=r"ZS-DR-61.* 抽查包\.zip"):
        own_of(out, "E00001")


def _command(capsys, *arguments):
    from zhunsheng.cli import main

    with pytest.raises(SystemExit) as left:
        main(["draw", *map(str, arguments)])
    said = capsys.readouterr()
    return left.value.code, "".join((said.out + said.err).split("\n"))


def test_a_folder_that_holds_a_commitment_is_not_written_over(folder, tmp_path, capsys):
    """The key of a public commitment's frame lies in frame.tsv and nowhere else."""
    out, _ = folder
    kept = {one.name: one.read_bytes() for one in out.iterdir()}
    ask = (
        "commit",
        tmp_path / "plan.yaml",
        "--inspectors",
        tmp_path / "people.yaml",
        "--frame",
        tmp_path / "frame.csv",
        "--out",
    )
    code, said = _command(capsys, *ask, out)
    assert code == 2 and "ZS-DR-64" in said and "换一个新目录" in said
    assert {one.name: one.read_bytes() for one in out.iterdir()} == kept
    (tmp_path / "half").mkdir()
    shutil.copy(out / "frame.tsv", tmp_path / "half")
    assert "ZS-DR-64" in _command(capsys, *ask, tmp_path / "half")[1]


def test_a_file_where_a_folder_is_asked_for_is_told(folder, tmp_path, capsys):
    out, _ = folder
    (there := tmp_path / "there").write_text("x", "utf8")
    for ask in (("proof", out, "E00001", "--out", there), ("list", out, "--out", there / "l.csv")):
        code, said = _command(capsys, *ask)
        assert code == 2 and "ZS-CL-11" in said and "ZS-CL-99" not in said
    (tmp_path / "dir.csv").mkdir()
    assert "ZS-CL-11" in _command(capsys, "list", out, "--out", tmp_path / "dir.csv")[1]
    assert there.read_text("utf8") == "x"


def test_a_folder_without_commitment_or_seed_says_what_comes_first(folder, tmp_path):
    out, _ = folder
    for ask in (run_draw, lambda one: list_draw(one, tmp_path / "l.csv"), lambda one: own_of(one, "E1")):
        with pytest.raises(ZhunshengError, match=r"ZS-DR-63.*commitment"):
            ask(tmp_path)
    with pytest.raises(ZhunshengError, match="ZS-DR-63"):
        seal_draw(tmp_path, tmp_path / "a.yaml", tmp_path / "b.yaml")
    (out / "seed.json").unlink()
    for ask in (run_draw, lambda one: list_draw(one, tmp_path / "l.csv")):
        with pytest.raises(ZhunshengError, match=r"ZS-DR-62.*还没有录入随机数"):
            ask(out)


def test_the_frame_file_is_its_own_digest(folder):
    out, _ = folder
    committed = json.loads((out / "commitment.json").read_text("utf8"))
    assert hashlib.sha256((out / "frame.tsv").read_bytes()).hexdigest() == committed["frame"]["digest"]
    assert hashlib.sha256((out / "commitment.json").read_bytes()).hexdigest() == commitment_digest(committed)


# -- the sample, results, due dates
# ------------------------------------------------------------------------------------------------------------


def test_a_file_in_anothers_place_is_called_what_it_is(folder, tmp_path):
    out, _ = folder
    bundle, text = out / "抽查包.zip", (out / "frame.tsv").read_bytes()
    for name, content, said in (
        (
            "我的名录库.tsv",
            text.replace(b"\n", b"\r\n"),
            "我的名录库.tsv 的内容不合规：换行被改成了 Windows 的写法",
        ),
        ("我的名录库.tsv", text.partition(b"\n")[2], "名录库 我的名录库.tsv 的盐不对：缺少第一行的盐"),
        (
            "名录库.zip",
            bundle.read_bytes(),
            "名录库.zip 的内容不合规：它是 zip 或 xlsx 文件，不是公布的 frame.tsv",
        ),
        ("名录库.xlsx", b"PK\3\4", "它是 zip 或 xlsx 文件"),
    ):
        (tmp_path / name).write_bytes(content)
        (found,) = (one for one in verify_bundle(bundle, tmp_path / name) if one.code == "frame")
        assert found.holds is False and said in found.says, found.says
    (tmp_path / "own.json").write_bytes(own_proof(out, "E00001").raw())
    for arguments, said in (
        (["log", bundle], "是 zip 文件，不是承诺记录"),
        (
            ["check-proof", tmp_path / "own.json", "--bundle", out / "plan.json"],
            "它不是承诺（commitment.json）：写的是 zhunsheng.draw-plan/1",
        ),
        (["check-proof", tmp_path / "own.json", "--bundle", out / "seed.json"], "它不是承诺"),
    ):
        assert said in str(CliRunner().invoke(app, ["draw", *map(str, arguments)]).exception)
