"""Every address with every role against one table: who gets a page, who is refused, who is sent
to sign in.
"""

from __future__ import annotations

import re

import pytest
from addresses import POSTED, TABLE
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.converters import IntConverter
from pages import flat

from zhunsheng.web.actions import ACTIONS, PARTS, WORDS, words_of
from zhunsheng.web.models import (
    Organisation,
    SheetVersion,
)
from zhunsheng.web.services.permissions import parts

ROLES = {
    "public": None,
    "staff": "keyuan",
    "finance": "caiwu",
    "head": "juzhang",
    "bureau": "caizheng",
    "evaluator": "zhuanjia1",
    "auditor": "shenji",
    "admin": "guanli",
}


def names() -> set[str]:
    found = set()

    def walk(patterns):
        for p in patterns:
            if isinstance(p, URLResolver):
                if p.namespace != "api":
                    walk(p.url_patterns)
            elif isinstance(p, URLPattern):
                found.add(p.name)

    walk(get_resolver().url_patterns)
    return found


def test_the_table_lists_every_address_and_nothing_else():
    assert set(TABLE) == names()


def answer(response) -> str:
    if response.status_code == 302 and "/sign-in" in response["Location"]:
        return "sign-in"
    if (
        response.status_code == 401
    ):  # a form sent without a session: what was typed comes back with the way to sign in
        return "sign-in"
    return {
        200: "open",
        302: "open",
        204: "open",
        400: "open",
        403: "refused",
        404: "none",
        405: "open",
        409: "open",
    }[response.status_code]


@pytest.mark.parametrize("role", ROLES)
def test_every_address_answers_a_role_as_the_table_says(role, address, walked, client):
    wrong = []
    if ROLES[role]:
        answers = walked(ROLES[role])
    else:
        names = sorted(set(TABLE) - {"sign-out"})
        answers = {n: client.post(address(n)) if n in POSTED else client.get(address(n)) for n in names}
    assert len(answers) == len(TABLE) - 1
    for name, response in answers.items():
        expected = TABLE[name].get(role, TABLE[name]["others"])
        if (found := answer(response)) != expected:
            wrong.append(f"{name}: {found}, table says {expected}")
    assert not wrong


@pytest.mark.parametrize(
    "role", [r for r in ROLES if r not in ("public", "bureau", "auditor", "evaluator", "admin")]
)
def test_another_departments_addresses_are_refused(role, sign_in):
    browser = sign_in(ROLES[role])
    other = Organisation.objects.filter(kind="department").exclude(name="示例区市场监督管理局")[0]
    version = SheetVersion.objects.filter(sheet__department=other)[0]
    for name in (
        "overview",
        "targets",
        "ledgers",
        "monitoring",
        "selfeval",
        "keyeval",
        "draws",
        "safeguards",
        "publish",
    ):
        assert browser.get(reverse(name, args=[other.pk, 2021])).status_code == 403, name
    assert browser.get(reverse("version", args=[version.pk])).status_code == 403
    assert browser.get(reverse("ledger", args=[other.pk, 2021, "complaints"])).status_code == 403


def test_every_page_names_its_action_from_the_table_of_roles():
    for pattern in get_resolver().url_patterns:
        action = getattr(getattr(pattern, "callback", None), "action", None)
        assert action is None or action in ACTIONS, pattern


@pytest.mark.parametrize("who", ["caiwu", None])
def test_a_number_that_no_record_can_have_leads_nowhere(who, sign_in, client, department):
    """Each address once for each of its numbers, the others being there."""
    browser = sign_in(who) if who else client
    given = {
        "department": department.pk,
        "year": 2021,
        "ledger": "complaints",
        "name": "x",
        "line": "0",
        "sheet": 0,
    }
    asked = 0
    for pattern in get_resolver().url_patterns:
        converters = getattr(getattr(pattern, "pattern", None), "converters", {})
        for number in (n for n, c in converters.items() if isinstance(c, IntConverter)):
            wanted = {
                k: given.get(k, 1 if isinstance(c, IntConverter) else "x") for k, c in converters.items()
            }
            for digits in (f"1{'0' * 30}", str(2**63)):
                said = {k: str(v) for k, v in wanted.items()} | {number: digits}
                at = "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda m: said[m[1]], str(pattern.pattern))  # noqa: B023
                for method in (browser.get, browser.post):
                    assert method(at).status_code == 404, at[:200]
                asked += 1
    assert asked > 50


def test_the_table_of_roles_is_told_in_words(sign_in):
    """Every action in its part, by its name in words: no code of an action, a state or a role is
    on the page.
    """
    page = flat(sign_in("guanli").get(reverse("permissions")))
    body = page[
        page.index('<section class="card perm">') : page.index("</section>", page.index('class="card perm"'))
    ]
    assert body.count("<details>") == len(PARTS) and body.count("<li") == len(ACTIONS)
    assert {name.split(".")[0] for name in ACTIONS} == set(PARTS)
    seen = re.sub(r"<[^>]*>", " ", body)
    assert not re.findall(r"[A-Za-z]+", seen), re.findall(r"[A-Za-z]+", seen)
    assert not set(WORDS) - set(ACTIONS) and not [name for name in ACTIONS if words_of(name) == name]
    check = next(line for line in body.split("<li") if "审核通过，报财政局" in line)
    assert 'aria-label="财务科"' in check and "科室人员" not in check
    assert "待财务科审核 → 待财政局批复" in check and "不得由同一人：提交审核" in check


def test_the_table_of_roles_shows_the_way_of_each_kind_of_record():
    told = {str(part.words): part.way for part in parts()}
    assert told["绩效自评"] == ["填报中", "待财务科审核", "待负责人签字", "待财政局复核", "复核通过"]
    assert told["信息公开"] == ["待批准公开", "已公开"] and told["台账证据"] == []
