"""The page that tries a score: by the department's rules or another scheme, and nothing is kept."""

from __future__ import annotations

from django.urls import reverse
from small_department import LOCAL

from zhunsheng.web.models import LocalScheme, Word


def tried(client, department, **said):
    return client.get(reverse("calculator", args=[department.pk, 2021]), said)


def test_a_case_is_scored_by_the_rules_in_force_and_nothing_is_kept(department, sign_in):
    before = Word.objects.count()
    client = sign_in("keyuan")
    page = tried(client, department, level2="成本指标", name="审计费用", target="8000元", actual="10000")
    assert page.status_code == 200 and "8.00" in page.content.decode()
    wrong = tried(client, department, target="≥4场", actual="24场", points="x").content.decode()
    assert "ZS-WB-06" in wrong and "分值" in wrong and "8.00" not in wrong
    assert (
        "ZS-SC-08" in tried(client, department, target="≥4场", actual="24场", scheme="没有").content.decode()
    )
    far = {"name": "培训场次", "target": "≥4场", "actual": "24场", "points": "5"}
    asked = tried(client, department, **far).content.decode()
    assert "待说明" in asked and "5.00" in asked  # the national rules ask first
    assert "3.00" in tried(client, department, **far, scheme="local-example").content.decode()
    LocalScheme.objects.create(
        organisation=department, name="本地", first_year=2021, text=LOCAL.read_text("utf8")
    )
    assert "3.00" in tried(client, department, **far).content.decode()  # the body's own rules take 2 at once
    assert Word.objects.count() == before
