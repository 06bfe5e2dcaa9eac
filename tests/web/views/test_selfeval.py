"""The self-evaluation: words with their reasons, signed in order, re-checked, sent as the official tables."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from pages import here

from zhunsheng.regulations import scheme_of
from zhunsheng.web.audit import altered_records
from zhunsheng.web.models import Word
from zhunsheng.web.services.year import filling, rechecking
from zhunsheng.web.workflow import advance


def test_the_self_evaluation_is_signed_in_order_and_rechecked(evaluation, department, sign_in, user):
    url = reverse("step", args=["selfeval", evaluation.pk])
    for who, action in (("juzhang", "sign"), ("caiwu", "check"), ("caizheng", "accept")):
        assert "ZS-WB-01" in sign_in(who).post(url, {"action": f"selfeval.{action}"}).content.decode()
    for who, action in (("keyuan", "submit"), ("caiwu", "check"), ("juzhang", "sign")):
        assert sign_in(who).post(url, {"action": f"selfeval.{action}"}).status_code == 302, action
    page = sign_in("caizheng").get(here(department, "selfeval")).content.decode()
    assert page.count("stop signed") == 3 and "科员甲" in page and "局长甲" in page
    # The department's own table flatters itself: the re-check says where.
    sign_in("caizheng").post(reverse("recheck", args=[evaluation.pk]), {"again": "1"})
    evaluation.refresh_from_db()
    kinds = {d["kind"] for s in evaluation.differences if s["of"] for d in s["differences"]}
    assert {"score", "actual"} <= kinds
    assert (
        "完成值与证据不符" in sign_in("shenji").get(reverse("recheck", args=[evaluation.pk])).content.decode()
    )
    # What the site itself computed stands: a reason for an excess keeps no points that the rules take.
    own = [d for s in rechecking.recheck(evaluation) for d in s["differences"] if not s["of"]]
    assert [d for d in own if d["kind"] != "total"] == []
    assert sign_in("caizheng").post(url, {"action": "selfeval.accept"}).status_code == 302
    # It may be re-checked again, with the reported file too; what was accepted stays as it was accepted.
    evaluation.refresh_from_db()
    text = evaluation.bound_text()
    assert (
        sign_in("caizheng").post(reverse("recheck", args=[evaluation.pk]), {"again": "1"}).status_code == 302
    )
    evaluation.refresh_from_db()
    assert evaluation.state == "accepted" and evaluation.bound_text() == text and altered_records() == []
    assert sign_in("keyuan").post(reverse("word", args=[evaluation.pk]), {}).status_code == 403


def test_a_word_is_kept_only_if_scoring_accepts_it(evaluation, department, sign_in):
    client, url = sign_in("keyuan"), reverse("word", args=[evaluation.pk])
    filling.fill_self_evaluation(evaluation)
    one = evaluation.assessment.run.results[0]
    missed = next(i for i in one.indicators if i.score.verdict == "missed" and "%" in i.target and i.reading)
    said = {"sheet": one.id, "indicator": missed.id}
    count = Word.objects.count()
    file = SimpleUploadedFile("佐证.pdf", b"%PDF-1.4 x")
    answer = client.post(url, {**said, "actual": "99%", "reason": "补充台账外办结", "files": [file]})
    assert answer.status_code == 302
    evaluation.refresh_from_db()
    # A figure typed against the ledgers is shown and weighed by the finance bureau;
    # until then it counts nowhere.
    after = evaluation.assessment.run.results[0]
    assert after.score.total == one.score.total
    assert after.indicator(missed.id).outcome.contest.typed == "99%"
    word = Word.objects.last()
    assert word.attachments.get().name == "佐证.pdf"
    assert "佐证.pdf" in client.get(here(department, "selfeval")).content.decode()
    assert client.get(reverse("attachment", args=[word.attachments.get().pk])).content == b"%PDF-1.4 x"
    # A band without a reason, a share outside its band, a band that is none: refused, nothing kept.
    for wrong in (
        {"band": "全部或基本达成预期指标", "share": "90"},
        {"share": "140"},
        {"band": "很好"},
        {"cause": "天气"},
    ):
        assert "[ZS-" in client.post(url, {**said, **wrong}).content.decode()
    disguised = SimpleUploadedFile("佐证.pdf", b"MZ executable")
    assert "[ZS-IN-" in client.post(url, {**said, "files": [disguised]}).content.decode()
    assert Word.objects.count() == count + 1
    # The newer word carries on the attachments of the older while it states the same figure.
    client.post(url, {**said, "actual": "99%", "reason": "补充台账外办结", "cause": "其他"})
    assert Word.objects.last().attachments.count() == 1
    client.post(url, {**said, "actual": "98%"})
    assert Word.objects.last().attachments.count() == 0


def test_a_qualitative_band_is_judged_with_its_reason(department, evaluation, sign_in, user):
    from zhunsheng.web.services.sheets import drafts, lookup

    version = lookup.in_force(lookup.sheets_of(department, 2021)[1])
    new = drafts.adjust(version, user("keyuan"), "定性试验")
    drafts.set_field(new, "indicators.5.target", "有效提升", new.target_sheet().indicators[5].target.raw)
    for who, action in (("keyuan", "submit"), ("caiwu", "check"), ("caizheng", "approve")):
        advance(user(who), new, f"targets.{action}")
    filling.fill_self_evaluation(evaluation)
    sheet = evaluation.assessment.run.results[1]
    line = next(i for i in sheet.indicators if i.target == "有效提升")
    assert line.score.verdict == "pending"
    step = reverse("step", args=["selfeval", evaluation.pk])
    client = sign_in("keyuan")
    assert "待评定" in client.post(step, {"action": "selfeval.submit"}).content.decode()
    band = scheme_of(2021).qualitative[0]
    said = {
        "sheet": sheet.id,
        "indicator": line.id,
        "band": band.name,
        "share": "90",
    }
    assert "ZS-SC-03" in client.post(reverse("word", args=[evaluation.pk]), said).content.decode()
    assert (
        client.post(reverse("word", args=[evaluation.pk]), {**said, "reason": "问卷与走访"}).status_code
        == 302
    )
    # The target was changed after its match was confirmed: a person looks again.
    assert "口径未确认：双随机抽查比例" in client.post(step, {"action": "selfeval.submit"}).content.decode()
    # That no measure proves it any more is for the finance bureau to say: a clerk would silence the ledger by
    # it.
    confirmed = {"sheet": sheet.id, "indicator": line.id, "measure": ""}
    assert "由财政局改定" in client.post(here(department, "matches"), confirmed).content.decode()
    assert sign_in("caizheng").post(here(department, "matches"), confirmed).status_code == 302
    filling.fill_self_evaluation(evaluation)
    assert client.post(step, {"action": "selfeval.submit"}).status_code == 302


def test_the_official_tables_and_the_report_are_sent(evaluation, sign_in):
    client = sign_in("keyuan")
    for name in ("table.xlsx", "table.docx", "report.docx"):
        assert client.get(reverse("selfeval-file", args=[evaluation.pk, name])).content[:2] == b"PK"
    assert client.get(reverse("selfeval-file", args=[evaluation.pk, "secret.key"])).status_code == 404
    assert "绩效自评表" in client.get(reverse("selfeval-form", args=[evaluation.pk])).content.decode()


def test_a_year_without_self_evaluation_offers_to_open_it(department, sign_in):
    page = sign_in("caiwu").get(reverse("selfeval", args=[department.pk, 2022])).content.decode()
    assert "自评还没有开启" in page and "开启自评" in page
    assert sign_in("keyuan").post(reverse("selfeval", args=[department.pk, 2022])).status_code == 403
    # Nothing is evaluated that was never promised.
    refused = sign_in("caiwu").post(reverse("selfeval", args=[department.pk, 2022]))
    assert refused.status_code == 400 and "批复" in refused.content.decode()
    assert (
        "ZS-WB-06" in sign_in("caiwu").post(reverse("selfeval", args=[department.pk, 2026])).content.decode()
    )
