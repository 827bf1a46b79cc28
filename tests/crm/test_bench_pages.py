"""The benchmark of the pages: it refuses what it cannot measure in words, and its yardstick is a page of ours."""

import pytest
from django.core.management import CommandError, call_command

from crm import bench_pages
from crm.bench_urls import YARDSTICK
from team.models import ShiftPeriod
from tests import factories
from tests.pages import signed_in

pytestmark = pytest.mark.django_db


def test_it_makes_up_no_calls_in_production(settings) -> None:
    settings.DEBUG = False
    with pytest.raises(CommandError, match="only with DEBUG on"):
        call_command("benchpages")


def test_too_few_operators_are_said_in_words(settings) -> None:
    settings.DEBUG = True
    factories.OperatorFactory()
    with pytest.raises(CommandError, match="There are 1 operators, not 2"):
        call_command("benchpages", users=2)
    assert not ShiftPeriod.objects.exists()


@pytest.mark.usefixtures("catalogues")
def test_the_yardstick_shows_leads_to_a_colleague_alone(settings, client) -> None:
    settings.ROOT_URLCONF = "crm.bench_urls"
    operator = factories.OperatorFactory()
    factories.lead(name="Анна Орлова", by=operator)
    assert "Анна Орлова" in signed_in(operator).get(YARDSTICK).content.decode()
    assert client.get(YARDSTICK).status_code == 403


def test_a_session_of_the_benchmark_is_signed_in(client, settings) -> None:
    operator = factories.OperatorFactory()
    client.cookies[settings.SESSION_COOKIE_NAME] = bench_pages.session_of(operator)
    assert client.get("/leads/").wsgi_request.user == operator


def test_a_percentile() -> None:
    assert bench_pages.percentile([float(number) for number in range(1, 102)], 95) == 96
    assert bench_pages.percentile([7.0], 95) == 7
