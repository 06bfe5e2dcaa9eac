"""The small department found anew for each test, its sheet approved or adjusted."""

from __future__ import annotations

import pytest
from django.urls import reverse
from small_department import (
    BUDGET,
    COMPLAINT,
    LOCAL,
    PAID,
    YEAR,
    complaints,
    judged,
    opened,
    project,
    settle,
    sign_on,
)

import zhunsheng.regulations as regulations
from agreed import import_ledger
from zhunsheng.web.models import ApiToken, Membership
from zhunsheng.web.models.work import cipher
from zhunsheng.web.scopes import SCOPES
from zhunsheng.web.services import evidence, office
from zhunsheng.web.services.sheets import documents, drafts, lookup
from zhunsheng.web.workflow import advance


@pytest.fixture
def put(tmp_path):
    def imported(place, name, head, *lines):
        path = tmp_path / f"{name}-{place.code}.csv"
        path.write_text("\n".join([head, *lines]) + "\n", "utf8")
        done = import_ledger(
            evidence.store().root,
            path,
            department=place.code,
            label=place.name,
            who="keyuan",
            cipher=cipher(),
        )
        assert done.batch is not None and not done.errors, done.errors
        return done.batch

    return imported


@pytest.fixture
def approved(user):
    def through(version):
        advance(user("keyuan"), version, "targets.submit", said={"despite": True})
        advance(user("caiwu"), version, "targets.check")
        advance(user("caizheng"), version, "targets.approve")
        return version

    return through


@pytest.fixture
def found(district, user, put, approved):
    """Return how to found a department with ledgers and approved sheets, known to the sample's people."""

    def make(*books, name="甲局", parent=None, rows=(), money=True):
        place = office.found(name, "department", parent or district)
        for who, role in (
            ("keyuan", "staff"),
            ("caiwu", "finance"),
            ("caiwu2", "finance"),
            ("juzhang", "head"),
            ("caizheng", "bureau"),
        ):
            Membership.objects.create(user=user(who), organisation=place, role=role)
        put(place, "complaints", COMPLAINT, *(rows or complaints()))
        if money:
            put(place, "payments", PAID, "V1,治理经费,P1,750000,2021-05-01")
            put(place, "budgets", BUDGET, "治理经费,P1,年初批复,1000000,2021-01-01")
        for one in books:
            approved(documents.add_version(one, place, user("keyuan"), "upload"))
        return place

    return make


@pytest.fixture
def adjusted(user, approved):
    def change(place, path, text, n=0):
        version = lookup.in_force(lookup.sheets_of(place, YEAR)[n])
        new = drafts.adjust(version, user("keyuan"), "按实际调整")
        drafts.set_field(new, path, text, drafts.current_fields(new)[path].text)
        new.refresh_from_db()
        return approved(new)

    return change


@pytest.fixture
def call(client, user):
    def ask(path, who="keyuan"):
        _token, secret = ApiToken.issue(user(who), "测试", list(SCOPES), 1)
        return client.get(f"/api{path}", HTTP_AUTHORIZATION=f"Bearer {secret}")

    return ask


@pytest.fixture
def signed(found, sign_in, user):
    """A department whose self-evaluation was judged, checked and signed; the evaluation."""
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    judged(sign_in("keyuan"), evaluation, place)
    sign_on(sign_in, evaluation)
    return evaluation


@pytest.fixture
def admin_scheme(sign_in):
    def add(organisation, own="本地"):
        text = LOCAL.read_text("utf8")
        for n, band in enumerate(regulations.scheme_of(YEAR, LOCAL).qualitative):
            text = text.replace(band.name, f"{own}第{n}档")
        sent = {"organisation": organisation.pk, "first_year": YEAR, "text": text}
        assert sign_in("guanli").post(reverse("rules"), sent).status_code == 302

    return add
