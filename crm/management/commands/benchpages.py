"""`manage.py benchpages`: the server's time for the pages of an operator's day (`crm/bench_pages.py`)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from crm import bench_pages


class Command(BaseCommand):
    help = "Time the operators' pages with several people at once. Works with the leads of a demonstration base."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--users", type=int, default=8, help="operators at work at once (default 8)")
        parser.add_argument("--rounds", type=int, default=20, help="how often each opens every page (default 20)")

    def handle(self, *args: Any, users: int, rounds: int, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("This makes up calls to clients: only with DEBUG on, over a demonstration base.")
        if users < 1 or rounds < 1:
            raise CommandError("Write --users and --rounds as numbers above 0.")
        try:
            took = bench_pages.measure(users=users, rounds=rounds)
        except bench_pages.Wrong as wrong:
            raise CommandError(str(wrong)) from wrong
        yardstick = bench_pages.percentile(took["yardstick"], 50)
        self.stdout.write(f"{'page':<24} {'times':>6} {'median':>9} {'95 of 100':>10} {'to yardstick':>13}")
        for title, figures in took.items():
            middle, high = (bench_pages.percentile(figures, part) for part in (50, 95))
            said = f"{title:<24} {len(figures):>6} {middle:>6.0f} ms {high:>7.0f} ms {middle / yardstick:>12.1f}×"
            self.stdout.write(said)
