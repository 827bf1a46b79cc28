"""Leads in the admin: a door like any other. Statuses are moved by the verbs, everything else is refused or ignored."""

from datetime import timedelta

import pytest

from history.models import Event
from leads.models import Lead, Office
from sources.models import Source
from tests.factories import AdminFactory, LawyerFactory, OperatorFactory, lead, lead_in, lead_nobody_reached
from tests.pages import signed_in, text_of
from tests.promises import broken

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]

LIST = "/admin/leads/lead/"
NOT_THEIRS = {
    "status": "contract",
    "junk_reason": "refused",
    "duplicate_of": "1",
    "responsible": "1",
    "created_at_0": "01.01.2001",
    "created_at_1": "00:00",
    "reached_contract_at_0": "01.01.2001",
    "reached_contract_at_1": "00:00",
    "contact": "1",
    "id": "77",
    "version": "50",
    "touches_count": "9",
    "external_id": "x",
}
TOUCHES = {"touches-TOTAL_FORMS": "0", "touches-INITIAL_FORMS": "0"}


@pytest.fixture
def admin():
    return signed_in(AdminFactory())


def source(code: str = "site") -> int:
    return Source.objects.get(code=code).pk


def typed(row: Lead, **changes: object) -> dict[str, object]:
    seen = {name: getattr(row, name) or "" for name in ("name", "email", "city", "comment", "debt_amount")}
    return {**seen, "source": row.source_id, "seen": row.version, **TOUCHES, **changes}


def test_a_lead_is_added_by_intake_and_what_is_not_theirs_is_ignored(admin) -> None:
    sent = {"phone": "8 937 000-60-27", "source": source(), "name": "Пётр", "debt_amount": "500000", **NOT_THEIRS}
    assert admin.post(f"{LIST}add/", sent).status_code == 302
    row = Lead.objects.get()
    assert (row.phone, row.status, row.name, row.responsible) == ("+79370006027", "new", "Пётр", None)
    assert (row.reached_contract_at, row.touches_count, row.version, row.external_id) == (None, 0, 1, "")
    assert row.tasks.count() == 1
    assert row.events.get(kind=Event.Kind.CREATED).by.role == "admin"
    repeat = admin.post(f"{LIST}add/", sent, follow=True)
    assert f"Исходный — № {row.pk}" in text_of(repeat)
    assert Lead.objects.latest("pk").duplicate_of == row
    assert broken() == {}


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"source": ""}, "source"), ({"source": "987654321"}, "source"), ({"debt_amount": "много"}, "debt_amount")],
)
def test_a_form_says_what_is_wrong_and_stores_nothing(admin, changes: dict[str, str], field: str) -> None:
    answer = admin.post(f"{LIST}add/", {"phone": "89370006027", "source": source(), **changes})
    assert field in answer.context["adminform"].errors
    assert not Lead.objects.exists()


def test_fields_are_edited_by_the_verb_and_the_status_is_not(admin) -> None:
    row = lead(source="site")
    sent = typed(row, name="Новое имя", source=source("quiz"), **NOT_THEIRS)
    assert admin.post(f"{LIST}{row.pk}/change/", sent).status_code == 302
    after = Lead.objects.get(pk=row.pk)
    assert (after.name, after.source.code, after.status, after.version) == ("Новое имя", "quiz", "new", row.version + 1)
    assert (after.contact_id, after.responsible, after.created_at) == (row.contact_id, None, row.created_at)
    told = after.events.get(kind=Event.Kind.EDITED)
    assert told.data["changes"] == {"name": ["", "Новое имя"], "source": ["site", "quiz"]}
    assert broken() == {}


def test_a_page_that_was_seen_before_a_change_is_refused_with_who_was_faster(admin) -> None:
    row = lead(name="Пётр")
    page = f"{LIST}{row.pk}/change/"
    assert admin.post(page, typed(row, name="Первый")).status_code == 302
    answer = admin.post(page, typed(row, name="Второй"))
    assert answer.status_code == 200
    assert "Не сохранено" in text_of(answer)
    assert Lead.objects.get().name == "Первый"
    assert admin.post(page, typed(row, seen="x")).status_code == 200


