"""Two acts at once on one record, a thousand times: what comes of it must be what comes of one after the
other.

Run as a program on a site's data folder (``ZHUNSHENG_DATA``, ``ZHUNSHENG_DATABASE``).
For each pair it takes both orders in transactions that are rolled back, then both acts at once for good,
each in a thread with a connection of its own and small random waits before its queries;
then it puts the database back. Acts are those of the table of roles on every kind of record,
and the forms by which each is written. The last line of its output says in JSON what was found.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_settings")
django.setup()

from databases import Postgres, Sqlite, copied  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, connections, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402

from zhunsheng.web import models  # noqa: E402
from zhunsheng.web.actions import ACTIONS  # noqa: E402
from zhunsheng.web.actor import acting  # noqa: E402
from zhunsheng.web.audit import broken_links  # noqa: E402
from zhunsheng.web.models.decided import Decided  # noqa: E402
from zhunsheng.web.roles import permits  # noqa: E402
from zhunsheng.web.services import decisions, indicators, matching, once, registers  # noqa: E402
from zhunsheng.web.services.sample_site import END, LEFT_OPEN, YEAR  # noqa: E402
from zhunsheng.web.services.sheets import drafts, lookup  # noqa: E402
from zhunsheng.web.services.year import calendar, filling, rechecking, records, words  # noqa: E402

PEOPLE = ("keyuan", "keyuan2", "caiwu", "caiwu2", "juzhang", "caizheng", "zhuanjia2", "guanli", "hecha")
NEUTRAL = "shenji"  # who is said to have brought a record to where a race begins
WAIT = 0.004  # seconds at most before a query of a race
ALWAYS_OTHER = (
    "at",
    "created_at",
    "changed_at",
    "seen",
    "expires_at",
    "digest",
    "published_at",
    "rechecked_at",
    "checked_at",
    "date_joined",
    "code",
    "path",
)


# -- acts
# --------------------------------------------------------------------------------------------------

Sent = tuple[str, dict[str, Any]]  # address and fields


@dataclass(frozen=True)
class Act:
    """What someone sends from a page: ``send`` makes it of the record as the page shows it;
    ``who`` may be one of several.
    """

    name: str
    who: tuple[str, ...]
    send: Callable[[Any], Sent]
    action: str = ""
    on: tuple[str, ...] = ()


@dataclass
class Kind:
    """A kind of record: one of it, in which states races begin, and what can be done to it."""

    name: str
    one: Callable[[], Any]
    acts: list[Act] = field(default_factory=list)

    def pairs(self) -> Iterator[tuple[Kind, str, Act, Act]]:
        """Return every pair of acts with every state in which one of them can be taken."""
        for a, b in itertools.combinations_with_replacement(self.acts, 2):
            states = list(dict.fromkeys((*a.on, *b.on))) or [""]
            for state in states:
                yield self, state, a, b


def steps(prefix: str, **said: Any) -> list[Act]:
    """Return the labelled steps of a kind of record, as their buttons send them."""
    found = []
    for name, act in ACTIONS.items():
        if not name.startswith(f"{prefix}.") or not decisions.known(prefix, name) or act.system:
            continue

        def send(record: Any, name: str = name) -> Sent:
            given = {"action": name, "seen": record.seen_digest(), "remark": "按规定办理", "despite": "1"}
            return reverse("step", args=[prefix, record.pk]), given | said

        found.append(Act(name, PEOPLE, send, name, act.on))
    return found


def form(
    name: str, route: str, who: tuple[str, ...], on: tuple[str, ...] = (), action: str = "", /, **said: Any
) -> Act:
    """Return the form of a record's page; a callable among its fields is asked for what the page shows."""

    def send(record: Any) -> Sent:
        told = {k: v(record) if callable(v) else v for k, v in said.items()}
        return reverse(route, args=[record.pk]), {k: v for k, v in told.items() if v is not None}

    return Act(name, who, send, action, on)


def of_department(
    name: str, route: str, who: tuple[str, ...], /, *more: str, year: int = YEAR, **said: Any
) -> Act:
    """Return a form of a department's page."""

    def send(record: Any) -> Sent:
        told = {k: v(record) if callable(v) else v for k, v in said.items()}
        return reverse(route, args=[record.pk, year, *more]), told

    return Act(name, who, send)


