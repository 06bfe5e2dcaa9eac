"""The screen for the hall: what a draw has come to from promise to result, each thing with the time the site
has of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction
from typing import Any

import segno
from django.db.models import Count
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from zhunsheng.clock import beside, local, time_of, told
from zhunsheng.draws.beacons import randomness_of
from zhunsheng.draws.bundle import read_part
from zhunsheng.draws.plan import Ceremony, Drand, Lottery, Plan, Source
from zhunsheng.draws.results import publish_by
from zhunsheng.draws.slips import ceremony_of, record_digest
from zhunsheng.draws.spec import STRATUM_JOIN, grouped
from zhunsheng.draws.strata import column_words, stratum_words, value_words
from zhunsheng.draws.verdicts import Verdict, of_source, verdict
from zhunsheng.usecases.drawing.draw_folder import slips_of
from zhunsheng.web.models import Commitment, Draw, Publication, Step
from zhunsheng.web.services.commitments import entry_of
from zhunsheng.web.services.draws.committing import allotted
from zhunsheng.wording import percent, thousands

ROWS, COLUMNS = 10, 6  # of the table that a hall can read; what is beyond is summed
DONE, NOW, WAITING, UNSEEN, LATE = "done", "now", "waiting", "unseen", "late"


@dataclass(frozen=True)
class Stop:
    """One stop of the way: its name, how it stands (``done``, ``now``, ``waiting``, ``unseen``, ``late``),
    and its time in words.
    """

    name: str
    stands: str
    when: str = ""


@dataclass(frozen=True)
class Number:
    """A source: what it is, its strength, what it published (lines; none while unknown) and what is known
    about that.
    """

    name: str
    what: str
    verdict: Verdict
    lines: tuple[str, ...]
    digits: bool
    note: str
    known: bool


@dataclass(frozen=True)
class DrawnOf:
    """How many are to be drawn, or were, of how many."""

    drawn: int
    of: int


@dataclass(frozen=True)
class Table:
    """Strata as people read them: ``columns`` with their rate, rows with a cell a column (None:
    no such stratum) and a sum.
    """

    head: str
    columns: list[tuple[str, str]]
    rows: list[tuple[str, list[DrawnOf | None], DrawnOf]]
    sums: list[DrawnOf]
    total: DrawnOf


@dataclass(frozen=True)
class Middle:
    """What stands large in the middle; ``until`` is a moment that is counted down to."""

    name: str
    large: str
    unit: str = ""
    lines: tuple[str, ...] = ()
    until: datetime | None = None
    small: bool = False


@dataclass(frozen=True)
class Screen:
    """All that the screen shows of a draw at the moment ``at``."""

    draw: Draw
    at: datetime
    stops: list[Stop]
    digest: list[str]
    entry: Commitment | None
    late: bool
    ahead: str
    unchanged: bool
    people: int  # on the register that was promised
    middle: Middle
    numbers: list[Number]
    verdict: Verdict
    whole: bool
    table: Table | None
    as_promised: bool
    drawn: bool
    seconds: int = 5
    reason: str = ""  # of a draw that was given up


def screen(draw: Draw, *, inside: bool) -> Screen:
    """Return what the screen of a draw shows now; not ``inside``: nothing but what is public.

    What was entered and drawn is public once the notice is; before that the public screen tells that it
    happened.
    """
    now, plan = timezone.now(), Plan.model_validate(draw.plan)
    entries = list(draw.published.order_by("number"))
    entry = next((e for e in entries if e.kind != Commitment.Kind.VOID), None)
    public = Publication.objects.filter(kind="draw", state="published", object_id=draw.pk).first()
    open_ = inside or (public is not None and public.data.get("state") == "drawn")
    steps = draw.steps()
    sealed = draw.folder() / "seed.json"
    values = (
        read_part(sealed)["values"]
        if open_ and draw.state in ("sealed", "drawn") and sealed.is_file()
        else None
    )
    slips = slips_of(draw.folder()) if draw.digest else None
    strata = allotted(draw) if draw.state != "void" else []
    counts = (
        dict(draw.tasks.order_by().values_list("stratum").annotate(Count("pk")))
        if open_ and draw.state == "drawn"
        else {}
    )
    void = next((e for e in entries if e.kind == Commitment.Kind.VOID), None)
    return Screen(
        draw=draw,
        at=now,
        stops=_stops(draw, plan, steps, entry, now, inside=inside),
        digest=grouped(draw.digest, 8),
        entry=entry,
        late=entry is not None and entry.kind == Commitment.Kind.LATE,
        ahead=_span((plan.known_from - entry.at).total_seconds())
        if entry and entry.at < plan.known_from
        else "",
        unchanged=any(
            s.action == "draws.draw" for s in steps
        ),  # the draw refuses a frame that is not the promised one
        people=_people(draw),
        middle=_middle(draw, plan, steps, strata, slips, now, counted=open_),
        numbers=_numbers(
            draw, plan, values, slips, now, elsewhere=any(s.action == "draws.adopt" for s in steps)
        ),
        verdict=verdict(plan, values or ([slips] if slips else None)),
        whole=values is not None,
        table=table_of(plan, strata) if strata else None,
        as_promised=bool(counts) and counts == {s["stratum"]: s["quota"] for s in strata if s["quota"]},
        drawn=draw.state == "drawn",
        seconds=30 if draw.state in ("drawn", "void") else 5,
        reason=entry_of(void).reason if void else "",
    )


def code_of(address: str, error: str = "m") -> SafeString:
    """Draw a QR code of an address, as large as its place; ``error``: how much of it may be hidden (``l``,
    ``m``).
    """
    drawn = segno.make(address, error=error).svg_inline(
        omitsize=True, border=0, dark="#10263d", svgclass="code", lineclass=None
    )
    return mark_safe(drawn)


# -- the way
# ----------------------------------------------------------------------------------------------------------


def _stops(
    draw: Draw, plan: Plan, steps: Sequence[Step], entry: Commitment | None, now: datetime, *, inside: bool
) -> list[Stop]:
    def last(action: str, after: str = "") -> datetime | None:
        return next((s.at for s in reversed(steps) if s.action == action and after in ("", s.after)), None)

    elsewhere = last("draws.adopt") is not None
    made, first, second, drawn = (
        last("draws.plan"),
        last("draws.enter", "entered"),
        last("draws.enter", "sealed"),
        last("draws.draw"),
    )
    known = now >= plan.known_at
    entered, published = draw.state in ("sealed", "drawn"), _published(draw)
    due = publish_by(draw.ends_on) if draw.ends_on else None
    stops = [Stop(_("方案定稿"), DONE, when(made, now))] if inside and made else []
    if entry is None:
        stops.append(Stop(_("承诺公布"), NOW if draw.state == "planned" else WAITING))
    else:
        late = entry.kind == Commitment.Kind.LATE
        stops.append(
            Stop(_("事后补记") if late else _("承诺公布"), LATE if late else DONE, when(entry.at, now))
        )
    if draw.state == "void":
        given_up = next((s.at for s in reversed(steps) if s.after == "void"), None)
        return [
            *(stop for stop in stops if stop.stands in (DONE, LATE)),
            Stop(_("作废"), NOW, when(given_up, now)),
        ]
    going = draw.state in ("committed", "entered", "sealed")
    stops.append(
        Stop(_("数字公布时间"), DONE if known else NOW if going else WAITING, when(plan.known_at, now))
    )
    if elsewhere:
        stops += [
            Stop(_("两人录入"), UNSEEN, _("本站没有见到")),
            Stop(_("抽取分派"), UNSEEN, _("本站没有见到")),
        ]
    else:
        at = when(second, now) if entered else f"1/2 {when(first, now)}" if draw.state == "entered" else ""
        stops.append(Stop(_("两人录入"), DONE if entered else NOW if going and known else WAITING, at))
        stops.append(
            Stop(
                _("抽取分派"), DONE if drawn else NOW if draw.state == "sealed" else WAITING, when(drawn, now)
            )
        )
    if published:
        stops.append(Stop(_("结果公示"), DONE, when(published, now)))
    else:
        stops.append(Stop(_("结果公示"), WAITING, _("%s 前") % day(due, now) if due else ""))
    return stops


def _people(draw: Draw) -> int:
    """Return how many inspectors the commitment counts."""
    path = draw.folder() / "commitment.json"
    return int(read_part(path)["inspectors"]["count"]) if draw.digest and path.is_file() else 0


def _published(draw: Draw) -> datetime | None:
    """Return when the results became public."""
    found = Publication.objects.filter(kind="results", state="published", object_id=draw.pk).first()
    return found.published_at if found else None


def when(moment: datetime | None, now: datetime) -> str:
    """Return a moment as the hall reads it: to the second, without what it shares with today."""
    if moment is None:
        return ""
    at, today = local(moment), local(now)
    if at.date() == today.date():
        return _("今天 %s") % time_of(at)
    return beside(at, now)


def day(on: date, now: datetime) -> str:
    """Return a day, without the year where it is this one."""
    return beside(on, now)


def _span(seconds: float) -> str:
    """Return a time that passed in its two largest units."""
    minutes = int(seconds) // 60
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return _("%(days)s 天 %(hours)s 小时") % {"days": days, "hours": hours}
    if hours:
        return _("%(hours)s 小时 %(minutes)s 分") % {"hours": hours, "minutes": minutes}
    return _("%(minutes)s 分 %(seconds)s 秒") % {"minutes": minutes, "seconds": int(seconds) % 60}


# -- the middle
# -------------------------------------------------------------------------------------------------------


def _middle(
    draw: Draw,
    plan: Plan,
    steps: Sequence[Step],
    strata: Sequence[Mapping[str, Any]],
    slips: Mapping[str, Any] | None,
    now: datetime,
    *,
    counted: bool,
) -> Middle:
    """Return what stands in the middle; ``counted``: teams may be told."""
    total = sum(s["quota"] for s in strata)
    if draw.state == "planned":
        return Middle(
            _("承诺还没有公布"),
            _("未公布"),
            lines=(_("公布之后，方案、名录库和人员名录都不能再改"),),
            small=True,
        )
    if draw.state == "void":
        return Middle(_("这次抽查"), _("已作废"), small=True)
    if draw.state == "drawn":
        lines = [_("从 %s 户中抽取") % thousands(draw.frame_count)]
        if counted:
            teams = {tuple(team) for team in draw.tasks.values_list("team", flat=True)}
            people = {one for team in teams for one in team}
            said = {"people": len(people), "teams": len(teams), "each": plan.staffing.per_object}
            lines.append(_("%(people)s 名检查人员，%(each)s 人一组，共 %(teams)s 组") % said)
        return Middle(_("抽出"), thousands(total), _("户"), tuple(lines))
    if draw.state == "sealed":
        return Middle(_("种子已定"), _("待抽取"), lines=(_("结果由方案、名录库和种子唯一决定"),), small=True)
    if draw.state == "entered":
        at = next((s.at for s in reversed(steps) if s.action == "draws.enter" and s.after == "entered"), None)
        return Middle(
            _("两人分别录入"),
            "1/2",
            lines=(_("第一人 %s 录入") % when(at, now), _("待第二人独立录入，一致才成立")),
            small=True,
        )
    lines = [_slips_line(plan, slips, now)] if ceremony_of(plan) else []
    following = _following(plan, now)
    if following is None:
        lines.append(_("两个人分别录入，一致才成立"))
        return Middle(_("数字已到公布时间"), _("待录入"), lines=tuple(lines), small=True)
    moment, what = following
    return Middle(
        _("离随机数公布还有"), clock(moment, now), lines=(f"{told(moment)}{what}", *lines), until=moment
    )


def _following(plan: Plan, now: datetime) -> tuple[datetime, str] | None:
    """Return the next moment at which some of the randomness is out and what it is, None when all is."""
    moments = [
        (s.published, _("，drand 第 %s 轮") % thousands(s.round))
        for s in plan.randomness
        if isinstance(s, Drand)
    ]
    moments.append((plan.known_at, ""))
    return min((one for one in moments if one[0] > now), default=None)


def _slips_line(plan: Plan, slips: Mapping[str, Any] | None, now: datetime) -> str:
    found = ceremony_of(plan)
    expected = len(found[1].speakers) if found else 0
    if slips is None:
        return _("封条 0/%(expected)s，须在开封之前登记") % {"expected": expected}
    said = {
        "have": len(slips["slips"]),
        "expected": expected,
        "at": when(datetime.fromisoformat(slips["sealed_at"]), now),
    }
    return _("封条 %(have)s/%(expected)s，%(at)s 登记") % said


def clock(moment: datetime, now: datetime) -> str:
    """Return how long it is until a moment: minutes and seconds, hours where there are some,
    days where there are many.
    """
    left = max(0, int((moment - now).total_seconds()))
    hours, minutes, seconds = left // 3600, left // 60 % 60, left % 60
    if hours >= 100:
        return _("%s 天") % (hours // 24)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes:02d}:{seconds:02d}"


# -- the numbers
# ------------------------------------------------------------------------------------------------------


def _numbers(
    draw: Draw,
    plan: Plan,
    values: Sequence[Mapping[str, object]] | None,
    slips: Mapping[str, object] | None,
    now: datetime,
    *,
    elsewhere: bool = False,
) -> list[Number]:
    entered = draw.state in ("sealed", "drawn")
    found = [
        _number(plan, source, values[n] if values else None, slips, now, entered=entered, elsewhere=elsewhere)
        for n, source in enumerate(plan.randomness)
    ]
    # Of a draw that was given up nothing is to come.
    return found if draw.state != "void" else [replace(one, note="") for one in found]


def _groups(digest: str) -> tuple[str, ...]:
    """Return a digest of 64 signs in two lines of four groups."""
    return tuple(" ".join(grouped(line, 8)) for line in grouped(digest, 32))


def _number(
    plan: Plan,
    source: Source,
    value: Mapping[str, Any] | None,
    slips: Mapping[str, Any] | None,
    now: datetime,
    *,
    entered: bool,
    elsewhere: bool,
) -> Number:
    """Return what is told of a source; of a draw made ``elsewhere`` who entered what, and when,
    is the bundle's word.
    """
    said = of_source(source)
    agreed = _("两人分别录入，一致") if entered else _("到时由两人分别录入")
    if elsewhere:
        agreed = _("据抽查包所记，本站没有见到录入")
    if isinstance(source, Drand):
        lines: tuple[str, ...] = ()
        if value is not None:
            found = randomness_of(source.chain, source.round, value)
            lines = _groups(found)
        what = _("%(chain)s 第 %(round)s 轮") % {"chain": source.chain, "round": thousands(source.round)}
        note = _("签名已验") if entered else _("公布时带签名，录入时验")
        return Number(
            _("随机信标 drand"),
            f"{what}　{when(source.published, now)}",
            said,
            lines,
            True,
            note,
            value is not None,
        )
    if isinstance(source, Lottery):
        lines = (str(value["numbers"]),) if value is not None else ()
        return Number(
            source.name, _("第 %s 期") % source.issue, said, lines, False, agreed, value is not None
        )
    if isinstance(source, Ceremony):
        lines = ()
        if value is not None:
            lines = (
                "　".join(f"{who} {one}" for who, one in zip(source.speakers, value["numbers"], strict=True)),
            )
        elif source.sealed and slips is not None:
            # What everyone in the hall notes down before the first slip is opened.
            sealed = record_digest(slips)
            lines = _groups(sealed)
        what = "、".join(source.speakers) if value is None else ""
        if not source.sealed:
            return Number(_("现场报数"), what, said, lines, False, _("没有先封存"), value is not None)
        note = _slips_line(plan, slips, now)
        if elsewhere:
            note = _("据抽查包所记：") + note
        if slips is not None:
            note += _("，与开封的数逐一相符") if entered else _("，上面是封存摘要")
        return Number(_("现场报数"), what, said, lines, value is None, note, value is not None)
    lines = (str(value["numbers"]),) if value is not None else ()
    return Number(_("机关自定"), "", said, lines, False, agreed, value is not None)


# -- the table
# --------------------------------------------------------------------------------------------------------


def table_of(plan: Plan, strata: Sequence[Mapping[str, Any]]) -> Table:
    """Return an allotment as a table: of two parts with rows and columns, of one or many with a row a
    stratum.

    ``strata`` are as ``Plan.allotted`` gives them. Rows beyond ``ROWS`` are summed in the last.
    """
    cells = {tuple(s["stratum"].split(STRATUM_JOIN)): DrawnOf(s["quota"], s["size"]) for s in strata}
    crossed = len(plan.strata) == 2 and 1 < len({key[1] for key in cells}) <= COLUMNS
    if crossed:
        down, across = plan.strata
        names = sorted({key[1] for key in cells}, key=str.encode)
        columns = [(value_words(across, name), _rate(plan, {across: name}, strata)) for name in names]
        found = {
            row: [cells.get((row, name)) for name in names] for row in dict.fromkeys(key[0] for key in cells)
        }
        rows = [(value_words(down, row), line, _sum(line)) for row, line in found.items()]
        head = column_words(down)
    else:
        columns, head = [], "、".join(map(column_words, plan.strata))
        rows = [(stratum_words(plan.strata, STRATUM_JOIN.join(key)), [], cell) for key, cell in cells.items()]
    if len(rows) > ROWS:
        # The largest are named: most people of a hall look for themselves there.
        rows.sort(key=lambda row: -row[2].of)
        kept, rest = rows[: ROWS - 1], rows[ROWS - 1 :]
        line: list[DrawnOf | None] = [_sum([row[1][n] for row in rest]) for n in range(len(columns))]
        rows = [*kept, (_("其余 %s 行") % len(rest), line, _sum([row[2] for row in rest]))]
    sums = [_sum([row[1][n] for row in rows]) for n in range(len(columns))]
    return Table(head, columns, rows, sums, _sum([row[2] for row in rows]))


def _sum(cells: Sequence[DrawnOf | None]) -> DrawnOf:
    there = [cell for cell in cells if cell is not None]
    return DrawnOf(sum(cell.drawn for cell in there), sum(cell.of for cell in there))


def _rate(plan: Plan, value: Mapping[str, str], strata: Sequence[Mapping[str, Any]]) -> str:
    """Return the share that is drawn of a column, where one rule is for all of it."""
    ((name, wanted),) = value.items()
    rule, *others = (plan.quota(s["stratum"]) for s in strata if plan.parts(s["stratum"])[name] == wanted)
    if rule is None or rule.ratio is None or any(other != rule for other in others):
        return ""
    return percent(Fraction(rule.ratio), 4)
