"""What browsers are told of every answer, what cookies and sessions are like, and where a
redirect may lead.
"""

from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from zhunsheng.web.models import User
from zhunsheng.web.services.sample_site import PASSWORD

LONG = "Chang-mima-2026-" * 8  # 128 characters


def enter(client, password=PASSWORD, **more):
    return client.post(reverse("sign-in"), {"username": "keyuan", "password": password, **more})


def answers(client, department):
    """One answer of each sort: a page, a public page, a refusal, a missing one, a download, the API,
    its error.
    """
    return {
        "page": client.get(reverse("overview", args=[department.pk, 2021])),
        "public": client.get(reverse("public")),
        "refused": client.get(reverse("administration")),
        "missing": client.get("/nothing"),
        "download": client.get(reverse("template", args=[department.pk, 2021, "complaints"])),
        "api": client.get("/api/public"),
        "api error": client.get("/api/departments"),
        "health": client.get(reverse("health")),
    }


def test_every_answer_tells_browsers_the_same(sign_in, department):
    for name, answer in answers(sign_in("keyuan"), department).items():
        assert answer["X-Content-Type-Options"] == "nosniff", name
        assert answer["Referrer-Policy"] == "same-origin", name
        policy = answer["Content-Security-Policy"]
        for word in ("default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"):
            assert word in policy, (name, word)
        assert "unsafe" not in policy and not any(
            header.startswith("Access-Control") for header in answer.headers
        ), name
        kind = answer["Content-Type"]
        assert "charset=utf-8" in kind if kind.startswith("text/") else kind.startswith("application/"), (
            name,
            kind,
        )


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(client, settings):
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = settings.HTTPS = (
        True  # as with ZHUNSHENG_HTTPS=1
    )
    client.get(reverse("sign-in"), secure=True)
    said = {"username": "keyuan", "password": PASSWORD}
    assert client.post(reverse("sign-in"), said, secure=True).status_code == 302
    assert set(client.cookies) == {"sessionid", "csrftoken", "zhunsheng-known"}
    for cookie in client.cookies.values():
        assert cookie["secure"] and cookie["httponly"] and cookie["samesite"] == "Lax", cookie.key


def test_a_session_is_new_at_sign_in_and_gone_after_sign_out(client):
    client.get(reverse("sign-in"))
    enter(client)
    first = client.cookies["sessionid"].value
    assert len(first) >= 32 and Session.objects.filter(pk=first).exists()
    client.post(reverse("sign-out"))
    assert not Session.objects.filter(pk=first).exists()
    stolen = Client()
    stolen.cookies["sessionid"] = first
    assert stolen.get(reverse("account")).status_code == 302
    # A key that somebody put into the browser before is not taken over.
    client.cookies["sessionid"] = "a" * 32
    enter(client)
    assert client.cookies["sessionid"].value not in (first, "a" * 32)


@pytest.mark.parametrize(
    "further", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_no_redirect_leads_to_another_host(client, further):
    assert enter(client, next=further)["Location"] == "/"
    said = {"language": "en", "next": further}
    assert "evil" not in client.post(reverse("set_language"), said)["Location"]


def test_a_request_for_another_host_is_refused(client):
    assert client.get(reverse("public"), headers={"host": "evil.example"}).status_code == 400


def test_no_address_takes_trace(sign_in, department):
    browser = sign_in("keyuan")
    for at in (reverse("overview", args=[department.pk, 2021]), reverse("public"), "/api/public"):
        assert browser.trace(at).status_code == 405, at
    assert Client().trace(reverse("sign-in")).status_code == 405


def test_a_long_password_is_taken_whole(client):
    user = User.objects.get(username="keyuan")
    enter(client)
    said = {"old_password": PASSWORD, "new_password1": LONG, "new_password2": LONG}
    assert client.post(reverse("password"), said).status_code == 302
    user.refresh_from_db()
    assert (
        user.check_password(LONG)
        and not user.check_password(LONG[:-1])
        and not user.check_password(LONG.lower())
    )


def test_password_fields_are_masked_and_take_what_a_manager_fills_in(client):
    page = client.get(reverse("sign-in")).content.decode()
    assert 'type="password"' in page and 'autocomplete="current-password"' in page
    enter(client)
    page = client.get(reverse("password")).content.decode()
    assert page.count('type="password"') == 3 and page.count('autocomplete="new-password"') == 2
    assert "onpaste" not in page and 'autocomplete="off"' not in page
