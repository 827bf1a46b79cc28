"""`manage.py journal check|seal|guard`: whether the journal of who did and saw what is whole, and what keeps it so."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from history import append_only, chain

MOST_TOLD = 20


class Command(BaseCommand):
    help = "check: is any line of the journal changed, missing or put in; seal: seal what waits; guard: the triggers."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["check", "seal", "guard"])
        parser.add_argument("--head", default="", help="an earlier end of the chain, PLACE:SEAL as the log has it")

    def handle(self, *args: Any, what: str, head: str, **options: Any) -> None:
        if what == "guard":
            append_only.install()
            self.stdout.write("the database refuses changes of the journal")
            return
        chain.seal()
        if what == "check":
            place, _, digest = head.partition(":")
            if head and not (place.isdecimal() and len(digest) == 64):
                raise CommandError("--head is a place, a colon and a seal of 64 characters.")
            wrong = list(chain.check(known_head=head))
            for sentence in wrong[:MOST_TOLD]:
                self.stderr.write(sentence)
            if wrong:
                raise CommandError(f"the journal is not whole: {len(wrong)} findings")
            self.stdout.write("the journal is whole")
        self.stdout.write(chain.head())
