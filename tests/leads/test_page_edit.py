"""Changing the fields of a lead: the version, the phone given later, and what is refused."""

import pytest

from leads.editing import edit_lead
from leads.models import Lead
from tests.factories import ManagerFactory, OperatorFactory, lead
from tests.pages import signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


def typed(row: Lead, **changes: str) -> dict[str, str]:
    form = {"name": row.name, "city": row.city, "debt_amount": "", "email": row.email, "source": row.source.code}
    return {**form, "comment": row.comment, "version": str(row.version), **changes}


def test_fields_are_changed_and_the_source_goes_along() -> None:
    row = lead(name="Андрей")
    sent = typed(row, name="Андрей Мельников", debt_amount="760 000,50", source="vk_ads")
    answer = signed_in(ManagerFactory()).post(f"/leads/{row.pk}/edit/", sent)
    assert answer.headers["Location"] == f"/leads/{row.pk}/"
    row.refresh_from_db()
    assert (row.name, str(row.debt_amount), row.source.code) == ("Андрей Мельников", "760000.50", "vk_ads")


def test_somebody_who_was_faster_is_named_and_the_typed_text_stays() -> None:
    row = lead(name="Андрей")
    sent = typed(row, comment="Просил утром")
    edit_lead(row.pk, {"name": "Андрей Мельников"}, by=ManagerFactory(name="Денис Орлов"))
    client = signed_in(ManagerFactory())
    page = client.post(f"/leads/{row.pk}/edit/", sent)
    assert page.status_code == 409
    assert "Не сохранено. Денис Орлов изменил лид в" in text_of(page)
    assert "Просил утром" in page.content.decode()
    row.refresh_from_db()
    assert row.name == "Андрей Мельников"
    assert row.comment == ""


def test_a_phone_can_be_given_later_and_meets_its_original() -> None:
    original = lead(phone="8 937 000-60-27")
    first, second = (lead(phone="12345", email="a@example.org") for _row in range(2))
    client = signed_in(ManagerFactory())
    assert 'name="phone"' in client.get(f"/leads/{first.pk}/edit/").content.decode()
    wrong = client.post(f"/leads/{first.pk}/edit/", typed(first, phone="123"))
    assert wrong.status_code == 422
    assert "Номер не распознан" in text_of(wrong)
    client.post(f"/leads/{first.pk}/edit/", typed(first, phone="8 937 000-60-28"))
    client.post(f"/leads/{second.pk}/edit/", typed(second, phone="8 937 000-60-27"))
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.phone == "+79370006028"
    assert second.duplicate_of == original


def test_a_known_phone_cannot_be_changed_here() -> None:
    row = lead()
    client = signed_in(ManagerFactory())
    assert 'name="phone"' not in client.get(f"/leads/{row.pk}/edit/").content.decode()
    client.post(f"/leads/{row.pk}/edit/", typed(row, phone="8 937 000-60-29"))
    row.refresh_from_db()
    assert row.phone != "+79370006029"


@pytest.mark.parametrize(
    "changes",
    [{"source": ""}, {"source": "nowhere"}, {"debt_amount": "-1"}, {"email": "не почта"}, {"name": "x" * 201}],
)
def test_what_cannot_be_is_refused(changes: dict[str, str]) -> None:
    row = lead()
    page = signed_in(ManagerFactory()).post(f"/leads/{row.pk}/edit/", typed(row, **changes))
    assert page.status_code == 422
    row.refresh_from_db()
    assert row.version == 1


def test_a_colleagues_lead_is_not_there() -> None:
    row = lead(by=OperatorFactory())
    assert signed_in(OperatorFactory()).post(f"/leads/{row.pk}/edit/", typed(row)).status_code == 404
