"""`manage.py bitrix24 push|status|retry|check|load`: the mirror by hand. Prints figures and no personal data."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from bitrix24 import line, mirror
from bitrix24.address import Webhook
from bitrix24.client import Portal
from bitrix24.compare import compare
from bitrix24.first_contact import findings
from bitrix24.load import Busy, Tally, load
from bitrix24.models import Alarm, Line
from bitrix24.outcomes import Outcome
from bitrix24.session import Nothing, Session
from crm import clock
from outbox.delivery import Closed, Failed, Later, parked, retry

WAIT = 5.0  # seconds at most between two looks at a paused line


class Command(BaseCommand):
    help = "The mirror to Bitrix24: push what is due, show its state, try again, check the portal, load an old base."

    def add_arguments(self, parser: CommandParser) -> None:
        wishes = parser.add_subparsers(dest="wish", required=True)
        push = wishes.add_parser("push", help="tell the portal what is due, then end")
        push.add_argument("--within", type=float, default=3600.0, help="seconds after which to end anyhow")
        wishes.add_parser("status", help="figures; status 1 when somebody has to act")
        wishes.add_parser("retry", help="try again everything that was given up, and go on after a stop")
        check = wishes.add_parser("check", help="ask the portal what it allows, and compare both sides field by field")
        check.add_argument("--repair", action="store_true", help="send again what differs")
        check.add_argument("--portal", action="store_true", help="only ask what the portal allows")
        first = wishes.add_parser("load", help="the first load of a base that was there before the mirror")
        first.add_argument("--dry-run", action="store_true", help="say what would be created, linked, updated")
        first.add_argument(
            "--within", type=float, default=float("inf"), help="seconds after which to end; goes on later"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        wishes = {
            "push": self._push,
            "status": self._status,
            "retry": self._retry,
            "check": self._check,
            "load": self._load,
        }
        wishes[options["wish"]](options)

    def _push(self, options: dict[str, Any]) -> None:
        self._webhook()
        ends, told = time.monotonic() + options["within"], 0
        while (left := ends - time.monotonic()) > 0:
            now_told = mirror.push_due(within=min(20.0, left))
            told += now_told
            if not now_told:
                break
        self.stdout.write(f"told: {told}")
        self.stdout.write(f"pending: {mirror.state().pending}")

    def _status(self, options: dict[str, Any]) -> None:
        state = mirror.state()
        self.stdout.write(f"mirror: {'on' if state.on else 'off'}")
        self.stdout.write(f"pending: {state.pending}")
        self.stdout.write(f"parked: {state.parked}")
        self.stdout.write(f"alarms: {state.alarms}")
        if state.on:
            if state.line.told_at is not None:
                self.stdout.write(f"last success: {state.line.told_at.isoformat(timespec='seconds')}")
            if state.pending:
                self.stdout.write(f"drained in about: {state.drained_in}")
            if state.line.paused_until is not None and state.line.paused_until > state.at:
                self.stdout.write(f"paused until: {state.line.paused_until.isoformat(timespec='seconds')}")
            if state.line.stopped_at is not None:
                self.stdout.write(f"stopped: {state.line.stopped_because}")
            if state.stuck:
                self.stdout.write("stuck: something has been due for too long; look at worker and beat")
            for alarm in Alarm.objects.filter(closed_at__isnull=True)[:20]:
                self.stdout.write(f"alarm: {alarm.text}")
        if not state.healthy:
            raise CommandError("Somebody has to act; docs/bitrix24.md says how.", returncode=1)

    def _retry(self, options: dict[str, Any]) -> None:
        line.resume()
        again = sum(retry(pk) for pk in list(parked().values_list("pk", flat=True)))
        self.stdout.write(f"tried again: {again}")

    def _check(self, options: dict[str, Any]) -> None:
        with self._portal() as portal:
            session = Session(portal, Nothing())
            well = True
            for finding in findings(session):
                self.stdout.write(finding.text)
                well = well and finding.well
            if not well:
                raise CommandError("The mirror would not work as it should; docs/bitrix24.md says what to change.")
            if options["portal"]:
                return
            clean = True
            for report in compare(session, repair=options["repair"]):
                self.stdout.write(str(report))
                clean = clean and report.clean
        if not clean and not options["repair"]:
            raise CommandError("The two sides differ; --repair sends again what differs.")

    def _load(self, options: dict[str, Any]) -> None:
        ends, tally = time.monotonic() + options["within"], Tally()
        with self._portal() as portal:
            while True:
                try:
                    left = ends - time.monotonic()
                    load(portal, tally, dry=options["dry_run"], within=left, say=self.stdout.write)
                    break
                except Busy:
                    self._wait(ends)  # the worker's run ends by itself
                except Closed as closed:
                    if Line.current().stopped_at is not None:
                        raise CommandError(f"The portal does not take anything: {closed}") from None
                    self._wait(ends)
        for said in tally.lines():
            self.stdout.write(said)

    def _wait(self, ends: float) -> None:
        """Until the line may be open again. Raises CommandError when there is no time left."""
        until = Line.current().paused_until
        pause = min(WAIT, max(0.2, (until - clock.now()).total_seconds())) if until else 0.2
        if time.monotonic() + pause > ends:
            raise CommandError("The time is over; start it again, and it goes on.")
        time.sleep(pause)

    @contextmanager
    def _portal(self) -> Iterator[Portal]:
        webhook = self._webhook()
        self.stdout.write(f"portal: {webhook.portal}")
        portal = mirror.connect(webhook)
        portal.webhook = line.address_of(webhook)
        try:
            yield portal
        except (Outcome, Closed, Failed, Later) as outcome:
            raise CommandError(f"The portal does not answer as it should: {outcome}") from None
        finally:
            portal.close()

    def _webhook(self) -> Webhook:
        if settings.BITRIX24_WEBHOOK is None:
            raise CommandError("BITRIX24_WEBHOOK_URL is not set, so there is nothing to talk to.")
        webhook: Webhook = settings.BITRIX24_WEBHOOK
        return webhook
