"""Telling colleagues: once, in their language, as things stand when they read."""

from datetime import timedelta

import pytest
from django.utils import translation

from crm.transactions import verb
from leads.editing import assign, take
from team.models import Notice, NoticeKind, User
from team.notice_texts import address, sentence
from team.notices import managers, mark_read, tell, tell_of_heap
from tests import factories
from tests.conftest import Frozen
from tests.races import Hands, failures

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]

telling = verb(tell)
heaping = verb(tell_of_heap)


def said(user: User, frozen: Frozen) -> list[str]:
    return [sentence(notice, frozen.now) for notice in Notice.objects.filter(recipient=user).with_card()]


def test_a_key_is_told_once(frozen: Frozen) -> None:
    user = factories.OperatorFactory()
    for _ in range(3):
        telling([user.pk, user.pk], NoticeKind.NEW_LEAD, key="a", at=frozen.now, name="Анна")
    assert Notice.objects.count() == 1


def test_an_unread_heap_grows_and_a_read_one_is_followed_by_another(frozen: Frozen) -> None:
    user = factories.ManagerFactory()
    heaping([user.pk], NoticeKind.OVERDUE, count=2, at=frozen.now)
    heaping([user.pk], NoticeKind.OVERDUE, count=3, at=frozen.now)
    assert said(user, frozen) == ["Просрочено 5 задач"]
    assert mark_read(user.pk) == 1
    heaping([user.pk], NoticeKind.OVERDUE, count=1, at=frozen.now)
    assert said(user, frozen) == ["Просрочена 1 задача", "Просрочено 5 задач"]


def test_what_grew_after_it_was_shown_stays_unread(frozen: Frozen) -> None:
    user = factories.ManagerFactory()
    heaping([user.pk], NoticeKind.OVERDUE, count=2, at=frozen.now)
    shown = frozen.now
    heaping([user.pk], NoticeKind.OVERDUE, count=1, at=frozen.move(minutes=1))
    assert mark_read(user.pk, until=Notice.objects.get().pk, seen_at=shown) == 0
    assert mark_read(user.pk + 1) == 0
    assert mark_read(user.pk, until=Notice.objects.get().pk, seen_at=frozen.now) == 1


def test_heads_are_told_and_without_them_administrators() -> None:
    admin = factories.AdminFactory()
    assert managers() == [admin.pk]
    head = factories.ManagerFactory()
    factories.ManagerFactory(is_active=False)
    assert managers() == [head.pk]


def test_the_new_responsible_hears_of_it_but_not_from_oneself(frozen: Frozen) -> None:
    manager, operator = factories.ManagerFactory(), factories.OperatorFactory()
    lead = factories.lead(name="Пётр Ильин")
    assign(lead.pk, operator.pk, by=manager)
    assign(lead.pk, operator.pk, by=manager)
    assert said(operator, frozen) == ["Вам передан лид: Пётр Ильин."]
    assign(lead.pk, manager.pk, by=manager)
    assert not Notice.objects.filter(recipient=manager).exists()
    assign(lead.pk, operator.pk, by=manager)
    assert len(said(operator, frozen)) == 2
    other = factories.lead()
    take(other.pk, by=operator)
    assert len(said(operator, frozen)) == 2


def test_a_repeat_is_told_to_the_responsible(frozen: Frozen) -> None:
    operator = factories.OperatorFactory()
    lead = factories.lead(by=operator, name="Пётр")
    repeat = factories.lead(phone=lead.phone, name="Пётр")
    expected = f"Заявка-дубль: Пётр. Лид № {repeat.pk} закрыт как «Дубль». Исходный — № {lead.pk}."
    assert said(operator, frozen) == [expected]


