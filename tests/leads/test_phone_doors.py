"""The phone table through every door a lead comes in by: the API, the new-lead form, the admin and the import.

API and import take what is no phone and keep the lead; a form asks again. What blank means, each door says itself.
"""

import csv
import io
from collections.abc import Iterable

import pytest
from django.db import transaction
from openpyxl import Workbook
from openpyxl.utils.exceptions import IllegalCharacterError

from contacts.models import Contact
from crm.errors import Invalid
from leads.models import Lead
from tests.contacts.phone_table import CASES, Case
from tests.factories import AdminFactory, OperatorFactory
from tests.leads.table_files import taken
from tests.pages import signed_in
from tests.rest import intake

pytestmark = [pytest.mark.once, pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]

COLUMNS = ("Телефон", "Источник", "Имя", "E-mail")


def wrong(case: Case, lead: Lead) -> list[str]:
    """How the lead of a case differs from the table."""
    got = (lead.phone, tuple(lead.other_phones), lead.phone_extension)
    want = (case.main, case.others, case.extension)
    return [] if got == want else [f"{case.id} {ascii(case.raw)}: {got}, the table says {want}"]


def is_blank(case: Case) -> bool:
    return not case.raw.strip()


def test_the_table_is_whole() -> None:
    assert len(CASES) == 112


def test_the_api_takes_all_of_it() -> None:
    caller, found = intake(), []
    for case in CASES:
        answer = caller.post("leads/", {"phone": case.raw, "source": "site", "email": "client@example.org"})
        assert answer.status_code == 201, case
        lead = Lead.objects.get(pk=answer.json()["id"])
        found += wrong(case, lead)
        assert answer.json()["phone_valid"] is (case.main is not None)
    assert found == []
    assert set(Contact.objects.values_list("phone", flat=True)) == {case.main for case in CASES if case.main}


@pytest.mark.parametrize(
    ("address", "factory", "refused"),
    [("/leads/new/", OperatorFactory, 422), ("/admin/leads/lead/add/", AdminFactory, 200)],
    ids=["form", "admin"],
)
def test_a_form_takes_numbers_and_asks_again_for_the_rest(address: str, factory, refused: int) -> None:
    client, found = signed_in(factory()), []
    source = {"/leads/new/": "site"}.get(address) or _id_of_site()
    for case in CASES:
        before = Lead.objects.count()
        answer = client.post(address, {"phone": case.raw, "source": source, "email": "a@b.ru", "duplicate": "1"})
        if case.main is None:
            told = answer.context["form" if refused == 422 else "adminform"]
            assert answer.status_code == refused, case
            assert "phone" in told.errors, case
            assert Lead.objects.count() == before
        else:
            assert answer.status_code == 302, case
            found += wrong(case, Lead.objects.latest("pk"))
    assert found == []


def _id_of_site() -> int:
    from sources.models import Source

    return Source.objects.get(code="site").pk


def lines(cases: Iterable[Case]) -> list[tuple[str, ...]]:
    return [COLUMNS, *((case.raw, "site", f"{number}", "client@example.org") for number, case in enumerate(cases))]


def as_csv(cases: Iterable[Case]) -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file).writerows(lines(cases))
    return file.getvalue().encode("utf-8-sig")


def as_xlsx(cases: Iterable[Case]) -> bytes:
    """Every cell as text: a writer that is not told so would make a formula of one."""
    book = Workbook()
    for number, line in enumerate(lines(cases), start=1):
        for column, text in enumerate(line, start=1):
            cell = book.active.cell(number, column)
            cell.value = text
            cell.data_type = "s"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def check(cases: list[Case]) -> None:
    leads = {int(lead.name): lead for lead in Lead.objects.select_related("contact")}
    assert len(leads) == len(cases)
    assert [said for number, case in enumerate(cases) for said in wrong(case, leads[number])] == []


def test_an_import_takes_what_such_a_file_can_hold() -> None:
    storable = [case for case in CASES if "\x00" not in case.raw]
    assert len(storable) == len(CASES) - 1
    with pytest.raises(IllegalCharacterError):  # the one other: a workbook cannot hold a NUL
        as_xlsx(CASES)
    admin = AdminFactory()
    with pytest.raises(Invalid):  # and in a text it is a sign of what is no table
        taken(as_csv(CASES), by=admin)
    for content, name in ((as_csv(storable), "leads.csv"), (as_xlsx(storable), "leads.xlsx")):
        with transaction.atomic():
            taken(content, by=admin, name=name)
            check(storable)
            transaction.set_rollback(True)
