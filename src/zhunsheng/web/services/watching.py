"""How the service is: what is observed of its parts, in one place for the administrators' page, ``/health``
and ``/metrics``.

Times are the database's. What was never observed is said to be so: it is neither well nor wrong.
"""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from axes.models import AccessAttempt
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Max, Min, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from zhunsheng.web.databases.clock import now as database_now
from zhunsheng.web.models import AuditEntry, AuditHead, Job, LogEntry, Upkeep, WorkerSign

State = Literal["ok", "wrong", "unseen"]
ALIVE = timedelta(seconds=60)  # without a sign for so long a worker is not running; it gives one every ten
FALLS, FALLEN_WITHIN = (
    3,
    timedelta(minutes=10),
)  # so many workers that died within the time: one that keeps dying
STUCK = timedelta(minutes=10)  # work that waits while nothing moves on
HOUR = timedelta(hours=1)
LONGEST = HOUR  # work that waits, whatever moves on
RECENT = timedelta(days=1)  # in which failed work is told of
BACKUP_WITHIN, AUDIT_WITHIN = timedelta(days=2), timedelta(days=31)
SEALED_WITHIN = timedelta(minutes=15)  # it is done every minute
CLOCKS_APART = timedelta(seconds=30)
FREE, FREE_PART = 2 * 2**30, 0.05  # bytes and part of the disk that should be free
GUESSED = 50  # failures to sign in within the last hour, the same number from which an address waits
# Errors that are the service's and no fault of a file or of what was asked.
OF_THE_SERVICE = ("[ZS-CL-1", "[ZS-CL-99", "[ZS-EV-41")


