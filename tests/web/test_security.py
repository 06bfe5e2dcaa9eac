"""What keeps the site safe: sign-in and its limits, headers, the audit log, personal data at rest, tokens,
operation.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from zhunsheng.web import audit
from zhunsheng.web.middleware import FORWARDED
from zhunsheng.web.models import (
    ApiToken,
    AuditEntry,
    AuditHead,
    CalendarEntry,
    LibraryIndicator,
    LocalScheme,
    Membership,
    Organisation,
    Step,
    Upload,
    User,
)
from zhunsheng.web.services.sample_site import PASSWORD
from zhunsheng.web.views import account

ROOT = Path(__file__).parents[2]


# -- sign-in
# ----------------------------------------------------------------------------------------------------------


def attempt(client, password, username="keyuan"):
    return client.post(reverse("sign-in"), {"username": username, "password": password})


def test_signing_in_and_out_is_recorded(client):
    assert attempt(client, PASSWORD).status_code == 302
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
    assert attempt(client, password, "xinren").status_code == 302
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


# -- headers
# ----------------------------------------------------------------------------------------------------------


def test_no_page_allows_or_holds_inline_script_or_style(sign_in, department):
    client = sign_in("caiwu")
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
        response = client.get(reverse(name, args=[department.pk, 2021]))
        policy, page = response["Content-Security-Policy"], response.content.decode()
        assert "script-src 'self'" in policy and "unsafe" not in policy
        assert "style=" not in page and "<style" not in page and "onclick" not in page
        for script in page.split("<script")[1:]:
            assert script.startswith((' src="', ' id="plan-')), script[:80]
        assert response["X-Frame-Options"] == "DENY" and response["X-Content-Type-Options"] == "nosniff"


def test_templates_fetch_nothing_from_elsewhere():
    folder = ROOT / "src" / "zhunsheng" / "web"
    for path in [
        *folder.rglob("*.html"),
        folder / "static" / "web" / "app.css",
        folder / "static" / "web" / "app.js",
    ]:
        text = path.read_text("utf8")
        assert "https://" not in text and " style=" not in text, path


def test_deployment_checks_are_clean(tmp_path):
    environment = {k: v for k, v in os.environ.items() if k != "DJANGO_ALLOW_ASYNC_UNSAFE"} | {
        "ZHUNSHENG_DATA": str(tmp_path),
        "ZHUNSHENG_HTTPS": "1",
        "ZHUNSHENG_HOSTS": "jixiao.example.gov.cn",
        "DJANGO_SETTINGS_MODULE": "zhunsheng.web.settings",
    }
    script = """
import django; django.setup()
from django.conf import settings
from django.core.management import call_command
call_command("check", deploy=True, fail_level="WARNING")
names = {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME}
assert names == {"__Host-sessionid", "__Host-csrftoken"} and settings.COOKIE_PREFIX == "__Host-"
assert settings.SESSION_COOKIE_SECURE and settings.CSRF_COOKIE_SECURE and settings.LANGUAGE_COOKIE_SECURE
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and "no issues" in done.stdout, done.stderr
    assert (tmp_path / "secret.key").stat().st_mode & 0o077 == 0


def test_single_sign_on_is_configured_by_the_environment(tmp_path):
    said = {
        "ZHUNSHENG_OIDC_ISSUER": "https://id.example.gov.cn",
        "ZHUNSHENG_OIDC_CLIENT": "zs",
        "ZHUNSHENG_OIDC_SECRET": "x" * 32,
    }
    environment = (
        os.environ
        | said
        | {
            "ZHUNSHENG_DATA": str(tmp_path),
            "ZHUNSHENG_HTTPS": "0",
            "ZHUNSHENG_HOSTS": "testserver",
            "DJANGO_SETTINGS_MODULE": "zhunsheng.web.settings",
        }
    )
    script = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("collectstatic", interactive=False, verbosity=0)
