"""Nobody where they don't belong: each role, held at each kind of place, against every address and object of
another tree.
"""

from __future__ import annotations

import re

import pytest
from addresses import TABLE
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, get_resolver, reverse

from zhunsheng.web.models import (
    ApiToken,
    AuditEntry,
    CalendarEntry,
    LibraryIndicator,
    LocalScheme,
    Membership,
    Organisation,
    OrganisationStage,
    Role,
    RuleBasis,
    SafeguardRecord,
    Step,
    Upload,
    User,
)
from zhunsheng.web.roles import successors
from zhunsheng.web.services import jobs, office
from zhunsheng.web.services.sample_site import PASSWORD

# Addresses that name no record: of one's own account, or of all that one reaches.
OF_NO_RECORD = {
    "lists",
    "list-template",
    "packs",
    "pack",
    "places-found",
    "home",
    "places",
    "account",
    "password",
    "sign-in",
    "sign-out",
    "signed-in",
    "session",
    "set_language",
    "health",
    "metrics",
    "public",
    "public-one",
    "public-file",
    "open-data",
    "open-data-json",
    "data-package",
    "verify",
    "commitments",
    "commitment-lines",
    "commitment",
    "commitment-file",
    "commitment-screen",
    "commitment-check",
    "commitment-slip",
    "commitment-slip-text",
    "own-proof",
    "portfolio",
    "heat-map",
    "portfolio-findings",
    "portfolio-duties",
    "portfolio-import",
    "portfolio-export",
    "administration",
    "organisation",
    "users",
    "witnesses",
    "library",
    "rules",
    "bases",
    "calendar",
    "permissions",
    "service",
    "start",
    "audit",
}
HELD = {"department": Role.values, "section": ("staff", "finance"), "city": ("bureau", "auditor", "admin")}
PATTERNS = [p for p in get_resolver().url_patterns if isinstance(p, URLPattern)]
METHODS = {p.name: getattr(p.callback, "methods", ()) for p in PATTERNS}


@pytest.fixture
def elsewhere(department):
    """Another tree: a city, a district, a department of the sample's name and a section of it."""
    city = office.found("另一市", "city", None)
    district = office.found("另一区", "district", city)
    department = office.found("示例区市场监督管理局", "department", district)
    return {
        "city": city,
        "district": district,
        "department": department,
        "section": office.found("综合科", "section", department),
    }


@pytest.fixture
def holder(sign_in):
    """Return a client of a new person who holds a role at a place, and the person."""

    def made(role, place):
        user = User(username=f"{role}-{place.pk}-{User.objects.count()}", display="外人")
        user.set_password(PASSWORD)
        user.save()
        Membership.objects.create(user=user, organisation=place, role=role)
        return sign_in(user.username), user

    return made


def state():
    """Return what any change of anything would move: entries of the log but refusals, and steps."""
    return AuditEntry.objects.exclude(action="refused").count(), Step.objects.count()


def test_no_role_at_another_place_opens_or_changes_anything(elsewhere, holder, address):
    """Every role at every kind of place of another tree, at every address of every kind of record,
    reading and writing.
    """
    asked, wrong = 0, []
    for kind, roles in HELD.items():
        for role in roles:
            browser, _person = holder(role, elsewhere[kind])
            before = state()
            for name in sorted(set(TABLE) - OF_NO_RECORD):
                at = address(name)
                ways = [browser.get(at)] if "GET" in METHODS[name] else []
                ways += [browser.post(at, {"action": "targets.submit"})] if "POST" in METHODS[name] else []
                for answer in ways:
                    asked += 1
                    if answer.status_code not in (403, 404, 405):
                        wrong.append(f"{role} at a {kind}: {name} {answer.status_code}")
            if state() != before:
                wrong.append(f"{role} at a {kind} changed something")
    assert not wrong and asked > 800, (asked, wrong[:20])


def test_lists_of_all_show_what_the_role_reaches_and_no_more(elsewhere, holder):
    named = ("示例区人民", "消费者权益保护科", "keyuan", "科员甲", "示例市")
    for role, place in (
        ("admin", "department"),
        ("admin", "city"),
        ("auditor", "district"),
        ("bureau", "district"),
    ):
        browser, _person = holder(role, elsewhere[place])
        for name in (
            "administration",
            "users",
            "witnesses",
            "library",
            "rules",
            "bases",
            "calendar",
            "audit",
            "portfolio",
            "portfolio-findings",
            "portfolio-duties",
            "heat-map",
        ):
            page = browser.get(reverse(name)).content.decode()
            assert not [word for word in named if word in page], (role, place, name)
        assert "综合科" in browser.get(reverse("administration")).content.decode() or role != "admin"


