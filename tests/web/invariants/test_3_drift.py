"""Invariants of part 3 on the site: what was signed or published says where ledgers or targets went on."""

from __future__ import annotations

import json
import re

import pytest
from django.urls import reverse
from django.utils import timezone
from pages import here
from small_department import (
    CLOSURE,
    COMPLAINT,
    END,
    LOCAL,
    YEAR,
    explained,
    first,
    judged,
    opened,
    project,
    public,
    published,
    row_of,
    say,
    settle,
    sign_on,
    step,
    words_in,
)

from zhunsheng import errors
from zhunsheng.web.models import KeyEvaluation, LocalScheme, SelfEvaluation
from zhunsheng.web.models.decided import stepping
from zhunsheng.web.services import administration, keyeval
from zhunsheng.web.services.portfolio import ranking, ranking_file
from zhunsheng.web.services.publishing import acts, drift
from zhunsheng.web.services.sheets import lookup
from zhunsheng.web.services.year import comparing, figures
from zhunsheng.web.workflow import advance


def test_3_a_signed_or_published_figure_that_drifted_from_the_ledger_says_so(
    found, sign_in, user, put, client
):
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    staff = sign_in("keyuan")
    judged(staff, evaluation, place)
    sign_on(sign_in, evaluation)
    published = acts.ask("self", evaluation, user("caiwu"))
    acts.decide(published, user("juzhang"), "publish.approve")
    public = json.dumps(published.data, ensure_ascii=False)
    assert comparing.drift(evaluation) == drift.drifted_from(published) == []
    put(place, "late", COMPLAINT, *(f"X{n},举报,2021-03-05,,王五" for n in range(92)))
    told = next(d for d in comparing.drift(evaluation) if d["what"] == CLOSURE)
    assert (told["then"], told["now"]) == ("90.22%", "45.11%")
    for address in (here(place, "selfeval"), reverse("publication", args=[published.pk])):
        page = staff.get(address).content.decode()
        assert "45.11%" in page and "90.22%" in page and "重算会不同" in page
    # The public page says it too, from when the figures of the department were computed anew.
    address = reverse("public-one", args=[published.pk])
    assert "重算" not in client.get(address).content.decode()
    drift.check_published(place, YEAR)
    published.refresh_from_db()
    page = client.get(address).content.decode()
    assert (
        "90.22% → 45.11%" in page
        and f"{timezone.localtime(published.checked_at):%Y-%m-%d %H:%M} 重算" in page
    )
    data = client.get(reverse("open-data-json", args=[published.pk])).json()
    assert data["drift"] == published.drift and data["checked_at"]
    # What was signed and published has not moved.
    assert json.dumps(published.data, ensure_ascii=False) == public
    assert first(SelfEvaluation.objects.get(pk=evaluation.pk).assessment.run)[1].outcome.text == "90.22%"


def test_3_drift_between_signing_and_publication_is_said_from_the_first_moment(signed, put, client, user):
    put(signed.department, "late", COMPLAINT, *(f"X{n},举报,2021-03-05,,王五" for n in range(92)))
    for _time in range(2):
        page, data = public(client, published(signed, user))
        assert "90.22% → 45.11%" in page and "所依据的数据、目标、填报或规则有变化" in page
        told = {d["what"]: (d["then"], d["now"]) for d in data["drift"]}
        assert told[CLOSURE] == ("90.22%", "45.11%") and f"{CLOSURE}（得分 / 分值）" in told


