"""Every error has a code that something raises, and speaks to people by the means they have."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import zhunsheng
from zhunsheng.errors import MESSAGES, ZhunshengError
from zhunsheng.recall import recalled
from zhunsheng.translation import catalogue, series, translated, worded

SOURCE = Path(zhunsheng.__file__).parent
CHINESE = re.compile("[\u3000-\u9fff\uff00-\uffef]")
COMMAND = re.compile(r"zhunsheng |--|docs/|ZHUNSHENG_")


def _fields(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def test_every_code_is_raised_somewhere_and_every_raised_code_is_known():
    code = {p: p.read_text("utf8") for p in SOURCE.rglob("*.py") if p.name != "errors.py"}
    raised = {c for text in code.values() for c in re.findall(r'"(ZS-[A-Z]{2}-\d{2,3})"', text)}
    assert sorted(set(MESSAGES) - raised) == []
    assert sorted(raised - set(MESSAGES)) == []


@pytest.mark.parametrize("face", ["terminal", "web"])
@pytest.mark.parametrize("code", MESSAGES)
def test_every_error_is_told_in_english_too_with_the_same_parameters(code, face):
    what, mend = MESSAGES[code][0], MESSAGES[code][-1 if face == "web" else 1]
    for text in (what, mend):
        assert _fields(translated(text, "en")) == _fields(text)
    marks = {name: f"<{name}>" for name in _fields(what + mend)}
    said = ZhunshengError(code, **{name: f"<{name}>" for name in _fields(" ".join(MESSAGES[code]))})
    english = said.text(face, "en")
    assert english.startswith(f"[{code}] ") and not CHINESE.search(english), english
    assert all(mark in english for mark in marks.values())
    assert said.text(face) == f"[{code}] {what.format_map(marks)}。{mend.format_map(marks)}"
    assert recalled(said.text(face), "en") == english


def test_what_fills_an_error_is_told_in_its_language():
    missing = series([worded("图片"), "甲"])
    error = ZhunshengError("ZS-IN-05", name="表.docx", detail=worded("缺少 {path}", path=missing))
    assert "（缺少 图片、甲）" in str(error)
    assert "表.docx (picture, 甲 is missing). Please" in error.text("web", "en")
    assert worded("图片") + "乙" == "图片乙" and (worded("图片") + "乙").told("en") == "picture乙"
    assert worded("{name} 有两份", name="{a}").told("en") == "{a} is there twice"
    assert worded("甲{乙}").told("en") == "甲{乙}"  # not of the catalogue, and its braces its own


def test_a_text_that_a_record_keeps_is_found_by_its_template():
    kept = str(ZhunshengError("ZS-WB-07", name="a.zip", detail=worded("{name} 有两份", name="b。c")).web)
    assert recalled(kept, "en") == (
        "[ZS-WB-07] The zip file a.zip is not as it should be: b。c is there twice. "
        "Please put nothing but target files into the zip."
    )
    assert recalled(kept, "zh-hans") == kept
    assert recalled("某人写下的话，不是程序的", "en") == "某人写下的话，不是程序的"
    assert recalled("缺少 a", "en") == "a is missing" and recalled("缺少 a", "en", 5) == "缺少 a"
    how = "完成值 12次，目标 ≥10次，为目标的 120%，超额较多，扣 0.5 分，得 9.5 分（满分 10）"
    assert recalled(how, "en") == (
        "result 12次, target ≥10次, 120% of the target; far above the target, 0.5 points taken off, "
        "9.5 points (of 10 points)"
    )
    assert recalled("缺少 " + "a" * 2000, "en") == "缺少 " + "a" * 2000  # too long to be looked at
    assert recalled("“图片”之后是图片", "en") == "after “图片” comes: picture"  # a name stays what it is


def _findable(text: str) -> bool:
    """Whether a template has words enough of its own, and a sign between any two parameters."""
    own = re.findall("[一-鿿]", re.sub(r"\{\w+\}", "", text))
    return len(own) >= 3 and not re.search(r"\}\W?\{", text)


@pytest.mark.parametrize("text", [t for t in catalogue("en") if _fields(t) and _findable(t)])
def test_each_template_is_found_again_whatever_fills_it(text):
    names = re.findall(r"\{(\w+)\}", text)
    whole = worded(text, **{name: f"甲{n}乙" for n, name in enumerate(dict.fromkeys(names))})
    assert recalled(str(whole), "en") == whole.told("en")


def _formatted(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the texts in Chinese below a node that are neither worded nor marked for Django."""
    if isinstance(node, ast.Call):
        if getattr(node.func, "id", getattr(node.func, "attr", "")) in ("worded", "series", "_", "gettext"):
            return
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and CHINESE.search(node.value):
        yield node
    for child in ast.iter_child_nodes(node):
        yield from _formatted(child)


# Names of files, columns and rooms in the office's language, which are data.
NAMED = {"plan.json、inspectors.json"}


def test_what_fills_an_error_is_worded_where_it_is_raised():
    found = []
    for path in SOURCE.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "ZhunshengError":
                for keyword in call.keywords:
                    found += [
                        (path.name, text.lineno, text.value)  # type: ignore[attr-defined]
                        for text in _formatted(keyword.value)
                        if text.value not in NAMED  # type: ignore[attr-defined]
                    ]
    assert not found


@pytest.mark.parametrize("code", MESSAGES)
def test_no_page_of_the_site_advises_a_command_line(code):
    said = ZhunshengError(code, **dict.fromkeys(_fields(" ".join(MESSAGES[code])), "甲")).text("web")
    assert not COMMAND.search(said), said


def test_the_terminal_and_the_site_each_have_their_remedy():
    error = ZhunshengError("ZS-EV-04", store="证据库")
    assert "zhunsheng ledger import" in error.text() == error.text("terminal") == str(error)
    assert "台账证据" in error.web and error.web == error.text("web")
    same = ZhunshengError("ZS-WB-05")
    assert same.text() == same.web


def test_texts_of_the_site_are_taken_where_people_are():
    """Nothing in the web application prints the terminal's text of an error."""
    for path in [*(SOURCE / "web").rglob("*.html"), *(SOURCE / "web").rglob("*.py")]:
        assert not re.search(r"\b(error|failure|problem)\.text\b", path.read_text("utf8")), path.name
