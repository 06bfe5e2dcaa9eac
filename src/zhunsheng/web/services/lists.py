"""Lists that a site is set up with, taken from Excel: organisations, people, items inspected, inspectors.

A file is read and checked as a ledger's is (``lists/*.yaml`` says what its columns are). What its rows would
do is found out by doing it in a transaction that is taken back: the preview knows no rule of its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from importlib.resources import files
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _
from rapidfuzz import fuzz, process

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import WEB, Ledger, RowError, check_file, write_template
from zhunsheng.files.scratch import scratch_folder
from zhunsheng.regulations import read_packaged
from zhunsheng.web.audit import record
from zhunsheng.web.models import InspectionItem, Inspector, Organisation, Role, Upload, User
from zhunsheng.web.roles import everywhere, governs, within
from zhunsheng.web.services import administration, office
from zhunsheng.web.services.draws import inspectors
from zhunsheng.web.services.uploads import take

SITE, REGISTERS = ("organisations", "people"), ("items", "inspectors")
LARGEST = 5 * 2**20  # bytes of a file
ALIKE = 60  # of 100: from where a name is proposed for one that nobody bears
NEW, CHANGED, ASKED, EQUAL, REFUSED = "new", "changed", "asked", "equal", "refused"
Kind = Organisation.Kind
KINDS = {
    "市": Kind.CITY,
    "区县": Kind.DISTRICT,
    "部门": Kind.DEPARTMENT,
    "单位": Kind.DEPARTMENT,  # below another department
    "科室": Kind.SECTION,
}
LISTED = ("districts", "items", "recuse")  # columns of an inspector that hold several
Row = Mapping[str, Any]


@lru_cache
def lists() -> dict[str, Ledger]:
    """Return what each list's file consists of, by the list's name. Raises ``ZS-RG-01``."""
    folder = files("zhunsheng.web") / "lists"
    return {name: read_packaged(folder / f"{name}.yaml", Ledger) for name in (*SITE, *REGISTERS)}


def template(name: str) -> tuple[bytes, str]:
    """Return a list's Excel file to fill in, with its name."""
    with scratch_folder() as scratch:
        path = scratch / f"{lists()[name].title}.xlsx"
        write_template(lists()[name], path)
        return path.read_bytes(), path.name


def keep(name: str, file: UploadedFile[bytes] | None, place: Organisation | None, user: User) -> Upload:
    """Keep a list's file as it came; nothing is done by it yet. Raises as ``uploads.take``."""
    return take(file, f"list:{name}", place, user, limit=LARGEST)


def kept(upload: int, place: Organisation | None, user: User) -> tuple[Upload, str] | None:
    """Return a file that a person sent for a place, with the list it is of; None for any other."""
    found = Upload.objects.filter(pk=upload, department=place, by=user, purpose__startswith="list:").first()
    return (found, found.purpose.removeprefix("list:")) if found else None


@dataclass(frozen=True)
class Line:
    """What a row of the file does: ``key`` names it, ``words`` say what happens; a refused one stands at a
    ``column``.
    """

    key: str
    row: int
    sheet: str | None
    state: str
    title: str
    words: str = ""
    column: str = ""


@dataclass
class Outcome:
    """What a file does or did, row by row in its order; ``passwords`` were handed out (name, password)."""

    lines: list[Line]
    notes: tuple[str, ...] = ()
    passwords: list[tuple[str, str]] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """How many rows there are of each state."""
        return {s: sum(x.state == s for x in self.lines) for s in (NEW, CHANGED, ASKED, EQUAL, REFUSED)}

    @property
    def acts(self) -> int:
        """How many rows can do something."""
        return len(self.lines) - self.counts[EQUAL] - self.counts[REFUSED]

    @property
    def digest(self) -> str:
        """A digest of all that it says, by which a yes names what was seen."""
        told = json.dumps([[x.key, x.state, x.words] for x in self.lines], ensure_ascii=False)
        return hashlib.sha256(told.encode()).hexdigest()


class _Refused(Exception):
    """A row that can't be done: the column of the cell that is to be mended, and why."""

    def __init__(self, column: str, why: str) -> None:
        super().__init__(why)
        self.column, self.why = column, why


