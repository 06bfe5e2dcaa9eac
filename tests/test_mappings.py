"""Columns and values that a ledger does not know are proposed, confirmed by a person, and kept for the next
file of the same source.
"""

from __future__ import annotations

import json

import openpyxl
import pytest
from stdnum.cn import uscc

from zhunsheng.cli import main
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Store, browse, ledger_of
from zhunsheng.evidence.doubts import proposed_value
from zhunsheng.evidence.mappings import (
    LedgerMapping,
    mapping_of,
    mapping_text,
    read_ledger_mapping,
    write_ledger_mapping,
)
from zhunsheng.usecases.importing import import_ledger

TITLES = [
    "序号",
    "统一社会信用代码",
    "企业（机构）全称",
    "市场主体类型（大类）",
    "设立日期",
    "核准日期",
    "登记状态",
    "注册资本（万元）",
    "币种",
    "住所（经营场所）",
    "行业门类",
    "经营范围",
    "法定代表人（负责人）",
    "联系电话",
    "登记机关",
    "信用风险分类",
]
TYPES = ["有限责任公司（自然人独资）", "个体工商户", "农民专业合作社分支机构", "合伙企业"]


def code(n):
    """Return a credit code of the sample, with its check character."""
    body = f"92130190{n:08d}T"[:17]
    return body + uscc.calc_check_digit(body)


def row(n, **changed):
    """Return a row of the provincial register."""
    said = {
        "序号": n,
        "统一社会信用代码": code(n),
        "企业（机构）全称": f"示例区{n}号商行",
        "市场主体类型（大类）": TYPES[n % len(TYPES)],
        "设立日期": f"20{n % 20:02d}/3/8",
        "核准日期": f"2024/6/{n % 28 + 1}",
        "登记状态": "存续（在营、开业、在册）",
        "注册资本（万元）": 50,
        "币种": "人民币",
        "住所（经营场所）": "示例区东湖街道滨河路21号",
        "行业门类": "批发和零售业",
        "经营范围": "食品销售",
        "法定代表人（负责人）": "某某",
        "联系电话": "000",
        "登记机关": "东湖所",
        "信用风险分类": "A级",
    }
    return [{**said, **changed}[title] for title in TITLES]


@pytest.fixture
def export(tmp_path):
    """Return a function that writes an export of the provincial register."""
    count = 0

    def write(*rows):
        nonlocal count
        count += 1
        book = openpyxl.Workbook()
        book.active.append(["市场主体明细表"])
        book.active.append(TITLES)
        for one in rows:
            book.active.append(one)
        file = tmp_path / f"省登记库{count}.xlsx"
        book.save(file)
        return file

    return write


@pytest.fixture
def store(tmp_path):
    """A store that is not there yet."""
    return tmp_path / "store"


def stored(store, *names, of="entities"):
    """Return columns of a ledger's rows that stand in a store."""
    ledger = ledger_of(of)
    found = browse(Store(store).snapshot(), ledger, "本部门")
    at = [[c.name for c in ledger.columns].index(name) for name in names]
    return [tuple(r.values[n] for n in at) for r in sorted(found.rows, key=lambda r: r.values[0])]


def test_a_provincial_export_is_read_after_two_confirmations_and_the_next_after_none(store, export):
    first = export(*(row(n) for n in range(1, 9)))
    asked = import_ledger(store, first)
    assert asked.batch is None and not Store(store).batches()
    assert [q.kind for q in asked.questions] == ["columns", "values", "values"]
    proposed = {part.text: part.proposed for part in asked.questions[0].parts}
    assert proposed == {
        "企业（机构）全称": "名称",
        "市场主体类型（大类）": "主体类型",
        "设立日期": "成立日期",
    }
    types = {part.text: part.proposed for part in asked.questions[1].parts}
    assert types == {
        "有限责任公司（自然人独资）": "企业",
        "农民专业合作社分支机构": "农民专业合作社",
        "合伙企业": "企业",
    }
    assert asked.account.told() == [("台账里没有，待写入", 8)]
    done = import_ledger(store, first, agreed=asked.asked)
    assert done.batch.inserted == 8
    assert stored(store, "name", "type", "credit_class")[0] == ("示例区1号商行", "个体工商户", "A")
    learned = done.learned
    assert learned
    assert learned.columns["设立日期"] == "registered_on" and learned.columns["币种"] is None
    # The next file of the source has the same titles: nothing is asked.
    later = import_ledger(store, export(*(row(n) for n in range(5, 13))), remembered=[learned])
    assert not later.questions and later.batch.inserted == 4
    assert later.account.told() == [("新增", 4), ("与台账相同", 4)]
    assert any("设立日期→成立日期" in note for note in later.batch.notes)
    assert any("合伙企业→企业" in note for note in later.batch.notes)
    by = {m.title: m.by for m in later.account.tables[0].matched}
    assert by["设立日期"] == "mapping" and by["统一社会信用代码"] == "title"
    # A file of other titles is of another source, whatever is remembered.
    with pytest.raises(ZhunshengError, match=r"ZS-EV-02|ZS-EV-10"):
        import_ledger(store, export_without(export, "登记机关"), remembered=[learned], agreed=True)


