"""`manage.py auditreport`: proves that what is kept counted for the source report equals a recount from the leads."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from reports import keeping, tallies
from reports.models import LeadChange, Tally

MOST_TOLD = 20


class Command(BaseCommand):
    help = (
        "Compare the tallies of the source report with a recount from the leads, day by day; people may go on working."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--mend", action="store_true", help="count everything anew instead")

    def handle(self, *args: Any, mend: bool, **options: Any) -> None:
        if mend:
            keeping.begin()
            keeping.count_anew()
            self.stdout.write(f"counted anew: {Tally.objects.count()} cells")
            return
        if not tallies.are_exact():
            self.stdout.write("Nothing is kept counted yet: the report counts the leads themselves.")
            return
        wrong = list(keeping.audit())
        for sentence in wrong[:MOST_TOLD]:
            self.stderr.write(sentence)
        if wrong:
            raise CommandError(f"{len(wrong)} differences; auditreport --mend counts anew")
        waiting = LeadChange.objects.count()
        self.stdout.write(f"equal: {Tally.objects.count()} cells, and {waiting} changes not yet brought in")
