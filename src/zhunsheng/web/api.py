"""The REST API: the same services for programs, with tokens whose scopes say what they may do."""

from __future__ import annotations

import json
import logging
from datetime import date
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.utils import timezone
from ninja import File, Form, HeaderEx, NinjaAPI, P, Query, QueryEx
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError
from ninja.files import UploadedFile
from ninja.parser import Parser
from ninja.security import HttpBearer
from pydantic import TypeAdapter
from pydantic import ValidationError as PydanticError

from zhunsheng import __version__
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Ledger, Window, browse, ledgers
from zhunsheng.faults import fault, of_system, phrase, place
from zhunsheng.text import MOST, cleaned
from zhunsheng.translation import series, worded
from zhunsheng.web.actor import acting
from zhunsheng.web.api_shapes import (
    AssessmentOut,
    BatchOut,
    DepartmentOut,
    DrawOut,
    FindingOut,
    JobOut,
    LedgerOut,
    Page,
    Plain,
    Problem,
    PublicOut,
    RemovalIn,
    ReviewOut,
    RowsOut,
    SheetOut,
    VersionOut,
)
from zhunsheng.web.middleware import address
from zhunsheng.web.models import ApiToken, Draw, Job, Organisation, Publication
from zhunsheng.web.models.work import cipher
from zhunsheng.web.roles import departments, may
from zhunsheng.web.services import evidence, jobs, review
from zhunsheng.web.services import ledgers as removing
from zhunsheng.web.services.answers import once
from zhunsheng.web.services.portfolio import archives
from zhunsheng.web.services.publishing import exports
from zhunsheng.web.services.sheets import documents, doubts, lookup, taking
from zhunsheng.web.services.uploads import take
from zhunsheng.web.services.year import records
from zhunsheng.web.telling import tell

log = logging.getLogger(__name__)
PK = 2**31 - 1
SEEN_EVERY = 60  # seconds between notes of a token's last use
STATUS = {
    "ZS-WB-30": 401,
    "ZS-WB-31": 403,
    "ZS-WB-32": 404,
    "ZS-WB-33": 405,
    "ZS-WB-35": 429,
    "ZS-CL-10": 507,
    "ZS-CL-11": 507,
    "ZS-EV-41": 507,
    "ZS-CL-99": 500,
}


def token_of(request: HttpRequest) -> ApiToken | None:
    """Return the valid token that a request brings in its Authorization header."""
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not secret:
        return None
    token = (
        ApiToken.objects.select_related("user", "place")
        .filter(digest=ApiToken.digest_of(secret.strip()))
        .first()
    )
    return token if token is not None and token.valid else None


class Token(HttpBearer):
    """Signs a program in as the person who issued its token."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        """Return the token, None (401) for one that is unknown, revoked or expired."""
        found = token_of(request)
        if found is not None:
            request.user = found.user
            found.user.only = found.place
            now = timezone.now()
            if found.last_used_at is None or (now - found.last_used_at).total_seconds() > SEEN_EVERY:
                ApiToken.objects.filter(pk=found.pk).update(last_used_at=now)
        return found


class CleanParser(Parser):
    """Reads the body of a request; texts in it come without control characters, as those of forms do."""

    def parse_body(self, request: HttpRequest) -> Plain:
        """Return the body's JSON."""
        found: Plain = cleaned(json.loads(request.body))
        return found


api = NinjaAPI(
    title="准绳 API",
    version=__version__,
    auth=Token(),
    urls_namespace="api",
    docs_url=None,
    parser=CleanParser(),
)


# -- errors: one shape for all
# ----------------------------------------------------------------------------------------


@api.exception_handler(ZhunshengError)
def say(request: HttpRequest, error: ZhunshengError) -> HttpResponse:
    """Return an error as ``Problem``: by the status its code has, 422 for one that a person can mend."""
    status = STATUS.get(error.code, 422)
    said: Plain = {"code": error.code, "message": tell(error)}
    if isinstance(kept := error.params.get("document"), int):
        said["document"] = kept
    return api.create_response(request, said, status=status)


