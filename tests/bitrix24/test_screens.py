"""The command and the admin pages of the mirror: figures that are true, and decisions that are on record."""

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from bitrix24 import line
from bitrix24.models import Alarm, Entry
from outbox import delivery
from outbox.models import Link, Mark
from tests.bitrix24.conftest import Mirror
from tests.bitrix24.portal import CODE, Plan
from tests.factories import AdminFactory, OperatorFactory, lead, lead_in, move
from tests.pages import at_most

pytestmark = [pytest.mark.django_db, pytest.mark.shared]


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(AdminFactory(), "django.contrib.auth.backends.ModelBackend")
    return client


def act(client: Client, model: str, action: str, row) -> str:
    url = reverse(f"admin:{model}_changelist")
    return client.post(url, {"action": action, "_selected_action": [row.pk]}, follow=True).content.decode()


def said(capsys, *words: str) -> list[str]:
    capsys.readouterr()
    call_command("bitrix24", *words)
    return capsys.readouterr().out.splitlines()


def test_push_and_status_say_what_there_is(box: Mirror, capsys) -> None:
    lead()
    pending = Mark.objects.filter(pending=True).count()
    assert {"mirror: on", f"pending: {pending}", "parked: 0"} <= set(said(capsys, "status"))
    assert said(capsys, "push")[-1] == "pending: 0"
    assert "pending: 0" in said(capsys, "status")
    assert len(box.crm.items[1]) == 1


def test_status_fails_when_somebody_has_to_act_and_retry_helps(box: Mirror, capsys) -> None:
    lead()
    box.crm.rejects = lambda fields: "no"
    box.round()
    with pytest.raises(CommandError):
        call_command("bitrix24", "status")
    assert "parked: 1" in capsys.readouterr().out
    box.crm.rejects = lambda fields: ""
    assert said(capsys, "retry") == ["tried again: 1"]
    box.frozen.move(minutes=5)
    box.drain()
    assert "parked: 0" in said(capsys, "status")


def test_status_sees_that_nothing_drains(box: Mirror, capsys) -> None:
    lead()
    box.frozen.move(minutes=6)
    with pytest.raises(CommandError):
        call_command("bitrix24", "status")
    assert "stuck" in capsys.readouterr().out


def test_a_change_of_something_told_long_ago_is_not_taken_for_a_jam(box: Mirror, capsys) -> None:
    lead()
    box.drain()
    box.frozen.move(days=3)
    lead()
    assert "mirror: on" in said(capsys, "status")


def test_check_asks_the_portal(box: Mirror, capsys) -> None:
    lines = said(capsys, "check")
    assert "mode: classic" in lines
    assert "user.get: ok" in lines
    assert CODE not in "".join(lines)
    box.crm.mode = 2
    with pytest.raises(CommandError):
        call_command("bitrix24", "check")
    box.fake.plan = Plan(always="401")
    with pytest.raises(CommandError) as caught:
        call_command("bitrix24", "check")
    assert CODE not in str(caught.value)


def test_without_a_webhook_there_is_nothing_to_push(settings) -> None:
    for wish in ("push", "check"):
        with pytest.raises(CommandError, match="BITRIX24_WEBHOOK_URL"):
            call_command("bitrix24", wish)


def test_a_parked_row_is_shown_with_its_reason_and_tried_again_on_record(box: Mirror, admin: Client) -> None:
    row = lead()
    box.crm.rejects = lambda fields: "Поле NAME не годится"
    box.round()
    page = admin.get(reverse("admin:outbox_mark_changelist") + "?parked=1").content.decode()
    assert "Поле NAME не годится" in page
    assert page.count('name="_selected_action"') == 1
    box.crm.rejects = lambda fields: ""
    mark = box.marked(row.contact)
    assert "Изменена" in act(admin, "outbox_mark", "retry", mark) or LogEntry.objects.exists()
    box.frozen.move(minutes=5)
    box.drain()
    assert box.twin(row)
    assert LogEntry.objects.get().object_id == str(mark.pk)
    assert "Эта запись не ждёт решения." in act(admin, "outbox_mark", "retry", mark)


def test_a_parked_row_is_skipped_on_record(box: Mirror, admin: Client) -> None:
    row = lead()
    box.crm.rejects = lambda fields: "no"
    box.round()
    act(admin, "outbox_mark", "skip", box.marked(row.contact))
    assert not box.marked(row.contact).pending
    assert not delivery.parked().exists()
    assert LogEntry.objects.count() == 1


def test_a_stopped_line_is_shown_and_goes_on_by_the_form(box: Mirror, admin: Client) -> None:
    lead()
    box.fake.plan = Plan(next={"crm.duplicate.findbycomm": ["401"]})
    box.round()
    url = reverse("admin:bitrix24_line_change", args=[1])
    page = admin.get(url).content.decode()
    assert "NO_AUTH_FOUND" in page
    assert CODE not in page
    admin.post(url, {})
    box.drain()
    assert len(box.crm.items[1]) == 1


def test_an_alarm_is_closed_and_a_gone_twin_made_anew(box: Mirror, admin: Client) -> None:
    row = lead()
    box.drain()
    line.alarm("several:x", "два объекта")
    assert "два объекта" in admin.get(reverse("admin:bitrix24_alarm_changelist")).content.decode()
    act(admin, "bitrix24_alarm", "close", Alarm.objects.get())
    assert Alarm.objects.get().closed_at
    link = Link.objects.get(kind="lead")
    Link.objects.filter(pk=link.pk).update(gone_at=box.frozen.now)
    del box.crm.items[1][link.remote_id]
    act(admin, "outbox_link", "create_anew", link)
    Mark.objects.filter(kind="lead").update(pending=True)
    box.drain()
    assert box.twin(row)["id"] != link.remote_id


