"""The operations of the API on what a document was read to say: its doubts answered, the columns of its
tables confirmed, layouts fetched and brought in.
"""

from __future__ import annotations

from typing import Any, cast

from django.db import transaction
from ninja import File
from ninja.files import UploadedFile

from zhunsheng.errors import ZhunshengError
from zhunsheng.translation import worded
from zhunsheng.web.actor import acting
from zhunsheng.web.api import ERRORS, PK, Key, TokenRequest, Year, allowed, api, scoped
from zhunsheng.web.api_shapes import (
    ColumnsIn,
    ColumnsOut,
    DoubtAnswersIn,
    DoubtOut,
    LayoutsKept,
    LayoutsOut,
    Plain,
    TablesOut,
)
from zhunsheng.web.middleware import address
from zhunsheng.web.models import Organisation, SheetVersion, Upload
from zhunsheng.web.roles import may
from zhunsheng.web.services.answers import once
from zhunsheng.web.services.sheets import columns, doubts, drafts, layouts
from zhunsheng.web.telling import tell

__all__ = ["api"]


def _version(request: TokenRequest, number: int, scope: str, action: str) -> SheetVersion:
    """Return a version when the token has the scope and its person the permission. Raises ``ZS-WB-31``,
    ``ZS-WB-32``.
    """
    scoped(request, scope)
    found = SheetVersion.objects.filter(pk=number).select_related("sheet__department").first()
    if number > PK or found is None or not may(request.auth.user, "targets.view", found.department):
        raise ZhunshengError("ZS-WB-32", what=worded("版本 {number}", number=number))
    if action != "targets.view" and not may(request.auth.user, action, found):
        raise ZhunshengError("ZS-WB-31", detail=worded("令牌的主人现在不能办这件事"))
    return found


def _doubts(version: SheetVersion) -> list[Plain]:
    return [
        {
            "number": one.number,
            "asked": one.asked,
            "unread": one.unread,
            "indicator": one.title,
            "what": tell(one.label),
            "place": tell(one.place.label()) if one.place else "",
            "text": one.text,
            "read": one.read,
            "value": one.value,
            "why": tell(one.why),
            "path": one.path,
            "answer": {"by": one.answer.by, "at": one.answer.at.isoformat(), "how": one.answer.how}
            if one.answer
            else None,
        }
        for one in doubts.doubts(version)
    ]


@api.get(
    "/versions/{version}/doubts",
    response={200: list[DoubtOut], **ERRORS},
    operation_id="doubts",
    summary="须核对之处",
)
def list_doubts(request: TokenRequest, version: int) -> list[Plain]:
    """What of a version its document was not surely read to say: first what somebody must answer, then what
    is only told.
    """
    return _doubts(_version(request, version, "targets:read", "targets.view"))


@api.post(
    "/versions/{version}/doubts",
    response={200: list[DoubtOut], **ERRORS},
    operation_id="answer_doubts",
    summary="核对：无误或改正",
)
def answer_doubts(
    request: TokenRequest, version: int, said: DoubtAnswersIn, key: Key = None
) -> tuple[int, object]:
    """Answer doubts of a draft, all or none, and return how they stand. Who owns the token answers for them.

    A doubt of no single field (``path`` is empty) takes no ``text``: its columns are confirmed, or the sheet
    is mended on the site.
    """
    found = _version(request, version, "targets:confirm", "targets.confirm")

    def run() -> tuple[int, Any]:
        with acting(request.auth.user.get_username(), address(request)), transaction.atomic():
            now = found
            for one in said.answers:
                now = _answered(now, one.number, one.text, one.was)
        return 200, _doubts(now)

    return cast(tuple[int, object], once(request.auth, key, request, run))


def _answered(version: SheetVersion, number: int, text: str | None, was: str) -> SheetVersion:
    if text is None:
        return drafts.confirm(version, [number])
    known = {one.number: one for one in doubts.doubts(version) if one.asked}
    if number not in known:
        raise ZhunshengError("ZS-WB-71", title=str(version), number=number)
    if not known[number].path:
        raise ZhunshengError("ZS-WB-101", title=str(version), number=number)
    return drafts.set_field(version, known[number].path, text, was)


