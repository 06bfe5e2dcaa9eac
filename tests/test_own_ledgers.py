"""Ledgers that a body defined itself: proposed from a sample, kept as batches of the chain, in versions that
keep rows; they are imported, measured, undone, verified and mirrored like those of the package.
"""

from __future__ import annotations

import json
from datetime import date

import pytest

from agreed import import_ledger
from object_store import BUCKET, serving
from test_defined import LEDGER, MEASURE
from zhunsheng.cli import main
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Store, browse, check_file, defined, ledger_of, ledgers, ledgers_of, mirror
from zhunsheng.evidence import store as stores
from zhunsheng.evidence.mirror import bound
from zhunsheng.evidence.privacy import Cipher
from zhunsheng.measures import DuckEngine, measures, read_all
from zhunsheng.usecases.defining import define_ledger, ledger_from, proposed_ledger, text_of, versions
from zhunsheng.usecases.removing import remove_rows
from zhunsheng.usecases.rows import Place, Typed
from zhunsheng.usecases.sampling import propose

HEAD = "学籍号,姓名,类别,发放日期,发放金额（万元）,家长电话,是否建档,序号"
KEY = "k" * 40


def sample(folder, rows=40, name="助学金.csv", head=HEAD):
    lines = [
        f"{20210000 + n:010d},{'王张李赵刘'[n % 5]}小{'明强'[n % 2]},{'甲乙丙'[n % 3]}类,"
        f"2021-03-{n % 28 + 1:02d},{n}.25,138{n:08d},{'是' if n % 2 else '否'},{n}"
        for n in range(1, rows + 1)
    ]
    path = folder / name
    path.write_text(
        "\n".join(["助学金发放登记表", head, *lines, f"合计,,,,{sum(n + 0.25 for n in range(1, rows + 1))}"]),
        "utf8",
    )
    return path


@pytest.fixture
def root(tmp_path):
    return tmp_path / "store"


def own(root, folder, department="", **how):
    """Define the ledger that the sample proposes; return it."""
    ledger = proposed_ledger(propose(sample(folder)))
    made = define_ledger(Store(root, **how), ledger, who="科员", why="按资助办法登记", department=department)
    return ledgers()[made.ledger]


def changed(ledger, title, /, **what):
    columns = tuple(c.model_copy(update=what) if c.title == title else c for c in ledger.columns)
    return ledger.model_copy(update={"columns": columns})


def again(root, ledger, department="", **how):
    return define_ledger(Store(root), ledger, who="科长", why="改", department=department, **how)


# -- proposed
# ------------------------------------------------------------------------------------------------------------


def test_a_sample_proposes_types_key_values_and_personal_columns(tmp_path):
    found = propose(sample(tmp_path))
    kinds = {one.column.title: one.column.type for one in found.columns}
    assert kinds == {
        "学籍号": "text",
        "姓名": "text",
        "类别": "choice",
        "发放日期": "date",
        "发放金额": "money",
        "家长电话": "text",
        "是否建档": "bool",
        "序号": "text",
    }
    assert (found.rows, found.key, found.doubts) == (40, ("c1",), ())
    assert [one.column.title for one in found.columns if one.column.personal] == ["姓名", "家长电话"]
    assert [one.column.title for one in found.columns if not one.taken] == ["序号"]
    assert found.columns[2].column.values == ("乙类", "丙类", "甲类")
    assert "小明" not in str(found) and "1380000" not in str(found)


def test_what_a_sample_leaves_open_is_said(tmp_path):
    path = tmp_path / "少.csv"
    path.write_text(
        "地点,日期,面积\n河西,2021-03-01,12.5\n河西,2021-03-01,约十\n河西,2021-03-01,12.5\n", "utf8"
    )
    found = propose(path)
    assert found.key == () and len(found.doubts) == 2
    assert any("3 行" in doubt for doubt in found.doubts)
    assert [one.column.type for one in found.columns] == ["text", "date", "text"]


# -- defined, imported, measured, undone
# ------------------------------------------------------------------------------------------------------------


def test_an_own_ledger_and_its_measure_follow_import_and_undoing(root, tmp_path):
    store = Store(root)
    store.define("ledger", "pupils", LEDGER, who="科员", why="起用")
    store.define("measure", "pupils_aided", MEASURE, who="科员", why="起用")
    path = tmp_path / "名册.csv"
    path.write_text("学籍号,发放日期\nA1,2021-03-01\nA2,2021-04-01\nA3,\n", "utf8")

    def aided():
        snapshot = store.snapshot()
        known = [measures()["pupils_aided"]]
        found = read_all(known, DuckEngine(snapshot), snapshot, 2021, date(2021, 12, 31))
        return next((r.numerator for r in found.values() if r.numerator is not None), None)

    made = import_ledger(root, path, department="A").batch
    assert (made.ledger, made.read_by) == ("pupils", "ledger.pupils.1") and aided() == 2
    store.undo(made.batch)
    assert not aided() and store.verify() == []
    assert [b.defines for b in store.batches()][:2] == ["ledger.pupils.1", "measure.pupils_aided.1"]