def export_without(export, title):
    """Return an export without a column."""
    book = openpyxl.load_workbook(export(row(1)))
    book.active.delete_cols(TITLES.index(title) + 1)
    path = export()
    book.save(path)
    return path


def test_a_plain_yes_makes_no_likeness_a_fact(store, export):
    file = export(row(1))
    with pytest.raises(ZhunshengError) as told:
        import_ledger(store, file, ledger=ledger_of("entities"), agreed=True)
    assert told.value.code == "ZS-EV-02" and not (store / "batches").is_dir()
    answers = {"columns": "proposed", "values": "proposed"}
    assert import_ledger(store, file, agreed=True, answers=answers).batch.inserted == 1


def test_each_column_and_value_is_answered_by_itself(store, export):
    file = export(*(row(n) for n in range(1, 5)))
    answers = {
        "column:企业（机构）全称": "名称",
        "column:市场主体类型（大类）": "主体类型",
        "column:设立日期": "unused",
        "column:核准日期": "成立日期",
        "value:主体类型:有限责任公司（自然人独资）": "企业",
        "value:主体类型:农民专业合作社分支机构": "refused",
        "value:主体类型:合伙企业": "企业",
        "value:信用风险类别:A级": "A",
    }
    asked = import_ledger(store, file, answers=answers)
    assert not asked.questions and asked.bad_rows == 1 and asked.batch is None
    (error,) = asked.errors
    assert error.column == "主体类型" and error.value == "农民专业合作社分支机构"
    done = import_ledger(store, file, answers=answers, good_rows=True)
    assert done.batch.inserted == 3 and str(stored(store, "registered_on")[0][0]) == "2024-06-02"
    with pytest.raises(ZhunshengError, match="ZS-EV-48"):
        import_ledger(store, file, answers={**answers, "value:主体类型:合伙企业": "公司"})
    with pytest.raises(ZhunshengError, match="ZS-EV-48"):
        import_ledger(store, file, answers={**answers, "column:币种": "没有的列"})


def test_a_word_for_not_yet_is_no_day_and_asked_about(store, tmp_path):
    file = tmp_path / "投诉.csv"
    lines = ["T1,投诉,2021-03-01,未办结", "T2,投诉,2021-03-02,2021-03-09", "T3,投诉,2021-03-03,办理中"]
    file.write_text("\n".join(["登记编号,类别,收到日期,办结日期", *lines]), "utf8")
    asked = import_ledger(store, file, agreed=False)
    (question,) = asked.questions
    assert [(part.text, part.proposed) for part in question.parts] == [
        ("办理中", "empty"),
        ("未办结", "empty"),
    ]
    assert asked.batch is None and not asked.bad_rows
    # A plain yes makes no likeness a fact: these two stay errors, each at its cell.
    plain = import_ledger(store, file, agreed=True)
    assert [(e.row, e.value) for e in plain.errors] == [(2, "未办结"), (4, "办理中")]
    refused = {"value:办结日期:未办结": "refused", "value:办结日期:办理中": "empty"}
    part = import_ledger(store, file, answers=refused, good_rows=True)
    assert part.batch.inserted == 2 and [e.row for e in part.errors] == [2]
    done = import_ledger(store, file, answers={"values": "proposed"})
    assert [str(day) for (day,) in stored(store, "closed_on", of="complaints")] == [
        "None",
        "2021-03-09",
        "None",
    ]
    again = tmp_path / "投诉4月.csv"
    again.write_text("登记编号,类别,收到日期,办结日期\nT4,投诉,2021-04-01,未办结", "utf8")
    assert done.learned
    next_time = import_ledger(store, again, remembered=[done.learned])
    assert next_time.batch and not next_time.questions
    assert mapping_of(mapping_text(done.learned), "x").values == {"closed_on": {"办理中": "", "未办结": ""}}