def test_3_a_self_evaluation_returned_is_not_published_and_shows_no_figure_of_its_draft(
    signed, sign_in, client, user
):
    out, waiting = published(signed, user), acts.ask("self", signed, user("caiwu"))
    page, data = public(client, out)
    assert "未经财政局复核" in page and data["notes"] == ["未经财政局复核"] and "退回" not in page
    assert step(sign_in("caizheng"), signed, "selfeval.return", remark="补材料").status_code == 302
    waiting.refresh_from_db()
    assert (waiting.state, waiting.last_step().action) == ("withdrawn", "publish.overtake")
    line = f"该自评已于 {timezone.localdate()} 退回，正在重新填报"
    before = data["data"]
    say(sign_in("keyuan"), signed, 2, actual="71.5%", reason="重新问卷")
    drift.check_published(signed.department, YEAR)
    page, data = public(client, out)
    assert (
        line in page
        and line in data["notes"]
        and "71.5%" not in page + json.dumps(data)
        and not data["drift"]
    )
    with pytest.raises(errors.ZhunshengError, match="ZS-WB-01"):
        acts.ask("self", signed, user("caiwu"))
    # Signed anew it says what differs from what was public before.
    explained(sign_in("keyuan"), signed)
    sign_on(sign_in, signed)
    page, data = public(client, out)
    assert (
        "现已重新签字" in page and "正在重新填报" not in page and data["data"]["scores"] == before["scores"]
    )
    assert any(d["now"] == "71.5%" for d in data["drift"])
    assert sign_in("caizheng").post(reverse("recheck", args=[signed.pk])).status_code == 302
    signed.refresh_from_db()
    assert step(sign_in("caizheng"), signed, "selfeval.accept").status_code == 302
    assert "未经财政局复核" not in public(client, published(signed, user))[0]


def test_3_published_targets_say_that_another_version_has_come_into_force(found, adjusted, client, user):
    place = found(project())
    version = lookup.in_force(lookup.sheets_of(place, YEAR)[0])
    out, waiting = published(version, user, "targets"), acts.ask("targets", version, user("caiwu"))
    assert public(client, out)[1]["notes"] == []
    new = adjusted(place, "indicators.0.target", "≥93%")
    page, data = public(client, out)
    told = f"目标已调整，第 2 版于 {timezone.localdate()} 批复，追溯自 {new.in_force_from} 起执行"
    assert told in page and "≥95% → ≥93%" in page.replace("&gt;", ">")
    assert any((c["then"], c["now"]) == ("≥95%", "≥93%") for c in data["changes"])
    # The version that holds no more is neither asked for nor approved, and the one that holds takes its
    # place.
    with pytest.raises(errors.ZhunshengError, match="第2版"):
        acts.ask("targets", version, user("caiwu"))
    with pytest.raises(errors.ZhunshengError, match="ZS-WB-01"):
        acts.decide(waiting, user("juzhang"), "publish.approve")
    newest = published(new, user, "targets")
    out.refresh_from_db()
    assert out.state == "withdrawn" and public(client, newest)[1]["notes"] == []


def test_3_an_overtaken_address_leads_to_the_newer_one_which_lists_the_earlier(signed, client, user):
    old = published(signed, user)
    new = published(signed, user)
    for name, more in (
        ("public-one", []),
        ("open-data-json", []),
        ("open-data", ["csv"]),
        ("public-file", ["绩效自评表.xlsx"]),
    ):
        answer = client.get(reverse(name, args=[old.pk, *more]))
        assert (answer.status_code, answer["Location"]) == (302, reverse(name, args=[new.pk, *more]))
    page, data = public(client, new)
    old.refresh_from_db()
    assert f"{timezone.localtime(old.published_at):%Y-%m-%d %H:%M}" in page.split("此前的公开")[1]
    assert data["earlier"][0]["totals"] == [{"sheet": "治理经费", "total": old.data["scores"][0]["total"]}]
    # What a person withdrew stays gone, and so does what came before it.
    acts.decide(new, user("juzhang"), "publish.withdraw", "有误")
    assert [client.get(reverse("public-one", args=[p.pk])).status_code for p in (old, new)] == [404, 404]
    asked = acts.ask("self", signed, user("caiwu"))
    again = published(signed, user)
    assert client.get(reverse("public-one", args=[asked.pk])).status_code == 404
    page, data = public(client, again)
    assert len(data["earlier"]) == 1 and client.get(reverse("public-one", args=[old.pk])).status_code == 302


def test_3_a_published_self_evaluation_says_that_its_targets_were_adjusted(signed, adjusted, client, user):
    out = published(signed, user)
    adjusted(signed.department, "indicators.0.target", "≥90%")
    drift.check_published(signed.department, YEAR)
    page, data = public(client, out)
    assert {"what": f"{CLOSURE}（目标）", "then": "≥95%", "now": "≥90%"}.items() <= next(
        d for d in data["drift"] if "目标" in d["what"]
    ).items()
    assert f"{CLOSURE}（目标）" in page


