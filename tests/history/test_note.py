"""History is only added to: a line per change, in the change's own transaction."""

import re
from pathlib import Path

import pytest
from django.db import transaction
from django.db.models import ProtectedError

from history.actions import note, note_all
from history.models import Event
from team.models import User
from tests.factories import ManagerFactory, lead, lead_in, move

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.django_db
def test_a_line_says_who_when_what_and_why(frozen) -> None:
    who, row = ManagerFactory(), lead()
    event = note(
        Event.Kind.STATUS, at=frozen.now, by=who, lead_id=row.pk, old="new", new="junk", reason="refused", comment="сам"
    )
    stored = Event.objects.get(pk=event.pk)
    assert (stored.by, stored.at, stored.lead, stored.deal, stored.contact) == (who, frozen.now, row, None, None)
    assert (stored.old, stored.new, stored.reason, stored.comment, stored.data) == ("new", "junk", "refused", "сам", {})


@pytest.mark.django_db
def test_ids_are_kept_as_text_and_particulars_as_data(frozen) -> None:
    event = note(Event.Kind.RESPONSIBLE, at=frozen.now, old="", new=17, amount="150000.00")
    assert (event.old, event.new, event.by, event.data) == ("", "17", None, {"amount": "150000.00"})


@pytest.mark.django_db
def test_a_later_change_leaves_the_earlier_lines_alone(catalogues: None, frozen) -> None:
    row = lead_in("postponed")
    before = list(row.events.order_by("pk").values())
    frozen.move(hours=1)
    move(row, "visit")
    assert list(row.events.order_by("pk").values())[: len(before)] == before


@pytest.mark.django_db
def test_what_has_a_history_cannot_be_deleted(catalogues: None) -> None:
    who = ManagerFactory()
    row = lead_in("dialing", by=who)
    for thing in (row, row.contact, who):
        with pytest.raises(ProtectedError):
            thing.delete()
    assert User.objects.filter(pk=who.pk).exists()


WRITES = re.compile(
    r"(?:Event\.objects|\.events)\b[^\n]*\.(?:update|delete|create|bulk_create|bulk_update|\w+_or_create)\("
)


def test_lines_are_written_by_one_module_which_only_adds() -> None:
    apps = ["crm", "team", "contacts", "sources", "history", "outbox", "tasks", "deals", "leads", "reports", "bitrix24"]
    paths = {
        str(path.relative_to(ROOT)): path
        for app in apps
        for path in (ROOT / app).rglob("*.py")
        if "migrations" not in path.parts
    }
    writers = {name for name, path in paths.items() if WRITES.search(path.read_text())}
    assert {name for name in writers if not name.startswith("crm/demo")} == {"history/actions.py"}
    assert not re.search(r"\.(update|delete)\(", paths["history/actions.py"].read_text())


@pytest.mark.django_db(transaction=True)
def test_a_line_belongs_to_the_transaction_of_its_change(frozen) -> None:
    for write in (lambda: note(Event.Kind.COMMENT, at=frozen.now), lambda: note_all([Event(kind=Event.Kind.COMMENT)])):
        with pytest.raises(AssertionError, match="inside its transaction"):
            write()

    @transaction.atomic
    def change_that_fails() -> None:
        note(Event.Kind.COMMENT, at=frozen.now)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change_that_fails()
    assert not Event.objects.exists()
