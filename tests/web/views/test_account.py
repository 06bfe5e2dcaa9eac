"""Signing in under attack, handed-out passwords, sessions that end, tokens, and what proxies are believed."""

from __future__ import annotations

import time
from datetime import timedelta
from unittest.mock import patch

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db.models import F
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone

from zhunsheng.errors import ZhunshengError
from zhunsheng.web.middleware import address
from zhunsheng.web.middleware import client as past_proxies
from zhunsheng.web.models import ApiToken, AuditEntry, Organisation, User
from zhunsheng.web.proxies import Proxies
from zhunsheng.web.services.administration import add_user, hand_password, may_read
from zhunsheng.web.services.sample_site import PASSWORD
from zhunsheng.web.throttle import BY_ADDRESS, BY_BOTH, BY_NAME, COOKIE, FRESH

NEW = "Gengqiang-2026!"


def attempt(client, password, username="keyuan", at="10.1.0.1"):
    return client.post(reverse("sign-in"), {"username": username, "password": password}, REMOTE_ADDR=at)


def later(seconds):
    """Let time pass: every failure was so many seconds earlier."""
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(seconds=seconds))


def renew(client, old=PASSWORD):
    said = {"old_password": old, "new_password1": NEW, "new_password2": NEW}
    assert client.post(reverse("password"), said).status_code == 302


# -- guessing
# ------------------------------------------------------------------------------------------------------------


def test_after_five_failures_each_wait_is_longer_than_the_one_before(client):
    waits = []
    for n in range(1, 12):
        answer = attempt(client, "wrong")
        if n <= BY_BOTH.free:
            assert "用户名或密码不对" in answer.content.decode()
            continue
        waits.append(int(answer["Retry-After"]))
        assert answer.status_code == 429 and "没有核对" in answer.content.decode()
        later(waits[-1])
        assert attempt(client, "wrong").status_code == 200
    assert waits == sorted(waits) and waits[1] == 2 * waits[0] and max(waits) <= BY_BOTH.most
    later(BY_BOTH.most)
    assert attempt(client, PASSWORD).status_code == 302


def test_what_is_tried_while_waiting_is_not_looked_at_and_prolongs_nothing(client):
    for _ in range(BY_BOTH.free):
        attempt(client, "wrong")
    told, failures = AuditEntry.objects.count(), AccessAttempt.objects.get().failures_since_start
    assert {attempt(client, PASSWORD).status_code for _ in range(20)} == {429}
    assert (AuditEntry.objects.count(), AccessAttempt.objects.get().failures_since_start) == (told, failures)
    later(BY_BOTH.first)
    assert attempt(client, PASSWORD).status_code == 302


def test_strangers_lock_nobody_out(client):
    """A hundred failures on a name from elsewhere: its person signs in at once,
    from any browser and network of their own.
    """
    own = Client()
    assert attempt(own, PASSWORD, at="10.9.3.7").status_code == 302
    own.post(reverse("sign-out"))
    for n in range(100):
        later(BY_NAME.most)
        attempt(Client(), "wrong", at=f"10.9.{n % 30}.7")
    assert (
        attempt(Client(), PASSWORD, at="10.9.3.7").status_code == 429
    )  # a browser that nobody knows, where strangers failed
    assert attempt(own, PASSWORD, at="10.9.3.7").status_code == 302
    assert attempt(Client(), PASSWORD, at="10.9.200.7").status_code == 302


def test_the_mark_of_a_browser_is_of_one_person_and_of_this_site(client):
    assert attempt(client, PASSWORD).status_code == 302
    client.post(reverse("sign-out"))
    for _ in range(BY_NAME.free + 1):
        later(BY_BOTH.most)
        attempt(Client(), "wrong", "caiwu", at="10.9.0.7")
    assert [attempt(client, "wrong", "caiwu").status_code for _ in range(FRESH)] == [200] * FRESH
    assert attempt(client, PASSWORD, "caiwu").status_code == 429  # known as another person only
    forged = Client()
    forged.cookies[COOKIE] = client.cookies[COOKIE].value[:-4] + "AAAA"
    for _ in range(BY_BOTH.free):
        attempt(forged, "wrong")
    assert attempt(forged, PASSWORD).status_code == 429


def test_names_are_not_sprayed_from_one_address(client):
    answers = [
        attempt(Client(), "wrong", f"name{n}", "10.7.0.1").status_code for n in range(BY_ADDRESS.free + 20)
    ]
    assert answers[: BY_ADDRESS.free] == [200] * BY_ADDRESS.free and 429 in answers[BY_ADDRESS.free :]
    assert answers.count(429) >= 18
    assert attempt(Client(), PASSWORD, "caiwu", "10.7.0.2").status_code == 302  # another address goes on


