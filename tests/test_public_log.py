"""The public log of commitments: whole it is read, and nobody removes, inserts,
reorders or rewrites an entry unseen.
"""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from zhunsheng.cli.commands import app
from zhunsheng.draws.public_log import START, Entry, held, read_log, told_of
from zhunsheng.errors import ZhunshengError


def chained(*said):
    """Return the lines of a log whose entries say so: (kind, draw, digest)."""
    lines, previous = [], START
    for number, (kind, draw, digest) in enumerate(said, start=1):
        entry = Entry(
            number=number,
            at=f"2026-03-{number:02d}T01:00:00Z",
            kind=kind,
            office="shizhi",
            draw=draw,
            title="抽查𠮷",
            digest=digest * 64,
            reason="系统故障" if kind == "void" else "",
            previous=previous,
        )
        lines.append(entry.line())
        previous = entry.own
    return lines


LINES = chained(
    ("commit", "C1", "a"),
    ("commit", "C2", "b"),
    ("void", "C1", "a"),
    ("commit", "C1-2", "c"),
    ("late", "C0", "d"),
)


def text(lines):
    return "".join(f"{line}\n" for line in lines)


def test_a_whole_log_is_read():
    entries = read_log(text(LINES), "x")
    assert [e.number for e in entries] == [1, 2, 3, 4, 5]
    assert [e.kind for e in told_of(entries, "a" * 64)] == ["commit", "void"]
    assert read_log("", "x") == [] and told_of(entries, "e" * 64) == []
    # An office goes on from what was noted: its log holds the digest of each entry before.
    assert entries[3].previous == entries[2].own


def rewritten(**said):
    return Entry.model_validate(json.loads(LINES[1]) | said).line()


@pytest.mark.parametrize(
    "spoilt",
    [
        [LINES[0], *LINES[2:]],  # one is withheld
        LINES[1:],  # the first is
        [LINES[0], LINES[2], LINES[1], *LINES[3:]],  # two change places
        [LINES[0], LINES[0], *LINES[1:]],
        [LINES[0], rewritten(digest="f" * 64), *LINES[2:]],  # another commitment under an old number
        [LINES[0], rewritten(at="2026-01-01T00:00:00Z"), *LINES[2:]],  # dated back
        [LINES[0], rewritten(reason="x"), *LINES[2:]],
        [LINES[0], rewritten(number=3), *LINES[2:]],
        [LINES[0], LINES[1] + " ", *LINES[2:]],
        [LINES[0], LINES[1].replace('"kind"', '"Kind"'), *LINES[2:]],
        [LINES[0], json.dumps(json.loads(LINES[1])), *LINES[2:]],  # another spelling of the same
        [LINES[0], LINES[1].replace("2026-03-02", "2026-02-31"), *LINES[2:]],
        [*LINES, ""],
        [*LINES, "[" * 9_000],
        [*LINES, "x" * 20_000],
        [*LINES, "null"],
    ],
)
def test_a_log_that_was_tampered_with_is_refused(spoilt):
    with pytest.raises(ZhunshengError, match="ZS-DR-45"):
        read_log(text(spoilt), "x")


def test_a_log_made_anew_does_not_go_on_from_what_was_noted(tmp_path):
    """The office rewrites the whole log, every digest right: whoever noted the head once sees it."""
    noted = Entry.model_validate_json(LINES[2]).own
    old, new = tmp_path / "old.jsonl", tmp_path / "new.jsonl"
    old.write_text(text(LINES), "utf8")
    new.write_text(text(chained(("commit", "C1", "f"), ("commit", "C2", "b"), ("commit", "C3", "c"))), "utf8")
    run = CliRunner().invoke
    told = run(app, ["draw", "log", str(old), "--head", noted.upper()])
    assert told.exit_code == 0 and "作废" in told.output and "系统故障" in told.output
    assert "一致" in told.output and "此后又有 2 条" in told.output
    refused = run(app, ["draw", "log", str(new), "--head", noted])
    assert "ZS-DR-58" in str(refused.exception) and "记录被改动过" in str(refused.exception)
    assert json.loads(run(app, ["draw", "log", str(old), "--json"]).output)[4]["kind"] == "late"


def test_whoever_holds_an_old_slip_learns_whether_it_still_stands(tmp_path):
    """Page and command ask the same: the number and the digest of a slip, however it was copied out."""
    entries = read_log(text(LINES), "x")
    noted = entries[2].own
    grouped = " ".join(noted[k : k + 4] for k in range(0, 64, 4)).upper()
    assert held(entries, grouped, 3).agrees and held(entries, noted).entry == entries[2]
    assert "最后一条" in held(entries, entries[4].own, 5).says
    for number, digest, why in (
        (4, noted, "是第 3 号的，不是第 4 号"),
        (3, "f" * 64, "被改动过"),
        (9, "f" * 64, "只到第 5 号"),
        (3, noted[:-1], "64 个字符"),
        (None, "f" * 64, "没有一条"),
    ):
        found = held(entries, digest, number)
        assert not found.agrees and why in found.says
    file = tmp_path / "log.jsonl"
    file.write_text(text(LINES), "utf8")
    run = CliRunner().invoke
    assert (
        "第 3 号记录还在原处" in run(app, ["draw", "log", str(file), "--number", "3", "--head", noted]).output
    )
    assert "ZS-DR-58" in str(run(app, ["draw", "log", str(file), "--number", "4", "--head", noted]).exception)
    assert "ZS-CL-01" in str(run(app, ["draw", "log", str(file), "--number", "4"]).exception)


def test_an_empty_log_is_no_log_that_holds(tmp_path):
    (file := tmp_path / "log.jsonl").write_text("", "utf8")
    assert "ZS-DR-65" in str(CliRunner().invoke(app, ["draw", "log", str(file)]).exception)
    file.write_text(text(LINES), "utf8")
    nothing = CliRunner().invoke(app, ["draw", "stamp", "check", str(file)])
    assert "ZS-CL-01" in str(nothing.exception) and "没有可核对的时间戳" in str(nothing.exception)
