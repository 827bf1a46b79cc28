"""The list of tasks: the ready views, the filters, and whose tasks somebody sees."""

from datetime import timedelta

import pytest

from tests.factories import LawyerFactory, ManagerFactory, OperatorFactory, deal, lead, move
from tests.pages import at_most, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


def shown(user: object, query: str = "") -> list[str]:
    page = signed_in(user).get(f"/tasks/{query}")
    assert page.status_code == 200
    return [task.kind for task in page.context["page"]]


def test_the_ready_views(frozen) -> None:
    operator = OperatorFactory()
    row = move(lead(by=operator), "dialing", by=operator)
    row.tasks.filter(kind="write_messenger", state="open").update(due_at=frozen.now + timedelta(days=2))
    call = row.tasks.get(kind="contact_client", state="open")
    call.due_at = frozen.now + timedelta(hours=1)
    call.save()
    assert shown(operator) == ["contact_client"]
    assert shown(operator, "?view=late") == []
    assert shown(operator, "?view=later") == ["write_messenger"]
    assert shown(operator, "?view=open") == ["contact_client", "write_messenger"]
    frozen.move(hours=2)
    assert shown(operator, "?view=late") == ["contact_client"]


def test_a_task_is_ticked_off_in_the_list_and_is_then_among_the_done(frozen) -> None:
    operator = OperatorFactory()
    task = lead(by=operator).tasks.get()
    client = signed_in(operator)
    assert f'action="/tasks/{task.pk}/complete/"' in client.get("/tasks/").content.decode()
    back = client.post(f"/tasks/{task.pk}/complete/", {"next": "/tasks/?view=today"})
    assert back["Location"] == "/tasks/?view=today"
    assert shown(operator, "?view=done") == ["contact_client"]
    assert shown(operator) == []


def test_everybody_sees_their_own(frozen) -> None:
    mine, other, lawyer = OperatorFactory(), OperatorFactory(), LawyerFactory()
    lead(by=mine), lead(by=other)
    row = deal()
    row.responsible = lawyer
    row.save()
    row.tasks.update(assignee=lawyer)
    assert shown(mine) == ["contact_client"]
    assert shown(lawyer, "?view=open") == ["collect_documents"]
    assert sorted(shown(ManagerFactory(), "?view=open")) == ["collect_documents", "contact_client", "contact_client"]


def test_filters_by_kind_and_assignee(frozen) -> None:
    operator, head = OperatorFactory(), ManagerFactory()
    move(lead(by=operator), "dialing", by=operator)
    lead()
    assert shown(head, f"?view=open&who={operator.pk}&kind=write_messenger") == ["write_messenger"]
    assert shown(head, "?view=open&who=none") == ["contact_client"]
    assert shown(head, "?view=open&who=me") == []


@pytest.mark.parametrize("query", ["?view=x", "?kind=y", "?who=99999", "?who=abc", "?page=10000000000", "?page=x"])
def test_a_value_that_cannot_be_meant_is_left_out(frozen, query: str) -> None:
    operator = OperatorFactory()
    lead(by=operator)
    assert shown(operator, query) == ["contact_client"]


def test_a_row_names_the_client_and_whose_it_is(frozen) -> None:
    operator = OperatorFactory(name="Анна Ермакова")
    lead(by=operator, name="Пётр Мельников", phone="+79370006027")
    text = text_of(signed_in(operator).get("/tasks/"))
    for words in ("Пётр Мельников", "+7 937 000-60-27", "Связаться с клиентом", "автоматически"):
        assert words in text


def test_the_queries_do_not_grow_with_the_rows(frozen) -> None:
    head = ManagerFactory()
    client = signed_in(head)
    lead()
    client.get("/tasks/?view=open")
    for _ in range(5):
        lead(by=OperatorFactory())
    with at_most(9):
        client.get("/tasks/?view=open")