def test_one_name_is_not_guessed_from_many_addresses():
    """Each network has its two tries; whatever else is tried anywhere waits for all."""
    answers = [attempt(Client(), "wrong", at=f"10.8.{n % 15}.1").status_code for n in range(75)]
    assert answers.count(200) <= max(BY_NAME.free + 1, 15 * FRESH) and 429 in answers[30:]


def test_a_subscriber_of_ipv6_is_one_and_so_is_a_name_in_capitals():
    spread = [
        attempt(Client(), "wrong", f"n{n}", f"2001:db8::{n:x}").status_code
        for n in range(BY_ADDRESS.free + 10)
    ]
    assert spread.count(200) <= BY_ADDRESS.free + 1
    names = ["keyuan", "Keyuan", "KEYUAN", "kEYUAN", "keyuaN", "keYuan", "KeYuan"]
    assert [attempt(Client(), "wrong", name).status_code for name in names][BY_BOTH.free :] == [429, 429]
    with pytest.raises(ZhunshengError, match="已存在"):
        add_user("KeYuan", "另一人", "", "staff", Organisation.objects.get(kind="district"))


@pytest.mark.parametrize("name", ["system", "System", "anonymous"])
def test_nobody_is_called_as_the_log_calls_those_who_are_no_person(name, user):
    with pytest.raises(ZhunshengError, match="已存在"):
        add_user(name, "某人", "", "staff", Organisation.objects.get(kind="district"))
    one = user("keyuan")
    one.username = name  # however it came to be
    entry = AuditEntry.objects.filter(actor="system").first()
    assert entry is not None and may_read(one, entry.number) is None


def test_the_present_password_is_not_guessed_on_the_page_that_changes_it(sign_in):
    browser = sign_in("caiwu")
    said = {"old_password": "wrong", "new_password1": NEW, "new_password2": NEW}
    answers = [browser.post(reverse("password"), said).status_code for _ in range(BY_BOTH.free + 3)]
    assert answers == [200] * BY_BOTH.free + [429] * 3
    assert AuditEntry.objects.filter(action="sign-in failed", title="caiwu").count() == BY_BOTH.free


# -- a password that was handed out
# ------------------------------------------------------------------------------------------------------------


def test_with_a_handed_out_password_nothing_opens_but_the_change_of_it(user, client):
    secret = hand_password(user("caiwu"))
    _token, key = ApiToken.issue(user("caiwu"), "x", ["ledgers:read"], 30)
    assert attempt(client, secret, "caiwu").status_code == 302
    open_ones = set()
    for pattern in get_resolver().url_patterns:
        name, converters = (
            getattr(pattern, "name", None),
            getattr(getattr(pattern, "pattern", None), "converters", None),
        )
        if name is None or converters or name in ("sign-out",):
            continue
        at = reverse(name)
        for answer in (client.get(at), client.post(at, {"name": "t", "scopes": ["ledgers:read"]})):
            if answer.status_code != 302 or answer["Location"] != reverse("password"):
                open_ones.add(name)
    assert open_ones == {"password", "session", "sign-in", "set_language"}
    assert ApiToken.objects.count() == 1
    assert Client().get("/api/ledgers", headers={"Authorization": f"Bearer {key}"}).status_code == 401
    same = {"old_password": secret, "new_password1": secret, "new_password2": secret}
    assert "新密码不能与现在的密码相同" in client.post(reverse("password"), same).content.decode()
    renew(client, secret)
    assert client.get(reverse("account")).status_code == 200


def test_a_session_ends_with_its_day_and_with_its_account(sign_in, settings, user):
    browser = sign_in("keyuan")
    assert browser.get(reverse("account")).status_code == 200
    session = browser.session
    session["since"] = int(time.time()) - settings.SESSION_COOKIE_AGE - 1
    session.save()
    assert browser.get(reverse("account")).status_code == 302
    # Whatever way somebody signed in, an account that ended opens nothing.
    other = sign_in("keyuan2")
    with patch("django.contrib.auth.backends.ModelBackend.user_can_authenticate", lambda *_: True):
        one = user("keyuan2")
        one.is_active = False
        one.save()
        assert other.get(reverse("account")).status_code == 302


def test_another_password_ends_sessions_and_tokens(user, client, sign_in):
    elsewhere = Client()
    assert (
        attempt(elsewhere, PASSWORD, "caiwu").status_code
        == attempt(client, PASSWORD, "caiwu").status_code
        == 302
    )
    token, key = ApiToken.issue(user("caiwu"), "x", ["ledgers:read"], 30)
    assert client.get("/api/ledgers", headers={"Authorization": f"Bearer {key}"}).status_code == 200
    renew(client)
    assert client.get(reverse("account")).status_code == 200
    assert elsewhere.get(reverse("account")).status_code == 302
    assert client.get("/api/ledgers", headers={"Authorization": f"Bearer {key}"}).status_code == 401
    token.refresh_from_db()
    assert token.revoked and AuditEntry.objects.filter(model="apitoken", action="change").exists()
    # One handed out by an administrator ends them, too.
    _token, key = ApiToken.issue(user("caiwu"), "x", ["ledgers:read"], 30)
    hand_password(user("caiwu"))
    assert client.get(reverse("account")).status_code == 302
    assert client.get("/api/ledgers", headers={"Authorization": f"Bearer {key}"}).status_code == 401


