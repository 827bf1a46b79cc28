"""Applications that arrive at one moment. Each race is seen to fail with its guard taken out."""

import time
from collections import Counter
from contextlib import ExitStack
from functools import partial
from itertools import cycle

import pytest

from contacts.models import Contact
from deals.models import Deal
from history.models import Event
from leads.applications import body_digest, read_application
from leads.intake import register_lead
from leads.models import IdempotencyKey, Lead
from sources.actions import merge
from sources.models import Source
from tasks.models import Task
from tests.factories import (
    AdminFactory,
    ApiKeyFactory,
    ContactFactory,
    LawyerFactory,
    SourceFactory,
    lead,
    lead_in,
    move,
    phone,
)
from tests.promises import broken
from tests.races import ON_POSTGRES, Hands, failures, without_constraint, without_locks, without_unique_column, yes
from tests.rest import Rest
from tests.sizes import size

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = size(30, 500)
SPELLINGS = [
    "+79165551234",
    "89165551234",
    "79165551234",
    "9165551234",
    "8 (916) 555-12-34",
    "+7(916)555-12-34",
    "8-916-555-12-34",
    "+7 916 555 12 34",
    "тел. 8 916 555-12-34",
    "tel:+79165551234",
]
SOURCES = ["site", "yandex", "vk", "quiz", "radio"]