from django.test import Client
from zhunsheng.web.models import User
from zhunsheng.web.oidc import Backend
response = Client().get("/oidc/authenticate/")
assert response.status_code == 302, response
assert response["Location"].startswith("https://id.example.gov.cn/authorize?"), response
assert "oidc" in Client().get("/sign-in").content.decode()
backend = Backend()
User.objects.create(username="zhang")
assert [u.username for u in backend.filter_users_by_claims({"preferred_username": "zhang"})] == ["zhang"]
assert not backend.filter_users_by_claims({"preferred_username": "li"}) and not backend.verify_claims({})
from django.conf import settings
assert settings.OIDC_CREATE_USER is False
# Tokens of another issuer, for another site, or of another person open nothing.
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.exceptions import SuspiciousOperation
key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
backend.retrieve_matching_jwk = lambda token: key.public_key()
good = {"iss": "https://id.example.gov.cn", "aud": "zs", "sub": "1", "nonce": "n"}
def verified(**other):
    return backend.verify_token(jwt.encode({**good, **other}, key, "RS256").encode(), nonce="n")
assert verified()["sub"] == "1" and verified(aud=["zs", "x"], azp="zs")
readers = ("other", ["other"], None)
for wrong in (
    {"iss": "https://evil.example"}, *({"aud": one} for one in readers),
    {"aud": ["zs", "x"], "azp": "x"}, {"nonce": "m"},
):
    try:
        verified(**wrong)
    except (SuspiciousOperation, jwt.PyJWTError):
        continue
    raise AssertionError(wrong)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


# -- audit log
# --------------------------------------------------------------------------------------------------------


def test_the_audit_log_says_who_when_from_where_and_what_changed(sign_in, department):
    client = sign_in("caiwu")
    client.post(
        reverse("draw-register", args=[department.pk, 2021]),
        {"what": "item", "code": "Z9", "name": "甲"},
        REMOTE_ADDR="10.1.2.3",
    )
    client.post(
        reverse("draw-register", args=[department.pk, 2021]),
        {"what": "item", "code": "Z9", "name": "乙"},
        REMOTE_ADDR="10.1.2.3",
    )
    entry = AuditEntry.objects.filter(model="inspectionitem", action="change").first()
    assert (entry.actor, entry.origin, entry.before, entry.after) == (
        "caiwu",
        "10.1.2.3",
        {"name": "甲"},
        {"name": "乙"},
    )
    page = sign_in("shenji").get(reverse("audit") + "?actor=caiwu&model=inspectionitem&q=Z9").content.decode()
    assert "10.1.2.3" in page and "共 2 条" in page
    client.get(reverse("audit"))
    assert AuditEntry.objects.first().action == "refused"


def test_secrets_do_not_get_into_the_log(sign_in, user):
    admin = sign_in("guanli")
    admin.post(reverse("users"), {"what": "password", "user": user("keyuan").pk})
    entry = AuditEntry.objects.filter(model="user", action="change").first()
    assert entry.after["password"] == "***"
    text = json.dumps(
        list(AuditEntry.objects.filter(model="user").values_list("after", flat=True)), ensure_ascii=False
    )
    assert "md5$" not in text and "1990002" not in text


def test_the_log_and_the_decisions_cannot_be_changed_even_in_the_database(department):
    for table in ("web_auditentry", "web_step"):
        for statement in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):
            with (
                pytest.raises(DatabaseError, match="append-only"),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement)
    with pytest.raises(TypeError):
        department.delete()
    assert Step.objects.exists()


def release(table="web_auditentry"):
    with connection.cursor() as cursor:
        for act in ("update", "delete"):
            cursor.execute(f"DROP TRIGGER {table}_no_{act}")


def test_the_chain_finds_what_was_altered_removed_or_cut_off(capsys):
    assert audit.broken_links() == []
    call_command("check_audit")
    head = AuditHead.objects.get(pk=1)
    assert head.digest in capsys.readouterr().out
    call_command("check_audit", head=head.digest)
    with pytest.raises(CommandError):
        call_command("check_audit", head="0" * 64)
    release()
    number = head.number // 2
    victim = AuditEntry.objects.get(number=number)
    AuditEntry.objects.filter(pk=victim.pk).update(actor="someone")
    assert any(f"第 {number} 条" in p for p in audit.broken_links())
    AuditEntry.objects.filter(pk=victim.pk).update(actor=victim.actor)
    assert audit.broken_links() == []
    AuditEntry.objects.filter(number=number).delete()
    assert any("缺失" in p for p in audit.broken_links())
    victim.save(force_insert=True)
    assert audit.broken_links() == []
    AuditEntry.objects.filter(number=head.number).delete()
    assert any("截断" in p for p in audit.broken_links())
    with pytest.raises(CommandError):
        call_command("check_audit")


