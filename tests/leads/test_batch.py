"""A batch of applications ends in the same rows as the same applications one by one."""

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contacts.models import Contact
from history.models import Event
from leads.actions import change_status
from leads.applications import Application, read_application
from leads.intake import register_lead, register_leads
from leads.models import Lead
from leads.pipeline import Move, Status
from outbox.models import Mark
from tasks.models import Task
from team.models import ApiKey
from tests.conftest import Frozen
from tests.factories import AdminFactory, ApiKeyFactory, LawyerFactory, OperatorFactory, Policy, lead, move
from tests.promises import broken
from tests.sizes import size

pytestmark = pytest.mark.django_db

NUMBERS = [f"+791677700{n:02d}" for n in range(6)]
bodies = st.lists(
    st.fixed_dictionaries(
        {
            "phone": st.sampled_from([*NUMBERS, "8 (916) 777-00-00", "12345", ""]),
            "email": st.just("a@example.org"),
            "source": st.sampled_from(["site", "vk", "radio", ""]),
        },
        optional={
            "name": st.sampled_from(["", "Ирина", "Олег"]),
            "external_id": st.sampled_from(["", "a", "b", "c"]),
            "days_ago": st.sampled_from([0, 5, 25, 29, 31, 90]),
            "comment": st.sampled_from(["ещё раз", ""]),
        },
    ),
    max_size=14,
)


@pytest.fixture
def settled(catalogues: None, frozen: Frozen) -> dict[str, ApiKey]:
    """Numbers with a past (new, postponed, rejected, signed, joined to another by hand), 25 days ago."""
    LawyerFactory()
    admin = AdminFactory()
    at = frozen.now
    lead(phone=NUMBERS[0], by=OperatorFactory())
    move(lead(phone=NUMBERS[1]), "postponed")
    old = lead(phone=NUMBERS[2], by=admin, arrived_at=at - timedelta(days=30))
    move(old, "junk")
    move(move(lead(phone=NUMBERS[3]), "visit"), "contract")
    joined = lead(phone=NUMBERS[4])
    change_status(joined.pk, Move(Status.JUNK, junk_reason="duplicate", duplicate_of=old.pk), by=None)
    frozen.move(days=25)
    return {"admin": ApiKeyFactory(user=admin), "operator": ApiKeyFactory(user=OperatorFactory())}


def applications(given_bodies: list[dict], at) -> list[Application]:
    return [
        read_application(
            {name: value for name, value in body.items() if name != "days_ago"}
            | ({"arrived_at": at - timedelta(days=body["days_ago"])} if "days_ago" in body else {})
        )
        for body in given_bodies
    ]


def picture() -> dict[str, list]:
    """All that is in the tables, with ids replaced by what they stand for, since a batch gives them in other order."""
    names = {
        row.pk: (str(row.phone), row.created_at, row.source.code, row.comment, n)
        for n, row in enumerate(
            Lead.objects.select_related("contact", "source").order_by(
                "created_at", "comment", "source__code", "phone_raw"
            )
        )
    }
    skipped = {"id", "contact_id", "duplicate_of_id", "search_text"}
    leads = [
        (names[row["id"]][:4], names.get(row["duplicate_of_id"], ())[:4])
        + tuple(sorted((name, str(value)) for name, value in row.items() if name not in skipped))
        for row in Lead.objects.values()
    ]
    events = [
        (event.kind, names[event.lead_id][:4], event.old, event.reason, event.comment)
        for event in Event.objects.filter(lead__isnull=False)
    ]
    tasks = [
        (
            task.kind,
            task.lead_id and names[task.lead_id][:4],
            task.deal_id is None,
            task.due_at,
            task.state,
            task.repeat,
        )
        for task in Task.objects.all()
    ]
    contacts = Contact.objects.values_list("phone", "name", "search_text", "created_at")
    marks = Mark.objects.filter(pending=True).values_list("kind", flat=True)
    return {
        "leads": sorted(leads),
        "events": sorted(map(str, events)),
        "tasks": sorted(map(str, tasks)),
        "contacts": sorted(map(str, contacts)),
        "marks": sorted(marks),
    }


@settings(max_examples=size(25, 1000))
@given(given_bodies=bodies, days=st.sampled_from([None, 0, 20]), who=st.sampled_from(["admin", "operator"]))
@example(  # reopened by the first, so not bygone for the second
    given_bodies=[
        {"phone": NUMBERS[2], "email": "", "source": "site", "days_ago": 29},
        {"phone": NUMBERS[2], "email": "", "source": "site", "days_ago": 0},
    ],
    days=20,
    who="admin",
)
@example(  # a joined number follows to the new original
    given_bodies=[
        {"phone": NUMBERS[2], "email": "", "source": "site"},
        {"phone": NUMBERS[4], "email": "", "source": "vk"},
    ],
    days=0,
    who="admin",
)
@example(  # a nameless card takes the first name that comes
    given_bodies=[
        {"phone": NUMBERS[5], "email": "", "source": "site"},
        {"phone": NUMBERS[5], "email": "", "source": "site", "name": "Ирина", "comment": "ещё раз"},
        {"phone": NUMBERS[0], "email": "", "source": "site", "name": "Олег"},
    ],
    days=None,
    who="operator",
)
def test_a_batch_is_the_same_as_one_by_one(
    given_bodies: list[dict], days: int | None, who: str, settled: dict[str, ApiKey], frozen: Frozen
) -> None:
    Policy.intake(new_original_after_days=days)
    wanted = applications(given_bodies, frozen.now)
    key = settled[who]
    pictures = []
    for as_batch in (True, False):
        with transaction.atomic():
            if as_batch:
                answers = register_leads(wanted, by=key.user, key=key)
            else:
                answers = [register_lead(application, by=key.user, key=key) for application in wanted]
            created = [answer.created for answer in answers]
            assert broken() == {}
            pictures.append((created, len({answer.lead.pk for answer in answers}), picture()))
            transaction.set_rollback(True)
    assert pictures[0] == pictures[1]


def test_a_batch_answers_in_its_order_with_the_first_lead_for_a_known_id(catalogues: None) -> None:
    key = ApiKeyFactory()
    before = register_lead(read_application({"phone": NUMBERS[0], "external_id": "a"}), key=key).lead
    answers = register_leads(
        [
            read_application({"phone": NUMBERS[1], "external_id": "b"}),
            read_application({"phone": NUMBERS[2], "external_id": "a"}),
            read_application({"phone": NUMBERS[3], "external_id": "b"}),
            read_application({"phone": NUMBERS[1], "external_id": "c"}),
        ],
        key=key,
    )
    assert [answer.created for answer in answers] == [True, False, False, True]
    assert answers[1].lead == before
    assert answers[2].lead == answers[0].lead
    assert answers[3].lead.duplicate_of == answers[0].lead


def test_a_batch_takes_a_few_queries_for_all_of_it(catalogues: None, django_assert_max_num_queries) -> None:
    with django_assert_max_num_queries(25):
        register_leads([read_application({"phone": f"+7916888{n:04d}"}) for n in range(30)])
