"""A small department, made for one test, and what its people do."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from docx import Document

import zhunsheng.regulations as regulations
from zhunsheng.sample.documents import bureau, flattened
from zhunsheng.targets import Goal, Indicator, TargetSheet, TargetValue
from zhunsheng.web.services import evidence, ledgers, matching
from zhunsheng.web.services.portfolio import ranking
from zhunsheng.web.services.publishing import acts
from zhunsheng.web.services.rules import rules_for
from zhunsheng.web.services.sheets import lookup
from zhunsheng.web.services.year import figures, filling, records

YEAR, END = 2021, date(2022, 2, 28)
CLOSURE, MEASURE = "举报案件办结率", "report_closure_rate"
LOCAL = Path(regulations.__file__).parent / "data" / "local" / "local-example.yaml"
PAID = "凭证号,项目名称,项目编码,支付金额,支付日期"
BUDGET = "项目名称,项目编码,变动类型,金额,批复日期"
COMPLAINT = "登记编号,类别,收到日期,办结日期,诉求人"
PROOF = b"%PDF-1.4 x"


def indicator(name, raw, level1="产出指标", level2="质量指标", **more):
    return Indicator(
        name=name, level1=level1, level2=level2, target=TargetValue.parse(raw, year=YEAR), **more
    )


def project(*first, name="治理经费", code="P1", total=1_000_000):
    """A project sheet that can be submitted: an indicator in each dimension, a budget, a goal."""
    rest = (
        indicator("市场秩序", "有效提升", "效益指标", "社会效益指标"),
        indicator("走访对象认可程度", "≥90%", "满意度指标", "服务对象满意度指标"),
    )
    return TargetSheet(
        kind="project",
        name=name,
        code=code,
        year=YEAR,
        department="甲",
        budget={"total": Decimal(total)},
        goals=(Goal(title="目标1", text="办好每一件举报"),),
        indicators=(*(first or (indicator(CLOSURE, "≥95%"),)), *rest),
    )


def complaints(closed=83, of=92):
    """83 of 92 closed: 90.22 %."""
    return [f"T{n},举报,2021-03-05,{'2021-06-01' if n < closed else ''},张三{n}" for n in range(of)]


def first(run):
    """The one sheet and its first indicator."""
    return run.results[0], run.results[0].indicators[0]


def opened(place, user):
    return filling.open_self_evaluation(place, YEAR, user("caiwu"))


def say(client, evaluation, n=0, proof=True, **said):
    """Post a word on an indicator as the page does, which holds the cause and measures that were given
    before.
    """
    sheet = evaluation.assessment.run.results[0]
    former = records.words_of(evaluation).get((sheet.id, sheet.indicators[n].id))
    held = {"cause": former.cause, "measures": former.measures} if former else {}
    said = held | said
    files = {"files": [SimpleUploadedFile("清单.pdf", PROOF)]} if proof else {}
    answer = client.post(
        reverse("word", args=[evaluation.pk]),
        {"sheet": sheet.id, "indicator": sheet.indicators[n].id, **said, **files},
    )
    evaluation.refresh_from_db()
    return answer


def settle(place, user):
    """Confirm every match that is proposed."""
    book = lookup.book_in_force(place, YEAR, END)
    run = figures.assess_now(place, YEAR, END).run
    for sheet in run.results:
        for line in sheet.open_matches:
            matching.confirm(place, book, sheet.id, line.id, line.match.measure, user("caiwu"))


def judged(client, evaluation, place):
    """Say all that waits for a person: the qualitative band, and the satisfaction that no ledger holds."""
    band = rules_for(place, YEAR).scheme.qualitative[0]
    assert say(client, evaluation, 1, band=band.name, share="90", reason="问卷与走访").status_code == 302
    assert say(client, evaluation, 2, actual="95%", reason="问卷").status_code == 302
    explained(client, evaluation)


def explained(client, evaluation):
    """Say on the page why each missed target was missed, and leave the rest of what stands there."""
    words = records.words_of(evaluation)
    for sheet, code in records.unexplained(evaluation):
        word = words.get((sheet, code))
        said = {"actual": word.actual, "reason": word.reason} if word else {}
        told = {"sheet": sheet, "indicator": code, "cause": "其他", "measures": "逐件督办", **said}
        assert client.post(reverse("word", args=[evaluation.pk]), told).status_code == 302
    evaluation.refresh_from_db()


def step(client, record, action, **said):
    prefix = action.split(".")[0]
    answer = client.post(reverse("step", args=[prefix, record.pk]), {"action": action, **said})
    record.refresh_from_db()
    return answer


def row_of(place):
    return next(r for r in ranking.ranking(place.parent, YEAR) if r["department"] == place)


def words_in(path):
    """Return all text of a Word or Excel file."""
    content = path if isinstance(path, bytes) else path.read_bytes()
    if content[:2] == b"PK" and b"word/document.xml" in content:
        document = Document(io.BytesIO(content))
        cells = [c.text for t in document.tables for r in t.rows for c in r.cells]
        return "\n".join([*cells, *(p.text for p in document.paragraphs)])
    book = openpyxl.load_workbook(io.BytesIO(content))
    return "\n".join(str(c.value) for s in book for r in s.iter_rows() for c in r if c.value is not None)


def zipped(*names):
    """A zip with a target document of each department, in which the department is named."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for n, name in enumerate(names):
            archive.writestr(f"{n}.txt", flattened({**bureau(), "department": name}))
    return SimpleUploadedFile("各部门.zip", buffer.getvalue(), "application/zip")


