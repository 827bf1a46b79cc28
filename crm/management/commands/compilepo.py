"""`manage.py compilepo`: make the translations readable for the program, without GNU gettext."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from crm import translations


class Command(BaseCommand):
    help = "Compile the translations in locale/ (needs no GNU gettext)."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        translations.compile_all([Path(folder) for folder in settings.LOCALE_PATHS])
