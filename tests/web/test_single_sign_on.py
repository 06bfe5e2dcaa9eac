"""Sign-in from outside, tried against a real OpenID Connect provider and a real LDAP directory (slapd), both
with certificates of an authority that only the office knows.
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from running import ROOT, environment, free_port, manage, script

import tls

pytestmark = pytest.mark.xdist_group("serving")
PASSWORD = "pass-of-the-provider"
# Who is known where: wang is in a group that gives a role, li in the directory alone, zhao on the site alone.
GROUPS = "- {group: 绩效科员, role: staff, organisation: 11370100MB2802123X}\n"
PEOPLE = """
from zhunsheng.web.models import Organisation, Role, User
from zhunsheng.web.services import office
from zhunsheng.web.services.administration import add_user
city = office.found("示例市", "city", None)
bureau = office.found("示例局", "department", city, official_code="11370100MB2802123X")
for name in ("zhang", "wang"):
    add_user(name, name, "", Role.AUDITOR, city, single=True)
zhao = User(username="zhao")
zhao.set_password("a-password-of-the-site-1")
zhao.save()
"""


def listening(port, process, seconds=60):
    """Wait until somebody listens on a port."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, "what should listen has ended"
        time.sleep(0.1)
    pytest.fail(f"nobody listens on {port}")


@pytest.fixture(scope="module")
def people(empty, collected, tmp_path_factory):
    """The data folder of a site with two people for single sign-on and one with a password of its own."""
    place = tmp_path_factory.mktemp("people")
    shutil.copytree(empty, place, dirs_exist_ok=True)
    shutil.copytree(collected, place / "static")
    script(place, PEOPLE + "print('made')")
    return place


# -- OpenID Connect
# ------------------------------------------------------------------------------------------------------------