def test_3_a_key_evaluation_shows_the_signed_self_evaluation_and_says_which(signed, sign_in, user, put):
    place = signed.department
    sheet = lookup.sheets_of(place, YEAR)[0]
    key = KeyEvaluation.objects.create(
        sheet=sheet, department=place, year=YEAR, framework="x", method="比较法"
    )
    put(place, "late", COMPLAINT, *(f"X{n},举报,2021-03-05,,王五" for n in range(92)))
    computed = figures.assess_now(place, YEAR, END).run.sheet(sheet.code)
    own = signed.assessment.run.sheet(sheet.code)
    found, words = keyeval.result_of(key)
    assert found == own != computed and words == "自评得分（已签字，未复核）"
    sign_in("caizheng").post(reverse("recheck", args=[signed.pk]))
    signed.refresh_from_db()
    advance(user("caizheng"), signed, "selfeval.accept")
    assert keyeval.result_of(key) == (own, "自评得分（复核通过）")
    other = found_draft(key, place)
    assert other[0] is not None and other[1] == "系统测算（自评未签字）"


def found_draft(key, place):
    """What is shown while nobody signed."""
    with stepping():
        changed = SelfEvaluation.objects.get(department=place)
        changed.state = "returned"
        changed.save()
    return keyeval.result_of(key)


def test_3_a_changed_grade_or_weight_is_drift(found, sign_in, user, client):
    place = found(project())
    text = LOCAL.read_text("utf8")

    def scheme(text):
        for old in LocalScheme.objects.filter(active=True):
            administration.toggle(old)
        sent = {"organisation": place.pk, "first_year": YEAR, "text": text}
        assert sign_in("guanli").post(reverse("rules"), sent).status_code == 302
        drift.check_published(place, YEAR)

    scheme(text)
    settle(place, user)
    evaluation = opened(place, user)
    judged(sign_in("keyuan"), evaluation, place)
    sign_on(sign_in, evaluation)
    out = published(evaluation, user)
    grade = first(evaluation.assessment.run)[0].score.grade
    assert grade and not comparing.drift(evaluation) and public(client, out)[1]["drift"] == []
    scheme(re.sub(r"name: (优|良|中|差)", r"name: 新\1", text))
    told = [{"sheet": "治理经费", "what": "等级", "then": grade, "now": f"新{grade}"}]
    assert comparing.drift(evaluation) == told and public(client, out)[1]["drift"] == told
    # A copy of before is compared in what it holds.
    for sheet in out.data["scores"]:
        del sheet["grade"], sheet["most"]
        for line in sheet["indicators"]:
            del line["points"]
    assert drift.drifted_from(out) == []
    scheme(text.replace("产出: 50, 效益: 30", "产出: 40, 效益: 40"))
    points = {d["what"]: d for d in comparing.drift(evaluation)}[f"{CLOSURE}（得分 / 分值）"]
    assert points["then"].endswith("/ 50") and points["now"].endswith("/ 40")


def test_3_the_ranking_says_where_it_differs_from_what_was_signed(signed, adjusted, sign_in, user):
    place = signed.department
    figures.assess_now(place, YEAR)
    assert row_of(place)["signed"] == ""
    adjusted(place, "indicators.0.target", "≥90%")
    figures.assess_now(place, YEAR)
    row, total = row_of(place), f"{signed.assessment.total:.2f}"
    assert row["total"] > signed.assessment.total
    (words,) = [w for w in ranking.remarks(row) if total in w]
    assert words.startswith("已签字的自评为")
    assert words in sign_in("caizheng").get(reverse("portfolio") + f"?year={YEAR}&q=甲局").content.decode()
    assert words in words_in(ranking_file.ranking_file(place.parent, YEAR)[0])
    sign_in("caizheng").post(reverse("recheck", args=[signed.pk]))
    assert step(sign_in("caizheng"), signed, "selfeval.accept").status_code == 302
    assert any(w.startswith("复核通过的自评为") and total in w for w in ranking.remarks(row_of(place)))
