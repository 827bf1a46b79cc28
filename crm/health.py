"""What monitoring asks. /healthz: does this process answer at all. /readyz: do the parts it needs work.

Everybody learns which part fails; why it fails is for those who may see it (managers and administrators).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.connection import Connection
from kombu.exceptions import OperationalError

from crm import backup, watchdog
from crm.jobs import last_tick_age
from team.roles import Role

OLDEST_TICK = 60.0  # seconds; the tick comes every 5
OLDEST_DUE = timedelta(minutes=5)
TAKES_CHANGES = {
    "postgresql": "SELECT current_setting('transaction_read_only') = 'off'",
    "sqlite": "SELECT NOT query_only FROM pragma_query_only",
}


class Failing(Exception):
    """A part does not work; the text says what to look at."""


def database() -> str:
    """Ask the database for a row. Raises Failing."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(TAKES_CHANGES[connection.vendor])
            takes_changes = bool(cursor.fetchone()[0])
    except DatabaseError as error:
        raise Failing(f"The database does not answer ({type(error).__name__}): look at DATABASE_URL.") from error
    if not takes_changes:
        raise Failing("The database takes no changes: it is read-only, or a replica.")
    return connection.vendor


def broker() -> str:
    """Open a connection to the broker; waits at most a second. Raises Failing."""
    if not settings.REDIS_URL:
        raise Failing("There is no broker: start everything with `make run`, or set REDIS_URL.")
    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    try:
        with Connection(settings.CELERY_BROKER_URL, connect_timeout=0.5, transport_options=options) as link:
            link.ensure_connection(max_retries=0, timeout=1)
    except (OperationalError, OSError) as error:
        raise Failing(f"The broker does not answer ({type(error).__name__}): look at REDIS_URL.") from error
    return "redis"


def periodic() -> str:
    """Look how long ago the periodic job ran. Raises Failing."""
    age = last_tick_age()
    if age is None or age > OLDEST_TICK:
        seen = "has not run yet" if age is None else f"ran {age:.0f} s ago"
        raise Failing(f"The periodic job {seen}: look whether beat and worker run.")
    return f"{age:.0f} s ago"


def due() -> str:
    """Look at the oldest work that a job should have done (`reliability.md` F13). Raises Failing."""
    try:
        late = watchdog.latest()
    except DatabaseError as error:
        raise Failing(f"The database does not say what is due ({type(error).__name__}).") from error
    if late is None:
        return "nothing waits"
    said = f"{late.what}: the oldest waits for {late.by.total_seconds():.0f} s"
    if late.by > OLDEST_DUE:
        raise Failing(f"{said}; {late.advice}.")
    return said


def backups() -> str:
    """Look at the age of the newest backup (`reliability.md` L04). Raises Failing."""
    try:
        age = backup.age()
    except DatabaseError as error:
        raise Failing(f"The database does not say when the last backup was ({type(error).__name__}).") from error
    if backup.is_late(age):
        raise Failing(f"The last backup is {age.days if age else 0} days old: run `manage.py backup` every night.")
    return "none yet" if age is None else f"{age.total_seconds() / 3600:.0f} h ago"


PARTS: dict[str, Callable[[], str]] = {"database": database, "broker": broker, "periodic": periodic, "due": due}
# People are reminded of these, but nobody is turned away because of them.
REMINDERS: dict[str, Callable[[], str]] = {"backup": backups}


def may_see_details(request: HttpRequest) -> bool:
    """Whether the request comes from a manager's or administrator's session; no, while the database cannot tell."""
    try:
        return getattr(request.user, "role", None) in {Role.MANAGER, Role.ADMIN}
    except DatabaseError:
        return False


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 whenever the process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when all parts work, else 503: {"status", "parts": {name: "ok" | "fail" | "late"}} and, for some, "details".

    What is only "late" changes neither the status nor `status`.
    """
    parts: dict[str, str] = {}
    details: dict[str, str] = {}
    for name, look in PARTS.items():
        try:
            details[name] = look()
            parts[name] = "ok"
        except Failing as failing:
            details[name] = str(failing)
            parts[name] = "fail"
    for name, look in REMINDERS.items():
        try:
            details[name] = look()
            parts[name] = "ok"
        except Failing as failing:
            details[name] = str(failing)
            parts[name] = "late"
    ready = "fail" not in parts.values()
    body: dict[str, object] = {"status": "ok" if ready else "fail", "parts": parts}
    if may_see_details(request):
        body["details"] = details
    return JsonResponse(body, status=200 if ready else 503)
