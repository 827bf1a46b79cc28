"""The bell, the list behind it, and what an open page asks."""

import pytest
from django.http import HttpResponse
from django.test import Client

from crm.transactions import verb
from team.models import Notice, NoticeKind
from team.notices import tell, tell_of_heap
from tests import factories
from tests.conftest import Frozen
from tests.page_forms import read
from tests.pages import HOSTILE, at_most, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]

telling, heaping = verb(tell), verb(tell_of_heap)
PAGE, NEWS = "/notices/", "/notices/news/"


def bell(client: Client) -> dict[str, str]:
    """What the bell of a page says it has shown."""
    page = client.get("/profile/").content.decode()
    start = page.index('id="bell"')
    tag = page[start : page.index(">", start)]
    return {name: tag.split(f'data-{name}="')[1].split('"')[0] for name in ("unread", "last", "at")}


def ask(client: Client, seen: dict[str, str]) -> HttpResponse:
    return client.get(NEWS, seen)


def test_the_bell_counts_what_is_unread(frozen: Frozen) -> None:
    user = factories.OperatorFactory()
    client = signed_in(user)
    assert 'aria-label="Уведомления"' in client.get("/profile/").content.decode()
    for key in "ab":
        telling([user.pk], NoticeKind.NEW_LEAD, key=key, at=frozen.now, name="Анна")
    assert 'aria-label="Уведомления: 2 новых"' in client.get("/profile/").content.decode()
    assert bell(client)["unread"] == "2"


def test_the_list_shows_the_unread_first_and_reads_them(frozen: Frozen) -> None:
    user = factories.OperatorFactory()
    client = signed_in(user)
    telling([user.pk], NoticeKind.NEW_LEAD, key="a", at=frozen.now, name=HOSTILE)
    telling([factories.OperatorFactory().pk], NoticeKind.NEW_LEAD, key="a", at=frozen.now, name="Чужой")
    with at_most(5):
        page = client.get(PAGE)
    assert "Новый лид: " in text_of(page)
    assert "<script>alert" not in page.content.decode()
    assert "Чужой" not in text_of(page)
    form = next(form for form in read(PAGE, page.content.decode())[0] if form.action == "/notices/read/")
    telling([user.pk], NoticeKind.NEW_LEAD, key="later", at=frozen.now, name="Позже")
    assert client.post(form.action, form.values).status_code == 302
    unread = Notice.objects.filter(recipient=user, read_at__isnull=True)
    assert [notice.key for notice in unread] == ["later"]
    assert "новое" in text_of(client.get(PAGE))


def test_nothing_new_is_an_empty_answer_of_one_query(frozen: Frozen) -> None:
    user = factories.OperatorFactory()
    telling([user.pk], NoticeKind.NEW_LEAD, key="a", at=frozen.now, name="Анна")
    client = signed_in(user)
    seen = bell(client)
    with at_most(3):  # session, user, and the question
        answer = ask(client, seen)
    assert (answer.status_code, answer.content) == (204, b"")
    assert len(str(answer.headers)) < 1000


def test_news_are_told_once(frozen: Frozen) -> None:
    user, lead = factories.OperatorFactory(), factories.lead(name=HOSTILE)
    client = signed_in(user)
    seen = bell(client)
    telling([user.pk], NoticeKind.NEW_LEAD, key="a", at=frozen.now, lead_id=lead.pk, name=lead.name)
    answer = ask(client, seen)
    news = answer.json()
    assert (news["unread"], news["label"], news["sound"]) == (1, "Уведомления: 1 новое", True)
    assert "Новый лид" in news["toasts"]
    assert "<script>" not in news["toasts"]
    assert f'href="/leads/{lead.pk}/"' in news["toasts"]
    assert len(answer.content) < 3000
    assert ask(client, {name: news[name] for name in ("unread", "last", "at")}).status_code == 204


def test_a_heap_that_grows_is_news_again(frozen: Frozen) -> None:
    user = factories.ManagerFactory()
    heaping([user.pk], NoticeKind.OVERDUE, count=2, at=frozen.now)
    client = signed_in(user)
    seen = bell(client)
    heaping([user.pk], NoticeKind.OVERDUE, count=1, at=frozen.move(minutes=1))
    news = ask(client, seen).json()
    assert "Просрочено 3 задачи" in news["toasts"] or "Просрочены 3 задачи" in news["toasts"]
    assert news["sound"] is False
    assert ask(client, {name: news[name] for name in ("unread", "last", "at")}).status_code == 204


def test_reading_elsewhere_brings_the_count_down_without_a_message(frozen: Frozen) -> None:
    user = factories.OperatorFactory()
    telling([user.pk], NoticeKind.NEW_LEAD, key="a", at=frozen.now, name="Анна")
    client = signed_in(user)
    seen = bell(client)
    client.post("/notices/read/")
    news = ask(client, seen).json()
    assert (news["unread"], news["toasts"]) == (0, "")


def test_who_is_signed_out_is_sent_to_sign_in() -> None:
    assert Client().get(NEWS).status_code == 302


def test_the_sound_is_off_until_it_is_switched_on() -> None:
    user = factories.OperatorFactory(name="Анна")
    client = signed_in(user)
    assert "data-sound" not in client.get("/profile/").content.decode()
    client.post("/profile/", {"name": "Анна", "email": "", "language": "ru", "theme": "light", "sound": "on"})
    user.refresh_from_db()
    assert user.sound
    assert "data-sound" in client.get("/profile/").content.decode()


def test_a_call_is_asked_after_by_those_who_have_a_telephone_and_opened_by_a_key(frozen: Frozen) -> None:
    user = factories.OperatorFactory(extension="101")
    client = signed_in(user)
    assert "data-rings" in client.get("/profile/").content.decode()
    assert "data-rings" not in signed_in(factories.OperatorFactory()).get("/profile/").content.decode()
    row = factories.lead(by=user, name=HOSTILE)
    telling([user.pk], NoticeKind.INCOMING_CALL, key="ring:1", at=frozen.now, lead_id=row.pk)
    toast = ask(client, {}).json()["toasts"]
    assert f'href="/leads/{row.pk}/" data-key="KeyO"' in toast
    assert HOSTILE not in toast
    telling([user.pk], NoticeKind.MISSED_CALL, key="missed:1", at=frozen.now, lead_id=row.pk)
    assert "Пропущенный звонок" in client.get(PAGE).content.decode()
