"""What a rule rests on: whom a document binds, a place's own, and what its document does not ask for."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from zhunsheng.errors import ZhunshengError
from zhunsheng.review import LocalBasis, all_rules, bases_in, bases_of, documents, review
from zhunsheng.review.examples import example

CODES = [rule.code for rule in all_rules()]
LOCAL = {
    "id": "a",
    "rules": ["ZS209"],
    "citation": "某财〔2020〕9号",
    "name": "某办法",
    "article": "第九条",
    "scope": "市级各部门",
    "valid_from": "2020-03-01",
    "valid_to": "2021-06-30",
    "status": "verified",
    "checked_on": "2026-11-20",
}


def test_every_rule_cites_documents_that_say_whom_they_bind():
    for rule in all_rules():
        found = bases_of(rule.code, rule.basis, 2021)
        assert len(found) == rule.basis.count("；") + 1, rule.code
        assert all(one.scope and one.force in ("binding", "reference", "custom") for one in found)
    central = [d for d in documents() if d.binds == "central"]
    assert central and all("中央" in d.scope for d in central)


@pytest.mark.parametrize(("year", "said"), [(2019, None), (2020, False), (2021, True), (2022, True)])
def test_a_local_document_is_cited_first_while_it_is_in_force(year, said):
    """Begun in 2020 and ended on 2021-06-30: in force at the end of 2020 alone."""
    first, *others = bases_of("ZS209", "财预〔2015〕88号（指标体系）", year, [LocalBasis(**LOCAL)])
    assert others or first.citation == "财预〔2015〕88号"
    assert first.local is (said is not None) and (said is None or first.expired is said)
    if said:
        assert "2021-06-30" in first.words() and "约束" not in first.words()
    assert not any(one.local for one in bases_of("ZS102", "财预〔2015〕88号", year, [LocalBasis(**LOCAL)]))


def test_findings_carry_what_they_rest_on():
    book, previous = example({"project.code": None})
    local = LocalBasis(**{**LOCAL, "rules": ["ZS102"], "valid_to": None})
    (finding,) = review(book, previous, bases=[local]).findings
    assert [one.local for one in finding.basis] == [True, False]
    told = finding.as_json()["basis"]
    assert told[0]["words"] == "某财〔2020〕9号第九条（本地，约束市级各部门，已核实）"
    assert told[1]["force"] == "reference" and told[1]["status"] == "unverified"
    # A document says why a rule is asked, not whether it is met.
    assert [f.code for f in review(book, previous).findings] == [finding.code]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"rules": ["ZS999"]}, "ZS-RV-02"),
        ({"checked_on": None}, "ZS-RG-01"),
        ({"valid_to": "2019-01-01"}, "ZS-RG-01"),
        ({"rules": []}, "ZS-RG-01"),
        ({"kind": "x"}, "ZS-RG-01"),
    ],
)
def test_a_file_that_names_no_rule_or_no_day_is_refused(tmp_path: Path, change, code):
    file = tmp_path / "依据.yaml"
    file.write_text(yaml.safe_dump([LOCAL | change], allow_unicode=True), "utf8")
    with pytest.raises(ZhunshengError) as refused:
        bases_in(file, CODES)
    assert refused.value.code == code
    file.write_text(yaml.safe_dump([LOCAL], allow_unicode=True), "utf8")
    assert bases_in(file, CODES)[0].article == "第九条"