@dataclass
class _Run:
    """What the rows of one file share. ``agreed`` are keys of rows whose question is answered yes; None: all
    are tried, of which nothing stays.
    """

    by: User
    place: Organisation | None
    columns: frozenset[str]
    agreed: frozenset[str] | None
    passwords: list[tuple[str, str]] = field(default_factory=list)
    added: dict[str, str] = field(default_factory=dict)  # people of this file: user name -> name
    codes: dict[str, Organisation] = field(default_factory=dict)
    names: dict[str, list[Organisation]] = field(default_factory=dict)

    def know(self, one: Organisation) -> None:
        """Take an organisation for one that rows may name."""
        if one.official_code:
            self.codes[one.official_code] = one
        self.names.setdefault(one.name, []).append(one)

    def find(self, text: str, column: str) -> Organisation:
        """Return the organisation of a code, or else of a name that exactly one bears. A likeness is told,
        and never taken.
        """
        code = office.plain_code(text)
        found = [self.codes[code]] if code in self.codes else self.names.get(text.strip(), [])
        if len(found) == 1:
            return found[0]
        if found:
            told = "、".join(f"{office.told(o)} {o.official_code}".strip() for o in found[:5])
            raise _Refused(
                column, _("叫“%(text)s”的不止一个，请写代码：%(told)s") % {"text": text, "told": told}
            )
        near = process.extract(text, self.names.keys(), scorer=fuzz.ratio, limit=3, score_cutoff=ALIKE)
        alike = "、".join(
            f"{one.name} {one.official_code}".strip() for name, *_score in near for one in self.names[name]
        )
        why = _("没有代码或名称是“%s”的单位，请改正，或先在名单里写上它") % text
        raise _Refused(column, why + (_("；相近的：%s") % alike if alike else ""))


def look(upload: Upload, name: str, user: User, place: Organisation | None = None) -> Outcome:
    """Return what a kept file would do; nothing of it is done. Raises ``ZS-IN-*``, ``ZS-EV-*`` for a file
    that is no such list.
    """
    with transaction.atomic():
        found = _run(upload, name, user, place, None)
        transaction.set_rollback(True)
    return found


def act(
    upload: Upload,
    name: str,
    user: User,
    place: Organisation | None = None,
    *,
    seen: str,
    agreed: frozenset[str] = frozenset(),
) -> Outcome:
    """Do what a kept file says, all or nothing: rows with faults are left out, rows that ask only where
    ``agreed`` names them. Raises ``ZS-WB-87`` where it would do something else than was ``seen``.
    """
    with transaction.atomic():
        found = _run(upload, name, user, place, agreed)
        if found.digest != seen:
            raise ZhunshengError("ZS-WB-87", name=upload.name)
        counted = {state: n for state, n in found.counts.items() if n}
        record("list", upload, after={"sha256": upload.sha256, "agreed": sorted(agreed)} | counted)
    return found


def _run(
    upload: Upload, name: str, user: User, place: Organisation | None, agreed: frozenset[str] | None
) -> Outcome:
    ledger = lists()[name]
    with upload.opened() as path, check_file(path, ledger, "list", WEB) as checked:
        columns = [c.name for c in ledger.columns]
        listed = ", ".join(f'"{c}"' for c in columns)
        rows = checked.connection.execute(f"SELECT _sheet, _row, {listed} FROM good ORDER BY _id").fetchall()
        errors, notes, stated = checked.errors, checked.notes, frozenset(checked.columns)
    run = _Run(user, place, stated, agreed)
    if name in SITE:
        mine = Organisation.objects.filter(within(user, "admin.manage"), active=True)
        for one in mine.select_related("parent__parent__parent"):
            run.know(one)
    lines = [_fault(error) for error in errors]
    parsed = [(sheet, row, dict(zip(columns, values, strict=True))) for sheet, row, *values in rows]
    if name == "organisations":
        parsed.sort(key=lambda one: _turn(one[2]))
    for sheet, row, values in parsed:
        key = f"{sheet or ''}!{row}"
        title = _title(name, values)
        try:
            with transaction.atomic():
                state, words = ACTS[name](values, run, key)
            lines.append(Line(key, row, sheet, state, title, "；".join(words)))
        except _Refused as refused:
            column = ledger.column(refused.column).title
            lines.append(Line(key, row, sheet, REFUSED, title, refused.why, column))
        except PermissionDenied:
            words = [_("不在您管理的范围之内，请上级管理员办理")]
            lines.append(Line(key, row, sheet, REFUSED, title, words[0]))
        except ZhunshengError as error:
            lines.append(Line(key, row, sheet, REFUSED, title, error.web))
    return Outcome(sorted(lines, key=lambda x: (x.sheet or "", x.row)), notes, run.passwords)


def _turn(row: Row) -> tuple[bool, int]:
    """Return when a row has its turn, wherever it stands: whoever is above comes before what is below; what
    ends comes last and the other way round, so that what moves out of it has left.
    """
    ends, depth = bool(row["joined"] or row["ended"]), list(KINDS).index(row["kind"])
    return ends, -depth if ends else depth


