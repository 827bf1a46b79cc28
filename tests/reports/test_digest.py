"""The daily e-mail to managers: due by the firm's clock, sent once, and retried when it was not."""

from datetime import UTC, date, datetime, time, timedelta
from smtplib import SMTPServerDisconnected

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from reports.digest import LEASE, send_digests
from tasks.models import EscalationPolicy
from team.models import Digest, User
from tests import factories
from tests.conftest import Frozen
from tests.races import Hands, failures

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


@pytest.fixture
def manager(frozen: Frozen) -> User:
    frozen.set(datetime(2026, 11, 24, 6, 0, tzinfo=UTC))  # 9:00 in Moscow
    return factories.ManagerFactory(email="head@example.ru", language="ru")


def policy(**given: object) -> None:
    EscalationPolicy.objects.update_or_create(pk=1, defaults=given)


def test_it_is_sent_at_its_time_once_a_day(manager: User, frozen: Frozen) -> None:
    frozen.move(seconds=-1)
    assert send_digests() == 0
    frozen.move(seconds=1)
    assert [send_digests(), send_digests()] == [1, 0]
    frozen.move(hours=12)
    assert send_digests() == 0
    frozen.move(hours=12)
    assert send_digests() == 1
    assert [message.to for message in mail.outbox] == [["head@example.ru"]] * 2


def test_a_worker_that_was_away_sends_it_late(manager: User, frozen: Frozen) -> None:
    frozen.move(hours=3)
    assert send_digests() == 1


def test_what_an_administrator_changes_counts_at_the_next_run(manager: User, frozen: Frozen) -> None:
    policy(digest=False)
    assert send_digests() == 0
    policy(digest=True, digest_at=time(10, 30))
    assert send_digests() == 0
    frozen.move(minutes=90)
    assert send_digests() == 1


def test_it_counts_what_is_late_what_waits_and_what_is_due(manager: User, frozen: Frozen) -> None:
    operator = factories.OperatorFactory(name="Анна\r\nBcc: x@example.ru")
    frozen.move(days=-1)
    factories.lead(by=operator, name="Клиент Секретный")
    factories.lead()
    booked = factories.lead_in("meeting", by=operator)
    type(booked).objects.filter(pk=booked.pk).update(meeting_at=frozen.now + timedelta(days=1, hours=5))
    frozen.move(days=1)
    assert send_digests() == 1
    body = mail.outbox[0].body
    assert mail.outbox[0].subject == "Колл-центр: 24\xa0ноября"
    assert "Анна Bcc: x@example.ru: " in body
    assert "Ничьи: 1" in body
    assert "Встречи сегодня: 1" in body
    assert "Лиды без ответственного: 1" in body
    assert "Секретный" not in body
    assert booked.phone not in body


def test_each_reads_their_own_language(manager: User) -> None:
    factories.ManagerFactory(email="two@example.ru", language="en")
    factories.ManagerFactory(email="")
    factories.ManagerFactory(email="gone@example.ru", is_active=False)
    assert send_digests() == 2
    assert {message.subject for message in mail.outbox} == {
        "Колл-центр: 24\xa0ноября",
        "The call centre on 24\xa0November",
    }


def test_a_refusing_server_is_tried_again_and_keeps_nobody_else_waiting(
    manager: User, frozen: Frozen, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    factories.ManagerFactory(email="two@example.ru")
    send = EmailBackend.send_messages

    def refuse(self: EmailBackend, messages: list[mail.EmailMessage]) -> int:
        if messages[0].to == ["head@example.ru"]:
            raise SMTPServerDisconnected("head@example.ru is unknown")
        return send(self, messages)

    with monkeypatch.context() as patch:
        patch.setattr(EmailBackend, "send_messages", refuse)
        assert send_digests() == 1
        assert send_digests() == 0
    assert "head@example.ru" not in caplog.text
    assert send_digests() == 0, "claimed"
    frozen.move(seconds=LEASE.total_seconds())
    assert send_digests() == 1
    assert len(mail.outbox) == 2


def test_a_worker_that_died_while_sending_leaves_it_to_another(manager: User, frozen: Frozen) -> None:
    Digest.objects.create(recipient=manager, day=date(2026, 11, 24), claimed_until=frozen.now + LEASE)
    assert send_digests() == 0
    frozen.move(seconds=LEASE.total_seconds())
    assert send_digests() == 1


@pytest.mark.django_db(transaction=True)
def test_several_workers_at_once_send_it_once(manager: User) -> None:
    with Hands(4) as hands:
        answers = hands.at_once([send_digests] * 4)
    assert failures(answers) == []
    assert sum(answers) == 1
    assert len(mail.outbox) == 1
