"""Invariants of part 2 on the site: in public what was typed is told whole and in the same words."""

from __future__ import annotations

import re
from decimal import Decimal

from django.urls import reverse
from pages import here
from small_department import (
    CLOSURE,
    LOCAL,
    YEAR,
    brought_up,
    indicator,
    made_public,
    open_rows,
    project,
    say,
    step,
    whole,
    words_in,
)

from zhunsheng.text import guarded
from zhunsheng.web.models import LocalScheme
from zhunsheng.web.services.publishing import public_pages
from zhunsheng.web.services.publishing.rows import indicator_in_words, parts_of
from zhunsheng.web.services.year import comparing


def test_2_a_public_total_is_told_in_all_its_parts_and_they_add_up(found, sign_in, user, client):
    evaluation = brought_up(found(whole(), project()), user, sign_in)
    public = made_public(evaluation, user)
    data = client.get(reverse("open-data-json", args=[public.pk])).json()["data"]
    rows, page = (
        open_rows(client, public),
        client.get(reverse("public-one", args=[public.pk])).content.decode(),
    )
    assert len(data["scores"]) == 2 and "所属项目" in page and "预算执行率" in page

    def added(parts):
        return sum(Decimal(p["score"]) for p in parts if p["score"])

    for told, of_page in zip(data["scores"], public_pages.shown(public)["scores"], strict=True):
        total = Decimal(told["total"])
        assert (
            total
            == added([*told["indicators"], *told["parts"]])
            == added([*of_page["indicators"], *of_page["parts"]])
        )
        mine = [r for r in rows if r["目标表"] == told["sheet"]]
        (stated,) = [r["得分"] for r in mine if r["类别"] == "总分"]
        assert (
            Decimal(stated)
            == total
            == sum(Decimal(r["得分"]) for r in mine if r["得分"] and r["类别"] != "总分")
        )
        for part in told["parts"]:
            assert part["how"] in page.replace("&#x27;", "'") and part["name"] in {r["类别"] for r in mine}
    assert {p["name"] for s in data["scores"] for p in s["parts"]} == {"所属项目", "预算执行率"}
    # What was published before the parts were kept adds up as well.
    for score in public.data["scores"]:
        del score["parts"]
        assert Decimal(score["total"]) == added([*score["indicators"], *parts_of(score)])


def test_2_every_public_form_says_the_same_in_the_same_words(found, sign_in, user, client):
    def excess(staff, evaluation):
        assert (
            say(staff, evaluation, 0, proof=False, over_accepted="on", reason="年初估计偏低").status_code
            == 302
        )

    place = found(project(indicator(CLOSURE, "≥30%")))
    # Where the rules take points off at once, a reason keeps them.
    LocalScheme.objects.create(organisation=place, name="本地", first_year=YEAR, text=LOCAL.read_text("utf8"))
    evaluation = brought_up(place, user, sign_in, first=excess)
    public = made_public(evaluation, user)
    answer = client.get(reverse("open-data-json", args=[public.pk])).json()
    rows, page = (
        open_rows(client, public),
        client.get(reverse("public-one", args=[public.pk])).content.decode(),
    )
    (resource,) = [
        r for r in client.get(reverse("data-package")).json()["resources"] if r["name"] == f"self-{public.pk}"
    ]
    ids = {f["name"]: f["id"] for f in resource["schema"]["fields"]}
    assert list(ids) == list(rows[0]) and all(re.search(r"[\u4e00-\u9fff]", title) for title in ids)
    lines = answer["data"]["scores"][0]["indicators"]
    for row, line in zip(rows, lines, strict=False):
        for title, value in row.items():
            if ids[title] in line:
                assert (line[ids[title]] or "") == value, (title, row, line)
    assert [r["结论"] for r in rows[:3]] == ["超额较多", "已评定", "完成"]
    assert [r["完成值来源"] for r in rows[:3]] == ["台账", "定性评定", "人工填报"]
    # Points that only the filler's own reason keeps are marked in the row.
    granted = lines[0]["granted"]
    assert Decimal(granted) > 0 and f"认可超额：其中 {granted} 分" in page and "年初估计偏低" in page
    assert "年初估计偏低" in rows[0]["说明"] and lines[1]["granted"] is None
    # What became of it since stands in every form, the list of the API too.
    (listed,) = [p for p in client.get("/api/public?limit=100").json() if p["id"] == public.pk]
    assert "未经财政局复核" in answer["notes"] and answer["notes"] == listed["notes"]
    assert [r["说明"] for r in rows if r["类别"] == "公开后的情况"] == answer["notes"]
    assert listed["data"] == answer["data"] and listed["department"] == answer["department"]
    # What waits says what it waits for, and is not called without evidence.
    waiting = {"origin": "none", "verdict": "pending", "actual": "—", "name": "", "target": ""}
    assert indicator_in_words(waiting)["origin"] == "待评定"


def test_2_only_what_a_spreadsheet_would_run_is_guarded_in_csv():
    for text in ("+33.23个百分点", "-5 天", "+8.78%", "-1,200.50", "−3", "说明"):
        assert guarded(text) == text
    for text in ("=1+1", "@SUM(A1)", "\t=1", "+1+cmd|' /C calc'!A0", "-A1", "+", "-2+3"):
        assert guarded(text) == f"'{text}"


def test_2_open_accepted_and_refused_are_three_words_with_reasons_everywhere(found, sign_in, user, client):
    def claim(staff, evaluation):
        assert say(staff, evaluation, 0, actual="99%", reason="台账外办结").status_code == 302

    evaluation = brought_up(found(project()), user, sign_in, first=claim)
    before, contest, why = made_public(evaluation, user), evaluation.contests.get(), "证明材料不能证明办结"

    def told(publication):
        yield "page", client.get(reverse("public-one", args=[publication.pk])).content.decode()
        yield "JSON", client.get(reverse("open-data-json", args=[publication.pk])).content.decode()
        yield (
            "CSV",
            client.get(reverse("open-data", args=[publication.pk, "csv"])).content.decode("utf-8-sig"),
        )
        for name in ("绩效自评表.docx", "绩效自评表.xlsx", "绩效评价报告.docx"):
            yield name, words_in((publication.folder() / name).read_bytes())

    for where, text in told(before):
        assert "有争议，待财政局裁定" in text and "争议未采纳" not in text and why not in text, where
    total, key = evaluation.assessment.run.results[0].score.total, evaluation.assessment.key
    assert step(sign_in("caizheng"), contest, "contest.refuse", remark=why).status_code == 302
    evaluation.refresh_from_db()
    # No figure is another for it: what was signed stays signed.
    assert evaluation.state == "signed" and evaluation.assessment.run.results[0].score.total == total
    assert evaluation.assessment.key != key and not comparing.drift(evaluation)
    for where, text in list(told(before))[:3]:
        assert "公开之后裁定：争议未采纳" in text and why in text, where
    assert why in sign_in("keyuan").get(here(evaluation.department, "selfeval")).content.decode()
    for where, text in told(made_public(evaluation, user)):
        assert "争议未采纳" in text and why in text and "有争议，待财政局裁定" not in text, where