def test_a_phone_given_later_takes_intakes_path(admin) -> None:
    original = lead(phone="89370006027")
    row = lead(phone="12", email="a@example.org")
    page = f"{LIST}{row.pk}/change/"
    wrong = admin.post(page, typed(row, phone="8937"))
    assert "phone" in wrong.context["adminform"].errors
    assert admin.post(page, typed(row, phone="8 937 000 60 27")).status_code == 302
    assert Lead.objects.get(pk=row.pk).duplicate_of == original
    other = lead()
    assert admin.post(f"{LIST}{other.pk}/change/", typed(other, phone="89370006028")).status_code == 302
    assert Lead.objects.get(pk=other.pk).phone == other.phone


def test_selected_leads_are_moved_each_by_its_own_rules(admin) -> None:
    fresh, visited = lead(), lead_in("visit")
    sent = {"action": "move", "_selected_action": [fresh.pk, visited.pk]}
    assert "form" in admin.post(LIST, sent).context
    answer = admin.post(LIST, {**sent, "apply": "1", "to": "dialing"}, follow=True)
    said = text_of(answer)
    assert "Изменена 1 строка" in said
    assert f"№ {visited.pk}" in said
    assert [Lead.objects.get(pk=row.pk).status for row in (fresh, visited)] == ["dialing", "visit"]
    assert Event.objects.filter(kind=Event.Kind.STATUS, lead=fresh, by__role="admin").exists()


def test_the_admin_earns_no_answer_like_everybody(admin) -> None:
    earned, fresh = lead_nobody_reached(), lead()
    sent = {"action": "move", "_selected_action": [earned.pk, fresh.pk], "apply": "1", "to": "junk"}
    admin.post(LIST, {**sent, "junk_reason": "no_answer"})
    assert [Lead.objects.get(pk=row.pk).status for row in (earned, fresh)] == ["junk", "new"]
    admin.post(LIST, sent)  # a reason is asked for
    assert Lead.objects.get(pk=fresh.pk).status == "new"
    assert admin.post(LIST, {**sent, "junk_reason": "duplicate"}).context["form"].errors
    for status in ("contract", "new", "nowhere"):
        assert admin.post(LIST, {**sent, "to": status}).context["form"].errors
    assert broken() == {}


def test_a_meeting_asks_for_its_time_and_office(admin, frozen) -> None:
    row = lead()
    office = Office.objects.first()
    sent = {"action": "move", "_selected_action": row.pk, "apply": "1", "to": "meeting", "office": office.code}
    admin.post(LIST, sent)
    assert Lead.objects.get().status == "new"
    later = frozen.now + timedelta(days=1)
    admin.post(LIST, {**sent, "meeting_at": later.strftime("%Y-%m-%dT%H:%M")})
    assert (Lead.objects.get().status, Lead.objects.get().office) == ("meeting", office)


def test_selected_leads_are_handed_over_but_not_to_a_lawyer(admin) -> None:
    row, operator, lawyer = lead(), OperatorFactory(), LawyerFactory()
    repeat = lead(phone=row.phone)
    sent = {"action": "assign", "_selected_action": [row.pk, repeat.pk], "apply": "1"}
    assert admin.post(LIST, {**sent, "responsible": lawyer.pk}).context["form"].errors
    answer = admin.post(LIST, {**sent, "responsible": operator.pk}, follow=True)
    assert f"№ {repeat.pk}" in text_of(answer)  # a duplicate goes with its original
    assert {lead.responsible for lead in Lead.objects.all()} == {operator}


def test_the_list_is_searched_and_filtered_like_the_others(admin) -> None:
    row = lead(phone="89370006027", name="Мельников")
    lead(name="Другой")
    for asked in ("q=мельников", "q=8+937+000-60-27", "q=60-27", f"q={row.pk}"):
        assert row in admin.get(f"{LIST}?{asked}").context["cl"].result_list
    assert len(admin.get(f"{LIST}?q=мельников").context["cl"].result_list) == 1
    for odd in ("q=" + "x " * 300, "q=%00", "status__exact=%00", "status__exact=zzz", "id=999999999999999999999999"):
        assert admin.get(f"{LIST}?{odd}", follow=True).status_code == 200
    for odd in ("x", "\x00", "9" * 40, "-1", ""):
        sent = {"action": "move", "_selected_action": odd}
        assert admin.post(LIST, sent, follow=True).status_code == 200
        assert admin.post(LIST, {**sent, "apply": "1", "to": "junk"}, follow=True).status_code == 200
