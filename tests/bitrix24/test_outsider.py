"""Somebody else's published client reads from the fake portal what the mirror has told: the wire is right."""

import pytest
from fast_bitrix24 import Bitrix

from bitrix24.payloads import value_digest
from tests.bitrix24.conftest import Mirror
from tests.factories import lead, lead_in, touch

pytestmark = pytest.mark.django_db
FIELDS = ["ID", "TITLE", "NAME", "PHONE", "ORIGINATOR_ID", "CONTACT_ID", "LEAD_ID", "OPPORTUNITY", "UTM_SOURCE"]


def test_acceptance_8_an_outsider_reads_back_what_was_told(box: Mirror) -> None:
    signed, fresh = lead_in("contract", name="Ольга"), lead(name="Иван", utm={"source": "vk"})
    touch(fresh)
    box.drain()
    for number in range(60):  # more than a page, so that it reads the rest by a batch
        box.crm.somebody_adds(1, title=f"Чужой {number}")
    outsider = Bitrix(box.fake.webhook, verbose=False, requests_per_second=1000.0)
    leads = {int(row["ID"]): row for row in outsider.get_all("crm.lead.list", {"select": FIELDS})}
    contacts = {int(row["ID"]): row for row in outsider.get_all("crm.contact.list", {"select": FIELDS})}
    deals = outsider.get_all("crm.deal.list", {"select": FIELDS})
    assert len(leads) == 62
    for row in (signed, fresh):
        there = leads[box.twin(row)["id"]]
        assert (there["NAME"], there["ORIGINATOR_ID"]) == (row.name, "BFLCRM")
        person = contacts[int(there["CONTACT_ID"])]
        assert value_digest(person["PHONE"][0]["VALUE"]) == value_digest(row.phone)
    assert leads[box.twin(fresh)["id"]]["UTM_SOURCE"] == "vk"
    (deal,) = deals
    assert (int(deal["LEAD_ID"]), float(deal["OPPORTUNITY"])) == (box.twin(signed)["id"], float(signed.deal.amount))
    items = outsider.get_all("crm.item.list", {"entityTypeId": 1, "select": ["id", "stageId"]})
    assert {item["id"]: item["stageId"] for item in items}[box.twin(signed)["id"]] == "CONVERTED"
