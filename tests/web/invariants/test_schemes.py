"""A scheme is chosen from those that come with the program, once it was seen what it would move."""

from __future__ import annotations

from django.urls import reverse
from pages import here
from small_department import CLOSURE, YEAR, indicator, opened, project

from zhunsheng.regulations import scheme_named, scheme_text
from zhunsheng.web.models import LocalScheme
from zhunsheng.web.services.rules import rules_for

RULES = reverse("rules")


def test_a_year_stands_by_another_scheme_beside_its_own(found, sign_in, user):
    place = found(project(indicator(CLOSURE, "≥95%")))
    opened(place, user)
    url = here(place, "scheme-beside")
    for who in ("keyuan", "caizheng"):
        page = sign_in(who).get(url, {"scheme": "hubei"}).content.decode()
        # 83 of 92 is 94.97 % of 95 %: of 50 points 47.48, of the 40 of the other scheme 37.99.
        for words in ("47.48", "37.99", "未核实", scheme_named("hubei").citation):
            assert words in page, words
    own = rules_for(place, YEAR).scheme_for(((None, None),))
    page = sign_in("keyuan").get(url, {"scheme": own.id}).content.decode()
    assert "47.48" not in page and "各项得分都不变" in page
    assert "ZS-WB-63" in sign_in("keyuan").get(url, {"scheme": "没有"}).content.decode()
    assert "zs-yellow" not in sign_in("keyuan").get(url).content.decode()
    # What the year is scored by is what it was.
    assert rules_for(place, YEAR).local is False and not LocalScheme.objects.exists()


def test_a_pack_is_seen_before_it_is_set_and_set_by_choice(found, sign_in):
    place = found(project(indicator(CLOSURE, "≥95%")))
    admin = sign_in("guanli")
    asked = {"organisation": place.pk, "first_year": YEAR, "pack": "hubei"}
    page = admin.get(RULES, asked).content.decode()
    assert "1 个部门的 1 张目标表中，1 张的总分会变，0 张的等级会变" in page
    assert "启用这个方案" in page and "湖北" in page and not LocalScheme.objects.exists()
    # No figure of a department is on the administration's page.
    assert "47.48" not in page and CLOSURE not in page
    assert "启用这个方案" not in admin.get(RULES, {**asked, "first_year": "x"}).content.decode()
    assert "ZS-WB-63" in admin.get(RULES, {**asked, "pack": "没有"}).content.decode()
    assert admin.post(RULES, asked).status_code == 302
    kept = LocalScheme.objects.get()
    assert kept.text == scheme_text(scheme_named("hubei")) and kept.organisation == place
    assert rules_for(place, YEAR).scheme.id == "hubei"
    page = admin.get(RULES).content.decode()
    assert "鄂财绩发〔2020〕3号" in page.split("本地评分方案", 1)[1]


def test_a_pack_or_a_text_is_sent_and_fits_the_year(found, sign_in):
    place = found(project())
    admin, sent = sign_in("guanli"), {"organisation": place.pk, "first_year": YEAR}
    assert "没有填写" in admin.post(RULES, sent).content.decode()
    both = {**sent, "pack": "hubei", "text": scheme_text(scheme_named("hubei"))}
    assert "请只留一个" in admin.post(RULES, both).content.decode()
    assert "ZS-RG-02" in admin.post(RULES, {**sent, "pack": "shanghai-2024"}).content.decode()
    assert admin.post(RULES, {**sent, "pack": "没有"}).status_code == 400
    late = {"organisation": place.pk, "first_year": 2099, "pack": "hubei"}
    assert "ZS-WB-64" in admin.post(RULES, late).content.decode()
    for who in ("keyuan", "caizheng"):
        assert sign_in(who).post(RULES, {**sent, "pack": "hubei"}).status_code == 403
    assert not LocalScheme.objects.exists()