def test_what_must_be_filled_or_may_be_nought_is_never_taken_for_not_yet(store, tmp_path):
    file = tmp_path / "投诉.csv"
    file.write_text("登记编号,类别,收到日期,办结日期\nT1,投诉,未收到,长期\nT2,投诉,2021-03-02,没有", "utf8")
    asked = import_ledger(store, file, agreed=False)
    assert not asked.questions and {(e.row, e.value) for e in asked.errors} == {
        (2, "未收到"),
        (2, "长期"),
        (3, "没有"),
    }


def test_a_mapping_is_kept_as_text_and_refused_where_it_does_not_fit(tmp_path):
    said = LedgerMapping(
        name="省登记库",
        ledger="entities",
        titles=("统一社会信用代码", "全称"),
        columns={"全称": "name", "币种": None},
        values={"type": {"私营企业": "企业", "其他": None}},
        answers={"cleared:信用风险类别": "keep"},
    )
    text = mapping_text(said)
    assert "全称: 名称" in text and "ledger: 市场主体台账" in text and mapping_of(text, "x") == said
    write_ledger_mapping(tmp_path / "m.yaml", said)
    assert read_ledger_mapping(tmp_path / "m.yaml") == said
    for wrong in (
        "ledger: 没有的台账",
        "ledger: 市场主体台账\ncolumns: {全称: 没有的列}",
        "ledger: 市场主体台账\nvalues: {主体类型: {私营: 私企}}",
        "ledger: 市场主体台账\nvalues: {主体类型: {个体工商户: 企业}}",
        "ledger: 市场主体台账\nmore: 1",
        "- 1",
    ):
        with pytest.raises(ZhunshengError, match=r"ZS-EV-48|ZS-EV-01"):
            mapping_of(wrong, "m.yaml")


def test_a_mapping_of_another_ledger_is_refused(store, export):
    said = LedgerMapping(ledger="complaints", columns={"全称": "kind"})
    with pytest.raises(ZhunshengError, match="ZS-EV-48"):
        import_ledger(store, export(row(1)), ledger=ledger_of("entities"), mapping=said)


def test_words_of_one_value_are_proposed_and_denied_or_doubtful_ones_are_not():
    column = ledger_of("entities").column("type")
    assert proposed_value(column, "私营企业") == "企业"
    assert proposed_value(column, "股份有限公司") == "企业"
    assert proposed_value(column, "非企业") is None
    assert proposed_value(column, "个体工商户转企业") is None
    assert proposed_value(column, "其他") is None
    credit = ledger_of("entities").column("credit_class")
    assert [proposed_value(credit, text) for text in ("B级", "C 类", "AB级", "D")] == ["B", "C", None, None]


def test_what_would_be_cleared_can_be_kept_or_put_aside(store, export):
    learned = import_ledger(store, export(*map(row, range(1, 5)))).learned
    import_ledger(store, export(row(1), row(2)), mapping=learned)
    file = export(row(1, 信用风险分类=None), row(2, 登记机关="城关所"))
    asked = import_ledger(store, file, mapping=learned)
    assert [q.key for q in asked.questions] == ["cleared:信用风险类别"]
    kept = import_ledger(store, file, mapping=learned, answers={"cleared": "keep"})
    assert kept.batch.updated == 1 and stored(store, "credit_class", "district") == [
        ("A", "东湖所"),
        ("A", "城关所"),
    ]
    file = export(row(1, 信用风险分类=None, 登记机关="城西所"), row(2, 登记机关="城北所"))
    aside = import_ledger(store, file, mapping=learned, answers={"cleared:信用风险类别": "aside"})
    assert aside.batch.updated == 1 and aside.batch.rejected == 1 and aside.marked.is_file()
    assert aside.account.fates["aside"] == 1 and sum(aside.account.fates.values()) == aside.account.rows
    assert stored(store, "credit_class", "district") == [("A", "东湖所"), ("A", "城北所")]
    lasting = learned.model_copy(update={"answers": {"cleared:信用风险类别": "keep"}})
    done = import_ledger(store, file, mapping=lasting)
    assert not done.questions and stored(store, "credit_class", "district")[0] == ("A", "城西所")
    with pytest.raises(ZhunshengError, match="ZS-EV-80"):
        import_ledger(store, export(row(1, 信用风险分类=None)), mapping=learned, answers={"cleared": "yes"})
    with pytest.raises(ZhunshengError, match="ZS-EV-49"):
        import_ledger(store, export(row(1, 信用风险分类=None)), mapping=learned, answers={"cleared": "aside"})


