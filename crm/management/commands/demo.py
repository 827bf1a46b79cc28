"""`manage.py demo`: people, and a history of leads, to show the product with. Only where DEBUG is on."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser, OutputWrapper

from crm.demo.play import play
from crm.demo_people import sign_in_line
from leads.models import Lead


class Command(BaseCommand):
    help = "Fill in demonstration people and a believable history of leads; again: adds as many more."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--leads", type=int, required=True, help="how many applications arrive")
        parser.add_argument("--months", type=int, default=3, help="within how many last months (default 3)")
        parser.add_argument("--seed", type=int, help="repeats a history; default: the number of leads there are")

    def handle(self, *args: Any, leads: int, months: int, seed: int | None, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("The demonstration has passwords that everybody knows; it is made only with DEBUG on.")
        if leads < 1 or not 1 <= months <= 120:
            raise CommandError("--leads is at least 1, --months from 1 to 120.")
        began = time.monotonic()
        call_command("loadcatalogs", verbosity=0)
        seed = Lead.objects.count() if seed is None else seed
        show = ProgressBar(self.stdout, leads).show
        play(leads=leads, months=months, seed=seed, tell=show)
        took = time.monotonic() - began
        self.stdout.write(f"{leads} leads over {months} months, seed {seed}, in {took:.1f} s; {sign_in_line()}")


class ProgressBar:
    """A line that is drawn over itself; where nobody watches (a file, a pipe), nothing."""

    WIDTH = 40

    def __init__(self, out: OutputWrapper, whole: int) -> None:
        self._out = out
        self._whole = whole
        self._began = time.monotonic()
        self._is_shown = out.isatty()

    def show(self, done: int) -> None:
        """Draw that `done` of the whole are done."""
        if not self._is_shown:
            return
        share = done / self._whole
        bar = "█" * int(share * self.WIDTH)
        left = (time.monotonic() - self._began) * (1 / share - 1)
        said = f"{done} of {self._whole} leads" + (f", {left:.0f} s left" if left >= 1 else "")
        self._out.write(f"\r{bar:░<{self.WIDTH}} {share:4.0%}  {said}\x1b[K", ending="" if share < 1 else "\n")
        self._out.flush()