def _document(request: TokenRequest, place: Organisation, document: int) -> Upload:
    found = Upload.objects.filter(pk=document, department=place, purpose="document").first()
    if document > PK or found is None:
        raise ZhunshengError("ZS-WB-32", what=worded("文件 {document}", document=document))
    return found


@api.get(
    "/departments/{department}/documents/{document}/tables",
    response={200: TablesOut, **ERRORS},
    operation_id="document_tables",
    summary="文件里各表的列",
)
def document_tables(request: TokenRequest, department: int, document: int) -> Plain:
    """The tables of a document that was uploaded, what their columns hold and were taken for."""
    place = allowed(request, "targets:read", "targets.view", department)
    upload = _document(request, place, document)
    tables, refusal = columns.tables(upload, place)
    return {
        "tables": [
            {
                "layout": one.digest,
                "place": tell(one.place.label()),
                "read": one.read,
                "sure": one.sure,
                "confirmed_by": one.layout.confirmed_by if one.layout else "",
                "columns": [
                    {"head": c.head, "holds": c.holds, "samples": c.samples, "field": c.field, "how": c.how}
                    for c in one.columns
                ],
            }
            for one in tables
        ],
        "versions": [version.pk for version in columns.of_upload(upload)],
        "refusal": {"code": refusal.code, "message": tell(refusal)} if refusal else None,
        "fields": {name: tell(title) for name, title in columns.fields().items()},
    }


@api.post(
    "/departments/{department}/documents/{document}/tables",
    response={200: ColumnsOut, **ERRORS},
    operation_id="confirm_columns",
    summary="确认一种表的各列",
)
def confirm_columns(
    request: TokenRequest, department: int, document: int, year: Year, said: ColumnsIn, key: Key = None
) -> tuple[int, object]:
    """Confirm once what the columns of a layout are, by names of fields or what they are called; the document
    is read anew by it, and so is every later one of the same layout.
    """
    place = allowed(request, "targets:confirm", "targets.start", department)
    upload = _document(request, place, document)
    named = columns.named(said.fields)

    def run() -> tuple[int, Any]:
        with acting(request.auth.user.get_username(), address(request)):
            came = columns.confirm(upload, place, year, request.auth.user, said.layout, named, said.agreed)
        changed = [
            {"version": one.version.pk, "field": tell(c.label), "old": c.old or "", "new": c.new or ""}
            for one in came.asked
            for c in one.changes
        ]
        made = [version.pk for version in (*came.made, *came.renewed)]
        return 200, {"versions": made, "changes": changed, "agreed": came.agreed, "parted": came.parted}

    return cast(tuple[int, object], once(request.auth, key, request, run))


@api.get(
    "/departments/{department}/layouts",
    response={200: LayoutsOut, **ERRORS},
    operation_id="layouts",
    summary="已确认的版式",
)
def list_layouts(request: TokenRequest, department: int) -> Plain:
    """The layouts by which a department's documents are read: its own, and those of the bodies above it."""
    place = allowed(request, "targets:read", "targets.view", department)
    return layouts.as_data(place)


@api.post(
    "/departments/{department}/layouts",
    response={201: LayoutsKept, **ERRORS},
    operation_id="bring_layouts",
    summary="收进版式文件",
)
def bring_layouts(
    request: TokenRequest, department: int, file: File[UploadedFile], key: Key = None
) -> tuple[int, object]:
    """Keep the confirmed layouts of a file (yaml or json) for a department; who confirmed each stays as the
    file says.
    """
    place = allowed(request, "targets:confirm", "targets.layouts", department)

    def run() -> tuple[int, Any]:
        with acting(request.auth.user.get_username(), address(request)):
            content = file.read(layouts.MOST + 1)
            return 201, {"kept": layouts.brought(place, request.auth.user, content, file.name or "")}

    return cast(tuple[int, object], once(request.auth, key, request, run))
