"""Counts and times of the site in the text form that Prometheus reads; requests are those of this process."""

from __future__ import annotations

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    Counter,
    Gauge,
    disable_created_metrics,
)
from prometheus_client import generate_latest as written

from zhunsheng.web.models import AuditHead, Job

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
disable_created_metrics()  # type: ignore[no-untyped-call]  # the library left it without types
_ALL = CollectorRegistry()
_REQUESTS = Counter("zhunsheng_requests", "Answers by route and status.", ["route", "status"], registry=_ALL)
_SECONDS = Counter("zhunsheng_request_seconds", "Time of answers by route.", ["route"], registry=_ALL)
_JOBS = Gauge("zhunsheng_jobs", "Jobs by state.", ["state"], registry=_ALL)
_ENTRIES = Gauge("zhunsheng_audit_entries", "Entries of the audit log.", registry=_ALL)


def answered(route: str, status: int, seconds: float) -> None:
    """Count an answer."""
    _REQUESTS.labels(route, status).inc()
    _SECONDS.labels(route).inc(seconds)


def text() -> bytes:
    """Return all figures; jobs and the audit log are counted now."""
    for state in Job.State.values:
        _JOBS.labels(state).set(Job.objects.filter(state=state).count())
    head = AuditHead.objects.filter(pk=1).first()
    _ENTRIES.set(head.number if head else 0)
    return written(_ALL)