@api.exception_handler(AuthenticationError)
def not_signed_in(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    """Return 401."""
    return say(request, ZhunshengError("ZS-WB-30"))


@api.exception_handler(ValidationError)
def not_valid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Return 422 naming each parameter that is wrong."""
    listed = series(
        (
            worded("{place}：{fault}", place=place(e["loc"][1:] or e["loc"]), fault=phrase(e))
            for e in error.errors
        ),
        "；",
    )
    # What is cut is a plain text, and stays in Chinese.
    return say(request, ZhunshengError("ZS-WB-34", detail=listed if len(listed) <= 1000 else listed[:1000]))


@api.exception_handler(Throttled)
def too_many(request: HttpRequest, error: Throttled) -> HttpResponse:
    """Return 429."""
    return say(request, ZhunshengError("ZS-WB-35"))


@api.exception_handler(Http404)
def not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    """Return 404."""
    return say(request, ZhunshengError("ZS-WB-32", what=request.path))


@api.exception_handler(HttpError)
def other(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Return what the framework refuses, with its status."""
    found = ZhunshengError("ZS-WB-37", detail=str(error)[:200])
    return api.create_response(
        request, {"code": found.code, "message": tell(found)}, status=error.status_code
    )


@api.exception_handler(Exception)
def broken(request: HttpRequest, error: Exception) -> HttpResponse:
    """Return 500 without a trace; the log has it."""
    log.error("the API failed", exc_info=error)
    return say(request, of_system(error) or ZhunshengError("ZS-CL-99", detail=type(error).__name__))


ERRORS: dict[int, type[Problem]] = {
    401: Problem,
    403: Problem,
    404: Problem,
    422: Problem,
    429: Problem,
    500: Problem,
}
OPEN_ERRORS: dict[int, type[Problem]] = {422: Problem, 429: Problem, 500: Problem}
Year = QueryEx[int, P(ge=2000, le=2100)]
Key = HeaderEx[str | None, P(alias="Idempotency-Key", max_length=255)]
Remark = QueryEx[str, P(max_length=MOST["remark"])]


class TokenRequest(HttpRequest):
    """A request whose token was found valid."""

    auth: ApiToken


def scoped(request: TokenRequest, scope: str) -> None:
    """Refuse a token without the scope. Raises ``ZS-WB-31``."""
    if scope not in request.auth.scopes:
        raise ZhunshengError("ZS-WB-31", detail=worded("范围里没有 {scope}", scope=scope))


def allowed(request: TokenRequest, scope: str, action: str, department: int) -> Organisation:
    """Return the department when the token has the scope and its person the permission. Raises ``ZS-WB-31``,
    ``ZS-WB-32``.
    """
    scoped(request, scope)
    found = (
        Organisation.objects.filter(pk=department, kind="department").first()
        if 0 < department <= PK
        else None
    )
    if found is None or not may(request.auth.user, action, found):
        raise ZhunshengError("ZS-WB-32", what=worded("部门 {department}", department=department))
    return found


@api.get(
    "/departments",
    response={200: list[DepartmentOut], **ERRORS},
    operation_id="departments",
    summary="可查看的部门",
)
def list_departments(request: TokenRequest, page: Query[Page]) -> list[Plain]:
    """Departments in the order of the tree, with the years that have target sheets."""
    mine = departments(request.auth.user, "targets.view")[page.offset : page.offset + page.limit]
    years: dict[int, list[int]] = {}
    for pk, year in (
        Organisation.objects.filter(pk__in=[d.pk for d in mine], sheets__retired=False)
        .values_list("pk", "sheets__year")
        .distinct()
    ):
        years.setdefault(pk, []).append(year)
    return [{"id": d.pk, "name": d.name, "years": sorted(years.get(d.pk, []))} for d in mine]


@api.get(
    "/departments/{department}/sheets",
    response={200: list[SheetOut], **ERRORS},
    operation_id="sheets",
    summary="绩效目标表",
)
def list_sheets(request: TokenRequest, department: int, year: Year) -> list[Plain]:
    """The newest version of each sheet of a year: its state, number and content (format zhunsheng.book/1,
    one sheet).
    """
    place = allowed(request, "targets:read", "targets.view", department)
    found = []
    for sheet in lookup.sheets_of(place, year):
        version = lookup.newest(sheet)
        effective = lookup.in_force(sheet)
        found.append(
            {
                "id": sheet.pk,
                "version": version.pk,
                "number": version.number,
                "state": version.state,
                "in_force": effective.number if effective else None,
                "sheet": version.body,
            }
        )
    return found


@api.get(
    "/departments/{department}/findings",
    response={200: list[FindingOut], **ERRORS},
    operation_id="findings",
    summary="审核发现的问题",
)
def list_findings(request: TokenRequest, department: int, year: Year) -> list[Plain]:
    """Findings of the review of the newest versions; “reviews” says which rules were judged at all."""
    place = allowed(request, "targets:read", "targets.view", department)
    versions = [lookup.newest(s) for s in lookup.sheets_of(place, year)]
    rests = review.rests_on(place, year)
    return [
        {
            "rule": f.rule,
            "level": f.level,
            "title": f.title,
            "message": f.message,
            "mend": f.mend,
            "sheet": v.sheet.name,
            "indicator": f.indicator or None,
            "place": f.place or None,
            "basis": tell(rests[f.rule]) if f.rule in rests else None,
        }
        for v in versions
        for f in v.findings.all()
    ]


@api.get(
    "/departments/{department}/reviews",
    response={200: list[ReviewOut], **ERRORS},
    operation_id="reviews",
    summary="审核情况：每条规则的状态",
)
def list_reviews(request: TokenRequest, department: int, year: Year) -> list[Plain]:
    """How the review of each sheet's newest version stands: verdict, counts by state,
    and every rule with what is missing.

    The verdict is “clean” only when every rule that applies was judged on the present text and none found
    anything.
    """
    place = allowed(request, "targets:read", "targets.view", department)
    standings = review.standings(place, year)
    found = []
    for sheet in lookup.sheets_of(place, year):
        version = lookup.newest(sheet)
        found.append({"sheet": sheet.name, "version": version.pk, **standings[version.pk].as_json()})
    return found


@api.post(
    "/departments/{department}/documents",
    response={201: list[VersionOut], **ERRORS},
    operation_id="upload_document",
    summary="上传绩效目标文件",
)
def upload_document(
    request: TokenRequest,
    department: int,
    file: File[UploadedFile],
    year: Year,
    reason: Remark = "",
    key: Key = None,
) -> tuple[int, object]:
    """Read a document; each sheet becomes a draft version, to be checked and submitted by a person.

    The same bytes sent again to the same department and year give the same versions, not new ones. One in
    words of its own (``ZS-IN-50``) is kept unread: its columns can be told by ``document``.
    """
    place = allowed(request, "targets:write", "targets.start", department)
    try:
        document = documents.read_file(file, place)
    except ZhunshengError as error:
        if error.code == archives.OWN_WORDS:
            with acting(request.auth.user.get_username(), address(request)):
                error.params["document"] = taking.keep_unread(file, place, request.auth.user).pk
        raise

    def run() -> tuple[int, Any]:
        with acting(request.auth.user.get_username(), address(request)):
            upload, made = documents.keep_document(document, place, year, request.auth.user, reason)
        return 201, [
            {
                "version": v.pk,
                "sheet": v.sheet.name,
                "year": v.sheet.year,
                "document": v.upload_id,
                "findings": v.findings.count(),
                "doubts": len(doubts.waiting(v)),
                "new": v.upload_id == upload.pk,
            }
            for v in made
        ]

    return once(request.auth, key, request, run)


@api.get("/ledgers", response={200: list[LedgerOut], **ERRORS}, operation_id="ledgers", summary="台账字典")
def list_ledgers(request: TokenRequest) -> list[Plain]:
    """All ledgers with their columns: the product's, and those that departments within reach defined."""
    evidence.store()
    mine = {one.code for one in departments(request.auth.user, "ledgers.view")}
    return [
        {
            "id": x.id,
            "title": x.title,
            "what": x.what,
            "department": x.department,
            "steward": x.steward,
            "definition": x.defined,
            "columns": [
                {
                    "name": c.name,
                    "title": c.title,
                    "type": c.type,
                    "required": c.required,
                    "personal": c.personal,
                }
                for c in x.columns
                if not c.department or c.department in mine
            ],
        }
        for x in ledgers().values()
        if not x.department or x.department in mine
    ]


def _ledger(name: str, place: Organisation) -> Ledger:
    """Return a ledger of a department by id or title. Raises ``ZS-EV-01``."""
    found = removing.one(name, place)
    if found is None:
        known = series(one.title for one in removing.known(place).values())
        raise ZhunshengError("ZS-EV-01", ledger=name, known=known)
    return found


@api.get(
    "/departments/{department}/ledgers/{ledger}",
    response={200: RowsOut, **ERRORS},
    operation_id="ledger_rows",
    summary="台账数据",
)
def ledger_rows(request: TokenRequest, department: int, ledger: str, page: Query[Page]) -> Plain:
    """Rows of a ledger, personal columns masked, with the batch and file row that brought each."""
    place = allowed(request, "ledgers:read", "ledgers.view", department)
    known = _ledger(ledger, place)
    state = evidence.store().snapshot()
    found = browse(state, known, place.code, window=Window(page.limit, page.offset), cipher=cipher())
    names = [c.name for c in known.columns]
    rows = [
        dict(zip(names, map(_plain, r.values), strict=True))
        | {"_batch": r.batch, "_row": r.row, "_sheet": r.sheet}
        for r in found.rows
    ]
    return {"total": found.total, "rows": rows}


def _plain(value: object) -> object:
    return (
        value.isoformat() if isinstance(value, date) else str(value) if hasattr(value, "quantize") else value
    )


MOST_ASKED = 10_000  # characters of the digests of what was asked


def _answers(text: str) -> dict[str, str]:
    """Return answers by question. Raises ``ZS-WB-06`` for what is no object of texts."""
    try:
        found: dict[str, str] = TypeAdapter(dict[str, str]).validate_json(text or "{}")
    except PydanticError as error:
        raise ZhunshengError("ZS-WB-06", detail=fault(error)) from None
    return {str(key): str(said) for key, said in cleaned(found).items()}


@api.post(
    "/departments/{department}/ledgers/{ledger}",
    response={202: JobOut, **ERRORS},
    operation_id="import_ledger",
    summary="导入台账文件",
)
def import_file(
    request: TokenRequest,
    department: int,
    ledger: str,
    file: File[UploadedFile],
    good_rows: bool = False,
    agreed: str = "",
    answers: str = "",
    source: str = "",
    key: Key = None,
) -> tuple[int, object]:
    """Take in a ledger file; it is checked and imported in the background. Ask ``/jobs/{id}`` what it came
    to: where its result has ``questions``, nothing was written, and the same file with their digests
    (``asked``) as ``agreed`` says yes to them; ``answers`` is a JSON object of other answers by a question's
    key or kind. Under the name ``source`` its columns and values are remembered,
    and files with the same titles are read by it.
    """
    place = allowed(request, "ledgers:write", "ledgers.import", department)
    known, said = _ledger(ledger, place), _answers(answers)

    def run() -> tuple[int, Any]:
        with acting(request.auth.user.get_username(), address(request)):
            upload = take(file, "ledger", place, request.auth.user)
            job = jobs.import_soon(
                upload,
                request.auth.user,
                known.id,
                good_rows=good_rows,
                agreed=agreed[:MOST_ASKED],
                answers=said,
                name=source.strip()[:60],
            )
        return 202, _job(job)

    return once(request.auth, key, request, run)


@api.post(
    "/departments/{department}/ledgers/{ledger}/removals",
    response={201: BatchOut, **ERRORS},
    operation_id="remove_rows",
    summary="删除台账的行",
)
def remove_rows(
    request: TokenRequest, department: int, ledger: str, said: Form[RemovalIn], key: Key = None
) -> tuple[int, object]:
    """Take rows out of a ledger by their keys, with a reason, all or none: a batch of its own that can be
    undone on the site.
    """
    place = allowed(request, "ledgers:write", "ledgers.remove", department)
    known = _ledger(ledger, place)

    def run() -> tuple[int, Any]:
        with acting(request.auth.user.get_username(), address(request)):
            made = removing.remove(place, known, said.keys, said.reason, request.auth.user)
        return 201, {k: v for k, v in made.as_json().items() if k != "files"}

    return once(request.auth, key, request, run)


@api.get(
    "/departments/{department}/batches",
    response={200: list[BatchOut], **ERRORS},
    operation_id="batches",
    summary="导入批次",
)
def list_batches(request: TokenRequest, department: int) -> list[Plain]:
    """Batches of a department's ledgers, oldest first, each chained to the one before by its digest."""
    place = allowed(request, "ledgers:read", "ledgers.view", department)
    return [
        {k: v for k, v in b.as_json().items() if k != "files"}
        for b in evidence.store().batches(department=place.code)
    ]


@api.get("/jobs/{job}", response={200: JobOut, **ERRORS}, operation_id="job", summary="后台任务")
def job_state(request: TokenRequest, job: int) -> Plain:
    """How far a job is and what it came to; one's own jobs only."""
    return _job(_own_job(request, job))


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MARKED = {XLSX: {"schema": {"type": "string", "format": "binary"}}}


@api.get(
    "/jobs/{job}/marked",
    response=ERRORS,
    operation_id="job_marked",
    summary="标注了错误的台账文件",
    openapi_extra={"responses": {200: {"description": "OK", "content": MARKED}}},
)
def job_marked(request: TokenRequest, job: int) -> FileResponse:
    """The copy of a ledger file with its errors marked in place; personal data stand in it as
    they were sent.
    """
    scoped(request, "ledgers:read")
    found = _own_job(request, job)
    name = found.result.get("marked")
    if not name or found.department is None or not (found.folder() / name).is_file():
        raise ZhunshengError("ZS-WB-32", what=worded("任务 {job} 标注了错误的文件", job=job))
    if not may(request.auth.user, "ledgers.personal", found.department):
        raise ZhunshengError("ZS-WB-31", detail=worded("令牌的主人不能看个人信息"))
    return FileResponse(
        (found.folder() / name).open("rb"), as_attachment=True, filename=name, content_type=XLSX
    )


def _own_job(request: TokenRequest, job: int) -> Job:
    found = Job.objects.filter(pk=job, by=request.auth.user).first() if 0 < job <= PK else None
    only = request.auth.place
    if found is None or (
        only is not None and (found.department is None or not only.covers(found.department))
    ):
        raise ZhunshengError("ZS-WB-32", what=worded("任务 {job}", job=job))
    return found


def _job(job: Job) -> Plain:
    said = job.as_json()
    return said | {"marked": f"/api/jobs/{job.pk}/marked" if job.result.get("marked") else None}


@api.get(
    "/departments/{department}/assessment",
    response={200: AssessmentOut, **ERRORS},
    operation_id="assessment",
    summary="监控、得分与来源",
)
def assessment(request: TokenRequest, department: int, year: Year) -> Plain:
    """The newest assessment (format zhunsheng.run/1); 404 where there is none yet."""
    place = allowed(request, "results:read", "overview.view", department)
    found = records.newest_assessment(place, year)
    if found is None:
        raise ZhunshengError("ZS-WB-32", what=worded("{year} 年的测算结果", year=year))
    result: Plain = found.result
    return result


@api.get(
    "/departments/{department}/draws",
    response={200: list[DrawOut], **ERRORS},
    operation_id="draws",
    summary="双随机抽查",
)
def list_draws(request: TokenRequest, department: int) -> list[Plain]:
    """Draws with their plan, commitment digest and state."""
    place = allowed(request, "draws:read", "draws.view", department)
    return [
        {
            "id": d.pk,
            "code": d.code,
            "title": d.title,
            "state": d.state,
            "plan": d.plan,
            "commitment": d.digest or None,
            "frame": d.frame_count,
            "drawn": d.drawn_count,
        }
        for d in Draw.objects.filter(department=place)
    ]


@api.get(
    "/public",
    auth=None,
    response={200: list[PublicOut], **OPEN_ERRORS},
    operation_id="public",
    summary="已公开的内容（不需要令牌）",
)
def list_public(request: HttpRequest, page: Query[Page]) -> list[Plain]:
    """What is public, newest first."""
    found = Publication.objects.filter(state="published").select_related("department")[
        page.offset : page.offset + page.limit
    ]
    return [
        {
            "id": p.pk,
            **exports.head_of(p),
            "published_at": exports.moment(p.published_at),
            "data": exports.open_json(p),
            **exports.since_json(p),
        }
        for p in found
    ]
