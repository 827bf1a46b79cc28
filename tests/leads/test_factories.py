"""The rows that other tests stand on are what they say."""

import pytest

from contacts.phones import parse
from leads.models import Lead
from leads.pipeline import Status
from tests import factories
from tests.conftest import Frozen

pytestmark = pytest.mark.django_db


def test_numbers_are_valid_and_never_repeat() -> None:
    numbers = [factories.phone() for _ in range(300)]
    assert len(set(numbers)) == 300
    assert all(parse(number).main == number for number in numbers)


@pytest.mark.parametrize("status", Status)
def test_a_lead_is_brought_into_each_status(status: Status, catalogues: None) -> None:
    assert Lead.objects.get(pk=factories.lead_in(status).pk).status == status


def test_the_clock_stands_still_and_moves_when_told(frozen: Frozen) -> None:
    first = factories.lead().created_at
    frozen.move(hours=2)
    assert (factories.lead().created_at - first).total_seconds() == 7200


def test_a_key_comes_with_its_secret() -> None:
    key = factories.ApiKeyFactory(kind="intake")
    assert type(key).objects.find(key.secret, key.created_at) == key
    assert factories.header(key)["Authorization"].endswith(key.secret)
