"""The test bed of invented documents: what it writes holds what it says, what it counts is counted right,
and how much of it is read right does not fall.
"""

import random
from itertools import cycle

import pytest

from bed.judging import judge
from bed.layouts import document, layouts
from bed.noise import Noise, noise_of, single_noises
from bed.writers import WRITERS
from reading import Case, count, tried, written

LEAST_RIGHT, MOST_WRONG = 0.985, 30  # of all fields; of about 10,000


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """Every layout clean and with noise, each in one of the formats that are written here, as read."""
    found = []
    endings = cycle(WRITERS)
    for name in layouts():
        for copy in range(2):
            case = Case(name, next(endings), copy, seed=14)
            folder = tmp_path_factory.mktemp(case.key)
            found.append(tried(case, written(case, folder)))
    return found


def test_what_is_read_right_does_not_fall(sample):
    found = count(sample)
    assert found["right"] / found["fields"] >= LEAST_RIGHT, found
    assert found["wrong"] <= MOST_WRONG, found


def test_no_document_makes_the_reader_crash(sample):
    assert not [r.case.key for r in sample if any(one.told.startswith("crash") for one in r.judged.fields)]


@pytest.mark.parametrize("noise", [pytest.param(noise, id=name) for name, noise in single_noises().items()])
def test_cells_never_overlap_and_the_document_holds_its_truth(noise):
    for name in layouts():
        page = document(name, random.Random(name), noise)
        assert page.sheets, name
        texts = " ".join(block for block in page.blocks if isinstance(block, str))
        for table in page.blocks:
            if isinstance(table, str):
                continue
            taken = [
                (row, column)
                for cell in table.cells
                for row in range(cell.row, cell.row + cell.rows)
                for column in range(cell.column, cell.column + cell.columns)
            ]
            assert len(taken) == len(set(taken)), name
            texts += " ".join(cell.text for cell in table.cells)
        for sheet in page.sheets:
            assert all(one["name"] in texts for one in sheet["indicators"]), name


def test_the_same_seed_writes_the_same_document():
    once, again = (
        document("central-self", random.Random(3), noise_of(random.Random(4), 1)) for _ in range(2)
    )
    assert (once.pages, once.sheets) == (again.pages, again.sheets)


def _book():
    """Return a book that says what its document says, as the reader's JSON, with that truth."""
    want = document("jilin-plain", random.Random(5), Noise()).sheets[0]
    indicators = [
        {
            "name": one["name"],
            "level1": one["level1"],
            "level2": one["level2"],
            "place": {"table": 1, "row": 5 + n},
            "target": {
                "op": one["op"].split("|")[0],
                "value": one["value"].split("|")[0],
                "unit": (one["unit"] or "").split("|")[0],
                "raw": "",
                "doubts": [],
            },
        }
        for n, one in enumerate(want["indicators"])
    ]
    head = {key: want[key] for key in ("kind", "name", "year")}
    goals = [{"text": f"{text}。"} for text in want["goals"]]
    budget = {"total": want["total"]}
    return {
        "unsure": [],
        "sheets": [{**head, "goals": goals, "budget": budget, "indicators": indicators}],
    }, want


def test_a_true_reading_is_all_right():
    book, want = _book()
    judged = judge(book, [want])
    assert {one.kind for one in judged.fields} == {"right"}
    assert (judged.doubts, judged.alarms) == (0, 0)


def _kinds(book, want):
    return [
        (one.field.rpartition(": ")[2], one.kind) for one in judge(book, [want]).fields if one.kind != "right"
    ]


def test_another_value_is_silently_wrong_and_flagged_where_doubted():
    book, want = _book()
    target = book["sheets"][0]["indicators"][0]["target"]
    target["value"] = "7777"
    assert ("value", "wrong") in _kinds(book, want)
    target["doubts"] = ["可疑"]
    assert ("value", "flagged") in _kinds(book, want)


def test_what_is_not_read_is_silently_missing_and_what_nobody_wrote_is_wrong():
    book, want = _book()
    sheet = book["sheets"][0]
    lost = sheet["indicators"].pop()
    sheet["year"] = None
    assert {("year", "missing"), ("name", "missing"), ("op", "missing")} <= set(_kinds(book, want))
    sheet["indicators"].append({**lost, "name": "谁也没有写的指标"})
    assert ("invented", "wrong") in _kinds(book, want)


def test_a_doubt_of_a_right_value_is_a_false_alarm_and_a_refusal_takes_every_field():
    book, want = _book()
    book["sheets"][0]["indicators"][0]["target"]["doubts"] = ["可疑"]
    assert judge(book, [want]).alarms == 1
    assert {one.kind for one in judge({}, [want], "ZS-IN-13").fields} == {"refused"}
