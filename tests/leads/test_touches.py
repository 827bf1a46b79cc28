"""Recording touches: when they may be, what they do to status, tasks and responsible."""

from datetime import timedelta

import pytest

from crm.errors import Forbidden, Invalid, Refused
from leads.editing import stop_calling
from leads.models import Lead, Touch
from leads.pipeline import Move, Status
from leads.touches import NewTouch, log_touch
from outbox.models import Mark
from tests.factories import (
    AdminFactory,
    ApiKeyFactory,
    LawyerFactory,
    ManagerFactory,
    OperatorFactory,
    lead,
    lead_in,
    move,
    terms,
    touch,
)

pytestmark = pytest.mark.django_db


def open_tasks(row: Lead) -> list[tuple[str, object, object]]:
    return [(task.kind, task.step, task.due_at) for task in row.tasks.open().order_by("kind", "due_at", "pk")]


# --- when ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("ago", "who", "said"),
    [
        (timedelta(seconds=-1), AdminFactory, "Касание не может быть в будущем"),
        (timedelta(0), OperatorFactory, None),
        (timedelta(hours=24), OperatorFactory, None),
        (timedelta(hours=24, seconds=1), OperatorFactory, "Касание можно внести не позже чем через 24 часа"),
        (timedelta(hours=24, seconds=1), ManagerFactory, "Касание можно внести не позже чем через 24 часа"),
        (timedelta(days=9), AdminFactory, None),
        (timedelta(days=10), AdminFactory, None),
        (timedelta(days=10, seconds=1), AdminFactory, "Касание не может быть раньше прихода лида"),
    ],
)
def test_when_a_touch_may_have_been(ago: timedelta, who, said: str | None, frozen) -> None:
    row = lead(by=AdminFactory(), arrived_at=frozen.now - timedelta(days=10))
    if said is None:
        assert touch(row, by=who(), at=frozen.now - ago).at == frozen.now - ago
    else:
        with pytest.raises(Invalid) as invalid:
            touch(row, by=who(), at=frozen.now - ago)
        assert invalid.value.fields == {"at": [said]}
        assert not Touch.objects.exists()


