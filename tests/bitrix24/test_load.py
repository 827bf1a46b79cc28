"""The first load: an old base arrives by imports, in the order of its dates, each object once whatever fails."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from bitrix24 import load as loading
from bitrix24 import mirror
from bitrix24.load import Tally, load
from bitrix24.models import Alarm
from bitrix24.timeline import sign
from contacts.models import Contact
from crm import clock
from crm.transactions import verb
from deals.models import Deal
from leads.models import Lead
from outbox import delivery
from outbox.links import OutsideId, known_outside
from outbox.models import Link, Mark
from outbox.together import lease_together
from tests.bitrix24.conftest import Mirror
from tests.bitrix24.portal import Plan
from tests.bitrix24.rest_of_portal import Error
from tests.factories import lead, lead_in, touch
from tests.sizes import NIGHTLY

pytestmark = [pytest.mark.django_db, pytest.mark.shared]
FAULTS = ["hang_after", "cut_after", *(["reset_after", "500_after", "html_after"] if NIGHTLY else [])]


@pytest.fixture
def old(box: Mirror) -> list[Lead]:
    """A base of 22 leads, an hour between each two, of which the last has a deal, the first a touch."""
    rows = []
    for number in range(21):
        rows.append(lead(name=f"Клиент {number}"))
        box.frozen.move(hours=1)
    rows.append(lead_in("contract"))
    touch(rows[0])
    box.frozen.move(days=2)
    return rows


def run(box: Mirror, **options) -> dict[str, dict[str, int]]:
    portal, tally = mirror.connect(mirror.settings.BITRIX24_WEBHOOK), Tally()
    try:
        load(portal, tally, **options)
    finally:
        portal.close()
    return tally.counts


def all_there_once(box: Mirror) -> None:
    for kind, model in ((1, Lead), (2, Deal), (3, Contact)):
        origins = box.crm.by_origin(kind)
        assert {len(items) for items in origins.values()} == {1}
        assert len(origins) == len(box.crm.items[kind]) == model.objects.count()
    assert box.crm.unknown == set()


def test_it_imports_in_the_order_of_the_dates_and_keeps_them(box: Mirror, old: list[Lead]) -> None:
    counts = run(box)
    assert (counts["contact"], counts["lead"], counts["deal"]) == ({"created": 22}, {"created": 22}, {"created": 1})
    assert counts["touch"]["created"] >= 1
    all_there_once(box)
    assert not box.fake.calls("crm.item.add"), "an addition would start the robots"
    assert [len(call.params["data"]) for call in box.fake.calls("crm.item.batchImport")] == [20, 2, 20, 2, 1]
    for row in (old[0], old[-1]):
        there = box.twin(row)
        assert there["createdTime"] == row.created_at.isoformat()
        assert there["contactId"] == box.twin(row.contact)["id"]
    made = [item["createdTime"] for item in box.crm.items[1].values()]
    assert made == sorted(made)
    # What was loaded is told: the ordinary mirror has no more to say of it.
    writes = len(box.fake.calls("crm.item.update"))
    box.drain()
    assert len(box.fake.calls("crm.item.update")) == writes
    assert run(box) == {}, "there is nothing left to load"


def test_a_dry_run_says_what_would_be_done_and_does_nothing(box: Mirror, old: list[Lead], capsys) -> None:
    box.crm.somebody_adds(3, name="Уже есть", fm=[{"typeId": "PHONE", "value": old[3].phone}])
    there = box.crm.somebody_adds(1, name="Из выгрузки")
    verb(known_outside)([OutsideId("lead", old[5].pk, old[5].created_at, there)])
    call_command("bitrix24", "load", "--dry-run")
    lines = capsys.readouterr().out.splitlines()
    assert {"contact: create 21, link 1", "lead: create 21, update 1", "deal: create 1"} <= set(lines)
    assert not [call for call in box.fake.ledger if call.method.endswith((".add", ".update", "import"))]
    assert Link.objects.count() == 1
    call_command("bitrix24", "load")
    lines = capsys.readouterr().out.splitlines()
    assert {"contact: linked 1, created 21", "lead: updated 1, created 21"} <= set(lines)
    assert (len(box.crm.items[3]), len(box.crm.items[1])) == (22, 22)


@pytest.mark.parametrize("fault", FAULTS)
def test_an_import_that_failed_in_the_middle_leaves_one_of_each(box: Mirror, old: list[Lead], fault: str) -> None:
    box.crm.hidden_for = 20
    box.fake.plan = Plan(next={"crm.item.batchimport": ["", f"{fault}@13"], "batch": ["", "", f"{fault}@7"]})
    run(box)
    box.fake.plan = Plan()
    box.drain()
    all_there_once(box)
    for row in old:
        assert box.twin(row).get("name", "") == row.name


@pytest.mark.parametrize("fault", FAULTS)
def test_a_batch_that_failed_at_its_13th_command_of_25_leaves_one_of_each(box: Mirror, fault: str) -> None:
    row = lead()
    for _ in range(25):
        touch(row)
        box.frozen.move(hours=2)
    before = 5  # contacts, leads, tasks, and the new task, touches
    box.crm.hidden_for = 20
    box.fake.plan = Plan(next={"batch": [*[""] * before, f"{fault}@13"]})
    run(box)
    assert len(box.crm.comments) == 13
    box.fake.plan = Plan()
    box.drain()
    texts = [comment["COMMENT"] for comment in box.crm.comments.values()]
    assert len(texts) == len(set(texts)) == 25
    for link in Link.objects.filter(kind="touch"):
        assert sign(link) in box.crm.comments[link.remote_id]["COMMENT"]


def test_of_a_batch_some_commands_may_fail_by_themselves(box: Mirror) -> None:
    row = lead()
    for _ in range(10):
        touch(row)
        box.frozen.move(hours=2)
    box.fake.plan = Plan(seed=3, inner=0.4)
    run(box)
    assert 0 < len(box.crm.comments) < 10
    box.fake.plan = Plan()
    box.drain()
    texts = [comment["COMMENT"] for comment in box.crm.comments.values()]
    assert len(texts) == len(set(texts)) == 10


def test_without_the_right_to_import_it_ends_with_the_portals_words(box: Mirror, old: list[Lead], monkeypatch) -> None:
    def refuses(given):
        raise Error(400, "", "Access denied.")

    monkeypatch.setitem(box.crm.methods, "crm.item.batchimport", refuses)
    with pytest.raises(CommandError, match="Access denied"):
        call_command("bitrix24", "load")
    assert not delivery.parked().exists(), "nobody has to press a button for each of them"


def test_it_goes_on_where_it_was_stopped(box: Mirror, old: list[Lead], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "AT_ONCE", 10)

    class Killed(BaseException):
        pass

    saved = Link.objects.bulk_update
    count = []

    def dies(*args, **kwargs):
        count.append(1)
        if len(count) == 5:
            raise Killed
        return saved(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr("bitrix24.load_items.Link.objects.bulk_update", dies)
        with pytest.raises(Killed):
            run(box)
    assert len(box.crm.items[1]) == 20
    assert Link.objects.filter(kind="lead", remote_id__isnull=False).count() == 10
    box.frozen.move(minutes=3)  # the dead one's leases run out
    run(box)
    box.drain()
    all_there_once(box)


def test_what_the_portal_refuses_is_parked_with_its_words(box: Mirror, old: list[Lead]) -> None:
    box.crm.rejects = lambda given: "Плохое имя" if given.get("name") == "Клиент 7" else ""
    counts = run(box)
    assert counts["contact"] == {"refused": 1, "created": 21}
    mark = box.marked(old[7].contact)
    assert (mark.parked_at is not None, mark.trouble) == (True, "CRM_FIELD_ERROR_VALUE_NOT_VALID: Плохое имя")
    assert counts["lead"] == {"created": 21, "left": 1}, "its lead waits for it"


def test_a_change_made_while_it_is_loaded_is_told_next(box: Mirror, old: list[Lead]) -> None:
    held = lease_together("lead", [old[0].pk])
    Mark.objects.filter(kind="lead", object_id=old[0].pk).update(change="00000000-0000-4000-8000-000000000001")
    held.told([old[0].pk])
    assert box.marked(old[0]).pending


def test_the_ordinary_mirror_imports_what_is_old(box: Mirror) -> None:
    old_one = lead()
    box.frozen.move(days=2)
    new_one = lead()
    box.drain()
    assert box.twin(old_one).get("_imported")
    assert not box.twin(new_one).get("_imported")


def test_two_of_one_origin_are_an_alarm_at_the_load_too(box: Mirror, old: list[Lead]) -> None:
    run(box)
    link = Link.objects.get(kind="lead", object_id=old[0].pk)
    box.crm.somebody_adds(1, originatorId="BFLCRM", originId=link.origin)
    Link.objects.filter(pk=link.pk).update(remote_id=None, digest="")
    Mark.objects.filter(kind="lead", object_id=old[0].pk).update(pending=True)
    run(box)
    assert Alarm.objects.get().key == f"several:{link.origin}"
    assert box.twin(old[0])["id"] == link.remote_id
    assert clock.now() - old[0].created_at > timedelta(days=2)
