"""`manage.py sweep`: keeps the promises of the clock while the broker is dead; otherwise it does nothing but look."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from crm import sweep


class Command(BaseCommand):
    help = "Run the periodic jobs in this process whenever no tick comes through; with --once run each of them once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="run every job once, whatever the tick says, and end")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        if once:
            self.stdout.write("\n".join(sweep.run_due({}, 0.0)))
            return
        ended = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ended.set())  # the job at hand finishes first
        sweep.watch(ended.is_set)