STAFF, FINANCE, HEAD, BUREAU = ("keyuan", "keyuan2"), ("caiwu", "caiwu2"), ("juzhang",), ("caizheng",)
WRITERS = (*STAFF, *FINANCE)


def seen(record: Any) -> str:
    return record.seen_digest()


def text_of(path: str) -> Callable[[Any], str]:
    return lambda version: drafts.current_fields(version)[path].text


def lines(record: Any) -> list[tuple[str, str]]:
    return [(s.id, i.id) for s in record.assessment.run.results for i in s.indicators]


def word(n: int, **said: Any) -> dict[str, Any]:
    """Return the fields of a word on the n-th indicator of a record."""

    def last(record: Any) -> str:
        known = records.words_of(record).get(lines(record)[n])
        return str(known.pk if known else 0)

    return {"sheet": lambda r: lines(r)[n][0], "indicator": lambda r: lines(r)[n][1], "seen": last, **said}


def department() -> Any:
    return models.Organisation.objects.get(name="示例区市场监督管理局")


def kinds() -> list[Kind]:
    """Return every kind of record with its acts."""
    open_ = ("draft", "returned", "changes")
    field_ = {"was": text_of("indicators.0.name"), "path": "indicators.0.name", "seen": seen}
    key = lambda part, n: lambda v: drafts.row_keys(v.target_sheet(), part)[n]  # noqa: E731
    code = lambda v: v.target_sheet().indicators[1].id  # noqa: E731
    settle = {"indicator": code, "kind": "ratio", "sense": "positive", "unit": "%", "reason": "按台账口径"}
    targets = Kind(
        "targets", lambda: models.SheetVersion.objects.filter(sheet__year=YEAR + 1, sheet__kind="project")[0]
    )
    targets.acts = [
        *steps("targets"),
        form("field", "field", WRITERS, open_, "targets.edit", text="甲的写法", **field_),
        form("field again", "field", WRITERS, open_, "targets.edit", text="乙的写法", **field_),
        form(
            "other field",
            "field",
            WRITERS,
            open_,
            "targets.edit",
            text="另一处",
            was=text_of("indicators.1.name"),
            path="indicators.1.name",
            seen=seen,
        ),
        form("add goal", "part", WRITERS, open_, "targets.edit", part="goals"),
        form(
            "remove row 0",
            "part",
            WRITERS,
            open_,
            "targets.edit",
            part="indicators",
            remove=key("indicators", 0),
            seen=seen,
        ),
        form(
            "remove row 1",
            "part",
            WRITERS,
            open_,
            "targets.edit",
            part="indicators",
            remove=key("indicators", 1),
            seen=seen,
        ),
        form(
            "remove plan date",
            "part",
            WRITERS,
            open_,
            "targets.edit",
            part="plan",
            remove=key("plan", 0),
            seen=seen,
        ),
        form(
            "settle",
            "settle",
            WRITERS,
            open_,
            "targets.edit",
            seen=lambda v: indicators.seen_of(v.target_sheet().indicators[1]),
            **settle,
        ),
    ]
    approved = Kind(
        "approved targets",
        lambda: models.SheetVersion.objects.filter(
            sheet__year=YEAR, sheet__kind="project", sheet__department=department()
        )[0],
    )
    approved.acts = [
        form("adjust", "adjust", WRITERS, (), "targets.adjust", reason="年中调整"),
        form("adjust again", "adjust", WRITERS, (), "targets.adjust", reason="另一个理由"),
        Act(
            "ask targets",
            FINANCE,
            lambda v: (reverse("publish-ask", args=["targets", v.pk]), {}),
            "publish.request",
        ),
    ]
    monitoring = Kind(
        "monitoring", lambda: models.Checkpoint.objects.get(department=department(), name="前十个月")
    )
    said = {"cause": "其他"}
    monitoring.acts = [
        *steps("monitoring"),
        form(
            "word",
            "checkpoint",
            WRITERS,
            ("open",),
            "monitoring.explain",
            **word(0, measures="甲写的措施", **said),
        ),
        form(
            "word again",
            "checkpoint",
            WRITERS,
            ("open",),
            "monitoring.explain",
            **word(0, measures="乙写的措施", **said),
        ),
        form(
            "other word",
            "checkpoint",
            WRITERS,
            ("open",),
            "monitoring.explain",
            **word(1, measures="另一个指标", **said),
        ),
        form("refresh", "checkpoint", WRITERS, ("open",), "monitoring.explain", refresh="1"),
    ]
    selfeval = Kind("selfeval", lambda: models.SelfEvaluation.objects.get(department=department(), year=YEAR))
    unsettled = ("draft", "returned")
    selfeval.acts = [
        *steps("selfeval"),
        form("word", "word", WRITERS, unsettled, "selfeval.fill", **word(0, measures="甲写的措施", **said)),
        form(
            "word again",
            "word",
            WRITERS,
            unsettled,
            "selfeval.fill",
            **word(0, measures="乙写的措施", **said),
        ),
        form(
            "other word",
            "word",
            WRITERS,
            unsettled,
            "selfeval.fill",
            **word(1, measures="另一个指标", **said),
        ),
        form("recheck", "recheck", BUREAU, ("signed", "accepted"), "selfeval.recheck", again="1"),
        Act(
            "ask self",
            FINANCE,
            lambda e: (reverse("publish-ask", args=["self", e.pk]), {}),
            "publish.request",
            ("signed",),
        ),
    ]
    contest = Kind("contest", lambda: models.Contest.objects.exclude(state="replaced").get())
    contest.acts = steps("contest")
    marks = {f"points_{r.code}": str(r.points) for r in _framework().rows}
    fewer = {f"points_{r.code}": str(r.points / 2) for r in _framework().rows}
    first = next(iter(marks))
    keyeval = Kind("keyeval", lambda: models.KeyEvaluation.objects.get())
    keyeval.acts = [
        *steps("keyeval"),
        form("marks", "marks", ("zhuanjia2",), ("scoring",), "keyeval.mark", seen=seen, **marks),
        form("marks again", "marks", ("zhuanjia2",), ("scoring",), "keyeval.mark", seen=seen, **fewer),
        form(
            "marks final",
            "marks",
            ("zhuanjia2",),
            ("scoring",),
            "keyeval.mark",
            seen=seen,
            finish="1",
            **marks,
        ),
        form(
            "agree",
            "agree",
            BUREAU,
            ("agreeing",),
            "keyeval.agree",
            seen=seen,
            conclusion="合议一",
            **{first: marks[first]},
        ),
        form(
            "agree again",
            "agree",
            BUREAU,
            ("agreeing",),
            "keyeval.agree",
            seen=seen,
            conclusion="合议二",
            **marks,
        ),
        form(
            "rectification",
            "rectification",
            BUREAU,
            (),
            "rectify.add",
            problem="问题",
            owner="综合科",
            due_on="2022-06-30",
        ),
    ]
    rectify = Kind("rectify", lambda: models.Rectification.objects.first())
    rectify.acts = steps("rectify", result="已经改好", no_proof="没有材料")
    draw = Kind("draws", lambda: models.Draw.objects.get(title="新的方案"))
    plan = {
        "rule": "办法",
        "items": lambda d: [i["code"] for i in d.plan["items"]],
        "frame_on": "2021-02-25",
        "known_at": "2099-01-01 10:00",
        "lottery_name": "双色球",
        "lottery_issue": "2099001",
        "ratio_A": "1",
        "floor_A": "1",
        "seen": seen,
    }
    draw.acts = [
        *steps("draws"),
        form("plan", "draw-edit", WRITERS, ("planned",), "draws.plan", code="X", title="甲的方案", **plan),
        form(
            "plan again", "draw-edit", WRITERS, ("planned",), "draws.plan", code="X", title="乙的方案", **plan
        ),
        Act(
            "commit",
            WRITERS,
            lambda d: (reverse("draw-act", args=[d.pk, "commit"]), {"seen": seen(d)}),
            "draws.commit",
            ("planned",),
        ),
        Act(
            "ask draw",
            FINANCE,
            lambda d: (reverse("publish-ask", args=["draw", d.pk]), {}),
            "publish.request",
        ),
    ]
    task = Kind("task", lambda: models.DrawTask.objects.filter(inspected_on=None)[0])
    result = {"inspected_on": "2021-05-06", "seen": seen}
    task.acts = [
        form("result", "task", STAFF, (), "", result="未发现问题", **result),
        form("result again", "task", STAFF, (), "", result="发现问题已责令改正", note="限期改正", **result),
    ]
    asset = registers.registers()["assets"]
    safeguards = Kind("safeguards", lambda: models.SafeguardRecord.objects.get(data__asset_no="GD-0002"))
    given = {f.name: (lambda r, n=f.name: r.data.get(n, "")) for f in asset.fields}
    edit = ("open", "approved", "refused")
    safeguards.acts = [
        *steps("safeguards", request=asset.requests[0]),
        form("edit", "record", WRITERS, edit, "safeguards.edit", **(given | {"value": "1.00", "seen": seen})),
        form(
            "edit again",
            "record",
            WRITERS,
            edit,
            "safeguards.edit",
            **(given | {"value": "999999.00", "seen": seen}),
        ),
        form(
            "other edit",
            "record",
            WRITERS,
            edit,
            "safeguards.edit",
            **(given | {"place": "库房", "seen": seen}),
        ),
    ]
    publish = Kind("publish", lambda: models.Publication.objects.filter(kind="targets").first())
    publish.acts = steps("publish")
    place = Kind("department", department)
    place.acts = [
        of_department("blank", "targets", WRITERS, year=YEAR + 1, how="blank", kind="project", name="新项目"),
        of_department(
            "other blank", "targets", WRITERS, year=YEAR + 1, how="blank", kind="project", name="另一个新项目"
        ),
        of_department("last year", "targets", WRITERS, year=YEAR + 2, how="last-year"),
        of_department(
            "review", "targets", WRITERS, year=YEAR + 1, how="review", version=lambda d: str(targets.one().pk)
        ),
        of_department(
            "asset",
            "register",
            WRITERS,
            "assets",
            asset_no="GD-9",
            name="新设备",
            value="5",
            registered_on="2021-05-06",
        ),
        of_department(
            "training",
            "register",
            WRITERS,
            "training",
            activity_no="PX-9",
            topic="业务能力",
            title="培训",
            held_on="2021-05-06",
        ),
        of_department("item", "draw-register", STAFF, what="item", code="C9", name="新事项"),
        of_department("item again", "draw-register", STAFF, what="item", code="C9", name="新事项改称"),
        of_department(
            "end item",
            "draw-register",
            STAFF,
            what="end-item",
            id=lambda d: str(models.InspectionItem.objects.first().pk),
        ),
        of_department(
            "inspector", "draw-register", STAFF, what="inspector", number="R99", name="新人", certified="是"
        ),
        of_department(
            "plan",
            "draw-plan",
            STAFF,
            code="N1",
            title="又一个",
            **{
                k: v if k != "items" else lambda d: [models.InspectionItem.objects.first().code]
                for k, v in plan.items()
                if k != "seen"
            },
        ),
        of_department(
            "key evaluation",
            "keyeval",
            BUREAU,
            sheet=lambda d: str(sheets_of_key(d)),
            method=lambda d: _framework().methods[0],
            evaluators=lambda d: [
                str(models.User.objects.get(username=n).pk) for n in ("zhuanjia1", "zhuanjia2")
            ],
        ),
        match("match", yes=True),
        match("match refused", yes=False),
    ]
    user = Kind("administration", lambda: models.User.objects.get(username="hecha"))
    admin = ("guanli",)

    def post(name: str, route: str, /, **said: Any) -> Act:
        def send(record: Any) -> Sent:
            return reverse(route), {k: v(record) if callable(v) else v for k, v in said.items()}

        return Act(name, admin, send)

    pk = lambda r: str(r.pk)  # noqa: E731
    top = lambda r: str(models.Organisation.objects.get(kind="district").pk)  # noqa: E731
    here = lambda r: str(department().pk)  # noqa: E731
    user.acts = [
        post("end account", "users", what="toggle", user=pk),
        post("end role", "users", what="end-role", user=pk, membership=lambda u: str(u.memberships.get().pk)),
        post("give role", "users", what="role", user=pk, role="staff", organisation=top),
        post(
            "add user", "users", what="add", username="xinren", display="新人", role="staff", organisation=top
        ),
        post("rename", "organisation", id=here, what="rename", name="甲局"),
        post("rename again", "organisation", id=here, what="rename", name="乙局"),
        post("number", "organisation", id=here, what="number", official_code="305999"),
        post("found", "organisation", name="新部门", kind="department", parent=top),
        post("library", "library", level1="产出指标", level2="数量指标", name="新指标"),
        post("end library", "library", id=lambda r: str(models.LibraryIndicator.objects.first().pk)),
        post(
            "date",
            "calendar",
            organisation=top,
            year=str(YEAR),
            kind="monitoring",
            name="新日期",
            as_of="2021-09-30",
            opens_on="2021-10-01",
            due_on="2021-10-15",
        ),
        post("end date", "calendar", id=lambda r: str(models.CalendarEntry.objects.first().pk)),
    ]
    token = Kind("account", lambda: models.ApiToken.objects.get(name="脚本"))
    token.acts = [
        Act("revoke", ("keyuan",), lambda t: (reverse("account"), {"revoke": str(t.pk)})),
        Act(
            "issue",
            ("keyuan",),
            lambda t: (reverse("account"), {"name": "又一个", "scopes": ["targets:read"], "days": "5"}),
        ),
    ]
    return [
        targets,
        approved,
        monitoring,
        selfeval,
        contest,
        keyeval,
        rectify,
        draw,
        task,
        safeguards,
        publish,
        place,
        user,
        token,
    ]


