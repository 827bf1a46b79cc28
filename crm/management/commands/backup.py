"""`manage.py backup [PATH]`: a backup of the database and the files, while everything runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from crm import backup
from crm.dumps import Trouble


class Command(BaseCommand):
    help = "Write a backup, read it back and record it, so that nobody is reminded of a missing one for three days."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "path",
            nargs="?",
            type=Path,
            help="a file, or a folder for one named by its moment; default DATA_DIR/backups",
        )
        parser.add_argument("--keep", type=int, help="in a folder, remove all but so many of the newest")
        parser.add_argument("--elsewhere", action="store_true", help="only record that another program has made one")

    def handle(self, *args: Any, path: Path | None, keep: int | None, elsewhere: bool, **options: Any) -> None:
        if keep is not None and keep < 1:
            raise CommandError("--keep is at least 1.")
        if elsewhere:
            backup.record()
            return
        if path is None:
            path = Path(settings.DATA_DIR) / "backups"
            path.mkdir(mode=0o700, exist_ok=True)
        try:
            done = backup.make(path.absolute(), keep=keep)
        except Trouble as trouble:
            raise CommandError(str(trouble)) from trouble
        size = done.path.stat().st_size / 1_000_000
        self.stdout.write(f"{done.path}: {done.leads} leads, {size:.1f} MB, in {done.seconds:.1f} s.")
