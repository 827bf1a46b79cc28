"""What is done with a lead beside its status: fields, its source, a phone given later, hand-over, tasks by hand."""

from datetime import timedelta
from decimal import Decimal

import pytest

from contacts.models import Contact
from crm.errors import Forbidden, Invalid, Refused
from deals.actions import edit_deal
from deals.models import Deal
from history.models import Event
from leads import editing
from leads.editing import assign, edit_lead, map_raw_source, set_task, take
from leads.models import Lead
from outbox.models import Mark
from sources.actions import add_alias
from sources.models import Source
from tests.factories import (
    AdminFactory,
    LawyerFactory,
    ManagerFactory,
    OperatorFactory,
    SourceFactory,
    lead,
    lead_in,
    move,
    phone,
    touch,
)
from tests.promises import broken

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


# --- fields ----------------------------------------------------------------------------------------------------------
def test_fields_are_changed_and_history_keeps_both() -> None:
    operator = OperatorFactory()
    row = lead(by=operator, name="Ольга", debt_amount="500000")
    changes = {
        "name": "Ольга Ёлкина",
        "debt_amount": Decimal(870_000),
        "utm": {"utm_source": "ya"},
        "city": "",  # as it was
        "status": "visit",
        "responsible": None,
        "contact": None,
        "version": 99,
    }
    edited = edit_lead(row.pk, changes, by=operator, version=1)
    stored = Lead.objects.get(pk=row.pk)
    assert (stored.name, stored.debt_amount, stored.utm) == ("Ольга Ёлкина", 870_000, {"utm_source": "ya"})
    assert (stored.status, stored.responsible, stored.contact) == ("new", operator, row.contact)
    assert stored.version == edited.version == 2
    assert "ольга елкина" in stored.search_text
    told = row.events.get(kind=Event.Kind.EDITED)
    assert told.by == operator
    assert told.data["changes"] == {
        "name": ["Ольга", "Ольга Ёлкина"],
        "debt_amount": ["500000.00", "870000"],
        "utm": [None, {"utm_source": "ya"}],
    }
    assert Contact.objects.get(pk=row.contact_id).name == "Ольга", "the card is the company's, the lead is one request"


def test_what_changes_nothing_is_no_change() -> None:
    row = lead(name="Ольга", source="yandex")
    assert edit_lead(row.pk, {"name": "Ольга", "source": "yandex_direct"}, by=ManagerFactory(), version=1).version == 1
    assert not row.events.filter(kind=Event.Kind.EDITED).exists()


def test_a_stale_edit_changes_nothing_and_says_who_was_faster() -> None:
    row, manager = lead(name="Ольга"), ManagerFactory(name="Вера Орлова")
    edit_lead(row.pk, {"name": "Анна"}, by=manager, version=1)
    with pytest.raises(Refused, match="Вера Орлова") as refusal:
        edit_lead(row.pk, {"name": "Пётр"}, by=manager, version=1)
    assert refusal.value.code == "stale"
    assert Lead.objects.get(pk=row.pk).name == "Анна"


def test_fields_of_a_closed_lead_and_of_a_duplicate_may_be_put_right() -> None:
    manager = ManagerFactory()
    repeat = lead(phone=lead().phone)
    for row in (lead_in("junk"), lead_in("contract"), repeat):
        assert edit_lead(row.pk, {"name": "Пётр"}, by=manager).name == "Пётр"
    assert broken() == {}


# --- the source ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("status", ["contract", "contract_prepaid"])
def test_a_source_passes_to_the_deal(status: str) -> None:
    row, manager = lead_in(status, source="site"), ManagerFactory()
    before = Deal.objects.get()
    Mark.objects.update(pending=False)
    edit_lead(row.pk, {"source": "vk"}, by=manager)
    after = Deal.objects.get()
    assert (after.source.code, after.version) == ("vk_ads", before.version + 1)
    assert set(Mark.objects.filter(pending=True).values_list("kind", "object_id")) == {
        ("lead", row.pk),
        ("deal", after.pk),
    }
    with pytest.raises(Refused):
        edit_deal(after.pk, {"comment": "x"}, by=manager, version=before.version)


@pytest.mark.parametrize("given", ["", "radio", None])
def test_a_source_is_never_emptied_nor_guessed(given: str | None) -> None:
    row = lead()
    with pytest.raises(Invalid) as invalid:
        edit_lead(row.pk, {"source": given, "name": "Пётр"}, by=ManagerFactory())
    assert list(invalid.value.fields) == ["source"]
    assert Lead.objects.get(pk=row.pk).name == ""