def test_an_intake_key_may_backdate_further(frozen) -> None:
    row = lead(by=AdminFactory(), arrived_at=frozen.now - timedelta(days=10))
    key = ApiKeyFactory(kind="intake")
    assert touch(row, key=key, at=frozen.now - timedelta(days=9)).api_key == key
    row.refresh_from_db()
    assert row.responsible is None


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"channel": "pigeon", "outcome": "answered"}, "channel"),
        ({"channel": "call", "outcome": "maybe"}, "outcome"),
        ({"channel": "call", "outcome": "answered", "direction": "sideways"}, "direction"),
        ({"channel": "call", "outcome": "no_show"}, "outcome"),
        ({"channel": "office", "outcome": "no_show"}, "outcome"),
    ],
)
def test_words_that_do_not_fit_are_refused(given: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as invalid:
        log_touch(lead_in("dialing").pk, NewTouch(**given), by=None)
    assert list(invalid.value.fields) == [field]


def test_an_external_id_is_recorded_once_per_key() -> None:
    row, key, other = lead(), ApiKeyFactory(kind="intake"), ApiKeyFactory(kind="intake")
    first = log_touch(row.pk, NewTouch("call", "busy", external_id="call-1"), by=None, key=key)
    again = log_touch(row.pk, NewTouch("call", "answered", external_id="call-1"), by=None, key=key)
    assert (first.created, again.created, again.touch) == (True, False, first.touch)
    assert log_touch(row.pk, NewTouch("call", "busy", external_id="call-1"), by=None, key=other).created
    assert Lead.objects.get(pk=row.pk).touches_count == 2


def test_a_duplicate_takes_no_touch() -> None:
    original = lead()
    with pytest.raises(Refused, match=f"исходного лида № {original.pk}") as refusal:
        touch(lead(phone=original.phone))
    assert refusal.value.code == "duplicate_is_frozen"


def test_a_lawyer_records_none(catalogues: None) -> None:
    lawyer = LawyerFactory()
    with pytest.raises(Forbidden):
        touch(lead_in("contract"), by=lawyer)


# --- what follows ----------------------------------------------------------------------------------------------------
def test_the_first_touch_moves_new_to_dialing_and_is_the_first_step(catalogues: None, frozen) -> None:
    row = lead()
    operator = OperatorFactory()
    frozen.move(minutes=10)
    touch(row, by=operator)
    assert (row.status, row.responsible, row.touches_count) == ("dialing", operator, 1)
    assert row.tasks.get(state="done").kind == "contact_client"
    assert open_tasks(row) == [
        ("contact_client", 1, frozen.now + timedelta(hours=2)),
        ("write_messenger", 0, frozen.now),
    ]
    assert {task.assignee for task in row.tasks.open()} == {operator}


def test_a_message_first_counts_as_the_step_of_messages(catalogues: None, frozen) -> None:
    row = lead()
    touch(row, "sent", "whatsapp")
    assert open_tasks(row) == [
        ("contact_client", 0, frozen.now),
        ("write_messenger", 1, frozen.now + timedelta(hours=2)),
    ]


def test_the_clients_missed_call_is_not_our_attempt(catalogues: None, frozen) -> None:
    row = lead()
    touch(row, "no_answer", direction="incoming")
    assert row.status == "dialing"
    assert ("contact_client", 0, frozen.now) in open_tasks(row)
    touch(row, "no_answer", direction="incoming")
    assert ("contact_client", 0, frozen.now) in open_tasks(row)


def test_a_touch_may_take_the_lead_further(catalogues: None, frozen) -> None:
    row = lead()
    touch(row, "answered", then=Move(Status.MEETING, **terms("meeting")))
    assert (row.status, row.touches_count) == ("meeting", 1)
    assert [event.new for event in row.events.filter(kind="status")] == ["meeting"]
    assert row.tasks.get(state="done").kind == "contact_client"


def test_a_move_that_is_refused_takes_the_touch_with_it(catalogues: None) -> None:
    row = lead()
    with pytest.raises(Invalid):
        touch(row, "answered", then=Move(Status.MEETING))
    assert not Touch.objects.exists()
    assert Lead.objects.get(pk=row.pk).status == "new"


def test_an_unanswered_call_plans_the_next_step(catalogues: None, frozen) -> None:
    row = lead_in("dialing")
    touch(row)
    assert ("contact_client", 1, frozen.now + timedelta(hours=2)) in open_tasks(row)
    frozen.move(hours=2)
    touch(row)
    tomorrow_at_ten = frozen.START + timedelta(hours=22)
    assert ("contact_client", 2, tomorrow_at_ten) in open_tasks(row)


def test_an_answered_call_plans_nothing(catalogues: None, frozen) -> None:
    row = lead_in("dialing")
    touch(row, "answered")
    assert open_tasks(row) == []  # whoever has been reached is not chased by message either


def test_a_call_out_of_turn_uses_up_no_step(catalogues: None, frozen) -> None:
    row = lead_in("dialing")
    for _ in range(10):
        touch(row)
    assert ("contact_client", 1, frozen.now + timedelta(hours=2)) in open_tasks(row)
    assert row.touches_count == 10


def test_a_call_before_its_time_leaves_the_promised_one(catalogues: None, frozen) -> None:
    row = move(lead(), "postponed", callback_at=frozen.now + timedelta(days=2))
    touch(row)
    assert open_tasks(row) == [("contact_client", 0, frozen.now + timedelta(days=2))]
    frozen.move(days=2)
    touch(row)
    assert open_tasks(row) == []


def test_a_call_in_the_evening_does_what_waits_for_the_morning(catalogues: None, frozen) -> None:
    frozen.move(hours=10)  # 22:00 in Moscow
    row = lead()
    assert open_tasks(row) == [("contact_client", 0, frozen.START + timedelta(hours=21))]
    touch(row, "answered", then=Move(Status.VISIT))
    assert row.tasks.get(kind="contact_client").state == "done"


def test_the_cadence_comes_to_its_end(catalogues: None, frozen) -> None:
    row = lead_in("dialing")
    for _ in range(6):
        due = max(task.due_at for task in row.tasks.open().filter(kind="contact_client"))
        frozen.set(max(due, frozen.now))
        touch(row)
    assert not row.tasks.open().filter(kind="contact_client").exists()
    assert sorted(row.tasks.filter(kind="contact_client", stay=row.stay).values_list("step", flat=True)) == [*range(6)]


def test_whoever_did_not_come_is_called(catalogues: None, frozen) -> None:
    row = move(lead(), "meeting", meeting_at=frozen.now + timedelta(hours=1))
    frozen.move(hours=2)
    touch(row, "no_show", "office")
    assert (row.status, row.no_show_at) == ("meeting", frozen.now)
    assert ("contact_client", None, frozen.now) in open_tasks(row)
    first = row.no_show_at
    frozen.move(days=1)
    touch(row, "no_show", "office")
    assert row.no_show_at == first


def test_who_asked_not_to_be_called_is_not_chased(catalogues: None, frozen) -> None:
    row = lead_in("meeting")
    stop_calling(row.contact_id, "просил не звонить", by=ManagerFactory())
    touch(row, "no_show", "office")
    assert "contact_client" not in [kind for kind, _step, _due in open_tasks(row)]
    move(row, "dialing")
    assert open_tasks(row) == []
    touch(row)
    assert open_tasks(row) == []


def test_asking_not_to_be_called_takes_back_what_was_planned(catalogues: None, frozen) -> None:
    row = lead()
    stop_calling(row.contact_id, "просил не звонить", by=ManagerFactory())
    assert open_tasks(row) == []
    meeting = lead_in("meeting")
    stop_calling(meeting.contact_id, "просил не звонить", by=ManagerFactory())
    assert {kind for kind, _step, _due in open_tasks(meeting)} == {"send_address", "confirm_meeting"}


def test_a_mere_touch_leaves_the_version_alone() -> None:
    row = lead_in("dialing", by=OperatorFactory())
    version = row.version
    touch(row)
    assert row.version == version
    assert Mark.objects.filter(kind="touch").count() == 1


def test_first_and_last_touch_follow_the_time_of_the_touches(frozen) -> None:
    row = lead(by=AdminFactory(), arrived_at=frozen.now - timedelta(hours=9))
    for hours in (3, 5, 1):
        touch(row, at=frozen.now - timedelta(hours=hours))
    assert row.first_touch_at == frozen.now - timedelta(hours=5)
    assert row.last_touch_at == frozen.now - timedelta(hours=1)