def sheets_of_key(place: Any) -> int:
    return int(
        models.Sheet.objects.filter(department=place, year=YEAR, kind="project", key_evaluations=None)[0].pk
    )


def _framework() -> Any:
    from zhunsheng.regulations import key_frameworks

    return key_frameworks()[0]


def match(name: str, *, yes: bool) -> Act:
    """Return the form by which another department's first proposal is confirmed or refused."""

    def send(_record: Any) -> Sent:
        place = models.Organisation.objects.filter(kind="department").exclude(pk=department().pk)[0]
        run = records.newest_assessment(place, YEAR).run
        book = lookup.book_in_force(place, YEAR, calendar.day_of(place, YEAR))
        lines = matching.lines(place, book, run)
        line = next(one for one in lines if one.decision is None and one.indicator.match.status == "proposed")
        said = {"sheet": line.sheet.id, "indicator": line.indicator.id, "seen": line.seen}
        return reverse("matches", args=[place.pk, YEAR]), said | {
            "measure": line.indicator.match.measure if yes else ""
        }

    return Act(name, ("hecha",) if yes else BUREAU, send)


# -- before a race
# --------------------------------------------------------------------------------------------------


def prepare() -> None:
    """Bring the sample to where every act can be taken: explained, confirmed, contested, asked for;
    and sign all in.
    """
    people = {u.username: u for u in models.User.objects.all()}
    place = department()
    with acting("keyuan"):
        checkpoint = models.Checkpoint.objects.get(department=place, name="前十个月")
        for one in records.unexplained(checkpoint):
            words.keep_word(checkpoint, *one, people["keyuan2"], None, cause="其他", measures="按计划推进")
        filling.fill_checkpoint(checkpoint, tables=True)
        evaluation = models.SelfEvaluation.objects.get(department=place, year=YEAR)
        line = next(
            i
            for s in evaluation.assessment.run.results
            for i in s.indicators
            if i.reading and "%" in i.target
        )
        code = next(s.id for s in evaluation.assessment.run.results for i in s.indicators if i.id == line.id)
        proof = models.Upload.keep(b"%PDF-1.4 x", "佐证.pdf", "attachment", place, people["keyuan2"])
        typed = {
            "actual": "99%",
            "reason": "补充台账外办结",
            "cause": "其他",
            "measures": "补齐",
            "attachments": [proof],
        }
        words.say(evaluation, code, line.id, people["keyuan2"], **typed)
        book, run = lookup.book_in_force(place, YEAR, END), evaluation.assessment.run
        left = next(one for one in matching.lines(place, book, run) if one.indicator.name == LEFT_OPEN)
        matching.confirm(
            place, book, left.sheet.id, left.indicator.id, left.indicator.match.measure, people["keyuan2"]
        )
        filling.fill_self_evaluation(evaluation)
        for one in records.unexplained(evaluation):
            words.keep_word(evaluation, *one, people["keyuan2"], None, cause="其他", measures="补齐")
        filling.fill_self_evaluation(evaluation, tables=True)
        filling.fill_checkpoint(checkpoint, tables=True)
        rechecking.recheck(evaluation)
        models.ApiToken.issue(people["keyuan"], "脚本", ["targets:read"], 30)
        plan = models.Draw.objects.first().plan
        models.Draw.objects.create(
            department=place, code="Y1", title="新的方案", plan=plan, frame_on="2021-02-25"
        )
    for name in PEOPLE:
        client = Client()
        client.force_login(people[name], backend="django.contrib.auth.backends.ModelBackend")
        session = client.session
        session["seen"], session["place"] = int(time.time()) + 10**6, [place.pk, YEAR]
        session.save()
        COOKIES[name] = client.cookies[settings.SESSION_COOKIE_NAME].value
    (settings.DATA / "cookies.json").write_text(json.dumps(COOKIES))