# --- a phone given later ---------------------------------------------------------------------------------------------
def test_a_phone_given_later_brings_the_card(frozen) -> None:
    operator = OperatorFactory()
    row = lead(phone="нет", email="olga@example.org", name="Ольга", city="Уфа", by=operator)
    assert (row.contact, row.phone_refusal != "") == (None, True)
    edited = edit_lead(row.pk, {"phone": "8 (916) 765-43-21 доб. 12, 8 916 765-43-22"}, by=operator, version=1)
    assert (edited.phone, edited.phone_extension, edited.other_phones) == ("+79167654321", "12", ["+79167654322"])
    assert (edited.status, edited.phone_refusal) == ("new", "")
    card = Contact.objects.get()
    assert (card.name, card.email, card.city) == ("Ольга", "olga@example.org", "Уфа")
    assert row.events.get(kind=Event.Kind.PHONE).contact == card
    assert lead(phone="+79167654321").duplicate_of == row
    assert broken() == {}


def test_a_phone_that_is_known_makes_a_duplicate_which_the_original_hears_of(frozen) -> None:
    original = move(lead(by=OperatorFactory()), "junk", junk_reason="refused")
    row = touch(lead_in("dialing", phone="нет", email="olga@example.org")).lead
    set_task(row.pk, text="узнать номер", due_at=frozen.now + timedelta(hours=1), by=OperatorFactory())
    edited = edit_lead(row.pk, {"phone": original.phone, "name": "Ольга"}, by=ManagerFactory())
    assert (edited.status, edited.junk_reason, edited.duplicate_of) == ("junk", "duplicate", original)
    assert (edited.responsible, edited.name) == (original.responsible, "Ольга")
    original.refresh_from_db()
    assert (original.status, original.events.filter(kind=Event.Kind.REPEAT).count()) == ("dialing", 1)
    assert original.tasks.open().get(kind="contact_client").repeat
    assert broken() == {}


def test_a_rejected_lead_may_get_its_phone_too() -> None:
    original, row = lead(), lead_in("junk", phone="нет", email="olga@example.org")
    assert edit_lead(row.pk, {"phone": original.phone}, by=None).junk_reason == "duplicate"
    assert broken() == {}


def test_a_signed_lead_gets_its_card_with_its_deal_but_never_becomes_a_duplicate() -> None:
    row = lead_in("contract", phone="нет", email="olga@example.org")
    other = lead()
    with pytest.raises(Invalid, match=f"№ {other.pk}") as invalid:
        edit_lead(row.pk, {"phone": other.phone}, by=None)
    assert list(invalid.value.fields) == ["phone"]
    before = Deal.objects.get()
    edited = edit_lead(row.pk, {"phone": phone(), "source": "vk"}, by=None)
    after = Deal.objects.get()
    assert (after.contact, after.source.code, after.version) == (edited.contact, "vk_ads", before.version + 2)
    assert edited.contact is not None
    assert broken() == {}


@pytest.mark.parametrize("given", ["", "8916", "+7 000 000-00-00", "звоните вечером"])
def test_what_is_no_phone_is_refused(given: str) -> None:
    row = lead(phone="нет", email="olga@example.org")
    with pytest.raises(Invalid) as invalid:
        edit_lead(row.pk, {"phone": given}, by=ManagerFactory())
    assert list(invalid.value.fields) == ["phone"]


def test_a_known_number_is_never_changed_and_no_card_is_left_behind() -> None:
    row = lead()
    cards = Contact.objects.count()
    with pytest.raises(Invalid) as invalid:
        edit_lead(row.pk, {"phone": phone()}, by=ManagerFactory())
    assert list(invalid.value.fields) == ["phone"]
    assert Contact.objects.count() == cards


# --- who has it ------------------------------------------------------------------------------------------------------
def test_a_lead_is_taken_once(frozen) -> None:
    row, operator = lead(), OperatorFactory(name="Вера Орлова")
    taken = take(row.pk, by=operator)
    assert (taken.responsible, taken.version, taken.tasks.get().assignee) == (operator, 2, operator)
    assert take(row.pk, by=operator).version == 2
    with pytest.raises(Refused, match="Вера Орлова") as refusal:
        take(row.pk, by=OperatorFactory())
    assert refusal.value.code == "taken"
    for other in (ManagerFactory(), LawyerFactory(), OperatorFactory(is_active=False)):
        with pytest.raises(Forbidden):
            take(lead().pk, by=other)
    assert [event.new for event in row.events.filter(kind=Event.Kind.RESPONSIBLE)] == [str(operator.pk)]