def test_an_administrator_changes_nothing_beyond_their_reach(district, elsewhere, holder, department, user):
    """Each act of the administration, on each object of another tree, by administrators at each kind of
    place.
    """
    scheme = LocalScheme.objects.create(organisation=district, name="方案", first_year=2021, text="x")
    told = {"rules": "ZS111", "name": "办法", "citation": "某财〔2021〕1号", "valid_from": "2021-01-01"}
    basis = RuleBasis.objects.create(organisation=district, **told)
    day = CalendarEntry.objects.first()
    library = LibraryIndicator.objects.create(level1="产出指标", level2="数量指标", name="某")
    city = department.parent.parent
    head, member = user("juzhang"), user("juzhang").memberships.get()
    for place in elsewhere.values():
        browser, me = holder("admin", place)
        mine = elsewhere["section"]
        acts = [
            *[
                (
                    "organisation",
                    {
                        "id": one.pk,
                        "what": what,
                        "name": "改",
                        "into": mine.pk,
                        "names": "甲",
                        "confirmed": "1",
                    },
                )
                for one in (department, district, city)
                for what in ("rename", "number", "move", "merge", "split", "close", "reopen")
            ],
            ("organisation", {"name": "新", "kind": "section", "parent": department.pk}),
            ("organisation", {"name": "新市", "kind": "city"}),
            ("organisation", {"id": mine.pk, "what": "move", "parent": department.pk}),
            ("organisation", {"id": mine.pk, "what": "merge", "into": department.pk, "confirmed": "1"}),
            *[
                (
                    "users",
                    {"what": "add", "username": "neiying", "display": "x", "role": r, "organisation": o.pk},
                )
                for r in Role.values
                for o in (department, district, city)
            ],
            *[
                ("users", {"what": "role", "user": u.pk, "role": r, "organisation": o.pk})
                for r in Role.values
                for u, o in ((me, department), (me, city), (head, mine), (head, department))
            ],
            ("users", {"what": "password", "user": head.pk}),
            ("users", {"what": "toggle", "user": head.pk}),
            ("users", {"what": "end-role", "user": head.pk, "membership": member.pk}),
            ("library", {"id": library.pk}),
            ("library", {"level1": "a", "level2": "b", "name": "c"}),
            ("rules", {"id": scheme.pk}),
            ("rules", {"organisation": department.pk, "first_year": "2021", "text": "x"}),
            ("bases", {"id": basis.pk}),
            (
                "bases",
                {
                    "organisation": department.pk,
                    "rules": "ZS111",
                    "citation": "某号",
                    "name": "某办法",
                    "valid_from": "2021-01-01",
                },
            ),
            ("calendar", {"id": day.pk}),
            (
                "calendar",
                {
                    "organisation": department.pk,
                    "year": "2022",
                    "kind": "monitoring",
                    "name": "a",
                    "as_of": "2022-06-30",
                    "opens_on": "2022-07-01",
                    "due_on": "2022-07-02",
                },
            ),
        ]
        before = (
            state(),
            OrganisationStage.objects.count(),
            User.objects.values_list("password", flat=True).get(pk=head.pk),
        )
        got = {(name, str(said)): browser.post(reverse(name), said).status_code for name, said in acts}
        assert {at: status for at, status in got.items() if status != 403} == {}, place
        assert (
            state(),
            OrganisationStage.objects.count(),
            User.objects.values_list("password", flat=True).get(pk=head.pk),
        ) == before


