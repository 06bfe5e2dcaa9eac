"""What the site forgets: sessions that ended, work that was done, figures that later ones took the place of.

Nothing that anybody gave, decided or published is among it: the audit log, records, files and evidence stay.
"""

from __future__ import annotations

import shutil
from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from zhunsheng.web.databases.clock import now
from zhunsheng.web.models import Assessment, Checkpoint, SelfEvaluation, WorkerSign
from zhunsheng.web.services import once

WORK = timedelta(days=30)  # for which the line of done work and the signs of ended workers are kept
FIGURES = timedelta(days=90)  # for which figures are kept that later ones took the place of
AT_ONCE = 200
_without_row: set[str] = set()  # folders of figures that were no row's at the last look


def prune() -> dict[str, int]:
    """Forget what is old; return how many of each."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    before = now() - WORK
    done = Q(status__in=[TaskResultStatus.SUCCESSFUL, TaskResultStatus.FAILED], finished_at__lt=before)
    # One whose worker died stays as running: its job went on in another.
    dead = Q(status=TaskResultStatus.RUNNING, started_at__lt=before)
    return {
        "forms": once.prune(),
        "tasks": DBTaskResult.objects.filter(done | dead).delete()[0],
        "workers": WorkerSign.objects.filter(seen_at__lt=before).delete()[0],
        "figures": _prune_figures(),
        "folders": _prune_folders(),
    }


def _prune_figures() -> int:
    """Forget figures that no record rests on and that later ones of the same day and state of the evidence
    replaced long ago; the last of each state stay, whatever is asked of the past.
    """
    same = Assessment.objects.filter(
        department=OuterRef("department"),
        year=OuterRef("year"),
        as_of=OuterRef("as_of"),
        batch=OuterRef("batch"),
    )
    later = same.filter(
        Q(assessed_at__gt=OuterRef("assessed_at"))
        | Q(assessed_at=OuterRef("assessed_at"), pk__gt=OuterRef("pk"))
    )
    held = [Exists(kind.objects.filter(assessment=OuterRef("pk"))) for kind in (Checkpoint, SelfEvaluation)]
    old = Assessment.objects.filter(Exists(later), assessed_at__lt=now() - FIGURES)
    for one in held:
        old = old.exclude(one)
    count = 0
    while some := list(old.order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        # Asked again with the deletion: a record may have come to rest on one meanwhile.
        gone, _of = old.filter(pk__in=some).delete()
        if not gone:
            break
        count += gone
    return count


def _prune_folders() -> int:
    """Take away the official tables of figures that are gone, once two looks found no row for them: a backup
    takes the rows first and the files later.
    """
    place = settings.DATA / "assessments"
    there = {one.name for one in place.iterdir() if one.is_dir()} if place.is_dir() else set()
    orphans = there - set(Assessment.objects.values_list("key", flat=True)) if there else set()
    gone = orphans & _without_row
    for name in gone:
        shutil.rmtree(place / name, ignore_errors=True)
    _without_row.clear()
    _without_row.update(orphans - gone)
    return len(gone)