def test_personal_columns_of_an_own_ledger_are_encrypted(root, tmp_path):
    ledger = own(root, tmp_path)
    import_ledger(root, sample(tmp_path), ledger=ledger, department="A", cipher=Cipher(KEY))
    kept = b"".join(p.read_bytes() for p in root.rglob("*") if p.is_file() and "own" not in p.parts)
    assert "小明".encode() not in kept
    row = browse(Store(root).snapshot(), ledger, "A", cipher=Cipher(KEY)).rows[0]
    assert row.values[1].endswith("**")


def test_a_new_version_keeps_rows_and_finds_files_by_earlier_titles(root, tmp_path):
    ledger = own(root, tmp_path)
    first = import_ledger(root, sample(tmp_path), department="A").batch
    wider = changed(ledger, "类别", title="资助类别", values=("甲类", "乙类", "丙类", "丁类"))
    extra = ledger_from(
        f"id: {ledger.id}\n" + text_of(wider).split("\n", 1)[1] + "- {title: 学校, type: text}\n", "x"
    )
    again(root, extra, base=ledger.defined)
    now = ledgers()[ledger.id]
    assert [c.title for c in now.columns][2:] == [*[c.title for c in wider.columns[2:]], "学校"]
    assert browse(Store(root).snapshot(), now, "A").total == 40
    late = sample(tmp_path, 41, "补.csv")
    second = import_ledger(root, late, department="A").batch
    assert (first.read_by, second.read_by) == (f"ledger.{ledger.id}.1", f"ledger.{ledger.id}.2")
    assert (second.inserted, second.updated) == (1, 0)
    assert versions(Store(root), ledger.id)[0].changes == ()
    assert Store(root).verify() == []
    Store(root).undo(second.batch)
    assert browse(Store(root).snapshot(), now, "A").total == 40


@pytest.mark.parametrize(
    ("title", "what", "code"),
    [
        ("类别", {"values": ("甲类", "乙类")}, "ZS-EV-112"),
        ("类别", {"type": "date", "values": ()}, "ZS-EV-113"),
        ("类别", {"personal": True}, "ZS-EV-111"),
        ("姓名", {"personal": False}, "ZS-EV-113"),
        ("学籍号", {"personal": True}, "ZS-EV-113"),
        ("姓名", {"title": "学籍号"}, "ZS-EV-111"),
        ("姓名", {"title": "部门"}, "ZS-EV-111"),
        ("发放金额", {"title": "发放金额（元）"}, "ZS-EV-111"),
    ],
)
def test_a_change_that_rows_can_not_follow_is_refused_or_asked(root, tmp_path, title, what, code):
    ledger = own(root, tmp_path)
    import_ledger(root, sample(tmp_path), department="A")
    with pytest.raises(ZhunshengError) as refused:
        again(root, changed(ledger, title, **what))
    assert refused.value.code == code and ledgers()[ledger.id].defined == ledger.defined
    if code == "ZS-EV-112":
        assert "批次 2 第 " in refused.value.text() and "13 处" in refused.value.text()
        again(root, changed(ledger, title, **what), agreed=True)
        assert browse(Store(root).snapshot(), ledger, "A").total == 40


def test_a_ledger_out_of_use_takes_no_file_and_keeps_its_rows(root, tmp_path):
    ledger = own(root, tmp_path)
    import_ledger(root, sample(tmp_path), department="A")
    again(root, ledger.model_copy(update={"retired": True}))
    assert ledger.id not in ledgers_of("A")
    with pytest.raises(ZhunshengError, match="ZS-EV-117"):
        import_ledger(root, sample(tmp_path, 41, "补.csv"), ledger=ledgers()[ledger.id], department="A")
    remove_rows(Store(root).root, ledgers()[ledger.id], ["0020210001"], "重复", department="A")
    assert browse(Store(root).snapshot(), ledger, "A").total == 39
    again(root, ledger)
    assert ledger.id in ledgers_of("A")


def test_key_and_columns_change_freely_while_there_are_no_rows(root, tmp_path):
    ledger = own(root, tmp_path)
    fewer = ledger.model_copy(update={"columns": ledger.columns[:2], "key": ("c2", "c1")})
    again(root, fewer)
    assert len(ledgers()[ledger.id].columns) == 2