class Office:
    """A site and a provider, both running, and the people of both."""

    def __init__(self, data, folder):
        self.folder, self.data = folder, data
        self.site, there = free_port(), free_port()
        self.issuer = f"https://127.0.0.1:{there}/o"
        tls.certificates(folder)
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem, pkcs8, plain = (
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        (folder / "signing.key").write_bytes(key.private_bytes(pem, pkcs8, plain))
        people = {"zhang": [], "wang": ["绩效科员"], "li": []}
        (folder / "people.json").write_text(json.dumps(people), "utf8")
        (folder / "groups.yaml").write_text(GROUPS, "utf8")
        self.settings = {
            "ZHUNSHENG_OIDC_ISSUER": self.issuer,
            "ZHUNSHENG_OIDC_CLIENT": "zhunsheng",
            "ZHUNSHENG_OIDC_SECRET": "secret-of-the-client",
            "ZHUNSHENG_OIDC_CA": str(folder / "ca.pem"),
            "ZHUNSHENG_OIDC_RENEW_MINUTES": "0.05",
            "ZHUNSHENG_GROUPS": str(folder / "groups.yaml"),
            "ZHUNSHENG_LOCAL_PASSWORDS": "0",
        }
        variables = os.environ | {
            "PROVIDER_FOLDER": str(folder),
            "PROVIDER_ISSUER": self.issuer,
            "DJANGO_SETTINGS_MODULE": "provider_settings",
        }
        serve = [sys.executable, str(Path(__file__).parents[1] / "provider" / "serve_provider.py")]
        log = (folder / "log").open("w")
        self.processes = [
            subprocess.Popen(
                [*serve, str(there), f"http://127.0.0.1:{self.site}"], env=variables, stdout=log, stderr=log
            ),
            subprocess.Popen(
                [sys.executable, "-m", "zhunsheng", "serve", "--port", str(self.site), "--workers", "1"],
                cwd=ROOT,
                env=environment(data, **self.settings),
                stdout=log,
                stderr=log,
            ),
        ]
        for port, process in zip((there, self.site), self.processes, strict=True):
            listening(port, process)

    def address(self, path):
        """Return an address of the site."""
        return f"http://127.0.0.1:{self.site}{path}"

    def browser(self):
        """Return somebody's browser, which trusts the office's authority."""
        made = requests.Session()
        made.verify, made.trust_env = str(self.folder / "ca.pem"), False
        return made

    def sign_in(self, name, browser=None, path="/account"):
        """Go to a page of the site by single sign-on as a person; return the browser and where it came to."""
        browser = browser or self.browser()
        page = browser.get(self.address(f"/oidc/authenticate/?next={path}"))
        if "/accounts/login/" in page.url:
            found = re.findall(r'name="([^"]+)" value="([^"]*)"', page.text)
            fields = {name: html.unescape(value) for name, value in found}
            said = {**fields, "username": name, "password": PASSWORD}
            page = browser.post(page.url, said, headers={"Referer": page.url})
        return browser, page

    def at_the_provider(self, sql):
        """Change what the provider knows."""
        with sqlite3.connect(self.folder / "provider.sqlite3", timeout=20) as there:
            there.execute(sql)

    def close(self):
        """Stop both."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(30)


@pytest.fixture(scope="module")
def office(people, tmp_path_factory):
    """A site that lets in who its provider lets in, and nobody by a password of its own."""
    data, folder = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("provider")
    shutil.copytree(people, data, dirs_exist_ok=True)
    made = Office(data, folder)
    yield made
    made.close()


def test_who_was_added_for_single_sign_on_comes_in_and_is_asked_for_no_password(office):
    _browser, page = office.sign_in("zhang")
    assert page.url == office.address("/account") and page.status_code == 200
    assert "审计" in page.text and '/account/password"' not in page.text


def test_whom_the_site_does_not_know_is_told_so_and_locks_nobody_out(office):
    for _again in range(8):
        _browser, page = office.sign_in("li")
        assert page.status_code == 403 and "认出您是“li”" in page.text
    assert office.sign_in("zhang")[1].status_code == 200
    failed = "SELECT count(*) FROM axes_accessattempt"
    with sqlite3.connect(office.data / "zhunsheng.sqlite3") as known:
        assert known.execute(failed).fetchone() == (0,)


def test_groups_give_roles_and_end_them(office):
    browser, page = office.sign_in("wang")
    assert "科室人员" in page.text and "示例局" in page.text
    office.at_the_provider("DELETE FROM auth_user_groups")
    time.sleep(3.1)  # the time after which the provider is asked again
    page = browser.get(office.address("/account"))
    assert page.status_code == 200 and "科室人员" not in page.text and "审计" in page.text


def test_who_was_removed_there_is_out_at_the_next_page_and_stays_out(office):
    browser, page = office.sign_in("zhang")
    assert page.status_code == 200
    office.at_the_provider("UPDATE auth_user SET is_active = 0 WHERE username = 'zhang'")
    time.sleep(3.1)
    page = browser.get(office.address("/account"))
    assert "/sign-in" in page.url and "登录已过期" in page.text
    office.at_the_provider("UPDATE auth_user SET is_active = 1 WHERE username = 'zhang'")


def test_signing_out_ends_the_session_there_too(office):
    browser, page = office.sign_in("zhang")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)[1]
    left = browser.post(office.address("/sign-out"), {"csrfmiddlewaretoken": token})
    assert left.url == office.address("/public")
    assert "/accounts/login/" in browser.get(office.address("/oidc/authenticate/")).url


def test_with_passwords_of_its_own_off_nobody_comes_in_by_one(office):
    browser = office.browser()
    page = browser.get(office.address("/sign-in"))
    assert "统一身份认证登录" in page.text and 'name="password"' not in page.text
    said = {"username": "zhao", "password": "a-password-of-the-site-1"}
    token = {"csrfmiddlewaretoken": browser.cookies["csrftoken"]} if "csrftoken" in browser.cookies else {}
    page = browser.post(office.address("/sign-in"), said | token)
    assert browser.get(office.address("/account")).url.startswith(office.address("/sign-in"))


def test_a_provider_that_can_not_be_trusted_or_reached_is_told(office):
    asked = """
from django.test import Client
page = Client(SERVER_NAME="localhost").get("/oidc/authenticate/")
print(page.status_code, "连不上" in page.content.decode())
"""
    there = {k: v for k, v in office.settings.items() if k != "ZHUNSHENG_OIDC_CA"}
    assert script(office.data, asked, **there) == "502 True"
    gone = office.settings | {"ZHUNSHENG_OIDC_ISSUER": f"https://127.0.0.1:{free_port()}/o"}
    assert script(office.data, asked, **gone) == "502 True"


def test_without_any_way_in_the_site_does_not_start(people):
    done = manage(people, "check", check=False, anew=True, ZHUNSHENG_LOCAL_PASSWORDS="0")
    assert done.returncode and "谁也进不来" in done.stderr


# -- LDAP
# ------------------------------------------------------------------------------------------------------------

SLAPD = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/slapd.pid
TLSCACertificateFile {folder}/ca.pem
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
security simple_bind=128
database mdb
directory {folder}/data
suffix "dc=example"
rootdn "cn=admin,dc=example"
rootpw admin-of-the-tests
access to attrs=userPassword by anonymous auth by * none
access to * by users read by anonymous none
"""
ENTRIES = """dn: dc=example
objectClass: dcObject
objectClass: organization
o: example
dc: example

dn: ou=people,dc=example
objectClass: organizationalUnit
ou: people

dn: ou=groups,dc=example
objectClass: organizationalUnit
ou: groups
""" + "".join(
    f"\ndn: uid={name},ou=people,dc=example\nobjectClass: inetOrgPerson\n"
    f"uid: {name}\ncn: {name}\nsn: {name}\n"
    f"userPassword: {PASSWORD}\n"
    for name in ("zhang", "wang", "li")
)
GROUP = """
dn: cn=绩效科员,ou=groups,dc=example
objectClass: groupOfNames
cn: 绩效科员
member: uid=wang,ou=people,dc=example
"""
SIGN_IN = """
import json, sys
from django.test import Client
from axes.models import AccessAttempt
from zhunsheng.web.models import Membership
def tried(name, password):
    client = Client(SERVER_NAME="localhost")
    page = client.post("/sign-in", {"username": name, "password": password})
    text = page.content.decode()
    if page.status_code == 302:
        return "in"
    return "down" if "连不上" in text else "unknown" if "认出您" in text else "no"
print(json.dumps([
    [tried(*one) for one in json.loads(%r)],
    sorted(f"{m.user.username} {m.role}" for m in Membership.objects.filter(active=True, directory=True)),
    AccessAttempt.objects.count(),
]))
"""


@pytest.fixture(scope="module")
def slapd(tmp_path_factory):
    """The site's settings for a directory of three people and a group, which talks over TLS alone."""
    program = shutil.which("slapd", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.fail("这项测试需要 slapd：make tools，或 apt-get install slapd")
    folder = tmp_path_factory.mktemp("ldap")
    tls.certificates(folder)
    (folder / "data").mkdir()
    (folder / "slapd.conf").write_text(SLAPD.format(folder=folder))
    (folder / "entries.ldif").write_text(ENTRIES + GROUP, "utf8")
    added = [program, "-T", "add", "-f", str(folder / "slapd.conf"), "-l", str(folder / "entries.ldif")]
    subprocess.run(added, check=True, capture_output=True)
    port = free_port()
    (folder / "groups.yaml").write_text(GROUPS, "utf8")
    process = subprocess.Popen(
        [program, "-d", "0", "-h", f"ldap://127.0.0.1:{port}/", "-f", str(folder / "slapd.conf")]
    )
    listening(port, process)
    yield {
        "ZHUNSHENG_LDAP_SERVER": f"ldap://127.0.0.1:{port}",
        "ZHUNSHENG_LDAP_USER_DN": "uid=%(user)s,ou=people,dc=example",
        "ZHUNSHENG_LDAP_GROUPS": "ou=groups,dc=example",
        "ZHUNSHENG_LDAP_CA": str(folder / "ca.pem"),
        "ZHUNSHENG_GROUPS": str(folder / "groups.yaml"),
        "ZHUNSHENG_LOCAL_PASSWORDS": "0",
    }
    process.terminate()
    process.wait(30)


def tried(data, settings, *pairs):
    """Try to sign in by names and passwords; return what came of each, roles by groups, failures counted."""
    return json.loads(script(data, SIGN_IN % json.dumps(pairs), **settings))


def test_the_directory_lets_in_its_people_whom_the_site_knows_and_nobody_else(people, slapd):
    pairs = [
        ("zhang", PASSWORD),
        ("wang", PASSWORD),
        ("zhang", "wrong"),
        ("zhang", ""),
        ("li", PASSWORD),
        ("zhao", "a-password-of-the-site-1"),
        ("zhang,ou=people", PASSWORD),
        ("*", PASSWORD),
    ]
    came, roles, _counted = tried(people, slapd, *pairs)
    assert came == ["in", "in", "no", "no", "unknown", "no", "no", "no"]
    assert roles == ["wang staff"]


def test_a_directory_that_is_not_trusted_or_not_there_is_no_wrong_password(people, slapd, tmp_path):
    data = tmp_path / "site"
    shutil.copytree(people, data)
    script(data, "from axes.models import AccessAttempt; AccessAttempt.objects.all().delete()")
    for other in (
        {k: v for k, v in slapd.items() if k != "ZHUNSHENG_LDAP_CA"},
        slapd | {"ZHUNSHENG_LDAP_SERVER": f"ldap://127.0.0.1:{free_port()}"},
    ):
        came, _roles, counted = tried(data, other, ("zhang", PASSWORD))
        assert came == ["down"] and counted == 0
