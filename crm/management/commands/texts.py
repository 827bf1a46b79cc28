"""`manage.py texts`: bring locale/ up to date with the texts in the code; `--check` only looks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from crm import texts, translations


class Command(BaseCommand):
    help = "Add new texts to the Russian catalogue and list what is not translated."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; fail when a translation is missing")

    def handle(self, *args: Any, **options: Any) -> None:
        root = Path(settings.BASE_DIR)
        ours = [config.name for config in apps.get_app_configs() if Path(config.path).parent == root]
        catalogue = Path(settings.LOCALE_PATHS[0]) / "ru" / "LC_MESSAGES" / "django.po"
        new = texts.missing(texts.of_project(root, ours, root / "templates"), catalogue)
        if not options["check"]:
            texts.add(new, catalogue)
            self.stdout.write(f"{len(new)} new texts in {catalogue.relative_to(root)}")
            return
        lines = [f"not in {catalogue.relative_to(root)}: {text.text!r}" for text in new]
        lines += translations.unfinished([Path(folder) for folder in settings.LOCALE_PATHS])
        if lines:
            self.stderr.write("\n".join(lines))
            raise SystemExit(1)