def test_within_their_reach_administrators_do_their_work(elsewhere, holder, user):
    browser, me = holder("admin", elsewhere["district"])
    place = elsewhere["department"]
    said = {
        "what": "add",
        "username": "benqu",
        "display": "本区",
        "role": "finance",
        "organisation": place.pk,
    }
    assert browser.post(reverse("users"), said).status_code == 302
    one = User.objects.get(username="benqu")
    assert browser.post(reverse("users"), {"what": "password", "user": one.pk}).status_code == 302
    assert (
        browser.post(
            reverse("organisation"), {"id": place.pk, "what": "rename", "name": "新名局"}
        ).status_code
        == 302
    )
    # Their own roles are for another administrator to give.
    own = browser.post(
        reverse("users"), {"what": "role", "user": me.pk, "role": "auditor", "organisation": place.pk}
    )
    assert "请由另一位管理员办理" in own.content.decode() and me.memberships.count() == 1
    # Who holds a role elsewhere too is not theirs to let in, but the role at their place is theirs to end.
    far = Membership.objects.create(user=user("juzhang"), organisation=place, role="staff")
    assert browser.post(reverse("users"), {"what": "password", "user": far.user_id}).status_code == 403
    assert "另在" in (page := browser.get(reverse("users")).content.decode()) or "范围之外" in page
    assert (
        browser.post(
            reverse("users"), {"what": "end-role", "user": far.user_id, "membership": far.pk}
        ).status_code
        == 302
    )


def test_what_was_ended_from_above_is_not_taken_up_again_from_below(elsewhere, holder):
    above, _ = holder("admin", elsewhere["city"])
    below, _ = holder("admin", elsewhere["department"])
    _, one = holder("finance", elsewhere["department"])
    role, toggle = one.memberships.get(), {"what": "toggle", "user": one.pk}
    end = {"what": "end-role", "user": one.pk, "membership": role.pk}
    give = {"what": "role", "user": one.pk, "role": "finance", "organisation": elsewhere["department"].pk}

    def stands():
        one.refresh_from_db()
        return one.is_active, one.memberships.get().active

    for browser, act in ((above, toggle), (above, end)):
        assert browser.post(reverse("users"), act).status_code == 302
    assert stands() == (False, False)
    for act in (toggle, give):
        assert "由“另一市”停用，由其管理员恢复" in below.post(reverse("users"), act).content.decode()
    # Ended once more from below, it is still for those above.
    assert below.post(reverse("users"), end).status_code == 302
    assert stands() == (False, False)
    for act in (toggle, give):
        assert above.post(reverse("users"), act).status_code == 302
    assert stands() == (True, True)
    # What a place ended itself it takes up again.
    for act in (toggle, toggle, end, give):
        assert below.post(reverse("users"), act).status_code == 302
    assert stands() == (True, True)


def test_who_judges_is_dismissed_from_above_the_judged_as_they_are_appointed(department, holder, elsewhere):
    judge = holder("evaluator", department)[1]
    role = judge.memberships.get()
    acts = [
        {"what": "end-role", "user": judge.pk, "membership": role.pk},
        {"what": "toggle", "user": judge.pk},
        {"what": "password", "user": judge.pk},  # with it one marks as they
    ]
    own, _ = holder("admin", department)
    before = state()
    assert {own.post(reverse("users"), act).status_code for act in acts} == {403} and state() == before
    above, _ = holder("admin", department.parent)
    assert [above.post(reverse("users"), act).status_code for act in acts] == [302, 302, 302]
    section = holder("admin", elsewhere["city"])[0].post(
        reverse("users"),
        {
            "what": "role",
            "user": holder("staff", elsewhere["section"])[1].pk,
            "role": "evaluator",
            "organisation": elsewhere["section"].pk,
        },
    )
    assert "评价专家应在" in section.content.decode()


def between(connection, act):
    """Return a hook that does something past the site when the first transaction of a request has begun."""
    done = []

    def watch(execute, sql, params, many, context):
        found = execute(sql, params, many, context)
        if sql.startswith("SAVEPOINT") and not done:
            done.append(True)
            act()
        return found

    return connection.execute_wrapper(watch)


@pytest.mark.parametrize("ended", ["role", "account"])
def test_what_waited_for_a_lock_is_not_done_in_a_role_that_ended_meanwhile(
    ended, department, holder, sign_in
):
    browser, one = holder("finance", department)
    assert browser.get(reverse("targets", args=[department.pk, 2021])).status_code == 200

    def end():
        if ended == "role":
            QuerySet(Membership).filter(user=one).update(active=False)
        else:
            QuerySet(User).filter(pk=one.pk).update(is_active=False)

    def given_again():
        QuerySet(Membership).filter(user=one).update(active=True)
        QuerySet(User).filter(pk=one.pk).update(is_active=True)

    record = SafeguardRecord.objects.filter(department=department).first()
    blank = {"how": "blank", "kind": "project", "name": "占位项目"}
    for address, said in (
        (reverse("targets", args=[department.pk, 2031]), blank),
        (reverse("record", args=[record.pk]), {"title": "另一个"}),
    ):
        before = state()
        with between(connection, end):
            assert browser.post(address, said).status_code == 403, address
        assert state() == before
        given_again()
        browser = sign_in(one.username)