def test_a_lead_is_handed_over_by_a_manager_to_the_call_centre() -> None:
    first, second, manager = OperatorFactory(), OperatorFactory(), ManagerFactory()
    row = lead(by=first)
    repeat = lead(phone=row.phone)
    handed = assign(row.pk, second.pk, by=manager)
    assert (handed.responsible, handed.version) == (second, row.version + 1)
    assert Lead.objects.get(pk=repeat.pk).responsible == second
    told = row.events.get(kind=Event.Kind.RESPONSIBLE)
    assert (told.old, told.new, told.by) == (str(first.pk), str(second.pk), manager)
    assert assign(row.pk, second.pk, by=manager).version == handed.version
    for nobody in (LawyerFactory().pk, OperatorFactory(is_active=False).pk, 10**9):
        with pytest.raises(Invalid):
            assign(row.pk, nobody, by=manager)
    with pytest.raises(Forbidden):
        assign(row.pk, first.pk, by=second)
    with pytest.raises(Lead.DoesNotExist):
        assign(row.pk, first.pk, by=first)
    assert broken() == {}


# --- tasks by hand ---------------------------------------------------------------------------------------------------
def test_a_task_is_set_for_whoever_has_the_lead(frozen) -> None:
    operator, manager = OperatorFactory(), ManagerFactory()
    due = frozen.now + timedelta(days=3, hours=12)  # midnight in Moscow: by hand one may set it when one likes
    task = set_task(lead(by=operator).pk, text="узнать про ипотеку", due_at=due, by=manager)
    assert (task.assignee, task.created_by, task.due_at, task.automatic) == (operator, manager, due, False)
    assert (task.kind, task.title, task.state) == ("manual", "узнать про ипотеку", "open")
    assert set_task(lead().pk, text="позвонить", due_at=due, by=manager).assignee == manager
    assert Mark.objects.filter(kind="task", object_id=task.pk).exists()


@pytest.mark.parametrize(
    ("text", "later", "wrong"),
    [
        (" ", timedelta(days=1), "text"),
        ("позвонить", timedelta(0), "due_at"),
        ("позвонить", timedelta(seconds=-1), "due_at"),
        ("позвонить", timedelta(days=3651), "due_at"),
    ],
)
def test_a_task_that_cannot_be_is_refused(text: str, later: timedelta, wrong: str, frozen) -> None:
    row, operator = lead(), OperatorFactory()
    with pytest.raises(Invalid) as invalid:
        set_task(row.pk, text=text, due_at=frozen.now + later, by=operator)
    assert list(invalid.value.fields) == [wrong]
    assert row.tasks.count() == 1


def test_who_sets_tasks(frozen) -> None:
    lawyer = LawyerFactory()
    signed, due = lead_in("contract"), frozen.now + timedelta(days=1)
    with pytest.raises(Forbidden):
        set_task(signed.pk, text="позвонить", due_at=due, by=lawyer)
    with pytest.raises(Lead.DoesNotExist):
        set_task(lead(by=OperatorFactory()).pk, text="позвонить", due_at=due, by=OperatorFactory())


# --- raw sources -----------------------------------------------------------------------------------------------------
def test_raw_values_are_mapped_to_a_source() -> None:
    admin, radio = AdminFactory(), SourceFactory(name="Радио")
    rows = [lead(source=given) for given in ("Radio FM", " radio  fm", "RADIO FM")]
    signed = move(lead_in("visit", source="radio fm"), "contract")
    others = [lead(source="radio"), lead(source="site"), lead(source="")]
    add_alias(radio.pk, "radio fm", by=admin)
    assert map_raw_source("radio fm", radio.pk, by=admin) == 4
    for row in rows:
        stored = Lead.objects.get(pk=row.pk)
        assert (stored.source, stored.version, stored.source_raw) == (radio, row.version + 1, row.source_raw)
        told = row.events.get(kind=Event.Kind.EDITED)
        assert (told.by, told.data["changes"]) == (admin, {"source": ["unknown", radio.code]})
    assert Deal.objects.get(lead=signed).source == radio
    assert {Lead.objects.get(pk=row.pk).source.code for row in others} == {"unknown", "site"}
    assert map_raw_source("radio fm", radio.pk, by=admin) == 0
    assert broken() == {}


def test_a_source_given_meanwhile_is_not_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    row, slower = lead(source="radio"), editing.lock_lead

    def lock_lead(lead_id: int, **how: object) -> Lead:
        Lead.objects.filter(pk=lead_id).update(source=Source.objects.get(code="quiz"))
        return slower(lead_id, **how)

    monkeypatch.setattr(editing, "lock_lead", lock_lead)
    assert map_raw_source("radio", Source.objects.get(code="site").pk, by=AdminFactory()) == 0
    assert Lead.objects.get(pk=row.pk).source.code == "quiz"


def test_mapping_is_an_administrators() -> None:
    for who in (ManagerFactory(), OperatorFactory()):
        with pytest.raises(Forbidden):
            map_raw_source("radio", Source.objects.get(code="site").pk, by=who)
    with pytest.raises(Source.DoesNotExist):
        map_raw_source("radio", 10**9, by=AdminFactory())