def test_kept_values_stay_when_the_batch_is_taken_back(store, export):
    learned = import_ledger(store, export(*map(row, range(1, 5)))).learned
    import_ledger(store, export(row(1)), mapping=learned)
    import_ledger(store, export(row(1, 信用风险分类=None)), mapping=learned, answers={"cleared": "keep"})
    import_ledger(store, export(row(1, 登记机关="城西所")), mapping=learned)
    Store(store).undo(len(Store(store).batches()))
    assert stored(store, "credit_class", "district") == [("A", "东湖所")] and not Store(store).verify()


def test_rows_that_would_be_another_are_decided_one_by_one(store, export):
    learned = import_ledger(store, export(*map(row, range(1, 5)))).learned
    import_ledger(store, export(row(1), row(2), row(3)), mapping=learned)
    other = [row(n, **{"企业（机构）全称": f"示例区{n}号公司"}) for n in (1, 2, 3)]
    file = export(*other)
    asked = import_ledger(store, file, mapping=learned)
    assert [q.key for q in asked.questions] == ["identity"] and asked.questions[0].rows == 3
    answers = {"identity": "aside", f"identity:{code(2)}": "update"}
    done = import_ledger(store, file, mapping=learned, agreed=asked.asked, answers=answers)
    assert done.batch.updated == 1 and done.account.fates["aside"] == 2
    assert [name for (name,) in stored(store, "name")] == ["示例区1号商行", "示例区2号公司", "示例区3号商行"]
    again = import_ledger(
        store, file, mapping=learned, answers={f"identity:{code(1)}": "aside", "identity": "update"}
    )
    assert again.batch.updated == 1 and again.account.fates["aside"] == 1


def test_the_command_writes_a_mapping_and_reads_by_it(store, export, tmp_path, capsys):
    def run(*more):
        with pytest.raises(SystemExit) as ended:
            main(["ledger", "import", *map(str, more), "--store", str(store), "--department", "本部门"])
        return ended.value.code, capsys.readouterr().out.replace("\n", "")

    file, kept = export(*(row(n) for n in range(1, 5))), tmp_path / "省登记库.yaml"
    status, said = run(file, "--write-mapping", kept)
    assert status == 1 and "columns=proposed" in said and "设立日期" in said and "value:主体类型:" in said
    assert "设立日期: 成立日期" in kept.read_text() and "私营" not in kept.read_text()
    status, said = run(file, "--mapping", kept)
    assert status == 0 and "确认过的对应" in said
    status, said = run(export(row(1, 信用风险分类=None)), "--mapping", kept)
    assert status == 1 and "cleared=keep" in said
    status, said = run(
        export(row(1, 信用风险分类=None)), "--mapping", kept, "--answer", "cleared=keep", "--json"
    )
    assert status == 0 and json.loads(said)[0]["account"]["fates"]["equal"] == 1
    assert run(file, "--answer", "cleared")[0] == 2


def test_a_proposed_amount_is_in_the_unit_of_its_title(store, tmp_path):
    file = tmp_path / "支付.csv"
    file.write_text("凭证号,项目名称,实际支付金额（万元）,付款日期\nP1,一期,12.5,2021-03-01\n")
    asked = import_ledger(store, file)
    proposed = {part.text: part.proposed for part in asked.questions[0].parts}
    assert proposed["实际支付金额（万元）"] == "支付金额"
    import_ledger(store, file, agreed=asked.asked)
    found = browse(Store(store).snapshot(), ledger_of("payments"), "本部门")
    assert "125000.00" in map(str, found.rows[0].values)


def test_what_is_deregistered_without_a_day_is_told_and_long_words_for_states_are_known(store, export):
    learned = import_ledger(store, export(*map(row, range(1, 5)))).learned
    rows = [row(1, 登记状态="注销"), row(2, 登记状态="吊销，未注销"), row(3)]
    done = import_ledger(store, export(*rows), mapping=learned, good_rows=True)
    (error,) = done.errors
    assert error.column == "注销日期" and error.message == "登记状态是“注销”，要填注销日期"
    assert [status for (status,) in stored(store, "status")] == ["吊销", "在册"]
