"""`manage.py benchsweep`: how long one sweep of the periodic jobs takes over a large base (`crm/bench_sweep.py`)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from crm import bench_sweep
from leads.models import Lead


class Command(BaseCommand):
    help = (
        "Time the periodic jobs over many open leads. Needs an empty, migrated database: give it a DATA_DIR of its own."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--leads", type=int, default=100_000, help="open leads (default 100000)")
        parser.add_argument("--due", type=int, default=1_000, help="how many of them are due (default 1000)")

    def handle(self, *args: Any, leads: int, due: int, **options: Any) -> None:
        if not settings.DEBUG or Lead.objects.exists():
            raise CommandError("This fills the database with made-up leads: only with DEBUG on, and only an empty one.")
        if not 0 < due <= leads:
            raise CommandError("Write --leads and --due as numbers, no more due than there are leads.")
        bench_sweep.prepare(leads, due)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        figures = bench_sweep.measure()
        for name, seconds in figures:
            self.stdout.write(f"{name:<12} {seconds:6.2f} s")
        self.stdout.write(f"{'together':<12} {sum(seconds for _name, seconds in figures):6.2f} s")
