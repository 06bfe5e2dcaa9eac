"""A small office: its evidence, its sheets and what they come to."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

from agreed import import_ledger
from zhunsheng.evidence import Store
from zhunsheng.judgements import Judgement
from zhunsheng.measures import MeasureLink
from zhunsheng.targets import Book, Indicator, Source, TargetSheet, TargetValue
from zhunsheng.targets.identity import identified
from zhunsheng.usecases.assessing import AssessedDepartment, assess
from zhunsheng.usecases.opened_evidence import Evidence
from zhunsheng.usecases.result import run_of

ROOT = Path(__file__).parents[1]
DAY = date(2022, 2, 28)
PLACE = AssessedDepartment("A1", "甲局")
CLOSURE, SAMPLING, DONE, EVENTS = "举报案件办结率", "监督抽查完成率", "项目完成时限", "应急演练次数"
LOCAL = ROOT / "src/zhunsheng/regulations/data/local/local-example.yaml"
PAID = "凭证号,项目名称,项目编码,支付金额,支付日期"
BUDGET = "项目名称,项目编码,变动类型,金额,批复日期"
EVENT = "活动编号,活动类别,主题类别,活动名称,开展日期"
STEP = "项目名称,项目编码,环节,计划完成日期,实际完成日期"
COMPLAINT = "登记编号,类别,收到日期,办结日期"


def put(root, name, head, *lines, department="A1", label="甲局"):
    path = root.parent / f"{name}-{department}.csv"
    path.write_text("\n".join([head, *lines]) + "\n", "utf8")
    done = import_ledger(root, path, department=department, label=label)
    assert done.batch is not None and not done.errors, done.errors
    return done.batch


def complaints(closed=83, of=92, start=0):
    """83 of 92 closed: 90.22 %."""
    return [f"T{n},举报,2021-03-05,{'2021-06-01' if n < closed else ''}" for n in range(start, of)]


def indicator(name, raw, **more):
    common = {"level1": "产出指标", "level2": "质量指标"} | more
    return Indicator(name=name, target=TargetValue.parse(raw, year=2021), **common)


def project(*indicators, name="治理经费", code="P1", **more):
    budget = {"total": Decimal(1_000_000)}
    made = {
        "kind": "project",
        "name": name,
        "code": code,
        "year": 2021,
        "department": "甲局",
        "budget": budget,
    }
    return identified(TargetSheet(indicators=indicators, **made | more))


def book(*sheets):
    return Book(source=Source(name="甲.docx", sha256="", media_type=""), sheets=sheets)


def confirmed(name=CLOSURE, measure="report_closure_rate", sheet=None):
    return MeasureLink(sheet=sheet, indicator=name, measure=measure)


def answer(root, *sheets, said=(), links=(), day=DAY, place=PLACE, **more):
    evidence = Evidence.of(Store(root))
    return assess(book(*sheets), evidence, day, department=place, judgements=said, links=links, **more)


def shown(done, root):
    return run_of(done, Evidence.of(Store(root)))


def texts(form):
    return "\n".join([*(c.text for row in form.rows for c in row), *form.notes])


def figures(done):
    """Return all numbers of an assessment, without what names and words say."""
    return [
        (
            r.card.total,
            r.card.range,
            r.card.execution.rate,
            [s.score for s in r.card.scores],
            [o.value for o in r.outcomes],
        )
        for r in done.results
    ]


TYPED = Judgement(indicator=CLOSURE, actual="99%", reason="台账外办结", proof="清单.pdf", by="科员甲")