def test_of_two_administrators_who_end_each_other_at_once_one_stays(elsewhere, holder, sign_in):
    (first, one), (_, two) = holder("admin", elsewhere["city"]), holder("admin", elsewhere["city"])

    def other_way():
        QuerySet(User).filter(pk=one.pk).update(is_active=False)

    for act in (
        {"what": "toggle", "user": two.pk},
        {"what": "end-role", "user": two.pk, "membership": two.memberships.get().pk},
    ):
        with between(connection, other_way):
            assert first.post(reverse("users"), act).status_code == 403
        two.refresh_from_db()
        assert two.is_active and two.memberships.get().active
        QuerySet(User).filter(pk=one.pk).update(is_active=True)
        first = sign_in(one.username)


def test_a_password_handed_out_stands_readable_in_no_table(elsewhere, holder):
    browser, _ = holder("admin", elsewhere["district"])
    said = {
        "what": "add",
        "username": "benqu",
        "display": "本区",
        "role": "finance",
        "organisation": elsewhere["department"].pk,
    }
    assert browser.post(reverse("users"), said).status_code == 302
    [kept] = [s for s in (row.get_decoded() for row in Session.objects.all()) if "handed" in s]
    page = browser.get(reverse("users")).content.decode()
    password = re.search(r'<code class="secret">(.*?)</code>', page)[1]
    assert User.objects.get(username="benqu").check_password(password)
    assert password not in str(kept)
    assert "secret" not in browser.get(reverse("users")).content.decode()


def test_a_department_does_not_set_what_it_is_judged_by(department, holder):
    browser, _me = holder("admin", department)
    entry = {
        "organisation": department.pk,
        "year": "2022",
        "kind": "self",
        "name": "a",
        "as_of": "2022-12-31",
        "opens_on": "2023-01-01",
        "due_on": "2023-06-30",
    }
    assert browser.post(reverse("calendar"), entry).status_code == 403
    assert (
        browser.post(
            reverse("rules"), {"organisation": department.pk, "first_year": "2021", "text": "x"}
        ).status_code
        == 403
    )
    assert "不设置自己的方案" in browser.get(reverse("rules")).content.decode()


def test_what_an_organisation_becomes_is_decided_above_it(elsewhere, holder):
    browser, _me = holder("admin", elsewhere["department"])
    one = elsewhere["department"]
    for said in (
        {"what": "rename", "name": "大局"},
        {"what": "number", "official_code": "示例区"},
        {"what": "split", "names": "甲局", "stays": "1", "confirmed": "1"},
        {"what": "close", "confirmed": "1"},
        {"what": "merge", "into": one.pk, "confirmed": "1"},
    ):
        assert browser.post(reverse("organisation"), {"id": one.pk, **said}).status_code == 403, said
    section = {"id": elsewhere["section"].pk, "what": "rename", "name": "办公室"}
    assert browser.post(reverse("organisation"), section).status_code == 302
    # Who judges is appointed from above the judged.
    said = {
        "what": "add",
        "username": "pingjia",
        "display": "专家甲",
        "role": "evaluator",
        "organisation": one.pk,
    }
    assert browser.post(reverse("users"), said).status_code == 403


def test_a_section_lies_below_a_department_and_reaches_no_more(elsewhere, holder, department):
    browser, _me = holder("admin", elsewhere["district"])
    for parent in (elsewhere["district"], elsewhere["city"]):
        said = {"name": "某科", "kind": "section", "parent": parent.pk}
        assert browser.post(reverse("organisation"), said).status_code in (400, 403)
    # One that was founded so before reaches itself alone.
    odd = Organisation.objects.create(name="某科", kind="section", parent=department.parent)
    inside, _one = holder("head", odd)
    assert inside.get(reverse("overview", args=[department.pk, 2021])).status_code == 403


