"""Invariants of part 5: one computation, typed from end to end."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import date

import pytest

import zhunsheng.regulations as regulations
import zhunsheng.usecases.assessing as assessing
from small_office import (
    CLOSURE,
    COMPLAINT,
    DAY,
    LOCAL,
    PLACE,
    ROOT,
    TYPED,
    answer,
    book,
    confirmed,
    indicator,
    project,
    put,
)
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Store, ledgers
from zhunsheng.judgements import Judgement
from zhunsheng.measures import ProjectLink
from zhunsheng.regulations import rules_for, scheme_of
from zhunsheng.usecases.assessing import AssessedDepartment, assess
from zhunsheng.usecases.opened_evidence import Evidence
from zhunsheng.usecases.rechecking import recheck_book
from zhunsheng.usecases.result import run_of


def _version(root, monkeypatch):
    monkeypatch.setattr(assessing, "__version__", "999")


def _national(root, monkeypatch):
    monkeypatch.setattr("zhunsheng.regulations.rules.data_digest", lambda: "another")


def _ledger(root, monkeypatch):
    put(root, "one-more", COMPLAINT, "T900,举报,2020-03-05,")


CHANGES = {
    "program": (_version, {}),
    "national rules": (_national, {}),
    "local scheme": (None, {"rules": rules_for(2021, scheme_of(2021, LOCAL))}),
    "department name": (None, {"place": AssessedDepartment("A1", "新名局")}),
    "department code": (None, {"place": AssessedDepartment("A2", "甲局")}),
    "confirmation": (None, {"links": [confirmed()]}),
    "project": (None, {"links": [ProjectLink(sheet="治理经费", project="P1")]}),
    "word": (None, {"said": [TYPED]}),
    "evidence": (_ledger, {}),
    "date": (None, {"day": date(2022, 2, 27)}),
    "mode": (None, {"mode": "step"}),
    "last year": (None, {"previous": book(project(indicator(CLOSURE, "≥90%"), year=2020))}),
}


@pytest.mark.parametrize("what", CHANGES)
def test_5_what_figures_rest_on_is_one_digest(root, monkeypatch, what):
    sheet = project(indicator(CLOSURE, "≥95%"))
    before = answer(root, sheet).basis
    assert answer(root, sheet).basis == before
    act, more = CHANGES[what]
    if act:
        act(root, monkeypatch)
    assert answer(root, sheet, **more).basis != before


def test_5_the_digest_moves_with_the_sheet_and_with_every_part_of_a_word(root):
    sheet = project(indicator(CLOSURE, "≥95%"))
    other = project(indicator(CLOSURE, "≥94%"))
    found = {answer(root, s).basis for s in (sheet, other)}
    words = {
        "actual": "98%",
        "reason": "另一个理由",
        "proof": "别的.pdf",
        "accepted": "同意",
        "measures": "甲",
        "by": "乙",
    }
    found |= {answer(root, sheet, said=[TYPED.model_copy(update={k: v})]).basis for k, v in words.items()}
    assert len(found) == 2 + len(words)


def test_5_the_digest_moves_with_measures_ledgers_and_monitoring_bands(root, monkeypatch):
    sheet = project(indicator(CLOSURE, "≥95%"))
    evidence = Evidence.of(Store(root))
    known = evidence.measures
    before = assess(book(sheet), evidence, DAY, department=PLACE).basis
    changed = known["report_closure_rate"].model_copy(update={"formula": "另一个算法"})
    other = replace(evidence, measures={**known, changed.id: changed})
    assert assess(book(sheet), other, DAY, department=PLACE).basis != before
    one = ledgers()["complaints"].model_copy(update={"what": "另一个说明"})
    every = {**ledgers(), "complaints": one}
    monkeypatch.setattr(assessing, "ledgers", lambda: every)
    assert assess(book(sheet), evidence, DAY, department=PLACE).basis != before


def test_5_every_file_of_national_rules_is_in_the_digest(tmp_path, monkeypatch):
    """Monitoring bands, deadlines, frameworks, schemes, key evaluation: a changed byte in any is another
    digest.
    """
    import shutil

    data = tmp_path / "data"
    shutil.copytree(ROOT / "src/zhunsheng/regulations/data", data)
    monkeypatch.setattr("zhunsheng.regulations.loading.DATA", data)
    found = {regulations.data_digest.__wrapped__()}
    files = [p for f in (data, data / "schemes") for p in sorted(f.iterdir()) if p.is_file()]
    assert {"monitoring.yaml", "frameworks.yaml", "deadlines.yaml", "key-evaluation.yaml"} <= {
        p.name for p in files
    }
    for path in files:
        kept = path.read_bytes()
        path.write_bytes(kept + b"\n")
        found.add(regulations.data_digest.__wrapped__())
        path.write_bytes(kept)
    assert len(found) == 1 + len(files)


_opened: list[str] | None = None


def _watch(event, arguments):
    if _opened is None:
        return
    if event == "open" and isinstance(arguments[0], str | bytes | os.PathLike):
        mode, flags = arguments[1] or "", arguments[2] or 0
        if set(mode) & set("wax+") or flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            _opened.append(os.fsdecode(arguments[0]))
    elif event in (
        "os.mkdir",
        "os.rename",
        "os.remove",
        "os.rmdir",
        "os.truncate",
        "tempfile.mkdtemp",
        "tempfile.mkstemp",
    ):
        _opened.append(f"{event} {arguments[0]}")


def test_5_use_cases_take_values_and_write_nothing(root, tmp_path, monkeypatch):
    """The store and the folder worked in are read-only, and nothing is opened for writing anywhere."""
    global _opened
    sys.addaudithook(_watch)
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    sheet = project(indicator(CLOSURE, "≥95%"))
    answer(root, sheet)  # what is loaded once is loaded

    def tree():
        return {
            p: (p.stat().st_mtime_ns, p.read_bytes() if p.is_file() else b"") for p in tmp_path.rglob("*")
        }

    before = tree()
    folders = [p for p in (root, here, *root.rglob("*")) if p.is_dir()]
    for folder in folders:
        folder.chmod(0o555)
    _opened = []
    try:
        done = answer(root, sheet, said=[TYPED], links=[confirmed()])
        run_of(done, Evidence.of(Store(root))).as_json()
        recheck_book(book(sheet), answer(root, sheet))
        written = [p for p in _opened if not p.startswith("/dev/")]
    finally:
        _opened = None
        for folder in folders:
            folder.chmod(0o755)
    assert written == [] and tree() == before


def test_5_a_local_scheme_with_other_band_names_is_scored_by_its_own(root):
    text = LOCAL.read_text("utf8")
    national, local = scheme_of(2021), scheme_of(2021, LOCAL)
    for n, band in enumerate(local.qualitative):
        text = text.replace(band.name, f"本地第{n}档")
    own = regulations.read_scheme(text, "本地.yaml", 2021)
    assert not {b.name for b in own.qualitative} & {b.name for b in national.qualitative}
    sheet = project(indicator("环境", "有效提升"))
    said = [
        Judgement(
            indicator="环境", band=own.qualitative[0].name, share=own.qualitative[0].high, reason="走访"
        )
    ]
    (result,) = answer(root, sheet, said=said, rules=rules_for(2021, own)).results
    assert (
        result.card.scores[0].verdict == "judged"
        and result.card.scores[0].score == result.card.scores[0].points
    )
    with pytest.raises(ZhunshengError, match="ZS-SC-04"):
        answer(root, sheet, said=said)
