"""Marks: one row per object however often it changes, written in the transaction of the change."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from contacts.actions import edit_contact
from crm.transactions import verb
from leads.editing import edit_lead
from leads.undo import last_action, undo
from outbox.actions import mark, mark_all
from outbox.models import Mark
from tests.factories import ManagerFactory, OperatorFactory, lead, lead_in, move, touch


@pytest.mark.django_db
def test_changes_of_one_object_melt_into_one_row(frozen) -> None:
    mark("lead", 7)
    first = Mark.objects.get()
    frozen.move(minutes=1)
    mark("lead", 7)
    again = Mark.objects.get()
    assert (again.pk, again.pending, again.marked_at) == (first.pk, True, frozen.now)
    assert again.change != first.change, "a delivery that began before must see that there is news"


@pytest.mark.django_db
def test_what_was_told_already_is_pending_again() -> None:
    mark("lead", 7)
    Mark.objects.update(pending=False)
    mark("lead", 7)
    assert Mark.objects.get().pending


@pytest.mark.django_db
def test_kinds_and_ids_do_not_meet() -> None:
    mark_all([("lead", 1), ("deal", 1), ("lead", 2), ("lead", 1)])
    assert sorted(Mark.objects.values_list("kind", "object_id")) == [("deal", 1), ("lead", 1), ("lead", 2)]


@pytest.mark.django_db
def test_many_take_one_query_and_none_take_none() -> None:
    with CaptureQueriesContext(connection) as captured:
        mark_all(("lead", number) for number in range(80))  # SQLite takes 999 values in one statement
    assert sum("INSERT" in query["sql"] for query in captured) == 1
    mark_all([])
    assert Mark.objects.count() == 80


@pytest.mark.django_db
def test_a_save_pays_one_query_for_all_that_it_marks(catalogues: None) -> None:
    """Whatever follows from it: tasks that end and begin, a deal, an original that hears of a repeat application."""
    manager, operator = ManagerFactory(), OperatorFactory()
    row, visitor = lead(), lead_in("visit")
    saves = {
        "a new lead": lambda: lead(),
        "a repeat application": lambda: lead(phone=row.phone),
        "an edit": lambda: edit_lead(row.pk, {"name": "Ольга", "city": "Псков"}, by=manager),
        "an edit of the contact": lambda: edit_contact(row.contact_id, {"name": "Анна"}, by=manager),
        "a touch": lambda: touch(row, by=operator),
        "taking it back": lambda: undo(last_action(row.pk, operator).action, by=operator),
        "a contract": lambda: move(visitor, "contract"),
    }
    for name, save in saves.items():
        with CaptureQueriesContext(connection) as captured:
            save()
        row.refresh_from_db()
        written = [query["sql"] for query in captured if 'INSERT INTO "outbox_mark"' in query["sql"]]
        assert len(written) == 1, name


@pytest.mark.django_db
def test_a_verb_that_failed_inside_another_marks_nothing() -> None:
    @verb
    def inner(number: int, *, fails: bool) -> None:
        mark("lead", number)
        if fails:
            raise ZeroDivisionError

    @verb
    def outer() -> None:
        inner(1, fails=False)
        with pytest.raises(ZeroDivisionError):
            inner(2, fails=True)
        assert not Mark.objects.exists(), "all of them are written at the end"

    outer()
    assert Mark.objects.get().object_id == 1


@pytest.mark.django_db
def test_the_database_itself_keeps_one_row_per_object() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Mark.objects.bulk_create([Mark(kind="lead", object_id=1), Mark(kind="lead", object_id=1)])


@pytest.mark.django_db(transaction=True)
def test_a_mark_belongs_to_the_transaction_of_its_change() -> None:
    with pytest.raises(AssertionError, match="inside its transaction"):
        mark("lead", 1)

    @transaction.atomic
    def change_that_fails() -> None:
        mark("lead", 1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change_that_fails()
    assert not Mark.objects.exists()


@pytest.mark.django_db
def test_an_edit_that_changes_nothing_tells_nobody() -> None:
    row, who = lead(name="Ольга"), ManagerFactory()
    Mark.objects.update(pending=False)
    assert edit_lead(row.pk, {"name": "Ольга"}, by=who).version == row.version
    edit_contact(row.contact_id, {"name": "Ольга"}, by=who)
    assert not Mark.objects.filter(pending=True).exists()