def test_sentences_in_both_languages(frozen: Frozen) -> None:
    user, lead = factories.OperatorFactory(), factories.lead(name="Анна", city="Уфа")
    at, due = frozen.now, (frozen.now - timedelta(minutes=2)).isoformat()
    lead.created_at = at - timedelta(seconds=20)
    cases = [
        (NoticeKind.NEW_LEAD, {}, "Новый лид: Анна. Ждёт звонка 20 секунд.", "New lead: Анна. Waiting for 20 seconds."),
        (NoticeKind.TAKEN_AWAY, {}, "Лид передан коллеге: Анна.", "Анна waited too long"),
        (NoticeKind.HANDED_OVER, {}, "Вам передан лид: Анна.", "A lead was handed over to you: Анна."),
        (NoticeKind.REPEAT, {"duplicate": 7}, "Лид № 7 закрыт", "Lead 7 closed as Duplicate."),
        (NoticeKind.CALL_DUE, {"due_at": due}, "Анна: клиент просил перезвонить в 13:58 — 2 минуты назад", "2 minutes"),
        (NoticeKind.MEETING_DUE, {}, "Подтвердить встречу: Анна", "Confirm the meeting: Анна"),
        (NoticeKind.OVERDUE, {}, "Просрочена 1 задача", "1 task is overdue"),
        (NoticeKind.NOT_CALLED, {}, "Новым лидам не звонили: 1 лид", "1 new lead has not been called"),
        (NoticeKind.NOBODY_ON_LINE, {"count": 3}, "На линии никого нет. Ждут 3 лида.", "Nobody is on line. 3 leads"),
        (NoticeKind.INCOMING_CALL, {}, "Входящий звонок: Анна", "Incoming call: Анна"),
        (NoticeKind.MISSED_CALL, {}, "Пропущенный звонок: Анна. Перезвоните", "Missed call: Анна. Call back first."),
    ]
    assert {case[0] for case in cases} == set(NoticeKind)
    for kind, data, russian, english in cases:
        notice = Notice(recipient=user, kind=kind, lead=lead, data=data)
        assert russian in sentence(notice, at)
        with translation.override("en"):
            assert english in sentence(notice, at)
        bare = Notice(recipient=user, kind=kind, data={})  # its lead was erased, its particulars are not known
        assert sentence(bare, at)


def test_a_notice_leads_only_where_its_reader_may_go() -> None:
    owner, stranger, manager = factories.OperatorFactory(), factories.OperatorFactory(), factories.ManagerFactory()
    lead = factories.lead(by=owner)
    notice = Notice(kind=NoticeKind.HANDED_OVER, lead=lead)
    assert address(notice, owner) == address(notice, manager) == f"/leads/{lead.pk}/"
    assert address(notice, stranger) == ""
    deal = factories.deal()
    notice = Notice(kind=NoticeKind.CALL_DUE, deal=deal)
    assert address(notice, deal.responsible or manager) == f"/deals/{deal.pk}/"
    assert address(notice, stranger) == ""
    assert address(Notice(kind=NoticeKind.OVERDUE), manager) == "/leads/?task=overdue"
    assert address(Notice(kind=NoticeKind.NOT_CALLED), manager) == "/leads/?attention=not_called"
    assert address(Notice(kind=NoticeKind.NOBODY_ON_LINE), manager) == "/leads/?attention=unassigned"


@pytest.mark.django_db(transaction=True)
def test_a_heap_told_of_by_several_at_once_loses_nothing(frozen: Frozen) -> None:
    user = factories.ManagerFactory()
    with Hands(6) as hands:
        wishes = [lambda: heaping([user.pk], NoticeKind.OVERDUE, count=1, at=frozen.now)] * 6
        assert failures(hands.at_once(wishes)) == []
    assert Notice.objects.get().count == 6


def test_whoever_calls_is_named_to_those_who_may_see_them(frozen: Frozen) -> None:
    own, colleague = factories.OperatorFactory(name="Анна Орлова"), factories.OperatorFactory()
    row = factories.lead(by=own, name="Пётр Мельников")
    telling([own.pk, colleague.pk], NoticeKind.INCOMING_CALL, key="ring:1", at=frozen.now, lead_id=row.pk)
    assert said(own, frozen) == ["Входящий звонок: Пётр Мельников"]
    assert said(colleague, frozen) == ["Звонит клиент: ответственный — Анна Орлова"]
    assert address(Notice.objects.with_card().get(recipient=own), own) == f"/leads/{row.pk}/"
    assert address(Notice.objects.with_card().get(recipient=colleague), colleague) == ""
    frozen.move(minutes=3)
    assert said(own, frozen) == ["Был звонок: Пётр Мельников"]
    assert said(colleague, frozen) == ["Звонил клиент: ответственный — Анна Орлова"]
