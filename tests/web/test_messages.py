"""The English interface is complete: every marked text has its translation, and the compiled catalogue is
current.
"""

from __future__ import annotations

import io
import re

from babel.messages.mofile import write_mo
from django.core.management import call_command
from django.urls import reverse

from zhunsheng.web.management.commands.messages import CATALOGUE, ROOT, catalogue, marked, missing

CHINESE = re.compile(r"[一-鿿]")


def test_every_text_has_an_english_translation_and_none_is_left_over():
    assert missing() == []
    call_command("messages", check=True)


def test_translations_keep_their_placeholders_and_are_english():
    for message in catalogue():
        if message.id:
            found = [sorted(re.findall(r"%\(\w+\)s|%s|%%|\{\w+\}", t)) for t in (message.id, message.string)]
            assert found[0] == found[1], message.id
            assert not CHINESE.search(
                re.sub(r"编号, 姓名, 有执法证, 辖区, 可查事项, 回避对象|、", "", message.string)
            ), message.id


def test_the_compiled_catalogue_is_current():
    buffer = io.BytesIO()
    write_mo(buffer, catalogue())
    assert CATALOGUE.with_suffix(".mo").read_bytes() == buffer.getvalue()


def test_templates_hold_no_unmarked_chinese():
    folder = ROOT / "web" / "templates"
    allowed = re.compile(r"准绳|“是”|中文|国发〔2019〕5号；国市监信〔2019〕38号|[（）：；、。　，·]")
    for path in folder.rglob("*.html"):
        text = path.read_text("utf8")
        text = re.sub(r"\{% translate .*?%\}", "", text)
        text = re.sub(r"\{% blocktranslate.*?endblocktranslate %\}", "", text, flags=re.S)
        text = re.sub(r'\{% icon "check" "是" %\}|"是"|（元）', "", text)
        text = re.sub(
            r'<(\w+) [^>]*lang="zh-CN">.*</\1>', "", text, flags=re.S
        )  # a paper, in the office's language
        left = CHINESE.findall(allowed.sub("", text))
        assert not left, (path.name, "".join(left)[:60])


def test_the_main_pages_are_english_throughout_but_for_the_data(sign_in, department):
    client = sign_in("caiwu")
    client.post(reverse("set_language"), {"language": "en", "next": "/"})
    page = client.get(reverse("ledgers", args=[department.pk, 2021])).content.decode()
    menu = page.split('<ul class="navbar-nav')[1].split("</ul>")[0]
    assert "Double random" in menu and not CHINESE.search(menu)
    assert len(marked()) > 600
