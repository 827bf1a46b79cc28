"""The administrator's pages of tasks: rules with their steps, hours, days, escalation. A change holds from the next
planning on and leaves what was planned as it is.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contacts.models import Messenger
from leads.models import Lead
from tasks.models import CallingHours, EscalationPolicy, RuleStep, SpecialDay, Task, TaskRule
from tests.factories import AdminFactory, OperatorFactory, lead, lead_in, touch
from tests.pages import signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


@pytest.fixture
def client(db: None) -> Client:
    return signed_in(AdminFactory())


def page(name: str, *ids: object) -> str:
    return reverse(f"admin:tasks_{name}", args=ids)


def body_of(rule: TaskRule, **changed: Any) -> dict[str, Any]:
    """The form of a rule as a browser would send it back."""
    fields = {"status": rule.status, "kind": rule.kind, "text": rule.text, "on": rule.on, "pace": rule.pace}
    sent: dict[str, Any] = {**fields, "position": rule.position, **({"active": "on"} if rule.active else {})}
    steps = list(rule.steps.all())
    sent |= {"steps-TOTAL_FORMS": len(steps), "steps-INITIAL_FORMS": len(steps)}
    for number, step in enumerate(steps):
        row = {
            "id": step.pk,
            "rule": rule.pk,
            "position": step.position,
            "anchor": step.anchor,
            "days": step.days,
            "at_time": step.at_time.strftime("%H:%M") if step.at_time else "",
            "minutes": step.minutes,
            "channel": step.channel,
            **({"working_days": "on"} if step.working_days else {}),
        }
        sent |= {f"steps-{number}-{name}": value for name, value in row.items()}
    return sent | changed


def save(client: Client, rule: TaskRule, **changed: Any) -> Any:
    return client.post(page("taskrule_change", rule.pk), body_of(rule, **changed), follow=True)


def cadence(kind: str = "contact_client") -> TaskRule:
    return TaskRule.objects.get(status="dialing", kind=kind)


def dues(row: Lead) -> set[tuple[str, datetime]]:
    return set(row.tasks.open().values_list("kind", "due_at"))


def test_the_page_of_a_rule_says_its_steps_in_words(client: Client) -> None:
    shown = text_of(client.get(page("taskrule_change", cadence().pk)))
    for words in ("Сразу", "Через 2 ч", "Через 1 день в 10:00", "Через 1 день в 18:00", "Через 3 дня"):
        assert words in shown
    assert "За 1 день до встречи в 17:00 · За 2 ч до встречи" in text_of(client.get(page("taskrule_changelist")))


def test_a_cadence_without_steps_is_refused(client: Client) -> None:
    rule = cadence()
    wiped = {f"steps-{number}-DELETE": "on" for number in range(6)}
    assert "Графику касаний нужен хотя бы один шаг" in text_of(save(client, rule, **wiped))
    assert rule.steps.count() == 6


def test_a_rule_without_steps_and_steps_out_of_order_are_warned_of(client: Client) -> None:
    shown = text_of(save(client, cadence(), **{"steps-4-days": 9}))
    assert "Шаг 6 по времени раньше шага 5" in shown
    assert RuleStep.objects.get(rule=cadence(), position=5).days == 9, "saved all the same"
    new = TaskRule.objects.get(status="new")
    assert "У правила нет шагов" in text_of(save(client, new, **{"steps-0-DELETE": "on"}))
    assert not new.steps.exists()


def test_a_step_by_another_messenger_is_called_so(client: Client, frozen) -> None:
    assert b"Telegram" in client.get(page("taskrule_change", cadence("write_messenger").pk)).content
    save(client, cadence("write_messenger"), **{"steps-0-channel": "telegram"})
    row = lead_in("dialing")
    assert row.tasks.get(kind="write_messenger").title == "Написать в Telegram"


def test_only_messengers_in_use_are_offered(client: Client) -> None:
    rule = cadence("write_messenger")
    RuleStep.objects.filter(rule=rule, position=2).update(channel="max")
    Messenger.objects.filter(code__in=["telegram", "max"]).update(active=False)
    assert "Выберите корректный вариант" in text_of(save(client, rule, **{"steps-0-channel": "telegram"}))
    save(client, rule, text="Написать")  # the step by MAX stays as it is
    assert RuleStep.objects.get(rule=rule, position=2).channel == "max"
    assert TaskRule.objects.get(pk=rule.pk).text == "Написать"


def test_changed_steps_hold_from_the_next_planning_on(client: Client, frozen) -> None:
    row = lead_in("dialing", by=OperatorFactory())
    before = dues(row)
    untouched = list(Task.objects.order_by("pk").values())
    save(client, cadence(), **{"steps-0-minutes": 45, "steps-1-minutes": 300})
    assert list(Task.objects.order_by("pk").values()) == untouched
    assert dues(row) == before
    touch(row)  # unanswered: the step that follows is planned by the rule as it now is
    assert row.tasks.open().get(kind="contact_client").due_at == frozen.now.replace(hour=14)
    other = lead_in("dialing")
    assert other.tasks.open().get(kind="contact_client").due_at == frozen.now.replace(minute=45)


def test_a_step_taken_away_ends_the_cadence_there(client: Client, frozen) -> None:
    row = lead_in("dialing")
    save(client, cadence(), **{f"steps-{number}-DELETE": "on" for number in range(1, 6)})
    touch(row)
    assert not row.tasks.open().filter(kind="contact_client").exists()


def test_an_inactive_rule_and_another_pace_hold_from_the_next_planning_on(client: Client, frozen) -> None:
    row = lead_in("dialing")
    rule = cadence("write_messenger")
    sent = body_of(rule)
    del sent["active"]
    client.post(page("taskrule_change", rule.pk), sent)
    assert row.tasks.open().filter(kind="write_messenger").count() == 1
    assert not lead_in("dialing").tasks.filter(kind="write_messenger").exists()
    save(client, cadence(), pace="at_once")
    assert row.tasks.open().filter(kind="contact_client").count() == 1
    assert lead_in("dialing").tasks.open().filter(kind="contact_client").count() == 6


HOURS = {"start": "09:00", "end": "20:00", "calling_days": list("1234567"), "working_days": list("12345")}


def test_weekdays_are_boxes(client: Client) -> None:
    shown = client.get(page("callinghours_change", 1)).content.decode()
    assert shown.count('type="checkbox"') == 14
    assert shown.count("checked") == 12
    answer = client.post(page("callinghours_change", 1), {**HOURS, "calling_days": ["6", "1", "3"]})
    assert answer.status_code == 302
    assert CallingHours.current().calling_days == "136"
    for wrong in ([], ["8"], ["1", "x"]):
        assert client.post(page("callinghours_change", 1), {**HOURS, "working_days": wrong}).status_code == 200
    assert CallingHours.current().working_days == "12345"


def test_changed_hours_hold_from_the_next_planning_on(client: Client, frozen) -> None:
    row = lead()
    before = dues(row)
    client.post(page("callinghours_change", 1), {**HOURS, "start": "15:00", "calling_days": ["4"]})
    assert dues(row) == before
    assert lead().tasks.get().due_at == datetime.fromisoformat("2026-11-26T15:00+03:00")


def test_a_holiday_holds_from_the_next_planning_on(client: Client, frozen) -> None:
    row = lead()
    day = {"date": "24.11.2026", "name": "Выходной"}
    assert client.post(page("specialday_add"), day).status_code == 302
    assert row.tasks.get().due_at == frozen.now
    assert lead().tasks.get().due_at == datetime.fromisoformat("2026-11-25T09:00+03:00")
    wrong = client.post(page("specialday_add"), {**day, "date": "25.11.2026", "working": "on", "yearly": "on"})
    assert "только одного года" in text_of(wrong)
    SpecialDay.objects.get(date=date(2026, 11, 24)).delete()
    assert lead().tasks.get().due_at == frozen.now


def test_the_list_of_days_names_their_weekday(client: Client) -> None:
    SpecialDay.objects.create(date=date(2026, 11, 28), name="Рабочая суббота", working=True)
    shown = text_of(client.get(page("specialday_changelist") + "?working__exact=1")).lower()
    assert "суббота рабочая суббота" in shown


def test_escalation_is_edited_on_its_page(client: Client) -> None:
    sent = {"overdue_minutes": 30, "first_call_minutes": 5, "digest_at": "08:30"}
    assert client.post(page("escalationpolicy_change", 1), sent).status_code == 302
    policy = EscalationPolicy.current()
    assert (policy.overdue_minutes, policy.first_call_minutes, policy.digest) == (30, 5, False)
