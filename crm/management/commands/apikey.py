"""`manage.py apikey USERNAME [--intake]`: give somebody a key for the API and print it, once."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from team.actions import issue_key
from team.models import ApiKey, User


class Command(BaseCommand):
    help = "Make an API key with the rights of USERNAME and print it alone on the last line. It is shown only now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="whose rights the key has")
        parser.add_argument("--intake", action="store_true", help="a key that may only post leads and touches")
        parser.add_argument("--name", default="", help="what uses the key, for people")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is nobody with the login {options['username']}.")
        if not user.is_active:
            raise CommandError(f"{options['username']} is switched off; a key of theirs would open nothing.")
        kind = ApiKey.Kind.INTAKE if options["intake"] else ApiKey.Kind.FULL
        key, plain = issue_key(user.pk, kind=kind, name=options["name"][:100])
        if options["verbosity"]:
            self.stderr.write(f"Key …{key.last4} of {user.username} ({key.kind}). Keep it: it is not shown again.")
        self.stdout.write(plain)
