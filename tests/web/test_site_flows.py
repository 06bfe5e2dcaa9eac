"""Stray characters go at the door, and the site keeps one clock with the commands."""

from __future__ import annotations

import json

from django.utils import timezone

from zhunsheng import clock
from zhunsheng.text import clean
from zhunsheng.web.models import Checkpoint, SheetVersion, Word

SOFT = "第一，加强检验。\x0b第二，联系机构。\x00\x1f\ufffe"


def test_a_soft_line_break_from_word_is_a_line_break_wherever_a_form_takes_it(sign_in, department):
    place = sign_in("keyuan")
    point = Checkpoint.objects.filter(department=department, state="open").order_by("-as_of")[0]
    sheet = point.assessment.run.results[0]
    said = {"sheet": sheet.id, "indicator": sheet.indicators[0].id, "cause": "其他", "measures": SOFT}
    place.post(f"/monitoring/{point.pk}", said)
    assert Word.objects.order_by("-pk")[0].measures == "第一，加强检验。\n第二，联系机构。"
    for kind in ("docx", "xlsx"):
        assert place.get(f"/monitoring/{point.pk}/file/{kind}").status_code == 200
    version = place.post(
        f"/d/{department.pk}/2023/targets", {"how": "blank", "kind": "project", "name": "甲\x0b乙\x07"}
    )
    assert version.status_code == 302
    made = SheetVersion.objects.order_by("-pk")[0]
    place.post(f"/targets/{made.pk}/field", {"path": "purpose", "text": SOFT, "was": ""})
    made.refresh_from_db()
    assert made.body["purpose"] == "第一，加强检验。\n第二，联系机构。"
    assert all(c not in json.dumps(made.body, ensure_ascii=False) for c in "\x0b\x00\x1f\ufffe")
    assert place.get(f"/targets/{made.pk}/file/docx").status_code == 200


def test_addresses_bring_no_control_characters_either(sign_in, department):
    place = sign_in("keyuan")
    assert place.get(f"/d/{department.pk}/2021/ledgers/complaints?q=%00%0B%ED%A0%80x").status_code == 200


def test_clean_keeps_what_people_write():
    assert clean("a\r\nb\rc\u2028d\x85e\tf") == "a\nb\nc\nd\ne\tf"
    assert clean("\ud800字\ufeff𠮷😀") == "字𠮷😀"


def test_the_site_and_the_commands_keep_one_clock(settings):
    assert str(clock.zone()) == settings.TIME_ZONE
    assert clock.today() == timezone.localdate()
