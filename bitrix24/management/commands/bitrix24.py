"""`manage.py bitrix24 push|status|retry|check`: the mirror by hand. Prints figures and no personal data."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from bitrix24 import line, mirror
from bitrix24.address import Webhook
from bitrix24.models import Alarm
from bitrix24.outcomes import Outcome
from outbox.delivery import parked, retry

SIMPLE_MODE = 2
NEEDED: dict[str, dict[str, Any]] = {
    "crm.item.list": {"entityTypeId": 1, "select": ["id"], "start": -1},
    "crm.status.list": {"filter": {"ENTITY_ID": "SOURCE"}},
    "user.get": {"FILTER": {"ID": 1}},
}


class Command(BaseCommand):
    help = "The mirror to Bitrix24: push what is due, show its state, try again what was given up, check the portal."

    def add_arguments(self, parser: CommandParser) -> None:
        wishes = parser.add_subparsers(dest="wish", required=True)
        push = wishes.add_parser("push", help="tell the portal what is due, then end")
        push.add_argument("--within", type=float, default=3600.0, help="seconds after which to end anyhow")
        wishes.add_parser("status", help="figures; status 1 when somebody has to act")
        wishes.add_parser("retry", help="try again everything that was given up, and go on after a stop")
        wishes.add_parser("check", help="ask the portal what it allows")

    def handle(self, *args: Any, **options: Any) -> None:
        wish = {"push": self._push, "status": self._status, "retry": self._retry, "check": self._check}[options["wish"]]
        wish(options)

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
        now = state.at
        self.stdout.write(f"mirror: {'on' if state.on else 'off'}")
        self.stdout.write(f"pending: {state.pending}")
        self.stdout.write(f"parked: {state.parked}")
        self.stdout.write(f"alarms: {state.alarms}")
        if state.on:
            if state.line.told_at is not None:
                self.stdout.write(f"last success: {state.line.told_at.isoformat(timespec='seconds')}")
            if state.pending:
                self.stdout.write(f"drained in about: {state.drained_in}")
            if state.line.paused_until is not None and state.line.paused_until > now:
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
        webhook = self._webhook()
        self.stdout.write(f"portal: {webhook.portal}")
        portal = mirror.connect(webhook)
        failed = False
        try:
            portal.wait_for_turn()
            mode = portal.call("crm.settings.mode.get")
            self.stdout.write(f"mode: {'simple (leads become deals at once)' if mode == SIMPLE_MODE else 'classic'}")
            failed = mode == SIMPLE_MODE
            for method, params in NEEDED.items():
                portal.wait_for_turn()
                try:
                    portal.call(method, params)
                    self.stdout.write(f"{method}: ok")
                except Outcome as outcome:
                    failed = True
                    self.stdout.write(f"{method}: {outcome}")
        except Outcome as outcome:
            raise CommandError(f"The portal does not answer as it should: {outcome}") from None
        finally:
            portal.close()
        if failed:
            raise CommandError("The mirror would not work as it should; docs/bitrix24.md says what to change.")

    def _webhook(self) -> Webhook:
        if settings.BITRIX24_WEBHOOK is None:
            raise CommandError("BITRIX24_WEBHOOK_URL is not set, so there is nothing to talk to.")
        webhook: Webhook = settings.BITRIX24_WEBHOOK
        return webhook