# -- personal data
# ----------------------------------------------------------------------------------------------------


def test_personal_data_is_unreadable_at_rest(department):
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone FROM web_user")
        assert all("1990002" not in row[0] for row in cursor.fetchall() if row[0])
        cursor.execute("SELECT name FROM web_inspector")
        assert all("检查员" not in row[0] for row in cursor.fetchall())
    assert User.objects.get(username="keyuan").phone.startswith("1990002")
    one = Upload.keep("诉求人某某".encode(), "台账.csv", "ledger", department, None)
    kept = settings.DATA / "uploads" / one.sha256[:2] / one.sha256
    assert "诉求人".encode() not in kept.read_bytes() and one.content().decode() == "诉求人某某"
    for path in (settings.DATA / "evidence").rglob("*"):
        if path.is_file() and ("complaints" in str(path) or "sources" in str(path)):
            assert b"19900" not in path.read_bytes() or path.suffix == ".json", path


def test_uploads_lie_outside_what_the_web_server_gives_away():
    assert settings.STATIC_ROOT.resolve() not in (settings.DATA / "uploads").resolve().parents
    assert not getattr(settings, "MEDIA_URL", "").strip("/")


# -- administration
# ---------------------------------------------------------------------------------------------------


def test_the_organisation_tree_keeps_its_order(sign_in, department, district):
    admin, url = sign_in("guanli"), reverse("organisation")
    assert admin.post(url, {"name": "新科", "kind": "section", "parent": department.pk}).status_code == 302
    made = Organisation.objects.get(name="新科")
    assert made.path.startswith(department.path) and made.department == department
    for wrong in (
        {"kind": "department", "parent": made.pk},
        {"kind": "district"},
        {"kind": "city", "parent": district.pk},
        {"kind": "county", "parent": district.pk},
    ):
        code = "ZS-WB-06" if wrong["kind"] == "county" else "ZS-WB-21"
        assert code in admin.post(url, {"name": "错", **wrong}).content.decode()
    again = admin.post(url, {"name": "新科", "kind": "section", "parent": department.pk})
    assert "之下已有“新科”" in again.content.decode()
    admin.post(url, {"id": made.pk, "what": "rename", "name": "改名科"})
    assert "请勾选确认" in admin.post(url, {"id": made.pk, "what": "close"}).content.decode()
    admin.post(url, {"id": made.pk, "what": "close", "confirmed": "on"})
    made.refresh_from_db()
    assert (made.name, made.active) == ("改名科", False)
    assert "改名科" in admin.get(reverse("administration") + "?q=改名").content.decode()


def test_users_get_and_lose_roles(sign_in, department, district, user):
    admin, url = sign_in("guanli"), reverse("users")
    one = user("keyuan")
    admin.post(url, {"what": "role", "user": one.pk, "role": "finance", "organisation": department.pk})
    given = Membership.objects.get(user=one, role="finance")
    admin.post(url, {"what": "end-role", "user": one.pk, "membership": given.pk})
    given.refresh_from_db()
    assert not given.active
    for wrong in (
        {"role": "finance", "organisation": district.pk},
        {"role": "bureau", "organisation": department.pk},
        {"role": "king", "organisation": district.pk},
    ):
        assert "ZS-WB-06" in admin.post(url, {"what": "role", "user": one.pk, **wrong}).content.decode()
    me = user("guanli")
    assert "不能停用自己" in admin.post(url, {"what": "toggle", "user": me.pk}).content.decode()
    assert (
        "不能取消自己"
        in admin.post(
            url, {"what": "end-role", "user": me.pk, "membership": me.memberships.get().pk}
        ).content.decode()
    )
    admin.post(url, {"what": "toggle", "user": one.pk})
    one.refresh_from_db()
    assert not one.is_active
    assert (
        "已存在"
        in admin.post(
            url,
            {
                "what": "add",
                "username": "keyuan",
                "display": "x",
                "role": "staff",
                "organisation": department.pk,
            },
        ).content.decode()
    )
    assert (
        "ZS-WB-06"
        in admin.post(
            url,
            {
                "what": "add",
                "username": "有 空格",
                "display": "x",
                "role": "staff",
                "organisation": department.pk,
            },
        ).content.decode()
    )
    assert admin.post(url, {"what": "nothing", "user": one.pk}).status_code == 404
    assert "keyuan2" in admin.get(url + "?q=keyuan").content.decode()