@pytest.mark.parametrize("name", ["select", "x-y", "名", "A", "undo"])
def test_ids_and_titles_that_can_be_none_are_refused(root, tmp_path, name):
    ledger = proposed_ledger(propose(sample(tmp_path))).model_copy(update={"id": name})
    with pytest.raises(ZhunshengError) as refused:
        define_ledger(Store(root), ledger, who="甲", why="起用")
    assert refused.value.code in ("ZS-EV-106", "ZS-EV-111")
    taken = ledger.model_copy(update={"id": "", "title": "投诉举报台账"})
    with pytest.raises(ZhunshengError) as refused:
        define_ledger(Store(root), taken, who="甲", why="起用")
    assert refused.value.code == "ZS-EV-110"
    with pytest.raises(ZhunshengError) as refused:
        define_ledger(Store(root), taken.model_copy(update={"title": "新台账"}), who="甲", why=" ")
    assert refused.value.code == "ZS-EV-107"


# -- of several departments
# ------------------------------------------------------------------------------------------------------------


def test_departments_share_neither_ledgers_nor_added_columns(root, tmp_path):
    ledger = own(root, tmp_path, department="A")
    assert ledger.id in ledgers_of("A") and ledger.id not in ledgers_of("B")
    with pytest.raises(ZhunshengError, match="ZS-EV-10"):
        import_ledger(root, sample(tmp_path), department="B")
    for code in ("A", "B"):
        text = "id: complaints\ncolumns:\n- {title: 网格号, type: text}\n"
        again(root, ledger_from(text, "x", code), department=code)
    added = {c.department: c.name for c in ledger_of("complaints").columns if c.title == "网格号"}
    assert len(added) == 2 and len(set(added.values())) == 2
    path = tmp_path / "投诉.csv"
    path.write_text("登记编号,类别,收到日期,网格号\nT1,投诉,2021-03-05,3-7\n", "utf8")
    import_ledger(root, path, department="B")
    row = browse(Store(root).snapshot(), ledgers_of("B")["complaints"], "B").rows[0]
    assert row.values[-1] == "3-7" and len(ledgers_of("C")["complaints"].columns) == len(row.values) - 1
    with pytest.raises(ZhunshengError, match="ZS-EV-113"):
        again(root, changed(ledger, "姓名", title="学生"), department="B")


def test_a_built_in_ledger_gets_columns_behind_its_own_and_nothing_else(root):
    for text in (
        "id: complaints\ncolumns:\n- {title: 网格号, type: text, required: true}\n",
        "id: complaints\ncolumns:\n- {title: 收到日期, type: text, name: c1}\n",
    ):
        with pytest.raises(ZhunshengError) as refused:
            again(root, ledger_from(text, "x"))
        assert refused.value.code in ("ZS-EV-111", "ZS-EV-113")
    with pytest.raises(ZhunshengError, match="ZS-EV-113"):
        again(root, changed(ledger_of("complaints"), "收到日期", title="来件日期"))


# -- the chain, and what is done to it
# ------------------------------------------------------------------------------------------------------------


def test_a_definition_that_was_changed_lost_or_slipped_in_is_found(root, tmp_path):
    ledger = own(root, tmp_path)
    again(root, changed(ledger, "姓名", title="学生"))
    file = root / "own" / f"ledger.{ledger.id}.2.yaml"
    text = file.read_text("utf8")
    file.write_text(text.replace("科长", "局长"), "utf8")
    assert any("被改动" in said for said in Store(root).verify())
    file.unlink()
    assert any("丢失" in said for said in Store(root).verify())
    with pytest.raises(ZhunshengError, match="ZS-EV-11"):
        again(root, changed(ledger, "姓名", title="名"))
    file.write_text("不是定义", "utf8")
    assert any("ZS-RG-01" in said for said in Store(root).verify())
    file.write_text(text, "utf8")
    head = Store(root).head[1]
    assert Store(root).verify(head) == []
    slipped = text.replace("version: 2", "version: 3")
    (root / "own" / f"ledger.{ledger.id}.3.yaml").write_text(slipped, "utf8")
    assert any("不符" in said for said in Store(root).verify(head))


def test_a_definition_whose_process_was_killed_is_recorded_on_the_next_opening(root, tmp_path):
    ledger = own(root, tmp_path)
    defined.keep(root, "measure", "pupils_aided", MEASURE, who="科员", why="起用")
    made = Store(root).batches()[-1]
    assert (made.batch, made.defines, made.who) == (2, "measure.pupils_aided.1", "科员")
    assert Store(root).verify() == [] and ledger.id in ledgers()


