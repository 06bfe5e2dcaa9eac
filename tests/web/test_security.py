"""What keeps the site safe: headers, the audit log, personal data at rest, operation."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from guarding import unguard

from zhunsheng.web import audit
from zhunsheng.web.middleware import FORWARDED
from zhunsheng.web.models import ApiToken, AuditEntry, AuditHead, Step, Upload, User, WorkerSign
from zhunsheng.web.services import watching

ROOT = Path(__file__).parents[2]
# -- headers
# ------------------------------------------------------------------------------------------------------------


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


def test_single_sign_on_is_configured_by_the_environment(empty, collected, tmp_path):
    shutil.copytree(empty, tmp_path, dirs_exist_ok=True)
    shutil.copytree(collected, tmp_path / "static")
    said = {
        "ZHUNSHENG_OIDC_ISSUER": "https://id.example.gov.cn",
        "ZHUNSHENG_OIDC_CLIENT": "zs",
        "ZHUNSHENG_OIDC_SECRET": "x" * 32,
        "ZHUNSHENG_OIDC_AUTHORIZE": "https://id.example.gov.cn/authorize",
        "ZHUNSHENG_OIDC_JWKS": "https://id.example.gov.cn/jwks",
        "ZHUNSHENG_OIDC_TOKEN": "https://id.example.gov.cn/token",
        "ZHUNSHENG_OIDC_USERINFO": "https://id.example.gov.cn/userinfo",
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
from django.http import HttpRequest
from django.test import Client
from zhunsheng.web.models import User
from zhunsheng.web.oidc import Backend
response = Client().get("/oidc/authenticate/")
assert response.status_code == 302, response
assert response["Location"].startswith("https://id.example.gov.cn/authorize?"), response
assert "oidc" in Client().get("/sign-in").content.decode()
backend = Backend()
backend.request = HttpRequest()
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
# ------------------------------------------------------------------------------------------------------------


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


def said():
    """What is wrong with the log, but for the triggers, which the test itself took away."""
    return [problem for problem in audit.broken_links() if "触发器" not in problem]


def test_the_chain_finds_what_was_altered_removed_or_cut_off(capsys):
    assert audit.broken_links() == []
    call_command("check_audit")
    head = AuditHead.objects.get(pk=1)
    assert head.digest in capsys.readouterr().out
    call_command("check_audit", head=head.digest)
    with pytest.raises(CommandError):
        call_command("check_audit", head="0" * 64)
    unguard("web_auditentry")
    number = head.number // 2
    victim = AuditEntry.objects.get(number=number)
    AuditEntry.objects.filter(pk=victim.pk).update(actor="someone")
    assert any(f"第 {number} 条" in p for p in said())
    AuditEntry.objects.filter(pk=victim.pk).update(actor=victim.actor)
    assert said() == []
    AuditEntry.objects.filter(number=number).delete()
    assert any("缺失" in p for p in said())
    victim.save(force_insert=True)
    assert said() == []
    AuditEntry.objects.filter(number=head.number).delete()
    assert any("截断" in p for p in said())
    with pytest.raises(CommandError):
        call_command("check_audit")


# -- personal data
# ------------------------------------------------------------------------------------------------------------


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


# -- operation
# ------------------------------------------------------------------------------------------------------------


def test_health_and_metrics_say_how_the_site_is(client, sign_in, user, monkeypatch):
    WorkerSign.objects.create(name="one")
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

    monkeypatch.setattr(watching, "MigrationExecutor", Broken)
    assert client.get(reverse("health")).status_code == 503


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