def _fault(error: RowError) -> Line:
    key = f"{error.sheet or ''}!{error.row}"
    return Line(key, error.row, error.sheet, REFUSED, error.value, error.message, error.column)


def _title(name: str, values: Row) -> str:
    first, second = {"people": ("username", "display"), "inspectors": ("number", "number")}.get(
        name, ("code", "name")
    )
    return " ".join(dict.fromkeys((str(values[first]), str(values[second]))))


# -- what a row does
# ------------------------------------------------------------------------------------------------------------


def _asked(run: _Run, key: str, words: list[str], acts: list[Callable[[], object]]) -> tuple[str, list[str]]:
    """Do what is asked where it was agreed, or only tried."""
    if run.agreed is None or key in run.agreed:
        for one in acts:
            one()
    return ASKED, words


def _decided_above(run: _Run, parent: Organisation | None) -> None:
    """Refuse what is decided at an organisation, None for above all, beyond a person's reach."""
    if not (governs(run.by, parent) if parent else everywhere(run.by, "admin.manage")):
        raise PermissionDenied("admin.manage")


def _organisation(row: Row, run: _Run, key: str) -> tuple[str, list[str]]:
    code, name, kind = office.plain_code(row["code"]), row["name"].strip(), KINDS[row["kind"]]
    parent = run.find(row["above"], "above") if row["above"] else None
    if parent is None and kind != Kind.CITY:
        raise _Refused("above", _("要写上级；只有市没有上级"))
    below = parent is not None and parent.kind == Kind.DEPARTMENT
    if kind == Kind.DEPARTMENT and below != (row["kind"] == "单位"):
        raise _Refused("kind", _("在部门之下的是“单位”，在市或区县之下的是“部门”"))
    known = run.codes.get(code)
    if known is None:
        if row["joined"] or row["ended"]:
            raise _Refused("code", _("没有这个代码的单位，不能并入别处，也不能撤销"))
        bare = [o for o in run.names.get(name, ()) if o.parent == parent and not o.official_code]
        if bare:
            return _asked(
                run,
                key,
                [_("已有“%s”，没有代码：登记这个代码") % office.told(bare[0])],
                [lambda: run.know(office.number(bare[0], code))],
            )
        _decided_above(run, parent)
        made = office.found(name, kind, parent, official_code=code, on=row["held_on"], note=row["note"] or "")
        run.know(made)
        return NEW, [_("新增")]
    if known.kind != kind:
        raise _Refused(
            "kind", _("已有的“%(name)s”是%(kind)s") % {"name": known.name, "kind": known.kind_word}
        )
    return _reorganised(row, run, key, known, parent)


def _reorganised(
    row: Row, run: _Run, key: str, known: Organisation, parent: Organisation | None
) -> tuple[str, list[str]]:
    """Rename, move, merge or end a known organisation: an act with its date and document, which is asked."""
    name = row["name"].strip()
    said: list[tuple[str, dict[str, object]]] = []
    words: list[str] = []
    if name != known.name:
        said.append(("rename", {"name": name}))
        words.append(_("由“%(was)s”更名为“%(name)s”") % {"was": known.name, "name": name})
    if (parent.pk if parent else None) != known.parent_id:
        said.append(("move", {"parent": parent}))
        was = known.parent.name if known.parent else "—"
        words.append(_("由“%(was)s”划转到“%(to)s”") % {"was": was, "to": parent.name if parent else "—"})
    if row["joined"]:
        into = run.find(row["joined"], "joined")
        said.append(("merge", {"into": into}))
        words.append(_("并入“%s”，它的记录仍在自己的代码下") % office.told(into))
    elif row["ended"]:
        said.append(("close", {}))
        words.append(_("撤销"))
    if not said:
        return EQUAL, []
    if not (row["held_on"] and row["note"]):
        what = "；".join(words)
        column = "note" if row["held_on"] else "held_on"
        raise _Refused(column, _("%s：要写生效日期和依据文号；不是的，请改正代码、名称或上级") % what)
    _decided_above(run, known.parent)
    if any(act == "move" for act, _said in said):
        _decided_above(run, parent)
    common = {"id": known, "on": row["held_on"], "note": row["note"]}
    acts: list[Callable[[], object]] = [
        partial(administration.change_organisation, common | {"what": what} | more, run.by)
        for what, more in said
    ]
    return _asked(run, key, words, acts)


