"""Figures of the site in the text form that Prometheus reads: requests and sign-ins of all web processes, and
what the database knows of jobs, workers and upkeep.

Each web process counts in a file of its own under ``PROMETHEUS_MULTIPROC_DIR`` (``web/serving.py`` makes it),
from which any of them tells the sum. What is not known has no line: it is not zero.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from django.contrib.auth.signals import user_login_failed
from django.db import Error as DatabaseError
from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    Counter,
    Histogram,
    Metric,
    disable_created_metrics,
)
from prometheus_client import generate_latest as written
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from zhunsheng.web.models import Job
from zhunsheng.web.services import watching

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
BOUNDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)  # seconds
disable_created_metrics()  # type: ignore[no-untyped-call]  # the library left it without types
_OWN = CollectorRegistry()
_REQUESTS = Counter("zhunsheng_requests", "Answers by route and status.", ["route", "status"], registry=_OWN)
_SECONDS = Histogram(
    "zhunsheng_request_seconds", "Time of answers by route.", ["route"], registry=_OWN, buckets=BOUNDS
)
_SIGN_INS = Counter(
    "zhunsheng_sign_in_failures",
    "Tries to sign in that failed; looked at, or refused since they came before their wait was over.",
    ["looked_at"],
    registry=_OWN,
)


def answered(route: str, status: int, seconds: float) -> None:
    """Count an answer."""
    _REQUESTS.labels(route, status).inc()
    _SECONDS.labels(route).observe(seconds)


def register() -> None:
    """Count every try to sign in that failed."""

    def failed(sender: object, request: object = None, **_: object) -> None:
        _SIGN_INS.labels("no" if getattr(request, "axes_locked_out", False) else "yes").inc()

    user_login_failed.connect(failed, weak=False, dispatch_uid="metrics-failed")


class _Site(Collector):
    """What the database knows now."""

    def collect(self) -> Iterable[Metric]:
        """Give the figures; of a database that does not answer only that it doesn't."""
        try:
            facts = watching.observe()
        except DatabaseError:
            yield GaugeMetricFamily("zhunsheng_database_up", "Whether the database answers.", 0)
            return
        yield GaugeMetricFamily("zhunsheng_database_up", "Whether the database answers.", 1)
        failing = GaugeMetricFamily(
            "zhunsheng_check_failing",
            "Checks of the page of alerts: 1 wrong, 0 well; without a line: not observed.",
            labels=["check"],
        )
        for one in watching.checks(facts):
            if one.state != "unseen":
                failing.add_metric([one.key], one.state == "wrong")
        yield failing
        if facts.pending or facts.unknown:
            return
        jobs = GaugeMetricFamily("zhunsheng_jobs", "Jobs by state.", labels=["state"])
        for state in Job.State.values:
            jobs.add_metric([state], facts.jobs.get(state, 0))
        yield jobs
        yield GaugeMetricFamily("zhunsheng_workers", "Background workers that are alive.", facts.alive)
        yield GaugeMetricFamily("zhunsheng_audit_entries", "Entries of the audit log.", facts.entries)
        yield GaugeMetricFamily(
            "zhunsheng_jobs_failed_recently", "Jobs failed by the service's fault in a day.", facts.failed
        )
        # A queue in which nothing waits is no queue that has waited for nothing: zero seconds is what is
        # known.
        waited = (facts.now - facts.oldest).total_seconds() if facts.oldest else 0
        yield GaugeMetricFamily(
            "zhunsheng_jobs_oldest_waiting_seconds", "How long the oldest job in line has waited.", waited
        )
        ages = {
            "zhunsheng_worker_seen_seconds": ("Time since a worker's last sign of life.", facts.seen),
            "zhunsheng_backup_age_seconds": (
                "Time since the last good backup.",
                facts.backup.at if facts.backup else None,
            ),
            "zhunsheng_audit_check_age_seconds": (
                "Time since the audit log was last checked and found whole.",
                facts.audit.at if facts.audit and facts.audit.good else None,
            ),
        }
        for name, (told, since) in ages.items():
            if since is not None:
                yield GaugeMetricFamily(name, told, (facts.now - since).total_seconds())


def text() -> bytes:
    """Return all figures: of every web process where they count together, of this one otherwise."""
    counted = _OWN
    if os.environ.get(FOLDER):
        counted = CollectorRegistry()
        MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
    known = CollectorRegistry()
    known.register(_Site())
    return written(counted) + written(known)
