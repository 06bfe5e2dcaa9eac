"""The overview of a year, the way from a figure to its rows, the list of what is to be done."""

from __future__ import annotations

from datetime import date

import pytest
from django.urls import reverse
from pages import here

from zhunsheng.evidence import shared
from zhunsheng.measures import measures
from zhunsheng.measures.definitions import QUESTIONS
from zhunsheng.web.models import Assessment
from zhunsheng.web.services import todo
from zhunsheng.web.services.year import records


def test_the_overview_shows_the_stored_figures_and_leads_to_their_rows(department, sign_in):
    client = sign_in("keyuan")
    page = client.get(here(department, "overview")).content.decode()
    result = records.newest_assessment(department, 2021).result
    for one in result["results"]:
        assert one["sheet"] in page
        for line in one["indicators"]:
            assert line["outcome"]["origin"] == "none" or line["outcome"]["text"] in page
    n = next(
        i for i, line in enumerate(result["results"][1]["indicators"]) if line["name"] == "举报案件办结率"
    )
    behind = client.get(here(department, "lineage", 1, n)).content.decode()
    reading = result["results"][1]["indicators"][n]["reading"]
    assert f"<dd>{reading['numerator']}</dd>" in behind and f"<dd>{reading['denominator']}</dd>" in behind
    assert "投诉举报台账" in behind and "keyuan" in behind and "TJ2021" in behind
    answers = measures()[reading["measure"]].answers.model_dump()
    assert all(text in behind for text in (*QUESTIONS.values(), *answers.values()))
    assert client.get(here(department, "lineage", 1, "paid")).status_code == 200
    for wrong in ((9, "0"), (1, "99"), (1, "x")):
        assert client.get(here(department, "lineage", *wrong)).status_code == 404


def test_personal_values_behind_a_figure_are_masked_by_role(department, sign_in):
    result = records.newest_assessment(department, 2021).result
    n = next(
        i for i, line in enumerate(result["results"][1]["indicators"]) if line["name"] == "举报案件办结率"
    )
    url = here(department, "lineage", 1, n)
    own = sign_in("keyuan").get(url).content.decode()
    other = sign_in("shenji").get(url).content.decode()
    assert "诉求人1" in own or "诉求人2" in own
    assert "19900" not in other and ">**</td>" in other
    assert "siv1:" not in own + other


def test_an_empty_year_says_what_to_do(department, sign_in):
    page = sign_in("keyuan").get(reverse("overview", args=[department.pk, 2030])).content.decode()
    assert "还没有绩效目标" in page
    assert sign_in("keyuan").get(reverse("overview", args=[department.pk, 1999])).status_code == 404


def test_home_leads_each_role_to_its_work(department, sign_in, client):
    def home(who):
        return (sign_in(who) if who else client).get("/")["Location"]

    assert home(None) == reverse("public")
    assert home("keyuan") == here(department, "overview")
    assert home("caizheng") == home("shenji") == reverse("portfolio")
    assert home("guanli") == reverse("start")
    assert "/keyeval" in home("zhuanjia1")


def test_the_to_do_list_names_what_waits_for_each(department, user):
    day = date(2022, 3, 1)

    def of(name, year=2021):
        return [t["what"] for t in todo.of(user(name), department, year, day)]

    assert any("填报人签字提交" in t for t in of("keyuan")) and any("红黄灯" in t for t in of("keyuan"))
    assert any("提交审核" in t for t in of("keyuan", 2022))
    assert any("审批" in t for t in of("juzhang"))
    assert any("独立评分" in t for t in of("zhuanjia2")) and not of("zhuanjia1")
    assert not of("shenji")


def test_the_overview_opens_no_engine(sign_in, department, monkeypatch):
    page = sign_in("caiwu")
    address = f"/d/{department.pk}/2021/"
    kept = Assessment.objects.count()
    page.get(address)  # how rows stand to their limits is computed once a day and state of the evidence

    def refuse(*_args, **_kwargs):
        pytest.fail("the overview opens an engine")

    shared.stop()  # so that whoever asks for it starts one
    monkeypatch.setattr("duckdb.connect", refuse)
    answer = page.get(address)
    assert answer.status_code == 200
    assert answer.context["run"] is not None and Assessment.objects.count() == kept