# --- C01: one number, many at once -----------------------------------------------------------------------------------
def post_one_number(posts: int, hands: int) -> list[str]:
    """Let `posts` applications of one number in at `hands` doors; answers what is wrong afterwards."""
    keys = [ApiKeyFactory(kind="intake") for _ in range(4)]
    turns = iter(range(posts))

    def door(number: int):
        key = keys[number % len(keys)]
        rest = Rest(key)

        def come_in() -> list[int]:
            codes = []
            for turn in turns:
                body = {"phone": SPELLINGS[turn % 10], "source": SOURCES[turn % 5], "external_id": str(turn)}
                if turn % 10 == 0:  # the whole way through HTTP
                    codes.append(rest.post("leads/", body).status_code)
                else:
                    codes.append(201 if register_lead(read_application(body), key=key).created else 200)
            return codes

        return come_in

    with Hands(hands) as people:
        answers = people.at_once([door(number) for number in range(hands)])
    wrong = failures(answers)
    codes = Counter(code for answer in yes(answers) for code in answer)
    if codes != {201: posts}:
        wrong.append(f"answers {dict(codes)}")
    originals = Lead.objects.filter(duplicate_of=None)
    counts = (Contact.objects.count(), originals.count(), Lead.objects.filter(duplicate_of__isnull=False).count())
    if counts != (1, 1, posts - 1):
        return [*wrong, f"contacts, originals, duplicates: {counts}"]
    original = originals.get()
    if original.events.filter(kind=Event.Kind.REPEAT).values("new").distinct().count() != posts - 1:
        wrong.append("not every repeat was heard")
    if Task.objects.open().filter(lead=original, repeat=True).count() != 1 or Task.objects.open().count() != 1:
        wrong.append("not one open task of a repeat")
    sources = Counter(Lead.objects.values_list("source__code", flat=True))
    if sources != dict.fromkeys(["site", "yandex_direct", "vk_ads", "quiz", "unknown"], posts // 5):
        wrong.append(f"sources {sources}")
    return wrong


def test_C01_of_many_posts_of_one_number_one_is_the_original(catalogues: None) -> None:
    # SQLite has one writer at a time: more of the same proves no more.
    assert post_one_number(size(2000 if ON_POSTGRES else 320, 20_000), 64) == []
    assert broken() == {}


def test_C01_breaks_without_the_lock_and_the_index(catalogues: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with without_constraint(Lead, "one_original_lead_per_contact"), without_locks(monkeypatch):
        ContactFactory(phone=SPELLINGS[0])  # else whoever makes the card holds up the rest by its unique number
        assert post_one_number(100, 16) != []


def test_C01_breaks_without_the_unique_number(catalogues: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with without_unique_column(Contact, "phone") if ON_POSTGRES else without_locks(monkeypatch):
        assert post_one_number(100, 16) != []


# --- C02: a repeat while its original is being closed or signed ------------------------------------------------------
def repeat_against(status: str, people: Hands, rounds: int) -> tuple[list[str], set[str]]:
    """A repeat arrives while the original goes to `status`: what was wrong, and which orders were seen."""
    wrong: list[str] = []
    seen: set[str] = set()
    for number in range(rounds):
        original = lead_in("visit")
        # The two ways are not equally long, so now the one and now the other gets a start.
        starts = (0, number % 5 * 0.01) if number % 2 else (number % 5 * 0.01, 0)
        repeat = partial(after, starts[0], partial(lead, phone=original.phone))
        wrong += failures(people.at_once([repeat, partial(after, starts[1], partial(move, original, status))]))
        rows = list(original.events.order_by("pk").values_list("kind", "new"))
        heard = next((n for n, (kind, _new) in enumerate(rows) if kind == Event.Kind.REPEAT), None)
        closed = next((n for n, row in enumerate(rows) if row == (Event.Kind.STATUS, status)), None)
        original.refresh_from_db()
        if heard is None or closed is None:
            wrong.append("one of the two did not happen")
            continue
        seen.add("heard first" if heard < closed else "closed first")
        told = Task.objects.open().filter(repeat=True)
        if status == "junk" and heard < closed and (original.status, told.exists()) != ("junk", False):
            wrong.append(f"heard, then closed, yet {original.status} with {told.count()} repeats open")
        if status == "junk" and heard > closed and (original.status, told.count()) != ("dialing", 1):
            wrong.append(f"closed, then heard, yet {original.status} with {told.count()} repeats open")
        if status == "contract" and not told.filter(deal__lead=original, assignee__role="lawyer").exists():
            wrong.append(f"the lawyer does not hear of it, though {sorted(seen)}")
        Task.objects.all().delete()
    return wrong, seen


@pytest.mark.parametrize("status", ["junk", "contract"])
def test_C02_a_repeat_and_a_closing_take_one_order_or_the_other(status: str, catalogues: None) -> None:
    LawyerFactory()
    with Hands(2) as people:
        wrong, seen = repeat_against(status, people, ROUNDS)
    assert wrong == []
    assert seen == {"heard first", "closed first"}


@pytest.mark.parametrize("status", ["junk", "contract"])
def test_C02_breaks_without_the_guard(status: str, catalogues: None, monkeypatch: pytest.MonkeyPatch) -> None:
    LawyerFactory()
    with without_locks(monkeypatch), Hands(2) as people:
        assert until_wrong(lambda: repeat_against(status, people, 10)[0])


def after(seconds: float, wish):
    """Wait a moment, then wish."""
    time.sleep(seconds)
    return wish()


def until_wrong(attempt, most: int = 30) -> list[str]:
    """What `attempt` found wrong at last; empty if nothing was in all that time."""
    for _ in range(most):
        if wrong := attempt():
            return wrong
    return []


# --- C03: one key, many at once --------------------------------------------------------------------------------------
def send_one_key(by: str, people: Hands, *, same: bool) -> list[str]:
    """Send one call as often as there are hands, with equal or different bodies; answers what is wrong afterwards."""
    key, numbers = ApiKeyFactory(kind="intake"), cycle([phone()] if same else [phone() for _ in range(people.count)])

    def call():
        body = {"phone": next(numbers), "source": "site"} | ({"external_id": "e-1"} if by == "external id" else {})
        idem = "k-1" if by == "idempotency key" else ""
        return lambda: register_lead(read_application(body), key=key, idempotency_key=idem, digest=body_digest(body))

    answers = people.at_once([call() for _ in range(people.count)])
    wrong = failures(answers)
    created = Counter(answer.created for answer in yes(answers))
    if created != {True: 1, False: people.count - 1} or len({answer.lead.pk for answer in yes(answers)}) != 1:
        wrong.append(f"created {dict(created)}")
    if Lead.objects.filter(api_key=key).count() != 1:
        wrong.append(f"{Lead.objects.filter(api_key=key).count()} leads")
    resent = Event.objects.filter(kind=Event.Kind.RESENT, lead__api_key=key).count()
    if resent != (0 if same else people.count - 1):
        wrong.append(f"{resent} differences told")
    return wrong


@pytest.mark.parametrize("same", [True, False], ids=["same bodies", "different bodies"])
@pytest.mark.parametrize("by", ["idempotency key", "external id"])
def test_C03_of_many_calls_with_one_key_one_makes_the_lead(by: str, same, catalogues: None) -> None:
    with Hands(50) as people:
        for _ in range(size(2, 30)):
            assert send_one_key(by, people, same=same) == []
    assert broken() == {}


GUARDS = {
    "idempotency key": (IdempotencyKey, "idempotency_key_once_per_api_key"),
    "external id": (Lead, "lead_external_id_once_per_key"),
}


@pytest.mark.parametrize("by", GUARDS)
def test_C03_breaks_without_the_guard(by: str, catalogues: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with ExitStack() as stack:
        stack.enter_context(without_constraint(*GUARDS[by]))
        if not ON_POSTGRES:  # there the write lock keeps them apart as well
            stack.enter_context(without_locks(monkeypatch))
        people = stack.enter_context(Hands(16))
        assert until_wrong(lambda: send_one_key(by, people, same=False))


# --- C19: a source is merged while leads arrive under it -------------------------------------------------------------
def test_C19_no_lead_is_without_its_source_while_sources_are_merged(catalogues: None) -> None:
    admin = AdminFactory()
    with Hands(6) as people:
        for number in range(size(5, 100)):
            source, into = SourceFactory(), Source.objects.get(code="site")
            before = Lead.objects.count()
            wishes = [lambda s=source: [lead(source=s.code) for _ in range(4)] for _ in range(5)]
            answers = people.at_once([*wishes, lambda s=source, i=into: merge(s.pk, i.pk, by=admin)])
            assert failures(answers) == []
            assert Lead.objects.count() == before + 20
            source.refresh_from_db()
            assert (source.active, source.merged_into) == (False, into)
            assert lead(source=source.code).source == into, number
    assert not Deal.objects.exists()
