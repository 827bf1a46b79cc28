"""What a source costs is entered in the admin by month, once for each."""

import pytest

from sources.models import Source, SourceSpend
from tests.factories import AdminFactory
from tests.pages import signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


def test_a_spend_is_entered_once_and_corrected() -> None:
    admin, address = signed_in(AdminFactory()), "/admin/sources/sourcespend/add/"
    typed = {"source": str(Source.objects.get(code="site").pk), "year": "2026", "month": "11", "amount": "1500.50"}
    assert admin.post(address, typed).status_code == 302
    assert admin.post(address, typed).status_code == 200  # there is one already
    assert admin.post(address, {**typed, "month": "13"}).status_code == 200
    assert admin.post(address, {**typed, "month": "10", "amount": "-1"}).status_code == 200
    spend = SourceSpend.objects.get()
    assert admin.post(f"/admin/sources/sourcespend/{spend.pk}/change/", {**typed, "amount": "20"}).status_code == 302
    assert SourceSpend.objects.get().amount == 20
    assert "Сайт" in text_of(admin.get("/admin/sources/sourcespend/"))
