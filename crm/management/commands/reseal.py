"""`manage.py reseal`: seal what is stored under the present SECRET_KEY, before an old one leaves the fallbacks."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from team.second_factor import reseal_all


class Command(BaseCommand):
    help = "Seals what is stored sealed under the present SECRET_KEY. Then SECRET_KEY_FALLBACKS may be emptied."

    def handle(self, *args: Any, **options: Any) -> None:
        if lost := reseal_all():
            raise CommandError(f"{lost} second factors cannot be opened with any known key; reset them in the admin.")
        self.stdout.write("All sealed secrets are under the present SECRET_KEY.")
