"""Ledgers and measures that a body defined itself: versions kept with the evidence, in use wherever the
package's are.
"""

from __future__ import annotations

from zhunsheng.evidence import Store, defined, ledgers
from zhunsheng.evidence.ledgers import packaged_ledgers
from zhunsheng.measures import measures

LEDGER = """
id: pupils
title: 资助学生台账
what: 每名受资助学生一行
key: [pupil_no]
columns:
  - {name: pupil_no, title: 学籍号, type: text, required: true}
  - {name: paid_on, title: 发放日期, type: date}
"""
MEASURE = """
id: pupils_aided
name: 资助学生人数
kind: count
unit: 人
ledger: pupils
population: paid_on <= :as_of
accrual: {shape: count, day: paid_on}
formula: 已发放资助的学生数
citation: 本单位
answers: {verified: 核对名册, source: 资助学生台账, accuracy: 整数, limits: 无, remedy: 无}
"""


def test_a_definition_counts_where_its_store_is_open(tmp_path):
    root = tmp_path / "store"
    Store(root)
    defined.keep(root, "ledger", "pupils", LEDGER, who="科员", why="本年起用")
    assert ledgers()["pupils"].title == "资助学生台账"
    defined.keep(root, "measure", "pupils_aided", MEASURE, who="科员", why="本年起用")
    assert measures()["pupils_aided"].unit == "人"
    Store(tmp_path / "other")
    assert ledgers() == packaged_ledgers() and "pupils_aided" not in measures()


def test_a_version_holds_on_to_the_one_before(tmp_path):
    root = tmp_path / "store"
    Store(root)
    for text in (LEDGER, LEDGER.replace("资助学生台账", "受助学生台账"), None):
        defined.keep(root, "ledger", "pupils", text, who="科员", why="改名")
    first, second, last = defined.versions(root, "ledger", "pupils")
    assert not first.before and second.before and last.before not in ("", second.before)
    assert last.body is None and "pupils" not in ledgers()