def test_two_versions_of_one_base_are_told_apart(root, tmp_path):
    ledger = own(root, tmp_path)
    again(root, changed(ledger, "姓名", title="学生"), base=ledger.defined)
    with pytest.raises(ZhunshengError, match="ZS-EV-109"):
        again(root, changed(ledger, "姓名", title="名"), base=ledger.defined)


def test_a_file_read_by_an_earlier_version_is_read_again(root, tmp_path):
    ledger = own(root, tmp_path)
    with check_file(sample(tmp_path), ledger, "A") as checked:
        again(root, changed(ledger, "姓名", title="学生"))
        with pytest.raises(ZhunshengError, match="ZS-EV-109"):
            Store(root).commit(checked, department="A")
    assert len(Store(root).batches()) == 2


def test_a_definition_moves_the_state_of_those_whose_it_is(root, tmp_path):
    own(root, tmp_path, department="A")
    store = Store(root)
    assert store.state_of("A") and not store.state_of("B")
    store.define("measure", "pupils_aided", MEASURE, who="科员", why="起用")
    assert store.state_of("A") == store.state_of("B") == store.head[1]


def test_definitions_go_to_other_machines_with_their_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(stores, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(mirror, "_kept", set())
    with serving():
        here, there = (bound(tmp_path / name, f"s3://{BUCKET}/own") for name in ("here", "there"))
        ledger = own(here, tmp_path)
        import_ledger(here, sample(tmp_path), department="A")
        store = Store(there)
        assert store.verify() == [] and store.head == Store(here).head
        assert ledger.id in ledgers() and browse(store.snapshot(), ledger, "A").total == 40
        again(there, changed(ledger, "姓名", title="学生"))
        assert Store(here).batches()[-1].defines == f"ledger.{ledger.id}.2"
        assert Store(here).verify() == []


# -- one row
# ------------------------------------------------------------------------------------------------------------


def test_a_row_typed_in_is_checked_corrected_and_undone(root, tmp_path):
    ledger = own(root, tmp_path)
    place = Place(Store(root, Cipher(KEY)), ledger, "A", "教务科")
    row = {"c1": "X1", "c2": "王小明", "c3": "甲类", "c4": "2021-05-01", "c5": "12.5", "c6": "13800000000"}
    row["c7"] = "是"
    bad = place.save(row | {"c4": "2021-02-30", "c3": "戊类"}, "补登", who="科员")
    assert isinstance(bad, Typed) and {e.column for e in bad.errors} == {"发放日期", "类别"}
    with pytest.raises(ZhunshengError, match="ZS-EV-115"):
        place.save(row, " ", who="科员")
    made = place.save(row, "补登", who="科员")
    assert (made.inserted, made.why, made.who, made.file) == (1, "补登", "科员", "逐行登记.csv")
    before = place.row(made.batch, 2)
    assert before.values == row | {"c5": "12.50"}
    seen = place.look(row | {"c2": "王大明", "c5": "15"}, before)
    assert seen.known and [c[0] for c in seen.changes] == ["姓名", "发放金额"]
    fixed = place.save(row | {"c5": "15"}, "按凭证更正", who="科长", before=before, agreed=seen.asked)
    if isinstance(fixed, Typed):  # an amount that changes is asked about
        fixed = place.save(row | {"c5": "15"}, "按凭证更正", who="科长", before=before, agreed=fixed.asked)
    assert (fixed.updated, fixed.why) == (1, "按凭证更正")
    with pytest.raises(ZhunshengError, match="ZS-EV-114"):
        place.save(row, "再改", who="科长", before=before)
    place.store.undo(fixed.batch)
    assert place.row(made.batch, 2).values["c5"] == "12.50" and place.store.verify() == []


# -- on the command line
# ------------------------------------------------------------------------------------------------------------


def test_the_command_line_proposes_defines_and_shows(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    path = sample(tmp_path)

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            main(["ledger", *arguments])
        return ended.value.code, capsys.readouterr()

    assert run("define", str(path), "--output", "d.yaml")[0] == 0
    assert "personal: true" in (tmp_path / "d.yaml").read_text("utf8")
    code, said = run("define", "d.yaml")
    assert code == 2 and "ZS-EV-107" in said.out + said.err
    assert run("define", "d.yaml", "--reason", "起用")[0] == 0
    assert run("import", str(path), "--department", "A=教务科")[0] == 0
    assert run("template", "助学金")[0] == 0 and (tmp_path / "助学金-模板.xlsx").is_file()
    shown = run("definition", "助学金")[1].out
    assert "第 1 版" in shown and "title: 学籍号" in shown
    assert any(one["title"] == "助学金" for one in json.loads(run("list", "--json")[1].out))
    assert "定义 ledger.own1.1" in run("log")[1].out