def test_a_token_is_short_lived_and_of_one_place_unless_said(sign_in, user, department, district):
    browser = sign_in("caizheng")
    assert browser.post(reverse("account"), {"name": "t", "scopes": ["targets:read"]}).status_code == 302
    made = ApiToken.objects.get()
    assert made.place == district and (made.expires_at - AuditEntry.objects.first().at).days in (29, 30)
    assert browser.post(reverse("account"), {"name": "t", "scopes": [], "days": "181"}).status_code == 400
    browser.post(reverse("account"), {"name": "t", "scopes": ["targets:read"], "place": department.pk})
    assert ApiToken.objects.latest("pk").place == department
    # A place that one does not reach is none to choose.
    assert sign_in("keyuan").post(reverse("account"), {"name": "t", "place": district.pk}).status_code == 400


def test_asking_again_for_what_is_refused_costs_no_entry(sign_in):
    browser = sign_in("keyuan")
    before = AuditEntry.objects.count()
    assert {browser.get(reverse("administration")).status_code for _ in range(30)} == {403}
    assert {browser.get(f"{reverse('administration')}?q={n}").status_code for n in range(10)} == {403}
    assert (
        AuditEntry.objects.count() == before + 1 and AuditEntry.objects.first().title == "GET administration"
    )


def test_what_is_larger_than_anything_taken_is_refused_unread(client, settings):
    settings.MAX_UPLOAD = 2**20
    more = {"CONTENT_TYPE": "multipart/form-data; boundary=x", "CONTENT_LENGTH": str(30 * 2**20)}
    for at in ("/nothing", reverse("sign-in"), "/api/departments/1/documents"):
        answer = client.post(
            at, b"--x", content_type=more["CONTENT_TYPE"], CONTENT_LENGTH=more["CONTENT_LENGTH"]
        )
        assert answer.status_code == 413, at


# -- proxies
# ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trusted", "remote", "forwarded", "found"),
    [
        ("", "10.0.0.1", "6.6.6.6, 192.168.1.7", "10.0.0.1"),
        ("1", "10.0.0.1", "6.6.6.6, 192.168.1.7", "192.168.1.7"),
        ("2", "10.0.0.1", "6.6.6.6, 192.168.1.7", "6.6.6.6"),
        ("2", "10.0.0.1", "192.168.1.7", "192.168.1.7"),
        ("10.0.0.0/24", "10.0.0.1", "6.6.6.6, 192.168.1.7", "192.168.1.7"),
        ("10.0.0.1, 192.168.0.0/16", "10.0.0.1", "6.6.6.6, 192.168.1.7", "6.6.6.6"),
        ("10.0.0.0/24", "172.16.0.9", "6.6.6.6", "172.16.0.9"),  # who comes past the proxy is not believed
        ("10.0.0.0/24", "10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.0/24", "10.0.0.1", "[2001:db8::1]:443", "2001:db8::1"),
        ("10.0.0.0/24", "10.0.0.1", "192.168.1.7:5123", "192.168.1.7"),
        ("10.0.0.0/24", "10.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.0/24", "10.0.0.1", "", "10.0.0.1"),
    ],
)
def test_the_address_is_the_nearest_that_no_trusted_proxy_vouches_for(
    settings, rf, trusted, remote, forwarded, found
):
    settings.PROXIES = Proxies.read(trusted)
    more = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    request = rf.get("/", REMOTE_ADDR=remote, HTTP_X_FORWARDED_PROTO="https", **more)
    past_proxies(lambda _request: None)(request)
    assert address(request) == found
    believed = trusted != "" and remote != "172.16.0.9"
    assert ("HTTP_X_FORWARDED_PROTO" in request.META) == believed


def test_limits_and_log_go_by_the_address_behind_the_proxy(settings, client):
    settings.PROXIES = Proxies.read("10.0.0.1")

    def behind(at, password, name="keyuan"):
        return client.post(
            reverse("sign-in"),
            {"username": name, "password": password},
            REMOTE_ADDR="10.0.0.1",
            HTTP_X_FORWARDED_FOR=f"1.2.3.4, {at}",
        )

    for _ in range(BY_BOTH.free):
        behind("192.168.1.66", "wrong")
    assert behind("192.168.1.66", PASSWORD).status_code == 429
    assert behind("192.168.1.67", PASSWORD).status_code == 302
    assert AuditEntry.objects.filter(action="sign-in").first().origin == "192.168.1.67"


