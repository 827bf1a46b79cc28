"""Finishing a task on the pages."""

import pytest
from django.test import Client

from tasks.models import Task
from tests.factories import LawyerFactory, OperatorFactory, lead, move
from tests.pages import signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


@pytest.fixture
def operator() -> object:
    return OperatorFactory()


@pytest.fixture
def task(operator: object) -> Task:
    return Task.objects.get(lead=lead(by=operator))


def test_it_takes_a_post_of_somebody_who_sees_the_task(client: Client, task: Task, operator: object) -> None:
    address = f"/tasks/{task.pk}/complete/"
    assert client.post(address)["Location"].startswith("/login/")
    for stranger in (OperatorFactory(), LawyerFactory()):
        assert signed_in(stranger).post(address).status_code == 404
    assert signed_in(operator).get(address).status_code == 405
    assert signed_in(operator).post(address).status_code == 302
    assert Task.objects.get(pk=task.pk).state == "done"


def test_a_task_that_was_taken_back_says_so(task: Task, operator: object) -> None:
    move(task.lead, "junk", by=operator)
    response = signed_in(operator).post(f"/tasks/{task.pk}/complete/", {"next": "/profile/"}, follow=True)
    assert "Задача снята" in text_of(response)


@pytest.mark.parametrize("address", ["//evil.example", "javascript:alert(1)", "https:evil.example"])
def test_next_stays_on_our_site(task: Task, operator: object, address: str) -> None:
    response = signed_in(operator).post(f"/tasks/{task.pk}/complete/", {"next": address}, headers={"Referer": address})
    assert response["Location"] == "/"