@dataclass(frozen=True)
class Facts:
    """What was observed. Moments are None where there was nothing to observe."""

    now: datetime
    apart: timedelta  # how far the machine's clock is from the database's
    pending: tuple[str, ...]  # migrations that are to be done
    unknown: tuple[str, ...]  # migrations that another version did
    seen: datetime | None  # the last sign of any worker
    alive: int  # workers that gave a sign lately
    fallen: int  # workers that died lately
    fallen_since: datetime | None
    jobs: dict[str, int]  # by state
    oldest: datetime | None  # since when the job waits that waits longest
    moved: datetime | None  # the last sign of any work
    failed: int  # jobs that failed lately by the service's fault
    failed_since: datetime | None
    backup: Upkeep | None
    audit: Upkeep | None
    unsealed: datetime | None  # the oldest entry of the audit log that is not in the transparency log
    entries: int  # of the audit log
    sign_ins: int  # failures to sign in within an hour
    free: int  # bytes
    size: int  # bytes
    open_folder: bool  # whether other accounts of the machine can enter the data folder


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: how it is, since when, what to do. ``grave``: the site does not do its
    work.
    """

    key: str
    label: str
    state: State
    words: str
    since: datetime | None = None
    advice: str = ""
    grave: bool = False


def migrations() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the migrations that are to be done, and those of the site that only another version knows."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    known = executor.loader.disk_migrations or {}
    done = executor.loader.applied_migrations or {}
    unknown = (f"{app}.{name}" for app, name in done if app == "web" and (app, name) not in known)
    return tuple(f"{one.app_label}.{one.name}" for one, _back in plan), tuple(sorted(unknown))


def observe() -> Facts:
    """Look at everything now. Raises ``django.db.Error`` where the database does not answer."""
    at = database_now()
    # Where tables are missing or are another version's, nothing else can be asked.
    pending, unknown = migrations()
    if pending or unknown:
        return _unmigrated(at, pending, unknown)
    signs = WorkerSign.objects.all()
    fallen = signs.filter(ended_at=None, seen_at__lt=at - ALIVE, started_at__gt=at - FALLEN_WITHIN - ALIVE)
    died = fallen.aggregate(n=Count("pk"), since=Min("started_at"))
    waiting = Job.objects.filter(state=Job.State.QUEUED).aggregate(oldest=Min("created_at"))
    ended = Job.objects.filter(finished_at__isnull=False).aggregate(last=Max("finished_at"))["last"]
    runs = Job.objects.filter(state=Job.State.RUNNING).aggregate(last=Max("touched_at"))["last"]
    failed = Job.objects.filter(state=Job.State.FAILED, finished_at__gt=at - RECENT)
    ours = [
        when
        for error, when in failed.values_list("error", "finished_at")
        if when is not None and error.startswith(OF_THE_SERVICE)
    ]
    upkeep = {one.kind: one for one in Upkeep.objects.all()}
    sealed = LogEntry.objects.filter(kind="audit").aggregate(last=Max("number"))["last"] or 0
    head = AuditHead.objects.filter(pk=1).first()
    tried = AccessAttempt.objects.filter(attempt_time__gt=timezone.now() - HOUR)
    disk = shutil.disk_usage(settings.DATA)
    return Facts(
        now=at,
        apart=abs(timezone.now() - at),
        pending=(),
        unknown=(),
        seen=signs.aggregate(last=Max("seen_at"))["last"],
        alive=signs.filter(ended_at=None, seen_at__gte=at - ALIVE).count(),
        fallen=died["n"],
        fallen_since=died["since"],
        jobs={
            str(state): n for state, n in Job.objects.order_by().values_list("state").annotate(n=Count("pk"))
        },
        oldest=waiting["oldest"],
        moved=max((one for one in (ended, runs) if one), default=None),
        failed=len(ours),
        failed_since=min(ours, default=None),
        backup=upkeep.get(Upkeep.Kind.BACKUP),
        audit=upkeep.get(Upkeep.Kind.AUDIT),
        unsealed=AuditEntry.objects.filter(number__gt=sealed).aggregate(first=Min("at"))["first"],
        entries=head.number if head else 0,
        sign_ins=tried.aggregate(n=Sum("failures_since_start"))["n"] or 0,
        free=disk.free,
        size=disk.total,
        open_folder=_open(settings.DATA),
    )


def _unmigrated(at: datetime, pending: tuple[str, ...], unknown: tuple[str, ...]) -> Facts:
    disk = shutil.disk_usage(settings.DATA)
    return Facts(
        now=at,
        apart=abs(timezone.now() - at),
        pending=pending,
        unknown=unknown,
        seen=None,
        alive=0,
        fallen=0,
        fallen_since=None,
        jobs={},
        oldest=None,
        moved=None,
        failed=0,
        failed_since=None,
        backup=None,
        audit=None,
        unsealed=None,
        entries=0,
        sign_ins=0,
        free=disk.free,
        size=disk.total,
        open_folder=_open(settings.DATA),
    )


def _open(folder: Path) -> bool:
    return bool(stat.S_IMODE(folder.stat().st_mode) & 0o077)


def checks(facts: Facts) -> list[Check]:
    """Return every check with what it found, in the language of the reader."""
    if facts.pending or facts.unknown:
        return [_version(facts)]
    return [check(facts) for check in CHECKS]


def grave(found: list[Check]) -> list[Check]:
    """Return the checks for which the site counts as not working: a grave thing is wrong or was never
    seen.
    """
    return [one for one in found if one.grave and one.state != "ok"]


def minutes(time: timedelta) -> str:
    """Return how long something takes or took, in words."""
    whole = int(time.total_seconds() // 60)
    if whole < 120:
        return _("%s 分钟") % whole
    return _("%s 小时") % (whole // 60) if whole < 48 * 60 else _("%s 天") % (whole // 1440)


def _version(facts: Facts) -> Check:
    label = _("程序与数据")
    if facts.unknown:
        words = _("数据是由更新的版本写的，这个版本不认识：%s") % "、".join(facts.unknown)
        advice = _("请管服务器的人装回写它的版本，或从那个版本之前的备份恢复。")
        return Check("version", label, "wrong", words, advice=advice, grave=True)
    if facts.pending:
        words = _("数据库还有 %s 项迁移没有做") % len(facts.pending)
        advice = _("请管服务器的人停下网站，备份后升级数据库，再启动（运行说明“升级”）。")
        return Check("version", label, "wrong", words, advice=advice, grave=True)
    return Check("version", label, "ok", _("数据库与这个版本的程序相符"), grave=True)


def _worker(facts: Facts) -> Check:
    label = _("后台进程")
    advice = _("请管服务器的人看日志里它为什么停，再启动它。")
    if facts.fallen >= FALLS:
        words = _("后台进程一再停掉：十分钟里 %s 次") % facts.fallen
        return Check("worker", label, "wrong", words, facts.fallen_since, advice, grave=True)
    if facts.alive:
        return Check("worker", label, "ok", _("在运行，共 %s 个") % facts.alive, grave=True)
    if facts.seen is None:
        return Check("worker", label, "unseen", _("没有见过后台进程运行"), None, advice, grave=True)
    words = _("没有在运行：导入、计算、封存都停着")
    return Check("worker", label, "wrong", words, facts.seen, advice, grave=True)


def _queue(facts: Facts) -> Check:
    label, waiting = _("排队的任务"), facts.jobs.get(Job.State.QUEUED, 0)
    if facts.oldest is None:
        return Check("queue", label, "ok", _("没有任务在排队"), grave=True)
    waited = facts.now - facts.oldest
    still = facts.now - max(facts.oldest, facts.moved or facts.oldest)
    if still <= STUCK and waited <= LONGEST:
        words = _("%(count)s 个在排队，最久的等了 %(time)s") % {"count": waiting, "time": minutes(waited)}
        return Check("queue", label, "ok", words, grave=True)
    words = _("%(count)s 个任务等得太久，最久的等了 %(time)s") % {"count": waiting, "time": minutes(waited)}
    if still > STUCK:
        words += _("，其间没有任务有进展")
    advice = _("后台进程在运行的，再加一个后台进程；有一个任务一直不动的，看它的任务页和日志。")
    return Check("queue", label, "wrong", words, facts.oldest, advice, grave=True)


def _failed(facts: Facts) -> Check:
    label = _("没有办成的任务")
    if not facts.failed:
        return Check("failed", label, "ok", _("最近一天没有因网站自身的错误而没有办成的任务"))
    words = _("最近一天有 %s 个任务因网站自身的错误没有办成") % facts.failed
    advice = _("任务页写着代码和怎样处理；日志里有出错的位置。处理后在任务页再试。")
    return Check("failed", label, "wrong", words, facts.failed_since, advice)


def _backup(facts: Facts) -> Check:
    label, advice = _("备份"), _("请管服务器的人备份到另一台机器，并定时做（运行说明“备份与恢复”）。")
    if facts.backup is None:
        words = _("没有检查过：没有见过用本程序做的备份；用别的办法做的，这里看不到")
        return Check("backup", label, "unseen", words, None, advice)
    age = facts.now - facts.backup.at
    words = _("最近一次备份在 %s之前；能不能恢复，要恢复过才知道") % minutes(age)
    if age > BACKUP_WITHIN:
        return Check("backup", label, "wrong", words, facts.backup.at + BACKUP_WITHIN, advice)
    return Check("backup", label, "ok", words)


def _audit(facts: Facts) -> Check:
    label, advice = (
        _("审计日志的核验"),
        _("请管服务器的人核验一次，把写出的摘要记在别处，并定时做（运行说明“监测”）。"),
    )
    if facts.audit is None:
        return Check("audit", label, "unseen", _("没有检查过：没有核验过"), None, advice)
    if not facts.audit.good:
        words = _("最近一次核验没有通过")
        advice = _("请管服务器的人再核验一次，看是哪一处，保留现场和备份，告诉审计人员。")
        return Check("audit", label, "wrong", words, facts.audit.at, advice)
    age = facts.now - facts.audit.at
    words = _("最近一次核验通过，在 %s之前；此后的没有检查过") % minutes(age)
    if age > AUDIT_WITHIN:
        return Check("audit", label, "wrong", words, facts.audit.at + AUDIT_WITHIN, advice)
    return Check("audit", label, "ok", words)


def _sealing(facts: Facts) -> Check:
    label = _("透明日志的封存")
    if facts.unsealed is None or facts.now - facts.unsealed <= SEALED_WITHIN:
        return Check("sealing", label, "ok", _("审计日志已按时封存"))
    words = _("有审计日志没有封存")
    advice = _("后台进程没有运行的，启动它；在运行的，看日志里封存为什么没有成功。")
    return Check("sealing", label, "wrong", words, facts.unsealed, advice)


def _disk(facts: Facts) -> Check:
    label = _("磁盘")
    words = _("数据文件夹所在的磁盘还有 %(free)s GB（%(part)s）") % {
        "free": f"{facts.free / 2**30:.1f}",
        "part": f"{facts.free / facts.size:.0%}",
    }
    if facts.free >= FREE and facts.free >= FREE_PART * facts.size:
        return Check("disk", label, "ok", words)
    return Check("disk", label, "wrong", words, None, _("请腾出空间；满了以后导入和备份都办不成。"))


def _sign_ins(facts: Facts) -> Check:
    label = _("登录")
    words = _("最近一小时记着 %s 次登录失败") % facts.sign_ins
    if facts.sign_ins < GUESSED:
        return Check("sign-ins", label, "ok", words)
    advice = _("可能有人在猜密码：审计日志里有每一次的用户名和地址，必要时在代理上拦住这个地址。")
    return Check("sign-ins", label, "wrong", words, None, advice)


def _clock(facts: Facts) -> Check:
    label, seconds = _("时钟"), int(facts.apart.total_seconds())
    if facts.apart <= CLOCKS_APART:
        return Check("clock", label, "ok", _("这台机器与数据库的时钟相差不到 %s 秒") % (seconds + 1))
    words = _("这台机器与数据库的时钟相差 %s 秒") % seconds
    return Check("clock", label, "wrong", words, None, _("请让两台机器都按同一个时间服务器对时（NTP）。"))


def _folder(facts: Facts) -> Check:
    label = _("数据文件夹的权限")
    if not facts.open_folder:
        return Check("folder", label, "ok", _("只有运行网站的账户能进"))
    words = _("服务器上的其他账户也能进数据文件夹")
    return Check("folder", label, "wrong", words, None, _("请管服务器的人改成只有运行网站的账户能进。"))


CHECKS: tuple[Callable[[Facts], Check], ...] = (
    _version,
    _worker,
    _queue,
    _failed,
    _backup,
    _audit,
    _sealing,
    _disk,
    _sign_ins,
    _clock,
    _folder,
)
