"""`manage.py restore PATH`: put a backup in the place of the database, all or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from crm import backup
from crm.dumps import Trouble


class Command(BaseCommand):
    help = "Put a backup back, compare all row counts, and bring its tables up to this version. Stop everything first."
    requires_system_checks: list[str] = []  # there may be no tables yet

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="the file that `manage.py backup` wrote")
        parser.add_argument("--replace", action="store_true", help="do so even where the database holds leads")

    def handle(self, *args: Any, path: Path, replace: bool, **options: Any) -> None:
        try:
            done = backup.restore(path.absolute(), replace=replace)
        except Trouble as trouble:
            raise CommandError(str(trouble)) from trouble
        rows = sum(done.manifest.counts.values())
        self.stdout.write(
            f"{done.leads} leads and all {rows} rows of {done.manifest.made_at} are back, in {done.seconds:.1f} s."
        )