COOKIES: dict[str, str] = {}


def brought(record: Any, state: str) -> None:
    """Bring a record to a state as if somebody neutral had taken the step that leads there, undone or not."""
    if not state or not isinstance(record, Decided):
        return
    prefix = next(p for p, model in decisions.RECORDS.items() if isinstance(record, model))
    mine = {
        name: act
        for name, act in ACTIONS.items()
        if name.startswith(f"{prefix}.") and state in act.leads and act.on
    }
    undone = {act.undoes for name, act in ACTIONS.items() if act.undoes}
    lead = next((n for n in mine if n in undone), next(iter(mine), ""))
    before = ACTIONS[lead].on[0] if lead else state
    values = {"state": state}
    if isinstance(record, models.Draw) and state in ("committed", "entered", "sealed", "drawn"):
        values["digest"] = "a" * 64  # what was committed to has one
    type(record)._base_manager.filter(pk=record.pk).update(**values)
    record.refresh_from_db()
    by = models.User.objects.get(username=NEUTRAL)
    models.Step.objects.create(
        model=record._meta.model_name,
        object_id=record.pk,
        action=lead or f"{prefix}.view",
        before=before,
        after=state,
        by=by,
    )


# -- a race
# --------------------------------------------------------------------------------------------------

_acting: ContextVar[list[Any]] = ContextVar("racing", default=["Z", 0])  # noqa: B039


