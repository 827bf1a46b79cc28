"""The web process is killed around the commit of a lead: nothing is lost, nothing doubled, nothing waits for ever."""

import socket
import statistics
import time
from collections.abc import Iterator

import pytest

from bitrix24.address import parse
from crm import schedule, sweep
from leads.models import Lead
from team.actions import set_shift
from tests.bitrix24.portal import running
from tests.crm.stack import free_port, wait_until
from tests.factories import ApiKeyFactory, OperatorFactory
from tests.faults.web import NO_ANSWER, Web
from tests.programs import database_url
from tests.promises import broken
from tests.sizes import size

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
LEADS = 1  # the number of the entity at the portal
KILLS = size(5, 50)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[Web]:
    """One server for all tests here; its broker is where nobody listens."""
    broker = f"redis://127.0.0.1:{free_port()}/0"
    with Web(tmp_path_factory.mktemp("served"), {"DATABASE_URL": database_url(), "REDIS_URL": broker}) as web:
        yield web


@pytest.fixture
def web(served: Web, catalogues: None) -> Web:
    served.key = ApiKeyFactory().secret
    return served


def test_F01_F02_killed_around_the_commit_a_retry_makes_one_lead(web: Web) -> None:
    for number in range(KILLS):
        for when in ("before", "after"):
            name = f"{when}-{number}"
            web.armed.write_text(when)
            assert web.post_lead(name, number).status == NO_ANSWER
            assert not web.armed.exists(), "it was killed where it was meant to be"
            stored = list(Lead.objects.filter(external_id=name).values_list("pk", flat=True))
            assert len(stored) == (0 if when == "before" else 1), "all of it or nothing"
            web.wait_for_a_process()
            again = web.post_lead(name, number)
            assert again.status == (201 if when == "before" else 200), again.body
            assert stored in ([], [again.json["id"]])
    assert Lead.objects.count() == 2 * KILLS
    assert Lead.objects.originals().count() == KILLS, "the second of each number is a repeat, and none is of itself"
    assert broken() == {}


def test_F03_what_the_broker_was_not_told_of_is_done_by_the_sweep(web: Web, settings) -> None:
    set_shift(OperatorFactory().pk, "on")
    web.armed.write_text("after")
    assert web.post_lead("unheard", 1).status == NO_ANSWER
    settings.BITRIX24_RATE = 1000
    with running(now=time.time) as portal:
        settings.BITRIX24_WEBHOOK = parse(portal.webhook, insecure=True)
        assert not portal.crm.items[LEADS]
        assert wait_until(lambda: sweep.run_due({}, 0.0) and portal.crm.items[LEADS], within=30)
        assert len(portal.crm.items[LEADS]) == 1
    assert Lead.objects.get().responsible is not None
    for job in ("bitrix24.jobs.push", "leads.jobs.hand_out"):
        assert sweep.SILENCE + sweep.LOOK_EVERY + dict(schedule.EVERY)[job] <= 60


def test_F11_a_broker_that_is_down_or_says_nothing_costs_a_lead_no_more_than_a_second(web: Web) -> None:
    set_shift(OperatorFactory().pk, "on")
    refused = [web.post_lead(f"refused-{number}", number) for number in range(size(5, 50))]
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", int(web.environment["REDIS_URL"].split(":")[2].split("/")[0])))
        silent.listen(64)
        dropped = [web.post_lead(f"silent-{number}", 100 + number) for number in range(size(5, 50))]
    assert {answer.status for answer in [*refused, *dropped]} == {201}
    quiet = statistics.median(answer.seconds for answer in refused)
    assert max(answer.seconds for answer in dropped) < quiet + 1.3  # a second, and some for a busy machine
    assert statistics.median(answer.seconds for answer in dropped) < quiet + 0.3, "only the first one waits"