def test_a_code_is_no_ones_name_and_what_ended_is_not_renamed(elsewhere, holder):
    browser, _me = holder("admin", elsewhere["city"])
    one, two = elsewhere["department"], office.found("水利局", "department", elsewhere["district"])
    taken = browser.post(reverse("organisation"), {"id": one.pk, "what": "number", "official_code": "水利局"})
    assert "ZS-WB-24" in taken.content.decode()
    office.merge(one, two, one.stages.last().from_on.replace(year=2020))
    ended = browser.post(reverse("organisation"), {"id": one.pk, "what": "rename", "name": "旧局"})
    assert "ZS-WB-23" in ended.content.decode() and [o.pk for o in successors(one)] == [two.pk]


def test_the_log_of_a_place_is_of_that_place(elsewhere, holder, department, sign_in):
    other, _one = holder("auditor", elsewhere["department"])
    own, _two = holder("auditor", department)
    office.rename(elsewhere["section"], "改名科", elsewhere["section"].stages.last().from_on)
    page = other.get(reverse("audit")).content.decode()
    assert "改名科" in page and "keyuan" not in page
    assert "改名科" not in own.get(reverse("audit")).content.decode()
    # Who signed in and who was let in belong to no place: only a role at the top shows them.
    assert "sign-in" not in own.get(reverse("audit")).content.decode()


def test_a_token_reaches_its_place_and_no_further(department, district, user, client):
    other = Organisation.objects.filter(parent=district, kind="department").exclude(pk=department.pk)[0]

    def asked(token, place):
        at = f"/api/departments/{place.pk}/sheets?year=2021"
        return client.get(at, headers={"Authorization": f"Bearer {token}"}).status_code

    _kept, narrow = ApiToken.issue(user("caizheng"), "一个部门", ["targets:read"], 1, department)
    _kept, wide = ApiToken.issue(user("caizheng"), "全区", ["targets:read"], 1, district)
    assert [asked(narrow, department), asked(narrow, other)] == [200, 404]
    assert [asked(wide, department), asked(wide, other)] == [200, 200]
    listed = client.get("/api/departments", headers={"Authorization": f"Bearer {narrow}"}).json()
    assert [one["id"] for one in listed] == [department.pk]


READING = {
    "shenji": {"draw-act"},
    "zhuanjia1": {"marks"},
    "juzhang": {"draw-act", "draw-register", "publication-keep"},
}


@pytest.mark.parametrize("who", READING)
def test_who_may_look_and_posts_is_refused_before_anything_is_worked(who, address, sign_in):
    """Every address that acts, posted to by readers: 403 after a few queries, nothing said of the record,
    nothing kept.
    """
    browser, wrong, asked = sign_in(who), [], 0
    before = state()
    own = {"account", "password", "sign-in", "sign-out", "set_language", "step", "signed-in"}
    allowed = READING[who]
    for name in sorted(n for n, ways in METHODS.items() if "POST" in ways and n in TABLE and n not in own):
        with CaptureQueriesContext(connection) as ran:
            answer = browser.post(
                address(name), {"action": "x", "name": "某", "how": "blank", "kind": "project"}
            )
        if name in allowed or answer.status_code == 404:
            continue
        asked += 1
        page = answer.content.decode()
        if answer.status_code != 403 or len(ran) > 30 or "草稿" in page or "已批复" in page:
            wrong.append((name, answer.status_code, len(ran)))
    assert not wrong and asked > 20 and state() == before, (asked, wrong)


def test_work_that_waited_is_not_done_for_who_may_no_longer_do_it(department, user, work_off):
    upload = Upload.keep("投诉编号\n1\n".encode(), "投诉.csv", "ledger", department, user("keyuan"))
    job = jobs.import_soon(upload, user("keyuan"), "complaints")
    membership = user("keyuan").memberships.get()
    membership.active = False
    membership.save()
    work_off()
    job.refresh_from_db()
    assert job.state == "failed" and "ZS-WB-38" in job.error and "科员甲" in job.error
    assert not AuditEntry.objects.filter(action="import ledger", after__upload=upload.pk).exists()
    # Whoever asks for it again does it, under their own name and roles.
    again = jobs.import_soon(upload, user("keyuan2"), "complaints")
    assert (again.pk, again.by, again.state) == (job.pk, user("keyuan2"), "queued")
