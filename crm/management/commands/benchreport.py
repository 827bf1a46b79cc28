"""`manage.py benchreport`: how long the source report takes over a large base (`crm/bench_report.py`)."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from crm import bench_report
from leads.models import Lead
from reports import tallies


class Command(BaseCommand):
    help = (
        "Time the source report beside the same aggregate over the leads themselves. With --leads it fills a database "
        "that must be empty (give it a DATA_DIR of its own); without, it asks the leads that there are."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--leads", type=int, default=0, help="fill an empty database with so many leads first")

    def handle(self, *args: Any, leads: int, **options: Any) -> None:
        if leads:
            if not settings.DEBUG or Lead.objects.exists():
                raise CommandError("This fills the database with made-up leads: only with DEBUG on, and an empty one.")
            began = time.perf_counter()
            bench_report.fill(leads)
            self.stdout.write(f"{leads} leads, filled and counted in {time.perf_counter() - began:.0f} s")
        if not tallies.are_exact():
            raise CommandError("Nothing is kept counted yet: run auditreport --mend first.")
        self.stdout.write(f"{'':<26} {'':<8} {'report':>9} {'page':>9} {'raw':>9}")
        wrong = 0
        for figure in bench_report.measure():
            wrong += not figure.is_equal
            self.stdout.write(
                f"{figure.what:<26} {figure.basis:<8} {figure.kept:6.0f} ms {figure.page:6.0f} ms {figure.raw:6.0f} ms"
                + ("" if figure.is_equal else "  NOT EQUAL")
            )
        if wrong:
            raise CommandError("What is kept differs from the leads: run auditreport.")