def _person(row: Row, run: _Run, key: str) -> tuple[str, list[str]]:
    place = run.find(row["place"], "place")
    role = dict(zip(lists()["people"].column("role").values, Role, strict=True))[row["role"]]
    username, display = row["username"], row["display"].strip()
    said = {"what": "add", "user": None, "username": username, "display": display}
    said |= {"phone": row["phone"] or "", "role": role, "organisation": place}
    told = _("在%(place)s任%(role)s") % {"place": office.told(place), "role": role.label}
    user = User.objects.filter(username=username).first()
    if user is None:
        password = administration.change_user(said | {"single": run.agreed is None}, run.by)
        run.added[username] = display
        if password:
            run.passwords.append((username, password))
        return NEW, [_("新增用户"), told]
    if run.added.get(username, display) != display:
        raise _Refused(
            "display", _("前面的行里“%(u)s”是%(was)s") % {"u": username, "was": run.added[username]}
        )
    if not user.is_active:
        raise _Refused("username", _("这个账号已停用，请先在“用户与角色”里启用"))
    words = []
    if not user.memberships.filter(organisation=place, role=role, active=True).exists():
        administration.change_user(said | {"what": "role", "user": user}, run.by)
        words.append(told)
    if row["phone"] and row["phone"] != user.phone:
        administration.describe_user(user, run.by, phone=row["phone"])
        words.append(_("更新联系电话"))
    if display != user.display:
        asks = _("姓名由“%(was)s”改为“%(name)s”") % {"was": user.display, "name": display}
        return _asked(
            run, key, [*words, asks], [lambda: administration.describe_user(user, run.by, display=display)]
        )
    return (CHANGED if words else EQUAL), words


def _item(row: Row, run: _Run, key: str) -> tuple[str, list[str]]:
    assert run.place is not None
    known = InspectionItem.objects.filter(department=run.place, code=row["code"]).first()
    basis = (row["basis"] or "") if "basis" in run.columns or known is None else known.basis

    def keep() -> object:
        return inspectors.keep_item(run.place, row["code"], row["name"], basis)  # type: ignore[arg-type]

    if known is None:
        keep()
        return NEW, [_("新增")]
    words = [] if known.active else [_("恢复使用")]
    if known.basis != basis:
        words.append(_("依据改为“%s”") % basis)
    if known.name != row["name"]:
        words.append(_("名称由“%(was)s”改为“%(name)s”") % {"was": known.name, "name": row["name"]})
        return _asked(run, key, words, [keep])
    if words:
        keep()
    return (CHANGED if words else EQUAL), words


def _inspector(row: Row, run: _Run, key: str) -> tuple[str, list[str]]:
    assert run.place is not None
    known = Inspector.objects.filter(department=run.place, number=row["number"]).first()
    lacking = {i for i in _parts(row["items"]) if not _item_known(run, i)}
    if lacking:
        raise _Refused("items", _("抽查事项清单里没有：%s") % "、".join(sorted(lacking)))
    said: dict[str, str] = {"number": row["number"]}
    words = [] if known is None or known.active else [_("恢复使用")]
    for column in lists()["inspectors"].columns[1:]:
        name = column.name
        before = _written(getattr(known, name)) if known else ""
        stated = name in run.columns or known is None
        said[name] = _written(_parts(row[name]) if name in LISTED else row[name]) if stated else before
        if known is not None and said[name] != before and name != "name":
            words.append(_("%(column)s改为“%(now)s”") % {"column": column.title, "now": said[name] or "—"})

    def keep() -> object:
        return inspectors.keep_inspector(run.place, said)  # type: ignore[arg-type]

    if known is None:
        keep()
        return NEW, [_("新增")]
    if said["name"] != (known.name or ""):
        return _asked(run, key, [*words, _("这个编号的姓名改了")], [keep])
    if words:
        keep()
    return (CHANGED if words else EQUAL), words


def _written(value: object) -> str:
    """Return a value of an inspector as a file has it."""
    if isinstance(value, bool):
        return "是" if value else ""
    return "、".join(value) if isinstance(value, list) else str(value or "")


def _parts(text: str | None) -> list[str]:
    return [p for p in (text or "").replace("，", "、").replace(",", "、").split("、") if p.strip()]


def _item_known(run: _Run, code: str) -> bool:
    return InspectionItem.objects.filter(department=run.place, code=code.strip()).exists()


ACTS: dict[str, Callable[[Row, _Run, str], tuple[str, list[str]]]] = {
    "organisations": _organisation,
    "people": _person,
    "items": _item,
    "inspectors": _inspector,
}
