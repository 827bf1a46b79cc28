"""A measure of the pages that people have open all day, with several of them at work at once.

Real web processes answer as in production; each person is a thread that asks for page after page without a pause, which
is more than people do. The figures are the server's own time, from the call to the last byte.
"""

from __future__ import annotations

import http.client
import os
import re
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from statistics import quantiles
from urllib.parse import quote, urlencode

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db.models import Count

from crm.bench_urls import YARDSTICK
from leads.models import Lead
from team.actions import set_shift
from team.models import User
from team.roles import Role

TOOK = "X-Took-Ms"  # as crm.bench_app says it
STARTS_WITHIN = 30.0  # seconds
SAVE = "save and next"


class Wrong(Exception):
    """A page did not answer as it does for a person; the text says which and how."""


def people(count: int) -> list[User]:
    """So many operators, those with the most leads first, on line. Raises Wrong when there are fewer."""
    operators = User.objects.filter(role=Role.OPERATOR, is_active=True)
    found: list[User] = list(operators.annotate(load=Count("leads")).order_by("-load", "pk")[:count])
    if len(found) < count:
        raise Wrong(f"There are {len(found)} operators, not {count}; `manage.py demo` makes some.")
    for user in found:
        set_shift(user.pk, "on")
    return found


def session_of(user: User) -> str:
    """The key of a new session in which this person is signed in."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


@contextmanager
def served() -> Iterator[int]:
    """The web processes of `make run` with production's settings, on a free port, for as long as the block runs."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = {
        **os.environ,
        "DEBUG": "0",
        "HTTPS": "0",
        "SECRET_KEY": settings.SECRET_KEY,
        "ALLOWED_HOSTS": "127.0.0.1",
        "TRUSTED_PROXIES": "0",
        "DATABASE_URL": os.environ.get("DATABASE_URL") or f"sqlite:///{_file()}",
    }
    manage = [sys.executable, str(settings.BASE_DIR / "manage.py"), "collectstatic", "--noinput", "-v", "0"]
    subprocess.run(manage, env=environment, check=True)
    command = [sys.executable, "-m", "gunicorn", "crm.bench_app", "--bind", f"127.0.0.1:{port}", "--preload"]
    command += ["--worker-class", "gthread", "--workers", "2", "--threads", "8", "--no-control-socket"]
    command += ["--log-level", "warning", "--keep-alive", "60"]
    web = subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR)
    try:
        deadline = time.monotonic() + STARTS_WITHIN
        while web.poll() is None and time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.1)
        else:
            raise Wrong("The web processes do not start; what they said stands above.")
        yield port
    finally:
        web.terminate()
        web.wait(30)


def _file() -> object:
    return settings.DATABASES["default"]["NAME"]


@dataclass
class Person:
    """One operator at a browser: asks for pages and keeps what each took, in milliseconds, by the page's title."""

    port: int
    session: str
    pages: list[tuple[str, str]]
    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self.link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        self.cookies = {settings.SESSION_COOKIE_NAME: self.session}

    def work(self, rounds: int) -> None:
        """Open every page `rounds` times, and each time end a call and go on to the next client."""
        self.ask("to warm up", YARDSTICK)
        for _round in range(rounds):
            for title, address in self.pages:
                self.ask(title, address)
            self.end_a_call()
        self.link.close()

    def end_a_call(self) -> None:
        """«Не ответил» for the client on top, unless the queue is empty."""
        page = self.ask("queue", "/day/")
        form = re.search(r'id="results" method="post" action="([^"]+)"', page)
        if form is None:
            return
        token = re.search(r'id="results".*?name="token" value="([^"]+)"', page, re.DOTALL)
        csrf = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        if token is None or csrf is None:
            raise Wrong("«Мой день» has a form without tokens.")
        body = {"csrfmiddlewaretoken": csrf[1], "token": token[1], "result": "no_answer", "comment": ""}
        self.ask(SAVE, form[1], urlencode(body))

    def ask(self, title: str, address: str, body: str | None = None) -> str:
        """One page, redirects followed as a browser does; what they took together counts. Raises Wrong."""
        method, spent, at = "POST" if body else "GET", 0.0, address
        for _turn in range(4):
            headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
            if body:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            self.link.request(method, at, body, headers)
            answer = self.link.getresponse()
            page = answer.read().decode()
            for cookie in answer.headers.get_all("Set-Cookie") or ():
                name, _is, value = cookie.split(";")[0].partition("=")
                self.cookies[name] = value
            spent += float(answer.headers[TOOK] or 0)
            if answer.status == 302:
                method, body, at = "GET", None, answer.headers["Location"]
                continue
            if answer.status != 200:
                raise Wrong(f"{title}: {method} {at} answered {answer.status}.")
            self.took[title].append(spent)
            return page
        raise Wrong(f"{title}: {address} leads nowhere.")


def pages_of(user: User) -> list[tuple[str, str]]:
    """(title, address) of what this operator opens, with a lead, a number and a name of their own."""
    lead = Lead.objects.filter(responsible=user, contact__isnull=False).exclude(name="").latest("pk")
    return [
        ("yardstick", YARDSTICK),
        ("list", "/leads/?view=list"),
        ("kanban", "/leads/?view=board"),
        ("card", f"/leads/{lead.pk}/"),
        ("search, end of number", f"/search/?q={str(lead.phone)[-4:]}"),
        ("search, name", f"/search/?q={quote(lead.name.split()[0])}"),
    ]


def measure(*, users: int, rounds: int) -> dict[str, list[float]]:
    """Let `users` operators work at once; the milliseconds of all of them by the page's title. Raises Wrong."""
    operators = people(users)
    with served() as port:
        persons = [Person(port, session_of(user), pages_of(user)) for user in operators]
        with ThreadPoolExecutor(users) as pool:
            for done in [pool.submit(person.work, rounds) for person in persons]:
                done.result()
    together: dict[str, list[float]] = defaultdict(list)
    for person in persons:
        for title, took in person.took.items():
            together[title] += took
    together.pop("to warm up")
    return together


def percentile(took: list[float], part: int) -> float:
    """The `part`-th percentile of at least one figure."""
    return quantiles(took, n=100, method="inclusive")[part - 1] if len(took) > 1 else took[0]