def numbered() -> str:
    """Return codes that are the same in every order: by the act that asks for one."""
    told = _acting.get()
    told[1] += 1
    return f"{told[0]}{told[1]:09d}"


drafts.new_code = numbered  # type: ignore[attr-defined]  # where it was imported to
for _model in (models.Sheet, models.Organisation):
    _code = _model._meta.get_field("code")
    _code.default = numbered
    _code.__dict__.pop("_get_default", None)


def shaken(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
    """Wait a little before a query, so that two acts meet in ever other places."""
    time.sleep(random.random() * WAIT)
    return execute(sql, params, many, context)


def send(who: str, name: str, sent: Sent) -> str:
    """Send a form as a person and return what came of it: done, refused, or broken with its status."""
    address, given = sent
    told = _acting.set([name, 0])
    client = Client(raise_request_exception=False)
    client.cookies[settings.SESSION_COOKIE_NAME] = COOKIES[who]
    try:
        answer = client.post(address, given)
    finally:
        _acting.reset(told)
    if answer.status_code >= 500:
        return f"broken {answer.status_code}"
    if answer.status_code == 200 and address.endswith("/field"):
        return "done" if b'data-status="kept"' in answer.content else "refused"
    return "done" if answer.status_code in (204, 302) else "refused"


@contextmanager
def undone() -> Iterator[None]:
    """Take back what is done within the block, as tests do."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]
    with block:
        yield
        transaction.set_rollback(True)


def plain(value: Any) -> Any:
    """Return what the log says without what is another in every run: ids, moments."""
    if isinstance(value, dict):
        return {
            k: plain(v) for k, v in sorted(value.items()) if k not in ALWAYS_OTHER and not k.endswith("_id")
        }
    if isinstance(value, str) and value.startswith("{"):  # a line kept as it was published holds its own time
        return plain(json.loads(value))
    return [plain(v) for v in value] if isinstance(value, list) else value


def state_of(kind: Kind, record: Any, since: int) -> dict[str, Any]:
    """Return where a race ended: the record's fields and steps, what the log says,
    how much there is of everything.
    """
    now = type(record)._base_manager.get(pk=record.pk)
    entries = models.AuditEntry.objects.filter(number__gt=since).exclude(action="refused")
    said = [
        json.dumps(
            [e.actor, e.action, e.model, plain(e.before), plain(e.after)], ensure_ascii=False, sort_keys=True
        )
        for e in entries.order_by("number")
    ]
    steps = (
        [(s.action, s.before, s.after, s.by.username, s.remark) for s in now.steps()]
        if isinstance(now, Decided)
        else []
    )
    counted = (
        models.Word,
        models.Contest,
        models.SheetVersion,
        models.Sheet,
        models.SafeguardRecord,
        models.Publication,
        models.Rectification,
        models.KeyMark,
        models.Draw,
        models.Job,
        models.User,
        models.Membership,
        models.Organisation,
        models.LibraryIndicator,
        models.CalendarEntry,
        models.InspectionItem,
        models.ApiToken,
    )
    figures_ = getattr(now, "assessment", None)
    return {
        "fields": plain(now._logged()),
        "steps": steps,
        "log": sorted(Counter(said).items()),
        "counts": {m.__name__: m._base_manager.count() for m in counted},
        "figures": figures_.key if figures_ else None,
    }


def both(record: Any, a: Act, b: Act) -> list[tuple[str, str, Sent]]:
    """Return who sends what, each from a page opened now: two people where there are two who may."""
    found: list[tuple[str, str, Sent]] = []
    for n, act in enumerate((a, b)):
        able = [
            w
            for w in act.who
            if not act.action or permits(models.User.objects.get(username=w), act.action, record)
        ]
        free = [w for w in able if w not in [f[0] for f in found]] or able or list(act.who)
        address, given = act.send(record)
        key = f"{random.getrandbits(64):016x}.{once.position()}"
        found.append((free[0], "AB"[n], (address, given | {once.FIELD: key})))
    return found


@dataclass
class Outcome:
    """What a race came to."""

    kind: str
    state: str
    acts: tuple[str, str]
    answers: list[str]
    told: str = ""  # what is wrong with it; empty: it equals one of the two orders


def race(kind: Kind, state: str, a: Act, b: Act) -> Outcome:
    """Run both orders, then both at once, and compare."""
    brought(kind.one(), state)
    record = kind.one()
    people = both(record, a, b)
    since = once.position()
    orders = []
    for order in ((0, 1), (1, 0)):
        with undone():
            answers = ["", ""]
            for n in order:
                answers[n] = send(*people[n])
            orders.append((answers, state_of(kind, record, since)))
    answers = at_once(people)
    ended = answers, state_of(kind, record, since)
    told = ""
    if any(x.startswith("broken") or not x for x in answers):
        told = f"broken: {answers}"
    elif ended not in orders:
        told = "; ".join(difference(ended, one) for one in orders)
    if not told:
        told = unchained(since)
    return Outcome(kind.name, state, (a.name, b.name), answers, told)


def at_once(people: list[tuple[str, str, Sent]]) -> list[str]:
    """Let all send at the same moment, each on a connection of its own, and return what came of each."""
    answers = [""] * len(people)
    barrier = threading.Barrier(len(people))

    def run(n: int) -> None:
        try:
            with connection.execute_wrapper(shaken):
                connection.ensure_connection()
                barrier.wait()
                answers[n] = send(*people[n])
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(people))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


CLICKS = 6


def clicked(kind: Kind, state: str, act: Act, *, creating: bool) -> Outcome | None:
    """Send one form six times at once; what comes of it must be what comes of it once.

    None for one that is refused, and where those are asked for that create something, for one that does not.
    """
    brought(kind.one(), state)
    record = kind.one()
    person = both(record, act, act)[0]
    since = once.position()
    counts = state_of(kind, record, since)["counts"]
    with undone():
        if send(*person) != "done":
            return None
        expected: list[Any] = [["done"] * CLICKS, state_of(kind, record, since)]
    if creating and expected[1]["counts"] == counts:
        return None
    answers = at_once([person] * CLICKS)
    ended = [answers, state_of(kind, record, since)]
    told = "" if ended == expected else difference(ended, expected)
    return Outcome(kind.name, state, (act.name, act.name), answers, told or unchained(since))


def forms() -> list[tuple[Kind, str, Act]]:
    """Return every form that acts, in a state in which it may."""
    return [(kind, (act.on or ("",))[0], act) for kind in kinds() for act in kind.acts]


def held_up() -> float:
    """Return for how many seconds a save waits while somebody else's transaction, begun and saved in,
    goes on computing.
    """
    saved, over = threading.Event(), threading.Event()

    def compute() -> None:
        with transaction.atomic():
            user = models.User.objects.get(username="keyuan")
            user.display = "改了"
            user.save()
            saved.set()
            over.wait(3)
        connections.close_all()

    thread = threading.Thread(target=compute)
    thread.start()
    saved.wait()
    begun = time.perf_counter()
    user = models.User.objects.get(username="caiwu")
    user.display = "也改了"
    user.save()
    taken = time.perf_counter() - begun
    over.set()
    thread.join()
    return taken


def unchained(since: int) -> str:
    """Return where the log's chain does not hold behind an entry; the whole of it is checked at the end."""
    entries = list(models.AuditEntry.objects.filter(number__gte=since).order_by("number"))
    head = models.AuditHead.objects.get(pk=1)
    whole = all(b.number == a.number + 1 and b.previous == a.digest for a, b in itertools.pairwise(entries))
    whole = whole and all(e.content_digest() == e.digest for e in entries)
    return (
        ""
        if whole and (head.number, head.digest) == (entries[-1].number, entries[-1].digest)
        else "the log is broken"
    )


def difference(one: Any, other: Any) -> str:
    """Return in short where two ends differ."""
    (answers, ended), (expected, end) = one, other
    if answers != expected:
        return f"answers {answers} / {expected}"
    return str({k: (ended[k], end[k]) for k in ended if ended[k] != end[k]})[:1500]


# -- the program
# --------------------------------------------------------------------------------------------------


def main() -> None:
    """Race as many pairs as asked for, drawn by the seed over all kinds, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=40)
    parser.add_argument("--clicks", choices=("creating", "every"), help="send forms six times at once")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--listed", action="store_true")
    parser.add_argument("--prepare", action="store_true")
    parser.add_argument(
        "--fill", type=Path, help="the SQLite file of a prepared site, for a PostgreSQL database"
    )
    asked = parser.parse_args()
    sys.setswitchinterval(0.0005)
    if connection.vendor == "sqlite":
        database: Any = Sqlite(settings.DATA / "zhunsheng.sqlite3")
    else:
        database = Postgres(os.environ["RACES_ADMIN"])
    if asked.fill:
        call_command("migrate", verbosity=0)
        copied(asked.fill, connection)
        connections.close_all()
        database.keep()
        return
    if asked.prepare:
        prepare()
        connections.close_all()
        database.keep()
        return
    COOKIES.update(json.loads((settings.DATA / "cookies.json").read_text()))
    every = [pair for kind in kinds() for pair in kind.pairs()]
    if asked.only:
        every = [p for p in every if asked.only in f"{p[0].name} {p[1]} {p[2].name} {p[3].name}"]
    chosen = drawn(every, asked.pairs, random.Random(asked.seed)) if asked.pairs else []
    started, wrong, done, count = time.perf_counter(), [], Counter[str](), Counter[str]()
    for kind, state, a, b in chosen:
        connections.close_all()
        database.restore()
        outcome = race(kind, state, a, b)
        count[kind.name] += 1
        done["+".join(sorted(outcome.answers))] += 1
        if asked.listed:
            print(f"{kind.name} [{state}] {a.name} / {b.name}: {outcome.answers} {outcome.told}", flush=True)
        if outcome.told:
            wrong.append(vars(outcome))
    clicks = 0
    for kind, state, act in forms() if asked.clicks else []:
        connections.close_all()
        database.restore()
        if (outcome := clicked(kind, state, act, creating=asked.clicks == "creating")) is None:
            continue
        clicks += 1
        if asked.listed:
            print(
                f"{kind.name} [{state}] {act.name} x {CLICKS}: {outcome.answers} {outcome.told}", flush=True
            )
        if outcome.told:
            wrong.append(vars(outcome))
    broken = broken_links()
    waited = held_up() if connection.vendor == "postgresql" else None
    print(
        json.dumps(
            {
                "database": connection.vendor,
                "possible": len(every),
                "raced": len(chosen),
                "kinds": count,
                "answers": done,
                "wrong": wrong,
                "log": broken,
                "clicked": clicks,
                "waited": waited,
                "seconds": round(time.perf_counter() - started, 1),
            },
            ensure_ascii=False,
        )
    )
    connections.close_all()


def drawn(every: list[Any], number: int, chance: random.Random) -> list[Any]:
    """Return a number of pairs, by turns of every kind; more than there are begin anew,
    as chance meets them elsewhere.
    """
    found: list[Any] = []
    while len(found) < number:
        by_kind: dict[str, list[Any]] = {}
        for pair in every:
            by_kind.setdefault(pair[0].name, []).append(pair)
        for listed in by_kind.values():
            chance.shuffle(listed)
        turns = itertools.zip_longest(*by_kind.values())
        found += [pair for turn in turns for pair in turn if pair is not None]
    return found[:number]


if __name__ == "__main__":
    main()