def test_the_pages_are_for_administrators() -> None:
    client = Client()
    client.force_login(OperatorFactory(), "django.contrib.auth.backends.ModelBackend")
    for model in ("outbox_mark", "bitrix24_alarm", "outbox_link", "bitrix24_entry", "bitrix24_colleague"):
        assert client.get(reverse(f"admin:{model}_changelist")).status_code == 403


def test_a_saved_change_pays_one_query_and_wakes_the_mirror_once_a_second(box: Mirror, monkeypatch) -> None:
    woken = []
    monkeypatch.setattr("outbox.actions.nudge", woken.append)
    monkeypatch.setattr("outbox.actions.Nudged.at", float("-inf"))
    lead()
    lead()
    assert woken == ["bitrix24.jobs.push"]


STATE = "/admin/bitrix24/line/"
MAPPING = "/admin/bitrix24/wiring/"


def test_the_page_of_the_state_says_how_it_is(box: Mirror, admin: Client) -> None:
    row = lead(name="Секретная")
    with at_most(18):
        page = admin.get(STATE).content.decode()
    assert "включено, портал 127.0.0.1" in page
    assert CODE not in page
    assert f"контакт: {Mark.objects.filter(kind='contact').count()}" in page
    box.crm.rejects = lambda given: f"Имя {given.get('name')} не годится" if "fm" in given else ""
    box.round()
    page = admin.get(STATE).content.decode()
    assert "Имя … не годится" in page, "the portal's words come without what was sent"
    assert "Секретная" not in page
    assert f'href="/admin/contacts/contact/{row.contact_id}/change/"' in page
    box.crm.rejects = lambda given: ""
    mark = box.marked(row.contact)
    answer = admin.post(STATE, {"do": "retry", "pk": mark.pk}, follow=True)
    assert "Повторено" in answer.content.decode() or LogEntry.objects.filter(object_id=str(mark.pk)).exists()
    assert LogEntry.objects.filter(object_id=str(mark.pk)).exists()
    box.frozen.move(minutes=5)
    box.drain()
    assert box.twin(row)
    assert "Эта запись не ждёт решения." in admin.post(STATE, {"do": "retry", "pk": "x"}, follow=True).content.decode()


def test_the_page_of_the_state_decides_about_the_rest(box: Mirror, admin: Client, settings) -> None:
    row = lead()
    box.crm.rejects = lambda given: "no" if "fm" in given else ""
    box.round()
    admin.post(STATE, {"do": "retry_all"})
    assert not delivery.parked().exists()
    box.round()
    admin.post(STATE, {"do": "skip", "pk": box.marked(row.contact).pk})
    assert not box.marked(row.contact).pending
    line.alarm("several:x", "два объекта")
    admin.post(STATE, {"do": "close", "pk": Alarm.objects.get().pk})
    assert Alarm.objects.get().closed_at
    line.stop(settings.BITRIX24_WEBHOOK, "NO_AUTH_FOUND")
    assert "остановлена" in admin.get(STATE).content.decode()
    admin.post(STATE, {"do": "resume"})
    assert line.open_for(settings.BITRIX24_WEBHOOK)
    settings.BITRIX24_WEBHOOK = None
    assert "выключено" in admin.get(STATE).content.decode()


def test_stages_sources_people_and_the_pipeline_are_mapped_by_choice(box: Mirror, admin: Client) -> None:
    operator = OperatorFactory(email="a@firm.example")
    box.crm.users = [{"ID": "77", "EMAIL": "other@firm.example", "NAME": "Анна", "LAST_NAME": "Серова"}]
    admin.post(MAPPING, {"do": "read"})
    page = admin.get(f"{MAPPING}?part=people").content.decode()
    assert "Серова Анна" in page
    for part, chosen in (
        ("stages", {"of:dialing": "IN_PROCESS"}),
        ("sources", {"of:site": "WEB"}),
        ("people", {f"of:{operator.pk}": "77"}),
        ("deals", {"pipeline": "5"}),
        ("deals", {"of:documents": "C5:EXECUTING"}),
    ):
        assert admin.get(f"{MAPPING}?part={part}").status_code == 200
        admin.post(f"{MAPPING}?part={part}", {"do": "save", **chosen})
    row = move(lead(by=operator, source="site"), "dialing")
    signed = lead_in("contract")
    box.drain()
    there = box.twin(row)
    assert (there["stageId"], there["sourceId"], there["assignedById"]) == ("IN_PROCESS", "WEB", 77)
    assert box.twin(signed.deal)["stageId"] == "C5:EXECUTING"
    assert LogEntry.objects.count() == 5
    # What the portal does not have is not taken, and an empty choice goes back to what happens by itself.
    answer = admin.post(f"{MAPPING}?part=stages", {"do": "save", "of:dialing": "NOWHERE"}, follow=True)
    assert "На портале нет такой записи" in answer.content.decode()
    admin.post(f"{MAPPING}?part=stages", {"do": "save", "of:dialing": ""})
    assert not Entry.objects.filter(directory="STATUS", code="dialing").exists()


def test_a_portal_that_cannot_be_asked_is_said_so(box: Mirror, admin: Client) -> None:
    box.fake.plan = Plan(always="401")
    page = admin.post(MAPPING, {"do": "read"}, follow=True).content.decode()
    assert "NO_AUTH_FOUND" in page
    assert CODE not in page
