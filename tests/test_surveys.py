"""A survey's share is of respondents: who answers a question twice counts once, and a share over several
questions says how it is made.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from agreed import import_ledger
from small_office import answer, confirmed, indicator, project
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Store
from zhunsheng.measures import DuckEngine, Rows, evidence_rows, measures, read_all
from zhunsheng.measures.kept import Kept
from zhunsheng.usecases import importing

HEAD = "答卷编号,受访者编号,调查批次,受访群体,题目,回答,答卷日期,项目名称,项目编码"
END = date(2021, 12, 31)
# Question 1: R1 takes 满意 back, R4 does not know; 2 of 3 are satisfied. Question 2: 3 of 4.
ANSWERS = (
    "A1,R1,上半年,企业,窗口服务,满意,2021-06-01,治理经费,P1",
    "A1,R1,上半年,企业,办事效率,满意,2021-06-01,治理经费,P1",
    "A2,R2,上半年,企业,窗口服务,满意,2021-06-02,治理经费,P1",
    "A2,R2,上半年,企业,办事效率,基本满意,2021-06-02,治理经费,P1",
    "A3,R3,上半年,消费者,窗口服务,非常满意,2021-06-03,治理经费,P1",
    "A3,R3,上半年,消费者,办事效率,不满意,2021-06-03,治理经费,P1",
    "A4,R4,上半年,消费者,窗口服务,不了解,2021-06-03,治理经费,P1",
    "A4,R4,上半年,消费者,办事效率,满意,2021-06-03,治理经费,P1",
    "A5,R1,上半年,企业,窗口服务,不满意,2021-06-05,治理经费,P1",
)
NAME = "受益群体满意度"


@pytest.fixture
def root(tmp_path):
    return tmp_path / "store"


def put(root, head, *lines):
    path = root.parent / f"{len(list(root.parent.iterdir()))}.csv"
    path.write_text("\n".join([head, *lines]) + "\n", "utf8")
    done = import_ledger(root, path, department="A1", label="甲局")
    assert done.batch is not None and not done.errors, done.errors
    return done.batch


def read(root, project=None, kept=None):
    snapshot = Store(root).snapshot()
    found = read_all([measures()["satisfaction"]], DuckEngine(snapshot), snapshot, 2021, END, kept=kept)
    return found["satisfaction", "A1", project]


def told(root, raw="≥90%"):
    sheet = project(indicator(NAME, raw, level1="满意度指标", level2="服务对象满意度指标"))
    done = answer(root, sheet, links=[confirmed(NAME, "satisfaction")])
    return done.results[0].outcomes[0].sampled


def test_who_answers_a_question_twice_counts_once_and_is_named(root):
    batch = put(root, HEAD, *ANSWERS)
    assert "同一受访者编号重复的行只计最后一次：R1（第 2、10 行）" in batch.notes
    for reading in (read(root), read(root, "P1")):
        # 2 + 3 of 3 + 4 answers, of 4 people.
        assert (reading.value, reading.denominator) == (Fraction(500, 7), 7)
        assert (reading.people, reading.questions, reading.repeated) == (4, 2, 1)
        # Wilson with 5/7 and n = 4: (0.7143 + 0.4802 ± 1.96 × √(0.0510 + 0.0600)) ÷ 1.9604.
        assert reading.interval == (27.61, 94.25)
    assert told(root) == (
        "4 人答 2 题，7 个回答合计，按人数的 95%置信区间 27.61%至94.25%，"
        "另有 1 个重复回答不计，区间跨过目标值"
    )
    # The rows behind the figure are those that count.
    snapshot = Store(root).snapshot()
    rows = evidence_rows(
        measures()["satisfaction"], DuckEngine(snapshot), snapshot, 2021, END, Rows(department="A1")
    )
    assert [(r.row, r.hit) for r in rows if r.values["题目"] == "窗口服务"] == [
        (4, True),
        (6, True),
        (10, False),
    ]


def test_an_answer_of_a_later_file_takes_the_place_of_the_one_before(root):
    kept = Kept()
    put(root, HEAD, *ANSWERS[:4])
    assert read(root, kept=kept).value == 100
    # R2 answers anew on the windows, another asks the same question in the second half of the year.
    put(root, HEAD, "A9,R2,上半年,企业,窗口服务,不满意,2021-07-01,治理经费,P1")
    put(root, HEAD, "B1,R2,下半年,企业,窗口服务,不满意,2021-11-01,治理经费,P1")
    reading = read(root, kept=kept)
    assert reading == read(root)
    # 3 of 5 answers; R2 of the second half is told apart from R2 of the first.
    assert (reading.value, reading.people, reading.repeated) == (60, 3, 1)


def test_a_ledger_without_the_columns_is_read_as_ever(root):
    head = "答卷编号,调查批次,受访群体,回答,答卷日期"
    put(root, head, *(f"A{n},上半年,企业,{'满意' if n < 90 else '不满意'},2021-06-01" for n in range(100)))
    reading = read(root)
    assert (reading.value, reading.denominator, reading.people, reading.questions) == (90, 100, 100, 0)
    assert reading.interval == (82.56, 94.48) and reading.repeated == 0
    put(root, HEAD.replace("受访者编号,", ""), "B1,下半年,企业,窗口服务,满意,2021-11-01,治理经费,P1")
    assert (read(root).denominator, read(root).people) == (101, 101)


def test_one_question_is_told_by_its_answers(root):
    put(root, HEAD, *(one for one in ANSWERS if "窗口服务" in one))
    reading = read(root)
    assert (reading.people, reading.questions, reading.denominator) == (3, 1, 3)
    assert told(root).startswith("3 份，95%置信区间 ")
    assert "另有 1 个重复回答不计" in told(root)


def test_an_answer_sheet_has_a_row_a_question_and_none_twice(root):
    path = root.parent / "x.csv"
    path.write_text("\n".join([HEAD, ANSWERS[0], ANSWERS[1], ANSWERS[0]]), "utf8")
    done = import_ledger(root, path, department="A1")
    assert [(e.row, e.message) for e in done.errors] == [(4, "答卷编号、题目 与第 2 行重复")]


def test_an_answer_without_its_question_beside_one_with_it_is_not_guessed_at(root):
    put(root, HEAD, *ANSWERS[:2])
    path = root.parent / "x.csv"
    path.write_text("\n".join([HEAD, "A1,R1,上半年,企业,,满意,2021-06-01,治理经费,P1"]), "utf8")
    with pytest.raises(ZhunshengError, match=r"ZS-EV-25.*“A1”没有填题目，台账中同名的行已有题目"):
        import_ledger(root, path, department="A1")
    path.write_text("\n".join([HEAD, ANSWERS[2], "A2,R2,上半年,企业,,满意,2021-06-01,治理经费,P1"]), "utf8")
    done = import_ledger(root, path, department="A1")
    told = "没有填题目，第 2 行同一答卷编号的题目是 窗口服务，分不清是不是同一个"
    assert [(e.row, e.message) for e in done.errors] == [(3, told)]


def test_no_answer_of_another_year_and_no_dont_know_takes_an_answer_away(root):
    """Ten are not content, one is: 9.09 %, whatever is answered afterwards or by whoever does not know."""
    bad = [f"A{n},R{n},上半年,企业,窗口服务,不满意,2021-06-01,治理经费,P1" for n in range(10)]
    put(root, HEAD, *bad, "A10,R10,上半年,企业,窗口服务,满意,2021-06-01,治理经费,P1")
    before = read(root).value
    assert before == Fraction(100, 11)
    put(root, HEAD, *(f"B{n},R{n},上半年,企业,窗口服务,满意,2022-01-02,治理经费,P1" for n in range(10)))
    assert read(root).value == before
    put(root, HEAD, *(f"C{n},R{n},上半年,企业,窗口服务,不了解,2021-12-01,治理经费,P1" for n in range(10)))
    assert read(root).value == before
    # Another answer of a known sheet is asked about; so is one who becomes another.
    for line in (bad[0].replace("不满意", "满意"), bad[0].replace(",R0,", ",R91,")):
        path = root.parent / "x.csv"
        path.write_text(f"{HEAD}\n{line}\n", "utf8")
        done = importing.import_ledger(root, path, department="A1")
        assert done.batch is None


def test_one_number_in_several_writings_is_one_person_and_a_placeholder_is_nobody(root):
    rest = "上半年,企业,窗口服务,{},2021-06-0{},治理经费,P1"
    written = ("r1", "R 1", "Ｒ1", "0", "000", "匿名", "")
    said = ("满意", "满意", "不满意", "满意", "满意", "不满意", "不满意")
    lines = [
        f"A{n},{who},{rest.format(a, n)}" for n, (who, a) in enumerate(zip(written, said, strict=True), 1)
    ]
    batch = put(root, HEAD, *lines)
    assert "“受访者编号”写的是占位，按没有填写处理，一份答卷算一人：第 5、6、7 行" in batch.notes
    assert "同一受访者编号重复的行只计最后一次：r1（第 2、3、4 行）" in batch.notes
    # R1 counts once, dissatisfied at last; the other four are a person each: 2 of 5.
    reading = read(root)
    assert (reading.value, reading.people, reading.repeated) == (40, 5, 2)


def test_the_offices_own_people_are_no_respondents(root):
    put(root, HEAD, *ANSWERS[:2], "B1,S1,上半年,工作人员,窗口服务,满意,2021-06-05,治理经费,P1")
    put(root, HEAD, "B2,R8,上半年,企业,窗口服务,不满意,2021-06-05,治理经费,P1")
    # R1 twice satisfied, R8 not: 2 of 3, and nothing of S1.
    assert (read(root).value, read(root).people) == (Fraction(200, 3), 2)
