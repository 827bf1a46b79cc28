"""/metrics: how the product is doing, in figures for Prometheus. Counts and ages only, nothing of any person.

Everything is asked of the database and the cache at the moment of the question, so that each web process gives the same
answer. Whoever has METRICS_TOKEN may read it; without that setting the address does not exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

from crm import backup, health, watchdog
from crm.jobs import last_tick_age
from leads.models import Lead
from outbox.models import Mark
from tasks.models import Task


class State:
    """A collector of the client library: the figures as they are when they are asked for."""

    def collect(self) -> Iterator[Metric]:
        """Each group of figures whose source answers; a part that does not is 0 in `crm_part_ok`."""
        for group in (parts, ages, rows):
            try:
                yield from list(group())
            except DatabaseError:
                continue


def parts() -> Iterator[Metric]:
    """What /readyz says."""
    gauge = GaugeMetricFamily("crm_part_ok", "1 while the part works, as in /readyz", labels=["part"])
    for name, look in health.PARTS.items():
        try:
            look()
            gauge.add_metric([name], 1)
        except health.Failing:
            gauge.add_metric([name], 0)
    yield gauge


def ages() -> Iterator[Metric]:
    """How long ago, in seconds; what never was is left out."""
    late = watchdog.latest()
    tick, newest = last_tick_age(), backup.age()
    known = [
        ("crm_tick_age_seconds", "since a periodic job went through broker and worker", tick),
        ("crm_oldest_due_seconds", "that the oldest work of a job waits", _seconds(late.by if late else timedelta())),
        (
            "crm_backup_age_seconds",
            "since the newest backup, before the first since the installation",
            _seconds(newest),
        ),
    ]
    for name, words, seconds in known:
        if seconds is not None:
            yield GaugeMetricFamily(name, f"Seconds {words}", value=seconds)


def rows() -> Iterator[Metric]:
    """How many of what there is."""
    leads = GaugeMetricFamily("crm_leads", "Leads by status", labels=["status"])
    for status, count in Lead.objects.order_by().values_list("status").annotate(n=Count("pk")):
        leads.add_metric([status], count)
    yield leads
    yield GaugeMetricFamily("crm_open_tasks", "Tasks that are open", value=Task.objects.open().count())
    pending = Q(pending=True, parked_at__isnull=True)
    marks = Mark.objects.aggregate(
        due=Count("pk", filter=pending), parked=Count("pk", filter=Q(parked_at__isnull=False))
    )
    yield GaugeMetricFamily("crm_outbox_pending", "Changes the mirror has not been told of", value=marks["due"])
    yield GaugeMetricFamily("crm_outbox_parked", "Changes that wait for somebody's decision", value=marks["parked"])


def _seconds(age: timedelta | None) -> float | None:
    return None if age is None else age.total_seconds()


REGISTRY = CollectorRegistry()  # nothing is asked when a collector is registered
REGISTRY.register(State())


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures as Prometheus reads them, for whoever sends `Authorization: Bearer <METRICS_TOKEN>`; else 404."""
    wanted = f"Bearer {settings.METRICS_TOKEN}"
    if not settings.METRICS_TOKEN or not constant_time_compare(request.headers.get("Authorization", ""), wanted):
        raise Http404
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)