def test_the_container_trusts_nobody(pytestconfig):
    told = (pytestconfig.rootpath / "Dockerfile").read_text("utf8")
    assert "PROXIES" not in told


def sign_in_with(client, password, username="keyuan"):
    return client.post(reverse("sign-in"), {"username": username, "password": password})


# -- sign-in
# ------------------------------------------------------------------------------------------------------------


def test_signing_in_and_out_is_recorded(client):
    assert sign_in_with(client, PASSWORD).status_code == 302
    client.post(reverse("sign-out"))
    assert [(e.action, e.actor) for e in AuditEntry.objects.all()[:2]] == [
        ("sign-out", "keyuan"),
        ("sign-in", "keyuan"),
    ]
    assert AuditEntry.objects.first().origin == "127.0.0.1"


@pytest.mark.parametrize(
    "password", ["short-1A", "alllowercaseletters", "123456789012345", "keyuan-keyuan-1A", "password1234"]
)
def test_weak_passwords_are_refused(password):
    with pytest.raises(ValidationError):
        validate_password(password, User(username="keyuan-keyuan"))


def test_a_password_handed_out_must_be_changed_first(sign_in, client):
    admin = sign_in("guanli")
    place = Organisation.objects.get(kind="district")
    said = {
        "what": "add",
        "username": "xinren",
        "display": "新人",
        "role": "auditor",
        "organisation": place.pk,
        "phone": "19900099999",
    }
    assert admin.post(reverse("users"), said).status_code == 302
    page = admin.get(reverse("users")).content.decode()
    password = page.split('<code class="secret">')[1].split("</code>")[0]
    assert password not in admin.get(reverse("users")).content.decode()
    assert sign_in_with(client, password, "xinren").status_code == 302
    assert client.get(reverse("portfolio"))["Location"] == reverse("password")
    new = {"old_password": password, "new_password1": "Gengqiang-2026!", "new_password2": "Gengqiang-2026!"}
    assert (
        "密码"
        in client.post(
            reverse("password"), {**new, "new_password1": "x", "new_password2": "x"}
        ).content.decode()
    )
    assert client.post(reverse("password"), new).status_code == 302
    assert client.get(reverse("portfolio")).status_code == 200


def test_a_session_left_idle_ends(sign_in, settings):
    client = sign_in("keyuan")
    assert client.get(reverse("account")).status_code == 200
    session = client.session
    session["seen"] = int(time.time()) - settings.SESSION_IDLE - 1
    session.save()
    assert client.get(reverse("account"))["Location"] == f"{reverse('sign-in')}?next=/account&over=1"
    assert "登录已过期" in client.get(f"{reverse('sign-in')}?next=/account&over=1").content.decode()
    assert settings.SESSION_COOKIE_AGE <= 8 * 3600 and settings.SESSION_EXPIRE_AT_BROWSER_CLOSE


def test_an_account_or_a_role_that_ended_opens_nothing(sign_in, department, user):
    client, url = sign_in("keyuan"), reverse("overview", args=[department.pk, 2021])
    membership = user("keyuan").memberships.get()
    membership.active = False
    membership.save()
    assert client.get(url).status_code == 403
    one = user("keyuan2")
    other = sign_in("keyuan2")
    one.is_active = False
    one.save()
    assert other.get(url).status_code == 302


# -- operation
# ------------------------------------------------------------------------------------------------------------


def test_tokens_are_shown_once_and_can_be_revoked(sign_in):
    client = sign_in("keyuan")
    wrong = client.post(
        reverse("account"), {"name": "报表程序", "scopes": ["ledgers:read", "nothing"], "days": "30"}
    )
    assert wrong.status_code == 400 and not ApiToken.objects.exists()  # nothing given is dropped in silence
    client.post(reverse("account"), {"name": "报表程序", "scopes": ["ledgers:read"], "days": "30"})
    page = client.get(reverse("account")).content.decode()
    secret = page.split('<code class="secret">')[1].split("</code>")[0]
    assert secret not in client.get(reverse("account")).content.decode()
    token = ApiToken.objects.get()
    assert token.scopes == ["ledgers:read"] and secret not in token.digest
    assert abs(token.expires_at - timezone.now() - timedelta(days=30)) < timedelta(minutes=1)
    client.post(reverse("account"), {"revoke": token.pk})
    token.refresh_from_db()
    assert not token.valid


def test_the_language_can_be_english(client):
    client.post(reverse("set_language"), {"language": "en", "next": "/public"})
    page = client.get(reverse("public")).content.decode()
    assert 'lang="en"' in page and "Sign in" in page