def test_library_and_calendar_are_kept(sign_in, district):
    admin = sign_in("guanli")
    said = {
        "level1": "产出指标",
        "level2": "数量指标",
        "name": "新指标",
        "target": "≥5次",
        "measure": "report_closure_rate",
    }
    admin.post(reverse("library"), said)
    assert "已存在" in admin.post(reverse("library"), said).content.decode()
    one = LibraryIndicator.objects.get(name="新指标")
    admin.post(reverse("library"), {"id": one.pk})
    one.refresh_from_db()
    assert not one.active
    day = {
        "organisation": district.pk,
        "year": 2022,
        "kind": "monitoring",
        "name": "上半年",
        "as_of": "2022-06-30",
        "opens_on": "2022-07-01",
        "due_on": "2022-07-15",
    }
    admin.post(reverse("calendar"), day)
    assert "早于" in admin.post(reverse("calendar"), {**day, "due_on": "2022-06-01"}).content.decode()
    assert "应为日期" in admin.post(reverse("calendar"), {**day, "due_on": "七月"}).content.decode()
    entry = CalendarEntry.objects.get(year=2022)
    admin.post(reverse("calendar"), {"id": entry.pk})
    entry.refresh_from_db()
    assert not entry.active and not LocalScheme.objects.exists()


def test_a_title_of_too_many_words_is_refused(sign_in, department):
    answer = sign_in("keyuan").post(
        reverse("targets", args=[department.pk, 2021]),
        {"how": "blank", "kind": "project", "name": "长" * 200},
    )
    assert "超过 120 字" in answer.content.decode()


# -- operation
# --------------------------------------------------------------------------------------------------------


def test_health_and_metrics_say_how_the_site_is(client, sign_in, user, monkeypatch):
    assert client.get(reverse("health")).json()["status"] == "ok"
    client.get(reverse("public"))
    text = client.get(reverse("metrics")).content.decode()
    assert (
        'zhunsheng_requests_total{route="public",status="200"}' in text and "zhunsheng_audit_entries" in text
    )
    assert client.get(reverse("metrics"), REMOTE_ADDR="10.0.0.9").status_code == 403
    for header in FORWARDED:  # a proxy on the machine itself speaks for others
        assert client.get(reverse("metrics"), **{header: "10.0.0.9"}).status_code == 403, header
    _token, secret = ApiToken.issue(user("guanli"), "监控", ["metrics:read"], 1)
    assert (
        client.get(
            reverse("metrics"), REMOTE_ADDR="10.0.0.9", HTTP_AUTHORIZATION=f"Bearer {secret}"
        ).status_code
        == 200
    )

    class Broken:
        def __init__(self, *_):
            raise DatabaseError

    monkeypatch.setattr(account, "MigrationExecutor", Broken)
    assert client.get(reverse("health")).status_code == 503


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


def test_errors_show_no_trace(client, sign_in, monkeypatch):
    assert "没有这个页面" in client.get("/nothing").content.decode()
    quiet = Client(raise_request_exception=False)

    def explode(request):
        raise RuntimeError("secret detail")

    monkeypatch.setattr("zhunsheng.web.views.public.render", lambda *_: explode(None))
    response = quiet.get(reverse("public"))
    assert (
        response.status_code == 500
        and "secret detail" not in response.content.decode()
        and "系统出错" in response.content.decode()
    )


def test_the_language_can_be_english(client):
    client.post(reverse("set_language"), {"language": "en", "next": "/public"})
    page = client.get(reverse("public")).content.decode()
    assert 'lang="en"' in page and "Sign in" in page


def test_permission_denied_is_what_a_view_raises(user, department):
    from zhunsheng.web.workflow import advance

    with pytest.raises(PermissionDenied):
        advance(user("shenji"), department.self_evaluations.get(), "selfeval.submit")
