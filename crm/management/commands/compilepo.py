"""`manage.py compilepo`: make the translations readable for the program, without GNU gettext."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from crm import translations


class Command(BaseCommand):
    help = "Compile the translations in locale/ (needs no GNU gettext)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="fail when a text has no finished translation")

    def handle(self, *args: Any, **options: Any) -> None:
        folders = [Path(folder) for folder in settings.LOCALE_PATHS]
        translations.compile_all(folders)
        if options["check"] and (lines := translations.unfinished(folders)):
            self.stderr.write("\n".join(lines))
            raise SystemExit(1)