def accepted(place, user, sign_in):
    """A contest that the bureau accepted: (evaluation, contest)."""
    settle(place, user)
    evaluation = opened(place, user)
    say(sign_in("keyuan"), evaluation, 0, actual="99%", reason="台账外办结")
    contest = evaluation.contests.get()
    assert step(sign_in("caizheng"), contest, "contest.accept", remark="经核实").status_code == 302
    evaluation.refresh_from_db()
    assert first(evaluation.assessment.run)[1].outcome.origin == "accepted"
    return evaluation, contest


def more_closed(put, place):
    """Eight more complaints, all closed: 91 of 100."""
    put(place, "later", COMPLAINT, *(f"T{900 + n},举报,2021-04-05,2021-06-01,王五{n}" for n in range(8)))


def whole(total=None):
    """The department's own sheet, one indicator; ``total`` is its budget in yuan."""
    return TargetSheet(
        kind="department",
        name="部门整体绩效目标",
        year=YEAR,
        department="甲",
        budget={"total": Decimal(total) if total else None},
        goals=(Goal(title="目标1", text="办好每一件举报"),),
        indicators=(indicator(CLOSURE, "≥95%").model_copy(update={"goal": 0}),),
    )


def brought_up(place, user, sign_in, *, first=None):
    """Fill, sign and return the self-evaluation of a department; ``first`` is said before
    anything is signed.
    """
    settle(place, user)
    evaluation, staff = opened(place, user), sign_in("keyuan")
    band = rules_for(place, YEAR).scheme.qualitative[0]
    if first:
        first(staff, evaluation)
    for sheet in evaluation.assessment.run.results:
        for line in sheet.indicators:
            said = (
                {"band": band.name, "share": "90"} if line.score.verdict == "pending" else {"actual": "95%"}
            )
            if line.score.verdict not in ("pending", "nothing"):
                continue
            proof = {"files": [SimpleUploadedFile("清单.pdf", PROOF)]}
            sent = {"sheet": sheet.id, "indicator": line.id, "reason": "问卷", **said, **proof}
            assert staff.post(reverse("word", args=[evaluation.pk]), sent).status_code == 302
    evaluation.refresh_from_db()
    explained(staff, evaluation)
    sign_on(sign_in, evaluation)
    return evaluation


def made_public(evaluation, user):
    asked = acts.ask("self", evaluation, user("caiwu"))
    acts.decide(asked, user("juzhang"), "publish.approve")
    asked.refresh_from_db()
    return asked


def open_rows(client, publication):
    content = client.get(reverse("open-data", args=[publication.pk, "csv"])).content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content)))


def take_back(place, user, work_off, ledger="complaints"):
    """The office's finance section undoes every batch of a ledger; the figures follow."""
    for one in evidence.store().batches(department=place.code):
        if one.ledger == ledger and not one.undoes and one.batch not in undone_of(place):
            ledgers.undo(place, one.batch, user("caiwu"))
    work_off()


def undone_of(place):
    return {b.undoes for b in evidence.store().batches(department=place.code)}


ONCE = "曾有台账读数"


def sign_on(sign_in, evaluation):
    for who, act in (("keyuan", "submit"), ("caiwu", "check"), ("juzhang", "sign")):
        assert step(sign_in(who), evaluation, f"selfeval.{act}").status_code == 302


def published(subject, user, kind="self"):
    made = acts.ask(kind, subject, user("caiwu"))
    acts.decide(made, user("juzhang"), "publish.approve")
    return made


def public(client, publication):
    """The public page and the open data."""
    page = client.get(reverse("public-one", args=[publication.pk])).content.decode()
    return page, client.get(reverse("open-data-json", args=[publication.pk])).json()
